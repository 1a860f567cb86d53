/*
 * The `image` isolation: a root of an image's layers below a private writable overlay, mounted
 * in the shim's own mount namespace, and a container that an OCI runtime starts in it by the
 * bundle that the runner has written (config.json).
 *
 * The container's pid namespace is ours: its process 1, the holder, only waits, so that the
 * container hears SIGTERM as any process does, and dies with the shim, which takes along all
 * that runs in it. Mounts go with the shim's namespace. What a killed shim leaves is files and
 * an empty control group.
 */
#define _GNU_SOURCE
#include "base/fd.h"
#include "pods/shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pods/shim/cgroup.h"

enum { PATH_BYTES = 4096, OPTIONS_BYTES = 4096, RUNTIME_MAX_MS = 60000, TEXT_BYTES = 8192 };

int image_prepare(const char **why)
{
    if (unshare(CLONE_NEWNS) < 0) {
        *why = "new mount namespace";
        return -1;
    }
    *why = "make mounts private";
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static int fail(char *why, size_t size, const char *step)
{
    snprintf(why, size, "%s: %s", step, strerror(errno));
    return -1;
}

static const char *in_box(const struct plan_container *c, const char *name, char *ret)
{
    snprintf(ret, PATH_BYTES, "%s/%s", c->box, name);
    return ret;
}

/* ---- its root ---- */

/* Nobody takes a layer away as long as we live: the lock ends with us. */
static int lock_layers(const struct plan_container *c)
{
    for (size_t i = 0; i < c->layer_count; i++) {
        int fd = open(c->layers[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) < 0)
            return -1;
    }
    return 0;
}

/* Layers are named relative to their folder: all must fit on a page. */
static int mount_layers(const struct plan *plan, const struct plan_container *c)
{
    char options[OPTIONS_BYTES], target[PATH_BYTES];
    size_t len = (size_t) snprintf(options, sizeof(options), "lowerdir=");

    if (chdir(plan->layers) < 0 || lock_layers(c) < 0)
        return -1;
    for (size_t i = 0; i < c->layer_count && len < sizeof(options); i++)
        len += (size_t) snprintf(options + len, sizeof(options) - len, "%s%s", i ? ":" : "",
                                 c->layers[i]);
    if (len < sizeof(options))
        len += (size_t) snprintf(options + len, sizeof(options) - len,
                                 ",upperdir=%s/upper,workdir=%s/work", c->box, c->box);
    if (len >= sizeof(options)) {
        errno = E2BIG;
        return -1;
    }
    return mount("overlay", in_box(c, "root", target), "overlay", 0, options);
}

static bool is_program(int root, const char *path)
{
    struct stat st;
    int fd = isolate_open(root, path);
    bool ret = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);

    if (fd >= 0)
        close(fd);
    return ret;
}

static bool is_in_path(int root, const char *name, const char *path)
{
    char full[PATH_BYTES];

    for (const char *at = path ? path : ""; *at;) {
        size_t len = strcspn(at, ":");

        snprintf(full, sizeof(full), "%.*s/%s", (int) len, at, name);
        if (len > 0 && is_program(root, full))
            return true;
        at += len + (at[len] == ':');
    }
    return false;
}

/* In the words of the other isolations; what the runtime says depends on which one it is. */
static int check_program(int root, const struct plan_container *c, char *why, size_t size)
{
    const char *name = c->args[0];
    char full[PATH_BYTES];

    snprintf(full, sizeof(full), "%s%s%s", name[0] == '/' ? "" : c->cwd,
             name[0] == '/' ? "" : "/", name);
    if (strchr(name, '/') ? is_program(root, full)
                          : is_in_path(root, name, plan_env(c, "PATH")))
        return 0;
    if (strchr(name, '/'))
        snprintf(why, size, "fork/exec %s: %s", name,
                 faccessat(root, full[1] ? full + 1 : ".", F_OK, AT_SYMLINK_NOFOLLOW) == 0
                     ? "permission denied"
                     : "no such file or directory");
    else
        snprintf(
            why, size,
            "failed to find name in PATH: exec: \"%s\": executable file not found in $PATH",
            name);
    return -1;
}

static int make_root(const struct plan *plan, const struct plan_container *c, int *ret,
                     char *why, size_t size)
{
    char path[PATH_BYTES];

    if (mount_layers(plan, c) < 0)
        return fail(why, size, "mount the image's layers");
    *ret = open(in_box(c, "root", path), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*ret < 0)
        return fail(why, size, "open the root");
    if (isolate_bind(plan, *ret) < 0)
        return fail(why, size, "mount volumes");
    return check_program(*ret, c, why, size);
}

