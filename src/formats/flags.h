/*
 * formats/flags.h - flags of a command line, in the grammar of pflag, which argo uses.
 *
 * --name value, --name=value, -n value, -nvalue, -n=value, -abc (switches, the last one may
 * take a value), -- ends the flags; flags and arguments may be mixed. A switch takes a value
 * only behind "=". The last value of a flag counts; lists keep all. Values are checked when
 * they are read, in Go's words. Pure but for the tables that it is given; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"

enum flag_type {
    FLAG_TEXT,     /* any text, or one of the row's choices */
    FLAG_SWITCH,   /* true or false */
    FLAG_INT,      /* whole number of 64 bits */
    FLAG_INT32,    /* whole number of 32 bits */
    FLAG_UINT,     /* whole number from 0, of 63 bits */
    FLAG_FLOAT,    /* any number */
    FLAG_DURATION, /* Go's "1m30s" */
    FLAG_LIST,     /* may be repeated; every value is one element */
    FLAG_COMMAS,   /* may be repeated; every value is cut at its commas */
};

enum flag_state {
    FLAG_BUILT,
    FLAG_UNBUILT, /* known to argo: "... is not supported yet" */
    FLAG_OWN,     /* not known to argo: no flag when the program is called so */
};

struct cli_flag {
    const char *name;    /* "output"; NULL closes a table */
    char letter;         /* 'o', or 0 */
    enum flag_type type; /* what a value must be */
    enum flag_state state;
    const char *fallback;    /* value when it is not given, or NULL */
    const char *choices;     /* FLAG_TEXT: "name|json|yaml|wide", or NULL for any */
    const char *own_choices; /* more of them, not known to argo, or NULL */
    const char *word;        /* placeholder in the help instead of the type's, or NULL */
    const char *help;        /* one line */
};

/* The flags that a command knows: its own and those of all commands. */
struct flag_tables {
    const struct cli_flag *own;    /* or NULL */
    const struct cli_flag *global; /* or NULL */
    bool hides_own;                /* FLAG_OWN rows are unknown */
};

struct flag_given {
    const struct cli_flag *flag;
    const char *value; /* borrowed from the arguments */
};

/* What the arguments said. */
struct flag_values {
    struct flag_tables tables;
    struct flag_given *given; /* in order */
    size_t given_count;
    const char **args; /* what is no flag, in order */
    size_t arg_count;
    bool wants_help; /* -h or --help stood before anything wrong */
};

/**
 * flags_read() - read arguments
 * @a:      where the lists live
 * @tables: known flags
 * @argv:   arguments without the program and the command; borrowed by the result
 * @argc:   how many
 * @ret:    what they said; reading stops at a call for help
 * @err:    ERR_INVALID in pflag's words; ERR_UNSUPPORTED for a flag that is not built yet
 *
 * Return: 0 or -1.
 */
int flags_read(struct arena *a, const struct flag_tables *tables, const char *const *argv,
               size_t argc, struct flag_values *ret, struct err *err);

/** flags_find() - row of a long name that may be given, or NULL */
const struct cli_flag *flags_find(const struct flag_tables *tables, struct str name);

/** flags_find_letter() - row of a letter, or NULL */
const struct cli_flag *flags_find_letter(const struct flag_tables *tables, char letter);

/** flags_is_given() - does the flag stand in the arguments? */
bool flags_is_given(const struct flag_values *v, const char *name);

/** flags_text() - last value of a flag, else its fallback, else NULL; a name without a row is a
 * bug of the caller */
const char *flags_text(const struct flag_values *v, const char *name);

/** flags_is_on() - is a switch on? */
bool flags_is_on(const struct flag_values *v, const char *name);

/** flags_int() - number of a FLAG_INT, FLAG_INT32 or FLAG_UINT; 0 without value and fallback */
int64_t flags_int(const struct flag_values *v, const char *name);

/** flags_duration() - nanoseconds of a FLAG_DURATION; 0 without value and fallback */
int64_t flags_duration(const struct flag_values *v, const char *name);

/**
 * flags_list() - all values of a FLAG_LIST or FLAG_COMMAS, in order
 * @a:         where the list lives
 * @ret_count: how many
 */
const struct str *flags_list(struct arena *a, const struct flag_values *v, const char *name,
                             size_t *ret_count);

/* Rows that a help leaves out: a sum of these. */
enum flag_hidden { FLAG_HIDE_NONE = 0, FLAG_HIDE_UNBUILT = 1, FLAG_HIDE_OWN = 2 };

/** flags_help() - the table as pflag shows it, sorted, one flag a line; nothing for NULL */
void flags_help(struct arena *a, struct strbuf *b, const struct cli_flag *table,
                unsigned hidden);

/** flags_is_value_behind() - does this argument, a flag, take the next one as its value? */
bool flags_is_value_behind(const struct flag_tables *tables, struct str argument);
