/* Takes layers of images apart. See layer.h; the form of layers is that of the OCI image
 * specification, "layer.md". */
#include "pods/images/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "artifacts/libarchive.h"
#include "base/arena.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/str.h"

enum { COPY_BYTES = 1 << 16, MODE_BITS = 07777 };

#define WHITEOUT ".wh."
#define OPAQUE   ".wh..wh..opq"

struct unpack {
    const struct libarchive *lib;
    struct archive *archive;
    struct archive_entry *entry; /* the one at hand */
    const char *name;            /* its name as given, for errors */
    int to;
    const int *below;
    size_t below_count;
    char parent[4096]; /* the folder that is open: entries of a folder follow each other */
    int parent_fd;
    struct archive_ratio ratio;
    uint64_t entries, bytes;
    bool is_over; /* the archive ends with the last file's bytes */
    struct err *err;
};

static int fail_sys(struct unpack *u)
{
    return err_sys(u->err, errno, "unpack \"%s\"", u->name);
}

static int refuse(struct unpack *u, const char *why)
{
    return err_set(u->err, ERR_INVALID, "unpack \"%s\": %s", u->name, why);
}

/* ---- folders ---- */

/* Links lead where they lead in a root of their own. */
static int open_beneath(int root, const char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t) flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};

    return (int) syscall(SYS_openat2, root, path[0] ? path : ".", &how, sizeof(how));
}

/* A folder that this layer does not tell of looks like that of the nearest layer below. */
static void dress_folder(struct unpack *u, int dir, const char *path)
{
    struct stat st;

    for (size_t i = u->below_count; i > 0; i--) {
        int fd = open_beneath(u->below[i - 1], path, O_PATH | O_DIRECTORY);
        bool is_there = fd >= 0 && fstat(fd, &st) == 0;

        if (fd >= 0)
            close(fd);
        if (!is_there)
            continue;
        if (fchown(dir, st.st_uid, st.st_gid) == 0)
            (void) fchmod(dir, st.st_mode & MODE_BITS);
        return;
    }
}

/* Opens a folder, made with all above it; fd or -1 with errno. */
static int make_path(struct unpack *u, char *path)
{
    int at = open_beneath(u->to, path, O_RDONLY | O_DIRECTORY), above;
    char *slash;

    if (at >= 0 || errno != ENOENT || !path[0])
        return at;
    slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    above = make_path(u, slash ? path : (char[]){""});
    if (slash)
        *slash = '/';
    if (above < 0)
        return -1;
    if (mkdirat(above, slash ? slash + 1 : path, 0755) < 0 && errno != EEXIST) {
        close(above);
        return -1;
    }
    close(above);
    at = open_beneath(u->to, path, O_RDONLY | O_DIRECTORY);
    if (at >= 0)
        dress_folder(u, at, path);
    return at;
}

/* The folder of a clean name stays open; @ret_last is the name's last part. */
static int enter_parent(struct unpack *u, const char *name, const char **ret_last)
{
    const char *slash = strrchr(name, '/');
    size_t len = slash ? (size_t) (slash - name) : 0;

    *ret_last = slash ? slash + 1 : name;
    if (u->parent_fd >= 0 && strlen(u->parent) == len && memcmp(u->parent, name, len) == 0)
        return 0;
    if (u->parent_fd >= 0)
        close(u->parent_fd);
    if (len >= sizeof(u->parent)) {
        u->parent_fd = -1;
        errno = ENAMETOOLONG;
        return fail_sys(u);
    }
    memcpy(u->parent, name, len);
    u->parent[len] = '\0';
    u->parent_fd = make_path(u, u->parent);
    return u->parent_fd < 0 ? fail_sys(u) : 0;
}

/* Its folder may be another one now. */
static void leave_parent(struct unpack *u)
{
    if (u->parent_fd >= 0)
        close(u->parent_fd);
    u->parent_fd = -1;
}

/* ---- entries ---- */

