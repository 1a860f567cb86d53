/*
 * Tests of store/archive.h: what is kept of a Workflow, every filter against a walk over all of
 * them (seeded), pages by either kind of token, labels, removal, and the migration of a store
 * that knew no archive.
 */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "formats/gotime.h"
#include "store/archive.h"

#define START_MS 1767323045000 /* 2026-01-02T03:04:05Z */

enum { ROW_COUNT = ARCHIVE_PROBE_MAX + 1500, TXN_ROWS = 500 };

struct world {
    char path[64];
    struct arena *a;
    struct loop *loop;
    struct store *store;
};

/* A row as the tests know it. */
struct row {
    const char *ns, *color, *phase;
    int number;
    int64_t started_ms;
    bool is_rare;
};

static void open_store(struct world *w)
{
    struct err err;

    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    if (!w->store)
        fail_msg("%s", err.text);
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-archive-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->loop = loop_new(&err);
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
    arena_free(w->a);
    free(w);
    return 0;
}

static struct json parse(struct arena *a, struct str text)
{
    struct json v;
    struct err err;

    if (json_parse(a, text, &v, &err) < 0)
        fail_msg("%s: " STR_FMT, err.text, STR_ARG(text));
    return v;
}

static struct json document(struct arena *a, const struct row *r)
{
    struct str at = gotime_rfc3339(a, (struct wall){r->started_ms});

    return parse(
        a, str_printf(
               a,
               "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
               "\"name\":\"wf-%s-%d\",\"namespace\":\"%s\",\"uid\":\"uid-%d\","
               "\"resourceVersion\":\"7\",\"creationTimestamp\":\"" STR_FMT
               "\",\"labels\":{\"color\":\"%s\",\"workflows.argoproj.io/"
               "completed\":\"true\",\"workflows.argoproj.io/phase\":\"%s\"%s}},"
               "\"spec\":{\"entrypoint\":\"main\",\"priority\":3,\"templates\":[]},"
               "\"status\":{\"phase\":\"%s\",\"startedAt\":\"" STR_FMT
               "\",\"finishedAt\":\"" STR_FMT
               "\",\"nodes\":{\"n\":{\"id\":\"n\"}},\"storedTemplates\":{}}}",
               r->color, r->number, r->ns, r->number, STR_ARG(at), r->color, r->phase,
               r->is_rare ? ",\"rare\":\"yes\"" : "", r->phase, STR_ARG(at), STR_ARG(at)));
}

static int commit(struct world *w, struct store_txn *txn, struct err *err)
{
    struct store_result result = {0};
    int code = store_commit_wait(w->store, txn, &result, err);

    if (code == 0)
        store_object_unref(result.object);
    return code;
}

static void commit_ok(struct world *w, struct store_txn *txn)
{
    struct err err;

    if (commit(w, txn, &err) < 0)
        fail_msg("%s", err.text);
}

static void archive(struct world *w, const struct row *r)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc = document(w->a, r);

    store_txn_archive(txn, &doc);
    commit_ok(w, txn);
}

static struct archive_query everything(void)
{
    return (struct archive_query){.ns = STR(""),
                                  .name = STR(""),
                                  .not_ns = STR(""),
                                  .not_name = STR(""),
                                  .name_prefix = STR(""),
                                  .name_part = STR(""),
                                  .continue_token = STR("")};
}

static struct archive_page list(struct world *w, const struct archive_query *q)
{
    struct archive_page page;
    struct err err;

    if (store_archive_list(w->store, w->a, q, &page, &err) < 0)
        fail_msg("%s", err.text);
    return page;
}

/* ---- one ---- */

