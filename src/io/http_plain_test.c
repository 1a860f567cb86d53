/*
 * Tests of calls without a library: good and hostile answers from a raw socket, kept
 * connections, cancelling, times; and the same calls as by libcurl against the real server.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "io/http_plain.h"

/* ---- a server that says what it is told ---- */

struct raw {
    int listener;
    uint16_t port;
    const char *answer; /* to every request; NULL: silence */
    size_t piece;       /* bytes of one write; 0: all at once */
    bool keeps;         /* the connection stays open behind the answer */
    char request[65536];
    int connections, requests;
    bool is_over;
    pthread_t thread;
};

static bool read_request(struct raw *r, int fd)
{
    size_t len = 0;
    struct str text;
    size_t end, at;
    uint64_t body = 0;

    for (;;) {
        ssize_t got = recv(fd, r->request + len, sizeof(r->request) - 1 - len, 0);

        if (got <= 0)
            return false;
        len += (size_t) got;
        r->request[len] = '\0';
        text = str_of(r->request, len);
        end = str_find(text, STR("\r\n\r\n"));
        if (end == SIZE_MAX)
            continue;
        at = str_find(text, STR("Content-Length: "));
        if (at != SIZE_MAX) {
            struct str line = str_skip(text, at + 16);

            assert_true(parse_u64(str_head(line, str_find_char(line, '\r')), &body));
        }
        if (len >= end + 4 + body)
            return true;
    }
}

static void say(const struct raw *r, int fd)
{
    struct str rest = str_from(r->answer ? r->answer : "");

    while (rest.len > 0) {
        struct str piece = str_head(rest, r->piece ? r->piece : rest.len);

        if (send(fd, piece.ptr, piece.len, MSG_NOSIGNAL) < 0)
            return;
        rest = str_skip(rest, piece.len);
        if (r->piece)
            usleep(200);
    }
}

static void *serve(void *ctx)
{
    struct raw *r = ctx;

    for (;;) {
        int fd = accept(r->listener, NULL, NULL);

        if (fd < 0 || __atomic_load_n(&r->is_over, __ATOMIC_ACQUIRE)) {
            if (fd >= 0)
                close(fd);
            return NULL;
        }
        r->connections++;
        while (read_request(r, fd)) {
            r->requests++;
            say(r, fd);
            if (!r->keeps && r->answer)
                break;
        }
        close(fd);
    }
}

static void start_raw(struct raw *r)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);

    r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(r->listener, (struct sockaddr *) &at, sizeof(at)), 0);
    assert_int_equal(listen(r->listener, 8), 0);
    getsockname(r->listener, (struct sockaddr *) &at, &len);
    r->port = ntohs(at.sin_port);
    pthread_create(&r->thread, NULL, serve, r);
}

static void stop_raw(struct raw *r)
{
    __atomic_store_n(&r->is_over, true, __ATOMIC_RELEASE);
    shutdown(r->listener, SHUT_RDWR);
    pthread_join(r->thread, NULL);
    close(r->listener);
}

static struct http_call call_of(struct arena *a, const struct raw *r, const char *method,
                                const char *path)
{
    return (struct http_call){
        .method = str_from(method),
        .url = str_printf(a, "http://127.0.0.1:%u%s", (unsigned) r->port, path),
        .cancel_fd = -1,
        .timeout_ms = 5000};
}

/* ---- answers ---- */

#define OK "HTTP/1.1 200 OK\r\n"

