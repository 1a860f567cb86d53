/*
 * Makes room: images that were not used for longest are let go until the store is within its
 * bound, then layers and blobs that belong to no image. A layer that a container runs in is
 * locked by its shim; what was touched lately may be part of a pull. See images.h.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/tree.h"
#include "base/vec.h"
#include "pods/images/images_internal.h"

/* An image by its file. */
struct kept {
    struct str file, name;
    int64_t used_ms;
    struct image image;
};

struct layer {
    struct str id, blob; /* digits of its blob's digest */
    uint64_t bytes;      /* with its blob */
    unsigned owners;
};

struct cleaning {
    struct images *images;
    struct arena *a;
    int64_t now_ms;
    VEC(struct kept) kept;
    VEC(struct layer *) layers;
    struct map by_id;
    uint64_t bytes; /* of layers with owners */
};

static int64_t time_of(const struct stat *st)
{
    return (int64_t) st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

static bool is_fresh(const struct cleaning *c, int64_t ms)
{
    return c->now_ms - ms < IMAGE_AGE_MIN_MS;
}

static char *below(const struct cleaning *c, const char *folder, struct str name)
{
    return str_cz(c->a,
                  str_printf(c->a, "%s/%s/" STR_FMT, c->images->path, folder, STR_ARG(name)));
}

/* ---- what is there ---- */

static void see_layer(struct cleaning *c, struct str id)
{
    char text[128] = "";
    int fd = open(below(c, "layers", str_concat(c->a, id, STR(".note"))), O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? fd_read(fd, text, sizeof(text) - 1) : 0;
    struct layer *l = ARENA_NEW(c->a, struct layer);
    struct str rest, bytes;
    struct stat st;

    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    l->id = id;
    rest = str_trim(str_from(text));
    if (!str_cut(&rest, ' ', &bytes) || !parse_u64(bytes, &l->bytes))
        l->bytes = 0;
    l->blob = str_copy(c->a, rest);
    if (l->blob.len == IMAGE_SHA256_CHARS && stat(below(c, "blobs/sha256", l->blob), &st) == 0)
        l->bytes += (uint64_t) st.st_size;
    VEC_APUSH(c->a, &c->layers, l);
    map_put(&c->by_id, id, l);
}

static void see_name(struct cleaning *c, struct str file)
{
    char *path = below(c, "names", file);
    struct kept k = {.file = file};
    struct stat st;
    struct str version;
    struct json doc;
    struct err err;
    char *bytes;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = -1;

    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size <= IMAGE_CONFIG_MAX_BYTES) {
        bytes = arena_alloc_raw(c->a, (size_t) st.st_size + 1);
        len = fd_read(fd, bytes, (size_t) st.st_size);
    }
    if (fd >= 0)
        close(fd);
    if (len < 0)
        return;
    k.used_ms = time_of(&st);
    if (json_parse(c->a, str_of(bytes, (size_t) len), &doc, &err) == 0)
        k.name = json_get_str(&doc, STR("name"));
    if (str_is_none(k.name) || names_find(c->images, k.name, c->a, &k.image, &version) != 0) {
        if (!is_fresh(c, k.used_ms))
            unlink(path); /* half-written, or its layers are gone */
        return;
    }
    VEC_APUSH(c->a, &c->kept, k);
}

static void see_all(struct cleaning *c, const char *folder,
                    void (*see)(struct cleaning *c, struct str name), const char *without)
{
    DIR *dir = opendir(below(c, folder, STR("")));
    struct dirent *entry;

    while (dir && (entry = readdir(dir)) != NULL) {
        struct str name = str_copy(c->a, str_from(entry->d_name));

        if (name.ptr[0] != '.' && !str_ends(name, str_from(without)))
            see(c, name);
    }
    if (dir)
        closedir(dir);
}

/* ---- who owns what ---- */

static void count_owner(struct cleaning *c, const struct kept *k, int sign)
{
    for (size_t i = 0; i < k->image.layer_count; i++) {
        struct layer *l = map_find(&c->by_id, k->image.layers[i]);

        if (!l)
            continue;
        if (sign > 0 && l->owners++ == 0)
            c->bytes += l->bytes;
        if (sign < 0 && --l->owners == 0)
            c->bytes -= l->bytes;
    }
}

static int by_use(const void *left, const void *right)
{
    int64_t a = ((const struct kept *) left)->used_ms,
            b = ((const struct kept *) right)->used_ms;

    return a < b ? -1 : a > b;
}

static void let_names_go(struct cleaning *c)
{
    if (c->kept.len > 1)
        qsort(c->kept.at, c->kept.len, sizeof(*c->kept.at), by_use);
    VEC_FOREACH (it, &c->kept)
        count_owner(c, it, 1);
    VEC_FOREACH (it, &c->kept) {
        if (c->bytes >> 20 < c->images->max_mib || is_fresh(c, it->used_ms))
            return;
        if (unlink(below(c, "names", it->file)) == 0)
            count_owner(c, it, -1);
    }
}

/* ---- letting go ---- */

/* Is no container in it, and is it not part of a pull? Then it is moved away, out of reach. */
static bool take_layer(struct cleaning *c, struct str id, const char *to)
{
    char *path = below(c, "layers", id);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    bool is_taken = fd >= 0 && fstat(fd, &st) == 0 &&
                    !is_fresh(c, (int64_t) st.st_ctim.tv_sec * 1000) &&
                    !is_fresh(c, time_of(&st)) && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
                    rename(path, to) == 0;

    if (fd >= 0)
        close(fd);
    return is_taken;
}

static void let_layers_go(struct cleaning *c)
{
    VEC_FOREACH (it, &c->layers) {
        struct layer *l = *it;
        char *to = below(c, "tmp", str_concat(c->a, STR("gone-"), l->id));

        if (l->owners > 0 || !take_layer(c, l->id, to))
            continue;
        unlink(below(c, "layers", str_concat(c->a, l->id, STR(".note"))));
        tree_remove(AT_FDCWD, to);
        l->id = STR_NONE;
    }
}

static bool is_blob_wanted(const struct cleaning *c, struct str blob)
{
    for (size_t i = 0; i < c->layers.len; i++)
        if (!str_is_none(c->layers.at[i]->id) && str_eq(c->layers.at[i]->blob, blob))
            return true;
    return false;
}

static void see_blob(struct cleaning *c, struct str name)
{
    char *path = below(c, "blobs/sha256", name);
    struct stat st;

    if (stat(path, &st) == 0 && !is_fresh(c, time_of(&st)) && !is_blob_wanted(c, name))
        unlink(path);
}

void images_clean_at(struct images *images, int64_t now_ms)
{
    struct cleaning c = {.images = images, .a = arena_new(), .now_ms = now_ms};

    see_all(&c, "layers", see_layer, ".note");
    see_all(&c, "names", see_name, ".new");
    let_names_go(&c);
    let_layers_go(&c);
    see_all(&c, "blobs/sha256", see_blob, ".part");
    map_done(&c.by_id);
    arena_free(c.a);
}

void images_clean(struct images *images)
{
    images_clean_at(images, clock_wall().ms);
}
