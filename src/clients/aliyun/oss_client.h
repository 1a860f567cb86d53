/*
 * clients/aliyun/oss_client.h - Alibaba's object store: objects of one bucket, from files and
 * to files, with memory that does not grow with their size. A transfer that was cut off goes on
 * where it was; the service's checksum decides whether what came, and what was stored, is
 * whole.
 *
 * Blocking; a client belongs to one thread. Errors name the key and keep the service's code;
 * kinds as in clients/aws/s3_client.h. Source: Alibaba Cloud OSS API reference.
 */
#pragma once

#include "base/err.h"
#include "clients/aliyun/oss_sign.h"
#include "clients/buckets/bucket.h"

struct oss_client;

/* All borrowed for the client's life. */
struct oss_options {
    struct str endpoint; /* host, host:port or URL. Without a scheme: https at Alibaba, else
                            http, as its own clients do */
    struct str bucket;
    const struct oss_keys *keys;
    uint64_t part_bytes; /* bigger files go in parts of so many; 0: OSS_PART_BYTES */
    struct bucket_unfinished *unfinished; /* NULL: not kept */
    /* What happens to the objects that this client stores; 0: nothing. */
    int64_t days_until_infrequent, days_until_deletion;
};

/** oss_client_new() - a client; owned; NULL with ERR_INVALID for an endpoint, a bucket's name
 * or days that cannot be */
struct oss_client *oss_client_new(const struct oss_options *options, struct err *err);

/** oss_client_free() - close its connections and release it; NULL is a no-op */
void oss_client_free(struct oss_client *c);
DEFINE_CLEANUP(struct oss_client *, oss_client_free)

/** oss_get() - write an object into a file, open for both, from its offset on; a failure leaves
 * what came */
int oss_get(struct oss_client *c, struct arena *a, struct str key, int to, struct err *err);

/** oss_put() - an object from a whole file, which nobody writes to meanwhile; in parts when it
 * is big, and then all or nothing */
int oss_put(struct oss_client *c, struct arena *a, struct str key, int from, struct err *err);

/** oss_delete() - remove an object; what is not there is fine */
int oss_delete(struct oss_client *c, struct arena *a, struct str key, struct err *err);

/** oss_list() - the keys that begin with a prefix; @err: also what @each set */
int oss_list(struct oss_client *c, struct str prefix, bucket_each_fn each, void *ctx,
             struct err *err);

/** oss_make_bucket() - make the bucket unless it is there */
int oss_make_bucket(struct oss_client *c, struct arena *a, struct err *err);

/** oss_keep_rule() - see that the bucket has the rule for objects that carry the options' days;
 * its other rules stay as they are. Nothing without days */
int oss_keep_rule(struct oss_client *c, struct arena *a, struct err *err);
