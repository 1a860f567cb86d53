/*
 * Results that are used again, and values of ConfigMaps: of inputs and of the workflow's
 * arguments.
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

static const struct json *config_map(void *ctx, struct str ns, struct str name)
{
    return str_is(ns, "default") ? json_get(ctx, name) : NULL;
}

/* ConfigMaps in YAML, by name. */
static void see(struct runner *r, struct arena *a, struct json *maps, const char *yaml)
{
    struct err err;

    if (yaml_parse(a, str_from(yaml), maps, &err) < 0)
        fail_msg("%s", err.text);
    r->world.config_map = config_map;
    r->world.ctx = maps;
}

#define PARAMETER "labels: {workflows.argoproj.io/configmap-type: Parameter}"
#define INPUT(ref)                                                                     \
    HEAD "  entrypoint: main\n  templates:\n  - name: main\n    inputs: {parameters: " \
         "[{name: p, valueFrom: {" ref "}}]}\n    container: {image: busybox, args: "  \
         "['{{inputs.parameters.p}}']}\n"
#define ARGUMENT(ref)                                                                 \
    HEAD "  entrypoint: main\n  arguments: {parameters: [{name: p, valueFrom: {" ref  \
         "}}]}\n  templates:\n  - name: main\n    container: {image: busybox, args: " \
         "['{{workflow.parameters.p}}']}\n"

static struct str first_arg(const struct runner *r)
{
    return json_str(
        json_item(json_path(r->waiting.at[0]->request.template, "container", "args", NULL), 0));
}

