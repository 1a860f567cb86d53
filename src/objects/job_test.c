/* Rules, defaults, changes and columns of Jobs and CronJobs; the Job of a CronJob. */
#include "objects/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/gotime.h"

#define JOB(members, spec)                                                                    \
    "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"j\"" members "}," \
    "\"spec\":{" spec "}}"
#define POD(more) "\"template\":{\"spec\":{" more "}}"
#define MAIN      "\"containers\":[{\"name\":\"c\",\"image\":\"busybox\"}]"
#define NEVER     "\"restartPolicy\":\"Never\""
#define GOOD      POD(NEVER "," MAIN)
#define CRON(spec)                                                                     \
    "{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"c\"}," \
    "\"spec\":{" spec "}}"
#define TEMPLATE "\"jobTemplate\":{\"spec\":{" GOOD "}}"

static struct json read_json(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

/* The faults of a document as one text. */
static struct str faults_of(struct arena *a, const char *text)
{
    struct object_document doc = {.value = read_json(a, text), .text = STR("")};
    struct field_faults faults = {0};
    struct err err = {0};

    doc.kind = object_kind_find(json_get_str(&doc.value, STR("apiVersion")),
                                json_get_str(&doc.value, STR("kind")));
    assert_non_null(doc.kind);
    doc.source = STR("");
    if (object_check(a, &doc, &faults))
        return STR("");
    object_faults_err(a, &doc, &faults, &err);
    return str_copy(a, str_from(err.text));
}

static const struct {
    const char *doc, *wanted; /* "": good */
} rules[] = {
    {JOB("", GOOD), ""},
    {JOB("", POD("\"restartPolicy\":\"OnFailure\"," MAIN)), ""},
    {JOB("", POD(MAIN)), "spec.template.spec.restartPolicy: Required value: valid values: "
                         "\"OnFailure\", \"Never\""},
    {JOB("", POD("\"restartPolicy\":\"Always\"," MAIN)),
     "spec.template.spec.restartPolicy: Unsupported value: \"Always\": supported values: "
     "\"OnFailure\", \"Never\""},
    {JOB("", "\"parallelism\":-1," GOOD),
     "spec.parallelism: Invalid value: -1: must be greater than or equal to 0"},
    {JOB("", "\"completions\":-2," GOOD),
     "spec.completions: Invalid value: -2: must be greater than or equal to 0"},
    {JOB("", "\"backoffLimit\":-2," GOOD),
     "spec.backoffLimit: Invalid value: -2: must be greater than or equal to 0"},
    {JOB("", "\"completionMode\":\"Indexed\"," GOOD),
     "spec.completions: Required value: when completion mode is Indexed"},
    {JOB("", "\"completionMode\":\"Indexed\",\"completions\":100001," GOOD),
     "spec.completions: Invalid value: 100001: must be less than or equal to 100000 when "
     "completion mode is Indexed"},
    {JOB("", POD(NEVER ",\"containers\":[]")), "spec.template.spec.containers: Required value"},
    {JOB("", POD(NEVER ",\"containers\":[{\"name\":\"c\"}]")),
     "spec.template.spec.containers[0].image: Required value"},
    {JOB("", POD(NEVER ",\"containers\":[{\"image\":\"x\"}]")),
     "spec.template.spec.containers[0].name: Required value"},
    {JOB("", POD(NEVER ",\"containers\":[{\"name\":\"c\",\"image\":\"x\"},{\"name\":\"c\","
                       "\"image\":\"x\"}]")),
     "spec.template.spec.containers[1].name: Duplicate value: \"c\""},
    {JOB("", POD(NEVER ",\"containers\":[{\"name\":\"c\",\"image\":\"x\",\"volumeMounts\":"
                       "[{\"name\":\"v\",\"mountPath\":\"/v\"}]}]")),
     "spec.template.spec.containers[0].volumeMounts[0].name: Not found: \"v\""},
    {JOB("", "\"selector\":{\"matchLabels\":{\"a\":\"b\"}}," GOOD),
     "spec.selector: Invalid value: {\"matchLabels\":{\"a\":\"b\"}}: `selector` not "
     "auto-generated"},
    {JOB("", "\"manualSelector\":true,\"selector\":{\"matchLabels\":{\"a\":\"b\"}}," GOOD),
     "spec.template.metadata.labels: Invalid value: null: `selector` does not match template "
     "`labels`"},
    {JOB("", "\"backoffLimitPerIndex\":1," GOOD), "\"backoffLimitPerIndex\" is not supported "
                                                  "yet"},
    {JOB("", "\"podFailurePolicy\":{\"rules\":[{\"action\":\"Ignore\",\"onExitCodes\":"
             "{\"operator\":\"In\",\"values\":[3]}}]}," GOOD),
     ""},
    {JOB("", "\"podFailurePolicy\":{\"rules\":[{\"action\":\"Ignore\",\"onExitCodes\":"
             "{\"operator\":\"In\",\"values\":[0]}}]}," GOOD),
     "must not be 0 for the In operator"},
    {JOB("", "\"podFailurePolicy\":{\"rules\":[{\"action\":\"FailIndex\",\"onExitCodes\":"
             "{\"operator\":\"In\",\"values\":[3]}}]}," GOOD),
     "action FailIndex is not supported yet"},
    {JOB("", "\"podFailurePolicy\":{\"rules\":[{\"action\":\"Count\"}]}," GOOD),
     "specifying one of OnExitCodes and OnPodConditions is required"},
    {CRON("\"schedule\":\"* * * * *\"," TEMPLATE), ""},
    {CRON("\"schedule\":\"* * * *\"," TEMPLATE),
     "spec.schedule: Invalid value: \"* * * *\": expected exactly 5 fields, found 4: [* * * "
     "*]"},
    {CRON("\"schedule\":\"TZ=UTC * * * * *\"," TEMPLATE),
     "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"},
    {CRON("\"schedule\":\"* * * * *\",\"timeZone\":\"Moon/Base\"," TEMPLATE),
     "spec.timeZone: Invalid value: \"Moon/Base\": unknown time zone Moon/Base"},
    {CRON("\"schedule\":\"* * * * *\",\"failedJobsHistoryLimit\":-1," TEMPLATE),
     "spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0"},
    {CRON("\"schedule\":\"* * * * *\",\"concurrencyPolicy\":\"Never\"," TEMPLATE),
     "concurrencyPolicy"},
    {CRON("\"schedule\":\"* * * * *\",\"jobTemplate\":{\"spec\":{" POD(MAIN) "}}"),
     "spec.jobTemplate.spec.template.spec.restartPolicy: Required value"},
};

static void test_rules(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str told = faults_of(a, rules[i].doc);

        if (rules[i].wanted[0] ? str_find(told, str_from(rules[i].wanted)) == SIZE_MAX
                               : told.len > 0)
            fail_msg("row %zu: got \"" STR_FMT "\", wanted \"%s\"", i, STR_ARG(told),
                     rules[i].wanted);
    }
}

