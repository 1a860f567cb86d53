/* Tests of objects/cron_workflow.h: schedules with their zone, rules in upstream's words, the
 * Workflow that is made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/yaml.h"
#include "objects/cron_workflow.h"

static struct json yaml(struct arena *a, const char *text)
{
    struct json doc;
    struct err err;

    if (yaml_parse(a, str_from(text), &doc, &err) < 0)
        fail_msg("%s: %s", err.text, text);
    return doc;
}

/* ---- schedules ---- */

static void test_schedules(void **state)
{
    /* spec, all of them, the second */
    static const char *const cases[][3] = {
        {"{schedules: [a]}", "a", NULL},
        {"{schedules: [a, b]}", "a,b", "b"},
        {"{schedules: [a, b], timezone: Asia/Seoul}",
         "CRON_TZ=Asia/Seoul a,CRON_TZ=Asia/Seoul b", "CRON_TZ=Asia/Seoul b"},
        {"{schedules: [a, ''], timezone: ''}", "a,", ""},
        {"{schedules: []}", "", NULL},
        {"{}", "", NULL},
        {"{schedules: a}", "", NULL},
        {"{schedules: [1]}", "", NULL},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json cron = yaml(a, str_printf(a, "spec: %s\n", cases[i][0]).ptr);
        struct str second = object_cron_schedule(a, &cron, 1);

        if (!str_is(object_cron_schedules(a, &cron), cases[i][1]) ||
            (cases[i][2] ? !str_is(second, cases[i][2]) : !str_is_none(second)))
            fail_msg("%s: " STR_FMT, cases[i][0], STR_ARG(second));
    }
}

/* ---- rules ---- */

