/* Answers and requests in the gateway's words. See gateway.h. */
#include "api/argo/gateway.h"
#include "api/argo/argo.h"
#include "api/argo/fields.h"

#define NOT_VALID_TEXT \
    "token not valid. see https://argo-workflows.readthedocs.io/en/latest/faq/"

struct argo_code argo_code_of(enum err_kind kind)
{
    switch (kind) {
    case ERR_INVALID:
    case ERR_RULE:
    case ERR_GONE:
        return (struct argo_code){3, 400, "Bad Request"};
    case ERR_TIMEOUT:
        return (struct argo_code){4, 504, "Gateway Timeout"};
    case ERR_NOT_FOUND:
        return (struct argo_code){5, 404, "Not Found"};
    case ERR_EXISTS:
    case ERR_CONFLICT:
        return (struct argo_code){6, 409, "Conflict"};
    case ERR_DENIED:
        return (struct argo_code){7, 403, "Forbidden"};
    case ERR_LIMIT:
        return (struct argo_code){8, 429, "Too Many Requests"};
    case ERR_UNSUPPORTED:
        return (struct argo_code){12, 501, "Not Implemented"};
    case ERR_TRANSIENT:
    case ERR_CANCELLED:
    case ERR_IO:
        return (struct argo_code){14, 503, "Service Unavailable"};
    case ERR_UNAUTHORIZED:
        return (struct argo_code){16, 401, "Unauthorized"};
    case ERR_NONE:
    case ERR_INTERNAL:
        break;
    }
    return (struct argo_code){13, 500, "Internal Server Error"};
}

/* ---- answers ---- */

struct json argo_error_value(struct arena *a, const struct err *err)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("code"), json_int(a, argo_code_of(err->kind).grpc));
    json_add(a, &b, STR("message"), json_string(str_copy(a, str_from(err->text))));
    return json_object(&b);
}

struct json argo_stream_error_value(struct arena *a, const struct err *err)
{
    struct argo_code code = argo_code_of(err->kind);
    struct json_object_builder b = {0}, error = {0};

    json_add(a, &error, STR("grpc_code"), json_int(a, code.grpc));
    json_add(a, &error, STR("http_code"), json_int(a, code.http));
    json_add(a, &error, STR("message"), json_string(str_copy(a, str_from(err->text))));
    json_add(a, &error, STR("http_status"), json_string(str_from(code.text)));
    json_add(a, &b, STR("error"), json_object(&error));
    return json_object(&b);
}

void argo_reply(struct http_request *req, const struct json *v)
{
    static const struct http_header version = {STR_INIT("Grpc-Metadata-Argo-Version"),
                                               STR_INIT("v" TIPHYS_VERSION)};

    http_reply(req, 200, STR("application/json"),
               json_text(http_arena(req), v, JSON_ESCAPE_HTML), &version, 1);
}

void argo_reply_empty(struct http_request *req)
{
    const struct json empty = json_object(&(const struct json_object_builder){0});

    argo_reply(req, &empty);
}

void argo_fail(struct http_request *req, const struct err *err)
{
    const struct json v = argo_error_value(http_arena(req), err);

    http_reply(req, argo_code_of(err->kind).http, STR("application/json"),
               json_text(http_arena(req), &v, JSON_ESCAPE_HTML), NULL, 0);
}

void argo_refuse(struct http_request *req, const struct err *err)
{
    struct err shown = *err;

    if (err->kind == ERR_UNAUTHORIZED)
        err_set(&shown, ERR_UNAUTHORIZED, NOT_VALID_TEXT);
    argo_fail(req, &shown);
}

static void reply_object(struct http_request *req, unsigned status, const struct json *doc)
{
    (void) status; /* the gateway knows 200 alone */
    argo_reply(req, doc);
}

static const struct api_dialect dialect = {
    .created = 200, .object = reply_object, .removed = argo_reply_empty, .fail = argo_fail};

struct api_call *argo_call(const struct argo_request *r)
{
    struct api_call *call = ARENA_NEW(r->a, struct api_call);

