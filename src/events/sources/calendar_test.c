/*
 * Calendars on a real loop, store and bus: moments by the clock, what their events hold, the
 * ConfigMap that keeps the last one, catching up, moments that come twice, wrong ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/gotime.h"
#include "tests/support/source_world.h"
#include "tests/support/store_world.h"

static int setup(void **state)
{
    world_new(state, "calendar");
    return 0;
}

static struct json map_of(const char *name, struct world *w, struct str data)
{
    return world_json(w,
                      str_printf(w->a,
                                 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
                                 "\"name\":\"%s\",\"namespace\":\"argo\",\"uid\":\"u1\"},"
                                 "\"data\":" STR_FMT "}",
                                 name, STR_ARG(data)));
}

static void put_map(struct world *w, const char *name, struct str data, int64_t rv)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc = map_of(name, w, data);

    if (rv)
        store_txn_update(txn, &doc, rv);
    else
        store_txn_create(txn, &doc);
    store_world_commit(w->store, txn);
}

/* A value of a ConfigMap; absent when there is no such map or key. */
static struct str map_value(struct world *w, const char *name, const char *member,
                            int64_t *ret_rv)
{
    const struct store_key key = {STR(""), STR("ConfigMap"), STR("argo"), str_from(name)};
    const struct store_object *o;
    struct json doc;
    struct err err;

    if (store_get(w->store, &key, &o, &err) < 0)
        return STR_NONE;
    doc = world_json(w, str_copy(w->a, o->doc));
    *ret_rv = o->rv;
    store_object_unref(o);
    return json_get_str(json_get(&doc, STR("data")), str_from(member));
}

/* What it holds of the source. */
static struct str kept(struct world *w, const char *name, int64_t *ret_rv)
{
    return map_value(w, name, "es.e", ret_rv);
}

static struct str event_time(struct world *w, size_t i)
{
    struct json payload = world_json(w, w->payloads[i]);

    return json_get_str(&payload, STR("eventTime"));
}

/* A time so many whole minutes ago, as a payload of a calendar tells it. */
static struct gotime minutes_ago(int minutes)
{
    return gotime_unix(clock_wall().ms / 1000 / 60 * 60 - minutes * 60LL, 0);
}

static struct str kept_data(struct world *w, int minutes)
{
    struct gotime t = minutes_ago(minutes);

    return str_printf(
        w->a, "{\"es.e\":\"{\\\"eventTime\\\":\\\"" STR_FMT " m=+1.5\\\"}\",\"o\":\"x\"}",
        STR_ARG(gotime_format(w->a, &t, GOTIME_STRING)));
}

/* ---- tests ---- */

static void test_moments_of_an_interval(void **state)
{
    struct world *w = *state;
    int64_t before_ms = 0;

    world_start(w, STR("{\"interval\":\"1s\",\"metadata\":{\"z\":\"<&>\",\"a\":\"1\"}}"));
    world_turn_until(w, 3);
    for (size_t i = 0; i < 3; i++) {
        struct str text = event_time(w, i);
        size_t mark = str_find(text, STR(" m=+"));
        struct gotime t;
        struct err err;

        assert_int_not_equal(mark, SIZE_MAX);
        assert_int_equal(gotime_parse(GOTIME_STRING, str_head(text, mark), NULL, &t, &err), 0);
        if (i > 0)
            assert_true(gotime_to_wall(&t).ms > before_ms);
        before_ms = gotime_to_wall(&t).ms;
        assert_true(
            str_ends(w->payloads[i],
                     STR(",\"metadata\":{\"a\":\"1\",\"z\":\"\\u003c\\u0026\\u003e\"}}")));
        assert_int_equal(w->ids[i].len, 32);
        assert_true(i == 0 || !str_eq(w->ids[i], w->ids[i - 1]));
    }
}

