/* Tests of field managers: stories of writes with the object and the owners after each, sets of
 * fields by themselves. The expected owners are those of the API server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "objects/managed.h"
#include "objects/shapes.h"

enum verb { CREATE, UPDATE, APPLY, FORCE };

struct step {
    enum verb verb;
    const char *manager;
    const char *doc;    /* below apiVersion, kind and metadata.name */
    const char *object; /* afterwards, without managedFields; NULL: not looked at */
    const char *owners; /* "manager operation fields; ..." */
    const char *err;
};

static struct json parsed(struct arena *a, const char *text)
{
    struct json v = json_null();
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

static struct str owners_of(struct arena *a, const struct json *doc)
{
    const struct json *list = json_path(doc, "metadata", "managedFields", NULL);
    struct str text = STR("");

    for (uint32_t i = 0; list && i < list->count; i++)
        text = str_printf(
            a, STR_FMT "%s" STR_FMT " " STR_FMT " " STR_FMT, STR_ARG(text), i ? "; " : "",
            STR_ARG(json_get_str(&list->items[i], STR("manager"))),
            STR_ARG(json_get_str(&list->items[i], STR("operation"))),
            STR_ARG(json_text(a, json_get(&list->items[i], STR("fieldsV1")), JSON_COMPACT)));
    return text;
}

static struct json without_owners(struct arena *a, const struct json *doc)
{
    struct json meta = json_without(a, json_get(doc, STR("metadata")), STR("managedFields"));

    return meta.count > 0 ? json_set(a, doc, STR("metadata"), meta)
                          : json_without(a, doc, STR("metadata"));
}

static void run(const char *group, const char *kind, const struct step *steps, size_t count)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct managed_writer w = {.subresource = STR(""),
                               .kind = object_kind_find(str_from(group), str_from(kind)),
                               .now = {.ms = 1767225600000}};
    struct json live = json_null();
    bool is_there = false;

    assert_non_null(w.kind);
    for (size_t i = 0; i < count; i++) {
        struct json doc = parsed(a, steps[i].doc), made = json_null(), plain;
        struct managed_applied applied = {.doc = json_null()};
        struct err err = {0};
        int result = 0;

        w.manager = str_from(steps[i].manager);
        w.is_forced = steps[i].verb == FORCE;
        if (steps[i].verb == APPLY || steps[i].verb == FORCE)
            result = managed_apply(a, &w, is_there ? &live : NULL, &doc, &applied, &err);
        else
            made = managed_update(a, &w, steps[i].verb == UPDATE ? &live : NULL, &doc);
        if (steps[i].err) {
            if (result == 0 || !strstr(err.text, steps[i].err) || err.kind != ERR_CONFLICT)
                fail_msg("step %zu: %s", i, err.text);
            continue;
        }
        if (result < 0)
            fail_msg("step %zu: %s", i, err.text);
        live = steps[i].verb == APPLY || steps[i].verb == FORCE ? applied.doc : made;
        is_there = true;
        plain = without_owners(a, &live);
        if (steps[i].object && !str_is(json_text(a, &plain, JSON_COMPACT), steps[i].object))
            fail_msg("step %zu: %s", i, json_text(a, &plain, JSON_COMPACT).ptr);
        if (steps[i].owners && !str_is(owners_of(a, &live), steps[i].owners))
            fail_msg("step %zu: %s", i, owners_of(a, &live).ptr);
    }
}

static void test_one_applier(void **state)
{
    static const struct step steps[] = {
        {APPLY, "a", "{\"data\":{\"x\":\"1\",\"y\":\"2\"}}",
         "{\"data\":{\"x\":\"1\",\"y\":\"2\"}}", "a Apply {\"f:data\":{\"f:x\":{},\"f:y\":{}}}",
         NULL},
        /* changed, added, left out */
        {APPLY, "a", "{\"data\":{\"x\":\"3\",\"z\":\"4\"}}",
         "{\"data\":{\"x\":\"3\",\"z\":\"4\"}}", "a Apply {\"f:data\":{\"f:x\":{},\"f:z\":{}}}",
         NULL},
        {APPLY, "a", "{\"metadata\":{\"labels\":{\"l\":\"1\"}}}",
         "{\"metadata\":{\"labels\":{\"l\":\"1\"}}}",
         "a Apply {\"f:metadata\":{\"f:labels\":{\"f:l\":{}}}}", NULL},
        {APPLY, "a", "{}", "{}", "", NULL},
    };

    (void) state;
    run("v1", "ConfigMap", steps, COUNT_OF(steps));
}

