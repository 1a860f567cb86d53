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

struct world {
    char path[64];
    struct loop *loop;
    struct workers *workers;
    struct bus *bus;
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
    w->c.options = (struct sensor_controller_options){
        .loop = w->loop, .workers = w->workers, .bus = w->bus};
    w->object.uid = STR("uid-1");
    w->dependency =
        (struct match_dependency){.name = STR("d"), .source = STR("src"), .event = STR("e")};
    w->template = json_object(&(const struct json_object_builder){0});
    w->sensor =
        (struct sensor){.c = &w->c, .ns = STR("argo"), .name = STR("s"), .object = &w->object};
    w->sensor.dependencies.at = &w->dependency;
    w->sensor.dependencies.len = 1;
    w->trigger = (struct sensor_trigger){.sensor = &w->sensor,
                                         .name = STR("t"),
                                         .template = &w->template,
                                         .driver = &on_worker,
                                         .kept = ARENA_ARRAY(w->a, struct kept, 1)};
    list_init(&w->trigger.firings);
    list_init(&w->trigger.waiting);
    open_consumer(w);
    driver.fail_first = driver.tries = driver.succeeded = driver.running = driver.most_running =
        0;
    driver.hold_us = 0;
    memset(driver.order, 0, sizeof(driver.order));
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

    w->trigger.driver = &on_loop;
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
