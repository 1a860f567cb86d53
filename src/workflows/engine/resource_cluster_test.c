/*
 * Tests of the resource template in a cluster: a canned one is asked for each action, as what,
 * and what its answers come to; one that is away; who may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "formats/yaml.h"
#include "tests/support/canned_server.h"
#include "tests/support/store_world.h"
#include "workflows/engine/resource_template.h"
#include "workflows/submit/rights.h"

#define CORE                                                                          \
    "{\"resources\":[{\"name\":\"services\",\"shortNames\":[\"svc\"],\"namespaced\":" \
    "true,\"kind\":\"Service\"}]}"
#define SERVICE(meta) "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{" meta "}}"
#define OURS          "\"name\":\"s\",\"uid\":\"u\",\"annotations\":{\"tiphys/effect\":\"mark\"}"
#define MANIFEST      "manifest: '{apiVersion: v1, kind: Service, metadata: {name: s}}'"
#define STATUS(reason) \
    "{\"kind\":\"Status\",\"reason\":\"" reason "\",\"message\":\"services \\\"s\\\"\"}"

struct world {
    struct store_world on;
    struct workflow_submitter submitter;
    struct canned_server *server;
    struct kubernetes_contexts *clusters;
};

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    char path[] = "/tmp/kubeconfig.XXXXXX";
    int fd = mkstemp(path);
    struct err err;

    store_world_open(&w->on);
    workflow_submitter_init(&w->submitter, w->on.store);
    w->server = canned_start();
    w->server->shows = "Content-Type";
    assert_true(dprintf(fd,
                        "current-context: c\nclusters: [{name: c, cluster: {server: '%s'}}]\n"
                        "contexts: [{name: c, context: {cluster: c}}]\n",
                        w->server->base) > 0);
    close(fd);
    assert_int_equal(
        kubernetes_contexts_open(path, &(struct kubeconfig_choice){0}, &w->clusters, &err), 0);
    unlink(path);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    kubernetes_contexts_free(w->clusters);
    canned_stop(w->server);
    store_world_close(&w->on);
    free(w);
    return 0;
}

static struct resource_job job_of(struct world *w, const char *tmpl)
{
    struct resource_job job = {.submitter = &w->submitter,
                               .clusters = w->clusters,
                               .cluster = STR(""),
                               .cancel_fd = -1,
                               .ns = STR("n"),
                               .mark = STR("mark"),
                               .workflow = STR("owner"),
                               .workflow_uid = STR("u-1"),
                               .message = STR("")};
    struct err err;

    if (yaml_parse(w->on.a, str_from(tmpl), &job.tmpl, &err) < 0)
        fail_msg("%s", err.text);
    return job;
}

struct answer {
    unsigned status;
    const char *body;
};

/* The world's server tells them behind what is served; "state message" then. */
static struct str run(struct world *w, struct resource_job *job, const struct answer *answers)
{
    static const char *const states[] = {"new", "waits", "succeeded", "failed"};

    w->server->answer_count = w->server->asked = 0;
    if (job->state == RESOURCE_NEW)
        canned_answer(w->server, 200, CORE);
    for (; answers->status; answers++)
        canned_answer(w->server, answers->status, answers->body);
    resource_template_run(job, w->on.a);
    return str_printf(w->on.a, "%s " STR_FMT, states[job->state], STR_ARG(job->message));
}

#define QUERY(manager) "?fieldManager=" manager "&fieldValidation=Strict"
#define ONE            "/api/v1/namespaces/n/services/s"
#define MARKED                                                                  \
    "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"s\"," \
    "\"annotations\":"                                                          \
    "{\"tiphys/effect\":\"mark\"}}"

