/* Tokens of jq programs. See lex.h. */
#include "lang/jq/lex.h"

#include "base/attrs.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char at(struct str s, size_t i)
{
    return i < s.len ? s.ptr[i] : '\0';
}

static size_t word_end(struct str s, size_t i)
{
    while (is_letter(at(s, i)) || is_digit(at(s, i)))
        i++;
    return i;
}

/* "a::b" names something of a module. */
static size_t name_end(struct str s, size_t i)
{
    i = word_end(s, i);
    return at(s, i) == ':' && at(s, i + 1) == ':' && is_letter(at(s, i + 2))
               ? word_end(s, i + 2)
               : i;
}

/* A comment goes to the end of the line; a backslash in front of that takes the next one in. */
static size_t skip_comment(struct str s, size_t i)
{
    while (i < s.len && s.ptr[i] != '\n' && s.ptr[i] != '\r') {
        if (s.ptr[i] == '\\' && at(s, i + 1) == '\r')
            i += at(s, i + 2) == '\n' ? 3 : 2;
        else if (s.ptr[i] == '\\' && (at(s, i + 1) == '\\' || at(s, i + 1) == '\n'))
            i += 2;
        else
            i++;
    }
    return i;
}

static size_t skip_blanks(struct str s, size_t i)
{
    while (i < s.len) {
        if (s.ptr[i] == '#')
            i = skip_comment(s, i);
        else if (s.ptr[i] == ' ' || s.ptr[i] == '\t' || s.ptr[i] == '\n' || s.ptr[i] == '\r')
            i++;
        else
            break;
    }
    return i;
}

/* Digits, a point, an exponent; what stands directly behind must not be a letter or a point. */
static struct jq_token number(struct str s, size_t pos)
{
    bool is_bad = false;
    size_t i = pos;

    while (is_digit(at(s, i)))
        i++;
    if (at(s, i) == '.') {
        i++;
        while (is_digit(at(s, i)))
            i++;
        is_bad = at(s, i) == '.';
    }
    if (at(s, i) == 'e' || at(s, i) == 'E') {
        i++;
        i += at(s, i) == '+' || at(s, i) == '-';
        is_bad |= !is_digit(at(s, i));
        while (is_digit(at(s, i)))
            i++;
    }
    is_bad |= is_letter(at(s, i));
    return (struct jq_token){.kind = is_bad ? JQ_T_BAD : JQ_T_NUMBER,
                             .text = str_of(s.ptr + pos, i + is_bad - pos),
                             .pos = pos,
                             .end = i};
}

static size_t sign_len(struct str s)
{
    static const char *const signs[] = {
        "?//", "//=", "|=", "+=", "-=", "*=", "/=", "%=", "==", "!=", ">=", "<=", "//", ".."};

    for (size_t i = 0; i < COUNT_OF(signs); i++)
        if (str_starts(s, str_from(signs[i])))
            return strlen(signs[i]);
    return 1;
}

struct jq_token jq_lex(struct str source, size_t pos)
{
    size_t i = skip_blanks(source, pos), end;
    enum jq_token_kind kind = JQ_T_SIGN;
    size_t skipped = 0;
    char c = at(source, i);

    if (i >= source.len)
        return (struct jq_token){.kind = JQ_T_END, .pos = source.len, .end = source.len};
    if (is_digit(c) || (c == '.' && is_digit(at(source, i + 1))))
        return number(source, i);
    if (is_letter(c)) {
        kind = JQ_T_WORD;
        end = name_end(source, i);
    } else if (c == '.' && is_letter(at(source, i + 1))) {
        kind = JQ_T_FIELD;
        skipped = 1;
        end = word_end(source, i + 1);
    } else if (c == '$' && is_letter(at(source, i + 1))) {
        kind = JQ_T_VARIABLE;
        end = name_end(source, i + 1);
    } else if (c == '@' && (is_letter(at(source, i + 1)) || is_digit(at(source, i + 1)))) {
        kind = JQ_T_FORMAT;
        end = word_end(source, i + 1);
    } else if (c == '"') {
        kind = JQ_T_QUOTE;
        end = i + 1;
    } else {
        end = i + sign_len(str_skip(source, i));
    }
    return (struct jq_token){.kind = kind,
                             .text = str_of(source.ptr + i + skipped, end - i - skipped),
                             .pos = i,
                             .end = end};
}

bool jq_is_keyword(struct str word)
{
    static const char *const words[] = {
        "or",    "and",   "module", "import", "include", "def",    "as",
        "label", "break", "null",   "true",   "false",   "if",     "then",
        "elif",  "else",  "end",    "try",    "catch",   "reduce", "foreach"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(word, words[i]))
            return true;
    return false;
}
