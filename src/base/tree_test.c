/* Tests of copying and removing trees: all kinds of entries, failures, nothing followed. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attrs.h"
#include "base/limits.h"
#include "base/tree.h"

struct world {
    char path[64];
    int dir;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    snprintf(w->path, sizeof(w->path), "/tmp/tree-test.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(w->dir >= 0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    close(w->dir);
    assert_int_equal(tree_remove(AT_FDCWD, w->path), 0);
    free(w);
    return 0;
}

static void put(int dir, const char *name, const char *text, mode_t mode)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void check_file(int dir, const char *name, const char *text, mode_t mode)
{
    char bytes[256] = "";
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_true(read(fd, bytes, sizeof(bytes) - 1) >= 0);
    assert_string_equal(bytes, text);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
    close(fd);
}

static int copy(int dir, const char *from, const char *to)
{
    int fd = openat(dir, from, O_RDONLY | O_CLOEXEC), result;

    assert_true(fd >= 0);
    result = tree_copy(fd, dir, to);
    close(fd);
    return result;
}

static void test_file(void **state)
{
    struct world *w = *state;
    struct stat st, copied;

    put(w->dir, "a", "hello", 0751);
    assert_int_equal(copy(w->dir, "a", "b"), 0);
    check_file(w->dir, "b", "hello", 0751);
    assert_int_equal(fstatat(w->dir, "a", &st, 0), 0);
    assert_int_equal(fstatat(w->dir, "b", &copied, 0), 0);
    assert_int_equal(st.st_mtim.tv_sec, copied.st_mtim.tv_sec);
    assert_int_not_equal(st.st_ino, copied.st_ino);
    assert_int_equal(copy(w->dir, "a", "b"), -1);
    assert_int_equal(errno, EEXIST);
}

static void test_large_file(void **state)
{
    struct world *w = *state;
    enum { BYTES = (1 << 20) + 7 };
    char *bytes = malloc(BYTES), *copied = malloc(BYTES + 1);
    int fd = openat(w->dir, "large", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (char) (i * 31 >> 3);
    assert_int_equal(write(fd, bytes, BYTES), BYTES);
    close(fd);
    assert_int_equal(copy(w->dir, "large", "copy"), 0);
    fd = openat(w->dir, "copy", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, copied, BYTES + 1), BYTES);
    assert_memory_equal(bytes, copied, BYTES);
    close(fd);
    free(bytes);
    free(copied);
}

/* A file of the kernel says that it is empty and is not. */
static void test_kernel_file(void **state)
{
    struct world *w = *state;
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    struct stat st;

    assert_int_equal(tree_copy(fd, w->dir, "status"), 0);
    close(fd);
    assert_int_equal(fstatat(w->dir, "status", &st, 0), 0);
    assert_true(st.st_size > 100);
}

