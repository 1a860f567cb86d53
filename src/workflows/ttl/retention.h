/*
 * workflows/ttl/retention.h - which of the ended workflows are the oldest of their phase, for
 * the controller's retentionPolicy. Pure; one thread at a time; items are the caller's.
 *
 * A heap for each phase, the one that ended first on top: putting and taking cost a logarithm,
 * whatever is kept. Source: ../shared/spec/workflows.md 4.18.
 */
#pragma once

#include "base/str.h"
#include "base/vec.h"

enum retention_phase {
    RETENTION_SUCCEEDED,
    RETENTION_FAILED,
    RETENTION_ERRORED,
    RETENTION_NONE, /* not counted */
};

/* One ended workflow; zeroed in the beginning. */
struct retention_item {
    int64_t finished_ms, created_ms;
    struct str uid; /* decides between equal times; borrowed while it is in */
    enum retention_phase phase;
    size_t place; /* in its heap, from 1; 0: in none */
};

struct retention {
    VEC(struct retention_item *) heaps[RETENTION_NONE];
};

/** retention_phase_of() - "Succeeded", "Failed", "Error"; RETENTION_NONE for any other */
enum retention_phase retention_phase_of(struct str phase);

/** retention_put() - it has ended; it is in no heap; nothing for RETENTION_NONE */
void retention_put(struct retention *r, struct retention_item *item);

/** retention_take() - it is gone or runs again; nothing when it is in no heap */
void retention_take(struct retention *r, struct retention_item *item);

/** retention_surplus() - the oldest of a phase, taken out, when there are more than @limit; or
 * NULL */
struct retention_item *retention_surplus(struct retention *r, enum retention_phase phase,
                                         size_t limit);

/** retention_done() - release; items stay the caller's */
void retention_done(struct retention *r);
