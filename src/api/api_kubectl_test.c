/* What kubectl needs of the resource API, over real HTTP: discovery, tables, patches, deletions
 * with options, of collections too. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/world_test.h"
#include "base/mem.h"

#define GROUP     "/apis/argoproj.io/v1alpha1"
#define TEMPLATES GROUP "/namespaces/argo/workflowtemplates"
#define MAPS      "/api/v1/namespaces/argo/configmaps"
#define TEMPLATE(name)                                                                  \
    "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"WorkflowTemplate\","           \
    "\"metadata\":{\"name\":\"" name "\",\"labels\":{\"name\":\"" name                  \
    "\"}},\"spec\":{\"entrypoint\":\"x\",\"templates\":[{\"name\":\"x\",\"container\":" \
    "{\"image\":\"i\"}}]}}"
#define MAP(name)                                                                  \
    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" name \
    "\",\"labels\":{\"of\":\"" name "\"}},\"data\":{\"a\":\"1\"}}"

#define SPACE "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"one\"}}"

#define AS_TABLE                                                     \
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;" \
    "as=Table;v=v1beta1;g=meta.k8s.io,application/json"
#define BY(manager) "?fieldManager=" manager
#define MERGE       "application/merge-patch+json"
#define JSON_PATCH  "application/json-patch+json"
#define APPLY       "application/apply-patch+yaml"
#define STRATEGIC   "application/strategic-merge-patch+json"

struct step {
    const char *method, *path, *type, *body;
    unsigned status;
    const char *part;    /* must be in the answer */
    const char *without; /* must not; NULL: nothing */
};

static void run_steps(struct world *w, const char *accept, const struct step *steps,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct call c = {.method = steps[i].method,
                         .path = steps[i].path,
                         .body = steps[i].body ? steps[i].body : "",
                         .type = steps[i].type,
                         .accept = accept,
                         .token = "secret"};

        world_run(w, &c);
        if (c.status != steps[i].status || !strstr(c.answer, steps[i].part) ||
            (steps[i].without && strstr(c.answer, steps[i].without)))
            fail_msg("step %zu, %s %s: %u %s", i, c.method, c.path, c.status, c.answer);
    }
}

static void test_discovery(void **state)
{
    static const struct step steps[] = {
        {"GET", "/version", NULL, NULL, 200, "\"gitVersion\":\"v1.32.0+tiphys-", NULL},
        {"GET", "/version", NULL, NULL, 200, "\"major\":\"1\",\"minor\":\"32\"", NULL},
        {"GET", "/api", NULL, NULL, 200, "\"kind\":\"APIVersions\"", NULL},
        {"GET", "/api", NULL, NULL, 200, "\"versions\":[\"v1\"]", NULL},
        {"GET", "/apis", NULL, NULL, 200, "\"kind\":\"APIGroupList\"", "\"apps\""},
        {"GET", "/apis/", NULL, NULL, 200,
         "{\"name\":\"argoproj.io\",\"versions\":[{\"groupVersion\":\"argoproj.io/v1alpha1\","
         "\"version\":\"v1alpha1\"}],\"preferredVersion\":{",
         NULL},
        {"GET", "/apis/argoproj.io", NULL, NULL, 200,
         "{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",\"name\":\"argoproj.io\"", NULL},
        {"GET", GROUP, NULL, NULL, 200,
         "{\"name\":\"workflows\",\"singularName\":\"workflow\",\"namespaced\":true,\"kind\":"
         "\"Workflow\",\"verbs\":[\"create\",\"delete\",\"deletecollection\",\"get\",\"list\","
         "\"patch\",\"update\",\"watch\"],\"shortNames\":[\"wf\"]",
         "workflowtasksets"},
        {"GET", GROUP, NULL, NULL, 200, "\"namespaced\":false,\"kind\":\"ClusterWorkflow",
         NULL},
        {"GET", "/api/v1", NULL, NULL, 200, "\"groupVersion\":\"v1\"", "\"pods/exec\""},
        {"GET", "/openapi/v2", NULL, NULL, 200, "\"swagger\":\"2.0\"", NULL},
        {"GET", "/openapi/v2", NULL, NULL, 200,
         "\"/apis/argoproj.io/v1alpha1/namespaces/{namespace}/workflows\":{", NULL},
        {"GET", "/openapi/v3", NULL, NULL, 200,
         "\"api/v1\":{\"serverRelativeURL\":\"/openapi/v3/api/v1?hash=", "apps"},
        {"GET", "/openapi/v3/apis/rbac.authorization.k8s.io/v1?hash=x", NULL, NULL, 200,
         "{\"openapi\":\"3.0.0\"", NULL},
        {"GET", "/apis", NULL, NULL, 200,
         "{\"name\":\"authorization.k8s.io\",\"versions\":[{\"groupVersion\":"
         "\"authorization.k8s.io/v1\",\"version\":\"v1\"}]",
         NULL},
        {"GET", "/apis", NULL, NULL, 200, "{\"name\":\"authentication.k8s.io\"", NULL},
        {"GET", "/apis/authorization.k8s.io", NULL, NULL, 200,
         "{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",\"name\":\"authorization.k8s.io\"",
         NULL},
        {"GET", "/apis/authorization.k8s.io/v1", NULL, NULL, 200,
         "{\"name\":\"localsubjectaccessreviews\",\"singularName\":"
         "\"localsubjectaccessreview\","
         "\"namespaced\":true,\"kind\":\"LocalSubjectAccessReview\",\"verbs\":[\"create\"]}",
         "selfsubjectreviews"},
        {"GET", "/apis/authentication.k8s.io/v1", NULL, NULL, 200,
         "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":"
         "\"authentication.k8s.io/v1\",\"resources\":[{\"name\":\"selfsubjectreviews\"",
         "rulesreviews"},
        {"GET", "/apis/authorization.k8s.io/v2", NULL, NULL, 404, "404 page not found\n", "{"},
        {"GET", "/openapi/v3/apis/batch/v1", NULL, NULL, 200,
         "/apis/batch/v1/namespaces/{namespace}/jobs", NULL},
        {"GET", "/apis/batch/v1", NULL, NULL, 200,
         "{\"name\":\"cronjobs\",\"singularName\":\"cronjob\",\"namespaced\":true,\"kind\":"
         "\"CronJob\",\"verbs\":[\"create\",",
         NULL},
        {"GET", "/openapi/v3/apis/apps/v1", NULL, NULL, 404, "404 page not found", NULL},
        {"GET", "/apis/apps", NULL, NULL, 404, "404 page not found", NULL},
        {"GET", "/apis/argoproj.io/v1", NULL, NULL, 404, "404 page not found", NULL},
        {"POST", "/apis", NULL, NULL, 404, "404 page not found", NULL},
    };

    run_steps(*state, "application/json", steps, COUNT_OF(steps));
}

