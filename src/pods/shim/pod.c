/*
 * Supervises one pod: takes its lock, runs its containers one after the other, copies their
 * output to logs, ends them on a deadline or when asked (SIGTERM: with the plan's grace,
 * SIGINT: at once), copies output parameters, leaves the record. The order at the end matters:
 * outputs first, then the record, then the process ends: whoever sees the record as ended finds
 * everything. Single-threaded; survives the daemon.
 */
#define _GNU_SOURCE
#include "pods/shim/shim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct pod {
    int dirfd, record_fd, signals;
    struct pod_record record;
    struct plan plan;
    /* Of the container that runs now. */
    struct child child;
    struct cri out, err;
    int log_fd;
    int64_t log_dropped; /* bytes of it that are a hole now */
    int status;          /* of waitpid */
    bool has_exited;
    int64_t kill_at_ms; /* SIGKILL is due then; 0: not ending */
};

static int write_record(struct pod *pod)
{
    return pwrite(pod->record_fd, &pod->record, sizeof(pod->record), 0) ==
                   (ssize_t) sizeof(pod->record)
               ? 0
               : -1;
}

/* Opens and locks the record; refuses one that has begun, ended, or was taken away meanwhile.
 */
static int take_record(struct pod *pod)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat st;

    pod->record_fd = openat(pod->dirfd, POD_RECORD_FILE, O_RDWR | O_CLOEXEC);
    if (pod->record_fd < 0 || fcntl(pod->record_fd, F_SETLK, &lock) < 0)
        return -1;
    if (fstat(pod->record_fd, &st) < 0 || st.st_nlink == 0)
        return -1;
    if (pread(pod->record_fd, &pod->record, sizeof(pod->record), 0) !=
        (ssize_t) sizeof(pod->record))
        return -1;
    return memcmp(pod->record.magic, POD_RECORD_MAGIC, 8) == 0 &&
                   pod->record.state == POD_RECORD_PLANNED
               ? 0
               : -1;
}

static const char *read_plan(struct pod *pod)
{
    size_t len = pod->record.plan_bytes;
    char *text = len <= POD_PLAN_MAX_BYTES ? malloc(len + 1) : NULL;

    if (!text)
        return "the plan is too large";
    if (pread(pod->record_fd, text, len, (off_t) sizeof(pod->record)) != (ssize_t) len)
        return "the plan cannot be read";
    return plan_parse(text, len, &pod->plan);
}

static void signal_child(struct pod *pod, int number)
{
    if (pod->has_exited)
        return;
    kill(-pod->child.pid, number);
    kill(pod->child.pid, number);
}

static void begin_end(struct pod *pod, uint32_t flag, int64_t grace_ms)
{
    int64_t at = wall_now_ms() + grace_ms;

    pod->record.flags |= flag;
    if (pod->kill_at_ms == 0)
        signal_child(pod, SIGTERM);
    if (pod->kill_at_ms == 0 || at < pod->kill_at_ms)
        pod->kill_at_ms = at;
}

static void reap(struct pod *pod)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == pod->child.pid) {
            pod->status = status;
            pod->has_exited = true;
        }
}

static void read_signals(struct pod *pod)
{
    struct signalfd_siginfo info;

    while (read(pod->signals, &info, sizeof(info)) == (ssize_t) sizeof(info)) {
        if (info.ssi_signo == SIGCHLD)
            reap(pod);
        else
            begin_end(pod, POD_RECORD_KILLED,
                      info.ssi_signo == SIGINT ? 0 : pod->plan.grace_ms);
    }
}

static void check_times(struct pod *pod)
{
    int64_t now = wall_now_ms();

    if (pod->plan.deadline_ms > 0 && now >= pod->plan.deadline_ms &&
        !(pod->record.flags & POD_RECORD_DEADLINE))
        begin_end(pod, POD_RECORD_DEADLINE, pod->plan.grace_ms);
    if (pod->kill_at_ms > 0 && now >= pod->kill_at_ms)
        signal_child(pod, SIGKILL);
}

/* Milliseconds until check_times() has something to do; -1: nothing is due. */
static int wait_ms(const struct pod *pod)
{
    int64_t now = wall_now_ms();
    int64_t at = 0;

    if (pod->plan.deadline_ms > 0 && !(pod->record.flags & POD_RECORD_DEADLINE))
        at = pod->plan.deadline_ms;
    if (pod->kill_at_ms > 0 && (at == 0 || pod->kill_at_ms < at))
        at = pod->kill_at_ms;
    if (at == 0)
        return -1;
    if (at <= now)
        return 10; /* killed, not yet gone */
    return at - now > 3600000 ? 3600000 : (int) (at - now);
}

static void copy_stream(struct pod *pod, struct cri *cri, int *fd, const char *log)
{
    if (cri_copy(cri, *fd, pod->dirfd, log, &pod->log_fd)) {
        cri_limit(pod->log_fd, pod->plan.log_max_bytes, &pod->log_dropped);
        return;
    }
    close(*fd);
    *fd = -1;
}

/* Orphans of a container come to us (subreaper). */
static void kill_children(void)
{
    char path[64], text[4096];
    ssize_t len;
    int fd;

    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int) getpid());
    fd = open(path, O_RDONLY | O_CLOEXEC);
    len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    for (char *at = text; *at;) {
        long pid = strtol(at, &at, 10);

        if (pid > 1)
            kill((pid_t) pid, SIGKILL);
        while (*at == ' ')
            at++;
    }
}

