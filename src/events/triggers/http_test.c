/*
 * The http trigger against a server of the test's own that speaks raw HTTP: every byte of the
 * requests, answers and policies, redirects, secrets, refused addresses, hostile values.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "events/triggers/trigger.h"
#include "tests/support/store_world.h"

enum { REQUESTS_MAX = 16, REQUEST_MAX_BYTES = 8192 };

struct world {
    char path[64];
    struct loop *loop;
    struct store *store;
    struct arena *a;
    int listener;
    unsigned port;
    pthread_t thread;
    const char *answers[REQUESTS_MAX]; /* the last one is given again */
    char requests[REQUESTS_MAX][REQUEST_MAX_BYTES];
    int count;
};

static size_t body_length(const char *digits)
{
    uint64_t n = 0;

    assert_true(parse_u64(str_of(digits, strspn(digits, "0123456789")), &n));
    return n;
}

/* One whole request: its head and as many bytes as it announces. */
static void read_request(int fd, char *to)
{
    size_t used = 0, need = 0;

    while (used < REQUEST_MAX_BYTES - 1) {
        ssize_t len = recv(fd, to + used, REQUEST_MAX_BYTES - 1 - used, 0);
        const char *end, *length;

        if (len <= 0)
            break;
        used += (size_t) len;
        to[used] = '\0';
        end = strstr(to, "\r\n\r\n");
        length = strstr(to, "Content-Length: ");
        need = end ? (size_t) (end + 4 - to) : SIZE_MAX;
        if (end && length && length < end)
            need += body_length(length + 16);
        if (used >= need)
            break;
    }
    to[used] = '\0';
}

static void *serve(void *ctx)
{
    struct world *w = ctx;
    int fd;

    while ((fd = accept(w->listener, NULL, NULL)) >= 0) {
        int last = w->count;
        const char *answer;

        while (last > 0 && !w->answers[last])
            last--;
        answer = w->answers[last] ? w->answers[last] : "HTTP/1.1 200 OK\r\n\r\n";
        if (w->count < REQUESTS_MAX)
            read_request(fd, w->requests[w->count]);
        w->count++;
        if (*answer)
            send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        close(fd);
    }
    return NULL;
}

static void create(struct world *w, const char *text)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc;
    struct err err;

    assert_int_equal(json_parse(store_txn_arena(txn), str_from(text), &doc, &err), 0);
    store_txn_create(txn, &doc);
    store_world_commit(w->store, txn);
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-http-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->store);
    create(w, "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\","
              "\"namespace\":\"argo\",\"uid\":\"u1\"},\"data\":{\"user\":\"bWU=\","
              "\"word\":\"aHVzaAo=\",\"evil\":\"YQ0KWC1JbjogMQ==\",\"pem\":\"bm9uZQ==\"}}");
    create(w, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\","
              "\"namespace\":\"argo\",\"uid\":\"u2\"},\"data\":{\"key\":\"open\"}}");
    w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(w->listener, (struct sockaddr *) &at, sizeof(at)), 0);
    assert_int_equal(listen(w->listener, 16), 0);
    assert_int_equal(getsockname(w->listener, (struct sockaddr *) &at, &len), 0);
    w->port = ntohs(at.sin_port);
    pthread_create(&w->thread, NULL, serve, w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    char command[100];

    shutdown(w->listener, SHUT_RDWR);
    pthread_join(w->thread, NULL);
    close(w->listener);
    store_close(w->store);
    loop_free(w->loop);
    arena_free(w->a);
    snprintf(command, sizeof(command), "rm -rf %s", w->path);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of ours */
    free(w);
    return 0;
}

/* What one firing is given, beside the members of its part of the template. */
struct given {
    const char *spec; /* JSON; URL is replaced by the server's */
    const char *policy;
    const char *payload;
    struct trigger_header headers[3];
    size_t header_count;
};

static struct str with_url(struct world *w, const char *text)
{
    struct str rest = str_from(text), made = STR("");
    size_t at;

    while ((at = str_find(rest, STR("URL"))) != SIZE_MAX) {
        made = str_printf(w->a, STR_FMT STR_FMT "http://127.0.0.1:%u", STR_ARG(made),
                          STR_ARG(str_head(rest, at)), w->port);
        rest = str_skip(rest, at + 3);
    }
    return str_concat(w->a, made, rest);
}

