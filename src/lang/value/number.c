/*
 * lang/value/number.c - values as numbers: expr-lang's conversions, and those of the library
 * cast that sprig uses.
 *
 * Any thread.
 */
#include "formats/gofloat.h"
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

    if (value_is_number(v)) {
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

int64_t value_cast_int(const struct value *v)
{
    if (v->type == VALUE_INT || v->type == VALUE_DURATION)
        return v->number;
    if (v->type == VALUE_FLOAT)
        return v->real >= -0x1p63 && v->real < 0x1p63 ? (int64_t) v->real : INT64_MIN;
    if (v->type == VALUE_BOOL)
        return v->is_true;
    return v->type == VALUE_STRING ? text_int(value_text(v)) : 0;
}

double value_cast_float(const struct value *v)
{
    double n = 0;

    if (value_is_number(v))
        return value_real(v);
    if (v->type == VALUE_BOOL)
        return v->is_true;
    if (v->type != VALUE_STRING || go_float_parse(value_text(v), &n) != GO_FLOAT_READ)
        return 0;
    return n;
}
