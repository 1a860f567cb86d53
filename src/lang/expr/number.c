/*
 * lang/expr/number.c - builtins on numbers, and conversions to them.
 *
 * Any thread.
 */
#include <math.h>

#include "formats/gofloat.h"
#include "lang/expr/functions_internal.h"

#define FN(name)                                                          \
    int expr_fn_##name(struct expr_run *r, const struct expr_value *args, \
                       size_t count _unused_, struct expr_value *ret)

static int fail_argument(struct expr_run *r, const char *name, const struct expr_value *v)
{
    return expr_fail(r, "invalid argument for %s (type %s)", name, expr_type_name(v));
}

FN(abs)
{
    *ret = args[0];
    if (ret->type == EXPR_FLOAT)
        ret->real = fabs(ret->real);
    else if (ret->type == EXPR_INT)
        ret->number = ret->number < 0 ? (int64_t) (0 - (uint64_t) ret->number) : ret->number;
    else
        return fail_argument(r, "abs", &args[0]);
    return 0;
}

static int rounded(struct expr_run *r, const char *name, const struct expr_value *v,
                   double (*fn)(double), struct expr_value *ret)
{
    if (!expr_is_number(v))
        return fail_argument(r, name, v);
    *ret = expr_float(fn(expr_real(v)));
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

int expr_to_int(struct expr_run *r, const struct expr_value *v, struct expr_value *ret)
{
    int64_t n = 0;

    if (v->type == EXPR_INT || v->type == EXPR_DURATION) {
        *ret = expr_int(v->number);
        return 0;
    }
    if (v->type == EXPR_FLOAT) { /* out of range is what amd64 answers */
        *ret = expr_int(v->real >= -0x1p63 && v->real < 0x1p63 ? (int64_t) v->real : INT64_MIN);
        return 0;
    }
    if (v->type != EXPR_STRING)
        return expr_fail(r, "invalid operation: int(%s)", expr_type_name(v));
    if (!parse_i64(expr_text_of(v), &n))
        return expr_fail(r, "invalid operation: int(" STR_FMT ")",
                         STR_ARG(str_head(expr_text_of(v), 300)));
    *ret = expr_int(n);
    return 0;
}

int expr_to_float(struct expr_run *r, const struct expr_value *v, struct expr_value *ret)
{
    double n = 0;

    if (expr_is_number(v)) {
        *ret = expr_float(expr_real(v));
        return 0;
    }
    if (v->type != EXPR_STRING)
        return expr_fail(r, "invalid operation: float(%s)", expr_type_name(v));
    if (go_float_parse(expr_text_of(v), &n) != GO_FLOAT_READ)
        return expr_fail(r, "invalid operation: float(" STR_FMT ")",
                         STR_ARG(str_head(expr_text_of(v), 300)));
    *ret = expr_float(n);
    return 0;
}

FN(int)
{
    return expr_to_int(r, &args[0], ret);
}

FN(float)
{
    return expr_to_float(r, &args[0], ret);
}

typedef VEC(struct expr_value) value_list;

/* All numbers of arguments and of arrays in them. */
static int flat_numbers(struct expr_run *r, const char *name, const struct expr_value *args,
                        size_t count, unsigned depth, value_list *list)
{
    for (size_t i = 0; i < count; i++) {
        if (expr_charge(r, 1) < 0)
            return -1;
        if (expr_is_number(&args[i])) {
            if (expr_make(r, sizeof(args[i])) < 0)
                return -1;
            VEC_APUSH(r->a, list, args[i]);
        } else if (args[i].type == EXPR_ARRAY && depth < 100) {
            if (flat_numbers(r, name, args[i].items, args[i].count, depth + 1, list) < 0)
                return -1;
        } else {
            return fail_argument(r, name, &args[i]);
        }
    }
    return 0;
}

static int extreme(struct expr_run *r, const char *name, const struct expr_value *args,
                   size_t count, struct expr_value *ret)
{
    value_list list = {};
    bool is_max = name[1] == 'a';

    if (flat_numbers(r, name, args, count, 0, &list) < 0)
        return -1;
    *ret = list.len > 0 ? list.at[0] : expr_nil();
    for (size_t i = 1; i < list.len; i++) {
        bool is_less = false;

        if (expr_less(r, is_max ? ret : &list.at[i], is_max ? &list.at[i] : ret, &is_less) < 0)
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
        sum += expr_real(it);
    *ret = list.len > 0 ? expr_float(sum / (double) list.len) : expr_int(0);
    return 0;
}

FN(median)
{
    value_list list = {};
    size_t half;

    if (flat_numbers(r, "median", args, count, 0, &list) < 0)
        return -1;
    if (expr_sort(r, list.at, list.at, list.len, false) < 0)
        return -1;
    half = list.len / 2;
    if (list.len == 0)
        *ret = expr_int(0);
    else if (list.len % 2 == 1)
        *ret = expr_float(expr_real(&list.at[half]));
    else
        *ret = expr_float((expr_real(&list.at[half - 1]) + expr_real(&list.at[half])) / 2);
    return 0;
}

FN(bitand)
{
    (void) r;
    *ret = expr_int(args[0].number & args[1].number);
    return 0;
}

FN(bitor)
{
    (void) r;
    *ret = expr_int(args[0].number | args[1].number);
    return 0;
}

FN(bitxor)
{
    (void) r;
    *ret = expr_int(args[0].number ^ args[1].number);
    return 0;
}

/* Go's &^: and not. */
FN(bitnand)
{
    (void) r;
    *ret = expr_int(args[0].number & ~args[1].number);
    return 0;
}

FN(bitnot)
{
    (void) r;
    *ret = expr_int(~args[0].number);
    return 0;
}

static int shift_by(struct expr_run *r, const char *name, const struct expr_value *v,
                    uint64_t *ret)
{
    if (v->number < 0)
        return expr_fail(r, "invalid operation: negative shift count %lld (type int) for %s",
                         (long long) v->number, name);
    *ret = (uint64_t) v->number;
    return 0;
}

FN(bitshl)
{
    uint64_t by = 0;

    if (shift_by(r, "bitshl", &args[1], &by) < 0)
        return -1;
    *ret = expr_int(by > 63 ? 0 : (int64_t) ((uint64_t) args[0].number << by));
    return 0;
}

FN(bitshr)
{
    uint64_t by = 0;

    if (shift_by(r, "bitshr", &args[1], &by) < 0)
        return -1;
    *ret = expr_int(args[0].number >> (by > 63 ? 63 : by));
    return 0;
}

FN(bitushr)
{
    uint64_t by = 0;

    if (shift_by(r, "bitushr", &args[1], &by) < 0)
        return -1;
    *ret = expr_int(by > 63 ? 0 : (int64_t) ((uint64_t) args[0].number >> by));
    return 0;
}

/* A text with a leading 0 is octal. */
static int64_t text_int(struct str s)
{
    bool is_negative = s.len > 1 && s.ptr[0] == '-';
    struct str digits = str_skip(s, s.len > 1 && (s.ptr[0] == '-' || s.ptr[0] == '+'));
    int64_t n = 0;

    if (digits.len > 1 && digits.ptr[0] == '0') { /* octal */
        for (size_t i = 1; i < digits.len; i++) {
            if (digits.ptr[i] < '0' || digits.ptr[i] > '7' || n > INT64_MAX / 8 - 8)
                return 0;
            n = n * 8 + digits.ptr[i] - '0';
        }
        return is_negative ? -n : n;
    }
    return parse_i64(s, &n) ? n : 0;
}

int64_t expr_cast_int(const struct expr_value *v)
{
    if (v->type == EXPR_INT || v->type == EXPR_DURATION)
        return v->number;
    if (v->type == EXPR_FLOAT)
        return v->real >= -0x1p63 && v->real < 0x1p63 ? (int64_t) v->real : INT64_MIN;
    if (v->type == EXPR_BOOL)
        return v->is_true;
    return v->type == EXPR_STRING ? text_int(expr_text_of(v)) : 0;
}

double expr_cast_float(const struct expr_value *v)
{
    double n = 0;

    if (expr_is_number(v))
        return expr_real(v);
    if (v->type == EXPR_BOOL)
        return v->is_true;
    if (v->type != EXPR_STRING || go_float_parse(expr_text_of(v), &n) != GO_FLOAT_READ)
        return 0;
    return n;
}