static void test_folder(void **state)
{
    struct world *w = *state;
    char target[64] = "";
    struct stat st;

    mkdirat(w->dir, "from", 0750);
    mkdirat(w->dir, "from/sub", 0700);
    mkdirat(w->dir, "from/empty", 0711);
    put(w->dir, "from/one", "1", 0644);
    put(w->dir, "from/sub/two", "2", 0400);
    assert_int_equal(symlinkat("/etc/passwd", w->dir, "from/link"), 0);
    assert_int_equal(symlinkat("/nowhere", w->dir, "from/sub/broken"), 0);
    assert_int_equal(mkfifoat(w->dir, "from/pipe", 0600), 0);
    assert_int_equal(copy(w->dir, "from", "to"), 0);
    check_file(w->dir, "to/one", "1", 0644);
    check_file(w->dir, "to/sub/two", "2", 0400);
    assert_int_equal(readlinkat(w->dir, "to/link", target, sizeof(target) - 1), 11);
    assert_string_equal(target, "/etc/passwd");
    assert_int_equal(readlinkat(w->dir, "to/sub/broken", target, sizeof(target) - 1), 8);
    assert_int_equal(fstatat(w->dir, "to/pipe", &st, AT_SYMLINK_NOFOLLOW), -1);
    assert_int_equal(fstatat(w->dir, "to/empty", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0711);
    assert_int_equal(fstatat(w->dir, "to", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
}

/* Nested deeper than is allowed: an end, not a crash; what is there can still be removed. */
static void test_depth(void **state)
{
    struct world *w = *state;
    int at = w->dir, half = -1;

    for (int i = 0; i < TREE_DEPTH_MAX + 2; i++) {
        int next;

        assert_int_equal(mkdirat(at, "d", 0700), 0);
        next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (at != w->dir && at != half)
            close(at);
        at = next;
        if (i == TREE_DEPTH_MAX / 2)
            half = at;
    }
    close(at);
    assert_int_equal(copy(w->dir, "d", "copy"), -1);
    assert_int_equal(errno, EMLINK);
    assert_int_equal(tree_remove(w->dir, "d"), -1);
    assert_int_equal(tree_remove(w->dir, "copy"), 0);
    assert_int_equal(tree_remove(half, "d"), 0);
    close(half);
    assert_int_equal(tree_remove(w->dir, "d"), 0);
}

static void test_remove(void **state)
{
    struct world *w = *state;
    char outside[80];
    struct stat st;

    snprintf(outside, sizeof(outside), "%s/outside", w->path);
    mkdirat(w->dir, "outside", 0700);
    put(w->dir, "outside/kept", "x", 0600);
    mkdirat(w->dir, "gone", 0700);
    mkdirat(w->dir, "gone/closed", 0700);
    put(w->dir, "gone/closed/file", "x", 0000);
    assert_int_equal(fchmodat(w->dir, "gone/closed", 0500, 0), 0);
    assert_int_equal(symlinkat(outside, w->dir, "gone/way-out"), 0);
    assert_int_equal(tree_remove(w->dir, "gone"), 0);
    assert_int_equal(fstatat(w->dir, "gone", &st, 0), -1);
    check_file(w->dir, "outside/kept", "x", 0600);
    assert_int_equal(tree_remove(w->dir, "gone"), 0);
    assert_int_equal(tree_remove(w->dir, "outside/kept"), 0);
    assert_int_equal(fstatat(w->dir, "outside/kept", &st, 0), -1);
}

static void test_chmod(void **state)
{
    struct world *w = *state;
    struct stat st;

    put(w->dir, "outside", "x", 0640);
    mkdirat(w->dir, "folder", 0700);
    mkdirat(w->dir, "folder/sub", 0700);
    put(w->dir, "folder/sub/file", "x", 0600);
    assert_int_equal(symlinkat("../../outside", w->dir, "folder/sub/link"), 0);
    assert_int_equal(tree_chmod(w->dir, "folder", 0755), 0);
    check_file(w->dir, "folder/sub/file", "x", 0755);
    assert_int_equal(fstatat(w->dir, "folder/sub", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    check_file(w->dir, "outside", "x", 0640);
    assert_int_equal(tree_chmod(w->dir, "outside", 0600), 0);
    check_file(w->dir, "outside", "x", 0600);
    assert_int_equal(tree_chmod(w->dir, "nothing", 0600), -1);
    assert_int_equal(errno, ENOENT);
}

static void check_shared(const struct world *w, const char *name, gid_t gid, mode_t mode)
{
    struct stat st;

    assert_int_equal(fstatat(w->dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(st.st_gid, gid);
    if (!S_ISLNK(st.st_mode) && (st.st_mode & 07777) != mode)
        fail_msg("%s: mode %o", name, st.st_mode & 07777);
}

/* To our own group, or as root to any. */
static void test_share(void **state)
{
    struct world *w = *state;
    gid_t gid = geteuid() == 0 ? 4321 : getegid();
    struct stat st;

    put(w->dir, "outside", "x", 0600);
    mkdirat(w->dir, "folder", 0700);
    mkdirat(w->dir, "folder/sub", 0500);
    assert_int_equal(fchmodat(w->dir, "folder/sub", 0700, 0), 0);
    put(w->dir, "folder/sub/file", "x", 0400);
    assert_int_equal(symlinkat("../../outside", w->dir, "folder/sub/link"), 0);
    assert_int_equal(tree_share(w->dir, "folder", gid, true), 0);
    check_shared(w, "folder", gid, 02750);
    check_shared(w, "folder/sub", gid, 02750);
    check_shared(w, "folder/sub/file", gid, 0440);
    check_shared(w, "folder/sub/link", gid, 0);
    assert_int_equal(tree_share(w->dir, "folder", gid, false), 0);
    check_shared(w, "folder/sub", gid, 02770);
    check_shared(w, "folder/sub/file", gid, 0660);
    assert_int_equal(fstatat(w->dir, "outside", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_gid, getegid());
    assert_int_equal(tree_share(w->dir, "nothing", gid, false), -1);
    assert_int_equal(errno, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_large_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kernel_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_depth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_remove, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_chmod, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_share, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
