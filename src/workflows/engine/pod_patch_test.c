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

#include "config/config.h"
#include "formats/yaml.h"
#include "workflows/engine/script_test.h"

/* The template of the pod that a workflow asks for first; @data: of the controller's ConfigMap,
 * or NULL. */
static void check_pod_with(const char *data, const char *spec, const char *want,
                           uint64_t grace_ms)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_config_ const struct config *config = NULL;
    struct runner r = {0};
    struct json doc;
    struct err err;

    if (data) {
        assert_int_equal(yaml_parse(a, str_from(data), &doc, &err), 0);
        doc = json_set(a, NULL, STR("data"), doc);
        config = config_parse(&doc, &err);
        if (!config)
            fail_msg("%s", err.text);
        r.world.config = config;
    }
    start(&r, a, str_cz(a, str_printf(a, HEAD "  entrypoint: main\n%s", spec)));
    wake(&r);
    if (r.waiting.len != 1)
        fail_msg("%s: " STR_FMT, spec, STR_ARG(node_field(&r, a, "wf", "message")));
    assert_text(json_text(a, r.waiting.at[0]->request.template, JSON_SORT_KEYS), want);
    assert_int_equal(r.waiting.at[0]->request.grace_ms, grace_ms);
    runner_done(&r);
}

static void check_pod(const char *spec, const char *want, uint64_t grace_ms)
{
    check_pod_with(NULL, spec, want, grace_ms);
}

#define DEFAULTS                                                                     \
    "mainContainer: '{imagePullPolicy: Never, resources: {limits: {cpu: 1}}, env: [" \
    "{name: A, value: of-config}, {name: B, value: of-config}]}'\n"

/* What the configuration gives stands below what the template says, and a patch above both. */
static void test_main_container(void **state)
{
    (void) state;
    check_pod_with(
        DEFAULTS,
        "  templates:\n  - name: main\n    container: {image: i, args: [x], env: [{name: A, "
        "value: mine}], resources: {limits: {memory: 1Mi}}}\n"
        "    sidecars: [{name: side, image: s}]\n",
        "{\"container\":{\"args\":[\"x\"],\"env\":[{\"name\":\"A\",\"value\":\"mine\"},{"
        "\"name\":"
        "\"B\",\"value\":\"of-config\"}],\"image\":\"i\",\"imagePullPolicy\":\"Never\","
        "\"resources\":{\"limits\":{\"cpu\":1,\"memory\":\"1Mi\"}}},\"name\":\"main\","
        "\"sidecars\":"
        "[{\"image\":\"s\",\"name\":\"side\"}]}",
        0);
    check_pod_with("mainContainer: 'imagePullPolicy: Never'\n",
                   "  podSpecPatch: 'containers: [{name: main, imagePullPolicy: Always}]'\n"
                   "  templates:\n  - name: main\n    script: {image: i, source: echo}\n",
                   "{\"name\":\"main\",\"script\":{\"image\":\"i\",\"imagePullPolicy\":"
                   "\"Always\",\"name\":\"main\",\"source\":\"echo\"}}",
                   0);
    check_pod_with("mainContainer: 'imagePullPolicy: Never'\n",
                   "  templates:\n  - name: main\n    containerSet: {containers: [{name: a, "
                   "image: i}, {name: b, image: i, dependencies: [a], imagePullPolicy: "
                   "Always}]}\n",
                   "{\"containerSet\":{\"containers\":[{\"image\":\"i\",\"imagePullPolicy\":"
                   "\"Never\",\"name\":\"a\"},{\"dependencies\":[\"a\"],\"image\":\"i\","
                   "\"imagePullPolicy\":\"Always\",\"name\":\"b\"}]},\"name\":\"main\"}",
                   0);
}

