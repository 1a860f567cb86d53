/*
 * pods/images/images.h - images on this machine: got by skopeo from registries and archives,
 * taken apart into layers that are kept once, let go when room is needed.
 *
 * A store is a folder: blobs/ (as they came), layers/ (taken apart, named by what lies below
 * and in them), names/ (one file an image: what it is made of), tmp/. A layer is whole or not
 * there. Whoever runs a container in a layer holds a shared lock (flock) on its folder: such a
 * layer is never taken away. Any thread; all but images_has() block.
 */
#pragma once

#include "formats/json.h"

struct images;

struct images_options {
    const char *path;       /* the store's folder; made */
    const char *skopeo;     /* the program; NULL: "skopeo" */
    const char *auth_file;  /* passwords of registries, as skopeo login writes it; NULL: none */
    const char *registries; /* mirrors and more, as registries.conf; NULL: the machine's */
    const char *archives;   /* folder whose archives may be images; NULL: none may */
    uint64_t max_mib;       /* 0: IMAGE_STORE_MAX_MIB */
};

enum image_pull {
    IMAGE_PULL_DEFAULT, /* Always for the tag latest, else IfNotPresent */
    IMAGE_PULL_ALWAYS,
    IMAGE_PULL_IF_NOT_PRESENT,
    IMAGE_PULL_NEVER,
};

struct image {
    struct str name;           /* whole: "docker.io/library/alpine:3.23" */
    struct str digest;         /* of what the registry has; of an archive: of its manifest */
    const struct json *config; /* member config of the image's configuration; may be NULL */
    const struct str *layers;  /* folders below images_layers(), the lowest first */
    size_t layer_count;
    uint64_t bytes; /* of its files */
};

/* What the one that waits for an image wants to hear and may say. */
struct image_hooks {
    void (*tell)(void *ctx, struct str progress);
    bool (*is_cancelled)(void *ctx);
    void *ctx;
};

/* An image that somebody wants. */
struct image_wanted {
    struct str name; /* as in a manifest */
    enum image_pull policy;
    const struct image_hooks *hooks; /* called on the thread that gets it; may be NULL */
};

/** images_open() - open or make a store; owned; what a crash has left in it is removed */
struct images *images_open(const struct images_options *options, struct err *err);

/** images_close() - release; NULL is a no-op */
void images_close(struct images *images);

/** images_layers() - the folder of layers; absolute when the store's is */
const char *images_layers(const struct images *images);

/** image_pull_parse() - "Always", "IfNotPresent", "Never" or ""; ERR_INVALID */
int image_pull_parse(struct str word, enum image_pull *ret, struct err *err);

/** images_has() - would images_get() answer without asking elsewhere? Does not block long */
bool images_has(struct images *images, struct str name, enum image_pull policy);

/**
 * images_get() - the image of a name, got if need be
 * @wanted: which
 * @a:      holds the answer
 * @err:    ERR_INVALID (the name, an image that is refused), ERR_NOT_FOUND, ERR_DENIED,
 *          ERR_UNAUTHORIZED, ERR_TRANSIENT (registry), ERR_IO, ERR_CANCELLED, ERR_UNSUPPORTED
 * (no skopeo)
 *
 * Several that want one image wait for one pull.
 *
 * Return: 0 or -1; then nothing is left of what was begun.
 */
int images_get(struct images *images, const struct image_wanted *wanted, struct arena *a,
               struct image *ret, struct err *err);

/** images_clean() - let go what is over the store's bound or belongs to no image */
void images_clean(struct images *images);
