/*
 * artifacts/repository.h - the repository that a namespace's ConfigMap describes. Pure. Source:
 * ../shared/spec/workflows.md 5.8.
 */
#pragma once

#include "formats/json.h"

#define REPOSITORY_DEFAULT_MAP "artifact-repositories"

/* One that was found. */
struct repository {
    struct str key;  /* of the ConfigMap's data */
    struct json doc; /* an ArtifactRepository */
};

/**
 * repository_read() - one that stands in a ConfigMap
 * @a:    where what is found lives
 * @map:  document of the ConfigMap
 * @name: its name, for errors
 * @key:  of its data; "" or absent: the one that its annotation says
 * @ret:  the repository
 * @err:  ERR_INVALID, ERR_UNSUPPORTED: what stands there
 *
 * Return: 1; 0 when the ConfigMap has no such key; -1.
 */
int repository_read(struct arena *a, const struct json *map, struct str name, struct str key,
                    struct repository *ret, struct err *err);
