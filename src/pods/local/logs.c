/*
 * Reading container logs: files in CRI form ("<time> <stream> F|P <text>") in the pod's folder,
 * also while they grow. What pod_log_read() gives is CRI lines; who shows them decides about
 * times and streams.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "pods/local/local_internal.h"

struct local_log {
    struct pod_log base;
    int dirfd;  /* the pod's folder */
    int fd;     /* -1: no output yet */
    int notify; /* inotify */
    char name[300];
};

struct str local_log_name(struct arena *a, struct str container)
{
    return str_printf(a, STR_FMT ".log", STR_ARG(container));
}

static bool has_ended(int dirfd)
{
    struct pod_record record;
    int fd = openat(dirfd, POD_RECORD_FILE, O_RDONLY | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool is_over = true;

    if (fd < 0)
        return true;
    if (fd_pread(fd, &record, sizeof(record), 0) == (ssize_t) sizeof(record) &&
        record.state != POD_RECORD_ENDED)
        is_over = record.state == POD_RECORD_BEGUN && fcntl(fd, F_GETLK, &lock) == 0 &&
                  lock.l_type == F_UNLCK;
    close(fd);
    return is_over;
}

static void drain(int fd)
{
    char events[4096];

    while (read(fd, events, sizeof(events)) > 0)
        continue;
}

/* Where older lines were given up there is a hole: go on with the first whole line behind it.
 */
static void skip_hole(int fd)
{
    enum { LOOK_BYTES = 65536 }; /* the longest line is shorter */
    off_t at = lseek(fd, 0, SEEK_CUR), data = lseek(fd, at, SEEK_DATA);
    char bytes[LOOK_BYTES];
    const char *newline;
    ssize_t len;

    if (data <= at) { /* no hole here, or the end */
        lseek(fd, at, SEEK_SET);
        return;
    }
    len = fd_pread(fd, bytes, sizeof(bytes), data);
    newline = len > 0 ? memchr(bytes, '\n', (size_t) len) : NULL;
    lseek(fd, newline ? data + (newline - bytes) + 1 : data, SEEK_SET);
}

static long log_read(struct pod_log *base, char *buf, size_t size, struct err *err)
{
    struct local_log *log = CONTAINER_OF(base, struct local_log, base);
    ssize_t len;

    if (log->notify >= 0)
        drain(log->notify);
    if (log->fd < 0)
        log->fd = openat(log->dirfd, log->name, O_RDONLY | O_CLOEXEC);
    if (log->fd < 0)
        return errno == ENOENT ? 0 : err_sys(err, errno, "open log %s", log->name);
    skip_hole(log->fd);
    len = fd_read_some(log->fd, buf, size);
    return len < 0 ? err_sys(err, errno, "read log %s", log->name) : len;
}

/* Ended first, then nothing left: the order makes sure that nothing is missed. */
static bool log_is_ended(struct pod_log *base)
{
    struct local_log *log = CONTAINER_OF(base, struct local_log, base);
    struct stat st;

    if (!has_ended(log->dirfd))
        return false;
    if (log->fd < 0)
        return faccessat(log->dirfd, log->name, F_OK, 0) < 0;
    return fstat(log->fd, &st) == 0 && lseek(log->fd, 0, SEEK_CUR) >= st.st_size;
}

static int log_wait_fd(struct pod_log *base)
{
    return CONTAINER_OF(base, struct local_log, base)->notify;
}

static void log_close(struct pod_log *base)
{
    struct local_log *log = CONTAINER_OF(base, struct local_log, base);

    if (log->fd >= 0)
        close(log->fd);
    if (log->notify >= 0)
        close(log->notify);
    close(log->dirfd);
    free(log);
}

static const struct pod_log_ops log_ops = {
    .read = log_read,
    .is_ended = log_is_ended,
    .wait_fd = log_wait_fd,
    .close = log_close,
};

bool local_is_name(struct str s)
{
    return !str_is_empty(s) && s.len < 254 && !memchr(s.ptr, '/', s.len) &&
           !memchr(s.ptr, 0, s.len) && s.ptr[0] != '.';
}

struct pod_log *local_log_open(struct pod_runner *r, struct str ns, struct str pod,
                               struct str container, struct err *err)
{
    struct local *runner = CONTAINER_OF(r, struct local, base);
    struct local_log *log;
    char path[4096];
    int dirfd = -1;

    snprintf(path, sizeof(path), "%s/" STR_FMT "/" STR_FMT, runner->root, STR_ARG(ns),
             STR_ARG(pod));
    if (local_is_name(ns) && local_is_name(pod) && local_is_name(container))
        dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0) {
        err_set(err, ERR_NOT_FOUND, "pods \"" STR_FMT "\" not found", STR_ARG(pod));
        return NULL;
    }
    log = NEW(struct local_log);
    log->base.ops = &log_ops;
    log->dirfd = dirfd;
    log->fd = -1;
    snprintf(log->name, sizeof(log->name), STR_FMT ".log", STR_ARG(container));
    log->notify = -1;
    if (!has_ended(dirfd)) { /* closing one takes the kernel milliseconds */
        log->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        inotify_add_watch(log->notify, path, IN_MODIFY | IN_CREATE);
    }
    return &log->base;
}

