/* Tests of lint: references that lead nowhere, and what is said in argo's shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/lint.h"

static struct lint_documents read_all(struct arena *a, const char *text)
{
    struct lint_documents all = {0};
    struct object_documents docs;
    struct err err;

    if (object_read(a, STR("f.yaml"), str_from(text), &docs, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < docs.len; i++)
        VEC_APUSH(a, &all.list, docs.at[i]);
    return all;
}

/* The faults of the first document, a line each. */
static struct str faults_of(struct arena *a, const char *text)
{
    struct lint_documents all = read_all(a, text);
    struct field_faults faults = {0};
    struct str lines = STR("");

    lint_references(a, &all.list.at[0], &all, &faults);
    for (size_t i = 0; i < faults.len; i++)
        lines = str_printf(a, STR_FMT STR_FMT "\n", STR_ARG(lines),
                           STR_ARG(lint_fault_text(a, &all.list.at[0], &faults.at[i])));
    return lines;
}

#define HEAD(kind) \
    "apiVersion: argoproj.io/v1alpha1\nkind: " kind "\nmetadata: {name: n}\nspec:\n"
#define LIB                                                                                  \
    "---\napiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: lib}\n" \
    "spec:\n  templates:\n  - {name: x, container: {image: i}}\n"
#define CLUSTER_LIB                                                                           \
    "---\napiVersion: argoproj.io/v1alpha1\nkind: ClusterWorkflowTemplate\nmetadata: {name: " \
    "clib}\nspec:\n  templates:\n  - {name: x, container: {image: i}}\n"

static const struct reference_case {
    const char *name, *text, *want;
} reference_cases[] = {
    {"all is well",
     HEAD("Workflow") "  entrypoint: m\n  onExit: x\n  templates:\n"
                      "  - {name: m, steps: [[{name: a, template: x}]]}\n"
                      "  - {name: x, container: {image: i}}\n",
     ""},
    {"entrypoint and exit handler",
     HEAD("Workflow") "  entrypoint: m\n  onExit: z\n  templates: [{name: x}]\n",
     "5:15: template name 'm' undefined\n"},
    {"steps",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    steps:\n"
                      "    - - {name: a, template: z}\n    - - {name: b, template: m}\n"
                      "      - {name: c, template: w}\n",
     "9:29: templates.m.steps[0].a template name 'z' undefined\n"},
    {"tasks and what they depend on",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    dag:\n      tasks:\n"
                      "      - {name: a, template: z}\n"
                      "      - {name: b, template: m, dependencies: [a, c]}\n",
     "10:7: templates.m sorting failed: invalid dependency c\n"},
    {"hooks",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    steps:\n"
                      "    - - {name: a, template: m, hooks: {exit: {template: z}}}\n",
     ""},
    {"a name with a tag is known at run time",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    steps:\n"
                      "    - - {name: a, template: 't-{{item}}'}\n",
     "9:29: templates.m.steps[0].a template name 't-{{item}}' undefined\n"},
    {"names are unique",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - {name: m}\n  - {name: m}\n",
     "8:12: spec.templates[1].name 'm' is not unique\n"},
    {"a reference into another file",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    steps:\n    - - {name: "
                      "a, "
                      "templateRef: {name: lib, template: x}}\n      - {name: b, templateRef: "
                      "{name: clib, template: x, clusterScope: true}}\n" LIB CLUSTER_LIB,
     ""},
    {"to a template that it does not have",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    steps:\n    - - {name: "
                      "a, "
                      "templateRef: {name: lib, template: w}}\n" LIB,
     "9:32: templates.m.steps[0].a template reference lib.w not found\n"},
    {"to a file that is not given",
     HEAD("Workflow") "  entrypoint: m\n  templates:\n  - name: m\n    steps:\n    - - {name: "
                      "a, "
                      "templateRef: {name: lib, template: x, clusterScope: true}}\n" LIB,
     "9:32: templates.m.steps[0].a couldn't find cluster workflow template \"lib\": give the "
     "file that it is in, too\n"},
    {"a workflow made of a template",
     HEAD("Workflow") "  entrypoint: x\n  workflowTemplateRef: {name: lib}\n" LIB, ""},
    {"whose entrypoint it has not",
     HEAD("Workflow") "  entrypoint: w\n  workflowTemplateRef: {name: lib}\n" LIB,
     "6:24: template reference lib.w not found\n"},
    {"of a template that is not given",
     HEAD("Workflow") "  entrypoint: w\n  workflowTemplateRef: {name: lib}\n",
     "6:24: couldn't find workflow template \"lib\" in namespace \"\": give the file that it "
     "is in, too\n"},
    {"a template needs no entrypoint",
     HEAD(
         "WorkflowTemplate") "  templates:\n  - {name: m, steps: [[{name: a, template: z}]]}\n",
     "6:44: templates.m templates.m.steps[0].a template name 'z' undefined\n"},
    {"a cron workflow's workflow",
     HEAD("CronWorkflow") "  schedules: ['* * * * *']\n  workflowSpec:\n    entrypoint: z\n"
                          "    templates: [{name: m}]\n",
     "7:17: cannot validate Workflow: template name 'z' undefined\n"},
    {"nothing at all", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n",
     "spec.entrypoint is required\n"},
};

static void test_references(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF(reference_cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str got = faults_of(a, reference_cases[i].text);

        if (!str_is(got, reference_cases[i].want))
            fail_msg("%s: got:\n" STR_FMT "want:\n%s", reference_cases[i].name, STR_ARG(got),
                     reference_cases[i].want);
    }
}

static void test_names(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"kind: Workflow\nmetadata: {name: a, generateName: b-}\n", "\"a\" (Workflow)"},
        {"kind: Workflow\nmetadata: {generateName: b-}\n", "\"b-\" (Workflow)"},
        {"kind: CronWorkflow\n", "\"object #3\" (CronWorkflow)"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct lint_documents all = read_all(a, cases[i].text);

        assert_true(str_is(lint_object_name(a, &all.list.at[0], 2), cases[i].want));
    }
}

static void test_fault_texts(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct object_document doc = {.text = STR("ab\ncd\n")};
    const struct field_fault cases[] = {
        {.path = STR_INIT("spec.x"), .text = STR_INIT("is bad"), .pos = 4},
        {.path = STR_INIT(""), .text = STR_INIT("is bad"), .pos = 0},
        {.path = STR_INIT("spec.x"), .text = STR_INIT("is bad"), .pos = JSON_NO_POS},
    };
    static const char *const want[] = {"2:2: spec.x: is bad", "1:1: is bad", "spec.x: is bad"};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_true(str_is(lint_fault_text(a, &doc, &cases[i]), want[i]));
}

/* ---- what is said ---- */

static struct str said(struct arena *a, const struct lint_result *results, size_t count,
                       struct lint_style style, int want)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);

    for (size_t i = 0; i < count; i++)
        lint_print_result(&b, &results[i], &style);
    assert_int_equal(lint_print_summary(&b, results, count, &style), want);
    return str_copy(a, strbuf_str(&b));
}

