/*
 * api/argo/gateway.h - requests and answers in the words of the Argo Server's gateway.
 *
 * An error is {"code": N, "message": "..."} with a gRPC code and the HTTP status that belongs
 * to it; a stream is {"result": ...} lines, as server-sent events when the client accepts
 * nothing else. JSON is Go's. Http threads and the loop; shaping is pure.
 */
#pragma once

#include "api/argo/operation.h"
#include "api/core/log.h"
#include "api/core/watch.h"

/* What an error is for clients. */
struct argo_code {
    int grpc;         /* google.rpc.Code */
    unsigned http;    /* status */
    const char *text; /* of the status */
};

/** argo_code_of() - the codes of a kind of errors; pure */
struct argo_code argo_code_of(enum err_kind kind);

/** argo_error_value() - the body of an error: {code, message}; pure */
struct json argo_error_value(struct arena *a, const struct err *err);

/** argo_stream_error_value() - an error of a stream: {error: {grpc_code, http_code, message,
 * http_status}}; pure */
struct json argo_stream_error_value(struct arena *a, const struct err *err);

/** argo_reply() - answer 200 with a value */
void argo_reply(struct http_request *req, const struct json *v);

/** argo_reply_empty() - answer 200 with {} */
void argo_reply_empty(struct http_request *req);

/** argo_fail() - answer with an error */
void argo_fail(struct http_request *req, const struct err *err);

/** argo_call() - the request for functions of api/core that answer later; in its arena */
struct api_call *argo_call(const struct argo_request *r);

/** argo_query() - a query parameter, or "" */
struct str argo_query(const struct argo_request *r, const char *name);

/** argo_list_options() - the listOptions of a request */
struct api_list_options argo_list_options(const struct argo_request *r);

/** argo_body() - the body, a JSON object; in the request's arena; ERR_INVALID */
int argo_body(const struct argo_request *r, struct json *ret, struct err *err);

/**
 * argo_document() - the object that a body holds, through the strict gate
 * @member: of the body
 * @kind:   what it must be; apiVersion and kind may be missing in it
 * @ret:    checked, with the namespace of the path unless it has that one
 * @err:    ERR_INVALID, ERR_UNSUPPORTED
 */
int argo_document(const struct argo_request *r, const struct json *body, const char *member,
                  const struct object_kind *kind, struct json *ret, struct err *err);

enum argo_wrap {
    ARGO_EVENTS, /* {"result": {"type": ..., "object": ...}} */
    ARGO_BARE,   /* {"result": object} */
};

/** argo_watch_format() - how a watch is written for this client */
const struct api_watch_format *argo_watch_format(const struct argo_request *r,
                                                 enum argo_wrap wrap);

/** argo_log_format() - how log lines are written for this client */
const struct api_log_format *argo_log_format(const struct argo_request *r);
