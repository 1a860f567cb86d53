/*
 * Tasks: the loop's side of work without pods. See task.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "workflows/engine/http_template.h"
#include "workflows/engine/resource_template.h"
#include "workflows/engine/task.h"

enum { CLIENTS_KEPT = 8 };

struct task {
    struct job job;
    struct engine *engine;
    struct arena *arena;
    struct str uid, why;
    struct http_request_job http;
    struct resource_job resource;
    struct timer *again; /* owned: a resource is looked at then; NULL for others */
    struct pod_report report;
    int cancel_fd;
    struct wall deadline; /* of a resource; ms 0: none */
    bool is_waiting;      /* for @again */
    bool is_done, is_forgotten;
};

bool task_is_one(const struct json *tmpl)
{
    return json_is(json_get(tmpl, STR("http")), JSON_OBJECT) ||
           json_is(json_get(tmpl, STR("resource")), JSON_OBJECT);
}

static void release(struct task *t)
{
    map_take(&t->engine->tasks, t->uid);
    timer_free(t->again);
    if (t->cancel_fd >= 0)
        close(t->cancel_fd);
    arena_free(t->arena);
}

static void tell(struct task *t)
{
    struct engine_pod *pod = map_find(&t->engine->pods, t->uid);

    if (pod && !t->engine->is_stopping)
        run_see_pod(pod, &t->report);
}

static void run_task(struct job *job)
{
    struct task *t = CONTAINER_OF(job, struct task, job);

    if (t->again)
        resource_template_run(&t->resource, t->arena);
    else
        http_template_run(&t->http, t->arena, t->cancel_fd);
}

static void give_back(struct engine *e, struct http_client *client)
{
    if (e->http_clients.len < CLIENTS_KEPT)
        VEC_PUSH(&e->http_clients, client);
    else
        http_client_free(client);
}

static void take_outcome(struct task *t)
{
    if (t->again) {
        t->report.phase = t->resource.state == RESOURCE_SUCCEEDED ? POD_SUCCEEDED : POD_FAILED;
        t->report.message = t->resource.message;
        t->report.outputs = t->resource.outputs;
    } else {
        t->report.phase = t->http.is_succeeded ? POD_SUCCEEDED : POD_FAILED;
        t->report.message = t->http.message;
        t->report.outputs = t->http.outputs;
    }
    if (!str_is_none(t->why)) {
        t->report.phase = POD_FAILED;
        t->report.message = t->why;
        t->report.outputs = NULL;
    }
}

static void end(struct task *t)
{
    if (t->again)
        timer_stop(t->again);
    t->is_waiting = false;
    t->is_done = true;
    take_outcome(t);
    t->report.is_final = true;
    t->report.finished = loop_wall(t->engine->options.loop);
    if (t->is_forgotten)
        release(t);
    else
        tell(t);
}

/* At its deadline, too. */
static uint64_t next_look_ms(const struct task *t)
{
    int64_t left = t->deadline.ms - loop_wall(t->engine->options.loop).ms;

    if (t->deadline.ms == 0 || left > RESOURCE_CHECK_MS)
        return RESOURCE_CHECK_MS;
    return left > 0 ? (uint64_t) left : 0;
}

/* A resource whose conditions are not met yet runs as a pod would. */
static void wait_more(struct task *t)
{
    t->report.phase = POD_RUNNING;
    tell(t);
    t->is_waiting = true;
    if (!t->engine->is_stopping)
        timer_start(t->again, next_look_ms(t));
}

static void on_done(struct job *job)
{
    struct task *t = CONTAINER_OF(job, struct task, job);
    struct engine *e = t->engine;

    e->tasks_running--;
    if (t->http.client)
        give_back(e, TAKE(t->http.client));
    if (t->again && t->resource.state <= RESOURCE_WAITS && str_is_none(t->why) &&
        !t->is_forgotten)
        wait_more(t);
    else
        end(t);
}

static int submit(struct task *t, struct err *err)
{
    t->job = (struct job){.run = run_task, .done = on_done, .class = JOB_QUICK};
    if (workers_submit(t->engine->options.workers, &t->job, err) < 0)
        return -1;
    t->engine->tasks_running++;
    return 0;
}

