/* One call of the server's API. The server is named by --argo-server or ARGO_SERVER, the token
 * by --token or ARGO_TOKEN. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "io/http_client.h"

#define DEFAULT_SERVER "127.0.0.1:2746"

static const char *setting(const struct cli *cli, const char *flag, const char *variable)
{
    const char *given = cli_flag(cli, flag);

    return given ? given : getenv(variable);
}

static int server_error(struct cli *cli, const struct http_answer *answer, struct err *err)
{
    enum err_kind kind = answer->status == 404   ? ERR_NOT_FOUND
                         : answer->status == 409 ? ERR_EXISTS
                         : answer->status == 401 ? ERR_UNAUTHORIZED
                                                 : ERR_INVALID;
    struct json doc;
    struct err ignored;

    if (json_parse(cli->arena, answer->body, &doc, &ignored) == 0 &&
        !str_is_empty(json_get_str(&doc, STR("message"))))
        return err_set(err, kind, STR_FMT, STR_ARG(json_get_str(&doc, STR("message"))));
    return err_set(err, kind, "the server answered %u: " STR_FMT, answer->status,
                   STR_ARG(str_trim(answer->body)));
}

/* One call; an answer of 400 and more is an error. */
static int call_server(struct cli *cli, const char *method, struct str path, struct str body,
                       struct http_answer *ret, struct err *err)
{
    const char *server = setting(cli, "--argo-server", "ARGO_SERVER"),
               *token = setting(cli, "--token", "ARGO_TOKEN");
    struct http_client *client = http_client_new();
    struct http_header headers[2] = {{STR("Content-Type"), STR("application/json")}};
    struct http_call call = {.method = str_from(method),
                             .body = body,
                             .headers = headers,
                             .header_count = 1,
                             .cancel_fd = -1};
    int result;

    call.url = str_printf(cli->arena, "http://%s" STR_FMT,
                          server && *server ? server : DEFAULT_SERVER, STR_ARG(path));
    if (token && *token) {
        bool has_scheme = str_starts(str_from(token), STR("Bearer "));

        headers[call.header_count++] = (struct http_header){
            STR("Authorization"),
            str_printf(cli->arena, "%s%s", has_scheme ? "" : "Bearer ", token)};
    }
    result = http_client_do(client, cli->arena, &call, ret, err);
    http_client_free(client);
    if (result < 0)
        return err_wrap(err, "is 'tiphys server' running?");
    return ret->status >= 400 ? server_error(cli, ret, err) : 0;
}

int cli_call(struct cli *cli, const char *method, struct str path, struct str body,
             struct cli_answer *ret, struct err *err)
{
    struct http_answer answer;

    if (call_server(cli, method, path, body, &answer, err) < 0)
        return -1;
    ret->status = answer.status;
    return json_parse(cli->arena, answer.body, &ret->body, err) < 0
               ? err_wrap(err, "answer of the server")
               : 0;
}

int cli_call_text(struct cli *cli, struct str path, struct str *ret, struct err *err)
{
    struct http_answer answer;

    if (call_server(cli, "GET", path, STR(""), &answer, err) < 0)
        return -1;
    *ret = answer.body;
    return 0;
}
