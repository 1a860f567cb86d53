/*
 * api/argo/list_filter.h - the filters of a list of Workflows as the Argo Server reads them,
 * for the live ones and the archive. Pure.
 */
#pragma once

#include "api/argo/operation.h"
#include "store/archive.h"

/**
 * argo_list_filter() - namespace, listOptions.labelSelector, .fieldSelector, .limit,
 * nameFilter, namePrefix, createdAfter and finishedBefore of a request
 * @ns:  the namespace that was asked for otherwise, or ""
 * @ret: in the request's arena; without the continue token
 * @err: ERR_INVALID, for field selectors in the original's words
 */
int argo_list_filter(const struct argo_request *r, struct str ns, struct archive_query *ret,
                     struct err *err);

/** argo_archived_page() - a page's summaries, appended to @items; the metadata of its list */
struct json argo_archived_page(struct arena *a, const struct archive_page *page,
                               struct json_array_builder *items);

/** argo_field_filter() - a fieldSelector and a nameFilter alone; texts are borrowed */
int argo_field_filter(struct arena *a, struct str fields, struct str name_filter,
                      struct archive_query *ret, struct err *err);
