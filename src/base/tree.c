/* base/tree.c - files and folders with all in them. See tree.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"

enum { COPY_BYTES = 1 << 17 };

static int close_keep(int fd, int result)
{
    int error = errno;

    if (fd >= 0)
        close(fd);
    errno = error;
    return result;
}

static int copy_by_hand(int from, int to)
{
    char bytes[COPY_BYTES];
    ssize_t len;

    while ((len = fd_read(from, bytes, sizeof(bytes))) > 0)
        if (fd_write(to, bytes, (size_t) len) < 0)
            return -1;
    return len < 0 ? -1 : 0;
}

static int copy_bytes(int from, int to)
{
    bool is_begun = false;
    ssize_t len;

    if (ioctl(to, FICLONE, from) == 0)
        return 0;
    while ((len = copy_file_range(from, NULL, to, NULL, 1 << 30, 0)) > 0)
        is_begun = true;
    if (len < 0 && (is_begun || errno == ENOSPC || errno == EIO))
        return -1;
    /* Other file systems, kernel files whose size is said to be 0. */
    return copy_by_hand(from, to);
}

static int copy_file(int from, const struct stat *st, int to, const char *name)
{
    const struct timespec times[2] = {st->st_atim, st->st_mtim};
    int fd = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int result;

    if (fd < 0)
        return -1;
    result = copy_bytes(from, fd);
    if (result == 0 && (fchmod(fd, st->st_mode & 07777) < 0 || futimens(fd, times) < 0))
        result = -1;
    return close_keep(fd, result);
}

static int copy_link(int dir, const char *from, int to, const char *name)
{
    char target[PATH_MAX];
    ssize_t len = readlinkat(dir, from, target, sizeof(target) - 1);

    if (len < 0)
        return -1;
    target[len] = '\0';
    return symlinkat(target, to, name);
}

static int copy_any(int from, int to, const char *name, unsigned depth);

/* One entry of a folder. What is neither file nor folder nor link is left out. */
static int copy_entry(int dir, const char *entry, int to, unsigned depth)
{
    struct stat st;
    int fd;

    if (fstatat(dir, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -1;
    if (S_ISLNK(st.st_mode))
        return copy_link(dir, entry, to, entry);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return 0;
    fd = openat(dir, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    return close_keep(fd, copy_any(fd, to, entry, depth + 1));
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

typedef int (*entry_fn)(int dir, const char *entry, int to, unsigned depth);

/* Calls @fn for all entries; goes on after a failure when @goes_on. */
static int each_entry(int dir, entry_fn fn, int to, unsigned depth, bool goes_on)
{
    int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = own >= 0 ? fdopendir(own) : NULL;
    int result = 0, error = 0;
    struct dirent *entry;

    if (!list)
        return close_keep(own, -1);
    errno = 0;
    while ((result == 0 || goes_on) && (entry = readdir(list))) {
        if (!is_dots(entry->d_name) && fn(dir, entry->d_name, to, depth) < 0) {
            result = -1;
            error = errno;
        }
        errno = 0;
    }
    if (result == 0 && errno) {
        result = -1;
        error = errno;
    }
    closedir(list);
    errno = error;
    return result;
}

static int copy_folder(int from, const struct stat *st, int to, const char *name,
                       unsigned depth)
{
    int fd, result;

    if (mkdirat(to, name, 0700) < 0)
        return -1;
    fd = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    result = each_entry(from, copy_entry, fd, depth, false);
    if (result == 0)
        result = fchmod(fd, st->st_mode & 07777);
    return close_keep(fd, result);
}

static int copy_any(int from, int to, const char *name, unsigned depth)
{
    struct stat st;

    if (fstat(from, &st) < 0)
        return -1;
    if (depth > TREE_DEPTH_MAX) {
        errno = EMLINK;
        return -1;
    }
    if (S_ISDIR(st.st_mode))
        return copy_folder(from, &st, to, name, depth);
    return copy_file(from, &st, to, name);
}

int tree_copy(int from, int to, const char *name)
{
    return copy_any(from, to, name, 0);
}

/* A folder that may not be written is made so before its entries go. */
static int remove_entry(int dir, const char *entry, int device, unsigned depth)
{
    struct stat st;
    int fd, result;

    if (unlinkat(dir, entry, 0) == 0 || errno == ENOENT)
        return 0;
    if (fstatat(dir, entry, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode) ||
        (int) st.st_dev != device || depth > TREE_DEPTH_MAX)
        return -1;
    if ((st.st_mode & 0700) != 0700 && fchmodat(dir, entry, 0700, 0) < 0)
        return -1;
    fd = openat(dir, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    result = each_entry(fd, remove_entry, device, depth + 1, true);
    result = close_keep(fd, result);
    return unlinkat(dir, entry, AT_REMOVEDIR) < 0 ? -1 : result;
}

int tree_remove(int dir, const char *name)
{
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -1;
    return remove_entry(dir, name, (int) st.st_dev, 0);
}

/* Entries before their folder: the new permissions may forbid to look into it. */
static int chmod_entry(int dir, const char *entry, int mode, unsigned depth)
{
    int fd = openat(dir, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), result = 0;
    struct stat st;

    if (fd < 0)
        return errno == ELOOP ? 0 : -1;
    if (fstat(fd, &st) < 0)
        return close_keep(fd, -1);
    if (depth > TREE_DEPTH_MAX) {
        errno = EMLINK;
        return close_keep(fd, -1);
    }
    if (S_ISDIR(st.st_mode))
        result = each_entry(fd, chmod_entry, mode, depth + 1, false);
    if (result == 0)
        result = fchmod(fd, (mode_t) mode);
    return close_keep(fd, result);
}

int tree_chmod(int dir, const char *name, unsigned mode)
{
    return chmod_entry(dir, name, (int) mode, 0);
}

/* By a descriptor that only names it: whoever puts a link in its place meanwhile changes
 * nothing elsewhere. The group first, which takes setgid away. */
static int share_one(int fd, const struct stat *st, gid_t gid, mode_t more)
{
    char path[64];

    if (fchownat(fd, "", (uid_t) -1, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    if (S_ISLNK(st->st_mode))
        return 0;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return chmod(path, (st->st_mode & 07777) | more);
}

static int share_any(int dir, const char *entry, int gid, unsigned depth, entry_fn again,
                     mode_t more)
{
    int fd = openat(dir, entry, O_PATH | O_NOFOLLOW | O_CLOEXEC), result = 0;
    struct stat st;

    if (fd < 0)
        return -1;
    if (depth > TREE_DEPTH_MAX) {
        errno = EMLINK;
        return close_keep(fd, -1);
    }
    if (fstat(fd, &st) < 0)
        return close_keep(fd, -1);
    if (S_ISDIR(st.st_mode)) {
        result = each_entry(fd, again, gid, depth + 1, false);
        more |= S_ISGID | 0110;
    }
    if (result == 0)
        result = share_one(fd, &st, (gid_t) gid, more);
    return close_keep(fd, result);
}

static int share_entry(int dir, const char *entry, int gid, unsigned depth)
{
    return share_any(dir, entry, gid, depth, share_entry, 0660);
}

static int share_read_entry(int dir, const char *entry, int gid, unsigned depth)
{
    return share_any(dir, entry, gid, depth, share_read_entry, 0440);
}

int tree_share(int dir, const char *name, unsigned gid, bool is_read_only)
{
    return is_read_only ? share_read_entry(dir, name, (int) gid, 0)
                        : share_entry(dir, name, (int) gid, 0);
}
