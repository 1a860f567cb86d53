/* Decisions about Jobs: counting, ends, deadlines, suspension, indexes, waiting; the times of
 * CronJobs and what becomes of their Jobs. All with a clock of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/gotime.h"
#include "formats/yaml.h"
#include "workflows/jobs/cron_decide.h"
#include "workflows/jobs/jobs_internal.h"

#define NOW_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

static struct json read_yaml(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (yaml_parse(a, str_copy(a, str_from(text)), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

/* ---- Jobs ---- */

/* Pods as letters: P pending, R running, L leaving; S, F have ended and are not counted, s, f
 * are; U has failed and is not to be counted. A digit behind one is its index. */
static size_t read_pods(struct arena *a, const char *text, struct jobs_pod *ret)
{
    size_t n = 0;

    for (; *text; text++) {
        struct jobs_pod *pod = &ret[n++];
        struct json *doc = ARENA_NEW(a, struct json);

        *doc = json_object(&(struct json_object_builder){0});
        *pod = (struct jobs_pod){.name = str_printf(a, "p%zu", n), .index = -1, .doc = doc};
        pod->phase = strchr("Ss", *text)    ? JOBS_SUCCEEDED
                     : strchr("FfU", *text) ? JOBS_FAILED
                     : *text == 'P'         ? JOBS_PENDING
                                            : JOBS_RUNNING;
        pod->is_leaving = *text == 'L';
        pod->is_tracked = !strchr("sf", *text);
        pod->is_uncounted = *text == 'U';
        pod->finished_ms = strchr("SsFfU", *text) ? NOW_MS - 1000 : 0;
        if (text[1] >= '0' && text[1] <= '9')
            pod->index = *++text - '0';
    }
    return n;
}

