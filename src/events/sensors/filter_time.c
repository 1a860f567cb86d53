/* Filter of the time of day: [start, stop) on the day of the event in the filter's zone; start
 * at or after stop goes over midnight. See filters_internal.h. */
#include "events/sensors/filters_internal.h"
#include "formats/gotime.h"

#include <stdio.h>

#define DAY_LAYOUT STR("2006-01-02")

/* Start or stop on a day. */
static int clock_on(const struct json *filter, struct str name, struct str day,
                    const struct gozone *zone, struct gotime *ret, struct err *err)
{
    struct str text = json_get_str(filter, name);
    char bytes[64];
    int len = snprintf(bytes, sizeof(bytes), STR_FMT " " STR_FMT, STR_ARG(day), STR_ARG(text));
    struct str whole = str_of(bytes, (size_t) len);

    if ((size_t) len >= sizeof(bytes) ||
        gotime_parse(STR("2006-01-02 15:04:05"), whole, zone, ret, err) < 0)
        return err_set(err, ERR_INVALID,
                       "filters.time." STR_FMT ": HH:MM:SS expected, found \"" STR_FMT "\"",
                       STR_ARG(name), STR_ARG(text));
    return 0;
}

static int zone_of(struct arena *a, const struct json *filter, const struct gozone **ret,
                   struct err *err)
{
    *ret = NULL;
    if (gozone_load(a, json_get_str(filter, STR("timezone")), ret, err) < 0)
        return err_wrap(err, "filters.time.timezone");
    return 0;
}

int filter_time_check(const struct json *filters, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *filter = json_get(filters, STR("time"));
    const struct gozone *zone;
    struct gotime t;

    if (!filter || filter->type == JSON_NULL)
        return 0;
    if (zone_of(a, filter, &zone, err) < 0 ||
        clock_on(filter, STR("start"), STR("2000-01-01"), zone, &t, err) < 0)
        return -1;
    return clock_on(filter, STR("stop"), STR("2000-01-01"), zone, &t, err);
}

static bool is_before(const struct gotime *a, const struct gotime *b)
{
    return a->unix_s != b->unix_s ? a->unix_s < b->unix_s : a->ns < b->ns;
}

static bool is_within(const struct gotime *now, const struct gotime *start,
                      const struct gotime *stop)
{
    if (is_before(start, stop))
        return !is_before(now, start) && is_before(now, stop);
    return !is_before(now, start) || is_before(now, stop);
}

enum filter_verdict filter_time(struct arena *a, const struct json *filters,
                                const struct trigger_event *event, struct str *reason)
{
    const struct json *filter = json_get(filters, STR("time"));
    struct str text = json_get_str(event->context, STR("time"));
    const struct gozone *zone;
    struct gotime now, start, stop;
    struct str day;
    struct err err;

    if (!json_is(filter, JSON_OBJECT))
        return FILTER_ABSENT;
    if (zone_of(a, filter, &zone, &err) < 0 || gotime_parse_rfc3339(text, &now, &err) < 0) {
        *reason = str_printf(a, "time filter: %s", err.text);
        return FILTER_FAILS;
    }
    now = gotime_in(&now, zone);
    day = gotime_format(a, &now, DAY_LAYOUT);
    if (clock_on(filter, STR("start"), day, zone, &start, &err) < 0 ||
        clock_on(filter, STR("stop"), day, zone, &stop, &err) < 0) {
        *reason = str_printf(a, "time filter: %s", err.text);
        return FILTER_FAILS;
    }
    now.ns = 0; /* upstream's event has whole seconds */
    if (is_within(&now, &start, &stop))
        return FILTER_PASSES;
    *reason = str_printf(a, "time filter: " STR_FMT " is not within " STR_FMT " and " STR_FMT,
                         STR_ARG(text), STR_ARG(json_get_str(filter, STR("start"))),
                         STR_ARG(json_get_str(filter, STR("stop"))));
    return FILTER_HOLDS_BACK;
}