/* The OpenAPI document in protobuf: field 1 is "2.0", field 2 has title and version. */
static void test_openapi_in_protobuf(void **state)
{
    static const char begin[] = "\n\0032.0\022\014\n\006tiphys\022\002v0B";
    struct call c = {.method = "GET",
                     .path = "/openapi/v2",
                     .body = "",
                     .accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
                     .token = "secret"};

    world_run(*state, &c);
    assert_int_equal(c.status, 200);
    assert_string_equal(c.answer, begin);
}

#define CRON_V1   "/apis/batch/v1/namespaces/argo/cronjobs"
#define CRON_BETA "/apis/batch/v1beta1/namespaces/argo/cronjobs"
#define CRON_JOB(version, name)                                                                \
    "{\"apiVersion\":\"batch/" version                                                         \
    "\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"" name                                   \
    "\"},\"spec\":{\"schedule\":\"0 0 1 1 "                                                    \
    "*\",\"jobTemplate\":{\"spec\":{\"template\":{\"spec\":{"                                  \
    "\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"command\":" \
    "["                                                                                        \
    "\"true\"]}]}}}}}}"
#define IS_V1   "\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\""
#define IS_BETA "\"apiVersion\":\"batch/v1beta1\",\"kind\":\"CronJob\""

static void test_token_reviews(void **state)
{
#define TOKENS "/apis/authentication.k8s.io/v1/tokenreviews"
#define REVIEW(spec) \
    "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenReview\",\"spec\":{" spec "}}"
    static const struct step steps[] = {
        {"POST", TOKENS, NULL, REVIEW("\"token\":\"secret\""), 201,
         "\"status\":{\"authenticated\":true,\"user\":{\"username\":\"", "\"error\""},
        {"POST", TOKENS, NULL, REVIEW("\"token\":\"secret\""), 201,
         "\"audiences\":[\"https://kubernetes.default.svc\"]", NULL},
        {"POST", TOKENS, NULL, REVIEW("\"token\":\"other\""), 201,
         "\"status\":{\"authenticated\":false,\"error\":\"", "\"user\""},
        {"POST", TOKENS, NULL, REVIEW("\"token\":\"secret\",\"audiences\":[\"vault\"]"), 201,
         "\"authenticated\":false", "\"user\""},
        {"POST", TOKENS, NULL,
         REVIEW("\"token\":\"secret\",\"audiences\":[\"vault\","
                "\"https://kubernetes.default.svc.cluster.local\"]"),
         201, "\"audiences\":[\"https://kubernetes.default.svc.cluster.local\"]}", NULL},
        {"POST", TOKENS, NULL, REVIEW(""), 400, "spec.token: Required value", NULL},
        {"GET", TOKENS, NULL, NULL, 405, "MethodNotAllowed", NULL},
        {"GET", "/apis/authentication.k8s.io/v1", NULL, NULL, 200, "\"tokenreviews\"", NULL},
    };

    run_steps(*state, "application/json", steps, COUNT_OF(steps));
}

