/* See scripted.h. */
#include "bench/scripted.h"

#include "base/mem.h"
#include "bench/bench.h"

struct scripted {
    struct pod_runner runner;
    struct loop *loop;
    struct loop_task task;
    struct list waiting; /* of struct pod */
    size_t count, gaps;
    double ended_at, gap_s; /* 0: asked for another one since */
    bool is_held, is_posted;
};

struct pod {
    struct list link;
    size_t len;
    char uid[];
};

/* All that wait get their last report, as a runner tells what it found in one look. */
static void report_all(struct loop_task *task)
{
    struct scripted *s = CONTAINER_OF(task, struct scripted, task);
    struct list batch;

    s->is_posted = false;
    list_init(&batch);
    list_splice(&batch, &s->waiting);
    while (!list_is_empty(&batch)) {
        struct pod *pod = LIST_ENTRY(batch.next, struct pod, link);
        const struct wall now = loop_wall(s->loop);
        const struct pod_report report = {.uid = str_of(pod->uid, pod->len),
                                          .phase = s->is_held ? POD_RUNNING : POD_SUCCEEDED,
                                          .message = STR(""),
                                          .started = now,
                                          .finished = s->is_held ? (struct wall){0} : now,
                                          .host = STR("bench"),
                                          .ip = STR(""),
                                          .isolation = STR("process"),
                                          .is_final = !s->is_held};

        list_remove(&pod->link);
        s->ended_at = s->is_held ? 0 : bench_now();
        s->runner.report(s->runner.report_ctx, &report);
        free(pod);
    }
}

static int create(struct pod_runner *r, const struct pod_request *request, struct err *err)
{
    struct scripted *s = CONTAINER_OF(r, struct scripted, runner);
    struct pod *pod = mem_alloc(sizeof(*pod) + request->uid.len);

    (void) err;
    list_init(&pod->link);
    pod->len = request->uid.len;
    memcpy(pod->uid, request->uid.ptr, request->uid.len);
    list_append(&s->waiting, &pod->link);
    s->count++;
    if (s->ended_at > 0) {
        s->gap_s += bench_now() - s->ended_at;
        s->gaps++;
    }
    s->ended_at = 0;
    if (!s->is_posted)
        loop_post(s->loop, &s->task);
    s->is_posted = true;
    return 0;
}

static void do_nothing(struct pod_runner *r, struct str uid, struct str why, uint64_t grace_ms)
{
    (void) r, (void) uid, (void) why, (void) grace_ms;
}

static void forget(struct pod_runner *r, struct str uid, bool keep_logs)
{
    (void) r, (void) uid, (void) keep_logs;
}

static void sweep(struct pod_runner *r, const struct pod_sweep *ask)
{
    (void) r, (void) ask;
}

static struct pod_log *log_open(struct pod_runner *r, struct str ns, struct str pod,
                                struct str container, struct err *err)
{
    (void) r, (void) ns, (void) pod, (void) container;
    err_set(err, ERR_NOT_FOUND, "scripted pods have no logs");
    return NULL;
}

static void close_all(struct pod_runner *r)
{
    struct scripted *s = CONTAINER_OF(r, struct scripted, runner);

    if (s->is_posted)
        loop_unpost(s->loop, &s->task);
    while (!list_is_empty(&s->waiting)) {
        struct pod *pod = LIST_ENTRY(s->waiting.next, struct pod, link);

        list_remove(&pod->link);
        free(pod);
    }
    free(s);
}

static const struct pod_runner_ops ops = {.create = create,
                                          .kill = do_nothing,
                                          .forget = forget,
                                          .sweep = sweep,
                                          .log_open = log_open,
                                          .close = close_all};

struct scripted *scripted_new(struct loop *loop)
{
    struct scripted *s = NEW(struct scripted);

    s->runner.ops = &ops;
    s->loop = loop;
    s->task.run = report_all;
    list_init(&s->waiting);
    return s;
}

struct pod_runner *scripted_runner(struct scripted *s)
{
    return &s->runner;
}

void scripted_hold(struct scripted *s, bool is_held)
{
    s->is_held = is_held;
}

double scripted_gap_s(const struct scripted *s)
{
    return s->gaps > 0 ? s->gap_s / (double) s->gaps : 0;
}

size_t scripted_count(const struct scripted *s)
{
    return s->count;
}
