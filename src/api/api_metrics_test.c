/* What watches the server: /metrics and the probes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/world_test.h"
#include "base/log.h"

static void assert_answers(struct world *w, struct call *c, unsigned status, const char *part)
{
    c->w = w;
    c->body = c->body ? c->body : "";
    world_run(w, c);
    if (c->status != status || !strstr(c->answer, part))
        fail_msg("%s %s: %u %s", c->method, c->path, c->status, c->answer);
}

static void test_probes_need_no_token(void **state)
{
    static const struct {
        const char *path, *want;
    } rows[] = {
        {"/livez", "ok"},
        {"/healthz", "ok"},
        {"/readyz", "ok"},
        {"/livez?verbose", "[+]loop ok\nlivez check passed\n"},
        {"/readyz?verbose=1", "[+]loop ok\n[+]store ok\n[+]bus ok\nreadyz check passed\n"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct call c = {.method = "GET", .path = rows[i].path};

        assert_answers(*state, &c, 200, rows[i].want);
        assert_string_equal(c.answer, rows[i].want);
    }
}

static void test_metrics_need_one(void **state)
{
    struct call none = {.method = "GET", .path = "/metrics"},
                wrong = {.method = "GET", .path = "/metrics", .token = "wrong"},
                right = {.method = "GET", .path = "/metrics", .token = "secret"},
                post = {.method = "POST", .path = "/metrics", .token = "secret"};

    assert_answers(*state, &none, 403, "Forbidden"); /* upstream's answer */
    assert_answers(*state, &wrong, 401, "Unauthorized");
    assert_answers(*state, &right, 200, "# TYPE build_info gauge\nbuild_info{version=\"");
    assert_answers(*state, &post, 405, "the metrics are only read");
}

static void test_what_rooms_know_is_read(void **state)
{
    struct world *w = *state;
    struct call c = {.method = "GET", .path = "/metrics", .token = "secret"};
    struct metric *errors;
    double before;

    assert_answers(w, &c, 200, "");
    errors = metric_get(w->metrics, METRIC_LOG_MESSAGES, STR("error"));
    before = metric_value(errors);
    log_error(NULL, "this line is wanted");
    assert_answers(w, &c, 200, "");
    assert_true(metric_value(errors) == before + 1);
    assert_true(metric_value(metric_get(w->metrics, METRIC_STORE_VERSION)) ==
                (double) store_rv(w->store));
    assert_true(metric_value(metric_get(w->metrics, METRIC_IS_LEADER)) == 1);
    assert_true(metric_value(metric_get(w->metrics, METRIC_STORE_STALLED)) == 0);
}

/* Workflows are counted where they are stored, also those that have ended. */
static void test_workflows_by_phase(void **state)
{
    static const struct {
        const char *phase;
        int many;
    } rows[] = {{"Succeeded", 3}, {"Running", 1}, {"Error", 0}, {"else", 2}};
    struct world *w = *state;
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc;
    struct err err;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (int n = 0; n < rows[i].many; n++) {
            struct str text = str_printf(
                w->a,
                "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
                "\"name\":\"w%zu-%d\",\"namespace\":\"argo\",\"uid\":\"u%zu-%d\",\"labels\":{"
                "\"workflows.argoproj.io/phase\":\"%s\"}},\"spec\":{}}",
                i, n, i, n, rows[i].phase);

            assert_int_equal(json_parse(w->a, text, &doc, &err), 0);
            store_txn_create(txn, &doc);
        }
    world_commit(w, txn);
    for (size_t i = 0; i < COUNT_OF(rows) - 1; i++) {
        struct call c = {.method = "GET", .path = "/metrics", .token = "secret"};

        assert_answers(w, &c, 200,
                       str_printf(w->a, "argo_workflows_gauge{phase=\"%s\"} %d\n",
                                  rows[i].phase, rows[i].many)
                           .ptr);
        assert_null(strstr(c.answer, "phase=\"else\""));
    }
}

/* It is counted when the request is over, which its answer may be ahead of. */
static double series(struct world *w, const char *name, const char *service, const char *type)
{
    struct metric *m = metric_get(w->metrics, METRIC_SERVER_HANDLING, str_from(name),
                                  str_from(service), str_from(type));

    for (int i = 0; i < 1000 && metric_value(m) <= 0; i++)
        usleep(5000);
    return metric_value(m);
}

/* What an operation takes is seen by its name as gRPC has it; what is none is not. */
static void test_operations_are_timed(void **state)
{
    struct world *w = *state;
    struct call list = {.method = "GET", .path = "/api/v1/workflows/argo", .token = "secret"},
                archived = {.method = "GET",
                            .path = "/api/v1/archived-workflows",
                            .token = "secret"},
                other = {.method = "GET", .path = "/apis", .token = "secret"},
                page = {.method = "GET", .path = "/metrics", .token = "secret"};

    assert_answers(w, &list, 200, "");
    assert_answers(w, &archived, 200, "");
    assert_answers(w, &other, 200, "");
    assert_answers(w, &page, 200, "");
    assert_true(series(w, "ListWorkflows", "workflow.WorkflowService", "unary") > 0);
    assert_true(series(w, "ListArchivedWorkflows", "workflowarchive.ArchivedWorkflowService",
                       "unary") > 0);
    assert_answers(w, &page, 200,
                   "grpc_server_handling_seconds_count{grpc_method=\"ListWorkflows\",grpc_"
                   "service=\"workflow.WorkflowService\",grpc_type=\"unary\"} 1\n");
}

/* What Prometheus' own client tells of a program and of its page. */
static void test_the_page_counts_itself(void **state)
{
    struct world *w = *state;
    struct call page = {.method = "GET", .path = "/metrics", .token = "secret"};

    assert_answers(w, &page, 200, "promhttp_metric_handler_requests_total{code=\"200\"} 0\n");
    assert_answers(w, &page, 200, "promhttp_metric_handler_requests_total{code=\"200\"} 1\n");
    assert_answers(w, &page, 200, "promhttp_metric_handler_requests_total{code=\"500\"} 0\n");
    assert_answers(w, &page, 200, "promhttp_metric_handler_requests_in_flight 1\n");
    assert_true(metric_value(metric_get(w->metrics, METRIC_SCRAPES_ON)) == 0);
    assert_true(metric_value(metric_get(w->metrics, METRIC_PROCESS_CPU)) > 0);
    assert_true(metric_value(metric_get(w->metrics, METRIC_PROCESS_MEMORY)) > 1 << 20);
    assert_true(metric_value(metric_get(w->metrics, METRIC_PROCESS_FDS)) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_probes_need_no_token, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_metrics_need_one, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_what_rooms_know_is_read, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_workflows_by_phase, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_operations_are_timed, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_the_page_counts_itself, world_setup,
                                        world_teardown),
    };

    return cmocka_run_group_tests_name("api metrics", tests, NULL, NULL);
}
