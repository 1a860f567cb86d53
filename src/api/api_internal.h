/* api/api_internal.h - what the files of the resource API share. */
#pragma once

#include "api/core/core.h"
#include "api/core/log.h"
#include "api/core/watch.h"

/* A path of the resource API, taken apart. */
struct resource {
    const struct object_kind *kind;
    struct str ns, name; /* "" when not in the path */
    struct str sub;      /* "status", "log", or "" */
};

/** resource_parse() - /api/v1/... or /apis/GROUP/VERSION/...; false when it is no such path or
 * an unknown kind */
bool resource_parse(struct str path, struct resource *ret);

/** resource_handle() - any request on a resource; http thread */
void resource_handle(struct api *api, struct http_request *req, const struct resource *r);

/** reply_json() - answer with a value */
void reply_json(struct http_request *req, unsigned status, const struct json *v);

/** reply_status() - an error as a Kubernetes Status; the kind decides code and reason, in this
 * one place */
struct json reply_status(struct arena *a, const struct err *err);

/** reply_error() - answer with reply_status() */
void reply_error(struct http_request *req, const struct err *err);

/* The answers above, for what is answered later. */
extern const struct api_dialect reply_dialect;

/** trace_handle() - the way of an event; http thread */
void trace_handle(struct api *api, struct http_request *req, struct str id);
