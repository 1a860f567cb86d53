/* tiphys server: the daemon in the foreground. Its work is daemon/'s; here are the flags. */
#include "daemon/daemon.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/isolation.h"

static int find_level(const struct cli *cli, enum log_level *ret, struct err *err)
{
    const char *word = cli_is_on(cli, "verbose") ? "debug" : cli_setting(cli, "loglevel");

    for (*ret = LOG_LEVEL_DEBUG; *ret <= LOG_LEVEL_ERROR; (*ret)++)
        if (strcmp(log_level_name(*ret), word) == 0)
            return 0;
    *ret = LOG_LEVEL_INFO;
    return err_set(err, ERR_INVALID, "--loglevel %s is none of debug, info, warn, error", word);
}

static int find_format(const struct cli *cli, enum log_format *ret, struct err *err)
{
    const char *word = cli_setting(cli, "log-format");

    *ret = strcmp(word, "json") == 0 ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT;
    if (*ret == LOG_FORMAT_JSON || strcmp(word, "text") == 0)
        return 0;
    return err_set(err, ERR_INVALID, "--log-format %s is none of text, json", word);
}

static bool has_mode(struct cli *cli, const char *mode)
{
    size_t count;
    const struct str *modes = flags_list(cli->arena, &cli->flags, "auth-mode", &count);

    for (size_t i = 0; i < count; i++)
        if (str_is(modes[i], mode) || str_is(modes[i], "hybrid"))
            return true;
    return false;
}

/* "client": by token, always; "server": without one, from this machine. */
static int check_modes(struct cli *cli, struct err *err)
{
    static const char *const known[] = {"client", "server", "hybrid"};
    size_t count;
    const struct str *modes = flags_list(cli->arena, &cli->flags, "auth-mode", &count);

    for (size_t i = 0; i < count; i++) {
        bool is_known = false;

        for (size_t k = 0; k < COUNT_OF(known); k++)
            is_known = is_known || str_is(modes[i], known[k]);
        if (str_is(modes[i], "sso"))
            return err_set(err, ERR_UNSUPPORTED, "--auth-mode sso is not supported yet");
        if (!is_known)
            return err_set(err, ERR_INVALID,
                           "--auth-mode " STR_FMT " is none of client, server, hybrid, sso",
                           STR_ARG(modes[i]));
    }
    return 0;
}

static int run_server(struct cli *cli, struct err *err)
{
    enum log_level level;
    enum log_format format;
    const char *token = cli_setting(cli, "token"), *webhooks = cli_flag(cli, "webhook-address");
    const char *metrics_auth = getenv("ARGO_SERVER_METRICS_AUTH"),
               *managed = cli_setting(cli, "managed-namespace");
    struct daemon_options options = {
        .address = cli_flag(cli, "address"),
        .port = (uint16_t) flags_int(&cli->flags, "port"),
        .data = cli_flag(cli, "data"),
        .token = token ? token : "",
        .token_file = cli_flag(cli, "token-auth-file"),
        .isolation = cli_flag(cli, "isolation"),
        .kubeconfig = cli_flag(cli, "kubeconfig"),
        .context = cli_flag(cli, "context"),
        .cluster = cli_flag(cli, "cluster"),
        .user = cli_flag(cli, "user"),
        .config_map = cli_setting(cli, "configmap"),
        .host_paths = cli_flag(cli, "host-path"),
        .node_labels = cli_flag(cli, "node-labels"),
        .shim = getenv("TIPHYS_SHIM"),
        .base = cli_setting(cli, "base-href"),
        .origin = cli_setting(cli, "access-control-allow-origin"),
        .frame_options = cli_setting(cli, "x-frame-options"),
        .tls_secret = cli_setting(cli, "tls-certificate-secret-name"),
        .is_secure = cli_is_on(cli, "secure"),
        .has_hsts = cli_is_on(cli, "hsts"),
        .is_open = cli_is_on(cli, "open") || has_mode(cli, "server")};

    cli_isolation_options(cli, cli->arena, &options);
    options.rate_limit = (uint64_t) flags_int(&cli->flags, "api-rate-limit");
    options.is_event_async = cli_is_on(cli, "event-async-dispatch");
    options.event_room = (uint64_t) (flags_int(&cli->flags, "event-operation-queue-size") +
                                     flags_int(&cli->flags, "event-worker-count"));
    if (cli_is_on(cli, "namespaced"))
        options.managed = managed && *managed ? managed : "argo";
    options.is_metrics_open = metrics_auth && strcmp(metrics_auth, "false") == 0;
    options.webhook_address = webhooks ? webhooks : options.address;
    if (find_level(cli, &level, err) < 0 || find_format(cli, &format, err) < 0)
        return -1;
    log_setup(format, level, STDERR_FILENO);
    return daemon_run(&options, err);
}

