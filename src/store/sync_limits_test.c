/* Limits of the semaphores of the database: rows, what the loop knows, who is told, a store of
 * the schema before. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "store/sync_limits.h"

struct world {
    char path[64];
    struct loop *loop;
    struct store *store;
    struct strbuf told;
    bool is_done;
    struct err answer;
};

static void on_limit(void *ctx, struct str name)
{
    struct world *w = ctx;
    uint32_t limit = 0;

    store_sync_limit_known(w->store, name, &limit);
    strbuf_addf(&w->told, STR_FMT "=%u ", STR_ARG(name), limit);
}

static void open_store(struct world *w)
{
    struct store_options options = {.path = w->path, .loop = w->loop};
    struct err err;

    w->store = store_open(&options, &err);
    if (!w->store)
        fail_msg("%s", err.text);
    store_sync_limits_watch(w->store, on_limit, w);
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-limits-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->loop = loop_new(&err);
    strbuf_init(&w->told, 4096);
    open_store(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "state.lock"};
    struct world *w = *state;
    char file[128];

    store_close(w->store);
    loop_free(w->loop);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(file, sizeof(file), "%s/%s", w->path, names[i]);
        unlink(file);
    }
    rmdir(w->path);
    strbuf_done(&w->told);
    free(w);
    return 0;
}

static void on_done(void *ctx, const struct store_result *result, const struct err *err)
{
    struct world *w = ctx;

    (void) result;
    w->is_done = true;
    w->answer = *err;
}

static void commit(struct world *w, struct store_txn *txn)
{
    struct err err;

    w->is_done = false;
    assert_int_equal(store_commit(w->store, txn, on_done, w, &err), 0);
    while (!w->is_done)
        loop_run_once(w->loop, 100);
}

enum change { ADD, SET, DROP };

static enum err_kind change(struct world *w, enum change how, const char *name, uint32_t limit)
{
    struct store_txn *txn = store_txn_new(w->store);

    if (how == ADD)
        store_txn_sync_limit_add(txn, str_from(name), limit);
    else if (how == SET)
        store_txn_sync_limit_set(txn, str_from(name), limit);
    else
        store_txn_sync_limit_drop(txn, str_from(name));
    commit(w, txn);
    return w->answer.kind;
}

/* What a row and what the loop say; 0: nothing. Both must agree. */
static uint32_t limit_of(struct world *w, const char *name)
{
    uint32_t row = 0, known = 0;
    struct err err;

    if (store_sync_limit_get(w->store, str_from(name), &row, &err) < 0)
        assert_int_equal(err.kind, ERR_NOT_FOUND);
    store_sync_limit_known(w->store, str_from(name), &known);
    assert_int_equal(row, known);
    return row;
}

static void test_life(void **state)
{
    struct world *w = *state;

    assert_int_equal(limit_of(w, "ns/k"), 0);
    assert_int_equal(change(w, SET, "ns/k", 2), ERR_NOT_FOUND);
    assert_int_equal(change(w, DROP, "ns/k", 0), ERR_NOT_FOUND);
    assert_string_equal(w->answer.text, "sync limit ns/k not found");
    assert_int_equal(change(w, ADD, "ns/k", 2), ERR_NONE);
    assert_int_equal(limit_of(w, "ns/k"), 2);
    assert_int_equal(change(w, ADD, "ns/k", 9), ERR_EXISTS);
    assert_string_equal(w->answer.text, "sync limit ns/k already exists");
    assert_int_equal(limit_of(w, "ns/k"), 2);
    assert_int_equal(change(w, ADD, "other/k", 7), ERR_NONE);
    assert_int_equal(change(w, SET, "ns/k", INT32_MAX), ERR_NONE);
    assert_int_equal(limit_of(w, "ns/k"), INT32_MAX);
    assert_int_equal(limit_of(w, "other/k"), 7);
    assert_int_equal(change(w, SET, "ns/k", INT32_MAX), ERR_NONE); /* the same */
    assert_int_equal(change(w, DROP, "ns/k", 0), ERR_NONE);
    assert_int_equal(limit_of(w, "ns/k"), 0);
    assert_int_equal(limit_of(w, "other/k"), 7);
}

