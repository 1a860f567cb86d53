/*
 * The core of sources that live on the loop: deliveries that are not waited for, work that may
 * block handed to a worker. Loop thread, but for on_published() (bus writer) and run_work().
 *
 * A delivery counts as a service under way until it is settled, work until its end has been
 * told: the source is not freed before.
 */
#include "events/sources/source_internal.h"

#include <assert.h>

#include "base/fault.h"

struct loop_delivery {
    struct loop_task task;
    struct source *src;
    struct arena *arena; /* owned: this and what is below */
    struct delivery delivery;
    struct mono begun;
    bool is_stored;
    bool is_dropped; /* by the filter */
};

static void settle(struct loop_task *task)
{
    struct loop_delivery *l = CONTAINER_OF(task, struct loop_delivery, task);
    struct source *src = l->src;
    struct err err;

    FAULT_POINT("source.settle.before");
    if (l->is_stored)
        source_trace(src, l->delivery.id);
    if (src->driver->ops->settle &&
        src->driver->ops->settle(src, &l->delivery, l->is_stored || l->is_dropped, &err) < 0)
        log_warn(&src->log, "an event could not be acknowledged at its origin", LOG_ERR(&err));
    arena_free(l->arena);
    source_leave_service(src);
}

static void on_published(void *ctx, uint64_t seq, bool is_duplicate, const struct err *err)
{
    struct loop_delivery *l = ctx;

    (void) seq;
    (void) is_duplicate;
    source_count(l->src, l->begun, err);
    l->is_stored = err->kind == ERR_NONE;
    l->task.run = settle;
    loop_post(l->src->loop, &l->task);
}

int source_deliver_on_loop(struct source *src, const struct delivery *d, struct err *err)
{
    struct arena *a;
    struct loop_delivery *l;
    struct bus_record record;

    if (!source_enter_service(src))
        return err_set(err, ERR_CANCELLED, "the source ends");
    a = arena_new();
    l = ARENA_NEW(a, struct loop_delivery);
    l->arena = a;
    l->src = src;
    l->begun = clock_mono();
    l->delivery = *d;
    l->delivery.payload = str_copy(a, d->payload);
    l->delivery.receipt = str_copy(a, d->receipt);
    if (!source_keeps(src, a, d->payload)) { /* its origin is done with it */
        l->is_dropped = true;
        l->task.run = settle;
        loop_post(src->loop, &l->task);
        return 0;
    }
    record = source_record(a, src, d);
    l->delivery.id = str_copy(a, record.id);
    if (bus_publish(src->bus, &record, on_published, l, err) == 0)
        return 0;
    source_count(src, l->begun, err);
    arena_free(a);
    source_leave_service(src);
    return -1;
}

/* ---- work ---- */

static void run_work(struct job *job)
{
    struct source *src = CONTAINER_OF(job, struct source, work.job);

    job->err.kind = ERR_NONE;
    src->work.run(src, &job->err);
}

static void on_worked(struct job *job)
{
    struct source *src = CONTAINER_OF(job, struct source, work.job);

    src->work.is_under_way = false;
    src->work.done(src, &job->err);
    source_leave_service(src);
}

int source_work(struct source *src, source_work_fn run, source_worked_fn done, struct err *err)
{
    assert(!src->work.is_under_way && src->workers);
    src->work.run = run;
    src->work.done = done;
    src->work.job.run = run_work;
    src->work.job.done = on_worked;
    if (!source_hold(src))
        return err_set(err, ERR_CANCELLED, "the source ends");
    if (workers_submit(src->workers, &src->work.job, err) < 0) {
        source_leave_service(src);
        return -1;
    }
    src->work.is_under_way = true;
    return 0;
}
