/*
 * api/argo/objects.h - what the services of templates, event sources and sensors have in
 * common: list, create, get, update, delete, lint, watch of one kind.
 *
 * Handlers of operations call these; each answers the request. Http threads.
 */
#pragma once

#include "api/argo/operation.h"

/* One kind as its service shows it. */
struct argo_kind {
    const char *kind;   /* "Sensor" */
    const char *member; /* of bodies: "sensor" */
};

/** argo_kind_of() - the kind that is served under that name in argoproj.io, or core for Event
 */
const struct object_kind *argo_kind_of(const char *kind);

/** argo_object_key() - the key of the object that the path names */
struct store_key argo_object_key(const struct argo_request *r, const struct object_kind *kind);

/** argo_update_key() - the object that an update means: the path's, or that of @doc when the
 * path ends before its name, as argo's own client sends it */
struct store_key argo_update_key(const struct argo_request *r, const struct object_kind *kind,
                                 const struct json *doc);

/** argo_is_dry_run() - does createOptions of a body ask for a dry run? */
bool argo_is_dry_run(const struct json *body);

/** argo_list_value() - the answer of a list: {apiVersion, kind, metadata, items} */
struct json argo_list_value(struct arena *a, const struct object_kind *kind,
                            const struct api_list *list);

/** argo_objects_list() - list; `namePattern` is a part of the name */
void argo_objects_list(const struct argo_request *r, const struct argo_kind *kind);

/** argo_objects_create() - create; createOptions.dryRun is honoured */
void argo_objects_create(const struct argo_request *r, const struct argo_kind *kind);

/** argo_objects_get() - get */
void argo_objects_get(const struct argo_request *r, const struct argo_kind *kind);

/** argo_objects_update() - update; metadata.resourceVersion is needed */
void argo_objects_update(const struct argo_request *r, const struct argo_kind *kind);

/** argo_objects_delete() - delete; preconditions and dryRun of deleteOptions are honoured */
void argo_objects_delete(const struct argo_request *r, const struct argo_kind *kind);

/** argo_objects_lint() - check and answer with what was sent */
void argo_objects_lint(const struct argo_request *r, const struct argo_kind *kind);

/** argo_objects_watch() - a stream of {type, object}, or of bare Events for that kind */
void argo_objects_watch(const struct argo_request *r, const struct argo_kind *kind);

/** argo_objects_watch_by() - the same, with other @options than the request's */
void argo_objects_watch_by(const struct argo_request *r, const struct argo_kind *kind,
                           const struct api_list_options *options);
