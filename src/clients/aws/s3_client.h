/*
 * clients/aws/s3_client.h - Amazon S3 and what speaks as it does: objects of one bucket, from
 * files and to files, with memory that does not grow with their size.
 *
 * Blocking; a client belongs to one thread. Errors name the key and keep the service's code;
 * kinds: ERR_NOT_FOUND (the key), ERR_UNAUTHORIZED (expired or wrong credentials), ERR_DENIED,
 * ERR_TRANSIENT (throttled, 5xx, connection), ERR_TIMEOUT (nothing moved for S3_STALL_MS),
 * ERR_INVALID (the bucket is not there, a key with "." or ".." parts), ERR_IO. Addresses at
 * which clouds serve their machines' credentials are refused. Source: Amazon S3 API reference.
 */
#pragma once

#include "clients/aws/aws_credentials.h"
#include "clients/buckets/bucket.h"

struct s3_client;

enum s3_style {
    S3_STYLE_AUTO, /* in the host's name at Amazon, else in the path */
    S3_STYLE_PATH,
    S3_STYLE_VIRTUAL_HOSTED,
};

/* All borrowed for the client's life. */
struct s3_options {
    struct str endpoint; /* host or host:port */
    bool is_plain;       /* http instead of https */
    struct str bucket;
    struct str region; /* or "": what the endpoint's name or the service's answer says */
    enum s3_style style;
    struct aws_keys keys;
    const struct aws_credentials *who; /* keys that are found instead; or NULL */
    struct str ca_pem; /* certificates to trust instead of the system's, or "" */
    /* Headers that seal new objects, and those that come with every use of an object's bytes:
     * encryption by a key of the client. */
    const struct http_header *seal, *unseal;
    size_t seal_count, unseal_count;
    uint64_t part_bytes; /* bigger files go in parts of so many; 0: S3_PART_BYTES */
    struct bucket_unfinished *unfinished; /* NULL: not kept */
};

/** s3_client_new() - a client; owned */
struct s3_client *s3_client_new(const struct s3_options *options);

/** s3_client_free() - close its connections and release it; NULL is a no-op */
void s3_client_free(struct s3_client *c);
DEFINE_CLEANUP(struct s3_client *, s3_client_free)

/** s3_get() - write an object into a file, from its offset on; what is cut off goes on where it
 * was */
int s3_get(struct s3_client *c, struct arena *a, struct str key, int to, struct err *err);

/** s3_put() - an object from a whole file, which nobody writes to meanwhile; in parts when it
 * is big, and then all or nothing */
int s3_put(struct s3_client *c, struct arena *a, struct str key, int from, struct err *err);

/** s3_delete() - remove an object; what is not there is fine */
int s3_delete(struct s3_client *c, struct arena *a, struct str key, struct err *err);

/**
 * s3_list() - the keys that begin with a prefix
 * @c:       client
 * @prefix:  beginning of keys
 * @each:    called for each, in the service's order
 * @ctx:     for @each
 * @err:     also what @each set
 *
 * Return: 0 or -1.
 */
int s3_list(struct s3_client *c, struct str prefix, bucket_each_fn each, void *ctx,
            struct err *err);

enum s3_bucket_locks { S3_BUCKET_UNLOCKED, S3_BUCKET_OBJECT_LOCKS };

/** s3_make_bucket() - make the bucket unless it is there; @locks: whether its objects can be
 * locked */
int s3_make_bucket(struct s3_client *c, struct arena *a, enum s3_bucket_locks locks,
                   struct err *err);