static bool is_whiteout(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static int set_opaque(struct unpack *u, int dir)
{
    return fsetxattr(dir, geteuid() == 0 ? "trusted.overlay.opaque" : "user.overlay.opaque",
                     "y", 1, 0) < 0
               ? fail_sys(u)
               : 0;
}

static int own(struct unpack *u, int fd)
{
    mode_t mode = u->lib->archive_entry_perm(u->entry) & MODE_BITS;

    /* The mode comes last: a change of owners takes set-user bits away. */
    if (geteuid() == 0 && fchown(fd, (uid_t) u->lib->archive_entry_uid(u->entry),
                                 (gid_t) u->lib->archive_entry_gid(u->entry)) < 0)
        return fail_sys(u);
    return fchmod(fd, mode) < 0 ? fail_sys(u) : 0;
}

static int copy_out(struct unpack *u, int fd)
{
    int64_t left = u->lib->archive_entry_size(u->entry);
    char bytes[COPY_BYTES];
    ssize_t len = 0;

    while (left > 0 &&
           (len = u->lib->archive_read_data(
                u->archive, bytes, left < COPY_BYTES ? (size_t) left : sizeof(bytes))) > 0) {
        left -= len;
        u->bytes += (uint64_t) len;
        if (u->bytes >> 20 >= IMAGE_UNPACKED_MAX_MIB)
            return err_set(u->err, ERR_LIMIT, "unpack \"%s\": the layer is over %d MiB",
                           u->name, IMAGE_UNPACKED_MAX_MIB);
        if (archive_ratio_is_over(&u->ratio, u->bytes))
            return err_set(u->err, ERR_LIMIT,
                           "unpack \"%s\": the layer is over %d MiB, and %d times its size as "
                           "it came",
                           u->name, ARCHIVE_RATIO_FROM_MIB, ARCHIVE_RATIO_MAX);
        if (fd_write(fd, bytes, (size_t) len) < 0)
            return fail_sys(u);
    }
    if (left > 0)
        return refuse(u, len < 0 ? u->lib->archive_error_string(u->archive) : "it is cut off");
    /* Some builders leave out what fills up the last block. */
    u->is_over = u->lib->archive_read_data(u->archive, bytes, 1) < 0;
    return 0;
}

static int make_file(struct unpack *u, const char *last)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_OMIT}};
    int fd =
        openat(u->parent_fd, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int result;

    if (fd < 0)
        return fail_sys(u);
    result = copy_out(u, fd);
    if (result == 0)
        result = own(u, fd);
    if (u->lib->archive_entry_mtime_is_set(u->entry))
        times[1] = (struct timespec){.tv_sec = u->lib->archive_entry_mtime(u->entry)};
    if (result == 0 && futimens(fd, times) < 0)
        result = fail_sys(u);
    close(fd);
    return result;
}

