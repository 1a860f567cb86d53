/*
 * lang/expr/functions.c - the table of builtins, and Argo's functions beside them.
 *
 * Any thread; everything here is constant. What the letters say stands at struct
 * value_function.
 */
#include "lang/expr/functions_internal.h"
#include "lang/sprig/sprig.h"

#define ROW(word, letters, least, most, gives)                                      \
    {                                                                               \
        .name = #word, .args = letters, .min = least, .max = most, .result = gives, \
        .call = expr_fn_##word                                                      \
    }
#define EACH(word, least, most, gives, kind)                                     \
    {                                                                            \
        .name = word, .args = "a..", .min = least, .max = most, .result = gives, \
        .special = kind                                                          \
    }

static const struct value_function builtins[] = {
    EACH("all", 2, 2, 'b', EXPR_ALL),
    EACH("any", 2, 2, 'b', EXPR_ANY),
    EACH("count", 1, 2, 'i', EXPR_COUNT),
    EACH("filter", 2, 2, 'a', EXPR_FILTER),
    EACH("find", 2, 2, '.', EXPR_FIND),
    EACH("findIndex", 2, 2, 'i', EXPR_FIND_INDEX),
    EACH("findLast", 2, 2, '.', EXPR_FIND_LAST),
    EACH("findLastIndex", 2, 2, 'i', EXPR_FIND_LAST_INDEX),
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
    ROW(concat, "a", 1, VALUE_MANY, 'a'),
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
    ROW(max, "l", 1, VALUE_MANY, '.'),
    ROW(mean, "l", 1, VALUE_MANY, '.'),
    ROW(median, "l", 1, VALUE_MANY, '.'),
    ROW(min, "l", 1, VALUE_MANY, '.'),
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

static const struct value_function argo[] = {
    {.name = "asFloat", .args = ".", .min = 1, .max = 1, .result = 'f', .call = expr_fn_float},
    {.name = "asInt", .args = ".", .min = 1, .max = 1, .result = 'i', .call = expr_fn_int},
    {.name = "jsonpath",
     .args = "s",
     .min = 2,
     .max = 2,
     .result = '.',
     .is_go = true,
     .call = expr_fn_jsonpath},
    {.name = "toJson", .args = ".", .min = 1, .max = 1, .result = 's', .call = expr_fn_toJson},
};

bool expr_is_younger(struct str name)
{
    static const char *const names[] = {"concat", "flatten", "reverse", "timezone", "uniq"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(name, names[i]))
            return true;
    return str_starts(name, STR("bit"));
}

const struct value_function *expr_builtin(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(builtins); i++)
        if (str_is(name, builtins[i].name))
            return &builtins[i];
    return NULL;
}

const struct value_function *expr_argo_function(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(argo); i++)
        if (str_is(name, argo[i].name))
            return &argo[i];
    return NULL;
}

const struct value_function *expr_function_at(size_t i)
{
    if (i < COUNT_OF(builtins))
        return &builtins[i];
    i -= COUNT_OF(builtins);
    return i < COUNT_OF(argo) ? &argo[i] : NULL;
}

static struct value function_value(const struct value_function *f)
{
    return (struct value){.type = VALUE_FUNCTION, .function = f};
}

struct value expr_argo_add(struct arena *a, const struct value *map)
{
    struct value_pair *pairs =
        ARENA_ARRAY(a, struct value_pair, value_len(map) + COUNT_OF(argo) + 1);
    size_t count = value_len(map);

    if (count > 0)
        memcpy(pairs, map->map->pairs, count * sizeof(*pairs));
    for (size_t i = 0; i < COUNT_OF(argo); i++)
        pairs[count++] =
            (struct value_pair){value_string(str_from(argo[i].name)), function_value(&argo[i])};
    pairs[count++] = (struct value_pair){value_string(STR("sprig")), sprig_map(a)};
    return value_map(a, pairs, count);
}

bool expr_name_find(const struct expr_env *env, struct arena *a, struct str name,
                    struct value *ret)
{
    bool is_argo = env->functions == EXPR_ARGO;
    const struct value_function *f = is_argo ? expr_argo_function(name) : NULL;
    bool is_found;

    *ret = value_nil();
    if (f) {
        *ret = function_value(f);
        return true;
    }
    if (is_argo && str_is(name, "sprig")) {
        *ret = sprig_map(a);
        return true;
    }
    is_found = env->lookup && env->lookup(env->ctx, a, name, ret);
    if (is_argo && str_is(name, "$env"))
        *ret = expr_argo_add(a, ret);
    return is_found || str_is(name, "$env");
}
