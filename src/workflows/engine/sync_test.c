/*
 * Synchronization of workflows and nodes: what is seen while they wait and hold, what gives
 * locks back, what is wrong with a request, and stopping what waits.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/mem.h"
#include "workflows/engine/script_test.h"

#define LOCKED(sync)                                                              \
    HEAD "  entrypoint: main\n  templates:\n  - name: main\n    steps:\n"         \
         "    - - {name: a, template: work}\n      - {name: b, template: work}\n" \
         "  - name: work\n    synchronization: {" sync "}\n    container: {image: busybox}\n"

static const struct json *config_map(void *ctx, struct str ns, struct str name)
{
    return str_is(ns, "default") && str_is(name, "limits") ? ctx : NULL;
}

static struct str sync_text(struct runner *r, struct arena *a)
{
    const struct json *sync = json_get(status_of(r, a), STR("synchronization"));

    return sync ? json_text(a, sync, JSON_COMPACT) : STR("none");
}

static struct str waiting_of(struct runner *r, struct arena *a, const char *display)
{
    MAP_FOREACH (it, &r->rows) {
        struct runner_row *row = it->value;
        struct json doc;
        struct err err;

        assert_int_equal(json_parse(a, row->doc, &doc, &err), 0);
        if (str_is(json_get_str(&doc, STR("displayName")), display) &&
            json_get(&doc, STR("synchronizationStatus")))
            return str_copy(
                a, json_get_str(json_get(&doc, STR("synchronizationStatus")), STR("waiting")));
    }
    return STR("none");
}

static void test_mutex_of_nodes(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    struct str id;

    (void) state;
    start(&r, a, LOCKED("mutexes: [{name: 'm-{{workflow.name}}'}]"));
    wake(&r);
    assert_int_equal(r.waiting.len, 1);
    id = r.waiting.at[0]->request.node_id;
    assert_text(node_field(&r, a, "a", "phase"), "Pending");
    assert_text(node_field(&r, a, "b", "phase"), "Pending");
    assert_text(node_field(&r, a, "b", "type"), "Pod");
    assert_text(node_field(&r, a, "b", "message"),
                "Waiting for default/Mutex/m-wf lock. Lock status: 0/1");
    assert_text(waiting_of(&r, a, "b"), "default/Mutex/m-wf");
    assert_text(waiting_of(&r, a, "a"), "none");
    assert_text(sync_text(&r, a),
                str_cz(a, str_printf(a,
                                     "{\"mutex\":{\"holding\":[{\"mutex\":\"default/Mutex/"
                                     "m-wf\",\"holder\":\"default/wf/" STR_FMT
                                     "\"}],\"waiting\":[{\"mutex\":\"default/Mutex/"
                                     "m-wf\",\"holder\":\"default/wf/" STR_FMT "\"}]}}",
                                     STR_ARG(id), STR_ARG(id))));
    for (int i = 0; i < 2; i++) { /* a crash changes nothing */
        runner_crash(&r);
        assert_int_equal(r.waiting.len, 1);
        assert_text(waiting_of(&r, a, "b"), "default/Mutex/m-wf");
    }
    runner_report(&r, 0);
    assert_int_equal(r.waiting.len, 1);
    assert_text(waiting_of(&r, a, "b"), "none");
    assert_true(str_is_none(node_field(&r, a, "b", "message")));
    runner_report(&r, 0);
    assert_true(r.is_finished);
    assert_int_equal(r.failures, 0);
    assert_text(sync_text(&r, a), "none");
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Succeeded");
    runner_done(&r);
}

static void test_semaphore_of_nodes(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    struct json one = json_set_path(a, NULL, json_string(STR("1")), "data", "most", NULL);

    (void) state;
    r.world.config_map = config_map;
    start(&r, a, LOCKED("semaphores: [{configMapKeyRef: {name: limits, key: most}}]"));
    wake(&r);
    assert_int_equal(r.waiting.len, 0);
    assert_text(node_field(&r, a, "a", "message"),
                "Failed to get semaphore limit for default/ConfigMap/limits/most");
    r.world.ctx = &one;
    wake(&r);
    assert_int_equal(r.waiting.len, 1);
    assert_text(node_field(&r, a, "b", "message"),
                "Waiting for default/ConfigMap/limits/most lock. Lock status: 0/1");
    runner_report(&r, 0);
    assert_text(
        sync_text(&r, a),
        str_cz(a, str_printf(a,
                             "{\"semaphore\":{\"waiting\":[{\"semaphore\":\"default/"
                             "ConfigMap/limits/most\",\"holders\":[\"default/wf/" STR_FMT
                             "\"]}],\"holding\":[{\"semaphore\":\"default/ConfigMap/"
                             "limits/most\",\"holders\":[\"default/wf/" STR_FMT "\"]}]}}",
                             STR_ARG(node_field(&r, a, "a", "id")),
                             STR_ARG(node_field(&r, a, "b", "id")))));
    runner_report(&r, 0);
    assert_true(r.is_finished);
    runner_done(&r);
}

