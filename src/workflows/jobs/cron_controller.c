/*
 * The CronJobs: what each owns, its schedule (read by a job on a worker, as that may need the
 * system's zones), and one transaction for what is decided: the Job, the status, Jobs that go.
 * See jobs_internal.h. Loop thread, but for run_reading().
 */
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "formats/gotime.h"
#include "workflows/jobs/cron_decide.h"
#include "workflows/jobs/jobs_internal.h"

/* A CronJob, or the uid of one that is not there (any more) and owns Jobs. */
struct cron {
    struct jobs_item item;
    struct jobs_crons *crons;
    struct arena *arena; /* of the identity */
    struct str uid;
    const struct store_object *object; /* newest; reference; NULL */
    struct list children;              /* of struct child */
    size_t child_count;
    struct timer *timer;
    struct recorder_budget budget;
    struct arena *schedule_arena; /* of the next two; NULL: not read yet */
    struct str schedule_text;
    const struct cron_schedule *schedule; /* NULL: it cannot be read */
    char told[64];                        /* what was told last, not to repeat it */
    bool is_busy;                         /* a commit or job is under way */
};

struct child {
    struct cron *cron;
    struct arena *arena;
    struct jobs_child facts;
    struct list link;
};

struct jobs_crons {
    struct jobs_controller *controller;
    struct store_follower *follower;
    struct map crons;    /* uid -> struct cron */
    struct map children; /* uid of a Job -> struct child */
    bool knows_jobs, knows_crons, is_stopping;
};

/* ---- schedules ---- */

struct reading {
    struct job job;
    struct cron *cron;
    struct arena *arena;
    struct str text;
    struct cron_schedule schedule;
    bool is_good;
};

static void run_reading(struct job *job)
{
    struct reading *r = CONTAINER_OF(job, struct reading, job);
    struct err err;

    r->is_good = cron_parse(r->arena, r->text, CRON_STANDARD, &r->schedule, &err) == 0;
}

static void on_read(struct job *job)
{
    struct reading *r = CONTAINER_OF(job, struct reading, job);
    struct cron *cron = r->cron;

    cron->crons->controller->under_way--;
    cron->is_busy = false;
    arena_free(cron->schedule_arena);
    cron->schedule_arena = r->arena;
    cron->schedule_text = r->text;
    cron->schedule = r->is_good ? &r->schedule : NULL;
    jobs_make_ready(cron->crons->controller, &cron->item);
}

static void start_reading(struct cron *cron, struct str text)
{
    struct jobs_controller *c = cron->crons->controller;
    struct arena *a = arena_new_sized(512);
    struct reading *r = ARENA_NEW(a, struct reading);
    struct err err;

    r->arena = a;
    r->cron = cron;
    r->text = str_copy(a, text);
    r->job = (struct job){.run = run_reading, .done = on_read};
    if (workers_submit(c->options.workers, &r->job, &err) < 0) {
        arena_free(a);
        jobs_make_slow(c, &cron->item);
        return;
    }
    cron->is_busy = true;
    c->under_way++;
}

/* ---- the transaction ---- */

struct cron_commit {
    struct cron *cron;
    struct arena *arena;
    struct str made; /* name of the Job, or "" */
    struct str *removed;
    size_t removed_count;
};

static void tell(struct cron *cron, const char *reason, struct str message, bool is_warning)
{
    jobs_tell(cron->crons->controller, &cron->budget,
              &(struct jobs_telling){.about = cron->object,
                                     .api_version = JOB_API_VERSION,
                                     .component = "cronjob-controller",
                                     .reason = reason,
                                     .message = message,
                                     .is_warning = is_warning});
}

