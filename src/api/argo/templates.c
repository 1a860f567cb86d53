/* The service of WorkflowTemplates. */
#include "api/argo/objects.h"
#include "api/argo/operations.h"

static const struct argo_kind kind = {.kind = "WorkflowTemplate", .member = "template"};

void argo_templates_list(const struct argo_request *r)
{
    argo_objects_list(r, &kind);
}

void argo_templates_create(const struct argo_request *r)
{
    argo_objects_create(r, &kind);
}

void argo_templates_get(const struct argo_request *r)
{
    argo_objects_get(r, &kind);
}

void argo_templates_update(const struct argo_request *r)
{
    argo_objects_update(r, &kind);
}

void argo_templates_delete(const struct argo_request *r)
{
    argo_objects_delete(r, &kind);
}

void argo_templates_lint(const struct argo_request *r)
{
    argo_objects_lint(r, &kind);
}
