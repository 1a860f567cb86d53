/*
 * Tests of store/store.h on a disk that fails: a scenario of every sort of transaction and
 * look-up, run again and again with the first, second, third ... system call of SQLite failing,
 * until none is left. Whatever fails: a commit comes late, never wrong; a look-up says what
 * happened or gives the right answer; the files hold what was acknowledged, as a crash would
 * leave them and after a close; what watches were told is what was committed.
 *
 * TIPHYS_FAULTS_STEP=1 takes every call; the default leaves some out to be quick.
 */
#include <fcntl.h>
#include <limits.h>
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

#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store.h"
#include "tests/support/disk_faults.h"

enum { TRIES_MAX = 50, TURNS_MAX = 4000, HISTORY = 8, FIRST_RV = 990 };

struct watcher {
    struct strbuf told;
    int64_t last_rv;
    bool has_ended, is_live;
    struct err err;
    struct store_watch *watch;
};

struct world {
    char path[64], crashed[80], template[80];
    struct loop *loop;
    struct store *store;
    struct arena *a;
    struct strbuf story; /* results of operations, in order */
    struct watcher watcher;
    int done_count;
};

/* ---- documents ---- */

static struct json parse(struct world *w, struct str text)
{
    struct json v;
    struct err err;

    if (json_parse(w->a, text, &v, &err) < 0)
        fail_msg("%s: " STR_FMT, err.text, STR_ARG(text));
    return v;
}

static struct json workflow(struct world *w, const char *name, const char *color)
{
    return parse(w, str_printf(w->a,
                               "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\","
                               "\"metadata\":{\"name\":\"%s\",\"namespace\":\"argo\",\"uid\":"
                               "\"uid-%s\",\"creationTimestamp\":\"2026-01-02T03:04:05Z\","
                               "\"labels\":{\"color\":\"%s\"}},\"spec\":{\"text\":\"%0*d\"}}",
                               name, name, color, 3000, 7));
}

static struct json config_map(struct world *w, const char *name, const char *owner)
{
    const char *owners =
        owner ? str_printf(w->a,
                           ",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":"
                           "\"ConfigMap\",\"name\":\"%s\",\"uid\":\"uid-%s\"}]",
                           owner, owner)
                    .ptr
              : "";

    return parse(w, str_printf(w->a,
                               "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
                               "\"name\":\"%s\",\"namespace\":\"argo\",\"uid\":\"uid-%s\","
                               "\"creationTimestamp\":\"2026-01-02T03:04:05Z\"%s}}",
                               name, name, owners));
}

static struct store_key key_of(const char *kind, const char *name)
{
    return (struct store_key){str_is(str_from(kind), "Workflow") ? STR("argoproj.io") : STR(""),
                              str_from(kind), STR("argo"), str_from(name)};
}

/* ---- the world: a folder with the template's database in it ---- */

static void remove_files(struct world *w, const char *path)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "state.lock"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(str_printf(w->a, "%s/%s", path, names[i]).ptr);
}

static struct store *open_at(struct world *w, const char *path)
{
    struct store_options options = {.path = path,
                                    .loop = w->loop,
                                    .history_changes = HISTORY,
                                    .reader_count = 1,
                                    .retry_ms = 1};
    struct store *s = NULL;
    struct err err = {0};

    for (int i = 0; i < TRIES_MAX && !s; i++) {
        s = store_open(&options, &err);
        if (!s && err.kind != ERR_IO)
            fail_msg("open: kind %d: %s", err.kind, err.text);
    }
    if (!s)
        fail_msg("open: %s", err.text);
    return s;
}