static int fire(struct world *w, const struct given *given, struct trigger_result *ret,
                struct err *err)
{
    const struct trigger_services services = {.store = w->store};
    struct trigger_request req = {.sensor = STR("s"),
                                  .trigger = STR("t"),
                                  .ns = STR("argo"),
                                  .payload = str_from(given->payload),
                                  .headers = given->headers,
                                  .header_count = given->header_count};
    struct json spec, policy, template;

    assert_int_equal(json_parse(w->a, with_url(w, given->spec), &spec, err), 0);
    template = json_set(w->a, NULL, STR("http"), spec);
    if (given->policy) {
        assert_int_equal(json_parse(w->a, str_from(given->policy), &policy, err), 0);
        req.policy = &policy;
    }
    req.template = &template;
    req.resource = &spec;
    *err = (struct err){0};
    return trigger_driver_of(&template, err)->ops->fire(&services, w->a, &req, ret, err);
}

/* The head of a request without its Host, which has a changing port. */
static struct str without_host(struct world *w, const char *request)
{
    struct str text = str_from(request);
    struct str host = str_printf(w->a, "Host: 127.0.0.1:%u\r\n", w->port);
    size_t at = str_find(text, host);

    return at == SIZE_MAX ? text
                          : str_concat(w->a, str_head(text, at), str_skip(text, at + host.len));
}

static void test_requests_on_the_wire(void **state)
{
#define UA "User-Agent: tiphys\r\n"
    static const struct {
        struct given given;
        const char *request;
    } cases[] = {
        {{.spec = "{\"url\":\"URL/a?b=c#d\",\"method\":\"POST\"}", .payload = "{\"a\":1}"},
         "POST /a?b=c HTTP/1.1\r\n" UA "Content-Length: 7\r\n\r\n{\"a\":1}"},
        {{.spec = "{\"url\":\"URL\"}"}, "POST / HTTP/1.1\r\n" UA "Content-Length: 0\r\n\r\n"},
        {{.spec = "{\"url\":\"URL/x\",\"method\":\"GET\"}"}, "GET /x HTTP/1.1\r\n" UA "\r\n"},
        {{.spec = "{\"url\":\"URL/x\",\"method\":\"GET\"}", .payload = "b"},
         "GET /x HTTP/1.1\r\n" UA "Content-Length: 1\r\n\r\nb"},
        {{.spec = "{\"url\":\"URL/x\",\"method\":\"DELETE\"}", .payload = "b"},
         "DELETE /x HTTP/1.1\r\n" UA "Content-Length: 1\r\n\r\nb"},
        {{.spec = "{\"url\":\"URL/x\",\"method\":\"PUT\"}"},
         "PUT /x HTTP/1.1\r\n" UA "Content-Length: 0\r\n\r\n"},
        {{.spec = "{\"url\":\"URL/x\",\"method\":\"PATCH\",\"host\":\"other.example\"}",
          .payload = "b"},
         "PATCH /x HTTP/1.1\r\nHost: other.example\r\n" UA "Content-Length: 1\r\n\r\nb"},
        /* by spelling, sorted; later kinds win; what the connection says is left out */
        {{.spec =
              "{\"url\":\"URL/x\",\"headers\":{\"x-lower\":\"1\",\"X-Lower\":\"2\",\"X-Dyn\":"
              "\"old\",\"Host\":\"h\",\"content-length\":\"9\",\"Content-Type\":\"text/x\","
              "\"Empty\":\"\",\"User-Agent\":\"mine\"},\"secureHeaders\":[{\"name\":\"X-Sec\","
              "\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"word\"}}},{\"name\":"
              "\"X-Conf\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"c\",\"key\":\"key\"}}}"
              "]}",
          .payload = "b",
          .headers = {{STR_INIT("X-Dyn"), STR_INIT("\xc3\xa9")}},
          .header_count = 1},
         "POST /x HTTP/1.1\r\nContent-Type: text/x\r\nEmpty:\r\nUser-Agent: mine\r\nX-Conf: "
         "open\r\nX-Dyn: \xc3\xa9\r\nX-Lower: 2\r\nX-Sec: hush\r\nx-lower: 1\r\n"
         "Content-Length: 1\r\n\r\nb"},
        {{.spec =
              "{\"url\":\"URL/x\",\"headers\":{\"Authorization\":\"Bearer x\"},\"basicAuth\":{"
              "\"username\":{\"name\":\"s\",\"key\":\"user\"},\"password\":{\"name\":\"s\","
              "\"key\":\"word\"}}}"},
         "POST /x HTTP/1.1\r\nAuthorization: Basic bWU6aHVzaA==\r\n" UA
         "Content-Length: 0\r\n\r\n"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct trigger_result result;
        struct err err;
        struct str got;

        w->count = 0;
        if (fire(w, &cases[i].given, &result, &err) < 0)
            fail_msg("case %zu: %s", i, err.text);
        assert_int_equal(w->count, 1);
        got = without_host(w, w->requests[0]);
        if (!str_is(got, cases[i].request))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(got));
    }
}

