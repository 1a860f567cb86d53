/*
 * lang/expr/lex.c - the tokens of an expression, as expr-lang's lexer cuts them.
 *
 * Any thread. Words like "in" and "not" are operators. Doesn't do: numbers' values.
 */
#include "formats/goquote.h"
#include "formats/regex.h"
#include "lang/expr/expr_internal.h"

struct lexer {
    struct arena *a;
    struct str text;
    size_t at;
    VEC(struct expr_token) tokens;
    struct regex *letters; /* and digits; made when a character beyond ASCII comes */
    struct err *err;
};

static int peek(const struct lexer *l, size_t ahead)
{
    return l->at + ahead < l->text.len ? (unsigned char) l->text.ptr[l->at + ahead] : -1;
}

static int fail_at(struct lexer *l, size_t pos)
{
    return expr_locate(l->text, (uint32_t) pos, l->err);
}

static void emit(struct lexer *l, enum expr_token_kind kind, size_t from, struct str text)
{
    struct expr_token token = {.kind = kind, .pos = (uint32_t) from, .text = text};

    VEC_APUSH(l->a, &l->tokens, token);
}

static void emit_source(struct lexer *l, enum expr_token_kind kind, size_t len)
{
    emit(l, kind, l->at, str_of(l->text.ptr + l->at, len));
    l->at += len;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of the character there when it can be in a word (ASCII digits not first), or 0. */
static size_t word_sign(struct lexer *l, size_t ahead, bool is_first)
{
    int c = peek(l, ahead);
    size_t size = 1;
    struct err err;

    if (c < 0x80)
        return c == '_' || c == '$' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (!is_first && is_digit(c));
    if (go_rune_next(str_skip(l->text, l->at + ahead), &size) == UINT32_MAX)
        return 0;
    if (!l->letters)
        l->letters = regex_new(STR("[\\pL\\p{Nd}]"), &err);
    if (!l->letters || !regex_matches(l->letters, str_of(l->text.ptr + l->at + ahead, size)))
        return 0;
    return size;
}

static size_t word_len(struct lexer *l)
{
    size_t len = 0, size;

    while ((size = word_sign(l, len, len == 0)) > 0)
        len += size;
    return len;
}

static bool is_hex(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static void accept_digits(struct lexer *l, size_t *len, bool is_hexadecimal)
{
    while (peek(l, *len) == '_' ||
           (is_hexadecimal ? is_hex(peek(l, *len)) : is_digit(peek(l, *len))))
        (*len)++;
}

static size_t number_len(struct lexer *l)
{
    size_t len = 0;

    if (peek(l, 0) == '0' && peek(l, 1) > 0 && strchr("xXoObB", peek(l, 1))) {
        len = 2;
        accept_digits(l, &len, (peek(l, 1) | 32) == 'x');
        return len;
    }
    accept_digits(l, &len, false);
    if (peek(l, len) == '.' && peek(l, len + 1) != '.') {
        len++;
        accept_digits(l, &len, false);
    }
    if ((peek(l, len) | 32) == 'e') {
        len++;
        if (peek(l, len) == '+' || peek(l, len) == '-')
            len++;
        accept_digits(l, &len, false);
    }
    return len;
}

static int lex_number(struct lexer *l)
{
    size_t len = number_len(l), next = word_sign(l, len, false);

    if (next > 0) {
        err_set(l->err, ERR_INVALID, "bad number syntax: \"" STR_FMT "\"", (int) (len + next),
                l->text.ptr + l->at);
        return fail_at(l, l->at + len);
    }
    emit_source(l, EXPR_NUMBER, len);
    return 0;
}

static void add_rune(struct strbuf *b, uint32_t c)
{
    if (c >= 0xd800 && (c < 0xe000 || c > 0x10ffff))
        c = 0xfffd;
    if (c < 0x80) {
        strbuf_addc(b, (char) c);
        return;
    }
    if (c < 0x800) {
        strbuf_addc(b, (char) (0xc0 | c >> 6));
    } else {
        if (c < 0x10000) {
            strbuf_addc(b, (char) (0xe0 | c >> 12));
        } else {
            strbuf_addc(b, (char) (0xf0 | c >> 18));
            strbuf_addc(b, (char) (0x80 | (c >> 12 & 0x3f)));
        }
        strbuf_addc(b, (char) (0x80 | (c >> 6 & 0x3f)));
    }
    strbuf_addc(b, (char) (0x80 | (c & 0x3f)));
}

/* @count digits of a base from l->at on; moves behind them. */
static bool escape_digits(struct lexer *l, size_t count, unsigned base, uint32_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < count; i++, l->at++) {
        int c = peek(l, 0);

        if (base == 8 ? c < '0' || c > '7' : !is_hex(c))
            return false;
        *ret = *ret * base + (uint32_t) (is_digit(c) ? c - '0' : (c | 32) - 'a' + 10);
    }
    return true;
}

static bool lex_brace_escape(struct lexer *l, uint32_t *ret)
{
    size_t count = 0;

    l->at++;
    while (is_hex(peek(l, count)))
        count++;
    if (count == 0 || count > 6 || peek(l, count) != '}' || !escape_digits(l, count, 16, ret))
        return false;
    l->at++;
    return true;
}

static bool escape_code(struct lexer *l, int c, uint32_t *ret)
{
    switch (c) {
    case 'x':
        return escape_digits(l, 2, 16, ret);
    case 'u':
        return peek(l, 0) == '{' ? lex_brace_escape(l, ret) : escape_digits(l, 4, 16, ret);
    case 'U':
        return escape_digits(l, 8, 16, ret);
    case '0':
    case '1':
    case '2':
    case '3':
        l->at--;
        return escape_digits(l, 3, 8, ret);
    default:
        return false;
    }
}

/* What follows a backslash. */
static int lex_escape(struct lexer *l, struct strbuf *b, int quote, bool is_bytes)
{
    static const char names[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
    int c = peek(l, 1);
    const char *name = c > 0 ? strchr(names, c) : NULL;
    size_t from = l->at;
    uint32_t code = 0;

    l->at += 2;
    if (name || c == quote) {
        strbuf_addc(b, name ? values[name - names] : (char) c);
        return 0;
    }
    if (!escape_code(l, c, &code)) {
        err_set(l->err, ERR_INVALID, "invalid char escape");
        return fail_at(l, from + 1);
    }
    if (is_bytes)
        strbuf_addc(b, (char) code);
    else
        add_rune(b, code);
    return 0;
}

static int lex_quoted(struct lexer *l, bool is_bytes)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(l->text.len + 8);
    size_t from = l->at;
    int quote;

    l->at += is_bytes;
    quote = peek(l, 0);
    l->at++;
    while (peek(l, 0) != quote) {
        if (peek(l, 0) < 0 || peek(l, 0) == '\n') {
            err_set(l->err, ERR_INVALID, "literal not terminated");
            return fail_at(l, l->at);
        }
        if (peek(l, 0) != '\\') {
            strbuf_addc(&b, (char) peek(l, 0));
            l->at++;
        } else if (lex_escape(l, &b, quote, is_bytes) < 0) {
            return -1;
        }
    }
    l->at++;
    emit(l, is_bytes ? EXPR_BYTE_TEXT : EXPR_TEXT, from, str_copy(l->a, strbuf_str(&b)));
    return 0;
}

/* `as it stands`, a doubled backtick is one. */
static int lex_raw(struct lexer *l)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(l->text.len + 8);
    size_t from = l->at++;

    for (;;) {
        int c = peek(l, 0);

        if (c < 0) {
            err_set(l->err, ERR_INVALID, "literal not terminated");
            return fail_at(l, l->at);
        }
        l->at++;
        if (c == '`') {
            if (peek(l, 0) != '`')
                break;
            l->at++;
        }
        strbuf_addc(&b, (char) c);
    }
    emit(l, EXPR_TEXT, from, str_copy(l->a, strbuf_str(&b)));
    return 0;
}

