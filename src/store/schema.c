/* Migrations, and SQLite's errors. See schema.h. */
#include "store/schema.h"

#include <stdio.h>

int schema_error(sqlite3 *db, const char *what, struct err *err)
{
    int code = sqlite3_extended_errcode(db) & 0xff;
    bool is_disk = code == SQLITE_BUSY || code == SQLITE_FULL || code == SQLITE_IOERR ||
                   code == SQLITE_LOCKED || code == SQLITE_READONLY ||
                   code == SQLITE_CANTOPEN || code == SQLITE_CORRUPT;

    return err_set(err, is_disk ? ERR_IO : ERR_INTERNAL, "%s: %s", what, sqlite3_errmsg(db));
}

static int read_version(sqlite3 *db, int *ret, struct err *err)
{
    sqlite3_stmt *s = NULL;
    int result = 0;

    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        *ret = sqlite3_column_int(s, 0);
    else
        result = schema_error(db, "read the schema version", err);
    sqlite3_finalize(s);
    return result;
}

static int apply(sqlite3 *db, const struct schema *s, int number, struct err *err)
{
    char what[64];
    char *sql = sqlite3_mprintf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT",
                                s->migrations[number], number + 1);
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);

    sqlite3_free(sql);
    snprintf(what, sizeof(what), "migrate the %s", s->noun);
    return code == SQLITE_OK ? 0 : schema_error(db, what, err);
}

int schema_migrate(sqlite3 *db, const char *file, const struct schema *s, struct err *err)
{
    int version = 0;

    if (read_version(db, &version, err) < 0)
        return -1;
    if (version < 0)
        return err_set(err, ERR_INVALID, "%s has schema %d: it is no %s, or damaged", file,
                       version, s->noun);
    if (version > s->count)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s has schema %d of a newer tiphys; this one knows up to %d", file,
                       version, s->count);
    for (; version < s->count; version++)
        if (apply(db, s, version, err) < 0)
            return -1;
    return 0;
}
