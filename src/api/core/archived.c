/*
 * Workflows of the archive through the API: found where a live one is not there, and work on
 * them that waits for the store. Reading blocks: http threads and workers. Knows no dialect.
 */
#include "api/core/core.h"

static int archived_text(struct api *api, struct arena *a, const struct api_archived *of,
                         struct str *ret, struct err *err)
{
    struct store *s = api->options.store;

    if (of->uid.len > 0)
        return store_archive_get(s, a, of->uid, ret, err);
    return store_archive_find(s, a, of->ns, of->name, ret, err);
}

int api_archived_get(struct api *api, struct arena *a, const struct api_archived *of,
                     struct json *ret, struct err *err)
{
    struct str text;

    if (archived_text(api, a, of, &text, err) < 0 || json_parse(a, text, ret, err) < 0)
        return -1;
    if ((of->ns.len > 0 && !str_eq(of->ns, object_namespace(ret))) ||
        (of->name.len > 0 && !str_eq(of->name, object_name(ret))))
        return err_set(err, ERR_NOT_FOUND, "not found");
    return 0;
}

int api_workflow_get(struct api *api, struct arena *a, const struct api_archived *of,
                     enum api_parts parts, struct json *ret, struct err *err)
{
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), of->ns, of->name};
    struct err live, ignored;

    if (api_object_get(api, a, &key, parts, ret, &live) == 0) {
        if (of->uid.len == 0 || str_eq(of->uid, object_uid(ret)))
            return 0;
        err_set(&live, ERR_NOT_FOUND,
                "workflows.argoproj.io \"" STR_FMT "\" with uid \"" STR_FMT "\" not found",
                STR_ARG(of->name), STR_ARG(of->uid));
    }
    if (live.kind != ERR_NOT_FOUND || api_archived_get(api, a, of, ret, &ignored) < 0) {
        *err = live;
        return -1;
    }
    if (parts == API_WITHOUT_NODES)
        *ret = json_set(a, ret, STR("status"),
                        json_without(a, json_get(ret, STR("status")), STR("nodes")));
    return 0;
}

/* ---- work on a worker ---- */

struct work {
    struct job job;
    struct api_call *call;
    api_work_fn fn;
    const void *ctx;
    struct json doc;
};

static void run_work(struct job *job)
{
    struct work *w = CONTAINER_OF(job, struct work, job);
    struct arena *a = http_arena(w->call->req);
    const struct store_object *o = NULL;

    job->err.kind = ERR_NONE;
    if (w->fn(w->call->api, a, w->ctx, &o, &job->err) == 0 && o)
        api_object_shown(w->call->api, a, o, API_WHOLE, &w->doc, &job->err);
    store_object_unref(o);
}

static void on_worked(struct job *job)
{
    struct work *w = CONTAINER_OF(job, struct work, job);
    const struct api_dialect *dialect = w->call->dialect;

    if (job->err.kind != ERR_NONE)
        dialect->fail(w->call->req, &job->err);
    else if (w->doc.type == JSON_OBJECT)
        dialect->object(w->call->req, 200, &w->doc);
    else
        dialect->removed(w->call->req);
}

void api_work(struct api_call *call, api_work_fn fn, const void *ctx)
{
    struct work *w = ARENA_NEW(http_arena(call->req), struct work);
    struct err err;

    *w = (struct work){.call = call, .fn = fn, .ctx = ctx, .doc = json_null()};
    w->job.run = run_work;
    w->job.done = on_worked;
    if (store_is_stalled(call->api->options.store)) {
        err_set(&err, ERR_IO, "the store cannot write: its disk is full or busy");
        call->dialect->fail(call->req, &err);
    } else if (workers_submit(call->api->options.workers, &w->job, &err) < 0) {
        err.kind = ERR_TRANSIENT;
        call->dialect->fail(call->req, &err);
    }
}
