/*
 * Firing a trigger: its template and resource with parameters put in, carried out on the loop
 * or on a worker, tried again while it may help, then settled.
 *
 * The events of a firing stay unacknowledged until it is settled, so a crash brings them again;
 * a firing is known by its mark (sensor, trigger, event ids), so an object that it made before
 * is found, not made twice. Both together hold with atLeastOnce true and false. Triggers with
 * atLeastOnce fire in order, the others up to FIRINGS_MAX at once, as upstream's goroutines do.
 * Errors that a later try may mend (the store's disk, a full queue) are tried again without
 * end; others are told in log and trace, and settle. Loop thread, but for run_firing().
 */
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "events/sensors/mark.h"
#include "events/sensors/params.h"
#include "events/sensors/sensor_internal.h"
#include "objects/shapes_events.h"

enum { RETRY_FIRST_MS = 100, RETRY_MAX_MS = 10000 };

struct firing {
    struct job job;
    struct sensor_controller *c;
    struct sensor_trigger *trigger; /* NULL: it went away */
    const struct trigger_driver *driver;
    struct arena *arena; /* owned: all below but the events */
    struct arena *try;   /* owned: what the last try made */
    struct trigger_request req;
    struct trigger_result result;
    struct kept *kept; /* taken from the trigger; owned */
    size_t kept_count;
    struct list link;    /* in trigger->firings or waiting */
    struct timer *timer; /* between tries */
    bool is_on_worker;
    uint64_t wait_ms;
};

/* One event may be kept for several dependencies: it is settled with the last. */
static bool is_kept_elsewhere(const struct sensor_trigger *t, const struct kept *k)
{
    for (size_t i = 0; i < t->sensor->dependencies.len; i++)
        if (&t->kept[i] != k && t->kept[i].arena && t->kept[i].seq == k->seq)
            return true;
    return false;
}

void sensor_drop_kept(struct sensor_trigger *t, struct kept *k)
{
    if (!k->arena)
        return;
    if (t->consumer && !is_kept_elsewhere(t, k))
        bus_ack(t->consumer, k->seq);
    arena_free(k->arena);
    *k = (struct kept){0};
}

/* ---- traces ---- */

static void add_trace(struct sensor_trigger *t, struct str event_id, const char *stage,
                      const struct json *detail, struct arena *a)
{
    struct bus_trace row = {.event_id = event_id, .stage = str_from(stage), .at = clock_wall()};

    row.subject =
        str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(t->sensor->name), STR_ARG(t->name));
    row.detail = json_text(a, detail, 0);
    bus_trace_add(t->sensor->c->options.bus, &row);
}

void sensor_trace(struct sensor_trigger *t, struct str event_id, const char *stage,
                  struct str result)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json_object_builder b = {0};
    struct json detail;

    json_add(a, &b, STR("result"), json_string(result));
    detail = json_object(&b);
    add_trace(t, event_id, stage, &detail, a);
}

static void trace_outcome(struct firing *f, const struct err *err)
{
    struct json_object_builder b = {0};
    struct json detail;

    json_add(f->arena, &b, err->kind ? STR("error") : STR("result"),
             json_string(err->kind ? str_from(err->text) : f->result.detail));
    json_add_str(f->arena, &b, STR("kind"), f->result.kind);
    json_add_str(f->arena, &b, STR("namespace"), f->result.ns);
    json_add_str(f->arena, &b, STR("name"), f->result.name);
    json_add_str(f->arena, &b, STR("uid"), f->result.uid);
    detail = json_object(&b);
    for (size_t i = 0; i < f->req.event_count; i++)
        add_trace(f->trigger, json_get_str(f->req.events[i].context, STR("id")), "trigger",
                  &detail, f->arena);
}

/* ---- the request ---- */

static const struct json *own_copy(struct arena *a, const struct json *v)
{
    struct json *made = ARENA_NEW(a, struct json);

    *made = json_clone(a, v);
    return made;
}

static int render_object(struct firing *f, const struct params_events *events, struct err *err)
{
    const struct json *resource = f->driver->ops->resource(f->req.template);
    struct json made;

    if (!json_is(resource, JSON_OBJECT))
        return err_set(err, ERR_INVALID, "template.%s.source.resource: is required",
                       f->driver->kind);
    /* those of the rendered template: its parameters may have changed them */
    if (params_apply_object(f->arena, resource,
                            json_path(f->req.template, f->driver->kind, "parameters", NULL),
                            events, &made, err) < 0)
        return err_wrap(err, "template.%s.parameters", f->driver->kind);
    f->req.resource = own_copy(f->arena, &made);
    return 0;
}

