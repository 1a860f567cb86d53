/* api/api_internal.h - what the files of the resource API share. */
#pragma once

#include "api/core/core.h"
#include "api/core/log.h"
#include "api/core/watch.h"
#include "objects/object.h"

/* A path of the resource API, taken apart. */
struct resource {
    const struct object_kind *kind;
    const struct object_kind *shown; /* the kind in the path's version */
    struct str ns, name;             /* "" when not in the path */
    struct str sub;                  /* "status", "log", or "" */
};

/** resource_parse() - /api/v1/... or /apis/GROUP/VERSION/...; false when it is no such path or
 * an unknown kind */
bool resource_parse(struct str path, struct resource *ret);

/** resource_right() - what a request on a resource wants to do, in RBAC's words; texts are
 * borrowed from the request and its arena */
void resource_right(struct http_request *req, const struct resource *r,
                    struct auth_request *ret);

/* ---- what is sent and what is wanted (negotiate.c) ---- */

/* How objects are shown. */
enum reply_form { REPLY_WHOLE, REPLY_TABLE, REPLY_METADATA };

/** reply_form_of() - as the Accept header asks for */
enum reply_form reply_form_of(struct http_request *req);

/** reply_is_yaml() - does the client want YAML? */
bool reply_is_yaml(struct http_request *req);

/** negotiate_refuse() - answer with 406 or 415 when the client accepts nothing that there is,
 * or sends what nobody reads; false: go on */
bool negotiate_refuse(struct http_request *req);

/** request_type() - the media type of the body, without parameters; "" none */
struct str request_type(struct http_request *req);

/** request_text() - the body as JSON or YAML, also of one in protobuf; in the request's arena;
 * ERR_INVALID, ERR_UNSUPPORTED */
int request_text(struct http_request *req, struct str *ret, struct err *err);

/** resource_body() - the body, an object; ERR_INVALID, ERR_UNSUPPORTED */
int resource_body(struct http_request *req, struct json *ret, struct err *err);

/** resource_call() - the request as one that is answered later; in its arena; ERR_INVALID for
 * parameters that it does not understand: what is not understood must not write. NULL then */
struct api_call *resource_call(struct api *api, struct http_request *req,
                               const struct resource *r, struct err *err);

/** resource_check_version() - is a document of the path's kind written in the path's version,
 * too? ERR_INVALID in the words of the API server */
int resource_check_version(const struct resource *r, const struct object_document *doc,
                           struct err *err);

/** resource_create() - POST of a document of the path's kind, also an applied one that is new;
 * http thread */
void resource_create(struct api_call *call, const struct resource *r,
                     const struct object_document *doc);

/** resource_query() - the list options of a request, in @a; ERR_INVALID */
int resource_query(struct http_request *req, const struct resource *r, struct arena *a,
                   struct api_query *q, struct err *err);

/** resource_handle() - any request on a resource; http thread */
void resource_handle(struct api *api, struct http_request *req, const struct resource *r);

/** reply_json() - answer with a value */
void reply_json(struct http_request *req, unsigned status, const struct json *v);

/** reply_status() - an error as a Kubernetes Status; the kind decides code and reason, in this
 * one place */
struct json reply_status(struct arena *a, const struct err *err);

/** reply_error() - answer with reply_status() */
void reply_error(struct http_request *req, const struct err *err);

/** reply_denied() - reply_error() that says what was asked for */
void reply_denied(struct http_request *req, const struct err *err,
                  const struct auth_request *what);

/* A refusal that no kind of error stands for. */
struct reply_refusal {
    unsigned code;
    const char *reason; /* of the Status */
    struct str message;
    const struct json *details; /* of the Status; NULL: none */
};

/** reply_refuse() - answer with a Status of that code */
void reply_refuse(struct http_request *req, const struct reply_refusal *refusal);

/** reply_no_path() - 404 for what is no path of this server: text, as the API server has it */
void reply_no_path(struct http_request *req);

/** reply_no_resource() - the same as a Status, for paths of our own */
void reply_no_resource(struct http_request *req);

/** reply_conflicts() - answer with a Status that names the fields that others own */
void reply_conflicts(struct http_request *req, const struct managed_conflicts *conflicts);

/** reply_object() - answer with an object of a kind that is served, in the version of the path
 * and the form that the client wants */
void reply_object(struct http_request *req, unsigned status, const struct json *doc);

/** reply_metadata() - an object with nothing but its metadata */
struct json reply_metadata(struct arena *a, const struct json *doc);

