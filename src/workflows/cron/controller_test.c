/* Tests of the controller of CronWorkflows on a real store, with real submission and a real
 * clock: runs, policies, history, restarts, what is wrong, and what costs nothing. The
 * Workflows are ended by the test; nothing runs them. */
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
#include "base/random.h"
#include "formats/gotime.h"
#include "formats/yaml.h"
#include "objects/cron_workflow.h"
#include "tests/support/store_world.h"
#include "workflows/cron/cron.h"
#include "workflows/submit/submit.h"

struct world {
    char path[64];
    struct arena *a;
    struct loop *loop;
    struct store *store;
    struct workers *workers;
    struct workflow_submitter submitter;
    struct cron_controller *c;
};

/* ---- a world ---- */

static void start(struct world *w)
{
    const struct cron_controller_options options = {
        .loop = w->loop, .store = w->store, .workers = w->workers, .submitter = &w->submitter};
    struct err err;

    w->c = cron_controller_new(&options);
    assert_int_equal(cron_controller_start(w->c, &err), 0);
}

static void stop(struct world *w)
{
    if (w->c)
        cron_controller_stop(w->c);
    cron_controller_free(TAKE(w->c));
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-cron-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->store);
    w->workers = workers_new(w->loop, 4, &err);
    workflow_submitter_init(&w->submitter, w->store);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "state.lock"};
    struct world *w = *state;
    char file[128];

    stop(w);
    store_close(w->store);
    workers_free(w->workers);
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

static void pump(struct world *w, int64_t ms)
{
    struct mono until = mono_after(clock_mono(), (uint64_t) ms);

    while (mono_ms_until(clock_mono(), until) > 0)
        loop_run_once(w->loop, 5);
}

/* ---- objects ---- */

static struct json yaml(struct world *w, struct str text)
{
    struct json doc;
    struct err err;

    if (yaml_parse(w->a, text, &doc, &err) < 0)
        fail_msg("%s: " STR_FMT, err.text, STR_ARG(text));
    return doc;
}

#define TEMPLATE "workflowSpec: {entrypoint: a, templates: [{name: a, container: {image: b}}]}"

static struct json cron_of(struct world *w, const char *name, const char *spec)
{
    return yaml(w, str_printf(w->a,
                              "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\n"
                              "metadata: {name: %s, namespace: ns}\n"
                              "spec: {%s, " TEMPLATE "}\n",
                              name, spec));
}

static void create(struct world *w, const struct json *doc)
{
    const struct store_object *o;
    struct err err;

    if (w->submitter.create(w->submitter.ctx, doc, STR("ns"), STR(""), &o, &err) < 0)
        fail_msg("%s", err.text);
    store_object_unref(o);
}

/* As it is stored, or JSON null. */
static struct json find(struct world *w, const char *kind, struct str name, int64_t *ret_rv)
{
    const struct store_key key = {STR("argoproj.io"), str_from(kind), STR("ns"), name};
    const struct store_object *o;
    struct json doc;
    struct err err;

    if (store_get(w->store, &key, &o, &err) < 0)
        return json_null();
    if (ret_rv)
        *ret_rv = o->rv;
    assert_int_equal(json_parse(w->a, str_copy(w->a, o->doc), &doc, &err), 0);
    store_object_unref(o);
    return doc;
}

static struct json cron(struct world *w, const char *name)
{
    return find(w, "CronWorkflow", str_from(name), NULL);
}

static int64_t number(const struct json *doc, const char *name)
{
    int64_t n = 0;

    return json_i64(json_path(doc, "status", name, NULL), &n) ? n : 0;
}

static struct store_list workflows(struct world *w)
{
    const struct store_query q = {.group = STR("argoproj.io"),
                                  .kind = STR("Workflow"),
                                  .ns = STR(""),
                                  .name_prefix = STR(""),
                                  .continue_token = STR("")};
    struct store_list list;
    struct err err;

    assert_int_equal(store_list(w->store, w->a, &q, &list, &err), 0);
    return list;
}

static size_t count_workflows(struct world *w)
{
    struct store_list list = workflows(w);
    size_t len = list.len;

    store_list_done(&list);
    return len;
}

