/* Heaps of ended workflows by age. See retention.h. */
#include "workflows/ttl/retention.h"

enum retention_phase retention_phase_of(struct str phase)
{
    return str_is(phase, "Succeeded") ? RETENTION_SUCCEEDED
           : str_is(phase, "Failed")  ? RETENTION_FAILED
           : str_is(phase, "Error")   ? RETENTION_ERRORED
                                      : RETENTION_NONE;
}

static bool is_older(const struct retention_item *a, const struct retention_item *b)
{
    if (a->finished_ms != b->finished_ms)
        return a->finished_ms < b->finished_ms;
    if (a->created_ms != b->created_ms)
        return a->created_ms < b->created_ms;
    return str_cmp(a->uid, b->uid) < 0;
}

/* Places count from 1. */
static struct retention_item **slot(struct retention *r, enum retention_phase phase, size_t at)
{
    return &r->heaps[phase].at[at - 1];
}

static void set(struct retention *r, struct retention_item *item, size_t at)
{
    *slot(r, item->phase, at) = item;
    item->place = at;
}

static void rise(struct retention *r, struct retention_item *item)
{
    size_t at = item->place;

    for (; at > 1 && is_older(item, *slot(r, item->phase, at / 2)); at /= 2)
        set(r, *slot(r, item->phase, at / 2), at);
    set(r, item, at);
}

static void sink(struct retention *r, struct retention_item *item)
{
    size_t at = item->place, count = r->heaps[item->phase].len;

    while (at * 2 <= count) {
        size_t child = at * 2;

        if (child < count &&
            is_older(*slot(r, item->phase, child + 1), *slot(r, item->phase, child)))
            child++;
        if (!is_older(*slot(r, item->phase, child), item))
            break;
        set(r, *slot(r, item->phase, child), at);
        at = child;
    }
    set(r, item, at);
}

void retention_put(struct retention *r, struct retention_item *item)
{
    if (item->phase == RETENTION_NONE)
        return;
    VEC_PUSH(&r->heaps[item->phase], item);
    item->place = r->heaps[item->phase].len;
    rise(r, item);
}

void retention_take(struct retention *r, struct retention_item *item)
{
    struct retention_item *last;
    size_t at = item->place;

    if (at == 0)
        return;
    last = *slot(r, item->phase, r->heaps[item->phase].len);
    r->heaps[item->phase].len--;
    item->place = 0;
    if (last == item)
        return;
    set(r, last, at);
    rise(r, last);
    sink(r, last);
}

struct retention_item *retention_surplus(struct retention *r, enum retention_phase phase,
                                         size_t limit)
{
    struct retention_item *oldest;

    if (r->heaps[phase].len <= limit)
        return NULL;
    oldest = *slot(r, phase, 1);
    retention_take(r, oldest);
    return oldest;
}

void retention_done(struct retention *r)
{
    for (size_t i = 0; i < RETENTION_NONE; i++)
        VEC_DONE(&r->heaps[i]);
}