static void set_first_rv(struct world *w)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(str_printf(w->a, "%s/state.db", w->template).ptr, &db),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  str_printf(w->a, "UPDATE meta SET value = %d", FIRST_RV).ptr,
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-faults-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    snprintf(w->crashed, sizeof(w->crashed), "%s/crashed", w->path);
    snprintf(w->template, sizeof(w->template), "%s/template", w->path);
    mkdir(w->crashed, 0700);
    mkdir(w->template, 0700);
    w->a = arena_new();
    w->loop = loop_new(&err);
    strbuf_init(&w->story, 1 << 20);
    strbuf_init(&w->watcher.told, 1 << 20);
    store_close(open_at(w, w->template));
    set_first_rv(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    remove_files(w, w->path);
    remove_files(w, w->crashed);
    remove_files(w, w->template);
    rmdir(w->crashed);
    rmdir(w->template);
    rmdir(w->path);
    loop_free(w->loop);
    strbuf_done(&w->story);
    strbuf_done(&w->watcher.told);
    arena_free(w->a);
    free(w);
    return 0;
}

/* ---- operations: what they say goes into the story, which is the same with and without faults
 * ---- */

static void commit(struct world *w, struct store_txn *txn)
{
    struct store_result result = {0};
    struct err err = {0};

    if (store_commit_wait(w->store, txn, &result, &err) < 0) {
        if (err_is_retryable(&err))
            fail_msg("a commit must wait, not fail: %s", err.text);
        strbuf_addf(&w->story, "refused: %s\n", err.text);
        return;
    }
    strbuf_addf(&w->story, "rv %lld%s " STR_FMT "\n", (long long) result.rv,
                result.already_done ? " again" : "",
                STR_ARG(result.object ? result.object->key.name : STR("-")));
    store_object_unref(result.object);
}

/* A look-up that failed for the disk's sake is tried again; it never answers wrongly. */
static bool must_retry(int result, const struct err *err, int *tries)
{
    if (result == 0 || !err_is_retryable(err))
        return false;
    if (++*tries == TRIES_MAX)
        fail_msg("does not recover: %s", err->text);
    return true;
}

static void look_up(struct world *w, const char *kind, const char *name)
{
    struct store_key key = key_of(kind, name);
    const struct store_object *o = NULL;
    struct err err = {0};
    int result, tries = 0;

    do
        result = store_get(w->store, &key, &o, &err);
    while (must_retry(result, &err, &tries));
    if (result < 0)
        strbuf_addf(&w->story, "%s\n", err.text);
    else
        strbuf_addf(&w->story, "%s %lld\n", name, (long long) o->rv);
    store_object_unref(o);
}

static void list_page(struct world *w, struct store_query *q, struct strbuf *to)
{
    struct store_list list;
    struct err err = {0};
    int result, tries = 0;

    do
        result = store_list(w->store, w->a, q, &list, &err);
    while (must_retry(result, &err, &tries));
    if (result < 0)
        fail_msg("list: %s", err.text);
    strbuf_addf(to, "list at %lld:", (long long) list.rv);
    for (size_t i = 0; i < list.len; i++)
        strbuf_addf(to, " " STR_FMT "/" STR_FMT "@%lld", STR_ARG(list.at[i]->key.kind),
                    STR_ARG(list.at[i]->key.name), (long long) list.at[i]->rv);
    strbuf_addz(to, "\n");
    q->continue_token = list.continue_token;
    store_list_done(&list);
}

static void list_all(struct world *w, const char *kind, struct strbuf *to)
{
    struct selector red;
    struct err err;
    struct store_query q = {.group = key_of(kind, "").group,
                            .kind = str_from(kind),
                            .limit = 2,
                            .continue_token = STR("")};
    struct store_query by_label = {.group = q.group, .kind = q.kind, .labels = &red};

    do
        list_page(w, &q, to);
    while (q.continue_token.len);
    assert_int_equal(selector_parse(w->a, STR("color=red"), &red, &err), 0);
    list_page(w, &by_label, to);
}

