/* tiphys logs: what the pods of a workflow wrote, "POD: LINE" each. */
#include <stdio.h>

#include "cli/workflow.h"
#include "formats/uri.h"

int cli_pod_log_print(struct cli *cli, struct str pod, struct err *err)
{
    const char *container = cli_flag(cli, "--container");
    struct str text, line, path;

    if (str_is_empty(pod))
        return 0;
    path = str_printf(
        cli->arena, "/api/v1/namespaces/" STR_FMT "/pods/" STR_FMT "/log?container=" STR_FMT,
        STR_ARG(cli_namespace(cli)), STR_ARG(pod),
        STR_ARG(uri_escape(cli->arena, str_from(container ? container : "main"))));
    if (cli_call_text(cli, path, &text, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1; /* it has not begun */
    while (str_cut(&text, '\n', &line))
        if (line.len > 0 || !str_is_none(text))
            printf(STR_FMT ": " STR_FMT "\n", STR_ARG(pod), STR_ARG(line));
    return 0;
}

static int run_logs(struct cli *cli, struct err *err)
{
    const struct json *nodes;
    struct json workflow;

    if (cli->arg_count < 1 || cli->arg_count > 2)
        return err_set(err, ERR_INVALID, "a workflow is needed: tiphys logs WORKFLOW [POD]");
    if (cli_workflow_get(cli, str_from(cli->args[0]), &workflow, err) < 0)
        return -1;
    nodes = json_path(&workflow, "status", "nodes", NULL);
    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++) {
        struct str pod = cli_node_pod(cli->arena, &workflow, &nodes->members[i].value);

        if (cli->arg_count == 2 && !str_is(pod, cli->args[1]))
            continue;
        if (cli_pod_log_print(cli, pod, err) < 0)
            return -1;
    }
    return 0;
}

static const struct cli_flag flags[] = {
    {"--container", "-c", "NAME", "container (default main)"},
    {"--no-color", NULL, NULL, "there are no colours"},
    {0},
};

extern const struct cli_command cli_logs;
const struct cli_command cli_logs = {.name = "logs",
                                     .usage = "WORKFLOW [POD]",
                                     .summary = "Print the logs of a workflow's pods.",
                                     .flags = flags,
                                     .run = run_logs};
