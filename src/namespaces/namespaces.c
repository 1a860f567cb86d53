/* Which namespaces there are, and which of them end. See namespaces.h. Loop thread. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"
#include "namespaces/namespaces.h"
#include "objects/object.h"
#include "store/follow.h"

enum { FOLLOWED_MAX = 32 };

/* One namespace, whether it has a Namespace or is to get one. */
struct entry {
    struct arena *arena;
    struct str name;
    bool is_there;    /* its Namespace is */
    bool is_creating; /* its Namespace is on its way */
    bool is_ending;   /* Terminating */
    bool is_busy;     /* a worker empties it */
    bool is_due;      /* something has gone from it meanwhile */
};

struct namespaces {
    struct namespaces_options options;
    struct store_follower *own;                    /* of Namespaces */
    struct store_follower *followed[FOLLOWED_MAX]; /* of what is in them */
    size_t followed_count;
    struct map entries; /* name to struct entry */
    struct random random;
    struct timer *timer;
    unsigned under_way; /* jobs and commits */
    bool has_looked, is_looking, is_stopping;
};

/* A look at what there is, or the end of a namespace. */
struct work {
    struct job job;
    struct namespaces *n;
    struct arena *arena;
    struct str name;   /* of the namespace that ends */
    struct str *found; /* namespaces in use that are not listed */
    size_t found_count;
    int64_t rv; /* of the store, before the look */
    int result;
};

struct creation {
    struct namespaces *n;
    struct arena *arena;
    struct str name;
};

static struct entry *entry_of(struct namespaces *n, struct str name)
{
    struct entry *e = map_find(&n->entries, name);
    struct arena *a;

    if (e)
        return e;
    a = arena_new_sized(256);
    e = ARENA_NEW(a, struct entry);
    e->arena = a;
    e->name = str_copy(a, name);
    map_put(&n->entries, e->name, e);
    return e;
}

static void drop(struct namespaces *n, struct entry *e)
{
    map_take(&n->entries, e->name);
    arena_free(e->arena);
}

static void again(struct namespaces *n)
{
    if (!n->is_stopping)
        timer_start(n->timer, n->options.again_ms);
}

static struct work *work_new(struct namespaces *n, struct str name)
{
    struct arena *a = arena_new();
    struct work *w = ARENA_NEW(a, struct work);

    w->arena = a;
    w->n = n;
    w->name = str_copy(a, name);
    return w;
}

static bool submit(struct namespaces *n, struct work *w)
{
    struct err err;

    if (workers_submit(n->options.workers, &w->job, &err) == 0) {
        n->under_way++;
        return true;
    }
    arena_free(w->arena);
    again(n);
    return false;
}

/* ---- the beginning of one ---- */

static void on_created(void *ctx, const struct store_result *result, const struct err *err)
{
    struct creation *c = ctx;
    struct namespaces *n = c->n;
    struct entry *e = map_find(&n->entries, c->name);

    (void) result;
    n->under_way--;
    if (e)
        e->is_creating = false;
    if (err->kind != ERR_NONE && err->kind != ERR_EXISTS) {
        log_warn(NULL, "a namespace that is in use was not listed", LOG_STR(NAMESPACE, c->name),
                 LOG_ERR(err));
        again(n);
    }
    arena_free(c->arena);
}

static void create(struct namespaces *n, struct entry *e)
{
    const uint64_t bits[2] = {random_u64(&n->random), random_u64(&n->random)};
    struct store_txn *txn = store_txn_new(n->options.store);
    struct arena *a = store_txn_arena(txn), *own = arena_new_sized(256);
    struct creation *c = ARENA_NEW(own, struct creation);
    struct json doc = json_set(a, NULL, STR("apiVersion"), json_string(STR("v1")));
    struct json made;
    struct err err;

    *c = (struct creation){.n = n, .arena = own, .name = str_copy(own, e->name)};
    doc = json_set(a, &doc, STR("kind"), json_string(STR("Namespace")));
    doc = json_set_path(a, &doc, json_string(e->name), "metadata", "name", NULL);
    if (object_prepare(a, object_kind_find(STR("v1"), STR("Namespace")), &doc, STR(""),
                       loop_wall(n->options.loop).ms, (const uint8_t *) bits, &made,
                       &err) < 0) {
        log_warn(NULL, "a namespace that is in use was not listed", LOG_STR(NAMESPACE, e->name),
                 LOG_ERR(&err));
        store_txn_free(txn);
        arena_free(own);
        return;
    }
    store_txn_create(txn, &made);
    if (store_commit(n->options.store, txn, on_created, c, &err) < 0) {
        arena_free(own);
        again(n);
        return;
    }
    e->is_creating = true;
    n->under_way++;
}

static void see(struct namespaces *n, struct str name)
{
    struct entry *e = map_find(&n->entries, name);

    if (!e)
        create(n, entry_of(n, name));
}

/* ---- the end of one ---- */

static void run_end(struct job *job)
{
    struct work *w = CONTAINER_OF(job, struct work, job);

    job->err.kind = ERR_NONE;
    w->result = namespaces_empty(w->n->options.store, w->name, clock_wall(), &job->err);
}

static void begin_end(struct namespaces *n, struct entry *e);

