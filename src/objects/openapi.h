/*
 * objects/openapi.h - OpenAPI documents of the kinds that are served, made of their field
 * tables: what `kubectl explain` shows and what kubectl asks before it relies on a server's
 * checks.
 *
 * Shapes are components that refer to each other. Lists of core kinds say how patches merge
 * them; Argo's kinds are custom resources, whose lists are one field each. Pure; any thread.
 */
#pragma once

#include "objects/object.h"

/** openapi_v3() - the OpenAPI v3 document of a version of a group ("" core) */
struct json openapi_v3(struct arena *a, const char *group, const char *version);

/** openapi_v2() - the OpenAPI v2 document of all groups */
struct json openapi_v2(struct arena *a);
