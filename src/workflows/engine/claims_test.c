/*
 * Claims for storage: made with the first decision, volumes of all pods, gone with the end as
 * volumeClaimGC says; what is there already, and what cannot be made.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "workflows/engine/script_test.h"

#define CLAIM                                                                   \
    "  volumeClaimTemplates:\n  - metadata: {name: work, labels: {a: b}}\n"     \
    "    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: " \
    "'{{workflow.parameters.size}}'}}}\n"
#define MAIN                                                                      \
    "  entrypoint: main\n  arguments: {parameters: [{name: size, value: 1Gi}]}\n" \
    "  volumes: [{name: plain, configMap: {name: '{{workflow.name}}-map'}}]\n"    \
    "  templates:\n  - name: main\n    container: {image: busybox}\n"

/* One pass by hand: what it gives. */
static struct wf_actions decide(struct wf *wf, struct arena *a, const struct wf_input *input)
{
    struct wf_actions did = {.arena = a};

    wf_decide(wf, input, 1, (struct wall){1700000000000}, &did);
    return did;
}

static const struct wf_input woken = {.kind = WF_INPUT_WAKE};

static struct wf *load(struct arena *a, const char *yaml)
{
    struct err err;
    struct wf *wf = wf_load(to_json(a, str_from(yaml)), NULL, 0, &err);

    if (!wf)
        fail_msg("%s", err.text);
    return wf;
}

static const struct json *parsed(struct arena *a, struct str text)
{
    struct json *doc = ARENA_NEW(a, struct json);
    struct err err;

    assert_int_equal(json_parse(a, text, doc, &err), 0);
    return doc;
}

static void test_made_with_the_first_decision(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct wf *wf = load(a, HEAD CLAIM MAIN);
    struct wf_actions did = decide(wf, a, &woken);
    const struct json *doc, *owner, *volumes;

    (void) state;
    assert_int_equal(did.claim_count, 1);
    assert_text(did.claims[0].name, "wf-work");
    doc = did.claims[0].doc;
    owner = json_item(json_path(doc, "metadata", "ownerReferences", NULL), 0);
    assert_text(json_get_str(doc, STR("kind")), "PersistentVolumeClaim");
    assert_text(json_str(json_path(doc, "metadata", "name", NULL)), "wf-work");
    assert_text(json_str(json_path(doc, "metadata", "labels", "a", NULL)), "b");
    assert_text(
        json_str(json_path(doc, "metadata", "labels", "workflows.argoproj.io/workflow", NULL)),
        "wf");
    assert_text(json_get_str(owner, STR("uid")), "u-1");
    assert_true(json_get_bool(owner, STR("controller")));
    assert_text(json_str(json_path(doc, "spec", "resources", "requests", "storage", NULL)),
                "1Gi");
    assert_text(json_str(json_path(doc, "status", "phase", NULL)), "Bound");
    assert_text(json_str(json_path(doc, "status", "capacity", "storage", NULL)), "1Gi");
    assert_text(
        json_text(a, json_path(parsed(a, did.doc), "status", "persistentVolumeClaims", NULL),
                  JSON_COMPACT),
        "[{\"name\":\"work\",\"persistentVolumeClaim\":{\"claimName\":\"wf-work\"}}]");
    assert_int_equal(did.pod_count, 1);
    volumes = did.pods[0].request.volumes;
    assert_text(json_text(a, volumes, JSON_COMPACT),
                "[{\"name\":\"plain\",\"configMap\":{\"name\":\"wf-map\"}},{\"name\":\"work\","
                "\"persistentVolumeClaim\":{\"claimName\":\"wf-work\"}}]");
    did = decide(wf, a, &woken);
    assert_int_equal(did.claim_count, 0); /* once */
    wf_free(wf);
}

