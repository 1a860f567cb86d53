/* Calls of the server's API. See call.h. */
#include "cli/call.h"

#include <stdlib.h>

#include "cli/connect.h"

/* ---- the server ---- */

int call_server(struct cli *cli, const struct cli_server **ret, struct err *err)
{
    struct cli_server *server;

    if (!cli->server) {
        server = ARENA_NEW(cli->arena, struct cli_server);
        if (connect_server(cli, server, err) < 0)
            return -1;
        cli->server = server;
    }
    *ret = cli->server;
    return 0;
}

void call_use(struct cli *cli, struct str url)
{
    static const struct http_header headers[] = {
        {STR_INIT("Content-Type"), STR_INIT("application/json")}};
    struct cli_server *server = ARENA_NEW(cli->arena, struct cli_server);

    server->url = str_copy(cli->arena, url);
    server->headers = headers;
    server->header_count = COUNT_OF(headers);
    cli->server = server;
}

static void fill_call(struct arena *a, const struct cli_server *server, struct str path,
                      struct http_call *call)
{
    call->url = str_concat(a, server->url, path);
    call->headers = server->headers;
    call->header_count = server->header_count;
    /* libcurl would cost more than the call */
    call->is_plain = !getenv("http_proxy") && !server->proxy;
    call->skip_tls_verify = server->skip_tls_verify;
    call->ca_file = server->ca_file;
    call->cert_file = server->cert_file;
    call->key_file = server->key_file;
    call->ca_pem = server->ca_pem;
    call->cert_pem = server->cert_pem;
    call->key_pem = server->key_pem;
    call->proxy = server->proxy;
    call->tls_server_name = server->tls_server_name;
}

/* ---- calls ---- */

static int server_error(struct arena *a, unsigned status, struct str body, struct err *err)
{
    enum err_kind kind = status == 404   ? ERR_NOT_FOUND
                         : status == 409 ? ERR_EXISTS
                         : status == 401 ? ERR_UNAUTHORIZED
                         : status >= 500 ? ERR_TRANSIENT
                                         : ERR_INVALID;
    struct json doc;
    struct err ignored;

    if (json_parse(a, body, &doc, &ignored) == 0 &&
        !str_is_empty(json_get_str(&doc, STR("message"))))
        return err_set(err, kind, STR_FMT, STR_ARG(json_get_str(&doc, STR("message"))));
    return err_set(err, kind, "the server answered %u: " STR_FMT, status,
                   STR_ARG(str_trim(body)));
}

static int not_reached(const struct cli *cli, struct err *err)
{
    if (err->kind == ERR_DENIED)
        return err_wrap(err, "the server's certificate is not trusted: give "
                             "--certificate-authority, or --insecure-skip-verify");
    if (str_find(str_from(err->text), STR("SSL connect error")) != SIZE_MAX)
        return err_wrap(err, "the server speaks no TLS: leave out --secure, ARGO_SECURE and "
                             "https://");
    if (str_find(str_from(err->text), STR("Connection reset by peer")) != SIZE_MAX)
        return err_wrap(err, "the server may speak TLS: give --secure");
    return err_wrap(err, "is '%s server' running?", cli->program);
}

/* One call with the command's connection; an answer of 400 and more is an error. */
static int do_call(struct cli *cli, struct arena *a, struct http_call *call, struct str path,
                   struct http_answer *ret, struct err *err)
{
    const struct cli_server *server;

    if (call_server(cli, &server, err) < 0)
        return -1;
    if (!cli->client)
        cli->client = http_client_new();
    fill_call(a, server, path, call);
    call->timeout_ms = server->timeout_ms;
    if (http_client_do(cli->client, a, call, ret, err) < 0)
        return not_reached(cli, err);
    return ret->status >= 400 ? server_error(a, ret->status, ret->body, err) : 0;
}

int cli_call(struct cli *cli, const char *method, struct str path, struct str body,
             struct cli_answer *ret, struct err *err)
{
    struct http_call call = {.method = str_from(method), .body = body, .cancel_fd = -1};
    struct http_answer answer;

    if (do_call(cli, cli->arena, &call, path, &answer, err) < 0)
        return -1;
    ret->status = answer.status;
    return json_parse(cli->arena, answer.body, &ret->body, err) < 0
               ? err_wrap(err, "answer of the server")
               : 0;
}

int call_get(struct cli *cli, struct arena *a, struct str path, struct json *ret,
             struct err *err)
{
    struct http_call call = {.method = STR("GET"), .cancel_fd = -1};
    struct http_answer answer;

    if (do_call(cli, a, &call, path, &answer, err) < 0)
        return -1;
    return json_parse(a, answer.body, ret, err) < 0 ? err_wrap(err, "answer of the server") : 0;
}

int call_get_text(struct cli *cli, struct arena *a, struct str path, struct str *ret,
                  struct err *err)
{
    struct http_call call = {.method = STR("GET"), .cancel_fd = -1};
    struct http_answer answer;

    if (do_call(cli, a, &call, path, &answer, err) < 0)
        return -1;
    *ret = answer.body;
    return 0;
}

void call_done(struct cli *cli)
{
    http_client_free(TAKE(cli->client));
}

/* ---- streams ---- */

int call_stream(struct http_client *client, const struct call_stream *stream, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct http_call call = {.method = STR("GET"),
                             .cancel_fd = stream->cancel_fd,
                             .on_chunk = stream->on_chunk,
                             .ctx = stream->ctx};
    struct http_answer answer;

    fill_call(a, stream->server, stream->path, &call);
    if (http_client_do(client, a, &call, &answer, err) < 0)
        return err->kind == ERR_CANCELLED ? 0 : -1;
    if (stream->on_headers)
        stream->on_headers(stream->ctx, &answer);
    return answer.status >= 400 ? server_error(a, answer.status, answer.body, err) : 0;
}

void call_lines(struct strbuf *partial, struct str chunk,
                void (*on_line)(void *ctx, struct str line), void *ctx)
{
    struct str rest;
    size_t end, used = 0;

    strbuf_add(partial, chunk);
    if (partial->is_over) {
        strbuf_reset(partial);
        return;
    }
    rest = strbuf_str(partial);
    while ((end = str_find_char(rest, '\n')) != SIZE_MAX) {
        on_line(ctx, str_head(rest, end));
        rest = str_skip(rest, end + 1);
        used += end + 1;
    }
    strbuf_skip(partial, used);
}
