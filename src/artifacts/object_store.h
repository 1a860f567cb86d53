/*
 * artifacts/object_store.h - artifacts in a store of objects by key: S3 and its like. A file is
 * an object. A folder that is not packed is an object a file, below its key; links, pipes and
 * empty folders in it are left out. What is loaded from a key that is no object is the folder
 * of the objects below it.
 *
 * For the drivers of this room; all calls block.
 */
#pragma once

#include "artifacts/driver.h"
#include "clients/buckets/bucket.h"

/* An open store. Keys are as they are in manifests, not escaped. */
struct object_store {
    const char *name;   /* for errors: "S3" */
    struct str bucket;  /* for errors */
    const char *holder; /* for errors: what a bucket is called there; NULL: "bucket" */
    const char *thing;  /* for errors: what an object is called there; NULL: "object" */
    struct str key;     /* of the place */
    void *ctx;
    /* The bytes into a file that is open for both, from its offset on; ERR_NOT_FOUND. */
    int (*get)(void *ctx, struct arena *a, struct str key, int to, struct err *err);
    /* An object from a whole file. */
    int (*put)(void *ctx, struct arena *a, struct str key, int from, struct err *err);
    /* Remove; what is not there is fine. */
    int (*remove)(void *ctx, struct arena *a, struct str key, struct err *err);
    /* All keys that begin with @prefix. */
    int (*list)(void *ctx, struct str prefix, bucket_each_fn each, void *each_ctx,
                struct err *err);
    void (*close)(void *ctx);
};

/* What is left of an upload in parts, kept from try to try; NULL: this call keeps nothing. */
struct bucket_unfinished *object_store_unfinished(const struct artifact_call *c);

/* What struct artifact_driver says of load, save, remove and list, by its open_store. */
int object_store_load(const struct artifact_call *c, const struct artifact_driver *driver,
                      const struct json *place, int dir, const char *name, struct err *err);
int object_store_save(const struct artifact_call *c, const struct artifact_driver *driver,
                      const struct json *place, int dir, const char *name, struct err *err);
int object_store_remove(const struct artifact_call *c, const struct artifact_driver *driver,
                        const struct json *place, struct err *err);
int object_store_is_folder(const struct artifact_call *c, const struct artifact_driver *driver,
                           const struct json *place, bool *ret, struct err *err);
int object_store_list(const struct artifact_call *c, const struct artifact_driver *driver,
                      const struct json *place, struct artifact_keys *keys, struct err *err);
