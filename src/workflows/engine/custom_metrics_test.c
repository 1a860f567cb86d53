/*
 * Metrics that manifests define: what is told when, with which labels and values, and what
 * becomes of those that are wrong.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/metric.h"
#include "workflows/engine/script_test.h"

struct world {
    struct arena *a;
    struct metrics *registry;
    struct wf_world world;
    struct wf *wf;
    struct wf_actions did; /* the last decision */
    int64_t now_ms;
};

static int define(void *ctx, const struct metric_def *def, const struct str *values,
                  struct metric **ret, struct err *err)
{
    return metric_define(ctx, def, values, ret, err);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    w->a = arena_new();
    w->registry = metrics_new();
    w->world = (struct wf_world){.ctx = w->registry, .metric = define};
    w->now_ms = 1700000000000;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    wf_free(w->wf);
    metrics_free(w->registry);
    arena_free(w->a);
    free(w);
    return 0;
}

/* As the controller does it, but for time. */
static void carry_out(struct world *w)
{
    for (size_t i = 0; i < w->did.metric_count; i++) {
        const struct wf_metric_action *m = &w->did.metrics[i];

        if (m->operation == WF_METRIC_ADD)
            metric_add(m->metric, m->value);
        else if (m->operation == WF_METRIC_OBSERVE)
            metric_observe(m->metric, m->value);
        else if (m->operation == WF_METRIC_SET)
            metric_set(m->metric, m->value);
        else
            metric_set(m->metric, -1); /* grows */
    }
}

static void decide(struct world *w, const struct wf_input *input)
{
    w->did = (struct wf_actions){.arena = w->a};
    wf_decide(w->wf, input, 1, (struct wall){w->now_ms}, &w->did);
    carry_out(w);
}

static void begin(struct world *w, const char *yaml)
{
    struct err err;

    wf_free(w->wf);
    w->wf = wf_load(to_json(w->a, str_from(yaml)), NULL, 0, &err);
    if (!w->wf)
        fail_msg("%s", err.text);
    wf_see_world(w->wf, &w->world);
    decide(w, &(struct wf_input){.kind = WF_INPUT_WAKE});
}

/* The end of the pod that was asked for last, two seconds later. */
static void end(struct world *w, enum pod_phase phase, const char *outputs)
{
    const struct pod_request *r = &w->did.pods[w->did.pod_count - 1].request;
    struct json doc;
    struct err err;
    struct pod_report report = {
        .uid = r->uid, .phase = phase, .message = STR(""), .is_final = true};
    const struct wf_input input = {
        .kind = WF_INPUT_POD, .node_id = r->node_id, .report = &report};

    if (*outputs) {
        assert_int_equal(json_parse(w->a, str_from(outputs), &doc, &err), 0);
        report.outputs = &doc;
    }
    w->now_ms += 2000;
    decide(w, &input);
}

static struct str error_of(struct world *w)
{
    struct json doc;
    const struct json *list, *item;
    struct err err;

    assert_false(str_is_none(w->did.doc));
    assert_int_equal(json_parse(w->a, w->did.doc, &doc, &err), 0);
    list = json_path(&doc, "status", "conditions", NULL);
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_is(json_get_str(item, STR("type")), "MetricsError"))
            return json_get_str(item, STR("message"));
    return STR_NONE;
}

/* Is a line printed? */
static bool prints(struct world *w, const char *line)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);

    metrics_print(w->registry, &b);
    strbuf_addc(&b, '\n');
    return str_find(strbuf_str(&b), str_printf(w->a, "\n%s\n", line)) != SIZE_MAX;
}

static void assert_prints(struct world *w, const char *line)
{
    if (!prints(w, line))
        fail_msg("not printed: %s", line);
}

#define MAIN(metric)                                                                        \
    HEAD "  entrypoint: main\n  arguments: {parameters: [{name: who, value: me}]}\n"        \
         "  templates:\n  - name: main\n    inputs: {parameters: [{name: in, value: v}]}\n" \
         "    container: {image: busybox}\n    metrics: {prometheus: [" metric "]}\n"

