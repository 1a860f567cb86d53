/*
 * What stands around templates: times that a pod may wait, labels that are expressions,
 * failures that pass.
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

static struct str label_of(struct runner *r, struct arena *a, const char *name)
{
    struct json *doc = ARENA_NEW(a, struct json);
    struct err err;

    assert_int_equal(json_parse(a, str_copy(a, r->doc), doc, &err), 0);
    return json_str(json_path(doc, "metadata", "labels", name, NULL));
}

static void test_pending_timeout(void **state)
{
    static const char *const fields[] = {"pendingTimeout: 30s", "timeout: '30'"};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct runner r = {0};

        start(&r, a,
              str_cz(a, str_printf(a,
                                   HEAD "  entrypoint: main\n  templates:\n  - name: main\n"
                                        "    %s\n    container: {image: busybox}\n",
                                   fields[i])));
        wake(&r);
        assert_int_equal(r.wake_at.ms, r.now.ms + 30000);
        runner_crash(&r);
        assert_int_equal(r.wake_at.ms, r.now.ms + 30000);
        r.now.ms += 29999;
        wake(&r);
        assert_false(r.is_finished);
        r.now.ms += 1;
        wake(&r);
        assert_true(r.is_finished);
        assert_text(r.waiting.at[0]->killed, "timeout");
        assert_text(node_field(&r, a, "wf", "phase"), "Failed");
        assert_text(node_field(&r, a, "wf", "message"), "timeout");
        runner_done(&r);
    }
}

/* What a pod says of how far it is counts as much as it says; what it cannot mean, not at all.
 */
static void test_a_pod_says_how_far_it_is(void **state)
{
    static const struct {
        const char *says, *pod, *group;
    } cases[] = {{"", "0/1", "0/2"},       {"3/10", "3/10", "3/11"},
                 {"x/10", "3/10", "3/11"}, {"11/10", "3/10", "3/11"},
                 {"4/0", "3/10", "3/11"},  {"4/5/6", "3/10", "3/11"},
                 {"-1/5", "3/10", "3/11"}, {"20/20", "20/20", "20/21"}};
    _cleanup_arena_ struct arena *a = arena_new();
    struct pod_report report = {.phase = POD_RUNNING, .message = STR("")};
    struct wf_input input = {.kind = WF_INPUT_POD, .report = &report};
    struct runner r = {0};

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n    steps:\n"
               "    - - {name: a, template: t}\n      - {name: b, template: t}\n"
               "  - {name: t, container: {image: busybox}}\n");
    wake(&r);
    report.uid = r.waiting.at[0]->request.uid;
    input.node_id = r.waiting.at[0]->request.node_id;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        report.progress = str_from(cases[i].says);
        runner_pass(&r, &input);
        assert_text(node_field(&r, a, "a", "progress"), cases[i].pod);
        if (i > 0)
            assert_text(node_field(&r, a, "wf", "progress"), cases[i].group);
    }
    runner_crash(&r);
    wake(&r);
    assert_text(node_field(&r, a, "a", "progress"), "20/20");
    runner_report(&r, 1);
    runner_report(&r, 0);
    assert_text(node_field(&r, a, "wf", "progress"), "21/21");
    assert_text(json_get_str(status_of(&r, a), STR("progress")), "21/21");
    runner_done(&r);
}

/* What runs is bound by its pod's deadline alone. */
static void test_pending_is_over(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct pod_report report = {.phase = POD_RUNNING, .message = STR("")};
    struct wf_input input = {.kind = WF_INPUT_POD, .report = &report};
    struct runner r = {0};

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n    pendingTimeout: 30s\n"
               "    container: {image: busybox}\n");
    wake(&r);
    report.uid = r.waiting.at[0]->request.uid;
    input.node_id = r.waiting.at[0]->request.node_id;
    runner_pass(&r, &input);
    assert_int_equal(r.wake_at.ms, 0);
    r.now.ms += 60000;
    wake(&r);
    assert_false(r.is_finished);
    assert_text(node_field(&r, a, "wf", "phase"), "Running");
    runner_done(&r);
}

