/* Transforms: golden vectors of upstream, what changes of an event, refusals. */
#include "events/sensors/transform.h"
#include "tests/support/golden.h"

static struct trigger_event event_of(struct arena *a, struct str data)
{
    struct trigger_event e = {.context = ARENA_NEW(a, struct json), .data = data};
    struct json *parsed = ARENA_NEW(a, struct json), *context = ARENA_NEW(a, struct json);
    struct err ignored;

    *context = json_set(a, NULL, STR("id"), json_string(STR("1")));
    *context = json_set(a, context, STR("datacontenttype"), json_string(STR("text/plain")));
    e.context = context;
    if (!str_is_none(data) && json_parse(a, data, parsed, &ignored) == 0)
        e.parsed = parsed;
    return e;
}

static int apply(struct arena *a, const struct json *dependency, struct trigger_event *event,
                 struct err *err)
{
    _cleanup_programs_ struct programs *p = programs_new(dependency);

    return transform_event(a, p, event, err);
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct trigger_event event = event_of(a, json_get_str(row, STR("data")));
    struct err err = {0};
    int rc = apply(a, row, &event, &err);

    if (golden_fails(row))
        return rc < 0 && err.text[0];
    return rc == 0 && str_eq(event.data, json_get_str(row, STR("out")));
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("events/transform.jsonl", check_golden, 268);
}

static void test_what_changes(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct trigger_event event = event_of(a, STR("{\"a\":1}"));
    struct json dependency;
    struct err err;

    (void) state;
    assert_int_equal(
        json_parse(a,
                   STR("{\"transform\":{\"script\":\"event.a = event.a + 1 return event\"}}"),
                   &dependency, &err),
        0);
    assert_int_equal(apply(a, &dependency, &event, &err), 0);
    assert_true(str_is(event.data, "{\"a\":2}"));
    assert_true(
        str_is(json_get_str(event.context, STR("datacontenttype")), "application/json"));
    assert_true(str_is(json_get_str(event.context, STR("id")), "1"));
    assert_true(json_is(event.parsed, JSON_OBJECT));

    event = event_of(a, STR_NONE); /* without data nothing runs */
    assert_int_equal(apply(a, &dependency, &event, &err), 0);
    assert_true(str_is_none(event.data));
    assert_true(str_is(json_get_str(event.context, STR("datacontenttype")), "text/plain"));
}

static void test_reasons(void **state)
{
    static const struct {
        const char *transform, *data, *want;
    } cases[] = {
        {"{\"jq\":\"empty\"}", "{}",
         "transform: no output available from the jq command execution"},
        {"{\"jq\":\".a\",\"script\":\"return {}\"}", "{}",
         "transform: jq transformation output must be a JSON object"},
        {"{\"jq\":\"{a\"}", "{}", "transform: jq: unexpected EOF at line 1, column 3"},
        {"{\"jq\":\"error(\\\"no\\\")\"}", "{}", "transform: jq: no"},
        {"{\"jq\":\"def f: f; f\"}", "{}", "transform: jq: functions nest too deep"},
        {"{\"script\":\"error('no')\"}", "{}", "transform: <string>:1: no"},
        {"{\"script\":\"return 1\"}", "{}",
         "transform: transformation script output type is not of lua table"},
        {"{\"script\":\"while true do end\"}", "{}", "transform: script exceeds its steps"},
        {"{\"script\":\"return event\"}", "[]",
         "transform: json: cannot unmarshal array into Go value of type map[string]interface "
         "{}"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct trigger_event event = event_of(a, str_from(cases[i].data));
        struct json transform, dependency;
        struct err err = {0};

        assert_int_equal(json_parse(a, str_from(cases[i].transform), &transform, &err), 0);
        dependency = json_set(a, NULL, STR("transform"), transform);
        if (apply(a, &dependency, &event, &err) == 0 || strcmp(err.text, cases[i].want) != 0)
            fail_msg("%zu: %s", i, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),
                                       cmocka_unit_test(test_what_changes),
                                       cmocka_unit_test(test_reasons)};

    return cmocka_run_group_tests_name("transform", tests, NULL, NULL);
}
