/*
 * clients/hdfs/hdfs_message.h - the messages of Hadoop's RPC and of its data nodes, between
 * bytes and structs. Members that nothing here asks for are skipped, as Protocol Buffers want
 * it; one that must be there and is not makes the message damaged.
 *
 * Pure; what is read borrows its bytes. Source: RpcHeader.proto, hdfs.proto,
 * ClientNamenodeProtocol.proto and datatransfer.proto of Hadoop 2 and 3.
 */
#pragma once

#include "base/arena.h"
#include "base/vec.h"
#include "formats/protowire.h"

/* ---- calls ---- */

enum hdfs_rpc_status { HDFS_RPC_SUCCESS, HDFS_RPC_ERROR, HDFS_RPC_FATAL };

/* What stands in front of an answer. */
struct hdfs_rpc_head {
    int32_t call_id;
    enum hdfs_rpc_status status;
    struct str exception, message; /* of a failure; else "" */
};

/* Call ids that are not calls. */
enum { HDFS_CALL_CONTEXT = -3, HDFS_CALL_SASL = -33 };

/** hdfs_put_call_head() - the header of a request, with its length; @client_id: 16 bytes */
void hdfs_put_call_head(struct strbuf *b, int32_t call_id, struct str client_id, int32_t retry);

/** hdfs_put_context() - who calls, of which protocol; with its length */
void hdfs_put_context(struct strbuf *b, struct str user);

/** hdfs_put_method() - which method is called, with its length */
void hdfs_put_method(struct strbuf *b, const char *method);

bool hdfs_read_rpc_head(struct str bytes, struct hdfs_rpc_head *ret) _must_use_;

/* ---- names ---- */

enum hdfs_type { HDFS_FOLDER = 1, HDFS_FILE = 2, HDFS_LINK = 3 };

/* A file or folder. */
struct hdfs_status {
    enum hdfs_type type;
    struct str name; /* within its folder; "" of the one that was asked for */
    uint64_t bytes;
    uint64_t modified_ms; /* Unix time */
    uint32_t mode;        /* permission bits */
    struct str owner, group;
    uint64_t file_id;
    bool is_encrypted; /* lies in an encryption zone */
    bool is_striped;   /* erasure-coded */
};

typedef VEC(struct hdfs_status) hdfs_statuses;

enum hdfs_put_mode { HDFS_KEEP, HDFS_REPLACE }; /* what to do with a file that is there */

/* A page of a folder. */
struct hdfs_listing {
    bool is_there;
    hdfs_statuses entries; /* in the arena */
    uint64_t remaining;    /* entries behind these */
};

bool hdfs_read_status(struct str bytes, struct hdfs_status *ret) _must_use_;

/** hdfs_read_optional_status() - of an answer with at most one: getFileInfo, create;
 * @ret_is_there */
bool hdfs_read_optional_status(struct str bytes, struct hdfs_status *ret,
                               bool *ret_is_there) _must_use_;

bool hdfs_read_listing(struct arena *a, struct str bytes, struct hdfs_listing *ret) _must_use_;

/** hdfs_read_flag() - the answer of delete, mkdirs, complete */
bool hdfs_read_flag(struct str bytes, bool *ret) _must_use_;

/* ---- blocks ---- */

struct hdfs_block {
    struct str pool;
    uint64_t id, generation, bytes;
};

/* A data node, and how the name node describes it. */
struct hdfs_node {
    struct str ip, host, description;
    uint32_t port;
};

/* A block and where it is. */
struct hdfs_located {
    struct hdfs_block block;
    uint64_t offset; /* in the file */
    VEC(struct hdfs_node) nodes;
    VEC(uint64_t) storage_types;
    VEC(struct str) storage_ids;
    struct str token; /* what lets one in, as the name node describes it */
    bool is_corrupt;  /* every replica is */
};

struct hdfs_blocks {
    bool is_there;
    uint64_t bytes; /* of the file */
    VEC(struct hdfs_located) list;
    bool is_unfinished; /* somebody still writes the file */
    bool is_encrypted, is_striped;
};

