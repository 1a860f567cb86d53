/*
 * Gets one image: asks the registry what stands for its name, has skopeo copy what is missing,
 * checks and takes apart the layers, keeps the name. Whatever fails leaves nothing but blobs
 * that are whole, which the next try finds. See images_internal.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/tree.h"
#include "pods/images/images_internal.h"
#include "pods/images/layer.h"

struct pull {
    struct images *images;
    const struct image_job *job;
    const struct image_reference *ref; /* the job's or local */
    struct image_reference local;      /* of an archive: its path on this machine */
    struct arena *a;
    char *scratch; /* folder of this pull */
    struct image made;
    struct str *layers;
    struct str blobs[IMAGE_LAYERS_MAX]; /* their digests, the lowest first */
};

static void tell(const struct pull *p, struct str text)
{
    if (p->job->hooks && p->job->hooks->tell)
        p->job->hooks->tell(p->job->hooks->ctx, text);
}

/* ---- what stands for the name ---- */

/* An archive is one of the folder that the operator has named, whatever links say. */
static int find_archive(struct pull *p, struct err *err)
{
    char *root = p->images->archives ? realpath(p->images->archives, NULL) : NULL;
    struct str given = p->ref->path, found = STR("");
    char *path;

    if (!root)
        return err_set(err, ERR_DENIED,
                       "archives of this machine may not be used as images: no folder is given "
                       "for them (--image-archives)");
    if (given.ptr[0] != '/')
        given = str_printf(p->a, "%s/" STR_FMT, root, STR_ARG(given));
    path = realpath(str_cz(p->a, given), NULL);
    if (path)
        found = str_copy(p->a, str_from(path));
    free(path);
    given = str_printf(p->a, "%s/", root);
    free(root);
    if (str_is_empty(found))
        return err_sys(err, errno, "find " STR_FMT, STR_ARG(p->ref->path));
    if (!str_starts(found, given) || str_find_char(found, ':') != SIZE_MAX)
        return err_set(err, ERR_DENIED,
                       "it is not in the folder of archives (--image-archives)");
    p->local = *p->ref;
    p->local.path = found;
    p->ref = &p->local;
    return 0;
}

/* Of a registry: the digest of its manifest. Of an archive: what changes when it is written
 * again. */
