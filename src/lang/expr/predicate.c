/*
 * lang/expr/predicate.c - builtins that look at each item of an array with a closure: all, any,
 * filter, map, sortBy, reduce and the like.
 *
 * Any thread.
 */
#include "lang/expr/expr_internal.h"

/* What a loop gathers. */
struct gather {
    enum expr_predicate kind;
    struct value *items; /* room for one an item */
    struct value *extra; /* groups, keys of a sort */
    size_t count, hits;
    struct value result;
    bool is_over;
};

static int fail(struct expr_run *r, const struct expr_node *n)
{
    return expr_locate(r->text, n->pos, r->v.err);
}

static bool wants_bool(enum expr_predicate kind)
{
    return kind != EXPR_MAP_EACH && kind != EXPR_SUM && kind != EXPR_GROUP_BY &&
           kind != EXPR_SORT_BY && kind != EXPR_REDUCE;
}

/* A hit of a condition. */
static void add_hit(struct gather *g, const struct value *item, size_t index)
{
    g->hits++;
    switch (g->kind) {
    case EXPR_FILTER:
        g->items[g->count++] = *item;
        break;
    case EXPR_FIND:
    case EXPR_FIND_LAST:
        g->result = *item;
        g->is_over = true;
        break;
    case EXPR_FIND_INDEX:
    case EXPR_FIND_LAST_INDEX:
        g->result = value_int((int64_t) index);
        g->is_over = true;
        break;
    case EXPR_ANY:
    case EXPR_NONE:
        g->is_over = true;
        break;
    case EXPR_ALL:
    case EXPR_ONE:
    case EXPR_COUNT:
    case EXPR_NO_PREDICATE:
    case EXPR_MAP_EACH:
    case EXPR_SUM:
    case EXPR_GROUP_BY:
    case EXPR_SORT_BY:
    case EXPR_REDUCE:
        break;
    }
}

static int add_value(struct expr_run *r, struct gather *g, const struct value *item,
                     size_t index, const struct value *v)
{
    if (wants_bool(g->kind)) {
        if (v->type != VALUE_BOOL)
            return expr_fail_conversion(&r->v, v, "bool");
        if (v->is_true)
            add_hit(g, item, index);
        else
            g->is_over = g->kind == EXPR_ALL;
        return 0;
    }
    if (g->kind == EXPR_SUM)
        return expr_binary(&r->v, EXPR_OP_ADD, v, &g->result, &g->result);
    if (g->kind == EXPR_GROUP_BY || g->kind == EXPR_SORT_BY)
        g->extra[g->count] = *v;
    g->items[g->count++] = g->kind == EXPR_MAP_EACH ? *v : *item;
    return 0;
}

int expr_fail_item(struct value_run *r)
{
    return value_fail(r, "reflect: call of reflect.Value.Index on map Value");
}

static int run_body(struct expr_run *r, const struct expr_node *n, struct expr_closure *closure,
                    struct value *ret)
{
    int rc;

    if (n->kid_count < 2) {
        *ret = closure->item;
        if (!closure->has_no_item)
            return 0;
        expr_fail_item(&r->v);
        return fail(r, n);
    }
    r->closure = closure;
    rc = expr_eval_node(r, n->kids[1], ret);
    r->closure = closure->outer;
    return rc;
}

/* sum([a, b]) of a list that is written, but not of constants only: upstream makes it a + b. */
static bool is_addition(const struct expr_node *n)
{
    const struct expr_node *list = n->kids[0];

    if (n->kid_count != 1 || list->kind != EXPR_NODE_ARRAY || list->kid_count < 2)
        return false;
    for (size_t i = 0; i < list->kid_count; i++) {
        const struct expr_node *it = list->kids[i];

        if (!it->is_constant && (it->kind != EXPR_NODE_LITERAL || it->value.type == VALUE_NIL))
            return true;
    }
    return false;
}

