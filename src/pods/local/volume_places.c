/*
 * Volumes that outlive a pod: claims for storage, and paths of this machine.
 *
 * A claim (PersistentVolumeClaim) is a folder <state>/claims/<namespace>/<name>/<uid>, made
 * when a pod mounts it first and swept when the object is gone. All pods that mount it see the
 * same folder: this machine is the one node that every access mode but ReadWriteOncePod means.
 * A path of this machine (hostPath) can be mounted when the server was started with it, or with
 * a folder above it; links are followed before that is looked at. On a worker.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tree.h"
#include "pods/local/local_internal.h"

enum { PATH_BYTES = 4096 };

/* ---- claims ---- */

static int make_folder(const char *path, mode_t mode, struct err *err)
{
    return mkdir(path, mode) < 0 && errno != EEXIST
               ? err_sys(err, errno, "make the folder of a claim")
               : 0;
}

/* To all users; that it is a group's stays. */
static int open_claim(const char *path, struct err *err)
{
    struct stat st;

    if (stat(path, &st) == 0 && (st.st_mode & 0777) == 0777)
        return 0;
    return chmod(path, 0777) < 0 ? err_sys(err, errno, "open a claim to all users") : 0;
}

/* Of claims/<namespace>/<name>/<uid>: the folders above are the runner's. */
static int make_claim(const struct local *runner, struct arena *a, const struct str parts[3],
                      struct str *ret, struct err *err)
{
    struct str path = str_printf(a, "%s/claims", runner->state_dir);

    if (make_folder(path.ptr, 0700, err) < 0)
        return -1;
    for (size_t i = 0; i < 3; i++) {
        if (!volume_path_is_safe(parts[i]) || str_find_char(parts[i], '/') != SIZE_MAX)
            return err_set(err, ERR_INVALID, "\"" STR_FMT "\" is no name of a claim",
                           STR_ARG(parts[i]));
        path = str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(path), STR_ARG(parts[i]));
        if (make_folder(path.ptr, 0700, err) < 0)
            return -1;
    }
    *ret = path;
    return open_claim(path.ptr, err);
}

static bool has_mode(const struct json *modes, const char *name)
{
    for (size_t i = 0; json_item(modes, i); i++)
        if (str_is(json_str(json_item(modes, i)), name))
            return true;
    return false;
}

static int claim_place(const struct local_pod *pod, struct arena *a, const struct json *claim,
                       struct str *ret, bool *ret_read_only, struct err *err)
{
    const struct pod_objects *objects = &pod->runner->objects;
    struct str name = json_get_str(claim, STR("claimName"));
    const struct json *doc, *modes;

    if (objects->get(objects->ctx, a, STR("PersistentVolumeClaim"), pod->req.ns, name, &doc,
                     err) < 0)
        return err->kind == ERR_NOT_FOUND
                   ? err_set(err, ERR_NOT_FOUND,
                             "persistentvolumeclaim \"" STR_FMT "\" not found", STR_ARG(name))
                   : -1;
    modes = json_path(doc, "spec", "accessModes", NULL);
    if (has_mode(modes, "ReadWriteOncePod"))
        return err_set(err, ERR_UNSUPPORTED,
                       "claim " STR_FMT ": access mode ReadWriteOncePod is not supported yet",
                       STR_ARG(name));
    *ret_read_only = json_get_bool(claim, STR("readOnly")) ||
                     (has_mode(modes, "ReadOnlyMany") && !has_mode(modes, "ReadWriteOnce") &&
                      !has_mode(modes, "ReadWriteMany"));
    return make_claim(pod->runner, a,
                      (const struct str[]){pod->req.ns, name,
                                           json_str(json_path(doc, "metadata", "uid", NULL))},
                      ret, err);
}

/* ---- what claims left ---- */

static void sweep_claim(const struct local *runner, const char *path, struct str ns,
                        struct str name)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *doc;
    struct str uid = STR_NONE;
    struct err err;
    DIR *dir;

    if (runner->objects.get(runner->objects.ctx, a, STR("PersistentVolumeClaim"), ns, name,
                            &doc, &err) == 0)
        uid = json_str(json_path(doc, "metadata", "uid", NULL));
    else if (err.kind != ERR_NOT_FOUND)
        return; /* not known: later */
    dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (e->d_name[0] != '.' && !str_is(uid, e->d_name))
            tree_remove(dirfd(dir), e->d_name);
    if (dir)
        closedir(dir);
    rmdir(path); /* when it is empty */
}

static void sweep_namespace(const struct local *runner, const char *path, struct str ns)
{
    DIR *dir = opendir(path);
    char below[PATH_BYTES];

    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (e->d_name[0] == '.')
            continue;
        if (snprintf(below, sizeof(below), "%s/%s", path, e->d_name) >= (int) sizeof(below))
            continue;
        sweep_claim(runner, below, ns, str_from(e->d_name));
    }
    if (dir)
        closedir(dir);
    rmdir(path); /* when it is empty */
}

