/*
 * The HTTP server over libmicrohttpd's epoll threads.
 *
 * A request goes through: head (begin() may refuse before any body is read), body pieces
 * (capped), whole (handle()). Unless handle() has replied by the time it returns, the
 * connection is suspended; a reply from another thread is put into the request and the
 * connection resumed, so only libmicrohttpd's own thread ever touches its connection. The
 * request is freed when libmicrohttpd says that it is completed, and not before its reply was
 * given.
 */
#include "io/http_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"

enum { ERROR_TEXT_MAX_BYTES = 200, STOP_WAIT_S = 2 };

static void reply_text(struct http_request *req, unsigned status, const char *text)
{
    http_reply(req, status, STR("text/plain; charset=utf-8"), str_from(text), NULL, 0);
}

/* ---- reading ---- */

struct str http_method(const struct http_request *req)
{
    return req->method;
}

struct str http_path(const struct http_request *req)
{
    return req->path;
}

struct str http_raw_url(const struct http_request *req)
{
    return req->raw;
}

struct str http_query(const struct http_request *req, struct str name)
{
    for (size_t i = 0; i < req->query.len; i++)
        if (str_eq(req->query.at[i].name, name))
            return req->query.at[i].value;
    return STR_NONE;
}

size_t http_query_all(struct http_request *req, const struct http_header **ret)
{
    *ret = req->query.at;
    return req->query.len;
}

struct str http_header_value(const struct http_header *list, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(list[i].name, name))
            return list[i].value;
    return STR_NONE;
}

struct str http_header(const struct http_request *req, struct str name)
{
    return http_header_value(req->headers.at, req->headers.len, name);
}

size_t http_headers_all(struct http_request *req, const struct http_header **ret)
{
    *ret = req->headers.at;
    return req->headers.len;
}

struct str http_body(const struct http_request *req)
{
    return strbuf_str(&req->body);
}

void http_body_to_file(struct http_request *req, int fd)
{
    req->body_fd = fd;
}

int http_body_file(const struct http_request *req)
{
    return req->body_fd;
}

struct str http_peer(const struct http_request *req)
{
    return req->has_peer ? str_of((const char *) req->peer.s6_addr, sizeof(req->peer.s6_addr))
                         : STR("");
}

bool http_is_loopback(const struct http_request *req)
{
    return req->is_loopback;
}

struct arena *http_arena(struct http_request *req)
{
    return req->arena;
}

void http_set_user(struct http_request *req, void *user)
{
    req->user = user;
}

void *http_user(const struct http_request *req)
{
    return req->user;
}

/* ---- the head ---- */

static enum MHD_Result add_pair(void *ctx, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
    struct http_request *req = ctx;
    struct http_header pair = {str_copy(req->arena, str_from(name)),
                               str_copy(req->arena, str_from(value ? value : ""))};

    if (kind == MHD_HEADER_KIND)
        VEC_APUSH(req->arena, &req->headers, pair);
    else
        VEC_APUSH(req->arena, &req->query, pair);
    return MHD_YES;
}

static bool is_loopback_address(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return (ntohl(((const struct sockaddr_in *) (const void *) address)->sin_addr.s_addr) >>
                24) == 127;
    if (address->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(
            &((const struct sockaddr_in6 *) (const void *) address)->sin6_addr);
    return false;
}

static bool read_peer(const struct sockaddr *address, struct in6_addr *ret)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof(v6));
        *ret = v6.sin6_addr;
        return true;
    }
    if (address->sa_family != AF_INET)
        return false;
    memcpy(&v4, address, sizeof(v4));
    *ret = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(&ret->s6_addr[12], &v4.sin_addr, sizeof(v4.sin_addr));
    return true;
}

/* Without the server's base; "" when it is not below it. */
static struct str path_below(struct str path, const char *base)
{
    if (!base || !*base)
        return path;
    if (!str_cut_prefix(&path, str_from(base)) || (path.len > 0 && path.ptr[0] != '/'))
        return STR("");
    return path.len > 0 ? path : STR("/");
}