static struct json with_defaults(struct arena *a, const char *text)
{
    struct json doc = read_json(a, text);
    const struct object_kind *kind = object_kind_find(json_get_str(&doc, STR("apiVersion")),
                                                      json_get_str(&doc, STR("kind")));

    return object_set_defaults(a, kind, &doc);
}

static void assert_spec(struct arena *a, const struct json *doc, const char *name,
                        const char *wanted)
{
    const struct json *v = json_get(json_get(doc, STR("spec")), str_from(name));
    struct str text = v ? json_text(a, v, JSON_COMPACT) : STR("(none)");

    if (!str_is(text, wanted))
        fail_msg("%s: got " STR_FMT ", wanted %s", name, STR_ARG(text), wanted);
}

static void test_defaults(void **state)
{
    static const struct {
        const char *given, *completions, *parallelism;
    } counts[] = {{"", "1", "1"},
                  {"\"parallelism\":3,", "(none)", "3"},
                  {"\"completions\":4,", "4", "1"},
                  {"\"completions\":4,\"parallelism\":2,", "4", "2"}};
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *labels;
    struct json doc;

    (void) state;
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        doc = with_defaults(
            a, str_printf(a, JOB(",\"uid\":\"u-1\"", "%s" GOOD), counts[i].given).ptr);
        assert_spec(a, &doc, "completions", counts[i].completions);
        assert_spec(a, &doc, "parallelism", counts[i].parallelism);
    }
    assert_spec(a, &doc, "backoffLimit", "6");
    assert_spec(a, &doc, "suspend", "false");
    assert_spec(a, &doc, "selector",
                "{\"matchLabels\":{\"batch.kubernetes.io/controller-uid\":\"u-1\"}}");
    labels = json_path(&doc, "spec", "template", "metadata", "labels", NULL);
    assert_true(str_is(json_get_str(labels, STR(JOB_NAME_LABEL)), "j"));
    assert_true(str_is(json_get_str(labels, STR(JOB_NAME_LEGACY)), "j"));
    assert_true(str_is(json_get_str(labels, STR(JOB_UID_LABEL)), "u-1"));
    assert_true(str_is(
        json_str(json_path(
            json_item(json_path(&doc, "spec", "template", "spec", "containers", NULL), 0),
            "imagePullPolicy", NULL)),
        "Always"));
}