static int find_version(struct pull *p, struct str *ret, struct err *err)
{
    struct str manifest, path = p->ref->path;
    struct stat st;

    if (p->ref->source == IMAGE_REGISTRY) {
        if (skopeo_manifest(p->images, p->ref, p->job->hooks, p->a, &manifest, err) < 0)
            return -1;
        *ret = str_concat(p->a, STR("sha256:"), digest_text(p->a, manifest));
        if (!str_is_empty(p->ref->digest) && !str_eq(p->ref->digest, *ret))
            return err_set(err, ERR_INVALID,
                           "the registry's manifest has the digest " STR_FMT
                           ", not the one that was asked for",
                           STR_ARG(*ret));
        return 0;
    }
    if (find_archive(p, err) < 0)
        return -1;
    path = p->ref->path;
    if (p->ref->source == IMAGE_OCI_FOLDER)
        path = str_concat(p->a, path, STR("/index.json"));
    if (stat(str_cz(p->a, path), &st) < 0)
        return err_sys(err, errno, "look at " STR_FMT, STR_ARG(path));
    *ret =
        str_printf(p->a, "%llu-%lld-%lld.%09ld", (unsigned long long) st.st_ino,
                   (long long) st.st_size, (long long) st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    return 0;
}

/* ---- what was copied ---- */

static bool is_digest(struct str digest)
{
    struct str hex = digest;

    if (!str_cut_prefix(&hex, STR("sha256:")) || hex.len != IMAGE_SHA256_CHARS)
        return false;
    for (size_t i = 0; i < hex.len; i++)
        if (!strchr("0123456789abcdef", hex.ptr[i]))
            return false;
    return true;
}

static char *blob_path(const struct pull *p, struct str digest)
{
    return str_cz(p->a, str_printf(p->a, "%s/blobs/sha256/" STR_FMT, p->images->path,
                                   STR_ARG(str_skip(digest, strlen("sha256:")))));
}

static int read_json(struct pull *p, const char *path, struct json *ret, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    char *bytes;
    ssize_t len;

    if (fd < 0 || fstat(fd, &st) < 0) {
        err_sys(err, errno, "read what skopeo has left");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (st.st_size > IMAGE_CONFIG_MAX_BYTES) {
        close(fd);
        return err_set(err, ERR_LIMIT, "its manifest or configuration is over %d bytes",
                       IMAGE_CONFIG_MAX_BYTES);
    }
    bytes = arena_alloc_raw(p->a, (size_t) st.st_size + 1);
    len = fd_read(fd, bytes, (size_t) st.st_size);
    if (len < 0)
        err_sys(err, errno, "read what skopeo has left");
    close(fd);
    return len < 0 ? -1 : json_parse(p->a, str_of(bytes, len > 0 ? (size_t) len : 0), ret, err);
}

/* A blob by its digest, which it must have. */
static int read_blob(struct pull *p, struct str digest, struct json *ret, struct err *err)
{
    if (!is_digest(digest))
        return err_set(err, ERR_INVALID, "\"" STR_FMT "\" is not a digest of SHA-256",
                       STR_ARG(digest));
    return read_json(p, blob_path(p, digest), ret, err);
}

static int read_layers(struct pull *p, const struct json *manifest, struct err *err)
{
    const struct json *list = json_get(manifest, STR("layers")), *item;
    size_t count = json_is(list, JSON_ARRAY) ? list->count : 0;

    if (count == 0)
        return err_set(err, ERR_INVALID, "it has no layers");
    if (count > IMAGE_LAYERS_MAX)
        return err_set(err, ERR_LIMIT, "it has %zu layers (limit %d)", count, IMAGE_LAYERS_MAX);
    for (size_t i = 0; i < count; i++) {
        item = json_item(list, i);
        p->blobs[i] = json_get_str(item, STR("digest"));
        if (!is_digest(p->blobs[i]))
            return err_set(err, ERR_INVALID, "layer %zu has no digest of SHA-256", i + 1);
        if (str_find(json_get_str(item, STR("mediaType")), STR("encrypted")) != SIZE_MAX)
            return err_set(err, ERR_UNSUPPORTED, "encrypted layers are not supported yet");
    }
    p->made.layer_count = count;
    p->made.layers = p->layers = ARENA_ARRAY(p->a, struct str, count);
    return 0;
}

static int read_manifest(struct pull *p, struct err *err)
{
    struct json index, manifest, *config = ARENA_NEW(p->a, struct json);
    struct str digest, os;

    if (read_json(p, str_printf(p->a, "%s/oci/index.json", p->scratch).ptr, &index, err) < 0)
        return err_wrap(err, "index");
    digest = json_get_str(json_item(json_get(&index, STR("manifests")), 0), STR("digest"));
    if (read_blob(p, digest, &manifest, err) < 0)
        return err_wrap(err, "manifest");
    if (str_is_empty(p->made.digest))
        p->made.digest = digest;
    if (read_blob(p, json_get_str(json_get(&manifest, STR("config")), STR("digest")), config,
                  err) < 0)
        return err_wrap(err, "configuration");
    os = json_get_str(config, STR("os"));
    if (!str_is_empty(os) && !str_is(os, "linux"))
        return err_set(err, ERR_INVALID, "it is for " STR_FMT ", this is linux", STR_ARG(os));
    p->made.config = json_get(config, STR("config"));
    return read_layers(p, &manifest, err);
}

/* ---- layers ---- */

/* Is it what its digest says? One that is not is thrown away: the next try gets it again. */
static int open_blob(struct pull *p, size_t index, struct err *err)
{
    const char *path = blob_path(p, p->blobs[index]);
    char have[IMAGE_SHA256_CHARS + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || digest_file(fd, have) < 0) {
        err_sys(err, errno, "read layer %zu", index + 1);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (str_is(str_skip(p->blobs[index], strlen("sha256:")), have))
        return fd;
    close(fd);
    unlink(path);
    return err_set(err, ERR_INVALID, "layer " STR_FMT " is corrupt: its digest is sha256:%s",
                   STR_ARG(p->blobs[index]), have);
}

/* A layer by what lies below it: a folder that it does not tell of is made as there. */
static struct str chain_id(struct pull *p, size_t index)
{
    struct str text = p->blobs[index];

    if (index > 0)
        text =
            str_printf(p->a, STR_FMT " " STR_FMT, STR_ARG(p->layers[index - 1]), STR_ARG(text));
    return str_head(digest_text(p->a, text), IMAGE_LAYER_ID_CHARS);
}

static int unpack(struct pull *p, size_t index, int to, struct err *err)
{
    int below[IMAGE_LAYERS_MAX];
    size_t count = 0;
    uint64_t bytes = 0;
    int from = open_blob(p, index, err), result = from < 0 ? -1 : 0;

    while (result == 0 && count < index) {
        const char *path =
            str_printf(p->a, "%s/" STR_FMT, p->images->layers, STR_ARG(p->layers[count])).ptr;

        below[count] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (below[count] < 0)
            result = err_sys(err, errno, "open layer %zu", count + 1);
        else
            count++;
    }
    if (result == 0)
        result = layer_unpack(from, to, below, count, &bytes, err);
    while (count > 0)
        close(below[--count]);
    if (from >= 0)
        close(from);
    p->made.bytes += bytes;
    return result;
}

/* What it takes on the disk, beside it: for the sums of images_clean(). */
static int note_bytes(struct pull *p, const char *path, size_t index, uint64_t bytes,
                      struct err *err)
{
    const char *name = str_printf(p->a, "%s.note", path).ptr;
    struct str text = str_printf(p->a, "%llu " STR_FMT "\n", (unsigned long long) bytes,
                                 STR_ARG(str_skip(p->blobs[index], strlen("sha256:"))));

    return fd_write_file(AT_FDCWD, name, O_TRUNC, 0600, text.ptr, text.len) < 0
               ? err_sys(err, errno, "note a layer")
               : 0;
}

static int make_layer(struct pull *p, size_t index, struct err *err)
{
    char *fresh = str_cz(p->a, str_printf(p->a, "%s/layer", p->scratch));
    const char *path;
    uint64_t before = p->made.bytes;
    int to, result;

    p->layers[index] = chain_id(p, index);
    path = str_printf(p->a, "%s/" STR_FMT, p->images->layers, STR_ARG(p->layers[index])).ptr;
    if (utimensat(AT_FDCWD, path, NULL, 0) == 0)
        return 0;
    tell(p, str_printf(p->a, "Unpacking image \"" STR_FMT "\": layer %zu of %zu",
                       STR_ARG(p->job->name), index + 1, p->made.layer_count));
    if (mkdir(fresh, 0755) < 0)
        return err_sys(err, errno, "make a layer");
    to = open(fresh, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    result = to < 0 ? err_sys(err, errno, "open a layer") : unpack(p, index, to, err);
    if (result == 0 && syncfs(to) < 0)
        result = err_sys(err, errno, "write layer %zu", index + 1);
    if (to >= 0)
        close(to);
    if (result == 0)
        result = note_bytes(p, path, index, p->made.bytes - before, err);
    if (result == 0 && rename(fresh, path) < 0 && errno != EEXIST && errno != ENOTEMPTY)
        result = err_sys(err, errno, "keep layer %zu", index + 1);
    tree_remove(AT_FDCWD, fresh);
    return result;
}

static int make_layers(struct pull *p, struct err *err)
{
    for (size_t i = 0; i < p->made.layer_count; i++) {
        if (p->job->hooks && p->job->hooks->is_cancelled &&
            p->job->hooks->is_cancelled(p->job->hooks->ctx))
            return err_set(err, ERR_CANCELLED, "the pull was called off");
        if (make_layer(p, i, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- all ---- */

static int make_scratch(struct pull *p, struct err *err)
{
    struct random random = random_from_system();

    p->scratch = str_cz(p->a, str_printf(p->a, "%s/tmp/%016llx", p->images->path,
                                         (unsigned long long) random_u64(&random)));
    return mkdir(p->scratch, 0700) < 0 ? err_sys(err, errno, "make a folder for the pull") : 0;
}

static int get(struct pull *p, struct str version, struct err *err)
{
    const char *folder = str_printf(p->a, "%s/oci", p->scratch).ptr;

    tell(p, str_printf(p->a, "Pulling image \"" STR_FMT "\"", STR_ARG(p->job->name)));
    if (p->ref->source == IMAGE_REGISTRY)
        p->made.digest = version;
    if (skopeo_copy(p->images, p->job, p->ref, p->made.digest, folder, err) < 0 ||
        read_manifest(p, err) < 0 || make_layers(p, err) < 0)
        return -1;
    return names_keep(p->images, &p->made, version, err);
}

int pull_image(struct images *images, const struct image_job *job, struct arena *a,
               struct image *ret, struct err *err)
{
    struct pull p = {.images = images, .job = job, .ref = job->ref, .a = a};
    struct str version = STR_NONE;
    int result;

    p.made.name = job->name;
    p.made.digest = STR("");
    if (find_version(&p, &version, err) < 0)
        return -1;
    if (job->known.layer_count > 0 && str_eq(version, job->version)) {
        *ret = job->known;
        return 0;
    }
    if (make_scratch(&p, err) < 0)
        return -1;
    result = get(&p, version, err);
    tree_remove(AT_FDCWD, p.scratch);
    if (result == 0)
        *ret = p.made;
    return result;
}