/* Called first, with the request line as sent. */
static void *on_url(void *ctx, const char *raw, struct MHD_Connection *connection)
{
    struct arena *a = arena_new();
    struct http_request *req = ARENA_NEW(a, struct http_request);

    req->arena = a;
    req->server = ctx;
    req->connection = connection;
    req->raw = str_copy(a, str_from(raw));
    strbuf_init(&req->body, req->server->body_max_bytes);
    req->body_fd = -1;
    req->body_max = req->server->body_max_bytes;
    pthread_mutex_init(&req->lock, NULL);
    return req;
}

static void read_head(struct http_request *req, const char *url, const char *method)
{
    const union MHD_ConnectionInfo *info =
        mhd()->MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    req->method = str_copy(req->arena, str_from(method));
    req->path = path_below(str_copy(req->arena, str_from(url)), req->server->options.base);
    mhd()->MHD_get_connection_values(req->connection, MHD_HEADER_KIND, add_pair, req);
    mhd()->MHD_get_connection_values(req->connection, MHD_GET_ARGUMENT_KIND, add_pair, req);
    req->is_loopback = info && is_loopback_address(info->client_addr);
    req->has_peer = info && read_peer(info->client_addr, &req->peer);
}

static bool is_too_long(const struct http_request *req)
{
    uint64_t length;

    return parse_u64(http_header(req, STR("Content-Length")), &length) &&
           length > req->body_max;
}

/* ---- the answer ---- */

static enum MHD_Result queue_reply(struct http_request *req)
{
    enum MHD_Result result =
        mhd()->MHD_queue_response(req->connection, req->status, req->response);

    mhd()->MHD_destroy_response(req->response);
    req->response = NULL;
    req->is_queued = true;
    return result;
}

void http_answer_with(struct http_request *req, unsigned status, struct MHD_Response *response)
{
    const struct http_server_options *own = &req->server->options;
    bool must_resume;

    /* An answer may hold what others wrote: it is never more than its type says. */
    mhd()->MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    for (size_t i = 0; i < own->header_count; i++)
        mhd()->MHD_add_response_header(response, str_cz(req->arena, own->headers[i].name),
                                       str_cz(req->arena, own->headers[i].value));
    pthread_mutex_lock(&req->lock);
    req->status = status;
    req->response = response;
    req->is_answered = true;
    must_resume = req->is_suspended;
    req->is_suspended = false;
    pthread_mutex_unlock(&req->lock);
    if (must_resume)
        mhd()->MHD_resume_connection(req->connection);
}

void http_add_header(struct http_request *req, struct str name, struct str value)
{
    struct http_header pair = {str_copy(req->arena, name), str_copy(req->arena, value)};
    char *text = (char *) (uintptr_t) pair.value.ptr;

    for (size_t i = 0; i < pair.value.len; i++)
        if ((unsigned char) text[i] < ' ' || text[i] == 127)
            text[i] = ' ';
    VEC_APUSH(req->arena, &req->further, pair);
}

static void reply_with(struct http_request *req, unsigned status, struct MHD_Response *response,
                       const struct http_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mhd()->MHD_add_response_header(response, str_cz(req->arena, headers[i].name),
                                       str_cz(req->arena, headers[i].value));
    for (size_t i = 0; i < req->further.len; i++)
        mhd()->MHD_add_response_header(response, req->further.at[i].name.ptr,
                                       req->further.at[i].value.ptr);
    http_answer_with(req, status, response);
}

void http_reply_file(struct http_request *req, unsigned status, int fd,
                     const struct http_header *headers, size_t count)
{
    struct MHD_Response *response = NULL;
    struct stat st;

    if (fstat(fd, &st) == 0)
        response = mhd()->MHD_create_response_from_fd64((uint64_t) st.st_size, fd);
    if (response) {
        reply_with(req, status, response, headers, count);
        return;
    }
    close(fd);
    http_reply(req, 500, STR("text/plain"), STR("the file cannot be read"), NULL, 0);
}

