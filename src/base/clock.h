/*
 * base/clock.h - two clocks as two types, so that mixing them does not compile.
 *
 * Domain code takes time as an argument (loop_now()); only the loop, source threads and tools
 * read the clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attrs.h"

struct mono {
    uint64_t ns; /* for intervals and deadlines inside one process; never stored */
};

struct wall {
    int64_t ms; /* Unix time in milliseconds, for people and for the database */
};

/** clock_mono() - the monotonic clock, now; any thread */
struct mono clock_mono(void);

/** clock_wall() - Unix time, now; any thread */
struct wall clock_wall(void);

/** clock_set_ahead() - for tests: from now on clock_wall() is so many milliseconds ahead of the
 * system's (or behind), as if somebody had set the clock; only in builds with WITH_FAULTS */
void clock_set_ahead(int64_t ms);

/** mono_after() - @ms milliseconds after @from */
static inline struct mono mono_after(struct mono from, uint64_t ms)
{
    return (struct mono){.ns = from.ns + ms * 1000000U};
}

/** mono_ms_until() - whole milliseconds (rounded up) from @now to @then; 0 when past */
static inline uint64_t mono_ms_until(struct mono now, struct mono then)
{
    return then.ns <= now.ns ? 0 : (then.ns - now.ns + 999999U) / 1000000U;
}
