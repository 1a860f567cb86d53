/* io/http_internal.h - what http_server.c and http_stream.c share. libmicrohttpd is known in
 * this room only. */
#pragma once

#include <netinet/in.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "io/http_server.h"
#include "io/mhd.h"

struct http_server {
    struct http_server_options options;
    size_t body_max_bytes;
    struct MHD_Daemon *daemon;
    uint16_t port;
    pthread_mutex_t lock;
    struct list streams; /* of struct http_stream: lock */
    unsigned open;       /* suspended requests without an answer: lock */
    pthread_cond_t idle;
};

typedef VEC(struct http_header) http_pairs;

struct http_request {
    struct arena *arena;
    struct http_server *server;
    struct MHD_Connection *connection;
    struct str method, path, raw;
    http_pairs headers, query;
    http_pairs further; /* of the answer */
    struct strbuf body;
    int body_fd;                 /* or -1: the body is in memory */
    int body_error;              /* errno of a write into it, or 0 */
    uint64_t body_len, body_max; /* of a file */
    void *user;
    struct mono begun;
    bool is_loopback;
    struct in6_addr peer; /* IPv4 mapped */
    bool has_peer;
    bool has_head, is_handed_over, is_queued; /* http thread */
    pthread_mutex_t lock;                     /* over what follows */
    bool is_answered, is_suspended;
    unsigned status;
    struct MHD_Response *response;
};

/** http_answer_with() - give the request its response; any thread; the request is gone
 * afterwards */
void http_answer_with(struct http_request *req, unsigned status, struct MHD_Response *response);

/** http_streams_end_all() - end every stream, at stop */
void http_streams_end_all(struct http_server *server);
