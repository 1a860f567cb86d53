/*
 * HTTP calls on libcurl, which is loaded when the first call is made: a command that never
 * calls starts without it.
 *
 * Each call is one curl_multi transfer, so that the caller's cancel_fd can be waited for beside
 * the connection. One struct http_client is one multi handle with its connections; one thread
 * uses it at a time.
 */
#include "io/http_client.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "io/http_plain.h"
#include "io/tcp.h"

enum { TIMEOUT_DEFAULT_MS = 30000, POLL_MS = 1000, ERROR_STATUS_MIN = 400 };

/* The functions of libcurl that we use, by name. */
#define CURL_FUNCTIONS(X)                                                \
    X(curl_global_init)                                                  \
    X(curl_easy_init)                                                    \
    X(curl_easy_setopt)                                                  \
    X(curl_easy_getinfo)                                                 \
    X(curl_easy_cleanup)                                                 \
    X(curl_easy_reset)                                                   \
    X(curl_easy_strerror)                                                \
    X(curl_multi_init)                                                   \
    X(curl_multi_cleanup)                                                \
    X(curl_multi_add_handle)                                             \
    X(curl_multi_remove_handle) X(curl_multi_perform) X(curl_multi_poll) \
        X(curl_multi_info_read) X(curl_slist_append) X(curl_slist_free_all)

#define DECLARE(name) static typeof(&(name)) p_##name;
CURL_FUNCTIONS(DECLARE)
#undef DECLARE

static pthread_once_t loaded = PTHREAD_ONCE_INIT;
static char load_error[256];

struct http_client {
    CURLM *multi;
    CURL *easy;
    struct http_plain *plain;
};

/* One call on its way. */
struct transfer {
    const struct http_call *call;
    CURL *easy;
    struct arena *a;
    struct strbuf body;
    VEC(struct http_header) headers;
    bool is_stopped;          /* by on_chunk */
    bool is_refused;          /* its address */
    struct curl_slist *route; /* to whom instead of the URL's host */
    uint64_t sent;            /* bytes of body_fd */
    int read_error;           /* errno of body_fd */
    struct err *err;
};

static void load_curl(void)
{
    void *lib = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);

    if (!lib) {
        snprintf(load_error, sizeof(load_error), "libcurl cannot be loaded: %s", dlerror());
        return;
    }
