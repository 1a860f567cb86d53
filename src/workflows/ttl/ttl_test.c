/* Tests of ttlStrategy: when a workflow's time is over, and its deletion from a real store: in
 * time, at a start after it fell due, not when it is retried meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/mem.h"
#include "formats/gotime.h"
#include "formats/yaml.h"
#include "workflows/ttl/ttl.h"

#include "tests/support/store_world.h"

#define END_MS 1767323045000 /* 2026-01-02T03:04:05Z */

static void test_due(void **state)
{
    static const struct {
        const char *strategy, *phase;
        int64_t seconds; /* after its end; -1: never */
    } cases[] = {
        {"{secondsAfterCompletion: 5}", "Succeeded", 6},
        {"{secondsAfterCompletion: 5}", "Failed", 6},
        {"{secondsAfterCompletion: 5}", "Error", 6},
        {"{secondsAfterCompletion: 0}", "Succeeded", 1},
        {"{secondsAfterCompletion: 5, secondsAfterSuccess: 60}", "Succeeded", 61},
        {"{secondsAfterCompletion: 5, secondsAfterSuccess: 60}", "Failed", 6},
        {"{secondsAfterCompletion: 5, secondsAfterFailure: 60}", "Failed", 61},
        {"{secondsAfterCompletion: 5, secondsAfterFailure: 60}", "Error", 6},
        {"{secondsAfterFailure: 60}", "Error", -1},
        {"{secondsAfterFailure: 60}", "Succeeded", -1},
        {"{secondsAfterSuccess: 60}", "Failed", -1},
        {"{secondsAfterCompletion: 9223372036854775807}", "Failed", -1},
        {"{}", "Succeeded", -1},
    };
    static const char *const places[] = {
        "spec: {",
        "spec: {}\nstored: {",
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t k = 0; k < COUNT_OF(places); k++) {
            _cleanup_arena_ struct arena *a = arena_new();
            char text[512];
            struct json doc, pending;
            struct err err;
            int64_t want = cases[i].seconds < 0 ? 0 : END_MS + cases[i].seconds * 1000;

            snprintf(text, sizeof(text),
                     "%sttlStrategy: %s}\nstatus: {phase: %s, finishedAt: "
                     "'2026-01-02T03:04:05Z'}\n",
                     places[k], cases[i].strategy, cases[i].phase);
            assert_int_equal(yaml_parse(a, str_from(text), &doc, &err), 0);
            if (k == 1)
                doc = json_set_path(a, &doc, *json_get(&doc, STR("stored")), "status",
                                    "storedWorkflowTemplateSpec", NULL);
            assert_int_equal(ttl_due_of(&doc), want);
            pending = json_set_path(a, &doc, json_string(STR("Pending")), "metadata", "labels",
                                    "workflows.argoproj.io/workflow-archiving-status", NULL);
            assert_int_equal(ttl_due_of(&pending), 0);
            pending = json_set_path(a, &doc, json_string(STR("Archived")), "metadata", "labels",
                                    "workflows.argoproj.io/workflow-archiving-status", NULL);
            assert_int_equal(ttl_due_of(&pending), want);
            doc = json_set_path(a, &doc, json_string(STR("2026-01-02T03:04:06Z")), "metadata",
                                "deletionTimestamp", NULL);
            assert_int_equal(ttl_due_of(&doc), 0);
        }
    }
}

struct world {
    char path[64];
    struct arena *a;
    struct loop *loop;
    struct store *store;
    struct config_holder *config;
    struct ttl_controller *c;
};

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-ttl-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->store);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "state.lock"};
    struct world *w = *state;
    char file[128];

    if (w->c)
        ttl_stop(w->c);
    ttl_free(w->c);
    config_close(w->config);
    store_close(w->store);
    loop_free(w->loop);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(file, sizeof(file), "%s/%s", w->path, names[i]);
        unlink(file);
    }
    rmdir(w->path);
    arena_free(w->a);
    free(w);
    return 0;
}

