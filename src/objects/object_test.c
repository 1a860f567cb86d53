/* Manifests with their positions, the rules of names, kinds, and what creation adds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "objects/object.h"

static void test_kinds(void **state)
{
    size_t count;
    const struct object_kind *kinds = object_kinds(&count);

    (void) state;
    assert_true(count >= 23);
    for (size_t i = 0; i < count; i++) {
        struct str group = str_from(kinds[i].group);

        assert_ptr_equal(object_kind_by_plural(group, str_from(kinds[i].plural)), &kinds[i]);
        for (const char *const *name = kinds[i].short_names; *name; name++)
            assert_ptr_equal(object_kind_by_plural(group, str_from(*name)), &kinds[i]);
    }
    assert_string_equal(object_kind_find(STR("argoproj.io/v1alpha1"), STR("EventBus"))->plural,
                        "eventbus");
    assert_string_equal(object_kind_find(STR("v1"), STR("Secret"))->plural, "secrets");
    assert_null(object_kind_find(STR("argoproj.io/v1"), STR("Workflow")));
    assert_string_equal(object_kind_by_plural(STR_NONE, STR("wf"))->kind, "Workflow");
}

static void test_reading(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct object_documents docs;
    struct err err;

    (void) state;
    assert_int_equal(object_read(a, STR("x.yaml"),
                                 STR("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  "
                                     "kind: Secret\n  metadata: {name: a}\n---\n"
                                     "apiVersion: argoproj.io/v1alpha1\nkind: "
                                     "Workflow\nmetadata: {generateName: b-}\n"),
                                 &docs, &err),
                     0);
    assert_int_equal(docs.len, 2);
    assert_string_equal(docs.at[0].kind->kind, "Secret");
    assert_string_equal(docs.at[1].kind->kind, "Workflow");
}

static void test_errors_name_the_place(void **state)
{
    static const char *const cases[][2] = {
        {"kind: Secret\n  x: 1\n",
         "x.yaml:2:4: mapping values are not allowed in this context"},
        {"a: 1\nb: 2\na: 3\n", "x.yaml:3:1: key is given twice in this mapping: a"},
        {"- 1\n", "x.yaml:1:1: a document must be an object with apiVersion and kind"},
        {"{\"kind\": \"Secret\",\n \"a\": [1", "x.yaml:2:9: unexpected end of JSON input"},
        {"{kind: Secret, a: [1", "x.yaml:2:1: did not find expected ',' or ']' while parsing a "
                                 "flow sequence that begins in line 1, column 19"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct object_documents docs;
        struct err err = {0};

        if (object_read(a, STR("x.yaml"), str_from(cases[i][0]), &docs, &err) == 0 ||
            strcmp(err.text, cases[i][1]) != 0)
            fail_msg("case %zu: %s", i, err.text);
    }
}

/* What a slip becomes on its way through YAML, and what Argo Workflows 3 had: told with what
 * was written, and with the cure. */
