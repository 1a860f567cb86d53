/*
 * io/http_server.h - HTTP/1.1 server on libmicrohttpd: 1 to 4 epoll threads, limits before
 * everything.
 *
 * The begin callback sees the head before any body is read and may refuse. The handler runs on
 * an http thread when the body is complete; it must answer exactly once, at once or later, from
 * any thread, by http_reply() or http_stream_start(). Until then the connection is suspended
 * and costs no thread. The request, its texts and its arena live until the answer is given; the
 * body is capped (413), as are head (431), idle time and connections. It is held in memory,
 * unless begin() gives a file for it.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct http_server;
struct http_request;
struct http_stream;

struct http_header {
    struct str name, value;
};

/** http_header_value() - the first header of a name, in any case; absent when there is none */
struct str http_header_value(const struct http_header *list, size_t count, struct str name);

struct http_server_options {
    const char *address;            /* numeric, "127.0.0.1" or "0.0.0.0" or "::" */
    uint16_t port;                  /* 0: any free one, see http_server_port() */
    unsigned threads;               /* 1..4 */
    size_t body_max_bytes;          /* 0: HTTP_BODY_MAX_BYTES */
    const char *tls_cert, *tls_key; /* PEM texts, or NULL for plain HTTP; for the start alone */
    const char *base;               /* path that all paths begin with, taken off; "" or NULL */
    const struct http_header *headers; /* of every answer; outlive the server */
    size_t header_count;
    void *ctx;
    /* On an http thread, head only, before begin(): so many bytes a body may have that goes
     * into the file that begin() gives; 0: it is held in memory. May be NULL. */
    uint64_t (*file_max)(void *ctx, const struct http_request *req);
    /* On an http thread, head only. 0: go on; else it has called http_reply() to refuse. May be
     * NULL. */
    int (*begin)(void *ctx, struct http_request *req);
    /* On an http thread, whole body there. Must answer once, now or later. */
    void (*handle)(void *ctx, struct http_request *req);
    /* On an http thread: it is over, so many seconds after its head; what was asked for can be
     * read once more. May be NULL. */
    void (*done)(void *ctx, const struct http_request *req, double seconds);
};

/** http_server_start() - listen and serve; owned; NULL with @err (address in use: ERR_EXISTS)
 */
struct http_server *http_server_start(const struct http_server_options *options,
                                      struct err *err);

/**
 * http_server_stop() - stop accepting, end streams, wait up to 2 s for the answers that are
 * owed, join threads, release
 *
 * Return: whether all is answered. When not, its threads go on until the process ends, and what
 * the requests use must stay.
 */
bool http_server_stop(struct http_server *server);

/** http_server_port() - the port it listens on */
uint16_t http_server_port(const struct http_server *server);

/** http_method() - "GET" and so on, as sent */
struct str http_method(const struct http_request *req);

/** http_path() - decoded path without query and base; as sent but for percent decoding; "" when
 * it is not below the base */
struct str http_path(const struct http_request *req);

/** http_raw_url() - path and query as sent */
struct str http_raw_url(const struct http_request *req);

/** http_query() - decoded value of the first query parameter of that name, or absent */
struct str http_query(const struct http_request *req, struct str name);

/** http_query_all() - all query parameters in order, decoded, in the request's arena */
size_t http_query_all(struct http_request *req, const struct http_header **ret);

/** http_header() - value of a header (name without regard to case), or absent */
struct str http_header(const struct http_request *req, struct str name);

/** http_headers_all() - all request headers in order, in the request's arena */
size_t http_headers_all(struct http_request *req, const struct http_header **ret);

/** http_body() - the body; empty in begin() */
struct str http_body(const struct http_request *req);

/**
 * http_body_to_file() - in begin() alone: the body goes into a file, not into memory
 * @req: request for which file_max() says a size; a body that turns out to have more loses its
 * connection
 * @fd:  open for writing, empty; taken over, and closed with the request
 */
void http_body_to_file(struct http_request *req, int fd);

/** http_body_file() - that file, still the request's, with the whole body; -1: none */
int http_body_file(const struct http_request *req);

/** http_is_loopback() - does the peer's address belong to this machine's loopback? */
bool http_is_loopback(const struct http_request *req);

/** http_peer() - the peer's address: 16 bytes, IPv4 mapped into IPv6; empty when unknown */
struct str http_peer(const struct http_request *req);

/** http_arena() - memory that lives as long as the request; its user is whoever holds the
 * request */
struct arena *http_arena(struct http_request *req);

/** http_set_user() - hang a pointer on the request (e.g. the caller's identity), borrowed;
 * http_user() reads it */
void http_set_user(struct http_request *req, void *user);
void *http_user(const struct http_request *req);

/** http_add_header() - a header that the answer will have, besides its own; copied; by whoever
 * holds the request, before the answer. Control characters become blanks */
void http_add_header(struct http_request *req, struct str name, struct str value);

/**
 * http_reply() - answer and give the request up; any thread
 * @req:     request; invalid afterwards
 * @status:  100..599
 * @type:    content type, or absent for none
 * @body:    copied
 * @headers: further headers, copied; may be NULL when @count is 0
 * @count:   how many
 */
void http_reply(struct http_request *req, unsigned status, struct str type, struct str body,
                const struct http_header *headers, size_t count);

/**
 * http_reply_file() - answer with a file; any thread
 * @req:     request; invalid afterwards
 * @status:  100..599
 * @fd:      regular file, sent from its beginning; taken over
 * @headers: copied, its Content-Type among them
 * @count:   how many
 */
void http_reply_file(struct http_request *req, unsigned status, int fd,
                     const struct http_header *headers, size_t count);

/**
 * http_stream_start() - answer with a body that comes bit by bit (chunked); any thread; gives
 * the request up
 * @on_close: called once on an http thread when the peer has gone or the stream has ended and
 * drained; then the stream is invalid for all but http_stream_unref(). May be NULL.
 *
 * Return: the stream with one reference for the caller.
 */
struct http_stream *http_stream_start(struct http_request *req, unsigned status,
                                      struct str type, void (*on_close)(void *ctx), void *ctx);

/** http_stream_write() - queue bytes (copied); any thread; -1 when the peer has gone
 * (ERR_CANCELLED) or is too slow (ERR_LIMIT, stream is closed); while nothing waits, one write
 * may be of any size up to HTTP_RESPONSE_MAX_BYTES */
int http_stream_write(struct http_stream *stream, struct str bytes, struct err *err);

/** http_stream_waiting() - bytes that are queued and not sent; any thread */
size_t http_stream_waiting(struct http_stream *stream);

/** http_stream_is_gone() - has the peer closed its end? While nothing is written nobody else
 * notices; any thread; one system call */
bool http_stream_is_gone(struct http_stream *stream);

/** http_stream_end() - no more bytes will come; any thread */
void http_stream_end(struct http_stream *stream);

/** http_stream_unref() - drop the caller's reference; any thread */
void http_stream_unref(struct http_stream *stream);
