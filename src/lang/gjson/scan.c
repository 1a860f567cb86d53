/* The JSON text: where values begin and end, what strings mean. See gjson_internal.h. */
#include "formats/gofloat.h"
#include "formats/goquote.h"
#include "lang/gjson/gjson_internal.h"

/* How many backslashes stand before @at, from @begin on. */
static size_t backslashes_before(struct str text, size_t begin, size_t at)
{
    size_t count = 0;

    while (at > begin && text.ptr[at - 1] == '\\') {
        at--;
        count++;
    }
    return count;
}

size_t gjson_string_end(struct str text, size_t at)
{
    size_t begin = at;

    while (at < text.len) {
        const char *quote = memchr(text.ptr + at, '"', text.len - at);

        if (!quote)
            return SIZE_MAX;
        at = (size_t) (quote - text.ptr);
        if (backslashes_before(text, begin, at) % 2 == 0)
            return at;
        at++;
    }
    return SIZE_MAX;
}

size_t gjson_bracket_end(struct str text, size_t at, size_t depth)
{
    for (; at < text.len; at++) {
        switch (text.ptr[at]) {
        case '"':
            at = gjson_string_end(text, at + 1);
            if (at == SIZE_MAX)
                return text.len;
            break;
        case '{':
        case '[':
        case '(':
            depth++;
            break;
        case '}':
        case ']':
        case ')':
            if (--depth == 0)
                return at + 1;
            break;
        default:
            break;
        }
    }
    return text.len;
}

struct str gjson_squash(struct str text)
{
    size_t end;

    if (text.len == 0)
        return text;
    if (text.ptr[0] != '"')
        return str_head(text, gjson_bracket_end(text, 1, 1));
    end = gjson_string_end(text, 1);
    return end == SIZE_MAX ? text : str_head(text, end + 1);
}

static uint32_t hex4(const char *at)
{
    uint32_t rune = 0;

    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'                     ? c - '0'
                    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                             : -1;

        if (digit < 0)
            return 0;
        rune = rune << 4 | (uint32_t) digit;
    }
    return rune;
}

static char *put_rune(char *out, uint32_t rune)
{
    if (rune < 0x80) {
        *out++ = (char) rune;
        return out;
    }
    if (rune < 0x800) {
        *out++ = (char) (0xc0 | rune >> 6);
    } else {
        if (rune < 0x10000) {
            *out++ = (char) (0xe0 | rune >> 12);
        } else {
            *out++ = (char) (0xf0 | rune >> 18);
            *out++ = (char) (0x80 | (rune >> 12 & 0x3f));
        }
        *out++ = (char) (0x80 | (rune >> 6 & 0x3f));
    }
    *out++ = (char) (0x80 | (rune & 0x3f));
    return out;
}

/* "uXXXX" and, for a surrogate, what follows it; @at is moved behind. */
static uint32_t read_unicode(struct str s, size_t *at)
{
    uint32_t rune = hex4(s.ptr + *at + 1), low;

    *at += 5;
    if (rune < 0xd800 || rune > 0xdfff)
        return rune;
    if (s.len - *at < 6 || s.ptr[*at] != '\\' || s.ptr[*at + 1] != 'u')
        return 0xfffd;
    low = hex4(s.ptr + *at + 2);
    *at += 6;
    if (rune > 0xdbff || low < 0xdc00 || low > 0xdfff)
        return 0xfffd;
    return 0x10000 + ((rune & 0x3ff) << 10 | (low & 0x3ff));
}

struct str gjson_unescape(struct arena *a, struct str inside)
{
    static const char letters[] = "\\/\"bfnrt", meant[] = "\\/\"\b\f\n\r\t";
    char *out = arena_alloc_raw(a, inside.len + 1), *end = out;
    size_t at = 0;

