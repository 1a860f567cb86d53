/* Tests of clients/aws/sns_verify.h: golden vectors of AWS's validator, addresses, certificates
 * that are none. */
#include "clients/aws/sns_verify.h"

#include "tests/support/golden.h"

static int check_golden(struct arena *a, const struct json *row)
{
    struct str cert = golden_beside(a, "formats", json_get_str(row, STR("cert")));
    struct json message;
    struct err err = {0};

    if (json_parse(a, json_get_str(row, STR("message")), &message, &err) < 0 ||
        sns_verify(a, &message, cert, &err) < 0)
        return golden_fails(row) && str_is(json_get_str(row, STR("err")), err.text);
    return !golden_fails(row) && str_is(json_get_str(row, STR("out")), "ok");
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/sns-verify.jsonl", check_golden, 34);
}

static int check_url(struct arena *a _unused_, const struct json *row)
{
    struct err err = {0};

    if (!str_is(json_get_str(row, STR("op")), "sns-cert-url"))
        return -1;
    if (sns_check_url(json_get_str(row, STR("url")), &err) < 0)
        return golden_fails(row);
    return !golden_fails(row);
}

static void test_golden_urls(void **state)
{
    (void) state;
    golden_run("formats/webhook-signature.jsonl", check_url, 18);
}

static void test_bad_input(void **state)
{
    static const char *const texts[] = {"null", "[]", "{}", "{\"Type\":1}", "\"x\""};
    _cleanup_arena_ struct arena *a = arena_new();
    struct json v;
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_int_equal(json_parse(a, str_from(texts[i]), &v, &err), 0);
        assert_int_equal(sns_verify(a, &v, STR(""), &err), -1);
        assert_string_equal(err.text, "Message missing required keys.");
    }
    assert_int_equal(
        json_parse(
            a,
            STR("{\"SignatureVersion\":\"1\",\"SigningCertURL\":"
                "\"https://sns.us-east-1.amazonaws.com/a.pem\",\"Type\":\"Notification\","
                "\"Message\":\"m\",\"MessageId\":\"i\",\"Timestamp\":\"t\",\"TopicArn\":"
                "\"a\",\"Signature\":\"AA==\"}"),
            &v, &err),
        0);
    assert_int_equal(sns_check(&v, &err), 0);
    assert_int_equal(sns_verify(a, &v, STR("-----BEGIN CERTIFICATE-----\nAA\n"), &err), -1);
    assert_string_equal(err.text, "the certificate cannot be read");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_golden_urls),
        cmocka_unit_test(test_bad_input),
    };

    return cmocka_run_group_tests_name("sns verify", tests, NULL, NULL);
}
