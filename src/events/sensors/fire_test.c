/*
 * Firings on a real bus, loop and workers, with a driver of the test's own: what is tried
 * again, what is settled and when, how many run at once and in which order, and what happens
 * when the trigger goes away meanwhile.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "events/sensors/sensor_internal.h"
#include "objects/shapes_events.h"

enum { TURNS_MAX = 4000, EVENTS_MAX = 200, WORKERS = 80 };

/* What the driver of the test does and has seen; one test at a time. */
static struct {
    pthread_mutex_t lock;
    int fail_first;     /* so many tries fail ... */
    enum err_kind kind; /* ... with this */
    unsigned hold_us;   /* a try takes so long */
    int tries, succeeded, running, most_running;
    char order[EVENTS_MAX + 1]; /* first byte of each event's data, by success */
    char mark[80];
    bool is_same_mark;
    char triggers[EVENTS_MAX + 1]; /* first byte of the trigger's name, by try */
    char payload[200];             /* of the last try */
    uint64_t tried_ms[EVENTS_MAX]; /* when */
} driver = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int fake_fire(const struct trigger_services *s, struct arena *a,
                     const struct trigger_request *req, struct trigger_result *ret,
                     struct err *err)
{
    bool fails;

    (void) s;
    arena_alloc(
        a, 100000); /* a try's memory goes with it: ASan and the test of retries see to that */
    pthread_mutex_lock(&driver.lock);
    driver.triggers[driver.tries % EVENTS_MAX] = req->trigger.ptr[0];
    driver.tried_ms[driver.tries % EVENTS_MAX] = clock_mono().ns / 1000000;
    snprintf(driver.payload, sizeof(driver.payload), STR_FMT, STR_ARG(req->payload));
    fails = driver.tries++ < driver.fail_first;
    driver.running++;
    if (driver.running > driver.most_running)
        driver.most_running = driver.running;
    if (driver.mark[0] && !str_is(req->mark, driver.mark))
        driver.is_same_mark = false;
    snprintf(driver.mark, sizeof(driver.mark), STR_FMT, STR_ARG(req->mark));
    pthread_mutex_unlock(&driver.lock);
    usleep(driver.hold_us);
    pthread_mutex_lock(&driver.lock);
    driver.running--;
    if (!fails && driver.succeeded < EVENTS_MAX)
        driver.order[driver.succeeded++] = req->events[0].data.ptr[0];
    pthread_mutex_unlock(&driver.lock);
    *ret = (struct trigger_result){
        .kind = STR(""), .ns = STR(""), .name = STR(""), .uid = STR(""), .detail = STR("done")};
    return fails ? err_set(err, driver.kind, "as the test wants it") : 0;
}

static const struct trigger_ops fake_ops = {.fire = fake_fire};
static const struct trigger_driver on_worker = {
    .kind = "fake", .summary = "For tests.", .place = TRIGGER_ON_WORKER, .ops = &fake_ops};
static const struct trigger_driver on_loop = {
    .kind = "fake", .summary = "For tests.", .place = TRIGGER_ON_LOOP, .ops = &fake_ops};
static const struct trigger_driver sender = {.kind = "http",
                                             .summary = "For tests.",
                                             .place = TRIGGER_ON_WORKER,
                                             .message = &shape_http_trigger,
                                             .ops = &fake_ops};

struct world {
    char path[64];
    struct loop *loop;
    struct workers *workers;
    struct bus *bus;
    struct store *store;
    struct arena *a;
    struct sensor_controller c;
    struct sensor sensor;
    struct sensor_trigger trigger;
    struct store_object object;
    struct json template;
    struct match_dependency dependency;
    int delivered;
};

static void on_deliver(void *ctx, const struct bus_record *records, size_t count)
{
    struct world *w = ctx;

    for (size_t i = 0; i < count; i++) {
        struct kept *k = &w->trigger.kept[0];
        struct err err;

        *k = (struct kept){.arena = arena_new(), .seq = records[i].seq};
        assert_int_equal(match_event_read(k->arena, &records[i], &k->event, &err), 0);
        k->event.dependency = STR("d");
        w->delivered++;
        sensor_fire(&w->trigger);
    }
}

