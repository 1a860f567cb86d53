/* See filters.h. */
#include "events/sensors/filters.h"

static bool parse_clock(struct str text, int *ret)
{
    struct str rest = text, h, m, s;
    uint32_t hour, minute, second;

    if (!str_cut(&rest, ':', &h) || !str_cut(&rest, ':', &m) || !str_cut(&rest, ':', &s) ||
        !str_is_none(rest) || h.len != 2 || m.len != 2 || s.len != 2)
        return false;
    if (!parse_u32(h, &hour) || !parse_u32(m, &minute) || !parse_u32(s, &second) || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    *ret = (int) (hour * 3600 + minute * 60 + second);
    return true;
}

int filters_check(const struct json *filters, struct err *err)
{
    static const char *const later[] = {"data", "exprs", "script"};
    const struct json *time = json_get(filters, STR("time"));
    int seconds;

    for (size_t i = 0; i < COUNT_OF(later); i++) {
        const struct json *member = json_get(filters, str_from(later[i]));

        if (member && member->type != JSON_NULL &&
            !(member->type >= JSON_ARRAY && member->count == 0))
            return err_set(err, ERR_UNSUPPORTED, "filters.%s is not supported yet", later[i]);
    }
    if (!time || time->type == JSON_NULL)
        return 0;
    if (!str_is_empty(json_get_str(time, STR("timezone"))) &&
        !str_is(json_get_str(time, STR("timezone")), "UTC"))
        return err_set(err, ERR_UNSUPPORTED,
                       "filters.time.timezone other than UTC is not supported yet");
    if (!parse_clock(json_get_str(time, STR("start")), &seconds) ||
        !parse_clock(json_get_str(time, STR("stop")), &seconds))
        return err_set(err, ERR_INVALID, "filters.time: start and stop must be HH:MM:SS");
    return 0;
}

static bool context_passes(struct arena *a, const struct json *wanted,
                           const struct json *context, struct str *reason)
{
    static const char *const names[] = {"type", "subject", "source", "datacontenttype"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct str want = json_get_str(wanted, str_from(names[i])),
                   got = json_get_str(context, str_from(names[i]));

        if (!str_is_empty(want) && !str_eq(want, got)) {
            *reason =
                str_printf(a, "context filter: %s is \"" STR_FMT "\", not \"" STR_FMT "\"",
                           names[i], STR_ARG(got), STR_ARG(want));
            return false;
        }
    }
    return true;
}

/* The event's time of day in UTC lies in [start, stop), which may go over midnight. */
static bool time_passes(struct arena *a, const struct json *filter, const struct json *context,
                        struct str *reason)
{
    struct str time = json_get_str(context, STR("time"));
    int start = 0, stop = 0, now = 0;
    bool is_inside;

    if (!parse_clock(json_get_str(filter, STR("start")), &start) ||
        !parse_clock(json_get_str(filter, STR("stop")), &stop) || time.len < 19 ||
        !parse_clock(str_of(time.ptr + 11, 8), &now)) {
        *reason = STR("time filter: the event has no time");
        return false;
    }
    is_inside = start < stop ? now >= start && now < stop : now >= start || now < stop;
    if (!is_inside)
        *reason =
            str_printf(a, "time filter: " STR_FMT " is not within " STR_FMT " and " STR_FMT,
                       STR_ARG(time), STR_ARG(json_get_str(filter, STR("start"))),
                       STR_ARG(json_get_str(filter, STR("stop"))));
    return is_inside;
}

bool filters_pass(struct arena *a, const struct json *filters, const struct json *context,
                  struct str *reason)
{
    const struct json *wanted = json_get(filters, STR("context")),
                      *time = json_get(filters, STR("time"));
    bool has_context = json_is(wanted, JSON_OBJECT), has_time = json_is(time, JSON_OBJECT);
    bool is_or = str_is(json_get_str(filters, STR("filtersLogicalOperator")), "or");
    bool context_good = !has_context || context_passes(a, wanted, context, reason);
    bool time_good =
        !has_time || (!is_or && !context_good) || time_passes(a, time, context, reason);

    if (!is_or)
        return context_good && time_good;
    return (has_context && context_good) || (has_time && time_good);
}