static void test_answers_and_policies(void **state)
{
    static const struct {
        const char *answer, *policy, *error; /* error: NULL is a success */
    } cases[] = {
        {"HTTP/1.1 200 OK\r\n\r\nx", NULL, NULL},
        {"HTTP/1.1 500 No\r\n\r\nx", NULL, NULL}, /* without a policy all is well */
        {"HTTP/1.1 204 No Content\r\n\r\n", "{\"status\":{\"allow\":[200,204]}}", NULL},
        {"HTTP/1.1 500 No\r\n\r\nx", "{\"status\":{\"allow\":[200,204]}}",
         "policy application resulted in failure. http response status 500 is not allowed"},
        {"HTTP/1.1 200 OK\r\n\r\n", "{\"status\":{\"allow\":[]}}",
         "policy application resulted in failure. http response status 200 is not allowed"},
        {"HTTP/1.1 500 No\r\n\r\n", "{\"status\":{}}", NULL},
        {"HTTP/1.1 500 No\r\n\r\n", "{}", NULL},
        /* a body without an end is not waited for */
        {"HTTP/1.1 201 Created\r\nContent-Length: 100000000\r\n\r\nsome",
         "{\"status\":{\"allow\":[201]}}", NULL},
        {"HTTP/1.1 302 Found\r\n\r\n", NULL, "302 answer without Location"},
        {"HTTP/1.1 308 Gone on\r\n\r\n", "{\"status\":{\"allow\":[308]}}", NULL},
        {"", NULL, "POST http://127.0.0.1:"}, /* closed without an answer */
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct given given = {.spec = "{\"url\":\"URL/x?token=secret\"}",
                                    .policy = cases[i].policy};
        struct trigger_result result;
        struct err err;
        int code;

        w->count = 0;
        w->answers[0] = cases[i].answer;
        code = fire(w, &given, &result, &err);
        if ((code < 0) != (cases[i].error != NULL) ||
            (code < 0 && strncmp(err.text, cases[i].error, strlen(cases[i].error)) != 0))
            fail_msg("case %zu: %s", i, err.text);
        assert_null(strstr(err.text, "secret"));
        if (code == 0)
            assert_true(str_find(result.detail, STR("secret")) == SIZE_MAX &&
                        str_starts(result.detail, STR("POST http://127.0.0.1:")));
    }
}

#define MOVED(status, to) "HTTP/1.1 " status " Moved\r\nLocation: " to "\r\n\r\n"

static void test_redirects(void **state)
{
    static const struct {
        const char *location, *path; /* of the second request */
        const char *status, *line;
        bool has_body;
    } cases[] = {
        {"/to", "/to", "302", "GET", false},      {"/to?q=1", "/to?q=1", "301", "GET", false},
        {"next", "/a/next", "303", "GET", false}, {"?q=2", "/a/b?q=2", "302", "GET", false},
        {"../up", "/up", "302", "GET", false},    {"/to", "/to", "307", "POST", true},
        {"/to", "/to", "308", "POST", true},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct given given = {.spec = "{\"url\":\"URL/a/b?c\"}", .payload = "body"};
        struct trigger_result result;
        struct err err;
        struct str want = str_printf(w->a, "%s %s HTTP/1.1\r\n", cases[i].line, cases[i].path);

        w->count = 0;
        w->answers[0] = str_printf(w->a, "HTTP/1.1 %s Moved\r\nLocation: %s\r\n\r\n",
                                   cases[i].status, cases[i].location)
                            .ptr;
        w->answers[1] = "HTTP/1.1 200 OK\r\n\r\n";
        if (fire(w, &given, &result, &err) < 0 || w->count != 2)
            fail_msg("case %zu: %d requests, %s", i, w->count, err.text);
        if (!str_starts(str_from(w->requests[1]), want) ||
            (strstr(w->requests[1], "body") != NULL) != cases[i].has_body)
            fail_msg("case %zu: %s", i, w->requests[1]);
    }
}

static void test_redirects_have_an_end(void **state)
{
    const struct given given = {.spec = "{\"url\":\"URL/\"}"};
    struct world *w = *state;
    struct trigger_result result;
    struct err err;

    w->answers[0] = MOVED("302", "/");
    assert_int_equal(fire(w, &given, &result, &err), -1);
    assert_string_equal(err.text, "stopped after 10 redirects");
    assert_int_equal(w->count, 10);
}

