/*
 * formats/gotime.c - times: instants, calendars, printing.
 *
 * The zone that a time is shown in is kept as offset and abbreviation, so that a time needs no
 * pointer. Zone abbreviations are at most five letters in the database; longer ones are cut.
 */
#include "formats/gotime.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "formats/calendar.h"
#include "formats/gotime_internal.h"

enum { FORMATTED_MAX_BYTES = 65536 };

#define ZERO_TIME_S INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */

static void set_zone(struct gotime *t, int32_t offset_s, struct str name)
{
    struct str kept = str_head(name, sizeof(t->zone) - 1);

    t->offset_s = offset_s;
    memset(t->zone, 0, sizeof(t->zone));
    if (kept.len > 0)
        memcpy(t->zone, kept.ptr, kept.len);
}

struct gotime gotime_unix(int64_t unix_s, uint32_t ns)
{
    return (struct gotime){.unix_s = unix_s, .ns = ns, .zone = "UTC"};
}

struct gotime gotime_of_wall(struct wall wall)
{
    int64_t seconds = floor_div(wall.ms, 1000);

    return gotime_unix(seconds, (uint32_t) (wall.ms - seconds * 1000) * 1000000);
}

struct wall gotime_to_wall(const struct gotime *t)
{
    return (struct wall){.ms = t->unix_s * 1000 + t->ns / 1000000};
}

struct gotime gotime_in(const struct gotime *t, const struct gozone *zone)
{
    struct gozone_span span = gozone_at(zone, t->unix_s);
    struct gotime shown = *t;

    set_zone(&shown, span.offset_s, span.name);
    return shown;
}

bool gotime_is_zero(const struct gotime *t)
{
    return t->unix_s == ZERO_TIME_S && t->ns == 0;
}

struct gotime_civil gotime_civil_of(const struct gotime *t)
{
    /* The last seconds of all are beyond 64 bits in a zone, and wrap, as Go's do. */
    int64_t local = (int64_t) ((uint64_t) t->unix_s + (uint64_t) (int64_t) t->offset_s);
    int64_t days = floor_div(local, 86400);
    int32_t second = (int32_t) ((uint64_t) local - (uint64_t) days * 86400);
    struct gotime_civil civil = {.year = calendar_year_of(days), .month = 12};
    int32_t year_day = (int32_t) (days - calendar_year_start(civil.year));

    while (calendar_month_start(civil.year, civil.month) > year_day)
        civil.month--;
    civil.day = year_day - calendar_month_start(civil.year, civil.month) + 1;
    civil.hour = second / 3600;
    civil.minute = second / 60 % 60;
    civil.second = second % 60;
    civil.weekday = calendar_weekday(days);
    civil.year_day = year_day + 1;
    return civil;
}

/* Unix seconds at which UTC shows this. */
static int64_t utc_seconds(const struct gotime_civil *civil)
{
    int64_t days = calendar_year_start(civil->year) +
                   calendar_month_start(civil->year, civil->month) + civil->day - 1;

    return days * 86400 + civil->hour * 3600 + civil->minute * 60 + civil->second;
}

struct gotime gotime_date(const struct gotime_civil *civil, uint32_t ns,
                          const struct gozone *zone)
{
    int64_t unix_s = utc_seconds(civil);
    struct gozone_span span = gozone_at(zone, unix_s);
    struct gotime t;

    if (span.offset_s != 0) {
        int64_t utc = unix_s - span.offset_s;

        if (utc < span.start_s || utc >= span.end_s)
            span = gozone_at(zone, utc);
        unix_s -= span.offset_s;
    }
    t = gotime_unix(unix_s, ns);
    return gotime_in(&t, zone);
}

static void add_offset(struct strbuf *b, const struct gotime *t, const struct layout_element *e)
{
    const char *colon = e->has_colons ? ":" : "";
    int32_t distance = abs(t->offset_s);
    bool is_west = t->offset_s <= -60;

    if (e->is_iso && t->offset_s == 0) {
        strbuf_addc(b, 'Z');
        return;
    }
    strbuf_addf(b, "%c%02d", is_west ? '-' : '+', distance / 3600);
    if (e->part_count >= 2)
        strbuf_addf(b, "%s%02d", colon, distance / 60 % 60);
    if (e->part_count >= 3)
        strbuf_addf(b, "%s%02d", colon, distance % 60);
}

