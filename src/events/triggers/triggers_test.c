/* The family of triggers: the table, which driver a template means, and what the log trigger
 * writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "events/triggers/trigger.h"

static void test_table(void **state)
{
    size_t count;
    const struct trigger_driver *const *drivers = trigger_drivers(&count);

    (void) state;
    assert_true(count >= 1);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(drivers[i - 1]->kind, drivers[i]->kind) < 0);
        assert_non_null(drivers[i]->summary);
        assert_true(drivers[i]->ops ? drivers[i]->ops->fire != NULL
                                    : drivers[i]->missing != NULL);
    }
}

static void test_driver_of_a_template(void **state)
{
    static const struct {
        const char *template, *error;
    } cases[] = {
        {"{\"name\":\"t\",\"log\":{}}", NULL},
        {"{\"name\":\"t\",\"k8s\":{}}", "template.k8s is not supported yet"},
        {"{\"name\":\"t\",\"http\":{},\"log\":{}}", "template.http is not supported yet"},
        {"{\"name\":\"t\"}", "trigger template \"t\" names no kind of trigger"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct trigger_driver *driver;
        struct err err = {0};
        struct json v;

        assert_int_equal(json_parse(a, str_from(cases[i].template), &v, &err), 0);
        driver = trigger_driver_of(&v, &err);
        if ((driver == NULL) != (cases[i].error != NULL) ||
            (cases[i].error && strcmp(err.text, cases[i].error) != 0))
            fail_msg("case %zu: %s", i, err.text);
    }
}

static void test_log(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct trigger_services services = {0};
    struct trigger_event event = {.dependency = STR("dep"), .data = STR("{\"a\":1}")};
    struct trigger_request req = {.sensor = STR("s"),
                                  .trigger = STR("t"),
                                  .ns = STR("argo"),
                                  .events = &event,
                                  .event_count = 1};
    struct trigger_result result;
    struct json context, template;
    char text[1024];
    ssize_t len;
    int fds[2];
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, STR("{\"id\":\"e1\"}"), &context, &err), 0);
    assert_int_equal(json_parse(a, STR("{\"log\":{}}"), &template, &err), 0);
    event.context = &context;
    assert_int_equal(pipe(fds), 0);
    log_setup(LOG_FORMAT_JSON, LOG_LEVEL_INFO, fds[1]);
    assert_int_equal(
        trigger_driver_of(&template, &err)->ops->fire(&services, a, &req, &result, &err), 0);
    len = read(fds[0], text, sizeof(text) - 1);
    assert_true(len > 0);
    text[len] = '\0';
    assert_non_null(
        strstr(text, "\"sensorName\":\"s\",\"triggerName\":\"t\",\"dependencyName\":\"dep\","
                     "\"eventID\":\"e1\",\"data\":\"{\\\"a\\\":1}\""));
    assert_true(str_is(result.detail, "logged"));
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_driver_of_a_template),
                                       cmocka_unit_test(test_log)};

    return cmocka_run_group_tests_name("triggers", tests, NULL, NULL);
}
