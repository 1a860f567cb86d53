/*
 * Tests of the resource template on a store of one's own: each action, conditions that are met
 * at once, later or never, what comes out, what is refused.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "formats/yaml.h"
#include "tests/support/store_world.h"
#include "workflows/engine/resource_template.h"
#include "workflows/submit/rights.h"

struct world {
    struct store_world on;
    struct workflow_submitter submitter;
    unsigned jobs;
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

static struct resource_job job_of(struct world *w, const char *tmpl)
{
    struct resource_job job = {.submitter = &w->submitter,
                               .ns = STR("default"),
                               .mark = str_printf(w->on.a, "resource-%u", w->jobs++),
                               .workflow = STR("owner"),
                               .workflow_uid = STR("u-1"),
                               .message = STR(""),
                               .log = STR("")};
    struct err err;

    if (yaml_parse(w->on.a, str_from(tmpl), &job.tmpl, &err) < 0)
        fail_msg("%s", err.text);
    return job;
}

/* "Succeeded: <outputs>" and the like. */
static struct str run(struct world *w, struct resource_job *job)
{
    static const char *const states[] = {"new", "waits", "succeeded", "failed"};

    resource_template_run(job, w->on.a);
    if (job->state == RESOURCE_FAILED)
        return str_printf(w->on.a, "failed: " STR_FMT, STR_ARG(job->message));
    return str_printf(
        w->on.a, "%s: " STR_FMT, states[job->state],
        STR_ARG(job->outputs ? json_text(w->on.a, job->outputs, JSON_COMPACT) : STR("")));
}

#define MAP(data)                                                                        \
    "manifest: '{\"apiVersion\": v1, \"kind\": ConfigMap, \"metadata\": {\"name\": m}, " \
    "\"data\": " data "}'"

