/*
 * cli/manifests.h - the manifests that a command line names: files, folders, standard input.
 */
#pragma once

#include "cli/objects.h"

struct manifest_paths {
    const char *const *at; /* files; in the arena */
    size_t len;
    const char *const *folders; /* that were walked */
    size_t folder_count;
};

/**
 * manifests_find() - the files that paths mean
 * @a:     where the list lives
 * @paths: files, "-", addresses of the web, or folders, of which all .yaml, .yml and .json
 * files below are taken, in order of their names; what begins with a dot is left out
 * @count: how many
 * @ret:   files
 * @err:   ERR_NOT_FOUND, ERR_IO
 */
int manifests_find(struct arena *a, const char *const *paths, size_t count,
                   struct manifest_paths *ret, struct err *err);

/** manifests_is_manifest() - does a name end as manifests do, and not begin with a dot? */
bool manifests_is_manifest(const char *name);

/** manifests_is_url() - is it an address of the web, not a file? */
bool manifests_is_url(const char *path);

/** manifests_read() - the text of a file, of standard input ("-") or of what an address of the
 * web answers, in the command's arena; what cli_read_file() and http_client_do() say, ERR_LIMIT
 * over MANIFEST_MAX_BYTES */
int manifests_read(struct cli *cli, const char *path, struct str *ret, struct err *err);
