/*
 * clients/hdfs/hdfs_client.h - a file system of Hadoop: its files from and to files here, with
 * memory that does not grow with their size. Name nodes are asked by their own RPC, or by
 * WebHDFS where an address is a URL; several addresses are those of one file system, of which
 * one is active.
 *
 * A transfer that is cut off goes on where it was: reading with the next replica, writing with
 * the block that was not stored. A file appears under its name when it is whole.
 *
 * Blocking; a client belongs to one thread. Errors name the path and what the server said.
 * Not read or written: encryption zones, erasure-coded files (new files are always replicated),
 * data nodes that want encrypted connections.
 */
#pragma once

#include "clients/hdfs/hdfs_kerberos.h"
#include "clients/hdfs/hdfs_message.h"

struct hdfs_client;

/* All borrowed for the client's life. */
struct hdfs_options {
    const struct str *addresses; /* HOST:PORT each, or http(s)://HOST:PORT each */
    size_t address_count;
    struct str user;                /* "": whom the login says */
    const struct hdfs_login *login; /* NULL: nothing is proved */
    int cancel_fd;                  /* readable = give up; 0 and -1: none */
    uint64_t
        stall_ms; /* nothing moves for so long: tried elsewhere or given up; 0: HDFS_STALL_MS
                   */
    uint64_t pause_ms; /* before servers that could not answer are asked again, doubled each
                          round; 0: HDFS_PAUSE_MS */
};

/** hdfs_client_new() - nothing connected yet; owned; NULL with ERR_INVALID for an address, or
 * ERR_UNSUPPORTED for Kerberos by HTTP */
struct hdfs_client *hdfs_client_new(const struct hdfs_options *options, struct err *err);

/** hdfs_client_free() - disconnect and release; NULL is a no-op */
void hdfs_client_free(struct hdfs_client *c);
DEFINE_CLEANUP(struct hdfs_client *, hdfs_client_free)

/** hdfs_stat() - what a path is; @ret_is_there */
int hdfs_stat(struct hdfs_client *c, struct arena *a, struct str path, struct hdfs_status *ret,
              bool *ret_is_there, struct err *err);

/* An entry of a folder; @a lives as long as its page. -1 ends the list. */
typedef int (*hdfs_each_fn)(void *ctx, struct arena *a, const struct hdfs_status *entry,
                            struct err *err);

/** hdfs_list() - what is in a folder, by name; ERR_NOT_FOUND; @err: also what @each set */
int hdfs_list(struct hdfs_client *c, struct str path, hdfs_each_fn each, void *ctx,
              struct err *err);

/** hdfs_get() - write a file into one here, from its offset on; ERR_NOT_FOUND also for a
 * folder; a failure leaves what came */
int hdfs_get(struct hdfs_client *c, struct arena *a, struct str path, int to, struct err *err);

/**
 * hdfs_put() - store a whole file, which nobody writes to meanwhile
 * @c:    client
 * @a:    scratch
 * @path: where; folders above it are made
 * @from: file
 * @mode: HDFS_KEEP: a file that is there is an error (ERR_EXISTS), unless it has the same bytes
 * @err:  see above
 */
int hdfs_put(struct hdfs_client *c, struct arena *a, struct str path, int from,
             enum hdfs_put_mode mode, struct err *err);

/** hdfs_delete() - remove a file, or a folder with all in it; what is not there is fine */
int hdfs_delete(struct hdfs_client *c, struct arena *a, struct str path, struct err *err);
