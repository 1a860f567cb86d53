/*
 * tiphys convert: manifests with the singular fields of older releases, in today's fields, to
 * standard output. See convert.h.
 */
#include "cli/convert.h"

#include "base/vec.h"
#include "cli/manifests.h"
#include "cli/workflow.h"
#include "formats/yaml.h"

/* ---- the conversion ---- */

/* Moves a member's value to the end of a list beside it. */
static struct json into_list(struct arena *a, const struct json *object, const char *one,
                             const char *many)
{
    const struct json *value = json_get(object, str_from(one)),
                      *list = json_get(object, str_from(many)), *item;
    struct json_array_builder b = {0};
    struct json made;

    if (!value || value->type == JSON_NULL)
        return json_without(a, object, str_from(one));
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        json_push(a, &b, *item);
    json_push(a, &b, *value);
    made = json_without(a, object, str_from(one));
    return json_set(a, &made, str_from(many), json_array(&b));
}

static struct json convert_locks(struct arena *a, const struct json *holder)
{
    const struct json *locks = json_get(holder, STR("synchronization"));
    struct json made;

    if (!json_is(locks, JSON_OBJECT))
        return *holder;
    made = into_list(a, locks, "semaphore", "semaphores");
    made = into_list(a, &made, "mutex", "mutexes");
    return json_set(a, holder, STR("synchronization"), made);
}

static struct json convert_spec(struct arena *a, const struct json *spec)
{
    const struct json *templates = json_get(spec, STR("templates")), *item;
    struct json_array_builder b = {0};
    struct json made = convert_locks(a, spec);

    if (!json_is(templates, JSON_ARRAY))
        return made;
    for (size_t i = 0; (item = json_item(templates, i)) != NULL; i++)
        json_push(a, &b, convert_locks(a, item));
    return json_set(a, &made, STR("templates"), json_array(&b));
}

static struct json convert_cron(struct arena *a, const struct json *spec)
{
    const struct json *inner = json_get(spec, STR("workflowSpec")),
                      *schedule = json_get(spec, STR("schedule"));
    struct json made = json_without(a, spec, STR("schedule"));
    struct json_array_builder b = {0};

    if (json_str(schedule).len > 0) {
        json_push(a, &b, *schedule);
        made = json_set(a, &made, STR("schedules"), json_array(&b));
    }
    return json_is(inner, JSON_OBJECT)
               ? json_set(a, &made, STR("workflowSpec"), convert_spec(a, inner))
               : made;
}

struct json convert_document(struct arena *a, const struct json *doc)
{
    static const char *const kinds[] = {"Workflow", "WorkflowTemplate",
                                        "ClusterWorkflowTemplate", "CronWorkflow"};
    struct str kind = json_get_str(doc, STR("kind"));
    const struct json *spec = json_get(doc, STR("spec"));

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct object_kind *known =
            object_kind_find(STR("argoproj.io/v1alpha1"), str_from(kinds[i]));
        struct json made;

        if (!str_is(kind, kinds[i]) || !json_is(spec, JSON_OBJECT))
            continue;
        made = json_set(a, doc, STR("spec"),
                        str_is(kind, "CronWorkflow") ? convert_cron(a, spec)
                                                     : convert_spec(a, spec));
        return cli_without_unknown(a, known->shape, &made);
    }
    return *doc;
}

/* ---- the command ---- */

static void print(struct arena *a, const struct json *doc, bool is_json)
{
    struct json made = convert_document(a, doc);

    if (is_json) {
        printf(STR_FMT "\n", STR_ARG(json_text(a, &made, JSON_ESCAPE_HTML)));
        return;
    }
    printf("---\n");
    workflow_print_yaml(&made);
}

static int convert_file(struct cli *cli, const char *path, struct err *err)
{
    bool is_json = strcmp(cli_flag(cli, "output"), "json") == 0;
    struct object_documents docs;
    struct str text;

    if (manifests_read(cli, path, &text, err) < 0)
        return -1;
    if (object_read(cli->arena, str_from(path), text, &docs, err) < 0)
        return err_wrap(err, "error converting %s", path);
    for (size_t i = 0; i < docs.len; i++)
        print(cli->arena, &docs.at[i].value, is_json);
    return 0;
}

static int run_convert(struct cli *cli, struct err *err)
{
    struct manifest_paths paths;

    if (manifests_find(cli->arena, cli->args, cli->arg_count, &paths, err) < 0)
        return -1;
    for (size_t i = 0; i < paths.len; i++)
        if (convert_file(cli, paths.at[i], err) < 0)
            return -1;
    return 0;
}

static const struct cli_flag flags[] = {
    {.name = "no-color", .type = FLAG_SWITCH, .help = "no effect: nothing is coloured"},
    {.name = "output",
     .letter = 'o',
     .choices = "yaml|json",
     .fallback = "yaml",
     .help = "output format: yaml, or json with one object a line"},
    {0},
};

extern const struct cli_command cli_convert;
const struct cli_command cli_convert = {
    .name = "convert",
    .usage = "FILE...",
    .summary = "convert workflow manifests from legacy format to current format",
    .example = "convert ./manifests\nconvert workflow.yaml\nconvert -",
    .flags = flags,
    .min_args = 1,
    .max_args = CLI_ANY_ARGS,
    .run = run_convert};
