/* lang/template/template_internal.h - tokens, nodes and the run of a template. */
#pragma once

#include "base/limits.h"
#include "lang/template/template.h"
#include "lang/value/text.h"

enum template_token_kind {
    TEMPLATE_ERROR,
    TEMPLATE_TOKEN_BOOL,
    TEMPLATE_CHAR, /* a printable character that means nothing else */
    TEMPLATE_CHAR_CONSTANT,
    TEMPLATE_ASSIGN,
    TEMPLATE_DECLARE,
    TEMPLATE_EOF,
    TEMPLATE_TOKEN_FIELD,
    TEMPLATE_TOKEN_IDENTIFIER,
    TEMPLATE_LEFT,
    TEMPLATE_LEFT_PAREN,
    TEMPLATE_TOKEN_NUMBER,
    TEMPLATE_TOKEN_PIPE,
    TEMPLATE_RAW_STRING,
    TEMPLATE_RIGHT,
    TEMPLATE_RIGHT_PAREN,
    TEMPLATE_SPACE,
    TEMPLATE_QUOTED,
    TEMPLATE_TOKEN_TEXT,
    TEMPLATE_TOKEN_VARIABLE,
    TEMPLATE_KEYWORD, /* keywords stand behind it */
    TEMPLATE_BLOCK,
    TEMPLATE_TOKEN_BREAK,
    TEMPLATE_TOKEN_CONTINUE,
    TEMPLATE_TOKEN_DOT,
    TEMPLATE_DEFINE,
    TEMPLATE_ELSE,
    TEMPLATE_END,
    TEMPLATE_TOKEN_IF,
    TEMPLATE_TOKEN_NIL,
    TEMPLATE_TOKEN_RANGE,
    TEMPLATE_TOKEN_TEMPLATE,
    TEMPLATE_TOKEN_WITH,
};

struct template_token {
    enum template_token_kind kind;
    uint32_t pos, line; /* bytes from the beginning; lines from 1 */
    struct str text;    /* of an error: its message */
};

enum template_node_kind {
    TEMPLATE_LIST,
    TEMPLATE_TEXT,
    TEMPLATE_ACTION,
    TEMPLATE_COMMAND,
    TEMPLATE_FIELD,
    TEMPLATE_IDENTIFIER,
    TEMPLATE_VARIABLE,
    TEMPLATE_CHAIN,
    TEMPLATE_DOT,
    TEMPLATE_NIL,
    TEMPLATE_BOOL,
    TEMPLATE_NUMBER,
    TEMPLATE_STRING,
    TEMPLATE_PIPE,
    TEMPLATE_IF,
    TEMPLATE_RANGE,
    TEMPLATE_WITH,
    TEMPLATE_CALL, /* {{template}} and {{block}} */
    TEMPLATE_BREAK,
    TEMPLATE_CONTINUE,
};

struct template_node;

typedef VEC(struct template_node *) template_nodes;

struct template_node {
    enum template_node_kind kind;
    uint32_t pos;
    struct str text;   /* text, name, spelling of a number or string */
    struct str value;  /* TEMPLATE_STRING without quotes */
    struct str *names; /* of fields and variables, "$x" first */
    size_t name_count;
    template_nodes kids;      /* of lists; arguments of a command; commands of a pipeline */
    template_nodes variables; /* that a pipeline declares or assigns */
    struct template_node *pipe, *body, *otherwise; /* of actions and controls; CHAIN: pipe */
    const struct value_function *function;         /* IDENTIFIER */
    bool is_assignment, is_true;
    bool is_int, is_unsigned, is_float; /* what a number can be */
    int64_t number;
    double real;
};

struct template_tree {
    struct str name;
    struct template_node *root;
};

struct template
{
    struct str name, text;
    VEC(struct template_tree) trees; /* the main one first */
};

/** template_lex() - the tokens of a text, the last one is TEMPLATE_EOF or TEMPLATE_ERROR */
struct template_token *template_lex(struct arena *a, struct str text);

/** template_parse() - fill the trees of a template */
int template_parse(struct arena *a, struct template *t, struct err *err);

/** template_node_text() - a node as Go prints it in messages */
struct str template_node_text(struct arena *a, const struct template_node *n);

/** template_unquote() - strconv.Unquote of a text in quotes; false when it is malformed */
bool template_unquote(struct arena *a, struct str quoted, struct str *ret);

/** template_unquote_char() - a character constant in quotes; false when it is malformed */
bool template_unquote_char(struct str quoted, uint32_t *ret);

/** template_find_tree() - a named template, or NULL */
const struct template_tree *template_find_tree(const struct template *t, struct str name);

/** template_function() - a function by name: sprig's, then Go's own; or NULL */
const struct value_function *template_function(struct str name);

/* Go's own functions that are not called like others. */
enum template_special {
    TEMPLATE_USUAL,
    TEMPLATE_AND, /* arguments are evaluated one after the other */
    TEMPLATE_OR,
    TEMPLATE_CALL_VALUE, /* wants the spelling of its first argument */
};

/** template_is_true() - does a condition hold? */
bool template_is_true(const struct value *v);