static void test_discovery_of_versions(void **state)
{
    static const struct step steps[] = {
        {"GET", "/apis", NULL, NULL, 200,
         "{\"name\":\"batch\",\"versions\":[{\"groupVersion\":\"batch/v1\",\"version\":\"v1\"},"
         "{\"groupVersion\":\"batch/v1beta1\",\"version\":\"v1beta1\"}],\"preferredVersion\":{"
         "\"groupVersion\":\"batch/v1\",\"version\":\"v1\"}}",
         NULL},
        {"GET", "/apis/batch", NULL, NULL, 200,
         "{\"groupVersion\":\"batch/v1beta1\",\"version\":\"v1beta1\"}],\"preferredVersion\"",
         NULL},
        {"GET", "/apis/batch/v1beta1", NULL, NULL, 200,
         "\"groupVersion\":\"batch/v1beta1\",\"resources\":[{\"name\":\"cronjobs\"",
         "\"jobs\""},
        {"GET", "/apis/batch/v1", NULL, NULL, 200, "\"name\":\"jobs\"", "v1beta1"},
        {"GET", "/apis/batch/v2", NULL, NULL, 404, "404 page not found", NULL},
        {"GET", "/apis/batch/v1beta1/jobs", NULL, NULL, 404, "\"details\":{},\"code\":404",
         NULL},
        {"GET", "/openapi/v3", NULL, NULL, 200,
         "\"apis/batch/v1beta1\":{\"serverRelativeURL\":\"/openapi/v3/apis/batch/v1beta1?hash=",
         NULL},
        {"GET", "/openapi/v3/apis/batch/v1beta1", NULL, NULL, 200,
         "\"/apis/batch/v1beta1/namespaces/{namespace}/cronjobs/{name}\":{", "batch/v1/"},
    };

    run_steps(*state, "application/json", steps, COUNT_OF(steps));
}

/* One object in two versions: each shows what the other made. */
static void test_versions(void **state)
{
    static const struct step steps[] = {
        {"POST", CRON_BETA "?fieldManager=a", NULL, CRON_JOB("v1beta1", "old"), 201, IS_BETA,
         IS_V1},
        {"POST", CRON_V1, NULL, CRON_JOB("v1", "new"), 201, IS_V1, "v1beta1"},
        {"POST", CRON_V1, NULL, CRON_JOB("v1", "old"), 409, "already exists", NULL},
        {"POST", CRON_V1, NULL, CRON_JOB("v1beta1", "x"), 400,
         "the API version in the data (batch/v1beta1) does not match the expected API version "
         "(batch/v1)",
         NULL},
        {"POST", CRON_BETA, NULL, CRON_JOB("v1", "x"), 400, "does not match the expected",
         NULL},
        {"POST", CRON_BETA, NULL, CRON_JOB("v2", "x"), 400, "batch/v2", NULL},
        {"POST", CRON_BETA "?dryRun=All", NULL, CRON_JOB("v1beta1", "x"), 201, IS_BETA, NULL},
        {"GET", CRON_V1 "/old", NULL, NULL, 200, IS_V1, "batch/v1beta1\",\"kind"},
        {"GET", CRON_BETA "/new", NULL, NULL, 200, IS_BETA, IS_V1},
        {"GET", CRON_BETA, NULL, NULL, 200,
         "{\"apiVersion\":\"batch/v1beta1\",\"kind\":\"CronJobList\"", IS_V1},
        {"GET", CRON_BETA, NULL, NULL, 200, "\"items\":[{\"metadata\":{", IS_V1},
        {"GET", "/apis/batch/v1beta1/cronjobs", NULL, NULL, 200, "CronJobList", IS_V1},
        {"PUT", CRON_BETA "/new", NULL, CRON_JOB("v1beta1", "new"), 200, IS_BETA, IS_V1},
        {"PUT", CRON_V1 "/new", NULL, CRON_JOB("v1beta1", "new"), 400, "does not match", NULL},
        {"PATCH", CRON_BETA "/new", MERGE,
         "{\"apiVersion\":\"batch/v1beta1\",\"spec\":{\"suspend\":true}}", 200, IS_BETA, NULL},
        {"PATCH", CRON_BETA "/new", JSON_PATCH,
         "[{\"op\":\"test\",\"path\":\"/apiVersion\",\"value\":\"batch/v1beta1\"}]", 200,
         IS_BETA, NULL},
        {"PATCH", CRON_V1 "/new", JSON_PATCH,
         "[{\"op\":\"test\",\"path\":\"/apiVersion\",\"value\":\"batch/v1beta1\"}]", 422,
         "the value is another", NULL},
        {"PATCH", CRON_BETA "/new", STRATEGIC,
         "{\"spec\":{\"jobTemplate\":{\"spec\":{\"template\":{\"spec\":{\"containers\":[{"
         "\"name\":"
         "\"c\",\"image\":\"j\"}]}}}}}}",
         200, "\"image\":\"j\",\"command\":[\"true\"]", IS_V1},
        {"PATCH", CRON_BETA "/new/status" BY("s"), MERGE,
         "{\"status\":{\"lastScheduleTime\":\"2026-01-01T00:00:00Z\"}}", 200, IS_BETA, NULL},
        {"GET", CRON_V1 "/new", NULL, NULL, 200, "\"suspend\":true", "batch/v1beta1\",\"kind"},
        {"PATCH", CRON_BETA "/applied" BY("b"), APPLY, CRON_JOB("v1beta1", "applied"), 201,
         "{\"manager\":\"b\",\"operation\":\"Apply\",\"apiVersion\":\"batch/v1beta1\"", NULL},
        {"PATCH", CRON_BETA "/applied" BY("b"), APPLY, CRON_JOB("v1", "applied"), 400,
         "does not match", NULL},
        {"PATCH", CRON_V1 "/applied" BY("b"), APPLY, CRON_JOB("v1", "applied"), 200, IS_V1,
         "\"manager\":\"b\",\"operation\":\"Apply\",\"apiVersion\":\"batch/v1beta1\""},
        {"DELETE", CRON_BETA "/applied", NULL, "", 200,
         "\"name\":\"applied\",\"group\":\"batch\",\"kind\":\"cronjobs\"", NULL},
        {"GET", CRON_V1 "/applied", NULL, NULL, 404, "NotFound", NULL},
        {"DELETE", CRON_BETA, NULL, "", 200, "\"items\":[{\"metadata\":{", IS_V1},
        {"GET", CRON_V1, NULL, NULL, 200, "\"items\":[]", NULL},
    };
    static const struct step tables[] = {
        {"POST", CRON_V1, NULL, CRON_JOB("v1", "t"), 201, "\"kind\":\"Table\"", NULL},
        {"GET", CRON_BETA "?includeObject=Object", NULL, NULL, 200, IS_BETA, IS_V1},
        {"GET", CRON_BETA "/t?includeObject=Object", NULL, NULL, 200, IS_BETA, IS_V1},
        {"GET", CRON_BETA "/t", NULL, NULL, 200, "\"cells\":[\"t\",\"0 0 1 1 *\"", NULL},
    };

    run_steps(*state, NULL, steps, COUNT_OF(steps));
    run_steps(*state, AS_TABLE, tables, COUNT_OF(tables));
}

