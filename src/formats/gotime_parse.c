/*
 * formats/gotime_parse.c - reads times by a Go layout.
 *
 * Elements are taken from the value one by one; each knows its range. The first element that
 * does not fit is reported with the rest of the value, as Go reports it. What was not said
 * keeps Go's defaults: year 0, January, the first. The day is checked when month and year are
 * known.
 */
#include <stdio.h>

#include "base/strbuf.h"
#include "formats/calendar.h"
#include "formats/gotime.h"
#include "formats/gotime_internal.h"

enum { SHOWN_MAX_BYTES = 200, NOT_SAID = -1 };

struct state {
    struct str layout, value; /* as given, for errors */
    struct str rest;          /* of the value */
    struct str rest_layout;   /* of the layout */
    const char *out_of_range; /* what is, or NULL */
    struct gotime_civil civil;
    int32_t year_day;
    uint32_t ns;
    bool is_pm, is_am;
    bool is_utc;
    bool has_offset;
    int32_t offset_s;
    struct str zone;
};

/* Quotes as package time does: all that is not printable ASCII as \xNN. */
static void add_quoted(struct strbuf *b, struct str s)
{
    s = str_head(s, SHOWN_MAX_BYTES);
    strbuf_addc(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char) s.ptr[i];

        if (c == '"' || c == '\\')
            strbuf_addc(b, '\\');
        if (c < ' ' || c >= 0x80)
            strbuf_addf(b, "\\x%02x", c);
        else
            strbuf_addc(b, (char) c);
    }
    strbuf_addc(b, '"');
}

/* 'parsing time "V" as "L": cannot parse "rest" as "element"' */
static int cannot_parse(const struct state *s, struct str rest, struct str element,
                        struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(ERR_TEXT_MAX_BYTES * 4);

    strbuf_addz(&b, "parsing time ");
    add_quoted(&b, s->value);
    strbuf_addz(&b, " as ");
    add_quoted(&b, s->layout);
    strbuf_addz(&b, ": cannot parse ");
    add_quoted(&b, rest);
    strbuf_addz(&b, " as ");
    add_quoted(&b, element);
    return err_set(err, ERR_INVALID, STR_FMT, STR_ARG(strbuf_str(&b)));
}

/* 'parsing time "V": what' and perhaps a quoted text. */
static int bad_value(const struct state *s, const char *what, struct str quoted,
                     struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(ERR_TEXT_MAX_BYTES * 4);

    strbuf_addz(&b, "parsing time ");
    add_quoted(&b, s->value);
    strbuf_addf(&b, ": %s", what);
    if (!str_is_none(quoted))
        add_quoted(&b, quoted);
    return err_set(err, ERR_INVALID, STR_FMT, STR_ARG(strbuf_str(&b)));
}

static bool is_digit_at(struct str s, size_t at)
{
    return at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9';
}

/* Takes up to @max digits, exactly so many if @is_fixed. */
static bool take_digits(struct str *rest, size_t max, bool is_fixed, int32_t *ret)
{
    int32_t n = 0;
    size_t len = 0;

    while (len < max && is_digit_at(*rest, len))
        n = n * 10 + (rest->ptr[len++] - '0');
    if (len == 0 || (is_fixed && len < max))
        return false;
    *rest = str_skip(*rest, len);
    *ret = n;
    return true;
}

static bool take_ranged(struct state *s, bool is_fixed, int32_t *ret, int32_t max,
                        const char *what)
{
    if (!take_digits(&s->rest, 2, is_fixed, ret))
        return false;
    if (*ret > max)
        s->out_of_range = what;
    return true;
}

/* Two characters are read as a number, so that one may be a sign. */
static bool take_short_year(struct state *s)
{
    int64_t year;

    if (s->rest.len < 2 || !parse_i64(str_head(s->rest, 2), &year))
        return false;
    s->rest = str_skip(s->rest, 2);
    s->civil.year = year + (year >= 69 ? 1900 : 2000);
    return true;
}

