/*
 * workflows/engine/locks.h - the locks that workflows share: who holds them, who waits.
 *
 * A mutex is a semaphore of one; one of the database is another lock than a semaphore of the
 * database with its key, as their rows are upstream. All locks of a request are taken at once
 * or none; only the head of a lock's queue may take it: by priority, then the age of the
 * workflow, then the holder's key. What is held stands in status.synchronization of the
 * workflows: locks_restore() reads it back at the start and whenever a workflow is loaded, so
 * memory is never the only truth. A lock is reserved while the decision that takes it is on its
 * way to disk, and is given back only after the decision that ends its use is there: it is
 * never granted twice. Loop thread; no I/O. Source: ../shared/spec/workflows.md 4.15.
 */
#pragma once

#include "base/err.h"
#include "formats/json.h"

struct locks;

/* A workflow may go on: what it waits for may be free. Never from inside a call but
 * locks_kick(). */
typedef void (*locks_wake_fn)(void *ctx, struct str workflow_uid);

/** locks_new() - no locks; owned; @wake may be NULL */
struct locks *locks_new(locks_wake_fn wake, void *ctx);

/** locks_free() - NULL is a no-op */
void locks_free(struct locks *l);

struct lock_item {
    struct str key; /* "ns/Mutex/name", "ns/ConfigMap/name/key", "ns/Database/name" */
    unsigned limit; /* holders at a time; 0: it could not be read */
    bool is_mutex;
    struct str row; /* of the database, as upstream names it: "sem/ns/key", "mtx/ns/name";
                       absent: it is not of the database */
};

struct lock_request {
    struct str uid;    /* of the workflow */
    struct str holder; /* "ns/workflow" or "ns/workflow/node" */
    int64_t priority;
    int64_t created_ms; /* of the workflow */
    const struct lock_item *items;
    size_t item_count;
};

/**
 * locks_take() - take all locks of a request, or wait for them in their queues
 * @a:          where texts live
 * @ret_failed: key of the first lock that is not to be had; untouched when all are taken
 * @ret_text:   upstream's words for it
 *
 * What is held already is taken. Return: whether all are held.
 */
bool locks_take(struct locks *l, struct arena *a, const struct lock_request *request,
                struct str *ret_failed, struct str *ret_text);

/** locks_holders() - the keys of those who hold a lock, borrowed until the next call */
size_t locks_holders(const struct locks *l, struct str key, bool is_mutex,
                     const struct str **ret);

/** locks_limit() - the limit that was asked with last of a lock that somebody holds or wants;
 * 0: there is none */
unsigned locks_limit(const struct locks *l, struct str key, bool is_mutex);

/** locks_release() - a holder holds and waits for nothing any more */
void locks_release(struct locks *l, struct str holder);

/** locks_forget() - a workflow holds and waits for nothing any more */
void locks_forget(struct locks *l, struct str uid);

enum locks_restore {
    LOCKS_AT_START, /* its nodes are not loaded: those that wait keep its place */
    LOCKS_AT_LOAD,  /* its nodes will ask again */
};

/** locks_restore() - what a stored Workflow holds, instead of what is known of it */
void locks_restore(struct locks *l, const struct json *doc, enum locks_restore when);

/** locks_touch() - limits may have changed: "ns/ConfigMap/name/", "ns/Database/key" */
void locks_touch(struct locks *l, struct str prefix);

/** locks_kick() - wake those who may go on after releases */
void locks_kick(struct locks *l);
