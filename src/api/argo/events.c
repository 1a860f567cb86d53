/*
 * The event service: what somebody tells the server, told to the WorkflowEventBindings of the
 * namespace. They are asked on a worker; those that fail get an Event, on the loop. The request
 * is answered behind that, or, with api_options.is_event_async, as soon as the worker has it:
 * then so many may be under way, and the log tells failures, too.
 */
#include "api/argo/argo.h"
#include "api/argo/gateway.h"
#include "api/argo/objects.h"
#include "api/argo/operations.h"
#include "api/argo/webhook_clients.h"
#include "base/log.h"
#include "workflows/bindings/binding.h"

static const struct argo_kind kind = {.kind = "WorkflowEventBinding", .member = "binding"};

void argo_bindings_list(const struct argo_request *r)
{
    argo_objects_list(r, &kind);
}

struct receipt {
    struct job job;
    struct api *api;
    struct arena *a;          /* of the request, or its own */
    struct http_request *req; /* NULL: answered already */
    struct binding_event event;
    struct auth_identity who;
    struct binding_failure *failures;
    size_t failure_count;
};

/* ---- on a worker ---- */

static int check_workflow(void *ctx, const struct json *workflow, struct err *err)
{
    const struct receipt *receipt = ctx;
    const struct json *ref = json_path(workflow, "spec", "workflowTemplateRef", NULL);
    bool is_cluster = json_get_bool(ref, STR("clusterScope"));
    const struct auth_request all[] = {
        {.verb = STR("get"),
         .group = STR("argoproj.io"),
         .resource = is_cluster ? STR("clusterworkflowtemplates") : STR("workflowtemplates"),
         .ns = is_cluster ? STR("") : receipt->event.ns,
         .name = json_get_str(ref, STR("name"))},
        {.verb = STR("create"),
         .group = STR("argoproj.io"),
         .resource = STR("workflows"),
         .ns = receipt->event.ns,
         .name = STR("")}};

    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (auth_check(receipt->api->auth, &receipt->who, &all[i], err) < 0)
            return -1;
    return 0;
}

static void run_receipt(struct job *job)
{
    struct receipt *receipt = CONTAINER_OF(job, struct receipt, job);
    const struct binding_dispatch d = {.store = receipt->api->options.store,
                                       .submitter = receipt->api->options.submitter,
                                       .creator = STR(""),
                                       .check = check_workflow,
                                       .ctx = receipt};

    job->err.kind = ERR_NONE;
    binding_dispatch(&d, receipt->a, &receipt->event, &receipt->failures,
                     &receipt->failure_count, &job->err);
}

/* ---- on the loop ---- */

static void record(const struct receipt *receipt, const struct binding_failure *failure)
{
    const struct store_key key = {STR("argoproj.io"), STR("WorkflowEventBinding"),
                                  receipt->event.ns, failure->name};
    const struct recorder_event event = {
        .about = &key,
        .api_version = STR("argoproj.io/v1alpha1"),
        .uid = failure->uid,
        .rv = failure->rv,
        .component = STR("argo-server"),
        .is_warning = true,
        .reason = STR("WorkflowEventBindingError"),
        .message = str_printf(receipt->a, "failed to dispatch event: " STR_FMT,
                              STR_ARG(failure->text))};

    if (receipt->api->options.recorder)
        recorder_add(receipt->api->options.recorder, NULL, &event);
}

static void end_async(struct receipt *receipt)
{
    if (receipt->job.err.kind != ERR_NONE)
        log_warn(NULL, "an event was answered, and not dispatched",
                 LOG_STR(NAMESPACE, receipt->event.ns), LOG_ERR(&receipt->job.err));
    __atomic_sub_fetch(&receipt->api->events_under_way, 1, __ATOMIC_SEQ_CST);
    arena_free(receipt->a);
}

static void on_received(struct job *job)
{
    struct receipt *receipt = CONTAINER_OF(job, struct receipt, job);
    struct str text = STR("");

    for (size_t i = 0; i < receipt->failure_count; i++) {
        record(receipt, &receipt->failures[i]);
        text = str_printf(receipt->a, STR_FMT "%s" STR_FMT, STR_ARG(text), text.len ? " " : "",
                          STR_ARG(receipt->failures[i].text));
    }
    if (receipt->failure_count > 0)
        err_set(&job->err, ERR_INTERNAL, "failed to dispatch event: [" STR_FMT "]",
                STR_ARG(text));
    if (!receipt->req)
        end_async(receipt);
    else if (job->err.kind != ERR_NONE)
        argo_fail(receipt->req, &job->err);
    else
        argo_reply_empty(receipt->req);
}

/* ---- the request ---- */

