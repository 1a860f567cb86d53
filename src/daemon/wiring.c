/*
 * Opens the rooms from the ground up, connects them, runs the loop, and closes them in the
 * reverse order. A room that fails to open closes those below it. Shutdown is the same path
 * that tests use; a killed daemon needs none of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "base/fd.h"
#include "base/log.h"
#include "clients/kubernetes/kubernetes_contexts.h"
#include "config/config.h"
#include "daemon/accounts.h"
#include "daemon/certificate.h"
#include "daemon/daemon.h"
#include "daemon/isolation.h"
#include "daemon/pod_access.h"
#include "events/bus/bus.h"
#include "events/sensors/sensor.h"
#include "events/sources/source.h"
#include "events/triggers/trigger.h"
#include "io/workers.h"
#include "namespaces/namespaces.h"
#include "pods/local/local.h"
#include "store/store.h"
#include "workflows/archive/archiver.h"
#include "workflows/artifact_gc/artifact_gc.h"
#include "workflows/cron/cron.h"
#include "workflows/engine/engine.h"
#include "workflows/jobs/jobs.h"
#include "workflows/submit/submit.h"
#include "workflows/ttl/ttl.h"

enum {
    WORKER_COUNT = 8,
    MALLOC_ARENAS = 4, /* each keeps what it once needed; twenty threads are mostly asleep */
};

struct daemon {
    struct arena *arena; /* of what the API's options point to */
    struct http_header headers[3];
    size_t header_count;
    struct metrics *metrics;
    struct loop *loop;
    struct workers *workers;
    struct store *store;
    struct config_holder *config;
    struct bus *bus;
    struct source_controller *sources;
    struct sensor_controller *sensors;
    struct trigger_services services;
    struct workflow_submitter submitter;
    struct kubernetes_contexts *clusters; /* NULL: there are none */
    struct workflow_operator operator;
    struct recorder *recorder;
    struct images *images;
    struct pod_runner *runner;
    struct engine *engine;
    struct cron_controller *crons;
    struct jobs_controller *jobs;
    struct ttl_controller *ttl;
    struct archiver *archiver;
    struct artifact_gc_controller *artifact_gc;
    struct namespaces *namespaces;
    struct accounts accounts;
    struct pod_access_giver access;
    struct api *api;
    char folder[4096], shim[4096], host[256]; /* texts of the runner */
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

    snprintf(path, sizeof(path), "%s/port", options->data);
    return fd_write_file(AT_FDCWD, path, O_TRUNC, 0600, text, (size_t) len) < 0
               ? err_sys(err, errno, "write %s", path)
               : 0;
}

/* ---- pods and workflows ---- */

/* ConfigMaps, Secrets and claims for the runner; worker. */
static int get_object(void *ctx, struct arena *a, struct str kind, struct str ns,
                      struct str name, const struct json **ret, struct err *err)
{
    const struct store_key key = {STR(""), kind, ns, name};
    const struct store_object *o;
    struct json *doc = ARENA_NEW(a, struct json);
    int result;

    if (store_get(ctx, &key, &o, err) < 0)
        return -1;
    result = json_parse(a, str_copy(a, o->doc), doc, err);
    store_object_unref(o);
    *ret = doc;
    return result;
}

/* What the controller's ConfigMap says of an artifact plugin; worker. */
static int get_plugin(void *ctx, struct arena *a, struct str name, const struct json **ret,
                      struct err *err)
{
    _cleanup_config_ const struct config *config = config_get(ctx);
    const struct json *found = config_artifact_driver(config, name);
    struct json *copy = ARENA_NEW(a, struct json);

    if (!found)
        return err_set(err, ERR_INVALID,
                       "artifact driver " STR_FMT " not found: artifactDrivers of the "
                       "controller's ConfigMap has no such name",
                       STR_ARG(name));
    *copy = json_clone(a, found);
    *ret = copy;
    return 0;
}

/* The shim: as asked for, beside the program, or where the build leaves it. */
static int find_shim(struct daemon *d, const char *given, struct err *err)
{
    static const char *const places[] = {"tiphys-shim", "../pods/shim/tiphys-shim",
                                         "../libexec/tiphys/tiphys-shim"};
    char self[4000];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    if (given && *given) {
        snprintf(d->shim, sizeof(d->shim), "%s", given);
        return 0;
    }
    if (len < 0)
        return err_sys(err, errno, "find this program");
    self[len] = '\0';
    slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        snprintf(d->shim, sizeof(d->shim), "%s/%s", self, places[i]);
        if (access(d->shim, X_OK) == 0)
            return 0;
    }
    return err_set(err, ERR_NOT_FOUND,
                   "tiphys-shim is not beside the program: set TIPHYS_SHIM");
}

