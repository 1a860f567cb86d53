/* Tests of what a workflow says of its nodes, and of conditions and finalizers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "objects/object.h"
#include "objects/workflow_node.h"

static struct json parse(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

#define WORKFLOW                                                                            \
    "{\"spec\":{\"templates\":[{\"name\":\"t\",\"is\":\"own\"},{\"name\":\"s3\","           \
    "\"archiveLocation\":{\"archiveLogs\":true,\"s3\":{\"bucket\":\"b\",\"key\":\"k\"}}},{" \
    "\"name\":\"key\",\"archiveLocation\":{\"s3\":{\"key\":\"k\"}}}]},\"status\":{"         \
    "\"artifactRepositoryRef\":{\"artifactRepository\":{\"is\":\"repository\"}},"           \
    "\"storedTemplates\":{\"namespaced/lib/t\":{\"is\":\"lib\"},\"cluster/lib/t\":{\"is\":" \
    "\"cluster\"},\"namespaced/lib/x/t\":{\"is\":\"no\"}}"

static void test_templates(void **state)
{
    static const struct {
        const char *workflow, *node, *is;
    } cases[] = {
        {WORKFLOW "}}", "{\"templateName\":\"t\",\"templateScope\":\"local/w\"}", "own"},
        {WORKFLOW "}}", "{\"templateName\":\"t\"}", "own"},
        {WORKFLOW "}}", "{\"templateName\":\"t\",\"templateScope\":\"namespaced/lib\"}", "lib"},
        {WORKFLOW "}}", "{\"templateName\":\"t\",\"templateScope\":\"cluster/lib\"}",
         "cluster"},
        {WORKFLOW "}}", "{\"templateRef\":{\"name\":\"lib\",\"template\":\"t\"}}", "lib"},
        {WORKFLOW "}}",
         "{\"templateRef\":{\"name\":\"lib\",\"template\":\"t\",\"clusterScope\":true}}",
         "cluster"},
        {WORKFLOW "}}", "{\"templateRef\":{\"name\":\"lib\",\"template\":\"no\"}}", NULL},
        {WORKFLOW "}}", "{\"templateName\":\"no\"}", NULL},
        {WORKFLOW "}}", "{}", NULL},
        {WORKFLOW ",\"storedWorkflowTemplateSpec\":{\"templates\":[{\"name\":\"t\",\"is\":"
                  "\"merged\"}]}}}",
         "{\"templateName\":\"t\"}", "merged"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json workflow = parse(a, cases[i].workflow), node = parse(a, cases[i].node);
        struct str is = json_get_str(workflow_node_template(&workflow, &node), STR("is"));

        if (cases[i].is ? !str_is(is, cases[i].is) : !str_is_none(is))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(is));
    }
}

static void test_locations(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json workflow = parse(a, WORKFLOW "}}"), node;
    const struct json *location;

    (void) state;
    node = parse(a, "{\"templateName\":\"s3\"}");
    location = workflow_node_location(&workflow, &node);
    assert_true(str_is(json_str(json_path(location, "s3", "bucket", NULL)), "b"));
    node = parse(a, "{\"templateName\":\"key\"}"); /* a key says nothing of where */
    location = workflow_node_location(&workflow, &node);
    assert_true(str_is(json_get_str(location, STR("is")), "repository"));
    workflow = parse(a, "{}");
    assert_null(workflow_node_location(&workflow, &node));
}

static void check(struct arena *a, struct json doc, const char *want)
{
    struct str text = json_text(a, &doc, JSON_COMPACT);

    if (!str_is(text, want))
        fail_msg(STR_FMT "\nnot %s", STR_ARG(text), want);
}

static void test_finalizers(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc = parse(a, "{\"metadata\":{\"name\":\"n\"}}");

    (void) state;
    assert_false(object_has_finalizer(&doc, STR("x")));
    check(a, object_remove_finalizer(a, &doc, STR("x")), "{\"metadata\":{\"name\":\"n\"}}");
    doc = object_add_finalizer(a, &doc, STR("x"));
    doc = object_add_finalizer(a, &doc, STR("y"));
    doc = object_add_finalizer(a, &doc, STR("x"));
    check(a, doc, "{\"metadata\":{\"name\":\"n\",\"finalizers\":[\"x\",\"y\"]}}");
    assert_true(object_has_finalizer(&doc, STR("x")));
    doc = object_remove_finalizer(a, &doc, STR("x"));
    check(a, doc, "{\"metadata\":{\"name\":\"n\",\"finalizers\":[\"y\"]}}");
    doc = object_remove_finalizer(a, &doc, STR("y"));
    check(a, doc, "{\"metadata\":{\"name\":\"n\"}}");
}

static void test_conditions(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc = parse(a, "{\"status\":{\"phase\":\"p\"}}");

    (void) state;
    check(a, object_set_condition(a, &doc, "A", STR_NONE), "{\"status\":{\"phase\":\"p\"}}");
    doc = object_set_condition(a, &doc, "A", STR("one"));
    doc = object_set_condition(a, &doc, "B", STR("two"));
    doc = object_set_condition(a, &doc, "A", STR("three"));
    check(a, doc,
          "{\"status\":{\"phase\":\"p\",\"conditions\":[{\"type\":\"A\",\"status\":\"True\","
          "\"message\":\"three\"},{\"type\":\"B\",\"status\":\"True\",\"message\":\"two\"}]}}");
    doc = object_set_condition(a, &doc, "A", STR_NONE);
    doc = object_set_condition(a, &doc, "B", STR_NONE);
    check(a, doc, "{\"status\":{\"phase\":\"p\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_templates),
        cmocka_unit_test(test_locations),
        cmocka_unit_test(test_finalizers),
        cmocka_unit_test(test_conditions),
    };

    return cmocka_run_group_tests_name("workflow_node", tests, NULL, NULL);
}
