/*
 * GET /metrics: what the rooms count, and what is read from them at this moment.
 *
 * Rooms count where things happen (base/metric.h); levels that somebody keeps anyway are set
 * here, before all is printed, so nothing is counted twice.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/api_internal.h"
#include "api/argo/operation.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"

static void set(struct metrics *m, enum metric_family family, double value)
{
    metric_set(metric_of(m, family, NULL), value);
}

static void read_bus(struct metrics *m, const struct bus *bus)
{
    struct bus_stats stats = bus_stats_get(bus);

    set(m, METRIC_BUS_EVENTS, (double) stats.stored_events);
    set(m, METRIC_BUS_PUBLISHED, (double) stats.published);
    set(m, METRIC_BUS_TRIMMED, (double) stats.trimmed);
    set(m, METRIC_BUS_STALLED, bus_is_stalled(bus));
}

/* As the original counts them. */
static struct str level_text(enum log_level level)
{
    return level == LOG_LEVEL_WARN ? STR("warning") : str_from(log_level_name(level));
}

/* Pages of resident memory: the second number of statm. */
static double resident_bytes(void)
{
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? fd_read(fd, text, sizeof(text)) : -1;
    struct str rest = str_of(text, len > 0 ? (size_t) len : 0), word = STR("");
    int64_t pages = 0;

    if (fd >= 0)
        close(fd);
    str_cut(&rest, ' ', &word);
    str_cut(&rest, ' ', &word);
    return parse_i64(word, &pages) ? (double) pages * (double) sysconf(_SC_PAGESIZE) : 0;
}

static double open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    double count = -3; /* ".", ".." and the one that reads */

    while (dir && readdir(dir)) /* NOLINT(concurrency-mt-unsafe): a DIR of our own */
        count++;
    if (dir)
        closedir(dir);
    return count > 0 ? count : 0;
}

static double seconds_of(struct timeval t)
{
    return (double) t.tv_sec + (double) t.tv_usec / 1e6;
}

static void read_process(struct metrics *m)
{
    struct rusage used;

    if (getrusage(RUSAGE_SELF, &used) == 0)
        set(m, METRIC_PROCESS_CPU, seconds_of(used.ru_utime) + seconds_of(used.ru_stime));
    set(m, METRIC_PROCESS_MEMORY, resident_bytes());
    set(m, METRIC_PROCESS_FDS, open_fds());
}

/* Workflows that are stored, by the label that tells their phase; a phase of none is 0. */
static void read_workflows(struct metrics *m, struct store *store, struct arena *a)
{
    static const char *const phases[] = {"Pending", "Running", "Succeeded", "Failed", "Error"};
    struct store_label_count *counts;
    size_t count;
    struct err err;

    if (store_label_counts(store, a, STR("workflows.argoproj.io/phase"), &counts, &count,
                           &err) < 0) {
        log_warn(NULL, "workflows could not be counted", LOG_ERR(&err));
        return;
    }
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        double objects = 0;

        for (size_t n = 0; n < count; n++)
            if (str_is(counts[n].value, phases[i]))
                objects = (double) counts[n].objects;
        metric_set(metric_get(m, METRIC_WORKFLOWS, str_from(phases[i])), objects);
    }
}

static void read_rooms(const struct api *api, struct arena *a)
{
    struct metrics *m = api->options.metrics;
    static const char *const codes[] = {"200", "500", "503"}, *const pod_phases[] = {
                                                                  "Pending", "Running",
                                                                  "Succeeded", "Failed"};

    for (size_t i = 0; i < COUNT_OF(codes); i++) /* they are there before the first of them */
        metric_add(metric_get(m, METRIC_SCRAPES, str_from(codes[i])), 0);
    for (size_t i = 0; i < COUNT_OF(pod_phases); i++)
        metric_add(metric_get(m, METRIC_PODS, str_from(pod_phases[i])), 0);
    read_process(m);
    read_workflows(m, api->options.store, a);
    metric_set(metric_get(m, METRIC_BUILD_INFO, STR(TIPHYS_VERSION)), 1);
    metric_set(metric_get(m, METRIC_VERSION, STR(TIPHYS_VERSION)), 1);
    set(m, METRIC_IS_LEADER, 1);
    set(m, METRIC_STORE_STALLED, store_is_stalled(api->options.store));
    set(m, METRIC_STORE_VERSION, (double) store_rv(api->options.store));
    for (enum log_level level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_ERROR; level++)
        metric_set(metric_get(m, METRIC_LOG_MESSAGES, level_text(level)),
                   (double) log_lines(level));
    if (api->options.bus)
        read_bus(m, api->options.bus);
}

void metrics_handle(struct api *api, struct http_request *req)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(HTTP_RESPONSE_MAX_BYTES);
    struct str made;
    struct err err;

    if (!str_is(http_method(req), "GET")) {
        reply_refuse(req, &(struct reply_refusal){405, "MethodNotAllowed",
                                                  STR("the metrics are only read: GET"), NULL});
        return;
    }
    metric_add(metric_get(api->options.metrics, METRIC_SCRAPES_ON), 1);
    read_rooms(api, http_arena(req));
    metrics_print(api->options.metrics, &text);
    metric_add(metric_get(api->options.metrics, METRIC_SCRAPES_ON), -1);
    if (strbuf_finish(&text, &made, &err) < 0) {
        metric_add(metric_get(api->options.metrics, METRIC_SCRAPES, STR("500")), 1);
        reply_error(req, &err);
        return;
    }
    metric_add(metric_get(api->options.metrics, METRIC_SCRAPES, STR("200")), 1);
    http_reply(req, 200, STR("text/plain; version=0.0.4; charset=utf-8"), made, NULL, 0);
}

/* ---- operations of the Argo API ---- */

/* As gRPC names it, with its package: that of the service, in lower case. */
static struct str service_name(const struct argo_operation *operation, char *text, size_t size)
{
    struct str service = str_from(operation->service);
    size_t len = service.len - strlen("Service");

    if (str_is(service, "ArchivedWorkflowService"))
        return STR("workflowarchive.ArchivedWorkflowService");
    if (2 * service.len + 2 > size)
        return service;
    for (size_t i = 0; i < len; i++) {
        char c = service.ptr[i];

        text[i] = (char) (c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    text[len] = '.';
    memcpy(text + len + 1, service.ptr, service.len);
    return str_of(text, len + 1 + service.len);
}

void metrics_done(const struct api *api, const struct http_request *req, double seconds)
{
    struct argo_route route;
    bool is_stream;
    char text[128];
    struct str name;

    if (!api->options.metrics || !str_starts(http_path(req), STR("/api/v1/")) ||
        !argo_route(http_method(req), http_path(req), &route))
        return;
    name = str_from(route.operation->name);
    is_stream = str_starts(name, STR("Watch")) || str_ends(name, STR("Logs"));
    metric_observe(metric_get(api->options.metrics, METRIC_SERVER_HANDLING, name,
                              service_name(route.operation, text, sizeof(text)),
                              is_stream ? STR("server_stream") : STR("unary")),
                   seconds);
}
