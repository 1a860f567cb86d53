/*
 * Taking away what a crash left of pods whose outcome is stored, and what is left of the pods
 * of workflows that are gone: records, logs, folders.
 *
 * All that is there is listed before the first question, so a workflow that is newer than the
 * list of workflows is never asked for. A folder is moved aside under the lock that staging
 * holds, with its record read once more, then removed without it. On a worker.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/tree.h"
#include "base/vec.h"
#include "pods/local/local_internal.h"

#define ASIDE ".removed" /* no namespace has such a name */

struct left {
    struct str path;
    struct str uid, owner; /* of the pod; the owner's stands before its last dash */
};

struct sweep {
    struct local *runner;
    struct arena *arena;
    VEC(struct left) all;
};

/* The pod of a folder's record; absent when there is no record, or a shim holds it. */
static struct str read_uid(struct arena *a, const char *path)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct pod_record record;
    char file[4200];
    struct str uid = STR_NONE;
    int fd;

    snprintf(file, sizeof(file), "%s/" POD_RECORD_FILE, path);
    fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return STR_NONE;
    if (fd_pread(fd, &record, sizeof(record), 0) == (ssize_t) sizeof(record) &&
        fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK) {
        record.uid[sizeof(record.uid) - 1] = '\0';
        uid = str_copy(a, str_from((const char *) record.uid));
    }
    close(fd);
    return uid;
}

static struct str owner_of(struct str uid)
{
    for (size_t i = uid.len; i-- > 0;)
        if (uid.ptr[i] == '-')
            return str_head(uid, i);
    return STR_NONE;
}

static void look_at_namespace(struct sweep *s, const char *ns)
{
    char path[4096];
    DIR *dir;

    snprintf(path, sizeof(path), "%s/%s", s->runner->root, ns);
    dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        struct left left;

        if (e->d_name[0] == '.')
            continue;
        left.path = str_printf(s->arena, "%s/%s", path, e->d_name);
        left.uid = read_uid(s->arena, left.path.ptr);
        left.owner = owner_of(left.uid);
        if (!str_is_none(left.owner))
            VEC_APUSH(s->arena, &s->all, left);
    }
    if (dir)
        closedir(dir);
}

static void look(struct sweep *s)
{
    DIR *dir = opendir(s->runner->root);

    for (struct dirent *e; dir && (e = readdir(dir));)
        if (e->d_name[0] != '.')
            look_at_namespace(s, e->d_name);
    if (dir)
        closedir(dir);
}

/* Another pod may have taken the name meanwhile: the record is read again where nobody can. */
static void take_away(struct sweep *s, const struct left *left, const char *path)
{
    char aside[4096];
    bool is_moved;

    snprintf(aside, sizeof(aside), "%s/" ASIDE, s->runner->root);
    pthread_rwlock_wrlock(&s->runner->folders);
    is_moved =
        str_eq(read_uid(s->arena, left->path.ptr), left->uid) && rename(path, aside) == 0;
    pthread_rwlock_unlock(&s->runner->folders);
    FAULT_POINT("pods.sweep.moved");
    if (is_moved)
        tree_remove(AT_FDCWD, aside);
}

static void take_litter(struct sweep *s, const struct left *left, const struct pod_sweep *ask)
{
    bool is_settled = false;

    for (size_t i = 0; stage_litter[i]; i++) {
        const char *part =
            str_printf(s->arena, STR_FMT "/%s", STR_ARG(left->path), stage_litter[i]).ptr;

        if (access(part, F_OK) < 0)
            continue;
        if (!is_settled && !ask->is_settled(ask->ctx, left->owner, left->uid))
            return;
        is_settled = true;
        take_away(s, left, part);
    }
}

void local_sweep(struct pod_runner *r, const struct pod_sweep *ask)
{
    struct local *runner = CONTAINER_OF(r, struct local, base);
    _cleanup_arena_ struct arena *a = arena_new();
    struct sweep s = {.runner = runner, .arena = a};
    char aside[4096];

    snprintf(aside, sizeof(aside), "%s/" ASIDE, runner->root);
    if (access(aside, F_OK) == 0) /* of a sweep that was killed */
        tree_remove(AT_FDCWD, aside);
    look(&s);
    VEC_FOREACH (it, &s.all)
        if (ask->is_gone(ask->ctx, it->owner))
            take_away(&s, it, it->path.ptr);
        else
            take_litter(&s, it, ask);
    volumes_sweep(runner);
}
