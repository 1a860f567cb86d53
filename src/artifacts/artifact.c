/* artifacts/artifact.c - what all kinds of places share. See artifact.h. */
#include "artifacts/artifact.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "artifacts/beneath.h"
#include "artifacts/driver.h"
#include "artifacts/object_store.h"
#include "artifacts/pack.h"
#include "artifacts/place.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/tree.h"
#include "formats/base64.h"

/* A place and who knows it. */
struct found {
    struct artifact_place at;
    const struct artifact_driver *driver;
};

/* An `s3` that says nothing of where is in the local repository. */
static const struct artifact_driver *driver_of(const struct artifact_place *p)
{
    bool is_local = p->kind->driver == &artifact_s3 &&
                    str_is_empty(json_get_str(p->place, STR("endpoint"))) &&
                    str_is_empty(json_get_str(p->place, STR("bucket")));

    return is_local ? &artifact_local : p->kind->driver;
}

static bool find_place(const struct json *holder, struct found *ret)
{
    if (!artifact_place_find(holder, &ret->at))
        return false;
    ret->driver = driver_of(&ret->at);
    return true;
}

static struct str key_of(const struct found *f)
{
    return artifact_place_key(&f->at);
}

static void set_key(const struct artifact_call *c, struct found *f, struct str key)
{
    struct json *place = ARENA_NEW(c->a, struct json);

    *place = json_set(c->a, f->at.place, str_from(f->at.kind->key), json_string(key));
    f->at.place = place;
}

/* What has a key and not all else that says where is where the location is. */
static void relocate(const struct artifact_call *c, struct found *f)
{
    struct str key = key_of(f);
    struct found at;

    if (artifact_place_is_whole(&f->at) || !find_place(c->location, &at) ||
        at.at.kind != f->at.kind)
        return;
    *f = at;
    set_key(c, f, key);
}

/* The key of a file or folder in the one that was found. */
static int go_below(const struct artifact_call *c, struct found *f, struct err *err)
{
    char *path = beneath_clean(c->a, str_is_none(c->below) ? STR("") : c->below);

    if (!path)
        return err_set(err, ERR_INVALID,
                       "\"" STR_FMT "\" must be a relative path without \"..\"",
                       STR_ARG(c->below));
    if (!path[0])
        return 0;
    if (!f->at.kind->format)
        return err_set(err, ERR_INVALID, "%s artifacts are no folders: \"%s\" is not in one",
                       f->at.kind->member, path);
    set_key(c, f,
            str_printf(c->a, STR_FMT "%s%s", STR_ARG(key_of(f)),
                       str_ends(key_of(f), STR("/")) ? "" : "/", path));
    return 0;
}

static int find(const struct artifact_call *c, struct found *ret, struct err *err)
{
    /* An empty text is content of its own, but no place. */
    if (find_place(c->artifact, ret) &&
        (ret->driver == &artifact_raw ? !str_is_none(key_of(ret))
                                      : !str_is_empty(key_of(ret)))) {
        relocate(c, ret);
        return go_below(c, ret, err);
    }
    return err_set(err, ERR_INVALID, "required artifact '" STR_FMT "' not supplied",
                   STR_ARG(json_get_str(c->artifact, STR("name"))));
}

int artifact_secret(const struct artifact_call *c, const struct json *selector,
                    struct secret *ret, struct err *err)
{
    struct str name = json_get_str(selector, STR("name"));
    struct str key = json_get_str(selector, STR("key")), value;
    const struct json *doc;

    if (c->house->object(c->house->ctx, c->a, STR("Secret"), c->ns, name, &doc, err) < 0)
        return -1;
    value = json_get_str(json_get(doc, STR("data")), key);
    if (str_is_none(value))
        return err_set(err, ERR_NOT_FOUND, "secret \"" STR_FMT "\" has no key \"" STR_FMT "\"",
                       STR_ARG(name), STR_ARG(key));
    if (base64_decode(c->a, value, &value, err) < 0)
        return err_wrap(err, "secret \"" STR_FMT "\", key \"" STR_FMT "\"", STR_ARG(name),
                        STR_ARG(key));
    secret_init(ret, value);
    return 0;
}

int artifact_secret_text(const struct artifact_call *c, const struct json *holder,
                         const char *place, const char *member, struct str *ret,
                         struct err *err)
{
    const struct json *selector = json_get(holder, str_from(member));
    _cleanup_secret_ struct secret value = {0};