static int start_engine(struct daemon *d, const struct daemon_options *options, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct local_options pods = {.loop = d->loop,
                                 .workers = d->workers,
                                 .path = d->folder,
                                 .shim = d->shim,
                                 .node_name = d->host,
                                 .node_labels = options->node_labels,
                                 .host_paths = options->host_paths,
                                 .objects = {.ctx = d->store, .get = get_object},
                                 .plugin = get_plugin,
                                 .plugin_ctx = d->config,

                                 .access = pod_access_open(&d->access, d->store, options)};
    const struct kubeconfig_choice choice = {options->context, options->cluster, options->user};
    struct engine_options engine = {.loop = d->loop,
                                    .store = d->store,
                                    .workers = d->workers,
                                    .submitter = &d->submitter,
                                    .config = d->config,
                                    .metrics = d->metrics};

    if (!realpath(options->data, d->folder))
        return err_sys(err, errno, "find folder %s", options->data);
    if (kubernetes_contexts_open(options->kubeconfig, &choice, &d->clusters, err) < 0)
        return -1;
    engine.clusters = d->clusters;
    if (gethostname(d->host, sizeof(d->host) - 1) < 0 || find_shim(d, options->shim, err) < 0 ||
        isolation_choose(options, d->folder, d->shim, a, &pods, err) < 0)
        return -1;
    if (pods.runtime.bridge.name[0])
        pod_access_bridge(&d->access, bridge_gateway(&pods.runtime.bridge, a));
    d->images = pods.images;
    d->runner = local_runner_new(&pods, err);
    engine.runner = d->runner;
    engine.artifacts = d->runner ? local_runner_artifacts(d->runner) : NULL;
    d->recorder = recorder_new(
        &(struct recorder_options){.loop = d->loop, .store = d->store, .metrics = d->metrics});
    recorder_start(d->recorder);
    engine.recorder = d->recorder;
    d->engine = d->runner ? engine_new(&engine, err) : NULL;
    if (!d->engine)
        return -1;
    log_info(NULL, "pods run on this machine",
             LOG_STR(ISOLATION, str_from(local_isolation_name(pods.isolation))));
    return engine_start(d->engine, err);
}

static void sweep_pods(void *ctx)
{
    engine_sweep_soon(ctx);
}

static void start_jobs(struct daemon *d)
{
    d->jobs = jobs_new(&(struct jobs_options){.loop = d->loop,
                                              .store = d->store,
                                              .workers = d->workers,
                                              .runner = d->runner,
                                              .recorder = d->recorder,
                                              .node_name = d->host,
                                              .sweep = sweep_pods,
                                              .sweep_ctx = d->engine});
    jobs_start(d->jobs);
}

static int start_sensors(struct daemon *d, struct err *err)
{
    const struct sensor_controller_options options = {.loop = d->loop,
                                                      .workers = d->workers,
                                                      .store = d->store,
                                                      .bus = d->bus,
                                                      .metrics = d->metrics,
                                                      .services = &d->services};

    d->services.private_path = str_from(d->folder);
    d->sensors = sensor_controller_new(&options, err);
    return d->sensors ? sensor_controller_start(d->sensors, err) : -1;
}

static void start_artifact_gc(struct daemon *d)
{
    const struct artifact_gc_options options = {.loop = d->loop,
                                                .workers = d->workers,
                                                .store = d->store,
                                                .recorder = d->recorder,
                                                .house = local_runner_artifacts(d->runner)};

    d->artifact_gc = artifact_gc_new(&options);
    artifact_gc_start(d->artifact_gc);
}

static int start_crons(struct daemon *d, struct err *err)
{
    const struct cron_controller_options options = {.loop = d->loop,
                                                    .store = d->store,
                                                    .workers = d->workers,
                                                    .submitter = &d->submitter,
                                                    .metrics = d->metrics};

    d->ttl =
        ttl_new(&(struct ttl_options){.loop = d->loop, .store = d->store, .config = d->config});
    ttl_start(d->ttl);
    d->archiver = archiver_new(&(struct archiver_options){
        .loop = d->loop, .store = d->store, .workers = d->workers, .config = d->config});
    archiver_start(d->archiver);
    start_artifact_gc(d);
    d->namespaces = namespaces_new(&(struct namespaces_options){
        .loop = d->loop, .store = d->store, .workers = d->workers});
    namespaces_start(d->namespaces);
    d->crons = cron_controller_new(&options);
    return cron_controller_start(d->crons, err);
}

