/*
 * tiphys template ... and cluster-template ...: the same six commands for WorkflowTemplates and
 * ClusterWorkflowTemplates; for CronWorkflows, too (cron.c).
 */
#include "cli/templates.h"

#include "cli/instance.h"
#include "cli/lint.h"
#include "cli/manifests.h"
#include "cli/table.h"
#include "formats/uri.h"

enum { PADDING = 3 };

static const struct template_family template_family_cluster = {
    .word = "cluster-template",
    .kind = "ClusterWorkflowTemplate",
    .noun = "cluster workflow template",
    .columns = "",
    .show = show_template,
};
static const struct template_family template_family_namespaced = {
    .word = "template",
    .kind = "WorkflowTemplate",
    .noun = "workflow template",
    .columns = "",
    .show = show_template,
};

/* What the command's first word means. */
static const struct template_family *family_of(const struct cli *cli)
{
    static const struct template_family *const all[] = {
        &template_family_cluster, &template_family_cron, &template_family_namespaced};
    struct str rest = str_from(cli->command->name), word = STR("");

    str_cut(&rest, ' ', &word);
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (str_is(word, all[i]->word))
            return all[i];
    abort(); /* a command of another family */
}

static const struct object_kind *kind_of(const struct cli *cli)
{
    return object_kind_find(STR("argoproj.io/v1alpha1"), str_from(family_of(cli)->kind));
}

static int print_one(struct cli *cli, const struct json *doc, struct err *err)
{
    const char *output = cli_flag(cli, "output");
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct show_options options;

    if (output && strcmp(output, "wide") != 0)
        return workflow_print(cli, doc, output, err);
    if (workflow_show_options(cli, &options, err) < 0)
        return -1;
    family_of(cli)->show(cli->arena, &b, doc, &options);
    fwrite(b.ptr, 1, b.len, stdout);
    return 0;
}

/* ---- create and update ---- */

struct templates {
    VEC(struct object_document) list;
};

static int read_templates(struct cli *cli, struct templates *ret, struct err *err)
{
    for (size_t i = 0; i < cli->arg_count; i++) {
        struct object_documents docs;
        struct str text;

        if (manifests_read(cli, cli->args[i], &text, err) < 0)
            return -1;
        if (object_read(cli->arena, str_from(cli->args[i]), text, &docs, err) < 0)
            return err_wrap(err, "Failed to parse %s", family_of(cli)->noun);
        for (size_t k = 0; k < docs.len; k++) {
            struct object_document doc = docs.at[k];
            struct field_faults faults = {0};

            if (doc.kind != kind_of(cli))
                continue;
            if (!cli_is_on(cli, "strict"))
                doc.value = cli_without_unknown(cli->arena, doc.kind->shape, &doc.value);
            if (family_of(cli)->change && family_of(cli)->change(cli, &doc.value, err) < 0)
                return -1;
            instance_mark(cli, &doc.value);
            if (!object_check(cli->arena, &doc, &faults))
                return object_faults_err(cli->arena, &doc, &faults, err);
            VEC_APUSH(cli->arena, &ret->list, doc);
        }
    }
    if (ret->list.len == 0)
        return err_set(err, ERR_INVALID, "No %s found in given files", family_of(cli)->noun);
    return 0;
}

static int send_templates(struct cli *cli, const char *method, const char *verb,
                          struct err *err)
{
    const struct object_kind *kind = kind_of(cli);
    bool is_update = strcmp(method, "PUT") == 0;
    struct templates all = {0};

    if (read_templates(cli, &all, err) < 0)
        return -1;
    for (size_t i = 0; i < all.list.len; i++) {
        const struct json *doc = &all.list.at[i].value;
        struct str ns = object_namespace(doc);
        struct cli_answer answer;

        if (str_is_empty(ns))
            ns = cli_namespace(cli);
        if (cli_call(cli, method,
                     cli_path(cli, kind, ns, is_update ? object_name(doc) : STR("")),
                     json_text(cli->arena, doc, 0), &answer, err) < 0)
            return err_wrap(err, "failed to %s %s", verb, family_of(cli)->noun);
        if (print_one(cli, &answer.body, err) < 0)
            return -1;
    }
    return 0;
}

