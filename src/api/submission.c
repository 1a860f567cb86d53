/* A Workflow that comes by HTTP: handed to the submitter on a worker, because it waits for the
 * store; many that wait share a commit. The request is answered on the loop. */
#include "api/api_internal.h"

struct submission {
    struct job job;
    struct api *api;
    struct http_request *req;
    const struct json *doc;
    const struct workflow_submit_options *options;
    const struct store_object *made; /* reference */
};

static void run_submission(struct job *job)
{
    struct submission *s = CONTAINER_OF(job, struct submission, job);
    struct workflow_submitter *submitter = s->api->options.submitter;

    job->err.kind = ERR_NONE;
    submitter->submit(submitter->ctx, s->doc, s->options, &s->made, &job->err);
}

static void on_submitted(struct job *job)
{
    struct submission *s = CONTAINER_OF(job, struct submission, job);
    struct arena *a = http_arena(s->req);
    const struct store_object *made = s->made;
    struct json doc;

    if (!made) {
        reply_error(s->req, &job->err);
        return;
    }
    if (json_parse(a, str_copy(a, made->doc), &doc, &job->err) < 0) {
        reply_error(s->req, &job->err);
    } else {
        doc = json_set_path(a, &doc, json_string(str_printf(a, "%lld", (long long) made->rv)),
                            "metadata", "resourceVersion", NULL);
        reply_json(s->req, 201, &doc);
    }
    store_object_unref(made);
}

void submission_start(struct api *api, struct http_request *req, const struct json *doc,
                      const struct workflow_submit_options *options)
{
    struct submission *s = ARENA_NEW(http_arena(req), struct submission);
    struct err err;

    *s = (struct submission){.api = api, .req = req, .doc = doc, .options = options};
    s->job.run = run_submission;
    s->job.done = on_submitted;
    if (store_is_stalled(api->options.store)) {
        err_set(&err, ERR_IO, "the store cannot write: its disk is full or busy");
        reply_error(req, &err);
    } else if (workers_submit(api->options.workers, &s->job, &err) < 0) {
        err.kind = ERR_TRANSIENT;
        reply_error(req, &err);
    }
}