static void commit(struct world *w, struct store_txn *txn)
{

    store_world_commit(w->store, txn);
}

static void update(struct world *w, const struct json *doc)
{
    struct store_txn *txn = store_txn_new(w->store);

    store_txn_update(txn, doc, 0);
    commit(w, txn);
}

/* The engine's part: a workflow ends. */
static void end_workflow(struct world *w, struct str name, const char *phase, int second)
{
    struct json doc = find(w, "Workflow", name, NULL);

    doc = json_set_path(w->a, &doc, json_string(str_from(phase)), "status", "phase", NULL);
    doc = json_set_path(w->a, &doc,
                        json_string(str_printf(w->a, "2026-01-01T00:00:%02dZ", second)),
                        "status", "finishedAt", NULL);
    doc = json_set_path(w->a, &doc, json_string(STR("true")), "metadata", "labels",
                        "workflows.argoproj.io/completed", NULL);
    update(w, &doc);
}

static void end_all(struct world *w, const char *phase)
{
    struct store_list list = workflows(w);

    for (size_t i = 0; i < list.len; i++)
        if (!list.at[i]->is_finished)
            end_workflow(w, list.at[i]->key.name, phase, (int) i);
    store_list_done(&list);
}

/* Waits for something, at most five seconds. */
#define WAIT_FOR(w, condition)                                          \
    do {                                                                \
        struct mono until_ = mono_after(clock_mono(), 5000);            \
        while (!(condition) && mono_ms_until(clock_mono(), until_) > 0) \
            pump((w), 10);                                              \
        if (!(condition))                                               \
            fail_msg("waited in vain for %s", #condition);              \
    } while (0)

static bool has_condition(struct world *w, const char *name, const char *type, const char *text)
{
    struct json doc = cron(w, name);
    const struct json *list = json_path(&doc, "status", "conditions", NULL), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_is(json_get_str(item, STR("type")), type) &&
            str_find(json_get_str(item, STR("message")), str_from(text)) != SIZE_MAX)
            return true;
    return false;
}

static size_t active(struct world *w, const char *name)
{
    struct json doc = cron(w, name);
    const struct json *list = json_path(&doc, "status", "active", NULL);

    return list ? list->count : 0;
}

static int64_t failed(struct world *w, const char *name)
{
    struct json doc = cron(w, name);

    return number(&doc, "failed");
}

/* ---- runs ---- */

static void check_run(struct world *w, const struct store_object *o, const struct json *of)
{
    struct json doc;
    const struct json *meta, *owner;
    struct str time, last = json_str(json_path(of, "status", "lastScheduledTime", NULL));
    struct wall at;
    struct err err;

    assert_int_equal(json_parse(w->a, str_copy(w->a, o->doc), &doc, &err), 0);
    meta = json_get(&doc, STR("metadata"));
    time = json_str(json_path(meta, "annotations", OBJECT_CRON_SCHEDULED_TIME, NULL));
    assert_true(str_eq(time, last));
    assert_int_equal(gotime_parse_wall(time, &at, &err), 0);
    assert_true(str_eq(o->key.name, str_printf(w->a, "c-%lld", (long long) at.ms / 1000)));
    assert_true(str_is(json_str(json_path(meta, "labels", OBJECT_CRON_LABEL, NULL)), "c"));
    assert_true(str_is(json_str(json_path(meta, "labels", "team", NULL)), "red"));
    assert_true(str_is(json_str(json_path(meta, "annotations", "note", NULL)), "x"));
    owner = json_item(json_get(meta, STR("ownerReferences")), 0);
    assert_true(str_is(json_get_str(owner, STR("kind")), "CronWorkflow"));
    assert_true(str_eq(json_get_str(owner, STR("uid")),
                       json_str(json_path(of, "metadata", "uid", NULL))));
    assert_true(json_get_bool(owner, STR("controller")));
}

