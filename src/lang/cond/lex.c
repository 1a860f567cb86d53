/*
 * Text into tokens. See cond_internal.h.
 *
 * Reads characters, not bytes; a byte that is no UTF-8 is U+FFFD. Within a token a backslash
 * takes the next character as it is. Letters and digits beyond ASCII are Unicode's, asked of
 * the regular expressions.
 */
#include "base/limits.h"
#include "base/strbuf.h"
#include "formats/gofloat.h"
#include "formats/goquote.h"
#include "formats/regex.h"
#include "lang/cond/cond_internal.h"

enum { NO_RUNE = 0xfffd }; /* what stands for a byte that is no UTF-8 */

struct lexer {
    struct cond *c;
    struct str text;
    size_t at; /* bytes that are read */
    enum cond_kind last;
    struct regex *letters, *digits, *lower; /* made when first needed */
    struct strbuf buf;                      /* where words grow */
    struct str word;                        /* of the last read_while() */
    bool has_failed;                        /* a backslash at the end */
};

/* A character and its bytes. */
struct sign {
    uint32_t rune;
    struct str bytes;
};

typedef bool (*sign_test)(struct lexer *l, struct sign s);

/* ---- characters ---- */

/* The first character, and how many bytes it takes. */
static struct sign sign_of(struct str text, size_t *ret_size)
{
    uint32_t rune = go_rune_next(text, ret_size);

    if (rune == UINT32_MAX)
        return (struct sign){NO_RUNE, STR("\xef\xbf\xbd")};
    return (struct sign){rune, str_head(text, *ret_size)};
}

static bool is_end(const struct lexer *l)
{
    return l->at >= l->text.len;
}

/* The next character, taken. */
static struct sign take(struct lexer *l)
{
    size_t size = 0;
    struct sign s = sign_of(str_skip(l->text, l->at), &size);

    l->at += size;
    return s;
}

/* Is the character in a class of Unicode? */
static bool is_in(struct regex **class, struct str pattern, struct sign s)
{
    struct err err;

    if (!*class)
        *class = regex_new(pattern, &err);
    return *class && regex_matches(*class, s.bytes);
}

static bool is_digit(struct lexer *l, struct sign s)
{
    if (s.rune < 0x80)
        return s.rune >= '0' && s.rune <= '9';
    return is_in(&l->digits, STR("\\p{Nd}"), s);
}

static bool is_letter(struct lexer *l, struct sign s)
{
    if (s.rune < 0x80)
        return (s.rune | 0x20) >= 'a' && (s.rune | 0x20) <= 'z';
    return is_in(&l->letters, STR("\\p{L}"), s);
}

static bool is_lower(struct lexer *l, struct sign s)
{
    if (s.rune < 0x80)
        return s.rune >= 'a' && s.rune <= 'z';
    return is_in(&l->lower, STR("[\\p{Ll}\\p{Lt}]"), s);
}

static bool is_space(uint32_t rune)
{
    return rune == ' ' || (rune >= '\t' && rune <= '\r') || rune == 0x85 || rune == 0xa0 ||
           rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200a) || rune == 0x2028 ||
           rune == 0x2029 || rune == 0x202f || rune == 0x205f || rune == 0x3000;
}

static bool is_numeric(struct lexer *l, struct sign s)
{
    return s.rune == '.' || is_digit(l, s);
}

static bool is_hex(struct lexer *l, struct sign s)
{
    return is_digit(l, s) ||
           (s.rune < 0x80 && (s.rune | 0x20) >= 'a' && (s.rune | 0x20) <= 'f');
}

static bool is_name(struct lexer *l, struct sign s)
{
    return s.rune == '_' || is_numeric(l, s) || is_letter(l, s);
}

static bool is_no_quote(struct lexer *l _unused_, struct sign s)
{
    return s.rune != '\'' && s.rune != '"';
}

static bool is_no_bracket(struct lexer *l _unused_, struct sign s)
{
    return s.rune != ']';
}

static bool is_operator(struct lexer *l, struct sign s)
{
    return !(s.rune == '(' || s.rune == ')' || s.rune == '[' || s.rune == ']' ||
             !is_no_quote(l, s) || is_digit(l, s) || is_letter(l, s));
}

/* ---- words ---- */

enum spaces {
    SPACES_END,  /* the first one behind something ends the word, and is taken */
    SPACES_KEPT, /* in quotes and brackets */
};