static bool take_long_year(struct state *s)
{
    int32_t year;

    if (!take_digits(&s->rest, 4, true, &year))
        return false;
    s->civil.year = year;
    return true;
}

/* A name of a table, in any case; all of it or its first three letters. */
static bool take_name(struct str *rest, const char *const *names, size_t count, bool is_long,
                      int32_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        struct str name = str_head(str_from(names[i]), is_long ? SIZE_MAX : 3);

        if (!str_eq_nocase(str_head(*rest, name.len), name))
            continue;
        *rest = str_skip(*rest, name.len);
        *ret = (int32_t) i;
        return true;
    }
    return false;
}

static bool take_month_name(struct state *s, bool is_long)
{
    int32_t index;

    if (!take_name(&s->rest, gotime_month_names, 12, is_long, &index))
        return false;
    s->civil.month = index + 1;
    return true;
}

static bool take_month_number(struct state *s, bool is_fixed)
{
    if (!take_ranged(s, is_fixed, &s->civil.month, 12, "month"))
        return false;
    if (s->civil.month == 0)
        s->out_of_range = "month";
    return true;
}

static bool take_weekday(struct state *s, bool is_long)
{
    int32_t index;

    return take_name(&s->rest, gotime_weekday_names, 7, is_long, &index);
}

static void skip_blanks(struct state *s, size_t max)
{
    size_t blanks = 0;

    while (blanks < max && blanks < s->rest.len && s->rest.ptr[blanks] == ' ')
        blanks++;
    s->rest = str_of(s->rest.ptr + blanks, s->rest.len - blanks);
}

static bool take_pm(struct state *s, const char *am, const char *pm)
{
    struct str mark = str_head(s->rest, 2);

    s->is_pm |= str_is(mark, pm);
    s->is_am |= str_is(mark, am);
    if (!str_is(mark, am) && !str_is(mark, pm))
        return false;
    s->rest = str_skip(s->rest, 2);
    return true;
}

static bool is_fraction(struct str s)
{
    return s.len >= 2 && (s.ptr[0] == '.' || s.ptr[0] == ',') && is_digit_at(s, 1);
}

/* A point and @digits digits, of which nine count. */
static void take_fraction(struct state *s, size_t digits)
{
    uint32_t ns = 0;

    for (size_t i = 0; i < 9; i++)
        ns = ns * 10 + (i < digits ? (uint32_t) (s->rest.ptr[i + 1] - '0') : 0);
    s->ns = ns;
    s->rest = str_skip(s->rest, digits + 1);
}

static size_t count_digits(struct str s)
{
    size_t len = 0;

    while (is_digit_at(s, len))
        len++;
    return len;
}

/* As many characters as the layout has digits, read as a number, so that one may be a sign. */
static bool take_fraction_zeros(struct state *s, size_t digits)
{
    struct str text = str_head(str_skip(s->rest, 1), digits < 9 ? digits : 9);
    int64_t ns;

    if (s->rest.len < digits + 1 || (s->rest.ptr[0] != '.' && s->rest.ptr[0] != ',') ||
        !parse_i64(text, &ns))
        return false;
    if (ns < 0)
        s->out_of_range = "fractional second";
    for (size_t i = text.len; i < 9; i++)
        ns *= 10;
    s->ns = (uint32_t) ns;
    s->rest = str_skip(s->rest, digits + 1);
    return true;
}

static bool take_second(struct state *s, bool is_fixed)
{
    struct str rest_layout = s->rest_layout;
    enum layout_type next;

    if (!take_ranged(s, is_fixed, &s->civil.second, 59, "second"))
        return false;
    if (s->out_of_range || !is_fraction(s->rest))
        return true;
    /* A fraction may follow though the layout has none. */
    next = layout_next(&rest_layout).type;
    if (next != LAYOUT_FRACTION_ZEROS && next != LAYOUT_FRACTION_NINES)
        take_fraction(s, count_digits(str_skip(s->rest, 1)));
    return true;
}

/* The parts of an offset behind its sign; false when one is no number, but the others are still
 * taken. */