/* The limits of the database: name to number. */
static bool sync_limit(void *ctx, struct str name, uint32_t *ret)
{
    const struct json *limits = ctx;
    int64_t n = 0;

    if (!json_i64(json_get(limits, name), &n))
        return false;
    *ret = (uint32_t) n;
    return true;
}

static void give_limit(struct runner *r, struct arena *a, struct json *limits, int64_t n)
{
    *limits = json_set(a, limits, STR("other/k"), json_int(a, n));
    r->world.ctx = limits;
    r->world.sync_limit = sync_limit;
}

#define DB_SEMAPHORE "semaphores: [{database: {key: k}, namespace: other}]"

/* A limit that is deleted while the lock is held holds on as long as somebody has a use for it;
 * after a restart nobody knows it any more. */
static void test_database(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json limits = json_object(&(struct json_object_builder){0});
    struct json none = json_object(&(struct json_object_builder){0});
    struct runner r = {0};

    (void) state;
    give_limit(&r, a, &limits, 1);
    start(&r, a, LOCKED(DB_SEMAPHORE));
    wake(&r);
    assert_int_equal(r.waiting.len, 1);
    assert_text(node_field(&r, a, "b", "message"),
                "Waiting for other/Database/k lock (sem/other/k). Lock status: 1/1");
    assert_text(waiting_of(&r, a, "b"), "other/Database/k");
    assert_text(
        sync_text(&r, a),
        str_cz(a, str_printf(a,
                             "{\"semaphore\":{\"holding\":[{\"semaphore\":\"other/Database/k\","
                             "\"holders\":[\"default/wf/" STR_FMT
                             "\"]}],\"waiting\":[{\"semaphore\":\"other/Database/k\","
                             "\"holders\":[\"default/wf/" STR_FMT "\"]}]}}",
                             STR_ARG(node_field(&r, a, "a", "id")),
                             STR_ARG(node_field(&r, a, "a", "id")))));
    r.world.ctx = &none;
    wake(&r);
    assert_text(node_field(&r, a, "b", "message"),
                "Waiting for other/Database/k lock (sem/other/k). Lock status: 1/1");
    runner_crash(&r);
    assert_int_equal(r.waiting.len, 1);
    assert_text(node_field(&r, a, "b", "message"),
                "Failed to get semaphore limit for other/Database/k");
    assert_text(node_field(&r, a, "b", "phase"), "Pending");
    give_limit(&r, a, &limits, 2); /* it comes back, and is more */
    wake(&r);
    assert_int_equal(r.waiting.len, 2);
    runner_report(&r, 0);
    runner_report(&r, 0);
    assert_true(r.is_finished);
    assert_text(sync_text(&r, a), "none");
    runner_done(&r);
}

static void test_database_mutex(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a, LOCKED("mutexes: [{name: m, database: true}]"));
    wake(&r);
    assert_int_equal(r.waiting.len, 1);
    assert_text(node_field(&r, a, "b", "message"),
                "Waiting for default/Database/m lock (mtx/default/m). Lock status: 1/1");
    runner_crash(&r);
    assert_int_equal(r.waiting.len, 1);
    runner_report(&r, 0);
    runner_report(&r, 0);
    assert_true(r.is_finished);
    runner_done(&r);
}

/* The lock of a workflow without a limit fails it. */
static void test_database_of_a_workflow(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a,
          "metadata: {name: one, namespace: default, uid: u-one}\nspec:\n  entrypoint: say\n"
          "  synchronization: {semaphores: [{database: {key: none}}]}\n  templates:\n" LEAF);
    wake(&r);
    assert_true(r.is_finished);
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Failed");
    assert_text(json_get_str(status_of(&r, a), STR("message")),
                "Failed to acquire the synchronization lock. failed to initialize semaphore "
                "default/Database/none with limit");
    runner_done(&r);
}

