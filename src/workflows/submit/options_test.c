/*
 * Tests of the options of a submission, one by one and against each other: what wins, what is
 * added, what is refused with which words; names, marks and dry runs on a real store.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "objects/object.h"
#include "tests/support/store_world.h"
#include "workflows/submit/submit_internal.h"

struct world {
    struct store_world on;
    struct workflow_submitter submitter;
};

static int setup(void **state)
{
    struct world *w = NEW(struct world);

    store_world_open(&w->on);
    workflow_submitter_init(&w->submitter, w->on.store);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    store_world_close(&w->on);
    free(w);
    return 0;
}

static struct json parse(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

#define META(members) \
    "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{" members "},"
#define SPEC                                                                                  \
    "\"spec\":{\"entrypoint\":\"a\",\"templates\":[{\"name\":\"a\",\"container\":{\"image\":" \
    "\"i\",\"command\":[\"x\"]}},{\"name\":\"b\",\"container\":{\"image\":\"i\",\"command\":" \
    "[\"x\"]}}]}}"

/* ---- applying, pure ---- */

static void test_metadata(void **state)
{
    static const struct {
        struct workflow_submit_options options;
        const char *before, *after;
    } cases[] = {
        {{.name = STR_INIT("")}, "{\"name\":\"n\"}", "{\"name\":\"n\"}"},
        {{.name = STR_INIT("m")}, "{\"name\":\"n\"}", "{\"name\":\"m\"}"},
        {{.name = STR_INIT("m")}, "{}", "{\"name\":\"m\"}"},
        {{.name = STR_INIT("m")},
         "{\"generateName\":\"g-\"}",
         "{\"generateName\":\"g-\",\"name\":\"m\"}"},
        {{.generate_name = STR_INIT("h-")}, "{\"name\":\"n\"}", "{\"generateName\":\"h-\"}"},
        {{.generate_name = STR_INIT("h-")},
         "{\"generateName\":\"g-\"}",
         "{\"generateName\":\"h-\"}"},
        {{.generate_name = STR_INIT("h-"), .name = STR_INIT("m")},
         "{\"name\":\"n\"}",
         "{\"generateName\":\"h-\",\"name\":\"m\"}"},
        {{.generate_name = STR_INIT("h-"), .name_or_generate = true},
         "{\"name\":\"n\"}",
         "{\"name\":\"n\",\"generateName\":\"h-\"}"},
        {{.ns = STR_INIT("x")}, "{\"namespace\":\"y\"}", "{\"namespace\":\"x\"}"},
        {{.labels = STR_INIT("a=1")}, "{}", "{\"labels\":{\"a\":\"1\"}}"},
        {{.labels = STR_INIT("a=1")},
         "{\"labels\":{\"a\":\"0\",\"b\":\"2\"}}",
         "{\"labels\":{\"a\":\"1\",\"b\":\"2\"}}"},
        {{.labels = STR_INIT("a=1,a=2")}, "{}", "{\"labels\":{\"a\":\"2\"}}"},
        {{.labels = STR_INIT("a=1,,b=2,")}, "{}", "{\"labels\":{\"a\":\"1\",\"b\":\"2\"}}"},
        {{.labels = STR_INIT("a=")}, "{}", "{\"labels\":{\"a\":\"\"}}"},
        {{.labels = STR_INIT("a=b=c")}, "{}", "{\"labels\":{\"a\":\"b=c\"}}"},
        {{.labels = STR_INIT("x.io/a=1")},
         "{\"labels\":null}",
         "{\"labels\":{\"x.io/a\":\"1\"}}"},
        {{.labels = STR_INIT("a=1"), .annotations = STR_INIT("a=2")},
         "{}",
         "{\"labels\":{\"a\":\"1\"},\"annotations\":{\"a\":\"2\"}}"},
        {{.creator = STR_INIT("me")},
         "{\"labels\":{\"workflows.argoproj.io/creator\":\"you\"}}",
         "{\"labels\":{\"workflows.argoproj.io/creator\":\"me\"}}"},
        {{.creator = STR_INIT("me"), .labels = STR_INIT("workflows.argoproj.io/creator=you")},
         "{}",
         "{\"labels\":{\"workflows.argoproj.io/creator\":\"me\"}}"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = json_set(a, NULL, STR("metadata"), parse(a, cases[i].before)), made;
        struct json want = parse(a, cases[i].after);
        struct err err;

        if (submit_apply_options(a, &doc, &cases[i].options, &made, &err) < 0)
            fail_msg("case %zu: %s", i, err.text);
        if (!json_equal(json_get(&made, STR("metadata")), &want))
            fail_msg("case %zu: " STR_FMT, i,
                     STR_ARG(json_text(a, json_get(&made, STR("metadata")), JSON_COMPACT)));
    }
}

static void test_spec(void **state)
{
    static const struct {
        struct workflow_submit_options options;
        const char *parameters[3];
        const char *before, *after;
    } cases[] = {
        {{.priority = 0}, {NULL}, "{\"priority\":5}", "{\"priority\":5}"},
        {{.priority = 0, .has_priority = true}, {NULL}, "{\"priority\":5}", "{\"priority\":0}"},
        {{.priority = INT32_MIN, .has_priority = true},
         {NULL},
         "{}",
         "{\"priority\":-2147483648}"},
        {{.entrypoint = STR_INIT("b")},
         {NULL},
         "{\"entrypoint\":\"a\"}",
         "{\"entrypoint\":\"b\"}"},
        {{.service_account = STR_INIT("s")}, {NULL}, "{}", "{\"serviceAccountName\":\"s\"}"},
        {{.priority = 0},
         {"x=1"},
         "{}",
         "{\"arguments\":{\"parameters\":[{\"name\":\"x\",\"value\":\"1\"}]}}"},
        {{.priority = 0},
         {"x=1", "x=2"},
         "{}",
         "{\"arguments\":{\"parameters\":[{\"name\":\"x\",\"value\":\"1\"},{\"name\":"
         "\"x\",\"value\":\"2\"}]}}"}, /* as upstream: the rules judge it */
        {{.priority = 0},
         {"x="},
         "{}",
         "{\"arguments\":{\"parameters\":[{\"name\":\"x\",\"value\":\"\"}]}}"},
        {{.priority = 0},
         {"x=a=b,c"},
         "{}",
         "{\"arguments\":{\"parameters\":[{\"name\":\"x\",\"value\":\"a=b,c\"}]}}"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = json_set(a, NULL, STR("spec"), parse(a, cases[i].before)), made;
        struct json want = parse(a, cases[i].after);
        struct workflow_submit_options options = cases[i].options;
        struct str parameters[3];
        struct err err;

        for (; options.parameter_count < 3 && cases[i].parameters[options.parameter_count];
             options.parameter_count++)
            parameters[options.parameter_count] =
                str_from(cases[i].parameters[options.parameter_count]);
        options.parameters = parameters;
        if (submit_apply_options(a, &doc, &options, &made, &err) < 0)
            fail_msg("case %zu: %s", i, err.text);
        if (!json_equal(json_get(&made, STR("spec")), &want))
            fail_msg("case %zu: " STR_FMT, i,
                     STR_ARG(json_text(a, json_get(&made, STR("spec")), JSON_COMPACT)));
    }
}

static void test_options_that_are_refused(void **state)
{
    static const struct str bad_parameters[] = {STR_INIT("x"), STR_INIT("=1"), STR_INIT("")};
    static const struct {
        struct workflow_submit_options options;
        const char *text;
    } cases[] = {
        {{.labels = STR_INIT("a")}, "expected labels of the form: NAME=VALUE. Received: a"},
        {{.labels = STR_INIT("a=1,=2")},
         "expected labels of the form: NAME=VALUE. Received: =2"},
        {{.annotations = STR_INIT("x y")},
         "expected annotations of the form: NAME=VALUE. Received: x y"},
        {{.parameters = &bad_parameters[0], .parameter_count = 1},
         "expected parameter of the form: NAME=VALUE. Received: x"},
        {{.parameters = &bad_parameters[2], .parameter_count = 1},
         "expected parameter of the form: NAME=VALUE. Received: "},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = parse(a, META("\"name\":\"w\"") SPEC), made;
        struct err err = {0};

        if (submit_apply_options(a, &doc, &cases[i].options, &made, &err) == 0)
            fail_msg("case %zu was taken", i);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.text, cases[i].text);
    }
}

/* The spec of a template under the workflow's own: the workflow wins, lists are joined by name.
 */
static void test_merge(void **state)
{
    static const struct {
        const char *base, *own, *merged;
    } cases[] = {
        {"{}", "{}", "{}"},
        {"{\"a\":1}", "{}", "{\"a\":1}"},
        {"{}", "{\"a\":1}", "{\"a\":1}"},
        {"{\"a\":1}", "{\"a\":2}", "{\"a\":2}"},
        {"{\"a\":1}", "{\"a\":null}", "{\"a\":1}"},
        {"{\"a\":{\"x\":1,\"y\":2}}", "{\"a\":{\"y\":3}}", "{\"a\":{\"x\":1,\"y\":3}}"},
        {"{\"a\":{\"x\":1}}", "{\"a\":5}", "{\"a\":5}"},
        {"{\"a\":[1,2]}", "{\"a\":[3]}", "{\"a\":[3]}"},
        {"{\"a\":[1,2]}", "{\"a\":[]}", "{\"a\":[]}"},
        {"{\"l\":[{\"name\":\"x\",\"value\":1},{\"name\":\"y\",\"value\":2}]}",
         "{\"l\":[{\"name\":\"y\",\"value\":3}]}",
         "{\"l\":[{\"name\":\"x\",\"value\":1},{\"name\":\"y\",\"value\":3}]}"},
        {"{\"l\":[{\"name\":\"x\"}]}", "{\"l\":[{\"name\":\"z\"},{\"name\":\"w\"}]}",
         "{\"l\":[{\"name\":\"x\"},{\"name\":\"z\"},{\"name\":\"w\"}]}"},
        {"{\"arguments\":{\"parameters\":[{\"name\":\"p\",\"value\":\"1\"}]}}",
         "{\"arguments\":{\"parameters\":[{\"name\":\"p\",\"value\":\"\"}]}}",
         "{\"arguments\":{\"parameters\":[{\"name\":\"p\",\"value\":\"\"}]}}"},
        {"null", "{\"a\":1}", "{\"a\":1}"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json base = parse(a, cases[i].base), own = parse(a, cases[i].own);
        struct json want = parse(a, cases[i].merged), made = submit_merge_spec(a, &base, &own);

        if (!json_equal(&made, &want))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(json_text(a, &made, JSON_COMPACT)));
    }
}

/* ---- on the store ---- */

static int submit(struct world *w, const char *text,
                  const struct workflow_submit_options *options, struct json *ret,
                  struct err *err)
{
    struct json doc = parse(w->on.a, text);
    const struct store_object *o;

    if (w->submitter.submit(w->submitter.ctx, &doc, options, &o, err) < 0)
        return -1;
    *ret = parse(w->on.a, str_cz(w->on.a, o->doc));
    store_object_unref(o);
    return 0;
}

static size_t count_workflows(struct world *w)
{
    struct store_query q = {.group = STR("argoproj.io"), .kind = STR("Workflow")};
    struct store_list list;
    struct err err;
    size_t count;

    assert_int_equal(store_list(w->on.store, w->on.a, &q, &list, &err), 0);
    count = list.len;
    store_list_done(&list);
    return count;
}

static void test_namespaces(void **state)
{
    static const struct {
        const char *ns, *meta, *want;
    } cases[] = {
        {"", META("\"name\":\"n1\"") SPEC, "default"},
        {"", META("\"name\":\"n2\",\"namespace\":\"own\"") SPEC, "own"},
        {"given", META("\"name\":\"n3\"") SPEC, "given"},
        {"given", META("\"name\":\"n4\",\"namespace\":\"own\"") SPEC, "given"},
        {"", META("\"name\":\"n5\",\"namespace\":\"..\"") SPEC, NULL},
        {"", META("\"name\":\"n5\",\"namespace\":\"a/../b\"") SPEC, NULL},
        {"", META("\"name\":\"n5\",\"namespace\":\"A\"") SPEC, NULL},
        {"", META("\"name\":\"n5\",\"namespace\":\"a.b\"") SPEC, NULL},
        {"", META("\"name\":\"n5\",\"namespace\":\"a-\"") SPEC, NULL},
        {"..", META("\"name\":\"n5\"") SPEC, NULL},
        {"/", META("\"name\":\"n5\"") SPEC, NULL},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         META("\"name\":\"n5\"") SPEC, NULL},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct workflow_submit_options options = {.ns = str_from(cases[i].ns)};
        struct json made;
        struct err err;

        if (submit(w, cases[i].meta, &options, &made, &err) < 0) {
            if (cases[i].want)
                fail_msg("case %zu: %s", i, err.text);
            assert_int_equal(err.kind, ERR_INVALID);
            continue;
        }
        if (!cases[i].want || !str_is(object_namespace(&made), cases[i].want))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(object_namespace(&made)));
    }
}

