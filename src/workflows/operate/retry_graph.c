/*
 * Which nodes a retry removes and which it runs again, in upstream's rules.
 *
 * A node to be run again is removed with all that came after it; the nodes that hold it
 * (groups, Retry nodes, boundaries up to the root) are reset. What is removed is not reset.
 * Nodes are looked at from the root on, so that a removal high up takes those below with it. A
 * node with several parents counts as the child of the one with the greatest id. Exit handlers
 * of the workflow hang on nothing and are left to the caller.
 */
#include "base/map.h"
#include "base/vec.h"
#include "workflows/operate/retry_internal.h"

struct node {
    const struct json *doc;
    struct str id, type, boundary;
    struct node *parent;
    VEC(struct node *) children, parents;
    enum retry_fate *fate;
    bool is_chosen;     /* to be run again */
    bool is_above_good; /* something after it has succeeded and is not chosen */
    bool is_seen;
};

struct graph {
    struct arena *a;
    struct map by_id; /* struct node *, borrowed keys */
    struct node *nodes;
    size_t count;
    struct node *root;
    size_t steps_left; /* of a walk towards the root: rows may be anything */
};

static bool is_type(const struct node *n, const char *type)
{
    return str_is(n->type, type);
}

static bool is_group(const struct node *n)
{
    return is_type(n, "DAG") || is_type(n, "TaskGroup") || is_type(n, "StepGroup") ||
           is_type(n, "Steps");
}

static bool is_execution(const struct node *n)
{
    return is_type(n, "Pod") || is_type(n, "Container") || is_type(n, "HTTP") ||
           is_type(n, "Plugin");
}

static bool has_phase(const struct node *n, const char *phase)
{
    return str_is(json_get_str(n->doc, STR("phase")), phase);
}

static bool has_failed(const struct node *n)
{
    return has_phase(n, "Failed") || has_phase(n, "Error");
}

/* ---- the graph ---- */

static void add_links(struct graph *g, struct node *n)
{
    const struct json *ids = json_get(n->doc, STR("children"));

    for (size_t i = 0; json_item(ids, i); i++) {
        struct node *child = map_find(&g->by_id, json_str(json_item(ids, i)));

        if (!child)
            continue;
        VEC_APUSH(g->a, &n->children, child);
        VEC_APUSH(g->a, &child->parents, n);
        if (!child->parent || str_cmp(child->parent->id, n->id) < 0)
            child->parent = n;
    }
}

static void build(struct graph *g, const struct operate_workflow *wf, enum retry_fate *fates)
{
    struct str name = json_str(json_path(&wf->doc, "metadata", "name", NULL));

    g->count = wf->node_count;
    g->nodes = ARENA_ARRAY(g->a, struct node, g->count + 1);
    for (size_t i = 0; i < g->count; i++) {
        struct node *n = &g->nodes[i];

        n->doc = &wf->nodes[i].doc;
        n->id = wf->nodes[i].id;
        n->type = json_get_str(n->doc, STR("type"));
        n->boundary = json_get_str(n->doc, STR("boundaryID"));
        n->fate = &fates[i];
        map_put(&g->by_id, n->id, n);
        if (str_eq(json_get_str(n->doc, STR("name")), name))
            g->root = n;
    }
    for (size_t i = 0; i < g->count; i++)
        add_links(g, &g->nodes[i]);
}

/* Marks all that stand before a node. */
static void mark_above(struct graph *g, struct node *from)
{
    VEC(struct node *) stack = {0};

    VEC_APUSH(g->a, &stack, from);
    while (stack.len > 0) {
        struct node *n = stack.at[--stack.len];

        VEC_FOREACH (it, &n->parents) {
            if ((*it)->is_above_good)
                continue;
            (*it)->is_above_good = true;
            VEC_APUSH(g->a, &stack, *it);
        }
    }
}

/* ---- what is run again ---- */

static struct node *retry_node_of(struct node *attempt)
{
    VEC_FOREACH (it, &attempt->parents)
        if (is_type(*it, "Retry"))
            return *it;
    return attempt;
}

static int choose(struct graph *g, const struct operate_workflow *wf,
                  const struct operate_retrial *how, struct err *err)
{
    struct selector selector;
    bool has_selector = how->restarts_successful && !str_is_empty(how->selector);

    if (has_selector && operate_selector(wf, how->selector, &selector, err) < 0)
        return -1;
    for (size_t i = 0; has_selector && i < g->count; i++)
        g->nodes[i].is_chosen = operate_matches(&selector, g->nodes[i].doc);
    for (size_t i = 0; i < g->count; i++)
        if (has_phase(&g->nodes[i], "Succeeded") && !g->nodes[i].is_chosen)
            mark_above(g, &g->nodes[i]);
    for (size_t i = 0; i < g->count; i++) {
        struct node *n = &g->nodes[i];
        struct node *looked_at = n;

        if (!has_failed(n) || !is_execution(n))
            continue;
        if (json_get_bool(json_get(n->doc, STR("nodeFlag")), STR("retried")))
            looked_at = retry_node_of(n);
        n->is_chosen = n->is_chosen || !looked_at->is_above_good;
    }
    return 0;
}

