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

/** argo_authorize() - may @who ask for this operation? ERR_DENIED. What is no operation, anyone
 * may ask for */
int argo_authorize(struct api *api, struct http_request *req, const struct auth_identity *who,
                   struct err *err);

/** argo_file_max() - bytes of a body that goes into a file; 0: into memory */
uint64_t argo_file_max(const struct http_request *req);

/** argo_begin() - what a request that may go on needs before its body comes: a file for one
 * that is large; ERR_IO, ERR_UNSUPPORTED */
int argo_begin(struct api *api, struct http_request *req, struct err *err);

/** argo_refuse() - answer with why a request is refused before it is read, in the gateway's
 * shape */
void argo_refuse(struct http_request *req, const struct err *err);
