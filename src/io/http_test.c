/*
 * Client and server against each other on loopback: routing of heads and bodies, limits,
 * answers from another thread, streams, slow readers, cancelled and timed-out calls, redirects,
 * half requests on a raw socket.
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

#include "base/mem.h"
#include "base/strbuf.h"
#include "io/http_client.h"
#include "io/http_server.h"

struct world {
    struct http_server *server;
    struct http_client *client;
    struct arena *a;
    struct http_stream *stream;
    int closed;
    pthread_t thread;
    struct http_request *later;
};

static void *reply_later(void *ctx)
{
    struct world *w = ctx;

    http_reply(__atomic_load_n(&w->later, __ATOMIC_SEQ_CST), 200, STR("text/plain"),
               STR("later"), NULL, 0);
    return NULL;
}

static void on_close(void *ctx)
{
    __atomic_add_fetch(&((struct world *) ctx)->closed, 1, __ATOMIC_SEQ_CST);
}

static void echo(struct http_request *req)
{
    struct str name = http_query(req, STR("q"));
    struct str text =
        str_printf(http_arena(req), STR_FMT " " STR_FMT " [" STR_FMT "] [" STR_FMT "] " STR_FMT,
                   STR_ARG(http_method(req)), STR_ARG(http_path(req)),
                   STR_ARG(str_is_none(name) ? STR("-") : name),
                   STR_ARG(http_header(req, STR("x-test"))), STR_ARG(http_body(req)));
    const struct http_header extra = {STR("X-Answer"), STR("yes")};

    http_reply(req, 200, STR("text/plain"), text, &extra, 1);
}

static int begin(void *ctx, struct http_request *req)
{
    (void) ctx;
    if (!str_is(http_path(req), "/denied"))
        return 0;
    http_reply(req, 401, STR("text/plain"), STR("no"), NULL, 0);
    return 1;
}

static void reply_file(struct http_request *req)
{
    const struct http_header type = {STR("Content-Type"), STR("text/plain")};
    FILE *file = tmpfile();
    int fd;

    assert_non_null(file);
    for (int i = 0; i < 300000; i++)
        fputc('x', file);
    fflush(file);
    fd = dup(fileno(file));
    fclose(file);
    http_reply_file(req, 200, fd, &type, 1);
}

static void handle(void *ctx, struct http_request *req)
{
    struct world *w = ctx;
    const struct http_header location = {STR("Location"), STR("/target")};

    if (str_is(http_path(req), "/later")) {
        __atomic_store_n(&w->later, req, __ATOMIC_SEQ_CST);
        pthread_create(&w->thread, NULL, reply_later, w);
        pthread_detach(w->thread);
    } else if (str_is(http_path(req), "/never")) {
        __atomic_store_n(&w->later, req, __ATOMIC_SEQ_CST);
    } else if (str_is(http_path(req), "/stream")) {
        __atomic_store_n(&w->stream,
                         http_stream_start(req, 200, STR("application/json"), on_close, w),
                         __ATOMIC_SEQ_CST);
    } else if (str_is(http_path(req), "/file")) {
        reply_file(req);
    } else if (str_is(http_path(req), "/nofile")) {
        http_reply_file(req, 200, -1, NULL, 0);
    } else if (str_is(http_path(req), "/moved")) {
        http_reply(req, 302, STR_NONE, STR(""), &location, 1);
    } else {
        echo(req);
    }
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct http_server_options options = {.address = "127.0.0.1",
                                          .threads = 2,
                                          .body_max_bytes = 1000,
                                          .ctx = w,
                                          .begin = begin,
                                          .handle = handle};
    struct err err;

    w->server = http_server_start(&options, &err);
    if (!w->server)
        fail_msg("%s", err.text);
    w->client = http_client_new();
    w->a = arena_new();
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    http_client_free(w->client);
    http_server_stop(w->server);
    arena_free(w->a);
    free(w);
    return 0;
}

static struct str url(struct world *w, const char *path)
{
    return str_printf(w->a, "http://127.0.0.1:%u%s", http_server_port(w->server), path);
}

static struct http_answer call(struct world *w, const char *method, const char *path,
                               struct str body)
{
    const struct http_header header = {STR("X-Test"), STR("hello")};
    struct http_call c = {.method = str_from(method),
                          .url = url(w, path),
                          .body = body,
                          .headers = &header,
                          .header_count = 1,
                          .timeout_ms = 5000};
    struct http_answer answer;
    struct err err;

    if (http_client_do(w->client, w->a, &c, &answer, &err) < 0)
        fail_msg("%s %s: %s", method, path, err.text);
    return answer;
}

static void test_round_trips(void **state)
{
    static const struct {
        const char *method, *path, *body;
        unsigned status;
        const char *answer;
    } cases[] = {
        {"GET", "/a/b?q=x%20y&z=1", "", 200, "GET /a/b [x y] [hello] "},
        {"POST", "/p%2Fq", "some body", 200, "POST /p/q [-] [hello] some body"},
        {"DELETE", "/x?q=", "", 200, "DELETE /x [] [hello] "},
        {"PATCH", "/x", "{}", 200, "PATCH /x [-] [hello] {}"},
        {"POST", "/later", "b", 200, "later"},
        {"POST", "/denied", "b", 401, "no"},
        {"GET", "/moved", "", 302, ""},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_answer answer =
            call(w, cases[i].method, cases[i].path, str_from(cases[i].body));

        if (answer.status != cases[i].status || !str_is(answer.body, cases[i].answer))
            fail_msg("case %zu: %u " STR_FMT, i, answer.status, STR_ARG(answer.body));
    }
}

static void test_body_from_a_file(void **state)
{
    struct world *w = *state;
    struct http_call c = {
        .method = STR("PUT"), .url = url(w, "/f"), .body_at = 2, .body_len = 3};
    FILE *file = tmpfile();
    struct http_answer answer;
    struct err err;

    assert_non_null(file);
    fputs("abcdefg", file);
    fflush(file);
    c.body_fd = fileno(file);
    c.stall_ms = 5000;
    assert_int_equal(http_client_do(w->client, w->a, &c, &answer, &err), 0);
    assert_true(str_is(answer.body, "PUT /f [-] [] cde"));
    c.is_plain = true; /* then libcurl does it all the same */
    c.method = STR("POST");
    c.body_at = 6;
    c.body_len = 1;
    assert_int_equal(http_client_do(w->client, w->a, &c, &answer, &err), 0);
    assert_true(str_is(answer.body, "POST /f [-] [] g"));
    c.body_len = 0;
    assert_int_equal(http_client_do(w->client, w->a, &c, &answer, &err), 0);
    assert_true(str_is(answer.body, "POST /f [-] [] "));
    c.body_len = 2; /* one of them is not there */
    assert_int_equal(http_client_do(w->client, w->a, &c, &answer, &err), -1);
    assert_int_equal(err.kind, ERR_IO);
    assert_non_null(strstr(err.text, "read the body of http://127.0.0.1"));
    fclose(file);
}