static void test_actions(void **state)
{
    static const struct {
        const char *tmpl, *want;
    } cases[] = {
        {"resource: {action: get, " MAP("{}") "}",
         "failed: main: Error (exit code 64): no more retries Error from server (NotFound): "
         "configmaps \"m\" not found"},
        {"resource: {action: create, setOwnerReference: true, " MAP(
             "{a: x}") "}\noutputs: {parameters: [{name: q, valueFrom: {jsonPath: "
                       "'{.metadata.name}'}}, "
                       "{name: j, valueFrom: {jqFilter: '.metadata.ownerReferences[0].uid, "
                       ".data'}}, {name: "
                       "f, value: fixed}]}",
         "succeeded: {\"parameters\":[{\"name\":\"q\",\"valueFrom\":{\"jsonPath\":\"{.metadata."
         "name}\"},\"value\":\"m\"},{\"name\":\"j\",\"valueFrom\":{\"jqFilter\":\".metadata."
         "ownerReferences[0].uid, "
         ".data\"},\"value\":\"u-1\\n{\\\"a\\\":\\\"x\\\"}\"},{\"name\":"
         "\"f\",\"value\":\"fixed\"}],\"exitCode\":\"0\"}"},
        {"resource: {action: create, manifest: \"apiVersion: v2\\nkind: Secret\\napiVersion: "
         "v1\\nkind: ConfigMap\\nmetadata: {name: twice}\\n\"}", /* what is said last counts */
         "succeeded: {\"exitCode\":\"0\"}"},
        {"resource: {action: create, " MAP("{a: x}") "}",
         "failed: main: Error (exit code 64): no more retries Error from server: configmaps "
         "\"m\" already exists"},
        {"resource: {action: apply, " MAP(
             "{b: w}") "}\noutputs: {parameters: [{name: d, valueFrom: {jqFilter: .data}}]}",
         "succeeded: {\"parameters\":[{\"name\":\"d\",\"valueFrom\":{\"jqFilter\":\".data\"},"
         "\"value\":\"{\\\"a\\\":\\\"x\\\",\\\"b\\\":\\\"w\\\"}\"}],\"exitCode\":\"0\"}"},
        {"resource: {action: patch, mergeStrategy: merge, " MAP(
             "{a: null}") "}\noutputs: {parameters: [{name: d, valueFrom: {jqFilter: .data}}]}",
         "succeeded: {\"parameters\":[{\"name\":\"d\",\"valueFrom\":{\"jqFilter\":\".data\"},"
         "\"value\":\"{\\\"b\\\":\\\"w\\\"}\"}],\"exitCode\":\"0\"}"},
        {"resource: {action: patch, " MAP("{c: z}") "}", "succeeded: {\"exitCode\":\"0\"}"},
        {"resource: {action: patch, mergeStrategy: json, " MAP("{c: z}") "}",
         "failed: main: Error (exit code 64): no more retries Error from server: a JSON patch "
         "must be an array of operations"},
        {"resource: {action: patch, mergeStrategy: json, flags: [cm, m], manifest: '[{op: add, "
         "path: /data/j, value: k}]'}\noutputs: {parameters: [{name: d, valueFrom: {jqFilter: "
         ".data.j}}]}",
         "succeeded: {\"parameters\":[{\"name\":\"d\",\"valueFrom\":{\"jqFilter\":\".data.j\"},"
         "\"value\":\"k\"}],\"exitCode\":\"0\"}"},
        {"resource: {action: patch, mergeStrategy: merge, flags: [configmap/m, -n, default], "
         "manifest: 'metadata: {labels: {a: b}}'}",
         "succeeded: {\"exitCode\":\"0\"}"},
        {"resource: {action: get, flags: [configmap, m, --server-side]}",
         "failed: main: Error (exit code 64): no more retries error: unknown flag: "
         "--server-side"},
        {"resource: {action: get, flags: [configmap, none, --ignore-not-found]}",
         "succeeded: {\"exitCode\":\"0\"}"},
        {"resource: {action: get, flags: [nonsense, m]}",
         "failed: main: Error (exit code 64): no more retries Error from server: the server "
         "doesn't have a resource type \"nonsense\""},
        {"resource: {action: apply, flags: [-n, other], " MAP("{}") "}",
         "succeeded: {\"exitCode\":\"0\"}"},
        {"resource: {action: delete, flags: [cm, -l, a=c]}", "succeeded: {\"exitCode\":\"0\"}"},
        {"resource: {action: get, flags: [cm, m]}", "succeeded: {\"exitCode\":\"0\"}"},
        {"resource: {action: delete, flags: [cm, --selector, a=b]}",
         "succeeded: {\"exitCode\":\"0\"}"},
        {"resource: {action: get, flags: [cm, m]}",
         "failed: main: Error (exit code 64): no more retries Error from server (NotFound): "
         "configmaps \"m\" not found"},
        {"resource: {action: get, flags: [-n, other, cm, m]}",
         "succeeded: {\"exitCode\":\"0\"}"},
        {"resource: {action: apply, flags: [--dry-run], " MAP("{}") "}",
         "failed: main: Error (exit code 64): no more retries Error from server: --dry-run has "
         "a meaning in clusters only"},
        {"resource: {action: get, flags: [--context, x], " MAP("{}") "}",
         "failed: main: Error (exit code 64): tiphys/cluster \"x\": the server has no "
         "kubeconfig: give it one (--kubeconfig), or \"here\""},
        {"resource: {action: create, " MAP("{}") "}", "succeeded: {\"exitCode\":\"0\"}"},
        {"resource: {action: replace, " MAP("{e: v}") "}", "succeeded: {\"exitCode\":\"0\"}"},
        {"resource: {action: delete, successCondition: a=b, " MAP("{}") "}",
         "failed: main: Error (exit code 64): successCondition, failureCondition and outputs "
         "are not supported for delete action"},
        {"resource: {action: delete, " MAP("{}") "}", "succeeded: {\"exitCode\":\"0\"}"},
        {"resource: {action: delete, " MAP("{}") "}", "succeeded: {\"exitCode\":\"0\"}"},
        {"resource: {action: replace, " MAP("{}") "}",
         "failed: main: Error (exit code 64): no more retries Error from server (NotFound): "
         "configmaps \"m\" not found"},
        {"resource: {action: get}",
         "failed: main: Error (exit code 64): Must provide at least one of flags or manifest."},
        {"resource: {action: create, manifest: '{\"apiVersion\": v1, \"metadata\": "
         "{\"name\": x}}'}",
         "failed: main: Error (exit code 64): no more retries error: unable to decode "
         "\"/tmp/manifest.yaml\": Object 'Kind' is missing in '{\"apiVersion\":\"v1\","
         "\"metadata\":{\"name\":\"x\"}}'"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct resource_job job = job_of(w, cases[i].tmpl);
        struct str got = run(w, &job);

        if (!str_is(got, cases[i].want))
            fail_msg("case %zu:\n" STR_FMT "\n%s", i, STR_ARG(got), cases[i].want);
    }
}

static void expect(struct world *w, struct resource_job *job, const char *want)
{
    struct str got = run(w, job);

    if (!str_is(got, want))
        fail_msg(STR_FMT "\n%s", STR_ARG(got), want);
}

static void set(struct world *w, const char *data)
{
    struct resource_job job =
        job_of(w, str_cz(w->on.a,
                         str_printf(w->on.a,
                                    "resource: {action: apply, manifest: '{\"apiVersion\": v1, "
                                    "\"kind\": ConfigMap, \"metadata\": {\"name\": m}, "
                                    "\"data\": {%s}}'}",
                                    data)));

    expect(w, &job, "succeeded: {\"exitCode\":\"0\"}");
}

/* Many looks, one effect: what it is waited for is changed by others. */
static void test_conditions(void **state)
{
    struct world *w = *state;
    struct resource_job job = job_of(
        w, "resource: {action: create, successCondition: 'data.phase in (good,fine),data.n', "
           "failureCondition: data.phase==bad, " MAP("{phase: new}") "}");
    struct resource_job bad;

    expect(w, &job, "waits: ");
    expect(w, &job, "waits: ");
    set(w, "\"phase\": good");
    expect(w, &job, "waits: ");
    set(w, "\"n\": \"1\"");
    expect(w, &job, "succeeded: {\"exitCode\":\"0\"}");
    bad = job_of(
        w, "resource: {action: get, failureCondition: 'data.phase = bad', " MAP("{}") "}");
    expect(w, &bad, "succeeded: {\"exitCode\":\"0\"}");
    set(w, "\"phase\": bad");
    bad = job_of(
        w, "resource: {action: get, failureCondition: 'data.phase == bad', " MAP("{}") "}");
    expect(w, &bad,
           "failed: main: Error (exit code 64): failure condition 'data.phase==bad' evaluated "
           "true");
    bad = job_of(w, "resource: {action: get, successCondition: 'a b', " MAP("{}") "}");
    resource_template_run(&bad, w->on.a);
    assert_int_equal(bad.state, RESOURCE_FAILED);
}

static void test_gone_meanwhile(void **state)
{
    struct world *w = *state;
    struct resource_job job =
        job_of(w, "resource: {action: create, successCondition: data.x, " MAP("{}") "}");
    struct resource_job gone = job_of(w, "resource: {action: delete, " MAP("{}") "}");

    expect(w, &job, "waits: ");
    expect(w, &gone, "succeeded: {\"exitCode\":\"0\"}");
    expect(w, &job,
           "failed: main: Error (exit code 64): no more retries Error from server (NotFound): "
           "configmaps \"m\" not found");
}

/* The effect of before a restart is found by its mark. */
static void test_again_after_restart(void **state)
{
    struct world *w = *state;
    struct resource_job job = job_of(w, "resource: {action: create, " MAP("{}") "}");
    struct resource_job again = job;

    expect(w, &job, "succeeded: {\"exitCode\":\"0\"}");
    expect(w, &again, "succeeded: {\"exitCode\":\"0\"}");
}

/* All rights but one verb. */
static int refuse_verb(void *ctx, const struct submit_act *act, struct err *err)
{
    assert_true(str_is(act->ns, "default") && str_is(act->account, "runner"));
    return strcmp(act->verb, ctx) != 0
               ? 0
               : err_set(err, ERR_DENIED, "no right to %s %s/" STR_FMT, act->verb,
                         act->kind->plural, STR_ARG(act->name));
}

/* It does what the workflow's ServiceAccount may. */
static void test_rights(void **state)
{
    static const struct {
        const char *tmpl, *verb, *want; /* the verb that it may not */
    } cases[] = {
        {"resource: {action: create, " MAP("{}") "}", "create", "create configmaps/"},
        {"resource: {action: create, " MAP("{}") "}", "get", NULL},
        {"resource: {action: get, " MAP("{}") "}", "get", "get configmaps/m"},
        {"resource: {action: apply, " MAP("{}") "}", "patch", "patch configmaps/m"},
        {"resource: {action: apply, " MAP("{}") "}", "create", NULL}, /* it is there */
        {"resource: {action: replace, " MAP("{}") "}", "update", "update configmaps/m"},
        {"resource: {action: patch, " MAP("{}") "}", "patch", "patch configmaps/m"},
        {"resource: {action: apply, successCondition: data.x, " MAP("{}") "}", "get",
         "get configmaps/m"},
        {"resource: {action: delete, " MAP("{}") "}", "delete", "delete configmaps/m"},
        {"resource: {action: delete, " MAP("{}") "}", "get", NULL},
        {"resource: {action: apply, " MAP("{}") "}", "create", "create configmaps/"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct submit_rights rights = {(void *) (uintptr_t) cases[i].verb, refuse_verb};
        struct resource_job job = job_of(w, cases[i].tmpl);
        struct str said;

        w->submitter.rights = &rights;
        job.account = STR("runner");
        said = run(w, &job);
        if (cases[i].want
                ? !str_eq(said,
                          str_printf(w->on.a,
                                     "failed: main: Error (exit code 64): no more retries "
                                     "Error from server (Forbidden): no right to %s",
                                     cases[i].want))
                : !str_starts(said, STR("succeeded: ")))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(said));
    }
    w->submitter.rights = NULL;
}

#define FROM(artifact)                                                 \
    "{inputs: {artifacts: [" artifact "]}, "                           \
    "resource: {action: apply, manifestFrom: {artifact: {name: m}}}, " \
    "outputs: {parameters: [{name: a, valueFrom: {jsonPath: '{.data.a}'}}]}}"
#define RAW(text) "{name: m, path: /m, raw: {data: '" text "'}}"

static void test_manifest_from(void **state)
{
    static const struct {
        const char *tmpl, *want;
    } cases[] = {
        {FROM(RAW("{apiVersion: v1, kind: ConfigMap, metadata: {name: from}, data: {a: x}}")),
         "succeeded: {\"parameters\":[{\"name\":\"a\",\"valueFrom\":{\"jsonPath\":"
         "\"{.data.a}\"},\"value\":\"x\"}],\"exitCode\":\"0\"}"},
        {FROM(RAW("{a: 1}")),
         "failed: main: Error (exit code 64): no more retries error: unable to decode "
         "\"/tmp/manifest.yaml\": Object 'Kind' is missing in '{\"a\":1}'"},
        {FROM("{name: m, path: /m}"),
         "failed: main: Error (exit code 64): failed to load artifact 'm'"},
        {FROM("{name: m, path: /m, optional: true}"),
         "failed: main: Error (exit code 64): Must provide at least one of flags or manifest."},
        {FROM("{name: other, path: /m}"),
         "failed: main: Error (exit code 64): no artifact \"m\" is kept here"},
    };
    struct world *w = *state;
    const struct artifact_house house = {.repository =
                                             str_printf(w->on.a, "%s/repository", w->on.path)};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct resource_job job = job_of(w, cases[i].tmpl);
        struct str said;

        job.artifacts = &house;
        said = run(w, &job);
        if (!str_starts(said, str_from(cases[i].want)))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(said));
    }
}