static void test_conflicts(void **state)
{
    static const struct step steps[] = {
        {CREATE, "c", "{\"data\":{\"x\":\"1\",\"y\":\"2\"}}", NULL,
         "c Update {\"f:data\":{\".\":{},\"f:x\":{},\"f:y\":{}}}", NULL},
        {APPLY, "a", "{\"data\":{\"x\":\"9\"}}", NULL, NULL,
         "Apply failed with 1 conflict: conflict with \"c\" using v1 at "
         "2026-01-01T00:00:00Z: .data.x"},
        {APPLY, "a", "{\"data\":{\"x\":\"9\",\"y\":\"9\"}}", NULL, NULL,
         "Apply failed with 2 conflicts: conflicts with \"c\" using v1 at "
         "2026-01-01T00:00:00Z:\n- .data.x\n- .data.y"},
        /* The same value is no conflict: both own it. */
        {APPLY, "a", "{\"data\":{\"x\":\"1\"}}", "{\"data\":{\"x\":\"1\",\"y\":\"2\"}}",
         "a Apply {\"f:data\":{\"f:x\":{}}}; "
         "c Update {\"f:data\":{\".\":{},\"f:x\":{},\"f:y\":{}}}",
         NULL},
        {FORCE, "a", "{\"data\":{\"x\":\"9\"}}", "{\"data\":{\"x\":\"9\",\"y\":\"2\"}}",
         "a Apply {\"f:data\":{\"f:x\":{}}}; c Update {\"f:data\":{\".\":{},\"f:y\":{}}}",
         NULL},
        {APPLY, "b", "{\"data\":{\"x\":\"8\"}}", NULL, NULL, "conflict with \"a\": .data.x"},
        {APPLY, "b", "{\"data\":{\"x\":\"9\"}}", NULL,
         "a Apply {\"f:data\":{\"f:x\":{}}}; "
         "b Apply {\"f:data\":{\"f:x\":{}}}; c Update {\"f:data\":{\".\":{},\"f:y\":{}}}",
         NULL},
        /* Who stops to apply removes what nobody else owns. */
        {APPLY, "a", "{\"data\":{}}", "{\"data\":{\"x\":\"9\",\"y\":\"2\"}}",
         "a Apply {\"f:data\":{}}; "
         "b Apply {\"f:data\":{\"f:x\":{}}}; c Update {\"f:data\":{\".\":{},\"f:y\":{}}}",
         NULL},
        {APPLY, "b", "{\"data\":{\"z\":\"1\"}}", "{\"data\":{\"y\":\"2\",\"z\":\"1\"}}",
         "a Apply {\"f:data\":{}}; "
         "b Apply {\"f:data\":{\"f:z\":{}}}; c Update {\"f:data\":{\".\":{},\"f:y\":{}}}",
         NULL},
    };

    (void) state;
    run("v1", "ConfigMap", steps, COUNT_OF(steps));
}

#define NOTE "kubectl.kubernetes.io/last-applied-configuration"
#define NOTED(data, last) \
    "{\"metadata\":{\"annotations\":{\"" NOTE "\":\"" last "\"}},\"data\":" data "}"
#define LAST_X "{\\\"data\\\":{\\\"x\\\":\\\"1\\\"}}"

/* kubectl that begins to apply on the server's side conflicts with nobody about what it applied
 * on its own, as long as that is still so, and keeps its note of it. */
