/* Help and usage in cobra's layout. See help.h. */
#include "cli/help.h"

#include "base/vec.h"

enum { NAME_PADDING = 11, SUGGESTION_DISTANCE = 2, WORD_MAX_BYTES = 40 };

static const char about[] =
    "%s does the job of Argo Workflows and Argo Events in one program, with or without a "
    "cluster.\n\n"
    "Commands talk to the server that --argo-server or ARGO_SERVER names; 'server' runs one.\n";
static const char about_argo[] =
    "%s is the command line interface to Argo\n\n"
    "Commands talk to the server that --argo-server or ARGO_SERVER names. ARGO_TOKEN and\n"
    "ARGO_NAMESPACE say who asks and where.\n";

/* ---- which commands ---- */

bool help_is_shown(const char *program, const struct cli_command *command)
{
    return command->surface == CLI_BOTH || strcmp(program, "argo") != 0;
}

bool help_is_below(const char *group, const struct cli_command *command)
{
    size_t len = strlen(group);
    const char *word = command->name;

    if (len > 0) {
        if (strncmp(word, group, len) != 0 || word[len] != ' ')
            return false;
        word += len + 1;
    }
    return !strchr(word, ' ');
}

bool help_has_commands(const struct cli_command *command)
{
    size_t count;
    const struct cli_command *const *all = cli_commands(&count);

    for (size_t i = 0; i < count; i++)
        if (help_is_below(command->name, all[i]))
            return true;
    return false;
}

static const char *last_word(const struct cli_command *command)
{
    const char *blank = strrchr(command->name, ' ');

    return blank ? blank + 1 : command->name;
}

/* ---- usage ---- */

static void print_commands(struct strbuf *b, const char *program, const char *group)
{
    size_t count, width = NAME_PADDING;
    const struct cli_command *const *all = cli_commands(&count);

    for (size_t i = 0; i < count; i++)
        if (help_is_below(group, all[i]) && strlen(last_word(all[i])) > width)
            width = strlen(last_word(all[i]));
    strbuf_addz(b, "\nAvailable Commands:\n");
    for (size_t i = 0; i < count; i++)
        if (help_is_below(group, all[i]) && help_is_shown(program, all[i]))
            strbuf_addf(b, "  %-*s %s%s\n", (int) width, last_word(all[i]), all[i]->summary,
                        all[i]->run || help_has_commands(all[i]) ? "" : " (not supported yet)");
}

/* Command lines, the program's name before each. */
static void print_example(struct strbuf *b, const char *program, const char *lines)
{
    struct str rest = str_from(lines), line;

    strbuf_addz(b, "\nExamples:\n");
    while (str_cut(&rest, '\n', &line))
        if (!str_is_empty(line))
            strbuf_addf(b, "  %s " STR_FMT "\n", program, STR_ARG(line));
}

static void print_aliases(struct strbuf *b, const struct cli_command *command)
{
    struct str rest = str_from(command->aliases), alias;

    strbuf_addf(b, "\nAliases:\n  %s", last_word(command));
    while (str_cut(&rest, '|', &alias))
        strbuf_addf(b, ", " STR_FMT, STR_ARG(alias));
    strbuf_addc(b, '\n');
}

/* The command's own and, unless @is_brief, all others'; the program itself has all as its own.
 */
static void print_flags(struct arena *a, struct strbuf *b, const struct cli_command *command,
                        bool is_argo, bool is_brief)
{
    static const struct cli_flag help_row[] = {
        {.name = "help", .letter = 'h', .type = FLAG_SWITCH, .help = "show this help"}, {0}};
    const struct cli_flag *global = cli_global_flags(),
                          *first = command ? command->flags : global;
    VEC(struct cli_flag) own = {0};

    VEC_APUSH(a, &own, help_row[0]);
    for (const struct cli_flag *f = first; f && f->name; f++)
        VEC_APUSH(a, &own, *f);
    VEC_APUSH(a, &own, help_row[1]);
    strbuf_addz(b, "\nFlags:\n");
    flags_help(a, b, own.at, is_argo ? FLAG_HIDE_OWN : FLAG_HIDE_NONE);
    if (!command || is_brief)
        return;
    strbuf_addz(b, "\nGlobal Flags:\n");
    flags_help(a, b, global, is_argo ? FLAG_HIDE_OWN : FLAG_HIDE_UNBUILT);
}