static void test_keeps_the_whole(void **state)
{
    struct world *w = *state;
    const struct row r = {"argo", "red", "Failed", 1, START_MS, false};
    struct archive_query q = everything();
    struct archive_page page;
    struct json doc, summary;
    struct str text;
    struct err err;

    archive(w, &r);
    assert_int_equal(store_archive_get(w->store, w->a, STR("uid-1"), &text, &err), 0);
    doc = parse(w->a, text);
    assert_true(json_path(&doc, "status", "nodes", "n", NULL) != NULL);
    assert_true(
        str_is(json_str(json_path(&doc, "metadata", "labels",
                                  "workflows.argoproj.io/workflow-archiving-status", NULL)),
               "Persisted"));
    assert_null(json_path(&doc, "metadata", "resourceVersion", NULL));
    page = list(w, &q);
    assert_int_equal(page.len, 1);
    assert_int_equal(page.continue_token.len, 0);
    summary = parse(w->a, page.summaries[0]);
    assert_null(json_path(&summary, "status", "nodes", NULL));
    assert_null(json_path(&summary, "spec", "templates", NULL));
    assert_true(str_is(json_str(json_path(&summary, "status", "phase", NULL)), "Failed"));
    assert_int_equal(
        store_archive_find(w->store, w->a, STR("argo"), STR("wf-red-1"), &text, &err), 0);
    assert_int_equal(
        store_archive_find(w->store, w->a, STR("other"), STR("wf-red-1"), &text, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(store_archive_get(w->store, w->a, STR("uid-2"), &text, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void test_replaces_and_drops(void **state)
{
    struct world *w = *state;
    struct row r = {"argo", "red", "Failed", 1, START_MS, true};
    struct archive_query q = everything();
    struct selector failed;
    struct store_txn *txn;
    struct archive_words keys;
    struct err err;

    archive(w, &r);
    r.phase = "Succeeded";
    r.started_ms += 5000;
    r.is_rare = false;
    archive(w, &r);
    assert_int_equal(list(w, &q).len, 1);
    assert_int_equal(
        selector_parse(w->a, STR("workflows.argoproj.io/phase=Failed"), &failed, &err), 0);
    q.labels = &failed;
    assert_int_equal(list(w, &q).len, 0);
    assert_int_equal(store_archive_keys(w->store, w->a, STR(""), &keys, &err), 0);
    assert_int_equal(keys.len, 4); /* "rare" is gone */
    txn = store_txn_new(w->store);
    store_txn_archive_drop(txn, STR("uid-1"));
    commit_ok(w, txn);
    assert_int_equal(store_archive_keys(w->store, w->a, STR(""), &keys, &err), 0);
    assert_int_equal(keys.len, 0);
    txn = store_txn_new(w->store);
    store_txn_archive_drop(txn, STR("uid-1"));
    assert_int_equal(commit(w, txn, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void test_with_the_object_or_not_at_all(void **state)
{
    struct world *w = *state;
    const struct row r = {"argo", "red", "Failed", 1, START_MS, false};
    struct json doc = document(w->a, &r);
    struct store_txn *txn = store_txn_new(w->store);
    struct archive_query q = everything();
    struct err err;

    store_txn_archive(txn, &doc);
    store_txn_update(txn, &doc, 3); /* there is none */
    assert_int_equal(commit(w, txn, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(list(w, &q).len, 0);
    txn = store_txn_new(w->store);
    store_txn_create(txn, &doc);
    store_txn_archive(txn, &doc);
    commit_ok(w, txn);
    assert_int_equal(list(w, &q).len, 1);
    q.leaves_out_live = true;
    assert_int_equal(list(w, &q).len, 0);
}

static void test_trim(void **state)
{
    struct world *w = *state;
    struct archive_query q = everything();
    struct store_txn *txn;
    struct wall oldest;
    struct err err;

    assert_int_equal(store_archive_oldest(w->store, &oldest, &err), 0);
    assert_int_equal(oldest.ms, 0);
    for (int i = 0; i < 6; i++)
        archive(w, &(struct row){"argo", "red", "Failed", i, START_MS + i * 1000, false});
    assert_int_equal(store_archive_oldest(w->store, &oldest, &err), 0);
    assert_int_equal(oldest.ms, START_MS);
    txn = store_txn_new(w->store);
    store_txn_archive_trim(txn, (struct wall){START_MS + 4000});
    commit_ok(w, txn);
    assert_int_equal(list(w, &q).len, 2);
    assert_int_equal(store_archive_oldest(w->store, &oldest, &err), 0);
    assert_int_equal(oldest.ms, START_MS + 4000);
}

/* ---- many ---- */

static struct row row_at(int i)
{
    static const char *const spaces[] = {"argo", "argo", "other", "third"};
    static const char *const colors[] = {"red", "green", "blue"};
    static const char *const phases[] = {"Succeeded", "Succeeded", "Failed"};

    return (struct row){.ns = spaces[i % 4],
                        .color = colors[i / 4 % 3],
                        .phase = i % 997 == 0 ? "Error" : phases[i / 2 % 3],
                        .number = i,
                        /* some start at the same time, the order of numbers is another */
                        .started_ms = START_MS + (int64_t) (i * 7919 % 4000) * 1000,
                        .is_rare = i % 500 == 0};
}

static void fill(struct world *w)
{
    struct store_txn *txn = store_txn_new(w->store);

    for (int i = 0; i < ROW_COUNT; i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const struct row r = row_at(i);
        struct json doc = document(a, &r);

        store_txn_archive(txn, &doc);
        if (i % TXN_ROWS == TXN_ROWS - 1) {
            commit_ok(w, txn);
            txn = store_txn_new(w->store);
        }
    }
    commit_ok(w, txn);
}

static bool row_matches(struct world *w, const struct archive_query *q, const struct row *r)
{
    struct json doc = document(w->a, r);
    struct str name = json_str(json_path(&doc, "metadata", "name", NULL)), ns = str_from(r->ns);

    return (q->ns.len == 0 || str_eq(q->ns, ns)) && !str_eq(q->not_ns, ns) &&
           (q->name.len == 0 || str_eq(q->name, name)) && !str_eq(q->not_name, name) &&
           str_starts(name, q->name_prefix) && str_find(name, q->name_part) != SIZE_MAX &&
           (q->started_after.ms == 0 || r->started_ms > q->started_after.ms) &&
           (q->started_before.ms == 0 || r->started_ms < q->started_before.ms) &&
           (q->created_after.ms == 0 || r->started_ms > q->created_after.ms) &&
           (q->finished_before.ms == 0 || r->started_ms < q->finished_before.ms) &&
           selector_matches(q->labels, json_path(&doc, "metadata", "labels", NULL));
}

static int by_start(const void *left, const void *right)
{
    const struct row *a = left, *b = right;

    if (a->started_ms != b->started_ms)
        return a->started_ms > b->started_ms ? -1 : 1;
    return a->number > b->number ? -1 : 1;
}

/* All pages of a query against a walk over all rows. */
static void compare(struct world *w, struct archive_query q, const char *what)
{
    struct row *want = mem_alloc(sizeof(*want) * ROW_COUNT);
    size_t count = 0, at = 0;
    struct archive_page page;

    for (int i = 0; i < ROW_COUNT; i++) {
        const struct row r = row_at(i);

        if (row_matches(w, &q, &r))
            want[count++] = r;
    }
    qsort(want, count, sizeof(*want), by_start);
    do {
        page = list(w, &q);
        for (size_t i = 0; i < page.len; i++, at++) {
            struct json v = parse(w->a, page.summaries[i]);
            struct str uid = json_str(json_path(&v, "metadata", "uid", NULL));

            if (at >= count || !str_eq(uid, str_printf(w->a, "uid-%d", want[at].number)))
                fail_msg("%s: row %zu of %zu is " STR_FMT, what, at, count, STR_ARG(uid));
        }
        if (q.counts_rest && page.rest != count - at)
            fail_msg("%s: %llu behind the page", what, (unsigned long long) page.rest);
        q.continue_token = page.continue_token;
    } while (page.continue_token.len > 0);
    if (at != count)
        fail_msg("%s: %zu of %zu", what, at, count);
    free(want);
}

static const char *const selectors[] = {
    "",
    "color=red",
    "color=none",
    "rare=yes",
    "rare",
    "!rare",
    "color in (red,blue)",
    "color notin (red,blue)",
    "color!=green",
    "workflows.argoproj.io/completed=true,color=blue",
    "workflows.argoproj.io/phase=Error",
    "workflows.argoproj.io/phase in (Error,Failed),color=red",
    "rare=yes,color=red",
};

static void add_random_filter(struct world *w, struct random *random, struct archive_query *q)
{
    int64_t at = START_MS + (int64_t) random_below(random, 4000) * 1000;

    switch (random_below(random, 9)) {
    case 0:
        q->ns = STR("argo");
        break;
    case 1:
        q->not_ns = STR("argo");
        break;
    case 2:
        q->name = str_printf(w->a, "wf-red-%d", (int) random_below(random, 5000));
        break;
    case 3:
        q->not_name = STR("wf-red-0");
        break;
    case 4:
        q->name_prefix = random_below(random, 2) ? STR("wf-red-1") : STR("wf-");
        break;
    case 5:
        q->name_part = STR("-12");
        break;
    case 6:
        q->started_after.ms = at;
        break;
    case 7:
        q->started_before.ms = at;
        q->created_after.ms = at - 500000;
        break;
    default:
        q->finished_before.ms = at;
        break;
    }
}

static void test_filters(void **state)
{
    struct world *w = *state;
    struct random random = random_seed(7);

    fill(w);
    for (size_t i = 0; i < 60; i++) {
        const char *text = selectors[i % COUNT_OF(selectors)];
        struct archive_query q = everything();
        struct selector labels;
        struct err err;

        assert_int_equal(selector_parse(w->a, str_from(text), &labels, &err), 0);
        q.labels = &labels;
        q.limit = i % 3 ? 1 + random_below(&random, 900) : 0;
        q.counts_rest = i % 4 == 0;
        for (uint64_t k = random_below(&random, 3); k > 0; k--)
            add_random_filter(w, &random, &q);
        compare(w, q, text);
        arena_reset(w->a);
    }
}

static void test_tokens(void **state)
{
    static const char *const bad[] = {"x",       "-1",        "99999",  "1.",
                                      "20000.1", "20000.x.1", "1.2.3.4"};
    struct world *w = *state;
    struct archive_query q = everything();

    for (int i = 0; i < 5; i++)
        archive(w, &(struct row){"argo", "red", "Failed", i, START_MS + i * 1000, false});
    q.limit = 2;
    assert_true(str_is(list(w, &q).continue_token, "2")); /* upstream's: an offset */
    q.continue_token = STR("4");
    assert_int_equal(list(w, &q).len, 1);
    q.continue_token = str_printf(w->a, "20000.%lld.3", (long long) START_MS + 2000);
    assert_int_equal(list(w, &q).len, 2);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct archive_page page;
        struct err err;

        q.continue_token = str_from(bad[i]);
        if (store_archive_list(w->store, w->a, &q, &page, &err) == 0)
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.text, "the provided continue parameter is not valid");
    }
}

static void test_labels(void **state)
{
    struct world *w = *state;
    struct archive_words found;
    struct err err;

    archive(w, &(struct row){"argo", "red", "Failed", 1, START_MS, false});
    archive(w, &(struct row){"argo", "blue", "Failed", 2, START_MS, false});
    archive(w, &(struct row){"other", "green", "Failed", 3, START_MS, true});
    assert_int_equal(store_archive_keys(w->store, w->a, STR(""), &found, &err), 0);
    assert_int_equal(found.len, 5);
    assert_true(str_is(found.at[0], "color"));
    assert_true(str_is(found.at[1], "rare"));
    assert_int_equal(store_archive_keys(w->store, w->a, STR("argo"), &found, &err), 0);
    assert_int_equal(found.len, 4);
    assert_int_equal(store_archive_values(w->store, w->a, STR(""), STR("color"), &found, &err),
                     0);
    assert_int_equal(found.len, 3);
    assert_true(str_is(found.at[0], "blue"));
    assert_int_equal(
        store_archive_values(w->store, w->a, STR("other"), STR("color"), &found, &err), 0);
    assert_int_equal(found.len, 1);
    assert_int_equal(store_archive_values(w->store, w->a, STR(""), STR("none"), &found, &err),
                     0);
    assert_int_equal(found.len, 0);
}

/* A store of schema 1 gets an archive, and keeps what it had. */
static void test_migrates(void **state)
{
    static const char undo[] = "DROP INDEX once_at; DROP TABLE sync_limit; DROP TABLE archive; "
                               "DROP TABLE archive_doc; DROP TABLE "
                               "archive_label; DROP INDEX object_created; DROP INDEX "
                               "object_ns_created; CREATE INDEX object_created ON object "
                               "(grp, kind, created); PRAGMA user_version = 1";
    struct world *w = *state;
    const struct row r = {"argo", "red", "Failed", 1, START_MS, false};
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("argo"),
                                  STR("wf-red-1")};
    struct json doc = document(w->a, &r);
    struct store_txn *txn = store_txn_new(w->store);
    const struct store_object *o;
    char file[128];
    sqlite3 *db;
    struct err err;

    store_txn_create(txn, &doc);
    commit_ok(w, txn);
    store_close(w->store);
    snprintf(file, sizeof(file), "%s/state.db", w->path);
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, undo, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    open_store(w);
    assert_int_equal(store_get(w->store, &key, &o, &err), 0);
    store_object_unref(o);
    archive(w, &r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keeps_the_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replaces_and_drops, setup, teardown),
        cmocka_unit_test_setup_teardown(test_with_the_object_or_not_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trim, setup, teardown),
        cmocka_unit_test_setup_teardown(test_filters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tokens, setup, teardown),
        cmocka_unit_test_setup_teardown(test_labels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_migrates, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