static int gather_all(struct expr_run *r, const struct expr_node *n, const struct value *array,
                      struct gather *g)
{
    bool adds = g->kind == EXPR_SUM && is_addition(n);
    bool is_backward = g->kind == EXPR_FIND_LAST || g->kind == EXPR_FIND_LAST_INDEX || adds;
    struct expr_closure closure = {.outer = r->closure,
                                   .has_no_item = array->type == VALUE_MAP};
    bool needs_item = g->kind == EXPR_FILTER || g->kind == EXPR_FIND ||
                      g->kind == EXPR_FIND_LAST || g->kind == EXPR_GROUP_BY ||
                      g->kind == EXPR_SORT_BY;

    for (size_t i = 0; i < array->count && !g->is_over; i++) {
        size_t index = is_backward ? array->count - 1 - i : i;
        struct value v;

        closure.item = closure.has_no_item ? value_nil() : array->items[index];
        closure.index = index;
        if (run_body(r, n, &closure, &v) < 0)
            return -1;
        if (closure.has_no_item && needs_item)
            return expr_fail_item(&r->v) < 0 ? fail(r, n) : 0;
        if (adds && i == 0)
            g->result = v;
        else if (add_value(r, g, &closure.item, index, &v) < 0)
            return fail(r, n);
    }
    return 0;
}

/* The items of each key, keys in the order of their first. */
static int group(struct expr_run *r, const struct gather *g, struct value *ret)
{
    struct value_pair *pairs = ARENA_ARRAY(r->v.a, struct value_pair, g->count + 1);
    size_t *at = ARENA_ARRAY(r->v.a, size_t, g->count + 1), count = 0;

    for (size_t i = 0; i < g->count; i++) {
        bool is_equal = false;

        if (g->extra[i].type == VALUE_ARRAY || g->extra[i].type == VALUE_MAP)
            return value_fail(&r->v, "hash of unhashable type: %s",
                              value_type_name(&g->extra[i]));
        for (at[i] = 0; at[i] < count; at[i]++) {
            if (value_equal(&r->v, &pairs[at[i]].key, &g->extra[i], &is_equal) < 0)
                return -1;
            if (is_equal)
                break;
        }
        if (at[i] == count)
            pairs[count++] = (struct value_pair){g->extra[i], value_array(NULL, 0)};
        pairs[at[i]].value.count++;
    }
    for (size_t k = 0; k < count; k++) {
        struct value *items = ARENA_ARRAY(r->v.a, struct value, pairs[k].value.count);

        if (value_charge(&r->v, g->count / 8) < 0)
            return -1;
        pairs[k].value = value_array(items, 0);
        for (size_t i = 0; i < g->count; i++)
            if (at[i] == k)
                items[pairs[k].value.count++] = g->items[i];
    }
    *ret = value_map(r->v.a, pairs, count);
    ret->go = VALUE_GO_GROUPS;
    ret->has_any_keys = true;
    return 0;
}

static int sort_by(struct expr_run *r, const struct expr_node *n, struct gather *g,
                   struct value *ret)
{
    struct value order = value_string(STR("asc"));
    bool is_falling;

    if (n->kid_count > 2 && expr_eval_node(r, n->kids[2], &order) < 0)
        return -1;
    if (order.type != VALUE_STRING) {
        value_fail(&r->v, "sortBy order argument must be a string");
        return fail(r, n);
    }
    is_falling = order.type == VALUE_STRING && str_is(value_text(&order), "desc");
    if (!is_falling && (order.type != VALUE_STRING || !str_is(value_text(&order), "asc"))) {
        value_fail(&r->v, "unknown order, use asc or desc");
        return fail(r, n);
    }
    if (value_sort(&r->v, g->extra, g->items, g->count, is_falling) < 0)
        return fail(r, n);
    *ret = value_array(g->items, g->count);
    return 0;
}