static void test_mends(void **state)
{
    static const char *const cases[][2] = {
        {"kind: CronWorkflow\nspec: {timezone: n, schedules: ['* * * * *'], workflowSpec: {}}",
         "x.yaml:4:18: spec.timezone: expected text, found false: write it in quotes (YAML "
         "reads "
         "n as false)"},
        {"kind: CronWorkflow\nspec: {timezone: On, schedules: ['* * * * *'], workflowSpec: {}}",
         "x.yaml:4:18: spec.timezone: expected text, found true: write it in quotes (YAML "
         "reads "
         "On as true)"},
        {"kind: CronWorkflow\nspec: {timezone: TRUE, schedules: ['* * * * *'], workflowSpec: "
         "{}}",
         "x.yaml:4:18: spec.timezone: expected text, found true: write it in quotes"},
        {"kind: CronWorkflow\nspec: {schedule: x, schedules: ['* * * * *'], workflowSpec: {}}",
         "x.yaml:4:8: spec.schedule: unknown field \"schedule\", did you mean \"schedules\"? "
         "That "
         "is a list; 'convert' rewrites manifests of Argo Workflows 3"},
        {"kind: Workflow\nspec: {synchronization: {mutex: {name: a}}}",
         "x.yaml:4:26: spec.synchronization.mutex: unknown field \"mutex\", did you mean "
         "\"mutexes\"? That is a list; 'convert' rewrites manifests of Argo Workflows 3"},
        {"kind: Workflow\nspec: {synchronization: {mutexs: []}}",
         "x.yaml:4:26: spec.synchronization.mutexs: unknown field \"mutexs\", did you mean "
         "\"mutexes\"?"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str text = str_printf(
            a, "apiVersion: argoproj.io/v1alpha1\nmetadata: {name: a}\n%s\n", cases[i][0]);
        struct field_faults faults = {0};
        struct object_documents docs;
        struct err err = {0};

        assert_int_equal(object_read(a, STR("x.yaml"), text, &docs, &err), 0);
        assert_false(object_check(a, &docs.at[0], &faults));
        object_faults_err(a, &docs.at[0], &faults, &err);
        if (!str_starts(str_from(err.text), str_from(cases[i][1])))
            fail_msg("case %zu: %s", i, err.text);
    }
}

/* A broken rule of a sensor stands at its trigger or dependency, an unknown kind at its name.
 */
static void test_places(void **state)
{
    static const char *const cases[][2] = {
        {"kind: Sensor\nspec:\n  dependencies: [{name: d, eventSourceName: s, eventName: e}]\n"
         "  triggers:\n  - template: {name: a, log: {}}\n  - template: {name: b, log: {}}\n"
         "    dlqTrigger: {template: {name: c, log: {}}}",
         "x.yaml:8:5: spec.triggers[1]: to use dlqTrigger, trigger.atLeastOnce must be set to "
         "true"},
        {"kind: Sensor\nspec:\n  dependencies:\n  - {name: d, eventSourceName: s, eventName: "
         "e}\n"
         "  - {name: '', eventSourceName: s, eventName: e}\n"
         "  triggers:\n  - template: {name: a, log: {}}",
         "x.yaml:7:5: spec.dependencies[1]: event dependency must define a name"},
        {"kind: Sensor\nspec:\n  dependencies:\n  - {name: d, eventSourceName: s, eventName: "
         "e}\n"
         "  triggers: []",
         "x.yaml:5:3: spec: no triggers found"},
        {"kind: WorkFlow",
         "x.yaml:3:7: kind: no kind WorkFlow in argoproj.io/v1alpha1: did you "
         "mean \"Workflow\"?"},
        {"kind: Deployment", "x.yaml:3:7: kind: no kind Deployment in argoproj.io/v1alpha1"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str text = str_printf(
            a, "apiVersion: argoproj.io/v1alpha1\nmetadata: {name: a}\n%s\n", cases[i][0]);
        struct field_faults faults = {0};
        struct object_documents docs;
        struct err err = {0};

        assert_int_equal(object_read(a, STR("x.yaml"), text, &docs, &err), 0);
        assert_false(object_check(a, &docs.at[0], &faults));
        object_faults_err(a, &docs.at[0], &faults, &err);
        if (strcmp(err.text, cases[i][1]) != 0)
            fail_msg("case %zu: %s", i, err.text);
    }
}

static void test_names(void **state)
{
    static const char *const cases[][2] = {
        {"metadata: {name: Hello}", "x.yaml:3:18: metadata.name: name \"Hello\" has upper-case "
                                    "letters: object names are lower case, write \"hello\""},
        {"metadata: {name: a_b}",
         "x.yaml:3:18: metadata.name: Invalid value: \"a_b\": a lowercase RFC 1123 subdomain "
         "must consist of lower case alphanumeric "
         "characters, '-' or '.', and must start and end with an alphanumeric character"},
        {"metadata: {}",
         "x.yaml:3:11: metadata.name: Required value: name or generateName is required"},
        {"metadata: {name: good-1.x}", ""},
        {"metadata: {generateName: x-}", ""},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str text = str_printf(a, "apiVersion: v1\nkind: Secret\n%s\n", cases[i][0]);
        struct field_faults faults = {0};
        struct object_documents docs;
        struct err err = {0};

        assert_int_equal(object_read(a, STR("x.yaml"), text, &docs, &err), 0);
        if (object_check(a, &docs.at[0], &faults) != (cases[i][1][0] == '\0'))
            fail_msg("case %zu: wrong verdict", i);
        if (faults.len > 0)
            object_faults_err(a, &docs.at[0], &faults, &err);
        if (strcmp(err.text, cases[i][1]) != 0)
            fail_msg("case %zu: %s", i, err.text);
    }
}

static void test_many_faults(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str text = STR("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: A}\n");
    struct field_faults faults = {0};
    struct object_documents docs;
    struct err err = {0};

    (void) state;
    for (int i = 0; i < 40; i++)
        text = str_printf(a, STR_FMT "xx%d: 1\n", STR_ARG(text), i);
    assert_int_equal(object_read(a, STR("x.yaml"), text, &docs, &err), 0);
    assert_false(object_check(a, &docs.at[0], &faults));
    assert_int_equal(faults.len, 41);
    assert_int_equal(object_faults_err(a, &docs.at[0], &faults, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    text = str_from(err.text);
    assert_true(str_starts(text, STR("x.yaml:3:18: metadata.name: name \"A\" has upper-case "
                                     "letters: object names are lower case, write \"a\"; "
                                     "x.yaml:4:1: xx0: unknown field \"xx0\"; x.yaml:5:1: ")));
    assert_true(
        str_ends(text, STR("; x.yaml:25:1: xx21: unknown field \"xx21\"; and 18 more")));
}

static void test_preparing(void **state)
{
    static const uint8_t random[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    _cleanup_arena_ struct arena *a = arena_new();
    const struct object_kind *kind =
        object_kind_find(STR("argoproj.io/v1alpha1"), STR("Workflow"));
    struct json doc, made;
    struct err err;

    (void) state;
    assert_int_equal(
        json_parse(a,
                   STR("{\"metadata\":{\"generateName\":\"x-\",\"resourceVersion\":\"5\"},"
                       "\"status\":{\"phase\":\"Succeeded\"}}"),
                   &doc, &err),
        0);
    assert_int_equal(
        object_prepare(a, kind, &doc, STR("argo"), 1767323045000, random, &made, &err), 0);
    assert_true(str_is(json_text(a, &made, 0),
                       "{\"metadata\":{\"generateName\":\"x-\",\"uid\":\"01020304-0506-4708-"
                       "890a-0b0c0d0e0f10\",\"name\":\"x-cdfgh\",\"namespace\":\"argo\","
                       "\"creationTimestamp\":\"2026-01-02T03:04:05Z\",\"generation\":1}}"));
    doc = json_set_path(a, &doc, json_string(STR("other")), "metadata", "namespace", NULL);
    assert_int_equal(object_prepare(a, kind, &doc, STR("argo"), 0, random, &made, &err), -1);
    assert_string_equal(err.text, "the namespace of the provided object does not match the "
                                  "namespace sent on the request");
}

/* CVE-2026-31892: who may write a status gives a running workflow no other spec: what it
 * refers to was frozen there when it was submitted. */
static void test_CVE_2026_31892_what_is_frozen_stays(void **state)
{
    static const char *const stored =
        "{\"kind\":\"Workflow\",\"metadata\":{\"name\":\"w\"},\"spec\":{"
        "\"workflowTemplateRef\":{"
        "\"name\":\"t\"}},\"status\":{\"phase\":\"Running\",\"storedWorkflowTemplateSpec\":{"
        "\"entrypoint\":\"a\"}}}";
    static const char *const given =
        "{\"kind\":\"Workflow\",\"metadata\":{\"name\":\"w\"},\"spec\":{\"podSpecPatch\":\"x\"}"
        ","
        "\"status\":{\"phase\":\"Failed\",\"storedWorkflowTemplateSpec\":{\"entrypoint\":\"a\","
        "\"podSpecPatch\":\"x\"},\"storedTemplates\":{\"x\":{}}}}";
    const struct object_kind *kind =
        object_kind_find(STR("argoproj.io/v1alpha1"), STR("Workflow"));
    _cleanup_arena_ struct arena *a = arena_new();
    struct json was, is, made;
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, str_from(stored), &was, &err), 0);
    assert_int_equal(json_parse(a, str_from(given), &is, &err), 0);
    made = object_settle(a, kind, &was, &is, STR("status"));
    assert_true(str_is(json_text(a, json_get(&made, STR("status")), JSON_SORT_KEYS),
                       "{\"phase\":\"Failed\",\"storedWorkflowTemplateSpec\":{\"entrypoint\":"
                       "\"a\"}}"));
    assert_null(json_path(&made, "spec", "podSpecPatch", NULL));
    made = object_settle(a, kind, &was, &is, STR(""));
    assert_true(json_equal(json_get(&made, STR("status")), json_get(&was, STR("status"))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_errors_name_the_place),
        cmocka_unit_test(test_mends),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_CVE_2026_31892_what_is_frozen_stays),
        cmocka_unit_test(test_many_faults),
        cmocka_unit_test(test_preparing),
    };

    return cmocka_run_group_tests_name("objects", tests, NULL, NULL);
}