static void test_watch_of_versions(void **state)
{
    static const char *const accepts[] = {NULL, AS_TABLE};
    static const struct step make[] = {
        {"POST", CRON_V1, NULL, CRON_JOB("v1", "one"), 201, "one", NULL}};

    run_steps(*state, NULL, make, 1);
    for (size_t i = 0; i < COUNT_OF(accepts); i++) {
        struct call watch = {.method = "GET",
                             .path = CRON_BETA "?watch=1&includeObject=Object",
                             .body = "",
                             .accept = accepts[i],
                             .token = "secret",
                             .stop_after = 100,
                             .seen = STRBUF_INIT(1 << 20)};

        world_run(*state, &watch);
        assert_true(str_find(strbuf_str(&watch.seen), STR(IS_BETA)) != SIZE_MAX);
        assert_true(str_find(strbuf_str(&watch.seen), STR(IS_V1)) == SIZE_MAX);
        strbuf_done(&watch.seen);
    }
}

static void test_tables(void **state)
{
    static const struct step steps[] = {
        {"POST", TEMPLATES, NULL, TEMPLATE("one"), 201, "\"kind\":\"Table\"", NULL},
        {"POST", MAPS, NULL, MAP("one"), 201, "\"rows\":[{\"cells\":[\"one\",1,\"", NULL},
        {"GET", TEMPLATES, NULL, NULL, 200,
         "\"columnDefinitions\":[{\"name\":\"Name\",\"type\":\"string\",\"format\":\"name\","
         "\"description\":\"\",\"priority\":0},{\"name\":\"Age\",\"type\":\"date\",",
         "\"spec\""},
        {"GET", MAPS, NULL, NULL, 200, "\"rows\":[{\"cells\":[\"one\",1,\"", "\"data\":"},
        {"GET", MAPS "/one", NULL, NULL, 200,
         "\"object\":{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\","
         "\"metadata\":{\"name\":\"one\"",
         NULL},
        {"GET", MAPS "?includeObject=Object", NULL, NULL, 200, "\"data\":{\"a\":\"1\"}", NULL},
        {"GET", MAPS "?includeObject=None", NULL, NULL, 200, "\"object\":null", "uid"},
        {"GET", MAPS "?labelSelector=x", NULL, NULL, 200, "\"rows\":[]", NULL},
        {"GET", "/api/v1/persistentvolumeclaims", NULL, NULL, 200,
         "{\"name\":\"Volumemode\",\"type\":\"string\",\"format\":\"\",\"description\":\"\","
         "\"priority\":1}",
         NULL},
        {"GET", "/api/v1/events", NULL, NULL, 200,
         "\"columnDefinitions\":[{\"name\":\"Last Seen\",\"type\":\"date\"", NULL},
        {"GET", "/api/v1/events", NULL, NULL, 200,
         "{\"name\":\"Name\",\"type\":\"string\",\"format\":\"name\",\"description\":\"\","
         "\"priority\":1}],\"rows\":[]",
         NULL},
        {"GET", MAPS "/two", NULL, NULL, 404, "\"kind\":\"Status\"", NULL},
    };
    static const char *const others[] = {
        NULL, "application/json", "*/*",
        "application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
        "application/json, application/json;as=Table;v=v1;g=meta.k8s.io"};
    static const struct step plain[] = {
        {"GET", MAPS, NULL, NULL, 200, "\"kind\":\"ConfigMapList\"", "columnDefinitions"}};

    run_steps(*state, AS_TABLE, steps, COUNT_OF(steps));
    for (size_t i = 0; i < COUNT_OF(others); i++)
        run_steps(*state, others[i], plain, 1);
}

static void test_watch_of_tables(void **state)
{
    struct call watch = {.method = "GET",
                         .path = MAPS "?watch=1&includeObject=None",
                         .body = "",
                         .accept = AS_TABLE,
                         .token = "secret",
                         .stop_after = 100,
                         .seen = STRBUF_INIT(1 << 20)};
    static const struct step make[] = {{"POST", MAPS, NULL, MAP("one"), 201, "one", NULL}};

    run_steps(*state, NULL, make, 1);
    world_run(*state, &watch);
    assert_true(str_starts(strbuf_str(&watch.seen),
                           STR("{\"type\":\"ADDED\",\"object\":{\"kind\":\"Table\"")));
    assert_true(str_find(strbuf_str(&watch.seen), STR("\"cells\":[\"one\",1,")) != SIZE_MAX);
    strbuf_done(&watch.seen);
}

