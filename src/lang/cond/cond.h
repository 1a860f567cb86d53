/*
 * lang/cond/cond.h - the condition `when` of steps and tasks: the language of govaluate, as
 * Argo uses it.
 *
 * The text is what is left after substitution. Bare words are texts ("heads == heads"), numbers
 * are floats, quoted texts that look like a date are its Unix seconds. Operators: == != < <= >
 * >= =~ !~ in, && || !, + - * / % ** & | ^ << >> ~, ? : ??, and lists "a, b". The order of
 * their precedence, what follows what and every message are govaluate's, oddities included: a
 * message becomes the node's. Pure, any thread. Doesn't do: substitution, the CronWorkflow's
 * `when` (bare words are no texts there).
 *
 * ../shared/golden/lang/when.jsonl decides; when-random.jsonl is what the original answered to
 * random texts.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

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
