/*
 * tiphys cron ...: CronWorkflows, created, shown, listed, held and let go. What they share with
 * templates is in templates.c.
 */
#include "cli/lint.h"
#include "cli/show_cron.h"
#include "cli/submit_options.h"
#include "cli/templates.h"
#include "formats/uri.h"

/* The flags of submit act on the workflow; its name and labels are the cron workflow's. */
static int change(struct cli *cli, struct json *doc, struct err *err)
{
    struct arena *a = cli->arena;
    const struct json *meta = json_get(doc, STR("metadata")),
                      *spec = json_path(doc, "spec", "workflowSpec", NULL);
    const char *schedule =
        flags_find(&cli->flags.tables, STR("schedule")) ? cli_flag(cli, "schedule") : NULL;
    struct json_object_builder b = {0};
    struct json workflow;

    if (meta)
        json_add(a, &b, STR("metadata"), *meta);
    if (spec)
        json_add(a, &b, STR("spec"), *spec);
    workflow = json_object(&b);
    if (submit_options(cli, &workflow, err) < 0)
        return -1;
    if (json_get(&workflow, STR("metadata")))
        *doc = json_set(a, doc, STR("metadata"), *json_get(&workflow, STR("metadata")));
    *doc =
        json_set_path(a, doc, *json_get(&workflow, STR("spec")), "spec", "workflowSpec", NULL);
    if (schedule) {
        struct json_array_builder list = {0};

        json_push(a, &list, json_string(str_from(schedule)));
        *doc = json_set_path(a, doc, json_array(&list), "spec", "schedules", NULL);
    }
    return 0;
}

const struct template_family template_family_cron = {
    .word = "cron",
    .kind = "CronWorkflow",
    .noun = "cron workflow",
    .columns = SHOW_CRON_COLUMNS,
    .show = show_cron,
    .cells = show_cron_cells,
    .change = change,
};

/* ---- suspend and resume ---- */

static int put_each(struct cli *cli, const char *verb, const char *done, struct err *err)
{
    for (size_t i = 0; i < cli->arg_count; i++) {
        struct str name = str_from(cli->args[i]),
                   ns = uri_escape(cli->arena, cli_namespace(cli)),
                   escaped = uri_escape(cli->arena, name);
        struct cli_answer answer;

        if (cli_call(cli, "PUT",
                     str_printf(cli->arena, "/api/v1/cron-workflows/" STR_FMT "/" STR_FMT "/%s",
                                STR_ARG(ns), STR_ARG(escaped), verb),
                     STR("{}"), &answer, err) < 0)
            return -1;
        printf("CronWorkflow '" STR_FMT "' %s\n", STR_ARG(name), done);
    }
    return 0;
}

static int run_suspend(struct cli *cli, struct err *err)
{
    return put_each(cli, "suspend", "suspended", err);
}

static int run_resume(struct cli *cli, struct err *err)
{
    return put_each(cli, "resume", "resumed", err);
}

/* ---- the commands ---- */

#define SEND_ROWS                                                         \
    SUBMIT_CHANGE_FLAGS,                                                  \
        TEMPLATES_OUTPUT_ROW("name|json|yaml|wide",                       \
                             "output format: name, json, yaml or wide"),  \
    {                                                                     \
        .name = "strict", .type = FLAG_SWITCH, .fallback = "true",        \
        .help = "refuse fields that are not known; false: leave them out" \
    }

static const struct cli_flag create_flags[] = {
    SEND_ROWS, {.name = "schedule", .help = "override spec.schedules with this one"}, {0}};
static const struct cli_flag update_flags[] = {SEND_ROWS, {0}};
static const struct cli_flag get_flags[] = {
    TEMPLATES_OUTPUT_ROW("name|json|yaml|wide", "output format: name, json, yaml or wide"),
    {0}};
static const struct cli_flag list_flags[] = {
    {.name = "all-namespaces",
     .letter = 'A',
     .type = FLAG_SWITCH,
     .help = "cron workflows of all namespaces"},
    TEMPLATES_OUTPUT_ROW("wide|name", "output format: wide or name"),
    {.name = "selector",
     .letter = 'l',
     .help = "cron workflows with these labels, as a=b,c!=d"},
    {0},
};
static const struct cli_flag delete_flags[] = {
    {.name = "all", .type = FLAG_SWITCH, .help = "all of them"}, {0}};
static const struct cli_flag lint_flags[] = {LINT_FLAGS, {0}};

TEMPLATE_COMMAND(cron_create, "cron create", "FILE1 FILE2...", "create a cron workflow",
                 create_flags, 1, templates_create, NULL)
TEMPLATE_COMMAND(cron_delete, "cron delete", "[CRON_WORKFLOW... | --all]",
                 "delete a cron workflow", delete_flags, 0, templates_delete,
                 templates_check_delete)
TEMPLATE_COMMAND(cron_get, "cron get", "CRON_WORKFLOW...",
                 "display details about a cron workflow", get_flags, 1, templates_get, NULL)
TEMPLATE_COMMAND(cron_lint, "cron lint", "FILE...",
                 "validate files or directories of cron workflow manifests", lint_flags, 1,
                 templates_lint, NULL)
TEMPLATE_COMMAND(cron_list, "cron list", "", "list cron workflows", list_flags, 0,
                 templates_list, NULL)
TEMPLATE_COMMAND(cron_resume, "cron resume", "[CRON_WORKFLOW...]",
                 "resume zero or more cron workflows", NULL, 0, run_resume, NULL)
TEMPLATE_COMMAND(cron_suspend, "cron suspend", "CRON_WORKFLOW...",
                 "suspend zero or more cron workflows", NULL, 0, run_suspend, NULL)
TEMPLATE_COMMAND(cron_update, "cron update", "FILE1 FILE2...", "update a cron workflow",
                 update_flags, 1, templates_update, NULL)
