/*
 * tiphys retry and resubmit: failed workflows go on where they failed; workflows are submitted
 * again, live ones and those of the archive. Each is printed; one alone can be followed.
 */
#include "cli/archive.h"
#include "formats/selector.h"

/* "parameters": every -p as it was given. */
static void add_parameters(struct cli *cli, struct json_object_builder *b)
{
    struct json_array_builder list = {0};
    size_t count;
    const struct str *pairs = flags_list(cli->arena, &cli->flags, "parameter", &count);

    for (size_t i = 0; i < count; i++)
        json_push(cli->arena, &list, json_string(pairs[i]));
    if (count > 0)
        json_add(cli->arena, b, STR("parameters"), json_array(&list));
}

/* Is it about workflows of the archive? */
static bool is_archive(const struct cli *cli)
{
    return str_starts(str_from(cli->command->name), STR("archive "));
}

static int operate_again(struct cli *cli, const char *verb, const struct json *body,
                         struct err *err)
{
    int (*operate)(struct cli *, struct str, const char *, const struct json *, struct json *,
                   struct err *) = is_archive(cli) ? archive_operate : workflow_operate;
    struct operands found;
    struct json made;

    if ((is_archive(cli) ? archive_operands(cli, &found, err)
                         : select_operands(cli, &found, err)) < 0)
        return -1;
    for (size_t i = 0; i < found.len; i++) {
        if (operate(cli, found.names[i], verb, body, &made, err) < 0)
            return -1;
        if (found.len == 1 && workflow_is_drawn(cli))
            continue;
        if (workflow_print(cli, &made, cli_flag(cli, "output"), err) < 0)
            return -1;
    }
    fflush(stdout);
    return found.len == 1 ? workflow_attend(cli, &made, err) : 0;
}

#define AGAIN_FLAGS                                                                         \
    OPERAND_FLAGS,                                                                          \
        {.name = "log",                                                                     \
         .type = FLAG_SWITCH,                                                               \
         .help = "one workflow: print the logs until it ends"},                             \
        {.name = "output",                                                                  \
         .letter = 'o',                                                                     \
         .choices = "name|json|yaml|wide",                                                  \
         .help = "output format: name, json, yaml or wide"},                                \
        {.name = "parameter",                                                               \
         .letter = 'p',                                                                     \
         .type = FLAG_LIST,                                                                 \
         .help = "override an argument, as NAME=VALUE; may be repeated"},                   \
        {.name = "wait",                                                                    \
         .letter = 'w',                                                                     \
         .type = FLAG_SWITCH,                                                               \
         .help = "one workflow: wait for the end; exit code 1 if it failed"},               \
    {                                                                                       \
        .name = "watch", .type = FLAG_SWITCH, .help = "one workflow: show it until it ends" \
    }

/* ---- retry ---- */

static int run_retry(struct cli *cli, struct err *err)
{
    const char *text = cli_flag(cli, "node-field-selector");
    struct json_object_builder b = {0};
    struct selector selector;
    struct json body;

    if (text && *text) {
        if (selector_parse_fields(cli->arena, str_from(text), &selector, err) < 0)
            return err_wrap(err, "unable to parse node field selector '%s'", text);
        json_add(cli->arena, &b, STR("nodeFieldSelector"),
                 json_string(selector_print(cli->arena, &selector)));
    }
    if (cli_is_on(cli, "restart-successful"))
        json_add(cli->arena, &b, STR("restartSuccessful"), json_bool(true));
    add_parameters(cli, &b);
    body = json_object(&b);
    return operate_again(cli, "retry", &body, err);
}

static int check_retry(struct cli *cli, struct err *err)
{
    if (cli->arg_count == 0 && !select_is_operand(cli))
        return err_set(err, ERR_INVALID, "requires either %s or workflow",
                       is_archive(cli) ? "selector" : "node field selector");
    return 0;
}

static const struct cli_flag retry_flags[] = {
    AGAIN_FLAGS,
    {.name = "node-field-selector",
     .help = "nodes that are restarted though they succeeded, as displayName=build"},
    {.name = "restart-successful",
     .type = FLAG_SWITCH,
     .help = "restart the nodes that --node-field-selector matches"},
    {0},
};

extern const struct cli_command cli_retry;
const struct cli_command cli_retry = {
    .name = "retry",
    .usage = "[WORKFLOW...]",
    .summary = "retry failed workflows",
    .example = "retry my-wf\nretry @latest --watch\nretry -l team=a\n"
               "retry my-wf --restart-successful --node-field-selector displayName=build",
    .flags = retry_flags,
    .max_args = CLI_ANY_ARGS,
    .check = check_retry,
    .run = run_retry};

/* ---- resubmit ---- */

static int run_resubmit(struct cli *cli, struct err *err)
{
    struct json_object_builder b = {0};
    struct json body;

    if (cli_is_on(cli, "memoized"))
        json_add(cli->arena, &b, STR("memoized"), json_bool(true));
    add_parameters(cli, &b);
    body = json_object(&b);
    return operate_again(cli, "resubmit", &body, err);
}

static const struct cli_flag resubmit_flags[] = {
    AGAIN_FLAGS,
    {.name = "memoized",
     .type = FLAG_SWITCH,
     .help = "take over the results of the steps that succeeded"},
    {.name = "priority", .type = FLAG_INT32, .help = "no effect: argo sends it to nobody"},
    {0},
};

extern const struct cli_command cli_resubmit;
const struct cli_command cli_resubmit = {
    .name = "resubmit",
    .usage = "[WORKFLOW...]",
    .summary = "resubmit workflows",
    .example = "resubmit my-wf\nresubmit @latest --wait\nresubmit -l team=a -p message=hello",
    .flags = resubmit_flags,
    .max_args = CLI_ANY_ARGS,
    .run = run_resubmit};

/* ---- of the archive ---- */

static const struct cli_flag archive_retry_flags[] = {
    AGAIN_FLAGS,
    ARCHIVE_REFERENCE_FLAGS,
    {.name = "node-field-selector",
     .help = "nodes that are restarted though they succeeded, as displayName=build"},
    {.name = "restart-successful",
     .type = FLAG_SWITCH,
     .help = "restart the nodes that --node-field-selector matches"},
    {0},
};

extern const struct cli_command cli_archive_retry;
const struct cli_command cli_archive_retry = {
    .name = "archive retry",
    .usage = "[WORKFLOW...]",
    .summary = "retry archived workflows",
    .example = "archive retry my-wf\narchive retry my-wf --watch\narchive retry -l team=a",
    .flags = archive_retry_flags,
    .max_args = CLI_ANY_ARGS,
    .check = check_retry,
    .run = run_retry};

static const struct cli_flag archive_resubmit_flags[] = {
    AGAIN_FLAGS,
    ARCHIVE_REFERENCE_FLAGS,
    {.name = "memoized",
     .type = FLAG_SWITCH,
     .help = "take over the results of the steps that succeeded"},
    {.name = "priority", .type = FLAG_INT32, .help = "no effect: argo sends it to nobody"},
    {0},
};

extern const struct cli_command cli_archive_resubmit;
const struct cli_command cli_archive_resubmit = {
    .name = "archive resubmit",
    .usage = "[WORKFLOW...]",
    .summary = "resubmit archived workflows",
    .example = "archive resubmit my-wf\narchive resubmit -l team=a --wait",
    .flags = archive_resubmit_flags,
    .max_args = CLI_ANY_ARGS,
    .run = run_resubmit};