/* Reads while characters pass the test, into l->word; whether one ended it. */
static bool read_while(struct lexer *l, enum spaces spaces, sign_test passes)
{
    bool has_ended = false;

    l->buf.len = 0;
    while (!is_end(l) && !has_ended) {
        size_t before = l->at;
        struct sign s = take(l);

        if (s.rune == '\\') {
            if (is_end(l))
                l->has_failed = true;
            else
                strbuf_add(&l->buf, take(l).bytes);
        } else if (is_space(s.rune) && spaces == SPACES_END) {
            has_ended = l->buf.len > 0;
        } else if (passes(l, s)) {
            strbuf_add(&l->buf, s.bytes);
        } else {
            has_ended = true;
            l->at = before;
        }
    }
    l->word = str_copy(l->c->a, strbuf_str(&l->buf));
    return has_ended;
}

/* As read_while(), from the character @first that was read last. */
static struct str read_word(struct lexer *l, size_t first, sign_test passes)
{
    l->at = first;
    read_while(l, SPACES_END, passes);
    return l->word;
}

static int fail(struct lexer *l, const char *problem, struct str what, const char *after)
{
    return err_set(l->c->err, ERR_INVALID, "%s" STR_FMT "%s", problem, STR_ARG(what), after);
}

/* Hexadecimal digits as strconv.ParseUint reads them. */
static bool parse_hex(struct str text, double *ret)
{
    uint64_t number = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_decimal = c >= '0' && c <= '9';

        if ((!is_decimal && ((c | 0x20) < 'a' || (c | 0x20) > 'f')) || number >> 60)
            return false;
        number = number << 4 | (uint64_t) (is_decimal ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    *ret = (double) number;
    return text.len > 0;
}

static int read_number(struct lexer *l, size_t first, struct cond_token *t)
{
    t->kind = COND_NUMERIC;
    if (l->text.ptr[first] == '0' && l->at + 1 < l->text.len && l->text.ptr[l->at] == 'x') {
        l->at++;
        read_while(l, SPACES_END, is_hex);
        if (!parse_hex(l->word, &t->number))
            return fail(l, "Unable to parse hex value '", l->word, "' to uint64\n");
        return 0;
    }
    read_word(l, first, is_numeric);
    if (go_float_parse(l->word, &t->number) != GO_FLOAT_READ)
        return fail(l, "Unable to parse numeric value '", l->word, "' to float64\n");
    return 0;
}

/* A name with dots: nothing has fields here, but what cannot be one is told first. */
static int check_accessor(struct lexer *l, struct str word)
{
    struct str rest = word, part;
    size_t size = 0;

    if (word.ptr[word.len - 1] == '.')
        return fail(l, "Hanging accessor on token '", word, "'");
    str_cut(&rest, '.', &part);
    while (str_cut(&rest, '.', &part)) {
        if (!str_is_empty(part) && is_lower(l, sign_of(part, &size)))
            return err_set(l->c->err, ERR_INVALID,
                           "Unable to access unexported field '" STR_FMT "' in token '" STR_FMT
                           "'",
                           STR_ARG(part), STR_ARG(word));
    }
    return 0;
}

static int read_name(struct lexer *l, size_t first, struct cond_token *t)
{
    struct str word = read_word(l, first, is_name);

    t->kind = COND_VARIABLE;
    t->text = word;
    if (str_is(word, "true") || str_is(word, "false")) {
        t->kind = COND_BOOLEAN;
        t->number = str_is(word, "true");
    } else if (str_is(word, "in") || str_is(word, "IN")) {
        t->kind = COND_COMPARATOR;
        t->symbol = COND_OP_IN;
        t->text = STR("in");
    } else if (str_find_char(word, '.') != SIZE_MAX && str_find_char(word, '.') > 0) {
        t->kind = COND_ACCESSOR;
        return check_accessor(l, word);
    }
    return 0;
}

/* Forms of dates and times, in the order in which they are tried. */
static const struct str date_layouts[] = {
    STR_INIT("Mon Jan _2 15:04:05 2006"),
    STR_INIT("Mon Jan _2 15:04:05 MST 2006"),
    STR_INIT("Mon Jan 02 15:04:05 -0700 2006"),
    STR_INIT("3:04PM"),
    STR_INIT("2006-01-02T15:04:05Z07:00"),
    STR_INIT("2006-01-02T15:04:05.999999999Z07:00"),
    STR_INIT("2006-01-02"),
    STR_INIT("2006-01-02 15:04"),
    STR_INIT("2006-01-02 15:04:05"),
    STR_INIT("2006-01-02 15:04:05-07:00"),
    STR_INIT("2006-01-02T15Z0700"),
    STR_INIT("2006-01-02T15:04Z0700"),
    STR_INIT("2006-01-02T15:04:05Z0700"),
    STR_INIT("2006-01-02T15:04:05.999999999Z0700"),
};

/* The shortest of the layouts is 3:04PM, and all have digits. */
static bool may_be_date(struct str text)
{
    for (size_t i = 0; text.len >= 6 && i < text.len; i++)
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
            return true;
    return false;
}

static int read_quoted(struct lexer *l, struct cond_token *t)
{
    struct err ignored;

    if (!read_while(l, SPACES_KEPT, is_no_quote))
        return fail(l, "Unclosed string literal", STR(""), "");
    l->at++;
    t->kind = COND_STRING;
    t->text = l->word;
    for (size_t i = 0; may_be_date(t->text) && i < COUNT_OF(date_layouts); i++)
        if (gotime_parse(date_layouts[i], t->text, NULL, &t->time, &ignored) == 0) {
            t->kind = COND_TIME;
            break;
        }
    return 0;
}

static int read_bracket(struct lexer *l, struct cond_token *t)
{
    if (!read_while(l, SPACES_KEPT, is_no_bracket))
        return fail(l, "Unclosed parameter bracket", STR(""), "");
    l->at++;
    t->kind = COND_VARIABLE;
    t->text = l->word;
    return 0;
}

static int read_operator(struct lexer *l, size_t first, struct cond_token *t)
{
    static const enum cond_kind kinds[] = {COND_PREFIX, COND_MODIFIER, COND_LOGICALOP,
                                           COND_COMPARATOR, COND_TERNARY};

    t->text = read_word(l, first, is_operator);
    for (size_t i = cond_may_follow(l->last, COND_PREFIX) ? 0 : 1; i < COUNT_OF(kinds); i++)
        if (cond_symbol_of(kinds[i], t->text, &t->symbol)) {
            t->kind = kinds[i];
            return 0;
        }
    return fail(l, "Invalid token: '", t->text, "'");
}

/* @s has been read; it begins at @first. */
static int read_token(struct lexer *l, struct sign s, size_t first, struct cond_token *t)
{
    if (is_numeric(l, s))
        return read_number(l, first, t);
    if (s.rune == '[')
        return read_bracket(l, t);
    if (is_letter(l, s))
        return read_name(l, first, t);
    if (!is_no_quote(l, s))
        return read_quoted(l, t);
    if (s.rune == ',') {
        t->kind = COND_SEPARATOR;
        t->symbol = COND_OP_SEPARATE;
        t->text = STR(",");
        return 0;
    }
    if (s.rune == '(' || s.rune == ')') {
        t->kind = s.rune == '(' ? COND_CLAUSE : COND_CLAUSE_CLOSE;
        return 0;
    }
    return read_operator(l, first, t);
}

static int read_all(struct lexer *l)
{
    while (!is_end(l)) {
        struct cond_token token = {};
        size_t first = l->at;
        struct sign s = take(l);

        int result;

        if (is_space(s.rune))
            continue;
        result = read_token(l, s, first, &token);
        if (l->has_failed)
            return fail(l, "Unexpected end of expression behind '\\'", STR(""), "");
        if (result < 0)
            return -1;
        if (l->c->tokens.len == COND_TOKENS_MAX)
            return err_set(l->c->err, ERR_LIMIT,
                           "condition has more than %d words and operators", COND_TOKENS_MAX);
        VEC_APUSH(l->c->a, &l->c->tokens, token);
        l->last = token.kind;
    }
    return 0;
}

int cond_lex(struct cond *c, struct str text)
{
    struct lexer l = {.c = c, .text = text, .last = COND_UNKNOWN};
    int result;

    l.buf = (struct strbuf) STRBUF_INIT(3 * text.len + 1); /* U+FFFD is three bytes */
    result = read_all(&l);
    strbuf_done(&l.buf);
    regex_free(l.letters);
    regex_free(l.digits);
    regex_free(l.lower);
    return result;
}
