/*
 * Tests of the controller on a real store: what it asks of a runner and when, over restarts,
 * a full runner, foreign changes, and a clock that is set. The pods are of the test.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/mem.h"
#include "base/tree.h"
#include "formats/gotime.h"
#include "formats/yaml.h"
#include "objects/workflow_node.h"
#include "tests/support/store_world.h"
#include "workflows/engine/engine.h"

enum { WAIT_STEPS = 2000, WAIT_STEP_MS = 5, PODS_MAX = 16, HOUR_MS = 3600000 };

/* What the engine has asked for. */
struct pod {
    struct str uid, node_name;
    struct str selector; /* of its machine, as JSON, or absent */
    struct wall deadline;
    bool is_killed, is_forgotten, was_held; /* at its creation */
};

struct world {
    char path[64];
    struct arena *a;
    struct loop *loop;
    struct workers *workers;
    struct store *store;
    struct engine *engine;
    struct pod_runner runner;
    struct pod pods[PODS_MAX];
    size_t count;
    unsigned refusals; /* so many times the runner is full */
    bool is_held;
};

static struct world *of(struct pod_runner *r)
{
    return CONTAINER_OF(r, struct world, runner);
}

static struct pod *find(struct world *w, struct str uid)
{
    for (size_t i = 0; i < w->count; i++)
        if (str_eq(w->pods[i].uid, uid))
            return &w->pods[i];
    return NULL;
}

static struct pod *known(struct world *w, struct str uid)
{
    struct pod *pod = find(w, uid);

    if (!pod) {
        fail_msg("nobody asked for " STR_FMT, STR_ARG(uid));
        abort();
    }
    return pod;
}

static int create(struct pod_runner *r, const struct pod_request *req, struct err *err)
{
    struct world *w = of(r);

    if (w->refusals > 0) {
        w->refusals--;
        return err_set(err, ERR_TRANSIENT, "full");
    }
    if (find(w, req->uid))
        return 0;
    assert_true(w->count < PODS_MAX);
    w->pods[w->count++] = (struct pod){
        .uid = str_copy(w->a, req->uid),
        .node_name = str_copy(w->a, req->node_name),
        .selector =
            req->node_selector ? json_text(w->a, req->node_selector, JSON_COMPACT) : STR_NONE,
        .deadline = req->deadline,
        .was_held = w->is_held};
    return 0;
}

static void kill_pod(struct pod_runner *r, struct str uid, struct str why, uint64_t grace_ms)
{
    (void) why, (void) grace_ms;
    known(of(r), uid)->is_killed = true;
}

static void forget(struct pod_runner *r, struct str uid, bool keep_logs)
{
    (void) keep_logs;
    known(of(r), uid)->is_forgotten = true;
}

static void hold(struct pod_runner *r, bool is_held)
{
    of(r)->is_held = is_held;
}

static void do_nothing(struct pod_runner *r)
{
    (void) r;
}

static const struct pod_runner_ops ops = {
    .create = create, .kill = kill_pod, .forget = forget, .hold = hold, .close = do_nothing};

/* ---- the world ---- */

static void start(struct world *w)
{
    const struct engine_options options = {
        .loop = w->loop, .store = w->store, .workers = w->workers, .runner = &w->runner};
    struct err err;

    w->count = 0;
    w->engine = engine_new(&options, &err);
    assert_non_null(w->engine);
    assert_int_equal(engine_start(w->engine, &err), 0);
    assert_true(w->is_held);
}

static void stop(struct world *w)
{
    engine_stop(w->engine);
    engine_free(w->engine);
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-engine-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->workers = workers_new(w->loop, 2, &err);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->store);
    w->runner.ops = &ops;
    start(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

#if WITH_FAULTS
    clock_set_ahead(0);
#endif
    stop(w);
    store_close(w->store);
    workers_free(w->workers);
    for (int i = 0; i < 5; i++)
        loop_run_once(w->loop, 1);
    loop_free(w->loop);
    tree_remove(AT_FDCWD, w->path);
    arena_free(w->a);
    free(w);
    return 0;
}

#define WAIT_FOR(w, condition)                                  \
    do {                                                        \
        for (int i_ = 0; i_ < WAIT_STEPS && !(condition); i_++) \
            loop_run_once((w)->loop, WAIT_STEP_MS);             \
        assert_true(condition);                                 \
    } while (0)

