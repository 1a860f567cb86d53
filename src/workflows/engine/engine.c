/*
 * The workflow controller: which workflows are in memory, which are to be passed over, and what
 * the store, the runner and the clock tell about them. engine_run.c is one of them.
 *
 * Loop thread, but for load_run(), a job on a worker. News is collected during a turn of the
 * loop and decided at its end, so that many reports of one workflow make one decision and one
 * commit.
 */
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "workflows/engine/engine_plugins.h"
#include "workflows/engine/task.h"

/* ---- turns ---- */

static void take_link(struct engine_run *run, struct list *to)
{
    list_remove(&run->link);
    list_append(to, &run->link);
}

void engine_make_ready(struct engine_run *run)
{
    struct engine *e = run->engine;

    if (run->state == RUN_TO_LOAD || run->state == RUN_LOADING || run->is_gone)
        return;
    take_link(run, &e->ready);
    if (!e->is_task_posted) {
        e->is_task_posted = true;
        loop_post(e->options.loop, &e->task);
    }
}

static void pass_ready(struct loop_task *task)
{
    struct engine *e = CONTAINER_OF(task, struct engine, task);
    struct list now;

    e->is_task_posted = false;
    list_init(&now);
    list_splice(&now, &e->ready);
    while (!list_is_empty(&now)) {
        struct engine_run *run = LIST_ENTRY(now.next, struct engine_run, link);

        list_remove(&run->link);
        if (!e->is_stopping)
            run_pass(run);
    }
}

void engine_call_slow(struct engine *e)
{
    if (!e->is_slow_timer_on)
        timer_start(e->slow_timer, ENGINE_SLOW_MS);
    e->is_slow_timer_on = true;
}

void engine_make_slow(struct engine_run *run)
{
    struct engine *e = run->engine;

    if (!list_is_empty(&run->link)) /* ready, or slow already */
        return;
    take_link(run, &e->slow);
    engine_call_slow(e);
}

static void load_more(struct engine *e);

static void on_slow(void *ctx)
{
    struct engine *e = ctx;

    e->is_slow_timer_on = false;
    while (!list_is_empty(&e->slow)) {
        struct engine_run *run = LIST_ENTRY(e->slow.next, struct engine_run, link);

        list_remove(&run->link);
        engine_make_ready(run);
    }
    if (e->is_boot_due)
        engine_boot(e);
    load_more(e);
}

/* ---- loading ---- */

void engine_refuse(struct engine *e, const struct store_object *o, const struct err *why)
{
    struct store_txn *txn = store_txn_new(e->options.store);
    struct arena *a = store_txn_arena(txn);
    struct json doc;
    struct err err;

    locks_forget(e->world.locks, o->uid);
    locks_kick(e->world.locks);
    log_error(NULL, "a workflow was not read", LOG_STR(WORKFLOW, o->key.name), LOG_ERR(why));
    if (json_parse(a, str_copy(a, o->doc), &doc, &err) < 0) {
        store_txn_free(txn);
        return;
    }
    doc = wf_refused_doc(a, &doc, str_from(why->text), loop_wall(e->options.loop),
                         e->world.config);
    store_txn_update(txn, &doc, o->rv);
    if (store_commit(e->options.store, txn, NULL, NULL, &err) < 0)
        log_error(NULL, "a refused workflow was not stored", LOG_STR(WORKFLOW, o->key.name),
                  LOG_ERR(&err));
}

struct load {
    struct job job;
    struct engine_run *run;
    struct arena *arena;
    const struct store_object *object; /* reference */
    struct wf *wf;
    struct estimate *estimate; /* that was read */
    bool is_estimated;         /* it was looked for */
};

static void load_run(struct job *job)
{
    struct load *load = CONTAINER_OF(job, struct load, job);
    struct store *store = load->run->engine->options.store;
    struct wf_stored_node *nodes;
    struct store_node *rows;
    size_t count;

    if (store_get(store, &load->run->key, &load->object, &job->err) < 0 ||
        store_nodes(store, load->arena, load->run->uid, &rows, &count, &job->err) < 0)
        return;
    nodes = ARENA_ARRAY(load->arena, struct wf_stored_node, count + 1);
    for (size_t i = 0; i < count; i++)
        nodes[i] = (struct wf_stored_node){rows[i].id, rows[i].seq, rows[i].doc};
    load->wf = wf_load(load->object->doc, nodes, count, &job->err);
}

