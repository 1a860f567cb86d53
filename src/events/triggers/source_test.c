/*
 * Objects of triggers, by where they come from: which source counts, what is read, what is
 * refused, and which failures are those of reading.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "events/triggers/source.h"
#include "tests/support/store_world.h"

struct world {
    struct store_world on;
    struct trigger_services services;
};

static struct json parsed(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct store_txn *txn;
    struct json doc;

    store_world_open(&w->on);
    w->services.store = w->on.store;
    w->services.private_path = str_printf(w->on.a, "%s/own", w->on.path);
    doc =
        parsed(w->on.a, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":"
                        "\"c\",\"namespace\":\"ns\",\"uid\":\"u\"},\"data\":{\"k\":\"kind: "
                        "FromMap\\n\",\"bad\":\"- a\",\"worse\":\"a: [\"}}");
    txn = store_txn_new(w->on.store);
    store_txn_create(txn, &doc);
    store_world_commit(w->on.store, txn);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    store_world_close(&w->on);
    free(w);
    return 0;
}

/* The object as JSON, or "error: " and the text, with "read: " before that of reading. */
static struct str read_source(struct world *w, const char *source)
{
    const struct trigger_reading reading = {&w->services, w->on.a, STR("ns")};
    struct json v = parsed(w->on.a, source), made;
    struct trigger_result result = {0};
    struct err err = {0};

    if (trigger_source_read(&reading, &v, &made, &result, &err) < 0)
        return str_printf(w->on.a, "error: %s%s", result.is_read_failure ? "read: " : "",
                          err.text);
    assert_false(result.is_read_failure);
    return json_text(w->on.a, &made, JSON_COMPACT);
}

struct row {
    const char *source, *want; /* the beginning of it */
};

static void check(struct world *w, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct str have = read_source(w, rows[i].source);

        if (!str_starts(have, str_from(rows[i].want)))
            fail_msg("row %zu: want %s\n  got " STR_FMT, i, rows[i].want, STR_ARG(have));
    }
}

static void test_texts(void **state)
{
    static const struct row rows[] = {
        {"{\"resource\":{\"kind\":\"A\"}}", "{\"kind\":\"A\"}"},
        {"{\"inline\":\"kind: B\\nm: 010\\n\"}", "{\"kind\":\"B\",\"m\":8}"},
        {"{\"inline\":\"{\\\"kind\\\": \\\"C\\\"}\"}", "{\"kind\":\"C\"}"},
        {"{\"inline\":\"kind: D\\n---\\nkind: E\\n\"}", "{\"kind\":\"D\"}"},
        {"{\"inline\":\"\"}", "{}"},
        {"{\"inline\":\"kind: B\",\"resource\":{\"kind\":\"A\"}}", "{\"kind\":\"B\"}"},
        {"{\"inline\":\"a: [\"}", "error: source.inline: "},
        {"{\"inline\":\"- a\"}", "error: source.inline: the document is no object"},
        {"{\"configmap\":{\"name\":\"c\",\"key\":\"k\"}}", "{\"kind\":\"FromMap\"}"},
        {"{\"configmap\":{\"name\":\"c\",\"key\":\"bad\"}}",
         "error: source.configmap: the document is no object"},
        {"{\"configmap\":{\"name\":\"c\",\"key\":\"worse\"}}", "error: source.configmap: "},
        {"{\"configmap\":{\"name\":\"c\",\"key\":\"none\"}}",
         "error: read: source.configmap: configmap 'c' does not have the key 'none'"},
        {"{\"configmap\":{\"name\":\"nobody\",\"key\":\"k\"}}",
         "error: read: source.configmap: configmaps \"nobody\" not found"},
        {"{}", "error: source.resource: is required"},
        {"{\"inline\":null,\"resource\":[]}", "error: source.resource: is required"},
    };

    check(*state, rows, COUNT_OF(rows));
}

/* ---- files ---- */

static const char *make_file(struct world *w, const char *name, const char *text, size_t size)
{
    const char *path = str_cz(w->on.a, str_printf(w->on.a, "%s/%s", w->on.path, name));
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    if (size > 0)
        assert_int_equal(ftruncate(fd, (off_t) size), 0);
    close(fd);
    return path;
}

static void check_file(struct world *w, const char *path, const char *want)
{
    const struct row row = {
        str_cz(w->on.a, str_printf(w->on.a, "{\"file\":{\"path\":\"%s\"}}", path)), want};

    check(w, &row, 1);
}

