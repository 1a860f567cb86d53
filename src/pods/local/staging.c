/*
 * Makes a pod's folder and record and hands it to the zygote, or finds out what an earlier
 * daemon left there. Runs on workers: nothing here touches the runner's tables.
 *
 * The record decides: none - stage; planned and unlocked - its shim never began: stage anew;
 * begun and locked - adopt the shim; ended - report; begun and unlocked - the shim was killed:
 * the pod is gone. A record of another uid is a pod of the same name from before: it is ended
 * and replaced, as Kubernetes knows one pod of a name.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/tree.h"
#include "pods/local/access.h"
#include "pods/local/address.h"
#include "pods/local/local_internal.h"
#include "pods/local/zygote.h"

enum { REPLACE_WAIT_STEPS = 100, REPLACE_WAIT_STEP_US = 20000 };

static int open_dir(const struct local *runner, const struct local_pod *pod)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/" STR_FMT, runner->root, STR_ARG(pod->dir));
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

const char *const stage_litter[] = {"box",       "cwd",     "volumes", "inputs",      "outputs",
                                    "artifacts", "script",  "hosts",   "resolv.conf", "account",
                                    "progress",  "address", NULL};

void stage_remove(const struct local *runner, const struct local_pod *pod, bool keep_logs)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/" STR_FMT, runner->root, STR_ARG(pod->dir));
    if (!keep_logs) {
        tree_remove(AT_FDCWD, path);
        return;
    }
    for (size_t i = 0; stage_litter[i]; i++) {
        char part[4200];

        snprintf(part, sizeof(part), "%s/%s", path, stage_litter[i]);
        if (access(part, F_OK) == 0)
            tree_remove(AT_FDCWD, part);
    }
}

/* Pid of the shim that holds the record's lock, or 0. */
static pid_t lock_holder(int record_fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    return fcntl(record_fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

static int open_record(const struct local *runner, const struct local_pod *pod)
{
    int dirfd = open_dir(runner, pod);
    int fd = dirfd >= 0 ? openat(dirfd, POD_RECORD_FILE, O_RDWR | O_CLOEXEC) : -1;

    if (dirfd >= 0)
        close(dirfd);
    return fd;
}

bool stage_signal(const struct local *runner, const struct local_pod *pod, int number)
{
    int fd = open_record(runner, pod);
    pid_t holder = fd >= 0 ? lock_holder(fd) : 0;

    if (fd >= 0)
        close(fd);
    return holder > 0 && kill(holder, number) == 0;
}

static bool is_same_uid(const struct pod_record *record, const struct local_pod *pod)
{
    return pod->req.uid.len < sizeof(record->uid) &&
           memcmp(record->uid, pod->req.uid.ptr, pod->req.uid.len) == 0 &&
           record->uid[pod->req.uid.len] == 0;
}

/* Ends and removes a pod of the same name and another uid. */
static int replace_old(struct local_pod *pod, int fd)
{
    for (int i = 0; i < REPLACE_WAIT_STEPS; i++) {
        pid_t holder = lock_holder(fd);

        if (holder == 0) {
            stage_remove(pod->runner, pod, false);
            return 0;
        }
        kill(holder, SIGINT);
        usleep(REPLACE_WAIT_STEP_US);
    }
    return err_set(&pod->work->job.err, ERR_TRANSIENT,
                   "pod " STR_FMT " of an earlier workflow does not end",
                   STR_ARG(pod->req.name));
}

static bool adopt(struct local_pod *pod, pid_t holder)
{
    pod->pidfd = (int) syscall(SYS_pidfd_open, holder, 0);
    return pod->pidfd >= 0;
}

static bool read_record(int fd, struct pod_record *ret)
{
    return fd_pread(fd, ret, sizeof(*ret), 0) == (ssize_t) sizeof(*ret);
}

/* A record and who holds it, at one moment: a shim that begins or ends between the two looks
 * would be taken for one that was killed, or that never ran. */
static bool look_at(int fd, struct pod_record *ret, pid_t *ret_holder)
{
    struct pod_record before;

    do {
        if (!read_record(fd, &before))
            return false;
        *ret_holder = lock_holder(fd);
        if (!read_record(fd, ret))
            return false;
    } while (ret->state != before.state);
    return true;
}

/* A late shim of an earlier daemon may have taken the record of the one that we have asked for,
 * which then leaves at once. */
bool stage_adopt(struct local_pod *pod)
{
    int fd = open_record(pod->runner, pod);
    struct pod_record record;
    pid_t holder = 0;
    bool is_held = fd >= 0 && look_at(fd, &record, &holder) && is_same_uid(&record, pod) &&
                   holder > 0 && adopt(pod, holder);

    if (fd >= 0)
        close(fd);
    return is_held;
}

/* What an earlier daemon left: whether pod->staged is decided. */
static bool find_earlier(struct local_pod *pod)
{
    struct pod_record record;
    int fd = open_record(pod->runner, pod);
    pid_t holder = 0;
    bool is_decided = true;

    if (fd < 0)
        return false;
    if (!look_at(fd, &record, &holder) || !is_same_uid(&record, pod)) {
        pod->staged = STAGE_REFUSED;
        is_decided = replace_old(pod, fd) < 0;
    } else if (holder > 0 && adopt(pod, holder)) {
        pod->staged = STAGE_ADOPTED;
    } else if (record.state == POD_RECORD_PLANNED) {
        stage_remove(
            pod->runner, pod,
            false); /* unlinked before the new one is made: a late shim finds nothing */
        is_decided = false;
    } else {
        pod->staged = STAGE_ENDED;
    }
    close(fd);
    return is_decided;
}

static int make_dir(struct local_pod *pod, struct err *err)
{
    char path[4096];
    char *slash;

    snprintf(path, sizeof(path), "%s/" STR_FMT, pod->runner->root, STR_ARG(pod->dir));
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return 0;
    slash = strrchr(path, '/');
    *slash = '\0';
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return err_sys(err, errno, "make folder %s", path);
    *slash = '/';
    return mkdir(path, 0700) < 0 && errno != EEXIST
               ? err_sys(err, errno, "make folder %s", path)
               : 0;
}

static int write_record(struct local_pod *pod, int dirfd, const struct strbuf *plan,
                        struct err *err)
{
    struct pod_record record = {.magic = POD_RECORD_MAGIC, .plan_bytes = (uint32_t) plan->len};
    struct {
        void *base;
        size_t len;
    } parts[2] = {{&record, sizeof(record)}, {plan->ptr, plan->len}};
    int fd = openat(dirfd, POD_RECORD_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool is_written = fd >= 0;
    int error;

    memcpy(record.uid, pod->req.uid.ptr, pod->req.uid.len);
    for (size_t i = 0; i < 2 && is_written; i++)
        is_written = fd_write(fd, parts[i].base, parts[i].len) == 0;
    error = errno;
    if (fd >= 0)
        close(fd);
    if (!is_written)
        return err_sys(err, error, "write the record of pod " STR_FMT, STR_ARG(pod->req.name));
    return 0;
}

static int stage_fresh(struct local_pod *pod, struct err *err)
{
    _cleanup_strbuf_ struct strbuf plan = STRBUF_INIT(POD_PLAN_MAX_BYTES);
    char path[4096];
    int dirfd, result;

    if (pod->req.uid.len >= sizeof(((struct pod_record *) 0)->uid))
        return err_set(err, ERR_INVALID, "pod uid of %zu bytes (limit 79)", pod->req.uid.len);
    if (make_dir(pod, err) < 0)
        return -1;
    dirfd = open_dir(pod->runner, pod);
    if (dirfd < 0)
        return err_sys(err, errno, "open the folder of pod " STR_FMT, STR_ARG(pod->req.name));
    result = address_keep(pod, dirfd, err);
    if (result == 0)
        result = plan_print(pod, dirfd, &plan, err);
    if (result == 0)
        result = asked_write(pod, dirfd, err);
    if (result == 0)
        result = write_record(pod, dirfd, &plan, err);
    close(dirfd);
    if (result < 0)
        return -1;
    FAULT_POINT("pods.stage.before_send");
    snprintf(path, sizeof(path), "%s/" STR_FMT, pod->runner->root, STR_ARG(pod->dir));
    return zygote_send(pod->runner->zygote, pod->tag, str_from(path), err);
}

void stage_pod(struct local_pod *pod)
{
    _cleanup_arena_ struct arena *a = arena_new();
    bool is_final;

    pod->work->job.err = (struct err){0};
    if (find_earlier(pod)) {
        address_find(pod);
        return;
    }
    if (images_stage(pod, a, &is_final, &pod->work->job.err) < 0) {
        pod->staged = is_final ? STAGE_REFUSED : STAGE_LATER;
        return;
    }
    if (access_get(pod, a, &pod->work->job.err) < 0 ||
        address_stage(pod, &pod->work->job.err) < 0) {
        pod->staged = pod->work->job.err.kind == ERR_TRANSIENT ? STAGE_LATER : STAGE_REFUSED;
        return;
    }
    pthread_rwlock_rdlock(&pod->runner->folders);
    pod->staged = stage_fresh(pod, &pod->work->job.err) < 0 ? STAGE_REFUSED : STAGE_SENT;
    pod->images = NULL;
    pod->access = NULL;
    pod->rights = NULL;
    pthread_rwlock_unlock(&pod->runner->folders);
}
