/*
 * Whole workflows with scripted pods against expected trees (tests/cases/engine), and what a
 * tree does not show: what pods are asked for, restarts, repeated and late reports, stopping,
 * deadlines, parallelism, backoff, memory of wide fan-outs. ENGINE_CASES_PRINT prints the
 * trees.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "config/config.h"
#include "tests/support/golden.h"
#include "workflows/engine/script_test.h"

/* ---- expected trees ---- */

static size_t run_case(struct arena *a, const char *name)
{
    struct str text = golden_read(a, name), lines, want;
    struct runner r = {.outcome = scripted};
    struct json doc;
    struct err err;
    size_t bad = 0;

    if (yaml_parse(a, text, &doc, &err) < 0)
        fail_msg("%s: %s", name, err.text);
    r.ctx = (void *) (uintptr_t) json_get(&doc, STR("pods"));
    runner_init(&r, json_text(a, json_get(&doc, STR("workflow")), JSON_COMPACT));
    runner_run(&r);
    lines = runner_lines(&r, a);
    want = json_get_str(&doc, STR("tree"));
    if (getenv("ENGINE_CASES_PRINT"))
        printf("### %s\n" STR_FMT, name, STR_ARG(lines));
    else if (!r.is_finished || !str_eq(lines, want)) {
        fprintf(stderr, "%s: ended %d\n--- want\n" STR_FMT "--- have\n" STR_FMT, name,
                r.is_finished, STR_ARG(want), STR_ARG(lines));
        bad = 1;
    }
    runner_done(&r);
    return bad;
}

static void test_cases(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    DIR *dir = opendir(CASES_DIR);
    struct dirent *entry;
    size_t count = 0, bad = 0;

    (void) state;
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (!str_ends(str_from(entry->d_name), STR(".yaml")))
            continue;
        bad += run_case(a, str_cz(a, str_printf(a, "%s/%s", CASES_DIR, entry->d_name)));
        count++;
    }
    closedir(dir);
    assert_int_equal(bad, 0);
    assert_true(count >= 14);
}

/* ---- what a pod is asked for with ---- */

static void test_request(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    struct runner_pod *pod;

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n"
               "  serviceAccountName: robot\n"
               "  activeDeadlineSeconds: 60\n"
               "  templates:\n"
               "  - name: main\n"
               "    steps:\n"
               "    - - {name: one, template: say, arguments: {parameters: [{name: word, "
               "value: '{{workflow.uid}}'}]}}\n"
               "      - {name: two, template: late}\n"
               "    - - {name: use, template: say, arguments: {parameters: [{name: word, "
               "value: '{{steps.one.outputs.result}}'}]}}\n"
               "  - name: late\n"
               "    activeDeadlineSeconds: 5\n"
               "    script: {image: busybox, source: 'echo {{pod.name}} {{node.name}} "
               "{{steps.name}}'}\n" LEAF);
    wake(&r);
    assert_int_equal(r.waiting.len, 2);
    pod = r.waiting.at[0];
    assert_true(str_starts(pod->request.name, STR("wf-say-")));
    assert_true(pod->request.wants_result);
    assert_int_equal(pod->request.deadline.ms, r.now.ms + 60000);
    assert_text(
        json_str(json_item(json_path(pod->request.template, "container", "args", NULL), 0)),
        "u-1");
    pod = r.waiting.at[1];
    assert_false(pod->request.wants_result);
    assert_int_equal(pod->request.deadline.ms, r.now.ms + 5000);
    assert_text(
        json_str(json_path(pod->request.template, "script", "source", NULL)),
        str_cz(a, str_printf(a, "echo " STR_FMT " wf[0].two two", STR_ARG(pod->request.name))));
    runner_done(&r);
}

/* ---- restarts and reports ---- */

#define TWO_STEPS                                                               \
    HEAD "  entrypoint: main\n  templates:\n  - name: main\n    steps:\n"       \
         "    - - {name: a, template: say}\n      - {name: b, template: say}\n" \
         "    - - {name: c, template: say}\n" LEAF

