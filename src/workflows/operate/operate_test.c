/*
 * Tests of workflows/operate: tables of a workflow, an operation, and what the workflow then is
 * or why it is refused. Workflows are YAML; status.nodes stand in the document as the API shows
 * it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/yaml.h"
#include "workflows/operate/operate_internal.h"

/* 2026-01-02T03:04:05Z */
enum { NOW_S = 1767323045 };

static struct json yaml(struct arena *a, const char *text)
{
    struct yaml_documents docs;
    struct err err;

    if (yaml_parse_all(a, str_from(text), &docs, &err) < 0 || docs.len != 1)
        fail_msg("%s: %s", err.text, text);
    return docs.at[0];
}

/* A document with status.nodes as it is stored: nodes are rows. */
static struct operate_workflow load(struct arena *a, const char *text)
{
    struct json doc = yaml(a, text);
    const struct json *status = json_get(&doc, STR("status"));
    const struct json *nodes = json_get(status, STR("nodes"));
    struct operate_workflow wf = {.arena = a, .now = {NOW_S * 1000LL}, .doc = doc};

    if (!nodes)
        return wf;
    wf.doc = json_set(a, &doc, STR("status"), json_without(a, status, STR("nodes")));
    wf.nodes = ARENA_ARRAY(a, struct operate_node, nodes->count);
    wf.node_count = nodes->count;
    for (uint32_t i = 0; i < nodes->count; i++)
        wf.nodes[i] =
            (struct operate_node){.id = nodes->members[i].key,
                                  .seq = i,
                                  .doc = json_set(a, &nodes->members[i].value, STR("id"),
                                                  json_string(nodes->members[i].key))};
    return wf;
}

/* What an operation wrote: the document, then each node that is written, a line each. */
static struct str written(struct arena *a, const struct operate_workflow *wf)
{
    struct str text = wf->is_changed ? json_text(a, &wf->doc, JSON_SORT_KEYS) : STR("");

    for (size_t i = 0; i < wf->node_count; i++) {
        const struct operate_node *n = &wf->nodes[i];

        if (n->is_removed)
            text =
                str_printf(a, STR_FMT "\n" STR_FMT " removed", STR_ARG(text), STR_ARG(n->id));
        else if (n->is_changed)
            text = str_printf(a, STR_FMT "\n" STR_FMT, STR_ARG(text),
                              STR_ARG(json_text(a, &n->doc, JSON_SORT_KEYS)));
    }
    return text;
}

/* @want: what is written; behind "error: " the error's text; "" nothing. */
static void compare(struct arena *a, size_t row, int rc, const struct operate_workflow *wf,
                    const struct err *err, const char *want)
{
    struct str have = rc < 0 ? str_printf(a, "error: %s", err->text) : written(a, wf);

    if (rc < 0 && err->kind != ERR_INVALID)
        fail_msg("row %zu: kind %d", row, err->kind);
    if (!str_is(have, want))
        fail_msg("row %zu\n---- have\n" STR_FMT "\n---- want\n%s", row, STR_ARG(have), want);
}

#define META "metadata: {name: wf, namespace: ns}\n"

/* ---- spec.suspend and spec.shutdown ---- */

