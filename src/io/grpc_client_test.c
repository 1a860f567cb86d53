/*
 * Tests of calls of gRPC services, against a server whose frames each case writes itself:
 * messages over frames' borders, streams, ends of all kinds, limits, what is no gRPC.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "io/grpc_client.h"
#include "tests/support/grpc_server.h"

struct world {
    struct grpc_server *server;
    struct http_client *client;
    struct arena *a;
    struct err err;
    struct str got;
    const char *plan; /* what the server does */
    /* Of a stream. */
    unsigned messages, enough_at, fail_at;
    uint64_t bytes;
};

static void serve(void *ctx, unsigned number, struct str message, struct grpc_reply to)
{
    struct world *w = ctx;
    const char *plan = w->plan;

    if (strcmp(plan, "echo") == 0) {
        grpc_send_answer(to, message);
    } else if (strcmp(plan, "pieces") == 0) {
        /* Two messages, the second empty, a byte a frame. */
        static const char bytes[] = "\0\0\0\0\3abc\0\0\0\0\0";

        grpc_send_head(to, "200", "application/grpc+proto", false);
        for (size_t i = 0; i + 1 < sizeof(bytes); i++)
            grpc_send_bytes(to, str_of(bytes + i, 1));
        grpc_send_end(to, "0", "");
    } else if (strcmp(plan, "long") == 0) {
        char *page = calloc(1, 100000);

        assert_non_null(page);
        grpc_send_head(to, "200", "application/grpc", false);
        for (int i = 0; i < 100; i++)
            grpc_send_message(to, str_of(page, 100000));
        grpc_send_end(to, "0", NULL);
        free(page);
    } else if (strcmp(plan, "none") == 0) {
        grpc_send_head(to, "200", "application/grpc", false);
        grpc_send_end(to, "0", NULL);
    } else if (strcmp(plan, "late") == 0) {
        grpc_send_head(to, "200", "application/grpc", false);
        grpc_send_message(to, STR("first"));
        grpc_send_end(to, "13", "disk %22full%22 100%");
    } else if (strcmp(plan, "no status") == 0) {
        grpc_send_head(to, "200", "application/grpc", false);
        grpc_frame(to, 0, 1, str_of("\0\0\0\0\1x", 6));
    } else if (strcmp(plan, "dies") == 0) {
        grpc_send_head(to, "200", "application/grpc", false);
        grpc_send_bytes(to, str_of("\0\0\0\0\x9half", 9));
        shutdown(to.fd, SHUT_RDWR);
    } else if (strcmp(plan, "web") == 0) {
        grpc_send_head(to, "503", "text/html", true);
    } else if (strcmp(plan, "packed") == 0) {
        grpc_send_head(to, "200", "application/grpc", false);
        grpc_send_bytes(to, str_of("\1\0\0\0\1x", 6));
    } else if (strcmp(plan, "huge") == 0) {
        grpc_send_head(to, "200", "application/grpc", false);
        grpc_send_bytes(to, str_of("\0\x7f\xff\xff\xff", 5));
    } else if (strcmp(plan, "silent") != 0) {
        grpc_send_head(to, "200", "application/grpc", false);
        grpc_send_end(to, plan, number ? "again" : "no such thing");
    }
}

static int set_up(void **state)
{
    struct world *w = NEW(struct world);

    w->server = grpc_server_start(serve, w);
    w->client = http_client_new();
    w->a = arena_new();
    w->plan = "echo";
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    http_client_free(w->client);
    grpc_server_stop(w->server);
    arena_free(w->a);
    free(w);
    return 0;
}

static struct grpc_call call_of(struct world *w, const char *request)
{
    return (struct grpc_call){.socket = w->server->path,
                              .method = STR("test.Service/Method"),
                              .request = str_from(request),
                              .cancel_fd = -1};
}

static int ask(struct world *w, const char *request)
{
    const struct grpc_call call = call_of(w, request);

    return grpc_client_unary(w->client, w->a, &call, &w->got, &w->err);
}

static int on_message(void *ctx, struct str message)
{
    struct world *w = ctx;

    w->bytes += message.len;
    w->messages++;
    return w->messages == w->enough_at ? 1 : w->messages == w->fail_at ? -1 : 0;
}

static int ask_stream(struct world *w)
{
    struct grpc_call call = call_of(w, "go");

    call.on_message = on_message;
    call.ctx = w;
    return grpc_client_call(w->client, w->a, &call, &w->err);
}