static void list_rows(struct world *w, struct strbuf *to)
{
    const struct store_key workflows = {STR("argoproj.io"), STR("Workflow"), STR(""), STR("")};
    struct store_node *nodes;
    struct store_row *rows;
    struct str *uids;
    size_t count;
    struct err err = {0};
    int result, tries = 0;

    do
        result = store_nodes(w->store, w->a, STR("uid-one"), &nodes, &count, &err);
    while (must_retry(result, &err, &tries));
    for (size_t i = 0; i < count; i++)
        strbuf_addf(to, "node " STR_FMT " " STR_FMT "\n", STR_ARG(nodes[i].id),
                    STR_ARG(nodes[i].doc));
    do
        result = store_rows(w->store, w->a, STR("memo"), STR(""), &rows, &count, &err);
    while (must_retry(result, &err, &tries));
    for (size_t i = 0; i < count; i++)
        strbuf_addf(to, "row " STR_FMT " " STR_FMT "\n", STR_ARG(rows[i].key),
                    STR_ARG(rows[i].value));
    do
        result = store_uids(w->store, w->a, &workflows, &uids, &count, &err);
    while (must_retry(result, &err, &tries));
    strbuf_addf(to, "%zu uids\n", count);
}

static void list_marks(struct world *w, struct strbuf *to)
{
    static const char *const marks[] = {"mark-one", "mark-none"};
    struct store_key key;
    struct str value;
    struct err err = {0};
    int result, tries = 0;

    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        do
            result = store_once_get(w->store, w->a, str_from(marks[i]), &key, &err);
        while (must_retry(result, &err, &tries));
        strbuf_addf(to, "mark %s: " STR_FMT "\n", marks[i],
                    STR_ARG(result == 0 ? key.name : STR("-")));
    }
    do
        result = store_row_get(w->store, w->a, STR("memo"), STR("k2"), &value, &err);
    while (must_retry(result, &err, &tries));
    strbuf_addf(to, "k2: " STR_FMT "\n", STR_ARG(result == 0 ? value : STR("-")));
}

/* All that the store holds. */
static struct str dump(struct world *w)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);

    list_all(w, "Workflow", &b);
    list_all(w, "ConfigMap", &b);
    list_rows(w, &b);
    list_marks(w, &b);
    return str_copy(w->a, strbuf_str(&b));
}

/* ---- a watch that is opened again when it fails ---- */

static void on_event(void *ctx, const struct store_event *event)
{
    struct world *w = ctx;

    w->watcher.last_rv = event->rv;
    w->watcher.is_live |= event->type == STORE_BOOKMARK;
    if (event->type == STORE_BOOKMARK)
        return;
    strbuf_addf(&w->watcher.told, "%d " STR_FMT " %lld\n", event->type,
                STR_ARG(event->object->key.name), (long long) event->rv);
}

static void on_end(void *ctx, const struct err *err)
{
    struct world *w = ctx;

    w->watcher.has_ended = true;
    w->watcher.err = *err;
}

static void watch_from(struct world *w, int64_t rv)
{
    const struct store_query q = {
        .group = STR("argoproj.io"), .kind = STR("Workflow"), .wants_bookmark = true};

    w->watcher.has_ended = false;
    w->watcher.watch = store_watch_open(w->store, &q, rv, on_event, on_end, w);
}

/* One turn of the loop; a watch that the disk has ended is opened again. */
static void turn(struct world *w, int *tries)
{
    loop_run_once(w->loop, 1);
    if (!w->watcher.has_ended)
        return;
    if (!must_retry(-1, &w->watcher.err, tries))
        fail_msg("the watch ended: %s", w->watcher.err.text);
    watch_from(w, w->watcher.last_rv);
}

/* Follows from there, and has heard all that was before. */
static void start_watch(struct world *w, int64_t rv)
{
    int tries = 0;

    w->watcher.is_live = false;
    w->watcher.last_rv = rv;
    watch_from(w, rv);
    for (int i = 0; i < TURNS_MAX && !w->watcher.is_live; i++)
        turn(w, &tries);
    assert_true(w->watcher.is_live);
}

