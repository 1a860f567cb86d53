/*
 * artifacts/local.c - the local repository: a folder a namespace, in it keys as paths. What is
 * stored is linked into place, so a file that lies on the same disk is not copied. What is not
 * whole yet lies in a folder of its own, which artifact_sweep() empties after a crash.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "artifacts/beneath.h"
#include "artifacts/driver.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/tree.h"

/* A folder of the repository; made when @is_made. */
static int open_folder(const struct artifact_call *c, struct str folder, bool is_made,
                       struct err *err)
{
    char *name = beneath_clean(c->a, folder);
    int root, fd;

    if (!name || !name[0])
        return err_set(err, ERR_INVALID, "artifacts: \"" STR_FMT "\" is no namespace",
                       STR_ARG(folder));
    if (is_made)
        mkdir(str_cz(c->a, c->house->repository), 0700);
    root = open(str_cz(c->a, c->house->repository), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return err_sys(err, errno, "open the artifact repository");
    if (is_made)
        mkdirat(root, name, 0700);
    fd = beneath_open(root, name, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        err_sys(err, errno, "open %s of the artifact repository", name);
    close(root);
    return fd;
}

int artifact_scratch(const struct artifact_call *c, struct err *err)
{
    return open_folder(c, STR(ARTIFACT_SCRATCH), true, err);
}

static char *key_of(const struct artifact_call *c, const struct json *place, struct err *err)
{
    struct str key = json_get_str(place, STR("key"));
    char *clean = beneath_clean(c->a, key);

    if (clean && clean[0])
        return clean;
    err_set(err, ERR_INVALID,
            "artifact key \"" STR_FMT "\" must be a relative path without \"..\"",
            STR_ARG(key));
    return NULL;
}

static int open_stored(const struct artifact_call *c, const struct json *place, int *ret,
                       struct err *err)
{
    char *key = key_of(c, place, err);
    int keys = key ? open_folder(c, c->ns, false, err) : -1;

    if (keys < 0 && key && err->kind == ERR_NOT_FOUND) /* nothing was stored yet */
        return err_set(err, ERR_NOT_FOUND, "artifact %s is not in the repository", key);
    if (keys < 0)
        return -1;
    *ret = beneath_open(keys, key, O_RDONLY | O_NONBLOCK);
    if (*ret < 0 && (errno == ENOENT || errno == ENOTDIR))
        err_set(err, ERR_NOT_FOUND, "artifact %s is not in the repository", key);
    else if (*ret < 0)
        err_sys(err, errno, "open artifact %s", key);
    close(keys);
    return *ret < 0 ? -1 : 0;
}

static int load(const struct artifact_call *c, const struct json *place, int dir,
                const char *name, struct err *err)
{
    int from, result;

    if (open_stored(c, place, &from, err) < 0)
        return -1;
    result = tree_copy(from, dir, name);
    if (result < 0)
        err_sys(err, errno, "copy artifact " STR_FMT, STR_ARG(json_get_str(place, STR("key"))));
    close(from);
    return result;
}

/* A second name of a file on the same disk, else a copy. */
static int bring(int dir, const char *name, int to, const char *as)
{
    struct stat st;
    int from, result;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
        linkat(dir, name, to, as, 0) == 0)
        return 0;
    from = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (from < 0)
        return -1;
    result = tree_copy(from, to, as);
    close(from);
    return result;
}

static int sync_one(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), result;
    struct stat st;

    if (fd < 0)
        return -1;
    /* Of a folder all that is in it. */
    result = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? syncfs(fd) : fsync(fd);
    close(fd);
    return result < 0 ? -1 : fsync(dir);
}

/* Where a folder is, a file can come only after it has gone, and the other way round. */
static int move(int from, const char *as, int to, const char *last)
{
    if (renameat(from, as, to, last) == 0)
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST && errno != EISDIR && errno != ENOTDIR)
        return -1;
    return tree_remove(to, last) < 0 ? -1 : renameat(from, as, to, last);
}

/* Under a name that nobody knows, then in one step under its own. */
static int put(int fresh, int keys, const char *key, int dir, const char *name)
{
    struct random random = random_from_system();
    const char *last;
    int to = beneath_parent(keys, key, &last), result, error;
    char as[32];

    if (to < 0)
        return -1;
    snprintf(as, sizeof(as), "%016llx", (unsigned long long) random_u64(&random));
    result = bring(dir, name, fresh, as);
    if (result == 0)
        result = sync_one(fresh, as);
    if (result == 0)
        result = move(fresh, as, to, last);
    if (result == 0)
        result = fsync(to);
    error = errno;
    tree_remove(fresh, as);
    close(to);
    errno = error;
    return result;
}