static void lex_word(struct lexer *l)
{
    static const char *const operators[] = {"in",       "or",         "and",      "matches",
                                            "contains", "startsWith", "endsWith", "let",
                                            "if",       "else",       "not"};
    enum expr_token_kind kind = EXPR_IDENTIFIER;
    size_t len = word_len(l);

    for (size_t i = 0; i < COUNT_OF(operators); i++)
        if (str_is(str_of(l->text.ptr + l->at, len), operators[i]))
            kind = EXPR_OPERATOR;
    emit_source(l, kind, len);
}

/* Whether there was a comment; -1 for one without an end. */
static int lex_comment(struct lexer *l)
{
    size_t end;

    if (peek(l, 0) != '/' || (peek(l, 1) != '/' && peek(l, 1) != '*'))
        return 0;
    if (peek(l, 1) == '/') {
        end = str_find_char(str_skip(l->text, l->at), '\n');
        l->at = end == SIZE_MAX ? l->text.len : l->at + end;
        return 1;
    }
    end = str_find(str_skip(l->text, l->at + 2), STR("*/"));
    if (end == SIZE_MAX) {
        err_set(l->err, ERR_INVALID, "unclosed comment");
        return fail_at(l, l->text.len);
    }
    l->at += end + 4;
    return 1;
}

