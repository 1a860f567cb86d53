/*
 * Tests of the store: getting images by a stand-in of skopeo (a script that does what files
 * beside it say), policies, one pull for many, faults and what they leave, letting go.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/tree.h"
#include "pods/images/images_internal.h"
#include "pods/images/tar_test.h"

/* inspect: the file manifest. copy: index.json and blobs. `fail`: says that and fails. `slow`:
 * takes until that is gone. Each call is a line of `calls`. */
#define SKOPEO                                                                      \
    "#!/bin/sh\n"                                                                   \
    "d=${0%/*}\n"                                                                   \
    "echo \" $* \" >>$d/calls\n"                                                    \
    "while [ -e $d/slow ]; do sleep 0.02; done\n"                                   \
    "[ -e $d/fail ] && { cat $d/fail >&2; exit 1; }\n"                              \
    "case \" $* \" in *' inspect '*) cat $d/manifest; exit;; esac\n"                \
    "while [ $# -gt 1 ]; do [ $1 = --dest-shared-blob-dir ] && b=$2; shift; done\n" \
    "t=${1#oci:}; t=${t%:image}\n"                                                  \
    "mkdir -p $t $b/sha256; cp $d/index.json $t/\n"                                 \
    "for f in $d/blobs/*; do echo \"Copying blob sha256:${f##*/}\"; cp $f $b/sha256/; done\n"

struct world {
    char path[64], store[96], skopeo[96];
    struct images *images;
    struct arena *a;
    struct err err;
    struct image image;
    char told[1024];
    bool is_cancelled;
};

static void put(struct world *w, const char *name, struct str text, unsigned mode)
{
    char path[512];
    int fd;

    snprintf(path, sizeof(path), "%s/fake/%s", w->path, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), text.len);
    close(fd);
}

static void drop(struct world *w, const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/fake/%s", w->path, name);
    unlink(path);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    char path[128];

    snprintf(w->path, sizeof(w->path), "/tmp/images-test.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    snprintf(w->store, sizeof(w->store), "%s/store", w->path);
    snprintf(w->skopeo, sizeof(w->skopeo), "%s/fake/skopeo", w->path);
    snprintf(path, sizeof(path), "%s/fake", w->path);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof(path), "%s/fake/blobs", w->path);
    assert_int_equal(mkdir(path, 0755), 0);
    put(w, "skopeo", STR(SKOPEO), 0755);
    w->a = arena_new();
    w->images =
        images_open(&(struct images_options){.path = w->store, .skopeo = w->skopeo}, &w->err);
    assert_non_null(w->images);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    images_close(w->images);
    arena_free(w->a);
    assert_int_equal(tree_remove(AT_FDCWD, w->path), 0);
    free(w);
    return 0;
}

/* ---- what the stand-in has ---- */

/* Its digest. */
static struct str put_blob(struct world *w, struct str bytes)
{
    struct str hex = digest_text(w->a, bytes);

    put(w, str_printf(w->a, "blobs/" STR_FMT, STR_ARG(hex)).ptr, bytes, 0644);
    return str_concat(w->a, STR("sha256:"), hex);
}

static struct str put_layer(struct world *w, const char *name, const char *text)
{
    struct strbuf tar = STRBUF_INIT(TAR_TEST_MAX_BYTES);
    struct str ret;

    tar_add(&tar, &(struct tar_entry){.name = name, .type = '0', .text = text});
    tar_end(&tar);
    ret = put_blob(w, strbuf_str(&tar));
    strbuf_done(&tar);
    return ret;
}

static void put_image(struct world *w, const char *config, const struct str *layers,
                      size_t count)
{
    struct str config_digest = put_blob(w, str_from(config)), list = STR(""), manifest, digest;

    for (size_t i = 0; i < count; i++)
        list = str_printf(w->a, STR_FMT "%s{\"digest\":\"" STR_FMT "\"}", STR_ARG(list),
                          i ? "," : "", STR_ARG(layers[i]));
    manifest =
        str_printf(w->a, "{\"config\":{\"digest\":\"" STR_FMT "\"},\"layers\":[" STR_FMT "]}",
                   STR_ARG(config_digest), STR_ARG(list));
    digest = put_blob(w, manifest);
    put(w, "manifest", manifest, 0644);
    put(w, "index.json",
        str_printf(w->a, "{\"manifests\":[{\"digest\":\"" STR_FMT "\"}]}", STR_ARG(digest)),
        0644);
}

