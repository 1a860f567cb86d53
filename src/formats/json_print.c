/* Prints JSON as Go's encoding/json does. Texts are copied in runs; only what needs care is
 * handled byte by byte. */
#include "formats/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

/* Where the text goes; the buffer learns its length when it has to grow, and at the end. */
struct printer {
    struct strbuf *b;
    char *at, *end; /* both NULL once the buffer is over its maximum */
    unsigned style;
};

enum { ROOM_MIN_BYTES = 64 };

static void settle(struct printer *p)
{
    if (!p->at)
        return;
    p->b->len = (size_t) (p->at - p->b->ptr);
    *p->at = '\0';
}

static bool grow(struct printer *p, size_t len)
{
    if (p->b->is_over)
        return false;
    settle(p);
    p->at = strbuf_reserve(p->b, len);
    p->end = NULL;
    if (p->at) /* behind the text there is room for its end mark */
        p->end =
            p->b->ptr + (p->b->room - 1 < p->b->max_bytes ? p->b->room - 1 : p->b->max_bytes);
    return p->at != NULL;
}

/* Is there room for @len more bytes? */
static inline bool has_room(struct printer *p, size_t len)
{
    return (size_t) (p->end - p->at) >= len || grow(p, len);
}

static inline void put(struct printer *p, char c)
{
    if (has_room(p, 1))
        *p->at++ = c;
}

static inline void put_text(struct printer *p, const char *text, size_t len)
{
    if (len == 0 || !has_room(p, len))
        return;
    memcpy(p->at, text, len);
    p->at += len;
}

#define PUT_Z(p, literal) put_text(p, literal, sizeof(literal) - 1)

/* 1: needs care; 2: only when HTML is escaped. */
static const uint8_t care[256] = {
    [0 ... 0x1f] = 1, ['"'] = 1, ['\\'] = 1,          ['<'] = 2,
    ['>'] = 2,        ['&'] = 2, [0x80 ... 0xff] = 1,
};

