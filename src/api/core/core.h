/*
 * api/core/core.h - what the dialects of the API share: objects shown, listed, created, changed
 * and deleted.
 *
 * A dialect (the Kubernetes-style resource API, Argo's REST API) reads its own paths and
 * parameters, calls one of these, and says how answers look. Reading blocks on the store: http
 * threads and workers only. Writing is answered on the loop when it is durable, submission
 * after a worker has run it. No words of a dialect are in here.
 */
#pragma once

#include "api/api.h"
#include "api/auth/auth.h"
#include "base/list.h"
#include "formats/patch.h"
#include "objects/managed.h"
#include "store/archive.h"
#include "workflows/operate/stored.h"

/* The server's own state. */
struct api {
    struct api_options options;
    struct http_server *server;
    struct auth *auth;
    struct rate *rate;           /* NULL: no limit */
    struct list watches;         /* of struct watch_stream: loop */
    struct list waiting_watches; /* likewise; their turn has not come */
    size_t beginning;            /* of watches, told what is there: loop */
    struct told_lines *told;     /* of events that several watches tell */
    struct list logs;            /* of struct log_session: loop */
    uint64_t events_under_way;   /* answered, not dispatched: atomic */
    size_t followed; /* logs of pods that the sessions of workflows have open: loop */
};

/** api_platform() - what the program was built for, as Go names it */
static inline struct str api_platform(void)
{
#if defined(__aarch64__)
    return STR("linux/arm64");
#else
    return STR("linux/amd64");
#endif
}

/* How a dialect answers what is answered later. Each gives the request up. */
struct api_dialect {
    unsigned created; /* HTTP status of a creation */
    bool shows_kept;  /* a deletion that finalizers hold up is answered with the object */
    void (*object)(struct http_request *req, unsigned status, const struct json *doc);
    void (*removed)(struct http_request *req);
    void (*fail)(struct http_request *req, const struct err *err);
};

/* One request that is answered later; lives in the request's arena. */
struct api_call {
    struct api *api;
    struct http_request *req;
    const struct api_dialect *dialect;
    struct str manager; /* field manager, or absent */
    const struct object_kind
        *shown; /* the kind in the version in which patches are; NULL: as it is stored */
    const struct auth_identity
        *who; /* whose rights are asked for what they write; NULL: may all */
    enum { API_REMOVES_NOTHING, API_REMOVES_ONE, API_REMOVES_ALL } removes;
    const struct json *written; /* shown when the write has ended the object; or NULL */
    enum { API_STRICT, API_WARN, API_IGNORE } validation; /* of fields that are not known */
    bool is_dry_run; /* everything but the writing; not of api_submit(), which has its own */
};

/* ---- identity; http threads and workers ---- */

/**
 * api_identify() - who sends a request
 * @ret: in the request's arena; who is impersonated, when the sender may do that
 * @err: ERR_UNAUTHORIZED; ERR_DENIED for an impersonation
 */
int api_identify(struct api *api, struct http_request *req, struct auth_identity *ret,
                 struct err *err);

/** api_check() - may the sender of a request do this, too? Errors as api_identify(), ERR_DENIED
 */
int api_check(struct api *api, struct http_request *req, const struct auth_request *what,
              struct err *err);

/** api_writer() - the sender of a request as an api_call wants it; NULL: may do everything */
const struct auth_identity *api_writer(struct api *api, struct http_request *req);

/* ---- reading; http threads and workers; blocking ---- */

enum api_parts { API_WHOLE, API_WITHOUT_NODES };

/**
 * api_object_shown() - a stored object as the API shows it: with resourceVersion and, for
 * Workflows, its nodes as they are now
 * @a:     where the value lives
 * @parts: API_WITHOUT_NODES spares the reading of node rows
 * @err:   ERR_IO, ERR_INTERNAL
 */