static void test_patches(void **state)
{
    static const struct step steps[] = {
        {"POST", TEMPLATES, NULL, TEMPLATE("one"), 201, "\"resourceVersion\":\"2\"", NULL},
        {"POST", MAPS, NULL, MAP("one"), 201, "\"data\":{\"a\":\"1\"}", NULL},
        {"PATCH", TEMPLATES "/one", MERGE, "{\"metadata\":{\"labels\":{\"b\":\"2\"}}}", 200,
         "\"labels\":{\"name\":\"one\",\"b\":\"2\"}", NULL},
        {"PATCH", TEMPLATES "/one", MERGE "; charset=utf-8",
         "{\"metadata\":{\"labels\":{\"b\":null}}}", 200, "\"labels\":{\"name\":\"one\"}",
         NULL},
        {"PATCH", TEMPLATES "/one", JSON_PATCH,
         "[{\"op\":\"test\",\"path\":\"/spec/entrypoint\",\"value\":\"x\"},"
         "{\"op\":\"add\",\"path\":\"/metadata/labels/c\",\"value\":\"3\"}]",
         200, "\"c\":\"3\"", NULL},
        {"PATCH", TEMPLATES "/one", JSON_PATCH,
         "[{\"op\":\"test\",\"path\":\"/spec/entrypoint\",\"value\":\"y\"}]", 422,
         "operation 0 (test /spec/entrypoint): the value is another", NULL},
        /* the same gate as any update */
        {"PATCH", TEMPLATES "/one", MERGE, "{\"spec\":{\"entrypoin\":\"x\"}}", 422,
         "spec.entrypoin: unknown field \\\"entrypoin\\\", did you mean", NULL},
        {"PATCH", TEMPLATES "/one", MERGE, "{\"kind\":\"Workflow\"}", 422,
         "the document is a Workflow, the path is for a WorkflowTemplate", NULL},
        {"PATCH", TEMPLATES "/one", MERGE, "{\"metadata\":{\"name\":\"two\"}}", 400,
         "metadata.name: a patch cannot change it", NULL},
        {"PATCH", TEMPLATES "/one", MERGE, "{\"metadata\":{\"uid\":\"x\"}}", 422,
         "metadata.uid: Invalid value: \\\"x\\\": field is immutable", NULL},
        {"PATCH", TEMPLATES "/one", MERGE, "{\"metadata\":{\"resourceVersion\":\"1\"}}", 409,
         "Operation cannot be fulfilled on workflowtemplates.argoproj.io \\\"one\\\": the "
         "object has been modified",
         NULL},
        {"PATCH", TEMPLATES "/one", MERGE, "[]", 400, "", NULL},
        {"PATCH", TEMPLATES "/one", MERGE, "{", 400, "the patch: ", NULL},
        {"PATCH", TEMPLATES "/one", MERGE, "", 400, "the patch: ", NULL},
        {"PATCH", TEMPLATES "/two", MERGE, "{}", 404, "\\\"two\\\" not found", NULL},
        {"PATCH", TEMPLATES "/one?dryRun=Some", MERGE, "{}", 422,
         "dryRun: Unsupported value: [\\\"Some\\\"]: supported values: \\\"All\\\"", NULL},
        /* strategic: of core kinds alone */
        {"PATCH", TEMPLATES "/one", STRATEGIC, "{}", 415,
         "accepted media types include: application/json-patch+json, "
         "application/merge-patch+json, application/apply-patch+yaml\"",
         NULL},
        {"PATCH", TEMPLATES "/one", "application/apply-patch+cbor", "{}", 415,
         "\"reason\":\"UnsupportedMediaType\"", NULL},
        {"PATCH", MAPS "/one", STRATEGIC, "{\"data\":{\"b\":\"2\",\"a\":null}}", 200,
         "\"data\":{\"b\":\"2\"}", NULL},
        {"PATCH", MAPS "/one", STRATEGIC, "{\"data\":{\"$patch\":\"replace\",\"c\":\"1\"}}",
         200, "\"data\":{\"c\":\"1\"}", NULL},
        {"PATCH", MAPS "/one", STRATEGIC, "{\"data\":{\"$patch\":\"merge\"}}", 400,
         "data: unknown patch type: \\\"merge\\\", it must be replace or delete", NULL},
        {"PATCH", MAPS "/one", STRATEGIC, "{\"metadata\":{\"finalizers\":[\"a/b\"]}}", 200,
         "\"finalizers\":[\"a/b\"]", NULL},
        {"PATCH", MAPS "/one", STRATEGIC, "{\"metadata\":{\"finalizers\":[\"a/c\"]}}", 200,
         "\"finalizers\":[\"a/c\",\"a/b\"]", NULL},
        {"PATCH", MAPS "/one", STRATEGIC,
         "{\"metadata\":{\"$deleteFromPrimitiveList/finalizers\":[\"a/c\"]}}", 200,
         "\"finalizers\":[\"a/b\"]", NULL},
        {"GET", TEMPLATES "/one", NULL, NULL, 200, "\"c\":\"3\"", "\"b\""},
    };

    run_steps(*state, NULL, steps, COUNT_OF(steps));
}

