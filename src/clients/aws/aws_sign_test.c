/* Golden vectors of botocore's signers: headers and presigned URLs. */
#include "clients/aws/aws_sign.h"
#include "tests/support/golden.h"

#include <time.h>

static int64_t parse_time(struct str text)
{
    struct tm tm = {0};
    char copy[32];

    snprintf(copy, sizeof(copy), STR_FMT, STR_ARG(text));
    return strptime(copy, "%Y%m%dT%H%M%SZ", &tm) ? (int64_t) timegm(&tm) * 1000 : -1;
}

static size_t read_headers(const struct json *v, struct http_header *ret, size_t max)
{
    size_t len = 0;

    for (uint32_t i = 0; json_is(v, JSON_OBJECT) && i < v->count && len < max; i++)
        ret[len++] = (struct http_header){v->members[i].key, json_str(&v->members[i].value)};
    return len;
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str signer = json_get_str(row, STR("signer"));
    const struct json *out = json_get(row, STR("out"));
    struct http_header headers[32];
    struct aws_keys keys = {.access_key = json_get_str(row, STR("accessKey")),
                            .session_token = json_get_str(row, STR("token"))};
    struct aws_request req = {.signer =
                                  str_starts(signer, STR("s3v4")) ? AWS_SIGN_S3V4 : AWS_SIGN_V4,
                              .method = json_get_str(row, STR("method")),
                              .url = json_get_str(row, STR("url")),
                              .body = golden_text(a, row, "body"),
                              .headers = headers,
                              .region = json_get_str(row, STR("region")),
                              .service = json_get_str(row, STR("service")),
                              .now.ms = parse_time(json_get_str(row, STR("time")))};
    bool is_query = str_ends(signer, STR("query"));
    int64_t expires_s = 0;
    struct aws_signature s;
    struct err err;

    req.header_count = read_headers(json_get(row, STR("headers")), headers, COUNT_OF(headers));
    secret_init(&keys.secret_key, json_get_str(row, STR("secretKey")));
    if (is_query && !json_i64(json_get(row, STR("expires")), &expires_s))
        return false;
    if (is_query ? aws_presign(a, &req, &keys, (uint32_t) expires_s, &s, &err) < 0
                 : aws_sign(a, &req, &keys, &s, &err) < 0)
        return false;
    secret_done(&keys.secret_key);
    if (!str_eq(s.canonical_request, json_get_str(out, STR("canonicalRequest"))))
        print_error("canonical request:\n" STR_FMT "\n", STR_ARG(s.canonical_request));
    return str_eq(s.canonical_request, json_get_str(out, STR("canonicalRequest"))) &&
           str_eq(s.string_to_sign, json_get_str(out, STR("stringToSign"))) &&
           str_eq(s.signature, json_get_str(out, STR("signature"))) &&
           (is_query ? str_eq(s.url, json_get_str(out, STR("url")))
                     : str_eq(s.headers[s.header_count - 1].value,
                              json_str(json_path(out, "headers", "Authorization", NULL))));
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/sigv4.jsonl", check_golden, 105);
}

static void test_needs_a_host(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct aws_request req = {.method = STR("GET"), .url = STR("/path")};
    struct aws_keys keys = {0};
    struct aws_signature s;
    struct err err;

    (void) state;
    assert_int_equal(aws_sign(a, &req, &keys, &s, &err), -1);
    assert_string_equal(err.text, "URL \"/path\" has no host");
}

/* A presigned URL has the query in its escaped form, the first of each name. */
static void test_presigned_query(void **state)
{
    static const char *const cases[][2] = {
        {"", "X-Amz-Algorithm="},
        {"a,b=c d+e", "a%2Cb=c%20d%20e&X-Amz-Algorithm="},
        {"a=1&&a=2&%61=3&b", "a=1&b=&X-Amz-Algorithm="},
        {"%zz=%4&%7e=%7E", "%25zz=%254&~=~&X-Amz-Algorithm="},
        {"=", "=&X-Amz-Algorithm="},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str url = str_printf(a, "https://h/k?%s", cases[i][0]);
        const struct http_header form = {STR("Content-Type"),
                                         STR("application/x-www-form-urlencoded; charset=utf-8")};
        struct aws_request req = {
            .method = STR("GET"), .url = url, .headers = &form, .header_count = 1};
        struct aws_keys keys = {.access_key = STR("A")};
        struct aws_signature s;
        struct err err;

        assert_int_equal(aws_presign(a, &req, &keys, 60, &s, &err), 0);
        if (!str_starts(str_skip(s.url, strlen("https://h/k?")), str_from(cases[i][1])))
            fail_msg("%s: " STR_FMT, cases[i][0], STR_ARG(s.url));
        assert_true(str_find(s.url, STR("SignedHeaders=host&")) != SIZE_MAX);
    }
}

/* Blanks of every kind are folded; what is between two servers is not signed. */
static void test_headers(void **state)
{
    static const struct http_header headers[] = {
        {STR_INIT("X-A"), STR_INIT("\t a\t \tb ")}, {STR_INIT("Connection"), STR_INIT("close")},
        {STR_INIT("TE"), STR_INIT("x")},            {STR_INIT("Upgrade"), STR_INIT("x")},
        {STR_INIT("keep-alive"), STR_INIT("1")},    {STR_INIT("Trailer"), STR_INIT("x")}};
    _cleanup_arena_ struct arena *a = arena_new();
    struct aws_request req = {.method = STR("GET"),
                              .url = STR("https://h/"),
                              .headers = headers,
                              .header_count = COUNT_OF(headers)};
    struct aws_keys keys = {.access_key = STR("A")};
    struct aws_signature s;
    struct err err;

    (void) state;
    assert_int_equal(aws_sign(a, &req, &keys, &s, &err), 0);
    assert_true(str_find(s.canonical_request, STR("\nhost;x-a;x-amz-date\n")) != SIZE_MAX);
    assert_true(str_find(s.canonical_request, STR("\nx-a:a b\n")) != SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),
                                       cmocka_unit_test(test_needs_a_host),
                                       cmocka_unit_test(test_presigned_query),
                                       cmocka_unit_test(test_headers)};

    return cmocka_run_group_tests_name("aws_sign", tests, NULL, NULL);
}
