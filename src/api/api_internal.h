/* api/api_internal.h - what the files of this room share. */
#pragma once

#include "api/api.h"
#include "base/list.h"
#include "objects/object.h"

struct api {
    struct api_options options;
    struct http_server *server;
    struct str token;    /* owned */
    struct list watches; /* of struct watch_stream: loop */
    struct list logs;    /* of struct log_stream: loop */
};

/* A path of the resource API, taken apart. */
struct resource {
    const struct object_kind *kind;
    struct str ns, name; /* "" when not in the path */
    struct str sub;      /* "status", "log", or "" */
};

/** resource_parse() - /api/v1/... or /apis/GROUP/VERSION/...; false when it is no such path or
 * an unknown kind */
bool resource_parse(struct str path, struct resource *ret);

/** reply_json() - answer with a value */
void reply_json(struct http_request *req, unsigned status, const struct json *v);

/** reply_error() - answer with a Kubernetes Status; the kind decides code and reason, in this
 * one place */
void reply_error(struct http_request *req, const struct err *err);

/** resource_handle() - any request on a resource; http thread */
void resource_handle(struct api *api, struct http_request *req, const struct resource *r);

/** watch_start() - answer with a stream of changes; http thread */
void watch_start(struct api *api, struct http_request *req, const struct resource *r);

/** trace_handle() - the way of an event; http thread */
void trace_handle(struct api *api, struct http_request *req, struct str id);

/** watches_end() - close all streams; loop */
void watches_end(struct api *api);

/** submission_start() - create the Workflow that the request holds, by the submitter, on a
 * worker; http thread; @doc and @options live in the request's arena */
void submission_start(struct api *api, struct http_request *req, const struct json *doc,
                      const struct workflow_submit_options *options);

/** pod_log_handle() - the log of a pod's container; http thread */
void pod_log_handle(struct api *api, struct http_request *req, const struct resource *r);

/** logs_end() - close all log streams; loop */
void logs_end(struct api *api);

/** object_shown() - a stored object as the API shows it: with resourceVersion and, for
 * Workflows, its nodes; in @a */
int object_shown(struct api *api, struct arena *a, const struct store_object *o,
                 struct json *ret, struct err *err);