#define FIND(name)                            \
    *(void **) &p_##name = dlsym(lib, #name); \
    if (!p_##name)                            \
        snprintf(load_error, sizeof(load_error), "libcurl has no %s", #name);
    CURL_FUNCTIONS(FIND)
#undef FIND
    if (!load_error[0])
        p_curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum err_kind http_status_kind(unsigned status)
{
    return status >= 500 || status == 429 || status == 408 ? ERR_TRANSIENT
           : status == 404                                 ? ERR_NOT_FOUND
           : status == 401                                 ? ERR_UNAUTHORIZED
           : status == 403                                 ? ERR_DENIED
                                                           : ERR_INVALID;
}

struct http_client *http_client_new(void)
{
    return NEW(struct http_client);
}

void http_client_free(struct http_client *c)
{
    if (!c)
        return;
    http_plain_free(c->plain);
    if (c->easy)
        p_curl_easy_cleanup(c->easy);
    if (c->multi)
        p_curl_multi_cleanup(c->multi);
    free(c);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    size_t len = size * count;
    long status = 0;

    if (t->call->skips_body)
        return 0; /* ends the transfer: judge() knows */
    if (t->call->on_chunk)
        p_curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (t->call->on_chunk && status < ERROR_STATUS_MIN) {
        t->is_stopped = t->call->on_chunk(t->call->ctx, str_of(bytes, len)) != 0;
        return t->is_stopped ? 0 : len;
    }
    strbuf_add(&t->body, str_of(bytes, len));
    return t->body.is_over ? 0 : len;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    struct str line = str_of(bytes, size * count);
    size_t colon = str_find_char(line, ':');

    if (str_starts(line, STR("HTTP/")))
        t->headers.len = 0; /* a redirect's or an interim answer's headers do not count */
    else if (colon != SIZE_MAX)
        VEC_APUSH(t->a, &t->headers,
                  ((struct http_header){str_copy(t->a, str_trim(str_head(line, colon))),
                                        str_copy(t->a, str_trim(str_skip(line, colon + 1)))}));
    return line.len;
}

static bool has_header(const struct http_call *call, const char *name)
{
    for (size_t i = 0; i < call->header_count; i++)
        if (str_eq_nocase(call->headers[i].name, str_from(name)))
            return true;
    return false;
}

/* "Name:" takes one of libcurl's own away, "Name;" sends an empty one. */
static struct curl_slist *header_list(struct transfer *t)
{
    static const char *const own[] = {"Accept", "Content-Type"};
    struct curl_slist *list = p_curl_slist_append(NULL, "Expect:");

    for (size_t i = 0; t->call->is_bare && i < COUNT_OF(own); i++)
        if (!has_header(t->call, own[i]))
            list = p_curl_slist_append(list, str_printf(t->a, "%s:", own[i]).ptr);
    for (size_t i = 0; i < t->call->header_count; i++) {
        const struct http_header *h = &t->call->headers[i];
        struct str line = h->value.len > 0 ? str_printf(t->a, STR_FMT ": " STR_FMT,
                                                        STR_ARG(h->name), STR_ARG(h->value))
                                           : str_printf(t->a, STR_FMT ";", STR_ARG(h->name));

        list = p_curl_slist_append(list, line.ptr);
    }
    return list;
}

/* ---- addresses ---- */

/* libcurl asks for a socket to an address: looked at after DNS, so names cannot get around. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct transfer *t = ctx;

    (void) purpose;
    t->is_refused = tcp_is_metadata(&to->addr);
    if (t->is_refused)
        return CURL_SOCKET_BAD;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* ---- a body that lies in a file ---- */

static size_t on_read(char *to, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    const struct http_call *call = t->call;
    size_t want = size * count;
    ssize_t len;

    if (want > call->body_len - t->sent)
        want = (size_t) (call->body_len - t->sent);
    len = want ? fd_pread(call->body_fd, to, want, (off_t) (call->body_at + t->sent)) : 0;
    if (len < 0 || (len == 0 && want > 0)) {
        t->read_error = len < 0 ? errno : ENODATA;
        return CURL_READFUNC_ABORT;
    }
    t->sent += (uint64_t) len;
    return (size_t) len;
}

/* libcurl sends again on another connection. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct transfer *t = ctx;

    if (origin != SEEK_SET || offset < 0 || (uint64_t) offset > t->call->body_len)
        return CURL_SEEKFUNC_CANTSEEK;
    t->sent = (uint64_t) offset;
    return CURL_SEEKFUNC_OK;
}

static void set_file_body(CURL *easy, struct transfer *t)
{
    p_curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    p_curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t) t->call->body_len);
    p_curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    p_curl_easy_setopt(easy, CURLOPT_READDATA, t);
    p_curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
    p_curl_easy_setopt(easy, CURLOPT_SEEKDATA, t);
}

static void set_body(CURL *easy, struct transfer *t, const char *method)
{
    const struct http_call *call = t->call;

    if (call->body_fd > 0) {
        set_file_body(easy, t);
        return;
    }
    if (strcmp(method, "HEAD") == 0)
        p_curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (call->body.len > 0 || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
        strcmp(method, "PATCH") == 0) {
        p_curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) call->body.len);
        p_curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body.ptr ? call->body.ptr : "");
    }
}

static void set_pem(CURL *easy, CURLoption option, struct str pem)
{
    struct curl_blob blob = {
        .data = (void *) (uintptr_t) pem.ptr, .len = pem.len, .flags = CURL_BLOB_COPY};

    if (pem.len > 0)
        p_curl_easy_setopt(easy, option, &blob);
}

static void set_certificates(CURL *easy, const struct http_call *call)
{
    p_curl_easy_setopt(easy, CURLOPT_CAPATH,
                       NULL); /* a folder of certificates costs 25 ms a connection */
    p_curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, call->skip_tls_verify ? 0L : 1L);
    p_curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, call->skip_tls_verify ? 0L : 2L);
    if (call->ca_file)
        p_curl_easy_setopt(easy, CURLOPT_CAINFO, call->ca_file);
    if (call->cert_file)
        p_curl_easy_setopt(easy, CURLOPT_SSLCERT, call->cert_file);
    if (call->key_file)
        p_curl_easy_setopt(easy, CURLOPT_SSLKEY, call->key_file);
    set_pem(easy, CURLOPT_CAINFO_BLOB, call->ca_pem);
    set_pem(easy, CURLOPT_SSLCERT_BLOB, call->cert_pem);
    set_pem(easy, CURLOPT_SSLKEY_BLOB, call->key_pem);
}

