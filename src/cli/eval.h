/*
 * cli/eval.h - the languages that `tiphys eval` tries out.
 *
 * A language is one row of eval.def and one function. It gets the text and a document, and
 * answers what a manifest would get. Pure but for the clock that it is given.
 */
#pragma once

#include "base/clock.h"
#include "formats/json.h"

/* What a text is evaluated against. */
struct eval_input {
    struct json doc;   /* null without --in */
    struct str source; /* the document as JSON text; "null" without --in */
    struct wall now;
};

/*
 * Evaluates a text: @ret is the result as it is printed, in the arena. Errors are those of the
 * language.
 */
typedef int (*eval_fn)(struct arena *a, struct str text, const struct eval_input *in,
                       struct str *ret, struct err *err);

struct eval_language {
    const char *name, *summary;
    eval_fn run;
};

/** eval_language_of() - a language by name, or NULL */
const struct eval_language *eval_language_of(const char *name);

/**
 * eval_read() - a document for eval_input, from JSON or YAML
 * @a:    where it lives
 * @text: document
 * @ret:  input with doc and source filled; borrows @text
 * @err:  ERR_INVALID, ERR_LIMIT
 *
 * Return: 0 or -1.
 */
int eval_read(struct arena *a, struct str text, struct eval_input *ret, struct err *err);