static void test_kubectl_changes_sides(void **state)
{
    static const struct step moves[] = {
        {CREATE, "kubectl-client-side-apply", NOTED("{\"x\":\"1\"}", LAST_X), NULL,
         "kubectl-client-side-apply Update "
         "{\"f:data\":{\".\":{},\"f:x\":{}},\"f:metadata\":{"
         "\"f:annotations\":{\".\":{},\"f:" NOTE "\":{}}}}",
         NULL},
        {APPLY, "other", "{\"metadata\":{\"name\":\"a\"},\"data\":{\"x\":\"2\"}}", NULL, NULL,
         "conflict with \"kubectl-client-side-apply\""},
        {APPLY, "kubectl", "{\"metadata\":{\"name\":\"a\"},\"data\":{\"x\":\"2\"}}",
         "{\"metadata\":{\"annotations\":{\"" NOTE
         "\":\"{\\\"data\\\":{\\\"x\\\":\\\"2\\\"},\\\"metadata\\\":{\\\"name\\\":\\\"a\\\"}}"
         "\\n"
         "\"},\"name\":\"a\"},\"data\":{\"x\":\"2\"}}",
         "kubectl Apply {\"f:data\":{\"f:x\":{}}}; "
         "kubectl-client-side-apply Update {\"f:data\":{},\"f:metadata\":{"
         "\"f:annotations\":{\".\":{},\"f:" NOTE "\":{}}}}",
         NULL},
    };
    static const struct step changed[] = {
        {CREATE, "kubectl-client-side-apply", NOTED("{\"x\":\"1\"}", LAST_X), NULL,
         "kubectl-client-side-apply Update "
         "{\"f:data\":{\".\":{},\"f:x\":{}},\"f:metadata\":{"
         "\"f:annotations\":{\".\":{},\"f:" NOTE "\":{}}}}",
         NULL},
        {UPDATE, "hand", NOTED("{\"x\":\"7\"}", LAST_X), NULL, NULL, NULL},
        {APPLY, "kubectl", "{\"metadata\":{\"name\":\"a\"},\"data\":{\"x\":\"2\"}}", NULL, NULL,
         "conflict with \"hand\" using v1"},
    };

    (void) state;
    run("v1", "ConfigMap", moves, COUNT_OF(moves));
    run("v1", "ConfigMap", changed, COUNT_OF(changed));
}

static void test_updates(void **state)
{
    static const struct step steps[] = {
        {CREATE, "c", "{\"data\":{\"x\":\"1\"}}", NULL,
         "c Update {\"f:data\":{\".\":{},\"f:x\":{}}}", NULL},
        {UPDATE, "d", "{\"data\":{\"x\":\"2\",\"y\":\"1\"}}", NULL,
         "c Update {\"f:data\":{}}; d Update {\"f:data\":{\"f:x\":{},\"f:y\":{}}}", NULL},
        {UPDATE, "d", "{\"data\":{\"y\":\"1\"}}", NULL,
         "c Update {\"f:data\":{}}; d Update {\"f:data\":{\"f:y\":{}}}", NULL},
        {UPDATE, "e", "{\"data\":{\"y\":\"1\"}}", NULL,
         "c Update {\"f:data\":{}}; d Update {\"f:data\":{\"f:y\":{}}}", NULL},
        {UPDATE, "e", "{\"metadata\":{\"managedFields\":[]},\"data\":{\"y\":\"1\"}}", NULL, "",
         NULL},
        {UPDATE, "e", "{\"data\":{\"y\":\"2\"}}", NULL, "", NULL},
        /* Nobody was named for it: who applies first does not win by surprise. */
        {APPLY, "a", "{\"data\":{\"y\":\"3\"}}", NULL, NULL,
         "conflict with \"before-first-apply\" using v1 at 2026-01-01T00:00:00Z: .data.y"},
        {FORCE, "a", "{\"data\":{\"y\":\"3\"}}", "{\"data\":{\"y\":\"3\"}}",
         "a Apply {\"f:data\":{\"f:y\":{}}}; before-first-apply Update {\"f:data\":{}}", NULL},
        {UPDATE, "e", "{\"metadata\":{\"managedFields\":[{}]},\"data\":{\"y\":\"3\"}}", NULL,
         "", NULL},
        /* kubectl moves what it owned by client-side apply. */
        {UPDATE, "m",
         "{\"metadata\":{\"managedFields\":[{\"manager\":\"k\",\"operation\":\"Apply\","
         "\"apiVersion\":\"v1\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:data\":{\"f:y\":"
         "{}}}}]},\"data\":{\"y\":\"3\"}}",
         NULL, "k Apply {\"f:data\":{\"f:y\":{}}}", NULL},
        {CREATE, "", "{\"data\":{\"x\":\"1\"}}", NULL, "", NULL},
    };

    (void) state;
    run("v1", "ConfigMap", steps, COUNT_OF(steps));
}