static const struct {
    const char *spec, *status, *pods;
    size_t creates, releases, ends;
    const char *wanted; /* parts of the status, and "wake=SECONDS", "expired" */
} jobs[] = {
    /* A new one. */
    {"completions: 1, parallelism: 1", "", "", 1, 0, 0,
     "\"startTime\":\"2026-01-01T00:00:00Z\" \"active\":1 \"ready\":0"},
    {"completions: 5, parallelism: 3", "", "", 3, 0, 0, "\"active\":3"},
    {"parallelism: 3", "", "", 3, 0, 0, "\"active\":3"},
    {"completions: 0, parallelism: 1", "", "", 0, 0, 0, "Complete"},
    /* Pods run. */
    {"completions: 5, parallelism: 3", "startTime: x", "PR", 1, 0, 0,
     "\"active\":3 \"ready\":1"},
    {"completions: 5, parallelism: 3", "startTime: x, succeeded: 3", "RR", 0, 0, 0,
     "\"active\":2 \"succeeded\":3"},
    {"completions: 5, parallelism: 1", "startTime: x", "PR", 0, 0, 1, "\"active\":1"},
    /* They end. */
    {"completions: 2, parallelism: 1", "startTime: x", "S", 1, 1, 0,
     "\"succeeded\":1 \"active\":1"},
    {"completions: 2, parallelism: 1", "startTime: x, succeeded: 1", "sS", 0, 1, 0,
     "\"succeeded\":2 Complete \"completionTime\":\"2026-01-01T00:00:00Z\""},
    {"completions: 2, parallelism: 1", "startTime: x, succeeded: 2", "ss", 0, 0, 0, "Complete"},
    {"completions: 1, parallelism: 2", "startTime: x", "SR", 0, 1, 1, "SuccessCriteriaMet"},
    {"parallelism: 2", "startTime: x", "SR", 0, 1, 0, "\"succeeded\":1 \"active\":1"},
    {"parallelism: 2", "startTime: x, succeeded: 1", "sS", 0, 1, 0, "\"succeeded\":2 Complete"},
    /* They fail. */
    {"completions: 1, parallelism: 1, backoffLimit: 2", "startTime: x", "F", 0, 1, 0,
     "\"failed\":1 wake=9"},
    {"completions: 1, parallelism: 1, backoffLimit: 4", "startTime: x, failed: 2", "ffF", 0, 1,
     0, "\"failed\":3 wake=39"},
    {"completions: 1, parallelism: 1, backoffLimit: 0", "startTime: x", "F", 0, 1, 0,
     "\"failed\":1 FailureTarget Failed BackoffLimitExceeded"},
    {"completions: 3, parallelism: 2, backoffLimit: 0", "startTime: x", "FR", 0, 1, 1,
     "\"failed\":1 FailureTarget \"terminating\":1"},
    {"completions: 3, parallelism: 2, backoffLimit: 0",
     "startTime: x, failed: 1, conditions: [{type: FailureTarget, status: 'True', reason: "
     "BackoffLimitExceeded, message: m}]",
     "fL", 0, 0, 0, "FailureTarget \"terminating\":1"},
    {"completions: 3, parallelism: 2, backoffLimit: 0",
     "startTime: x, failed: 1, conditions: [{type: FailureTarget, status: 'True', reason: "
     "BackoffLimitExceeded, message: m}]",
     "fF", 0, 1, 0, "Failed \"failed\":2"},
    {"completions: 1, parallelism: 1", "startTime: x", "U", 1, 1, 0, "\"active\":1"},
    {"completions: 1, parallelism: 1, template: {spec: {restartPolicy: OnFailure}}",
     "startTime: x", "F", 0, 1, 0, "BackoffLimitExceeded"},
    /* A deadline. */
    {"completions: 1, parallelism: 1, activeDeadlineSeconds: 30",
     "startTime: '2025-12-31T23:59:40Z'", "R", 0, 0, 0, "\"active\":1 wake=10"},
    {"completions: 1, parallelism: 1, activeDeadlineSeconds: 10",
     "startTime: '2025-12-31T23:59:40Z'", "R", 0, 0, 1, "FailureTarget DeadlineExceeded"},
    /* Suspension. */
    {"completions: 1, parallelism: 1, suspend: true", "", "", 0, 0, 0,
     "Suspended JobSuspended"},
    {"completions: 1, parallelism: 1, suspend: true", "startTime: x", "R", 0, 0, 1,
     "Suspended"},
    {"completions: 1, parallelism: 1",
     "conditions: [{type: Suspended, status: 'True', reason: JobSuspended}]", "", 1, 0, 0,
     "JobResumed \"startTime\":\"2026-01-01T00:00:00Z\""},
    /* Replacement. */
    {"completions: 1, parallelism: 1", "startTime: x", "L", 1, 0, 0,
     "\"active\":1 \"terminating\":1"},
    {"completions: 1, parallelism: 1, podReplacementPolicy: Failed", "startTime: x", "L", 0, 0,
     0, "\"terminating\":1"},
    /* Indexes. */
    {"completionMode: Indexed, completions: 4, parallelism: 2", "startTime: x", "R1", 1, 0, 0,
     "\"active\":2"},
    {"completionMode: Indexed, completions: 4, parallelism: 4",
     "startTime: x, succeeded: 1, completedIndexes: '2'", "S0S1R3", 0, 2, 0,
     "\"completedIndexes\":\"0-2\" \"succeeded\":3"},
    {"completionMode: Indexed, completions: 2, parallelism: 2",
     "startTime: x, succeeded: 1, completedIndexes: '0'", "s0S1", 0, 1, 0,
     "\"completedIndexes\":\"0,1\" Complete"},
    {"completionMode: Indexed, completions: 3, parallelism: 3",
     "startTime: x, succeeded: 1, completedIndexes: '1'", "s1S1", 2, 1, 0, "\"succeeded\":1"},
    /* The end, and after it. */
    {"completions: 1, parallelism: 1, ttlSecondsAfterFinished: 60",
     "succeeded: 1, conditions: [{type: Complete, status: 'True', lastTransitionTime: "
     "'2025-12-31T23:59:30Z'}]",
     "s", 0, 0, 0, "wake=30"},
    {"completions: 1, parallelism: 1, ttlSecondsAfterFinished: 0",
     "succeeded: 1, conditions: [{type: Failed, status: 'True', lastTransitionTime: "
     "'2025-12-31T23:59:30Z'}]",
     "s", 0, 0, 0, "expired"},
    {"completions: 1, parallelism: 1",
     "succeeded: 1, conditions: [{type: Complete, status: 'True'}]", "sR", 0, 0, 1, ""},
};

