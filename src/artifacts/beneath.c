/* artifacts/beneath.c - paths that cannot leave a folder. See beneath.h. */
#include "artifacts/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/limits.h"

char *beneath_clean(struct arena *a, struct str path)
{
    char *clean = arena_alloc(a, path.len + 1), *at = clean;
    struct str part;

    if (path.len > 0 && (path.ptr[0] == '/' || memchr(path.ptr, 0, path.len)))
        return NULL;
    while (str_cut(&path, '/', &part)) {
        if (str_is(part, ".."))
            return NULL;
        if (str_is_empty(part) || str_is(part, "."))
            continue;
        if (at > clean)
            *at++ = '/';
        memcpy(at, part.ptr, part.len);
        at += part.len;
    }
    *at = '\0';
    return clean;
}

int beneath_open(int dir, const char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t) flags | O_CLOEXEC,
                           .resolve =
                               RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};

    return (int) syscall(SYS_openat2, dir, path[0] ? path : ".", &how, sizeof(how));
}

/* The next folder on the way; closes @at. */
static int step(int at, const char *part)
{
    int next, error;

    mkdirat(at, part, 0755);
    next = beneath_open(at, part, O_RDONLY | O_DIRECTORY);
    error = errno;
    close(at);
    errno = error;
    return next;
}

int beneath_parent(int dir, const char *path, const char **last)
{
    int at = fcntl(dir, F_DUPFD_CLOEXEC, 3);
    char part[NAME_MAX + 1];
    unsigned depth = 0;

    for (const char *slash; at >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
        size_t len = (size_t) (slash - path);

        if (len > NAME_MAX || ++depth > TREE_DEPTH_MAX) {
            close(at);
            errno = len > NAME_MAX ? ENAMETOOLONG : EMLINK;
            return -1;
        }
        memcpy(part, path, len);
        part[len] = '\0';
        at = step(at, part);
    }
    *last = path;
    return at;
}
