/* The times of a calendar source. See calendar_times.h. */
#include "events/sources/calendar_times.h"

#include "base/vec.h"
#include "formats/duration.h"

struct excluded {
    struct arena *a;
    VEC(struct calendar_day) days;
};

/* "EXDATE:20200101T000000Z,20200201T000000Z"; other properties say nothing. */
static int read_exclusion(struct excluded *e, struct str text, struct err *err)
{
    struct str prefix = STR("EXDATE:"), one;

    if (!str_starts(text, prefix))
        return 0;
    text = str_skip(text, prefix.len);
    while (str_cut(&text, ',', &one)) {
        struct gotime time;
        struct gotime_civil civil;

        if (gotime_parse(STR("20060102T150405Z"), one, NULL, &time, err) < 0)
            return -1;
        civil = gotime_civil_of(&time);
        VEC_APUSH(e->a, &e->days, ((struct calendar_day){civil.year, civil.month, civil.day}));
    }
    return 0;
}

static int read_schedule(struct arena *a, const struct json *spec, struct cron_schedule *ret,
                         struct err *err)
{
    struct str schedule = json_get_str(spec, STR("schedule")),
               interval = json_get_str(spec, STR("interval"));
    int64_t ns = 0;

    if (schedule.len > 0)
        return cron_parse(a, schedule, CRON_FIELDS_ONLY, ret, err) < 0
                   ? err_set(err, ERR_INVALID,
                             "failed to parse schedule " STR_FMT
                             " from calendar event. Cause: %s",
                             STR_ARG(schedule), err->text)
                   : 0;
    if (interval.len == 0)
        return err_set(err, ERR_INVALID,
                       "calendar event must contain either a schedule or interval");
    if (duration_parse(interval, &ns, err) < 0)
        return err_set(err, ERR_INVALID,
                       "failed to parse interval " STR_FMT " from calendar event. Cause: %s",
                       STR_ARG(interval), err->text);
    *ret = cron_every(ns);
    return 0;
}

int calendar_times_read(struct arena *a, const struct json *spec, struct calendar_times *ret,
                        struct err *err)
{
    const struct json *list = json_get(spec, STR("exclusionDates"));
    struct calendar_times made = {0};
    struct excluded excluded = {.a = a};

    if (read_schedule(a, spec, &made.schedule, err) < 0)
        return -1;
    for (uint32_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++)
        if (read_exclusion(&excluded, json_str(&list->items[i]), err) < 0)
            return -1;
    if (gozone_load(a, json_get_str(spec, STR("timezone")), &made.zone, err) < 0)
        return err_wrap(err, "failed to load location");
    made.excluded = excluded.days.at;
    made.excluded_count = excluded.days.len;
    *ret = made;
    return 0;
}

static bool is_excluded(const struct calendar_times *times, const struct gotime *t)
{
    struct gotime_civil civil = gotime_civil_of(t);

    for (size_t i = 0; i < times->excluded_count; i++)
        if (times->excluded[i].year == civil.year && times->excluded[i].month == civil.month &&
            times->excluded[i].day == civil.day)
            return true;
    return false;
}

/* A later time of the same day from which on to look: an interval of a second would otherwise
 * be gone through a day long. Intervals keep their beat. */
static struct gotime late_on_day(const struct calendar_times *times, const struct gotime *t)
{
    struct gotime_civil civil = gotime_civil_of(t);
    int64_t beat_s = times->schedule.every_ns / DURATION_SECOND;
    struct gotime end, made;

    civil.hour = 23;
    civil.minute = civil.second = 59;
    end = gotime_date(&civil, 0, times->zone);
    if (end.unix_s <= t->unix_s)
        return *t;
    if (!times->schedule.is_every)
        return end;
    if (beat_s <= 0 || t->ns != times->schedule.every_ns % DURATION_SECOND)
        return *t; /* a raw delay's fraction stays, its whole seconds are the beat */
    made = gotime_unix(t->unix_s + (end.unix_s - t->unix_s) / beat_s * beat_s, t->ns);
    return gotime_in(&made, times->zone);
}

bool calendar_times_next(const struct calendar_times *times, const struct gotime *after,
                         struct gotime *ret)
{
    struct gotime from = gotime_in(after, times->zone), next;

    while (cron_next(&times->schedule, &from, times->zone, &next)) {
        if (!is_excluded(times, &next)) {
            *ret = next;
            return true;
        }
        from = late_on_day(times, &next);
    }
    return false;
}
