/*
 * api/argo/fields.h - the `fields` parameter: which members of an answer a client wants.
 *
 * "items.metadata.name,metadata" keeps those and what is below them; with a leading "-" they
 * are what is left out. Lists do not count in a path. Pure.
 */
#pragma once

#include "formats/json.h"

/**
 * argo_fields_clean() - a value with the members that are wanted; shares all that is whole
 * @fields: as sent; "" keeps everything
 * @prefix: taken off each path that begins with it
 */
struct json argo_fields_clean(struct arena *a, struct str fields, const char *prefix,
                              const struct json *v);

/** argo_fields_exclude() - will argo_fields_clean() leave a path out as a whole? For what is
 * dear to get. */
bool argo_fields_exclude(struct str fields, const char *prefix, struct str path);
