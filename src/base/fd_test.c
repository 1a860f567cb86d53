/* Tests of whole reads and writes: of what is there, and with calls that fail. */
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
#include "base/fault.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/tree.h"

struct world {
    char path[64];
    int dir;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    snprintf(w->path, sizeof(w->path), "/tmp/fd-test.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(w->dir >= 0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    fault_io_arm(NULL);
    close(w->dir);
    tree_remove(AT_FDCWD, w->path);
    free(w);
    return 0;
}

static int open_new(const struct world *w, const char *name)
{
    int fd = openat(w->dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    return fd;
}

static void check_file(const struct world *w, const char *name, const char *text)
{
    char bytes[256];
    int fd = openat(w->dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd_read(fd, bytes, sizeof(bytes));

    close(fd);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(bytes, text, (size_t) len);
}

#if WITH_FAULTS

/* A descriptor more would be one that leaks. */
static int next_fd(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    close(fd);
    return fd;
}

#endif

static void test_whole(void **state)
{
    struct world *w = *state;
    char bytes[16];
    int fd = open_new(w, "x");

    assert_int_equal(fd_write(fd, "0123456789", 10), 0);
    assert_int_equal(fd_write(fd, NULL, 0), 0);
    assert_int_equal(fd_pwrite(fd, "ab", 2, 4), 0);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 10);
    assert_int_equal(fd_pread(fd, bytes, sizeof(bytes), 3), 7);
    assert_memory_equal(bytes, "3ab6789", 7);
    assert_int_equal(fd_pread(fd, bytes, sizeof(bytes), 10), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(fd_read(fd, bytes, 4), 4);
    assert_memory_equal(bytes, "0123", 4);
    assert_int_equal(fd_read(fd, bytes, 16), 6);
    assert_memory_equal(bytes, "ab6789", 6);
    assert_int_equal(fd_read(fd, bytes, 16), 0);
    assert_int_equal(fd_read_some(fd, bytes, 16), 0);
    close(fd);
}

/* fd_read_some() takes what there is, fd_read() waits for the end. */
static void test_pipe(void **state)
{
    char bytes[16];
    int ends[2];

    (void) state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fd_write(ends[1], "abc", 3), 0);
    assert_int_equal(fd_read_some(ends[0], bytes, sizeof(bytes)), 3);
    assert_int_equal(fd_write(ends[1], "de", 2), 0);
    close(ends[1]);
    assert_int_equal(fd_read(ends[0], bytes, sizeof(bytes)), 2);
    assert_memory_equal(bytes, "de", 2);
    close(ends[0]);
}

static void test_file(void **state)
{
    struct world *w = *state;
    struct stat st;

    assert_int_equal(fd_write_file(w->dir, "x", O_EXCL | O_NOFOLLOW, 0640, "first", 5), 0);
    check_file(w, "x", "first");
    assert_int_equal(fstatat(w->dir, "x", &st, 0), 0);
    assert_int_equal(st.st_mode & 0777 & ~0027, 0640 & ~0027);
    assert_int_equal(fd_write_file(w->dir, "x", O_EXCL | O_NOFOLLOW, 0600, "again", 5), -1);
    assert_int_equal(errno, EEXIST);
    check_file(w, "x", "first");
    assert_int_equal(fd_write_file(w->dir, "x", O_TRUNC, 0600, "2", 1), 0);
    check_file(w, "x", "2");
    assert_int_equal(fd_write_file(w->dir, "empty", O_TRUNC, 0600, NULL, 0), 0);
    check_file(w, "empty", "");
    assert_int_equal(fd_write_file(w->dir, "no/x", O_TRUNC, 0600, "2", 1), -1);
    assert_int_equal(errno, ENOENT);
}

static void test_errors(void **state)
{
    char bytes[4];

    (void) state;
    assert_int_equal(fd_read(-1, bytes, 4), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(fd_read_some(-1, bytes, 4), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(fd_pread(-1, bytes, 4, 0), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(fd_write(-1, bytes, 4), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(fd_pwrite(-1, bytes, 4, 0), -1);
    assert_int_equal(errno, EBADF);
}

/* A disk without room: the kernel writes a part, then nothing. */
static void test_full(void **state)
{
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void) state;
    assert_true(fd >= 0);
    assert_int_equal(fd_write(fd, "x", 1), -1);
    assert_int_equal(errno, ENOSPC);
    close(fd);
}

#if WITH_FAULTS
static void test_interrupted(void **state)
{
    static const char *const faults[] = {"write:EINTR:1:5", "write:short:1:5", "write:EINTR:2",
                                         "write:short:2:9"};
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        int fd = open_new(w, "x");

        assert_int_equal(fault_io_arm(faults[i]), 0);
        assert_int_equal(fd_write(fd, "0123456789", 10), 0);
        assert_int_equal(fd_pwrite(fd, "abcd", 4, 2), 0);
        assert_true(fault_io_arm(NULL) > 0);
        close(fd);
        check_file(w, "x", "01abcd6789");
    }
}

static void test_interrupted_read(void **state)
{
    static const char *const faults[] = {"read:EINTR:1:5", "read:short:1:5", "read:EINTR:2",
                                         "read:short:2:9"};
    struct world *w = *state;
    char bytes[16];
    int fd = open_new(w, "x");

    assert_int_equal(fd_write(fd, "0123456789", 10), 0);
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(fault_io_arm(faults[i]), 0);
        memset(bytes, 0, sizeof(bytes));
        assert_int_equal(fd_read(fd, bytes, 16), 10);
        assert_memory_equal(bytes, "0123456789", 10);
        assert_true(fault_io_arm(NULL) > 0);
        assert_int_equal(fault_io_arm(faults[i]), 0);
        memset(bytes, 0, sizeof(bytes));
        assert_int_equal(fd_pread(fd, bytes, 8, 2), 8);
        assert_memory_equal(bytes, "23456789", 8);
        fault_io_arm(NULL);
    }
    assert_int_equal(fault_io_arm("read:EINTR:1:3"), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(fd_read_some(fd, bytes, 2), 2);
    assert_int_equal(fault_io_arm(NULL), 3);
    close(fd);
}

static void test_failing(void **state)
{
    static const struct {
        const char *what;
        int error;
    } faults[] = {{"write:ENOSPC:1", ENOSPC}, {"write:EIO:1", EIO}};
    struct world *w = *state;
    int before = next_fd();
    char bytes[4];

    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        assert_int_equal(fault_io_arm(faults[i].what), 0);
        assert_int_equal(fd_write_file(w->dir, "x", O_EXCL, 0600, "text", 4), -1);
        assert_int_equal(errno, faults[i].error);
        assert_int_equal(fault_io_arm(NULL), 1);
        assert_int_equal(faccessat(w->dir, "x", F_OK, 0), -1); /* a piece of it is none */
        assert_int_equal(next_fd(), before);
    }
    assert_int_equal(fault_io_arm("read:EIO:1:3"), 0);
    assert_int_equal(fd_read(w->dir, bytes, 4), -1);
    assert_int_equal(errno, EIO);
    assert_int_equal(fd_read_some(w->dir, bytes, 4), -1);
    assert_int_equal(errno, EIO);
    assert_int_equal(fault_io_arm(NULL), 2);
}

/* A half is written, then the disk is full: the file is not there. */
static void test_failing_later(void **state)
{
    struct world *w = *state;
    int fd = open_new(w, "part");

    assert_int_equal(fault_io_arm("write:short:1"), 0);
    assert_int_equal(fd_write(fd, "01234567", 8), 0);
    assert_int_equal(fault_io_arm("write:EIO:1"), 1);
    assert_int_equal(fd_write(fd, "01234567", 8), -1);
    assert_int_equal(errno, EIO);
    fault_io_arm(NULL);
    close(fd);
    check_file(w, "part", "01234567");
}

/* The copy of a tree when the kernel cannot do it: whole, or failed. */
static void test_tree(void **state)
{
    struct world *w = *state;
    char text[8192];
    int from = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

    assert_int_equal(fault_io_arm("read:EINTR:1:3"), 0);
    assert_int_equal(tree_copy(from, w->dir, "status"), 0);
    assert_int_equal(fault_io_arm(NULL), 3);
    assert_int_equal(lseek(from, 0, SEEK_SET), 0);
    assert_int_equal(fault_io_arm("write:short:1:2"), 0);
    assert_int_equal(tree_copy(from, w->dir, "again"), 0);
    assert_int_equal(fault_io_arm(NULL), 2);
    close(from);
    from = openat(w->dir, "again", O_RDONLY | O_CLOEXEC);
    assert_true(fd_read(from, text, sizeof(text)) > 100);
    close(from);
    from = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    assert_int_equal(fault_io_arm("write:ENOSPC:1"), 0);
    assert_int_equal(tree_copy(from, w->dir, "full"), -1);
    assert_int_equal(errno, ENOSPC);
    close(from);
}
#endif

static void test_choices(void **state)
{
    static const char *const bad[] = {"",           "write",         "write:EIO",
                                      "write:EIO:", "write:EIO:1:x", "write:E2BIG:1",
                                      "sync:EIO:1", "read:EIO:-1"};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (fault_io_arm(bad[i]) != -1)
            fail_msg("row %zu (%s) was taken", i, bad[i]);
    assert_int_equal(fault_io_arm("read:short:3:7"), 0);
    assert_int_equal(fault_io_arm(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pipe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full, set_up, tear_down),
#if WITH_FAULTS
        cmocka_unit_test_setup_teardown(test_interrupted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_interrupted_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tree, set_up, tear_down),
#endif
        cmocka_unit_test(test_choices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
