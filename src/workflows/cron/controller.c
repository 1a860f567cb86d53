/*
 * The controller of CronWorkflows: which there are, what they own, when the next comes due. See
 * cron.h. Loop thread, but for load(), a job on a worker.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "workflows/cron/cron_internal.h"

enum { PASSES_MAX = 64 }; /* entries of one turn: thousands may be due at once */

/* ---- turns ---- */

static void take_link(struct cron_entry *e, struct list *to)
{
    list_remove(&e->link);
    list_append(to, &e->link);
}

static void post_task(struct cron_controller *c)
{
    if (!c->is_task_posted)
        loop_post(c->options.loop, &c->task);
    c->is_task_posted = true;
}

void cron_make_ready(struct cron_entry *e)
{
    struct cron_controller *c = e->controller;

    if (c->is_stopping)
        return;
    take_link(e, &c->ready);
    post_task(c);
}

static void pass_ready(struct loop_task *task)
{
    struct cron_controller *c = CONTAINER_OF(task, struct cron_controller, task);

    c->is_task_posted = false;
    for (int i = 0; i < PASSES_MAX && !list_is_empty(&c->ready) && !c->is_stopping; i++) {
        struct cron_entry *e = LIST_ENTRY(c->ready.next, struct cron_entry, link);

        list_remove(&e->link);
        cron_entry_pass(e);
    }
    if (!list_is_empty(&c->ready) && !c->is_stopping)
        post_task(c);
}

void cron_make_slow(struct cron_entry *e)
{
    if (e->controller->is_stopping)
        return;
    take_link(e, &e->controller->slow);
    timer_start(e->controller->slow_timer, CRON_SLOW_MS);
}

static void load_all(struct cron_controller *c);

static void on_slow(void *ctx)
{
    struct cron_controller *c = ctx;

    while (!list_is_empty(&c->slow))
        cron_make_ready(LIST_ENTRY(c->slow.next, struct cron_entry, link));
    if (c->is_load_late)
        load_all(c);
}

/* ---- the timer ---- */

/* The clock may be set while we sleep: no sleep is longer than CRON_WAKE_MAX_MS. */
static void sleep_until(struct cron_controller *c, int64_t at_ms)
{
    int64_t wait_ms = at_ms - loop_wall(c->options.loop).ms;

    if (wait_ms < 0)
        wait_ms = 0;
    c->armed_ms = at_ms;
    timer_start(c->due_timer,
                (uint64_t) (wait_ms < CRON_WAKE_MAX_MS ? wait_ms : CRON_WAKE_MAX_MS));
}

void cron_arm(struct cron_controller *c, int64_t due_s)
{
    if (due_s != CRON_NEVER_S && (c->armed_ms == CRON_NEVER_S || due_s * 1000 < c->armed_ms))
        sleep_until(c, due_s * 1000);
}

static void on_due(void *ctx)
{
    struct cron_controller *c = ctx;
    int64_t now_ms = loop_wall(c->options.loop).ms, next_s = CRON_NEVER_S;

    c->stats.wakes++;
    c->armed_ms = CRON_NEVER_S;
    MAP_FOREACH (it, &c->entries) {
        struct cron_entry *e = it->value;

        if (e->due_s == CRON_NEVER_S)
            continue;
        if (e->due_s * 1000 <= now_ms)
            cron_make_ready(e);
        else if (e->due_s < next_s)
            next_s = e->due_s;
    }
    cron_arm(c, next_s);
}

/* ---- news ---- */

static void on_cron(void *ctx, const struct store_event *event)
{
    struct cron_controller *c = ctx;
    const struct store_object *o = event->object;
    struct cron_entry *e = o ? map_find(&c->entries, o->uid) : NULL;

    if (!o || c->is_stopping)
        return;
    if (event->type != STORE_DELETED && e)
        cron_entry_see(e, o);
    else if (event->type != STORE_DELETED)
        cron_entry_new(c, o);
    else if (e)
        cron_entry_end(e, CRON_END_DELETED);
}

/* The uid of the CronWorkflow that controls a Workflow, or the absent view. */
static struct str owner_of(struct arena *a, const struct store_object *o)
{
    const struct json *refs, *item;
    struct json doc;
    struct err err;

