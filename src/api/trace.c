/*
 * Events, ours alone. GET /tiphys/v1/events/ID: the way of one, where it came from, when it was
 * stored, what each sensor did, or why none did anything. GET events and namespaces/NS/events:
 * the newest ones, ?limit=N.
 */
#include "api/api_internal.h"

#include <time.h>

#include "base/limits.h"

enum { LIST_LIMIT = 100 };

static struct json time_value(struct arena *a, struct wall at)
{
    time_t seconds = (time_t) (at.ms / 1000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    return json_string(str_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
                                  tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                                  (int) (at.ms % 1000)));
}

static struct json step_value(struct arena *a, const struct bus_trace *t)
{
    struct json_object_builder b = {0};
    struct json detail;
    struct err ignored;

    json_add(a, &b, STR("time"), time_value(a, t->at));
    json_add(a, &b, STR("stage"), json_string(t->stage));
    json_add(a, &b, STR("subject"), json_string(t->subject));
    json_add(a, &b, STR("detail"),
             json_parse(a, t->detail, &detail, &ignored) == 0 ? detail
                                                              : json_string(t->detail));
    return json_object(&b);
}

static void add_record(struct arena *a, struct json_object_builder *b,
                       const struct bus_record *r)
{
    struct str space = r->ns, ns;

    json_add(a, b, STR("id"), json_string(r->id));
    if (str_cut(&space, '/', &ns)) /* bus_space() */
        json_add(a, b, STR("namespace"), json_string(ns));
    json_add(a, b, STR("eventBus"), json_string(str_is_empty(space) ? STR("default") : space));
    json_add(a, b, STR("eventSource"), json_string(r->source));
    json_add(a, b, STR("eventName"), json_string(r->event));
    json_add(a, b, STR("sequence"), json_int(a, (int64_t) r->seq));
    json_add(a, b, STR("stored"), time_value(a, r->stored));
}

/* An event is its namespace's: who may not read all is told nothing of others, not even whether
 * they are there. */
static int check(struct api *api, struct http_request *req, const struct bus_record *r,
                 struct err *err)
{
    struct auth_request what = {
        .verb = STR("get"), .group = STR("tiphys"), .resource = STR("events"), .ns = STR("")};
    struct str space = r ? r->ns : STR(""), ns;

    if (str_cut(&space, '/', &ns))
        what.ns = ns;
    return api_check(api, req, &what, err);
}

static int find(struct api *api, struct http_request *req, struct str id,
                struct bus_record *ret, struct err *err)
{
    struct err denied;

    if (bus_find(api->options.bus, http_arena(req), id, ret, err) == 0)
        return check(api, req, ret, err);
    if (err->kind == ERR_NOT_FOUND && check(api, req, NULL, &denied) < 0)
        *err = denied;
    return -1;
}

void trace_handle(struct api *api, struct http_request *req, struct str id)
{
    struct arena *a = http_arena(req);
    struct json_object_builder b = {0};
    struct json_array_builder steps = {0};
    struct bus_trace *rows;
    struct bus_record r;
    struct json made;
    struct err err;
    size_t count;

    if (find(api, req, id, &r, &err) < 0 ||
        bus_trace_list(api->options.bus, a, id, &rows, &count, &err) < 0) {
        reply_error(req, &err);
        return;
    }
    for (size_t i = 0; i < count; i++)
        json_push(a, &steps, step_value(a, &rows[i]));
    add_record(a, &b, &r);
    json_add(a, &b, STR("steps"), json_array(&steps));
    if (count == 0)
        json_add_str(a, &b, STR("note"), waiters_note(api, a, &r));
    made = json_object(&b);
    reply_json(req, 200, &made);
}

static int read_limit(struct http_request *req, uint64_t *ret, struct err *err)
{
    struct str given = http_query(req, STR("limit"));

    *ret = LIST_LIMIT;
    if (str_is_empty(given))
        return 0;
    if (!parse_u64(given, ret) || *ret == 0)
        return err_set(err, ERR_INVALID,
                       "limit: must be a number of at least 1, not \"" STR_FMT "\"",
                       STR_ARG(given));
    if (*ret > EVENTS_LIST_MAX)
        *ret = EVENTS_LIST_MAX;
    return 0;
}

void trace_list(struct api *api, struct http_request *req, struct str ns)
{
    struct arena *a = http_arena(req);
    struct json_object_builder b = {0};
    struct json_array_builder items = {0};
    struct bus_record *records;
    struct json made;
    struct err err;
    uint64_t limit;
    size_t count;

    if (read_limit(req, &limit, &err) < 0 ||
        bus_list(api->options.bus, a, &(struct bus_query){ns, limit}, &records, &count, &err) <
            0) {
        reply_error(req, &err);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct json_object_builder item = {0};

        add_record(a, &item, &records[i]);
        json_push(a, &items, json_object(&item));
    }
    json_add(a, &b, STR("items"), json_array(&items));
    made = json_object(&b);
    reply_json(req, 200, &made);
}