static void test_kinds(void **state)
{
    static const struct {
        const char *metric, *line;
    } cases[] = {
        {"{name: a, help: h, counter: {value: '2'}}", "argo_workflows_a 2"},
        {"{name: b, help: h, gauge: {value: '{{outputs.parameters.out}}'}}",
         "argo_workflows_b 7.5"},
        {"{name: c, help: h, gauge: {value: '3', operation: Sub}}", "argo_workflows_c -3"},
        {"{name: d, help: h, gauge: {value: '3', operation: Add}}", "argo_workflows_d 3"},
        {"{name: e, help: h, histogram: {value: '{{outputs.result}}', buckets: [1, 4.5, 9]}}",
         "argo_workflows_e_bucket{le=\"4.5\"} 1"},
        {"{name: e, help: h, histogram: {value: '100', buckets: [1, 4.5, 9]}}",
         "argo_workflows_e_bucket{le=\"+Inf\"} 2"},
        {"{name: f, help: h, labels: [{key: status, value: '{{status}}'}, {key: code, value: "
         "'{{exitCode}}'}, {key: who, value: '{{workflow.parameters.who}}'}, {key: in, value: "
         "'{{inputs.parameters.in}}'}], counter: {value: '1'}}",
         "argo_workflows_f{status=\"Succeeded\",code=\"0\",who=\"me\",in=\"v\"} 1"},
        {"{name: g, help: h, gauge: {value: '{{duration}}'}}", "argo_workflows_g 2"},
        {"{name: h, help: h, when: '{{status}} == Succeeded', counter: {value: '1'}}",
         "argo_workflows_h 1"},
        {"{name: i, help: h, gauge: {realtime: true, value: '{{duration}}'}}",
         "argo_workflows_i 2"},
        {"{name: j, help: h, gauge: {value: '{{resourcesDuration.cpu}}'}}",
         "argo_workflows_j 0"},
        {"{name: k, help: h, gauge: {value: '{{=asInt(outputs.result) * 2}}'}}",
         "argo_workflows_k 8"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        begin(w, str_printf(w->a, MAIN("%s"), cases[i].metric).ptr);
        end(w, POD_SUCCEEDED,
            "{\"exitCode\":\"0\",\"result\":\"4\",\"parameters\":[{\"name\":\"out\",\"value\":"
            "\"7.5\"}]}");
        assert_true(w->did.is_finished);
        if (!str_is_none(error_of(w)))
            fail_msg("%s: " STR_FMT, cases[i].metric, STR_ARG(error_of(w)));
        assert_prints(w, cases[i].line);
    }
}

static void test_not_told(void **state)
{
    struct world *w = *state;

    begin(w, MAIN("{name: a, help: h, when: '{{status}} == Failed', counter: {value: '1'}}"));
    assert_int_equal(w->did.metric_count, 0);
    end(w, POD_SUCCEEDED, "");
    assert_int_equal(w->did.metric_count, 0);
    assert_true(str_is_none(error_of(w)));
}

static void test_realtime(void **state)
{
    struct world *w = *state;

    begin(w, HEAD "  entrypoint: main\n  metrics: {prometheus: [{name: whole, help: h, gauge: "
                  "{realtime: true, value: '{{workflow.duration}}'}}]}\n"
                  "  templates:\n  - name: main\n    container: {image: busybox}\n    metrics: "
                  "{prometheus: [{name: node, help: h, gauge: {realtime: true, value: "
                  "'{{ duration }}'}}]}\n");
    assert_int_equal(w->did.metric_count, 2);
    assert_int_equal(w->did.metrics[0].operation, WF_METRIC_GROW);
    assert_int_equal((int64_t) w->did.metrics[0].value, w->now_ms);
    assert_int_equal(w->did.metrics[1].operation, WF_METRIC_GROW);
    end(w, POD_SUCCEEDED, "");
    assert_int_equal(w->did.metric_count, 2);
    assert_prints(w, "argo_workflows_node 2");
    assert_prints(w, "argo_workflows_whole 2");
}

/* Each attempt counts, the Retry node does not. */
static void test_attempts(void **state)
{
    struct world *w = *state;

    begin(w,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n"
               "    retryStrategy: {limit: 2}\n    container: {image: busybox}\n    metrics: "
               "{prometheus: [{name: runs, help: h, labels: [{key: code, value: "
               "'{{exitCode}}'}], counter: {value: '1'}}, {name: tries, help: h, gauge: "
               "{value: '{{retries}}'}}]}\n");
    for (int i = 0; i < 3; i++)
        end(w, POD_FAILED, "{\"exitCode\":\"1\"}");
    assert_true(w->did.is_finished);
    assert_true(str_is_none(error_of(w)));
    assert_prints(w, "argo_workflows_runs{code=\"1\"} 3");
    assert_prints(w, "argo_workflows_tries 2");
}

/* Steps and the workflow itself, when they end. */
static void test_groups(void **state)
{
    struct world *w = *state;

    begin(w, HEAD "  entrypoint: main\n  metrics: {prometheus: [{name: wf, help: h, labels: "
                  "[{key: status, value: '{{workflow.status}}'}], counter: {value: '1'}}]}\n"
                  "  templates:\n  - name: main\n    steps: [[{name: say, template: say}]]\n"
                  "    metrics: {prometheus: [{name: steps, help: h, labels: [{key: status, "
                  "value: '{{status}}'}], counter: {value: '1'}}]}\n" LEAF);
    assert_int_equal(w->did.metric_count, 0);
    end(w, POD_FAILED, "");
    assert_true(w->did.is_finished);
    assert_prints(w, "argo_workflows_steps{status=\"Failed\"} 1");
    assert_prints(w, "argo_workflows_wf{status=\"Failed\"} 1");
}

static void test_wrong(void **state)
{
    static const struct {
        const char *metric, *error;
    } cases[] = {
        {"{name: a, counter: {value: '1'}}",
         "metric 'a' must contain a help string under 'help: ' field"},
        {"{name: a, help: h, counter: {value: '{{nope}}'}}",
         "unable to substitute parameters for metric 'a': failed to resolve {{nope}}"},
        {"{name: a, help: h, labels: [{key: k, value: '{{nope}}'}], counter: {value: '1'}}",
         "unable to substitute parameters for metric 'a': failed to resolve {{nope}}"},
        {"{name: a, help: h, counter: {value: many}}",
         "could not construct metric 'a': strconv.ParseFloat: parsing \"many\": invalid "
         "syntax"},
        {"{name: a, help: h, counter: {value: '-1'}}",
         "could not construct metric 'a': a counter cannot decrease"},
        {"{name: a, help: h, histogram: {value: '1', buckets: [2, 1]}}",
         "could not construct metric 'a': buckets must be numbers that rise"},
        {"{name: a, help: h, when: '(', counter: {value: '1'}}",
         "unable to compute 'when' clause for metric 'a': "},
        {"{name: b, help: h, gauge: {realtime: true, value: '5'}}",
         "real time metrics can only be used with metric variables, real time metrics can only "
         "be used with metric variables"},
        {"{name: b, help: h, gauge: {realtime: true, value: '{{workflow.duration}}'}}",
         "'workflow.duration' is not available as a real time metric, "},
        {"{name: first, help: h, counter: {value: '1'}}, {name: first, help: other, counter: "
         "{value: '1'}}",
         "could not construct metric 'first': "},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str error;

        begin(w, str_printf(w->a, MAIN("%s"), cases[i].metric).ptr);
        end(w, POD_SUCCEEDED, "");
        error = error_of(w);
        if (!w->did.is_finished || !str_starts(error, str_from(cases[i].error)))
            fail_msg("%s: " STR_FMT, cases[i].metric, STR_ARG(error));
    }
}

/* After a restart the node that goes on tells its metrics once; what was wrong is not
 * forgotten.
 */
static void test_after_a_restart(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *conditions, *item;
    struct runner r = {0};
    size_t errors = 0;

    (void) state;
    start(&r, a,
          HEAD
          "  entrypoint: main\n  templates:\n  - name: main\n"
          "    steps: [[{name: a, template: one}], [{name: b, template: one}]]\n"
          "  - name: one\n    container: {image: busybox}\n    metrics: {prometheus: [{name: "
          "a, help: h, counter: {value: '{{nope}}'}}]}\n");
    wake(&r);
    runner_report(&r, 0);
    runner_crash(&r);
    runner_report(&r, 0);
    assert_true(r.is_finished);
    conditions = json_get(status_of(&r, a), STR("conditions"));
    for (size_t i = 0; (item = json_item(conditions, i)) != NULL; i++) {
        if (!str_is(json_get_str(item, STR("type")), "MetricsError"))
            continue;
        errors++;
        assert_text(json_get_str(item, STR("message")),
                    "unable to substitute parameters for metric 'a': failed to resolve "
                    "{{nope}}, unable to substitute parameters for metric 'a': failed to "
                    "resolve {{nope}}");
    }
    assert_int_equal(errors, 1);
    runner_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_realtime, setup, teardown),
        cmocka_unit_test_setup_teardown(test_attempts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_groups, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong, setup, teardown),
        cmocka_unit_test(test_after_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
