/*
 * store/store.h - the objects, their history and their effects: everything that must survive a
 * crash.
 *
 * One writer thread joins waiting transactions into one commit (group commit); each transaction
 * is all-or-nothing on its own (a savepoint). Readers block on connections of their own and run
 * on workers or http threads, never on the loop. resourceVersion is the store's sequence: every
 * committed transaction that changes objects takes one number per changed object. status.nodes
 * of a Workflow are rows: documents are kept without them.
 *
 * Documents are Kubernetes objects as JSON. The store itself takes from a document: apiVersion,
 * kind, metadata.name, namespace, uid, labels, creationTimestamp; status.phase; and "finished"
 * (label workflows.argoproj.io/completed). It never stores metadata.resourceVersion or
 * status.nodes inside a document: both are columns and rows.
 *
 * embedded/ is SQLite (WAL, synchronous=FULL, STRICT tables, DESIGN section 5); kube/ will be a
 * real API server.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "formats/json.h"
#include "formats/selector.h"
#include "io/loop.h"

struct store;
struct store_txn;
struct store_watch;

struct store_key {
    struct str group; /* "argoproj.io", "" for core */
    struct str kind;  /* "Workflow" */
    struct str ns;    /* "" for cluster-scoped kinds */
    struct str name;
};

/* An immutable object, shared between threads by reference count. */
struct store_object {
    struct store_key key;
    struct str uid;
    int64_t rv;
    struct wall created;
    struct str doc;   /* JSON text, without resourceVersion and status.nodes */
    struct str phase; /* status.phase or "" */
    bool is_finished;
};

struct store_options {
    const char *path;         /* folder; state.db is made in it, 0600 */
    struct loop *loop;        /* where done callbacks and watch events run */
    uint64_t history_changes; /* 0: WATCH_HISTORY_MAX_CHANGES */
    unsigned reader_count;    /* read connections; 0: 4 */
    uint64_t retry_ms;        /* between attempts to write on a disk that refuses; 0: 100 */
};

/**
 * store_open() - open or create the embedded store; migrates forward, refuses a newer schema
 * @options: borrowed
 * @err:     ERR_UNSUPPORTED (schema of a newer program, says both versions), ERR_EXISTS
 * (another daemon has it), ERR_IO
 *
 * Return: the store, owned, or NULL.
 */
struct store *store_open(const struct store_options *options, struct err *err);

/** store_close() - finish what was committed, join the writer, release; outstanding done
 * callbacks run before it returns. On a disk that still refuses after a second they fail with
 * ERR_IO: then nothing of the transaction is stored */
void store_close(struct store *s);

/** store_file_check() - is a database file (the store's, the bus's) whole? Only reads, also
 * while a daemon has it; ERR_INVALID with what SQLite found, ERR_IO when it cannot be read;
 * blocking */
int store_file_check(const char *file, struct err *err);

/* ---- reading: any thread but the loop; blocking ---- */

/** store_object_ref() / store_object_unref() - share and drop an object; any thread; unref of
 * NULL is a no-op */
const struct store_object *store_object_ref(const struct store_object *o);
void store_object_unref(const struct store_object *o);
static inline void store_object_unrefp(const struct store_object **o)
{
    store_object_unref(*o);
}

/**
 * store_get() - one object
 * @ret: a reference for the caller
 * @err: ERR_NOT_FOUND in Kubernetes' words (`workflows.argoproj.io "x" not found`), ERR_IO
 */
int store_get(struct store *s, const struct store_key *key, const struct store_object **ret,
              struct err *err);

/** store_find_uid() - store_get() of the Workflow with a uid, without an index; any namespace */
int store_find_uid(struct store *s, struct str uid, const struct store_object **ret,
                   struct err *err);

/** store_object_of() - a document as an object that is in no store (rv 0); a reference for the
 * caller; any thread */
const struct store_object *store_object_of(const struct json *doc);

struct store_query {
    struct str group, kind;
    struct str ns;                 /* "" = all namespaces */
    const struct selector *labels; /* or NULL */
    const struct selector *fields; /* or NULL: metadata.name, metadata.namespace, status.phase;
                                      of Events involvedObject.*, reason, type, source,
                                      reportingComponent */
    struct str name_prefix;        /* or "" */
    size_t limit;                  /* 0 = all */
    struct str continue_token;     /* of the page before, or "" */
    bool newest_first; /* by creation: by index for STORE_UNFINISHED and STORE_FINISHED, else a
                          sort; otherwise by namespace and name as Kubernetes does */
    enum store_finished { STORE_ANY, STORE_UNFINISHED, STORE_FINISHED } finished;
    bool wants_bookmark; /* of watches: a STORE_BOOKMARK behind what was there at the beginning
                          */
};

struct store_list {
    const struct store_object **at; /* references; store_list_done() drops them */
    size_t len;
    int64_t rv;                /* of the whole list: watch from here */
    struct str continue_token; /* in the arena; empty on the last page */
    uint64_t remaining;        /* objects behind this page when known, else 0 */
};

