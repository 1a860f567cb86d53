/* Times: broken down, written, read; in UTC but where a name says local. See jq_internal.h. */
#include "lang/jq/jq_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

enum { FIELD_COUNT = 8, TEXT_MAX = 4096 };

#define TIME(name)                                                            \
    static int f_##name(struct jq_run *r, const struct jq_value *in _unused_, \
                        const struct jq_value *args _unused_, struct jq_value *ret)

/* [year, month from 0, day, hours, minutes, seconds, weekday, day of the year] */
static int give_fields(struct jq_run *r, const struct tm *tm, double fraction,
                       struct jq_value *ret)
{
    struct jq_value *items = ARENA_ARRAY(r->a, struct jq_value, FIELD_COUNT);
    const int fields[FIELD_COUNT] = {tm->tm_year + 1900, tm->tm_mon, tm->tm_mday, tm->tm_hour,
                                     tm->tm_min,         tm->tm_sec, tm->tm_wday, tm->tm_yday};

    for (size_t i = 0; i < FIELD_COUNT; i++)
        items[i] = jq_int(fields[i]);
    items[5] = jq_float(tm->tm_sec + fraction);
    *ret = jq_array(items, FIELD_COUNT);
    return JQ_OK;
}

static int break_down(struct jq_run *r, double at, bool is_local, struct jq_value *ret)
{
    time_t seconds;
    struct tm tm = {};

    if (!(fabs(at) < 1e15))
        return jq_fail(r, "time out of range");
    seconds = (time_t) at;
    if (!(is_local ? localtime_r(&seconds, &tm) : gmtime_r(&seconds, &tm)))
        return jq_fail(r, "time out of range");
    return give_fields(r, &tm, floor((at - floor(at)) * 1e9) / 1e9, ret);
}

/* @v is such a list, or the beginning of one; numbers beyond their range are carried over. */
static int build_up(struct jq_run *r, const char *name, const struct jq_value *v, bool is_local,
                    struct tm *tm, double *ret)
{
    int64_t fields[FIELD_COUNT] = {0};
    double seconds = 0;

    if (v->type != JQ_ARRAY)
        return jq_fail_type(r, name, v);
    for (size_t i = 0; i < FIELD_COUNT && i < v->count; i++) {
        if (!jq_to_i64(&v->items[i], &fields[i]))
            return jq_fail(r, "%s cannot be applied to " STR_FMT ": invalid time array", name,
                           STR_ARG(jq_preview(r, v)));
        if (fields[i] > 1000000000 || fields[i] < -1000000000)
            return jq_fail(r, "time out of range");
    }
    if (v->count > 5)
        jq_to_f64(&v->items[5], &seconds);
    *tm = (struct tm){.tm_year = (int) fields[0] - 1900,
                      .tm_mon = (int) fields[1],
                      .tm_mday = (int) fields[2],
                      .tm_hour = (int) fields[3],
                      .tm_min = (int) fields[4],
                      .tm_sec = (int) fields[5],
                      .tm_isdst = is_local ? -1 : 0};
    *ret = (double) (is_local ? mktime(tm) : timegm(tm)) + (seconds - floor(seconds));
    return JQ_OK;
}

TIME(now)
{
    *ret = jq_float((double) clock_wall().ms / 1e3);
    return jq_charge(r, 1, 0);
}

static int broken(struct jq_run *r, const char *name, const struct jq_value *in, bool is_local,
                  struct jq_value *ret)
{
    double at = 0;

    return jq_to_f64(in, &at) ? break_down(r, at, is_local, ret) : jq_fail_type(r, name, in);
}

TIME(utc)
{
    return broken(r, "gmtime", in, false, ret);
}

TIME(local)
{
    return broken(r, "localtime", in, true, ret);
}

TIME(mktime)
{
    struct tm tm;
    double at = 0;
    int rc = build_up(r, "mktime", in, false, &tm, &at);

    *ret = jq_float(at);
    return rc;
}

static int fail_with(struct jq_run *r, const char *name, const struct jq_value *in,
                     const struct jq_value *arg)
{
    return jq_fail(r, "%s(" STR_FMT ") cannot be applied to: " STR_FMT, name,
                   STR_ARG(jq_preview(r, arg)), STR_ARG(jq_shown(r, in)));
}

