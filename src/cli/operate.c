/*
 * tiphys suspend, resume, stop, terminate and node set: operations on workflows that run. Each
 * tells what it did a line a workflow; the first that fails ends the command.
 */
#include "cli/select.h"
#include "formats/selector.h"

static void add_text(struct cli *cli, struct json_object_builder *b, const char *member,
                     const char *flag)
{
    const char *text = cli_flag(cli, flag);

    if (text && *text)
        json_add(cli->arena, b, str_from(member), json_string(str_from(text)));
}

/* nodeFieldSelector, in its canonical form. */
static int add_selector(struct cli *cli, struct json_object_builder *b, struct err *err)
{
    const char *text = cli_flag(cli, "node-field-selector");
    struct selector selector;

    if (!text || !*text)
        return 0;
    if (selector_parse_fields(cli->arena, str_from(text), &selector, err) < 0)
        return err_wrap(err, "unable to parse node field selector '%s'", text);
    json_add(cli->arena, b, STR("nodeFieldSelector"),
             json_string(selector_print(cli->arena, &selector)));
    return 0;
}

/* ---- suspend and resume: by name ---- */

static int operate_all(struct cli *cli, const char *verb, const char *done,
                       const struct json *body, struct err *err)
{
    for (size_t i = 0; i < cli->arg_count; i++) {
        struct json workflow;

        if (workflow_operate(cli, str_from(cli->args[i]), verb, body, &workflow, err) < 0)
            return err_wrap(err, "failed to %s %s", verb, cli->args[i]);
        printf("workflow %s %s\n", cli->args[i], done);
    }
    return 0;
}

/* As argo the program does nothing, in silence. */
static int check_suspend(struct cli *cli, struct err *err)
{
    return cli->arg_count > 0 || cli_is_argo(cli)
               ? 0
               : err_set(err, ERR_INVALID, "requires at least 1 workflow");
}

static int run_suspend(struct cli *cli, struct err *err)
{
    const struct json body = json_object(&(struct json_object_builder){0});

    return operate_all(cli, "suspend", "suspended", &body, err);
}

extern const struct cli_command cli_suspend;
const struct cli_command cli_suspend = {.name = "suspend",
                                        .usage = "WORKFLOW1 WORKFLOW2...",
                                        .summary = "suspend workflows",
                                        .example = "suspend my-wf\nsuspend @latest",
                                        .max_args = CLI_ANY_ARGS,
                                        .check = check_suspend,
                                        .run = run_suspend};

static int run_resume(struct cli *cli, struct err *err)
{
    struct json_object_builder b = {0};
    struct json body;

    if (add_selector(cli, &b, err) < 0)
        return -1;
    body = json_object(&b);
    return operate_all(cli, "resume", "resumed", &body, err);
}

static const struct cli_flag resume_flags[] = {
    {.name = "node-field-selector", .help = "resume these nodes only, as displayName=approve"},
    {0},
};

extern const struct cli_command cli_resume;
const struct cli_command cli_resume = {
    .name = "resume",
    .usage = "WORKFLOW1 WORKFLOW2...",
    .summary = "resume workflows",
    .example = "resume my-wf\nresume @latest\n"
               "resume my-wf --node-field-selector displayName=approve",
    .flags = resume_flags,
    .max_args = CLI_ANY_ARGS,
    .run = run_resume};

/* ---- stop and terminate: by name or selector ---- */

static int shut_down(struct cli *cli, const char *verb, const char *done,
                     const struct json *body, struct err *err)
{
    struct operands found;

    if (select_operands(cli, &found, err) < 0)
        return -1;
    for (size_t i = 0; i < found.len; i++) {
        struct str name = found.names[i];
        struct json workflow;

        if (cli_is_on(cli, "dry-run")) {
            printf("workflow " STR_FMT " %s (dry-run)\n", STR_ARG(name), done);
            continue;
        }
        if (workflow_operate(cli, name, verb, body, &workflow, err) < 0)
            return -1;
        printf("workflow " STR_FMT " %s\n", STR_ARG(object_name(&workflow)), done);
    }
    return 0;
}

static int check_operands(struct cli *cli, struct err *err)
{
    if (cli->arg_count == 0 && !select_is_operand(cli))
        return err_set(err, ERR_INVALID, "requires either selector or workflow");
    return 0;
}

static int run_stop(struct cli *cli, struct err *err)
{
    struct json_object_builder b = {0};
    struct json body;

    if (add_selector(cli, &b, err) < 0)
        return -1;
    add_text(cli, &b, "message", "message");
    body = json_object(&b);
    return shut_down(cli, "stop", "stopped", &body, err);
}

