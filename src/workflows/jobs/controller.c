/*
 * The watches of Jobs and Pods, and the turns of what has news. See jobs_internal.h. Loop
 * thread.
 */
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "workflows/jobs/jobs_internal.h"

/* ---- turns ---- */

static void run_ready(struct loop_task *task)
{
    struct jobs_controller *c = CONTAINER_OF(task, struct jobs_controller, task);
    struct list now;

    c->is_posted = false;
    list_init(&now);
    list_splice(&now, &c->ready);
    while (!list_is_empty(&now)) {
        struct jobs_item *item = LIST_ENTRY(now.next, struct jobs_item, link);

        list_remove(&item->link);
        if (!c->is_stopping)
            item->pass(item);
    }
}

static void run_slow(void *ctx)
{
    struct jobs_controller *c = ctx;

    while (!list_is_empty(&c->slow))
        jobs_make_ready(c, LIST_ENTRY(c->slow.next, struct jobs_item, link));
}

void jobs_make_ready(struct jobs_controller *c, struct jobs_item *item)
{
    list_remove(&item->link);
    list_append(&c->ready, &item->link);
    if (c->is_posted || c->is_stopping)
        return;
    c->is_posted = true;
    loop_post(c->options.loop, &c->task);
}

void jobs_make_slow(struct jobs_controller *c, struct jobs_item *item)
{
    if (list_is_empty(&c->slow) && !c->is_stopping)
        timer_start(c->slow_timer, JOB_SLOW_MS);
    list_remove(&item->link);
    list_append(&c->slow, &item->link);
}

/* ---- Events ---- */

void jobs_tell(struct jobs_controller *c, struct recorder_budget *budget,
               const struct jobs_telling *what)
{
    if (!c->options.recorder)
        return;
    recorder_add(c->options.recorder, budget,
                 &(struct recorder_event){.about = &what->about->key,
                                          .api_version = str_from(what->api_version),
                                          .uid = what->about->uid,
                                          .rv = what->about->rv,
                                          .component = str_from(what->component),
                                          .is_warning = what->is_warning,
                                          .reason = str_from(what->reason),
                                          .message = what->message});
}

/* ---- watches ---- */

/* All is told: Jobs may be passed over, their pods are known. */
static void begin_if_known(struct jobs_controller *c)
{
    if (!c->knows_jobs || !c->knows_pods)
        return;
    MAP_FOREACH (it, &c->entries) {
        jobs_make_ready(c, &((struct jobs_entry *) it->value)->item);
    }
    MAP_FOREACH (it, &c->held) {
        jobs_make_ready(c, &((struct jobs_held *) it->value)->item);
    }
    jobs_crons_begin(c->crons);
}

static void on_job(void *ctx, const struct store_event *event)
{
    struct jobs_controller *c = ctx;
    bool is_gone = event->type == STORE_DELETED;

    if (c->is_stopping)
        return;
    if (!event->object) {
        c->knows_jobs = true;
        begin_if_known(c);
        return;
    }
    jobs_entry_see(jobs_entry_of(c, event->object->uid), is_gone ? NULL : event->object);
    if (is_gone)
        jobs_crons_lose_job(c->crons, event->object->uid);
    else
        jobs_crons_see_job(c->crons, event->object);
}

static void on_pod(void *ctx, const struct store_event *event)
{
    struct jobs_controller *c = ctx;
    struct jobs_held *held;

    if (c->is_stopping)
        return;
    if (!event->object) {
        c->knows_pods = true;
        begin_if_known(c);
    } else if (event->type != STORE_DELETED) {
        jobs_held_see(c, event->object);
    } else if ((held = map_find(&c->held, event->object->uid)) != NULL) {
        jobs_held_end(held);
    }
}

static struct store_follower *follow(struct jobs_controller *c, const char *group,
                                     const char *kind, store_event_fn fn)
{
    return store_follow(&(struct store_follow){
        .store = c->options.store,
        .loop = c->options.loop,
        .query = {.group = str_from(group), .kind = str_from(kind), .wants_bookmark = true},
        .fn = fn,
        .ctx = c});
}

/* ---- life ---- */

struct jobs_controller *jobs_new(const struct jobs_options *options)
{
    struct jobs_controller *c = NEW(struct jobs_controller);

    c->options = *options;
    c->task.run = run_ready;
    c->slow_timer = timer_new(options->loop, run_slow, c);
    c->random = random_from_system();
    list_init(&c->ready);
    list_init(&c->slow);
    return c;
}

void jobs_start(struct jobs_controller *c)
{
    loop_assert(c->options.loop);
    c->crons = jobs_crons_start(c);
    c->jobs = follow(c, JOB_GROUP, "Job", on_job);
    c->pods = follow(c, "", "Pod", on_pod);
}

void jobs_stop(struct jobs_controller *c)
{
    c->is_stopping = true;
    store_follow_end(TAKE(c->jobs));
    store_follow_end(TAKE(c->pods));
    if (c->crons)
        jobs_crons_stop(c->crons);
    timer_stop(c->slow_timer);
    while (c->under_way > 0 || c->is_posted)
        loop_run_once(c->options.loop, 10);
}

void jobs_free(struct jobs_controller *c)
{
    if (!c)
        return;
    jobs_crons_free(c->crons);
    while (c->held.len > 0)
        jobs_held_free(c->held.entries[0].value);
    while (c->entries.len > 0)
        jobs_entry_free(c->entries.entries[0].value);
    map_done(&c->held);
    map_done(&c->entries);
    timer_free(c->slow_timer);
    free(c);
}
