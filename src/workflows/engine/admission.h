/*
 * workflows/engine/admission.h - which workflows may begin: parallelism and
 * namespaceParallelism of the controller's ConfigMap, and the label of a namespace.
 *
 * Whoever begins asks; who does not fit waits, the highest priority first, then the oldest. Who
 * runs already is never held up, whatever the limits become. Pure but for the callback; loop
 * thread; items are the caller's. Source: ../shared/spec/workflows.md 4.16.
 */
#pragma once

#include "base/str.h"

#define ADMISSION_NAMESPACE_LABEL "workflows.argoproj.io/parallelism-limit"

struct admission;

/* One workflow; zeroed in the beginning. */
struct admission_item {
    struct str uid, ns; /* borrowed until it has left */
    int64_t priority, created_ms;
    enum { ADMISSION_NONE, ADMISSION_WAITS, ADMISSION_RUNS } state;
    size_t place; /* in the queue of its namespace, from 1 */
};

/** admission_new() - without limits; @admitted is told of each that has waited; owned */
struct admission *admission_new(void (*admitted)(void *ctx, struct admission_item *item),
                                void *ctx);
/** admission_free() - no item may be in it any more; NULL is a no-op */
void admission_free(struct admission *a);

/** admission_limit() - of all, and of a namespace that says nothing; 0: none */
void admission_limit(struct admission *a, uint32_t total, uint32_t each);

/** admission_limit_of() - what a namespace says itself, in the place of @each; 0: no limit; <0:
 * nothing */
void admission_limit_of(struct admission *a, struct str ns, int64_t limit);

/** admission_ask() - may it begin? If not, it waits, and @admitted is told later */
bool admission_ask(struct admission *a, struct admission_item *item);

/** admission_run() - it runs already: it counts, and is not held up */
void admission_run(struct admission *a, struct admission_item *item);

/** admission_leave() - it has ended or is gone; others may begin; no-op when it is not in */
void admission_leave(struct admission *a, struct admission_item *item);