static void pump(struct world *w, int turns)
{
    for (int i = 0; i < turns; i++)
        loop_run_once(w->loop, WAIT_STEP_MS);
}

/* A workflow of these labels, and these lines below spec. */
static void submit_with(struct world *w, const char *name, const char *labels, const char *spec)
{
    struct str text =
        str_printf(w->a,
                   "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: %s, "
                   "labels: {%s}, namespace: ns, uid: u-%s, creationTimestamp: '" STR_FMT
                   "'}\nspec: {%s}\n",
                   name, labels, name, STR_ARG(gotime_rfc3339(w->a, clock_wall())), spec);
    struct json doc;
    struct err err;

    if (yaml_parse(w->a, text, &doc, &err) < 0)
        fail_msg("%s", err.text);
    store_world_write(w->store, &doc, true);
}

static void submit(struct world *w, const char *name, const char *spec)
{
    submit_with(w, name, "", spec);
}

static struct json stored(struct world *w, const char *name)
{
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("ns"),
                                  str_from(name)};
    const struct store_object *o;
    struct json ret;
    struct err err;

    assert_int_equal(store_get(w->store, &key, &o, &err), 0);
    assert_int_equal(json_parse(w->a, str_copy(w->a, o->doc), &ret, &err), 0);
    store_object_unref(o);
    return ret;
}

static bool has_phase(struct world *w, const char *name, const char *phase)
{
    struct json doc = stored(w, name);

    return str_is(json_str(json_path(&doc, "status", "phase", NULL)), phase);
}

/* As somebody would who edits it. */
static void edit(struct world *w, const char *name, const char *field, const char *value)
{
    struct json doc = stored(w, name);

    doc = json_set_path(w->a, &doc, json_string(str_from(value)), "spec", field, NULL);
    store_world_write(w->store, &doc, false);
}

static void delete (struct world *w, const char *name)
{
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("ns"),
                                  str_from(name)};
    struct store_txn *txn = store_txn_new(w->store);

    store_txn_delete(txn, &key, STR(""), 0);
    store_world_commit(w->store, txn);
}

static void report(struct world *w, size_t index, enum pod_phase phase)
{
    const struct wall now = clock_wall();
    const struct pod_report told = {.uid = w->pods[index].uid,
                                    .phase = phase,
                                    .message = STR(""),
                                    .started = now,
                                    .finished = phase == POD_RUNNING ? (struct wall){0} : now,
                                    .host = STR("h"),
                                    .ip = STR(""),
                                    .isolation = STR("process"),
                                    .is_final = phase != POD_RUNNING};

    w->runner.report(w->runner.report_ctx, &told);
}

#define POD "{name: pod, container: {image: i, command: [c]}}"
#define ONE "entrypoint: pod, templates: [" POD "]"
#define TWO                                                                                   \
    "entrypoint: main, templates: [{name: main, steps: [[{name: a, template: pod}], [{name: " \
    "b, template: pod}]]}, " POD "]"

/* ---- tests ---- */

static void test_two_steps(void **state)
{
    struct world *w = *state;

    WAIT_FOR(w, !w->is_held); /* nothing was there before */
    submit(w, "wf", TWO);
    WAIT_FOR(w, w->count == 1);
    assert_true(str_is(w->pods[0].node_name, "wf[0].a"));
    report(w, 0, POD_SUCCEEDED);
    WAIT_FOR(w, w->count == 2);
    assert_true(w->pods[0].is_forgotten);
    assert_true(str_is(w->pods[1].node_name, "wf[1].b"));
    report(w, 1, POD_SUCCEEDED);
    WAIT_FOR(w, has_phase(w, "wf", "Succeeded"));
    WAIT_FOR(w, w->pods[1].is_forgotten);
    assert_false(w->pods[0].is_killed);
    assert_int_equal(engine_stats_get(w->engine).active_workflows, 0);
}

