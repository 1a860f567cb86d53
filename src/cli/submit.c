/* tiphys submit: create Workflows from files or from a template, and follow them if asked to.
 */
#include <stdio.h>

#include "base/vec.h"
#include "cli/workflow.h"

static int set_options(struct cli *cli, struct json *doc, struct err *err)
{
    struct arena *a = cli->arena;
    const char *name = cli_flag(cli, "--name"), *generate = cli_flag(cli, "--generate-name"),
               *entrypoint = cli_flag(cli, "--entrypoint"),
               *account = cli_flag(cli, "--serviceaccount");
    const struct json *old = json_get(doc, STR("spec"));
    struct json spec = old ? *old : json_object(&(struct json_object_builder){0});
    VEC(struct str) pairs = {0};

    for (size_t i = 0; i < cli->given_count; i++)
        if (strcmp(cli->given[i].name, "--parameter") == 0)
            VEC_APUSH(a, &pairs, str_from(cli->given[i].value));
    if (object_set_parameters(a, &spec, pairs.at, pairs.len, err) < 0)
        return -1;
    if (entrypoint)
        spec = json_set(a, &spec, STR("entrypoint"), json_string(str_from(entrypoint)));
    if (account)
        spec = json_set(a, &spec, STR("serviceAccountName"), json_string(str_from(account)));
    *doc = json_set(a, doc, STR("spec"), spec);
    if (generate)
        *doc = json_set_path(a, doc, json_string(str_from(generate)), "metadata",
                             "generateName", NULL);
    if (generate)
        *doc = json_set(a, doc, STR("metadata"),
                        json_without(a, json_get(doc, STR("metadata")), STR("name")));
    if (name)
        *doc = json_set_path(a, doc, json_string(str_from(name)), "metadata", "name", NULL);
    return 0;
}

/* Prints the logs of all its pods, in the order of its nodes. */
static int print_logs(struct cli *cli, const struct json *workflow, struct err *err)
{
    const struct json *nodes = json_path(workflow, "status", "nodes", NULL);

    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++)
        if (cli_pod_log_print(cli, cli_node_pod(cli->arena, workflow, &nodes->members[i].value),
                              err) < 0)
            return -1;
    return 0;
}

static int follow(struct cli *cli, struct str name, struct json *workflow, struct err *err)
{
    bool has_log = cli_flag(cli, "--log") != NULL;

    if (!has_log && !cli_flag(cli, "--wait") && !cli_flag(cli, "--watch"))
        return 0;
    if (cli_workflow_wait(cli, name, workflow, err) < 0)
        return -1;
    if (has_log)
        return print_logs(cli, workflow, err);
    printf(STR_FMT " " STR_FMT " at " STR_FMT "\n", STR_ARG(name),
           STR_ARG(json_str(json_path(workflow, "status", "phase", NULL))),
           STR_ARG(json_str(json_path(workflow, "status", "finishedAt", NULL))));
    if (cli_flag(cli, "--watch"))
        cli_workflow_show(cli, workflow);
    return 0;
}

static int submit_one(struct cli *cli, struct json *doc, struct str ns, struct err *err)
{
    const struct object_kind *kind = cli_kind(STR("workflow"), err);
    const char *output = cli_flag(cli, "--output");
    struct cli_answer answer;
    struct str path, name;

    if (!kind || set_options(cli, doc, err) < 0)
        return -1;
    path = cli_path(cli, kind, ns, STR(""));
    if (cli_flag(cli, "--dry-run") || cli_flag(cli, "--server-dry-run"))
        path = str_printf(cli->arena, STR_FMT "?dryRun=All", STR_ARG(path));
    if (cli_call(cli, "POST", path, json_text(cli->arena, doc, 0), &answer, err) < 0)
        return -1;
    name = object_name(&answer.body);
    if (output && strcmp(output, "name") == 0)
        printf(STR_FMT "\n", STR_ARG(name));
    else if (output && strcmp(output, "json") == 0)
        printf(STR_FMT "\n", STR_ARG(json_text(cli->arena, &answer.body, JSON_INDENT)));
    else
        cli_workflow_show(cli, &answer.body);
    return follow(cli, name, &answer.body, err);
}