static void print_usage(struct arena *a, struct strbuf *b, const char *program,
                        const struct cli_command *command, bool is_brief)
{
    const char *name = command ? command->name : "", *usage = command ? command->usage : "",
               *before = *name ? " " : "";
    bool has_commands = !command || help_has_commands(command),
         is_argo = strcmp(program, "argo") == 0;

    strbuf_addf(b, "Usage:\n  %s%s%s%s%s [flags]\n", program, before, name, *usage ? " " : "",
                usage);
    if (has_commands)
        strbuf_addf(b, "  %s%s%s [command]\n", program, before, name);
    if (command && command->aliases)
        print_aliases(b, command);
    if (command && command->example)
        print_example(b, program, command->example);
    if (has_commands)
        print_commands(b, program, name);
    print_flags(a, b, command, is_argo, is_brief);
    if (has_commands)
        strbuf_addf(b,
                    "\nUse \"%s%s%s [command] --help\" for more information about a command.\n",
                    program, before, name);
    else if (is_brief)
        strbuf_addf(b, "\nUse \"%s %s --help\" for the flags of all commands.\n", program,
                    name);
}

void help_print_usage(struct arena *a, struct strbuf *b, const char *program,
                      const struct cli_command *command)
{
    print_usage(a, b, program, command, command && strcmp(program, "argo") != 0);
}

void help_print(struct arena *a, struct strbuf *b, const char *program,
                const struct cli_command *command)
{
    if (command)
        strbuf_addf(b, "%s\n\n", command->summary);
    else if (strcmp(program, "argo") == 0)
        strbuf_addf(b, about_argo, program);
    else
        strbuf_addf(b, about, program);
    if (!command)
        strbuf_addc(b, '\n');
    print_usage(a, b, program, command, false);
}

/* ---- suggestions ---- */

static unsigned min3(unsigned x, unsigned y, unsigned z)
{
    unsigned least = x < y ? x : y;

    return least < z ? least : z;
}

/* Levenshtein's distance, of short words only. */
static unsigned distance(struct str a, struct str b)
{
    unsigned row[WORD_MAX_BYTES + 1];

    if (a.len > WORD_MAX_BYTES || b.len > WORD_MAX_BYTES)
        return WORD_MAX_BYTES;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = (unsigned) j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned corner = row[0];

        row[0] = (unsigned) i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned above = row[j];

            row[j] =
                min3(above + 1, row[j - 1] + 1,
                     corner + (str_eq_nocase(str_of(a.ptr + i - 1, 1), str_of(b.ptr + j - 1, 1))
                                   ? 0
                                   : 1));
            corner = above;
        }
    }
    return row[b.len];
}

void help_suggest(struct arena *a, struct strbuf *b, const char *program, const char *group,
                  struct str word)
{
    size_t count;
    const struct cli_command *const *all = cli_commands(&count);
    struct str found = STR("");

    for (size_t i = 0; i < count && word.len > 0; i++) {
        struct str name = str_from(last_word(all[i]));

        if (help_is_below(group, all[i]) && help_is_shown(program, all[i]) &&
            (distance(word, name) <= SUGGESTION_DISTANCE || str_starts(name, word)))
            found = str_printf(a, STR_FMT "\t" STR_FMT "\n", STR_ARG(found), STR_ARG(name));
    }
    if (!str_is_empty(found))
        strbuf_addf(b, "\nDid you mean this?\n" STR_FMT, STR_ARG(found));
}

/* ---- the word help: cli.c reads it before all others, this is its row in the list ---- */

static int run_help(struct cli *cli, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);

    (void) err;
    help_print(cli->arena, &b, cli->program, NULL);
    fwrite(b.ptr, 1, b.len, stdout);
    return 0;
}

extern const struct cli_command cli_help;
const struct cli_command cli_help = {.name = "help",
                                     .usage = "[command]",
                                     .summary = "help about any command",
                                     .max_args = CLI_ANY_ARGS,
                                     .run = run_help};