/* Pods of before are all asked for while the runner is held; then it is let go. */
static void test_restart(void **state)
{
    struct world *w = *state;

    submit(w, "one", ONE);
    submit(w, "two", ONE);
    submit(w, "waits", "suspend: true, " ONE);
    submit(w, "done", ONE);
    WAIT_FOR(w, w->count == 3);
    for (size_t i = 0; i < 3; i++)
        if (str_is(w->pods[i].node_name, "done"))
            report(w, i, POD_SUCCEEDED);
    WAIT_FOR(w, has_phase(w, "done", "Succeeded"));
    stop(w);
    start(w);
    WAIT_FOR(w, w->count == 2);
    assert_true(w->pods[0].was_held && w->pods[1].was_held);
    WAIT_FOR(w, !w->is_held);
    submit(w, "new", ONE);
    WAIT_FOR(w, w->count == 3);
    assert_false(w->pods[2].was_held);
    report(w, 0, POD_SUCCEEDED);
    report(w, 1, POD_FAILED);
    report(w, 2, POD_SUCCEEDED);
    WAIT_FOR(w, engine_stats_get(w->engine).active_workflows == 1);
    assert_int_equal(has_phase(w, "one", "Failed") + has_phase(w, "two", "Failed"), 1);
    assert_true(has_phase(w, "new", "Succeeded"));
}

/* Who waits in a full runner would be waited for: it is let go. */
static void test_full_runner(void **state)
{
    struct world *w = *state;

    submit(w, "wf", ONE);
    WAIT_FOR(w, w->count == 1);
    stop(w);
    w->refusals = 2;
    start(w);
    WAIT_FOR(w, w->count == 1);
    assert_int_equal(w->refusals, 0);
    assert_false(w->pods[0].was_held);
    report(w, 0, POD_SUCCEEDED);
    WAIT_FOR(w, has_phase(w, "wf", "Succeeded"));
}

static void test_foreign_changes(void **state)
{
    struct world *w = *state;

    submit(w, "stops", ONE);
    WAIT_FOR(w, w->count == 1);
    report(w, 0, POD_RUNNING);
    edit(w, "stops", "shutdown", "Terminate");
    WAIT_FOR(w, w->pods[0].is_killed);
    report(w, 0, POD_FAILED);
    WAIT_FOR(w, has_phase(w, "stops", "Failed"));
    submit(w, "goes", ONE);
    WAIT_FOR(w, w->count == 2);
    delete (w, "goes");
    WAIT_FOR(w, w->pods[1].is_killed && w->pods[1].is_forgotten);
    report(w, 1, POD_FAILED); /* nobody listens any more */
    pump(w, 5);
    assert_int_equal(engine_stats_get(w->engine).active_workflows, 0);
}

/* The template's own selector counts, else its caller's, else the workflow's: as a whole. */
static void test_machine(void **state)
{
    static const char *const want[] = {"{\"a\":\"own\"}", "{\"a\":\"caller\",\"b\":\"c\"}",
                                       "{\"a\":\"flow\"}", NULL};
    struct world *w = *state;

    submit(w, "wf",
           "entrypoint: main, nodeSelector: {a: flow}, templates: [{name: main, nodeSelector: "
           "{a: caller, b: c}, steps: [[{name: x, template: own}], [{name: y, template: "
           "pod}]]}, {name: own, nodeSelector: {a: own}, container: {image: i, command: [c]}}, "
           "" POD "]");
    WAIT_FOR(w, w->count == 1);
    report(w, 0, POD_SUCCEEDED);
    WAIT_FOR(w, w->count == 2);
    submit(w, "flow", "nodeSelector: {a: flow}, " ONE);
    WAIT_FOR(w, w->count == 3);
    submit(w, "any", ONE);
    WAIT_FOR(w, w->count == 4);
    for (size_t i = 0; i < COUNT_OF(want); i++)
        if (want[i] ? !str_is(w->pods[i].selector, want[i]) : !str_is_none(w->pods[i].selector))
            fail_msg("pod %zu: " STR_FMT, i, STR_ARG(w->pods[i].selector));
}

/* What is held for whoever debugs it has all the time that takes. */
static void test_debugged(void **state)
{
    static const char *const kinds[] = {
        "container: {image: i, command: [c], env: [{name: X, value: y}, {name: "
        "ARGO_DEBUG_PAUSE_BEFORE, value: 'true'}]}",
        "script: {image: i, command: [c], source: s, env: [{name: ARGO_DEBUG_PAUSE_AFTER, "
        "value: 'true'}]}",
        "containerSet: {containers: [{name: a, image: i, command: [c]}, {name: b, image: i, "
        "command: [c], env: [{name: ARGO_DEBUG_PAUSE_AFTER, value: 'true'}]}]}",
        "container: {image: i, command: [c], env: [{name: ARGO_DEBUG, value: 'true'}]}"};
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const char *name = str_cz(w->a, str_printf(w->a, "wf-%zu", i));

        submit(
            w, name,
            str_cz(w->a, str_printf(w->a,
                                    "entrypoint: pod, activeDeadlineSeconds: 600, templates: "
                                    "[{name: pod, activeDeadlineSeconds: 300, %s}]",
                                    kinds[i])));
        WAIT_FOR(w, w->count == i + 1);
        assert_int_equal(w->pods[i].deadline.ms == 0, i < 3);
    }
}

