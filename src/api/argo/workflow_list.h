/*
 * api/argo/workflow_list.h - the list of Workflows: what is under way first, newest first, then
 * what has finished.
 *
 * Blocks on the store: http threads.
 */
#pragma once

#include "api/argo/operation.h"

/* What a list leaves out that the store cannot. */
struct argo_workflow_filter {
    struct str name_part;                                                      /* "" none */
    struct wall created_after, finished_before, started_after, started_before; /* ms 0: none */
};

/**
 * argo_name_filter() - listOptions.fieldSelector as nameFilter reads it; pure
 * @a:      where texts live
 * @filter: Exact or "", Prefix, Contains, NotEquals; how metadata.name=X is meant
 * @fields: the selector as sent; replaced where the store is to look otherwise
 * @ret_prefix: begin of the names that are listed, or ""
 * @ret_part:   part of the names that are listed, or ""
 * @err:    ERR_INVALID for other filters and selectors that cannot be read
 */
int argo_name_filter(struct arena *a, struct str filter, struct str *fields,
                     struct str *ret_prefix, struct str *ret_part, struct err *err);

/** argo_workflow_is_listed() - does a Workflow pass? pure */
bool argo_workflow_is_listed(const struct argo_workflow_filter *filter,
                             const struct json *workflow);