static void test_labels_from(void **state)
{
    static const struct {
        const char *expression, *value, *message;
    } cases[] = {
        {"workflow.name", "wf", NULL},
        {"'v-' + workflow.parameters.who", "v-x", NULL},
        {"1 + 1", NULL,
         "failed to evaluate label \"from\" expression \"1 + 1\" evaluted to int but must be a "
         "string"},
        {"'a b'", NULL,
         "invalid label value \"a b\" for label \"from\" and expression \"'a b'\": "},
        {"nope", NULL, "failed to evaluate label \"from\" expression \"nope\": "},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct runner r = {0};

        start(&r, a,
              str_cz(a, str_printf(a,
                                   HEAD "  entrypoint: main\n"
                                        "  arguments: {parameters: [{name: who, value: x}]}\n"
                                        "  workflowMetadata: {labelsFrom: {from: {expression: "
                                        "\"%s\"}}}\n"
                                        "  templates:\n  - name: main\n"
                                        "    container: {image: busybox, args: "
                                        "['{{workflow.labels.from}}']}\n",
                                   cases[i].expression)));
        wake(&r);
        assert_int_equal(r.is_finished, cases[i].message != NULL);
        if (cases[i].value) {
            assert_text(label_of(&r, a, "from"), cases[i].value);
            assert_text(json_str(json_item(json_path(r.waiting.at[0]->request.template,
                                                     "container", "args", NULL),
                                           0)),
                        cases[i].value);
        } else if (!str_starts(json_get_str(status_of(&r, a), STR("message")),
                               str_from(cases[i].message))) {
            fail_msg("%s: " STR_FMT, cases[i].expression,
                     STR_ARG(json_get_str(status_of(&r, a), STR("message"))));
        }
        runner_done(&r);
    }
}

static void test_transient_errors(void **state)
{
    static const struct {
        const char *message;
        size_t asked;
    } cases[] = {
        {"main: Error (exit code 1)", 1},
        {"dial tcp 10.0.0.1:443: i/o timeout", 3},
        {"read: connection reset by peer", 3},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct runner r = {0};
        struct json pods, pod;

        pod = json_set(a, NULL, STR("phase"), json_string(STR("Error")));
        pod = json_set(a, &pod, STR("message"), json_string(str_from(cases[i].message)));
        pods = json_set(a, NULL, STR("$WF(0)"), pod);
        pods = json_set(a, &pods, STR("$WF(1)"), pod);
        r.ctx = &pods;
        start(&r, a,
              HEAD "  entrypoint: main\n  templates:\n  - name: main\n"
                   "    retryStrategy: {limit: 5, retryPolicy: OnTransientError}\n"
                   "    container: {image: busybox}\n");
        runner_run(&r);
        assert_true(r.is_finished);
        assert_int_equal(r.asked, cases[i].asked);
        assert_text(json_get_str(status_of(&r, a), STR("phase")),
                    cases[i].asked == 1 ? "Error" : "Succeeded");
        runner_done(&r);
    }
}

