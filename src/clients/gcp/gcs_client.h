/*
 * clients/gcp/gcs_client.h - Google Cloud Storage: objects of one bucket, from files and to
 * files, with memory that does not grow with their size.
 *
 * Blocking; a client belongs to one thread. Errors name the key and keep the service's message;
 * kinds as in clients/aws/s3_client.h. STORAGE_EMULATOR_HOST names another server, which is
 * asked without a token when no key is given, as Google's own clients do. Source: Cloud Storage
 * JSON API v1.
 */
#pragma once

#include "clients/gcp/gcp_token.h"

struct gcs_client;

/* All borrowed for the client's life. */
struct gcs_options {
    struct str bucket;
    struct str key;       /* of the account, see struct gcp_identity; "": found */
    struct str endpoint;  /* "http://host:port"; "": as the environment says, or Google's */
    uint64_t chunk_bytes; /* of an upload: bigger files go in so many at a time, a multiple of
                             256 KiB; 0: GCS_CHUNK_BYTES */
};

/** gcs_client_new() - a client; owned */
struct gcs_client *gcs_client_new(const struct gcs_options *options);

/** gcs_client_free() - close its connections and release it; NULL is a no-op */
void gcs_client_free(struct gcs_client *c);
DEFINE_CLEANUP(struct gcs_client *, gcs_client_free)

/** gcs_get() - write an object into a file, from its offset on */
int gcs_get(struct gcs_client *c, struct arena *a, struct str key, int to, struct err *err);

/** gcs_put() - an object from a whole file, which nobody writes to meanwhile; a big one by a
 * resumable upload, of which a chunk that fails is sent again */
int gcs_put(struct gcs_client *c, struct arena *a, struct str key, int from, struct err *err);

/** gcs_delete() - remove an object; what is not there is fine */
int gcs_delete(struct gcs_client *c, struct arena *a, struct str key, struct err *err);

/* One key of a list; @a lives as long as its page. -1 ends the list. */
typedef int (*gcs_each_fn)(void *ctx, struct arena *a, struct str key, struct err *err);

/** gcs_list() - the keys that begin with a prefix; @err: also what @each set */
int gcs_list(struct gcs_client *c, struct str prefix, gcs_each_fn each, void *ctx,
             struct err *err);
