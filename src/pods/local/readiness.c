/*
 * Waits for daemons that are not ready: their shims say in the record when all containers are.
 * One inotify of the runner watches these records; a pod whose record says it once is not
 * watched any more, since a step that was ready goes on whatever happens. Loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "pods/local/local_internal.h"

static void drain(int fd)
{
    char events[4096];

    while (read(fd, events, sizeof(events)) > 0)
        continue;
}

static int record_path(const struct local_pod *pod, char path[4200])
{
    int len = snprintf(path, 4200, "%s/" STR_FMT "/" POD_RECORD_FILE, pod->runner->root,
                       STR_ARG(pod->dir));

    return len > 0 && len < 4200 ? 0 : -1;
}

/* One small read. True when it is ready. */
static bool look(struct local_pod *pod)
{
    struct pod_record record;
    char path[4200];
    int fd = record_path(pod, path) == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t len = fd >= 0 ? pread(fd, &record, sizeof(record), 0) : 0;

    if (fd >= 0)
        close(fd);
    if (len != (ssize_t) sizeof(record) || record.state != POD_RECORD_BEGUN)
        return false;
    record.message[sizeof(record.message) - 1] = '\0';
    snprintf(pod->found, sizeof(pod->found), "%s", record.message);
    return record.flags & POD_RECORD_READY;
}

static void on_change(void *ctx)
{
    struct local *r = ctx;
    struct list *next;

    drain(r->notify_fd);
    for (struct list *at = r->unready.next; at != &r->unready; at = next) {
        struct local_pod *pod = LIST_ENTRY(at, struct local_pod, unready);
        char before[sizeof(pod->found)];

        next = at->next;
        memcpy(before, pod->found, sizeof(before));
        if (look(pod)) {
            readiness_stop(pod);
            local_tell(pod);
        } else if (strcmp(before, pod->found) != 0) {
            local_tell(pod);
        }
    }
}

static int open_notify(struct local *r, struct err *err)
{
    if (r->notify)
        return 0;
    r->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (r->notify_fd < 0)
        return err_sys(err, errno, "watch for pods that become ready");
    r->notify = fd_watch_new(r->loop, r->notify_fd, on_change, r, err);
    if (r->notify)
        return 0;
    close(r->notify_fd);
    return -1;
}

bool readiness_begin(struct local_pod *pod)
{
    struct local *r = pod->runner;
    char path[4200];
    struct err err = {0};

    if (!pod->is_watched || !list_is_empty(&pod->unready))
        return !pod->is_watched;
    if (open_notify(r, &err) == 0 && record_path(pod, path) == 0)
        pod->notify_id = inotify_add_watch(r->notify_fd, path, IN_MODIFY);
    if (look(pod)) {
        readiness_stop(pod);
        return true;
    }
    list_append(&r->unready, &pod->unready);
    if (pod->notify_id >= 0)
        return false;
    if (err.kind == ERR_NONE)
        err_sys(&err, errno, "watch the record of pod " STR_FMT, STR_ARG(pod->req.name));
    snprintf(pod->found, sizeof(pod->found), "%.300s", err.text);
    return false;
}

bool readiness_is_missing(const struct local_pod *pod)
{
    return !list_is_empty(&pod->unready);
}

void readiness_stop(struct local_pod *pod)
{
    if (pod->notify_id >= 0)
        inotify_rm_watch(pod->runner->notify_fd, pod->notify_id);
    pod->notify_id = -1;
    list_remove(&pod->unready);
}

void readiness_close(struct local *r)
{
    if (!r->notify)
        return;
    fd_watch_free(TAKE(r->notify));
    close(r->notify_fd);
}
