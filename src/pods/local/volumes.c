/*
 * Volumes of a pod: emptyDir, configMap and secret become folders below the pod's own; each
 * volumeMount becomes a bind into its root. Needs a mount namespace: isolation `process`
 * refuses pods with mounts, and says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vec.h"
#include "formats/base64.h"
#include "pods/local/local_internal.h"

enum { FILE_MODE_DEFAULT = 0644 };

/* A key of a ConfigMap or a path of its items: no way out of the folder. */
static bool is_safe_path(struct str path)
{
    struct str part;

    if (str_is_empty(path) || path.ptr[0] == '/' || memchr(path.ptr, 0, path.len))
        return false;
    while (str_cut(&path, '/', &part))
        if (str_is_empty(part) || str_is(part, ".") || str_is(part, ".."))
            return false;
    return true;
}

static int make_parents(int dirfd, char *path)
{
    for (char *at = strchr(path, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        if (mkdirat(dirfd, path, 0755) < 0 && errno != EEXIST)
            return -1;
        *at = '/';
    }
    return 0;
}

static int write_file(int dirfd, struct str path, struct str bytes, mode_t mode,
                      struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    char *name = str_cz(a, path);
    ssize_t done;
    int fd;

    if (!is_safe_path(path))
        return err_set(err, ERR_INVALID,
                       "volume path \"" STR_FMT "\" must be relative and without ..",
                       STR_ARG(path));
    if (make_parents(dirfd, name) < 0)
        return err_sys(err, errno, "make the folder of %s", name);
    unlinkat(dirfd, name, 0); /* of an earlier mount; its mode may forbid to write it again */
    fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    done = fd >= 0 ? write(fd, bytes.ptr, bytes.len) : -1;
    if (fd >= 0)
        fchmod(fd, mode);
    if (fd >= 0)
        close(fd);
    return done == (ssize_t) bytes.len
               ? 0
               : err_sys(err, done < 0 ? errno : ENOSPC, "write volume file %s", name);
}

static int mode_of(const struct json *v, const char *name, mode_t *ret, struct err *err)
{
    int64_t mode;

    if (!v)
        return 0;
    if (!json_i64(v, &mode) || mode < 0 || mode > 0777)
        return err_set(err, ERR_INVALID,
                       "%s must be a number between 0 and 0777 (octal), both inclusive", name);
    *ret = (mode_t) mode;
    return 0;
}

struct filling {
    int dirfd;
    struct arena *a;
    const struct json *source;        /* the volume's configMap or secret member */
    const struct json *data, *binary; /* the latter of a ConfigMap only */
    bool is_secret;
    mode_t mode;
};

static int fill_key(const struct filling *f, struct str key, struct str path, mode_t mode,
                    struct err *err)
{
    struct str text = json_get_str(f->data, key);
    struct str bytes = f->is_secret ? text : json_get_str(f->binary, key);

    if (str_is_none(text) && str_is_none(bytes))
        return json_get_bool(f->source, STR("optional"))
                   ? 0
                   : err_set(err, ERR_NOT_FOUND, "references non-existent %s key: " STR_FMT,
                             f->is_secret ? "secret" : "config", STR_ARG(key));
    if (!str_is_none(bytes) && base64_decode(f->a, bytes, &text, err) < 0)
        return err_wrap(err, "%s key " STR_FMT, f->is_secret ? "secret" : "config",
                        STR_ARG(key));
    return write_file(f->dirfd, path, text, mode, err);
}

static int fill_item(const struct filling *f, const struct json *item, struct err *err)
{
    mode_t mode = f->mode;

    if (mode_of(json_get(item, STR("mode")), "mode", &mode, err) < 0)
        return -1;
    return fill_key(f, json_get_str(item, STR("key")), json_get_str(item, STR("path")), mode,
                    err);
}

static int fill_keys_of(const struct filling *f, const struct json *map, struct err *err)
{
    for (uint32_t i = 0; json_is(map, JSON_OBJECT) && i < map->count; i++)
        if (fill_key(f, map->members[i].key, map->members[i].key, f->mode, err) < 0)
            return -1;
    return 0;
}

/* The items, or without any all keys. */
static int fill_all(const struct filling *f, struct err *err)
{
    const struct json *items = json_get(f->source, STR("items"));

    if (!json_is(items, JSON_ARRAY) || items->count == 0)
        return fill_keys_of(f, f->data, err) < 0 ? -1 : fill_keys_of(f, f->binary, err);
    for (size_t i = 0; i < items->count; i++)
        if (fill_item(f, json_item(items, i), err) < 0)
            return -1;
    return 0;
}

static int fill_from_object(const struct local_pod *pod, int dirfd, const struct json *source,
                            bool is_secret, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str name = json_get_str(source, is_secret ? STR("secretName") : STR("name"));
    struct filling f = {.dirfd = dirfd,
                        .a = a,
                        .source = source,
                        .is_secret = is_secret,
                        .mode = FILE_MODE_DEFAULT};
    const struct json *doc;

    if (mode_of(json_get(source, STR("defaultMode")), "defaultMode", &f.mode, err) < 0)
        return -1;
    if (pod->runner->objects.get(pod->runner->objects.ctx, a,
                                 is_secret ? STR("Secret") : STR("ConfigMap"), pod->req.ns,
                                 name, &doc, err) < 0)
        return err->kind == ERR_NOT_FOUND && json_get_bool(source, STR("optional")) ? 0 : -1;
    f.data = json_get(doc, STR("data"));
    f.binary = is_secret ? NULL : json_get(doc, STR("binaryData"));
    return fill_all(&f, err);
}

static int make_volume(const struct local_pod *pod, int volumes_fd, const struct json *volume,
                       struct err *err)
{
    struct str name = json_get_str(volume, STR("name"));
    const struct json *config = json_get(volume, STR("configMap"));
    const struct json *secret = json_get(volume, STR("secret"));
    char path[300];
    int dirfd, result = 0;

    if (!config && !secret && !json_get(volume, STR("emptyDir")))
        return err_set(err, ERR_UNSUPPORTED,
                       "volume " STR_FMT
                       ": only emptyDir, configMap and secret are supported yet",
                       STR_ARG(name));
    if (!is_safe_path(name) || str_find_char(name, '/') != SIZE_MAX || name.len > 253)
        return err_set(err, ERR_INVALID, "volume name \"" STR_FMT "\" is not a DNS label",
                       STR_ARG(name));
    snprintf(path, sizeof(path), STR_FMT, STR_ARG(name));
    if (mkdirat(volumes_fd, path, 0777) < 0 && errno != EEXIST)
        return err_sys(err, errno, "make volume %s", path);
    dirfd = openat(volumes_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return err_sys(err, errno, "open volume %s", path);
    if (fchmodat(volumes_fd, path, 0777, 0) < 0) {
        close(dirfd);
        return err_sys(err, errno, "open volume %s to all users", path);
    }
    if (config || secret)
        result = fill_from_object(pod, dirfd, config ? config : secret, !config, err);
    close(dirfd);
    return result < 0 ? err_wrap(err, "volume %s", path) : 0;
}

/* The part of a volume that a mount shows; folders that are missing are made. */
static int find_source(const struct json *mount, struct arena *a, struct str volume,
                       struct str *ret, struct err *err)
{
    struct str sub_path = json_get_str(mount, STR("subPath"));
    bool is_made;
    int dirfd;

    *ret = volume;
    if (str_is_empty(sub_path))
        return 0;
    if (!is_safe_path(sub_path))
        return err_set(err, ERR_INVALID,
                       "subPath \"" STR_FMT "\" must be relative and without ..",
                       STR_ARG(sub_path));
    *ret = str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(volume), STR_ARG(sub_path));
    if (access(ret->ptr, F_OK) == 0)
        return 0;
    dirfd = open(str_cz(a, volume), O_PATH | O_DIRECTORY | O_CLOEXEC);
    is_made = dirfd >= 0 && make_parents(dirfd, str_cz(a, sub_path)) == 0 &&
              mkdir(ret->ptr, 0777) == 0;
    if (!is_made)
        err_sys(err, errno, "make subPath " STR_FMT, STR_ARG(sub_path));
    if (dirfd >= 0)
        close(dirfd);
    return is_made ? 0 : -1;
}

static int plan_mount(const struct local_pod *pod, const struct json *mount, bool is_read_only,
                      struct strbuf *plan, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str at = json_get_str(mount, STR("mountPath"));
    struct str source =
        str_printf(a, "%s/" STR_FMT "/volumes/" STR_FMT, pod->runner->root, STR_ARG(pod->dir),
                   STR_ARG(json_get_str(mount, STR("name"))));

    if (str_is_empty(at) || str_is(at, "/") || str_find_char(at, ':') != SIZE_MAX)
        return err_set(err, ERR_INVALID,
                       "mountPath \"" STR_FMT "\" must be a path below / without ':'",
                       STR_ARG(at));
    if (find_source(mount, a, source, &source, err) < 0)
        return -1;
    plan_word(plan, "bind", source);
    plan_word(plan, "at", at.ptr[0] == '/' ? at : str_concat(a, STR("/"), at));
    plan_word(plan, "mode",
              is_read_only || json_get_bool(mount, STR("readOnly")) ? STR("ro") : STR("rw"));
    return 0;
}

static int stage_mount(const struct local_pod *pod, int volumes_fd, const struct json *mount,
                       struct strbuf *plan, struct err *err)
{
    struct str name = json_get_str(mount, STR("name"));
    const struct json *volume = json_named(json_get(pod->req.template, STR("volumes")), name);

    if (!volume)
        volume = json_named(pod->req.volumes, name);
    if (!volume)
        return err_set(err, ERR_INVALID, "volume '" STR_FMT "' not found in workflow spec",
                       STR_ARG(name));
    if (make_volume(pod, volumes_fd, volume, err) < 0)
        return -1;
    return plan_mount(pod, mount,
                      json_get(volume, STR("configMap")) || json_get(volume, STR("secret")),
                      plan, err);
}

/* Mounts of all containers, each path once: containers of a pod see those of each other. */
struct mounts {
    VEC(const struct json *) list;
};

static int add_mounts(struct arena *a, struct mounts *m, const struct json *container,
                      struct err *err)
{
    const struct json *given = json_get(container, STR("volumeMounts")), *mount;

    for (size_t i = 0; (mount = json_item(given, i)) != NULL; i++) {
        struct str path = json_get_str(mount, STR("mountPath"));
        bool is_there = false;

        VEC_FOREACH (it, &m->list) {
            if (!str_eq(json_get_str(*it, STR("mountPath")), path))
                continue;
            if (!json_equal(*it, mount))
                return err_set(
                    err, ERR_UNSUPPORTED,
                    "two containers of a pod that mount different volumes at " STR_FMT
                    " are not supported yet",
                    STR_ARG(path));
            is_there = true;
        }
        if (!is_there)
            VEC_APUSH(a, &m->list, mount);
    }
    return 0;
}

static int add_all_mounts(struct arena *a, struct mounts *m, const struct json *template,
                          struct err *err)
{
    const struct json *set = json_get(template, STR("containerSet"));
    const struct json *const single[] = {json_get(template, STR("container")),
                                         json_get(template, STR("script")), set};
    const struct json *const lists[] = {json_get(template, STR("initContainers")),
                                        json_get(template, STR("sidecars")),
                                        json_get(set, STR("containers"))};

    for (size_t i = 0; i < COUNT_OF(single); i++)
        if (single[i] && add_mounts(a, m, single[i], err) < 0)
            return -1;
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (size_t j = 0; json_item(lists[i], j); j++)
            if (add_mounts(a, m, json_item(lists[i], j), err) < 0)
                return -1;
    return 0;
}

int volumes_stage(const struct local_pod *pod, int dirfd, struct strbuf *plan, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct mounts m = {0};
    int volumes_fd, result = 0;

    if (add_all_mounts(a, &m, pod->req.template, err) < 0)
        return -1;
    if (m.list.len == 0)
        return 0;
    if (pod->runner->isolation == LOCAL_ISOLATION_PROCESS)
        return err_set(
            err, ERR_UNSUPPORTED,
            "volumeMounts need a mount namespace, which isolation process has not: use host");
    if (mkdirat(dirfd, "volumes", 0755) < 0 && errno != EEXIST)
        return err_sys(err, errno, "make the pod's volumes");
    volumes_fd = openat(dirfd, "volumes", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < m.list.len && result == 0; i++)
        result = stage_mount(pod, volumes_fd, m.list.at[i], plan, err);
    close(volumes_fd);
    return result;
}
