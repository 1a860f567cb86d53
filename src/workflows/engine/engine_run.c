/*
 * One workflow of the controller: observations in, one decision at a time, its commit, then its
 * effects.
 *
 * Effects follow the commit in an order in which each can be repeated: outcomes that are stored
 * are forgotten by the runner, then pods are killed, then asked for. A crash between them is
 * mended by the first pass after the restart, which asks for every unfinished pod again. When
 * somebody else changed the object under a commit, the run is loaded again: the same path. Loop
 * thread.
 */
#include <stdlib.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "workflows/engine/task.h"

/* ---- identity ---- */

void run_wake(struct engine_run *run)
{
    if (!run->is_waking && run->wf) {
        VEC_PUSH(&run->inputs, ((struct wf_input){.kind = WF_INPUT_WAKE}));
        run->is_waking = true;
    }
    engine_make_ready(run);
}

static void on_wake(void *ctx)
{
    run_wake(ctx);
}

struct engine_run *run_new(struct engine *e, const struct store_object *o)
{
    struct arena *a = arena_new();
    struct engine_run *run = ARENA_NEW(a, struct engine_run);

    run->engine = e;
    run->arena = a;
    run->uid = str_copy(a, o->uid);
    run->key = (struct store_key){str_copy(a, o->key.group), str_copy(a, o->key.kind),
                                  str_copy(a, o->key.ns), str_copy(a, o->key.name)};
    run->admission = (struct admission_item){
        .uid = run->uid, .ns = run->key.ns, .created_ms = o->created.ms};
    run->wake = timer_new(e->options.loop, on_wake, run);
    list_init(&run->link);
    list_init(&run->pods);
    map_put(&e->runs, run->uid, run);
    e->stats.active_workflows++;
    run_count_phase(run, o->phase);
    if (str_is(o->phase, "Running")) /* before any other begins */
        admission_run(e->admission, &run->admission);
    return run;
}

static void pod_drop(struct engine_pod *pod)
{
    struct engine *e = pod->run->engine;

    map_take(&e->pods, pod->uid);
    list_remove(&pod->link);
    pod_count_end(pod);
    e->stats.active_pods--;
    free(pod->spec);
    free(pod);
}

static struct engine_pod *pod_of(struct engine_run *run, struct str uid, struct str node_id)
{
    struct engine *e = run->engine;
    struct engine_pod *pod = map_find(&e->pods, uid);
    char *texts;

    if (pod)
        return pod;
    pod = mem_alloc(sizeof(*pod) + uid.len + node_id.len);
    texts = (char *) (pod + 1);
    memcpy(texts, uid.ptr, uid.len);
    memcpy(texts + uid.len, node_id.ptr, node_id.len);
    pod->run = run;
    pod->uid = str_of(texts, uid.len);
    pod->node_id = str_of(texts + uid.len, node_id.len);
    pod->round = UINT64_MAX;
    list_append(&run->pods, &pod->link);
    map_put(&e->pods, pod->uid, pod);
    e->stats.active_pods++;
    return pod;
}

static void drop_inputs(struct engine_run *run)
{
    run->inputs.len = 0;
    run->is_waking = false;
    run->round++;
    if (run->inbox)
        arena_free(TAKE(run->inbox));
}

static void drop_actions(struct engine_run *run)
{
    struct arena *a = run->actions.arena;

    run->actions = (struct wf_actions){0};
    if (a)
        arena_free(a);
}

static void drop_seen(struct engine_run *run)
{
    store_object_unref(TAKE(run->seen_last));
    store_object_unref(TAKE(run->seen_before));
}

void run_free(struct engine_run *run)
{
    struct engine *e = run->engine;

    while (!list_is_empty(&run->pods))
        pod_drop(LIST_ENTRY(run->pods.next, struct engine_pod, link));
    drop_inputs(run);
    VEC_DONE(&run->inputs);
    drop_actions(run);
    drop_seen(run);
    admission_leave(e->admission, &run->admission);
    engine_asked(run);
    map_done(&run->told);
    map_done(&run->plugins);
    timer_free(run->wake);
    list_remove(&run->link);
    wf_free(run->wf);
    if (map_find(&e->runs, run->uid) == run)
        map_take(&e->runs, run->uid);
    e->stats.active_workflows--;
    arena_free(run->arena);
}