static void put_usual(struct world *w)
{
    struct str layers[2] = {put_layer(w, "etc/one", "1"), put_layer(w, "etc/two", "22")};

    put_image(w, "{\"os\":\"linux\",\"config\":{\"Cmd\":[\"sh\"]}}", layers, 2);
}

/* ---- asking ---- */

static void tell(void *ctx, struct str progress)
{
    struct world *w = ctx;
    size_t len = strlen(w->told);

    snprintf(w->told + len, sizeof(w->told) - len, STR_FMT "\n", STR_ARG(progress));
}

static bool is_cancelled(void *ctx)
{
    return ((struct world *) ctx)->is_cancelled;
}

static int get(struct world *w, const char *name, enum image_pull policy)
{
    const struct image_hooks hooks = {.tell = tell, .is_cancelled = is_cancelled, .ctx = w};

    return images_get(w->images, &(struct image_wanted){str_from(name), policy, &hooks}, w->a,
                      &w->image, &w->err);
}

static void must(struct world *w, int result)
{
    if (result < 0)
        fail_msg("%s", w->err.text);
}

static unsigned calls(struct world *w, const char *verb)
{
    char path[128], text[8192] = "";
    unsigned count = 0;
    int fd;

    snprintf(path, sizeof(path), "%s/fake/calls", w->path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        assert_true(read(fd, text, sizeof(text) - 1) >= 0);
        close(fd);
    }
    for (const char *at = text; (at = strstr(at, verb)) != NULL; at++)
        count++;
    return count;
}

