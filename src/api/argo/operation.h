/*
 * api/argo/operation.h - the contract of an operation: a row of operations.def and its handler.
 *
 * A handler runs on an http thread, has the whole body, and answers exactly once: at once by
 * gateway.h, or later by handing the request to api/core with argo_call().
 */
#pragma once

#include "api/core/core.h"

enum { ARGO_VARIABLES_MAX = 6 };

struct argo_request;

struct argo_operation {
    const char *method;
    const char *path; /* with {variables} */
    const char *service, *name;
    const char *rights;                           /* see operations.def */
    void (*handle)(const struct argo_request *r); /* NULL: not built yet */
};

/* A path that was understood. */
struct argo_route {
    const struct argo_operation *operation;
    struct {
        struct str name, value;
    } variables[ARGO_VARIABLES_MAX]; /* borrowed from table and path */
    size_t variable_count;
};

struct argo_request {
    struct api *api;
    struct http_request *req;
    struct arena *a; /* the request's */
    struct argo_route route;
};

/** argo_operations() - the whole table, in the order of operations.def */
const struct argo_operation *argo_operations(size_t *ret_count);

/**
 * argo_route() - which operation a request asks for; pure
 * @path: decoded, without query; a variable at the end of a path may be empty or missing with
 * its slash (no namespace: all of them)
 * @ret:  filled when there is one; texts are borrowed
 *
 * Return: whether there is one.
 */
bool argo_route(struct str method, struct str path, struct argo_route *ret);

/** argo_variable() - a variable of the path by name; "" when it has none */
struct str argo_variable(const struct argo_request *r, const char *name);

/** argo_right() - one right of operations.def ("get pods/log") with what a path says; pure; for
 * the operations that ask themselves, with @ns */
struct auth_request argo_right(const struct argo_route *route, struct str ns, struct str right);