/* ---- observations ---- */

static struct arena *inbox(struct engine_run *run)
{
    if (!run->inbox)
        run->inbox = arena_new();
    return run->inbox;
}

bool run_estimate(struct engine *e, struct wf *wf)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str key = estimate_key(a, wf_doc(wf));
    const struct estimate *known;

    if (str_is_none(key))
        return true;
    if (!estimates_find(e->estimates, key, &known))
        return false;
    wf_see_estimate(wf, known);
    return true;
}

/* It has ended: those of its kind that come after it will take as long. */
static void tell_estimate(struct engine_run *run)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str key = estimate_key(a, wf_doc(run->wf));

    if (!str_is_none(key) && str_is(str_from(run->phase), "Succeeded"))
        estimates_put(run->engine->estimates, key, estimate_of(run->wf));
}

/* Somebody else has taken nodes away, or ended them: their pods are stopped. Plugins' belong to
 * no node. */
static void kill_unwanted(struct engine_run *run)
{
    const struct str why = STR("node removed");
    struct engine *e = run->engine;

    for (struct list *it = run->pods.next; it != &run->pods; it = it->next) {
        const struct engine_pod *pod = LIST_ENTRY(it, struct engine_pod, link);

        if (!map_find(&run->plugins, pod->uid) &&
            !wf_wants_pod(run->wf, pod->node_id, pod->uid) && !task_kill(e, pod->uid, why))
            pod_kill(e->options.runner, pod->uid, why, 0);
    }
}

void run_begin(struct engine_run *run, struct wf *wf, int64_t rv)
{
    drop_inputs(run);
    drop_actions(run);
    drop_seen(run);
    wf_free(run->wf);
    run->wf = wf;
    run->rv = rv;
    run->state = RUN_IDLE;
    wf_see_world(wf, &run->engine->world);
    locks_restore(run->engine->world.locks, wf_doc(wf), LOCKS_AT_LOAD);
    kill_unwanted(run);
    run_wake(run);
}

static void see_foreign(struct engine_run *run, const struct store_object *o)
{
    struct wf_input input = {.kind = WF_INPUT_SPEC, .doc = str_copy(inbox(run), o->doc)};

    VEC_PUSH(&run->inputs, input);
    engine_make_ready(run);
}

void run_see(struct engine_run *run, const struct store_event *event)
{
    const struct store_object *o = event->object;

    switch (run->state) {
    case RUN_TO_LOAD: /* is read anyway */
        return;
    case RUN_LOADING: /* was perhaps read before */
        run->must_reload = true;
        return;
    case RUN_COMMITTING:
        store_object_unref(run->seen_before);
        run->seen_before = run->seen_last;
        run->seen_last = store_object_ref(o);
        return;
    case RUN_UNSTORED: /* its decision would conflict */
        engine_reload(run);
        return;
    case RUN_IDLE:
        run->rv = o->rv;
        if (event->node_count > 0 || !wf_knows_status(run->wf, o->doc))
            engine_reload(run);
        else
            see_foreign(run, o);
        return;
    }
}

static struct pod_container_report *containers_copy(struct arena *a,
                                                    const struct pod_report *from)
{
    struct pod_container_report *made;

    if (from->container_count == 0)
        return NULL;
    made = ARENA_ARRAY(a, struct pod_container_report, from->container_count);
    for (size_t i = 0; i < from->container_count; i++) {
        made[i] = from->containers[i];
        made[i].name = str_copy(a, made[i].name);
        made[i].message = str_copy(a, made[i].message);
    }
    return made;
}

static struct pod_report *report_copy(struct arena *a, const struct pod_report *from)
{
    struct pod_report *made = ARENA_NEW(a, struct pod_report);

