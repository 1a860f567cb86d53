/*
 * From the arguments to a command: finding it (flags may stand before and between its words),
 * reading its flags, running it, the exit code. See cli.h.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "cli/call.h"
#include "cli/connect.h"
#include "cli/help.h"

#define COMMAND(symbol) extern const struct cli_command cli_##symbol;
#define GROUP(symbol, words, other, text)                                 \
    static const struct cli_command group_##symbol = {.name = (words),    \
                                                      .aliases = (other), \
                                                      .usage = "",        \
                                                      .summary = (text),  \
                                                      .max_args = CLI_ANY_ARGS};
#define LATER(words, behind, text)
#include "cli/commands.def"
#undef COMMAND
#undef GROUP
#undef LATER

static const struct cli_command *const commands[] = {
#define COMMAND(symbol)                   &cli_##symbol,
#define GROUP(symbol, words, other, text) &group_##symbol,
#define LATER(words, behind, text) \
    &(const struct cli_command){   \
        .name = (words), .usage = (behind), .summary = (text), .max_args = CLI_ANY_ARGS},
#include "cli/commands.def"
#undef COMMAND
#undef GROUP
#undef LATER
};

static const struct cli_flag global_flags[] = {
    {.name = "argo-base-href", .help = "path that the server is served below (ARGO_BASE_HREF)"},
    {.name = "argo-http1",
     .type = FLAG_SWITCH,
     .help = "no effect: HTTP/1.1 is what is spoken"},
    {.name = "argo-server",
     .letter = 's',
     .word = "host:port",
     .fallback = "127.0.0.1:2746",
     .help = "server to talk to (ARGO_SERVER)"},
    {.name = "as", .help = "user to act as; its rights count"},
    {.name = "as-group", .type = FLAG_LIST, .help = "group to act as; may be repeated"},
    {.name = "as-uid", .help = "uid to act as"},
    {.name = "certificate-authority", .help = "file of the certificates to trust"},
    {.name = "client-certificate", .help = "file of the client's certificate"},
    {.name = "client-key", .help = "file of the client certificate's key"},
    {.name = "cluster", .help = "cluster of the kubeconfig"},
    {.name = "context", .help = "context of the kubeconfig"},
    {.name = "disable-compression",
     .type = FLAG_SWITCH,
     .help = "no effect: answers are not compressed"},
    {.name = "gloglevel", .type = FLAG_INT, .fallback = "0", .help = "6 and more: tell which kubeconfig is read"},
    {.name = "header",
     .letter = 'H',
     .type = FLAG_COMMAS,
     .help = "header \"Name: value\" of every call; may be repeated"},
    {.name = "insecure-skip-tls-verify",
     .type = FLAG_SWITCH,
     .help = "the same as --insecure-skip-verify"},
    {.name = "insecure-skip-verify",
     .letter = 'k',
     .type = FLAG_SWITCH,
     .help = "do not check the server's certificate (ARGO_INSECURE_SKIP_VERIFY)"},
    {.name = "instanceid",
     .help = "label workflows with this instance, see those with it only (ARGO_INSTANCEID)"},
    {.name = "kubeconfig", .help = "file of kubectl that names server, token and namespace"},
    {.name = "log-format",
     .choices = "text|json",
     .fallback = "text",
     .help = "how log lines are written: text or json"},
    {.name = "loglevel",
     .choices = "debug|info|warn|error",
     .fallback = "info",
     .help = "what is logged: debug, info, warn or error"},
    {.name = "namespace",
     .letter = 'n',
     .help = "namespace (ARGO_NAMESPACE; \"default\" when neither is given)"},
    {.name = "password", .help = "password for basic authentication"},
    {.name = "proxy-url", .help = "proxy to use"},
    {.name = "request-timeout",
     .fallback = "0",
     .help = "how long one call may take, as 30s; 0: as long as the program finds right"},
    {.name = "secure",
     .letter = 'e',
     .type = FLAG_SWITCH,
     .help = "talk TLS with the server (ARGO_SECURE)"},
    {.name = "server", .help = "address of the server as a URL, as kubectl has it"},
    {.name = "tls-server-name", .help = "name that the server's certificate must have"},
    {.name = "token", .help = "bearer token (ARGO_TOKEN)"},
    {.name = "user", .help = "user of the kubeconfig"},
    {.name = "username", .help = "user name for basic authentication"},
    {.name = "verbose",
     .letter = 'v',
     .type = FLAG_SWITCH,
     .help = "log more: --loglevel debug"},
    {0},
};

const struct cli_command *const *cli_commands(size_t *ret_count)
{
    *ret_count = COUNT_OF(commands);
    return commands;
}

const struct cli_flag *cli_global_flags(void)
{
    return global_flags;
}

bool cli_is_argo(const struct cli *cli)
{
    return strcmp(cli->program, "argo") == 0;
}

const char *cli_flag(const struct cli *cli, const char *name)
{
    return flags_text(&cli->flags, name);
}

bool cli_is_on(const struct cli *cli, const char *name)
{
    return flags_is_on(&cli->flags, name);
}

const char *cli_setting(const struct cli *cli, const char *name)
{
    char variable[64];
    const char *value = NULL;
    size_t len = 5;

    if (!flags_is_given(&cli->flags, name)) {
        memcpy(variable, "ARGO_", len);
        for (const char *c = strncmp(name, "argo-", 5) == 0 ? name + 5 : name;
             *c && len + 1 < sizeof(variable); c++)
            variable[len++] = *c == '-' ? '_' : *c >= 'a' && *c <= 'z' ? (char) (*c - 32) : *c;
        variable[len] = '\0';
        value = getenv(variable);
    }
    return value && *value ? value : cli_flag(cli, name);
}

struct str cli_namespace(const struct cli *cli)
{
    const char *given = cli_setting(cli, "namespace");

    if (cli->ns.len > 0)
        return cli->ns;
    if (given && *given)
        return str_from(given);
    return cli->kube && cli->kube->ns.len > 0 ? cli->kube->ns : STR("default");
}

int cli_read_file(struct cli *cli, const char *path, struct str *ret, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(MANIFEST_MAX_BYTES + 1);
    int fd = strcmp(path, "-") == 0 ? 0 : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = -1;
    char *to;

    if (fd < 0)
        return err_sys(err, errno, "open %s", path);
    while ((to = strbuf_reserve(&b, 65536)) && (len = fd_read(fd, to, 65536)) > 0)
        b.len += (size_t) len;
    if (fd > 0)
        close(fd);
    if (to && len < 0 && errno == EISDIR)
        return err_set(err, ERR_INVALID, "%s is a folder: give its files", path);
    if (to && len < 0)
        return err_sys(err, errno, "read %s", path);
    if (!to || b.len > MANIFEST_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%s is over %d bytes", path, MANIFEST_MAX_BYTES);
    *ret = str_copy(cli->arena, strbuf_str(&b));
    return 0;
}

/* ---- finding the command ---- */

