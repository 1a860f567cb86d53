/*
 * What all workflows see of each other: their locks, as the stored Workflows hold them, and
 * ConfigMaps and claims, which watches keep up to date (engine_mirror.c). Nothing is decided
 * before both are read, so that no lock is granted that a workflow which is not loaded yet
 * holds.
 *
 * Loop thread, but for run_boot(), a job on a worker.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "formats/gotime.h"
#include "store/sync_limits.h"
#include "workflows/engine/engine_internal.h"

/* ---- ConfigMaps and claims ---- */

static void on_map_changed(struct engine *e, struct str ns, struct str name)
{
    _cleanup_arena_ struct arena *a = arena_new();

    locks_touch(e->world.locks,
                str_printf(a, STR_FMT "/ConfigMap/" STR_FMT "/", STR_ARG(ns), STR_ARG(name)));
    locks_kick(e->world.locks);
}

/* "ns/key": the lock is "ns/Database/key". */
static void on_limit_changed(void *ctx, struct str name)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct engine *e = ctx;
    struct str key = name, ns;

    if (e->is_stopping || !str_cut(&key, '/', &ns))
        return;
    locks_touch(e->world.locks,
                str_printf(a, STR_FMT "/Database/" STR_FMT, STR_ARG(ns), STR_ARG(key)));
    locks_kick(e->world.locks);
}

static bool find_limit(void *ctx, struct str name, uint32_t *ret)
{
    return store_sync_limit_known(((struct engine *) ctx)->options.store, name, ret);
}

static const struct json *find_in(const struct engine_mirror *m, struct str ns, struct str name)
{
    const struct mirror_object *o = mirror_find(m, ns, name);

    return o ? &o->doc : NULL;
}

static const struct json *find_map(void *ctx, struct str ns, struct str name)
{
    return find_in(&((struct engine *) ctx)->maps, ns, name);
}

static const struct json *find_claim(void *ctx, struct str ns, struct str name)
{
    return find_in(&((struct engine *) ctx)->claims, ns, name);
}

/* Identity of what the engine makes beside a decision. */
static struct json with_identity(struct engine *e, struct arena *a, const struct json *doc,
                                 struct str ns)
{
    struct random random = random_from_system();
    struct json made = json_set_path(a, doc, json_string(ns), "metadata", "namespace", NULL);

    made =
        json_set_path(a, &made, json_string(random_uuid(&random, a)), "metadata", "uid", NULL);
    return json_set_path(a, &made, json_string(gotime_rfc3339(a, loop_wall(e->options.loop))),
                         "metadata", "creationTimestamp", NULL);
}

static struct json new_cache(struct engine *e, struct arena *a, struct str ns, struct str name)
{
    struct json doc = json_set(a, NULL, STR("apiVersion"), json_string(STR("v1")));

    doc = json_set(a, &doc, STR("kind"), json_string(STR("ConfigMap")));
    doc = json_set_path(a, &doc, json_string(name), "metadata", "name", NULL);
    doc = with_identity(e, a, &doc, ns);
    return json_set_path(a, &doc, json_string(STR("Cache")), "metadata", "labels",
                         "workflows.argoproj.io/configmap-type", NULL);
}