static void test_names(void **state)
{
    static const char *const bad[] = {
        META("") SPEC,
        META("\"name\":\"\"") SPEC,
        META("\"name\":\"a_b\"") SPEC,
        META("\"name\":\"-a\"") SPEC,
        META("\"name\":\"a/b\"") SPEC,
        META("\"name\":\"..\"") SPEC,
        META("\"name\":\"a\\u0000b\"") SPEC,
        META("\"name\":\"a-\"") SPEC,
        META("\"name\":\"a..b\"") SPEC,
        META("\"name\":\"a.-b\"") SPEC,
        META("\"name\":\"a.\"") SPEC,
        META("\"generateName\":\"A-\"") SPEC,
        META("\"generateName\":\"../../\"") SPEC,
        META("\"generateName\":\"a/../\"") SPEC,
        META("\"generateName\":\"..\"") SPEC,
        META("\"generateName\":\"a b-\"") SPEC,
        META("\"generateName\":\"-\"") SPEC,
        META("\"name\":\"n\",\"generateName\":\"/\"") SPEC,
        META("\"generateName\":\"../\"") SPEC,
    };
    const struct workflow_submit_options options = {.ns = STR("argo")};
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct json made;
        struct err err = {0};

        if (submit(w, bad[i], &options, &made, &err) == 0)
            fail_msg("name %zu was taken", i);
        assert_int_equal(err.kind, ERR_INVALID);
    }
    assert_int_equal(count_workflows(w), 0);
}

