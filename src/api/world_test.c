/* A server for tests. See world_test.h. */
#include "api/world_test.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/tree.h"
#include "io/http_client.h"

/* ---- pods that only have logs ---- */

struct fake_log {
    struct pod_log base;
    struct world_log *of;
    size_t at;
};

static long fake_read(struct pod_log *base, char *buf, size_t size, struct err *err)
{
    struct fake_log *log = CONTAINER_OF(base, struct fake_log, base);
    struct str rest = str_skip(str_from(log->of->text), log->at);

    (void) err;
    rest = str_head(rest, size);
    if (rest.len > 0)
        memcpy(buf, rest.ptr, rest.len);
    log->at += rest.len;
    return (long) rest.len;
}

static bool fake_is_ended(struct pod_log *base)
{
    struct fake_log *log = CONTAINER_OF(base, struct fake_log, base);

    return log->of->is_ended && log->at == strlen(log->of->text);
}

static int fake_wait_fd(struct pod_log *base)
{
    return CONTAINER_OF(base, struct fake_log, base)->of->fds[0];
}

static void fake_close(struct pod_log *base)
{
    free(CONTAINER_OF(base, struct fake_log, base));
}

static struct pod_log *fake_open(struct pod_runner *r, struct str ns, struct str pod,
                                 struct str container, struct err *err)
{
    static const struct pod_log_ops ops = {fake_read, fake_is_ended, fake_wait_fd, fake_close};
    struct world *w = CONTAINER_OF(r, struct world, runner);
    struct fake_log *log;

    (void) ns;
    for (size_t i = 0; i < w->log_count; i++)
        if (str_is(pod, w->logs[i].pod) && str_is(container, "main")) {
            log = NEW(struct fake_log);
            log->base.ops = &ops;
            log->of = &w->logs[i];
            return &log->base;
        }
    err_set(err, ERR_NOT_FOUND, "pods \"" STR_FMT "\" not found", STR_ARG(pod));
    return NULL;
}

void world_log(struct world *w, const char *pod, const char *text)
{
    struct world_log *log = &w->logs[w->log_count];

    assert_true(w->log_count < COUNT_OF(w->logs));
    *log = (struct world_log){.pod = pod, .text = text, .is_ended = true};
    assert_int_equal(pipe(log->fds), 0);
    w->log_count++;
}

/* ---- the server ---- */

/* Read when the server starts. */
static void write_tokens(struct world *w)
{
    FILE *file;

    w->token_file = str_printf(w->a, "%s/tokens", w->path);
    file = fopen(w->token_file.ptr, "w");
    assert_non_null(file);
    fputs(WORLD_OURS ",ours,1\n" WORLD_THEIRS ",theirs,2\n" WORLD_WIDE ",wide,3,\"crew\"\n",
          file);
    fclose(file);
}

static int setup(void **state, const struct api_options *given)
{
    struct world *w = NEW(struct world);
    static const struct pod_runner_ops runner_ops = {.log_open = fake_open};
    struct api_options options = *given;
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-api-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    write_tokens(w);
    options.address = "127.0.0.1";
    options.token = STR("secret");
    options.token_file = w->token_file.ptr;
    w->loop = loop_new(&err);
    w->store = store_open(&(struct store_options){.path = w->path,
                                                  .loop = w->loop,
                                                  .history_changes = WORLD_HISTORY},
                          &err);
    options.loop = w->loop;
    w->workers = workers_new(w->loop, 2, &err);
    workflow_submitter_init(&w->submitter, w->store);
    w->bus = bus_open(&(struct bus_options){.path = w->path, .loop = w->loop}, &err);
    w->services = (struct trigger_services){
        .store = w->store, .submitter = &w->submitter, .private_path = STR("")};
    w->sensors =
        sensor_controller_new(&(struct sensor_controller_options){.loop = w->loop,
                                                                  .workers = w->workers,
                                                                  .store = w->store,
                                                                  .bus = w->bus,
                                                                  .services = &w->services},
                              &err);
    if (!w->bus || sensor_controller_start(w->sensors, &err) < 0)
        fail_msg("%s", err.text);
    options.bus = w->bus;
    options.sensors = w->sensors;
    options.store = w->store;
    options.workers = w->workers;
    options.submitter = &w->submitter;
    w->runner.ops = &runner_ops;
    options.runner = &w->runner;
    w->artifacts.repository = str_printf(w->a, "%s/artifacts", w->path);
    options.artifacts = &w->artifacts;
    w->metrics = metrics_new();
    options.metrics = w->metrics;
    w->api = api_start(&options, &err);
    if (!w->api)
        fail_msg("%s", err.text);
    *state = w;
    return 0;
}

int world_setup(void **state)
{
    return setup(state, &(struct api_options){0});
}

int world_setup_managed(void **state)
{
    return setup(state, &(struct api_options){.managed = "team"});
}

int world_setup_open(void **state)
{
    return setup(state, &(struct api_options){.is_open = true});
}

int world_setup_limited(void **state)
{
    return setup(state, &(struct api_options){.rate_limit = 1});
}

