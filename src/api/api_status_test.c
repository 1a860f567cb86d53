/* The status that clients write with a Workflow, over real HTTP: taken whole with its nodes, by
 * PUT, patch and creation; refused where it can be none. Nobody runs the workflows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/world_test.h"
#include "base/mem.h"

#define WORKFLOWS  "/apis/argoproj.io/v1alpha1/namespaces/argo/workflows"
#define MERGE      "application/merge-patch+json"
#define JSON_PATCH "application/json-patch+json"
#define APPLY      "application/apply-patch+yaml"

#define SPEC                                                                                  \
    "\"spec\":{\"entrypoint\":\"x\",\"templates\":[{\"name\":\"x\",\"container\":{\"image\":" \
    "\"i\"}}]}"
#define WITH(meta, rest)                                                            \
    "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{" \
    "\"name\":\"wf\"" meta "}," SPEC rest "}"
#define NODE(id, rest) \
    "\"" id "\":{\"id\":\"" id "\",\"name\":\"" id "\",\"type\":\"Pod\"" rest "}"
#define RUNS   ",\"phase\":\"Running\""
#define FAILED ",\"phase\":\"Failed\""
#define BEGUN  "\"startedAt\":\"2026-01-01T00:00:00Z\""

struct step {
    const char *method, *path, *type, *body;
    unsigned status;
    const char *part, *without; /* of the answer; NULL: nothing */
};

static void run_steps(struct world *w, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct call c = {.method = steps[i].method,
                         .path = steps[i].path,
                         .body = steps[i].body ? steps[i].body : "",
                         .type = steps[i].type,
                         .token = "secret"};

        world_run(w, &c);
        if (c.status != steps[i].status ||
            (steps[i].part && !strstr(c.answer, steps[i].part)) ||
            (steps[i].without && strstr(c.answer, steps[i].without)))
            fail_msg("step %zu, %s %s: %u %s", i, c.method, c.path, c.status, c.answer);
    }
}