/* Appends the texts of stdout lines, without their prefixes. */
static void add_stdout(struct str bytes, struct strbuf *out)
{
    struct str line;

    while (str_cut(&bytes, '\n', &line)) {
        struct str time, stream, tag;

        if (!str_cut(&line, ' ', &time) || !str_cut(&line, ' ', &stream) ||
            !str_cut(&line, ' ', &tag) || !str_is(stream, "stdout"))
            continue;
        strbuf_add(out, str_is_none(line) ? STR("") : line);
        if (str_is(tag, "F"))
            strbuf_addc(out, '\n');
    }
}

int log_write_plain(int dirfd, struct str container, int to)
{
    char name[300], *line = NULL;
    size_t room = 0;
    ssize_t len = 0;
    int fd, result = 0;
    FILE *log;

    snprintf(name, sizeof(name), STR_FMT ".log", STR_ARG(container));
    fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1; /* it wrote nothing */
    skip_hole(fd);
    log = fdopen(fd, "r");
    while (log && result == 0 && (len = getline(&line, &room, log)) > 0) {
        struct str text = str_of(line, (size_t) len), ignored;
        bool is_whole = true;

        for (int i = 0; i < 3 && str_cut(&text, ' ', &ignored); i++)
            is_whole = str_is(ignored, "F");
        if (!is_whole && str_ends(text, STR("\n")))
            text.len--;
        if (text.len > 0 && fd_write(to, text.ptr, text.len) < 0)
            result = -1;
    }
    if (log && ferror(log))
        result = -1;
    free(line);
    if (log)
        fclose(log);
    else
        close(fd);
    return log ? result : -1;
}

struct str log_stdout_tail(int dirfd, struct arena *a)
{
    _cleanup_strbuf_ struct strbuf out = STRBUF_INIT(POD_LOG_MAX_BYTES);
    int fd = openat(dirfd, "main.log", O_RDONLY | O_CLOEXEC);
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    off_t want = 8 * (off_t) OUTPUT_PARAMETER_MAX_BYTES; /* prefixes take room, too */
    off_t from = size > want ? size - want : 0;
    char *bytes;
    ssize_t len;

    if (size <= 0) {
        if (fd >= 0)
            close(fd);
        return STR("");
    }
    bytes = arena_alloc_raw(a, (size_t) (size - from));
    len = fd_pread(fd, bytes, (size_t) (size - from), from);
    close(fd);
    add_stdout(str_of(bytes, len > 0 ? (size_t) len : 0), &out);
    return str_copy(a, out.len > OUTPUT_PARAMETER_MAX_BYTES
                           ? str_skip(strbuf_str(&out), out.len - OUTPUT_PARAMETER_MAX_BYTES)
                           : strbuf_str(&out));
}
