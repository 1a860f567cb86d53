/*
 * lang/expr/number.c - builtins on numbers.
 *
 * Any thread.
 */
#include <math.h>

#include "lang/expr/functions_internal.h"

#define FN(name)                                                                             \
    int expr_fn_##name(struct value_run *r, const struct value *args, size_t count _unused_, \
                       struct value *ret)

static int fail_argument(struct value_run *r, const char *name, const struct value *v)
{
    return value_fail(r, "invalid argument for %s (type %s)", name, value_type_name(v));
}

FN(abs)
{
    *ret = args[0];
    if (value_is_named(ret))
        return fail_argument(r, "abs", &args[0]);
    if (ret->type == VALUE_FLOAT)
        ret->real = fabs(ret->real);
    else if (ret->type == VALUE_INT)
        ret->number = ret->number < 0 ? (int64_t) (0 - (uint64_t) ret->number) : ret->number;
    else
        return fail_argument(r, "abs", &args[0]);
    return 0;
}

static int rounded(struct value_run *r, const char *name, const struct value *v,
                   double (*fn)(double), struct value *ret)
{
    if (!value_is_number(v) || value_is_named(v))
        return fail_argument(r, name, v);
    *ret = value_float(fn(value_real(v)));
    return 0;
}

FN(ceil)
{
    return rounded(r, "ceil", &args[0], ceil, ret);
}

FN(floor)
{
    return rounded(r, "floor", &args[0], floor, ret);
}

FN(round)
{
    return rounded(r, "round", &args[0], round, ret);
}

FN(int)
{
    return value_to_int(r, &args[0], ret);
}

FN(float)
{
    return value_to_float(r, &args[0], ret);
}

typedef VEC(struct value) value_list;

/* Of a kind of number: durations and months are. */
static bool is_number_kind(const struct value *v)
{
    return value_is_number(v) || v->type == VALUE_DURATION;
}

/* All numbers of arguments and of arrays in them. */
static int flat_numbers(struct value_run *r, const char *name, const struct value *args,
                        size_t count, unsigned depth, value_list *list)
{
    for (size_t i = 0; i < count; i++) {
        if (value_charge(r, 1) < 0)
            return -1;
        if (is_number_kind(&args[i])) {
            if (value_make(r, sizeof(args[i])) < 0)
                return -1;
            VEC_APUSH(r->a, list, args[i]);
        } else if (args[i].type == VALUE_ARRAY && depth < 100) {
            if (flat_numbers(r, name, args[i].items, args[i].count, depth + 1, list) < 0)
                return -1;
        } else {
            return fail_argument(r, name, &args[i]);
        }
    }
    return 0;
}

/* In lists there may be numbers alone, of Go's own types. */
static int check_items(struct value_run *r, const char *name, const struct value *array,
                       unsigned depth)
{
    for (size_t i = 0; i < array->count; i++) {
        const struct value *item = &array->items[i];

        if (item->type == VALUE_ARRAY && depth < 100) {
            if (check_items(r, name, item, depth + 1) < 0)
                return -1;
        } else if (!value_is_number(item) || value_is_named(item)) {
            return fail_argument(r, name, item);
        }
    }
    return 0;
}