/* All entries of one cache; @from is the first of them. */
static void add_cache(struct engine *e, struct store_txn *txn, struct str ns,
                      const struct wf_actions *actions, size_t from)
{
    struct arena *a = store_txn_arena(txn);
    struct str name = actions->memos[from].name;
    const struct mirror_object *map = mirror_find(&e->maps, ns, name);
    struct json doc = map ? map->doc : new_cache(e, a, ns, name);

    for (size_t i = from; i < actions->memo_count; i++)
        if (str_eq(actions->memos[i].name, name))
            doc = json_set_path(a, &doc, json_string(actions->memos[i].entry), "data",
                                str_cz(a, actions->memos[i].key), NULL);
    if (map)
        store_txn_update(txn, &doc, map->rv);
    else
        store_txn_create_if_open(txn, &doc);
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

void engine_add_claims(struct engine *e, struct store_txn *txn, struct str ns,
                       const struct wf_actions *actions)
{
    struct arena *a = store_txn_arena(txn);

    for (size_t i = 0; i < actions->claim_count; i++) {
        const struct wf_claim_action *claim = &actions->claims[i];
        const struct mirror_object *there = mirror_find(&e->claims, ns, claim->name);
        const struct store_key key = {STR(""), STR("PersistentVolumeClaim"), ns, claim->name};
        struct json doc;

        if (claim->doc) {
            doc = with_identity(e, a, claim->doc, ns);
            store_txn_create_if_open(txn, &doc);
        } else if (there) {
            store_txn_delete(txn, &key, STR(""), 0);
        }
    }
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

/* ---- limits ---- */

static void on_admitted(void *ctx, struct admission_item *item)
{
    struct engine *e = ctx;

    if (!e->is_stopping)
        run_wake(CONTAINER_OF(item, struct engine_run, admission));
}

/* The limit that a namespace has by its label; what is no number is told and counts as none. */
static void on_space_changed(struct engine *e, struct str ns, struct str name)
{
    const struct json *doc = find_in(&e->spaces, ns, name);
    struct str text =
        json_str(json_path(doc, "metadata", "labels", ADMISSION_NAMESPACE_LABEL, NULL));
    int64_t limit = -1;

    if (!str_is_none(text) && (!parse_i64(text, &limit) || limit < 0)) {
        log_error(NULL, "the limit of a namespace must be a number, 0 or more",
                  LOG_STR(NAMESPACE, name), LOG_STR(KEY, text));
        limit = -1;
    }
    admission_limit_of(e->admission, name, limit);
}

uint64_t engine_wait_for_pod(struct engine *e)
{
    const struct config *c = e->world.config;
    struct mono now = clock_mono();

    if (!c->pod_rate.is_on)
        return 0;
    e->rate.tokens += (double) (now.ns - e->rate.at.ns) / 1e9 * c->pod_rate.per_second;
    e->rate.at = now;
    if (e->rate.tokens > c->pod_rate.burst)
        e->rate.tokens = c->pod_rate.burst;
    if (e->rate.tokens < 1)
        return (uint64_t) ((1 - e->rate.tokens) / c->pod_rate.per_second * 1000) + 1;
    e->rate.tokens -= 1;
    return 0;
}

/* ---- the start ---- */

struct boot {
    struct job job;
    struct engine *engine;
    struct arena *arena;
    struct store_list maps, claims, spaces, workflows;
    bool is_read;
};

static void run_boot(struct job *job)
{
    struct boot *boot = CONTAINER_OF(job, struct boot, job);
    struct store *store = boot->engine->options.store;
    struct store_query q = mirror_query(&boot->engine->claims);

    if (store_list(store, boot->arena, &q, &boot->claims, &job->err) < 0)
        return;
    q = mirror_query(&boot->engine->maps);
    if (store_list(store, boot->arena, &q, &boot->maps, &job->err) < 0)
        return;
    q = mirror_query(&boot->engine->spaces);
    if (store_list(store, boot->arena, &q, &boot->spaces, &job->err) < 0)
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
        mirror_start(&e->maps, &boot->maps);
        mirror_start(&e->claims, &boot->claims);
        mirror_start(&e->spaces, &boot->spaces);
        for (size_t i = 0; i < boot->spaces.len; i++)
            on_space_changed(e, boot->spaces.at[i]->key.ns, boot->spaces.at[i]->key.name);
        for (size_t i = 0; i < boot->workflows.len; i++)
            restore(e, boot->workflows.at[i]);
        engine_watch(e);
    } else {
        log_error(NULL, "locks and config maps were not read; trying again",
                  LOG_ERR(&job->err));
        e->is_boot_due = true;
        engine_call_slow(e);
    }
    store_list_done(&boot->maps);
    store_list_done(&boot->claims);
    store_list_done(&boot->spaces);
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

static void on_start(void *ctx)
{
    engine_boot(ctx);
}

void engine_start_boot(struct engine *e)
{
    uint64_t delay_ms = e->world.config->initial_delay_ms;

    if (delay_ms == 0) {
        engine_boot(e);
        return;
    }
    log_info(NULL, "workflows begin after the initial delay",
             LOG_I64(DURATION_MS, (int64_t) delay_ms));
    timer_start(e->start_timer, delay_ms);
}

/* The newest configuration, for all decisions from now on. */
static void on_config(void *ctx)
{
    struct engine *e = ctx;

    config_unref(e->world.config);
    e->world.config = config_get(e->options.config);
    admission_limit(e->admission, e->world.config->parallelism,
                    e->world.config->namespace_parallelism);
}

void engine_boot_init(struct engine *e)
{
    e->world.locks = locks_new(wake_run, e);
    e->admission = admission_new(on_admitted, e);
    e->estimates = estimates_new();
    e->start_timer = timer_new(e->options.loop, on_start, e);
    e->spaces = (struct engine_mirror){
        .engine = e, .kind = STR("Namespace"), .changed = on_space_changed};
    e->world.ctx = e;
    e->world.config_map = find_map;
    e->world.sync_limit = find_limit;
    store_sync_limits_watch(e->options.store, on_limit_changed, e);
    e->world.claim = find_claim;
    e->maps = (struct engine_mirror){
        .engine = e, .kind = STR("ConfigMap"), .changed = on_map_changed};
    e->claims = (struct engine_mirror){.engine = e, .kind = STR("PersistentVolumeClaim")};
    on_config(e);
    config_on_change(e->options.config, on_config, e);
}

void engine_boot_free(struct engine *e)
{
    store_sync_limits_watch(e->options.store, NULL, NULL);
    mirror_free(&e->maps);
    mirror_free(&e->claims);
    mirror_free(&e->spaces);
    timer_free(e->start_timer);
    admission_free(e->admission);
    estimates_free(e->estimates);
    locks_free(e->world.locks);
    config_unref(e->world.config);
}