static void open_consumer(struct world *w)
{
    static const struct bus_subject subject = {STR_INIT("src"), STR_INIT("e")};
    const struct bus_consumer_options options = {.name = STR("s/t"),
                                                 .ns = STR("argo"),
                                                 .subjects = &subject,
                                                 .subject_count = 1,
                                                 .ctx = w,
                                                 .deliver = on_deliver};
    struct err err;

    w->trigger.consumer = bus_consumer_open(w->bus, &options, &err);
    assert_non_null(w->trigger.consumer);
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-fire-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->workers = workers_new(w->loop, WORKERS, &err);
    w->bus = bus_open(&(struct bus_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->bus);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->store);
    w->c.options = (struct sensor_controller_options){
        .loop = w->loop, .workers = w->workers, .bus = w->bus, .store = w->store};
    assert_int_equal(sensor_letters_open(&w->c, &err), 0);
    w->object.uid = STR("uid-1");
    w->dependency =
        (struct match_dependency){.name = STR("d"), .source = STR("src"), .event = STR("e")};
    w->template = json_object(&(const struct json_object_builder){0});
    w->sensor =
        (struct sensor){.c = &w->c, .ns = STR("argo"), .name = STR("s"), .object = &w->object};
    w->sensor.dependencies.at = &w->dependency;
    w->sensor.dependencies.len = 1;
    w->trigger = (struct sensor_trigger){.sensor = &w->sensor,
                                         .action = {.name = STR("t"),
                                                    .template = &w->template,
                                                    .driver = &on_worker,
                                                    .retry = backoff_once()},
                                         .kept = ARENA_ARRAY(w->a, struct kept, 1)};
    list_init(&w->trigger.firings);
    list_init(&w->trigger.waiting);
    open_consumer(w);
    driver.fail_first = driver.tries = driver.succeeded = driver.running = driver.most_running =
        0;
    driver.hold_us = 0;
    memset(driver.order, 0, sizeof(driver.order));
    memset(driver.triggers, 0, sizeof(driver.triggers));
    driver.kind = ERR_TRANSIENT;
    driver.mark[0] = '\0';
    driver.is_same_mark = true;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    char command[100];

    if (w->trigger.consumer)
        bus_consumer_close(TAKE(w->trigger.consumer));
    sensor_firings_leave(&w->trigger);
    for (int i = 0; i < TURNS_MAX && w->c.firings > 0; i++)
        loop_run_once(w->loop, 5);
    bus_close(w->bus);
    sensor_letters_close(&w->c);
    store_close(w->store);
    workers_free(w->workers);
    for (int i = 0; i < 5; i++)
        loop_run_once(w->loop, 1);
    loop_free(w->loop);
    arena_free(w->a);
    snprintf(command, sizeof(command), "rm -rf %s", w->path);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of ours */
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, STDERR_FILENO);
    free(w);
    return 0;
}

static void publish(struct world *w, int number)
{
    char id[16], payload[200];
    struct err err;

    snprintf(id, sizeof(id), "id-%d", number);
    snprintf(
        payload, sizeof(payload),
        "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"src\",\"type\":\"x\",\"data\":%d}",
        id, number % 10);
    assert_int_equal(bus_publish_wait(w->bus,
                                      &(struct bus_record){.id = str_from(id),
                                                           .source = STR("src"),
                                                           .event = STR("e"),
                                                           .ns = STR("argo"),
                                                           .payload = str_from(payload)},
                                      5000, &err),
                     0);
}

static void turn_until_settled(struct world *w, int delivered)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        loop_run_once(w->loop, 5);
        if (w->delivered >= delivered && w->trigger.firing_count == 0 &&
            list_is_empty(&w->trigger.waiting))
            return;
    }
    fail_msg("%d delivered, %zu firings under way", w->delivered, w->trigger.firing_count);
}

/* The consumer again, as after a restart: how many events come a second time. */
static int come_again(struct world *w)
{
    w->delivered = 0;
    for (int i = 0; i < 5; i++)
        loop_run_once(w->loop, 5); /* the cursor is written */
    bus_consumer_close(TAKE(w->trigger.consumer));
    for (int i = 0; i < 5; i++)
        loop_run_once(w->loop, 5);
    open_consumer(w);
    for (int i = 0; i < 40; i++)
        loop_run_once(w->loop, 5);
    return w->delivered;
}

static void test_success_settles(void **state)
{
    struct world *w = *state;

    publish(w, 1);
    publish(w, 2);
    turn_until_settled(w, 2);
    assert_int_equal(driver.tries, 2);
    assert_int_equal(driver.succeeded, 2);
    assert_int_equal(come_again(w), 0);
}

static void test_on_the_loop(void **state)
{
    struct world *w = *state;

    w->trigger.action.driver = &on_loop;
    publish(w, 7);
    turn_until_settled(w, 1);
    assert_string_equal(driver.order, "7");
    assert_int_equal(w->c.firings, 0);
    assert_int_equal(come_again(w), 0);
}

