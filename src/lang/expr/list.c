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
    return v->type == type ? 0 : value_fail(r, "cannot %s %s", what, value_type_name(v));
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

FN(first)
{
    if (expect(r, "get first of", &args[0], VALUE_ARRAY) < 0)
        return -1;
    *ret = args[0].count > 0 ? args[0].items[0] : value_nil();
    return 0;
}

FN(last)
{
    if (expect(r, "get last of", &args[0], VALUE_ARRAY) < 0)
        return -1;
    *ret = args[0].count > 0 ? args[0].items[args[0].count - 1] : value_nil();
    return 0;
}

/* What cannot be fetched is nil. */
FN(get)
{
    const struct value *from = &args[0], *key = &args[1];
    int64_t index = key->number;

    *ret = value_nil();
    if (from->type == VALUE_MAP)
        return value_map_find(r, from, key, ret) < 0 ? -1 : 0;
    if (from->type != VALUE_ARRAY || key->type != VALUE_INT)
        return 0;
    index += index < 0 ? (int64_t) from->count : 0;
    if (index >= 0 && (size_t) index < from->count)
        *ret = from->items[index];
    return 0;
}

FN(take)
{
    if (expect(r, "take from", &args[0], VALUE_ARRAY) < 0)
        return -1;
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

    if (expect(r, "transform to pairs", &args[0], VALUE_MAP) < 0)
        return -1;
    for (size_t i = 0; i < value_len(&args[0]); i++) {
        struct value *pair = ARENA_ARRAY(r->a, struct value, 2), item;

        pair[0] = args[0].map->pairs[i].key;
        pair[1] = args[0].map->pairs[i].value;
        item = value_array(pair, 2);
        if (add(r, &list, &item) < 0)
            return -1;
    }
    *ret = value_array(list.at, list.len);
    return 0;
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

    if (expect(r, "transform from pairs", &args[0], VALUE_ARRAY) < 0 ||
        value_make(r, args[0].count * sizeof(*pairs)) < 0)
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

    if (expect(r, "sort", &args[0], VALUE_ARRAY) < 0 || copy(r, &args[0], &items) < 0)
        return -1;
    if (count > 1)
        order = value_str(&args[1]);
    if (!str_is(order, "asc") && !str_is(order, "desc"))
        return value_fail(r, "invalid order " STR_FMT ", expected asc or desc", STR_ARG(order));
    if (value_sort(r, args[0].items, items, args[0].count, str_is(order, "desc")) < 0)
        return -1;
    *ret = value_array(items, args[0].count);
    return 0;
}
