/*
 * Starts one container. image: see image.c. process: vfork-like (the child borrows our memory
 * until it executes), own process group, own working directory, dies with the shim. host: a new
 * set of namespaces with the pod's own root, see isolate.c; the container is the child of a
 * process 1 that only waits, or process 1 itself when it comes first. What fails in the
 * child before the program starts comes back through our memory, or where that is not shared
 * through a socket that closes on exec. A container with outputs waits there until its root is
 * held: it may end before anybody could look for it. process has no session of its own: that
 * is a scheduling group (autogroup) each, made and freed at a tenth of what the start costs.
 */
#define _GNU_SOURCE
#include "pods/shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games"

enum { HOLD = 0, TERMINAL = 1 }; /* what the child says instead of a failure */

static bool is_host(const struct plan *plan)
{
    return plan->isolation == PLAN_HOST;
}

static bool has_outputs(const struct plan_container *c)
{
    return c->output_count + c->artifact_count > 0;
}

struct start {
    const struct plan *plan;
    const struct plan_container *c;
    int std[3];       /* its standard streams; -1: as the shim has it, or its terminal */
    int report, peer; /* host: the child's end of the socket, and ours */
    pid_t shim;
    char *why; /* what failed: written by the child itself when it borrows our memory */
    size_t size;
};

static bool is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int find_program(const char *name, const char *path, char *ret, size_t size)
{
    if (strchr(name, '/')) {
        snprintf(ret, size, "%s", name);
        return 0;
    }
    for (const char *at = path ? path : DEFAULT_PATH; *at;) {
        size_t len = strcspn(at, ":");

        snprintf(ret, size, "%.*s/%s", (int) len, at, name);
        if (len > 0 && is_program(ret))
            return 0;
        at += len + (at[len] == ':');
    }
    return -1;
}

/* A system error as upstream's programs spell it: in small letters. */
static const char *reason(int error, char text[80])
{
    snprintf(text, 80, "%s", strerror(error));
    if (text[0] >= 'A' && text[0] <= 'Z')
        text[0] = (char) (text[0] - 'A' + 'a');
    return text;
}

/* In the child: tells the parent what failed and ends. */
static void give_up(const struct start *start, const char *step, int error)
{
    char text[300];

    if (error)
        snprintf(text, sizeof(text), "%s: %s", step, reason(error, (char[80]){0}));
    else
        snprintf(text, sizeof(text), "%s", step);
    if (start->plan->isolation == PLAN_PROCESS)
        snprintf(start->why, start->size, "%s", text);
    else if (write(start->report, text, strlen(text)) < 0)
        _exit(125);
    _exit(126);
}

/* As container runtimes do: a working directory that the image lacks is made, in the pod's own
 * root. */
static bool make_cwd(const char *cwd)
{
    char path[4096];

    if (snprintf(path, sizeof(path), "%s", cwd) >= (int) sizeof(path))
        return false;
    for (char *at = path + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        mkdir(path, 0755);
        *at = '/';
    }
    return mkdir(path, 0755) == 0 && chdir(cwd) == 0;
}

/* In the child: nothing of the program runs before the parent holds this root. */
static void wait_for_hold(const struct start *start)
{
    char go = HOLD;

    if (write(start->report, &go, 1) != 1 || read(start->report, &go, 1) != 1)
        _exit(126);
}

/* In the child: a terminal that has a name in its own root; the parent gets the other end. */
static void make_terminal(const struct start *start)
{
    int master, slave;
    char go;

    if (tty_open(&master, &slave) < 0)
        give_up(start, "make a terminal", errno);
    if (tty_send(start->report, master, TERMINAL) < 0 || read(start->report, &go, 1) != 1)
        _exit(126);
    if (tty_take(slave) < 0)
        give_up(start, "take the terminal", errno);
    close(slave);
    close(master);
}

/* In the child: its standard streams. */
static void set_streams(const struct start *start)
{
    if (start->c->has_tty && is_host(start->plan))
        make_terminal(start);
    else if (start->c->has_tty && tty_take(start->std[0]) < 0)
        give_up(start, "take the terminal", errno);
    for (int fd = 0; fd < 3 && !start->c->has_tty; fd++)
        if (start->std[fd] >= 0)
            dup2(start->std[fd], fd);
}

