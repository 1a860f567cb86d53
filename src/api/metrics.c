/*
 * GET /metrics: what the rooms count, and what is read from them at this moment.
 *
 * Rooms count where things happen (base/metric.h); levels that somebody keeps anyway are set
 * here, before all is printed, so nothing is counted twice.
 */
#include "api/api_internal.h"
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

static void read_rooms(const struct api *api)
{
    struct metrics *m = api->options.metrics;

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
                                                  STR("the metrics are only read: GET")});
        return;
    }
    read_rooms(api);
    metrics_print(api->options.metrics, &text);
    if (strbuf_finish(&text, &made, &err) < 0)
        reply_error(req, &err);
    else
        http_reply(req, 200, STR("text/plain; version=0.0.4; charset=utf-8"), made, NULL, 0);
}
