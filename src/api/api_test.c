/* The API over real HTTP: every operation with no, a wrong and the right token; objects through
 * their life; watches; bad input. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/world_test.h"
#include "base/limits.h"
#include "base/mem.h"

#define WORKFLOWS "/apis/argoproj.io/v1alpha1/namespaces/argo/workflows"
#define DOC(name)                                                                      \
    "{\"apiVersion\":\"argoproj.io/"                                                   \
    "v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{\"name\":\"" name                  \
    "\"},\"spec\":{\"entrypoint\":\"x\",\"templates\":[{\"name\":\"x\",\"container\":" \
    "{\"image\":\"i\"}}]}}"

static void test_identity_comes_first(void **state)
{
    static const char *const operations[][2] = {
        {"GET", WORKFLOWS},
        {"GET", WORKFLOWS "/x"},
        {"POST", WORKFLOWS},
        {"PUT", WORKFLOWS "/x"},
        {"DELETE", WORKFLOWS "/x"},
        {"GET", WORKFLOWS "?watch=true"},
        {"GET", "/version"},
        {"GET", "/nothing"},
        {"GET", "/api/v1/namespaces/argo/secrets"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(operations); i++)
        for (int with = 0; with < 2; with++) {
            struct call c = {.method = operations[i][0],
                             .path = operations[i][1],
                             .body = "",
                             .token = with ? "wrong" : NULL};

            world_run(w, &c);
            if (c.status != 401 || !strstr(c.answer, "\"reason\":\"Unauthorized\""))
                fail_msg("operation %zu %s: %u %s", i,
                         with ? "with a wrong token" : "without a token", c.status, c.answer);
        }
}

static void test_life_of_an_object(void **state)
{
    static const struct {
        const char *method, *path, *body;
        unsigned status;
        const char *part;
    } steps[] = {
        {"GET", "/healthz", "", 200, "ok"},
        {"GET", "/", "", 200, "<a href=\"api/v1/info\">"},
        {"POST", "/", "{}", 404, "404 page not found"},
        {"GET", "/api/v1/version", "", 200, "\"version\":\"v"},
        {"GET", WORKFLOWS, "", 200, "\"kind\":\"WorkflowList\""},
        {"POST", WORKFLOWS, DOC("one"), 201, "\"namespace\":\"argo\""},
        {"POST", WORKFLOWS, DOC("one"), 409,
         "workflows.argoproj.io \\\"one\\\" already exists"},
        {"GET", WORKFLOWS "/one", "", 200, "\"resourceVersion\":\"2\""},
        {"PUT", WORKFLOWS "/one", DOC("one"), 200, "\"resourceVersion\":\"3\""},
        {"PUT", WORKFLOWS "/one", DOC("two"), 400, "does not match the name on the URL"},
        {"GET", WORKFLOWS "?labelSelector=a%3D1", "", 200, "\"items\":[]"},
        {"GET", WORKFLOWS "?fieldSelector=metadata.name%3Done", "", 200, "\"name\":\"one\""},
        {"GET", WORKFLOWS "?labelSelector=a%20b", "", 400, "unable to parse requirement"},
        {"GET", WORKFLOWS "?limit=x", "", 400, "limit \\\"x\\\" is not a number"},
        {"POST", WORKFLOWS, "{\"kind\":", 400, "request:1:9: unexpected end of JSON input"},
        {"POST", WORKFLOWS, DOC("Upper"), 422, "write \\\"upper\\\""},
        {"POST", "/api/v1/namespaces/argo/secrets", DOC("x"), 400,
         "the document is a Workflow, the path is for a Secret"},
        {"DELETE", WORKFLOWS "/one", "", 200, "\"status\":\"Success\""},
        {"GET", WORKFLOWS "/one", "", 404, "workflows.argoproj.io \\\"one\\\" not found"},
        {"GET", "/apis/argoproj.io/v1alpha1/namespaces/argo/pigeons", "", 404,
         "404 page not found"},
        {"PATCH", WORKFLOWS "/one", "{}", 415, "accepted media types include"},
        {"PATCH", WORKFLOWS, "{}", 405,
         "patch is not supported on resources of kind \\\"workflows.argoproj.io\\\""},
        {"PUT", "/api/v1/namespaces/argo/secrets", "{}", 405,
         "the server does not allow this method on the requested resource"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct call c = {.method = steps[i].method,
                         .path = steps[i].path,
                         .body = steps[i].body,
                         .token = "secret"};

        world_run(w, &c);
        if (c.status != steps[i].status || !strstr(c.answer, steps[i].part))
            fail_msg("step %zu: %u %s", i, c.status, c.answer);
    }
}

static void test_watch(void **state)
{
    struct world *w = *state;
    struct call watch = {.w = w,
                         .method = "GET",
                         .path = WORKFLOWS "?watch=true",
                         .body = "",
                         .token = "secret",
                         .stop_after = 600,
                         .seen = STRBUF_INIT(1 << 20)};
    pthread_t thread;

    pthread_create(&thread, NULL, world_call_main, &watch);
    for (int i = 0; i < 20 && !watch.is_done; i++) {
        struct call c = {.method = i % 2 ? "DELETE" : "POST",
                         .path = i % 2 ? WORKFLOWS "/one" : WORKFLOWS,
                         .body = i % 2 ? "" : DOC("one"),
                         .token = "secret"};

        world_run(w, &c);
    }
    for (int i = 0; i < WORLD_TURNS_MAX && !__atomic_load_n(&watch.is_done, __ATOMIC_SEQ_CST);
         i++)
        loop_run_once(w->loop, 5);
    pthread_join(thread, NULL);
    assert_true(str_find(strbuf_str(&watch.seen),
                         STR("{\"type\":\"ADDED\",\"object\":{\"apiVersion\"")) != SIZE_MAX);
    assert_true(str_find(strbuf_str(&watch.seen), STR("\"type\":\"DELETED\"")) != SIZE_MAX);
    strbuf_done(&watch.seen);
}

static void make_with_node(struct world *w)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc;
    struct err err;

    assert_int_equal(
        json_parse(w->a,
                   STR("{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\","
                       "\"metadata\":{\"name\":\"n\",\"namespace\":\"argo\",\"uid\":\"u\"},"
                       "\"status\":{\"phase\":\"Running\"}}"),
                   &doc, &err),
        0);
    store_txn_create(txn, &doc);
    store_txn_node(txn, STR("u"), STR("n-1"), 1, STR("{\"id\":\"n-1\"}"));
    world_commit(w, txn);
}

/* A Workflow is shown whole wherever it is shown: nodes are a part of its status. */
static void test_nodes_are_shown(void **state)
{
    static const struct {
        const char *method, *path, *body;
        size_t stop_after;
    } rows[] = {{"GET", WORKFLOWS "/n", "", 0},
                {"GET", WORKFLOWS, "", 0},
                {"GET", WORKFLOWS "?watch=true", "", 1},
                {"PUT", WORKFLOWS "/n", DOC("n"), 0}};
    struct world *w = *state;

    make_with_node(w);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct call c = {.method = rows[i].method,
                         .path = rows[i].path,
                         .body = rows[i].body,
                         .token = "secret",
                         .stop_after = rows[i].stop_after,
                         .seen = STRBUF_INIT(1 << 20)};

        world_run(w, &c);
        if (!strstr(c.stop_after ? strbuf_str(&c.seen).ptr : c.answer,
                    "\"nodes\":{\"n-1\":{\"id\":\"n-1\"}}"))
            fail_msg("row %zu: %s", i, c.stop_after ? strbuf_str(&c.seen).ptr : c.answer);
        strbuf_done(&c.seen);
    }
}

