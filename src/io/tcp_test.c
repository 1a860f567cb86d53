/* Connections to servers on loopback, which are threads of the test: what is sent and read,
 * what is cut off, silence, a stop, addresses that are refused. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "io/tcp.h"

/* A server that takes one connection. */
struct server {
    int listener;
    uint32_t port;
    pthread_t thread;
    void (*serve)(int fd);
};

static void *run(void *ctx)
{
    struct server *s = ctx;
    int fd = accept(s->listener, NULL, NULL);

    assert_true(fd >= 0);
    s->serve(fd);
    close(fd);
    return NULL;
}

static void start(struct server *s, void (*serve)(int fd))
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->listener >= 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *) &at, sizeof(at)), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *) &at, &len), 0);
    s->port = ntohs(at.sin_port);
    s->serve = serve;
    assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
}

static void stop(struct server *s)
{
    pthread_join(s->thread, NULL);
    close(s->listener);
}

static struct tcp *connect_to(const struct server *s, const struct tcp_options *options)
{
    struct err err;
    struct tcp *t = tcp_connect(STR("127.0.0.1"), s->port, options, &err);

    if (!t)
        fail_msg("%s", err.text);
    return t;
}

/* What comes goes back, until the end. */
static void echo(int fd)
{
    char bytes[4096];
    ssize_t n;

    while ((n = read(fd, bytes, sizeof(bytes))) > 0)
        for (ssize_t at = 0, more; at < n; at += more) {
            more = write(fd, bytes + at, (size_t) (n - at));
            assert_true(more > 0);
        }
}

static void test_there_and_back(void **state)
{
    const struct tcp_options options = {.stall_ms = 10000, .refuses_link_local = true};
    struct server s;
    struct tcp *t;
    struct err err;
    struct str got;
    char *many = mem_alloc(TCP_TAKE_MAX_BYTES);

    (void) state;
    start(&s, echo);
    t = connect_to(&s, &options);
    assert_int_equal(tcp_write(t, STR("one two"), &err), 0);
    assert_int_equal(tcp_take(t, 3, &got, &err), 0);
    assert_true(str_is(got, "one"));
    assert_int_equal(tcp_take(t, 0, &got, &err), 0);
    assert_int_equal(tcp_take(t, 4, &got, &err), 0);
    assert_true(str_is(got, " two"));
    assert_false(tcp_has_input(t));
    for (size_t i = 0; i < TCP_TAKE_MAX_BYTES; i++)
        many[i] = (char) (i * 7);
    for (int i = 0; i < 5; i++) { /* lengths that do not fit the buffer evenly */
        assert_int_equal(tcp_write(t, str_of(many, TCP_TAKE_MAX_BYTES / 2 + 1), &err), 0);
        assert_int_equal(tcp_take(t, TCP_TAKE_MAX_BYTES / 2, &got, &err), 0);
        assert_memory_equal(got.ptr, many, got.len);
        assert_int_equal(tcp_take(t, 1, &got, &err), 0);
        assert_int_equal(got.ptr[0], many[TCP_TAKE_MAX_BYTES / 2]);
    }
    tcp_close(t);
    stop(&s);
    free(many);
}

static void say_two(int fd)
{
    assert_int_equal(write(fd, "ab", 2), 2);
}

static void test_peer_goes(void **state)
{
    const struct tcp_options options = {.stall_ms = 10000};
    struct server s;
    struct tcp *t;
    struct err err;
    struct str got;

    (void) state;
    start(&s, say_two);
    t = connect_to(&s, &options);
    assert_int_equal(tcp_take(t, 3, &got, &err), -1);
    assert_int_equal(err.kind, ERR_TRANSIENT);
    assert_non_null(strstr(err.text, ": closed the connection"));
    assert_true(tcp_has_input(t));
    tcp_close(t);
    stop(&s);
}

/* Until the other side goes. */
static void say_nothing(int fd)
{
    char c;

    assert_int_equal(read(fd, &c, 1), 0);
}

static void test_silence(void **state)
{
    const struct tcp_options options = {.stall_ms = 20, .connect_ms = 10000};
    struct server s;
    struct tcp *t;
    struct err err;
    struct str got;

    (void) state;
    start(&s, say_nothing);
    t = connect_to(&s, &options);
    assert_int_equal(tcp_take(t, 1, &got, &err), -1);
    assert_int_equal(err.kind, ERR_TIMEOUT);
    assert_non_null(strstr(err.text, "nothing came or went for 20 ms"));
    tcp_close(t);
    stop(&s);
}

static void test_stop(void **state)
{
    struct tcp_options options = {0};
    struct server s;
    struct tcp *t;
    struct err err;
    struct str got;
    int pipes[2];

    (void) state;
    assert_int_equal(pipe(pipes), 0);
    options.cancel_fd = pipes[0];
    start(&s, say_nothing);
    t = connect_to(&s, &options);
    assert_int_equal(write(pipes[1], "x", 1), 1);
    assert_int_equal(tcp_take(t, 1, &got, &err), -1);
    assert_int_equal(err.kind, ERR_CANCELLED);
    tcp_close(t);
    stop(&s);
    close(pipes[0]);
    close(pipes[1]);
}

static void test_no_server(void **state)
{
    const struct tcp_options options = {.refuses_link_local = true};
    static const struct {
        struct str host;
        uint32_t port;
        enum err_kind kind;
    } cases[] = {
        {STR_INIT("127.0.0.1"), 1, ERR_TRANSIENT},
        {STR_INIT(""), 1, ERR_INVALID},
        {STR_INIT("127.0.0.1"), 0, ERR_INVALID},
        {STR_INIT("127.0.0.1"), 65536, ERR_INVALID},
        {STR_INIT("a\0b"), 80, ERR_INVALID},
        {STR_INIT("169.254.169.254"), 80, ERR_DENIED},
        {STR_INIT("100.100.100.200"), 80, ERR_DENIED},
        {STR_INIT("fe80::1"), 80, ERR_DENIED},
        {STR_INIT("::ffff:169.254.0.1"), 80, ERR_DENIED},
        {STR_INIT("fd00:ec2::254"), 80, ERR_DENIED},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err;

        assert_null(tcp_connect(cases[i].host, cases[i].port, &options, &err));
        if (err.kind != cases[i].kind)
            fail_msg("case %zu: %s", i, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_peer_goes),
        cmocka_unit_test(test_silence),        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_no_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