int api_object_shown(struct api *api, struct arena *a, const struct store_object *o,
                     enum api_parts parts, struct json *ret, struct err *err);

/** api_object_get() - api_object_shown() of the object with that key; ERR_NOT_FOUND */
int api_object_get(struct api *api, struct arena *a, const struct store_key *key,
                   enum api_parts parts, struct json *ret, struct err *err);

/* A Workflow of the archive: by its uid, or by namespace and name; the others must fit. */
struct api_archived {
    struct str uid, ns, name; /* or "" */
};

/** api_archived_get() - an archived Workflow, whole; ERR_NOT_FOUND, in the original's words */
int api_archived_get(struct api *api, struct arena *a, const struct api_archived *of,
                     struct json *ret, struct err *err);

/** api_workflow_get() - api_object_get() of a Workflow; where there is none, or it has another
 * uid than is asked for, the archived one */
int api_workflow_get(struct api *api, struct arena *a, const struct api_archived *of,
                     enum api_parts parts, struct json *ret, struct err *err);

struct api_list {
    struct json items; /* array */
    int64_t rv;
    struct str continue_token; /* or "" */
};

/** api_object_list() - all objects that match, shown; in @a; errors as store_list() */
int api_object_list(struct api *api, struct arena *a, const struct store_query *q,
                    enum api_parts parts, struct api_list *ret, struct err *err);

/** api_flag() - a flag of a query as Kubernetes reads it: there, and not "false" or "0" */
static inline bool api_flag(struct str word)
{
    return !str_is_none(word) && !str_is(word, "0") && !str_eq_nocase(word, STR("false"));
}

/* The options of a list or watch as they come in a query; absent or empty texts are none. */
struct api_list_options {
    struct str labels, fields, limit, continue_token, resource_version, timeout_seconds;
    struct str initial_events, version_match; /* of watches */
    struct str bookmarks;
    bool is_watch;
};

struct api_query {
    struct store_query of;
    int64_t from_rv;          /* resourceVersion, 0 when none */
    bool is_exact;            /* of a list: as of that version */
    uint64_t timeout_seconds; /* how long a watch lasts; 0: for ever */
    bool has_bookmarks;       /* the reader of a watch is told how far it is */
    bool ends_initial;        /* and where what was there at the beginning ends */
};

/**
 * api_query_parse() - a query of a kind from list options
 * @a:   where selectors and copies of all texts live
 * @err: ERR_INVALID, in Kubernetes' words for selectors
 */
int api_query_parse(struct arena *a, const struct object_kind *kind, struct str ns,
                    const struct api_list_options *options, struct api_query *ret,
                    struct err *err);

/** api_version_check() - can a list be as its query wants it? ERR_TIMEOUT for a version that is
 * not there yet, ERR_GONE for an exact one that is over */
int api_version_check(const struct api *api, const struct api_query *q, struct err *err);

/** api_key() - the key of an object of a kind; texts are borrowed */
struct store_key api_key(const struct object_kind *kind, struct str ns, struct str name);

/** api_document_check() - the strict gate for a document that must be of @kind; with its faults
 * ERR_INVALID, when it cannot be read as one, ERR_RULE, ERR_UNSUPPORTED */
int api_document_check(struct arena *a, const struct object_document *doc,
                       const struct object_kind *kind, struct err *err);

/** api_document_prune() - with API_WARN and API_IGNORE unknown members are taken out of @doc,
 * and the answer gets a Warning for each, or none */
void api_document_prune(const struct api_call *call, struct object_document *doc,
                        const struct object_kind *kind);

/** api_document_admit() - nodes of a Workflow unpacked, api_document_prune(),
 * api_document_check() */
int api_document_admit(const struct api_call *call, struct object_document *doc,
                       const struct object_kind *kind, struct err *err);

/* ---- writing; http threads; answered on the loop by the call's dialect ---- */

/** api_create() - store a checked document of a kind other than Workflow, in @ns unless it
 * names its own */
