/*
 * store/sync_limits.h - limits of the semaphores of the database: how many may hold one.
 *
 * A row of the table sync_limit is a name, "namespace/key", and a number over 0. The store
 * keeps all of them in memory for the loop as well, as of the newest commit that the loop was
 * told of: locks are decided without I/O. Source: ../shared/spec/workflows.md 4.15.
 */
#pragma once

#include "store/store.h"

/** store_sync_limit_get() - the limit of a name; blocking: http threads and workers;
 * ERR_NOT_FOUND */
int store_sync_limit_get(struct store *s, struct str name, uint32_t *ret, struct err *err);

/** store_sync_limit_known() - the same from memory; loop thread; false: there is none */
bool store_sync_limit_known(const struct store *s, struct str name, uint32_t *ret);

/** store_txn_sync_limit_add() - a new limit; commit fails with ERR_EXISTS when there is one */
void store_txn_sync_limit_add(struct store_txn *txn, struct str name, uint32_t limit);

/** store_txn_sync_limit_set() - another limit; commit fails with ERR_NOT_FOUND */
void store_txn_sync_limit_set(struct store_txn *txn, struct str name, uint32_t limit);

/** store_txn_sync_limit_drop() - no limit any more; commit fails with ERR_NOT_FOUND */
void store_txn_sync_limit_drop(struct store_txn *txn, struct str name);

typedef void (*store_sync_limit_fn)(void *ctx, struct str name);

/** store_sync_limits_watch() - call @fn on the loop when a limit was added, changed or dropped;
 * one listener; NULL: nobody any more. Loop thread */
void store_sync_limits_watch(struct store *s, store_sync_limit_fn fn, void *ctx);
