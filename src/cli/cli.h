/*
 * cli/cli.h - the commands of the program: what every command is, and the table of all.
 *
 * One file a command, its entry at the end of the file; commands.def lists them. Output goes to
 * standard output, errors to standard error with exit code 1 (2: wrong usage). Commands talk to
 * the server by HTTP only.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "formats/json.h"

struct cli_flag {
    const char *name;   /* "--output" */
    const char *letter; /* "-o", or NULL */
    const char *value;  /* word for the help, or NULL for a switch */
    const char *help;
};

struct cli;

struct cli_command {
    const char *name;
    const char *usage;                            /* behind the name: "FILE..." */
    const char *summary;                          /* one sentence */
    const struct cli_flag *flags;                 /* closed by an empty row; NULL: none */
    int (*run)(struct cli *cli, struct err *err); /* 0, or -1 with an error */
};

/* One run of the program. */
struct cli {
    struct arena *arena;
    const struct cli_command *command;
    const char *const *args; /* what is no flag */
    size_t arg_count;
    struct {
        const char *name, *value;
    } given[64];
    size_t given_count;
    int exit_code; /* a command may set another one than 0 and return 0 */
};

/** cli_main() - run the command that the arguments name; the program's exit code */
int cli_main(int argc, char **argv);

/** cli_flag() - the value that a flag was given ("" for a switch), or NULL */
const char *cli_flag(const struct cli *cli, const char *name);

/** cli_commands() - all commands, sorted */
const struct cli_command *const *cli_commands(size_t *ret_count);

/* ---- talking to the server ---- */

struct cli_answer {
    unsigned status;
    struct json body;
};

/** cli_call() - one call of the API; an answer of 400 and more becomes an error with the
 * server's message */
int cli_call(struct cli *cli, const char *method, struct str path, struct str body,
             struct cli_answer *ret, struct err *err);

/** cli_call_text() - a GET whose answer is no JSON */
int cli_call_text(struct cli *cli, struct str path, struct str *ret, struct err *err);

/** cli_namespace() - of --namespace, ARGO_NAMESPACE, or "default" */
struct str cli_namespace(const struct cli *cli);

/** cli_read_file() - a file, "-" for standard input; in the cli's arena */
int cli_read_file(struct cli *cli, const char *path, struct str *ret, struct err *err);
