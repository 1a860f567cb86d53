/*
 * The controller of Sensor objects. Loop thread.
 *
 * Each trigger has its own consumer and its own state: for every dependency the latest event
 * that passed its filters, kept until the condition holds. Kept events stay unsettled on the
 * bus, so a restart brings them again and the state is made anew by the same code. When the
 * condition holds the trigger fires with all that is kept; then they are settled. An event that
 * no dependency takes, or that a newer one replaces, is settled at once; what a reset by time
 * forgets, too. Each step leaves a trace.
 */
#include <stdio.h>
#include <time.h>

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "events/sensors/conditions.h"
#include "events/sensors/filters.h"
#include "events/sensors/match.h"
#include "events/sensors/sensor_internal.h"
#include "events/sensors/transform.h"
#include "objects/object.h"
#include "store/follow.h"

/* ---- events ---- */

static uint64_t met(const struct sensor_trigger *t)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < t->sensor->dependencies.len; i++)
        bits |= (uint64_t) (t->kept[i].arena != NULL) << i;
    return bits;
}

/* Takes one event for one dependency: whether it is kept. */
static bool take(struct sensor_trigger *t, size_t index, const struct bus_record *r)
{
    const struct match_dependency *d = &t->sensor->dependencies.at[index];
    const struct programs *p = t->sensor->programs[index];
    struct arena *a = arena_new();
    struct kept fresh = {.arena = a, .seq = r->seq, .stored = r->stored};
    struct str reason = STR("");
    struct err err;

    if (match_event_read(a, r, &fresh.event, &err) < 0 ||
        transform_event(a, p, &fresh.event, &err) < 0) {
        reason = str_from(err.text);
    } else if (filters_pass(a, d->spec, p, &fresh.event, &reason)) {
        fresh.event.dependency = d->name;
        sensor_drop_kept(t, &t->kept[index]);
        t->kept[index] = fresh;
        return true;
    }
    sensor_trace(t, r->id, "filter", reason);
    arena_free(a);
    return false;
}

static void on_record(struct sensor_trigger *t, const struct bus_record *r)
{
    struct sensor *s = t->sensor;
    bool is_kept = false;

    if (r->stored.ms >= t->reset_at.ms)
        sensor_forget(t, t->reset_at);
    for (size_t i = 0; i < s->dependencies.len; i++) {
        if (!((condition_uses(t->condition) >> i) & 1) ||
            !match_record(&s->dependencies.at[i], r))
            continue;
        if (!take(t, i, r))
            continue;
        is_kept = true;
        if (condition_holds(t->condition, met(t))) {
            sensor_fire(t);
            return; /* settled with the others */
        }
        sensor_trace(t, r->id, "condition", STR("waits for other events"));
    }
    if (!is_kept)
        bus_ack(t->consumer, r->seq);
}

static void on_deliver(void *ctx, const struct bus_record *records, size_t count)
{
    struct sensor_trigger *t = ctx;

    for (size_t i = 0; i < count; i++)
        on_record(t, &records[i]);
}

/* ---- specs ---- */

static int read_dead_letter(struct sensor_trigger *t, const struct json *trigger,
                            struct err *err)
{
    const struct json *v = json_get(trigger, STR("dlqTrigger"));
    struct trigger_action *made;

    if (!json_is(v, JSON_OBJECT) || !t->is_in_order)
        return 0; /* upstream looks at it only with atLeastOnce */
    made = ARENA_NEW(t->sensor->arena, struct trigger_action);
    if (action_read(v, made, err) < 0)
        return err_wrap(err, "dlqTrigger");
    t->dead_letter = made;
    return 0;
}

static int read_trigger(struct sensor_trigger *t, const struct json *v, struct err *err)
{
    struct sensor *s = t->sensor;

    t->is_in_order = json_get_bool(v, STR("atLeastOnce"));
    if (action_read(v, &t->action, err) < 0 || read_dead_letter(t, v, err) < 0)
        return -1;
    if (rate_limit_read(json_get(v, STR("rateLimit")), &t->limit, err) < 0)
        return err_wrap(err, "rateLimit");
    if (resets_read(s->arena, json_get(t->action.template, STR("conditionsReset")), &t->resets,
                    err) < 0)
        return err_wrap(err, "template");
    if (t->action.has_idle_retry)
        log_warn(NULL, "retryStrategy has no effect without atLeastOnce",
                 LOG_STR(NAMESPACE, s->ns), LOG_STR(SENSOR, s->name),
                 LOG_STR(TRIGGER, t->action.name));
    return condition_parse(s->arena, json_get_str(t->action.template, STR("conditions")),
                           s->dependencies.names, s->dependencies.len, &t->condition, err);
}

