/*
 * Volumes of a pod: those that live as long as it become folders below its own, others have a
 * place (volume_places.c); each volumeMount becomes a bind into its root. Needs a mount
 * namespace: isolation `process` refuses pods with mounts, and says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/vec.h"
#include "pods/local/local_internal.h"
#include "pods/local/rights.h"

/* The folder of a volume that lives as long as the pod. */
static int make_volume(const struct local_pod *pod, int volumes_fd, const struct json *volume,
                       struct err *err)
{
    struct str name = json_get_str(volume, STR("name"));
    char path[300];
    int dirfd, result;

    if (!volume_path_is_safe(name) || str_find_char(name, '/') != SIZE_MAX || name.len > 253)
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
    result = volume_fill(pod, dirfd, volume, err);
    close(dirfd);
    return result < 0 ? err_wrap(err, "volume %s", path) : 0;
}

/* Of the runner's making: shared, where its pod says so. */
static int share(const struct local_pod *pod, struct str place, const struct json *volume,
                 bool is_read_only, struct err *err)
{
    if (json_get(volume, STR("hostPath")))
        return 0;
    return rights_share(pod, place.ptr, is_read_only, err) < 0
               ? err_wrap(err, "volume " STR_FMT, STR_ARG(json_get_str(volume, STR("name"))))
               : 0;
}

/* The last folder of a path that may be there, of which nothing is followed but folders: what
 * a pod left in a claim must not lead out of it. */
static int open_beneath(const char *volume, const char *sub_path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    int dirfd = open(volume, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = dirfd >= 0 ? (int) syscall(SYS_openat2, dirfd, sub_path, &how, sizeof(how)) : -1;

    if (dirfd >= 0)
        close(dirfd);
    return fd;
}

static int make_sub_path(const char *volume, char *sub_path)
{
    int dirfd = open(volume, O_PATH | O_DIRECTORY | O_CLOEXEC), made = -1;

    if (dirfd >= 0 && volume_make_parents(dirfd, sub_path) == 0)
        made = mkdirat(dirfd, sub_path, 0777);
    if (made == 0)
        made = fchmodat(dirfd, sub_path, 0777, 0);
    else if (errno == EEXIST)
        made = 0;
    if (dirfd >= 0)
        close(dirfd);
    return made;
}

/* The part of a volume that a mount shows; folders that are missing are made. */
static int find_source(struct str sub_path, struct arena *a, struct str volume, struct str *ret,
                       struct err *err)
{
    char *below;
    int fd;

    *ret = volume;
    if (str_is_empty(sub_path))
        return 0;
    if (!volume_path_is_safe(sub_path))
        return err_set(err, ERR_INVALID,
                       "subPath \"" STR_FMT "\" must be relative and without ..",
                       STR_ARG(sub_path));
    *ret = str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(volume), STR_ARG(sub_path));
    below = str_cz(a, sub_path);
    fd = open_beneath(volume.ptr, below);
    if (fd < 0 && errno == ENOENT && make_sub_path(volume.ptr, below) == 0)
        fd = open_beneath(volume.ptr, below);
    if (fd < 0)
        return err_sys(err, errno, "make subPath " STR_FMT, STR_ARG(sub_path));
    return close(fd);
}

/* A mount and the container that has it. */
struct mount {
    const struct json *json, *container;
};

/* subPath, or subPathExpr with the variables of the container. */
static int sub_path_of(const struct local_pod *pod, struct arena *a, const struct mount *m,
                       struct str *ret, struct err *err)
{
    _cleanup_strbuf_ struct strbuf unused = STRBUF_INIT(POD_PLAN_MAX_BYTES);
    _cleanup_map_ struct map vars = {0};
    struct str text = json_get_str(m->json, STR("subPathExpr"));

    *ret = json_get_str(m->json, STR("subPath"));
    if (str_is_empty(text))
        return 0;
    if (!str_is_empty(*ret))
        return err_set(err, ERR_INVALID,
                       "subPathExpr and subPath are mutually exclusive: give one of them");
    if (environment_plan(pod, m->container, a, &unused, &vars, err) < 0)
        return -1;
    *ret = environment_expand(a, text, &vars);
    return str_find(*ret, STR("$(")) == SIZE_MAX
               ? 0
               : err_set(err, ERR_INVALID,
                         "subPathExpr \"" STR_FMT "\": not all variables are known",
                         STR_ARG(text));
}

