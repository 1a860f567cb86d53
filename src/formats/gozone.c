/*
 * formats/gozone.c - TZif files (RFC 9636) and POSIX zone rules.
 *
 * Version 2 and later files hold everything twice; the second part, with 64-bit instants, and
 * the rule in the footer are used. Version 1 files are read with their 32-bit instants.
 * Invariant: transitions ascend. Every count of the file is checked against its size before
 * use.
 */
#include "formats/gozone.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/limits.h"
#include "formats/calendar.h"

#define ZONE_DIR "/usr/share/zoneinfo/"

enum { OFFSET_MAX_S = 7 * 86400 };

struct kind {
    int32_t offset_s;
    bool is_dst;
    struct str name;
};

/* When a rule's half of the year begins: "M3.2.0/2", "J60" or "59". */
struct rule_date {
    enum { RULE_WEEKDAY, RULE_JULIAN, RULE_DAY } form;
    int32_t month, week, day;
    int32_t time_s;
};

struct rule {
    struct kind standard, summer;
    bool has_summer;
    struct rule_date start, end; /* of summer time */
};

struct gozone {
    size_t transition_count;
    const int64_t *at_s;
    const uint8_t *kind_of; /* the kind that begins at each transition */
    const struct kind *kinds;
    size_t kind_count;
    const struct rule *rule; /* behind the last transition; or NULL */
};

static const struct kind utc = {.name = STR_INIT("UTC")};

/* Unix seconds, as if the clock showed UTC, at which the date falls in a year. */
static int64_t rule_instant(const struct rule_date *date, int64_t year)
{
    int64_t first = calendar_year_start(year);
    int64_t day, end;

    if (date->form == RULE_DAY)
        return (first + date->day) * 86400 + date->time_s;
    if (date->form == RULE_JULIAN) {
        bool is_behind = calendar_is_leap(year) && date->day >= 60;

        return (first + date->day - 1 + is_behind) * 86400 + date->time_s;
    }
    day = first + calendar_month_start(year, date->month);
    end = first + calendar_month_start(year, date->month + 1);
    day += (date->day - calendar_weekday(day) + 7) % 7 + 7 * (date->week - 1);
    if (day >= end)
        day -= 7;
    return day * 86400 + date->time_s;
}

static bool take_number(struct str *rest, int32_t max, int32_t *ret)
{
    int32_t n = 0;
    size_t digits = 0;

    while (rest->len > 0 && rest->ptr[0] >= '0' && rest->ptr[0] <= '9' && digits < 4) {
        n = n * 10 + (rest->ptr[0] - '0');
        *rest = str_skip(*rest, 1);
        digits++;
    }
    *ret = n;
    return digits > 0 && n <= max;
}

static bool take_char(struct str *rest, char c)
{
    if (rest->len == 0 || rest->ptr[0] != c)
        return false;
    *rest = str_skip(*rest, 1);
    return true;
}

/* "[+-]hh[:mm[:ss]]" */
static bool take_time(struct str *rest, int32_t *ret)
{
    bool is_negative = take_char(rest, '-');
    int32_t hours, minutes = 0, seconds = 0;

    if (!is_negative)
        take_char(rest, '+');
    if (!take_number(rest, 168, &hours))
        return false;
    if (take_char(rest, ':') && !take_number(rest, 59, &minutes))
        return false;
    if (take_char(rest, ':') && !take_number(rest, 59, &seconds))
        return false;
    *ret = (hours * 60 + minutes) * 60 + seconds;
    if (is_negative)
        *ret = -*ret;
    return true;
}

/* Letters, or anything between angle brackets. */
static bool take_name(struct str *rest, struct str *ret)
{
    size_t len = 0;

    if (take_char(rest, '<')) {
        size_t close = str_find_char(*rest, '>');

        if (close == SIZE_MAX)
            return false;
        *ret = str_head(*rest, close);
        *rest = str_skip(*rest, close + 1);
        return true;
    }
    while (len < rest->len && ((rest->ptr[len] >= 'a' && rest->ptr[len] <= 'z') ||
                               (rest->ptr[len] >= 'A' && rest->ptr[len] <= 'Z')))
        len++;
    *ret = str_head(*rest, len);
    *rest = str_skip(*rest, len);
    return len >= 3;
}

