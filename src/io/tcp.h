/*
 * io/tcp.h - a connection to a server for the clients of protocols that are neither HTTP nor a
 * library's: blocking calls for workers and source threads, read through a buffer.
 *
 * Every wait ends when nothing moves for a time, or when the caller is asked to stop. An error
 * leaves the connection unusable. One thread uses a connection at a time.
 */
#pragma once

#include <sys/socket.h>

#include "base/err.h"
#include "base/str.h"

struct tcp;

enum { TCP_TAKE_MAX_BYTES = 1 << 17 };

struct tcp_options {
    uint64_t connect_ms;     /* 0: no limit but the system's */
    uint64_t stall_ms;       /* no byte came or went for so long: ERR_TIMEOUT; 0: no limit */
    int cancel_fd;           /* readable = give up with ERR_CANCELLED; 0 and -1: none */
    bool refuses_link_local; /* as struct http_call's */
};

/**
 * tcp_connect() - a connection to the first address of a host that answers
 * @host:    name or number
 * @port:    number
 * @options: copied
 * @err:     ERR_TRANSIENT (refused, DNS), ERR_TIMEOUT, ERR_CANCELLED, ERR_DENIED; texts name
 * host and port
 *
 * Return: owned, or NULL.
 */
struct tcp *tcp_connect(struct str host, uint32_t port, const struct tcp_options *options,
                        struct err *err);

/** tcp_close() - close and release; NULL is a no-op */
void tcp_close(struct tcp *t);
DEFINE_CLEANUP(struct tcp *, tcp_close)

/** tcp_write() - send all of it; ERR_TRANSIENT when the peer has gone, ERR_TIMEOUT,
 * ERR_CANCELLED */
int tcp_write(struct tcp *t, struct str bytes, struct err *err);

/**
 * tcp_take() - read so many bytes
 * @t:   connection
 * @len: at most TCP_TAKE_MAX_BYTES
 * @ret: the bytes, borrowed until the next call
 * @err: ERR_TRANSIENT when the peer goes before, ERR_TIMEOUT, ERR_CANCELLED
 */
int tcp_take(struct tcp *t, size_t len, struct str *ret, struct err *err);

/** tcp_has_input() - is there something to read, or has the peer gone? Does not wait */
bool tcp_has_input(struct tcp *t);

/** tcp_is_metadata() - is it an address at which clouds serve the credentials of their
 * machines? */
bool tcp_is_metadata(const struct sockaddr *address);