static void test_run(void **state)
{
    struct world *w = *state;
    struct json doc =
        cron_of(w, "c",
                "schedules: ['@every 1s'], concurrencyPolicy: Forbid, "
                "workflowMetadata: {labels: {team: red}, annotations: {note: x}}");
    struct store_list list;

    create(w, &doc);
    start(w);
    WAIT_FOR(w, active(w, "c") == 1);
    pump(w, 1500); /* Forbid: no other */
    list = workflows(w);
    assert_int_equal(list.len, 1);
    doc = cron(w, "c");
    check_run(w, list.at[0], &doc);
    store_list_done(&list);
    assert_true(str_is(json_str(json_path(&doc, "status", "phase", NULL)), "Active"));
    assert_true(
        str_is(json_str(json_path(&doc, "metadata", "annotations",
                                  "cronworkflows.argoproj.io/last-used-schedule", NULL)),
               "@every 1s"));
    end_all(w, "Succeeded");
    WAIT_FOR(w, count_workflows(w) == 2);
    doc = cron(w, "c");
    assert_int_equal(number(&doc, "succeeded"), 1);
}

static void test_replace(void **state)
{
    struct world *w = *state;
    struct json doc = cron_of(w, "c", "schedules: ['@every 1s'], concurrencyPolicy: Replace");
    struct store_list list;
    size_t ended = 0;

    create(w, &doc);
    start(w);
    WAIT_FOR(w, count_workflows(w) == 2);
    stop(w);
    list = workflows(w);
    for (size_t i = 0; i < list.len; i++) {
        doc = find(w, "Workflow", list.at[i]->key.name, NULL);
        ended += str_is(json_str(json_path(&doc, "spec", "shutdown", NULL)), "Terminate");
    }
    store_list_done(&list);
    assert_int_equal(ended, 1);
}

static void test_history(void **state)
{
    struct world *w = *state;
    struct json doc = cron_of(w, "c",
                              "schedules: ['@every 1s'], successfulJobsHistoryLimit: 1, "
                              "failedJobsHistoryLimit: 0");

    create(w, &doc);
    start(w);
    WAIT_FOR(w, count_workflows(w) >= 1);
    end_all(w, "Succeeded");
    WAIT_FOR(w, count_workflows(w) >= 2);
    doc = cron(w, "c");
    doc = json_set_path(w->a, &doc, json_bool(true), "spec", "suspend", NULL);
    update(w, &doc);
    pump(w, 200);
    end_all(w, "Succeeded");
    WAIT_FOR(w, count_workflows(w) == 1);
    WAIT_FOR(w, active(w, "c") == 0);
    doc = cron(w, "c");
    assert_true(number(&doc, "succeeded") >= 2);
    doc = json_set_path(w->a, &doc, json_bool(false), "spec", "suspend", NULL);
    update(w, &doc);
    WAIT_FOR(w, count_workflows(w) == 2);
    end_all(w, "Failed");
    WAIT_FOR(w, failed(w, "c") >= 1);
}

/* ---- suspension, missed runs, restarts ---- */

static void test_suspended(void **state)
{
    struct world *w = *state;
    struct json doc = cron_of(w, "c", "schedules: ['@every 1s'], suspend: true");

    create(w, &doc);
    start(w);
    pump(w, 2200);
    assert_int_equal(count_workflows(w), 0);
    assert_int_equal(cron_stats_get(w->c).wakes, 0);
    doc = cron(w, "c");
    doc = json_set_path(w->a, &doc, json_bool(false), "spec", "suspend", NULL);
    update(w, &doc);
    WAIT_FOR(w, count_workflows(w) > 0);
}

