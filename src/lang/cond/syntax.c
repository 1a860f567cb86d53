/* Which token may follow which, and the tables of operators. See cond_internal.h. */
#include "formats/regex.h"
#include "lang/cond/cond_internal.h"

#define BIT(kind) (1U << COND_##kind)

enum {
    BEGINS = BIT(PREFIX) | BIT(NUMERIC) | BIT(BOOLEAN) | BIT(VARIABLE) | BIT(PATTERN) |
             BIT(ACCESSOR) | BIT(STRING) | BIT(TIME) | BIT(CLAUSE),
    GOES_ON =
        BIT(MODIFIER) | BIT(COMPARATOR) | BIT(LOGICALOP) | BIT(CLAUSE_CLOSE) | BIT(SEPARATOR),
};

/* By kind of token: what may follow, and whether the condition may end there. */
static const struct {
    const char *name;
    unsigned next;
    bool may_end;
} states[] = {
    [COND_UNKNOWN] = {"UNKNOWN", BEGINS, false},
    [COND_CLAUSE] = {"CLAUSE", BEGINS | BIT(CLAUSE_CLOSE), false},
    [COND_CLAUSE_CLOSE] = {"CLAUSE_CLOSE",
                           GOES_ON | BIT(NUMERIC) | BIT(BOOLEAN) | BIT(VARIABLE) | BIT(STRING) |
                               BIT(PATTERN) | BIT(TIME) | BIT(CLAUSE) | BIT(TERNARY),
                           true},
    [COND_NUMERIC] = {"NUMERIC", GOES_ON | BIT(TERNARY), true},
    [COND_BOOLEAN] = {"BOOLEAN", GOES_ON | BIT(TERNARY), true},
    [COND_STRING] = {"STRING", GOES_ON | BIT(TERNARY), true},
    [COND_TIME] = {"TIME", GOES_ON, true},
    [COND_PATTERN] = {"PATTERN", GOES_ON, true},
    [COND_VARIABLE] = {"VARIABLE", GOES_ON | BIT(TERNARY), true},
    [COND_MODIFIER] = {"MODIFIER",
                       BIT(PREFIX) | BIT(NUMERIC) | BIT(VARIABLE) | BIT(ACCESSOR) |
                           BIT(STRING) | BIT(BOOLEAN) | BIT(CLAUSE) | BIT(CLAUSE_CLOSE),
                       false},
    [COND_COMPARATOR] = {"COMPARATOR", BEGINS | BIT(CLAUSE_CLOSE), false},
    [COND_LOGICALOP] = {"LOGICALOP", (BEGINS & ~BIT(PATTERN)) | BIT(CLAUSE_CLOSE), false},
    [COND_PREFIX] = {"PREFIX",
                     BIT(NUMERIC) | BIT(BOOLEAN) | BIT(VARIABLE) | BIT(ACCESSOR) | BIT(CLAUSE) |
                         BIT(CLAUSE_CLOSE),
                     false},
    [COND_TERNARY] = {"TERNARY", (BEGINS & ~BIT(PATTERN)) | BIT(SEPARATOR), false},
    [COND_ACCESSOR] = {"ACCESSOR", GOES_ON | BIT(TERNARY) | BIT(CLAUSE), true},
    [COND_SEPARATOR] = {"SEPARATOR", BEGINS & ~BIT(PATTERN), false},
};

/* Operators of each kind. */
static const struct {
    enum cond_kind kind;
    enum cond_symbol symbol;
    struct str text;
} operators[] = {
    {COND_PREFIX, COND_OP_NEGATE, STR_INIT("-")},
    {COND_PREFIX, COND_OP_INVERT, STR_INIT("!")},
    {COND_PREFIX, COND_OP_BITWISE_NOT, STR_INIT("~")},
    {COND_MODIFIER, COND_OP_PLUS, STR_INIT("+")},
    {COND_MODIFIER, COND_OP_MINUS, STR_INIT("-")},
    {COND_MODIFIER, COND_OP_MULTIPLY, STR_INIT("*")},
    {COND_MODIFIER, COND_OP_DIVIDE, STR_INIT("/")},
    {COND_MODIFIER, COND_OP_MODULUS, STR_INIT("%")},
    {COND_MODIFIER, COND_OP_EXPONENT, STR_INIT("**")},
    {COND_MODIFIER, COND_OP_AND_BITS, STR_INIT("&")},
    {COND_MODIFIER, COND_OP_OR_BITS, STR_INIT("|")},
    {COND_MODIFIER, COND_OP_XOR_BITS, STR_INIT("^")},
    {COND_MODIFIER, COND_OP_LSHIFT, STR_INIT("<<")},
    {COND_MODIFIER, COND_OP_RSHIFT, STR_INIT(">>")},
    {COND_LOGICALOP, COND_OP_AND, STR_INIT("&&")},
    {COND_LOGICALOP, COND_OP_OR, STR_INIT("||")},
    {COND_COMPARATOR, COND_OP_EQ, STR_INIT("==")},
    {COND_COMPARATOR, COND_OP_NEQ, STR_INIT("!=")},
    {COND_COMPARATOR, COND_OP_GT, STR_INIT(">")},
    {COND_COMPARATOR, COND_OP_GTE, STR_INIT(">=")},
    {COND_COMPARATOR, COND_OP_LT, STR_INIT("<")},
    {COND_COMPARATOR, COND_OP_LTE, STR_INIT("<=")},
    {COND_COMPARATOR, COND_OP_REQ, STR_INIT("=~")},
    {COND_COMPARATOR, COND_OP_NREQ, STR_INIT("!~")},
    {COND_COMPARATOR, COND_OP_IN, STR_INIT("in")},
    {COND_TERNARY, COND_OP_THEN, STR_INIT("?")},
    {COND_TERNARY, COND_OP_ELSE, STR_INIT(":")},
    {COND_TERNARY, COND_OP_COALESCE, STR_INIT("??")},
};