    *made = *from;
    made->uid = str_copy(a, from->uid);
    made->message = str_copy(a, from->message);
    made->host = str_copy(a, from->host);
    made->ip = str_copy(a, from->ip);
    made->isolation = str_copy(a, from->isolation);
    made->progress = str_copy(a, from->progress);
    made->containers = containers_copy(a, from);
    if (from->outputs) {
        struct json *outputs = ARENA_NEW(a, struct json);

        *outputs = json_clone(a, from->outputs);
        made->outputs = outputs;
    }
    return made;
}

/* That a pod runs is told with its end when that follows at once: one decision instead of two.
 */
void run_see_pod(struct engine_pod *pod, const struct pod_report *report)
{
    struct engine_run *run = pod->run;
    struct wf_input input = {.kind = WF_INPUT_POD};

    pod_count_phase(pod, report->phase);
    pod_count_pending(pod, report);
    if (run->state == RUN_TO_LOAD || run->state == RUN_LOADING)
        return; /* the first pass asks for it again, and is told then */
    if (report->phase == POD_RUNNING)
        run_record_isolation(run, report->isolation);
    input.node_id = str_copy(inbox(run), pod->node_id);
    input.report = report_copy(inbox(run), report);
    if (pod->round == run->round) {
        run->inputs.at[pod->input] = input;
    } else {
        pod->round = run->round;
        pod->input = run->inputs.len;
        VEC_PUSH(&run->inputs, input);
    }
    if (report->is_final)
        pod_tell_failure(pod, report->phase);
    if (report->is_final)
        engine_make_ready(run);
    else
        engine_make_slow(run);
}

/* ---- effects ---- */

static void forget_pods(struct engine_run *run)
{
    const struct wf_actions *todo = &run->actions;

    for (size_t i = 0; i < todo->forget_count; i++) {
        struct engine_pod *pod = map_find(&run->engine->pods, todo->forget[i]);

        if (!task_forget(run->engine, todo->forget[i]))
            pod_forget(run->engine->options.runner, todo->forget[i], true);
        if (pod)
            pod_drop(pod);
    }
}

/* A pod that can never run is a pod that has ended in an error. */
static void refuse_pod(struct engine_pod *pod, const struct err *err)
{
    struct wall now = loop_wall(pod->run->engine->options.loop);
    struct pod_report report = {.uid = pod->uid,
                                .phase = POD_ERROR,
                                .message = str_from(err->text),
                                .started = now,
                                .finished = now,
                                .host = STR(""),
                                .ip = STR(""),
                                .isolation = STR(""),
                                .is_final = true};

    run_see_pod(pod, &report);
}

int run_ask_for_pod(struct engine_run *run, const struct pod_request *request, struct err *err)
{
    struct engine_pod *pod = pod_of(run, request->uid, request->node_id);

    if (pod_create(run->engine->options.runner, request, err) < 0) {
        pod_drop(pod);
        return -1;
    }
    pod_count_phase(pod, POD_PENDING);
    return 0;
}

/* Why no more pods are asked for: the run is loaded again later and asks again. */
enum asking { ASK_ON, ASK_RUNNER_IS_FULL, ASK_OVER_RATE };

static enum asking ask_for_pod(struct engine_run *run, const struct pod_request *request,
                               uint64_t *ret_wait_ms)
{
    bool is_new = !map_find(&run->engine->pods, request->uid);
    struct engine_pod *pod;
    struct err err;

    *ret_wait_ms =
        is_new && !task_is_one(request->template) ? engine_wait_for_pod(run->engine) : 0;
    run_count_rate(run, *ret_wait_ms > 0, is_new && !task_is_one(request->template));
    if (*ret_wait_ms > 0)
        return ASK_OVER_RATE;
    pod = pod_of(run, request->uid, request->node_id);
    if (task_is_one(request->template)) {
        if (task_start(run->engine, request, &err) == 0)
            return ASK_ON;
    } else if (pod_create(run->engine->options.runner, request, &err) == 0) {
        pod_count_phase(pod, POD_PENDING);
        pod_tell_spec(pod, request);
        return ASK_ON;
    }
    if (err.kind == ERR_TRANSIENT) {
        pod_drop(pod);
        return ASK_RUNNER_IS_FULL;
    }
    log_error(NULL, "a pod was refused", LOG_STR(WORKFLOW, run->key.name),
              LOG_STR(POD, request->name), LOG_ERR(&err));
    refuse_pod(pod, &err);
    return ASK_ON;
}

