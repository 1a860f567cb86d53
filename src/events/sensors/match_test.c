/* Records and dependencies: what is read, what belongs together, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "events/sensors/match.h"

static void test_dependencies(void **state)
{
    static const struct {
        const char *list, *error;
        size_t len;
    } cases[] = {
        {"[]", NULL, 0},
        {"null", NULL, 0},
        {"[{\"name\":\"a\",\"eventSourceName\":\"s\",\"eventName\":\"e\"},"
         "{\"name\":\"b\",\"eventSourceName\":\"s\",\"eventName\":\"f\"}]",
         NULL, 2},
        {"[{\"name\":\"a\",\"eventSourceName\":\"s\"}]",
         "spec.dependencies[0]: name, eventSourceName and eventName are required", 0},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct match_dependencies ret = {0};
        struct err err = {0};
        struct json list;
        int rc;

        assert_int_equal(json_parse(a, str_from(cases[i].list), &list, &err), 0);
        rc = match_dependencies_read(a, &list, &ret, &err);
        if ((rc < 0) != (cases[i].error != NULL) || ret.len != cases[i].len ||
            (cases[i].error && strcmp(err.text, cases[i].error) != 0))
            fail_msg("case %zu: %d %zu %s", i, rc, ret.len, err.text);
        for (size_t k = 0; k < ret.len; k++)
            assert_true(str_eq(ret.names[k], ret.at[k].name));
    }
}

static void test_record(void **state)
{
    const struct match_dependency d = {.source = STR("s"), .event = STR("e")};

    (void) state;
    assert_true(match_record(&d, &(struct bus_record){.source = STR("s"), .event = STR("e")}));
    assert_false(match_record(&d, &(struct bus_record){.source = STR("s"), .event = STR("f")}));
    assert_false(match_record(&d, &(struct bus_record){.source = STR("t"), .event = STR("e")}));
    assert_false(
        match_record(&d, &(struct bus_record){.source = STR("s"), .event = STR("ee")}));
}

static void test_event(void **state)
{
    static const struct {
        const char *payload, *data;
        bool is_error, is_json;
    } cases[] = {
        {"{\"id\":\"1\",\"data\":{\"a\":1}}", "{\"a\":1}", false, true},
        {"{\"id\":\"1\",\"data_base64\":\"eyJhIjoxfQ==\"}", "{\"a\":1}", false, true},
        {"{\"id\":\"1\",\"data_base64\":\"aGVsbG8=\"}", "hello", false, false},
        {"{\"id\":\"1\"}", "", false, false},
        {"{\"id\":\"1\",\"data_base64\":\"%\"}", NULL, true, false},
        {"not json", NULL, true, false},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct bus_record r = {.id = STR("1"), .payload = str_from(cases[i].payload)};
        struct trigger_event event = {0};
        struct err err = {0};
        int rc = match_event_read(a, &r, &event, &err);

        if ((rc < 0) != cases[i].is_error)
            fail_msg("case %zu: %d %s", i, rc, err.text);
        if (rc < 0) {
            assert_non_null(strstr(err.text, "event 1"));
            continue;
        }
        assert_true(str_is(event.data, cases[i].data));
        assert_int_equal(event.parsed != NULL, cases[i].is_json);
        assert_true(str_is(json_get_str(event.context, STR("id")), "1"));
        assert_null(json_get(event.context, STR("data_base64")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_dependencies),
                                       cmocka_unit_test(test_record),
                                       cmocka_unit_test(test_event)};

    return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