static void test_changes(void **state)
{
    static const struct {
        const char *was, *is, *wanted;
    } rows[] = {
        {"\"parallelism\":1," GOOD, "\"parallelism\":2," GOOD, ""},
        {"\"suspend\":true," GOOD, "\"suspend\":false," GOOD, ""},
        {"\"completions\":1," GOOD, "\"completions\":2," GOOD,
         "spec.completions: Invalid value: 2: field is immutable"},
        {"\"completionMode\":\"Indexed\",\"completions\":1,\"parallelism\":1," GOOD,
         "\"completionMode\":\"Indexed\",\"completions\":2,\"parallelism\":2," GOOD, ""},
        {GOOD, POD(NEVER ",\"containers\":[{\"name\":\"c\",\"image\":\"other\"}]"),
         "spec.template: Invalid value: "},
        {GOOD, "\"completionMode\":\"Indexed\",\"completions\":1," GOOD,
         "spec.completionMode: Invalid value: \"Indexed\": field is immutable"},
    };
    const struct object_kind *kind = object_kind_find(STR("batch/v1"), STR("Job"));

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json was =
            with_defaults(a, str_printf(a, JOB(",\"uid\":\"u\"", "%s"), rows[i].was).ptr);
        struct json is =
            with_defaults(a, str_printf(a, JOB(",\"uid\":\"u\"", "%s"), rows[i].is).ptr);
        struct err err = {0};
        int result = object_check_change(a, kind, &was, &is, &err);

        if ((result < 0) != (rows[i].wanted[0] != 0) ||
            (result < 0 && strncmp(err.text, rows[i].wanted, strlen(rows[i].wanted)) != 0))
            fail_msg("row %zu: got %d \"%s\", wanted \"%s\"", i, result, err.text,
                     rows[i].wanted);
    }
}

static const struct object_column *column_of(const char *kind, const char *name)
{
    const struct object_kind *k = object_kind_find(STR("batch/v1"), str_from(kind));

    for (size_t i = 0; i < k->column_count; i++)
        if (strcmp(k->columns[i].name, name) == 0)
            return &k->columns[i];
    fail_msg("no column %s", name);
    return NULL;
}

#define TIMES "\"startTime\":\"2026-01-01T00:00:00Z\""