/* A Workflow larger than a stream's queue comes whole through a watch. */
static void test_large_objects_are_watched(void **state)
{
    struct world *w = *state;
    struct strbuf big = STRBUF_INIT(8 << 20);
    struct store_txn *txn;
    struct call c = {.method = "GET",
                     .path = WORKFLOWS "?watch=true",
                     .body = "",
                     .token = "secret",
                     .stop_after = 3 << 20,
                     .seen = STRBUF_INIT(8 << 20)};

    make_with_node(w);
    strbuf_addz(&big, "{\"id\":\"n-2\",\"message\":\"");
    while (big.len < 3 << 20)
        strbuf_addz(&big, "0123456789abcdef");
    strbuf_addz(&big, "\"}");
    txn = store_txn_new(w->store);
    store_txn_node(txn, STR("u"), STR("n-2"), 2, strbuf_str(&big));
    world_commit(w, txn);
    world_run(w, &c);
    assert_true(str_find(strbuf_str(&c.seen), STR("0123456789abcdef\"}")) != SIZE_MAX ||
                c.seen.len >= 3 << 20);
    strbuf_done(&c.seen);
    strbuf_done(&big);
}

/* More watches than may begin at once: each has its turn, though those before go on. */
static void test_watches_begin_in_turns(void **state)
{
    enum { COUNT = 3 * WATCH_BEGINNINGS_MAX };
    struct world *w = *state;
    struct call calls[COUNT];
    pthread_t threads[COUNT];
    int done = 0;

    world_run(w,
              &(struct call){
                  .method = "POST", .path = WORKFLOWS, .body = DOC("one"), .token = "secret"});
    for (int i = 0; i < COUNT; i++) {
        calls[i] = (struct call){.w = w,
                                 .method = "GET",
                                 .path = WORKFLOWS "?watch=true",
                                 .body = "",
                                 .token = "secret",
                                 .stop_after = 60,
                                 .seen = STRBUF_INIT(1 << 20)};
        pthread_create(&threads[i], NULL, world_call_main, &calls[i]);
    }
    for (int turn = 0; turn < WORLD_TURNS_MAX && done < COUNT; turn++) {
        loop_run_once(w->loop, 5);
        done = 0;
        for (int i = 0; i < COUNT; i++)
            done += __atomic_load_n(&calls[i].is_done, __ATOMIC_SEQ_CST);
    }
    for (int i = 0; i < COUNT; i++) {
        pthread_join(threads[i], NULL);
        assert_int_not_equal(
            str_find(strbuf_str(&calls[i].seen), STR("{\"type\":\"ADDED\",\"object\"")),
            SIZE_MAX);
        strbuf_done(&calls[i].seen);
    }
}