static int submit_file(struct cli *cli, const char *path, struct err *err)
{
    struct object_documents docs;
    struct str text;

    if (cli_read_file(cli, path, &text, err) < 0 ||
        object_read(cli->arena, str_from(path), text, &docs, err) < 0)
        return -1;
    for (size_t i = 0; i < docs.len; i++) {
        struct field_faults faults = {0};
        struct str ns = object_namespace(&docs.at[i].value);

        if (docs.at[i].kind && strcmp(docs.at[i].kind->kind, "Workflow") != 0)
            continue; /* as upstream: only workflows are submitted */
        if (!object_check(cli->arena, &docs.at[i], &faults))
            return object_faults_err(cli->arena, &docs.at[i], &faults, err);
        if (submit_one(cli, &docs.at[i].value, str_is_empty(ns) ? cli_namespace(cli) : ns,
                       err) < 0)
            return -1;
    }
    return 0;
}

/* "workflowtemplate/NAME", "clusterworkflowtemplate/NAME" */
static int submit_from(struct cli *cli, const char *from, struct err *err)
{
    struct arena *a = cli->arena;
    struct str name = str_from(from), word;
    const struct object_kind *kind;
    struct json_object_builder b = {0};
    struct json doc;

    if (!str_cut(&name, '/', &word) || str_is_empty(name))
        return err_set(err, ERR_INVALID,
                       "resource should be in the format: kind/name. Received: %s", from);
    kind = cli_kind(word, err);
    if (!kind)
        return -1;
    if (strcmp(kind->kind, "WorkflowTemplate") != 0 &&
        strcmp(kind->kind, "ClusterWorkflowTemplate") != 0)
        return err_set(err, ERR_UNSUPPORTED, "--from %s is not supported yet", from);
    json_add(a, &b, STR("apiVersion"), json_string(STR("argoproj.io/v1alpha1")));
    json_add(a, &b, STR("kind"), json_string(STR("Workflow")));
    doc = json_object(&b);
    doc = json_set_path(a, &doc, json_string(str_printf(a, STR_FMT "-", STR_ARG(name))),
                        "metadata", "generateName", NULL);
    doc =
        json_set_path(a, &doc, json_string(name), "spec", "workflowTemplateRef", "name", NULL);
    if (!kind->is_namespaced)
        doc = json_set_path(a, &doc, json_bool(true), "spec", "workflowTemplateRef",
                            "clusterScope", NULL);
    return submit_one(cli, &doc, cli_namespace(cli), err);
}

static int run_submit(struct cli *cli, struct err *err)
{
    const char *from = cli_flag(cli, "--from");

    if (from)
        return submit_from(cli, from, err);
    if (cli->arg_count == 0)
        return err_set(err, ERR_INVALID, "no manifest is given: tiphys submit FILE...");
    for (size_t i = 0; i < cli->arg_count; i++)
        if (submit_file(cli, cli->args[i], err) < 0)
            return -1;
    return 0;
}

static const struct cli_flag flags[] = {
    {"--parameter", "-p", "NAME=VALUE", "an argument; may be repeated"},
    {"--from", NULL, "KIND/NAME", "submit a WorkflowTemplate or ClusterWorkflowTemplate"},
    {"--name", NULL, "NAME", "override metadata.name"},
    {"--generate-name", NULL, "PREFIX", "override metadata.generateName"},
    {"--entrypoint", NULL, "TEMPLATE", "override the entrypoint"},
    {"--serviceaccount", NULL, "NAME", "run all pods with this service account"},
    {"--output", "-o", "FORMAT", "name or json"},
    {"--dry-run", NULL, NULL, "check and print, create nothing"},
    {"--server-dry-run", NULL, NULL, "the same"},
    {"--wait", "-w", NULL, "wait for the end; exit code 1 unless it succeeds"},
    {"--watch", NULL, NULL, "wait for the end, then show the tree"},
    {"--log", NULL, NULL, "wait for the end, then print the logs"},
    {0},
};

extern const struct cli_command cli_submit;
const struct cli_command cli_submit = {.name = "submit",
                                       .usage = "[FILE... | --from KIND/NAME]",
                                       .summary = "Submit workflows.",
                                       .flags = flags,
                                       .run = run_submit};
