/*
 * lang/value/number.c - values as numbers: expr-lang's conversions, and those of the library
 * cast that sprig uses.
 *
 * Any thread.
 */
#include "formats/gofloat.h"
#include "formats/goint.h"
#include "lang/value/value.h"

int value_to_int(struct value_run *r, const struct value *v, struct value *ret)
{
    int64_t n = 0;

    if (v->type == VALUE_INT || v->type == VALUE_DURATION) {
        *ret = value_int(v->number);
        return 0;
    }
    if (v->type == VALUE_FLOAT) { /* out of range is what amd64 answers */
        *ret =
            value_int(v->real >= -0x1p63 && v->real < 0x1p63 ? (int64_t) v->real : INT64_MIN);
        return 0;
    }
    if (v->type == VALUE_NIL)
        return value_fail(r, "reflect: call of reflect.Value.Type on zero Value");
    if (v->type != VALUE_STRING)
        return value_fail(r, "invalid operation: int(%s)", value_type_name(v));
    if (!parse_i64(value_text(v), &n))
        return value_fail(r, "invalid operation: int(" STR_FMT ")",
                          STR_ARG(str_head(value_text(v), 300)));
    *ret = value_int(n);
    return 0;
}

int value_to_float(struct value_run *r, const struct value *v, struct value *ret)
{
    double n = 0;

    if (value_is_number(v) && !value_is_named(v)) {
        *ret = value_float(value_real(v));
        return 0;
    }
    if (v->type != VALUE_STRING)
        return value_fail(r, "invalid operation: float(%s)", value_type_name(v));
    if (go_float_parse(value_text(v), &n) != GO_FLOAT_READ)
        return value_fail(r, "invalid operation: float(" STR_FMT ")",
                          STR_ARG(str_head(value_text(v), 300)));
    *ret = value_float(n);
    return 0;
}

/* "1.9" is 1: a fraction of digits is dropped, before the base is looked at. */
static struct str without_fraction(struct str s)
{
    size_t point = str_find_char(s, '.'), sign = s.len > 0 && strchr("+-", s.ptr[0]) != NULL;

    if (point == SIZE_MAX)
        return s;
    for (size_t i = sign; i < s.len; i++)
        if (i != point && (s.ptr[i] < '0' || s.ptr[i] > '9'))
            return s;
    return point > sign ? str_head(s, point) : STR("0");
}

int64_t value_cast_int(const struct value *v)
{
    int64_t n = 0;

    if (v->type == VALUE_INT || v->type == VALUE_DURATION)
        return v->number;
    if (v->type == VALUE_FLOAT)
        return v->real >= -0x1p63 && v->real < 0x1p63 ? (int64_t) v->real : INT64_MIN;
    if (v->type == VALUE_BOOL)
        return v->is_true;
    if (v->type != VALUE_STRING || !go_int_parse(without_fraction(value_text(v)), &n))
        return 0;
    return n;
}

double value_cast_float(const struct value *v)
{
    double n = 0;

    if (value_is_number(v))
        return value_real(v);
    if (v->type == VALUE_DURATION)
        return (double) v->number;
    if (v->type == VALUE_BOOL)
        return v->is_true;
    if (v->type != VALUE_STRING || go_float_parse(value_text(v), &n) != GO_FLOAT_READ)
        return 0;
    return n;
}
