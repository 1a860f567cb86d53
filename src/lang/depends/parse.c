/*
 * Expanded conditions into steps: || && == != ! ? : and parentheses over "task.Result".
 *
 * One pass, no tree: each operator jumps over what it need not look at. What else the
 * expression language of the original knows, and what is wrong with a condition, is left to
 * lang/expr.
 */
#include "base/limits.h"
#include "lang/depends/depends_internal.h"

enum token {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_OR,
    TOKEN_AND,
    TOKEN_EQUAL,
    TOKEN_NOT_EQUAL,
    TOKEN_NOT,
    TOKEN_THEN, /* ? */
    TOKEN_ELSE, /* : */
    TOKEN_OTHER,
};

struct parser {
    struct arena *a;
    struct depends *d;
    const struct str *names; /* of the needs */
    struct str text;
    size_t at; /* behind the token */
    enum token token;
    struct depends_word word;
    unsigned depth;  /* parentheses that are open */
    unsigned pushed; /* bits on the stack */
    struct err *err;
};

static int parse_choice(struct parser *p);

/* The token is not one that may stand here. */
static int fail_token(struct parser *p)
{
    return err_set(p->err, ERR_INVALID, "not a simple condition");
}

static const struct {
    struct str text;
    enum token token;
} symbols[] = {
    {STR_INIT("||"), TOKEN_OR},    {STR_INIT("&&"), TOKEN_AND},
    {STR_INIT("=="), TOKEN_EQUAL}, {STR_INIT("!="), TOKEN_NOT_EQUAL},
    {STR_INIT("!"), TOKEN_NOT},    {STR_INIT("("), TOKEN_OPEN},
    {STR_INIT(")"), TOKEN_CLOSE},  {STR_INIT("?"), TOKEN_THEN},
    {STR_INIT(":"), TOKEN_ELSE},
};

static void read_symbol(struct parser *p, struct str rest)
{
    p->token = TOKEN_OTHER;
    p->at++;
    for (size_t i = 0; i < COUNT_OF(symbols); i++)
        if (str_starts(rest, symbols[i].text)) {
            p->token = symbols[i].token;
            p->at += symbols[i].text.len - 1;
            return;
        }
}

/* Reads the next token. */
static void next(struct parser *p)
{
    while (p->at < p->text.len && strchr(" \t\r\n", p->text.ptr[p->at]) && p->text.ptr[p->at])
        p->at++;
    if (p->at >= p->text.len) {
        p->token = TOKEN_END;
    } else if (depends_word_at(p->text, p->at, &p->word)) {
        p->token = TOKEN_WORD;
        p->at = p->word.end;
    } else {
        read_symbol(p, str_skip(p->text, p->at));
    }
}

static size_t emit(struct parser *p, enum depends_op op)
{
    VEC_APUSH(p->a, &p->d->steps, ((struct depends_step){.op = op}));
    return p->d->steps.len - 1;
}

/* The jump at @step goes to what comes next. */
static void land(struct parser *p, size_t step)
{
    p->d->steps.at[step].arg = (uint32_t) p->d->steps.len;
}

static int parse_word(struct parser *p)
{
    unsigned bits = depends_result_of(p->word.result);
    size_t step;

    if (!bits)
        return fail_token(p);
    step = emit(p, DEPENDS_OP_LOAD);
    p->d->steps.at[step].bits = bits;
    for (size_t i = 0; i < p->d->needs.len; i++)
        if (str_eq(p->names[i], p->word.task))
            p->d->steps.at[step].arg = (uint32_t) i;
    next(p);
    return 0;
}

static int parse_value(struct parser *p)
{
    if (p->token == TOKEN_WORD)
        return parse_word(p);
    if (p->token != TOKEN_OPEN)
        return fail_token(p);
    if (++p->depth > DEPENDS_DEPTH_MAX)
        return err_set(p->err, ERR_LIMIT, "condition nests deeper than %d parentheses",
                       DEPENDS_DEPTH_MAX);
    next(p);
    if (parse_choice(p) < 0)
        return -1;
    if (p->token != TOKEN_CLOSE)
        return fail_token(p);
    p->depth--;
    next(p);
    return 0;
}

static int parse_not(struct parser *p)
{
    bool is_negated = false;

    for (; p->token == TOKEN_NOT; next(p))
        is_negated = !is_negated;
    if (parse_value(p) < 0)
        return -1;
    if (is_negated)
        emit(p, DEPENDS_OP_NOT);
    return 0;
}

static int parse_equal(struct parser *p)
{
    if (parse_not(p) < 0)
        return -1;
    while (p->token == TOKEN_EQUAL || p->token == TOKEN_NOT_EQUAL) {
        bool is_negated = p->token == TOKEN_NOT_EQUAL;

        if (++p->pushed > 64)
            return err_set(p->err, ERR_LIMIT, "condition nests more than 64 comparisons");
        emit(p, DEPENDS_OP_PUSH);
        next(p);
        if (parse_not(p) < 0)
            return -1;
        emit(p, DEPENDS_OP_EQUAL);
        p->pushed--;
        if (is_negated)
            emit(p, DEPENDS_OP_NOT);
    }
    return 0;
}

static int parse_and(struct parser *p)
{
    if (parse_equal(p) < 0)
        return -1;
    while (p->token == TOKEN_AND) {
        size_t skip = emit(p, DEPENDS_OP_JUMP_IF_FALSE);

        next(p);
        if (parse_equal(p) < 0)
            return -1;
        land(p, skip);
    }
    return 0;
}

static int parse_or(struct parser *p)
{
    if (parse_and(p) < 0)
        return -1;
    while (p->token == TOKEN_OR) {
        size_t skip = emit(p, DEPENDS_OP_JUMP_IF_TRUE);

        next(p);
        if (parse_and(p) < 0)
            return -1;
        land(p, skip);
    }
    return 0;
}

static int parse_choice(struct parser *p)
{
    size_t to_else, to_end;

    if (parse_or(p) < 0)
        return -1;
    if (p->token != TOKEN_THEN)
        return 0;
    if (++p->depth > DEPENDS_DEPTH_MAX)
        return err_set(p->err, ERR_LIMIT, "condition nests deeper than %d choices",
                       DEPENDS_DEPTH_MAX);
    to_else = emit(p, DEPENDS_OP_JUMP_IF_FALSE);
    next(p);
    if (parse_choice(p) < 0)
        return -1;
    if (p->token != TOKEN_ELSE)
        return fail_token(p);
    to_end = emit(p, DEPENDS_OP_JUMP);
    land(p, to_else);
    next(p);
    if (parse_choice(p) < 0)
        return -1;
    land(p, to_end);
    p->depth--;
    return 0;
}

int depends_parse(struct arena *a, struct depends *d, const struct str *names, struct err *err)
{
    struct parser p = {.a = a, .d = d, .names = names, .text = d->logic, .err = err};

    next(&p);
    if (parse_choice(&p) < 0)
        return -1;
    return p.token == TOKEN_END ? 0 : fail_token(&p);
}
