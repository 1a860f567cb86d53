/*
 * Tests of layers: what overlayfs needs of whiteouts, owners and links; layers that want to
 * leave their folder, hold devices, are torn, or meet a full disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/tree.h"
#include "pods/images/layer.h"
#include "pods/images/tar_test.h"

struct world {
    char path[64];
    int to, below[2];
    struct strbuf tar;
    uint64_t bytes;
    struct err err;
};

static int open_folder(struct world *w, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", w->path, name);
    assert_int_equal(mkdir(path, 0755), 0);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    snprintf(w->path, sizeof(w->path), "/tmp/layer-test.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->to = open_folder(w, "to");
    w->below[0] = open_folder(w, "below0");
    w->below[1] = open_folder(w, "below1");
    strbuf_init(&w->tar, TAR_TEST_MAX_BYTES);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    close(w->to);
    close(w->below[0]);
    close(w->below[1]);
    strbuf_done(&w->tar);
    assert_int_equal(tree_remove(AT_FDCWD, w->path), 0);
    free(w);
    return 0;
}

/* What stands outside of the layer must be there untouched, and nothing else. */
static void check_outside(const struct world *w)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/outside", w->path);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access("/tmp/layer-test-outside", F_OK), -1);
}

static int unpack_file(struct world *w)
{
    char path[128];
    int fd, result;

    snprintf(path, sizeof(path), "%s/layer.tar", w->path);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, w->tar.ptr, w->tar.len), w->tar.len);
    lseek(fd, 0, SEEK_SET);
    result = layer_unpack(fd, w->to, w->below, 2, &w->bytes, &w->err);
    close(fd);
    check_outside(w);
    return result;
}

static int unpack(struct world *w, const struct tar_entry *entries, size_t count)
{
    strbuf_reset(&w->tar);
    for (size_t i = 0; i < count; i++)
        tar_add(&w->tar, &entries[i]);
    tar_end(&w->tar);
    return unpack_file(w);
}

#define UNPACK(w, ...)                                   \
    unpack((w), (const struct tar_entry[]){__VA_ARGS__}, \
           COUNT_OF(((const struct tar_entry[]){__VA_ARGS__})))

static void must(struct world *w, int result)
{
    if (result < 0)
        fail_msg("%s", w->err.text);
}

static struct stat look(struct world *w, const char *name)
{
    struct stat st;