    while (at < inside.len && (unsigned char) inside.ptr[at] >= ' ') {
        const char *letter;

        if (inside.ptr[at] != '\\') {
            *end++ = inside.ptr[at++];
            continue;
        }
        if (++at >= inside.len)
            break;
        if (inside.ptr[at] == 'u' && inside.len - at >= 5) {
            end = put_rune(end, read_unicode(inside, &at));
            continue;
        }
        letter = memchr(letters, inside.ptr[at], sizeof(letters) - 1);
        if (!letter)
            break;
        *end++ = meant[letter - letters];
        at++;
    }
    return str_of(out, (size_t) (end - out));
}

/* Bytes that begin a value or close a bracket. */
static const bool begins[256] = {
    ['"'] = true, ['{'] = true, ['['] = true, [']'] = true, ['}'] = true, ['n'] = true,
    ['t'] = true, ['f'] = true, ['+'] = true, ['-'] = true, ['0'] = true, ['1'] = true,
    ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true, ['6'] = true, ['7'] = true,
    ['8'] = true, ['9'] = true, ['i'] = true, ['I'] = true, ['N'] = true,
};

char gjson_next(struct str json, size_t *at)
{
    size_t i = *at;

    while (i < json.len && !begins[(unsigned char) json.ptr[i]])
        i++;
    *at = i;
    return i < json.len ? json.ptr[i] : '\0';
}

static size_t word_end(struct str json, size_t at)
{
    for (at++; at < json.len && json.ptr[at] >= 'a' && json.ptr[at] <= 'z';)
        at++;
    return at;
}

static size_t number_end(struct str json, size_t at)
{
    for (at++; at < json.len; at++)
        if ((unsigned char) json.ptr[at] <= ' ' || json.ptr[at] == ',' || json.ptr[at] == ']' ||
            json.ptr[at] == '}')
            break;
    return at;
}

static struct gjson read_string(struct arena *a, struct str json, size_t at)
{
    size_t end = gjson_string_end(json, at + 1);
    struct str inside;

    if (end == SIZE_MAX)
        return (struct gjson){.raw = STR("")};
    inside = str_of(json.ptr + at + 1, end - at - 1);
    return (struct gjson){
        .type = GJSON_STRING,
        .raw = str_of(json.ptr + at, end + 1 - at),
        .text = str_find_char(inside, '\\') == SIZE_MAX ? inside : gjson_unescape(a, inside)};
}

/* Most numbers are few digits. */
static double number_of(struct str raw)
{
    double n = 0;

    if (raw.len > 15) {
        go_float_parse(raw, &n);
        return n;
    }
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.ptr[i] < '0' || raw.ptr[i] > '9') {
            go_float_parse(raw, &n);
            return n;
        }
        n = n * 10 + (raw.ptr[i] - '0');
    }
    return n;
}

struct gjson gjson_read(struct arena *a, struct str json, size_t *at)
{
    char first = json.ptr[*at];
    char second = *at + 1 < json.len ? json.ptr[*at + 1] : 'u';
    struct gjson v = {.raw = STR("")};
    size_t end;

    if (first == '"') {
        v = read_string(a, json, *at);
        *at = str_is_empty(v.raw) ? json.len : *at + v.raw.len;
        return v;
    }
    if (first == '{' || first == '[') {
        v.type = GJSON_JSON;
        end = gjson_bracket_end(json, *at + 1, 1);
    } else if (first == 't' || first == 'f' || (first == 'n' && second == 'u')) {
        v.type = first == 't' ? GJSON_TRUE : first == 'f' ? GJSON_FALSE : GJSON_NULL;
        end = word_end(json, *at);
    } else {
        v.type = GJSON_NUMBER;
        end = number_end(json, *at);
    }
    v.raw = str_of(json.ptr + *at, end - *at);
    if (v.type == GJSON_NUMBER)
        v.number = number_of(v.raw);
    *at = end;
    return v;
}

struct str gjson_trim(struct str s)
{
    while (s.len > 0 && (unsigned char) s.ptr[0] <= ' ')
        s = str_skip(s, 1);
    while (s.len > 0 && (unsigned char) s.ptr[s.len - 1] <= ' ')
        s.len--;
    return s;
}

size_t gjson_digits(struct str s)
{
    uint64_t n;

    return parse_u64(s, &n) && n < SIZE_MAX ? (size_t) n : SIZE_MAX;
}
