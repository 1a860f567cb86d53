/*
 * One act: a command in a container that runs, a connection to it, or a pause. Each is done in
 * a process of its own that may block as it likes and dies with the shim; it says what went
 * wrong on its standard output. Connections are made from where the container is: with its
 * network in isolation image, which may have one of its own.
 */
#define _GNU_SOURCE
#include "pods/shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, HEAD_BYTES = 512, STATUS_FIRST = 200, STATUS_BEYOND = 400 };

static const char *pid_file(const struct plan_container *c, enum plan_act which,
                            char ret[PATH_BYTES])
{
    snprintf(ret, PATH_BYTES, "%s/act-%d.pid", c->box, (int) which);
    return ret;
}

/* ---- in the process of the act ---- */

/* As Go names what is asked for. */
static void print_url(const struct plan_action *action, char *ret, size_t size)
{
    const char *path = strchr(action->request, ' ');
    int len = path ? (int) strcspn(path + 1, " \r\n") : 0;

    snprintf(ret, size, "http://%s:%s%.*s", action->host, action->port, len,
             path ? path + 1 : "");
}

static void print_dial(const struct plan_action *action, const char *why, char *ret,
                       size_t size)
{
    char url[300];

    if (!action->request) {
        snprintf(ret, size, "dial tcp %s:%s: %s", action->host, action->port, why);
        return;
    }
    print_url(action, url, sizeof(url));
    snprintf(ret, size, "Get \"%s\": dial tcp %s:%s: %s", url, action->host, action->port, why);
}

static void fail(const char *text)
{
    _exit(write(1, text, strlen(text)) < 0 ? 2 : 1);
}

/* A connected socket; what fails ends the process. */
static int dial(const struct plan_action *action)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char why[120] = "no such host", text[600];

    if (getaddrinfo(action->host, action->port, &hints, &list) != 0)
        list = NULL;
    for (const struct addrinfo *at = list; at; at = at->ai_next) {
        int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) == 0)
            return fd;
        snprintf(why, sizeof(why), "connect: %s", strerror(errno));
        why[9] = (char) (why[9] >= 'A' && why[9] <= 'Z' ? why[9] - 'A' + 'a' : why[9]);
        if (fd >= 0)
            close(fd);
    }
    print_dial(action, why, text, sizeof(text));
    fail(text);
    return -1;
}

/* The status of an answer, or 0: it is none of HTTP. */
static int read_status(int fd)
{
    char head[HEAD_BYTES];
    size_t len = 0;
    ssize_t got = 1;

    while (got > 0 && len + 1 < sizeof(head) && !memchr(head, '\n', len)) {
        got = recv(fd, head + len, sizeof(head) - 1 - len, 0);
        len += got > 0 ? (size_t) got : 0;
        if (got < 0 && errno == EINTR)
            got = 1;
    }
    head[len] = '\0';
    return strncmp(head, "HTTP/1.", 7) == 0 && len > 12 ? atoi(head + 9) : 0;
}

static void ask(const struct plan_action *action)
{
    size_t len = strlen(action->request), done = 0;
    int fd = dial(action), status;
    char url[300], text[400];

    while (done < len) {
        ssize_t sent = send(fd, action->request + done, len - done, MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR)
            break;
        done += sent > 0 ? (size_t) sent : 0;
    }
    status = read_status(fd);
    if (status >= STATUS_FIRST && status < STATUS_BEYOND)
        _exit(0);
    print_url(action, url, sizeof(url));
    if (status == 0)
        snprintf(text, sizeof(text), "Get \"%s\": no answer of HTTP", url);
    else
        snprintf(text, sizeof(text), "HTTP probe failed with statuscode: %d", status);
    fail(text);
}

static void pause_for(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}

/* The container's own network; the same as ours where it has none. */
static void enter_network(const struct plan *plan, pid_t pid)
{
    int fd = plan->isolation == PLAN_IMAGE ? (int) syscall(SYS_pidfd_open, pid, 0) : -1;

    if (fd >= 0 && setns(fd, CLONE_NEWNET) < 0)
        fail("enter the container's network");
}

static void act_main(const struct plan *plan, const struct running *r, enum plan_act which,
                     int out)
{
    const struct plan_action *action = &r->c->acts[which];
    char path[PATH_BYTES];
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(out, 1);
    dup2(out, 2);
    if (action->exec && plan->isolation == PLAN_IMAGE)
        image_inside(plan, r->c, pid_file(r->c, which, path), action->exec);
    if (action->exec)
        spawn_inside(plan, r->c, r->child.pid, action->exec);
    if (action->host) {
        enter_network(plan, r->child.pid);
        if (action->request)
            ask(action);
        close(dial(action));
    }
    pause_for(action->sleep_ms);
    _exit(0);
}

