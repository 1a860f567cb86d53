/*
 * Tests of events/bus/bus.h on the embedded bus: order, dedup also after reopening, redelivery
 * of what was not settled, cursors, lagging consumers under load, back-pressure, retention,
 * traces, and many publishers against a model.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/strbuf.h"
#include "events/bus/bus.h"

enum { TURNS_MAX = 3000 };

struct seen {
    struct bus_consumer *c;
    struct strbuf ids;
    size_t count;
    uint64_t last_seq;
    bool acks; /* settle at once */
    bool is_ordered;
};

struct world {
    char path[64];
    struct loop *loop;
    struct bus *bus;
    struct arena *a;
};

static void open_bus(struct world *w, uint64_t retain_bytes)
{
    struct bus_options options = {
        .path = w->path, .loop = w->loop, .retain_bytes = retain_bytes};
    struct err err;

    w->bus = bus_open(&options, &err);
    if (!w->bus)
        fail_msg("%s", err.text);
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-bus-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->loop = loop_new(&err);
    w->a = arena_new();
    open_bus(w, 0);
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

static int publish(struct world *w, const char *id, const char *event)
{
    const struct bus_record r = {.id = str_from(id),
                                 .source = STR("src"),
                                 .event = str_from(event),
                                 .ns = STR("argo"),
                                 .payload = STR("{\"data\":1}")};
    struct err err;
    int result = bus_publish_wait(w->bus, &r, 5000, &err);

    if (result < 0)
        fail_msg("%s", err.text);
    return result;
}

static void on_deliver(void *ctx, const struct bus_record *records, size_t count)
{
    struct seen *s = ctx;

    for (size_t i = 0; i < count; i++) {
        s->is_ordered &= records[i].seq > s->last_seq;
        s->last_seq = records[i].seq;
        s->count++;
        strbuf_addf(&s->ids, STR_FMT " ", STR_ARG(records[i].id));
    }
    for (size_t i = 0; i < count && s->acks && s->c; i++)
        bus_ack(s->c, records[i].seq);
}

static void open_consumer(struct world *w, struct seen *s, const char *name, size_t in_flight)
{
    static const struct bus_subject subjects[] = {{STR_INIT("src"), STR_INIT("a")},
                                                  {STR_INIT("src"), STR_INIT("b")}};
    struct bus_consumer_options options = {.name = str_from(name),
                                           .ns = STR("argo"),
                                           .subjects = subjects,
                                           .subject_count = 2,
                                           .in_flight_max = in_flight,
                                           .ctx = s,
                                           .deliver = on_deliver};
    struct err err;

    s->is_ordered = true;
    s->last_seq = 0;
    s->ids.max_bytes = 10 << 20;
    strbuf_reset(&s->ids);
    s->count = 0;
    s->c = bus_consumer_open(w->bus, &options, &err);
    if (!s->c)
        fail_msg("%s", err.text);
}

static void wait_count(struct world *w, const struct seen *s, size_t wanted)
{
    for (int i = 0; i < TURNS_MAX && s->count < wanted; i++)
        loop_run_once(w->loop, 5);
    assert_true(s->count >= wanted);
}

static void settle(struct world *w)
{
    for (int i = 0; i < 6; i++)
        loop_run_once(w->loop, 5);
}

static void reopen(struct world *w)
{
    settle(w);
    bus_close(w->bus);
    open_bus(w, 0);
}

static void test_order_and_subjects(void **state)
{
    struct world *w = *state;
    struct seen s = {.acks = true};

    publish(w, "before", "a");
    open_consumer(w, &s, "argo/sensor/t", 0);
    settle(w);
    publish(w, "1", "a");
    publish(w, "2", "other");
    publish(w, "3", "b");
    wait_count(w, &s, 2);
    settle(w);
    assert_string_equal(s.ids.ptr, "1 3 ");
    strbuf_done(&s.ids);
}

static void test_duplicates_are_stored_once(void **state)
{
    struct world *w = *state;
    struct seen s = {.acks = true};

    open_consumer(w, &s, "c", 0);
    assert_int_equal(publish(w, "same", "a"), 0);
    assert_int_equal(publish(w, "same", "a"), 1);
    reopen(w);
    assert_int_equal(publish(w, "same", "a"), 1);
    assert_int_equal(publish(w, "next", "a"), 0);
    assert_int_equal(bus_stats_get(w->bus).duplicates, 1);
    strbuf_done(&s.ids);
}

static void test_unsettled_comes_again(void **state)
{
    struct world *w = *state;
    struct seen s = {.acks = false};

    open_consumer(w, &s, "c", 0);
    settle(w);
    for (int i = 1; i <= 5; i++)
        publish(w, str_printf(w->a, "%d", i).ptr, "a");
    wait_count(w, &s, 5);
    bus_ack(s.c, 1);
    bus_ack(s.c, 2);
    bus_ack(s.c, 4); /* not part of the settled prefix */
    reopen(w);
    open_consumer(w, &s, "c", 0);
    wait_count(w, &s, 3);
    settle(w);
    assert_string_equal(s.ids.ptr, "3 4 5 ");
    strbuf_done(&s.ids);
}

static void on_settled(void *ctx)
{
    (*(int *) ctx)++;
}

static void test_ack_sync(void **state)
{
    struct world *w = *state;
    struct seen s = {.acks = false};
    int settled = 0;

    open_consumer(w, &s, "c", 0);
    settle(w);
    publish(w, "1", "a");
    publish(w, "2", "a");
    wait_count(w, &s, 2);
    bus_ack_sync(s.c, 1, on_settled, &settled);
    for (int i = 0; i < TURNS_MAX && !settled; i++)
        loop_run_once(w->loop, 5);
    assert_int_equal(settled, 1);
    reopen(w);
    open_consumer(w, &s, "c", 0);
    wait_count(w, &s, 1);
    assert_string_equal(s.ids.ptr, "2 ");
    strbuf_done(&s.ids);
}

static void test_in_flight_limit_and_catching_up(void **state)
{
    struct world *w = *state;
    struct seen s = {.acks = false};

    open_consumer(w, &s, "c", 3);
    settle(w);
    for (int i = 1; i <= 50; i++)
        publish(w, str_printf(w->a, "%d", i).ptr, "a");
    settle(w);
    assert_int_equal(s.count, 3);
    for (uint64_t seq = 1; seq <= 50; seq++) {
        wait_count(w, &s, seq);
        bus_ack(s.c, seq);
    }
    publish(w, "51", "a");
    wait_count(w, &s, 51);
    assert_true(s.is_ordered);
    assert_int_equal(s.count, 51);
    strbuf_done(&s.ids);
}

static void test_pause(void **state)
{
    struct world *w = *state;
    struct seen s = {.acks = true};

    open_consumer(w, &s, "c", 0);
    settle(w);
    bus_consumer_pause(s.c);
    publish(w, "1", "a");
    settle(w);
    assert_int_equal(s.count, 0);
    bus_consumer_resume(s.c);
    wait_count(w, &s, 1);
    strbuf_done(&s.ids);
}

struct publisher {
    struct world *w;
    int number, count;
};

static void *publish_many(void *ctx)
{
    struct publisher *p = ctx;

    for (int i = 0; i < p->count; i++) {
        char id[32];
        struct bus_record r = {.source = STR("src"),
                               .event = i % 3 ? STR("a") : STR("b"),
                               .ns = STR("argo"),
                               .payload = STR("x")};
        struct err err;

        snprintf(id, sizeof(id), "%d-%d", p->number, i);
        r.id = str_from(id);
        if (bus_publish_wait(p->w->bus, &r, 10000, &err) != 0)
            abort();
    }
    return NULL;
}

/* Four publishers, a quick consumer and one that has room for two: both see all, in order,
 * exactly once. */
static void test_many_publishers(void **state)
{
    struct world *w = *state;
    struct seen quick = {.acks = true}, slow = {.acks = true};
    struct publisher publishers[4];
    pthread_t threads[4];

    open_consumer(w, &quick, "quick", 0);
    open_consumer(w, &slow, "slow", 2);
    for (int i = 0; i < 4; i++) {
        publishers[i] = (struct publisher){.w = w, .number = i, .count = 250};
        pthread_create(&threads[i], NULL, publish_many, &publishers[i]);
    }
    wait_count(w, &quick, 1000);
    wait_count(w, &slow, 1000);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    settle(w);
    assert_int_equal(quick.count, 1000);
    assert_int_equal(slow.count, 1000);
    assert_true(quick.is_ordered);
    assert_true(slow.is_ordered);
    strbuf_done(&quick.ids);
    strbuf_done(&slow.ids);
}

/* A consumer that is opened while others publish: what nobody waits for on the loop may be
 * freed by the writer, but from its first record on it sees all of them, in order. */
static void test_opened_while_others_publish(void **state)
{
    enum { ROUNDS = 8, PUBLISHERS = 8, EACH = 60 };
    struct world *w = *state;

    for (int round = 0; round < ROUNDS; round++) {
        struct seen s = {.acks = true};
        struct publisher publishers[PUBLISHERS];
        pthread_t threads[PUBLISHERS];
        uint64_t start = bus_stats_get(w->bus).newest_seq, first;

        for (int i = 0; i < PUBLISHERS; i++) {
            publishers[i] =
                (struct publisher){.w = w, .number = round * PUBLISHERS + i, .count = EACH};
            pthread_create(&threads[i], NULL, publish_many, &publishers[i]);
        }
        while (bus_stats_get(w->bus).newest_seq < start + (uint64_t) round * 20)
            loop_run_once(w->loop, 0);
        first = bus_stats_get(w->bus).newest_seq;
        open_consumer(w, &s, str_printf(w->a, "late-%d", round).ptr, 0);
        while (bus_stats_get(w->bus).newest_seq < start + PUBLISHERS * EACH)
            loop_run_once(w->loop, 1);
        for (int i = 0; i < PUBLISHERS; i++)
            pthread_join(threads[i], NULL);
        settle(w);
        assert_true(s.is_ordered);
        assert_in_range(s.count, 0, start + PUBLISHERS * EACH - first);
        if (s.count > 0) /* without a gap up to the end */
            assert_int_equal(s.last_seq, start + PUBLISHERS * EACH);
        publish(w, str_printf(w->a, "end-%d", round).ptr, "a");
        wait_count(w, &s, s.count + 1);
        bus_consumer_close(s.c);
        strbuf_done(&s.ids);
    }
}

/* More at once than a batch gathers, and one alone afterwards, who waits for nobody. */
static void test_many_at_once_then_one(void **state)
{
    enum { PUBLISHERS = 40, EACH = 25 };
    struct world *w = *state;
    struct publisher publishers[PUBLISHERS];
    pthread_t threads[PUBLISHERS];

    for (int i = 0; i < PUBLISHERS; i++) {
        publishers[i] = (struct publisher){.w = w, .number = i, .count = EACH};
        pthread_create(&threads[i], NULL, publish_many, &publishers[i]);
    }
    for (int i = 0; i < PUBLISHERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 20; i++)
        assert_int_equal(publish(w, str_printf(w->a, "alone-%d", i).ptr, "a"), 0);
    assert_int_equal(publish(w, "7-7", "a"), 1);
    assert_int_equal(bus_stats_get(w->bus).stored_events, PUBLISHERS * EACH + 20);
    assert_int_equal(bus_stats_get(w->bus).newest_seq, PUBLISHERS * EACH + 20);
}

static void test_limits(void **state)
{
    struct world *w = *state;
    char *large = mem_alloc(BUS_EVENT_MAX_BYTES + 1);
    const struct bus_record r = {.id = STR("x"),
                                 .payload = str_of(large, BUS_EVENT_MAX_BYTES + 1)};
    struct err err;

    assert_int_equal(bus_publish(w->bus, &r, NULL, NULL, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_string_equal(err.text, "event of 1048577 bytes (limit 1048576)");
    free(large);
}

static void test_retention_by_size(void **state)
{
    struct world *w = *state;
    char *payload = mem_alloc(1000);
    struct bus_record r = {.source = STR("src"),
                           .event = STR("a"),
                           .ns = STR("argo"),
                           .payload = str_of(payload, 1000)};
    uint64_t stored;
    struct err err;

    memset(payload, 'x', 1000);
    bus_close(w->bus);
    open_bus(w, 2000000);
    for (int i = 0; i < 12500; i++) {
        char id[24];

        snprintf(id, sizeof(id), "r%d", i);
        r.id = str_from(id);
        while (bus_publish(w->bus, &r, NULL, NULL, &err) < 0)
            loop_run_once(w->loop, 1);
    }
    publish(w, "last", "a");
    /* It is looked at after some thousands of records: a batch that was on its way may be over.
     */
    for (int i = 0; i < 10000 && bus_stats_get(w->bus).stored_bytes >= 8000000; i++) {
        char id[24];

        snprintf(id, sizeof(id), "more%d", i);
        publish(w, id, "a");
    }
    assert_true(bus_stats_get(w->bus).trimmed > 0);
    stored = bus_stats_get(w->bus).stored_bytes;
    assert_true(stored < 8000000);
    bus_close(w->bus);
    open_bus(w, 2000000); /* counts what is there */
    assert_int_equal(bus_stats_get(w->bus).stored_bytes, stored);
    free(payload);
}

static void test_traces_and_find(void **state)
{
    struct world *w = *state;
    const struct bus_trace t = {.event_id = STR("ev"),
                                .stage = STR("sensor"),
                                .subject = STR("s/d"),
                                .detail = STR("{\"a\":1}"),
                                .at = clock_wall()};
    struct bus_trace *list;
    struct bus_record found;
    size_t count;
    struct err err;

    bus_trace_add(w->bus, &t);
    publish(w, "ev", "a");
    assert_int_equal(bus_trace_list(w->bus, w->a, STR("ev"), &list, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_true(str_is(list[0].detail, "{\"a\":1}"));
    assert_int_equal(bus_find(w->bus, w->a, STR("ev"), &found, &err), 0);
    assert_true(str_is(found.payload, "{\"data\":1}"));
    assert_int_equal(bus_find(w->bus, w->a, STR("nobody"), &found, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void publish_in(struct world *w, const char *id, const char *space)
{
    struct err err;

    assert_int_equal(bus_publish_wait(w->bus,
                                      &(struct bus_record){.id = str_from(id),
                                                           .source = STR("src"),
                                                           .event = STR("a"),
                                                           .ns = str_from(space),
                                                           .payload = STR("{}")},
                                      5000, &err),
                     0);
}

static void test_list(void **state)
{
    static const struct {
        const char *ns;
        uint64_t limit;
        const char *ids;
    } cases[] = {
        {"", 10, "54321"}, {"", 2, "54"},  {"argo", 10, "431"}, {"argo", 1, "4"},
        {"other", 9, "2"}, {"arg", 9, ""}, {"argo%", 9, ""},    {"argon", 9, "5"},
    };
    struct world *w = *state;

    publish_in(w, "1", "argo");
    publish_in(w, "2", "other");
    publish_in(w, "3", "argo/fast"); /* of another bus in the namespace */
    publish_in(w, "4", "argo");
    publish_in(w, "5", "argon");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct bus_query q = {str_from(cases[i].ns), cases[i].limit};
        struct bus_record *list;
        struct err err;
        size_t count;

        assert_int_equal(bus_list(w->bus, w->a, &q, &list, &count, &err), 0);
        assert_int_equal(count, strlen(cases[i].ids));
        for (size_t k = 0; k < count; k++) {
            assert_int_equal(list[k].id.ptr[0], cases[i].ids[k]);
            assert_true(str_is_empty(list[k].payload));
        }
    }
}

static void test_drop_consumer(void **state)
{
    struct world *w = *state;
    struct seen s = {.acks = false};
    struct err err;

    open_consumer(w, &s, "c", 0);
    assert_int_equal(bus_consumer_drop(w->bus, STR("c"), &err), -1);
    assert_int_equal(err.kind, ERR_CONFLICT);
    publish(w, "1", "a");
    bus_consumer_close(s.c);
    assert_int_equal(bus_consumer_drop(w->bus, STR("c"), &err), 0);
    reopen(w);
    open_consumer(w, &s, "c", 0); /* as if it had never been: begins at the end */
    settle(w);
    assert_int_equal(s.count, 0);
    strbuf_done(&s.ids);
}

/* Random publishing, settling, closing and reopening: nothing is missing, nothing settled comes
 * again. */
static void test_property(void **state)
{
    struct world *w = *state;
    struct random r = random_seed(3);
    struct seen s = {.acks = false};
    uint64_t published = 0, acked = 0;

    open_consumer(w, &s, "c", 8);
    settle(w);
    for (int i = 0; i < 300; i++) {
        switch (random_below(&r, 8)) {
        case 0:
            reopen(w);
            open_consumer(w, &s, "c", 1 + random_below(&r, 8));
            s.last_seq = acked;
            settle(w);
            break;
        case 1:
        case 2:
        case 3:
            publish(w, str_printf(w->a, "p%llu", (unsigned long long) ++published).ptr, "a");
            break;
        default:
            if (acked < published) {
                for (int k = 0; k < TURNS_MAX && s.last_seq <= acked; k++)
                    loop_run_once(w->loop, 5);
                if (s.last_seq <= acked)
                    fail_msg("step %d: record %d was not delivered", i, (int) acked + 1);
                bus_ack(s.c, ++acked);
            }
        }
        assert_true(s.is_ordered);
    }
    strbuf_done(&s.ids);
}

/* A consumer of one EventBus does not see what is on another of its namespace. */
static void test_buses_of_a_namespace(void **state)
{
    static const struct {
        const char *name, *space;
    } cases[] = {{"", "argo"}, {"default", "argo"}, {"other", "argo/other"}};
    struct world *w = *state;
    struct seen s = {.acks = true};
    struct bus_record r = {.id = STR_INIT("far"),
                           .source = STR_INIT("src"),
                           .event = STR_INIT("a"),
                           .payload = STR_INIT("x")};
    struct err err;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_true(
            str_is(bus_space(w->a, STR("argo"), str_from(cases[i].name)), cases[i].space));
    open_consumer(w, &s, "near", 0);
    r.ns = bus_space(w->a, STR("argo"), STR("other"));
    assert_int_equal(bus_publish_wait(w->bus, &r, 5000, &err), 0);
    publish(w, "near", "a");
    wait_count(w, &s, 1);
    assert_true(str_is(strbuf_str(&s.ids), "near "));
    bus_consumer_close(s.c);
    strbuf_done(&s.ids);
}

/* Traces and cursors wait for a commit that somebody needs, but not for ever. */
static void test_what_nobody_waits_for_is_stored(void **state)
{
    struct world *w = *state;
    struct seen s = {.acks = true};
    struct bus_trace *list;
    size_t count = 0;
    struct err err;

    open_consumer(w, &s, "lazy", 0);
    publish(w, "one", "a");
    for (int i = 0; i < 2000 && s.count < 1; i++)
        loop_run_once(w->loop, 5);
    for (int i = 0; i < 3; i++)
        loop_run_once(w->loop, 5); /* the moved cursor is handed over */
    bus_trace_add(w->bus, &(struct bus_trace){.event_id = STR("one"),
                                              .stage = STR("trigger"),
                                              .subject = STR("s"),
                                              .detail = STR("{}")});
    for (int i = 0; i < 2000 && count == 0; i++) {
        usleep(1000);
        assert_int_equal(bus_trace_list(w->bus, w->a, STR("one"), &list, &count, &err), 0);
    }
    assert_int_equal(count, 1);
    bus_consumer_close(s.c);
    strbuf_done(&s.ids);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_nobody_waits_for_is_stored),
        TEST(test_order_and_subjects),
        TEST(test_duplicates_are_stored_once),
        TEST(test_unsettled_comes_again),
        TEST(test_ack_sync),
        TEST(test_in_flight_limit_and_catching_up),
        TEST(test_pause),
        TEST(test_many_publishers),
        TEST(test_opened_while_others_publish),
        TEST(test_many_at_once_then_one),
        TEST(test_limits),
        TEST(test_retention_by_size),
        TEST(test_traces_and_find),
        TEST(test_list),
        TEST(test_drop_consumer),
        TEST(test_property),
        TEST(test_buses_of_a_namespace),
    };

    return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}
