/*
 * events/triggers/log.c - writes what fired to the daemon's log. Never fails, never blocks:
 * runs on the loop.
 *
 * intervalSeconds: at most one line in that time, as upstream's. Source:
 * ../shared/spec/events.md 5.11.
 */
#include "events/triggers/trigger.h"

static int log_fire(const struct trigger_services *s, struct arena *a,
                    const struct trigger_request *req, struct trigger_result *ret,
                    struct err *err)
{
    (void) s;
    (void) a;
    (void) err;
    for (size_t i = 0; i < req->event_count; i++) {
        const struct trigger_event *event = &req->events[i];

        log_info(NULL, "event fired a trigger", LOG_STR(NAMESPACE, req->ns),
                 LOG_STR(SENSOR, req->sensor), LOG_STR(TRIGGER, req->trigger),
                 LOG_STR(DEPENDENCY, event->dependency),
                 LOG_STR(EVENT_ID, json_get_str(event->context, STR("id"))),
                 LOG_STR(DATA, event->data));
    }
    *ret = (struct trigger_result){.kind = STR(""),
                                   .ns = STR(""),
                                   .name = STR(""),
                                   .uid = STR(""),
                                   .detail = STR("logged")};
    return 0;
}

static const struct trigger_ops log_ops = {.fire = log_fire};

extern const struct trigger_driver log_trigger;
const struct trigger_driver log_trigger = {
    .kind = "log",
    .summary = "Writes the events to the log.",
    .place = TRIGGER_ON_LOOP,
    .ops = &log_ops,
};
