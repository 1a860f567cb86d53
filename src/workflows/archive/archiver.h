/*
 * workflows/archive/archiver.h - keeps ended Workflows in the archive, and lets them go from it
 * when their time is over.
 *
 * Loop-bound. The engine gives a Workflow that is to be kept the label
 * workflows.argoproj.io/workflow-archiving-status with the value Pending in the transaction
 * that ends it. The archiver follows the store's watch; a worker reads such a Workflow with its
 * nodes, and one transaction writes it into the archive and makes the label Archived: both or
 * none, whatever crashes. What was pending while the daemon was down is archived at the start.
 * Source:
 * ../shared/spec/workflows.md 4.20.
 */
#pragma once

#include "config/config.h"
#include "io/workers.h"
#include "store/store.h"

#define ARCHIVER_LABEL "workflows.argoproj.io/workflow-archiving-status"

struct archiver;

struct archiver_options {
    struct loop *loop;
    struct store *store;
    struct workers *workers;
    struct config_holder *config; /* of archiveTTL; NULL: nothing is let go */
    uint64_t look_ms;             /* how often old ones are looked for; 0: ARCHIVE_LOOK_MS */
};

/** archiver_new() - a stopped archiver; owned */
struct archiver *archiver_new(const struct archiver_options *options);

/** archiver_start() - follow what is in the store */
void archiver_start(struct archiver *r);

/** archiver_stop() - no callback runs after this; what is under way is waited for */
void archiver_stop(struct archiver *r);

/** archiver_free() - release a stopped archiver; NULL is a no-op */
void archiver_free(struct archiver *r);