static bool take_offset_parts(struct str text, const struct layout_element *e, int32_t parts[3])
{
    bool are_numbers = true;

    for (int i = 0; i < e->part_count; i++) {
        struct str part = str_head(text, 2);

        are_numbers = are_numbers && take_digits(&part, 2, true, &parts[i]);
        text = str_skip(text, e->has_colons ? 3 : 2);
    }
    return are_numbers;
}

static bool take_offset(struct state *s, const struct layout_element *e)
{
    size_t parts_len = (size_t) e->part_count * (e->has_colons ? 3 : 2) - e->has_colons;
    int32_t parts[3] = {0};
    char sign = s->rest.len > 0 ? s->rest.ptr[0] : '\0';
    struct str text = str_head(str_skip(s->rest, 1), parts_len);
    bool are_numbers;

    if (e->is_iso && sign == 'Z') {
        s->rest = str_skip(s->rest, 1);
        s->is_utc = true;
        return true;
    }
    if (text.len < parts_len)
        return false;
    for (size_t i = 2; e->has_colons && i < parts_len; i += 3)
        if (text.ptr[i] != ':')
            return false;
    are_numbers = take_offset_parts(text, e, parts);
    if (parts[0] > 24)
        s->out_of_range = "time zone offset hour";
    else if (parts[1] > 60)
        s->out_of_range = "time zone offset minute";
    else if (parts[2] > 60)
        s->out_of_range = "time zone offset second";
    s->rest = str_skip(s->rest, parts_len + 1);
    s->offset_s = (parts[0] * 60 + parts[1]) * 60 + parts[2];
    if (sign == '-')
        s->offset_s = -s->offset_s;
    s->has_offset = true;
    return are_numbers && (sign == '+' || sign == '-');
}

/* "+03" behind GMT or alone: its bytes, or 0. */
static size_t signed_offset_len(struct str s)
{
    size_t digits = count_digits(str_skip(s, 1));
    int32_t hours = 0;

    if (s.len == 0 || (s.ptr[0] != '+' && s.ptr[0] != '-') || digits == 0)
        return 0;
    for (size_t i = 1; i <= digits && hours < 100; i++)
        hours = hours * 10 + (s.ptr[i] - '0');
    return hours > 23 ? 0 : digits + 1;
}

/* How many bytes look like a zone's abbreviation; 0 when none do. */
static size_t zone_len(struct str s)
{
    size_t upper = 0;

    if (s.len < 3)
        return 0;
    if (str_starts(s, STR("ChST")) || str_starts(s, STR("MeST")))
        return 4;
    if (str_starts(s, STR("GMT")))
        return 3 + signed_offset_len(str_skip(s, 3));
    if (s.ptr[0] == '+' || s.ptr[0] == '-')
        return signed_offset_len(s);
    while (upper < 6 && upper < s.len && s.ptr[upper] >= 'A' && s.ptr[upper] <= 'Z')
        upper++;
    if (upper == 5 && s.ptr[4] == 'T')
        return 5;
    if (upper == 4 && (s.ptr[3] == 'T' || str_starts(s, STR("WITA"))))
        return 4;
    return upper == 3 ? 3 : 0;
}

static bool take_zone(struct state *s)
{
    size_t len;

    if (str_starts(s->rest, STR("UTC"))) {
        s->rest = str_skip(s->rest, 3);
        s->is_utc = true;
        return true;
    }
    len = zone_len(s->rest);
    s->zone = str_head(s->rest, len);
    s->rest = str_skip(s->rest, len);
    return len > 0;
}

