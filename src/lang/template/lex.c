/*
 * lang/template/lex.c - the tokens of a template, as Go's text/template/parse finds them.
 *
 * Any thread. Blanks are tokens inside of actions; comments and trimmed text are none. A fault
 * is a token, too: the parser tells it when it gets there.
 */
#include "formats/goquote.h"
#include "lang/template/template_internal.h"

struct lexer {
    struct arena *a;
    struct str text;
    size_t start, pos; /* of the token under way */
    uint32_t line;     /* at start */
    int depth;         /* of parentheses */
    bool is_inside, is_over;
    VEC(struct template_token) tokens;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct str rest_at(const struct lexer *l, size_t pos)
{
    return str_skip(l->text, pos);
}

static uint32_t peek(const struct lexer *l)
{
    size_t size = 1;

    return l->pos < l->text.len ? go_rune_next(rest_at(l, l->pos), &size) : 0;
}

static bool is_alphanumeric(uint32_t c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
           (c >= 0xaa && c != UINT32_MAX && go_is_print(c) && !go_is_space(c) &&
            !(c >= 0x2000 && c < 0x2c00));
}

static void skip_to(struct lexer *l, size_t pos)
{
    for (size_t i = l->start; i < pos; i++)
        l->line += l->text.ptr[i] == '\n';
    l->start = l->pos = pos;
}

static void emit(struct lexer *l, enum template_token_kind kind)
{
    struct template_token token = {.kind = kind,
                                   .pos = (uint32_t) l->start,
                                   .line = l->line,
                                   .text = str_head(rest_at(l, l->start), l->pos - l->start)};

    VEC_APUSH(l->a, &l->tokens, token);
    skip_to(l, l->pos);
}

static void fail(struct lexer *l, struct str text)
{
    struct template_token token = {
        .kind = TEMPLATE_ERROR, .pos = (uint32_t) l->start, .line = l->line, .text = text};

    for (size_t i = l->start; i < l->pos && i < l->text.len; i++)
        token.line += l->text.ptr[i] == '\n';
    VEC_APUSH(l->a, &l->tokens, token);
    l->is_over = true;
}

static void fail_char(struct lexer *l, const char *what, uint32_t c)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(256);

    strbuf_addf(&b, "%s U+%04X", what, c == UINT32_MAX ? 0xfffd : (unsigned) c);
    if (c != UINT32_MAX && go_is_print(c)) {
        strbuf_addz(&b, " '");
        value_add_rune(&b, c);
        strbuf_addc(&b, '\'');
    }
    fail(l, str_copy(l->a, strbuf_str(&b)));
}

static bool has_left_trim(struct str s)
{
    return s.len >= 2 && s.ptr[0] == '-' && is_space(s.ptr[1]);
}

static bool has_right_trim(struct str s)
{
    return s.len >= 2 && is_space(s.ptr[0]) && s.ptr[1] == '-';
}

/* Bytes of the closing delimiter with its trim marker; 0 when there is none. */
static size_t right_size(const struct lexer *l, size_t pos)
{
    struct str rest = rest_at(l, pos);

    if (has_right_trim(rest) && str_starts(str_skip(rest, 2), STR("}}")))
        return 4;
    return str_starts(rest, STR("}}")) ? 2 : 0;
}

static size_t blanks_at(const struct lexer *l, size_t pos)
{
    size_t len = 0;

    while (pos + len < l->text.len && is_space(l->text.ptr[pos + len]))
        len++;
    return len;
}

static void lex_comment(struct lexer *l)
{
    size_t end = str_find(rest_at(l, l->pos), STR("*/")), size;

    if (end == SIZE_MAX) {
        fail(l, STR("unclosed comment"));
        return;
    }
    l->pos += end + 2;
    size = right_size(l, l->pos);
    if (size == 0) {
        fail(l, STR("comment ends before closing delimiter"));
        return;
    }
    l->pos += size;
    if (size == 4)
        l->pos += blanks_at(l, l->pos);
    skip_to(l, l->pos);
}

static void lex_left(struct lexer *l)
{
    size_t marker = has_left_trim(rest_at(l, l->pos + 2)) ? 2 : 0;

    if (str_starts(rest_at(l, l->pos + 2 + marker), STR("/*"))) {
        l->pos += 4 + marker;
        lex_comment(l);
        return;
    }
    l->pos += 2;
    emit(l, TEMPLATE_LEFT);
    skip_to(l, l->pos + marker);
    l->is_inside = true;
    l->depth = 0;
}

