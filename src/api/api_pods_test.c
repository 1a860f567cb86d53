/* Pods as the resource API shows them: lists, tables, single ones, watches, deletion. */
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
#include "base/mem.h"

#define PODS "/api/v1/namespaces/argo/pods"
#define MADE_POD(name, more)                                                        \
    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"" name "\"}," \
    "\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]" more "}}"

struct step {
    const char *method, *path, *body, *accept;
    unsigned status;
    const char *part;    /* must be in the answer */
    const char *without; /* must not; NULL: nothing */
};

static void run_steps(struct world *w, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct call c = {.method = steps[i].method,
                         .path = steps[i].path,
                         .body = steps[i].body ? steps[i].body : "",
                         .accept = steps[i].accept,
                         .token = "secret"};

        world_run(w, &c);
        if (c.status != steps[i].status || !strstr(c.answer, steps[i].part) ||
            (steps[i].without && strstr(c.answer, steps[i].without)))
            fail_msg("step %zu, %s %s: %u %s", i, c.method, c.path, c.status, c.answer);
    }
}

/* A Workflow "w" with one pod that has succeeded and one that runs. */
static void make_workflow(struct world *w)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc;
    struct err err;

    assert_int_equal(
        json_parse(
            w->a,
            STR("{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":"
                "{\"name\":\"w\",\"namespace\":\"argo\",\"uid\":\"uid-w\","
                "\"creationTimestamp\":\"2026-01-01T00:00:00Z\"},\"spec\":{\"entrypoint\":"
                "\"m\",\"podMetadata\":{\"labels\":{\"all\":\"1\"}},\"templates\":[{\"name\":"
                "\"x\",\"metadata\":{\"labels\":{\"voice\":\"loud\"}},\"container\":{\"image\":"
                "\"i\",\"command\":[\"c\"]}},{\"name\":\"y\",\"script\":{\"image\":\"j\"}}]},"
                "\"status\":{\"phase\":\"Running\"}}"),
            &doc, &err),
        0);
    store_txn_create(txn, &doc);
    store_txn_node(
        txn, STR("uid-w"), STR("w-1"), 1,
        STR("{\"id\":\"w-1\",\"name\":\"w.a\",\"type\":\"Pod\",\"templateName\":\"x\","
            "\"phase\":\"Succeeded\",\"startedAt\":\"2026-01-01T00:00:00Z\",\"finishedAt\":"
            "\"2026-01-01T00:01:00Z\",\"outputs\":{\"exitCode\":\"0\"}}"));
    store_txn_node(
        txn, STR("uid-w"), STR("w-2"), 2,
        STR("{\"id\":\"w-2\",\"name\":\"w.b\",\"type\":\"Pod\",\"templateName\":\"y\","
            "\"phase\":\"Running\",\"startedAt\":\"2026-01-01T00:00:00Z\"}"));
    store_txn_node(
        txn, STR("uid-w"), STR("w"), 3,
        STR("{\"id\":\"w\",\"name\":\"w\",\"type\":\"Steps\",\"phase\":\"Running\"}"));
    world_commit(w, txn);
}

/* The pods' names, by the rule of upstream. */
static const char *name_of(const struct world *w, const char *tmpl, const char *node)
{
    return str_printf(w->a, "w-%s-%u", tmpl, str_fnv32a(str_from(node))).ptr;
}

static const char *path_of(const struct world *w, const char *name)
{
    return str_printf(w->a, PODS "/%s", name).ptr;
}