static int save(const struct artifact_call *c, const struct json *place, int dir,
                const char *name, struct err *err)
{
    char *key = key_of(c, place, err);
    int fresh = key ? artifact_scratch(c, err) : -1;
    int keys = fresh >= 0 ? open_folder(c, c->ns, true, err) : -1;
    int result = keys >= 0 ? put(fresh, keys, key, dir, name) : -1;

    if (keys >= 0 && result < 0)
        err_sys(err, errno, "store artifact %s", key);
    if (keys >= 0)
        close(keys);
    if (fresh >= 0)
        close(fresh);
    return result;
}

void artifact_sweep(const struct artifact_house *house)
{
    _cleanup_arena_ struct arena *a = arena_new();
    int root = open(str_cz(a, house->repository), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (root < 0)
        return; /* nothing was ever stored */
    tree_remove(root, ARTIFACT_SCRATCH);
    close(root);
}

static int remove_stored(const struct artifact_call *c, const struct json *place,
                         struct err *err)
{
    char *key = key_of(c, place, err);
    int keys = key ? open_folder(c, c->ns, false, err) : -1, result;

    if (keys < 0)
        return key && err->kind == ERR_NOT_FOUND ? 0 : -1;
    result = tree_remove(keys, key);
    if (result < 0)
        err_sys(err, errno, "remove artifact %s", key);
    /* Folders that are empty now go, too: the last ones first. */
    for (char *slash; result == 0 && (slash = strrchr(key, '/'));) {
        *slash = '\0';
        if (unlinkat(keys, key, AT_REMOVEDIR) < 0)
            break;
    }
    close(keys);
    return result;
}

/* ---- lists ---- */

/* What a folder may hold on the way down. */
struct walk {
    const struct artifact_call *call;
    struct artifact_keys *keys;
    unsigned depth;
};

static int walk_folder(struct walk *w, int parent, const char *name, struct str key,
                       struct err *err);

static int walk_entry(struct walk *w, int folder, const char *name, struct str above,
                      struct err *err)
{
    struct arena *a = w->call->a;
    struct str key = str_is_empty(above) ? str_copy(a, str_from(name))
                                         : str_printf(a, STR_FMT "/%s", STR_ARG(above), name);
    struct stat st;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : err_sys(err, errno, "look at artifact %s", key.ptr);
    if (S_ISREG(st.st_mode))
        return artifact_key_add(w->call, w->keys, key, err);
    return S_ISDIR(st.st_mode) ? walk_folder(w, folder, name, key, err) : 0;
}

/* Takes @fd. */
static int walk_entries(struct walk *w, int fd, struct str key, struct err *err)
{
    DIR *dir = fdopendir(fd);
    int result = 0;

    if (!dir) {
        close(fd);
        return err_sys(err, errno, "read the artifact repository");
    }
    for (struct dirent *e; result == 0 && (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            result = walk_entry(w, dirfd(dir), e->d_name, key, err);
    closedir(dir);
    return result;
}

static int walk_folder(struct walk *w, int parent, const char *name, struct str key,
                       struct err *err)
{
    int fd, result;

    if (w->depth >= TREE_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "artifacts lie more than %d folders deep",
                       TREE_DEPTH_MAX);
    fd = beneath_open(parent, name, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? 0
                   : err_sys(err, errno, "open %s of the artifact repository", name);
    w->depth++;
    result = walk_entries(w, fd, key, err);
    w->depth--;
    return result;
}

static int cmp_keys(const void *left, const void *right)
{
    return str_cmp(json_str(left), json_str(right));
}

static int list_stored(const struct artifact_call *c, const struct json *place,
                       struct artifact_keys *keys, struct err *err)
{
    struct walk w = {.call = c, .keys = keys};
    struct str key = json_get_str(place, STR("key"));
    char *clean = beneath_clean(c->a, str_is_none(key) ? STR("") : key);
    int root, result;

    if (!clean)
        return err_set(err, ERR_INVALID,
                       "artifact key \"" STR_FMT "\" must be a relative path without \"..\"",
                       STR_ARG(key));
    root = open_folder(c, c->ns, false, err);
    if (root < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    result = clean[0] ? walk_folder(&w, root, clean, str_from(clean), err)
                      : walk_entries(&w, dup(root), STR(""), err);
    close(root);
    if (result == 0 && keys->list.len > 0)
        qsort(keys->list.at, keys->list.len, sizeof(*keys->list.at), cmp_keys);
    return result;
}

static int is_folder(const struct artifact_call *c, const struct json *place, bool *ret,
                     struct err *err)
{
    struct stat st;
    int fd, result;

    if (open_stored(c, place, &fd, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    result = fstat(fd, &st) < 0 ? err_sys(err, errno, "look at an artifact") : 0;
    close(fd);
    if (result == 0)
        *ret = S_ISDIR(st.st_mode);
    return result;
}

const struct artifact_driver artifact_local = {.load = load,
                                               .save = save,
                                               .remove = remove_stored,
                                               .open = open_stored,
                                               .is_folder = is_folder,
                                               .list = list_stored};