/* Another origin (localhost is not 127.0.0.1) sees no secret. */
static void test_redirects_carry_no_secrets(void **state)
{
    static const struct given given = {
        .spec = "{\"url\":\"URL/\",\"host\":\"own\",\"headers\":{\"X-Plain\":\"p\",\"cookie\":"
                "\"hush\",\"Authorization\":\"hush\"},\"secureHeaders\":[{\"name\":\"X-Sec\","
                "\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"word\"}}}]}"};
    struct world *w = *state;
    struct trigger_result result;
    struct err err;

    for (int is_other = 0; is_other < 2; is_other++) {
        w->count = 0;
        w->answers[0] =
            str_printf(w->a, "HTTP/1.1 307 Moved\r\nLocation: http://%s:%u/to\r\n\r\n",
                       is_other ? "localhost" : "127.0.0.1", w->port)
                .ptr;
        w->answers[1] = "HTTP/1.1 200 OK\r\n\r\n";
        assert_int_equal(fire(w, &given, &result, &err), 0);
        assert_int_equal(w->count, 2);
        assert_non_null(strstr(w->requests[0], "hush"));
        assert_non_null(strstr(w->requests[1], "X-Plain: p\r\n"));
        assert_int_equal(strstr(w->requests[1], "hush") == NULL, is_other);
        assert_int_equal(strstr(w->requests[1], "Host: own") == NULL, is_other);
    }
}

#define NO_HEADER   \
    {               \
        {NULL, 0},  \
        {           \
            NULL, 0 \
        }           \
    }

