/*
 * Looks whether a database file is whole, by a connection that only reads, also while a daemon
 * has it open. See store.h.
 */
#include <sqlite3.h>

#include "store/embedded/embedded_internal.h"

/* The first thing that SQLite says; "ok" is none. */
static int look(sqlite3 *db, const char *file, struct err *err)
{
    sqlite3_stmt *s = NULL;
    const char *said;
    int result = 0;

    sqlite3_busy_timeout(db, 1000);
    if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &s, NULL) != SQLITE_OK ||
        sqlite3_step(s) != SQLITE_ROW) {
        result = err_set(err, ERR_IO, "%s: %s", file, sqlite3_errmsg(db));
    } else {
        said = (const char *) sqlite3_column_text(s, 0);
        if (!said || strcmp(said, "ok") != 0)
            result = err_set(err, ERR_INVALID, "%s: %s", file, said ? said : "no answer");
    }
    sqlite3_finalize(s);
    return result;
}

int store_file_check(const char *file, struct err *err)
{
    sqlite3 *db = NULL;
    int result;

    if (sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ==
        SQLITE_OK)
        result = look(db, file, err);
    else
        result = err_set(err, ERR_IO, "%s: %s", file, db ? sqlite3_errmsg(db) : "no memory");
    sqlite3_close(db);
    return result;
}