static unsigned entries(struct world *w, const char *folder)
{
    DIR *dir = opendir(str_printf(w->a, "%s/%s", w->store, folder).ptr);
    struct dirent *entry;
    unsigned count = 0;

    while (dir && (entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return count;
}

static void check_file(struct world *w, size_t layer, const char *name, const char *want)
{
    char text[64] = "";
    struct str path = str_printf(w->a, "%s/" STR_FMT "/%s", images_layers(w->images),
                                 STR_ARG(w->image.layers[layer]), name);
    int fd = open(path.ptr, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        fail_msg("no %s", path.ptr);
    assert_true(read(fd, text, sizeof(text) - 1) >= 0);
    assert_string_equal(text, want);
    close(fd);
}

/* ---- pulls ---- */

static void test_pull(void **state)
{
    struct world *w = *state;

    put_usual(w);
    assert_false(images_has(w->images, STR("h.x/a:1"), IMAGE_PULL_DEFAULT));
    must(w, get(w, "h.x/a:1", IMAGE_PULL_DEFAULT));
    assert_int_equal(w->image.layer_count, 2);
    check_file(w, 0, "etc/one", "1");
    check_file(w, 1, "etc/two", "22");
    assert_int_equal(w->image.bytes, 3);
    assert_true(str_is(json_str(json_item(json_get(w->image.config, STR("Cmd")), 0)), "sh"));
    assert_true(str_starts(w->image.digest, STR("sha256:")));
    assert_non_null(strstr(w->told, "Pulling image \"h.x/a:1\"\n"));
    assert_non_null(strstr(w->told, "Unpacking image \"h.x/a:1\": layer 2 of 2\n"));
    assert_int_equal(entries(w, "tmp"), 0);
    assert_true(images_has(w->images, STR("h.x/a:1"), IMAGE_PULL_DEFAULT));
}

/* What is there is not asked for again, also not by the next daemon. */
static void test_policies(void **state)
{
    struct world *w = *state;

    put_usual(w);
    assert_int_equal(get(w, "h.x/a", IMAGE_PULL_NEVER), -1);
    assert_string_equal(
        w->err.text,
        "Container image \"h.x/a:latest\" is not present with pull policy of Never");
    assert_int_equal(w->err.kind, ERR_NOT_FOUND);
    must(w, get(w, "h.x/a", IMAGE_PULL_IF_NOT_PRESENT));
    must(w, get(w, "h.x/a", IMAGE_PULL_IF_NOT_PRESENT));
    must(w, get(w, "h.x/a", IMAGE_PULL_NEVER));
    assert_int_equal(calls(w, " copy "), 1);
    assert_int_equal(calls(w, " inspect "), 1);
    images_close(w->images);
    w->images =
        images_open(&(struct images_options){.path = w->store, .skopeo = w->skopeo}, &w->err);
    must(w, get(w, "h.x/a", IMAGE_PULL_NEVER));
    check_file(w, 0, "etc/one", "1");
    /* The tag latest is asked about, and copied only when something else stands for it. */
    must(w, get(w, "h.x/a", IMAGE_PULL_DEFAULT));
    assert_int_equal(calls(w, " inspect "), 2);
    assert_int_equal(calls(w, " copy "), 1);
    put_image(w, "{\"config\":{}}", (struct str[]){put_layer(w, "etc/three", "333")}, 1);
    must(w, get(w, "h.x/a", IMAGE_PULL_ALWAYS));
    assert_int_equal(calls(w, " copy "), 2);
    assert_int_equal(w->image.layer_count, 1);
    check_file(w, 0, "etc/three", "333");
}

/* A registry that gives something else for a digest is not believed. */
static void test_swapped_manifest(void **state)
{
    struct world *w = *state;
    struct str digest;

    put_usual(w);
    must(w, get(w, "h.x/a:1", IMAGE_PULL_DEFAULT));
    digest = str_copy(w->a, w->image.digest);
    must(w, get(w, str_printf(w->a, "h.x/a@" STR_FMT, STR_ARG(digest)).ptr,
                IMAGE_PULL_DEFAULT));
    check_file(w, 0, "etc/one", "1");
    put_image(w, "{\"config\":{}}", (struct str[]){put_layer(w, "etc/three", "333")}, 1);
    assert_int_equal(get(w, str_printf(w->a, "h.x/b@" STR_FMT, STR_ARG(digest)).ptr,
                         IMAGE_PULL_DEFAULT),
                     -1);
    assert_int_equal(w->err.kind, ERR_INVALID);
    assert_non_null(strstr(w->err.text, "the registry's manifest has the digest sha256:"));
    assert_int_equal(calls(w, " copy "), 2);
    assert_int_equal(entries(w, "tmp"), 0);
}

/* A layer of two images is there once; one on another base is another one. */
static void test_shared_layers(void **state)
{
    struct world *w = *state;
    struct str one = put_layer(w, "a", "1"), two = put_layer(w, "b", "2"), first;

    put_image(w, "{\"config\":{}}", (struct str[]){one, two}, 2);
    must(w, get(w, "h.x/a:1", IMAGE_PULL_DEFAULT));
    first = w->image.layers[0];
    put_image(w, "{\"config\":{\"User\":\"1\"}}", (struct str[]){one}, 1);
    must(w, get(w, "h.x/b:1", IMAGE_PULL_DEFAULT));
    assert_true(str_eq(w->image.layers[0], first));
    assert_int_equal(entries(w, "layers"), 4); /* two, and a note each */
    put_image(w, "{\"config\":{\"User\":\"2\"}}", (struct str[]){two}, 1);
    must(w, get(w, "h.x/c:1", IMAGE_PULL_DEFAULT));
    assert_int_equal(entries(w, "layers"), 6);
}

struct puller {
    struct world *w;
    struct arena *a;
    int result;
    struct err err;
};

static void *pull_one(void *ctx)
{
    struct puller *p = ctx;
    struct image image;

    p->result =
        images_get(p->w->images, &(struct image_wanted){STR("h.x/a"), IMAGE_PULL_ALWAYS, NULL},
                   p->a, &image, &p->err);
    return NULL;
}

static void test_many_want_one(void **state)
{
    struct world *w = *state;
    struct puller pullers[4];
    pthread_t threads[4];

    put_usual(w);
    put(w, "slow", STR(""), 0644);
    for (size_t i = 0; i < 4; i++) {
        pullers[i] = (struct puller){.w = w, .a = arena_new()};
        assert_int_equal(pthread_create(&threads[i], NULL, pull_one, &pullers[i]), 0);
    }
    while (calls(w, " inspect ") == 0)
        usleep(1000);
    usleep(50000); /* the others have come to wait */
    drop(w, "slow");
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(pullers[i].result, 0);
        arena_free(pullers[i].a);
    }
    assert_int_equal(calls(w, " copy "), 1);
}

/* ---- faults ---- */

#define FATA "time=\"2026-01-01T00:00:00Z\" level=fatal msg=\""

static void test_registry_faults(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *said, *why;
        enum err_kind kind;
    } rows[] = {
        {FATA "Error parsing image name \\\"docker://h.x/a:1\\\": reading manifest 1 in h.x/a: "
              "manifest unknown\"\n",
         "Error parsing image name \"docker://h.x/a:1\": reading manifest 1 in h.x/a: manifest "
         "unknown",
         ERR_NOT_FOUND},
        {FATA "pinging container registry h.x: Get \\\"https://h.x/v2/\\\": dial tcp: connect: "
              "connection refused\"\n",
         "pinging container registry h.x: Get \"https://h.x/v2/\": dial tcp: connect: "
         "connection "
         "refused",
         ERR_TRANSIENT},
        {FATA "unable to retrieve auth token: invalid username/password: unauthorized: bad\"\n",
         "unable to retrieve auth token: invalid username/password: unauthorized: bad",
         ERR_UNAUTHORIZED},
        {FATA "writing blob: Digest did not match, expected sha256:a, got sha256:b\"",
         "writing blob: Digest did not match, expected sha256:a, got sha256:b", ERR_INVALID},
        {"first line\nplain words\n\n", "plain words", ERR_TRANSIENT},
        {"", "it has failed without a word", ERR_TRANSIENT},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put(w, "fail", str_from(rows[i].said), 0644);
        assert_int_equal(get(w, "h.x/a:1", IMAGE_PULL_DEFAULT), -1);
        assert_string_equal(w->err.text, rows[i].why);
        assert_int_equal(w->err.kind, rows[i].kind);
        assert_int_equal(entries(w, "tmp") + entries(w, "layers") + entries(w, "names"), 0);
    }
    drop(w, "fail");
    put_usual(w);
    must(w, get(w, "h.x/a:1", IMAGE_PULL_DEFAULT));
}

static void test_no_skopeo(void **state)
{
    struct world *w = *state;

    drop(w, "skopeo");
    assert_int_equal(get(w, "h.x/a:1", IMAGE_PULL_DEFAULT), -1);
    assert_string_equal(w->err.text,
                        "images are got by the program skopeo: install it (package skopeo)");
    assert_int_equal(w->err.kind, ERR_UNSUPPORTED);
}

static void test_corrupt_layer(void **state)
{
    struct world *w = *state;
    struct str layer = put_layer(w, "a", "1"), want;

    put_image(w, "{\"config\":{}}", &layer, 1);
    put(w, str_printf(w->a, "blobs/" STR_FMT, STR_ARG(str_skip(layer, 7))).ptr,
        STR("something else"), 0644);
    want = str_printf(w->a, "layer " STR_FMT " is corrupt: its digest is sha256:" STR_FMT,
                      STR_ARG(layer), STR_ARG(digest_text(w->a, STR("something else"))));
    assert_int_equal(get(w, "h.x/a:1", IMAGE_PULL_DEFAULT), -1);
    assert_string_equal(w->err.text, str_cz(w->a, want));
    assert_int_equal(entries(w, "tmp") + entries(w, "layers") + entries(w, "names"), 0);
    assert_int_not_equal(access(str_printf(w->a, "%s/blobs/sha256/" STR_FMT, w->store,
                                           STR_ARG(str_skip(layer, 7)))
                                    .ptr,
                                F_OK),
                         0); /* or the next pull would find it again */
    put_layer(w, "a", "1");
    must(w, get(w, "h.x/a:1", IMAGE_PULL_DEFAULT));
}

static void test_bad_images(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *index, *why;
    } rows[] = {
        {"{", "index: "},
        {"{\"manifests\":[]}", "manifest: \"\" is not a digest of SHA-256"},
        {"{\"manifests\":[{\"digest\":\"sha256:../../../../../etc/passwd\"}]}",
         "manifest: \"sha256:../../../../../etc/passwd\" is not a digest of SHA-256"},
    };

    put_usual(w);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put(w, "index.json", str_from(rows[i].index), 0644);
        assert_int_equal(get(w, "h.x/a:1", IMAGE_PULL_DEFAULT), -1);
        if (strncmp(w->err.text, rows[i].why, strlen(rows[i].why)) != 0)
            fail_msg("row %zu: %s", i, w->err.text);
    }
    put_image(w, "{\"os\":\"windows\"}", (struct str[]){put_layer(w, "a", "1")}, 1);
    assert_int_equal(get(w, "h.x/a:1", IMAGE_PULL_DEFAULT), -1);
    assert_string_equal(w->err.text, "it is for windows, this is linux");
    put_image(w, "{}", NULL, 0);
    assert_int_equal(get(w, "h.x/a:1", IMAGE_PULL_DEFAULT), -1);
    assert_string_equal(w->err.text, "it has no layers");
    put_image(w, "{}", (struct str[]){put_blob(w, STR("no tar, but with its right digest"))},
              1);
    assert_int_equal(get(w, "h.x/a:1", IMAGE_PULL_DEFAULT), -1);
    assert_int_equal(w->err.kind, ERR_INVALID);
    assert_int_equal(entries(w, "tmp") + entries(w, "layers") + entries(w, "names"), 0);
}