/* What is left of the arguments behind the command's words. */
struct search {
    const char **argv;
    size_t argc;
    const struct cli_command *command; /* NULL: none yet, the program itself */
};

/* Index of the first argument that is no flag and no flag's value, or argc. */
static size_t first_word(const struct search *s)
{
    const struct flag_tables tables = {.own = s->command ? s->command->flags : NULL,
                                       .global = global_flags};

    for (size_t i = 0; i < s->argc; i++) {
        if (strcmp(s->argv[i], "--") == 0)
            break;
        if (s->argv[i][0] != '-' || !s->argv[i][1])
            return i;
        if (flags_is_value_behind(&tables, str_from(s->argv[i])))
            i++;
    }
    return s->argc;
}

static bool is_alias(const struct cli_command *command, struct str word)
{
    struct str rest = str_from(command->aliases), alias;

    while (command->aliases && str_cut(&rest, '|', &alias))
        if (str_eq(alias, word))
            return true;
    return false;
}

static const struct cli_command *find_below(const char *program, const char *group,
                                            struct str word)
{
    size_t skip = *group ? strlen(group) + 1 : 0;

    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (help_is_below(group, commands[i]) && help_is_shown(program, commands[i]) &&
            (str_is(word, commands[i]->name + skip) || is_alias(commands[i], word)))
            return commands[i];
    return NULL;
}

/* Follows the words as far as they name commands; @ret_unknown: one that names none. */
static void find_command(struct search *s, const char *program, const char **ret_unknown)
{
    *ret_unknown = NULL;
    while (!s->command || help_has_commands(s->command)) {
        size_t at = first_word(s);
        const struct cli_command *next;

        if (at == s->argc)
            return;
        next = find_below(program, s->command ? s->command->name : "", str_from(s->argv[at]));
        if (!next) {
            *ret_unknown = s->argv[at];
            return;
        }
        for (size_t i = at; i + 1 < s->argc; i++)
            s->argv[i] = s->argv[i + 1];
        s->argc--;
        s->command = next;
    }
}

/* ---- what is told ---- */

static int show_help(struct cli *cli)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);

    help_print(cli->arena, &b, cli->program, cli->command);
    fwrite(b.ptr, 1, b.len, stdout);
    return 0;
}

static int usage_error(struct cli *cli, const struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);

    help_print_usage(cli->arena, &b, cli->program, cli->command);
    fprintf(stderr, "Error: %s\n" STR_FMT "\n", err->text, STR_ARG(strbuf_str(&b)));
    return 1;
}

