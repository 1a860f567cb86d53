/* How pods reach the API. See pod_access.h. */
#include "daemon/pod_access.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/auth/auth.h"

/* What pods of this machine call: "0.0.0.0" is where it listens, not where it is. */
static const char *host_of(const struct pod_access_giver *g)
{
    const char *address = g->options->address;

    if (address && strcmp(address, "0.0.0.0") == 0 && g->gateway[0])
        return g->gateway;
    if (!address || !*address || strcmp(address, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(address, "::") == 0 ? "::1" : address;
}

static int wait_for_port(struct pod_access_giver *g, uint16_t *ret, struct err *err)
{
    pthread_mutex_lock(&g->lock);
    while (g->port == 0 && !g->is_closed)
        pthread_cond_wait(&g->changed, &g->lock);
    *ret = g->is_closed ? 0 : g->port;
    pthread_mutex_unlock(&g->lock);
    return *ret ? 0 : err_set(err, ERR_TRANSIENT, "the server is being stopped");
}

/* A pod of a Workflow is its Workflow's; another one is an object itself. */
static struct auth_pod pod_of(const struct pod_request *req, bool is_open)
{
    struct auth_pod pod = {.kind = STR(""),
                           .ns = req->ns,
                           .account = str_is_empty(req->service_account) ? STR("default")
                                                                         : req->service_account,
                           .owner = STR(""),
                           .owner_uid = STR(""),
                           .audience = STR("")};

    if (is_open)
        return pod;
    pod.kind = str_is_empty(req->workflow) ? STR("Pod") : STR("Workflow");
    pod.owner = str_is_empty(req->workflow) ? req->name : req->workflow;
    pod.owner_uid = str_is_empty(req->workflow) ? req->uid : req->workflow_uid;
    return pod;
}

/* Worker. */
static int token(void *ctx, struct arena *a, const struct pod_request *req, struct str audience,
                 struct str *ret, struct err *err)
{
    const struct pod_access_giver *g = ctx;
    struct auth_pod pod = pod_of(req, g->options->is_open);
    struct str key;

    pod.audience = auth_audience(audience);
    if (auth_pod_key(g->store, a, &key, err) < 0) {
        err->kind = ERR_TRANSIENT;
        return -1;
    }
    *ret = auth_pod_token(a, key, &pod);
    return 0;
}

/* Worker. */
static int get(void *ctx, struct arena *a, const struct pod_request *req,
               struct pod_access *ret, struct err *err)
{
    struct pod_access_giver *g = ctx;
    const char *host = host_of(g);
    bool is_v6 = strchr(host, ':') != NULL;
    struct str own;
    uint16_t port;

    if (wait_for_port(g, &port, err) < 0 || token(ctx, a, req, STR(""), &own, err) < 0)
        return -1;
    *ret = (struct pod_access){
        .token = own,
        .ca = str_from(g->ca),
        .url = str_printf(a, "%s://%s%s%s:%u%s", g->options->is_secure ? "https" : "http",
                          is_v6 ? "[" : "", host, is_v6 ? "]" : "", port, g->base),
        .host = str_copy(a, str_from(host)),
        .port = str_printf(a, "%u", port),
        .is_shared = g->options->is_open};
    return 0;
}

struct pod_accesses pod_access_open(struct pod_access_giver *g, struct store *store,
                                    const struct daemon_options *options)
{
    ssize_t len = readlink("/proc/self/exe", g->program, sizeof(g->program) - 1);

    g->store = store;
    g->options = options;
    g->program[len > 0 ? len : 0] = '\0';
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->changed, NULL);
    return (struct pod_accesses){.ctx = g, .get = get, .token = token, .program = len > 0 ? g->program : NULL};
}

void pod_access_bridge(struct pod_access_giver *g, struct str gateway)
{
    snprintf(g->gateway, sizeof(g->gateway), STR_FMT, STR_ARG(gateway));
}

void pod_access_listens(struct pod_access_giver *g, uint16_t port, const char *base,
                        const char *ca)
{
    snprintf(g->base, sizeof(g->base), "%s", base ? base : "");
    snprintf(g->ca, sizeof(g->ca), "%s", ca ? ca : "");
    pthread_mutex_lock(&g->lock);
    g->port = port;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

void pod_access_close(struct pod_access_giver *g)
{
    if (!g->store)
        return;
    pthread_mutex_lock(&g->lock);
    g->is_closed = true;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}
