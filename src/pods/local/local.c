/*
 * The runner's bookkeeping, on the loop: which pods there are, which wait for a place, what is
 * asked of them.
 *
 * A pod's life: waiting (over running_max) - staging (a worker: staging.c) - running (a shim
 * has it) - ended (the final report is kept until pod_forget()). The zygote may report a pod
 * before its staging job is back on the loop; such news is kept in the pod and looked at then.
 * Thread: the loop, but for run_*() which are jobs.
 */
#include "pods/local/local.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "pods/local/access.h"
#include "pods/local/address.h"
#include "pods/local/local_internal.h"
#include "pods/local/zygote.h"

enum { POD_ARENA_BYTES = 1536 }; /* a usual request fits: thousands may wait */

static void start_waiting(struct local *r);
static void pod_ended(struct local_pod *pod);

const char *local_isolation_name(enum local_isolation isolation)
{
    static const char *const names[] = {"process", "host", "image"};

    return names[isolation];
}

/* ---- pods ---- */

static struct str tag_key(char *text, size_t size, uint64_t tag)
{
    return str_of(text, (size_t) snprintf(text, size, "%llu", (unsigned long long) tag));
}

static const struct json *copy_of(struct arena *a, const struct json *v)
{
    struct json *made;

    if (!v)
        return NULL;
    made = ARENA_NEW(a, struct json);
    *made = json_clone(a, v);
    return made;
}

static void copy_request(struct local_pod *pod, const struct pod_request *req)
{
    struct arena *a = pod->arena;

    pod->req = *req;
    pod->req.uid = str_copy(a, req->uid);
    pod->req.ns = str_copy(a, req->ns);
    pod->req.name = str_copy(a, req->name);
    pod->req.workflow = str_copy(a, req->workflow);
    pod->req.workflow_uid = str_copy(a, req->workflow_uid);
    pod->req.node_id = str_copy(a, req->node_id);
    pod->req.node_name = str_copy(a, req->node_name);
    pod->req.service_account = str_copy(a, req->service_account);
    pod->req.template = copy_of(a, req->template);
    pod->req.volumes = copy_of(a, req->volumes);
    pod->req.pod_meta = copy_of(a, req->pod_meta);
    pod->req.security = copy_of(a, req->security);
    pod->req.resources = copy_of(a, req->resources);
    pod->req.node_selector = copy_of(a, req->node_selector);
    pod->dir = str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(req->ns), STR_ARG(req->name));
}

static struct local_pod *pod_new(struct local *r, const struct pod_request *req)
{
    struct arena *a = arena_new_sized(POD_ARENA_BYTES);
    struct local_pod *pod = ARENA_NEW(a, struct local_pod);
    char key[24];

    pod->arena = a;
    pod->runner = r;
    pod->pidfd = -1;
    pod->tag = ++r->next_tag;
    list_init(&pod->link);
    list_init(&pod->unready);
    pod->notify_id = -1;
    pod->is_watched = json_get_bool(req->template, STR("daemon"));
    copy_request(pod, req);
    pod->isolation = images_choose(r, &pod->req);
    map_put(&r->by_uid, pod->req.uid, pod);
    map_put(&r->by_tag, tag_key(key, sizeof(key), pod->tag), pod);
    return pod;
}

static void stop_watching(struct local_pod *pod)
{
    readiness_stop(pod);
    fd_watch_free(TAKE(pod->watch));
    if (pod->pidfd >= 0)
        close(pod->pidfd);
    pod->pidfd = -1;
}

static void pod_free(struct local_pod *pod)
{
    char key[24];

    map_take(&pod->runner->by_uid, pod->req.uid);
    map_take(&pod->runner->by_tag, tag_key(key, sizeof(key), pod->tag));
    list_remove(&pod->link);
    stop_watching(pod);
    timer_free(TAKE(pod->pause));
    free((char *) (uintptr_t) pod->kill_why.ptr);
    arena_free(pod->arena);
}

