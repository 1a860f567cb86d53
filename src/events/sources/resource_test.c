/*
 * Resource sources on a real loop, store and bus: what is there, what changes, what changed
 * while they were away, what comes twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/source_world.h"
#include "tests/support/store_world.h"

static int setup(void **state)
{
    world_new(state, "resource");
    return 0;
}

/* ---- objects ---- */

static void write_map(struct world *w, const char *name, const char *n, bool is_new)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc = world_json(
        w, str_printf(w->a,
                      "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":"
                      "\"%s\",\"namespace\":\"argo\",\"uid\":\"u-%s\",\"labels\":{\"n\":"
                      "\"%s\"},\"creationTimestamp\":\"2026-01-01T00:00:00Z\"},\"data\":{"
                      "\"n\":\"%s\"}}",
                      name, name, n, n));

    if (is_new)
        store_txn_create(txn, &doc);
    else
        store_txn_update(txn, &doc, 0);
    store_world_commit(w->store, txn);
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
        struct json v = world_json(w, w->payloads[i]);
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
    world_turn_until(w, count);
    world_turn(w, 60);
    if (!str_is(told(w), lines))
        fail_msg("told:\n" STR_FMT "wanted:\n%s", STR_ARG(told(w)), lines);
}

/* ---- tests ---- */

static void test_life(void **state)
{
    struct world *w = *state;

    write_map(w, "a", "1", true);
    world_start(w, SPEC(""));
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
    world_start(w, SPEC(""));
    world_turn_until(w, 3);
    world_turn(w, 60);
    world_end(w);
    write_map(w, "a", "2", false);
    write_map(w, "a", "3", false);
    delete_map(w, "b");
    write_map(w, "d", "1", true);
    world_start(w, SPEC(""));
    expect(w, 6, "ADD a 1\nADD b 1\nADD c 1\nUPDATE a 3\nDELETE b 1\nADD d 1\n");
    write_map(w, "c", "2", false); /* unchanged meanwhile: its old state is known */
    write_map(w, "a", "4", false);
    expect(w, 8,
           "ADD a 1\nADD b 1\nADD c 1\nUPDATE a 3\nDELETE b 1\nADD d 1\nUPDATE c 2<1\nUPDATE a "
           "4<3\n");
    world_end(w);
    world_start(w, SPEC(""));
    world_turn(w, 100);
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
    world_start(w, SPEC(""));
    world_turn_until(w, 2);
    world_turn(w, 60);
    world_end(w);
    world_turn(w, 20);
    txn = store_txn_new(w->store);
    store_txn_row_put(txn, STR("resource_source"), STR("argo/es/e"), STR_NONE);
    assert_int_equal(store_commit_wait(w->store, txn, &result, &err), 0);
    write_map(w, "c", "1", true);
    world_start(w, SPEC(""));
    expect(w, 3, "ADD a 1\nADD b 1\nADD c 1\n");
}

static void test_filters(void **state)
{
    struct world *w = *state;

    write_map(w, "old", "1", true);
    world_start(w,
                SPEC(",\"filter\":{\"labels\":[{\"key\":\"n\",\"operation\":\"in\",\"value\":"
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
    world_start(w, SPEC(",\"filter\":{\"afterStart\":true}"));
    world_turn(w, 60);
    assert_int_equal(w->count, 0);
    world_end(w);
    world_turn(w, 1100);
    delete_map(w, "a");
    world_start(w, SPEC(",\"filter\":{\"afterStart\":true}"));
    expect(w, 1, "DELETE a 1\n");
}

static void test_another_kind_begins_anew(void **state)
{
    struct world *w = *state;

    write_map(w, "a", "1", true);
    world_start(w, STR("{\"namespace\":\"argo\",\"version\":\"v1\",\"resource\":\"secrets\","
                       "\"eventTypes\":[\"ADD\"]}"));
    world_turn(w, 60);
    world_end(w);
    world_start(w, SPEC(""));
    expect(w, 1, "ADD a 1\n");
}

/* One that is deleted and made again. */
static void test_another_object_begins_anew(void **state)
{
    struct world *w = *state;

    write_map(w, "a", "1", true);
    world_start(w, SPEC(""));
    expect(w, 1, "ADD a 1\n");
    world_end(w);
    w->uid = "another";
    world_start(w, SPEC(""));
    expect(w, 2, "ADD a 1\nADD a 1\n");
}

static void test_wrong_ones(void **state)
{
    struct world *w = *state;
    struct err err;

    assert_int_equal(world_begin(w, STR("{\"version\":\"v1\",\"resource\":\"things\"}"), &err),
                     -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_free)
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