/* "NAME" or "NAMESPACE/NAME". */
static int open_config(struct daemon *d, const struct daemon_options *options, struct err *err)
{
    struct str name = str_from(options->config_map ? options->config_map : ""), ns = STR("");
    size_t slash = str_find_char(name, '/');

    if (slash != SIZE_MAX) {
        ns = str_head(name, slash);
        name = str_skip(name, slash + 1);
    }
    d->config = config_open(
        &(struct config_options){.loop = d->loop, .store = d->store, .ns = ns, .name = name},
        err);
    return d->config ? 0 : -1;
}

/* "/argo" of "argo/"; "" for none. */
static const char *base_of(struct arena *a, const char *given)
{
    struct str base = str_from(given ? given : "");

    while (str_ends(base, STR("/")))
        base = str_head(base, base.len - 1);
    while (str_starts(base, STR("/")))
        base = str_skip(base, 1);
    return base.len > 0 ? str_printf(a, "/" STR_FMT, STR_ARG(base)).ptr : "";
}

static void add_header(struct daemon *d, const char *name, const char *value)
{
    if (value && *value)
        d->headers[d->header_count++] =
            (struct http_header){str_from(name), str_copy(d->arena, str_from(value))};
}

/* TLS, the base, and what every answer carries. */
static struct api *start_api(struct daemon *d, const struct daemon_options *options,
                             struct api_options *api, struct err *err)
{
    struct certificate certificate = {0};
    struct api *made;
    bool has_secret = options->tls_secret && *options->tls_secret;

    d->arena = arena_new();
    if (options->is_secure &&
        (has_secret
             ? certificate_of_secret(d->store, d->arena, options->tls_secret, &certificate, err)
             : certificate_own(options->data, d->arena, &certificate, err)) < 0)
        return NULL;
    add_header(d, "Access-Control-Allow-Origin", options->origin);
    add_header(d, "X-Frame-Options", options->frame_options);
    if (options->is_secure && options->has_hsts)
        add_header(d, "Strict-Transport-Security", "max-age=31536000");
    api->tls_cert = certificate.cert;
    api->tls_key = certificate.key;
    api->base = base_of(d->arena, options->base);
    api->headers = d->headers;
    api->header_count = d->header_count;
    made = api_start(api, err);
    if (!made && err->kind == ERR_EXISTS)
        err_set(err, ERR_EXISTS, STR_FMT ": --port takes another one, 0 any",
                STR_ARG(str_copy(d->arena, str_from(err->text))));
    if (made)
        pod_access_listens(&d->access, api_port(made), api->base,
                           options->is_secure ? certificate.cert : "");
    return made;
}

static int make_folder(const char *path, struct err *err)
{
    struct stat st;

    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return err_sys(err, errno, "make folder %s (--data names another)", path);
    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
        return err_set(err, ERR_INVALID, "--data: %s is no folder", path);
    return 0;
}