    *ret = STR("");
    if (!json_is(selector, JSON_OBJECT))
        return 0;
    if (artifact_secret(c, selector, &value, err) < 0)
        return err_wrap(err, "%s.%s", place, member);
    *ret = str_copy(c->a, secret_reveal(&value));
    return 0;
}

/* ---- loading ---- */

/* How many entries a folder has, counted up to two; @ret is the name of the first. */
static int count_entries(int dir, const char *name, char ret[NAME_MAX + 1])
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), count = 0;
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    if (!list)
        return -1;
    while (count < 2 && (entry = readdir(list)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && count++ == 0)
            snprintf(ret, NAME_MAX + 1, "%s", entry->d_name);
    closedir(list);
    return count;
}

/* What was unpacked into @from becomes @name: its only entry, or all of it. A link that became
 * the artifact would hand its target to whoever sets permissions or mounts it. */
static int settle(int dir, const char *from, const char *name, struct err *err)
{
    char only[NAME_MAX + 1], path[2 * NAME_MAX + 4];
    struct stat st;

    if (count_entries(dir, from, only) != 1)
        return renameat(dir, from, dir, name) < 0 ? err_sys(err, errno, "place an artifact")
                                                  : 0;
    snprintf(path, sizeof(path), "%s/%s", from, only);
    if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
        return err_set(
            err, ERR_INVALID,
            "unpack: the archive is a link alone, \"%s\": an artifact is a file or a "
            "folder",
            only);
    if (renameat(dir, path, dir, name) < 0 || unlinkat(dir, from, AT_REMOVEDIR) < 0)
        return err_sys(err, errno, "place an artifact");
    return 0;
}

