/*
 * Expanded conditions into steps: || && == != ! ? : and parentheses over "task.Result".
 *
 * One pass, no tree: each operator jumps over what it need not look at. Messages are those of
 * the expression language that the original gives the condition to.
 */
#include "base/limits.h"
#include "lang/depends/depends_internal.h"

enum token {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_TEXT, /* in quotes */
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
    struct str shown; /* the text as the original evaluates it, without dashes */
    size_t at;        /* behind the token */
    enum token token;
    size_t begin; /* of the token */
    struct depends_word word;
    unsigned depth;  /* parentheses that are open */
    unsigned pushed; /* bits on the stack */
    /* What is wrong with types; counts only where the syntax is right. */
    const char *mismatch;
    size_t mismatch_column;
    struct err *err;
};

static int parse_choice(struct parser *p);
static int parse_value(struct parser *p);
static void next(struct parser *p);

/* The line that holds a byte, tabs as spaces; @column becomes the one within it. */
static struct str line_of(struct parser *p, size_t *column, size_t *ret_number)
{
    size_t begin = 0, end, number = 1;
    char *line;

    for (size_t i = 0; i + 1 < *column && i < p->shown.len; i++)
        if (p->shown.ptr[i] == '\n') {
            begin = i + 1;
            number++;
        }
    for (end = begin; end < p->shown.len && p->shown.ptr[end] != '\n';)
        end++;
    line = str_cz(p->a, str_of(p->shown.ptr + begin, end - begin));
    for (size_t i = 0; i < end - begin; i++)
        line[i] = line[i] == '\t' ? ' ' : line[i];
    *column -= begin;
    *ret_number = number;
    return str_of(line, end - begin);
}

static int fail(struct parser *p, const char *problem, size_t column)
{
    _cleanup_strbuf_ struct strbuf dots = STRBUF_INIT(1 << 20);
    size_t number;
    struct str line = line_of(p, &column, &number);

    for (size_t i = 1; i < column; i++)
        strbuf_addc(&dots, '.');
    return err_set(p->err, ERR_INVALID,
                   "unable to evaluate expression '" STR_FMT "': %s (%zu:%zu)\n | " STR_FMT
                   "\n | " STR_FMT "^",
                   STR_ARG(p->shown), problem, number, column, STR_ARG(line),
                   STR_ARG(strbuf_str(&dots)));
}

/* The token is not one that a value may begin with. */
static int fail_value(struct parser *p)
{
    struct str shown = str_of(p->shown.ptr + p->begin, p->at - p->begin);
    const char *kind = "Operator";

    if (p->token == TOKEN_END)
        return fail(p, "unexpected token EOF", p->text.len);
    if (p->token == TOKEN_OPEN || p->token == TOKEN_CLOSE) {
        kind = "Bracket";
    } else if (p->token == TOKEN_WORD) {
        kind = "Identifier";
        shown = str_head(shown, p->word.task.len);
    } else if (p->token == TOKEN_TEXT) {
        kind = "String";
    }
    return fail(p,
                str_cz(p->a, str_printf(p->a, "unexpected token %s(\"" STR_FMT "\")", kind,
                                        STR_ARG(shown))),
                p->begin + 1);
}

