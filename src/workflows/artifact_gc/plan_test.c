/* Tests of what is deleted when, and of what a workflow says afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "objects/object.h"
#include "workflows/artifact_gc/plan.h"

static struct json parse(struct arena *a, struct str text)
{
    struct json v;
    struct err err;

    if (json_parse(a, text, &v, &err) < 0)
        fail_msg(STR_FMT ": %s", STR_ARG(text), err.text);
    return v;
}

/* A workflow with the strategy, and one pod "n" with these artifacts. */
static struct operate_workflow make(struct arena *a, const char *meta, const char *gc,
                                    const char *artifacts)
{
    struct operate_workflow wf = {.arena = a, .node_count = 2};

    wf.doc = parse(a, str_printf(a,
                                 "{\"metadata\":{\"name\":\"w\",\"finalizers\":[\"x\",\"%s\"]%s"
                                 "},\"spec\":{\"artifactGC\":%s,\"templates\":[{\"name\":\"t\","
                                 "\"archiveLocation\":{\"s3\":{\"bucket\":\"b\",\"key\":\"k\"}}"
                                 "}]}}",
                                 ARTIFACT_GC_FINALIZER, meta, gc));
    wf.nodes = ARENA_ARRAY(a, struct operate_node, wf.node_count);
    wf.nodes[0].id = STR("n");
    wf.nodes[0].doc =
        parse(a, str_printf(a,
                            "{\"type\":\"Pod\",\"templateName\":\"t\",\"outputs\":{"
                            "\"artifacts\":[%s]}}",
                            artifacts));
    wf.nodes[1].id = STR("group"); /* what it hands on is its pod's */
    wf.nodes[1].doc = parse(a, str_printf(a,
                                          "{\"type\":\"Steps\",\"outputs\":{\"artifacts\":[%s"
                                          "]}}",
                                          artifacts));
    return wf;
}

#define COMPLETED ",\"labels\":{\"workflows.argoproj.io/completed\":\"true\"}"
#define LEAVING   COMPLETED ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\""
#define ARTIFACTS                                                                              \
    "{\"name\":\"mine\"},{\"name\":\"at-end\",\"artifactGC\":{\"strategy\":"                   \
    "\"OnWorkflowCompletion\"}},{\"name\":\"never\",\"artifactGC\":{\"strategy\":\"Never\"}}," \
    "{\"name\":\"gone\",\"deleted\":true}"

static void test_plan(void **state)
{
    static const struct {
        const char *meta, *gc, *names;
    } cases[] = {
        {"", "{\"strategy\":\"OnWorkflowCompletion\"}", ""}, /* it runs */
        {",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"",
         "{\"strategy\":\"OnWorkflowDeletion\"}", ""}, /* until it has ended */
        {COMPLETED, "{\"strategy\":\"OnWorkflowCompletion\"}", "mine at-end "},
        {COMPLETED, "{\"strategy\":\"OnWorkflowDeletion\"}", "at-end "},
        {LEAVING, "{\"strategy\":\"OnWorkflowDeletion\"}", "mine at-end "},
        {LEAVING, "{\"strategy\":\"Never\"}", "at-end "},
        {LEAVING, "{}", "at-end "},
        {LEAVING, "{\"strategy\":\"Sometimes\"}", "at-end "},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct operate_workflow wf = make(a, cases[i].meta, cases[i].gc, ARTIFACTS);
        struct gc_items items = gc_plan(&wf);
        struct str names = STR("");

        for (size_t k = 0; k < items.len; k++) {
            names =
                str_printf(a, STR_FMT STR_FMT " ", STR_ARG(names), STR_ARG(items.at[k].name));
            assert_true(str_is(items.at[k].node, "n"));
            assert_true(
                str_is(json_str(json_path(items.at[k].location, "s3", "bucket", NULL)), "b"));
        }
        if (!str_is(names, cases[i].names))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(names));
        assert_int_equal(gc_waits(&wf), items.len > 0);
    }
}

static struct str text_of(struct operate_workflow *wf, const char *member)
{
    const struct json *value = json_path(&wf->doc, "status", member, NULL);

    return value ? json_text(wf->arena, value, JSON_COMPACT) : STR("-");
}

static void settle(struct operate_workflow *wf, const char *failing)
{
    struct gc_items items = gc_plan(wf);

    for (size_t i = 0; i < items.len; i++) {
        items.at[i].is_deleted = !str_is(items.at[i].name, failing);
        items.at[i].error = STR("no way");
    }
    gc_settle(wf, &items);
    assert_true(wf->is_changed);
}

static bool is_held(const struct operate_workflow *wf)
{
    assert_true(object_has_finalizer(&wf->doc, STR("x"))); /* somebody else's */
    return object_has_finalizer(&wf->doc, STR(ARTIFACT_GC_FINALIZER));
}

static void test_completion_then_deletion(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct operate_workflow wf =
        make(a, COMPLETED, "{\"strategy\":\"OnWorkflowDeletion\"}", ARTIFACTS);

    (void) state;
    settle(&wf, "");
    assert_true(is_held(&wf));
    assert_false(gc_waits(&wf));
    assert_true(str_is(text_of(&wf, "artifactGCStatus"),
                       "{\"strategiesProcessed\":{\"OnWorkflowCompletion\":true}}"));
    assert_true(str_is(text_of(&wf, "conditions"), "-"));
    wf.doc = json_set_path(a, &wf.doc, json_string(STR("2026-01-01T00:00:00Z")), "metadata",
                           "deletionTimestamp", NULL);
    assert_true(gc_waits(&wf));
    settle(&wf, "");
    assert_false(is_held(&wf));
    assert_true(str_is(
        json_text(a, json_path(&wf.nodes[0].doc, "outputs", "artifacts", NULL), JSON_COMPACT),
        "[{\"name\":\"mine\",\"deleted\":true},{\"name\":\"at-end\",\"artifactGC\":{"
        "\"strategy\":\"OnWorkflowCompletion\"},\"deleted\":true},{\"name\":\"never\","
        "\"artifactGC\":{\"strategy\":\"Never\"}},{\"name\":\"gone\",\"deleted\":true}]"));
    assert_true(wf.nodes[0].is_changed);
    assert_false(wf.nodes[1].is_changed);
}

