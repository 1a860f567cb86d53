/* tiphys trace event, events trace: the whole way of an event, and why a filter said no. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/short_id.h"
#include "cli/workflow.h"
#include "formats/uri.h"

static void print_steps(const struct json *v)
{
    const struct json *steps = json_get(v, STR("steps"));
    struct str note = json_get_str(v, STR("note"));

    printf("event      " STR_FMT "\n", STR_ARG(json_get_str(v, STR("id"))));
    printf("source     " STR_FMT "/" STR_FMT " " STR_FMT "\n",
           STR_ARG(json_get_str(v, STR("namespace"))),
           STR_ARG(json_get_str(v, STR("eventSource"))),
           STR_ARG(json_get_str(v, STR("eventName"))));
    printf("stored     " STR_FMT " as " STR_FMT "\n", STR_ARG(json_get_str(v, STR("stored"))),
           STR_ARG(json_number(json_get(v, STR("sequence")))));
    for (uint32_t i = 0; steps && i < steps->count; i++) {
        const struct json *step = &steps->items[i];
        struct str result = json_str(json_path(step, "detail", "result", NULL));

        if (str_is_empty(result)) /* a firing that failed */
            result = json_str(json_path(step, "detail", "error", NULL));
        printf("%-10.*s " STR_FMT " " STR_FMT ": " STR_FMT "\n",
               STR_ARG(json_get_str(step, STR("stage"))),
               STR_ARG(json_get_str(step, STR("time"))),
               STR_ARG(json_get_str(step, STR("subject"))), STR_ARG(result));
    }
    if (note.len > 0)
        printf("nothing    " STR_FMT "\n", STR_ARG(note));
}

static int get_event(struct cli *cli, struct str id, struct cli_answer *ret, struct err *err)
{
    struct str path = str_printf(cli->arena, "/tiphys/v1/events/" STR_FMT,
                                 STR_ARG(uri_escape(cli->arena, id)));

    return cli_call(cli, "GET", path, STR(""), ret, err);
}

/* By its id, or by the beginning of it among the newest events of the namespace. */
static int find_event(struct cli *cli, struct str id, struct cli_answer *ret, struct err *err)
{
    struct str list =
        str_printf(cli->arena, "/tiphys/v1/namespaces/" STR_FMT "/events?limit=%llu",
                   STR_ARG(uri_escape(cli->arena, cli_namespace(cli))),
                   (unsigned long long) EVENTS_LIST_MAX);
    struct str whole;
    struct err other;
    int found;

    if (get_event(cli, id, ret, err) == 0)
        return 0;
    if (err->kind != ERR_NOT_FOUND)
        return -1;
    found = short_id_find(cli, list, id, &whole, &other);
    if (found > 0)
        return get_event(cli, whole, ret, err);
    if (found < 0 && other.kind == ERR_INVALID)
        *err = other;
    return -1;
}

static int run_trace(struct cli *cli, struct err *err)
{
    const char *output = cli_flag(cli, "output");
    struct cli_answer answer;

    if (find_event(cli, str_from(cli->args[cli->arg_count - 1]), &answer, err) < 0)
        return -1;
    if (output && strcmp(output, "yaml") == 0)
        workflow_print_yaml(&answer.body);
    else if (output)
        workflow_print_json(&answer.body);
    else
        print_steps(&answer.body);
    return 0;
}

static int check_trace(struct cli *cli, struct err *err)
{
    if (strcmp(cli->args[0], "event") != 0)
        return err_set(err, ERR_INVALID, "unknown thing to trace \"%s\": want event",
                       cli->args[0]);
    return 0;
}

static const struct cli_flag flags[] = {{.name = "output",
                                         .letter = 'o',
                                         .choices = "json|yaml",
                                         .help = "output format: json or yaml"},
                                        {0}};

extern const struct cli_command cli_trace;
const struct cli_command cli_trace = {.name = "trace",
                                      .usage = "event ID",
                                      .summary =
                                          "tell the way of an event through sources, sensors "
                                          "and triggers, or why nothing came of it",
                                      .example = "trace event 6f2c",
                                      .flags = flags,
                                      .surface = CLI_OWN,
                                      .min_args = 2,
                                      .max_args = 2,
                                      .check = check_trace,
                                      .run = run_trace};

extern const struct cli_command cli_events_trace;
const struct cli_command cli_events_trace = {
    .name = "events trace",
    .usage = "ID",
    .summary = "tell the way of an event through sources, sensors and triggers, or why nothing "
               "came of it",
    .flags = flags,
    .surface = CLI_OWN,
    .min_args = 1,
    .max_args = 1,
    .run = run_trace};