#define LOGS   "{archiveLocation: {archiveLogs: true, s3: {key: k}}, "
#define LOGGED ",\"artifacts\":[{\"name\":\"main-logs\",\"s3\":{\"key\":\"k/main.log\"}}]}"

enum { LOG_BYTES = 4096 };

static struct str read_log(struct world *w)
{
    struct str path = str_printf(w->on.a, "%s/repository/default/k/main.log", w->on.path);
    int fd = open(str_cz(w->on.a, path), O_RDONLY | O_CLOEXEC);
    char *text = arena_alloc(w->on.a, LOG_BYTES);
    ssize_t len = fd >= 0 ? fd_read(fd, text, LOG_BYTES) : -1;

    if (fd >= 0)
        close(fd);
    return len < 0 ? STR("no log") : str_of(text, (size_t) len);
}

/* What was done is told in a log, which is kept where logs are; also of what has failed. */
static void test_logs(void **state)
{
    static const struct {
        const char *tmpl, *want, *log;
    } cases[] = {
        {LOGS "resource: {action: create, " MAP("{a: x}") "}}",
         "succeeded: {\"exitCode\":\"0\"" LOGGED, "configmap/m created\n"},
        {LOGS "resource: {action: apply, successCondition: data.b == v, " MAP("{b: v}") "}}",
         "succeeded: {\"exitCode\":\"0\"" LOGGED,
         "configmap/m applied\nsuccess condition 'data.b == v' evaluated true\n"},
        {LOGS "resource: {action: get, flags: [cm, m]}}",
         "succeeded: {\"exitCode\":\"0\"" LOGGED, "configmap/m\n"},
        {LOGS "resource: {action: create, " MAP("{a: x}") "}}",
         "failed: main: Error (exit code 64): no more retries Error from server: configmaps "
         "\"m\" already exists",
         "no more retries Error from server: configmaps \"m\" already exists\n"},
        {LOGS
         "resource: {action: apply, manifest: '{\"apiVersion\": argoproj.io/v1alpha1, "
         "\"kind\": WorkflowTemplate, \"metadata\": {\"name\": t}, \"spec\": {\"templates\": "
         "[{\"name\": x, \"suspend\": {}}]}}'}}",
         "succeeded: {\"exitCode\":\"0\"" LOGGED, "workflowtemplate.argoproj.io/t applied\n"},
    };
    struct world *w = *state;
    const struct artifact_house house = {.repository =
                                             str_printf(w->on.a, "%s/repository", w->on.path)};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct resource_job job = job_of(w, cases[i].tmpl);

        job.artifacts = &house;
        job.cancel_fd = -1;
        expect(w, &job, cases[i].want);
        if (!str_is(read_log(w), cases[i].log))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(read_log(w)));
    }
}