static void start(struct world *w)
{
    w->c =
        ttl_new(&(struct ttl_options){.loop = w->loop, .store = w->store, .config = w->config});
    ttl_start(w->c);
}

static void pump(struct world *w, int64_t ms)
{
    struct mono until = mono_after(clock_mono(), (uint64_t) ms);

    while (mono_ms_until(clock_mono(), until) > 0)
        loop_run_once(w->loop, 5);
}

/* A workflow that ended @ago seconds ago; 0: it runs. */
static struct json workflow(struct world *w, const char *name, int seconds, int64_t ago)
{
    struct wall end = {clock_wall().ms / 1000 * 1000 - ago * 1000};
    struct json doc;
    struct err err;
    struct str text = str_printf(
        w->a,
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"
        "metadata: {name: %s, namespace: ns, uid: u-%s, labels: "
        "{workflows.argoproj.io/completed: '%s'}}\n"
        "spec: {ttlStrategy: {secondsAfterCompletion: %d}}\nstatus: {phase: %s, finishedAt: "
        "'" STR_FMT "'}\n",
        name, name, ago ? "true" : "false", seconds, ago ? "Failed" : "Running",
        STR_ARG(gotime_rfc3339(w->a, end)));

    assert_int_equal(yaml_parse(w->a, text, &doc, &err), 0);
    return doc;
}

static bool is_there(struct world *w, const char *name)
{
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("ns"),
                                  str_from(name)};
    const struct store_object *o;
    struct err err;

    if (store_get(w->store, &key, &o, &err) < 0)
        return false;
    store_object_unref(o);
    return true;
}

static void wait_gone(struct world *w, const char *name)
{
    for (int i = 0; i < 500 && is_there(w, name); i++)
        pump(w, 20);
    assert_false(is_there(w, name));
}

static void write_policy(struct world *w, const char *policy, bool is_new)
{
    struct str text = str_printf(w->a,
                                 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "
                                 "workflow-controller-configmap, namespace: argo, uid: u-map}\n"
                                 "data: {retentionPolicy: '%s'}\n",
                                 policy);
    struct json doc;
    struct err err;

    assert_int_equal(yaml_parse(w->a, text, &doc, &err), 0);
    store_world_write(w->store, &doc, is_new);
}

/* The oldest go, of each phase; those that run are not counted; a policy that is wrong or that
 * is taken back deletes nothing. */
static void test_retention(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    struct world *w = *state;
    struct err err;

    write_policy(w, "{completed: 0, failed: two}", true); /* wrong */
    w->config = config_open(&(struct config_options){.loop = w->loop, .store = w->store}, &err);
    for (int i = 0; i < 4; i++) {
        struct json doc = workflow(w, names[i], 3600, 100 - i * 10);

        store_world_write(w->store, &doc, true);
    }
    start(w);
    pump(w, 50);
    assert_true(is_there(w, "a"));
    write_policy(w, "{failed: 2}", false);
    wait_gone(w, "a");
    wait_gone(w, "b");
    pump(w, 50);
    assert_true(is_there(w, "c"));
    assert_true(is_there(w, "d"));
    write_policy(w, "{failed: 1, completed: x}", false); /* wrong: two are kept, still */
    for (int i = 0; i < 2; i++) {
        struct json doc = workflow(w, i ? "runs" : "e", 3600, i ? 0 : 10);

        store_world_write(w->store, &doc, true);
    }
    wait_gone(w, "c");
    pump(w, 50);
    assert_true(is_there(w, "d"));
    assert_true(is_there(w, "e"));
    assert_true(is_there(w, "runs"));
}

static void test_overdue_at_start(void **state)
{
    struct world *w = *state;
    struct json old = workflow(w, "old", 10, 3600), young = workflow(w, "young", 3600, 10);
    struct json runs = workflow(w, "runs", 0, 0);

    store_world_write(w->store, &old, true);
    store_world_write(w->store, &young, true);
    store_world_write(w->store, &runs, true);
    start(w);
    wait_gone(w, "old");
    pump(w, 50);
    assert_true(is_there(w, "young"));
    assert_true(is_there(w, "runs"));
}