static int plan_mount(const struct local_pod *pod, const struct mount *m, struct str source,
                      bool is_read_only, struct strbuf *plan, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str at = json_get_str(m->json, STR("mountPath")), sub_path;

    if (str_is_empty(at) || str_is(at, "/") || str_find_char(at, ':') != SIZE_MAX)
        return err_set(err, ERR_INVALID,
                       "mountPath \"" STR_FMT "\" must be a path below / without ':'",
                       STR_ARG(at));
    if (sub_path_of(pod, a, m, &sub_path, err) < 0 ||
        find_source(sub_path, a, source, &source, err) < 0)
        return -1;
    plan_word(plan, "bind", source);
    plan_word(plan, "at", at.ptr[0] == '/' ? at : str_concat(a, STR("/"), at));
    plan_word(plan, "mode",
              is_read_only || json_get_bool(m->json, STR("readOnly")) ? STR("ro") : STR("rw"));
    return 0;
}

/* Volumes of keys and fields cannot be written. */
static bool is_of_files(const struct json *volume)
{
    static const char *const kinds[] = {"configMap", "secret", "downwardAPI", "projected"};

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (json_get(volume, str_from(kinds[i])))
            return true;
    return false;
}

static int stage_mount(const struct local_pod *pod, int volumes_fd, const struct mount *m,
                       struct strbuf *plan, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str name = json_get_str(m->json, STR("name")), place;
    const struct json *volume = json_named(json_get(pod->req.template, STR("volumes")), name);
    bool is_read_only;

    if (!volume)
        volume = json_named(pod->req.volumes, name);
    if (!volume)
        return err_set(err, ERR_INVALID, "volume '" STR_FMT "' not found in workflow spec",
                       STR_ARG(name));
    if (volume_place(pod, a, volume, &place, &is_read_only, err) < 0)
        return err_wrap(err, "volume " STR_FMT, STR_ARG(name));
    if (!str_is_none(place))
        return share(pod, place, volume, is_read_only, err) < 0
                   ? -1
                   : plan_mount(pod, m, place, is_read_only, plan, err);
    if (!is_of_files(volume) && !json_get(volume, STR("emptyDir")) &&
        !json_get(volume, STR("ephemeral")))
        return err_set(err, ERR_UNSUPPORTED,
                       "volume " STR_FMT ": its source is not supported yet", STR_ARG(name));
    if (make_volume(pod, volumes_fd, volume, err) < 0)
        return -1;
    place = str_printf(a, "%s/" STR_FMT "/volumes/" STR_FMT, pod->runner->root,
                       STR_ARG(pod->dir), STR_ARG(name));
    if (share(pod, place, volume, is_of_files(volume), err) < 0)
        return -1;
    return plan_mount(pod, m, place, is_of_files(volume), plan, err);
}

/* Mounts of all containers, each path once: containers of a pod see those of each other. */
struct mounts {
    VEC(struct mount) list;
};

static int add_mounts(struct arena *a, struct mounts *m, const struct json *container,
                      struct err *err)
{
    const struct json *given = json_get(container, STR("volumeMounts")), *mount;

    for (size_t i = 0; (mount = json_item(given, i)) != NULL; i++) {
        struct str path = json_get_str(mount, STR("mountPath"));
        bool is_there = false;

        VEC_FOREACH (it, &m->list) {
            if (!str_eq(json_get_str(it->json, STR("mountPath")), path))
                continue;
            if (!json_equal(it->json, mount))
                return err_set(
                    err, ERR_UNSUPPORTED,
                    "two containers of a pod that mount different volumes at " STR_FMT
                    " are not supported yet",
                    STR_ARG(path));
            is_there = true;
        }
        if (!is_there)
            VEC_APUSH(a, &m->list, ((struct mount){mount, container}));
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
    if (pod->isolation == LOCAL_ISOLATION_PROCESS)
        return err_set(
            err, ERR_UNSUPPORTED,
            "volumeMounts need a mount namespace, which isolation process has not: use host");
    if (mkdirat(dirfd, "volumes", 0755) < 0 && errno != EEXIST)
        return err_sys(err, errno, "make the pod's volumes");
    volumes_fd = openat(dirfd, "volumes", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < m.list.len && result == 0; i++)
        result = stage_mount(pod, volumes_fd, &m.list.at[i], plan, err);
    close(volumes_fd);
    return result;
}