static void lex_text(struct lexer *l)
{
    size_t at = str_find(rest_at(l, l->pos), STR("{{")), end;

    if (at == SIZE_MAX) {
        l->pos = l->text.len;
        if (l->pos > l->start)
            emit(l, TEMPLATE_TOKEN_TEXT);
        emit(l, TEMPLATE_EOF);
        l->is_over = true;
        return;
    }
    end = l->pos + at;
    l->pos = end;
    if (has_left_trim(rest_at(l, end + 2)))
        while (l->pos > l->start && is_space(l->text.ptr[l->pos - 1]))
            l->pos--;
    if (l->pos > l->start)
        emit(l, TEMPLATE_TOKEN_TEXT);
    skip_to(l, end);
    lex_left(l);
}

static void lex_right(struct lexer *l, size_t size)
{
    if (l->depth > 0) {
        fail(l, STR("unclosed left paren"));
        return;
    }
    if (size == 4)
        skip_to(l, l->pos + 2);
    l->pos += 2;
    emit(l, TEMPLATE_RIGHT);
    if (size == 4)
        skip_to(l, l->pos + blanks_at(l, l->pos));
    l->is_inside = false;
}

static void lex_space(struct lexer *l)
{
    size_t len = blanks_at(l, l->pos);

    /* the last blank may belong to " -}}" */
    if (right_size(l, l->pos + len - 1) == 4)
        len--;
    l->pos += len;
    if (len > 0)
        emit(l, TEMPLATE_SPACE);
}

static bool is_terminator(const struct lexer *l)
{
    char c = l->pos < l->text.len ? l->text.ptr[l->pos] : '\0';

    return l->pos >= l->text.len || is_space(c) || (c && strchr(".,|:)(", c)) ||
           str_starts(rest_at(l, l->pos), STR("}}"));
}

static void take_word(struct lexer *l)
{
    size_t size = 1;

    while (l->pos < l->text.len && is_alphanumeric(go_rune_next(rest_at(l, l->pos), &size)))
        l->pos += size;
}

static enum template_token_kind word_kind(struct str word)
{
    static const struct {
        const char *word;
        enum template_token_kind kind;
    } words[] = {
        {"block", TEMPLATE_BLOCK},
        {"break", TEMPLATE_TOKEN_BREAK},
        {"continue", TEMPLATE_TOKEN_CONTINUE},
        {"define", TEMPLATE_DEFINE},
        {"else", TEMPLATE_ELSE},
        {"end", TEMPLATE_END},
        {"false", TEMPLATE_TOKEN_BOOL},
        {"if", TEMPLATE_TOKEN_IF},
        {"nil", TEMPLATE_TOKEN_NIL},
        {"range", TEMPLATE_TOKEN_RANGE},
        {"template", TEMPLATE_TOKEN_TEMPLATE},
        {"true", TEMPLATE_TOKEN_BOOL},
        {"with", TEMPLATE_TOKEN_WITH},
    };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(word, words[i].word))
            return words[i].kind;
    return TEMPLATE_TOKEN_IDENTIFIER;
}

static void lex_word(struct lexer *l)
{
    take_word(l);
    if (is_terminator(l))
        emit(l, word_kind(str_head(rest_at(l, l->start), l->pos - l->start)));
    else
        fail_char(l, "bad character", peek(l));
}

/* Behind "." or "$". */
static void lex_field(struct lexer *l, enum template_token_kind kind,
                      enum template_token_kind alone)
{
    l->pos++;
    if (is_terminator(l)) {
        emit(l, alone);
        return;
    }
    take_word(l);
    if (is_terminator(l))
        emit(l, kind);
    else
        fail_char(l, "bad character", peek(l));
}

static bool accept(struct lexer *l, const char *set)
{
    char c = l->pos < l->text.len ? l->text.ptr[l->pos] : '\0';

    if (!c || !strchr(set, c))
        return false;
    l->pos++;
    return true;
}

static void accept_all(struct lexer *l, const char *set)
{
    while (accept(l, set)) {
    }
}

static bool take_number(struct lexer *l)
{
    const char *digits = "0123456789_";
    bool is_hex = false, is_decimal = true;

    accept(l, "+-");
    if (accept(l, "0")) {
        if (accept(l, "xX")) {
            digits = "0123456789abcdefABCDEF_";
            is_hex = true;
        } else if (accept(l, "oO")) {
            digits = "01234567_";
            is_decimal = false;
        } else if (accept(l, "bB")) {
            digits = "01_";
            is_decimal = false;
        }
    }
    accept_all(l, digits);
    if (accept(l, "."))
        accept_all(l, digits);
    if ((is_hex && accept(l, "pP")) || (!is_hex && is_decimal && accept(l, "eE"))) {
        accept(l, "+-");
        accept_all(l, "0123456789_");
    }
    accept(l, "i");
    if (!is_alphanumeric(peek(l)))
        return true;
    l->pos++;
    return false;
}

