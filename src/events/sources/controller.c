/*
 * The controller of EventSource objects: follows them in the store, runs a struct source for
 * each named event, and writes back what became of them as status conditions. A paused object
 * runs none: its origins keep what they have.
 *
 * An object that changes its spec has its sources ended; when the last one is gone the new ones
 * begin. A named event that is wrong (unknown kind, failed check, endpoint taken) is reported
 * and does not hinder the others. Loop thread.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "events/sources/source_internal.h"
#include "objects/object.h"
#include "store/follow.h"

struct event_source {
    struct source_controller *c;
    struct str key; /* "ns/name", heap */
    struct str ns, name;
    VEC(struct source *) running;
    size_t ending;
    const struct store_object *wanted; /* reference; NULL: deleted */
    struct str spec;                   /* heap: of what runs */
    bool is_paused;                    /* nothing runs, as was asked for */
    char message[512];                 /* of the first event that is wrong, or "" */
};

struct source_controller {
    struct source_controller_options options;
    struct source_routes *routes;
    struct store_follower *follower;
    struct map objects; /* key -> struct event_source */
    bool is_stopping;
};

static void begin(struct event_source *es);

static void event_source_free(struct event_source *es)
{
    store_object_unref(es->wanted);
    VEC_DONE(&es->running);
    free((char *) (uintptr_t) es->key.ptr);
    free((char *) (uintptr_t) es->spec.ptr);
    free(es);
}

/* ---- status ---- */

/* The condition that tells what does not work at the moment; it is there only then. */
static const char connected[] = "Connected";

static struct str now_text(struct arena *a)
{
    time_t seconds = (time_t) (clock_wall().ms / 1000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    return str_printf(a, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                      tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static struct json condition(struct arena *a, const char *type, const char *status,
                             const char *reason, const char *message)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("type"), json_string(str_from(type)));
    json_add(a, &b, STR("status"), json_string(str_from(status)));
    json_add(a, &b, STR("lastTransitionTime"), json_string(now_text(a)));
    json_add_str(a, &b, STR("reason"), str_from(reason));
    json_add_str(a, &b, STR("message"), str_from(message));
    return json_object(&b);
}

/* The first of its events that does not work at the moment, or "". */
static struct str complaint(const struct event_source *es, struct arena *a)
{
    for (size_t i = 0; i < es->running.len; i++) {
        const struct source *src = es->running.at[i];

        if (src->told.text[0])
            return str_printf(a, "spec.%s." STR_FMT ": %s", src->driver->kind,
                              STR_ARG(src->event), src->told.text);
    }
    return STR("");
}

static void write_status(struct event_source *es)
{
    struct store *store = es->c->options.store;
    struct store_txn *txn = store_txn_new(store);
    struct arena *a = store_txn_arena(txn);
    struct json_array_builder list = {0};
    struct json doc, made;
    struct err err;
    bool is_good = es->message[0] == '\0';
    struct str fails = complaint(es, a);

    if (json_parse(a, str_copy(a, es->wanted->doc), &doc, &err) < 0) {
        store_txn_free(txn);
        return;
    }
    json_push(a, &list,
              condition(a, "SourcesProvided", is_good ? "True" : "False",
                        is_good ? "" : "InvalidEventSource", es->message));
    json_push(a, &list,
              condition(a, "Deployed", is_good ? "True" : "False",
                        is_good ? "" : "InvalidEventSource", es->message));
    if (fails.len > 0)
        json_push(a, &list, condition(a, connected, "False", "Retrying", str_cz(a, fails)));
    if (es->is_paused)
        json_push(a, &list, condition(a, "Paused", "True", "", ""));
    made = json_set_path(a, &doc, json_array(&list), "status", "conditions", NULL);
    store_txn_update(
        txn, &made, es->wanted->rv); /* who changed it meanwhile brings us a new event anyway */
    store_commit(store, txn, NULL, NULL, &err);
}

/* Does the status of the object say it? */
static bool tells_complaint(const struct event_source *es)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str fails = complaint(es, a), told = STR("");
    const struct json *list, *c;
    struct json doc;
    struct err err;

