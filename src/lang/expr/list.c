/*
 * lang/expr/list.c - builtins on arrays and maps.
 *
 * Any thread. Maps keep the order in which they were made, where upstream's is random.
 */
#include "base/limits.h"
#include "lang/expr/functions_internal.h"

#define FN(name)                                                                             \
    int expr_fn_##name(struct value_run *r, const struct value *args, size_t count _unused_, \
                       struct value *ret)

typedef VEC(struct value) value_list;

static int expect(struct value_run *r, const char *what, const struct value *v,
                  enum value_type type)
{
    return v->type == type ? 0 : value_fail(r, "cannot %s %s", what, value_kind_name(v));
}

static int add(struct value_run *r, value_list *list, const struct value *v)
{
    if (value_make(r, sizeof(*v)) < 0 || value_charge(r, 1) < 0)
        return -1;
    VEC_APUSH(r->a, list, *v);
    return 0;
}

/* A copy that may be changed. */
static int copy(struct value_run *r, const struct value *array, struct value **ret)
{
    if (value_make(r, array->count * sizeof(**ret)) < 0 || value_charge(r, array->count) < 0)
        return -1;
    *ret = ARENA_ARRAY(r->a, struct value, array->count + 1);
    if (array->count > 0)
        memcpy(*ret, array->items, array->count * sizeof(**ret));
    return 0;
}

static bool has_items(const struct value *v)
{
    return v->type == VALUE_ARRAY || v->type == VALUE_STRING || v->type == VALUE_BYTES;
}

/* The item at an index, below 0 from the end; a byte of a text; nil where there is none. */
static struct value item_at(const struct value *from, int64_t index)
{
    struct value byte;

    index += index < 0 ? (int64_t) from->count : 0;
    if (index < 0 || (size_t) index >= from->count)
        return value_nil();
    if (from->type == VALUE_ARRAY)
        return from->items[index];
    byte = value_int((unsigned char) from->text[index]);
    byte.go = VALUE_GO_UINT8;
    return byte;
}

/* Of what has no items it is nil; a map with keys of any type is asked for a key. */
static int end_of(struct value_run *r, const struct value *v, int64_t index, struct value *ret)
{
    struct value key = value_int(index);

    *ret = has_items(v) ? item_at(v, index) : value_nil();
    if (v->type == VALUE_MAP && v->has_any_keys)
        return value_map_find(r, v, &key, ret) < 0 ? -1 : 0;
    return 0;
}

FN(first)
{
    return end_of(r, &args[0], 0, ret);
}

FN(last)
{
    return end_of(r, &args[0], -1, ret);
}

/* What cannot be fetched is nil, but for a key of a wrong type. */
FN(get)
{
    const struct value *from = &args[0], *key = &args[1];
    int64_t index = 0;

    *ret = value_nil();
    if (from->type == VALUE_MAP) {
        struct value empty = value_string(STR(""));

        if (key->type == VALUE_NIL && !from->has_any_keys)
            key = &empty;
        if (key->type != VALUE_STRING && !from->has_any_keys)
            return value_fail(r,
                              "reflect.Value.MapIndex: value of type %s is not assignable to "
                              "type string",
                              value_type_name(key));
        return value_map_find(r, from, key, ret) < 0 ? -1 : 0;
    }
    if (!has_items(from))
        return 0;
    if (expr_index_int(r, key, &index) < 0)
        return -1;
    *ret = item_at(from, index);
    return 0;
}

FN(take)
{
    if (expect(r, "take from", &args[0], VALUE_ARRAY) < 0)
        return -1;
    if (args[1].type != VALUE_INT && args[1].type != VALUE_DURATION)
        return value_fail(r, "cannot take %s elements", value_kind_name(&args[1]));
    if (args[1].number < 0)
        return value_fail(r, "reflect.Value.Slice: slice index out of bounds");
    *ret = args[0];
    if ((uint64_t) args[1].number < ret->count)
        ret->count = (size_t) args[1].number;
    return 0;
}

FN(keys)
{
    value_list list = {};

    if (expect(r, "get keys from", &args[0], VALUE_MAP) < 0)
        return -1;
    for (size_t i = 0; i < value_len(&args[0]); i++)
        if (add(r, &list, &args[0].map->pairs[i].key) < 0)
            return -1;
    *ret = value_array(list.at, list.len);
    return 0;
}

FN(values)
{
    value_list list = {};

    if (expect(r, "get values from", &args[0], VALUE_MAP) < 0)
        return -1;
    for (size_t i = 0; i < value_len(&args[0]); i++)
        if (add(r, &list, &args[0].map->pairs[i].value) < 0)
            return -1;
    *ret = value_array(list.at, list.len);
    return 0;
}

FN(toPairs)
{
    value_list list = {};

    if (args[0].type != VALUE_MAP)
        return value_fail(r, "cannot transform %s to pairs", value_kind_name(&args[0]));
    for (size_t i = 0; i < value_len(&args[0]); i++) {
        struct value *pair = ARENA_ARRAY(r->a, struct value, 2), item;

        pair[0] = args[0].map->pairs[i].key;
        pair[1] = args[0].map->pairs[i].value;
        item = value_array(pair, 2);
        item.go = VALUE_GO_PAIR;
        if (add(r, &list, &item) < 0)
            return -1;
    }
    *ret = value_array(list.at, list.len);
    ret->go = VALUE_GO_PAIRS;
    return 0;
}