static void test_suspend(void **state)
{
    static const struct {
        const char *workflow, *want;
    } rows[] = {
        {META "spec: {entrypoint: main}\nstatus: {phase: Running}",
         "{\"metadata\":{\"name\":\"wf\",\"namespace\":\"ns\"},\"spec\":{\"entrypoint\":"
         "\"main\","
         "\"suspend\":true},\"status\":{\"phase\":\"Running\"}}"},
        {META "spec: {suspend: false}",
         "{\"metadata\":{\"name\":\"wf\",\"namespace\":\"ns\"},\"spec\":{\"suspend\":true}}"},
        {META "spec: {suspend: true}", ""},
        {META "spec: {}\nstatus: {phase: Pending}",
         "{\"metadata\":{\"name\":\"wf\",\"namespace\":\"ns\"},\"spec\":{\"suspend\":true},"
         "\"status\":{\"phase\":\"Pending\"}}"},
        {META "spec: {}\nstatus: {phase: Succeeded}",
         "error: cannot suspend completed workflows"},
        {META "spec: {}\nstatus: {phase: Failed}", "error: cannot suspend completed workflows"},
        {META "spec: {}\nstatus: {phase: Error}", "error: cannot suspend completed workflows"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct operate_workflow wf = load(a, rows[i].workflow);
        struct err err;

        compare(a, i, operate_suspend(&wf, &err), &wf, &err, rows[i].want);
    }
}

static void test_shut_down(void **state)
{
    static const struct {
        const char *workflow;
        enum operate_shutdown how;
        const char *want;
    } rows[] = {
        {META "spec: {a: 1}\nstatus: {phase: Running}", OPERATE_STOP,
         "{\"metadata\":{\"name\":\"wf\",\"namespace\":\"ns\"},\"spec\":{\"a\":1,\"shutdown\":"
         "\"Stop\"},\"status\":{\"phase\":\"Running\"}}"},
        {META "spec: {shutdown: Stop}", OPERATE_TERMINATE,
         "{\"metadata\":{\"name\":\"wf\",\"namespace\":\"ns\"},\"spec\":{\"shutdown\":"
         "\"Terminate\"}}"},
        {META "spec: {}\nstatus: {phase: Failed}", OPERATE_STOP,
         "error: cannot shutdown a completed workflow: workflow: \"wf\", namespace: \"ns\""},
        {META "spec: {}\nstatus: {phase: Succeeded}", OPERATE_TERMINATE,
         "error: cannot shutdown a completed workflow: workflow: \"wf\", namespace: \"ns\""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct operate_workflow wf = load(a, rows[i].workflow);
        struct err err;

        compare(a, i, operate_shut_down(&wf, rows[i].how, &err), &wf, &err, rows[i].want);
    }
}

/* ---- suspended nodes ---- */

#define RUNS META "spec: {}\nstatus:\n  phase: Running\n  nodes:\n"
#define DOC                                                                                   \
    "{\"metadata\":{\"name\":\"wf\",\"namespace\":\"ns\"},\"spec\":{},\"status\":{\"phase\":" \
    "\"Running\"}}"
#define WAITS(id)                                                                        \
    "    " id ": {name: wf." id ", displayName: " id ", type: Suspend, phase: Running, " \
    "templateName: approve, progress: 0/1}\n"
#define ENDED(id, phase)                                                                 \
    "\n{\"displayName\":\"" id "\",\"finishedAt\":\"2026-01-02T03:04:05Z\",\"id\":\"" id \
    "\",\"name\":\"wf." id "\",\"phase\":\"" phase "\",\"progress\":\"1/1\","            \
    "\"templateName\":\"approve\",\"type\":\"Suspend\"}"
#define ASKS(parameters) \
    "    x: {type: Suspend, phase: Running, outputs: {parameters: [" parameters "]}}\n"

static void test_resume(void **state)
{
    static const struct {
        const char *workflow, *selector, *want;
    } rows[] = {
        /* the workflow alone */
        {META "spec: {suspend: true, a: 1}\nstatus: {phase: Running}", "",
         "{\"metadata\":{\"name\":\"wf\",\"namespace\":\"ns\"},\"spec\":{\"a\":1},\"status\":{"
         "\"phase\":\"Running\"}}"},
        {META "spec: {}\nstatus: {phase: Running}", "", ""},
        {META "spec: {suspend: false}", "", ""},
        {META "spec: {}\nstatus: {storedWorkflowTemplateSpec: {suspend: true}}", "",
         "{\"metadata\":{\"name\":\"wf\",\"namespace\":\"ns\"},\"spec\":{\"suspend\":false},"
         "\"status\":{\"storedWorkflowTemplateSpec\":{\"suspend\":true}}}"},
        {META "spec: {suspend: false}\nstatus: {storedWorkflowTemplateSpec: {suspend: true}}",
         "", ""},
        /* nodes that wait */
        {RUNS WAITS("x") WAITS("b"), "", DOC ENDED("x", "Succeeded") ENDED("b", "Succeeded")},
        {RUNS WAITS("x") "    p: {type: Pod, phase: Running}\n"
                         "    s: {type: Suspend, phase: Succeeded}\n"
                         "    t: {type: Suspend, phase: Pending}\n",
         "", DOC ENDED("x", "Succeeded")},
        /* outputs */
        {RUNS ASKS("{name: a, valueFrom: {supplied: {}, default: d}}, {name: b, value: v}"), "",
         DOC
         "\n{\"finishedAt\":\"2026-01-02T03:04:05Z\",\"id\":\"x\",\"outputs\":{"
         "\"parameters\":[{\"name\":\"a\",\"value\":\"d\"},{\"name\":\"b\",\"value\":\"v\"}]"
         "},\"phase\":\"Succeeded\",\"progress\":\"1/1\",\"type\":\"Suspend\"}"},
        {RUNS ASKS("{name: a, valueFrom: {supplied: {}}}"), "",
         "error: raw output parameter 'a' has not been set and does not have a default value"},
        /* a selector takes no defaults */
        {RUNS ASKS("{name: a, valueFrom: {supplied: {}}}"), "phase=Running",
         DOC "\n{\"finishedAt\":\"2026-01-02T03:04:05Z\",\"id\":\"x\",\"outputs\":{"
             "\"parameters\":[{\"name\":\"a\",\"valueFrom\":{\"supplied\":{}}}]},\"phase\":"
             "\"Succeeded\",\"progress\":\"1/1\",\"type\":\"Suspend\"}"},
        {RUNS WAITS("x") WAITS("b"), "displayName=b", DOC ENDED("b", "Succeeded")},
        {RUNS WAITS("x"), "displayName=z",
         "error: currently, set only targets suspend nodes: no suspend nodes matching "
         "nodeFieldSelector: displayName=z"},
        {RUNS "    p: {type: Pod, phase: Running, displayName: p}\n", "displayName=p",
         "error: currently, set only targets suspend nodes: no suspend nodes matching "
         "nodeFieldSelector: displayName=p"},
        {RUNS WAITS("x"), "displayName",
         "error: invalid selector: 'displayName'; can't understand 'displayName'"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct operate_workflow wf = load(a, rows[i].workflow);
        struct err err;

        compare(a, i, operate_resume(&wf, str_from(rows[i].selector), STR(""), &err), &wf,
                &err, rows[i].want);
    }
}

static void test_resumed_by(void **state)
{
    static const struct {
        const char *message, *selector, *want;
    } rows[] = {
        {"", "", "Resumed by: map[User:ann]"},
        {", message: why", "", "why; Resumed by: map[User:ann]"},
        {", message: why", "displayName=x", "Resumed by: map[User:ann]"}, /* as upstream */
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct operate_workflow wf =
            load(a, str_printf(a,
                               "status:\n  phase: Running\n  nodes:\n    x: {id: x, type: "
                               "Suspend, phase: Running, displayName: x%s}\n",
                               rows[i].message)
                        .ptr);
        struct err err;

        assert_int_equal(operate_resume(&wf, str_from(rows[i].selector), STR("ann"), &err), 0);
        assert_true(str_is(json_get_str(&wf.nodes[0].doc, STR("message")), rows[i].want));
    }
}

static void test_stop_nodes(void **state)
{
    static const struct {
        const char *selector, *message, *want;
    } rows[] = {
        {"displayName=x", "too late",
         DOC "\n{\"displayName\":\"x\",\"finishedAt\":\"2026-01-02T03:04:05Z\",\"id\":\"x\","
             "\"message\":\"too late\",\"name\":\"wf.x\",\"phase\":\"Failed\",\"progress\":"
             "\"0/1\",\"templateName\":\"approve\",\"type\":\"Suspend\"}"},
        {"displayName!=x", "",
         DOC "\n{\"displayName\":\"b\",\"finishedAt\":\"2026-01-02T03:04:05Z\",\"id\":\"b\","
             "\"name\":\"wf.b\",\"phase\":\"Failed\",\"progress\":\"0/1\",\"templateName\":"
             "\"approve\",\"type\":\"Suspend\"}"},
        {"name=x", "m",
         "error: currently, set only targets suspend nodes: no suspend nodes matching "
         "nodeFieldSelector: name=x"},
        {"", "m",
         "{\"metadata\":{\"name\":\"wf\",\"namespace\":\"ns\"},\"spec\":{\"shutdown\":\"Stop\"}"
         ","
         "\"status\":{\"phase\":\"Running\"}}"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct operate_workflow wf = load(a, RUNS WAITS("x") WAITS("b"));
        struct err err;

        compare(a, i,
                operate_stop(&wf, str_from(rows[i].selector), str_from(rows[i].message), &err),
                &wf, &err, rows[i].want);
    }
}

static void test_set(void **state)
{
    static const struct {
        const char *parameters, *phase, *message, *outputs, *want;
    } rows[] = {
        {"{name: a, valueFrom: {supplied: {}}}, {name: b, valueFrom: {supplied: {}}}", "", "",
         "{a: '1'}",
         DOC "\n{\"id\":\"x\",\"outputs\":{\"parameters\":[{\"name\":\"a\",\"value\":\"1\"},{"
             "\"name\":\"b\",\"valueFrom\":{\"supplied\":{}}}]},\"phase\":\"Running\",\"type\":"
             "\"Suspend\"}"},
        {"{name: a, globalName: g, valueFrom: {supplied: {}}}", "Succeeded", "fine", "{a: '1'}",
         "{\"metadata\":{\"name\":\"wf\",\"namespace\":\"ns\"},\"spec\":{},\"status\":{"
         "\"outputs\":{\"parameters\":[{\"name\":\"g\",\"value\":\"1\"}]},\"phase\":"
         "\"Running\"}"
         "}\n{\"finishedAt\":\"2026-01-02T03:04:05Z\",\"id\":\"x\",\"message\":\"fine\","
         "\"outputs\":{\"parameters\":[{\"globalName\":\"g\",\"name\":\"a\",\"value\":\"1\"}]},"
         "\"phase\":\"Succeeded\",\"progress\":\"1/1\",\"type\":\"Suspend\"}"},
        {"", "Error", "bad", "{}",
         DOC "\n{\"finishedAt\":\"2026-01-02T03:04:05Z\",\"id\":\"x\",\"message\":\"bad\","
             "\"outputs\":{\"parameters\":[]},\"phase\":\"Error\",\"type\":\"Suspend\"}"},
        {"{name: a, value: v}", "", "", "{a: '1'}",
         "error: cannot set output parameter 'a' because it does not use valueFrom.raw or it "
         "was already set"},
        {"{name: a, valueFrom: {supplied: {}}}", "", "", "{b: '1'}",
         "error: node is not expecting output parameter 'b'"},
        {"", "Running", "", "{}", "error: Running is an invalid phase to set to"},
        {"", "Skipped", "", "{}", "error: Skipped is an invalid phase to set to"},
        {"", "", "", "{}",
         "error: currently, set only targets suspend nodes: no suspend nodes matching "
         "nodeFieldSelector: id=x"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str text = str_printf(a,
                                     RUNS "    x: {type: Suspend, phase: Running, outputs: "
                                          "{parameters: [%s]}}\n",
                                     rows[i].parameters);
        struct operate_workflow wf = load(a, text.ptr);
        struct json outputs = yaml(a, rows[i].outputs);
        const struct operate_values values = {.selector = STR("id=x"),
                                              .phase = str_from(rows[i].phase),
                                              .message = str_from(rows[i].message),
                                              .outputs = &outputs};
        struct err err;

        compare(a, i, operate_set(&wf, &values, &err), &wf, &err, rows[i].want);
    }
}

static void test_set_wants_what_there_is(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct operate_workflow wf = load(a, RUNS WAITS("x"));
    struct json outputs = yaml(a, "{a: b}");
    struct operate_values values = {
        .selector = STR("id=x"), .phase = STR(""), .message = STR(""), .outputs = &outputs};
    struct err err;

    (void) state;
    compare(a, 0, operate_set(&wf, &values, &err), &wf, &err,
            "error: cannot set output parameters because node is not expecting any raw "
            "parameters");
    values.selector = STR("");
    compare(a, 1, operate_set(&wf, &values, &err), &wf, &err,
            "error: 'set' currently only targets suspend nodes, use a node field selector to "
            "target them");
}

/* ---- the selector ---- */

static void test_selector(void **state)
{
    static const char node[] =
        "{name: 'wf[0].a', displayName: a, id: wf-1, phase: Failed, templateName: say, inputs: "
        "{parameters: [{name: m.n, value: hi}, {name: k, value: ''}]}}";
    static const char ref[] = "{templateRef: {name: lib, template: say}, templateName: other}";
    static const struct {
        const char *node, *selector;
        bool is_match;
    } rows[] = {
        {node, "displayName=a", true},
        {node, "displayName==a,phase=Failed", true},
        {node, "displayName=a,phase!=Failed", false},
        {node, "name=wf[0].a", true},
        {node, "id=wf-1", true},
        {node, "id=wf-2", false},
        {node, "templateName=say", true},
        {node, "templateRef.name=lib", false},
        {node, "templateRef.name!=lib", true},
        {node, "inputs.parameters.m.n.value=hi", true},
        {node, "inputs.parameters.m.n.value=ho", false},
        {node, "inputs.parameters.k.value=", true},
        {node, "inputs.parameters.x.value=hi", false},
        {node, "inputs.parameters.value=hi", false},
        {node, "nothing=", true},
        {node, "nothing=x", false},
        {ref, "templateName=say", true},
        {ref, "templateName=other", false},
        {ref, "templateRef.name=lib,templateRef.template=say", true},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const struct operate_workflow wf = {.arena = a};
        struct json doc = yaml(a, rows[i].node);
        struct selector selector;
        struct err err;

        if (operate_selector(&wf, str_from(rows[i].selector), &selector, &err) < 0)
            fail_msg("row %zu: %s", i, err.text);
        if (operate_matches(&selector, &doc) != rows[i].is_match)
            fail_msg("row %zu: %s", i, rows[i].selector);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suspend),  cmocka_unit_test(test_shut_down),
        cmocka_unit_test(test_resume),   cmocka_unit_test(test_stop_nodes),
        cmocka_unit_test(test_resumed_by),
        cmocka_unit_test(test_set),      cmocka_unit_test(test_set_wants_what_there_is),
        cmocka_unit_test(test_selector),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
