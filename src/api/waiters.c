/*
 * Why nothing became of an event: which sensors wait for it and have not taken it, or that none
 * does, with what comes near. Read from the objects as they are now; any thread.
 */
#include "api/api_internal.h"

#include "formats/gotime.h"
#include "objects/object.h"

/* What is told of sensors that wait for other events stops here. */
enum { NEAR_MAX = 3 };

struct look {
    struct arena *a;
    const struct bus_record *r;
    struct str ns;
    struct str found; /* sensors that wait for it, with what keeps them, or "" */
    struct str near;  /* what others wait for, or "" */
    size_t near_count;
};

static void add(struct look *l, struct str *to, struct str text)
{
    *to = str_printf(l->a, STR_FMT "%s" STR_FMT, STR_ARG(*to), to->len > 0 ? "; " : "",
                     STR_ARG(text));
}

/* What keeps a sensor from an event that it waits for. */
static const char *hindrance(const struct look *l, const struct json *sensor)
{
    struct wall made;
    struct err ignored;
    struct str text = json_str(json_path(sensor, "metadata", "creationTimestamp", NULL));

    if (object_is_paused(sensor))
        return "is paused";
    if (gotime_parse_wall(text, &made, &ignored) == 0 && made.ms > l->r->stored.ms)
        return "was made after it";
    return "has not come to it yet, or has no trigger that uses this dependency";
}

static void look_at(struct look *l, const struct json *sensor)
{
    const struct json *list = json_path(sensor, "spec", "dependencies", NULL), *d;
    struct str bus = json_str(json_path(sensor, "spec", "eventBusName", NULL));
    struct str name = object_name(sensor);
    bool is_same_bus = str_eq(bus_space(l->a, l->ns, bus), l->r->ns);

    for (size_t i = 0; (d = json_item(list, i)) != NULL; i++) {
        struct str source = json_get_str(d, STR("eventSourceName"));
        struct str event = json_get_str(d, STR("eventName"));
        bool is_event = str_eq(event, l->r->event), is_source = str_eq(source, l->r->source);

        if (is_event && is_source && is_same_bus)
            add(l, &l->found,
                str_printf(l->a, "sensor " STR_FMT " %s", STR_ARG(name), hindrance(l, sensor)));
        else if (is_event && is_source)
            add(l, &l->near,
                str_printf(l->a, "sensor " STR_FMT " looks at event bus " STR_FMT,
                           STR_ARG(name), STR_ARG(str_is_none(bus) ? STR("default") : bus)));
        else if ((is_event || is_source) && l->near_count++ < NEAR_MAX)
            add(l, &l->near,
                str_printf(l->a, "sensor " STR_FMT " waits for " STR_FMT " " STR_FMT,
                           STR_ARG(name), STR_ARG(source), STR_ARG(event)));
    }
}

struct str waiters_note(struct api *api, struct arena *a, const struct bus_record *r)
{
    struct look l = {.a = a, .r = r};
    struct store_query q = {.group = STR("argoproj.io"), .kind = STR("Sensor")};
    struct str space = r->ns;
    struct store_list list;
    struct err err;

    str_cut(&space, '/', &l.ns);
    q.ns = l.ns;
    if (store_list(api->options.store, a, &q, &list, &err) < 0)
        return STR("");
    for (size_t i = 0; i < list.len; i++) {
        struct json doc;

        if (json_parse(a, str_copy(a, list.at[i]->doc), &doc, &err) == 0)
            look_at(&l, &doc);
    }
    store_list_done(&list);
    if (l.found.len > 0)
        return l.found;
    return str_printf(a,
                      "no sensor of namespace " STR_FMT
                      " has a dependency with eventSourceName " STR_FMT
                      " and eventName " STR_FMT "%s" STR_FMT,
                      STR_ARG(l.ns), STR_ARG(r->source), STR_ARG(r->event),
                      l.near.len > 0 ? "; " : "", STR_ARG(l.near));
}
