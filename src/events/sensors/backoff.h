/*
 * events/sensors/backoff.h - how often a trigger is tried and how long the pauses are. Pure,
 * any thread.
 *
 * A Backoff {duration, factor, jitter, steps} as Argo Events understands it: at most `steps`
 * attempts, a pause between two of them that grows by `factor` and is longer by a random part
 * of up to `jitter` pauses. Source: ../shared/spec/events.md 0.3;
 * ../shared/golden/events/retry.jsonl decides.
 */
#pragma once

#include "formats/json.h"

struct backoff {
    int64_t duration_ns; /* of the next pause, without its random part */
    double factor, jitter;
    int32_t steps; /* attempts */
};

/**
 * backoff_read() - a Backoff of a manifest
 * @spec: the object; NULL or null: the default, 5 attempts a second apart
 * @ret:  untouched on failure
 * @err:  ERR_INVALID: duration is none, factor or jitter no number, steps no whole number
 *
 * Return: 0 or -1.
 */
int backoff_read(const struct json *spec, struct backoff *ret, struct err *err);

/** backoff_once() - a single attempt */
struct backoff backoff_once(void);

/**
 * backoff_pause() - the next pause; the one behind it grows
 * @b:       backoff
 * @random:  in [0, 1): how much of the random part is taken
 *
 * Return: nanoseconds, not negative.
 */
int64_t backoff_pause(struct backoff *b, double random);