bool cond_may_follow(enum cond_kind kind, enum cond_kind next)
{
    return (states[kind].next & 1U << next) != 0;
}

bool cond_symbol_of(enum cond_kind kind, struct str text, enum cond_symbol *ret)
{
    for (size_t i = 0; i < COUNT_OF(operators); i++)
        if (operators[i].kind == kind && str_eq(operators[i].text, text)) {
            *ret = operators[i].symbol;
            return true;
        }
    return false;
}

const char *cond_symbol_name(enum cond_symbol symbol)
{
    if (symbol == COND_OP_EQ)
        return "="; /* as the original shows it */
    for (size_t i = 0; i < COUNT_OF(operators); i++)
        if (operators[i].symbol == symbol)
            return operators[i].text.ptr;
    return "";
}

int cond_check_balance(struct cond *c)
{
    size_t open = 0, closed = 0;

    VEC_FOREACH (t, &c->tokens) {
        open += t->kind == COND_CLAUSE;
        closed += t->kind == COND_CLAUSE_CLOSE;
    }
    return open == closed ? 0 : err_set(c->err, ERR_INVALID, "Unbalanced parenthesis");
}

/* A name with dots as the list of its parts. */
static struct str parts_text(struct arena *a, struct str name)
{
    struct str copy = str_copy(a, name);

    for (size_t i = 0; i < copy.len; i++)
        if (copy.ptr[i] == '.')
            ((char *) (uintptr_t) copy.ptr)[i] = ' ';
    return str_printf(a, "[" STR_FMT "]", STR_ARG(copy));
}

/* A token as messages show it. */
static struct str token_text(struct arena *a, const struct cond_token *t)
{
    switch (t->kind) {
    case COND_UNKNOWN:
        return STR("<nil>");
    case COND_NUMERIC:
        return cond_number_text(a, t->number);
    case COND_TIME:
        return gotime_format(a, &t->time, GOTIME_STRING);
    case COND_CLAUSE:
        return STR("40"); /* the character's number */
    case COND_CLAUSE_CLOSE:
        return STR("41");
    case COND_ACCESSOR:
        return parts_text(a, t->text);
    case COND_PREFIX:
    case COND_BOOLEAN:
    case COND_STRING:
    case COND_PATTERN:
    case COND_VARIABLE:
    case COND_SEPARATOR:
    case COND_COMPARATOR:
    case COND_LOGICALOP:
    case COND_MODIFIER:
    case COND_TERNARY:
        return t->text;
    }
    return t->text;
}

static int fail_transition(struct cond *c, const struct cond_token *from,
                           const struct cond_token *to)
{
    if (from->kind == COND_VARIABLE && to->kind == COND_CLAUSE)
        return err_set(c->err, ERR_INVALID, "Undefined function " STR_FMT, STR_ARG(from->text));
    return err_set(c->err, ERR_INVALID,
                   "Cannot transition token types from %s [" STR_FMT "] to %s [" STR_FMT "]",
                   states[from->kind].name, STR_ARG(token_text(c->a, from)),
                   states[to->kind].name, STR_ARG(token_text(c->a, to)));
}

int cond_check_syntax(struct cond *c)
{
    static const struct cond_token begin = {.kind = COND_UNKNOWN};
    const struct cond_token *last = &begin;

    VEC_FOREACH (t, &c->tokens) {
        if (!cond_may_follow(last->kind, t->kind))
            return fail_transition(c, last, t);
        last = t;
    }
    return states[last->kind].may_end
               ? 0
               : err_set(c->err, ERR_INVALID, "Unexpected end of expression");
}

int cond_check_patterns(struct cond *c)
{
    for (size_t i = 0; i + 1 < c->tokens.len; i++) {
        const struct cond_token *t = &c->tokens.at[i];
        struct cond_token *pattern = &c->tokens.at[i + 1];
        struct regex *regex;

        if (t->kind != COND_COMPARATOR ||
            (t->symbol != COND_OP_REQ && t->symbol != COND_OP_NREQ) ||
            pattern->kind != COND_STRING)
            continue;
        regex = regex_new(pattern->text, c->err);
        if (!regex)
            return -1;
        regex_free(regex);
        pattern->kind = COND_PATTERN;
    }
    return 0;
}
