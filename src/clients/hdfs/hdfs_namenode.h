/*
 * clients/hdfs/hdfs_namenode.h - the name nodes of a file system: calls of ClientProtocol,
 * asked of whichever of them is active. A call whose fate is unknown is repeated under its
 * number, so that the server does not carry it out twice.
 *
 * Blocking; one thread. Errors are hdfs_rpc_call()'s, and name the server.
 */
#pragma once

#include "clients/hdfs/hdfs_message.h"
#include "clients/hdfs/hdfs_rpc.h"

struct hdfs_namenode;

/* All borrowed for the life of what is made of them. */
struct hdfs_namenode_options {
    const struct str *addresses; /* host:port each */
    size_t address_count;
    struct str user;
    const struct hdfs_login *login; /* NULL: by name alone */
    struct tcp_options tcp;
    uint64_t pause_ms; /* before a server that could not answer is asked again, doubled each
                          round */
};

/** hdfs_namenode_new() - nothing connected yet; owned, or NULL with ERR_INVALID for an address
 */
struct hdfs_namenode *hdfs_namenode_new(const struct hdfs_namenode_options *options,
                                        struct err *err);

/** hdfs_namenode_free() - disconnect and release; NULL is a no-op */
void hdfs_namenode_free(struct hdfs_namenode *n);

/** hdfs_namenode_client() - the name by which this client holds files that it writes */
struct str hdfs_namenode_client(const struct hdfs_namenode *n);

/** hdfs_namenode_stat() - what a path is; @ret_is_there */
int hdfs_namenode_stat(struct hdfs_namenode *n, struct arena *a, struct str path,
                       struct hdfs_status *ret, bool *ret_is_there, struct err *err);

/** hdfs_namenode_list() - a page of a folder, behind the name @after, or "" */
int hdfs_namenode_list(struct hdfs_namenode *n, struct arena *a, struct str path,
                       struct str after, struct hdfs_listing *ret, struct err *err);

/** hdfs_namenode_blocks() - where a file's blocks are; ERR_NOT_FOUND also for a folder */
int hdfs_namenode_blocks(struct hdfs_namenode *n, struct arena *a, struct str path,
                         struct hdfs_blocks *ret, struct err *err);

int hdfs_namenode_defaults(struct hdfs_namenode *n, struct arena *a, struct hdfs_defaults *ret,
                           struct err *err);

/** hdfs_namenode_mkdirs() - make a folder and those above it; fine when it is there */
int hdfs_namenode_mkdirs(struct hdfs_namenode *n, struct arena *a, struct str path,
                         struct err *err);

/** hdfs_namenode_delete() - remove a file, or a folder with all in it; fine when it is not
 * there */
int hdfs_namenode_delete(struct hdfs_namenode *n, struct arena *a, struct str path,
                         struct err *err);

/** hdfs_namenode_rename() - at once; ERR_EXISTS with HDFS_KEEP */
int hdfs_namenode_rename(struct hdfs_namenode *n, struct arena *a, struct str from,
                         struct str to, enum hdfs_put_mode mode, struct err *err);

/* ---- writing ---- */

/** hdfs_namenode_create() - begin a file, which this client then holds */
int hdfs_namenode_create(struct hdfs_namenode *n, struct arena *a, struct str path,
                         const struct hdfs_defaults *how, struct hdfs_status *ret,
                         struct err *err);

/* A file that is being written. */
struct hdfs_writing {
    struct str path;
    uint64_t file_id;
    const struct hdfs_block *last; /* the block before, with its length; NULL: none */
    const struct str *excluded;    /* nodes that failed, as they were described */
    size_t excluded_count;
};

/** hdfs_namenode_add_block() - room for a further block */
int hdfs_namenode_add_block(struct hdfs_namenode *n, struct arena *a,
                            const struct hdfs_writing *w, struct hdfs_located *ret,
                            struct err *err);

/** hdfs_namenode_abandon_block() - the file's last block is to be forgotten */
int hdfs_namenode_abandon_block(struct hdfs_namenode *n, struct arena *a,
                                const struct hdfs_writing *w, const struct hdfs_block *block,
                                struct err *err);

/** hdfs_namenode_complete() - the file is whole; waits until its blocks are stored, for
 * HDFS_COMPLETE_MS at the most: ERR_TIMEOUT */
int hdfs_namenode_complete(struct hdfs_namenode *n, struct arena *a,
                           const struct hdfs_writing *w, struct err *err);

/** hdfs_namenode_renew() - tell that this client lives, when it has told nothing for
 * HDFS_LEASE_MS */
int hdfs_namenode_renew(struct hdfs_namenode *n, struct err *err);
