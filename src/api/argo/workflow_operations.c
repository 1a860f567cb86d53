/*
 * The workflow service: operations on a workflow that is there. Each reads its body and leaves
 * the rest to a function of workflows/operate, on a worker.
 */
#include "api/argo/gateway.h"
#include "api/argo/objects.h"
#include "api/argo/operations.h"
#include "api/argo/workflows.h"
#include "workflows/operate/memoized.h"
#include "workflows/operate/stored.h"

typedef int (*apply_fn)(const void *ctx, struct operate_workflow *wf, struct err *err);

struct str argo_body_text(const struct json *body, const char *member)
{
    struct str text = json_get_str(body, str_from(member));

    return str_is_none(text) ? STR("") : text;
}

static void operate(const struct argo_request *r, apply_fn apply, const void *ctx)
{
    struct operate_stored *op = ARENA_NEW(r->a, struct operate_stored);
    struct err err;

    *op = (struct operate_stored){.key = argo_object_key(r, argo_kind_of("Workflow")),
                                  .apply = apply,
                                  .ctx = ctx,
                                  .once_mark = STR("")};
    if (argo_workflow_resolve(r, &op->key, &err) < 0)
        argo_fail(r->req, &err);
    else
        api_operate(argo_call(r), op);
}

/* The body, which may be missing; NULL when the request is answered. */
static const struct json *read_body(const struct argo_request *r)
{
    struct json *body = ARENA_NEW(r->a, struct json);
    struct err err;

    *body = json_object(&(struct json_object_builder){0});
    if (http_body(r->req).len == 0 || argo_body(r, body, &err) == 0)
        return body;
    argo_fail(r->req, &err);
    return NULL;
}

static void operate_by_body(const struct argo_request *r, apply_fn apply)
{
    const struct json *body = read_body(r);

    if (body)
        operate(r, apply, body);
}

/* ---- one function an operation ---- */

static int apply_suspend(const void *ctx, struct operate_workflow *wf, struct err *err)
{
    (void) ctx;
    return operate_suspend(wf, err);
}

void argo_workflows_suspend(const struct argo_request *r)
{
    operate_by_body(r, apply_suspend);
}

struct resume {
    const struct json *body;
    struct str by;
};

static int apply_resume(const void *ctx, struct operate_workflow *wf, struct err *err)
{
    const struct resume *resume = ctx;

    return operate_resume(wf, argo_body_text(resume->body, "nodeFieldSelector"), resume->by,
                          err);
}

/* The user behind a token; "" without one. */
static struct str user_of(const struct argo_request *r)
{
    struct auth_identity who;
    struct err ignored;

    if (str_is_none(http_header(r->req, STR("Authorization"))) ||
        api_identify(r->api, r->req, &who, &ignored) < 0)
        return STR("");
    return who.user;
}

void argo_workflows_resume(const struct argo_request *r)
{
    struct resume *resume = ARENA_NEW(r->a, struct resume);

    *resume = (struct resume){.body = read_body(r), .by = user_of(r)};
    if (resume->body)
        operate(r, apply_resume, resume);
}

static int apply_stop(const void *body, struct operate_workflow *wf, struct err *err)
{
    return operate_stop(wf, argo_body_text(body, "nodeFieldSelector"),
                        argo_body_text(body, "message"), err);
}

void argo_workflows_stop(const struct argo_request *r)
{
    operate_by_body(r, apply_stop);
}

static int apply_terminate(const void *ctx, struct operate_workflow *wf, struct err *err)
{
    (void) ctx;
    return operate_shut_down(wf, OPERATE_TERMINATE, err);
}

void argo_workflows_terminate(const struct argo_request *r)
{
    operate_by_body(r, apply_terminate);
}

static int apply_set(const void *values, struct operate_workflow *wf, struct err *err)
{
    return operate_set(wf, values, err);
}

/* outputParameters is a text that holds an object of texts. */
static int read_outputs(const struct argo_request *r, struct str text, const struct json **ret,
                        struct err *err)
{
    struct json *outputs = ARENA_NEW(r->a, struct json);

    *ret = NULL;
    if (str_is_empty(text))
        return 0;
    if (json_parse(r->a, text, outputs, err) < 0)
        return err_wrap(err, "unable to parse output parameter set request");
    for (uint32_t i = 0; json_is(outputs, JSON_OBJECT) && i < outputs->count; i++)
        if (!json_is(&outputs->members[i].value, JSON_STRING))
            return err_set(err, ERR_INVALID,
                           "unable to parse output parameter set request: \"" STR_FMT
                           "\" is no text",
                           STR_ARG(outputs->members[i].key));
    if (!json_is(outputs, JSON_OBJECT))
        return err_set(err, ERR_INVALID,
                       "unable to parse output parameter set request: it is no object");
    *ret = outputs;
    return 0;
}