static void local_free_when_idle(struct local *r)
{
    if (r->by_uid.len > 0)
        return;
    artifact_plugins_free(r->artifacts.plugins);
    zygote_free(r->zygote);
    timer_free(r->zygote_timer);
    timer_free(r->unsent_timer);
    timer_free(r->progress_timer);
    map_done(&r->by_uid);
    map_done(&r->by_tag);
    pthread_rwlock_destroy(&r->folders);
    for (size_t i = 0; i < r->rule_count; i++)
        free((char *) (uintptr_t) r->rules[i].pattern);
    free((char *) (uintptr_t) r->runtime.path);
    free(r->root);
    free(r->state_dir);
    free(r->repository);
    free(r->shim);
    free(r->node_name);
    free(r->node_labels);
    free(r->host_paths);
    free(r->program);
    free(r);
}

/* At the end of a job: true when the runner was closed meanwhile; then the pod (and perhaps the
 * runner) is gone. */
static bool is_closed(struct local_pod *pod)
{
    struct local *r = pod->runner;

    if (!r->is_closing)
        return false;
    pod_free(pod);
    local_free_when_idle(r);
    return true;
}

/* ---- reports ---- */

static void send_report_with(struct local_pod *pod, struct str pending)
{
    struct local *r = pod->runner;
    struct pod_report report = {
        .uid = pod->req.uid,
        .started = pod->started,
        .host = str_from(r->node_name),
        .ip = address_of(pod),
        .isolation = str_from(local_isolation_name(pod->isolation)),
        .phase = pod->state == LOCAL_RUNNING ? POD_RUNNING : POD_PENDING,
        .message = pending,
        .is_unready = readiness_is_missing(pod),
        .progress = str_from(pod->progress),
    };

    if (report.is_unready)
        report.message = str_from(pod->found);

    if (pod->state == LOCAL_ENDED) {
        report.phase = pod->outcome.phase;
        report.message = pod->outcome.message;
        report.outputs = pod->outcome.outputs;
        report.containers = pod->outcome.containers;
        report.container_count = pod->outcome.container_count;
        report.started = pod->outcome.started;
        report.finished = pod->outcome.finished;
        report.is_final = true;
    }
    if (report.is_final)
        FAULT_POINT("pods.report.before");
    if (r->is_closing)
        return;
    if (pod->req.report)
        pod->req.report(pod->req.report_ctx, &report);
    else if (r->base.report)
        r->base.report(r->base.report_ctx, &report);
}

static void send_report(struct local_pod *pod)
{
    send_report_with(pod, STR(""));
}

void local_tell(struct local_pod *pod)
{
    send_report(pod);
}

void local_tell_pending(struct local_pod *pod, struct str message)
{
    if (pod->state < LOCAL_RUNNING)
        send_report_with(pod, message);
}

static void set_running(struct local_pod *pod)
{
    if (pod->state == LOCAL_ENDED || pod->state == LOCAL_RUNNING)
        return;
    pod->state = LOCAL_RUNNING;
    pod->started = loop_wall(pod->runner->loop);
    readiness_begin(pod);
    progress_begin(pod->runner);
    send_report(pod);
}

static void leave_place(struct local_pod *pod)
{
    pod->runner->running--;
    room_give_back(pod);
}

/* The end of a pod's place: its final report, room for the next one. */
static void finish(struct local_pod *pod, bool had_place)
{
    struct local *r = pod->runner;

    pod->state = LOCAL_ENDED;
    stop_watching(pod);
    if (had_place)
        leave_place(pod);
    if (pod->is_forgotten)
        pod_free(pod);
    else
        send_report(pod);
    start_waiting(r);
}

static void refuse(struct local_pod *pod, bool had_place, enum pod_phase phase,
                   struct str message)
{
    pod->outcome = (struct outcome){.phase = phase, .message = str_copy(pod->arena, message)};
    pod->outcome.started = pod->outcome.finished = loop_wall(pod->runner->loop);
    finish(pod, had_place);
}

/* ---- jobs ---- */

static struct local_pod *pod_of(struct job *job)
{
    return CONTAINER_OF(job, struct local_work, job)->pod;
}