/* A thousand of one generateName: none is lost to a collision, all have names of their own. */
static void test_generated_names(void **state)
{
    const struct workflow_submit_options options = {.ns = STR("argo")};
    struct world *w = *state;

    for (int i = 0; i < 300; i++) {
        struct json made;
        struct err err;

        if (submit(w, META("\"generateName\":\"g-\"") SPEC, &options, &made, &err) < 0)
            fail_msg("%d: %s", i, err.text);
        assert_int_equal(object_name(&made).len, strlen("g-") + 5);
    }
    assert_int_equal(count_workflows(w), 300);
}

struct racer {
    struct world *w;
    struct str name;
    int failed;
};

static void *race(void *ctx)
{
    struct racer *r = ctx;
    const struct workflow_submit_options options = {.ns = STR("argo"), .once_mark = STR("m")};
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc = parse(a, META("\"generateName\":\"r-\"") SPEC);
    const struct store_object *o;
    struct err err;

    r->failed = r->w->submitter.submit(r->w->submitter.ctx, &doc, &options, &o, &err);
    if (r->failed == 0) {
        r->name = str_of(mem_dup(o->key.name.ptr, o->key.name.len), o->key.name.len);
        store_object_unref(o);
    }
    return NULL;
}

static void drop(struct world *w, const char *kind, struct str name)
{
    struct store_txn *txn = store_txn_new(w->on.store);
    const struct store_key key = {STR("argoproj.io"), str_from(kind), STR("argo"), name};
    struct store_result result;
    struct err err;

    store_txn_delete(txn, &key, STR(""), 0);
    assert_int_equal(store_commit_wait(w->on.store, txn, &result, &err), 0);
}

