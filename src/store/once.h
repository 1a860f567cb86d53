/*
 * store/once.h - effects that happen once: what a transaction with a mark (store_txn_once())
 * left. Any thread but the loop; blocking.
 */
#pragma once

#include "store/store.h"

/**
 * store_once_object() - has the effect with that mark happened?
 * @mark: "" has not
 * @ret:  what its transaction wrote last, as it is now, a reference; NULL when that is gone, or
 *        was nothing
 * @err:  ERR_IO
 *
 * Return: 1, 0, or -1 when the store cannot be read.
 */
int store_once_object(struct store *s, struct arena *a, struct str mark,
                      const struct store_object **ret, struct err *err);
