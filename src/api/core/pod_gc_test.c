/* Which ended pods podGC lets go: strategies by phases, and labels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/core/pod_gc.h"
#include "base/mem.h"
#include "formats/yaml.h"

static struct json parse(struct arena *a, struct str text)
{
    struct json ret;
    struct err err;

    if (yaml_parse(a, text, &ret, &err) < 0)
        fail_msg("%s: " STR_FMT, err.text, STR_ARG(text));
    return ret;
}

static bool is_collected(const char *spec, const char *of_workflow, const char *of_node)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json workflow = parse(
        a, str_printf(a, "{spec: {%s}, status: {phase: %s}}", spec, of_workflow));
    struct json node = parse(a, str_printf(a, "{type: Pod, phase: %s}", of_node));
    struct json labels = parse(a, STR("{colour: red}"));

    return api_pod_is_collected(a, &workflow, &node, &labels);
}

static void test_strategies(void **state)
{
    static const char *const runs[][2] = {/* of the workflow, of the node */
                                          {"Running", "Running"},   {"Running", "Succeeded"},
                                          {"Running", "Failed"},    {"Failed", "Error"},
                                          {"Failed", "Succeeded"},  {"Succeeded", "Failed"},
                                          {"Succeeded", "Succeeded"}};
    static const struct {
        const char *strategy;
        const char *gone; /* by run */
    } cases[] = {
        {"", "-------"},
        {"podGC: {}", "-------"},
        {"podGC: {strategy: OnPodCompletion}", "-xxxxxx"},
        {"podGC: {strategy: OnPodSuccess}", "-x--x-x"},
        {"podGC: {strategy: OnWorkflowCompletion}", "---xxxx"},
        {"podGC: {strategy: OnWorkflowSuccess}", "-----xx"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t k = 0; k < COUNT_OF(runs); k++)
            if (is_collected(cases[i].strategy, runs[k][0], runs[k][1]) !=
                (cases[i].gone[k] == 'x'))
                fail_msg("%s, %s, %s", cases[i].strategy, runs[k][0], runs[k][1]);
}

#define BY(selector) "podGC: {strategy: OnPodCompletion, labelSelector: {" selector "}}"

static void test_labels(void **state)
{
    (void) state;
    assert_true(is_collected(BY(""), "Running", "Succeeded"));
    assert_true(is_collected(BY("matchLabels: {colour: red}"), "Running", "Succeeded"));
    assert_false(is_collected(BY("matchLabels: {colour: blue}"), "Running", "Succeeded"));
    assert_true(is_collected(BY("matchExpressions: [{key: colour, operator: Exists}]"),
                             "Running", "Succeeded"));
    assert_false(is_collected(BY("matchExpressions: [{key: size, operator: Exists}]"),
                              "Running", "Succeeded"));
    assert_false(is_collected(BY("matchLabels: {colour: 7}"), "Running", "Succeeded"));
}

/* What is run is the template's spec, when the workflow refers to one. */
static void test_spec_of_a_template(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json workflow =
        parse(a, STR("{spec: {workflowTemplateRef: {name: t}}, status: {phase: Failed, "
                     "storedWorkflowTemplateSpec: {podGC: {strategy: OnWorkflowCompletion}}}}"));
    struct json node = parse(a, STR("{type: Pod, phase: Failed}"));

    (void) state;
    assert_true(api_pod_is_collected(a, &workflow, &node, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strategies),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_spec_of_a_template),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