static bool take_date(struct str *rest, struct rule_date *ret)
{
    *ret = (struct rule_date){.form = RULE_DAY, .time_s = 7200};
    if (take_char(rest, 'M')) {
        ret->form = RULE_WEEKDAY;
        if (!take_number(rest, 12, &ret->month) || ret->month < 1 || !take_char(rest, '.') ||
            !take_number(rest, 5, &ret->week) || ret->week < 1 || !take_char(rest, '.') ||
            !take_number(rest, 6, &ret->day))
            return false;
    } else {
        if (take_char(rest, 'J'))
            ret->form = RULE_JULIAN;
        if (!take_number(rest, 365, &ret->day))
            return false;
    }
    return !take_char(rest, '/') || take_time(rest, &ret->time_s);
}

/* "CET-1CEST,M3.5.0,M10.5.0/3": signs count west of Greenwich. */
static bool parse_rule(struct str text, struct rule *ret)
{
    int32_t west;

    if (!take_name(&text, &ret->standard.name) || !take_time(&text, &west))
        return false;
    ret->standard.offset_s = -west;
    if (text.len == 0)
        return true;
    if (!take_name(&text, &ret->summer.name))
        return false;
    ret->has_summer = true;
    ret->summer.is_dst = true;
    ret->summer.offset_s = ret->standard.offset_s + 3600;
    if (text.len > 0 && text.ptr[0] != ',') {
        if (!take_time(&text, &west))
            return false;
        ret->summer.offset_s = -west;
    }
    return take_char(&text, ',') && take_date(&text, &ret->start) && take_char(&text, ',') &&
           take_date(&text, &ret->end) && text.len == 0;
}

static struct gozone_span span_of(const struct kind *kind, int64_t start_s, int64_t end_s)
{
    return (struct gozone_span){.offset_s = kind->offset_s,
                                .name = kind->name,
                                .start_s = start_s,
                                .end_s = end_s,
                                .is_dst = kind->is_dst};
}

/* The span of a rule around an instant; it does not begin before @floor_s. */
static struct gozone_span rule_at(const struct rule *rule, int64_t unix_s, int64_t floor_s)
{
    /* So far from us the seconds of a year's changes would be beyond 64 bits. */
    int64_t near_s = unix_s > INT64_MAX / 2   ? INT64_MAX / 2
                     : unix_s < INT64_MIN / 2 ? INT64_MIN / 2
                                              : unix_s;
    int64_t year = calendar_year_of(floor_div(near_s + rule->standard.offset_s, 86400));
    int64_t begin = floor_s;

    if (!rule->has_summer)
        return span_of(&rule->standard, floor_s, INT64_MAX);
    /* The changes of three years in order; the last one not after the instant holds. */
    for (int64_t y = year - 1; y <= year + 1; y++) {
        int64_t start = rule_instant(&rule->start, y) - rule->standard.offset_s;
        int64_t end = rule_instant(&rule->end, y) - rule->summer.offset_s;
        bool is_north = start < end;
        int64_t first = is_north ? start : end;
        int64_t second = is_north ? end : start;

        if (unix_s < first)
            return span_of(is_north ? &rule->standard : &rule->summer, begin, first);
        begin = first > floor_s ? first : floor_s;
        if (unix_s < second)
            return span_of(is_north ? &rule->summer : &rule->standard, begin, second);
        begin = second > floor_s ? second : floor_s;
    }
    return span_of(&rule->standard, begin, INT64_MAX);
}

struct reader {
    struct str rest;
    bool is_bad;
};

