/* Tests of metrics: the text that Prometheus reads, look-up, limits, counting by many threads.
 */
#include "base/metric.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

static void assert_prints(struct metrics *m, const char *want)
{
    _cleanup_strbuf_ struct strbuf out = STRBUF_INIT(1 << 24);

    metrics_print(m, &out);
    if (!strstr(strbuf_str(&out).ptr, want))
        fail_msg("no \"%s\" in:\n%s", want, strbuf_str(&out).ptr);
}

static void test_counters_and_gauges(void **state)
{
    struct metrics *m = metrics_new();
    struct metric *sent =
        metric_get(m, METRIC_EVENTS_SENT, STR("example"), STR("hooks"), STR("default"));

    (void) state;
    metric_add(sent, 1);
    metric_add(sent, 1);
    metric_add(metric_get(m, METRIC_EVENTS_SENT, STR("b"), STR("hooks"), STR("default")), 1);
    metric_set(metric_get(m, METRIC_WORKFLOWS, STR("Running")), 3);
    metric_add(metric_get(m, METRIC_WORKFLOWS, STR("Running")), -1);
    assert_ptr_equal(
        sent, metric_get(m, METRIC_EVENTS_SENT, STR("example"), STR("hooks"), STR("default")));
    assert_prints(m, "# HELP argo_events_events_sent_total How many events have been sent "
                     "successfully.\n"
                     "# TYPE argo_events_events_sent_total counter\n"
                     "argo_events_events_sent_total{event_name=\"example\",eventsource_name="
                     "\"hooks\",namespace=\"default\"} 2\n"
                     "argo_events_events_sent_total{event_name=\"b\",");
    assert_prints(m, "# TYPE argo_workflows_gauge gauge\n"
                     "argo_workflows_gauge{phase=\"Running\"} 2\n");
    metrics_free(m);
}

static void test_summaries_have_sum_and_count(void **state)
{
    struct metrics *m = metrics_new();
    struct metric *x =
        metric_get(m, METRIC_EVENTS_ACTION_DURATION, STR("ns"), STR("s"), STR("t"));

    (void) state;
    metric_observe(x, 5);
    metric_observe(x, 0.5);
    assert_prints(m,
                  "# TYPE argo_events_action_duration_milliseconds summary\n"
                  "argo_events_action_duration_milliseconds_sum{namespace=\"ns\",sensor_name="
                  "\"s\",trigger_name=\"t\"} 5.5\n"
                  "argo_events_action_duration_milliseconds_count{namespace=\"ns\","
                  "sensor_name=\"s\",trigger_name=\"t\"} 2\n");
    metrics_free(m);
}

static void test_histograms_are_cumulative(void **state)
{
    static const double buckets[] = {1, 2.5};
    const struct str labels[] = {STR("path")}, values[] = {STR("a\"b\\c\nd")};
    const struct metric_def def = {.name = STR("argo_workflows_size"),
                                   .help = STR("two\nlines \"and\" \\"),
                                   .type = METRIC_HISTOGRAM,
                                   .labels = labels,
                                   .label_count = 1,
                                   .buckets = buckets,
                                   .bucket_count = 2};
    struct metrics *m = metrics_new();
    struct metric *x;
    struct err err;

    (void) state;
    assert_int_equal(metric_define(m, &def, values, &x, &err), 0);
    metric_observe(x, 1); /* a bound is inside */
    metric_observe(x, 2);
    metric_observe(x, 99);
    assert_prints(m, "# HELP argo_workflows_size two\\nlines \"and\" \\\\\n"
                     "# TYPE argo_workflows_size histogram\n"
                     "argo_workflows_size_bucket{path=\"a\\\"b\\\\c\\nd\",le=\"1\"} 1\n"
                     "argo_workflows_size_bucket{path=\"a\\\"b\\\\c\\nd\",le=\"2.5\"} 2\n"
                     "argo_workflows_size_bucket{path=\"a\\\"b\\\\c\\nd\",le=\"+Inf\"} 3\n"
                     "argo_workflows_size_sum{path=\"a\\\"b\\\\c\\nd\"} 102\n"
                     "argo_workflows_size_count{path=\"a\\\"b\\\\c\\nd\"} 3\n");
    metrics_free(m);
}

static void test_definitions_that_differ_are_refused(void **state)
{
    const struct str one[] = {STR("a")}, two[] = {STR("b")}, values[] = {STR("v")};
    const struct metric_def def = {.name = STR("argo_workflows_x"),
                                   .help = STR("help"),
                                   .type = METRIC_GAUGE,
                                   .labels = one,
                                   .label_count = 1};
    struct metric_def others[4];
    static const char *const wants[] = {"type", "help", "labels", "labels"};
    struct metrics *m = metrics_new();
    struct metric *first, *again;
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        others[i] = def;
    others[0].type = METRIC_COUNTER;
    others[1].help = STR("other");
    others[2].labels = two;
    others[3].label_count = 0;
    assert_int_equal(metric_define(m, &def, values, &first, &err), 0);
    assert_int_equal(metric_define(m, &def, values, &again, &err), 0);
    assert_ptr_equal(first, again);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        assert_int_equal(metric_define(m, &others[i], values, &again, &err), -1);
        assert_int_equal(err.kind, ERR_CONFLICT);
        assert_null(again);
        assert_non_null(strstr(err.text, wants[i]));
    }
    metrics_free(m);
}

