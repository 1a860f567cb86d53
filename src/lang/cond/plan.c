/*
 * Tokens into a tree. See cond_internal.h.
 *
 * Operators of one level are first taken from the right ("a - (b - c)"), then each such run is
 * turned round in place, as the original does it. What stands behind the end of the outermost
 * expression is not looked at: "(true) false" is true there, and here.
 */
#include "base/limits.h"
#include "lang/cond/cond_internal.h"

struct planner {
    struct cond *c;
    size_t at;
    unsigned depth; /* parentheses and arguments that are open */
};

static int plan_level(struct planner *p, enum cond_level level, struct cond_stage **ret);

enum cond_level cond_level_of(enum cond_symbol symbol)
{
    static const uint8_t levels[] = {
        [COND_OP_LITERAL] = COND_LEVEL_VALUE,
        [COND_OP_NOOP] = COND_LEVEL_NOOP,
        [COND_OP_ACCESS] = COND_LEVEL_ACCESS,
        [COND_OP_NEGATE] = COND_LEVEL_PREFIX,
        [COND_OP_INVERT] = COND_LEVEL_PREFIX,
        [COND_OP_BITWISE_NOT] = COND_LEVEL_PREFIX,
        [COND_OP_EXPONENT] = COND_LEVEL_EXPONENT,
        [COND_OP_MULTIPLY] = COND_LEVEL_MULTIPLICATIVE,
        [COND_OP_DIVIDE] = COND_LEVEL_MULTIPLICATIVE,
        [COND_OP_MODULUS] = COND_LEVEL_MULTIPLICATIVE,
        [COND_OP_PLUS] = COND_LEVEL_ADDITIVE,
        [COND_OP_MINUS] = COND_LEVEL_ADDITIVE,
        [COND_OP_LSHIFT] = COND_LEVEL_SHIFT,
        [COND_OP_RSHIFT] = COND_LEVEL_SHIFT,
        [COND_OP_AND_BITS] = COND_LEVEL_BITS,
        [COND_OP_OR_BITS] = COND_LEVEL_BITS,
        [COND_OP_XOR_BITS] = COND_LEVEL_BITS,
        [COND_OP_EQ] = COND_LEVEL_COMPARATOR,
        [COND_OP_NEQ] = COND_LEVEL_COMPARATOR,
        [COND_OP_GT] = COND_LEVEL_COMPARATOR,
        [COND_OP_GTE] = COND_LEVEL_COMPARATOR,
        [COND_OP_LT] = COND_LEVEL_COMPARATOR,
        [COND_OP_LTE] = COND_LEVEL_COMPARATOR,
        [COND_OP_REQ] = COND_LEVEL_COMPARATOR,
        [COND_OP_NREQ] = COND_LEVEL_COMPARATOR,
        [COND_OP_IN] = COND_LEVEL_COMPARATOR,
        [COND_OP_AND] = COND_LEVEL_AND,
        [COND_OP_OR] = COND_LEVEL_OR,
        [COND_OP_THEN] = COND_LEVEL_TERNARY,
        [COND_OP_ELSE] = COND_LEVEL_TERNARY,
        [COND_OP_COALESCE] = COND_LEVEL_TERNARY,
        [COND_OP_SEPARATE] = COND_LEVEL_SEPARATE,
    };

    return (enum cond_level) levels[symbol];
}

static struct cond_stage *stage_new(struct planner *p, enum cond_symbol symbol,
                                    const struct cond_token *token)
{
    struct cond_stage *s = ARENA_NEW(p->c->a, struct cond_stage);

    s->symbol = symbol;
    s->token = token;
    return s;
}

/* The next token, taken, or NULL at the end. */
static const struct cond_token *take(struct planner *p)
{
    return p->at < p->c->tokens.len ? &p->c->tokens.at[p->at++] : NULL;
}

static int fail_kind(struct planner *p, const struct cond_token *t)
{
    return err_set(p->c->err, ERR_INVALID,
                   "Unable to plan token kind: '%s', value: '" STR_FMT "'",
                   t->kind == COND_SEPARATOR ? "SEPARATOR" : "UNKNOWN", STR_ARG(t->text));
}

/* An expression inside another. */
static int plan_inner(struct planner *p, struct cond_stage **ret)
{
    if (++p->depth > COND_DEPTH_MAX)
        return err_set(p->c->err, ERR_LIMIT, "condition nests deeper than %d parentheses",
                       COND_DEPTH_MAX);
    if (plan_level(p, COND_LEVEL_SEPARATE, ret) < 0)
        return -1;
    p->depth--;
    return 0;
}

