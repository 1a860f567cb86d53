/*
 * What sensors gave up, ours alone, below /tiphys/v1: GET dead-letters (of all namespaces) and
 * namespaces/NS/dead-letters list them; GET and DELETE namespaces/NS/dead-letters/ID; POST
 * .../ID/redrive puts one through its trigger again, and is answered when that is on disk.
 * Reading on http threads, the rest on the loop.
 */
#include <stdlib.h>

#include "api/api_internal.h"
#include "base/vec.h"
#include "events/sensors/dead_letter.h"
#include "events/sensors/sensor.h"

/* One request that the loop answers; lives in the request's arena. */
struct letter_call {
    struct loop_task task;
    struct sensor_controller *sensors;
    struct http_request *req;
    struct sensor_letter_name name;
    bool is_deletion;
};

/* ---- reading ---- */

static bool is_shown(const struct json *letter)
{
    return !str_is(json_get_str(letter, STR("state")), "done");
}

/* Oldest first; the texts of times are of one length. */
static int by_time(const void *x, const void *y)
{
    const struct json *a = x, *b = y;
    struct str s = json_get_str(a, STR("time")), t = json_get_str(b, STR("time"));

    return memcmp(s.ptr, t.ptr, s.len < t.len ? s.len : t.len);
}

static void list(struct api *api, struct http_request *req, struct str ns)
{
    struct arena *a = http_arena(req);
    VEC(struct json) found = {0};
    struct json_object_builder b = {0};
    struct json_array_builder items = {0};
    struct store_row *rows;
    struct json made;
    struct err err;
    size_t count;

    if (store_rows(api->options.store, a, STR(DEAD_LETTER_TABLE),
                   str_is_empty(ns) ? STR("") : str_concat(a, ns, STR("/")), &rows, &count,
                   &err) < 0) {
        reply_error(req, &err);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (json_parse(a, rows[i].value, &made, &err) == 0 && is_shown(&made))
            VEC_APUSH(a, &found, dead_letter_summary(a, &made));
    if (found.len > 1)
        qsort(found.at, found.len, sizeof(*found.at), by_time);
    VEC_FOREACH (it, &found)
        json_push(a, &items, *it);
    json_add(a, &b, STR("items"), json_array(&items));
    made = json_object(&b);
    reply_json(req, 200, &made);
}

static void get(struct api *api, struct http_request *req,
                const struct sensor_letter_name *name)
{
    struct arena *a = http_arena(req);
    struct json letter;
    struct str text;
    struct err err = {0};

    if (store_row_get(api->options.store, a, STR(DEAD_LETTER_TABLE),
                      dead_letter_key(a, name->ns, name->id), &text, &err) == 0 &&
        json_parse(a, text, &letter, &err) == 0 && is_shown(&letter)) {
        reply_json(req, 200, &letter);
        return;
    }
    if (err.kind == ERR_NONE || err.kind == ERR_NOT_FOUND)
        err_set(&err, ERR_NOT_FOUND,
                "dead letter \"" STR_FMT "\" not found in namespace " STR_FMT,
                STR_ARG(name->id), STR_ARG(name->ns));
    reply_error(req, &err);
}

/* ---- on the loop ---- */

static void on_done(void *ctx, const struct err *err)
{
    struct letter_call *call = ctx;
    struct json_object_builder b = {0};
    struct json made;

    if (err->kind) {
        reply_error(call->req, err);
        return;
    }
    json_add(http_arena(call->req), &b, STR("id"), json_string(call->name.id));
    json_add(http_arena(call->req), &b, STR("state"),
             json_string(call->is_deletion ? STR("deleted") : STR("redriving")));
    made = json_object(&b);
    reply_json(call->req, 200, &made);
}

static void on_loop(struct loop_task *task)
{
    struct letter_call *call = CONTAINER_OF(task, struct letter_call, task);

    if (call->is_deletion)
        sensor_letter_delete(call->sensors, &call->name, on_done, call);
    else
        sensor_letter_redrive(call->sensors, &call->name, on_done, call);
}

static void ask(struct api *api, struct http_request *req, const struct letter_call *of)
{
    struct letter_call *call = ARENA_NEW(http_arena(req), struct letter_call);

    *call = *of;
    call->task.run = on_loop;
    call->sensors = api->options.sensors;
    call->req = req;
    loop_post(api->options.loop, &call->task);
}

/* ---- paths ---- */

static void refuse(struct http_request *req)
{
    struct err err;

    err_set(&err, ERR_NOT_FOUND,
            "the server could not find the requested resource " STR_FMT " " STR_FMT,
            STR_ARG(http_method(req)), STR_ARG(http_path(req)));
    reply_error(req, &err);
}

void dead_letters_handle(struct api *api, struct http_request *req, struct str ns,
                         struct str rest)
{
    struct letter_call call = {.name.ns = ns};
    struct str method = http_method(req), verb = STR("");

    str_cut(&rest, '/', &call.name.id);
    str_cut(&rest, '/', &verb);
    call.is_deletion = str_is(method, "DELETE");
    if (str_is(method, "GET") && str_is_empty(call.name.id))
        list(api, req, ns);
    else if (str_is_empty(ns) || str_is_empty(call.name.id) || !str_is_empty(rest))
        refuse(req);
    else if (str_is(method, "GET") && str_is_empty(verb))
        get(api, req, &call.name);
    else if (api->options.sensors && ((call.is_deletion && str_is_empty(verb)) ||
                                      (str_is(method, "POST") && str_is(verb, "redrive"))))
        ask(api, req, &call);
    else
        refuse(req);
}
