/*
 * formats/selector_label.c - reads label selector texts as Kubernetes' own parser does.
 *
 * One token of look-ahead over the text, a function per rule of the grammar. Two reading modes:
 * where a value may stand, "in" and "notin" are plain words. Invariants: tokens are views of
 * the arena's copy of the text; the position only grows. A zero byte ends the text, as it does
 * in the original.
 */
#include "base/limits.h"
#include "formats/labels.h"
#include "formats/selector_internal.h"

enum token_type {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_IN,
    TOKEN_NOT_IN,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_NOT,
    TOKEN_EQ,
    TOKEN_EQ_EQ,
    TOKEN_NE,
    TOKEN_GT,
    TOKEN_LT,
};

struct token {
    enum token_type type;
    struct str text;
};

struct parser {
    struct str text;
    size_t at;         /* behind the token below */
    struct token next; /* look-ahead */
    struct selector_draft draft;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_sign(char c)
{
    return c == '=' || c == '!' || c == '(' || c == ')' || c == ',' || c == '>' || c == '<';
}

static struct token scan_sign(struct str rest)
{
    static const struct {
        char text[3];
        enum token_type type;
    } signs[] = {
        {"==", TOKEN_EQ_EQ}, {"!=", TOKEN_NE},  {"=", TOKEN_EQ},
        {"!", TOKEN_NOT},    {"(", TOKEN_OPEN}, {")", TOKEN_CLOSE},
        {",", TOKEN_COMMA},  {">", TOKEN_GT},   {"<", TOKEN_LT},
    };

    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        struct str sign = str_from(signs[i].text);

        if (str_starts(rest, sign))
            return (struct token){.type = signs[i].type, .text = str_head(rest, sign.len)};
    }
    return (struct token){.type = TOKEN_END, .text = STR("")};
}

static struct token scan_word(struct str rest)
{
    size_t len = 0;
    struct token word;

    while (len < rest.len && rest.ptr[len] && !is_sign(rest.ptr[len]) &&
           !is_blank(rest.ptr[len]))
        len++;
    word = (struct token){.type = TOKEN_WORD, .text = str_head(rest, len)};
    if (str_is(word.text, "in"))
        word.type = TOKEN_IN;
    else if (str_is(word.text, "notin"))
        word.type = TOKEN_NOT_IN;
    return word;
}

static struct token scan(struct parser *p)
{
    struct str rest = str_skip(p->text, p->at);
    struct token token = {.type = TOKEN_END, .text = STR("")};

    while (rest.len > 0 && is_blank(rest.ptr[0]))
        rest = str_skip(rest, 1);
    if (rest.len > 0 && rest.ptr[0])
        token = is_sign(rest.ptr[0]) ? scan_sign(rest) : scan_word(rest);
    p->at = (size_t) (rest.ptr - p->text.ptr) + token.text.len;
    return token;
}

/* The look-ahead where a value may stand. */
static enum token_type peek(const struct parser *p)
{
    bool is_word = p->next.type == TOKEN_IN || p->next.type == TOKEN_NOT_IN;

    return is_word ? TOKEN_WORD : p->next.type;
}

static struct token take(struct parser *p)
{
    struct token token = p->next;

    p->next = scan(p);
    return token;
}

static int unexpected(struct str found, const char *rest, struct err *err)
{
    return err_set(err, ERR_INVALID, "found '" STR_FMT "'%s", STR_ARG(found), rest);
}

/* "," in a list: a value is missing before or behind it. Says whether the list ends here. */
static bool take_list_comma(struct parser *p, selector_texts *values)
{
    struct arena *a = p->draft.arena;

    take(p);
    if (values->len == 0)
        VEC_APUSH(a, values, STR(""));
    if (peek(p) == TOKEN_CLOSE) {
        VEC_APUSH(a, values, STR(""));
        return true;
    }
    if (peek(p) == TOKEN_COMMA) {
        take(p);
        VEC_APUSH(a, values, STR(""));
    }
    return false;
}

/* The values between the parentheses, up to the closing one. */
static int parse_list(struct parser *p, selector_texts *values, struct err *err)
{
    for (;;) {
        if (peek(p) == TOKEN_COMMA) {
            if (take_list_comma(p, values))
                return 0;
            continue;
        }
        if (peek(p) != TOKEN_WORD)
            return unexpected(p->next.text, ", expected: ',', or identifier", err);
        VEC_APUSH(p->draft.arena, values, take(p).text);
        if (peek(p) == TOKEN_CLOSE)
            return 0;
        if (peek(p) != TOKEN_COMMA)
            return unexpected(p->next.text, ", expected: ',' or ')'", err);
    }
}

