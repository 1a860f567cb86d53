/*
 * Tests of memoized resubmissions: what becomes of the document and of each node; the creation
 * in a store, once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/yaml.h"
#include "objects/object.h"
#include "workflows/operate/memoized.h"
#include "workflows/operate/stored.h"

/* 2026-01-02T03:04:05Z */
enum { NOW_S = 1767323045 };

static const uint8_t bits[16] = {0};

static struct operate_workflow load(struct arena *a, const char *text)
{
    struct operate_workflow wf = {.arena = a, .now = {NOW_S * 1000LL}};
    struct err err;

    if (yaml_parse(a, str_from(text), &wf.doc, &err) < 0)
        fail_msg("%s: %s", err.text, text);
    operate_take_apart(&wf);
    return wf;
}

/* A steps template: "a" gave x, "b" failed after it, "c" was never reached; an exit handler. */
#define FAILED                                                                                 \
    "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"                                       \
    "metadata: {name: w, namespace: ns, uid: u, labels: {team: x, "                            \
    "workflows.argoproj.io/phase: Failed, workflows.argoproj.io/completed: 'true'}}\n"         \
    "spec: {entrypoint: m, shutdown: Stop, arguments: {parameters: [{name: p, value: "         \
    "old}]}}\n"                                                                                \
    "status:\n  phase: Failed\n  startedAt: '2026-01-01T00:00:00Z'\n  finishedAt: "            \
    "'2026-01-01T00:01:00Z'\n  message: child failed\n  progress: 1/2\n  conditions: [{type: " \
    "PodRunning, status: 'False'}, {type: Completed, status: 'True'}]\n"                       \
    "  storedTemplates: {x: {name: x}}\n  nodes:\n"                                            \
    "    w: {id: w, name: w, displayName: w, type: Steps, phase: Failed, children: [w-1], "    \
    "outboundNodes: [w-3]}\n"                                                                  \
    "    w-1: {id: w-1, name: 'w[0]', displayName: '[0]', type: StepGroup, phase: Succeeded, " \
    "boundaryID: w, children: [w-2]}\n"                                                        \
    "    w-2: {id: w-2, name: 'w[0].a', displayName: a, type: Pod, phase: Succeeded, "         \
    "boundaryID: w, outputs: {result: x}, children: [w-4]}\n"                                  \
    "    w-4: {id: w-4, name: 'w[1]', displayName: '[1]', type: StepGroup, phase: Failed, "    \
    "boundaryID: w, children: [w-3]}\n"                                                        \
    "    w-3: {id: w-3, name: 'w[1].b', displayName: b, type: Pod, phase: Failed, "            \
    "boundaryID: "                                                                             \
    "w, message: Error (exit code 1)}\n"                                                       \
    "    w-9: {id: w-9, name: w.onExit, displayName: w.onExit, type: Pod, phase: Succeeded}\n"

static const char *node_text(struct arena *a, const struct operate_workflow *wf, const char *id)
{
    for (size_t i = 0; i < wf->node_count; i++)
        if (!wf->nodes[i].is_removed && str_is(wf->nodes[i].id, id))
            return str_cz(a, json_text(a, &wf->nodes[i].doc, JSON_SORT_KEYS));
    return "none";
}

static size_t kept(const struct operate_workflow *wf)
{
    size_t count = 0;

    for (size_t i = 0; i < wf->node_count; i++)
        count += !wf->nodes[i].is_removed;
    return count;
}