static void test_apply(void **state)
{
#define COLOR(value) \
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {color: " value "}\n"
    static const struct step steps[] = {
        {"PATCH", MAPS "/one", APPLY, COLOR("red"), 422,
         "fieldManager: Required value: is required for apply patch", NULL},
        {"PATCH", MAPS "/one" BY("a") "&dryRun=All", APPLY, COLOR("red"), 201, "\"red\"", NULL},
        {"GET", MAPS "/one", NULL, NULL, 404, "not found", NULL},
        {"PATCH", MAPS "/one" BY("a"), APPLY, COLOR("red"), 201,
         "\"managedFields\":[{\"manager\":\"a\",\"operation\":\"Apply\",\"apiVersion\":\"v1\","
         "\"time\":\"",
         NULL},
        {"PATCH", MAPS "/one" BY("a"), APPLY, COLOR("red"), 200, "\"resourceVersion\":\"2\"",
         NULL},
        {"PATCH", MAPS "/one" BY("b"), APPLY, COLOR("blue"), 409,
         "\"reason\":\"Conflict\",\"details\":{\"causes\":[{\"reason\":"
         "\"FieldManagerConflict\",\"message\":\"conflict with \\\"a\\\"\",\"field\":"
         "\".data.color\"}]},\"code\":409",
         NULL},
        {"PATCH", MAPS "/one" BY("b") "&dryRun=All&force=true", APPLY, COLOR("blue"), 200,
         "\"blue\"", NULL},
        {"PATCH", MAPS "/one" BY("b") "&force=true", APPLY, COLOR("blue"), 200,
         "\"data\":{\"color\":\"blue\"}", "\"manager\":\"a\""},
        {"PATCH", MAPS "/one" BY("c"), MERGE, "{\"data\":{\"size\":\"1\"}}", 200,
         "{\"manager\":\"c\",\"operation\":\"Update\"", NULL},
        {"PATCH", MAPS "/one" BY("a"), APPLY, COLOR("blue") "kin: x", 422, "did you mean",
         NULL},
        {"PATCH", MAPS "/one" BY("a"), APPLY, "a: [", 400, "request:2:1: ", NULL},
        {"PATCH", MAPS "/one" BY("a"), APPLY, COLOR("a") "---\n" COLOR("b"), 400,
         "the request holds 2 documents", NULL},
        {"PATCH", MAPS "/two" BY("a"), APPLY, COLOR("a"), 400,
         "(one) does not match the name on the URL (two)", NULL},
        {"PATCH", TEMPLATES "/one" BY("a"), APPLY, COLOR("a"), 400,
         "the document is a ConfigMap, the path is for a WorkflowTemplate", NULL},
        {"PATCH", MAPS "/one" BY("a"), APPLY,
         "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"managedFields\":[]}}",
         400, "metadata.managedFields must be nil", NULL},
        {"PATCH", MAPS "/one" BY("a"), APPLY,
         "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"resourceVersion\":"
         "\"1\"}}",
         409, "the object has been modified", NULL},
        {"PATCH", MAPS "/none/status" BY("a"), APPLY,
         "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"none\"}}", 404,
         "\"details\":{},\"code\":404", NULL},
        {"PATCH", "/api/v1/namespaces/none/status" BY("a"), APPLY,
         "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"none\"}}", 404,
         "not found", NULL},
        {"PATCH", TEMPLATES "/one" BY("a"), APPLY, TEMPLATE("one"), 201, "f:templates", NULL},
        {"PATCH", TEMPLATES "/one" BY("a"), MERGE, "{\"spec\":{\"entrypoint\":\"x\"}}", 200,
         "\"generation\":1", NULL},
        {"PATCH", TEMPLATES "/one" BY("a"), MERGE, "{\"spec\":{\"priority\":1}}", 200,
         "\"generation\":2", NULL},
        {"GET", MAPS "/one", NULL, NULL, 200, "\"data\":{\"color\":\"blue\",\"size\":\"1\"}",
         NULL},
    };

    run_steps(*state, NULL, steps, COUNT_OF(steps));
}

/* Patches of one object at the same time: each is made again on what the others wrote. */
static void test_patches_at_once(void **state)
{
    enum { AT_ONCE = 4 };
    static const char *const bodies[AT_ONCE] = {
        "{\"data\":{\"p\":\"0\"}}", "{\"data\":{\"q\":\"1\"}}", "{\"data\":{\"r\":\"2\"}}",
        "{\"data\":{\"s\":\"3\"}}"};
    static const struct step make[] = {{"POST", MAPS, NULL, MAP("one"), 201, "one", NULL}};
    static const struct step look[] = {
        {"GET", MAPS "/one", NULL, NULL, 200, "\"p\":\"0\"", NULL},
        {"GET", MAPS "/one", NULL, NULL, 200, "\"q\":\"1\"", NULL},
        {"GET", MAPS "/one", NULL, NULL, 200, "\"r\":\"2\"", NULL},
        {"GET", MAPS "/one", NULL, NULL, 200, "\"s\":\"3\"", NULL}};
    struct world *w = *state;
    struct call calls[AT_ONCE];
    pthread_t threads[AT_ONCE];

    run_steps(w, NULL, make, 1);
    for (size_t i = 0; i < AT_ONCE; i++) {
        calls[i] = (struct call){.w = w,
                                 .method = "PATCH",
                                 .path = MAPS "/one",
                                 .body = bodies[i],
                                 .type = MERGE,
                                 .token = "secret"};
        pthread_create(&threads[i], NULL, world_call_main, &calls[i]);
    }
    for (size_t i = 0; i < AT_ONCE; i++) {
        for (int n = 0;
             n < WORLD_TURNS_MAX && !__atomic_load_n(&calls[i].is_done, __ATOMIC_SEQ_CST); n++)
            loop_run_once(w->loop, 5);
        pthread_join(threads[i], NULL);
        assert_int_equal(calls[i].status, 200);
    }
    run_steps(w, NULL, look, COUNT_OF(look));
}