/* What a deletion removed, for its answer; hangs on the request as its user. */
struct reply_removal {
    const struct object_kind *kind; /* as it is shown */
    struct str name, uid;           /* "" for a collection */
    struct json items;              /* of a collection */
};

/** reply_list() - a list of a kind as the API shows it, in the version of that row */
struct json reply_list(struct arena *a, const struct object_kind *kind,
                       const struct api_list *list);

/** reply_plain_list() - a list of reply_list() as clients get it: items of Kubernetes' own kinds
 * do not say what they are, lists of the others always have a place to continue */
struct json reply_plain_list(struct arena *a, const struct object_kind *kind,
                             const struct json *list);

/* The answers above, for what is answered later. */
extern const struct api_dialect reply_dialect;

/** health_is_root() - the page at /? It needs no token, as it tells nothing of this server */
bool health_is_root(const struct http_request *req);

/** health_root() - 200, a page in HTML: what is served here */
void health_root(struct http_request *req);

/** health_is() - a path for probes? They need no token */
bool health_is(struct str path);

/**
 * health_handle() - /livez: does the loop turn? /healthz and /readyz: do store and bus write,
 * too? 200 "ok", 503 and what is wrong; with ?verbose one line for each. A loop that stands
 * does not answer.
 */
void health_handle(struct api *api, struct http_request *req);

/** metrics_done() - a request is over: operations of the Argo API are counted; http thread */
void metrics_done(const struct api *api, const struct http_request *req, double seconds);

/** metrics_handle() - GET /metrics: all metrics as Prometheus' text; http thread */
void metrics_handle(struct api *api, struct http_request *req);

/**
 * waiters_note() - why no sensor has done anything with an event
 * @api: whose store holds the sensors
 * @a:   where the text lives
 * @r:   the event
 *
 * Any thread; reads the store.
 *
 * Return: the sensors that wait for it and what keeps each, or that none does; "" when the
 * store cannot be read.
 */
struct str waiters_note(struct api *api, struct arena *a, const struct bus_record *r);

/** trace_handle() - the way of an event; "note" says why nothing became of it; http thread */
void trace_handle(struct api *api, struct http_request *req, struct str id);

/** trace_list() - the newest events of a namespace, "" for all; http thread */
void trace_list(struct api *api, struct http_request *req, struct str ns);

/** dead_letters_handle() - what sensors gave up; @ns "" for all namespaces, @rest what stands
 * behind "dead-letters/"; http thread */
void dead_letters_handle(struct api *api, struct http_request *req, struct str ns,
                         struct str rest);

/** own_right() - what a request below /tiphys/v1/ wants to do; verb "": its handler asks;
 * false: there is no such thing */
bool own_right(struct http_request *req, struct str rest, struct auth_request *ret);

/** own_handle() - requests below /tiphys/v1/, @rest behind it; false: there is no such thing */
bool own_handle(struct api *api, struct http_request *req, struct str rest);

/** change_patch() - PATCH of an object; http thread */
void change_patch(struct api *api, struct http_request *req, const struct resource *r);

/** change_delete() - DELETE of an object; http thread */
void change_delete(struct api *api, struct http_request *req, const struct resource *r);

/** change_delete_all() - DELETE of a collection, or of what its selectors find; http thread */
void change_delete_all(struct api *api, struct http_request *req, const struct resource *r);

/** token_request_is() - does somebody ask for a token of a ServiceAccount? */
bool token_request_is(struct http_request *req, const struct resource *r);

/** token_request_handle() - make one; http thread */
void token_request_handle(struct api *api, struct http_request *req, const struct resource *r);

/** discovery_is() - a path by which clients ask about the API itself? Any token may */
bool discovery_is(struct str path);

/** review_is() - a path of questions about the caller's own rights? Any token may ask */
bool review_is(struct str path);

/** review_handle() - answer questions about rights: self and local subject access reviews, self
 * subject rules and self subject reviews; false: another path; http thread */
bool review_handle(struct api *api, struct http_request *req);

/** discovery_handle() - answer what clients ask about the API itself; false: another path */
bool discovery_handle(struct http_request *req);

/**
 * table_value() - objects as a Table
 * @items:   array of objects of @kind
 * @meta:    metadata of the list
 * @include: what stands behind a row: "Object", "None", else its metadata
 */
struct json table_value(struct arena *a, const struct object_kind *kind,
                        const struct json *items, const struct json *meta, struct str include);

/** table_of_one() - table_value() of one object, with its resourceVersion */
struct json table_of_one(struct arena *a, const struct object_kind *kind,
                         const struct json *doc, struct str include);
