/*
 * Tests of what the embedded bus keeps and forgets: the dedup window over time, buses and
 * restarts; retention by age and size while a consumer lags; consumers of different speeds;
 * files that are none. bus_test.c has each clause of the header.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/mem.h"
#include "events/bus/bus.h"

enum { TURNS_MAX = 2000 };

struct world {
    char path[64];
    struct loop *loop;
    struct bus *bus;
    struct arena *a;
};

struct seen {
    struct bus_consumer *c;
    uint64_t seqs[20000];
    size_t count;
    bool acks;
};

static struct bus *open_with(struct world *w, uint64_t retain_ms, uint64_t retain_bytes,
                             uint64_t dedup_ms)
{
    struct bus_options options = {.path = w->path,
                                  .loop = w->loop,
                                  .retain_ms = retain_ms,
                                  .retain_bytes = retain_bytes,
                                  .dedup_window_ms = dedup_ms};
    struct err err;

    w->bus = bus_open(&options, &err);
    if (!w->bus)
        fail_msg("%s", err.text);
    return w->bus;
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-retain-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->loop = loop_new(&err);
    w->a = arena_new();
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"bus.db", "bus.db-wal", "bus.db-shm", "bus.lock"};
    struct world *w = *state;

    bus_close(w->bus);
    loop_free(w->loop);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(str_printf(w->a, "%s/%s", w->path, names[i]).ptr);
    rmdir(w->path);
    arena_free(w->a);
    free(w);
    return 0;
}

/* 0: stored, 1: a duplicate. */
static int publish_in(struct world *w, const char *ns, const char *source, const char *id)
{
    const struct bus_record r = {.id = str_from(id),
                                 .source = str_from(source),
                                 .event = STR("a"),
                                 .ns = str_from(ns),
                                 .payload = STR("{}")};
    struct err err;
    int result = bus_publish_wait(w->bus, &r, 5000, &err);

    if (result < 0)
        fail_msg("%s", err.text);
    return result;
}

static int publish(struct world *w, const char *id)
{
    return publish_in(w, "argo", "src", id);
}

static void settle(struct world *w)
{
    for (int i = 0; i < 8; i++)
        loop_run_once(w->loop, 4);
}

static void on_deliver(void *ctx, const struct bus_record *records, size_t count)
{
    struct seen *s = ctx;

    for (size_t i = 0; i < count; i++)
        s->seqs[s->count++] = records[i].seq;
    for (size_t i = 0; i < count && s->acks && s->c; i++)
        bus_ack(s->c, records[i].seq);
}

static void open_consumer(struct world *w, struct seen *s, const char *name, size_t in_flight)
{
    static const struct bus_subject subject = {STR_INIT("src"), STR_INIT("a")};
    struct bus_consumer_options options = {.name = str_from(name),
                                           .ns = STR("argo"),
                                           .subjects = &subject,
                                           .subject_count = 1,
                                           .in_flight_max = in_flight,
                                           .ctx = s,
                                           .deliver = on_deliver};
    struct err err;

    s->count = 0;
    s->c = bus_consumer_open(w->bus, &options, &err);
    if (!s->c)
        fail_msg("%s", err.text);
}

static void wait_count(struct world *w, const struct seen *s, size_t wanted)
{
    for (int i = 0; i < TURNS_MAX && s->count < wanted; i++)
        loop_run_once(w->loop, 4);
    assert_int_equal(s->count, wanted);
}

/* ---- duplicates ---- */