static void submit(struct local_pod *pod, void (*run)(struct job *), void (*done)(struct job *))
{
    struct local *r = pod->runner;
    struct err err;

    if (!pod->work) {
        pod->work = ARENA_NEW(pod->arena, struct local_work);
        list_init(&pod->work->unsent);
    }
    pod->work->pod = pod;
    pod->work->job =
        (struct job){.run = run,
                     .done = done,
                     .class = artifacts_has_any(pod) || artifacts_has_logs(pod) ||
                                      (pod->state == LOCAL_STAGING && !images_are_here(pod))
                                  ? JOB_BULK
                                  : JOB_QUICK};
    pod->is_busy = true;
    if (workers_submit(r->workers, &pod->work->job, &err) == 0)
        return;
    list_append(&r->unsent, &pod->work->unsent); /* the queue is full: in a while */
    timer_start(r->unsent_timer, POD_JOB_AGAIN_MS);
}

static void send_again(void *ctx)
{
    struct local *r = ctx;
    struct err err;

    while (!list_is_empty(&r->unsent)) {
        struct local_work *work = LIST_ENTRY(r->unsent.next, struct local_work, unsent);

        if (workers_submit(r->workers, &work->job, &err) < 0) {
            timer_start(r->unsent_timer, POD_JOB_AGAIN_MS);
            return;
        }
        list_remove(&work->unsent);
    }
}

static void run_collect(struct job *job)
{
    struct local_pod *pod = pod_of(job);

    outcome_read(pod->runner, pod, pod->arena, &pod->outcome);
}

static void done_collect(struct job *job)
{
    struct local_pod *pod = pod_of(job);

    if (is_closed(pod))
        return;
    pod->is_busy = false;
    finish(pod, true);
}

static void on_adopted_end(void *ctx)
{
    pod_ended(ctx);
}

static void adopted(struct local_pod *pod)
{
    struct err err;

    pod->watch = fd_watch_new(pod->runner->loop, pod->pidfd, on_adopted_end, pod, &err);
    if (!pod->watch) {
        refuse(pod, true, POD_ERROR, str_from(err.text));
        return;
    }
    set_running(pod);
}

/* The shim is gone: one small read tells how, unless there are outputs to fetch. But for one
 * that has left since another has the pod. */
static void pod_ended(struct local_pod *pod)
{
    stop_watching(pod);
    progress_look(pod);
    if (stage_adopt(pod)) {
        pod->state = LOCAL_STAGING; /* it begins again */
        adopted(pod);
        return;
    }
    if (outcome_has_outputs(pod)) {
        submit(pod, run_collect, done_collect);
        return;
    }
    outcome_read(pod->runner, pod, pod->arena, &pod->outcome);
    finish(pod, true);
}

static void run_signal(struct job *job)
{
    struct local_pod *pod = pod_of(job);

    /* A shim that was just forked takes its lock within microseconds: give it a moment. */
    for (int i = 0; i < 50; i++) {
        if (stage_signal(pod->runner, pod, pod->kill_grace_ms == 0 ? SIGINT : SIGTERM))
            return;
        usleep(2000);
    }
}

static void done_signal(struct job *job);

static void send_kill(struct local_pod *pod)
{
    if (pod->is_busy || pod->is_kill_sent || pod->state == LOCAL_ENDED)
        return;
    pod->is_kill_sent = true;
    submit(pod, run_signal, done_signal);
}

/* What came in while a job had the pod. */
static void after_job(struct local_pod *pod)
{
    pod->is_busy = false;
    if (pod->has_ended_early) {
        pod_ended(pod);
        return;
    }
    if (pod->is_kill_wanted)
        send_kill(pod);
}

static void done_signal(struct job *job)
{
    struct local_pod *pod = pod_of(job);

    if (!is_closed(pod))
        after_job(pod);
}

/* ---- images that could not be had ---- */

void local_end_late(struct local_pod *pod)
{
    timer_free(TAKE(pod->pause));
    list_remove(&pod->link);
    refuse(pod, false, POD_FAILED,
           STR("Pod was active on the node longer than the specified deadline"));
}

static void end_pause(void *ctx)
{
    struct local_pod *pod = ctx;
    struct local *r = pod->runner;

    timer_free(TAKE(pod->pause));
    if (pod->req.deadline.ms > 0 && loop_wall(r->loop).ms >= pod->req.deadline.ms) {
        local_end_late(pod);
        return;
    }
    pod->state = LOCAL_WAITING;
    list_append(&r->waiting, &pod->link);
    start_waiting(r);
}

