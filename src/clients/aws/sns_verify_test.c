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
    assert_int_equal(sns_check(a, &v, &err), 0);
    assert_int_equal(sns_verify(a, &v, STR("-----BEGIN CERTIFICATE-----\nAA\n"), &err), -1);
    assert_string_equal(err.text, "the certificate cannot be read");
}

/* What is signed is the text that the validator's language makes of a value; the key is the
 * golden vectors'. */
static void test_spellings(void **state)
{
    static const struct {
        const char *more, *error;
    } cases[] = {
        {"\"SignatureVersion\":1", "The signature version 1 is not supported."},
        {"\"SignatureVersion\":null", "The signature version null is not supported."},
        {"\"SignatureVersion\":[1,null,{}]",
         "The signature version 1,,[object Object] is not supported."},
        {"\"SignatureVersion\":-0.0", "The signature version 0 is not supported."},
        {"\"SignatureVersion\":1e21", "The signature version 1e+21 is not supported."},
        {"\"SignatureVersion\":true", "The signature version true is not supported."},
        {"\"SignatureVersion\":-1e999", "The signature version -Infinity is not supported."},
        {"\"SignatureVersion\":\"3\"", "The signature version 3 is not supported."},
        {"\"SignatureVersion\":\"1\",\"SigningCertUrl\":\"https://evil/x.pem\"",
         "The certificate is located on an invalid domain."},
        {"\"SignatureVersion\":\"2\",\"SigningCertUrl\":"
         "\" HTTPS://SNS.us-east-1.amazonaws.com/x.pem\"",
         ""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str text = str_printf(
            a,
            "{%s,\"Type\":\"Notification\",\"Message\":\"m\",\"MessageId\":\"i\","
            "\"Timestamp\":\"t\",\"TopicArn\":\"a\",\"Signature\":\"AA==\","
            "\"SigningCertURL\":\"https://sns.us-east-1.amazonaws.com/a.pem\"}",
            cases[i].more);
        struct json v;
        struct err err = {0};

        assert_int_equal(json_parse(a, text, &v, &err), 0);
        if ((sns_check(a, &v, &err) < 0) != !!cases[i].error[0] ||
            strcmp(err.text, cases[i].error) != 0)
            fail_msg("%s: %s", cases[i].more, err.text);
    }
}

static void test_urls(void **state)
{
    static const struct {
        const char *url, *error;
    } cases[] = {
        {"https://sns.us-east-1.amazonaws.com:443/x", NULL},
        {"https://sns.us-east-1.amazonaws.com:/x", NULL},
        {"https://sns.us-east-1.amazonaws.com:x/x", "invalid port"},
        {"https://sns.us-east-1.amazonaws.com::/x", "invalid port"},
        {"https://sns.us-east-1.amazonaws.com/x#a%41", NULL},
        {"https://sns.us-east-1.amazonaws.com/x#%zz", "invalid URL escape"},
        {"https://sns.us-east-1.amazonaws.com/x#%4", "invalid URL escape"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err = {0};

        if ((sns_check_url(str_from(cases[i].url), &err) < 0) != !!cases[i].error ||
            (cases[i].error && !strstr(err.text, cases[i].error)))
            fail_msg("%s: %s", cases[i].url, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_golden_urls),
        cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_urls),
    };

    return cmocka_run_group_tests_name("sns verify", tests, NULL, NULL);
}
