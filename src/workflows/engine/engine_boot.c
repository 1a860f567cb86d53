/*
 * What all workflows see of each other: their locks, as the stored Workflows hold them, and the
 * ConfigMaps, which a watch keeps up to date. Nothing is decided before both are read, so that
 * no lock is granted that a workflow which is not loaded yet holds.
 *
 * Loop thread, but for run_boot(), a job on a worker.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "formats/gotime.h"
#include "workflows/engine/engine_internal.h"

struct engine_map {
    struct arena *arena;
    struct json doc;
    int64_t rv;
};

/* ---- ConfigMaps ---- */

static struct str map_key(struct arena *a, const struct store_object *o)
{
    return str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(o->key.ns), STR_ARG(o->key.name));
}

static void drop_map(struct engine *e, struct str key)
{
    struct engine_map *map = map_take(&e->maps, key);

    if (map)
        arena_free(map->arena);
}

static void keep_map(struct engine *e, const struct store_object *o)
{
    struct arena *a = arena_new();
    struct engine_map *map = ARENA_NEW(a, struct engine_map);
    struct str key = map_key(a, o);
    struct err err;

    drop_map(e, key);
    map->arena = a;
    map->rv = o->rv;
    if (json_parse(a, str_copy(a, o->doc), &map->doc, &err) < 0)
        arena_free(a);
    else
        map_put(&e->maps, key, map);
}

static void on_map(void *ctx, const struct store_event *event)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct store_object *o = event->object;
    struct engine *e = ctx;

    if (!o || e->is_stopping)
        return;
    if (event->type == STORE_DELETED)
        drop_map(e, map_key(a, o));
    else
        keep_map(e, o);
    locks_touch(e->world.locks, str_printf(a, STR_FMT "/ConfigMap/" STR_FMT "/",
                                           STR_ARG(o->key.ns), STR_ARG(o->key.name)));
    locks_kick(e->world.locks);
}

static const struct json *find_map(void *ctx, struct str ns, struct str name)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct engine *e = ctx;
    struct engine_map *map =
        map_find(&e->maps, str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(ns), STR_ARG(name)));

    return map ? &map->doc : NULL;
}

static struct json new_cache(struct engine *e, struct arena *a, struct str ns, struct str name)
{
    struct random random = random_from_system();
    struct json doc = json_set(a, NULL, STR("apiVersion"), json_string(STR("v1")));

    doc = json_set(a, &doc, STR("kind"), json_string(STR("ConfigMap")));
    doc = json_set_path(a, &doc, json_string(name), "metadata", "name", NULL);
    doc = json_set_path(a, &doc, json_string(ns), "metadata", "namespace", NULL);
    doc = json_set_path(a, &doc, json_string(random_uuid(&random, a)), "metadata", "uid", NULL);
    doc = json_set_path(a, &doc, json_string(gotime_rfc3339(a, loop_wall(e->options.loop))),
                        "metadata", "creationTimestamp", NULL);
    return json_set_path(a, &doc, json_string(STR("Cache")), "metadata", "labels",
                         "workflows.argoproj.io/configmap-type", NULL);
}

/* All entries of one cache; @from is the first of them. */
static void add_cache(struct engine *e, struct store_txn *txn, struct str ns,
                      const struct wf_actions *actions, size_t from)
{
    struct arena *a = store_txn_arena(txn);
    struct str name = actions->memos[from].name;
    struct engine_map *map =
        map_find(&e->maps, str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(ns), STR_ARG(name)));
    struct json doc = map ? map->doc : new_cache(e, a, ns, name);

    for (size_t i = from; i < actions->memo_count; i++)
        if (str_eq(actions->memos[i].name, name))
            doc = json_set_path(a, &doc, json_string(actions->memos[i].entry), "data",
                                str_cz(a, actions->memos[i].key), NULL);
    if (map)
        store_txn_update(txn, &doc, map->rv);
    else
        store_txn_create(txn, &doc);
}

