/*
 * lang/jq/jq.h - jq programs: transform.jq of sensors, jqFilter of resource templates.
 *
 * The language and its answers are gojq's: objects have their keys sorted, regular expressions
 * are RE2's, whole numbers are exact and arbitrarily long as long as they stay whole, $ENV is
 * empty; modules, input and debug are not there. Numbers of documents arrive as doubles, as
 * encoding/json reads them.
 *
 * The interpreter is ours because an evaluation must end: libjq can neither be stopped in a
 * loop nor told how much memory it may take, short of a process for every event. Here each
 * evaluation has a budget of steps, memory and depth. Budgets cannot be caught by "try". A
 * compiled program is immutable; any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "formats/json.h"

struct jq_program;

struct jq_outputs {
    const struct json *at;
    size_t len;
};

/**
 * jq_compile() - read a program
 * @source: text; not kept
 * @err:    ERR_INVALID with line, column and what was found; ERR_LIMIT over JQ_TEXT_MAX_BYTES
 * or JQ_DEPTH_MAX
 *
 * Return: owned program, or NULL.
 */
struct jq_program *jq_compile(struct str source, struct err *err);

/** jq_free() - release; NULL is a no-op */
void jq_free(struct jq_program *p);
DEFINE_CLEANUP(struct jq_program *, jq_free)
#define _cleanup_jq_ _cleanup_(jq_freep)

/**
 * jq_run() - evaluate
 * @p:     program
 * @a:     where the outputs live
 * @input: document
 * @max:   outputs that are wanted; it ends when there are so many
 * @ret:   outputs; objects have their keys sorted
 * @err:   ERR_INVALID with the error that the program raised, or for an output that JSON has
 *         not; ERR_LIMIT over JQ_STEPS_MAX, JQ_MEMORY_MAX_BYTES or JQ_STACK_MAX_BYTES
 *
 * Return: 0 or -1.
 */
int jq_run(const struct jq_program *p, struct arena *a, const struct json *input, size_t max,
           struct jq_outputs *ret, struct err *err);

/**
 * jq_text() - outputs as jqFilter of a resource template gives them
 * @a:   where the text lives
 * @out: outputs; texts as they are, others as JSON, a line each, white space around cut off
 */
struct str jq_text(struct arena *a, const struct jq_outputs *out);