static void load_estimate(struct job *job)
{
    struct load *load = CONTAINER_OF(job, struct load, job);

    load->estimate = estimate_read(load->run->engine->options.store, wf_doc(load->wf));
}

/* Another look into the store when it is not known how long that takes: then @load goes on. */
static bool estimate(struct load *load)
{
    struct engine *e = load->run->engine;
    struct err err;

    if (load->is_estimated)
        estimates_put(e->estimates, estimate_key(load->arena, wf_doc(load->wf)),
                      load->estimate);
    if (run_estimate(e, load->wf) || load->is_estimated || e->is_stopping)
        return false;
    load->is_estimated = true;
    load->job.run = load_estimate;
    return workers_submit(e->options.workers, &load->job, &err) == 0;
}

/* What is wrong with the workflow ends it; what is wrong with the disk passes: later again. */
static void load_failed(struct engine_run *run, const struct store_object *o,
                        const struct err *why)
{
    struct engine *e = run->engine;

    if (o && (why->kind == ERR_INVALID || why->kind == ERR_UNSUPPORTED)) {
        engine_refuse(e, o, why);
        run_free(run);
        return;
    }
    log_error(NULL, "a workflow was not loaded", LOG_STR(WORKFLOW, run->key.name),
              LOG_ERR(why));
    if (why->kind == ERR_NOT_FOUND) {
        run_free(run);
        return;
    }
    run->state = RUN_UNSTORED;
    engine_make_slow(run);
}

static void on_loaded(struct job *job)
{
    struct load *load = CONTAINER_OF(job, struct load, job);
    struct engine_run *run = load->run;
    struct engine *e = run->engine;

    if (load->wf && estimate(load))
        return;
    e->loading--;
    if (run->is_gone || (load->object && !str_eq(load->object->uid, run->uid))) {
        wf_free(load->wf);
        run_free(run);
    } else if (load->wf && run->must_reload) {
        wf_free(load->wf);
        engine_reload(run);
    } else if (load->wf) {
        run_begin(run, load->wf, load->object->rv);
    } else {
        load_failed(run, load->object, &job->err);
    }
    store_object_unref(load->object);
    arena_free(load->arena);
    load_more(e);
}

static void load_more(struct engine *e)
{
    while (!e->is_stopping && e->loading < ENGINE_LOADS_MAX && !list_is_empty(&e->to_load)) {
        struct engine_run *run = LIST_ENTRY(e->to_load.next, struct engine_run, link);
        struct arena *a = arena_new();
        struct load *load = ARENA_NEW(a, struct load);
        struct err err;

        list_remove(&run->link);
        load->arena = a;
        load->run = run;
        load->job.class = JOB_BULK;
        load->job.run = load_run;
        load->job.done = on_loaded;
        if (workers_submit(e->options.workers, &load->job, &err) < 0) {
            list_append(&e->to_load, &run->link);
            arena_free(a);
            engine_call_slow(e);
            return;
        }
        run->state = RUN_LOADING;
        run->must_reload = false;
        e->loading++;
    }
}

void engine_reload(struct engine_run *run)
{
    run->state = RUN_TO_LOAD;
    timer_stop(run->wake);
    take_link(run, &run->engine->to_load);
    load_more(run->engine);
}

/* ---- what deleted workflows and pods have left ---- */

struct sweep {
    struct job job;
    struct engine *engine;
    struct arena *arena;
    struct map owners; /* uids of workflows that are there, and of pods that are objects up to
                          their last dash */
    bool is_read;
    struct str settled_of; /* the workflow of these pods */
    struct map settled;    /* uids, of the first try, of pods whose nodes have ended */
};

