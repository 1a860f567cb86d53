/*
 * Tests of packing and unpacking: what goes in comes out; archives that want to leave their
 * folder, that are torn or hold what no artifact may.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "artifacts/pack.h"
#include "base/attrs.h"
#include "base/tree.h"

struct world {
    char path[64];
    int dir;
    struct err err;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    snprintf(w->path, sizeof(w->path), "/tmp/pack-test.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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

static void put(struct world *w, const char *name, const char *text, mode_t mode)
{
    int fd = openat(w->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void check_file(struct world *w, const char *name, const char *text, mode_t mode)
{
    char bytes[256] = "";
    struct stat st;
    int fd = openat(w->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        fail_msg("no %s", name);
    assert_true(read(fd, bytes, sizeof(bytes) - 1) >= 0);
    assert_string_equal(bytes, text);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
    close(fd);
}

static bool is_there(struct world *w, const char *name)
{
    struct stat st;

    return fstatat(w->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int pack(struct world *w, const char *name, const char *shown, enum archive_form form)
{
    int fd = openat(w->dir, "packed", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const struct archive_how how = {
        .form = form, .level = ARCHIVE_LEVEL_DEFAULT, .shown = str_from(shown)};
    int result = archive_pack(w->dir, name, &how, fd, &w->err);

    close(fd);
    return result;
}

static int unpack(struct world *w, enum archive_form form)
{
    int from = openat(w->dir, "packed", O_RDONLY | O_CLOEXEC), to, result;

    mkdirat(w->dir, "out", 0755);
    to = openat(w->dir, "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    result = archive_unpack(from, form, to, &w->err);
    close(from);
    close(to);
    return result;
}

static void make_tree(struct world *w)
{
    mkdirat(w->dir, "tree", 0755);
    mkdirat(w->dir, "tree/sub", 0750);
    mkdirat(w->dir, "tree/empty", 0711);
    put(w, "tree/one", "1", 0644);
    put(w, "tree/sub/two", "two words", 0755);
    put(w, "tree/none", "", 0600);
    assert_int_equal(symlinkat("sub/two", w->dir, "tree/link"), 0);
    assert_int_equal(mkfifoat(w->dir, "tree/pipe", 0600), 0);
}

static void check_tree(struct world *w)
{
    char target[32] = "";
    struct stat st;

    check_file(w, "out/shown/one", "1", 0644);
    check_file(w, "out/shown/sub/two", "two words", 0755);
    check_file(w, "out/shown/none", "", 0600);
    assert_true(readlinkat(w->dir, "out/shown/link", target, sizeof(target) - 1) == 7);
    assert_string_equal(target, "sub/two");
    assert_int_equal(fstatat(w->dir, "out/shown/empty", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0711);
    assert_false(is_there(w, "out/shown/pipe"));
}

static void test_round(void **state)
{
    static const enum archive_form forms[] = {ARCHIVE_TAR_GZ, ARCHIVE_ZIP};
    struct world *w = *state;

    make_tree(w);
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        int fd;

        assert_int_equal(pack(w, "tree", "shown", forms[i]), 0);
        fd = openat(w->dir, "packed", O_RDONLY | O_CLOEXEC);
        assert_int_equal(archive_is_tar_gz(fd), forms[i] == ARCHIVE_TAR_GZ);
        assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
        close(fd);
        assert_int_equal(unpack(w, forms[i]), 0);
        check_tree(w);
        assert_int_equal(tree_remove(w->dir, "out"), 0);
    }
}

static void test_one_file(void **state)
{
    struct world *w = *state;

    put(w, "0", "content", 0640);
    assert_int_equal(pack(w, "0", "hello.txt", ARCHIVE_TAR_GZ), 0);
    assert_int_equal(unpack(w, ARCHIVE_TAR_GZ), 0);
    check_file(w, "out/hello.txt", "content", 0640);
}

/* The same files make the same bytes, whenever they are packed. */
static void test_same_bytes(void **state)
{
    struct world *w = *state;
    char first[4096], second[4096];
    ssize_t len = 0;
    int fd;

    put(w, "a", "content", 0644);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pack(w, "a", "a", ARCHIVE_TAR_GZ), 0);
        fd = openat(w->dir, "packed", O_RDONLY | O_CLOEXEC);
        len = read(fd, i == 0 ? first : second, sizeof(first));
        close(fd);
        usleep(i == 0 ? 1100000 : 0);
    }
    assert_true(len > 20);
    assert_memory_equal(first, second, (size_t) len);
}

