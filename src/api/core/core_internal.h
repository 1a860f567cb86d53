/* api/core/core_internal.h - what the files of api/core share about writing. */
#pragma once

#include "api/core/core.h"

/** api_commit() - hand a transaction to the store, or fail the call; @done gets the call */
void api_commit(struct api_call *call, struct store_txn *txn, store_done_fn done);

/** api_conflict() - somebody else wrote meanwhile: ERR_CONFLICT in Kubernetes' words; -1 */
int api_conflict(const struct store_key *key, struct err *err);

/** api_on_written() - answer a call by what the store has now; store_done_fn */
void api_on_written(void *call, const struct store_result *result, const struct err *err);

/** api_check_grant() - may the caller write this document? Roles and bindings only: who gives
 * rights must have them; ERR_DENIED; http threads and workers */
int api_check_grant(const struct api_call *call, const struct object_kind *kind, struct str ns,
                    const struct json *doc, struct err *err);
