/*
 * The controller of ttlStrategy and retentionPolicy: what falls due when, and its deletion. See
 * ttl.h. Loop thread.
 */
#include <stdlib.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "formats/gotime.h"
#include "store/follow.h"
#include "workflows/ttl/retention.h"
#include "workflows/ttl/ttl.h"

#define TTL_NEVER_MS    INT64_MAX
#define ARCHIVING_LABEL "workflows.argoproj.io/workflow-archiving-status"

struct ttl_entry {
    struct arena *arena;
    struct store_key key;
    struct str uid;
    int64_t due_ms, rv;
    struct retention_item kept;
    bool is_leaving; /* a deletion is under way */
};

struct ttl_controller {
    struct ttl_options options;
    struct store_follower *follower;
    struct map entries; /* uid to struct ttl_entry */
    struct config_retention policy;
    struct retention retention; /* empty without a policy */
    struct timer *timer;
    int64_t armed_ms; /* what the timer waits for; 0: nothing */
    unsigned under_way;
    bool is_stopping;
};

struct ttl_deletion {
    struct ttl_controller *controller;
    struct arena *arena;
    struct str uid;
    int64_t rv; /* that it was to have */
};

/* ---- when ---- */

static const struct json *strategy_of(const struct json *doc)
{
    const struct json *own = json_path(doc, "spec", "ttlStrategy", NULL);

    return own ? own
               : json_path(doc, "status", "storedWorkflowTemplateSpec", "ttlStrategy", NULL);
}

/* One that finalizers hold up is deleted already; one that waits for the archive must stay. */
static bool is_held(const struct json *doc)
{
    return json_path(doc, "metadata", "deletionTimestamp", NULL) ||
           str_is(json_str(json_path(doc, "metadata", "labels", ARCHIVING_LABEL, NULL)),
                  "Pending");
}

int64_t ttl_due_of(const struct json *doc)
{
    const struct json *strategy = strategy_of(doc), *status = json_get(doc, STR("status"));
    struct str phase = json_get_str(status, STR("phase"));
    struct wall end = {0};
    int64_t seconds = 0;
    struct err err;

    if (is_held(doc) || !strategy ||
        gotime_parse_wall(json_get_str(status, STR("finishedAt")), &end, &err) < 0)
        return 0;
    if (!(str_is(phase, "Failed") &&
          json_i64(json_get(strategy, STR("secondsAfterFailure")), &seconds)) &&
        !(str_is(phase, "Succeeded") &&
          json_i64(json_get(strategy, STR("secondsAfterSuccess")), &seconds)) &&
        !json_i64(json_get(strategy, STR("secondsAfterCompletion")), &seconds))
        return 0;
    /* The times of a status have whole seconds. */
    return seconds > INT64_MAX / 1000 - end.ms / 1000 - 1 ? 0 : end.ms + (seconds + 1) * 1000;
}

/* ---- what there is ---- */

static void drop(struct ttl_controller *c, struct ttl_entry *e)
{
    map_take(&c->entries, e->uid);
    retention_take(&c->retention, &e->kept);
    arena_free(e->arena);
}

static void arm(struct ttl_controller *c, int64_t at_ms)
{
    int64_t wait_ms = at_ms - loop_wall(c->options.loop).ms;

    if (c->armed_ms != 0 && c->armed_ms <= at_ms)
        return;
    c->armed_ms = at_ms;
    /* The clock may be set while we sleep. */
    timer_start(c->timer, wait_ms < 0                 ? 0
                          : wait_ms > TTL_WAKE_MAX_MS ? TTL_WAKE_MAX_MS
                                                      : (uint64_t) wait_ms);
}

/* What an ended workflow's document says. */
struct ttl_look {
    int64_t due_ms; /* TTL_NEVER_MS: never */
    struct retention_item kept;
};

static struct ttl_look look_at(const struct ttl_controller *c, const struct store_object *o)
{
    struct ttl_look look = {.due_ms = TTL_NEVER_MS, .kept.phase = RETENTION_NONE};
    _cleanup_arena_ struct arena *a = NULL;
    struct json doc;
    struct wall end;
    struct err err;

    if (!o->is_finished ||
        (!c->policy.is_on && str_find(o->doc, STR("\"ttlStrategy\"")) == SIZE_MAX))
        return look;
    a = arena_new();
    if (json_parse(a, o->doc, &doc, &err) < 0)
        return look;
    look.due_ms = ttl_due_of(&doc);
    if (look.due_ms == 0)
        look.due_ms = TTL_NEVER_MS;
    if (c->policy.is_on && !is_held(&doc) &&
        gotime_parse_wall(json_str(json_path(&doc, "status", "finishedAt", NULL)), &end,
                          &err) == 0)
        look.kept = (struct retention_item){.phase = retention_phase_of(o->phase),
                                            .finished_ms = end.ms,
                                            .created_ms = o->created.ms};
    return look;
}

static struct ttl_entry *entry_new(struct ttl_controller *c, const struct store_object *o)
{
    struct arena *a = arena_new();
    struct ttl_entry *e = ARENA_NEW(a, struct ttl_entry);

    e->arena = a;
    e->uid = str_copy(a, o->uid);
    e->key = (struct store_key){str_copy(a, o->key.group), str_copy(a, o->key.kind),
                                str_copy(a, o->key.ns), str_copy(a, o->key.name)};
    map_put(&c->entries, e->uid, e);
    return e;
}

/* Those that are too many fall due at once. */
static void trim(struct ttl_controller *c, enum retention_phase phase)
{
    const size_t limits[] = {c->policy.succeeded, c->policy.failed, c->policy.errored};
    int64_t now_ms = loop_wall(c->options.loop).ms;
    struct retention_item *item;

    if (phase == RETENTION_NONE)
        return;
    while ((item = retention_surplus(&c->retention, phase, limits[phase])) != NULL) {
        CONTAINER_OF(item, struct ttl_entry, kept)->due_ms = now_ms;
        arm(c, now_ms);
    }
}

