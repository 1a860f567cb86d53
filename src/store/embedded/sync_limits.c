/*
 * Limits of the semaphores of the database: the rows, written by the writer's thread, and what
 * the loop knows of them. See sync_limits.h.
 */
#include "store/sync_limits.h"
#include "store/embedded/embedded_internal.h"

/* ---- building; any thread ---- */

static void add_op(struct store_txn *txn, enum op_kind kind, struct str name, uint32_t limit)
{
    struct op *op = txn_add_op(txn, kind);

    op->limit_name = str_copy(txn->arena, name);
    op->limit = limit;
}

void store_txn_sync_limit_add(struct store_txn *txn, struct str name, uint32_t limit)
{
    add_op(txn, OP_LIMIT_ADD, name, limit);
}

void store_txn_sync_limit_set(struct store_txn *txn, struct str name, uint32_t limit)
{
    add_op(txn, OP_LIMIT_SET, name, limit);
}

void store_txn_sync_limit_drop(struct store_txn *txn, struct str name)
{
    add_op(txn, OP_LIMIT_DROP, name, 0);
}

/* ---- the writer's thread: 0, -1 with the transaction's own error, -2 try again ---- */

static enum statement_id statement_of(const struct op *op)
{
    return op->kind == OP_LIMIT_ADD   ? STATEMENT_LIMIT_ADD
           : op->kind == OP_LIMIT_SET ? STATEMENT_LIMIT_SET
                                      : STATEMENT_LIMIT_DROP;
}

int sync_limits_do(struct store *s, struct store_txn *txn, const struct op *op)
{
    sqlite3_stmt *stmt = connection_statement(&s->writer, statement_of(op));
    bool is_add = op->kind == OP_LIMIT_ADD;

    bind_str(stmt, 1, op->limit_name);
    if (op->kind != OP_LIMIT_DROP)
        sqlite3_bind_int64(stmt, 2, op->limit);
    if (!stmt || sqlite3_step(stmt) != SQLITE_DONE) {
        schema_error(s->writer.db, "write a limit", &txn->err);
        return txn->err.kind == ERR_IO ? -2 : -1;
    }
    sqlite3_reset(stmt);
    if (sqlite3_changes(s->writer.db) > 0)
        return 0;
    return err_set(&txn->err, is_add ? ERR_EXISTS : ERR_NOT_FOUND, "sync limit " STR_FMT " %s",
                   STR_ARG(op->limit_name), is_add ? "already exists" : "not found");
}

/* ---- reading ---- */

int store_sync_limit_get(struct store *s, struct str name, uint32_t *ret, struct err *err)
{
    struct connection *c = store_reader_take(s, err);
    sqlite3_stmt *stmt;
    int code;

    if (!c)
        return -1;
    stmt = connection_statement(c, STATEMENT_LIMIT_GET);
    bind_str(stmt, 1, name);
    code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *ret = (uint32_t) sqlite3_column_int64(stmt, 0);
    else if (code == SQLITE_DONE)
        err_set(err, ERR_NOT_FOUND, "sync limit " STR_FMT " not found", STR_ARG(name));
    else
        schema_error(c->db, "read a limit", err);
    sqlite3_reset(stmt);
    store_reader_give(s, c);
    return code == SQLITE_ROW ? 0 : -1;
}

/* ---- what the loop knows ---- */

/* The number itself is the value: it is over 0. */
static void keep(struct store *s, struct str name, uint32_t limit)
{
    map_put(&s->limits, name, (void *) (uintptr_t) limit);
}

static int keep_row(struct store *s, sqlite3_stmt *row, struct err *err)
{
    struct str name = str_of((const char *) sqlite3_column_text(row, 0),
                             (size_t) sqlite3_column_bytes(row, 0));
    int64_t limit = sqlite3_column_int64(row, 1);

    if (limit < 1 || limit > UINT32_MAX)
        return err_set(err, ERR_INVALID,
                       "the limit of semaphore \"" STR_FMT "\" is damaged: %lld", STR_ARG(name),
                       (long long) limit);
    keep(s, name, (uint32_t) limit);
    return 0;
}

int sync_limits_open(struct store *s, struct err *err)
{
    sqlite3_stmt *stmt = connection_statement(&s->writer, STATEMENT_LIMITS_GET);
    int code = SQLITE_ROW, result = 0;

    while (result == 0 && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        result = keep_row(s, stmt, err);
    if (result == 0 && code != SQLITE_DONE)
        result = schema_error(s->writer.db, "read the limits", err);
    sqlite3_reset(stmt);
    return result;
}

bool store_sync_limit_known(const struct store *s, struct str name, uint32_t *ret)
{
    uintptr_t found = (uintptr_t) map_find(&s->limits, name);

    if (found == 0)
        return false;
    *ret = (uint32_t) found;
    return true;
}

void sync_limits_deliver(struct store *s, const struct store_txn *txn)
{
    for (size_t i = 0; i < txn->op_count; i++) {
        const struct op *op = &txn->ops[i];

        if (str_is_none(op->limit_name))
            continue;
        if (op->kind == OP_LIMIT_DROP)
            map_take(&s->limits, op->limit_name);
        else
            keep(s, op->limit_name, op->limit);
        if (s->on_limit)
            s->on_limit(s->on_limit_ctx, op->limit_name);
    }
}

void store_sync_limits_watch(struct store *s, store_sync_limit_fn fn, void *ctx)
{
    s->on_limit = fn;
    s->on_limit_ctx = ctx;
}
