/*
 * One CronWorkflow of the controller: its schedules are read, a time comes due, the run is
 * submitted, the status is stored.
 *
 * The Workflow is on disk before the status says so. A crash in between leaves a status that
 * knows less than there is: the Workflow is found as one that the CronWorkflow owns, and the
 * mark keeps its time from being run again. Loop thread, but for run() of jobs.
 */
#include <stdlib.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "workflows/cron/cron_internal.h"
#include "workflows/submit/submit.h"

enum { TERMINATE_TRIES_MAX = 10 }; /* changes of the workflow that come in between */

/* ---- identity ---- */

struct cron_entry *cron_entry_new(struct cron_controller *c, const struct store_object *o)
{
    struct arena *a = arena_new_sized(512);
    struct cron_entry *e = ARENA_NEW(a, struct cron_entry);

    e->controller = c;
    e->arena = a;
    e->uid = str_copy(a, o->uid);
    e->key = (struct store_key){str_copy(a, o->key.group), str_copy(a, o->key.kind),
                                str_copy(a, o->key.ns), str_copy(a, o->key.name)};
    e->object = store_object_ref(o);
    e->due_s = CRON_NEVER_S;
    list_init(&e->owned);
    list_init(&e->link);
    map_put(&c->entries, e->uid, e);
    cron_make_ready(e);
    return e;
}

void cron_entry_see(struct cron_entry *e, const struct store_object *o)
{
    if (o->rv <= e->object->rv)
        return;
    store_object_unref(e->object);
    e->object = store_object_ref(o);
    cron_make_ready(e);
}

void cron_entry_free(struct cron_entry *e)
{
    e->is_gone = true;
    while (!list_is_empty(&e->owned))
        cron_owned_drop(LIST_ENTRY(e->owned.next, struct cron_owned, link));
    map_take(&e->controller->entries, e->uid);
    list_remove(&e->link);
    store_object_unref(e->object);
    arena_free(e->plans);
    arena_free(e->outcome.arena);
    arena_free(e->arena);
}

void cron_entry_end(struct cron_entry *e, enum cron_end why)
{
    LIST_FOREACH (owned, &e->owned, struct cron_owned, link)
        if (why == CRON_END_DELETED)
            cron_delete_workflow(e->controller, e->key.ns, &owned->child);
    e->is_gone = true;
    if (e->state == CRON_IDLE)
        cron_entry_free(e);
}

/* What was under way has ended. Return: whether the entry is still there. */
static bool take_back(struct cron_entry *e)
{
    bool is_gone = e->is_gone;

    e->controller->under_way--;
    e->state = CRON_IDLE;
    if (is_gone)
        cron_entry_free(e);
    return !is_gone;
}

/* ---- what it owns ---- */

static void read_finished_at(struct cron_owned *owned, const struct store_object *o)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str text = STR("");
    struct json doc;
    struct err err;

    if (json_parse(a, str_copy(a, o->doc), &doc, &err) == 0)
        text = json_str(json_path(&doc, "status", "finishedAt", NULL));
    snprintf(owned->finished_at, sizeof(owned->finished_at), STR_FMT, STR_ARG(text));
    owned->child.finished_at = str_from(owned->finished_at);
}

static struct cron_owned *owned_new(struct cron_entry *e, const struct store_object *o)
{
    struct cron_owned *owned = mem_alloc(sizeof(*owned) + o->key.name.len + o->uid.len);
    char *texts = (char *) (owned + 1);

    memcpy(texts, o->key.name.ptr, o->key.name.len);
    memcpy(texts + o->key.name.len, o->uid.ptr, o->uid.len);
    owned->child.name = str_of(texts, o->key.name.len);
    owned->child.uid = str_of(texts + o->key.name.len, o->uid.len);
    owned->child.finished_at = STR("");
    owned->entry = e;
    list_append(&e->owned, &owned->link);
    map_put(&e->controller->owned, owned->child.uid, owned);
    e->owned_count++;
    return owned;
}

