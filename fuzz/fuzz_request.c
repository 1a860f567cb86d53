/*
 * Requests through the server, the routing and the handlers of both dialects, on a store in a
 * temporary folder. The input is a request as it is sent, but with bare line ends and without
 * its version and length: a line "METHOD TARGET", headers, an empty line, the body.
 *
 * Whatever comes in, the server answers or hangs up. Every RUNS_MAX runs it begins anew, with
 * one object of some kinds, so that what one run leaves is small.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/api.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/tree.h"
#include "events/sensors/sensor.h"
#include "events/triggers/trigger.h"

#define TOKEN "a-token"

enum { RUNS_MAX = 500, TURNS_MAX = 200, INPUT_MAX_BYTES = 16384 };

static struct {
    char path[64];
    struct arena *a;
    struct loop *loop;
    struct store *store;
    struct bus *bus;
    struct workers *workers;
    struct workflow_submitter submitter;
    struct sensor_controller *sensors;
    struct trigger_services services;
    struct artifact_house artifacts;
    struct metrics *metrics;
    struct api *api;
    unsigned runs;
} world;

#define META(name)                                                                   \
    "\"metadata\":{\"name\":\"" name "\",\"namespace\":\"argo\",\"uid\":\"uid-" name \
    "\",\"creationTimestamp\":\"2026-01-02T03:04:05Z\"}"
#define SPEC       "\"entrypoint\":\"m\",\"templates\":[{\"name\":\"m\",\"suspend\":{}}]"
#define ARGO(kind) "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"" kind "\","

static const char *const objects[] = {
    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"," META("m") ",\"data\":{\"k\":\"1\"}}",
    ARGO("WorkflowTemplate") META("t") ",\"spec\":{\"arguments\":{\"artifacts\":[{\"name\":"
                                       "\"a\"}]}," SPEC "}}",
    ARGO("CronWorkflow") META("c") ",\"spec\":{\"schedules\":[\"* * * * *\"],"
                                   "\"workflowSpec\":{" SPEC "}}}",
    ARGO("Workflow") META("w") ",\"spec\":{" SPEC "}}",
};

static void fill(void)
{
    for (size_t i = 0; i < COUNT_OF(objects); i++) {
        struct store_txn *txn = store_txn_new(world.store);
        struct store_result result;
        struct json doc;
        struct err err;

        if (json_parse(store_txn_arena(txn), str_from(objects[i]), &doc, &err) < 0)
            abort();
        store_txn_create(txn, &doc);
        if (store_commit_wait(world.store, txn, &result, &err) < 0)
            abort();
        store_object_unref(result.object);
    }
}

static void begin(void)
{
    struct err err;

    snprintf(world.path, sizeof(world.path), "/tmp/tiphys-fuzz-XXXXXX");
    if (!mkdtemp(world.path))
        abort();
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    world.a = arena_new();
    world.loop = loop_new(&err);
    world.store =
        store_open(&(struct store_options){.path = world.path, .loop = world.loop}, &err);
    world.bus = bus_open(&(struct bus_options){.path = world.path, .loop = world.loop}, &err);
    world.workers = workers_new(world.loop, 2, &err);
    world.metrics = metrics_new();
    workflow_submitter_init(&world.submitter, world.store);
    world.services = (struct trigger_services){
        .store = world.store, .submitter = &world.submitter, .private_path = STR("")};
    world.artifacts.repository = str_printf(world.a, "%s/artifacts", world.path);
    world.sensors =
        sensor_controller_new(&(struct sensor_controller_options){.loop = world.loop,
                                                                  .workers = world.workers,
                                                                  .store = world.store,
                                                                  .bus = world.bus,
                                                                  .services = &world.services},
                              &err);
    fill();
    world.api = api_start(&(struct api_options){.loop = world.loop,
                                                .store = world.store,
                                                .bus = world.bus,
                                                .sensors = world.sensors,
                                                .submitter = &world.submitter,
                                                .workers = world.workers,
                                                .metrics = world.metrics,
                                                .artifacts = &world.artifacts,
                                                .address = "127.0.0.1",
                                                .token = STR(TOKEN),
                                                .seed = 7},
                          &err);
    if (!world.api || sensor_controller_start(world.sensors, &err) < 0)
        abort();
}

static void end(void)
{
    if (!world.api)
        return;
    api_stop(TAKE(world.api));
    sensor_controller_stop(world.sensors);
    sensor_controller_free(world.sensors);
    bus_close(world.bus);
    store_close(world.store);
    workers_free(world.workers);
    loop_free(world.loop);
    metrics_free(world.metrics);
    arena_free(world.a);
    tree_remove(AT_FDCWD, world.path);
    world.runs = 0;
}

/* The request, with what every one has. */
static void write_request(struct strbuf *out, struct str input)
{
    struct str rest = input, line;
    bool is_first = true;

    while (str_cut(&rest, '\n', &line) && line.len > 0) {
        strbuf_add(out, line);
        strbuf_add(out, is_first ? STR(" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " TOKEN
                                       "\r\nConnection: close\r\n")
                                 : STR("\r\n"));
        is_first = false;
    }
    rest = str_is_none(rest) ? STR("") : rest;
    strbuf_addf(out, "Content-Length: %zu\r\n\r\n", rest.len);
    strbuf_add(out, rest);
}

static int dial(void)
{
    const struct linger at_once = {.l_onoff = 1};
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(api_port(world.api)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *) &to, sizeof(to)) < 0)
        abort();
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    return fd;
}

/* Until the server hangs up: a watch does so when it sees that nothing more is sent. */
static void take_answer(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    char bytes[4096];

    for (int i = 0; i < TURNS_MAX; i++) {
        loop_run_once(world.loop, 0);
        if (poll(&polled, 1, 1) > 0 && recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) <= 0)
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strbuf request;
    int fd;

    if (size > INPUT_MAX_BYTES)
        return 0;
    if (!world.api && world.runs == 0) {
        static bool is_registered;

        begin();
        if (!is_registered)
            atexit(end);
        is_registered = true;
    }
    strbuf_init(&request, 4 * INPUT_MAX_BYTES + 4096);
    write_request(&request, str_of((const char *) data, size));
    fd = dial();
    if (send(fd, request.ptr, request.len, MSG_NOSIGNAL) >= 0) {
        shutdown(fd, SHUT_WR);
        take_answer(fd);
    }
    close(fd);
    strbuf_done(&request);
    if (++world.runs == RUNS_MAX)
        end();
    return 0;
}