/* Host names of the workflow, the template and the patches; the resolver of the workflow. */
static void test_names(void **state)
{
    (void) state;
    check_pod_with(
        "mainContainer: 'imagePullPolicy: Never'\n",
        "  hostAliases: [{ip: 10.0.0.1, hostnames: [a]}]\n"
        "  dnsPolicy: None\n  dnsConfig: {nameservers: [10.0.0.2]}\n"
        "  podSpecPatch: '{hostname: h, hostAliases: [{ip: 10.0.0.4}]}'\n"
        "  templates:\n  - name: main\n    container: {image: i}\n"
        "    hostAliases: [{ip: 10.0.0.3}]\n",
        "{\"container\":{\"image\":\"i\",\"imagePullPolicy\":\"Never\",\"name\":\"main\"},"
        "\"dnsConfig\":{\"nameservers\":[\"10.0.0.2\"]},\"dnsPolicy\":\"None\","
        "\"hostAliases\":[{\"ip\":\"10.0.0.4\"},{\"hostnames\":[\"a\"],\"ip\":\"10.0.0.1\"},{"
        "\"ip\":\"10.0.0.3\"}],\"hostname\":\"h\",\"name\":\"main\"}",
        0);
}

#define IMAGES "images: '{i: {entrypoint: [sh, -c], cmd: [ls]}, bare: {cmd: [x]}}'\n"

/* Only what has no command gets that of its image; arguments that are given stay, also none. */
static void test_images(void **state)
{
    (void) state;
    check_pod_with(IMAGES, "  templates:\n  - name: main\n    container: {image: i}\n",
                   "{\"container\":{\"args\":[\"ls\"],\"command\":[\"sh\",\"-c\"],\"image\":"
                   "\"i\"},\"name\":\"main\"}",
                   0);
    check_pod_with(
        IMAGES,
        "  templates:\n  - name: main\n    container: {image: i, args: []}\n"
        "    initContainers: [{name: first, image: i, args: [w]}]\n"
        "    sidecars: [{name: side, image: i, command: [z]}]\n",
        "{\"container\":{\"args\":[],\"command\":[\"sh\",\"-c\"],\"image\":\"i\"},"
        "\"initContainers\":[{\"args\":[\"w\"],\"command\":[\"sh\",\"-c\"],\"image\":"
        "\"i\",\"name\":\"first\"}],\"name\":\"main\",\"sidecars\":[{\"command\":["
        "\"z\"],\"image\":\"i\",\"name\":\"side\"}]}",
        0);
    check_pod_with(IMAGES,
                   "  podSpecPatch: 'containers: [{name: main, image: bare}]'\n"
                   "  templates:\n  - name: main\n    container: {image: i}\n",
                   "{\"container\":{\"args\":[\"x\"],\"image\":\"bare\",\"name\":\"main\"},"
                   "\"name\":\"main\"}",
                   0);
    check_pod_with(IMAGES, "  templates:\n  - name: main\n    container: {image: other}\n",
                   "{\"container\":{\"image\":\"other\"},\"name\":\"main\"}", 0);
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
    /* a deadline that a parameter gives is a text until then */
    check_pod(
        "  arguments: {parameters: [{name: s, value: '5'}]}\n"
        "  podSpecPatch: 'terminationGracePeriodSeconds: 3'\n"
        "  templates:\n  - name: main\n    activeDeadlineSeconds: '{{workflow.parameters.s}}'\n"
        "    container: {image: i}\n",
        "{\"activeDeadlineSeconds\":5,\"container\":{\"image\":\"i\",\"name\":\"main\"},"
        "\"name\":\"main\"}",
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

/* Patches that are written for upstream name its executor's containers; there are none. */
static void test_executor(void **state)
{
    (void) state;
    check_pod(
        "  podSpecPatch: 'containers: [{name: wait, resources: {limits: {cpu: 1}}}, {name: "
        "main, image: j}, {name: supervisor}]\n\n    initContainers: [{name: init, resources: "
        "{limits: {cpu: 1}}}]'\n"
        "  templates:\n  - name: main\n    container: {image: i, args: [x]}\n",
        "{\"container\":{\"args\":[\"x\"],\"image\":\"j\",\"name\":\"main\"},\"name\":"
        "\"main\"}",
        0);
}

static void test_refused(void **state)
{
    static const struct {
        const char *patch, *message;
    } cases[] = {
        {"[1]", "podSpecPatch: an object is expected"},
        {"{", "podSpecPatch: "},
        {"ephemeralContainers: [{name: e}]",
         "podSpecPatch: ephemeralContainers is not supported yet"},
        {"containers: [{name: main, restartPolicy: Always}]",
         "podSpecPatch: spec.containers[0].restartPolicy: "},
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
        cmocka_unit_test(test_main_container), cmocka_unit_test(test_names),
        cmocka_unit_test(test_images),         cmocka_unit_test(test_patches),
        cmocka_unit_test(test_executor),       cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
