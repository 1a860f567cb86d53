/*
 * store/embedded/embedded_internal.h - what the files of the embedded store share.
 *
 * Threads: anybody builds and commits transactions; the writer thread owns the write connection
 * and turns waiting transactions into one commit; readers borrow connections of a pool; watches
 * and done callbacks live on the loop. Locks: `lock` guards the queue, `pool_lock` the reader
 * pool; neither is held during I/O.
 */
#pragma once

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "base/list.h"
#include "base/map.h"
#include "store/checkpoint.h"
#include "store/schema.h"
#include "store/store.h"

enum { STORE_SCHEMA_VERSION = 6, STORE_READERS_MAX = 16, STORE_NODE_IDS_MAX = 1 << 16 };

/* OP_CASCADE, OP_RELEASE: made by the writer: a dependent of what was deleted, an owner that
 * may wait for it. */
/* In the log of changes, besides enum store_event_type: a version that differs in nothing. */
enum { CHANGE_TOUCHED = STORE_BOOKMARK + 1 };

enum op_kind {
    OP_CREATE,
    OP_UPDATE,
    OP_TOUCH,
    OP_DELETE,
    OP_NODE,
    OP_ROW,
    OP_CASCADE,
    OP_RELEASE,
    OP_ARCHIVE,
    OP_UNARCHIVE,
    OP_ARCHIVE_TRIM,
    OP_LIMIT_ADD,
    OP_LIMIT_SET,
    OP_LIMIT_DROP,
};

/* A row of the archive, beside the document itself. */
struct archive_row {
    int64_t id; /* of the row that is there */
    struct str name, ns, summary;
    int64_t created_ms, started_ms, finished_ms;
    struct json labels;
};

/* One step of a transaction; texts live in the transaction's arena. */
struct op {
    enum op_kind kind;
    struct store_key key;
    struct str uid;
    struct str doc; /* absent: delete (OP_NODE, OP_ROW) */
    struct str phase;
    struct str labels; /* the labels object as text */
    const struct json *label_object;
    struct wall created; /* OP_ARCHIVE_TRIM: what ended before goes */
    bool is_finished;
    bool is_optional; /* OP_CREATE: left out where its namespace ends */
    int64_t expect_rv;
    struct str node_id;      /* OP_NODE; OP_ROW: the key */
    struct str workflow_uid; /* OP_NODE; OP_ROW: the table */
    uint64_t seq;
    enum store_propagation how; /* OP_DELETE, OP_CASCADE */
    struct str owner_uid;       /* OP_CASCADE */
    const struct archive_row *archive;
    struct str limit_name; /* OP_LIMIT_...; absent: another operation */
    uint32_t limit;
    /* Result, by the writer. */
    enum store_event_type event;
    const struct store_object *object; /* reference */
    int64_t rv;
};

/* Who waits in store_commit_wait(); on that thread's stack. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool is_done;
    struct err err;
    struct store_result result; /* its object is a reference */
};

struct store_txn {
    struct store *store;
    struct arena *arena;
    struct op *ops;
    size_t op_count, op_room;
    size_t own_count; /* operations that the writer did not add */
    struct str mark;
    store_done_fn done;
    void *ctx;
    struct list link; /* in the queue, then in the batch */
    /* Result. */
    struct err err;
    unsigned malformed_count; /* attempts that found the database malformed */
    struct store_result result;
    const struct store_object *found; /* by the mark: reference */
    struct waiter *waiter;            /* store_commit_wait() */
};

enum statement_id {
#define STATEMENT(name, sql) STATEMENT_##name,
#include "store/embedded/statements.def"
#undef STATEMENT
    STATEMENT_COUNT_
};

struct connection {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT_];
};

struct store {
    struct loop *loop;
    char *file; /* path of state.db */
    int lock_fd;
    uint64_t history_changes, retry_ms;
    struct connection writer;
    struct checkpointer *checkpointer;
    pthread_t thread;
    bool has_thread;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct list queue; /* of struct store_txn */
    size_t queue_len;
    bool is_stopping;

    pthread_mutex_t pool_lock;
    pthread_cond_t pool_wake;
    struct connection *pool[STORE_READERS_MAX]; /* free ones */
    size_t pool_free, pool_open, pool_max;

    atomic_llong rv;
    atomic_bool is_stalled;

