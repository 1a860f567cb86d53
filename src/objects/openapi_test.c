/* Tests of the OpenAPI documents: every reference leads somewhere, every kind has its path and
 * schema, what kubectl looks for is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "objects/openapi.h"

/* Counts the references; each must lead to one of @schemas. */
static size_t check_references(const struct json *v, struct str prefix,
                               const struct json *schemas)
{
    struct str ref = json_get_str(v, STR("$ref"));
    size_t count = 0;

    if (!str_is_none(ref)) {
        if (!str_starts(ref, prefix) || !json_get(schemas, str_skip(ref, prefix.len)))
            fail_msg(STR_FMT " leads nowhere", STR_ARG(ref));
        count++;
    }
    for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->count; i++)
        count += check_references(&v->members[i].value, prefix, schemas);
    for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->count; i++)
        count += check_references(&v->items[i], prefix, schemas);
    return count;
}

static bool is_of_kind(const struct json *schema, const struct object_kind *k)
{
    const struct json *gvk =
        json_item(json_get(schema, STR("x-kubernetes-group-version-kind")), 0);

    return str_is(json_get_str(gvk, STR("kind")), k->kind) &&
           str_is(json_get_str(gvk, STR("version")), k->version) &&
           str_is(json_get_str(gvk, STR("group")), k->group);
}

static void check_kind(struct arena *a, const struct json *doc, const struct json *schemas,
                       const struct object_kind *k)
{
    struct str path =
        str_printf(a, "/api%s%s/%s/%s%s/{name}", k->group[0] ? "s/" : "", k->group, k->version,
                   k->is_namespaced ? "namespaces/{namespace}/" : "", k->plural);
    const struct json *patch =
        json_get(json_get(json_get(doc, STR("paths")), path), STR("patch"));
    size_t found = 0;

    for (uint32_t i = 0; i < schemas->count; i++)
        found += is_of_kind(&schemas->members[i].value, k);
    assert_int_equal(found, 1);
    if (k->is_unbuilt) {
        assert_null(patch);
        return;
    }
    assert_non_null(patch);
    assert_true(str_find(json_text(a, patch, JSON_COMPACT), STR("\"name\":\"dryRun\"")) !=
                SIZE_MAX);
    assert_true(str_find(json_text(a, patch, JSON_COMPACT),
                         STR("\"name\":\"fieldValidation\"")) != SIZE_MAX);
}

static void test_v3(void **state)
{
    size_t count;
    const struct object_kind *all = object_kinds(&count);

    (void) state;
    for (size_t i = 0; i < count; i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = openapi_v3(a, all[i].group, all[i].version);
        const struct json *schemas = json_path(&doc, "components", "schemas", NULL);

        assert_true(check_references(&doc, STR("#/components/schemas/"), schemas) > 0);
        check_kind(a, &doc, schemas, &all[i]);
    }
}

static void test_v2(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc = openapi_v2(a);
    const struct json *schemas = json_get(&doc, STR("definitions"));
    size_t count;
    const struct object_kind *all = object_kinds(&count);

    (void) state;
    assert_true(check_references(&doc, STR("#/definitions/"), schemas) > 100);
    for (size_t i = 0; i < count; i++)
        check_kind(a, &doc, schemas, &all[i]);
    all = object_aliases(&count);
    for (size_t i = 0; i < count; i++)
        check_kind(a, &doc, schemas, &all[i]);
}

/* The document of a version has its kinds and no others. */
static void test_aliases(void **state)
{
    size_t count;
    const struct object_kind *all = object_aliases(&count);

    (void) state;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = openapi_v3(a, all[i].group, all[i].version);
        const struct json *schemas = json_path(&doc, "components", "schemas", NULL);
        struct str text = json_text(a, &doc, JSON_COMPACT);

        assert_true(check_references(&doc, STR("#/components/schemas/"), schemas) > 0);
        check_kind(a, &doc, schemas, &all[i]);
        assert_true(str_find(text, STR("batch/v1/")) == SIZE_MAX);
        assert_true(str_find(text, STR("batch.v1.")) == SIZE_MAX);
    }
}

/* What a client reads of a member, by its place below a schema. */
static void test_members(void **state)
{
    static const struct {
        const char *group, *version, *schema, *member, *part;
    } cases[] = {
        {"argoproj.io", "v1alpha1", "io.argoproj.workflow.v1alpha1.Workflow", "spec",
         "\"allOf\":[{\"$ref\":\"#/components/schemas/io.argoproj.workflow.v1alpha1."
         "WorkflowSpec\"}]"},
        {"argoproj.io", "v1alpha1", "io.argoproj.workflow.v1alpha1.WorkflowSpec", "templates",
         "\"type\":\"array\",\"items\":{\"allOf\":"},
        {"", "v1", "io.k8s.api.core.v1.PodSpec", "containers",
         "\"x-kubernetes-patch-strategy\":\"merge\",\"x-kubernetes-patch-merge-key\":\"name\""},
        {"", "v1", "io.k8s.api.core.v1.ObjectMeta", "finalizers",
         "\"x-kubernetes-list-type\":\"set\""},
        {"", "v1", "io.k8s.api.core.v1.ConfigMap", "data",
         "\"additionalProperties\":{\"type\":\"string\"}"},
        {"coordination.k8s.io", "v1", "io.k8s.api.coordination.v1.Lease", "spec", "LeaseSpec"},
        {"batch", "v1", "io.k8s.api.batch.v1.CronJob", "spec", "batch.v1.CronJobSpec"},
        {"batch", "v1beta1", "io.k8s.api.batch.v1beta1.CronJob", "spec",
         "batch.v1beta1.CronJobSpec"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = openapi_v3(a, cases[i].group, cases[i].version);
        const struct json *v = json_path(&doc, "components", "schemas", cases[i].schema,
                                         "properties", cases[i].member, NULL);

        if (!v || str_find(json_text(a, v, JSON_COMPACT), str_from(cases[i].part)) == SIZE_MAX)
            fail_msg("case %zu: %s", i, v ? json_text(a, v, JSON_COMPACT).ptr : "none");
        if (strcmp(cases[i].group, "argoproj.io") == 0)
            assert_null(json_get(v, STR("x-kubernetes-patch-strategy")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v3),
        cmocka_unit_test(test_v2),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_members),
    };

    return cmocka_run_group_tests_name("openapi", tests, NULL, NULL);
}
