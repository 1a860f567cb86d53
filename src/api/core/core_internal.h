/* api/core/core_internal.h - what the files of api/core share about writing. */
#pragma once

#include "api/core/core.h"

/** api_commit() - hand a transaction to the store, or fail the call; @done gets the call */
void api_commit(struct api_call *call, struct store_txn *txn, store_done_fn done);

/** api_conflict() - somebody else wrote meanwhile: ERR_CONFLICT in Kubernetes' words; -1 */
int api_conflict(const struct store_key *key, struct err *err);

/** api_conflict_because() - the same with other words behind the name */
int api_conflict_because(const struct store_key *key, struct str why, struct err *err);

/** api_on_written() - answer a call by what the store has now; store_done_fn */
void api_on_written(void *call, const struct store_result *result, const struct err *err);

/** api_check_grant() - may the caller write this document? Roles and bindings only: who gives
 * rights must have them; ERR_DENIED; http threads and workers */
int api_check_grant(const struct api_call *call, const struct object_kind *kind, struct str ns,
                    const struct json *doc, struct err *err);

/* ---- before.c: an object that is about to be changed; http threads and workers ---- */

struct api_before {
    struct json shown; /* with its nodes when rows are there */
    int64_t rv;
    struct operate_workflow *rows; /* of a Workflow whose status is written, too; else NULL */
};

/** api_before_get() - read it; @takes_status: and the rows of a Workflow; errors as
 * api_object_get() */
int api_before_get(const struct api_call *call, const struct store_key *key, bool takes_status,
                   struct api_before *ret, struct err *err);

/** api_doc_takes_status(), api_patch_takes_status() - does that write the status of a Workflow,
 * which has no subresource for it upstream? */
bool api_doc_takes_status(const struct object_kind *kind, const struct json *doc);
bool api_patch_takes_status(const struct object_kind *kind, const struct api_patch *patch,
                            struct str sub);

/* What is made of an object. */
struct api_after {
    const struct object_kind *kind;
    struct str sub;           /* as of api_update() */
    const struct json *given; /* checked document */
    bool is_managed;          /* its managedFields are what they are to be */
};

/**
 * api_before_change() - what is written then
 * @b:   its rows are changed
 * @ret: as it is shown then
 * @err: ERR_RULE: it cannot become that
 */
int api_before_change(const struct api_call *call, struct api_before *b,
                      const struct api_after *after, struct json *ret, struct err *err);

/** api_before_write() - all of it into a transaction; @made: of api_before_change() */
void api_before_write(struct store_txn *txn, const struct api_before *b,
                      const struct json *made, int64_t rv);
