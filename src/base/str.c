/* Text views and number parsing. Pure; any thread; no allocation. */
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { NUMBER_TEXT_MAX_BYTES = 400 };

int str_cmp(struct str a, struct str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;

    if (order)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq(str_head(s, prefix.len), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_skip(s, s.len - suffix.len), suffix);
}

size_t str_find(struct str s, struct str needle)
{
    const char *at = NULL;

    if (needle.len == 0)
        return 0;
    if (s.len < needle.len)
        return SIZE_MAX;
    at = memmem(s.ptr, s.len, needle.ptr, needle.len);
    return at ? (size_t) (at - s.ptr) : SIZE_MAX;
}

size_t str_find_char(struct str s, char c)
{
    const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;

    return at ? (size_t) (at - s.ptr) : SIZE_MAX;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    while (s.len && is_space(s.ptr[0]))
        s = str_skip(s, 1);
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

static unsigned char lower(char c)
{
    return (unsigned char) (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

bool str_cut(struct str *rest, char sep, struct str *ret)
{
    size_t at = 0;

    if (str_is_none(*rest))
        return false;
    at = str_find_char(*rest, sep);
    if (at == SIZE_MAX) {
        *ret = *rest;
        *rest = STR_NONE;
    } else {
        *ret = str_head(*rest, at);
        *rest = str_skip(*rest, at + 1);
    }
    return true;
}

uint64_t str_hash(struct str s)
{
    uint64_t hash = 0xcbf29ce484222325U;

    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char) s.ptr[i]) * 0x100000001b3U;
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93U;
    return hash ^ (hash >> 32);
}

uint32_t str_fnv32a(struct str s)
{
    uint32_t hash = 0x811c9dc5U;

    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char) s.ptr[i]) * 0x01000193U;
    return hash;
}

bool parse_u64(struct str s, uint64_t *ret)
{
    uint64_t value = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned) ((unsigned char) s.ptr[i] - '0');

        if (digit > 9 || __builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret = value;
    return true;
}

bool parse_i64(struct str s, int64_t *ret)
{
    bool is_negative = s.len && s.ptr[0] == '-';
    uint64_t value = 0;

    if (s.len && (s.ptr[0] == '-' || s.ptr[0] == '+'))
        s = str_skip(s, 1);
    if (!parse_u64(s, &value) || value > (uint64_t) INT64_MAX + is_negative)
        return false;
    *ret = is_negative ? (int64_t) (0 - value) : (int64_t) value;
    return true;
}

bool parse_u32(struct str s, uint32_t *ret)
{
    uint64_t value = 0;

    if (!parse_u64(s, &value) || value > UINT32_MAX)
        return false;
    *ret = (uint32_t) value;
    return true;
}

bool parse_f64(struct str s, double *ret)
{
    char text[NUMBER_TEXT_MAX_BYTES + 1];
    char *end = NULL;
    double value = 0;

    if (s.len == 0 || s.len > NUMBER_TEXT_MAX_BYTES)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!strchr("0123456789+-.eE", s.ptr[i]) || s.ptr[i] == '\0')
            return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    value = strtod(text, &end);
    if (end != text + s.len || isinf(value))
        return false;
    *ret = value;
    return true;
}