static void test_columns(void **state)
{
    static const struct {
        const char *kind, *column, *doc, *wanted;
    } rows[] = {
        {"Job", "STATUS", "{}", "Running"},
        {"Job", "STATUS",
         "{\"status\":{\"conditions\":[{\"type\":\"Complete\",\"status\":\"True\"}]}}",
         "Complete"},
        {"Job", "STATUS",
         "{\"status\":{\"conditions\":[{\"type\":\"Suspended\",\"status\":\"False\"}]}}",
         "Running"},
        {"Job", "STATUS",
         "{\"status\":{\"conditions\":[{\"type\":\"Failed\",\"status\":\"True\"}]}}", "Failed"},
        {"Job", "COMPLETIONS", "{\"spec\":{\"completions\":3},\"status\":{\"succeeded\":2}}",
         "2/3"},
        {"Job", "COMPLETIONS", "{\"spec\":{\"parallelism\":3}}", "0/1 of 3"},
        {"Job", "DURATION", "{\"status\":{}}", ""},
        {"Job", "DURATION", "{\"status\":{" TIMES "}}", "90s"},
        {"Job", "DURATION",
         "{\"status\":{" TIMES ",\"completionTime\":\"2026-01-01T00:00:07Z\"}}", "7s"},
        {"Job", "IMAGES",
         "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"image\":\"a\"},{\"image\":"
         "\"b\"}]}}}}",
         "a,b"},
        {"Job", "SELECTOR", "{\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}}}}", "a=b"},
        {"CronJob", "TIMEZONE", "{}", "<none>"},
        {"CronJob", "SUSPEND", "{\"spec\":{\"suspend\":true}}", "True"},
        {"CronJob", "SUSPEND", "{}", "False"},
        {"CronJob", "ACTIVE", "{\"status\":{\"active\":[{}]}}", "1"},
        {"CronJob", "LAST SCHEDULE", "{}", "<none>"},
        {"CronJob", "LAST SCHEDULE",
         "{\"status\":{\"lastScheduleTime\":\"2026-01-01T00:01:00Z\"}}", "30s"},
        {"CronJob", "SELECTOR", "{}", "<none>"},
    };
    const struct wall now = {INT64_C(1767225690000)}; /* 2026-01-01T00:01:30Z */

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = read_json(a, rows[i].doc);
        struct str got = object_cell(a, column_of(rows[i].kind, rows[i].column), &doc, now);

        if (!str_is(got, rows[i].wanted))
            fail_msg("row %zu: got \"" STR_FMT "\", wanted \"%s\"", i, STR_ARG(got),
                     rows[i].wanted);
    }
}

static void test_job_of_a_cron_job(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json cron = read_json(
        a,
        "{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"c\","
        "\"namespace\":\"n\",\"uid\":\"u\"},\"spec\":{\"schedule\":\"* * * * *\","
        "\"timeZone\":\"Asia/Seoul\",\"jobTemplate\":{\"metadata\":{\"labels\":{\"l\":\"1\"}}"
        ",\"spec\":{\"backoffLimit\":2}}}}");
    struct json job = object_cron_job_run(a, &cron, 1767225600);

    (void) state;
    assert_true(str_is(object_name(&job), "c-29453760"));
    assert_true(str_is(object_namespace(&job), "n"));
    assert_true(str_is(object_label(&job, STR("l")), "1"));
    assert_true(
        str_is(object_annotation(&job, STR(JOB_SCHEDULED)), "2026-01-01T09:00:00+09:00"));
    assert_true(str_is(
        json_str(json_path(json_item(json_path(&job, "metadata", "ownerReferences", NULL), 0),
                           "uid", NULL)),
        "u"));
    assert_true(str_is(object_cron_job_schedule(a, &cron), "CRON_TZ=Asia/Seoul * * * * *"));
    assert_spec(a, &job, "backoffLimit", "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_job_of_a_cron_job),
    };

    return cmocka_run_group_tests_name("objects: jobs", tests, NULL, NULL);
}
