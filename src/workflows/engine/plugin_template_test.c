/*
 * The plugin template against real servers: what a plugin is asked, which answers count, what
 * is asked again, and giving up.
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

#include "base/limits.h"
#include "base/mem.h"
#include "formats/yaml.h"
#include "workflows/engine/plugin_template.h"

struct world {
    struct arena *a;
    struct http_server *servers[2];
    struct http_client *client;
    const char *answers[2]; /* a body, or "404" and the like */
    unsigned asked[2];
    struct str question;
};

static struct world *here; /* of the running test: both servers ask it */

static void answer(struct http_request *req, size_t which)
{
    const char *body = here->answers[which];
    uint32_t status;

    here->asked[which]++;
    here->question = str_copy(
        here->a, str_printf(here->a, STR_FMT " " STR_FMT " " STR_FMT, STR_ARG(http_method(req)),
                            STR_ARG(http_path(req)), STR_ARG(http_body(req))));
    if (!parse_u32(str_from(body), &status))
        status = 200;
    http_reply(req, status, STR("application/json"), str_from(status == 200 ? body : "no"),
               NULL, 0);
}

static void handle_first(void *ctx, struct http_request *req)
{
    (void) ctx;
    answer(req, 0);
}

static void handle_second(void *ctx, struct http_request *req)
{
    (void) ctx;
    answer(req, 1);
}

static int setup(void **state)
{
    struct http_server_options options = {
        .address = "127.0.0.1", .threads = 1, .handle = handle_first};
    struct world *w = NEW(struct world);
    struct err err;

    w->a = arena_new();
    w->servers[0] = http_server_start(&options, &err);
    options.handle = handle_second;
    w->servers[1] = http_server_start(&options, &err);
    assert_non_null(w->servers[0]);
    assert_non_null(w->servers[1]);
    w->client = http_client_new();
    here = *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    http_client_free(w->client);
    http_server_stop(w->servers[0]);
    http_server_stop(w->servers[1]);
    arena_free(w->a);
    free(w);
    return 0;
}

static struct plugin_job job_of(struct world *w)
{
    struct plugin *plugins = ARENA_ARRAY(w->a, struct plugin, 2);
    struct plugin_job job = {.client = w->client,
                             .plugins = plugins,
                             .count = 2,
                             .ns = STR("ns"),
                             .workflow = STR("wf"),
                             .workflow_uid = STR("u-1")};
    struct err err;

    for (size_t i = 0; i < 2; i++)
        plugins[i] = (struct plugin){
            .name = i == 0 ? STR("first") : STR("second"),
            .url = str_printf(w->a, "http://127.0.0.1:%u", http_server_port(w->servers[i]))};
    assert_int_equal(
        yaml_parse(w->a, STR("{name: main, plugin: {hello: {a: 1}}}"), &job.tmpl, &err), 0);
    return job;
}

static void test_question(void **state)
{
    struct world *w = *state;
    struct plugin_job job = job_of(w);

    w->answers[0] = "{\"node\":{\"phase\":\"Succeeded\"}}";
    plugin_template_run(&job, w->a, -1);
    assert_int_equal(job.state, PLUGIN_ENDED);
    assert_true(str_is(
        w->question,
        "POST /api/v1/template.execute {\"workflow\":{\"metadata\":{\"name\":\"wf\","
        "\"namespace\":\"ns\",\"uid\":\"u-1\"}},\"template\":{\"name\":\"main\",\"plugin\":{"
        "\"hello\":{\"a\":1}}}}"));
    assert_int_equal(w->asked[1], 0);
}

