/*
 * io/workers.h - a pool of threads for what may block: cold reads, trigger calls, artifact
 * copies.
 *
 * A job has one owner at any instant: run() sees only the job (inputs copied in, outputs
 * inside) on a worker, then done() runs on the loop. Bulk jobs hold at most half of the
 * threads. Queues are bounded by JOB_QUEUE_MAX.
 */
#pragma once

#include "io/loop.h"

enum job_class { JOB_QUICK, JOB_BULK };

struct job {
    void (*run)(struct job *job);  /* on a worker; may block */
    void (*done)(struct job *job); /* on the loop; may free the job; NULL: run() is all and must
                                      free it itself */
    enum job_class class;
    struct err err;        /* for run() to report in */
    struct list link;      /* the pool's */
    struct loop_task task; /* the pool's */
};

struct workers;

/** workers_new() - start @count threads; owned */
struct workers *workers_new(struct loop *loop, unsigned count, struct err *err);

/** workers_submit() - hand a job over; any thread; -1 with ERR_TRANSIENT when the queue is
 * full, the job then stays the caller's */
int workers_submit(struct workers *w, struct job *job, struct err *err);

/** workers_stop() - take no new jobs, finish all accepted ones (their done() runs on later loop
 * turns), join; again or of NULL: a no-op */
void workers_stop(struct workers *w);

/** workers_free() - workers_stop(), release */
void workers_free(struct workers *w);