static void test_lists(void **state)
{
    static const struct step steps[] = {
        {"GET", PODS, NULL, NULL, 200, "\"kind\":\"PodList\"", "\"items\":[]"},
        {"GET", PODS "?labelSelector=voice%3Dloud", NULL, NULL, 200, "\"phase\":\"Succeeded\"",
         "\"phase\":\"Running\""},
        {"GET", PODS "?labelSelector=all", NULL, NULL, 200, "\"phase\":\"Running\"", NULL},
        {"GET", PODS "?fieldSelector=status.phase%3DRunning", NULL, NULL, 200,
         "\"workflows.argoproj.io/completed\":\"false\"", "\"phase\":\"Succeeded\""},
        {"GET", PODS "?labelSelector=none", NULL, NULL, 200, "\"items\":[]", NULL},
        {"GET", "/api/v1/pods", NULL, NULL, 200,
         "\"annotations\":{\"kubectl.kubernetes.io/default-container\":\"main\","
         "\"workflows.argoproj.io/node-id\":\"w-1\",\"workflows.argoproj.io/node-name\":"
         "\"w.a\"}",
         NULL},
        {"GET", "/api/v1/namespaces/other/pods", NULL, NULL, 200, "\"items\":[]", NULL},
        {"GET", PODS "?labelSelector=all,voice", NULL,
         "application/json;as=Table;v=v1;g=meta.k8s.io", 200, "\"0/1\",\"Completed\",\"0\",",
         NULL},
        {"GET", PODS "?fieldSelector=status.phase%3DRunning", NULL,
         "application/json;as=Table;v=v1;g=meta.k8s.io", 200, "\"1/1\",\"Running\",\"0\",",
         NULL},
        {"GET", PODS "/nothing", NULL, NULL, 404, "pods \\\"nothing\\\" not found", NULL},
        {"GET", PODS "/w-none", NULL, NULL, 404, "pods \\\"w-none\\\" not found", NULL},
        {"PUT", PODS "/w-none", "{}", NULL, 405, "\"reason\":\"MethodNotAllowed\"", NULL},
        {"POST", PODS, "{}", NULL, 422, "metadata: is required", NULL},
        {"POST", PODS, MADE_POD("own", ""), NULL, 422,
         "spec.restartPolicy: Required value: valid values: \\\"OnFailure\\\", \\\"Never\\\"",
         NULL},
        {"POST", PODS, MADE_POD("own", ",\"restartPolicy\":\"Never\""), NULL, 201,
         "\"serviceAccountName\":\"default\"", NULL},
        {"GET", PODS "/own", NULL, NULL, 200, "\"status\":{\"phase\":\"Pending\"}", NULL},
        {"DELETE", PODS "/own", NULL, NULL, 200, "", NULL},
        {"GET", PODS "/own", NULL, NULL, 404, "pods \\\"own\\\" not found", NULL},
        {"GET", "/api/v1", NULL, NULL, 200,
         "\"kind\":\"Pod\",\"verbs\":[\"create\",\"delete\",\"deletecollection\",\"get\","
         "\"list\",\"watch\"]",
         NULL},
        {"GET", "/api/v1", NULL, NULL, 200, "\"name\":\"pods/log\"", NULL},
    };

    make_workflow(*state);
    run_steps(*state, steps, COUNT_OF(steps));
}

static void test_one(void **state)
{
    struct world *w = *state;
    const char *over = path_of(w, name_of(w, "x", "w.a"));
    const char *runs = path_of(w, name_of(w, "y", "w.b"));
    const struct step steps[] = {
        {"GET", over, NULL, NULL, 200,
         "\"ownerReferences\":[{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\","
         "\"name\":\"w\",\"uid\":\"uid-w\",\"controller\":true",
         NULL},
        {"GET", over, NULL, NULL, 200,
         "\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"i\",\"command\":[\"c\"],"
         "\"resources\":{}}],\"restartPolicy\":\"Never\"}",
         NULL},
        {"GET", over, NULL, NULL, 200,
         "\"state\":{\"terminated\":{\"exitCode\":0,\"reason\":\"Completed\",\"startedAt\":",
         NULL},
        {"GET", runs, NULL, NULL, 200, "\"state\":{\"running\":{\"startedAt\":", NULL},
        {"GET", str_printf(w->a, "%s/log?previous=true", runs).ptr, NULL, NULL, 400,
         "previous terminated container \\\"main\\\" in pod", NULL},
        {"PATCH", runs, "{}", NULL, 405, "MethodNotAllowed", NULL},
        /* what is over goes at once, what runs stays until it has ended */
        {"DELETE", str_printf(w->a, "%s?dryRun=All", over).ptr, NULL, NULL, 200,
         "\"kind\":\"Pod\"", NULL},
        {"GET", over, NULL, NULL, 200, "\"kind\":\"Pod\"", NULL},
        {"DELETE", over, "{\"gracePeriodSeconds\":0}", NULL, 200, "\"kind\":\"Pod\"", NULL},
        {"GET", over, NULL, NULL, 404, "not found", NULL},
        {"DELETE", over, NULL, NULL, 404, "not found", NULL},
        {"DELETE", runs, NULL, NULL, 200, "\"kind\":\"Pod\"", NULL},
        {"GET", PODS, NULL, NULL, 200, "\"phase\":\"Running\"", "\"phase\":\"Succeeded\""},
    };

    make_workflow(w);
    run_steps(w, steps, COUNT_OF(steps));
}

/* A pod that is an object, "job". */
static void make_object(struct world *w)
{
    static const char object[] =
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"job\",\"namespace\":"
        "\"argo\",\"uid\":\"uid-job\",\"labels\":{\"of\":\"job\"}},\"spec\":{\"containers\":[]}"
        "}";
    struct store_txn *txn = store_txn_new(w->store);
    struct json pod;
    struct err err;

    assert_int_equal(json_parse(w->a, str_from(object), &pod, &err), 0);
    store_txn_create(txn, &pod);
    world_commit(w, txn);
}