static void add_fraction(struct strbuf *b, uint32_t ns, const struct layout_element *e)
{
    size_t digits = e->digits < 9 ? e->digits : 9;
    char text[16];

    snprintf(text, sizeof(text), "%09u", ns);
    if (e->type == LAYOUT_FRACTION_NINES) {
        while (digits > 0 && text[digits - 1] == '0')
            digits--;
        if (digits == 0)
            return;
    }
    strbuf_addc(b, e->separator);
    strbuf_add(b, str_of(text, digits));
}

static void add_zone(struct strbuf *b, const struct gotime *t)
{
    int32_t distance = abs(t->offset_s) / 60;

    if (t->zone[0])
        strbuf_addz(b, t->zone);
    else
        strbuf_addf(b, "%c%02d%02d", t->offset_s <= -60 ? '-' : '+', distance / 60,
                    distance % 60);
}

static void add_year(struct strbuf *b, int64_t year)
{
    strbuf_addf(b, "%s%04lld", year < 0 ? "-" : "", (long long) (year < 0 ? -year : year));
}

/* Elements that are one number with a width. */
static bool add_number(struct strbuf *b, enum layout_type type, const struct gotime_civil *c)
{
    int32_t hour_12 = c->hour % 12 == 0 ? 12 : c->hour % 12;
    const struct {
        enum layout_type type;
        int32_t n;
        size_t width;
        char pad;
    } rows[] = {
        {LAYOUT_NUM_MONTH, c->month, 1, '0'},
        {LAYOUT_ZERO_MONTH, c->month, 2, '0'},
        {LAYOUT_DAY, c->day, 1, '0'},
        {LAYOUT_UNDER_DAY, c->day, 2, ' '},
        {LAYOUT_ZERO_DAY, c->day, 2, '0'},
        {LAYOUT_UNDER_YEAR_DAY, c->year_day, 3, ' '},
        {LAYOUT_ZERO_YEAR_DAY, c->year_day, 3, '0'},
        {LAYOUT_HOUR, c->hour, 2, '0'},
        {LAYOUT_HOUR_12, hour_12, 1, '0'},
        {LAYOUT_ZERO_HOUR_12, hour_12, 2, '0'},
        {LAYOUT_MINUTE, c->minute, 1, '0'},
        {LAYOUT_ZERO_MINUTE, c->minute, 2, '0'},
        {LAYOUT_SECOND, c->second, 1, '0'},
        {LAYOUT_ZERO_SECOND, c->second, 2, '0'},
    };
    char text[16];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].type != type)
            continue;
        snprintf(text, sizeof(text), "%d", rows[i].n);
        for (size_t len = strlen(text); len < rows[i].width; len++)
            strbuf_addc(b, rows[i].pad);
        strbuf_addz(b, text);
        return true;
    }
    return false;
}

static void add_element(struct strbuf *b, const struct gotime *t, const struct gotime_civil *c,
                        const struct layout_element *e)
{
    struct str month = str_from(gotime_month_names[c->month - 1]);
    struct str weekday = str_from(gotime_weekday_names[c->weekday]);

    if (e->type == LAYOUT_LONG_MONTH || e->type == LAYOUT_MONTH)
        strbuf_add(b, e->type == LAYOUT_MONTH ? str_head(month, 3) : month);
    else if (e->type == LAYOUT_LONG_WEEKDAY || e->type == LAYOUT_WEEKDAY)
        strbuf_add(b, e->type == LAYOUT_WEEKDAY ? str_head(weekday, 3) : weekday);
    else if (e->type == LAYOUT_LONG_YEAR)
        add_year(b, c->year);
    else if (e->type == LAYOUT_YEAR)
        strbuf_addf(b, "%02d", c->year < 0 ? 0 : (int) (c->year % 100));
    else if (e->type == LAYOUT_UPPER_PM)
        strbuf_addz(b, c->hour >= 12 ? "PM" : "AM");
    else if (e->type == LAYOUT_LOWER_PM)
        strbuf_addz(b, c->hour >= 12 ? "pm" : "am");
    else if (e->type == LAYOUT_ZONE)
        add_zone(b, t);
    else if (e->type == LAYOUT_OFFSET)
        add_offset(b, t, e);
    else if (!add_number(b, e->type, c))
        add_fraction(b, t->ns, e);
}