static void test_restart_asks_again(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    size_t rows;

    (void) state;
    start(&r, a, TWO_STEPS);
    wake(&r);
    runner_report(&r, 0);
    rows = r.rows.len;
    runner_crash(&r);
    assert_int_equal(r.rows.len, rows);
    assert_int_equal(r.asked, 2);
    assert_int_equal(r.failures, 0);
    runner_run(&r);
    assert_true(r.is_finished);
    assert_int_equal(r.asked, 3);
    runner_done(&r);
}

static void test_reports_twice_and_late(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    struct runner_pod *pod;
    struct pod_report report = {
        .phase = POD_SUCCEEDED, .message = STR_INIT(""), .is_final = true};
    struct wf_actions did = {.arena = a};

    (void) state;
    start(&r, a, TWO_STEPS);
    wake(&r);
    pod = r.waiting.at[0];
    report.uid = pod->request.uid;
    runner_report(&r, 0);
    assert_text(node_field(&r, a, "a", "phase"), "Succeeded");
    report.phase = POD_FAILED;
    wf_decide(r.wf,
              &(struct wf_input){
                  .kind = WF_INPUT_POD, .node_id = pod->request.node_id, .report = &report},
              1, r.now, &did);
    assert_int_equal(did.node_count, 0);
    assert_int_equal(did.forget_count, 1);
    assert_text(did.forget[0], str_cz(a, report.uid));
    wf_decide(
        r.wf,
        &(struct wf_input){.kind = WF_INPUT_POD, .node_id = STR("wf-1"), .report = &report}, 1,
        r.now, &did);
    assert_int_equal(did.node_count, 0);
    assert_int_equal(did.forget_count, 1);
    runner_run(&r);
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Succeeded");
    runner_done(&r);
}

static void test_load_refuses(void **state)
{
    static const char *const bad[] = {"{", "[]", "{\"metadata\":{\"name\":\"x\"}}",
                                      "{\"spec\":{}}"};
    const struct wf_stored_node row = {
        .id = STR_INIT("x-1"),
        .doc = STR_INIT("{\"id\":\"x-1\",\"name\":\"x\",\"type\":\"Robot\"}")};
    struct err err = {0};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        err = (struct err){0};
        assert_null(wf_load(str_from(bad[i]), NULL, 0, &err));
        assert_int_equal(err.kind, ERR_INVALID);
    }
    assert_null(wf_load(STR("{\"metadata\":{\"name\":\"x\"},\"spec\":{}}"), &row, 1, &err));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
    assert_string_equal(err.text, "status.nodes.x-1.type: \"Robot\" is not supported yet");
}

/* What cannot be loaded ends: in the words of the refusal, with what else its status holds. */
static void test_refused_document(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc, made;
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a,
                                STR("{\"metadata\":{\"name\":\"x\",\"labels\":{\"a\":\"b\"}},"
                                    "\"status\":{\"startedAt\":\"2026-01-01T00:00:00Z\"}}"),
                                &doc, &err),
                     0);
    assert_null(wf_load(json_text(a, &doc, JSON_COMPACT), NULL, 0, &err));
    made = wf_refused_doc(a, &doc, str_from(err.text), (struct wall){1767323045000}, NULL);
    assert_text(
        json_text(a, &made, JSON_COMPACT),
        "{\"metadata\":{\"name\":\"x\",\"labels\":{\"a\":\"b\",\"workflows.argoproj.io/phase\":"
        "\"Error\",\"workflows.argoproj.io/completed\":\"true\"}},\"status\":{\"startedAt\":"
        "\"2026-01-01T00:00:00Z\",\"phase\":\"Error\",\"finishedAt\":\"2026-01-02T03:04:05Z\","
        "\"message\":\"invalid spec: spec: a workflow has a spec\",\"conditions\":[{\"type\":"
        "\"Completed\",\"status\":\"True\"}]}}");
}