static void on_again(void *ctx)
{
    struct task *t = ctx;
    struct err err;

    if (str_is_none(t->why) && t->deadline.ms > 0 &&
        loop_wall(t->engine->options.loop).ms >= t->deadline.ms)
        t->why = STR("Pod was active on the node longer than the specified deadline");
    if (!str_is_none(t->why)) {
        end(t);
        return;
    }
    t->is_waiting = submit(t, &err) < 0;
    if (t->is_waiting)
        timer_start(t->again, RESOURCE_CHECK_MS);
}

static void init_http(struct task *t, const struct pod_request *request)
{
    struct engine *e = t->engine;

    t->http.store = e->options.store;
    t->http.ns = str_copy(t->arena, request->ns);
    t->http.tmpl = json_clone(t->arena, request->template);
    t->http.client =
        e->http_clients.len > 0 ? e->http_clients.at[--e->http_clients.len] : http_client_new();
    t->http.now = loop_wall(e->options.loop);
}

static void init_resource(struct task *t, const struct pod_request *request)
{
    struct arena *a = t->arena;

    t->resource.submitter = t->engine->options.submitter;
    t->resource.ns = str_copy(a, request->ns);
    t->resource.mark = str_printf(a, "resource-" STR_FMT, STR_ARG(request->uid));
    t->resource.workflow = str_copy(a, request->workflow);
    t->resource.workflow_uid = str_copy(a, request->workflow_uid);
    t->resource.tmpl = json_clone(a, request->template);
    t->resource.message = STR("");
    t->deadline = request->deadline;
    t->again = timer_new(t->engine->options.loop, on_again, t);
}

int task_start(struct engine *e, const struct pod_request *request, struct err *err)
{
    struct task *t = map_find(&e->tasks, request->uid);
    struct arena *a;

    if (t) {
        if (t->is_done)
            tell(t);
        return 0;
    }
    a = arena_new();
    t = ARENA_NEW(a, struct task);
    t->engine = e;
    t->arena = a;
    t->uid = str_copy(a, request->uid);
    t->why = STR_NONE;
    t->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    t->report = (struct pod_report){.uid = t->uid,
                                    .started = loop_wall(e->options.loop),
                                    .message = STR(""),
                                    .host = STR(""),
                                    .ip = STR(""),
                                    .isolation = STR("")};
    if (json_get(request->template, STR("http")))
        init_http(t, request);
    else
        init_resource(t, request);
    map_put(&e->tasks, t->uid, t);
    if (t->cancel_fd < 0)
        err_sys(err, errno, "make an eventfd");
    else if (submit(t, err) == 0)
        return 0;
    if (t->http.client)
        give_back(e, TAKE(t->http.client));
    release(t);
    err->kind = ERR_TRANSIENT;
    return -1;
}

static void cancel(struct task *t)
{
    uint64_t one = 1;

    /* When it is full it is readable already. */
    (void) !write(t->cancel_fd, &one, sizeof(one));
}

bool task_kill(struct engine *e, struct str uid, struct str why)
{
    struct task *t = map_find(&e->tasks, uid);

    if (!t)
        return false;
    if (!t->is_done && str_is_none(t->why)) {
        t->why = str_copy(t->arena, why);
        cancel(t);
        if (t->is_waiting)
            timer_start(t->again, 0); /* its report comes later, as that of a pod would */
    }
    return true;
}

bool task_forget(struct engine *e, struct str uid)
{
    struct task *t = map_find(&e->tasks, uid);

    if (!t)
        return false;
    if (t->is_done || t->is_waiting)
        release(t);
    else
        t->is_forgotten = true;
    return true;
}

void task_stop(struct engine *e)
{
    MAP_FOREACH (it, &e->tasks) {
        struct task *t = it->value;

        if (!t->is_done)
            cancel(t);
        if (t->again)
            timer_stop(t->again);
    }
}

void task_free(struct engine *e)
{
    while (e->tasks.len > 0)
        release(e->tasks.entries[0].value);
    map_done(&e->tasks);
    VEC_FOREACH (it, &e->http_clients)
        http_client_free(*it);
    VEC_DONE(&e->http_clients);
}
