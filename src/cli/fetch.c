/* Manifests of the web, as argo and kubectl take them. See manifests.h. */
#include "base/limits.h"
#include "cli/manifests.h"
#include "io/http_client.h"

enum { REDIRECT_MAX = 10 };

bool manifests_is_url(const char *path)
{
    return str_starts(str_from(path), STR("http://")) ||
           str_starts(str_from(path), STR("https://"));
}

int manifests_read(struct cli *cli, const char *path, struct str *ret, struct err *err)
{
    const struct http_call call = {.method = STR("GET"),
                                   .url = str_from(path),
                                   .cancel_fd = -1,
                                   .redirect_max = REDIRECT_MAX};
    struct http_client *client;
    struct http_answer answer;
    int result;

    if (!manifests_is_url(path))
        return cli_read_file(cli, path, ret, err);
    client = http_client_new();
    result = http_client_do(client, cli->arena, &call, &answer, err);
    http_client_free(client);
    if (result < 0)
        return -1;
    if (answer.status != 200)
        return err_set(err, http_status_kind(answer.status), "GET %s: status %u", path,
                       answer.status);
    if (answer.body.len > MANIFEST_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%s is over %d bytes", path, MANIFEST_MAX_BYTES);
    *ret = answer.body;
    return 0;
}