static inline bool needs_care(char c, unsigned style)
{
    unsigned how = care[(unsigned char) c];

    return how == 1 || (how == 2 && (style & JSON_ESCAPE_HTML));
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
static size_t print_piece(struct printer *p, struct str s, size_t i)
{
    static const char letters[] = "btnvfr", /* from 8 on; v has no letter in JSON */
        digits[] = "0123456789abcdef";
    unsigned char c = (unsigned char) s.ptr[i];
    size_t len;

    if (c == '"' || c == '\\') {
        put(p, '\\');
        put(p, (char) c);
        return 1;
    }
    if (c >= 8 && c <= 13 && c != 11) {
        put(p, '\\');
        put(p, letters[c - 8]);
        return 1;
    }
    if (c < 0x80) {
        PUT_Z(p, "\\u00");
        put(p, digits[c >> 4]);
        put(p, digits[c & 15]);
        return 1;
    }
    len = sequence_len(s, i);
    if (len == 0) {
        PUT_Z(p, "\\ufffd");
        return 1;
    }
    if (len == 3 && c == 0xe2 && (unsigned char) s.ptr[i + 1] == 0x80 &&
        ((unsigned char) s.ptr[i + 2] & 0xfe) == 0xa8) {
        PUT_Z(p, "\\u202");
        put(p, (unsigned char) s.ptr[i + 2] == 0xa8 ? '8' : '9');
    } else {
        put_text(p, s.ptr + i, len);
    }
    return len;
}

/* The bytes of a text of 1 to 7 bytes, some twice or none. */
static inline uint64_t short_word(struct str s)
{
    const unsigned char *p = (const unsigned char *) s.ptr;
    uint32_t first, last;

    if (s.len < 4)
        return 0x2020202020000000U | p[0] | ((uint64_t) p[s.len / 2] << 8) |
               ((uint64_t) p[s.len - 1] << 16);
    memcpy(&first, p, 4);
    memcpy(&last, p + s.len - 4, 4);
    return first | ((uint64_t) last << 32);
}

/* Are eight bytes printable ASCII without quote, backslash and (for HTML) < > &? */
static inline bool is_plain_word(uint64_t w, unsigned style)
{
    const uint64_t ones = 0x0101010101010101U, high = 0x8080808080808080U;
    uint64_t bad;

#define HAS(c) (((w ^ (ones * (c))) - ones) & ~(w ^ (ones * (c))))
    bad = (w - ones * 0x20) | w | HAS('"') | HAS('\\');
    if (style & JSON_ESCAPE_HTML)
        bad |= HAS('<') | HAS('>') | HAS('&');
#undef HAS
    return (bad & high) == 0;
}

static inline bool is_plain8(const char *at, unsigned style)
{
    uint64_t w;

    memcpy(&w, at, 8);
    return is_plain_word(w, style);
}

/* Bytes from @i on that are written as they are. */
static size_t plain_end(struct str s, size_t i, unsigned style)
{
    if (s.len < 8 && s.len > 0 && is_plain_word(short_word(s), style))
        return s.len;
    while (s.len - i >= 8 && is_plain8(s.ptr + i, style))
        i += 8;
    if (s.len - i < 8 && s.len >= 8 && is_plain8(s.ptr + s.len - 8, style))
        return s.len; /* the last eight, some of them once more */
    while (i < s.len && !needs_care(s.ptr[i], style))
        i++;
    return i;
}

/* A short text by two pieces that overlap: a call costs more. */
static inline void copy_short(char *to, const char *from, size_t len)
{
    if (len > 16) {
        memcpy(to, from, len);
    } else if (len >= 8) {
        memcpy(to, from, 8);
        memcpy(to + len - 8, from + len - 8, 8);
    } else if (len >= 4) {
        memcpy(to, from, 4);
        memcpy(to + len - 4, from + len - 4, 4);
    } else {
        for (size_t i = 0; i < len; i++)
            to[i] = from[i];
    }
}

static void print_careful(struct printer *p, struct str s, size_t i)
{
    put(p, '"');
    put_text(p, s.ptr, i);
    while (i < s.len) {
        size_t end;

        i += print_piece(p, s, i);
        end = plain_end(s, i, p->style);
        put_text(p, s.ptr + i, end - i);
        i = end;
    }
    put(p, '"');
}

static inline void print_string(struct printer *p, struct str s)
{
    size_t i = plain_end(s, 0, p->style);

    if (i < s.len) {
        print_careful(p, s, i);
    } else if (has_room(p, s.len + 2)) {
        *p->at = '"';
        copy_short(p->at + 1, s.ptr, s.len);
        p->at[s.len + 1] = '"';
        p->at += s.len + 2;
    }
}

static void print_line(struct printer *p, unsigned level)
{
    put(p, '\n');
    for (unsigned i = 0; i < level; i++)
        PUT_Z(p, "  ");
}

static int compare_members(const void *left, const void *right)
{
    const struct json_member *const *a = left, *const *b = right;
    int order = str_cmp((*a)->key, (*b)->key);

    return order ? order : (*a < *b ? -1 : 1);
}

static void print_value(struct printer *p, const struct json *v, unsigned level);

static void print_member(struct printer *p, const struct json_member *m, bool is_first,
                         unsigned level)
{
    if (!is_first)
        put(p, ',');
    if (p->style & JSON_INDENT)
        print_line(p, level + 1);
    print_string(p, m->key);
    put(p, ':');
    if (p->style & JSON_INDENT)
        put(p, ' ');
    print_value(p, &m->value, level + 1);
}

/* A Go map: sorted, the last of equal keys wins. */
static void print_sorted(struct printer *p, const struct json *v, unsigned level)
{
    const struct json_member **order = mem_array(v->count, sizeof(*order));
    bool is_first = true;

    for (uint32_t i = 0; i < v->count; i++)
        order[i] = &v->members[i];
    qsort(order, v->count, sizeof(const struct json_member *), compare_members);
    for (uint32_t i = 0; i < v->count; i++) {
        if (i + 1 < v->count && str_eq(order[i]->key, order[i + 1]->key))
            continue;
        print_member(p, order[i], is_first, level);
        is_first = false;
    }
    free(order);
}

static void print_object(struct printer *p, const struct json *v, unsigned level)
{
    put(p, '{');
    if ((p->style & JSON_SORT_KEYS) && v->count > 1)
        print_sorted(p, v, level);
    else
        for (uint32_t i = 0; i < v->count; i++)
            print_member(p, &v->members[i], i == 0, level);
    if ((p->style & JSON_INDENT) && v->count > 0)
        print_line(p, level);
    put(p, '}');
}

static void print_array(struct printer *p, const struct json *v, unsigned level)
{
    put(p, '[');
    for (uint32_t i = 0; i < v->count; i++) {
        if (i > 0)
            put(p, ',');
        if (p->style & JSON_INDENT)
            print_line(p, level + 1);
        print_value(p, &v->items[i], level + 1);
    }
    if ((p->style & JSON_INDENT) && v->count > 0)
        print_line(p, level);
    put(p, ']');
}

static void print_value(struct printer *p, const struct json *v, unsigned level)
{
    switch ((enum json_type) v->type) {
    case JSON_NULL:
        PUT_Z(p, "null");
        break;
    case JSON_BOOL:
        if (v->is_true)
            PUT_Z(p, "true");
        else
            PUT_Z(p, "false");
        break;
    case JSON_NUMBER:
        put_text(p, v->text, v->count);
        break;
    case JSON_STRING:
        print_string(p, str_of(v->text, v->count));
        break;
    case JSON_ARRAY:
        print_array(p, v, level);
        break;
    case JSON_OBJECT:
        print_object(p, v, level);
        break;
    }
}

static struct printer printer_on(struct strbuf *b, unsigned style)
{
    struct printer p = {.b = b, .style = style};

    grow(&p, ROOM_MIN_BYTES < b->max_bytes - b->len ? ROOM_MIN_BYTES : 0);
    return p;
}

void json_print(struct strbuf *b, const struct json *v, unsigned style)
{
    struct printer p = printer_on(b, style);

    print_value(&p, v, 0);
    settle(&p);
}

void json_print_string(struct strbuf *b, struct str s, unsigned style)
{
    struct printer p = printer_on(b, style);

    print_string(&p, s);
    settle(&p);
}

struct str json_text(struct arena *a, const struct json *v, unsigned style)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);

    json_print(&b, v, style);
    return str_copy(a, strbuf_str(&b));
}
