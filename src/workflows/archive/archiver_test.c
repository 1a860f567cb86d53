/* Tests of the archiver on a real store: what is pending is archived with its nodes in one
 * transaction, also from before the start and when somebody writes meanwhile; what is not,
 * stays out; what is too old goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "formats/gotime.h"
#include "formats/yaml.h"
#include "store/archive.h"
#include "tests/support/store_world.h"
#include "workflows/archive/archiver.h"

struct world {
    char path[64];
    struct arena *a;
    struct loop *loop;
    struct store *store;
    struct workers *workers;
    struct config_holder *config;
    struct archiver *archiver;
};

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-archiver-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    w->workers = workers_new(w->loop, 2, &err);
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

    if (w->archiver)
        archiver_stop(w->archiver);
    archiver_free(w->archiver);
    config_close(w->config);
    store_close(w->store);
    workers_free(w->workers);
    loop_run_once(w->loop, 0);
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
    w->archiver = archiver_new(&(struct archiver_options){.loop = w->loop,
                                                          .store = w->store,
                                                          .workers = w->workers,
                                                          .config = w->config,
                                                          .look_ms = 20});
    archiver_start(w->archiver);
}

/* @status: of the label, or NULL; a workflow with it has ended. */
static struct json workflow(struct world *w, const char *name, const char *status,
                            int64_t ended_ms)
{
    struct json doc;
    struct err err;
    struct str at = gotime_rfc3339(w->a, (struct wall){ended_ms});
    struct str text = str_printf(
        w->a,
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"
        "metadata: {name: %s, namespace: ns, uid: u-%s, labels: "
        "{workflows.argoproj.io/completed: '%s'%s%s}}\n"
        "spec: {entrypoint: main}\nstatus: {phase: %s, startedAt: '" STR_FMT
        "', finishedAt: '" STR_FMT "'}\n",
        name, name, status ? "true" : "false", status ? ", " ARCHIVER_LABEL ": " : "",
        status ? status : "", status ? "Failed" : "Running", STR_ARG(at), STR_ARG(at));

    assert_int_equal(yaml_parse(w->a, text, &doc, &err), 0);
    return doc;
}

static void write_doc(struct world *w, const struct json *doc, bool is_new)
{
    struct store_txn *txn = store_txn_new(w->store);

    if (is_new) {
        struct str uid = json_str(json_path(doc, "metadata", "uid", NULL));

        store_txn_create(txn, doc);
        store_txn_node(txn, uid, STR("n2"), 1, STR("{\"id\":\"n2\"}"));
        store_txn_node(txn, uid, STR("n1"), 2, STR("{\"id\":\"n1\"}"));
    } else {
        store_txn_update(txn, doc, 0);
    }
    store_world_commit(w->store, txn);
}

static struct str live_status(struct world *w, const char *name)
{
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("ns"),
                                  str_from(name)};
    const struct store_object *o;
    struct json doc;
    struct err err;

    if (store_get(w->store, &key, &o, &err) < 0)
        return STR_NONE;
    assert_int_equal(json_parse(w->a, str_copy(w->a, o->doc), &doc, &err), 0);
    store_object_unref(o);
    return json_str(json_path(&doc, "metadata", "labels", ARCHIVER_LABEL, NULL));
}

static bool find(struct world *w, const char *name, struct json *ret)
{
    struct str text;
    struct err err;

    if (store_archive_find(w->store, w->a, STR("ns"), str_from(name), &text, &err) < 0)
        return false;
    assert_int_equal(json_parse(w->a, text, ret, &err), 0);
    return true;
}

static void pump(struct world *w, int64_t ms)
{
    int64_t until = clock_wall().ms + ms;

    while (clock_wall().ms < until)
        loop_run_once(w->loop, 5);
}

static void wait_archived(struct world *w, const char *name)
{
    struct json doc;

    for (int i = 0; i < 2000 && !str_is(live_status(w, name), "Archived"); i++)
        loop_run_once(w->loop, 5);
    assert_true(str_is(live_status(w, name), "Archived"));
    assert_true(find(w, name, &doc));
}