static void lex_number(struct lexer *l)
{
    bool is_good = take_number(l);
    char next = l->pos < l->text.len ? l->text.ptr[l->pos] : '\0';

    if (is_good && (next == '+' || next == '-'))
        is_good = take_number(l) && l->text.ptr[l->pos - 1] == 'i';
    if (is_good) {
        emit(l, TEMPLATE_TOKEN_NUMBER);
        return;
    }
    fail(l, str_concat(l->a, STR("bad number syntax: "),
                       go_quote(l->a, str_head(rest_at(l, l->start), l->pos - l->start))));
}

/* A text or a character in quotes. */
static void lex_quoted(struct lexer *l, char quote, const char *fault,
                       enum template_token_kind kind)
{
    for (l->pos++; l->pos < l->text.len && l->text.ptr[l->pos] != quote; l->pos++) {
        if (l->text.ptr[l->pos] == '\\')
            l->pos++;
        if (l->pos >= l->text.len || l->text.ptr[l->pos] == '\n')
            break;
    }
    if (l->pos >= l->text.len || l->text.ptr[l->pos] != quote) {
        fail(l, str_from(fault));
        return;
    }
    l->pos++;
    emit(l, kind);
}

static void lex_raw(struct lexer *l)
{
    size_t end = str_find_char(rest_at(l, l->pos + 1), '`');

    if (end == SIZE_MAX) {
        fail(l, STR("unterminated raw quoted string"));
        return;
    }
    l->pos += end + 2;
    emit(l, TEMPLATE_RAW_STRING);
}

static void lex_sign(struct lexer *l, char c)
{
    l->pos++;
    if (c == '=') {
        emit(l, TEMPLATE_ASSIGN);
    } else if (c == '|') {
        emit(l, TEMPLATE_TOKEN_PIPE);
    } else if (c == '(') {
        l->depth++;
        emit(l, TEMPLATE_LEFT_PAREN);
    } else if (c == ')') {
        l->depth--;
        if (l->depth < 0)
            fail(l, STR("unexpected right paren"));
        else
            emit(l, TEMPLATE_RIGHT_PAREN);
    } else if (c != ':') {
        emit(l, TEMPLATE_CHAR);
    } else if (accept(l, "=")) {
        emit(l, TEMPLATE_DECLARE);
    } else {
        fail(l, STR("expected :="));
    }
}

static void lex_inside(struct lexer *l)
{
    size_t size = right_size(l, l->pos);
    char c = l->pos < l->text.len ? l->text.ptr[l->pos] : '\0';
    char next = l->pos + 1 < l->text.len ? l->text.ptr[l->pos + 1] : '\0';

    if (size > 0)
        lex_right(l, size);
    else if (l->pos >= l->text.len)
        fail(l, STR("unclosed action"));
    else if (is_space(c))
        lex_space(l);
    else if (c == '"')
        lex_quoted(l, '"', "unterminated quoted string", TEMPLATE_QUOTED);
    else if (c == '\'')
        lex_quoted(l, '\'', "unterminated character constant", TEMPLATE_CHAR_CONSTANT);
    else if (c == '`')
        lex_raw(l);
    else if (c == '$')
        lex_field(l, TEMPLATE_TOKEN_VARIABLE, TEMPLATE_TOKEN_VARIABLE);
    else if (c == '.' && l->pos + 1 < l->text.len && (next < '0' || next > '9'))
        lex_field(l, TEMPLATE_TOKEN_FIELD, TEMPLATE_TOKEN_DOT);
    else if (c == '.' || c == '+' || c == '-' || (c >= '0' && c <= '9'))
        lex_number(l);
    else if (is_alphanumeric(peek(l)))
        lex_word(l);
    else if (c >= ' ' && c < 0x7f)
        lex_sign(l, c);
    else
        fail_char(l, "unrecognized character in action:", peek(l));
}

struct template_token *template_lex(struct arena *a, struct str text)
{
    struct lexer l = {.a = a, .text = text, .line = 1};

    while (!l.is_over)
        if (l.is_inside)
            lex_inside(&l);
        else
            lex_text(&l);
    return l.tokens.at;
}
