/*
 * Tests of store/wal_file.h: a commit is in the file, and seen by others, when it is answered;
 * what is kept back is read back by its own transaction; large ones go through; a write that
 * fails fails the commit and leaves nothing of it; copies of the files at any time hold every
 * commit that was answered.
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
#include <sqlite3.h>

#include "store/wal_file.h"
#include "tests/support/disk_faults.h"

enum { PAGE = 4096 };

struct world {
    char path[64], file[80], log[90];
    sqlite3 *db;
};

static void sql(sqlite3 *db, const char *text)
{
    char *error = NULL;

    if (sqlite3_exec(db, text, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", text, error);
}

static int64_t number(sqlite3 *db, const char *text)
{
    sqlite3_stmt *s = NULL;
    int64_t n;

    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

static sqlite3 *opened(const char *file, const char *vfs)
{
    sqlite3 *db = NULL;

    assert_int_equal(
        sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs), SQLITE_OK);
    sql(db,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
        "PRAGMA cache_size = 100");
    return db;
}

static int64_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_size : -1;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-wal-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    snprintf(w->file, sizeof(w->file), "%s/x.db", w->path);
    snprintf(w->log, sizeof(w->log), "%s-wal", w->file);
    w->db = opened(w->file, wal_file_vfs());
    sql(w->db, "CREATE TABLE t (n INTEGER PRIMARY KEY, b BLOB)");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    char copy[100];

    disk_faults_disarm();
    sqlite3_close(w->db);
    for (int i = 0; i < 4; i++) {
        static const char *const ends[] = {"x.db", "x.db-wal", "x.db-shm", "copy.db"};

        snprintf(copy, sizeof(copy), "%s/%s", w->path, ends[i]);
        unlink(copy);
    }
    snprintf(copy, sizeof(copy), "%s/copy.db-wal", w->path);
    unlink(copy);
    snprintf(copy, sizeof(copy), "%s/copy.db-shm", w->path);
    unlink(copy);
    assert_int_equal(rmdir(w->path), 0);
    free(w);
    return 0;
}

static void test_others_see_a_commit(void **state)
{
    struct world *w = *state;
    sqlite3 *other = opened(w->file, wal_file_vfs()), *plain = opened(w->file, NULL);

    for (int i = 1; i <= 50; i++) {
        char text[80];

        snprintf(text, sizeof(text), "INSERT INTO t VALUES (%d, randomblob(%d))", i, i * 700);
        sql(w->db, text);
        assert_int_equal(number(other, "SELECT count(*) FROM t"), i);
        assert_int_equal(number(plain, "SELECT sum(length(b)) FROM t"), 350 * i * (i + 1));
    }
    sqlite3_close(other);
    sqlite3_close(plain);
}

/* The cache is small, so what is not committed goes to the log and comes back from there. */
static void test_a_transaction_larger_than_the_cache(void **state)
{
    struct world *w = *state;
    sqlite3 *other = opened(w->file, wal_file_vfs());
    int64_t sum;

    sql(w->db,
        "BEGIN; WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < "
        "2000) INSERT INTO t SELECT i, zeroblob(1000) FROM c");
    assert_true(size_of(w->log) > 100 * PAGE);
    assert_int_equal(number(w->db, "SELECT count(*) FROM t"), 2000);
    assert_int_equal(number(other, "SELECT count(*) FROM t"), 0);
    sql(w->db, "UPDATE t SET b = zeroblob(n) WHERE n % 7 = 0");
    sum = number(w->db, "SELECT sum(length(b)) FROM t");
    sql(w->db, "COMMIT");
    assert_int_equal(number(other, "SELECT sum(length(b)) FROM t"), sum);
    sql(w->db, "BEGIN; DELETE FROM t; ROLLBACK");
    assert_int_equal(number(other, "SELECT sum(length(b)) FROM t"), sum);
    sql(w->db, "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_int_equal(size_of(w->log), 0);
    assert_int_equal(number(other, "SELECT sum(length(b)) FROM t"), sum);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void copy_file(const char *from, const char *to)
{
    static char bytes[1 << 16];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t len;

    assert_non_null(in);
    assert_non_null(out);
    while ((len = fread(bytes, 1, sizeof(bytes), in)) > 0)
        assert_int_equal(fwrite(bytes, 1, len, out), len);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* As a crash would leave them. */
static void test_what_is_answered_is_in_the_files(void **state)
{
    struct world *w = *state;
    char copy[100], log[110];

    snprintf(copy, sizeof(copy), "%s/copy.db", w->path);
    snprintf(log, sizeof(log), "%s-wal", copy);
    for (int i = 1; i <= 40; i++) {
        char text[120];
        sqlite3 *db;

        snprintf(text, sizeof(text), "INSERT INTO t VALUES (%d, randomblob(%d))", i,
                 1 + i * 4001);
        sql(w->db, text);
        if (i == 20)
            sql(w->db, "PRAGMA wal_checkpoint(RESTART)");
        copy_file(w->file, copy);
        copy_file(w->log, log);
        db = opened(copy, NULL);
        assert_int_equal(number(db, "SELECT count(*) FROM t"), i);
        sqlite3_close(db);
    }
}

/* Each call that writes fails in turn, until none is left: the commit fails with it, its rows
 * are gone, and the next one goes through. */
static void test_failing_writes(void **state)
{
    static const enum disk_fault faults[] = {DISK_FULL, DISK_ERROR, DISK_SHORT};
    struct world *w = *state;
    int64_t rows = 0;
    int failures = 0;

    for (size_t f = 0; f < 3; f++) {
        for (unsigned long n = 1; n < 200; n++) {
            unsigned long hit;
            int code;

            disk_faults_arm(faults[f], n, 1);
            code =
                sqlite3_exec(w->db,
                             "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c "
                             "WHERE i < 100) INSERT INTO t (b) SELECT randomblob(3000) FROM c",
                             NULL, NULL, NULL);
            hit = disk_faults_disarm();
            if (code == SQLITE_OK)
                rows += 100;
            failures += code != SQLITE_OK;
            assert_int_equal(number(w->db, "SELECT count(*) FROM t"), rows);
            sql(w->db, "INSERT INTO t (b) VALUES (zeroblob(9000))");
            rows++;
            if (hit == 0)
                break;
        }
    }
    assert_true(failures > 3);
    assert_int_equal(number(w->db, "SELECT count(*) FROM t"), rows);
    sqlite3_close(w->db);
    w->db = opened(w->file, NULL);
    assert_int_equal(number(w->db, "SELECT count(*) FROM t"), rows);
    sql(w->db, "PRAGMA integrity_check");
}

static void test_a_log_that_cannot_be_opened(void **state)
{
    struct world *w = *state;
    sqlite3 *db = NULL;

    disk_faults_arm(DISK_FULL, 1, 1000);
    if (sqlite3_open_v2(w->file, &db, SQLITE_OPEN_READWRITE, wal_file_vfs()) == SQLITE_OK)
        assert_int_not_equal(sqlite3_exec(db, "INSERT INTO t VALUES (1, 1)", NULL, NULL, NULL),
                             SQLITE_OK);
    assert_true(disk_faults_disarm() > 0);
    sqlite3_close(db);
    sql(w->db, "INSERT INTO t VALUES (1, 1)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_others_see_a_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_transaction_larger_than_the_cache, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_what_is_answered_is_in_the_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failing_writes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_log_that_cannot_be_opened, setup, teardown),
    };

    disk_faults_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