    if (json_parse(a, str_copy(a, o->doc), &doc, &err) < 0)
        return STR_NONE;
    refs = json_path(&doc, "metadata", "ownerReferences", NULL);
    for (size_t i = 0; (item = json_item(refs, i)) != NULL; i++)
        if (str_is(json_get_str(item, STR("kind")), "CronWorkflow") &&
            json_get_bool(item, STR("controller")))
            return json_get_str(item, STR("uid"));
    return STR_NONE;
}

static void on_workflow(void *ctx, const struct store_event *event)
{
    _cleanup_arena_ struct arena *a = NULL;
    struct cron_controller *c = ctx;
    const struct store_object *o = event->object;
    struct cron_owned *owned = o ? map_find(&c->owned, o->uid) : NULL;
    struct cron_entry *e = owned ? owned->entry : NULL;

    if (!o || c->is_stopping)
        return;
    if (event->type == STORE_DELETED) {
        if (owned)
            cron_owned_drop(owned);
        return;
    }
    if (!e) {
        struct str uid;

        a = arena_new();
        uid = owner_of(a, o);
        e = str_is_none(uid) ? NULL : map_find(&c->entries, uid);
    }
    if (e)
        cron_owned_see(e, o);
}

/* ---- loading ---- */

struct load {
    struct job job;
    struct cron_controller *controller;
    struct arena *arena;
    struct store_list workflows, crons;
    struct str *owners; /* of the workflows */
    bool is_read;
};

static struct store_query query_of(const char *kind, const struct selector *labels)
{
    return (struct store_query){.group = STR("argoproj.io"),
                                .kind = str_from(kind),
                                .ns = STR(""),
                                .name_prefix = STR(""),
                                .labels = labels,
                                .continue_token = STR("")};
}

/* Workflows first: whose owner is in no list after that has none. */
static void run_load(struct job *job)
{
    struct load *load = CONTAINER_OF(job, struct load, job);
    struct store *store = load->controller->options.store;
    struct selector labels;
    struct store_query q;

    if (selector_parse(load->arena, STR(OBJECT_CRON_LABEL), &labels, &job->err) < 0)
        return;
    q = query_of("Workflow", &labels);
    if (store_list(store, load->arena, &q, &load->workflows, &job->err) < 0)
        return;
    load->owners = ARENA_ARRAY(load->arena, struct str, load->workflows.len + 1);
    for (size_t i = 0; i < load->workflows.len; i++)
        load->owners[i] = owner_of(load->arena, load->workflows.at[i]);
    q = query_of("CronWorkflow", NULL);
    load->is_read = store_list(store, load->arena, &q, &load->crons, &job->err) == 0;
}

static void on_watch_end(void *ctx, const struct err *err)
{
    struct cron_controller *c = ctx;

    log_error(NULL, "a watch of cron workflows has ended; loading them again", LOG_ERR(err));
    c->is_load_late = true;
    timer_start(c->slow_timer, CRON_SLOW_MS);
}

static void on_crons_end(void *ctx, const struct err *err)
{
    struct cron_controller *c = ctx;

    c->crons = NULL;
    on_watch_end(c, err);
}

static void on_workflows_end(void *ctx, const struct err *err)
{
    struct cron_controller *c = ctx;

    c->workflows = NULL;
    on_watch_end(c, err);
}

static void watch_store(struct cron_controller *c, const struct load *load)
{
    struct selector labels;
    struct store_query crons = query_of("CronWorkflow", NULL), workflows;
    struct err err;

    if (selector_parse(load->arena, STR(OBJECT_CRON_LABEL), &labels, &err) < 0)
        return;
    workflows = query_of("Workflow", &labels);
    c->crons =
        store_watch_open(c->options.store, &crons, load->crons.rv, on_cron, on_crons_end, c);
    c->workflows = store_watch_open(c->options.store, &workflows, load->workflows.rv,
                                    on_workflow, on_workflows_end, c);
}

static void forget_all(struct cron_controller *c)
{
    store_watch_close(TAKE(c->crons));
    store_watch_close(TAKE(c->workflows));
    for (size_t i = c->entries.len; i > 0; i--)
        cron_entry_end(c->entries.entries[i - 1].value, CRON_END_FORGOTTEN);
}

static void take_workflow(struct cron_controller *c, const struct store_object *o,
                          struct str owner)
{
    const struct cron_child orphan = {.name = o->key.name, .uid = o->uid};
    struct cron_entry *e = str_is_none(owner) ? NULL : map_find(&c->entries, owner);

