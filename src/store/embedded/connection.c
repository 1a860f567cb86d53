/*
 * Connections to state.db: pragmas, numbered migrations, the statement table, the pool of
 * readers.
 *
 * A file of a newer program is refused: see schema.h.
 */
#include <assert.h>
#include <errno.h>

#include "base/mem.h"
#include "store/embedded/embedded_internal.h"
#include "store/wal_file.h"

static const char *const statement_sql[] = {
#define STATEMENT(name, sql) [STATEMENT_##name] = sql,
#include "store/embedded/statements.def"
#undef STATEMENT
};

static const char *const migrations[STORE_SCHEMA_VERSION] = {
    /* 001: objects, labels, nodes as rows, change log, small tables, effects that happen once
     */
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT INTO meta VALUES ('rv', 1);"
    "CREATE TABLE object (id INTEGER PRIMARY KEY, grp TEXT NOT NULL, kind TEXT NOT NULL, ns "
    "TEXT NOT NULL, name TEXT NOT NULL,"
    " uid TEXT NOT NULL, rv INTEGER NOT NULL, created_rv INTEGER NOT NULL, created INTEGER NOT "
    "NULL, doc TEXT NOT NULL,"
    " labels TEXT NOT NULL, phase TEXT NOT NULL, finished INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX object_name ON object (grp, kind, ns, name);"
    "CREATE INDEX object_rv ON object (grp, kind, rv);"
    "CREATE INDEX object_created ON object (grp, kind, created);"
    "CREATE INDEX object_active ON object (grp, kind) WHERE finished = 0;"
    "CREATE TABLE label (object INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, "
    "PRIMARY KEY (object, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX label_value ON label (key, value, object);"
    "CREATE TABLE node (workflow TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, doc "
    "TEXT NOT NULL,"
    " PRIMARY KEY (workflow, id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE change (rv INTEGER PRIMARY KEY, at INTEGER NOT NULL, op INTEGER NOT NULL, "
    "grp TEXT NOT NULL, kind TEXT NOT NULL,"
    " ns TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL, doc TEXT NOT NULL, nodes TEXT "
    "NOT NULL) STRICT;"
    "CREATE TABLE small (tbl TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY "
    "KEY (tbl, key)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE once (mark TEXT PRIMARY KEY, at INTEGER NOT NULL, grp TEXT NOT NULL, kind "
    "TEXT NOT NULL, ns TEXT NOT NULL,"
    " name TEXT NOT NULL) STRICT, WITHOUT ROWID;",
    /* 002: the archive */
    "CREATE TABLE archive (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, ns TEXT NOT NULL, "
    "name TEXT NOT NULL, created INTEGER NOT NULL, started INTEGER NOT NULL, finished INTEGER "
    "NOT NULL, summary TEXT NOT NULL) STRICT;"
    "CREATE INDEX archive_started ON archive (started, id, name);"
    "CREATE INDEX archive_ns ON archive (ns, started, id, name);"
    "CREATE INDEX archive_name ON archive (name, started);"
    "CREATE INDEX archive_finished ON archive (finished);"
    "CREATE TABLE archive_doc (id INTEGER PRIMARY KEY, doc TEXT NOT NULL) STRICT;"
    "CREATE TABLE archive_label (key TEXT NOT NULL, value TEXT NOT NULL, started INTEGER NOT "
    "NULL, id INTEGER NOT NULL, ns TEXT NOT NULL, PRIMARY KEY (key, value, started, id)) "
    "STRICT, WITHOUT ROWID;",
    /* 003: the newest of a namespace without a walk over all, and both orders without a sort */
    "DROP INDEX object_created;"
    "CREATE INDEX object_created ON object (grp, kind, finished, created, ns, name);"
    "CREATE INDEX object_ns_created ON object (grp, kind, ns, finished, created, "
    "name);",
    /* 004: nodes in the order in which they are made: those of one commit are neighbours on
     * disk
     */
    "CREATE TABLE node_by_seq (workflow TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, "
    "doc TEXT NOT NULL, PRIMARY KEY (workflow, seq, id)) STRICT, WITHOUT ROWID;"
    "INSERT INTO node_by_seq SELECT workflow, seq, id, doc FROM node ORDER BY 1, 2, 3;"
    "DROP TABLE node;"
    "ALTER TABLE node_by_seq RENAME TO node;",
    /* 005: limits of the semaphores of the database */
    "CREATE TABLE sync_limit (name TEXT PRIMARY KEY, sizelimit INTEGER NOT NULL) STRICT;",
    /* 006: old marks go without a walk over all */
    "CREATE INDEX once_at ON once (at);",
};

static const struct schema store_schema = {"store", migrations, STORE_SCHEMA_VERSION};

/* What store_view_begin() has pinned for this thread. */
static _Thread_local struct {
    struct store *store;
    struct connection *connection;
} view;

static int run_sql(sqlite3 *db, const char *sql, const char *what, struct err *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                : schema_error(db, what, err);
}