static void on_end(struct job *job)
{
    struct work *w = CONTAINER_OF(job, struct work, job);
    struct namespaces *n = w->n;
    struct entry *e = map_find(&n->entries, w->name);

    n->under_way--;
    if (e)
        e->is_busy = false;
    if (w->result < 0 && job->err.kind != ERR_CONFLICT)
        log_error(NULL, "a namespace was not emptied", LOG_STR(NAMESPACE, w->name),
                  LOG_ERR(&job->err));
    if (e && e->is_ending && w->result != 0 && !n->is_stopping) {
        if (e->is_due && w->result == 1)
            begin_end(n, e);
        else
            again(n);
    }
    arena_free(w->arena);
}

static void begin_end(struct namespaces *n, struct entry *e)
{
    struct work *w;

    if (e->is_busy || n->is_stopping)
        return;
    w = work_new(n, e->name);
    w->job = (struct job){.run = run_end, .done = on_end};
    e->is_due = false;
    e->is_busy = submit(n, w);
}

/* ---- what is told ---- */

static void on_namespace(void *ctx, const struct store_event *event)
{
    struct namespaces *n = ctx;
    struct entry *e;

    if (!event->object || n->is_stopping)
        return;
    if (event->type == STORE_DELETED) {
        e = map_find(&n->entries, event->object->key.name);
        if (e)
            drop(n, e);
        return;
    }
    e = entry_of(n, event->object->key.name);
    e->is_there = true;
    if (e->is_ending || !str_is(event->object->phase, "Terminating"))
        return;
    e->is_ending = true;
    begin_end(n, e);
}

static void on_content(void *ctx, const struct store_event *event)
{
    struct namespaces *n = ctx;
    struct entry *e;

    if (!event->object || n->is_stopping)
        return;
    if (event->type != STORE_DELETED) {
        see(n, event->object->key.ns);
        return;
    }
    e = map_find(&n->entries, event->object->key.ns);
    if (e && e->is_ending) {
        e->is_due = true;
        begin_end(n, e);
    }
}

/* ---- the look at what there is ---- */

static void run_look(struct job *job)
{
    struct work *w = CONTAINER_OF(job, struct work, job);

    job->err.kind = ERR_NONE;
    w->rv = store_rv(w->n->options.store);
    w->result =
        store_namespaces(w->n->options.store, w->arena, &w->found, &w->found_count, &job->err);
}

static void follow_contents(struct namespaces *n, int64_t from_rv)
{
    size_t count;
    const struct object_kind *all = object_kinds(&count);

    for (size_t i = 0; i < count && n->followed_count < FOLLOWED_MAX; i++) {
        const struct store_follow what = {
            .store = n->options.store,
            .loop = n->options.loop,
            .query = {.group = str_from(all[i].group), .kind = str_from(all[i].kind)},
            .from_rv = from_rv,
            .fn = on_content,
            .ctx = n};

        if (all[i].is_namespaced && !all[i].is_unbuilt)
            n->followed[n->followed_count++] = store_follow(&what);
    }
}

static void on_looked(struct job *job)
{
    struct work *w = CONTAINER_OF(job, struct work, job);
    struct namespaces *n = w->n;

    n->under_way--;
    n->is_looking = false;
    if (n->is_stopping) {
        arena_free(w->arena);
        return;
    }
    if (w->result < 0) {
        again(n);
        arena_free(w->arena);
        return;
    }
    n->has_looked = true;
    for (size_t i = 0; i < w->found_count; i++)
        see(n, w->found[i]);
    follow_contents(n, w->rv);
    arena_free(w->arena);
}

static void look(struct namespaces *n)
{
    struct work *w;

    if (n->is_looking)
        return;
    w = work_new(n, STR(""));
    w->job = (struct job){.run = run_look, .done = on_looked};
    n->is_looking = submit(n, w);
}

static void on_timer(void *ctx)
{
    struct namespaces *n = ctx;

    if (!n->has_looked)
        look(n);
    MAP_FOREACH (it, &n->entries) {
        struct entry *e = it->value;

        if (e->is_ending)
            begin_end(n, e);
        else if (!e->is_there && !e->is_creating)
            create(n, e);
    }
}

/* ---- life ---- */

struct namespaces *namespaces_new(const struct namespaces_options *options)
{
    struct namespaces *n = NEW(struct namespaces);

    n->options = *options;
    if (n->options.again_ms == 0)
        n->options.again_ms = NAMESPACES_AGAIN_MS;
    n->random = random_from_system();
    n->timer = timer_new(options->loop, on_timer, n);
    return n;
}

void namespaces_start(struct namespaces *n)
{
    const struct store_follow what = {.store = n->options.store,
                                      .loop = n->options.loop,
                                      .query = {.group = STR(""), .kind = STR("Namespace")},
                                      .fn = on_namespace,
                                      .ctx = n};

    loop_assert(n->options.loop);
    n->own = store_follow(&what);
    look(n);
}

void namespaces_stop(struct namespaces *n)
{
    n->is_stopping = true;
    store_follow_end(TAKE(n->own));
    while (n->followed_count > 0)
        store_follow_end(TAKE(n->followed[--n->followed_count]));
    timer_stop(n->timer);
    while (n->under_way > 0)
        loop_run_once(n->options.loop, 10);
}

void namespaces_free(struct namespaces *n)
{
    if (!n)
        return;
    while (n->entries.len > 0)
        drop(n, n->entries.entries[0].value);
    map_done(&n->entries);
    timer_free(n->timer);
    free(n);
}
