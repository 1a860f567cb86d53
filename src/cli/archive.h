/* cli/archive.h - what the commands about archived workflows share. */
#pragma once

#include "cli/select.h"

/* The rows that say how an argument is meant. */
#define ARCHIVE_REFERENCE_FLAGS                                                         \
    {.name = "name", .type = FLAG_SWITCH, .help = "the arguments are names, not uids"}, \
    {                                                                                   \
        .name = "uid", .type = FLAG_SWITCH, .help = "the arguments are uids, not names" \
    }

/** archive_path() - path of an archived workflow by an argument, a uid or a name of the
 * command's namespace; ERR_INVALID for both --name and --uid */
int archive_path(struct cli *cli, const char *arg, struct str *ret, struct err *err);

/** archive_list() - all archived workflows of the command's namespace, newest first, without
 * nodes; in the command's arena; @labels, @fields: selectors, or "" */
int archive_list(struct cli *cli, struct str labels, struct str fields, int64_t chunk,
                 struct selection *ret, struct err *err);

/** archive_operands() - uids of those that --selector and --field-selector of the command find,
 * then of its arguments */
int archive_operands(struct cli *cli, struct operands *ret, struct err *err);

/** archive_operate() - an operation of Argo's API on an archived workflow: "retry", "resubmit";
 * answered with a workflow */
int archive_operate(struct cli *cli, struct str uid, const char *verb, const struct json *body,
                    struct json *ret, struct err *err);