/* The end of a run with a strategy: is the claim deleted, and no longer shown? */
static void test_gc(void **state)
{
    static const struct {
        const char *strategy;
        enum pod_phase pod;
        bool is_deleted;
    } cases[] = {
        {"", POD_SUCCEEDED, true},
        {"", POD_FAILED, false},
        {"", POD_ERROR, false},
        {"  volumeClaimGC: {strategy: OnWorkflowSuccess}\n", POD_SUCCEEDED, true},
        {"  volumeClaimGC: {strategy: OnWorkflowSuccess}\n", POD_FAILED, false},
        {"  volumeClaimGC: {strategy: OnWorkflowCompletion}\n", POD_FAILED, true},
        {"  volumeClaimGC: {strategy: OnWorkflowCompletion}\n", POD_ERROR, true},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct wf *wf = load(a, str_printf(a, HEAD CLAIM "%s" MAIN, cases[i].strategy).ptr);
        struct wf_actions did = decide(wf, a, &woken);
        struct pod_report report = {.uid = did.pods[0].request.uid,
                                    .phase = cases[i].pod,
                                    .message = STR(""),
                                    .is_final = true};
        struct wf_input input = {
            .kind = WF_INPUT_POD, .node_id = did.pods[0].request.node_id, .report = &report};
        const struct json *shown;

        did = decide(wf, a, &input);
        assert_true(did.is_finished);
        shown = json_path(parsed(a, did.doc), "status", "persistentVolumeClaims", NULL);
        if ((did.claim_count == 1) != cases[i].is_deleted || !shown != cases[i].is_deleted)
            fail_msg("case %zu: %zu deleted", i, did.claim_count);
        if (did.claim_count == 1) {
            assert_text(did.claims[0].name, "wf-work");
            assert_null(did.claims[0].doc);
        }
        wf_free(wf);
    }
}

static const struct json *claim_of(void *ctx, struct str ns, struct str name)
{
    assert_text(ns, "default");
    assert_text(name, "wf-work");
    return ctx;
}

