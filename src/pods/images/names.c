/* What is known of images: one file a name in names/, written whole or not at all. Its time is
 * that of the last use. See images_internal.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "pods/images/images_internal.h"

static char *path_of(const struct images *images, struct str name, struct arena *a)
{
    return str_cz(a, str_printf(a, "%s/names/" STR_FMT ".json", images->path,
                                STR_ARG(digest_text(a, name))));
}

static bool has_layers(const struct images *images, const struct image *image)
{
    _cleanup_arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < image->layer_count; i++)
        if (access(str_printf(a, "%s/" STR_FMT, images->layers, STR_ARG(image->layers[i])).ptr,
                   F_OK) < 0)
            return false;
    return image->layer_count > 0;
}

static int read_file(const char *path, struct arena *a, struct str *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    char *bytes;
    ssize_t len = -1;

    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size <= IMAGE_CONFIG_MAX_BYTES) {
        bytes = arena_alloc_raw(a, (size_t) st.st_size + 1);
        len = fd_read(fd, bytes, (size_t) st.st_size);
        *ret = str_of(bytes, len > 0 ? (size_t) len : 0);
    }
    if (fd >= 0)
        close(fd);
    return len < 0 ? -1 : 0;
}

int names_find(const struct images *images, struct str name, struct arena *a, struct image *ret,
               struct str *ret_version)
{
    struct json *doc = ARENA_NEW(a, struct json);
    const struct json *layers;
    struct image made = {0};
    struct str text, *list;
    struct err err;
    int64_t bytes = 0;

    if (read_file(path_of(images, name, a), a, &text) < 0 ||
        json_parse(a, text, doc, &err) < 0 || !str_eq(json_get_str(doc, STR("name")), name))
        return 1;
    layers = json_get(doc, STR("layers"));
    made.layer_count = json_is(layers, JSON_ARRAY) ? layers->count : 0;
    made.layers = list = ARENA_ARRAY(a, struct str, made.layer_count + 1);
    for (size_t i = 0; i < made.layer_count; i++)
        list[i] = json_str(json_item(layers, i));
    made.name = json_get_str(doc, STR("name"));
    made.digest = json_get_str(doc, STR("digest"));
    made.config = json_get(doc, STR("config"));
    if (json_i64(json_get(doc, STR("bytes")), &bytes))
        made.bytes = (uint64_t) bytes;
    if (!has_layers(images, &made))
        return 1;
    *ret = made;
    *ret_version = json_get_str(doc, STR("version"));
    return 0;
}

static int write_file(const char *path, struct str text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_good = fd >= 0 && fd_write(fd, text.ptr, text.len) == 0 && fsync(fd) == 0;
    int error = errno;

    if (fd >= 0)
        close(fd);
    errno = error;
    return is_good ? 0 : -1;
}

int names_keep(const struct images *images, const struct image *image, struct str version,
               struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json_object_builder b = {0};
    struct json_array_builder layers = {0};
    const char *path = path_of(images, image->name, a);
    const char *fresh = str_printf(a, "%s.new", path).ptr;
    struct json doc;

    for (size_t i = 0; i < image->layer_count; i++)
        json_push(a, &layers, json_string(image->layers[i]));
    json_add_str(a, &b, STR("name"), image->name);
    json_add_str(a, &b, STR("version"), version);
    json_add_str(a, &b, STR("digest"), image->digest);
    json_add(a, &b, STR("bytes"), json_int(a, (int64_t) image->bytes));
    json_add(a, &b, STR("layers"), json_array(&layers));
    json_add(a, &b, STR("config"), image->config ? *image->config : json_null());
    doc = json_object(&b);
    if (write_file(fresh, json_text(a, &doc, JSON_COMPACT)) < 0 || rename(fresh, path) < 0) {
        err_sys(err, errno, "keep image " STR_FMT, STR_ARG(image->name));
        unlink(fresh);
        return -1;
    }
    return 0;
}

void names_use(const struct images *images, struct str name)
{
    _cleanup_arena_ struct arena *a = arena_new();

    utimensat(AT_FDCWD, path_of(images, name, a), NULL, 0);
}