/* libcurl checks the name of the URL: it gets the wanted one there and is led to the host. */
static struct str url_by_name(struct transfer *t, struct curl_slist **route,
                              struct curl_slist **headers)
{
    const struct http_call *call = t->call;
    struct str url = call->url, host, rest;
    size_t end = 0, colon;

    if (!call->tls_server_name || !str_starts(url, STR("https://")))
        return url;
    rest = str_skip(url, 8);
    while (end < rest.len && rest.ptr[end] != '/')
        end++;
    host = str_head(rest, end);
    colon = str_find(host, STR("]:"));
    colon = colon != SIZE_MAX          ? colon + 1
            : str_ends(host, STR("]")) ? SIZE_MAX
                                       : str_find_char(host, ':');
    *route = p_curl_slist_append(NULL, str_printf(t->a, "::" STR_FMT "%s", STR_ARG(host),
                                                  colon == SIZE_MAX ? ":443" : "")
                                           .ptr);
    *headers =
        p_curl_slist_append(*headers, str_printf(t->a, "Host: " STR_FMT, STR_ARG(host)).ptr);
    return str_printf(t->a, "https://%s" STR_FMT STR_FMT, call->tls_server_name,
                      STR_ARG(colon == SIZE_MAX ? STR("") : str_skip(host, colon)),
                      STR_ARG(str_skip(rest, end)));
}

static void set_options(CURL *easy, struct transfer *t, struct curl_slist *headers,
                        struct str url)
{
    const struct http_call *call = t->call;
    const char *method = str_cz(t->a, call->method);
    long timeout = call->timeout_ms                      ? (long) call->timeout_ms
                   : call->on_chunk || call->body_fd > 0 ? 0
                                                         : TIMEOUT_DEFAULT_MS;

    p_curl_easy_setopt(easy, CURLOPT_URL, str_cz(t->a, url));
    if (t->route)
        p_curl_easy_setopt(easy, CURLOPT_CONNECT_TO, t->route);
    if (call->proxy || call->unix_socket)
        p_curl_easy_setopt(easy, CURLOPT_PROXY, call->unix_socket ? "" : call->proxy);
    if (call->unix_socket)
        p_curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, call->unix_socket);
    if (call->is_http2) {
        p_curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
        p_curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L); /* libcurl 7.88 begins it twice */
    }
    p_curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    p_curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    set_body(easy, t, method);
    p_curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    p_curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    p_curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout);
    p_curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long) TIMEOUT_DEFAULT_MS);
    if (call->stall_ms) {
        p_curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        p_curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long) (call->stall_ms + 999) / 1000);
    }
    p_curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    p_curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    p_curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    p_curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    p_curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, call->redirect_max ? 1L : 0L);
    p_curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long) call->redirect_max);
    set_certificates(easy, call);
    if (call->refuses_link_local) {
        p_curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
        p_curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t);
        p_curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L); /* each is looked at */
    }
}

struct str http_url_shown(struct arena *a, struct str url)
{
    size_t end = 0, scheme = str_find(url, STR("://")), host, user = 0;
    struct str rest;

    while (end < url.len && url.ptr[end] != '?' && url.ptr[end] != '#')
        end++;
    url = str_head(url, end);
    host = scheme == SIZE_MAX ? 0 : scheme + 3;
    rest = str_skip(url, host);
    for (size_t i = 0; i < rest.len && rest.ptr[i] != '/'; i++)
        if (rest.ptr[i] == '@') /* the last: passwords have some, too */
            user = i + 1;
    return user ? str_concat(a, str_head(url, host), str_skip(rest, user)) : url;
}

