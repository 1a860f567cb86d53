/*
 * The controller of ttlStrategy: what falls due when, and its deletion. See ttl.h. Loop thread.
 */
#include <stdlib.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "formats/gotime.h"
#include "store/follow.h"
#include "workflows/ttl/ttl.h"

#define ARCHIVING_LABEL "workflows.argoproj.io/workflow-archiving-status"

struct ttl_entry {
    struct arena *arena;
    struct store_key key;
    struct str uid;
    int64_t due_ms, rv;
    bool is_leaving; /* a deletion is under way */
};

struct ttl_controller {
    struct ttl_options options;
    struct store_follower *follower;
    struct map entries; /* uid to struct ttl_entry */
    struct timer *timer;
    int64_t armed_ms; /* what the timer waits for; 0: nothing */
    unsigned under_way;
    bool is_stopping;
};

struct ttl_deletion {
    struct ttl_controller *controller;
    struct arena *arena;
    struct str uid;
};

/* ---- when ---- */

static const struct json *strategy_of(const struct json *doc)
{
    const struct json *own = json_path(doc, "spec", "ttlStrategy", NULL);

    return own ? own
               : json_path(doc, "status", "storedWorkflowTemplateSpec", "ttlStrategy", NULL);
}

int64_t ttl_due_of(const struct json *doc)
{
    const struct json *strategy = strategy_of(doc), *status = json_get(doc, STR("status"));
    struct str phase = json_get_str(status, STR("phase"));
    struct wall end = {0};
    int64_t seconds = 0;
    struct err err;

    /* One that finalizers hold up is deleted already; one that waits for the archive must stay.
     */
    if (json_path(doc, "metadata", "deletionTimestamp", NULL) ||
        str_is(json_str(json_path(doc, "metadata", "labels", ARCHIVING_LABEL, NULL)),
               "Pending"))
        return 0;
    if (!strategy || gotime_parse_wall(json_get_str(status, STR("finishedAt")), &end, &err) < 0)
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

static int64_t due_of_text(struct str text)
{
    _cleanup_arena_ struct arena *a = NULL;
    struct json doc;
    struct err err;

    if (str_find(text, STR("\"ttlStrategy\"")) == SIZE_MAX)
        return 0;
    a = arena_new();
    return json_parse(a, text, &doc, &err) < 0 ? 0 : ttl_due_of(&doc);
}

static void see(struct ttl_controller *c, const struct store_object *o)
{
    struct ttl_entry *e = map_find(&c->entries, o->uid);
    int64_t due_ms = o->is_finished ? due_of_text(o->doc) : 0;

    if (due_ms == 0) {
        if (e)
            drop(c, e);
        return;
    }
    if (!e) {
        struct arena *a = arena_new();

        e = ARENA_NEW(a, struct ttl_entry);
        e->arena = a;
        e->uid = str_copy(a, o->uid);
        e->key = (struct store_key){str_copy(a, o->key.group), str_copy(a, o->key.kind),
                                    str_copy(a, o->key.ns), str_copy(a, o->key.name)};
        map_put(&c->entries, e->uid, e);
    }
    e->rv = o->rv;
    e->due_ms = due_ms;
    arm(c, due_ms);
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

/* A conflict is told by the watch: it was changed, and is looked at again then. */
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

        if (e->is_leaving)
            continue;
        if (e->due_ms > now_ms)
            arm(c, e->due_ms);
        else
            expire(c, e);
    }
}

/* ---- life ---- */

struct ttl_controller *ttl_new(const struct ttl_options *options)
{
    struct ttl_controller *c = NEW(struct ttl_controller);

    c->options = *options;
    c->timer = timer_new(options->loop, on_due, c);
    return c;
}

void ttl_start(struct ttl_controller *c)
{
    const struct store_follow what = {
        .store = c->options.store,
        .loop = c->options.loop,
        .query = {.group = STR("argoproj.io"), .kind = STR("Workflow")},
        .fn = on_change,
        .ctx = c};

    loop_assert(c->options.loop);
    c->follower = store_follow(&what);
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
    while (c->entries.len > 0)
        drop(c, c->entries.entries[0].value);
    map_done(&c->entries);
    timer_free(c->timer);
    free(c);
}
