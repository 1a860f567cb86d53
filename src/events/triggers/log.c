/*
 * events/triggers/log.c - writes what fired to the daemon's log. Never fails, never blocks:
 * runs on the loop.
 *
 * Data that is neither JSON nor plain text, by the event's datacontenttype, is written in
 * base64. intervalSeconds has no effect, as upstream, which makes a new trigger for each
 * firing. Source: ../shared/spec/events.md 5.11.
 */
#include "events/triggers/trigger.h"

#include "formats/base64.h"

/* The media type of "Text/Plain; charset=utf-8" is text/plain. */
static struct str data_text(struct arena *a, const struct trigger_event *event)
{
    static const char *const texts[] = {"application/json", "text/plain"};
    struct str type = json_get_str(event->context, STR("datacontenttype"));
    size_t end = str_find_char(type, ';');

    type = str_trim(end == SIZE_MAX ? type : str_head(type, end));
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (str_eq_nocase(type, str_from(texts[i])))
            return event->data;
    return base64_encode(a, event->data);
}

static int log_fire(const struct trigger_services *s, struct arena *a,
                    const struct trigger_request *req, struct trigger_result *ret,
                    struct err *err)
{
    (void) s;
    (void) err;
    for (size_t i = 0; i < req->event_count; i++) {
        const struct trigger_event *event = &req->events[i];

        log_info(NULL, "event fired a trigger", LOG_STR(NAMESPACE, req->ns),
                 LOG_STR(SENSOR, req->sensor), LOG_STR(TRIGGER, req->trigger),
                 LOG_STR(DEPENDENCY, event->dependency),
                 LOG_STR(EVENT_ID, json_get_str(event->context, STR("id"))),
                 LOG_STR(DATA, data_text(a, event)));
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
