/* Listening, identity, and which request goes where. See api.h. */
#include "api/api.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "api/api_internal.h"
#include "api/argo/argo.h"
#include "api/argo/webhook_clients.h"
#include "api/core/told.h"
#include "api/rate.h"
#include "base/mem.h"

#define OWN_PATH "/tiphys/v1/"

/* Asked for in one place: what is public by this goes to the metrics, nowhere else. */
static bool is_metrics(const struct api *api, struct str path)
{
    _cleanup_config_ const struct config *config = config_get(api->options.config);

    return api->options.metrics && config->metrics_path.len > 0 &&
           str_eq(path, config->metrics_path);
}

static bool is_public(const struct api *api, struct str path)
{
    return health_is(path) || (api->options.is_metrics_open && is_metrics(api, path));
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

/* "GET" on what is no resource is "get". */
static struct str path_verb(struct arena *a, struct str method)
{
    struct str verb = str_copy(a, method);

    for (size_t i = 0; i < verb.len; i++)
        ((char *) (uintptr_t) verb.ptr)[i] = (char) tolower((unsigned char) verb.ptr[i]);
    return verb;
}

/* May they? Argo's operations and our own say themselves, kinds and paths have Kubernetes'
 * words.
 */
static int authorize(struct api *api, struct http_request *req, const struct auth_identity *who,
                     struct auth_request *what, struct err *err)
{
    struct str path = http_path(req);
    bool is_managed = api->options.managed && *api->options.managed;
    struct resource r;

    *what = (struct auth_request){.verb = STR(""), .path = path};
    if ((auth_is_master(who) && !is_managed) || discovery_is(path) || review_is(path))
        return 0;
    if (is_argo(req))
        return argo_authorize(api, req, who, err);
    if (str_starts(path, STR(OWN_PATH)) &&
        own_right(req, str_skip(path, sizeof(OWN_PATH) - 1), what))
        return what->verb.len == 0 ? 0 : auth_check(api->auth, who, what, err);
    if (resource_parse(path, &r))
        resource_right(req, &r, what);
    else
        what->verb = path_verb(http_arena(req), http_method(req));
    return auth_check(api->auth, who, what, err);
}

/* Every answer tells how much is left, as upstream's: all of it is back in a second. */
static bool take_rate(struct api *api, struct http_request *req)
{
    struct arena *a = http_arena(req);
    uint64_t left;
    bool is_allowed = rate_take(api->rate, http_peer(req), clock_mono(), &left);

    http_add_header(req, STR("X-RateLimit-Limit"),
                    str_printf(a, "%" PRIu64, api->options.rate_limit));
    http_add_header(req, STR("X-RateLimit-Remaining"), str_printf(a, "%" PRIu64, left));
    http_add_header(req, STR("X-RateLimit-Reset"),
                    str_printf(a, "%" PRId64, clock_wall().ms / 1000 + 1));
    return is_allowed;
}

static uint64_t file_max(void *ctx, const struct http_request *req)
{
    (void) ctx;
    return argo_file_max(req);
}

/* Identity and rights before anything of the body is read. */
static int on_begin(void *ctx, struct http_request *req)
{
    static const struct http_header later[] = {{STR_INIT("Retry-After"), STR_INIT("1")}};
    struct api *api = ctx;
    struct auth_identity who;
    struct auth_request what = {.verb = STR("")};
    struct err err;

    if (health_is_root(req) || is_public(api, http_path(req)))
        return 0;
    if (api->rate && !take_rate(api, req)) {
        http_reply(req, 429, STR("text/plain; charset=utf-8"), STR("Limit exceeded"), later, 1);
        return 1;
    }
    if (api_identify(api, req, &who, &err) == 0) {
        if (authorize(api, req, &who, &what, &err) == 0 && argo_begin(api, req, &err) == 0)
            return 0;
    } else if (err.kind == ERR_UNAUTHORIZED && argo_webhook_may_be(api, req)) {
        return 0; /* its signature counts, of the whole body */
    } else if (is_metrics(api, http_path(req)) &&
               str_is_none(http_header(req, STR("Authorization")))) {
        err.kind = ERR_DENIED; /* upstream's answer to a scraper without a token */
    }
    if (is_argo(req))
        argo_refuse(req, &err);
    else if (err.kind == ERR_DENIED && what.resource.len > 0)
        reply_denied(req, &err, &what);
    else
        reply_error(req, &err);
    return 1;
}

static void on_request(void *ctx, struct http_request *req)
{
    struct api *api = ctx;
    struct str path = http_path(req);
    struct resource r;

    if (health_is_root(req))
        health_root(req);
    else if (health_is(path))
        health_handle(api, req);
    else if (is_metrics(api, path))
        metrics_handle(api, req);
    else if (discovery_handle(req) || review_handle(api, req))
        return;
    else if (is_argo(req))
        argo_handle(api, req);
    else if (str_starts(path, STR(OWN_PATH)) &&
             own_handle(api, req, str_skip(path, sizeof(OWN_PATH) - 1)))
        return;
    else if (resource_parse(path, &r))
        resource_handle(api, req, &r);
    else if (str_starts(path, STR(OWN_PATH)))
        reply_no_resource(req);
    else
        reply_no_path(req);
}

static void on_done(void *ctx, const struct http_request *req, double seconds)
{
    metrics_done(ctx, req, seconds);
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
                                       .tls_cert = options->tls_cert,
                                       .tls_key = options->tls_key,
                                       .base = options->base,
                                       .headers = options->headers,
                                       .header_count = options->header_count,
                                       .file_max = file_max,
                                       .begin = on_begin,
                                       .handle = on_request,
                                       .done = on_done};
    struct api *api;

    if (options->is_open && !is_loopback(options->address)) {
        err_set(err, ERR_INVALID,
                "open access is for loopback addresses only, not for %s: give a token",
                options->address);
        return NULL;
    }
    api = NEW(struct api);
    api->options = *options;
    api->auth = auth_new(&(struct auth_options){.loop = options->loop,
                                                .store = options->store,
                                                .workers = options->workers,
                                                .is_open = options->is_open,
                                                .token = options->token,
                                                .token_file = options->token_file,
                                                .managed = options->managed},
                         err);
    if (api->auth && !options->is_open && !auth_has_tokens(api->auth)) {
        err_set(err, ERR_INVALID,
                "no token: nobody could use the API: give one (--token, ARGO_TOKEN, "
                "--token-auth-file), or let everybody on this machine in (--open)");
        auth_stop(api->auth);
        auth_free(TAKE(api->auth));
    }
    if (!api->auth) {
        free(api);
        return NULL;
    }
    list_init(&api->watches);
    list_init(&api->waiting_watches);
    list_init(&api->logs);
    api->told = told_new();
    if (options->rate_limit > 0)
        api->rate = rate_new(options->rate_limit);
    http.ctx = api;
    api->server = http_server_start(&http, err);
    if (api->server)
        return api;
    auth_stop(api->auth);
    auth_free(api->auth);
    rate_free(api->rate);
    told_free(api->told);
    free(api);
    return NULL;
}

uint16_t api_port(const struct api *api)
{
    return http_server_port(api->server);
}

bool api_stop(struct api *api)
{
    bool is_answered;

    if (!api)
        return true;
    api_watches_end(api);
    api_logs_end(api);
    for (int i = 0; i < 10; i++) /* answers that wait for the store, and streams that close */
        loop_run_once(api->options.loop, 10);
    is_answered = http_server_stop(api->server);
    loop_run_once(api->options.loop, 1); /* streams that were opened at the last moment */
    while (!list_is_empty(&api->watches) || !list_is_empty(&api->waiting_watches) ||
           !list_is_empty(&api->logs) ||
           __atomic_load_n(&api->events_under_way, __ATOMIC_SEQ_CST) > 0)
        loop_run_once(api->options.loop, 10);
    auth_stop(api->auth);
    if (!is_answered)
        return false;
    auth_free(api->auth);
    rate_free(api->rate);
    told_free(api->told);
    free(api);
    return true;
}