/* What a mark made is the answer for good: when its template is gone, and when it is itself. */
static void test_mark_outlives_what_it_names(void **state)
{
    struct world *w = *state;
    const struct workflow_submit_options options = {.ns = STR("argo"), .once_mark = STR("m")};
    struct json template =
        parse(w->on.a, "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"WorkflowTemplate\","
                       "\"metadata\":{\"name\":\"lib\"}," SPEC);
    const struct store_object *o, *again;
    struct err err;

    assert_int_equal(
        w->submitter.create(w->submitter.ctx, &template, STR("argo"), STR(""), &o, &err), 0);
    store_object_unref(o);
    err = (struct err){0};
    assert_int_equal(w->submitter.submit_from(w->submitter.ctx, STR("workflowtemplate"),
                                              STR("lib"), &options, &o, &err),
                     0);
    assert_int_equal(err.kind,
                     ERR_NONE); /* callers look at it: that there was no mark is no fault */
    drop(w, "WorkflowTemplate", STR("lib"));
    assert_int_equal(w->submitter.submit_from(w->submitter.ctx, STR("workflowtemplate"),
                                              STR("lib"), &options, &again, &err),
                     0);
    assert_true(str_eq(again->uid, o->uid));
    store_object_unref(again);
    drop(w, "Workflow", o->key.name);
    assert_int_equal(w->submitter.submit_from(w->submitter.ctx, STR("workflowtemplate"),
                                              STR("lib"), &options, &again, &err),
                     0);
    assert_true(str_eq(again->key.name, o->key.name));
    assert_int_equal(count_workflows(w), 0);
    store_object_unref(again);
    store_object_unref(o);
}

