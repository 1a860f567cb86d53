/*
 * Pods that run `true` in an image through the whole local runner (isolation image: bundle,
 * root of layers, runtime, record, report), beside the runtime's bare `run` of the same bundle
 * with as many at once. Needs root, an OCI runtime and a busybox without libraries; says so and
 * is over without them.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/house.h"
#include "pods/images/bundle.h"
#include "pods/images/images_internal.h"
#include "pods/local/local.h"

enum { PODS = 100, AT_ONCE = 2 };

#define IMAGE "bench.local/true:1"

/* ---- an image ---- */

static int copy_program(const char *from, const char *to)
{
    static char bytes[4 << 20];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    ssize_t len = in >= 0 ? read(in, bytes, sizeof(bytes)) : -1;
    int result = len > 0 && out >= 0 && write(out, bytes, (size_t) len) == len ? 0 : -1;

    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return result;
}

static void make_root(struct arena *a, const char *path)
{
    static const char *const folders[] = {"", "/bin", "/proc", "/dev", "/sys", "/etc", "/tmp"};

    for (size_t i = 0; i < COUNT_OF(folders); i++)
        if (mkdir(str_printf(a, "%s%s", path, folders[i]).ptr, 0755) < 0)
            bench_die("a root", "cannot be made");
    if (copy_program("/bin/busybox", str_printf(a, "%s/bin/true", path).ptr) < 0)
        bench_die("/bin/busybox", "cannot be copied");
}

static struct images *make_store(struct arena *a, const char *path)
{
    static const struct str layers[] = {STR_INIT("00000000000000000000000000000001")};
    const char *folder = str_printf(a, "%s/images", path).ptr;
    struct err err;
    struct images *images =
        images_open(&(struct images_options){.path = folder, .skopeo = "none"}, &err);
    struct image image = {.name = STR(IMAGE), .layers = layers, .layer_count = 1};

    if (!images)
        bench_die("the store", err.text);
    make_root(a, str_printf(a, "%s/layers/" STR_FMT, folder, STR_ARG(layers[0])).ptr);
    if (names_keep(images, &image, STR("1"), &err) < 0)
        bench_die("the image", err.text);
    return images;
}

/* ---- through the runner ---- */

struct run {
    struct pod_runner *runner;
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
        bench_die("a pod", err.text);
}

static void on_report(void *ctx, const struct pod_report *report)
{
    struct run *r = ctx;

    if (!report->is_final)
        return;
    if (report->phase != POD_SUCCEEDED)
        bench_die("a pod has failed", report->message.ptr);
    r->ended++;
    if (r->started < PODS)
        start_one(r);
}

static double of_runner(struct arena *a, const char *path, struct images *images,
                        const struct local_runtime *runtime)
{
    struct err err;
    struct run r = {0};
    struct loop *loop = loop_new(&err);
    struct workers *workers = workers_new(loop, 2, &err);
    struct local_options options = {.loop = loop,
                                    .workers = workers,
                                    .path = path,
                                    .shim = getenv("TIPHYS_SHIM"),
                                    .isolation = LOCAL_ISOLATION_IMAGE,
                                    .images = images,
                                    .runtime = *runtime,
                                    .node_name = "bench"};
    double start;

    r.runner = local_runner_new(&options, &err);
    if (!r.runner ||
        json_parse(a, STR("{\"container\":{\"image\":\"" IMAGE "\",\"command\":[\"true\"]}}"),
                   &r.template, &err) < 0)
        bench_die("the runner", err.text);
    r.runner->report = on_report;
    r.runner->report_ctx = &r;
    start = bench_now();
    for (int i = 0; i < AT_ONCE; i++)
        start_one(&r);
    while (r.ended < PODS)
        loop_run_once(loop, 1000);
    start = bench_now() - start;
    pod_runner_close(r.runner);
    workers_free(workers);
    for (int i = 0; i < 5; i++)
        loop_run_once(loop, 1);
    loop_free(loop);
    return PODS / start;
}

/* ---- the runtime alone ---- */

static void make_bundle(struct arena *a, const char *box)
{
    static const struct str args[] = {STR_INIT("true")}, env[] = {STR_INIT("PATH=/bin")};
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(1 << 20);
    struct bundle b = {.args = args,
                       .arg_count = 1,
                       .env = env,
                       .env_count = 1,
                       .cwd = STR("/"),
                       .hostname = STR("bench"),
                       .cgroup = STR("/tiphys/bench"),
                       .has_resolv_conf = true,
                       .has_hosts = true};
    int fd;

    if (mkdir(box, 0755) < 0)
        bench_die("a bundle", "cannot be made");
    make_root(a, str_printf(a, "%s/root", box).ptr);
    b.cgroup = str_printf(a, "/tiphys/%s", strrchr(box, '/') + 1);
    bundle_print(&b, &text);
    fd = open(str_printf(a, "%s/config.json", box).ptr, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text.ptr, text.len) != (ssize_t) text.len)
        bench_die("a bundle", "cannot be written");
    close(fd);
}

static pid_t run_bare(struct arena *a, const char *runtime, const char *state, const char *box)
{
    char *const args[] = {str_cz(a, str_from(runtime)),
                          str_cz(a, STR("--root")),
                          str_cz(a, str_from(state)),
                          str_cz(a, STR("run")),
                          str_cz(a, STR("--bundle")),
                          str_cz(a, str_from(box)),
                          str_cz(a, str_from(strrchr(box, '/') + 1)),
                          NULL};
    char *const none[] = {str_cz(a, STR("PATH=/usr/sbin:/usr/bin")), NULL};
    pid_t pid;

    if (posix_spawn(&pid, runtime, NULL, NULL, args, none) != 0)
        bench_die(runtime, "cannot be run");
    return pid;
}

/* Each of those at once has a bundle of its own. */
static double of_runtime(struct arena *a, const char *path, const char *runtime)
{
    const char *boxes[AT_ONCE], *state = str_printf(a, "%s/state", path).ptr;
    pid_t pids[AT_ONCE], ended;
    double start;
    int started = 0, status;

    for (int i = 0; i < AT_ONCE; i++) {
        boxes[i] = str_printf(a, "%s/tiphys-bench-%d-%d", path, (int) getpid(), i).ptr;
        make_bundle(a, boxes[i]);
    }
    start = bench_now();
    for (; started < AT_ONCE; started++)
        pids[started] = run_bare(a, runtime, state, boxes[started]);
    for (int left = PODS; left > 0; left--) {
        ended = wait(&status);
        if (ended < 0 || status != 0)
            bench_die(runtime, "has failed");
        for (int i = 0; i < AT_ONCE; i++)
            if (pids[i] == ended && started < PODS) {
                pids[i] = run_bare(a, runtime, state, boxes[i]);
                started++;
            }
    }
    return PODS / (bench_now() - start);
}

int main(void)
{
    char given[BENCH_PATH_BYTES], path[4096];
    struct arena *a = arena_new();
    struct local_runtime runtime;
    struct images *images;
    struct err err;
    double bare;

    bench_folder(given);
    if (!realpath(given, path))
        bench_die(given, "is not there");
    if (access("/bin/busybox", X_OK) < 0 ||
        local_runtime_find(NULL, path, &runtime, &err) < 0) {
        fprintf(stderr, "bench_images: no busybox, or no OCI runtime that works\n");
        return 0;
    }
    images = make_store(a, path);
    bare = of_runtime(a, path, runtime.path);
    bench_print("pods_image_vs_runtime", of_runner(a, path, images, &runtime), "pods/s", bare,
                0.8);
    images_close(images);
    arena_free(a);
    return 0;
}
