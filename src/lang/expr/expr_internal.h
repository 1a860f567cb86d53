/* lang/expr/expr_internal.h - tokens, nodes, checked types and the run of an expression. */
#pragma once

#include "base/strbuf.h"
#include "base/vec.h"
#include "formats/regex.h"
#include "lang/expr/expr.h"

enum expr_token_kind {
    EXPR_EOF,
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
    enum expr_type type;
    bool is_known;                  /* false: any value */
    const struct expr_nature *elem; /* of arrays; NULL: any */
};

struct expr_node {
    enum expr_node_kind kind;
    enum expr_op op;
    uint32_t pos;
    bool is_optional;        /* MEMBER: ?. */
    bool is_constant;        /* a whole number known before the run */
    struct str name;         /* NAME, POINTER, LET, operator as written */
    struct expr_value value; /* LITERAL; also a constant's */
    struct expr_node **kids; /* operands, arguments, items */
    size_t kid_count, depth;
    const struct expr_function *function; /* BUILTIN, PREDICATE */
};

struct expr_program {
    struct str text;
    struct expr_node *root;
};

/* A name that "let" made. */
struct expr_variable {
    struct str name;
    struct expr_value value;   /* at the run */
    struct expr_nature nature; /* at the check */
    const struct expr_variable *outer;
};

/* The item that a closure looks at. */
struct expr_closure {
    struct expr_value item, acc;
    struct expr_nature nature;
    size_t index;
    const struct expr_closure *outer;
};

/* One run; also carries the check. */
struct expr_run {
    struct arena *a;
    struct str text;
    const struct expr_env *env;
    const struct expr_variable *variables;
    const struct expr_closure *closure;
    size_t depth; /* of the value that is walked through */
    size_t steps, made_bytes;
    bool is_chain_over; /* a "?." met nil */
    struct err *err;
};

typedef int (*expr_call_fn)(struct expr_run *r, const struct expr_value *args, size_t count,
                            struct expr_value *ret);

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

/*
 * A function. @args has a letter for each argument: s text, i whole number, n number, a array,
 * m map, c text or array or map (len), l list or number, b boolean, t text or number, . any;
 * the last letter counts for further ones.
 */
struct expr_function {
    const char *name;
    const char *args;
    uint8_t min, max; /* EXPR_MANY: no end */
    char result;      /* as a letter of @args; '.' is any; 'f' float; 'D' duration; 'T' time */
    enum expr_predicate predicate;
    expr_call_fn call; /* NULL: not built */
};

enum { EXPR_MANY = 255 };

/** expr_lex() - the tokens of a text, in @a; the last one is EXPR_EOF */
int expr_lex(struct arena *a, struct str text, struct expr_token **ret, struct err *err);

/** expr_parse() - the tree of a text; @env tells which builtins are overridden */
int expr_parse(struct arena *a, struct str text, const struct expr_env *env,
               struct expr_node **ret, struct err *err);

/** expr_check() - refuse what cannot work, fold whole numbers */
int expr_check(struct expr_run *r, struct expr_node *n, struct expr_nature *ret);

/** expr_eval_node() - the value of a node */
int expr_eval_node(struct expr_run *r, const struct expr_node *n, struct expr_value *ret);

/** expr_predicate_eval() - the value of a builtin with a closure */
int expr_predicate_eval(struct expr_run *r, const struct expr_node *n, struct expr_value *ret);

/** expr_locate() - put "(line:column)" and the line with a caret behind an error's text */
int expr_locate(struct str text, uint32_t pos, struct err *err);

/** expr_fail() - ERR_INVALID without a place; the node that called adds it */
int expr_fail(struct expr_run *r, const char *fmt, ...) _printf_(2, 3);

/** expr_charge() - count @steps of work against EXPR_STEPS_MAX */
int expr_charge(struct expr_run *r, size_t steps);

/** expr_make() - count bytes that are about to be made against EXPR_OUTPUT_MAX_BYTES */
int expr_make(struct expr_run *r, size_t bytes);

/** expr_name_find() - a name of the environment or one of Argo's functions */
bool expr_name_find(const struct expr_env *env, struct arena *a, struct str name,
                    struct expr_value *ret);

/** expr_builtin() - a builtin by name, or NULL */
const struct expr_function *expr_builtin(struct str name);

/** expr_argo_function() - asInt and the like, or NULL */
const struct expr_function *expr_argo_function(struct str name);

/** expr_argo_add() - asInt and the like behind the pairs of a map */
struct expr_value expr_argo_add(struct arena *a, const struct expr_value *map);

/** expr_sprig() - the map of sprig's functions */
struct expr_value expr_sprig(void);

/** expr_method() - call a method of a time, duration or zone; 0, -1, or 1 when there is none */
int expr_method(struct expr_run *r, const struct expr_value *base, struct str name,
                const struct expr_value *args, size_t count, struct expr_value *ret);

/** expr_has_methods() - does a type have methods? */
static inline bool expr_has_methods(enum expr_type type)
{
    return type == EXPR_TIME || type == EXPR_DURATION || type == EXPR_ZONE;
}

