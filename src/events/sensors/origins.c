/* Which events the EventSource objects give. See origins.h. */
#include "events/sensors/origins.h"

#include "base/limits.h"
#include "base/mem.h"
#include "events/sensors/sensor_internal.h"
#include "objects/field.h"

/* ---- what they give ---- */

static struct str key_of(struct arena *a, struct str ns, struct str name)
{
    return str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(ns), STR_ARG(name));
}

void origins_put(struct map *sources, struct str ns, struct str name, const struct json *spec)
{
    _cleanup_arena_ struct arena *scratch = arena_new();
    struct str key = key_of(scratch, ns, name);
    struct origin *old = map_take(sources, key), *fresh;
    struct arena *a;

    if (old)
        arena_free(old->arena);
    if (!spec)
        return;
    a = arena_new();
    fresh = ARENA_NEW(a, struct origin);
    fresh->arena = a;
    fresh->spec = json_clone(a, spec);
    map_put(sources, key, fresh);
}

void origins_free_all(struct map *sources)
{
    MAP_FOREACH (it, sources)
        arena_free(((struct origin *) it->value)->arena);
    map_done(sources);
}

/* Members of the spec whose members are no events. */
static bool is_setting(struct str name)
{
    return str_is(name, "template") || str_is(name, "service");
}

/* The event of a source, or the nearest name among its events; both may be none. */
static bool gives(const struct origin *o, struct str event, struct str *near)
{
    unsigned least = UINT32_MAX;

    for (uint32_t i = 0; i < o->spec.count; i++) {
        const struct json *events = &o->spec.members[i].value;

        if (is_setting(o->spec.members[i].key) || !json_is(events, JSON_OBJECT))
            continue;
        for (uint32_t k = 0; k < events->count; k++) {
            unsigned farness = field_farness(event, events->members[k].key);

            if (str_eq(events->members[k].key, event))
                return true;
            if (farness < least) {
                least = farness;
                *near = events->members[k].key;
            }
        }
    }
    return false;
}

/* The name of another source of the namespace that may be meant, or "". */
static struct str near_source(const struct map *sources, struct str ns, struct str name)
{
    struct str near = STR("");
    unsigned least = UINT32_MAX;

    MAP_FOREACH (it, sources) {
        struct str rest = it->key, of;
        unsigned farness;

        if (!str_cut(&rest, '/', &of) || !str_eq(of, ns))
            continue;
        farness = field_farness(name, rest);
        if (farness < least) {
            least = farness;
            near = rest;
        }
    }
    return near;
}

static struct str with_near(struct arena *a, struct str text, struct str near)
{
    return near.len > 0 ? str_printf(a, STR_FMT ": did you mean \"" STR_FMT "\"?",
                                     STR_ARG(text), STR_ARG(near))
                        : text;
}

static struct str fault_of(struct arena *a, const struct map *sources, struct str ns,
                           struct str space, const struct match_dependency *d)
{
    const struct origin *o = map_find(sources, key_of(a, ns, d->source));
    struct str near = STR(""), bus;

    if (!o)
        return with_near(
            a, str_printf(a, "there is no event source \"" STR_FMT "\"", STR_ARG(d->source)),
            near_source(sources, ns, d->source));
    bus = json_get_str(&o->spec, STR("eventBusName"));
    if (!gives(o, d->event, &near))
        return with_near(a,
                         str_printf(a,
                                    "event source \"" STR_FMT "\" has no event \"" STR_FMT "\"",
                                    STR_ARG(d->source), STR_ARG(d->event)),
                         near);
    if (!str_eq(bus_space(a, ns, bus), space))
        return str_printf(
            a, "event source \"" STR_FMT "\" has another eventBusName than this sensor",
            STR_ARG(d->source));
    return STR("");
}

struct str origins_fault(struct arena *a, const struct map *sources, struct str ns,
                         struct str space, const struct match_dependencies *deps)
{
    for (size_t i = 0; i < deps->len; i++) {
        struct str text = fault_of(a, sources, ns, space, &deps->at[i]);

        if (text.len > 0)
            return str_printf(a, "spec.dependencies[%zu]: " STR_FMT, i, STR_ARG(text));
    }
    return STR("");
}

/* ---- following them ---- */

static void look(void *ctx)
{
    struct sensor_controller *c = ctx;

    MAP_FOREACH (it, &c->sensors) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct sensor *s = it->value;

        if (s->arena)
            sensor_tell_unfed(
                s, origins_fault(a, &c->origins.sources, s->ns, s->space, &s->dependencies));
    }
}

void sensor_origins_look(struct sensor_controller *c)
{
    if (c->origins.timer)
        timer_start(c->origins.timer, SENSOR_LOOK_MS);
}

static void on_change(void *ctx, const struct store_event *event)
{
    struct sensor_controller *c = ctx;
    const struct store_object *object = event->object;
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc, none = json_null();
    const struct json *spec;
    struct err err;

    if (json_parse(a, object->doc, &doc, &err) < 0)
        return;
    spec = json_get(&doc, STR("spec"));
    origins_put(&c->origins.sources, object->key.ns, object->key.name,
                event->type == STORE_DELETED ? NULL
                : spec                       ? spec
                                             : &none);
    sensor_origins_look(c);
}

void sensor_origins_start(struct sensor_controller *c)
{
    const struct store_follow what = {
        .store = c->options.store,
        .loop = c->options.loop,
        .query = {.group = STR("argoproj.io"), .kind = STR("EventSource")},
        .fn = on_change,
        .ctx = c};

    c->origins.timer = timer_new(c->options.loop, look, c);
    c->origins.follower = store_follow(&what);
}

void sensor_origins_stop(struct sensor_controller *c)
{
    store_follow_end(TAKE(c->origins.follower));
    timer_free(TAKE(c->origins.timer));
    origins_free_all(&c->origins.sources);
}