static void turn_until(struct world *w, int64_t rv)
{
    int tries = 0;

    for (int i = 0; i < TURNS_MAX && w->watcher.last_rv < rv; i++)
        turn(w, &tries);
    assert_int_equal(w->watcher.last_rv, rv);
}

/* ---- the scenario ---- */

static void create(struct world *w, struct json doc, const char *mark)
{
    struct store_txn *txn = store_txn_new(w->store);

    if (mark) {
        store_txn_once(txn, str_from(mark));
        store_txn_node(txn, STR("uid-one"), STR("a"), 1, STR("{\"n\":1}"));
        store_txn_node(txn, STR("uid-one"), STR("b"), 2, STR("{\"n\":2}"));
        store_txn_row_put(txn, STR("memo"), STR("k1"), STR("v1"));
        store_txn_row_put(txn, STR("memo"), STR("k2"), STR("v2"));
    }
    store_txn_create(txn, &doc);
    commit(w, txn);
}

static void change_objects(struct world *w)
{
    struct store_key key = key_of("Workflow", "one");
    struct json blue = workflow(w, "one", "blue");
    struct store_txn *txn = store_txn_new(w->store);

    store_txn_update(txn, &blue, 0);
    store_txn_node(txn, STR("uid-one"), STR("b"), 2, STR("{\"n\":3}"));
    store_txn_row_put(txn, STR("memo"), STR("k1"), STR_NONE);
    commit(w, txn);
    txn = store_txn_new(w->store);
    store_txn_touch(txn, &key, STR("uid-one"));
    store_txn_node(txn, STR("uid-one"), STR("a"), 1, STR_NONE);
    commit(w, txn);
    txn = store_txn_new(w->store); /* all or nothing: the row is not written */
    store_txn_row_put(txn, STR("memo"), STR("k9"), STR("v9"));
    store_txn_update(txn, &blue, 1);
    commit(w, txn);
}

static void on_done(void *ctx, const struct store_result *result, const struct err *err)
{
    struct world *w = ctx;

    if (err->kind != ERR_NONE)
        fail_msg("a commit must wait, not fail: %s", err->text);
    w->done_count++;
    strbuf_addf(&w->story, "done %lld\n", (long long) result->rv);
}

/* Several that wait together: one commit; they cross the number at which history is trimmed. */
static void create_many(struct world *w)
{
    struct err err;

    w->done_count = 0;
    for (int i = 0; i < 4; i++) {
        struct store_txn *txn = store_txn_new(w->store);
        struct json doc = workflow(w, str_printf(w->a, "many-%d", i).ptr, "red");

        store_txn_create(txn, &doc);
        assert_int_equal(store_commit(w->store, txn, on_done, w, &err), 0);
    }
    for (int i = 0; i < TURNS_MAX && w->done_count < 4; i++)
        loop_run_once(w->loop, 1);
    assert_int_equal(w->done_count, 4);
}

static void delete_owner(struct world *w)
{
    struct store_key key = key_of("ConfigMap", "owner");
    struct store_txn *txn = store_txn_new(w->store);

    store_txn_delete(txn, &key, STR(""), 0);
    commit(w, txn);
    key = key_of("Workflow", "many-0");
    txn = store_txn_new(w->store);
    store_txn_delete(txn, &key, STR("uid-many-0"), 0);
    commit(w, txn);
}

static void play(struct world *w)
{
    create(w, config_map(w, "owner", NULL), NULL);
    create(w, config_map(w, "child", "owner"), NULL);
    start_watch(w, 0);
    create(w, workflow(w, "one", "red"), "mark-one");
    create(w, workflow(w, "other", "red"), "mark-one");
    create(w, workflow(w, "one", "red"), NULL);
    change_objects(w);
    look_up(w, "Workflow", "one");
    look_up(w, "Workflow", "other");
    turn_until(w, FIRST_RV + 5);
    store_watch_close(w->watcher.watch);
    create_many(w);
    start_watch(w, FIRST_RV + 5); /* replayed from the log of changes */
    delete_owner(w);
    turn_until(w, FIRST_RV + 12);
    store_watch_close(w->watcher.watch);
    strbuf_addf(&w->story, STR_FMT, STR_ARG(dump(w)));
}

