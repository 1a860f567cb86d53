/* tiphys get: show one object or a list, as a table, YAML, JSON or names. */
#include <stdio.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "cli/workflow.h"
#include "formats/uri.h"
#include "formats/yaml.h"

static void print_row(const struct json *doc, bool has_namespace)
{
    struct str phase = json_str(json_path(doc, "status", "phase", NULL));

    if (has_namespace)
        printf("%-20.*s ", STR_ARG(object_namespace(doc)));
    printf("%-40.*s %-12.*s " STR_FMT "\n", STR_ARG(object_name(doc)),
           STR_ARG(str_is_empty(phase) ? STR("-") : phase),
           STR_ARG(json_str(json_path(doc, "metadata", "creationTimestamp", NULL))));
}

static void print_table(const struct json *doc, bool has_namespace)
{
    const struct json *items = json_get(doc, STR("items"));

    if (items && items->count == 0) {
        fprintf(stderr, "No resources found.\n");
        return;
    }
    if (has_namespace)
        printf("%-20s ", "NAMESPACE");
    printf("%-40s %-12s %s\n", "NAME", "PHASE", "CREATED");
    for (uint32_t i = 0; items && i < items->count; i++)
        print_row(&items->items[i], has_namespace);
    if (!items)
        print_row(doc, has_namespace);
}

static void print_names(const struct object_kind *kind, const struct json *doc)
{
    const struct json *items = json_get(doc, STR("items"));

    if (!kind) { /* a workflow that was named: as argo prints it */
        printf(STR_FMT "\n", STR_ARG(object_name(doc)));
        return;
    }

    for (uint32_t i = 0; items && i < items->count; i++)
        printf("%s/" STR_FMT "\n", kind->singular, STR_ARG(object_name(&items->items[i])));
    if (!items)
        printf("%s/" STR_FMT "\n", kind->singular, STR_ARG(object_name(doc)));
}

static int print_output(const struct object_kind *kind, const struct json *doc,
                        const char *output, bool has_namespace, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);

    if (!output) {
        print_table(doc, has_namespace);
    } else if (strcmp(output, "name") == 0) {
        print_names(kind, doc);
    } else if (strcmp(output, "json") == 0) {
        json_print(&b, doc, JSON_INDENT | JSON_SORT_KEYS);
        strbuf_addc(&b, '\n');
    } else if (strcmp(output, "yaml") == 0) {
        yaml_print(&b, doc);
    } else {
        return err_set(err, ERR_INVALID, "unknown output format \"%s\": json, yaml or name",
                       output);
    }
    fwrite(b.ptr, 1, b.len, stdout);
    return 0;
}

static int run_get(struct cli *cli, struct err *err)
{
    bool is_all = cli_flag(cli, "--all-namespaces") != NULL;
    const char *labels = cli_flag(cli, "--selector");
    const struct object_kind *kind;
    struct cli_answer answer;
    struct str path;

    if (cli->arg_count < 1 || cli->arg_count > 2)
        return err_set(err, ERR_INVALID, "a kind is needed: tiphys get KIND [NAME]");
    kind = cli_kind(str_from(cli->args[0]), err);
    if (!kind && cli->arg_count == 1) { /* as argo get: a workflow's name */
        struct json workflow;

        if (cli_workflow_get(cli, str_from(cli->args[0]), &workflow, err) < 0)
            return -1;
        if (cli_flag(cli, "--output"))
            return print_output(NULL, &workflow, cli_flag(cli, "--output"), false, err);
        cli_workflow_show(cli, &workflow);
        return 0;
    }
    if (!kind)
        return -1;
    path = cli_path(cli, kind, is_all ? STR("") : cli_namespace(cli),
                    cli->arg_count == 2 ? str_from(cli->args[1]) : STR(""));
    if (labels)
        path = str_printf(cli->arena, STR_FMT "?labelSelector=" STR_FMT, STR_ARG(path),
                          STR_ARG(uri_escape(cli->arena, str_from(labels))));
    if (cli_call(cli, "GET", path, STR(""), &answer, err) < 0)
        return -1;
    return print_output(kind, &answer.body, cli_flag(cli, "--output"), is_all, err);
}

static const struct cli_flag flags[] = {
    {"--output", "-o", "FORMAT", "json, yaml or name"},
    {"--selector", "-l", "LABELS", "label selector"},
    {"--all-namespaces", "-A", NULL, "objects of all namespaces"},
    {0},
};

extern const struct cli_command cli_get;
const struct cli_command cli_get = {.name = "get",
                                    .usage = "[WORKFLOW | KIND [NAME]]",
                                    .summary =
                                        "Show a workflow as a tree, or objects of any kind.",
                                    .flags = flags,
                                    .run = run_get};