/* All that match: what has ended goes at once, what runs stays until then, others stay. */
static void test_all(void **state)
{
    static const struct step steps[] = {
        {"DELETE", PODS "?labelSelector=none", NULL, NULL, 200, "\"items\":[]", NULL},
        {"DELETE", PODS "?labelSelector=all&dryRun=All", NULL, NULL, 200,
         "\"phase\":\"Succeeded\"", NULL},
        {"DELETE", PODS "?labelSelector=voice%3Dloud", "{\"gracePeriodSeconds\":2}", NULL, 200,
         "\"kind\":\"PodList\"", "\"phase\":\"Running\""},
        {"GET", PODS, NULL, NULL, 200, "\"phase\":\"Running\"", "\"phase\":\"Succeeded\""},
        {"GET", PODS "/job", NULL, NULL, 200, "uid-job", NULL},
        {"DELETE", PODS "?labelSelector=of", NULL, NULL, 200, "\"name\":\"job\"",
         "\"phase\":\"Running\""},
        {"GET", PODS "/job", NULL, NULL, 404, "not found", NULL},
        {"DELETE", PODS, NULL, NULL, 200, "\"phase\":\"Running\"", NULL},
        {"GET", PODS, NULL, NULL, 200, "\"phase\":\"Running\"", NULL},
    };
    struct world *w = *state;

    make_workflow(w);
    make_object(w);
    run_steps(w, steps, COUNT_OF(steps));
}

/* A watch tells of pods alone, of each once, and that one is gone. */
static void test_watch(void **state)
{
    struct world *w = *state;
    const char *path = path_of(w, name_of(w, "x", "w.a"));
    const struct step delete[] = {{"DELETE", path, NULL, NULL, 200, "\"kind\":\"Pod\"", NULL}};
    struct call all = {.method = "GET",
                       .path = PODS "?watch=true",
                       .body = "",
                       .token = "secret",
                       .stop_after = 1500,
                       .seen = STRBUF_INIT(1 << 20)};
    struct call gone = {.method = "GET",
                        .path = PODS "?watch=true&resourceVersion=2",
                        .body = "",
                        .token = "secret",
                        .stop_after = 700,
                        .seen = STRBUF_INIT(1 << 20)};

    make_workflow(w);
    world_run(w, &all);
    assert_true(str_starts(strbuf_str(&all.seen),
                           STR("{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\",\"kind\":"
                               "\"Pod\"")));
    assert_true(str_find(strbuf_str(&all.seen), STR("Workflow\",\"metadata")) == SIZE_MAX);
    strbuf_done(&all.seen);
    run_steps(w, delete, 1);
    world_run(w, &gone);
    assert_true(str_find(strbuf_str(&gone.seen), STR("{\"type\":\"DELETED\"")) != SIZE_MAX);
    assert_true(str_find(strbuf_str(&gone.seen), STR("\"deletionTimestamp\":\"20")) !=
                SIZE_MAX);
    strbuf_done(&gone.seen);
}

/* An object goes between a client's list and its watch: `kubectl delete` waits for that. */
static void test_watch_of_what_has_gone(void **state)
{
    static const struct step delete[] = {{"DELETE", PODS "/job", NULL, NULL, 200, "", NULL}};
    struct world *w = *state;
    struct call gone = {.method = "GET",
                        .path = PODS "?watch=true&fieldSelector=metadata.name%3Djob",
                        .body = "",
                        .token = "secret",
                        .stop_after = 100,
                        .seen = STRBUF_INIT(1 << 20)},
                other = {.method = "GET",
                         .body = "",
                         .token = "secret",
                         .stop_after = 100,
                         .seen = STRBUF_INIT(1 << 20)};
    struct store_list list;
    const struct store_query q = {.group = STR(""),
                                  .kind = STR("Pod"),
                                  .ns = STR("argo"),
                                  .name_prefix = STR(""),
                                  .continue_token = STR("")};
    struct err err;

    make_workflow(w);
    make_object(w);
    assert_int_equal(store_list(w->store, w->a, &q, &list, &err), 0);
    gone.path = str_printf(w->a, "%s&resourceVersion=%lld", gone.path, (long long) list.rv).ptr;
    other.path = str_printf(w->a,
                            PODS "?watch=true&fieldSelector=metadata.name%%3Delse&"
                                 "timeoutSeconds=1&resourceVersion=%lld",
                            (long long) list.rv)
                     .ptr;
    store_list_done(&list);
    run_steps(w, delete, 1);
    world_run(w, &gone);
    assert_true(str_starts(strbuf_str(&gone.seen), STR("{\"type\":\"DELETED\"")));
    assert_true(str_find(strbuf_str(&gone.seen), STR("\"uid\":\"uid-job\"")) != SIZE_MAX);
    assert_true(str_find(strbuf_str(&gone.seen), STR("deletionTimestamp")) != SIZE_MAX);
    world_run(w, &other);
    assert_int_equal(other.seen.len, 0);
    strbuf_done(&gone.seen);
    strbuf_done(&other.seen);
}

