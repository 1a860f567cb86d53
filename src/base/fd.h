/*
 * base/fd.h - whole reads and writes of descriptors. Any thread; blocks.
 *
 * A call that was interrupted is made again, and one that did a part is followed by one for the
 * rest. For descriptors that block: EAGAIN is an error here. Needs nothing of base but the
 * faults of base/fault.h, so that the shim, a program of its own, can be built with it. Errors
 * are in errno.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/**
 * fd_read() - read until there is enough or the end
 *
 * Return: the bytes read, less than @len only at the end; -1 with errno.
 */
ssize_t fd_read(int fd, void *to, size_t len);

/**
 * fd_read_some() - one read(2) of what is there, for pipes and terminals
 *
 * Return: the bytes read, 0 at the end; -1 with errno, never EINTR.
 */
ssize_t fd_read_some(int fd, void *to, size_t len);

/** fd_pread() - as fd_read(), from an offset; that of the descriptor stays */
ssize_t fd_pread(int fd, void *to, size_t len, off_t at);

/**
 * fd_write() - write all
 *
 * Return: 0, or -1 with errno; ENOSPC where the system says no reason.
 */
int fd_write(int fd, const void *bytes, size_t len);

/** fd_pwrite() - as fd_write(), to an offset; that of the descriptor stays */
int fd_pwrite(int fd, const void *bytes, size_t len, off_t at);

/**
 * fd_write_file() - a new file, or all of one, and close it
 * @dir:   folder, or AT_FDCWD
 * @flags: added to O_WRONLY | O_CREAT | O_CLOEXEC: O_TRUNC, or O_EXCL | O_NOFOLLOW
 * @mode:  of a file that is made
 *
 * What could not be written whole is removed again.
 *
 * Return: 0, or -1 with errno.
 */
int fd_write_file(int dir, const char *name, int flags, mode_t mode, const void *bytes,
                  size_t len);
