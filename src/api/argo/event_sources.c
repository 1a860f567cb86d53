/* The service of EventSources. Their logs are not served. */
#include "api/argo/objects.h"
#include "api/argo/operations.h"

static const struct argo_kind kind = {.kind = "EventSource", .member = "eventSource"};

void argo_event_sources_list(const struct argo_request *r)
{
    argo_objects_list(r, &kind);
}

void argo_event_sources_create(const struct argo_request *r)
{
    argo_objects_create(r, &kind);
}

void argo_event_sources_get(const struct argo_request *r)
{
    argo_objects_get(r, &kind);
}

void argo_event_sources_update(const struct argo_request *r)
{
    argo_objects_update(r, &kind);
}

void argo_event_sources_delete(const struct argo_request *r)
{
    argo_objects_delete(r, &kind);
}

void argo_event_sources_watch(const struct argo_request *r)
{
    argo_objects_watch(r, &kind);
}
