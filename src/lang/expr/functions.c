/*
 * lang/expr/functions.c - the table of builtins, and Argo's functions beside them.
 *
 * Any thread; everything here is constant. What the letters say stands at struct expr_function.
 */
#include "lang/expr/functions_internal.h"

#define ROW(name, args, min, max, result)                                \
    {                                                                    \
#name, args, min, max, result, EXPR_NO_PREDICATE, expr_fn_##name \
    }
#define EACH(name, min, max, result, kind)        \
    {                                             \
        name, "a..", min, max, result, kind, NULL \
    }

static const struct expr_function builtins[] = {
    EACH("all", 2, 2, 'b', EXPR_ALL),
    EACH("any", 2, 2, 'b', EXPR_ANY),
    EACH("count", 1, 2, 'i', EXPR_COUNT),
    EACH("filter", 2, 2, 'a', EXPR_FILTER),
    EACH("find", 2, 2, '.', EXPR_FIND),
    EACH("findIndex", 2, 2, '.', EXPR_FIND_INDEX),
    EACH("findLast", 2, 2, '.', EXPR_FIND_LAST),
    EACH("findLastIndex", 2, 2, '.', EXPR_FIND_LAST_INDEX),
    EACH("groupBy", 2, 2, '.', EXPR_GROUP_BY),
    EACH("map", 2, 2, 'a', EXPR_MAP_EACH),
    EACH("none", 2, 2, 'b', EXPR_NONE),
    EACH("one", 2, 2, 'b', EXPR_ONE),
    EACH("reduce", 2, 3, '.', EXPR_REDUCE),
    EACH("sortBy", 2, 3, 'a', EXPR_SORT_BY),
    EACH("sum", 1, 2, '.', EXPR_SUM),
    ROW(abs, "n", 1, 1, '.'),
    ROW(bitand, "ii", 2, 2, 'i'),
    ROW(bitnand, "ii", 2, 2, 'i'),
    ROW(bitnot, "i", 1, 1, 'i'),
    ROW(bitor, "ii", 2, 2, 'i'),
    ROW(bitshl, "ii", 2, 2, 'i'),
    ROW(bitshr, "ii", 2, 2, 'i'),
    ROW(bitushr, "ii", 2, 2, 'i'),
    ROW(bitxor, "ii", 2, 2, 'i'),
    ROW(ceil, "n", 1, 1, 'f'),
    ROW(concat, "a", 1, EXPR_MANY, 'a'),
    ROW(date, ".", 1, 3, 'T'),
    ROW(duration, "s", 1, 1, 'D'),
    ROW(first, "a", 1, 1, '.'),
    ROW(flatten, "a", 1, 1, 'a'),
    ROW(float, "t", 1, 1, 'f'),
    ROW(floor, "n", 1, 1, 'f'),
    ROW(fromBase64, "s", 1, 1, 's'),
    ROW(fromJSON, "s", 1, 1, '.'),
    ROW(fromPairs, "a", 1, 1, '.'),
    ROW(get, "..", 2, 2, '.'),
    ROW(hasPrefix, "s", 2, 2, 'b'),
    ROW(hasSuffix, "s", 2, 2, 'b'),
    ROW(indexOf, "s", 2, 2, 'i'),
    ROW(int, "t", 1, 1, 'i'),
    ROW(join, "as", 1, 2, 's'),
    ROW(keys, "m", 1, 1, 'a'),
    ROW(last, "a", 1, 1, '.'),
    ROW(lastIndexOf, "s", 2, 2, 'i'),
    ROW(len, "c", 1, 1, 'i'),
    ROW(lower, "s", 1, 1, 's'),
    ROW(max, "l", 1, EXPR_MANY, '.'),
    ROW(mean, "l", 1, EXPR_MANY, '.'),
    ROW(median, "l", 1, EXPR_MANY, '.'),
    ROW(min, "l", 1, EXPR_MANY, '.'),
    ROW(now, "z", 0, 1, 'T'),
    ROW(repeat, "si", 2, 2, 's'),
    ROW(replace, "sssi", 3, 4, 's'),
    ROW(reverse, "a", 1, 1, 'a'),
    ROW(round, "n", 1, 1, 'f'),
    ROW(sort, "a.", 1, 2, 'a'),
    ROW(split, "ssi", 2, 3, 'a'),
    ROW(splitAfter, "ssi", 2, 3, 'a'),
    ROW(string, ".", 1, 1, 's'),
    ROW(take, "ai", 2, 2, 'a'),
    ROW(timezone, "s", 1, 1, 'z'),
    ROW(toBase64, "s", 1, 1, 's'),
    ROW(toJSON, ".", 1, 1, 's'),
    ROW(toPairs, "m", 1, 1, 'a'),
    ROW(trim, "s", 1, 2, 's'),
    ROW(trimPrefix, "s", 1, 2, 's'),
    ROW(trimSuffix, "s", 1, 2, 's'),
    ROW(type, ".", 1, 1, 's'),
    ROW(uniq, "a", 1, 1, 'a'),
    ROW(upper, "s", 1, 1, 's'),
    ROW(values, "m", 1, 1, 'a'),
};

static const struct expr_function argo[] = {
    {"asFloat", ".", 1, 1, 'f', EXPR_NO_PREDICATE, expr_fn_float},
    {"asInt", ".", 1, 1, 'i', EXPR_NO_PREDICATE, expr_fn_int},
    {"jsonpath", "s", 2, 2, '.', EXPR_NO_PREDICATE, expr_fn_jsonpath},
    {"toJson", ".", 1, 1, 's', EXPR_NO_PREDICATE, expr_fn_toJson},
};

const struct expr_function *expr_builtin(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(builtins); i++)
        if (str_is(name, builtins[i].name))
            return &builtins[i];
    return NULL;
}

const struct expr_function *expr_argo_function(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(argo); i++)
        if (str_is(name, argo[i].name))
            return &argo[i];
    return NULL;
}

static struct expr_value function_value(const struct expr_function *f)
{
    return (struct expr_value){.type = EXPR_FUNCTION, .function = f};
}

struct expr_value expr_argo_add(struct arena *a, const struct expr_value *map)
{
    struct expr_pair *pairs = ARENA_ARRAY(a, struct expr_pair, map->count + COUNT_OF(argo) + 1);
    size_t count = map->count;

    if (count > 0)
        memcpy(pairs, map->pairs, count * sizeof(*pairs));
    for (size_t i = 0; i < COUNT_OF(argo); i++)
        pairs[count++] =
            (struct expr_pair){expr_string(str_from(argo[i].name)), function_value(&argo[i])};
    pairs[count++] = (struct expr_pair){expr_string(STR("sprig")), expr_sprig()};
    return expr_map(pairs, count);
}

bool expr_name_find(const struct expr_env *env, struct arena *a, struct str name,
                    struct expr_value *ret)
{
    bool is_argo = env->functions == EXPR_ARGO;
    const struct expr_function *f = is_argo ? expr_argo_function(name) : NULL;
    bool is_found;

    *ret = expr_nil();
    if (f) {
        *ret = function_value(f);
        return true;
    }
    if (is_argo && str_is(name, "sprig")) {
        *ret = expr_sprig();
        return true;
    }
    is_found = env->lookup && env->lookup(env->ctx, a, name, ret);
    if (is_argo && str_is(name, "$env"))
        *ret = expr_argo_add(a, ret);
    return is_found || str_is(name, "$env");
}
