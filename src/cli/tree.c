/*
 * The tree of a workflow's nodes as argo draws it. See show.h.
 *
 * A node hangs below the StepGroup or Retry node that names it as a child, else below its
 * boundary (a Steps or DAG node); TaskGroup and Container nodes are not drawn. A node that is
 * filtered out leaves its children at its own place.
 */
#include "cli/show.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/vec.h"
#include "cli/table.h"
#include "lang/subst/names.h"
#include "objects/object.h"

enum { DEPTH_MAX = 5000, PADDING = 2 };

struct branch {
    const struct json *node;
    struct wall started; /* 0: not yet */
    struct branch *parent;
    VEC(struct branch *) below;
};

struct tree {
    struct arena *a;
    struct strbuf *b;
    const struct json *workflow;
    const struct show_options *options;
    struct branch *all;
    size_t count;
};

static struct str member(const struct json *v, const char *name)
{
    struct str text = json_get_str(v, str_from(name));

    return str_is_none(text) ? STR("") : text;
}

static bool is_type(const struct branch *n, const char *type)
{
    return str_is(member(n->node, "type"), type);
}

static bool is_boundary(const struct branch *n)
{
    return is_type(n, "DAG") || is_type(n, "Steps");
}

static bool is_group(const struct branch *n)
{
    return is_type(n, "StepGroup") || is_type(n, "Retry");
}

static bool is_drawn(const struct branch *n)
{
    static const char *const leaves[] = {"Pod", "Skipped", "Suspend", "HTTP", "Plugin"};

    for (size_t i = 0; i < COUNT_OF(leaves); i++)
        if (is_type(n, leaves[i]))
            return true;
    return is_boundary(n) || is_group(n);
}

/* ---- who hangs where ---- */

/* Number in "name(3:value)", or -1. */
static int64_t index_of(struct str name)
{
    size_t open = SIZE_MAX;
    struct str digits;
    int64_t n;

    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '(')
            open = i;
    if (open == SIZE_MAX || !str_ends(name, STR(")")))
        return -1;
    digits = str_skip(name, open + 1);
    digits = str_head(digits, digits.len - 1);
    digits = str_head(digits, str_find_char(digits, ':'));
    return parse_i64(digits, &n) && n >= 0 ? n : -1;
}

static int compare_branches(const void *left, const void *right)
{
    const struct branch *const *a = left, *const *b = right;
    struct str x = member((*a)->node, "displayName"), y = member((*b)->node, "displayName");
    int64_t i = index_of(x), j = index_of(y);

    if ((*a)->started.ms != (*b)->started.ms)
        return (*a)->started.ms < (*b)->started.ms ? -1 : 1;
    if (i >= 0 && j >= 0 && i != j)
        return i < j ? -1 : 1;
    return str_cmp(x, y) ? str_cmp(x, y)
                         : str_cmp(member((*a)->node, "id"), member((*b)->node, "id"));
}

static void read_nodes(struct tree *t, const struct json *nodes, struct map *by_id)
{
    struct err ignored;

    t->count = nodes->count;
    t->all = ARENA_ARRAY(t->a, struct branch, t->count + 1);
    for (size_t i = 0; i < t->count; i++) {
        struct branch *n = &t->all[i];

        n->node = &nodes->members[i].value;
        if (gotime_parse_wall(member(n->node, "startedAt"), &n->started, &ignored) < 0)
            n->started.ms = INT64_MIN; /* Go's zero time is before all others */
        map_put(by_id, nodes->members[i].key, n);
    }
}

static void find_parents(struct tree *t, const struct map *by_id)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct json *children = json_get(t->all[i].node, STR("children")), *id;

        for (size_t k = 0; is_group(&t->all[i]) && (id = json_item(children, k)); k++) {
            struct branch *child = map_find(by_id, json_str(id));

            if (child && child != &t->all[i])
                child->parent = &t->all[i];
        }
    }
    for (size_t i = 0; i < t->count; i++) {
        struct branch *n = &t->all[i],
                      *boundary = map_find(by_id, member(n->node, "boundaryID"));

        if (!n->parent && boundary && boundary != n && is_boundary(boundary))
            n->parent = boundary;
        if (n->parent && is_drawn(n))
            VEC_APUSH(t->a, &n->parent->below, n);
    }
    for (size_t i = 0; i < t->count; i++)
        if (t->all[i].below.len > 1)
            qsort(t->all[i].below.at, t->all[i].below.len, sizeof(struct branch *),
                  compare_branches);
}