/* A run that was due while nobody was there is made up for, once, however often we start. */
static void test_missed(void **state)
{
    struct world *w = *state;
    int64_t now_s = clock_wall().ms / 1000;
    struct json doc =
        cron_of(w, "c", "schedules: ['@every 1000s'], startingDeadlineSeconds: 900");
    struct str last = gotime_rfc3339(w->a, (struct wall){(now_s - 1010) * 1000});
    struct str name = str_printf(w->a, "c-%lld", (long long) now_s - 10);

    create(w, &doc);
    doc = cron(w, "c");
    doc = json_set_path(w->a, &doc, json_string(last), "status", "lastScheduledTime", NULL);
    doc = json_set_path(w->a, &doc, json_string(STR("@every 1000s")), "metadata", "annotations",
                        "cronworkflows.argoproj.io/last-used-schedule", NULL);
    update(w, &doc);
    for (int i = 0; i < 3; i++) {
        start(w);
        WAIT_FOR(w, active(w, "c") == 1);
        pump(w, 100);
        assert_int_equal(count_workflows(w), 1);
        stop(w);
        if (i == 1) /* a crash between the submission and the status */
            update(w, &doc);
    }
    assert_int_equal(find(w, "Workflow", name, NULL).type, JSON_OBJECT);
    end_all(w, "Succeeded");
    update(w, &doc); /* the status forgets it; the workflow is gone, too */
    {
        struct store_txn *txn = store_txn_new(w->store);
        const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("ns"), name};

        store_txn_delete(txn, &key, STR(""), 0);
        commit(w, txn);
    }
    start(w);
    pump(w, 300);
    assert_int_equal(count_workflows(w), 0);
    doc = cron(w, "c");
    assert_false(str_eq(json_str(json_path(&doc, "status", "lastScheduledTime", NULL)), last));
}

#if WITH_FAULTS
enum { HOUR_MS = 3600000 };

/* Somebody writes a note to the object: it is looked at. */
static void touch(struct world *w, const char *note)
{
    struct json doc = cron(w, "c");

    doc = json_set_path(w->a, &doc, json_string(str_from(note)), "metadata", "annotations",
                        "note", NULL);
    update(w, &doc);
}

static int64_t last_run(struct world *w)
{
    struct json doc = cron(w, "c");
    struct wall at = {0};
    struct err err;

    gotime_parse_wall(json_str(json_path(&doc, "status", "lastScheduledTime", NULL)), &at,
                      &err);
    return at.ms;
}

/* The clock is set an hour ahead: what came due by that is run, once. It is set back: times
 * that were run are not run again, not after a restart either, and it goes on. */
static void test_clock_jumps(void **state)
{
    struct world *w = *state;
    struct json doc =
        cron_of(w, "c", "schedules: ['*/30 * * * *'], startingDeadlineSeconds: 3600");
    int64_t first, begun = clock_wall().ms;

    create(w, &doc);
    doc = cron(w, "c"); /* as behind a run */
    doc = json_set_path(w->a, &doc, json_string(gotime_rfc3339(w->a, (struct wall){begun})),
                        "status", "lastScheduledTime", NULL);
    doc = json_set_path(w->a, &doc, json_string(STR("*/30 * * * *")), "metadata", "annotations",
                        "cronworkflows.argoproj.io/last-used-schedule", NULL);
    update(w, &doc);
    start(w);
    pump(w, 100);
    assert_int_equal(count_workflows(w), 0);
    clock_set_ahead(HOUR_MS);
    touch(w, "ahead");
    WAIT_FOR(w, count_workflows(w) == 2); /* an hour has two of them */
    WAIT_FOR(w, active(w, "c") == 2);
    first = last_run(w);
    assert_true(first > begun && first <= clock_wall().ms);
    touch(w, "still");
    pump(w, 200);
    assert_int_equal(count_workflows(w), 2);
    clock_set_ahead(0);
    touch(w, "back");
    pump(w, 200);
    assert_int_equal(count_workflows(w), 2);
    stop(w);
    start(w);
    pump(w, 200);
    assert_int_equal(count_workflows(w), 2);
    clock_set_ahead(HOUR_MS); /* the same hour once more */
    touch(w, "again");
    pump(w, 200);
    for (int i = 0; i < 2; i++) {
        stop(w);
        start(w);
        pump(w, 200);
        assert_int_equal(count_workflows(w), 2);
    }
    clock_set_ahead(2 * HOUR_MS);
    touch(w, "further");
    WAIT_FOR(w, last_run(w) > first);
    assert_true(count_workflows(w) >= 3 && count_workflows(w) <= 4);
    clock_set_ahead(0);
}
#endif