int connection_open(struct connection *c, const char *file, bool is_writer, struct err *err)
{
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (is_writer ? SQLITE_OPEN_CREATE : 0);

    *c = (struct connection){0};
    if (sqlite3_open_v2(file, &c->db, flags, wal_file_vfs()) != SQLITE_OK) {
        schema_error(c->db, file, err);
        connection_close(c);
        return -1;
    }
    if (sqlite3_db_readonly(c->db, "main") == 1) { /* what SQLite makes of a failed open */
        connection_close(c);
        return err_set(err, ERR_IO, "%s: cannot be opened for writing", file);
    }
    sqlite3_busy_timeout(c->db, 1000);
    if (run_sql(c->db,
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = "
                "ON; PRAGMA cache_size = -4096;"
                "PRAGMA wal_autocheckpoint = 0",
                file, err) < 0 ||
        (is_writer && schema_migrate(c->db, file, &store_schema, err) < 0)) {
        connection_close(c);
        return -1;
    }
    return 0;
}

void connection_close(struct connection *c)
{
    for (size_t i = 0; i < STATEMENT_COUNT_; i++)
        sqlite3_finalize(c->statements[i]);
    sqlite3_close(c->db);
    *c = (struct connection){0};
}

sqlite3_stmt *connection_statement(struct connection *c, enum statement_id id)
{
    sqlite3_stmt **s = &c->statements[id];

    if (!*s && sqlite3_prepare_v3(c->db, statement_sql[id], -1, SQLITE_PREPARE_PERSISTENT, s,
                                  NULL) != SQLITE_OK)
        return NULL;
    sqlite3_reset(*s);
    sqlite3_clear_bindings(*s);
    return *s;
}

int connection_begin(struct connection *c, struct err *err)
{
    sqlite3_stmt *s;
    int code;

    if (c == view.connection) /* has begun */
        return 0;
    s = connection_statement(c, STATEMENT_BEGIN_READ);
    code = s ? sqlite3_step(s) : SQLITE_ERROR;
    sqlite3_reset(s);
    return code == SQLITE_DONE ? 0 : schema_error(c->db, "begin to read", err);
}

void connection_end(struct connection *c)
{
    static const enum statement_id ways[] = {STATEMENT_COMMIT, STATEMENT_ROLLBACK};

    if (c == view.connection)
        return;
    for (size_t i = 0; i < COUNT_OF(ways) && !sqlite3_get_autocommit(c->db); i++) {
        sqlite3_stmt *s = connection_statement(c, ways[i]);

        sqlite3_step(s);
        sqlite3_reset(s);
    }
}

int connection_number(struct connection *c, enum statement_id id, int64_t *ret, struct err *err)
{
    sqlite3_stmt *s = connection_statement(c, id);
    int result = 0;

    if (s && sqlite3_step(s) == SQLITE_ROW)
        *ret = sqlite3_column_int64(s, 0);
    else
        result = schema_error(c->db, "read a number of the store", err);
    sqlite3_reset(s);
    return result;
}

void bind_str(sqlite3_stmt *s, int at, struct str text)
{
    sqlite3_bind_text64(s, at, text.ptr ? text.ptr : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

struct str column_str(sqlite3_stmt *s, int at, struct arena *a)
{
    const char *text = (const char *) sqlite3_column_text(s, at);

    return str_copy(a, str_of(text ? text : "", (size_t) sqlite3_column_bytes(s, at)));
}

struct connection *store_reader_take(struct store *s, struct err *err)
{
    struct connection *c;

    if (view.connection && view.store == s)
        return view.connection;
    pthread_mutex_lock(&s->pool_lock);
    while (s->pool_free == 0 && s->pool_open >= s->pool_max)
        pthread_cond_wait(&s->pool_wake, &s->pool_lock);
    if (s->pool_free > 0) {
        c = s->pool[--s->pool_free];
        pthread_mutex_unlock(&s->pool_lock);
        return c;
    }
    s->pool_open++;
    pthread_mutex_unlock(&s->pool_lock);
    c = NEW(struct connection);
    if (connection_open(c, s->file, false, err) == 0)
        return c;
    free(c);
    pthread_mutex_lock(&s->pool_lock);
    s->pool_open--;
    pthread_cond_signal(&s->pool_wake);
    pthread_mutex_unlock(&s->pool_lock);
    return NULL;
}

void store_reader_give(struct store *s, struct connection *c)
{
    if (c == view.connection)
        return;
    pthread_mutex_lock(&s->pool_lock);
    s->pool[s->pool_free++] = c;
    pthread_cond_signal(&s->pool_wake);
    pthread_mutex_unlock(&s->pool_lock);
}

int store_view_begin(struct store *s, struct err *err)
{
    struct connection *c;

    assert(!view.connection);
    c = store_reader_take(s, err);
    if (!c)
        return -1;
    if (connection_begin(c, err) < 0) {
        store_reader_give(s, c);
        return -1;
    }
    view.store = s;
    view.connection = c;
    return 0;
}

void store_view_end(struct store *s)
{
    struct connection *c = TAKE(view.connection);

    view.store = NULL;
    connection_end(c);
    store_reader_give(s, c);
}