/* ---- one row ---- */

struct glyph {
    const char *word, *icon;
    enum show_color color;
};

static struct str icon_of(const struct tree *t, const struct json *node)
{
    static const struct glyph phases[] = {
        {"Pending", "◷", SHOW_YELLOW},  {"Running", "●", SHOW_CYAN},
        {"Succeeded", "✔", SHOW_GREEN}, {"Skipped", "○", SHOW_PLAIN},
        {"Failed", "✖", SHOW_RED},      {"Error", "⚠", SHOW_RED}};
    static const struct glyph suspend = {"Suspend", "ǁ", SHOW_CYAN};
    const struct glyph *g = NULL;
    struct str text;

    for (size_t i = 0; i < COUNT_OF(phases); i++)
        if (str_is(member(node, "phase"), phases[i].word))
            g = &phases[i];
    if (str_is(member(node, "type"), "Suspend") && str_is(member(node, "phase"), "Running"))
        g = &suspend;
    if (!g)
        return STR("");
    text = str_from(t->options->is_ascii ? g->word : g->icon);
    return t->options->has_color ? show_colored(t->a, text, g->color) : text;
}

static struct str template_of(struct arena *a, const struct json *node)
{
    const struct json *ref = json_get(node, STR("templateRef"));

    if (json_is(ref, JSON_OBJECT))
        return str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(member(ref, "name")),
                          STR_ARG(member(ref, "template")));
    return member(node, "templateName");
}

static struct str artifacts_of(struct arena *a, const struct json *node)
{
    const struct json *list = json_path(node, "outputs", "artifacts", NULL), *item;
    struct str text = STR("");

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        text = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(text), i ? "," : "",
                          STR_ARG(member(item, "name")));
    return text;
}

static void print_row(struct tree *t, const struct json *node, struct str lead)
{
    struct str pod = show_node_pod(t->a, t->workflow, node),
               message = show_one_line(t->a, member(node, "message")),
               host = pod.len ? member(node, "hostNodeName") : STR("");
    struct str took = pod.len ? show_age(t->a, member(node, "startedAt"),
                                         member(node, "finishedAt"), t->options->now)
                              : STR("");

    strbuf_addf(t->b, STR_FMT STR_FMT " " STR_FMT "\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\t",
                STR_ARG(lead), STR_ARG(icon_of(t, node)), STR_ARG(member(node, "displayName")),
                STR_ARG(template_of(t->a, node)), STR_ARG(pod), STR_ARG(took));
    if (t->options->detail == SHOW_WIDE)
        strbuf_addf(t->b, STR_FMT "\t", STR_ARG(artifacts_of(t->a, node)));
    strbuf_addf(t->b, STR_FMT "\t", STR_ARG(message));
    if (t->options->detail == SHOW_WIDE)
        strbuf_addf(t->b, STR_FMT "\t" STR_FMT,
                    STR_ARG(show_resources(t->a, json_get(node, STR("resourcesDuration")))),
                    STR_ARG(host));
    else if (t->options->detail == SHOW_SHORT)
        strbuf_add(t->b, host);
    strbuf_addc(t->b, '\n');
}

/* ---- drawing ---- */

/* Fields that a node can be selected by: texts by their dotted path,
 * inputs.parameters.NAME.value. */
static struct str node_field(const void *ctx, struct str key)
{
    const struct json *v = ctx, *item;
    struct str name;

    while (v && str_cut(&key, '.', &name)) {
        if (!json_is(v, JSON_ARRAY)) {
            v = json_get(v, name);
            continue;
        }
        for (size_t i = 0; (item = json_item(v, i)) && !str_eq(member(item, "name"), name); i++)
            ;
        v = item;
    }
    return json_str(v);
}

static bool is_filtered(const struct tree *t, const struct branch *n)
{
    const struct json *children = json_get(n->node, STR("children"));

    if (is_type(n, "StepGroup"))
        return true;
    if (is_type(n, "Retry") && json_is(children, JSON_ARRAY) && children->count == 1)
        return true;
    if (is_type(n, "Skipped") && str_is(member(n->node, "phase"), "Omitted"))
        return true;
    return t->options->nodes && !selector_matches_with(t->options->nodes, node_field, n->node);
}

