/* Which server, and as whom. See connect.h. */
#include "cli/connect.h"

#include <stdlib.h>

#include "base/vec.h"
#include "formats/base64.h"
#include "formats/duration.h"

static bool is_true(const char *value)
{
    return value && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

static const char *given(const struct cli *cli, const char *name)
{
    const char *value = cli_flag(cli, name);

    return value && *value ? value : NULL;
}

/* ---- kubectl's configuration ---- */

static struct str folder_of(struct str path)
{
    size_t len = path.len;

    while (len > 0 && path.ptr[len - 1] != '/')
        len--;
    return len > 1 ? str_head(path, len - 1) : str_head(path, len);
}

/* --kubeconfig, else the first of KUBECONFIG, else ~/.kube/config. */
static struct str config_path(struct cli *cli)
{
    const char *flag = given(cli, "kubeconfig"), *list = getenv("KUBECONFIG"),
               *home = getenv("HOME");
    struct str rest = str_from(list), first = STR("");

    if (flag)
        return str_from(flag);
    while (list && str_cut(&rest, ':', &first))
        if (first.len > 0)
            return first;
    return str_printf(cli->arena, "%s/.kube/config", home ? home : "");
}

int connect_load_default(struct cli *cli, struct err *err)
{
    const struct kubeconfig_choice choice = {given(cli, "context"), given(cli, "cluster"),
                                             given(cli, "user")};
    struct str path = config_path(cli), text;
    struct kubeconfig *made = ARENA_NEW(cli->arena, struct kubeconfig);

    if (cli_read_file(cli, str_cz(cli->arena, path), &text, err) < 0)
        return err->kind == ERR_NOT_FOUND && !given(cli, "kubeconfig") ? 0 : -1;
    if (kubeconfig_parse(cli->arena, text, folder_of(path), &choice, made, err) < 0)
        return err_wrap(err, STR_FMT, STR_ARG(path));
    if (cli_is_on(cli, "verbose") || flags_int(&cli->flags, "gloglevel") >= 6)
        fprintf(stderr, "Config loaded from file:  " STR_FMT "\n", STR_ARG(path));
    cli->kube = made;
    return 0;
}

/* In a pod that nobody tells otherwise: the server that runs it. */
static bool is_in_pod(const struct cli *cli)
{
    const char *server = getenv("ARGO_SERVER"), *config = getenv("KUBECONFIG");

    return getenv("KUBERNETES_SERVICE_HOST") && config && *config && !(server && *server) &&
           !flags_is_given(&cli->flags, "argo-server") && !given(cli, "server");
}

int connect_load(struct cli *cli, struct err *err)
{
    static const char *const names[] = {"kubeconfig", "context", "cluster", "user"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!given(cli, names[i]))
            continue;
        if (connect_load_default(cli, err) < 0)
            return -1;
        return cli->kube ? 0
                         : err_set(err, ERR_NOT_FOUND,
                                   "--%s: there is no configuration of kubectl: give "
                                   "--kubeconfig",
                                   names[i]);
    }
    return is_in_pod(cli) ? connect_load_default(cli, err) : 0;
}

/* ---- who asks ---- */

static int token_of(struct cli *cli, struct str *ret, struct err *err)
{
    const struct kubeconfig *kube = cli->kube;
    const char *token = cli_setting(cli, "token");
    struct str text;

    *ret = token ? str_from(token) : STR("");
    if (ret->len > 0 || !kube)
        return 0;
    *ret = kube->token;
    if (ret->len > 0 || kube->token_file.len == 0)
        return 0;
    if (cli_read_file(cli, str_cz(cli->arena, kube->token_file), &text, err) < 0)
        return -1;
    *ret = str_trim(text);
    return 0;
}

int connect_authorization(struct cli *cli, struct str *ret, struct err *err)
{
    const char *user = given(cli, "username"), *password = given(cli, "password");
    struct str name = user        ? str_from(user)
                      : cli->kube ? cli->kube->username
                                  : STR(""),
               word = password    ? str_from(password)
                      : cli->kube ? cli->kube->password
                                  : STR("");
    struct str token;

    if (token_of(cli, &token, err) < 0)
        return -1;
    if (name.len > 0 && !given(cli, "token")) {
        struct str pair =
            str_printf(cli->arena, STR_FMT ":" STR_FMT, STR_ARG(name), STR_ARG(word));

        *ret = str_concat(cli->arena, STR("Basic "), base64_encode(cli->arena, pair));
        return 0;
    }
    if (token.len == 0 || str_starts(token, STR("Bearer ")) || str_starts(token, STR("Basic ")))
        *ret = token;
    else
        *ret = str_concat(cli->arena, STR("Bearer "), token);
    return 0;
}

/* ---- headers ---- */

typedef VEC(struct http_header) header_vec;