/* In the child: has the shim ended while we became another user? Then nobody would end us. */
static bool is_orphan(const struct start *start)
{
    struct pollfd end = {.fd = start->report};

    if (!is_host(start->plan))
        return getppid() != start->shim;
    return poll(&end, 1, 0) > 0 && (end.revents & POLLHUP);
}

/* Ends as the child does. */
static void end_with(pid_t pid)
{
    int status = 0;
    pid_t ended;

    syscall(SYS_close_range, 0, ~0U, 0);
    do
        ended = waitpid(-1, &status, 0);
    while (ended != pid && (ended > 0 || errno == EINTR));
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* In the child: process 1 hears no signal that it does not handle, and what is asked to end
 * must hear SIGTERM. So it becomes process 1's child, which goes on here, as behind upstream's
 * emissary; containers that come first are process 1 there, too. */
static void stay_behind(const struct start *start)
{
    pid_t pid = _Fork();

    if (pid == 0)
        return;
    if (pid < 0)
        give_up(start, "new process", errno);
    end_with(pid);
}

/* Says on standard output what failed. */
static void give_up_inside(const char *step, int error)
{
    char text[4300];
    int len = snprintf(text, sizeof(text), "%s: %s", step, reason(error, (char[80]){0}));

    if (write(1, text, (size_t) len) < 0)
        _exit(125);
    _exit(126);
}

/* Its pid namespace counts for a child only. */
static void enter(pid_t pid)
{
    int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
                (geteuid() != 0 ? CLONE_NEWUSER : 0);
    int fd = (int) syscall(SYS_pidfd_open, pid, 0);
    pid_t made;

    if (fd < 0 || setns(fd, flags) < 0)
        give_up_inside("enter the container", errno);
    made = _Fork();
    if (made < 0)
        give_up_inside("new process", errno);
    if (made > 0)
        end_with(made);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void spawn_inside(const struct plan *plan, const struct plan_container *c, pid_t pid,
                  const char *const *args)
{
    const char *why = NULL;
    char program[4096];

    if (is_host(plan))
        enter(pid);
    if (chdir(c->cwd) < 0)
        give_up_inside(c->cwd, errno);
    if (find_program(args[0], plan_env(c, "PATH"), program, sizeof(program)) < 0)
        give_up_inside(args[0], ENOENT);
    if (harden(plan, c, true, &why) < 0)
        give_up_inside(why, errno);
    execve(program, (char *const *) (uintptr_t) args, (char *const *) c->env);
    give_up_inside(program, errno);
}

/* In the child: its root and its working directory. */
static void enter_root(const struct start *start)
{
    const struct plan_container *c = start->c;
    const char *why = NULL;

    if (is_host(start->plan) && isolate_enter(start->plan, c, &why) < 0)
        give_up(start, why, errno);
    if (chdir(c->cwd) < 0 && !(is_host(start->plan) && make_cwd(c->cwd)))
        give_up(start, c->cwd, errno);
    if (is_host(start->plan) && c->is_read_only && isolate_seal(start->plan, &why) < 0)
        give_up(start, why, errno);
}

static void child_main(const struct start *start)
{
    const struct plan_container *c = start->c;
    const char *why = NULL;
    char program[4096], text[4200];
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (is_host(start->plan))
        close(start->peer);
    if (is_host(start->plan) || c->has_tty)
        setsid();
    else
        setpgid(0, 0);
    enter_root(start);
    if (is_host(start->plan) && has_outputs(c))
        wait_for_hold(start);
    set_streams(start);
    if (is_host(start->plan) && c->role != PLAN_FIRST)
        stay_behind(start);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (find_program(c->args[0], plan_env(c, "PATH"), program, sizeof(program)) < 0) {
        snprintf(
            text, sizeof(text),
            "failed to find name in PATH: exec: \"%s\": executable file not found in $PATH",
            c->args[0]);
        give_up(start, text, 0);
    }
    if (harden(start->plan, c, false, &why) < 0)
        give_up(start, why, errno);
    if (c->uid >= 0 && is_orphan(start))
        _exit(126);
    execve(program, (char *const *) c->args, (char *const *) c->env);
    snprintf(text, sizeof(text), "fork/exec %s", program);
    give_up(start, text, errno);
}

static pid_t start_child(const struct start *start)
{
    unsigned long flags = SIGCHLD;
    pid_t pid;

    if (is_host(start->plan))
        flags |= CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
                 (geteuid() != 0 ? CLONE_NEWUSER : 0);
    pid = is_host(start->plan) ? (pid_t) syscall(SYS_clone, flags, 0, 0, 0, 0) : vfork();
    if (pid == 0)
        child_main(start); /* does not return */
    return pid;
}

static void hold_root(struct child *child, bool is_host)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/root", (int) child->pid);
    child->root = open(is_host ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int) child->pid);
    child->mounts = is_host ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

/* What the child said before its program ran; empty when it runs. */
static size_t read_report(int fd, struct child *child, char *why, size_t size)
{
    size_t used = 0;

    while (used + 1 < size) {
        int given;
        ssize_t len = tty_receive(fd, why + used, size - 1 - used, &given);

        if (len < 0 && errno == EINTR)
            continue;
        if (len <= 0)
            break;
        if (given >= 0)
            child->out = given;
        if (len == 1 && (why[used] == HOLD || why[used] == TERMINAL)) {
            if (why[used] == HOLD)
                hold_root(child, true);
            if (write(fd, why + used, 1) != 1)
                break;
            continue;
        }
        used += (size_t) len;
    }
    why[used] = '\0';
    return used;
}

static void close_if(int fd)
{
    if (fd >= 0)
        close(fd);
}

static int open_pipe(int *ret_read, int *ret_write)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    *ret_read = ends[0];
    *ret_write = ends[1];
    return 0;
}

