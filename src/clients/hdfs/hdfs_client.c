/* See hdfs_client.h. */
#include "clients/hdfs/hdfs_client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "clients/hdfs/hdfs_way.h"

struct hdfs_client {
    struct hdfs_options options;
    const struct hdfs_way *by;
    void *way;
};

/* ---- life ---- */

static bool is_url(struct str address)
{
    return str_starts(address, STR("http://")) || str_starts(address, STR("https://"));
}

static int choose_way(struct hdfs_client *c, struct err *err)
{
    size_t urls = 0;

    for (size_t i = 0; i < c->options.address_count; i++)
        urls += is_url(c->options.addresses[i]);
    if (c->options.address_count == 0)
        return err_set(err, ERR_INVALID, "hdfs.addresses: one address at least is needed");
    if (urls != 0 && urls != c->options.address_count)
        return err_set(err, ERR_INVALID,
                       "hdfs.addresses: either all are HOST:PORT, or all http(s)://HOST:PORT");
    c->by = urls ? &hdfs_web : &hdfs_native;
    return 0;
}

struct hdfs_client *hdfs_client_new(const struct hdfs_options *options, struct err *err)
{
    struct hdfs_client *c = NEW(struct hdfs_client);

    c->options = *options;
    if (c->options.stall_ms == 0)
        c->options.stall_ms = HDFS_STALL_MS;
    if (c->options.pause_ms == 0)
        c->options.pause_ms = HDFS_PAUSE_MS;
    if (choose_way(c, err) == 0)
        c->way = c->by->open(&c->options, err);
    if (c->way)
        return c;
    free(c);
    return NULL;
}

void hdfs_client_free(struct hdfs_client *c)
{
    if (!c)
        return;
    c->by->close(c->way);
    free(c);
}

/* ---- names ---- */

static int check_path(struct str path, struct err *err)
{
    return str_starts(path, STR("/")) && !memchr(path.ptr, 0, path.len)
               ? 0
               : err_set(err, ERR_INVALID, "path \"" STR_FMT "\" must be absolute: /...",
                         STR_ARG(path));
}

int hdfs_stat(struct hdfs_client *c, struct arena *a, struct str path, struct hdfs_status *ret,
              bool *ret_is_there, struct err *err)
{
    return check_path(path, err) < 0 ? -1
                                     : c->by->stat(c->way, a, path, ret, ret_is_there, err);
}

int hdfs_list(struct hdfs_client *c, struct str path, hdfs_each_fn each, void *ctx,
              struct err *err)
{
    _cleanup_arena_ struct arena *page = arena_new(), *last = arena_new();
    struct str after = STR("");
    struct hdfs_listing listing;

    if (check_path(path, err) < 0)
        return -1;
    do {
        arena_reset(page);
        if (c->by->list(c->way, page, path, after, &listing, err) < 0)
            return -1;
        if (!listing.is_there)
            return err_set(err, ERR_NOT_FOUND, "there is no folder " STR_FMT, STR_ARG(path));
        VEC_FOREACH (entry, &listing.entries)
            if (each(ctx, page, entry, err) < 0)
                return -1;
        if (listing.entries.len > 0) {
            arena_reset(last);
            after = str_copy(last, listing.entries.at[listing.entries.len - 1].name);
        }
    } while (listing.remaining > 0 && listing.entries.len > 0);
    return 0;
}

int hdfs_delete(struct hdfs_client *c, struct arena *a, struct str path, struct err *err)
{
    if (check_path(path, err) < 0)
        return -1;
    while (str_ends(path, STR("/")))
        path.len--;
    return path.len == 0
               ? err_set(err, ERR_INVALID, "\"/\" is all of the file system: it is not deleted")
               : c->by->remove(c->way, a, path, err);
}

/* ---- reading ---- */

static int take_into(void *ctx, struct str bytes, struct err *err)
{
    return fd_write(*(int *) ctx, bytes.ptr, bytes.len) == 0
               ? 0
               : err_sys(err, errno, "write what came from HDFS");
}

