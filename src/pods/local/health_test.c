/*
 * Tests of probes and hooks as words of a plan: defaults, names of ports, requests, variables,
 * and what the API server would refuse. The words are read by the shim's own reader, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pods/local/local_internal.h"

/* The words with '|' behind each; the error instead if there is one. */
static const char *plan_of(struct arena *a, const char *container)
{
    _cleanup_strbuf_ struct strbuf plan = STRBUF_INIT(65536);
    _cleanup_map_ struct map vars = {0};
    struct str blue = STR("blue");
    struct json doc;
    struct err err = {0};
    char *text;

    map_put(&vars, STR("COLOR"), &blue);
    assert_int_equal(json_parse(a, str_from(container), &doc, &err), 0);
    if (health_plan(&doc, a, &vars, &plan, &err) < 0)
        return str_printf(a, "error: %s", err.text).ptr;
    text = arena_alloc(a, plan.len + 1);
    for (size_t i = 0; i < plan.len; i++)
        text[i] = plan.ptr[i] ? plan.ptr[i] : '|';
    return text;
}

static void expect_all(const char *const cases[][2], size_t count)
{
    _cleanup_arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < count; i++) {
        const char *got = plan_of(a, cases[i][0]);

        if (strcmp(got, cases[i][1]) != 0)
            fail_msg("%s\nis     %s\nnot    %s", cases[i][0], got, cases[i][1]);
    }
}

#define DEFAULTS "initial|0|every|10000|within|1000|successes|1|failures|3|"

static void test_probes(void **state)
{
    static const char *const cases[][2] = {
        {"{}", ""},
        {"{\"livenessProbe\":null,\"lifecycle\":{}}", ""},
        {"{\"livenessProbe\":{\"exec\":{\"command\":[\"cat\",\"$(COLOR) $(X) $$(Y)\"]}}}",
         "act|liveness|exec|cat|exec|blue $(X) $(Y)|" DEFAULTS},
        {"{\"startupProbe\":{\"tcpSocket\":{\"port\":8080}},"
         "\"readinessProbe\":{\"tcpSocket\":{\"port\":\"web\",\"host\":\"h\"}},"
         "\"ports\":[{\"name\":\"x\",\"containerPort\":1},"
         "{\"name\":\"web\",\"containerPort\":81}]}",
         "act|startup|host|127.0.0.1|port|8080|" DEFAULTS
         "act|readiness|host|h|port|81|" DEFAULTS},
        {"{\"readinessProbe\":{\"tcpSocket\":{\"port\":\"80\"},\"initialDelaySeconds\":2,"
         "\"periodSeconds\":3,\"timeoutSeconds\":4,\"successThreshold\":5,"
         "\"failureThreshold\":6}}",
         "act|readiness|host|127.0.0.1|port|80|initial|2000|every|3000|within|4000|successes|5|"
         "failures|6|"},
        /* 0 is the default, as the API server has it */
        {"{\"livenessProbe\":{\"tcpSocket\":{\"port\":1},\"periodSeconds\":0,"
         "\"timeoutSeconds\":0,\"failureThreshold\":0,\"terminationGracePeriodSeconds\":7}}",
         "act|liveness|host|127.0.0.1|port|1|" DEFAULTS "ending|7000|"},
    };

    (void) state;
    expect_all(cases, COUNT_OF(cases));
}

#define PROBE(members) "{\"livenessProbe\":{\"httpGet\":{" members "}}}"
#define AGENT          "User-Agent: kube-probe/1.34\r\n"
#define CLOSE          "Connection: close\r\n\r\n|"
#define TO_80          "host|127.0.0.1|port|80|" DEFAULTS

static void test_requests(void **state)
{
    static const char *const cases[][2] = {
        {PROBE("\"port\":80"),
         "act|liveness|request|GET / HTTP/1.1\r\nHost: 127.0.0.1:80\r\n" AGENT
         "Accept: */*\r\n" CLOSE TO_80},
        {PROBE("\"port\":80,\"path\":\"healthz?a=b\",\"scheme\":\"HTTP\""),
         "act|liveness|request|GET /healthz?a=b HTTP/1.1\r\nHost: 127.0.0.1:80\r\n" AGENT
         "Accept: */*\r\n" CLOSE TO_80},
        {PROBE("\"port\":80,\"path\":\"/"
               "x\",\"httpHeaders\":[{\"name\":\"host\",\"value\":\"me\"},"
               "{\"name\":\"X-A\",\"value\":\"b "
               "c\"},{\"name\":\"accept\",\"value\":\"text/plain\"},"
               "{\"name\":\"User-Agent\",\"value\":\"\"}]"),
         "act|liveness|request|GET /x HTTP/1.1\r\nHost: me\r\nX-A: b c\r\naccept: "
         "text/plain\r\n" CLOSE TO_80},
    };

    (void) state;
    expect_all(cases, COUNT_OF(cases));
}

