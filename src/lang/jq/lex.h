/* lang/jq/lex.h - tokens of jq programs. */
#pragma once

#include "base/strbuf.h"

enum jq_token_kind {
    JQ_T_END,
    JQ_T_WORD,     /* also keywords */
    JQ_T_FIELD,    /* .name; text without the point */
    JQ_T_VARIABLE, /* $name; text with the "$" */
    JQ_T_FORMAT,   /* @name; text with the "@" */
    JQ_T_NUMBER,
    JQ_T_QUOTE, /* the beginning of a text */
    JQ_T_SIGN,  /* an operator or bracket; text as written */
    JQ_T_BAD,
};

struct jq_token {
    enum jq_token_kind kind;
    struct str text;
    size_t pos; /* where it begins */
    size_t end; /* where it ends */
};

/** jq_lex() - the token at or behind @pos of @source */
struct jq_token jq_lex(struct str source, size_t pos);

/** jq_is_keyword() - is a word one of the language? */
bool jq_is_keyword(struct str word);

/**
 * jq_read_escape() - an escape of a text
 * @b: its meaning is appended
 * @s: text that begins with a backslash
 *
 * Return: bytes that were read; 0 for a bad one.
 */
size_t jq_read_escape(struct strbuf *b, struct str s);