static void on_stored(void *ctx, const struct store_result *result, const struct err *err)
{
    struct cron_commit *commit = ctx;
    struct cron *cron = commit->cron;
    struct jobs_controller *c = cron->crons->controller;

    (void) result;
    c->under_way--;
    cron->is_busy = false;
    if (err->kind == ERR_NONE && cron->object) {
        if (commit->made.len > 0)
            tell(cron, "SuccessfulCreate",
                 str_printf(commit->arena, "Created job " STR_FMT, STR_ARG(commit->made)),
                 false);
        for (size_t i = 0; i < commit->removed_count; i++)
            tell(cron, "SuccessfulDelete",
                 str_printf(commit->arena, "Deleted job " STR_FMT, STR_ARG(commit->removed[i])),
                 false);
    }
    arena_free(commit->arena);
    if (c->is_stopping)
        return;
    if (err->kind == ERR_NONE)
        jobs_make_ready(c, &cron->item);
    else
        jobs_make_slow(c, &cron->item);
}

/* The Job of a time, as the API would store it. */
static int make_job(struct cron *cron, struct arena *a, const struct json *doc,
                    int64_t scheduled_s, struct json *ret)
{
    struct jobs_controller *c = cron->crons->controller;
    const struct object_kind *kind = object_kind_find(STR(JOB_API_VERSION), STR("Job"));
    struct json job = object_cron_job_run(a, doc, scheduled_s);
    uint64_t bits[2] = {random_u64(&c->random), random_u64(&c->random)};
    struct err err;

    if (object_prepare(a, kind, &job, cron->object->key.ns, loop_wall(c->options.loop).ms,
                       (const uint8_t *) bits, ret, &err) == 0)
        return 0;
    log_error(NULL, "the job of a cron job was not made", LOG_STR(NAME, cron->object->key.name),
              LOG_ERR(&err));
    return -1;
}

/* Is a Job of that name there? Then it was made for this time: by hand, or before a restore of
 * the status. */
static bool is_there(const struct cron *cron, struct str name)
{
    LIST_FOREACH (child, &cron->children, struct child, link) {
        if (str_eq(child->facts.name, name))
            return true;
    }
    return false;
}

static void act(struct cron *cron, const struct json *doc, const struct child *const *children,
                const struct jobs_cron_decision *d)
{
    struct jobs_controller *c = cron->crons->controller;
    struct store_txn *txn = store_txn_new(c->options.store);
    struct arena *a = store_txn_arena(txn), *own = arena_new_sized(512);
    struct cron_commit *commit = ARENA_NEW(own, struct cron_commit);
    struct json status = d->status, job, made;
    struct err err;

    *commit = (struct cron_commit){.cron = cron, .arena = own, .made = STR("")};
    commit->removed = ARENA_ARRAY(own, struct str, d->remove_count + 1);
    if (d->has_run && make_job(cron, a, doc, d->scheduled_s, &job) == 0) {
        if (!is_there(cron, object_name(&job))) {
            store_txn_create(txn, &job);
            commit->made = str_copy(own, object_name(&job));
            status = jobs_cron_ran(a, &status, &job, d->scheduled_s);
        } else {
            status =
                json_set(a, &status, STR("lastScheduleTime"),
                         json_string(gotime_rfc3339(a, (struct wall){d->scheduled_s * 1000})));
        }
    }
    made = json_set(a, doc, STR("status"), status);
    store_txn_update(txn, &made, cron->object->rv);
    for (size_t i = 0; i < d->remove_count; i++) {
        const struct child *child = children[d->remove[i]];
        const struct store_key key = {STR(JOB_GROUP), STR("Job"), cron->object->key.ns,
                                      child->facts.name};

        store_txn_delete(txn, &key, child->facts.uid, 0);
        commit->removed[commit->removed_count++] = str_copy(own, child->facts.name);
    }
    FAULT_POINT("jobs.cron.commit.before");
    if (store_commit(c->options.store, txn, on_stored, commit, &err) < 0) {
        arena_free(own);
        jobs_make_slow(c, &cron->item);
        return;
    }
    cron->is_busy = true;
    c->under_way++;
}

/* ---- a pass ---- */

static void on_timer(void *ctx)
{
    struct cron *cron = ctx;

    jobs_make_ready(cron->crons->controller, &cron->item);
}

