/*
 * What a container leaves behind when it has ended: its output parameters, cut off at a bound,
 * and its output artifacts, whole. Both are looked up in its own root, so that no link leads
 * out of it. What is not there is the runner's to judge.
 */
#define _GNU_SOURCE
#include "base/fd.h"
#include "pods/shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/tree.h"

static int open_output(int root, const struct plan_container *c, const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                           .resolve = RESOLVE_IN_ROOT};
    char full[8192];

    if (root < 0)
        return -1;
    snprintf(full, sizeof(full), "%s%s%s", path[0] == '/' ? "" : c->cwd,
             path[0] == '/' ? "" : "/", path);
    return (int) syscall(SYS_openat2, root, full, &how, sizeof(how));
}

static bool is_file(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode));
}

/* One byte over the limit at most: by it the runner knows that there was more. */
static bool copy_bytes(int from, int to)
{
    char bytes[16384];
    size_t left = POD_OUTPUT_COPY_MAX_BYTES;

    while (left > 0) {
        ssize_t len = fd_read_some(from, bytes, left < sizeof(bytes) ? left : sizeof(bytes));

        if (len <= 0)
            return len == 0;
        if (fd_write(to, bytes, (size_t) len) < 0)
            return false;
        left -= (size_t) len;
    }
    return true;
}

static bool make_folder(int dirfd, const char *name)
{
    return mkdirat(dirfd, name, 0700) == 0 || errno == EEXIST;
}

/* A folder or a pipe is no parameter. */
static void copy_parameter(int dirfd, int root, const struct plan_container *c, size_t index)
{
    char name[32];
    int from = open_output(root, c, c->outputs[index]);
    int to = -1;

    snprintf(name, sizeof(name), "outputs/%zu", index);
    if (from >= 0 && is_file(from) && make_folder(dirfd, "outputs"))
        to = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (to >= 0 && !copy_bytes(from, to))
        unlinkat(dirfd, name, 0); /* a piece of an output is none */
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
}

/* For the runner: why a copy is not whole. */
static void note_failure(int artifacts, const char *name)
{
    const char *why = strerror(errno);
    char as[48];

    tree_remove(artifacts, name);
    snprintf(as, sizeof(as), "%s" POD_ARTIFACT_ERROR, name);
    (void) fd_write_file(artifacts, as, O_TRUNC, 0600, why, strlen(why));
}

static void copy_artifact(int dirfd, int root, const struct plan_container *c, size_t index)
{
    char name[32];
    int from = open_output(root, c, c->artifacts[index]);
    int artifacts;

    if (from < 0)
        return;
    artifacts = make_folder(dirfd, "artifacts")
                    ? openat(dirfd, "artifacts", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                    : -1;
    snprintf(name, sizeof(name), "%zu", index);
    if (artifacts >= 0 && tree_copy(from, artifacts, name) < 0)
        note_failure(artifacts, name);
    close(from);
    if (artifacts >= 0)
        close(artifacts);
}

void collect_outputs(int dirfd, int root, const struct plan_container *c)
{
    for (size_t i = 0; i < c->output_count; i++)
        copy_parameter(dirfd, root, c, i);
    for (size_t i = 0; i < c->artifact_count; i++)
        copy_artifact(dirfd, root, c, i);
}
