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

/** lint_expressions() - warnings about conditions and expressions that cannot be read */
void lint_expressions(struct arena *a, const struct object_document *doc, struct str object,
                      struct lint_result *ret);