static void test_what_may_help_is_tried_again(void **state)
{
    static const enum err_kind kinds[] = {ERR_TRANSIENT, ERR_TIMEOUT, ERR_IO};
    struct world *w = *state;

    for (int i = 0; i < (int) COUNT_OF(kinds); i++) {
        driver.kind = kinds[i];
        driver.tries = driver.succeeded = 0;
        driver.fail_first = 2;
        driver.mark[0] = '\0';
        publish(w, i);
        turn_until_settled(w, i + 1);
        assert_int_equal(driver.tries, 3);
        assert_int_equal(driver.succeeded, 1);
        assert_true(
            driver.is_same_mark); /* the effect's identity stays: nothing is made twice */
    }
    assert_int_equal(come_again(w), 0);
}

static void test_what_cannot_help_settles_at_once(void **state)
{
    static const enum err_kind kinds[] = {ERR_INVALID, ERR_LIMIT, ERR_DENIED, ERR_UNSUPPORTED,
                                          ERR_INTERNAL};
    struct world *w = *state;

    for (int i = 0; i < (int) COUNT_OF(kinds); i++) {
        driver.kind = kinds[i];
        driver.tries = 0;
        driver.fail_first = 100;
        publish(w, i);
        turn_until_settled(w, i + 1);
        assert_int_equal(driver.tries, 1);
    }
    assert_int_equal(driver.succeeded, 0);
    assert_int_equal(come_again(w), 0);
}

static void test_at_once_up_to_the_maximum(void **state)
{
    struct world *w = *state;

    driver.hold_us = 20000;
    for (int i = 0; i < FIRINGS_MAX + 40; i++)
        publish(w, i);
    turn_until_settled(w, FIRINGS_MAX + 40);
    assert_int_equal(driver.succeeded, FIRINGS_MAX + 40);
    assert_in_range(driver.most_running, 2, FIRINGS_MAX);
}

static void test_at_least_once_keeps_the_order(void **state)
{
    struct world *w = *state;

    w->trigger.is_in_order = true;
    driver.hold_us = 1000;
    driver.fail_first = 1; /* the first holds up those behind it */
    for (int i = 0; i < 10; i++)
        publish(w, i);
    turn_until_settled(w, 10);
    driver.order[10] = '\0';
    assert_string_equal(driver.order, "0123456789");
    assert_int_equal(driver.most_running, 1);
    assert_int_equal(come_again(w), 0);
}

static void test_a_trigger_that_leaves_settles_nothing(void **state)
{
    struct world *w = *state;

    driver.hold_us = 50000;
    publish(w, 3);
    for (int i = 0; i < TURNS_MAX && w->delivered == 0; i++)
        loop_run_once(w->loop, 5);
    bus_consumer_close(TAKE(w->trigger.consumer));
    sensor_firings_leave(&w->trigger);
    w->trigger.firing_count = 0;
    for (int i = 0; i < TURNS_MAX && w->c.firings > 0; i++)
        loop_run_once(w->loop, 5);
    assert_int_equal(driver.succeeded, 1);
    list_init(&w->trigger.firings);
    w->delivered = 0;
    open_consumer(w);
    turn_until_settled(w, 1); /* it came again: the mark says that it is made already */
    assert_int_equal(driver.succeeded, 2);
    assert_true(driver.is_same_mark);
}

/* ---- attempts, dead letters, limits ---- */

