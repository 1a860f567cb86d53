/* cli/submit_options.h - what the flags of submit change in a workflow. */
#pragma once

#include "cli/objects.h"

/* Rows of the flags that submit's options read. */
#define SUBMIT_OPTION_FLAGS                                                                 \
    SUBMIT_CHANGE_FLAGS,                                                                    \
        {.name = "priority", .type = FLAG_INT32, .fallback = "0", .help = "spec.priority"}, \
    {                                                                                       \
        .name = "scheduled-time",                                                           \
        .help = "time that the workflow is for (RFC 3339); for backfilling"                 \
    }

/* Those of them that cron workflows have, too. */
#define SUBMIT_CHANGE_FLAGS                                                        \
    {.name = "entrypoint", .help = "override spec.entrypoint"},                    \
        {.name = "generate-name", .help = "override metadata.generateName"},       \
        {.name = "labels",                                                         \
         .letter = 'l',                                                            \
         .help = "labels of the workflow, as a=b,c=d; they override its own"},     \
        {.name = "name", .help = "override metadata.name"},                        \
        {.name = "parameter",                                                      \
         .letter = 'p',                                                            \
         .type = FLAG_LIST,                                                        \
         .help = "an argument, as name=value; may be repeated"},                   \
        {.name = "parameter-file",                                                 \
         .letter = 'f',                                                            \
         .help = "file with arguments, a YAML or JSON map; -p goes before it"},    \
    {                                                                              \
        .name = "serviceaccount", .help = "run all pods with this service account" \
    }

/**
 * submit_options() - a workflow with the changes that the command's flags ask for
 * @cli: command whose table has SUBMIT_OPTION_FLAGS or SUBMIT_CHANGE_FLAGS
 * @doc: workflow; replaced
 * @err: ERR_INVALID in argo's words; what reading --parameter-file says
 */
int submit_options(struct cli *cli, struct json *doc, struct err *err);

/** submit_template_document() - the workflow that --from KIND/NAME means; a CronWorkflow is
 * read from the server; ERR_INVALID, what the call says */
int submit_template_document(struct cli *cli, const char *from, struct json *ret,
                             struct err *err);
