/* Tests of watches that do not end: what there is, what changes, a store that cannot be read.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "store/follow.h"
#include "tests/support/disk_faults.h"
#include "tests/support/store_world.h"

enum { TURNS_MAX = 1000 };

struct world {
    struct store_world on;
    unsigned added, modified;
};

static void on_event(void *ctx, const struct store_event *event)
{
    struct world *w = ctx;

    w->added += event->type == STORE_ADDED;
    w->modified += event->type == STORE_MODIFIED;
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);

    store_world_open(&w->on);
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    disk_faults_disarm();
    store_world_close(&w->on);
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, STDERR_FILENO);
    free(w);
    return 0;
}

static void write_map(struct world *w, const char *name, bool is_new)
{
    struct store_txn *txn = store_txn_new(w->on.store);
    struct store_result result = {0};
    struct json doc;
    struct err err;

    assert_int_equal(
        json_parse(store_txn_arena(txn),
                   str_printf(store_txn_arena(txn),
                              "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
                              "\"name\":\"%s\",\"namespace\":\"ns\",\"uid\":\"u-%s\"}}",
                              name, name),
                   &doc, &err),
        0);
    if (is_new)
        store_txn_create(txn, &doc);
    else
        store_txn_update(txn, &doc, 0);
    if (store_commit_wait(w->on.store, txn, &result, &err) < 0)
        fail_msg("%s", err.text);
    store_object_unref(result.object);
}

static void turn_until(struct world *w, const unsigned *count, unsigned wanted)
{
    for (int i = 0; i < TURNS_MAX && *count < wanted; i++)
        loop_run_once(w->on.loop, 5);
    assert_int_equal(*count, wanted);
}

static struct store_follower *follow(struct world *w)
{
    const struct store_follow what = {.store = w->on.store,
                                      .loop = w->on.loop,
                                      .query = {.group = STR(""), .kind = STR("ConfigMap")},
                                      .fn = on_event,
                                      .ctx = w};

    return store_follow(&what);
}

static void test_what_there_is_and_what_changes(void **state)
{
    struct world *w = *state;
    struct store_follower *f;

    write_map(w, "a", true);
    f = follow(w);
    turn_until(w, &w->added, 1);
    write_map(w, "b", true);
    write_map(w, "a", false);
    turn_until(w, &w->added, 2);
    turn_until(w, &w->modified, 1);
    store_follow_end(f);
    write_map(w, "c", true);
    for (int i = 0; i < 10; i++)
        loop_run_once(w->on.loop, 1);
    assert_int_equal(w->added, 2);
}

static void test_a_disk_that_cannot_be_read_for_a_while(void **state)
{
    struct world *w = *state;
    struct store_follower *f;

    write_map(w, "a", true);
    disk_faults_arm(DISK_ERROR, 1, 1000000);
    f = follow(w);
    for (int i = 0; i < 40; i++)
        loop_run_once(w->on.loop, 5);
    assert_int_equal(w->added, 0);
    assert_true(disk_faults_disarm() > 0);
    turn_until(w, &w->added, 1);
    write_map(w, "b", true);
    turn_until(w, &w->added, 2);
    store_follow_end(f);
}

static void test_it_ends_while_it_waits(void **state)
{
    struct world *w = *state;
    struct store_follower *f;

    disk_faults_arm(DISK_ERROR, 1, 1000000);
    f = follow(w);
    for (int i = 0; i < 40; i++)
        loop_run_once(w->on.loop, 5);
    store_follow_end(f);
    store_follow_end(NULL);
    disk_faults_disarm();
    write_map(w, "a", true);
    for (int i = 0; i < 10; i++)
        loop_run_once(w->on.loop, 1);
    assert_int_equal(w->added, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_there_is_and_what_changes),
        TEST(test_a_disk_that_cannot_be_read_for_a_while),
        TEST(test_it_ends_while_it_waits),
    };

    disk_faults_install();
    return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
