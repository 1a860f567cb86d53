/* Tests of Shared Key: what is signed, and a signature that another program made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clients/azure/azure_sign.h"

static const struct http_header headers[] = {
    {STR_INIT("Content-Type"), STR_INIT("application/octet-stream")},
    {STR_INIT("x-ms-blob-type"), STR_INIT("BlockBlob")},
    {STR_INIT("x-ms-date"), STR_INIT("Thu, 26 Nov 2026 07:00:00 GMT")},
    {STR_INIT("x-ms-version"), STR_INIT(" 2021-12-02 ")},
};

static void test_a_signature(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct azure_request r = {.method = STR("PUT"),
                                    .path = STR("/con/a%20b"),
                                    .query = STR("comp=block&blockid=YmxvY2s%3D"),
                                    .headers = headers,
                                    .header_count = COUNT_OF(headers),
                                    .body_len = 11};
    struct azure_key key = {.account = STR("acc")};
    struct str value, text;
    struct err err;

    (void) state;
    secret_init(&key.key, STR("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="));
    assert_int_equal(azure_sign(a, &r, &key, &value, &text, &err), 0);
    assert_true(str_is(text, "PUT\n\n\n11\n\napplication/octet-stream\n\n\n\n\n\n\n"
                             "x-ms-blob-type:BlockBlob\nx-ms-date:Thu, 26 Nov 2026 07:00:00 "
                             "GMT\nx-ms-version:2021-12-02\n/acc/con/a%20b\nblockid:YmxvY2s="
                             "\ncomp:block"));
    assert_true(str_is(value, "SharedKey acc:aN9aOrgqHnyWW+z47hSN5RldXj5qY76qmAQS3AcxTQk="));
    secret_done(&key.key);
}

static void test_an_empty_request(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct azure_request r = {.method = STR("GET"),
                                    .path = STR("/con"),
                                    .query = STR("restype=container&comp=list&prefix=&bad=%zz"),
                                    .headers = headers,
                                    .header_count = 0};
    struct azure_key key = {.account = STR("acc")};
    struct str value, text;
    struct err err;

    (void) state;
    secret_init(&key.key, STR("a2V5"));
    assert_int_equal(azure_sign(a, &r, &key, &value, &text, &err), 0);
    assert_true(str_is(text, "GET\n\n\n\n\n\n\n\n\n\n\n\n/acc/con\nbad:%zz\ncomp:list\nprefix:"
                             "\nrestype:container"));
    secret_done(&key.key);
}

static void test_wrong_keys(void **state)
{
    static const char *const keys[] = {"***", ""};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const struct azure_request r = {
            .method = STR("GET"), .path = STR("/"), .query = STR("")};
        struct azure_key key = {.account = STR("acc")};
        struct str value;
        struct err err;

        secret_init(&key.key, str_from(keys[i]));
        assert_int_equal(azure_sign(a, &r, &key, &value, NULL, &err), -1);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.text, "the account's key is not base64");
        secret_done(&key.key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_signature),
        cmocka_unit_test(test_an_empty_request),
        cmocka_unit_test(test_wrong_keys),
    };

    return cmocka_run_group_tests_name("azure_sign", tests, NULL, NULL);
}
