/*
 * Container logs in the form of the Kubernetes CRI, one line a line of output: "<RFC 3339 time>
 * <stream> F <text>", or P for a piece of a line that goes on. The log file is made with the
 * first byte of output; none means no output.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/fd.h"
#include "pods/shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CRI_READ_BYTES = 32768, CRI_PREFIX_BYTES = 64, CRI_BLOCK_BYTES = 4096 };

int64_t wall_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t print_prefix(char *at, const char *stream, char tag)
{
    struct timespec now;
    struct tm utc;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    return (size_t) snprintf(at, CRI_PREFIX_BYTES,
                             "%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ %s %c ", utc.tm_year + 1900,
                             utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                             now.tv_nsec, stream, tag);
}

/* A full disk must not stop the container. */
static void write_all(int fd, const char *bytes, size_t len)
{
    (void) fd_write(fd, bytes, len);
}

/* Writes the pieces of one read, each with its prefix, in few system calls. */
static void write_lines(struct cri *cri, int fd, const char *bytes, size_t len)
{
    char out[CRI_READ_BYTES];
    size_t used = 0;

    while (len > 0) {
        const char *newline = memchr(bytes, '\n', len);
        size_t piece = newline ? (size_t) (newline - bytes) : len;
        size_t cut = piece < CRI_READ_BYTES / 2 ? piece : CRI_READ_BYTES / 2;
        bool is_whole = newline && cut == piece;
        size_t shown = cut - (cri->is_tty && is_whole && cut > 0 && bytes[cut - 1] == '\r');

        if (used + CRI_PREFIX_BYTES + cut + 1 > sizeof(out)) {
            write_all(fd, out, used);
            used = 0;
        }
        used += print_prefix(out + used, cri->stream, is_whole ? 'F' : 'P');
        memcpy(out + used, bytes, shown);
        used += shown;
        out[used++] = '\n';
        cri->is_partial = !is_whole;
        bytes += cut + (is_whole ? 1 : 0);
        len -= cut + (is_whole ? 1 : 0);
    }
    write_all(fd, out, used);
}

bool cri_copy(struct cri *cri, int from, int dirfd, const char *log, int *log_fd)
{
    char bytes[CRI_READ_BYTES];
    size_t held = cri->has_cr;
    ssize_t len = read(from, bytes + held, sizeof(bytes) - held);

    if (len < 0)
        return errno == EAGAIN || errno == EINTR; /* a terminal that is closed: EIO */
    if (len == 0)
        return false;
    bytes[0] = held ? '\r' : bytes[0];
    len += (ssize_t) held;
    cri->has_cr = cri->is_tty && bytes[len - 1] == '\r';
    len -= cri->has_cr;
    if (*log_fd < 0)
        *log_fd = openat(dirfd, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (*log_fd >= 0)
        write_lines(cri, *log_fd, bytes, (size_t) len);
    return true;
}

void cri_limit(int log_fd, int64_t max_bytes, int64_t *dropped)
{
    int64_t size = log_fd >= 0 && max_bytes > 0 ? lseek(log_fd, 0, SEEK_END) : 0;
    int64_t to = (size - max_bytes / 2) / CRI_BLOCK_BYTES * CRI_BLOCK_BYTES;

    if (size - *dropped <= max_bytes || to <= *dropped)
        return;
    if (fallocate(log_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, *dropped,
                  to - *dropped) == 0)
        *dropped = to;
}

void cri_end(struct cri *cri, int log_fd)
{
    char line[CRI_PREFIX_BYTES + 1];
    size_t len;

    if (!cri->is_partial || log_fd < 0)
        return;
    len = print_prefix(line, cri->stream, 'F');
    line[len++] = '\n';
    write_all(log_fd, line, len);
    cri->is_partial = false;
}
