/* artifacts/pack.c - from files to archives. See pack.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "artifacts/libarchive.h"
#include "artifacts/pack.h"
#include "base/fd.h"
#include "base/limits.h"

enum { PACK_BYTES = 1 << 16, NAME_BYTES = 2 * PATH_MAX };

struct pack {
    const struct libarchive *lib;
    struct archive *archive;
    char name[NAME_BYTES]; /* of the entry that is packed */
    size_t len;
    struct err *err;
};

static int fail(struct pack *p)
{
    const char *text = p->lib->archive_error_string(p->archive);

    return err_set(p->err, ERR_IO, "pack \"%s\": %s", p->name, text ? text : "unknown error");
}

static int fail_sys(struct pack *p)
{
    return err_sys(p->err, errno, "pack \"%s\"", p->name);
}

/* Adds to the name; more than fits is refused. */
static int push_name(struct pack *p, const char *first, struct str rest)
{
    int len =
        snprintf(p->name + p->len, NAME_BYTES - p->len, "%s" STR_FMT, first, STR_ARG(rest));

    if (len < 0 || (size_t) len >= NAME_BYTES - p->len)
        return err_set(p->err, ERR_LIMIT, "pack: a name of more than %d bytes", NAME_BYTES);
    p->len += (size_t) len;
    return 0;
}

static void cut_name(struct pack *p, size_t len)
{
    p->len = len;
    p->name[len] = '\0';
}

static int add_header(struct pack *p, const struct stat *st, const char *link)
{
    struct archive_entry *entry = p->lib->archive_entry_new();
    int result;

    p->lib->archive_entry_set_pathname(entry, p->name);
    p->lib->archive_entry_set_filetype(entry, (unsigned) (st->st_mode & S_IFMT));
    p->lib->archive_entry_set_perm(entry, st->st_mode & 0777);
    p->lib->archive_entry_set_mtime(entry, st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
    p->lib->archive_entry_set_size(entry, S_ISREG(st->st_mode) ? st->st_size : 0);
    if (link)
        p->lib->archive_entry_set_symlink(entry, link);
    result = p->lib->archive_write_header(p->archive, entry);
    p->lib->archive_entry_free(entry);
    return result < ARCHIVE_WARN ? fail(p) : 0;
}

/* As many bytes as the header says, also of a file that changes meanwhile. */
static int add_bytes(struct pack *p, int fd, int64_t size)
{
    char bytes[PACK_BYTES];

    while (size > 0) {
        ssize_t len =
            fd_read(fd, bytes, size < PACK_BYTES ? (size_t) size : (size_t) PACK_BYTES);

        if (len < 0)
            return fail_sys(p);
        if (len == 0)
            return err_set(p->err, ERR_IO, "pack \"%s\": the file became shorter", p->name);
        if (p->lib->archive_write_data(p->archive, bytes, (size_t) len) != len)
            return fail(p);
        size -= len;
    }
    return 0;
}

static int add_link(struct pack *p, int dir, const char *name, const struct stat *st)
{
    char target[PATH_MAX];
    ssize_t len = readlinkat(dir, name, target, sizeof(target) - 1);

    if (len < 0)
        return fail_sys(p);
    target[len] = '\0';
    return add_header(p, st, target);
}

static int add_any(struct pack *p, int dir, const char *name, unsigned depth);

static int add_entries(struct pack *p, int fd, unsigned depth)
{
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
    DIR *list = own >= 0 ? fdopendir(own) : NULL;
    struct dirent *entry;

    if (!list)
        return fail_sys(p);
    while (result == 0 && (entry = readdir(list))) {
        size_t len = p->len;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        result = push_name(p, "/", str_from(entry->d_name));
        if (result == 0)
            result = add_any(p, fd, entry->d_name, depth + 1);
        cut_name(p, len);
    }
    closedir(list);
    return result;
}

static int add_open(struct pack *p, int fd, const struct stat *st, unsigned depth)
{
    size_t len = p->len;

    if (S_ISREG(st->st_mode))
        return add_header(p, st, NULL) < 0 ? -1 : add_bytes(p, fd, st->st_size);
    if (depth > TREE_DEPTH_MAX)
        return err_set(p->err, ERR_LIMIT, "pack: folders more than %d levels deep",
                       TREE_DEPTH_MAX);
    if (push_name(p, "/", STR("")) < 0 || add_header(p, st, NULL) < 0)
        return -1;
    cut_name(p, len);
    return add_entries(p, fd, depth);
}

static int add_any(struct pack *p, int dir, const char *name, unsigned depth)
{
    struct stat st;
    int fd, result;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_sys(p);
    if (S_ISLNK(st.st_mode))
        return add_link(p, dir, name, &st);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return 0;
    fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        result = fail_sys(p);
    else
        result = add_open(p, fd, &st, depth);
    if (fd >= 0)
        close(fd);
    return result;
}

static int open_archive(struct pack *p, const struct archive_how *how, int to)
{
    char text[16];

    if (how->form == ARCHIVE_ZIP) {
        p->lib->archive_write_set_format_zip(p->archive);
    } else {
        p->lib->archive_write_add_filter_gzip(p->archive);
        p->lib->archive_write_set_format_pax_restricted(p->archive);
        /* Neither the time of packing nor anything else that differs from run to run. */
        p->lib->archive_write_set_filter_option(p->archive, "gzip", "timestamp", NULL);
        snprintf(text, sizeof(text), "%d", how->level);
        if (how->level != ARCHIVE_LEVEL_DEFAULT)
            p->lib->archive_write_set_filter_option(p->archive, "gzip", "compression-level",
                                                    text);
    }
    return p->lib->archive_write_open_fd(p->archive, to) == ARCHIVE_OK ? 0 : fail(p);
}

int archive_pack(int dir, const char *name, const struct archive_how *how, int to,
                 struct err *err)
{
    struct pack p = {.lib = libarchive_load(err), .err = err};
    int result;

    if (!p.lib)
        return -1;
    p.archive = p.lib->archive_write_new();
    result = push_name(&p, "", how->shown);
    if (result == 0)
        result = open_archive(&p, how, to);
    if (result == 0)
        result = add_any(&p, dir, name, 0);
    if (result == 0 && p.lib->archive_write_close(p.archive) != ARCHIVE_OK)
        result = fail(&p);
    p.lib->archive_write_free(p.archive);
    return result;
}
