/* tiphys wait: until workflows have ended. */
#include "cli/workflow.h"

static int wait_one(struct cli *cli, const char *given, struct err *err)
{
    struct json workflow;
    struct str name;

    if (workflow_name(cli, given, &name, err) < 0 ||
        workflow_wait(cli, name, &workflow, err) < 0)
        return -1;
    workflow_print_end(cli, &workflow);
    return 0;
}

/* One that is not there does not hinder waiting for the others. */
static int run_wait(struct cli *cli, struct err *err)
{
    for (size_t i = 0; i < cli->arg_count; i++) {
        if (wait_one(cli, cli->args[i], err) == 0)
            continue;
        if (err->kind != ERR_NOT_FOUND)
            return -1;
        if (!cli_is_on(cli, "ignore-not-found")) {
            fprintf(stderr, "Error: %s\n", err->text);
            cli->exit_code = 1;
        }
    }
    return 0;
}

/* As argo the program waits for nothing, in silence. */
static int check_wait(struct cli *cli, struct err *err)
{
    return cli->arg_count > 0 || cli_is_argo(cli)
               ? 0
               : err_set(err, ERR_INVALID, "requires at least 1 workflow");
}

static const struct cli_flag flags[] = {{.name = "ignore-not-found",
                                         .type = FLAG_SWITCH,
                                         .help = "a workflow that is not there is no failure"},
                                        {0}};

extern const struct cli_command cli_wait;
const struct cli_command cli_wait = {.name = "wait",
                                     .usage = "[WORKFLOW...]",
                                     .summary = "waits for workflows to complete",
                                     .example = "wait my-wf\nwait @latest",
                                     .flags = flags,
                                     .max_args = CLI_ANY_ARGS,
                                     .check = check_wait,
                                     .run = run_wait};
