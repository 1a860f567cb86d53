/*
 * cli/call.h - calls of the server's API, and streams of it.
 *
 * The server is named by --argo-server or ARGO_SERVER, the token by --token or ARGO_TOKEN. One
 * connection is kept for the life of the command. A stream has a connection of its own and may
 * run on another thread: it sees the immutable struct cli_server only.
 */
#pragma once

#include "cli/cli.h"
#include "io/http_client.h"

struct cli_answer {
    unsigned status;
    struct json body;
};

/** cli_call() - one call of the API; an answer of 400 and more becomes an error with the
 * server's message */
int cli_call(struct cli *cli, const char *method, struct str path, struct str body,
             struct cli_answer *ret, struct err *err);

/** call_get() - a GET whose answer lives in another arena than the command's */
int call_get(struct cli *cli, struct arena *a, struct str path, struct json *ret,
             struct err *err);

/** call_get_text() - a GET whose answer is no JSON */
int call_get_text(struct cli *cli, struct arena *a, struct str path, struct str *ret,
                  struct err *err);

/** call_server() - where calls go, made of flags and environment; ERR_INVALID */
int call_server(struct cli *cli, const struct cli_server **ret, struct err *err);

/** call_use() - let calls go to this server ("http://host:port"), whatever the flags say; no
 * token is sent */
void call_use(struct cli *cli, struct str url);

/* A GET whose answer is handed over as it comes. */
struct call_stream {
    const struct cli_server *server;
    struct str path;
    int cancel_fd; /* readable: stop; -1: none */
    /* Non-zero stops the stream. */
    int (*on_chunk)(void *ctx, struct str chunk);
    void *ctx;
    /* The answer's headers, after its end; or NULL. */
    void (*on_headers)(void *ctx, const struct http_answer *answer);
};

/**
 * call_stream() - read a stream to its end; any thread
 * @client: connections of this thread
 * @stream: what to read
 * @err:    as http_client_do(); an answer of 400 and more as cli_call(), its body is not handed
 * over
 *
 * Return: 0 at the end, also when on_chunk or cancel_fd stopped it; or -1.
 */
int call_stream(struct http_client *client, const struct call_stream *stream, struct err *err);

/**
 * call_lines() - the lines of a stream that comes in pieces
 * @partial: beginning of a line, kept from piece to piece; a line over its maximum is dropped
 * @chunk:   next piece
 * @on_line: called for each whole line, without its end
 */
void call_lines(struct strbuf *partial, struct str chunk,
                void (*on_line)(void *ctx, struct str line), void *ctx);

/** call_done() - close the connections of a command */
void call_done(struct cli *cli);