static void test_rules(void **state)
{
    /* name, spec, what is wrong, or "" */
    static const char *const cases[][3] = {
        {"c", "{schedules: ['* * * * *']}", ""},
        {"c", "{schedules: ['@hourly', '@every 1s'], timezone: America/New_York}", ""},
        {"c", "{schedules: ['TZ=Asia/Tokyo @daily']}", ""},
        {"c", "{schedules: [x], timezone: Nowhere}",
         "cron schedule x is malformed: expected exactly 5 fields, found 1: [x]"},
        {"c", "{schedules: ['* * * * *', '']}",
         "cron schedule  is malformed: empty spec string"},
        {"c", "{schedules: [5]}", "cron schedule  is malformed: empty spec string"},
        {"c", "{}", "cron workflow must have at least one schedule"},
        {"c", "{schedules: ['@reboot']}",
         "cron schedule @reboot is malformed: unrecognized descriptor: @reboot"},
        {"c", "{schedules: ['@daily'], timezone: Asia/Soul}",
         "invalid timezone \"Asia/Soul\": unknown time zone Asia/Soul"},
        {"c", "{schedules: ['@daily'], timezone: ../x}",
         "invalid timezone \"../x\": time: invalid location name"},
        {"c", "{schedules: ['TZ=UTC @daily'], timezone: UTC}",
         "cron schedule CRON_TZ=UTC TZ=UTC @daily is malformed: expected exactly 5 fields, "
         "found "
         "2: [TZ=UTC @daily]"},
        {"c", "{schedules: ['@daily'], concurrencyPolicy: allow}",
         "'allow' is not a valid concurrencyPolicy"},
        {"c", "{schedules: ['@daily'], concurrencyPolicy: ''}", ""},
        {"c", "{schedules: ['@daily'], concurrencyPolicy: Replace}", ""},
        {"c", "{schedules: ['@daily'], startingDeadlineSeconds: -1}",
         "startingDeadlineSeconds must be positive"},
        {"c", "{schedules: ['@daily'], startingDeadlineSeconds: 0}", ""},
        {"c123456789-123456789-123456789-123456789-123456789-1", "{schedules: ['@daily']}", ""},
        {"c123456789-123456789-123456789-123456789-123456789-12", "{schedules: ['@daily']}",
         "cron workflow name \"c123456789-123456789-123456789-123456789-123456789-12\" must "
         "not be "
         "more than 52 characters long (currently 53)"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json cron = yaml(
            a, str_printf(a, "metadata: {name: %s}\nspec: %s\n", cases[i][0], cases[i][1]).ptr);
        struct err err = {0};

        if (object_cron_check(&cron, &err) != (cases[i][2][0] ? -1 : 0) ||
            strcmp(err.text, cases[i][2]) != 0)
            fail_msg("%s, not %s", err.text, cases[i][2]);
    }
}

/* ---- the workflow ---- */

#define OWNER                                                                   \
    "ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: CronWorkflow, " \
    "name: c, uid: u, controller: true, blockOwnerDeletion: true}]"
#define MADE(meta, spec)                                                                      \
    "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {" meta ", " OWNER "}" spec \
    "}"

static void test_run(void **state)
{
    /* metadata and spec of the cron workflow, name, time, the workflow */
    static const struct {
        const char *meta, *spec, *name, *time, *want;
    } cases[] = {
        {"", "{workflowSpec: {entrypoint: a}}", "c-60", "1970-01-01T00:01:00Z",
         MADE("name: c-60, namespace: ns, labels: {workflows.argoproj.io/cron-workflow: c}, "
              "annotations: {workflows.argoproj.io/scheduled-time: '1970-01-01T00:01:00Z'}",
              ", spec: {entrypoint: a}")},
        {"", "{workflowSpec: {}}", "", "",
         MADE("generateName: c-, namespace: ns, labels: {workflows.argoproj.io/cron-workflow: "
              "c}",
              ", spec: {}")},
        {"", "{}", "", "",
         MADE("generateName: c-, namespace: ns, labels: {workflows.argoproj.io/cron-workflow: "
              "c}",
              "")},
        {", labels: {a: b, workflows.argoproj.io/creator: me, "
         "workflows.argoproj.io/controller-instanceid: i}, annotations: {x: y}",
         "{workflowSpec: {}}", "run", "",
         MADE("name: run, namespace: ns, labels: {workflows.argoproj.io/cron-workflow: c, "
              "workflows.argoproj.io/creator: me, "
              "workflows.argoproj.io/controller-instanceid: i}",
              ", spec: {}")},
        {"",
         "{workflowSpec: {}, workflowMetadata: {labels: {a: b, "
         "workflows.argoproj.io/cron-workflow: other}, annotations: {x: y}, finalizers: [f]}}",
         "run", "t",
         MADE("name: run, namespace: ns, labels: {a: b, workflows.argoproj.io/cron-workflow: "
              "other}, annotations: {workflows.argoproj.io/scheduled-time: t, x: y}, "
              "finalizers: [f]",
              ", spec: {}")},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json cron =
            yaml(a, str_printf(a, "metadata: {name: c, namespace: ns, uid: u%s}\nspec: %s\n",
                               cases[i].meta, cases[i].spec)
                        .ptr);
        struct json want = yaml(a, cases[i].want);
        struct json is =
            object_cron_run(a, &cron, str_from(cases[i].name), str_from(cases[i].time));

        if (!json_equal(&is, &want))
            fail_msg(STR_FMT ", not %s", STR_ARG(json_text(a, &is, 0)), cases[i].want);
    }
}

/* What is made passes the gate of Workflows. */
static void test_run_is_good(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json cron = yaml(a, "metadata: {name: c, namespace: ns, uid: u}\n"
                               "spec: {schedules: ['@daily'], workflowSpec: {entrypoint: a, "
                               "templates: [{name: a, container: {image: b}}]}}\n");
    struct object_document doc = {.source = STR(""), .text = STR("")};
    struct field_faults faults = {0};

    (void) state;
    doc.value = object_cron_run(a, &cron, STR("c-1"), STR("2026-01-01T00:00:00Z"));
    doc.kind = object_kind_find(STR("argoproj.io/v1alpha1"), STR("Workflow"));
    if (!object_check(a, &doc, &faults))
        fail_msg(STR_FMT, STR_ARG(object_fault_text(a, &doc, &faults.at[0])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_run_is_good),
    };

    return cmocka_run_group_tests_name("objects: cron workflows", tests, NULL, NULL);
}