/* The eleventh who writes joins the two that have not written for longest. */
static void test_many_updaters(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct managed_writer w = {.subresource = STR(""),
                               .kind = object_kind_find(STR("v1"), STR("ConfigMap")),
                               .now = {.ms = 1767225600000}};
    struct json live = parsed(a, "{\"data\":{}}");
    const struct json *list;

    (void) state;
    for (int i = 0; i < 12; i++) {
        struct json made = json_set_path(a, &live, json_string(str_printf(a, "%d", i)), "data",
                                         str_printf(a, "k%d", i).ptr, NULL);

        w.manager = str_printf(a, "m%d", i);
        w.now.ms += 1000;
        live = managed_update(a, &w, i == 0 ? NULL : &live, &made);
    }
    list = json_path(&live, "metadata", "managedFields", NULL);
    assert_int_equal(list->count, MANAGED_UPDATERS_MAX);
    assert_true(str_is(json_get_str(&list->items[0], STR("manager")), "ancient-changes"));
    assert_true(str_is(json_get_str(&list->items[0], STR("time")), "2026-01-01T00:00:03Z"));
    assert_true(str_is(json_text(a, json_get(&list->items[0], STR("fieldsV1")), JSON_COMPACT),
                       "{\"f:data\":{\".\":{},\"f:k0\":{},\"f:k1\":{},\"f:k2\":{}}}"));
    assert_true(str_is(json_get_str(&list->items[9], STR("manager")), "m11"));
}

static void test_lists(void **state)
{
    static const struct step steps[] = {
        {APPLY, "a",
         "{\"spec\":{\"containers\":[{\"name\":\"m\",\"image\":\"1\",\"args\":[\"x\"]},"
         "{\"name\":\"w\",\"image\":\"1\"}]}}",
         NULL,
         "a Apply {\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"m\\\"}\":{\".\":{},"
         "\"f:args\":{},\"f:image\":{},\"f:name\":{}},\"k:{\\\"name\\\":\\\"w\\\"}\":{\".\":{},"
         "\"f:image\":{},\"f:name\":{}}}}}",
         NULL},
        {APPLY, "b", "{\"spec\":{\"containers\":[{\"name\":\"m\",\"image\":\"2\"}]}}", NULL,
         NULL, "conflict with \"a\": .spec.containers[name=\"m\"].image"},
        {APPLY, "b",
         "{\"spec\":{\"containers\":[{\"name\":\"m\",\"stdin\":true},{\"name\":\"n\"}]}}",
         "{\"spec\":{\"containers\":[{\"name\":\"m\",\"image\":\"1\",\"args\":[\"x\"],"
         "\"stdin\":"
         "true},{\"name\":\"w\",\"image\":\"1\"},{\"name\":\"n\"}]}}",
         "a Apply {\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"m\\\"}\":{\".\":{},"
         "\"f:args\":{},\"f:image\":{},\"f:name\":{}},\"k:{\\\"name\\\":\\\"w\\\"}\":{\".\":{},"
         "\"f:image\":{},\"f:name\":{}}}}}; b Apply "
         "{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"m\\\"}\":{\".\":{},\"f:name\":{}"
         ","
         "\"f:stdin\":{}},\"k:{\\\"name\\\":\\\"n\\\"}\":{\".\":{},\"f:name\":{}}}}}",
         NULL},
        {APPLY, "a", "{\"spec\":{\"containers\":[]}}",
         "{\"spec\":{\"containers\":[{\"name\":\"m\",\"stdin\":true},{\"name\":\"n\"}]}}",
         "a Apply {\"f:spec\":{\"f:containers\":{}}}; b Apply "
         "{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"m\\\"}\":{\".\":{},\"f:name\":{}"
         ","
         "\"f:stdin\":{}},\"k:{\\\"name\\\":\\\"n\\\"}\":{\".\":{},\"f:name\":{}}}}}",
         NULL},
    };
    static const struct step finalizers[] = {
        {APPLY, "a", "{\"metadata\":{\"finalizers\":[\"x\",\"y\"]}}",
         "{\"metadata\":{\"finalizers\":[\"x\",\"y\"]}}",
         "a Apply {\"f:metadata\":{\"f:finalizers\":{\"v:\\\"x\\\"\":{},\"v:\\\"y\\\"\":{}}}}",
         NULL},
        {APPLY, "b", "{\"metadata\":{\"finalizers\":[\"z\"]}}",
         "{\"metadata\":{\"finalizers\":[\"x\",\"y\",\"z\"]}}",
         "a Apply {\"f:metadata\":{\"f:finalizers\":{\"v:\\\"x\\\"\":{},\"v:\\\"y\\\"\":{}}}}; "
         "b Apply {\"f:metadata\":{\"f:finalizers\":{\"v:\\\"z\\\"\":{}}}}",
         NULL},
        {APPLY, "a", "{\"metadata\":{\"finalizers\":[\"y\"]}}",
         "{\"metadata\":{\"finalizers\":[\"y\",\"z\"]}}",
         "a Apply {\"f:metadata\":{\"f:finalizers\":{\"v:\\\"y\\\"\":{}}}}; "
         "b Apply {\"f:metadata\":{\"f:finalizers\":{\"v:\\\"z\\\"\":{}}}}",
         NULL},
    };
    /* Lists of Argo's kinds are one field. */
    static const struct step argo[] = {
        {APPLY, "a",
         "{\"spec\":{\"templates\":[{\"name\":\"x\"}]},\"status\":{\"phase\":\"\"}}", NULL,
         "a Apply {\"f:spec\":{\"f:templates\":{}}}", NULL},
        {APPLY, "b", "{\"spec\":{\"templates\":[{\"name\":\"y\"}]}}", NULL, NULL,
         "conflict with \"a\": .spec.templates"},
        {FORCE, "b", "{\"spec\":{\"templates\":[{\"name\":\"y\"}]}}",
         "{\"spec\":{\"templates\":[{\"name\":\"y\"}]},\"status\":{\"phase\":\"\"},"
         "\"metadata\":{}}",
         "b Apply {\"f:spec\":{\"f:templates\":{}}}", NULL},
    };

    (void) state;
    run("v1", "Pod", steps, COUNT_OF(steps));
    run("v1", "ConfigMap", finalizers, COUNT_OF(finalizers));
    run("argoproj.io/v1alpha1", "WorkflowTemplate", argo, COUNT_OF(argo) - 1);
}