/* ---- fates ---- */

static void reset(struct node *n)
{
    if (*n->fate == RETRY_KEEPS)
        *n->fate = RETRY_RESETS;
}

/* With all that came after it; what is removed already has no such nodes left. */
static void remove_from(struct graph *g, struct node *from)
{
    VEC(struct node *) stack = {0};

    VEC_APUSH(g->a, &stack, from);
    while (stack.len > 0) {
        struct node *n = stack.at[--stack.len];

        if (*n->fate == RETRY_REMOVES && n != from)
            continue;
        *n->fate = RETRY_REMOVES;
        VEC_FOREACH (it, &n->children)
            if (*(*it)->fate != RETRY_REMOVES)
                VEC_APUSH(g->a, &stack, *it);
    }
}

static int out_of_nodes(struct err *err)
{
    return err_set(err, ERR_INVALID, "was seeking node but ran out of nodes to explore");
}

/* The nearest node towards the root whose id, or else type, is wanted; it is reset. */
static int reset_up_to(struct graph *g, struct node **at, struct str id, const char *type,
                       struct err *err)
{
    for (struct node *n = *at; n && g->steps_left > 0; n = n->parent) {
        g->steps_left--;
        if (type ? !is_type(n, type) : !str_eq(n->id, id))
            continue;
        reset(n);
        *at = n;
        return 0;
    }
    return out_of_nodes(err);
}

/* All that holds a group; leaves @at at what stands before the outermost. */
static int reset_boundaries(struct graph *g, struct node **at, struct err *err)
{
    for (;;) {
        struct node *n = *at;

        if (n->parent && is_type(n->parent, "Retry")) {
            n = n->parent;
            reset(n);
        }
        if (n->parent && (is_type(n->parent, "StepGroup") || is_type(n->parent, "TaskGroup")))
            reset(n->parent);
        *at = n;
        if (str_is_empty(n->boundary)) {
            *at = n->parent;
            return 0;
        }
        if (reset_up_to(g, at, n->boundary, NULL, err) < 0)
            return -1;
    }
}

/* Removes a node and resets all that holds it. */
static int run_again(struct graph *g, struct node *from, struct err *err)
{
    struct node *at = from;

    g->steps_left = 64 + g->count * 4;
    remove_from(g, from);
    if (from == g->root)
        return 0;
    while (at) {
        if (g->steps_left == 0)
            return out_of_nodes(err);
        g->steps_left--;
        if (is_group(at)) {
            reset(at);
            if (reset_boundaries(g, &at, err) < 0)
                return -1;
            continue;
        }
        if (is_type(at, "Container")) {
            if (reset_up_to(g, &at, STR(""), "Pod", err) < 0)
                return -1;
            remove_from(g, at);
        } else if (is_type(at, "Retry") && has_failed(at)) {
            reset(at);
        }
        at = at->parent;
    }
    return 0;
}

/* Groups that are expanded anew with other parameters. */
static void remove_expanded(struct graph *g)
{
    for (size_t i = 0; i < g->count; i++) {
        struct node *n = &g->nodes[i];

        if (*n->fate != RETRY_RESETS || (!is_type(n, "TaskGroup") && !is_type(n, "StepGroup")))
            continue;
        VEC_FOREACH (it, &n->children)
            remove_from(g, *it);
    }
}

int retry_fates(const struct operate_workflow *wf, const struct operate_retrial *how,
                enum retry_fate *fates, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_map_ struct map by_id = {0};
    struct graph g = {.a = a};
    VEC(struct node *) queue = {0};

    map_init_borrowed(&g.by_id);
    build(&g, wf, fates);
    by_id = g.by_id; /* released at the end */
    if (choose(&g, wf, how, err) < 0)
        return -1;
    if (g.root)
        VEC_APUSH(a, &queue, g.root);
    for (size_t i = 0; i < queue.len; i++) {
        struct node *n = queue.at[i];

        if (n->is_chosen && *n->fate != RETRY_REMOVES && run_again(&g, n, err) < 0)
            return -1;
        VEC_FOREACH (it, &n->children) {
            if ((*it)->is_seen)
                continue;
            (*it)->is_seen = true;
            VEC_APUSH(a, &queue, *it);
        }
    }
    if (how->parameter_count > 0)
        remove_expanded(&g);
    return 0;
}