static void test_deletions(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS, NULL, MAP("one"), 201, "one", NULL},
        {"POST", MAPS, NULL, MAP("two"), 201, "two", NULL},
        {"POST", MAPS, NULL, MAP("three"), 201, "three", NULL},
        {"POST", TEMPLATES, NULL, TEMPLATE("one"), 201, "one", NULL},
        {"DELETE", MAPS "/one", NULL, "[]", 400, "options of the deletion must be an object",
         NULL},
        {"DELETE", MAPS "/one", NULL, "{\"preconditions\":{\"uid\":\"x\"}}", 409,
         "\"reason\":\"Conflict\"", NULL},
        {"DELETE", MAPS "/one", NULL, "{\"preconditions\":{\"resourceVersion\":\"x\"}}", 400,
         "is not a number", NULL},
        {"DELETE", MAPS "/one", NULL, "{\"preconditions\":{\"resourceVersion\":\"9\"}}", 409,
         "\"reason\":\"Conflict\"", NULL},
        {"DELETE", MAPS "/one", NULL, "{\"dryRun\":[\"All\"]}", 200, "Success", NULL},
        {"DELETE", MAPS "/one?dryRun=All", NULL, "", 200, "Success", NULL},
        {"GET", MAPS "/one", NULL, NULL, 200, "one", NULL},
        {"DELETE", TEMPLATES "/one", NULL,
         "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"propagationPolicy\":"
         "\"Background\"}",
         200,
         "\"status\":\"Success\",\"details\":{\"name\":\"one\",\"group\":\"argoproj.io\","
         "\"kind\":\"workflowtemplates\",\"uid\":\"",
         NULL},
        {"DELETE", TEMPLATES "/one", NULL, "", 404, "\\\"one\\\" not found", NULL},
        {"DELETE", MAPS "?labelSelector=of%20in%20(one,two)", NULL, "{}", 200,
         "\"kind\":\"ConfigMapList\"", "three"},
        {"GET", MAPS, NULL, NULL, 200, "three", "\"two\""},
        {"DELETE", MAPS "?labelSelector=of%3Dfour", NULL, "", 200, "\"items\":[]", NULL},
        {"DELETE", MAPS "?labelSelector=a%20b", NULL, "", 400, "unable to parse", NULL},
        {"DELETE", MAPS, NULL, "", 200, "\"name\":\"three\"", NULL},
        {"GET", MAPS, NULL, NULL, 200, "\"items\":[]", NULL},
        {"POST", MAPS, "application/vnd.kubernetes.protobuf", "k8s", 400,
         "protobuf: the message Unknown is damaged", NULL},
    };

    run_steps(*state, NULL, steps, COUNT_OF(steps));
}

/* Everything but the writing. */
static void test_dry_runs(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS "?dryRun=All", NULL, MAP("one"), 201, "\"namespace\":\"argo\"",
         "resourceVersion"},
        {"GET", MAPS "/one", NULL, NULL, 404, "not found", NULL},
        {"POST", MAPS "?dryRun=Yes", NULL, MAP("one"), 422, "dryRun: Unsupported value", NULL},
        {"POST", MAPS "?dryRun=All", NULL, MAP("One"), 422, "upper-case", NULL},
        {"POST", MAPS, NULL, MAP("one"), 201, "one", NULL},
        {"POST", MAPS "?dryRun=All", NULL, MAP("one"), 409,
         "configmaps \\\"one\\\" already exists", NULL},
        {"PATCH", MAPS "/one?dryRun=All", MERGE, "{\"data\":{\"b\":\"2\"}}", 200,
         "\"data\":{\"a\":\"1\",\"b\":\"2\"}", NULL},
        {"PATCH", MAPS "/one?dryRun=All", MERGE, "{\"data\":1}", 422, "data", NULL},
        {"PATCH", MAPS "/two?dryRun=All", MERGE, "{}", 404, "not found", NULL},
        {"PUT", MAPS "/one?dryRun=All", NULL,
         "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"one\"}}", 200,
         "\"kind\":\"ConfigMap\"", "\"data\""},
        {"PUT", MAPS "/one?dryRun=All", NULL,
         "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"one\","
         "\"resourceVersion\":\"1\"}}",
         409, "the object has been modified", NULL},
        {"DELETE", MAPS "/one?dryRun=All", NULL, "{\"preconditions\":{\"uid\":\"x\"}}", 409,
         "the object has been modified", NULL},
        {"DELETE", MAPS "/two?dryRun=All", NULL, "", 404, "not found", NULL},
        {"DELETE", MAPS "?dryRun=All", NULL, "", 200, "\"name\":\"one\"", NULL},
        {"POST", "/api/v1/namespaces", NULL, SPACE, 201, "one", NULL},
        {"POST", "/api/v1/namespaces?dryRun=All", NULL, SPACE, 409, "already exists", NULL},
        {"DELETE", "/api/v1/namespaces", NULL, "", 200, "\"name\":\"one\"", NULL},
        {"GET", "/api/v1/namespaces/one", NULL, NULL, 200, "\"phase\":\"Terminating\"", NULL},
        {"GET", MAPS "/one", NULL, NULL, 200, "\"data\":{\"a\":\"1\"}", "\"b\""},
        {"GET", MAPS "/one", NULL, NULL, 200, "\"resourceVersion\":\"2\"", NULL},
    };

    run_steps(*state, NULL, steps, COUNT_OF(steps));
}

