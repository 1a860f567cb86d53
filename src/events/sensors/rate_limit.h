/*
 * events/sensors/rate_limit.h - how often a trigger may fire. Pure, one owner.
 *
 * A leaky bucket: turns are given at even distances; up to ten that were not used are saved.
 * Source: ../shared/spec/events.md 4.14; ../shared/golden/events/ratelimit.jsonl decides.
 */
#pragma once

#include "base/clock.h"
#include "formats/json.h"

struct rate_limit {
    int64_t distance_ns; /* between turns; not positive: no limit */
    int64_t last_ns;     /* the turn given last */
    bool is_begun;
};

/**
 * rate_limit_read() - a RateLimit of a manifest
 * @spec: {unit, requestsPerUnit}; NULL or null: no limit. A unit that is unknown or absent is
 *        Second
 * @ret:  untouched on failure
 * @err:  ERR_INVALID when requestsPerUnit is 0 or no whole number
 *
 * Return: 0 or -1.
 */
int rate_limit_read(const struct json *spec, struct rate_limit *ret, struct err *err);

/** rate_limit_take() - take the next turn: when it is, @now or later */
struct mono rate_limit_take(struct rate_limit *limit, struct mono now);