static void see(struct ttl_controller *c, const struct store_object *o)
{
    struct ttl_entry *e = map_find(&c->entries, o->uid);
    struct ttl_look look = look_at(c, o);

    if (look.due_ms == TTL_NEVER_MS && look.kept.phase == RETENTION_NONE) {
        if (e)
            drop(c, e);
        return;
    }
    if (!e)
        e = entry_new(c, o);
    retention_take(&c->retention, &e->kept);
    e->rv = o->rv;
    e->due_ms = look.due_ms;
    e->kept = look.kept;
    e->kept.uid = e->uid;
    retention_put(&c->retention, &e->kept);
    if (e->due_ms != TTL_NEVER_MS)
        arm(c, e->due_ms);
    trim(c, e->kept.phase);
}

static void on_change(void *ctx, const struct store_event *event)
{
    struct ttl_controller *c = ctx;
    struct ttl_entry *e;

    if (!event->object || c->is_stopping)
        return;
    if (event->type != STORE_DELETED) {
        see(c, event->object);
        return;
    }
    e = map_find(&c->entries, event->object->uid);
    if (e)
        drop(c, e);
}

/* ---- deletion ---- */

/* On a conflict it was changed: the watch has told it already, or will. */
static void on_deleted(void *ctx, const struct store_result *result, const struct err *err)
{
    struct ttl_deletion *d = ctx;
    struct ttl_controller *c = d->controller;
    struct ttl_entry *e = map_find(&c->entries, d->uid);

    (void) result;
    c->under_way--;
    if (e)
        e->is_leaving = false;
    if (err->kind != ERR_NONE && err->kind != ERR_NOT_FOUND && err->kind != ERR_CONFLICT) {
        log_error(NULL, "a workflow whose time is over was not deleted", LOG_ERR(err));
        if (e && !c->is_stopping)
            arm(c, loop_wall(c->options.loop).ms + TTL_AGAIN_MS);
    }
    if (e && err->kind == ERR_CONFLICT && !c->is_stopping && e->rv > d->rv &&
        e->due_ms != TTL_NEVER_MS)
        arm(c, e->due_ms);
    arena_free(d->arena);
}

static void expire(struct ttl_controller *c, struct ttl_entry *e)
{
    struct store_txn *txn = store_txn_new(c->options.store);
    struct arena *a = arena_new();
    struct ttl_deletion *d = ARENA_NEW(a, struct ttl_deletion);
    struct err err;

    d->controller = c;
    d->arena = a;
    d->uid = str_copy(a, e->uid);
    d->rv = e->rv;
    store_txn_delete(txn, &e->key, e->uid, e->rv);
    FAULT_POINT("ttl.delete.before");
    if (store_commit(c->options.store, txn, on_deleted, d, &err) < 0) {
        arena_free(a);
        arm(c, loop_wall(c->options.loop).ms + TTL_AGAIN_MS);
        return;
    }
    e->is_leaving = true;
    c->under_way++;
}

static void on_due(void *ctx)
{
    struct ttl_controller *c = ctx;
    int64_t now_ms = loop_wall(c->options.loop).ms;

    c->armed_ms = 0;
    MAP_FOREACH (it, &c->entries) {
        struct ttl_entry *e = it->value;

        if (e->is_leaving || e->due_ms == TTL_NEVER_MS)
            continue;
        if (e->due_ms > now_ms)
            arm(c, e->due_ms);
        else
            expire(c, e);
    }
}

/* ---- life ---- */

static void forget_all(struct ttl_controller *c)
{
    while (c->entries.len > 0)
        drop(c, c->entries.entries[0].value);
}

static void follow(struct ttl_controller *c)
{
    const struct store_follow what = {
        .store = c->options.store,
        .loop = c->options.loop,
        .query = {.group = STR("argoproj.io"), .kind = STR("Workflow")},
        .fn = on_change,
        .ctx = c};

    c->follower = store_follow(&what);
}

static bool is_same(const struct config_retention *a, const struct config_retention *b)
{
    return a->is_on == b->is_on && a->succeeded == b->succeeded && a->failed == b->failed &&
           a->errored == b->errored;
}

/* Another policy counts all that has ended, from the beginning. */
static void on_config(void *ctx)
{
    struct ttl_controller *c = ctx;
    _cleanup_config_ const struct config *config = config_get(c->options.config);

    if (c->is_stopping || is_same(&c->policy, &config->retention))
        return;
    c->policy = config->retention;
    if (!c->follower)
        return;
    store_follow_end(TAKE(c->follower));
    forget_all(c);
    follow(c);
}

struct ttl_controller *ttl_new(const struct ttl_options *options)
{
    struct ttl_controller *c = NEW(struct ttl_controller);

    c->options = *options;
    c->timer = timer_new(options->loop, on_due, c);
    on_config(c);
    config_on_change(options->config, on_config, c);
    return c;
}

void ttl_start(struct ttl_controller *c)
{
    loop_assert(c->options.loop);
    follow(c);
}

void ttl_stop(struct ttl_controller *c)
{
    c->is_stopping = true;
    store_follow_end(TAKE(c->follower));
    timer_stop(c->timer);
    while (c->under_way > 0)
        loop_run_once(c->options.loop, 10);
}

void ttl_free(struct ttl_controller *c)
{
    if (!c)
        return;
    forget_all(c);
    map_done(&c->entries);
    retention_done(&c->retention);
    timer_free(c->timer);
    free(c);
}
