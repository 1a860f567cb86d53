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
#include "formats/base64.h"
#include "tests/support/gzipped.h"

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
         422, "status.compressedNodes: Invalid value: gzip: unexpected EOF", NULL},
        {"PUT", WORKFLOWS "/wf", NULL, WITH("", ",\"status\":{\"compressedNodes\":\"*\"}"), 422,
         "status.compressedNodes: Invalid value: illegal base64 data", NULL},
        {"PUT", WORKFLOWS "/wf", NULL, WITH("", ",\"status\":{\"compressedNodes\":7}"), 400,
         "status.compressedNodes", NULL},
        {"PUT", WORKFLOWS "/wf", NULL,
         WITH("", ",\"status\":{\"offloadNodeStatusVersion\":\"fnv:1\"}"), 422,
         "status.offloadNodeStatusVersion: Forbidden: nodes that stand in a database", NULL},
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
         "status.compressedNodes: Invalid value", NULL},
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
         "status.compressedNodes: Invalid value", NULL},
        {"POST", WORKFLOWS, NULL,
         WITH("", ",\"status\":{\"offloadNodeStatusVersion\":\"fnv:1\"}"), 422,
         "status.offloadNodeStatusVersion: Forbidden", NULL},
        {"POST", WORKFLOWS, NULL,
         WITH("", ",\"status\":{\"nodes\":{" NODE("wf", ",\"children\":[\"wf\"]") "}}"), 422,
         "it follows itself", NULL},
        {"GET", WORKFLOWS "/wf", NULL, NULL, 404, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* ---- packed nodes ---- */

enum { MANY = 6000 };

static struct str packed(struct arena *a, struct str text)
{
    return base64_encode(a, gzipped(a, text, 6));
}

/* Nodes "n0" to @count - 1 in a phase, with texts that make them as large as real ones. */
static struct str many_nodes(struct arena *a, int count, const char *phase)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(64 << 20);

    strbuf_addc(&b, '{');
    for (int i = 0; i < count; i++)
        strbuf_addf(&b,
                    "%s\"n%d\":{\"id\":\"n%d\",\"name\":\"n%d\",\"type\":\"Pod\",\"phase\":"
                    "\"%s\",\"message\":\"%0600d\"}",
                    i > 0 ? "," : "", i, i, i, phase, i);
    strbuf_addc(&b, '}');
    return str_copy(a, strbuf_str(&b));
}

/* The answer whole, which says nothing of packed nodes. */
static struct str ask(struct world *w, const struct step *step)
{
    struct call c = {.method = step->method,
                     .path = step->path,
                     .body = step->body ? step->body : "",
                     .type = step->type,
                     .token = "secret",
                     .stop_after = SIZE_MAX,
                     .seen = STRBUF_INIT(64 << 20)};
    struct str ret;

    world_run(w, &c);
    ret = str_copy(w->a, c.seen.len > 0 ? strbuf_str(&c.seen) : str_from(c.answer));
    strbuf_done(&c.seen);
    if (c.status != step->status || strstr(ret.ptr, "ompressedNodes\":") ||
        (step->part && !strstr(ret.ptr, step->part)) ||
        (step->without && strstr(ret.ptr, step->without)))
        fail_msg("%s %s: %u %.500s", c.method, c.path, c.status, ret.ptr);
    return ret;
}

static void check_stored(struct world *w, size_t count)
{
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("argo"), STR("wf")};
    const struct store_object *o;
    struct store_node *nodes;
    size_t have = 0;
    struct err err;

    assert_int_equal(store_get(w->store, &key, &o, &err), 0);
    assert_int_equal(str_find(o->doc, STR("ompressedNodes")), SIZE_MAX);
    assert_int_equal(store_nodes(w->store, w->a, o->uid, &nodes, &have, &err), 0);
    store_object_unref(o);
    assert_int_equal(have, count);
}

#define BODY(form, nodes) str_cz(a, str_printf(a, form, STR_ARG(nodes)))

#define PACKED ",\"status\":{\"phase\":\"Running\"," BEGUN ",\"compressedNodes\":\"%.*s\"}"