static int unknown_command(struct cli *cli, const char *word)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);
    const char *group = cli->command ? cli->command->name : "";

    help_suggest(cli->arena, &b, cli->program, group, str_from(word));
    fprintf(stderr, "Error: unknown command \"%s\" for \"%s%s%s\"\n" STR_FMT "%s", word,
            cli->program, *group ? " " : "", group, STR_ARG(strbuf_str(&b)), b.len ? "\n" : "");
    fprintf(stderr, "Run '%s%s%s --help' for usage.\n", cli->program, *group ? " " : "", group);
    return 1;
}

/* ---- arguments ---- */

static int check_count(const struct cli *cli, struct err *err)
{
    unsigned min = cli->command->min_args, max = cli->command->max_args;
    size_t count = cli->arg_count;

    if (max == CLI_ANY_ARGS && count < min)
        return err_set(err, ERR_INVALID, "requires at least %u arg(s), only received %zu", min,
                       count);
    if (count >= min && (count <= max || max == CLI_ANY_ARGS))
        return 0;
    if (min == 0 && max == 0)
        return err_set(err, ERR_INVALID, "unknown command \"%s\" for \"%s %s\"", cli->args[0],
                       cli->program, cli->command->name);
    if (min == max)
        return err_set(err, ERR_INVALID, "accepts %u arg(s), received %zu", min, count);
    return err_set(err, ERR_INVALID, "accepts between %u and %u arg(s), received %zu", min, max,
                   count);
}

static int read_arguments(struct cli *cli, const struct search *s, struct err *err)
{
    const struct flag_tables tables = {.own = cli->command ? cli->command->flags : NULL,
                                       .global = global_flags,
                                       .hides_own = cli_is_argo(cli)};

    if (flags_read(cli->arena, &tables, s->argv, s->argc, &cli->flags, err) < 0)
        return -1;
    cli->args = cli->flags.args;
    cli->arg_count = cli->flags.arg_count;
    return 0;
}

/* What runs, for whoever reads the log of a call that went wrong. */
static void tell_version(struct cli *cli)
{
    bool is_json = str_is(str_from(cli_setting(cli, "log-format")), "json");

    if (!cli_is_on(cli, "verbose") && !str_is(str_from(cli_setting(cli, "loglevel")), "debug"))
        return;
    log_setup(is_json ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG, STDERR_FILENO);
    log_debug(NULL, "CLI version", LOG_STR(VERSION, STR("v" TIPHYS_VERSION)));
}

static int run_command(struct cli *cli)
{
    struct err err;
    int result;

    if (!cli->command || help_has_commands(cli->command))
        return show_help(cli);
    if (!cli->command->run) {
        fprintf(stderr, "Error: %s %s is not supported yet\n", cli->program,
                cli->command->name);
        return 1;
    }
    if (check_count(cli, &err) < 0 ||
        (cli->command->check && cli->command->check(cli, &err) < 0))
        return usage_error(cli, &err);
    tell_version(cli);
    result = connect_load(cli, &err) < 0 ? -1 : cli->command->run(cli, &err);
    call_done(cli);
    if (result == 0)
        return cli->exit_code;
    fflush(stdout);
    fprintf(stderr, "Error: %s\n", err.text);
    return 1;
}

static bool is_unbuilt(const struct cli_command *command)
{
    return command && !command->run && !help_has_commands(command);
}

static int run_program(struct cli *cli, struct search *s)
{
    bool is_help_word = s->argc > 0 && strcmp(s->argv[0], "help") == 0;
    const char *unknown;
    struct err err;

    if (is_help_word) {
        s->argv++;
        s->argc--;
    }
    find_command(s, cli->program, &unknown);
    cli->command = s->command;
    if (unknown)
        return unknown_command(cli, unknown);
    if (is_help_word)
        return show_help(cli);
    if (read_arguments(cli, s, &err) < 0 && !is_unbuilt(cli->command))
        return usage_error(cli, &err);
    return cli->flags.wants_help ? show_help(cli) : run_command(cli);
}

int cli_main(int argc, char **argv)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const char *path = argc > 0 ? argv[0] : "tiphys", *slash = strrchr(path, '/');
    struct cli cli = {.arena = a, .program = "tiphys"};
    struct search s = {0};
    VEC(const char *) words = {0};
    int code;

    if (strcmp(slash ? slash + 1 : path, "argo") == 0)
        cli.program = "argo";
    for (int i = 1; i < argc; i++)
        VEC_APUSH(a, &words, argv[i]);
    s.argv = words.at;
    s.argc = words.len;
    code = run_program(&cli, &s);
    if (fflush(stdout) != 0 && code == 0) {
        fprintf(stderr, "Error: write the output: %m\n");
        code = 1;
    }
    return code;
}
