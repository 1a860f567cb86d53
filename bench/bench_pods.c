/*
 * Pods of `sh -c true` through the whole local runner (staging, zygote, shim, record, report),
 * isolation process, beside a bare posix_spawn and waitpid of the same with as many at once.
 */
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "pods/local/local.h"

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

static double of_spawn(void)
{
    char *const args[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"true"}, NULL};
    double start = bench_now();
    int running = 0;

    for (int i = 0; i < PODS; i++) {
        pid_t pid;

        if (running == AT_ONCE && waitpid(-1, NULL, 0) > 0)
            running--;
        if (posix_spawn(&pid, "/bin/sh", NULL, NULL, args, environ) != 0)
            abort();
        running++;
    }
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    return PODS / (bench_now() - start);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void) st;
    (void) type;
    (void) ftw;
    return remove(path);
}

int main(int argc, char **argv)
{
    char path[] = "/tmp/tiphys-bench-XXXXXX";
    double bare = of_spawn();

    if (argc < 2 && !getenv("TIPHYS_SHIM"))
        return 2;
    if (!mkdtemp(path))
        return 1;
    bench_print("pods_process_vs_spawn",
                of_runner(path, argc > 1 ? argv[1] : getenv("TIPHYS_SHIM")), "pods/s", bare,
                0.7);
    return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