/* One argument that is neither a number nor a list is its own extreme. */
static int extreme(struct value_run *r, const char *name, const struct value *args,
                   size_t count, struct value *ret)
{
    value_list list = {};
    bool is_max = name[1] == 'a';

    if (count == 1 && args[0].type != VALUE_ARRAY && !is_number_kind(&args[0])) {
        *ret = args[0];
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        if (args[i].type == VALUE_ARRAY && check_items(r, name, &args[i], 0) < 0)
            return -1;
    if (flat_numbers(r, name, args, count, 0, &list) < 0)
        return -1;
    *ret = list.len > 0 ? list.at[0] : value_nil();
    for (size_t i = 1; i < list.len; i++) {
        struct value is_further;

        if (expr_binary(r, is_max ? EXPR_OP_LT : EXPR_OP_GT, ret, &list.at[i], &is_further) < 0)
            return -1;
        if (is_further.is_true)
            *ret = list.at[i];
    }
    return 0;
}

FN(max)
{
    return extreme(r, "max", args, count, ret);
}

FN(min)
{
    return extreme(r, "min", args, count, ret);
}

/* Numbers of all kinds as floats. */
static int flat_floats(struct value_run *r, const char *name, const struct value *args,
                       size_t count, value_list *list)
{
    if (flat_numbers(r, name, args, count, 0, list) < 0)
        return -1;
    VEC_FOREACH (it, list)
        *it = value_float(it->type == VALUE_DURATION ? (double) it->number : value_real(it));
    return 0;
}

FN(mean)
{
    value_list list = {};
    double sum = 0;

    if (flat_floats(r, "mean", args, count, &list) < 0)
        return -1;
    VEC_FOREACH (it, &list)
        sum += value_real(it);
    *ret = value_float(list.len > 0 ? sum / (double) list.len : 0);
    return 0;
}

FN(median)
{
    value_list list = {};
    size_t half;

    if (flat_floats(r, "median", args, count, &list) < 0)
        return -1;
    if (value_sort(r, list.at, list.at, list.len, false) < 0)
        return -1;
    half = list.len / 2;
    if (list.len == 0)
        *ret = value_float(0);
    else if (list.len % 2 == 1)
        *ret = value_float(value_real(&list.at[half]));
    else
        *ret = value_float((value_real(&list.at[half - 1]) + value_real(&list.at[half])) / 2);
    return 0;
}

static int bit_operands(struct value_run *r, const char *name, const struct value *args,
                        size_t count, int64_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        if (args[i].type != VALUE_INT || value_is_named(&args[i]))
            return value_fail(r, "cannot use %s as argument (type int) to call %s",
                              value_type_name(&args[i]), name);
        ret[i] = args[i].number;
    }
    return 0;
}

/* A function of two whole numbers, x and y. */
#define BIT_FN(name, result)                            \
    FN(name)                                            \
    {                                                   \
        int64_t n[2] = {0};                             \
                                                        \
        if (bit_operands(r, #name, args, count, n) < 0) \
            return -1;                                  \
        *ret = value_int(result);                       \
        return 0;                                       \
    }

BIT_FN(bitand, n[0] & n[1])
BIT_FN(bitor, n[0] | n[1])
BIT_FN(bitxor, n[0] ^ n[1])
BIT_FN(bitnand, n[0] & ~n[1]) /* Go's &^: and not */
BIT_FN(bitnot, ~n[0])

static int shift_operands(struct value_run *r, const char *name, const struct value *args,
                          int64_t *ret)
{
    if (bit_operands(r, name, args, 2, ret) < 0)
        return -1;
    if (ret[1] < 0)
        return value_fail(r, "invalid operation: negative shift count %lld (type int)",
                          (long long) ret[1]);
    return 0;
}

FN(bitshl)
{
    int64_t n[2] = {0};

    if (shift_operands(r, "bitshl", args, n) < 0)
        return -1;
    *ret = value_int(n[1] > 63 ? 0 : (int64_t) ((uint64_t) n[0] << n[1]));
    return 0;
}

FN(bitshr)
{
    int64_t n[2] = {0};

    if (shift_operands(r, "bitshr", args, n) < 0)
        return -1;
    *ret = value_int(n[0] >> (n[1] > 63 ? 63 : n[1]));
    return 0;
}

FN(bitushr)
{
    int64_t n[2] = {0};

    if (shift_operands(r, "bitushr", args, n) < 0)
        return -1;
    *ret = value_int(n[1] > 63 ? 0 : (int64_t) ((uint64_t) n[0] >> n[1]));
    return 0;
}
