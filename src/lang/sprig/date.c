/*
 * lang/sprig/date.c - sprig's functions on times and durations.
 *
 * Any thread. What is neither a time nor a whole number is the current time, also a text, as
 * upstream's.
 */
#include "formats/duration.h"
#include "formats/gotime.h"
#include "lang/sprig/sprig_internal.h"

static const struct gotime zero_time = {.unix_s = -62135596800, .zone = "UTC"};

static struct gotime moment_of(const struct value_run *r, const struct value *v)
{
    if (v->type == VALUE_TIME)
        return *v->time;
    if (v->type == VALUE_INT &&
        (v->go == VALUE_GO_USUAL || v->go == VALUE_GO_INT64 || v->go == VALUE_GO_INT32))
        return gotime_unix(v->number, 0);
    return gotime_of_wall(r->now);
}

static int show(struct value_run *r, struct str layout, const struct value *when,
                struct str zone_name, struct value *ret)
{
    const struct gozone *zone = NULL;
    struct gotime t = moment_of(r, when);
    struct err ignored;

    if (zone_name.len > 0 && gozone_load(r->a, zone_name, &zone, &ignored) < 0)
        zone = NULL;
    t = gotime_in(&t, zone);
    *ret = value_string(gotime_format(r->a, &t, layout));
    return value_make(r, ret->count);
}

SPRIG_FN(now)
{
    struct gotime t = gotime_of_wall(r->now);

    *ret = value_of_time(r->a, &t);
    return 0;
}

SPRIG_FN(date)
{
    return show(r, value_text(&args[0]), &args[1], STR("UTC"), ret);
}

SPRIG_FN(dateInZone)
{
    return show(r, value_text(&args[0]), &args[1], value_text(&args[2]), ret);
}

SPRIG_FN(htmlDate)
{
    return show(r, STR("2006-01-02"), &args[0], STR("UTC"), ret);
}

SPRIG_FN(htmlDateInZone)
{
    return show(r, STR("2006-01-02"), &args[0], value_text(&args[1]), ret);
}

SPRIG_FN(mustDateModify)
{
    int64_t ns = 0;

    if (duration_parse(value_text(&args[0]), &ns, r->err) < 0)
        return -1;
    *ret = value_time_moved(r->a, args[1].time, ns);
    return 0;
}

SPRIG_FN(dateModify)
{
    int64_t ns = 0;
    struct err ignored;

    *ret = args[1];
    if (duration_parse(value_text(&args[0]), &ns, &ignored) == 0)
        *ret = value_time_moved(r->a, args[1].time, ns);
    return 0;
}

SPRIG_FN(ago)
{
    struct gotime t = moment_of(r, &args[0]), now = gotime_of_wall(r->now);
    int64_t ns = value_time_since(&now, &t);

    *ret = value_string(duration_print(r->a, duration_round(ns, DURATION_SECOND)));
    return 0;
}

SPRIG_FN(duration)
{
    int64_t n = 0;

    if (args[0].type == VALUE_STRING && !parse_i64(value_text(&args[0]), &n))
        n = 0;
    else if (args[0].type == VALUE_INT && args[0].go == VALUE_GO_INT64)
        n = args[0].number;
    *ret = value_string(
        duration_print(r->a, (int64_t) ((uint64_t) n * (uint64_t) DURATION_SECOND)));
    return 0;
}

SPRIG_FN(durationRound)
{
    static const struct {
        int64_t ns;
        const char *unit;
    } units[] = {{365 * 24 * DURATION_HOUR, "y"}, {30 * 24 * DURATION_HOUR, "mo"},
                 {24 * DURATION_HOUR, "d"},       {DURATION_HOUR, "h"},
                 {DURATION_MINUTE, "m"},          {DURATION_SECOND, "s"}};
    int64_t ns = 0;
    uint64_t n;
    struct err ignored;

    if (args[0].type == VALUE_STRING && duration_parse(value_text(&args[0]), &ns, &ignored) < 0)
        ns = 0;
    else if (args[0].type == VALUE_INT && args[0].go == VALUE_GO_INT64)
        ns = args[0].number;
    else if (args[0].type == VALUE_TIME) {
        struct gotime now = gotime_of_wall(r->now);

        ns = value_time_since(&now, args[0].time);
    }
    n = ns < 0 ? 0 - (uint64_t) ns : (uint64_t) ns;
    *ret = value_string(STR("0s"));
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (n > (uint64_t) units[i].ns) {
            *ret = value_string(str_printf(r->a, "%llu%s",
                                           (unsigned long long) (n / (uint64_t) units[i].ns),
                                           units[i].unit));
            break;
        }
    return 0;
}

SPRIG_FN(mustToDate)
{
    struct gotime t = zero_time;

    if (gotime_parse(value_text(&args[0]), value_text(&args[1]), NULL, &t, r->err) < 0)
        return -1;
    *ret = value_of_time(r->a, &t);
    return 0;
}

SPRIG_FN(toDate)
{
    struct gotime t = zero_time;
    struct err ignored;

    (void) gotime_parse(value_text(&args[0]), value_text(&args[1]), NULL, &t, &ignored);
    *ret = value_of_time(r->a, &t);
    return 0;
}

SPRIG_FN(unixEpoch)
{
    *ret = value_string(str_printf(r->a, "%lld", (long long) args[0].time->unix_s));
    return 0;
}