enum joint { JOINT_ONLY, JOINT_FIRST, JOINT_MIDDLE, JOINT_LAST };

struct joint_text {
    const char *part, *below;
};

static struct joint_text joint_text(enum joint joint, bool is_ascii)
{
    static const struct joint_text lines[] = {[JOINT_ONLY] = {"──", "  "},
                                              [JOINT_FIRST] = {"┬─", "│ "},
                                              [JOINT_MIDDLE] = {"├─", "│ "},
                                              [JOINT_LAST] = {"└─", "  "}},
                                   ascii[] = {[JOINT_ONLY] = {"--", "  "},
                                              [JOINT_FIRST] = {"+-", "| "},
                                              [JOINT_MIDDLE] = {"|-", "| "},
                                              [JOINT_LAST] = {"`-", "  "}};

    return is_ascii ? ascii[joint] : lines[joint];
}

static void draw(struct tree *t, const struct branch *n, struct str lead, struct str below,
                 unsigned depth)
{
    bool is_hidden = is_filtered(t, n), joins = !is_hidden || is_type(n, "StepGroup");

    if (!is_hidden)
        print_row(t, n->node, lead);
    for (size_t i = 0; i < n->below.len && depth < DEPTH_MAX; i++) {
        bool is_last = i + 1 == n->below.len;
        enum joint joint = is_hidden && i == 0 ? (is_last ? JOINT_ONLY : JOINT_FIRST)
                           : is_last           ? JOINT_LAST
                                               : JOINT_MIDDLE;
        struct joint_text text =
            joins ? joint_text(joint, t->options->is_ascii) : (struct joint_text){"", ""};
        struct str before = is_hidden && i == 0 ? lead : below;

        draw(t, n->below.at[i], str_concat(t->a, before, str_from(text.part)),
             str_concat(t->a, below, str_from(text.below)), depth + 1);
    }
}

static const char *titles(enum show_detail detail)
{
    switch (detail) {
    case SHOW_NORMAL:
        break;
    case SHOW_WIDE:
        return "\tTEMPLATE\tPODNAME\tDURATION\tARTIFACTS\tMESSAGE\tRESOURCESDURATION\tNODENAME"
               "\n";
    case SHOW_SHORT:
        return "\tTEMPLATE\tPODNAME\tDURATION\tMESSAGE\tNODENAME\n";
    }
    return "\tTEMPLATE\tPODNAME\tDURATION\tMESSAGE\n";
}

static struct branch *root_named(struct tree *t, struct str name)
{
    for (size_t i = 0; i < t->count; i++)
        if (!t->all[i].parent && is_drawn(&t->all[i]) &&
            str_is_empty(member(t->all[i].node, "boundaryID")) &&
            str_eq(member(t->all[i].node, "name"), name))
            return &t->all[i];
    return NULL;
}

void show_tree(struct arena *a, struct strbuf *b, const struct json *workflow,
               const struct show_options *options)
{
    const struct json *nodes = json_path(workflow, "status", "nodes", NULL);
    _cleanup_strbuf_ struct strbuf rows = STRBUF_INIT(SIZE_MAX / 2);
    _cleanup_map_ struct map by_id = {0};
    struct tree t = {.a = a, .b = &rows, .workflow = workflow, .options = options};
    const struct branch *root, *on_exit;

    if (!json_is(nodes, JSON_OBJECT))
        return;
    map_init_borrowed(&by_id);
    read_nodes(&t, nodes, &by_id);
    find_parents(&t, &by_id);
    root = root_named(&t, object_name(workflow));
    on_exit = root_named(&t, node_name_on_exit(a, object_name(workflow)));
    if (!root)
        return;
    strbuf_addf(
        &rows, STR_FMT "%s",
        STR_ARG(options->has_color ? show_colored(a, STR("STEP"), SHOW_PLAIN) : STR("STEP")),
        titles(options->detail));
    draw(&t, root, STR(" "), STR(" "), 0);
    if (on_exit) {
        strbuf_addz(&rows, "\t\t\t\t\t\n");
        draw(&t, on_exit, STR(" "), STR(" "), 0);
    }
    if (options->detail != SHOW_SHORT)
        strbuf_addc(b, '\n');
    table_align(a, b, strbuf_str(&rows), PADDING);
}
