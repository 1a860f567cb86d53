/*
 * api/argo/artifact_page.h - the page that lists what lies in a folder of artifacts. Pure.
 */
#pragma once

#include "formats/json.h"

/**
 * artifact_page() - links to the files in a folder, and to the folders that hold further ones
 * @keys:   all keys below it, an array of texts
 * @folder: its own key, with a "/" at its end
 * @ret:    HTML, in the arena; names of files are neither markup nor addresses of elsewhere
 * @err:    ERR_LIMIT over HTTP_RESPONSE_MAX_BYTES
 *
 * Return: 0 or -1.
 */
int artifact_page(struct arena *a, const struct json *keys, struct str folder, struct str *ret,
                  struct err *err);