static void test_pack_refuses(void **state)
{
    struct world *w = *state;

    assert_int_equal(pack(w, "nothing", "x", ARCHIVE_TAR_GZ), -1);
    assert_int_equal(w->err.kind, ERR_NOT_FOUND);
    assert_string_equal(w->err.text, "pack \"x\": No such file or directory");
}

/* ---- archives made by hand ---- */

enum { BLOCK = 512 };

struct made {
    const char *name;
    char type; /* of ustar */
    const char *link, *text;
};

static void add_block(int fd, const struct made *m)
{
    char block[BLOCK] = "", body[BLOCK] = "";
    size_t len = m->text ? strlen(m->text) : 0;
    unsigned sum = 0;

    snprintf(block, 100, "%s", m->name);
    snprintf(block + 100, 8, "%07o", 0644);
    snprintf(block + 108, 8, "%07o", 0);
    snprintf(block + 116, 8, "%07o", 0);
    snprintf(block + 124, 12, "%011o", (unsigned) len);
    snprintf(block + 136, 12, "%011o", 0);
    memset(block + 148, ' ', 8);
    block[156] = m->type;
    snprintf(block + 157, 100, "%s", m->link ? m->link : "");
    memcpy(block + 257, "ustar\00000", 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char) block[i];
    snprintf(block + 148, 8, "%06o", sum);
    assert_int_equal(write(fd, block, BLOCK), BLOCK);
    memcpy(body, m->text ? m->text : "", len);
    if (len > 0)
        assert_int_equal(write(fd, body, BLOCK), BLOCK);
}

