/*
 * cli/select.h - which workflows a command is about: the filters of list and delete.
 */
#pragma once

#include "cli/workflow.h"

/* The rows that both commands share, for their tables. */
#define SELECT_FLAGS                                                                           \
    {.name = "all-namespaces",                                                                 \
     .letter = 'A',                                                                            \
     .type = FLAG_SWITCH,                                                                      \
     .help = "workflows of all namespaces"},                                                   \
        {.name = "completed", .type = FLAG_SWITCH, .help = "workflows that have ended"},       \
        {.name = "field-selector", .help = "workflows with these fields, as metadata.name=x"}, \
        {.name = "older",                                                                      \
         .help = "workflows that ended longer ago than this, as 10m, 3h or 1d"},               \
        {.name = "prefix", .help = "workflows whose name begins so"},                          \
        {.name = "resubmitted", .type = FLAG_SWITCH, .help = "resubmitted workflows"},         \
        {.name = "selector",                                                                   \
         .letter = 'l',                                                                        \
         .help = "workflows with these labels, as a=b,c!=d"},                                  \
    {                                                                                          \
        .name = "status", .type = FLAG_COMMAS, .help = "workflows of these phases"             \
    }

struct select_extra {
    bool is_running;   /* only those that have not ended */
    const char *since; /* created within this duration, or NULL */
    int64_t chunk;     /* workflows a call; 0: all at once */
    bool has_archived; /* also those of the archive, without nodes */
};

struct selection {
    const struct json **at; /* sorted as argo does: unfinished first, newest first */
    size_t len;
};

/**
 * select_workflows() - the workflows that the command's filters want
 * @cli:   command whose table has SELECT_FLAGS
 * @extra: filters that not both commands have
 * @ret:   in the command's arena
 * @err:   ERR_INVALID for a wrong filter; what cli_call() says
 */
int select_workflows(struct cli *cli, const struct select_extra *extra, struct selection *ret,
                     struct err *err);

/** select_is_filtered() - is any of SELECT_FLAGS given? */
bool select_is_filtered(const struct cli *cli);

/* The rows of commands that act on workflows by name or selector. */
#define OPERAND_FLAGS                                                                         \
    {.name = "field-selector", .help = "workflows with these fields, as metadata.name=x"},    \
    {                                                                                         \
        .name = "selector", .letter = 'l', .help = "workflows with these labels, as a=b,c!=d" \
    }

/* Names of workflows, each once: those selected, then those of the command line. */
struct operands {
    struct str *names;
    size_t len;
};

/** select_is_operand() - is one of OPERAND_FLAGS given? */
bool select_is_operand(const struct cli *cli);

/**
 * select_operands() - the workflows of the namespace that a command acts on
 * @cli: command whose table has OPERAND_FLAGS
 * @ret: in the command's arena; a name may be "@latest"
 * @err: what cli_call() says
 */
int select_operands(struct cli *cli, struct operands *ret, struct err *err);

/**
 * select_duration() - "10m", "1.5h", "2d": Go's durations, and days
 * @text: text
 * @ret:  milliseconds
 * @err:  ERR_INVALID
 */
int select_duration(struct str text, int64_t *ret_ms, struct err *err);