/* Two workflows and one mutex: the second waits as a whole, and goes on after the first. */
static void test_workflows(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner one = {0}, two = {0};

    (void) state;
    start(&one, a,
          "metadata: {name: one, namespace: default, uid: u-one}\nspec:\n  entrypoint: say\n"
          "  synchronization: {mutexes: [{name: m}]}\n  templates:\n" LEAF);
    wake(&one);
    assert_int_equal(one.waiting.len, 1);
    two.world.locks = one.world.locks;
    start(&two, a,
          "metadata: {name: two, namespace: default, uid: u-two}\nspec:\n  entrypoint: say\n"
          "  synchronization: {mutexes: [{name: m}]}\n  templates:\n" LEAF);
    wake(&two);
    assert_int_equal(two.rows.len, 0);
    assert_text(json_get_str(status_of(&two, a), STR("phase")), "Pending");
    assert_text(json_get_str(status_of(&two, a), STR("message")),
                "Waiting for default/Mutex/m lock. Lock status: 0/1");
    assert_text(sync_text(&two, a), "{\"mutex\":{\"waiting\":[{\"mutex\":\"default/Mutex/m\","
                                    "\"holder\":\"default/one\"}]}}");
    runner_crash(&one); /* it still holds it */
    wake(&two);
    assert_int_equal(two.rows.len, 0);
    runner_report(&one, 0);
    assert_true(one.is_finished);
    locks_forget(one.world.locks, STR("u-one")); /* as the controller does after the commit */
    wake(&two);
    assert_int_equal(two.waiting.len, 1);
    assert_text(json_get_str(status_of(&two, a), STR("phase")), "Running");
    assert_true(str_is_none(json_get_str(status_of(&two, a), STR("message"))));
    runner_report(&two, 0);
    assert_true(two.is_finished);
    two.world.locks = NULL;
    runner_done(&two);
    runner_done(&one);
}

static void test_wrong(void **state)
{
    static const struct {
        const char *yaml, *message;
    } cases[] = {
        {LOCKED("mutexes: [{name: m}, {name: m}]"),
         "requested configuration is invalid: duplicate synchronization item found"},
        {LOCKED("semaphores: [{namespace: x}]"),
         "requested configuration is invalid: cannot get LockName for a Semaphore without a "
         "ConfigMapRef or Database"},
        {LOCKED("semaphores: [{database: {key: k}, configMapKeyRef: {name: c, key: k}}]"),
         "requested configuration is invalid: invalid semaphore with both ConfigMapKeyRef and "
         "Database"},
        {LOCKED("mutexes: [{name: m, database: true}, {name: m, database: true}]"),
         "requested configuration is invalid: duplicate synchronization item found"},
        {LOCKED("semaphores: [{database: {key: none}}]"),
         "failed to initialize semaphore default/Database/none with limit"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct runner r = {0};

        start(&r, a, cases[i].yaml);
        wake(&r);
        assert_true(r.is_finished);
        assert_text(node_field(&r, a, "a", "phase"), "Error");
        assert_text(node_field(&r, a, "a", "message"), cases[i].message);
        runner_done(&r);
    }
}

static void test_stop(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a, LOCKED("mutexes: [{name: m}]"));
    wake(&r);
    change_spec(&r, a, json_string(STR("Stop")), "shutdown");
    assert_text(node_field(&r, a, "b", "phase"), "Failed");
    assert_text(node_field(&r, a, "b", "message"), "Stopped with strategy 'Stop'");
    assert_int_equal(r.waiting.len, 1);
    runner_report(&r, 0);
    assert_true(r.is_finished);
    assert_text(sync_text(&r, a), "none");
    runner_done(&r);
}

/* The lock is held over all attempts, and a Steps template holds it for all that it calls. */
static void test_retry_and_steps(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    struct json pods =
        json_set_path(a, NULL, json_string(STR("Failed")), "$WF[0].a(0)", "phase", NULL);

    (void) state;
    r.ctx = &pods;
    start(&r, a,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n    parallelism: 2\n"
               "    steps:\n    - - {name: a, template: again}\n      - {name: b, template: "
               "both}\n"
               "  - name: again\n    synchronization: {mutexes: [{name: m}]}\n"
               "    retryStrategy: {limit: 2}\n    container: {image: busybox}\n"
               "  - name: both\n    synchronization: {mutexes: [{name: m}]}\n"
               "    steps: [[{name: x, template: say}, {name: y, template: say}]]\n" LEAF);
    wake(&r);
    assert_int_equal(r.waiting.len, 1);
    assert_text(node_field(&r, a, "b", "type"), "Steps");
    assert_text(node_field(&r, a, "b", "phase"), "Pending");
    runner_report(&r, 0); /* fails */
    assert_int_equal(r.waiting.len, 1);
    assert_text(node_field(&r, a, "a(1)", "phase"), "Pending");
    runner_report(&r, 0);
    assert_int_equal(r.waiting.len, 2);
    assert_text(node_field(&r, a, "b", "phase"), "Running");
    runner_report(&r, 0);
    runner_report(&r, 0);
    assert_true(r.is_finished);
    runner_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutex_of_nodes),
        cmocka_unit_test(test_semaphore_of_nodes),
        cmocka_unit_test(test_workflows),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_database),
        cmocka_unit_test(test_database_mutex),
        cmocka_unit_test(test_database_of_a_workflow),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_retry_and_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
