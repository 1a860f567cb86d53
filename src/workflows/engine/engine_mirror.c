/*
 * All objects of a kind in memory, as decisions look them up: read once at the start, then a
 * watch keeps them up to date. What changes between a look and the commit of what was decided
 * makes that commit fail, and the decision is made again. Loop thread.
 */
#include "store/follow.h"
#include "workflows/engine/engine_internal.h"

static struct str key_of(struct arena *a, struct str ns, struct str name)
{
    return str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(ns), STR_ARG(name));
}

const struct mirror_object *mirror_find(const struct engine_mirror *m, struct str ns,
                                        struct str name)
{
    _cleanup_arena_ struct arena *a = arena_new();

    return map_find(&m->objects, key_of(a, ns, name));
}

static void drop(struct engine_mirror *m, struct str key)
{
    struct mirror_object *object = map_take(&m->objects, key);

    if (object)
        arena_free(object->arena);
}

static void keep(struct engine_mirror *m, const struct store_object *o)
{
    struct arena *a = arena_new();
    struct mirror_object *object = ARENA_NEW(a, struct mirror_object);
    struct str key = key_of(a, o->key.ns, o->key.name);
    struct err err;

    drop(m, key);
    object->arena = a;
    object->rv = o->rv;
    if (json_parse(a, str_copy(a, o->doc), &object->doc, &err) < 0)
        arena_free(a);
    else
        map_put(&m->objects, key, object);
}

static void on_event(void *ctx, const struct store_event *event)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct store_object *o = event->object;
    struct engine_mirror *m = ctx;

    if (!o || m->engine->is_stopping)
        return;
    if (event->type == STORE_DELETED)
        drop(m, key_of(a, o->key.ns, o->key.name));
    else
        keep(m, o);
    if (m->changed)
        m->changed(m->engine, o->key.ns, o->key.name);
}

struct store_query mirror_query(const struct engine_mirror *m)
{
    return (struct store_query){.group = STR(""),
                                .kind = m->kind,
                                .ns = STR(""),
                                .name_prefix = STR(""),
                                .continue_token = STR("")};
}

void mirror_start(struct engine_mirror *m, const struct store_list *list)
{
    for (size_t i = 0; i < list->len; i++)
        keep(m, list->at[i]);
    m->follower = store_follow(&(const struct store_follow){.store = m->engine->options.store,
                                                            .loop = m->engine->options.loop,
                                                            .query = mirror_query(m),
                                                            .from_rv = list->rv,
                                                            .fn = on_event,
                                                            .ctx = m});
}

void mirror_stop(struct engine_mirror *m)
{
    store_follow_end(TAKE(m->follower));
}

void mirror_free(struct engine_mirror *m)
{
    while (m->objects.len > 0)
        drop(m, m->objects.entries[0].key);
    map_done(&m->objects);
}
