/*
 * Files of HDFS by name nodes' RPC and data nodes. See hdfs_way.h.
 *
 * A block that one node does not give, or gives wrongly, is read on from the next one; when all
 * have failed the name node is asked once more where it is. A block that a pipeline does not
 * take is given up and written anew, without the node that failed.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "clients/hdfs/hdfs_data.h"

struct native {
    struct hdfs_namenode *namenode;
    struct tcp_options tcp;
};

static struct hdfs_namenode *namenode_of(void *way)
{
    return ((struct native *) way)->namenode;
}

static void close_native(void *way)
{
    struct native *n = way;

    if (!n)
        return;
    hdfs_namenode_free(n->namenode);
    free(n);
}

static void *open_native(const struct hdfs_options *options, struct err *err)
{
    struct native *n = NEW(struct native);
    struct hdfs_namenode_options how = {.addresses = options->addresses,
                                        .address_count = options->address_count,
                                        .user = options->user,
                                        .login = options->login,
                                        .pause_ms = options->pause_ms};

    n->tcp = (struct tcp_options){.connect_ms = HDFS_CONNECT_MS,
                                  .stall_ms = options->stall_ms,
                                  .cancel_fd = options->cancel_fd,
                                  .refuses_link_local = true};
    how.tcp = n->tcp;
    n->namenode = hdfs_namenode_new(&how, err);
    if (n->namenode)
        return n;
    free(n);
    return NULL;
}

/* ---- names ---- */

static int stat_path(void *way, struct arena *a, struct str path, struct hdfs_status *ret,
                     bool *ret_is_there, struct err *err)
{
    return hdfs_namenode_stat(namenode_of(way), a, path, ret, ret_is_there, err);
}

static int list_page(void *way, struct arena *a, struct str path, struct str after,
                     struct hdfs_listing *ret, struct err *err)
{
    return hdfs_namenode_list(namenode_of(way), a, path, after, ret, err);
}

static int make_folders(void *way, struct arena *a, struct str path, struct err *err)
{
    return hdfs_namenode_mkdirs(namenode_of(way), a, path, err);
}

static int remove_path(void *way, struct arena *a, struct str path, struct err *err)
{
    return hdfs_namenode_delete(namenode_of(way), a, path, err);
}

static int rename_path(void *way, struct arena *a, struct str from, struct str to,
                       enum hdfs_put_mode mode, struct err *err)
{
    return hdfs_namenode_rename(namenode_of(way), a, from, to, mode, err);
}

/* ---- reading ---- */

static int refuse(struct str path, const char *what, struct err *err)
{
    return err_set(err, ERR_UNSUPPORTED, STR_FMT " %s", STR_ARG(path), what);
}

/* The file's blocks, all of which must be known and readable. */
static int find_blocks(struct native *n, struct arena *a, struct str path,
                       struct hdfs_blocks *ret, struct err *err)
{
    uint64_t at = 0;

    if (hdfs_namenode_blocks(n->namenode, a, path, ret, err) < 0)
        return -1;
    if (ret->is_encrypted)
        return refuse(path, "lies in an encryption zone, which is not supported", err);
    if (ret->is_striped)
        return refuse(path, "is erasure-coded, which is not supported", err);
    if (ret->is_unfinished)
        return err_set(err, ERR_TRANSIENT, STR_FMT " is still being written", STR_ARG(path));
    VEC_FOREACH (b, &ret->list) {
        if (b->offset != at)
            break;
        at += b->block.bytes;
    }
    return at == ret->bytes
               ? 0
               : err_set(err, ERR_INVALID,
                         STR_FMT ": the name node's blocks have %llu of the file's %llu bytes",
                         STR_ARG(path), (unsigned long long) at,
                         (unsigned long long) ret->bytes);
}

/* Each node once. */
static int read_block(struct hdfs_reading *r, const struct hdfs_located *from, uint64_t *done,
                      struct err *err)
{
    if (from->nodes.len == 0)
        return err_set(
            err, ERR_TRANSIENT, "block %llu: %s", (unsigned long long) from->block.id,
            from->is_corrupt ? "all its replicas are corrupt" : "no data node has it");
    for (size_t i = 0; i < from->nodes.len; i++) {
        if (hdfs_data_read(r, from, &from->nodes.at[i], done, err) == 0)
            return 0;
        if (r->is_refused || err->kind == ERR_CANCELLED)
            return -1;
    }
    return -1;
}

/* Where a block is now: nodes come and go, and what lets one in ends. */
static int find_again(struct native *n, struct arena *a, struct str path, size_t i,
                      struct hdfs_blocks *blocks, struct err *err)
{
    struct hdfs_block before = blocks->list.at[i].block;
    const struct hdfs_block *now;

