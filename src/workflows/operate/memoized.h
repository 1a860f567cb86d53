/*
 * workflows/operate/memoized.h - resubmitting a failed Workflow with the results of the steps
 * that succeeded: the new one is created with their nodes, in one transaction. Blocks on the
 * store: workers only.
 */
#pragma once

#include "store/store.h"
#include "workflows/operate/operate.h"

/**
 * operate_memoized() - what a memoized resubmission creates; pure
 * @wf:   old workflow with its nodes. Its document becomes the new one, its nodes the new
 * one's: pods that succeeded are Skipped and keep their outputs, what failed and what came
 * after is removed, the others run again
 * @how:  parameters that override
 * @bits: randomness, for the name and the uid
 * @err:  ERR_INVALID: it has not failed, wrong parameters
 *
 * Return: 0 or -1.
 */
int operate_memoized(struct operate_workflow *wf, const struct operate_resubmission *how,
                     const uint8_t bits[16], struct err *err);

/**
 * operate_memoized_create() - create it
 * @wf:   old workflow with its nodes; changed
 * @how:  as above
 * @mark: identity of the effect: it happens once ever; "" none
 * @ret:  the new Workflow, a reference for the caller; NULL when the mark says that it was made
 *        before, and is gone
 * @err:  as above; ERR_LIMIT, ERR_TRANSIENT, ERR_IO
 */
int operate_memoized_create(struct store *store, struct operate_workflow *wf,
                            const struct operate_resubmission *how, struct str mark,
                            const struct store_object **ret, struct err *err);