static void test_at_start_and_later(void **state)
{
    struct world *w = *state;
    struct json before = workflow(w, "before", "Pending", 1000);
    struct json runs = workflow(w, "runs", NULL, 1000), later, doc;
    struct json done = workflow(w, "done", "Archived", 1000);
    const struct json *nodes;

    write_doc(w, &before, true);
    write_doc(w, &runs, true);
    write_doc(w, &done, true);
    start(w);
    wait_archived(w, "before");
    assert_true(find(w, "before", &doc));
    nodes = json_path(&doc, "status", "nodes", NULL);
    assert_int_equal(nodes->count, 2);
    assert_true(str_is(nodes->members[0].key, "n2")); /* in order of creation */
    assert_true(str_is(json_str(json_path(&doc, "metadata", "labels", ARCHIVER_LABEL, NULL)),
                       "Persisted"));
    pump(w, 50);
    assert_false(find(w, "runs", &doc));
    assert_false(find(w, "done", &doc));
    later = workflow(w, "runs", "Pending", 2000);
    write_doc(w, &later, false);
    wait_archived(w, "runs");
}

static void test_many(void **state)
{
    struct world *w = *state;
    char name[32];

    start(w);
    for (int i = 0; i < 150; i++) {
        struct json doc;

        snprintf(name, sizeof(name), "wf-%d", i);
        doc = workflow(w, name, "Pending", 1000);
        write_doc(w, &doc, true);
    }
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof(name), "wf-%d", i);
        wait_archived(w, name);
    }
}

/* Somebody writes all the time; in the end it is archived, as it is then. */
static void test_written_meanwhile(void **state)
{
    struct world *w = *state;
    struct json doc = workflow(w, "wf", "Pending", 1000), found;

    write_doc(w, &doc, true);
    start(w);
    for (int64_t i = 1; i <= 20; i++) {
        doc = workflow(w, "wf", "Pending", 1000 * i);
        write_doc(w, &doc, false);
        loop_run_once(w->loop, 0);
    }
    wait_archived(w, "wf");
    assert_true(find(w, "wf", &found));
    assert_true(str_is(json_str(json_path(&found, "status", "finishedAt", NULL)),
                       "1970-01-01T00:00:20Z"));
}

static void test_deleted_meanwhile(void **state)
{
    struct world *w = *state;
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("ns"), STR("wf")};
    struct json doc = workflow(w, "wf", "Pending", 1000), next;
    struct store_txn *txn = store_txn_new(w->store);
    struct store_result result = {0};
    struct err err;

    write_doc(w, &doc, true);
    start(w);
    store_txn_delete(txn, &key, STR(""), 0);
    assert_int_equal(store_commit_wait(w->store, txn, &result, &err), 0);
    next = workflow(w, "next", "Pending", 1000);
    write_doc(w, &next, true);
    wait_archived(w, "next"); /* the archiver goes on */
}

static void set_ttl(struct world *w, const char *ttl)
{
    struct json doc;
    struct err err;
    struct str text = str_printf(w->a,
                                 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "
                                 "workflow-controller-configmap, namespace: argo, uid: c}\n"
                                 "data:\n  persistence: '{archive: true, archiveTTL: %s}'\n",
                                 ttl);

    assert_int_equal(yaml_parse(w->a, text, &doc, &err), 0);
    write_doc(w, &doc, true);
    w->config = config_open(&(struct config_options){.loop = w->loop, .store = w->store}, &err);
    assert_non_null(w->config);
}

static void test_too_old(void **state)
{
    struct world *w = *state;
    int64_t now_ms = clock_wall().ms;
    struct json old = workflow(w, "old", "Pending", now_ms - 3 * 3600000LL), found;
    struct json young = workflow(w, "young", "Pending", now_ms - 3600000LL);

    set_ttl(w, "2h");
    write_doc(w, &old, true);
    write_doc(w, &young, true);
    start(w);
    wait_archived(w, "young");
    for (int i = 0;
         i < 2000 && (find(w, "old", &found) || !str_is(live_status(w, "old"), "Archived"));
         i++)
        loop_run_once(w->loop, 5);
    assert_false(find(w, "old", &found));
    pump(w, 60);
    assert_true(find(w, "young", &found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_at_start_and_later, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_written_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deleted_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_old, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
