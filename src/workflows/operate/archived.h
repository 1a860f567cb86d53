/*
 * workflows/operate/archived.h - retrying a Workflow that is in the archive alone: it becomes a
 * live one again, with the nodes that are kept, in one transaction. What is archived stays: it
 * is the run before. Blocks on the store: workers only.
 */
#pragma once

#include "store/store.h"
#include "workflows/operate/operate.h"

/**
 * operate_archived_retry() - let an archived workflow go on where it failed
 * @a:    scratch
 * @text: the archived document
 * @ret:  the live Workflow, a reference for the caller; it has a new uid
 * @err:  ERR_EXISTS when a live one has its name; as operate_retry(); ERR_TRANSIENT, ERR_IO
 */
int operate_archived_retry(struct store *store, struct arena *a, struct str text,
                           const struct operate_retrial *how, const struct store_object **ret,
                           struct err *err);
