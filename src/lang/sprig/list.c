/*
 * lang/sprig/list.c - sprig's functions on lists, and on values of any type.
 *
 * Any thread. Lists never change: each function makes a new one or a part of the old.
 */
#include "lang/sprig/sprig_internal.h"

/* ---- any values ---- */

SPRIG_FN(empty)
{
    *ret = value_bool(value_is_empty(&args[0]));
    return 0;
}

SPRIG_FN(default)
{
    *ret = count < 2 || value_is_empty(&args[1]) ? args[0] : args[1];
    return 0;
}

SPRIG_FN(coalesce)
{
    *ret = value_nil();
    for (size_t i = 0; i < count; i++)
        if (!value_is_empty(&args[i])) {
            *ret = args[i];
            break;
        }
    return 0;
}

SPRIG_FN(all)
{
    *ret = value_bool(true);
    for (size_t i = 0; i < count; i++)
        ret->is_true = ret->is_true && !value_is_empty(&args[i]);
    return 0;
}

SPRIG_FN(any)
{
    *ret = value_bool(false);
    for (size_t i = 0; i < count; i++)
        ret->is_true = ret->is_true || !value_is_empty(&args[i]);
    return 0;
}

SPRIG_FN(ternary)
{
    *ret = args[args[2].is_true ? 0 : 1];
    return 0;
}

SPRIG_FN(fail)
{
    *ret = value_nil();
    return value_fail(r, STR_FMT, STR_ARG(str_head(value_text(&args[0]), 500)));
}

SPRIG_FN(typeOf)
{
    *ret = value_string(str_from(value_type_name(&args[0])));
    return 0;
}

SPRIG_FN(typeIs)
{
    *ret = value_bool(str_is(value_text(&args[0]), value_type_name(&args[1])));
    return 0;
}

SPRIG_FN(typeIsLike)
{
    struct str want = value_text(&args[0]), type = str_from(value_type_name(&args[1]));

    *ret = value_bool(str_eq(want, type) || str_eq(str_concat(r->a, STR("*"), want), type));
    return 0;
}

SPRIG_FN(kindOf)
{
    *ret = value_string(str_from(value_kind_name(&args[0])));
    return 0;
}

SPRIG_FN(kindIs)
{
    *ret = value_bool(str_is(value_text(&args[0]), value_kind_name(&args[1])));
    return 0;
}

SPRIG_FN(deepEqual)
{
    *ret = value_bool(false);
    return value_deep_equal(r, &args[0], &args[1], &ret->is_true);
}

/* ---- JSON ---- */

SPRIG_FN(toJson)
{
    return value_json_text(r, &args[0], JSON_ESCAPE_HTML, ret);
}

SPRIG_FN(toPrettyJson)
{
    return value_json_text(r, &args[0], JSON_INDENT | JSON_ESCAPE_HTML, ret);
}

SPRIG_FN(toRawJson)
{
    return value_json_text(r, &args[0], JSON_COMPACT, ret);
}

SPRIG_FN(mustFromJson)
{
    struct json doc;

    if (value_parse_json(r, value_text(&args[0]), &doc) < 0)
        return -1;
    *ret = value_of_json(r->a, &doc);
    return 0;
}

/* A text that is no JSON is nil. */
SPRIG_FN(fromJson)
{
    *ret = value_nil();
    if (sprig_fn_mustFromJson(r, args, 1, ret) == 0)
        return 0;
    return r->err->kind == ERR_INVALID ? 0 : -1;
}

/* ---- lists ---- */

static int copy_items(struct value_run *r, sprig_list *list, const struct value *from)
{
    for (size_t i = 0; i < from->count; i++)
        if (sprig_add(r, list, from->items[i]) < 0)
            return -1;
    return 0;
}

SPRIG_FN(list)
{
    *ret = value_array(args, count);
    return 0;
}

SPRIG_FN(first)
{
    if (sprig_as_list(r, &args[0], "Cannot find first on type") < 0)
        return -1;
    *ret = args[0].count > 0 ? args[0].items[0] : value_nil();
    return 0;
}

SPRIG_FN(last)
{
    if (sprig_as_list(r, &args[0], "Cannot find last on type") < 0)
        return -1;
    *ret = args[0].count > 0 ? args[0].items[args[0].count - 1] : value_nil();
    return 0;
}

SPRIG_FN(rest)
{
    if (sprig_as_list(r, &args[0], "Cannot find rest on type") < 0)
        return -1;
    *ret = value_array(args[0].count > 1 ? args[0].items + 1 : NULL,
                       args[0].count > 1 ? args[0].count - 1 : 0);
    ret->is_go_nil = args[0].count == 0;
    return 0;
}

SPRIG_FN(initial)
{
    if (sprig_as_list(r, &args[0], "Cannot find initial on type") < 0)
        return -1;
    *ret = value_array(args[0].items, args[0].count > 0 ? args[0].count - 1 : 0);
    ret->is_go_nil = args[0].count == 0;
    return 0;
}

SPRIG_FN(push)
{
    sprig_list list = {};

    if (sprig_as_list(r, &args[0], "Cannot push on type") < 0 ||
        copy_items(r, &list, &args[0]) < 0 || sprig_add(r, &list, args[1]) < 0)
        return -1;
    *ret = value_array(list.at, list.len);
    return 0;
}

