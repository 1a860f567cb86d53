/* Tests of events/sources/signature.h and webhook_client.h: golden vectors of the services'
 * libraries, known HMACs, hostile headers. */
#include "events/sources/signature.h"

#include "events/sources/event_data.h"
#include "events/sources/webhook_client.h"
#include "tests/support/golden.h"
#include "tests/support/golden_request.h"

/* An answer {status, body, data?} from what the check said; @data is the data of the event. */
static int is_answer(const struct json *row, int rc, const struct err *err, int64_t refused,
                     struct str data)
{
    const struct json *out = json_get(row, STR("out"));
    const struct json *want = json_get(out, STR("data"));
    int64_t status = 0;

    if (!json_i64(json_get(out, STR("status")), &status))
        return false;
    if (rc < 0)
        return status == refused && str_is(json_get_str(out, STR("body")), err->text);
    return status == 200 && (!want || str_eq(data, json_str(want)));
}

static int check_gitlab(struct arena *a, const struct json *row,
                        const struct webhook_request *req, struct str secret)
{
    struct json members = json_set(a, NULL, STR("headers"), webhook_headers_json(a, req));
    struct str data = STR("");
    struct err err = {0};
    int rc = signature_gitlab(a, req, secret, &err);

    if (rc == 0)
        rc = event_data_print(a, STR("gitlab"), &members, req->body, &data, &err);
    return is_answer(row, rc, &err, 400, data);
}

/* What Slack's events become is another room's. */
static int check_slack(struct arena *a, const struct json *row,
                       const struct webhook_request *req, struct str secret)
{
    const struct json *out = json_get(row, STR("out"));
    struct err err = {0};
    int64_t now_s = 0, status = 0;
    int rc;

    if (!json_i64(json_get(row, STR("now")), &now_s) ||
        !json_i64(json_get(out, STR("status")), &status))
        return false;
    rc = signature_slack(a, req, secret, (struct wall){now_s * 1000}, &err);
    if (rc == 0)
        return status != 401;
    return is_answer(row, rc, &err, 401, STR_NONE);
}

static int check_github(struct arena *a, const struct json *row,
                        const struct webhook_request *req, struct str secret)
{
    struct str body;
    struct err err = {0};

    if (signature_github_event(a, req, secret, &body, &err) < 0)
        return golden_fails(row);
    return !golden_fails(row) && str_eq(body, json_get_str(row, STR("out")));
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct webhook_request req = golden_request(a, row);
    struct str op = json_get_str(row, STR("op")), secret = json_get_str(row, STR("secret"));
    struct err err = {0};

    if (str_is(op, "sns-cert-url"))
        return -1;
    if (str_is(op, "gitlab"))
        return check_gitlab(a, row, &req, secret);
    if (str_is(op, "slack"))
        return check_slack(a, row, &req, secret);
    if (str_is(op, "github"))
        return check_github(a, row, &req, secret);
    if (str_is(op, "stripe"))
        return (signature_stripe(a, &req, secret, &err) < 0) == golden_fails(row);
    return (signature_bitbucket_server(a, &req, secret, &err) < 0) == golden_fails(row);
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/webhook-signature.jsonl", check_golden, 91);
}

static int check_match(struct arena *a, const struct json *row)
{
    struct webhook_request req = golden_request(a, row);
    bool matches = webhook_client_matches(a, json_get_str(row, STR("op")),
                                          json_get_str(row, STR("secret")), &req);

    return matches == (!golden_fails(row) && json_get_bool(row, STR("out")));
}

static void test_golden_clients(void **state)
{
    (void) state;
    golden_run("formats/webhook-match.jsonl", check_match, 97);
}