void cron_owned_see(struct cron_entry *e, const struct store_object *o)
{
    struct cron_owned *owned = map_find(&e->controller->owned, o->uid);
    bool is_new = !owned;

    if (is_new)
        owned = owned_new(e, o);
    owned->child.rv = o->rv;
    if (!is_new && owned->child.is_finished == o->is_finished)
        return; /* what runs is of no interest */
    owned->child.is_finished = o->is_finished;
    snprintf(owned->phase, sizeof(owned->phase), STR_FMT, STR_ARG(o->phase));
    owned->child.phase = str_from(owned->phase);
    if (o->is_finished)
        read_finished_at(owned, o);
    cron_make_ready(e);
}

void cron_owned_drop(struct cron_owned *owned)
{
    struct cron_entry *e = owned->entry;

    map_take(&e->controller->owned, owned->child.uid);
    list_remove(&owned->link);
    e->owned_count--;
    free(owned);
    if (!e->is_gone)
        cron_make_ready(e);
}

static struct cron_children children_of(struct arena *a, const struct cron_entry *e)
{
    struct cron_child *all = ARENA_ARRAY(a, struct cron_child, e->owned_count + 1);
    size_t count = 0;

    LIST_FOREACH (owned, &e->owned, struct cron_owned, link)
        all[count++] = owned->child;
    return (struct cron_children){all, count};
}

/* ---- reading schedules ---- */

struct reading {
    struct job job;
    struct cron_entry *entry;
    struct arena *arena;
    struct json doc;
    struct cron_plan plan;
    struct str fault;
};

static void run_reading(struct job *job)
{
    struct reading *r = CONTAINER_OF(job, struct reading, job);
    struct err err = {0};

    r->fault = STR("");
    if (cron_plan_read(r->arena, &r->doc, &r->plan, &err) == 0)
        return;
    r->plan = (struct cron_plan){.text = object_cron_schedules(r->arena, &r->doc)};
    r->fault = str_copy(r->arena, str_from(err.text));
}

static void on_read(struct job *job)
{
    struct reading *r = CONTAINER_OF(job, struct reading, job);
    struct cron_entry *e = r->entry;

    if (!take_back(e)) {
        arena_free(r->arena);
        return;
    }
    arena_free(e->plans);
    e->plans = r->arena;
    e->plan = r->plan;
    e->fault = r->fault;
    e->is_planned = false;
    cron_make_ready(e);
}

/* A job for an entry, or later again. */
static void start_job(struct cron_entry *e, struct job *job, struct arena *a,
                      enum cron_state state)
{
    struct err err;

    job->class = JOB_BULK;
    if (workers_submit(e->controller->options.workers, job, &err) < 0) {
        arena_free(a);
        cron_make_slow(e);
        return;
    }
    e->state = state;
    e->controller->under_way++;
}

/* The newest version as a value in @a. */
static int parse_object(const struct cron_entry *e, struct arena *a, struct json *ret)
{
    struct err err;

    if (json_parse(a, str_copy(a, e->object->doc), ret, &err) == 0)
        return 0;
    log_error(NULL, "a cron workflow was not read", LOG_STR(NAME, e->key.name), LOG_ERR(&err));
    return -1;
}

static void start_reading(struct cron_entry *e)
{
    struct arena *a = arena_new();
    struct reading *r = ARENA_NEW(a, struct reading);

    r->arena = a;
    r->entry = e;
    r->job.run = run_reading;
    r->job.done = on_read;
    if (parse_object(e, a, &r->doc) < 0)
        arena_free(a);
    else
        start_job(e, &r->job, a, CRON_READING);
}

/* ---- a run ---- */

struct submission {
    struct job job;
    struct cron_entry *entry;
    struct arena *arena;
    struct json cron;
    enum cron_verdict verdict;
    int64_t scheduled_s;
    const struct store_object *made; /* reference */
};