/* Where a whiteout stood, the folder below it does not shine through. */
static int make_folder(struct unpack *u, const char *last, bool was_whiteout)
{
    int fd, result;

    if (mkdirat(u->parent_fd, last, 0755) < 0 && errno != EEXIST)
        return fail_sys(u);
    fd = openat(u->parent_fd, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail_sys(u);
    result = own(u, fd);
    if (result == 0 && was_whiteout)
        result = set_opaque(u, fd);
    close(fd);
    return result;
}

/* NULL: it leads out. Leading slashes and dots are taken off. */
static char *clean(struct arena *a, const char *given)
{
    struct str path = str_from(given), part;
    char *ret = arena_alloc(a, path.len + 1), *at = ret;

    while (str_cut(&path, '/', &part)) {
        if (str_is(part, ".."))
            return NULL;
        if (str_is_empty(part) || str_is(part, "."))
            continue;
        if (at > ret)
            *at++ = '/';
        memcpy(at, part.ptr, part.len);
        at += part.len;
    }
    *at = '\0';
    return ret;
}

/* A second name of a file of this layer. */
static int make_hard_link(struct unpack *u, struct arena *a, const char *last,
                          const char *given)
{
    const char *target = clean(a, given);
    char path[64];
    struct stat st;
    int fd, result;

    if (!target || !target[0])
        return refuse(u, "its hard link leads out of the layer");
    fd = open_beneath(u->to, target, O_PATH | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        return refuse(u, "its hard link leads to no file of the layer");
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    result = S_ISLNK(st.st_mode)
                 ? linkat(fd, "", u->parent_fd, last, AT_EMPTY_PATH)
                 : linkat(AT_FDCWD, path, u->parent_fd, last, AT_SYMLINK_FOLLOW);
    if (result < 0)
        fail_sys(u);
    close(fd);
    return result;
}

static int make_symlink(struct unpack *u, const char *last)
{
    const char *target = u->lib->archive_entry_symlink(u->entry);

    if (!target)
        target = u->lib->archive_entry_symlink_utf8(u->entry);
    if (!target || symlinkat(target, u->parent_fd, last) < 0)
        return target ? fail_sys(u) : refuse(u, "its link has no target");
    if (geteuid() == 0 &&
        fchownat(u->parent_fd, last, (uid_t) u->lib->archive_entry_uid(u->entry),
                 (gid_t) u->lib->archive_entry_gid(u->entry), AT_SYMLINK_NOFOLLOW) < 0)
        return fail_sys(u);
    return 0;
}

/* What stood there before in this layer goes away; a folder for a folder stays. */
static int make_room(struct unpack *u, const char *last, mode_t type, bool *ret_was_whiteout)
{
    struct stat st;

    *ret_was_whiteout = false;
    if (fstatat(u->parent_fd, last, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : fail_sys(u);
    *ret_was_whiteout = is_whiteout(&st);
    if (S_ISDIR(st.st_mode))
        return type == S_IFDIR ? 0 : refuse(u, "a folder of that name came before it");
    return unlinkat(u->parent_fd, last, 0) < 0 ? fail_sys(u) : 0;
}

static int make_entry(struct unpack *u, struct arena *a, const char *last)
{
    const char *hard = u->lib->archive_entry_hardlink(u->entry);
    mode_t type = u->lib->archive_entry_filetype(u->entry);
    bool was_whiteout;

    if (!hard)
        hard = u->lib->archive_entry_hardlink_utf8(u->entry);
    if (!hard && (type == S_IFCHR || type == S_IFBLK))
        return strcmp(u->parent, "dev") == 0 || strncmp(u->parent, "dev/", 4) == 0
                   ? 0
                   : refuse(u, "a device outside of dev/ is refused");
    if (make_room(u, last, hard ? S_IFREG : type, &was_whiteout) < 0)
        return -1;
    if (hard)
        return make_hard_link(u, a, last, hard);
    if (type == S_IFDIR)
        return make_folder(u, last, was_whiteout);
    if (type == S_IFREG)
        return make_file(u, last);
    if (type == S_IFLNK)
        return make_symlink(u, last);
    if (type == S_IFIFO)
        return mkfifoat(u->parent_fd, last, u->lib->archive_entry_perm(u->entry) & 0777) < 0
                   ? fail_sys(u)
                   : 0;
    return refuse(u, "it is of a kind that layers do not have");
}

/* ---- whiteouts ---- */

/* Of a layer below; what this layer has of that name stays. */
static int hide(struct unpack *u, const char *hidden)
{
    int fd, result;

    if (!hidden[0] || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
        return refuse(u, "a whiteout of nothing");
    if (mknodat(u->parent_fd, hidden, S_IFCHR, makedev(0, 0)) == 0)
        return 0;
    if (errno != EEXIST)
        return fail_sys(u);
    fd = openat(u->parent_fd, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return 0;
    result = set_opaque(u, fd);
    close(fd);
    return result;
}

static int take_whiteout(struct unpack *u, const char *last)
{
    if (strcmp(last, OPAQUE) == 0)
        return set_opaque(u, u->parent_fd);
    if (strncmp(last, WHITEOUT WHITEOUT, 2 * strlen(WHITEOUT)) == 0)
        return 0; /* notes of an old file system */
    return hide(u, last + strlen(WHITEOUT));
}

/* ---- all ---- */

static int take_entry(struct unpack *u, struct arena *a)
{
    const char *last;
    char *name;

    u->name = u->lib->archive_entry_pathname(u->entry);
    if (!u->name)
        u->name = u->lib->archive_entry_pathname_utf8(u->entry);
    name = u->name ? clean(a, u->name) : NULL;
    if (!name)
        return err_set(u->err, ERR_INVALID, "unpack: the entry \"%s\" leads out of the layer",
                       u->name ? u->name : "");
    if (++u->entries > IMAGE_ENTRIES_MAX)
        return err_set(u->err, ERR_LIMIT, "unpack: the layer has over %d files and folders",
                       IMAGE_ENTRIES_MAX);
    if (!name[0])
        return own(u, u->to);
    if (enter_parent(u, name, &last) < 0)
        return -1;
    if (strncmp(last, WHITEOUT, strlen(WHITEOUT)) == 0)
        return take_whiteout(u, last);
    if (u->lib->archive_entry_filetype(u->entry) == S_IFDIR ||
        u->lib->archive_entry_filetype(u->entry) == S_IFLNK) {
        int result = make_entry(u, a, last);

        leave_parent(u);
        return result;
    }
    return make_entry(u, a, last);
}

static int take_all(struct unpack *u)
{
    _cleanup_arena_ struct arena *a = arena_new();
    int code;

    while ((code = u->lib->archive_read_next_header(u->archive, &u->entry)) == ARCHIVE_OK ||
           code == ARCHIVE_WARN) {
        if (take_entry(u, a) < 0)
            return -1;
        if (u->is_over)
            return 0;
        arena_reset(a);
    }
    return code == ARCHIVE_EOF ? 0
                               : err_set(u->err, ERR_INVALID, "unpack: %s",
                                         u->lib->archive_error_string(u->archive));
}

int layer_unpack(int from, int to, const int *below, size_t below_count, uint64_t *ret_bytes,
                 struct err *err)
{
    struct unpack u = {.lib = libarchive_load(err),
                       .to = to,
                       .below = below,
                       .below_count = below_count,
                       .ratio = archive_ratio_of(from),
                       .parent_fd = -1,
                       .err = err};
    int result;

    if (!u.lib)
        return -1;
    u.archive = u.lib->archive_read_new();
    u.lib->archive_read_support_filter_gzip(u.archive);
    u.lib->archive_read_support_filter_zstd(u.archive);
    u.lib->archive_read_support_format_tar(u.archive);
    if (u.lib->archive_read_open_fd(u.archive, from, COPY_BYTES) == ARCHIVE_OK)
        result = take_all(&u);
    else
        result =
            err_set(err, ERR_INVALID, "unpack: %s", u.lib->archive_error_string(u.archive));
    u.lib->archive_read_free(u.archive);
    leave_parent(&u);
    *ret_bytes = u.bytes;
    return result;
}
