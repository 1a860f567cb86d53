/* Reading the command line, the help, the exit code. See cli.h. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "base/vec.h"

enum { EXIT_USAGE = 2 };

#define COMMAND(name) extern const struct cli_command cli_##name;
#include "cli/commands.def"
#undef COMMAND

static const struct cli_command *const commands[] = {
#define COMMAND(name) &cli_##name,
#include "cli/commands.def"
#undef COMMAND
};

static const struct cli_flag global_flags[] = {
    {"--argo-server", "-s", "HOST:PORT",
     "server to talk to (ARGO_SERVER; default 127.0.0.1:2746)"},
    {"--token", NULL, "TOKEN", "bearer token (ARGO_TOKEN)"},
    {"--namespace", "-n", "NAME", "namespace (ARGO_NAMESPACE; default \"default\")"},
    {"--help", "-h", NULL, "this help"},
    {0},
};

const struct cli_command *const *cli_commands(size_t *ret_count)
{
    *ret_count = COUNT_OF(commands);
    return commands;
}

const char *cli_flag(const struct cli *cli, const char *name)
{
    for (size_t i = cli->given_count; i > 0; i--)
        if (strcmp(cli->given[i - 1].name, name) == 0)
            return cli->given[i - 1].value;
    return NULL;
}

struct str cli_namespace(const struct cli *cli)
{
    const char *given = cli_flag(cli, "--namespace");

    if (!given)
        given = getenv("ARGO_NAMESPACE");
    return given && *given ? str_from(given) : STR("default");
}

int cli_read_file(struct cli *cli, const char *path, struct str *ret, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(MANIFEST_MAX_BYTES + 1);
    int fd = strcmp(path, "-") == 0 ? 0 : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = -1;
    char *to;

    if (fd < 0)
        return err_sys(err, errno, "open %s", path);
    while ((to = strbuf_reserve(&b, 65536)) && (len = read(fd, to, 65536)) > 0)
        b.len += (size_t) len;
    if (fd > 0)
        close(fd);
    if (to && len < 0)
        return err_sys(err, errno, "read %s", path);
    if (!to || b.len > MANIFEST_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%s is over %d bytes", path, MANIFEST_MAX_BYTES);
    *ret = str_copy(cli->arena, strbuf_str(&b));
    return 0;
}

/* ---- help ---- */

static void print_flags(FILE *to, const struct cli_flag *flags)
{
    for (; flags && flags->name; flags++)
        fprintf(to, "  %s%s%s%s%s\n        %s\n", flags->letter ? flags->letter : "",
                flags->letter ? ", " : "", flags->name, flags->value ? " " : "",
                flags->value ? flags->value : "", flags->help);
}

static void print_help(FILE *to, const struct cli_command *command)
{
    if (command) {
        fprintf(to, "%s\n\nUsage:\n  tiphys %s %s\n\nFlags:\n", command->summary, command->name,
                command->usage);
        print_flags(to, command->flags);
        print_flags(to, global_flags);
        return;
    }
    fprintf(to, "tiphys does the job of Argo Workflows and Argo Events in one program, with or "
                "without a cluster.\n\nUsage:\n  tiphys COMMAND [flags]\n\nCommands:\n");
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(to, "\nGlobal flags:\n");
    print_flags(to, global_flags);
}

/* ---- arguments ---- */

static const struct cli_flag *find_flag(const struct cli_flag *flags, struct str word)
{
    for (; flags && flags->name; flags++)
        if (str_is(word, flags->name) || (flags->letter && str_is(word, flags->letter)))
            return flags;
    return NULL;
}

static int read_flag(struct cli *cli, int argc, char **argv, int *at, struct err *err)
{
    struct str word = str_from(argv[*at]), name = word;
    size_t equals = str_starts(word, STR("--")) ? str_find_char(word, '=') : SIZE_MAX;
    const struct cli_flag *flag;
    const char *value = "";

    if (equals != SIZE_MAX)
        name = str_head(word, equals);
    flag = cli->command ? find_flag(cli->command->flags, name) : NULL;
    if (!flag)
        flag = find_flag(global_flags, name);
    if (!flag)
        return err_set(err, ERR_INVALID, "unknown flag: " STR_FMT, STR_ARG(name));
    if (flag->value && equals != SIZE_MAX)
        value = argv[*at] + equals + 1;
    else if (flag->value && ++*at < argc)
        value = argv[*at];
    else if (flag->value)
        return err_set(err, ERR_INVALID, "flag needs an argument: " STR_FMT, STR_ARG(name));
    if (cli->given_count == COUNT_OF(cli->given))
        return err_set(err, ERR_LIMIT, "more than %zu flags", COUNT_OF(cli->given));
    cli->given[cli->given_count].name = flag->name;
    cli->given[cli->given_count++].value = value;
    return 0;
}

static int read_arguments(struct cli *cli, int argc, char **argv, struct err *err)
{
    VEC(const char *) args = {0};

    for (int i = 2; i < argc; i++) {
        if (argv[i][0] == '-' && argv[i][1]) {
            if (read_flag(cli, argc, argv, &i, err) < 0)
                return -1;
        } else {
            VEC_APUSH(cli->arena, &args, argv[i]);
        }
    }
    cli->args = args.at;
    cli->arg_count = args.len;
    return 0;
}

static int usage_error(const struct cli_command *command, const char *text)
{
    fprintf(stderr, "Error: %s\n", text);
    if (command)
        fprintf(stderr, "Usage: tiphys %s %s\n", command->name, command->usage);
    else
        fprintf(stderr, "Run 'tiphys --help' for usage.\n");
    return EXIT_USAGE;
}

int cli_main(int argc, char **argv)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct cli cli = {.arena = a};
    char text[300];
    struct err err;

    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout, NULL);
        return 0;
    }
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(commands[i]->name, argv[1]) == 0)
            cli.command = commands[i];
    if (!cli.command) {
        snprintf(text, sizeof(text), "unknown command \"%s\"", argv[1]);
        return usage_error(NULL, text);
    }
    if (read_arguments(&cli, argc, argv, &err) < 0)
        return usage_error(cli.command, err.text);
    if (cli_flag(&cli, "--help")) {
        print_help(stdout, cli.command);
        return 0;
    }
    if (cli.command->run(&cli, &err) == 0)
        return cli.exit_code;
    fprintf(stderr, "Error: %s\n", err.text);
    return 1;
}
