/*
 * clients/hdfs/hdfs_data.h - blocks from and to data nodes: packets with checksums, of which
 * none is believed before it was looked at.
 *
 * Blocking; one thread. Source: datatransfer.proto of Hadoop; the order of things is that of
 * its BlockSender and BlockReceiver. Data nodes that want an encrypted connection are not
 * spoken to.
 */
#pragma once

#include "clients/hdfs/hdfs_namenode.h"
#include "clients/hdfs/hdfs_way.h"

/* What reading a block needs to know. */
struct hdfs_reading {
    struct str client; /* who reads */
    struct tcp_options tcp;
    hdfs_take_fn take;
    void *ctx;
    bool is_refused; /* @take ended it */
};

/**
 * hdfs_data_read() - the bytes of a block from one node
 * @r:    where they go
 * @from: block
 * @node: one of its nodes
 * @done: bytes of the block that were taken; moves on
 * @err:  ERR_TRANSIENT: another node may do; ERR_UNAUTHORIZED: its token has ended
 */
int hdfs_data_read(struct hdfs_reading *r, const struct hdfs_located *from,
                   const struct hdfs_node *node, uint64_t *done, struct err *err);

/* A block that is written. */
struct hdfs_block_source {
    struct hdfs_namenode *namenode; /* is told that this client lives */
    struct tcp_options tcp;
    int fd;               /* file, read by position */
    uint64_t at;          /* where the block begins in it */
    uint64_t bytes;       /* of the block */
    uint64_t block_bytes; /* that a block may have */
};

/**
 * hdfs_data_write() - store a block on its nodes, the first of which hands it on
 * @s:       its bytes
 * @to:      block with at least one node
 * @ret_bad: which node has failed, as far as is known
 * @err:     ERR_TRANSIENT: without that node it may be stored; ERR_IO, ERR_INVALID: the file
 */
int hdfs_data_write(const struct hdfs_block_source *s, const struct hdfs_located *to,
                    size_t *ret_bad, struct err *err);
