/*
 * workflows/engine/engine.h - the workflow controller: watches Workflows, decides, commits,
 * then acts.
 *
 * Loop-bound. For each unfinished Workflow it holds the state (immutable spec document, node
 * table) in memory. An observation (creation, pod report, timer, changed spec) becomes one call
 * of decide() (decide.h, pure); what it decided goes into one store transaction; after that
 * commit the actions are carried out (pods asked for, killed, timers set). Observations that
 * arrive during a commit wait for the next pass of that workflow. After a restart every
 * unfinished workflow is loaded from the store and passes through the same code: there is no
 * other recovery.
 */
#pragma once

#include "artifacts/artifact.h"
#include "base/clock.h"
#include "base/metric.h"
#include "config/config.h"
#include "io/loop.h"
#include "io/workers.h"
#include "pods/pod.h"
#include "recorder/recorder.h"
#include "store/store.h"

struct engine;
struct kubernetes_contexts;

struct engine_options {
    struct loop *loop;
    struct store *store;
    struct workers *workers; /* for loading (store reads) */
    struct pod_runner *runner;
    struct metrics *metrics;                /* NULL: nothing is counted */
    struct recorder *recorder;              /* NULL: no Events are told */
    const struct artifact_house *artifacts; /* for data templates; NULL: there are none */
    struct workflow_submitter *submitter;   /* for resource templates; NULL: there are none */
    struct kubernetes_contexts *clusters;   /* for resource templates; NULL: there are none */
    struct config_holder *config;           /* NULL: what holds without a ConfigMap */
};

/** engine_new() - a stopped engine; owned */
struct engine *engine_new(const struct engine_options *options, struct err *err);

/** engine_start() - load what is unfinished, then follow the store's watch */
int engine_start(struct engine *e, struct err *err);

/** engine_stop() - no callback of the engine runs after this; commits under way are dropped
 * from memory, not from disk */
void engine_stop(struct engine *e);

/** engine_free() - release a stopped engine; NULL is a no-op */
void engine_free(struct engine *e);

/** engine_sweep_soon() - workflows or pods were deleted: look in a while for what they have left
 * on this machine (pod_sweep()); loop thread */
void engine_sweep_soon(struct engine *e);

struct engine_stats {
    uint64_t active_workflows, active_pods, passes, finished;
};

/** engine_stats_get() - counters; loop thread */
struct engine_stats engine_stats_get(const struct engine *e);