/* A daemon over a crash: asked for again, not waited for again, killed with its steps. */
static void test_daemon(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner_pod *daemon;
    struct runner r = {0};

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n    steps: [[{name: d, "
               "template: serve}], [{name: use, template: say}]]\n"
               "  - {name: serve, daemon: true, container: {image: busybox}}\n" LEAF);
    wake(&r);
    daemon = r.waiting.at[0];
    runner_report(&r, 0);
    assert_text(node_field(&r, a, "d", "phase"), "Running");
    assert_text(node_field(&r, a, "d", "podIP"), "10.0.0.7");
    assert_int_equal(r.waiting.len, 1);
    runner_crash(&r);
    assert_int_equal(r.waiting.len, 1);
    assert_int_equal(r.asked, 2);
    assert_int_equal(r.failures, 0);
    runner_report(&r, 0);
    assert_true(r.is_finished);
    assert_text(daemon->killed, "daemon ended with its steps");
    assert_text(node_field(&r, a, "d", "phase"), "Succeeded");
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Succeeded");
    runner_done(&r);
}

/* Retried steps that begin together get the room in the order in which they stand. */
static void test_first_ones_begin(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a,
          HEAD
          "  entrypoint: main\n  templates:\n  - name: main\n    parallelism: 2\n"
          "    steps: [[{name: a, template: again}, {name: b, template: again}, {name: c, "
          "template: again}]]\n"
          "  - {name: again, retryStrategy: {limit: 1}, container: {image: busybox}}\n" LEAF);
    wake(&r);
    assert_int_equal(r.waiting.len, 2);
    assert_text(r.waiting.at[0]->request.node_name, "wf[0].a(0)");
    assert_text(r.waiting.at[1]->request.node_name, "wf[0].b(0)");
    runner_run(&r);
    assert_true(r.is_finished);
    runner_done(&r);
}

/* Two names with the same hash are two nodes with two pods. */
static void test_same_hash(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    assert_int_equal(str_fnv32a(STR("wf[0].s(0:cfbiez)")),
                     str_fnv32a(STR("wf[0].s(1:pckcqd)")));
    start(&r, a,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n"
               "    steps: [[{name: s, template: t, withItems: [cfbiez, pckcqd]}]]\n"
               "  - {name: t, container: {image: busybox}}\n");
    wake(&r);
    assert_int_equal(r.waiting.len, 2);
    assert_text(r.waiting.at[0]->request.node_name, "wf[0].s(0:cfbiez)");
    assert_text(r.waiting.at[1]->request.node_name, "wf[0].s(1:pckcqd)'");
    assert_false(str_eq(r.waiting.at[0]->request.uid, r.waiting.at[1]->request.uid));
    assert_false(str_eq(r.waiting.at[0]->request.name, r.waiting.at[1]->request.name));
    runner_reload(&r); /* each is found again */
    wake(&r);
    runner_run(&r);
    assert_true(r.is_finished);
    assert_int_equal(r.waiting.len, 0);
    runner_done(&r);
}

static struct str pod_running(struct runner *r, struct arena *a)
{
    const struct json *list = json_get(status_of(r, a), STR("conditions")), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_is(json_get_str(item, STR("type")), "PodRunning"))
            return json_get_str(item, STR("status"));
    return STR_NONE;
}