static void set_phase(struct world *w, const char *phase)
{
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("argo"), STR("w")};
    struct store_txn *txn = store_txn_new(w->store);

    store_txn_node(
        txn, STR("uid-w"), STR("w-2"), 2,
        str_printf(w->a,
                   "{\"id\":\"w-2\",\"name\":\"w.b\",\"type\":\"Pod\",\"templateName\":"
                   "\"y\",\"phase\":\"%s\",\"startedAt\":\"2026-01-01T00:00:00Z\"}",
                   phase));
    store_txn_touch(txn, &key, STR("uid-w"));
    world_commit(w, txn);
}

/* One that waits to begin is deleted: another one waits in its place, under its name. */
static void test_waiting(void **state)
{
    struct world *w = *state;
    const char *path = path_of(w, name_of(w, "y", "w.b"));
    struct str own = str_printf(w->a, "\"uid\":\"uid-w-%u", str_fnv32a(STR("w.b")));
    const char *first = str_cz(w->a, str_concat(w->a, own, STR("\""))),
               *second = str_cz(w->a, str_concat(w->a, own, STR("x1\""))),
               *third = str_cz(w->a, str_concat(w->a, own, STR("x2\"")));
    const struct step steps[] = {
        {"DELETE", str_printf(w->a, "%s?dryRun=All", path).ptr, NULL, NULL, 200, first, NULL},
        {"GET", path, NULL, NULL, 200, first, NULL},
        {"DELETE", path, NULL, NULL, 200, first, NULL},
        {"GET", path, NULL, NULL, 200, second, "deletionTimestamp"},
        {"DELETE", PODS "?fieldSelector=status.phase%3DPending", NULL, NULL, 200, second, NULL},
        {"GET", path, NULL, NULL, 200, third, "deletionTimestamp"}};
    const struct step ended[] = {{"GET", path, NULL, NULL, 200, third, NULL},
                                 {"DELETE", path, NULL, NULL, 200, third, NULL},
                                 {"GET", path, NULL, NULL, 404, "not found", NULL}};
    struct call watch = {.method = "GET",
                         .path = PODS
                         "?watch=true&resourceVersion=2&fieldSelector=status.phase%3DPending",
                         .body = "",
                         .token = "secret",
                         .stop_after = 300,
                         .seen = STRBUF_INIT(1 << 20)};

    make_workflow(w);
    set_phase(w, "Pending");
    run_steps(w, steps, COUNT_OF(steps));
    world_run(w, &watch);
    assert_true(str_find(strbuf_str(&watch.seen), str_from(third)) != SIZE_MAX);
    strbuf_done(&watch.seen);
    set_phase(w, "Succeeded\",\"finishedAt\":\"2026-01-01T00:02:00Z"); /* as any other */
    run_steps(w, ended, COUNT_OF(ended));
}

/* One that matches no more is gone for this reader, but not deleted. */
static void test_watch_of_some(void **state)
{
    struct world *w = *state;
    struct call watch = {.w = w,
                         .method = "GET",
                         .path = PODS "?watch=true&fieldSelector=status.phase%3DRunning",
                         .body = "",
                         .token = "secret",
                         .stop_after = 6000,
                         .seen = STRBUF_INIT(1 << 20)};
    pthread_t thread;

    make_workflow(w);
    pthread_create(&thread, NULL, world_call_main, &watch);
    for (int i = 0; i < 400 && !__atomic_load_n(&watch.is_done, __ATOMIC_SEQ_CST); i++) {
        set_phase(w, i % 2 ? "Running" : "Pending");
        usleep(20000);
    }
    pthread_join(thread, NULL);
    assert_true(str_find(strbuf_str(&watch.seen), STR("{\"type\":\"DELETED\"")) != SIZE_MAX);
    assert_true(str_find(strbuf_str(&watch.seen), STR("deletionTimestamp")) == SIZE_MAX);
    strbuf_done(&watch.seen);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lists),         TEST(test_one),     TEST(test_all),
        TEST(test_watch),         TEST(test_waiting), TEST(test_watch_of_what_has_gone),
        TEST(test_watch_of_some),
    };

    return cmocka_run_group_tests_name("api_pods", tests, NULL, NULL);
}