struct str gotime_format(struct arena *a, const struct gotime *t, struct str layout)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(FORMATTED_MAX_BYTES);
    struct gotime_civil civil = gotime_civil_of(t);

    for (;;) {
        struct layout_element e = layout_next(&layout);

        strbuf_add(&b, e.prefix);
        if (e.type == LAYOUT_END)
            return str_copy(a, strbuf_str(&b));
        add_element(&b, t, &civil, &e);
    }
}

static char *put_number(char *at, int64_t n, int digits)
{
    for (int i = digits; i-- > 0; n /= 10)
        at[i] = (char) ('0' + n % 10);
    return at + digits;
}

/* Written for every row of every workflow, hence without a layout. */
struct str gotime_rfc3339(struct arena *a, struct wall wall)
{
    int64_t seconds = floor_div(wall.ms, 1000), days = floor_div(seconds, 86400);
    int64_t year = calendar_year_of(days), of_day = seconds - days * 86400;
    int32_t day = (int32_t) (days - calendar_year_start(year)), month = 1;
    struct gotime t = gotime_of_wall(wall);
    char text[sizeof("2006-01-02T15:04:05Z")], *at = text;

    if (year < 0 || year > 9999)
        return gotime_format(a, &t, GOTIME_RFC3339);
    while (calendar_month_start(year, month + 1) <= day)
        month++;
    at = put_number(at, year, 4);
    *at++ = '-';
    at = put_number(at, month, 2);
    *at++ = '-';
    at = put_number(at, day - calendar_month_start(year, month) + 1, 2);
    *at++ = 'T';
    at = put_number(at, of_day / 3600, 2);
    *at++ = ':';
    at = put_number(at, of_day / 60 % 60, 2);
    *at++ = ':';
    at = put_number(at, of_day % 60, 2);
    *at++ = 'Z';
    return str_copy(a, str_of(text, (size_t) (at - text)));
}

static bool read_digits(struct str value, size_t at, size_t count, int32_t *ret)
{
    *ret = 0;
    for (size_t i = at; i < at + count; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return false;
        *ret = 10 * *ret + (value.ptr[i] - '0');
    }
    return true;
}

/* The form that all objects have, without a walk through the layout: whole seconds of UTC. What
 * is not well formed is left to the walk, which says what is wrong. */
static bool parse_plain(struct str value, struct gotime *ret)
{
    static const char separators[] = "0000-00-00T00:00:00Z";
    struct gotime_civil c = {0};
    int32_t year;

    if (value.len != sizeof(separators) - 1)
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (separators[i] != '0' && value.ptr[i] != separators[i])
            return false;
    if (!read_digits(value, 0, 4, &year) || !read_digits(value, 5, 2, &c.month) ||
        !read_digits(value, 8, 2, &c.day) || !read_digits(value, 11, 2, &c.hour) ||
        !read_digits(value, 14, 2, &c.minute) || !read_digits(value, 17, 2, &c.second))
        return false;
    c.year = year;
    if (c.month < 1 || c.month > 12 || c.day < 1 || c.day > calendar_days_in(c.year, c.month) ||
        c.hour > 23 || c.minute > 59 || c.second > 59)
        return false;
    *ret = gotime_date(&c, 0, NULL);
    return true;
}

int gotime_parse_rfc3339(struct str value, struct gotime *ret, struct err *err)
{
    if (parse_plain(value, ret))
        return 0;
    return gotime_parse(GOTIME_RFC3339, value, NULL, ret, err);
}

int gotime_parse_wall(struct str value, struct wall *ret, struct err *err)
{
    struct gotime t;

    if (gotime_parse_rfc3339(value, &t, err) < 0)
        return -1;
    *ret = gotime_to_wall(&t);
    return 0;
}
