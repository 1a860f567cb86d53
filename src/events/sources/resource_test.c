/*
 * Resource sources on a real loop, store and bus: what is there, what changes, what changed
 * while they were away, what comes twice.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "events/sources/source_internal.h"
#include "formats/base64.h"

enum { TURNS_MAX = 2000, EVENTS_MAX = 64 };

struct world {
    char path[64];
    struct loop *loop;
    struct workers *workers;
    struct store *store;
    struct bus *bus;
    struct bus_consumer *consumer;
    struct arena *a;
    struct source *source;
    bool is_ended;
    const char *uid; /* of the EventSource; NULL: "u" */
    size_t count;
    struct str payloads[EVENTS_MAX], ids[EVENTS_MAX];
};

static void on_deliver(void *ctx, const struct bus_record *records, size_t count)
{
    struct world *w = ctx;

    for (size_t i = 0; i < count; i++) {
        struct json event;
        struct err err;

        assert_true(w->count < EVENTS_MAX);
        assert_int_equal(json_parse(w->a, str_copy(w->a, records[i].payload), &event, &err), 0);
        assert_true(str_is(json_get_str(&event, STR("type")), "resource"));
        assert_int_equal(base64_decode(w->a, json_get_str(&event, STR("data_base64")),
                                       &w->payloads[w->count], &err),
                         0);
        w->ids[w->count++] = json_get_str(&event, STR("id"));
        bus_ack(w->consumer, records[i].seq);
    }
}