static void arm(struct cron *cron, int64_t at_ms)
{
    struct loop *loop = cron->crons->controller->options.loop;
    int64_t wait_ms = at_ms - loop_wall(loop).ms;

    if (at_ms == JOBS_NEVER_MS)
        return;
    if (!cron->timer)
        cron->timer = timer_new(loop, on_timer, cron);
    timer_start(cron->timer, wait_ms < 0                 ? 0
                             : wait_ms > JOB_WAKE_MAX_MS ? JOB_WAKE_MAX_MS
                                                         : (uint64_t) wait_ms);
}

/* The same again says nothing new. */
static void tell_note(struct cron *cron, const struct jobs_cron_decision *d)
{
    char text[sizeof(cron->told)];

    if (!d->has_note) {
        cron->told[0] = '\0';
        return;
    }
    snprintf(text, sizeof(text), "%s %lld", d->note.reason, (long long) d->wake_ms);
    if (strcmp(text, cron->told) == 0)
        return;
    memcpy(cron->told, text, sizeof(text));
    tell(cron, d->note.reason, d->note.message, d->note.is_warning);
}

static void decide(struct cron *cron, struct arena *a, const struct json *doc)
{
    struct jobs_child *facts = ARENA_ARRAY(a, struct jobs_child, cron->child_count + 1);
    const struct child **children = ARENA_ARRAY(a, const struct child *, cron->child_count + 1);
    const struct json *status = json_get(doc, STR("status"));
    struct jobs_cron_decision d;
    size_t count = 0;

    LIST_FOREACH (child, &cron->children, struct child, link) {
        facts[count] = child->facts;
        children[count++] = child;
    }
    jobs_cron_decide(
        a,
        &(struct jobs_cron_input){.cron = doc,
                                  .schedule = cron->schedule,
                                  .children = facts,
                                  .child_count = count,
                                  .now = loop_wall(cron->crons->controller->options.loop)},
        &d);
    arm(cron, d.wake_ms);
    tell_note(cron, &d);
    if (d.has_run || d.remove_count > 0 ||
        (status ? !json_equal(status, &d.status) : d.status.count > 0))
        act(cron, doc, children, &d);
}

static void cron_free(struct cron *cron)
{
    map_take(&cron->crons->crons, cron->uid);
    list_remove(&cron->item.link);
    timer_free(cron->timer);
    store_object_unref(cron->object);
    arena_free(cron->schedule_arena);
    arena_free(cron->arena);
}

static void pass(struct jobs_item *item)
{
    struct cron *cron = CONTAINER_OF(item, struct cron, item);
    struct jobs_crons *crons = cron->crons;
    struct arena *a;
    struct json doc;
    struct str text;
    struct err err;

    if (cron->is_busy || !crons->knows_jobs || !crons->knows_crons)
        return;
    if (!cron->object) {
        if (cron->child_count == 0)
            cron_free(cron);
        return;
    }
    a = arena_new();
    if (json_parse(a, str_copy(a, cron->object->doc), &doc, &err) == 0) {
        text = object_cron_job_schedule(a, &doc);
        if (!cron->schedule_arena || !str_eq(cron->schedule_text, text))
            start_reading(cron, text);
        else
            decide(cron, a, &doc);
    }
    arena_free(a);
}

/* ---- what there is ---- */

static struct cron *cron_of(struct jobs_crons *crons, struct str uid)
{
    struct cron *cron = map_find(&crons->crons, uid);
    struct arena *a;

    if (cron)
        return cron;
    a = arena_new_sized(512);
    cron = ARENA_NEW(a, struct cron);
    cron->arena = a;
    cron->crons = crons;
    cron->uid = str_copy(a, uid);
    cron->item.pass = pass;
    list_init(&cron->item.link);
    list_init(&cron->children);
    map_put(&crons->crons, cron->uid, cron);
    return cron;
}

static struct str owner_of(const struct json *job)
{
    const struct json *list = json_path(job, "metadata", "ownerReferences", NULL), *ref;

    for (size_t i = 0; (ref = json_item(list, i)) != NULL; i++)
        if (json_get_bool(ref, STR("controller")) &&
            str_is(json_get_str(ref, STR("kind")), "CronJob"))
            return json_get_str(ref, STR("uid"));
    return STR("");
}

