/*
 * cli/cli.h - the commands of the program: what every command is, and the table of all.
 *
 * One file a command or family, its entry at the end of the file; commands.def lists them. The
 * program that is called "argo" (a symlink) shows argo's commands alone. Output goes to
 * standard output; "Error: ..." to standard error with exit code 1, usage below it when the
 * command line was wrong. Commands talk to the server by HTTP only (call.h).
 */
#pragma once

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "formats/flags.h"
#include "formats/json.h"

enum { CLI_ANY_ARGS = 255 };

struct cli;
struct cli_server;
struct http_client;
struct kubeconfig;

enum cli_surface {
    CLI_BOTH, /* argo has it, too */
    CLI_OWN,  /* tiphys' own: not when called as argo */
};

struct cli_command {
    const char *name;             /* its words: "template create" */
    const char *aliases;          /* other last words: "wftmpl|workflowtemplate", or NULL */
    const char *usage;            /* behind the name: "FILE..."; "" for none */
    const char *summary;          /* one sentence without a stop, as argo's help */
    const char *example;          /* command lines without the program's name, or NULL */
    const struct cli_flag *flags; /* or NULL */
    enum cli_surface surface;
    unsigned min_args, max_args; /* CLI_ANY_ARGS: no limit */
    /* More that may be wrong with the command line, or NULL; ERR_INVALID shows the usage. */
    int (*check)(struct cli *cli, struct err *err);
    /* 0, or -1 with an error. NULL: the first word of others (its help is shown), or, without
     * any others, known to argo and not built yet. */
    int (*run)(struct cli *cli, struct err *err);
};

/* One run of the program. */
struct cli {
    struct arena *arena;
    const char *program; /* "tiphys" or "argo" */
    const struct cli_command *command;
    struct flag_values flags;
    const char *const *args; /* flags.args: what is no flag */
    size_t arg_count;
    struct str ns; /* before --namespace: of the object that is followed; "" for none */
    int exit_code; /* a command may set another one than 0 and return 0 */
    const struct kubeconfig *kube;   /* connect.c's, or NULL */
    const struct cli_server *server; /* call.c's, made at the first call */
    struct http_client *client;
};

/** cli_main() - run the command that the arguments name; the program's exit code */
int cli_main(int argc, char **argv);

/** cli_commands() - all commands, sorted by name */
const struct cli_command *const *cli_commands(size_t *ret_count);

/** cli_global_flags() - the flags that every command has */
const struct cli_flag *cli_global_flags(void);

/** cli_is_argo() - was the program called as argo? */
bool cli_is_argo(const struct cli *cli);

/** cli_flag() - value of a text flag, its fallback, or NULL */
const char *cli_flag(const struct cli *cli, const char *name);

/** cli_is_on() - is a switch on? */
bool cli_is_on(const struct cli *cli, const char *name);

/** cli_setting() - a global flag's value, else that of the environment's variable
 * ARGO_<NAME>, else its fallback, else NULL */
const char *cli_setting(const struct cli *cli, const char *name);

/** cli_namespace() - of the object that is followed, --namespace, ARGO_NAMESPACE, that of
 * kubectl's context, or "default" */
struct str cli_namespace(const struct cli *cli);

/** cli_read_file() - a file, "-" for standard input; in the cli's arena */
int cli_read_file(struct cli *cli, const char *path, struct str *ret, struct err *err);