static void *cancel_soon(void *ctx)
{
    struct world *w = ctx;

    while (calls(w, " inspect ") == 0)
        usleep(1000);
    w->is_cancelled = true;
    return NULL;
}

static void test_cancelled(void **state)
{
    struct world *w = *state;
    pthread_t thread;

    put_usual(w);
    put(w, "slow", STR(""), 0644);
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, w), 0);
    assert_int_equal(get(w, "h.x/a:1", IMAGE_PULL_DEFAULT), -1);
    assert_int_equal(w->err.kind, ERR_CANCELLED);
    pthread_join(thread, NULL);
    drop(w, "slow");
    assert_int_equal(entries(w, "tmp"), 0);
}

static void test_archives(void **state)
{
    struct world *w = *state;
    char folder[128];

    put_usual(w);
    assert_int_equal(get(w, "oci-archive:x.tar", IMAGE_PULL_DEFAULT), -1);
    assert_string_equal(
        w->err.text, "archives of this machine may not be used as images: no folder is given "
                     "for them (--image-archives)");
    images_close(w->images);
    snprintf(folder, sizeof(folder), "%s/fake/blobs", w->path);
    w->images = images_open(
        &(struct images_options){.path = w->store, .skopeo = w->skopeo, .archives = folder},
        &w->err);
    put(w, "blobs/x.tar", STR(""), 0644);
    must(w, get(w, "oci-archive:x.tar", IMAGE_PULL_DEFAULT));
    must(w, get(w, "oci-archive:x.tar", IMAGE_PULL_DEFAULT)); /* the same file as before */
    assert_int_equal(calls(w, " copy "), 1);
    put(w, "blobs/x.tar", STR("more"), 0644);
    must(w, get(w, "oci-archive:x.tar", IMAGE_PULL_DEFAULT));
    assert_int_equal(calls(w, " copy "), 2);
    assert_int_equal(get(w, "oci-archive:../manifest", IMAGE_PULL_DEFAULT), -1);
    assert_string_equal(w->err.text, "it is not in the folder of archives (--image-archives)");
    assert_int_equal(get(w, "oci-archive:/etc/passwd", IMAGE_PULL_DEFAULT), -1);
    assert_int_equal(w->err.kind, ERR_DENIED);
    assert_int_equal(get(w, "oci-archive:none.tar", IMAGE_PULL_DEFAULT), -1);
    assert_string_equal(w->err.text, "find none.tar: No such file or directory");
}