/* What is written twice is the same but for its time. */
static void test_nothing_changes(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct managed_writer w = {.manager = STR("a"),
                               .subresource = STR(""),
                               .kind = object_kind_find(STR("v1"), STR("ConfigMap")),
                               .now = {.ms = 1767225600000}};
    struct json doc = parsed(a, "{\"metadata\":{\"name\":\"n\"},\"data\":{\"x\":\"1\"}}");
    struct json other = parsed(a, "{\"metadata\":{\"name\":\"n\"},\"data\":{}}");
    struct managed_applied once, twice;
    struct err err;

    (void) state;
    assert_int_equal(managed_apply(a, &w, NULL, &doc, &once, &err), 0);
    w.now.ms += 5000;
    assert_int_equal(managed_apply(a, &w, &once.doc, &doc, &twice, &err), 0);
    assert_true(
        str_eq(json_text(a, &once.doc, JSON_COMPACT), json_text(a, &twice.doc, JSON_COMPACT)));
    assert_true(managed_is_same(a, &once.doc, &twice.doc));
    assert_false(managed_is_same(a, &once.doc, &other));
    assert_false(managed_is_same(a, &once.doc, &doc));
}

/* A hostile object: very many managers, very many conflicts. */
static void test_limits(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf live = STRBUF_INIT(1 << 22), config = STRBUF_INIT(1 << 22);
    struct managed_writer w = {.manager = STR("a"),
                               .subresource = STR(""),
                               .kind = object_kind_find(STR("v1"), STR("ConfigMap"))};
    struct managed_applied applied;
    struct json doc, given;
    struct err err = {0};

    (void) state;
    strbuf_addz(&live, "{\"metadata\":{\"managedFields\":[{\"manager\":\"o\",\"operation\":"
                       "\"Update\",\"fieldsV1\":{\"f:data\":{\".\":{}");
    strbuf_addz(&config, "{\"data\":{\"x\":\"1\"");
    for (int i = 0; i < 5000; i++) {
        strbuf_addf(&live, ",\"f:k%d\":{}", i);
        strbuf_addf(&config, ",\"k%d\":\"1\"", i);
    }
    strbuf_addz(&live, "}}}");
    for (int i = 0; i < 5000; i++)
        strbuf_addf(&live, ",{\"manager\":\"m%d\",\"fieldsV1\":{\"f:data\":{\"f:k\":{}}}}", i);
    strbuf_addz(&live, "]}}");
    strbuf_addz(&config, "}}");
    assert_int_equal(json_parse(a, strbuf_str(&live), &doc, &err), 0);
    assert_int_equal(json_parse(a, strbuf_str(&config), &given, &err), 0);
    assert_int_equal(managed_apply(a, &w, &doc, &given, &applied, &err), -1);
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_int_equal(applied.conflicts.len, FIELD_FAULTS_MAX);
    w.is_forced = true;
    assert_int_equal(managed_apply(a, &w, &doc, &given, &applied, &err), 0);
    assert_int_equal(json_path(&applied.doc, "metadata", "managedFields", NULL)->count, 5001);
}