static void test_there_already(void **state)
{
    static const struct {
        const char *claim, *message;
    } cases[] = {
        {"{\"metadata\":{\"ownerReferences\":[{\"uid\":\"u-0\"},{\"uid\":\"u-1\"}]}}", NULL},
        {"{\"metadata\":{\"ownerReferences\":[{\"uid\":\"u-0\"}]}}",
         "pvc create error: wf-work pvc already exists with different ownership"},
        {"{}", "pvc create error: wf-work pvc already exists with different ownership"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const struct json *claim = parsed(a, str_from(cases[i].claim));
        struct wf_world world = {.ctx = (void *) (uintptr_t) claim, .claim = claim_of};
        struct wf *wf = load(a, HEAD CLAIM MAIN);
        struct wf_actions did;

        wf_see_world(wf, &world);
        did = decide(wf, a, &woken);
        assert_int_equal(did.claim_count, 0);
        assert_int_equal(did.pod_count, cases[i].message ? 0 : 1);
        assert_int_equal(did.is_finished, cases[i].message != NULL);
        assert_text(wf_message(wf), cases[i].message ? cases[i].message : "");
        wf_free(wf);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *claim, *message;
    } cases[] = {
        {"{spec: {}}", "pvc create error: volumeClaimTemplates[0].metadata.name is required"},
        {"{metadata: {name: w}, spec: {}}",
         "pvc create error: PersistentVolumeClaim \"wf-w\" is invalid: spec.accessModes: "
         "Required value: at least 1 access mode is required"},
        {"{metadata: {name: w}, spec: {accessModes: [Rwo]}}",
         "pvc create error: PersistentVolumeClaim \"wf-w\" is invalid: spec.accessModes: "
         "Unsupported value: \"Rwo\": supported values: \"ReadOnlyMany\", \"ReadWriteMany\", "
         "\"ReadWriteOnce\", \"ReadWriteOncePod\""},
        {"{metadata: {name: w}, spec: {accessModes: [ReadWriteOnce]}}",
         "pvc create error: PersistentVolumeClaim \"wf-w\" is invalid: "
         "spec.resources[storage]: "
         "Required value"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct wf *wf = load(
            a, str_printf(a, HEAD "  volumeClaimTemplates: [%s]\n" MAIN, cases[i].claim).ptr);
        struct wf_actions did = decide(wf, a, &woken);

        assert_true(did.is_finished);
        assert_int_equal(did.claim_count, 0);
        assert_int_equal(did.pod_count, 0);
        assert_text(wf_message(wf), cases[i].message);
        wf_free(wf);
    }
}

/* A crash after the first commit: the claims are known, none is made twice. */
static void test_after_a_restart(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a, HEAD CLAIM MAIN);
    wake(&r);
    runner_crash(&r);
    assert_text(
        json_text(a, json_get(status_of(&r, a), STR("persistentVolumeClaims")), JSON_COMPACT),
        "[{\"name\":\"work\",\"persistentVolumeClaim\":{\"claimName\":\"wf-work\"}}]");
    runner_report(&r, 0);
    assert_true(r.is_finished);
    assert_null(json_get(status_of(&r, a), STR("persistentVolumeClaims")));
    runner_done(&r);
}

/* A volume that nobody has ends who mounts it, and the workflow, in upstream's words. */
static void test_unknown_mounts(void **state)
{
    static const struct {
        const char *tmpl, *want;
    } cases[] = {
        {"container: {image: i, volumeMounts: [{name: plain, mountPath: /p}]}", ""},
        {"container: {image: i, volumeMounts: [{name: work, mountPath: /p}]}", ""},
        {"container: {image: i, volumeMounts: [{name: own, mountPath: /p}]}\n"
         "    volumes: [{name: own, emptyDir: {}}]",
         ""},
        {"container: {image: i, volumeMounts: [{name: foo, mountPath: /p}]}",
         "error in entry template execution: volume 'foo' not found in workflow spec"},
        {"script: {image: i, source: x, volumeMounts: [{name: foo, mountPath: /p}]}",
         "error in entry template execution: volume 'foo' not found in workflow spec"},
        {"container: {image: i}\n    sidecars: [{name: s, image: i, volumeMounts: [{name: bar, "
         "mountPath: /p}]}]",
         "error in entry template execution: volume 'bar' not found in workflow spec"},
        {"containerSet: {containers: [{name: c, image: i, volumeMounts: [{name: bar, mountPath: "
         "/p}]}]}",
         "error in entry template execution: volume 'bar' not found in workflow spec"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct wf *wf = load(
            a, str_printf(a,
                          HEAD CLAIM "  entrypoint: main\n  arguments: {parameters: [{name: "
                                     "size, value: 1Gi}]}\n  volumes: [{name: plain, emptyDir: "
                                     "{}}]\n  templates:\n  - name: main\n    %s\n",
                          cases[i].tmpl)
                   .ptr);
        struct wf_actions did = decide(wf, a, &woken);
        struct str message = json_str(json_path(parsed(a, did.doc), "status", "message", NULL));

        assert_text(str_is_none(message) ? STR("") : message, cases[i].want);
        assert_int_equal(did.pod_count, cases[i].want[0] ? 0 : 1);
        wf_free(wf);
    }
}

/* A claim that would go in the pass that makes it is not made. */
static void test_made_and_gone(void **state)
{
    static const char *const strategies[] = {"OnWorkflowSuccess", "OnWorkflowCompletion"};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(strategies); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct wf *wf = load(
            a, str_printf(a,
                          HEAD CLAIM
                          "  entrypoint: main\n  arguments: {parameters: [{name: size, value: "
                          "1Gi}]}\n  volumeClaimGC: {strategy: %s}\n  templates: [{name: main, "
                          "container: {image: i, volumeMounts: [{name: foo, mountPath: /p}]}}]\n",
                          strategies[i])
                   .ptr);
        struct wf_actions did = decide(wf, a, &woken);

        assert_true(did.is_finished);
        assert_int_equal(did.claim_count, i == 0 ? 1 : 0);
        wf_free(wf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_with_the_first_decision),
        cmocka_unit_test(test_unknown_mounts),
        cmocka_unit_test(test_made_and_gone),
        cmocka_unit_test(test_gc),
        cmocka_unit_test(test_there_already),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_after_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