static void check_parts(struct arena *a, size_t row, const struct jobs_decision *d,
                        const char *wanted)
{
    struct str text = json_text(a, &d->status, JSON_COMPACT), rest = str_from(wanted), part;

    text = str_printf(a, STR_FMT " wake=%lld%s", STR_ARG(text),
                      d->wake_ms == JOBS_NEVER_MS ? -1LL
                                                  : (long long) (d->wake_ms - NOW_MS) / 1000,
                      d->is_expired ? " expired" : "");
    while (*wanted && str_cut(&rest, ' ', &part))
        if (str_find(text, part) == SIZE_MAX)
            fail_msg("row %zu: no " STR_FMT " in " STR_FMT, row, STR_ARG(part), STR_ARG(text));
}

static void test_jobs(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF(jobs); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json job = read_yaml(
            a, str_printf(a, "metadata: {name: j, uid: u}\nspec: {%s}\nstatus: {%s}\n",
                          jobs[i].spec, jobs[i].status)
                   .ptr);
        struct jobs_pod pods[8];
        struct jobs_input in = {.job = &job, .pods = pods, .now = {NOW_MS}};
        struct jobs_decision d;

        in.pod_count = read_pods(a, jobs[i].pods, pods);
        jobs_decide(a, &in, &d);
        if (d.create_count != jobs[i].creates || d.release_count != jobs[i].releases ||
            d.end_count != jobs[i].ends)
            fail_msg("row %zu: %zu made, %zu released, %zu ended; wanted %zu, %zu, %zu", i,
                     d.create_count, d.release_count, d.end_count, jobs[i].creates,
                     jobs[i].releases, jobs[i].ends);
        check_parts(a, i, &d, jobs[i].wanted);
    }
}

/* A decision that is stored and made again asks for nothing more. */
static void test_a_second_look_changes_nothing(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF(jobs); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json job = read_yaml(
            a, str_printf(a, "metadata: {name: j, uid: u}\nspec: {%s}\nstatus: {%s}\n",
                          jobs[i].spec, jobs[i].status)
                   .ptr);
        struct jobs_pod pods[16];
        struct jobs_input in = {.job = &job, .pods = pods, .now = {NOW_MS}};
        struct jobs_decision first, second;

        in.pod_count = read_pods(a, jobs[i].pods, pods);
        jobs_decide(a, &in, &first);
        for (size_t k = 0; k < first.release_count; k++)
            pods[first.release[k]].is_tracked = false;
        for (size_t k = 0; k < first.end_count; k++)
            pods[first.end[k]].is_leaving = true;
        for (size_t k = 0; k < first.create_count; k++)
            pods[in.pod_count++] =
                (struct jobs_pod){.phase = JOBS_PENDING,
                                  .is_tracked = true,
                                  .index = first.indexes ? first.indexes[k] : -1,
                                  .doc = &job};
        job = json_set(a, &job, STR("status"), first.status);
        jobs_decide(a, &in, &second);
        if (second.release_count + second.end_count > 0 ||
            (second.create_count > 0 && first.end_count == 0) ||
            (first.end_count == 0 && !json_equal(&first.status, &second.status)))
            fail_msg("row %zu: %zu made, %zu released, %zu ended again", i, second.create_count,
                     second.release_count, second.end_count);
    }
}

