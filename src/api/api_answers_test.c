/*
 * Answers as Kubernetes' API server words them: what a Status says besides its message, methods
 * and paths that there are none of, parameters that are wrong, who owns what is written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/world_test.h"

#define MAPS      "/api/v1/namespaces/argo/configmaps"
#define TEMPLATES "/apis/argoproj.io/v1alpha1/namespaces/argo/workflowtemplates"
#define MAP(meta, more) \
    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{" meta "}" more "}"
#define ONE MAP("\"name\":\"one\"", ",\"data\":{\"a\":\"1\"}")
#define TEMPLATE(meta)                                             \
    "{\"apiVersion\":\"argoproj.io/"                               \
    "v1alpha1\",\"kind\":\"WorkflowTemplate\",\"metadata\":{" meta \
    "},\"spec\":{\"entrypoint\":\"x\",\"templates\":[{\"name\":\"x\",\"suspend\":{}}]}}"
#define MERGE "application/merge-patch+json"
#define APPLY "application/apply-patch+yaml"

struct step {
    const char *method, *path, *body;
    unsigned status;
    const char *part;    /* must be in the answer */
    const char *without; /* must not; NULL: nothing */
    const char *type;    /* of the body; NULL: JSON */
    const char *agent;   /* User-Agent */
};

static void run_steps(struct world *w, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct step *s = &steps[i];
        struct call c = {.method = s->method,
                         .path = s->path,
                         .body = s->body ? s->body : "",
                         .type = s->type,
                         .token = "secret"};

        c.further[0].name = s->agent ? "User-Agent" : NULL;
        c.further[0].value = s->agent;
        world_run(w, &c);
        if (c.status != s->status || !strstr(c.answer, s->part) ||
            (s->without && strstr(c.answer, s->without)))
            fail_msg("step %zu, %s %s: %u %s", i, c.method, c.path, c.status, c.answer);
    }
}