    *call = (struct api_call){.api = r->api, .req = r->req, .dialect = &dialect};
    return call;
}

/* ---- requests ---- */

struct str argo_query(const struct argo_request *r, const char *name)
{
    struct str value = http_query(r->req, str_from(name));

    return str_is_none(value) ? STR("") : value;
}

struct api_list_options argo_list_options(const struct argo_request *r)
{
    return (struct api_list_options){
        .labels = argo_query(r, "listOptions.labelSelector"),
        .fields = argo_query(r, "listOptions.fieldSelector"),
        .limit = argo_query(r, "listOptions.limit"),
        .continue_token = argo_query(r, "listOptions.continue"),
        .resource_version = argo_query(r, "listOptions.resourceVersion"),
        .timeout_seconds = argo_query(r, "listOptions.timeoutSeconds")};
}

int argo_body(const struct argo_request *r, struct json *ret, struct err *err)
{
    if (json_parse(r->a, http_body(r->req), ret, err) < 0)
        return err_wrap(err, "request");
    if (!json_is(ret, JSON_OBJECT))
        return err_set(err, ERR_INVALID, "request: an object is expected");
    return 0;
}

/* The namespace of the path is the object's. */
static int set_namespace(const struct argo_request *r, const struct object_kind *kind,
                         struct json *doc, struct err *err)
{
    struct str ns = argo_variable(r, "namespace"), own = object_namespace(doc);

    if (!kind->is_namespaced || ns.len == 0)
        return 0;
    if (str_is_empty(own))
        *doc = json_set_path(r->a, doc, json_string(ns), "metadata", "namespace", NULL);
    else if (!str_eq(own, ns))
        return err_set(err, ERR_INVALID,
                       "the namespace of the provided object does not match the namespace sent "
                       "on the request");
    return 0;
}

/* A member whose case is free, as Go's decoder has it; its exact name goes first. */
static const struct json *member_of(const struct json *body, struct str name)
{
    const struct json *exact = json_get(body, name);

    for (uint32_t i = 0; !exact && json_is(body, JSON_OBJECT) && i < body->count; i++)
        if (str_eq_nocase(body->members[i].key, name))
            return &body->members[i].value;
    return exact;
}

int argo_document(const struct argo_request *r, const struct json *body, const char *member,
                  const struct object_kind *kind, struct json *ret, struct err *err)
{
    const struct json *given = member_of(body, str_from(member));
    struct object_document doc = {.source = STR("request"), .text = http_body(r->req)};

    if (!json_is(given, JSON_OBJECT))
        return err_set(err, ERR_INVALID, "%s body not specified", member);
    doc.value = *given;
    if (str_is_empty(json_get_str(given, STR("apiVersion"))))
        doc.value =
            json_set(r->a, &doc.value, STR("apiVersion"),
                     json_string(str_printf(r->a, "%s/%s", kind->group, kind->version)));
    if (str_is_empty(json_get_str(given, STR("kind"))))
        doc.value = json_set(r->a, &doc.value, STR("kind"), json_string(str_from(kind->kind)));
    if (set_namespace(r, kind, &doc.value, err) < 0)
        return -1;
    doc.kind = object_kind_find(json_get_str(&doc.value, STR("apiVersion")),
                                json_get_str(&doc.value, STR("kind")));
    if (api_document_check(r->a, &doc, kind, err) < 0)
        return -1;
    *ret = doc.value;
    return 0;
}

/* ---- streams ---- */

enum framing { LINES, SERVER_SENT };

static struct str frame(struct arena *a, enum framing framing, const struct json *v)
{
    struct str text = json_text(a, v, JSON_ESCAPE_HTML);

    return framing == LINES ? str_concat(a, text, STR("\n"))
                            : str_printf(a, "data: " STR_FMT " \n\n",
                                         STR_ARG(text)); /* blank: the original's */
}

static struct json wrap(struct arena *a, const char *member, const struct json *v)
{
    struct json_object_builder b = {0};

    json_add(a, &b, str_from(member), *v);
    return json_object(&b);
}

