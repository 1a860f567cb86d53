/*
 * api/argo/argo.h - the Argo REST API: the operations of the Argo Server as its gateway offers
 * them under /api/v1, beside the resource API on the same port.
 *
 * Http threads; answers of what is written come from the loop. Identity is checked before by
 * the one who listens.
 */
#pragma once

#include "api/core/core.h"

/** argo_is_operation() - does a request belong here? Known operations do, built or not */
bool argo_is_operation(struct str method, struct str path);

/** argo_handle() - serve a request; unknown paths are answered with 404 in the gateway's shape
 */
void argo_handle(struct api *api, struct http_request *req);

/** argo_unauthorized() - answer that the token is not valid, as the gateway does */
void argo_unauthorized(struct http_request *req);