static void test_failures_hold_it_until_they_are_mended(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct operate_workflow wf =
        make(a, LEAVING, "{\"strategy\":\"OnWorkflowCompletion\"}", ARTIFACTS);

    (void) state;
    settle(&wf, "mine");
    assert_true(is_held(&wf));
    assert_true(gc_waits(&wf));
    assert_true(str_is(text_of(&wf, "conditions"),
                       "[{\"type\":\"ArtifactGCError\",\"status\":\"True\",\"message\":\"no "
                       "way (artifact name mine)\"}]"));
    settle(&wf, "");
    assert_false(is_held(&wf));
    assert_true(str_is(text_of(&wf, "conditions"), "-"));
}

static void test_force(void **state)
{
    static const char gc[] = "{\"strategy\":\"OnWorkflowDeletion\",\"forceFinalizerRemoval\":"
                             "true}";
    _cleanup_arena_ struct arena *a = arena_new();
    struct operate_workflow wf = make(a, COMPLETED, gc, ARTIFACTS);

    (void) state;
    settle(&wf, "at-end");
    assert_true(is_held(&wf)); /* what goes with the deletion was not tried */
    wf = make(a, LEAVING, gc, ARTIFACTS);
    settle(&wf, "mine");
    assert_false(is_held(&wf));
}

/* After a start, say: not a row is written. */
static void test_nothing_new(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct operate_workflow wf =
        make(a, COMPLETED, "{\"strategy\":\"OnWorkflowDeletion\"}", "{\"name\":\"mine\"}");

    (void) state;
    settle(&wf, "");
    wf.is_changed = false;
    gc_settle(&wf, &(struct gc_items){0});
    assert_false(wf.is_changed);
}

/* Between the plan and its end others may have changed the workflow. */
static void test_a_newer_workflow(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct operate_workflow wf =
        make(a, COMPLETED, "{\"strategy\":\"OnWorkflowCompletion\"}", ARTIFACTS);
    struct gc_items items = gc_plan(&wf);

    (void) state;
    for (size_t i = 0; i < items.len; i++)
        items.at[i].is_deleted = true;
    wf = make(a, COMPLETED, "{\"strategy\":\"OnWorkflowCompletion\"}",
              "{\"name\":\"at-end\"},{\"name\":\"new\"}");
    gc_settle(&wf, &items);
    assert_true(str_is(
        json_text(a, json_path(&wf.nodes[0].doc, "outputs", "artifacts", NULL), JSON_COMPACT),
        "[{\"name\":\"at-end\",\"deleted\":true},{\"name\":\"new\"}]"));
    assert_true(is_held(&wf));
}

static void test_many_errors(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct gc_item at[ARTIFACT_GC_ERRORS_MAX + 3];
    struct gc_items items = {at, COUNT_OF(at)};
    struct str text;

    (void) state;
    memset(at, 0, sizeof(at));
    for (size_t i = 0; i < items.len; i++) {
        at[i].error = STR("e");
        at[i].name = STR("n");
    }
    text = gc_errors(a, &items);
    assert_true(str_starts(text, STR("e (artifact name n); e (artifact name n)")));
    assert_true(str_ends(text, STR("; and 3 more")));
    for (size_t i = 0; i < items.len; i++)
        at[i].is_deleted = true;
    assert_true(str_is_none(gc_errors(a, &items)));
}

static void test_wanted(void **state)
{
    static const struct {
        const char *doc;
        bool is_wanted;
    } cases[] = {
        {"{}", false},
        {"{\"spec\":{\"artifactGC\":{\"strategy\":\"OnWorkflowDeletion\"}}}", false},
        {"{\"spec\":{\"artifactGC\":{\"strategy\":\"OnWorkflowDeletion\"},\"templates\":[{"
         "\"outputs\":{\"artifacts\":[{\"name\":\"a\"}]}}]}}",
         true},
        {"{\"spec\":{\"templates\":[{\"outputs\":{\"artifacts\":[{\"name\":\"a\"}]}}]}}",
         false},
        {"{\"spec\":{\"artifactGC\":{\"strategy\":\"OnWorkflowDeletion\"},\"templates\":[{"
         "\"outputs\":{\"artifacts\":[{\"artifactGC\":{\"strategy\":\"Never\"}}]}}]}}",
         false},
        {"{\"spec\":{},\"status\":{\"storedTemplates\":{\"namespaced/a/b\":{\"outputs\":{"
         "\"artifacts\":[{\"artifactGC\":{\"strategy\":\"OnWorkflowCompletion\"}}]}}}}}",
         true},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json doc = parse(a, str_from(cases[i].doc));

        if (artifact_gc_is_wanted(&doc) != cases[i].is_wanted)
            fail_msg("case %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_completion_then_deletion),
        cmocka_unit_test(test_failures_hold_it_until_they_are_mended),
        cmocka_unit_test(test_force),
        cmocka_unit_test(test_nothing_new),
        cmocka_unit_test(test_a_newer_workflow),
        cmocka_unit_test(test_many_errors),
        cmocka_unit_test(test_wanted),
    };

    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
