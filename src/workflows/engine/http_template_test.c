/*
 * The http template against a real server: what is sent, how the answer is judged, what is
 * wrong with a request, and giving up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "formats/yaml.h"
#include "workflows/engine/http_template.h"

/* Tells what it was asked: method, path, body, header X-A. /status/N answers with that. */
static void handle(void *ctx, struct http_request *req)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);
    struct str path = http_path(req), own = http_header(req, STR("X-A"));
    const struct http_header extra = {STR("X-Kind"), STR("test")};
    uint32_t status = 200;

    (void) ctx;
    if (str_starts(path, STR("/status/")))
        assert_true(parse_u32(str_skip(path, 8), &status));
    strbuf_addf(&b, STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT, STR_ARG(http_method(req)),
                STR_ARG(path), STR_ARG(http_body(req)), STR_ARG(own));
    http_reply(req, status, STR("text/plain"), strbuf_str(&b), &extra, 1);
}

struct world {
    struct arena *a;
    struct http_server *server;
    struct http_client *client;
};

static int setup(void **state)
{
    const struct http_server_options options = {
        .address = "127.0.0.1", .threads = 1, .handle = handle};
    struct world *w = NEW(struct world);
    struct err err;

    w->a = arena_new();
    w->server = http_server_start(&options, &err);
    assert_non_null(w->server);
    w->client = http_client_new();
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

static struct http_request_job run(struct world *w, const char *path, const char *rest,
                                   int cancel_fd)
{
    struct http_request_job job = {.ns = STR("ns"), .client = w->client};
    struct err err;

    if (yaml_parse(w->a,
                   str_printf(w->a, "http: {url: 'http://127.0.0.1:%u%s'%s}\n",
                              http_server_port(w->server), path, rest),
                   &job.tmpl, &err) < 0)
        fail_msg("%s", err.text);
    http_template_run(&job, w->a, cancel_fd);
    return job;
}

static void test_answers(void **state)
{
    static const struct {
        const char *path, *rest, *result, *message;
        bool is_succeeded;
    } cases[] = {
        {"/a", "", "GET /a  ", "", true},
        {"/a", ", method: POST, body: hello, headers: [{name: X-A, value: b}]",
         "POST /a hello b", "", true},
        {"/a", ", method: PUT, bodyFrom: {bytes: aGk=}", "PUT /a hi ", "", true},
        {"/status/204", "", "", "", true},
        {"/status/404", "", "GET /status/404  ", "received non-2xx response code: 404", false},
        {"/status/404", ", successCondition: 'response.statusCode == 404'", "GET /status/404  ",
         "", true},
        {"/a", ", successCondition: 'response.body contains \"nothing\"'", "GET /a  ",
         "successCondition 'response.body contains \"nothing\"' evaluated false", false},
        {"/a", ", successCondition: 'response.headers[\"X-Kind\"][0] == \"test\"'", "GET /a  ",
         "", true},
        {"/a",
         ", method: POST, body: q, successCondition: 'request.method + request.body == "
         "\"POSTq\"'",
         "POST /a q ", "", true},
        {"/a", ", successCondition: '1 + 1'", NULL,
         "unable to cast expression result '%!s(int=2)' to bool", false},
        {"/a", ", bodyFrom: {bytes: '*'}", NULL, NULL, false},
        {"/a", ", headers: [{name: X-A, value: \"a\\nb\"}]", NULL,
         "value of header \"X-A\" has a control character", false},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_request_job job = run(w, cases[i].path, cases[i].rest, -1);

        if (job.is_succeeded != cases[i].is_succeeded ||
            (cases[i].message && !str_is(job.message, cases[i].message)))
            fail_msg("%zu: \"" STR_FMT "\"", i, STR_ARG(job.message));
        if (!cases[i].result)
            assert_null(job.outputs);
        else if (!str_is(json_get_str(job.outputs, STR("result")), cases[i].result))
            fail_msg("%zu: \"" STR_FMT "\"", i,
                     STR_ARG(json_get_str(job.outputs, STR("result"))));
    }
}

static void test_nobody_answers(void **state)
{
    struct world *w = *state;
    struct http_request_job job = {.ns = STR("ns"), .client = w->client};
    struct err err;

    assert_int_equal(
        yaml_parse(w->a, STR("http: {url: 'http://127.0.0.1:1/x?secret=1'}"), &job.tmpl, &err),
        0);
    http_template_run(&job, w->a, -1);
    assert_false(job.is_succeeded);
    assert_true(str_starts(job.message, STR("Get \"http://127.0.0.1:1/x\": ")));
    assert_true(str_find(job.message, STR("secret")) == SIZE_MAX);
}

static void test_gives_up(void **state)
{
    struct world *w = *state;
    int fd = eventfd(1, EFD_CLOEXEC);
    struct http_request_job job = run(w, "/a", "", fd);

    assert_false(job.is_succeeded);
    assert_null(job.outputs);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gives_up, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