/** expr_parse_json() - a document, counted against EXPR_OUTPUT_MAX_BYTES */
int expr_parse_json(struct expr_run *r, struct str text, struct json *ret);

/** expr_jsonpath() - what Argo's jsonpath() finds */
int expr_jsonpath(struct expr_run *r, struct str doc, struct str path, struct expr_value *ret);

/** expr_binary() - an operator on two values; not && || ?? */
int expr_binary(struct expr_run *r, enum expr_op op, const struct expr_value *x,
                const struct expr_value *y, struct expr_value *ret);

/** expr_fetch() - a member or an item; a missing member is nil */
int expr_fetch(struct expr_run *r, const struct expr_value *from, const struct expr_value *key,
               struct expr_value *ret);

/** expr_equal() - the language's ==; -1 over a limit */
int expr_equal(struct expr_run *r, const struct expr_value *x, const struct expr_value *y,
               bool *ret);

/** expr_less() - the language's < */
int expr_less(struct expr_run *r, const struct expr_value *x, const struct expr_value *y,
              bool *ret);

/** expr_sort() - a sorted copy of @order by @keys (both of @count), stable */
int expr_sort(struct expr_run *r, const struct expr_value *keys, struct expr_value *order,
              size_t count, bool is_falling);

/** expr_map_find() - the value of a key; 1, 0 or -1 */
int expr_map_find(struct expr_run *r, const struct expr_value *map,
                  const struct expr_value *key, struct expr_value *ret);

/** expr_map_get() - the value of a text key; borrowed, or NULL */
const struct expr_value *expr_map_get(const struct expr_value *map, struct str key);

/** expr_type_name() - Go's name of a value's type */
const char *expr_type_name(const struct expr_value *v);

/** expr_format() - append a value as Go's %v prints it */
int expr_format(struct expr_run *r, struct strbuf *b, const struct expr_value *v);

/** expr_format_str() - a value as Go's %v prints it */
int expr_format_str(struct expr_run *r, const struct expr_value *v, struct str *ret);

/** expr_text_value() - finish a buffer as a string value */
int expr_text_value(struct expr_run *r, struct strbuf *b, struct expr_value *ret);

/** expr_split() - Go's strings.SplitN (or SplitAfterN); @limit below 0: no limit */
int expr_split(struct expr_run *r, struct str s, struct str sep, int64_t limit, bool is_after,
               struct expr_value *ret);

/** expr_replace() - Go's strings.Replace */
int expr_replace(struct expr_run *r, const struct str parts[3], int64_t limit,
                 struct expr_value *ret);

/** expr_upper() - Go's strings.ToUpper */
int expr_upper(struct expr_run *r, struct str s, struct expr_value *ret);

/** expr_lower() - Go's strings.ToLower */
int expr_lower(struct expr_run *r, struct str s, struct expr_value *ret);

/** expr_trim_set() - without characters of @set at the ends; sides: 1 left, 2 right, 3 both */
struct str expr_trim_set(struct str s, struct str set, unsigned sides);

/** expr_trim_space() - Go's strings.TrimSpace */
struct str expr_trim_space(struct str s);

/** expr_runes() - how many code points a text has */
size_t expr_runes(struct str s) _pure_;

/** expr_to_int() - the language's int() */
int expr_to_int(struct expr_run *r, const struct expr_value *v, struct expr_value *ret);

/** expr_to_float() - the language's float() */
int expr_to_float(struct expr_run *r, const struct expr_value *v, struct expr_value *ret);

/** expr_cast_int() - whatever it is, as a whole number; 0 when it is none (sprig) */
int64_t expr_cast_int(const struct expr_value *v);

/** expr_cast_float() - whatever it is, as a float; 0 when it is none (sprig) */
double expr_cast_float(const struct expr_value *v);

static inline struct expr_value expr_bool(bool is_true)
{
    return (struct expr_value){.type = EXPR_BOOL, .is_true = is_true};
}

static inline struct expr_value expr_float(double n)
{
    return (struct expr_value){.type = EXPR_FLOAT, .real = n};
}

static inline struct expr_value expr_nil(void)
{
    return (struct expr_value){.type = EXPR_NIL};
}

static inline struct expr_value expr_array(const struct expr_value *items, size_t count)
{
    return (struct expr_value){.type = EXPR_ARRAY, .count = count, .items = items};
}

static inline struct expr_value expr_map(const struct expr_pair *pairs, size_t count)
{
    return (struct expr_value){.type = EXPR_MAP, .count = count, .pairs = pairs};
}

static inline struct expr_value expr_duration(int64_t ns)
{
    return (struct expr_value){.type = EXPR_DURATION, .number = ns};
}

/* The text of a string; the checks before made sure that it is one. */
static inline struct str expr_text_of(const struct expr_value *v)
{
    return str_of(v->text ? v->text : "", v->count);
}

static inline bool expr_is_number(const struct expr_value *v)
{
    return v->type == EXPR_INT || v->type == EXPR_FLOAT;
}

static inline double expr_real(const struct expr_value *v)
{
    return v->type == EXPR_INT ? (double) v->number : v->real;
}
