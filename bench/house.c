/* See house.h. */
#include "bench/house.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"

void bench_die(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

static int no_objects(void *ctx, struct arena *a, struct str kind, struct str ns,
                      struct str name, const struct json **ret, struct err *err)
{
    (void) ctx, (void) a, (void) kind, (void) ns, (void) name, (void) ret;
    return err_set(err, ERR_NOT_FOUND, "there is none");
}

static void open_store(struct house *h, unsigned workers)
{
    struct err err = {0};

    *h = (struct house){0};
    bench_folder(h->path);
    h->loop = loop_new(&err);
    h->workers = workers_new(h->loop, workers, &err);
    h->store = store_open(&(struct store_options){.path = h->path, .loop = h->loop}, &err);
    if (!h->store)
        bench_die("store", err.text);
}

static void start_engine(struct house *h)
{
    const struct engine_options options = {
        .loop = h->loop, .store = h->store, .workers = h->workers, .runner = h->runner};
    struct err err = {0};

    h->engine = h->runner ? engine_new(&options, &err) : NULL;
    if (!h->engine || engine_start(h->engine, &err) < 0)
        bench_die("start", err.text);
    workflow_submitter_init(&h->submitter, h->store);
}

void house_open(struct house *h, enum local_isolation isolation, unsigned workers)
{
    struct local_options pods = {.path = h->path,
                                 .shim = getenv("TIPHYS_SHIM"),
                                 .isolation = isolation,
                                 .node_name = "bench",
                                 .objects = {.get = no_objects}};
    struct err err = {0};

    if (!pods.shim)
        bench_die("TIPHYS_SHIM", "is not set");
    open_store(h, workers);
    pods.loop = h->loop;
    pods.workers = h->workers;
    h->runner = local_runner_new(&pods, &err);
    if (!h->runner)
        bench_die("runner", err.text);
    start_engine(h);
}

struct scripted *house_open_scripted(struct house *h, unsigned workers)
{
    struct scripted *s;

    open_store(h, workers);
    s = scripted_new(h->loop);
    h->runner = scripted_runner(s);
    start_engine(h);
    return s;
}

struct scripted *house_restart_scripted(struct house *h)
{
    struct scripted *s = scripted_new(h->loop);

    engine_stop(h->engine);
    pod_runner_close(h->runner);
    engine_free(h->engine);
    h->runner = scripted_runner(s);
    start_engine(h);
    return s;
}

void house_close(struct house *h)
{
    engine_stop(h->engine);
    pod_runner_close(h->runner);
    engine_free(h->engine);
    store_close(h->store);
    workers_free(h->workers);
    for (int i = 0; i < 5; i++)
        loop_run_once(h->loop, 1);
    loop_free(h->loop);
}

void house_submit(struct house *h, const struct json *doc)
{
    const struct workflow_submit_options options = {.ns = STR("argo")};
    const struct store_object *made;
    struct err err;

    if (h->submitter.submit(h->submitter.ctx, doc, &options, &made, &err) < 0)
        bench_die("submit", err.text);
    store_object_unref(made);
}

/* ---- the bare thing ---- */

static char *const shell[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"true"}, NULL};

static pid_t spawn_bare(const char *box)
{
    pid_t pid = -1;

    (void) box;
    if (posix_spawn(&pid, "/bin/sh", NULL, NULL, shell, environ) != 0)
        bench_die("posix_spawn", "/bin/sh");
    return pid;
}

/* @box has the folders up, work and root. */
static void enter_box(const char *box)
{
    char options[400], root[200];

    snprintf(options, sizeof(options), "lowerdir=/,upperdir=%s/up,workdir=%s/work", box, box);
    snprintf(root, sizeof(root), "%s/root", box);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("overlay", root, "overlay", 0, options) < 0 || chdir(root) < 0 ||
        syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
        chdir("/") < 0 ||
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        _exit(125);
}

static pid_t spawn_boxed(const char *box)
{
    static const char *const parts[] = {"", "/up", "/work", "/root"};
    char path[200];
    pid_t pid;

    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s%s", box, parts[i]);
        mkdir(path, 0700);
    }
    pid = (pid_t) syscall(SYS_clone,
                          CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | SIGCHLD, 0,
                          0, 0, 0, 0);
    if (pid == 0) {
        enter_box(box);
        execve("/bin/sh", shell, environ);
        _exit(126);
    }
    return pid;
}

static double spawns(int count, int at_once, pid_t (*spawn)(const char *box), const char *path)
{
    double start = bench_now();
    int running = 0, status;

    for (int i = 0; i < count; i++) {
        char box[100];

        snprintf(box, sizeof(box), "%s/%d", path, i);
        if (running == at_once && waitpid(-1, &status, 0) > 0) {
            running--;
            if (status != 0)
                bench_die("a bare spawn", "did not succeed");
        }
        if (spawn(box) < 0)
            bench_die("spawn", box);
        running++;
    }
    while (waitpid(-1, &status, 0) > 0)
        continue;
    return count / (bench_now() - start);
}

double bare_spawns(int count, int at_once)
{
    return spawns(count, at_once, spawn_bare, "");
}

double bare_boxed_spawns(int count, int at_once, const char *path)
{
    return spawns(count, at_once, spawn_boxed, path);
}

double bare_spawn(void)
{
    return 1 / bare_spawns(1, 1);
}
