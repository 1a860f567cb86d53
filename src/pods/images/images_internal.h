/* pods/images/images_internal.h - what the files of this room share. */
#pragma once

#include <pthread.h>

#include "base/map.h"
#include "base/strbuf.h"
#include "pods/images/images.h"
#include "pods/images/reference.h"

enum { IMAGE_LAYER_ID_CHARS = 32, IMAGE_SHA256_CHARS = 64 };

struct images {
    char *path, *skopeo, *auth_file, *registries, *archives; /* owned */
    char *layers;                                            /* its folder, owned */
    uint64_t max_mib;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct map pulls; /* names of images that are being got */
};

/* An image that is to be got, and what is there of it. */
struct image_job {
    const struct image_reference *ref;
    struct str name; /* whole */
    enum image_pull policy;
    const struct image_hooks *hooks; /* may be NULL */
    struct image known;              /* layer_count 0: nothing */
    struct str version;              /* what stood for it then */
};

/* ---- clean.c ---- */

/** images_clean_at() - images_clean() at a time */
void images_clean_at(struct images *images, int64_t now_ms);

/* ---- names.c: what is known of images ---- */

/** names_find() - 0 with the image that a whole name has, and in @ret_version what stood for it
 * when it was got; 1: there is none, or not all of its layers */
int names_find(const struct images *images, struct str name, struct arena *a, struct image *ret,
               struct str *ret_version);

/** names_keep() - write it, durably */
int names_keep(const struct images *images, const struct image *image, struct str version,
               struct err *err);

/** names_use() - it was used now */
void names_use(const struct images *images, struct str name);

/* ---- skopeo.c ---- */

/** skopeo_manifest() - the bytes of a reference's manifest, as the registry has it */
int skopeo_manifest(const struct images *images, const struct image_reference *ref,
                    const struct image_hooks *hooks, struct arena *a, struct str *ret,
                    struct err *err);

/** skopeo_copy() - an image (@digest, unless empty, of it) into an OCI layout @folder, its
 * blobs into the store's; @ref is where it really is */
int skopeo_copy(const struct images *images, const struct image_job *job,
                const struct image_reference *ref, struct str digest, const char *folder,
                struct err *err);

/* ---- pull.c ---- */

/** pull_image() - get an image and keep it */
int pull_image(struct images *images, const struct image_job *job, struct arena *a,
               struct image *ret, struct err *err);

/* ---- digest.c ---- */

/** digest_text() - SHA-256 in hexadecimal, in @a */
struct str digest_text(struct arena *a, struct str bytes);

/** digest_file() - of an open file from its beginning, where it is left; -1 with errno */
int digest_file(int fd, char ret[IMAGE_SHA256_CHARS + 1]);
