/*
 * POST serviceaccounts/NAME/token: a token for a while, as `kubectl create token` asks for it.
 * Read on an http thread, made on a worker, answered on the loop.
 */
#include "api/api_internal.h"
#include "base/limits.h"

enum { DEFAULT_S = 3600, MIN_S = 600 };

struct token_request {
    struct job job;
    struct api *api;
    struct http_request *req;
    struct json body;
    struct auth_grant grant;
};

/* ---- worker ---- */

static void run(struct job *job)
{
    struct token_request *t = CONTAINER_OF(job, struct token_request, job);

    job->err.kind = ERR_NONE;
    auth_grant_token(t->api->auth, http_arena(t->req), &t->grant, clock_wall(), &job->err);
}

/* ---- loop ---- */

static void done(struct job *job)
{
    struct token_request *t = CONTAINER_OF(job, struct token_request, job);
    struct arena *a = http_arena(t->req);
    struct json_object_builder status = {0};
    struct json made;

    if (job->err.kind != ERR_NONE) {
        reply_error(t->req, &job->err);
        return;
    }
    json_add(a, &status, STR("token"), json_string(t->grant.token));
    json_add(a, &status, STR("expirationTimestamp"),
             json_string(object_time_text(a, t->grant.expires.ms)));
    made = json_set(a, &t->body, STR("status"), json_object(&status));
    made = json_set(a, &made, STR("kind"), json_string(STR("TokenRequest")));
    made = json_set(a, &made, STR("apiVersion"), json_string(STR("authentication.k8s.io/v1")));
    reply_json(t->req, 201, &made);
}

/* ---- http thread ---- */

static int read_seconds(const struct json *body, int64_t *ret, struct err *err)
{
    const struct json *spec = json_get(body, STR("spec"));
    const struct json *given = json_get(spec, STR("expirationSeconds"));

    *ret = DEFAULT_S;
    if (json_get(spec, STR("boundObjectRef")))
        return err_set(err, ERR_UNSUPPORTED, "spec.boundObjectRef is not supported yet");
    if (given && given->type != JSON_NULL && !json_i64(given, ret))
        return err_set(err, ERR_INVALID, "spec.expirationSeconds: must be a whole number");
    if (*ret < MIN_S)
        return err_set(
            err, ERR_INVALID,
            "spec.expirationSeconds: Invalid value: %lld: may not specify a duration "
            "less than 10 minutes",
            (long long) *ret);
    *ret = *ret < AUTH_REQUESTED_MAX_S ? *ret : AUTH_REQUESTED_MAX_S;
    return 0;
}

bool token_request_is(struct http_request *req, const struct resource *r)
{
    return str_is(http_method(req), "POST") && str_is(r->sub, "token") &&
           str_is(str_from(r->kind->kind), "ServiceAccount");
}

void token_request_handle(struct api *api, struct http_request *req, const struct resource *r)
{
    struct arena *a = http_arena(req);
    struct token_request *t = ARENA_NEW(a, struct token_request);
    int64_t seconds;
    struct err err;

    *t = (struct token_request){.api = api, .req = req};
    t->job.run = run;
    t->job.done = done;
    t->grant.ns = str_copy(a, r->ns);
    t->grant.account = str_copy(a, r->name);
    if (resource_body(req, &t->body, &err) < 0 || read_seconds(&t->body, &seconds, &err) < 0) {
        reply_error(req, &err);
        return;
    }
    t->grant.expires.ms = clock_wall().ms + seconds * 1000;
    if (workers_submit(api->options.workers, &t->job, &err) < 0) {
        err.kind = ERR_TRANSIENT;
        reply_error(req, &err);
    }
}