/* As Kubernetes: it stays pending and tries again, more and more seldom. Its place is free. */
static void pause_pod(struct local_pod *pod, struct str why)
{
    struct local *r = pod->runner;
    int64_t left = pod->req.deadline.ms - loop_wall(r->loop).ms;
    uint64_t wait;

    leave_place(pod);
    if (pod->is_kill_wanted) {
        refuse(pod, false, POD_FAILED, pod->kill_why);
        return;
    }
    if (pod->is_forgotten) {
        pod_free(pod);
        return;
    }
    pod->pause_ms = pod->pause_ms == 0 ? IMAGE_WAIT_MIN_MS : 2 * pod->pause_ms;
    if (pod->pause_ms > IMAGE_WAIT_MAX_MS)
        pod->pause_ms = IMAGE_WAIT_MAX_MS;
    wait = pod->pause_ms;
    if (pod->req.deadline.ms > 0 && left < (int64_t) wait)
        wait = left > 0 ? (uint64_t) left : 0;
    pod->state = LOCAL_PAUSING;
    local_tell_pending(pod, why);
    pod->pause = timer_new(r->loop, end_pause, pod);
    timer_start(pod->pause, wait);
    start_waiting(r);
}

static void run_stage(struct job *job)
{
    stage_pod(pod_of(job));
}

static void done_stage(struct job *job)
{
    struct local_pod *pod = pod_of(job);

    if (is_closed(pod))
        return;
    switch (pod->staged) {
    case STAGE_SENT:
        break;
    case STAGE_ADOPTED:
        adopted(pod);
        break;
    case STAGE_ENDED:
        pod->has_ended_early = true;
        break;
    case STAGE_REFUSED:
        pod->is_busy = false;
        if (job->err.kind == ERR_CANCELLED && pod->is_kill_wanted)
            refuse(pod, true, POD_FAILED, pod->kill_why);
        else
            refuse(pod, true, POD_ERROR, str_from(job->err.text));
        return;
    case STAGE_LATER:
        pod->is_busy = false;
        pause_pod(pod, str_from(job->err.text));
        return;
    }
    if (pod->state != LOCAL_ENDED)
        after_job(pod);
}

static void start_pod(struct local_pod *pod)
{
    pod->runner->running++;
    room_take(pod);
    pod->state = LOCAL_STAGING;
    submit(pod, run_stage, done_stage);
}

static void start_waiting(struct local *r)
{
    struct local_pod *pod;

    while (!r->is_closing && r->running < r->running_max && (pod = room_next(r)) != NULL)
        start_pod(pod);
}

bool local_has_begun(const struct local_pod *pod)
{
    char path[4200];

    snprintf(path, sizeof(path), "%s/" STR_FMT "/" POD_RECORD_FILE, pod->runner->root,
             STR_ARG(pod->dir));
    return access(path, F_OK) == 0;
}

/* ---- the zygote's news ---- */

static struct local_pod *by_tag(struct local *r, uint64_t tag)
{
    char key[24];

    return map_find(&r->by_tag, tag_key(key, sizeof(key), tag));
}

static void on_started(void *ctx, uint64_t tag)
{
    struct local_pod *pod = by_tag(ctx, tag);

    if (pod)
        set_running(pod);
}

static void on_ended(void *ctx, uint64_t tag, const struct err *failure)
{
    struct local_pod *pod = by_tag(ctx, tag);

    if (!pod || pod->state == LOCAL_ENDED)
        return;
    if (failure->kind != ERR_NONE)
        log_error(NULL, "a shim could not be forked", LOG_STR(POD, pod->req.name),
                  LOG_ERR(failure));
    if (pod->is_busy)
        pod->has_ended_early = true;
    else
        pod_ended(pod);
}

/* A new zygote; every pod under way is looked up by its record. */
static void start_zygote(void *ctx)
{
    struct local *r = ctx;
    struct err err;

    r->zygote_since = loop_now(r->loop);
    if (zygote_start(r->zygote, &err) < 0) {
        log_error(NULL, "no shim zygote: pods cannot start", LOG_ERR(&err));
        return;
    }
    MAP_FOREACH (it, &r->by_uid) {
        struct local_pod *pod = it->value;

        if ((pod->state == LOCAL_RUNNING || pod->state == LOCAL_STAGING) && !pod->is_busy &&
            !pod->watch)
            submit(pod, run_stage, done_stage);
    }
}

