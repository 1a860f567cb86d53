/*
 * cli/templates.h - what the commands about templates and cron workflows share: create, update,
 * get, list, delete, lint of one kind, told by the command's first word.
 */
#pragma once

#include "cli/workflow.h"

/* What differs from kind to kind. */
struct template_family {
    const char *word;    /* first of the command: "cron" */
    const char *kind;    /* "CronWorkflow" */
    const char *noun;    /* "cron workflow" */
    const char *columns; /* of the list, behind NAME: "\tAGE"; "" for none */
    /* An object as `get` shows it. */
    void (*show)(struct arena *a, struct strbuf *b, const struct json *object,
                 const struct show_options *options);
    /* Its cells behind the name, or NULL. */
    void (*cells)(struct arena *a, struct strbuf *b, const struct json *object,
                  const struct show_options *options);
    /* What the command's flags change in a document that is to be sent, or NULL. */
    int (*change)(struct cli *cli, struct json *doc, struct err *err);
};

/** template_family_cron - of the commands in cron.c */
extern const struct template_family template_family_cron;

/** templates_create() - run of "create": files are read and checked before the first is sent */
int templates_create(struct cli *cli, struct err *err);

/** templates_update() - run of "update" */
int templates_update(struct cli *cli, struct err *err);

/** templates_get() - run of "get" */
int templates_get(struct cli *cli, struct err *err);

/** templates_list() - run of "list" */
int templates_list(struct cli *cli, struct err *err);

/** templates_delete() - run of "delete" */
int templates_delete(struct cli *cli, struct err *err);

/** templates_check_delete() - check of "delete" */
int templates_check_delete(struct cli *cli, struct err *err);

/** templates_lint() - run of "lint" */
int templates_lint(struct cli *cli, struct err *err);

#define TEMPLATES_OUTPUT_ROW(values, words)                                   \
    {                                                                         \
        .name = "output", .letter = 'o', .choices = (values), .help = (words) \
    }

/* An entry of the table of commands. */
#define TEMPLATE_COMMAND(symbol, words, behind, text, table, least, function, checker) \
    extern const struct cli_command cli_##symbol;                                      \
    const struct cli_command cli_##symbol = {.name = (words),                          \
                                             .usage = (behind),                        \
                                             .summary = (text),                        \
                                             .flags = (table),                         \
                                             .min_args = (least),                      \
                                             .max_args = CLI_ANY_ARGS,                 \
                                             .check = (checker),                       \
                                             .run = (function)};