static void on_path(void *ctx, struct str path)
{
    strbuf_add(ctx, path);
    strbuf_addc(ctx, ' ');
}

static void test_sets(void **state)
{
    static const struct {
        const char *x, *y, *both, *minus, *common, *paths;
    } cases[] = {
        {"{}", "{}", "{}", "{}", "{}", " "},
        {"{\"f:a\":{}}", "{\"f:b\":{}}", "{\"f:a\":{},\"f:b\":{}}", "{\"f:a\":{}}", "{}",
         ".a .b "},
        {"{\"f:a\":{\".\":{},\"f:b\":{}}}", "{\"f:a\":{}}", "{\"f:a\":{\".\":{},\"f:b\":{}}}",
         "{\"f:a\":{\"f:b\":{}}}", "{\"f:a\":{}}", ".a .a.b "},
        {"{\"f:b\":{},\"f:a\":{\"v:1\":{}}}", "{\"f:b\":{}}",
         "{\"f:a\":{\"v:1\":{}},\"f:b\":{}}", "{\"f:a\":{\"v:1\":{}}}", "{\"f:b\":{}}",
         ".a[=1] .b "},
        {"{\"f:a\":{\"k:{\\\"n\\\":1,\\\"p\\\":\\\"t\\\"}\":{}}}", "{\"f:a\":{}}",
         "{\"f:a\":{\".\":{},\"k:{\\\"n\\\":1,\\\"p\\\":\\\"t\\\"}\":{}}}",
         "{\"f:a\":{\"k:{\\\"n\\\":1,\\\"p\\\":\\\"t\\\"}\":{}}}", "{}", ".a .a[n=1,p=\"t\"] "},
        {"7", "[]", "{}", "{}", "{}", ""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        _cleanup_strbuf_ struct strbuf paths = STRBUF_INIT(1000);
        struct json vx = parsed(a, cases[i].x), vy = parsed(a, cases[i].y);
        struct field_set x = field_set_parse(a, &vx), y = field_set_parse(a, &vy);
        struct field_set sets[] = {field_set_union(a, &x, &y), field_set_minus(a, &x, &y),
                                   field_set_common(a, &x, &y)};
        const char *wanted[] = {cases[i].both, cases[i].minus, cases[i].common};

        for (size_t n = 0; n < COUNT_OF(sets); n++) {
            struct json v = field_set_json(a, &sets[n]);

            if (!str_is(json_text(a, &v, JSON_COMPACT), wanted[n]))
                fail_msg("case %zu, set %zu: %s", i, n, json_text(a, &v, JSON_COMPACT).ptr);
        }
        field_set_walk(a, &sets[0], on_path, &paths);
        if (!str_is(strbuf_str(&paths), cases[i].paths))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(strbuf_str(&paths)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_applier),
        cmocka_unit_test(test_conflicts),
        cmocka_unit_test(test_kubectl_changes_sides),
        cmocka_unit_test(test_updates),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_many_updaters),
        cmocka_unit_test(test_nothing_changes),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests_name("managed", tests, NULL, NULL);
}
