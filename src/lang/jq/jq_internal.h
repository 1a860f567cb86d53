/*
 * lang/jq/jq_internal.h - programs and runs of jq.
 *
 * Evaluation is by continuation: jq_eval() calls its sink for each output. What a sink returns
 * other than JQ_OK ends the evaluation and comes out of it.
 */
#pragma once

#include "base/limits.h"
#include "base/vec.h"
#include "lang/jq/jq.h"
#include "lang/jq/value.h"

/* ---- programs ---- */

enum jq_kind {
    JQ_N_IDENTITY,
    JQ_N_RECURSE, /* .. */
    JQ_N_INDEX,   /* a[b] */
    JQ_N_SLICE,   /* a[b:c]; b or c may be missing */
    JQ_N_ITERATE, /* a[] */
    JQ_N_LITERAL,
    JQ_N_STRING, /* list: literals and formats, joined */
    JQ_N_FORMAT, /* a, or the input, in the format text */
    JQ_N_ARRAY,  /* [a]; a may be missing */
    JQ_N_OBJECT, /* list: keys and values in turn; a missing value is that of the key */
    JQ_N_NEGATE,
    JQ_N_PLUS,
    JQ_N_PIPE,
    JQ_N_COMMA,
    JQ_N_BINARY, /* a op b */
    JQ_N_AND,
    JQ_N_OR,
    JQ_N_ALTERNATIVE,
    JQ_N_ASSIGN,  /* a = b */
    JQ_N_MODIFY,  /* a |= b */
    JQ_N_UPDATE,  /* a op= b */
    JQ_N_IF,      /* a then b else c; c may be missing */
    JQ_N_TRY,     /* a catch b; b may be missing */
    JQ_N_REDUCE,  /* a as pattern (b; c) */
    JQ_N_FOREACH, /* a as pattern (b; c; d); d may be missing */
    JQ_N_DEF,     /* def; a */
    JQ_N_CALL,
    JQ_N_VARIABLE,
    JQ_N_LABEL, /* label $text | a */
    JQ_N_BREAK,
    JQ_N_AS, /* a as patterns | b */
};

enum jq_op {
    JQ_OP_ADD,
    JQ_OP_SUB,
    JQ_OP_MUL,
    JQ_OP_DIV,
    JQ_OP_MOD,
    JQ_OP_EQ,
    JQ_OP_NE,
    JQ_OP_LT,
    JQ_OP_LE,
    JQ_OP_GT,
    JQ_OP_GE,
    JQ_OP_ALT, /* of //= */
};

struct jq_node;
struct jq_pattern;
typedef VEC(struct jq_node *) jq_nodes;
typedef VEC(const struct jq_pattern *) jq_patterns;

struct jq_pattern {
    enum { JQ_P_VARIABLE, JQ_P_ARRAY, JQ_P_OBJECT } kind;
    struct str name;       /* of the variable */
    jq_patterns items;     /* of an array; of an object's members, NULL where there is none */
    jq_nodes keys;         /* of an object's members */
    VEC(struct str) names; /* variables that members also bind, or absent */
};

struct jq_def {
    struct str name;
    VEC(struct str) params; /* with their "$" */
    struct jq_node *body;
};

struct jq_run;
struct jq_call;

/* A function of ours: its arguments are values. */
typedef int (*jq_native_fn)(struct jq_run *r, const struct jq_value *in,
                            const struct jq_value *args, struct jq_value *ret);

struct jq_native {
    const char *name;
    uint8_t arity;
    jq_native_fn fn;
};

struct jq_env;
struct jq_at;
struct jq_sink;
/* A function of ours whose arguments are programs, or that has several outputs. */
typedef int (*jq_special_fn)(struct jq_run *r, const struct jq_node *call,
                             const struct jq_env *env, const struct jq_at *in,
                             struct jq_sink *out);

struct jq_special {
    const char *name;
    uint8_t arity;
    jq_special_fn fn;
};

struct jq_node {
    enum jq_kind kind;
    enum jq_op op;
    struct str text; /* name, variable with its "$", format with its "@" */
    struct jq_node *a, *b, *c, *d;
    jq_nodes list; /* arguments, parts */
    jq_patterns patterns;
    struct jq_def *def; /* JQ_N_DEF; JQ_N_CALL: one of the prelude */
    const struct jq_native *native;
    const struct jq_special *special;
    struct jq_value value;
    uint32_t pos;
};

struct jq_program {
    struct arena *a;
    struct str source;
    struct jq_node *root;
    VEC(struct jq_def *) prelude; /* definitions that it uses */
};

/* ---- runs ---- */

enum { JQ_OK = 0, JQ_FAILS = -1, JQ_BREAKS = -2, JQ_ENDS = -3 };

struct jq_env {
    enum { JQ_E_VARIABLE, JQ_E_FUNCTION, JQ_E_CLOSURE, JQ_E_LABEL } kind;
    const struct jq_env *up;
    struct str name;
    struct jq_value value;      /* JQ_E_VARIABLE */
    const struct jq_def *def;   /* JQ_E_FUNCTION */
    const struct jq_node *body; /* JQ_E_CLOSURE */
    const struct jq_env *body_env;
};

/* How to get to a value from where path() began, the last step first. */
struct jq_path {
    const struct jq_path *up; /* NULL: the beginning */
    struct jq_value key;
};

/* A value, and in path() the way to it: NULL outside of path(), &jq_no_path when there is none.
 */
struct jq_at {
    struct jq_value v;
    const struct jq_path *path;
};

struct jq_sink {
    int (*fn)(struct jq_run *r, struct jq_sink *self, const struct jq_at *at);
};