/* Turns the loop until each call has read more than @than bytes. */
static void turn_until_read(struct world *w, struct call *calls, size_t count,
                            const size_t *than)
{
    size_t done = 0;

    for (int turn = 0; turn < WORLD_TURNS_MAX && done < count; turn++) {
        loop_run_once(w->loop, 5);
        done = 0;
        for (size_t i = 0; i < count; i++)
            done += __atomic_load_n(&calls[i].seen_len, __ATOMIC_SEQ_CST) > than[i];
    }
    assert_int_equal(done, count);
}

/* An event that many watches tell is told to each in its own words. */
static void test_watches_of_one_event(void **state)
{
    static const struct {
        const char *path, *accept, *part, *without;
    } rows[] = {
        {WORKFLOWS "?watch=true", NULL, "{\"type\":\"MODIFIED\",\"object\":{\"apiVersion\"",
         "Table"},
        {WORKFLOWS "?watch=true", NULL, "{\"type\":\"MODIFIED\",\"object\":{\"apiVersion\"",
         "Table"},
        {WORKFLOWS "?watch=true", "application/json;as=Table;v=v1;g=meta.k8s.io",
         "\"kind\":\"Table\"", NULL},
        {WORKFLOWS "?watch=true&includeObject=Object",
         "application/json;as=Table;v=v1;g=meta.k8s.io", "\"spec\"", NULL},
        {WORKFLOWS "?watch=true&includeObject=None",
         "application/json;as=Table;v=v1;g=meta.k8s.io", "\"kind\":\"Table\"", "\"spec\""},
        {WORKFLOWS "?watch=true",
         "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
         "PartialObjectMetadata", "\"spec\""},
        {WORKFLOWS "?watch=true&labelSelector=a%3D1", NULL, "{\"type\":\"ADDED\"", "MODIFIED"},
        {WORKFLOWS "?watch=true&labelSelector=%21a", NULL, "{\"type\":\"DELETED\"", "MODIFIED"},
        {"/api/v1/workflow-events/argo", NULL, "\"result\":{\"type\":\"MODIFIED\"", "Table"},
        {"/api/v1/workflow-events/argo?fields=result.object.metadata.name", NULL,
         "\"name\":\"one\"", "\"spec\""},
    };
    struct world *w = *state;
    struct call calls[COUNT_OF(rows)];
    pthread_t threads[COUNT_OF(rows)];
    size_t told[COUNT_OF(rows)] = {0};

    world_run(w,
              &(struct call){
                  .method = "POST", .path = WORKFLOWS, .body = DOC("one"), .token = "secret"});
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        calls[i] = (struct call){.w = w,
                                 .method = "GET",
                                 .path = rows[i].path,
                                 .accept = rows[i].accept,
                                 .body = "",
                                 .token = "secret",
                                 .stop_after = SIZE_MAX,
                                 .seen = STRBUF_INIT(1 << 20)};
        pthread_create(&threads[i], NULL, world_call_main, &calls[i]);
    }
    calls[6].seen_len = 1; /* nothing is there for it at the beginning */
    turn_until_read(w, calls, COUNT_OF(rows), told);
    calls[6].seen_len = 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        told[i] = calls[i].seen_len;
        calls[i].stop_after = told[i] + 1;
    }
    world_run(w, &(struct call){.method = "PATCH",
                                .path = WORKFLOWS "/one",
                                .type = "application/merge-patch+json",
                                .body = "{\"metadata\":{\"labels\":{\"a\":\"1\"}}}",
                                .token = "secret"});
    turn_until_read(w, calls, COUNT_OF(rows), told);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *seen;

        pthread_join(threads[i], NULL);
        seen = calls[i].seen.ptr + told[i];
        if (!strstr(seen, rows[i].part) || (rows[i].without && strstr(seen, rows[i].without)))
            fail_msg("row %zu: %s", i, seen);
    }
    assert_string_equal(calls[0].seen.ptr + told[0], calls[1].seen.ptr + told[1]);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        strbuf_done(&calls[i].seen);
}

static void test_open_access_is_for_the_loopback(void **state)
{
    struct world *w = *state;
    struct api_options options = {
        .loop = w->loop, .store = w->store, .address = "0.0.0.0", .is_open = true};
    struct err err;

    assert_null(api_start(&options, &err));
    assert_string_equal(
        err.text, "open access is for loopback addresses only, not for 0.0.0.0: give a token");
    options.is_open = false;
    assert_null(api_start(&options, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_identity_comes_first),
        TEST(test_life_of_an_object),
        TEST(test_watch),
        TEST(test_nodes_are_shown),
        TEST(test_large_objects_are_watched),
        TEST(test_watches_begin_in_turns),
        TEST(test_watches_of_one_event),
        TEST(test_open_access_is_for_the_loopback),
    };

    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