static void test_failure_policy(void **state)
{
    static const struct {
        const char *rules;
        int code;
        enum jobs_failure wanted;
        const char *why;
    } rows[] = {
        {"[{action: Ignore, onExitCodes: {operator: In, values: [3]}}]", 3,
         JOBS_FAILURE_IGNORED, ""},
        {"[{action: Ignore, onExitCodes: {operator: In, values: [3]}}]", 4,
         JOBS_FAILURE_COUNTED, ""},
        {"[{action: Ignore, onExitCodes: {operator: NotIn, values: [3]}}]", 4,
         JOBS_FAILURE_IGNORED, ""},
        {"[{action: Count, onExitCodes: {operator: In, values: [3]}}, {action: Ignore, "
         "onExitCodes: {operator: In, values: [3]}}]",
         3, JOBS_FAILURE_COUNTED, ""},
        {"[{action: FailJob, onExitCodes: {containerName: c, operator: In, values: [3]}}]", 3,
         JOBS_FAILURE_COUNTED,
         "Container c for pod ns/p failed with exit code 3 matching FailJob rule at index 0"},
        {"[{action: FailJob, onExitCodes: {containerName: d, operator: In, values: [3]}}]", 3,
         JOBS_FAILURE_COUNTED, ""},
        {"[{action: Ignore, onPodConditions: [{type: DisruptionTarget}]}]", 3,
         JOBS_FAILURE_IGNORED, ""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json job = read_yaml(
            a, str_printf(a, "spec: {podFailurePolicy: {rules: %s}}\n", rows[i].rules).ptr);
        struct json doc = read_yaml(
            a, str_printf(a,
                          "metadata: {name: p, namespace: ns}\nstatus: {conditions: [{type: "
                          "DisruptionTarget, status: '%s'}], containerStatuses: [{name: c, "
                          "state: {terminated: {exitCode: %d}}}]}\n",
                          i == 6 ? "True" : "False", rows[i].code)
                   .ptr);
        struct jobs_pod pod = {.doc = &doc};
        struct str why = STR_NONE;

        assert_int_equal(jobs_failure_of(a, &job, &pod, &why), rows[i].wanted);
        if (!str_is(str_is_none(why) ? STR("") : why, rows[i].why))
            fail_msg("row %zu: " STR_FMT, i, STR_ARG(why));
    }
}

static void test_indexes(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},        {"0", "0"},     {"0,1", "0,1"},
        {"0-2", "0-2"},  {"0-1", "0,1"}, {"1,3-5,7", "1,3-5,7"},
        {"8-20", "8,9"}, {"x,2,-", "2"}, {"5-3", ""}};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct bitset set = jobs_indexes_parse(a, str_from(rows[i][0]), 10);
        struct str text = jobs_indexes_print(a, &set);

        if (!str_is(text, rows[i][1]))
            fail_msg("row %zu: got \"" STR_FMT "\"", i, STR_ARG(text));
    }
}

/* ---- Pods ---- */

static void test_pod_of_an_indexed_job(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json job = read_yaml(
        a, "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, namespace: n, uid: u}\n"
           "spec: {completionMode: Indexed, backoffLimit: 2, template: {metadata: {labels: {l: "
           "'1'}}, spec: {restartPolicy: OnFailure, activeDeadlineSeconds: 5, "
           "terminationGracePeriodSeconds: 3, containers: [{name: c, image: i, env: [{name: A, "
           "value: b}]}]}}}\n");
    const struct jobs_birth birth = {.job = &job,
                                     .index = 7,
                                     .uid = STR("a-b-c"),
                                     .suffix = "xyzab",
                                     .now = {NOW_MS},
                                     .node_name = STR("here")};
    struct json pod = jobs_pod_new(a, &birth);
    struct jobs_pod seen = jobs_pod_read(&pod);
    struct pod_request request = jobs_pod_request(a, &pod);
    const struct json *set = json_get(request.template, STR("containerSet")), *env;
    int64_t tries;

    (void) state;
    assert_true(str_is(object_name(&pod), "j-7-xyzab"));
    assert_true(str_is(object_label(&pod, STR("l")), "1"));
    assert_true(str_is(object_label(&pod, STR(JOB_INDEX)), "7"));
    assert_true(seen.is_tracked && !seen.is_leaving && seen.phase == JOBS_PENDING);
    assert_int_equal(seen.index, 7);
    assert_true(str_is(request.uid, "a-b-c"));
    assert_int_equal(request.grace_ms, 3000);
    assert_int_equal(request.deadline.ms, NOW_MS + 5000);
    assert_true(json_i64(json_path(set, "retryStrategy", "retries", NULL), &tries));
    assert_int_equal(tries, 3);
    env = json_get(json_item(json_get(set, STR("containers")), 0), STR("env"));
    assert_true(str_is(json_get_str(json_item(env, 0), STR("name")), "JOB_COMPLETION_INDEX"));
    assert_true(str_is(json_get_str(json_item(env, 1), STR("name")), "A"));
}