static const struct cli_flag stop_flags[] = {
    OPERAND_FLAGS,
    {.name = "dry-run", .type = FLAG_SWITCH, .help = "tell what would be stopped"},
    {.name = "message", .help = "message of the nodes that are stopped by a node selector"},
    {.name = "node-field-selector",
     .help = "fail these suspended nodes only, as displayName=approve"},
    {0},
};

extern const struct cli_command cli_stop;
const struct cli_command cli_stop = {
    .name = "stop",
    .usage = "WORKFLOW WORKFLOW2...",
    .summary = "stop workflows, running their exit handlers",
    .example = "stop my-wf\nstop @latest\nstop -l team=a\nstop --field-selector "
               "metadata.name=my-wf",
    .flags = stop_flags,
    .max_args = CLI_ANY_ARGS,
    .check = check_operands,
    .run = run_stop};

static int run_terminate(struct cli *cli, struct err *err)
{
    const struct json body = json_object(&(struct json_object_builder){0});

    return shut_down(cli, "terminate", "terminated", &body, err);
}

static const struct cli_flag terminate_flags[] = {
    OPERAND_FLAGS,
    {.name = "dry-run", .type = FLAG_SWITCH, .help = "tell what would be terminated"},
    {0},
};

extern const struct cli_command cli_terminate;
const struct cli_command cli_terminate = {
    .name = "terminate",
    .usage = "WORKFLOW WORKFLOW2...",
    .summary = "terminate workflows at once",
    .example = "terminate my-wf\nterminate @latest\nterminate -l team=a",
    .flags = terminate_flags,
    .max_args = CLI_ANY_ARGS,
    .check = check_operands,
    .run = run_terminate};

/* ---- node set ---- */

/* A value in double quotes is taken as Go and JSON read it. */
static struct str unquoted(struct cli *cli, struct str text)
{
    struct json value;
    struct err ignored;

    if (text.len > 1 && text.ptr[0] == '"' &&
        json_parse(cli->arena, text, &value, &ignored) == 0 && json_is(&value, JSON_STRING))
        return json_str(&value);
    return text;
}

/* outputParameters: a text that holds an object of texts. */
static int add_outputs(struct cli *cli, struct json_object_builder *b, struct err *err)
{
    size_t count;
    const struct str *pairs = flags_list(cli->arena, &cli->flags, "output-parameter", &count);
    struct json outputs = json_object(&(struct json_object_builder){0});

    for (size_t i = 0; i < count; i++) {
        size_t at = str_find_char(pairs[i], '=');

        if (at == SIZE_MAX)
            return err_set(err, ERR_INVALID,
                           "expected parameter of the form: NAME=VALUE. Received: " STR_FMT,
                           STR_ARG(pairs[i]));
        outputs = json_set(cli->arena, &outputs, str_head(pairs[i], at),
                           json_string(unquoted(cli, str_skip(pairs[i], at + 1))));
    }
    if (count > 0)
        json_add(cli->arena, b, STR("outputParameters"),
                 json_string(json_text(cli->arena, &outputs, JSON_COMPACT)));
    return 0;
}

static int run_node(struct cli *cli, struct err *err)
{
    struct json_object_builder b = {0};
    struct json body, workflow;

    if (strcmp(cli->args[0], "set") != 0)
        return err_set(err, ERR_INVALID, "unknown action '%s'", cli->args[0]);
    if (add_outputs(cli, &b, err) < 0 || add_selector(cli, &b, err) < 0)
        return -1;
    add_text(cli, &b, "message", "message");
    add_text(cli, &b, "phase", "phase");
    body = json_object(&b);
    if (workflow_operate(cli, str_from(cli->args[1]), "set", &body, &workflow, err) < 0)
        return -1;
    printf("workflow values set\n");
    return 0;
}

static const struct cli_flag node_flags[] = {
    {.name = "message", .letter = 'm', .help = "message that the node gets"},
    {.name = "node-field-selector", .help = "nodes to set, as displayName=approve"},
    {.name = "output-parameter",
     .letter = 'p',
     .type = FLAG_LIST,
     .help = "value of a supplied output parameter, as NAME=VALUE; may be repeated"},
    {.name = "phase", .help = "phase that the node gets: Succeeded, Failed or Error"},
    {0},
};

extern const struct cli_command cli_node;
const struct cli_command cli_node = {
    .name = "node",
    .usage = "ACTION WORKFLOW FLAGS",
    .summary = "act on nodes of a workflow",
    .example = "node set my-wf --output-parameter answer=yes --node-field-selector "
               "displayName=approve\nnode set my-wf --message done --node-field-selector "
               "displayName=approve",
    .flags = node_flags,
    .min_args = 2,
    .max_args = CLI_ANY_ARGS,
    .run = run_node};