static int unpack(int fd, enum archive_form form, int dir, const char *name, struct err *err)
{
    char box[NAME_MAX + 1];
    int to, result;

    snprintf(box, sizeof(box), "%s.box", name);
    if (mkdirat(dir, box, 0755) < 0)
        return err_sys(err, errno, "make a folder for an artifact");
    to = openat(dir, box, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    result = to < 0 ? err_sys(err, errno, "open a folder for an artifact")
                    : archive_unpack(fd, form, to, err);
    if (to >= 0)
        close(to);
    if (result == 0)
        result = settle(dir, box, name, err);
    if (result < 0)
        tree_remove(dir, box);
    return result;
}

enum strategy { STRATEGY_GUESS, STRATEGY_NONE, STRATEGY_TAR, STRATEGY_ZIP };

static enum strategy strategy_of(const struct json *artifact)
{
    const struct json *archive = json_get(artifact, STR("archive"));

    return json_get(archive, STR("none"))  ? STRATEGY_NONE
           : json_get(archive, STR("zip")) ? STRATEGY_ZIP
           : json_get(archive, STR("tar")) ? STRATEGY_TAR
                                           : STRATEGY_GUESS;
}

/* The stored bytes, open, become @name. */
static int take_open(const struct artifact_call *c, int fd, int dir, const char *name,
                     struct err *err)
{
    enum strategy strategy = strategy_of(c->artifact);
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_sys(err, errno, "look at an artifact");
    if (S_ISREG(st.st_mode) && strategy == STRATEGY_GUESS && archive_is_tar_gz(fd))
        strategy = STRATEGY_TAR;
    if (S_ISREG(st.st_mode) && strategy == STRATEGY_TAR)
        return unpack(fd, ARCHIVE_TAR_GZ, dir, name, err);
    if (S_ISREG(st.st_mode) && strategy == STRATEGY_ZIP)
        return unpack(fd, ARCHIVE_ZIP, dir, name, err);
    return tree_copy(fd, dir, name) < 0 ? err_sys(err, errno, "copy an artifact") : 0;
}

/* A plugin's file that has no mode can be written by all: who made it is anybody. */
static int set_mode(const struct artifact_call *c, const struct found *f, int dir,
                    const char *name, struct err *err)
{
    const struct json *mode = json_get(c->artifact, STR("mode"));
    struct stat st;
    int64_t bits = 0666;
    int result;

    if (!json_i64(mode, &bits) &&
        (f->driver != &artifact_plugin || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
         !S_ISREG(st.st_mode)))
        return 0;
    if (json_get_bool(c->artifact, STR("recurseMode")))
        result = tree_chmod(dir, name, (unsigned) bits & 0777);
    else
        result = fchmodat(dir, name, (mode_t) bits & 0777, AT_SYMLINK_NOFOLLOW);
    return result < 0 ? err_sys(err, errno, "set the mode of an artifact") : 0;
}

static int load_place(const struct artifact_call *c, const struct found *f, int dir,
                      const char *name, struct err *err)
{
    return f->driver->open_store ? object_store_load(c, f->driver, f->at.place, dir, name, err)
                                 : f->driver->load(c, f->at.place, dir, name, err);
}

/* Fetches first, where the driver cannot open its bytes; @tmp is the name for that. */
static int open_bytes(const struct artifact_call *c, const struct found *f, int dir,
                      const char *tmp, int *ret, struct err *err)
{
    if (f->driver->open)
        return f->driver->open(c, f->at.place, ret, err);
    if (load_place(c, f, dir, tmp, err) < 0)
        return -1;
    *ret = openat(dir, tmp, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return *ret < 0 ? err_sys(err, errno, "open an artifact") : 0;
}

static int load_found(const struct artifact_call *c, const struct found *f, int dir,
                      const char *name, struct err *err)
{
    char tmp[NAME_MAX + 1];
    int fd = -1, result;

    snprintf(tmp, sizeof(tmp), "%s.tmp", name);
    result = open_bytes(c, f, dir, tmp, &fd, err);
    if (result == 0)
        result = take_open(c, fd, dir, name, err);
    if (result == 0)
        result = set_mode(c, f, dir, name, err);
    if (fd >= 0)
        close(fd);
    tree_remove(dir, tmp);
    if (result < 0)
        tree_remove(dir, name);
    return result;
}

int artifact_load(const struct artifact_call *c, int dir, const char *name,
                  enum artifact_found *ret, struct err *err)
{
    bool is_optional = json_get_bool(c->artifact, STR("optional"));
    struct found f;

    *ret = ARTIFACT_LOADED;
    if (find(c, &f, err) < 0) {
        *ret = ARTIFACT_SKIPPED;
        return is_optional ? 0 : -1;
    }
    if (load_found(c, &f, dir, name, err) == 0)
        return 0;
    *ret = ARTIFACT_SKIPPED;
    return is_optional && err->kind == ERR_NOT_FOUND ? 0 : -1;
}

/* Of a key, or of a URL without what may be secret in it. */
static struct str last_part(struct str path)
{
    size_t query = str_find_char(path, '?');

    path = str_head(path, query == SIZE_MAX ? path.len : query);
    while (str_ends(path, STR("/")))
        path.len--;
    for (size_t at; (at = str_find_char(path, '/')) != SIZE_MAX;)
        path = str_skip(path, at + 1);
    return path;
}

/* @fd, a folder, becomes a file with all that is in it. */
static int pack_folder(int scratch, struct str name, int *fd, struct err *err)
{
    const struct archive_how how = {
        .form = ARCHIVE_TAR_GZ, .level = ARCHIVE_LEVEL_DEFAULT, .shown = name};
    int to = openat(scratch, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600), result;

    if (to < 0)
        return err_sys(err, errno, "make an archive");
    result = archive_pack(*fd, ".", &how, to, err);
    close(*fd);
    *fd = to;
    return result;
}

/* The stored bytes of a file, in one without a name. */
static int fetch_file(const struct artifact_call *c, const struct found *f, int scratch,
                      int *ret, struct err *err)
{
    int to = openat(scratch, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

    if (to < 0)
        return err_sys(err, errno, "write an artifact");
    if (f->driver->fetch(c, f->at.place, to, err) < 0) {
        close(to);
        return -1;
    }
    *ret = to;
    return 0;
}

/* A file or a folder, open for reading; what lies at @tmp for that is the caller's. */
static int open_stored(const struct artifact_call *c, const struct found *f, int scratch,
                       const char *tmp, int *ret, struct err *err)
{
    bool is_folder = true;

    if (f->driver->fetch && f->driver->is_folder(c, f->at.place, &is_folder, err) < 0)
        return -1;
    return is_folder ? open_bytes(c, f, scratch, tmp, ret, err)
                     : fetch_file(c, f, scratch, ret, err);
}

static int download(const struct artifact_call *c, const struct found *f, int scratch,
                    const char *tmp, struct artifact_file *ret, struct err *err)
{
    struct stat st;

    if (open_stored(c, f, scratch, tmp, &ret->fd, err) < 0)
        return -1;
    ret->name = f->driver == &artifact_raw ? json_get_str(c->artifact, STR("name"))
                                           : last_part(key_of(f));
    if (fstat(ret->fd, &st) < 0)
        return err_sys(err, errno, "look at an artifact");
    if (!S_ISDIR(st.st_mode))
        return 0;
    if (pack_folder(scratch, ret->name, &ret->fd, err) < 0)
        return -1;
    ret->name = str_concat(c->a, ret->name, STR(".tgz"));
    return 0;
}

int artifact_download(const struct artifact_call *c, struct artifact_file *ret, struct err *err)
{
    struct random random = random_from_system();
    struct artifact_file file = {.fd = -1};
    struct found f;
    char tmp[32];
    int scratch, result;

    *ret = file;
    snprintf(tmp, sizeof(tmp), "%016llx", (unsigned long long) random_u64(&random));
    if (find(c, &f, err) < 0 || (scratch = artifact_scratch(c, err)) < 0)
        return -1;
    result = download(c, &f, scratch, tmp, &file, err);
    tree_remove(scratch, tmp);
    close(scratch);
    if (result == 0)
        *ret = file;
    else if (file.fd >= 0)
        close(file.fd);
    return result;
}

int artifact_is_folder(const struct artifact_call *c, bool *ret, struct err *err)
{
    struct found f;

    if (find(c, &f, err) < 0)
        return -1;
    if (f.driver->open_store)
        return object_store_is_folder(c, f.driver, f.at.place, ret, err);
    *ret = false;
    return f.driver->is_folder ? f.driver->is_folder(c, f.at.place, ret, err) : 0;
}

int artifact_key(const struct artifact_call *c, struct str *ret, struct err *err)
{
    struct found f;

    if (find(c, &f, err) < 0)
        return -1;
    *ret = key_of(&f);
    return 0;
}

int artifact_delete(const struct artifact_call *c, struct err *err)
{
    struct found f;

    if (find(c, &f, err) < 0)
        return -1;
    if (f.driver->open_store)
        return object_store_remove(c, f.driver, f.at.place, err);
    if (!f.driver->remove)
        return err_set(err, ERR_UNSUPPORTED,
                       "delete not supported for this artifact storage, please check the "
                       "following issue for details: "
                       "https://github.com/argoproj/argo-workflows/issues/3102");
    return f.driver->remove(c, f.at.place, err);
}

/* ---- saving ---- */

/* Without closing slashes. */
static struct str clean_path(const struct json *artifact)
{
    struct str path = json_get_str(artifact, STR("path"));

    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    return path;
}

/* The last part of the path in the container. */
static struct str base_name(const struct json *artifact)
{
    struct str path = clean_path(artifact);
    size_t at;

    for (at = path.len; at > 0 && path.ptr[at - 1] != '/'; at--)
        continue;
    path = str_skip(path, at);
    return str_is_empty(path) ? json_get_str(artifact, STR("name")) : path;
}

static struct str file_name(const struct artifact_call *c, enum strategy strategy)
{
    struct str name = json_get_str(c->artifact, STR("name"));

    if (strategy == STRATEGY_NONE)
        return base_name(c->artifact);
    return str_concat(c->a, name, strategy == STRATEGY_ZIP ? STR(".zip") : STR(".tgz"));
}

/* A place of its own that says where, and not under which key. */
static bool is_without_key(const struct artifact_call *c, struct found *ret)
{
    return find_place(c->artifact, ret) && ret->at.kind->where[0] &&
           artifact_place_is_whole(&ret->at);
}

/* The artifact's own place, or one below the location; -1: there is none. */
static int choose_place(const struct artifact_call *c, enum strategy strategy,
                        struct found *ret, struct json *artifact, struct err *err)
{
    struct found location;
    struct str key;

    *artifact = json_set(c->a, c->artifact, STR("path"), json_string(clean_path(c->artifact)));
    if (find_place(c->artifact, ret) && !str_is_empty(key_of(ret))) {
        relocate(c, ret);
        return 0;
    }
    if (!find_place(c->location, &location))
        return err_set(err, ERR_INVALID,
                       "artifact " STR_FMT ": no repository is configured that it could go to",
                       STR_ARG(json_get_str(c->artifact, STR("name"))));
    if (!is_without_key(c, ret))
        *ret = location;
    key = str_printf(c->a, STR_FMT "/" STR_FMT, STR_ARG(key_of(&location)),
                     STR_ARG(file_name(c, strategy)));
    set_key(c, ret, key);
    *artifact = json_set_path(c->a, artifact, json_string(key), ret->at.kind->member,
                              ret->at.kind->key, NULL);
    return 0;
}

static int level_of(const struct json *artifact)
{
    const struct json *level = json_path(artifact, "archive", "tar", "compressionLevel", NULL);
    int64_t value;

    return json_i64(level, &value) && value >= 0 && value <= 9 ? (int) value
                                                               : ARCHIVE_LEVEL_DEFAULT;
}

static int pack(const struct artifact_call *c, enum strategy strategy, int dir,
                const char *name, const char *packed, struct err *err)
{
    const struct archive_how how = {
        .form = strategy == STRATEGY_ZIP ? ARCHIVE_ZIP : ARCHIVE_TAR_GZ,
        .level = level_of(c->artifact),
        .shown = base_name(c->artifact),
    };
    int fd = openat(dir, packed, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    int result;

    if (fd < 0)
        return err_sys(err, errno, "make an archive");
    result = archive_pack(dir, name, &how, fd, err);
    close(fd);
    return result;
}

static int save_place(const struct artifact_call *c, const struct found *f, int dir,
                      const char *name, struct err *err)
{
    return f->driver->open_store ? object_store_save(c, f->driver, f->at.place, dir, name, err)
                                 : f->driver->save(c, f->at.place, dir, name, err);
}

int artifact_save(const struct artifact_call *c, int dir, const char *name, struct json *ret,
                  struct err *err)
{
    enum strategy strategy = strategy_of(c->artifact);
    char packed[NAME_MAX + 1];
    struct found f;
    int result;

    if (choose_place(c, strategy, &f, ret, err) < 0)
        return -1;
    if (!f.driver->save && !f.driver->open_store)
        return err_set(err, ERR_UNSUPPORTED, "%s artifacts can only be read",
                       f.at.kind->member);
    if (strategy == STRATEGY_NONE)
        return save_place(c, &f, dir, name, err);
    snprintf(packed, sizeof(packed), "%s.packed", name);
    result = pack(c, strategy, dir, name, packed, err);
    if (result == 0)
        result = save_place(c, &f, dir, packed, err);
    tree_remove(dir, packed);
    return result;
}

/* ---- lists ---- */

int artifact_key_add(const struct artifact_call *c, struct artifact_keys *keys, struct str key,
                     struct err *err)
{
    if (keys->list.len >= ARTIFACT_LIST_MAX)
        return err_set(err, ERR_LIMIT, "over %d artifacts are stored there", ARTIFACT_LIST_MAX);
    json_push(c->a, &keys->list, json_string(str_copy(c->a, key)));
    return 0;
}

/* The place, or where its repository is: here a key may be missing. */
static int find_folder(const struct artifact_call *c, struct found *ret, struct err *err)
{
    if (!find_place(c->artifact, ret) && !find_place(c->location, ret))
        return err_set(err, ERR_INVALID, "required artifact '" STR_FMT "' not supplied",
                       STR_ARG(json_get_str(c->artifact, STR("name"))));
    relocate(c, ret);
    return go_below(c, ret, err);
}

int artifact_list(const struct artifact_call *c, struct json *ret, struct err *err)
{
    struct artifact_keys keys = {0};
    struct found f;

    if (find_folder(c, &f, err) < 0)
        return -1;
    if (!f.driver->list && !f.driver->open_store)
        return err_set(err, ERR_UNSUPPORTED,
                       "ListObjects is currently not supported for this artifact type, but it "
                       "will be in a future version");
    if ((f.driver->open_store ? object_store_list(c, f.driver, f.at.place, &keys, err)
                              : f.driver->list(c, f.at.place, &keys, err)) < 0)
        return -1;
    *ret = json_array(&keys.list);
    return 0;
}