static void test_same_id_elsewhere(void **state)
{
    static const struct {
        const char *ns, *source, *id;
        int is_duplicate;
    } cases[] = {
        {"argo", "src", "1", 0},
        {"argo", "src", "1", 1},
        {"argo", "other", "1", 1},
        {"argo/second", "src", "1", 0},
        {"b", "src", "1", 0},
        {"b", "src", "1", 1},
        {"argo/second", "src", "1", 1},
        {"argo", "src", "", 0},
        {"b", "src", "", 0},
        {"argo", "src", "b1", 0},
        {"argob", "src", "1", 0},
        {"argo", "src", "1 ", 0},
        {"", "src", "1", 0},
    };
    struct world *w = *state;

    open_with(w, 0, 0, 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (publish_in(w, cases[i].ns, cases[i].source, cases[i].id) != cases[i].is_duplicate)
            fail_msg("case %zu: %s %s", i, cases[i].ns, cases[i].id);
    settle(w);
    bus_close(w->bus);
    open_with(w, 0, 0, 0); /* after a restart all of them are known */
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(publish_in(w, cases[i].ns, cases[i].source, cases[i].id), 1);
    assert_int_equal(bus_stats_get(w->bus).duplicates, COUNT_OF(cases));
}

/* The window ends by the clock, also on a bus where nothing else happens. */
static void test_window_ends(void **state)
{
    struct world *w = *state;

    open_with(w, 0, 0, 300);
    assert_int_equal(publish(w, "x"), 0);
    assert_int_equal(publish(w, "x"), 1);
    usleep(400000);
    assert_int_equal(publish(w, "x"), 0);
    assert_int_equal(publish(w, "x"), 1);
    settle(w);
    bus_close(w->bus);
    open_with(w, 0, 0, 300);
    usleep(400000);
    assert_int_equal(publish(w, "x"), 0);
    assert_int_equal(bus_stats_get(w->bus).stored_events, 3);
}

/* ---- retention ---- */

static void test_age_on_a_quiet_bus(void **state)
{
    struct world *w = *state;
    struct bus_record found;
    struct err err;

    open_with(w, 300, 0, 0);
    for (int i = 0; i < 10; i++)
        publish(w, str_printf(w->a, "old-%d", i).ptr);
    usleep(400000);
    publish(w, "new");
    publish(w, "newer");
    settle(w);
    assert_int_equal(bus_find(w->bus, w->a, STR("new"), &found, &err), 0);
    assert_int_equal(bus_find(w->bus, w->a, STR("old-9"), &found, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(bus_stats_get(w->bus).trimmed, 10);
    assert_int_equal(bus_stats_get(w->bus).stored_events, 2);
    assert_true(bus_stats_get(w->bus).stored_bytes < 2 * 500); /* the old ones do not count */
}

#if WITH_FAULTS
/* The clock is set an hour ahead and an hour back: nothing young goes, nothing comes twice,
 * nothing is stored twice. */
static void test_clock_jumps(void **state)
{
    enum { HOUR_MS = 3600000 };
    static const int64_t ahead[] = {0, HOUR_MS, 0, -HOUR_MS, 0};
    struct world *w = *state;
    struct seen seen = {.acks = true};
    struct bus_record found;
    struct err err;

    open_with(w, 4 * HOUR_MS, 0, 4 * HOUR_MS);
    open_consumer(w, &seen, "c", 100);
    for (int i = 0; i < 5; i++) {
        clock_set_ahead(ahead[i]);
        assert_int_equal(publish(w, str_printf(w->a, "e-%d", i).ptr), 0);
        for (int k = 0; k <= i; k++)
            assert_int_equal(publish(w, str_printf(w->a, "e-%d", k).ptr), 1);
        wait_count(w, &seen, (size_t) i + 1);
    }
    settle(w);
    clock_set_ahead(-HOUR_MS);
    bus_close(w->bus);
    open_with(w, 4 * HOUR_MS, 0, 4 * HOUR_MS);
    seen = (struct seen){.acks = true};
    open_consumer(w, &seen, "c", 100);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(publish(w, str_printf(w->a, "e-%d", i).ptr), 1);
        assert_int_equal(bus_find(w->bus, w->a, str_printf(w->a, "e-%d", i), &found, &err), 0);
    }
    assert_int_equal(publish(w, "last"), 0);
    wait_count(w, &seen, 1);
    assert_int_equal(seen.seqs[0], 6);
    assert_int_equal(bus_stats_get(w->bus).trimmed, 0);
    clock_set_ahead(6 * HOUR_MS); /* all is old now */
    assert_int_equal(publish(w, "e-0"), 0);
    clock_set_ahead(0);
}
#endif

/* Numbers are never used again, whatever was trimmed: a cursor would skip new events. */
static void test_numbers_after_trimming(void **state)
{
    struct world *w = *state;
    struct seen *s = NEW(struct seen);

    open_with(w, 200, 0, 0);
    s->acks = true;
    open_consumer(w, s, "c", 0);
    for (int i = 0; i < 5; i++)
        publish(w, str_printf(w->a, "a%d", i).ptr);
    wait_count(w, s, 5);
    settle(w);
    usleep(300000);
    publish(w, "b");
    wait_count(w, s, 6);
    settle(w);
    bus_close(w->bus);
    usleep(300000);
    open_with(w, 200, 0, 0);
    open_consumer(w, s, "c", 0);
    publish(w, "c");
    wait_count(w, s, 1);
    assert_int_equal(s->seqs[0], 7);
    bus_consumer_close(s->c);
    settle(w);
    free(s);
}

/* A consumer that stands still while the bus runs over: what is there still comes in order,
 * once, and it goes on. */
static void test_lagging_consumer_and_size(void **state)
{
    enum { COUNT = 9000 };
    struct world *w = *state;
    struct seen *slow = NEW(struct seen), *fast = NEW(struct seen);
    char *payload = mem_alloc(1000);
    struct bus_record r = {.source = STR("src"),
                           .event = STR("a"),
                           .ns = STR("argo"),
                           .payload = str_of(memset(payload, 'x', 1000), 1000)};
    struct err err;

    open_with(w, 0, 3000000, 0);
    slow->acks = fast->acks = true;
    open_consumer(w, slow, "slow", 4);
    open_consumer(w, fast, "fast", 0);
    bus_consumer_pause(slow->c);
    for (int i = 0; i < COUNT; i++) {
        char id[24];

        snprintf(id, sizeof(id), "r%d", i);
        r.id = str_from(id);
        while (bus_publish(w->bus, &r, NULL, NULL, &err) < 0)
            loop_run_once(w->loop, 1);
        for (int k = 0; k < TURNS_MAX && fast->count + 200 < (size_t) i; k++)
            loop_run_once(w->loop, 1); /* this one keeps up */
    }
    publish(w, "last");
    wait_count(w, fast, COUNT + 1);
    for (size_t i = 1; i < fast->count; i++)
        assert_int_equal(fast->seqs[i], fast->seqs[i - 1] + 1);
    assert_int_equal(slow->count, 0);
    assert_true(bus_stats_get(w->bus).trimmed > 0);
    bus_consumer_resume(slow->c);
    wait_count(w, slow, COUNT + 1 - bus_stats_get(w->bus).trimmed);
    for (size_t i = 1; i < slow->count; i++)
        assert_int_equal(slow->seqs[i], slow->seqs[i - 1] + 1);
    assert_int_equal(slow->seqs[slow->count - 1], COUNT + 1);
    publish(w, "after");
    settle(w);
    assert_int_equal(slow->seqs[slow->count - 1], COUNT + 2);
    bus_consumer_close(slow->c);
    bus_consumer_close(fast->c);
    settle(w);
    free(slow);
    free(fast);
    free(payload);
}

/* ---- cursors ---- */

/* Settled in any order: only the settled prefix is behind a restart. */
static void test_settled_out_of_order(void **state)
{
    static const struct {
        uint64_t settled[6];
        size_t again; /* how many come once more */
        uint64_t first;
    } cases[] = {
        {{1, 2, 3, 4, 5}, 0, 0}, {{5, 4, 3, 2, 1}, 0, 0},
        {{2, 3, 4, 5}, 5, 1},    {{1, 2, 4, 5}, 3, 3},
        {{1, 1, 1}, 4, 2},       {{99, 0}, 5, 1},
        {{3, 1}, 4, 2},          {{0}, 5, 1},
    };
    struct world *w = *state;
    struct seen *s = NEW(struct seen);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *name = str_printf(w->a, "c%zu", i).ptr;
        uint64_t base;

        open_with(w, 0, 0, 0);
        s->acks = false;
        open_consumer(w, s, name, 0);
        settle(w);
        base = bus_stats_get(w->bus).newest_seq;
        for (int k = 0; k < 5; k++)
            publish(w, str_printf(w->a, "%zu-%d", i, k).ptr);
        wait_count(w, s, 5);
        for (size_t k = 0; k < 6 && cases[i].settled[k]; k++)
            bus_ack(s->c, base + cases[i].settled[k]);
        settle(w);
        bus_close(w->bus);
        open_with(w, 0, 0, 0);
        open_consumer(w, s, name, 0);
        wait_count(w, s, cases[i].again);
        settle(w);
        assert_int_equal(s->count, cases[i].again);
        if (cases[i].again)
            assert_int_equal(s->seqs[0], base + cases[i].first);
        bus_close(TAKE(w->bus));
    }
    free(s);
}

/* ---- files ---- */

static void test_files_that_are_none(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        {"this is not a database, it only has its name; and it goes on for a while to be "
         "longer "
         "than a header of a hundred bytes",
         118},
        {"SQLite format 3\0torn", 20},
    };
    struct world *w = *state;
    struct bus_options options = {.path = w->path, .loop = w->loop};
    char file[128];

    snprintf(file, sizeof(file), "%s/bus.db", w->path);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        struct err err = {0};
        struct stat st;

        assert_int_equal(write(fd, cases[i].bytes, cases[i].len), cases[i].len);
        close(fd);
        assert_null(bus_open(&options, &err));
        if (str_find(str_from(err.text), STR("bus.db: file is not a database")) == SIZE_MAX)
            fail_msg("case %zu: %s", i, err.text);
        assert_int_equal(stat(file, &st), 0);
        assert_int_equal(st.st_size, cases[i].len); /* left as it is */
    }
    unlink(file);
    open_with(w, 0, 0, 0);
    {
        struct err err = {0};

        assert_null(bus_open(&options, &err)); /* two on one folder */
        assert_int_equal(err.kind, ERR_EXISTS);
        options.path = memset(arena_alloc(w->a, 5001), '/', 5000);
        assert_null(bus_open(&options, &err));
        assert_int_equal(err.kind, ERR_LIMIT);
        options.path = file;
        assert_null(bus_open(&options, &err));
        assert_true(str_starts(str_from(err.text), STR("open ")));
    }
}

