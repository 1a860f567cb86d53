/*
 * Ports and endpoints of the sources that serve HTTP: one server a port, shared by all that
 * name it.
 *
 * The loop adds and removes; http threads look up. A request holds the table's read lock while
 * it is handed to its source, so after source_routes_remove() no new request reaches it. The
 * token check is here, once for all such sources.
 */
#include <pthread.h>
#include <stdio.h>

#include "base/mem.h"
#include "events/sources/source_internal.h"

struct port {
    uint32_t number;
    size_t users;
    struct http_server *server;
    struct source_routes *routes;
};

struct route {
    uint32_t port;
    struct str path; /* in the source's spec */
    struct source *src;
};

struct source_routes {
    const char *address;
    pthread_rwlock_t lock;
    VEC(struct route) list;   /* lock */
    VEC(struct port *) ports; /* loop */
};

struct source_routes *source_routes_new(const char *address)
{
    struct source_routes *r = NEW(struct source_routes);

    r->address = address;
    pthread_rwlock_init(&r->lock, NULL);
    return r;
}

static void reply(struct http_request *req, unsigned status, const char *text)
{
    http_reply(req, status, STR("text/plain; charset=utf-8"), str_from(text), NULL, 0);
}

/* 0: allowed; else the request has its answer. */
static int check_token(struct source *src, struct http_request *req)
{
    const struct json *selector = json_get(src->spec, STR("authSecret"));
    struct str given = http_header(req, STR("Authorization"));
    struct secret token = {0};
    struct err err;
    bool is_right;

    if (!selector)
        return 0;
    if (source_secret(src, selector, &token, &err) < 0) {
        log_error(&src->log, "the token of an endpoint cannot be read", LOG_ERR(&err));
        reply(req, 500, "Error loading auth token");
        return -1;
    }
    if (!str_starts(given, STR("Bearer "))) {
        secret_done(&token);
        reply(req, 401, "Invalid Authorization Header");
        return -1;
    }
    is_right = secret_equals(&token, str_skip(given, 7));
    secret_done(&token);
    if (!is_right)
        reply(req, 401, "Invalid Auth token");
    return is_right ? 0 : -1;
}

static struct source *find_locked(struct source_routes *r, uint32_t port, struct str path)
{
    VEC_FOREACH (it, &r->list)
        if (it->port == port && str_eq(it->path, path))
            return it->src;
    return NULL;
}

static void on_request(void *ctx, struct http_request *req)
{
    struct port *port = ctx;
    struct source_routes *r = port->routes;
    struct source *src;

    pthread_rwlock_rdlock(&r->lock);
    src = find_locked(r, port->number, http_path(req));
    if (src && check_token(src, req) == 0)
        source_serve(src, req);
    else if (!src && str_is(http_path(req), "/health"))
        reply(req, 200, "OK");
    else if (!src)
        reply(req, 404, "404 page not found\n");
    pthread_rwlock_unlock(&r->lock);
}

static int open_port(struct source_routes *r, uint32_t number, struct err *err)
{
    struct http_server_options options = {
        .address = r->address, .port = (uint16_t) number, .threads = 1, .handle = on_request};
    struct port *port;

    VEC_FOREACH (it, &r->ports)
        if ((*it)->number == number) {
            (*it)->users++;
            return 0;
        }
    port = NEW(struct port);
    *port = (struct port){.number = number, .users = 1, .routes = r};
    options.ctx = port;
    port->server = http_server_start(&options, err);
    if (!port->server) {
        free(port);
        return -1;
    }
    VEC_PUSH(&r->ports, port);
    return 0;
}

static void close_port(struct source_routes *r, uint32_t number)
{
    VEC_FOREACH (it, &r->ports)
        if ((*it)->number == number && --(*it)->users == 0) {
            struct port *port = *it;

            *it = r->ports.at[--r->ports.len];
            if (http_server_stop(port->server))
                free(port);
            return;
        }
}

static uint32_t port_of(const struct source *src)
{
    uint32_t port = 0;

    return parse_u32(json_get_str(src->spec, STR("port")), &port) ? port : 0;
}

int source_routes_add(struct source_routes *r, struct source *src, struct err *err)
{
    struct route route = {
        .port = port_of(src), .path = json_get_str(src->spec, STR("endpoint")), .src = src};
    struct source *taken;

    pthread_rwlock_rdlock(&r->lock);
    taken = find_locked(r, route.port, route.path);
    pthread_rwlock_unlock(&r->lock);
    if (taken)
        return err_set(err, ERR_EXISTS,
                       "endpoint " STR_FMT " on port %u is served by event " STR_FMT
                       " of event source " STR_FMT " already",
                       STR_ARG(route.path), route.port, STR_ARG(taken->event),
                       STR_ARG(taken->name));
    if (open_port(r, route.port, err) < 0)
        return -1;
    pthread_rwlock_wrlock(&r->lock);
    VEC_PUSH(&r->list, route);
    pthread_rwlock_unlock(&r->lock);
    return 0;
}

void source_routes_remove(struct source_routes *r, struct source *src)
{
    bool is_found = false;

    pthread_rwlock_wrlock(&r->lock);
    for (size_t i = 0; i < r->list.len && !is_found; i++)
        if (r->list.at[i].src == src) {
            r->list.at[i] = r->list.at[--r->list.len];
            is_found = true;
        }
    pthread_rwlock_unlock(&r->lock);
    if (is_found)
        close_port(r, port_of(src));
}

void source_routes_free(struct source_routes *r)
{
    bool is_answered = true;

    VEC_FOREACH (it, &r->ports) {
        if (http_server_stop((*it)->server))
            free(*it);
        else
            is_answered = false;
    }
    if (!is_answered)
        return; /* what requests use goes with the process */
    VEC_DONE(&r->ports);
    VEC_DONE(&r->list);
    pthread_rwlock_destroy(&r->lock);
    free(r);
}