    if (find_blocks(n, a, path, blocks, err) < 0)
        return -1;
    now = i < blocks->list.len ? &blocks->list.at[i].block : &(struct hdfs_block){0};
    return now->id == before.id && now->bytes == before.bytes
               ? 0
               : err_set(err, ERR_TRANSIENT, STR_FMT " has changed while it was read",
                         STR_ARG(path));
}

static int read_path(void *way, struct arena *a, struct str path, hdfs_take_fn take, void *ctx,
                     struct err *err)
{
    struct native *n = way;
    struct hdfs_reading r = {
        .client = hdfs_namenode_client(n->namenode), .tcp = n->tcp, .take = take, .ctx = ctx};
    struct hdfs_blocks blocks;

    if (find_blocks(n, a, path, &blocks, err) < 0)
        return -1;
    for (size_t i = 0; i < blocks.list.len; i++) {
        uint64_t done = 0;

        if (read_block(&r, &blocks.list.at[i], &done, err) == 0)
            continue;
        if (r.is_refused || err->kind == ERR_CANCELLED ||
            find_again(n, a, path, i, &blocks, err) < 0 ||
            read_block(&r, &blocks.list.at[i], &done, err) < 0)
            return r.is_refused ? -1 : err_wrap(err, "read " STR_FMT, STR_ARG(path));
    }
    return 0;
}

/* ---- writing ---- */

/* A file that is being written. */
struct writing {
    struct native *n;
    struct arena *a;
    struct hdfs_writing file;
    struct hdfs_block_source source;
    struct hdfs_block last;
    VEC(struct str) excluded;
};

/* Room for one more block, and its bytes; without the nodes that failed. */
static int try_block(struct writing *w, struct hdfs_located *ret, struct err *err)
{
    struct err ignored;
    size_t bad;

    w->file.excluded = w->excluded.at;
    w->file.excluded_count = w->excluded.len;
    if (hdfs_namenode_add_block(w->n->namenode, w->a, &w->file, ret, err) < 0)
        return -1;
    if (hdfs_data_write(&w->source, ret, &bad, err) == 0)
        return 1;
    VEC_APUSH(w->a, &w->excluded, ret->nodes.at[bad].description);
    if (err->kind == ERR_CANCELLED || (!err_is_retryable(err) && err->kind != ERR_UNAUTHORIZED))
        return -1;
    return hdfs_namenode_abandon_block(w->n->namenode, w->a, &w->file, &ret->block, &ignored) <
                   0
               ? -1
               : 0;
}

static int write_block(struct writing *w, struct err *err)
{
    struct err first = {.kind = ERR_NONE};
    struct hdfs_located to;

    for (unsigned tries = 0; tries < HDFS_BLOCK_TRIES_MAX; tries++) {
        int got = try_block(w, &to, err);

        if (got > 0) {
            w->last = to.block;
            w->last.bytes = w->source.bytes;
            w->file.last = &w->last;
            return 0;
        }
        if (got < 0) { /* no node is left: the node's own trouble says more */
            if (first.kind != ERR_NONE && err->kind == ERR_TRANSIENT)
                *err = first;
            return -1;
        }
        first = *err;
    }
    return -1;
}

static int write_blocks(struct writing *w, uint64_t bytes, struct err *err)
{
    for (uint64_t at = 0; at < bytes; at += w->source.bytes) {
        w->source.at = at;
        w->source.bytes =
            bytes - at < w->source.block_bytes ? bytes - at : w->source.block_bytes;
        if (write_block(w, err) < 0)
            return -1;
    }
    return hdfs_namenode_complete(w->n->namenode, w->a, &w->file, err);
}

static int write_path(void *way, struct arena *a, struct str path, int from, uint64_t bytes,
                      struct err *err)
{
    struct native *n = way;
    struct hdfs_defaults how;
    struct hdfs_status made;
    struct writing w = {.n = n, .a = a};

    if (hdfs_namenode_defaults(n->namenode, a, &how, err) < 0)
        return -1;
    if (how.encrypts)
        return refuse(path,
                      "cannot be stored: the data nodes want encrypted connections "
                      "(dfs.encrypt.data.transfer), which are not supported",
                      err);
    if (hdfs_namenode_create(n->namenode, a, path, &how, &made, err) < 0)
        return -1;
    if (made.is_encrypted)
        return refuse(path, "lies in an encryption zone, which is not supported", err);
    w.file = (struct hdfs_writing){.path = path, .file_id = made.file_id};
    w.source = (struct hdfs_block_source){
        .namenode = n->namenode, .tcp = n->tcp, .fd = from, .block_bytes = how.block_bytes};
    return write_blocks(&w, bytes, err) < 0 ? err_wrap(err, "write " STR_FMT, STR_ARG(path))
                                            : 0;
}

const struct hdfs_way hdfs_native = {.open = open_native,
                                     .close = close_native,
                                     .stat = stat_path,
                                     .list = list_page,
                                     .read = read_path,
                                     .write = write_path,
                                     .mkdirs = make_folders,
                                     .remove = remove_path,
                                     .rename = rename_path};