static void test_deleted_owner(void **state)
{
    struct world *w = *state;
    struct json doc = cron_of(w, "c", "schedules: ['@every 1s']");
    const struct store_key key = {STR("argoproj.io"), STR("CronWorkflow"), STR("ns"), STR("c")};
    struct store_txn *txn;

    create(w, &doc);
    start(w);
    WAIT_FOR(w, count_workflows(w) == 1);
    txn = store_txn_new(w->store);
    store_txn_delete(txn, &key, STR(""), 0);
    commit(w, txn);
    WAIT_FOR(w, count_workflows(w) == 0);
    WAIT_FOR(w, cron_stats_get(w->c).cron_workflows == 0);
}

static void test_deleted_owner_while_away(void **state)
{
    struct world *w = *state;
    struct json doc = cron_of(w, "c", "schedules: ['@every 1s']"), free_one;
    const struct store_key key = {STR("argoproj.io"), STR("CronWorkflow"), STR("ns"), STR("c")};
    struct store_txn *txn;

    create(w, &doc);
    start(w);
    WAIT_FOR(w, count_workflows(w) == 1);
    stop(w);
    free_one =
        yaml(w, STR("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"
                    "metadata: {name: free, namespace: ns, labels: "
                    "{workflows.argoproj.io/cron-workflow: c}}\n"
                    "spec: {entrypoint: a, templates: [{name: a, container: {image: b}}]}\n"));
    create(w, &free_one); /* nobody owns it: it stays */
    txn = store_txn_new(w->store);
    store_txn_delete(txn, &key, STR(""), 0);
    commit(w, txn);
    start(w);
    WAIT_FOR(w, count_workflows(w) == 1);
    assert_int_equal(find(w, "Workflow", STR("free"), NULL).type, JSON_OBJECT);
}

/* ---- what is wrong ---- */

static void test_failed_submission(void **state)
{
    struct world *w = *state;
    struct json doc = yaml(w, STR("apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\n"
                                  "metadata: {name: c, namespace: ns}\n"
                                  "spec: {schedules: ['@every 1s'], workflowSpec: "
                                  "{workflowTemplateRef: {name: missing}}}\n"));

    create(w, &doc);
    start(w);
    WAIT_FOR(w, has_condition(w, "c", "SubmissionError", "Failed to submit Workflow: "));
    WAIT_FOR(w, has_condition(w, "c", "SubmissionError", "\"missing\" not found"));
    doc = cron(w, "c");
    assert_true(number(&doc, "failed") >= 1);
    assert_int_equal(count_workflows(w), 0);
}

static bool is_stopped(struct world *w, const char *name)
{
    struct json doc = cron(w, name);

    return str_is(json_str(json_path(&doc, "status", "phase", NULL)), "Stopped") &&
           str_is(json_str(json_path(&doc, "metadata", "labels",
                                     "cronworkflows.argoproj.io/completed", NULL)),
                  "true");
}

static void test_stop_strategy(void **state)
{
    struct world *w = *state;
    struct json doc = cron_of(w, "c",
                              "schedules: ['@every 1s'], concurrencyPolicy: Forbid, "
                              "stopStrategy: {expression: cronworkflow.succeeded >= 1}");

    create(w, &doc);
    start(w);
    WAIT_FOR(w, active(w, "c") == 1);
    assert_false(is_stopped(w, "c"));
    end_all(w, "Succeeded");
    WAIT_FOR(w, is_stopped(w, "c"));
    pump(w, 1300);
    assert_int_equal(count_workflows(w), 1);
}

static void test_wrong_stop_strategy(void **state)
{
    struct world *w = *state;
    struct json doc =
        cron_of(w, "c", "schedules: ['@every 1s'], stopStrategy: {expression: nobody > 1}");

    create(w, &doc);
    start(w);
    WAIT_FOR(w, has_condition(w, "c", "SpecError",
                              "failed to check CronWorkflow 'c' stopping condition: failed to "
                              "evaluate stop expression: unknown name nobody"));
    pump(w, 1300);
    assert_int_equal(count_workflows(w), 0);
}

