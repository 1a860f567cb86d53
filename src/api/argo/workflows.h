/* api/argo/workflows.h - what the files of the workflow service share. Http threads. */
#pragma once

#include "api/argo/operation.h"

/** argo_workflow_resolve() - the name that "@latest" stands for: the newest of the namespace;
 * ERR_NOT_FOUND when there is none */
int argo_workflow_resolve(const struct argo_request *r, struct store_key *key, struct err *err);
