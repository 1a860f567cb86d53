/*
 * clients/azure/blob_client.h - Azure Blob Storage: blobs of one container, from files and to
 * files, with memory that does not grow with their size.
 *
 * Blocking; a client belongs to one thread. Errors name the blob and keep the service's code;
 * kinds as in clients/aws/s3_client.h. Source: Azure Blob Storage REST API, version 2021-12-02.
 */
#pragma once

#include "clients/azure/azure_sign.h"

struct blob_client;

/* All borrowed for the client's life. */
struct blob_options {
    struct str endpoint; /* "https://ACCOUNT.blob.core.windows.net", or ".../ACCOUNT" at an
                            address that is a number */
    struct str container;
    const struct secret *key; /* of the account; NULL: a token is found, see azure_token.h */
    uint64_t block_bytes;     /* bigger files go in blocks of so many; 0: AZURE_BLOCK_BYTES */
};

/** blob_client_new() - a client; owned; NULL with ERR_INVALID for an endpoint that is no URL */
struct blob_client *blob_client_new(const struct blob_options *options, struct err *err);

/** blob_client_free() - close its connections and release it; NULL is a no-op */
void blob_client_free(struct blob_client *c);
DEFINE_CLEANUP(struct blob_client *, blob_client_free)

/** blob_get() - write a blob into a file, from its offset on */
int blob_get(struct blob_client *c, struct arena *a, struct str name, int to, struct err *err);

/** blob_put() - a blob from a whole file, which nobody writes to meanwhile; in blocks when it
 * is big, and then all or nothing */
int blob_put(struct blob_client *c, struct arena *a, struct str name, int from,
             struct err *err);

/** blob_delete() - remove a blob; what is not there is fine */
int blob_delete(struct blob_client *c, struct arena *a, struct str name, struct err *err);

/* One name of a list; @a lives as long as its page. -1 ends the list. */
typedef int (*blob_each_fn)(void *ctx, struct arena *a, struct str name, struct err *err);

/** blob_list() - the names that begin with a prefix; @err: also what @each set */
int blob_list(struct blob_client *c, struct str prefix, blob_each_fn each, void *ctx,
              struct err *err);
