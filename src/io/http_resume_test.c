/* Tests of transfers that are cut off: where they go on, and when they must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "io/http_resume.h"
#include "tests/support/dying_server.h"

#define HALF(more) "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n" more "\r\n1234"
#define REST(from, more)                                                              \
    "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\nContent-Range: bytes " from \
    "\r\n" more "\r\n56789"
#define TAG "ETag: \"one\"\r\n"

static int ask(struct http_client *client, struct arena *a, const char *endpoint,
               struct http_resume *to, struct err *err)
{
    struct http_header headers[HTTP_RESUME_HEADERS_MAX];
    const struct http_call call = {.method = STR("GET"),
                                   .url = str_printf(a, "http://%s/k", endpoint),
                                   .headers = headers,
                                   .header_count = http_resume_headers(to, a, headers),
                                   .on_chunk = http_sink_take,
                                   .ctx = &to->sink,
                                   .head = &to->head};
    struct http_answer answer;

    if (http_client_do(client, a, &call, &answer, err) < 0)
        return -1;
    return answer.status < 300
               ? 0
               : err_set(err, http_status_kind(answer.status), "status %u", answer.status);
}

/* What has come into the file, which had "0" before, or the error. */
static const char *fetch(struct arena *a, const char *endpoint, bool is_checked,
                         struct err *err)
{
    struct http_client *client = http_client_new();
    char *text = arena_alloc(a, 100);
    FILE *file = tmpfile();
    struct http_resume resume;
    int next;

    assert_int_equal(write(fileno(file), "0", 1), 1);
    http_resume_init(&resume, fileno(file));
    resume.is_checked = is_checked;
    do
        next = http_resume_next(&resume, a, ask(client, a, endpoint, &resume, err), err);
    while (next > 0);
    assert_true(pread(fileno(file), text, 99, 0) >= 0);
    fclose(file);
    http_client_free(client);
    return next < 0 ? err->text : text;
}

static void test_goes_on(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct dying d;
    struct err err;

    (void) state;
    dying_start(&d, HALF(TAG), REST("4-8/9", TAG));
    assert_string_equal(fetch(a, d.endpoint, false, &err), "0123456789");
    dying_stop(&d);
    assert_null(strstr(d.asked[0], "Range"));
    assert_non_null(strstr(d.asked[1], "Range: bytes=4-\r\n"));
    assert_non_null(strstr(d.asked[1], "If-Match: \"one\"\r\n"));
    dying_start(&d, HALF(""), REST("4-8/9", ""));
    assert_string_equal(fetch(a, d.endpoint, true, &err), "0123456789");
    dying_stop(&d);
    assert_null(strstr(d.asked[1], "If-Match"));
}

static void test_does_not_mix(void **state)
{
    static const struct {
        const char *first, *second, *text;
    } cases[] = {
        {HALF(TAG), REST("3-8/9", TAG), "the server does not go on where it was"},
        {HALF(TAG), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789",
         "the server does not go on where it was"},
        {HALF(TAG), "HTTP/1.1 412 Other\r\nContent-Length: 0\r\n\r\n", "is another one now"},
        {HALF(TAG), "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "status 503"},
        {HALF(TAG), "HTTP/1.1 206 P\r\nContent-Range: bytes 4-8/9\r\nContent-Length: 5\r\n\r\n",
         "partial file"},
        {HALF(""), NULL, "partial file"},
        {HALF("ETag: W/\"weak\"\r\n"), NULL, "partial file"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct dying d;
        struct err err;
        const char *text;

        dying_start(&d, cases[i].first, cases[i].second);
        text = fetch(a, d.endpoint, false, &err);
        dying_stop(&d);
        if (!strstr(text, cases[i].text) || err.kind != ERR_TRANSIENT)
            fail_msg("%zu: %s", i, text);
    }
}

static void test_parts(void **state)
{
    struct err busy = {.kind = ERR_TRANSIENT}, denied = {.kind = ERR_DENIED};
    unsigned tries = 0, sent = 1;

    (void) state;
    assert_false(http_part_again(&tries, &denied));
    assert_int_equal(tries, 0);
    while (http_part_again(&tries, &busy))
        sent++;
    assert_int_equal(sent, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_does_not_mix),
        cmocka_unit_test(test_parts),
    };

    return cmocka_run_group_tests_name("http_resume", tests, NULL, NULL);
}
