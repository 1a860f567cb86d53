/*
 * formats/duration.h - Go's time.Duration as text: "1h30m10.5s".
 *
 * A duration is a signed count of nanoseconds in an int64_t. Parsing and printing follow Go's
 * time package; the argo form also takes a bare whole number as seconds; the human forms are
 * those of Argo's messages and tables. Pure functions, any thread.
 * ../shared/golden/lang/duration.jsonl decides.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define DURATION_MS     INT64_C(1000000)
#define DURATION_SECOND INT64_C(1000000000)
#define DURATION_MINUTE (60 * DURATION_SECOND)
#define DURATION_HOUR   (60 * DURATION_MINUTE)

/**
 * duration_parse() - Go's time.ParseDuration
 * @text:   like "300ms", "-1.5h" or "2h45m"
 * @ret_ns: nanoseconds; untouched on failure
 * @err:    ERR_INVALID with Go's text
 *
 * Return: 0 or -1.
 */
int duration_parse(struct str text, int64_t *ret_ns, struct err *err);

/**
 * duration_parse_argo() - Argo's durations: as duration_parse(), or a whole number of seconds
 * @text:   like "90" or "1m30s"
 * @ret_ns: nanoseconds, wrapped around as upstream does when the seconds do not fit; untouched
 * on failure
 * @err:    ERR_INVALID with Argo's text
 *
 * Return: 0 or -1.
 */
int duration_parse_argo(struct str text, int64_t *ret_ns, struct err *err);

/**
 * duration_print() - Go's Duration.String
 * @a:  where the text lives
 * @ns: nanoseconds
 */
struct str duration_print(struct arena *a, int64_t ns);

/**
 * duration_humanize() - two units in words, as in "Backoff for 1 minute 5 seconds"
 * @a:  where the text lives
 * @ns: nanoseconds; the sign is ignored
 */
struct str duration_humanize(struct arena *a, int64_t ns);

/**
 * duration_humanize_short() - the leading unit in words, as in "5 minutes"
 * @a:  where the text lives
 * @ns: nanoseconds; the sign is ignored
 */
struct str duration_humanize_short(struct arena *a, int64_t ns);

/** duration_seconds() - as a number of seconds, rounded as Go's Duration.Seconds */
double duration_seconds(int64_t ns);

/** duration_minutes() - as a number of minutes, rounded as Go's Duration.Minutes */
double duration_minutes(int64_t ns);

/** duration_hours() - as a number of hours, rounded as Go's Duration.Hours */
double duration_hours(int64_t ns);

/**
 * duration_truncate() - toward zero to a multiple of @unit_ns
 * @ns:      nanoseconds
 * @unit_ns: nanoseconds; not positive leaves @ns as it is
 */
int64_t duration_truncate(int64_t ns, int64_t unit_ns);

/**
 * duration_round() - to the nearest multiple of @unit_ns, halves away from zero
 * @ns:      nanoseconds
 * @unit_ns: nanoseconds; not positive leaves @ns as it is
 *
 * Return: the multiple, or the nearest representable value on overflow.
 */
int64_t duration_round(int64_t ns, int64_t unit_ns);
