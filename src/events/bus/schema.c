/* bus.db: pragmas and migrations. Records are rows in order of seq, without
 * an index by id. */
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

static const struct schema bus_schema = {"bus", migrations, BUS_SCHEMA_VERSION};

void bus_bind(sqlite3_stmt *s, int at, struct str text)
{
    sqlite3_bind_text64(s, at, text.ptr ? text.ptr : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
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
        return schema_error(db, file, err);
    return schema_migrate(db, file, &bus_schema, err);
}

int bus_db_open(const char *file, sqlite3 **ret, struct err *err)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(file, &db,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                               wal_file_vfs());

    if ((code == SQLITE_OK ? set_up(db, file, err) : schema_error(db, file, err)) < 0) {
        sqlite3_close(db);
        return -1;
    }
    *ret = db;
    return 0;
}
