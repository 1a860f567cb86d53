/* Tests of events/sources/webhook_event.h: golden vectors of upstream's handler, forms,
 * headers. */
#include "events/sources/webhook_event.h"

#include "tests/support/golden.h"
#include "tests/support/golden_request.h"

static int check_golden(struct arena *a, const struct json *row)
{
    struct webhook_request req = golden_request(a, json_get(row, STR("request")));
    const struct json *out = json_get(row, STR("out"));
    struct str data = STR("");
    struct err err = {0};
    int64_t status = 0;

    if (!json_i64(json_get(out, STR("status")), &status))
        return false;
    if (webhook_event(a, json_get(row, STR("webhook")), &req, &data, &err) < 0) {
        const char *end = strstr(err.text, " (line ");
        struct str text =
            end ? str_of(err.text, (size_t) (end - err.text)) : str_from(err.text);

        return status == (err.kind == ERR_INVALID ? 400 : 500) && !json_get(out, STR("data")) &&
               str_eq(text, json_get_str(out, STR("body")));
    }
    return status == 200 && str_eq(data, json_get_str(out, STR("data")));
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/webhook-body.jsonl", check_golden, 71);
}

static void test_forms(void **state)
{
    static const char *const cases[][3] = {
        {"", "{}", ""},
        {"a=1&a=2&b", "{\"a\":[\"1\",\"2\"],\"b\":[\"\"]}", ""},
        {"a=1&b=%z&c=2;3&d=4", "{\"a\":[\"1\"],\"d\":[\"4\"]}", "invalid URL escape \"%z\""},
        {"%41=%42%", "{}", "invalid URL escape \"%\""},
        {"=&==", "{\"\":[\"\",\"=\"]}", ""},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json map;
        struct err err = {0};
        int rc = webhook_form(a, str_from(cases[i][0]), &map, &err);

        if (!str_is(json_text(a, &map, JSON_SORT_KEYS), cases[i][1]) ||
            (rc < 0) != (cases[i][2][0] != '\0') || strcmp(err.text, cases[i][2]) != 0)
            fail_msg("%s: " STR_FMT " %s", cases[i][0], STR_ARG(json_text(a, &map, 0)),
                     err.text);
    }
}

/* No bytes are too many for no limit; they are no JSON, either. */
static void test_limit_of_nothing(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct webhook_request req = {.method = STR("POST"), .url = STR("/x"), .body = STR("")};
    struct json spec;
    struct str data;
    struct err err = {0};

    (void) state;
    assert_int_equal(
        json_parse(a, STR("{\"method\":\"POST\",\"maxPayloadSize\":0}"), &spec, &err), 0);
    assert_int_equal(webhook_event(a, &spec, &req, &data, &err), -1);
    assert_non_null(strstr(err.text, "unexpected end of JSON input"));
    req.body = STR("1");
    assert_int_equal(webhook_event(a, &spec, &req, &data, &err), -1);
    assert_non_null(strstr(err.text, "request body too large"));
}

static void test_headers(void **state)
{
    static const struct http_header headers[] = {
        {STR_INIT("content-TYPE"), STR_INIT("a/b")},
        {STR_INIT("Host"), STR_INIT("h")},
        {STR_INIT("x y"), STR_INIT("1")},
        {STR_INIT("x-a"), STR_INIT("1")},
        {STR_INIT("X-A"), STR_INIT("2")},
    };
    const struct webhook_request req = {.headers = headers, .header_count = COUNT_OF(headers)};
    _cleanup_arena_ struct arena *a = arena_new();
    struct json map = webhook_headers_json(a, &req);

    (void) state;
    assert_true(str_is(json_text(a, &map, JSON_SORT_KEYS),
                       "{\"Content-Type\":[\"a/b\"],\"X-A\":[\"1\",\"2\"],\"x y\":[\"1\"]}"));
    assert_true(str_is(webhook_header(&req, STR("Content-Type")), "a/b"));
    assert_true(str_is_none(webhook_header(&req, STR("nobody"))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_limit_of_nothing),
    };

    return cmocka_run_group_tests_name("webhook event", tests, NULL, NULL);
}
