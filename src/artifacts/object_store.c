/* See object_store.h. */
#include "artifacts/object_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "artifacts/beneath.h"
#include "base/limits.h"

/* The beginning of keys in the folder of a key. */
static struct str below(struct arena *a, struct str key)
{
    return str_ends(key, STR("/")) ? key : str_concat(a, key, STR("/"));
}

/* ---- loading ---- */

static int get_into(const struct object_store *s, struct arena *a, struct str key, int dir,
                    const char *name, struct err *err)
{
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    int result;

    if (fd < 0)
        return err_sys(err, errno, "write object " STR_FMT, STR_ARG(key));
    result = s->get(s->ctx, a, key, fd, err);
    close(fd);
    if (result < 0)
        unlinkat(dir, name, 0);
    return result;
}

/* A folder that is fetched object by object. */
struct gathering {
    const struct object_store *store;
    struct str prefix;
    int dir;
    int64_t count;
};

static int gather_one(void *ctx, struct arena *a, struct str key, struct err *err)
{
    struct gathering *g = ctx;
    struct str rest = str_starts(key, g->prefix) ? str_skip(key, g->prefix.len) : STR("/");
    char *path = beneath_clean(a, rest);
    const char *last;
    int parent, result;

    if (!path)
        return err_set(err, ERR_INVALID, "object \"" STR_FMT "\" would leave its folder",
                       STR_ARG(key));
    if (++g->count > ARTIFACT_ENTRIES_MAX)
        return err_set(err, ERR_LIMIT, "over %d objects below \"" STR_FMT "\"",
                       ARTIFACT_ENTRIES_MAX, STR_ARG(g->prefix));
    if (!path[0] || str_ends(key, STR("/"))) /* stands for a folder */
        return 0;
    parent = beneath_parent(g->dir, path, &last);
    if (parent < 0)
        return err_sys(err, errno, "make the folder of object " STR_FMT, STR_ARG(key));
    result = get_into(g->store, a, key, parent, last, err);
    close(parent);
    return result;
}

static int load_folder(const struct object_store *s, struct arena *a, struct str key, int dir,
                       const char *name, struct err *err)
{
    struct gathering g = {.store = s};
    int result;

    g.prefix = below(a, key);
    if (mkdirat(dir, name, 0755) < 0)
        return err_sys(err, errno, "make a folder for an artifact");
    g.dir = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (g.dir < 0)
        return err_sys(err, errno, "open a folder for an artifact");
    result = s->list(s->ctx, g.prefix, gather_one, &g, err);
    close(g.dir);
    if (result == 0 && g.count == 0) {
        unlinkat(dir, name, AT_REMOVEDIR);
        return err_set(err, ERR_NOT_FOUND,
                       "%s: %s " STR_FMT " has no %s \"" STR_FMT "\" and none below it",
                       s->name, s->holder ? s->holder : "bucket", STR_ARG(s->bucket),
                       s->thing ? s->thing : "object", STR_ARG(key));
    }
    return result;
}

static int load_key(const struct object_store *s, struct arena *a, int dir, const char *name,
                    struct err *err)
{
    if (!str_is_empty(s->key) && !str_ends(s->key, STR("/"))) {
        if (get_into(s, a, s->key, dir, name, err) == 0)
            return 0;
        if (err->kind != ERR_NOT_FOUND)
            return -1;
    }
    return load_folder(s, a, s->key, dir, name, err);
}

/* ---- saving ---- */

struct bucket_unfinished *object_store_unfinished(const struct artifact_call *c)
{
    struct bucket_unfinished *left;

    if (!c->memory)
        return NULL;
    if (!*c->memory) {
        left = ARENA_NEW(c->a, struct bucket_unfinished);
        left->a = c->a;
        *c->memory = left;
    }
    return *c->memory;
}

static int put_any(const struct object_store *s, int dir, const char *name, struct str key,
                   unsigned depth, struct err *err);

