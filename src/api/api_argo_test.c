/* Argo's API over real HTTP: every operation with no, a wrong and the right token; workflows
 * and templates through their life; lists, watches, logs; bad input. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/argo/operation.h"
#include "api/world_test.h"
#include "base/limits.h"
#include "base/mem.h"

/* ---- identity ---- */

/* The operation's path with a text for each variable. */
static const char *path_of(struct arena *a, const struct argo_operation *operation)
{
    char *path = str_cz(a, str_from(operation->path));

    for (char *at = path; *at; at++)
        if (*at == '{' || *at == '}' || *at == '=' || *at == '*')
            *at = 'x';
    return path;
}

static bool is_stream(const struct argo_operation *operation)
{
    return str_starts(str_from(operation->name), STR("Watch"));
}

static void test_every_operation_wants_a_token(void **state)
{
    static const char *const tokens[] = {NULL, "wrong", "", "secre", "secret "};
    struct world *w = *state;
    size_t count;
    const struct argo_operation *table = argo_operations(&count);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < COUNT_OF(tokens); k++) {
            struct call c = {.method = table[i].method,
                             .path = path_of(w->a, &table[i]),
                             .body = "no JSON at all",
                             .token = tokens[k]};

            world_run(w, &c);
            if (c.status != 401 ||
                strcmp(c.answer, "{\"code\":16,\"message\":\"token not valid. see "
                                 "https://argo-workflows.readthedocs.io/en/latest/"
                                 "faq/\"}") != 0)
                fail_msg("%s with token %zu: %u %s", table[i].name, k, c.status, c.answer);
        }
}

/* With the right token every operation answers in the gateway's shape; what is not built says
 * so. */
static void test_every_operation_answers(void **state)
{
    struct world *w = *state;
    size_t count, later = 0;
    const struct argo_operation *table = argo_operations(&count);

    for (size_t i = 0; i < count; i++) {
        struct call c = {.method = table[i].method,
                         .path = path_of(w->a, &table[i]),
                         .body = "no JSON at all",
                         .token = "secret"};

        if (table[i].handle && is_stream(&table[i]))
            continue; /* never ends; see the tests of watches */
        world_run(w, &c);
        later += !table[i].handle;
        if (!table[i].handle &&
            (c.status != 501 ||
             !strstr(c.answer, str_printf(w->a,
                                          "{\"code\":12,\"message\":\"%s is not supported "
                                          "yet\"}",
                                          table[i].name)
                                   .ptr)))
            fail_msg("%s: %u %s", table[i].name, c.status, c.answer);
        if (table[i].handle &&
            (strcmp(table[i].method, "POST") == 0 || strcmp(table[i].method, "PUT") == 0) &&
            (c.status != 400 || (!strstr(c.answer, "{\"code\":3,\"message\":\"request: ") &&
                                 !strstr(c.answer, "must be multipart/form-data"))))
            fail_msg("%s: %u %s", table[i].name, c.status, c.answer);
        if (table[i].handle && strcmp(table[i].method, "DELETE") == 0 &&
            (c.status != 404 || !strstr(c.answer, "{\"code\":5,")))
            fail_msg("%s: %u %s", table[i].name, c.status, c.answer);
        if (table[i].handle && strcmp(table[i].method, "GET") == 0 && c.status != 200 &&
            c.status != 404 && !strstr(c.answer, "only allow 1 labelRequirement") &&
            !strstr(c.answer, "must be workflows or archived-workflows"))
            fail_msg("%s: %u %s", table[i].name, c.status, c.answer);
    }
    assert_int_equal(later, 4);
}

/* ---- lives ---- */

struct step {
    const char *method, *path, *body;
    unsigned status;
    const char *part; /* of the answer; with '!' in front: not in it */
};

static void run_steps(struct world *w, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct call c = {.method = steps[i].method,
                         .path = steps[i].path,
                         .body = steps[i].body,
                         .token = "secret"};
        bool is_absent = steps[i].part[0] == '!';

        world_run(w, &c);
        if (c.status != steps[i].status ||
            !strstr(c.answer, steps[i].part + is_absent) != is_absent)
            fail_msg("step %zu %s %s: %u %s", i, steps[i].method, steps[i].path, c.status,
                     c.answer);
    }
}

#define WORKFLOWS "/api/v1/workflows/argo"
#define SPEC                                                                       \
    "\"spec\":{\"entrypoint\":\"x\",\"templates\":[{\"name\":\"x\",\"container\":" \
    "{\"image\":\"i\"}}]}"
#define WORKFLOW(meta) "{\"workflow\":{\"metadata\":{" meta "}," SPEC "}}"

#define SYNC "/api/v1/sync/argo"
#define LIMIT(count) \
    "{\"cmName\":\"m\",\"key\":\"k\",\"limit\":" count ",\"type\":\"CONFIGMAP\"}"

