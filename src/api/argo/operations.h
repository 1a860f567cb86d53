/* api/argo/operations.h - the handlers that operations.def names: void argo_HANDLER(r). Each
 * answers exactly once; http threads. */
#pragma once

#include "api/argo/operation.h"

#define OPERATION(method, path, service, operation, rights, handler) \
    void argo_##handler(const struct argo_request *r);
#define LATER(method, path, service, operation, rights)
#include "api/argo/operations.def"
#undef OPERATION
#undef LATER