/* ---- a run ---- */

struct outcome {
    struct str story, told, stored;
};

/* The store of a folder, opened anew on a disk that works. */
static struct str stored_at(struct world *w, const char *path)
{
    struct err err;
    struct str text;

    if (store_file_check(str_printf(w->a, "%s/state.db", path).ptr, &err) < 0)
        fail_msg("%s", err.text);
    w->store = open_at(w, path);
    text = dump(w);
    store_close(TAKE(w->store));
    return text;
}

static void must_equal(struct str got, struct str want, const char *what)
{
    if (!str_eq(got, want))
        fail_msg("%s:\n" STR_FMT "---- instead of\n" STR_FMT, what, STR_ARG(got),
                 STR_ARG(want));
}

/* Plays once; @want: what must come of it, or NULL. Returns how many calls failed. */
static unsigned long run(struct world *w, enum disk_fault fault, unsigned long first,
                         unsigned long count, const struct outcome *want, struct outcome *ret)
{
    unsigned long failed;

    remove_files(w, w->path);
    remove_files(w, w->crashed);
    disk_copy_file(w->template, w->path, "state.db");
    strbuf_reset(&w->story);
    strbuf_reset(&w->watcher.told);
    w->watcher.last_rv = 0;
    disk_faults_arm(fault, first, count);
    w->store = open_at(w, w->path);
    play(w);
    /* As kill -9 leaves it. The log first: a checkpoint beside us only adds to the database
     * what the log has. */
    disk_copy_file(w->path, w->crashed, "state.db-wal");
    disk_copy_file(w->path, w->crashed, "state.db");
    store_close(TAKE(w->store));
    failed = disk_faults_disarm();
    *ret =
        (struct outcome){str_copy(w->a, strbuf_str(&w->story)),
                         str_copy(w->a, strbuf_str(&w->watcher.told)), stored_at(w, w->path)};
    if (want) {
        must_equal(ret->story, want->story, "what was answered");
        must_equal(ret->told, want->told, "what the watch was told");
        must_equal(ret->stored, want->stored, "what is stored");
    }
    must_equal(stored_at(w, w->crashed), ret->stored, "what is stored after a crash");
    return failed;
}

static void run_all(struct world *w, enum disk_fault fault, unsigned long count)
{
    unsigned long runs = 0, failed;
    struct outcome want, got;

    run(w, DISK_FAULT_COUNT, 1, 0, NULL, &want);
    for (unsigned long first = 1;; first += disk_faults_stride()) {
        struct arena *outer = w->a;
        struct arena *own = arena_new();

        w->a = own;
        failed = run(w, fault, first, count, &want, &got);
        w->a = outer;
        arena_free(own);
        if (failed == 0)
            break;
        runs++;
    }
    print_message("%s, %lu in a row: %lu runs\n", disk_fault_name(fault), count, runs);
    assert_true(runs > 10);
}

static void test_full(void **state)
{
    run_all(*state, DISK_FULL, 1);
    run_all(*state, DISK_FULL, 9);
}

static void test_error(void **state)
{
    run_all(*state, DISK_ERROR, 1);
    run_all(*state, DISK_ERROR, 5);
}

static void test_short(void **state)
{
    run_all(*state, DISK_SHORT, 1);
}

static void test_interrupt(void **state)
{
    run_all(*state, DISK_INTERRUPT, 2);
}

static void test_locked(void **state)
{
    run_all(*state, DISK_LOCKED, 2);
}

static void on_refused(void *ctx, const struct store_result *result, const struct err *err)
{
    struct world *w = ctx;

    (void) result;
    assert_int_equal(err->kind, ERR_IO);
    w->done_count++;
}

