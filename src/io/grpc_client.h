/*
 * io/grpc_client.h - blocking calls of gRPC services on a unix socket: one request, and one
 * answer or a stream of them. Messages are bytes here; formats/protowire.h reads and writes
 * them.
 *
 * By the HTTP client: HTTP/2 without TLS. A message is held whole, at most
 * GRPC_MESSAGE_MAX_BYTES, a stream never is. Nothing is compressed. Source: "gRPC over HTTP2",
 * PROTOCOL-HTTP2.md of gRPC.
 */
#pragma once

#include "io/http_client.h"

struct grpc_call {
    const char *socket;  /* path of the server's */
    struct str method;   /* "package.Service/Method" */
    struct str request;  /* the message */
    uint64_t timeout_ms; /* the whole call; the server is told; 0: none */
    int cancel_fd;       /* as of struct http_call */
    /* One message of the answer, valid for the call. 0: go on; 1: enough, what follows is not
     * read; -1: the call ends with ERR_CANCELLED. */
    int (*on_message)(void *ctx, struct str message);
    void *ctx;
};

/**
 * grpc_client_call() - make a call and take its messages until the server says how it ended
 * @c:    client; one thread at a time
 * @a:    scratch
 * @call: what to send; borrowed
 * @err:  what the server says, as "rpc error: code = NotFound desc = ...", by kind; ERR_LIMIT
 * (a message over the limit), ERR_INVALID (no gRPC), ERR_TRANSIENT (no connection, or it ended
 * too early), ERR_TIMEOUT, ERR_CANCELLED
 *
 * Return: 0 or -1; messages that came before a failure have been handed over.
 */
int grpc_client_call(struct http_client *c, struct arena *a, const struct grpc_call *call,
                     struct err *err);

/**
 * grpc_client_unary() - a call that has one answer
 * @call: without on_message
 * @ret:  the answer, in the arena
 *
 * Else like grpc_client_call(); none or more than one is ERR_INVALID.
 */
int grpc_client_unary(struct http_client *c, struct arena *a, const struct grpc_call *call,
                      struct str *ret, struct err *err);

/**
 * grpc_client_probe() - does somebody who speaks HTTP/2 answer at a socket?
 * @socket:  path
 * @wait_ms: how long the answer may take
 * @err:     ERR_TRANSIENT (nobody listens), ERR_TIMEOUT, ERR_INVALID (something else answers,
 * or the path is too long)
 *
 * Return: 0 or -1.
 */
int grpc_client_probe(const char *socket, uint64_t wait_ms, struct err *err);
