/*
 * Tests of changes of stored objects: updates, patches, deletions; what the gate refuses, what
 * cannot be changed, versions, marks.
 */
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
#include "workflows/submit/submit.h"

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

static struct json parse(struct world *w, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(w->on.a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

#define MAP(name, rest) \
    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" name "\"" rest

static void create(struct world *w, const char *text)
{
    struct json doc = parse(w, text);
    const struct store_object *o;
    struct err err = {0};

    if (w->submitter.create(w->submitter.ctx, &doc, STR("ns"), STR(""), &o, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    store_object_unref(o);
}

/* The data of what is there then as JSON; "gone" when nothing is, "error: " and the text. */
static struct str change(struct world *w, int operation, enum patch_type patch,
                         const char *text, const char *mark)
{
    struct json doc = parse(w, text), made;
    struct object_change how = {
        .doc = &doc, .patch = patch, .ns = STR("ns"), .once_mark = str_from(mark)};
    const struct store_object *o;
    struct err err = {0};

    how.operation = operation == 0   ? OBJECT_UPDATE
                    : operation == 1 ? OBJECT_PATCH
                                     : OBJECT_DELETE;
    if (w->submitter.change(w->submitter.ctx, &how, &o, &err) < 0)
        return str_printf(w->on.a, "error: %s", err.text);
    if (!o)
        return STR("gone");
    made = parse(w, str_cz(w->on.a, o->doc));
    store_object_unref(o);
    return json_text(w->on.a, json_get(&made, STR("data")), JSON_SORT_KEYS);
}

enum { UPDATE, PATCH, DELETE };

static void test_changes(void **state)
{
    static const struct {
        int operation;
        enum patch_type patch;
        const char *doc, *want;
    } cases[] = {
        {UPDATE, 0, MAP("c", "},\"data\":{\"a\":\"1\",\"b\":\"2\"}}"),
         "{\"a\":\"1\",\"b\":\"2\",\"z\":\"keep\"}"},
        {UPDATE, 0, MAP("c", "},\"data\":{}}"), "{\"a\":\"1\",\"b\":\"2\",\"z\":\"keep\"}"},
        {UPDATE, 0, MAP("new", "},\"data\":{\"n\":\"1\"}}"), "{\"n\":\"1\"}"},
        {PATCH, PATCH_MERGE, MAP("c", "},\"data\":{\"a\":null,\"c\":\"3\"}}"),
         "{\"b\":\"2\",\"c\":\"3\",\"z\":\"keep\"}"},
        {PATCH, PATCH_STRATEGIC, MAP("c", "},\"data\":{\"$patch\":\"replace\",\"s\":\"4\"}}"),
         "{\"s\":\"4\"}"},
        {PATCH, PATCH_MERGE, MAP("later", "},\"data\":{\"n\":\"2\"}}"), "{\"n\":\"2\"}"},
        {DELETE, 0, MAP("new", "}}"), "gone"},
        {DELETE, 0, MAP("new", "}}"), "gone"},
        {DELETE, 0, MAP("c", ",\"namespace\":\"other\"}}"), "gone"}, /* another one */
        {PATCH, PATCH_MERGE, MAP("c", "},\"data\":{\"s\":\"5\"}}"), "{\"s\":\"5\"}"},
        {UPDATE, 0,
         "{\"apiVersion\":\"v1\",\"kind\":\"Nothing\",\"metadata\":{\"name\":\"c\"}}",
         "error: no kind \"Nothing\" of version \"v1\" is served"},
        {PATCH, PATCH_STRATEGIC,
         "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"EventBus\",\"metadata\":{"
         "\"name\":\"b\"},\"spec\":{\"jetstream\":{\"version\":\"2\"}}}",
         "error: custom resources have no strategic merge patch: EventBus"},
    };
    struct world *w = *state;

    create(w, MAP("c", "},\"data\":{\"a\":\"old\",\"z\":\"keep\"}}"));
    create(w, "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"EventBus\",\"metadata\":{"
              "\"name\":\"b\"},\"spec\":{\"jetstream\":{\"version\":\"1\"}}}");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str have = change(w, cases[i].operation, cases[i].patch, cases[i].doc, "");

        if (!str_is(have, cases[i].want))
            fail_msg("case %zu: want %s\n  got " STR_FMT, i, cases[i].want, STR_ARG(have));
    }
}

/* The gate, and what stays as it is. */
static void test_gate(void **state)
{
    struct world *w = *state;
    const struct store_key key = {STR(""), STR("ConfigMap"), STR("ns"), STR("c")};
    const struct store_object *before, *after;
    struct str have;
    struct err err;

    create(w, MAP("c", "},\"data\":{\"a\":\"1\"}}"));
    assert_int_equal(store_get(w->on.store, &key, &before, &err), 0);
    have = change(w, PATCH, PATCH_MERGE, MAP("c", "},\"dato\":{\"a\":\"2\"}}"), "");
    assert_int_not_equal(str_find(have, STR("unknown field \"dato\"")), SIZE_MAX);
    have = change(w, PATCH, PATCH_MERGE, MAP("c", "},\"data\":{\"a\":2}}"), "");
    assert_true(str_starts(have, STR("error: ")));
    have = change(w, PATCH, PATCH_JSON, MAP("c", "}}"), "");
    assert_true(str_starts(have, STR("error: ")));
    have = change(w, UPDATE, 0, MAP("c", ",\"uid\":\"mine\"},\"data\":{\"a\":\"3\"}}"), "");
    assert_true(str_is(have, "{\"a\":\"3\"}"));
    assert_int_equal(store_get(w->on.store, &key, &after, &err), 0);
    assert_true(str_eq(before->uid, after->uid));
    assert_true(after->rv > before->rv);
    store_object_unref(before);
    store_object_unref(after);
}

static void test_versions(void **state)
{
    struct world *w = *state;
    struct json doc = parse(w, MAP("c", "}}")), found;
    struct str have, version;
    struct err err;

    create(w, MAP("c", "},\"data\":{\"a\":\"1\"}}"));
    assert_int_equal(
        w->submitter.find(w->submitter.ctx, w->on.a, &doc, STR("ns"), &found, &err), 0);
    version = json_str(json_path(&found, "metadata", "resourceVersion", NULL));
    assert_false(str_is_empty(version));
    have = change(w, UPDATE, 0,
                  str_cz(w->on.a, str_printf(w->on.a,
                                             MAP("c", ",\"resourceVersion\":\"" STR_FMT
                                                      "\"},\"data\":{\"a\":\"2\"}}"),
                                             STR_ARG(version))),
                  "");
    assert_true(str_is(have, "{\"a\":\"2\"}"));
    have = change(w, UPDATE, 0,
                  str_cz(w->on.a, str_printf(w->on.a,
                                             MAP("c", ",\"resourceVersion\":\"" STR_FMT
                                                      "\"},\"data\":{\"a\":\"3\"}}"),
                                             STR_ARG(version))),
                  "");
    assert_int_not_equal(str_find(have, STR("the object has been modified")), SIZE_MAX);
    doc = parse(w, MAP("none", "}}"));
    assert_int_equal(
        w->submitter.find(w->submitter.ctx, w->on.a, &doc, STR("ns"), &found, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* Each mark counts once, whatever others do in between. */
static void test_marks(void **state)
{
    struct world *w = *state;

    create(w, MAP("c", "},\"data\":{\"a\":\"1\"}}"));
    assert_true(str_is(change(w, UPDATE, 0, MAP("c", "},\"data\":{\"a\":\"2\"}}"), "m1"),
                       "{\"a\":\"2\"}"));
    assert_true(str_is(change(w, UPDATE, 0, MAP("c", "},\"data\":{\"a\":\"3\"}}"), ""),
                       "{\"a\":\"3\"}"));
    assert_true(str_is(change(w, UPDATE, 0, MAP("c", "},\"data\":{\"a\":\"2\"}}"), "m1"),
                       "{\"a\":\"3\"}"));
    assert_true(str_is(change(w, DELETE, 0, MAP("c", "}}"), "m2"), "gone"));
    create(w, MAP("c", "},\"data\":{\"a\":\"4\"}}"));
    assert_true(str_is(change(w, DELETE, 0, MAP("c", "}}"), "m2"), "gone")); /* was done */
    assert_true(str_is(change(w, UPDATE, 0, MAP("c", "},\"data\":{\"b\":\"5\"}}"), ""),
                       "{\"a\":\"4\",\"b\":\"5\"}"));
    assert_true(
        str_is(change(w, PATCH, PATCH_MERGE, MAP("d", "},\"data\":{\"a\":\"1\"}}"), "m3"),
               "{\"a\":\"1\"}")); /* made */
    assert_true(str_is(change(w, DELETE, 0, MAP("d", "}}"), "m4"), "gone"));
    assert_true(
        str_is(change(w, PATCH, PATCH_MERGE, MAP("d", "},\"data\":{\"a\":\"1\"}}"), "m3"),
               "gone")); /* and not made again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_versions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_marks, setup, teardown),
    };

    return cmocka_run_group_tests_name("submit_change", tests, NULL, NULL);
}