static int setup(void **state)
{
    static const struct bus_subject subject = {STR_INIT("es"), STR_INIT("e")};
    struct world *w = NEW(struct world);
    const struct bus_consumer_options consumer = {.name = STR("t"),
                                                  .ns = STR("argo"),
                                                  .subjects = &subject,
                                                  .subject_count = 1,
                                                  .ctx = w,
                                                  .deliver = on_deliver};
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-resource-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->workers = workers_new(w->loop, 2, &err);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    w->bus = bus_open(&(struct bus_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->store);
    assert_non_null(w->bus);
    w->consumer = bus_consumer_open(w->bus, &consumer, &err);
    *state = w;
    return 0;
}

static void on_ended(void *ctx, struct source *src)
{
    source_free(src);
    ((struct world *) ctx)->is_ended = true;
}

static struct json parsed(struct world *w, struct str text)
{
    struct json v;
    struct err err;

    if (json_parse(w->a, text, &v, &err) < 0)
        fail_msg("%s: " STR_FMT, err.text, STR_ARG(text));
    return v;
}

static int begin(struct world *w, struct str spec_text, struct err *err)
{
    struct json spec = parsed(w, spec_text);
    const struct source_setup setup = {.driver = source_driver_find(STR("resource")),
                                       .bus = w->bus,
                                       .store = w->store,
                                       .loop = w->loop,
                                       .workers = w->workers,
                                       .name = STR("es"),
                                       .event = STR("e"),
                                       .ns = STR("argo"),
                                       .uid = str_from(w->uid ? w->uid : "u"),
                                       .space = STR("argo"),
                                       .spec = &spec,
                                       .on_ended = on_ended,
                                       .ctx = w};

    w->is_ended = false;
    w->source = source_new(&setup);
    if (source_start(w->source, err) == 0)
        return 0;
    source_free(TAKE(w->source));
    return -1;
}

static void end(struct world *w)
{
    if (!w->source)
        return;
    source_end(TAKE(w->source));
    for (int i = 0; i < TURNS_MAX && !w->is_ended; i++)
        loop_run_once(w->loop, 5);
    assert_true(w->is_ended);
}

static int teardown(void **state)
{
    struct world *w = *state;
    char command[100];

    end(w);
    bus_consumer_close(w->consumer);
    workers_free(w->workers);
    bus_close(w->bus);
    store_close(w->store);
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

static void start(struct world *w, struct str spec)
{
    struct err err;

    if (begin(w, spec, &err) < 0)
        fail_msg("%s", err.text);
}

static void turn_until(struct world *w, size_t count)
{
    for (int i = 0; i < TURNS_MAX && w->count < count; i++)
        loop_run_once(w->loop, 5);
    if (w->count < count)
        fail_msg("%zu events", w->count);
}

static void turn(struct world *w, int ms)
{
    for (int i = 0; i < ms / 5; i++)
        loop_run_once(w->loop, 5);
}

/* ---- objects ---- */

static void write_map(struct world *w, const char *name, const char *n, bool is_new)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct store_result result = {0};
    struct json doc = parsed(
        w, str_printf(w->a,
                      "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":"
                      "\"%s\",\"namespace\":\"argo\",\"uid\":\"u-%s\",\"labels\":{\"n\":"
                      "\"%s\"},\"creationTimestamp\":\"2026-01-01T00:00:00Z\"},\"data\":{"
                      "\"n\":\"%s\"}}",
                      name, name, n, n));
    struct err err;

    if (is_new)
        store_txn_create(txn, &doc);
    else
        store_txn_update(txn, &doc, 0);
    if (store_commit_wait(w->store, txn, &result, &err) < 0)
        fail_msg("%s", err.text);
    store_object_unref(result.object);
}

static void delete_map(struct world *w, const char *name)
{
    const struct store_key key = {STR(""), STR("ConfigMap"), STR("argo"), str_from(name)};
    struct store_txn *txn = store_txn_new(w->store);
    struct store_result result = {0};
    struct err err;

    store_txn_delete(txn, &key, STR(""), 0);
    assert_int_equal(store_commit_wait(w->store, txn, &result, &err), 0);
}

#define SPEC(rest)                                                                \
    STR("{\"namespace\":\"argo\",\"version\":\"v1\",\"resource\":\"configmaps\"," \
        "\"eventTypes\":"                                                         \
        "[\"ADD\",\"UPDATE\",\"DELETE\"]" rest "}")

/* "ADD a 1", "UPDATE a 2<1" of each event, a line each. */
static struct str told(struct world *w)
{
    struct str all = STR("");

    for (size_t i = 0; i < w->count; i++) {
        struct json v = parsed(w, w->payloads[i]);
        struct str old = json_str(json_path(&v, "oldBody", "data", "n", NULL));

        assert_false(
            str_is_empty(json_str(json_path(&v, "body", "metadata", "resourceVersion", NULL))));
        all = str_printf(w->a, STR_FMT STR_FMT " " STR_FMT " " STR_FMT "%s" STR_FMT "\n",
                         STR_ARG(all), STR_ARG(json_get_str(&v, STR("type"))),
                         STR_ARG(json_str(json_path(&v, "body", "metadata", "name", NULL))),
                         STR_ARG(json_str(json_path(&v, "body", "data", "n", NULL))),
                         str_is_empty(old) ? "" : "<", STR_ARG(old));
    }
    return all;
}

static void expect(struct world *w, size_t count, const char *lines)
{
    turn_until(w, count);
    turn(w, 60);
    if (!str_is(told(w), lines))
        fail_msg("told:\n" STR_FMT "wanted:\n%s", STR_ARG(told(w)), lines);
}

/* ---- tests ---- */

static void test_life(void **state)
{
    struct world *w = *state;

    write_map(w, "a", "1", true);
    start(w, SPEC(""));
    expect(w, 1, "ADD a 1\n");
    write_map(w, "b", "1", true);
    write_map(w, "a", "2", false);
    write_map(w, "a", "3", false);
    delete_map(w, "a");
    expect(w, 5, "ADD a 1\nADD b 1\nUPDATE a 2<1\nUPDATE a 3<2\nDELETE a 3\n");
}

static void test_it_goes_on_after_a_restart(void **state)
{
    struct world *w = *state;

    write_map(w, "a", "1", true);
    write_map(w, "b", "1", true);
    write_map(w, "c", "1", true);
    start(w, SPEC(""));
    turn_until(w, 3);
    turn(w, 60);
    end(w);
    write_map(w, "a", "2", false);
    write_map(w, "a", "3", false);
    delete_map(w, "b");
    write_map(w, "d", "1", true);
    start(w, SPEC(""));
    expect(w, 6, "ADD a 1\nADD b 1\nADD c 1\nUPDATE a 3\nDELETE b 1\nADD d 1\n");
    write_map(w, "c", "2", false); /* unchanged meanwhile: its old state is known */
    write_map(w, "a", "4", false);
    expect(w, 8,
           "ADD a 1\nADD b 1\nADD c 1\nUPDATE a 3\nDELETE b 1\nADD d 1\nUPDATE c 2<1\nUPDATE a "
           "4<3\n");
    end(w);
    start(w, SPEC(""));
    turn(w, 100);
    assert_int_equal(w->count, 8);
}

/* As after a crash before the row was written: the ids are the same, the bus stores them once.
 */
static void test_what_comes_again_is_stored_once(void **state)
{
    struct world *w = *state;
    struct store_txn *txn;
    struct store_result result = {0};
    struct err err;

    write_map(w, "a", "1", true);
    write_map(w, "b", "1", true);
    start(w, SPEC(""));
    turn_until(w, 2);
    turn(w, 60);
    end(w);
    turn(w, 20);
    txn = store_txn_new(w->store);
    store_txn_row_put(txn, STR("resource_source"), STR("argo/es/e"), STR_NONE);
    assert_int_equal(store_commit_wait(w->store, txn, &result, &err), 0);
    write_map(w, "c", "1", true);
    start(w, SPEC(""));
    expect(w, 3, "ADD a 1\nADD b 1\nADD c 1\n");
}

static void test_filters(void **state)
{
    struct world *w = *state;

    write_map(w, "old", "1", true);
    start(w, SPEC(",\"filter\":{\"labels\":[{\"key\":\"n\",\"operation\":\"in\",\"value\":"
                  "\"1,2\"}],\"prefix\":\"o\"}"));
    expect(w, 1, "ADD old 1\n");
    write_map(w, "other", "3", true);   /* not its labels */
    write_map(w, "another", "1", true); /* not its name */
    write_map(w, "other", "2", false);  /* begins to have them */
    write_map(w, "old", "4", false);    /* stops */
    expect(w, 3, "ADD old 1\nADD other 2\nDELETE old 4\n");
}

/* afterStart is about the first start. */
static void test_after_start(void **state)
{
    struct world *w = *state;

    write_map(w, "a", "1", true); /* created long ago */
    start(w, SPEC(",\"filter\":{\"afterStart\":true}"));
    turn(w, 60);
    assert_int_equal(w->count, 0);
    end(w);
    turn(w, 1100);
    delete_map(w, "a");
    start(w, SPEC(",\"filter\":{\"afterStart\":true}"));
    expect(w, 1, "DELETE a 1\n");
}

static void test_another_kind_begins_anew(void **state)
{
    struct world *w = *state;

    write_map(w, "a", "1", true);
    start(w, STR("{\"namespace\":\"argo\",\"version\":\"v1\",\"resource\":\"secrets\","
                 "\"eventTypes\":[\"ADD\"]}"));
    turn(w, 60);
    end(w);
    start(w, SPEC(""));
    expect(w, 1, "ADD a 1\n");
}

/* One that is deleted and made again. */
static void test_another_object_begins_anew(void **state)
{
    struct world *w = *state;

    write_map(w, "a", "1", true);
    start(w, SPEC(""));
    expect(w, 1, "ADD a 1\n");
    end(w);
    w->uid = "another";
    start(w, SPEC(""));
    expect(w, 2, "ADD a 1\nADD a 1\n");
}

static void test_wrong_ones(void **state)
{
    struct world *w = *state;
    struct err err;

    assert_int_equal(begin(w, STR("{\"version\":\"v1\",\"resource\":\"things\"}"), &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_life),
        TEST(test_it_goes_on_after_a_restart),
        TEST(test_filters),
        TEST(test_what_comes_again_is_stored_once),
        TEST(test_after_start),
        TEST(test_another_kind_begins_anew),
        TEST(test_another_object_begins_anew),
        TEST(test_wrong_ones),
    };

    return cmocka_run_group_tests_name("resource", tests, NULL, NULL);
}
