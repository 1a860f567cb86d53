/*
 * Reads JSON (RFC 8259) as Go's encoding/json does: strict grammar, its error texts, invalid
 * UTF-8 and lone surrogates become U+FFFD, number spellings are kept.
 *
 * One pass, one recursive function a level (at most JSON_DEPTH_MAX). Children are gathered on a
 * stack that all levels share and copied to the arena, exactly sized, when their container
 * closes. Plain strings are views of the source.
 */
#include "formats/json.h"

#include <endian.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"

struct parser {
    struct arena *a;
    const char *text, *at, *end;
    struct json_member *stack; /* members, or items with unused keys */
    size_t stack_len, stack_room;
    unsigned depth;
    struct err *err;
};

static int parse_value(struct parser *p, struct json *ret);

void json_position(struct str text, uint32_t pos, unsigned *ret_line, unsigned *ret_column)
{
    size_t end = pos < text.len ? pos : text.len;
    size_t line_start = 0;
    unsigned line = 1;

    for (size_t i = 0; i < end; i++)
        if (text.ptr[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    *ret_line = line;
    *ret_column = (unsigned) (end - line_start + 1);
}

/* Go's quoteChar: how a byte is shown in a message. */
static void print_byte(char *ret, size_t size, unsigned char c)
{
    static const char *const named[] = {
        ['\a'] = "\\a", ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n",
        ['\r'] = "\\r", ['\t'] = "\\t", ['\v'] = "\\v"};

    if (c == '\'')
        snprintf(ret, size, "'\\''");
    else if (c == '"')
        snprintf(ret, size, "'\"'");
    else if (c == '\\')
        snprintf(ret, size, "'\\\\'");
    else if (c < COUNT_OF(named) && named[c])
        snprintf(ret, size, "'%s'", named[c]);
    else if (c < 0x20 || c == 0x7f)
        snprintf(ret, size, "'\\x%02x'", c);
    else if (c >= 0x80 && c < 0xa1)
        snprintf(ret, size, "'\\u%04x'", c);
    else if (c == 0xad)
        snprintf(ret, size, "'\\u00ad'");
    else if (c >= 0x80)
        snprintf(ret, size, "'%c%c'", 0xc0 | (c >> 6), 0x80 | (c & 0x3f));
    else
        snprintf(ret, size, "'%c'", c);
}

static int fail_at(struct parser *p, const char *at, const char *context)
{
    unsigned line, column;
    char shown[16];

    json_position(str_of(p->text, (size_t) (p->end - p->text)), (uint32_t) (at - p->text),
                  &line, &column);
    if (at >= p->end)
        return err_set(p->err, ERR_INVALID, "unexpected end of JSON input (line %u, column %u)",
                       line, column);
    print_byte(shown, sizeof(shown), (unsigned char) *at);
    return err_set(p->err, ERR_INVALID, "invalid character %s %s (line %u, column %u)", shown,
                   context, line, column);
}

/* Inside of numbers, words and escapes Go takes the end of input for a blank. */
static int fail_inside(struct parser *p, const char *at, const char *context)
{
    unsigned line, column;

    if (at < p->end)
        return fail_at(p, at, context);
    json_position(str_of(p->text, (size_t) (p->end - p->text)), (uint32_t) (at - p->text),
                  &line, &column);
    return err_set(p->err, ERR_INVALID, "invalid character ' ' %s (line %u, column %u)",
                   context, line, column);
}

static inline void skip_space(struct parser *p)
{
    while (p->at < p->end && *p->at <= ' ' &&
           (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t'))
        p->at++;
}

static struct json_member *push(struct parser *p)
{
    if (p->stack_len == p->stack_room) {
        p->stack_room = p->stack_room ? p->stack_room * 2 : 64;
        p->stack = mem_resize(p->stack, p->stack_room, sizeof(*p->stack));
    }
    return &p->stack[p->stack_len++];
}

static int hex4(const char *at, const char *end)
{
    int value = 0;

    for (int i = 0; i < 4; i++) {
        char c = at + i < end ? at[i] : 0;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static char *put_rune(char *to, unsigned rune)
{
    if (rune < 0x80) {
        *to++ = (char) rune;
    } else if (rune < 0x800) {
        *to++ = (char) (0xc0 | (rune >> 6));
        *to++ = (char) (0x80 | (rune & 0x3f));
    } else if (rune < 0x10000) {
        *to++ = (char) (0xe0 | (rune >> 12));
        *to++ = (char) (0x80 | ((rune >> 6) & 0x3f));
        *to++ = (char) (0x80 | (rune & 0x3f));
    } else {
        *to++ = (char) (0xf0 | (rune >> 18));
        *to++ = (char) (0x80 | ((rune >> 12) & 0x3f));
        *to++ = (char) (0x80 | ((rune >> 6) & 0x3f));
        *to++ = (char) (0x80 | (rune & 0x3f));
    }
    return to;
}

/* Length of the valid UTF-8 sequence at @at, or 0. */
static size_t utf8_len(const char *at, const char *end)
{
    const unsigned char *s = (const unsigned char *) at;
    size_t left = (size_t) (end - at);

    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4 || left < 2 || (s[1] & 0xc0) != 0x80)
        return 0;
    if (s[0] < 0xe0)
        return 2;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f) || left < 3 ||
        (s[2] & 0xc0) != 0x80)
        return 0;
    if (s[0] < 0xf0)
        return 3;
    return left >= 4 && (s[3] & 0xc0) == 0x80 ? 4 : 0;
}

/* The escape behind a backslash at p->at. */
static char *decode_escape(struct parser *p, char *to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    const char *found = p->at < p->end ? memchr(from, *p->at, sizeof(from) - 1) : NULL;
    int rune, low;

    if (found) {
        p->at++;
        *to++ = into[found - from];
        return to;
    }
    if (p->at >= p->end || *p->at != 'u') {
        fail_inside(p, p->at, "in string escape code");
        return NULL;
    }
    rune = hex4(p->at + 1, p->end);
    if (rune < 0) {
        p->at++;
        while (p->at < p->end && memchr("0123456789abcdefABCDEF", *p->at, 22))
            p->at++;
        fail_inside(p, p->at, "in \\u hexadecimal character escape");
        return NULL;
    }
    p->at += 5;
    if (rune >= 0xd800 && rune < 0xdc00 && p->end - p->at >= 6 && p->at[0] == '\\' &&
        p->at[1] == 'u' && (low = hex4(p->at + 2, p->end)) >= 0xdc00 && low < 0xe000) {
        p->at += 6;
        return put_rune(to, 0x10000 + (((unsigned) rune - 0xd800) << 10) +
                                ((unsigned) low - 0xdc00));
    }
    return put_rune(to, rune >= 0xd800 && rune < 0xe000 ? 0xfffd : (unsigned) rune);
}

/* How many of the next eight bytes need no care (printable ASCII but quote and backslash). A
 * borrow makes marks above a true one only, so the lowest is right. */
static inline unsigned plain_of_8(const char *at)
{
    const uint64_t ones = 0x0101010101010101U, high = 0x8080808080808080U;
    uint64_t w, quote, slash, marks;

    memcpy(&w, at, 8);
    w = le64toh(w);
    quote = w ^ (ones * '"');
    slash = w ^ (ones * '\\');
    marks =
        ((w - ones * 0x20) | w | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & high;
    return marks ? (unsigned) __builtin_ctzll(marks) / 8 : 8;
}

/* Moves what needs no care, eight bytes at a time; there is room for more than is there. */
static char *copy_plain(struct parser *p, char *to)
{
    unsigned plain = 8;

    while (plain == 8 && p->end - p->at >= 8) {
        plain = plain_of_8(p->at);
        memcpy(to, p->at, 8);
        p->at += plain;
        to += plain;
    }
    return to;
}

/* The rest of a string with escapes or repairs; @start is its first byte, p->at the first that
 * needs care. */
static int decode_string(struct parser *p, const char *start, struct str *ret)
{
    size_t before = (size_t) (p->at - start);
    const char *close = p->at;
    char *text, *to;

    while (close < p->end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    if (close > p->end)
        close = p->end;
    text =
        arena_alloc_raw(p->a, (size_t) (close - start) * 3 + 8); /* a bad byte becomes three */
    memcpy(text, start, before);
    to = text + before;
    while (p->at < p->end && *p->at != '"') {
        size_t len;

        if (*p->at == '\\') {
            p->at++;
            to = decode_escape(p, to);
            if (!to)
                return -1;
            to = copy_plain(p, to);
            continue;
        }
        if ((unsigned char) *p->at < 0x20)
            return fail_at(p, p->at, "in string literal");
        len = utf8_len(p->at, p->end);
        if (len == 0) {
            to = put_rune(to, 0xfffd);
            p->at++;
        }
        while (len-- > 0)
            *to++ = *p->at++;
    }
    if (p->at >= p->end)
        return fail_at(p, p->at, "");
    p->at++;
    *ret = str_of(text, (size_t) (to - text));
    return 0;
}

/* After the opening quote. */
static int parse_string(struct parser *p, struct str *ret)
{
    const char *start = p->at;

    for (;;) {
        unsigned plain = 8;

        while (plain == 8 && p->end - p->at >= 8) {
            plain = plain_of_8(p->at);
            p->at += plain;
        }
        if (p->at >= p->end)
            return fail_at(p, p->at, "");
        if (*p->at == '"')
            break;
        if (*p->at == '\\' || (unsigned char) *p->at < 0x20)
            return decode_string(p, start, ret);
        if ((unsigned char) *p->at >= 0x80) {
            size_t len = utf8_len(p->at, p->end);

            if (len == 0)
                return decode_string(p, start, ret);
            p->at += len;
        } else {
            p->at++;
        }
    }
    *ret = str_of(start, (size_t) (p->at++ - start));
    return 0;
}

static inline bool is_digit(const struct parser *p)
{
    return p->at < p->end && *p->at >= '0' && *p->at <= '9';
}

static int parse_digits(struct parser *p, const char *context)
{
    if (!is_digit(p))
        return fail_inside(p, p->at, context);
    while (is_digit(p))
        p->at++;
    return 0;
}

static int parse_number(struct parser *p, struct json *ret)
{
    const char *start = p->at;

    if (*p->at == '-')
        p->at++;
    if (p->at < p->end && *p->at == '0')
        p->at++;
    else if (parse_digits(p, "in numeric literal") < 0)
        return -1;
    if (p->at < p->end && *p->at == '.') {
        p->at++;
        if (parse_digits(p, "after decimal point in numeric literal") < 0)
            return -1;
    }
    if (p->at < p->end && (*p->at == 'e' || *p->at == 'E')) {
        p->at++;
        if (p->at < p->end && (*p->at == '+' || *p->at == '-'))
            p->at++;
        if (parse_digits(p, "in exponent of numeric literal") < 0)
            return -1;
    }
    ret->type = JSON_NUMBER;
    ret->text = start;
    ret->count = (uint32_t) (p->at - start);
    return 0;
}

static int parse_word(struct parser *p, const char *word, struct json *ret)
{
    char context[48];

    for (size_t i = 1; word[i]; i++)
        if (p->at + i >= p->end || p->at[i] != word[i]) {
            snprintf(context, sizeof(context), "in literal %s (expecting '%c')", word, word[i]);
            return fail_inside(p, p->at + i, context);
        }
    p->at += strlen(word);
    ret->type = *word == 'n' ? JSON_NULL : JSON_BOOL;
    ret->is_true = *word == 't';
    return 0;
}

static void close_array(struct parser *p, size_t base, struct json *ret)
{
    size_t count = p->stack_len - base;
    struct json *items = count ? arena_alloc_raw(p->a, count * sizeof(*items)) : NULL;

    for (size_t i = 0; i < count; i++)
        items[i] = p->stack[base + i].value;
    p->stack_len = base;
    ret->type = JSON_ARRAY;
    ret->count = (uint32_t) count;
    ret->items = items;
}

static int parse_array(struct parser *p, struct json *ret)
{
    size_t base = p->stack_len;

    p->at++;
    skip_space(p);
    if (p->at < p->end && *p->at == ']') {
        p->at++;
        close_array(p, base, ret);
        return 0;
    }
    for (;;) {
        struct json item = {0};

        if (parse_value(p, &item) < 0)
            return -1;
        push(p)->value = item; /* pushed afterwards: children use the stack, too */
        skip_space(p);
        if (p->at >= p->end || (*p->at != ',' && *p->at != ']'))
            return fail_at(p, p->at, "after array element");
        if (*p->at++ == ']')
            break;
    }
    close_array(p, base, ret);
    return 0;
}

static void close_object(struct parser *p, size_t base, struct json *ret)
{
    size_t count = p->stack_len - base;
    struct json_member *members =
        count ? arena_alloc_raw(p->a, count * sizeof(*members)) : NULL;

    if (count)
        memcpy(members, p->stack + base, count * sizeof(*members));
    p->stack_len = base;
    ret->type = JSON_OBJECT;
    ret->count = (uint32_t) count;
    ret->members = members;
}

static int parse_member(struct parser *p, const char *context)
{
    struct json_member member = {0};

    skip_space(p);
    if (p->at >= p->end || *p->at != '"')
        return fail_at(p, p->at, context);
    member.key_pos = (uint32_t) (p->at++ - p->text);
    if (parse_string(p, &member.key) < 0)
        return -1;
    skip_space(p);
    if (p->at >= p->end || *p->at != ':')
        return fail_at(p, p->at, "after object key");
    p->at++;
    if (parse_value(p, &member.value) < 0)
        return -1;
    *push(p) = member;
    return 0;
}

static int parse_object(struct parser *p, struct json *ret)
{
    const char *context = "looking for beginning of object key string";
    size_t base = p->stack_len;

    p->at++;
    skip_space(p);
    if (p->at < p->end && *p->at == '}') {
        p->at++;
        close_object(p, base, ret);
        return 0;
    }
    for (;;) {
        if (parse_member(p, context) < 0)
            return -1;
        skip_space(p);
        if (p->at >= p->end || (*p->at != ',' && *p->at != '}'))
            return fail_at(p, p->at, "after object key:value pair");
        if (*p->at++ == '}')
            break;
    }
    close_object(p, base, ret);
    return 0;
}

static int parse_nested(struct parser *p, struct json *ret)
{
    int result;

    if (p->depth >= JSON_DEPTH_MAX)
        return err_set(p->err, ERR_LIMIT, "document is nested deeper than %d levels",
                       JSON_DEPTH_MAX);
    p->depth++;
    result = *p->at == '{' ? parse_object(p, ret) : parse_array(p, ret);
    p->depth--;
    return result;
}

static int parse_value(struct parser *p, struct json *ret)
{
    struct str text;

    skip_space(p);
    ret->pos = (uint32_t) (p->at - p->text);
    if (p->at >= p->end)
        return fail_at(p, p->at, "");
    switch (*p->at) {
    case '{':
    case '[':
        return parse_nested(p, ret);
    case '"':
        p->at++;
        if (parse_string(p, &text) < 0)
            return -1;
        ret->type = JSON_STRING;
        ret->text = text.ptr;
        ret->count = (uint32_t) text.len;
        return 0;
    case 't':
        return parse_word(p, "true", ret);
    case 'f':
        return parse_word(p, "false", ret);
    case 'n':
        return parse_word(p, "null", ret);
    default:
        if (*p->at == '-' || (*p->at >= '0' && *p->at <= '9'))
            return parse_number(p, ret);
        return fail_at(p, p->at, "looking for beginning of value");
    }
}

static int parser_run(struct parser *p, struct str text, struct json *ret)
{
    struct json root = {0};
    int result;

    if (text.len > ARENA_DOC_MAX_BYTES)
        return err_set(p->err, ERR_LIMIT, "document of %zu bytes (limit %d)", text.len,
                       ARENA_DOC_MAX_BYTES);
    p->text = p->at = text.ptr;
    p->end = text.ptr + text.len;
    result = parse_value(p, &root);
    free(p->stack);
    if (result == 0)
        *ret = root;
    return result;
}

int json_parse(struct arena *a, struct str text, struct json *ret, struct err *err)
{
    struct parser p = {.a = a, .err = err};
    struct json root;

    if (str_is_none(text))
        text = STR("");
    if (parser_run(&p, text, &root) < 0)
        return -1;
    skip_space(&p);
    if (p.at < p.end)
        return fail_at(&p, p.at, "after top-level value");
    *ret = root;
    return 0;
}

int json_parse_next(struct arena *a, struct str *rest, struct json *ret, struct err *err)
{
    struct parser p = {
        .a = a, .err = err, .text = rest->ptr, .at = rest->ptr, .end = rest->ptr + rest->len};

    skip_space(&p);
    if (p.at >= p.end)
        return 0;
    *rest = str_of(p.at, (size_t) (p.end - p.at));
    if (parser_run(&p, *rest, ret) < 0)
        return -1;
    *rest = str_of(p.at, (size_t) (p.end - p.at));
    return 1;
}
