/*
 * Tests of events/bus/bus.h on a disk that fails: opening, publishing, consuming, looking up
 * and retention, run again and again with the first, second, third ... system call of SQLite
 * failing, until none is left. Whatever fails: a publisher hears of success when the event is
 * on disk and not before, an id is stored once, consumers get each event once and in order,
 * cursors are neither lost nor moved too far, and all goes on when the disk works again.
 *
 * TIPHYS_FAULTS_STEP=1 takes every call; the default leaves some out to be quick.
 */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "events/bus/bus.h"
#include "tests/support/disk_faults.h"

enum { TRIES_MAX = 50, TURNS_MAX = 20000, RETAIN_MS = 3600000, STORED_BEFORE = 6 };

struct seen {
    struct bus_consumer *consumer;
    struct strbuf ids;
    size_t count;
    bool is_sync; /* settles durably */
    size_t settled;
};

struct world {
    char path[64], crashed[80], template[80];
    struct loop *loop;
    struct bus *bus;
    struct arena *a;
    struct strbuf story;
    struct seen old, fresh;
    atomic_uint published; /* asynchronously */
};

/* ---- files ---- */

static void remove_files(struct world *w, const char *path)
{
    static const char *const names[] = {"bus.db", "bus.db-wal", "bus.db-shm", "bus.lock"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(str_printf(w->a, "%s/%s", path, names[i]).ptr);
}

/* Rows of a query on a bus that nobody has open, one a line. */
static int add_row(void *ctx, int count, char **values, char **names)
{
    (void) names;
    for (int i = 0; i < count; i++)
        strbuf_addf(ctx, "%s%s", i ? " " : "", values[i] ? values[i] : "-");
    strbuf_addz(ctx, "\n");
    return 0;
}

static struct str query(struct world *w, const char *path, const char *sql)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(str_printf(w->a, "%s/bus.db", path).ptr, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, add_row, &b, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    return str_copy(w->a, strbuf_str(&b));
}

/* ---- operations ---- */

/* What the disk refused is tried again; anything else is a wrong answer. */
static bool must_retry(int result, const struct err *err, int *tries)
{
    if (result >= 0)
        return false;
    if (!err_is_retryable(err))
        fail_msg("kind %d: %s", err->kind, err->text);
    if (++*tries == TRIES_MAX)
        fail_msg("does not recover: %s", err->text);
    return true;
}

static void open_at(struct world *w, const char *path)
{
    struct bus_options options = {
        .path = path, .loop = w->loop, .retain_ms = RETAIN_MS, .retry_ms = 1};
    struct err err = {0};
    int tries = 0;

    do
        w->bus = bus_open(&options, &err);
    while (must_retry(w->bus ? 0 : -1, &err, &tries));
}

static struct bus_record record(struct world *w, int number)
{
    return (struct bus_record){.id = str_printf(w->a, "id-%d", number),
                               .source = STR("src"),
                               .event = STR("a"),
                               .ns = STR("argo"),
                               .payload =
                                   str_printf(w->a, "{\"text\":\"%0*d\"}", 2000, number)};
}

static void publish(struct world *w, int number)
{
    const struct bus_record r = record(w, number);
    struct err err = {0};
    int result = bus_publish_wait(w->bus, &r, 60000, &err);

    if (result < 0)
        fail_msg("an event must wait, not fail: %s", err.text);
    strbuf_addf(&w->story, "id-%d%s\n", number, result == 1 ? " again" : "");
}

static void on_published(void *ctx, uint64_t seq, bool is_duplicate, const struct err *err)
{
    struct world *w = ctx;

    (void) seq;
    assert_false(is_duplicate);
    assert_int_equal(err->kind, ERR_NONE);
    atomic_fetch_add(&w->published, 1);
}

static void on_settled(void *ctx)
{
    struct seen *s = ctx;

    s->settled++;
}

static void on_deliver(void *ctx, const struct bus_record *records, size_t count)
{
    struct seen *s = ctx;

    for (size_t i = 0; i < count; i++)
        strbuf_addf(&s->ids, STR_FMT " ", STR_ARG(records[i].id));
    s->count += count;
    for (size_t i = 0; i < count && s->consumer; i++)
        if (s->is_sync)
            bus_ack_sync(s->consumer, records[i].seq, on_settled, s);
        else
            bus_ack(s->consumer, records[i].seq);
}

static void consume(struct world *w, struct seen *s, const char *name)
{
    static const struct bus_subject subject = {STR_INIT("src"), STR_INIT("a")};
    struct bus_consumer_options options = {.name = str_from(name),
                                           .ns = STR("argo"),
                                           .subjects = &subject,
                                           .subject_count = 1,
                                           .in_flight_max = 3,
                                           .ctx = s,
                                           .deliver = on_deliver};
    struct err err;

    s->count = s->settled = 0;
    strbuf_reset(&s->ids);
    s->consumer = bus_consumer_open(w->bus, &options, &err);
    assert_non_null(s->consumer);
}

static void wait_for(struct world *w, const size_t *count, size_t wanted)
{
    for (int i = 0; i < TURNS_MAX && *count < wanted; i++)
        loop_run_once(w->loop, 1);
    if (*count != wanted)
        fail_msg("%zu of %zu came", *count, wanted);
}

static void look_up(struct world *w, int number)
{
    struct bus_trace *traces;
    struct bus_record r;
    struct str id = str_printf(w->a, "id-%d", number);
    struct err err = {0};
    int result, tries = 0;
    size_t count;

    do {
        result = bus_find(w->bus, w->a, id, &r, &err);
        if (result < 0 && err.kind == ERR_NOT_FOUND)
            break;
    } while (must_retry(result, &err, &tries));
    strbuf_addf(&w->story, "%d is %s", number, result == 0 ? "there" : "gone");
    do
        result = bus_trace_list(w->bus, w->a, id, &traces, &count, &err);
    while (must_retry(result, &err, &tries));
    strbuf_addf(&w->story, ", %zu traces\n", count);
}

static void list(struct world *w)
{
    const struct bus_query q = {.ns = STR(""), .limit = 100};
    struct bus_record *records;
    struct err err = {0};
    size_t count;
    int result, tries = 0;

    do
        result = bus_list(w->bus, w->a, &q, &records, &count, &err);
    while (must_retry(result, &err, &tries));
    for (size_t i = 0; i < count; i++)
        strbuf_addf(&w->story, "%llu " STR_FMT "\n", (unsigned long long) records[i].seq,
                    STR_ARG(records[i].id));
}

/* ---- the scenario ---- */

static void publish_some(struct world *w)
{
    const struct bus_trace trace = {.event_id = STR("id-8"),
                                    .stage = STR("bus"),
                                    .subject = STR("s"),
                                    .detail = STR("{}"),
                                    .at = {1}};
    struct err err;

    atomic_store(&w->published, 0);
    bus_trace_add(w->bus, &trace);
    for (int i = 8; i <= 10; i++) {
        const struct bus_record r = record(w, i);

        assert_int_equal(bus_publish(w->bus, &r, on_published, w, &err), 0);
    }
    for (int i = 0; i < TURNS_MAX && atomic_load(&w->published) < 3; i++)
        loop_run_once(w->loop, 1);
    assert_int_equal(atomic_load(&w->published), 3);
}

static void play(struct world *w)
{
    struct bus_stats stats;
    struct err err;

    consume(w, &w->old, "old"); /* 3 to 6 wait for it, in pages */
    wait_for(w, &w->old.count, 4);
    consume(w, &w->fresh, "fresh");
    publish(w, 7);
    publish(w, 6); /* of before the restart */
    publish(w, 7);
    publish_some(w);
    wait_for(w, &w->old.count, 8);
    wait_for(w, &w->fresh.settled, 4);
    assert_int_equal(bus_consumer_drop(w->bus, STR("dropped"), &err), 0);
    publish(w, 11);
    wait_for(w, &w->old.count, 9);
    wait_for(w, &w->fresh.settled, 5);
    for (int i = 0; i < TURNS_MAX && bus_is_stalled(w->bus); i++)
        loop_run_once(w->loop, 1); /* a cursor on its way */
    look_up(w, 1);
    look_up(w, 8);
    list(w);
    stats = bus_stats_get(w->bus);
    strbuf_addf(&w->story, "%llu stored, %llu trimmed, %llu again, newest %llu, %s\n",
                (unsigned long long) stats.stored_events, (unsigned long long) stats.trimmed,
                (unsigned long long) stats.duplicates, (unsigned long long) stats.newest_seq,
                bus_is_stalled(w->bus) ? "stalled" : "works");
    strbuf_addf(&w->story, "old: %s\nfresh: %s\n", w->old.ids.ptr, w->fresh.ids.ptr);
}

/* ---- a run ---- */

/* Six events, two of them too old to be kept; "old" has seen two. */
static void make_template(struct world *w)
{
    open_at(w, w->template);
    w->old.consumer = NULL;
    consume(w, &w->old, "old");
    consume(w, &w->fresh, "dropped");
    for (int i = 0; i < 100; i++) /* the cursors begin here */
        loop_run_once(w->loop, 0);
    for (int i = 1; i <= STORED_BEFORE; i++)
        publish(w, i);
    bus_close(TAKE(w->bus));
    query(w, w->template,
          "UPDATE cursor SET seq = 2;"
          "UPDATE record SET at = at - 7200000 WHERE seq <= 2");
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
    w->fresh.is_sync = true;
    strbuf_init(&w->story, 1 << 20);
    strbuf_init(&w->old.ids, 1 << 20);
    strbuf_init(&w->fresh.ids, 1 << 20);
    make_template(w);
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
    strbuf_done(&w->old.ids);
    strbuf_done(&w->fresh.ids);
    arena_free(w->a);
    free(w);
    return 0;
}

struct outcome {
    struct str story, records, cursors, synced;
};

#define SQL_RECORDS "SELECT seq, id, length(payload) FROM record ORDER BY seq"
#define SQL_CURSORS "SELECT name, seq FROM cursor ORDER BY name"
#define SQL_SYNCED  "SELECT name, seq FROM cursor WHERE name = 'fresh'"

static void must_equal(struct str got, struct str want, const char *what)
{
    if (!str_eq(got, want))
        fail_msg("%s:\n" STR_FMT "---- instead of\n" STR_FMT, what, STR_ARG(got),
                 STR_ARG(want));
}

/* What a crash leaves: every event, what was settled durably, and no cursor too far. */
static void check_crashed(struct world *w, const struct outcome *o)
{
    must_equal(query(w, w->crashed, "PRAGMA quick_check"), STR("ok\n"), "after a crash");
    must_equal(query(w, w->crashed, SQL_RECORDS), o->records, "events after a crash");
    must_equal(query(w, w->crashed, SQL_SYNCED), o->synced, "what is settled after a crash");
    must_equal(query(w, w->crashed,
                     "SELECT seq >= 2 AND seq <= (SELECT max(seq) FROM record) FROM cursor "
                     "WHERE name = 'old'"),
               STR("1\n"), "a cursor after a crash");
}

/* Plays once; @want: what must come of it, or NULL. Returns how many calls failed. */
static unsigned long run(struct world *w, enum disk_fault fault, unsigned long first,
                         unsigned long count, const struct outcome *want, struct outcome *ret)
{
    unsigned long failed;

    remove_files(w, w->path);
    remove_files(w, w->crashed);
    disk_copy_file(w->template, w->path, "bus.db");
    strbuf_reset(&w->story);
    disk_faults_arm(fault, first, count);
    open_at(w, w->path);
    play(w);
    /* As kill -9 leaves it. The log first: a checkpoint beside us only adds to the database
     * what the log has. */
    disk_copy_file(w->path, w->crashed, "bus.db-wal");
    disk_copy_file(w->path, w->crashed, "bus.db");
    bus_close(TAKE(w->bus));
    failed = disk_faults_disarm();
    *ret =
        (struct outcome){str_copy(w->a, strbuf_str(&w->story)), query(w, w->path, SQL_RECORDS),
                         query(w, w->path, SQL_CURSORS), query(w, w->path, SQL_SYNCED)};
    check_crashed(w, ret);
    if (want) {
        must_equal(ret->story, want->story, "what was answered");
        must_equal(ret->records, want->records, "events");
        must_equal(ret->cursors, want->cursors, "cursors");
    }
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
    assert_true(runs > 5);
}

static void test_none(void **state)
{
    struct world *w = *state;
    struct outcome o;

    run(w, DISK_FAULT_COUNT, 1, 0, NULL, &o);
    must_equal(o.story,
               STR("id-7\nid-6 again\nid-7 again\nid-11\n"
                   "1 is gone, 0 traces\n8 is there, 1 traces\n"
                   "11 id-11\n10 id-10\n9 id-9\n8 id-8\n7 id-7\n6 id-6\n5 id-5\n4 id-4\n"
                   "3 id-3\n9 stored, 2 trimmed, 2 again, newest 11, works\n"
                   "old: id-3 id-4 id-5 id-6 id-7 id-8 id-9 id-10 id-11 \n"
                   "fresh: id-7 id-8 id-9 id-10 id-11 \n"),
               "the story");
    must_equal(o.cursors, STR("fresh 11\nold 11\n"), "cursors");
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

static void on_refused(void *ctx, uint64_t seq, bool is_duplicate, const struct err *err)
{
    struct world *w = ctx;

    (void) seq, (void) is_duplicate;
    assert_int_equal(err->kind, ERR_IO);
    atomic_fetch_add(&w->published, 1);
}

/* A disk that stays full: closing ends, and publishers hear what was not stored. */
static void test_close(void **state)
{
    struct world *w = *state;
    const struct bus_record lost = record(w, 8);
    struct err err;

    disk_copy_file(w->template, w->path, "bus.db");
    open_at(w, w->path);
    publish(w, 7);
    disk_faults_arm(DISK_FULL, 1, ULONG_MAX);
    atomic_store(&w->published, 0);
    assert_int_equal(bus_publish(w->bus, &lost, on_refused, w, &err), 0);
    while (!bus_is_stalled(w->bus))
        loop_run_once(w->loop, 1);
    assert_int_equal(atomic_load(&w->published), 0);
    bus_close(TAKE(w->bus));
    assert_int_equal(atomic_load(&w->published), 1);
    disk_faults_disarm();
    must_equal(query(w, w->path, "SELECT max(seq), count(*) FROM record"), STR("7 5\n"),
               "after the end");
    open_at(w, w->path);
    assert_int_equal(bus_publish_wait(w->bus, &lost, 1000, &err), 0);
    bus_close(TAKE(w->bus));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_none, setup, teardown),
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