static struct json parsed(struct world *w, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(w->a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", err.text, text);
    return v;
}

/* The trigger of this manifest, as the controller reads it; the drivers are those of the test.
 */
static void read_action(struct world *w, const char *text, struct trigger_action *ret)
{
    struct json *v = ARENA_NEW(w->a, struct json);
    struct err err;

    *v = parsed(w, text);
    if (action_read(v, ret, &err) < 0)
        fail_msg("%s", err.text);
    ret->driver = &sender;
}

#define ATTEMPTS(steps)                                                                \
    "{\"atLeastOnce\":true,\"template\":{\"name\":\"main\",\"http\":{\"url\":\"x\"}}," \
    "\"retryStrategy\":{\"duration\":\"20ms\",\"factor\":2,\"jitter\":0,\"steps\":" steps "}}"

static void test_attempts_as_the_strategy_says(void **state)
{
    static const struct {
        const char *trigger;
        int fail_first, tries, succeeded;
    } cases[] = {
        {ATTEMPTS("4"), 0, 1, 1},
        {ATTEMPTS("4"), 2, 3, 1},
        {ATTEMPTS("4"), 3, 4, 1},
        {ATTEMPTS("4"), 9, 4, 0}, /* then it is given up */
        {ATTEMPTS("1"), 9, 1, 0},
        {"{\"atLeastOnce\":true,\"template\":{\"name\":\"main\",\"http\":{\"url\":\"x\"}}}", 9,
         1, 0},
        /* without atLeastOnce the strategy has no effect */
        {"{\"template\":{\"name\":\"main\",\"http\":{\"url\":\"x\"}},\"retryStrategy\":{"
         "\"steps\":4}}",
         9, 1, 0},
    };
    struct world *w = *state;

    for (int i = 0; i < (int) COUNT_OF(cases); i++) {
        read_action(w, cases[i].trigger, &w->trigger.action);
        w->trigger.is_in_order = true;
        driver.kind = ERR_TIMEOUT; /* of a sender that is a failed attempt */
        driver.tries = driver.succeeded = 0;
        driver.fail_first = cases[i].fail_first;
        driver.mark[0] = '\0';
        publish(w, i);
        turn_until_settled(w, i + 1);
        if (driver.tries != cases[i].tries || driver.succeeded != cases[i].succeeded)
            fail_msg("case %d: %d tries, %d succeeded", i, driver.tries, driver.succeeded);
        assert_true(driver.is_same_mark);
        for (int k = 1; k < driver.tries; k++) /* 20, 40, 80 ms */
            assert_true(driver.tried_ms[k] - driver.tried_ms[k - 1] >= 19U << (k - 1));
    }
    assert_int_equal(come_again(w), 0);
}

static void test_what_waits_for_an_attempt_is_not_settled(void **state)
{
    struct world *w = *state;

    read_action(w, ATTEMPTS("2"), &w->trigger.action);
    w->trigger.action.retry.duration_ns = 3600000000000;
    driver.fail_first = 1;
    publish(w, 1);
    for (int i = 0; i < TURNS_MAX && driver.tries == 0; i++)
        loop_run_once(w->loop, 5);
    for (int i = 0; i < 20; i++)
        loop_run_once(w->loop, 5);
    bus_consumer_close(TAKE(w->trigger.consumer));
    sensor_firings_leave(&w->trigger); /* as at the end of the daemon */
    w->trigger.firing_count = 0;
    list_init(&w->trigger.firings);
    w->delivered = 0;
    open_consumer(w);
    turn_until_settled(w, 1);
    assert_int_equal(driver.succeeded, 1);
    assert_int_equal(driver.tries, 2);
}

#define PAYLOAD(name, value)                                                                \
    "{\"atLeastOnce\":true,\"template\":{\"name\":\"" name                                  \
    "\",\"http\":{\"url\":\"x\",\"payload\":[{\"src\":{\"dependencyName\":\"d\",\"value\":" \
    "\"" value                                                                              \
    "\"},\"dest\":\"why\"}]}},\"retryStrategy\":{\"steps\":2,\"duration\":\"1ms\"}}"

static void test_dead_letters(void **state)
{
    static const struct {
        int fail_first;
        const char *triggers, *payload; /* of the last try */
        int succeeded;
    } cases[] = {
        {0, "m", "{\"why\":\"first\"}", 1},     {1, "mm", "{\"why\":\"first\"}", 1},
        {2, "mmd", "{\"why\":\"failed\"}", 1},  {3, "mmdd", "{\"why\":\"failed\"}", 1},
        {9, "mmdd", "{\"why\":\"failed\"}", 0}, /* there is no dead letter of a dead letter */
    };
    struct world *w = *state;
    struct trigger_action dead_letter;

    read_action(w, PAYLOAD("main", "first"), &w->trigger.action);
    read_action(w, PAYLOAD("dead", "failed"), &dead_letter);
    w->trigger.dead_letter = &dead_letter;
    w->trigger.is_in_order = true;
    for (int i = 0; i < (int) COUNT_OF(cases); i++) {
        memset(driver.triggers, 0, sizeof(driver.triggers));
        driver.tries = driver.succeeded = 0;
        driver.fail_first = cases[i].fail_first;
        publish(w, i);
        turn_until_settled(w, i + 1);
        assert_string_equal(driver.triggers, cases[i].triggers);
        assert_string_equal(driver.payload, cases[i].payload);
        assert_int_equal(driver.succeeded, cases[i].succeeded);
    }
    assert_int_equal(come_again(w), 0);
}

/* Parameters that cannot be put in fail without an attempt; the dead letter has none. */
static void test_dead_letter_of_what_cannot_be_rendered(void **state)
{
    struct world *w = *state;
    struct trigger_action dead_letter;

    read_action(
        w,
        "{\"template\":{\"name\":\"main\",\"http\":{\"url\":\"x\"}},\"parameters\":[{"
        "\"src\":{\"dependencyName\":\"d\",\"dataKey\":\"missing\"},\"dest\":\"http.url\"}]}",
        &w->trigger.action);
    read_action(w, PAYLOAD("dead", "failed"), &dead_letter);
    w->trigger.dead_letter = &dead_letter;
    publish(w, 1);
    turn_until_settled(w, 1);
    assert_string_equal(driver.triggers, "d");
    assert_int_equal(driver.succeeded, 1);
}

static void test_limits_space_out(void **state)
{
    struct world *w = *state;
    uint64_t start_ms = clock_mono().ns / 1000000;

    w->trigger.limit = (struct rate_limit){.distance_ns = 30000000};
    w->sensor.triggers = &w->trigger;
    w->sensor.trigger_count = 1;
    for (int i = 0; i < 5; i++)
        publish(w, i);
    turn_until_settled(w, 5);
    assert_int_equal(driver.succeeded, 5);
    for (uint64_t i = 0; i < 5; i++) /* each 30 ms behind the one before, or later */
        assert_true(driver.tried_ms[i] - start_ms >= i * 30);
    assert_int_equal(come_again(w), 0);
}

/* ---- resets ---- */

static struct wall at(const char *text)
{
    struct wall wall = {0};
    struct err err;

    assert_int_equal(gotime_parse_wall(str_from(text), &wall, &err), 0);
    return wall;
}

static void keep(struct world *w, const char *stored)
{
    struct json *context = ARENA_NEW(w->a, struct json);

    *context = parsed(w, "{\"id\":\"id-1\"}");
    w->trigger.kept[0] = (struct kept){
        .arena = arena_new(), .seq = 1, .stored = at(stored), .event = {.context = context}};
}

static void test_resets_forget_what_waits(void **state)
{
    static const struct {
        const char *stored, *now;
        bool is_kept;
        int64_t wait_ms;
    } cases[] = {
        {"2026-03-10T09:59:00Z", "2026-03-10T09:59:30Z", true, 30000},
        {"2026-03-10T09:59:00Z", "2026-03-10T10:00:00Z", false, 3600000}, /* as it is due */
        {"2026-03-10T10:00:01Z", "2026-03-10T10:00:02Z", true, 3598000},
        {"2026-03-10T10:30:00Z", "2026-03-10T11:00:00Z", false, 3600000},
        {"2026-03-10T10:30:00Z", "2026-03-12T11:00:00Z", false,
         3600000}, /* clock set, or slept */
    };
    struct world *w = *state;
    struct json list = parsed(w, "[{\"byTime\":{\"cron\":\"0 * * * *\"}}]");
    struct err err;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t wait_ms;

        assert_int_equal(resets_read(w->a, &list, &w->trigger.resets, &err), 0);
        w->trigger.reset_at = (struct wall){0};
        keep(w, cases[i].stored);
        wait_ms = (int64_t) sensor_resets_look(&w->trigger, at(cases[i].now));
        if (wait_ms != cases[i].wait_ms ||
            (w->trigger.kept[0].arena != NULL) != cases[i].is_kept)
            fail_msg("case %zu: wait %lld ms", i, (long long) wait_ms);
        sensor_drop_kept(&w->trigger, &w->trigger.kept[0]);
    }
}