static void test_a_file_is_the_answer(void **state)
{
    struct world *w = *state;
    struct http_answer answer = call(w, "GET", "/file", STR(""));

    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body.len, 300000);
    for (size_t i = 0; i < answer.body.len; i++)
        assert_int_equal(answer.body.ptr[i], 'x');
    answer = call(w, "GET", "/nofile", STR(""));
    assert_int_equal(answer.status, 500);
}

static void test_body_limit(void **state)
{
    struct world *w = *state;
    char *large = mem_alloc(100000);

    memset(large, 'x', 100000);
    assert_int_equal(call(w, "POST", "/x", str_of(large, 1001)).status, 413);
    assert_int_equal(call(w, "POST", "/x", str_of(large, 100000)).status, 413);
    assert_int_equal(call(w, "POST", "/x", str_of(large, 1000)).status, 200);
    free(large);
}

static void test_redirect_when_asked(void **state)
{
    struct world *w = *state;
    struct http_call c = {.method = STR("GET"), .url = url(w, "/moved"), .redirect_max = 2};
    struct http_answer answer;
    struct err err;

    assert_int_equal(http_client_do(w->client, w->a, &c, &answer, &err), 0);
    assert_true(str_starts(answer.body, STR("GET /target")));
}

static int raw_connect(struct world *w)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(http_server_port(w->server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (struct sockaddr *) &to, sizeof(to)), 0);
    return fd;
}

