/* Objects of triggers, from where they come. See source.h. */
#include "events/triggers/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "events/triggers/outgoing.h"
#include "formats/yaml.h"
#include "store/value.h"

enum { URL_TIMEOUT_MS = 60000 };

/* ---- one function a kind ---- */

static int read_inline(const struct trigger_reading *r _unused_, const struct json *v,
                       struct str *ret, struct err *err _unused_)
{
    *ret = json_str(v);
    return 0;
}

static int read_config_map(const struct trigger_reading *r, const struct json *v,
                           struct str *ret, struct err *err)
{
    return store_config_value(r->services->store, r->arena, r->ns, v, ret, err);
}

/* What the daemon keeps for itself, and what tells of processes, is nobody else's. */
static bool is_private(const struct trigger_reading *r, int fd)
{
    char link[32], real[4096];
    struct str path, folder = r->services->private_path;
    ssize_t len;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, real, sizeof(real));
    if (len <= 0 || len == (ssize_t) sizeof(real))
        return true;
    path = str_of(real, (size_t) len);
    return str_starts(path, STR("/proc/")) ||
           (!str_is_empty(folder) && str_starts(path, folder) &&
            (path.len == folder.len || path.ptr[folder.len] == '/'));
}

/* Pipes and devices would block or never end. */
static int read_open_file(const struct trigger_reading *r, int fd, const char *path,
                          struct str *ret, struct err *err)
{
    struct stat info;
    char *text;
    ssize_t len;

    if (fstat(fd, &info) < 0)
        return err_sys(err, errno, "look at %s", path);
    if (!S_ISREG(info.st_mode))
        return err_set(err, ERR_INVALID, "%s is no regular file", path);
    if (is_private(r, fd))
        return err_set(err, ERR_DENIED, "%s belongs to the server", path);
    if (info.st_size > TRIGGER_SOURCE_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%s is larger than %d bytes", path,
                       TRIGGER_SOURCE_MAX_BYTES);
    text = arena_alloc_raw(r->arena, (size_t) info.st_size + 1);
    len = fd_read(fd, text, (size_t) info.st_size); /* less: it has become shorter */
    if (len < 0)
        return err_sys(err, errno, "read %s", path);
    *ret = str_of(text, (size_t) len);
    return 0;
}

static int read_file(const struct trigger_reading *r, const struct json *v, struct str *ret,
                     struct err *err)
{
    struct str path = json_get_str(v, STR("path"));
    const char *path_z = str_cz(r->arena, path);
    int fd, result;

    if (!str_starts(path, STR("/")) || strlen(path_z) != path.len)
        return err_set(err, ERR_INVALID, "path \"" STR_FMT "\": an absolute one is expected",
                       STR_ARG(path));
    fd = open(path_z, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_sys(err, errno, "open %s", path_z);
    result = read_open_file(r, fd, path_z, ret, err);
    close(fd);
    return result;
}

static int read_url(const struct trigger_reading *r, const struct json *v, struct str *ret,
                    struct err *err)
{
    _cleanup_strbuf_ struct strbuf answer = STRBUF_INIT(TRIGGER_SOURCE_MAX_BYTES);
    struct outgoing o = {.arena = r->arena,
                         .url = json_get_str(v, STR("path")),
                         .method = STR("GET"),
                         .host = STR(""),
                         .body = STR_NONE,
                         .deadline = mono_after(clock_mono(), URL_TIMEOUT_MS),
                         .answer = &answer};
    struct http_answer got = {0};

    o.call = (struct http_call){.is_bare = true,
                                .refuses_link_local = true,
                                .skip_tls_verify = !json_get_bool(v, STR("verifyCert"))};
    if (!outgoing_is_value(o.url))
        return err_set(err, ERR_INVALID, "path has a control character");
    if (outgoing_set(&o, STR("User-Agent"), STR("tiphys"), err) < 0 ||
        outgoing_send(&o, &got, err) < 0)
        return -1;
    if (got.status != 200)
        return err_set(err, ERR_TRANSIENT, STR_FMT ": status code %u",
                       STR_ARG(http_url_shown(r->arena, o.url)), got.status);
    *ret = str_copy(r->arena, strbuf_str(&answer));
    return 0;
}

/* ---- which of them ---- */

static const struct {
    const char *name;
    int (*read)(const struct trigger_reading *r, const struct json *v, struct str *ret,
                struct err *err);
} kinds[] = {
    {"inline", read_inline},
    {"file", read_file},
    {"url", read_url},
    {"configmap", read_config_map},
};

/* The first document, as upstream takes it; of an empty text an empty object. */
static int parse(struct arena *a, struct str text, struct json *ret, struct err *err)
{
    struct yaml_documents docs;

    if (yaml_parse_all(a, text, &docs, err) < 0)
        return -1;
    if (docs.len == 0) {
        *ret = json_object(&(struct json_object_builder){0});
        return 0;
    }
    if (docs.at[0].type != JSON_OBJECT)
        return err_set(err, ERR_INVALID, "the document is no object");
    *ret = docs.at[0];
    return 0;
}

int trigger_source_read(const struct trigger_reading *r, const struct json *source,
                        struct json *ret, struct trigger_result *result, struct err *err)
{
    const struct json *resource = json_get(source, STR("resource")), *v;
    struct str text = STR("");

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        v = json_get(source, str_from(kinds[i].name));
        if (!v || v->type == JSON_NULL)
            continue;
        if (kinds[i].read(r, v, &text, err) < 0) {
            /* trouble of our own store is no failure of the reading */
            result->is_read_failure =
                kinds[i].read != read_config_map || !err_is_retryable(err);
            return err_wrap(err, "source.%s", kinds[i].name);
        }
        return parse(r->arena, text, ret, err) < 0 ? err_wrap(err, "source.%s", kinds[i].name)
                                                   : 0;
    }
    if (!json_is(resource, JSON_OBJECT))
        return err_set(err, ERR_INVALID, "source.resource: is required");
    *ret = *resource;
    return 0;
}
