/*
 * lang/sprig/dict.c - sprig's functions on dicts.
 *
 * Any thread. set, unset and merge change the dict that they are given, as Go's, unless it was
 * made by another run: then they answer a changed copy.
 */
#include "formats/semver.h"
#include "lang/sprig/sprig_internal.h"

SPRIG_FN(dict)
{
    struct value_pair *pairs;

    if (value_make(r, count * sizeof(*pairs)) < 0)
        return -1;
    pairs = ARENA_ARRAY(r->a, struct value_pair, count + 1);
    *ret = value_map(r->a, pairs, 0);
    ret->map->room = count + 1;
    for (size_t i = 0; i < count; i += 2) {
        struct value value = i + 1 < count ? args[i + 1] : value_string(STR(""));
        struct str key = STR_NONE;

        if (sprig_as_text(r, &args[i], &key) < 0 || value_map_set(r, ret, key, &value) < 0)
            return -1;
    }
    return 0;
}

SPRIG_FN(get)
{
    const struct value *found = value_map_get(&args[0], value_text(&args[1]));

    *ret = found ? *found : value_string(STR(""));
    return 0;
}

SPRIG_FN(set)
{
    if (args[0].is_go_nil)
        return value_fail(r, "assignment to entry in nil map");
    *ret = args[0];
    return value_map_set(r, ret, value_text(&args[1]), &args[2]);
}

SPRIG_FN(unset)
{
    *ret = args[0];
    return value_map_unset(r, ret, value_text(&args[1]));
}

SPRIG_FN(hasKey)
{
    *ret = value_bool(value_map_get(&args[0], value_text(&args[1])) != NULL);
    return 0;
}

SPRIG_FN(pluck)
{
    sprig_list list = {};

    for (size_t i = 1; i < count; i++) {
        const struct value *found = value_map_get(&args[i], value_text(&args[0]));

        if (found && sprig_add(r, &list, *found) < 0)
            return -1;
    }
    *ret = value_array(list.at, list.len);
    return 0;
}

SPRIG_FN(keys)
{
    sprig_list list = {};

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < value_len(&args[i]); k++)
            if (sprig_add(r, &list, args[i].map->pairs[k].key) < 0)
                return -1;
    *ret = value_strings(list.at, list.len);
    return 0;
}

SPRIG_FN(values)
{
    sprig_list list = {};

    for (size_t k = 0; k < value_len(&args[0]); k++)
        if (sprig_add(r, &list, args[0].map->pairs[k].value) < 0)
            return -1;
    *ret = value_array(list.at, list.len);
    return 0;
}

static int choose(struct value_run *r, const struct value *args, size_t count, bool is_picking,
                  struct value *ret)
{
    size_t len = value_len(&args[0]);
    struct value_pair *pairs;

    if (value_make(r, len * sizeof(*pairs)) < 0)
        return -1;
    pairs = ARENA_ARRAY(r->a, struct value_pair, len + 1);
    *ret = value_map(r->a, pairs, 0);
    ret->map->room = len;
    for (size_t i = 0; i < len; i++) {
        const struct value_pair *pair = &args[0].map->pairs[i];
        bool is_named = false;

        if (value_charge(r, count) < 0)
            return -1;
        for (size_t k = 1; k < count && !is_named; k++)
            is_named = str_eq(value_text(&args[k]), value_text(&pair->key));
        if (is_named == is_picking)
            pairs[ret->map->count++] = *pair;
    }
    return 0;
}

SPRIG_FN(pick)
{
    return choose(r, args, count, true, ret);
}

SPRIG_FN(omit)
{
    return choose(r, args, count, false, ret);
}

enum merging { KEEP, OVERWRITE };

static int merge_maps(struct value_run *r, struct value *to, const struct value *from,
                      enum merging how, size_t depth);

/* One member of the source into the map that is merged into. */
static int merge_member(struct value_run *r, struct value *to, const struct value_pair *from,
                        enum merging how, size_t depth)
{
    struct str key = value_text(&from->key);
    const struct value *old = value_map_get(to, key), *v = &from->value;
    bool is_empty = !old || value_is_empty(old);

