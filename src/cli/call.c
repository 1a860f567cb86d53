/* Calls of the server's API. See call.h. */
#include "cli/call.h"

#include <stdlib.h>

#include "base/vec.h"
#include "formats/duration.h"

struct cli_server {
    struct str url; /* scheme, host, port, base path */
    const struct http_header *headers;
    size_t header_count;
    uint64_t timeout_ms; /* 0: the client's */
    bool skip_tls_verify;
    const char *ca_file, *cert_file, *key_file;
};

/* ---- the server ---- */

static bool is_true(const char *value)
{
    return value && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

/* "host:port", perhaps with a scheme, which then decides. */
static struct str base_url(struct cli *cli)
{
    struct str server = str_from(cli_setting(cli, "argo-server")),
               base = str_from(cli_setting(cli, "argo-base-href"));
    const char *scheme = is_true(cli_setting(cli, "secure")) ? "https://" : "http://";

    if (str_starts(server, STR("http://")) || str_starts(server, STR("https://")))
        scheme = "";
    while (str_ends(base, STR("/")))
        base = str_head(base, base.len - 1);
    return str_printf(cli->arena, "%s" STR_FMT "%s" STR_FMT, scheme, STR_ARG(server),
                      base.len && base.ptr[0] != '/' ? "/" : "", STR_ARG(base));
}

static int add_headers(struct cli *cli, struct cli_server *server, struct err *err)
{
    const char *token = cli_setting(cli, "token");
    VEC(struct http_header) headers = {0};
    size_t count;
    const struct str *given = flags_list(cli->arena, &cli->flags, "header", &count);

    VEC_APUSH(cli->arena, &headers,
              ((struct http_header){STR("Content-Type"), STR("application/json")}));
    if (token && *token) {
        bool has_scheme = strncmp(token, "Bearer ", 7) == 0 || strncmp(token, "Basic ", 6) == 0;

        VEC_APUSH(cli->arena, &headers,
                  ((struct http_header){
                      STR("Authorization"),
                      str_printf(cli->arena, "%s%s", has_scheme ? "" : "Bearer ", token)}));
    }
    for (size_t i = 0; i < count; i++) {
        struct str value = given[i], name;

        if (!str_cut(&value, ':', &name) || str_is_none(value))
            return err_set(err, ERR_INVALID,
                           "--header \"" STR_FMT "\" has no colon: want \"Name: value\"",
                           STR_ARG(given[i]));
        VEC_APUSH(cli->arena, &headers,
                  ((struct http_header){str_trim(name), str_trim(value)}));
    }
    server->headers = headers.at;
    server->header_count = headers.len;
    return 0;
}

static int read_timeout(struct cli *cli, struct cli_server *server, struct err *err)
{
    const char *given = cli_flag(cli, "request-timeout");
    int64_t ns;

    if (duration_parse_argo(str_from(given), &ns, err) < 0 || ns < 0)
        return err_set(err, ERR_INVALID,
                       "--request-timeout %s is no duration: want one like 30s", given);
    server->timeout_ms = (uint64_t) ns / 1000000;
    return 0;
}

int call_server(struct cli *cli, const struct cli_server **ret, struct err *err)
{
    struct cli_server *server;

    if (!cli->server) {
        server = ARENA_NEW(cli->arena, struct cli_server);
        server->url = base_url(cli);
        server->skip_tls_verify = is_true(cli_setting(cli, "insecure-skip-verify")) ||
                                  cli_is_on(cli, "insecure-skip-tls-verify");
        server->ca_file = cli_flag(cli, "certificate-authority");
        server->cert_file = cli_flag(cli, "client-certificate");
        server->key_file = cli_flag(cli, "client-key");
        if (!server->cert_file != !server->key_file)
            return err_set(err, ERR_INVALID,
                           "--client-certificate and --client-key must be "
                           "provided together");
        if (add_headers(cli, server, err) < 0 || read_timeout(cli, server, err) < 0)
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
    call->is_plain = !getenv("http_proxy"); /* libcurl would cost more than the call */
    call->skip_tls_verify = server->skip_tls_verify;
    call->ca_file = server->ca_file;
    call->cert_file = server->cert_file;
    call->key_file = server->key_file;
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
        return err_wrap(err, "is '%s server' running?", cli->program);
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