static void test_files(void **state)
{
    struct world *w = *state;
    const char *pipe_path = str_cz(w->on.a, str_printf(w->on.a, "%s/pipe", w->on.path));
    const char *own = str_cz(w->on.a, str_printf(w->on.a, "%s/own", w->on.path));
    const char *link = str_cz(w->on.a, str_printf(w->on.a, "%s/link", w->on.path));

    check_file(w, make_file(w, "good", "kind: F\n", 0), "{\"kind\":\"F\"}");
    check_file(w, make_file(w, "large", "kind: F\n", TRIGGER_SOURCE_MAX_BYTES + 1),
               "error: read: source.file: ");
    check_file(w, "relative", "error: read: source.file: path \"relative\": an absolute one");
    check_file(w, "/tmp/no\\u0000ne", "error: read: source.file: path");
    check_file(w, "/nowhere/at/all", "error: read: source.file: open /nowhere/at/all: ");
    check_file(w, "/tmp", "error: read: source.file: /tmp is no regular file");
    check_file(w, "/dev/zero", "error: read: source.file: /dev/zero is no regular file");
    check_file(w, "/proc/self/environ", "error: read: source.file: /proc/self/environ belongs");
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    check_file(w, pipe_path, "error: read: source.file: ");
    assert_int_equal(mkdir(own, 0700), 0);
    make_file(w, "own/secret", "kind: S\n", 0);
    make_file(w, "owner", "kind: O\n", 0);
    check_file(w, str_cz(w->on.a, str_printf(w->on.a, "%s/secret", own)),
               "error: read: source.file: ");
    check_file(w, str_cz(w->on.a, str_printf(w->on.a, "%s/../own/secret", own)),
               "error: read: source.file: ");
    assert_int_equal(symlink("own/secret", link), 0);
    check_file(w, link, "error: read: source.file: ");
    check_file(w, str_cz(w->on.a, str_printf(w->on.a, "%s/owner", w->on.path)),
               "{\"kind\":\"O\"}");
}

/* ---- the web ---- */

/* Answers each connection with the next of its texts. */
struct server {
    int fd;
    uint16_t port;
    const char *const *answers;
    pthread_t thread;
};

static void *serve(void *ctx)
{
    struct server *s = ctx;

    for (size_t i = 0; s->answers[i]; i++) {
        int fd = accept(s->fd, NULL, NULL);
        char request[2048];

        if (fd < 0)
            break;
        (void) !read(fd, request, sizeof(request));
        (void) !write(fd, s->answers[i], strlen(s->answers[i]));
        close(fd);
    }
    return NULL;
}

static void start(struct server *s, const char *const *answers)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    s->answers = answers;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *) &at, sizeof(at)), 0);
    assert_int_equal(listen(s->fd, 8), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *) &at, &len), 0);
    s->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

#define OK(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body

static void test_web(void **state)
{
    static const char *const answers[] = {
        OK("kind: G\n"),
        "HTTP/1.1 302 Found\r\nLocation: /there\r\nConnection: close\r\n\r\nnot this",
        OK("kind: H\n"),
        "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nkind: I\n",
        OK("<html>"),
        NULL};
    static const char *const wants[] = {"{\"kind\":\"G\"}", "{\"kind\":\"H\"}",
                                        "error: read: source.url: http://127.0.0.1:",
                                        "error: source.url: the document is no object"};
    struct world *w = *state;
    struct server server;

    start(&server, answers);
    for (size_t i = 0; i < COUNT_OF(wants); i++) {
        const struct row row = {
            str_cz(w->on.a,
                   str_printf(w->on.a, "{\"url\":{\"path\":\"http://127.0.0.1:%u/x?token=1\"}}",
                              server.port)),
            wants[i]};

        check(w, &row, 1);
    }
    pthread_join(server.thread, NULL);
    close(server.fd);
}

static void test_addresses_that_are_refused(void **state)
{
    static const struct row rows[] = {
        {"{\"url\":{\"path\":\"http://169.254.169.254/latest\"}}", "error: read: source.url: "},
        {"{\"url\":{\"path\":\"file:///etc/passwd\"}}",
         "error: read: source.url: url \"file:///etc/passwd\" is neither"},
        {"{\"url\":{\"path\":\"http://127.0.0.1/a\\r\\nX: y\"}}",
         "error: read: source.url: path has a control character"},
        {"{\"url\":{\"path\":\"\"}}", "error: read: source.url: "},
    };

    check(*state, rows, COUNT_OF(rows));
}

/* More than the limit is not kept. */
static void test_web_limit(void **state)
{
    static char large[TRIGGER_SOURCE_MAX_BYTES + 4096];
    const char *answers[] = {large, NULL};
    struct world *w = *state;
    struct server server;
    struct str have;

    memset(large, 'a', sizeof(large) - 1);
    memcpy(large, OK(""), strlen(OK("")));
    start(&server, answers);
    have = read_source(
        w, str_cz(w->on.a, str_printf(w->on.a, "{\"url\":{\"path\":\"http://127.0.0.1:%u/\"}}",
                                      server.port)));
    pthread_join(server.thread, NULL);
    close(server.fd);
    assert_true(str_starts(
        have, STR("error: read: source.url: the answer is larger than 524288 bytes")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_web, setup, teardown),
        cmocka_unit_test_setup_teardown(test_web_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_addresses_that_are_refused, setup, teardown),
    };

    signal(SIGPIPE, SIG_IGN); /* NOLINT */
    return cmocka_run_group_tests_name("trigger_source", tests, NULL, NULL);
}
