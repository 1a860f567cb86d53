/*
 * workflows/operate/stored.h - an operation on a Workflow of a store: read with its nodes,
 * changed by a pure function, written under the version that was read. When the engine or
 * somebody else was faster, all of it is done anew. Knows no operation. Blocks on the store:
 * workers only.
 */
#pragma once

#include "store/store.h"
#include "workflows/operate/operate.h"

struct operate_stored {
    struct store_key key;
    /* Changes what was read; may be called again with newer state. */
    int (*apply)(const void *ctx, struct operate_workflow *wf, struct err *err);
    const void *ctx;
    struct str once_mark; /* identity of the effect: it happens once ever; "" none */
};

/**
 * operate_stored_run() - carry an operation out
 * @a:   scratch of all tries
 * @ret: the Workflow as it is then, a reference for the caller; NULL when the mark says that
 *       the operation was carried out before, and the Workflow is gone
 * @err: ERR_NOT_FOUND; ERR_CONFLICT when it has changed at each of OPERATION_TRIES_MAX tries;
 *       what apply() says; ERR_TRANSIENT, ERR_IO of the store
 *
 * Return: 0 or -1.
 */
int operate_stored_run(struct store *store, struct arena *a, const struct operate_stored *of,
                       const struct store_object **ret, struct err *err);

/** operate_stored_read() - a stored Workflow with its nodes; @wf: arena and now are given */
int operate_stored_read(struct store *store, const struct store_object *o,
                        struct operate_workflow *wf, struct err *err);

/** operate_take_apart() - a document that holds status.nodes becomes one without, and nodes */
void operate_take_apart(struct operate_workflow *wf);

/** operate_put_together() - the document with its nodes as status.nodes, but for removed ones */
struct json operate_put_together(const struct operate_workflow *wf);

/** operate_stored_write() - a changed workflow and its changed nodes into a transaction; @rv: of
 * the version that was read */
void operate_stored_write(struct store_txn *txn, const struct operate_workflow *wf, int64_t rv);

/**
 * operate_create() - a Workflow with its nodes, in one transaction
 * @wf:  document with name and uid; nodes that are not removed are written
 * @once_mark: identity of the effect: it happens once ever; "" none
 * @ret: as it is then, a reference for the caller; NULL when the mark says that it was made
 *       before, and is gone
 * @err: ERR_EXISTS; ERR_LIMIT, ERR_TRANSIENT, ERR_IO
 */
int operate_create(struct store *store, const struct operate_workflow *wf, struct str once_mark,
                   const struct store_object **ret, struct err *err);