    if (fails.len == 0 && str_find(es->wanted->doc, str_from(connected)) == SIZE_MAX)
        return true;
    if (json_parse(a, es->wanted->doc, &doc, &err) < 0)
        return true;
    list = json_path(&doc, "status", "conditions", NULL);
    for (size_t i = 0; (c = json_item(list, i)) != NULL; i++)
        if (str_is(json_get_str(c, STR("type")), connected))
            told = json_get_str(c, STR("message"));
    return str_eq(fails, told);
}

/* What a write of the status that came too late has not told is told with the next change. */
static void tell_complaint(struct event_source *es)
{
    if (es->wanted && es->ending == 0 && !es->c->is_stopping && !tells_complaint(es))
        write_status(es);
}

static void on_source_told(void *ctx, struct source *src)
{
    (void) src;
    tell_complaint(ctx);
}

/* ---- running ---- */

static void complain(struct event_source *es, struct str kind, struct str event,
                     const struct err *err)
{
    log_error(NULL, "an event source does not run", LOG_STR(NAMESPACE, es->ns),
              LOG_STR(EVENT_SOURCE, es->name), LOG_STR(EVENT_NAME, event), LOG_ERR(err));
    if (es->message[0] == '\0')
        snprintf(es->message, sizeof(es->message), "spec." STR_FMT "." STR_FMT ": %s",
                 STR_ARG(kind), STR_ARG(event), err->text);
}

static void on_source_ended(void *ctx, struct source *src)
{
    struct event_source *es = ctx;

    source_free(src);
    es->ending--;
    if (es->ending == 0)
        begin(es);
}

static int start_one(struct event_source *es, const struct event_source_driver *driver,
                     struct str space, const struct json_member *event, struct err *err)
{
    const struct source_controller_options *o = &es->c->options;
    const struct source_setup setup = {.driver = driver,
                                       .bus = o->bus,
                                       .store = o->store,
                                       .loop = o->loop,
                                       .metrics = o->metrics,
                                       .workers = o->workers,
                                       .name = es->name,
                                       .event = event->key,
                                       .ns = es->ns,
                                       .uid = es->wanted->uid,
                                       .space = space,
                                       .spec = &event->value,
                                       .on_ended = on_source_ended,
                                       .on_told = on_source_told,
                                       .ctx = es};
    struct source *src;

    if (!driver->ops)
        return err_set(err, ERR_UNSUPPORTED, "event source type %s: %s", driver->kind,
                       driver->missing);
    src = source_new(&setup);
    if (source_start(src, err) < 0 ||
        (driver->model == SOURCE_ON_ROUTE && source_routes_add(es->c->routes, src, err) < 0)) {
        source_free(src);
        return -1;
    }
    VEC_PUSH(&es->running, src);
    log_info(source_log(src), "event source runs");
    return 0;
}

static void start_kind(struct event_source *es, struct str space, struct str kind,
                       const struct json *events)
{
    const struct event_source_driver *driver = source_driver_find(kind);
    struct err err;

    for (uint32_t i = 0; json_is(events, JSON_OBJECT) && i < events->count; i++) {
        int result = driver ? start_one(es, driver, space, &events->members[i], &err)
                            : err_set(&err, ERR_UNSUPPORTED,
                                      "event source type " STR_FMT " is not supported yet",
                                      STR_ARG(kind));

        if (result < 0)
            complain(es, kind, events->members[i].key, &err);
    }
}

/* Members of the spec that are no kinds. */
static bool is_setting(struct str name)
{
    static const char *const names[] = {"eventBusName", "template", "service", "replicas"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(name, names[i]))
            return true;
    return false;
}