/** store_list() - objects that match, in one consistent read; a page behind the first has the
 * rv of the first: who watches from there misses nothing. ERR_INVALID for a forged token, ERR_GONE for
 * one whose rv the history does not reach any more */
int store_list(struct store *s, struct arena *a, const struct store_query *q,
               struct store_list *ret, struct err *err);
void store_list_done(struct store_list *list);

/** store_token_renewed() - a token that goes on behind the same object, with what is there
 * then; in @a; "" when it is none. Pure */
struct str store_token_renewed(struct arena *a, struct str token);

struct store_node {
    struct str id;  /* node id */
    uint64_t seq;   /* order of creation inside the workflow */
    struct str doc; /* the NodeStatus as JSON text */
};

/**
 * store_view_begin() - what this thread reads until store_view_end() is one state of the store
 *
 * For a list and the nodes of its workflows. Not nested; short, as the log of the database
 * cannot shrink meanwhile.
 *
 * Return: 0, or -1 with the store's error; then there is nothing to end.
 */
int store_view_begin(struct store *s, struct err *err);

/** store_view_end() - behind a store_view_begin() of this thread that succeeded */
void store_view_end(struct store *s);

/** store_nodes() - all node rows of a workflow in order of seq, copied into the arena */
int store_nodes(struct store *s, struct arena *a, struct str workflow_uid,
                struct store_node **ret, size_t *ret_count, struct err *err);

/**
 * store_once_get() - what the transaction with a mark (store_txn_once()) wrote
 * @ret: key of its last object, in the arena; the object may be deleted since
 * @err: ERR_NOT_FOUND: no such transaction was committed
 */
int store_once_get(struct store *s, struct arena *a, struct str mark, struct store_key *ret,
                   struct err *err);

/** store_uids() - the uids of all objects of the kind of @of, in the arena */
int store_uids(struct store *s, struct arena *a, const struct store_key *of, struct str **ret,
               size_t *ret_count, struct err *err);

/** store_namespaces() - the names of the namespaces that have objects, and of default, of which
 * there is no Namespace; in the arena, sorted */
int store_namespaces(struct store *s, struct arena *a, struct str **ret, size_t *ret_count,
                     struct err *err);

struct store_label_count {
    struct str value;
    int64_t objects;
};

/** store_label_counts() - how many objects have each value of a label, by value; in the arena */
int store_label_counts(struct store *s, struct arena *a, struct str key,
                       struct store_label_count **ret, size_t *ret_count, struct err *err);

/** store_row_get() - a row of a named small table (see store_txn_row_put); ERR_NOT_FOUND */
int store_row_get(struct store *s, struct arena *a, struct str table, struct str key,
                  struct str *ret, struct err *err);

struct store_row {
    struct str key, value;
};

/** store_rows() - all rows of a named small table whose key begins with @prefix, by key */
int store_rows(struct store *s, struct arena *a, struct str table, struct str prefix,
               struct store_row **ret, size_t *ret_count, struct err *err);

/** store_rv() - the newest committed sequence; any thread */
int64_t store_rv(const struct store *s);

/* ---- writing: build on any thread, commit from any thread, answer on the loop ---- */

struct store_result {
    int64_t rv;        /* of the last object that the transaction wrote */
    bool already_done; /* store_txn_once() found its mark: nothing was written, and that is
                          success */
    const struct store_object *object; /* the last object written, borrowed for the callback;
                                          NULL if none or deleted */
};

typedef void (*store_done_fn)(void *ctx, const struct store_result *result,
                              const struct err *err);

/** store_txn_new() - an empty transaction; owned until committed or freed */
struct store_txn *store_txn_new(struct store *s);
void store_txn_free(struct store_txn *txn);

/** store_txn_arena() - memory that lives as long as the transaction */
struct arena *store_txn_arena(struct store_txn *txn);

/** store_txn_create() - add an object; commit fails with ERR_EXISTS when the name is taken,
 * with ERR_DENIED when its namespace is Terminating. @doc is printed at once */
void store_txn_create(struct store_txn *txn, const struct json *doc);

/** store_txn_create_if_open() - store_txn_create(), but in a namespace that is Terminating
 * nothing is made, and the rest of the transaction is carried out */
void store_txn_create_if_open(struct store_txn *txn, const struct json *doc);

/** store_txn_update() - replace an object; ERR_NOT_FOUND, or ERR_CONFLICT when @expect_rv is
 * not 0 and not its rv, or the uid differs. An rv of before a touch without nodes is as good,
 * as long as the history knows of it: the object is the same */
void store_txn_update(struct store_txn *txn, const struct json *doc, int64_t expect_rv);

/** store_txn_touch() - give an object a new resourceVersion because its nodes change in this
 * transaction: watchers see it; ERR_NOT_FOUND, ERR_CONFLICT when the uid differs */
