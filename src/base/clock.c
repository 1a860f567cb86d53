/* The two system clocks. Any thread. */
#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

#include "base/fault.h"

static atomic_llong ahead_ms;

void clock_set_ahead(int64_t ms)
{
    atomic_store(&ahead_ms, WITH_FAULTS ? ms : 0);
}

struct mono clock_mono(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (struct mono){.ns = (uint64_t) ts.tv_sec * 1000000000U + (uint64_t) ts.tv_nsec};
}

struct wall clock_wall(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (struct wall){.ms = (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000 +
                               (WITH_FAULTS ? atomic_load(&ahead_ms) : 0)};
}