static int read_owners(struct sweep *s, struct str group, struct str kind)
{
    const struct store_key of = {group, kind, STR(""), STR("")};
    struct str *uids;
    size_t count = 0;

    if (store_uids(s->engine->options.store, s->arena, &of, &uids, &count, &s->job.err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct str uid = uids[i];

        while (str_is(kind, "Pod") && uid.len > 0 && uid.ptr[--uid.len] != '-')
            ;
        map_put(&s->owners, uid, s);
    }
    return 0;
}

static bool is_gone(void *ctx, struct str owner)
{
    struct sweep *s = ctx;

    if (!s->is_read && (read_owners(s, STR("argoproj.io"), STR("Workflow")) < 0 ||
                        read_owners(s, STR(""), STR("Pod")) < 0))
        return false;
    s->is_read = true;
    return !map_find(&s->owners, owner);
}

/* Of one workflow at a time: its pods mostly come one after the other. */
static int read_settled(struct sweep *s, struct str workflow_uid)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct store_node *nodes;
    size_t count = 0;

    map_done(&s->settled);
    s->settled_of = STR_NONE;
    if (store_nodes(s->engine->options.store, a, workflow_uid, &nodes, &count, &s->job.err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct str uid = wf_settled_pod(a, workflow_uid, nodes[i].doc);

        if (!str_is_none(uid))
            map_put(&s->settled, uid, s);
    }
    s->settled_of = workflow_uid;
    return 0;
}

static bool is_settled(void *ctx, struct str owner, struct str uid)
{
    struct sweep *s = ctx;
    struct str rest = str_skip(uid, owner.len), number;

    if (!str_eq(s->settled_of, owner) && read_settled(s, owner) < 0)
        return false;
    str_cut(&rest, 'r', &number); /* which retry it is of */
    return map_find(&s->settled, str_head(uid, owner.len + number.len)) != NULL;
}

static void run_sweep(struct job *job)
{
    struct sweep *s = CONTAINER_OF(job, struct sweep, job);

    pod_sweep(s->engine->options.runner,
              &(struct pod_sweep){.is_gone = is_gone, .is_settled = is_settled, .ctx = s});
}

static void on_swept(struct job *job)
{
    struct sweep *s = CONTAINER_OF(job, struct sweep, job);

    s->engine->is_sweeping = false;
    map_done(&s->owners);
    map_done(&s->settled);
    arena_free(s->arena);
}

void engine_sweep_soon(struct engine *e)
{
    if (!e->is_sweep_due && e->options.runner->ops->sweep)
        timer_start(e->sweep_timer, ENGINE_SWEEP_MS);
    e->is_sweep_due = true;
}

static void start_sweep(void *ctx)
{
    struct engine *e = ctx;
    struct arena *a = arena_new();
    struct sweep *s = ARENA_NEW(a, struct sweep);
    struct err err;

    s->arena = a;
    s->engine = e;
    s->job = (struct job){.run = run_sweep, .done = on_swept, .class = JOB_BULK};
    e->is_sweep_due = false;
    if (!e->is_sweeping && workers_submit(e->options.workers, &s->job, &err) == 0) {
        e->is_sweeping = true;
        return;
    }
    arena_free(a);
    engine_sweep_soon(e);
}

/* ---- pods of before the start keep their share of the machine ---- */

static void hold(struct engine *e)
{
    e->is_holding = true;
    pod_hold(e->options.runner, true);
}

void engine_let_go(struct engine *e)
{
    if (e->is_holding)
        pod_hold(e->options.runner, false);
    e->is_holding = false;
}

static void let_go_if_all_asked(struct engine *e)
{
    if (e->is_listed && e->unasked == 0)
        engine_let_go(e);
}

static void await(struct engine_run *run)
{
    run->is_unasked = true;
    run->engine->unasked++;
}

void engine_asked(struct engine_run *run)
{
    if (!run->is_unasked)
        return;
    run->is_unasked = false;
    run->engine->unasked--;
    let_go_if_all_asked(run->engine);
}

/* ---- news ---- */

static void begin(struct engine *e, const struct store_object *o)
{
    struct engine_run *run = run_new(e, o);
    struct err err;
    struct wf *wf;

    if (!e->is_listed)
        await(run);
    if (!str_is_empty(o->phase)) { /* it has nodes */
        engine_reload(run);
        return;
    }
    wf = wf_load(o->doc, NULL, 0, &err);
    /* One that is retried has nodes, too. */
    if (wf && (wf_was_begun(wf) || !run_estimate(e, wf))) {
        wf_free(wf);
        engine_reload(run);
        return;
    }
    if (wf) {
        run_begin(run, wf, o->rv);
        return;
    }
    engine_refuse(e, o, &err);
    run_free(run);
}

static void on_change(void *ctx, const struct store_event *event)
{
    struct engine *e = ctx;
    const struct store_object *o = event->object;
    struct engine_run *run = o ? map_find(&e->runs, o->uid) : NULL;

    if (e->is_stopping)
        return;
    if (event->type == STORE_BOOKMARK) {
        e->is_listed = true;
        let_go_if_all_asked(e);
    } else if (event->type == STORE_DELETED) {
        if (run)
            run_end(run, RUN_END_DELETED);
        locks_forget(e->world.locks, o->uid);
        locks_kick(e->world.locks);
        engine_sweep_soon(e);
    } else if (run) {
        run_see(run, event);
    } else if (!o->is_finished) {
        begin(e, o);
    }
}

/* The history was too short for us, or the disk failed: begin from what is there. */
void engine_watch(struct engine *e)
{
    const struct store_follow what = {.store = e->options.store,
                                      .loop = e->options.loop,
                                      .query = {.group = STR("argoproj.io"),
                                                .kind = STR("Workflow"),
                                                .finished = STORE_UNFINISHED,
                                                .wants_bookmark = true},
                                      .fn = on_change,
                                      .ctx = e};

    e->follower = store_follow(&what);
}

static void on_report(void *ctx, const struct pod_report *report)
{
    struct engine *e = ctx;
    struct engine_pod *pod = map_find(&e->pods, report->uid);

    if (!pod || e->is_stopping)
        return;
    run_see_plugin(pod->run, report);
    run_see_pod(pod, report);
}

/* ---- life ---- */

struct engine *engine_new(const struct engine_options *options, struct err *err)
{
    struct engine *e = NEW(struct engine);

    if (!options->runner) {
        free(e);
        err_set(err, ERR_INVALID, "the workflow engine needs a pod runner");
        return NULL;
    }
    e->options = *options;
    e->task.run = pass_ready;
    e->decisions = metric_get(options->metrics, METRIC_OPERATION_DURATION);
    map_init_borrowed(&e->pods);
    list_init(&e->ready);
    list_init(&e->slow);
    list_init(&e->to_load);
    engine_boot_init(e);
    engine_metrics_init(e);
    e->slow_timer = timer_new(options->loop, on_slow, e);
    e->sweep_timer = timer_new(options->loop, start_sweep, e);
    options->runner->report = on_report;
    options->runner->report_ctx = e;
    return e;
}

int engine_start(struct engine *e, struct err *err)
{
    loop_assert(e->options.loop);
    if (e->follower || e->is_booting || e->is_boot_due)
        return err_set(err, ERR_CONFLICT, "the workflow engine runs already");
    hold(e);
    engine_start_boot(e);
    if (e->options.runner->ops->sweep)
        start_sweep(e); /* what was deleted before the end of the daemon before */
    return 0;
}

void engine_stop(struct engine *e)
{
    e->is_stopping = true;
    store_follow_end(TAKE(e->follower));
    mirror_stop(&e->maps);
    mirror_stop(&e->claims);
    mirror_stop(&e->spaces);
    timer_stop(e->start_timer);
    timer_stop(e->slow_timer);
    timer_stop(e->sweep_timer);
    timer_stop(e->growing_timer);
    task_stop(e);
    while (e->committing > 0 || e->loading > 0 || e->is_booting || e->tasks_running > 0 ||
           e->is_sweeping || e->is_task_posted)
        loop_run_once(e->options.loop, 10);
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    while (e->runs.len > 0)
        run_free(e->runs.entries[0].value);
    timer_free(e->slow_timer);
    timer_free(e->sweep_timer);
    engine_metrics_free(e);
    engine_boot_free(e);
    task_free(e);
    map_done(&e->runs);
    map_done(&e->pods);
    free(e);
}

struct engine_stats engine_stats_get(const struct engine *e)
{
    return e->stats;
}