/* More than a cluster stores, and more than one manifest may be, as clients write it. */
static void test_large(void **state)
{
    struct world *w = *state;
    struct arena *a = w->a;
    struct str all = many_nodes(a, MANY, "Running"), most = many_nodes(a, MANY - 1, "Failed"),
               packed_all = packed(a, all), packed_most = packed(a, most), seen;
    const struct step steps[] = {
        {"PUT", WORKFLOWS "/wf", NULL, BODY(WITH("", PACKED), packed_all), 200,
         "\"id\":\"n5999\"", NULL},
        {"PATCH", WORKFLOWS "/wf", MERGE, "{\"status\":{\"message\":\"m\"}}", 200,
         "\"id\":\"n5999\"", NULL},
        {"PATCH", WORKFLOWS "/wf", MERGE,
         "{\"status\":{\"nodes\":{\"n7\":{\"phase\":\"Succeeded\"}}}}", 200,
         "\"phase\":\"Succeeded\"", NULL},
    };
    const struct step last = {
        "PATCH",
        WORKFLOWS "/wf",
        MERGE,
        BODY("{\"status\":{\"nodes\":null,\"compressedNodes\":\"%.*s\"}}", packed_most),
        200,
        "\"phase\":\"Failed\"",
        "\"id\":\"n5999\""};

    assert_true(all.len > 3 << 20);
    ask(w, &(struct step){"POST", WORKFLOWS, NULL, WITH("", ""), 201, NULL, NULL});
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        ask(w, &steps[i]);
        check_stored(w, MANY);
    }
    ask(w, &last);
    check_stored(w, MANY - 1);
    seen = ask(w, &(struct step){"GET", WORKFLOWS "/wf", NULL, NULL, 200, "\"message\":\"m\"",
                                 "\"phase\":\"Succeeded\""});
    assert_true(seen.len > most.len);
}

/* Each way to write a status, with few. */
static void test_packed(void **state)
{
    struct world *w = *state;
    struct arena *a = w->a;
    struct str one = packed(a, STR("{" NODE("x", RUNS) "}")),
               two = packed(a, STR("{" NODE("y", RUNS) "," NODE("z", RUNS) "}")),
               odd = packed(a, STR("{\"x\":{\"id\":\"x\",\"name\":\"x\",\"type\":\"Thing\"}}"));
    const struct step steps[] = {
        {"POST", WORKFLOWS, NULL,
         BODY(WITH("", ",\"status\":{\"compressedNodes\":\"%.*s\"}"), one), 201, NULL, NULL},
        {"GET", WORKFLOWS "/wf", NULL, NULL, 200, "\"nodes\":{" NODE("x", RUNS) "}", NULL},
        {"PATCH", WORKFLOWS "/wf", JSON_PATCH,
         BODY("[{\"op\":\"add\",\"path\":\"/status/compressedNodes\",\"value\":\"%.*s\"}]",
              two),
         200, "\"nodes\":{" NODE("y", RUNS) "," NODE("z", RUNS) "}", "\"id\":\"x\""},
        {"PATCH", WORKFLOWS "/wf?fieldManager=m", APPLY,
         BODY("{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"status\":{"
              "\"compressedNodes\":\"%.*s\"}}",
              one),
         200, NODE("x", RUNS), "\"id\":\"y\""},
        {"PUT", WORKFLOWS "/wf/status", NULL, BODY(WITH("", PACKED), two), 200, NODE("z", RUNS),
         "\"id\":\"x\""},
        /* the last word has what is packed, also beside others */
        {"PATCH", WORKFLOWS "/wf", MERGE,
         BODY("{\"status\":{\"nodes\":{" NODE("q", RUNS) "},\"compressedNodes\":\"%.*s\"}}",
              one),
         200, "\"nodes\":{" NODE("x", RUNS) "}", "\"id\":\"q\""},
        {"PATCH", WORKFLOWS "/wf", MERGE, "{\"status\":{\"compressedNodes\":\"\"}}", 200,
         NODE("x", RUNS), NULL},
        /* what is no node is told as if it stood there */
        {"PUT", WORKFLOWS "/wf", NULL, BODY(WITH("", PACKED), odd), 422, "status.nodes.x.type",
         NULL},
        {"PATCH", WORKFLOWS "/wf", MERGE,
         BODY("{\"status\":{\"compressedNodes\":\"%.*s\"}}", odd), 422, "status.nodes.x.type",
         NULL},
        {"PUT", WORKFLOWS "/wf?dryRun=All", NULL, BODY(WITH("", PACKED), two), 200,
         NODE("z", RUNS), "\"id\":\"x\""},
        {"GET", WORKFLOWS "/wf", NULL, NULL, 200, "\"nodes\":{" NODE("x", RUNS) "}", NULL},
        {"DELETE", WORKFLOWS "/wf", NULL, NULL, 200, NULL, NULL},
        {"PATCH", WORKFLOWS "/wf?fieldManager=m", APPLY,
         BODY(WITH("", ",\"status\":{\"compressedNodes\":\"%.*s\"}"), one), 201, NULL, NULL},
        {"GET", WORKFLOWS "/wf", NULL, NULL, 200, "\"nodes\":{" NODE("x", RUNS) "}", NULL},
    };

    for (size_t i = 0; i < COUNT_OF(steps); i++)
        ask(w, &steps[i]);
    check_stored(w, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_put),   TEST(test_patches), TEST(test_creation),
        TEST(test_large), TEST(test_packed),
    };

    return cmocka_run_group_tests_name("api_status", tests, NULL, NULL);
}