static int put_folder(const struct object_store *s, int dir, struct str key, unsigned depth,
                      struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    DIR *list = fdopendir(dir);
    struct dirent *entry;
    int result = 0;

    if (!list)
        return err_sys(err, errno, "read a folder of an artifact");
    while (result == 0 && (entry = readdir(list)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = put_any(s, dir, entry->d_name,
                             str_printf(a, STR_FMT "%s%s", STR_ARG(key),
                                        str_ends(key, STR("/")) ? "" : "/", entry->d_name),
                             depth + 1, err);
    closedir(list);
    return result;
}

static int put_any(const struct object_store *s, int dir, const char *name, struct str key,
                   unsigned depth, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct stat st;
    int fd, result;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(err, errno, "look at %s", name);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return 0;
    if (depth > TREE_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "artifact \"" STR_FMT "\" is over %d folders deep",
                       STR_ARG(key), TREE_DEPTH_MAX);
    fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, errno, "open %s", name);
    if (S_ISDIR(st.st_mode))
        return put_folder(s, fd, key, depth, err);
    result = s->put(s->ctx, a, key, fd, err);
    close(fd);
    return result;
}

/* ---- removal and lists ---- */

static int remove_one(void *ctx, struct arena *a, struct str key, struct err *err)
{
    const struct object_store *s = ctx;

    return s->remove(s->ctx, a, key, err);
}

static int remove_key(struct object_store *s, struct arena *a, struct err *err)
{
    struct str prefix = below(a, s->key);

    if (!str_eq(prefix, s->key) && s->remove(s->ctx, a, s->key, err) < 0)
        return -1;
    return s->list(s->ctx, prefix, remove_one, s, err);
}

struct listing {
    const struct artifact_call *call;
    struct artifact_keys *keys;
};

static int list_one(void *ctx, struct arena *a, struct str key, struct err *err)
{
    const struct listing *l = ctx;

    (void) a;
    if (str_ends(key, STR("/"))) /* stands for a folder */
        return 0;
    return artifact_key_add(l->call, l->keys, key, err);
}

/* ---- by a driver ---- */

static int open_store(const struct artifact_call *c, const struct artifact_driver *driver,
                      const struct json *place, enum artifact_use use, struct object_store *ret,
                      struct err *err)
{
    *ret = (struct object_store){.key = STR(""), .bucket = STR("")};
    return driver->open_store(c, place, use, ret, err);
}

int object_store_load(const struct artifact_call *c, const struct artifact_driver *driver,
                      const struct json *place, int dir, const char *name, struct err *err)
{
    struct object_store s;
    int result;

    if (open_store(c, driver, place, ARTIFACT_READ, &s, err) < 0)
        return -1;
    result = load_key(&s, c->a, dir, name, err);
    s.close(s.ctx);
    return result;
}

int object_store_save(const struct artifact_call *c, const struct artifact_driver *driver,
                      const struct json *place, int dir, const char *name, struct err *err)
{
    struct object_store s;
    int result;

    if (open_store(c, driver, place, ARTIFACT_WRITE, &s, err) < 0)
        return -1;
    result = put_any(&s, dir, name, s.key, 0, err);
    s.close(s.ctx);
    return result;
}

int object_store_remove(const struct artifact_call *c, const struct artifact_driver *driver,
                        const struct json *place, struct err *err)
{
    struct object_store s;
    int result;

    if (open_store(c, driver, place, ARTIFACT_READ, &s, err) < 0)
        return -1;
    result = remove_key(&s, c->a, err);
    s.close(s.ctx);
    return result;
}

/* One key below is enough. */
static int find_any(void *ctx, struct arena *a, struct str key, struct err *err)
{
    bool *is_there = ctx;

    (void) a;
    (void) key;
    *is_there = true;
    return err_set(err, ERR_CANCELLED, "enough");
}

int object_store_is_folder(const struct artifact_call *c, const struct artifact_driver *driver,
                           const struct json *place, bool *ret, struct err *err)
{
    struct object_store s;
    bool is_there = false;
    int result;

    if (open_store(c, driver, place, ARTIFACT_READ, &s, err) < 0)
        return -1;
    result = s.list(s.ctx, below(c->a, s.key), find_any, &is_there, err);
    s.close(s.ctx);
    if (result < 0 && !is_there)
        return -1;
    *ret = is_there;
    return 0;
}

int object_store_list(const struct artifact_call *c, const struct artifact_driver *driver,
                      const struct json *place, struct artifact_keys *keys, struct err *err)
{
    struct listing listing = {.call = c, .keys = keys};
    struct object_store s;
    int result;

    if (open_store(c, driver, place, ARTIFACT_READ, &s, err) < 0)
        return -1;
    result = s.list(s.ctx, str_is_empty(s.key) ? s.key : below(c->a, s.key), list_one, &listing,
                    err);
    s.close(s.ctx);
    return result;
}
