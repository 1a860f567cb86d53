/*
 * The daemon's end of the shim zygote: one process that forks the shims (pods/shim/main.c), a
 * socket to it.
 *
 * Requests go out from workers (one message each, whole or not at all); reports come in on the
 * loop, as many as are there in one turn. When the zygote dies, its shims go on; the runner
 * starts another one and finds them by record.
 */
#include "base/mem.h"
#include "pods/local/local_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ZYGOTE_FD = 3, REPORTS_PER_READ = 256, FULL_POLL_MS = 100 };

struct zygote {
    pthread_mutex_t lock; /* over fd, for senders */
    struct loop *loop;
    struct zygote_hooks hooks;
    pid_t pid;
    int fd; /* -1: stopped */
    const char *shim;
    struct fd_watch *watch;
};

static int spawn_with(const char *shim, int peer, pid_t *ret, struct err *err)
{
    char *const args[] = {(char[]){"tiphys-shim"}, (char[]){"--zygote"}, NULL};
    char *const env[] = {NULL};
    posix_spawn_file_actions_t actions;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, peer, ZYGOTE_FD);
    posix_spawn_file_actions_addclosefrom_np(&actions, ZYGOTE_FD + 1);
    error = posix_spawn(ret, shim, &actions, NULL, args, env);
    posix_spawn_file_actions_destroy(&actions);
    return error ? err_sys(err, error, "start %s", shim) : 0;
}

static void handle_report(struct zygote *z, const struct shim_report *report)
{
    struct err err = {0};

    if (report->kind == SHIM_FAILED)
        err_sys(&err, report->pid, "fork a shim");
    if (report->kind == SHIM_STARTED)
        z->hooks.started(z->hooks.ctx, report->tag);
    else
        z->hooks.ended(z->hooks.ctx, report->tag, &err);
}

static void on_readable(void *ctx)
{
    struct zygote *z = ctx;
    struct shim_report report;

    for (int i = 0; i < REPORTS_PER_READ; i++) {
        ssize_t len = recv(z->fd, &report, sizeof(report), MSG_DONTWAIT);

        if (len == (ssize_t) sizeof(report)) {
            handle_report(z, &report);
        } else if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR)) {
            fd_watch_free(TAKE(z->watch));
            z->hooks.lost(z->hooks.ctx);
            return;
        } else {
            return;
        }
    }
}

static void set_fd(struct zygote *z, int fd)
{
    pthread_mutex_lock(&z->lock);
    z->fd = fd;
    pthread_mutex_unlock(&z->lock);
}

int zygote_start(struct zygote *z, struct err *err)
{
    int pair[2];
    int peer, result;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_sys(err, errno, "make a socket for the shim zygote");
    peer = fcntl(pair[1], F_DUPFD_CLOEXEC,
                 10); /* away from 3: dup2 onto itself would keep close-on-exec */
    close(pair[1]);
    result = peer < 0 ? err_sys(err, errno, "duplicate the zygote's socket")
                      : spawn_with(z->shim, peer, &z->pid, err);
    if (peer >= 0)
        close(peer);
    if (result < 0) {
        close(pair[0]);
        return -1;
    }
    set_fd(z, pair[0]);
    z->watch = fd_watch_new(z->loop, pair[0], on_readable, z, err);
    if (z->watch)
        return 0;
    zygote_stop(z);
    return -1;
}

struct zygote *zygote_new(struct loop *loop, const char *shim, const struct zygote_hooks *hooks)
{
    struct zygote *z = NEW(struct zygote);

    z->loop = loop;
    z->hooks = *hooks;
    z->shim = shim;
    z->fd = -1;
    pthread_mutex_init(&z->lock, NULL);
    return z;
}

int zygote_send(struct zygote *z, uint64_t tag, struct str dir, struct err *err)
{
    struct shim_request request;
    size_t len = offsetof(struct shim_request, dir) + dir.len + 1;
    bool is_full;
    ssize_t done;

    if (dir.len >= sizeof(request.dir))
        return err_set(err, ERR_LIMIT, "folder of a pod: %zu bytes (limit %zu)", dir.len,
                       sizeof(request.dir) - 1);
    request.tag = tag;
    memcpy(request.dir, dir.ptr, dir.len);
    request.dir[dir.len] = '\0';
    do {
        struct pollfd room = {.events = POLLOUT};
        int error;

        pthread_mutex_lock(&z->lock);
        room.fd = z->fd;
        done = z->fd < 0 ? 0 : send(z->fd, &request, len, MSG_NOSIGNAL);
        error = errno;
        pthread_mutex_unlock(&z->lock);
        is_full = done < 0 && error == EAGAIN; /* the loop reads from it: it does not block */
        if (is_full)
            poll(&room, 1, FULL_POLL_MS);
        is_full = is_full || (done < 0 && error == EINTR);
    } while (is_full);
    return done == (ssize_t) len ? 0 : err_set(err, ERR_TRANSIENT, "the shim zygote has ended");
}

void zygote_stop(struct zygote *z)
{
    int fd = z->fd;

    fd_watch_free(TAKE(z->watch));
    if (fd < 0)
        return;
    set_fd(z, -1);
    close(fd);
    waitpid(z->pid, NULL, 0); /* it ends at once when its socket closes */
}

void zygote_free(struct zygote *z)
{
    if (!z)
        return;
    zygote_stop(z);
    pthread_mutex_destroy(&z->lock);
    free(z);
}