static int finish(struct expr_run *r, const struct expr_node *n, struct gather *g,
                  struct value *ret)
{
    switch (g->kind) {
    case EXPR_ALL:
        *ret = value_bool(!g->is_over);
        return 0;
    case EXPR_NONE:
        *ret = value_bool(g->hits == 0);
        return 0;
    case EXPR_ANY:
        *ret = value_bool(g->hits > 0);
        return 0;
    case EXPR_ONE:
        *ret = value_bool(g->hits == 1);
        return 0;
    case EXPR_COUNT:
        *ret = value_int((int64_t) g->hits);
        return 0;
    case EXPR_FILTER:
    case EXPR_MAP_EACH:
        *ret = value_array(g->items, g->count);
        return 0;
    case EXPR_GROUP_BY:
        return group(r, g, ret) < 0 ? fail(r, n) : 0;
    case EXPR_SORT_BY:
        return sort_by(r, n, g, ret);
    case EXPR_SUM:
    case EXPR_FIND:
    case EXPR_FIND_INDEX:
    case EXPR_FIND_LAST:
    case EXPR_FIND_LAST_INDEX:
    case EXPR_REDUCE:
    case EXPR_NO_PREDICATE:
        *ret = g->result;
        return 0;
    }
    return 0;
}

static int reduce(struct expr_run *r, const struct expr_node *n, const struct value *array,
                  struct value *ret)
{
    struct expr_closure closure = {.outer = r->closure,
                                   .has_no_item = array->type == VALUE_MAP};
    size_t from = n->kid_count > 2 ? 0 : 1;

    if (from > 0 && array->count == 0) {
        value_fail(&r->v, "reduce of empty array with no initial value");
        return fail(r, n);
    }
    if (closure.has_no_item && array->count > 0 && from > 0)
        return expr_fail_item(&r->v) < 0 ? fail(r, n) : 0;
    if (from > 0)
        closure.acc = array->items[0];
    else if (expr_eval_node(r, n->kids[2], &closure.acc) < 0)
        return -1;
    for (size_t i = from; i < array->count; i++) {
        closure.item = closure.has_no_item ? value_nil() : array->items[i];
        closure.index = i;
        if (run_body(r, n, &closure, ret) < 0)
            return -1;
        closure.acc = *ret;
    }
    *ret = closure.acc;
    return 0;
}

/* What is looked at: a list, the bytes of a text, or a map, which has a length alone. */
static int collection(struct expr_run *r, const struct value *from, struct value *ret)
{
    struct value *items;

    *ret = *from;
    if (from->type == VALUE_ARRAY)
        return 0;
    if (from->type == VALUE_MAP) {
        ret->count = value_len(from);
        return 0;
    }
    if (from->type != VALUE_STRING && from->type != VALUE_BYTES)
        return value_fail(&r->v, "reflect: call of reflect.Value.Len on %s Value",
                          from->type == VALUE_NIL ? "zero" : value_kind_name(from));
    if (value_make(&r->v, from->count * sizeof(*items)) < 0)
        return -1;
    items = ARENA_ARRAY(r->v.a, struct value, from->count + 1);
    for (size_t i = 0; i < from->count; i++) {
        items[i] = value_int((unsigned char) from->text[i]);
        items[i].go = VALUE_GO_UINT8;
    }
    *ret = value_array(items, from->count);
    return 0;
}

int expr_predicate_eval(struct expr_run *r, const struct expr_node *n, struct value *ret)
{
    struct gather g = {.kind = (enum expr_predicate) n->function->special};
    struct value from, array;

    if (expr_eval_node(r, n->kids[0], &from) < 0)
        return -1;
    if (collection(r, &from, &array) < 0)
        return fail(r, n);
    if (g.kind == EXPR_REDUCE)
        return reduce(r, n, &array, ret);
    if (g.kind == EXPR_SUM)
        g.result = value_int(0);
    if (value_make(&r->v, array.count * sizeof(*g.items)) < 0)
        return fail(r, n);
    g.items = ARENA_ARRAY(r->v.a, struct value, array.count + 1);
    g.extra = ARENA_ARRAY(r->v.a, struct value, array.count + 1);
    if (gather_all(r, n, &array, &g) < 0)
        return -1;
    return finish(r, n, &g, ret);
}
