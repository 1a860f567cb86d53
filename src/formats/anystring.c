/*
 * formats/anystring.c - texts of numbers without an exponent.
 *
 * The shortest digits that read back as the same double come from the JSON printer; here the
 * point is put where the exponent says. A double has at most 17 digits and an exponent of
 * three, so the text is short.
 */
#include "formats/anystring.h"

#include "base/strbuf.h"

enum { NUMBER_MAX_BYTES = 400 };

/* "-1.5e-07" as its digits, the place of the point behind the first digit, and the exponent. */
struct decimal {
    bool is_negative;
    char digits[32];
    int64_t digit_count;
    int64_t point; /* digits before the decimal point; may be negative */
};

static struct decimal split(struct str text)
{
    struct decimal d = {0};
    size_t at = 0;
    int64_t exponent = 0;
    bool is_behind_point = false;

    if (at < text.len && text.ptr[at] == '-') {
        d.is_negative = true;
        at++;
    }
    for (; at < text.len && text.ptr[at] != 'e' && text.ptr[at] != 'E'; at++) {
        if (text.ptr[at] == '.') {
            is_behind_point = true;
            continue;
        }
        if (d.digit_count < (int64_t) sizeof(d.digits))
            d.digits[d.digit_count++] = text.ptr[at];
        d.point += !is_behind_point;
    }
    if (at < text.len && parse_i64(str_skip(text, at + 1), &exponent))
        d.point += exponent;
    return d;
}

static struct str without_exponent(struct arena *a, struct str text)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(NUMBER_MAX_BYTES);
    struct decimal d = split(text);

    if (d.is_negative)
        strbuf_addc(&b, '-');
    if (d.point <= 0)
        strbuf_addz(&b, "0");
    for (int64_t i = 0; i < d.point; i++)
        strbuf_addc(&b, i < d.digit_count ? d.digits[i] : '0');
    if (d.digit_count > d.point)
        strbuf_addc(&b, '.');
    for (int64_t i = d.point; i < d.digit_count; i++)
        strbuf_addc(&b, i < 0 ? '0' : d.digits[i]);
    return str_copy(a, strbuf_str(&b));
}

struct str any_string(struct arena *a, const struct json *v)
{
    struct json shortest;
    double n;

    if (!v)
        return STR_NONE;
    if (v->type == JSON_STRING)
        return json_str(v);
    if (v->type == JSON_BOOL)
        return v->is_true ? STR("true") : STR("false");
    if (v->type != JSON_NUMBER || !json_f64(v, &n))
        return STR("");
    shortest = json_float(a, n);
    return without_exponent(a, json_number(&shortest));
}
