/* tiphys wait: until workflows have ended. */
#include <stdio.h>

#include "cli/workflow.h"

static int run_wait(struct cli *cli, struct err *err)
{
    struct json workflow;

    for (size_t i = 0; i < cli->arg_count; i++) {
        if (cli_workflow_wait(cli, str_from(cli->args[i]), &workflow, err) < 0) {
            if (err->kind == ERR_NOT_FOUND && cli_flag(cli, "--ignore-not-found"))
                continue;
            return -1;
        }
        printf("%s " STR_FMT " at " STR_FMT "\n", cli->args[i],
               STR_ARG(json_str(json_path(&workflow, "status", "phase", NULL))),
               STR_ARG(json_str(json_path(&workflow, "status", "finishedAt", NULL))));
    }
    return 0;
}

static const struct cli_flag flags[] = {
    {"--ignore-not-found", NULL, NULL, "a workflow that is not there is no failure"}, {0}};

extern const struct cli_command cli_wait;
const struct cli_command cli_wait = {
    .name = "wait",
    .usage = "[WORKFLOW...]",
    .summary = "Wait for workflows to end; exit code 1 unless all succeed.",
    .flags = flags,
    .run = run_wait};
