/* Times: broken down, written, read; in UTC but where a name says local. See jq_internal.h. */
#include "lang/jq/jq_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "formats/goquote.h"
#include "lang/jq/time_read.h"

enum { FIELD_COUNT = 8, TEXT_MAX = 4096, WIDTH_MAX = 1024, SPEC_MAX = 12 };

#define ZERO_TIME_S (-62135596800.0) /* Go's zero time: the first instant of year 1 */

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
static int build_up(struct jq_run *r, struct str name, const struct jq_value *v, bool is_local,
                    struct tm *tm, double *ret)
{
    int64_t fields[FIELD_COUNT] = {0};
    double seconds = 0;

    for (size_t i = 0; i < FIELD_COUNT && i < v->count; i++) {
        if (!jq_to_i64(&v->items[i], &fields[i]))
            return jq_fail(
                r, STR_FMT " cannot be applied to " STR_FMT ": expected an array of 8 numbers",
                STR_ARG(name), STR_ARG(jq_preview(r, v)));
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
    int rc = in->type == JQ_ARRAY ? build_up(r, STR("mktime"), in, false, &tm, &at)
                                  : jq_fail_type(r, "mktime", in);

    *ret = jq_float(at);
    return rc;
}

/* What is written: the fields, and what they do not hold. */
struct shown {
    const struct tm *tm;
    double at;
    bool is_local;
};

static void write_offset(struct strbuf *b, const struct shown *t, size_t colons)
{
    long offset_s = t->is_local ? t->tm->tm_gmtoff : 0, rest = labs(offset_s);

    strbuf_addf(b, "%c%02ld", offset_s < 0 ? '-' : '+', rest / 3600);
    if (colons < 3 || rest % 3600 != 0)
        strbuf_addf(b, "%s%02ld", colons > 0 ? ":" : "", rest / 60 % 60);
    if (colons == 2 || (colons == 3 && rest % 60 != 0))
        strbuf_addf(b, ":%02ld", rest % 60);
}

static void write_zone(struct strbuf *b, const struct shown *t, bool is_small)
{
    const char *name = t->is_local && t->tm->tm_zone ? t->tm->tm_zone : "UTC";

    for (; *name; name++)
        strbuf_addc(b, is_small && *name >= 'A' && *name <= 'Z' ? (char) (*name + 32) : *name);
}

static void write_time(struct strbuf *b, struct str format, const struct shown *t);

/* One conversion that strftime() of the C library has otherwise or not at all. */
static bool write_own(struct strbuf *b, struct str spec, const struct shown *t)
{
    bool is_bare = spec.len == 2;
    size_t colons = 0;

    switch (spec.ptr[spec.len - 1]) {
    case 'f':
        strbuf_addf(b, "%06d", (int) ((t->at - floor(t->at)) * 1e6));
        return true;
    case 's':
        strbuf_addf(b, "%lld", (long long) floor(t->at));
        return true;
    case 'Z':
        write_zone(b, t, str_find_char(spec, '#') != SIZE_MAX);
        return true;
    case 'z':
        for (size_t i = 0; i < spec.len; i++)
            colons += spec.ptr[i] == ':';
        write_offset(b, t, colons);
        return true;
    case 'Y':
        if (is_bare)
            strbuf_addf(b, "%04d", t->tm->tm_year + 1900);
        return is_bare;
    case 'F':
        write_time(b, STR("%Y-%m-%d"), t);
        return true;
    case 'v':
        write_time(b, STR("%e-%b-%Y"), t);
        return true;
    case '+':
        write_time(b, STR("%a %b %e %H:%M:%S %Z %Y"), t);
        return true;
    default:
        return false;
    }
}

/* Of "%" and what follows: flags, a width, colons of an offset, a letter; how much of it is one
 * conversion, or 0. */
static size_t spec_len(struct str s)
{
    size_t i = 1, colons = 0;

    while (i < s.len && strchr("-_^#0", s.ptr[i]) && s.ptr[i])
        i++;
    while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
        i++;
    for (; i < s.len && s.ptr[i] == ':' && colons < 3; i++)
        colons++;
    if (i >= s.len || i > SPEC_MAX || !s.ptr[i] || (colons > 0 && s.ptr[i] != 'z') ||
        !strchr("aAbBcCdDeFfgGHhIjklmMnpPrRsStTuUvVwWxXyYzZ+%", s.ptr[i]))
        return 0;
    return i + 1;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
/* What is no conversion stands for itself. */
static void write_time(struct strbuf *b, struct str format, const struct shown *t)
{
    char text[WIDTH_MAX + 64], spec[SPEC_MAX + 2];

    while (format.len > 0) {
        size_t len = format.ptr[0] == '%' ? spec_len(format) : 0;

        if (len == 0) {
            strbuf_addc(b, format.ptr[0]);
            format = str_skip(format, 1);
            continue;
        }
        if (!write_own(b, str_head(format, len), t)) {
            snprintf(spec, sizeof(spec), STR_FMT, STR_ARG(str_head(format, len)));
            strbuf_add(b, str_of(text, strftime(text, sizeof(text), spec, t->tm)));
        }
        format = str_skip(format, len);
    }
}
#pragma GCC diagnostic pop

static int write_as(struct jq_run *r, const char *name, const struct jq_value *in,
                    const struct jq_value *format, bool is_local, struct jq_value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX * 256);
    struct jq_value fields = *in;
    struct str call;
    struct tm tm;
    double at = 0;
    int rc = JQ_OK;

    if (jq_to_f64(in, &at))
        rc = break_down(r, at, is_local, &fields);
    if (rc)
        return rc;
    if (fields.type != JQ_ARRAY || format->type != JQ_STRING || format->count > TEXT_MAX)
        return jq_fail_with(r, name, &fields, format);
    call = str_printf(r->a, "%s(" STR_FMT ")", name, STR_ARG(jq_preview(r, format)));
    rc = build_up(r, call, &fields, is_local, &tm, &at);
    if (rc)
        return rc;
    write_time(&b, jq_str(format), &(struct shown){&tm, at, is_local});
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
    struct str why = STR(""), text, format;
    double at = 0;

    if (in->type != JQ_STRING || args->type != JQ_STRING || args->count > TEXT_MAX)
        return jq_fail_with(r, "strptime", in, args);
    if (jq_read_time(r->a, jq_str(in), jq_str(args), &at, &why) < 0) {
        text = go_quote(r->a, jq_str(in));
        format = go_quote(r->a, jq_str(args));
        return jq_fail(r,
                       "strptime(" STR_FMT ") cannot be applied to " STR_FMT
                       ": failed to parse " STR_FMT " with " STR_FMT ": " STR_FMT,
                       STR_ARG(jq_preview(r, args)), STR_ARG(jq_preview(r, in)), STR_ARG(text),
                       STR_ARG(format), STR_ARG(why));
    }
    if (floor(at) == ZERO_TIME_S)
        return jq_fail_with(r, "strptime", in, args);
    return break_down(r, at, false, ret);
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