    if (e)
        cron_owned_see(e, o);
    else if (!str_is_none(owner))
        cron_delete_workflow(c, o->key.ns, &orphan);
}

static void on_loaded(struct job *job)
{
    struct load *load = CONTAINER_OF(job, struct load, job);
    struct cron_controller *c = load->controller;

    c->under_way--;
    c->is_loading = false;
    if (c->is_stopping) {
        /* nothing is begun any more */
    } else if (load->is_read) {
        for (size_t i = 0; i < load->crons.len; i++)
            cron_entry_new(c, load->crons.at[i]);
        for (size_t i = 0; i < load->workflows.len; i++)
            take_workflow(c, load->workflows.at[i], load->owners[i]);
        watch_store(c, load);
    } else {
        log_error(NULL, "cron workflows were not loaded; trying again", LOG_ERR(&job->err));
        c->is_load_late = true;
        timer_start(c->slow_timer, CRON_SLOW_MS);
    }
    store_list_done(&load->workflows);
    store_list_done(&load->crons);
    arena_free(load->arena);
}

static int start_load(struct cron_controller *c, struct err *err)
{
    struct arena *a = arena_new();
    struct load *load = ARENA_NEW(a, struct load);

    load->arena = a;
    load->controller = c;
    load->job = (struct job){.run = run_load, .done = on_loaded, .class = JOB_BULK};
    if (workers_submit(c->options.workers, &load->job, err) < 0) {
        arena_free(a);
        return -1;
    }
    c->under_way++;
    c->is_loading = true;
    return 0;
}

static void load_all(struct cron_controller *c)
{
    struct err err;

    forget_all(c);
    c->is_load_late = c->is_loading || c->entries.len > 0 || start_load(c, &err) < 0;
    if (c->is_load_late)
        timer_start(c->slow_timer, CRON_SLOW_MS);
}

/* ---- owners that are gone ---- */

static void on_deleted(void *ctx, const struct store_result *result, const struct err *err)
{
    struct cron_controller *c = ctx;

    (void) result;
    c->under_way--;
    if (err && err->kind != ERR_NONE && err->kind != ERR_NOT_FOUND)
        log_error(NULL, "a workflow whose cron workflow is gone was not deleted", LOG_ERR(err));
}

void cron_delete_workflow(struct cron_controller *c, struct str ns,
                          const struct cron_child *child)
{
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), ns, child->name};
    struct store_txn *txn = store_txn_new(c->options.store);
    struct err err;

    store_txn_delete(txn, &key, child->uid, 0);
    if (store_commit(c->options.store, txn, on_deleted, c, &err) < 0)
        log_error(NULL, "a workflow whose cron workflow is gone was not deleted",
                  LOG_ERR(&err));
    else
        c->under_way++;
}

/* ---- life ---- */

struct cron_controller *cron_controller_new(const struct cron_controller_options *options)
{
    struct cron_controller *c = NEW(struct cron_controller);

    c->options = *options;
    c->task.run = pass_ready;
    c->armed_ms = CRON_NEVER_S;
    list_init(&c->ready);
    list_init(&c->slow);
    c->slow_timer = timer_new(options->loop, on_slow, c);
    c->due_timer = timer_new(options->loop, on_due, c);
    return c;
}

int cron_controller_start(struct cron_controller *c, struct err *err)
{
    loop_assert(c->options.loop);
    return start_load(c, err);
}

void cron_controller_stop(struct cron_controller *c)
{
    c->is_stopping = true;
    store_watch_close(TAKE(c->crons));
    store_watch_close(TAKE(c->workflows));
    timer_stop(c->slow_timer);
    timer_stop(c->due_timer);
    while (c->under_way > 0 || c->is_task_posted)
        loop_run_once(c->options.loop, 10);
}

void cron_controller_free(struct cron_controller *c)
{
    if (!c)
        return;
    while (c->entries.len > 0)
        cron_entry_free(c->entries.entries[0].value);
    timer_free(c->slow_timer);
    timer_free(c->due_timer);
    map_done(&c->entries);
    map_done(&c->owned);
    free(c);
}

struct cron_stats cron_stats_get(const struct cron_controller *c)
{
    struct cron_stats stats = c->stats;

    stats.cron_workflows = c->entries.len;
    return stats;
}