    if (v->type == VALUE_NIL)
        return how == OVERWRITE ? value_map_set(r, to, key, v) : 0;
    if (old && old->type == VALUE_MAP && v->type == VALUE_MAP) {
        struct value inner = *old;

        if (merge_maps(r, &inner, v, how, depth + 1) < 0)
            return -1;
        return value_map_set(r, to, key, &inner);
    }
    if (old && old->type == VALUE_ARRAY && v->type == VALUE_ARRAY && !is_empty &&
        value_is_empty(v))
        return 0;
    return how == OVERWRITE || is_empty ? value_map_set(r, to, key, v) : 0;
}

static int merge_maps(struct value_run *r, struct value *to, const struct value *from,
                      enum merging how, size_t depth)
{
    struct value_pair *pairs = NULL;

    if (depth > VALUE_DEPTH_MAX)
        return err_set(r->err, ERR_LIMIT, "value nests deeper than %d levels", VALUE_DEPTH_MAX);
    if (value_map_sorted(r, from, &pairs) < 0)
        return -1;
    for (size_t i = 0, len = value_len(from); i < len; i++)
        if (merge_member(r, to, &pairs[i], how, depth) < 0)
            return -1;
    return 0;
}

static int merge_all(struct value_run *r, const struct value *args, size_t count,
                     enum merging how, struct value *ret)
{
    *ret = args[0];
    for (size_t i = 1; i < count; i++)
        if (merge_maps(r, ret, &args[i], how, 0) < 0)
            return -1;
    return 0;
}

SPRIG_FN(merge)
{
    return merge_all(r, args, count, KEEP, ret);
}

SPRIG_FN(mergeOverwrite)
{
    return merge_all(r, args, count, OVERWRITE, ret);
}

SPRIG_FN(dig)
{
    const struct value *at = count > 0 ? &args[count - 1] : NULL;

    if (count < 3)
        return value_fail(r, "dig needs at least three arguments");
    for (size_t i = 0; i + 2 < count; i++) {
        if (args[i].type != VALUE_STRING)
            return value_fail(r, "interface conversion: interface {} is %s, not string",
                              args[i].type == VALUE_NIL ? "nil" : value_type_name(&args[i]));
        if (at->type != VALUE_MAP)
            return value_fail(
                r, "interface conversion: interface {} is %s, not map[string]interface {}",
                at->type == VALUE_NIL ? "nil" : value_type_name(at));
        at = value_map_get(at, value_text(&args[i]));
        if (!at)
            break;
    }
    *ret = at ? *at : args[count - 2];
    return 0;
}

static int copy_deeply(struct value_run *r, const struct value *v, size_t depth,
                       struct value *ret)
{
    size_t len = v->type == VALUE_MAP || v->type == VALUE_ARRAY ? value_len(v) : 0;
    struct value *items;
    struct value_pair *pairs;

    static const struct semver no_version = {
        .prerelease = STR_INIT(""), .metadata = STR_INIT(""), .original = STR_INIT("")};

    *ret = *v;
    if (v->type == VALUE_SEMVER) /* its fields are private to its package: none is copied */
        ret->semver = &no_version;
    if (depth > VALUE_DEPTH_MAX)
        return err_set(r->err, ERR_LIMIT, "value nests deeper than %d levels", VALUE_DEPTH_MAX);
    if (value_charge(r, 1) < 0 || value_make(r, len * sizeof(*pairs)) < 0)
        return -1;
    if (v->type == VALUE_ARRAY) {
        ret->items = items = ARENA_ARRAY(r->a, struct value, len + 1);
        for (size_t i = 0; i < len; i++)
            if (copy_deeply(r, &v->items[i], depth + 1, &items[i]) < 0)
                return -1;
    }
    if (v->type == VALUE_MAP) {
        pairs = ARENA_ARRAY(r->a, struct value_pair, len + 1);
        ret->map = value_map(r->a, pairs, len).map;
        for (size_t i = 0; i < len; i++) {
            pairs[i].key = v->map->pairs[i].key;
            if (copy_deeply(r, &v->map->pairs[i].value, depth + 1, &pairs[i].value) < 0)
                return -1;
        }
    }
    return 0;
}

SPRIG_FN(deepCopy)
{
    if (args[0].type == VALUE_NIL)
        return value_fail(r, "reflect: call of reflect.Value.Type on zero Value");
    return copy_deeply(r, &args[0], 0, ret);
}
