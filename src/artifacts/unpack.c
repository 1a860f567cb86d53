/* artifacts/unpack.c - from archives to files that cannot leave their folder. See pack.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "artifacts/beneath.h"
#include "artifacts/libarchive.h"
#include "artifacts/pack.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/vec.h"

enum { UNPACK_BYTES = 1 << 16, TAR_HEADER_BYTES = 512, TAR_CHECKSUM_AT = 148 };

/* A folder whose own permissions come after its entries. */
struct late_mode {
    const char *name;
    mode_t mode;
};

struct unpack {
    const struct libarchive *lib;
    struct archive *archive;
    struct arena *arena; /* of the entry at hand */
    struct arena *kept;  /* names of @late */
    int to;
    char parent[4096]; /* the folder that is open: entries of a folder follow each other */
    int parent_fd;     /* -1: none */
    const struct archive_bounds *bounds;
    uint64_t entries, bytes;
    VEC(struct late_mode) late;
    struct err *err;
};

static int fail_sys(struct unpack *u, const char *name)
{
    return err_sys(u->err, errno, "unpack \"%s\"", name);
}

/* More bytes have come out. */
static int count_bytes(struct unpack *u, size_t len, const char *name)
{
    const struct archive_bounds *b = u->bounds;

    u->bytes += len;
    if (u->bytes > b->bytes)
        return err_set(u->err, ERR_LIMIT, "unpack \"%s\": more than %llu MiB", name,
                       (unsigned long long) (b->bytes >> 20));
    return archive_ratio_is_over(&b->ratio, u->bytes)
               ? err_set(u->err, ERR_LIMIT,
                         "unpack \"%s\": more than %llu MiB, and %llu times the size of the "
                         "archive",
                         name, (unsigned long long) (b->ratio.from_bytes >> 20),
                         (unsigned long long) b->ratio.max)
               : 0;
}

static int copy_out(struct unpack *u, int fd, const char *name)
{
    char bytes[UNPACK_BYTES];
    ssize_t len;

    while ((len = u->lib->archive_read_data(u->archive, bytes, sizeof(bytes))) > 0) {
        if (count_bytes(u, (size_t) len, name) < 0)
            return -1;
        if (fd_write(fd, bytes, (size_t) len) < 0)
            return fail_sys(u, name);
    }
    if (len == 0)
        return 0;
    return err_set(u->err, ERR_INVALID, "unpack \"%s\": %s", name,
                   u->lib->archive_error_string(u->archive));
}

/* The later of two of one name counts. */
static int open_new(int dir, const char *last)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(dir, last, flags, 0600);

    if (fd >= 0 || errno != EEXIST || unlinkat(dir, last, 0) < 0)
        return fd;
    return openat(dir, last, flags, 0600);
}

static int make_file(struct unpack *u, int dir, const char *last, struct archive_entry *entry,
                     const char *name)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_OMIT}};
    int fd = open_new(dir, last), result;

    if (fd < 0)
        return fail_sys(u, name);
    result = copy_out(u, fd, name);
    if (u->lib->archive_entry_mtime_is_set(entry))
        times[1] = (struct timespec){.tv_sec = u->lib->archive_entry_mtime(entry)};
    if (result == 0 &&
        (fchmod(fd, u->lib->archive_entry_perm(entry) & 0777) < 0 || futimens(fd, times) < 0))
        result = fail_sys(u, name);
    close(fd);
    return result;
}

/* Its permissions come when it is filled. */
static int close_later(struct unpack *u, const char *name, mode_t mode)
{
    struct late_mode late = {.name = str_cz(u->kept, str_from(name)), .mode = mode};

    if (arena_bytes(u->kept) > u->bounds->closed_bytes)
        return err_set(u->err, ERR_LIMIT,
                       "unpack \"%s\": the names of folders that their owner may not change "
                       "are over %llu bytes",
                       name, (unsigned long long) u->bounds->closed_bytes);
    VEC_APUSH(u->kept, &u->late, late);
    return 0;
}