static struct str event_text(struct arena *a, enum framing framing, struct str fields,
                             const char *type, const struct json *object)
{
    struct json cleaned = argo_fields_clean(a, fields, "result.object.", object);
    struct json_object_builder b = {0};
    struct json event;

    json_add(a, &b, STR("type"), json_string(str_from(type)));
    json_add(a, &b, STR("object"), cleaned);
    event = json_object(&b);
    event = wrap(a, "result", &event);
    return frame(a, framing, &event);
}

static struct str line_event(struct arena *a, struct str fields, const char *type,
                             const struct json *object)
{
    return event_text(a, LINES, fields, type, object);
}

static struct str sent_event(struct arena *a, struct str fields, const char *type,
                             const struct json *object)
{
    return event_text(a, SERVER_SENT, fields, type, object);
}

static struct str line_bare(struct arena *a, struct str fields, const char *type,
                            const struct json *object)
{
    const struct json v = wrap(a, "result", object);

    (void) fields;
    (void) type;
    return frame(a, LINES, &v);
}

static struct str sent_bare(struct arena *a, struct str fields, const char *type,
                            const struct json *object)
{
    const struct json v = wrap(a, "result", object);

    (void) fields;
    (void) type;
    return frame(a, SERVER_SENT, &v);
}

static struct str line_failure(struct arena *a, const struct err *err)
{
    const struct json v = argo_stream_error_value(a, err);

    return frame(a, LINES, &v);
}

static struct str sent_failure(struct arena *a, const struct err *err)
{
    const struct json v = argo_stream_error_value(a, err);

    return frame(a, SERVER_SENT, &v);
}

#define LINES_TYPE STR_INIT("application/json")
#define SENT_TYPE  STR_INIT("text/event-stream")

static enum framing framing_of(const struct argo_request *r)
{
    return str_is(http_header(r->req, STR("Accept")), "text/event-stream") ? SERVER_SENT
                                                                           : LINES;
}

const struct api_watch_format *argo_watch_format(const struct argo_request *r,
                                                 enum argo_wrap wrapped)
{
    static const struct api_watch_format formats[][2] = {
        [ARGO_EVENTS] = {[LINES] = {.content_type = LINES_TYPE,
                                    .event = line_event,
                                    .failure = line_failure,
                                    .keep_alive = STR_INIT("")},
                         [SERVER_SENT] = {.content_type = SENT_TYPE,
                                          .event = sent_event,
                                          .failure = sent_failure,
                                          .keep_alive = STR_INIT(":\n")}},
        [ARGO_BARE] = {[LINES] = {.content_type = LINES_TYPE,
                                  .event = line_bare,
                                  .failure = line_failure,
                                  .keep_alive = STR_INIT("")},
                       [SERVER_SENT] = {.content_type = SENT_TYPE,
                                        .event = sent_bare,
                                        .failure = sent_failure,
                                        .keep_alive = STR_INIT(":\n")}},
    };

    return &formats[wrapped][framing_of(r)];
}

static void print_line(struct strbuf *to, const struct log_entry *entry)
{
    strbuf_addz(to, "{\"result\":{\"content\":");
    json_print_string(to, entry->text, JSON_ESCAPE_HTML);
    strbuf_addz(to, ",\"podName\":");
    json_print_string(to, entry->pod, JSON_ESCAPE_HTML);
    strbuf_addz(to, "}}");
}

static void line_log(struct strbuf *to, const struct log_entry *entry)
{
    print_line(to, entry);
    strbuf_addc(to, '\n');
}

static void sent_log(struct strbuf *to, const struct log_entry *entry)
{
    strbuf_addz(to, "data: ");
    print_line(to, entry);
    strbuf_addz(to, " \n\n");
}

const struct api_log_format *argo_log_format(const struct argo_request *r)
{
    static const struct api_log_format formats[] = {
        [LINES] = {.content_type = LINES_TYPE, .line = line_log},
        [SERVER_SENT] = {.content_type = SENT_TYPE, .line = sent_log}};

    return &formats[framing_of(r)];
}
