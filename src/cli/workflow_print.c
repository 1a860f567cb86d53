/* A workflow as `argo get` shows it: facts, then the tree of its nodes. Pure. See workflow.h.
 */
#include "cli/workflow.h"

#include "formats/duration.h"
#include "formats/gotime.h"
#include "lang/subst/names.h"

static struct str phase_of(const struct json *v)
{
    return json_str(json_path(v, "status", "phase", NULL));
}

bool cli_workflow_is_ended(const struct json *workflow)
{
    struct str phase = phase_of(workflow);

    return str_is(phase, "Succeeded") || str_is(phase, "Failed") || str_is(phase, "Error");
}

/* ---- texts ---- */

static bool read_time(struct str text, struct wall *ret)
{
    struct err ignored;

    return !str_is_empty(text) && gotime_parse_wall(text, ret, &ignored) == 0;
}

struct str cli_age(struct arena *a, struct str since, struct wall now)
{
    static const struct {
        int64_t seconds;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
    struct wall at;
    int64_t seconds;

    if (!read_time(since, &at))
        return STR("");
    seconds = now.ms > at.ms ? (now.ms - at.ms) / 1000 : 0;
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (seconds >= units[i].seconds)
            return str_printf(a, "%lld%s", (long long) (seconds / units[i].seconds),
                              units[i].unit);
    return STR("0s");
}

static struct str span(struct arena *a, struct str from, struct str to, struct wall now,
                       bool is_short)
{
    struct wall begin, end = now;

    if (!read_time(from, &begin))
        return STR("");
    read_time(to, &end);
    if (is_short)
        return cli_age(a, from, end);
    return duration_humanize(a, (end.ms > begin.ms ? end.ms - begin.ms : 0) * 1000000);
}

struct str cli_node_pod(struct arena *a, const struct json *workflow, const struct json *node)
{
    struct str tmpl = json_get_str(node, STR("templateName"));

