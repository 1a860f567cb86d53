/*
 * tests/support/store_world.h - a real store on a real loop in a folder of its own, for unit
 * tests. Include it behind cmocka.h.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/store.h"

struct store_world {
    char path[64]; /* of the folder */
    struct arena *a;
    struct loop *loop;
    struct store *store;
};

static inline void store_world_open(struct store_world *w)
{
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-store-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->store);
}

static inline void store_world_commit(struct store *store, struct store_txn *txn)
{
    struct store_result result = {0};
    struct err err;

    if (store_commit_wait(store, txn, &result, &err) < 0)
        fail_msg("%s", err.text);
    store_object_unref(result.object);
}

/* Creates an object, or puts it in the place of the one that is there. */
static inline void store_world_write(struct store *store, const struct json *doc, bool is_new)
{
    struct store_txn *txn = store_txn_new(store);

    if (is_new)
        store_txn_create(txn, doc);
    else
        store_txn_update(txn, doc, 0);
    store_world_commit(store, txn);
}

static inline void store_world_close(struct store_world *w)
{
    char command[100];

    store_close(w->store);
    loop_free(w->loop);
    arena_free(w->a);
    snprintf(command, sizeof(command), "rm -rf %s", w->path);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of ours */
}