SPRIG_FN(prepend)
{
    sprig_list list = {};

    if (sprig_as_list(r, &args[0], "Cannot prepend on type") < 0 ||
        sprig_add(r, &list, args[1]) < 0 || copy_items(r, &list, &args[0]) < 0)
        return -1;
    *ret = value_array(list.at, list.len);
    return 0;
}

SPRIG_FN(concat)
{
    sprig_list list = {};

    for (size_t i = 0; i < count; i++) {
        if (args[i].type != VALUE_ARRAY && args[i].type != VALUE_NIL)
            return value_fail(r, "Cannot concat type %s as list", value_kind_name(&args[i]));
        if (sprig_as_list(r, &args[i], "") < 0 || copy_items(r, &list, &args[i]) < 0)
            return -1;
    }
    *ret = value_array(list.at, list.len);
    ret->is_go_nil = list.len == 0;
    return 0;
}

SPRIG_FN(reverse)
{
    sprig_list list = {};

    if (sprig_as_list(r, &args[0], "Cannot find reverse on type") < 0)
        return -1;
    for (size_t i = args[0].count; i-- > 0;)
        if (sprig_add(r, &list, args[0].items[i]) < 0)
            return -1;
    *ret = value_array(list.at, list.len);
    return 0;
}

static int is_in(struct value_run *r, const struct value *items, size_t count,
                 const struct value *v, bool *ret)
{
    *ret = false;
    for (size_t i = 0; i < count && !*ret; i++)
        if (value_deep_equal(r, &items[i], v, ret) < 0)
            return -1;
    return 0;
}

SPRIG_FN(uniq)
{
    sprig_list list = {};

    if (sprig_as_list(r, &args[0], "Cannot find uniq on type") < 0)
        return -1;
    for (size_t i = 0; i < args[0].count; i++) {
        bool is_known;

        if (is_in(r, list.at, list.len, &args[0].items[i], &is_known) < 0 ||
            (!is_known && sprig_add(r, &list, args[0].items[i]) < 0))
            return -1;
    }
    *ret = value_array(list.at, list.len);
    return 0;
}

SPRIG_FN(without)
{
    sprig_list list = {};

    if (sprig_as_list(r, &args[0], "Cannot find without on type") < 0)
        return -1;
    for (size_t i = 0; i < args[0].count; i++) {
        bool is_known;

        if (is_in(r, args + 1, count - 1, &args[0].items[i], &is_known) < 0 ||
            (!is_known && sprig_add(r, &list, args[0].items[i]) < 0))
            return -1;
    }
    *ret = value_array(list.at, list.len);
    return 0;
}

SPRIG_FN(has)
{
    bool is_known = false;

    *ret = value_bool(false);
    if (args[1].type == VALUE_NIL)
        return 0;
    if (sprig_as_list(r, &args[1], "Cannot find has on type") < 0 ||
        is_in(r, args[1].items, args[1].count, &args[0], &is_known) < 0)
        return -1;
    *ret = value_bool(is_known);
    return 0;
}

SPRIG_FN(compact)
{
    sprig_list list = {};

    if (sprig_as_list(r, &args[0], "Cannot compact on type") < 0)
        return -1;
    for (size_t i = 0; i < args[0].count; i++)
        if (!value_is_empty(&args[0].items[i]) && sprig_add(r, &list, args[0].items[i]) < 0)
            return -1;
    *ret = value_array(list.at, list.len);
    return 0;
}

SPRIG_FN(slice)
{
    int64_t len, from, to;

    if (args[0].type != VALUE_ARRAY)
        return sprig_as_list(r, &args[0], "list should be type of slice or array but");
    len = (int64_t) args[0].count;
    from = count > 1 ? value_cast_int(&args[1]) : 0;
    to = count > 2 ? value_cast_int(&args[2]) : len;
    *ret = value_nil();
    if (len == 0)
        return 0;
    if (from < 0 || to < from || to > len)
        return value_fail(r, "reflect.Value.Slice: slice index out of bounds");
    *ret = args[0];
    ret->items += from;
    ret->count = (size_t) (to - from);
    return 0;
}

SPRIG_FN(chunk)
{
    int64_t size = args[0].number;
    size_t len = args[1].count;
    sprig_list list = {};

    if (sprig_as_list(r, &args[1], "Cannot chunk type") < 0)
        return -1;
    if (size < 0 && len > 1 && (int64_t) len - 1 <= -size)
        len = 0; /* as Go counts them: no chunk */
    else if (size <= 0 && !(len == 1 && size < -1))
        return value_fail(r, "runtime error: makeslice: len out of range");
    for (size_t at = 0; at < len; at += (size_t) size) {
        size_t part = size < 0 || len - at < (uint64_t) size ? len - at : (size_t) size;

        if (sprig_add(r, &list, value_array(args[1].items + at, part)) < 0)
            return -1;
        if (part == len - at)
            break;
    }
    *ret = value_array(list.at, list.len);
    ret->go = VALUE_GO_LISTS;
    return 0;
}
