/*
 * One pod from its record to its record: takes its lock, runs the containers that come first
 * one after the other, then the others beside each other (group.c), decides what the pod
 * amounts to, leaves the record. The order at the end matters: outputs first, then the record,
 * then the process ends: whoever sees the record as ended finds everything. Single-threaded;
 * survives the daemon.
 */
#define _GNU_SOURCE
#include "base/fd.h"
#include "pods/shim/shim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

int pod_write_record(struct pod *pod)
{
    return fd_pwrite(pod->record_fd, &pod->record, sizeof(pod->record), 0);
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
    if (fd_pread(pod->record_fd, &pod->record, sizeof(pod->record), 0) !=
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
    if (fd_pread(pod->record_fd, text, len, (off_t) sizeof(pod->record)) != (ssize_t) len)
        return "the plan cannot be read";
    return plan_parse(text, len, &pod->plan);
}

/* The end that decides the pod's, in the record. */
static void note_outcome(struct pod *pod, const struct running *r)
{
    struct pod_record *record = &pod->record;

    record->signal = r->end.signal;
    record->code = r->end.code;
    if (r->has_start_failed)
        record->flags |= POD_RECORD_START_FAILED;
    record->flags |= r->end.flags & POD_RECORD_OOM;
    snprintf(record->container, sizeof(record->container), "%s", r->c->name);
    snprintf(record->message, sizeof(record->message), "%s", r->end.message);
    if (r->c->role == PLAN_FIRST && record->code != 0)
        record->flags |= POD_RECORD_INIT;
}

static bool is_ending(const struct pod *pod)
{
    return pod->record.flags & (POD_RECORD_KILLED | POD_RECORD_DEADLINE);
}

/* The main container that failed first in the plan's order, else a sidecar that failed by
 * itself, else the first main one. */
static const struct running *decider(const struct running *all, size_t count)
{
    const struct running *main = NULL, *failed = NULL, *beside = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct running *r = &all[i];
        bool is_bad = r->end.code != 0;

        if (r->c->role == PLAN_SIDECAR) {
            is_bad = is_bad && r->end.code != 128 + SIGKILL && r->end.code != 128 + SIGTERM;
            beside = !beside && is_bad ? r : beside;
        } else {
            main = main ? main : r;
            failed = !failed && is_bad ? r : failed;
        }
    }
    return failed ? failed : beside ? beside : main;
}

/* Behind the plan. */
static void write_ends(struct pod *pod, const struct running *all, size_t count)
{
    off_t at = (off_t) (sizeof(pod->record) + pod->record.plan_bytes);

    for (size_t i = 0; i < count; i++, at += (off_t) sizeof(all[i].end))
        if (fd_pwrite(pod->record_fd, &all[i].end, sizeof(all[i].end), at) < 0)
            return; /* the runner sees that some are missing */
}

static int run_first(struct pod *pod)
{
    for (size_t i = 0; i < pod->plan.first_count && !is_ending(pod); i++) {
        struct running one = {.c = pod->plan.containers[i]};

        group_run(pod, &one, 1);
        note_outcome(pod, &one);
        if (one.end.code != 0)
            return -1;
    }
    return is_ending(pod) ? -1 : 0;
}

/* Nothing can be started when that fails. */
static int prepare(struct pod *pod)
{
    const char *why = "";

    if (pod->plan.isolation != PLAN_IMAGE)
        return 0;
    if ((!pod->plan.network.bridge || network_enter(&pod->plan.network, &why) == 0) &&
        image_prepare(&why) == 0)
        return 0;
    pod->record.flags |= POD_RECORD_START_FAILED;
    pod->record.code = 64;
    snprintf(pod->record.message, sizeof(pod->record.message), "%s: %s", why, strerror(errno));
    return -1;
}

static void run_all(struct pod *pod)
{
    size_t count = pod->plan.container_count - pod->plan.first_count;
    struct running *all = calloc(count, sizeof(*all));

    if (!all || prepare(pod) < 0 || run_first(pod) < 0)
        return;
    for (size_t i = 0; i < count; i++)
        all[i].c = pod->plan.containers[pod->plan.first_count + i];
    group_run(pod, all, count);
    note_outcome(pod, decider(all, count));
    if (count > 1)
        write_ends(pod, all, count);
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

/* Are there names in it besides "." and ".."? Those of an empty folder fit into one read. */
static bool has_files(int dirfd, const char *name)
{
    struct dirent names[4], *at = names;
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? getdents(fd, names, sizeof(names)) : 0;
    int entries = 0;

    for (const char *end = (const char *) names + (len > 0 ? len : 0); (const char *) at < end;
         at = (struct dirent *) ((char *) at + at->d_reclen))
        entries++;
    if (fd >= 0)
        close(fd);
    return entries > 2;
}

int pod_main(const char *dir)
{
    static struct pod the_pod;
    struct pod *pod = &the_pod;
    const char *wrong;

    pod->dirfd = openat(AT_FDCWD, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (pod->dirfd < 0 || take_record(pod) < 0)
        return 2;
    setpgid(0, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pod->signals = open_signals();
    pod->record.shim_pid = getpid();
    pod->record.state = POD_RECORD_BEGUN;
    pod->record.started_ms = wall_now_ms();
    wrong = read_plan(pod);
    if (pod_write_record(pod) < 0)
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
    return pod_write_record(pod) < 0 ? 4 : 0;
}