static void test_details(void **state)
{
    static const struct step steps[] = {
        {"GET", MAPS "/one", NULL, 404,
         "\"message\":\"configmaps \\\"one\\\" not "
         "found\",\"reason\":\"NotFound\",\"details\":{"
         "\"name\":\"one\",\"kind\":\"configmaps\"},\"code\":404}",
         NULL, NULL, NULL},
        {"GET", TEMPLATES "/one", NULL, 404,
         "\"details\":{\"name\":\"one\",\"group\":\"argoproj.io\",\"kind\":"
         "\"workflowtemplates\"}",
         NULL, NULL, NULL},
        {"GET", "/apis/argoproj.io/v1alpha1/namespaces/argo/eventbus/one", NULL, 404,
         "eventbus.argoproj.io \\\"one\\\" not found", NULL, NULL, NULL},
        {"POST", MAPS, ONE, 201, "one", "generation", NULL, NULL},
        {"POST", MAPS, ONE, 409,
         "\"reason\":\"AlreadyExists\",\"details\":{\"name\":\"one\",\"kind\":\"configmaps\"},"
         "\"code\":409}",
         NULL, NULL, NULL},
        {"PUT", MAPS "/one", MAP("\"name\":\"one\",\"resourceVersion\":\"1\"", ""), 409,
         "\"reason\":\"Conflict\",\"details\":{\"name\":\"one\",\"kind\":\"configmaps\"},",
         NULL, NULL, NULL},
        {"POST", TEMPLATES, TEMPLATE("\"name\":\"one\""), 201, "\"generation\":1", NULL, NULL,
         NULL},
        {"POST", "/api/v1/namespaces",
         "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"ends\"}}", 201,
         "Active", "generation", NULL, NULL},
        {"DELETE", "/api/v1/namespaces/ends", NULL, 200, "Terminating", NULL, NULL, NULL},
        {"POST", "/api/v1/namespaces/ends/configmaps", ONE, 403,
         "\"reason\":\"Forbidden\",\"details\":{\"name\":\"one\",\"kind\":\"configmaps\","
         "\"causes\":[{\"reason\":\"NamespaceTerminating\",\"message\":\"namespace ends is "
         "being "
         "terminated\",\"field\":\"metadata.namespace\"}]},\"code\":403}",
         NULL, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

static void test_what_there_is_not(void **state)
{
    static const struct step steps[] = {
        {"GET", "/foo", NULL, 404, "404 page not found\n", "{", NULL, NULL},
        {"POST", "/foo", "{}", 404, "404 page not found\n", "{", NULL, NULL},
        {"GET", "/api/v1/namespaces/argo/pigeons", NULL, 404, "404 page not found\n", "{", NULL,
         NULL},
        {"GET", MAPS "/one/status", NULL, 404, "404 page not found\n", "{", NULL, NULL},
        {"GET", MAPS "/one/x/y", NULL, 404, "404 page not found\n", "{", NULL, NULL},
        {"PUT", MAPS, ONE, 405,
         "\"message\":\"the server does not allow this method on the requested resource\","
         "\"reason\":\"MethodNotAllowed\",\"details\":{},\"code\":405}",
         NULL, NULL, NULL},
        {"FOO", MAPS "/one", NULL, 405, "MethodNotAllowed", NULL, NULL, NULL},
        {"PATCH", TEMPLATES, "{}", 405,
         "\"message\":\"patch is not supported on resources of kind "
         "\\\"workflowtemplates.argoproj.io\\\"\",\"reason\":\"MethodNotAllowed\",\"details\":{"
         "\"group\":\"argoproj.io\",\"kind\":\"workflowtemplates\"},\"code\":405}",
         NULL, MERGE, NULL},
        {"GET", "/tiphys/v1/other", NULL, 404, "\"kind\":\"Status\"", NULL, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

#define LONG_NAME                                                      \
    "1234567890123456789012345678901234567890123456789012345678901234" \
    "12345678901234567890123456789012345678901234567890123456789012345"

static void test_parameters(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS "?dryRun=All&dryRun=No", ONE, 422,
         "\"message\":\"CreateOptions.meta.k8s.io \\\"\\\" is invalid: dryRun: Unsupported "
         "value: "
         "[\\\"No\\\"]: supported values: \\\"All\\\"\",\"reason\":\"Invalid\",\"details\":{"
         "\"group\":\"meta.k8s.io\",\"kind\":\"CreateOptions\",\"causes\":[",
         NULL, NULL, NULL},
        {"POST", MAPS "?dryRun=", ONE, 422, "dryRun", NULL, NULL, NULL},
        {"POST", MAPS "?dryRun=All&dryRun=All", ONE, 201, "one", NULL, NULL, NULL},
        {"POST", MAPS "?fieldManager=" LONG_NAME, ONE, 422,
         "{\"reason\":\"FieldValueTooLong\",\"message\":\"Too long: may not be more than 128 "
         "bytes\",\"field\":\"fieldManager\"}",
         NULL, NULL, NULL},
        {"POST", MAPS "?fieldManager=a%07b", ONE, 422,
         "invalid character U+0007 (at position 1)", NULL, NULL, NULL},
        {"PUT", MAPS "/one?fieldValidation=x", ONE, 422, "UpdateOptions.meta.k8s.io", NULL,
         NULL, NULL},
        {"PATCH", MAPS "/one?dryRun=x", "{}", 422, "PatchOptions.meta.k8s.io", NULL, MERGE,
         NULL},
        {"DELETE", MAPS "/one?dryRun=x", NULL, 422, "DeleteOptions.meta.k8s.io", NULL, NULL,
         NULL},
        {"GET", MAPS "?resourceVersionMatch=Exact", NULL, 422, "ListOptions.meta.k8s.io", NULL,
         NULL, NULL},
        {"GET", MAPS "/one", NULL, 404, "not found", NULL, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* A writer that gives no name has its program's. */
static void test_owners(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS, ONE, 201,
         "\"managedFields\":[{\"manager\":\"kubectl\",\"operation\":\"Update\"", NULL, NULL,
         "kubectl/v1.32.0 (linux/amd64) kubernetes/1"},
        {"PATCH", MAPS "/one", "{\"data\":{\"b\":\"1\"}}", 200, "\"manager\":\"curl\"", NULL,
         MERGE, "curl"},
        {"PATCH", MAPS "/one?fieldManager=x", "{\"data\":{\"c\":\"1\"}}", 200,
         "\"manager\":\"x\"", "\"manager\":\"wget\"", MERGE, "wget/1"},
        {"PATCH", MAPS "/one?fieldManager=m",
         MAP("\"name\":\"one\"", ",\"data\":{\"a\":\"2\"}"), 409,
         "conflict with \\\"kubectl\\\" using v1", NULL, APPLY, "z"},
        {"PATCH", MAPS "/one", MAP("\"name\":\"one\"", ""), 422,
         "fieldManager: Required value: is required for apply patch", NULL, APPLY, "z"},
        {"PATCH", MAPS "/one", "{\"metadata\":{\"managedFields\":[{}]}}", 200, "\"a\":\"1\"",
         "managedFields", MERGE, "z"},
        {"PATCH", MAPS "/one?fieldManager=m",
         MAP("\"name\":\"one\"", ",\"data\":{\"a\":\"2\"}"), 409,
         "conflict with \\\"before-first-apply\\\" using v1", NULL, APPLY, "z"},
        {"PATCH", MAPS "/one?fieldManager=m&force=true",
         MAP("\"name\":\"one\"", ",\"data\":{\"a\":\"2\"}"), 200,
         "\"managedFields\":[{\"manager\":\"m\",\"operation\":\"Apply\"", NULL, APPLY, "z"},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_details),
        TEST(test_what_there_is_not),
        TEST(test_parameters),
        TEST(test_owners),
    };

    return cmocka_run_group_tests_name("api_answers", tests, NULL, NULL);
}