static int try_terminate(struct submission *s, const struct store_key *key, struct err *err)
{
    struct store *store = s->entry->controller->options.store;
    const struct store_object *o;
    struct store_result result = {0};
    struct store_txn *txn;
    struct json doc;
    int64_t rv;

    if (store_get(store, key, &o, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    rv = o->is_finished ? 0 : o->rv;
    if (rv && json_parse(s->arena, str_copy(s->arena, o->doc), &doc, err) < 0)
        rv = 0;
    store_object_unref(o);
    if (!rv)
        return 0;
    doc =
        json_set_path(s->arena, &doc, json_string(STR("Terminate")), "spec", "shutdown", NULL);
    txn = store_txn_new(store);
    store_txn_update(txn, &doc, rv);
    if (store_commit_wait(store, txn, &result, err) < 0)
        return -1;
    store_object_unref(result.object);
    return 0;
}

static int terminate(struct submission *s, struct str name, struct err *err)
{
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"),
                                  object_namespace(&s->cron), name};

    for (int i = 0; i < TERMINATE_TRIES_MAX; i++)
        if (try_terminate(s, &key, err) == 0)
            return 0;
        else if (err->kind != ERR_CONFLICT)
            break;
    return -1;
}

static int terminate_active(struct submission *s, struct err *err)
{
    const struct json *active = json_path(&s->cron, "status", "active", NULL), *item;

    for (size_t i = 0; (item = json_item(active, i)) != NULL; i++)
        if (terminate(s, json_get_str(item, STR("name")), err) < 0)
            return err_wrap(err, "Concurrency policy error");
    return 0;
}

static void run_submission(struct job *job)
{
    struct submission *s = CONTAINER_OF(job, struct submission, job);
    const struct workflow_submitter *submitter = s->entry->controller->options.submitter;
    struct arena *a = s->arena;
    struct str time = gotime_rfc3339(a, (struct wall){s->scheduled_s * 1000});
    struct str name = cron_child_name(a, object_name(&s->cron), s->scheduled_s);
    struct json doc = object_cron_run(a, &s->cron, name, time);
    const struct workflow_submit_options options = {
        .ns = object_namespace(&s->cron),
        .once_mark = str_printf(a, "cron/" STR_FMT "/%lld", STR_ARG(s->entry->uid),
                                (long long) s->scheduled_s)};

    job->err.kind = ERR_NONE;
    if (s->verdict == CRON_REPLACE && terminate_active(s, &job->err) < 0)
        return;
    FAULT_POINT("cron.submit.before");
    if (submitter->submit(submitter->ctx, &doc, &options, &s->made, &job->err) < 0) {
        s->made = NULL;
        if (job->err.kind != ERR_EXISTS)
            err_wrap(&job->err, "Failed to submit Workflow");
    }
    FAULT_POINT("cron.submit.after");
}

static void set_outcome(struct cron_entry *e, const struct submission *s)
{
    struct arena *a = arena_new_sized(512);
    const struct err *err = &s->job.err;

    arena_free(e->outcome.arena);
    e->outcome = (struct cron_outcome){.arena = a, .scheduled_s = s->scheduled_s};
    if (s->made && !str_is_empty(s->made->uid)) { /* one without a uid is deleted since */
        e->outcome.kind = CRON_STARTED;
        e->outcome.child = (struct cron_child){.name = str_copy(a, s->made->key.name),
                                               .uid = str_copy(a, s->made->uid),
                                               .rv = s->made->rv};
        return;
    }
    e->outcome.kind = s->made || err->kind == ERR_EXISTS ? CRON_MADE_BEFORE : CRON_FAILED;
    e->outcome.why = str_copy(a, str_from(err->text));
}

static void count_outcome(const struct cron_entry *e)
{
    struct metrics *m = e->controller->options.metrics;

    if (e->outcome.kind == CRON_STARTED)
        metric_add(metric_get(m, METRIC_CRON_TRIGGERED, e->key.name, e->key.ns), 1);
    else if (e->outcome.kind == CRON_FAILED)
        metric_add(metric_get(m, METRIC_ERROR_COUNT, STR("CronWorkflowSubmissionError")), 1);
}

/* Another run is under way, and the concurrencyPolicy says what becomes of the two. */
static void count_policy(const struct cron_entry *e, const struct json *doc)
{
    struct str policy = json_get_str(json_get(doc, STR("spec")), STR("concurrencyPolicy"));

    metric_add(metric_get(e->controller->options.metrics, METRIC_CRON_POLICY_TRIGGERED, policy,
                          e->key.name, e->key.ns),
               1);
}

static void on_submitted(struct job *job)
{
    struct submission *s = CONTAINER_OF(job, struct submission, job);
    struct cron_entry *e = s->entry;
    struct cron_controller *c = e->controller;
    const struct cron_child orphan = {.name = s->made ? s->made->key.name : STR(""),
                                      .uid = s->made ? s->made->uid : STR("")};

    if (!e->is_gone) {
        set_outcome(e, s);
        count_outcome(e);
        if (e->outcome.kind == CRON_FAILED)
            log_error(NULL, "a scheduled workflow was not submitted",
                      LOG_STR(NAMESPACE, e->key.ns), LOG_STR(NAME, e->key.name),
                      LOG_ERR(&job->err));
    } else if (s->made) { /* its owner was deleted meanwhile */
        cron_delete_workflow(c, e->key.ns, &orphan);
    }
    c->stats.runs += s->made != NULL;
    if (take_back(e))
        cron_make_ready(e);
    store_object_unref(s->made);
    arena_free(s->arena);
}

static void start_run(struct cron_entry *e, enum cron_verdict verdict, int64_t scheduled_s)
{
    struct arena *a = arena_new();
    struct submission *s = ARENA_NEW(a, struct submission);

    s->arena = a;
    s->entry = e;
    s->verdict = verdict;
    s->scheduled_s = scheduled_s;
    s->job.run = run_submission;
    s->job.done = on_submitted;
    if (parse_object(e, a, &s->cron) < 0)
        arena_free(a);
    else
        start_job(e, &s->job, a, CRON_SUBMITTING);
}

/* ---- due times ---- */

static void plan_next(struct cron_entry *e, int64_t after_s)
{
    if (!cron_plan_next(&e->plan, after_s, &e->due_s))
        e->due_s = CRON_NEVER_S;
    e->is_planned = true;
    cron_arm(e->controller, e->due_s);
}

/* Is there a time to be run now? Late by more than one: the latest is run as the first. */
static bool take_due(struct cron_entry *e, const struct json *doc, int64_t *ret_s)
{
    const struct wall now = loop_wall(e->controller->options.loop);

    if (cron_is_suspended(doc)) {
        e->due_s = CRON_NEVER_S;
        e->is_planned = false;
        return false;
    }
    if (!e->is_planned)
        plan_next(e, now.ms / 1000);
    if (e->due_s != CRON_NEVER_S && e->due_s * 1000 <= now.ms) {
        *ret_s = e->due_s;
        plan_next(e, now.ms / 1000);
        return true;
    }
    if (e->looked_at_rv == e->object->rv)
        return false;
    e->looked_at_rv = e->object->rv;
    return cron_missed(&e->plan, doc, now, ret_s);
}

/* ---- the status ---- */

static struct json with_outcome(struct arena *a, const struct json *doc,
                                const struct cron_outcome *outcome)
{
    switch (outcome->kind) {
    case CRON_NO_RUN:
        return *doc;
    case CRON_STARTED:
        return cron_started(a, doc, &outcome->child, outcome->scheduled_s);
    case CRON_MADE_BEFORE:
        return cron_made_before(a, doc, outcome->scheduled_s);
    case CRON_FAILED:
        return cron_failed(a, doc, outcome->why);
    }
    return *doc;
}

static void on_stored(void *ctx, const struct store_result *result, const struct err *err)
{
    struct cron_entry *e = ctx;

    (void) result;
    if (!take_back(e))
        return;
    if (err && err->kind != ERR_NONE) { /* changed by others, or the store is busy */
        cron_make_slow(e);
        return;
    }
    arena_free(e->outcome.arena);
    e->outcome = (struct cron_outcome){0};
    e->has_come_due = false;
    cron_make_ready(e);
}

/* A workflow that was just made may not have been seen yet. */
static struct cron_children seen_children(struct arena *a, const struct cron_entry *e)
{
    struct cron_children children = children_of(a, e);
    const struct cron_child *child = &e->outcome.child;
    struct cron_child *all;

    if (e->outcome.kind != CRON_STARTED || map_find(&e->controller->owned, child->uid))
        return children;
    all = ARENA_ARRAY(a, struct cron_child, children.len + 1);
    memcpy(all, children.at, children.len * sizeof(all[0]));
    all[children.len] = *child;
    return (struct cron_children){all, children.len + 1};
}

/* Has its stopStrategy been met? What is wrong with it is told as a fault of the spec. */
static bool is_at_end(const struct cron_entry *e, struct arena *a, const struct json *doc,
                      struct str *ret_fault)
{
    bool is_reached = false;
    struct err err;

    *ret_fault = e->fault;
    if (cron_has_reached_end(a, doc, loop_wall(e->controller->options.loop), &is_reached,
                             &err) == 0)
        return is_reached;
    if (str_is_empty(e->fault))
        *ret_fault =
            str_printf(a, "failed to check CronWorkflow '" STR_FMT "' stopping condition: %s",
                       STR_ARG(e->key.name), err.text);
    return false;
}

static void store_status(struct cron_entry *e, struct arena *a, const struct json *doc)
{
    struct cron_controller *c = e->controller;
    struct cron_children children = seen_children(a, e);
    struct json made = *doc;
    struct str fault;
    const struct cron_child *const *surplus;
    struct store_txn *txn;
    size_t count;
    struct err err;

    if (e->has_come_due)
        made = cron_used(a, &made, e->plan.text);
    made = with_outcome(a, &made, &e->outcome);
    made = cron_reconciled(a, &made, &children);
    if (is_at_end(e, a, &made, &fault))
        made = cron_stopped(a, &made);
    made = cron_spec_told(a, &made, fault);
    surplus = cron_surplus(a, &made, &children, &count);
    if (count == 0 && json_equal(&made, doc))
        return;
    txn = store_txn_new(c->options.store);
    store_txn_update(txn, &made, e->object->rv);
    for (size_t i = 0; i < count; i++) {
        const struct store_key key = {STR("argoproj.io"), STR("Workflow"), e->key.ns,
                                      surplus[i]->name};

        store_txn_delete(txn, &key, surplus[i]->uid, 0);
    }
    if (store_commit(c->options.store, txn, on_stored, e, &err) < 0) {
        cron_make_slow(e);
        return;
    }
    e->state = CRON_COMMITTING;
    c->under_way++;
}

/* ---- a pass ---- */

/* Does its `when` want this run? One that cannot be told is a run that failed. */
static bool is_wanted(struct cron_entry *e, const struct json *doc, int64_t scheduled_s)
{
    struct arena *a = arena_new();
    bool is_met = false;
    struct err err;

    if (cron_is_wanted(a, doc, loop_wall(e->controller->options.loop), &is_met, &err) == 0) {
        arena_free(a);
        return is_met;
    }
    arena_free(e->outcome.arena);
    e->outcome =
        (struct cron_outcome){.kind = CRON_FAILED, .arena = a, .scheduled_s = scheduled_s};
    e->outcome.why = str_printf(a, "Concurrency policy error: %s", err.text);
    count_outcome(e);
    log_error(NULL, "the condition of a scheduled workflow cannot be told",
              LOG_STR(NAMESPACE, e->key.ns), LOG_STR(NAME, e->key.name), LOG_ERR(&err));
    return false;
}

static bool is_read(struct cron_entry *e, struct arena *a, const struct json *doc)
{
    return e->plans && str_eq(e->plan.text, object_cron_schedules(a, doc));
}

void cron_entry_pass(struct cron_entry *e)
{
    _cleanup_arena_ struct arena *a = NULL;
    enum cron_verdict verdict;
    int64_t scheduled_s;
    struct str fault;
    struct json doc;

    if (e->state != CRON_IDLE)
        return;
    a = arena_new();
    if (parse_object(e, a, &doc) < 0)
        return;
    if (!is_read(e, a, &doc)) {
        e->due_s = CRON_NEVER_S;
        start_reading(e);
        return;
    }
    if (e->outcome.kind == CRON_NO_RUN && take_due(e, &doc, &scheduled_s)) {
        e->has_come_due = true;
        verdict = cron_decide(&doc);
        if (verdict == CRON_FORBIDDEN || verdict == CRON_REPLACE)
            count_policy(e, &doc);
        if (is_at_end(e, a, &doc, &fault) || !str_is_empty(fault))
            verdict = CRON_STOPPED; /* the status tells it */
        if ((verdict == CRON_RUN || verdict == CRON_REPLACE) &&
            is_wanted(e, &doc, scheduled_s)) {
            start_run(e, verdict, scheduled_s);
            if (e->state == CRON_IDLE) /* no worker has room: later */
                e->due_s = scheduled_s;
            return;
        }
    }
    store_status(e, a, &doc);
}
