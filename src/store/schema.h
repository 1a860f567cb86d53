/*
 * store/schema.h - the numbered migrations of a database of ours: PRAGMA user_version says how
 * many it has had. One is applied in a transaction of its own and never edited afterwards.
 */
#pragma once

#include <sqlite3.h>

#include "base/err.h"

struct schema {
    const char *noun;              /* "store": for errors */
    const char *const *migrations; /* SQL that ends with a semicolon */
    int count;
};

/**
 * schema_migrate() - bring a database up to the newest schema
 * @db:   open for writing
 * @file: its name, for errors
 * @s:    what it should be
 * @err:  ERR_UNSUPPORTED when a newer program made it; ERR_INVALID for a number that none
 * makes; ERR_IO
 *
 * Return: 0 or -1; then what has been applied stays.
 */
int schema_migrate(sqlite3 *db, const char *file, const struct schema *s, struct err *err);

/** schema_error() - what SQLite says as an error: busy, full and I/O are ERR_IO (retryable),
 * and "malformed": SQLite says so of a page that cannot be read, too; -1 */
int schema_error(sqlite3 *db, const char *what, struct err *err);