static int render_headers(struct firing *f, const struct params_events *events,
                          const struct json *list, struct err *err)
{
    size_t count = json_is(list, JSON_ARRAY) ? list->count : 0;
    struct trigger_header *made = ARENA_ARRAY(f->arena, struct trigger_header, count + 1);
    struct params_value value;

    for (size_t i = 0; i < count; i++) {
        if (params_resolve(f->arena, json_get(&list->items[i], STR("src")), events, &value,
                           err) < 0)
            return err_wrap(err, "dynamicHeaders[%zu]", i);
        if (str_is_none(value.text))
            return err_set(err, ERR_INVALID, "dynamicHeaders[%zu]: there is no such event", i);
        made[i] = (struct trigger_header){json_get_str(&list->items[i], STR("dest")),
                                          str_copy(f->arena, value.text)};
    }
    f->req.headers = made;
    f->req.header_count = count;
    return 0;
}

static int render_message(struct firing *f, const struct params_events *events, struct err *err)
{
    const struct json *part = json_get(f->req.template, str_from(f->driver->kind)),
                      *parameters = json_get(part, STR("parameters"));
    const struct params_shaped what = {f->driver->message, part,
                                       str_printf(f->arena, "template.%s", f->driver->kind)};
    struct json made = *part;

    if (parameters && params_apply_shaped(f->arena, &what, parameters, events, &made, err) < 0)
        return err_wrap(err, "template.%s.parameters", f->driver->kind);
    f->req.resource = own_copy(f->arena, &made);
    if (params_payload(f->arena, json_get(f->req.resource, STR("payload")), events,
                       &f->req.payload, err) < 0 ||
        render_headers(f, events, json_get(f->req.resource, STR("dynamicHeaders")), err) < 0)
        return err_wrap(err, "template.%s", f->driver->kind);
    return 0;
}

/* Template and resource with parameters put in; copies, because the sensor may go away. */
static int render(struct firing *f, struct err *err)
{
    struct sensor_trigger *t = f->trigger;
    const struct params_events events = {f->req.events, f->req.event_count};
    const struct params_shaped what = {&shape_trigger_template, t->template, STR("template")};
    struct json made = *t->template;

    if (t->parameters &&
        params_apply_shaped(f->arena, &what, t->parameters, &events, &made, err) < 0)
        return err_wrap(err, "parameters");
    f->req.template = own_copy(f->arena, &made);
    f->req.policy = t->policy ? own_copy(f->arena, t->policy) : NULL;
    if (f->driver->ops->resource)
        return render_object(f, &events, err);
    return f->driver->message ? render_message(f, &events, err) : 0;
}

static struct firing *firing_new(struct sensor_trigger *t)
{
    struct arena *a = arena_new();
    struct firing *f = ARENA_NEW(a, struct firing);
    size_t count = t->sensor->dependencies.len;
    struct trigger_event *events = ARENA_ARRAY(a, struct trigger_event, count + 1);

    f->arena = a;
    f->try = arena_new();
    f->c = t->sensor->c;
    f->trigger = t;
    f->driver = t->driver;
    f->kept = ARENA_ARRAY(a, struct kept, count + 1);
    list_init(&f->link);
    for (size_t i = 0; i < count; i++)
        if (t->kept[i].arena) {
            events[f->kept_count] = t->kept[i].event;
            events[f->kept_count].dependency = str_copy(a, t->kept[i].event.dependency);
            f->kept[f->kept_count++] = t->kept[i];
            t->kept[i] = (struct kept){0};
        }
    f->req = (struct trigger_request){.sensor = str_copy(a, t->sensor->name),
                                      .trigger = str_copy(a, t->name),
                                      .ns = str_copy(a, t->sensor->ns),
                                      .events = events,
                                      .event_count = f->kept_count};
    f->req.mark =
        mark_of_firing(a, t->sensor->object->uid, t->name, f->req.events, f->req.event_count);
    return f;
}

/* ---- settling ---- */

static void begin_firing(struct firing *f);