/* The token is not one that may stand behind a value. */
static int fail_token(struct parser *p)
{
    if (p->token == TOKEN_OTHER && p->text.ptr[p->begin] == '|') /* the pipe, nothing to call */
        next(p);
    return fail_value(p);
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

/* A text in quotes: its length, 0 when it does not end. */
static size_t quoted_length(struct str rest)
{
    for (size_t i = 1; i < rest.len; i++) {
        if (rest.ptr[i] == '\\')
            i++;
        else if (rest.ptr[i] == rest.ptr[0])
            return i + 1;
    }
    return 0;
}

static void read_symbol(struct parser *p, struct str rest)
{
    char first = str_is_empty(rest) ? '\0' : rest.ptr[0];
    size_t length = first == '"' || first == '\'' ? quoted_length(rest) : 0;

    p->token = length ? TOKEN_TEXT : TOKEN_OTHER;
    p->at += length ? length : 1;
    if (length)
        return;
    for (size_t i = 0; i < COUNT_OF(symbols); i++)
        if (str_starts(rest, symbols[i].text)) {
            p->token = symbols[i].token;
            p->at = p->begin + symbols[i].text.len;
            return;
        }
}

/* Reads the next token. */
static void next(struct parser *p)
{
    while (p->at < p->text.len && strchr(" \t\r\n", p->text.ptr[p->at]) && p->text.ptr[p->at])
        p->at++;
    p->begin = p->at;
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

/* Of several the first counts. */
static void note_mismatch(struct parser *p, struct str problem, size_t column)
{
    if (p->mismatch)
        return;
    p->mismatch = str_cz(p->a, problem);
    p->mismatch_column = column;
}

/* A value's members, which truth values have none of. */
static int parse_members(struct parser *p)
{
    while (p->token == TOKEN_OTHER && p->text.ptr[p->begin] == '.') {
        size_t begin;
        bool is_word;

        next(p);
        if (p->token == TOKEN_END)
            return fail(p, "unexpected end of expression", p->text.len);
        begin = p->begin;
        is_word = p->token == TOKEN_WORD;
        if (is_word)
            note_mismatch(p,
                          str_printf(p->a, "type bool has no field " STR_FMT,
                                     (int) p->word.task.len, p->shown.ptr + begin),
                          begin + 1);
        next(p);
        if (!is_word)
            return fail(p, "expected name", p->token == TOKEN_END ? p->at : p->begin + 1);
    }
    return 0;
}

/* "A.Failed (...)", where an operator was forgotten, reads as a call. */
static int parse_call(struct parser *p, size_t column)
{
    if (p->token != TOKEN_OPEN)
        return parse_members(p);
    note_mismatch(p, STR("bool is not callable"), column);
    return parse_value(p);
}

static int parse_word(struct parser *p)
{
    unsigned bits = depends_result_of(p->word.result);
    size_t step, column = p->word.begin + p->word.task.len + 2;

    if (!bits)
        return fail_value(p);
    step = emit(p, DEPENDS_OP_LOAD);
    p->d->steps.at[step].bits = bits;
    for (size_t i = 0; i < p->d->needs.len; i++)
        if (str_eq(p->names[i], p->word.task))
            p->d->steps.at[step].arg = (uint32_t) i;
    next(p);
    return parse_call(p, column);
}

static int parse_value(struct parser *p)
{
    if (p->token == TOKEN_WORD)
        return parse_word(p);
    if (p->token != TOKEN_OPEN)
        return fail_value(p);
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
    return parse_members(p);
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

/* Operators that know numbers only. */
static int parse_number_operator(struct parser *p)
{
    if (parse_not(p) < 0)
        return -1;
    while (p->token == TOKEN_OTHER && strchr("+*/%<>^", p->text.ptr[p->begin])) {
        size_t begin = p->begin, len = 1;
        char first = p->text.ptr[begin], second = p->at < p->text.len ? p->text.ptr[p->at] : 0;

        if ((first == '*' && second == '*') ||
            ((first == '<' || first == '>') && second == '=')) {
            p->at++;
            len++;
        }
        next(p);
        if (parse_not(p) < 0)
            return -1;
        note_mismatch(p,
                      str_printf(p->a,
                                 "invalid operation: %.*s (mismatched types bool and bool)",
                                 (int) len, p->text.ptr + begin),
                      begin + 1);
    }
    return 0;
}

static int parse_equal(struct parser *p)
{
    if (parse_number_operator(p) < 0)
        return -1;
    while (p->token == TOKEN_EQUAL || p->token == TOKEN_NOT_EQUAL) {
        bool is_negated = p->token == TOKEN_NOT_EQUAL;

        if (++p->pushed > 64)
            return err_set(p->err, ERR_LIMIT, "condition nests more than 64 comparisons");
        emit(p, DEPENDS_OP_PUSH);
        next(p);
        if (parse_number_operator(p) < 0)
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

/* Texts that do not end are found before anything else. */
static int check_quotes(struct parser *p)
{
    for (size_t i = 0; i < p->text.len;) {
        bool is_quote = p->text.ptr[i] == '"' || p->text.ptr[i] == '\'';
        size_t len = is_quote ? quoted_length(str_skip(p->text, i)) : 1;

        if (len == 0)
            return fail(p, "literal not terminated", p->text.len + 1);
        i += len;
    }
    return 0;
}

static struct str without_dashes(struct arena *a, struct str text)
{
    char *copy = str_cz(a, text);

    for (size_t i = 0; i < text.len; i++)
        copy[i] = copy[i] == '-' ? '_' : copy[i];
    return str_of(copy, text.len);
}

int depends_parse(struct arena *a, struct depends *d, const struct str *names, struct err *err)
{
    struct parser p = {.a = a, .d = d, .names = names, .text = d->logic, .err = err};

    p.shown = without_dashes(a, d->logic);
    if (check_quotes(&p) < 0)
        return -1;
    next(&p);
    if (p.token == TOKEN_TEXT && p.at == p.text.len)
        return err_set(err, ERR_INVALID,
                       "unable to evaluate expression '" STR_FMT
                       "': unable to cast expression result '" STR_FMT "' to bool",
                       STR_ARG(p.shown), (int) (p.at - p.begin - 2), p.shown.ptr + p.begin + 1);
    if (parse_choice(&p) < 0)
        return -1;
    if (p.token != TOKEN_END)
        return fail_token(&p);
    return p.mismatch ? fail(&p, p.mismatch, p.mismatch_column) : 0;
}
