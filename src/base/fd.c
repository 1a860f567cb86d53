/* base/fd.c - whole reads and writes of descriptors. See fd.h. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fault.h"

enum { NO_OFFSET = -1 };

/* ---- one system call, which a test can make fail ---- */

static ssize_t read_once(int fd, void *to, size_t len, off_t at)
{
    if (!FAULT_IO(FAULT_IO_READ, &len))
        return -1;
    return at == NO_OFFSET ? read(fd, to, len) : pread(fd, to, len, at);
}

static ssize_t write_once(int fd, const void *bytes, size_t len, off_t at)
{
    if (!FAULT_IO(FAULT_IO_WRITE, &len))
        return -1;
    return at == NO_OFFSET ? write(fd, bytes, len) : pwrite(fd, bytes, len, at);
}

/* ---- as many as it takes ---- */

static ssize_t read_all(int fd, char *to, size_t len, off_t at)
{
    size_t done = 0;

    while (done < len) {
        ssize_t got =
            read_once(fd, to + done, len - done, at == NO_OFFSET ? at : at + (off_t) done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t) got;
    }
    return (ssize_t) done;
}

static int write_all(int fd, const char *bytes, size_t len, off_t at)
{
    size_t done = 0;

    while (done < len) {
        ssize_t put =
            write_once(fd, bytes + done, len - done, at == NO_OFFSET ? at : at + (off_t) done);

        if (put < 0 && errno == EINTR)
            continue;
        if (put == 0)
            errno = ENOSPC;
        if (put <= 0)
            return -1;
        done += (size_t) put;
    }
    return 0;
}

ssize_t fd_read(int fd, void *to, size_t len)
{
    return read_all(fd, to, len, NO_OFFSET);
}

ssize_t fd_read_some(int fd, void *to, size_t len)
{
    ssize_t got;

    do
        got = read_once(fd, to, len, NO_OFFSET);
    while (got < 0 && errno == EINTR);
    return got;
}

ssize_t fd_pread(int fd, void *to, size_t len, off_t at)
{
    return read_all(fd, to, len, at);
}

int fd_write(int fd, const void *bytes, size_t len)
{
    return write_all(fd, bytes, len, NO_OFFSET);
}

int fd_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return write_all(fd, bytes, len, at);
}

int fd_write_file(int dir, const char *name, int flags, mode_t mode, const void *bytes,
                  size_t len)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode);
    int result, error;

    if (fd < 0)
        return -1;
    result = fd_write(fd, bytes, len);
    error = errno;
    if (close(fd) < 0 && result == 0) {
        result = -1;
        error = errno;
    }
    if (result < 0) {
        unlinkat(dir, name, 0);
        errno = error;
    }
    return result;
}
