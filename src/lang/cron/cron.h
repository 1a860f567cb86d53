/*
 * lang/cron/cron.h - schedules as robfig/cron v3 reads them, and when they come due.
 *
 * Five fields (minute, hour, day of month, month, day of week) with lists, ranges, steps and
 * names, or a descriptor ("@hourly", "@every 90s"); "TZ=zone " or "CRON_TZ=zone " in front. A
 * clock time that a zone skips does not come due, one that it shows twice comes due twice; that
 * and every message are the library's. Time comes in as an argument. Pure but for zones, which
 * are read from the system's database while parsing; a schedule is immutable, any thread.
 * Doesn't do: waiting, missed runs (workflows/cron does).
 *
 * ../shared/golden/formats/cron.jsonl decides.
 */
#pragma once

#include "formats/gotime.h"

enum cron_syntax {
    CRON_STANDARD,    /* fields or a descriptor: a CronWorkflow's schedules */
    CRON_FIELDS_ONLY, /* calendars and sensors of Argo Events */
};

struct cron_schedule {
    uint64_t minute, hour, day, month, weekday; /* a bit a value */
    bool is_any_day, is_any_weekday;            /* "*" or "?": the other of the two decides */
    bool is_every;                              /* @every: only every_ns counts */
    int64_t every_ns;                           /* added to whole seconds */
    bool is_zoned;             /* named its zone; else that of the time given counts */
    const struct gozone *zone; /* when is_zoned; lives in the arena of cron_parse() */
};

/**
 * cron_parse() - a schedule from text
 * @a:      where its zone lives
 * @text:   as "0 9 * * MON-FRI"
 * @syntax: what is understood
 * @ret:    the schedule; untouched on failure
 * @err:    ERR_INVALID with that library's text
 *
 * Return: 0 or -1.
 */
int cron_parse(struct arena *a, struct str text, enum cron_syntax syntax,
               struct cron_schedule *ret, struct err *err);

/**
 * cron_every() - the schedule of a plain interval: ConstantDelaySchedule with a raw delay
 * @delay_ns: nanoseconds, of any sign
 */
struct cron_schedule cron_every(int64_t delay_ns);

/**
 * cron_next() - the first time after another at which a schedule comes due
 * @s:     schedule
 * @after: not itself
 * @zone:  of @after, and of the result; NULL is UTC
 * @ret:   the time; untouched when there is none
 *
 * Return: whether there is one within five years. For a raw delay that is not positive the
 * result is not after @after.
 */
bool cron_next(const struct cron_schedule *s, const struct gotime *after,
               const struct gozone *zone, struct gotime *ret);