static void test_output(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str one[] = {STR("in \"x\" (Workflow): 1:2: bad")},
               two[] = {STR("in \"y\" (Workflow): worse"), STR("in \"z\" (Workflow): worst")};
    const struct lint_result good = {.file = STR_INIT("good.yaml"), .is_linted = true},
                             other = {.file = STR_INIT("other.yaml")};
    struct lint_result bad = {.file = STR_INIT("a.yaml"), .is_linted = true},
                       worse = {.file = STR_INIT("b.yaml"), .is_linted = true};
    const struct lint_style pretty = {.output = LINT_PRETTY}, simple = {.output = LINT_SIMPLE},
                            colored = {.output = LINT_PRETTY, .has_color = true};

    (void) state;
    bad.errors.at = one;
    bad.errors.len = COUNT_OF(one);
    worse.errors.at = two;
    worse.errors.len = COUNT_OF(two);
    const struct lint_result results[] = {bad, good, worse};

    assert_true(str_is(said(a, &good, 1, pretty, 0), "✔ no linting errors found!\n"));
    assert_true(str_is(said(a, &good, 1, simple, 0), "no linting errors found!\n"));
    assert_true(
        str_is(said(a, &good, 1, colored, 0), "\x1b[32m✔\x1b[0m no linting errors found!\n"));
    assert_true(str_is(said(a, &other, 1, pretty, 1),
                       "✖ found nothing to lint in the specified paths, failing...\n"));
    assert_true(str_is(said(a, &other, 1, simple, 1),
                       "found nothing to lint in the specified paths, failing...\n"));
    assert_true(str_is(said(a, results, 3, pretty, 1),
                       "a.yaml:\n   ✖ in \"x\" (Workflow): 1:2: bad\n\n"
                       "b.yaml:\n   ✖ in \"y\" (Workflow): worse\n"
                       "   ✖ in \"z\" (Workflow): worst\n\n"
                       "✖ 3 linting errors found!\n"));
    assert_true(str_is(said(a, results, 3, simple, 1), "a.yaml: in \"x\" (Workflow): 1:2: bad\n"
                                                       "b.yaml: in \"y\" (Workflow): worse\n"
                                                       "b.yaml: in \"z\" (Workflow): worst\n"));
    assert_true(str_is(said(a, &bad, 1, colored, 1),
                       "\x1b[4ma.yaml\x1b[0m:\n   \x1b[31m✖\x1b[0m in \"x\" (Workflow): 1:2: "
                       "bad\n\n\x1b[31m✖ 1 linting errors found!\x1b[0m\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references), cmocka_unit_test(test_names),
        cmocka_unit_test(test_fault_texts), cmocka_unit_test(test_output)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
