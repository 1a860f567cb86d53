/*
 * Tests of estimates: which run of before counts, live or archived, what is kept of it, and the
 * table of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "store/archive.h"
#include "tests/support/store_world.h"
#include "workflows/engine/decide.h"
#include "workflows/engine/estimate.h"

#define LABEL(what) "workflows.argoproj.io/" what

static int setup(void **state)
{
    struct store_world *w = NEW(struct store_world);

    store_world_open(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct store_world *w = *state;

    store_world_close(w);
    free(w);
    return 0;
}

/* A workflow of namespace ns with a label of a value; it ran from second 0 to @seconds of a
 * minute, of which @made is the minute of its creation. @tail: further members of its status.
 */
static struct json workflow(struct arena *a, const char *name, const char *label,
                            const char *phase, int made, int seconds, const char *tail)
{
    struct str text = str_printf(
        a,
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{\"name\":"
        "\"%s\",\"namespace\":\"ns\",\"uid\":\"u-%s\",\"creationTimestamp\":"
        "\"2026-01-02T03:%02d:00Z\",\"labels\":{\"%s\":\"x\",\"" LABEL(
            "phase") "\":\"%s\","
                     "\"" LABEL(
                         "completed") "\":\"true\"}},\"spec\":{},\"status\":{\"phase\":\"%s\","
                                      "\"startedAt\":\"2026-01-02T04:00:00Z\",\"finishedAt\":"
                                      "\"2026-01-02T04:00:%02dZ\"%s}}",
        name, name, made, label, phase, phase, seconds, tail);
    struct json doc;
    struct err err;

    if (json_parse(a, text, &doc, &err) < 0)
        fail_msg("%s", err.text);
    return doc;
}

static struct str node(struct arena *a, const char *name, int seconds)
{
    return str_printf(a,
                      "{\"id\":\"%s\",\"name\":\"%s\",\"type\":\"Pod\",\"startedAt\":"
                      "\"2026-01-02T04:00:00Z\",\"finishedAt\":\"2026-01-02T04:00:%02dZ\"}",
                      name, name, seconds);
}

static void add_live(struct store_world *w, const char *name, const char *label,
                     const char *phase, int made, int seconds)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc = workflow(w->a, name, label, phase, made, seconds, "");
    const char *inner = str_cz(w->a, str_printf(w->a, "%s[0].a", name));

    store_txn_create(txn, &doc);
    store_txn_node(txn, str_printf(w->a, "u-%s", name), STR("n"), 1,
                   node(w->a, inner, seconds - 1));
    store_txn_node(txn, str_printf(w->a, "u-%s", name), STR("m"), 2, node(w->a, "m", 0));
    store_world_commit(w->store, txn);
}

static void add_archived(struct store_world *w, const char *name, const char *phase,
                         int seconds)
{
    struct store_txn *txn = store_txn_new(w->store);
    const char *inner = str_cz(w->a, str_printf(w->a, "%s.b", name));
    const char *nodes = str_cz(w->a, str_printf(w->a, ",\"nodes\":{\"n\":" STR_FMT "}",
                                                STR_ARG(node(w->a, inner, 7))));
    struct json doc =
        workflow(w->a, name, LABEL("workflow-template"), phase, 1, seconds, nodes);

    store_txn_archive(txn, &doc);
    store_world_commit(w->store, txn);
}

/* What is read for a new workflow with a label. */
static struct estimate *read_for(struct store_world *w, const char *label)
{
    struct json doc = workflow(w->a, "new", label, "", 0, 0, "");

    return estimate_read(w->store, &doc);
}

static void test_live(void **state)
{
    static const char *const labels[] = {
        LABEL("workflow-template"), LABEL("cluster-workflow-template"), LABEL("cron-workflow")};
    struct store_world *w = *state;

    for (size_t i = 0; i < COUNT_OF(labels); i++) {
        struct estimate *run;
        char name[3][16];

        assert_null(read_for(w, labels[i]));
        for (int k = 0; k < 3; k++)
            snprintf(name[k], sizeof(name[k]), "wf-%zu-%d", i, k);
        add_live(w, name[0], labels[i], "Succeeded", 10, 20);
        add_live(w, name[1], labels[i], "Succeeded", 30, 40); /* this one counts */
        add_live(w, name[2], labels[i], "Failed", 50, 50);
        run = read_for(w, labels[i]);
        assert_int_equal(estimate_workflow_s(run), 40);
        assert_int_equal(estimate_node_s(run, STR("new"), STR("new[0].a")), 39);
        assert_int_equal(estimate_node_s(run, STR("new"), STR("new[1].a")), 0);
        assert_int_equal(estimate_node_s(run, STR("new"), STR("m")), 0); /* took no second */
        estimate_unref(run);
    }
    assert_null(read_for(w, "color"));
}