static struct sensor_counts find_counts(const struct sensor *s, struct str trigger)
{
    struct metrics *m = s->c->options.metrics;
    const struct str labels[] = {s->ns, s->name, trigger};

    return (struct sensor_counts){
        .triggered = metric_of(m, METRIC_EVENTS_ACTION_TRIGGERED, labels),
        .failed = metric_of(m, METRIC_EVENTS_ACTION_FAILED, labels),
        .retries_failed = metric_of(m, METRIC_EVENTS_ACTION_RETRIES_FAILED, labels),
        .duration = metric_of(m, METRIC_EVENTS_ACTION_DURATION, labels)};
}

static int start_trigger(struct sensor *s, struct sensor_trigger *t, const struct json *v,
                         struct err *err)
{
    struct sensor_controller *c = s->c;
    VEC(struct bus_subject) subjects = {0};
    struct bus_consumer_options options = {.ns = s->space, .ctx = t, .deliver = on_deliver};

    t->sensor = s;
    list_init(&t->firings);
    list_init(&t->waiting);
    t->kept = ARENA_ARRAY(s->arena, struct kept, s->dependencies.len + 1);
    if (read_trigger(t, v, err) < 0)
        return -1;
    t->counts = find_counts(s, t->action.name);
    if (t->dead_letter)
        t->dead_letter_counts = find_counts(s, t->dead_letter->name);
    for (size_t i = 0; i < s->dependencies.len; i++)
        VEC_APUSH(
            s->arena, &subjects,
            ((struct bus_subject){s->dependencies.at[i].source, s->dependencies.at[i].event}));
    options.subjects = subjects.at;
    options.subject_count = subjects.len;
    options.name = str_printf(s->arena, STR_FMT "/" STR_FMT "/" STR_FMT, STR_ARG(s->ns),
                              STR_ARG(s->name), STR_ARG(t->action.name));
    sensor_resets_begin(t);
    t->consumer = bus_consumer_open(c->options.bus, &options, err);
    return t->consumer ? 0 : -1;
}

static int start_sensor(struct sensor *s, const struct json *spec, struct err *err)
{
    const struct json *list = json_get(spec, STR("triggers"));
    struct str account = json_str(json_path(spec, "template", "serviceAccountName", NULL));
    size_t count = json_is(list, JSON_ARRAY) ? list->count : 0, bad = 0;

    s->account = str_is_none(account) ? STR("") : str_copy(s->arena, account);
    s->space = bus_space(s->arena, s->ns, json_get_str(spec, STR("eventBusName")));
    if (match_dependencies_read(s->arena, json_get(spec, STR("dependencies")), &s->dependencies,
                                err) < 0)
        return -1;
    s->programs = ARENA_ARRAY(s->arena, struct programs *, s->dependencies.len + 1);
    for (size_t i = 0; i < s->dependencies.len; i++)
        s->programs[i] = programs_new(s->dependencies.at[i].spec);
    if (count == 0)
        return err_set(err, ERR_INVALID, "spec.triggers: no triggers found");
    s->triggers = ARENA_ARRAY(s->arena, struct sensor_trigger, count);
    for (size_t i = 0; i < count; i++) {
        struct err wrong;

        s->trigger_count = i + 1;
        if (start_trigger(s, &s->triggers[i], json_item(list, i), &wrong) == 0)
            continue;
        if (bad++ == 0) { /* the others run; the first fault is told */
            *err = wrong;
            err_wrap(err, "spec.triggers[%zu]", i);
        }
    }
    return bad == 0 ? 0 : -1;
}

/* ---- life ---- */