/* Both ends of its standard streams. In isolation host it makes its terminal itself, in image
 * the runtime does. */
static int open_streams(struct start *start, struct child *ret)
{
    bool has_tty = start->c->has_tty, is_image = start->plan->isolation == PLAN_IMAGE;

    if (has_tty && start->plan->isolation == PLAN_PROCESS)
        return tty_open(&ret->out, &start->std[0]);
    if (has_tty && !is_image)
        return 0;
    if (start->c->has_stdin && !has_tty && open_pipe(&start->std[0], &ret->in) < 0)
        return -1;
    return has_tty || (open_pipe(&ret->out, &start->std[1]) == 0 &&
                       open_pipe(&ret->err, &start->std[2]) == 0)
               ? 0
               : -1;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close_if(fds[i]);
}

/* A child that does not share our memory: has its program begun? */
static int start_apart(struct start *start, struct child *ret)
{
    int report[2];
    size_t said;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, report) < 0)
        return -1;
    start->report = report[1];
    start->peer = report[0];
    ret->pid = start_child(start);
    close(report[1]);
    said = ret->pid > 0 ? read_report(report[0], ret, start->why, start->size) : 0;
    close(report[0]);
    return ret->pid < 0 || said > 0 ? -1 : 0;
}

static int start_here(struct start *start, struct child *ret)
{
    ret->pid = start_child(start);
    if (ret->pid < 0 || start->why[0])
        return -1;
    if (has_outputs(start->c))
        hold_root(ret, false);
    return 0;
}

/* Starts it in the one way or the other; it has the write ends of the pipes. */
static int start_one(struct start *start, struct child *ret)
{
    const struct plan *plan = start->plan;
    int status;

    if (plan->isolation == PLAN_IMAGE)
        return image_start(plan, start->c, start->std, ret, start->why, start->size);
    status = is_host(plan) ? start_apart(start, ret) : start_here(start, ret);
    if (ret->pid <= 0)
        snprintf(start->why, start->size, "%s: %s",
                 is_host(plan) ? "new namespaces" : "new process",
                 reason(errno, (char[80]){0}));
    return status;
}

int spawn_container(const struct plan *plan, const struct plan_container *c, struct child *ret,
                    char *why, size_t size)
{
    struct start start = {
        .plan = plan, .c = c, .std = {-1, -1, -1}, .shim = getpid(), .why = why, .size = size};
    bool has_failed;

    *ret = (struct child){.in = -1, .out = -1, .err = -1, .root = -1, .mounts = -1};
    why[0] = '\0';
    has_failed = open_streams(&start, ret) < 0;
    if (has_failed)
        snprintf(why, size, "%s: %s", c->has_tty ? "make a terminal" : "pipe",
                 reason(errno, (char[80]){0}));
    else
        has_failed = start_one(&start, ret) < 0;
    close_all(start.std, 3);
    if (!has_failed)
        return 0;
    if (ret->pid > 0)
        waitpid(ret->pid, NULL, 0);
    close_all((const int[]){ret->root, ret->mounts, ret->in, ret->out, ret->err}, 5);
    return -1;
}