static void test_refusals(void **state)
{
    static const struct {
        const char *spec;
        struct trigger_header header;
        enum err_kind kind;
        const char *error;
    } cases[] = {
        {"{\"url\":\"http://169.254.169.254/latest\"}", NO_HEADER, ERR_DENIED,
         "http://169.254.169.254/latest: its address is link-local or a cloud's metadata "
         "service: refused"},
        {"{\"url\":\"http://2852039166/latest\"}", NO_HEADER, ERR_DENIED, "its address is"},
        {"{\"url\":\"http://0xA9.254.0251.254/\"}", NO_HEADER, ERR_DENIED, "its address is"},
        {"{\"url\":\"http://[::ffff:169.254.169.254]/\"}", NO_HEADER, ERR_DENIED,
         "its address is"},
        {"{\"url\":\"http://[fe80::1]/\"}", NO_HEADER, ERR_DENIED, "its address is"},
        {"{\"url\":\"http://[fd00:ec2::254]/\"}", NO_HEADER, ERR_DENIED, "its address is"},
        {"{\"url\":\"http://100.100.100.200/\"}", NO_HEADER, ERR_DENIED, "its address is"},
        {"{\"url\":\"file:///etc/passwd\"}", NO_HEADER, ERR_INVALID, "is neither http://"},
        {"{\"url\":\"gopher://x/\"}", NO_HEADER, ERR_INVALID, "is neither http://"},
        {"{\"url\":\"\"}", NO_HEADER, ERR_INVALID, "is neither http://"},
        {"{\"url\":\"http://127.0.0.1:1/x?q=hush\"}", NO_HEADER, ERR_TRANSIENT,
         "POST http://127.0.0.1:1/x: "},
        {"{\"url\":\"http://me:hush@127.0.0.1:1/x\"}", NO_HEADER, ERR_TRANSIENT,
         "POST http://127.0.0.1:1/x: "},
        {"{\"url\":\"URL\",\"method\":\"A B\"}", NO_HEADER, ERR_INVALID,
         "\"A B\" is no HTTP method"},
        {"{\"url\":\"URL/\\r\\nX: y\"}", NO_HEADER, ERR_INVALID, "has a control character"},
        {"{\"url\":\"URL\",\"host\":\"a\\nX: y\"}", NO_HEADER, ERR_INVALID,
         "has a control character"},
        {"{\"url\":\"URL\",\"headers\":{\"a b\":\"x\"}}", NO_HEADER, ERR_INVALID,
         "headers: \"a b\" is no name of a header"},
        {"{\"url\":\"URL\",\"headers\":{\"a\":\"x\\r\\nhush: y\"}}", NO_HEADER, ERR_INVALID,
         "headers: value of header \"a\" has a control character"},
        {"{\"url\":\"URL\"}",
         {STR_INIT("X-Dyn"), STR_INIT("x\r\nEvil: y")},
         ERR_INVALID,
         "dynamicHeaders[0]: value of header \"X-Dyn\" has a control character"},
        {"{\"url\":\"URL\",\"secureHeaders\":[{\"name\":\"X\",\"valueFrom\":{\"secretKeyRef\":{"
         "\"name\":\"s\",\"key\":\"evil\"}}}]}",
         NO_HEADER, ERR_INVALID,
         "secureHeaders[0]: value of header \"X\" has a control character"},
        {"{\"url\":\"URL\",\"secureHeaders\":[{\"name\":\"X\"}]}", NO_HEADER, ERR_INVALID,
         "secureHeaders[0]: valueFrom: secretKeyRef or configMapKeyRef must be given"},
        {"{\"url\":\"URL\",\"secureHeaders\":[{\"name\":\"X\",\"valueFrom\":{\"secretKeyRef\":{"
         "\"name\":\"s\",\"key\":\"none\"}}}]}",
         NO_HEADER, ERR_NOT_FOUND, "secureHeaders[0]: secret 's' does not have the key 'none'"},
        {"{\"url\":\"URL\",\"basicAuth\":{\"username\":{\"name\":\"no\",\"key\":\"k\"}}}",
         NO_HEADER, ERR_NOT_FOUND, "basicAuth: secrets \"no\" not found"},
        {"{\"url\":\"URL\",\"tls\":{}}", NO_HEADER, ERR_INVALID,
         "invalid tls config, neither of caCertSecret, clientCertSecret and clientKeySecret is "
         "configured"},
        {"{\"url\":\"URL\",\"tls\":{\"clientKeySecret\":{\"name\":\"s\",\"key\":\"pem\"}}}",
         NO_HEADER, ERR_INVALID,
         "invalid tls config, both of clientCertSecret and clientKeySecret need to be "
         "configured"},
        {"{\"url\":\"URL\",\"tls\":{\"caCertSecret\":{\"name\":\"s\",\"key\":\"none\"}}}",
         NO_HEADER, ERR_NOT_FOUND, "tls.caCertSecret: secret 's' does not have the key 'none'"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct given given = {.spec = cases[i].spec,
                                    .headers = {cases[i].header},
                                    .header_count = cases[i].header.name.len > 0};
        struct trigger_result result;
        struct err err;

        w->count = 0;
        if (fire(w, &given, &result, &err) == 0 || err.kind != cases[i].kind ||
            !strstr(err.text, cases[i].error))
            fail_msg("case %zu: %d %s", i, (int) err.kind, err.text);
        assert_null(strstr(err.text, "hush"));
        assert_int_equal(w->count, 0);
    }
}

/* A redirect cannot lead to where a URL may not. */
static void test_redirect_to_a_refused_address(void **state)
{
    const struct given given = {.spec = "{\"url\":\"URL/\"}"};
    struct world *w = *state;
    struct trigger_result result;
    struct err err;

    w->answers[0] = MOVED("302", "http://169.254.169.254/latest/meta-data");
    assert_int_equal(fire(w, &given, &result, &err), -1);
    assert_int_equal(err.kind, ERR_DENIED);
    w->answers[0] = MOVED("302", "file:///etc/passwd");
    assert_int_equal(fire(w, &given, &result, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

static void test_timeout(void **state)
{
    const struct given given = {.spec = "{\"url\":\"http://127.0.0.1:%u/\",\"timeout\":1}"};
    struct world *w = *state;
    int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    struct given at_silent = given;
    struct trigger_result result;
    struct err err;

    assert_int_equal(bind(silent, (struct sockaddr *) &at, sizeof(at)), 0);
    assert_int_equal(listen(silent, 1), 0);
    assert_int_equal(getsockname(silent, (struct sockaddr *) &at, &len), 0);
    at_silent.spec =
        str_printf(w->a, "{\"url\":\"http://127.0.0.1:%u/\",\"timeout\":1}", ntohs(at.sin_port))
            .ptr;
    assert_int_equal(fire(w, &at_silent, &result, &err), -1);
    assert_int_equal(err.kind, ERR_TIMEOUT);
    close(silent);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_requests_on_the_wire),
        TEST(test_answers_and_policies),
        TEST(test_redirects),
        TEST(test_redirects_have_an_end),
        TEST(test_redirects_carry_no_secrets),
        TEST(test_refusals),
        TEST(test_redirect_to_a_refused_address),
        TEST(test_timeout),
    };

    return cmocka_run_group_tests_name("http_trigger", tests, NULL, NULL);
}