static void test_nodes(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct operate_workflow wf = load(a, FAILED);
    const struct operate_resubmission how = {.is_memoized = true};
    struct str name, first, group;
    struct err err;

    (void) state;
    assert_int_equal(operate_memoized(&wf, &how, bits, &err), 0);
    name = object_name(&wf.doc);
    assert_true(str_starts(name, STR("w-")));
    assert_int_equal(kept(&wf), 4);
    group = str_printf(a, STR_FMT "-%u", STR_ARG(name),
                       str_fnv32a(str_concat(a, name, STR("[0]"))));
    first = str_printf(a, STR_FMT "-%u", STR_ARG(name),
                       str_fnv32a(str_concat(a, name, STR("[0].a"))));
    assert_string_equal(
        node_text(a, &wf, str_cz(a, first)),
        str_printf(
            a,
            "{\"boundaryID\":\"" STR_FMT "\",\"children\":[\"" STR_FMT
            "-%u\"],\"displayName\":\"a\",\"finishedAt\":\"2026-01-02T03:04:05Z\",\"id\":"
            "\"" STR_FMT "\",\"message\":\"original pod: w-2\",\"name\":\"" STR_FMT
            "[0].a\",\"outputs\":{\"result\":\"x\"},\"phase\":\"Skipped\",\"startedAt\":"
            "\"2026-01-02T03:04:05Z\",\"type\":\"Skipped\"}",
            STR_ARG(name), STR_ARG(name), str_fnv32a(str_concat(a, name, STR("[1]"))),
            STR_ARG(first), STR_ARG(name))
            .ptr);
    assert_non_null(
        strstr(node_text(a, &wf, str_cz(a, name)),
               str_printf(a, "\"children\":[\"" STR_FMT "\"]", STR_ARG(group)).ptr));
    assert_non_null(strstr(node_text(a, &wf, str_cz(a, name)), "\"phase\":\"Running\""));
    assert_non_null(
        strstr(node_text(a, &wf, str_cz(a, name)),
               str_printf(a, "\"displayName\":\"" STR_FMT "\"", STR_ARG(name)).ptr));
    assert_null(strstr(node_text(a, &wf, str_cz(a, name)), "outboundNodes"));
}

static void test_document(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct operate_workflow wf = load(a, FAILED);
    const struct str parameter = STR_INIT("p=new");
    const struct operate_resubmission how = {true, &parameter, 1};
    struct str text;
    struct json doc;
    struct err err;

    (void) state;
    assert_int_equal(operate_memoized(&wf, &how, bits, &err), 0);
    doc = json_set(a, &wf.doc, STR("metadata"),
                   json_without(a, json_get(&wf.doc, STR("metadata")), STR("name")));
    doc = json_set(a, &doc, STR("metadata"),
                   json_without(a, json_get(&doc, STR("metadata")), STR("uid")));
    text = json_text(a, &doc, JSON_SORT_KEYS);
    if (!str_is(
            text,
            "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
            "\"creationTimestamp\":\"2026-01-02T03:04:05Z\",\"generateName\":\"w-\","
            "\"generation\":1,\"labels\":{\"team\":\"x\",\"workflows.argoproj.io/"
            "resubmitted-from-workflow\":\"w\"},\"namespace\":\"ns\"},\"spec\":{\"arguments\":"
            "{\"parameters\":[{\"name\":\"p\",\"value\":\"new\"}]},\"entrypoint\":\"m\"},"
            "\"status\":{\"conditions\":[{\"status\":\"False\",\"type\":\"PodRunning\"},{"
            "\"status\":\"False\",\"type\":\"Completed\"}],\"finishedAt\":null,\"phase\":\"\","
            "\"startedAt\":\"2026-01-02T03:04:05Z\",\"storedTemplates\":{\"x\":{\"name\":"
            "\"x\"}}}}"))
        fail_msg(STR_FMT, STR_ARG(text));
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *parameter, *want;
    } cases[] = {
        {"metadata: {name: w}\nspec: {}\nstatus: {phase: Succeeded}", NULL,
         "workflow must be Failed/Error to resubmit in memoized mode"},
        {"metadata: {name: w}\nspec: {}", NULL,
         "workflow must be Failed/Error to resubmit in memoized mode"},
        {FAILED, "p", "expected parameter of the form: NAME=VALUE. Received: p"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct operate_workflow wf = load(a, cases[i].text);
        struct str parameter = str_from(cases[i].parameter ? cases[i].parameter : "");
        const struct operate_resubmission how = {true, &parameter, cases[i].parameter != NULL};
        struct err err;

        assert_int_equal(operate_memoized(&wf, &how, bits, &err), -1);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.text, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nodes),
                                       cmocka_unit_test(test_document),
                                       cmocka_unit_test(test_refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