static int judge(struct transfer *t, CURLcode code)
{
    struct str url = http_url_shown(t->a, t->call->url);
    enum err_kind kind = ERR_TRANSIENT;

    if (code != CURLE_OK && t->is_refused)
        return err_set(t->err, ERR_DENIED,
                       STR_FMT ": its address is link-local or a cloud's metadata service: "
                               "refused",
                       STR_ARG(url));

    switch (code) {
    case CURLE_OK:
        return 0;
    case CURLE_ABORTED_BY_CALLBACK:
        return err_sys(t->err, t->read_error ? t->read_error : EIO, "read the body of " STR_FMT,
                       STR_ARG(url));
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        kind = ERR_INVALID;
        break;
    case CURLE_OPERATION_TIMEDOUT:
        kind = ERR_TIMEOUT;
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
        kind = ERR_DENIED;
        break;
    case CURLE_WRITE_ERROR:
        if (t->call->skips_body)
            return 0;
        if (t->is_stopped)
            return err_set(t->err, ERR_CANCELLED, "the reader stopped");
        return err_set(t->err, ERR_LIMIT, "answer of " STR_FMT " is over %d bytes",
                       STR_ARG(url), HTTP_RESPONSE_MAX_BYTES);
    default:
        break;
    }
    return err_set(t->err, kind, STR_FMT " " STR_FMT ": %s", STR_ARG(t->call->method),
                   STR_ARG(url), p_curl_easy_strerror(code));
}

/* Until the transfer ends or cancel_fd is readable. */
static int run(struct http_client *c, struct transfer *t)
{
    struct curl_waitfd cancel = {.fd = t->call->cancel_fd, .events = CURL_WAIT_POLLIN};
    bool can_cancel = t->call->cancel_fd > 0;
    int running = 1;
    int left;
    const CURLMsg *message;

    for (;;) {
        p_curl_multi_perform(c->multi, &running);
        if (!running)
            break;
        p_curl_multi_poll(c->multi, can_cancel ? &cancel : NULL, can_cancel ? 1 : 0, POLL_MS,
                          NULL);
        if (can_cancel && cancel.revents)
            return err_set(t->err, ERR_CANCELLED, "asked to stop");
        cancel.revents = 0;
    }
    message = p_curl_multi_info_read(c->multi, &left);
    return message ? judge(t, message->data.result)
                   : err_set(t->err, ERR_INTERNAL, "libcurl gave no result");
}

static int prepare(struct http_client *c, struct err *err)
{
    pthread_once(&loaded, load_curl);
    if (load_error[0])
        return err_set(err, ERR_UNSUPPORTED, "%s", load_error);
    if (!c->multi)
        c->multi = p_curl_multi_init();
    if (!c->easy)
        c->easy = p_curl_easy_init();
    p_curl_easy_reset(c->easy);
    return 0;
}

int http_client_do(struct http_client *c, struct arena *a, const struct http_call *call,
                   struct http_answer *ret, struct err *err)
{
    struct transfer t = {
        .call = call, .a = a, .err = err, .body = STRBUF_INIT(HTTP_RESPONSE_MAX_BYTES)};
    struct curl_slist *headers;
    struct str url;
    long status = 0;
    int result;

    if (call->is_plain && call->body_fd <= 0 && http_plain_fits(call->url)) {
        if (!c->plain)
            c->plain = http_plain_new();
        return http_plain_do(c->plain, a, call, ret, err);
    }
    if (prepare(c, err) < 0)
        return -1;
    t.easy = c->easy;
    headers = header_list(&t);
    url = url_by_name(&t, &t.route, &headers);
    set_options(c->easy, &t, headers, url);
    p_curl_multi_add_handle(c->multi, c->easy);
    result = run(c, &t);
    p_curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    p_curl_multi_remove_handle(c->multi, c->easy);
    p_curl_slist_free_all(headers);
    p_curl_slist_free_all(t.route);
    if (call->head)
        *call->head = (struct http_answer){.status = (unsigned) status,
                                           .headers = t.headers.at,
                                           .header_count = t.headers.len};
    if (result == 0)
        *ret = (struct http_answer){.status = (unsigned) status,
                                    .body = str_copy(a, strbuf_str(&t.body)),
                                    .headers = t.headers.at,
                                    .header_count = t.headers.len};
    strbuf_done(&t.body);
    return result;
}