static int plan_clause(struct planner *p, struct cond_stage **ret)
{
    *ret = stage_new(p, COND_OP_NOOP, NULL);
    if (plan_inner(p, &(*ret)->right) < 0)
        return -1;
    take(p); /* the closing one */
    return 0;
}

/* A name with dots, and what may be its arguments. */
static int plan_access(struct planner *p, const struct cond_token *t, struct cond_stage **ret)
{
    *ret = stage_new(p, COND_OP_ACCESS, t);
    if (p->at < p->c->tokens.len && p->c->tokens.at[p->at].kind == COND_CLAUSE)
        return plan_inner(p, &(*ret)->right); /* all that follows, as in the original */
    return 0;
}

static int plan_value(struct planner *p, struct cond_stage **ret)
{
    const struct cond_token *t = take(p);

    *ret = NULL;
    if (!t)
        return 0;
    switch (t->kind) {
    case COND_CLAUSE:
        return plan_clause(p, ret);
    case COND_CLAUSE_CLOSE:
        p->at--;
        return 0;
    case COND_NUMERIC:
    case COND_BOOLEAN:
    case COND_STRING:
    case COND_PATTERN:
    case COND_TIME:
    case COND_VARIABLE:
        *ret = stage_new(p, COND_OP_LITERAL, t);
        return 0;
    case COND_PREFIX:
        *ret = stage_new(p, t->symbol, NULL);
        return plan_value(p, &(*ret)->right);
    case COND_ACCESSOR:
        return plan_access(p, t, ret);
    case COND_UNKNOWN:
    case COND_SEPARATOR:
    case COND_COMPARATOR:
    case COND_LOGICALOP:
    case COND_MODIFIER:
    case COND_TERNARY:
        break;
    }
    return fail_kind(p, t);
}

/* One level and all tighter ones: a run of its operators, each the right side of the one
 * before. */
static int plan_level(struct planner *p, enum cond_level level, struct cond_stage **ret)
{
    struct cond_stage **at = ret;

    for (;;) {
        struct cond_stage *left = NULL, *s;
        const struct cond_token *t;
        int result = level == COND_LEVEL_EXPONENT ? plan_value(p, &left)
                                                  : plan_level(p, level + 1, &left);

        if (result < 0)
            return -1;
        *at = left;
        t = take(p);
        if (!t || cond_level_of(t->symbol) != level) {
            p->at--; /* also at the end: the last token is looked at again, by every level */
            return 0;
        }
        s = stage_new(p, t->symbol, NULL);
        s->left = left;
        *at = s;
        at = &s->right;
    }
}

static void swap(struct cond_stage **a, struct cond_stage **b)
{
    struct cond_stage *kept = *a;

    *a = *b;
    *b = kept;
}

/* Turns a run round, so that it is computed from the left. */
static void mirror(struct cond_stage **run, size_t count)
{
    for (size_t i = 0; i < count; i++)
        swap(&run[i]->left, &run[i]->right);
    swap(&run[0]->right, &run[count - 1]->left);
    for (size_t i = 0; i < (count - 2) / 2 + 1; i++)
        swap(&run[i + 1]->right, &run[count - i - 1]->right);
    for (size_t i = 0; i < count / 2; i++) {
        enum cond_symbol kept = run[i]->symbol;

        run[i]->symbol = run[count - i - 1]->symbol;
        run[count - i - 1]->symbol = kept;
    }
}

static void reorder(struct planner *p, struct cond_stage *s)
{
    VEC(struct cond_stage *) run = {};

    while (s) {
        struct cond_stage *next = s->right;

        if (s->left)
            reorder(p, s->left);
        if (run.len > 0 && cond_level_of(run.at[0]->symbol) != cond_level_of(s->symbol)) {
            if (run.len > 1)
                mirror(run.at, run.len);
            run.len = 0;
        }
        VEC_APUSH(p->c->a, &run, s);
        s = next;
    }
    if (run.len > 1)
        mirror(run.at, run.len);
}

int cond_plan(struct cond *c)
{
    struct planner p = {.c = c};

    if (c->tokens.len == 0)
        return 0;
    if (plan_level(&p, COND_LEVEL_SEPARATE, &c->root) < 0)
        return -1;
    if (c->root)
        reorder(&p, c->root);
    return 0;
}
