/*
 * store/follow.h - a watch for controllers: it tells first what there is, then what changes,
 * and does not end. When the store cannot be read at the beginning, nothing is told, and it is
 * tried again after STORE_FOLLOW_AGAIN_MS; from the beginning when what came after from_rv is
 * not known any more. Loop thread.
 */
#pragma once

#include "store/store.h"

struct store_follower;

/* Borrowed until the follower ends. */
struct store_follow {
    struct store *store;
    struct loop *loop;
    struct store_query query;
    int64_t from_rv; /* what came after it; 0: first all that there is */
    store_event_fn fn;
    void *ctx;
};

/** store_follow() - begin; owned */
struct store_follower *store_follow(const struct store_follow *what);

/** store_follow_end() - no event comes after this; release; NULL is a no-op */
void store_follow_end(struct store_follower *f);
