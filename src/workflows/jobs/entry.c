/*
 * One Job: what is decided for it becomes one transaction: its status, new Pods, counted Pods
 * without their finalizer, Pods to be deleted. See jobs_internal.h. Loop thread.
 */
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "workflows/jobs/jobs_internal.h"

static struct jobs_entry *entry_of(struct jobs_item *item)
{
    return CONTAINER_OF(item, struct jobs_entry, item);
}

/* ---- what a decision sees ---- */

/* Pods of a pass, beside each other. */
struct seen {
    struct jobs_pod *pods;
    struct jobs_held **held;
    struct json *docs;
    size_t count;
};

static bool see_pods(struct jobs_entry *e, struct arena *a, struct seen *ret)
{
    struct err err;

    ret->pods = ARENA_ARRAY(a, struct jobs_pod, e->pod_count + 1);
    ret->held = ARENA_ARRAY(a, struct jobs_held *, e->pod_count + 1);
    ret->docs = ARENA_ARRAY(a, struct json, e->pod_count + 1);
    LIST_FOREACH (held, &e->pods, struct jobs_held, link) {
        if (json_parse(a, str_copy(a, held->object->doc), &ret->docs[ret->count], &err) < 0)
            return false;
        ret->pods[ret->count] = jobs_pod_read(&ret->docs[ret->count]);
        ret->held[ret->count++] = held;
    }
    return true;
}

/* ---- the transaction ---- */

static const struct store_key *key_of(const struct jobs_held *held)
{
    return &held->object->key;
}

/* Counted pods lose their finalizer; those that are to end are marked if they are not to be
 * counted, and deleted. One may be both. */
static void add_pods(struct store_txn *txn, const struct seen *seen,
                     const struct jobs_decision *d)
{
    struct arena *a = store_txn_arena(txn);

    for (size_t i = 0; i < d->release_count; i++) {
        const struct jobs_held *held = seen->held[d->release[i]];
        struct json made =
            object_remove_finalizer(a, &seen->docs[d->release[i]], STR(JOB_TRACKING));

        store_txn_update(txn, &made, held->object->rv);
    }
    for (size_t i = 0; i < d->end_count; i++) {
        const struct jobs_held *held = seen->held[d->end[i]];
        struct json made = json_set_path(a, &seen->docs[d->end[i]], json_string(STR("true")),
                                         "metadata", "annotations", JOBS_UNCOUNTED, NULL);

        if (d->ends_uncounted)
            store_txn_update(txn, &made, held->object->rv);
        store_txn_delete(txn, key_of(held), held->uid, 0);
    }
}

static struct str add_new_pod(struct jobs_entry *e, struct store_txn *txn,
                              const struct json *job, int64_t index)
{
    struct jobs_controller *c = e->controller;
    struct arena *a = store_txn_arena(txn);
    struct jobs_birth birth = {.job = job,
                               .index = index,
                               .uid = random_uuid(&c->random, a),
                               .now = loop_wall(c->options.loop),
                               .node_name = str_from(c->options.node_name)};
    struct json doc;

    random_suffix(&c->random, birth.suffix, OBJECT_GENERATED_SUFFIX_BYTES);
    doc = jobs_pod_new(a, &birth);
    store_txn_create(txn, &doc);
    return object_name(&doc);
}

static void tell(struct jobs_entry *e, const char *reason, struct str message, bool is_warning)
{
    jobs_tell(e->controller, &e->budget,
              &(struct jobs_telling){.about = e->object,
                                     .api_version = JOB_API_VERSION,
                                     .component = "job-controller",
                                     .reason = reason,
                                     .message = message,
                                     .is_warning = is_warning});
}

/* A pass whose commit is under way; lives in its own arena. */
struct commit {
    struct jobs_entry *entry;
    struct arena *arena;
    struct jobs_note note;
    bool has_note;
    struct str *made, *ended; /* names of pods, for Events */
    size_t made_count, ended_count;
};

static void tell_all(const struct commit *commit)
{
    struct jobs_entry *e = commit->entry;

    for (size_t i = 0; i < commit->made_count; i++)
        tell(e, "SuccessfulCreate",
             str_printf(commit->arena, "Created pod: " STR_FMT, STR_ARG(commit->made[i])),
             false);
    for (size_t i = 0; i < commit->ended_count; i++)
        tell(e, "SuccessfulDelete",
             str_printf(commit->arena, "Deleted pod: " STR_FMT, STR_ARG(commit->ended[i])),
             false);
    if (commit->has_note)
        tell(e, commit->note.reason, commit->note.message, commit->note.is_warning);
}

static void on_stored(void *ctx, const struct store_result *result, const struct err *err)
{
    struct commit *commit = ctx;
    struct jobs_entry *e = commit->entry;
    struct jobs_controller *c = e->controller;

    (void) result;
    c->under_way--;
    e->is_busy = false;
    if (err->kind == ERR_NONE && e->object)
        tell_all(commit);
    arena_free(commit->arena);
    if (c->is_stopping)
        return;
    if (err->kind == ERR_NONE)
        jobs_make_ready(c, &e->item);
    else /* changed by others, a name that is taken, or the store is busy */
        jobs_make_slow(c, &e->item);
}

static struct commit *commit_of(struct jobs_entry *e, const struct jobs_decision *d,
                                const struct seen *seen)
{
    struct arena *a = arena_new_sized(512);
    struct commit *commit = ARENA_NEW(a, struct commit);

    commit->entry = e;
    commit->arena = a;
    commit->has_note = d->has_note;
    commit->note = d->note;
    commit->note.message = str_copy(a, d->note.message);
    if (d->has_note)
        commit->note.reason = str_cz(a, str_from(d->note.reason));
    commit->made = ARENA_ARRAY(a, struct str, d->create_count + 1);
    commit->ended = ARENA_ARRAY(a, struct str, d->end_count + 1);
    for (size_t i = 0; i < d->end_count; i++)
        commit->ended[commit->ended_count++] = str_copy(a, seen->pods[d->end[i]].name);
    return commit;
}