/* What has ended waits for the archive when the configuration says so, and its labels fit. */
static void test_archive_is_asked(void **state)
{
    static const struct {
        const char *config, *status; /* NULL: no label */
    } cases[] = {
        {"archive: false", NULL},
        {"archive: true", "Pending"},
        {"{archive: true, archiveLabelSelector: {matchLabels: {a: b}}}", "Pending"},
        {"{archive: true, archiveLabelSelector: {matchLabels: {a: c}}}", NULL},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json map = json_set_path(a, NULL, json_string(str_from(cases[i].config)), "data",
                                        "persistence", NULL);
        struct err err;
        const struct config *config = config_parse(&map, &err);
        struct json doc, made;
        const struct json *label;

        assert_non_null(config);
        assert_int_equal(
            json_parse(a, STR("{\"metadata\":{\"name\":\"x\",\"labels\":{\"a\":\"b\"}}}"), &doc,
                       &err),
            0);
        made = wf_refused_doc(a, &doc, STR("no"), (struct wall){1767323045000}, config);
        label = json_path(&made, "metadata", "labels",
                          "workflows.argoproj.io/workflow-archiving-status", NULL);
        assert_int_equal(label != NULL, cases[i].status != NULL);
        if (label)
            assert_true(str_is(json_str(label), cases[i].status));
        config_unref(config);
    }
}

/* ---- stopping ---- */

static void test_stop_runs_exit_handler(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n  onExit: say\n  templates:\n  - name: main\n    steps:\n"
               "    - - {name: a, template: say}\n    - - {name: b, template: say}\n" LEAF);
    wake(&r);
    change_spec(&r, a, json_string(STR("Stop")), "shutdown");
    assert_int_equal(r.waiting.len, 1);
    assert_text(r.waiting.at[0]->killed, "workflow shutdown with strategy:  Stop");
    runner_report(&r, 0);
    assert_text(node_field(&r, a, "a", "message"), "workflow shutdown with strategy:  Stop");
    assert_false(r.is_finished);
    assert_text(r.waiting.at[0]->request.node_name, "wf.onExit");
    runner_report(&r, 0);
    assert_true(r.is_finished);
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Failed");
    assert_text(json_get_str(status_of(&r, a), STR("message")), "Stopped with strategy 'Stop'");
    assert_text(node_field(&r, a, "wf.onExit", "phase"), "Succeeded");
    runner_done(&r);
}

static void test_terminate_runs_none(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a, HEAD "  entrypoint: say\n  onExit: say\n  templates:\n" LEAF);
    wake(&r);
    change_spec(&r, a, json_string(STR("Terminate")), "shutdown");
    runner_report(&r, 0);
    assert_true(r.is_finished);
    assert_int_equal(r.asked, 1);
    assert_text(json_get_str(status_of(&r, a), STR("message")),
                "Stopped with strategy 'Terminate'");
    runner_done(&r);
}

/* All that failed, with the template that it called, be it another object's. */
static void test_failures(void **state)
{
    static const char *const wanted[][2] = {{"wf", "main"}, {"[0]", ""}, {"bad", "break"}};
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    struct json script, list;
    struct err err;
    struct str text;

    (void) state;
    assert_int_equal(
        json_parse(a, STR("{\"$WF[0].bad\":{\"phase\":\"Failed\",\"message\":\"\\\"no\\\"\"}}"),
                   &script, &err),
        0);
    start(&r, a,
          HEAD "  entrypoint: main\n  onExit: tell\n  templates:\n  - name: main\n    steps:\n"
               "    - - {name: bad, templateRef: {name: parts, template: break}}\n"
               "  - name: tell\n    container: {image: busybox, args: ['{{workflow.failures}}']}\n"
               "status: {storedTemplates: {namespaced/parts/break: {name: break, container: "
               "{image: busybox}}}}\n");
    r.ctx = &script;
    wake(&r);
    runner_report(&r, 0);
    assert_int_equal(r.waiting.len, 1);
    assert_text(r.waiting.at[0]->request.node_name, "wf.onExit");
    text = json_str(json_item(
        json_path(r.waiting.at[0]->request.template, "container", "args", NULL), 0));
    assert_int_equal(json_parse(a, text, &list, &err), 0); /* quoted */
    assert_int_equal(json_parse(a, json_str(&list), &list, &err), 0);
    assert_int_equal(list.count, COUNT_OF(wanted));
    for (uint32_t i = 0; i < list.count; i++) {
        const struct json *one = json_item(&list, i);

        assert_int_equal(one->count, 6);
        assert_text(json_get_str(one, STR("displayName")), wanted[i][0]);
        assert_text(json_get_str(one, STR("templateName")), wanted[i][1]);
        assert_text(json_get_str(one, STR("phase")), "Failed");
    }
    assert_text(json_get_str(json_item(&list, 2), STR("message")), "\"no\"");
    assert_true(str_starts(json_get_str(json_item(&list, 2), STR("podName")),
                           STR("wf-break-")));
    runner_done(&r);
}