static int check_counts(struct cli *cli, struct err *err)
{
    static const char *const names[] = {"event-operation-queue-size", "event-worker-count"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (flags_int(&cli->flags, names[i]) < (int64_t) i)
            return err_set(err, ERR_INVALID, "--%s %lld must be at least %zu", names[i],
                           (long long) flags_int(&cli->flags, names[i]), i);
    return 0;
}

static int check_server(struct cli *cli, struct err *err)
{
    int64_t port = flags_int(&cli->flags, "port");
    enum log_level level;
    enum log_format format;

    if (find_level(cli, &level, err) < 0 || find_format(cli, &format, err) < 0)
        return -1;
    if (port < 0 || port > 65535)
        return err_set(err, ERR_INVALID, "--port %lld is not a number from 0 to 65535",
                       (long long) port);
    return check_counts(cli, err) < 0 ? -1 : check_modes(cli, err);
}

static const struct cli_flag flags[] = {
    {.name = "access-control-allow-origin", .help = "origin that browsers may call from"},
    {.name = "address",
     .state = FLAG_OWN,
     .fallback = "127.0.0.1",
     .help = "address to listen on"},
    {.name = "allowed-link-protocol",
     .type = FLAG_LIST,
     .help = "no effect: there are no pages that show links"},
    {.name = "api-rate-limit",
     .type = FLAG_UINT,
     .fallback = "0",
     .help = "requests of one address in a second; 0: any number"},
    {.name = "auth-mode",
     .type = FLAG_LIST,
     .help = "who may come in: client (with a token), server (from this machine without one), "
             "hybrid (both); may be repeated (default [client])"},
    {.name = "base-href", .fallback = "/", .help = "path that everything is served below"},
    {.name = "browser",
     .letter = 'b',
     .type = FLAG_SWITCH,
     .help = "no effect: there is no page to open"},
    {.name = "configmap",
     .fallback = "argo/workflow-controller-configmap",
     .help = "ConfigMap with the controller's configuration, NAME or NAMESPACE/NAME"},
    {.name = "data",
     .letter = 'd',
     .state = FLAG_OWN,
     .fallback = "tiphys-data",
     .help = "folder where everything is kept"},
    {.name = "event-async-dispatch",
     .type = FLAG_SWITCH,
     .help = "answer events for WorkflowEventBindings before they are dispatched"},
    {.name = "event-operation-queue-size",
     .type = FLAG_INT,
     .fallback = "16",
     .help = "with --event-async-dispatch: events that may wait; further ones are refused"},
    {.name = "event-worker-count",
     .type = FLAG_INT,
     .fallback = "4",
     .help =
         "with --event-async-dispatch: events that may be under way beside those that wait"},
    {.name = "host-path",
     .state = FLAG_OWN,
     .help = "folders of this machine that steps may mount with hostPath, by ':' (default: "
             "none)"},
    {.name = "hsts",
     .type = FLAG_SWITCH,
     .fallback = "true",
     .help = "with --secure: tell browsers to come by TLS only"},
    CLI_ISOLATION_FLAGS,
    {.name = "kube-api-burst",
     .type = FLAG_INT,
     .fallback = "30",
     .help = "no effect: there is no Kubernetes API that is called"},
    {.name = "kube-api-qps",
     .type = FLAG_FLOAT,
     .fallback = "20",
     .help = "no effect: there is no Kubernetes API that is called"},
    {.name = "managed-namespace",
     .help = "with --namespaced: which namespace (default \"argo\")"},
    {.name = "namespaced", .type = FLAG_SWITCH, .help = "serve one namespace only"},
    {.name = "node-labels",
     .state = FLAG_OWN,
     .help = "labels of this machine that a nodeSelector may ask for, key=value by ',', beside "
             "those that every node has"},
    {.name = "open",
     .state = FLAG_OWN,
     .type = FLAG_SWITCH,
     .help = "no token is needed from this machine; loopback addresses only"},
    {.name = "port",
     .letter = 'p',
     .type = FLAG_INT,
     .fallback = "2746",
     .help = "port to listen on; 0: any"},
    CLI_RUNTIME_FLAGS,
    {.name = "secure", .letter = 'e', .type = FLAG_SWITCH, .help = "serve TLS"},
    {.name = "tls-certificate-secret-name",
     .help = "Secret with tls.crt and tls.key, NAME (in argo) or NAMESPACE/NAME (default: a "
             "certificate of our own in the data folder)"},
    {.name = "token-auth-file",
     .state = FLAG_OWN,
     .help = "file of further tokens, one a line: token,user,uid,\"group,group\"; Roles and "
             "RoleBindings say what they may"},
    {.name = "webhook-address",
     .state = FLAG_OWN,
     .help = "address that webhook event sources listen on (default: --address)"},
    {.name = "x-frame-options",
     .fallback = "DENY",
     .help = "who may show answers in a frame; empty: nothing is said"},
    {0},
};

extern const struct cli_command cli_server;
const struct cli_command cli_server = {.name = "server",
                                       .usage = "",
                                       .summary = "start the server, in the foreground",
                                       .example = "server --open --data ./data",
                                       .flags = flags,
                                       .check = check_server,
                                       .run = run_server};