static void test_life_of_a_limit(void **state)
{
    static const struct step steps[] = {
        {"GET", SYNC "/k?cmName=m", "", 404, "\"code\":5"},
        {"PUT", SYNC "/k", LIMIT("2"), 404, "\"code\":5"},
        {"POST", SYNC, LIMIT("0"), 400,
         "{\"code\":3,\"message\":\"limit must be greater than zero\"}"},
        {"POST", SYNC, LIMIT("\"x\""), 400, "limit must be greater than zero"},
        {"POST", SYNC, LIMIT("4294967296"), 400, "limit must be greater than zero"},
        {"POST", SYNC, "{\"key\":\"k\",\"limit\":1}", 400, "cmName and key must not be empty"},
        {"POST", SYNC, "{\"cmName\":\"M!\",\"key\":\"k\",\"limit\":1}", 400, "metadata.name"},
        {"POST", SYNC, "{\"cmName\":\"m\",\"key\":\"k\",\"limit\":1,\"type\":\"SECRET\"}", 400,
         "unsupported sync config type: SECRET"},
        {"POST", SYNC, "{\"cmName\":\"m\",\"key\":\"k\",\"limit\":1,\"type\":2}", 400,
         "unsupported sync config type: 2"},
        {"POST", SYNC, LIMIT("1"), 200,
         "{\"cmName\":\"m\",\"namespace\":\"argo\",\"key\":\"k\",\"limit\":1}"},
        {"POST", SYNC, LIMIT("1"), 409, "sync limit cannot be created as it already exists"},
        {"GET", "/api/v1/namespaces/argo/configmaps/m", "", 200, "\"data\":{\"k\":\"1\"}"},
        {"POST", SYNC, "{\"cmName\":\"m\",\"key\":\"other\",\"limit\":7}", 200, "\"limit\":7"},
        {"PUT", SYNC "/k", LIMIT("5"), 200, "\"limit\":5"},
        {"PUT", SYNC "/none", LIMIT("5"), 404,
         "key none not found in configmap argo/m - please create it first"},
        {"GET", SYNC "/k?cmName=m&type=CONFIGMAP", "", 200, "\"limit\":5"},
        {"GET", SYNC "/none?cmName=m", "", 404, "key none not found in configmap argo/m"},
        {"GET", SYNC "/k?cmName=m&type=2", "", 400, "unsupported sync config type: 2"},
        {"GET", SYNC "/k?cmName=m&type=DATABASE", "", 404, "Database sync limit not found"},
        {"DELETE", SYNC "/k?cmName=m", "", 200, "{}"},
        {"DELETE", SYNC "/k?cmName=m", "", 200, "{}"},
        {"GET", "/api/v1/namespaces/argo/configmaps/m", "", 200, "\"data\":{\"other\":\"7\"}"},
        {"DELETE", SYNC "/k?cmName=none", "", 404, "\"code\":5"},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

#define ROW(count) "{\"key\":\"k\",\"limit\":" count ",\"type\":\"DATABASE\"}"
#define ROW_ANSWER(count) \
    "{\"namespace\":\"argo\",\"key\":\"k\",\"limit\":" count ",\"type\":1}"
#define KEY_64   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LONG_KEY KEY_64 KEY_64 KEY_64 KEY_64
#define NO_ROW \
    "{\"code\":5,\"message\":\"Database sync limit not found in namespace \\\"argo\\\".\"}"

static void test_life_of_a_limit_of_the_database(void **state)
{
    static const struct step steps[] = {
        {"GET", SYNC "/k?type=DATABASE", "", 404, NO_ROW},
        {"PUT", SYNC "/k", ROW("2"), 404, NO_ROW},
        {"DELETE", SYNC "/k?type=DATABASE", "", 404, NO_ROW},
        {"POST", SYNC, ROW("0"), 400,
         "{\"code\":3,\"message\":\"limit must be greater than zero\"}"},
        {"POST", SYNC, ROW("2147483648"), 400, "limit must be greater than zero"},
        {"PUT", SYNC "/k", ROW("-1"), 400, "limit must be greater than zero"},
        {"POST", SYNC, "{\"limit\":1,\"type\":\"DATABASE\"}", 400, "key must not be empty"},
        {"POST", SYNC, "{\"limit\":1,\"type\":\"DATABASE\",\"key\":\"" LONG_KEY "\"}", 400,
         "namespace and key: 261 bytes (limit 256)"},
        {"GET", SYNC "/" LONG_KEY "?type=DATABASE", "", 404, "(limit 256)"},
        {"POST", SYNC, ROW("1"), 200, ROW_ANSWER("1")},
        {"POST", SYNC, ROW("3"), 409,
         "{\"code\":6,\"message\":\"Database sync limit already exists in namespace "
         "\\\"argo\\\".\"}"},
        {"GET", SYNC "/k?type=DATABASE", "", 200, ROW_ANSWER("1")},
        {"GET", SYNC "/k?type=1", "", 200, ROW_ANSWER("1")},
        {"GET", "/api/v1/sync/other/k?type=DATABASE", "", 404, "\"code\":5"},
        {"PUT", SYNC "/k", "{\"limit\":2147483647,\"type\":1}", 200, ROW_ANSWER("2147483647")},
        {"GET", SYNC "/k?type=DATABASE", "", 200, ROW_ANSWER("2147483647")},
        {"GET", SYNC "/k?cmName=k", "", 404, "configmaps"},
        {"DELETE", SYNC "/k?type=DATABASE", "", 200, "{}"},
        {"GET", SYNC "/k?type=DATABASE", "", 404, NO_ROW},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

static void test_life_of_a_workflow(void **state)
{
    static const struct step steps[] = {
        {"GET", WORKFLOWS, "", 200, "\"items\":null"},
        {"POST", WORKFLOWS, WORKFLOW("\"name\":\"one\""), 200, "\"namespace\":\"argo\""},
        {"POST", WORKFLOWS, WORKFLOW("\"name\":\"one\""), 409,
         "{\"code\":6,\"message\":\"workflows.argoproj.io \\\"one\\\" already exists\"}"},
        {"POST", WORKFLOWS, WORKFLOW("\"name\":\"one\",\"namespace\":\"other\""), 400,
         "{\"code\":3,\"message\":\"the namespace of the provided object does not match"},
        {"GET", WORKFLOWS "/one", "", 200, "\"kind\":\"Workflow\""},
        {"GET", WORKFLOWS "/@latest", "", 200, "\"name\":\"one\""},
        {"GET", WORKFLOWS "/one?uid=other", "", 404, "{\"code\":5,"},
        {"GET", WORKFLOWS "/one?fields=metadata.name", "", 200,
         "{\"metadata\":{\"name\":\"one\"}}"},
        {"GET", WORKFLOWS "/one?fields=-spec", "", 200, "!\"spec\""},
        {"GET", WORKFLOWS, "", 200, "\"name\":\"one\""},
        {"GET", "/api/v1/workflows/", "", 200, "\"name\":\"one\""},
        {"GET", "/api/v1/workflows/other", "", 200, "\"items\":null"},
        {"GET", WORKFLOWS "?fields=items.metadata.name", "", 200,
         "{\"items\":[{\"metadata\":{\"name\":\"one\"}}]}"},
        {"GET", WORKFLOWS "?listOptions.labelSelector=a%3D1", "", 200, "\"items\":null"},
        {"GET", WORKFLOWS "?listOptions.fieldSelector=metadata.name%3Done", "", 200,
         "\"name\":\"one\""},
        {"GET", WORKFLOWS "?listOptions.fieldSelector=metadata.name%3Dn&nameFilter=Contains",
         "", 200, "\"name\":\"one\""},
        {"GET", WORKFLOWS "?listOptions.fieldSelector=metadata.name%3Dn&nameFilter=Prefix", "",
         200, "\"items\":null"},
        {"GET", WORKFLOWS "?listOptions.labelSelector=a%20b", "", 400,
         "unable to parse requirement"},
        {"GET", WORKFLOWS "?listOptions.limit=x", "", 400, "limit \\\"x\\\" is not a number"},
        {"GET", WORKFLOWS "?nameFilter=Like", "", 400, "nameFilter"},
        {"GET", "/api/v1/workflow-events/argo?listOptions.timeoutSeconds=soon", "", 400,
         "timeoutSeconds \\\"soon\\\" is not a number"},
        {"GET", WORKFLOWS "?createdAfter=yesterday", "", 400, "createdAfter: "},
        {"GET", WORKFLOWS "?listOptions.continue=forged", "", 400, "continue parameter"},
        {"DELETE", WORKFLOWS "/one?deleteOptions.dryRun=All", "", 200, "{}"},
        {"DELETE", WORKFLOWS "/one?deleteOptions.preconditions.uid=other", "", 409,
         "{\"code\":6,"},
        {"DELETE", WORKFLOWS "/one", "", 200, "{}"},
        {"DELETE", WORKFLOWS "/one", "", 404,
         "{\"code\":5,\"message\":\"workflows.argoproj.io \\\"one\\\" not found\"}"},
        {"GET", WORKFLOWS "/one", "", 404, "{\"code\":5,"},
        {"GET", WORKFLOWS "/@latest", "", 404, "no workflows found"},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* Without an engine: what is written, and what is refused. */
static void test_operations(void **state)
{
    static const struct step steps[] = {
        {"PUT", WORKFLOWS "/one/stop", "{}", 404,
         "{\"code\":5,\"message\":\"workflows.argoproj.io \\\"one\\\" not found\"}"},
        {"PUT", WORKFLOWS "/@latest/stop", "{}", 404, "no workflows found"},
        {"POST", WORKFLOWS, WORKFLOW("\"name\":\"one\""), 200, "\"namespace\":\"argo\""},
        {"PUT", WORKFLOWS "/one/suspend", "{\"name\":\"one\",\"namespace\":\"argo\"}", 200,
         "\"suspend\":true"},
        {"GET", WORKFLOWS "/one", "", 200, "\"suspend\":true"},
        {"PUT", WORKFLOWS "/one/suspend", "", 200, "\"suspend\":true"},
        {"PUT", WORKFLOWS "/one/suspend", "[]", 400, "request: an object is expected"},
        {"PUT", WORKFLOWS "/one/resume", "{}", 200, "!\"suspend\""},
        {"GET", WORKFLOWS "/one", "", 200, "!\"suspend\""},
        {"PUT", WORKFLOWS "/one/resume", "{}", 200, "\"name\":\"one\""},
        {"PUT", WORKFLOWS "/one/resume", "{\"nodeFieldSelector\":\"displayName=a\"}", 400,
         "{\"code\":3,\"message\":\"currently, set only targets suspend nodes: no suspend "
         "nodes matching nodeFieldSelector: displayName=a\"}"},
        {"PUT", WORKFLOWS "/one/set", "{\"message\":\"m\"}", 400,
         "'set' currently only targets suspend nodes"},
        {"PUT", WORKFLOWS "/one/set", "{\"phase\":\"Omitted\"}", 400,
         "Omitted is an invalid phase to set to"},
        {"PUT", WORKFLOWS "/one/set", "{\"outputParameters\":\"{\"}", 400,
         "unable to parse output parameter set request: "},
        {"PUT", WORKFLOWS "/one/set", "{\"outputParameters\":\"[]\"}", 400,
         "unable to parse output parameter set request: it is no object"},
        {"PUT", WORKFLOWS "/one/set", "{\"outputParameters\":\"{\\\"a\\\":1}\"}", 400,
         "unable to parse output parameter set request: \\\"a\\\" is no text"},
        {"PUT", WORKFLOWS "/one/stop", "{\"nodeFieldSelector\":\"id=x\"}", 400,
         "no suspend nodes matching nodeFieldSelector: id=x"},
        {"PUT", WORKFLOWS "/one/retry", "{}", 400, "Cannot retry a workflow in phase "},
        {"PUT", WORKFLOWS "/one/retry", "{\"parameters\":[1]}", 400,
         "parameters[0]: a text is expected"},
        {"PUT", WORKFLOWS "/one/retry", "{\"parameters\":\"a=b\"}", 400,
         "parameters: a list is expected"},
        {"PUT", WORKFLOWS "/two/resubmit", "{}", 404, "\\\"two\\\" not found"},
        {"PUT", WORKFLOWS "/one/resubmit", "{\"memoized\":true}", 400,
         "workflow must be Failed/Error to resubmit in memoized mode"},
        {"PUT", WORKFLOWS "/one/resubmit", "{\"parameters\":[\"a\"]}", 400,
         "expected parameter of the form: NAME=VALUE. Received: a"},
        {"PUT", WORKFLOWS "/one/resubmit", "{}", 200,
         "\"workflows.argoproj.io/resubmitted-from-workflow\":\"one\""},
        {"PUT", WORKFLOWS "/one/stop", "{}", 200, "\"shutdown\":\"Stop\""},
        {"PUT", WORKFLOWS "/one/terminate", "{}", 200, "\"shutdown\":\"Terminate\""},
        {"GET", WORKFLOWS "/one", "", 200, "\"shutdown\":\"Terminate\""},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

static void test_ways_of_creation(void **state)
{
    static const struct step steps[] = {
        {"POST", WORKFLOWS, "{}", 400,
         "{\"code\":3,\"message\":\"workflow body not specified\"}"},
        {"POST", WORKFLOWS, "[]", 400, "an object is expected"},
        {"POST", WORKFLOWS,
         "{\"workflow\":{\"metadata\":{\"name\":\"dry\"}," SPEC
         "},\"createOptions\":{\"dryRun\":[\"All\"]}}",
         200, "!\"uid\""},
        {"POST", WORKFLOWS,
         "{\"workflow\":{\"metadata\":{\"name\":\"dry\"}," SPEC "},\"serverDryRun\":true}", 200,
         "\"uid\""},
        {"GET", WORKFLOWS "/dry", "", 404, "{\"code\":5,"},
        {"POST", WORKFLOWS "/lint", WORKFLOW("\"name\":\"dry\""), 200, "\"name\":\"dry\""},
        {"GET", WORKFLOWS "/dry", "", 404, "{\"code\":5,"},
        {"POST", WORKFLOWS "/lint",
         "{\"workflow\":{\"metadata\":{\"name\":\"bad\"},\"spec\":{\"entrypoint\":\"y\","
         "\"templates\":[{\"name\":\"x\",\"container\":{\"image\":\"i\"}}]}}}",
         400, "template name 'y' undefined"},
        {"POST", WORKFLOWS "/lint",
         "{\"workflow\":{\"metadata\":{\"name\":\"bad\"},\"spec\":{\"entrypont\":\"y\"}}}", 400,
         "did you mean \\\"entrypoint\\\"?"},
        /* As the original's clients write it: what they leave empty is there. */
        {"POST", WORKFLOWS,
         "{\"namespace\":\"argo\",\"serverDryRun\":false,\"workflow\":{\"metadata\":"
         "{\"generateName\":\"go-\",\"namespace\":\"argo\",\"creationTimestamp\":null},"
         "\"spec\":"
         "{\"templates\":[{\"name\":\"x\",\"inputs\":{},\"outputs\":{},\"metadata\":{},"
         "\"container\":{\"name\":\"\",\"image\":\"i\",\"resources\":{}}}],\"entrypoint\":"
         "\"x\","
         "\"arguments\":{}},\"status\":{\"startedAt\":null,\"finishedAt\":null}}}",
         200, "\"generateName\":\"go-\""},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

#define TEMPLATES "/api/v1/workflow-templates/argo"
#define SUBMIT_DRY(how)                                                                       \
    "{\"resourceKind\":\"WorkflowTemplate\",\"resourceName\":\"t\",\"submitOptions\":{\"" how \
    "\":true}}"
#define CLUSTER "/api/v1/cluster-workflow-templates"

static void test_life_of_a_template(void **state)
{
    static const struct step steps[] = {
        {"GET", TEMPLATES, "", 200, "\"items\":[]"},
        {"POST", TEMPLATES "/lint", "{\"template\":{\"metadata\":{\"name\":\"t\"}," SPEC "}}",
         200, "\"name\":\"t\""},
        {"GET", TEMPLATES "/t", "", 404, "workflowtemplates.argoproj.io \\\"t\\\" not found"},
        {"POST", TEMPLATES, "{\"template\":{\"metadata\":{\"name\":\"t\"}," SPEC "}}", 200,
         "\"uid\""},
        {"GET", TEMPLATES "?namePattern=t", "", 200, "\"name\":\"t\""},
        {"GET", TEMPLATES "?namePattern=u", "", 200, "\"items\":[]"},
        {"PUT", TEMPLATES "/t", "{\"template\":{\"metadata\":{\"name\":\"t\"}," SPEC "}}", 400,
         "metadata.resourceVersion: Invalid value"},
        {"PUT", TEMPLATES "/t",
         "{\"template\":{\"metadata\":{\"name\":\"t\",\"resourceVersion\":\"1\"}," SPEC "}}",
         409, "{\"code\":6,"},
        {"PUT", TEMPLATES "/",
         "{\"template\":{\"metadata\":{\"name\":\"t\",\"resourceVersion\":\"1\"}," SPEC "}}",
         409, "{\"code\":6,"},
        {"PUT", TEMPLATES "/",
         "{\"template\":{\"metadata\":{\"name\":\"u\",\"resourceVersion\":\"1\"}," SPEC "}}",
         404, "workflowtemplates.argoproj.io \\\"u\\\" not found"},
        {"PUT", TEMPLATES "/",
         "{\"template\":{\"metadata\":{\"resourceVersion\":\"1\"}," SPEC "}}", 400,
         "metadata.name: Required value"},
        {"PUT", TEMPLATES "/t",
         "{\"template\":{\"metadata\":{\"name\":\"t\",\"resourceVersion\":\"2\",\"labels\":"
         "{\"a\":\"b\"}}," SPEC "}}",
         200, "\"a\":\"b\""},
        {"PUT", TEMPLATES "/",
         "{\"template\":{\"metadata\":{\"name\":\"t\",\"resourceVersion\":\"3\",\"labels\":"
         "{\"c\":\"d\"}}," SPEC "}}",
         200, "\"c\":\"d\""},
        {"POST", WORKFLOWS "/submit",
         "{\"resourceKind\":\"WorkflowTemplate\",\"resourceName\":\"t\",\"submitOptions\":"
         "{\"name\":\"from\",\"labels\":\"l=1\"}}",
         200, "\"workflowTemplateRef\":{\"name\":\"t\"}"},
        {"GET", WORKFLOWS "/from", "", 200, "\"l\":\"1\""},
        {"POST", WORKFLOWS "/submit", SUBMIT_DRY("dryRun"), 200, "\"generateName\":\"t-\""},
        {"POST", WORKFLOWS "/submit", SUBMIT_DRY("dryRun"), 200, "!\"name\":\"t-"},
        {"POST", WORKFLOWS "/submit", SUBMIT_DRY("dryRun"), 200, "!\"uid\""},
        {"POST", WORKFLOWS "/submit", SUBMIT_DRY("serverDryRun"), 200, "\"uid\""},
        {"POST", WORKFLOWS "/submit",
         "{\"resourceKind\":\"workflowtemplate\",\"resourceName\":\"gone\"}", 404, "not found"},
        {"POST", WORKFLOWS "/submit", "{\"resourceKind\":\"Secret\",\"resourceName\":\"t\"}",
         400,
         "{\"code\":3,\"message\":\"Resource kind 'Secret' is not supported for submitting\"}"},
        {"POST", WORKFLOWS "/submit", "{\"resourceKind\":\"WorkflowTemplate\"}", 400,
         "resourceName is required"},
        {"POST", WORKFLOWS "/submit",
         "{\"resourceKind\":\"CronWorkflow\",\"resourceName\":\"c\"}", 404,
         "cronworkflows.argoproj.io \\\"c\\\" not found"},
        {"DELETE", TEMPLATES "/t", "", 200, "{}"},
        {"POST", CLUSTER, "{\"template\":{\"metadata\":{\"name\":\"c\"}," SPEC "}}", 200,
         "\"kind\":\"ClusterWorkflowTemplate\""},
        {"GET", CLUSTER, "", 200, "\"name\":\"c\""},
        {"POST", CLUSTER,
         "{\"template\":{\"metadata\":{\"name\":\"d\"}," SPEC
         "},\"createOptions\":{\"dryRun\":[\"All\"]}}",
         200, "!\"uid\""},
        {"GET", CLUSTER "/d", "", 404, "{\"code\":5,"},
        {"DELETE", CLUSTER "/c", "", 200, "{}"},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

#define CRONS "/api/v1/cron-workflows/argo"
#define CRON_SPEC(more)                                                                        \
    "\"spec\":{\"schedules\":[\"0 0 29 2 *\"]," more "\"workflowSpec\":{\"entrypoint\":\"x\"," \
    "\"templates\":[{\"name\":\"x\",\"container\":{\"image\":\"i\"}}]}}"
#define CRON(meta) \
    "{\"cronWorkflow\":{\"metadata\":{\"name\":\"c\"" meta "}," CRON_SPEC("") "}}"

static void test_life_of_a_cron_workflow(void **state)
{
    static const struct step steps[] = {
        {"GET", CRONS, "", 200, "\"items\":[]"},
        {"POST", CRONS "/lint", CRON(""), 200, "\"name\":\"c\""},
        {"POST", CRONS "/lint",
         "{\"cronWorkflow\":{\"metadata\":{\"name\":\"c\"},\"spec\":{\"schedules\":[\"x\"],"
         "\"workflowSpec\":{}}}}",
         400, "cron schedule x is malformed: expected exactly 5 fields, found 1: [x]"},
        {"GET", CRONS "/c", "", 404, "cronworkflows.argoproj.io \\\"c\\\" not found"},
        {"PUT", CRONS "/c/suspend", "", 404, "{\"code\":5,"},
        {"POST", CRONS, CRON(",\"labels\":{\"l\":\"1\"}"), 200, "\"uid\""},
        {"POST", CRONS, CRON(""), 409, "already exists"},
        {"GET", CRONS "?listOptions.labelSelector=l=1", "", 200, "\"name\":\"c\""},
        {"GET", CRONS "?listOptions.labelSelector=l=2", "", 200, "\"items\":[]"},
        {"GET", CRONS "/c", "", 200, "!\"suspend\""},
        {"PUT", CRONS "/c/suspend", "{\"name\":\"c\",\"namespace\":\"argo\"}", 200,
         "\"suspend\":true"},
        {"PUT", CRONS "/c/suspend", "", 200, "\"suspend\":true"},
        {"GET", CRONS "/c", "", 200, "\"suspend\":true"},
        {"PUT", CRONS "/c/resume", "{}", 200, "!\"suspend\""},
        {"PUT", CRONS "/c/resume", "{", 400, "{\"code\":3,"},
        {"PUT", CRONS "/c", CRON(""), 400, "metadata.resourceVersion: Invalid value"},
        {"PUT", CRONS "/c", CRON(",\"resourceVersion\":\"1\""), 409, "{\"code\":6,"},
        {"POST", WORKFLOWS "/submit",
         "{\"resourceKind\":\"cronworkflow\",\"resourceName\":\"c\",\"submitOptions\":"
         "{\"generateName\":\"hand-\"}}",
         200, "\"workflows.argoproj.io/cron-workflow\":\"c\""},
        {"GET", WORKFLOWS, "", 200, "\"kind\":\"CronWorkflow\",\"name\":\"c\""},
        {"DELETE", CRONS "/c", "", 200, "{}"},
        {"DELETE", CRONS "/c", "", 404, "{\"code\":5,"},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

static void test_life_of_event_objects(void **state)
{
    static const struct step steps[] = {
        {"POST", "/api/v1/event-sources/argo",
         "{\"eventSource\":{\"metadata\":{\"name\":\"hook\"},\"spec\":{\"webhook\":{\"a\":"
         "{\"port\":\"12000\",\"endpoint\":\"/a\",\"method\":\"POST\"}}}}}",
         200, "\"kind\":\"EventSource\""},
        {"GET", "/api/v1/event-sources/argo", "", 200, "\"kind\":\"EventSourceList\""},
        {"GET", "/api/v1/event-sources/argo/hook", "", 200, "\"endpoint\":\"/a\""},
        {"DELETE", "/api/v1/event-sources/argo/hook", "", 200, "{}"},
        {"POST", "/api/v1/sensors/argo",
         "{\"sensor\":{\"metadata\":{\"name\":\"s\"},\"spec\":{\"dependencies\":[{\"name\":"
         "\"d\","
         "\"eventSourceName\":\"hook\",\"eventName\":\"a\"}],\"triggers\":[{\"template\":"
         "{\"name\":\"t\",\"log\":{}}}]}}}",
         200, "\"kind\":\"Sensor\""},
        {"GET", "/api/v1/sensors/argo/s", "", 200, "\"eventSourceName\":\"hook\""},
        {"POST", "/api/v1/sensors/argo", "{\"sensor\":{\"spec\":{}}}", 400, "{\"code\":3,"},
        {"DELETE", "/api/v1/sensors/argo/s", "", 200, "{}"},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

static void test_information(void **state)
{
    static const struct step steps[] = {
        {"GET", "/api/v1/version", "", 200, "\"goVersion\":"},
        {"GET", "/api/v1/info", "", 200, "\"modals\":{\"feedback\":false"},
        {"GET", "/api/v1/userinfo", "", 200, "\"subject\":\"admin\""},
        {"POST", "/api/v1/tracking/event", "{\"name\":\"x\"}", 200, "{}"},
        {"GET", "/api/v1/pigeons", "", 501, "{\"code\":12,\"message\":\"Not Implemented\"}"},
        {"PATCH", WORKFLOWS "/x", "{}", 501, "{\"code\":12,\"message\":\"Not Implemented\"}"},
        {"GET", "/api/v1/namespaces/argo/pigeons", "", 404, "\"details\":{},\"code\":404"},
        {"GET", "/api/v1/namespaces/argo/secrets", "", 200, "\"kind\":\"SecretList\""},
        {"GET", "/api/v1/secrets", "", 200, "\"kind\":\"SecretList\""},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* ---- pages ---- */

/* Makes a Workflow with a node, as the engine leaves them. */
static void make_workflow(struct world *w, const char *name, const char *more)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc;
    struct err err;
    struct str text = str_printf(
        w->a,
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{\"name\":"
        "\"%s\",\"namespace\":\"argo\",\"uid\":\"uid-%s\",\"creationTimestamp\":"
        "\"2026-01-01T00:00:00Z\"%s}," SPEC ",\"status\":{\"phase\":\"Running\"}}",
        name, name, more);

    assert_int_equal(json_parse(w->a, text, &doc, &err), 0);
    store_txn_create(txn, &doc);
    store_txn_node(
        txn, str_printf(w->a, "uid-%s", name), str_from(name), 1,
        str_printf(w->a,
                   "{\"id\":\"%s\",\"name\":\"%s\",\"type\":\"Pod\",\"templateName\":"
                   "\"x\",\"finishedAt\":\"2026-01-01T00:01:00Z\"}",
                   name, name));
    world_commit(w, txn);
}

static void finish_workflow(struct world *w, const char *name)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc;
    struct err err;
    struct str text = str_printf(
        w->a,
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{\"name\":"
        "\"%s\",\"namespace\":\"argo\",\"uid\":\"uid-%s\",\"labels\":"
        "{\"workflows.argoproj.io/completed\":\"true\"}}," SPEC
        ",\"status\":{\"phase\":\"Succeeded\"}}",
        name, name);

    assert_int_equal(json_parse(w->a, text, &doc, &err), 0);
    store_txn_update(txn, &doc, 0);
    world_commit(w, txn);
}

#define DONE ",\"labels\":{\"workflows.argoproj.io/completed\":\"true\"}"

/* Pages of one: what runs comes before what is done, each once. */
static void test_pages(void **state)
{
    static const char *const want[] = {"\"name\":\"runs\"", "\"name\":\"done-",
                                       "\"name\":\"done-"};
    struct world *w = *state;
    struct str token = STR("");
    char seen[3][4096];

    make_workflow(w, "done-1", DONE);
    make_workflow(w, "done-2", DONE);
    make_workflow(w, "runs", "");
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        struct call c = {.method = "GET",
                         .path = str_printf(w->a,
                                            WORKFLOWS
                                            "?fields=metadata,items.metadata.name&"
                                            "listOptions.limit=1&listOptions.continue=" STR_FMT,
                                            STR_ARG(token))
                                     .ptr,
                         .body = "",
                         .token = "secret"};
        struct json list;
        struct err err;

        world_run(w, &c);
        if (c.status != 200 || !strstr(c.answer, want[i]))
            fail_msg("page %zu: %u %s", i, c.status, c.answer);
        assert_int_equal(json_parse(w->a, str_copy(w->a, str_from(c.answer)), &list, &err), 0);
        token = json_str(json_path(&list, "metadata", "continue", NULL));
        snprintf(seen[i], sizeof(seen[i]), "%s", c.answer);
        assert_int_equal(token.len > 0, i < 2);
        assert_int_equal(json_get(&list, STR("items"))->count, 1);
    }
    assert_string_not_equal(strstr(seen[1], "done-"), strstr(seen[2], "done-"));
}

/* ---- streams ---- */

#define WATCH_OF(name) \
    "/api/v1/workflow-events/argo?listOptions.fieldSelector=metadata.name%3D" name

static void test_watches(void **state)
{
    static const struct {
        const char *path, *accept, *want;
    } rows[] = {
        {"/api/v1/workflow-events/argo", NULL,
         "{\"result\":{\"type\":\"ADDED\",\"object\":{\"apiVersion\":"},
        {"/api/v1/workflow-events/argo", NULL, "\"nodes\":{\"w\":{\"id\":\"w\""},
        {"/api/v1/workflow-events/", "application/json",
         "{\"result\":{\"type\":\"ADDED\",\"object\":{"},
        {"/api/v1/workflow-events/argo", "text/event-stream",
         "data: {\"result\":{\"type\":\"ADDED\",\"object\":{\"apiVersion\":"},
        {"/api/v1/workflow-events/argo?fields=result.object.metadata.name", "text/event-stream",
         "data: {\"result\":{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"w\"}}}} "
         "\n\n"},
        {"/api/v1/workflow-events/argo?fields=-result.object.status.nodes", NULL,
         "\"status\":{\"phase\":\"Running\"}"},
        {WATCH_OF("w"), NULL, "\"name\":\"w\""},
        {WATCH_OF("@latest"), NULL, "\"name\":\"w\""},
        {WATCH_OF("w,metadata.namespace%3Dargo"), NULL, "\"name\":\"w\""},
        {"/api/v1/workflow-events/argo?listOptions.resourceVersion=99", NULL,
         "{\"error\":{\"grpc_code\":3,\"http_code\":400,\"message\":\"resource version 99"},
    };
    struct world *w = *state;

    make_workflow(w, "w", "");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct call c = {.method = "GET",
                         .path = rows[i].path,
                         .body = "",
                         .token = "secret",
                         .accept = rows[i].accept,
                         .stop_after = 1,
                         .seen = STRBUF_INIT(1 << 20)};

        world_run(w, &c);
        if (!c.seen.ptr || !strstr(c.seen.ptr, rows[i].want))
            fail_msg("row %zu: %s", i, c.seen.ptr ? c.seen.ptr : "nothing");
        strbuf_done(&c.seen);
    }
}

/* Who waits for one workflow hears that there is none. */
static void test_watch_of_nothing(void **state)
{
    static const struct step steps[] = {
        {"GET", WATCH_OF("none"), "", 404,
         "{\"code\":5,\"message\":\"workflows.argoproj.io \\\"none\\\" not found\"}"},
        {"GET", WATCH_OF("none,metadata.namespace%3Dargo"), "", 404, "{\"code\":5,"},
        {"GET", WATCH_OF("%3Dnone"), "", 404, "{\"code\":5,"},
        {"GET", WATCH_OF("@latest"), "", 404,
         "{\"code\":5,\"message\":\"no workflows found\"}"},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* Events come in their order whatever the reader does; the last one is never lost. */
static void test_watch_goes_on(void **state)
{
    struct world *w = *state;
    struct call watch = {.w = w,
                         .method = "GET",
                         .path =
                             "/api/v1/workflow-events/argo?fields=result.object.metadata.name",
                         .body = "",
                         .token = "secret",
                         .stop_after = 300,
                         .seen = STRBUF_INIT(1 << 20)};
    pthread_t thread;
    const char *added, *deleted;

    pthread_create(&thread, NULL, world_call_main, &watch);
    for (int i = 0; i < 40 && !__atomic_load_n(&watch.is_done, __ATOMIC_SEQ_CST); i++) {
        struct call c = {.method = i % 2 ? "DELETE" : "POST",
                         .path = i % 2 ? WORKFLOWS "/one" : WORKFLOWS,
                         .body = WORKFLOW("\"name\":\"one\""),
                         .token = "secret"};

        world_run(w, &c);
        assert_int_equal(c.status, 200);
    }
    for (int i = 0; i < WORLD_TURNS_MAX && !__atomic_load_n(&watch.is_done, __ATOMIC_SEQ_CST);
         i++)
        loop_run_once(w->loop, 5);
    pthread_join(thread, NULL);
    added = strstr(watch.seen.ptr, "{\"result\":{\"type\":\"ADDED\",\"object\":{\"metadata\":"
                                   "{\"name\":\"one\"}}}}\n");
    deleted = strstr(watch.seen.ptr, "\"DELETED\"");
    assert_non_null(added);
    assert_non_null(deleted);
    assert_true(added < deleted);
    strbuf_done(&watch.seen);
}

#define LINE(second, text) "2026-01-01T00:00:0" second ".000000000Z stdout " text "\n"

static void test_logs(void **state)
{
    static const struct {
        const char *path, *accept;
        unsigned status;
        const char *want;
    } rows[] = {
        {"/w/log", NULL, 200,
         "{\"result\":{\"content\":\"one\",\"podName\":\"w\"}}\n"
         "{\"result\":{\"content\":\"a \\u003cb\\u003e\",\"podName\":\"w\"}}\n"
         "{\"result\":{\"content\":\"joined\",\"podName\":\"w\"}}\n"},
        {"/w/log?logOptions.container=main&logOptions.tailLines=1", NULL, 200,
         "{\"result\":{\"content\":\"joined\",\"podName\":\"w\"}}\n"},
        {"/w/log?logOptions.tailLines=0", NULL, 200, ""},
        {"/w/log?grep=%5Eo", NULL, 200,
         "{\"result\":{\"content\":\"one\",\"podName\":\"w\"}}\n"},
        {"/w/log?logOptions.timestamps=true&logOptions.tailLines=1", NULL, 200,
         "{\"result\":{\"content\":\"2026-01-01T00:00:03.000000000Z "
         "joined\",\"podName\":\"w\"}}"
         "\n"},
        {"/w/log?logOptions.sinceTime.seconds=1767225602", NULL, 200,
         "{\"result\":{\"content\":\"a \\u003cb\\u003e\",\"podName\":\"w\"}}\n"
         "{\"result\":{\"content\":\"joined\",\"podName\":\"w\"}}\n"},
        {"/w/log?logOptions.sinceSeconds=1", NULL, 200, ""},
        {"/w/log?logOptions.limitBytes=5", NULL, 200,
         "{\"result\":{\"content\":\"one\",\"podName\":\"w\"}}\n"
         "{\"result\":{\"content\":\"a\",\"podName\":\"w\"}}\n"},
        {"/w/log?selector=workflows.argoproj.io/workflow%3Dw&grep=one", NULL, 200,
         "{\"result\":{\"content\":\"one\",\"podName\":\"w\"}}\n"},
        {"/w/log?selector=a%3Db", NULL, 200, ""},
        {"/w/log?podName=other", NULL, 200, ""},
        {"/w/w/log?grep=one", NULL, 200,
         "{\"result\":{\"content\":\"one\",\"podName\":\"w\"}}\n"},
        {"/w/log?grep=one", "text/event-stream", 200,
         "data: {\"result\":{\"content\":\"one\",\"podName\":\"w\"}} \n\n"},
        {"/w/log?logOptions.follow=true", NULL, 200,
         "{\"result\":{\"content\":\"one\",\"podName\":\"w\"}}\n"
         "{\"result\":{\"content\":\"a \\u003cb\\u003e\",\"podName\":\"w\"}}\n"
         "{\"result\":{\"content\":\"joined\",\"podName\":\"w\"}}\n"},
        {"/w/log?logOptions.follow=true&logOptions.tailLines=2&grep=i", NULL, 200,
         "{\"result\":{\"content\":\"joined\",\"podName\":\"w\"}}\n"},
        {"/w/log?logOptions.follow=true&logOptions.tailLines=1", "text/event-stream", 200,
         "data: {\"result\":{\"content\":\"joined\",\"podName\":\"w\"}} \n\n"},
        {"/gone/log", NULL, 404,
         "{\"code\":5,\"message\":\"workflows.argoproj.io \\\"gone\\\" not found\"}"},
        {"/gone/log?logOptions.follow=true", NULL, 404,
         "{\"code\":5,\"message\":\"workflows.argoproj.io \\\"gone\\\" not found\"}"},
        {"/w/log?logOptions.tailLines=-1", NULL, 400,
         "{\"code\":3,\"message\":\"logOptions.tailLines \\\"-1\\\" is not a whole number\"}"},
    };
    struct world *w = *state;

    make_workflow(w, "w", DONE);
    world_log(w, "w",
              LINE("1", "F one") LINE("2", "F a <b>") LINE("3", "P joi") LINE("3", "F ned"));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct call c = {.method = "GET",
                         .path = str_printf(w->a, WORKFLOWS "%s", rows[i].path).ptr,
                         .body = "",
                         .token = "secret",
                         .accept = rows[i].accept};

        world_run(w, &c);
        if (c.status != rows[i].status || strcmp(c.answer, rows[i].want) != 0)
            fail_msg("row %zu: %u %s", i, c.status, c.answer);
    }
}

/* Starts a call that is read to its end while the test goes on. */
static pthread_t begin_call(struct world *w, struct call *c)
{
    pthread_t thread;

    c->w = w;
    pthread_create(&thread, NULL, world_call_main, c);
    return thread;
}

static void turn_until_answered(struct world *w, struct call *c, pthread_t thread)
{
    for (int i = 0; i < WORLD_TURNS_MAX && !__atomic_load_n(&c->is_done, __ATOMIC_SEQ_CST); i++)
        loop_run_once(w->loop, 5);
    assert_true(__atomic_load_n(&c->is_done, __ATOMIC_SEQ_CST));
    pthread_join(thread, NULL);
}

/* Turns the loop until a stream has brought @want. */
static void turn_until_seen(struct world *w, struct call *c, const char *want)
{
    for (int i = 0; i < WORLD_TURNS_MAX; i++) {
        loop_run_once(w->loop, 5);
        if (__atomic_load_n(&c->seen_len, __ATOMIC_SEQ_CST) >= strlen(want))
            return;
    }
    fail_msg("the stream did not bring %s", want);
}

/* A log that is followed: what is there, what comes, pods that come later, the end. */
static void test_follow_a_running_workflow(void **state)
{
    static const char first[] = "{\"result\":{\"content\":\"one\",\"podName\":\"w\"}}\n",
                      second[] = "{\"result\":{\"content\":\"two\",\"podName\":\"w\"}}\n",
                      third[] = "{\"result\":{\"content\":\"three\",\"podName\":"
                                "\"w-x-222765470\"}}\n";
    struct world *w = *state;
    struct call c = {.method = "GET",
                     .path = WORKFLOWS "/w/log?logOptions.follow=true",
                     .body = "",
                     .token = "secret",
                     .stop_after = SIZE_MAX,
                     .seen = STRBUF_INIT(1 << 20)};
    struct store_txn *txn;
    pthread_t thread;

    make_workflow(w, "w", "");
    world_log(w, "w", LINE("1", "F one"));
    w->logs[0].is_ended = false;
    thread = begin_call(w, &c);
    turn_until_seen(w, &c, first);
    w->logs[0].text = LINE("1", "F one") LINE("2", "F two");
    w->logs[0].is_ended = true;
    turn_until_seen(w, &c, str_printf(w->a, "%s%s", first, second).ptr);
    world_log(w, "w-x-222765470", LINE("3", "F three"));
    txn = store_txn_new(w->store);
    store_txn_node(
        txn, STR("uid-w"), STR("n2"), 2,
        STR("{\"id\":\"n2\",\"name\":\"w.b\",\"type\":\"Pod\",\"templateName\":\"x\","
            "\"phase\":\"Running\"}"));
    store_txn_touch(
        txn,
        &(const struct store_key){STR("argoproj.io"), STR("Workflow"), STR("argo"), STR("w")},
        STR(""));
    world_commit(w, txn);
    turn_until_seen(w, &c, str_printf(w->a, "%s%s%s", first, second, third).ptr);
    finish_workflow(w, "w");
    turn_until_answered(w, &c, thread);
    assert_string_equal(c.seen.ptr, str_printf(w->a, "%s%s%s", first, second, third).ptr);
    strbuf_done(&c.seen);
}

/* The lines of several pods are told in the order of their times. */
static void test_logs_of_two_pods(void **state)
{
    static const struct step steps[] = {
        {"GET", WORKFLOWS "/w/log", "", 200,
         "{\"result\":{\"content\":\"a\",\"podName\":\"w\"}}\n"
         "{\"result\":{\"content\":\"b\",\"podName\":\"w-x-222765470\"}}\n"
         "{\"result\":{\"content\":\"c\",\"podName\":\"w\"}}\n"},
        {"GET", WORKFLOWS "/w/log?podName=w-x-222765470", "", 200,
         "{\"result\":{\"content\":\"b\",\"podName\":\"w-x-222765470\"}}\n"},
        {"GET", WORKFLOWS "/w/w-x-222765470/log", "", 200,
         "{\"result\":{\"content\":\"b\",\"podName\":\"w-x-222765470\"}}\n"},
    };
    struct world *w = *state;
    struct store_txn *txn;

    make_workflow(w, "w", DONE);
    txn = store_txn_new(w->store);
    store_txn_node(
        txn, STR("uid-w"), STR("n2"), 2,
        STR("{\"id\":\"n2\",\"name\":\"w.b\",\"type\":\"Pod\",\"templateName\":\"x\"}"));
    world_commit(w, txn);
    world_log(w, "w", LINE("1", "F a") LINE("3", "F c"));
    world_log(w, "w-x-222765470", LINE("2", "F b"));
    run_steps(w, steps, COUNT_OF(steps));
}

/* What is too large is refused before anybody's token is looked at. */
static void test_limits_come_first(void **state)
{
    struct world *w = *state;
    struct strbuf path = STRBUF_INIT(1 << 20), body = STRBUF_INIT(8 << 20);
    struct call head = {.method = "GET", .body = ""},
                large = {.method = "POST", .path = WORKFLOWS},
                known = {.method = "POST", .path = WORKFLOWS, .token = "secret"};

    strbuf_addz(&path, WORKFLOWS "?a=");
    while (path.len < 2 * HTTP_HEADER_MAX_BYTES)
        strbuf_addz(&path, "0123456789abcdef");
    while (body.len <= HTTP_BODY_MAX_BYTES)
        strbuf_addz(&body, "                ");
    head.path = path.ptr;
    large.body = known.body = body.ptr;
    world_run(w, &head);
    assert_int_not_equal(head.status, 401);
    assert_int_not_equal(head.status, 200);
    world_run(w, &large);
    /* Not a byte of it was read; a client that goes on sending may lose the answer (0). */
    assert_true(large.status == 413 || large.status == 0);
    world_run(w, &known);
    assert_true(known.status == 413 || known.status == 0);
    strbuf_done(&path);
    strbuf_done(&body);
}

/* The same log as kubectl reads it. */
static void test_pod_log(void **state)
{
    static const struct step steps[] = {
        {"GET", "/api/v1/namespaces/argo/pods/p/log", "", 200, "one\ntwo\n"},
        {"GET", "/api/v1/namespaces/argo/pods/p/log?tailLines=1", "", 200, "two\n"},
        {"GET", "/api/v1/namespaces/argo/pods/p/log?tailLines=1&timestamps=true", "", 200,
         "2026-01-01T00:00:02.000000000Z two\n"},
        {"GET", "/api/v1/namespaces/argo/pods/p/log?follow=true", "", 200, "one\ntwo\n"},
        {"GET", "/api/v1/namespaces/argo/pods/p/log?container=other", "", 404, "not found"},
        {"GET", "/api/v1/namespaces/argo/pods/q/log?follow=true", "", 404, "not found"},
        {"GET", "/api/v1/namespaces/argo/pods/p/log?tailLines=x", "", 400,
         "tailLines \\\"x\\\" is not a whole number"},
    };
    struct world *w = *state;

    world_log(w, "p", LINE("1", "F one") LINE("2", "F two"));
    run_steps(w, steps, COUNT_OF(steps));
}

/* ---- beside others ---- */

struct writer {
    struct world *w;
    bool is_over;
};

/* The status of a CronWorkflow changes all the time. */
static void *write_status(void *ctx)
{
    struct writer *writer = ctx;
    const struct store_key key = {STR("argoproj.io"), STR("CronWorkflow"), STR("argo"),
                                  STR("busy")};

    for (int i = 0; !__atomic_load_n(&writer->is_over, __ATOMIC_SEQ_CST); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct store_txn *txn = store_txn_new(writer->w->store);
        struct store_result result = {0};
        const struct store_object *o;
        struct json doc;
        struct err err;

        assert_int_equal(store_get(writer->w->store, &key, &o, &err), 0);
        assert_int_equal(json_parse(a, str_copy(a, o->doc), &doc, &err), 0);
        doc = json_set_path(a, &doc, json_int(a, i), "status", "succeeded", NULL);
        store_txn_update(txn, &doc, o->rv);
        store_object_unref(o);
        if (store_commit_wait(writer->w->store, txn, &result, &err) == 0)
            store_object_unref(result.object);
        usleep(30000);
    }
    return NULL;
}

/* Suspending one that comes due at the same time is no conflict. */
static void test_suspend_beside_others(void **state)
{
    struct writer writer = {.w = *state};
    pthread_t thread;
    struct call make = {
        .method = "POST",
        .path = CRONS,
        .body =
            "{\"cronWorkflow\":{\"metadata\":{\"name\":\"busy\"},\"spec\":{\"schedules\":["
            "\"0 0 1 1 *\"],\"workflowSpec\":{\"entrypoint\":\"m\",\"templates\":[{\"name\":"
            "\"m\",\"suspend\":{}}]}}}}",
        .token = "secret"};

    world_run(writer.w, &make);
    assert_int_equal(make.status, 200);
    pthread_create(&thread, NULL, write_status, &writer);
    for (int i = 0; i < 40; i++) {
        struct call c = {.method = "PUT",
                         .path = i % 2 ? CRONS "/busy/resume" : CRONS "/busy/suspend",
                         .body = "{}",
                         .token = "secret"};

        world_run(writer.w, &c);
        if (c.status != 200 || (strstr(c.answer, "\"suspend\":true") == NULL) != (i % 2 == 1))
            fail_msg("%d: %u %s", i, c.status, c.answer);
    }
    __atomic_store_n(&writer.is_over, true, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_every_operation_wants_a_token),
        TEST(test_every_operation_answers),
        TEST(test_life_of_a_limit),
        TEST(test_life_of_a_limit_of_the_database),
        TEST(test_life_of_a_workflow),
        TEST(test_operations),
        TEST(test_ways_of_creation),
        TEST(test_life_of_a_template),
        TEST(test_life_of_a_cron_workflow),
        TEST(test_suspend_beside_others),
        TEST(test_life_of_event_objects),
        TEST(test_information),
        TEST(test_pages),
        TEST(test_watches),
        TEST(test_watch_of_nothing),
        TEST(test_watch_goes_on),
        TEST(test_logs),
        TEST(test_follow_a_running_workflow),
        TEST(test_logs_of_two_pods),
        TEST(test_pod_log),
        TEST(test_limits_come_first),
    };

    return cmocka_run_group_tests_name("api argo http", tests, NULL, NULL);
}
