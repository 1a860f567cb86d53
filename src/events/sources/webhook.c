/*
 * events/sources/webhook.c - events from HTTP requests to an endpoint of one's own.
 *
 * The answer is 200 "success" only after the bus has stored the event. Several endpoints share
 * a port (routes.c). With authSecret the request needs its token; the Authorization header is
 * masked in the event. Bodies over maxPayloadSize (default 1 MiB) are refused. Source:
 * ../shared/spec/events.md 1.6 and 1.7 webhook; golden formats/webhook-body.jsonl.
 */
#include "events/sources/source.h"
#include "events/sources/webhook_event.h"

static int webhook_check(const struct json *spec, struct err *err)
{
    uint32_t port;

    if (str_is_empty(json_get_str(spec, STR("endpoint"))))
        return err_set(err, ERR_INVALID, "endpoint can't be empty");
    if (str_is_empty(json_get_str(spec, STR("port"))))
        return err_set(err, ERR_INVALID, "port can't be empty");
    if (!parse_u32(json_get_str(spec, STR("port")), &port) || port == 0 || port > 65535)
        return err_set(err, ERR_INVALID, "failed to parse server port " STR_FMT,
                       STR_ARG(json_get_str(spec, STR("port"))));
    return 0;
}

static int webhook_open(struct source *src, struct err *err)
{
    (void) src;
    (void) err;
    return 0;
}

static void webhook_close(struct source *src)
{
    (void) src;
}

/* What tells who may call is not for the event's readers. */
static const struct http_header *masked(struct arena *a, const struct http_header *headers,
                                        size_t count)
{
    struct http_header *made = ARENA_ARRAY(a, struct http_header, count + 1);

    for (size_t i = 0; i < count; i++) {
        made[i] = headers[i];
        if (str_eq_nocase(made[i].name, STR("Authorization")) && made[i].value.len > 0)
            made[i].value = STR("*** Masked Auth Secret ***");
    }
    return made;
}

static int webhook_serve(struct source *src, struct http_request *req, struct delivery *ret,
                         struct err *err)
{
    struct arena *a = http_arena(req);
    const struct http_header *headers;
    size_t count = http_headers_all(req, &headers);
    const struct webhook_request request = {.method = http_method(req),
                                            .url = http_raw_url(req),
                                            .body = http_body(req),
                                            .headers = masked(a, headers, count),
                                            .header_count = count};

    ret->is_json = true;
    return webhook_event(a, source_spec(src), &request, &ret->payload, err);
}

static const struct event_source_ops webhook_ops = {
    .check = webhook_check,
    .open = webhook_open,
    .serve = webhook_serve,
    .close = webhook_close,
};

extern const struct event_source_driver webhook_source;
const struct event_source_driver webhook_source = {
    .kind = "webhook",
    .summary = "Takes HTTP requests at an endpoint as events.",
    .model = SOURCE_ON_ROUTE,
    .state_size = 1,
    .ops = &webhook_ops,
};
