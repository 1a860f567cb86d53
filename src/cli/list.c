/* tiphys list: workflows, newest first. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/workflow.h"
#include "formats/gotime.h"

static int compare_created(const void *left, const void *right)
{
    const struct json *const *a = left, *const *b = right;
    struct str x = json_str(json_path(*a, "metadata", "creationTimestamp", NULL)),
               y = json_str(json_path(*b, "metadata", "creationTimestamp", NULL));
    int order = str_cmp(y, x);

    return order ? order : str_cmp(object_name(*a), object_name(*b));
}

static void print_row(struct cli *cli, const struct json *workflow, struct wall now)
{
    const struct json *status = json_get(workflow, STR("status"));
    struct str phase = json_get_str(status, STR("phase")),
               started = json_get_str(status, STR("startedAt")),
               ended = json_get_str(status, STR("finishedAt")),
               message = json_get_str(status, STR("message")),
               priority = json_number(json_path(workflow, "spec", "priority", NULL));
    struct wall end = now;
    struct err ignored;

    if (!str_is_empty(ended))
        (void) (gotime_parse_wall(ended, &end, &ignored) == 0);
    printf("%-30.*s   %-11.*s %-6.*s %-10.*s %-10.*s " STR_FMT "\n",
           STR_ARG(object_name(workflow)),
           STR_ARG(str_is_empty(phase) ? STR("Pending") : phase),
           STR_ARG(cli_age(cli->arena,
                           json_str(json_path(workflow, "metadata", "creationTimestamp", NULL)),
                           now)),
           STR_ARG(cli_age(cli->arena, started, end)),
           STR_ARG(str_is_none(priority) ? STR("0") : priority),
           STR_ARG(str_is_none(message) ? STR("") : message));
}

static int run_list(struct cli *cli, struct err *err)
{
    const struct object_kind *kind = cli_kind(STR("workflow"), err);
    bool is_all = cli_flag(cli, "--all-namespaces") != NULL;
    const char *output = cli_flag(cli, "--output");
    const struct json *items, **rows;
    struct cli_answer answer;

    if (!kind || cli_call(cli, "GET",
                          cli_path(cli, kind, is_all ? STR("") : cli_namespace(cli), STR("")),
                          STR(""), &answer, err) < 0)
        return -1;
    items = json_get(&answer.body, STR("items"));
    rows = ARENA_ARRAY(cli->arena, const struct json *, items->count + 1);
    for (uint32_t i = 0; i < items->count; i++)
        rows[i] = &items->items[i];
    if (items->count > 0)
        qsort(rows, items->count, sizeof(*rows), compare_created);
    if (output && strcmp(output, "json") == 0) {
        printf(STR_FMT "\n", STR_ARG(json_text(cli->arena, items, JSON_INDENT)));
        return 0;
    }
    if (!output && !cli_flag(cli, "--no-headers"))
        printf("%-30s   %-11s %-6s %-10s %-10s %s\n", "NAME", "STATUS", "AGE", "DURATION",
               "PRIORITY", "MESSAGE");
    for (uint32_t i = 0; i < items->count; i++)
        if (output)
            printf(STR_FMT "\n", STR_ARG(object_name(rows[i])));
        else
            print_row(cli, rows[i], clock_wall());
    return 0;
}

static const struct cli_flag flags[] = {
    {"--all-namespaces", "-A", NULL, "workflows of all namespaces"},
    {"--output", "-o", "FORMAT", "name or json"},
    {"--no-headers", NULL, NULL, "without the line of headings"},
    {0},
};

extern const struct cli_command cli_list;
const struct cli_command cli_list = {.name = "list",
                                     .usage = "[flags]",
                                     .summary = "List workflows.",
                                     .flags = flags,
                                     .run = run_list};
