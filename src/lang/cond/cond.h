/*
 * lang/cond/cond.h - the condition `when` of steps and tasks and the expressions of a sensor's
 * filters: the language of govaluate, as Argo uses it.
 *
 * Of `when`, the text is what is left after substitution and bare words are texts ("heads ==
 * heads"); of filters they are names, which have values. Numbers are floats, quoted texts that
 * look like a date are its Unix seconds. Operators: == != < <= >
 * >= =~ !~ in, && || !, + - * / % ** & | ^ << >> ~, ? : ??, and lists "a, b". The order of
 * their precedence, what follows what and every message are govaluate's, oddities included: a
 * message becomes the node's. Conditions of triggers are read once and run for each event.
 * Pure, any thread; what is read may be shared. Doesn't do: substitution, fields of values
 * ("a.B" is an error, whatever a is), functions.
 *
 * ../shared/golden/lang/when.jsonl decides; when-random.jsonl is what the original answered to
 * random texts.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "formats/json.h"

/**
 * cond_eval() - is a condition met?
 * @a:    scratch; nothing of the result lives there
 * @text: condition after substitution; empty is met
 * @ret:  whether it is met; untouched on failure
 * @err:  ERR_INVALID with upstream's whole message ("Invalid 'when' expression '...': ..."),
 * which is the message of the node; ERR_LIMIT over COND_DEPTH_MAX, COND_TOKENS_MAX or
 * COND_OUTPUT_MAX_BYTES
 *
 * Return: 0 or -1. For false, the node is Skipped with the message "when '<text>' evaluated
 * false".
 */
int cond_eval(struct arena *a, struct str text, bool *ret, struct err *err);

/**
 * cond_eval_plain() - is a condition met, in which bare words are names that have no value?
 * @a:    scratch; nothing of the result lives there
 * @text: condition after substitution; empty is met
 * @ret:  whether it is met; untouched on failure
 * @err:  ERR_INVALID with govaluate's message, or that the value is no boolean; ERR_LIMIT as
 * cond_eval()
 *
 * Return: 0 or -1. This is the `when` of a CronWorkflow.
 */
int cond_eval_plain(struct arena *a, struct str text, bool *ret, struct err *err);

/* A name that an expression may use. */
struct cond_name {
    struct str name;
    const struct json *value; /* numbers count as floats; borrowed */
};

struct cond_names {
    const struct cond_name *at;
    size_t len; /* of the same name twice the last counts */
};

/**
 * cond_eval_names() - is an expression over named values true?
 * @a:     scratch; nothing of the result lives there
 * @text:  expression; an empty one is an error
 * @names: what bare words mean
 * @ret:   whether its value is true: one that is no boolean is not; untouched on failure
 * @err:   ERR_INVALID with govaluate's message; ERR_LIMIT as cond_eval()
 *
 * Return: 0 or -1.
 */
int cond_eval_names(struct arena *a, struct str text, const struct cond_names *names, bool *ret,
                    struct err *err);

/* An expression that is read; immutable, in the arena that it was read into. */
struct cond_program;

/**
 * cond_compile() - read an expression that is run many times
 * @a:    where it lives
 * @text: expression; an empty one is an error; copied as needed
 * @ret:  the program; untouched on failure
 * @err:  as cond_eval_names()
 *
 * Return: 0 or -1.
 */
int cond_compile(struct arena *a, struct str text, const struct cond_program **ret,
                 struct err *err);

/**
 * cond_run_names() - is a program true of these names?
 * @program: what cond_compile() read
 * @a:       scratch; nothing of the result lives there
 * @names:   what bare words mean
 * @ret:     as of cond_eval_names()
 * @err:     as of cond_eval_names()
 *
 * Return: 0 or -1.
 */
int cond_run_names(const struct cond_program *program, struct arena *a,
                   const struct cond_names *names, bool *ret, struct err *err);

/**
 * cond_next_name() - the names of a program, as often as they stand there
 * @program: program
 * @at:      0 at first; goes on with each call
 * @ret:     the name, as long as the program
 *
 * Return: false behind the last one.
 */
bool cond_next_name(const struct cond_program *program, size_t *at, struct str *ret);
