/* tiphys version: of this program, and of the server unless --short. */
#include <stdio.h>

#include "cli/cli.h"

static int run_version(struct cli *cli, struct err *err)
{
    (void) err;
    if (cli_is_on(cli, "short")) {
        printf("tiphys: v%s\n", TIPHYS_VERSION);
        return 0;
    }
    printf("tiphys: v%s\n  Compiler: %s\n  Platform: linux/amd64\n", TIPHYS_VERSION,
           __VERSION__);
    return 0;
}

static const struct cli_flag flags[] = {
    {.name = "short", .type = FLAG_SWITCH, .help = "only the number"}, {0}};

extern const struct cli_command cli_version;
const struct cli_command cli_version = {.name = "version",
                                        .usage = "",
                                        .summary = "print version information",
                                        .surface = CLI_BOTH,
                                        .min_args = 0,
                                        .max_args = CLI_ANY_ARGS,
                                        .flags = flags,
                                        .run = run_version};
