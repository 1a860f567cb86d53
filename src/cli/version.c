/* tiphys version: of this program, and of the server when one is named. */
#include <stdlib.h>
#include <sys/utsname.h>

#include "cli/call.h"

/* One line of the report: its title, and the member of the server's answer. */
struct line {
    const char *title, *member, *own;
};

static const struct line lines[] = {
    {"BuildDate", "buildDate", "unknown"},       {"GitCommit", "gitCommit", "unknown"},
    {"GitTreeState", "gitTreeState", "unknown"}, {"GitTag", "gitTag", "v" TIPHYS_VERSION},
    {"GoVersion", "goVersion", "none"},          {"Compiler", "compiler", __VERSION__},
};

static const char *architecture(const struct utsname *machine)
{
    if (strcmp(machine->machine, "x86_64") == 0)
        return "amd64";
    return strcmp(machine->machine, "aarch64") == 0 ? "arm64" : machine->machine;
}

static void print_own(const struct cli *cli, bool is_short)
{
    struct utsname machine;

    printf("%s: v%s\n", cli->program, TIPHYS_VERSION);
    if (is_short)
        return;
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        printf("  %s: %s\n", lines[i].title, lines[i].own);
    if (uname(&machine) == 0)
        printf("  Platform: linux/%s\n", architecture(&machine));
}

static void print_server(const struct json *answer, bool is_short)
{
    printf("argo-server: " STR_FMT "\n", STR_ARG(json_get_str(answer, STR("version"))));
    for (size_t i = 0; !is_short && i < COUNT_OF(lines); i++)
        printf("  %s: " STR_FMT "\n", lines[i].title,
               STR_ARG(json_get_str(answer, str_from(lines[i].member))));
    if (!is_short)
        printf("  Platform: " STR_FMT "\n", STR_ARG(json_get_str(answer, STR("platform"))));
}

static int run_version(struct cli *cli, struct err *err)
{
    bool is_short = cli_is_on(cli, "short");
    const char *server = getenv("ARGO_SERVER");
    struct json answer;

    print_own(cli, is_short);
    if (!flags_is_given(&cli->flags, "argo-server") && !(server && *server))
        return 0;
    if (call_get(cli, cli->arena, STR("/api/v1/version"), &answer, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1; /* a server that does not tell */
    print_server(&answer, is_short);
    return 0;
}

static const struct cli_flag flags[] = {
    {.name = "short", .type = FLAG_SWITCH, .help = "the number only"}, {0}};

extern const struct cli_command cli_version;
const struct cli_command cli_version = {.name = "version",
                                        .usage = "",
                                        .summary = "print version information",
                                        .flags = flags,
                                        .max_args = CLI_ANY_ARGS,
                                        .run = run_version};
