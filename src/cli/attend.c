/*
 * What commands that make workflows do then: print logs, watch, wait, as --log, --watch and
 * --wait say.
 */
#include <unistd.h>

#include "cli/logs.h"
#include "cli/workflow.h"

static int follow_logs(struct cli *cli, struct str name, struct err *err)
{
    const struct logs_options options = {.container = "main",
                                         .tail = -1,
                                         .follows = true,
                                         .since = STR(""),
                                         .has_color = workflow_has_color(cli)};

    return logs_print(cli, name, &options, err);
}

int workflow_attend(struct cli *cli, const struct json *made, struct err *err)
{
    const char *output = cli_flag(cli, "output");
    bool is_quiet = output && strcmp(output, "wide") != 0;
    struct str name = object_name(made);
    struct show_options options;
    struct json workflow;

    if (!cli_is_on(cli, "wait") && !cli_is_on(cli, "watch") && !cli_is_on(cli, "log"))
        return 0;
    cli->ns = object_namespace(made);
    if (cli_is_on(cli, "log") && follow_logs(cli, name, err) < 0)
        return -1;
    if (cli_is_on(cli, "watch") && (workflow_show_options(cli, &options, err) < 0 ||
                                    workflow_watch(cli, name, &options, err) < 0))
        return -1;
    if (workflow_wait(cli, name, &workflow, err) < 0)
        return -1;
    if (cli_is_on(cli, "wait") && !is_quiet)
        workflow_print_end(cli, &workflow);
    return 0;
}

bool workflow_is_drawn(const struct cli *cli)
{
    return cli_is_on(cli, "watch") && !cli_flag(cli, "output") && isatty(STDOUT_FILENO);
}
