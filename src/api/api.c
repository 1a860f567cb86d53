/* Listening, identity, and which request goes where. See api.h. */
#include "api/api.h"

#include <string.h>

#include "api/api_internal.h"
#include "api/argo/argo.h"
#include "base/mem.h"
#include "base/secret.h"

#define OWN_PATH     "/tiphys/v1/"
#define METRICS_PATH "/metrics"

static bool is_public(const struct api *api, struct str path)
{
    return health_is(path) || (api->options.is_metrics_open && str_is(path, METRICS_PATH));
}

static bool has_token(const struct api *api, const struct http_request *req)
{
    struct str given = http_header(req, STR("Authorization"));
    struct secret token = {0};
    bool is_right;

    if (api->token.len == 0 || !str_starts(given, STR("Bearer ")))
        return false;
    secret_init(&token, api->token);
    is_right = secret_equals(&token, str_skip(given, 7));
    secret_done(&token);
    return is_right;
}

/* Is it Argo's, not the resource API's? Both have their place below /api/v1. */
static bool is_argo(const struct http_request *req)
{
    struct str path = http_path(req);
    struct resource r;

    if (argo_is_operation(http_method(req), path))
        return true;
    return str_starts(path, STR("/api/v1/")) && !str_starts(path, STR("/api/v1/namespaces/")) &&
           !resource_parse(path, &r);
}

/* Identity before anything of the body is read. */
static int on_begin(void *ctx, struct http_request *req)
{
    struct api *api = ctx;
    struct err err;

    if (is_public(api, http_path(req)) || has_token(api, req))
        return 0;
    if (api->options.is_open && http_is_loopback(req) &&
        str_is_none(http_header(req, STR("Authorization"))))
        return 0;
    if (is_argo(req)) {
        argo_unauthorized(req);
        return 1;
    }
    err_set(&err, ERR_UNAUTHORIZED, "a bearer token is needed: Authorization: Bearer ...");
    reply_error(req, &err);
    return 1;
}

static void on_request(void *ctx, struct http_request *req)
{
    struct api *api = ctx;
    struct str path = http_path(req);
    struct resource r;
    struct err err;

    if (health_is(path))
        health_handle(api, req);
    else if (api->options.metrics && str_is(path, METRICS_PATH))
        metrics_handle(api, req);
    else if (discovery_handle(req))
        return;
    else if (is_argo(req))
        argo_handle(api, req);
    else if (str_starts(path, STR(OWN_PATH)) &&
             own_handle(api, req, str_skip(path, sizeof(OWN_PATH) - 1)))
        return;
    else if (resource_parse(path, &r))
        resource_handle(api, req, &r);
    else {
        err_set(&err, ERR_NOT_FOUND,
                "the server could not find the requested resource " STR_FMT, STR_ARG(path));
        reply_error(req, &err);
    }
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

struct api *api_start(const struct api_options *options, struct err *err)
{
    struct http_server_options http = {.address = options->address,
                                       .port = options->port,
                                       .threads = 2,
                                       .begin = on_begin,
                                       .handle = on_request};
    struct api *api;

    if (options->is_open && !is_loopback(options->address)) {
        err_set(err, ERR_INVALID,
                "open access is for loopback addresses only, not for %s: give a token",
                options->address);
        return NULL;
    }
    if (!options->is_open && options->token.len == 0) {
        err_set(err, ERR_INVALID,
                "no token: nobody could use the API; give one, or ask for open access on the "
                "loopback");
        return NULL;
    }
    api = NEW(struct api);
    api->options = *options;
    api->token = str_of(mem_dup(options->token.ptr, options->token.len), options->token.len);
    list_init(&api->watches);
    list_init(&api->logs);
    http.ctx = api;
    api->server = http_server_start(&http, err);
    if (api->server)
        return api;
    free((char *) (uintptr_t) api->token.ptr);
    free(api);
    return NULL;
}

uint16_t api_port(const struct api *api)
{
    return http_server_port(api->server);
}

void api_stop(struct api *api)
{
    if (!api)
        return;
    api_watches_end(api);
    api_logs_end(api);
    for (int i = 0; i < 10; i++) /* answers that wait for the store, and streams that close */
        loop_run_once(api->options.loop, 10);
    http_server_stop(api->server);
    loop_run_once(api->options.loop, 1); /* streams that were opened at the last moment */
    while (!list_is_empty(&api->watches) || !list_is_empty(&api->logs))
        loop_run_once(api->options.loop, 10);
    free((char *) (uintptr_t) api->token.ptr);
    free(api);
}