/* ---- in the shim ---- */

bool act_is_on(const struct running *r, enum plan_act which)
{
    return r->acts[which].pid > 0;
}

void act_start(const struct plan *plan, struct running *r, enum plan_act which,
               int64_t until_ms)
{
    struct acting *acting = &r->acts[which];
    int ends[2] = {-1, -1};
    char path[PATH_BYTES];

    if (act_is_on(r, which))
        return;
    *acting = (struct acting){.out = -1, .until_ms = until_ms};
    if (plan->isolation == PLAN_IMAGE)
        unlink(pid_file(r->c, which, path));
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
        fcntl(ends[1], F_SETFL, 0);
        acting->pid = _Fork();
        if (acting->pid == 0)
            act_main(plan, r, which, ends[1]);
        close(ends[1]);
    }
    acting->out = ends[0];
    if (acting->pid > 0)
        return;
    acting->pid = getpid(); /* nobody else has it: it has ended, and not well */
    acting->has_exited = true;
    acting->status = 1 << 8;
    snprintf(acting->text, sizeof(acting->text), "new process: %s", strerror(errno));
    acting->text_len = strlen(acting->text);
}

static void read_text(struct acting *acting)
{
    char bytes[4096];
    ssize_t got;

    while (acting->out >= 0 && (got = read(acting->out, bytes, sizeof(bytes))) > 0) {
        size_t room = sizeof(acting->text) - 1 - acting->text_len;
        size_t len = (size_t) got < room ? (size_t) got : room;

        memcpy(acting->text + acting->text_len, bytes, len);
        acting->text_len += len;
    }
    if (acting->out >= 0 && got == 0) {
        close(acting->out); /* or poll() would have it again and again */
        acting->out = -1;
    }
    acting->text[acting->text_len] = '\0';
}

/* A command of a runtime outlives it. */
static void kill_act(const struct plan *plan, const struct running *r, enum plan_act which)
{
    const struct acting *acting = &r->acts[which];
    char path[PATH_BYTES], text[32] = "";
    ssize_t len;
    long pid;
    int fd;

    if (acting->has_exited)
        return;
    kill(-acting->pid, SIGKILL);
    kill(acting->pid, SIGKILL);
    if (plan->isolation != PLAN_IMAGE || !r->c->acts[which].exec)
        return;
    fd = open(pid_file(r->c, which, path), O_RDONLY | O_CLOEXEC);
    len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
    if (fd >= 0)
        close(fd);
    pid = len > 0 ? strtol(text, NULL, 10) : 0;
    if (pid > 1)
        kill((pid_t) pid, SIGKILL);
}

static void say_late(const struct plan_action *action, struct acting *acting)
{
    char url[300];

    if (action->exec) {
        snprintf(acting->text, sizeof(acting->text), "command \"%s\" timed out",
                 action->exec[0]);
    } else if (action->request) {
        print_url(action, url, sizeof(url));
        snprintf(acting->text, sizeof(acting->text),
                 "Get \"%.100s\": context deadline exceeded (Client.Timeout exceeded while "
                 "awaiting headers)",
                 url);
    } else if (action->host) {
        print_dial(action, "i/o timeout", acting->text, sizeof(acting->text));
    }
}

/* It is over; nothing of it is left. */
static void put_away(struct acting *acting)
{
    if (acting->out >= 0)
        close(acting->out);
    acting->out = -1;
    acting->pid = 0;
}

bool act_turn(const struct plan *plan, struct running *r, enum plan_act which, bool *ret_good)
{
    struct acting *acting = &r->acts[which];

    if (!act_is_on(r, which))
        return false;
    read_text(acting);
    if (!acting->has_exited && !acting->is_late && acting->until_ms > 0 &&
        wall_now_ms() >= acting->until_ms) {
        kill_act(plan, r, which);
        acting->is_late = true;
    }
    if (!acting->has_exited)
        return false;
    *ret_good =
        !acting->is_late && WIFEXITED(acting->status) && WEXITSTATUS(acting->status) == 0;
    if (acting->is_late)
        say_late(&r->c->acts[which], acting);
    put_away(acting);
    return true;
}

void act_end(const struct plan *plan, struct running *r, enum plan_act which)
{
    struct acting *acting = &r->acts[which];

    if (!act_is_on(r, which))
        return;
    kill_act(plan, r, which);
    if (!acting->has_exited)
        waitpid(acting->pid, NULL, 0);
    put_away(acting);
}