/* Two are wanted, then no more. */
static void test_when(void **state)
{
    struct world *w = *state;
    struct json doc =
        cron_of(w, "c", "schedules: ['@every 1s'], when: '{{=cronworkflow.succeeded < 1}}'");

    create(w, &doc);
    start(w);
    WAIT_FOR(w, active(w, "c") == 1);
    end_all(w, "Succeeded");
    doc = cron(w, "c");
    WAIT_FOR(w, (doc = cron(w, "c"), number(&doc, "succeeded") >= 1));
    pump(w, 100);
    {
        size_t made = count_workflows(w);

        pump(w, 1300);
        assert_int_equal(count_workflows(w), made);
    }
}

static void test_wrong_when(void **state)
{
    struct world *w = *state;
    struct json doc = cron_of(w, "c", "schedules: ['@every 1s'], when: nobody == 1");

    create(w, &doc);
    start(w);
    WAIT_FOR(w, has_condition(w, "c", "SubmissionError",
                              "Concurrency policy error: No parameter 'nobody' found."));
    assert_int_equal(count_workflows(w), 0);
}

/* Nothing but a store of another time has such a one. */
static void test_bad_schedule(void **state)
{
    struct world *w = *state;
    struct json doc = cron_of(w, "c", "schedules: ['@every 1s']"), bad;
    struct json_array_builder list = {0};

    create(w, &doc);
    doc = cron(w, "c");
    json_push(w->a, &list, json_string(STR("61 * * * *")));
    bad = json_set_path(w->a, &doc, json_array(&list), "spec", "schedules", NULL);
    update(w, &bad);
    start(w);
    WAIT_FOR(w, has_condition(w, "c", "SpecError", "end of range (61) above maximum (59): 61"));
    pump(w, 1200);
    assert_int_equal(count_workflows(w), 0);
    update(w, &doc);
    WAIT_FOR(w, count_workflows(w) >= 1);
    WAIT_FOR(w, !has_condition(w, "c", "SpecError", ""));
}

static void check_refused(struct world *w, const char *name, const char *spec, const char *want)
{
    struct json doc = cron_of(w, name, spec);
    const struct store_object *o;
    struct err err;

    assert_int_equal(w->submitter.create(w->submitter.ctx, &doc, STR("ns"), STR(""), &o, &err),
                     -1);
    if (str_find(str_from(err.text), str_from(want)) == SIZE_MAX)
        fail_msg("%s: %s, not %s", spec, err.text, want);
}

static void test_refused(void **state)
{
    struct world *w = *state;

    check_refused(w, "c", "schedules: []", "cron workflow must have at least one schedule");
    check_refused(w, "c", "schedules: ['* * * *']",
                  "cron schedule * * * * is malformed: expected exactly 5 fields, found 4");
    check_refused(w, "c", "schedules: ['* * * * *'], timezone: Mars/Base",
                  "invalid timezone \"Mars/Base\": unknown time zone Mars/Base");
    check_refused(w, "c", "schedules: ['TZ=UTC 0 0 * * *'], timezone: Asia/Tokyo",
                  "cron schedule CRON_TZ=Asia/Tokyo TZ=UTC 0 0 * * * is malformed");
    check_refused(w, "c", "schedules: ['* * * * *'], concurrencyPolicy: Maybe", "Maybe");
    check_refused(w, "c", "schedules: ['* * * * *'], startingDeadlineSeconds: -1",
                  "startingDeadlineSeconds must be positive");
    check_refused(w, "a23456789-123456789-123456789-123456789-123456789-123",
                  "schedules: ['* * * * *']",
                  "must not be more than 52 characters long (currently 53)");
}

static void test_bad_templates_are_told_where_they_stand(void **state)
{
    struct world *w = *state;
    struct json doc =
        yaml(w, STR("apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\n"
                    "metadata: {name: c, namespace: ns}\n"
                    "spec: {schedules: ['@hourly'], workflowSpec: {entrypoint: a, "
                    "templates: [{name: a}]}}\n"));
    const struct store_object *o;
    struct err err;

    assert_int_equal(w->submitter.create(w->submitter.ctx, &doc, STR("ns"), STR(""), &o, &err),
                     -1);
    assert_string_equal(err.text, "cannot validate Workflow: template 'a' type is unknown");
}

/* ---- by hand ---- */