void volumes_sweep(const struct local *runner)
{
    char path[PATH_BYTES], below[PATH_BYTES];
    DIR *dir;

    if (!runner->objects.get)
        return;
    snprintf(path, sizeof(path), "%s/claims", runner->state_dir);
    dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (e->d_name[0] == '.')
            continue;
        if (snprintf(below, sizeof(below), "%s/%s", path, e->d_name) < (int) sizeof(below))
            sweep_namespace(runner, below, str_from(e->d_name));
    }
    if (dir)
        closedir(dir);
}

/* ---- paths of this machine ---- */

/* Is @path one of the allowed folders, or below one? Both without links. */
static bool is_allowed(const struct local *runner, const char *path)
{
    struct str allowed = str_from(runner->host_paths ? runner->host_paths : ""), one;
    char real[PATH_BYTES], given[PATH_BYTES];

    while (str_cut(&allowed, ':', &one)) {
        size_t len;

        snprintf(given, sizeof(given), STR_FMT, STR_ARG(one));
        if (str_is_empty(one) || !realpath(given, real))
            continue;
        len = strlen(real);
        if (strcmp(real, "/") == 0 ||
            (strncmp(path, real, len) == 0 && (path[len] == '/' || path[len] == '\0')))
            return true;
    }
    return false;
}

static int refuse_host_path(const char *path, struct err *err)
{
    return err_set(err, ERR_DENIED,
                   "hostPath \"%s\" is not allowed: the server's --host-path names neither it "
                   "nor a folder above it",
                   path);
}

/* What a type makes when it is missing: below a folder that is there, and allowed. */
static int make_host_path(const struct local *runner, const char *path, bool is_file,
                          struct err *err)
{
    char above[PATH_BYTES], real[PATH_BYTES];
    char *slash;
    int fd = -1, made;

    snprintf(above, sizeof(above), "%s", path);
    slash = strrchr(above, '/');
    if (!slash || !slash[1])
        return err_set(err, ERR_INVALID, "hostPath \"%s\" must end in a name", path);
    slash[slash == above] = '\0';
    if (!realpath(above, real))
        return err_sys(err, errno, "find the folder of hostPath \"%s\"", path);
    if (!is_allowed(runner, real))
        return refuse_host_path(path, err);
    if (is_file)
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    made = is_file ? fd : mkdir(path, 0755);
    if (fd >= 0)
        close(fd);
    return made < 0 && errno != EEXIST ? err_sys(err, errno, "make hostPath \"%s\"", path) : 0;
}

struct host_type {
    const char *name, *what;
    mode_t mode; /* S_IFMT of it */
    bool is_made;
};

static const struct host_type host_types[] = {
    {"", NULL, 0, true},
    {"DirectoryOrCreate", "a directory", S_IFDIR, true},
    {"Directory", "a directory", S_IFDIR, false},
    {"FileOrCreate", "a file", S_IFREG, true},
    {"File", "a file", S_IFREG, false},
    {"Socket", "a socket file", S_IFSOCK, false},
    {"CharDevice", "a character device", S_IFCHR, false},
    {"BlockDevice", "a block device", S_IFBLK, false},
};

static int host_place(const struct local_pod *pod, struct arena *a, const struct json *source,
                      struct str *ret, struct err *err)
{
    struct str path = json_get_str(source, STR("path"));
    struct str type = json_get_str(source, STR("type"));
    const struct host_type *wanted = NULL;
    char *given, real[PATH_BYTES];
    struct stat st;

    for (size_t i = 0; i < COUNT_OF(host_types) && !wanted; i++)
        if (str_is(str_is_none(type) ? STR("") : type, host_types[i].name))
            wanted = &host_types[i];
    if (!wanted || str_is_empty(path) || path.ptr[0] != '/' || path.len >= PATH_BYTES)
        return err_set(err, ERR_INVALID,
                       "hostPath \"" STR_FMT "\" of type \"" STR_FMT
                       "\": must be an absolute path of a known type",
                       STR_ARG(path), STR_ARG(type));
    given = str_cz(a, path);
    if (stat(given, &st) < 0 && wanted->is_made &&
        make_host_path(pod->runner, given, wanted->mode == S_IFREG, err) < 0)
        return -1;
    if (!realpath(given, real))
        return err_set(err, ERR_NOT_FOUND, "hostPath type check failed: %s is not %s", given,
                       wanted->what);
    if (!is_allowed(pod->runner, real))
        return refuse_host_path(given, err);
    if (stat(real, &st) < 0 || (wanted->mode && (st.st_mode & S_IFMT) != wanted->mode))
        return err_set(err, ERR_INVALID, "hostPath type check failed: %s is not %s", given,
                       wanted->what ? wanted->what : "there");
    *ret = str_copy(a, str_from(real));
    return 0;
}

int volume_place(const struct local_pod *pod, struct arena *a, const struct json *volume,
                 struct str *ret, bool *ret_read_only, struct err *err)
{
    const struct json *claim = json_get(volume, STR("persistentVolumeClaim"));
    const struct json *host = json_get(volume, STR("hostPath"));

    *ret = STR_NONE;
    *ret_read_only = false;
    if (claim)
        return claim_place(pod, a, claim, ret, ret_read_only, err);
    return host ? host_place(pod, a, host, ret, err) : 0;
}
