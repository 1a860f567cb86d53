/*
 * Pods of `sh -c true` through the whole local runner (staging, zygote, shim, record, report),
 * isolation process, beside a bare posix_spawn and waitpid of the same with as many at once.
 */
#include <stdlib.h>

#include "bench/house.h"

enum { PODS = 2000, AT_ONCE = 8 };

struct run {
    struct pod_runner *runner;
    struct loop *loop;
    struct json template;
    int started, ended;
};

static void start_one(struct run *r)
{
    char uid[32];
    struct pod_request req = {.ns = STR("argo"), .template = &r->template};
    struct err err;

    snprintf(uid, sizeof(uid), "pod-%d", r->started++);
    req.uid = req.name = str_from(uid);
    if (pod_create(r->runner, &req, &err) < 0)
        abort();
}

static void on_report(void *ctx, const struct pod_report *report)
{
    struct run *r = ctx;

    if (!report->is_final)
        return;
    if (report->phase != POD_SUCCEEDED)
        abort();
    r->ended++;
    if (r->started < PODS)
        start_one(r);
}

static double of_runner(const char *path, const char *shim)
{
    struct arena *a = arena_new();
    struct err err;
    struct run r = {.loop = loop_new(&err)};
    struct workers *workers = workers_new(r.loop, 2, &err);
    struct local_options options = {
        .loop = r.loop, .workers = workers, .path = path, .shim = shim, .node_name = "bench"};
    double start;

    r.runner = local_runner_new(&options, &err);
    if (!r.runner ||
        json_parse(a, STR("{\"container\":{\"command\":[\"sh\",\"-c\",\"true\"]}}"),
                   &r.template, &err) < 0)
        abort();
    r.runner->report = on_report;
    r.runner->report_ctx = &r;
    start = bench_now();
    for (int i = 0; i < AT_ONCE; i++)
        start_one(&r);
    while (r.ended < PODS)
        loop_run_once(r.loop, 1000);
    start = bench_now() - start;
    pod_runner_close(r.runner);
    workers_free(workers);
    for (int i = 0; i < 5; i++)
        loop_run_once(r.loop, 1);
    loop_free(r.loop);
    arena_free(a);
    return PODS / start;
}

int main(void)
{
    char path[BENCH_PATH_BYTES];
    double bare = bare_spawns(PODS, AT_ONCE);

    if (!getenv("TIPHYS_SHIM"))
        bench_die("TIPHYS_SHIM", "is not set");
    bench_folder(path);
    bench_print("pods_process_vs_spawn", of_runner(path, getenv("TIPHYS_SHIM")), "pods/s", bare,
                0.7);
    return 0;
}
