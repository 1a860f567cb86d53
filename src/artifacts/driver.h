/*
 * artifacts/driver.h - what a kind of place does. For the files of this room; a new one is a
 * file, a row of artifacts.def and its fields in objects/shapes_artifact.c.
 *
 * Errors name the place by its key or URL, never by its secrets. ERR_TRANSIENT is tried again
 * by the caller.
 */
#pragma once

#include "artifacts/artifact.h"
#include "base/secret.h"

/* Keys that are found. */
struct artifact_keys {
    struct json_array_builder list;
};

struct object_store;

enum artifact_use { ARTIFACT_READ, ARTIFACT_WRITE };

/* Either open_store, or the others. */
struct artifact_driver {
    /* A place in a store of objects: open it; see object_store.h. */
    int (*open_store)(const struct artifact_call *c, const struct json *place,
                      enum artifact_use use, struct object_store *ret, struct err *err);
    /* Fetch into @dir/@name: a file, or a folder where the place is one. ERR_NOT_FOUND. */
    int (*load)(const struct artifact_call *c, const struct json *place, int dir,
                const char *name, struct err *err);
    /* Store the file or folder @dir/@name; durable on return. NULL: cannot. */
    int (*save)(const struct artifact_call *c, const struct json *place, int dir,
                const char *name, struct err *err);
    /* Remove; what is not there is fine. NULL: cannot. */
    int (*remove)(const struct artifact_call *c, const struct json *place, struct err *err);
    /* The stored bytes without a copy of them: an open file or folder. NULL: load them. */
    int (*open)(const struct artifact_call *c, const struct json *place, int *ret,
                struct err *err);
    /* Is a folder there? False when nothing is. NULL: the kind knows none. */
    int (*is_folder)(const struct artifact_call *c, const struct json *place, bool *ret,
                     struct err *err);
    /* The stored bytes of a file into an open one, for a download. NULL: load them. */
    int (*fetch)(const struct artifact_call *c, const struct json *place, int to,
                 struct err *err);
    /* All keys below the place's, a folder, or without one all: artifact_key_add(). NULL:
     * cannot. */
    int (*list)(const struct artifact_call *c, const struct json *place,
                struct artifact_keys *keys, struct err *err);
};

/** artifact_key_add() - one more key, copied; ERR_LIMIT */
int artifact_key_add(const struct artifact_call *c, struct artifact_keys *keys, struct str key,
                     struct err *err);

#define ARTIFACT(member, key, where, more, format, driver) \
    extern const struct artifact_driver driver;
#include "artifacts/artifacts.def"
#undef ARTIFACT

/* A folder of the daemon's own: what an `s3` without endpoint and bucket means. */
extern const struct artifact_driver artifact_local;

#define ARTIFACT_SCRATCH ".new" /* no namespace is called so */

/** artifact_scratch() - folder of the house for what has no name yet; made, and emptied by
 * artifact_sweep(); fd or -1 */
int artifact_scratch(const struct artifact_call *c, struct err *err);

/** artifact_secret() - the value of a SecretKeySelector in the call's namespace; ERR_NOT_FOUND
 * names secret and key; owned by the caller: secret_done() */
int artifact_secret(const struct artifact_call *c, const struct json *selector,
                    struct secret *ret, struct err *err);

/**
 * artifact_secret_text() - the value of a Secret that a member of a place names, or ""
 * @holder: what may have the member
 * @place:  word for errors: "s3"
 * @member: a SecretKeySelector
 * @ret:    in the call's arena
 */
int artifact_secret_text(const struct artifact_call *c, const struct json *holder,
                         const char *place, const char *member, struct str *ret,
                         struct err *err);