/* ---- letting go ---- */

static void age(struct world *w, struct str path, int64_t seconds)
{
    struct timespec times[2] = {{.tv_sec = time(NULL) - seconds},
                                {.tv_sec = time(NULL) - seconds}};

    assert_int_equal(utimensat(AT_FDCWD, str_cz(w->a, path), times, 0), 0);
}

static void age_name(struct world *w, const char *name, int64_t seconds)
{
    age(w,
        str_printf(w->a, "%s/names/" STR_FMT ".json", w->store,
                   STR_ARG(digest_text(w->a, str_from(name)))),
        seconds);
}

static void test_names_over_the_bound(void **state)
{
    struct world *w = *state;

    put_image(w, "{\"config\":{}}", (struct str[]){put_layer(w, "a", "1")}, 1);
    must(w, get(w, "h.x/old:1", IMAGE_PULL_DEFAULT));
    must(w, get(w, "h.x/new:1", IMAGE_PULL_DEFAULT));
    age_name(w, "h.x/old:1", 7200);
    images_clean(w->images);
    assert_int_equal(entries(w, "names"), 2); /* there is room */
    w->images->max_mib = 0;
    images_clean(w->images);
    assert_int_equal(entries(w, "names"),
                     1); /* what was used lately stays, whatever it takes */
    assert_true(images_has(w->images, STR("h.x/new:1"), IMAGE_PULL_DEFAULT));
    assert_false(images_has(w->images, STR("h.x/old:1"), IMAGE_PULL_DEFAULT));
    age_name(w, "h.x/new:1", 7200);
    images_clean(w->images);
    assert_int_equal(entries(w, "names"), 0);
    assert_int_equal(entries(w, "layers"), 2); /* just made: perhaps part of a pull */
}