static void test_answers(void **state)
{
    static const struct {
        const char *first, *second; /* what the plugins say */
        enum plugin_state state;
        const char *phase, *message, *outputs;
        uint64_t again_ms;
        unsigned asked_second;
    } cases[] = {
        {"{\"node\":{\"phase\":\"Succeeded\",\"message\":\"hi\",\"outputs\":{\"parameters\":[{"
         "\"name\":\"p\",\"value\":1},{\"name\":\"q\",\"value\":\"x\"}]}}}",
         "{}", PLUGIN_ENDED, "Succeeded", "hi",
         "{\"parameters\":[{\"name\":\"p\",\"value\":\"1\"},{\"name\":\"q\",\"value\":\"x\"}]}",
         0, 0},
        {"{}", "{\"node\":{\"phase\":\"Failed\",\"message\":\"bad\"}}", PLUGIN_ENDED, "Failed",
         "bad", NULL, 0, 1},
        {"404", "{\"node\":{\"phase\":\"Error\"}}", PLUGIN_ENDED, "Error", "", NULL, 0, 1},
        {"{\"node\":null}", "{}", PLUGIN_ENDED, "Failed", "no plugin executed the template",
         NULL, 0, 1},
        {"404", "404", PLUGIN_ENDED, "Failed", "no plugin executed the template", NULL, 0, 1},
        {"{\"node\":{\"phase\":\"Running\",\"message\":\"wait\"},\"requeue\":\"2m\"}", "{}",
         PLUGIN_AGAIN, "Running", "wait", NULL, 120000, 0},
        {"{\"node\":{\"phase\":\"Failed\"},\"requeue\":\"2m\"}", "{}", PLUGIN_ENDED, "Failed",
         "", NULL, 0, 0},
        {"{\"node\":{\"phase\":\"Running\"}}", "{}", PLUGIN_ENDED, "Failed",
         "plugin first answered phase \"Running\" and no requeue: nothing would follow", NULL,
         0, 0},
        {"{\"node\":{},\"requeue\":\"soon\"}", "{}", PLUGIN_ENDED, "Failed",
         "requeue: time: invalid duration \"soon\"", NULL, 0, 0},
        {"500", "{}", PLUGIN_ENDED, "Failed", "500: no", NULL, 0, 0},
        {"503", "{}", PLUGIN_AGAIN, "", "", NULL, PLUGIN_PAUSE_MS, 0},
        {"{\"node\":", "{}", PLUGIN_ENDED, "Failed", NULL, NULL, 0, 0},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct plugin_job job = job_of(w);

        w->answers[0] = cases[i].first;
        w->answers[1] = cases[i].second;
        w->asked[0] = w->asked[1] = 0;
        plugin_template_run(&job, w->a, -1);
        if (job.state != cases[i].state || !str_is(job.phase, cases[i].phase) ||
            (cases[i].message && !str_is(job.message, cases[i].message)) ||
            (job.state == PLUGIN_AGAIN && job.again_ms != cases[i].again_ms))
            fail_msg("%zu: state %d, %llu ms, \"" STR_FMT "\" \"" STR_FMT "\"", i,
                     (int) job.state, (unsigned long long) job.again_ms, STR_ARG(job.phase),
                     STR_ARG(job.message));
        assert_int_equal(w->asked[1], cases[i].asked_second);
        if (!cases[i].outputs)
            assert_null(job.outputs);
        else
            assert_true(str_is(json_text(w->a, job.outputs, JSON_COMPACT), cases[i].outputs));
    }
}

/* One that is busy is asked again, with longer and longer pauses, then no more. */
static void test_tries(void **state)
{
    struct world *w = *state;
    struct plugin_job job = job_of(w);

    w->answers[0] = "503";
    for (unsigned i = 0; i < PLUGIN_TRIES_MAX; i++) {
        plugin_template_run(&job, w->a, -1);
        assert_int_equal(job.state, PLUGIN_AGAIN);
        assert_int_equal(job.again_ms, PLUGIN_PAUSE_MS << i);
    }
    plugin_template_run(&job, w->a, -1);
    assert_int_equal(job.state, PLUGIN_ENDED);
    assert_true(str_is(job.message, "503: no"));
    assert_int_equal(w->asked[0], PLUGIN_TRIES_MAX + 1);
    assert_int_equal(w->asked[1], 0);
}

/* The process of a plugin is asked for when nobody listens; a URL is tried again. */
static void test_nobody_listens(void **state)
{
    struct world *w = *state;
    struct json container = json_null();

    for (int i = 0; i < 2; i++) {
        const struct plugin absent = {.name = STR("p"),
                                      .url = STR("http://127.0.0.1:1"),
                                      .container = i == 0 ? &container : NULL};
        struct plugin_job job = job_of(w);

        job.plugins = &absent;
        job.count = 1;
        plugin_template_run(&job, w->a, -1);
        assert_int_equal(job.state, i == 0 ? PLUGIN_ABSENT : PLUGIN_AGAIN);
        assert_int_equal(job.again_ms, PLUGIN_PAUSE_MS);
        job.failures = PLUGIN_TRIES_MAX;
        plugin_template_run(&job, w->a, -1);
        assert_int_equal(job.state, PLUGIN_ENDED);
        assert_true(str_starts(job.message,
                               STR("Post \"http://127.0.0.1:1/api/v1/template.execute\": ")));
    }
}

static void test_gives_up(void **state)
{
    struct world *w = *state;
    struct plugin_job job = job_of(w);
    int fd = eventfd(1, EFD_CLOEXEC);

    w->answers[0] = "{\"node\":{\"phase\":\"Succeeded\"}}";
    plugin_template_run(&job, w->a, fd);
    assert_int_equal(job.state, PLUGIN_ENDED);
    assert_true(str_is(job.phase, "Failed"));
    close(fd);
}

static void test_containers(void **state)
{
    static const struct {
        const char *container, *url; /* url NULL: refused */
    } cases[] = {
        {"{ports: [{containerPort: 4356}]}", "http://127.0.0.1:4356"},
        {"{ports: [{containerPort: 1}, {containerPort: 2}]}", "http://127.0.0.1:1"},
        {"{ports: []}", NULL},
        {"{}", NULL},
        {"{ports: [{containerPort: 65536}]}", NULL},
        {"{ports: [{containerPort: x}]}", NULL},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json container;
        struct plugin plugin;
        struct err err;
        int got;

        assert_int_equal(yaml_parse(w->a, str_from(cases[i].container), &container, &err), 0);
        got = plugin_of_container(w->a, STR("p"), &container, &plugin, &err);
        if ((got == 0) != (cases[i].url != NULL))
            fail_msg("%s: %d", cases[i].container, got);
        if (got == 0)
            assert_true(str_is(plugin.url, cases[i].url));
        else
            assert_string_equal(err.text, "plugin p: its container must have one port, "
                                          "ports[0].containerPort");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_question, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tries, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_listens, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gives_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_containers, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