/* A disk that stays full: closing ends, and tells what was not stored. */
static void test_close(void **state)
{
    struct world *w = *state;
    struct json kept = workflow(w, "kept", "red"), lost = workflow(w, "lost", "red");
    struct store_txn *txn;
    struct err err;

    disk_copy_file(w->template, w->path, "state.db");
    w->store = open_at(w, w->path);
    create(w, kept, NULL);
    disk_faults_arm(DISK_FULL, 1, ULONG_MAX);
    txn = store_txn_new(w->store);
    store_txn_create(txn, &lost);
    w->done_count = 0;
    assert_int_equal(store_commit(w->store, txn, on_refused, w, &err), 0);
    while (!store_is_stalled(w->store))
        loop_run_once(w->loop, 1);
    assert_int_equal(w->done_count, 0);
    store_close(TAKE(w->store));
    assert_int_equal(w->done_count, 1);
    disk_faults_disarm();
    w->store = open_at(w, w->path);
    strbuf_reset(&w->story);
    look_up(w, "Workflow", "kept");
    look_up(w, "Workflow", "lost");
    must_equal(strbuf_str(&w->story),
               STR("kept 991\nworkflows.argoproj.io \"lost\" not found\n"), "after the end");
    store_close(TAKE(w->store));
}

#if WITH_FAULTS
static int next_fd(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    close(fd);
    return fd;
}

/* The file that says who has the folder: it opens behind interruptions and in pieces; when it
 * cannot be written nothing is open, and no descriptor stays behind. */
static void test_lock_file(void **state)
{
    static const struct {
        const char *what, *error; /* none: it opens */
    } rows[] = {{"write:EINTR:1:3", NULL},
                {"write:short:1:2", NULL},
                {"write:ENOSPC:1", "state.lock: No space left on device"},
                {"write:EIO:1", "state.lock: Input/output error"}};
    struct world *w = *state;
    struct store_options options = {
        .path = w->path, .loop = w->loop, .history_changes = HISTORY, .reader_count = 1};
    struct err err;
    int before;

    disk_copy_file(w->template, w->path, "state.db");
    store_close(open_at(w, w->path));
    before = next_fd();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct store *s;

        assert_int_equal(fault_io_arm(rows[i].what), 0);
        s = store_open(&options, &err);
        assert_true(fault_io_arm(NULL) > 0);
        if (!s != !!rows[i].error ||
            (rows[i].error && !str_ends(str_from(err.text), str_from(rows[i].error))))
            fail_msg("%s: %s", rows[i].what, s ? "it is open" : err.text);
        if (s)
            store_close(s);
        assert_int_equal(next_fd(), before);
    }
}

/* Who has the folder is read behind an interruption, too. */
static void test_lock_holder(void **state)
{
    struct world *w = *state;
    struct store_options options = {
        .path = w->path, .loop = w->loop, .history_changes = HISTORY, .reader_count = 1};
    struct str end = str_printf(w->a, "in use by another tiphys (pid %d)", (int) getpid());
    struct store *s = open_at(w, w->path);
    struct err err;

    assert_int_equal(fault_io_arm("read:EINTR:1:2"), 0);
    assert_null(store_open(&options, &err));
    assert_int_equal(fault_io_arm("read:short:1:2"), 2);
    assert_true(str_ends(str_from(err.text), end));
    assert_null(store_open(&options, &err));
    assert_int_equal(fault_io_arm(NULL), 2);
    assert_true(str_ends(str_from(err.text), end));
    store_close(s);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#if WITH_FAULTS
        cmocka_unit_test_setup_teardown(test_lock_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lock_holder, setup, teardown),
#endif
        cmocka_unit_test_setup_teardown(test_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_short, setup, teardown),
        cmocka_unit_test_setup_teardown(test_interrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(test_locked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close, setup, teardown),
    };
    int quiet = getenv("TIPHYS_FAULTS_LOG") ? 2 : open("/dev/null", O_WRONLY | O_CLOEXEC);

    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, quiet);
    disk_faults_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
