/*
 * Tests of store/store.h on the embedded store: each clause of the header, two stores on one
 * folder, reopening, marks, watches from every version against the state (seeded), old
 * versions, a disk that is full.
 */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/store.h"

struct world {
    char path[64];
    struct loop *loop;
    struct store *store;
    struct arena *a;
    /* of callbacks */
    int done_count;
    struct err err;
    int64_t rv;
    struct strbuf events;
    bool is_ended;
    enum err_kind end_kind;
};

static void open_store(struct world *w, uint64_t history)
{
    struct store_options options = {
        .path = w->path, .loop = w->loop, .history_changes = history};
    struct err err;

    w->store = store_open(&options, &err);
    if (!w->store)
        fail_msg("%s", err.text);
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-store-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->loop = loop_new(&w->err);
    strbuf_init(&w->events, 1 << 20);
    open_store(w, 0);
    *state = w;
    return 0;
}

static void remove_files(const char *path)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "state.lock"};
    char file[128];

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(file, sizeof(file), "%s/%s", path, names[i]);
        unlink(file);
    }
    rmdir(path);
}

static int teardown(void **state)
{
    struct world *w = *state;

    store_close(w->store);
    loop_free(w->loop);
    remove_files(w->path);
    strbuf_done(&w->events);
    arena_free(w->a);
    free(w);
    return 0;
}

static struct json _printf_(2, 3) parse(struct world *w, const char *fmt, ...)
{
    va_list args;
    struct json v;
    struct err err;
    struct str text;

    va_start(args, fmt);
    text = str_vprintf(w->a, fmt, args);
    va_end(args);
    if (json_parse(w->a, text, &v, &err) < 0)
        fail_msg("%s: " STR_FMT, err.text, STR_ARG(text));
    return v;
}

static struct json workflow(struct world *w, const char *name, const char *color,
                            const char *phase)
{
    return parse(w,
                 "{\"apiVersion\":\"argoproj.io/"
                 "v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{\"name\":\"%s\",\"namespace\":"
                 "\"argo\",\"uid\":\"uid-%s\","
                 "\"resourceVersion\":\"77\",\"creationTimestamp\":\"2026-01-02T03:04:05Z\","
                 "\"labels\":{\"color\":\"%s\"%s}},"
                 "\"spec\":{\"a\":1},\"status\":{\"phase\":\"%s\",\"nodes\":{\"x\":{}}}}",
                 name, name, color,
                 str_is(str_from(phase), "Succeeded")
                     ? ",\"workflows.argoproj.io/completed\":\"true\""
                     : "",
                 phase);
}

static struct store_key key_of(const char *name)
{
    return (struct store_key){STR("argoproj.io"), STR("Workflow"), STR("argo"), str_from(name)};
}

static int commit(struct world *w, struct store_txn *txn, struct err *err)
{
    struct store_result result;

    if (store_commit_wait(w->store, txn, &result, err) < 0)
        return -1;
    w->rv = result.rv;
    store_object_unref(result.object);
    return 0;
}

static int create(struct world *w, const char *name, const char *color, const char *phase,
                  struct err *err)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc = workflow(w, name, color, phase);

    store_txn_create(txn, &doc);
    return commit(w, txn, err);
}

static void must_create(struct world *w, const char *name, const char *color)
{
    struct err err;

    if (create(w, name, color, "Running", &err) < 0)
        fail_msg("%s: %s", name, err.text);
}

