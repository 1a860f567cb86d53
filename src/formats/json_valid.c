/*
 * Is a text JSON? One pass that builds nothing: a flag for each open bracket, deeper than
 * JSON_DEPTH_MAX is not. See json.h. Accepts what json_parse() accepts.
 */
#include <endian.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/limits.h"
#include "formats/json.h"

struct check {
    const char *at, *end;
    size_t depth;
    bool is_object[JSON_DEPTH_MAX];
};

static inline char peek(const struct check *c)
{
    return c->at < c->end ? *c->at : '\0';
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline void skip_blanks(struct check *c)
{
    while (c->at < c->end && *c->at <= ' ' &&
           (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
        c->at++;
}

static bool skip_digits(struct check *c)
{
    const char *begin = c->at;

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

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* What follows a backslash. */
static bool read_escape(struct check *c)
{
    char kind = peek(c);

    if (c->at >= c->end)
        return false;
    c->at++;
    switch (kind) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return true;
    case 'u':
        break;
    default:
        return false;
    }
    for (size_t i = 0; i < 4; i++, c->at++)
        if (!is_hex(peek(c)))
            return false;
    return true;
}

/* The first byte from @at on that may need care: a quote, a backslash, a control character or
 * one of the last seven. Eight at a time; a borrow makes marks above a true one only, so the
 * lowest is right. */
static inline const char *after_plain(const char *at, const char *end)
{
    const uint64_t ones = 0x0101010101010101U, high = 0x8080808080808080U;

#if defined(__SSE2__) /* sixteen at a time */
    while (end - at >= 16) {
        __m128i w = _mm_loadu_si128((const __m128i *) (const void *) at);
        __m128i quote = _mm_cmpeq_epi8(w, _mm_set1_epi8('"'));
        __m128i slash = _mm_cmpeq_epi8(w, _mm_set1_epi8('\\'));
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(w, _mm_set1_epi8(0x1f)), w);
        unsigned marks =
            (unsigned) _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), control));

        if (marks)
            return at + __builtin_ctz(marks);
        at += 16;
    }
#endif
    while (end - at >= 8) {
        uint64_t w, quote, slash, marks;

        memcpy(&w, at, 8);
        w = le64toh(w);
        quote = w ^ (ones * '"');
        slash = w ^ (ones * '\\');
        marks =
            (((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) &
            high;
        if (marks)
            return at + (unsigned) __builtin_ctzll(marks) / 8;
        at += 8;
    }
    return at;
}

/* From the opening quote on. */
static bool read_string(struct check *c)
{
    const char *at = c->at + 1, *end = c->end;

    for (;;) {
        at = after_plain(at, end);
        if (at >= end || (unsigned char) *at < ' ')
            return false;
        if (*at == '"') {
            c->at = at + 1;
            return true;
        }
        if (*at == '\\') {
            c->at = at + 1;
            if (!read_escape(c))
                return false;
            at = c->at;
        } else {
            at++;
        }
    }
}

static bool read_word(struct check *c, const char *word, size_t len)
{
    if ((size_t) (c->end - c->at) < len || memcmp(c->at, word, len) != 0)
        return false;
    c->at += len;
    return true;
}

static bool read_scalar(struct check *c)
{
    switch (peek(c)) {
    case '"':
        return read_string(c);
    case 't':
        return read_word(c, "true", 4);
    case 'f':
        return read_word(c, "false", 5);
    case 'n':
        return read_word(c, "null", 4);
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
    return read_word(c, ":", 1);
}

/* Behind a value: closes what ends, up to a comma (then to the next value) or the end. */
static bool read_ends(struct check *c, bool *ret_is_done)
{
    for (;;) {
        skip_blanks(c);
        *ret_is_done = c->depth == 0;
        if (*ret_is_done)
            return c->at == c->end;
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
    bool is_object = *c->at == '{';

    if (c->depth == JSON_DEPTH_MAX)
        return false;
    c->is_object[c->depth++] = is_object;
    c->at++;
    skip_blanks(c);
    *ret_is_empty = peek(c) == (is_object ? '}' : ']');
    return *ret_is_empty || !is_object || read_key(c);
}

bool json_is_valid(struct str text)
{
    struct check c;
    bool is_done = false, is_whole;

    c.at = str_is_none(text) ? "" : text.ptr;
    c.end = c.at + text.len;
    c.depth = 0;
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
