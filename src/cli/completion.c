/*
 * tiphys completion: code that lets a shell complete commands, flags, and names that the server
 * knows. The code is made of the table of commands; for names it calls the program again.
 */
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/help.h"

enum { SCRIPT_MAX_BYTES = 1 << 20 };

/* Which command lists what the arguments of others name. */
static const struct {
    const char *command, *lister;
} named[] = {
    {"cluster-template delete", "cluster-template list"},
    {"cluster-template get", "cluster-template list"},
    {"cron delete", "cron list"},
    {"cron get", "cron list"},
    {"cron resume", "cron list"},
    {"cron suspend", "cron list"},
    {"delete", "list"},
    {"get", "list"},
    {"logs", "list"},
    {"node", "list"},
    {"resubmit", "list"},
    {"resume", "list"},
    {"retry", "list"},
    {"stop", "list"},
    {"suspend", "list"},
    {"template delete", "template list"},
    {"template get", "template list"},
    {"terminate", "list"},
    {"wait", "list"},
    {"watch", "list"},
};

static const char *lister_of(const char *command)
{
    for (size_t i = 0; i < COUNT_OF(named); i++)
        if (strcmp(named[i].command, command) == 0)
            return named[i].lister;
    return NULL;
}

/* The words that may follow a group of commands; "" for the program itself. */
static void add_words(struct strbuf *b, const struct cli *cli, const char *group)
{
    size_t count;
    const struct cli_command *const *all = cli_commands(&count);

    for (size_t i = 0; i < count; i++)
        if (help_is_below(group, all[i]) && help_is_shown(cli->program, all[i])) {
            const char *last = strrchr(all[i]->name, ' ');

            strbuf_addf(b, "%s ", last ? last + 1 : all[i]->name);
        }
}

static void add_flags(struct strbuf *b, const struct cli *cli, const struct cli_flag *flags)
{
    for (; flags && flags->name; flags++)
        if (flags->state != FLAG_UNBUILT && (flags->state != FLAG_OWN || !cli_is_argo(cli)))
            strbuf_addf(b, "--%s ", flags->name);
}

/* ---- bash, and zsh by its way of using bash's ---- */

static void add_command(struct strbuf *b, const struct cli *cli,
                        const struct cli_command *command)
{
    const char *lister = lister_of(command->name);

    strbuf_addf(b, "    \"%s\"|\"%s \"*)\n        flags=\"", command->name, command->name);
    add_flags(b, cli, command->flags);
    strbuf_addz(b, "\"\n        words=\"");
    add_words(b, cli, command->name);
    if (lister)
        strbuf_addf(b, "$(%s %s -o name 2>/dev/null | grep -v \" \")", cli->program, lister);
    strbuf_addz(b, "\" ;;\n");
}

static void add_function(struct strbuf *b, const struct cli *cli)
{
    size_t count;
    const struct cli_command *const *all = cli_commands(&count);

    strbuf_addf(
        b,
        "_%s()\n{\n"
        "    local cur=\"${COMP_WORDS[COMP_CWORD]}\" line=\"\" flags=\"\" words=\"\" i\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case \"${COMP_WORDS[i]}\" in -*) ;; *) line=\"$line${line:+ }${COMP_"
        "WORDS[i]}\" ;; esac\n"
        "    done\n    case \"$line\" in\n    \"\")\n        words=\"",
        cli->program);
    add_words(b, cli, "");
    strbuf_addz(b, "\" ;;\n");
    for (size_t i = count; i > 0; i--) /* those with more words before their groups */
        if (help_is_shown(cli->program, all[i - 1]))
            add_command(b, cli, all[i - 1]);
    strbuf_addz(b, "    esac\n    case \"$cur\" in -*) words=\"$flags ");
    add_flags(b, cli, cli_global_flags());
    strbuf_addf(b,
                "\" ;; esac\n"
                "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
                "complete -o default -F _%s %s\n",
                cli->program, cli->program);
}

/* ---- fish ---- */

static void add_fish_command(struct strbuf *b, const struct cli *cli,
                             const struct cli_command *command)
{
    const char *lister = lister_of(command->name), *last = strrchr(command->name, ' ');
    struct str group =
        str_head(str_from(command->name), last ? (size_t) (last - command->name) : 0);

    if (last)
        strbuf_addf(b,
                    "complete -c %s -f -n '__fish_seen_subcommand_from " STR_FMT "' -a '%s'\n",
                    cli->program, STR_ARG(group), last + 1);
    else
        strbuf_addf(b, "complete -c %s -f -n __fish_use_subcommand -a '%s'\n", cli->program,
                    command->name);
    if (!lister)
        return;
    strbuf_addf(b, "complete -c %s -f -n '", cli->program);
    if (last)
        strbuf_addf(b, "__fish_seen_subcommand_from " STR_FMT "; and ", STR_ARG(group));
    else
        strbuf_addz(b, "not __fish_seen_subcommand_from cluster-template cron template; and ");
    strbuf_addf(b, "__fish_seen_subcommand_from %s' -a '(%s %s -o name 2>/dev/null)'\n",
                last ? last + 1 : command->name, cli->program, lister);
}

static void add_fish(struct strbuf *b, const struct cli *cli)
{
    size_t count;
    const struct cli_command *const *all = cli_commands(&count);

    strbuf_addf(b, "# fish completion for %s\n", cli->program);
    for (size_t i = 0; i < count; i++)
        if (help_is_shown(cli->program, all[i]))
            add_fish_command(b, cli, all[i]);
}

/* ---- the command ---- */

static int run_completion(struct cli *cli, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SCRIPT_MAX_BYTES);
    const char *shell = cli->args[0];
    struct str text;

    if (strcmp(shell, "bash") == 0) {
        strbuf_addf(&b, "# bash completion for %s\n", cli->program);
        add_function(&b, cli);
    } else if (strcmp(shell, "zsh") == 0) {
        strbuf_addf(&b, "#compdef %s\nautoload -U +X bashcompinit && bashcompinit\n",
                    cli->program);
        add_function(&b, cli);
    } else if (strcmp(shell, "fish") == 0) {
        add_fish(&b, cli);
    } else {
        return err_set(err, ERR_NOT_FOUND,
                       "invalid shell \"%s\": supported shells are bash, zsh, and fish", shell);
    }
    if (strbuf_finish(&b, &text, err) < 0)
        return -1;
    fwrite(text.ptr, 1, text.len, stdout);
    return 0;
}

extern const struct cli_command cli_completion;
const struct cli_command cli_completion = {
    .name = "completion",
    .usage = "SHELL",
    .summary = "print completion code for a shell (bash, zsh or fish)",
    .example = "completion bash",
    .min_args = 1,
    .max_args = 1,
    .run = run_completion};
