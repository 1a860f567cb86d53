/*
 * io/http_client.h - blocking HTTP calls on libcurl, for workers, source threads and the CLI.
 *
 * A client keeps its connections and is used by one thread at a time. libcurl is loaded on
 * first use. TLS peers are checked. Redirects are followed only when asked for and never carry
 * credentials to another host. Answers are capped at HTTP_RESPONSE_MAX_BYTES.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "io/http_server.h" /* struct http_header */

struct http_client;

struct http_call {
    struct str method, url;
    const struct http_header *headers;
    size_t header_count;
    struct str body;
    int body_fd; /* a file whose bytes are the body instead; 0: none. Read by position */
    uint64_t body_at, body_len; /* which bytes of it; all must be there */
    uint64_t timeout_ms;        /* whole call; 0: 30 s, or none when streaming or from a file */
    uint64_t stall_ms;          /* no byte came or went for so long: ERR_TIMEOUT; 0: none */
    int cancel_fd; /* readable = give up with ERR_CANCELLED; -1: none. 0 means none, too */
    unsigned redirect_max;
    bool skip_tls_verify;
    bool is_plain;   /* an http:// URL is called on a socket of our own, without libcurl: no
                        redirects, no proxies */
    bool is_bare;    /* no headers beside those given, Host, and what the body needs */
    bool skips_body; /* an answer's head is all that is wanted: its body is not read */
    bool refuses_link_local; /* a URL that a user gave: addresses at which clouds serve their
                                machines' credentials are refused with ERR_DENIED */
    const char *ca_file, *cert_file, *key_file; /* PEM paths or NULL */
    struct str ca_pem, cert_pem, key_pem;       /* the same as texts; empty: none */
    const char *proxy;           /* URL of a proxy, or NULL: what the environment says */
    const char *unix_socket;     /* path of a socket to whose owner the call goes, whatever host
                                    the URL names; NULL: none */
    bool is_http2;               /* HTTP/2 from the first byte, without asking (RFC 9113, 3.3);
                                    the connection is not kept */
    const char *tls_server_name; /* the certificate must have this name; NULL: the URL's */
    /* When set, the body is handed over as it comes; non-zero ends the call with ERR_CANCELLED.
     * The body of an answer of 400 and more is collected instead. */
    int (*on_chunk)(void *ctx, struct str chunk);
    void *ctx;
    /* When set, gets status and headers as soon as there are some, also of a call that fails
     * because its body is cut off. Not with is_plain. */
    struct http_answer *head;
};

struct http_answer {
    unsigned status;
    struct str body;                   /* in the arena; empty when handed over */
    const struct http_header *headers; /* and behind them the trailers */
    size_t header_count;
};

/** http_answer_header() - http_header_value() of an answer; "" when there is none */
static inline struct str http_answer_header(const struct http_answer *answer, struct str name)
{
    struct str value = http_header_value(answer->headers, answer->header_count, name);

    return str_is_none(value) ? STR("") : value;
}

/** http_status_kind() - what a status that is no success means to who asked: 408, 429 and 5xx
 * are transient, 404 not found, 401 unauthorized, 403 denied, all else invalid */
enum err_kind http_status_kind(unsigned status);

/** http_client_new() - a client; owned */
struct http_client *http_client_new(void);

/** http_client_free() - close its connections and release it; NULL is a no-op */
void http_client_free(struct http_client *c);
DEFINE_CLEANUP(struct http_client *, http_client_free)

/**
 * http_client_do() - make one call and wait for its answer
 * @c:    client; one thread at a time
 * @a:    where the answer lives
 * @call: what to send; borrowed
 * @ret:  the answer, whatever its status
 * @err:  ERR_TRANSIENT (refused, reset, DNS), ERR_TIMEOUT, ERR_CANCELLED, ERR_LIMIT,
 * ERR_INVALID (URL), ERR_DENIED (TLS, refused address); texts show the URL without user,
 * password and query
 *
 * Return: 0 when an answer of any status came, or -1.
 */
int http_client_do(struct http_client *c, struct arena *a, const struct http_call *call,
                   struct http_answer *ret, struct err *err);

/** http_url_shown() - an URL for logs and errors, in the arena: scheme, host and path; user,
 * password and query may be secret */
struct str http_url_shown(struct arena *a, struct str url);

/* Where the body of an answer goes: an on_chunk with this as ctx writes it to a file. */
struct http_sink {
    int fd;
    int error; /* errno of a write that failed; the call ends with ERR_CANCELLED then */
};

/** http_sink_take() - the on_chunk of a struct http_sink */
int http_sink_take(void *sink, struct str chunk);