    if (fstatat(w->to, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        fail_msg("no %s", name);
    return st;
}

static void check_text(struct world *w, const char *name, const char *want)
{
    char text[256] = "";
    int fd = openat(w->to, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        fail_msg("no %s", name);
    assert_true(read(fd, text, sizeof(text) - 1) >= 0);
    assert_string_equal(text, want);
    close(fd);
}

static bool is_whiteout(struct world *w, const char *name)
{
    struct stat st = look(w, name);

    return S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0);
}

static bool is_opaque(struct world *w, const char *name)
{
    char value[4] = "";
    int fd = openat(w->to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ret =
        fgetxattr(fd, "trusted.overlay.opaque", value, sizeof(value)) == 1 && value[0] == 'y';

    close(fd);
    return ret;
}

static void need_root(void)
{
    if (geteuid() != 0)
        skip();
}

/* ---- what is in a layer ---- */

static void test_kinds(void **state)
{
    struct world *w = *state;
    char target[16] = "";

    need_root();
    must(w, UNPACK(w, {.name = "./", .type = '5', .mode = 0711},
                   {.name = "bin/", .type = '5', .mode = 0750, .uid = 3, .gid = 4},
                   {.name = "bin/sh", .type = '0', .text = "#!", .mode = 04755, .uid = 5},
                   {.name = "bin/ash", .type = '1', .target = "bin/sh"},
                   {.name = "lib", .type = '2', .target = "/usr/lib", .uid = 9},
                   {.name = "pipe", .type = '6'}, {.name = "/abs", .type = '0', .text = "a"}));
    assert_int_equal(look(w, ".").st_mode & 07777, 0711);
    assert_int_equal(look(w, "bin").st_mode & 07777, 0750);
    assert_int_equal(look(w, "bin").st_uid, 3);
    assert_int_equal(look(w, "bin").st_gid, 4);
    assert_int_equal(look(w, "bin/sh").st_mode & 07777, 04755); /* not lost by the chown */
    assert_int_equal(look(w, "bin/sh").st_uid, 5);
    assert_int_equal(look(w, "bin/sh").st_mtime, 1000000000);
    assert_int_equal(look(w, "bin/ash").st_ino, look(w, "bin/sh").st_ino);
    assert_int_equal(readlinkat(w->to, "lib", target, sizeof(target)), 8);
    assert_int_equal(look(w, "lib").st_uid, 9);
    assert_true(S_ISFIFO(look(w, "pipe").st_mode));
    check_text(w, "abs", "a");
    assert_int_equal(w->bytes, 3);
}

static void test_later_counts(void **state)
{
    struct world *w = *state;

    must(w, UNPACK(w, {.name = "a", .type = '0', .text = "first"},
                   {.name = "a", .type = '0', .text = "second"}, {.name = "b", .type = '5'},
                   {.name = "b/x", .type = '0', .text = "x"}, {.name = "b", .type = '5'}));
    check_text(w, "a", "second");
    check_text(w, "b/x", "x");
    assert_int_equal(UNPACK(w, {.name = "b", .type = '0', .text = "x"}), -1);
    assert_string_equal(w->err.text, "unpack \"b\": a folder of that name came before it");
}

static void test_whiteouts(void **state)
{
    struct world *w = *state;

    need_root();
    must(w,
         UNPACK(w, {.name = ".wh.gone", .type = '0'}, {.name = "d/", .type = '5'},
                {.name = "d/.wh..wh..opq", .type = '0'},
                {.name = "d/new", .type = '0', .text = "n"},
                {.name = ".wh..wh.plnk", .type = '5'},
                /* one that comes back as a folder hides what was below */
                {.name = ".wh.back", .type = '0'}, {.name = "back/", .type = '5'},
                {.name = "again/", .type = '5'}, {.name = ".wh.again", .type = '0'},
                {.name = ".wh.file", .type = '0'}, {.name = "file", .type = '0', .text = "f"},
                {.name = "kept", .type = '0', .text = "k"}, {.name = ".wh.kept", .type = '0'}));
    assert_true(is_whiteout(w, "gone"));
    assert_true(is_opaque(w, "d"));
    check_text(w, "d/new", "n");
    assert_true(is_opaque(w, "back"));
    assert_true(is_opaque(w, "again"));
    check_text(w, "file", "f");
    check_text(w, "kept", "k");
    assert_int_equal(faccessat(w->to, ".wh..wh.plnk", F_OK, 0), -1);
}

static void test_parents(void **state)
{
    struct world *w = *state;

    need_root();
    assert_int_equal(mkdirat(w->below[0], "tmp", 0755), 0);
    assert_int_equal(fchmodat(w->below[0], "tmp", 01777, 0), 0);
    assert_int_equal(fchownat(w->below[0], "tmp", 8, 9, 0), 0);
    assert_int_equal(mkdirat(w->below[0], "both", 0700), 0);
    assert_int_equal(mkdirat(w->below[1], "both", 0701), 0);
    must(w, UNPACK(w, {.name = "tmp/x", .type = '0', .text = "x"},
                   {.name = "both/y", .type = '0'}, {.name = "n/e/w", .type = '0'}));
    assert_int_equal(look(w, "tmp").st_mode & 07777, 01777);
    assert_int_equal(look(w, "tmp").st_uid, 8);
    assert_int_equal(look(w, "tmp").st_gid, 9);
    assert_int_equal(look(w, "both").st_mode & 07777, 0701); /* the nearest one */
    assert_int_equal(look(w, "n/e").st_mode & 07777, 0755);
}

/* A link in the layer leads where it leads in the layer's root. */
static void test_links_are_kept_inside(void **state)
{
    struct world *w = *state;

    must(w,
         UNPACK(w, {.name = "usr/", .type = '5'}, {.name = "lib", .type = '2', .target = "usr"},
                {.name = "lib/a", .type = '0', .text = "a"},
                {.name = "up", .type = '2', .target = "../../../../../.."},
                {.name = "up/outside", .type = '0', .text = "b"},
                {.name = "root", .type = '2', .target = "/"},
                {.name = "root/tmp/layer-test-outside", .type = '0', .text = "c"},
                {.name = "passwd", .type = '2', .target = "/etc/passwd"},
                {.name = "passwd", .type = '0', .text = "mine"}));
    check_text(w, "usr/a", "a");
    check_text(w, "outside", "b");
    check_text(w, "tmp/layer-test-outside", "c");
    check_text(w, "passwd", "mine");
    assert_true(S_ISREG(look(w, "passwd").st_mode));
}

/* ---- what is refused ---- */

static void test_refused(void **state)
{
    struct world *w = *state;
    const struct {
        struct tar_entry entry;
        const char *why;
    } rows[] = {
        {{.name = "../outside", .type = '0', .text = "x"},
         "unpack: the entry \"../outside\" leads out of the layer"},
        {{.name = "a/../../outside", .type = '0', .text = "x"},
         "unpack: the entry \"a/../../outside\" leads out of the layer"},
        {{.name = "/../outside", .type = '5'},
         "unpack: the entry \"/../outside\" leads out of the layer"},
        {{.name = "h", .type = '1', .target = "../../etc/passwd"},
         "unpack \"h\": its hard link leads out of the layer"},
        {{.name = "h", .type = '1', .target = "none"},
         "unpack \"h\": its hard link leads to no file of the layer"},
        {{.name = "h", .type = '1', .target = "/etc/passwd"},
         "unpack \"h\": its hard link leads to no file of the layer"},
        {{.name = "null", .type = '3'}, "unpack \"null\": a device outside of dev/ is refused"},
        {{.name = "mnt/disk", .type = '4'},
         "unpack \"mnt/disk\": a device outside of dev/ is refused"},
        {{.name = "a/.wh..", .type = '0'}, "unpack \"a/.wh..\": a whiteout of nothing"},
        {{.name = "a/.wh...", .type = '0'}, "unpack \"a/.wh...\": a whiteout of nothing"},
        {{.name = "a/.wh.", .type = '0'}, "unpack \"a/.wh.\": a whiteout of nothing"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (unpack(w, &rows[i].entry, 1) == 0)
            fail_msg("row %zu is taken", i);
        assert_string_equal(w->err.text, rows[i].why);
        assert_int_equal(w->err.kind, ERR_INVALID);
    }
}

static void test_devices_of_dev(void **state)
{
    struct world *w = *state;

    must(w, UNPACK(w, {.name = "dev/", .type = '5'}, {.name = "dev/null", .type = '3'},
                   {.name = "./dev/x/disk", .type = '4'}, {.name = "after", .type = '0'}));
    assert_int_equal(faccessat(w->to, "dev/null", F_OK, 0), -1);
    assert_int_equal(faccessat(w->to, "after", F_OK, 0), 0);
}

static void test_torn(void **state)
{
    struct world *w = *state;

    strbuf_reset(&w->tar);
    tar_add(&w->tar, &(struct tar_entry){.name = "a", .type = '0', .text = "text"});
    w->tar.len = TAR_BLOCK + 2;
    assert_int_equal(unpack_file(w), -1);
    assert_non_null(strstr(w->err.text, "runcated"));
    strbuf_reset(&w->tar);
    strbuf_addz(&w->tar, "this is no archive at all, whatever its name says");
    assert_int_equal(unpack_file(w), -1);
    assert_int_equal(w->err.kind, ERR_INVALID);
}

/* As umoci leaves them: the last block is not filled up, nothing comes behind. */
static void test_without_an_end(void **state)
{
    struct world *w = *state;

    strbuf_reset(&w->tar);
    tar_add(&w->tar, &(struct tar_entry){.name = "a", .type = '0', .text = "text"});
    w->tar.len = TAR_BLOCK + 4;
    must(w, unpack_file(w));
    check_text(w, "a", "text");
}

/* An empty layer is one. */
static void test_empty(void **state)
{
    struct world *w = *state;

    strbuf_reset(&w->tar);
    tar_end(&w->tar);
    must(w, unpack_file(w));
    assert_int_equal(w->bytes, 0);
}

/* ---- a full disk ---- */

/* In a child with mounts of its own, on a file system of 64 kB. */
static void test_full_disk(void **state)
{
    struct world *w = *state;
    char *text = malloc(1 << 20), small[128];
    pid_t child;
    int status = 0;

    need_root();
    memset(text, 'x', (1 << 20) - 1);
    text[(1 << 20) - 1] = '\0';
    snprintf(small, sizeof(small), "%s/to", w->path);
    child = _Fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("none", small, "tmpfs", 0, "size=64k") < 0)
            _exit(77);
        w->to = open(small, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (UNPACK(w, {.name = "big", .type = '0', .text = text}) == 0)
            _exit(1);
        _exit(strcmp(w->err.text, "unpack \"big\": No space left on device") == 0 &&
                      w->err.kind == ERR_IO
                  ? 0
                  : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    free(text);
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_kinds),
        TEST(test_later_counts),
        TEST(test_whiteouts),
        TEST(test_parents),
        TEST(test_links_are_kept_inside),
        TEST(test_refused),
        TEST(test_devices_of_dev),
        TEST(test_torn),
        TEST(test_without_an_end),
        TEST(test_empty),
        TEST(test_full_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