    struct list done;      /* committed transactions on their way to the loop; under lock */
    struct loop_task task; /* posted while done is not empty */
    bool is_task_posted;   /* under lock */
    bool is_delivering;    /* loop: watches that are closed now are freed afterwards */
    struct list watches;   /* loop */
    int64_t told_rv;       /* loop */
    struct map limits;     /* loop: name to the number itself */
    void (*on_limit)(void *ctx, struct str name); /* loop; or NULL */
    void *on_limit_ctx;
};

/* ---- connection.c ---- */

/** connection_open() - open state.db with the house's pragmas; @is_writer migrates it */
int connection_open(struct connection *c, const char *file, bool is_writer, struct err *err);
void connection_close(struct connection *c);

/** connection_statement() - a prepared statement of the table, reset, unbound */
sqlite3_stmt *connection_statement(struct connection *c, enum statement_id id);

/** connection_begin() / connection_end() - one view of the store for several reads */
int connection_begin(struct connection *c, struct err *err);
void connection_end(struct connection *c);

/** connection_number() - the number that a statement without parameters gives */
int connection_number(struct connection *c, enum statement_id id, int64_t *ret,
                      struct err *err);

/** bind_str() / column_str() - text in and out; a column's text is copied into the arena */
void bind_str(sqlite3_stmt *s, int at, struct str text);
struct str column_str(sqlite3_stmt *s, int at, struct arena *a);

/** store_reader_take() / store_reader_give() - borrow a read connection; blocks while all are
 * lent */
struct connection *store_reader_take(struct store *s, struct err *err);
void store_reader_give(struct store *s, struct connection *c);

/* ---- object.c ---- */

/** object_make() - an immutable object with one reference; copies everything */
const struct store_object *object_make(const struct store_key *key, struct str uid, int64_t rv,
                                       struct wall created, struct str doc, struct str phase,
                                       bool is_finished);

/** object_of_row() - from a row of the columns that OBJECT_COLUMNS names */
const struct store_object *object_of_row(sqlite3_stmt *s);

/** store_query_matches() - name, namespace, labels and fields of an object against a query */
bool store_query_matches(const struct store_query *q, const struct store_object *o);

/* ---- txn.c ---- */

/** txn_add_op() - one more operation; pointers to the others are void then */
struct op *txn_add_op(struct store_txn *txn, enum op_kind kind);

/** txn_fill_object() - what an operation writes of a document */
void txn_fill_object(struct store_txn *txn, struct op *op, const struct json *doc);

/* ---- apply.c: writer's thread ---- */

/** store_step() - carry out a statement without parameters; 0, or -1 */
int store_step(struct store *s, enum statement_id id);

/**
 * store_txn_apply() - one transaction inside its savepoint
 * @rv: the last number that was given; moved on
 *
 * Return: 0, also when it failed for a reason of its own (then txn->err says it); -2 when the
 * disk refused and the batch must be rolled back and tried again.
 */
int store_txn_apply(struct store *s, struct store_txn *txn, int64_t *rv);

/** store_txn_forget() - take back the results of an attempt that is rolled back */
void store_txn_forget(struct store_txn *txn);

/* ---- writer.c ---- */

int store_writer_start(struct store *s, struct err *err);
void store_writer_stop(struct store *s);

/** store_not_found() - ERR_NOT_FOUND as Kubernetes words it; any thread */
int store_not_found(const struct store_key *key, struct err *err);

/** txn_release() - drop its references and memory */
void txn_release(struct store_txn *txn);

/* ---- archive_write.c ---- */

/** archive_do() - carry out an OP_ARCHIVE, OP_UNARCHIVE or OP_ARCHIVE_TRIM; writer thread; 0,
 * -1 with the transaction's own error, -2: the disk refused */
int archive_do(struct store *s, struct store_txn *txn, const struct op *op);

/* ---- sync_limits.c ---- */

/** sync_limits_do() - carry out an OP_LIMIT_ADD, OP_LIMIT_SET or OP_LIMIT_DROP; as archive_do()
 */
int sync_limits_do(struct store *s, struct store_txn *txn, const struct op *op);

/** sync_limits_open() - what the loop knows at the start; before the writer runs */
int sync_limits_open(struct store *s, struct err *err);

/** sync_limits_deliver() - what a committed transaction did to limits; loop thread */
void sync_limits_deliver(struct store *s, const struct store_txn *txn);

/* ---- watch.c: loop thread ---- */

/** store_watches_deliver() - tell all watches what a committed transaction did */
void store_watches_deliver(struct store *s, const struct store_txn *txn);
void store_watches_close(struct store *s);