int world_setup_seeded(void **state)
{
    return setup(state, &(struct api_options){.seed = 7});
}

int world_teardown(void **state)
{
    static const char *const names[] = {"state.db",   "state.db-wal", "state.db-shm",
                                        "state.lock", "bus.db",       "bus.db-wal",
                                        "bus.db-shm", "bus.lock"};
    struct world *w = *state;

    api_stop(w->api);
    unlink(w->token_file.ptr);
    sensor_controller_stop(w->sensors);
    sensor_controller_free(w->sensors);
    bus_close(w->bus);
    store_close(w->store);
    workers_free(w->workers);
    loop_free(w->loop);
    metrics_free(w->metrics);
    for (size_t i = 0; i < w->log_count; i++) {
        close(w->logs[i].fds[0]);
        close(w->logs[i].fds[1]);
    }
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(str_printf(w->a, "%s/%s", w->path, names[i]).ptr);
    tree_remove(AT_FDCWD, str_cz(w->a, w->artifacts.repository));
    rmdir(w->path);
    arena_free(w->a);
    free(w);
    return 0;
}

static int on_chunk(void *ctx, struct str chunk)
{
    struct call *c = ctx;

    strbuf_add(&c->seen, chunk);
    __atomic_store_n(&c->seen_len, c->seen.len, __ATOMIC_SEQ_CST);
    return c->seen.len >= c->stop_after;
}

static void add_warnings(struct call *c, const struct http_answer *answer)
{
    size_t len = 0;

    for (size_t i = 0; i < answer->header_count; i++)
        if (str_eq_nocase(answer->headers[i].name, STR("Warning")) &&
            len < sizeof(c->warnings) - 1)
            len += (size_t) snprintf(c->warnings + len, sizeof(c->warnings) - len, STR_FMT "\n",
                                     STR_ARG(answer->headers[i].value));
}

static void add_headers(struct call *c, const struct http_answer *answer)
{
    size_t len = 0;

    for (size_t i = 0; i < answer->header_count && len < sizeof(c->headers) - 1; i++)
        len += (size_t) snprintf(c->headers + len, sizeof(c->headers) - len,
                                 STR_FMT ": " STR_FMT "\n", STR_ARG(answer->headers[i].name),
                                 STR_ARG(answer->headers[i].value));
}

void *world_call_main(void *ctx)
{
    struct call *c = ctx;
    struct http_client *client = http_client_new();
    struct arena *a = arena_new();
    struct http_header headers[6];
    struct http_call call = {
        .method = str_from(c->method),
        .url = str_printf(a, "http://127.0.0.1:%u%s", api_port(c->w->api), c->path),
        .body = str_from(c->body),
        .headers = headers,
        .cancel_fd = -1,
        .ctx = c,
        .on_chunk = c->stop_after ? on_chunk : NULL};
    struct http_answer answer = {0};
    struct err err = {0};

    if (c->token)
        headers[call.header_count++] =
            (struct http_header){STR("Authorization"), str_printf(a, "Bearer %s", c->token)};
    for (size_t i = 0; i < COUNT_OF(c->further) && c->further[i].name; i++)
        headers[call.header_count++] =
            (struct http_header){str_from(c->further[i].name), str_from(c->further[i].value)};
    if (c->as)
        headers[call.header_count++] =
            (struct http_header){STR("Impersonate-User"), str_from(c->as)};
    if (c->accept)
        headers[call.header_count++] = (struct http_header){STR("Accept"), str_from(c->accept)};
    if (c->type || c->body[0])
        headers[call.header_count++] = (struct http_header){
            STR("Content-Type"), str_from(c->type ? c->type : "application/json")};
    if (http_client_do(client, a, &call, &answer, &err) == 0) {
        c->status = answer.status;
        add_warnings(c, &answer);
        add_headers(c, &answer);
        snprintf(c->answer, sizeof(c->answer), STR_FMT, STR_ARG(answer.body));
    }
    http_client_free(client);
    arena_free(a);
    __atomic_store_n(&c->is_done, true, __ATOMIC_SEQ_CST);
    return NULL;
}

void world_run(struct world *w, struct call *c)
{
    pthread_t thread;

    c->w = w;
    pthread_create(&thread, NULL, world_call_main, c);
    for (int i = 0; i < WORLD_TURNS_MAX && !__atomic_load_n(&c->is_done, __ATOMIC_SEQ_CST); i++)
        loop_run_once(w->loop, 5);
    pthread_join(thread, NULL);
}

static void on_done(void *ctx, const struct store_result *result, const struct err *err)
{
    (void) result;
    assert_int_equal(err->kind, ERR_NONE);
    *(bool *) ctx = true;
}

void world_commit(struct world *w, struct store_txn *txn)
{
    bool is_done = false;
    struct err err;

    assert_int_equal(store_commit(w->store, txn, on_done, &is_done, &err), 0);
    for (int i = 0; i < WORLD_TURNS_MAX && !is_done; i++)
        loop_run_once(w->loop, 5);
    assert_true(is_done);
}
