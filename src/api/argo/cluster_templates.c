/* The service of ClusterWorkflowTemplates. */
#include "api/argo/objects.h"
#include "api/argo/operations.h"

static const struct argo_kind kind = {.kind = "ClusterWorkflowTemplate", .member = "template"};

void argo_cluster_templates_list(const struct argo_request *r)
{
    argo_objects_list(r, &kind);
}

void argo_cluster_templates_create(const struct argo_request *r)
{
    argo_objects_create(r, &kind);
}

void argo_cluster_templates_get(const struct argo_request *r)
{
    argo_objects_get(r, &kind);
}

void argo_cluster_templates_update(const struct argo_request *r)
{
    argo_objects_update(r, &kind);
}

void argo_cluster_templates_delete(const struct argo_request *r)
{
    argo_objects_delete(r, &kind);
}

void argo_cluster_templates_lint(const struct argo_request *r)
{
    argo_objects_lint(r, &kind);
}
