/* cli/lint_internal.h - what the files of lint share. Pure. */
#pragma once

#include "cli/lint.h"

/** lint_print_spot() - a place with its line and a caret below it; its note alone when the
 * place is not known */
void lint_print_spot(struct strbuf *b, struct str file, struct str source,
                     const struct lint_spot *spot, const struct lint_style *style);

/** lint_between() - what stands between two texts, or behind @before when @after is empty;
 * empty when there is none */
struct str lint_between(struct str text, const char *before, const char *after);

/** lint_near_root() - the beginning of variables (with @is_expr also a function) that is near
 * to that of @name and was probably meant; empty when @name is good or near to nothing */
struct str lint_near_root(struct str name, bool is_expr);

/** lint_near_name() - the name that a writer most probably meant, among those of a broken
 * rule's text and document: 'did you mean "hello"?'; empty when there is none */
struct str lint_near_name(struct arena *a, const struct json *doc, struct str text);

/* What looks for texts that cannot be read. */
struct lint_checker {
    struct arena *a;
    const struct object_document *doc;
    struct str object;
    struct lint_result *ret;
    uint32_t pos; /* in the document, of the text that is looked at */
};

/**
 * lint_warn() - a warning about a text
 * @what: what it is: "invalid condition"
 * @text: the part of it that is marked
 * @why:  what is wrong with it
 * @note: what comes of it
 */
void lint_warn(struct lint_checker *c, const char *what, struct str text, struct str why,
               struct str note);

/** lint_sensor() - warnings about conditions, programs and templates of a Sensor that cannot be
 * read, and about dependencies that it does not have; nothing for other kinds */
void lint_sensor(struct arena *a, const struct object_document *doc, struct str object,
                 struct lint_result *ret);

/** lint_expressions() - warnings about conditions and expressions that cannot be read */
void lint_expressions(struct arena *a, const struct object_document *doc, struct str object,
                      struct lint_result *ret);
