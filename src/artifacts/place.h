/*
 * artifacts/place.h - where artifacts are, as documents say it: a kind of place, its key, and
 * what of a place comes from the repository. Pure. Source:
 * ../shared/spec/workflows.md 5.8, 5.9.
 */
#pragma once

#include "formats/json.h"

struct artifact_driver;

/* A kind of place. */
struct artifact_kind {
    const char *member;   /* of an artifact: "s3" */
    const char *key;      /* its member that says what: "key" */
    const char *where[2]; /* its members that say where; a place that lacks one has them from
                             the repository; NULL: always whole */
    const char *format;   /* of a repository: its member with the format of keys, or NULL */
    const struct artifact_driver *driver;
};

/* A place that was found. */
struct artifact_place {
    const struct artifact_kind *kind; /* NULL: none */
    const struct json *place;
};

/** artifact_place_find() - the place of an artifact, a location or a repository; false: none */
bool artifact_place_find(const struct json *holder, struct artifact_place *ret);

/** artifact_place_key() - its key, or absent */
struct str artifact_place_key(const struct artifact_place *p);

/** artifact_place_is_whole() - does it say where? An `s3` that says nothing is in the local
 * repository when there is no other one */
bool artifact_place_is_whole(const struct artifact_place *p);

/** artifact_has_place() - does an artifact or a location need nothing of a repository? */
bool artifact_has_place(const struct json *holder);

/** artifact_key_format() - the format of keys in a repository, with tags; "" is `s3` of the
 * local one */
struct str artifact_key_format(struct arena *a, const struct json *repository);

/**
 * artifact_repository_place() - what a repository says of where, with a key
 * @repository: an ArtifactRepository, or NULL: the local one
 * @key:        of what is stored
 *
 * Return: a location: one member, a place.
 */
struct json artifact_repository_place(struct arena *a, const struct json *repository,
                                      struct str key);
