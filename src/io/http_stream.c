/*
 * Bodies that come bit by bit: a bounded buffer between any writer and libmicrohttpd's thread.
 * While the buffer is empty the connection is suspended; a write resumes it. A reader that is
 * too slow for HTTP_STREAM_QUEUE_MAX_BYTES loses its stream. Two references: the writer's and
 * the connection's.
 */
#include <poll.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "io/http_internal.h"

enum { KEPT_BYTES = 1024 };

struct http_stream {
    struct http_server *server;
    struct MHD_Connection *connection;
    struct list link;
    pthread_mutex_t lock;
    struct strbuf out;
    size_t taken; /* of out, by the connection */
    int refs;
    bool is_ended; /* the writer has no more */
    bool is_gone;  /* the peer or the connection has gone */
    bool is_suspended;
    bool is_started; /* the connection has asked for bytes */
    void (*on_close)(void *ctx);
    void *ctx;
};

static void unref_locked(struct http_stream *s)
{
    bool is_last = --s->refs == 0;

    pthread_mutex_unlock(&s->lock);
    if (!is_last)
        return;
    strbuf_done(&s->out);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* All was sent. A stream that told much at once is quiet for long: it keeps a small buffer. */
static void forget_sent(struct http_stream *s)
{
    s->taken = 0;
    if (s->out.room > KEPT_BYTES)
        strbuf_done(&s->out);
    else
        strbuf_reset(&s->out);
}

/* libmicrohttpd wants bytes. */
static ssize_t on_read(void *ctx, uint64_t position, char *to, size_t max)
{
    struct http_stream *s = ctx;
    bool is_over;
    size_t len;

    (void) position;
    pthread_mutex_lock(&s->lock);
    s->is_started = true;
    len = s->out.len - s->taken;
    if (len > max)
        len = max;
    if (len > 0) {
        memcpy(to, s->out.ptr + s->taken, len);
        s->taken += len;
        if (s->taken == s->out.len)
            forget_sent(s);
    } else if (!s->is_ended) {
        s->is_suspended = true;
        mhd()->MHD_suspend_connection(s->connection);
    }
    is_over = len == 0 && s->is_ended;
    pthread_mutex_unlock(&s->lock);
    if (is_over)
        return MHD_CONTENT_READER_END_OF_STREAM;
    return (ssize_t) len;
}

static void on_free(void *ctx)
{
    struct http_stream *s = ctx;
    void (*on_close)(void *) = s->on_close;
    void *close_ctx = s->ctx;

    pthread_mutex_lock(&s->server->lock);
    list_remove(&s->link);
    pthread_mutex_unlock(&s->server->lock);
    pthread_mutex_lock(&s->lock);
    s->is_gone = true;
    unref_locked(s);
    if (on_close)
        on_close(close_ctx);
}

struct http_stream *http_stream_start(struct http_request *req, unsigned status,
                                      struct str type, void (*on_close)(void *ctx), void *ctx)
{
    struct http_stream *s = NEW(struct http_stream);
    struct MHD_Response *response;

    s->server = req->server;
    s->connection = req->connection;
    s->refs = 2;
    s->on_close = on_close;
    s->ctx = ctx;
    pthread_mutex_init(&s->lock, NULL);
    strbuf_init(&s->out, (size_t) HTTP_RESPONSE_MAX_BYTES + HTTP_STREAM_QUEUE_MAX_BYTES);
    pthread_mutex_lock(&s->server->lock);
    list_append(&s->server->streams, &s->link);
    pthread_mutex_unlock(&s->server->lock);
    response =
        mhd()->MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024, on_read, s, on_free);
    mhd()->MHD_add_response_header(response, "Content-Type", str_cz(req->arena, type));
    mhd()->MHD_add_response_header(response, "Cache-Control", "no-cache, private");
    http_answer_with(req, status, response);
    return s;
}

static void wake_locked(struct http_stream *s)
{
    if (!s->is_suspended)
        return;
    s->is_suspended = false;
    mhd()->MHD_resume_connection(s->connection);
}

int http_stream_write(struct http_stream *s, struct str bytes, struct err *err)
{
    int result = 0;

    pthread_mutex_lock(&s->lock);
    if (s->is_gone || s->is_ended) {
        result = err_set(err, ERR_CANCELLED, "the reader has gone");
    } else if (s->out.len - s->taken + bytes.len > HTTP_STREAM_QUEUE_MAX_BYTES &&
               s->out.len > s->taken) {
        s->is_ended = true;
        result = err_set(err, ERR_LIMIT, "the reader is too slow: %d bytes wait",
                         HTTP_STREAM_QUEUE_MAX_BYTES);
        wake_locked(s);
    } else if (bytes.len > HTTP_RESPONSE_MAX_BYTES) {
        s->is_ended = true;
        result = err_set(err, ERR_LIMIT, "%zu bytes at once (limit %d)", bytes.len,
                         HTTP_RESPONSE_MAX_BYTES);
        wake_locked(s);
    } else {
        if (s->taken > HTTP_STREAM_QUEUE_MAX_BYTES) { /* never empty: what was sent goes */
            s->out.len -= s->taken;
            memmove(s->out.ptr, s->out.ptr + s->taken, s->out.len);
            s->taken = 0;
        }
        strbuf_add(&s->out, bytes);
        wake_locked(s);
    }
    pthread_mutex_unlock(&s->lock);
    return result;
}

size_t http_stream_waiting(struct http_stream *s)
{
    size_t len;

    pthread_mutex_lock(&s->lock);
    len = s->out.len - s->taken;
    pthread_mutex_unlock(&s->lock);
    return len;
}

bool http_stream_is_gone(struct http_stream *s)
{
    const union MHD_ConnectionInfo *info;
    struct pollfd peer = {.events = POLLRDHUP};
    bool is_gone;

    pthread_mutex_lock(&s->lock);
    is_gone = s->is_gone;
    info = is_gone ? NULL
                   : mhd()->MHD_get_connection_info(s->connection,
                                                    MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info) {
        peer.fd = info->connect_fd;
        is_gone = poll(&peer, 1, 0) > 0;
    }
    pthread_mutex_unlock(&s->lock);
    return is_gone;
}

void http_stream_end(struct http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    s->is_ended = true;
    if (!s->is_gone)
        wake_locked(s);
    pthread_mutex_unlock(&s->lock);
}

void http_stream_unref(struct http_stream *s)
{
    pthread_mutex_lock(&s->lock);
    unref_locked(s);
}

void http_streams_end_all(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    LIST_FOREACH (s, &server->streams, struct http_stream, link) {
        http_stream_end(s);
    }
    pthread_mutex_unlock(&server->lock);
}
