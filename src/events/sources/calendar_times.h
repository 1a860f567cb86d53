/*
 * events/sources/calendar_times.h - the times of a calendar source. Immutable once read, any
 * thread; zones are read from the system's database while reading. Source:
 * ../shared/spec/events.md 1.7 calendar; ../shared/golden/events/calendar.jsonl decides.
 */
#pragma once

#include "formats/json.h"
#include "lang/cron/cron.h"

struct calendar_day {
    int64_t year;
    int32_t month, day;
};

struct calendar_times {
    struct cron_schedule schedule;
    const struct gozone *zone; /* times are shown in it */
    const struct calendar_day *excluded;
    size_t excluded_count;
};

/**
 * calendar_times_read() - schedule or interval, exclusionDates and timezone of a calendar
 * @a:    where it lives
 * @spec: the named event's object
 * @ret:  untouched on failure
 * @err:  ERR_INVALID in upstream's words
 *
 * Return: 0 or -1.
 */
int calendar_times_read(struct arena *a, const struct json *spec, struct calendar_times *ret,
                        struct err *err);

/**
 * calendar_times_next() - the first time after another that is on no excluded day
 * @times: calendar
 * @after: not itself, in any zone
 * @ret:   in the calendar's zone; untouched when there is none
 *
 * Return: whether there is one. Intervals below a second may give times that are not after
 * @after, as upstream's.
 */
bool calendar_times_next(const struct calendar_times *times, const struct gotime *after,
                         struct gotime *ret);