#if WITH_FAULTS
enum { HOUR_MS = 3600000 };

/* The clock is set an hour ahead: what falls due by that goes, at the next look at the latest.
 * Set back: what was not due stays, and goes when it is. */
static void test_clock_jumps(void **state)
{
    struct world *w = *state;
    struct json soon = workflow(w, "soon", 1800, 10), late = workflow(w, "late", 7200, 10);
    struct json again = workflow(w, "again", 900, 10);

    store_world_write(w->store, &soon, true);
    store_world_write(w->store, &late, true);
    start(w);
    pump(w, 50);
    clock_set_ahead(HOUR_MS);
    store_world_write(w->store, &late, false); /* it looks */
    pump(w, 50);
    store_world_write(w->store, &again, true);
    wait_gone(w, "again");
    wait_gone(w, "soon");
    assert_true(is_there(w, "late"));
    clock_set_ahead(-HOUR_MS);
    store_world_write(w->store, &soon, true);
    pump(w, 100);
    assert_true(is_there(w, "soon"));
    assert_true(is_there(w, "late"));
    clock_set_ahead(0);
    store_world_write(w->store, &late, false);
    pump(w, 100);
    assert_true(is_there(w, "soon"));
    clock_set_ahead(HOUR_MS);
    store_world_write(w->store, &again, true);
    wait_gone(w, "soon");
    assert_true(is_there(w, "late"));
    clock_set_ahead(0);
}
#endif

static void test_ends_later(void **state)
{
    struct world *w = *state;
    struct json runs = workflow(w, "wf", 0, 0), ended = workflow(w, "wf", 0, 1);

    store_world_write(w->store, &runs, true);
    start(w);
    pump(w, 50);
    assert_true(is_there(w, "wf"));
    store_world_write(w->store, &ended, false);
    wait_gone(w, "wf");
}

static void test_retried_is_kept(void **state)
{
    struct world *w = *state;
    struct json ended = workflow(w, "wf", 2, 1), runs = workflow(w, "wf", 2, 0);

    start(w);
    store_world_write(w->store, &ended, true);
    pump(w, 50);
    store_world_write(w->store, &runs, false);
    pump(w, 2500);
    assert_true(is_there(w, "wf"));
}

/* Written by others while its deletion is on the way: it goes nevertheless. */
static void test_changed_meanwhile(void **state)
{
    enum { ROUNDS = 40, CHANGES = 8 };
    struct world *w = *state;

    start(w);
    for (int i = 0; i < ROUNDS; i++) {
        char name[20];
        struct json doc;
        struct err err;

        snprintf(name, sizeof(name), "wf-%d", i);
        doc = workflow(w, name, 0, 10);
        store_world_write(w->store, &doc, true);
        for (int k = 0; k < CHANGES; k++) {
            struct store_txn *txn = store_txn_new(w->store);

            store_txn_update(txn, &doc, 0);
            assert_int_equal(store_commit(w->store, txn, NULL, NULL, &err), 0);
            loop_run_once(w->loop, 0);
        }
    }
    for (int i = 0; i < ROUNDS; i++) {
        char name[20];

        snprintf(name, sizeof(name), "wf-%d", i);
        wait_gone(w, name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_due),
        cmocka_unit_test_setup_teardown(test_retention, setup, teardown),
        cmocka_unit_test_setup_teardown(test_overdue_at_start, setup, teardown),
#if WITH_FAULTS
        cmocka_unit_test_setup_teardown(test_clock_jumps, setup, teardown),
#endif
        cmocka_unit_test_setup_teardown(test_ends_later, setup, teardown),
        cmocka_unit_test_setup_teardown(test_retried_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changed_meanwhile, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