/* How many bytes an operator has, or 0. */
static size_t operator_len(const struct lexer *l)
{
    int c = peek(l, 0), next = peek(l, 1);

    if (c == '?')
        return next == '.' || next == '?' ? 2 : 1;
    if (c == '|' || c == ':' || c == '.')
        return next == c ? 2 : 1;
    if (c > 0 && strchr("&!=*<>", c))
        return next == '&' || next == '=' || next == '*' ? 2 : 1;
    return c > 0 && strchr("#,;%+-^/", c) ? 1 : 0;
}

static int lex_unknown(struct lexer *l)
{
    size_t size = 1;
    uint32_t rune = go_rune_next(str_skip(l->text, l->at), &size);

    rune = rune == UINT32_MAX ? 0xfffd : rune;
    err_set(l->err, ERR_INVALID, "unrecognized character: U+%04X", rune);
    if (go_is_print(rune))
        err_set(l->err, ERR_INVALID, "unrecognized character: U+%04X '" STR_FMT "'", rune,
                (int) size, l->text.ptr + l->at);
    return fail_at(l, l->at);
}

static int lex_token(struct lexer *l)
{
    int c = peek(l, 0), next = peek(l, 1);
    size_t len;

    if (c == '\'' || c == '"')
        return lex_quoted(l, false);
    if (c == 'b' && (next == '\'' || next == '"'))
        return lex_quoted(l, true);
    if (c == '`')
        return lex_raw(l);
    if (is_digit(c) || (c == '.' && is_digit(next)))
        return lex_number(l);
    if (word_sign(l, 0, true) > 0) {
        lex_word(l);
        return 0;
    }
    if (c > 0 && strchr("()[]{}", c)) {
        emit_source(l, EXPR_BRACKET, 1);
        return 0;
    }
    len = operator_len(l);
    if (len == 0)
        return lex_unknown(l);
    emit_source(l, EXPR_OPERATOR, len);
    for (len = 0; c == '#' && (next = (int) word_sign(l, len, false)) > 0;)
        len += (size_t) next; /* "#in" is a pointer's name */
    if (len > 0)
        emit_source(l, EXPR_IDENTIFIER, len);
    return 0;
}

static int lex_all(struct lexer *l)
{
    while (l->at < l->text.len) {
        int comment;
        size_t size;

        if (go_is_space(go_rune_next(str_skip(l->text, l->at), &size))) {
            l->at += size;
            continue;
        }
        comment = lex_comment(l);
        if (comment < 0 || (comment == 0 && lex_token(l) < 0))
            return -1;
    }
    return 0;
}

int expr_lex(struct arena *a, struct str text, struct expr_token **ret, struct err *err)
{
    struct lexer l = {.a = a, .text = text, .err = err};
    int result = lex_all(&l);

    regex_free(l.letters);
    if (result < 0 && err->kind != ERR_INVALID)
        return -1;
    if (result < 0) /* counts when the parser comes to it */
        emit(&l, EXPR_BAD, l.at, str_copy(a, str_from(err->text)));
    emit(&l, EXPR_EOF, text.len > 0 ? text.len - 1 : 0, STR(""));
    *ret = l.tokens.at;
    return 0;
}