static void test_actions(void **state)
{
    static const struct {
        const char *tmpl;
        struct answer answers[6];
        const char *want, *asked[4]; /* behind the list of kinds */
    } cases[] = {
        {"resource: {action: create, " MANIFEST "}",
         {{201, SERVICE(OURS)}},
         "succeeded ",
         {"POST /api/v1/namespaces/n/services" QUERY(
             "kubectl-create") " [application/json] " MARKED "}"}},
        {"resource: {action: create, " MANIFEST "}", /* its own of before a crash */
         {{409, STATUS("AlreadyExists")}, {200, SERVICE(OURS)}},
         "succeeded ",
         {NULL, "GET " ONE " [] "}},
        {"resource: {action: create, " MANIFEST "}",
         {{409, STATUS("AlreadyExists")}, {200, SERVICE("\"name\":\"s\"")}},
         "failed main: Error (exit code 64): no more retries Error from server "
         "(AlreadyExists): error when creating \"/tmp/manifest.yaml\": services \"s\"",
         {NULL}},
        {"resource: {action: create, " MANIFEST "}", /* whose it is cannot be known now */
         {{409, STATUS("AlreadyExists")}, {503, ""}},
         "new Error from server: status 503: ",
         {NULL}},
        {"resource: {action: create, " MANIFEST "}",
         {{503, ""}},
         "new Error from server: error when creating \"/tmp/manifest.yaml\": "
         "status 503: ",
         {NULL}},
        {"resource: {action: get, " MANIFEST "}",
         {{404, STATUS("NotFound")}},
         "failed main: Error (exit code 64): no more retries Error from server (NotFound): "
         "services \"s\"",
         {"GET " ONE " [] "}},
        {"resource: {action: apply, " MANIFEST "}",
         {{200, SERVICE(OURS)}, {200, SERVICE(OURS)}},
         "succeeded ",
         {NULL, "PATCH " ONE QUERY(
                    "kubectl-client-side-apply") "&force=true [application/apply-patch+yaml] "
                                                 "{\"apiVersion\":\"v1\",\"kind\":"
                                                 "\"Service\",\"metadata\":{\"name\":\"s\"}}"}},
        {"resource: {action: apply, flags: [--server-side, --field-manager, me], " MANIFEST "}",
         {{404, STATUS("NotFound")}, {409, STATUS("Conflict")}},
         "failed main: Error (exit code 64): no more retries Error from server (Conflict): "
         "services \"s\"",
         {NULL, "PATCH " ONE QUERY(
                    "me") " [application/apply-patch+yaml] {\"apiVersion\":\"v1\",\"kind\":"
                          "\"Service\",\"metadata\":{\"name\":\"s\"}}"}},
        {"resource: {action: replace, flags: ['--dry-run=server'], " MANIFEST "}",
         {{200, SERVICE("\"resourceVersion\":\"7\"")},
          {409, STATUS("Conflict")},
          {200, SERVICE("\"resourceVersion\":\"8\"")},
          {200, SERVICE(OURS)}},
         "succeeded ",
         {NULL, NULL, NULL,
          "PUT " ONE QUERY(
              "kubectl-replace") "&dryRun=All [application/json] {\"apiVersion\":"
                                 "\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"s\","
                                 "\"annotations\":"
                                 "{\"tiphys/effect\":\"mark\"},\"resourceVersion\":\"8\"}}"}},
        {"resource: {action: patch, " MANIFEST "}",
         {{200, SERVICE("\"name\":\"s\"")}, {200, SERVICE(OURS)}},
         "succeeded ",
         {NULL, "PATCH " ONE QUERY(
                    "kubectl-patch") " [application/strategic-merge-patch+json] " MARKED "}"}},
        {"resource: {action: patch, mergeStrategy: merge, " MANIFEST "}", /* it has happened */
         {{200, SERVICE(OURS)}},
         "succeeded ",
         {"GET " ONE " [] "}},
        {"resource: {action: patch, mergeStrategy: json, flags: [svc, s], manifest: '[{op: "
         "remove, path: /x}]'}",
         {{200, SERVICE("\"resourceVersion\":\"7\"")},
          {422, STATUS("Invalid")},
          {200, SERVICE("\"resourceVersion\":\"8\"")},
          {200, SERVICE("\"annotations\":{\"a\":\"b\"}")}},
         "failed main: Error (exit code 64): no more retries Error from server: status 404: ",
         {NULL,
          "PATCH " ONE QUERY("kubectl-patch") " [application/json-patch+json] "
                                              "[{\"op\":\"test\",\"path\":\"/metadata/"
                                              "resourceVersion\",\"value\":\"7\"},{\"op\":"
                                              "\"add\",\"path\":\"/metadata/"
                                              "annotations\",\"value\":{\"tiphys/"
                                              "effect\":\"mark\"}},{\"op\":\"remove\",\"path\":"
                                              "\"/x\"}]"}},
        {"resource: {action: delete, flags: ['--grace-period=3', --cascade, orphan], " MANIFEST
         "}",
         {{404, STATUS("NotFound")}},
         "failed main: Error (exit code 64): no more retries error: resource(s) were provided, "
         "but no name was specified",
         {NULL}},
        {"resource: {action: delete, flags: ['--grace-period=3', '--cascade=orphan'], " MANIFEST
         "}",
         {{404, STATUS("NotFound")}},
         "succeeded ",
         {"DELETE " ONE " [application/json] {\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\","
          "\"propagationPolicy\":\"Orphan\",\"gracePeriodSeconds\":3}"}},
        {"resource: {action: delete, flags: [svc, -l, a=b]}",
         {{200, "{\"items\":[{\"metadata\":{\"name\":\"s\"}}]}"}, {200, STATUS("")}},
         "succeeded ",
         {"GET /api/v1/namespaces/n/services?labelSelector=a%3Db [] ",
          "DELETE " ONE " [application/json] {\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\","
          "\"propagationPolicy\":\"Background\"}"}},
        {"resource: {action: create, setOwnerReference: true, " MANIFEST "}",
         {{0}},
         "failed main: Error (exit code 64): setOwnerReference: the Workflow is no object of "
         "the cluster, which would delete what it owns",
         {NULL}},
        {"resource: {action: get, flags: [-n, m], manifest: '{apiVersion: v1, kind: Service, "
         "metadata: {name: s, namespace: other}}'}",
         {{0}},
         "failed main: Error (exit code 64): no more retries error: the namespace from the "
         "provided object \"other\" does not match the namespace \"m\"",
         {NULL}},
        {"resource: {action: get, manifest: '{apiVersion: v1, kind: None, metadata: {name: "
         "s}}'}",
         {{0}},
         "failed main: Error (exit code 64): no more retries error: no matches for kind "
         "\"None\" in version \"v1\"",
         {NULL}},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct resource_job job = job_of(w, cases[i].tmpl);
        struct str got;

        teardown(state);
        setup(state);
        w = *state;
        job = job_of(w, cases[i].tmpl);
        got = run(w, &job, cases[i].answers);
        if (!str_is(got, cases[i].want))
            fail_msg("case %zu: " STR_FMT "\n%s", i, STR_ARG(got), cases[i].want);
        for (size_t k = 0; k < COUNT_OF(cases[i].asked); k++)
            if (cases[i].asked[k] && strcmp(w->server->seen[k + 1], cases[i].asked[k]) != 0)
                fail_msg("case %zu.%zu:\n%s\n%s", i, k, w->server->seen[k + 1],
                         cases[i].asked[k]);
    }
}

