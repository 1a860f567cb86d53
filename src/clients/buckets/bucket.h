/*
 * clients/buckets/bucket.h - what S3 and the stores made after it have in common: a file goes
 * up whole or in parts, a list comes in pages. A client says how each call is made.
 *
 * Blocking; everything belongs to the thread of the client. Errors are those of the calls, and
 * ERR_IO. Source: Amazon S3 API reference, "multipart upload overview", ListObjectsV2.
 */
#pragma once

#include "io/http_client.h"

/* An upload in parts that failed and could not be taken back, as the service was away: it costs
 * there until somebody does. Kept for the next client that puts. */
struct bucket_unfinished {
    struct arena *a; /* of the texts */
    struct str key, id;
};

/* One file on its way. Texts are borrowed. */
struct bucket_upload {
    struct str key;
    int from;                             /* nobody writes to it meanwhile */
    uint64_t part_bytes;                  /* bigger files go in parts of so many */
    struct bucket_unfinished *unfinished; /* NULL: not kept */
    /* Set by bucket_put(). */
    uint64_t size; /* bytes of the file */
    struct str id; /* the service's name of an upload in parts */
};

/* A piece of the file. */
struct bucket_part {
    unsigned number; /* from 1 */
    uint64_t at, len;
};

/* The calls of a service. @client is its client; each returns 0 or -1. */
struct bucket_service {
    const char *name; /* in errors */
    int (*put)(void *client, struct arena *a, const struct bucket_upload *u, struct err *err);
    int (*begin)(void *client, struct arena *a, const struct bucket_upload *u,
                 struct http_answer *ret, struct err *err);
    int (*send)(void *client, struct arena *a, const struct bucket_upload *u,
                const struct bucket_part *part, struct http_answer *ret, struct err *err);
    /* @list: the document that names the parts. */
    int (*end)(void *client, struct arena *a, const struct bucket_upload *u, struct str list,
               struct err *err);
    /* 0: the service knows the upload no more. */
    int (*take_back)(void *client, struct arena *a, const struct bucket_upload *u);
    /* @token: of the page before, or "". */
    int (*page)(void *client, struct arena *a, struct str prefix, struct str token,
                struct http_answer *ret, struct err *err);
};

/**
 * bucket_put() - store a file, all or nothing
 * @s:      the service
 * @client: its client
 * @a:      for what the calls need
 * @u:      the file
 * @err:    error of a call, or ERR_IO
 *
 * A part that fails is sent again some times. What was left of an upload before goes first.
 *
 * Return: 0 or -1.
 */
int bucket_put(const struct bucket_service *s, void *client, struct arena *a,
               struct bucket_upload *u, struct err *err);

/* One key of a list; @a lives as long as its page. -1 ends the list. */
typedef int (*bucket_each_fn)(void *ctx, struct arena *a, struct str key, struct err *err);

/**
 * bucket_list() - the keys that begin with a prefix
 * @s:      the service
 * @client: its client
 * @prefix: beginning of keys
 * @each:   called for each, in the service's order
 * @ctx:    for @each
 * @err:    also what @each set
 *
 * Return: 0 or -1.
 */
int bucket_list(const struct bucket_service *s, void *client, struct str prefix,
                bucket_each_fn each, void *ctx, struct err *err);