static void test_numbers(void **state)
{
    static const struct {
        double value;
        const char *want;
    } rows[] = {
        {0, " 0\n"},           {0.1, " 0.1\n"},        {1e21, " 1e+21\n"},
        {-2.5, " -2.5\n"},     {HUGE_VAL, " +Inf\n"},  {123456789, " 123456789\n"},
        {1.0 / 3, " 0.33333"}, {-HUGE_VAL, " -Inf\n"},
    };
    struct metrics *m = metrics_new();
    struct metric *x = metric_get(m, METRIC_IS_LEADER);

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char want[80];

        metric_set(x, rows[i].value);
        snprintf(want, sizeof(want), "argo_workflows_is_leader%s", rows[i].want);
        assert_prints(m, want);
    }
    metrics_free(m);
}

static void test_too_many_series_are_dropped_and_told(void **state)
{
    struct metrics *m = metrics_new();
    char name[16];
    int dropped = 0;

    (void) state;
    for (int i = 0; i < METRIC_SERIES_MAX + 10; i++) {
        struct metric *x;

        snprintf(name, sizeof(name), "%d", i);
        x = metric_get(m, METRIC_WORKFLOWS_TOTAL, STR("ns"), str_from(name));
        dropped += x == NULL;
        metric_add(x, 1); /* nothing happens */
    }
    assert_int_equal(dropped, 11); /* one more is the count of what is dropped */
    assert_prints(m, "\ntiphys_metrics_dropped_total 11\n");
    metrics_free(m);
}

static void test_values_do_not_run_into_each_other(void **state)
{
    struct metrics *m = metrics_new();

    (void) state;
    assert_ptr_not_equal(metric_get(m, METRIC_WORKFLOWS_TOTAL, STR("a"), STR("1:b")),
                         metric_get(m, METRIC_WORKFLOWS_TOTAL, STR("a1:b"), STR("")));
    metrics_free(m);
}

static void test_no_registry_counts_nothing(void **state)
{
    _cleanup_strbuf_ struct strbuf out = STRBUF_INIT(100);
    struct metric *x = metric_get(NULL, METRIC_IS_LEADER);
    const struct metric_def def = {.name = STR("x"), .type = METRIC_GAUGE};
    struct err err;

    (void) state;
    assert_null(x);
    metric_add(x, 1);
    metric_set(x, 1);
    metric_observe(x, 1);
    assert_true(metric_value(x) == 0);
    assert_int_equal(metric_define(NULL, &def, NULL, &x, &err), 0);
    metrics_print(NULL, &out);
    assert_int_equal(out.len, 0);
    metrics_free(NULL);
}

enum { THREADS = 4, ROUNDS = 20000 };

static void *count_much(void *ctx)
{
    struct metric *sent =
        metric_get(ctx, METRIC_EVENTS_SENT, STR("e"), STR("hooks"), STR("default"));

    for (int i = 0; i < ROUNDS; i++) {
        metric_add(sent, 1);
        metric_observe(metric_get(ctx, METRIC_OPERATION_DURATION), 0.5);
    }
    return NULL;
}

static void test_threads_lose_nothing(void **state)
{
    struct metrics *m = metrics_new();
    pthread_t threads[THREADS];

    (void) state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_much, m), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(metric_value(metric_get(m, METRIC_EVENTS_SENT, STR("e"), STR("hooks"),
                                        STR("default"))) == THREADS * ROUNDS);
    assert_prints(m, "argo_workflows_operation_duration_seconds_bucket{le=\"0.1\"} 0\n"
                     "argo_workflows_operation_duration_seconds_bucket{le=\"1\"} 80000\n");
    assert_prints(m, "argo_workflows_operation_duration_seconds_sum 40000\n"
                     "argo_workflows_operation_duration_seconds_count 80000\n");
    metrics_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters_and_gauges),
        cmocka_unit_test(test_summaries_have_sum_and_count),
        cmocka_unit_test(test_histograms_are_cumulative),
        cmocka_unit_test(test_definitions_that_differ_are_refused),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_too_many_series_are_dropped_and_told),
        cmocka_unit_test(test_values_do_not_run_into_each_other),
        cmocka_unit_test(test_no_registry_counts_nothing),
        cmocka_unit_test(test_threads_lose_nothing),
    };

    return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}