/* A name made of the mark is the same after a crash, and another one when it is taken. */
static void test_generated(void **state)
{
    static const char tmpl[] = "resource: {action: create, manifest: '{apiVersion: v1, kind: "
                               "Service, metadata: {generateName: g-}}'}";
    struct world *w = *state;
    struct resource_job job = job_of(w, tmpl);
    char first[CANNED_TEXT_MAX];

    run(w, &job,
        (struct answer[]){{409, STATUS("AlreadyExists")},
                          {200, SERVICE("\"name\":\"x\"")},
                          {201, SERVICE(OURS)},
                          {0}});
    assert_int_equal(job.state, RESOURCE_SUCCEEDED);
    assert_int_equal(w->server->asked, 4);
    assert_non_null(strstr(w->server->seen[1], "\"name\":\"g-"));
    assert_string_not_equal(w->server->seen[1], w->server->seen[3]);
    memcpy(first, w->server->seen[1], sizeof(first));
    job = job_of(w, tmpl);
    job.state = RESOURCE_NEW;
    w->server->answer_count = w->server->asked = 0;
    canned_answer(w->server, 201, SERVICE(OURS));
    resource_template_run(&job, w->on.a);
    assert_string_equal(w->server->seen[0], first);
}

static void test_waits(void **state)
{
    struct world *w = *state;
    struct resource_job job =
        job_of(w, "resource: {action: get, successCondition: status.a == b, " MANIFEST "}");
    struct resource_job going = job_of(w, "resource: {action: delete, " MANIFEST "}");
    struct str said;

    run(w, &job, (struct answer[]){{200, SERVICE(OURS)}, {0}});
    assert_int_equal(job.state, RESOURCE_WAITS);
    said = run(w, &job, (struct answer[]){{503, "away"}, {0}});
    assert_true(str_starts(said, STR("waits Error from server: status 503")));
    said =
        run(w, &job,
            (struct answer[]){{200, "{\"apiVersion\":\"v1\",\"status\":{\"a\":\"b\"}}"}, {0}});
    assert_true(str_is(said, "succeeded "));
    w->server->answer_count = w->server->asked = 0;
    canned_answer(w->server, 200,
                  SERVICE("\"name\":\"s\",\"uid\":\"u\",\"deletionTimestamp\":\"t\""));
    resource_template_run(&going, w->on.a);
    assert_int_equal(going.state, RESOURCE_WAITS);
    run(w, &going, (struct answer[]){{200, SERVICE("\"name\":\"s\",\"uid\":\"u\"")}, {0}});
    assert_int_equal(going.state, RESOURCE_WAITS);
    run(w, &going, (struct answer[]){{200, SERVICE("\"name\":\"s\",\"uid\":\"other\"")}, {0}});
    assert_int_equal(going.state, RESOURCE_SUCCEEDED);
}

