/* Tests of signatures of OSS, version 1: the example of its documentation, parameters, tokens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "clients/aliyun/oss_sign.h"

/* Keys and request are those of the documentation. */
static void test_the_documented_example(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    static const struct http_header headers[] = {
        {STR_INIT("Content-Md5"), STR_INIT("ODBGOERFMDMzQTczRUY3NUE3NzA5QzdFNUYzMDQxNEM=")},
        {STR_INIT("Content-Type"), STR_INIT("text/html")},
        {STR_INIT("Date"), STR_INIT("Thu, 17 Nov 2005 18:49:58 GMT")},
        {STR_INIT("Host"), STR_INIT("oss-example.oss-cn-hangzhou.aliyuncs.com")},
        {STR_INIT("x-oss-magic"), STR_INIT("abracadabra")},
        {STR_INIT("x-oss-meta-author"), STR_INIT("foo@bar.com")},
    };
    const struct oss_request r = {.method = STR("PUT"),
                                  .bucket = STR("oss-example"),
                                  .key = STR("nelson"),
                                  .headers = headers,
                                  .header_count = 6};
    struct oss_keys keys = {.access_key = STR("44CF9590006BF252F707")};
    struct str text;

    (void) state;
    secret_init(&keys.secret_key, STR("OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV"));
    assert_string_equal(oss_sign(a, &r, &keys, &text).ptr,
                        "OSS 44CF9590006BF252F707:26NBxoKdsyly4EDv6inkoDft/yA=");
    assert_string_equal(text.ptr, "PUT\nODBGOERFMDMzQTczRUY3NUE3NzA5QzdFNUYzMDQxNEM=\n"
                                  "text/html\nThu, 17 Nov 2005 18:49:58 GMT\n"
                                  "x-oss-magic:abracadabra\nx-oss-meta-author:foo@bar.com\n"
                                  "/oss-example/nelson");
    secret_done(&keys.secret_key);
}

static void test_parameters(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    static const struct http_header date = {STR_INIT("date"), STR_INIT("D")};
    static const struct http_header params[] = {{STR_INIT("partNumber"), STR_INIT("1")},
                                                {STR_INIT("uploadId"), STR_INIT("a b/=")}};
    static const struct http_header bare = {STR_INIT("uploads"), STR_INIT("")};
    struct oss_request r = {.method = STR("PUT"),
                            .bucket = STR("b"),
                            .key = STR("d/k +"),
                            .params = params,
                            .param_count = 2,
                            .headers = &date,
                            .header_count = 1};
    struct oss_keys keys = {.access_key = STR("A")};
    struct str text;

    (void) state;
    oss_sign(a, &r, &keys, &text);
    assert_string_equal(text.ptr, "PUT\n\n\nD\n/b/d/k +?partNumber=1&uploadId=a b/=");
    r.params = &bare;
    r.param_count = 1;
    r.key = STR("");
    oss_sign(a, &r, &keys, &text);
    assert_string_equal(text.ptr, "PUT\n\n\nD\n/b/?uploads");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_documented_example),
        cmocka_unit_test(test_parameters),
    };

    return cmocka_run_group_tests_name("oss_sign", tests, NULL, NULL);
}