static void test_status_of_a_pod(void **state)
{
    static const struct pod_container_report ended = {.name = STR_INIT("c"),
                                                      .phase = POD_FAILED,
                                                      .code = 3,
                                                      .started = {NOW_MS},
                                                      .finished = {NOW_MS + 2000}};
    static const struct {
        struct pod_report report;
        const char *phase, *part;
    } rows[] = {
        {{.phase = POD_PENDING, .message = STR_INIT("pulling")},
         "Pending",
         "\"waiting\":{\"reason\":\"ContainerCreating\",\"message\":\"pulling\"}"},
        {{.phase = POD_RUNNING, .message = STR_INIT(""), .started = {NOW_MS}},
         "Running",
         "\"running\":{\"startedAt\":\"2026-01-01T00:00:00Z\"}"},
        {{.phase = POD_SUCCEEDED, .message = STR_INIT(""), .is_final = true},
         "Succeeded",
         "\"terminated\":{\"exitCode\":0,\"reason\":\"Completed\""},
        {{.phase = POD_FAILED,
          .message = STR_INIT("c: Error (exit code 3)"),
          .containers = &ended,
          .container_count = 1,
          .is_final = true},
         "Failed",
         "\"terminated\":{\"exitCode\":3,\"reason\":\"Error\",\"startedAt\":"
         "\"2026-01-01T00:00:00Z\",\"finishedAt\":\"2026-01-01T00:00:02Z\"}"},
        {{.phase = POD_ERROR,
          .message = STR_INIT("configmap \"x\" not found"),
          .is_final = true},
         "Failed",
         "\"message\":\"configmap \\\"x\\\" not found\""},
        {{.phase = POD_ERROR, .message = STR_INIT("i: Error (exit code 9)"), .is_final = true},
         "Failed",
         "\"name\":\"i\",\"state\":{\"terminated\":{\"exitCode\":9"},
        {{.phase = POD_FAILED,
          .message = STR_INIT("Pod was active on the node longer than the specified deadline"),
          .is_final = true},
         "Failed",
         "\"reason\":\"DeadlineExceeded\""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = read_yaml(a, "spec: {initContainers: [{name: i, image: i}], "
                                       "containers: [{name: c, image: i}]}\n");
        struct pod_report report = rows[i].report;
        struct json status;
        struct str text;

        report.ip = STR("127.0.0.1");
        status = jobs_pod_status(a, &doc, &report);
        text = json_text(a, &status, JSON_COMPACT);
        assert_true(str_is(json_get_str(&status, STR("phase")), rows[i].phase));
        if (str_find(text, str_from(rows[i].part)) == SIZE_MAX)
            fail_msg("row %zu: no %s in " STR_FMT, i, rows[i].part, STR_ARG(text));
    }
}

/* ---- CronJobs ---- */

static const struct {
    const char *spec, *status, *children; /* A active, C complete, F failed */
    bool has_run;
    int64_t scheduled_s; /* before now */
    size_t removes;
    int64_t wake_s; /* after now; -1 never */
    const char *note;
} crons[] = {
    /* Created ten minutes ago; now is a full minute. */
    {"schedule: '* * * * *'", "", "", true, 0, 0, 60, ""},
    {"schedule: '56 * * * *'", "", "", true, 240, 0, 3360, ""},
    {"schedule: '0 5 * * *'", "", "", false, 0, 0, 18000, ""},
    {"schedule: '* * * * *'", "lastScheduleTime: '2026-01-01T00:00:00Z'", "", false, 0, 0, 60,
     ""},
    {"schedule: '* * * * *'", "lastScheduleTime: '2025-12-31T23:50:00Z'", "", true, 0, 0, 60,
     ""},
    {"schedule: '@every 90s'", "lastScheduleTime: '2025-12-31T23:59:00Z'", "", false, 0, 0, 30,
     ""},
    {"schedule: '@every 20s'", "lastScheduleTime: '2025-12-31T23:59:30Z'", "", true, 10, 0, 10,
     ""},
    {"schedule: '* * * * *', suspend: true", "", "", false, 0, 0, -1, ""},
    {"schedule: '56 * * * *', startingDeadlineSeconds: 100", "", "", false, 0, 0, 3360, ""},
    {"schedule: '56 * * * *', startingDeadlineSeconds: 300", "", "", true, 240, 0, 3360, ""},
    {"schedule: '* * * * *', concurrencyPolicy: Forbid", "active: [{uid: c0}]", "A", false, 0,
     0, 60, "JobAlreadyActive"},
    {"schedule: '* * * * *', concurrencyPolicy: Forbid", "active: [{uid: c0}]", "C", true, 0, 0,
     60, ""},
    {"schedule: '* * * * *', concurrencyPolicy: Replace", "active: [{uid: c0}]", "A", true, 0,
     1, 60, ""},
    {"schedule: '* * * * *', concurrencyPolicy: Allow", "active: [{uid: c0}]", "A", true, 0, 0,
     60, ""},
    {"schedule: '0 5 * * *', successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0", "",
     "CCCFF", false, 0, 4, 18000, ""},
};

static size_t read_children(struct arena *a, const char *text, struct jobs_child *ret)
{
    size_t n = 0;

    for (; *text; text++, n++)
        ret[n] = (struct jobs_child){.name = str_printf(a, "c%zu", n),
                                     .uid = str_printf(a, "c%zu", n),
                                     .created_ms = NOW_MS - 1000000 + (int64_t) n * 1000,
                                     .completed_ms = *text == 'C' ? NOW_MS - 5000 : 0,
                                     .is_over = *text != 'A',
                                     .is_complete = *text == 'C'};
    return n;
}

static void test_cron_jobs(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF(crons); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json cron = read_yaml(
            a, str_printf(a,
                          "metadata: {name: c, creationTimestamp: '2025-12-31T23:50:00Z'}\n"
                          "spec: {%s}\nstatus: {%s}\n",
                          crons[i].spec, crons[i].status)
                   .ptr);
        struct jobs_child children[8];
        struct cron_schedule schedule;
        struct jobs_cron_input in = {
            .cron = &cron, .schedule = &schedule, .children = children, .now = {NOW_MS}};
        struct jobs_cron_decision d;
        struct err err;

        assert_int_equal(
            cron_parse(a, object_cron_job_schedule(a, &cron), CRON_STANDARD, &schedule, &err),
            0);
        in.child_count = read_children(a, crons[i].children, children);
        jobs_cron_decide(a, &in, &d);
        if (d.has_run != crons[i].has_run ||
            (d.has_run && d.scheduled_s != NOW_MS / 1000 - crons[i].scheduled_s))
            fail_msg("row %zu: run %d at %lld", i, d.has_run,
                     (long long) (d.scheduled_s - NOW_MS / 1000));
        if (d.remove_count != crons[i].removes)
            fail_msg("row %zu: %zu removed", i, d.remove_count);
        if ((d.wake_ms == JOBS_NEVER_MS ? -1 : (d.wake_ms - NOW_MS) / 1000) != crons[i].wake_s)
            fail_msg("row %zu: wakes after %lld s", i, (long long) (d.wake_ms - NOW_MS) / 1000);
        assert_string_equal(d.has_note ? d.note.reason : "", crons[i].note);
    }
}

