/* tiphys server: the daemon in the foreground. Its work is daemon/'s; here are the flags. */
#include "daemon/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"

static int read_port(const struct cli *cli, uint16_t *ret, struct err *err)
{
    const char *given = cli_flag(cli, "port");
    uint32_t port;

    *ret = 2746;
    if (!given)
        return 0;
    if (!parse_u32(str_from(given), &port) || port > 65535)
        return err_set(err, ERR_INVALID, "--port %s is not a number from 0 to 65535", given);
    *ret = (uint16_t) port;
    return 0;
}

static int run_server(struct cli *cli, struct err *err)
{
    const char *address = cli_flag(cli, "address"), *data = cli_flag(cli, "data"),
               *token = cli_flag(cli, "token");
    struct daemon_options options = {.address = address ? address : "127.0.0.1",
                                     .data = data ? data : "tiphys-data",
                                     .is_open = cli_is_on(cli, "open")};
    const char *format = cli_flag(cli, "log-format"), *level = cli_flag(cli, "loglevel");
    const char *webhooks = cli_flag(cli, "webhook-address");

    if (!token)
        token = getenv("ARGO_TOKEN");
    options.token = token ? token : "";
    options.isolation = cli_flag(cli, "isolation");
    options.shim = getenv("TIPHYS_SHIM");
    options.webhook_address = webhooks ? webhooks : options.address;
    log_setup(format && strcmp(format, "json") == 0 ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT,
              level && strcmp(level, "debug") == 0 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, 2);
    if (read_port(cli, &options.port, err) < 0)
        return -1;
    return daemon_run(&options, err);
}

static const struct cli_flag flags[] = {
    {.name = "address", .word = "IP", .help = "address to listen on (default 127.0.0.1)"},
    {.name = "port",
     .letter = 'p',
     .word = "PORT",
     .help = "port to listen on (default 2746, 0: any)"},
    {.name = "data",
     .letter = 'd',
     .word = "FOLDER",
     .help = "where everything is kept (default ./tiphys-data)"},
    {.name = "open",
     .type = FLAG_SWITCH,
     .help = "no token is needed from this machine; loopback addresses only"},
    {.name = "webhook-address",
     .word = "IP",
     .help = "address that webhook event sources listen on (default: --address)"},
    {.name = "isolation",
     .word = "KIND",
     .help =
         "what a step's container sees: process or host (default: host where this machine lets "
         "us)"},
    {.name = "log-format", .word = "FORMAT", .help = "text or json"},
    {.name = "loglevel", .word = "LEVEL", .help = "info or debug"},
    {0},
};

extern const struct cli_command cli_server;
const struct cli_command cli_server = {.name = "server",
                                       .usage = "[flags]",
                                       .summary = "run the server in the foreground",
                                       .surface = CLI_BOTH,
                                       .min_args = 0,
                                       .max_args = 0,
                                       .flags = flags,
                                       .run = run_server};