/* RFC 2202 and RFC 4231, case 2. */
static void test_known_hmacs(void **state)
{
    const struct str key = STR("Jefe"), text = STR("what do ya want for nothing?");
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    assert_true(str_is(signature_hmac_hex(a, SIGNATURE_SHA1, key, text),
                       "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
    assert_true(str_is(signature_hmac_hex(a, SIGNATURE_SHA256, key, text),
                       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    assert_true(str_starts(signature_hmac_hex(a, SIGNATURE_SHA512, key, text),
                           STR("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd6")));
}

static void test_equal(void **state)
{
    (void) state;
    assert_true(signature_equal(STR(""), STR_NONE));
    assert_true(signature_equal(STR("ab"), STR("ab")));
    assert_false(signature_equal(STR("ab"), STR("aB")));
    assert_false(signature_equal(STR("ab"), STR("abc")));
}

/* Every header of every check as nobody sends it. */
static void test_hostile_headers(void **state)
{
    static const char *const values[] = {"",
                                         "=",
                                         "==",
                                         ",",
                                         "sha256=",
                                         "v0=",
                                         "t=",
                                         "t=,v1=",
                                         "\xff\xfe",
                                         "sha256=\x01",
                                         "t=99999999999999999999"};
    static const char *const names[] = {"X-Hub-Signature-256", "X-Hub-Signature",
                                        "X-Slack-Signature",   "X-Slack-Request-Timestamp",
                                        "Stripe-Signature",    "X-Gitlab-Token"};

    (void) state;
    for (size_t n = 0; n < COUNT_OF(names); n++)
        for (size_t i = 0; i < COUNT_OF(values); i++) {
            _cleanup_arena_ struct arena *a = arena_new();
            const struct http_header headers[] = {
                {STR("Content-Type"), STR("application/json")},
                {str_from(names[n]), str_from(values[i])},
                {STR("X-Slack-Signature"), STR("v0=00")},
                {STR("X-Slack-Request-Timestamp"), STR("1")}};
            const struct webhook_request req = {.method = STR("POST"),
                                                .body = STR("{}"),
                                                .headers = headers,
                                                .header_count = COUNT_OF(headers)};
            struct str ret;
            struct err err;

            assert_int_equal(signature_github(a, &req, STR("s"), &ret, &err), -1);
            assert_int_equal(signature_bitbucket_server(a, &req, STR("s"), &err), -1);
            assert_int_equal(signature_gitlab(a, &req, STR("s"), &err), -1);
            assert_int_equal(signature_slack(a, &req, STR("s"), (struct wall){1000}, &err), -1);
            assert_int_equal(signature_stripe(a, &req, STR("s"), &err), -1);
            assert_true(err.text[0]);
        }
}

/* Kinds of events that GitHub added later. */
static void test_late_github_events(void **state)
{
    static const char *const names[] = {"code_scanning_alert", "dependabot_alert", "deploy_key",
                                        "github_app_authorization"};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct http_header event = {STR("X-GitHub-Event"), str_from(names[i])};
        const struct webhook_request req = {
            .method = STR("POST"), .body = STR("{}"), .headers = &event, .header_count = 1};

        assert_true(webhook_client_matches(a, STR("github"), STR(""), &req));
    }
}

static void test_unknown_client(void **state)
{
    const struct webhook_request req = {.method = STR("POST"), .body = STR("{}")};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    assert_false(webhook_client_matches(a, STR("nobody"), STR(""), &req));
    assert_false(webhook_client_matches(a, STR("github"), STR(""), &req));
}

/* Bodies are signed with every byte that they have; times are numbers, not texts. */
static void test_bytes_and_times(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str body = str_of("a\0b", 3), key = STR("k");
    struct str slack = str_printf(
        a, "v0=" STR_FMT,
        STR_ARG(signature_hmac_hex(a, SIGNATURE_SHA256, key, str_of("v0:100:a\0b", 10))));
    struct str stripe = str_printf(
        a, "t=+7,v1=" STR_FMT,
        STR_ARG(signature_hmac_hex(a, SIGNATURE_SHA256, key, str_of("7.a\0b", 5))));
    struct http_header headers[] = {{STR("X-Slack-Signature"), slack},
                                    {STR("X-Slack-Request-Timestamp"), STR("100")},
                                    {STR("Stripe-Signature"), stripe}};
    struct webhook_request req = {
        .method = STR("POST"), .body = body, .headers = headers, .header_count = 3};
    struct err err;

    (void) state;
    assert_int_equal(signature_slack(a, &req, key, (struct wall){100000}, &err), 0);
    assert_int_equal(signature_stripe(a, &req, key, &err), 0);
    headers[2].value = str_concat(a, stripe, STR(",")); /* a part without a name */
    assert_int_equal(signature_stripe(a, &req, key, &err), -1);
    assert_string_equal(err.text, "webhook has invalid Stripe-Signature header");
    headers[2].value = stripe;
    req.body = STR("a");
    assert_int_equal(signature_slack(a, &req, key, (struct wall){100000}, &err), -1);
    assert_int_equal(signature_stripe(a, &req, key, &err), -1);
    headers[1].value = STR("9223372036854775808");
    assert_int_equal(signature_slack(a, &req, key, (struct wall){100000}, &err), -1);
    assert_non_null(strstr(err.text, "parsing \"9223372036854775808\": value out of range"));
    headers[1].value = STR("+-1");
    assert_int_equal(signature_slack(a, &req, key, (struct wall){100000}, &err), -1);
    assert_non_null(strstr(err.text, "parsing \"+-1\": invalid syntax"));
}

static void test_media_parameters(void **state)
{
    static const struct {
        const char *type, *error; /* error: empty when it is good */
    } cases[] = {
        {"application/json; charset=utf-8", ""},
        {"application/json; charset=\"u\\\"t;f\"; b = c", ""},
        {"application/json;", ""},
        {"application/json ; ", ""},
        {"application/json; charset=\"utf-8", "mime: invalid media parameter"},
        {"application/json; charset", "mime: invalid media parameter"},
        {"application/json; =x", "mime: invalid media parameter"},
        {"application/json; a=", "mime: invalid media parameter"},
        {"application/json; a=b c", "mime: invalid media parameter"},
        {"application/json; a=\"b\nc\"", "mime: invalid media parameter"},
        {"application/json;;", "mime: invalid media parameter"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct http_header type = {STR("Content-Type"), str_from(cases[i].type)};
        const struct webhook_request req = {
            .method = STR("POST"), .body = STR("{}"), .headers = &type, .header_count = 1};
        struct err err = {0};
        struct str body;

        if ((signature_github(a, &req, STR(""), &body, &err) < 0) != !!cases[i].error[0] ||
            strcmp(err.text, cases[i].error) != 0)
            fail_msg("%s: %s", cases[i].type, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),          cmocka_unit_test(test_golden_clients),
        cmocka_unit_test(test_known_hmacs),     cmocka_unit_test(test_equal),
        cmocka_unit_test(test_hostile_headers), cmocka_unit_test(test_unknown_client),
        cmocka_unit_test(test_late_github_events),
        cmocka_unit_test(test_bytes_and_times), cmocka_unit_test(test_media_parameters),
    };

    return cmocka_run_group_tests_name("signatures", tests, NULL, NULL);
}