int templates_create(struct cli *cli, struct err *err)
{
    return send_templates(cli, "POST", "create", err);
}

int templates_update(struct cli *cli, struct err *err)
{
    return send_templates(cli, "PUT", "update", err);
}

/* ---- get and list ---- */

int templates_get(struct cli *cli, struct err *err)
{
    for (size_t i = 0; i < cli->arg_count; i++) {
        struct cli_answer answer;

        if (cli_call(cli, "GET",
                     cli_path(cli, kind_of(cli), cli_namespace(cli), str_from(cli->args[i])),
                     STR(""), &answer, err) < 0 ||
            print_one(cli, &answer.body, err) < 0)
            return -1;
    }
    return 0;
}

static int fetch_list(struct cli *cli, struct json *ret, struct err *err)
{
    bool is_all = kind_of(cli)->is_namespaced &&
                  flags_find(&cli->flags.tables, STR("all-namespaces")) &&
                  cli_is_on(cli, "all-namespaces");
    const char *labels =
        flags_find(&cli->flags.tables, STR("selector")) ? cli_flag(cli, "selector") : NULL;
    struct str path =
        cli_path(cli, kind_of(cli), is_all ? STR("") : cli_namespace(cli), STR(""));
    struct str selector = instance_selector(cli, str_from(labels ? labels : ""));
    struct cli_answer answer;

    if (selector.len > 0)
        path = str_printf(cli->arena, STR_FMT "?labelSelector=" STR_FMT, STR_ARG(path),
                          STR_ARG(uri_escape(cli->arena, selector)));
    if (cli_call(cli, "GET", path, STR(""), &answer, err) < 0)
        return -1;
    *ret = *json_get(&answer.body, STR("items"));
    return 0;
}

static void add_cells(struct cli *cli, struct strbuf *rows, const struct json *doc,
                      const struct show_options *options)
{
    if (family_of(cli)->cells)
        family_of(cli)->cells(cli->arena, rows, doc, options);
    else
        strbuf_addc(rows, '\t');
}

int templates_list(struct cli *cli, struct err *err)
{
    const struct show_options options = {.now = clock_wall()};
    _cleanup_strbuf_ struct strbuf rows = STRBUF_INIT(SIZE_MAX / 2),
                                   b = STRBUF_INIT(SIZE_MAX / 2);
    const char *output = cli_flag(cli, "output");
    bool has_namespace = kind_of(cli)->is_namespaced && cli_is_on(cli, "all-namespaces"),
         is_names = output && strcmp(output, "name") == 0;
    struct json items;

    if (fetch_list(cli, &items, err) < 0)
        return -1;
    if (!is_names)
        strbuf_addf(&rows, "%sNAME%s\n", has_namespace ? "NAMESPACE\t" : "",
                    family_of(cli)->columns);
    for (uint32_t i = 0; i < items.count; i++) {
        const struct json *doc = &items.items[i];

        if (has_namespace && !is_names)
            strbuf_addf(&rows, STR_FMT "\t", STR_ARG(object_namespace(doc)));
        strbuf_add(&rows, object_name(doc));
        if (!is_names)
            add_cells(cli, &rows, doc, &options);
        strbuf_addc(&rows, '\n');
    }
    table_align(cli->arena, &b, strbuf_str(&rows), PADDING);
    fwrite(b.ptr, 1, b.len, stdout);
    return 0;
}

/* ---- delete and lint ---- */

static int delete_one(struct cli *cli, struct str name, struct err *err)
{
    const struct object_kind *kind = kind_of(cli);
    struct cli_answer answer;

    if (cli_call(cli, "DELETE", cli_path(cli, kind, cli_namespace(cli), name), STR(""), &answer,
                 err) < 0)
        return -1;
    printf("%s '" STR_FMT "' deleted\n", kind->kind, STR_ARG(name));
    return 0;
}

int templates_delete(struct cli *cli, struct err *err)
{
    struct json items = {.type = JSON_ARRAY};

    if (cli_is_on(cli, "all") && fetch_list(cli, &items, err) < 0)
        return -1;
    for (uint32_t i = 0; i < items.count; i++)
        if (delete_one(cli, object_name(&items.items[i]), err) < 0)
            return -1;
    for (size_t i = 0; !cli_is_on(cli, "all") && i < cli->arg_count; i++)
        if (delete_one(cli, str_from(cli->args[i]), err) < 0)
            return -1;
    return 0;
}

