/*
 * formats/gotime.h - times as Go's time package reads and prints them.
 *
 * A time is an instant with nanoseconds and the zone it is shown in. Layouts are Go's: the
 * reference time "Mon Jan 2 15:04:05 MST 2006" written as the text should look. RFC 3339 is
 * what the API, events and manifests use. Years 0 to 9999. Pure functions, any thread; a time
 * is a plain value. Zones come from formats/gozone.h.
 * ../shared/golden/formats/gotime.jsonl decides.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "formats/gozone.h"

#define GOTIME_RFC3339       STR("2006-01-02T15:04:05Z07:00")
#define GOTIME_RFC3339_NANO  STR("2006-01-02T15:04:05.999999999Z07:00")
#define GOTIME_RFC3339_MICRO STR("2006-01-02T15:04:05.000000Z07:00") /* metav1.MicroTime */
#define GOTIME_STRING        STR("2006-01-02 15:04:05.999999999 -0700 MST") /* Time.String */

struct gotime {
    int64_t unix_s;   /* Unix seconds */
    uint32_t ns;      /* 0 to 999999999 */
    int32_t offset_s; /* shown east of UTC */
    char zone[12];    /* abbreviation; empty when only the offset is known */
};

/* A time as a calendar and a clock show it. */
struct gotime_civil {
    int64_t year;
    int32_t month; /* 1 to 12 */
    int32_t day;   /* 1 to 31 */
    int32_t hour, minute, second;
    int32_t weekday;  /* 0 is Sunday */
    int32_t year_day; /* 1 to 366 */
};

/** gotime_unix() - an instant, shown in UTC */
struct gotime gotime_unix(int64_t unix_s, uint32_t ns);

/** gotime_of_wall() - Unix milliseconds, shown in UTC */
struct gotime gotime_of_wall(struct wall wall);

/** gotime_to_wall() - Unix milliseconds, rounded down */
struct wall gotime_to_wall(const struct gotime *t);

/** gotime_in() - the same instant shown in a zone; NULL is UTC */
struct gotime gotime_in(const struct gotime *t, const struct gozone *zone);

/** gotime_is_zero() - is it Go's zero time, the first instant of year 1? */
bool gotime_is_zero(const struct gotime *t) _pure_;

/** gotime_civil_of() - calendar and clock of a time, in the zone it is shown in */
struct gotime_civil gotime_civil_of(const struct gotime *t);

/**
 * gotime_date() - Go's time.Date: the time at which a zone's clock shows this
 * @civil: year, month, day, hour, minute, second within their ranges; the rest is not used
 * @ns:    nanoseconds
 * @zone:  zone; NULL is UTC. A clock time that is skipped or shown twice is resolved as Go does
 */
struct gotime gotime_date(const struct gotime_civil *civil, uint32_t ns,
                          const struct gozone *zone);

/**
 * gotime_format() - a time as text
 * @a:      where the text lives
 * @t:      time
 * @layout: Go layout
 */
struct str gotime_format(struct arena *a, const struct gotime *t, struct str layout);

/**
 * gotime_strftime() - a time as text by an strftime format, as Argo reads it: %A %B %H %I %L (a
 * point and milliseconds) %M %S %Y %Z %a %b %d %m %p %y %z and %%; any other stands for itself
 * @a:      where the text lives
 * @t:      time
 * @format: text with conversions
 */
struct str gotime_strftime(struct arena *a, const struct gotime *t, struct str format);

/** gotime_strftime_layout() - the Go layout of a conversion's letter, or the absent view */
struct str gotime_strftime_layout(char letter);

/**
 * gotime_parse() - a time from text
 * @layout: Go layout
 * @value:  text
 * @zone:   where the text has no zone of its own, and whose abbreviations are known; NULL is
 * UTC
 * @ret:    the time; untouched on failure
 * @err:    ERR_INVALID with Go's text
 *
 * Return: 0 or -1.
 */
int gotime_parse(struct str layout, struct str value, const struct gozone *zone,
                 struct gotime *ret, struct err *err);

/** gotime_parse_rfc3339() - gotime_parse() of GOTIME_RFC3339, with or without a fraction */
int gotime_parse_rfc3339(struct str value, struct gotime *ret, struct err *err);

/** gotime_rfc3339() - an instant as Kubernetes writes it: UTC, whole seconds */
struct str gotime_rfc3339(struct arena *a, struct wall wall);

/** gotime_parse_wall() - gotime_parse_rfc3339() as Unix milliseconds */
int gotime_parse_wall(struct str value, struct wall *ret, struct err *err);