static void test_deadline(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a, HEAD "  entrypoint: say\n  activeDeadlineSeconds: 10\n  templates:\n" LEAF);
    wake(&r);
    assert_int_equal(r.wake_at.ms, r.now.ms + 10000);
    r.now = r.wake_at;
    wake(&r);
    assert_text(r.waiting.at[0]->killed, "Step exceeded its deadline");
    runner_report(&r, 0);
    assert_true(r.is_finished);
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Failed");
    runner_done(&r);
}

static void test_suspend_holds_back(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a, TWO_STEPS);
    wake(&r);
    change_spec(&r, a, json_bool(true), "suspend");
    runner_report(&r, 0);
    runner_report(&r, 0);
    assert_int_equal(r.waiting.len, 0);
    assert_false(r.is_finished);
    runner_crash(&r);
    assert_int_equal(r.waiting.len, 0);
    change_spec(&r, a, json_bool(false), "suspend");
    assert_int_equal(r.waiting.len, 1);
    runner_report(&r, 0);
    assert_true(r.is_finished);
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Succeeded");
    runner_done(&r);
}

/* The spec that it was loaded with says what is no longer so. */
static void test_resume_after_a_restart(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    struct json doc, spec;
    struct err err;

    (void) state;
    start(&r, a, TWO_STEPS);
    wake(&r);
    change_spec(&r, a, json_bool(true), "suspend");
    runner_report(&r, 0);
    runner_report(&r, 0);
    runner_crash(&r);
    assert_int_equal(json_parse(a, str_copy(a, r.doc), &doc, &err), 0);
    spec = json_without(a, json_get(&doc, STR("spec")), STR("suspend"));
    doc = json_set(a, &doc, STR("spec"), spec);
    runner_pass(
        &r, &(struct wf_input){.kind = WF_INPUT_SPEC, .doc = json_text(a, &doc, JSON_COMPACT)});
    assert_int_equal(r.waiting.len, 1);
    runner_report(&r, 0);
    assert_true(r.is_finished);
    runner_done(&r);
}

/* ---- pauses ---- */

#define PAUSE                                                                     \
    HEAD "  entrypoint: main\n"                                                   \
         "  templates:\n"                                                         \
         "  - name: main\n"                                                       \
         "    steps: [[{name: ask, template: ask}], [{name: use, template: say, " \
         "arguments: {parameters: [{name: word, value: "                          \
         "'{{steps.ask.outputs.parameters.answer}}'}]}}]]\n"                      \
         "  - name: ask\n"                                                        \
         "    suspend: {}\n"                                                      \
         "    outputs: {parameters: [{name: answer, valueFrom: {supplied: {}}}]}\n" LEAF

/* Somebody else writes a node's row. */
static void write_row(struct runner *r, struct arena *a, const char *display, const char *field,
                      const char *value)
{
    MAP_FOREACH (it, &r->rows) {
        struct runner_row *row = it->value;
        struct json doc, member;
        struct str text;
        struct err err;

        assert_int_equal(json_parse(a, str_copy(a, row->doc), &doc, &err), 0);
        if (!str_is(json_get_str(&doc, STR("displayName")), display))
            continue;
        assert_int_equal(json_parse(a, str_from(value), &member, &err), 0);
        doc = json_set(a, &doc, str_from(field), member);
        text = json_text(a, &doc, JSON_COMPACT);
        free((void *) (uintptr_t) row->doc.ptr);
        row->doc = str_of(mem_dup(text.ptr, text.len), text.len);
    }
}