static void test_submitted_by_hand(void **state)
{
    struct world *w = *state;
    struct json doc = cron_of(w, "c", "schedules: ['@yearly']");
    const struct workflow_submit_options options = {.ns = STR("ns")};
    const struct store_object *o;
    struct err err;

    create(w, &doc);
    start(w);
    pump(w, 100);
    assert_int_equal(
        w->submitter.submit_from(w->submitter.ctx, STR("cronwf"), STR("c"), &options, &o, &err),
        0);
    assert_true(str_starts(o->key.name, STR("c-")));
    store_object_unref(o);
    WAIT_FOR(w, active(w, "c") == 1); /* it is owned as if it had been scheduled */
    end_all(w, "Error");
    WAIT_FOR(w, failed(w, "c") == 1);
    assert_int_equal(w->submitter.submit_from(w->submitter.ctx, STR("CronWorkflow"), STR("x"),
                                              &options, &o, &err),
                     -1);
    assert_string_equal(err.text, "cronworkflows.argoproj.io \"x\" not found");
}

/* ---- many ---- */

static void test_idle_ones_cost_nothing(void **state)
{
    enum { MANY = 1000 };
    struct world *w = *state;
    uint64_t wakes;

    for (int i = 0; i < MANY; i++) {
        struct store_txn *txn = store_txn_new(w->store);
        struct err err;
        struct json doc = cron_of(w, str_printf(w->a, "c%d", i).ptr,
                                  "schedules: ['0 0 29 2 *'], timezone: Asia/Seoul");

        doc = json_set_path(w->a, &doc, json_string(str_printf(w->a, "u%d", i)), "metadata",
                            "uid", NULL);
        store_txn_create(txn, &doc);
        assert_int_equal(store_commit(w->store, txn, NULL, NULL, &err), 0);
    }
    start(w);
    WAIT_FOR(w, cron_stats_get(w->c).cron_workflows == MANY);
    pump(w, 500);
    wakes = cron_stats_get(w->c).wakes;
    pump(w, 1500);
    assert_int_equal(cron_stats_get(w->c).wakes, wakes);
    assert_int_equal(wakes, 0);
    assert_int_equal(count_workflows(w), 0);
}

/* ---- any order ---- */

enum { CRONS = 12, STEPS = 60 };

/* What others do to a cron workflow: on the newest version, or not at all. */
static bool edit(struct world *w, struct str name, struct json value, const char *part,
                 const char *member)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct store_result result = {0};
    struct err err = {0};
    int64_t rv = 0;
    struct json doc = find(w, "CronWorkflow", name, &rv);

    doc = json_set_path(w->a, &doc, value, part, member, NULL);
    store_txn_update(txn, &doc, rv);
    if (store_commit_wait(w->store, txn, &result, &err) < 0)
        assert_int_equal(err.kind, ERR_CONFLICT);
    store_object_unref(result.object);
    return err.kind == ERR_NONE;
}

/* Ends what is to be terminated, and some others; counts what runs of each cron workflow. */
static void end_some(struct world *w, struct random *r, size_t running[CRONS])
{
    static const char *const phases[] = {"Succeeded", "Failed", "Error"};
    struct store_list list = workflows(w);

    memset(running, 0, CRONS * sizeof(running[0]));
    for (size_t i = 0; i < list.len; i++) {
        struct str name = list.at[i]->key.name;
        struct json doc;
        uint64_t cron_no;

        if (list.at[i]->is_finished)
            continue;
        assert_true(
            parse_u64(str_head(str_skip(name, 1), str_find_char(name, '-') - 1), &cron_no));
        doc = find(w, "Workflow", name, NULL);
        if (json_path(&doc, "spec", "shutdown", NULL))
            end_workflow(w, name, "Failed", 1);
        else if (random_below(r, 4) == 0)
            end_workflow(w, name, phases[random_below(r, COUNT_OF(phases))], 2);
        else
            running[cron_no]++;
    }
    store_list_done(&list);
}

