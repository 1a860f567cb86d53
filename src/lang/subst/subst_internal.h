/*
 * lang/subst/subst_internal.h - the parts of a plan. Private to lang/subst/subst*.c.
 *
 * A text is cut into pieces: literal text, then a tag, in turn. A tag is kept in two spellings:
 * as it stands in JSON text (that one is looked up and shown in errors, because upstream works
 * on JSON text) and as it reads in the decoded string (that one is written back). They differ
 * only in tags with quotes, backslashes, control characters or <, > and &.
 */
#pragma once

#include "base/vec.h"
#include "lang/subst/subst.h"

struct subst_tag {
    struct str text;  /* between the braces, as in JSON text; an expression with its "=" */
    struct str shown; /* the same, decoded */
    struct str name;  /* of a plain tag: text without white space around it */
    struct str inner; /* behind the last "{{" inside the tag, or the absent view */
    bool is_expr;
};

struct subst_piece {
    struct str literal;   /* decoded in a string, as it is in a text */
    struct subst_tag tag; /* behind the literal; its text is absent in the last piece */
};

struct subst_pieces {
    VEC(struct subst_piece) list;
};

/* What is to be done in one value of the document. */
struct subst_node {
    const struct json *from;           /* the original */
    const struct subst_pieces *string; /* JSON_STRING */
    struct subst_child *children;      /* JSON_ARRAY, JSON_OBJECT: those with tags, ascending */
    size_t child_count;
};

struct subst_child {
    uint32_t index;                 /* of the item or member */
    const struct subst_pieces *key; /* NULL when the member's name has no tag */
    const struct subst_node *value; /* NULL when its value has none */
};

struct subst_plan {
    const struct json *doc;
    const struct subst_node *top; /* NULL: no tags, or tags in the text only */
    const struct subst_pieces
        *whole; /* tags reach over the ends of strings: the document as text */
};

enum subst_form {
    SUBST_DECODED, /* pieces of a decoded string */
    SUBST_ENCODED, /* pieces of JSON text, or of any other text */
};

/**
 * subst_cut() - cut a text into pieces
 * @a:    where they live; they borrow @text
 * @text: text
 * @form: whether the text is a decoded string
 * @ret:  pieces; one without a tag when there are no tags
 * @err:  ERR_INVALID when a tag has no end
 *
 * Return: 0 or -1.
 */
int subst_cut(struct arena *a, struct str text, enum subst_form form, struct subst_pieces *ret,
              struct err *err);
