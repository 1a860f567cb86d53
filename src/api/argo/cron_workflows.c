/* The service of CronWorkflows. */
#include "api/argo/gateway.h"
#include "api/argo/objects.h"
#include "api/argo/operations.h"

static const struct argo_kind kind = {.kind = "CronWorkflow", .member = "cronWorkflow"};

void argo_cron_workflows_list(const struct argo_request *r)
{
    argo_objects_list(r, &kind);
}

void argo_cron_workflows_create(const struct argo_request *r)
{
    argo_objects_create(r, &kind);
}

void argo_cron_workflows_get(const struct argo_request *r)
{
    argo_objects_get(r, &kind);
}

void argo_cron_workflows_update(const struct argo_request *r)
{
    argo_objects_update(r, &kind);
}

void argo_cron_workflows_delete(const struct argo_request *r)
{
    argo_objects_delete(r, &kind);
}

void argo_cron_workflows_lint(const struct argo_request *r)
{
    argo_objects_lint(r, &kind);
}

/* spec.suspend of the object set or taken away; the answer is the object. */
static void change_suspend(const struct argo_request *r, const struct json *suspend)
{
    const struct object_kind *of = argo_kind_of(kind.kind);
    struct store_key *key = ARENA_NEW(r->a, struct store_key);
    struct json body, doc, spec;
    struct err err;

    *key = argo_object_key(r, of);
    if ((http_body(r->req).len > 0 && argo_body(r, &body, &err) < 0) ||
        api_object_get(r->api, r->a, key, API_WITHOUT_NODES, &doc, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    spec = suspend ? json_set(r->a, json_get(&doc, STR("spec")), STR("suspend"), *suspend)
                   : json_without(r->a, json_get(&doc, STR("spec")), STR("suspend"));
    doc = json_set(r->a, &doc, STR("spec"), spec);
    doc = json_set(r->a, &doc, STR("metadata"), /* of the newest: its status changes often */
                   json_without(r->a, json_get(&doc, STR("metadata")), STR("resourceVersion")));
    api_update(argo_call(r), of, key, STR(""), &doc);
}

void argo_cron_workflows_suspend(const struct argo_request *r)
{
    const struct json yes = json_bool(true);

    change_suspend(r, &yes);
}

void argo_cron_workflows_resume(const struct argo_request *r)
{
    change_suspend(r, NULL);
}
