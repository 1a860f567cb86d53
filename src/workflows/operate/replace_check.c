/*
 * Nodes that somebody else wrote: a graph without circles whose groups are not too deep.
 *
 * The engine resolves what a group ends with by walking through the groups inside it, each way
 * there is: so the ways are counted, not the nodes.
 */
#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "workflows/operate/operate.h"

struct vertex {
    struct str id;
    const struct json *doc;
    uint32_t before; /* edges that lead here and are not taken away yet */
    uint32_t depth;  /* groups inside each other from here on */
    uint64_t ways;   /* nodes that a walk through groups comes by, each as often as it does */
};

struct graph {
    struct map by_id; /* struct vertex * */
    struct vertex *at;
    size_t count;
    VEC(struct vertex *) order; /* what comes before stands before */
};

static const char *const lists[] = {"children", "outboundNodes"};

static struct vertex *target(const struct graph *g, const struct json *id)
{
    return map_find(&g->by_id, json_str(id));
}

static int read_nodes(struct arena *a, struct graph *g, const struct json *nodes,
                      struct err *err)
{
    g->count = json_is(nodes, JSON_OBJECT) ? nodes->count : 0;
    g->at = ARENA_ARRAY(a, struct vertex, g->count + 1);
    for (size_t i = 0; i < g->count; i++) {
        struct vertex *v = &g->at[i];

        *v = (struct vertex){.id = nodes->members[i].key, .doc = &nodes->members[i].value};
        if (!str_eq(json_get_str(v->doc, STR("id")), v->id) || str_is_empty(v->id) ||
            str_is_empty(json_get_str(v->doc, STR("name"))))
            return err_set(err, ERR_RULE,
                           "status.nodes." STR_FMT
                           ": Invalid value: a node has a name, and stands under its id",
                           STR_ARG(str_head(v->id, 253)));
        map_put(&g->by_id, v->id, v);
    }
    return 0;
}

static void count_edges(struct graph *g)
{
    for (size_t i = 0; i < g->count; i++)
        for (size_t k = 0; k < COUNT_OF(lists); k++) {
            const struct json *ids = json_get(g->at[i].doc, str_from(lists[k])), *id;

            for (size_t n = 0; (id = json_item(ids, n)) != NULL; n++)
                if (target(g, id))
                    target(g, id)->before++;
        }
}

/* Takes away one node after the other that nothing leads to; what is left goes in circles. */
static int sort(struct arena *a, struct graph *g, struct err *err)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->at[i].before == 0)
            VEC_APUSH(a, &g->order, &g->at[i]);
    for (size_t i = 0; i < g->order.len; i++)
        for (size_t k = 0; k < COUNT_OF(lists); k++) {
            const struct json *ids = json_get(g->order.at[i]->doc, str_from(lists[k])), *id;

            for (size_t n = 0; (id = json_item(ids, n)) != NULL; n++) {
                struct vertex *to = target(g, id);

                if (to && --to->before == 0)
                    VEC_APUSH(a, &g->order, to);
            }
        }
    for (size_t i = 0; i < g->count; i++)
        if (g->at[i].before > 0)
            return err_set(err, ERR_RULE,
                           "status.nodes." STR_FMT
                           ": Invalid value: it follows itself by children or outboundNodes",
                           STR_ARG(str_head(g->at[i].id, 253)));
    return 0;
}

/* What a group is walked through by. */
static const struct json *inside(const struct vertex *v)
{
    struct str type = json_get_str(v->doc, STR("type"));

    if (str_is(type, "TaskGroup"))
        return json_get(v->doc, STR("children"));
    return str_is(type, "Steps") || str_is(type, "DAG") || str_is(type, "StepGroup")
               ? json_get(v->doc, STR("outboundNodes"))
               : NULL;
}

static int check_depth(const struct graph *g, struct err *err)
{
    for (size_t i = g->order.len; i-- > 0;) {
        struct vertex *v = g->order.at[i];
        const struct json *ids = inside(v), *id;

        v->ways = 1;
        for (size_t n = 0; (id = json_item(ids, n)) != NULL; n++) {
            const struct vertex *to = target(g, id);

            if (!to)
                continue;
            v->ways += to->ways;
            if (v->depth <= to->depth)
                v->depth = to->depth + 1;
        }
        if (v->depth > NODES_NESTED_MAX || v->ways > NODES_REACHED_MAX)
            return err_set(err, ERR_RULE,
                           "status.nodes." STR_FMT
                           ": Invalid value: more groups inside each other than %d, or more "
                           "ways through them than %d",
                           STR_ARG(str_head(v->id, 253)), NODES_NESTED_MAX, NODES_REACHED_MAX);
    }
    return 0;
}

int operate_check_nodes(struct arena *a, const struct json *nodes, struct err *err)
{
    struct graph g = {0};
    int result;

    map_init_borrowed(&g.by_id);
    result = read_nodes(a, &g, nodes, err);
    if (result == 0) {
        count_edges(&g);
        result = sort(a, &g, err);
    }
    if (result == 0)
        result = check_depth(&g, err);
    map_done(&g.by_id);
    return result;
}