void engine_add_memos(struct engine *e, struct store_txn *txn, struct str ns,
                      const struct wf_actions *actions)
{
    for (size_t i = 0; i < actions->memo_count; i++) {
        bool is_first = true;

        for (size_t k = 0; k < i; k++)
            is_first = is_first && !str_eq(actions->memos[k].name, actions->memos[i].name);
        if (is_first)
            add_cache(e, txn, ns, actions, i);
    }
}

static struct store_query maps_query(void)
{
    return (struct store_query){.group = STR(""),
                                .kind = STR("ConfigMap"),
                                .ns = STR(""),
                                .name_prefix = STR(""),
                                .continue_token = STR("")};
}

static void watch_maps(struct engine *e, int64_t from_rv);

static void on_maps_end(void *ctx, const struct err *err)
{
    struct engine *e = ctx;

    log_error(NULL, "the watch of config maps has ended; starting another", LOG_ERR(err));
    e->maps_watch = NULL;
    watch_maps(e, 0);
}

static void watch_maps(struct engine *e, int64_t from_rv)
{
    const struct store_query q = maps_query();

    e->maps_watch = store_watch_open(e->options.store, &q, from_rv, on_map, on_maps_end, e);
}

/* ---- locks ---- */

static void wake_run(void *ctx, struct str uid)
{
    struct engine *e = ctx;
    struct engine_run *run = map_find(&e->runs, uid);

    if (run)
        run_wake(run);
}

static void restore(struct engine *e, const struct store_object *o)
{
    _cleanup_arena_ struct arena *a = NULL;
    struct json doc;
    struct err err;

    if (str_find(o->doc, STR("\"synchronization\"")) == SIZE_MAX)
        return;
    a = arena_new();
    if (json_parse(a, o->doc, &doc, &err) == 0)
        locks_restore(e->world.locks, &doc, LOCKS_AT_START);
}

/* ---- the start ---- */

struct boot {
    struct job job;
    struct engine *engine;
    struct arena *arena;
    struct store_list maps, workflows;
    bool is_read;
};

static void run_boot(struct job *job)
{
    struct boot *boot = CONTAINER_OF(job, struct boot, job);
    struct store *store = boot->engine->options.store;
    struct store_query q = maps_query();

    if (store_list(store, boot->arena, &q, &boot->maps, &job->err) < 0)
        return;
    q.group = STR("argoproj.io");
    q.kind = STR("Workflow");
    q.finished = STORE_UNFINISHED;
    boot->is_read = store_list(store, boot->arena, &q, &boot->workflows, &job->err) == 0;
}

static void on_booted(struct job *job)
{
    struct boot *boot = CONTAINER_OF(job, struct boot, job);
    struct engine *e = boot->engine;

    e->is_booting = false;
    if (e->is_stopping) {
        /* nothing is begun any more */
    } else if (boot->is_read) {
        for (size_t i = 0; i < boot->maps.len; i++)
            keep_map(e, boot->maps.at[i]);
        for (size_t i = 0; i < boot->workflows.len; i++)
            restore(e, boot->workflows.at[i]);
        watch_maps(e, boot->maps.rv);
        engine_watch(e);
    } else {
        log_error(NULL, "locks and config maps were not read; trying again",
                  LOG_ERR(&job->err));
        e->is_boot_due = true;
        engine_call_slow(e);
    }
    store_list_done(&boot->maps);
    store_list_done(&boot->workflows);
    arena_free(boot->arena);
}

void engine_boot(struct engine *e)
{
    struct arena *a = arena_new();
    struct boot *boot = ARENA_NEW(a, struct boot);
    struct err err;

    boot->arena = a;
    boot->engine = e;
    boot->job = (struct job){.run = run_boot, .done = on_booted, .class = JOB_BULK};
    e->is_booting = workers_submit(e->options.workers, &boot->job, &err) == 0;
    e->is_boot_due = !e->is_booting;
    if (e->is_booting)
        return;
    arena_free(a);
    engine_call_slow(e);
}

void engine_boot_init(struct engine *e)
{
    e->world.locks = locks_new(wake_run, e);
    e->world.ctx = e;
    e->world.config_map = find_map;
}

void engine_boot_free(struct engine *e)
{
    while (e->maps.len > 0)
        drop_map(e, e->maps.entries[0].key);
    map_done(&e->maps);
    locks_free(e->world.locks);
}
