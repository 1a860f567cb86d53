/* Tests of events/sources/event_data.h: golden vectors of upstream's structs, bodies as they
 * were written, kinds that nobody knows. */
#include "events/sources/event_data.h"

#include "tests/support/golden.h"

static int check_golden(struct arena *a, const struct json *row)
{
    const struct json *in = json_get(row, STR("in"));
    const struct json *body = json_get(in, STR("body"));
    struct str bytes = json_get_str(body, STR("$bytes")), made;
    struct json members = *in;
    struct err err;

    if (!str_is_none(bytes))
        members = json_set(a, in, STR("body"), json_string(bytes));
    if (event_data_print(a, json_get_str(row, STR("type")), &members,
                         json_get_str(body, STR("$raw")), &made, &err) < 0)
        return golden_fails(row);
    return !golden_fails(row) && str_eq(made, json_get_str(row, STR("out")));
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/event-data.jsonl", check_golden, 70);
}

static void test_bad_input(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json none = {.type = JSON_OBJECT}, text = json_string(STR("x"));
    struct str made;
    struct err err;

    (void) state;
    assert_int_equal(event_data_print(a, STR("nobody"), &none, STR_NONE, &made, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(event_data_print(a, STR("mqtt"), &none, STR("{"), &made, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    /* What is no object has no members. */
    assert_int_equal(event_data_print(a, STR("generic"), &text, STR_NONE, &made, &err), 0);
    assert_true(str_is(made, "{\"body\":null}"));
}

/* White space goes, spelling stays. */
static void test_raw_body(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json none = {.type = JSON_OBJECT};
    struct str made;
    struct err err;

    (void) state;
    assert_int_equal(event_data_print(a, STR("generic"), &none,
                                      STR(" { \"a\" : 1.50, \"b\":\"<\\/\" } "), &made, &err),
                     0);
    assert_true(str_is(made, "{\"body\":{\"a\":1.50,\"b\":\"\\u003c\\/\"}}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_raw_body),
    };

    return cmocka_run_group_tests_name("event data", tests, NULL, NULL);
}
