/*
 * Durable workflows of one step `sh -c true` through submission, store, engine and the local
 * runner, beside a bare spawn and wait of the same with as many at once: isolation process
 * beside posix_spawn, isolation host beside a spawn with the same namespaces and an overlay.
 * Each of the AT_ONCE lanes submits its next workflow when its last one has finished.
 */
#include <stdlib.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/house.h"

enum { AT_ONCE = 32, WORKERS = 8 };

struct run;

struct lane {
    struct job job;
    struct run *run;
};

struct run {
    struct house house;
    struct json doc;
    struct lane lanes[AT_ONCE];
    int count, submitted, finished;
};

static void run_lane(struct job *job)
{
    struct lane *lane = CONTAINER_OF(job, struct lane, job);

    house_submit(&lane->run->house, &lane->run->doc);
}

static void on_lane(struct job *job)
{
    (void) job;
}

static void submit_next(struct run *r)
{
    struct lane *lane = &r->lanes[r->submitted % AT_ONCE];
    struct err err;

    if (r->submitted++ >= r->count)
        return;
    if (workers_submit(r->house.workers, &lane->job, &err) < 0)
        bench_die("submit", err.text);
}

static void on_change(void *ctx, const struct store_event *event)
{
    struct run *r = ctx;

    if (event->type != STORE_MODIFIED || !event->object->is_finished)
        return;
    if (!str_is(event->object->phase, "Succeeded"))
        bench_die("a workflow", "did not succeed");
    r->finished++;
    submit_next(r);
}

static double measure(struct run *r)
{
    const struct store_query q = {.group = STR("argoproj.io"),
                                  .kind = STR("Workflow"),
                                  .ns = STR(""),
                                  .name_prefix = STR("")};
    struct store_watch *watch = store_watch_open(r->house.store, &q, -1, on_change, NULL, r);
    double start = bench_now();

    for (int i = 0; i < AT_ONCE; i++) {
        r->lanes[i] = (struct lane){.run = r, .job = {.run = run_lane, .done = on_lane}};
        submit_next(r);
    }
    while (r->finished < r->count)
        loop_run_once(r->house.loop, 1000);
    start = bench_now() - start;
    store_watch_close(watch);
    return r->count / start;
}

static double of_engine(enum local_isolation isolation, int count)
{
    static const char text[] =
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\","
        "\"metadata\":{\"generateName\":\"b-\"},\"spec\":{\"entrypoint\":\"m\",\"templates\":[{"
        "\"name\":\"m\",\"container\":{\"image\":\"i\",\"command\":[\"sh\",\"-c\",\"true\"]}}]}"
        "}";
    struct arena *a = arena_new();
    struct run r = {.count = count};
    struct err err;
    double result;

    if (json_parse(a, str_from(text), &r.doc, &err) < 0)
        bench_die("manifest", err.text);
    house_open(&r.house, isolation, WORKERS);
    result = measure(&r);
    house_close(&r.house);
    arena_free(a);
    return result;
}

int main(void)
{
    enum { PROCESS_COUNT = 2000, HOST_COUNT = 500 };
    char boxes[BENCH_PATH_BYTES];
    double bare = bare_spawns(PROCESS_COUNT, AT_ONCE);

    bench_print("workflows_process_vs_spawn", of_engine(LOCAL_ISOLATION_PROCESS, PROCESS_COUNT),
                "workflows/s", bare, 0.7);
    if (geteuid() != 0)
        return 0; /* the bare boxes need root */
    bench_folder(boxes);
    bare = bare_boxed_spawns(HOST_COUNT, AT_ONCE, boxes);
    bench_print("workflows_host_vs_boxed_spawn", of_engine(LOCAL_ISOLATION_HOST, HOST_COUNT),
                "workflows/s", bare, 0.7);
    return 0;
}
