/*
 * The controller of artifactGC: which workflows are held, when they are due, the jobs. See
 * artifact_gc.h. Loop thread, but for run().
 */
#include "workflows/artifact_gc/artifact_gc.h"

#include <stdlib.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "objects/object.h"
#include "store/follow.h"
#include "workflows/artifact_gc/plan.h"
#include "workflows/operate/stored.h"

/* A workflow that is held and has ended. */
struct gc_entry {
    struct arena *arena;
    struct store_key key;
    struct str uid;
    int64_t due_ms;  /* Unix time; INT64_MAX: nothing to do as it is */
    int64_t wait_ms; /* before the next try */
    bool is_leaving, is_busy;
};

struct artifact_gc_controller {
    struct artifact_gc_options options;
    struct store_follower *follower;
    struct map entries; /* uid to struct gc_entry */
    struct timer *timer;
    int64_t armed_ms; /* INT64_MAX: the timer rests */
    unsigned under_way;
    bool is_stopping;
};

/* All that is due of one workflow. */
struct gc_job {
    struct job job;
    struct artifact_gc_controller *controller;
    struct arena *arena;
    struct store_key key;
    struct str uid;
    struct gc_items items;
    int64_t rv;
    bool waits; /* something is left to be tried again */
};

/* ---- the job: on a worker ---- */

static int check_uid(const struct gc_job *j, const struct operate_workflow *wf, struct err *err)
{
    return str_eq(object_uid(&wf->doc), j->uid)
               ? 0
               : err_set(err, ERR_NOT_FOUND, "the workflow is another one now");
}

static int apply_plan(const void *ctx, struct operate_workflow *wf, struct err *err)
{
    struct gc_job *j = *(struct gc_job *const *) ctx;

    if (check_uid(j, wf, err) < 0)
        return -1;
    j->items = gc_plan(wf);
    return 0;
}

static int apply_settle(const void *ctx, struct operate_workflow *wf, struct err *err)
{
    struct gc_job *j = *(struct gc_job *const *) ctx;

    if (check_uid(j, wf, err) < 0)
        return -1;
    gc_settle(wf, &j->items);
    j->waits = gc_waits(wf);
    return 0;
}

static int operate(struct gc_job *j,
                   int (*apply)(const void *ctx, struct operate_workflow *wf, struct err *err))
{
    const struct operate_stored of = {.key = j->key, .apply = apply, .ctx = &j};
    const struct store_object *o = NULL;

    if (operate_stored_run(j->controller->options.store, j->arena, &of, &o, &j->job.err) < 0)
        return -1;
    j->job.err.kind = ERR_NONE; /* of tries before */
    j->rv = o ? o->rv : 0;
    store_object_unref(o);
    return 0;
}

static void delete_one(const struct gc_job *j, struct gc_item *item)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct artifact_call call = {.house = j->controller->options.house,
                                       .a = a,
                                       .ns = j->key.ns,
                                       .artifact = item->artifact,
                                       .location = item->location};
    struct err err;

    item->is_deleted = artifact_delete(&call, &err) == 0 || err.kind == ERR_NOT_FOUND;
    if (!item->is_deleted)
        item->error = str_copy(j->arena, str_from(err.text));
}

static void run(struct job *job)
{
    struct gc_job *j = CONTAINER_OF(job, struct gc_job, job);

    job->err.kind = ERR_NONE;
    if (operate(j, apply_plan) < 0)
        return;
    for (size_t i = 0; i < j->items.len; i++)
        delete_one(j, &j->items.at[i]);
    if (j->items.len > 0)
        FAULT_POINT("artifact_gc.settle.before");
    operate(j, apply_settle);
}

/* ---- what there is ---- */

static void drop(struct artifact_gc_controller *c, struct gc_entry *e)
{
    map_take(&c->entries, e->uid);
    arena_free(e->arena);
}

static void arm_at(struct artifact_gc_controller *c, int64_t at_ms)
{
    int64_t wait_ms = at_ms - loop_wall(c->options.loop).ms;

    if (c->armed_ms <= at_ms || c->under_way >= ARTIFACT_GC_JOBS_MAX)
        return;
    c->armed_ms = at_ms;
    timer_start(c->timer, wait_ms < 0                          ? 0
                          : wait_ms > ARTIFACT_GC_AGAIN_MAX_MS ? ARTIFACT_GC_AGAIN_MAX_MS
                                                               : (uint64_t) wait_ms);
}

static struct gc_entry *add(struct artifact_gc_controller *c, const struct store_object *o)
{
    struct arena *a = arena_new();
    struct gc_entry *e = ARENA_NEW(a, struct gc_entry);

    e->arena = a;
    e->uid = str_copy(a, o->uid);
    e->key = (struct store_key){str_copy(a, o->key.group), str_copy(a, o->key.kind),
                                str_copy(a, o->key.ns), str_copy(a, o->key.name)};
    e->due_ms = INT64_MAX;
    map_put(&c->entries, e->uid, e);
    return e;
}

/* The word alone may be a name or a text of the workflow's own. */
static bool is_being_deleted(const struct store_object *o)
{
    _cleanup_arena_ struct arena *a = NULL;
    struct json doc;
    struct err err;

    if (str_find(o->doc, STR("\"deletionTimestamp\"")) == SIZE_MAX)
        return false;
    a = arena_new();
    return json_parse(a, o->doc, &doc, &err) == 0 &&
           json_path(&doc, "metadata", "deletionTimestamp", NULL);
}