static void act(struct jobs_entry *e, const struct json *job, const struct seen *seen,
                const struct jobs_decision *d)
{
    struct jobs_controller *c = e->controller;
    struct store_txn *txn = store_txn_new(c->options.store);
    struct commit *commit = commit_of(e, d, seen);
    struct json made = json_set(store_txn_arena(txn), job, STR("status"), d->status);
    struct err err;

    store_txn_update(txn, &made, e->object->rv);
    for (size_t i = 0; i < d->create_count; i++)
        commit->made[commit->made_count++] =
            str_copy(commit->arena, add_new_pod(e, txn, job, d->indexes ? d->indexes[i] : -1));
    add_pods(txn, seen, d);
    FAULT_POINT("jobs.commit.before");
    if (store_commit(c->options.store, txn, on_stored, commit, &err) < 0) {
        arena_free(commit->arena);
        jobs_make_slow(c, &e->item);
        return;
    }
    e->is_busy = true;
    c->under_way++;
}

/* Its time is over: with all that it owns. */
static void expire(struct jobs_entry *e)
{
    struct jobs_controller *c = e->controller;
    struct store_txn *txn = store_txn_new(c->options.store);
    struct arena *a = arena_new_sized(256);
    struct commit *commit = ARENA_NEW(a, struct commit);
    struct err err;

    commit->entry = e;
    commit->arena = a;
    store_txn_delete(txn, &e->object->key, e->uid, e->object->rv);
    if (store_commit(c->options.store, txn, on_stored, commit, &err) < 0) {
        arena_free(a);
        jobs_make_slow(c, &e->item);
        return;
    }
    e->is_busy = true;
    c->under_way++;
}

/* ---- a pass ---- */

static void on_timer(void *ctx)
{
    struct jobs_entry *e = ctx;

    jobs_make_ready(e->controller, &e->item);
}

static void arm(struct jobs_entry *e, int64_t at_ms)
{
    int64_t wait_ms = at_ms - loop_wall(e->controller->options.loop).ms;

    if (at_ms == JOBS_NEVER_MS)
        return;
    if (!e->timer)
        e->timer = timer_new(e->controller->options.loop, on_timer, e);
    /* The clock may be set while we sleep. */
    timer_start(e->timer, wait_ms < 0                 ? 0
                          : wait_ms > JOB_WAKE_MAX_MS ? JOB_WAKE_MAX_MS
                                                      : (uint64_t) wait_ms);
}

static void decide(struct jobs_entry *e, struct arena *a, const struct json *job)
{
    struct seen seen = {0};
    struct jobs_decision d;
    const struct json *status = json_get(job, STR("status"));

    if (!see_pods(e, a, &seen))
        return;
    jobs_decide(a,
                &(struct jobs_input){.job = job,
                                     .pods = seen.pods,
                                     .pod_count = seen.count,
                                     .now = loop_wall(e->controller->options.loop)},
                &d);
    arm(e, d.wake_ms);
    if (d.is_expired && d.release_count == 0)
        expire(e);
    else if (d.create_count + d.release_count + d.end_count > 0 || !status ||
             !json_equal(status, &d.status))
        act(e, job, &seen, &d);
}

static void pass(struct jobs_item *item)
{
    struct jobs_entry *e = entry_of(item);
    struct jobs_controller *c = e->controller;
    struct arena *a;
    struct json job;
    struct err err;

    if (e->is_busy || !c->knows_jobs || !c->knows_pods)
        return;
    if (!e->object) {
        jobs_entry_free_if_empty(e);
        return;
    }
    a = arena_new();
    if (json_parse(a, str_copy(a, e->object->doc), &job, &err) == 0)
        decide(e, a, &job);
    else
        log_error(NULL, "a job was not read", LOG_STR(NAME, e->object->key.name),
                  LOG_ERR(&err));
    arena_free(a);
}

/* ---- life ---- */

struct jobs_entry *jobs_entry_of(struct jobs_controller *c, struct str uid)
{
    struct jobs_entry *e = map_find(&c->entries, uid);
    struct arena *a;

    if (e)
        return e;
    a = arena_new_sized(512);
    e = ARENA_NEW(a, struct jobs_entry);
    e->arena = a;
    e->controller = c;
    e->uid = str_copy(a, uid);
    e->item.pass = pass;
    list_init(&e->item.link);
    list_init(&e->pods);
    map_put(&c->entries, e->uid, e);
    return e;
}

void jobs_entry_see(struct jobs_entry *e, const struct store_object *o)
{
    struct jobs_controller *c = e->controller;

    store_object_unref(e->object);
    e->object = o ? store_object_ref(o) : NULL;
    if (!o) { /* pods that nobody counts any more */
        LIST_FOREACH (held, &e->pods, struct jobs_held, link) {
            jobs_make_ready(c, &held->item);
        }
    }
    jobs_make_ready(c, &e->item);
}

void jobs_entry_free_if_empty(struct jobs_entry *e)
{
    if (!e->object && e->pod_count == 0 && !e->is_busy)
        jobs_entry_free(e);
}

void jobs_entry_free(struct jobs_entry *e)
{
    map_take(&e->controller->entries, e->uid);
    list_remove(&e->item.link);
    timer_free(e->timer);
    store_object_unref(e->object);
    arena_free(e->arena);
}