static int parse_set(struct parser *p, selector_texts *values, struct err *err)
{
    struct token open = take(p);

    if (open.type != TOKEN_OPEN)
        return unexpected(open.text, " expected: '('", err);
    if (peek(p) == TOKEN_CLOSE)
        VEC_APUSH(p->draft.arena, values, STR(""));
    else if (peek(p) != TOKEN_WORD && peek(p) != TOKEN_COMMA)
        return unexpected(p->next.text, ", expected: ',', ')' or identifier", err);
    else if (parse_list(p, values, err) < 0)
        return -1;
    take(p);
    selector_sort_unique(values);
    return 0;
}

static int parse_exact(struct parser *p, selector_texts *values, struct err *err)
{
    struct str value = STR("");

    if (peek(p) == TOKEN_WORD)
        value = take(p).text;
    else if (peek(p) != TOKEN_END && peek(p) != TOKEN_COMMA)
        return unexpected(p->next.text, ", expected: identifier", err);
    VEC_APUSH(p->draft.arena, values, value);
    return 0;
}

static int parse_operator(struct parser *p, enum selector_op *ret, struct err *err)
{
    static const struct {
        enum token_type token;
        enum selector_op op;
    } operators[] = {
        {TOKEN_IN, SELECTOR_IN},       {TOKEN_NOT_IN, SELECTOR_NOT_IN},
        {TOKEN_EQ, SELECTOR_EQUAL},    {TOKEN_NE, SELECTOR_NOT_EQUAL},
        {TOKEN_EQ_EQ, SELECTOR_EQUAL}, {TOKEN_GT, SELECTOR_GREATER},
        {TOKEN_LT, SELECTOR_LESS},
    };
    struct token token = take(p);

    for (size_t i = 0; i < COUNT_OF(operators); i++) {
        if (operators[i].token != token.type)
            continue;
        *ret = operators[i].op;
        return 0;
    }
    return unexpected(token.text, ", expected: in, notin, =, ==, !=, gt, lt", err);
}

/* What may stand behind a key: an operator and its values. */
static int parse_comparison(struct parser *p, struct selector_requirement *req,
                            selector_texts *values, struct err *err)
{
    req->is_double = p->next.type == TOKEN_EQ_EQ;
    if (parse_operator(p, &req->op, err) < 0)
        return -1;
    if (req->op == SELECTOR_IN || req->op == SELECTOR_NOT_IN)
        return parse_set(p, values, err);
    return parse_exact(p, values, err);
}

static int parse_requirement(struct parser *p, struct err *err)
{
    bool is_not = peek(p) == TOKEN_NOT;
    struct selector_requirement req = {.op = is_not ? SELECTOR_NOT_EXISTS : SELECTOR_EXISTS};
    selector_texts values = {0};
    struct str problem;

    if (is_not)
        take(p);
    if (peek(p) != TOKEN_WORD)
        return unexpected(p->next.text, ", expected: identifier", err);
    req.key = take(p).text;
    problem = label_key_problem(p->draft.arena, req.key, "<nil>");
    if (!str_is_none(problem))
        return err_set(err, ERR_INVALID, STR_FMT, STR_ARG(problem));
    if (!is_not && peek(p) != TOKEN_END && peek(p) != TOKEN_COMMA &&
        parse_comparison(p, &req, &values, err) < 0)
        return -1;
    return selector_require(&p->draft, req, &values, err);
}

/* The comma between two requirements; 1 when another must follow, 0 at the end, -1. */
static int parse_comma(struct parser *p, struct err *err)
{
    struct token token = take(p);

    if (token.type == TOKEN_END)
        return 0;
    if (token.type != TOKEN_COMMA)
        return unexpected(token.text, ", expected: ',' or 'end of string'", err);
    if (peek(p) != TOKEN_WORD && peek(p) != TOKEN_NOT)
        return unexpected(p->next.text, ", expected: identifier after ','", err);
    return 1;
}

static int parse_selector(struct parser *p, struct err *err)
{
    int has_more = 1;

    if (peek(p) == TOKEN_END)
        return 0;
    if (peek(p) != TOKEN_WORD && peek(p) != TOKEN_NOT)
        return unexpected(p->next.text, ", expected: !, identifier, or 'end of string'", err);
    while (has_more > 0) {
        if (parse_requirement(p, err) < 0)
            return err_wrap(err, "unable to parse requirement");
        has_more = parse_comma(p, err);
    }
    return has_more;
}

int selector_parse(struct arena *a, struct str text, struct selector *ret, struct err *err)
{
    struct parser p = {.draft.arena = a};

    if (text.len > SELECTOR_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "label selector: %zu bytes, at most %d", text.len,
                       SELECTOR_MAX_BYTES);
    p.text = str_copy(a, text.ptr ? text : STR(""));
    p.next = scan(&p);
    if (parse_selector(&p, err) < 0)
        return -1;
    *ret = selector_make(&p.draft);
    return 0;
}