static void see(struct artifact_gc_controller *c, const struct store_object *o)
{
    struct gc_entry *e = map_find(&c->entries, o->uid);
    bool is_held = o->is_finished && str_find(o->doc, STR(ARTIFACT_GC_FINALIZER)) != SIZE_MAX;
    bool is_leaving = is_held && is_being_deleted(o);

    if (!is_held) {
        if (e)
            drop(c, e);
        return;
    }
    if (e && e->is_leaving == is_leaving)
        return;
    if (!e)
        e = add(c, o);
    e->is_leaving = is_leaving;
    e->due_ms = loop_wall(c->options.loop).ms;
    e->wait_ms = ARTIFACT_GC_AGAIN_MS;
    arm_at(c, e->due_ms);
}

static void on_change(void *ctx, const struct store_event *event)
{
    struct artifact_gc_controller *c = ctx;
    struct gc_entry *e;

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

/* ---- jobs ---- */

static void tell_errors(struct gc_job *j, struct str errors)
{
    const struct recorder_event event = {.about = &j->key,
                                         .api_version = STR("argoproj.io/v1alpha1"),
                                         .uid = j->uid,
                                         .rv = j->rv,
                                         .component = STR("workflow-controller"),
                                         .is_warning = true,
                                         .reason = STR("ArtifactGCFailed"),
                                         .message = errors};

    log_warn(NULL, "artifacts of a workflow were not deleted", LOG_STR(NAMESPACE, j->key.ns),
             LOG_STR(WORKFLOW, j->key.name), LOG_STR(ERROR, errors));
    recorder_add(j->controller->options.recorder, NULL, &event);
}

static void begin_due(struct artifact_gc_controller *c);

static void done(struct job *job)
{
    struct gc_job *j = CONTAINER_OF(job, struct gc_job, job);
    struct artifact_gc_controller *c = j->controller;
    struct gc_entry *e = map_find(&c->entries, j->uid);
    struct str errors = gc_errors(j->arena, &j->items);
    bool has_failed = job->err.kind != ERR_NONE && job->err.kind != ERR_NOT_FOUND;

    c->under_way--;
    if (!str_is_none(errors))
        tell_errors(j, errors);
    if (has_failed)
        log_error(NULL, "what became of a workflow's artifacts was not stored",
                  LOG_STR(WORKFLOW, j->key.name), LOG_ERR(&job->err));
    if (e) {
        e->is_busy = false;
        if (has_failed || j->waits) {
            int64_t again_ms = loop_wall(c->options.loop).ms + e->wait_ms;

            e->due_ms = again_ms < e->due_ms ? again_ms : e->due_ms;
            e->wait_ms = e->wait_ms < ARTIFACT_GC_AGAIN_MAX_MS / 2 ? 2 * e->wait_ms
                                                                   : ARTIFACT_GC_AGAIN_MAX_MS;
        }
    }
    arena_free(j->arena);
    if (!c->is_stopping)
        begin_due(c);
}

static bool begin(struct artifact_gc_controller *c, struct gc_entry *e)
{
    struct arena *a = arena_new();
    struct gc_job *j = ARENA_NEW(a, struct gc_job);

    *j = (struct gc_job){
        .job = {.run = run, .done = done, .class = JOB_BULK},
        .controller = c,
        .arena = a,
        .key = {str_copy(a, e->key.group), str_copy(a, e->key.kind), str_copy(a, e->key.ns),
                str_copy(a, e->key.name)},
        .uid = str_copy(a, e->uid),
    };
    if (workers_submit(c->options.workers, &j->job, &j->job.err) < 0) {
        arena_free(a);
        e->due_ms = loop_wall(c->options.loop).ms + ARTIFACT_GC_BUSY_MS;
        return false;
    }
    e->is_busy = true;
    e->due_ms = INT64_MAX;
    c->under_way++;
    return true;
}

static void begin_due(struct artifact_gc_controller *c)
{
    int64_t now_ms = loop_wall(c->options.loop).ms, next_ms = INT64_MAX;
    bool is_full = false;

    timer_stop(c->timer);
    c->armed_ms = INT64_MAX;
    MAP_FOREACH (it, &c->entries) {
        struct gc_entry *e = it->value;

        if (!e->is_busy && e->due_ms <= now_ms && !is_full)
            is_full = c->under_way >= ARTIFACT_GC_JOBS_MAX || !begin(c, e);
        if (!e->is_busy && e->due_ms < next_ms)
            next_ms = e->due_ms;
    }
    if (next_ms < INT64_MAX)
        arm_at(c, next_ms); /* with all jobs under way the first that ends looks again */
}

static void on_due(void *ctx)
{
    begin_due(ctx);
}

/* ---- life ---- */

struct artifact_gc_controller *artifact_gc_new(const struct artifact_gc_options *options)
{
    struct artifact_gc_controller *c = NEW(struct artifact_gc_controller);

    c->options = *options;
    c->armed_ms = INT64_MAX;
    c->timer = timer_new(options->loop, on_due, c);
    return c;
}

void artifact_gc_start(struct artifact_gc_controller *c)
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

void artifact_gc_stop(struct artifact_gc_controller *c)
{
    c->is_stopping = true;
    store_follow_end(TAKE(c->follower));
    timer_stop(c->timer);
    while (c->under_way > 0)
        loop_run_once(c->options.loop, 10);
}

void artifact_gc_free(struct artifact_gc_controller *c)
{
    if (!c)
        return;
    while (c->entries.len > 0)
        drop(c, c->entries.entries[0].value);
    map_done(&c->entries);
    timer_free(c->timer);
    free(c);
}