static void test_put(void **state)
{
    static const struct step steps[] = {
        {"POST", WORKFLOWS, NULL, WITH("", ""), 201, "\"generation\":1", NULL},
        {"PUT", WORKFLOWS "/wf", NULL,
         WITH("", ",\"status\":{\"phase\":\"Running\"," BEGUN
                  ",\"nodes\":{" NODE("a", RUNS) "," NODE("b", RUNS) "}}"),
         200, "\"nodes\":{" NODE("a", RUNS) "," NODE("b", RUNS) "}", NULL},
        {"GET", WORKFLOWS "/wf", NULL, NULL, 200, "\"nodes\":{" NODE("a", RUNS), NULL},
        /* without a status it stays */
        {"PUT", WORKFLOWS "/wf", NULL, WITH(",\"labels\":{\"a\":\"1\"}", ""), 200,
         NODE("b", RUNS), NULL},
        /* a node goes, one ends, one is new */
        {"PUT", WORKFLOWS "/wf", NULL,
         WITH("", ",\"status\":{\"phase\":\"Running\"," BEGUN
                  ",\"message\":\"m\",\"nodes\":{" NODE("b", FAILED) "," NODE("c", RUNS) "}}"),
         200, "\"nodes\":{" NODE("b", FAILED) "," NODE("c", RUNS) "}", "\"labels\""},
        {"GET", WORKFLOWS "/wf", NULL, NULL, 200, "\"message\":\"m\"", "\"id\":\"a\""},
        {"GET", WORKFLOWS "/wf", NULL, NULL, 200, "\"generation\":2", NULL},
        /* over an old version nothing is written, nor where it is only tried */
        {"PUT", WORKFLOWS "/wf", NULL,
         WITH(",\"resourceVersion\":\"2\"", ",\"status\":{\"phase\":\"Failed\"}"), 409,
         "the object has been modified", NULL},
        {"PUT", WORKFLOWS "/wf?dryRun=All", NULL, WITH("", ",\"status\":{\"phase\":\"Error\"}"),
         200, "\"phase\":\"Error\"", "\"id\""},
        {"PUT", WORKFLOWS "/wf?dryRun=All", NULL,
         WITH(",\"resourceVersion\":\"2\"", ",\"status\":{}"), 409, NULL, NULL},
        {"GET", WORKFLOWS "/wf", NULL, NULL, 200, NODE("c", RUNS), "Error"},
        /* what is none */
        {"PUT", WORKFLOWS "/wf", NULL, WITH("", ",\"status\":{\"compressedNodes\":\"H4s\"}"),
         422, "status.compressedNodes: Forbidden", NULL},
        {"PUT", WORKFLOWS "/wf", NULL,
         WITH("",
              ",\"status\":{\"nodes\":{\"x\":{\"id\":\"y\",\"name\":\"y\",\"type\":\"Pod\"}}}"),
         422, "status.nodes.x: Invalid value", NULL},
        {"PUT", WORKFLOWS "/wf", NULL,
         WITH("", ",\"status\":{\"nodes\":{\"x\":{\"id\":\"x\",\"name\":\"x\",\"type\":"
                  "\"Thing\"}}}"),
         422, "status.nodes.x.type", NULL},
        {"GET", WORKFLOWS "/wf", NULL, NULL, 200, NODE("c", RUNS), NULL},
        /* an empty one begins anew */
        {"PUT", WORKFLOWS "/wf", NULL,
         WITH("", ",\"status\":{\"startedAt\":null,\"finishedAt\":null}"), 200,
         "\"generation\":3", "\"nodes\""},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

static void test_patches(void **state)
{
    static const struct step steps[] = {
        {"POST", WORKFLOWS, NULL, WITH("", ""), 201, NULL, NULL},
        {"PATCH", WORKFLOWS "/wf", MERGE,
         "{\"status\":{\"phase\":\"Running\"," BEGUN
         ",\"nodes\":{" NODE("a", RUNS) "," NODE("b", RUNS) "}}}",
         200, "\"nodes\":{" NODE("a", RUNS) "," NODE("b", RUNS) "}", NULL},
        {"PATCH", WORKFLOWS "/wf", MERGE, "{\"spec\":{\"suspend\":true}}", 200, NODE("a", RUNS),
         NULL},
        {"PATCH", WORKFLOWS "/wf", MERGE,
         "{\"status\":{\"nodes\":{\"a\":{\"phase\":\"Succeeded\"}}}}", 200,
         NODE("a", ",\"phase\":\"Succeeded\""), NULL},
        {"PATCH", WORKFLOWS "/wf", JSON_PATCH,
         "[{\"op\":\"replace\",\"path\":\"/status/nodes/b/phase\",\"value\":\"Error\"}]", 200,
         NODE("b", ",\"phase\":\"Error\""), NULL},
        {"PATCH", WORKFLOWS "/wf", JSON_PATCH,
         "[{\"op\":\"copy\",\"from\":\"/status/nodes/b/phase\",\"path\":\"/status/message\"}]",
         200, "\"message\":\"Error\"", NULL},
        {"PATCH", WORKFLOWS "/wf", JSON_PATCH,
         "[{\"op\":\"test\",\"path\":\"/status/nodes/b/phase\",\"value\":\"Failed\"}]", 422,
         NULL, NULL},
        {"PATCH", WORKFLOWS "/wf", JSON_PATCH,
         "[{\"op\":\"remove\",\"path\":\"/status/nodes/b\"}]", 200, "\"generation\":2",
         "\"id\":\"b\""},
        {"PATCH", WORKFLOWS "/wf", MERGE, "{\"status\":{\"nodes\":{\"a\":null}}}", 200, NULL,
         "\"nodes\""},
        {"PATCH", WORKFLOWS "/wf?fieldManager=m", APPLY,
         "{\"apiVersion\":\"argoproj.io/"
         "v1alpha1\",\"kind\":\"Workflow\",\"status\":{\"nodes\":{" NODE("d", RUNS) "}}}",
         200, NODE("d", RUNS), NULL},
        {"PATCH", WORKFLOWS "/wf", MERGE, "{\"status\":{\"compressedNodes\":\"x\"}}", 422,
         "status.compressedNodes: Forbidden", NULL},
        /* who may write the status alone does not say what it runs */
        {"PATCH", WORKFLOWS "/wf/status", MERGE,
         "{\"status\":{\"message\":\"s\",\"storedTemplates\":{\"t\":{\"name\":\"t\"}}},"
         "\"spec\":{"
         "\"suspend\":false}}",
         200, "\"message\":\"s\"", "storedTemplates"},
        {"GET", WORKFLOWS "/wf", NULL, NULL, 200, "\"suspend\":true", NULL},
        {"PATCH", WORKFLOWS "/wf", MERGE,
         "{\"status\":{\"storedTemplates\":{\"t\":{\"name\":\"t\"}}}}", 200,
         "\"storedTemplates\":{\"t\":{\"name\":\"t\"}}", NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* One that takes over results begins with nodes; what says that it has run is not believed. */
static void test_creation(void **state)
{
    static const struct step steps[] = {
        {"POST", WORKFLOWS, NULL,
         WITH("", ",\"status\":{\"startedAt\":null,\"finishedAt\":null,\"nodes\":{" NODE(
                      "wf", RUNS) "}}"),
         201, NULL, NULL},
        {"GET", WORKFLOWS "/wf", NULL, NULL, 200, "\"nodes\":{" NODE("wf", RUNS) "}", NULL},
        {"GET", WORKFLOWS "/wf", NULL, NULL, 200, "\"startedAt\":\"20", NULL},
        {"DELETE", WORKFLOWS "/wf", NULL, NULL, 200, NULL, NULL},
        {"POST", WORKFLOWS, NULL,
         WITH("", ",\"status\":{\"phase\":\"Succeeded\",\"nodes\":{" NODE("wf", RUNS) "}}"),
         201, NULL, "Succeeded"},
        {"GET", WORKFLOWS "/wf", NULL, NULL, 200, NULL, "\"nodes\""},
        {"DELETE", WORKFLOWS "/wf", NULL, NULL, 200, NULL, NULL},
        {"POST", WORKFLOWS, NULL, WITH("", ",\"status\":{\"compressedNodes\":\"H4s\"}"), 422,
         "status.compressedNodes: Forbidden", NULL},
        {"POST", WORKFLOWS, NULL,
         WITH("", ",\"status\":{\"nodes\":{" NODE("wf", ",\"children\":[\"wf\"]") "}}"), 422,
         "it follows itself", NULL},
        {"GET", WORKFLOWS "/wf", NULL, NULL, 404, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_put),
        TEST(test_patches),
        TEST(test_creation),
    };

    return cmocka_run_group_tests_name("api_status", tests, NULL, NULL);
}