static void test_pause_waits(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a, PAUSE);
    wake(&r);
    assert_text(node_field(&r, a, "ask", "phase"), "Running");
    assert_text(node_field(&r, a, "ask", "type"), "Suspend");
    assert_text(node_field(&r, a, "ask", "progress"), "0/1");
    assert_int_equal(r.wake_at.ms, 0);
    runner_crash(&r);
    r.now.ms += 86400000;
    wake(&r);
    assert_text(node_field(&r, a, "ask", "phase"), "Running");
    assert_false(r.is_finished);
    write_row(&r, a, "ask", "phase", "\"Succeeded\"");
    write_row(&r, a, "ask", "outputs",
              "{\"parameters\":[{\"name\":\"answer\",\"value\":\"yes\"}]}");
    runner_crash(&r);
    assert_int_equal(r.waiting.len, 1);
    assert_text(
        json_str(json_item(
            json_path(r.waiting.at[0]->request.template, "container", "args", NULL), 0)),
        "yes");
    runner_report(&r, 0);
    assert_true(r.is_finished);
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Succeeded");
    runner_done(&r);
}

static void test_pause_is_ended(void **state)
{
    static const struct {
        const char *field, *value, *message, *whole;
        int64_t after_ms;
    } rows[] = {
        {"shutdown", "\"Stop\"", "Stopped with strategy 'Stop'", "Stopped with strategy 'Stop'",
         0},
        {"shutdown", "\"Terminate\"", "Stopped with strategy 'Terminate'",
         "Stopped with strategy 'Terminate'", 0},
        {"activeDeadlineSeconds", "60", "Step exceeded its deadline", NULL, 60000},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct runner r = {0};
        struct json value;
        struct err err;

        start(&r, a, PAUSE);
        wake(&r);
        assert_int_equal(json_parse(a, str_from(rows[i].value), &value, &err), 0);
        change_spec(&r, a, value, rows[i].field);
        assert_int_equal(r.is_finished, rows[i].after_ms == 0);
        if (rows[i].after_ms > 0) {
            assert_int_equal(r.wake_at.ms, r.now.ms + rows[i].after_ms);
            r.now = r.wake_at;
            wake(&r);
        }
        assert_true(r.is_finished);
        assert_text(node_field(&r, a, "ask", "phase"), "Failed");
        assert_text(node_field(&r, a, "ask", "message"), rows[i].message);
        assert_text(json_get_str(status_of(&r, a), STR("phase")), "Failed");
        if (rows[i].whole)
            assert_text(json_get_str(status_of(&r, a), STR("message")), rows[i].whole);
        assert_int_equal(r.asked, 0);
        runner_done(&r);
    }
}

/* An end that is near is kept over a restart. */
static void test_pause_with_an_end(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: nap\n  templates: [{name: nap, suspend: {duration: 90s}}]\n");
    wake(&r);
    assert_int_equal(r.wake_at.ms, r.now.ms + 90000);
    r.now.ms += 30000;
    runner_crash(&r);
    assert_int_equal(r.wake_at.ms, r.now.ms + 60000);
    r.now.ms += 59999;
    wake(&r);
    assert_false(r.is_finished);
    r.now.ms += 1;
    wake(&r);
    assert_true(r.is_finished);
    assert_text(json_get_str(status_of(&r, a), STR("progress")), "1/1");
    runner_done(&r);
}

/* ---- what is wrong with a workflow ends it ---- */

/* A call that cannot be made puts its group in error; what was started before ends first, also
 * when the memory is lost meanwhile; what comes after is not started. */
