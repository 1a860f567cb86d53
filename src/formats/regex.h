/*
 * formats/regex.h - regular expressions with Go's syntax and meaning: RE2.
 *
 * Matching is linear in the text. A compiled expression is immutable and may be used on any
 * thread.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct regex;

/**
 * regex_new() - compile
 * @pattern: expression, UTF-8
 * @err:     ERR_INVALID "error parsing regexp: ...: `...`", in the words of Go
 *
 * Return: owned expression, or NULL.
 */
struct regex *regex_new(struct str pattern, struct err *err);

/** regex_free() - release; NULL is a no-op */
void regex_free(struct regex *r);
DEFINE_CLEANUP(struct regex *, regex_free)
#define _cleanup_regex_ _cleanup_(regex_freep)

/** regex_matches() - does the expression match anywhere in the text? */
bool regex_matches(const struct regex *r, struct str text);

/**
 * regex_search() - regex_new() and regex_matches() at once, for an expression that is used once
 * @pattern: expression; one without special characters is only looked for
 * @text:    text
 * @err:     as regex_new()
 *
 * Return: 1, 0 or -1.
 */
int regex_search(struct str pattern, struct str text, struct err *err);