    if (!str_is(json_get_str(node, STR("type")), "Pod"))
        return STR("");
    if (str_is_empty(tmpl))
        tmpl = json_str(json_path(node, "templateRef", "template", NULL));
    return pod_name(a, object_name(workflow), json_get_str(node, STR("name")),
                    str_is_none(tmpl) ? STR("") : tmpl,
                    pod_name_version_of(object_annotation(
                        workflow, STR("workflows.argoproj.io/pod-name-format"))));
}

/* ---- the tree ---- */

static const char *icon_of(struct str phase)
{
    static const struct {
        const char *phase, *icon;
    } icons[] = {{"Succeeded", "✔"}, {"Failed", "✖"},  {"Error", "⚠"},
                 {"Running", "●"},   {"Pending", "◷"}, {"Skipped", "○"}};

    for (size_t i = 0; i < COUNT_OF(icons); i++)
        if (str_is(phase, icons[i].phase))
            return icons[i].icon;
    return "○";
}

struct tree {
    struct arena *a;
    struct strbuf *b;
    const struct json *workflow, *nodes;
    struct wall now;
};

static void print_node(struct tree *t, const struct json *node, struct str lead)
{
    struct str step = str_printf(t->a, STR_FMT "%s " STR_FMT, STR_ARG(lead),
                                 icon_of(json_get_str(node, STR("phase"))),
                                 STR_ARG(json_get_str(node, STR("displayName"))));
    struct str tmpl = json_get_str(node, STR("templateName")),
               took = span(t->a, json_get_str(node, STR("startedAt")),
                           json_get_str(node, STR("finishedAt")), t->now, true);
    bool is_pod = str_is(json_get_str(node, STR("type")), "Pod");
    struct str pod = cli_node_pod(t->a, t->workflow, node);

    strbuf_addf(t->b, " " STR_FMT "  " STR_FMT "  " STR_FMT "  " STR_FMT "  " STR_FMT "\n",
                STR_ARG(step), STR_ARG(str_is_none(tmpl) ? STR("") : tmpl), STR_ARG(pod),
                STR_ARG(is_pod ? took : STR("")),
                STR_ARG(str_is_none(json_get_str(node, STR("message")))
                            ? STR("")
                            : json_get_str(node, STR("message"))));
}

/* Nodes of a boundary hang below it; a StepGroup's steps hang below the group's boundary, too.
 */
static bool hangs_below(const struct json *node, struct str parent)
{
    return str_eq(json_get_str(node, STR("boundaryID")), parent);
}

static bool is_shown(const struct json *node)
{
    return !str_is(json_get_str(node, STR("type")), "StepGroup");
}

static void print_below(struct tree *t, struct str parent, struct str indent, unsigned depth)
{
    const struct json *last = NULL;

    for (uint32_t i = 0; i < t->nodes->count && depth < 64; i++)
        if (hangs_below(&t->nodes->members[i].value, parent) &&
            is_shown(&t->nodes->members[i].value))
            last = &t->nodes->members[i].value;
    for (uint32_t i = 0; i < t->nodes->count && last; i++) {
        const struct json *node = &t->nodes->members[i].value;
        bool is_last = node == last;

        if (!hangs_below(node, parent) || !is_shown(node))
            continue;
        print_node(t, node,
                   str_printf(t->a, STR_FMT "%s", STR_ARG(indent), is_last ? "└─" : "├─"));
        print_below(t, json_get_str(node, STR("id")),
                    str_printf(t->a, STR_FMT "%s", STR_ARG(indent), is_last ? "  " : "│ "),
                    depth + 1);
    }
}

static void print_tree(struct tree *t)
{
    if (!json_is(t->nodes, JSON_OBJECT))
        return;
    strbuf_addz(t->b, "\nSTEP  TEMPLATE  PODNAME  DURATION  MESSAGE\n");
    for (uint32_t i = 0; i < t->nodes->count; i++) {
        const struct json *node = &t->nodes->members[i].value;

        if (!str_is_empty(json_get_str(node, STR("boundaryID"))))
            continue;
        print_node(t, node, STR(""));
        print_below(t, json_get_str(node, STR("id")), STR(""), 0);
    }
}

/* ---- the block of facts ---- */

static void fact(struct strbuf *b, const char *name, struct str value)
{
    if (!str_is_empty(value))
        strbuf_addf(b, "%-20s " STR_FMT "\n", name, STR_ARG(value));
}

static void print_conditions(struct strbuf *b, const struct json *list)
{
    const struct json *item;

    if (json_item(list, 0))
        strbuf_addf(b, "%-20s \n", "Conditions:");
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        strbuf_addf(b, " %-19.*s " STR_FMT "\n", STR_ARG(json_get_str(item, STR("type"))),
                    STR_ARG(json_get_str(item, STR("status"))));
}

static void print_parameters(struct strbuf *b, const struct json *list)
{
    const struct json *item;

    if (json_item(list, 0))
        strbuf_addf(b, "%-20s \n", "Parameters:");
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        strbuf_addf(b, "  " STR_FMT ": %*s" STR_FMT "\n",
                    STR_ARG(json_get_str(item, STR("name"))),
                    json_get_str(item, STR("name")).len < 16
                        ? 16 - (int) json_get_str(item, STR("name")).len
                        : 0,
                    "", STR_ARG(json_get_str(item, STR("value"))));
}

static void fact_time(struct arena *a, struct strbuf *b, const char *name, struct str at,
                      struct wall now)
{
    if (!str_is_empty(at))
        fact(b, name,
             str_printf(a, STR_FMT " (" STR_FMT " ago)", STR_ARG(at),
                        STR_ARG(cli_age(a, at, now))));
}

void cli_workflow_print(struct arena *a, struct strbuf *b, const struct json *workflow,
                        struct wall now)
{
    const struct json *status = json_get(workflow, STR("status"));
    struct str account = json_str(json_path(workflow, "spec", "serviceAccountName", NULL)),
               phase = phase_of(workflow), started = json_get_str(status, STR("startedAt"));
    struct tree tree = {.a = a,
                        .b = b,
                        .workflow = workflow,
                        .nodes = json_get(status, STR("nodes")),
                        .now = now};

    fact(b, "Name:", object_name(workflow));
    fact(b, "Namespace:", object_namespace(workflow));
    fact(b, "ServiceAccount:",
         str_is_empty(account) ? STR("unset (will run with the default ServiceAccount)")
                               : account);
    fact(b, "Status:", str_is_empty(phase) ? STR("Pending") : phase);
    fact(b, "Message:", json_get_str(status, STR("message")));
    print_conditions(b, json_get(status, STR("conditions")));
    fact_time(a, b,
              "Created:", json_str(json_path(workflow, "metadata", "creationTimestamp", NULL)),
              now);
    fact_time(a, b, "Started:", started, now);
    fact_time(a, b, "Finished:", json_get_str(status, STR("finishedAt")), now);
    fact(b, "Duration:", span(a, started, json_get_str(status, STR("finishedAt")), now, false));
    fact(b, "Progress:", json_get_str(status, STR("progress")));
    print_parameters(b, json_path(workflow, "spec", "arguments", "parameters", NULL));
    print_tree(&tree);
}
