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
        {"GET", "/apis/argoproj.io/v1alpha1/pigeons", NULL, 404, "404 page not found\n", "{",
         NULL, NULL},
        {"GET", "/api/v1/namespaces/argo/pigeons", NULL, 404,
         "\"message\":\"the server could not find the requested resource\",\"reason\":"
         "\"NotFound\",\"details\":{},\"code\":404}",
         NULL, NULL, NULL},
        {"GET", "/apis/batch/v1/pigeons", NULL, 404, "\"kind\":\"Status\"", NULL, NULL, NULL},
        {"GET", MAPS "/one/status", NULL, 404, "\"kind\":\"Status\"", NULL, NULL, NULL},
        {"GET", MAPS "/one/x/y", NULL, 404, "\"kind\":\"Status\"", NULL, NULL, NULL},
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

/* Items of Kubernetes' own kinds do not say what they are. */
static void test_lists(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS, ONE, 201, "one", NULL, NULL, NULL},
        {"POST", TEMPLATES, TEMPLATE("\"name\":\"one\""), 201, "one", NULL, NULL, NULL},
        {"GET", MAPS, NULL, 200, "\"items\":[{\"metadata\":{\"name\":\"one\"", "ConfigMap\",",
         NULL, NULL},
        {"GET", TEMPLATES, NULL, 200, "\"kind\":\"WorkflowTemplate\",", NULL, NULL, NULL},
        {"GET", TEMPLATES, NULL, 200, "\"continue\":\"\"", NULL, NULL, NULL},
        {"GET", MAPS "?limit=-1", NULL, 200, "\"one\"", NULL, NULL, NULL},
        {"GET", MAPS "?watch=false", NULL, 200, "ConfigMapList", NULL, NULL, NULL},
        {"GET", MAPS "?resourceVersion=-1", NULL, 400, "is not a number", NULL, NULL, NULL},
        {"GET", MAPS "?continue=bad", NULL, 400, "continue parameter is not valid", NULL, NULL,
         NULL},
        {"GET", MAPS "?continue=bad&resourceVersion=1", NULL, 400,
         "specifying resource version is not allowed when using continue", NULL, NULL, NULL},
        {"GET", MAPS "?resourceVersion=99", NULL, 504,
         "\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\",\"message\":\"Too "
         "large resource version\"}],\"retryAfterSeconds\":1}",
         NULL, NULL, NULL},
        {"DELETE", MAPS "?labelSelector=a%3D1", NULL, 200, "\"items\":[]", NULL, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

#define OTHER_UID "\"uid\":\"11111111-2222-3333-4444-555555555555\""

static void test_updates(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS, ONE, 201, "one", NULL, NULL, NULL},
        {"PUT", MAPS "/one", MAP("\"name\":\"one\"," OTHER_UID, ""), 409,
         "Operation cannot be fulfilled on configmaps \\\"one\\\": the UID in the precondition "
         "(11111111-2222-3333-4444-555555555555) does not match the UID in record (",
         NULL, NULL, NULL},
        {"PUT", MAPS "/one", MAP("\"name\":\"one\",\"namespace\":\"other\"", ""), 400,
         "the namespace of the provided object does not match", NULL, NULL, NULL},
        {"PUT", MAPS "/one", MAP("\"name\":\"one\",\"resourceVersion\":\"x\"", ""), 400,
         "is not a number", NULL, NULL, NULL},
        {"PUT", MAPS "/one?dryRun=All", ONE, 200, "\"resourceVersion\":\"2\"", NULL, NULL,
         NULL},
        {"PUT", MAPS "/one",
         MAP("\"name\":\"one\",\"resourceVersion\":\"0\",\"generation\":9,\"selfLink\":\"/x\","
             "\"labels\":{},\"annotations\":null,\"finalizers\":[]",
             ",\"data\":{},\"binaryData\":{}"),
         200, "\"name\":\"one\"", "generation", NULL, NULL},
        {"GET", MAPS "/one", NULL, 200, "\"name\":\"one\"", "labels", NULL, NULL},
        {"GET", MAPS "/one", NULL, 200, "\"name\":\"one\"", "ata\":{}", NULL, NULL},
        {"PATCH", MAPS "/one", "{\"metadata\":{" OTHER_UID "}}", 422,
         "metadata.uid: Invalid value: ", NULL, MERGE, NULL},
        {"PATCH", MAPS "/one", "{\"metadata\":{\"uid\":null,\"resourceVersion\":null}}", 200,
         "\"uid\":\"", NULL, MERGE, NULL},
        {"PATCH", MAPS "/one", "{\"data\":{\"b\":2}}", 422, "data.b: ", NULL, MERGE, NULL},
        {"PATCH", MAPS "/one", "{\"data\":{\"b/c\":\"2\",\"d e\":\"3\"}}", 422,
         "\"field\":\"data[b/c]\"},{\"reason\":\"FieldValueInvalid\",\"message\":\"Invalid "
         "value: "
         "\\\"d e\\\": ",
         NULL, MERGE, NULL},
        {"PATCH", MAPS "/one?force=true", "{}", 422, "force: Forbidden: may not be specified",
         NULL, MERGE, NULL},
        {"PATCH", MAPS "/one", "{}", 400, "array of operations", NULL,
         "application/json-patch+json", NULL},
        {"DELETE", MAPS "/one?gracePeriodSeconds=x", NULL, 400, "is not a number", NULL, NULL,
         NULL},
        {"PATCH", MAPS "/one", "{\"immutable\":true,\"data\":{\"a\":\"1\"}}", 200, "immutable",
         NULL, MERGE, NULL},
        {"PATCH", MAPS "/one", "{\"data\":{\"a\":\"2\"}}", 422,
         "data: Forbidden: field is immutable when `immutable` is set", NULL, MERGE, NULL},
        {"DELETE", MAPS "/one", NULL, 200, "Success", NULL, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

#define BINDINGS "/apis/rbac.authorization.k8s.io/v1/namespaces/argo/rolebindings"
#define BINDING                                                                           \
    "{\"metadata\":{\"name\":\"b\"},\"roleRef\":{\"kind\":\"Role\",\"name\":\"r\"},"      \
    "\"subjects\":[{\"kind\":"                                                            \
    "\"User\",\"name\":\"u\"},{\"kind\":\"ServiceAccount\",\"name\":\"s\",\"namespace\":" \
    "\"argo\"}]}"

/* What a document does not say, the path says. References are one field to who applies. */
static void test_documents(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS, "{\"metadata\":{\"name\":\"one\"}}", 201, "\"kind\":\"ConfigMap\"", NULL,
         NULL, NULL},
        {"PUT", MAPS "/one", "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"one\"}}", 200,
         "\"apiVersion\":\"v1\"", NULL, NULL, NULL},
        {"POST", TEMPLATES, "{\"metadata\":{\"name\":\"one\"}}", 400, "", NULL, NULL, NULL},
        {"POST", BINDINGS, BINDING, 201, "\"f:roleRef\":{},\"f:subjects\":{}", NULL, NULL,
         NULL},
        {"GET", BINDINGS "/b", NULL, 200,
         "\"subjects\":[{\"kind\":\"User\",\"name\":\"u\",\"apiGroup\":\"rbac.authorization."
         "k8s.io\"},{"
         "\"kind\":\"ServiceAccount\",\"name\":\"s\",\"namespace\":\"argo\"}]",
         NULL, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* Options of a deletion that are not understood delete nothing. */
static void test_options_of_deletions(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS, ONE, 201, "one", NULL, NULL, NULL},
        {"DELETE", MAPS "/one", "{\"dryRun\":\"All\"}", 400, "dryRun", NULL, NULL, NULL},
        {"DELETE", MAPS "/one", "{\"preconditions\":{\"uid\":7}}", 400, "preconditions.uid",
         NULL, NULL, NULL},
        {"DELETE", MAPS "/one", "{\"preconditions\":[]}", 400, "preconditions", NULL, NULL,
         NULL},
        {"DELETE", MAPS "/one", "{\"gracePeriodSeconds\":\"x\"}", 400, "gracePeriodSeconds",
         NULL, NULL, NULL},
        {"DELETE", MAPS "/one", "{\"kind\":\"Foo\",\"apiVersion\":\"v1\"}", 400, "no kind",
         NULL, NULL, NULL},
        {"DELETE", MAPS "/one", "{\"propagationPolicy\":\"Orphan\",\"orphanDependents\":true}",
         422, "cannot be both set", NULL, NULL, NULL},
        {"DELETE", MAPS, "{\"dryRun\":\"All\"}", 400, "dryRun", NULL, NULL, NULL},
        {"GET", MAPS "/one", NULL, 200, "one", NULL, NULL, NULL},
        {"DELETE", MAPS "/one", "null", 200, "Success", NULL, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* Who is to go has another wanted state. */
static void test_removals(void **state)
{
    static const struct step steps[] = {
        {"POST", TEMPLATES, TEMPLATE("\"name\":\"one\",\"finalizers\":[\"a/b\"]"), 201,
         "\"generation\":1", NULL, NULL, NULL},
        {"DELETE", TEMPLATES "/one", NULL, 200, "\"generation\":2", NULL, NULL, NULL},
        {"DELETE", TEMPLATES "/one", NULL, 200, "", NULL, NULL, NULL},
        {"GET", TEMPLATES "/one", NULL, 200, "\"generation\":2", NULL, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_details),    TEST(test_what_there_is_not),
        TEST(test_parameters), TEST(test_owners),
        TEST(test_lists),      TEST(test_updates),
        TEST(test_documents),  TEST(test_options_of_deletions),
        TEST(test_removals),
    };

    return cmocka_run_group_tests_name("api_answers", tests, NULL, NULL);
}
