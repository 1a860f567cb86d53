/* Prints JSON as Go's encoding/json does. Texts are copied in runs; only what needs care is
 * handled byte by byte. */
#include "formats/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static bool needs_care(unsigned char c, unsigned style)
{
    if (c < 0x20 || c == '"' || c == '\\' || c >= 0x80)
        return true;
    return (style & JSON_ESCAPE_HTML) && (c == '<' || c == '>' || c == '&');
}

/* Length of the valid UTF-8 sequence at @i, or 0. */
static size_t sequence_len(struct str s, size_t i)
{
    unsigned char c = (unsigned char) s.ptr[i];
    size_t len = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    unsigned char next = i + 1 < s.len ? (unsigned char) s.ptr[i + 1] : 0;

    if (len == 0 || i + len > s.len)
        return 0;
    for (size_t k = 1; k < len; k++)
        if (((unsigned char) s.ptr[i + k] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && next < 0xa0) || (c == 0xed && next > 0x9f) ||
        (c == 0xf0 && next < 0x90) || (c == 0xf4 && next > 0x8f))
        return 0;
    return len;
}

/* Prints the careful piece at @i and returns its length. */
static size_t print_piece(struct strbuf *b, struct str s, size_t i)
{
    static const char letters[] = "btnvfr"; /* from 8 on; v has no letter in JSON */
    unsigned char c = (unsigned char) s.ptr[i];
    size_t len;

    if (c == '"' || c == '\\') {
        strbuf_addc(b, '\\');
        strbuf_addc(b, (char) c);
        return 1;
    }
    if (c >= 8 && c <= 13 && c != 11) {
        strbuf_addc(b, '\\');
        strbuf_addc(b, letters[c - 8]);
        return 1;
    }
    if (c < 0x80) {
        strbuf_addf(b, "\\u%04x", c);
        return 1;
    }
    len = sequence_len(s, i);
    if (len == 0) {
        strbuf_addz(b, "\\ufffd");
        return 1;
    }
    if (len == 3 && c == 0xe2 && (unsigned char) s.ptr[i + 1] == 0x80 &&
        ((unsigned char) s.ptr[i + 2] & 0xfe) == 0xa8)
        strbuf_addf(b, "\\u202%c", (unsigned char) s.ptr[i + 2] == 0xa8 ? '8' : '9');
    else
        strbuf_add(b, str_of(s.ptr + i, len));
    return len;
}

/* Are the eight bytes at @at printable ASCII without quote, backslash and (for HTML) < > &? */
static inline bool is_plain8(const char *at, unsigned style)
{
    const uint64_t ones = 0x0101010101010101U, high = 0x8080808080808080U;
    uint64_t w, bad;

    memcpy(&w, at, 8);
#define HAS(c) (((w ^ (ones * (c))) - ones) & ~(w ^ (ones * (c))))
    bad = (w - ones * 0x20) | w | HAS('"') | HAS('\\');
    if (style & JSON_ESCAPE_HTML)
        bad |= HAS('<') | HAS('>') | HAS('&');
#undef HAS
    return (bad & high) == 0;
}

/* Bytes from @i on that are written as they are. */
static size_t plain_end(struct str s, size_t i, unsigned style)
{
    while (i < s.len) {
        if (s.len - i >= 8 && is_plain8(s.ptr + i, style))
            i += 8;
        else if (!needs_care((unsigned char) s.ptr[i], style))
            i++;
        else
            break;
    }
    return i;
}

void json_print_string(struct strbuf *b, struct str s, unsigned style)
{
    size_t i = plain_end(s, 0, style);
    char *at;

    if (i == s.len && (at = strbuf_reserve(b, s.len + 2))) {
        *at = '"';
        if (s.len)
            memcpy(at + 1, s.ptr, s.len);
        memcpy(at + 1 + s.len, "\"", 2);
        b->len += s.len + 2;
        return;
    }
    strbuf_addc(b, '"');
    strbuf_add(b, str_head(s, i));
    while (i < s.len) {
        size_t end;

        i += print_piece(b, s, i);
        end = plain_end(s, i, style);
        strbuf_add(b, str_of(s.ptr + i, end - i));
        i = end;
    }
    strbuf_addc(b, '"');
}