int templates_check_delete(struct cli *cli, struct err *err)
{
    if (cli->arg_count == 0 && !cli_is_on(cli, "all"))
        return err_set(err, ERR_INVALID, "requires a name or --all");
    return 0;
}

int templates_lint(struct cli *cli, struct err *err)
{
    const struct str kind = str_from(kind_of(cli)->plural);

    return lint_run(cli, &kind, 1, err);
}

/* ---- the commands ---- */

static const struct cli_flag send_flags[] = {
    TEMPLATES_OUTPUT_ROW("name|json|yaml|wide", "output format: name, json, yaml or wide"),
    {.name = "strict",
     .type = FLAG_SWITCH,
     .fallback = "true",
     .help = "refuse fields that are not known; false: leave them out"},
    {0},
};
static const struct cli_flag get_flags[] = {
    TEMPLATES_OUTPUT_ROW("name|json|yaml|wide", "output format: name, json, yaml or wide"),
    {0}};
static const struct cli_flag list_flags[] = {
    {.name = "all-namespaces",
     .letter = 'A',
     .type = FLAG_SWITCH,
     .help = "templates of all namespaces"},
    TEMPLATES_OUTPUT_ROW("wide|name", "output format: wide or name"),
    {.name = "selector", .letter = 'l', .help = "templates with these labels, as a=b,c!=d"},
    {0},
};
static const struct cli_flag cluster_list_flags[] = {
    TEMPLATES_OUTPUT_ROW("wide|name", "output format: wide or name"), {0}};
static const struct cli_flag delete_flags[] = {
    {.name = "all", .type = FLAG_SWITCH, .help = "all of them"}, {0}};
static const struct cli_flag lint_flags[] = {LINT_FLAGS, {0}};

TEMPLATE_COMMAND(template_create, "template create", "FILE1 FILE2...",
                 "create a workflow template", send_flags, 1, templates_create, NULL)
TEMPLATE_COMMAND(template_delete, "template delete", "WORKFLOW_TEMPLATE",
                 "delete a workflow template", delete_flags, 0, templates_delete,
                 templates_check_delete)
TEMPLATE_COMMAND(template_get, "template get", "WORKFLOW_TEMPLATE...",
                 "display details about a workflow template", get_flags, 1, templates_get, NULL)
TEMPLATE_COMMAND(template_lint, "template lint", "(DIRECTORY | FILE1 FILE2 FILE3...)",
                 "validate a file or directory of workflow template manifests", lint_flags, 1,
                 templates_lint, NULL)
TEMPLATE_COMMAND(template_list, "template list", "", "list workflow templates", list_flags, 0,
                 templates_list, NULL)
TEMPLATE_COMMAND(template_update, "template update", "FILE1 FILE2...",
                 "update a workflow template", send_flags, 1, templates_update, NULL)
TEMPLATE_COMMAND(cluster_template_create, "cluster-template create", "FILE1 FILE2...",
                 "create a cluster workflow template", send_flags, 1, templates_create, NULL)
TEMPLATE_COMMAND(cluster_template_delete, "cluster-template delete", "WORKFLOW_TEMPLATE",
                 "delete a cluster workflow template", delete_flags, 0, templates_delete,
                 templates_check_delete)
TEMPLATE_COMMAND(cluster_template_get, "cluster-template get", "CLUSTER WORKFLOW_TEMPLATE...",
                 "display details about a cluster workflow template", get_flags, 1,
                 templates_get, NULL)
TEMPLATE_COMMAND(cluster_template_lint, "cluster-template lint", "FILE...",
                 "validate files or directories of cluster workflow template manifests",
                 lint_flags, 1, templates_lint, NULL)
TEMPLATE_COMMAND(cluster_template_list, "cluster-template list", "",
                 "list cluster workflow templates", cluster_list_flags, 0, templates_list, NULL)
TEMPLATE_COMMAND(cluster_template_update, "cluster-template update", "FILE1 FILE2...",
                 "update a cluster workflow template", send_flags, 1, templates_update, NULL)