static void test_error_waits_for_siblings(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (int with_crash = 0; with_crash < 2; with_crash++) {
        struct runner r = {0};

        start(&r, a,
              HEAD "  entrypoint: main\n  templates:\n  - name: main\n    steps:\n"
                   "    - - {name: a, template: say, withItems: [1, 2]}\n"
                   "      - {name: b, templateRef: {name: gone, template: x}}\n"
                   "      - {name: c, template: say}\n"
                   "    - - {name: d, template: say}\n" LEAF);
        wake(&r);
        assert_int_equal(r.waiting.len, 2);
        assert_false(r.is_finished);
        assert_text(node_field(&r, a, "[0]", "phase"), "Error");
        assert_text(node_field(&r, a, "wf", "phase"), "Running");
        runner_report(&r, 0);
        if (with_crash)
            runner_crash(&r);
        assert_false(r.is_finished);
        assert_int_equal(r.waiting.len, 1);
        runner_report(&r, 0);
        assert_true(r.is_finished);
        assert_int_equal(r.asked, 2);
        assert_int_equal(r.failures, 0);
        assert_text(json_get_str(status_of(&r, a), STR("phase")), "Failed");
        assert_text(json_get_str(status_of(&r, a), STR("message")),
                    "step group deemed errored due to child wf[0].b error: template reference "
                    "gone.x not found");
        assert_text(node_field(&r, a, "a(1:2)", "phase"), "Succeeded");
        assert_text(node_field(&r, a, "b", "phase"), "Error");
        assert_true(str_is_none(node_field(&r, a, "c", "phase")));
        runner_done(&r);
    }
}

/* As above for the items of a task: a value that no JSON text can hold. */
static void test_error_of_an_item(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n    dag:\n      tasks:\n"
               "      - name: a\n        template: say\n"
               "        withItems: [ok, \"\\x01\", more]\n"
               "        arguments: {parameters: [{name: word, value: '{{item}}'}]}\n" LEAF);
    wake(&r);
    assert_int_equal(r.waiting.len, 1);
    runner_crash(&r);
    runner_report(&r, 0);
    assert_true(r.is_finished);
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Error");
    assert_text(node_field(&r, a, "a", "phase"), "Error");
    assert_text(node_field(&r, a, "a(0:ok)", "phase"), "Succeeded");
    runner_done(&r);
}

/* References that no step will ever give: upstream looks again for ever. */
static void test_stuck_ends(void **state)
{
    static const char *const templates[] = {
        "    steps:\n    - - {name: a, template: say, arguments: {parameters: [{name: word, "
        "value: '{{steps.b.outputs.result}}'}]}}\n",
        "    dag:\n      tasks:\n      - {name: a, template: say, arguments: {parameters: "
        "[{name: word, value: '{{tasks.b.outputs.result}}'}]}}\n",
        "    dag:\n      tasks:\n      - {name: z, template: say}\n      - {name: a, template: "
        "say, depends: z, withParam: '{{tasks.z.outputs.parameters.none}}'}\n",
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(templates); i++) {
        struct runner r = {0};

        start(&r, a,
              str_cz(a, str_printf(a,
                                   HEAD "  entrypoint: main\n  templates:\n  - name: "
                                        "main\n%s" LEAF,
                                   templates[i])));
        runner_run(&r);
        assert_true(r.is_finished);
        assert_text(json_get_str(status_of(&r, a), STR("phase")), "Error");
        assert_true(str_starts(json_get_str(status_of(&r, a), STR("message")),
                               STR("failed to resolve {{")));
        assert_text(node_field(&r, a, "wf", "phase"), "Error");
        assert_text(node_field(&r, a, "wf", "message"), "Workflow operation error");
        runner_done(&r);
    }
}