void image_unmount(const struct plan_container *c)
{
    char path[PATH_BYTES];

    umount2(in_box(c, "root", path), MNT_DETACH);
}

/* ---- its pid namespace ---- */

static void holder_main(void)
{
    struct sigaction reap = {.sa_handler = SIG_IGN};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigaction(SIGCHLD, &reap, NULL); /* orphans are reaped by themselves */
    syscall(SYS_close_range, 0, ~0U, 0);
    for (;;)
        pause();
}

/* Its namespace gets a name that the bundle knows. */
static int make_holder(const struct plan_container *c, pid_t *ret)
{
    char path[PATH_BYTES], ns[64];
    int fd;

    *ret = (pid_t) syscall(SYS_clone, SIGCHLD | CLONE_NEWPID, 0, 0, 0, 0);
    if (*ret == 0)
        holder_main();
    if (*ret < 0)
        return -1;
    fd = open(in_box(c, "pidns", path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    umount2(path, MNT_DETACH); /* of an earlier try */
    snprintf(ns, sizeof(ns), "/proc/%d/ns/pid", (int) *ret);
    return mount(ns, path, NULL, MS_BIND, NULL);
}

static void end_holder(struct child *child)
{
    if (child->holder <= 0)
        return;
    kill(child->holder, SIGKILL);
    waitpid(child->holder, NULL, 0);
    child->holder = 0;
}

/* ---- the runtime ---- */

static void run_runtime(const struct plan *plan, const struct plan_container *c,
                        const int std[3], const char *console)
{
    char state[PATH_BYTES], log[PATH_BYTES], pid[PATH_BYTES];
    char *const args[] = {(char *) (uintptr_t) plan->runtime,
                          "--root",
                          (char *) (uintptr_t) in_box(c, "state", state),
                          "--log",
                          (char *) (uintptr_t) in_box(c, "runtime.log", log),
                          "--log-format",
                          "json",
                          "run",
                          "--detach",
                          "--bundle",
                          (char *) (uintptr_t) c->box,
                          "--pid-file",
                          (char *) (uintptr_t) in_box(c, "pid", pid),
                          (char *) (uintptr_t) (*console ? "--console-socket" : c->id),
                          (char *) (uintptr_t) (*console ? console : NULL),
                          (char *) (uintptr_t) c->id,
                          NULL};
    char *const env[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                         NULL};
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int fd = 0; fd < 3; fd++)
        if (std[fd] >= 0)
            dup2(std[fd], fd);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(plan->runtime, args, env);
    _exit(127);
}

void image_inside(const struct plan *plan, const struct plan_container *c, const char *pid_file,
                  const char *const *args)
{
    char state[PATH_BYTES];
    const char *words[PLAN_LIST_MAX + 8] = {
        plan->runtime, "--root", in_box(c, "state", state), "exec", "--pid-file",
        pid_file,      c->id};
    char *const env[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                         NULL};
    size_t count = 7;

    for (size_t i = 0; args[i] && i < PLAN_LIST_MAX; i++)
        words[count++] = args[i];
    execve(plan->runtime, (char *const *) (uintptr_t) words, env);
    _exit(127);
}

/* Its exit status, or -1 with what happened. It detaches: that it takes long is a fault. */
static int wait_for_runtime(const struct plan *plan, pid_t pid, char *why, size_t size)
{
    struct pollfd end = {.fd = (int) syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    int status = 0, ready;

    do
        ready = poll(&end, 1, RUNTIME_MAX_MS);
    while (ready < 0 && errno == EINTR);
    if (ready == 0)
        kill(pid, SIGKILL);
    if (end.fd >= 0)
        close(end.fd);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (ready == 0)
        snprintf(why, size, "%s does not end within %d ms", plan->runtime, RUNTIME_MAX_MS);
    else if (WIFSIGNALED(status))
        snprintf(why, size, "%s was killed by signal %d", plan->runtime, WTERMSIG(status));
    else if (WEXITSTATUS(status) == 127)
        snprintf(why, size, "%s cannot be run", plan->runtime);
    else
        return WEXITSTATUS(status);
    return -1;
}

static ssize_t read_text(const struct plan_container *c, const char *name,
                         char text[TEXT_BYTES])
{
    char path[PATH_BYTES];
    int fd = open(in_box(c, name, path), O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? fd_read(fd, text, TEXT_BYTES - 1) : -1;

    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    return len;
}

/* The last message of the runtime's log: lines of JSON. */
static void explain(const struct plan *plan, const struct plan_container *c, char *why,
                    size_t size)
{
    char text[TEXT_BYTES];
    const char *at, *last = NULL;
    size_t len = (size_t) snprintf(
        why, size,
        "%s: ", strrchr(plan->runtime, '/') ? strrchr(plan->runtime, '/') + 1 : plan->runtime);

    read_text(c, "runtime.log", text);
    for (at = text; (at = strstr(at, "\"msg\":")) != NULL; last = at)
        at += strlen("\"msg\":");
    at = last ? strchr(last, '"') : NULL;
    if (!at)
        snprintf(why + len, size - len, "it has failed without a word");
    for (at = at ? at + 1 : ""; *at && *at != '"' && len + 1 < size; at++) {
        at += *at == '\\' && at[1] == '"';
        why[len++] = *at;
        why[len] = '\0';
    }
}

/* Where the runtime hands over the terminal that it makes: a socket in the box, which has a
 * short name by way of our own descriptors. */
struct console {
    int box, fd;
    struct sockaddr_un at; /* its path "" without a terminal */
};

static int open_console(const struct plan_container *c, struct console *ret)
{
    *ret = (struct console){.box = -1, .fd = -1, .at = {.sun_family = AF_UNIX}};
    if (!c->has_tty)
        return 0;
    ret->box = open(c->box, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (ret->box < 0)
        return -1;
    unlinkat(ret->box, "console", 0); /* of an earlier try */
    snprintf(ret->at.sun_path, sizeof(ret->at.sun_path), "/proc/%d/fd/%d/console",
             (int) getpid(), ret->box);
    ret->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return ret->fd >= 0 && bind(ret->fd, (struct sockaddr *) &ret->at, sizeof(ret->at)) == 0 &&
                   listen(ret->fd, 1) == 0
               ? 0
               : -1;
}

static void close_console(struct console *console)
{
    if (console->box >= 0)
        close(console->box);
    if (console->fd >= 0)
        close(console->fd);
}

/* The runtime has come and gone: what it has sent is there. */
static int take_console(const struct console *console, struct child *ret)
{
    int fd = accept4(console->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    char name[PATH_BYTES];

    if (fd < 0)
        return -1;
    tty_receive(fd, name, sizeof(name), &ret->out);
    close(fd);
    return ret->out >= 0 ? 0 : -1;
}

/* The runtime's run; its exit status, or -1 with what happened. */
static int run_to_end(const struct plan *plan, const struct plan_container *c, const int std[3],
                      struct child *ret, char *why, size_t size)
{
    struct console console;
    pid_t pid = open_console(c, &console) == 0 ? _Fork() : -1;
    int code = -1;

    if (pid == 0)
        run_runtime(plan, c, std, console.at.sun_path);
    if (pid < 0)
        fail(why, size, "new process");
    else
        code = wait_for_runtime(plan, pid, why, size);
    if (code > 0)
        explain(plan, c, why, size);
    if (code == 0 && c->has_tty && take_console(&console, ret) < 0)
        code = fail(why, size, "take the terminal of the runtime");
    close_console(&console);
    return code;
}

static int start_runtime(const struct plan *plan, const struct plan_container *c,
                         const int std[3], struct child *ret, char *why, size_t size)
{
    char text[TEXT_BYTES];

    if (run_to_end(plan, c, std, ret, why, size) != 0)
        return -1;
    read_text(c, "pid", text);
    ret->pid = (pid_t) strtol(text, NULL, 10);
    if (ret->pid <= 1) {
        snprintf(why, size, "%s has left no pid", plan->runtime);
        return -1;
    }
    return 0;
}

int image_start(const struct plan *plan, const struct plan_container *c, const int std[3],
                struct child *ret, char *why, size_t size)
{
    int result = make_root(plan, c, &ret->root, why, size);

    if (result == 0 && make_holder(c, &ret->holder) < 0)
        result = fail(why, size, "new pid namespace");
    if (result == 0)
        result = start_runtime(plan, c, std, ret, why, size);
    if (result == 0)
        return 0;
    ret->pid = 0;
    image_stop(c, ret);
    image_unmount(c);
    return -1;
}

bool image_has_lacked_memory(const struct plan_container *c)
{
    char text[TEXT_BYTES] = "";
    int fd = c->oom ? open(c->oom, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t len = fd >= 0 ? fd_read(fd, text, sizeof(text) - 1) : 0;
    const char *count;

    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    count = strstr(text, "oom_kill ");
    return count && strtol(count + strlen("oom_kill "), NULL, 10) > 0;
}

void image_stop(const struct plan_container *c, struct child *child)
{
    char path[PATH_BYTES];

    end_holder(child);
    umount2(in_box(c, "pidns", path), MNT_DETACH);
    cgroup_remove(c->cgroup);
}