static void test_status_of_a_cron_job(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json cron = read_yaml(a, "metadata: {name: c}\nspec: {suspend: true}\nstatus: "
                                    "{active: [{uid: c0}, {uid: c1}, {uid: gone}]}\n");
    struct json job = read_yaml(a, "metadata: {name: j, namespace: n, uid: u}\n"), status;
    struct jobs_child children[2];
    struct jobs_cron_input in = {
        .cron = &cron, .children = children, .child_count = 2, .now = {NOW_MS}};
    struct jobs_cron_decision d;

    (void) state;
    read_children(a, "CA", children);
    jobs_cron_decide(a, &in, &d);
    assert_true(str_is(json_text(a, &d.status, JSON_COMPACT),
                       "{\"active\":[{\"uid\":\"c1\"}],\"lastSuccessfulTime\":"
                       "\"2025-12-31T23:59:55Z\"}"));
    status = jobs_cron_ran(a, &d.status, &job, NOW_MS / 1000);
    assert_int_equal(json_get(&status, STR("active"))->count, 2);
    assert_true(str_is(json_get_str(&status, STR("lastScheduleTime")), "2026-01-01T00:00:00Z"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_a_second_look_changes_nothing),
        cmocka_unit_test(test_failure_policy),
        cmocka_unit_test(test_indexes),
        cmocka_unit_test(test_pod_of_an_indexed_job),
        cmocka_unit_test(test_status_of_a_pod),
        cmocka_unit_test(test_cron_jobs),
        cmocka_unit_test(test_status_of_a_cron_job),
    };

    return cmocka_run_group_tests_name("jobs: decisions", tests, NULL, NULL);
}