static void firing_free(struct firing *f)
{
    for (size_t i = 0; i < f->kept_count; i++)
        if (f->kept[i].arena)
            arena_free(f->kept[i].arena);
    timer_free(f->timer);
    list_remove(&f->link);
    arena_free(f->try);
    arena_free(f->arena);
}

static void settle(struct firing *f, const struct err *err)
{
    struct sensor_trigger *t = f->trigger;

    if (t && err->kind)
        log_error(NULL, "a trigger failed", LOG_STR(NAMESPACE, f->req.ns),
                  LOG_STR(SENSOR, f->req.sensor), LOG_STR(TRIGGER, f->req.trigger),
                  LOG_ERR(err));
    if (t) {
        trace_outcome(f, err);
        FAULT_POINT("sensor.settle.before");
        for (size_t i = 0; i < f->kept_count; i++)
            sensor_drop_kept(t, &f->kept[i]);
    }
    firing_free(f);
}

static void next_firing(struct sensor_trigger *t)
{
    size_t max = t->is_in_order ? 1 : FIRINGS_MAX;

    while (t->firing_count < max && !list_is_empty(&t->waiting))
        begin_firing(LIST_ENTRY(t->waiting.next, struct firing, link));
}

static void end_firing(struct firing *f, const struct err *err)
{
    struct sensor_trigger *t = f->trigger;

    settle(f, err);
    if (!t)
        return;
    t->firing_count--;
    next_firing(t);
}

/* ---- on a worker ---- */

static void carry_out(struct firing *f, struct err *err)
{
    arena_reset(f->try);
    f->driver->ops->fire(f->c->options.services, f->try, &f->req, &f->result, err);
}

static void run_firing(struct job *job)
{
    struct firing *f = CONTAINER_OF(job, struct firing, job);

    job->err.kind = ERR_NONE;
    FAULT_POINT("sensor.fire.before");
    carry_out(f, &job->err);
    FAULT_POINT("sensor.fire.after");
}

static void submit_firing(struct firing *f);

static void on_retry(void *ctx)
{
    submit_firing(ctx);
}

static void try_later(struct firing *f, const struct err *err)
{
    f->wait_ms = f->wait_ms == 0 ? RETRY_FIRST_MS : 2 * f->wait_ms;
    if (f->wait_ms > RETRY_MAX_MS)
        f->wait_ms = RETRY_MAX_MS;
    log_warn(NULL, "a trigger is tried again", LOG_STR(NAMESPACE, f->req.ns),
             LOG_STR(SENSOR, f->req.sensor), LOG_STR(TRIGGER, f->req.trigger), LOG_ERR(err));
    if (!f->timer)
        f->timer = timer_new(f->c->options.loop, on_retry, f);
    timer_start(f->timer, f->wait_ms);
}

static void on_fired(struct job *job)
{
    struct firing *f = CONTAINER_OF(job, struct firing, job);

    f->is_on_worker = false;
    f->c->firings--;
    if (!f->trigger)
        firing_free(f);
    else if (err_is_retryable(&job->err) && !f->driver->message)
        try_later(f, &job->err);
    else
        end_firing(f, &job->err);
}

static void submit_firing(struct firing *f)
{
    struct err err;

    f->job.run = run_firing;
    f->job.done = on_fired;
    if (workers_submit(f->c->options.workers, &f->job, &err) == 0) {
        f->is_on_worker = true;
        f->c->firings++;
        return;
    }
    try_later(f, &err);
}

/* ---- the interface ---- */

static void begin_firing(struct firing *f)
{
    struct sensor_trigger *t = f->trigger;
    struct err err = {0};

    list_remove(&f->link);
    list_append(&t->firings, &f->link);
    t->firing_count++;
    if (render(f, &err) < 0) {
        end_firing(f, &err);
    } else if (f->driver->place == TRIGGER_ON_WORKER) {
        submit_firing(f);
    } else {
        carry_out(f, &err);
        end_firing(f, &err);
    }
}

void sensor_fire(struct sensor_trigger *t)
{
    struct firing *f = firing_new(t);

    list_append(&t->waiting, &f->link);
    next_firing(t);
}

void sensor_firings_leave(struct sensor_trigger *t)
{
    LIST_FOREACH (f, &t->waiting, struct firing, link) {
        firing_free(f);
    }
    LIST_FOREACH (f, &t->firings, struct firing, link) {
        f->trigger = NULL;
        list_remove(&f->link);
        if (!f->is_on_worker)
            firing_free(f);
    }
}
