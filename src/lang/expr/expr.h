/*
 * lang/expr/expr.h - the expression language of "{{=...}}", hooks, retryStrategy.expression,
 * valueFrom.expression and event filters: expr-lang 1.17 as Argo uses it.
 *
 * A text is compiled once into an immutable program and run many times. Compilation refuses
 * what expr-lang refuses before it runs: bad syntax, unknown names, operators and functions on
 * types that cannot fit. Names come from an environment; the types of its values at
 * compilation count, as upstream compiles with the values at hand. Every message ends with
 * "(line:column)" and the line with a caret below the place, as upstream's.
 *
 * Pure, any thread; programs may be shared. Steps, depth and bytes are bounded
 * (EXPR_*_MAX, VALUE_*_MAX). Doesn't do: reading the clock (the environment says what time it
 * is), Go's methods other than those of times, durations and versions.
 *
 * ../shared/golden/lang/expr.jsonl decides.
 */
#pragma once

#include "lang/value/value.h"

/*
 * Finds a name of the environment: returns whether there is one. The name "$env" asks for all
 * names as one map. May allocate in @a.
 */
typedef bool (*expr_lookup_fn)(const void *ctx, struct arena *a, struct str name,
                               struct value *ret);

/* Which functions an environment has besides those of the language. */
enum expr_functions {
    EXPR_PLAIN, /* none: HTTP conditions, data transformations, event bindings */
    EXPR_ARGO,  /* asInt, asFloat, jsonpath, toJson, sprig */
};

struct expr_env {
    expr_lookup_fn lookup;
    const void *ctx;
    enum expr_functions functions;
    /* As compiled without an environment, which is how Argo Events does it: any name is one of
     * any type, one that is not found is nil, lists and maps are the same only when their Go
     * types are, too, and there are no texts in backquotes. */
    bool is_untyped;
    bool is_of_truths;     /* the members of its values are booleans, as Go's types say there */
    struct wall now;       /* what now() answers */
    struct random *random; /* of random functions; NULL: the crypto library's */
};

struct expr_program;

/**
 * expr_compile() - read and check an expression
 * @a:    where the program lives
 * @text: expression; borrowed by the program
 * @env:  names, for their types; not kept
 * @ret:  the program; untouched on failure
 * @err:  ERR_INVALID with expr-lang's text; ERR_LIMIT over EXPR_TEXT_MAX_BYTES or
 * EXPR_DEPTH_MAX
 *
 * Return: 0 or -1.
 */
int expr_compile(struct arena *a, struct str text, const struct expr_env *env,
                 const struct expr_program **ret, struct err *err);

/**
 * expr_run() - the value of a program
 * @program: program
 * @a:       where the value lives; it may borrow from the environment and the program
 * @env:     names
 * @ret:     the value; untouched on failure
 * @err:     ERR_INVALID with expr-lang's text; ERR_UNSUPPORTED for a function that is not
 * built; ERR_LIMIT over VALUE_STEPS_MAX, VALUE_DEPTH_MAX or VALUE_OUTPUT_MAX_BYTES
 *
 * Return: 0 or -1.
 */
int expr_run(const struct expr_program *program, struct arena *a, const struct expr_env *env,
             struct value *ret, struct err *err);

/**
 * expr_eval() - expr_compile() and expr_run() at once, for an expression that is used once
 * @a:    where the value lives
 * @text: expression
 * @env:  names
 * @ret:  the value; untouched on failure
 * @err:  as the two
 *
 * Return: 0 or -1.
 */
int expr_eval(struct arena *a, struct str text, const struct expr_env *env, struct value *ret,
              struct err *err);

/**
 * expr_bool() - a value that must be a boolean
 * @a:   scratch
 * @v:   value
 * @ret: what it is; untouched on failure
 * @err: ERR_INVALID, with the value as Go's %s prints it
 *
 * Return: 0 or -1.
 */
int expr_bool(struct arena *a, const struct value *v, bool *ret, struct err *err);

/**
 * expr_eval_bool() - expr_eval() of a condition
 * @a:    scratch
 * @text: condition
 * @env:  names
 * @ret:  its value; untouched on failure
 * @err:  as expr_compile(), expr_run() with the condition in front, and expr_bool()
 *
 * Return: 0 or -1.
 */
int expr_eval_bool(struct arena *a, struct str text, const struct expr_env *env, bool *ret,
                   struct err *err);

/**
 * expr_find_bare() - the first of these bytes that stands outside of quoted texts
 * @text:  expression
 * @bytes: bytes, none of them ' or "
 *
 * For those whose version of the language is older: what it doesn't know, it refuses.
 *
 * Return: its offset, or SIZE_MAX.
 */
size_t expr_find_bare(struct str text, const char *bytes) _pure_;

/* Must a name of an expression be there? */
enum expr_need {
    EXPR_NEEDED,
    EXPR_GUARDED, /* at the left of "??" or with "?." in it: only its first part */
};

/* Told of one name with its members, as "steps.a.outputs.result". */
typedef int (*expr_name_fn)(void *ctx, struct str path, enum expr_need need, struct err *err);

/**
 * expr_each_name() - the names that an expression asks for
 * @a:    scratch
 * @text: expression
 * @fn:   returns 0 to go on, -1 to stop
 * @ctx:  passed to @fn
 * @err:  ERR_INVALID when the text is no expression, or as @fn filled it
 *
 * Members by other than fixed texts end a name. As upstream's, names that "let" makes and
 * functions that are not of the language are told, too.
 *
 * Return: 0 or -1.
 */
int expr_each_name(struct arena *a, struct str text, expr_name_fn fn, void *ctx,
                   struct err *err);

/* Told of one name that the environment lacks, up to the first member that is not there. */
typedef int (*expr_missing_fn)(void *ctx, struct str name, struct err *err);

/**
 * expr_each_missing() - the names that an expression needs and the environment lacks
 * @a:    scratch
 * @text: expression
 * @env:  names
 * @fn:   returns 0 to go on, -1 to stop
 * @ctx:  passed to @fn
 * @err:  as expr_each_name()
 *
 * Return: 0 or -1.
 */
int expr_each_missing(struct arena *a, struct str text, const struct expr_env *env,
                      expr_missing_fn fn, void *ctx, struct err *err);

/* A name of a flat list, as "steps.a.outputs.result". */
struct expr_name {
    struct str name;
    struct value value;
};

/**
 * expr_nest() - a map of maps from names with dots
 * @a:     where the map lives; names are borrowed
 * @names: names; sorted by this function
 * @count: how many
 *
 * Of "a" and "a.b" the first is dropped, as upstream does.
 */
struct value expr_nest(struct arena *a, struct expr_name *names, size_t count);

/**
 * expr_lookup_map() - a look-up in a map value
 * @ctx:  const struct value *, a map
 * @a:    not used
 * @name: member, or "$env" for the map itself
 * @ret:  its value
 */
bool expr_lookup_map(const void *ctx, struct arena *a, struct str name, struct value *ret);
