/* Operations on a workflow that come by HTTP: carried out on a worker, answered on the loop.
 * Knows no operation. */
#include "api/core/core.h"

struct operation {
    struct job job;
    struct api_call *call;
    const struct operate_stored *of;
    struct json doc;
};

static void run_operation(struct job *job)
{
    struct operation *op = CONTAINER_OF(job, struct operation, job);
    struct api *api = op->call->api;
    struct arena *a = http_arena(op->call->req);
    const struct store_object *o;

    job->err.kind = ERR_NONE;
    if (operate_stored_run(api->options.store, a, op->of, &o, &job->err) < 0)
        return;
    job->err.kind = ERR_NONE; /* of tries before */
    api_object_shown(api, a, o, API_WHOLE, &op->doc, &job->err);
    store_object_unref(o);
}

static void on_operated(struct job *job)
{
    struct operation *op = CONTAINER_OF(job, struct operation, job);

    if (job->err.kind != ERR_NONE)
        op->call->dialect->fail(op->call->req, &job->err);
    else
        op->call->dialect->object(op->call->req, 200, &op->doc);
}

void api_operate(struct api_call *call, const struct operate_stored *of)
{
    struct operation *op = ARENA_NEW(http_arena(call->req), struct operation);
    struct err err;

    *op = (struct operation){.call = call, .of = of};
    op->job.run = run_operation;
    op->job.done = on_operated;
    if (store_is_stalled(call->api->options.store)) {
        err_set(&err, ERR_IO, "the store cannot write: its disk is full or busy");
        call->dialect->fail(call->req, &err);
    } else if (workers_submit(call->api->options.workers, &op->job, &err) < 0) {
        err.kind = ERR_TRANSIENT;
        call->dialect->fail(call->req, &err);
    }
}