void http_reply(struct http_request *req, unsigned status, struct str type, struct str body,
                const struct http_header *headers, size_t count)
{
    struct MHD_Response *response = mhd()->MHD_create_response_from_buffer(
        body.len, (void *) (uintptr_t) (body.ptr ? body.ptr : ""), MHD_RESPMEM_MUST_COPY);

    if (type.len)
        mhd()->MHD_add_response_header(response, "Content-Type", str_cz(req->arena, type));
    reply_with(req, status, response, headers, count);
}

static void count_open(struct http_server *server, int change)
{
    pthread_mutex_lock(&server->lock);
    server->open = (unsigned) ((int) server->open + change);
    if (server->open == 0)
        pthread_cond_broadcast(&server->idle);
    pthread_mutex_unlock(&server->lock);
}

/* After begin() or handle(): the reply that is there, or wait for it. */
static enum MHD_Result answer_or_wait(struct http_request *req)
{
    bool is_answered;

    pthread_mutex_lock(&req->lock);
    is_answered = req->is_answered;
    if (!is_answered) {
        count_open(req->server, 1);
        req->is_suspended = true;
        mhd()->MHD_suspend_connection(req->connection);
    }
    pthread_mutex_unlock(&req->lock);
    return is_answered ? queue_reply(req) : MHD_YES;
}

/* ---- libmicrohttpd's callbacks, on its threads ---- */

static enum MHD_Result on_head(struct http_request *req, const char *url, const char *method)
{
    struct http_server *server = req->server;

    req->begun = clock_mono();
    read_head(req, url, method);
    req->has_head = true;
    if (server->options.file_max)
        req->body_max = server->options.file_max(server->options.ctx, req);
    if (req->body_max == 0)
        req->body_max = server->body_max_bytes;
    if (is_too_long(req)) {
        char text[ERROR_TEXT_MAX_BYTES];

        snprintf(text, sizeof(text), "request body is over %llu bytes\n",
                 (unsigned long long) req->body_max);
        reply_text(req, 413, text);
        return queue_reply(req);
    }
    if (server->options.begin && server->options.begin(server->options.ctx, req) != 0)
        return queue_reply(req);
    return MHD_YES;
}

/* A piece of the body. One that goes on for ever must not: nobody can be answered before their
 * body is over, so a file that is full ends the connection. */
static enum MHD_Result take_piece(struct http_request *req, const char *piece, size_t len)
{
    if (req->body_fd < 0) {
        strbuf_add(&req->body, str_of(piece, len));
        return MHD_YES;
    }
    req->body_len += len;
    if (req->body_len > req->body_max)
        return MHD_NO;
    if (req->body_error == 0 && fd_write(req->body_fd, piece, len) < 0)
        req->body_error = errno;
    return MHD_YES;
}

static void hand_over(struct http_request *req)
{
    if (req->body.is_over)
        reply_text(req, 413, "request body is too large\n");
    else if (req->body_error != 0)
        reply_text(req, req->body_error == ENOSPC || req->body_error == EDQUOT ? 507 : 500,
                   "the request body cannot be stored\n");
    else
        req->server->options.handle(req->server->options.ctx, req);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *piece,
                                  size_t *piece_len, void **req_ctx)
{
    struct http_request *req = *req_ctx;

    (void) connection;
    (void) version;
    if (!req->has_head)
        return on_head(req, url, method);
    if (*piece_len > 0) {
        size_t len = *piece_len;

        *piece_len = 0;
        return take_piece(req, piece, len);
    }
    if (req->is_handed_over) { /* resumed: the reply is there */
        count_open(ctx, -1);
        return queue_reply(req);
    }
    req->is_handed_over = true;
    hand_over(req);
    return answer_or_wait(req);
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **req_ctx,
                         enum MHD_RequestTerminationCode code)
{
    struct http_request *req = *req_ctx;