/* ---- rows and status that somebody else writes ---- */

#define PAIR                                                                              \
    "entrypoint: main, templates: [{name: main, dag: {tasks: [{name: a, template: pod}, " \
    "{name: b, template: pod}]}}, " POD "]"

/* The row of a node by its name, as it is stored; an absent id: there is none. */
static struct store_node row_of(struct world *w, const char *workflow, const char *name)
{
    struct str uid = str_printf(w->a, "u-%s", workflow);
    struct store_node *rows, ret = {.id = STR_NONE};
    struct err err;
    size_t count;

    assert_int_equal(store_nodes(w->store, w->a, uid, &rows, &count, &err), 0);
    for (size_t i = 0; i < count; i++) {
        struct json doc;

        assert_int_equal(json_parse(w->a, rows[i].doc, &doc, &err), 0);
        if (str_is(json_get_str(&doc, STR("name")), name))
            ret = rows[i];
    }
    return ret;
}

static bool runs(struct world *w, const char *workflow, const char *node)
{
    const struct store_node row = row_of(w, workflow, node);

    return !str_is_none(row.id) && str_find(row.doc, STR("\"Running\"")) != SIZE_MAX;
}

/* A row with a member changed, or without any: taken away; a new version of the document. */
static void rewrite(struct world *w, const struct json *doc, const struct store_node *row,
                    const char *member, struct str value)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct str text = STR_NONE;
    struct json node;
    struct err err;

    if (member) {
        assert_int_equal(json_parse(w->a, row->doc, &node, &err), 0);
        node = json_set(w->a, &node, str_from(member), json_string(value));
        text = json_text(w->a, &node, JSON_COMPACT);
    }
    store_txn_update(txn, doc, 0);
    store_txn_node(txn, json_str(json_path(doc, "metadata", "uid", NULL)), row->id, row->seq,
                   text);
    store_world_commit(w->store, txn);
}

/* Its pod is stopped and another one is made; what the old one has to say is nobody's. The pod
 * beside it has the uid that its row says, also after a restart. */
static void test_node_taken_away(void **state)
{
    struct world *w = *state;
    struct store_node a, b;
    struct json doc;
    struct str kept;

    submit(w, "wf", PAIR);
    WAIT_FOR(w, w->count == 2);
    report(w, 0, POD_RUNNING);
    report(w, 1, POD_RUNNING);
    WAIT_FOR(w, runs(w, "wf", "wf.a") && runs(w, "wf", "wf.b"));
    kept = w->pods[0].uid;
    a = row_of(w, "wf", "wf.a");
    b = row_of(w, "wf", "wf.b");
    doc = stored(w, "wf");
    rewrite(w, &doc, &a, WORKFLOW_NODE_POD, kept);
    doc = json_set_path(w->a, &doc, json_int(w->a, 2), "metadata", "generation", NULL);
    rewrite(w, &doc, &b, NULL, STR_NONE);
    WAIT_FOR(w, w->count == 3 && w->pods[1].is_killed);
    assert_false(w->pods[0].is_killed);
    assert_true(str_is(w->pods[2].node_name, "wf.b"));
    assert_false(str_eq(w->pods[2].uid, w->pods[1].uid));
    report(w, 1, POD_FAILED);
    WAIT_FOR(w, w->pods[1].is_forgotten);
    assert_true(has_phase(w, "wf", "Running"));
    stop(w);
    start(w);
    WAIT_FOR(w, w->count == 2);
    assert_true(str_eq(w->pods[0].uid, kept) || str_eq(w->pods[1].uid, kept));
    report(w, 0, POD_SUCCEEDED);
    report(w, 1, POD_SUCCEEDED);
    WAIT_FOR(w, has_phase(w, "wf", "Succeeded"));
    a = row_of(w, "wf", "wf.a");
    assert_int_equal(str_find(a.doc, STR(WORKFLOW_NODE_POD)), SIZE_MAX);
}

