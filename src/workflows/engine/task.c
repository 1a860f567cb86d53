/*
 * Tasks: the loop's side of work without pods. See task.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "workflows/engine/http_template.h"
#include "workflows/engine/task.h"

enum { CLIENTS_KEPT = 8 };

struct task {
    struct job job;
    struct engine *engine;
    struct arena *arena;
    struct str uid, why;
    struct http_request_job http;
    struct pod_report report;
    int cancel_fd;
    bool is_done, is_forgotten;
};

bool task_is_one(const struct json *tmpl)
{
    return json_is(json_get(tmpl, STR("http")), JSON_OBJECT);
}

static void release(struct task *t)
{
    map_take(&t->engine->tasks, t->uid);
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

    http_template_run(&t->http, t->arena, t->cancel_fd);
}

static void give_back(struct engine *e, struct http_client *client)
{
    if (e->http_clients.len < CLIENTS_KEPT)
        VEC_PUSH(&e->http_clients, client);
    else
        http_client_free(client);
}

static void on_done(struct job *job)
{
    struct task *t = CONTAINER_OF(job, struct task, job);
    struct engine *e = t->engine;
    struct wall now = loop_wall(e->options.loop);

    e->tasks_running--;
    give_back(e, t->http.client);
    t->is_done = true;
    t->report.phase = t->http.is_succeeded ? POD_SUCCEEDED : POD_FAILED;
    t->report.message = t->http.message;
    t->report.outputs = t->http.outputs;
    if (!str_is_none(t->why)) {
        t->report.phase = POD_FAILED;
        t->report.message = t->why;
        t->report.outputs = NULL;
    }
    t->report.finished = now;
    if (t->is_forgotten)
        release(t);
    else
        tell(t);
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
    t->http.store = e->options.store;
    t->http.ns = str_copy(a, request->ns);
    t->http.tmpl = json_clone(a, request->template);
    t->http.client =
        e->http_clients.len > 0 ? e->http_clients.at[--e->http_clients.len] : http_client_new();
    t->http.now = loop_wall(e->options.loop);
    t->report = (struct pod_report){.uid = t->uid,
                                    .started = t->http.now,
                                    .host = STR(""),
                                    .ip = STR(""),
                                    .isolation = STR(""),
                                    .is_final = true};
    t->job = (struct job){.run = run_task, .done = on_done, .class = JOB_QUICK};
    map_put(&e->tasks, t->uid, t);
    if (t->cancel_fd < 0)
        err_sys(err, errno, "make an eventfd");
    else if (workers_submit(e->options.workers, &t->job, err) == 0) {
        e->tasks_running++;
        return 0;
    }
    give_back(e, t->http.client);
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
    }
    return true;
}

bool task_forget(struct engine *e, struct str uid)
{
    struct task *t = map_find(&e->tasks, uid);

    if (!t)
        return false;
    if (t->is_done)
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