static void stop_sensor(struct sensor *s)
{
    for (size_t i = 0; i < s->trigger_count; i++) {
        bus_consumer_close(TAKE(s->triggers[i].consumer));
        timer_free(TAKE(s->triggers[i].reset_timer));
        sensor_firings_leave(&s->triggers[i]);
        for (size_t k = 0; k < s->dependencies.len; k++)
            sensor_drop_kept(&s->triggers[i], &s->triggers[i].kept[k]);
    }
    for (size_t i = 0; i < s->dependencies.len; i++)
        programs_free(s->programs[i]);
    s->trigger_count = 0;
    s->dependencies = (struct match_dependencies){0};
    if (s->arena)
        arena_free(TAKE(s->arena));
}

static void sensor_free(struct sensor *s)
{
    stop_sensor(s);
    store_object_unref(s->object);
    free((char *) (uintptr_t) s->key.ptr);
    free(s);
}

/* The condition that tells what nobody gives; it is there only then. */
static const char unfed_condition[] = "EventsProvided";

static struct json status_condition(struct arena *a, const char *type, const char *message)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("type"), json_string(str_from(type)));
    json_add(a, &b, STR("status"), json_string(message[0] ? STR("False") : STR("True")));
    json_add_str(a, &b, STR("message"), str_from(message));
    return json_object(&b);
}

static void write_status(struct sensor *s, const struct json *doc)
{
    struct store *store = s->c->options.store;
    struct store_txn *txn = store_txn_new(store);
    struct arena *a = store_txn_arena(txn);
    struct json_array_builder list = {0};
    struct json made;
    struct err err;

    json_push(a, &list, status_condition(a, "DependenciesProvided", s->message));
    json_push(a, &list, status_condition(a, "Deployed", s->message));
    if (s->unfed[0])
        json_push(a, &list, status_condition(a, unfed_condition, s->unfed));
    if (s->is_paused)
        json_push(a, &list, status_condition(a, "Paused", ""));
    made = json_set_path(a, doc, json_array(&list), "status", "conditions", NULL);
    store_txn_update(txn, &made, s->object->rv);
    store_commit(store, txn, NULL, NULL, &err);
}

/* What the status says of it now. */
static struct str told_unfed(const struct json *doc)
{
    const struct json *list = json_path(doc, "status", "conditions", NULL), *c;

    for (size_t i = 0; (c = json_item(list, i)) != NULL; i++)
        if (str_is(json_get_str(c, STR("type")), unfed_condition))
            return json_get_str(c, STR("message"));
    return STR("");
}

void sensor_tell_unfed(struct sensor *s, struct str text)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc;
    struct err err;

    text = str_head(text, text.len < sizeof(s->unfed) ? text.len : sizeof(s->unfed) - 1);
    if (!str_is(text, s->unfed) && text.len > 0)
        log_warn(NULL, "a sensor waits for an event that nobody gives",
                 LOG_STR(NAMESPACE, s->ns), LOG_STR(SENSOR, s->name), LOG_STR(ERROR, text));
    snprintf(s->unfed, sizeof(s->unfed), STR_FMT, STR_ARG(text));
    if (text.len == 0 && str_find(s->object->doc, str_from(unfed_condition)) == SIZE_MAX)
        return;
    if (json_parse(a, s->object->doc, &doc, &err) == 0 && !str_eq(told_unfed(&doc), text))
        write_status(s, &doc);
}

static struct sensor *find_or_make(struct sensor_controller *c,
                                   const struct store_object *object)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str key =
        str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(object->key.ns), STR_ARG(object->key.name));
    struct sensor *s = map_find(&c->sensors, key);

    if (s)
        return s;
    s = NEW(struct sensor);
    s->c = c;
    s->key = str_of(mem_dup(key.ptr, key.len), key.len);
    s->ns = str_head(s->key, object->key.ns.len);
    s->name = str_skip(s->key, object->key.ns.len + 1);
    map_put(&c->sensors, key, s);
    return s;
}

/* Cursors wait where they are: what comes meanwhile is delivered afterwards. */
static void pause_or_go_on(struct sensor *s)
{
    for (size_t i = 0; i < s->trigger_count; i++) {
        if (!s->triggers[i].consumer)
            continue;
        if (s->is_paused)
            bus_consumer_pause(s->triggers[i].consumer);
        else
            bus_consumer_resume(s->triggers[i].consumer);
    }
    if (!s->is_paused)
        sensor_letters_look(s->c);
}