static void set_wake(struct engine_run *run, struct wall at)
{
    int64_t delay = at.ms - loop_wall(run->engine->options.loop).ms;

    if (at.ms == 0)
        timer_stop(run->wake);
    else
        timer_start(run->wake, delay < 0                    ? 0
                               : delay > ENGINE_WAKE_MAX_MS ? ENGINE_WAKE_MAX_MS
                                                            : (uint64_t) delay);
}

/* Carries out what is on disk now. */
static void act(struct engine_run *run)
{
    struct pod_runner *runner = run->engine->options.runner;
    const struct wf_actions *todo = &run->actions;
    bool is_finished = todo->is_finished;
    enum asking asking = ASK_ON;
    uint64_t wait_ms = 0;

    FAULT_POINT("engine.act.before");
    run_tell_metrics(run);
    forget_pods(run);
    FAULT_POINT("engine.act.forgotten");
    for (size_t i = 0; i < todo->kill_count; i++)
        if (!task_kill(run->engine, todo->kills[i].uid, todo->kills[i].why))
            pod_kill(runner, todo->kills[i].uid, todo->kills[i].why, todo->kills[i].grace_ms);
    for (size_t i = 0; i < todo->pod_count && asking == ASK_ON; i++) {
        asking = ask_for_pod(run, &todo->pods[i].request, &wait_ms);
        FAULT_POINT("engine.act.between_pods");
    }
    set_wake(run, todo->wake_at);
    for (size_t i = 0; i < todo->release_count; i++)
        locks_release(run->engine->world.locks, todo->releases[i]);
    locks_kick(run->engine->world.locks);
    drop_actions(run);
    if (asking == ASK_ON)
        engine_asked(run);
    else if (asking == ASK_RUNNER_IS_FULL)
        engine_let_go(run->engine);
    if (is_finished) {
        run->engine->stats.finished++;
        tell_estimate(run);
        run_end(run, RUN_END_FINISHED);
    } else if (asking != ASK_ON) {
        run->state = RUN_UNSTORED; /* nothing is lost: the first pass asks for all pods again */
        if (asking == ASK_OVER_RATE)
            timer_start(run->wake, wait_ms);
        else
            engine_make_slow(run);
    } else if (run->inputs.len > 0) {
        engine_make_ready(run);
    }
}

/* ---- decisions ---- */

/* While our commit was under way somebody else's may have come before it. */
static void look_at_seen(struct engine_run *run)
{
    if (run->seen_before)
        see_foreign(run, run->seen_before);
    drop_seen(run);
}

static void on_committed(void *ctx, const struct store_result *result, const struct err *err)
{
    struct engine_run *run = ctx;
    struct engine *e = run->engine;

    e->committing--;
    run->state = RUN_IDLE;
    if (run->is_gone) {
        run_free(run);
        return;
    }
    if (e->is_stopping)
        return;
    if (err->kind == ERR_NONE) {
        run->rv = result->rv;
        run_record(run, result->object ? result->object->phase : STR_NONE);
        if (result->object)
            run_count_phase(run, result->object->phase);
        look_at_seen(run);
        act(run);
    } else if (err->kind == ERR_NOT_FOUND && run->actions.claim_count == 0) {
        run_end(run, RUN_END_DELETED); /* the watch tells it, too */
    } else {
        if (err->kind != ERR_CONFLICT && run->actions.claim_count == 0)
            log_error(NULL, "a decision was not stored", LOG_STR(WORKFLOW, run->key.name),
                      LOG_ERR(err));
        engine_reload(run);
    }
}

