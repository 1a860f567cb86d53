/* tiphys auth token: what calls of the server carry to say who asks. */
#include "cli/connect.h"

static int run_token(struct cli *cli, struct err *err)
{
    struct str text;

    if (!cli->kube && connect_load_default(cli, err) < 0)
        return -1;
    if (connect_authorization(cli, &text, err) < 0)
        return -1;
    if (text.len == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "invalid configuration: no configuration has been provided: set "
                       "ARGO_TOKEN, or give --token or --kubeconfig");
    printf(STR_FMT "\n", STR_ARG(text));
    return 0;
}

extern const struct cli_command cli_auth_token;
const struct cli_command cli_auth_token = {
    .name = "auth token",
    .usage = "",
    .summary = "print the auth token",
    .example = "auth token\nauth token --kubeconfig ~/.kube/config --context dev",
    .run = run_token};
