/*
 * When a schedule comes due: robfig/cron's walk from the largest unit to the smallest. Pure;
 * any thread.
 *
 * A unit that does not match is stepped up until it does; the units below it begin anew. When a
 * step wraps a unit around, the walk starts again at the top. Calendar steps (months, days) are
 * taken on the zone's calendar, smaller ones on the time line, which is what decides about
 * clock times that are skipped or shown twice.
 */
#include "formats/calendar.h"
#include "formats/duration.h"
#include "lang/cron/cron.h"

enum { YEARS_MAX = 5, DAY_S = 86400 };

struct walk {
    const struct cron_schedule *schedule;
    const struct gozone *zone;
    struct gotime at;
    struct gotime_civil civil; /* of @at */
    bool is_reset;             /* the smaller units have begun anew */
};

enum step { STEP_MATCHES, STEP_WRAPPED };

static void set_time(struct walk *w, const struct gotime *t)
{
    w->at = gotime_in(t, w->zone);
    w->civil = gotime_civil_of(&w->at);
}

static void add_seconds(struct walk *w, int64_t seconds)
{
    struct gotime t = w->at;

    t.unix_s += seconds;
    set_time(w, &t);
}

static void set_civil(struct walk *w, const struct gotime_civil *civil)
{
    struct gotime t = gotime_date(civil, 0, w->zone);

    set_time(w, &t);
}

/* The smaller units begin anew, once: what comes later only steps up. */
static void reset_clock(struct walk *w, int32_t day, int32_t hour)
{
    struct gotime_civil c = {
        .year = w->civil.year, .month = w->civil.month, .day = day, .hour = hour};

    if (!w->is_reset)
        set_civil(w, &c);
    w->is_reset = true;
}

/* Go's Truncate: a multiple on the time line, not on the clock of an odd zone. */
static void reset_seconds(struct walk *w)
{
    if (!w->is_reset)
        add_seconds(w, -(w->at.unix_s - 60 * floor_div(w->at.unix_s, 60)));
    w->is_reset = true;
}

/* Go's AddDate(0, months, days) by one; a date that there is not runs over. */
static void add_date(struct walk *w, int32_t months, int32_t days)
{
    struct gotime_civil c = w->civil;

    c.month += months;
    c.day += days;
    if (c.month > 12) {
        c.month = 1;
        c.year++;
    }
    if (c.day > calendar_days_in(c.year, c.month)) {
        c.day -= calendar_days_in(c.year, c.month);
        c.month++;
    }
    if (c.month > 12) {
        c.month = 1;
        c.year++;
    }
    set_civil(w, &c);
}

static bool has(uint64_t bits, int32_t value)
{
    return (bits >> value & 1) != 0;
}

static enum step step_month(struct walk *w)
{
    while (!has(w->schedule->month, w->civil.month)) {
        reset_clock(w, 1, 0);
        add_date(w, 1, 0);
        if (w->civil.month == 1)
            return STEP_WRAPPED;
    }
    return STEP_MATCHES;
}

static bool day_matches(const struct walk *w)
{
    const struct cron_schedule *s = w->schedule;
    bool is_day = has(s->day, w->civil.day), is_weekday = has(s->weekday, w->civil.weekday);

    return s->is_any_day || s->is_any_weekday ? is_day && is_weekday : is_day || is_weekday;
}

/* The next day, at midnight unless the zone skips that. A day that the zone skips as a whole
 * would hold a calendar step back for ever (the library's never ends). */
static void next_day(struct walk *w)
{
    int64_t before = w->at.unix_s;

    add_date(w, 0, 1);
    if (w->at.unix_s <= before)
        add_seconds(w, before + DAY_S - w->at.unix_s);
    if (w->civil.hour > 12)
        add_seconds(w, (24 - w->civil.hour) * INT64_C(3600));
    else if (w->civil.hour > 0)
        add_seconds(w, -w->civil.hour * INT64_C(3600));
}

static enum step step_day(struct walk *w)
{
    while (!day_matches(w)) {
        reset_clock(w, w->civil.day, 0);
        next_day(w);
        if (w->civil.day == 1)
            return STEP_WRAPPED;
    }
    return STEP_MATCHES;
}

static enum step step_hour(struct walk *w)
{
    while (!has(w->schedule->hour, w->civil.hour)) {
        reset_clock(w, w->civil.day, w->civil.hour);
        add_seconds(w, 3600);
        if (w->civil.hour == 0)
            return STEP_WRAPPED;
    }
    return STEP_MATCHES;
}

static enum step step_minute(struct walk *w)
{
    while (!has(w->schedule->minute, w->civil.minute)) {
        reset_seconds(w);
        add_seconds(w, 60);
        if (w->civil.minute == 0)
            return STEP_WRAPPED;
    }
    return STEP_MATCHES;
}

static enum step step_second(struct walk *w)
{
    while (w->civil.second != 0) {
        w->is_reset = true;
        add_seconds(w, 1);
        if (w->civil.second == 0)
            return STEP_WRAPPED;
    }
    return STEP_MATCHES;
}

static enum step step_all(struct walk *w)
{
    if (step_month(w) == STEP_WRAPPED || step_day(w) == STEP_WRAPPED ||
        step_hour(w) == STEP_WRAPPED || step_minute(w) == STEP_WRAPPED)
        return STEP_WRAPPED;
    return step_second(w);
}

static struct gotime next_delay(const struct cron_schedule *s, const struct gotime *after)
{
    int64_t ns = s->every_ns % DURATION_SECOND;
    struct gotime t = *after;

    t.unix_s += s->every_ns / DURATION_SECOND;
    if (ns < 0) {
        ns += DURATION_SECOND;
        t.unix_s--;
    }
    t.ns = (uint32_t) ns;
    return t;
}

struct cron_schedule cron_every(int64_t delay_ns)
{
    return (struct cron_schedule){.is_every = true, .every_ns = delay_ns};
}

bool cron_next(const struct cron_schedule *s, const struct gotime *after,
               const struct gozone *zone, struct gotime *ret)
{
    struct walk w = {.schedule = s, .zone = s->is_zoned ? s->zone : zone};
    struct gotime t = *after;
    int64_t year_max;

    if (s->is_every) {
        t = next_delay(s, after);
        *ret = gotime_in(&t, zone);
        return true;
    }
    if (!s->minute || !s->hour || !s->month) /* "," */
        return false;
    t.unix_s++;
    t.ns = 0;
    set_time(&w, &t);
    year_max = w.civil.year + YEARS_MAX;
    while (w.civil.year <= year_max)
        if (step_all(&w) == STEP_MATCHES) {
            *ret = gotime_in(&w.at, zone);
            return true;
        }
    return false;
}