static struct child *child_new(struct jobs_crons *crons, const struct store_object *o,
                               struct str owner)
{
    struct arena *a = arena_new_sized(256);
    struct child *child = ARENA_NEW(a, struct child);

    child->arena = a;
    child->cron = cron_of(crons, owner);
    child->facts.name = str_copy(a, o->key.name);
    child->facts.uid = str_copy(a, o->uid);
    list_init(&child->link);
    list_append(&child->cron->children, &child->link);
    child->cron->child_count++;
    map_put(&crons->children, child->facts.uid, child);
    return child;
}

static void child_free(struct jobs_crons *crons, struct child *child)
{
    map_take(&crons->children, child->facts.uid);
    list_remove(&child->link);
    child->cron->child_count--;
    arena_free(child->arena);
}

void jobs_crons_see_job(struct jobs_crons *crons, const struct store_object *job)
{
    struct child *child = map_find(&crons->children, job->uid);
    struct arena *a = arena_new();
    struct json doc;
    struct wall done = {0};
    struct err err;

    if (json_parse(a, job->doc, &doc, &err) == 0 && owner_of(&doc).len > 0) {
        if (!child)
            child = child_new(crons, job, owner_of(&doc));
        if (gotime_parse_wall(json_str(json_path(&doc, "status", "completionTime", NULL)),
                              &done, &err) < 0)
            done.ms = 0;
        child->facts.rv = job->rv;
        child->facts.created_ms = job->created.ms;
        child->facts.completed_ms = done.ms;
        child->facts.is_over = object_job_is_over(&doc);
        child->facts.is_complete = object_job_condition(&doc, "Complete") != NULL;
        child->facts.is_leaving =
            json_path(&doc, "metadata", "deletionTimestamp", NULL) != NULL;
        jobs_make_ready(crons->controller, &child->cron->item);
    }
    arena_free(a);
}

void jobs_crons_lose_job(struct jobs_crons *crons, struct str uid)
{
    struct child *child = map_find(&crons->children, uid);
    struct cron *cron = child ? child->cron : NULL;

    if (!child)
        return;
    child_free(crons, child);
    jobs_make_ready(crons->controller, &cron->item);
}

static void begin_if_known(struct jobs_crons *crons)
{
    if (!crons->knows_jobs || !crons->knows_crons)
        return;
    MAP_FOREACH (it, &crons->crons) {
        jobs_make_ready(crons->controller, &((struct cron *) it->value)->item);
    }
}

void jobs_crons_begin(struct jobs_crons *crons)
{
    crons->knows_jobs = true;
    begin_if_known(crons);
}

static void on_cron(void *ctx, const struct store_event *event)
{
    struct jobs_crons *crons = ctx;
    struct cron *cron;

    if (crons->is_stopping)
        return;
    if (!event->object) {
        crons->knows_crons = true;
        begin_if_known(crons);
        return;
    }
    cron = cron_of(crons, event->object->uid);
    store_object_unref(cron->object);
    cron->object = event->type == STORE_DELETED ? NULL : store_object_ref(event->object);
    jobs_make_ready(crons->controller, &cron->item);
}

/* ---- life ---- */

struct jobs_crons *jobs_crons_start(struct jobs_controller *c)
{
    struct jobs_crons *crons = NEW(struct jobs_crons);

    crons->controller = c;
    crons->follower = store_follow(&(struct store_follow){
        .store = c->options.store,
        .loop = c->options.loop,
        .query = {.group = STR(JOB_GROUP), .kind = STR("CronJob"), .wants_bookmark = true},
        .fn = on_cron,
        .ctx = crons});
    return crons;
}

void jobs_crons_stop(struct jobs_crons *crons)
{
    crons->is_stopping = true;
    store_follow_end(TAKE(crons->follower));
}

void jobs_crons_free(struct jobs_crons *crons)
{
    if (!crons)
        return;
    while (crons->children.len > 0)
        child_free(crons, crons->children.entries[0].value);
    while (crons->crons.len > 0)
        cron_free(crons->crons.entries[0].value);
    map_done(&crons->children);
    map_done(&crons->crons);
    free(crons);
}
