/* lang/cond/cond_internal.h - tokens, stages and values of conditions. */
#pragma once

#include "base/strbuf.h"
#include "base/vec.h"
#include "formats/gotime.h"
#include "lang/cond/cond.h"

/* Kinds of tokens, with the names that messages show. */
#define COND_KINDS(X) \
    X(UNKNOWN)        \
    X(PREFIX)         \
    X(NUMERIC)        \
    X(BOOLEAN)        \
    X(STRING)         \
    X(PATTERN)        \
    X(TIME)           \
    X(VARIABLE)       \
    X(SEPARATOR)      \
    X(ACCESSOR)       \
    X(COMPARATOR)     \
    X(LOGICALOP)      \
    X(MODIFIER)       \
    X(CLAUSE)         \
    X(CLAUSE_CLOSE)   \
    X(TERNARY)

enum cond_kind {
#define X(name) COND_##name,
    COND_KINDS(X)
#undef X
};

enum cond_symbol {
    COND_OP_LITERAL, /* a value, or a name */
    COND_OP_NOOP,    /* parentheses */
    COND_OP_ACCESS,  /* a.B: nothing has fields */
    COND_OP_NEGATE,
    COND_OP_INVERT,
    COND_OP_BITWISE_NOT,
    COND_OP_EXPONENT,
    COND_OP_MULTIPLY,
    COND_OP_DIVIDE,
    COND_OP_MODULUS,
    COND_OP_PLUS,
    COND_OP_MINUS,
    COND_OP_LSHIFT,
    COND_OP_RSHIFT,
    COND_OP_AND_BITS,
    COND_OP_OR_BITS,
    COND_OP_XOR_BITS,
    COND_OP_EQ,
    COND_OP_NEQ,
    COND_OP_GT,
    COND_OP_GTE,
    COND_OP_LT,
    COND_OP_LTE,
    COND_OP_REQ,
    COND_OP_NREQ,
    COND_OP_IN,
    COND_OP_AND,
    COND_OP_OR,
    COND_OP_THEN,     /* ? */
    COND_OP_ELSE,     /* : */
    COND_OP_COALESCE, /* ?? */
    COND_OP_SEPARATE,
};

/* Levels of operators with two sides, loosest first, and those that have none of them. */
enum cond_level {
    COND_LEVEL_SEPARATE,
    COND_LEVEL_TERNARY,
    COND_LEVEL_OR,
    COND_LEVEL_AND,
    COND_LEVEL_COMPARATOR,
    COND_LEVEL_BITS,
    COND_LEVEL_SHIFT,
    COND_LEVEL_ADDITIVE,
    COND_LEVEL_MULTIPLICATIVE,
    COND_LEVEL_EXPONENT,
    COND_LEVEL_PREFIX,
    COND_LEVEL_ACCESS,
    COND_LEVEL_VALUE,
    COND_LEVEL_NOOP,
};

struct cond_token {
    enum cond_kind kind;
    enum cond_symbol symbol; /* of operators */
    struct str text;         /* of words, quoted texts and operators */
    double number;           /* NUMERIC; 1 for a true BOOLEAN */
    struct gotime time;      /* TIME */
};

enum cond_type {
    COND_NIL,
    COND_BOOL,
    COND_NUMBER,
    COND_TEXT,
    COND_REGEX, /* text behind =~; differs from a text in what may be done with it */
    COND_LIST,
    COND_OBJECT, /* of a name */
};

struct cond_value {
    enum cond_type type;
    bool is_true;
    double number;
    struct str text;
    struct cond_value *items; /* COND_LIST; grows in place, as a list is used once */
    size_t count, room;
    const struct json *object; /* COND_OBJECT; borrowed */
};

/* A node of the plan. Both sides may be missing. */
struct cond_stage {
    enum cond_symbol symbol;
    const struct cond_token *token; /* of literals and names */
    struct cond_stage *left, *right;
};

/* A condition while it is looked at. */
struct cond {
    struct arena *a;
    VEC(struct cond_token) tokens;
    struct cond_stage *root;        /* or NULL */
    const struct cond_names *names; /* NULL: bare words are texts */
    size_t made_bytes;              /* texts that operators made */
    struct err *err;
};

struct cond_program {
    struct cond read; /* without what belongs to a run: arena, names, error */
};

/** cond_lex() - the tokens of a text */
int cond_lex(struct cond *c, struct str text);

/** cond_symbol_of() - the operator of that kind and text; false when there is none */
bool cond_symbol_of(enum cond_kind kind, struct str text, enum cond_symbol *ret);

/** cond_level_of() - how tightly an operator binds */
enum cond_level cond_level_of(enum cond_symbol symbol);

/** cond_symbol_name() - the operator as messages show it */
const char *cond_symbol_name(enum cond_symbol symbol);

/** cond_may_follow() - may a token of kind @next stand behind one of kind @kind? */
bool cond_may_follow(enum cond_kind kind, enum cond_kind next);

/** cond_check_balance() - as many closing parentheses as opening ones? */
int cond_check_balance(struct cond *c);

/** cond_check_syntax() - does each token stand behind one that it may follow? */
int cond_check_syntax(struct cond *c);

/** cond_check_patterns() - texts behind =~ and !~ become patterns, if they are any */
int cond_check_patterns(struct cond *c);

/** cond_plan() - the tree of the tokens, in the order in which govaluate computes it */
int cond_plan(struct cond *c);

/** cond_run() - the value of the plan */
int cond_run(struct cond *c, struct cond_value *ret);

/** cond_value_of() - a document as a value */
struct cond_value cond_value_of(struct arena *a, const struct json *v);

/** cond_number_text() - a number as Go's %v prints it */
struct str cond_number_text(struct arena *a, double number);

/** cond_value_add() - append a value as Go's %v prints it */
void cond_value_add(struct strbuf *b, const struct cond_value *v);

/** cond_value_text() - a value as Go's %v prints it */
struct str cond_value_text(struct arena *a, const struct cond_value *v);