/* Before it waits the log has begun; a log that cannot be stored is a failure. */
static void test_log_while_waiting(void **state)
{
    struct world *w = *state;
    const struct artifact_house house = {.repository =
                                             str_printf(w->on.a, "%s/repository", w->on.path)};
    const struct artifact_house none = {.repository = STR("/dev/null/not")};
    struct resource_job job =
        job_of(w, LOGS "resource: {action: apply, failureCondition: data.a == v, "
                       "successCondition: data.a == w, " MAP("{a: x}") "}}");

    job.artifacts = &house;
    job.cancel_fd = -1;
    expect(w, &job, "waits: ");
    set(w, "\"a\": v");
    expect(w, &job,
           "failed: main: Error (exit code 64): failure condition 'data.a==v' evaluated "
           "true");
    assert_true(str_is(read_log(w), "configmap/m applied\nfailure condition 'data.a==v' "
                                    "evaluated true\n"));
    job = job_of(w, LOGS "resource: {action: get, flags: [cm, m]}}");
    job.artifacts = &none;
    job.cancel_fd = -1;
    assert_true(
        str_starts(run(w, &job), STR("failed: main: Error (exit code 64): archive the log: ")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_actions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_manifest_from, setup, teardown),
        cmocka_unit_test_setup_teardown(test_logs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log_while_waiting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conditions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gone_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rights, setup, teardown),
        cmocka_unit_test_setup_teardown(test_again_after_restart, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