/* Headers that begin with "x-", in lower case, as lists. */
static struct json metadata_of(struct arena *a, struct http_request *req)
{
    const struct http_header *headers;
    size_t count = http_headers_all(req, &headers);
    struct json made = json_object(&(struct json_object_builder){0});

    for (size_t i = 0; i < count; i++) {
        struct str name = str_copy(a, headers[i].name);
        struct json_array_builder values = {0};
        const struct json *before;

        for (size_t k = 0; k < name.len; k++)
            if (name.ptr[k] >= 'A' && name.ptr[k] <= 'Z')
                ((char *) (uintptr_t) name.ptr)[k] = (char) (name.ptr[k] - 'A' + 'a');
        if (!str_starts(name, STR("x-")))
            continue;
        before = json_get(&made, name);
        for (size_t k = 0; json_item(before, k); k++)
            json_push(a, &values, *json_item(before, k));
        json_push(a, &values, json_string(str_copy(a, headers[i].value)));
        made = json_set(a, &made, name, json_array(&values));
    }
    return made;
}

/* By the token; without one by a signature. */
static int identify(const struct argo_request *r, struct auth_identity *ret, struct err *err)
{
    const struct auth_request what = {.verb = STR("list"),
                                      .group = STR("argoproj.io"),
                                      .resource = STR("workfloweventbindings"),
                                      .ns = argo_variable(r, "namespace"),
                                      .name = STR("")};

    if (api_identify(r->api, r->req, ret, err) < 0 &&
        (err->kind != ERR_UNAUTHORIZED || argo_webhook_identify(r->api, r->req, ret, err) < 0))
        return -1;
    return auth_check(r->api->auth, ret, &what, err);
}

static struct auth_identity identity_copy(struct arena *a, const struct auth_identity *who)
{
    struct str *groups = ARENA_ARRAY(a, struct str, who->group_count + 1);

    for (size_t i = 0; i < who->group_count; i++)
        groups[i] = str_copy(a, who->groups[i]);
    return (struct auth_identity){.user = str_copy(a, who->user),
                                  .uid = str_copy(a, who->uid),
                                  .groups = groups,
                                  .group_count = who->group_count};
}

/* What came, in @a, which may outlive the request. */
static struct receipt *receipt_new(const struct argo_request *r, struct arena *a,
                                   const struct auth_identity *who, struct err *err)
{
    struct receipt *receipt = ARENA_NEW(a, struct receipt);
    struct json *metadata = ARENA_NEW(a, struct json), *payload = ARENA_NEW(a, struct json);

    if (json_parse(a, str_copy(a, http_body(r->req)), payload, err) < 0) {
        err_wrap(err, "request");
        return NULL;
    }
    *metadata = metadata_of(a, r->req);
    *receipt = (struct receipt){
        .job = {.run = run_receipt, .done = on_received},
        .api = r->api,
        .a = a,
        .req = r->req,
        .who = identity_copy(a, who),
        .event = {.ns = str_copy(a, argo_variable(r, "namespace")),
                  .discriminator = str_copy(a, argo_variable(r, "discriminator")),
                  .metadata = metadata,
                  .payload = payload}};
    return receipt;
}

static int submit(struct receipt *receipt, struct err *err)
{
    struct api *api = receipt->api;

    if (workers_submit(api->options.workers, &receipt->job, err) == 0)
        return 0;
    return err_set(err, ERR_LIMIT, "operation queue full");
}

static void receive_async(const struct argo_request *r, const struct auth_identity *who)
{
    struct api *api = r->api;
    struct arena *a = arena_new();
    struct receipt *receipt;
    struct err err;
    int result = -1;

    if (__atomic_add_fetch(&api->events_under_way, 1, __ATOMIC_SEQ_CST) >
        api->options.event_room) {
        err_set(&err, ERR_LIMIT, "operation queue full");
    } else if ((receipt = receipt_new(r, a, who, &err)) != NULL) {
        receipt->req = NULL;
        result = submit(receipt, &err);
    }
    if (result == 0) {
        argo_reply_empty(r->req);
        return;
    }
    __atomic_sub_fetch(&api->events_under_way, 1, __ATOMIC_SEQ_CST);
    arena_free(a);
    argo_fail(r->req, &err);
}

void argo_events_receive(const struct argo_request *r)
{
    struct receipt *receipt;
    struct auth_identity who;
    struct err err;

    if (identify(r, &who, &err) < 0)
        argo_refuse(r->req, &err);
    else if (r->api->options.is_event_async)
        receive_async(r, &who);
    else if (!(receipt = receipt_new(r, r->a, &who, &err)) || submit(receipt, &err) < 0)
        argo_fail(r->req, &err);
}

/* The same, to bindings that ask for no discriminator. */
void argo_events_receive_bare(const struct argo_request *r)
{
    argo_events_receive(r);
}