/* A node that is ended from outside needs its pod no more, and what waits for it begins. */
static void test_node_ended(void **state)
{
    struct world *w = *state;
    struct store_node a;
    struct json doc;

    submit(w, "wf", TWO);
    WAIT_FOR(w, w->count == 1);
    report(w, 0, POD_RUNNING);
    WAIT_FOR(w, runs(w, "wf", "wf[0].a"));
    a = row_of(w, "wf", "wf[0].a");
    doc = stored(w, "wf");
    rewrite(w, &doc, &a, "phase", STR("Succeeded"));
    WAIT_FOR(w, w->count == 2 && w->pods[0].is_killed);
    report(w, 0, POD_FAILED);
    report(w, 1, POD_SUCCEEDED);
    WAIT_FOR(w, has_phase(w, "wf", "Succeeded"));
}

/* What such a node held is free, before its workflow ends. */
static void test_lock_of_an_ended_node(void **state)
{
    static const char *const locks[] = {
        "mutexes: [{name: m}]",
        "semaphores: [{configMapKeyRef: {name: c, key: k}}]",
    };
    struct world *w = *state;
    struct json map;
    struct err err;

    assert_int_equal(yaml_parse(w->a,
                                STR("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, "
                                    "namespace: ns, uid: c}\ndata: {k: '1'}\n"),
                                &map, &err),
                     0);
    store_world_write(w->store, &map, true);
    for (size_t i = 0; i < COUNT_OF(locks); i++) {
        const char *holds = i == 0 ? "holds0" : "holds1", *waits = i == 0 ? "waits0" : "waits1";
        size_t before = w->count;
        struct store_node held;
        struct json doc;

        submit(
            w, holds,
            str_cz(w->a, str_printf(w->a,
                                    "entrypoint: main, templates: [{name: main, steps: "
                                    "[[{name: s, template: s}], [{name: p, template: pod}]]}, "
                                    "{name: s, synchronization: {%s}, suspend: {}}, " POD "]",
                                    locks[i])));
        WAIT_FOR(w, runs(w, holds, str_cz(w->a, str_printf(w->a, "%s[0].s", holds))));
        submit(w, waits,
               str_cz(w->a, str_printf(w->a,
                                       "entrypoint: pod, templates: [{name: pod, "
                                       "synchronization: {%s}, container: {image: i, command: "
                                       "[c]}}]",
                                       locks[i])));
        WAIT_FOR(w, !str_is_none(row_of(w, waits, waits).id));
        assert_int_equal(w->count, before);
        held = row_of(w, holds, str_cz(w->a, str_printf(w->a, "%s[0].s", holds)));
        doc = stored(w, holds);
        rewrite(w, &doc, &held, "phase", STR("Succeeded"));
        WAIT_FOR(w, w->count == before + 2);
        assert_true(has_phase(w, holds, "Running"));
    }
}

/* A status alone, without rows: what is in memory does not go over it. */
static void test_status_from_outside(void **state)
{
    struct world *w = *state;
    struct json doc;

    submit(w, "wf", ONE);
    WAIT_FOR(w, w->count == 1);
    report(w, 0, POD_RUNNING);
    WAIT_FOR(w, runs(w, "wf", "wf"));
    doc = stored(w, "wf");
    doc = json_set_path(w->a, &doc, json_string(STR("by hand")), "status", "message", NULL);
    store_world_write(w->store, &doc, false);
    pump(w, 10);
    assert_false(w->pods[0].is_killed);
    doc = json_set_path(w->a, &doc, json_string(STR("Failed")), "status", "phase", NULL);
    store_world_write(w->store, &doc, false);
    WAIT_FOR(w, w->pods[0].is_killed && w->pods[0].is_forgotten);
    doc = stored(w, "wf");
    assert_true(has_phase(w, "wf", "Failed"));
    assert_true(str_is(json_str(json_path(&doc, "status", "message", NULL)), "by hand"));
    assert_true(str_is(json_str(json_path(&doc, "metadata", "labels",
                                          "workflows.argoproj.io/completed", NULL)),
                       "true"));
    assert_false(str_is_empty(json_str(json_path(&doc, "status", "finishedAt", NULL))));
    assert_int_equal(engine_stats_get(w->engine).active_workflows, 0);
}