static int make_folder(struct unpack *u, int dir, const char *last, mode_t mode,
                       const char *name)
{
    struct stat st;

    if (mkdirat(dir, last, mode | 0700) < 0 &&
        (errno != EEXIST || fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
         !S_ISDIR(st.st_mode)))
        return fail_sys(u, name);
    if (fchmodat(dir, last, mode | 0700, 0) < 0)
        return fail_sys(u, name);
    return (mode & 0700) != 0700 ? close_later(u, name, mode) : 0;
}

/* A second name of a file that came before. */
static int make_hard_link(struct unpack *u, int dir, const char *last, const char *target,
                          const char *name)
{
    const char *clean = beneath_clean(u->arena, str_from(target)), *from_last;
    int from, result;

    if (!clean || !clean[0])
        return err_set(u->err, ERR_INVALID, "unpack \"%s\": its link \"%s\" leads out", name,
                       target);
    from = beneath_parent(u->to, clean, &from_last);
    result = from >= 0 ? linkat(from, from_last, dir, last, 0) : -1;
    if (result < 0)
        fail_sys(u, name);
    if (from >= 0)
        close(from);
    return result;
}

static int make_entry(struct unpack *u, int dir, const char *last, struct archive_entry *entry,
                      const char *name)
{
    const char *hard = u->lib->archive_entry_hardlink(entry);
    mode_t type = u->lib->archive_entry_filetype(entry);

    if (type == S_IFREG && !hard)
        return make_file(u, dir, last, entry, name);
    if (type != S_IFDIR || hard)
        unlinkat(dir, last, 0);
    if (hard)
        return make_hard_link(u, dir, last, hard, name);
    if (type == S_IFDIR)
        return make_folder(u, dir, last, u->lib->archive_entry_perm(entry) & 0777, name);
    if (type != S_IFLNK)
        return err_set(u->err, ERR_INVALID,
                       "unpack \"%s\": neither file nor folder nor link: an artifact has no "
                       "devices, pipes and sockets",
                       name);
    return symlinkat(u->lib->archive_entry_symlink(entry), dir, last) < 0 ? fail_sys(u, name)
                                                                          : 0;
}

static void leave_parent(struct unpack *u)
{
    if (u->parent_fd >= 0)
        close(u->parent_fd);
    u->parent_fd = -1;
}

/* The folder of a clean name, which stays open: no entry takes a folder away. */
static int enter_parent(struct unpack *u, const char *name, const char **ret_last)
{
    const char *slash = strrchr(name, '/');
    size_t len = slash ? (size_t) (slash - name) : 0;

    *ret_last = slash ? slash + 1 : name;
    if (u->parent_fd >= 0 && strlen(u->parent) == len && memcmp(u->parent, name, len) == 0)
        return u->parent_fd;
    leave_parent(u);
    u->parent_fd = beneath_parent(u->to, name, ret_last);
    snprintf(u->parent, sizeof(u->parent), "%.*s", (int) len,
             len < sizeof(u->parent) ? name : "/"); /* which is the folder of no name */
    return u->parent_fd;
}

static int take_entry(struct unpack *u, struct archive_entry *entry)
{
    const char *given = u->lib->archive_entry_pathname(entry), *last;
    char *name = given ? beneath_clean(u->arena, str_from(given)) : NULL;
    int dir;

    if (!name)
        return err_set(u->err, ERR_INVALID,
                       "unpack: the entry \"%s\" leads out of the artifact",
                       given ? given : "");
    if (!name[0]) /* "./" */
        return 0;
    if (++u->entries > u->bounds->entries)
        return err_set(u->err, ERR_LIMIT, "unpack: more than %llu files and folders",
                       (unsigned long long) u->bounds->entries);
    dir = enter_parent(u, name, &last);
    return dir < 0 ? fail_sys(u, name) : make_entry(u, dir, last, entry, name);
}

static int take_all(struct unpack *u)
{
    struct archive_entry *entry;
    int code;

    while ((code = u->lib->archive_read_next_header(u->archive, &entry)) == ARCHIVE_OK ||
           code == ARCHIVE_WARN) {
        if (take_entry(u, entry) < 0)
            return -1;
        arena_reset(u->arena);
    }
    if (code != ARCHIVE_EOF)
        return err_set(u->err, ERR_INVALID, "unpack: %s",
                       u->lib->archive_error_string(u->archive));
    VEC_FOREACH (it, &u->late) {
        int fd = beneath_open(u->to, it->name, O_RDONLY | O_DIRECTORY);

        if (fd >= 0) {
            fchmod(fd, it->mode);
            close(fd);
        }
    }
    return 0;
}