/* Until the container has exited and its output has come to an end. Left-over children are
 * ended with it. */
static void follow(struct pod *pod, const char *log)
{
    while (!pod->has_exited || pod->child.out >= 0 || pod->child.err >= 0) {
        struct pollfd fds[3] = {
            {.fd = pod->signals, .events = POLLIN},
            {.fd = pod->child.out, .events = POLLIN},
            {.fd = pod->child.err, .events = POLLIN},
        };

        if (pod->has_exited) { /* also those that left its session: what they say is nobody's */
            kill(-pod->child.pid, SIGKILL);
            kill_children();
            reap(pod);
        }
        if (poll(fds, 3, pod->has_exited ? 200 : wait_ms(pod)) < 0 && errno != EINTR)
            break;
        if (fds[1].revents)
            copy_stream(pod, &pod->out, &pod->child.out, log);
        if (fds[2].revents)
            copy_stream(pod, &pod->err, &pod->child.err, log);
        if (fds[0].revents)
            read_signals(pod);
        if (pod->has_exited && !fds[1].revents && !fds[2].revents &&
            pod->child.out + pod->child.err > -2)
            break; /* somebody that left the session keeps the pipes: its output is nobody's */
        check_times(pod);
    }
    if (pod->child.out >= 0)
        close(pod->child.out);
    if (pod->child.err >= 0)
        close(pod->child.err);
    cri_end(&pod->out, pod->log_fd);
    cri_end(&pod->err, pod->log_fd);
}

/* Ends what the container left behind: orphans come to us (subreaper). */
static void end_orphans(void)
{
    for (int round = 0; round < 100; round++) {
        if (waitpid(-1, NULL, WNOHANG) < 0)
            return; /* ECHILD: nobody is left, the usual case */
        kill_children();
        poll(NULL, 0, 5);
    }
}

static void note_outcome(struct pod *pod, const struct plan_container *c, bool is_main)
{
    struct pod_record *record = &pod->record;

    record->signal = WIFSIGNALED(pod->status) ? WTERMSIG(pod->status) : 0;
    record->code = WIFEXITED(pod->status) ? WEXITSTATUS(pod->status) : 128 + record->signal;
    snprintf(record->container, sizeof(record->container), "%s", c->name);
    if (!is_main && record->code != 0)
        record->flags |= POD_RECORD_INIT;
}

static int run_container(struct pod *pod, const struct plan_container *c, bool is_main)
{
    pod->out = (struct cri){.stream = "stdout"};
    pod->err = (struct cri){.stream = "stderr"};
    pod->log_fd = -1;
    pod->log_dropped = 0;
    pod->has_exited = false;
    if (spawn_container(&pod->plan, c, &pod->child, pod->record.message,
                        sizeof(pod->record.message)) < 0) {
        pod->record.flags |= POD_RECORD_START_FAILED;
        pod->record.code = 64;
        snprintf(pod->record.container, sizeof(pod->record.container), "%s", c->name);
        return -1;
    }
    follow(pod, c->log);
    end_orphans();
    collect_outputs(pod->dirfd, pod->child.root, c);
    if (pod->child.root >= 0)
        close(pod->child.root);
    if (pod->child.mounts >= 0)
        close(pod->child.mounts);
    if (pod->log_fd >= 0)
        close(pod->log_fd);
    note_outcome(pod, c, is_main);
    return pod->record.code == 0 ? 0 : -1;
}

static void run_all(struct pod *pod)
{
    for (size_t i = 0; i < pod->plan.container_count; i++) {
        bool is_main = i + 1 == pod->plan.container_count;

        if (pod->record.flags & (POD_RECORD_KILLED | POD_RECORD_DEADLINE))
            break;
        if (run_container(pod, pod->plan.containers[i], is_main) < 0)
            break;
    }
}

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_SETMASK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool has_files(int dirfd, const char *name)
{
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    int entries = 0;

    while (dir && readdir(dir))
        entries++;
    if (dir)
        closedir(dir);
    return entries > 2; /* more than "." and ".." */
}

int pod_main(const char *dir)
{
    struct pod *pod = calloc(1, sizeof(*pod));
    const char *wrong;

    if (!pod)
        return 1;
    pod->dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (pod->dirfd < 0 || take_record(pod) < 0)
        return 2;
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pod->signals = open_signals();
    pod->record.shim_pid = getpid();
    pod->record.state = POD_RECORD_BEGUN;
    pod->record.started_ms = wall_now_ms();
    wrong = read_plan(pod);
    if (write_record(pod) < 0)
        return 3; /* nothing has run */
    if (wrong) {
        pod->record.flags |= POD_RECORD_START_FAILED;
        pod->record.code = 64;
        snprintf(pod->record.message, sizeof(pod->record.message), "%s", wrong);
    } else {
        run_all(pod);
    }
    if (has_files(pod->dirfd, "cwd"))
        pod->record.flags |= POD_RECORD_LITTER;
    pod->record.finished_ms = wall_now_ms();
    pod->record.state = POD_RECORD_ENDED;
    return write_record(pod) < 0 ? 4 : 0;
}
