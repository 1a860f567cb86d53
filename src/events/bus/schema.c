/* bus.db: pragmas, the numbered migrations, errors. Records are rows in order of seq, without
 * an index by id. */
#include <stdio.h>

#include "base/mem.h"
#include "events/bus/embedded_internal.h"
#include "store/wal_file.h"

static const char *const migrations[BUS_SCHEMA_VERSION] = {
    /* 001 */
    "CREATE TABLE record (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, ns TEXT NOT NULL, "
    "source TEXT NOT NULL, event TEXT NOT NULL,"
    " id TEXT NOT NULL, payload TEXT NOT NULL) STRICT;"
    "CREATE TABLE cursor (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE trace (n INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, "
    "stage TEXT NOT NULL, subject TEXT NOT NULL,"
    " detail TEXT NOT NULL) STRICT;",
};

int bus_db_error(sqlite3 *db, const char *what, struct err *err)
{
    int code = sqlite3_extended_errcode(db) & 0xff;
    bool is_disk = code == SQLITE_BUSY || code == SQLITE_FULL || code == SQLITE_IOERR ||
                   code == SQLITE_LOCKED || code == SQLITE_READONLY ||
                   code == SQLITE_CANTOPEN ||
                   code == SQLITE_CORRUPT; /* so it calls a page that cannot be read, too */

    return err_set(err, is_disk ? ERR_IO : ERR_INTERNAL, "%s: %s", what, sqlite3_errmsg(db));
}

void bus_bind(sqlite3_stmt *s, int at, struct str text)
{
    sqlite3_bind_text64(s, at, text.ptr ? text.ptr : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

static int read_version(sqlite3 *db, int *ret)
{
    sqlite3_stmt *s = NULL;
    int result = -1;

    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW) {
        *ret = sqlite3_column_int(s, 0);
        result = 0;
    }
    sqlite3_finalize(s);
    return result;
}

static int migrate(sqlite3 *db, const char *file, struct err *err)
{
    int version = 0;

    if (read_version(db, &version) < 0)
        return bus_db_error(db, file, err);
    if (version > BUS_SCHEMA_VERSION)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s has schema %d of a newer tiphys; this one knows up to %d", file,
                       version, BUS_SCHEMA_VERSION);
    for (; version < BUS_SCHEMA_VERSION; version++) {
        char *sql = sqlite3_mprintf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT",
                                    migrations[version], version + 1);
        int code = sqlite3_exec(db, sql, NULL, NULL, NULL);

        sqlite3_free(sql);
        if (code != SQLITE_OK)
            return bus_db_error(db, "migrate the bus", err);
    }
    return 0;
}

static int set_up(sqlite3 *db, const char *file, struct err *err)
{
    if (sqlite3_db_readonly(db, "main") == 1) /* what SQLite makes of a failed open */
        return err_set(err, ERR_IO, "%s: cannot be opened for writing", file);
    if (sqlite3_busy_timeout(db, 1000) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size "
                     "= -4096; PRAGMA wal_autocheckpoint = 0",
                     NULL, NULL, NULL) != SQLITE_OK)
        return bus_db_error(db, file, err);
    return migrate(db, file, err);
}

int bus_db_open(const char *file, sqlite3 **ret, struct err *err)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(
        file, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
        wal_file_vfs());

    if ((code == SQLITE_OK ? set_up(db, file, err) : bus_db_error(db, file, err)) < 0) {
        sqlite3_close(db);
        return -1;
    }
    *ret = db;
    return 0;
}