/* Told after each commit, and of nothing that failed. */
static void test_is_told(void **state)
{
    struct world *w = *state;

    change(w, ADD, "ns/k", 2);
    change(w, ADD, "ns/k", 3);
    change(w, SET, "ns/k", 4);
    change(w, SET, "ns/none", 4);
    change(w, DROP, "ns/k", 0);
    assert_string_equal(strbuf_str(&w->told).ptr, "ns/k=2 ns/k=4 ns/k=0 ");
    store_sync_limits_watch(w->store, NULL, NULL);
    change(w, ADD, "ns/k", 2);
    assert_int_equal(strbuf_str(&w->told).len, strlen("ns/k=2 ns/k=4 ns/k=0 "));
}

/* A transaction is whole or not at all, with its limits. */
static void test_is_part_of_a_transaction(void **state)
{
    struct world *w = *state;
    struct store_txn *txn = store_txn_new(w->store);

    store_txn_sync_limit_add(txn, STR("ns/a"), 1);
    store_txn_sync_limit_set(txn, STR("ns/none"), 1);
    commit(w, txn);
    assert_int_equal(w->answer.kind, ERR_NOT_FOUND);
    assert_int_equal(limit_of(w, "ns/a"), 0);
    txn = store_txn_new(w->store);
    store_txn_sync_limit_add(txn, STR("ns/a"), 1);
    store_txn_sync_limit_add(txn, STR("ns/b"), 2);
    store_txn_sync_limit_drop(txn, STR("ns/a"));
    commit(w, txn);
    assert_int_equal(w->answer.kind, ERR_NONE);
    assert_int_equal(limit_of(w, "ns/a"), 0);
    assert_int_equal(limit_of(w, "ns/b"), 2);
}

static void test_is_kept(void **state)
{
    struct world *w = *state;

    change(w, ADD, "ns/k", 2);
    change(w, ADD, "ns/gone", 2);
    change(w, DROP, "ns/gone", 0);
    store_close(w->store);
    open_store(w);
    assert_int_equal(limit_of(w, "ns/k"), 2);
    assert_int_equal(limit_of(w, "ns/gone"), 0);
}

static void change_file(const struct world *w, const char *sql)
{
    char file[128];
    sqlite3 *db;

    snprintf(file, sizeof(file), "%s/state.db", w->path);
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* A file that something has damaged is not read as if it were whole. */
static void test_damaged(void **state)
{
    static const char *const values[] = {"0", "-1", "4294967296", "x'00'", "NULL"};
    struct world *w = *state;
    const struct store_options options = {.path = w->path, .loop = w->loop};
    struct err err;

    change(w, ADD, "ns/k", 2);
    store_close(w->store);
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        char sql[200];

        snprintf(sql, sizeof(sql),
                 "CREATE TABLE odd (name TEXT PRIMARY KEY, sizelimit INTEGER);"
                 "INSERT INTO odd VALUES ('ns/k', %s);"
                 "DROP TABLE sync_limit; ALTER TABLE odd RENAME TO sync_limit",
                 values[i]);
        change_file(w, sql);
        assert_null(store_open(&options, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_non_null(strstr(err.text, "/state.db: "));
        assert_non_null(strstr(err.text, "the limit of semaphore \"ns/k\" is damaged"));
    }
    change_file(w, "UPDATE sync_limit SET sizelimit = 3");
    open_store(w);
    assert_int_equal(limit_of(w, "ns/k"), 3);
}

/* A store of the schema before gets the table. */
static void test_migrates(void **state)
{
    struct world *w = *state;

    store_close(w->store);
    change_file(w, "DROP INDEX once_at; DROP TABLE sync_limit; PRAGMA user_version = 4");
    open_store(w);
    assert_int_equal(change(w, ADD, "ns/k", 2), ERR_NONE);
    assert_int_equal(limit_of(w, "ns/k"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, setup, teardown),
        cmocka_unit_test_setup_teardown(test_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_is_part_of_a_transaction, setup, teardown),
        cmocka_unit_test_setup_teardown(test_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_migrates, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