static void test_other_schemas(void **state)
{
    static const struct {
        const char *version; /* four bytes, from the high one on */
        enum err_kind kind;
        const char *text;
    } cases[] = {
        {"\0\0\0\7", ERR_UNSUPPORTED,
         "bus.db has schema 7 of a newer tiphys; this one knows up to 1"},
        {"\377\377\377\377", ERR_INVALID, "bus.db has schema -1: it is no bus, or damaged"},
        {"\200\0\0\0", ERR_INVALID, "bus.db has schema -2147483648: it is no bus, or damaged"},
    };
    struct world *w = *state;
    struct bus_options options = {.path = w->path, .loop = w->loop};
    struct err err = {0};
    char file[128];
    int fd;

    bus_close(open_with(w, 0, 0, 0));
    w->bus = NULL;
    snprintf(file, sizeof(file), "%s/bus.db", w->path);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        fd = open(file, O_WRONLY | O_CLOEXEC);
        assert_int_equal(pwrite(fd, cases[i].version, 4, 60), 4); /* user_version */
        close(fd);
        assert_null(bus_open(&options, &err));
        assert_int_equal(err.kind, cases[i].kind);
        if (!str_ends(str_from(err.text), str_from(cases[i].text)))
            fail_msg("%s", err.text);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_same_id_elsewhere),
        TEST(test_window_ends),
        TEST(test_age_on_a_quiet_bus),
        TEST(test_numbers_after_trimming),
        TEST(test_lagging_consumer_and_size),
        TEST(test_settled_out_of_order),
        TEST(test_files_that_are_none),
        TEST(test_other_schemas),
#if WITH_FAULTS
        TEST(test_clock_jumps),
#endif
    };

    return cmocka_run_group_tests_name("bus_retention", tests, NULL, NULL);
}
