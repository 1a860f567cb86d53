/* What watches the server: /metrics and the probes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_probes_need_no_token, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_metrics_need_one, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_what_rooms_know_is_read, world_setup,
                                        world_teardown),
    };

    return cmocka_run_group_tests_name("api metrics", tests, NULL, NULL);
}
