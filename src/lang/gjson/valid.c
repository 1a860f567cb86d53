/* Is a text JSON? One pass with a bit for each open bracket; deeper than JSON_DEPTH_MAX is not.
 * See gjson.h. */
#include "base/limits.h"
#include "lang/gjson/gjson_internal.h"

struct check {
    struct str text;
    size_t at;
    size_t depth;
    bool is_object[JSON_DEPTH_MAX];
};

static char peek(const struct check *c)
{
    return c->at < c->text.len ? c->text.ptr[c->at] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_blanks(struct check *c)
{
    while (peek(c) && strchr(" \t\r\n", peek(c)))
        c->at++;
}

static bool skip_digits(struct check *c)
{
    size_t begin = c->at;

    while (is_digit(peek(c)))
        c->at++;
    return c->at > begin;
}

static bool read_number(struct check *c)
{
    c->at += peek(c) == '-';
    if (peek(c) == '0')
        c->at++;
    else if (!skip_digits(c))
        return false;
    if (peek(c) == '.') {
        c->at++;
        if (!skip_digits(c))
            return false;
    }
    if (peek(c) == 'e' || peek(c) == 'E') {
        c->at++;
        c->at += peek(c) == '+' || peek(c) == '-';
        return skip_digits(c);
    }
    return true;
}

static bool is_hex4(struct str s)
{
    for (size_t i = 0; i < 4; i++)
        if (i >= s.len || !s.ptr[i] || !strchr("0123456789abcdefABCDEF", s.ptr[i]))
            return false;
    return true;
}

static bool read_string(struct check *c)
{
    for (c->at++; c->at < c->text.len; c->at++) {
        unsigned char byte = (unsigned char) peek(c);

        if (byte == '"') {
            c->at++;
            return true;
        }
        if (byte < ' ')
            return false;
        if (byte != '\\')
            continue;
        c->at++;
        if (peek(c) == 'u' && is_hex4(str_skip(c->text, c->at + 1)))
            c->at += 4;
        else if (!peek(c) || !strchr("\"\\/bfnrt", peek(c)))
            return false;
    }
    return false;
}

static bool read_word(struct check *c, struct str word)
{
    if (!str_starts(str_skip(c->text, c->at), word))
        return false;
    c->at += word.len;
    return true;
}

static bool read_scalar(struct check *c)
{
    switch (peek(c)) {
    case '"':
        return read_string(c);
    case 't':
        return read_word(c, STR("true"));
    case 'f':
        return read_word(c, STR("false"));
    case 'n':
        return read_word(c, STR("null"));
    default:
        return read_number(c);
    }
}

static bool read_key(struct check *c)
{
    skip_blanks(c);
    if (peek(c) != '"' || !read_string(c))
        return false;
    skip_blanks(c);
    return read_word(c, STR(":"));
}

/* Behind a value: closes what ends, up to a comma (then to the next value) or the end. */
static bool read_ends(struct check *c, bool *ret_is_done)
{
    for (;;) {
        skip_blanks(c);
        *ret_is_done = c->depth == 0;
        if (*ret_is_done)
            return c->at == c->text.len;
        if (peek(c) == ',') {
            c->at++;
            return !c->is_object[c->depth - 1] || read_key(c);
        }
        if (peek(c) != (c->is_object[c->depth - 1] ? '}' : ']'))
            return false;
        c->at++;
        c->depth--;
    }
}

/* A bracket: opens it, and closes it when it is empty. */
static bool read_open(struct check *c, bool *ret_is_empty)
{
    bool is_object = peek(c) == '{';

    if (c->depth == JSON_DEPTH_MAX)
        return false;
    c->is_object[c->depth++] = is_object;
    c->at++;
    skip_blanks(c);
    *ret_is_empty = peek(c) == (is_object ? '}' : ']');
    return *ret_is_empty || !is_object || read_key(c);
}

bool gjson_is_valid(struct str json)
{
    struct check c = {.text = json};
    bool is_done = false, is_whole;

    while (!is_done) {
        skip_blanks(&c);
        if (peek(&c) == '{' || peek(&c) == '[') {
            if (!read_open(&c, &is_whole))
                return false;
        } else {
            is_whole = true;
            if (!read_scalar(&c))
                return false;
        }
        if (is_whole && !read_ends(&c, &is_done))
            return false;
    }
    return true;
}
