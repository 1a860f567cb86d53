/*
 * events/sources/webhook.c - events from HTTP requests to an endpoint of one's own.
 *
 * The answer is 200 "success" only after the bus has stored the event. Several endpoints share
 * a port (routes.c). With authSecret the request needs its token; the Authorization header is
 * masked in the event. Bodies over maxPayloadSize (default 1 MiB) are refused. Source:
 * ../shared/spec/events.md 1.6 and 1.7 webhook; golden formats/webhook-body.jsonl.
 */
#include <stdio.h>

#include "base/strbuf.h"
#include "events/sources/source.h"

enum { PAYLOAD_DEFAULT_MAX_BYTES = 1048576 };

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

/* Content-Type from content-type: as Go's textproto writes names. */
static struct str canonical_name(struct arena *a, struct str name)
{
    char *text = str_cz(a, name);
    bool is_first = true;

    for (size_t i = 0; i < name.len; i++) {
        if (is_first && text[i] >= 'a' && text[i] <= 'z')
            text[i] = (char) (text[i] - 'a' + 'A');
        else if (!is_first && text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char) (text[i] - 'A' + 'a');
        is_first = text[i] == '-';
    }
    return str_of(text, name.len);
}

/* Pairs as {"name": ["value", ...]}, sorted when printed. */
static struct json grouped(struct arena *a, const struct http_header *pairs, size_t count,
                           bool are_headers)
{
    struct json made = json_object(&(const struct json_object_builder){0});

    for (size_t i = 0; i < count; i++) {
        struct str name = are_headers ? canonical_name(a, pairs[i].name) : pairs[i].name;
        const struct json *list = json_get(&made, name);
        struct json_array_builder b = {0};

        if (are_headers && (str_is(name, "Host") || str_is(name, "Transfer-Encoding")))
            continue; /* Go keeps these out of the header map */
        for (uint32_t k = 0; list && k < list->count; k++)
            json_push(a, &b, list->items[k]);
        if (are_headers && str_is(name, "Authorization") && pairs[i].value.len > 0)
            json_push(a, &b, json_string(STR("*** Masked Auth Secret ***")));
        else
            json_push(a, &b, json_string(pairs[i].value));
        made = json_set(a, &made, name, json_array(&b));
    }
    return made;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static int unescape(struct arena *a, struct str text, struct str *ret, struct err *err)
{
    char *out = arena_alloc_raw(a, text.len + 1);
    size_t used = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '%') {
            out[used++] = text.ptr[i] == '+' ? ' ' : text.ptr[i];
            continue;
        }
        if (i + 2 >= text.len || hex_digit(text.ptr[i + 1]) < 0 ||
            hex_digit(text.ptr[i + 2]) < 0)
            return err_set(err, ERR_INVALID, "invalid URL escape \"" STR_FMT "\"",
                           STR_ARG(str_head(str_skip(text, i), 3)));
        out[used++] = (char) (hex_digit(text.ptr[i + 1]) * 16 + hex_digit(text.ptr[i + 2]));
        i += 2;
    }
    *ret = str_of(out, used);
    return 0;
}

/* A form's fields as {"name": ["value", ...]}. */
static int form_body(struct arena *a, struct str body, struct json *ret, struct err *err)
{
    struct http_header *pairs = ARENA_ARRAY(a, struct http_header, body.len / 2 + 1);
    size_t count = 0;
    struct str part, name;

    while (body.len > 0 && str_cut(&body, '&', &part)) {
        if (part.len == 0)
            continue;
        if (!str_cut(&part, '=', &name) || unescape(a, name, &pairs[count].name, err) < 0 ||
            unescape(a, part, &pairs[count].value, err) < 0)
            return -1;
        count++;
    }
    *ret = grouped(a, pairs, count, false);
    return 0;
}

static int post_body(struct arena *a, const struct json *spec, struct str body,
                     struct json *ret, struct err *err)
{
    int64_t max = PAYLOAD_DEFAULT_MAX_BYTES;

    if (!json_i64(json_get(spec, STR("maxPayloadSize")), &max) || max <= 0)
        max = PAYLOAD_DEFAULT_MAX_BYTES;
    if (body.len > (uint64_t) max)
        return err_set(err, ERR_INVALID, "http: request body too large");
    if (json_parse(a, body, ret, err) < 0)
        return err_wrap(err, "json: error calling MarshalJSON for type *json.RawMessage");
    return 0;
}

static int read_body(struct arena *a, const struct json *spec, struct http_request *req,
                     struct json *ret, struct err *err)
{
    const struct http_header *query;
    size_t count = http_query_all(req, &query);

    if (str_is(http_method(req), "GET")) {
        *ret = grouped(a, query, count, false);
        return 0;
    }
    if (!str_is(http_method(req), "POST"))
        return err_set(err, ERR_INVALID, "unsupoorted method: " STR_FMT,
                       STR_ARG(http_method(req)));
    if (str_is(http_header(req, STR("Content-Type")), "application/x-www-form-urlencoded"))
        return form_body(a, http_body(req), ret, err);
    return post_body(a, spec, http_body(req), ret, err);
}

static int webhook_serve(struct source *src, struct http_request *req, struct delivery *ret,
                         struct err *err)
{
    const struct json *spec = source_spec(src);
    const struct json *metadata = json_get(spec, STR("metadata"));
    struct arena *a = http_arena(req);
    struct json_object_builder b = {0};
    const struct http_header *headers;
    size_t count = http_headers_all(req, &headers);
    struct json body, data;

    if (!str_eq(http_method(req), json_get_str(spec, STR("method"))))
        return err_set(err, ERR_INVALID, "http method does not match");
    if (read_body(a, spec, req, &body, err) < 0)
        return -1;
    data = grouped(a, headers, count, true);
    data = (struct json){
        .type = JSON_OBJECT, .pos = JSON_NO_POS, .count = data.count, .members = data.members};
    json_add(a, &b, STR("header"), data);
    json_add(a, &b, STR("body"), body);
    if (json_is(metadata, JSON_OBJECT) && metadata->count > 0)
        json_add(a, &b, STR("metadata"), *metadata);
    data = json_object(&b);
    ret->payload = json_text(a, &data, JSON_ESCAPE_HTML);
    ret->is_json = true;
    return 0;
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
