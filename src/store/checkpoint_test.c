/*
 * Tests of store/checkpoint.h on a database of its own: the log does not grow with what is
 * written, nothing is lost, a reader that holds the log up is waited for and nothing is taken
 * from it, and a database that is not there is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "store/checkpoint.h"

enum { ROW_BYTES = 4000, PAGE_BYTES = 4096, LOG_PAGES = 4000 };

struct world {
    char path[64], file[80], wal[90];
    sqlite3 *db;
    struct checkpointer *c;
};

static void sql(sqlite3 *db, const char *text)
{
    char *error = NULL;

    if (sqlite3_exec(db, text, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", text, error);
}

static sqlite3_int64 number(sqlite3 *db, const char *text)
{
    sqlite3_stmt *s = NULL;
    sqlite3_int64 n;

    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

static sqlite3 *opened(const char *file)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    sql(db,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0");
    return db;
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-checkpoint-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    snprintf(w->file, sizeof(w->file), "%s/a.db", w->path);
    snprintf(w->wal, sizeof(w->wal), "%s-wal", w->file);
    w->db = opened(w->file);
    sql(w->db, "CREATE TABLE t (n INTEGER PRIMARY KEY, text BLOB)");
    w->c = checkpointer_open(w->file, w->db, &err);
    if (!w->c)
        fail_msg("%s", err.text);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    checkpointer_close(w->c);
    sqlite3_close(w->db);
    unlink(w->file);
    rmdir(w->path);
    free(w);
    return 0;
}

/* So many rows of a page each, ten a commit; returns how long the log was at the most. */
static off_t write_rows(struct world *w, int count)
{
    off_t longest = 0;
    struct stat st;

    for (int i = 0; i < count; i += 10) {
        sql(w->db, "BEGIN");
        for (int k = 0; k < 10; k++)
            sql(w->db, "INSERT INTO t (text) VALUES (zeroblob(4000))");
        sql(w->db, "COMMIT");
        if (stat(w->wal, &st) == 0 && st.st_size > longest)
            longest = st.st_size;
    }
    return longest;
}

/* Five times as much as the log may hold goes through it. */
static void test_log_stays_short(void **state)
{
    struct world *w = *state;
    off_t longest = write_rows(w, 20000);
    sqlite3 *other;

    assert_true(longest >= (off_t) (LOG_PAGES / 2) * ROW_BYTES);
    assert_true(longest < (off_t) (LOG_PAGES * 3) * PAGE_BYTES);
    other = opened(w->file);
    assert_int_equal(number(other, "SELECT count(*) FROM t"), 20000);
    assert_int_equal(number(other, "SELECT max(n) FROM t"), 20000);
    sql(other, "PRAGMA integrity_check");
    sqlite3_close(other);
}

/* What a reader looks at stays as it was, whatever is copied meanwhile; afterwards the log is
 * used again from its beginning. */
static void test_reader_keeps_its_view(void **state)
{
    struct world *w = *state;
    sqlite3 *reader = opened(w->file);
    off_t held, after;

    write_rows(w, 100);
    sql(reader, "BEGIN");
    assert_int_equal(number(reader, "SELECT count(*) FROM t"), 100);
    held = write_rows(w, 8000);
    assert_true(held > (off_t) 8000 * ROW_BYTES);
    assert_int_equal(number(reader, "SELECT count(*) FROM t"), 100);
    sql(reader, "COMMIT");
    assert_int_equal(number(reader, "SELECT count(*) FROM t"), 8100);
    sqlite3_close(reader);
    after = write_rows(w, 8000); /* the file keeps its length */
    assert_true(after < held + (off_t) (LOG_PAGES * 2) * PAGE_BYTES);
    assert_int_equal(number(w->db, "SELECT count(*) FROM t"), 16100);
}

/* Closed in the middle of its work; the rest is in the log and comes with the last close. */
static void test_close_while_it_copies(void **state)
{
    struct world *w = *state;
    struct err err;

    for (int i = 1; i <= 5; i++) {
        write_rows(w, 1100);
        checkpointer_close(w->c);
        sql(w->db, "INSERT INTO t (text) VALUES ('alone')");
        w->c = checkpointer_open(w->file, w->db, &err);
        assert_non_null(w->c);
        assert_int_equal(number(w->db, "SELECT count(*) FROM t"), i * 1101);
    }
}

static void test_no_database(void **state)
{
    struct world *w = *state;
    struct err err;

    assert_null(checkpointer_open("/tmp/there/is/none.db", w->db, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_non_null(strstr(err.text, "none.db"));
    checkpointer_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_log_stays_short, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reader_keeps_its_view, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_while_it_copies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_database, setup, teardown),
    };

    return cmocka_run_group_tests_name("store_checkpoint", tests, NULL, NULL);
}