/* A workflow that ends as its daemon comes says that a pod runs: nothing looks again. */
static void test_daemon_is_last(void **state)
{
    static const struct {
        const char *steps, *want;
    } rows[] = {
        {"[[{name: d, template: serve}]]", "True"},
        {"[[{name: d, template: serve}], [{name: use, template: say}]]", "False"},
        {"[[{name: use, template: say}]]", "False"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct runner r = {0};

        start(&r, a,
              str_cz(a, str_printf(a,
                                   HEAD "  entrypoint: main\n  templates:\n  - name: main\n"
                                        "    steps: %s\n  - {name: serve, daemon: true, "
                                        "container: {image: busybox}}\n" LEAF,
                                   rows[i].steps)));
        runner_run(&r);
        assert_true(r.is_finished);
        assert_text(pod_running(&r, a), rows[i].want);
        runner_done(&r);
    }
}

/* While a container is not ready the node is pending, with what the probe says, and nothing
 * follows; a crash changes nothing of that. Once ready it stays. */
static void test_daemon_becomes_ready(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct pod_report report = {
        .phase = POD_RUNNING, .message = STR("Readiness probe failed: no"), .is_unready = true};
    struct wf_input input = {.kind = WF_INPUT_POD, .report = &report};
    struct runner r = {0};

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n    steps: [[{name: d, "
               "template: serve}], [{name: use, template: say}]]\n"
               "  - {name: serve, daemon: true, container: {image: busybox}}\n" LEAF);
    wake(&r);
    report.uid = str_copy(a, r.waiting.at[0]->request.uid);
    input.node_id = str_copy(a, r.waiting.at[0]->request.node_id);
    for (int i = 0; i < 2; i++) {
        runner_pass(&r, &input);
        assert_text(node_field(&r, a, "d", "phase"), "Pending");
        assert_text(node_field(&r, a, "d", "message"), "Readiness probe failed: no");
        assert_int_equal(r.waiting.len, 1);
        if (i == 0)
            runner_crash(&r);
    }
    report.is_unready = false;
    report.message = STR("");
    runner_pass(&r, &input);
    assert_text(node_field(&r, a, "d", "phase"), "Running");
    assert_text(node_field(&r, a, "d", "message"), "");
    assert_int_equal(r.asked, 2);
    report.is_unready = true;
    report.message = STR("Readiness probe failed: again");
    runner_pass(&r, &input);
    assert_text(node_field(&r, a, "d", "phase"), "Running");
    assert_text(node_field(&r, a, "d", "message"), "");
    runner_done(&r);
}

/* One that ends by itself has failed: it was to go on. */
static void test_daemon_ends(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct pod_report report = {.phase = POD_SUCCEEDED, .message = STR(""), .is_final = true};
    struct wf_input input = {.kind = WF_INPUT_POD, .report = &report};
    struct runner r = {0};

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n    steps: [[{name: d, "
               "template: serve}]]\n"
               "  - {name: serve, daemon: true, container: {image: busybox}}\n");
    wake(&r);
    report.uid = r.waiting.at[0]->request.uid;
    input.node_id = r.waiting.at[0]->request.node_id;
    runner_pass(&r, &input);
    assert_true(r.is_finished);
    assert_text(node_field(&r, a, "d", "phase"), "Failed");
    runner_done(&r);
}

/* A daemon that a stop ends has done what it was for, also when its pod ends before the others.
 */
static void test_daemon_stopped(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct pod_report report = {.phase = POD_FAILED, .message = STR("stop"), .is_final = true};
    struct wf_input input = {.kind = WF_INPUT_POD, .report = &report};
    struct runner r = {0};

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n    steps: [[{name: d, "
               "template: serve}], [{name: use, template: say}]]\n"
               "  - {name: serve, daemon: true, container: {image: busybox}}\n" LEAF);
    wake(&r);
    report.uid = str_copy(a, r.waiting.at[0]->request.uid);
    input.node_id = str_copy(a, r.waiting.at[0]->request.node_id);
    runner_report(&r, 0);
    change_spec(&r, a, json_string(STR("Stop")), "shutdown");
    wake(&r);
    runner_pass(&r, &input);
    assert_text(node_field(&r, a, "d", "phase"), "Succeeded");
    runner_done(&r);
}

/* An attempt of a daemon that was up and fails gets another; who needs it goes on meanwhile.
 * What is not up when the steps end has ended with them. */
static void test_daemon_again(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct pod_report report = {.phase = POD_FAILED, .message = STR("gone"), .is_final = true};
    struct wf_input input = {.kind = WF_INPUT_POD, .report = &report};

    (void) state;
    for (int i = 0; i < 4; i++) {
        bool is_up = i % 2;
        struct runner r = {0};

        start(&r, a,
              str_cz(a, str_printf(
                            a,
                            HEAD "  entrypoint: main\n  templates:\n  - name: main\n    %s\n"
                                 "  - {name: serve, daemon: true, retryStrategy: {limit: 2}, "
                                 "container: {image: busybox}}\n" LEAF,
                            i < 2 ? "steps: [[{name: d, template: serve}], [{name: use, "
                                    "template: say}]]"
                                  : "dag: {tasks: [{name: d, template: serve}, {name: use, "
                                    "template: say, depends: d}]}")));
        wake(&r);
        report.uid = str_copy(a, r.waiting.at[0]->request.uid);
        input.node_id = str_copy(a, r.waiting.at[0]->request.node_id);
        runner_report(&r, 0);
        assert_int_equal(r.waiting.len, 1);
        runner_pass(&r, &input);
        assert_text(node_field(&r, a, "d(0)", "phase"), "Failed");
        assert_text(node_field(&r, a, "d", "phase"), "Running");
        assert_int_equal(r.waiting.len, 2);
        if (is_up)
            runner_report(&r, 1);
        assert_text(node_field(&r, a, "d(1)", "phase"), is_up ? "Running" : "Pending");
        runner_report(&r, 0);
        assert_true(r.is_finished);
        assert_text(node_field(&r, a, "d", "phase"), "Succeeded");
        assert_text(node_field(&r, a, "d(0)", "phase"), "Failed");
        assert_text(node_field(&r, a, "d(1)", "phase"), "Succeeded");
        assert_text(json_get_str(status_of(&r, a), STR("phase")), "Succeeded");
        runner_done(&r);
    }
}

/* What the controller says of a template of Argo 2. */
static void test_warning(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *first;
    struct runner r = {0};

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n"
               "    annotations: {tiphys/legacy: 'true'}\n"
               "    steps: [[{name: say, template: say}]]\n" LEAF);
    wake(&r);
    first = json_item(json_get(status_of(&r, a), STR("conditions")), 0);
    assert_text(json_get_str(first, STR("type")), "SpecWarning");
    assert_text(json_get_str(first, STR("status")), "True");
    assert_text(
        json_get_str(first, STR("message")),
        "template main: a template that calls another one itself is of Argo 2; it runs as "
        "one step");
    runner_done(&r);
}

/* templateDefaults are merged as Kubernetes merges: lists by the names of their items. */
static void test_template_defaults(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    const struct json *tmpl;

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n"
               "  templateDefaults:\n    timeout: 30s\n    script: {image: s}\n"
               "    container: {image: busybox, env: [{name: A, value: '1'}, {name: B, value: "
               "'1'}], resources: {limits: {cpu: 1}}}\n"
               "  templates:\n  - name: main\n    steps:\n    - - name: a\n        inline: "
               "{container: {args: [x], env: [{name: B, value: '2'}], resources: {limits: "
               "{memory: 1Mi}}}}\n");
    wake(&r);
    assert_int_equal(r.waiting.len, 1);
    tmpl = r.waiting.at[0]->request.template;
    assert_text(
        json_text(a, tmpl, JSON_SORT_KEYS),
        "{\"container\":{\"args\":[\"x\"],\"env\":[{\"name\":\"A\",\"value\":\"1\"},{"
        "\"name\":\"B\",\"value\":\"2\"}],\"image\":\"busybox\",\"resources\":{\"limits\":{"
        "\"cpu\":1,\"memory\":\"1Mi\"}}},\"timeout\":\"30s\"}");
    runner_done(&r);
}

/* Whoever of those beside each other ends first, and whatever crashes in between. */
static void test_order_of_global_outputs(void **state)
{
    (void) state;
    for (int turn = 0; turn < 4; turn++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct runner r = {0};
        struct json script;
        struct err err;

        assert_int_equal(
            yaml_parse(
                a,
                STR("{\"$WF[0].s(0:x)\": {outputs: {parameters: [{name: p, value: '1', "
                    "globalName: gx}], artifacts: [{name: f, globalName: fx, s3: {key: "
                    "x}}]}}, \"$WF[0].s(1:z)\": {outputs: {parameters: [{name: p, value: "
                    "'2', globalName: gy}], artifacts: [{name: f, globalName: fy, s3: "
                    "{key: z}}]}}}"),
                &script, &err),
            0);
        r.ctx = &script;
        start(&r, a,
              HEAD "  entrypoint: main\n  templates:\n  - name: main\n    steps:\n"
                   "    - - name: s\n        template: say\n        withItems: [x, z]\n" LEAF);
        wake(&r);
        assert_int_equal(r.waiting.len, 2);
        runner_report(&r, turn & 1);
        if (turn & 2)
            runner_crash(&r);
        runner_run(&r);
        assert_true(r.is_finished);
        assert_text(json_text(a, json_get(status_of(&r, a), STR("outputs")), JSON_SORT_KEYS),
                    "{\"artifacts\":[{\"name\":\"fx\",\"s3\":{\"key\":\"x\"}},{\"name\":"
                    "\"fy\",\"s3\":{\"key\":\"z\"}}],\"parameters\":[{\"name\":\"gx\","
                    "\"value\":\"1\"},{\"name\":\"gy\",\"value\":\"2\"}]}");
        runner_done(&r);
    }
}

/* Hooks of an item are written with it. */
static void test_item_in_hooks(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a,
          HEAD
          "  entrypoint: main\n  templates:\n  - name: main\n    steps:\n"
          "    - - name: s\n        template: say\n        withItems: [one, two]\n"
          "        hooks:\n"
          "          exit: {template: say, arguments: {parameters: [{name: word, value: "
          "'bye {{item}}'}]}}\n"
          "          late: {template: say, expression: 'true', arguments: {parameters: [{name: "
          "word, value: 'on {{item}}'}]}}\n" LEAF);
    wake(&r);
    runner_report(&r, 0);
    runner_crash(&r);
    runner_run(&r);
    assert_true(r.is_finished);
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Succeeded");
    assert_non_null(strstr(runner_tree(&r, a).ptr, "bye one"));
    assert_non_null(strstr(runner_tree(&r, a).ptr, "bye two"));
    assert_non_null(strstr(runner_tree(&r, a).ptr, "on two"));
    runner_done(&r);
}

/* The first parameter that the node of this display name was given. */
static struct str input_of(struct runner *r, struct arena *a, const char *display)
{
    MAP_FOREACH (it, &r->rows) {
        struct runner_row *row = it->value;
        struct json doc;
        struct err err;

        assert_int_equal(json_parse(a, str_copy(a, row->doc), &doc, &err), 0);
        if (str_is(json_get_str(&doc, STR("displayName")), display))
            return json_get_str(json_item(json_path(&doc, "inputs", "parameters", NULL), 0),
                                STR("value"));
    }
    return STR_NONE;
}

/* What the first pass calls sees no status of the workflow, what comes later sees Running; a
 * hook of the workflow sees the root's in any pass. */
static void test_status_of_the_first_pass(void **state)
{
    static const struct {
        const char *node, *word;
    } cases[] = {{"a", "<>"}, {"b", "<Running>"}};
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a,
          HEAD "  entrypoint: main\n"
               "  hooks:\n    h: {template: say, expression: \"workflow.status == "
               "'Running'\"}\n"
               "  templates:\n  - name: main\n    steps:\n"
               "    - - {name: a, template: say, arguments: {parameters: [{name: word, value: "
               "'<{{workflow.status}}>'}]}}\n"
               "      - {name: never, template: say, when: \"'{{workflow.status}}' == "
               "Running\"}\n"
               "    - - {name: b, template: say, arguments: {parameters: [{name: word, value: "
               "'<{{workflow.status}}>'}]}}\n" LEAF);
    wake(&r);
    assert_text(node_field(&r, a, "never", "phase"), "Skipped");
    assert_text(node_field(&r, a, "wf.hooks.h", "phase"), "Pending");
    runner_run(&r);
    assert_true(r.is_finished);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_text(input_of(&r, a, cases[i].node), cases[i].word);
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Succeeded");
    runner_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_global_outputs),
        cmocka_unit_test(test_item_in_hooks),
        cmocka_unit_test(test_status_of_the_first_pass),
        cmocka_unit_test(test_warning),
        cmocka_unit_test(test_template_defaults),
        cmocka_unit_test(test_pending_timeout),
        cmocka_unit_test(test_a_pod_says_how_far_it_is),
        cmocka_unit_test(test_pending_is_over),
        cmocka_unit_test(test_labels_from),
        cmocka_unit_test(test_transient_errors),
        cmocka_unit_test(test_daemon),
        cmocka_unit_test(test_daemon_is_last),
        cmocka_unit_test(test_first_ones_begin),
        cmocka_unit_test(test_same_hash),
        cmocka_unit_test(test_daemon_ends),
        cmocka_unit_test(test_daemon_again),
        cmocka_unit_test(test_daemon_stopped),
        cmocka_unit_test(test_daemon_becomes_ready),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
