/* Calls of a cluster. See kubernetes_client.h. */
#include "clients/kubernetes/kubernetes_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "formats/base64.h"
#include "formats/uri.h"

enum { CLIENTS_KEPT = 8, HEADERS_MAX = 6 + KUBECONFIG_GROUPS_MAX };

struct kubernetes *kubernetes_new(const struct kubeconfig *config, struct err *err)
{
    struct arena *a = arena_new();
    struct kubernetes *k = ARENA_NEW(a, struct kubernetes);

    k->arena = a;
    kubeconfig_copy(a, config, &k->config);
    k->base = k->config.server;
    while (str_ends(k->base, STR("/")))
        k->base.len--;
    if (str_is_empty(k->base)) {
        arena_free(a);
        err_set(err, ERR_INVALID, "the kubeconfig's context has no cluster with a server");
        return NULL;
    }
    pthread_mutex_init(&k->lock, NULL);
    return k;
}

void kubernetes_free(struct kubernetes *k)
{
    if (!k)
        return;
    VEC_FOREACH (it, &k->idle)
        http_client_free(*it);
    VEC_DONE(&k->idle);
    kubernetes_lists_free(k);
    pthread_mutex_destroy(&k->lock);
    arena_free(k->arena);
}

/* ---- connections ---- */

static struct http_client *borrow(struct kubernetes *k)
{
    struct http_client *client = NULL;

    pthread_mutex_lock(&k->lock);
    if (k->idle.len > 0)
        client = k->idle.at[--k->idle.len];
    pthread_mutex_unlock(&k->lock);
    return client ? client : http_client_new();
}

static void give_back(struct kubernetes *k, struct http_client *client)
{
    pthread_mutex_lock(&k->lock);
    if (k->idle.len < CLIENTS_KEPT) {
        VEC_PUSH(&k->idle, client);
        client = NULL;
    }
    pthread_mutex_unlock(&k->lock);
    http_client_free(client);
}

/* ---- who asks ---- */

static int read_token(struct arena *a, struct str path, struct str *ret, struct err *err)
{
    char *to = arena_alloc(a, KUBERNETES_TOKEN_MAX_BYTES);
    int fd = open(str_cz(a, path), O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : fd_read(fd, to, KUBERNETES_TOKEN_MAX_BYTES);
    int sys = errno;

    if (fd >= 0)
        close(fd);
    if (len < 0)
        return err_sys(err, sys, "read token file " STR_FMT, STR_ARG(path));
    *ret = str_trim(str_of(to, (size_t) len));
    return 0;
}

/* Value of the header Authorization, or "". A file counts before a token, as in client-go. */
static int authorization(const struct kubernetes *k, struct arena *a, struct str *ret,
                         struct err *err)
{
    const struct kubeconfig *c = &k->config;
    struct str token = c->token;

    *ret = STR("");
    if (!str_is_empty(c->username))
        *ret =
            str_concat(a, STR("Basic "),
                       base64_encode(a, str_printf(a, STR_FMT ":" STR_FMT, STR_ARG(c->username),
                                                   STR_ARG(c->password))));
    if (!str_is_empty(c->token_file) && read_token(a, c->token_file, &token, err) < 0)
        return -1;
    if (!str_is_empty(token))
        *ret = str_concat(a, STR("Bearer "), token);
    return 0;
}

/* ---- one call ---- */

struct headers {
    struct http_header at[HEADERS_MAX];
    size_t len;
};

static void add_header(struct headers *h, const char *name, struct str value)
{
    if (!str_is_empty(value))
        h->at[h->len++] = (struct http_header){str_from(name), value};
}

static int make_headers(const struct kubernetes *k, struct arena *a,
                        const struct kubernetes_call *call, struct headers *ret,
                        struct err *err)
{
    struct str value;

    *ret = (struct headers){.len = 0};
    if (authorization(k, a, &value, err) < 0)
        return -1;
    add_header(ret, "Accept", STR("application/json"));
    add_header(ret, "Authorization", value);
    add_header(ret, "Impersonate-User", k->config.as);
    add_header(ret, "Impersonate-Uid", k->config.as_uid);
    for (size_t i = 0; i < k->config.as_group_count; i++)
        add_header(ret, "Impersonate-Group", k->config.as_groups[i]);
    if (call->body)
        add_header(ret, "Content-Type",
                   str_from(call->content_type ? call->content_type : "application/json"));
    return 0;
}

static const char *or_null(struct arena *a, struct str text)
{
    return str_is_empty(text) ? NULL : str_cz(a, text);
}

static int send_call(struct kubernetes *k, struct arena *a, const struct kubernetes_call *call,
                     struct http_answer *ret, struct err *err)
{
    const struct kubeconfig *c = &k->config;
    struct headers headers;
    struct http_client *client;
    struct http_call http = {.method = str_from(call->method),
                             .url = str_concat(a, k->base, call->path),
                             .cancel_fd = call->cancel_fd,
                             .timeout_ms = KUBERNETES_TIMEOUT_MS,
                             .skip_tls_verify = c->skips_verify,
                             .ca_file = or_null(a, c->ca_file),
                             .cert_file = or_null(a, c->cert_file),
                             .key_file = or_null(a, c->key_file),
                             .ca_pem = c->ca_pem,
                             .cert_pem = c->cert_pem,
                             .key_pem = c->key_pem,
                             .proxy = or_null(a, c->proxy_url),
                             .tls_server_name = or_null(a, c->tls_server_name)};
    int result;

    if (make_headers(k, a, call, &headers, err) < 0)
        return -1;
    http.headers = headers.at;
    http.header_count = headers.len;
    if (call->body)
        http.body = json_text(a, call->body, JSON_COMPACT);
    client = borrow(k);
    result = http_client_do(client, a, &http, ret, err);
    give_back(k, client);
    return result;
}

int kubernetes_do(struct kubernetes *k, struct arena *a, const struct kubernetes_call *call,
                  struct json *ret, struct err *err)
{
    struct http_answer answer;

    if (send_call(k, a, call, &answer, err) < 0)
        return err_wrap(err, "cluster");
    if (answer.status < 200 || answer.status > 299)
        return kubernetes_fail(a, call, &answer, err);
    if (json_parse(a, answer.body, ret, err) < 0) {
        err->kind = ERR_TRANSIENT; /* cut off */
        return err_wrap(err, "cluster: the answer to " STR_FMT " is no JSON",
                        STR_ARG(call->path));
    }
    return 0;
}

struct str kubernetes_path(struct arena *a, const struct kubernetes_kind *kind, struct str ns,
                           struct str name)
{
    bool is_in = kind->is_namespaced && !str_is_empty(ns);

    return str_printf(a, "%s" STR_FMT "%s" STR_FMT "%s" STR_FMT "/" STR_FMT "%s" STR_FMT,
                      str_is_empty(kind->group) ? "/api/" : "/apis/", STR_ARG(kind->group),
                      str_is_empty(kind->group) ? "" : "/", STR_ARG(kind->version),
                      is_in ? "/namespaces/" : "", STR_ARG(is_in ? uri_escape(a, ns) : STR("")),
                      STR_ARG(kind->plural), str_is_empty(name) ? "" : "/",
                      STR_ARG(uri_escape(a, name)));
}