/* Takes one element from the value; false when it is not there. */
static bool take_element(struct state *s, const struct layout_element *e)
{
    struct gotime_civil *c = &s->civil;

    switch (e->type) {
    case LAYOUT_END:
        return true;
    case LAYOUT_LONG_MONTH:
    case LAYOUT_MONTH:
        return take_month_name(s, e->type == LAYOUT_LONG_MONTH);
    case LAYOUT_NUM_MONTH:
    case LAYOUT_ZERO_MONTH:
        return take_month_number(s, e->type == LAYOUT_ZERO_MONTH);
    case LAYOUT_LONG_WEEKDAY:
    case LAYOUT_WEEKDAY:
        return take_weekday(s, e->type == LAYOUT_LONG_WEEKDAY);
    case LAYOUT_DAY:
    case LAYOUT_UNDER_DAY:
    case LAYOUT_ZERO_DAY:
        skip_blanks(s, e->type == LAYOUT_UNDER_DAY);
        return take_digits(&s->rest, 2, e->type == LAYOUT_ZERO_DAY, &c->day);
    case LAYOUT_UNDER_YEAR_DAY:
    case LAYOUT_ZERO_YEAR_DAY:
        skip_blanks(s, e->type == LAYOUT_UNDER_YEAR_DAY ? 2 : 0);
        return take_digits(&s->rest, 3, e->type == LAYOUT_ZERO_YEAR_DAY, &s->year_day);
    case LAYOUT_HOUR:
        return take_ranged(s, false, &c->hour, 23, "hour");
    case LAYOUT_HOUR_12:
    case LAYOUT_ZERO_HOUR_12:
        return take_ranged(s, e->type == LAYOUT_ZERO_HOUR_12, &c->hour, 12, "hour");
    case LAYOUT_MINUTE:
    case LAYOUT_ZERO_MINUTE:
        return take_ranged(s, e->type == LAYOUT_ZERO_MINUTE, &c->minute, 59, "minute");
    case LAYOUT_SECOND:
    case LAYOUT_ZERO_SECOND:
        return take_second(s, e->type == LAYOUT_ZERO_SECOND);
    case LAYOUT_LONG_YEAR:
        return take_long_year(s);
    case LAYOUT_YEAR:
        return take_short_year(s);
    case LAYOUT_UPPER_PM:
        return take_pm(s, "AM", "PM");
    case LAYOUT_LOWER_PM:
        return take_pm(s, "am", "pm");
    case LAYOUT_ZONE:
        return take_zone(s);
    case LAYOUT_OFFSET:
        return take_offset(s, e);
    case LAYOUT_FRACTION_ZEROS:
        return take_fraction_zeros(s, e->digits);
    case LAYOUT_FRACTION_NINES:
        if (is_fraction(s->rest))
            take_fraction(s, count_digits(str_skip(s->rest, 1)));
        return true;
    }
    return false;
}

/* Literal text; a run of blanks stands for any number of them. */
static bool skip_literal(struct str *rest, struct str literal)
{
    while (literal.len > 0) {
        if (literal.ptr[0] == ' ') {
            if (rest->len > 0 && rest->ptr[0] != ' ')
                return false;
            while (literal.len > 0 && literal.ptr[0] == ' ')
                literal = str_skip(literal, 1);
            while (rest->len > 0 && rest->ptr[0] == ' ')
                *rest = str_skip(*rest, 1);
            continue;
        }
        if (rest->len == 0 || rest->ptr[0] != literal.ptr[0])
            return false;
        literal = str_skip(literal, 1);
        *rest = str_skip(*rest, 1);
    }
    return true;
}

static int take_all(struct state *s, struct err *err)
{
    for (;;) {
        struct layout_element e = layout_next(&s->rest_layout);
        struct str before;
        bool is_there;

        if (!skip_literal(&s->rest, e.prefix))
            return cannot_parse(s, s->rest, e.prefix, err);
        if (e.type == LAYOUT_END)
            return s->rest.len == 0 ? 0 : bad_value(s, "extra text: ", s->rest, err);
        before = s->rest;
        is_there = take_element(s, &e);
        if (s->out_of_range) {
            char what[64];

            snprintf(what, sizeof(what), "%s out of range", s->out_of_range);
            return bad_value(s, what, STR_NONE, err);
        }
        if (!is_there)
            return cannot_parse(s, before, e.text, err);
    }
}

