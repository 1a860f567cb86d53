/* lang/jsonpath/query_internal.h - queries: their steps and the expressions in them. */
#pragma once

#include "base/limits.h"
#include "base/vec.h"
#include "lang/jsonpath/jsonpath.h"

enum jsonpath_step_kind {
    JSONPATH_ROOT,
    JSONPATH_CURRENT,
    JSONPATH_ANY,     /* * */
    JSONPATH_DESCENT, /* .. */
    JSONPATH_LENGTH,
    JSONPATH_KEY,
    JSONPATH_INDEX,
    JSONPATH_WHERE,  /* ?(...) */
    JSONPATH_SCRIPT, /* (...) */
    JSONPATH_PICK,   /* a,b */
    JSONPATH_RANGE,  /* a:b:c */
};

struct jsonpath_operator;

/* What an expression is made of, and what a list or range is told with. */
struct jsonpath_operand {
    enum {
        JSONPATH_NONE,
        JSONPATH_WORDS, /* as written */
        JSONPATH_VALUE, /* a list or an object as written */
        JSONPATH_NUMBER,
        JSONPATH_OPERATOR,
        JSONPATH_EXPRESSION,
    } kind;
    struct str text; /* JSONPATH_WORDS; JSONPATH_EXPRESSION: as written */
    int64_t number;
    struct json value;
    const struct jsonpath_operator *op; /* JSONPATH_EXPRESSION: may be NULL */
};

struct jsonpath_step {
    enum jsonpath_step_kind kind;
    struct str text; /* key */
    int64_t index;
    struct jsonpath_operand expression; /* of a script or filter */
    VEC(struct jsonpath_operand) args;  /* of a list or range */
};

typedef VEC(struct jsonpath_step) jsonpath_steps;

struct jsonpath_operator {
    const char *sign; /* "$" for a path */
    struct jsonpath_operand left, right;
    jsonpath_steps steps; /* of a path */
};

/* One query. */
struct jsonpath_run {
    struct arena *a;
    struct str path;
    size_t steps, max_steps, depth;
    struct err *err;
};

/** jsonpath_fail() - ERR_INVALID; -1 */
int jsonpath_fail(struct jsonpath_run *r, const char *fmt, ...) _printf_(2, 3);

/** jsonpath_charge() - count steps; -1 with ERR_LIMIT */
int jsonpath_charge(struct jsonpath_run *r, size_t steps);

/** jsonpath_read_steps() - a path as steps */
int jsonpath_read_steps(struct jsonpath_run *r, struct str path, jsonpath_steps *ret);

/** jsonpath_compile() - an expression, without its parentheses */
int jsonpath_compile(struct jsonpath_run *r, struct str text, struct jsonpath_operand *ret);

/** jsonpath_evaluate() - value of an expression; texts of the document come in single quotes */
int jsonpath_evaluate(struct jsonpath_run *r, const struct jsonpath_operand *expression,
                      const struct json *root, const struct json *current, struct json *ret);

/** jsonpath_apply() - what the steps from @at on find */
int jsonpath_apply(struct jsonpath_run *r, const jsonpath_steps *steps, size_t at,
                   const struct json *root, const struct json *current, struct json *ret);

/** jsonpath_whole() - a number without a fraction */
bool jsonpath_whole(const struct json *v, int64_t *ret);
