/*
 * Tasks: the loop's side of work without pods. See task.h.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "workflows/engine/data_template.h"
#include "workflows/engine/engine_plugins.h"
#include "workflows/engine/http_template.h"
#include "workflows/engine/resource_template.h"
#include "workflows/engine/task.h"

enum { CLIENTS_KEPT = 8 };

struct task_kind;

struct task {
    struct job job;
    struct engine *engine;
    struct arena *arena;  /* owned; the worker's while it runs */
    struct arena *killed; /* owned: of why, which may be said meanwhile; NULL: it was not */
    struct str uid, why;
    const struct task_kind *kind;
    union {
        struct http_request_job http;
        struct resource_job resource;
        struct data_job data;
        struct plugin_job plugin;
    };
    struct http_client **client; /* the one of the union, or NULL: it needs none */
    struct timer *again;         /* owned: it goes on then; NULL: it did not have to wait yet */
    struct pod_report report;
    int cancel_fd;
    struct wall deadline; /* of what may wait; ms 0: none */
    bool is_waiting;      /* for @again */
    bool is_done, is_forgotten;
};

/* A kind of template that is carried out here. */
struct task_kind {
    const char *member; /* of the template */
    void (*init)(struct task *t, const struct pod_request *request);
    void (*run)(struct task *t); /* on a worker */
    /* What came of it goes into the report. Loop; returns whether it has ended; else it goes on
     * after @ret_ms. */
    bool (*take)(struct task *t, uint64_t *ret_ms);
};

static const struct task_kind *kind_of(const struct json *tmpl);

bool task_is_one(const struct json *tmpl)
{
    return kind_of(tmpl) != NULL;
}

static void release(struct task *t)
{
    map_take(&t->engine->tasks, t->uid);
    timer_free(t->again);
    if (t->cancel_fd >= 0)
        close(t->cancel_fd);
    arena_free(t->killed);
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

    t->kind->run(t);
}

static void give_back(struct engine *e, struct http_client *client)
{
    if (e->http_clients.len < CLIENTS_KEPT)
        VEC_PUSH(&e->http_clients, client);
    else
        http_client_free(client);
}

static struct http_client *borrow_client(struct engine *e)
{
    return e->http_clients.len > 0 ? e->http_clients.at[--e->http_clients.len]
                                   : http_client_new();
}

static void end(struct task *t)
{
    if (t->again)
        timer_stop(t->again);
    t->is_waiting = false;
    t->is_done = true;
    if (!str_is_none(t->why)) {
        t->report.phase = POD_FAILED;
        t->report.message = t->why;
        t->report.outputs = NULL;
    }
    t->report.is_final = true;
    t->report.finished = loop_wall(t->engine->options.loop);
    if (t->is_forgotten)
        release(t);
    else
        tell(t);
}

/* At its deadline, too. */
static uint64_t next_look_ms(const struct task *t, uint64_t pause_ms)
{
    int64_t left = t->deadline.ms - loop_wall(t->engine->options.loop).ms;

    if (t->deadline.ms == 0 || left > (int64_t) pause_ms)
        return pause_ms;
    return left > 0 ? (uint64_t) left : 0;
}

static void on_again(void *ctx);

/* What is not done yet runs as a pod would. */
static void wait_more(struct task *t, uint64_t pause_ms)
{
    t->report.phase = POD_RUNNING;
    tell(t);
    t->is_waiting = true;
    if (t->engine->is_stopping)
        return;
    if (!t->again)
        t->again = timer_new(t->engine->options.loop, on_again, t);
    timer_start(t->again, next_look_ms(t, pause_ms));
}

static void on_done(struct job *job)
{
    struct task *t = CONTAINER_OF(job, struct task, job);
    struct engine *e = t->engine;
    uint64_t pause_ms = 0;

    e->tasks_running--;
    if (t->client)
        give_back(e, TAKE(*t->client));
    if (str_is_none(t->why) && !t->is_forgotten && !t->kind->take(t, &pause_ms))
        wait_more(t, pause_ms);
    else
        end(t);
}