/* Turns a day of the year into month and day, which must agree with those that were said. */
static int settle_year_day(struct state *s, struct err *err)
{
    struct gotime_civil *c = &s->civil;
    int32_t month = 12, day;

    if (s->year_day < 1 || s->year_day > 365 + calendar_is_leap(c->year))
        return bad_value(s, "day-of-year out of range", STR_NONE, err);
    while (calendar_month_start(c->year, month) >= s->year_day)
        month--;
    day = s->year_day - calendar_month_start(c->year, month);
    if (c->month != NOT_SAID && c->month != month)
        return bad_value(s, "day-of-year does not match month", STR_NONE, err);
    if (c->day != NOT_SAID && c->day != day)
        return bad_value(s, "day-of-year does not match day", STR_NONE, err);
    c->month = month;
    c->day = day;
    return 0;
}

static int settle_date(struct state *s, struct err *err)
{
    struct gotime_civil *c = &s->civil;

    if (s->is_pm && c->hour < 12)
        c->hour += 12;
    else if (s->is_am && c->hour == 12)
        c->hour = 0;
    if (s->year_day != NOT_SAID && settle_year_day(s, err) < 0)
        return -1;
    if (c->month == NOT_SAID)
        c->month = 1;
    if (c->day == NOT_SAID)
        c->day = 1;
    if (c->day < 1 || c->day > calendar_days_in(c->year, c->month))
        return bad_value(s, "day out of range", STR_NONE, err);
    return 0;
}

/* Hours behind GMT in an abbreviation such as "GMT+3". */
static int32_t gmt_offset(struct str zone)
{
    int64_t hours = 0;

    if (zone.len > 3 && str_starts(zone, STR("GMT")) && parse_i64(str_skip(zone, 3), &hours))
        return (int32_t) hours * 3600;
    return 0;
}

/* The time at an offset that was said; the zone is taken where it agrees. */
static struct gotime settle_offset(const struct state *s, const struct gozone *zone)
{
    struct gotime t = gotime_date(&s->civil, s->ns, NULL);
    struct str name = str_head(s->zone, sizeof(t.zone) - 1);
    struct gozone_span span;

    t.unix_s -= s->offset_s;
    span = gozone_at(zone, t.unix_s);
    if (span.offset_s == s->offset_s && (str_is_none(s->zone) || str_eq(span.name, s->zone)))
        return gotime_in(&t, zone);
    t.offset_s = s->offset_s;
    memset(t.zone, 0, sizeof(t.zone));
    if (name.len > 0)
        memcpy(t.zone, name.ptr, name.len);
    return t;
}

/* The time by an abbreviation: the zone's, else one of unknown offset. */
static struct gotime settle_name(const struct state *s, const struct gozone *zone)
{
    struct gotime t = gotime_date(&s->civil, s->ns, NULL);
    struct str name = str_head(s->zone, sizeof(t.zone) - 1);
    int32_t offset_s;

    if (gozone_find(zone, s->zone, t.unix_s, &offset_s)) {
        t.unix_s -= offset_s;
        return gotime_in(&t, zone);
    }
    t.offset_s = gmt_offset(s->zone);
    memset(t.zone, 0, sizeof(t.zone));
    memcpy(t.zone, name.ptr, name.len);
    return t;
}

static struct gotime settle_zone(const struct state *s, const struct gozone *zone)
{
    if (s->is_utc)
        return gotime_date(&s->civil, s->ns, NULL);
    if (s->has_offset)
        return settle_offset(s, zone);
    if (!str_is_none(s->zone))
        return settle_name(s, zone);
    return gotime_date(&s->civil, s->ns, zone);
}

int gotime_parse(struct str layout, struct str value, const struct gozone *zone,
                 struct gotime *ret, struct err *err)
{
    struct state s = {.layout = layout,
                      .value = value,
                      .rest = value.ptr ? value : STR(""),
                      .rest_layout = layout,
                      .civil = {.month = NOT_SAID, .day = NOT_SAID},
                      .year_day = NOT_SAID};

    if (take_all(&s, err) < 0 || settle_date(&s, err) < 0)
        return -1;
    *ret = settle_zone(&s, zone);
    return 0;
}
