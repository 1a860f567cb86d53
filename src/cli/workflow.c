/* Workflows fetched by the resource API, and printed. See workflow.h; follow.c follows them. */
#include "cli/workflow.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/instance.h"
#include "formats/uri.h"
#include "formats/yaml.h"

struct str workflow_path(struct cli *cli, struct str name)
{
    const struct object_kind *kind =
        object_kind_find(STR("argoproj.io/v1alpha1"), STR("Workflow"));

    return cli_path(cli, kind, cli_namespace(cli), name);
}

/* Created after the other one? Times have whole seconds: of one second's the last written. */
static bool is_newer(const struct json *item, const struct json *other)
{
    int order = str_cmp(json_str(json_path(item, "metadata", "creationTimestamp", NULL)),
                        json_str(json_path(other, "metadata", "creationTimestamp", NULL)));
    uint64_t version = 0, than = 0;

    if (order != 0)
        return order > 0;
    return parse_u64(json_str(json_path(item, "metadata", "resourceVersion", NULL)),
                     &version) &&
           parse_u64(json_str(json_path(other, "metadata", "resourceVersion", NULL)), &than) &&
           version > than;
}

static int find_latest(struct cli *cli, struct str *ret, struct err *err)
{
    const struct json *items, *item, *latest = NULL;
    struct cli_answer answer;

    if (cli_call(cli, "GET", workflow_path(cli, STR("")), STR(""), &answer, err) < 0)
        return -1;
    items = json_get(&answer.body, STR("items"));
    for (size_t i = 0; (item = json_item(items, i)) != NULL; i++)
        if (!latest || is_newer(item, latest))
            latest = item;
    if (!latest)
        return err_set(err, ERR_NOT_FOUND, "no workflow found in namespace " STR_FMT,
                       STR_ARG(cli_namespace(cli)));
    *ret = object_name(latest);
    return 0;
}

int workflow_name(struct cli *cli, const char *given, struct str *ret, struct err *err)
{
    if (strcmp(given, "@latest") == 0)
        return find_latest(cli, ret, err);
    *ret = str_from(given);
    return 0;
}

/* One that the archive alone has. */
static int get_archived(struct cli *cli, struct str name, struct cli_answer *ret)
{
    struct arena *a = cli->arena;
    struct err ignored;

    return cli_call(
        cli, "GET",
        str_printf(a, "/api/v1/archived-workflows/?namespace=" STR_FMT "&name=" STR_FMT,
                   STR_ARG(uri_escape(a, cli_namespace(cli))), STR_ARG(uri_escape(a, name))),
        STR(""), ret, &ignored);
}

int workflow_get(struct cli *cli, struct str name, struct json *ret, struct err *err)
{
    struct cli_answer answer;

    if (str_is(name, "@latest") && find_latest(cli, &name, err) < 0)
        return -1;
    if (cli_call(cli, "GET", workflow_path(cli, name), STR(""), &answer, err) < 0 &&
        (err->kind != ERR_NOT_FOUND || get_archived(cli, name, &answer) < 0))
        return -1;
    *ret = answer.body;
    return instance_check(cli, ret, err);
}

int workflow_operate(struct cli *cli, struct str name, const char *verb,
                     const struct json *body, struct json *ret, struct err *err)
{
    struct arena *a = cli->arena;
    struct str path = str_printf(a, "/api/v1/workflows/" STR_FMT "/" STR_FMT "/%s",
                                 STR_ARG(uri_escape(a, cli_namespace(cli))),
                                 STR_ARG(uri_escape(a, name)), verb);
    struct cli_answer answer;

    if (cli_call(cli, "PUT", path, json_text(a, body, JSON_COMPACT), &answer, err) < 0)
        return -1;
    *ret = answer.body;
    return 0;
}

/* ---- options ---- */

static bool has_flag(const struct cli *cli, const char *name)
{
    return flags_find(&cli->flags.tables, str_from(name)) != NULL;
}

bool workflow_has_color(struct cli *cli)
{
    const char *term = getenv("TERM");

    if ((has_flag(cli, "no-color") && cli_is_on(cli, "no-color")) || getenv("NO_COLOR"))
        return false;
    return isatty(STDOUT_FILENO) && (!term || strcmp(term, "dumb") != 0);
}

