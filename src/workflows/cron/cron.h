/*
 * workflows/cron/cron.h - the controller of CronWorkflows: makes Workflows at set times.
 *
 * Loop-bound. It holds every CronWorkflow, what it owns, and when it comes due next; one timer
 * waits for the earliest of all, so that schedules cost nothing until they are due. When one
 * is, decide.h says what to do; a job submits the Workflow under a mark made of uid and time,
 * so that no time is run twice, whatever crashes; then the status follows in one transaction.
 * Zones are read by jobs. After a restart the same code runs over what is stored; a run that
 * was missed is made up for within startingDeadlineSeconds.
 */
#pragma once

#include "base/metric.h"
#include "io/workers.h"
#include "store/store.h"

struct cron_controller;
struct workflow_submitter;

struct cron_controller_options {
    struct loop *loop;
    struct store *store;
    struct workers *workers; /* for reading zones, submission */
    const struct workflow_submitter *submitter;
    struct metrics *metrics; /* NULL: nothing is counted */
};

/** cron_controller_new() - a stopped controller; owned */
struct cron_controller *cron_controller_new(const struct cron_controller_options *options);

/** cron_controller_start() - load what there is, then follow the store's watches; ERR_TRANSIENT
 * when no worker has room */
int cron_controller_start(struct cron_controller *c, struct err *err);

/** cron_controller_stop() - no callback of the controller runs after this; jobs and commits
 * under way are waited for */
void cron_controller_stop(struct cron_controller *c);

/** cron_controller_free() - release a stopped controller; NULL is a no-op */
void cron_controller_free(struct cron_controller *c);

struct cron_stats {
    uint64_t cron_workflows, wakes, runs;
};

/** cron_stats_get() - counters; loop thread */
struct cron_stats cron_stats_get(const struct cron_controller *c);
