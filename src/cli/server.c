/* tiphys server: the daemon in the foreground. Its work is daemon/'s; here are the flags. */
#include "daemon/daemon.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"

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

static int run_server(struct cli *cli, struct err *err)
{
    enum log_level level;
    enum log_format format;
    const char *token = cli_setting(cli, "token"), *webhooks = cli_flag(cli, "webhook-address");
    const char *metrics_auth = getenv("ARGO_SERVER_METRICS_AUTH");
    struct daemon_options options = {.address = cli_flag(cli, "address"),
                                     .port = (uint16_t) flags_int(&cli->flags, "port"),
                                     .data = cli_flag(cli, "data"),
                                     .token = token ? token : "",
                                     .token_file = cli_flag(cli, "token-auth-file"),
                                     .isolation = cli_flag(cli, "isolation"),
                                     .config_map = cli_flag(cli, "configmap"),
                                     .host_paths = cli_flag(cli, "host-path"),
                                     .shim = getenv("TIPHYS_SHIM"),
                                     .is_open = cli_is_on(cli, "open")};

    options.is_metrics_open = metrics_auth && strcmp(metrics_auth, "false") == 0;
    options.webhook_address = webhooks ? webhooks : options.address;
    if (find_level(cli, &level, err) < 0 || find_format(cli, &format, err) < 0)
        return -1;
    log_setup(format, level, STDERR_FILENO);
    return daemon_run(&options, err);
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
    if (cli_is_on(cli, "secure"))
        return err_set(err, ERR_UNSUPPORTED, "--secure is not supported yet");
    return 0;
}

#define LATER(flag, its_type, text)                                               \
    {                                                                             \
        .name = (flag), .type = (its_type), .state = FLAG_UNBUILT, .help = (text) \
    }

static const struct cli_flag flags[] = {
    LATER("access-control-allow-origin", FLAG_TEXT, "origin that browsers may call from"),
    {.name = "address", .fallback = "127.0.0.1", .help = "address to listen on"},
    LATER("allowed-link-protocol", FLAG_LIST, "protocols of links"),
    LATER("api-rate-limit", FLAG_INT, "requests of one client in a second"),
    LATER("auth-mode", FLAG_LIST, "who may come in"),
    LATER("base-href", FLAG_TEXT, "path that everything is served below"),
    LATER("browser", FLAG_SWITCH, "open a browser"),
    {.name = "configmap",
     .fallback = "argo/workflow-controller-configmap",
     .help = "ConfigMap with the controller's configuration, NAME or NAMESPACE/NAME"},
    {.name = "data",
     .letter = 'd',
     .fallback = "tiphys-data",
     .help = "folder where everything is kept"},
    LATER("event-async-dispatch", FLAG_SWITCH, "answer events before they are dispatched"),
    LATER("event-operation-queue-size", FLAG_INT, "events that may wait"),
    LATER("event-worker-count", FLAG_INT, "events that are dispatched at once"),
    {.name = "host-path",
     .help = "folders of this machine that steps may mount with hostPath, by ':' (default: "
             "none)"},
    LATER("hsts", FLAG_SWITCH, "tell browsers to come by TLS only"),
    {.name = "isolation",
     .help = "what a step's container sees: process or host (default: host where this machine "
             "lets us)"},
    LATER("kube-api-burst", FLAG_INT, "calls of the Kubernetes API at once"),
    LATER("kube-api-qps", FLAG_TEXT, "calls of the Kubernetes API in a second"),
    LATER("managed-namespace", FLAG_TEXT, "namespace to serve, when one only"),
    LATER("namespaced", FLAG_SWITCH, "serve one namespace only"),
    {.name = "open",
     .type = FLAG_SWITCH,
     .help = "no token is needed from this machine; loopback addresses only"},
    {.name = "port",
     .letter = 'p',
     .type = FLAG_INT,
     .fallback = "2746",
     .help = "port to listen on; 0: any"},
    {.name = "secure",
     .letter = 'e',
     .type = FLAG_SWITCH,
     .help = "serve TLS (not supported yet)"},
    LATER("tls-certificate-secret-name", FLAG_TEXT, "secret with the certificate"),
    {.name = "token-auth-file",
     .help = "file of further tokens, one a line: token,user,uid,\"group,group\"; Roles and "
             "RoleBindings say what they may"},
    {.name = "webhook-address",
     .help = "address that webhook event sources listen on (default: --address)"},
    LATER("x-frame-options", FLAG_TEXT, "who may show our pages in a frame"),
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
