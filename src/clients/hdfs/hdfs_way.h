/*
 * clients/hdfs/hdfs_way.h - the two ways to a file system: name nodes' own RPC, and WebHDFS.
 * What hdfs_client.c makes of their steps is the same for both.
 */
#pragma once

#include "clients/hdfs/hdfs_client.h"

/* Bytes of a file in their order; not 0: the reading ends, and @err was set. */
typedef int (*hdfs_take_fn)(void *ctx, struct str bytes, struct err *err);

struct hdfs_way {
    void *(*open)(const struct hdfs_options *options, struct err *err);
    void (*close)(void *way);
    int (*stat)(void *way, struct arena *a, struct str path, struct hdfs_status *ret,
                bool *ret_is_there, struct err *err);
    /* A page of a folder, behind the name @after. */
    int (*list)(void *way, struct arena *a, struct str path, struct str after,
                struct hdfs_listing *ret, struct err *err);
    int (*read)(void *way, struct arena *a, struct str path, hdfs_take_fn take, void *ctx,
                struct err *err);
    /* The first @bytes of a file, as a new one; what there is of it stays when it fails. */
    int (*write)(void *way, struct arena *a, struct str path, int from, uint64_t bytes,
                 struct err *err);
    int (*mkdirs)(void *way, struct arena *a, struct str path, struct err *err);
    int (*remove)(void *way, struct arena *a, struct str path, struct err *err);
    int (*rename)(void *way, struct arena *a, struct str from, struct str to,
                  enum hdfs_put_mode mode, struct err *err);
};

extern const struct hdfs_way hdfs_native, hdfs_web;
