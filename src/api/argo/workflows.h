/* api/argo/workflows.h - what the files of the workflow service share. Http threads. */
#pragma once

#include "api/argo/operation.h"
#include "workflows/operate/operate.h"

/** argo_workflow_resolve() - the name that "@latest" stands for: the newest of the namespace;
 * ERR_NOT_FOUND when there is none */
int argo_workflow_resolve(const struct argo_request *r, struct store_key *key, struct err *err);

/** argo_body_text() - a member of a body; "" when it is not there */
struct str argo_body_text(const struct json *body, const char *member);

/** argo_body_parameters() - "parameters" of a body, a list of NAME=VALUE; ERR_INVALID */
int argo_body_parameters(const struct argo_request *r, const struct json *body,
                         const struct str **ret, size_t *ret_count, struct err *err);

/** argo_resubmit() - submit a workflow again, and answer; @old is whole when memoized, lives in
 * the request's arena */
void argo_resubmit(const struct argo_request *r, const struct json *old,
                   const struct operate_resubmission *how);