struct hdfs_defaults {
    uint64_t block_bytes;
    uint32_t chunk_bytes; /* of which there is a checksum each */
    uint32_t replicas;
    bool encrypts; /* data nodes want encrypted connections */
};

bool hdfs_read_blocks(struct arena *a, struct str bytes, struct hdfs_blocks *ret) _must_use_;

/** hdfs_read_new_block() - the answer of addBlock */
bool hdfs_read_new_block(struct arena *a, struct str bytes,
                         struct hdfs_located *ret) _must_use_;

bool hdfs_read_defaults(struct str bytes, struct hdfs_defaults *ret) _must_use_;

/** hdfs_put_block() - a member that is a block */
void hdfs_put_block(struct strbuf *b, uint32_t number, const struct hdfs_block *block);

/* ---- data nodes ---- */

enum hdfs_data_status { HDFS_DATA_SUCCESS = 0, HDFS_DATA_CHECKSUM_OK = 6 };
enum hdfs_checksum { HDFS_CHECKSUM_NONE, HDFS_CHECKSUM_CRC32, HDFS_CHECKSUM_CRC32C };

/* The answer to a request to read or write a block. */
struct hdfs_data_answer {
    uint64_t status;
    struct str bad_link, message; /* which node of the pipeline has failed, and why; or "" */
    enum hdfs_checksum checksum;
    uint32_t chunk_bytes;
    uint64_t first_offset; /* of what comes, at most what was asked for */
};

struct hdfs_packet {
    uint64_t offset; /* in the block */
    uint64_t number;
    uint32_t bytes;
    bool is_last;
};

/* What the nodes of a pipeline say of a packet. */
struct hdfs_ack {
    int64_t number; /* of the packet; -1: a sign of life */
    uint64_t bad;   /* the first status that is no success, or HDFS_DATA_SUCCESS */
    size_t bad_at;  /* which node's */
};

/** hdfs_put_read_request() - ask for bytes of a block, with its length */
void hdfs_put_read_request(struct strbuf *b, const struct hdfs_located *block,
                           struct str client, uint64_t offset, uint64_t bytes);

/** hdfs_put_write_request() - ask for a pipeline through all nodes of a block, with its
 * length; @block_bytes: that it may have */
void hdfs_put_write_request(struct strbuf *b, const struct hdfs_located *block,
                            struct str client, uint64_t block_bytes, uint32_t chunk_bytes);

/** hdfs_put_packet_head() - the header alone */
void hdfs_put_packet_head(struct strbuf *b, const struct hdfs_packet *packet);

bool hdfs_read_data_answer(struct str bytes, struct hdfs_data_answer *ret) _must_use_;
bool hdfs_read_packet_head(struct str bytes, struct hdfs_packet *ret) _must_use_;
bool hdfs_read_ack(struct str bytes, struct hdfs_ack *ret) _must_use_;

/* ---- proof of who one is ---- */

enum hdfs_sasl_state {
    HDFS_SASL_SUCCESS,
    HDFS_SASL_NEGOTIATE,
    HDFS_SASL_INITIATE,
    HDFS_SASL_CHALLENGE,
    HDFS_SASL_RESPONSE,
    HDFS_SASL_WRAP,
};

/* A way that the server offers. */
struct hdfs_sasl_way {
    struct str method, mechanism, protocol, server;
    struct str challenge; /* the first one, or absent */
};

struct hdfs_sasl {
    enum hdfs_sasl_state state;
    struct str token;
    VEC(struct hdfs_sasl_way) ways;
};

bool hdfs_read_sasl(struct arena *a, struct str bytes, struct hdfs_sasl *ret) _must_use_;

/** hdfs_put_sasl() - a step, with its length; @way: the one that is gone, or NULL */
void hdfs_put_sasl(struct strbuf *b, enum hdfs_sasl_state state, struct str token,
                   const struct hdfs_sasl_way *way);