/* A watch that begins with what is there says where that ends. */
static void test_bookmarks(void **state)
{
    static const char end[] =
        "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\","
        "\"metadata\":{\"resourceVersion\":\"2\",\"creationTimestamp\":null,\"annotations\":"
        "{\"k8s.io/initial-events-end\":\"true\"}}}}\n";
    static const struct step steps[] = {
        {"POST", MAPS, NULL, MAP("one"), 201, "one", NULL},
        {"GET", MAPS "?watch=true&sendInitialEvents=true", NULL, NULL, 422,
         "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan", NULL},
    };
    struct call watch = {.method = "GET",
                         .path = MAPS "?watch=true&sendInitialEvents=true&allowWatchBookmarks="
                                      "true&resourceVersionMatch=NotOlderThan",
                         .body = "",
                         .token = "secret",
                         .stop_after = 500,
                         .seen = STRBUF_INIT(1 << 20)};

    run_steps(*state, NULL, steps, COUNT_OF(steps));
    world_run(*state, &watch);
    assert_true(str_starts(strbuf_str(&watch.seen), STR("{\"type\":\"ADDED\",\"object\":")));
    if (!str_ends(strbuf_str(&watch.seen), str_from(end)))
        fail_msg(STR_FMT, STR_ARG(strbuf_str(&watch.seen)));
    strbuf_done(&watch.seen);
}

#define HELD(name)                                                                 \
    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" name \
    "\",\"finalizers\":[\"x/y\"],\"deletionTimestamp\":\"2020-01-01T00:00:00Z\"}}"

/* An object with finalizers stays until the last one is taken away. */
static void test_finalizers(void **state)
{
    static const struct step steps[] = {
        {"POST", MAPS, NULL, HELD("one"), 201, "\"finalizers\":[\"x/y\"]", "deletionTimestamp"},
        {"PUT", MAPS "/one", NULL, HELD("one"), 200, "finalizers", "deletionTimestamp"},
        {"DELETE", MAPS "/one?propagationPolicy=Sometimes", NULL, NULL, 422,
         "propagationPolicy: Unsupported value: \\\"Sometimes\\\"", NULL},
        {"DELETE", MAPS "/one", NULL, NULL, 200, "\"kind\":\"ConfigMap\"", "Status"},
        {"GET", MAPS "/one", NULL, NULL, 200, "\"deletionTimestamp\":\"20", NULL},
        {"PATCH", MAPS "/one", MERGE, "{\"metadata\":{\"deletionTimestamp\":null}}", 200,
         "\"deletionTimestamp\":\"20", NULL},
        {"DELETE", MAPS "/one", NULL, NULL, 200, "\"status\":\"Success\"", NULL},
        {"PATCH", MAPS "/one", MERGE, "{\"metadata\":{\"finalizers\":null}}", 200,
         "\"name\":\"one\"", "finalizers"},
        {"GET", MAPS "/one", NULL, NULL, 404, "not found", NULL},
        /* of a collection */
        {"POST", MAPS, NULL, HELD("two"), 201, "two", NULL},
        {"POST", MAPS, NULL, MAP("three"), 201, "three", NULL},
        {"DELETE", MAPS, NULL, "{\"propagationPolicy\":\"Orphan\"}", 200,
         "\"kind\":\"ConfigMapList\"", NULL},
        {"GET", MAPS, NULL, NULL, 200, "\"two\"", "\"three\""},
        {"PUT", MAPS "/two", NULL, MAP("two"), 200, "\"name\":\"two\"", NULL},
        {"GET", MAPS "/two", NULL, NULL, 404, "not found", NULL},
    };

    run_steps(*state, NULL, steps, COUNT_OF(steps));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_discovery),
        TEST(test_openapi_in_protobuf),
        TEST(test_tables),
        TEST(test_watch_of_tables),
        TEST(test_versions),
        TEST(test_watch_of_versions),
        TEST(test_discovery_of_versions),
        TEST(test_token_reviews),
        TEST(test_apply),
        TEST(test_patches),
        TEST(test_patches_at_once),
        TEST(test_deletions),
        TEST(test_finalizers),
        TEST(test_bookmarks),
        TEST(test_dry_runs),
    };

    return cmocka_run_group_tests_name("api_kubectl", tests, NULL, NULL);
}