/* The zygote died: its shims go on. One that dies as soon as it is started is not started in a
 * hurry. */
static void on_lost(void *ctx)
{
    struct local *r = ctx;
    struct mono after = mono_after(r->zygote_since, POD_ZYGOTE_PAUSE_MS);
    bool is_early = mono_ms_until(loop_now(r->loop), after) > 0;

    zygote_stop(r->zygote);
    log_warn(NULL, is_early ? "the shim zygote ends as soon as it is started"
                            : "the shim zygote has ended; starting another");
    if (is_early)
        timer_start(r->zygote_timer, POD_ZYGOTE_PAUSE_MS);
    else
        start_zygote(r);
}

/* ---- the interface ---- */

static int local_create(struct pod_runner *base, const struct pod_request *req, struct err *err)
{
    struct local *r = CONTAINER_OF(base, struct local, base);
    struct local_pod *pod = map_find(&r->by_uid, req->uid);
    struct local_need need;

    loop_assert(r->loop);
    if (pod) {
        send_report(pod);
        return 0;
    }
    if (r->by_uid.len >= POD_QUEUE_MAX)
        return err_set(err, ERR_TRANSIENT, "%zu pods wait or run (limit %d)", r->by_uid.len,
                       POD_QUEUE_MAX);
    if (room_need(r, req, &need, err) < 0)
        return err_wrap(err, "pod " STR_FMT, STR_ARG(req->name));
    pod = pod_new(r, req);
    pod->need = need;
    list_append(&r->waiting, &pod->link);
    start_waiting(r);
    return 0;
}

static void local_hold(struct pod_runner *base, bool is_held)
{
    struct local *r = CONTAINER_OF(base, struct local, base);

    loop_assert(r->loop);
    room_hold(r, is_held);
    start_waiting(r);
}

static void local_kill(struct pod_runner *base, struct str uid, struct str why,
                       uint64_t grace_ms)
{
    struct local *r = CONTAINER_OF(base, struct local, base);
    struct local_pod *pod = map_find(&r->by_uid, uid);

    if (!pod || pod->state == LOCAL_ENDED)
        return;
    if (!pod->is_kill_wanted)
        pod->kill_why = str_of(mem_dup(why.ptr, why.len), why.len);
    pod->is_kill_sent =
        pod->is_kill_sent && grace_ms >= pod->kill_grace_ms; /* a shorter grace is sent again */
    pod->is_kill_wanted = true;
    pod->kill_grace_ms = grace_ms;
    if (pod->state == LOCAL_WAITING || pod->state == LOCAL_PAUSING) {
        list_remove(&pod->link);
        timer_free(TAKE(pod->pause));
        refuse(pod, false, POD_FAILED, why);
        return;
    }
    send_kill(pod);
}

static void run_clean(struct job *job)
{
    struct local_pod *pod = pod_of(job);

    stage_remove(pod->runner, pod, pod->keep_logs);
}

static void done_clean(struct job *job)
{
    struct local_pod *pod = pod_of(job);

    if (!is_closed(pod))
        pod_free(pod);
}

static bool has_litter(const struct local_pod *pod)
{
    return pod->isolation != LOCAL_ISOLATION_PROCESS || pod->outcome.has_litter ||
           *pod->progress || outcome_has_outputs(pod) ||
           json_get(pod->req.template, STR("script"));
}

static void local_forget(struct pod_runner *base, struct str uid, bool keep_logs)
{
    struct local *r = CONTAINER_OF(base, struct local, base);
    struct local_pod *pod = map_find(&r->by_uid, uid);

    if (!pod || pod->is_forgotten)
        return;
    pod->is_forgotten = true;
    pod->keep_logs = keep_logs;
    if (pod->state == LOCAL_PAUSING) {
        pod_free(pod);
        return;
    }
    if (pod->state != LOCAL_ENDED)
        return; /* freed when it ends */
    if (keep_logs && !has_litter(pod))
        pod_free(pod);
    else
        submit(pod, run_clean, done_clean);
}

/* Pods that a worker has are released when it gives them back; the last one takes the runner
 * with it. */
