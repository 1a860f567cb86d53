/*
 * workflows/jobs/jobs.h - the controllers of batch/v1: Jobs make Pods and count how they end;
 * CronJobs make Jobs at set times. Pods that are objects of the store run by pods/pod.h.
 *
 * Loop-bound. Watches of the store say what there is; each change of a Job or its pods makes a
 * pass: decide.h says what is to be done, one transaction stores it, and only what is stored is
 * carried out. A Pod object is on disk before its processes begin, under the uid by which the
 * runner knows it: after a crash the same pod is asked for again, and is found running or
 * ended. Pods whose deletion is asked for are ended first; the finalizer goes when they are
 * counted. Doesn't do: scheduling on other machines, restarts of single containers beyond those
 * that the runner does (tries of a containerSet).
 */
#pragma once

#include "io/workers.h"
#include "pods/pod.h"
#include "recorder/recorder.h"
#include "store/store.h"

struct jobs_controller;

struct jobs_options {
    struct loop *loop;
    struct store *store;
    struct workers *workers; /* for reading zones */
    struct pod_runner *runner;
    struct recorder *recorder; /* NULL: no Events are told */
    const char *node_name;     /* of this machine */
    void (*sweep)(void *ctx);  /* pods were deleted: something may be left of them; or NULL */
    void *sweep_ctx;
};

/** jobs_new() - a stopped controller; owned */
struct jobs_controller *jobs_new(const struct jobs_options *options);

/** jobs_start() - follow the store's watches */
void jobs_start(struct jobs_controller *c);

/** jobs_stop() - no callback runs after this; commits under way are waited for */
void jobs_stop(struct jobs_controller *c);

/** jobs_free() - release a stopped controller, when the runner is closed; NULL is a no-op */
void jobs_free(struct jobs_controller *c);