static void make_tar(struct world *w, const struct made *list, size_t count)
{
    static const char end[2 * BLOCK];
    int fd = openat(w->dir, "packed", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    for (size_t i = 0; i < count; i++)
        add_block(fd, &list[i]);
    assert_int_equal(write(fd, end, sizeof(end)), sizeof(end));
    close(fd);
}

/* What is refused, and in which words it begins. */
struct hostile {
    struct made entries[3];
    const char *error;
};

static void check_refused(struct world *w, const struct hostile *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t entries = 0;

        while (entries < 3 && cases[i].entries[entries].name)
            entries++;
        make_tar(w, cases[i].entries, entries);
        assert_int_equal(unpack(w, ARCHIVE_TAR_GZ), -1);
        if (strncmp(w->err.text, cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("%zu: %s", i, w->err.text);
        assert_false(is_there(w, "out-of-it"));
        assert_int_equal(tree_remove(w->dir, "out"), 0);
    }
}

/* CVE-2025-62156: names of an archive that led out of the folder were written there. */
static void test_CVE_2025_62156_names_that_lead_out(void **state)
{
    static const struct hostile cases[] = {
        {{{"../out-of-it", '0', NULL, "x"}},
         "unpack: the entry \"../out-of-it\" leads out of the artifact"},
        {{{"a/../../out-of-it", '0', NULL, "x"}},
         "unpack: the entry \"a/../../out-of-it\" leads out of the artifact"},
        {{{"a/..", '5', NULL, NULL}}, "unpack: the entry \"a/..\" leads out of the artifact"},
        {{{"/etc/evil", '0', NULL, "x"}},
         "unpack: the entry \"/etc/evil\" leads out of the artifact"},
    };
    static const enum archive_form forms[] = {ARCHIVE_TAR_GZ, ARCHIVE_ZIP};
    struct world *w = *state;

    check_refused(w, cases, COUNT_OF(cases));
    put(w, "0", "content", 0644);
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        assert_int_equal(pack(w, "0", "../out-of-it", forms[i]), 0);
        assert_int_equal(unpack(w, forms[i]), -1);
        assert_string_equal(w->err.text,
                            "unpack: the entry \"../out-of-it\" leads out of the artifact");
        assert_false(is_there(w, "out-of-it"));
        assert_int_equal(tree_remove(w->dir, "out"), 0);
    }
}

/* GO-2025-4223: names that lead nowhere by themselves, but through a link that came before. */
static void test_GO_2025_4223_links_that_lead_out(void **state)
{
    static const struct hostile cases[] = {
        {{{"way", '2', "..", NULL}, {"way/out-of-it", '0', NULL, "x"}},
         "unpack \"way/out-of-it\": Too many levels of symbolic links"},
        {{{"way", '2', "/tmp", NULL}, {"way/sub/out-of-it", '0', NULL, "x"}},
         "unpack \"way/sub/out-of-it\": Too many levels of symbolic links"},
        {{{"way", '2', "..", NULL}, {"way", '5', NULL, NULL}}, "unpack \"way\": File exists"},
        {{{"way", '2', "..", NULL},
          {"again", '2', "way", NULL},
          {"again/out-of-it", '0', NULL, "x"}},
         "unpack \"again/out-of-it\": Too many levels of symbolic links"},
        {{{"hard", '1', "../packed", NULL}},
         "unpack \"hard\": its link \"../packed\" leads out"},
        {{{"way", '2', "..", NULL}, {"hard", '1', "way/packed", NULL}},
         "unpack \"hard\": Too many levels of symbolic links"},
    };

    check_refused(*state, cases, COUNT_OF(cases));
}

static void test_neither_files_nor_folders(void **state)
{
    static const struct hostile cases[] = {
        {{{"device", '3', NULL, NULL}}, "unpack \"device\": neither file nor folder nor link"},
        {{{"pipe", '6', NULL, NULL}}, "unpack \"pipe\": neither file nor folder nor link"},
    };

    check_refused(*state, cases, COUNT_OF(cases));
}

/* A link is replaced by what comes later under its name, not followed. */
static void test_replaces(void **state)
{
    static const struct made list[] = {
        {"./name", '2', "../packed", NULL}, {"name", '0', NULL, "mine"},
        {"twice", '0', NULL, "first"},      {"twice", '0', NULL, "second"},
        {"other", '1', "twice", NULL},
    };
    struct world *w = *state;
    struct stat st;

    make_tar(w, list, COUNT_OF(list));
    assert_int_equal(unpack(w, ARCHIVE_TAR_GZ), 0);
    check_file(w, "out/name", "mine", 0644);
    check_file(w, "out/twice", "second", 0644);
    check_file(w, "out/other", "second", 0644);
    assert_int_equal(fstatat(w->dir, "packed", &st, 0), 0);
    assert_true(st.st_size > BLOCK);
}

/* Entries of several folders in turns, and at the top. */
static void test_folders_in_turns(void **state)
{
    const struct made list[] = {
        {"a/one", '0', NULL, "1"},    {"b/one", '0', NULL, "2"},   {"a/two", '0', NULL, "3"},
        {"top", '0', NULL, "4"},      {"a/c/one", '0', NULL, "5"}, {"ab/one", '0', NULL, "6"},
        {"a/one", '0', NULL, "last"}, {"a/b", '5', NULL, NULL},    {"a/b/one", '0', NULL, "7"},
        {"end", '0', NULL, "8"},
    };
    struct world *w = *state;

    make_tar(w, list, COUNT_OF(list));
    assert_int_equal(unpack(w, ARCHIVE_TAR_GZ), 0);
    check_file(w, "out/a/one", "last", 0644);
    check_file(w, "out/b/one", "2", 0644);
    check_file(w, "out/a/two", "3", 0644);
    check_file(w, "out/top", "4", 0644);
    check_file(w, "out/a/c/one", "5", 0644);
    check_file(w, "out/ab/one", "6", 0644);
    check_file(w, "out/a/b/one", "7", 0644);
    check_file(w, "out/end", "8", 0644);
}

static void test_closed_folder(void **state)
{
    struct world *w = *state;
    struct stat st;

    mkdirat(w->dir, "tree", 0755);
    mkdirat(w->dir, "tree/closed", 0755);
    put(w, "tree/closed/file", "x", 0444);
    assert_int_equal(fchmodat(w->dir, "tree/closed", 0500, 0), 0);
    assert_int_equal(pack(w, "tree", "tree", ARCHIVE_TAR_GZ), 0);
    assert_int_equal(unpack(w, ARCHIVE_TAR_GZ), 0);
    check_file(w, "out/tree/closed/file", "x", 0444);
    assert_int_equal(fstatat(w->dir, "out/tree/closed", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0500);
}

static void test_torn(void **state)
{
    struct world *w = *state;
    struct stat st;

    make_tree(w);
    assert_int_equal(pack(w, "tree", "shown", ARCHIVE_TAR_GZ), 0);
    assert_int_equal(fstatat(w->dir, "packed", &st, 0), 0);
    for (off_t len = 1; len < st.st_size - 8; len += 13) {
        int fd;

        assert_int_equal(pack(w, "tree", "shown", ARCHIVE_TAR_GZ), 0);
        fd = openat(w->dir, "packed", O_RDWR | O_CLOEXEC);
        assert_int_equal(ftruncate(fd, len), 0);
        close(fd);
        assert_int_equal(unpack(w, ARCHIVE_TAR_GZ), -1);
        assert_int_equal(w->err.kind, ERR_INVALID);
        assert_int_equal(tree_remove(w->dir, "out"), 0);
    }
}

/* ---- zips made by hand ---- */

enum { ZIP_OFFSET_NAME = 46, ZIP_OFFSET_NAME_LEN = 28, ZIP_OFFSET_MODE = 40 };

/* libarchive writes no devices: their kind is put into the list at the end. */
static void set_zip_mode(struct world *w, const char *name, unsigned mode)
{
    unsigned char *bytes = calloc(1, 1 << 16);
    int fd = openat(w->dir, "packed", O_RDWR | O_CLOEXEC);
    ssize_t len = read(fd, bytes, 1 << 16);
    unsigned found = 0;

    for (ssize_t i = 0; i + ZIP_OFFSET_NAME + 8 < len; i++) {
        unsigned char *at = bytes + i;

        if (memcmp(at, "PK\1\2", 4) != 0 || at[ZIP_OFFSET_NAME_LEN] != strlen(name) ||
            memcmp(at + ZIP_OFFSET_NAME, name, strlen(name)) != 0)
            continue;
        at[ZIP_OFFSET_MODE] = (unsigned char) mode;
        at[ZIP_OFFSET_MODE + 1] = (unsigned char) (mode >> 8);
        found++;
    }
    assert_int_equal(found, 1);
    assert_int_equal(pwrite(fd, bytes, (size_t) len, 0), len);
    close(fd);
    free(bytes);
}

static void add_zip_entry(const struct libarchive *lib, struct archive *zip,
                          const struct made *m)
{
    struct archive_entry *entry = lib->archive_entry_new();

    lib->archive_entry_set_pathname(entry, m->name);
    lib->archive_entry_set_perm(entry, 0644);
    lib->archive_entry_set_filetype(entry, m->type == '2'   ? S_IFLNK
                                           : m->type == '5' ? S_IFDIR
                                                            : S_IFREG);
    lib->archive_entry_set_size(entry, m->text ? (int64_t) strlen(m->text) : 0);
    if (m->link)
        lib->archive_entry_set_symlink(entry, m->link);
    assert_int_equal(lib->archive_write_header(zip, entry), ARCHIVE_OK);
    if (m->text)
        assert_int_equal(lib->archive_write_data(zip, m->text, strlen(m->text)),
                         strlen(m->text));
    lib->archive_entry_free(entry);
}

static void make_zip(struct world *w, const struct made *list, size_t count)
{
    int fd = openat(w->dir, "packed", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const struct libarchive *lib = libarchive_load(&w->err);
    struct archive *zip = lib->archive_write_new();

    lib->archive_write_set_format_zip(zip);
    assert_int_equal(lib->archive_write_open_fd(zip, fd), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++)
        add_zip_entry(lib, zip, &list[i]);
    lib->archive_write_free(zip);
    close(fd);
    for (size_t i = 0; i < count; i++)
        if (list[i].type == '3')
            set_zip_mode(w, list[i].name, S_IFCHR | 0644);
}

/* CVE-2025-62156 and GO-2025-4223 by way of zip. */
static void test_CVE_2025_62156_zips_that_lead_out(void **state)
{
    static const struct hostile cases[] = {
        {{{"a/../../out-of-it", '0', NULL, "x"}},
         "unpack: the entry \"a/../../out-of-it\" leads out of the artifact"},
        {{{"/etc/evil", '0', NULL, "x"}},
         "unpack: the entry \"/etc/evil\" leads out of the artifact"},
        {{{"way", '2', "..", NULL}, {"way/out-of-it", '0', NULL, "x"}},
         "unpack \"way/out-of-it\": Too many levels of symbolic links"},
        {{{"way", '2', "/tmp", NULL}, {"way/sub/out-of-it", '0', NULL, "x"}},
         "unpack \"way/sub/out-of-it\": Too many levels of symbolic links"},
        {{{"way", '2', "..", NULL},
          {"again", '2', "way", NULL},
          {"again/out-of-it", '0', NULL, "x"}},
         "unpack \"again/out-of-it\": Too many levels of symbolic links"},
        {{{"device", '3', NULL, NULL}}, "unpack \"device\": neither file nor folder nor link"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t entries = 0;

        while (entries < 3 && cases[i].entries[entries].name)
            entries++;
        make_zip(w, cases[i].entries, entries);
        if (unpack(w, ARCHIVE_ZIP) == 0)
            fail_msg("%zu is taken", i);
        if (strncmp(w->err.text, cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("%zu: %s", i, w->err.text);
        assert_false(is_there(w, "out-of-it"));
        assert_int_equal(tree_remove(w->dir, "out"), 0);
    }
}

/* ---- bombs ---- */

/* A file of so many zeros and four small ones, in a folder that is closed at the end. */
static void make_bomb(struct world *w, enum archive_form form, size_t zeros)
{
    static const char *const small[] = {"tree/a", "tree/b", "tree/c", "tree/d"};
    int fd;

    mkdirat(w->dir, "tree", 0755);
    fd = openat(w->dir, "tree/zeros", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(ftruncate(fd, (off_t) zeros), 0);
    close(fd);
    for (size_t i = 0; i < COUNT_OF(small); i++)
        put(w, small[i], "x", 0644);
    assert_int_equal(fchmodat(w->dir, "tree", 0500, 0), 0);
    assert_int_equal(pack(w, "tree", "tree", form), 0);
}

static int unpack_within(struct world *w, enum archive_form form,
                         const struct archive_bounds *given)
{
    struct archive_bounds bounds = *given;
    int from = openat(w->dir, "packed", O_RDONLY | O_CLOEXEC), to, result;

    bounds.ratio.packed_bytes = archive_ratio_of(from).packed_bytes;
    mkdirat(w->dir, "out", 0755);
    to = openat(w->dir, "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    result = archive_unpack_within(from, form, to, &bounds, &w->err);
    close(from);
    close(to);
    assert_int_equal(tree_remove(w->dir, "out"), 0);
    return result;
}

static void test_bombs(void **state)
{
    static const struct {
        struct archive_bounds bounds;
        const char *error; /* NULL: it is none */
    } cases[] = {
        {{10, 8 << 20, 4096, {0, 8 << 20, 2}}, NULL},
        {{10, 8 << 20, 4096, {0, 1 << 20, 2000}}, NULL},
        {{5, 8 << 20, 4096, {0, 8 << 20, 2}}, "unpack: more than 5 files and folders"},
        {{10, 2 << 20, 4096, {0, 8 << 20, 2}}, "unpack \"tree/zeros\": more than 2 MiB"},
        {{10, 8 << 20, 4096, {0, 1 << 20, 200}},
         "unpack \"tree/zeros\": more than 1 MiB, and 200 times the size of the archive"},
        {{10, 8 << 20, 4, {0, 8 << 20, 2}},
         "unpack \"tree\": the names of folders that their owner may not change are over 4 "
         "bytes"},
    };
    static const enum archive_form forms[] = {ARCHIVE_TAR_GZ, ARCHIVE_ZIP};
    struct world *w = *state;

    for (size_t f = 0; f < COUNT_OF(forms); f++) {
        make_bomb(w, forms[f], 3 << 20);
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            int result = unpack_within(w, forms[f], &cases[i].bounds);

            if ((result < 0) != (cases[i].error != NULL))
                fail_msg("%zu of form %zu: %d %s", i, f, result, w->err.text);
            if (result < 0 && strcmp(w->err.text, cases[i].error) != 0)
                fail_msg("%zu of form %zu: %s", i, f, w->err.text);
            if (result < 0)
                assert_int_equal(w->err.kind, ERR_LIMIT);
        }
        assert_int_equal(tree_remove(w->dir, "tree"), 0);
    }
}

static void test_ratio(void **state)
{
    static const struct {
        uint64_t packed, bytes;
        bool is_over;
    } cases[] = {
        {0, 0, false},
        {0, 4ULL << 30, false}, /* whatever is small */
        {0, (4ULL << 30) + 1, true},
        {1 << 20, (4ULL << 30) + 1, true},
        {64 << 20, 12ULL << 30, false},
        {64 << 20, 13ULL << 30, true},
        {UINT64_MAX, UINT64_MAX, false},
    };
    struct archive_ratio ratio = archive_ratio_of(-1);

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ratio.packed_bytes = cases[i].packed;
        if (archive_ratio_is_over(&ratio, cases[i].bytes) != cases[i].is_over)
            fail_msg("%zu", i);
    }
}

/* In a child with mounts of its own, on a file system of 64 kB. */
static void test_full_disk(void **state)
{
    static const enum archive_form forms[] = {ARCHIVE_TAR_GZ, ARCHIVE_ZIP};
    struct world *w = *state;
    char small[96];

    if (geteuid() != 0)
        skip();
    snprintf(small, sizeof(small), "%s/out", w->path);
    for (size_t f = 0; f < COUNT_OF(forms); f++) {
        int status = 0;
        pid_t child;

        make_bomb(w, forms[f], 1 << 20);
        mkdirat(w->dir, "out", 0755);
        child = _Fork();
        if (child == 0) {
            if (unshare(CLONE_NEWNS) < 0 ||
                mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
                mount("none", small, "tmpfs", 0, "size=64k") < 0)
                _exit(77);
            w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (unpack(w, forms[f]) == 0)
                _exit(1);
            _exit(w->err.kind == ERR_IO &&
                          strcmp(w->err.text, "unpack \"tree/zeros\": No space "
                                              "left on device") == 0
                      ? 0
                      : 2);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WEXITSTATUS(status) == 77)
            skip();
        assert_int_equal(status, 0);
        assert_int_equal(tree_remove(w->dir, "out"), 0);
        assert_int_equal(tree_remove(w->dir, "tree"), 0);
    }
}

static void test_is_tar_gz(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } not_any[] = {{"", 0},
                   {"\x1f", 1},
                   {"\x1f\x8b", 2},
                   {"hello there", 11},
                   {"\x1f\x8b\x08\0\0\0\0\0\0\0garbage that is none", 30}};
    static const unsigned char text[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
                                         0x03, 0x4b, 0x4c, 0x1c, 0x05, 0xa3, 0x80, 0xfa, 0x00,
                                         0x00, 0x2d, 0x6c, 0x70, 0xfa, 0x58, 0x02, 0x00, 0x00};
    struct world *w = *state;
    int fd;

    for (size_t i = 0; i < COUNT_OF(not_any); i++) {
        fd = openat(w->dir, "file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_int_equal(write(fd, not_any[i].bytes, not_any[i].len), not_any[i].len);
        assert_false(archive_is_tar_gz(fd));
        close(fd);
    }
    /* 600 times "a", packed by gzip alone. */
    fd = openat(w->dir, "file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
    assert_false(archive_is_tar_gz(fd));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_same_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pack_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_CVE_2025_62156_names_that_lead_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_GO_2025_4223_links_that_lead_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_CVE_2025_62156_zips_that_lead_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_bombs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ratio, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_neither_files_nor_folders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_replaces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folders_in_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_torn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_is_tar_gz, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
