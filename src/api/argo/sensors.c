/* The service of Sensors. Their logs are not served. */
#include "api/argo/objects.h"
#include "api/argo/operations.h"

static const struct argo_kind kind = {.kind = "Sensor", .member = "sensor"};

void argo_sensors_list(const struct argo_request *r)
{
    argo_objects_list(r, &kind);
}

void argo_sensors_create(const struct argo_request *r)
{
    argo_objects_create(r, &kind);
}

void argo_sensors_get(const struct argo_request *r)
{
    argo_objects_get(r, &kind);
}

void argo_sensors_update(const struct argo_request *r)
{
    argo_objects_update(r, &kind);
}

void argo_sensors_delete(const struct argo_request *r)
{
    argo_objects_delete(r, &kind);
}

void argo_sensors_watch(const struct argo_request *r)
{
    argo_objects_watch(r, &kind);
}