void store_txn_touch(struct store_txn *txn, const struct store_key *key, struct str uid);

/** store_txn_delete() - remove an object with its nodes and labels; @uid and @expect_rv are
 * preconditions unless "" and 0; what it owns goes in the background */
void store_txn_delete(struct store_txn *txn, const struct store_key *key, struct str uid,
                      int64_t expect_rv);

enum store_propagation {
    STORE_BACKGROUND, /* what it owns goes after it: in the same commit */
    STORE_FOREGROUND, /* it waits until all that it owns has gone */
    STORE_ORPHAN,     /* what it owns stays, without the reference */
};

/**
 * store_txn_delete_as() - store_txn_delete() that says what becomes of what the object owns
 *
 * An object with finalizers stays: it gets a deletionTimestamp (the result has the object), and
 * goes with the update that takes the last finalizer. Objects whose ownerReferences name the
 * object's uid, and no other owner that is there, are deleted in the same commit, and theirs:
 * all or nothing, also over a crash. Dependents are those that were written since the store
 * knows owners. A Namespace is held by spec.finalizers, too: it is Terminating from here on,
 * nothing can be created in it, and it goes with the update that takes the last of them.
 */
void store_txn_delete_as(struct store_txn *txn, const struct store_key *key, struct str uid,
                         int64_t expect_rv, enum store_propagation how);

/** store_txn_node() - insert or replace one node row of a workflow; absent @doc removes it */
void store_txn_node(struct store_txn *txn, struct str workflow_uid, struct str node_id,
                    uint64_t seq, struct str doc);

/** store_txn_row_put() - set a row of a named small table (outbox, sync_lock, memo, lease,
 * condition, dead_letter ...); absent @value removes it */
void store_txn_row_put(struct store_txn *txn, struct str table, struct str key,
                       struct str value);

/**
 * store_txn_once() - make the whole transaction happen once ever
 * @mark: identity of the effect, e.g. a hash of (sensor, trigger, event ids); kept for
 * BUS_RETAIN_MAX_MS and longer
 *
 * If the mark is there already, the commit writes nothing and reports already_done with the
 * object that was made then.
 */
void store_txn_once(struct store_txn *txn, struct str mark);

/**
 * store_commit() - hand a transaction to the writer
 * @txn:  taken, also on failure
 * @done: called once on the loop when it is durable or has failed; may be NULL
 * @err:  ERR_TRANSIENT when STORE_QUEUE_MAX_TXNS wait; then @done is not called
 *
 * Transactions commit in the order of this call. A disk that is full or busy makes the writer
 * wait and try again (transient), never lose: done comes later; store_is_stalled() says so
 * meanwhile.
 */
int store_commit(struct store *s, struct store_txn *txn, store_done_fn done, void *ctx,
                 struct err *err);

/** store_commit_wait() - store_commit() for workers and tools: blocks until durable;
 * @ret->object is a reference to be dropped; not on the loop */
int store_commit_wait(struct store *s, struct store_txn *txn, struct store_result *ret,
                      struct err *err);

/** store_is_stalled() - is the writer waiting for the disk (full, locked)? any thread; the API
 * answers 507 then */
bool store_is_stalled(const struct store *s);

/* ---- watching: on the loop ---- */

enum store_event_type { STORE_ADDED, STORE_MODIFIED, STORE_DELETED, STORE_BOOKMARK };

struct store_event {
    enum store_event_type type;
    int64_t rv;
    const struct store_object
        *object; /* borrowed for the call; the last state for DELETED; NULL for BOOKMARK */
    const struct str *node_ids; /* nodes that this change wrote (Workflow only), borrowed */
    size_t node_count;
};

typedef void (*store_event_fn)(void *ctx, const struct store_event *event);

/**
 * store_watch_open() - follow changes of one kind; loop thread
 * @q:       group, kind, ns, labels, fields (copied); an object that stops matching is DELETED,
 * one that begins is ADDED; STORE_UNFINISHED with @from_rv 0 leaves out of the first ADDED what
 * has finished, live events come for all
 * @from_rv: deliver what came after it; 0 = first all that is there as ADDED, then live; -1 =
 * from now
 * @fn:      on the loop, in order, never inside this call
 * @on_end:  called once when history is too short (ERR_GONE) or the store fails; then the watch
 * is closed already
 *
 * Return: the watch, owned; close it with store_watch_close().
 */
struct store_watch *store_watch_open(struct store *s, const struct store_query *q,
                                     int64_t from_rv, store_event_fn fn,
                                     void (*on_end)(void *ctx, const struct err *err),
                                     void *ctx);

/** store_told_rv() - up to here all watches that are not new have been told; loop thread */
int64_t store_told_rv(const struct store *s);

/** store_watch_close() - no event comes after this; loop thread; NULL is a no-op */
void store_watch_close(struct store_watch *w);
