/* See webhook_event.h. Faults of Go's server that its handler tells twice are told twice here.
 */
#include "events/sources/webhook_event.h"

#include <string.h>

#include "base/strbuf.h"
#include "events/sources/event_data.h"

enum { PAYLOAD_DEFAULT_MAX_BYTES = 1048576 };

#define FORM_TYPE "application/x-www-form-urlencoded"

struct str webhook_header(const struct webhook_request *req, struct str name)
{
    return http_header_value(req->headers, req->header_count, name);
}

static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

/* Content-Type from content-type, as Go's textproto writes names; others stay as they are. */
static struct str canonical_name(struct arena *a, struct str name)
{
    char *text = str_cz(a, name);
    bool is_first = true;

    for (size_t i = 0; i < name.len; i++)
        if (!is_token(name.ptr[i]))
            return name;
    for (size_t i = 0; i < name.len; i++) {
        if (is_first && text[i] >= 'a' && text[i] <= 'z')
            text[i] = (char) (text[i] - 'a' + 'A');
        else if (!is_first && text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char) (text[i] - 'A' + 'a');
        is_first = text[i] == '-';
    }
    return str_of(text, name.len);
}

/* One more value of a name. */
static void add_value(struct arena *a, struct json *map, struct str name, struct str value)
{
    const struct json *list = json_get(map, name);
    struct json_array_builder b = {0};

    for (uint32_t k = 0; list && k < list->count; k++)
        json_push(a, &b, list->items[k]);
    json_push(a, &b, json_string(value));
    *map = json_set(a, map, name, json_array(&b));
}

struct json webhook_headers_json(struct arena *a, const struct webhook_request *req)
{
    struct json map = json_object(&(const struct json_object_builder){0});

    for (size_t i = 0; i < req->header_count; i++) {
        struct str name = canonical_name(a, req->headers[i].name);

        if (!str_is(name, "Host") && !str_is(name, "Transfer-Encoding"))
            add_value(a, &map, name, req->headers[i].value);
    }
    return map;
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

static int read_field(struct arena *a, struct str part, struct json *map, struct err *err)
{
    size_t equals = str_find_char(part, '=');
    struct str name = str_head(part, equals), value = STR("");

    if (str_find_char(part, ';') != SIZE_MAX)
        return err_set(err, ERR_INVALID, "invalid semicolon separator in query");
    if (equals != SIZE_MAX)
        value = str_skip(part, equals + 1);
    if (unescape(a, name, &name, err) < 0 || unescape(a, value, &value, err) < 0)
        return -1;
    add_value(a, map, name, value);
    return 0;
}

int webhook_form(struct arena *a, struct str text, struct json *ret, struct err *err)
{
    struct json map = json_object(&(const struct json_object_builder){0});
    struct str part;
    int result = 0;

    while (text.len > 0 && str_cut(&text, '&', &part)) {
        struct err later;

        if (part.len > 0 && read_field(a, part, &map, result == 0 ? err : &later) < 0)
            result = -1;
    }
    *ret = map;
    return result;
}

static struct str query_of(struct str url)
{
    size_t mark = str_find_char(url, '?');

    return mark == SIZE_MAX ? STR("") : str_skip(url, mark + 1);
}

static struct str map_text(struct arena *a, const struct json *map)
{
    return json_text(a, map, JSON_SORT_KEYS | JSON_ESCAPE_HTML);
}

static int form_body(struct arena *a, const struct webhook_request *req, struct str *ret,
                     struct err *err)
{
    struct json form, query;

    if (webhook_form(a, req->body, &form, err) < 0 ||
        webhook_form(a, query_of(req->url), &query, err) < 0)
        return err_set(err, ERR_INTERNAL, "%s%s", str_cz(a, str_from(err->text)),
                       str_cz(a, str_from(err->text)));
    *ret = map_text(a, &form);
    return 0;
}

static int json_body(struct arena *a, const struct json *spec, struct str body, struct str *ret,
                     struct err *err)
{
    static const char too_large[] =
        "failed to parse request body, http: request body too large";
    const struct json *limit = json_get(spec, STR("maxPayloadSize"));
    int64_t max = PAYLOAD_DEFAULT_MAX_BYTES;
    struct json checked;

    if (json_is(limit, JSON_NUMBER) && !json_i64(limit, &max))
        max = 0;
    if (body.len > (uint64_t) (max > 0 ? max : 0))
        return err_set(err, ERR_INVALID, "%s%s", too_large, too_large);
    if (json_parse(a, body, &checked, err) < 0)
        return err_wrap(err, "json: error calling MarshalJSON for type *json.RawMessage");
    *ret = body;
    return 0;
}

static int read_body(struct arena *a, const struct json *spec,
                     const struct webhook_request *req, struct str *ret, struct err *err)
{
    struct json query;

    if (str_is(req->method, "GET")) {
        webhook_form(a, query_of(req->url), &query, err); /* what cannot be read is left out */
        *ret = map_text(a, &query);
        return 0;
    }
    if (!str_is(req->method, "POST"))
        return err_set(err, ERR_INVALID, "unsupoorted method: " STR_FMT, STR_ARG(req->method));
    if (str_is(webhook_header(req, STR("Content-Type")), FORM_TYPE))
        return form_body(a, req, ret, err);
    return json_body(a, spec, req->body, ret, err);
}

int webhook_event(struct arena *a, const struct json *spec, const struct webhook_request *req,
                  struct str *ret, struct err *err)
{
    const struct json *metadata = json_get(spec, STR("metadata"));
    struct json_object_builder b = {0};
    struct json members;
    struct str body;

    if (!str_eq(req->method, json_get_str(spec, STR("method"))))
        return err_set(err, ERR_INVALID, "http method does not match");
    if (read_body(a, spec, req, &body, err) < 0)
        return -1;
    json_add(a, &b, STR("header"), webhook_headers_json(a, req));
    if (metadata)
        json_add(a, &b, STR("metadata"), *metadata);
    members = json_object(&b);
    return event_data_print(a, STR("webhook"), &members, body, ret, err);
}