int archive_unpack(int from, enum archive_form form, int to, struct err *err)
{
    const struct archive_bounds bounds = {
        .entries = ARTIFACT_ENTRIES_MAX,
        .bytes = (uint64_t) ARTIFACT_UNPACKED_MAX_MIB << 20,
        .closed_bytes = ARTIFACT_CLOSED_MAX_BYTES,
        .ratio = archive_ratio_of(from),
    };

    return archive_unpack_within(from, form, to, &bounds, err);
}

int archive_unpack_within(int from, enum archive_form form, int to,
                          const struct archive_bounds *bounds, struct err *err)
{
    struct unpack u = {
        .lib = libarchive_load(err), .to = to, .parent_fd = -1, .bounds = bounds, .err = err};
    int result;

    if (!u.lib)
        return -1;
    u.arena = arena_new();
    u.kept = arena_new();
    u.archive = u.lib->archive_read_new();
    if (form == ARCHIVE_ZIP) {
        u.lib->archive_read_support_format_zip(u.archive);
    } else {
        u.lib->archive_read_support_filter_gzip(u.archive);
        u.lib->archive_read_support_format_tar(u.archive);
    }
    if (u.lib->archive_read_open_fd(u.archive, from, UNPACK_BYTES) == ARCHIVE_OK)
        result = take_all(&u);
    else
        result =
            err_set(err, ERR_INVALID, "unpack: %s", u.lib->archive_error_string(u.archive));
    u.lib->archive_read_free(u.archive);
    leave_parent(&u);
    arena_free(u.arena);
    arena_free(u.kept);
    return result;
}

/* ---- is it one? ---- */

static unsigned octal(const char *text, size_t len)
{
    unsigned value = 0;

    for (size_t i = 0; i < len && text[i]; i++)
        if (text[i] >= '0' && text[i] <= '7')
            value = value * 8 + (unsigned) (text[i] - '0');
    return value;
}

/* The checksum counts its own eight bytes as blanks; two blocks of zeros are an empty tar. */
static bool is_tar_header(const unsigned char block[TAR_HEADER_BYTES])
{
    unsigned sum = 0, bits = 0;

    for (size_t i = 0; i < TAR_HEADER_BYTES; i++) {
        bits |= block[i];
        sum += i >= TAR_CHECKSUM_AT && i < TAR_CHECKSUM_AT + 8 ? ' ' : block[i];
    }
    return bits == 0 || octal((const char *) block + TAR_CHECKSUM_AT, 8) == sum;
}

/* The first bytes of what is packed by gzip. */
static bool inflate_header(int fd, unsigned char ret[TAR_HEADER_BYTES])
{
    struct err err;
    const struct libarchive *lib = libarchive_load(&err);
    struct archive *archive = lib ? lib->archive_read_new() : NULL;
    struct archive_entry *entry;
    bool is_read;

    if (!archive)
        return false;
    lib->archive_read_support_filter_gzip(archive);
    lib->archive_read_support_format_raw(archive);
    is_read = lib->archive_read_open_fd(archive, fd, UNPACK_BYTES) == ARCHIVE_OK &&
              lib->archive_read_next_header(archive, &entry) == ARCHIVE_OK &&
              lib->archive_read_data(archive, ret, TAR_HEADER_BYTES) == TAR_HEADER_BYTES;
    lib->archive_read_free(archive);
    return is_read;
}

bool archive_is_tar_gz(int fd)
{
    unsigned char magic[2], block[TAR_HEADER_BYTES];
    bool is_tar;

    if (fd_pread(fd, magic, sizeof(magic), 0) != sizeof(magic) || magic[0] != 0x1f ||
        magic[1] != 0x8b)
        return false;
    is_tar = lseek(fd, 0, SEEK_SET) == 0 && inflate_header(fd, block) && is_tar_header(block);
    lseek(fd, 0, SEEK_SET);
    return is_tar;
}