static struct str raw_exchange(struct world *w, const char *request)
{
    int fd = raw_connect(w);
    char *text = arena_alloc(w->a, 4096);
    ssize_t len;

    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    len = recv(fd, text, 4095, 0);
    close(fd);
    return str_of(text, len > 0 ? (size_t) len : 0);
}

static void test_chunked_body_over_the_limit(void **state)
{
    struct world *w = *state;
    struct strbuf b = STRBUF_INIT(1 << 16);

    strbuf_addz(&b, "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    strbuf_addz(&b, "800\r\n");
    for (int i = 0; i < 2048; i++)
        strbuf_addc(&b, 'x');
    strbuf_addz(&b, "\r\n0\r\n\r\n");
    assert_true(str_starts(raw_exchange(w, b.ptr), STR("HTTP/1.1 413 ")));
    strbuf_done(&b);
}

static void test_head_too_large(void **state)
{
    struct world *w = *state;
    struct strbuf b = STRBUF_INIT(1 << 20);
    struct str answer;

    strbuf_addz(&b, "GET /x HTTP/1.1\r\nHost: x\r\nX-Large: ");
    for (int i = 0; i < 40000; i++)
        strbuf_addc(&b, 'x');
    strbuf_addz(&b, "\r\n\r\n");
    answer = raw_exchange(w, b.ptr);
    assert_true(str_starts(answer, STR("HTTP/1.1 431 ")) ||
                str_starts(answer, STR("HTTP/1.1 413 ")) ||
                str_starts(answer, STR("HTTP/1.1 414 ")));
    strbuf_done(&b);
    assert_int_equal(call(w, "GET", "/x", STR("")).status, 200);
}

static void test_half_requests_disturb_nobody(void **state)
{
    struct world *w = *state;
    int fds[20];

    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        fds[i] = raw_connect(w);
        assert_true(send(fds[i],
                         "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhalf", 53,
                         MSG_NOSIGNAL) > 0);
    }
    assert_int_equal(call(w, "GET", "/x", STR("")).status, 200);
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        close(fds[i]);
    assert_int_equal(call(w, "GET", "/x", STR("")).status, 200);
}

static void test_client_errors(void **state)
{
    static const struct {
        const char *url;
        enum err_kind kind;
    } cases[] = {{"http://127.0.0.1:1/x", ERR_TRANSIENT},
                 {"nonsense://x", ERR_INVALID},
                 {"file:///etc/passwd", ERR_INVALID}};
    struct world *w = *state;
    struct http_answer answer;
    struct err err;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_call c = {.method = STR("GET"), .url = str_from(cases[i].url)};

        if (http_client_do(w->client, w->a, &c, &answer, &err) == 0 ||
            err.kind != cases[i].kind)
            fail_msg("case %zu: %s", i, err.text);
    }
}

struct canceller {
    struct world *w;
    int fd;
};

/* Asks to stop once the request has arrived. */
static void *cancel_when_there(void *ctx)
{
    struct canceller *c = ctx;

    for (int i = 0; i < 5000 && !__atomic_load_n(&c->w->later, __ATOMIC_SEQ_CST); i++)
        usleep(1000);
    eventfd_write(c->fd, 1);
    return NULL;
}

static void test_timeout_and_cancel(void **state)
{
    pthread_t thread;
    struct world *w = *state;
    struct http_call c = {.method = STR("GET"), .url = url(w, "/never"), .timeout_ms = 100};
    struct http_answer answer;
    struct err err;

    assert_int_equal(http_client_do(w->client, w->a, &c, &answer, &err), -1);
    assert_int_equal(err.kind, ERR_TIMEOUT);
    http_reply(__atomic_load_n(&w->later, __ATOMIC_SEQ_CST), 200, STR_NONE, STR(""), NULL, 0);
    __atomic_store_n(&w->later, NULL, __ATOMIC_SEQ_CST);
    c.timeout_ms = 0;
    c.cancel_fd = eventfd(0, EFD_CLOEXEC);
    pthread_create(&thread, NULL, cancel_when_there, &(struct canceller){w, c.cancel_fd});
    assert_int_equal(http_client_do(w->client, w->a, &c, &answer, &err), -1);
    assert_int_equal(err.kind, ERR_CANCELLED);
    pthread_join(thread, NULL);
    close(c.cancel_fd);
    for (int i = 0; i < 5000 && !__atomic_load_n(&w->later, __ATOMIC_SEQ_CST); i++)
        usleep(1000);
    http_reply(__atomic_load_n(&w->later, __ATOMIC_SEQ_CST), 200, STR_NONE, STR(""), NULL, 0);
}