/* All old sources are gone: run what is wanted, or be gone, too. */
static void begin(struct event_source *es)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *spec;
    struct json doc;
    struct str space;
    struct err err;

    es->running.len = 0;
    if (!es->wanted || es->c->is_stopping) {
        map_take(&es->c->objects, es->key);
        event_source_free(es);
        return;
    }
    es->message[0] = '\0';
    if (json_parse(a, es->wanted->doc, &doc, &err) < 0)
        return;
    spec = json_get(&doc, STR("spec"));
    free((char *) (uintptr_t) es->spec.ptr);
    es->spec = spec ? json_text(a, spec, 0) : STR("{}");
    es->spec = str_of(mem_dup(es->spec.ptr, es->spec.len), es->spec.len);
    space = bus_space(a, es->ns, json_get_str(spec, STR("eventBusName")));
    es->is_paused = object_is_paused(&doc);
    if (es->is_paused)
        log_info(NULL, "event source pauses", LOG_STR(NAMESPACE, es->ns),
                 LOG_STR(EVENT_SOURCE, es->name));
    for (uint32_t i = 0; !es->is_paused && json_is(spec, JSON_OBJECT) && i < spec->count; i++)
        if (!is_setting(spec->members[i].key))
            start_kind(es, space, spec->members[i].key, &spec->members[i].value);
    write_status(es);
}

static void end_all(struct event_source *es)
{
    if (es->ending > 0)
        return; /* under way: what is wanted is looked at when the last one is gone */
    es->ending = es->running.len;
    if (es->ending == 0) {
        begin(es);
        return;
    }
    for (size_t i = 0; i < es->running.len; i++) {
        source_routes_remove(es->c->routes, es->running.at[i]);
        source_end(es->running.at[i]);
    }
}

/* The same spec, and paused or not as before. */
static bool is_as_before(const struct event_source *es, const struct store_object *object)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *spec;
    struct json doc;
    struct err err;

    if (str_is_none(es->spec) || json_parse(a, object->doc, &doc, &err) < 0)
        return false;
    spec = json_get(&doc, STR("spec"));
    return object_is_paused(&doc) == es->is_paused &&
           str_eq(es->spec, spec ? json_text(a, spec, 0) : STR("{}"));
}

static struct event_source *find_or_make(struct source_controller *c,
                                         const struct store_object *object)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str key =
        str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(object->key.ns), STR_ARG(object->key.name));
    struct event_source *es = map_find(&c->objects, key);

    if (es)
        return es;
    es = NEW(struct event_source);
    es->c = c;
    es->key = str_of(mem_dup(key.ptr, key.len), key.len);
    es->ns = str_head(es->key, object->key.ns.len);
    es->name = str_skip(es->key, object->key.ns.len + 1);
    map_put(&c->objects, key, es);
    return es;
}

static void on_change(void *ctx, const struct store_event *event)
{
    struct event_source *es = find_or_make(ctx, event->object);
    bool is_same = event->type != STORE_DELETED && is_as_before(es, event->object);

    store_object_unref(es->wanted);
    es->wanted = event->type == STORE_DELETED ? NULL : store_object_ref(event->object);
    if (is_same)
        tell_complaint(es);
    else
        end_all(es);
}

/* ---- the interface ---- */

struct source_controller *source_controller_new(const struct source_controller_options *options,
                                                struct err *err)
{
    struct source_controller *c = NEW(struct source_controller);

    (void) err;
    c->options = *options;
    c->routes = source_routes_new(options->listen_address);
    return c;
}

int source_controller_start(struct source_controller *c, struct err *err)
{
    const struct store_follow what = {
        .store = c->options.store,
        .loop = c->options.loop,
        .query = {.group = STR("argoproj.io"), .kind = STR("EventSource")},
        .fn = on_change,
        .ctx = c};

    (void) err;
    c->follower = store_follow(&what);
    return 0;
}

void source_controller_stop(struct source_controller *c)
{
    size_t i = 0;

    store_follow_end(TAKE(c->follower));
    c->is_stopping = true;
    while (i < c->objects.len) {
        struct event_source *es = c->objects.entries[i].value;
        size_t before = c->objects.len;

        end_all(es);
        if (c->objects.len == before)
            i++;
    }
    while (c->objects.len > 0) /* polls give up within milliseconds of their cancel */
        loop_run_once(c->options.loop, 100);
}

void source_controller_free(struct source_controller *c)
{
    if (!c)
        return;
    source_routes_free(c->routes);
    map_done(&c->objects);
    free(c);
}
