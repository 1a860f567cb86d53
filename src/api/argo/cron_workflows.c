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

/* spec.suspend of the object set, or taken away by null; the answer is the object. As a patch:
 * its controller writes the status of one that comes due. */
static void change_suspend(const struct argo_request *r, struct json suspend)
{
    const struct object_kind *of = argo_kind_of(kind.kind);
    struct store_key *key = ARENA_NEW(r->a, struct store_key);
    struct api_patch *how = ARENA_NEW(r->a, struct api_patch);
    struct json *patch = ARENA_NEW(r->a, struct json);
    struct json body;
    struct err err;

    *key = argo_object_key(r, of);
    if (http_body(r->req).len > 0 && argo_body(r, &body, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    *patch = json_set_path(r->a, NULL, suspend, "spec", "suspend", NULL);
    *how = (struct api_patch){.type = PATCH_MERGE, .patch = patch};
    api_patch(argo_call(r), of, key, STR(""), how);
}

void argo_cron_workflows_suspend(const struct argo_request *r)
{
    change_suspend(r, json_bool(true));
}

void argo_cron_workflows_resume(const struct argo_request *r)
{
    change_suspend(r, json_null());
}
