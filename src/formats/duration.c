/*
 * formats/duration.c - Go durations.
 *
 * Parsing adds up "number unit" pieces in unsigned arithmetic, so that the most negative value
 * is reachable; each step checks for overflow as Go does. Printing writes backwards from the
 * smallest unit. Nothing here rounds but the fraction digits that do not fit, which are cut.
 */
#include "formats/duration.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/strbuf.h"

#define OVERFLOW_NS (UINT64_C(1) << 63)

static const struct {
    const char *name;
    uint64_t ns;
} units[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000}, /* U+00B5, micro sign */
    {"\xce\xbcs", 1000}, /* U+03BC, Greek mu */
    {"ms", 1000000},
    {"s", UINT64_C(1000000000)},
    {"m", UINT64_C(60000000000)},
    {"h", UINT64_C(3600000000000)},
};

/* Quotes as package time does: all that is not printable ASCII as \xNN. */
static int fail(struct str text, const char *what, struct str detail, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(ERR_TEXT_MAX_BYTES);
    const struct str parts[] = {detail, text};

    strbuf_addf(&b, "time: %s", what);
    for (size_t k = str_is_none(detail) ? 1 : 0; k < COUNT_OF(parts); k++) {
        struct str shown = parts[k].ptr ? str_head(parts[k], 200) : STR("");

        strbuf_addz(&b, k == 1 && !str_is_none(detail) ? " in duration \"" : " \"");
        for (size_t i = 0; i < shown.len; i++) {
            unsigned char c = (unsigned char) shown.ptr[i];

            if (c == '"' || c == '\\')
                strbuf_addc(&b, '\\');
            if (c < ' ' || c >= 0x80)
                strbuf_addf(&b, "\\x%02x", c);
            else
                strbuf_addc(&b, (char) c);
        }
        strbuf_addc(&b, '"');
    }
    return err_set(err, ERR_INVALID, STR_FMT, STR_ARG(strbuf_str(&b)));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The digits before the point; false on overflow. */
static bool take_whole(struct str *rest, uint64_t *ret)
{
    uint64_t n = 0;

    while (rest->len > 0 && is_digit(rest->ptr[0])) {
        if (n > OVERFLOW_NS / 10)
            return false;
        n = n * 10 + (uint64_t) (rest->ptr[0] - '0');
        if (n > OVERFLOW_NS)
            return false;
        *rest = str_skip(*rest, 1);
    }
    *ret = n;
    return true;
}

/* The digits behind the point: their value and 10 to the power of their number. Digits beyond
 * what fits are dropped. */
static void take_fraction(struct str *rest, uint64_t *ret, double *ret_scale)
{
    bool is_full = false;
    uint64_t n = 0;
    double scale = 1;

    while (rest->len > 0 && is_digit(rest->ptr[0])) {
        uint64_t next = n * 10 + (uint64_t) (rest->ptr[0] - '0');

        is_full = is_full || n > (OVERFLOW_NS - 1) / 10 || next > OVERFLOW_NS;
        if (!is_full) {
            n = next;
            scale *= 10;
        }
        *rest = str_skip(*rest, 1);
    }
    *ret = n;
    *ret_scale = scale;
}

static bool find_unit(struct str name, uint64_t *ret)
{
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (str_is(name, units[i].name)) {
            *ret = units[i].ns;
            return true;
        }
    return false;
}

/* One piece like "1.5h". */
static int take_piece(struct str text, struct str *rest, uint64_t *ret, struct err *err)
{
    struct str start = *rest;
    uint64_t whole, fraction = 0, unit;
    double scale = 1;
    size_t digits, unit_len = 0;

    if (!take_whole(rest, &whole))
        return fail(text, "invalid duration", STR_NONE, err);
    digits = start.len - rest->len;
    if (rest->len > 0 && rest->ptr[0] == '.') {
        size_t before = rest->len - 1;

        *rest = str_skip(*rest, 1);
        take_fraction(rest, &fraction, &scale);
        digits += before - rest->len;
    }
    if (digits == 0)
        return fail(text, "invalid duration", STR_NONE, err);
    while (unit_len < rest->len && rest->ptr[unit_len] != '.' && !is_digit(rest->ptr[unit_len]))
        unit_len++;
    if (unit_len == 0)
        return fail(text, "missing unit in duration", STR_NONE, err);
    if (!find_unit(str_head(*rest, unit_len), &unit))
        return fail(text, "unknown unit", str_head(*rest, unit_len), err);
    *rest = str_skip(*rest, unit_len);
    if (whole > OVERFLOW_NS / unit)
        return fail(text, "invalid duration", STR_NONE, err);
    whole = whole * unit + (uint64_t) ((double) fraction * ((double) unit / scale));
    if (whole > OVERFLOW_NS)
        return fail(text, "invalid duration", STR_NONE, err);
    *ret = whole;
    return 0;
}

int duration_parse(struct str text, int64_t *ret_ns, struct err *err)
{
    bool is_negative = str_starts(text, STR("-"));
    struct str rest = str_skip(text, is_negative || str_starts(text, STR("+")));
    uint64_t sum = 0;

    if (str_is(rest, "0")) {
        *ret_ns = 0;
        return 0;
    }
    if (rest.len == 0 || (!is_digit(rest.ptr[0]) && rest.ptr[0] != '.'))
        return fail(text, "invalid duration", STR_NONE, err);
    while (rest.len > 0) {
        uint64_t piece = 0;

        if (rest.ptr[0] != '.' && !is_digit(rest.ptr[0]))
            return fail(text, "invalid duration", STR_NONE, err);
        if (take_piece(text, &rest, &piece, err) < 0)
            return -1;
        sum += piece;
        if (sum > OVERFLOW_NS)
            return fail(text, "invalid duration", STR_NONE, err);
    }
    if (!is_negative && sum > OVERFLOW_NS - 1)
        return fail(text, "invalid duration", STR_NONE, err);
    *ret_ns = (int64_t) (is_negative ? 0 - sum : sum);
    return 0;
}

int duration_parse_argo(struct str text, int64_t *ret_ns, struct err *err)
{
    int64_t seconds;

    if (parse_i64(text, &seconds)) {
        *ret_ns = (int64_t) ((uint64_t) seconds * (uint64_t) DURATION_SECOND);
        return 0;
    }
    if (duration_parse(text, ret_ns, err) < 0)
        return err_wrap(err, "unable to parse " STR_FMT " as a duration",
                        STR_ARG(str_head(text, 200)));
    return 0;
}

/* A number with the fraction that @digits places make, without its last zeros. */
static struct str print_scaled(struct arena *a, uint64_t n, int digits, const char *unit)
{
    uint64_t power = 1;
    uint64_t fraction;

    for (int i = 0; i < digits; i++)
        power *= 10;
    fraction = n % power;
    while (fraction > 0 && fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    if (fraction == 0)
        return str_printf(a, "%llu%s", (unsigned long long) (n / power), unit);
    return str_printf(a, "%llu.%0*llu%s", (unsigned long long) (n / power), digits,
                      (unsigned long long) fraction, unit);
}

struct str duration_print(struct arena *a, int64_t ns)
{
    uint64_t u = ns < 0 ? 0 - (uint64_t) ns : (uint64_t) ns;
    uint64_t minutes = u / (uint64_t) DURATION_MINUTE;
    const char *sign = ns < 0 ? "-" : "";
    struct str text;

    if (u == 0)
        return STR("0s");
    if (u < 1000)
        text = print_scaled(a, u, 0, "ns");
    else if (u < 1000000)
        text = print_scaled(a, u, 3, "\xc2\xb5s");
    else if (u < (uint64_t) DURATION_SECOND)
        text = print_scaled(a, u, 6, "ms");
    else
        text = print_scaled(a, u % (uint64_t) DURATION_MINUTE, 9, "s");
    if (minutes >= 60)
        return str_printf(a, "%s%lluh%llum" STR_FMT, sign, (unsigned long long) (minutes / 60),
                          (unsigned long long) (minutes % 60), STR_ARG(text));
    if (minutes > 0)
        return str_printf(a, "%s%llum" STR_FMT, sign, (unsigned long long) minutes,
                          STR_ARG(text));
    return str_printf(a, "%s" STR_FMT, sign, STR_ARG(text));
}

static uint64_t whole_seconds(int64_t ns)
{
    return (ns < 0 ? 0 - (uint64_t) ns : (uint64_t) ns) / (uint64_t) DURATION_SECOND;
}

struct str duration_humanize_short(struct arena *a, int64_t ns)
{
    enum {
        MINUTE = 60,
        HOUR = 3600,
        DAY = 86400,
        WEEK = 7 * DAY,
        MONTH = 30 * DAY,
        YEAR = 360 * DAY
    };
    static const struct {
        uint64_t below; /* seconds */
        uint64_t unit;  /* seconds; 0: the text is fixed */
        const char *text;
    } rows[] = {
        {1, 0, "0 seconds"},         {2, 0, "1 second"},        {MINUTE, 1, "seconds"},
        {2 * MINUTE, 0, "1 minute"}, {HOUR, MINUTE, "minutes"}, {2 * HOUR, 0, "1 hour"},
        {DAY, HOUR, "hours"},        {2 * DAY, 0, "1 day"},     {WEEK, DAY, "days"},
        {2 * WEEK, 0, "1 week"},     {MONTH, WEEK, "weeks"},    {2 * MONTH, 0, "1 month"},
        {YEAR, MONTH, "months"},     {18 * MONTH, 0, "1 year"}, {2 * YEAR, 0, "2 years"},
        {37 * YEAR, YEAR, "years"},
    };
    uint64_t seconds = whole_seconds(ns);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (seconds >= rows[i].below)
            continue;
        if (rows[i].unit == 0)
            return str_from(rows[i].text);
        return str_printf(a, "%llu %s", (unsigned long long) (seconds / rows[i].unit),
                          rows[i].text);
    }
    return STR("a long while");
}

struct str duration_humanize(struct arena *a, int64_t ns)
{
    uint64_t seconds = whole_seconds(ns);
    struct str leading = duration_humanize_short(a, ns);
    const char *unit = "hours";
    uint64_t rest = seconds % 86400 / 3600;

    if (ns < 60 * (int64_t) DURATION_SECOND) /* what is below zero, too */
        return leading;
    if (seconds < 3600) {
        unit = "seconds";
        rest = seconds % 60;
    } else if (seconds < 86400) {
        unit = "minutes";
        rest = seconds % 3600 / 60;
    }
    return str_printf(a, STR_FMT " %llu %s", STR_ARG(leading), (unsigned long long) rest, unit);
}

/* Whole and rest apart, as Go does, so that both are exact. */
static double in_units(int64_t ns, int64_t unit_ns)
{
    return (double) (ns / unit_ns) + (double) (ns % unit_ns) / (double) unit_ns;
}

double duration_seconds(int64_t ns)
{
    return in_units(ns, DURATION_SECOND);
}

double duration_minutes(int64_t ns)
{
    return in_units(ns, DURATION_MINUTE);
}

double duration_hours(int64_t ns)
{
    return in_units(ns, DURATION_HOUR);
}

int64_t duration_truncate(int64_t ns, int64_t unit_ns)
{
    return unit_ns <= 0 ? ns : ns - ns % unit_ns;
}

int64_t duration_round(int64_t ns, int64_t unit_ns)
{
    int64_t rest, moved;

    if (unit_ns <= 0)
        return ns;
    rest = ns % unit_ns;
    if (rest < 0)
        rest = -rest;
    if ((uint64_t) rest * 2 < (uint64_t) unit_ns)
        return duration_truncate(ns, unit_ns);
    if (ns < 0)
        return __builtin_sub_overflow(ns, unit_ns - rest, &moved) ? INT64_MIN : moved;
    return __builtin_add_overflow(ns, unit_ns - rest, &moved) ? INT64_MAX : moved;
}