static const struct answer_case {
    const char *name, *answer;
    unsigned status; /* 0: an error */
    const char *body;
    enum err_kind kind;
} answer_cases[] = {
    {"a length", OK "Content-Length: 5\r\n\r\nhello", 200, "hello", ERR_NONE},
    {"no body", OK "Content-Length: 0\r\n\r\n", 200, "", ERR_NONE},
    {"to the end", OK "\r\nhello", 200, "hello", ERR_NONE},
    {"line ends without returns", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", 200, "hi",
     ERR_NONE},
    {"no reason", "HTTP/1.1 404\r\nContent-Length: 2\r\n\r\nno", 404, "no", ERR_NONE},
    {"chunks", OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 200,
     "abcde", ERR_NONE},
    {"chunks with extras and trailers",
     OK "transfer-encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n", 200, "abc",
     ERR_NONE},
    {"large hexadecimal", OK "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
     200, "0123456789", ERR_NONE},
    {"an interim answer", "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\nx", 200,
     "x", ERR_NONE},
    {"204 has no body", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, "",
     ERR_NONE},
    {"old HTTP", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", ERR_NONE},
    {"nothing", "", 0, "", ERR_TRANSIENT},
    {"half a head", "HTTP/1.1 200 OK\r\nContent-", 0, "", ERR_TRANSIENT},
    {"half a body", OK "Content-Length: 10\r\n\r\nhello", 0, "", ERR_TRANSIENT},
    {"half a chunk", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nab", 0, "", ERR_TRANSIENT},
    {"no last chunk", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", 0, "", ERR_TRANSIENT},
    {"not HTTP", "SSH-2.0-OpenSSH\r\n", 0, "", ERR_INVALID},
    {"HTTP of tomorrow", "HTTP/2 200 OK\r\n\r\n", 0, "", ERR_INVALID},
    {"no status", "HTTP/1.1\r\n\r\n", 0, "", ERR_INVALID},
    {"a status that is none", "HTTP/1.1 2x0 OK\r\n\r\n", 0, "", ERR_INVALID},
    {"a small status", "HTTP/1.1 099 OK\r\n\r\n", 0, "", ERR_INVALID},
    {"a header without colon", OK "Content-Length 5\r\n\r\nhello", 0, "", ERR_INVALID},
    {"a folded header", OK "X: a\r\n b: c\r\n\r\n", 0, "", ERR_INVALID},
    {"a length that is none", OK "Content-Length: -1\r\n\r\n", 0, "", ERR_INVALID},
    {"a huge length that is none", OK "Content-Length: 99999999999999999999\r\n\r\n", 0, "",
     ERR_INVALID},
    {"a chunk size that is none", OK "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 0, "",
     ERR_INVALID},
    {"a chunk size without digits", OK "Transfer-Encoding: chunked\r\n\r\n\r\n", 0, "",
     ERR_INVALID},
    {"a chunk size that overflows",
     OK "Transfer-Encoding: chunked\r\n\r\n1000000000000000000\r\n", 0, "", ERR_INVALID},
    {"a chunk longer than it says",
     OK "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", 0, "", ERR_INVALID},
    {"an unknown coding", OK "Transfer-Encoding: gzip\r\n\r\n", 0, "", ERR_INVALID},
};

static void check_answer(const struct answer_case *c, size_t piece)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct raw r = {.answer = c->answer, .piece = piece};
    struct http_plain *p = http_plain_new();
    struct http_answer answer = {0};
    struct err err = {0};
    struct http_call call;
    int result;

    start_raw(&r);
    call = call_of(a, &r, "GET", "/x?y=z");
    result = http_plain_do(p, a, &call, &answer, &err);
    stop_raw(&r);
    http_plain_free(p);
    if ((result == 0) != (c->status > 0) || err.kind != c->kind || answer.status != c->status ||
        !str_is(answer.body, c->body))
        fail_msg("%s (pieces of %zu): result %d, status %u, body \"" STR_FMT "\", error %s",
                 c->name, piece, result, answer.status, STR_ARG(answer.body), err.text);
    assert_true(
        str_starts(str_from(r.request), STR("GET /x?y=z HTTP/1.1\r\nHost: 127.0.0.1:")));
}

static void test_answers(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF(answer_cases); i++) {
        check_answer(&answer_cases[i], 0);
        check_answer(&answer_cases[i], 1);
    }
}

/* An answer that never ends its head. */
static void check_too_long(const char *answer)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct raw r = {.answer = answer};
    struct http_plain *p = http_plain_new();
    struct http_answer ignored;
    struct http_call call;
    struct err err;

    start_raw(&r);
    call = call_of(a, &r, "GET", "/");
    assert_int_equal(http_plain_do(p, a, &call, &ignored, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    stop_raw(&r);
    http_plain_free(p);
}

static void test_limits(void **state)
{
    _cleanup_strbuf_ struct strbuf headers = STRBUF_INIT(1 << 20), line = STRBUF_INIT(1 << 20);

    (void) state;
    strbuf_addz(&headers, OK);
    for (int i = 0; i < 3000; i++)
        strbuf_addf(&headers, "X-%d: 0123456789012345678901234567890123456789\r\n", i);
    strbuf_addz(&headers, "\r\n");
    check_too_long(headers.ptr);
    strbuf_addz(&line, "HTTP/1.1 200 ");
    while (line.len < 200000)
        strbuf_addz(&line, "one line without an end ");
    check_too_long(line.ptr);
}

/* ---- requests ---- */

static void test_requests(void **state)
{
    static const struct http_header headers[] = {
        {STR_INIT("Content-Type"), STR_INIT("application/json")},
        {STR_INIT("X"), STR_INIT("a b")}};
    _cleanup_arena_ struct arena *a = arena_new();
    struct raw r = {.answer = OK "Content-Length: 0\r\n\r\n"};
    struct http_plain *p = http_plain_new();
    struct http_answer answer;
    struct http_call call;
    struct err err;

    (void) state;
    start_raw(&r);
    call = call_of(a, &r, "POST", "");
    call.headers = headers;
    call.header_count = COUNT_OF(headers);
    call.body = STR("{}");
    assert_int_equal(http_plain_do(p, a, &call, &answer, &err), 0);
    assert_string_equal(r.request,
                        str_printf(a,
                                   "POST / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                                   "Accept: */*\r\nContent-Type: application/json\r\n"
                                   "X: a b\r\nContent-Length: 2\r\n\r\n{}",
                                   (unsigned) r.port)
                            .ptr);
    call = call_of(a, &r, "PUT", "/a");
    assert_int_equal(http_plain_do(p, a, &call, &answer, &err), 0);
    assert_non_null(strstr(r.request, "Content-Length: 0\r\n"));
    call = call_of(a, &r, "HEAD", "/a");
    r.answer = OK "Content-Length: 7\r\n\r\n";
    assert_int_equal(http_plain_do(p, a, &call, &answer, &err), 0);
    assert_null(strstr(r.request, "Content-Length"));
    stop_raw(&r);
    http_plain_free(p);
}

static void test_bad_requests(void **state)
{
    static const struct {
        const char *url;
        struct http_header header;
    } cases[] = {
        {"https://x/", {STR_INIT("A"), STR_INIT("b")}},
        {"ftp://x/", {STR_INIT("A"), STR_INIT("b")}},
        {"http://", {STR_INIT("A"), STR_INIT("b")}},
        {"http://x:", {STR_INIT("A"), STR_INIT("b")}},
        {"http://[::1/", {STR_INIT("A"), STR_INIT("b")}},
        {"http://user@x/", {STR_INIT("A"), STR_INIT("b")}},
        {"http://x/a b", {STR_INIT("A"), STR_INIT("b")}},
        {"http://x/a\r\nB: c", {STR_INIT("A"), STR_INIT("b")}},
        {"http://127.0.0.1:1/", {STR_INIT("A"), STR_INIT("b\r\nC: d")}},
        {"http://127.0.0.1:1/", {STR_INIT("A b"), STR_INIT("c")}},
        {"http://127.0.0.1:1/", {STR_INIT("A\n"), STR_INIT("c")}},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct http_plain *p = http_plain_new();
        const struct http_call call = {.method = STR("GET"),
                                       .url = str_from(cases[i].url),
                                       .headers = &cases[i].header,
                                       .header_count = 1,
                                       .cancel_fd = -1};
        struct http_answer answer;
        struct err err = {0};

        assert_int_equal(http_plain_do(p, a, &call, &answer, &err), -1);
        if (err.kind != ERR_INVALID)
            fail_msg("%s: %s", cases[i].url, err.text);
        http_plain_free(p);
    }
    assert_true(http_plain_fits(STR("http://[::1]:80/x")));
    assert_true(http_plain_fits(STR("http://localhost")));
    assert_false(http_plain_fits(STR("https://localhost")));
}

/* ---- connections ---- */

static void test_kept(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct raw r = {.answer = OK "Content-Length: 1\r\n\r\nx", .keeps = true};
    struct http_plain *p = http_plain_new();
    struct http_answer answer;
    struct http_call call;
    struct err err;

    (void) state;
    start_raw(&r);
    call = call_of(a, &r, "GET", "/");
    for (int i = 0; i < 3; i++)
        assert_int_equal(http_plain_do(p, a, &call, &answer, &err), 0);
    assert_int_equal(r.connections, 1);
    assert_int_equal(r.requests, 3);
    r.keeps = false; /* the server closes behind this answer: the next call connects again */
    assert_int_equal(http_plain_do(p, a, &call, &answer, &err), 0);
    usleep(20000);
    assert_int_equal(http_plain_do(p, a, &call, &answer, &err), 0);
    assert_int_equal(r.connections, 2);
    http_plain_free(p);
    stop_raw(&r);
}

static void test_nobody(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct http_plain *p = http_plain_new();
    struct http_call call = {
        .method = STR("GET"), .url = STR("http://127.0.0.1:1/x"), .cancel_fd = -1};
    struct http_answer answer;
    struct err err;

    (void) state;
    assert_int_equal(http_plain_do(p, a, &call, &answer, &err), -1);
    assert_int_equal(err.kind, ERR_TRANSIENT);
    assert_string_equal(err.text, "GET http://127.0.0.1:1/x: Connection refused");
    http_plain_free(p);
}

static void test_time_and_cancel(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct raw r = {0}; /* it never answers */
    struct http_plain *p = http_plain_new();
    int fd = eventfd(1, EFD_CLOEXEC);
    struct mono begin = clock_mono();
    struct http_answer answer;
    struct http_call call;
    struct err err;

    (void) state;
    start_raw(&r);
    call = call_of(a, &r, "GET", "/");
    call.timeout_ms = 50;
    assert_int_equal(http_plain_do(p, a, &call, &answer, &err), -1);
    assert_int_equal(err.kind, ERR_TIMEOUT);
    assert_true(clock_mono().ns - begin.ns >= 50000000);
    call.timeout_ms = 5000;
    call.cancel_fd = fd;
    assert_int_equal(http_plain_do(p, a, &call, &answer, &err), -1);
    assert_int_equal(err.kind, ERR_CANCELLED);
    close(fd);
    http_plain_free(p);
    stop_raw(&r);
}

/* ---- bodies that are handed over ---- */

struct reader {
    struct strbuf seen;
    size_t stop_at;
};

static int on_chunk(void *ctx, struct str chunk)
{
    struct reader *r = ctx;

    strbuf_add(&r->seen, chunk);
    return r->stop_at > 0 && r->seen.len >= r->stop_at;
}

static void test_stream(void **state)
{
    static const struct {
        const char *answer;
        size_t stop_at;
        const char *seen, *body;
        enum err_kind kind;
    } cases[] = {
        {OK "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 0, "abc", "",
         ERR_NONE},
        {OK "\r\nabc", 0, "abc", "", ERR_NONE},
        {OK "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 2, "ab", "",
         ERR_CANCELLED},
        /* an error's body is not handed over */
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 0, "", "no", ERR_NONE},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct raw r = {.answer = cases[i].answer, .piece = 1};
        struct reader reader = {.seen = STRBUF_INIT(1 << 16), .stop_at = cases[i].stop_at};
        struct http_client *c = http_client_new();
        struct http_answer answer = {.body = STR("")};
        struct http_call call;
        struct err err = {0};

        start_raw(&r);
        call = call_of(a, &r, "GET", "/");
        call.is_plain = true;
        call.on_chunk = on_chunk;
        call.ctx = &reader;
        (void) (http_client_do(c, a, &call, &answer, &err) == 0);
        assert_int_equal(err.kind, cases[i].kind);
        assert_true(str_is(strbuf_str(&reader.seen), cases[i].seen));
        assert_true(str_is(answer.body, cases[i].body));
        strbuf_done(&reader.seen);
        http_client_free(c);
        stop_raw(&r);
    }
}

/* ---- the real server ---- */

static void echo(void *ctx, struct http_request *req)
{
    (void) ctx;
    http_reply(req, 200, STR("text/plain"), http_body(req), NULL, 0);
}

/* A body of some megabytes there and back, by both ways. */
static void test_large(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct http_server_options options = {
        .address = "127.0.0.1", .threads = 1, .handle = echo};
    struct http_client *c = http_client_new();
    struct http_answer answer;
    struct err err;
    struct http_server *server = http_server_start(&options, &err);
    size_t len = 3 << 20;
    char *bytes = arena_alloc(a, len);
    struct http_call call = {
        .method = STR("POST"), .cancel_fd = -1, .body = str_of(bytes, len)};

    (void) state;
    assert_non_null(server);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char) ('a' + i % 26);
    call.url = str_printf(a, "http://127.0.0.1:%u/", (unsigned) http_server_port(server));
    for (int i = 0; i < 4; i++) {
        call.is_plain = i % 2 == 0;
        assert_int_equal(http_client_do(c, a, &call, &answer, &err), 0);
        assert_true(str_eq(answer.body, call.body));
    }
    http_client_free(c);
    http_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers),
                                       cmocka_unit_test(test_limits),
                                       cmocka_unit_test(test_requests),
                                       cmocka_unit_test(test_bad_requests),
                                       cmocka_unit_test(test_kept),
                                       cmocka_unit_test(test_nobody),
                                       cmocka_unit_test(test_time_and_cancel),
                                       cmocka_unit_test(test_stream),
                                       cmocka_unit_test(test_large)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
