/*
 * podSpecPatch: what patches of the workflow and of a template make of the pod that is asked
 * for, and patches that are wrong.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "workflows/engine/script_test.h"

/* The template of the pod that a workflow asks for first. */
static void check_pod(const char *spec, const char *want, uint64_t grace_ms)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    start(&r, a, str_cz(a, str_printf(a, HEAD "  entrypoint: main\n%s", spec)));
    wake(&r);
    if (r.waiting.len != 1)
        fail_msg("%s: " STR_FMT, spec, STR_ARG(node_field(&r, a, "wf", "message")));
    assert_text(json_text(a, r.waiting.at[0]->request.template, JSON_SORT_KEYS), want);
    assert_int_equal(r.waiting.at[0]->request.grace_ms, grace_ms);
    runner_done(&r);
}

static void test_patches(void **state)
{
    (void) state;
    check_pod(
        "  podSpecPatch: '{\"containers\": [{\"name\": \"main\", \"env\": [{\"name\": \"A\", "
        "\"value\": \"{{workflow.name}}\"}]}]}'\n"
        "  templates:\n  - name: main\n    container: {image: i, args: [x]}\n",
        "{\"container\":{\"args\":[\"x\"],\"env\":[{\"name\":\"A\",\"value\":\"wf\"}],"
        "\"image\":\"i\",\"name\":\"main\"},\"name\":\"main\"}",
        0);
    /* the template's comes after the workflow's; a script keeps its source; YAML is taken */
    check_pod(
        "  podSpecPatch: 'containers: [{name: main, image: of-workflow, resources: {limits: "
        "{cpu: 1}}}]'\n"
        "  templates:\n  - name: main\n    inputs: {parameters: [{name: mem, value: 2Mi}]}\n"
        "    podSpecPatch: 'containers: [{name: main, image: of-template, resources: "
        "{limits: {memory: \"{{inputs.parameters.mem}}\"}}}]'\n"
        "    script: {image: i, source: echo}\n",
        "{\"inputs\":{\"parameters\":[{\"name\":\"mem\",\"value\":\"2Mi\"}]},\"name\":\"main\","
        "\"script\":{\"image\":\"of-template\",\"name\":\"main\",\"resources\":{\"limits\":{"
        "\"cpu\":1,\"memory\":\"2Mi\"}},\"source\":\"echo\"}}",
        0);
    /* a new container runs beside; times of the pod */
    check_pod(
        "  templates:\n  - name: main\n    podSpecPatch: 'terminationGracePeriodSeconds: 3\n\n"
        "      containers: [{name: helper, image: h}]'\n"
        "    container: {image: i}\n",
        "{\"container\":{\"image\":\"i\",\"name\":\"main\"},\"name\":\"main\",\"sidecars\":[{"
        "\"image\":\"h\",\"name\":\"helper\"}]}",
        3000);
    /* containers of a set keep what they wait for */
    check_pod("  templates:\n  - name: main\n    podSpecPatch: 'containers: [{name: b, image: "
              "new}]'\n"
              "    containerSet: {containers: [{name: a, image: i}, {name: b, image: i, "
              "dependencies: [a]}]}\n",
              "{\"containerSet\":{\"containers\":[{\"image\":\"i\",\"name\":\"a\"},{"
              "\"dependencies\":[\"a\"],\"image\":\"new\",\"name\":\"b\"}]},\"name\":\"main\"}",
              0);
}

static void test_refused(void **state)
{
    static const struct {
        const char *patch, *message;
    } cases[] = {
        {"[1]", "podSpecPatch: an object is expected"},
        {"{", "podSpecPatch: "},
        {"hostAliases: [{ip: 10.0.0.1}]", "podSpecPatch: hostAliases is not supported yet"},
        {"containers: [{name: main, tty: true}]", "podSpecPatch: spec.containers[0].tty: "},
        {"containers: [{name: main, imag: x}]", "podSpecPatch: spec.containers[0].imag: "},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct runner r = {0};
        struct str message;

        start(&r, a,
              str_cz(a, str_printf(a,
                                   HEAD "  entrypoint: main\n  podSpecPatch: '%s'\n"
                                        "  templates:\n  - name: main\n"
                                        "    container: {image: busybox}\n",
                                   cases[i].patch)));
        wake(&r);
        message = node_field(&r, a, "wf", "message");
        assert_true(r.is_finished);
        assert_int_equal(r.waiting.len, 0);
        if (!str_starts(message, str_from(cases[i].message)))
            fail_msg("%s: " STR_FMT, cases[i].patch, STR_ARG(message));
        runner_done(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patches),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