static int fail_from_pairs(struct value_run *r, const struct value *v)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);

    if (v->type == VALUE_NIL)
        strbuf_addz(&b, "<invalid reflect.Value>");
    else if (value_sprintf(r, &b, STR("%s"), v, 1) < 0)
        return -1;
    return value_fail(r, "cannot transform " STR_FMT " from pairs",
                      STR_ARG(str_head(strbuf_str(&b), 300)));
}

static int fail_pair(struct value_run *r, const struct value *pair)
{
    struct str text = STR_NONE;

    if (value_format_str(r, pair, &text) < 0)
        return -1;
    return value_fail(r, "invalid pair%s " STR_FMT, pair->type == VALUE_ARRAY ? " length" : "",
                      STR_ARG(str_head(text, 300)));
}

FN(fromPairs)
{
    struct value_pair *pairs;

    if (args[0].type != VALUE_ARRAY)
        return fail_from_pairs(r, &args[0]);
    if (value_make(r, args[0].count * sizeof(*pairs)) < 0)
        return -1;
    pairs = ARENA_ARRAY(r->a, struct value_pair, args[0].count + 1);
    *ret = value_map(r->a, pairs, 0);
    ret->map->room = args[0].count;
    ret->has_any_keys = true;
    for (size_t i = 0; i < args[0].count; i++) {
        const struct value *pair = &args[0].items[i];
        size_t at = 0;

        if (pair->type != VALUE_ARRAY || pair->count != 2)
            return fail_pair(r, pair);
        for (bool is_equal = false; at < ret->map->count; at++) {
            if (value_equal(r, &pairs[at].key, &pair->items[0], &is_equal) < 0)
                return -1;
            if (is_equal)
                break;
        }
        pairs[at] = (struct value_pair){pair->items[0], pair->items[1]};
        ret->map->count += at == ret->map->count;
    }
    return 0;
}

FN(reverse)
{
    struct value *items = NULL;

    if (expect(r, "reverse", &args[0], VALUE_ARRAY) < 0 || copy(r, &args[0], &items) < 0)
        return -1;
    for (size_t i = 0; i < args[0].count; i++)
        items[i] = args[0].items[args[0].count - 1 - i];
    *ret = value_array(items, args[0].count);
    return 0;
}

FN(uniq)
{
    value_list list = {};

    if (expect(r, "uniq", &args[0], VALUE_ARRAY) < 0)
        return -1;
    for (size_t i = 0; i < args[0].count; i++) {
        bool is_known = false;

        VEC_FOREACH (it, &list) {
            if (value_equal(r, it, &args[0].items[i], &is_known) < 0)
                return -1;
            if (is_known)
                break;
        }
        if (!is_known && add(r, &list, &args[0].items[i]) < 0)
            return -1;
    }
    *ret = value_array(list.at, list.len);
    return 0;
}

FN(concat)
{
    value_list list = {};

    for (size_t i = 0; i < count; i++) {
        if (expect(r, "concat", &args[i], VALUE_ARRAY) < 0)
            return -1;
        for (size_t k = 0; k < args[i].count; k++)
            if (add(r, &list, &args[i].items[k]) < 0)
                return -1;
    }
    *ret = value_array(list.at, list.len);
    ret->is_go_nil = list.len == 0;
    return 0;
}

static int flatten(struct value_run *r, const struct value *array, size_t depth,
                   value_list *list)
{
    if (depth > VALUE_DEPTH_MAX)
        return err_set(r->err, ERR_LIMIT, "value nests deeper than %d levels", VALUE_DEPTH_MAX);
    for (size_t i = 0; i < array->count; i++) {
        const struct value *item = &array->items[i];
        int rc = item->type == VALUE_ARRAY ? value_charge(r, 1) : add(r, list, item);

        if (rc < 0 || (item->type == VALUE_ARRAY && flatten(r, item, depth + 1, list) < 0))
            return -1;
    }
    return 0;
}

FN(flatten)
{
    value_list list = {};

    if (expect(r, "flatten", &args[0], VALUE_ARRAY) < 0 || flatten(r, &args[0], 0, &list) < 0)
        return -1;
    *ret = value_array(list.at, list.len);
    return 0;
}

FN(sort)
{
    struct str order = STR("asc");
    struct value *items = NULL;

    struct value from = value_array(NULL, 0);

    from.is_go_nil = true;
    if (args[0].type == VALUE_ARRAY && args[0].go != VALUE_GO_PAIRS &&
        args[0].go != VALUE_GO_LISTS)
        from = args[0];
    if (copy(r, &from, &items) < 0)
        return -1;
    if (count > 1 && args[1].type != VALUE_STRING)
        return value_fail(r, "sort order argument must be a string (got %s)",
                          value_type_name(&args[1]));
    if (count > 1)
        order = value_str(&args[1]);
    if (!str_is(order, "asc") && !str_is(order, "desc"))
        return value_fail(r, "invalid order " STR_FMT ", expected asc or desc", STR_ARG(order));
    if (value_sort(r, from.items, items, from.count, str_is(order, "desc")) < 0)
        return -1;
    *ret = value_array(items, from.count);
    ret->is_go_nil = from.is_go_nil;
    return 0;
}