static void begin(struct sensor *s, const struct json *doc, const struct json *spec,
                  struct str text)
{
    struct json *own;
    struct err err;

    stop_sensor(s);
    s->arena = arena_new();
    s->spec = str_copy(s->arena, text);
    own = ARENA_NEW(s->arena, struct json);
    *own = json_clone(s->arena, spec);
    s->message[0] = '\0';
    if (start_sensor(s, own, &err) < 0) {
        log_error(NULL, "a sensor does not run as a whole", LOG_STR(NAMESPACE, s->ns),
                  LOG_STR(SENSOR, s->name), LOG_ERR(&err));
        snprintf(s->message, sizeof(s->message), "%.*s", (int) sizeof(s->message) - 1,
                 err.text);
    } else {
        log_info(NULL, "sensor runs", LOG_STR(NAMESPACE, s->ns), LOG_STR(SENSOR, s->name));
    }
    pause_or_go_on(s);
    write_status(s, doc);
}

/* A deleted sensor's cursors are forgotten: one of the same name begins anew. */
static void remove_sensor(struct sensor *s)
{
    struct sensor_controller *c = s->c;
    _cleanup_arena_ struct arena *a = arena_new();
    VEC(struct str) names = {0};
    struct err err;

    for (size_t i = 0; i < s->trigger_count; i++)
        VEC_APUSH(a, &names,
                  str_printf(a, STR_FMT "/" STR_FMT "/" STR_FMT, STR_ARG(s->ns),
                             STR_ARG(s->name), STR_ARG(s->triggers[i].action.name)));
    map_take(&c->sensors, s->key);
    sensor_free(s);
    VEC_FOREACH (it, &names)
        if (bus_consumer_drop(c->options.bus, *it, &err) < 0)
            log_warn(NULL, "a cursor could not be dropped", LOG_ERR(&err));
}

static void on_change(void *ctx, const struct store_event *event)
{
    struct sensor *s = find_or_make(ctx, event->object);
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *spec;
    struct json doc, none = json_null();
    struct err err;
    struct str text;
    bool was_paused = s->is_paused;

    if (event->type == STORE_DELETED) {
        remove_sensor(s);
        return;
    }
    store_object_unref(s->object);
    s->object = store_object_ref(event->object);
    sensor_origins_look(s->c);
    if (json_parse(a, event->object->doc, &doc, &err) < 0)
        return;
    spec = json_get(&doc, STR("spec"));
    if (!spec)
        spec = &none;
    text = json_text(a, spec, 0);
    s->is_paused = object_is_paused(&doc);
    if (!s->arena || !str_eq(s->spec, text)) {
        begin(s, &doc, spec, text);
    } else if (s->is_paused != was_paused) {
        log_info(NULL, s->is_paused ? "sensor pauses" : "sensor goes on",
                 LOG_STR(NAMESPACE, s->ns), LOG_STR(SENSOR, s->name));
        pause_or_go_on(s);
        write_status(s, &doc);
    }
}

struct sensor_controller *sensor_controller_new(const struct sensor_controller_options *options,
                                                struct err *err)
{
    struct sensor_controller *c = NEW(struct sensor_controller);

    (void) err;
    c->options = *options;
    return c;
}

int sensor_controller_start(struct sensor_controller *c, struct err *err)
{
    const struct store_follow what = {
        .store = c->options.store,
        .loop = c->options.loop,
        .query = {.group = STR("argoproj.io"), .kind = STR("Sensor")},
        .fn = on_change,
        .ctx = c};

    if (sensor_letters_open(c, err) < 0)
        return -1;
    sensor_origins_start(c);
    c->follower = store_follow(&what);
    return 0;
}

void sensor_controller_stop(struct sensor_controller *c)
{
    store_follow_end(TAKE(c->follower));
    sensor_origins_stop(c);
    while (c->sensors.len > 0) {
        struct sensor *s = c->sensors.entries[0].value;

        map_take(&c->sensors, s->key);
        sensor_free(s);
    }
    while (c->firings > 0)
        loop_run_once(c->options.loop, 10);
}

void sensor_controller_free(struct sensor_controller *c)
{
    if (!c)
        return;
    sensor_letters_close(c);
    map_done(&c->sensors);
    free(c);
}
