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

/* Bytes of a match or of one of its groups. */
struct regex_span {
    size_t from, to; /* SIZE_MAX: the group has no part in the match */
};

enum { REGEX_SPANS_MAX = 32 }; /* the match itself and groups that are told of */

/**
 * regex_find() - the first match at or behind a place
 * @r:    expression
 * @text: text; what stands before the place counts for "^" and "\b"
 * @from: place, at most the text's length
 * @ret:  the match and then its groups, @count of them
 * @count: at most REGEX_SPANS_MAX
 *
 * Return: whether there is one.
 */
bool regex_find(const struct regex *r, struct str text, size_t from, struct regex_span *ret,
                size_t count);

/** regex_groups() - how many capturing groups an expression has */
size_t regex_groups(const struct regex *r);

/** regex_group_of() - number of a named group of a pattern, or 0 */
size_t regex_group_of(struct str pattern, struct str name);

/** regex_group_name() - name of the group of that number, from 1; absent when it has none */
struct str regex_group_name(struct str pattern, size_t number);