static void test_config_map_values(void **state)
{
    static const struct {
        const char *yaml, *value, *message;
    } cases[] = {
        {INPUT("configMapKeyRef: {name: c, key: k}"), "seen", NULL},
        {INPUT("default: other, configMapKeyRef: {name: c, key: gone}"), "other", NULL},
        {INPUT("configMapKeyRef: {name: c, key: gone}"), NULL,
         "error in entry template execution: unable to retrieve inputs.parameters.p from "
         "ConfigMap: ConfigMap 'c' does not have "
         "the key 'gone'"},
        {INPUT("configMapKeyRef: {name: bare, key: k}"), NULL,
         "error in entry template execution: unable to retrieve inputs.parameters.p from "
         "ConfigMap: ConfigMap 'bare' needs to "
         "have the label workflows.argoproj.io/configmap-type: Parameter to load parameters"},
        {ARGUMENT("configMapKeyRef: {name: c, key: k}"), "seen", NULL},
        {ARGUMENT("default: other, configMapKeyRef: {name: c, key: gone}"), "other", NULL},
        {ARGUMENT("configMapKeyRef: {name: c, key: gone}"), NULL,
         "failed to set global parameters: failed to set global parameter p from configmap: "
         "ConfigMap 'c' does not have the key 'gone'"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct runner r = {0};
        struct json maps;

        see(&r, a, &maps,
            "c: {metadata: {" PARAMETER "}, data: {k: seen}}\nbare: {data: {k: seen}}\n");
        start(&r, a, cases[i].yaml);
        wake(&r);
        assert_int_equal(r.is_finished, cases[i].message != NULL);
        if (cases[i].value)
            assert_text(first_arg(&r), cases[i].value);
        else
            assert_text(json_get_str(status_of(&r, a), STR("message")), cases[i].message);
        runner_done(&r);
    }
}

/* ---- memoize ---- */

#define CACHE(entry)                                                                          \
    "cache: {metadata: {labels: {workflows.argoproj.io/configmap-type: Cache}}, data: {k-x: " \
    "'" entry "'}}\nbare: {data: {k-x: '{}'}}\n"
#define FOUND                                                                                 \
    "{\"nodeID\":\"old\",\"outputs\":{\"parameters\":[{\"name\":\"o\",\"value\":\"kept\"}]}," \
    "\"creationTimestamp\":\"2023-11-14T22:13:10Z\",\"lastHitTimestamp\":null}"
/* The runner's clock begins at 2023-11-14T22:13:20Z. */
#define MEMOIZED(memoize, rest)                                                        \
    HEAD "  entrypoint: main\n  templates:\n  - name: main\n    inputs: {parameters: " \
         "[{name: p, value: x}]}\n    memoize: {" memoize "}\n" rest                   \
         "    container: {image: busybox}\n"

static struct str memo_of(struct runner *r, struct arena *a)
{
    MAP_FOREACH (it, &r->rows) {
        struct runner_row *row = it->value;
        struct json doc;
        struct err err;

        assert_int_equal(json_parse(a, row->doc, &doc, &err), 0);
        if (json_get(&doc, STR("memoizationStatus")))
            return json_text(a, json_get(&doc, STR("memoizationStatus")), JSON_COMPACT);
    }
    return STR("none");
}

static void test_hits(void **state)
{
    static const struct {
        const char *yaml, *maps, *memo;
        bool is_hit;
    } cases[] = {
        {MEMOIZED("key: 'k-{{inputs.parameters.p}}', maxAge: '', cache: {configMap: {name: "
                  "cache}}",
                  ""),
         CACHE(FOUND), "{\"hit\":true,\"key\":\"k-x\",\"cacheName\":\"cache\"}", true},
        {MEMOIZED("key: k-x, maxAge: 10s, cache: {configMap: {name: cache}}", ""), CACHE(FOUND),
         "{\"hit\":true,\"key\":\"k-x\",\"cacheName\":\"cache\"}", true},
        {MEMOIZED("key: k-x, maxAge: 9s, cache: {configMap: {name: cache}}", ""), CACHE(FOUND),
         "{\"hit\":false,\"key\":\"k-x\",\"cacheName\":\"cache\"}", false},
        {MEMOIZED("key: k-y, maxAge: '', cache: {configMap: {name: cache}}", ""), CACHE(FOUND),
         "{\"hit\":false,\"key\":\"k-y\",\"cacheName\":\"cache\"}", false},
        {MEMOIZED("key: k-x, maxAge: '', cache: {configMap: {name: none}}",
                  "    retryStrategy: {limit: 1}\n"),
         CACHE(FOUND), "{\"hit\":false,\"key\":\"k-x\",\"cacheName\":\"none\"}", false},
        {MEMOIZED("key: k-x, maxAge: '', cache: {configMap: {name: cache}}",
                  "    synchronization: {mutexes: [{name: m}]}\n"),
         CACHE(FOUND), "{\"hit\":true,\"key\":\"k-x\",\"cacheName\":\"cache\"}", true},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct runner r = {0};
        struct json maps;

        see(&r, a, &maps, cases[i].maps);
        start(&r, a, cases[i].yaml);
        wake(&r);
        assert_text(memo_of(&r, a), cases[i].memo);
        assert_int_equal(r.is_finished, cases[i].is_hit);
        assert_int_equal(r.waiting.len, !cases[i].is_hit);
        if (!cases[i].is_hit) {
            runner_crash(&r);
            assert_text(memo_of(&r, a), cases[i].memo);
            runner_report(&r, 0);
        }
        assert_true(r.is_finished);
        assert_text(json_get_str(status_of(&r, a), STR("phase")), "Succeeded");
        runner_done(&r);
    }
}

static void test_what_is_kept(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new(), *out = arena_new();
    struct pod_report report = {.phase = POD_SUCCEEDED, .message = STR(""), .is_final = true};
    struct wf_input input = {.kind = WF_INPUT_POD, .report = &report};
    struct wf_actions did = {.arena = out};
    struct runner r = {0};
    struct json maps, outputs;
    struct err err;

    (void) state;
    see(&r, a, &maps, "{}");
    start(&r, a, MEMOIZED("key: k-x, maxAge: '', cache: {configMap: {name: cache}}", ""));
    wake(&r);
    assert_int_equal(json_parse(a, STR("{\"result\":\"hi\"}"), &outputs, &err), 0);
    report.uid = r.waiting.at[0]->request.uid;
    report.outputs = &outputs;
    input.node_id = r.waiting.at[0]->request.node_id;
    wf_decide(r.wf, &input, 1, r.now, &did);
    assert_int_equal(did.memo_count, 1);
    assert_text(did.memos[0].name, "cache");
    assert_text(did.memos[0].key, "k-x");
    assert_text(did.memos[0].entry,
                "{\"nodeID\":\"wf\",\"outputs\":{\"result\":\"hi\"},\"creationTimestamp\":"
                "\"2023-11-14T22:13:20Z\",\"lastHitTimestamp\":\"2023-11-14T22:13:20Z\"}");
    runner_done(&r);
}

static struct str memo_of_attempt(struct runner *r, struct arena *a)
{
    struct runner_row *row = map_find(&r->rows, r->waiting.at[0]->request.node_id);
    struct json doc;
    struct err err;

    assert_int_equal(json_parse(a, row->doc, &doc, &err), 0);
    return json_text(a, json_get(&doc, STR("memoizationStatus")), JSON_COMPACT);
}

/* The attempt that succeeds is the one that the entry names, and it says so itself. */
static void test_attempt(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    struct json maps;
    struct pod_report report = {
        .phase = POD_SUCCEEDED, .is_final = true, .message = STR_INIT("")};
    struct wf_actions did = {.arena = a};
    struct wf_input input = {.kind = WF_INPUT_POD, .report = &report};

    (void) state;
    see(&r, a, &maps, "{}");
    start(&r, a,
          MEMOIZED("key: k-x, maxAge: '', cache: {configMap: {name: cache}}",
                   "    retryStrategy: {limit: 1}\n"));
    wake(&r);
    assert_text(memo_of_attempt(&r, a),
                "{\"hit\":false,\"key\":\"k-x\",\"cacheName\":\"cache\"}");
    report.uid = r.waiting.at[0]->request.uid;
    input.node_id = r.waiting.at[0]->request.node_id;
    wf_decide(r.wf, &input, 1, r.now, &did);
    assert_int_equal(did.memo_count, 1);
    assert_true(str_find(did.memos[0].entry, input.node_id) != SIZE_MAX);
    runner_done(&r);
}

/* The second begins in the pass that ends the first: its result is not in a ConfigMap yet. */
static void test_hit_of_the_same_pass(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    struct json maps;

    (void) state;
    see(&r, a, &maps, "{}");
    start(&r, a,
          HEAD "  entrypoint: main\n  templates:\n  - name: main\n    steps: [[{name: a, "
               "template: kept}], [{name: b, template: kept}]]\n  - name: kept\n    memoize: "
               "{key: k, maxAge: 10s, cache: {configMap: {name: c}}}\n    steps: [[{name: say, "
               "template: say}]]\n  - name: say\n    container: {image: busybox}\n");
    wake(&r);
    assert_int_equal(r.waiting.len, 1);
    runner_report(&r, 0);
    assert_true(r.is_finished);
    assert_text(json_get_str(status_of(&r, a), STR("phase")), "Succeeded");
    runner_done(&r);
}

static void test_wrong(void **state)
{
    static const struct {
        const char *yaml, *message;
    } cases[] = {
        {MEMOIZED("key: 'a b', maxAge: '', cache: {configMap: {name: cache}}", ""),
         "invalid cache key: a b"},
        {MEMOIZED("key: k-x, maxAge: soon, cache: {configMap: {name: cache}}", ""),
         "invalid maxAge: "},
        {MEMOIZED("key: k-x, maxAge: '', cache: {configMap: {name: bare}}", ""),
         "memoization configmap bare doesn't have the label "
         "workflows.argoproj.io/configmap-type: Cache, refusing to use it"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct runner r = {0};
        struct json maps;

        see(&r, a, &maps, CACHE(FOUND));
        start(&r, a, cases[i].yaml);
        wake(&r);
        assert_true(r.is_finished);
        assert_text(node_field(&r, a, "wf", "phase"), "Error");
        if (!str_starts(node_field(&r, a, "wf", "message"), str_from(cases[i].message)))
            fail_msg(STR_FMT, STR_ARG(node_field(&r, a, "wf", "message")));
        runner_done(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_map_values),
        cmocka_unit_test(test_hits),
        cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_attempt),
        cmocka_unit_test(test_hit_of_the_same_pass),
        cmocka_unit_test(test_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
