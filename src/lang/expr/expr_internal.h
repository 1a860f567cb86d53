/* lang/expr/expr_internal.h - tokens, nodes, checked types and the run of an expression. */
#pragma once

#include "base/strbuf.h"
#include "base/vec.h"
#include "formats/regex.h"
#include "lang/expr/expr.h"
#include "lang/value/text.h"

enum expr_token_kind {
    EXPR_EOF,
    EXPR_BAD, /* no token: its text says why */
    EXPR_IDENTIFIER,
    EXPR_NUMBER,
    EXPR_TEXT,
    EXPR_BYTE_TEXT,
    EXPR_OPERATOR,
    EXPR_BRACKET,
};

struct expr_token {
    enum expr_token_kind kind;
    uint32_t pos;    /* byte offset in the source */
    struct str text; /* decoded for texts */
};

enum expr_node_kind {
    EXPR_NODE_LITERAL,
    EXPR_NODE_NAME,
    EXPR_NODE_POINTER, /* #, #acc, #index */
    EXPR_NODE_UNARY,
    EXPR_NODE_BINARY,
    EXPR_NODE_CONDITION, /* ?: and if */
    EXPR_NODE_MEMBER,
    EXPR_NODE_SLICE, /* the bounds may be missing */
    EXPR_NODE_CHAIN, /* where a "?." on nil ends */
    EXPR_NODE_ARRAY,
    EXPR_NODE_MAP, /* keys and values in turn */
    EXPR_NODE_CALL,
    EXPR_NODE_BUILTIN,
    EXPR_NODE_PREDICATE, /* builtin with a closure */
    EXPR_NODE_LET,
    EXPR_NODE_SEQUENCE,
};

#define EXPR_OPS(X)             \
    X(PIPE, "|", 0)             \
    X(OR, "||", 10)             \
    X(AND, "&&", 15)            \
    X(EQ, "==", 20)             \
    X(NE, "!=", 20)             \
    X(LT, "<", 20)              \
    X(GT, ">", 20)              \
    X(GE, ">=", 20)             \
    X(LE, "<=", 20)             \
    X(IN, "in", 20)             \
    X(MATCHES, "matches", 20)   \
    X(CONTAINS, "contains", 20) \
    X(STARTS, "startsWith", 20) \
    X(ENDS, "endsWith", 20)     \
    X(RANGE, "..", 25)          \
    X(ADD, "+", 30)             \
    X(SUB, "-", 30)             \
    X(MUL, "*", 60)             \
    X(DIV, "/", 60)             \
    X(MOD, "%", 60)             \
    X(POW, "**", 100)           \
    X(COALESCE, "??", 500)

enum expr_op {
#define X(name, text, precedence) EXPR_OP_##name,
    EXPR_OPS(X)
#undef X
        EXPR_OP_NOT, /* one side only */
};

/* What is known of a value before the run. */
struct expr_nature {
    enum value_type type;
    uint8_t go;                            /* enum value_go */
    bool is_known;                         /* false: any value */
    const struct expr_nature *elem;        /* of arrays; NULL: any */
    const struct value_function *function; /* which one it is, if that is known */
};

struct expr_node {
    enum expr_node_kind kind;
    enum expr_op op;
    uint32_t pos;
    uint32_t closure_pos;     /* PREDICATE: where its closure begins */
    bool is_optional;         /* MEMBER: ?. */
    bool is_constant;         /* a whole number known before the run */
    enum value_type asserted; /* == and !=: what both sides must be, or it fails; else nil */
    struct str name;          /* NAME, POINTER, LET, operator as written */
    struct value value;       /* LITERAL; also a constant's */
    struct expr_node **kids;  /* operands, arguments, items */
    size_t kid_count, depth;
    const struct value_function *function; /* BUILTIN, PREDICATE */
};

struct expr_program {
    struct str text;
    struct expr_node *root;
};

/* A name that "let" made. */
struct expr_variable {
    struct str name;
    struct value value;        /* at the run */
    struct expr_nature nature; /* at the check */
    const struct expr_variable *outer;
};

/* The item that a closure looks at. */
struct expr_closure {
    struct value item, acc;
    struct expr_nature nature;
    bool has_index, has_acc; /* at the check: which pointers there are besides # */
    bool has_no_item;        /* at the run: of a map, which has a length only */
    size_t index;
    const struct expr_closure *outer;
};

/* One run; also carries the check. */
struct expr_run {
    struct value_run v;
    struct str text;
    const struct expr_env *env;
    const struct expr_variable *variables;
    const struct expr_closure *closure;
    bool is_chain_over; /* a "?." met nil */
};