/* The clock of the test stands still; it is the store's idea of now that moves. */
static void test_layers_without_an_image(void **state)
{
    struct world *w = *state;
    struct str path;
    int64_t later = clock_wall().ms + IMAGE_AGE_MIN_MS + 1000;
    int lock;

    put_usual(w);
    must(w, get(w, "h.x/a:1", IMAGE_PULL_DEFAULT));
    images_clean_at(w->images, later);
    assert_int_equal(entries(w, "layers"), 4); /* an image has them */
    assert_int_equal(entries(w, "blobs/sha256"), 2);
    w->images->max_mib = 0;
    path =
        str_printf(w->a, "%s/" STR_FMT, images_layers(w->images), STR_ARG(w->image.layers[1]));
    lock = open(path.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(lock, LOCK_SH), 0); /* a container runs in it */
    images_clean_at(w->images, later);
    assert_int_equal(entries(w, "names"), 0);
    assert_int_equal(entries(w, "layers"), 2);
    check_file(w, 1, "etc/two", "22");
    close(lock);
    images_clean_at(w->images, later);
    assert_int_equal(entries(w, "layers"), 0);
    assert_int_equal(entries(w, "blobs/sha256"), 0);
    assert_int_equal(entries(w, "tmp"), 0);
    must(w, get(w, "h.x/a:1", IMAGE_PULL_DEFAULT));
    check_file(w, 0, "etc/one", "1");
}

/* A layer that is gone makes its image one that is not there. */
static void test_lost_layer(void **state)
{
    struct world *w = *state;

    put_usual(w);
    must(w, get(w, "h.x/a:1", IMAGE_PULL_DEFAULT));
    assert_int_equal(
        tree_remove(AT_FDCWD, str_printf(w->a, "%s/" STR_FMT, images_layers(w->images),
                                         STR_ARG(w->image.layers[0]))
                                  .ptr),
        0);
    assert_false(images_has(w->images, STR("h.x/a:1"), IMAGE_PULL_DEFAULT));
    must(w, get(w, "h.x/a:1", IMAGE_PULL_DEFAULT));
    check_file(w, 0, "etc/one", "1");
}

/* What a crash in the middle of a pull has left is gone with the next start. */
static void test_after_a_crash(void **state)
{
    struct world *w = *state;

    assert_int_equal(mkdir(str_printf(w->a, "%s/tmp/half", w->store).ptr, 0755), 0);
    images_close(w->images);
    w->images =
        images_open(&(struct images_options){.path = w->store, .skopeo = w->skopeo}, &w->err);
    assert_non_null(w->images);
    assert_int_equal(entries(w, "tmp"), 0);
}

static void test_pull_words(void **state)
{
    struct world *w = *state;
    enum image_pull policy;

    assert_int_equal(image_pull_parse(STR(""), &policy, &w->err), 0);
    assert_int_equal(policy, IMAGE_PULL_DEFAULT);
    assert_int_equal(image_pull_parse(STR("Never"), &policy, &w->err), 0);
    assert_int_equal(policy, IMAGE_PULL_NEVER);
    assert_int_equal(image_pull_parse(STR("always"), &policy, &w->err), -1);
    assert_string_equal(w->err.text,
                        "imagePullPolicy \"always\" is none of Always, IfNotPresent, Never");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pull),
        TEST(test_policies),
        TEST(test_swapped_manifest),
        TEST(test_shared_layers),
        TEST(test_many_want_one),
        TEST(test_registry_faults),
        TEST(test_no_skopeo),
        TEST(test_corrupt_layer),
        TEST(test_bad_images),
        TEST(test_cancelled),
        TEST(test_archives),
        TEST(test_names_over_the_bound),
        TEST(test_layers_without_an_image),
        TEST(test_lost_layer),
        TEST(test_after_a_crash),
        TEST(test_pull_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