    (void) ctx;
    (void) connection;
    (void) code;
    if (!req)
        return;
    if (req->has_head && req->server->options.done)
        req->server->options.done(req->server->options.ctx, req,
                                  (double) (clock_mono().ns - req->begun.ns) / 1e9);
    if (req->response)
        mhd()->MHD_destroy_response(req->response);
    if (req->body_fd >= 0)
        close(req->body_fd);
    strbuf_done(&req->body);
    pthread_mutex_destroy(&req->lock);
    arena_free(req->arena);
    *req_ctx = NULL;
}

/* ---- start and stop ---- */

static int address_of(const struct http_server_options *options, struct sockaddr_storage *ret,
                      struct err *err)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *) ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) ret;

    memset(ret, 0, sizeof(*ret));
    if (inet_pton(AF_INET, options->address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(options->port);
        return 0;
    }
    if (inet_pton(AF_INET6, options->address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(options->port);
        return 0;
    }
    return err_set(err, ERR_INVALID, "listen address \"%s\" is not numeric", options->address);
}

static struct MHD_Daemon *start_daemon(struct http_server *server,
                                       const struct sockaddr_storage *address)
{
    const struct http_server_options *o = &server->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO |
                     (address->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0) |
                     (o->tls_cert ? MHD_USE_TLS : 0);
    struct MHD_OptionItem extra[] = {
        {o->tls_cert ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0,
         (void *) (uintptr_t) o->tls_cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *) (uintptr_t) o->tls_key},
        {MHD_OPTION_END, 0, NULL},
    };

    return mhd()->MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, address,
        MHD_OPTION_URI_LOG_CALLBACK, on_url, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        NULL, MHD_OPTION_THREAD_POOL_SIZE, o->threads ? o->threads : 1,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned) HTTP_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned) (HTTP_IDLE_MS / 1000),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) HTTP_HEADER_MAX_BYTES, MHD_OPTION_ARRAY,
        extra, MHD_OPTION_END);
}

struct http_server *http_server_start(const struct http_server_options *options,
                                      struct err *err)
{
    struct http_server *server = NEW(struct http_server);
    const union MHD_DaemonInfo *info;
    struct sockaddr_storage address;
    int error;

    server->options = *options;
    server->body_max_bytes =
        options->body_max_bytes ? options->body_max_bytes : HTTP_BODY_MAX_BYTES;
    list_init(&server->streams);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->idle, NULL);
    if (mhd_load(err) < 0 || address_of(options, &address, err) < 0) {
        free(server);
        return NULL;
    }
    errno = 0;
    server->daemon = start_daemon(server, &address);
    error = errno;
    if (!server->daemon) {
        err_set(err, error == EADDRINUSE ? ERR_EXISTS : ERR_IO, "listen on %s:%u: %s",
                options->address, options->port, strerrordesc_np(error));
        free(server);
        return NULL;
    }
    info = mhd()->MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info ? info->port : options->port;
    return server;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

/* Whoever has a request must answer it; a daemon that ends does not wait for that forever. */
static bool wait_for_answers(struct http_server *server)
{
    struct timespec until;
    int code = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_WAIT_S;
    pthread_mutex_lock(&server->lock);
    while (server->open > 0 && code == 0)
        code = pthread_cond_timedwait(&server->idle, &server->lock, &until);
    pthread_mutex_unlock(&server->lock);
    return code == 0;
}

bool http_server_stop(struct http_server *server)
{
    int listener;

    if (!server)
        return true;
    listener = mhd()->MHD_quiesce_daemon(server->daemon);
    http_streams_end_all(server);
    if (!wait_for_answers(server))
        return false;
    mhd()->MHD_stop_daemon(server->daemon);
    if (listener >= 0)
        close(listener);
    pthread_cond_destroy(&server->idle);
    pthread_mutex_destroy(&server->lock);
    free(server);
    return true;
}
