/*
 * lang/expr/tag.h - expressions in "{{=...}}" tags: the hook of lang/subst, and conditions over
 * the same names.
 *
 * The names that an expression asks for are looked up one by one as plain tags are, and nested
 * by their dots. Where it asks for more than a value ("inputs.parameters", "steps.a"), what the
 * scope can tell is gathered. Pure, any thread.
 * ../shared/golden/lang/substitute.jsonl decides.
 */
#pragma once

#include "lang/expr/expr.h"
#include "lang/subst/subst.h"

struct expr_tag_names;

/* Gives one name, which is borrowed until the substitution ends. */
void expr_tag_tell(struct expr_tag_names *to, struct str name, struct value value);

/* What a tag needs besides the look-up of names: stands in subst_options.expr_ctx. */
struct expr_tag_scope {
    struct wall now;
    /* Tells the names that are @prefix or begin with it and a dot to expr_tag_tell(), as far as
     * a look-up would not find them; NULL: there are none. */
    void (*each)(const struct subst_options *opts, struct str prefix,
                 struct expr_tag_names *to);
};

/**
 * expr_tag() - the value of an expression tag; a subst_expr_fn
 * @opts: names; expr_ctx is a const struct expr_tag_scope *
 * @a:    where the value lives
 * @expr: text behind "{{="
 * @ret:  its value
 * @err:  ERR_NOT_FOUND "failed to evaluate expression: X is missing", ERR_INVALID,
 * ERR_UNSUPPORTED, ERR_LIMIT
 *
 * A tag that has no value is left as it is when one of its names may stay unresolved and is
 * missing, or when all may.
 *
 * Return: 1, 0 to leave the tag, or -1.
 */
int expr_tag(const struct subst_options *opts, struct arena *a, struct str expr,
             struct json *ret, struct err *err);

/**
 * expr_tag_value() - the value of an expression without braces
 * @opts: as expr_tag(); whether names may stay unresolved does not matter
 * @a:    where the value lives
 * @expr: expression
 * @ret:  its value; untouched on failure
 * @err:  as expr_eval(): a name that is not there is refused
 *
 * Return: 0 or -1.
 */
int expr_tag_value(const struct subst_options *opts, struct arena *a, struct str expr,
                   struct value *ret, struct err *err);

/**
 * expr_tag_text() - expr_tag_value() as the text of a parameter: a text as it is, anything else
 * as Go's %v prints it, as upstream makes it
 * @opts: as expr_tag_value()
 * @a:    where the text lives
 * @expr: expression
 * @ret:  its text, absent for nil; untouched on failure
 * @err:  as expr_tag_value()
 *
 * Return: 0 or -1.
 */
int expr_tag_text(const struct subst_options *opts, struct arena *a, struct str expr,
                  struct str *ret, struct err *err);

/**
 * expr_tag_bool() - expr_tag_value() of a condition
 * @opts: as expr_tag_value()
 * @a:    scratch
 * @expr: condition
 * @ret:  its value; untouched on failure
 * @err:  as expr_eval_bool()
 *
 * Return: 0 or -1.
 */
int expr_tag_bool(const struct subst_options *opts, struct arena *a, struct str expr, bool *ret,
                  struct err *err);