/* Rows may be anything: one of another type than its template ends in error. */
static void test_row_of_another_type(void **state)
{
    static const char *const types[] = {"Steps", "Pod",    "Suspend",   "Retry",
                                        "HTTP",  "Plugin", "TaskGroup", "Container"};
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        const char *name = str_cz(w->a, str_printf(w->a, "wf%zu", i));
        size_t before = w->count;
        struct store_node root;
        struct json doc;

        submit(w, name, PAIR);
        WAIT_FOR(w, w->count == before + 2 && runs(w, name, name));
        root = row_of(w, name, name);
        doc = stored(w, name);
        rewrite(w, &doc, &root, "type", str_from(types[i]));
        WAIT_FOR(w, has_phase(w, name, "Error") || has_phase(w, name, "Failed"));
    }
}

#if WITH_FAULTS /* with clock_set_ahead() */

/* A sleep ends when its time has come by the clock as it is then. */
static void test_clock_ahead(void **state)
{
    struct world *w = *state;

    submit(w, "sleeps",
           "entrypoint: main, templates: [{name: main, steps: [[{name: s, template: s}], "
           "[{name: p, template: pod}]]}, {name: s, suspend: {duration: 30m}}, " POD "]");
    submit(w, "late", "activeDeadlineSeconds: 1800, " ONE);
    WAIT_FOR(w, w->count == 1);
    report(w, 0, POD_RUNNING);
    pump(w, 10);
    assert_int_equal(w->count, 1);
    clock_set_ahead(HOUR_MS);
    edit(w, "sleeps", "podPriorityClassName", "x"); /* else in ENGINE_WAKE_MAX_MS */
    edit(w, "late", "podPriorityClassName", "x");
    WAIT_FOR(w, w->count == 2);
    WAIT_FOR(w, w->pods[0].is_killed);
    report(w, 0, POD_FAILED);
    WAIT_FOR(w, has_phase(w, "late", "Failed"));
    report(w, 1, POD_SUCCEEDED);
    WAIT_FOR(w, has_phase(w, "sleeps", "Succeeded"));
}

/* Nothing is late for a clock that was set back, nothing begins twice, and all ends when the
 * clock has come there again; the next start sees it so, too. */
static void test_clock_back(void **state)
{
    struct world *w = *state;

    submit(w, "wf",
           "entrypoint: main, activeDeadlineSeconds: 7200, templates: [{name: main, steps: "
           "[[{name: s, template: s}], [{name: p, template: pod}]]}, {name: s, suspend: "
           "{duration: 30m}}, " POD "]");
    submit(w, "pod", "activeDeadlineSeconds: 1800, " ONE);
    WAIT_FOR(w, w->count == 1);
    clock_set_ahead(-HOUR_MS);
    edit(w, "wf", "podPriorityClassName", "x");
    edit(w, "pod", "podPriorityClassName", "x");
    pump(w, 30);
    assert_int_equal(w->count, 1);
    assert_false(w->pods[0].is_killed);
    stop(w);
    start(w);
    WAIT_FOR(w, w->count == 1);
    pump(w, 10);
    report(w, 0, POD_SUCCEEDED); /* it ends before it began, by its stamps */
    WAIT_FOR(w, has_phase(w, "pod", "Succeeded"));
    assert_true(has_phase(w, "wf", "Running"));
    clock_set_ahead(HOUR_MS);
    edit(w, "wf", "podPriorityClassName", "y");
    WAIT_FOR(w, w->count == 2);
    clock_set_ahead(0);
    report(w, 1, POD_SUCCEEDED);
    WAIT_FOR(w, has_phase(w, "wf", "Succeeded"));
}

/* A pod's deadline is a time of day: the runner is told the same one over a restart, of which
 * the store knows the whole second. */
static void test_deadline_over_a_restart(void **state)
{
    struct world *w = *state;
    struct wall first;

    submit(w, "wf",
           "entrypoint: pod, templates: [{name: pod, activeDeadlineSeconds: 600, "
           "container: {image: i, command: [c]}}]");
    WAIT_FOR(w, w->count == 1);
    first = w->pods[0].deadline;
    assert_true(first.ms > clock_wall().ms + 500000 && first.ms <= clock_wall().ms + 601000);
    stop(w);
    clock_set_ahead(-HOUR_MS);
    start(w);
    WAIT_FOR(w, w->count == 1);
    assert_int_equal(w->pods[0].deadline.ms, first.ms / 1000 * 1000);
}