static void one_step(struct world *w, struct random *r, int n)
{
    size_t running[CRONS];
    struct str name = str_printf(w->a, "c%d", (int) random_below(r, CRONS));

    pump(w, (int64_t) random_below(r, 150));
    switch (random_below(r, 6)) {
    case 0:
        stop(w);
        start(w);
        break;
    case 1:
    case 2:
        edit(w, name, json_string(str_printf(w->a, "x%d", n)), "metadata", "note");
        break;
    default:
        end_some(w, r, running);
        for (size_t i = 1; i < CRONS; i += 3)
            assert_true(running[i] <= 1); /* Forbid */
    }
}

static size_t count_of(struct world *w, const char *name, const char *phase)
{
    struct store_list list = workflows(w);
    struct str prefix = str_printf(w->a, "%s-", name);
    size_t n = 0;

    for (size_t i = 0; i < list.len; i++)
        n += str_starts(list.at[i]->key.name, prefix) &&
             str_is(list.at[i]->phase, "Succeeded") == (strcmp(phase, "Succeeded") == 0);
    store_list_done(&list);
    return n;
}

static void test_any_order(void **state)
{
    static const char *const policies[] = {"Allow", "Forbid", "Replace"};
    struct world *w = *state;
    struct random r = random_seed(7);

    for (int i = 0; i < CRONS; i++) {
        struct str spec = str_printf(
            w->a,
            "schedules: ['@every %ds'], concurrencyPolicy: %s, startingDeadlineSeconds: 30, "
            "successfulJobsHistoryLimit: 1000, failedJobsHistoryLimit: 1000",
            1 + i / 6, policies[i % 3]);
        struct json doc = cron_of(w, str_printf(w->a, "c%d", i).ptr, spec.ptr);

        create(w, &doc);
    }
    start(w);
    for (int i = 0; i < STEPS; i++)
        one_step(w, &r, i);
    for (int i = 0; i < CRONS; i++)
        while (!edit(w, str_printf(w->a, "c%d", i), json_bool(true), "spec", "suspend"))
            pump(w, 5);

    pump(w, 500);
    assert_true(count_workflows(w) >
                0); /* an interval begins anew at each start: not all ran */
    end_all(w, "Succeeded");
    for (int i = 0; i < CRONS; i++) {
        const char *name = str_printf(w->a, "c%d", i).ptr;
        struct json doc;

        WAIT_FOR(w, active(w, name) == 0);
        doc = cron(w, name);
        assert_int_equal(number(&doc, "succeeded"), count_of(w, name, "Succeeded"));
        assert_int_equal(number(&doc, "failed"), count_of(w, name, "Failed"));
        assert_false(has_condition(w, name, "SubmissionError", ""));
    }
}

/* A hundred that are due at the same time: each runs, and the loop is held by none. */
static void test_all_at_once(void **state)
{
    enum { MANY = 100 };
    struct world *w = *state;
    uint64_t runs;

    for (int i = 0; i < MANY; i++) {
        struct json doc = cron_of(w, str_printf(w->a, "c%d", i).ptr,
                                  "schedules: ['@every 2s'], concurrencyPolicy: Forbid");

        create(w, &doc);
    }
    start(w);
    WAIT_FOR(w, count_workflows(w) == MANY);
    for (int i = 0; i < MANY; i++)
        WAIT_FOR(w, active(w, str_printf(w->a, "c%d", i).ptr) == 1);
    runs = cron_stats_get(w->c).runs;
    assert_int_equal(runs, MANY);
    assert_true(cron_stats_get(w->c).wakes < MANY); /* those that are due share a wake-up */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(run),
        TEST(replace),
        TEST(history),
        TEST(suspended),
        TEST(missed),
#if WITH_FAULTS
        TEST(clock_jumps),
#endif
        TEST(deleted_owner),
        TEST(deleted_owner_while_away),
        TEST(failed_submission),
        TEST(stop_strategy),
        TEST(wrong_stop_strategy),
        TEST(when),
        TEST(wrong_when),
        TEST(bad_schedule),
        TEST(refused),
        TEST(bad_templates_are_told_where_they_stand),
        TEST(submitted_by_hand),
        TEST(idle_ones_cost_nothing),
        TEST(any_order),
        TEST(all_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
