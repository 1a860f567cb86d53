/*
 * Durable workflows of one step `sh -c true` through submission, store, engine and the local
 * runner, isolation process, beside a bare posix_spawn and waitpid of the same with as many at
 * once. Each of the AT_ONCE lanes submits its next workflow when its last one has finished.
 */
#include <ftw.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "pods/local/local.h"
#include "store/store.h"
#include "workflows/engine/engine.h"
#include "workflows/submit/submit.h"

enum { WORKFLOWS = 2000, AT_ONCE = 8 };

struct run;

struct lane {
    struct job job;
    struct run *run;
};

struct run {
    struct loop *loop;
    struct workers *workers;
    struct store *store;
    struct workflow_submitter submitter;
    struct json doc;
    struct lane lanes[AT_ONCE];
    int submitted, finished;
};

static void run_lane(struct job *job)
{
    struct lane *lane = CONTAINER_OF(job, struct lane, job);
    const struct workflow_submit_options options = {.ns = STR("argo")};
    const struct store_object *made;
    struct err err;

    if (lane->run->submitter.submit(lane->run->submitter.ctx, &lane->run->doc, &options, &made,
                                    &err) < 0)
        abort();
    store_object_unref(made);
}

static void on_lane(struct job *job)
{
    (void) job;
}

static void submit_next(struct run *r)
{
    struct lane *lane = &r->lanes[r->submitted % AT_ONCE];
    struct err err;

    if (r->submitted++ >= WORKFLOWS)
        return;
    if (workers_submit(r->workers, &lane->job, &err) < 0)
        abort();
}

static void on_change(void *ctx, const struct store_event *event)
{
    struct run *r = ctx;

    if (event->type != STORE_MODIFIED || !event->object->is_finished)
        return;
    if (!str_is(event->object->phase, "Succeeded"))
        abort();
    r->finished++;
    submit_next(r);
}

static int no_objects(void *ctx, struct arena *a, struct str kind, struct str ns,
                      struct str name, const struct json **ret, struct err *err)
{
    (void) ctx, (void) a, (void) kind, (void) ns, (void) name, (void) ret;
    return err_set(err, ERR_NOT_FOUND, "there is none");
}

static double measure(struct run *r)
{
    const struct store_query q = {.group = STR("argoproj.io"),
                                  .kind = STR("Workflow"),
                                  .ns = STR(""),
                                  .name_prefix = STR("")};
    struct store_watch *watch = store_watch_open(r->store, &q, -1, on_change, NULL, r);
    double start = bench_now();

    for (int i = 0; i < AT_ONCE; i++) {
        r->lanes[i] = (struct lane){.run = r, .job = {.run = run_lane, .done = on_lane}};
        submit_next(r);
    }
    while (r->finished < WORKFLOWS)
        loop_run_once(r->loop, 1000);
    start = bench_now() - start;
    store_watch_close(watch);
    return WORKFLOWS / start;
}

static double of_engine(const char *path, const char *shim)
{
    static const char text[] =
        "{\"apiVersion\":\"argoproj.io/"
        "v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{\"generateName\":\"b-\"},"
        "\"spec\":{\"entrypoint\":\"m\",\"templates\":[{\"name\":\"m\",\"container\":{"
        "\"image\":\"i\",\"command\":"
        "[\"sh\",\"-c\",\"true\"]}}]}}";
    struct arena *a = arena_new();
    struct err err;
    struct run r = {.loop = loop_new(&err)};
    struct local_options pods = {
        .path = path, .shim = shim, .node_name = "bench", .objects = {.get = no_objects}};
    struct engine_options options = {.loop = r.loop};
    struct engine *engine;
    double result;

    r.workers = workers_new(r.loop, AT_ONCE, &err);
    r.store = store_open(&(struct store_options){.path = path, .loop = r.loop}, &err);
    pods.loop = r.loop;
    pods.workers = options.workers = r.workers;
    options.store = r.store;
    options.runner = local_runner_new(&pods, &err);
    workflow_submitter_init(&r.submitter, r.store);
    engine = options.runner ? engine_new(&options, &err) : NULL;
    if (!engine || json_parse(a, str_from(text), &r.doc, &err) < 0 ||
        engine_start(engine, &err) < 0)
        abort();
    result = measure(&r);
    engine_stop(engine);
    pod_runner_close(options.runner);
    engine_free(engine);
    store_close(r.store);
    workers_free(r.workers);
    for (int i = 0; i < 5; i++)
        loop_run_once(r.loop, 1);
    loop_free(r.loop);
    arena_free(a);
    return result;
}

static double of_spawn(void)
{
    char *const args[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"true"}, NULL};
    double start = bench_now();
    int running = 0;

    for (int i = 0; i < WORKFLOWS; i++) {
        pid_t pid;

        if (running == AT_ONCE && waitpid(-1, NULL, 0) > 0)
            running--;
        if (posix_spawn(&pid, "/bin/sh", NULL, NULL, args, environ) != 0)
            abort();
        running++;
    }
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    return WORKFLOWS / (bench_now() - start);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void) st;
    (void) type;
    (void) ftw;
    return remove(path);
}

int main(void)
{
    char path[] = "/tmp/tiphys-bench-XXXXXX";
    double bare = of_spawn();

    if (!getenv("TIPHYS_SHIM") || !mkdtemp(path))
        return 2;
    bench_print("workflows_process_vs_spawn", of_engine(path, getenv("TIPHYS_SHIM")),
                "workflows/s", bare, 0.7);
    return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
