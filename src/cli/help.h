/* cli/help.h - help, usage and suggestions, laid out as cobra does. Pure. */
#pragma once

#include "base/strbuf.h"
#include "cli/cli.h"

/** help_print() - what --help shows of a command; @command NULL: of the program */
void help_print(struct arena *a, struct strbuf *b, const char *program,
                const struct cli_command *command);

/** help_print_usage() - the same without the introduction: what stands below an error; without
 * the flags of all commands when a command of ours is meant */
void help_print_usage(struct arena *a, struct strbuf *b, const char *program,
                      const struct cli_command *command);

/**
 * help_suggest() - "Did you mean this?" and the commands whose name is near to a word
 * @b:       appended to; nothing when none is near
 * @program: which commands there are depends on it
 * @group:   words before it: "template", or "" at the top
 * @word:    what was typed
 */
void help_suggest(struct arena *a, struct strbuf *b, const char *program, const char *group,
                  struct str word);

/** help_is_shown() - is this a command of the program called @program? */
bool help_is_shown(const char *program, const struct cli_command *command);

/** help_is_below() - is @command named by the words of @group ("" for the top) and one more? */
bool help_is_below(const char *group, const struct cli_command *command);

/** help_has_commands() - are there commands whose names begin with the words of this one? */
bool help_has_commands(const struct cli_command *command);