static void local_close(struct pod_runner *base)
{
    struct local *r = CONTAINER_OF(base, struct local, base);
    size_t i = 0;

    r->is_closing = true;
    timer_stop(r->zygote_timer);
    timer_stop(r->unsent_timer);
    timer_stop(r->progress_timer);
    while (!list_is_empty(&r->unsent)) {
        struct local_work *work = LIST_ENTRY(r->unsent.next, struct local_work, unsent);

        list_remove(&work->unsent);
        work->pod->is_busy = false;
    }
    zygote_stop(r->zygote);
    artifact_plugins_stop(r->artifacts.plugins);
    while (i < r->by_uid.len) {
        struct local_pod *pod = r->by_uid.entries[i].value;

        stop_watching(pod);
        if (pod->is_busy)
            i++;
        else
            pod_free(pod);
    }
    readiness_close(r);
    room_close(r);
    local_free_when_idle(r);
}

static const struct pod_runner_ops local_ops = {
    .create = local_create,
    .kill = local_kill,
    .forget = local_forget,
    .sweep = local_sweep,
    .log_open = local_log_open,
    .asked = local_asked,
    .hold = local_hold,
    .close = local_close,
};

static char *dup_text(const char *text)
{
    return mem_dup(text, strlen(text));
}

const struct artifact_house *local_runner_artifacts(struct pod_runner *runner)
{
    return &CONTAINER_OF(runner, struct local, base)->artifacts;
}

struct pod_runner *local_runner_new(const struct local_options *options, struct err *err)
{
    struct local *r = NEW(struct local);
    const struct zygote_hooks hooks = {
        .started = on_started, .ended = on_ended, .lost = on_lost, .ctx = r};
    char root[4096];

    r->base.ops = &local_ops;
    r->loop = options->loop;
    r->workers = options->workers;
    r->objects = options->objects;
    r->access = options->access;
    snprintf(root, sizeof(root), "%s/artifacts", options->path);
    r->repository = dup_text(root);
    r->artifacts = (struct artifact_house){.repository = str_from(r->repository),
                                           .object = options->objects.get,
                                           .ctx = options->objects.ctx,
                                           .plugin = options->plugin,
                                           .plugin_ctx = options->plugin_ctx};
    artifact_sweep(&r->artifacts);
    snprintf(root, sizeof(root), "%s/plugins", options->path);
    r->artifacts.plugins = artifact_plugins_new(str_from(root));
    snprintf(root, sizeof(root), "%s/pods", options->path);
    r->isolation = options->isolation;
    for (size_t i = 0; i < options->rule_count && i < LOCAL_RULES_MAX; i++) {
        r->rules[r->rule_count] = options->rules[i];
        r->rules[r->rule_count++].pattern = dup_text(options->rules[i].pattern);
    }
    r->images = options->images;
    r->runtime = options->runtime;
    r->runtime.path = options->runtime.path ? dup_text(options->runtime.path) : NULL;
    r->running_max = options->running_max ? options->running_max : POD_RUNNING_MAX;
    r->room = room_of_machine();
    if (options->cpu_milli > 0)
        r->room.cpu_milli = options->cpu_milli;
    if (options->memory_bytes > 0)
        r->room.memory_bytes = options->memory_bytes;
    r->log_max_bytes = options->log_max_bytes ? options->log_max_bytes : POD_LOG_MAX_BYTES;
    r->root = dup_text(root);
    r->state_dir = dup_text(options->path);
    r->shim = dup_text(options->shim);
    r->node_name = dup_text(options->node_name);
    r->node_labels = dup_text(options->node_labels ? options->node_labels : "");
    r->host_paths = options->host_paths ? dup_text(options->host_paths) : NULL;
    r->zygote = zygote_new(r->loop, r->shim, &hooks);
    r->zygote_timer = timer_new(r->loop, start_zygote, r);
    list_init(&r->unsent);
    r->unsent_timer = timer_new(r->loop, send_again, r);
    progress_open(r);
    r->zygote_since = loop_now(r->loop);
    pthread_rwlock_init(&r->folders, NULL);
    list_init(&r->waiting);
    list_init(&r->held);
    list_init(&r->unready);
    list_init(&r->lines);
    if (mkdir(root, 0700) < 0 && errno != EEXIST)
        err_sys(err, errno, "make folder %s", root);
    else if (access_open(r, options, err) == 0 && zygote_start(r->zygote, err) == 0)
        return &r->base;
    local_close(&r->base);
    return NULL;
}