static void test_wrong_ones(void **state)
{
    static const struct wrong_spec cases[] = {
        {"{}", "calendar event must contain either a schedule or interval"},
        {"{\"schedule\":\"@daily\"}", "failed to parse schedule @daily from calendar event. "
                                      "Cause: parser does not accept descriptors: @daily"},
        {"{\"interval\":\"10\"}", "failed to parse interval 10 from calendar event. Cause: "
                                  "time: missing unit in duration \"10\""},
        {"{\"interval\":\"500ms\"}", "interval: must be a second at least"},
        {"{\"interval\":\"-5s\"}", "interval: must be a second at least"},
        {"{\"interval\":\"1s\",\"timezone\":\"Nope\"}",
         "failed to load location: unknown time zone Nope"},
        {"{\"interval\":\"1s\",\"persistence\":{\"configMap\":{}}}",
         "persistence.configMap.name: must be given"},
        {"{\"interval\":\"1s\",\"persistence\":{\"configMap\":{\"name\":\"m\"},\"catchup\":{"
         "\"enabled\":true,\"maxDuration\":\"x\"}}}",
         "persistence.catchup.maxDuration: time: invalid duration \"x\""},
    };

    world_refuses(*state, cases, COUNT_OF(cases));
}

/* A schedule that never comes due waits for nothing and can be ended. */
static void test_never(void **state)
{
    struct world *w = *state;

    world_start(w, STR("{\"schedule\":\"0 0 30 2 *\"}"));
    world_turn(w, 50);
    assert_int_equal(w->count, 0);
}

#define CATCHING_UP(more)                                                         \
    "{\"schedule\":\"* * * * *\",\"persistence\":{\"configMap\":{\"name\":\"m\"," \
    "\"createIfNotExist\":true},\"catchup\":{\"enabled\":true" more "}}}"

/* The minute must not change while a test counts minutes. */
static void early_in_the_minute(void)
{
    if (clock_wall().ms / 1000 % 60 > 55)
        sleep(6);
}

static void check_catching_up(struct world *w, const char *spec, int last_minutes, size_t want)
{
    struct gotime last = minutes_ago(0);
    int64_t rv = 0;

    put_map(w, "m", kept_data(w, last_minutes), 0);
    world_start(w, str_from(spec));
    world_turn_until(w, want);
    world_turn(w, 100);
    world_end(w);
    assert_int_equal(w->count, want);
    if (want == 0)
        return;
    /* its own time, not that of the clock */
    assert_true(str_eq(event_time(w, want - 1), gotime_format(w->a, &last, GOTIME_STRING)));
    assert_true(str_eq(kept(w, "m", &rv), w->payloads[want - 1]));
    assert_true(str_is(map_value(w, "m", "o", &rv), "x")); /* what others keep there stays */
}

static void test_catches_up(void **state)
{
    early_in_the_minute();
    check_catching_up(*state, CATCHING_UP(""), 3, 3);
}

static void test_catches_up_within_max_duration(void **state)
{
    early_in_the_minute();
    check_catching_up(*state, CATCHING_UP(",\"maxDuration\":\"1h\""), 2, 2);
}

/* How many whole minutes lie within two, depends on the second; a far past is cut in any case.
 */
static void test_max_duration_cuts(void **state)
{
    struct world *w = *state;

    early_in_the_minute();
    put_map(w, "m", kept_data(w, 600), 0);
    world_start(w, STR(CATCHING_UP(",\"maxDuration\":\"2m\"")));
    world_turn_until(w, 2);
    world_turn(w, 100);
    assert_in_range(w->count, 2, 3);
}

static void test_nothing_to_catch_up(void **state)
{
    early_in_the_minute();
    check_catching_up(*state, CATCHING_UP(""), 0, 0);
}

/* A crash between the event and its being kept: the moments come again, the bus drops them. */
static void test_moments_that_come_twice_are_stored_once(void **state)
{
    struct world *w = *state;
    int64_t rv = 0;

    early_in_the_minute();
    put_map(w, "m", kept_data(w, 3), 0);
    world_start(w, STR(CATCHING_UP("")));
    world_turn_until(w, 3);
    world_turn(w, 100);
    world_end(w);
    kept(w, "m", &rv);
    put_map(w, "m", kept_data(w, 3), rv);
    world_start(w, STR(CATCHING_UP("")));
    world_turn(w, 300);
    world_end(w);
    assert_int_equal(w->count, 3);
    assert_int_equal(bus_stats_get(w->bus).duplicates, 3);
}