static void add_impersonation(struct cli *cli, header_vec *headers)
{
    const struct kubeconfig *kube = cli->kube;
    const char *user = given(cli, "as"), *uid = given(cli, "as-uid");
    size_t count;
    const struct str *groups = flags_list(cli->arena, &cli->flags, "as-group", &count);

    if (!user && kube && kube->as.len > 0) {
        user = str_cz(cli->arena, kube->as);
        uid = kube->as_uid.len > 0 ? str_cz(cli->arena, kube->as_uid) : uid;
        if (count == 0) {
            groups = kube->as_groups;
            count = kube->as_group_count;
        }
    }
    if (user)
        VEC_APUSH(cli->arena, headers,
                  ((struct http_header){STR("Impersonate-User"), str_from(user)}));
    for (size_t i = 0; i < count; i++)
        VEC_APUSH(cli->arena, headers,
                  ((struct http_header){STR("Impersonate-Group"), groups[i]}));
    if (uid)
        VEC_APUSH(cli->arena, headers,
                  ((struct http_header){STR("Impersonate-Uid"), str_from(uid)}));
}

static int add_headers(struct cli *cli, struct cli_server *server, struct err *err)
{
    header_vec headers = {0};
    size_t count;
    const struct str *extra = flags_list(cli->arena, &cli->flags, "header", &count);
    struct str authorization;

    if (connect_authorization(cli, &authorization, err) < 0)
        return -1;
    VEC_APUSH(cli->arena, &headers,
              ((struct http_header){STR("Content-Type"), STR("application/json")}));
    if (authorization.len > 0)
        VEC_APUSH(cli->arena, &headers,
                  ((struct http_header){STR("Authorization"), authorization}));
    add_impersonation(cli, &headers);
    for (size_t i = 0; i < count; i++) {
        struct str value = extra[i], name;

        if (!str_cut(&value, ':', &name) || str_is_none(value))
            return err_set(err, ERR_INVALID,
                           "--header \"" STR_FMT "\" has no colon: want \"Name: value\"",
                           STR_ARG(extra[i]));
        VEC_APUSH(cli->arena, &headers,
                  ((struct http_header){str_trim(name), str_trim(value)}));
    }
    server->headers = headers.at;
    server->header_count = headers.len;
    return 0;
}

/* ---- the server ---- */

/* "host:port", perhaps with a scheme, which then decides: --argo-server, --server, the
 * environment, the configuration's cluster. */
static struct str base_url(struct cli *cli)
{
    const char *named = given(cli, "server");
    bool is_named = flags_is_given(&cli->flags, "argo-server");
    struct str server = str_from(cli_setting(cli, "argo-server")),
               base = str_from(cli_setting(cli, "argo-base-href"));
    const char *scheme = is_true(cli_setting(cli, "secure")) ? "https://" : "http://";

    if (!is_named && named)
        server = str_from(named);
    else if (!is_named && cli->kube && cli->kube->server.len > 0)
        server = cli->kube->server;
    while (str_ends(server, STR("/")))
        server = str_head(server, server.len - 1);
    if (str_starts(server, STR("http://")) || str_starts(server, STR("https://")))
        scheme = "";
    while (str_ends(base, STR("/")))
        base = str_head(base, base.len - 1);
    return str_printf(cli->arena, "%s" STR_FMT "%s" STR_FMT, scheme, STR_ARG(server),
                      base.len && base.ptr[0] != '/' ? "/" : "", STR_ARG(base));
}

static int read_timeout(struct cli *cli, struct cli_server *server, struct err *err)
{
    const char *text = cli_flag(cli, "request-timeout");
    int64_t ns;

    if (duration_parse_argo(str_from(text), &ns, err) < 0 || ns < 0)
        return err_set(err, ERR_INVALID,
                       "--request-timeout %s is no duration: want one like 30s", text);
    server->timeout_ms = (uint64_t) ns / 1000000;
    return 0;
}

static const char *text_or_null(struct arena *a, struct str text)
{
    return text.len > 0 ? str_cz(a, text) : NULL;
}

/* What the configuration says, where no flag does. */
static void add_configured(struct cli *cli, struct cli_server *server)
{
    const struct kubeconfig *kube = cli->kube;
    struct arena *a = cli->arena;

    if (!kube)
        return;
    server->skip_tls_verify = server->skip_tls_verify || kube->skips_verify;
    if (!server->ca_file) {
        server->ca_file = text_or_null(a, kube->ca_file);
        server->ca_pem = kube->ca_pem;
    }
    if (!server->cert_file) {
        server->cert_file = text_or_null(a, kube->cert_file);
        server->key_file = text_or_null(a, kube->key_file);
        server->cert_pem = kube->cert_pem;
        server->key_pem = kube->key_pem;
    }
    if (!server->proxy)
        server->proxy = text_or_null(a, kube->proxy_url);
    if (!server->tls_server_name)
        server->tls_server_name = text_or_null(a, kube->tls_server_name);
}

int connect_server(struct cli *cli, struct cli_server *ret, struct err *err)
{
    *ret = (struct cli_server){.url = base_url(cli),
                               .ca_file = given(cli, "certificate-authority"),
                               .cert_file = given(cli, "client-certificate"),
                               .key_file = given(cli, "client-key"),
                               .proxy = given(cli, "proxy-url"),
                               .tls_server_name = given(cli, "tls-server-name")};
    ret->skip_tls_verify = is_true(cli_setting(cli, "insecure-skip-verify")) ||
                           cli_is_on(cli, "insecure-skip-tls-verify");
    if (!ret->cert_file != !ret->key_file)
        return err_set(err, ERR_INVALID,
                       "--client-certificate and --client-key must be "
                       "provided together");
    add_configured(cli, ret);
    return add_headers(cli, ret, err) < 0 ? -1 : read_timeout(cli, ret, err);
}
