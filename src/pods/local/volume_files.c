/*
 * The files of a pod's volume: keys of a ConfigMap or Secret, fields of the pod, tokens of its
 * account, or several of these in one folder. No name of a manifest leads out of the folder. On a worker.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "formats/base64.h"
#include "pods/local/local_internal.h"

enum { FILE_MODE_DEFAULT = 0644 };

/* A key of a ConfigMap or a path of its items: no way out of the folder. */
bool volume_path_is_safe(struct str path)
{
    struct str part;

    if (str_is_empty(path) || path.ptr[0] == '/' || memchr(path.ptr, 0, path.len))
        return false;
    while (str_cut(&path, '/', &part))
        if (str_is_empty(part) || str_is(part, ".") || str_is(part, ".."))
            return false;
    return true;
}

int volume_make_parents(int dirfd, char *path)
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
    int fd, result = 0;

    if (!volume_path_is_safe(path))
        return err_set(err, ERR_INVALID,
                       "volume path \"" STR_FMT "\" must be relative and without ..",
                       STR_ARG(path));
    if (volume_make_parents(dirfd, name) < 0)
        return err_sys(err, errno, "make the folder of %s", name);
    unlinkat(dirfd, name, 0); /* of an earlier mount; its mode may forbid to write it again */
    fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(err, errno, "write volume file %s", name);
    if (fd_write(fd, bytes.ptr, bytes.len) < 0 || fchmod(fd, mode) < 0)
        result = err_sys(err, errno, "write volume file %s", name);
    close(fd);
    return result;
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

/* An object whose keys become files; volumes and projections spell a Secret's name differently.
 */
struct keys {
    const struct json *source;
    struct str kind, name_field;
    mode_t mode;
};

static int fill_from_object(const struct local_pod *pod, int dirfd, const struct keys *keys,
                            struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct filling f = {.dirfd = dirfd,
                        .a = a,
                        .source = keys->source,
                        .is_secret = str_is(keys->kind, "Secret"),
                        .mode = keys->mode};
    const struct json *doc;

    if (mode_of(json_get(f.source, STR("defaultMode")), "defaultMode", &f.mode, err) < 0)
        return -1;
    if (pod->runner->objects.get(pod->runner->objects.ctx, a, keys->kind, pod->req.ns,
                                 json_get_str(f.source, keys->name_field), &doc, err) < 0)
        return err->kind == ERR_NOT_FOUND && json_get_bool(f.source, STR("optional")) ? 0 : -1;
    f.data = json_get(doc, STR("data"));
    f.binary = f.is_secret ? NULL : json_get(doc, STR("binaryData"));
    return fill_all(&f, err);
}

static int fill_field(const struct local_pod *pod, int dirfd, const struct json *item,
                      mode_t mode, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *field = json_get(item, STR("fieldRef"));
    const struct json *resource = json_get(item, STR("resourceFieldRef"));
    struct str path = json_get_str(item, STR("path")), text = STR("");

    if (!field == !resource)
        return err_set(err, ERR_INVALID,
                       "downwardAPI item \"" STR_FMT
                       "\": one of fieldRef and resourceFieldRef must be given",
                       STR_ARG(path));
    if (mode_of(json_get(item, STR("mode")), "mode", &mode, err) < 0)
        return -1;
    if (field &&
        fields_get(pod, a, json_get_str(field, STR("fieldPath")), true, &text, err) < 0)
        return -1;
    if (resource && fields_resource(pod, a, resource, NULL, &text, err) < 0)
        return -1;
    return write_file(dirfd, path, text, mode, err);
}

static int fill_fields(const struct local_pod *pod, int dirfd, const struct json *source,
                       mode_t mode, struct err *err)
{
    const struct json *items = json_get(source, STR("items")), *item;

    if (mode_of(json_get(source, STR("defaultMode")), "defaultMode", &mode, err) < 0)
        return -1;
    for (size_t i = 0; (item = json_item(items, i)) != NULL; i++)
        if (fill_field(pod, dirfd, item, mode, err) < 0)
            return -1;
    return 0;
}

/* A token of the pod's account, for as long as the pod runs. */
static int fill_token(const struct local_pod *pod, int dirfd, const struct json *source,
                      mode_t mode, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct pod_accesses *from = &pod->runner->access;
    struct str token;

    if (!from->token)
        return err_set(err, ERR_UNSUPPORTED,
                       "serviceAccountToken: there is no API that gives tokens");
    if (from->token(from->ctx, a, &pod->req, json_get_str(source, STR("audience")), &token,
                    err) < 0)
        return -1;
    return write_file(dirfd, json_get_str(source, STR("path")), token, mode, err);
}

static int fill_projected(const struct local_pod *pod, int dirfd, const struct json *projected,
                          struct err *err)
{
    const struct json *sources = json_get(projected, STR("sources")), *source;
    mode_t mode = FILE_MODE_DEFAULT;

    if (mode_of(json_get(projected, STR("defaultMode")), "defaultMode", &mode, err) < 0)
        return -1;
    for (size_t i = 0; (source = json_item(sources, i)) != NULL; i++) {
        const struct keys config = {json_get(source, STR("configMap")), STR("ConfigMap"),
                                    STR("name"), mode};
        const struct keys secret = {json_get(source, STR("secret")), STR("Secret"), STR("name"),
                                    mode};
        const struct json *fields = json_get(source, STR("downwardAPI")),
                          *token = json_get(source, STR("serviceAccountToken"));

        if (!config.source && !secret.source && !fields && !token)
            return err_set(err, ERR_UNSUPPORTED,
                           "sources[%zu]: only configMap, secret, downwardAPI and "
                           "serviceAccountToken can be projected",
                           i);
        if ((config.source && fill_from_object(pod, dirfd, &config, err) < 0) ||
            (secret.source && fill_from_object(pod, dirfd, &secret, err) < 0) ||
            (fields && fill_fields(pod, dirfd, fields, mode, err) < 0) ||
            (token && fill_token(pod, dirfd, token, mode, err) < 0))
            return -1;
    }
    return 0;
}

int volume_fill(const struct local_pod *pod, int dirfd, const struct json *volume,
                struct err *err)
{
    const struct keys config = {json_get(volume, STR("configMap")), STR("ConfigMap"),
                                STR("name"), FILE_MODE_DEFAULT};
    const struct keys secret = {json_get(volume, STR("secret")), STR("Secret"),
                                STR("secretName"), FILE_MODE_DEFAULT};
    const struct json *fields = json_get(volume, STR("downwardAPI"));
    const struct json *projected = json_get(volume, STR("projected"));

    if (config.source)
        return fill_from_object(pod, dirfd, &config, err);
    if (secret.source)
        return fill_from_object(pod, dirfd, &secret, err);
    if (fields)
        return fill_fields(pod, dirfd, fields, FILE_MODE_DEFAULT, err);
    return projected ? fill_projected(pod, dirfd, projected, err) : 0;
}