/* The machine's zone; UTC where there is none. */
static const struct gozone *local_zone(struct cli *cli)
{
    const struct gozone *zone = NULL;
    const char *name = getenv("TZ");
    struct str bytes;
    struct err ignored;

    if (name)
        return gozone_load(cli->arena, str_from(*name == ':' ? name + 1 : name), &zone,
                           &ignored) == 0
                   ? zone
                   : NULL;
    if (cli_read_file(cli, "/etc/localtime", &bytes, &ignored) < 0 ||
        gozone_parse(cli->arena, bytes, &zone, &ignored) < 0)
        return NULL;
    return zone;
}

/* A command without --status selects the nodes that it acts on, not those that it shows. */
static int read_node_selector(struct cli *cli, struct show_options *options, struct err *err)
{
    bool is_shown = has_flag(cli, "status") && has_flag(cli, "node-field-selector");
    const char *status = has_flag(cli, "status") ? cli_flag(cli, "status") : NULL;
    const char *text = is_shown ? cli_flag(cli, "node-field-selector") : NULL;
    struct selector *nodes = ARENA_NEW(cli->arena, struct selector);

    if (status && text)
        return err_set(err, ERR_INVALID, "cannot use both --status and --node-field-selector");
    if (status)
        text = str_printf(cli->arena, "phase=%s", status).ptr;
    if (!text || !*text)
        return 0;
    if (selector_parse_fields(cli->arena, str_from(text), nodes, err) < 0)
        return err_wrap(err, "selector is invalid");
    options->nodes = nodes;
    return 0;
}

int workflow_show_options(struct cli *cli, struct show_options *ret, struct err *err)
{
    const char *output = has_flag(cli, "output") ? cli_flag(cli, "output") : NULL;

    *ret = (struct show_options){.now = clock_wall(), .zone = local_zone(cli)};
    ret->has_color = workflow_has_color(cli);
    ret->is_ascii = has_flag(cli, "no-utf8") && cli_is_on(cli, "no-utf8");
    if (output && strcmp(output, "wide") == 0)
        ret->detail = SHOW_WIDE;
    if (output && strcmp(output, "short") == 0)
        ret->detail = SHOW_SHORT;
    return read_node_selector(cli, ret, err);
}

/* ---- printing ---- */

void workflow_print_end(struct cli *cli, const struct json *workflow)
{
    const struct json *status = json_get(workflow, STR("status"));
    struct gotime at;
    struct err ignored;
    struct str text = json_get_str(status, STR("finishedAt"));

    if (!str_is_empty(text) && gotime_parse_rfc3339(text, &at, &ignored) == 0) {
        at = gotime_in(&at, local_zone(cli));
        text = gotime_format(cli->arena, &at, GOTIME_STRING);
    }
    printf(STR_FMT " " STR_FMT " at " STR_FMT, STR_ARG(object_name(workflow)),
           STR_ARG(json_get_str(status, STR("phase"))), STR_ARG(text));
    text = json_get_str(status, STR("message"));
    if (text.len > 0 && !cli_is_argo(cli)) /* argo says that it failed, not why */
        printf(": " STR_FMT, STR_ARG(show_one_line(cli->arena, text)));
    printf("\n");
    fflush(stdout);
}

void workflow_print_json(const struct json *v)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);

    json_print(&b, v, JSON_INDENT);
    strbuf_addc(&b, '\n');
    fwrite(b.ptr, 1, b.len, stdout);
}

void workflow_print_yaml(const struct json *v)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);

    yaml_print(&b, v);
    fwrite(b.ptr, 1, b.len, stdout);
}

int workflow_print(struct cli *cli, const struct json *workflow, const char *output,
                   struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);
    struct show_options options;

    if (output && strcmp(output, "name") == 0) {
        printf(STR_FMT "\n", STR_ARG(object_name(workflow)));
        return 0;
    }
    if (output && strcmp(output, "json") == 0) {
        workflow_print_json(workflow);
        return 0;
    }
    if (output && strcmp(output, "yaml") == 0) {
        workflow_print_yaml(workflow);
        return 0;
    }
    if (workflow_show_options(cli, &options, err) < 0)
        return -1;
    show_workflow(cli->arena, &b, workflow, &options);
    fwrite(b.ptr, 1, b.len, stdout);
    return 0;
}