struct jq_run {
    struct arena *a;
    size_t first_bytes; /* of the arena at the beginning */
    int64_t steps;
    int64_t compared;           /* bytes, of texts and items */
    const char *stack;          /* where it began */
    struct jq_value error;      /* of JQ_FAILS */
    const struct jq_env *label; /* of JQ_BREAKS */
    struct err *err;            /* of JQ_ENDS */
};

extern const struct jq_path jq_no_path, jq_root_path;

/** jq_parse() - program text as nodes; ERR_INVALID or ERR_LIMIT */
int jq_parse(struct jq_program *p, struct err *err);

/** jq_parse_def() - one definition of the prelude, which is known to be right */
struct jq_def *jq_parse_def(struct arena *a, struct str text);

/** jq_check() - binds names; ERR_INVALID for those that are not there */
int jq_check(struct jq_program *p, struct err *err);

/** jq_fail_at() - ERR_INVALID with the place in the source */
int jq_fail_at(const struct jq_program *p, uint32_t pos, struct err *err, const char *fmt, ...)
    _printf_(4, 5);

/** jq_eval() - outputs of a node to a sink */
int jq_eval(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
            const struct jq_at *in, struct jq_sink *out);

/** jq_give() - one output that is no part of the input */
int jq_give(struct jq_run *r, const struct jq_at *in, struct jq_value v, struct jq_sink *out);

/** jq_compared() - count bytes of texts that were looked at; the next jq_charge() looks at it
 */
static inline void jq_compared(struct jq_run *r, size_t bytes)
{
    r->compared += (int64_t) bytes;
}

/** jq_charge() - count work and look at the budgets; JQ_OK or JQ_ENDS */
int jq_charge(struct jq_run *r, size_t steps, size_t bytes);

/** jq_fail() - raise an error with a text; always JQ_FAILS */
int jq_fail(struct jq_run *r, const char *fmt, ...) _printf_(2, 3);

/** jq_fail_type() - "NAME cannot be applied to: TYPE (PREVIEW)" */
int jq_fail_type(struct jq_run *r, const char *name, const struct jq_value *v);

/** jq_fail_with() - the same of a function that has an argument */
int jq_fail_with(struct jq_run *r, const char *name, const struct jq_value *in,
                 const struct jq_value *arg);

/** jq_shown() - "TYPE (PREVIEW)" of a value, for errors */
struct str jq_shown(struct jq_run *r, const struct jq_value *v);

/** jq_preview() - a value as JSON, cut to 30 bytes */
struct str jq_preview(struct jq_run *r, const struct jq_value *v);

/** jq_collect() - all outputs of a node, evaluated outside of path(), as an array */
int jq_collect(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
               const struct jq_value *in, struct jq_value *ret);

/* ---- what is done to values, counted ---- */

/**
 * jq_compare() - -1, 0 or 1 in the order of jq
 *
 * The work is counted. Over the budget it says 0 without a look, and the next jq_charge() ends
 * the program.
 */
int jq_compare(struct jq_run *r, const struct jq_value *x, const struct jq_value *y);

/** jq_from_text() - a JSON text as fromjson reads it: whole numbers stay exact */
int jq_from_text(struct jq_run *r, struct str text, struct jq_value *ret);

/** jq_to_text() - tostring */
int jq_to_text(struct jq_run *r, const struct jq_value *v, struct str *ret);

/** jq_binary() - x op y */
int jq_binary(struct jq_run *r, enum jq_op op, const struct jq_value *x,
              const struct jq_value *y, struct jq_value *ret);

/** jq_split() - a text between occurrences of another, or its characters when that is empty */
int jq_split(struct jq_run *r, struct str s, struct str by, struct jq_value *ret);

/** jq_add_all() - the sum of values, null for none */
int jq_add_all(struct jq_run *r, const struct jq_value *items, size_t count,
               struct jq_value *ret);

/* ---- paths ---- */

/** jq_index() - v[key] */
int jq_index(struct jq_run *r, const struct jq_value *v, const struct jq_value *key,
             struct jq_value *ret);

/** jq_slice() - v[from:to], null for an end */
int jq_slice(struct jq_run *r, const struct jq_value *v, const struct jq_value *from,
             const struct jq_value *to, struct jq_value *ret);

/** jq_set_path() - @v with @n at a path */
int jq_set_path(struct jq_run *r, const struct jq_value *v, const struct jq_value *path,
                const struct jq_value *n, struct jq_value *ret);

/** jq_delete_paths() - @v without what is at the paths */
int jq_delete_paths(struct jq_run *r, const struct jq_value *v, const struct jq_value *paths,
                    struct jq_value *ret);

/** jq_get_path() - what is at a path */
int jq_get_path(struct jq_run *r, const struct jq_value *v, const struct jq_value *path,
                struct jq_value *ret);

/** jq_path_value() - a way as an array */
struct jq_value jq_path_value(struct arena *a, const struct jq_path *path);

/* ---- functions ---- */

/** jq_find_native() - a function of ours, or NULL */
const struct jq_native *jq_find_native(struct str name, size_t arity);

/** jq_find_special() - the same for those with programs as arguments */
const struct jq_special *jq_find_special(struct str name, size_t arity);

/** jq_find_prelude() - the text of a definition, absent when there is none */
struct str jq_find_prelude(struct str name, size_t arity);

/** jq_format() - a value in a format, "@csv" and the like */
int jq_format(struct jq_run *r, struct str name, const struct jq_value *v, struct str *ret);

/** jq_in_table() - a native function in one table of them, or NULL */
const struct jq_native *jq_in_table(const struct jq_native *table, struct str name,
                                    size_t arity);

extern const struct jq_native jq_natives_text[], jq_natives_number[], jq_natives_list[],
    jq_natives_time[], jq_natives_regex[];