static void test_workflow_metadata(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *meta;
    struct runner r = {0};
    struct json doc;
    struct err err;

    (void) state;
    start(&r, a,
          "metadata: {name: wf, namespace: default, uid: u-1, labels: {team: b, kept: z}}\n"
          "spec:\n  entrypoint: main\n  workflowMetadata: {labels: {team: a, of: "
          "'{{workflow.name}}'}, annotations: {note: 'for {{workflow.namespace}}'}}\n"
          "  templates:\n  - name: main\n    container: {image: busybox, args: "
          "['{{workflow.labels.team}}']}\n");
    wake(&r);
    assert_int_equal(json_parse(a, str_copy(a, r.doc), &doc, &err), 0);
    meta = json_get(&doc, STR("metadata"));
    assert_text(json_str(json_path(meta, "labels", "team", NULL)), "a");
    assert_text(json_str(json_path(meta, "labels", "of", NULL)), "wf");
    assert_text(json_str(json_path(meta, "labels", "kept", NULL)), "z");
    assert_text(json_str(json_path(meta, "annotations", "note", NULL)), "for default");
    assert_text(
        json_str(json_item(
            json_path(r.waiting.at[0]->request.template, "container", "args", NULL), 0)),
        "a");
    runner_done(&r);
    r = (struct runner){0};
    start(&r, a,
          HEAD
          "  entrypoint: say\n  workflowMetadata: {labels: {x: 'a b'}}\n  templates:\n" LEAF);
    wake(&r);
    assert_true(r.is_finished);
    assert_int_equal(r.asked, 0);
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Error");
    assert_true(str_starts(json_get_str(status_of(&r, a), STR("message")),
                           STR("invalid label value \"a b\" for label \"x\": ")));
    runner_done(&r);
}

/* ---- parallelism, backoff, depth ---- */

static void test_parallelism(void **state)
{
    static const struct {
        const char *spec, *template;
        size_t most;
    } rows[] = {
        {"  parallelism: 2\n", "", 2},
        {"", "    parallelism: 3\n", 3},
        {"  parallelism: 5\n", "    parallelism: 1\n", 1},
        {"", "", 9},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct runner r = {0};

        start(
            &r, a,
            str_cz(a, str_printf(
                          a,
                          HEAD
                          "%s  entrypoint: main\n  templates:\n  - name: main\n%s    steps:\n"
                          "    - - {name: a, template: say, withSequence: {count: '9'}}\n" LEAF,
                          rows[i].spec, rows[i].template)));
        runner_run(&r);
        assert_true(r.is_finished);
        assert_int_equal(r.max_waiting, rows[i].most);
        assert_int_equal(r.asked, 9);
        runner_done(&r);
    }
}

static void test_backoff(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    struct json pods;
    struct err err;

    (void) state;
    assert_int_equal(
        json_parse(a,
                   STR("{\"$WF(0)\":{\"phase\":\"Failed\"},\"$WF(1)\":{\"phase\":\"Failed\"}}"),
                   &pods, &err),
        0);
    r.ctx = &pods;
    start(&r, a,
          HEAD
          "  entrypoint: main\n  templates:\n  - name: main\n"
          "    retryStrategy: {limit: 4, backoff: {duration: '1m', factor: 3, cap: '2m'}}\n"
          "    container: {image: busybox}\n");
    wake(&r);
    runner_report(&r, 0);
    assert_int_equal(r.wake_at.ms, r.now.ms + 60000);
    assert_text(node_field(&r, a, "wf", "message"), "Backoff for 1 minute 0 seconds");
    wake(&r); /* too early */
    assert_int_equal(r.waiting.len, 0);
    runner_crash(&r); /* the timer is set again */
    assert_int_equal(r.wake_at.ms, r.now.ms + 60000);
    r.now = r.wake_at;
    wake(&r);
    assert_int_equal(r.waiting.len, 1);
    assert_true(str_is_none(node_field(&r, a, "wf", "message")));
    runner_report(&r, 0);
    assert_int_equal(r.wake_at.ms, r.now.ms + 120000);
    r.now = r.wake_at;
    wake(&r);
    runner_report(&r, 0);
    assert_true(r.is_finished);
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Succeeded");
    runner_done(&r);
}

static void test_depth(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n    steps:\n    - - {name: "
               "x, template: main}\n");
    runner_run(&r);
    assert_true(r.is_finished);
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Failed");
    assert_true(str_find(runner_lines(&r, a), STR("more than 100 levels deep")) != SIZE_MAX);
    runner_done(&r);
}

/* ---- wide fan-outs ---- */

