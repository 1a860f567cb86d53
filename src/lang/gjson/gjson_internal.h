/*
 * What the files of the room share.
 *
 * A run is one call from outside: its budgets and where things live. When a budget is spent the
 * error is filled and the run is over: all later work finds nothing, so code stays linear and
 * the door looks once at the end.
 */
#pragma once

#include "base/limits.h"
#include "base/strbuf.h"
#include "lang/gjson/gjson.h"

struct gjson_run {
    struct arena *a;
    struct err *err;
    size_t depth;   /* of calls into each other */
    size_t scanned; /* bytes looked at */
    size_t written; /* bytes of made texts */
    bool is_over;
};

/* ---- run.c: budgets ---- */

/** gjson_spend() - account for looking at some bytes; false when the run is over */
bool gjson_spend(struct gjson_run *run, size_t bytes);

/** gjson_enter() - one level deeper; false when the run is over. Pairs with gjson_leave() */
bool gjson_enter(struct gjson_run *run);

/** gjson_leave() - one level back */
void gjson_leave(struct gjson_run *run);

/** gjson_keep() - a made text into the arena; the buffer is spent; empty when the run is over
 */
struct str gjson_keep(struct gjson_run *run, struct strbuf *b);

/* A buffer for a text that gjson_keep() takes. */
#define GJSON_BUFFER STRBUF_INIT((size_t) GJSON_OUTPUT_MAX_BYTES)

/* ---- scan.c: the text ---- */

/** gjson_string_end() - where the string that begins at @at (behind its quote) ends: the offset
 * of the closing quote, or SIZE_MAX */
size_t gjson_string_end(struct str text, size_t at);

/** gjson_bracket_end() - behind the bracket that closes, when @depth are open at @at; the end
 * of the text when it does not */
size_t gjson_bracket_end(struct str text, size_t at, size_t depth);

/** gjson_squash() - the first value or bracketed part of a text */
struct str gjson_squash(struct str text);

/** gjson_unescape() - a string's inside decoded, up to the first thing that is no escape */
struct str gjson_unescape(struct arena *a, struct str inside);

/** gjson_next() - moves to the beginning of the next value or a closing bracket and returns its
 * byte; 0 at the end */
char gjson_next(struct str json, size_t *at);

/** gjson_read() - the value that begins at @at, and moves behind it; does not exist when it is
 * a string without an end */
struct gjson gjson_read(struct arena *a, struct str json, size_t *at);

/** gjson_trim() - without bytes up to blank at both ends */
struct str gjson_trim(struct str s);

/** gjson_digits() - a text of digits as number; SIZE_MAX when it is none */
size_t gjson_digits(struct str s);

/* ---- path.c: components ---- */

/* A component of a path inside an object. */
struct gjson_part {
    struct str name; /* decoded */
    struct str path; /* rest, when @has_more */
    struct str pipe; /* rest that begins anew, when @is_piped */
    bool is_wild, has_more, is_piped;
};

/* A component inside an array. */
struct gjson_array_part {
    struct gjson_part part;
    bool has_hash;        /* there is a "#" in it */
    bool is_map;          /* "#.path" */
    struct str each_path; /* of is_map */
    bool is_query, wants_all;
    struct str query_path, operator, value;
};

/** gjson_plain_name() - a component without the backslashes that quote */
struct str gjson_plain_name(struct arena *a, struct str component);

/** gjson_object_part() - the first component of a path in an object */
struct gjson_part gjson_object_part(struct arena *a, struct str path);

/** gjson_array_part_of() - the first component of a path in an array */
struct gjson_array_part gjson_array_part_of(struct arena *a, struct str path);

/** gjson_split_pipe() - the part before the first "|" that is not in brackets, and behind it */
bool gjson_split_pipe(struct str path, struct str *ret_left, struct str *ret_right);

/* ---- query.c ---- */

/** gjson_matches() - does a value fulfil a query? */
bool gjson_matches(struct gjson_run *run, const struct gjson_array_part *query,
                   struct gjson value);

/** gjson_glob() - does a text match a pattern with * and ? */
bool gjson_glob(struct gjson_run *run, struct str text, struct str pattern);

/* ---- get.c, collect.c, modify.c, pretty.c ---- */

/** gjson_find() - gjson_get() inside a run */
struct gjson gjson_find(struct gjson_run *run, struct str json, struct str path);

/**
 * gjson_collect() - "[a,b]" or "{a,b}"
 * @run:  run
 * @json: text
 * @path: path; without its list when that does not end, or does not end the component
 * @ret:  what was collected, or found behind it
 *
 * Return: whether it was one.
 */
bool gjson_collect(struct gjson_run *run, struct str json, struct str *path, struct gjson *ret);

/** gjson_is_modifier() - is there a modifier of this name? */
bool gjson_is_modifier(struct str name);

/**
 * gjson_modify() - a path that begins with a modifier or a literal
 * @run:      run
 * @json:     text
 * @path:     path
 * @ret_rest: path behind it
 * @ret:      new text
 *
 * Return: whether it was one.
 */
bool gjson_modify(struct gjson_run *run, struct str json, struct str path, struct str *ret_rest,
                  struct str *ret);

/** gjson_pretty() - indented, with options as JSON or "" */
struct str gjson_pretty(struct gjson_run *run, struct str json, struct str options);

/** gjson_ugly() - without white space */
struct str gjson_ugly(struct gjson_run *run, struct str json);