static void test_resets_by_the_clock(void **state)
{
    struct world *w = *state;

    w->trigger.resets = (struct resets){0};
    sensor_resets_begin(&w->trigger); /* none: nothing to wait for */
    assert_null(w->trigger.reset_timer);
    assert_int_equal(resets_read(w->a, &(struct json){0}, &w->trigger.resets, &(struct err){0}),
                     0);
    assert_int_equal(w->trigger.resets.len, 0);
    keep(w, "2026-03-10T09:59:00Z");
    sensor_forget(&w->trigger, at("2026-03-10T09:59:00Z"));
    assert_non_null(w->trigger.kept[0].arena); /* not before */
    sensor_forget(&w->trigger, at("2026-03-10T09:59:01Z"));
    assert_null(w->trigger.kept[0].arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_success_settles, setup, teardown),
        cmocka_unit_test_setup_teardown(test_on_the_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_may_help_is_tried_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_help_settles_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_at_once_up_to_the_maximum, setup, teardown),
        cmocka_unit_test_setup_teardown(test_at_least_once_keeps_the_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_trigger_that_leaves_settles_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_attempts_as_the_strategy_says, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_waits_for_an_attempt_is_not_settled, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_dead_letters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dead_letter_of_what_cannot_be_rendered, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_limits_space_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resets_forget_what_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resets_by_the_clock, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