static uint64_t take_bytes(struct reader *r, size_t count)
{
    uint64_t n = 0;

    if (r->rest.len < count) {
        r->is_bad = true;
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        n = n << 8 | (unsigned char) r->rest.ptr[i];
    r->rest = str_skip(r->rest, count);
    return n;
}

struct counts {
    uint32_t is_ut, is_std, leaps, transitions, kinds, name_bytes;
};

/* The fixed part in front of each block; the version is '\0', '2', '3' or '4'. */
static bool take_header(struct reader *r, struct counts *ret, char *ret_version)
{
    if (!str_starts(r->rest, STR("TZif")) || r->rest.len < 44)
        return false;
    *ret_version = r->rest.ptr[4];
    r->rest = str_skip(r->rest, 20);
    ret->is_ut = (uint32_t) take_bytes(r, 4);
    ret->is_std = (uint32_t) take_bytes(r, 4);
    ret->leaps = (uint32_t) take_bytes(r, 4);
    ret->transitions = (uint32_t) take_bytes(r, 4);
    ret->kinds = (uint32_t) take_bytes(r, 4);
    ret->name_bytes = (uint32_t) take_bytes(r, 4);
    return true;
}

static uint64_t block_size(const struct counts *c, size_t instant_size)
{
    return (uint64_t) c->transitions * (instant_size + 1) + (uint64_t) c->kinds * 6 +
           c->name_bytes + (uint64_t) c->leaps * (instant_size + 4) + c->is_std + c->is_ut;
}

static struct str name_at(struct str names, uint64_t at)
{
    struct str rest = str_skip(names, at);

    return str_head(rest, str_find_char(rest, '\0'));
}

/* Reads one block, which is known to be there in full. */
static bool take_block(struct arena *a, struct reader *r, const struct counts *c,
                       size_t instant_size, struct gozone *ret)
{
    int64_t *at_s = ARENA_ARRAY(a, int64_t, c->transitions + 1);
    uint8_t *kind_of = ARENA_ARRAY(a, uint8_t, c->transitions + 1);
    struct kind *kinds = ARENA_ARRAY(a, struct kind, c->kinds + 1);
    struct str names;

    for (uint32_t i = 0; i < c->transitions; i++) {
        uint64_t n = take_bytes(r, instant_size);

        at_s[i] = instant_size == 4 ? (int32_t) (uint32_t) n : (int64_t) n;
        if (i > 0 && at_s[i] < at_s[i - 1])
            return false;
    }
    for (uint32_t i = 0; i < c->transitions; i++) {
        kind_of[i] = (uint8_t) take_bytes(r, 1);
        if (kind_of[i] >= c->kinds)
            return false;
    }
    names = str_head(str_skip(r->rest, (size_t) c->kinds * 6), c->name_bytes);
    for (uint32_t i = 0; i < c->kinds; i++) {
        kinds[i].offset_s = (int32_t) (uint32_t) take_bytes(r, 4);
        kinds[i].is_dst = take_bytes(r, 1) != 0;
        kinds[i].name = name_at(names, take_bytes(r, 1));
        if (kinds[i].offset_s < -OFFSET_MAX_S || kinds[i].offset_s > OFFSET_MAX_S)
            return false;
    }
    r->rest = str_skip(r->rest, c->name_bytes + (size_t) c->leaps * (instant_size + 4) +
                                    c->is_std + c->is_ut);
    *ret = (struct gozone){.transition_count = c->transitions,
                           .at_s = at_s,
                           .kind_of = kind_of,
                           .kinds = kinds,
                           .kind_count = c->kinds};
    return !r->is_bad && c->kinds > 0;
}

/* The rule between two line feeds at the end; a wrong one is left out. */
static void take_footer(struct arena *a, struct str rest, struct gozone *ret)
{
    struct rule *rule = ARENA_NEW(a, struct rule);
    size_t end;

    if (!take_char(&rest, '\n'))
        return;
    end = str_find_char(rest, '\n');
    if (end != SIZE_MAX && end > 0 && parse_rule(str_head(rest, end), rule))
        ret->rule = rule;
}

int gozone_parse(struct arena *a, struct str bytes, const struct gozone **ret, struct err *err)
{
    struct reader r = {.rest = str_copy(a, bytes)};
    struct gozone *zone = ARENA_NEW(a, struct gozone);
    struct counts counts;
    size_t instant_size = 4;
    char version;

    if (!take_header(&r, &counts, &version) || block_size(&counts, 4) > r.rest.len)
        return err_set(err, ERR_INVALID, "malformed time zone information");
    if (version >= '2') {
        r.rest = str_skip(r.rest, (size_t) block_size(&counts, 4));
        instant_size = 8;
        if (!take_header(&r, &counts, &version) || block_size(&counts, 8) > r.rest.len)
            return err_set(err, ERR_INVALID, "malformed time zone information");
    }
    if (!take_block(a, &r, &counts, instant_size, zone))
        return err_set(err, ERR_INVALID, "malformed time zone information");
    if (instant_size == 8)
        take_footer(a, r.rest, zone);
    *ret = zone;
    return 0;
}

static bool is_safe_name(struct str name)
{
    struct str part;

    if (name.ptr[0] == '/' || name.ptr[0] == '\\')
        return false;
    while (str_cut(&name, '/', &part))
        if (str_find(part, STR("..")) != SIZE_MAX)
            return false;
    return true;
}

/* The file of a zone, or the absent view and why. */
static struct str read_file(struct arena *a, struct str name, int *ret_errno)
{
    struct str path = str_printf(a, ZONE_DIR STR_FMT, STR_ARG(name));
    char *bytes = arena_alloc_raw(a, ZONE_FILE_MAX_BYTES);
    FILE *file = fopen(path.ptr, "rbe");
    size_t len;

    *ret_errno = errno;
    if (!file)
        return STR_NONE;
    errno = 0;
    len = fread(bytes, 1, ZONE_FILE_MAX_BYTES, file);
    *ret_errno = errno;
    fclose(file);
    return len == 0 || len == ZONE_FILE_MAX_BYTES ? STR_NONE : str_of(bytes, len);
}

static int fail_unknown(struct str name, int why, struct err *err)
{
    if (why == EISDIR)
        return err_set(err, ERR_INVALID, "is a directory");
    if (why == ENOTDIR)
        return err_set(err, ERR_INVALID, "not a directory");
    return err_set(err, ERR_INVALID, "unknown time zone " STR_FMT,
                   STR_ARG(str_head(name, 200)));
}

int gozone_load(struct arena *a, struct str name, const struct gozone **ret, struct err *err)
{
    struct str bytes = STR_NONE;
    int why = 0;

    if (str_is_empty(name) || str_is(name, "UTC") || str_is(name, "Local")) {
        *ret = NULL;
        return 0;
    }
    if (!is_safe_name(name))
        return err_set(err, ERR_INVALID, "time: invalid location name");
    if (str_find_char(name, '\0') == SIZE_MAX)
        bytes = read_file(a, name, &why);
    if (str_is_none(bytes))
        return fail_unknown(name, why, err);
    return gozone_parse(a, bytes, ret, err);
}

/* What holds before the first transition: the first kind that is not summer time. */
static const struct kind *first_kind(const struct gozone *zone)
{
    if (zone->transition_count > 0 && zone->kinds[0].is_dst)
        for (size_t i = 0; i < zone->kind_count; i++)
            if (!zone->kinds[i].is_dst)
                return &zone->kinds[i];
    return &zone->kinds[0];
}

struct gozone_span gozone_at(const struct gozone *zone, int64_t unix_s)
{
    size_t low = 0, high;
    int64_t start;

    if (!zone)
        return span_of(&utc, INT64_MIN, INT64_MAX);
    high = zone->transition_count;
    if (high == 0 && zone->rule)
        return rule_at(zone->rule, unix_s, INT64_MIN);
    if (high == 0 || unix_s < zone->at_s[0])
        return span_of(first_kind(zone), INT64_MIN, high > 0 ? zone->at_s[0] : INT64_MAX);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (unix_s < zone->at_s[middle])
            high = middle;
        else
            low = middle;
    }
    start = zone->at_s[low];
    if (low + 1 == zone->transition_count && zone->rule)
        return rule_at(zone->rule, unix_s, start);
    return span_of(&zone->kinds[zone->kind_of[low]], start,
                   low + 1 < zone->transition_count ? zone->at_s[low + 1] : INT64_MAX);
}

bool gozone_find(const struct gozone *zone, struct str name, int64_t unix_s, int32_t *ret_s)
{
    const struct kind *fallback = NULL;

    for (size_t i = 0; zone && i < zone->kind_count; i++) {
        const struct kind *kind = &zone->kinds[i];
        struct gozone_span span;

        if (!str_eq(kind->name, name))
            continue;
        span = gozone_at(zone, unix_s - kind->offset_s);
        if (str_eq(span.name, name)) {
            *ret_s = span.offset_s;
            return true;
        }
        fallback = fallback ? fallback : kind;
    }
    if (fallback)
        *ret_s = fallback->offset_s;
    return fallback != NULL;
}