int hdfs_get(struct hdfs_client *c, struct arena *a, struct str path, int to, struct err *err)
{
    return check_path(path, err) < 0 ? -1 : c->by->read(c->way, a, path, take_into, &to, err);
}

/* ---- writing ---- */

/* Does a file have the bytes of another? */
struct comparing {
    int fd;
    uint64_t at;
    bool differs;
};

static int take_compare(void *ctx, struct str bytes, struct err *err)
{
    struct comparing *c = ctx;
    char own[4096];

    while (bytes.len > 0) {
        size_t want = bytes.len < sizeof(own) ? bytes.len : sizeof(own);
        ssize_t n = fd_pread(c->fd, own, want, (off_t) c->at);

        if (n <= 0 || memcmp(own, bytes.ptr, (size_t) n) != 0) {
            c->differs = true;
            return err_set(err, ERR_EXISTS, "it differs");
        }
        c->at += (size_t) n;
        bytes = str_skip(bytes, (size_t) n);
    }
    return 0;
}

/* A file that is stored. */
struct putting {
    struct hdfs_client *c;
    struct arena *a;
    struct str path;
    int from;
    uint64_t bytes;
    enum hdfs_put_mode mode;
};

/* What is stored a second time, as after a crash, may be there. 1: it is. */
static int look_before(const struct putting *p, struct err *err)
{
    struct comparing compare = {.fd = p->from};
    struct hdfs_status there;
    bool is_there;

    if (hdfs_stat(p->c, p->a, p->path, &there, &is_there, err) < 0)
        return -1;
    if (!is_there)
        return 0;
    if (there.type == HDFS_FILE && there.bytes == p->bytes) {
        if (p->c->by->read(p->c->way, p->a, p->path, take_compare, &compare, err) == 0)
            return 1;
        if (!compare.differs)
            return -1;
    }
    return err_set(err, ERR_EXISTS,
                   STR_FMT " is there already, with other content: force: true writes over it",
                   STR_ARG(p->path));
}

/* The folder of a path, and a name beside it that nobody else has. */
static struct str scratch_name(struct arena *a, struct str path, struct str *ret_folder)
{
    struct random random = random_from_system();
    size_t slash = path.len;

    while (slash > 0 && path.ptr[slash - 1] != '/')
        slash--;
    *ret_folder = str_head(path, slash > 1 ? slash - 1 : 1);
    return str_printf(a, STR_FMT "._COPYING_.%016llx", STR_ARG(str_head(path, slash)),
                      (unsigned long long) random_u64(&random));
}

static int put_new(const struct putting *p, struct err *err)
{
    struct str folder, scratch = scratch_name(p->a, p->path, &folder);
    const struct hdfs_way *by = p->c->by;
    void *way = p->c->way;
    struct err ignored;

    if (folder.len > 1 && by->mkdirs(way, p->a, folder, err) < 0)
        return -1;
    if (by->write(way, p->a, scratch, p->from, p->bytes, err) == 0 &&
        by->rename(way, p->a, scratch, p->path, p->mode, err) == 0)
        return 0;
    by->remove(way, p->a, scratch, &ignored);
    return -1;
}

int hdfs_put(struct hdfs_client *c, struct arena *a, struct str path, int from,
             enum hdfs_put_mode mode, struct err *err)
{
    struct putting p = {.c = c, .a = a, .path = path, .from = from, .mode = mode};
    struct stat st;
    int got = 0;

    if (check_path(path, err) < 0)
        return -1;
    if (str_ends(path, STR("/")))
        return err_set(err, ERR_INVALID,
                       "path \"" STR_FMT "\" is a folder's: a file has a name", STR_ARG(path));
    if (fstat(from, &st) < 0)
        return err_sys(err, errno, "look at what is to be stored");
    p.bytes = (uint64_t) st.st_size;
    if (mode == HDFS_KEEP)
        got = look_before(&p, err);
    return got != 0 ? (got > 0 ? 0 : -1) : put_new(&p, err);
}