static void test_create_get(void **state)
{
    struct world *w = *state;
    const struct store_object *o;
    struct store_key key = key_of("one");
    struct err err;

    must_create(w, "one", "red");
    assert_int_equal(store_get(w->store, &key, &o, &err), 0);
    assert_true(str_is(o->uid, "uid-one"));
    assert_true(str_is(o->phase, "Running"));
    assert_false(o->is_finished);
    assert_int_equal(o->rv, w->rv);
    assert_int_equal(o->created.ms, 1767323045000);
    assert_int_equal(str_find(o->doc, STR("resourceVersion")), SIZE_MAX);
    assert_int_equal(str_find(o->doc, STR("nodes")), SIZE_MAX);
    store_object_unref(o);
    key = key_of("two");
    assert_int_equal(store_get(w->store, &key, &o, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_string_equal(err.text, "workflows.argoproj.io \"two\" not found");
    assert_int_equal(create(w, "one", "red", "Running", &err), -1);
    assert_int_equal(err.kind, ERR_EXISTS);
    assert_string_equal(err.text, "workflows.argoproj.io \"one\" already exists");
}

static void test_update_and_conflict(void **state)
{
    struct world *w = *state;
    struct store_txn *txn;
    struct store_key key = key_of("one");
    const struct store_object *o;
    struct json doc;
    struct err err;
    int64_t first;

    must_create(w, "one", "red");
    first = w->rv;
    doc = workflow(w, "one", "blue", "Succeeded");
    txn = store_txn_new(w->store);
    store_txn_update(txn, &doc, first);
    assert_int_equal(commit(w, txn, &err), 0);
    assert_int_equal(w->rv, first + 1);
    txn = store_txn_new(w->store);
    store_txn_update(txn, &doc, first);
    assert_int_equal(commit(w, txn, &err), -1);
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_int_equal(store_get(w->store, &key, &o, &err), 0);
    assert_true(o->is_finished);
    store_object_unref(o);
    txn = store_txn_new(w->store);
    store_txn_delete(txn, &key, STR("another-uid"), 0);
    assert_int_equal(commit(w, txn, &err), -1);
    assert_int_equal(err.kind, ERR_CONFLICT);
    txn = store_txn_new(w->store);
    store_txn_delete(txn, &key, STR("uid-one"), 0);
    assert_int_equal(commit(w, txn, &err), 0);
    assert_int_equal(store_get(w->store, &key, &o, &err), -1);
}

static size_t list_count(struct world *w, const char *labels, size_t limit, struct str *token)
{
    struct selector selector;
    struct store_query q = {.group = STR("argoproj.io"),
                            .kind = STR("Workflow"),
                            .limit = limit,
                            .labels = labels ? &selector : NULL,
                            .continue_token = *token};
    struct store_list list;
    struct err err;
    size_t len;

    if (labels)
        assert_int_equal(selector_parse(w->a, str_from(labels), &selector, &err), 0);
    if (store_list(w->store, w->a, &q, &list, &err) < 0)
        fail_msg("%s", err.text);
    len = list.len;
    *token = list.continue_token;
    store_list_done(&list);
    return len;
}

static void test_lists(void **state)
{
    static const struct {
        const char *labels;
        size_t count;
    } cases[] = {{NULL, 9},         {"color=red", 3},
                 {"color!=red", 6}, {"color in (red,blue)", 6},
                 {"!color", 0},     {"color=red,color=blue", 0}};
    struct world *w = *state;
    struct str token = STR("");
    size_t seen = 0, pages = 0;

    for (int i = 0; i < 9; i++)
        must_create(w, str_printf(w->a, "wf-%d", i).ptr,
                    (const char *[]){"red", "blue", "green"}[i % 3]);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        token = STR("");
        if (list_count(w, cases[i].labels, 0, &token) != cases[i].count)
            fail_msg("case %zu: %s", i, cases[i].labels);
    }
    token = STR("");
    do {
        seen += list_count(w, NULL, 4, &token);
        pages++;
    } while (token.len);
    assert_int_equal(seen, 9);
    assert_int_equal(pages, 3);
}

static void test_forged_token(void **state)
{
    struct world *w = *state;
    struct store_query q = {.group = STR("argoproj.io"),
                            .kind = STR("Workflow"),
                            .continue_token = STR("bm9uc2Vuc2U=")};
    struct store_list list;
    struct err err;

    assert_int_equal(store_list(w->store, w->a, &q, &list, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

static void test_nodes_and_rows(void **state)
{
    struct world *w = *state;
    struct store_txn *txn = store_txn_new(w->store);
    struct store_node *nodes;
    struct store_row *rows;
    size_t count;
    struct str value;
    struct err err;

    store_txn_node(txn, STR("uid-one"), STR("b"), 2, STR("{\"n\":2}"));
    store_txn_node(txn, STR("uid-one"), STR("a"), 1, STR("{\"n\":1}"));
    store_txn_node(txn, STR("uid-one"), STR("b"), 2, STR("{\"n\":3}"));
    store_txn_row_put(txn, STR("memo"), STR("k1"), STR("v1"));
    store_txn_row_put(txn, STR("memo"), STR("k2"), STR("v2"));
    store_txn_row_put(txn, STR("memo"), STR("x"), STR("v3"));
    assert_int_equal(commit(w, txn, &err), 0);
    assert_int_equal(store_nodes(w->store, w->a, STR("uid-one"), &nodes, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_true(str_is(nodes[0].id, "a"));
    assert_true(str_is(nodes[1].doc, "{\"n\":3}"));
    assert_int_equal(store_rows(w->store, w->a, STR("memo"), STR("k"), &rows, &count, &err), 0);
    assert_int_equal(count, 2);
    txn = store_txn_new(w->store);
    store_txn_row_put(txn, STR("memo"), STR("k1"), STR_NONE);
    store_txn_node(txn, STR("uid-one"), STR("a"), 1, STR_NONE);
    assert_int_equal(commit(w, txn, &err), 0);
    assert_int_equal(store_row_get(w->store, w->a, STR("memo"), STR("k1"), &value, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(store_row_get(w->store, w->a, STR("memo"), STR("k2"), &value, &err), 0);
    assert_true(str_is(value, "v2"));
    assert_int_equal(store_nodes(w->store, w->a, STR("uid-one"), &nodes, &count, &err), 0);
    assert_int_equal(count, 1);
}

/* What is read in a view is of one state, whatever is committed meanwhile. */
static void test_view(void **state)
{
    struct world *w = *state;
    struct store_txn *txn = store_txn_new(w->store);
    struct store_node *nodes;
    size_t count;
    struct err err;

    store_txn_node(txn, STR("uid-one"), STR("a"), 1, STR("{\"n\":1}"));
    assert_int_equal(commit(w, txn, &err), 0);
    assert_int_equal(store_view_begin(w->store, &err), 0);
    assert_int_equal(store_nodes(w->store, w->a, STR("uid-one"), &nodes, &count, &err), 0);
    assert_int_equal(count, 1);
    txn = store_txn_new(w->store);
    store_txn_node(txn, STR("uid-one"), STR("b"), 2, STR("{\"n\":2}"));
    assert_int_equal(commit(w, txn, &err), 0);
    assert_int_equal(store_nodes(w->store, w->a, STR("uid-one"), &nodes, &count, &err), 0);
    assert_int_equal(count, 1);
    store_view_end(w->store);
    assert_int_equal(store_nodes(w->store, w->a, STR("uid-one"), &nodes, &count, &err), 0);
    assert_int_equal(count, 2);
}

/* A transaction is all or nothing, and takes nothing of its neighbours with it. */
static void test_atomic(void **state)
{
    struct world *w = *state;
    struct store_txn *txn = store_txn_new(w->store);
    struct json fresh = workflow(w, "fresh", "red", "Running"),
                taken = workflow(w, "taken", "red", "Running");
    struct store_key key = key_of("fresh");
    const struct store_object *o;
    struct err err;

    must_create(w, "taken", "red");
    store_txn_create(txn, &fresh);
    store_txn_row_put(txn, STR("memo"), STR("k"), STR("v"));
    store_txn_create(txn, &taken);
    assert_int_equal(commit(w, txn, &err), -1);
    assert_int_equal(err.kind, ERR_EXISTS);
    assert_int_equal(store_get(w->store, &key, &o, &err), -1);
    must_create(w, "after", "red");
}

static void test_once(void **state)
{
    struct world *w = *state;
    struct err err;
    struct store_result result;

    for (int i = 0; i < 3; i++) {
        struct store_txn *txn = store_txn_new(w->store);
        struct json doc = workflow(w, str_printf(w->a, "made-%d", i).ptr, "red", "Running");

        store_txn_once(txn, STR("mark-1"));
        store_txn_create(txn, &doc);
        assert_int_equal(store_commit_wait(w->store, txn, &result, &err), 0);
        assert_int_equal(result.already_done, i > 0);
        assert_non_null(result.object);
        assert_true(str_is(result.object->key.name, "made-0"));
        store_object_unref(result.object);
    }
}

/* Marks are trimmed on the writer thread every thousand changes: by their age, not by a walk.
 */
static void test_old_marks_are_found_by_index(void **state)
{
    static const struct {
        const char *name, *sql;
    } statements[] = {
#define STATEMENT(name, sql) {#name, sql},
#include "store/embedded/statements.def"
#undef STATEMENT
    };
    struct world *w = *state;
    const char *trim = NULL;
    sqlite3_stmt *plan;
    sqlite3 *db;

    for (size_t i = 0; i < COUNT_OF(statements); i++)
        if (str_is(str_from(statements[i].name), "ONCE_TRIM"))
            trim = str_printf(w->a, "EXPLAIN QUERY PLAN %s", statements[i].sql).ptr;
    assert_non_null(trim);
    assert_int_equal(sqlite3_open(str_printf(w->a, "%s/state.db", w->path).ptr, &db),
                     SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, trim, -1, &plan, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(plan), SQLITE_ROW);
    assert_non_null(
        strstr((const char *) sqlite3_column_text(plan, 3), "INDEX once_at (at<?)"));
    sqlite3_finalize(plan);
    sqlite3_close(db);
}

static void test_reopen_keeps_all(void **state)
{
    struct world *w = *state;
    struct store_key key = key_of("one");
    const struct store_object *o;
    struct err err;
    int64_t rv;

    must_create(w, "one", "red");
    rv = w->rv;
    store_close(w->store);
    open_store(w, 0);
    assert_int_equal(store_get(w->store, &key, &o, &err), 0);
    assert_int_equal(o->rv, rv);
    assert_int_equal(store_rv(w->store), rv);
    store_object_unref(o);
}

static void test_second_daemon_is_refused(void **state)
{
    struct world *w = *state;
    struct store_options options = {.path = w->path, .loop = w->loop};
    struct err err;

    assert_null(store_open(&options, &err));
    assert_int_equal(err.kind, ERR_EXISTS);
    assert_int_not_equal(
        str_find(str_from(err.text), str_printf(w->a, "pid %d", (int) getpid())), SIZE_MAX);
}

static void test_newer_schema_is_refused(void **state)
{
    struct world *w = *state;
    struct store_options options = {.path = w->path, .loop = w->loop};
    struct err err;
    char file[128], byte = 9;
    FILE *f;

    store_close(w->store);
    snprintf(file, sizeof(file), "%s/state.db", w->path);
    f = fopen(file, "r+b");
    assert_non_null(f);
    fseek(f, 63, SEEK_SET); /* user_version's last byte in the database header */
    assert_int_equal(fwrite(&byte, 1, 1, f), 1);
    fclose(f);
    assert_null(store_open(&options, &err));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
    assert_int_not_equal(
        str_find(str_from(err.text), STR("schema 9 of a newer tiphys; this one knows up to 6")),
        SIZE_MAX);
    f = fopen(file, "r+b");
    byte = 6;
    fseek(f, 63, SEEK_SET);
    assert_int_equal(fwrite(&byte, 1, 1, f), 1);
    fclose(f);
    open_store(w, 0);
}

/* ---- watches ---- */

static void on_event(void *ctx, const struct store_event *event)
{
    static const char letters[] = "AMDB";
    struct world *w = ctx;

    strbuf_addf(&w->events, "%c" STR_FMT " ", letters[event->type],
                STR_ARG(event->object->key.name));
    for (size_t i = 0; i < event->node_count; i++)
        strbuf_addf(&w->events, "(" STR_FMT ") ", STR_ARG(event->node_ids[i]));
    w->rv = event->rv;
}

static void on_end(void *ctx, const struct err *err)
{
    struct world *w = ctx;

    w->is_ended = true;
    w->end_kind = err->kind;
}

static void turn(struct world *w)
{
    for (int i = 0; i < 10; i++)
        loop_run_once(w->loop, 5);
}

static struct store_watch *watch(struct world *w, int64_t from, const char *labels)
{
    struct selector selector;
    struct store_query q = {.group = STR("argoproj.io"),
                            .kind = STR("Workflow"),
                            .ns = STR("argo"),
                            .labels = labels ? &selector : NULL};
    struct err err;

    if (labels)
        assert_int_equal(selector_parse(w->a, str_from(labels), &selector, &err), 0);
    strbuf_reset(&w->events);
    return store_watch_open(w->store, &q, from, on_event, on_end, w);
}

static void change(struct world *w, const char *name, const char *color)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc = workflow(w, name, color, "Running");
    struct err err;

    store_txn_update(txn, &doc, 0);
    store_txn_node(txn, str_printf(w->a, "uid-%s", name), STR("n1"), 1, STR("{}"));
    if (commit(w, txn, &err) < 0)
        fail_msg("%s", err.text);
}

static void drop(struct world *w, const char *name)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct store_key key = key_of(name);
    struct err err;

    store_txn_delete(txn, &key, STR(""), 0);
    assert_int_equal(commit(w, txn, &err), 0);
}

static void test_watch_replay_then_live(void **state)
{
    struct world *w = *state;
    struct store_watch *watched;
    int64_t before;

    must_create(w, "one", "red");
    before = w->rv;
    must_create(w, "two", "red");
    change(w, "one", "blue");
    drop(w, "two");
    turn(w);
    watched = watch(w, before, NULL);
    must_create(w, "three", "red"); /* while the replay is read */
    turn(w);
    assert_string_equal(w->events.ptr, "Mone Dtwo Athree ");
    change(w, "three", "red");
    turn(w);
    assert_string_equal(w->events.ptr, "Mone Dtwo Athree Mthree (n1) ");
    store_watch_close(watched);
    change(w, "three", "red");
    turn(w);
    assert_string_equal(w->events.ptr, "Mone Dtwo Athree Mthree (n1) ");
}

/* A replay may see a commit before the loop hears of it: it is told once all the same. */
static void test_watch_tells_once(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 200; i++) {
        char name[16], want[20];
        struct store_watch *watched;
        int64_t from;

        snprintf(name, sizeof(name), "x%d", i);
        snprintf(want, sizeof(want), "Ax%d ", i);
        from = store_rv(w->store);
        if (i % 2)
            must_create(w, name, "red");
        watched = watch(w, from, NULL);
        if (i % 2 == 0)
            must_create(w, name, "red");
        for (int k = 0; k < 100 && w->events.len < strlen(want); k++)
            loop_run_once(w->loop, 5);
        loop_run_once(w->loop, 1);
        loop_run_once(w->loop, 1);
        if (!str_is(strbuf_str(&w->events), want))
            fail_msg("round %d: \"" STR_FMT "\"", i, STR_ARG(strbuf_str(&w->events)));
        store_watch_close(watched);
    }
}

static void test_watch_with_labels(void **state)
{
    struct world *w = *state;
    struct store_watch *watched;

    must_create(w, "one", "red");
    must_create(w, "two", "blue");
    turn(w);
    watched = watch(w, 0, "color=red");
    turn(w);
    change(w, "two", "red");
    change(w, "one", "blue");
    change(w, "one", "green");
    change(w, "two", "red");
    drop(w, "two");
    turn(w);
    assert_string_equal(w->events.ptr, "Aone Atwo (n1) Done (n1) Mtwo (n1) Dtwo ");
    store_watch_close(watched);
}

/* A touch changes nothing but the version, which watchers hear of together with the nodes. */
static void test_touch(void **state)
{
    struct world *w = *state;
    struct store_txn *txn = store_txn_new(w->store);
    struct store_key key = key_of("one");
    const struct store_object *o;
    struct store_watch *watched;
    struct err err;
    int64_t before;

    must_create(w, "one", "red");
    before = w->rv;
    turn(w);
    watched = watch(w, -1, NULL); /* a replay tells no nodes */
    store_txn_node(txn, STR("uid-one"), STR("n7"), 1, STR("{\"id\":\"n7\"}"));
    store_txn_touch(txn, &key, STR("uid-one"));
    assert_int_equal(commit(w, txn, &err), 0);
    turn(w);
    assert_string_equal(w->events.ptr, "Mone (n7) ");
    store_watch_close(watched);
    assert_int_equal(store_get(w->store, &key, &o, &err), 0);
    assert_int_equal(o->rv, before + 1);
    assert_int_not_equal(str_find(o->doc, STR("\"spec\":{\"a\":1}")), SIZE_MAX);
    store_object_unref(o);
    txn = store_txn_new(w->store);
    store_txn_touch(txn, &key, STR("another"));
    assert_int_equal(commit(w, txn, &err), -1);
    assert_int_equal(err.kind, ERR_CONFLICT);
    txn = store_txn_new(w->store);
    key.name = STR("absent");
    store_txn_touch(txn, &key, STR(""));
    assert_int_equal(commit(w, txn, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* The version that it then has. */
static int64_t touch(struct world *w, bool has_node, int times)
{
    const struct store_key key = key_of("one");
    struct store_txn *txn = store_txn_new(w->store);
    struct err err;

    if (has_node)
        store_txn_node(txn, STR("uid-one"), STR("n7"), 1, STR("{\"id\":\"n7\"}"));
    for (int i = 0; i < times; i++)
        store_txn_touch(txn, &key, STR(""));
    assert_int_equal(commit(w, txn, &err), 0);
    return w->rv;
}

static bool can_update(struct world *w, int64_t expect)
{
    struct json doc = workflow(w, "one", "blue", "Running");
    struct store_txn *txn = store_txn_new(w->store);
    struct err err;

    store_txn_update(txn, &doc, expect);
    return commit(w, txn, &err) == 0;
}

/* A touch without nodes leaves the object what it was: who has read it before may still write.
 */
static void test_touch_is_no_conflict(void **state)
{
    struct world *w = *state;
    int64_t first, second;

    must_create(w, "one", "red");
    first = w->rv;
    must_create(w, "two", "red"); /* somebody else's change is none */
    touch(w, false, 1);
    second = touch(w, false, 1);
    assert_int_equal(second, first + 3);
    assert_false(can_update(w, first - 1)); /* it was not there */
    assert_false(can_update(w, second + 1));
    assert_true(can_update(w, first));
    assert_false(can_update(w, first)); /* that was a change */
    assert_false(can_update(w, second));
    first = w->rv;
    touch(w, true, 1);
    touch(w, false, 1);
    assert_false(can_update(w, first));
    assert_true(can_update(w, w->rv - 1));
    /* what the history does not know is not so */
    store_close(w->store);
    open_store(w, 3);
    first = w->rv;
    touch(w, false, 1);
    assert_true(can_update(w, first));
    first = w->rv;
    touch(w, false, 1100); /* what is old is dropped now and then */
    touch(w, false, 1);
    assert_false(can_update(w, first));
    assert_true(can_update(w, w->rv - 1));
}

static void test_watch_unfinished(void **state)
{
    const struct store_query q = {.group = STR("argoproj.io"),
                                  .kind = STR("Workflow"),
                                  .ns = STR(""),
                                  .finished = STORE_UNFINISHED};
    struct world *w = *state;
    struct store_watch *watched;
    struct err err;

    must_create(w, "runs", "red");
    assert_int_equal(create(w, "ended", "red", "Succeeded", &err), 0);
    turn(w);
    watched = store_watch_open(w->store, &q, 0, on_event, on_end, w);
    turn(w);
    assert_string_equal(w->events.ptr, "Aruns ");
    change(w, "ended", "blue");
    drop(w, "ended");
    turn(w);
    assert_string_equal(w->events.ptr, "Aruns Mended (n1) Dended ");
    store_watch_close(watched);
}

static void test_watch_too_old(void **state)
{
    struct world *w = *state;
    char name[16];

    store_close(w->store);
    open_store(w, 10);
    for (int i = 0; i < 1100; i++) {
        snprintf(name, sizeof(name), "wf-%d", i);
        must_create(w, name, "red");
    }
    turn(w);
    watch(w, 5, NULL);
    turn(w);
    assert_true(w->is_ended);
    assert_int_equal(w->end_kind, ERR_GONE);
}

/* From every version on, replay and live events lead to the state that is there. */
static void test_watch_property(void **state)
{
    struct world *w = *state;
    struct random r = random_seed(11);
    struct map there = {0};
    char name[16];

    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "wf-%d", (int) random_below(&r, 12));
        if (!map_find(&there, str_from(name))) {
            must_create(w, name, "red");
            map_put(&there, str_from(name), w);
        } else if (random_below(&r, 3)) {
            change(w, name, "blue");
        } else {
            drop(w, name);
            map_take(&there, str_from(name));
        }
    }
    turn(w);
    for (int64_t from = 0; from <= store_rv(w->store); from += 13) {
        struct store_watch *watched = watch(w, from, NULL);
        struct map seen = {0};
        struct str rest, word;

        turn(w);
        rest = strbuf_str(&w->events);
        while (str_cut(&rest, ' ', &word)) {
            if (str_starts(word, STR("D")))
                map_take(&seen, str_skip(word, 1));
            else if (word.len && word.ptr[0] != '(')
                map_put(&seen, str_skip(word, 1), w);
        }
        MAP_FOREACH (it, &seen)
            if (!map_find(&there, it->key))
                fail_msg("from %lld: " STR_FMT " should be gone", (long long) from,
                         STR_ARG(it->key));
        if (from == 0)
            assert_int_equal(seen.len, there.len);
        map_done(&seen);
        store_watch_close(watched);
    }
    map_done(&there);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_create_get),
        TEST(test_update_and_conflict),
        TEST(test_lists),
        TEST(test_forged_token),
        TEST(test_nodes_and_rows),
        TEST(test_view),
        TEST(test_atomic),
        TEST(test_once),
        TEST(test_old_marks_are_found_by_index),
        TEST(test_reopen_keeps_all),
        TEST(test_second_daemon_is_refused),
        TEST(test_newer_schema_is_refused),
        TEST(test_watch_replay_then_live),
        TEST(test_watch_tells_once),
        TEST(test_watch_with_labels),
        TEST(test_touch),
        TEST(test_touch_is_no_conflict),
        TEST(test_watch_unfinished),
        TEST(test_watch_too_old),
        TEST(test_watch_property),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
