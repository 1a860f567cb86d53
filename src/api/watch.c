/*
 * Watches: one stream a client, fed from a store watch on the loop. A client that reads too
 * slowly loses its stream and nothing else; one that goes away ends its store watch. The first
 * line answers at once: headers go out with the stream.
 */
#include "api/api_internal.h"

#include "base/mem.h"

struct watch_stream {
    struct api *api;
    struct arena *arena; /* own; the query's texts */
    struct store_query query;
    int64_t from_rv;
    struct http_stream *stream;
    struct store_watch *watch;
    struct list link;
    struct loop_task opened, closed;
};

static void release(struct watch_stream *w)
{
    list_remove(&w->link);
    store_watch_close(TAKE(w->watch));
    http_stream_unref(w->stream);
    arena_free(w->arena);
}

static void on_closed(struct loop_task *task)
{
    release(CONTAINER_OF(task, struct watch_stream, closed));
}

/* On an http thread: the peer has gone or the stream was ended. */
static void on_stream_close(void *ctx)
{
    struct watch_stream *w = ctx;

    loop_post(w->api->options.loop, &w->closed);
}

static void write_line(struct watch_stream *w, struct arena *a, const char *type,
                       struct json object)
{
    struct json_object_builder b = {0};
    struct json line;
    struct err err;

    json_add(a, &b, STR("type"), json_string(str_from(type)));
    json_add(a, &b, STR("object"), object);
    line = json_object(&b);
    if (http_stream_write(w->stream, str_concat(a, json_text(a, &line, 0), STR("\n")), &err) <
        0)
        store_watch_close(TAKE(w->watch)); /* on_stream_close() follows */
}

static void on_event(void *ctx, const struct store_event *event)
{
    static const char *const types[] = {[STORE_ADDED] = "ADDED",
                                        [STORE_MODIFIED] = "MODIFIED",
                                        [STORE_DELETED] = "DELETED",
                                        [STORE_BOOKMARK] = "BOOKMARK"};
    struct watch_stream *w = ctx;
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc;
    struct err err;

    if (!event->object || json_parse(a, event->object->doc, &doc, &err) < 0)
        return;
    doc = json_set_path(a, &doc, json_string(str_printf(a, "%lld", (long long) event->rv)),
                        "metadata", "resourceVersion", NULL);
    write_line(w, a, types[event->type], doc);
}

static void on_end(void *ctx, const struct err *failure)
{
    struct watch_stream *w = ctx;
    _cleanup_arena_ struct arena *a = arena_new();
    struct json_object_builder b = {0};

    w->watch = NULL;
    json_add(a, &b, STR("kind"), json_string(STR("Status")));
    json_add(a, &b, STR("apiVersion"), json_string(STR("v1")));
    json_add(a, &b, STR("status"), json_string(STR("Failure")));
    json_add(a, &b, STR("message"), json_string(str_from(failure->text)));
    json_add(a, &b, STR("reason"),
             json_string(failure->kind == ERR_GONE ? STR("Expired") : STR("InternalError")));
    json_add(a, &b, STR("code"), json_int(a, failure->kind == ERR_GONE ? 410 : 500));
    write_line(w, a, "ERROR", json_object(&b));
    http_stream_end(w->stream);
}

static void on_opened(struct loop_task *task)
{
    struct watch_stream *w = CONTAINER_OF(task, struct watch_stream, opened);

    list_append(&w->api->watches, &w->link);
    w->watch =
        store_watch_open(w->api->options.store, &w->query, w->from_rv, on_event, on_end, w);
}

void watch_start(struct api *api, struct http_request *req, const struct resource *r)
{
    struct arena *a = arena_new();
    struct watch_stream *w = ARENA_NEW(a, struct watch_stream);
    struct str rv = http_query(req, STR("resourceVersion")),
               labels = http_query(req, STR("labelSelector")),
               fields = http_query(req, STR("fieldSelector"));
    struct selector *labels_of = ARENA_NEW(a, struct selector),
                    *fields_of = ARENA_NEW(a, struct selector);
    struct err err = {0};

    w->api = api;
    w->arena = a;
    w->opened.run = on_opened;
    w->closed.run = on_closed;
    list_init(&w->link);
    w->query = (struct store_query){.group = str_from(r->kind->group),
                                    .kind = str_from(r->kind->kind),
                                    .ns = str_copy(a, r->ns)};
    if (!str_is_empty(rv) && !parse_i64(rv, &w->from_rv))
        err_set(&err, ERR_INVALID, "resourceVersion \"" STR_FMT "\" is not a number",
                STR_ARG(rv));
    if (!str_is_empty(labels) && err.kind == ERR_NONE &&
        selector_parse(a, labels, labels_of, &err) == 0)
        w->query.labels = labels_of;
    if (!str_is_empty(fields) && err.kind == ERR_NONE &&
        selector_parse_fields(a, fields, fields_of, &err) == 0)
        w->query.fields = fields_of;
    if (err.kind != ERR_NONE) {
        reply_error(req, &err);
        arena_free(a);
        return;
    }
    w->stream = http_stream_start(req, 200, STR("application/json"), on_stream_close, w);
    loop_post(api->options.loop,
              &w->opened); /* before any on_closed of it: that one is posted later */
}

void watches_end(struct api *api)
{
    LIST_FOREACH (w, &api->watches, struct watch_stream, link) {
        store_watch_close(TAKE(w->watch));
        http_stream_end(w->stream);
    }
}