/* The archive is asked when no live run has succeeded. */
static void test_archived(void **state)
{
    struct store_world *w = *state;
    struct estimate *run;

    add_live(w, "live", LABEL("workflow-template"), "Error", 10, 20);
    add_archived(w, "bad", "Failed", 33);
    assert_null(read_for(w, LABEL("workflow-template")));
    add_archived(w, "kept", "Succeeded", 22);
    run = read_for(w, LABEL("workflow-template"));
    assert_int_equal(estimate_workflow_s(run), 22);
    assert_int_equal(estimate_node_s(run, STR("n"), STR("n.b")), 7);
    estimate_unref(run);
    add_live(w, "good", LABEL("workflow-template"), "Succeeded", 10, 5);
    run = read_for(w, LABEL("workflow-template"));
    assert_int_equal(estimate_workflow_s(run), 5);
    estimate_unref(run);
}

/* From a workflow in memory, as its rows have it. */
static struct estimate *run_of(struct arena *a, int made, int seconds, size_t node_count)
{
    struct json doc =
        workflow(a, "wf", LABEL("workflow-template"), "Succeeded", made, seconds, "");
    struct wf_stored_node *rows = ARENA_ARRAY(a, struct wf_stored_node, node_count + 1);
    struct estimate *run;
    struct err err;
    struct wf *wf;

    for (size_t i = 0; i < node_count; i++) {
        const char *name = str_cz(a, str_printf(a, "wf.n%zu", i));

        rows[i] = (struct wf_stored_node){str_from(name), i, node(a, name, 3)};
    }
    wf = wf_load(json_text(a, &doc, JSON_COMPACT), rows, node_count, &err);
    if (!wf)
        fail_msg("%s", err.text);
    run = estimate_of(wf);
    wf_free(wf);
    return run;
}

static void test_table(void **state)
{
    struct store_world *w = *state;
    struct estimates *e = estimates_new();
    struct json doc = workflow(w->a, "wf", LABEL("workflow-template"), "", 0, 0, "");
    struct str key = estimate_key(w->a, &doc);
    const struct estimate *found, *mine;

    assert_true(str_is(key, "ns/" LABEL("workflow-template") "=x"));
    doc = workflow(w->a, "wf", "color", "", 0, 0, "");
    assert_true(str_is_none(estimate_key(w->a, &doc)));
    assert_false(estimates_find(e, key, &found));
    estimates_put(e, key, NULL);
    assert_true(estimates_find(e, key, &found));
    assert_null(found);
    assert_int_equal(estimate_workflow_s(found), 0);
    estimates_put(e, key, run_of(w->a, 20, 9, 2));
    estimates_put(e, key, run_of(w->a, 10, 4, 2)); /* was created before */
    estimates_put(e, key, NULL);
    assert_true(estimates_find(e, key, &found));
    assert_int_equal(estimate_workflow_s(found), 9);
    assert_int_equal(estimate_node_s(found, STR("other"), STR("other.n1")), 3);
    mine = estimate_ref(found);
    estimates_put(e, key, run_of(w->a, 20, 8, 2));
    assert_true(estimates_find(e, key, &found));
    assert_int_equal(estimate_workflow_s(found), 8);
    estimates_free(e);
    assert_int_equal(estimate_workflow_s(mine), 9); /* stays with who holds it */
    estimate_unref(mine);
}

static void test_limits(void **state)
{
    struct store_world *w = *state;
    struct estimates *e = estimates_new();
    struct estimate *run = run_of(w->a, 1, 9, ESTIMATE_NODES_MAX + 1);
    const struct estimate *found;
    size_t known = 0;

    for (size_t i = 0; i <= ESTIMATE_NODES_MAX; i++)
        known += estimate_node_s(run, STR("a"), str_printf(w->a, "a.n%zu", i)) == 3;
    assert_int_equal(known, ESTIMATE_NODES_MAX);
    estimate_unref(run);
    for (unsigned i = 0; i < ESTIMATE_TEMPLATES_MAX; i++)
        estimates_put(e, str_printf(w->a, "%u", i), NULL);
    assert_true(estimates_find(e, STR("0"), &found));
    estimates_put(e, STR("new"), NULL);
    assert_false(estimates_find(e, STR("1"), &found)); /* was not used the longest */
    assert_true(estimates_find(e, STR("0"), &found));
    assert_true(estimates_find(e, STR("2"), &found));
    assert_true(estimates_find(e, STR("new"), &found));
    estimates_free(e);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(test_live), TEST(test_archived), TEST(test_table),
                                       TEST(test_limits)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