void argo_workflows_set(const struct argo_request *r)
{
    struct operate_values *values = ARENA_NEW(r->a, struct operate_values);
    const struct json *body = read_body(r);
    struct err err;

    if (!body)
        return;
    *values = (struct operate_values){.selector = argo_body_text(body, "nodeFieldSelector"),
                                      .phase = argo_body_text(body, "phase"),
                                      .message = argo_body_text(body, "message")};
    if (read_outputs(r, argo_body_text(body, "outputParameters"), &values->outputs, &err) < 0)
        argo_fail(r->req, &err);
    else
        operate(r, apply_set, values);
}

/* ---- once more ---- */

int argo_body_parameters(const struct argo_request *r, const struct json *body,
                         const struct str **ret, size_t *ret_count, struct err *err)
{
    const struct json *list = json_get(body, STR("parameters")), *item;
    struct str *texts = ARENA_ARRAY(r->a, struct str, list ? list->count + 1 : 1);
    size_t count = 0;

    if (list && !json_is(list, JSON_ARRAY) && !json_is(list, JSON_NULL))
        return err_set(err, ERR_INVALID, "parameters: a list is expected");
    for (; (item = json_item(list, count)) != NULL; count++) {
        if (!json_is(item, JSON_STRING))
            return err_set(err, ERR_INVALID, "parameters[%zu]: a text is expected", count);
        texts[count] = json_str(item);
    }
    *ret = texts;
    *ret_count = count;
    return 0;
}

static int apply_retry(const void *how, struct operate_workflow *wf, struct err *err)
{
    return operate_retry(wf, how, err);
}

void argo_workflows_retry(const struct argo_request *r)
{
    struct operate_retrial *how = ARENA_NEW(r->a, struct operate_retrial);
    const struct json *body = read_body(r);
    struct err err;

    if (!body)
        return;
    *how = (struct operate_retrial){.restarts_successful =
                                        json_get_bool(body, STR("restartSuccessful")),
                                    .selector = argo_body_text(body, "nodeFieldSelector")};
    if (argo_body_parameters(r, body, &how->parameters, &how->parameter_count, &err) < 0)
        argo_fail(r->req, &err);
    else
        operate(r, apply_retry, how);
}

struct memoized {
    struct json doc; /* the old one, whole */
    struct operate_resubmission how;
};

static int work_memoized(struct api *api, struct arena *a, const void *ctx,
                         const struct store_object **ret, struct err *err)
{
    const struct memoized *m = ctx;
    struct operate_workflow wf = {.arena = a, .now = clock_wall(), .doc = m->doc};

    operate_take_apart(&wf);
    return operate_memoized_create(api->options.store, &wf, &m->how, STR(""), ret, err);
}

void argo_resubmit(const struct argo_request *r, const struct json *old,
                   const struct operate_resubmission *how)
{
    struct api_submission *s = ARENA_NEW(r->a, struct api_submission);
    struct memoized *m = ARENA_NEW(r->a, struct memoized);
    struct json *made = ARENA_NEW(r->a, struct json);
    struct err err;

    if (how->is_memoized) {
        *m = (struct memoized){*old, *how};
        api_work(argo_call(r), work_memoized, m);
    } else if (operate_resubmit(r->a, old, how, made, &err) < 0) {
        argo_fail(r->req, &err);
    } else {
        s->doc = made;
        s->options.ns = object_namespace(old);
        api_submit(argo_call(r), s);
    }
}

/* Also one of the archive. */
static int get_old(const struct argo_request *r, const struct store_key *key,
                   enum api_parts parts, struct json *ret, struct err *err)
{
    const struct api_archived of = {.uid = STR(""), .ns = key->ns, .name = key->name};

    return api_workflow_get(r->api, r->a, &of, parts, ret, err);
}

void argo_workflows_resubmit(const struct argo_request *r)
{
    struct store_key key = argo_object_key(r, argo_kind_of("Workflow"));
    struct operate_resubmission how = {0};
    const struct json *body = read_body(r);
    struct json old;
    struct err err;

    if (!body)
        return;
    how.is_memoized = json_get_bool(body, STR("memoized"));
    if (argo_body_parameters(r, body, &how.parameters, &how.parameter_count, &err) < 0 ||
        argo_workflow_resolve(r, &key, &err) < 0 ||
        get_old(r, &key, how.is_memoized ? API_WHOLE : API_WITHOUT_NODES, &old, &err) < 0)
        argo_fail(r->req, &err);
    else
        argo_resubmit(r, &old, &how);
}