static void test_hooks(void **state)
{
    static const char *const cases[][2] = {
        {"{\"lifecycle\":{\"postStart\":{\"exec\":{\"command\":[\"a\"]}},"
         "\"preStop\":{\"sleep\":{\"seconds\":3}}}}",
         "act|poststart|exec|a|act|prestop|sleep|3000|"},
        {"{\"lifecycle\":{\"preStop\":{\"httpGet\":{\"port\":80,\"host\":\"x\"}}}}",
         "act|prestop|request|GET / HTTP/1.1\r\nHost: x:80\r\n" AGENT "Accept: */*\r\n" CLOSE
         "host|x|port|80|"},
    };

    (void) state;
    expect_all(cases, COUNT_OF(cases));
}

static void test_refusals(void **state)
{
    static const char *const cases[][2] = {
        {"{\"livenessProbe\":{}}",
         "error: livenessProbe: Required value: must specify a handler type"},
        {"{\"livenessProbe\":{\"sleep\":{\"seconds\":1}}}",
         "error: livenessProbe: Required value: must specify a handler type"},
        {"{\"lifecycle\":{\"preStop\":{}}}",
         "error: lifecycle.preStop: Required value: must specify a handler type"},
        {"{\"readinessProbe\":{\"exec\":{\"command\":[\"a\"]},\"tcpSocket\":{\"port\":1}}}",
         "error: readinessProbe: Forbidden: may not specify more than 1 handler type"},
        {"{\"startupProbe\":{\"exec\":{}}}",
         "error: startupProbe: exec: command: Required value"},
        {"{\"startupProbe\":{\"exec\":{\"command\":[\"a\"]},\"successThreshold\":2}}",
         "error: startupProbe: successThreshold: Invalid value: 2: must be 1"},
        {"{\"readinessProbe\":{\"exec\":{\"command\":[\"a\"]},\"periodSeconds\":-1}}",
         "error: readinessProbe: periodSeconds: Invalid value: must be greater than or equal "
         "to "
         "0"},
        {"{\"readinessProbe\":{\"exec\":{\"command\":[\"a\"]},\"timeoutSeconds\":1e18}}",
         "error: readinessProbe: timeoutSeconds: Invalid value: must be greater than or equal "
         "to 0"},
        {"{\"readinessProbe\":{\"exec\":{\"command\":[\"a\"]},"
         "\"terminationGracePeriodSeconds\":5}}",
         "error: readinessProbe: terminationGracePeriodSeconds: Invalid value: must not be set "
         "for readinessProbes"},
        {"{\"livenessProbe\":{\"exec\":{\"command\":[\"a\"]},"
         "\"terminationGracePeriodSeconds\":0}}",
         "error: livenessProbe: terminationGracePeriodSeconds: Invalid value: must be greater "
         "than 0"},
        {"{\"livenessProbe\":{\"tcpSocket\":{\"port\":\"web\"}}}",
         "error: livenessProbe: tcpSocket: port: Invalid value: \"web\": must be a number or "
         "the "
         "name of a port of the container"},
        {"{\"livenessProbe\":{\"tcpSocket\":{\"port\":65536}}}",
         "error: livenessProbe: tcpSocket: port: Invalid value: 65536: must be between 1 and "
         "65535, inclusive"},
        {"{\"livenessProbe\":{\"tcpSocket\":{\"port\":0}}}",
         "error: livenessProbe: tcpSocket: port: Invalid value: 0: must be between 1 and "
         "65535, "
         "inclusive"},
        {PROBE("\"port\":80,\"path\":\"/a b\""), "error: livenessProbe: httpGet: path: Invalid "
                                                 "value: \"/a b\": it has a space or a line "
                                                 "break"},
        {PROBE("\"port\":80,\"path\":\"/\\r\\nX: y\""),
         "error: livenessProbe: httpGet: path: Invalid value: \"/\r\nX: y\": it has a space or "
         "a "
         "line break"},
        {PROBE("\"port\":80,\"httpHeaders\":[{\"name\":\"a:b\",\"value\":\"x\"}]"),
         "error: livenessProbe: httpGet: httpHeaders[0].name: Invalid value: \"a:b\": a valid "
         "HTTP header must consist of alphanumeric characters or '-'"},
        {PROBE("\"port\":80,\"httpHeaders\":[{\"name\":\"a\",\"value\":\"x\\ny\"}]"),
         "error: livenessProbe: httpGet: httpHeaders[0].value: Invalid value: it has a line "
         "break"},
    };

    (void) state;
    expect_all(cases, COUNT_OF(cases));
}

static void test_init_containers(void **state)
{
    static const char *const cases[][2] = {
        {"{\"image\":\"x\",\"lifecycle\":null}", NULL},
        {"{\"livenessProbe\":{}}", "livenessProbe"},
        {"{\"readinessProbe\":{}}", "readinessProbe"},
        {"{\"startupProbe\":{}}", "startupProbe"},
        {"{\"lifecycle\":{}}", "lifecycle"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json doc;
        struct err err = {0};

        assert_int_equal(json_parse(a, str_from(cases[i][0]), &doc, &err), 0);
        assert_int_equal(health_refuse(&doc, &err), cases[i][1] ? -1 : 0);
        if (cases[i][1])
            assert_string_equal(
                err.text,
                str_printf(a,
                           "%s: Forbidden: may not be set for init containers without "
                           "restartPolicy=Always",
                           cases[i][1])
                    .ptr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probes),          cmocka_unit_test(test_requests),
        cmocka_unit_test(test_hooks),           cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_init_containers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
