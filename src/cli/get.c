/*
 * tiphys get: workflows as argo shows them, or objects of any kind as kubectl does.
 *
 * As argo, every argument is a workflow's name. As tiphys, a first argument that names a kind
 * asks for objects of it; a workflow with such a name is got as "get workflow NAME".
 */
#include "cli/table.h"
#include "cli/workflow.h"
#include "formats/uri.h"

enum { PADDING = 3 };

/* ---- objects of a kind ---- */

struct objects_table {
    struct arena *a;
    struct strbuf rows;
    const struct object_kind *kind;
    struct wall now;
    bool is_wide, has_namespace;
};

static void add_headings(struct objects_table *t)
{
    const char *gap = t->has_namespace ? "\t" : "";

    strbuf_addz(&t->rows, t->has_namespace ? "NAMESPACE" : "");
    if (object_names_first(t->kind)) {
        strbuf_addf(&t->rows, "%sNAME", gap);
        gap = "\t";
    }
    for (size_t i = 0; i < t->kind->column_count; i++)
        if (t->is_wide || !t->kind->columns[i].wide_only) {
            strbuf_addf(&t->rows, "%s%s", gap, t->kind->columns[i].name);
            gap = "\t";
        }
    strbuf_addc(&t->rows, '\n');
}

static void add_object(struct objects_table *t, const struct json *doc)
{
    const char *gap = t->has_namespace ? "\t" : "";

    if (t->has_namespace)
        strbuf_add(&t->rows, object_namespace(doc));
    if (object_names_first(t->kind)) {
        strbuf_addf(&t->rows, "%s" STR_FMT, gap, STR_ARG(object_name(doc)));
        gap = "\t";
    }
    for (size_t i = 0; i < t->kind->column_count; i++) {
        const struct object_column *column = &t->kind->columns[i];

        if (!t->is_wide && column->wide_only)
            continue;
        strbuf_addf(&t->rows, "%s" STR_FMT, gap,
                    STR_ARG(show_one_line(t->a, object_cell(t->a, column, doc, t->now))));
        gap = "\t";
    }
    strbuf_addc(&t->rows, '\n');
}

static void print_table(struct cli *cli, const struct object_kind *kind, const struct json *doc,
                        bool is_wide)
{
    const struct json *items = json_get(doc, STR("items"));
    struct objects_table t = {.a = cli->arena,
                              .rows = STRBUF_INIT(SIZE_MAX / 2),
                              .kind = kind,
                              .now = clock_wall(),
                              .is_wide = is_wide,
                              .has_namespace =
                                  kind->is_namespaced && cli_is_on(cli, "all-namespaces")};
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);

    if (items && items->count == 0) {
        fprintf(stderr, "No resources found%s" STR_FMT "%s\n",
                kind->is_namespaced && !t.has_namespace ? " in " : "",
                STR_ARG(kind->is_namespaced && !t.has_namespace ? cli_namespace(cli) : STR("")),
                kind->is_namespaced && !t.has_namespace ? " namespace." : "");
        return;
    }
    add_headings(&t);
    for (uint32_t i = 0; items && i < items->count; i++)
        add_object(&t, &items->items[i]);
    if (!items)
        add_object(&t, doc);
    table_align(cli->arena, &b, strbuf_str(&t.rows), PADDING);
    strbuf_done(&t.rows);
    fwrite(b.ptr, 1, b.len, stdout);
}

/* "workflow.argoproj.io/NAME", as kubectl names objects. */
static void print_name(const struct object_kind *kind, const struct json *doc)
{
    printf("%s%s%s/" STR_FMT "\n", kind->singular, kind->group[0] ? "." : "", kind->group,
           STR_ARG(object_name(doc)));
}

static int print_objects(struct cli *cli, const struct object_kind *kind,
                         const struct json *doc, struct err *err)
{
    const struct json *items = json_get(doc, STR("items"));
    const char *output = cli_flag(cli, "output");

    if (output && strcmp(output, "short") == 0)
        return err_set(err, ERR_INVALID, "-o short is for workflows by name only");
    if (output && strcmp(output, "json") == 0) {
        workflow_print_json(doc);
    } else if (output && strcmp(output, "yaml") == 0) {
        workflow_print_yaml(doc);
    } else if (output && strcmp(output, "name") == 0) {
        for (uint32_t i = 0; items && i < items->count; i++)
            print_name(kind, &items->items[i]);
        if (!items)
            print_name(kind, doc);
    } else {
        print_table(cli, kind, doc, output != NULL);
    }
    return 0;
}

static int get_objects(struct cli *cli, const struct object_kind *kind, struct err *err)
{
    const char *labels = cli_flag(cli, "selector");
    bool is_all = cli_is_on(cli, "all-namespaces");
    struct cli_answer answer;
    struct str path;

    for (size_t i = 1; i < cli->arg_count || i == 1; i++) {
        struct str name = i < cli->arg_count ? str_from(cli->args[i]) : STR("");

        if (name.len > 0 && is_all)
            return err_set(err, ERR_INVALID,
                           "a resource cannot be retrieved by name across all namespaces");
        path = cli_path(cli, kind, is_all ? STR("") : cli_namespace(cli), name);
        if (labels)
            path = str_printf(cli->arena, STR_FMT "?labelSelector=" STR_FMT, STR_ARG(path),
                              STR_ARG(uri_escape(cli->arena, str_from(labels))));
        if (cli_call(cli, "GET", path, STR(""), &answer, err) < 0 ||
            print_objects(cli, kind, &answer.body, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- workflows ---- */

static int run_get(struct cli *cli, struct err *err)
{
    const struct object_kind *kind =
        cli_is_argo(cli) ? NULL : object_kind_by_plural(STR_NONE, str_from(cli->args[0]));

    if (kind)
        return get_objects(cli, kind, err);
    for (size_t i = 0; i < cli->arg_count; i++) {
        struct json workflow;

        if (workflow_get(cli, str_from(cli->args[i]), &workflow, err) < 0 ||
            workflow_print(cli, &workflow, cli_flag(cli, "output"), err) < 0)
            return -1;
    }
    return 0;
}

static const struct cli_flag flags[] = {
    {.name = "all-namespaces",
     .letter = 'A',
     .type = FLAG_SWITCH,
     .state = FLAG_OWN,
     .help = "objects of a kind: of all namespaces"},
    {.name = "no-color", .type = FLAG_SWITCH, .help = "no colours, not even on a terminal"},
    {.name = "no-utf8", .type = FLAG_SWITCH, .help = "draw with ASCII characters only"},
    {.name = "node-field-selector", .help = "show these nodes only, as phase=Failed"},
    {.name = "output",
     .letter = 'o',
     .choices = "name|json|yaml|short|wide",
     .help = "output format: name, json, yaml, short or wide"},
    {.name = "selector",
     .letter = 'l',
     .state = FLAG_OWN,
     .help = "objects of a kind: that have these labels"},
    {.name = "status", .help = "show nodes of this phase only"},
    {0},
};

extern const struct cli_command cli_get;
const struct cli_command cli_get = {.name = "get",
                                    .usage = "WORKFLOW...",
                                    .summary = "display details about a workflow",
                                    .example = "get my-wf\nget @latest",
                                    .flags = flags,
                                    .min_args = 1,
                                    .max_args = CLI_ANY_ARGS,
                                    .run = run_get};