static void test_wide(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    size_t before, wide = 10000, changed = 0;

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n    steps:\n"
               "    - - {name: a, template: say, withSequence: {count: '10000'}, arguments: "
               "{parameters: [{name: word, value: '{{item}}'}]}}\n" LEAF);
    before = wf_bytes(r.wf);
    while (r.waiting.len < wide) { /* some hundreds at a time, so that others have their turn */
        size_t asked = r.waiting.len;

        wake(&r);
        assert_in_range(r.waiting.len - asked, 1, ENGINE_PASS_PODS_MAX);
    }
    assert_int_equal(r.waiting.len, wide);
    assert_true((wf_bytes(r.wf) - before) / wide <= 3072);
    for (size_t i = 0; i < wide; i++) {
        struct runner_pod *pod = r.waiting.at[i];
        _cleanup_arena_ struct arena *out = arena_new();
        struct pod_report report = {.uid = pod->request.uid,
                                    .phase = POD_SUCCEEDED,
                                    .message = STR_INIT(""),
                                    .is_final = true};
        struct wf_input input = {
            .kind = WF_INPUT_POD, .node_id = pod->request.node_id, .report = &report};
        struct wf_actions did = {.arena = out};

        wf_decide(r.wf, &input, 1, r.now, &did);
        changed += did.node_count;
        if (i + 1 == wide)
            assert_true(did.is_finished);
    }
    /* One row a report, and the callers' progress a few times. */
    assert_true(changed < wide + 200);
    print_message("# %zu bytes a node\n", (wf_bytes(r.wf) - before) / wide);
    runner_done(&r);
}

static size_t children_stored(struct runner *r, struct arena *a)
{
    struct json doc, node;
    struct err err;

    assert_int_equal(json_parse(a, runner_tree(r, a), &doc, &err), 0);
    doc = *json_path(&doc, "status", "nodes", NULL);
    for (uint32_t i = 0; i < doc.count; i++) {
        node = doc.members[i].value;
        if (str_is(json_get_str(&node, STR("type")), "StepGroup"))
            return json_get(&node, STR("children")) ? json_get(&node, STR("children"))->count
                                                    : 0;
    }
    return 0;
}

/* A group of many is not written for each new child; what a crash takes of its children is
 * found again, in order, and a second later all are written without anything else happening. */
static void test_wide_group_is_written_seldom(void **state)
{
    enum { WIDE = 6500 };
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    size_t writes = 0, stored = 0, passes = 0;

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n    steps:\n"
               "    - - {name: a, template: say, withSequence: {count: '6500'}}\n" LEAF);
    while (r.waiting.len < WIDE) {
        size_t before = stored;

        wake(&r);
        stored = children_stored(&r, a);
        writes += stored != before;
        passes++;
        if (passes == 9) {
            assert_true(stored < r.waiting.len); /* some are not there yet */
            runner_crash(&r);
            stored = children_stored(&r, a);
        }
    }
    assert_true(writes < passes);
    assert_true(stored < WIDE);
    assert_true(r.wake_at.ms > 0 && r.wake_at.ms <= r.now.ms + GROUP_WAIT_MS);
    r.now = r.wake_at;
    wake(&r);
    assert_int_equal(children_stored(&r, a), WIDE);
    runner_crash(&r);
    assert_int_equal(children_stored(&r, a), WIDE);
    assert_int_equal(r.waiting.len, WIDE);
    runner_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_restart_asks_again),
        cmocka_unit_test(test_reports_twice_and_late),
        cmocka_unit_test(test_load_refuses),
        cmocka_unit_test(test_archive_is_asked),
        cmocka_unit_test(test_refused_document),
        cmocka_unit_test(test_stop_runs_exit_handler),
        cmocka_unit_test(test_terminate_runs_none),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_suspend_holds_back),
        cmocka_unit_test(test_resume_after_a_restart),
        cmocka_unit_test(test_pause_waits),
        cmocka_unit_test(test_pause_is_ended),
        cmocka_unit_test(test_pause_with_an_end),
        cmocka_unit_test(test_error_waits_for_siblings),
        cmocka_unit_test(test_error_of_an_item),
        cmocka_unit_test(test_stuck_ends),
        cmocka_unit_test(test_workflow_metadata),
        cmocka_unit_test(test_parallelism),
        cmocka_unit_test(test_backoff),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_wide_group_is_written_seldom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