/* One conversion of strftime(); what it does not know stands for itself. */
static size_t write_field(char *text, size_t size, char letter, const struct tm *tm,
                          bool is_local)
{
    switch (letter) {
    case 'L':
    case 'f':
        return (size_t) snprintf(text, size, letter == 'L' ? "000" : "000000");
    case 'Z':
        return (size_t) snprintf(text, size, "%s",
                                 is_local && tm->tm_zone ? tm->tm_zone : "UTC");
    case 'z':
        return (size_t) snprintf(text, size, "%c%02d%02d", tm->tm_gmtoff < 0 ? '-' : '+',
                                 abs((int) tm->tm_gmtoff) / 3600,
                                 abs((int) tm->tm_gmtoff) / 60 % 60);
    default:
        break;
    }
    return 0;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void write_time(struct strbuf *b, struct str format, const struct tm *tm, bool is_local)
{
    char text[256], spec[4];

    for (size_t i = 0; i < format.len; i++) {
        size_t len;

        if (format.ptr[i] != '%' || i + 1 == format.len) {
            strbuf_addc(b, format.ptr[i]);
            continue;
        }
        snprintf(spec, sizeof(spec), "%%%c", format.ptr[++i]);
        if (format.ptr[i] == '-' && i + 1 < format.len)
            snprintf(spec, sizeof(spec), "%%-%c", format.ptr[++i]);
        len = write_field(text, sizeof(text), format.ptr[i], tm, is_local);
        if (len == 0)
            len = strftime(text, sizeof(text), spec, tm);
        strbuf_add(b, str_of(text, len));
    }
}
#pragma GCC diagnostic pop

static int write_as(struct jq_run *r, const char *name, const struct jq_value *in,
                    const struct jq_value *format, bool is_local, struct jq_value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX * 256);
    struct jq_value fields = *in;
    struct tm tm;
    double at = 0;
    int rc = JQ_OK;

    if (jq_to_f64(in, &at))
        rc = break_down(r, at, is_local, &fields);
    if (rc)
        return rc;
    if (fields.type != JQ_ARRAY || format->type != JQ_STRING || format->count > TEXT_MAX)
        return fail_with(r, name, in, format);
    rc = build_up(r, name, &fields, is_local, &tm, &at);
    if (rc)
        return rc;
    write_time(&b, jq_str(format), &tm, is_local);
    *ret = jq_string(str_copy(r->a, strbuf_str(&b)));
    return jq_charge(r, b.len, 0);
}

TIME(strftime)
{
    return write_as(r, "strftime", in, args, false, ret);
}

TIME(strflocaltime)
{
    return write_as(r, "strflocaltime", in, args, true, ret);
}

TIME(strptime)
{
    struct tm tm = {.tm_mday = 1};
    const char *end;
    time_t at;

    if (in->type != JQ_STRING || args->type != JQ_STRING || args->count > TEXT_MAX)
        return fail_with(r, "strptime", in, args);
    end = strptime(str_cz(r->a, jq_str(in)), str_cz(r->a, jq_str(args)), &tm);
    if (!end || *end)
        return jq_fail(r,
                       "strptime(" STR_FMT ") cannot be applied to " STR_FMT
                       ": the text does not match",
                       STR_ARG(jq_preview(r, args)), STR_ARG(jq_preview(r, in)));
    at = timegm(&(struct tm){.tm_year = tm.tm_year,
                             .tm_mon = tm.tm_mon,
                             .tm_mday = tm.tm_mday,
                             .tm_hour = tm.tm_hour,
                             .tm_min = tm.tm_min,
                             .tm_sec = tm.tm_sec}) -
         tm.tm_gmtoff;
    return break_down(r, (double) at, false, ret);
}

const struct jq_native jq_natives_time[] = {
    {"gmtime", 0, f_utc},
    {"localtime", 0, f_local},
    {"mktime", 0, f_mktime},
    {"now", 0, f_now},
    {"strflocaltime", 1, f_strflocaltime},
    {"strftime", 1, f_strftime},
    {"strptime", 1, f_strptime},
    {0},
};
