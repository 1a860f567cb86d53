/* tiphys render: what a workflow becomes, each substitution with its source. See render.h. */
#include "cli/render.h"

#include "cli/manifests.h"
#include "cli/submit_options.h"
#include "cli/workflow.h"
#include "objects/cron_workflow.h"

/* Files may hold what the first workflow refers to. */
static int read_all(struct cli *cli, struct lint_documents *ret, struct err *err)
{
    struct manifest_paths paths;

    if (manifests_find(cli->arena, cli->args, cli->arg_count, &paths, err) < 0)
        return -1;
    for (size_t i = 0; i < paths.len; i++) {
        struct object_documents docs;
        struct str text;

        if (manifests_read(cli, paths.at[i], &text, err) < 0 ||
            object_read(cli->arena, str_from(paths.at[i]), text, &docs, err) < 0)
            return -1;
        for (size_t k = 0; k < docs.len; k++)
            VEC_APUSH(cli->arena, &ret->list, docs.at[k]);
    }
    return 0;
}

/* The first Workflow, else the first that can become one. */
static const struct object_document *choose(const struct lint_documents *all)
{
    static const char *const kinds[] = {"Workflow", "CronWorkflow", "WorkflowTemplate",
                                        "ClusterWorkflowTemplate"};

    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        for (size_t i = 0; i < all->list.len; i++)
            if (all->list.at[i].kind && strcmp(all->list.at[i].kind->kind, kinds[k]) == 0)
                return &all->list.at[i];
    return NULL;
}

/* A template is shown as what submits it. */
static struct json workflow_of(struct arena *a, const struct object_document *doc)
{
    struct json made = doc->value;

    if (strcmp(doc->kind->kind, "CronWorkflow") == 0)
        return object_cron_run(a, &doc->value, STR(""), STR(""));
    if (strcmp(doc->kind->kind, "Workflow") == 0)
        return made;
    made = json_set(a, &made, STR("metadata"),
                    json_without(a, json_get(&made, STR("metadata")), STR("name")));
    return json_set_path(a, &made,
                         json_string(str_concat(a, object_name(&doc->value), STR("-"))),
                         "metadata", "generateName", NULL);
}

/* Names of what -p gives; a parameter file's are in the document then, too. */
static struct str *given_names(struct cli *cli, size_t *ret_count)
{
    const struct str *pairs = flags_list(cli->arena, &cli->flags, "parameter", ret_count);
    struct str *names = ARENA_ARRAY(cli->arena, struct str, *ret_count + 1);

    for (size_t i = 0; i < *ret_count; i++)
        names[i] = str_head(pairs[i], str_find_char(pairs[i], '='));
    return names;
}

/* A wrong name or a field that is not built hinders nobody from looking. */
static bool cannot_be_read(const struct field_faults *faults)
{
    for (size_t i = 0; i < faults->len; i++)
        if (faults->at[i].what != FIELD_WRONG_VALUE)
            return true;
    return false;
}

static int run_render(struct cli *cli, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);
    struct lint_documents all = {0};
    struct render_calls calls = {0};
    const struct object_document *chosen;
    struct field_faults faults = {0};
    struct render_input in = {.all = &all};
    struct json doc;

    if (read_all(cli, &all, err) < 0)
        return -1;
    chosen = choose(&all);
    if (!chosen)
        return err_set(err, ERR_INVALID, "no workflow found in given files");
    if (!object_check_fields(cli->arena, chosen, &faults) && cannot_be_read(&faults))
        return object_faults_err(cli->arena, chosen, &faults, err);
    doc = workflow_of(cli->arena, chosen);
    in.doc = &doc;
    in.given = given_names(cli, &in.given_count);
    if (submit_options(cli, &doc, err) < 0 || render_workflow(cli->arena, &in, &calls, err) < 0)
        return -1;
    if (strcmp(cli_flag(cli, "output"), "json") == 0) {
        doc = render_value(cli->arena, &calls);
        workflow_print_json(&doc);
        return 0;
    }
    render_print(&b, &calls);
    fwrite(b.ptr, 1, b.len, stdout);
    return 0;
}

static const struct cli_flag flags[] = {
    SUBMIT_CHANGE_FLAGS,
    {.name = "output",
     .letter = 'o',
     .choices = "yaml|json",
     .fallback = "yaml",
     .help = "output format: yaml with comments, or json"},
    {0},
};

extern const struct cli_command cli_render;
const struct cli_command cli_render = {
    .name = "render",
    .usage = "FILE...",
    .summary = "show what a workflow becomes, and where each value comes from",
    .example = "render my-wf.yaml -p message=hello\nrender my-wf.yaml templates/ -o json",
    .flags = flags,
    .surface = CLI_OWN,
    .min_args = 1,
    .max_args = CLI_ANY_ARGS,
    .run = run_render};