/* What is served here stays here, unless somebody says otherwise. */
static void test_place(void **state)
{
#define MAP "manifest: '{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}'}"
    struct world *w = *state;
    struct resource_job job = job_of(w, "resource: {action: create, " MAP);
    struct str said;

    resource_template_run(&job, w->on.a);
    assert_int_equal(job.state, RESOURCE_SUCCEEDED);
    assert_int_equal(w->server->asked, 0);
    job = job_of(w, "resource: {action: get, " MAP);
    job.cluster = STR("c");
    said = run(w, &job, (struct answer[]){{0}});
    assert_true(w->server->asked > 0);
    job = job_of(w, "resource: {action: get, flags: [--context, d], " MAP);
    said = run(w, &job, (struct answer[]){{0}});
    assert_true(str_is(said, "failed main: Error (exit code 64): tiphys/cluster: context \"d\" "
                             "does not exist"));
    job = job_of(w, "resource: {action: get, " MANIFEST "}");
    job.cluster = STR("here");
    said = run(w, &job, (struct answer[]){{0}});
    assert_int_equal(w->server->asked, 0);
    assert_int_equal(job.state, RESOURCE_FAILED);
    (void) said;
}

static int refuse(void *ctx, const struct submit_act *act, struct err *err)
{
    (void) ctx;
    return err_set(err, ERR_DENIED, "no right to %s %s/" STR_FMT " in " STR_FMT, act->verb,
                   act->kind->plural, STR_ARG(act->name), STR_ARG(act->of_ns));
}

static void test_rights(void **state)
{
    struct world *w = *state;
    const struct submit_rights rights = {NULL, refuse};
    struct resource_job job = job_of(w, "resource: {action: replace, " MANIFEST "}");

    w->submitter.rights = &rights;
    assert_true(str_is(run(w, &job, (struct answer[]){{0}}),
                       "failed main: Error (exit code 64): no more retries Error from server "
                       "(Forbidden): no right to update services/s in n"));
    w->submitter.rights = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_actions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_generated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_place, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rights, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