static int submit(struct task *t, struct err *err)
{
    t->job = (struct job){.run = run_task, .done = on_done, .class = JOB_QUICK};
    if (t->client)
        *t->client = borrow_client(t->engine);
    if (workers_submit(t->engine->options.workers, &t->job, err) < 0) {
        if (t->client)
            give_back(t->engine, TAKE(*t->client));
        return -1;
    }
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

/* ---- http ---- */

static void init_http(struct task *t, const struct pod_request *request)
{
    t->http.store = t->engine->options.store;
    t->http.ns = str_copy(t->arena, request->ns);
    t->http.tmpl = json_clone(t->arena, request->template);
    t->http.now = loop_wall(t->engine->options.loop);
    t->client = &t->http.client;
}

static void run_http(struct task *t)
{
    http_template_run(&t->http, t->arena, t->cancel_fd);
}

static bool take_http(struct task *t, uint64_t *ret_ms)
{
    (void) ret_ms;
    t->report.phase = t->http.is_succeeded ? POD_SUCCEEDED : POD_FAILED;
    t->report.message = t->http.message;
    t->report.outputs = t->http.outputs;
    return true;
}

/* ---- resource ---- */

/* What the template or its workflow says of where objects are. */
static struct str cluster_of(const struct task *t, const struct pod_request *request)
{
    struct engine_pod *pod = map_find(&t->engine->pods, request->uid);
    const struct json *doc = pod && pod->run->wf ? wf_doc(pod->run->wf) : NULL;
    struct str own = json_get_str(json_path(request->template, "metadata", "annotations", NULL),
                                  STR(RESOURCE_CLUSTER));

    if (str_is_empty(own))
        own = json_get_str(json_path(doc, "metadata", "annotations", NULL),
                           STR(RESOURCE_CLUSTER));
    return str_is_empty(own) ? STR("") : str_copy(t->arena, own);
}

static void init_resource(struct task *t, const struct pod_request *request)
{
    struct arena *a = t->arena;

    t->resource.artifacts = t->engine->options.artifacts;
    t->resource.clusters = t->engine->options.clusters;
    t->resource.cluster = cluster_of(t, request);
    t->resource.cancel_fd = t->cancel_fd;
    t->resource.submitter = t->engine->options.submitter;
    t->resource.ns = str_copy(a, request->ns);
    t->resource.account = str_copy(a, request->service_account);
    t->resource.mark = str_printf(a, "resource-" STR_FMT, STR_ARG(request->uid));
    t->resource.workflow = str_copy(a, request->workflow);
    t->resource.workflow_uid = str_copy(a, request->workflow_uid);
    t->resource.tmpl = json_clone(a, request->template);
    t->resource.message = t->resource.log = STR("");
    t->deadline = request->deadline;
}

static void run_resource(struct task *t)
{
    resource_template_run(&t->resource, t->arena);
}

static bool take_resource(struct task *t, uint64_t *ret_ms)
{
    *ret_ms = RESOURCE_CHECK_MS;
    t->report.message = t->resource.message;
    if (t->resource.state <= RESOURCE_WAITS)
        return false;
    t->report.phase = t->resource.state == RESOURCE_SUCCEEDED ? POD_SUCCEEDED : POD_FAILED;
    t->report.outputs = t->resource.outputs;
    return true;
}

/* ---- data ---- */

static void init_data(struct task *t, const struct pod_request *request)
{
    t->data.house = t->engine->options.artifacts;
    t->data.ns = str_copy(t->arena, request->ns);
    t->data.tmpl = json_clone(t->arena, request->template);
    t->data.now = loop_wall(t->engine->options.loop);
}

static void run_data(struct task *t)
{
    data_template_run(&t->data, t->arena);
}

static bool take_data(struct task *t, uint64_t *ret_ms)
{
    (void) ret_ms;
    t->report.phase = t->data.is_succeeded ? POD_SUCCEEDED : POD_FAILED;
    t->report.message = t->data.message;
    t->report.outputs = t->data.outputs;
    return true;
}

/* ---- plugin ---- */

static void init_plugin(struct task *t, const struct pod_request *request)
{
    struct engine_pod *pod = map_find(&t->engine->pods, request->uid);
    struct arena *a = t->arena;

    t->plugin.ns = str_copy(a, request->ns);
    t->plugin.workflow = str_copy(a, request->workflow);
    t->plugin.workflow_uid = str_copy(a, request->workflow_uid);
    t->plugin.tmpl = json_clone(a, request->template);
    t->plugin.message = STR("");
    t->deadline = request->deadline;
    t->client = &t->plugin.client;
    if (pod)
        t->plugin.plugins = run_plugins(pod->run, a, &t->plugin.count);
}

static void run_plugin(struct task *t)
{
    plugin_template_run(&t->plugin, t->arena, t->cancel_fd);
}

/* What a plugin that cannot be asked says, with the end of its process, if that is why. */
static struct str why_absent(struct task *t, struct engine_pod *pod)
{
    const struct plugin *plugin = &t->plugin.plugins[t->plugin.current];
    struct str end = plugin->container ? run_plugin_end(pod->run, plugin, t->arena) : STR_NONE;

    if (str_is_none(end) || str_is_empty(t->plugin.message))
        return str_is_none(end) ? t->plugin.message : end;
    return str_printf(t->arena, STR_FMT ": " STR_FMT, STR_ARG(t->plugin.message), STR_ARG(end));
}

static bool take_plugin(struct task *t, uint64_t *ret_ms)
{
    struct engine_pod *pod = map_find(&t->engine->pods, t->uid);
    struct str phase = t->plugin.phase;

    *ret_ms = t->plugin.again_ms;
    if (pod && (t->plugin.state == PLUGIN_ABSENT || t->plugin.is_absent))
        t->plugin.message = why_absent(t, pod);
    if (t->plugin.state == PLUGIN_ABSENT && pod) {
        run_start_plugin(pod->run, &t->plugin.plugins[t->plugin.current]);
        t->report.message = t->plugin.message;
    }
    if (t->plugin.state == PLUGIN_AGAIN)
        t->report.message = t->plugin.message;
    if (t->plugin.state != PLUGIN_ENDED)
        return false;
    t->report.phase = str_is(phase, "Succeeded") ? POD_SUCCEEDED
                      : str_is(phase, "Error")   ? POD_ERROR
                                                 : POD_FAILED;
    t->report.message = t->plugin.message;
    t->report.outputs = t->plugin.outputs;
    return true;
}

static const struct task_kind kinds[] = {
    {"http", init_http, run_http, take_http},
    {"resource", init_resource, run_resource, take_resource},
    {"data", init_data, run_data, take_data},
    {"plugin", init_plugin, run_plugin, take_plugin},
};

static const struct task_kind *kind_of(const struct json *tmpl)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (json_is(json_get(tmpl, str_from(kinds[i].member)), JSON_OBJECT))
            return &kinds[i];
    return NULL;
}

/* ---- the interface ---- */

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
    t->kind = kind_of(request->template);
    assert(t->kind); /* task_is_one() said so */
    t->kind->init(t, request);
    map_put(&e->tasks, t->uid, t);
    if (t->cancel_fd < 0)
        err_sys(err, errno, "make an eventfd");
    else if (submit(t, err) == 0)
        return 0;
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
        t->killed = arena_new();
        t->why = str_copy(t->killed, why);
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