static void test_one_answer(void **state)
{
    struct world *w = *state;

    assert_int_equal(ask(w, "hello"), 0);
    assert_true(str_is(w->got, "hello"));
    assert_true(str_is(grpc_request(w->server, 0), "hello"));
    assert_int_equal(ask(w, ""), 0); /* by the same client */
    assert_int_equal(w->got.len, 0);
    assert_int_equal(w->server->calls, 2);
}

static void test_messages_cross_frames(void **state)
{
    struct world *w = *state;

    w->plan = "pieces";
    assert_int_equal(ask_stream(w), 0);
    assert_int_equal(w->messages, 2);
    assert_int_equal(w->bytes, 3);
    assert_int_equal(ask(w, "x"), -1);
    assert_string_equal(w->err.text, "test.Service/Method: 2 answers instead of one");
    w->plan = "none";
    assert_int_equal(ask(w, "x"), -1);
    assert_string_equal(w->err.text, "test.Service/Method: 0 answers instead of one");
}

static void test_streams(void **state)
{
    struct world *w = *state;

    w->plan = "long";
    assert_int_equal(ask_stream(w), 0);
    assert_int_equal(w->messages, 100);
    assert_int_equal(w->bytes, 100 * 100000);
}

static void test_a_reader_may_stop(void **state)
{
    struct world *w = *state;

    w->plan = "long";
    w->enough_at = 3;
    assert_int_equal(ask_stream(w), 0);
    assert_int_equal(w->messages, 3);
    w->messages = 0;
    w->enough_at = 0;
    w->fail_at = 2;
    http_client_free(w->client);
    w->client = http_client_new();
    assert_int_equal(ask_stream(w), -1);
    assert_int_equal(w->err.kind, ERR_CANCELLED);
    assert_int_equal(w->messages, 2);
}

static void test_what_a_server_says(void **state)
{
    static const struct {
        const char *code, *name;
        enum err_kind kind;
    } rows[] = {
        {"1", "Canceled", ERR_TRANSIENT},         {"2", "Unknown", ERR_INVALID},
        {"3", "InvalidArgument", ERR_INVALID},    {"4", "DeadlineExceeded", ERR_TIMEOUT},
        {"5", "NotFound", ERR_NOT_FOUND},         {"6", "AlreadyExists", ERR_EXISTS},
        {"7", "PermissionDenied", ERR_DENIED},    {"8", "ResourceExhausted", ERR_TRANSIENT},
        {"9", "FailedPrecondition", ERR_INVALID}, {"10", "Aborted", ERR_TRANSIENT},
        {"11", "OutOfRange", ERR_INVALID},        {"12", "Unimplemented", ERR_UNSUPPORTED},
        {"13", "Internal", ERR_INVALID},          {"14", "Unavailable", ERR_TRANSIENT},
        {"15", "DataLoss", ERR_INVALID},          {"16", "Unauthenticated", ERR_UNAUTHORIZED},
        {"17", "Code(17)", ERR_INVALID},          {"no", "Code(no)", ERR_INVALID},
    };
    struct world *w = *state;
    char want[100];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        w->plan = rows[i].code;
        snprintf(want, sizeof(want), "rpc error: code = %s desc = %s", rows[i].name,
                 i ? "again" : "no such thing");
        assert_int_equal(ask(w, "x"), -1);
        assert_string_equal(w->err.text, want);
        assert_int_equal(w->err.kind, rows[i].kind);
    }
}

static void test_an_end_behind_messages(void **state)
{
    struct world *w = *state;

    w->plan = "late";
    assert_int_equal(ask_stream(w), -1);
    assert_int_equal(w->messages, 1);
    assert_string_equal(w->err.text, "rpc error: code = Internal desc = disk \"full\" 100%");
}

static void test_wrong_ends(void **state)
{
    static const struct {
        const char *plan, *text;
        enum err_kind kind;
    } rows[] = {
        {"no status", "test.Service/Method: the answer ended without a status", ERR_TRANSIENT},
        {"dies", "socket ", ERR_TRANSIENT}, /* not of a host that nobody has named */
        {"web", "test.Service/Method: status 503 instead of an answer of gRPC", ERR_TRANSIENT},
        {"packed", "test.Service/Method: the answer is compressed", ERR_INVALID},
        {"huge", "test.Service/Method: a message of 2147483647 bytes is over 16777216",
         ERR_LIMIT},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        w->plan = rows[i].plan;
        assert_int_equal(ask(w, "x"), -1);
        if (!str_starts(str_from(w->err.text), str_from(rows[i].text)) ||
            w->err.kind != rows[i].kind || strstr(w->err.text, "localhost"))
            fail_msg("%s: kind %d, %s", rows[i].plan, (int) w->err.kind, w->err.text);
        http_client_free(w->client);
        w->client = http_client_new();
    }
}

