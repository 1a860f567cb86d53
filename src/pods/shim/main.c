/*
 * tiphys-shim: the process between the daemon and a pod's containers.
 *
 * `tiphys-shim --zygote` waits on file descriptor 3 (SOCK_SEQPACKET) for folders of pods, forks
 * one small shim for each and reports when it has begun and ended. When the daemon goes away
 * the zygote ends and the shims go on: the next daemon finds them by their records.
 * `tiphys-shim DIR` runs one pod in the foreground, for tests and for people.
 */
#define _GNU_SOURCE
#include "pods/shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONTROL_FD = 3, SHIMS_MAX = 65536 };

struct slot {
    pid_t pid; /* 0: free */
    uint64_t tag;
};

/* Open addressing by pid; touched pages only cost memory. A mapping that no shim inherits:
 * what a fork does not copy it need not give back. */
static struct slot *slots;

static struct slot *slot_of(pid_t pid)
{
    size_t at = (size_t) pid % SHIMS_MAX;

    for (size_t i = 0; i < SHIMS_MAX; i++, at = (at + 1) % SHIMS_MAX)
        if (slots[at].pid == pid || slots[at].pid == 0)
            return &slots[at];
    return NULL;
}

/* Removes an entry and moves back those that were pushed away by it. */
static void slot_clear(struct slot *slot)
{
    size_t at = (size_t) (slot - slots);

    slot->pid = 0;
    for (size_t next = (at + 1) % SHIMS_MAX; slots[next].pid; next = (next + 1) % SHIMS_MAX) {
        struct slot moved = slots[next];

        slots[next].pid = 0;
        *slot_of(moved.pid) = moved;
    }
}

static void report(uint64_t tag, enum shim_report_kind kind, int32_t pid)
{
    struct shim_report message = {.tag = tag, .kind = kind, .pid = pid};

    while (send(CONTROL_FD, &message, sizeof(message), MSG_NOSIGNAL) < 0 && errno == EINTR)
        continue;
}

static void start_pod(const struct shim_request *request, int signals)
{
    pid_t pid = _Fork();

    if (pid == 0) {
        close(CONTROL_FD);
        close(signals);
        _exit(pod_main(request->dir));
    }
    if (pid < 0) {
        report(request->tag, SHIM_FAILED, errno);
        return;
    }
    *slot_of(pid) = (struct slot){.pid = pid, .tag = request->tag};
    report(request->tag, SHIM_STARTED, pid);
}

/* Takes requests that are there; false when the daemon has gone. */
static bool read_requests(int signals)
{
    static struct shim_request request;

    for (;;) {
        ssize_t len = recv(CONTROL_FD, &request, sizeof(request) - 1, MSG_DONTWAIT);

        if (len == 0)
            return false;
        if (len < 0)
            return errno == EAGAIN || errno == EINTR;
        ((char *) &request)[len] = '\0';
        start_pod(&request, signals);
    }
}

static void reap_shims(int signals)
{
    struct signalfd_siginfo info;
    pid_t pid;

    while (read(signals, &info, sizeof(info)) > 0)
        continue;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
        struct slot *slot = slot_of(pid);

        if (!slot || slot->pid != pid)
            continue;
        report(slot->tag, SHIM_ENDED, pid);
        slot_clear(slot);
    }
}

static int zygote_main(void)
{
    sigset_t set;
    int signals;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_SETMASK, &set, NULL);
    sigdelset(&set,
              SIGTERM); /* the daemon's socket ends us, not a signal to its process group */
    sigdelset(&set, SIGINT);
    signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    slots = mmap(NULL, SHIMS_MAX * sizeof(*slots), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (signals < 0 || setsid() < 0 || slots == MAP_FAILED ||
        madvise(slots, SHIMS_MAX * sizeof(*slots), MADV_DONTFORK) < 0)
        return 1;
    wall_now_ms(); /* finds the kernel's clock once for all shims */
    for (;;) {
        struct pollfd fds[2] = {{.fd = CONTROL_FD, .events = POLLIN},
                                {.fd = signals, .events = POLLIN}};

        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return 1;
        if (fds[1].revents)
            reap_shims(signals);
        if (fds[0].revents && !read_requests(signals))
            return 0;
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--zygote") == 0)
        return zygote_main();
    if (argc == 2 && argv[1][0] != '-') {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        dup2(null, 0); /* as the zygote has it */
        close(null);
        return pod_main(argv[1]);
    }
    fprintf(stderr, "usage: tiphys-shim --zygote | tiphys-shim DIR\n");
    return 2;
}