static void print_line(struct strbuf *b, unsigned level)
{
    strbuf_addc(b, '\n');
    for (unsigned i = 0; i < level; i++)
        strbuf_addz(b, "  ");
}

static int compare_members(const void *left, const void *right)
{
    const struct json_member *const *a = left, *const *b = right;
    int order = str_cmp((*a)->key, (*b)->key);

    return order ? order : (*a < *b ? -1 : 1);
}

static void print_value(struct strbuf *b, const struct json *v, unsigned style, unsigned level);

static void print_member(struct strbuf *b, const struct json_member *m, bool is_first,
                         unsigned style, unsigned level)
{
    if (!is_first)
        strbuf_addc(b, ',');
    if (style & JSON_INDENT)
        print_line(b, level + 1);
    json_print_string(b, m->key, style);
    strbuf_addc(b, ':');
    if (style & JSON_INDENT)
        strbuf_addc(b, ' ');
    print_value(b, &m->value, style, level + 1);
}

/* A Go map: sorted, the last of equal keys wins. */
static void print_sorted(struct strbuf *b, const struct json *v, unsigned style, unsigned level)
{
    const struct json_member **order = mem_array(v->count, sizeof(*order));
    bool is_first = true;

    for (uint32_t i = 0; i < v->count; i++)
        order[i] = &v->members[i];
    qsort(order, v->count, sizeof(const struct json_member *), compare_members);
    for (uint32_t i = 0; i < v->count; i++) {
        if (i + 1 < v->count && str_eq(order[i]->key, order[i + 1]->key))
            continue;
        print_member(b, order[i], is_first, style, level);
        is_first = false;
    }
    free(order);
}

static void print_object(struct strbuf *b, const struct json *v, unsigned style, unsigned level)
{
    strbuf_addc(b, '{');
    if ((style & JSON_SORT_KEYS) && v->count > 1)
        print_sorted(b, v, style, level);
    else
        for (uint32_t i = 0; i < v->count; i++)
            print_member(b, &v->members[i], i == 0, style, level);
    if ((style & JSON_INDENT) && v->count > 0)
        print_line(b, level);
    strbuf_addc(b, '}');
}

static void print_array(struct strbuf *b, const struct json *v, unsigned style, unsigned level)
{
    strbuf_addc(b, '[');
    for (uint32_t i = 0; i < v->count; i++) {
        if (i > 0)
            strbuf_addc(b, ',');
        if (style & JSON_INDENT)
            print_line(b, level + 1);
        print_value(b, &v->items[i], style, level + 1);
    }
    if ((style & JSON_INDENT) && v->count > 0)
        print_line(b, level);
    strbuf_addc(b, ']');
}

static void print_value(struct strbuf *b, const struct json *v, unsigned style, unsigned level)
{
    switch ((enum json_type) v->type) {
    case JSON_NULL:
        strbuf_addz(b, "null");
        break;
    case JSON_BOOL:
        strbuf_addz(b, v->is_true ? "true" : "false");
        break;
    case JSON_NUMBER:
        strbuf_add(b, str_of(v->text, v->count));
        break;
    case JSON_STRING:
        json_print_string(b, str_of(v->text, v->count), style);
        break;
    case JSON_ARRAY:
        print_array(b, v, style, level);
        break;
    case JSON_OBJECT:
        print_object(b, v, style, level);
        break;
    }
}

void json_print(struct strbuf *b, const struct json *v, unsigned style)
{
    print_value(b, v, style, 0);
}

struct str json_text(struct arena *a, const struct json *v, unsigned style)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);

    json_print(&b, v, style);
    return str_copy(a, strbuf_str(&b));
}