static void test_a_request_has_a_limit(void **state)
{
    struct world *w = *state;
    struct grpc_call call = call_of(w, "");
    char *big = calloc(1, GRPC_MESSAGE_MAX_BYTES + 1);

    assert_non_null(big);
    call.request = str_of(big, GRPC_MESSAGE_MAX_BYTES + 1);
    assert_int_equal(grpc_client_unary(w->client, w->a, &call, &w->got, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_LIMIT);
    assert_int_equal(w->server->calls, 0);
    free(big);
}

static void test_waiting_ends(void **state)
{
    struct world *w = *state;
    struct grpc_call call = call_of(w, "x");

    w->plan = "silent";
    call.timeout_ms = 100;
    assert_int_equal(grpc_client_unary(w->client, w->a, &call, &w->got, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_TIMEOUT);
    call.timeout_ms = 0;
    call.cancel_fd = eventfd(1, EFD_CLOEXEC);
    http_client_free(w->client);
    w->client = http_client_new();
    assert_int_equal(grpc_client_unary(w->client, w->a, &call, &w->got, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_CANCELLED);
    close(call.cancel_fd);
}

static void test_nobody_is_there(void **state)
{
    struct world *w = *state;
    struct grpc_call call = call_of(w, "x");

    call.socket = "/nowhere/socket";
    assert_int_equal(grpc_client_unary(w->client, w->a, &call, &w->got, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
    assert_string_equal(w->err.text, "socket /nowhere/socket: Couldn't connect to server");
}

/* Who answers a connection with bytes. */
struct other {
    int listener;
    struct str answer;
};

static void *answer_once(void *ctx)
{
    const struct other *o = ctx;
    int fd = accept(o->listener, NULL, NULL);

    assert_true(send(fd, o->answer.ptr, o->answer.len, MSG_NOSIGNAL) >= 0);
    close(fd);
    return NULL;
}

/* Against somebody who answers so, or with "" not at all. */
static void probe_against(const char *answer, struct err *err)
{
    struct other o = {.answer = str_from(answer)};
    char path[] = "/tmp/grpc-probe.XXXXXX";
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = mkstemp(path);
    pthread_t thread = 0;

    assert_true(fd >= 0 && close(fd) == 0 && unlink(path) == 0);
    memcpy(at.sun_path, path, sizeof(path));
    o.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(o.listener, (struct sockaddr *) &at, sizeof(at)), 0);
    assert_int_equal(listen(o.listener, 1), 0);
    if (o.answer.len > 0)
        assert_int_equal(pthread_create(&thread, NULL, answer_once, &o), 0);
    assert_int_equal(grpc_client_probe(path, o.answer.len > 0 ? 10000 : 50, err), -1);
    if (o.answer.len > 0)
        pthread_join(thread, NULL);
    close(o.listener);
    unlink(path);
}

static void test_probes(void **state)
{
    struct world *w = *state;
    char path[200];

    assert_int_equal(grpc_client_probe(w->server->path, 10000, &w->err), 0);
    assert_int_equal(grpc_client_probe("/nowhere/socket", 100, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
    assert_string_equal(w->err.text,
                        "connect to socket /nowhere/socket: No such file or directory");
    memset(path, 'a', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(grpc_client_probe(path, 100, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_INVALID);
    probe_against("", &w->err);
    assert_int_equal(w->err.kind, ERR_TIMEOUT);
    probe_against("HTTP/1.1 400 Bad Request\r\n", &w->err);
    assert_int_equal(w->err.kind, ERR_INVALID);
    probe_against("abc", &w->err);
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_one_answer),
        CASE(test_messages_cross_frames),
        CASE(test_streams),
        CASE(test_a_reader_may_stop),
        CASE(test_what_a_server_says),
        CASE(test_an_end_behind_messages),
        CASE(test_wrong_ends),
        CASE(test_a_request_has_a_limit),
        CASE(test_waiting_ends),
        CASE(test_nobody_is_there),
        CASE(test_probes),
    };

    return cmocka_run_group_tests_name("grpc_client", tests, NULL, NULL);
}
