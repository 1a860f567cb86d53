/*
 * Opens the rooms from the ground up, connects them, runs the loop, and closes them in the
 * reverse order. A room that fails to open closes those below it. Shutdown is the same path
 * that tests use; a killed daemon needs none of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "events/bus/bus.h"
#include "events/sensors/sensor.h"
#include "events/sources/source.h"
#include "events/triggers/trigger.h"
#include "io/workers.h"
#include "store/store.h"

enum { WORKER_COUNT = 4 };

struct daemon {
    struct loop *loop;
    struct workers *workers;
    struct store *store;
    struct bus *bus;
    struct source_controller *sources;
    struct sensor_controller *sensors;
    struct trigger_services services;
    struct api *api;
};

static void on_stop(void *ctx)
{
    struct daemon *d = ctx;

    log_info(NULL, "stopping");
    loop_stop(d->loop);
}

/* The port that was taken, for those who asked for any. */
static int write_port(const struct daemon_options *options, uint16_t port, struct err *err)
{
    char path[4096], text[16];
    int len = snprintf(text, sizeof(text), "%u\n", port);
    int fd;

    snprintf(path, sizeof(path), "%s/port", options->data);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, (size_t) len) != len)
        return err_sys(err, errno, "write %s", path);
    return close(fd);
}

static int start_sensors(struct daemon *d, struct err *err)
{
    const struct sensor_controller_options options = {.loop = d->loop,
                                                      .workers = d->workers,
                                                      .store = d->store,
                                                      .bus = d->bus,
                                                      .services = &d->services};

    d->sensors = sensor_controller_new(&options, err);
    return d->sensors ? sensor_controller_start(d->sensors, err) : -1;
}

static int open_rooms(struct daemon *d, const struct daemon_options *options, struct err *err)
{
    struct source_controller_options sources = {.listen_address = options->webhook_address};
    struct api_options api = {.address = options->address,
                              .port = options->port,
                              .token = str_from(options->token),
                              .is_open = options->is_open};

    if (mkdir(options->data, 0700) < 0 && errno != EEXIST)
        return err_sys(err, errno, "make folder %s", options->data);
    d->loop = loop_new(err);
    d->workers = d->loop ? workers_new(d->loop, WORKER_COUNT, err) : NULL;
    d->store =
        d->workers
            ? store_open(&(struct store_options){.path = options->data, .loop = d->loop}, err)
            : NULL;
    d->bus = d->store
                 ? bus_open(&(struct bus_options){.path = options->data, .loop = d->loop}, err)
                 : NULL;
    if (!d->bus)
        return -1;
    sources.loop = d->loop;
    sources.workers = d->workers;
    sources.store = d->store;
    sources.bus = d->bus;
    d->sources = source_controller_new(&sources, err);
    if (!d->sources || source_controller_start(d->sources, err) < 0)
        return -1;
    d->services.store = d->store;
    if (start_sensors(d, err) < 0)
        return -1;
    api.loop = d->loop;
    api.store = d->store;
    api.bus = d->bus;
    d->api = api_start(&api, err);
    if (!d->api || write_port(options, api_port(d->api), err) < 0)
        return -1;
    if (loop_on_signal(d->loop, SIGTERM, on_stop, d, err) < 0)
        return -1;
    return loop_on_signal(d->loop, SIGINT, on_stop, d, err);
}

static void close_rooms(struct daemon *d)
{
    api_stop(d->api);
    if (d->sources)
        source_controller_stop(d->sources);
    source_controller_free(d->sources);
    if (d->sensors)
        sensor_controller_stop(d->sensors);
    sensor_controller_free(d->sensors);
    bus_close(d->bus);
    store_close(d->store);
    workers_free(d->workers);
    loop_free(d->loop);
}

int daemon_run(const struct daemon_options *options, struct err *err)
{
    struct daemon d = {0};
    int result = open_rooms(&d, options, err);

    if (result == 0) {
        log_info(NULL, "tiphys serves", LOG_STR(ADDRESS, str_from(options->address)),
                 LOG_I64(PORT, api_port(d.api)), LOG_STR(VERSION, STR(TIPHYS_VERSION)));
        loop_run(d.loop);
    }
    close_rooms(&d);
    return result;
}