struct reader {
    struct world *w;
    struct strbuf seen;
    size_t stop_after;
};

static int on_chunk(void *ctx, struct str chunk)
{
    struct reader *r = ctx;

    strbuf_add(&r->seen, chunk);
    return r->seen.len >= r->stop_after;
}

static void *read_stream(void *ctx)
{
    struct reader *r = ctx;
    struct http_client *client = http_client_new();
    struct arena *a = arena_new();
    struct http_call c = {
        .method = STR("GET"),
        .url = str_printf(a, "http://127.0.0.1:%u/stream", http_server_port(r->w->server)),
        .on_chunk = on_chunk,
        .ctx = r};
    struct http_answer answer;
    struct err err;

    http_client_do(client, a, &c, &answer, &err);
    http_client_free(client);
    arena_free(a);
    return NULL;
}

static void wait_until(int *value)
{
    for (int i = 0; i < 5000 && !__atomic_load_n(value, __ATOMIC_SEQ_CST); i++)
        usleep(1000);
    assert_true(__atomic_load_n(value, __ATOMIC_SEQ_CST));
}

static void test_stream(void **state)
{
    struct world *w = *state;
    struct reader r = {.w = w, .seen = STRBUF_INIT(1 << 20), .stop_after = SIZE_MAX};
    pthread_t thread;
    struct err err;

    pthread_create(&thread, NULL, read_stream, &r);
    for (int i = 0; i < 5000 && !__atomic_load_n(&w->stream, __ATOMIC_SEQ_CST); i++)
        usleep(1000);
    for (int i = 0; i < 100; i++)
        assert_int_equal(http_stream_write(w->stream, STR("line\n"), &err), 0);
    http_stream_end(w->stream);
    pthread_join(thread, NULL);
    assert_int_equal(r.seen.len, 500);
    wait_until(&w->closed);
    assert_int_equal(http_stream_write(w->stream, STR("x"), &err), -1);
    http_stream_unref(w->stream);
    strbuf_done(&r.seen);
}

static void test_stream_reader_goes_away(void **state)
{
    struct world *w = *state;
    struct reader r = {.w = w, .seen = STRBUF_INIT(1 << 20), .stop_after = 5};
    pthread_t thread;
    struct err err;
    int failed = 0;

    pthread_create(&thread, NULL, read_stream, &r);
    for (int i = 0; i < 5000 && !__atomic_load_n(&w->stream, __ATOMIC_SEQ_CST); i++)
        usleep(1000);
    for (int i = 0; i < 3000 && !failed; i++) {
        failed = http_stream_write(w->stream, STR("0123456789"), &err) < 0;
        usleep(1000);
    }
    assert_true(failed);
    pthread_join(thread, NULL);
    http_stream_unref(w->stream);
    strbuf_done(&r.seen);
}

static void test_address_in_use(void **state)
{
    struct world *w = *state;
    struct http_server_options options = {
        .address = "127.0.0.1", .port = http_server_port(w->server), .handle = handle};
    struct err err;

    assert_null(http_server_start(&options, &err));
    options.address = "localhost";
    assert_null(http_server_start(&options, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.text, "listen address \"localhost\" is not numeric");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_round_trips),
        TEST(test_body_from_a_file),
        TEST(test_a_file_is_the_answer),
        TEST(test_body_limit),
        TEST(test_redirect_when_asked),
        TEST(test_chunked_body_over_the_limit),
        TEST(test_head_too_large),
        TEST(test_half_requests_disturb_nobody),
        TEST(test_client_errors),
        TEST(test_timeout_and_cancel),
        TEST(test_stream),
        TEST(test_stream_reader_goes_away),
        TEST(test_address_in_use),
    };

    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
