/* A Workflow that comes by HTTP: handed to the submitter on a worker, because it waits for the
 * store; many that wait share a commit. The request is answered on the loop. */
#include "api/core/core.h"

struct submission {
    struct job job;
    struct api_call *call;
    const struct api_submission *of;
    const struct store_object *made; /* reference */
};

static void run_submission(struct job *job)
{
    struct submission *s = CONTAINER_OF(job, struct submission, job);
    struct workflow_submitter *submitter = s->call->api->options.submitter;
    const struct api_submission *of = s->of;

    job->err.kind = ERR_NONE;
    if (of->doc)
        submitter->submit(submitter->ctx, of->doc, &of->options, &s->made, &job->err);
    else
        submitter->submit_from(submitter->ctx, of->kind, of->name, &of->options, &s->made,
                               &job->err);
}

/* It came through the gate: what is wrong now is a rule, or what it refers to. */
static void tell_failure(struct submission *s, struct err *err)
{
    if (err->kind == ERR_INVALID)
        err->kind = ERR_RULE;
    s->call->dialect->fail(s->call->req, err);
}

static void on_submitted(struct job *job)
{
    struct submission *s = CONTAINER_OF(job, struct submission, job);
    const struct api_dialect *dialect = s->call->dialect;
    struct http_request *req = s->call->req;
    const struct store_object *made = s->made;
    struct json doc;

    if (!made)
        tell_failure(s, &job->err);
    else if (s->of->echo)
        dialect->object(req, 200, s->of->echo);
    else if (api_object_shown(s->call->api, http_arena(req), made, API_WITHOUT_NODES, &doc,
                              &job->err) < 0)
        dialect->fail(req, &job->err);
    else
        dialect->object(req, dialect->created, &doc);
    store_object_unref(made); /* the request and its arena are gone */
}

void api_submit(struct api_call *call, const struct api_submission *of)
{
    struct submission *s = ARENA_NEW(http_arena(call->req), struct submission);
    struct err err;

    *s = (struct submission){.call = call, .of = of};
    s->job.run = run_submission;
    s->job.done = on_submitted;
    if (store_is_stalled(call->api->options.store)) {
        err_set(&err, ERR_IO, "the store cannot write: its disk is full or busy");
        call->dialect->fail(call->req, &err);
    } else if (workers_submit(call->api->options.workers, &s->job, &err) < 0) {
        err.kind = ERR_TRANSIENT;
        call->dialect->fail(call->req, &err);
    }
}