/* Builtins with a closure: what their rows have as their special. */
enum expr_predicate {
    EXPR_NO_PREDICATE,
    EXPR_ALL,
    EXPR_NONE,
    EXPR_ANY,
    EXPR_ONE,
    EXPR_FILTER,
    EXPR_MAP_EACH,
    EXPR_COUNT,
    EXPR_SUM,
    EXPR_FIND,
    EXPR_FIND_INDEX,
    EXPR_FIND_LAST,
    EXPR_FIND_LAST_INDEX,
    EXPR_GROUP_BY,
    EXPR_SORT_BY,
    EXPR_REDUCE,
};

/** expr_lex() - the tokens of a text, in @a; the last one is EXPR_EOF, behind what is none an
 * EXPR_BAD with its message */
int expr_lex(struct arena *a, struct str text, struct expr_token **ret, struct err *err);

/** expr_parse() - the tree of a text; @env tells which builtins are overridden */
int expr_parse(struct arena *a, struct str text, const struct expr_env *env,
               struct expr_node **ret, struct err *err);

/** expr_check() - refuse what cannot work, fold whole numbers */
int expr_check(struct expr_run *r, struct expr_node *n, struct expr_nature *ret);

/** expr_nature_name() - Go's name of a type; "unknown" of any value and of nil */
const char *expr_nature_name(const struct expr_nature *n);

/** expr_nature_of_letter() - the type behind a letter of a signature; any value for others */
struct expr_nature expr_nature_of_letter(char letter);

/** expr_check_builtin() - the arguments of a builtin, and what it answers */
int expr_check_builtin(struct expr_run *r, const struct expr_node *n, struct expr_nature *ret);

/** expr_check_function() - the same of a call of Argo's function @f */
int expr_check_function(struct expr_run *r, const struct expr_node *n,
                        const struct value_function *f, struct expr_nature *ret);

/** expr_check_method() - the same of a call of a method of @type */
int expr_check_method(struct expr_run *r, const struct expr_node *n, enum value_type type,
                      struct str name, struct expr_nature *ret);

/** expr_eval_node() - the value of a node */
int expr_eval_node(struct expr_run *r, const struct expr_node *n, struct value *ret);

/** expr_predicate_eval() - the value of a builtin with a closure */
int expr_predicate_eval(struct expr_run *r, const struct expr_node *n, struct value *ret);

/** expr_fail_conversion() - a value is not of Go's type @want: ERR_INVALID without a place; -1
 */
int expr_fail_conversion(struct value_run *r, const struct value *v, const char *want);

/** expr_fail_item() - the item of a map was asked for: ERR_INVALID without a place; -1 */
int expr_fail_item(struct value_run *r);

/** expr_index_int() - a value as a whole number, as an index or a count; texts are none */
int expr_index_int(struct value_run *r, const struct value *v, int64_t *ret);

/** expr_locate() - put "(line:column)" and the line with a caret behind an error's text */
int expr_locate(struct str text, uint32_t pos, struct err *err);

/** expr_name_find() - a name of the environment or one of Argo's functions */
bool expr_name_find(const struct expr_env *env, struct arena *a, struct str name,
                    struct value *ret);

/** expr_is_younger() - a builtin that the untyped dialect does not have */
bool expr_is_younger(struct str name);

/** expr_builtin() - a builtin by name, or NULL */
const struct value_function *expr_builtin(struct str name);

/** expr_function_at() - the functions of both kinds, one by one; NULL at the end */
const struct value_function *expr_function_at(size_t i);

/** expr_argo_function() - asInt and the like, or NULL */
const struct value_function *expr_argo_function(struct str name);

/** expr_argo_add() - asInt and the like behind the pairs of a map */
struct value expr_argo_add(struct arena *a, const struct value *map);

/** expr_jsonpath() - what Argo's jsonpath() finds */
int expr_jsonpath(struct value_run *r, struct str doc, struct str path, struct value *ret);

/** expr_binary() - an operator on two values; not && || ?? */
int expr_binary(struct value_run *r, enum expr_op op, const struct value *x,
                const struct value *y, struct value *ret);

/** expr_is_nil() - nil, or a list that is nil in Go */
bool expr_is_nil(const struct value *v) _pure_;

/** expr_fetch() - a member or an item; a missing member is nil */
int expr_fetch(struct value_run *r, const struct value *from, const struct value *key,
               struct value *ret);