static int add_object(struct engine_run *run, struct store_txn *txn)
{
    struct json doc;
    struct err err;

    if (str_is_none(run->actions.doc)) {
        store_txn_touch(txn, &run->key, run->uid);
        return 0;
    }
    if (json_parse(store_txn_arena(txn), run->actions.doc, &doc, &err) < 0) {
        log_error(NULL, "a decision is no document", LOG_STR(WORKFLOW, run->key.name),
                  LOG_ERR(&err));
        return -1;
    }
    store_txn_update(txn, &doc, run->rv);
    return 0;
}

void run_commit(struct engine_run *run)
{
    struct engine *e = run->engine;
    struct store_txn *txn = store_txn_new(e->options.store);
    bool is_whole;
    struct err err;

    for (size_t i = 0; i < run->actions.node_count; i++) {
        const struct wf_node_change *node = &run->actions.nodes[i];

        store_txn_node(txn, run->uid, node->id, node->seq, node->doc);
    }
    engine_add_memos(e, txn, run->key.ns, &run->actions);
    engine_add_claims(e, txn, run->key.ns, &run->actions);
    is_whole = add_object(run, txn) == 0;
    FAULT_POINT("engine.pass.before_commit");
    run->state = RUN_COMMITTING;
    if (is_whole && store_commit(e->options.store, txn, on_committed, run, &err) == 0) {
        e->committing++;
        return;
    }
    if (!is_whole)
        store_txn_free(txn);
    run->state = RUN_UNSTORED;
    engine_make_slow(run);
}

/* One that ran before is never held up. */
static bool is_admitted(struct engine_run *run)
{
    struct admission *a = run->engine->admission;

    if (run->admission.state == ADMISSION_NONE) /* its place in the queue depends on it */
        run->admission.priority = wf_priority(run->wf);
    if (wf_was_begun(run->wf))
        admission_run(a, &run->admission);
    return admission_ask(a, &run->admission);
}

void run_pass(struct engine_run *run)
{
    struct engine *e = run->engine;
    struct mono begun;

    if (run->state == RUN_UNSTORED) { /* the state in memory is ahead: begin from the disk */
        engine_reload(run);
        return;
    }
    if (run->state != RUN_IDLE || run->inputs.len == 0)
        return;
    e->stats.passes++;
    begun = clock_mono();
    run->actions = (struct wf_actions){.arena = arena_new()};
    (is_admitted(run) ? wf_decide : wf_postpone)(run->wf, run->inputs.at, run->inputs.len,
                                                 loop_wall(e->options.loop), &run->actions);
    metric_observe(e->decisions, (double) (clock_mono().ns - begun.ns) / 1e9);
    drop_inputs(run);
    if (run->actions.node_count > 0 || !str_is_none(run->actions.doc))
        run_commit(run);
    else
        act(run);
}

/* ---- the end ---- */

void run_end(struct engine_run *run, enum engine_run_end why)
{
    struct pod_runner *runner = run->engine->options.runner;
    bool is_deleted = why == RUN_END_DELETED;

    while (!list_is_empty(&run->pods)) {
        struct engine_pod *pod = LIST_ENTRY(run->pods.next, struct engine_pod, link);

        if (task_kill(run->engine, pod->uid, STR("workflow finished"))) {
            task_forget(run->engine, pod->uid);
        } else {
            pod_kill(runner, pod->uid,
                     is_deleted ? STR("workflow deleted") : STR("workflow finished"), 0);
            pod_forget(runner, pod->uid, !is_deleted);
        }
        pod_drop(pod);
    }
    admission_leave(run->engine->admission, &run->admission);
    locks_forget(run->engine->world.locks, run->uid);
    locks_kick(run->engine->world.locks);
    run_drop_metrics(run);
    run->is_gone = true;
    timer_stop(run->wake);
    list_remove(&run->link);
    map_take(&run->engine->runs, run->uid);
    if (run->state != RUN_COMMITTING && run->state != RUN_LOADING)
        run_free(run);
}