static int open_rooms(struct daemon *d, const struct daemon_options *options, struct err *err)
{
    struct source_controller_options sources = {.listen_address = options->webhook_address};
    struct api_options api = {.address = options->address,
                              .port = options->port,
                              .token = str_from(options->token),
                              .token_file = options->token_file,
                              .managed = options->managed,
                              .rate_limit = options->rate_limit,
                              .is_event_async = options->is_event_async,
                              .event_room = options->event_room,
                              .is_open = options->is_open,
                              .is_metrics_open = options->is_metrics_open};

    if (make_folder(options->data, err) < 0)
        return -1;
    d->metrics = metrics_new();
    d->loop = loop_new(err);
    d->workers = d->loop ? workers_new(d->loop, WORKER_COUNT, err) : NULL;
    d->store =
        d->workers
            ? store_open(&(struct store_options){.path = options->data, .loop = d->loop}, err)
            : NULL;
    if (d->store && open_config(d, options, err) < 0)
        return -1;
    d->bus = d->store
                 ? bus_open(&(struct bus_options){.path = options->data, .loop = d->loop}, err)
                 : NULL;
    if (!d->bus)
        return -1;
    sources.loop = d->loop;
    sources.workers = d->workers;
    sources.store = d->store;
    sources.bus = d->bus;
    sources.metrics = d->metrics;
    d->sources = source_controller_new(&sources, err);
    if (!d->sources || source_controller_start(d->sources, err) < 0)
        return -1;
    workflow_submitter_init(&d->submitter, d->store);
    d->submitter.config = d->config;
    if (!options->is_open) {
        if (accounts_open(&d->accounts,
                          &(struct auth_options){.loop = d->loop,
                                                 .store = d->store,
                                                 .token = STR(""),
                                                 .managed = options->managed},
                          err) < 0)
            return -1;
        d->submitter.rights = &d->accounts.rights;
    }
    d->services.store = d->store;
    workflow_operator_init(&d->operator, d->store, &d->submitter);
    d->services.submitter = &d->submitter;
    d->services.operator= & d->operator;
    if (start_engine(d, options, err) < 0)
        return -1;
    start_jobs(d);
    if (start_crons(d, err) < 0 || start_sensors(d, err) < 0)
        return -1;
    api.submitter = &d->submitter;
    api.workers = d->workers;
    api.runner = d->runner;
    api.recorder = d->recorder;
    api.artifacts = local_runner_artifacts(d->runner);
    api.metrics = d->metrics;
    api.loop = d->loop;
    api.store = d->store;
    api.config = d->config;
    api.bus = d->bus;
    api.sensors = d->sensors;
    d->api = start_api(d, options, &api, err);
    if (!d->api || write_port(options, api_port(d->api), err) < 0)
        return -1;
    if (loop_on_signal(d->loop, SIGTERM, on_stop, d, err) < 0)
        return -1;
    return loop_on_signal(d->loop, SIGINT, on_stop, d, err);
}

static void close_rooms(struct daemon *d)
{
    pod_access_close(&d->access);
    /* What a request uses must stay; all that was promised is on disk, as for a crash. */
    if (!api_stop(d->api)) {
        log_warn(NULL, "requests have not ended: what they use is left to the system");
        return;
    }
    arena_free(d->arena);
    if (d->sources)
        source_controller_stop(d->sources);
    source_controller_free(d->sources);
    if (d->sensors)
        sensor_controller_stop(d->sensors);
    sensor_controller_free(d->sensors);
    if (d->crons)
        cron_controller_stop(d->crons);
    cron_controller_free(d->crons);
    if (d->ttl)
        ttl_stop(d->ttl);
    if (d->archiver)
        archiver_stop(d->archiver);
    archiver_free(d->archiver);
    if (d->artifact_gc)
        artifact_gc_stop(d->artifact_gc);
    artifact_gc_free(d->artifact_gc);
    if (d->namespaces)
        namespaces_stop(d->namespaces);
    namespaces_free(d->namespaces);
    if (d->jobs)
        jobs_stop(d->jobs);
    if (d->engine)
        engine_stop(d->engine);
    pod_runner_close(d->runner);
    workers_stop(
        d->workers); /* artifacts may be on their way: they read Secrets of the store */
    jobs_free(d->jobs);
    engine_free(d->engine);
    kubernetes_contexts_free(d->clusters);
    if (d->recorder)
        recorder_stop(d->recorder);
    recorder_free(d->recorder);
    ttl_free(d->ttl); /* the config tells it of changes as long as the loop turns */
    if (d->accounts.auth)
        auth_stop(d->accounts.auth);
    config_close(d->config);
    bus_close(d->bus);
    store_close(d->store);
    workers_free(d->workers);
    auth_free(d->accounts.auth);
    images_close(d->images);
    loop_free(d->loop);
    metrics_free(d->metrics);
}

int daemon_run(const struct daemon_options *options, struct err *err)
{
    struct daemon d = {0};
    int result;

    mallopt(M_ARENA_MAX, MALLOC_ARENAS); /* before the first thread */
    result = open_rooms(&d, options, err);

    if (result == 0) {
        log_info(NULL, "tiphys serves", LOG_STR(ADDRESS, str_from(options->address)),
                 LOG_I64(PORT, api_port(d.api)), LOG_STR(VERSION, STR(TIPHYS_VERSION)));
        loop_run(d.loop);
    }
    close_rooms(&d);
    return result;
}