static void test_the_last_moment_is_kept(void **state)
{
    struct world *w = *state;
    int64_t rv = 0;

    world_start(w,
                STR("{\"interval\":\"1s\",\"persistence\":{\"configMap\":{\"name\":\"fresh\","
                    "\"createIfNotExist\":true}}}"));
    world_turn_until(w, 2);
    world_end(w);
    assert_true(str_eq(kept(w, "fresh", &rv), w->payloads[w->count - 1]));
}

/* The first start ever of one that catches up. */
static void test_a_new_map(void **state)
{
    struct world *w = *state;
    int64_t rv = 0;

    world_start(w,
                STR("{\"interval\":\"1s\",\"persistence\":{\"configMap\":{\"name\":\"fresh\","
                    "\"createIfNotExist\":true},\"catchup\":{\"enabled\":true}}}"));
    world_turn_until(w, 2);
    world_end(w);
    assert_true(str_eq(kept(w, "fresh", &rv), w->payloads[w->count - 1]));
    assert_int_not_equal(str_find(w->payloads[0], STR(" m=+")), SIZE_MAX);
}

/* Without its ConfigMap a calendar that only keeps goes on; one that catches up waits. */
static void test_no_map(void **state)
{
    struct world *w = *state;
    int64_t rv = 0;

    world_start(
        w, STR("{\"interval\":\"1s\",\"persistence\":{\"configMap\":{\"name\":\"none\"}}}"));
    world_turn_until(w, 2);
    world_end(w);
    assert_true(str_is_none(kept(w, "none", &rv)));
    w->count = 0;
    world_start(w,
                STR("{\"interval\":\"1s\",\"persistence\":{\"configMap\":{\"name\":\"none\"},"
                    "\"catchup\":{\"enabled\":true}}}"));
    world_turn(w, 1500);
    assert_int_equal(w->count, 0);
}

static void test_broken_map_is_looked_at_again(void **state)
{
    static const char *const data[] = {
        "{\"es.e\":\"{\"}",
        "{\"es.e\":\"{\\\"eventTime\\\":\\\"yesterday\\\"}\"}",
        "{\"es.e\":\"{}\"}",
    };
    struct world *w = *state;
    int64_t rv = 0;

    for (size_t i = 0; i < COUNT_OF(data); i++) {
        kept(w, "m", &rv);
        put_map(w, "m", str_from(data[i]), rv);
        world_start(w, STR(CATCHING_UP("")));
        world_turn(w, 100);
        world_end(w); /* also while it waits */
        assert_int_equal(w->count, 0);
    }
}

static void no_work(struct source *src, struct err *err)
{
    (void) src;
    (void) err;
    fail_msg("work of a source that has ended");
}

static void no_end_of_work(struct source *src, const struct err *err)
{
    (void) src;
    (void) err;
    fail_msg("the end of work that never was");
}

/* A source that ends and has nothing under way takes no new work: it may be gone before. */
static void test_no_work_after_the_end(void **state)
{
    struct world *w = *state;
    struct source *src;
    struct err err;

    world_start(w, STR("{\"interval\":\"1h\"}"));
    src = TAKE(w->source);
    source_end(src);
    assert_int_equal(source_work(src, no_work, no_end_of_work, &err), -1);
    assert_int_equal(err.kind, ERR_CANCELLED);
    for (int i = 0; i < TURNS_MAX && !w->is_ended; i++)
        loop_run_once(w->loop, 5);
    assert_true(w->is_ended);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_work_after_the_end),
        TEST(test_moments_of_an_interval),
        TEST(test_wrong_ones),
        TEST(test_never),
        TEST(test_catches_up),
        TEST(test_catches_up_within_max_duration),
        TEST(test_max_duration_cuts),
        TEST(test_nothing_to_catch_up),
        TEST(test_moments_that_come_twice_are_stored_once),
        TEST(test_the_last_moment_is_kept),
        TEST(test_a_new_map),
        TEST(test_no_map),
        TEST(test_broken_map_is_looked_at_again),
    };

    return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
