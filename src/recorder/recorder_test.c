/* Tests of recorded Events: how they look, how many an object may tell, how they go again. */
#include "recorder/recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "objects/object.h"
#include "tests/support/store_world.h"

struct world {
    char path[64];
    struct arena *a;
    struct loop *loop;
    struct store *store;
    struct metrics *metrics;
    struct recorder *r;
};

static const struct store_key about = {STR_INIT("argoproj.io"), STR_INIT("Workflow"),
                                       STR_INIT("ns"), STR_INIT("hello")};

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-recorder-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->store);
    w->metrics = metrics_new();
    w->r = recorder_new(
        &(struct recorder_options){.loop = w->loop, .store = w->store, .metrics = w->metrics});
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "state.lock"};
    struct world *w = *state;
    char file[128];

    if (w->r)
        recorder_stop(w->r);
    recorder_free(w->r);
    store_close(w->store);
    loop_free(w->loop);
    metrics_free(w->metrics);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(file, sizeof(file), "%s/%s", w->path, names[i]);
        unlink(file);
    }
    rmdir(w->path);
    arena_free(w->a);
    free(w);
    return 0;
}

static struct recorder_event event(const char *reason, const char *message)
{
    return (struct recorder_event){.about = &about,
                                   .api_version = STR("argoproj.io/v1alpha1"),
                                   .uid = STR("u-1"),
                                   .rv = 7,
                                   .component = STR("workflow-controller"),
                                   .reason = str_from(reason),
                                   .message = str_from(message)};
}

/* The Events of the store; dropped by store_list_done(). */
static struct store_list events(struct world *w)
{
    const struct store_query q = {
        .group = STR(""), .kind = STR("Event"), .ns = STR(""), .name_prefix = STR("")};
    struct store_list list;
    struct err err;

    assert_int_equal(store_list(w->store, w->a, &q, &list, &err), 0);
    return list;
}

static size_t count_events(struct world *w)
{
    struct store_list list = events(w);
    size_t count = list.len;

    store_list_done(&list);
    return count;
}

static void wait_events(struct world *w, size_t want)
{
    for (int i = 0; i < 1000 && count_events(w) != want; i++)
        loop_run_once(w->loop, 10);
    assert_int_equal(count_events(w), want);
}

static void test_an_event(void **state)
{
    struct world *w = *state;
    const struct recorder_note notes[] = {{STR("workflows.argoproj.io/node-id"), STR("n-1")}};
    struct recorder_event e = event("WorkflowNodeFailed", "Failed node hello: exit code 1");
    struct store_list list;
    struct json doc;
    struct err err;

    e.is_warning = true;
    e.notes = notes;
    e.note_count = 1;
    recorder_start(w->r);
    recorder_add(w->r, NULL, &e);
    wait_events(w, 1);
    list = events(w);
    assert_int_equal(json_parse(w->a, str_copy(w->a, list.at[0]->doc), &doc, &err), 0);
    store_list_done(&list);
    assert_true(str_starts(object_name(&doc), STR("hello.")));
    assert_true(str_is(object_namespace(&doc), "ns"));
    assert_false(str_is_empty(object_uid(&doc)));
    assert_true(str_is(object_annotation(&doc, STR("workflows.argoproj.io/node-id")), "n-1"));
    assert_true(str_is(json_get_str(&doc, STR("type")), "Warning"));
    assert_true(str_is(json_get_str(&doc, STR("reason")), "WorkflowNodeFailed"));
    assert_true(str_is(json_get_str(&doc, STR("message")), "Failed node hello: exit code 1"));
    assert_true(str_eq(json_text(w->a, json_get(&doc, STR("involvedObject")), JSON_COMPACT),
                       STR("{\"kind\":\"Workflow\",\"namespace\":\"ns\",\"name\":\"hello\","
                           "\"uid\":\"u-1\",\"apiVersion\":\"argoproj.io/v1alpha1\","
                           "\"resourceVersion\":\"7\"}")));
    assert_true(str_eq(json_text(w->a, json_get(&doc, STR("source")), JSON_COMPACT),
                       STR("{\"component\":\"workflow-controller\"}")));
    assert_true(str_eq(json_get_str(&doc, STR("firstTimestamp")),
                       json_get_str(&doc, STR("lastTimestamp"))));
}

static void test_a_long_message_is_cut_between_letters(void **state)
{
    struct world *w = *state;
    char text[2 * RECORDER_MESSAGE_MAX_BYTES];
    struct recorder_event e;
    struct store_list list;
    struct json doc;
    struct err err;

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    memcpy(text + RECORDER_MESSAGE_MAX_BYTES - 1, "\xc3\xbc", 2);
    e = event("r", text);
    recorder_add(w->r, NULL, &e);
    wait_events(w, 1);
    list = events(w);
    assert_int_equal(json_parse(w->a, str_copy(w->a, list.at[0]->doc), &doc, &err), 0);
    store_list_done(&list);
    assert_int_equal(json_get_str(&doc, STR("message")).len, RECORDER_MESSAGE_MAX_BYTES - 1);
}