void api_create(struct api_call *call, const struct object_kind *kind, struct str ns,
                const struct json *doc);

/**
 * api_update() - replace what a client may replace of an object
 * @key: of the object
 * @sub: "status": the status alone; else all but the status, of a Workflow also the status
 *       that the document has
 * @doc: checked document; its resourceVersion, if any, is the precondition
 */
void api_update(struct api_call *call, const struct object_kind *kind,
                const struct store_key *key, struct str sub, const struct json *doc);

struct api_patch {
    enum patch_type type;
    const struct json *patch;    /* in the request's arena; NULL: server-side apply */
    const struct json *applied;  /* its document */
    bool is_forced;              /* its conflicts are won */
    struct managed_applied made; /* its conflicts are what it fails for with ERR_CONFLICT */
};

/**
 * api_patch() - api_update() to what a patch makes of the stored object
 * @key: of the object
 * @sub: as api_update()
 * @p:   of the request; borrowed until the answer
 *
 * What it makes passes the same gate as any update; when it changes nothing, nothing is
 * written. When somebody else wrote meanwhile, it is made again, up to PATCH_TRIES_MAX times,
 * unless the patch names a resourceVersion. Server-side apply fails with ERR_NOT_FOUND where
 * there is no object: the caller creates it.
 */
void api_patch(struct api_call *call, const struct object_kind *kind,
               const struct store_key *key, struct str sub, struct api_patch *p);

/** api_managed() - @made with the managedFields that this write leaves it; @live: NULL when
 * created */
struct json api_managed(const struct api_call *call, const struct object_kind *kind,
                        struct str sub, const struct json *live, const struct json *made);

/**
 * api_delete_all() - remove all objects that match, all or none
 * @ret: what is removed, in the request's arena; set before the answer is given
 * @err: errors as api_object_list()
 *
 * Return: 1: the dialect will answer; 0: there are none, -1: failed: the caller answers.
 */
int api_delete_all(struct api_call *call, const struct store_query *q,
                   enum store_propagation how, struct json *ret, struct err *err);

struct api_deletion {
    struct str uid; /* precondition, "" none */
    int64_t rv;     /* precondition, 0 none */
    enum store_propagation how;
};

/** api_propagation_parse() - a propagationPolicy; "" is Background; ERR_INVALID */
int api_propagation_parse(struct str word, enum store_propagation *ret, struct err *err);

/** api_delete() - remove an object, or ask its finalizers */
void api_delete(struct api_call *call, const struct store_key *key,
                const struct api_deletion *d);

/* What a submission makes a Workflow from. */
struct api_submission {
    const struct json *doc; /* a Workflow; NULL: from a template */
    struct str kind, name;  /* of the template */
    struct workflow_submit_options options;
    const struct json *echo; /* answer of success instead of what was made; or NULL */
};

/** api_submit() - create a Workflow by the submitter, on a worker; @s lives in the request's
 * arena */
void api_submit(struct api_call *call, const struct api_submission *s);

/** api_operate() - change a Workflow and its nodes by an operation, on a worker; answered with
 * the whole Workflow. Errors as operate_stored_run(); @operation without a mark lives in the
 * request's arena */
void api_operate(struct api_call *call, const struct operate_stored *operation);

/* Work that waits for the store; on a worker. @ret: what is answered, a reference for the
 * caller; NULL: nothing to show. */
typedef int (*api_work_fn)(struct api *api, struct arena *a, const void *ctx,
                           const struct store_object **ret, struct err *err);

/** api_work() - do it on a worker, then answer; @ctx lives in the request's arena */
void api_work(struct api_call *call, api_work_fn fn, const void *ctx);

/* ---- shutdown; loop ---- */

/** api_watches_end() - close all watch streams */
void api_watches_end(struct api *api);

/** api_logs_end() - close all log streams */
void api_logs_end(struct api *api);