#define TEMPLATE "workflows.argoproj.io/workflow-template: t"

static int64_t estimated(struct world *w, const char *name)
{
    struct json doc = stored(w, name);
    int64_t seconds = 0;

    return json_i64(json_path(&doc, "status", "estimatedDuration", NULL), &seconds) ? seconds
                                                                                    : 0;
}

/* That of a node by its display name. */
static int64_t node_estimated(struct world *w, const char *name, const char *node)
{
    struct store_node *rows;
    int64_t seconds = 0;
    size_t count = 0;
    struct json doc;
    struct err err;

    assert_int_equal(
        store_nodes(w->store, w->a, str_printf(w->a, "u-%s", name), &rows, &count, &err), 0);
    for (size_t i = 0; i < count; i++)
        if (json_parse(w->a, rows[i].doc, &doc, &err) == 0 &&
            str_is(json_get_str(&doc, STR("displayName")), node) &&
            json_i64(json_get(&doc, STR("estimatedDuration")), &seconds))
            return seconds;
    return 0;
}

/* Two pods of so many seconds; the last of them ends in a phase. */
static void run_two(struct world *w, const char *name, int64_t first_s, int64_t second_s,
                    enum pod_phase end)
{
    static int64_t ahead_ms;
    size_t from = w->count;

    submit_with(w, name, TEMPLATE, TWO);
    WAIT_FOR(w, w->count == from + 1);
    clock_set_ahead(ahead_ms += first_s * 1000);
    report(w, from, POD_SUCCEEDED);
    WAIT_FOR(w, w->count == from + 2);
    clock_set_ahead(ahead_ms += second_s * 1000);
    report(w, from + 1, end);
    WAIT_FOR(w, has_phase(w, name, end == POD_SUCCEEDED ? "Succeeded" : "Failed"));
    WAIT_FOR(w, w->pods[from + 1].is_forgotten);
}

static void check_about(int64_t have, int64_t want)
{
    assert_in_range(have, want, want + 2); /* whole seconds, and the test's own time */
}

/* The first run knows nothing; later ones take as long as the newest that has succeeded, also
 * in what is left of them after a restart, and that of a run that no memory has. */
static void test_estimates(void **state)
{
    struct world *w = *state;

    run_two(w, "one", 100, 30, POD_SUCCEEDED);
    assert_int_equal(estimated(w, "one"), 0);
    assert_int_equal(node_estimated(w, "one", "a"), 0);
    run_two(w, "two", 200, 60, POD_FAILED); /* counts for nothing */
    check_about(estimated(w, "two"), 130);
    check_about(node_estimated(w, "two", "two"), 130);
    check_about(node_estimated(w, "two", "a"), 100);
    check_about(node_estimated(w, "two", "b"), 30);
    stop(w);
    start(w);
    run_two(w, "three", 300, 90, POD_SUCCEEDED);
    check_about(estimated(w, "three"), 130);
    submit_with(w, "four", TEMPLATE, TWO);
    WAIT_FOR(w, w->count == 3);
    check_about(estimated(w, "four"), 390);
    stop(w);
    start(w);
    WAIT_FOR(w, w->count == 1);
    report(w, 0, POD_SUCCEEDED);
    WAIT_FOR(w, w->count == 2);
    check_about(node_estimated(w, "four", "a"), 300);
    check_about(node_estimated(w, "four", "b"), 90);
    submit(w, "five", ONE); /* of no template */
    WAIT_FOR(w, w->count == 3);
    assert_int_equal(estimated(w, "five"), 0);
}

#endif

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_two_steps),
        TEST(test_restart),
        TEST(test_full_runner),
        TEST(test_foreign_changes),
        TEST(test_machine),
        TEST(test_debugged),
        TEST(test_node_taken_away),
        TEST(test_node_ended),
        TEST(test_lock_of_an_ended_node),
        TEST(test_status_from_outside),
        TEST(test_row_of_another_type),
#if WITH_FAULTS
        TEST(test_clock_ahead),
        TEST(test_clock_back),
        TEST(test_deadline_over_a_restart),
        TEST(test_estimates),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