static void test_an_object_tells_a_burst(void **state)
{
    struct world *w = *state;
    struct recorder_budget budget = {0}, other = {0};
    struct recorder_event e = event("WorkflowNodeRunning", "Running node x");

    for (int i = 0; i < RECORDER_BURST + 5; i++)
        recorder_add(w->r, &budget, &e);
    assert_false(recorder_has_room(w->r, &budget));
    assert_true(recorder_has_room(w->r, &other));
    recorder_add(w->r, NULL, &e); /* what is told in any case */
    wait_events(w, RECORDER_BURST + 1);
    budget.refilled.ns -= (uint64_t) RECORDER_REFILL_MS * 1000000;
    assert_true(recorder_has_room(w->r, &budget));
    recorder_add(w->r, &budget, &e);
    assert_false(recorder_has_room(w->r, &budget));
    wait_events(w, RECORDER_BURST + 2);
}

static void test_too_many_that_wait_are_dropped(void **state)
{
    struct world *w = *state;
    struct recorder_event e = event("WorkflowRunning", "Workflow Running");

    for (int i = 0; i < RECORDER_PENDING_MAX + 3; i++)
        recorder_add(w->r, NULL, &e);
    wait_events(w, RECORDER_PENDING_MAX);
    assert_true(metric_value(metric_get(w->metrics, METRIC_RECORDER_DROPPED)) == 3);
}

/* An Event that somebody wrote some time ago. */
static void write_old(struct world *w, const char *name, int64_t ago_ms)
{
    struct str text = str_printf(
        w->a,
        "{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{\"name\":\"%s\",\"namespace\":"
        "\"ns\",\"uid\":\"u-%s\",\"creationTimestamp\":\"" STR_FMT "\"}}",
        name, name, STR_ARG(object_time_text(w->a, clock_wall().ms - ago_ms)));
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc;
    struct err err;

    assert_int_equal(json_parse(w->a, text, &doc, &err), 0);
    store_txn_create(txn, &doc);
    store_world_commit(w->store, txn);
}

static void test_old_ones_go(void **state)
{
    struct world *w = *state;
    struct store_list list;

    write_old(w, "old", RECORDER_AGE_MAX_MS + 5000);
    write_old(w, "older", 2 * RECORDER_AGE_MAX_MS);
    write_old(w, "young", 60000);
    recorder_start(w->r);
    wait_events(w, 1);
    list = events(w);
    assert_true(str_is(list.at[0]->key.name, "young"));
    store_list_done(&list);
    write_old(w, "late", RECORDER_AGE_MAX_MS + 5000);
    wait_events(w, 2); /* it goes when the timer looks again, not at once */
}

static void test_events_are_selected_by_their_fields(void **state)
{
    static const struct {
        const char *selector;
        size_t want;
    } rows[] = {
        {"involvedObject.name=hello", 2},
        {"involvedObject.name=hello,involvedObject.kind=Workflow,involvedObject.uid=u-1", 2},
        {"involvedObject.name!=hello", 0},
        {"involvedObject.uid=other", 0},
        {"involvedObject.fieldPath=", 2},
        {"reason=WorkflowRunning", 1},
        {"type!=Normal", 1},
        {"source=workflow-controller,metadata.namespace=ns", 2},
        {"reportingComponent=workflow-controller,type=Warning", 1},
        {"metadata.namespace=other", 0},
    };
    struct world *w = *state;
    struct recorder_event e = event("WorkflowRunning", "Workflow Running");

    recorder_add(w->r, NULL, &e);
    e = event("WorkflowFailed", "");
    e.is_warning = true;
    recorder_add(w->r, NULL, &e);
    wait_events(w, 2);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct selector fields;
        struct store_query q = {.group = STR(""),
                                .kind = STR("Event"),
                                .ns = STR(""),
                                .name_prefix = STR(""),
                                .fields = &fields};
        struct store_list list;
        struct err err;

        assert_int_equal(selector_parse_fields(w->a, str_from(rows[i].selector), &fields, &err),
                         0);
        assert_int_equal(store_list(w->store, w->a, &q, &list, &err), 0);
        if (list.len != rows[i].want)
            fail_msg("%s: %zu", rows[i].selector, list.len);
        store_list_done(&list);
    }
}

static void test_the_end_stores_what_waits(void **state)
{
    struct world *w = *state;
    struct recorder_event e = event("WorkflowSucceeded", "Workflow completed");

    recorder_start(w->r);
    recorder_add(w->r, NULL, &e);
    recorder_stop(w->r);
    assert_int_equal(count_events(w), 1);
    recorder_add(w->r, NULL, &e); /* too late: nothing happens */
    recorder_free(TAKE(w->r));
    recorder_add(NULL, NULL, &e);
    assert_false(recorder_has_room(NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_event, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_long_message_is_cut_between_letters, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_an_object_tells_a_burst, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many_that_wait_are_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_ones_go, setup, teardown),
        cmocka_unit_test_setup_teardown(test_events_are_selected_by_their_fields, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_the_end_stores_what_waits, setup, teardown),
    };

    return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