/* An effect that four try at once happens once, and all four hear of the same workflow. */
static void test_mark_by_many(void **state)
{
    struct world *w = *state;
    struct racer racers[4];
    pthread_t threads[4];

    for (int i = 0; i < 4; i++) {
        racers[i] = (struct racer){.w = w};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(count_workflows(w), 1);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(racers[i].failed, 0);
        assert_true(str_eq(racers[i].name, racers[0].name));
    }
    for (int i = 0; i < 4; i++)
        free((char *) (uintptr_t) racers[i].name.ptr);
}

/* A dry run refuses what the run would refuse, and leaves nothing. */
static void test_dry_runs(void **state)
{
    const struct workflow_submit_options dry = {.ns = STR("argo"), .dry_run = true};
    struct world *w = *state;
    struct json made;
    struct err err;

    assert_int_equal(submit(w, META("\"generateName\":\"g-\"") SPEC, &dry, &made, &err), 0);
    assert_true(str_starts(object_name(&made), STR("g-")));
    assert_int_equal(submit(w, META("\"name\":\"n\"") "\"spec\":{}}", &dry, &made, &err), -1);
    assert_string_equal(err.text, "spec.entrypoint is required");
    assert_int_equal(count_workflows(w), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_spec),
        cmocka_unit_test(test_options_that_are_refused),
        cmocka_unit_test(test_merge),
        TEST(test_namespaces),
        TEST(test_names),
        TEST(test_generated_names),
        TEST(test_mark_outlives_what_it_names),
        TEST(test_mark_by_many),
        TEST(test_dry_runs),
    };

    return cmocka_run_group_tests_name("submit_options", tests, NULL, NULL);
}
