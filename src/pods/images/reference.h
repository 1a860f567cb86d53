/*
 * pods/images/reference.h - names of images: of a registry as Kubernetes reads them
 * (`alpine`, `host:5000/path:tag@sha256:...`), and archives and folders of this machine
 * (`oci-archive:FILE`, `docker-archive:FILE`, `oci:FOLDER`, each with an optional `:NAME` of
 * the image in it). Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum image_source { IMAGE_REGISTRY, IMAGE_OCI_ARCHIVE, IMAGE_DOCKER_ARCHIVE, IMAGE_OCI_FOLDER };

struct image_reference {
    enum image_source source;
    struct str host; /* of a registry: "docker.io" */
    struct str path; /* "library/alpine"; of an archive or folder: its path */
    struct str tag; /* "latest"; "" with a digest alone; of an archive: the image in it or "" */
    struct str digest; /* "sha256:..." or "" */
};

enum { IMAGE_NAME_MAX_BYTES = 255, IMAGE_TAG_MAX_BYTES = 128, IMAGE_PATH_MAX_BYTES = 4096 };

/**
 * image_reference_parse() - read a name
 * @a:    holds what is put together; the rest is borrowed from @text
 * @err:  ERR_INVALID, which says what is wrong with it
 *
 * Return: 0 or -1.
 */
int image_reference_parse(struct arena *a, struct str text, struct image_reference *ret,
                          struct err *err);

/** image_reference_print() - the whole name, by which an image is kept; it parses to the same
 */
struct str image_reference_print(struct arena *a, const struct image_reference *ref);

/** image_reference_skopeo() - as skopeo names it; @digest, unless empty, instead of the tag */
struct str image_reference_skopeo(struct arena *a, const struct image_reference *ref,
                                  struct str digest);
