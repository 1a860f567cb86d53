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
    if (!value_is_number(v))
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

/* All numbers of arguments and of arrays in them. */
static int flat_numbers(struct value_run *r, const char *name, const struct value *args,
                        size_t count, unsigned depth, value_list *list)
{
    for (size_t i = 0; i < count; i++) {
        if (value_charge(r, 1) < 0)
            return -1;
        if (value_is_number(&args[i])) {
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

static int extreme(struct value_run *r, const char *name, const struct value *args,
                   size_t count, struct value *ret)
{
    value_list list = {};
    bool is_max = name[1] == 'a';

    if (flat_numbers(r, name, args, count, 0, &list) < 0)
        return -1;
    *ret = list.len > 0 ? list.at[0] : value_nil();
    for (size_t i = 1; i < list.len; i++) {
        bool is_less = false;

        if (value_less(r, is_max ? ret : &list.at[i], is_max ? &list.at[i] : ret, &is_less) < 0)
            return -1;
        if (is_less)
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

FN(mean)
{
    value_list list = {};
    double sum = 0;

    if (flat_numbers(r, "mean", args, count, 0, &list) < 0)
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

    if (flat_numbers(r, "median", args, count, 0, &list) < 0)
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

FN(bitand)
{
    (void) r;
    *ret = value_int(args[0].number & args[1].number);
    return 0;
}

FN(bitor)
{
    (void) r;
    *ret = value_int(args[0].number | args[1].number);
    return 0;
}

FN(bitxor)
{
    (void) r;
    *ret = value_int(args[0].number ^ args[1].number);
    return 0;
}

/* Go's &^: and not. */
FN(bitnand)
{
    (void) r;
    *ret = value_int(args[0].number & ~args[1].number);
    return 0;
}

FN(bitnot)
{
    (void) r;
    *ret = value_int(~args[0].number);
    return 0;
}

static int shift_by(struct value_run *r, const char *name, const struct value *v, uint64_t *ret)
{
    if (v->number < 0)
        return value_fail(r, "invalid operation: negative shift count %lld (type int) for %s",
                          (long long) v->number, name);
    *ret = (uint64_t) v->number;
    return 0;
}

FN(bitshl)
{
    uint64_t by = 0;

    if (shift_by(r, "bitshl", &args[1], &by) < 0)
        return -1;
    *ret = value_int(by > 63 ? 0 : (int64_t) ((uint64_t) args[0].number << by));
    return 0;
}

FN(bitshr)
{
    uint64_t by = 0;

    if (shift_by(r, "bitshr", &args[1], &by) < 0)
        return -1;
    *ret = value_int(args[0].number >> (by > 63 ? 63 : by));
    return 0;
}

FN(bitushr)
{
    uint64_t by = 0;

    if (shift_by(r, "bitushr", &args[1], &by) < 0)
        return -1;
    *ret = value_int(by > 63 ? 0 : (int64_t) ((uint64_t) args[0].number >> by));
    return 0;
}
