/*
 * go-yaml's layout. See yaml_emit.h.
 *
 * A text is looked at once to know which styles can hold it. Quirks are the original's: a text
 * that begins with a byte order mark has all its characters escaped; line separators of Unicode
 * are breaks that need no escape.
 */
#include "formats/yaml_emit.h"

#include <string.h>

enum { INDENT = 2, LINE_COLUMNS = 80, SIMPLE_KEY_MAX_BYTES = 128 };

/* ---- bytes ---- */

static unsigned char byte_at(struct str s, size_t i)
{
    return i < s.len ? (unsigned char) s.ptr[i] : 0;
}

/* Bytes of the character there. */
static size_t size_at(struct str s, size_t i)
{
    unsigned char c = byte_at(s, i);
    size_t size = c < 0x80 ? 1 : (c & 0xe0) == 0xc0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : 4;

    return size < s.len - i ? size : s.len - i;
}

static bool is_break(struct str s, size_t i)
{
    unsigned char c = byte_at(s, i), next = byte_at(s, i + 1), third = byte_at(s, i + 2);

    return c == '\r' || c == '\n' || (c == 0xc2 && next == 0x85) ||
           (c == 0xe2 && next == 0x80 && (third == 0xa8 || third == 0xa9));
}

static bool is_space(struct str s, size_t i)
{
    return byte_at(s, i) == ' ';
}

static bool is_blank(struct str s, size_t i)
{
    return is_space(s, i) || byte_at(s, i) == '\t';
}

static bool is_printable(struct str s, size_t i)
{
    unsigned char c = byte_at(s, i), next = byte_at(s, i + 1), third = byte_at(s, i + 2);

    if (c < 0x80)
        return c == '\n' || (c >= 0x20 && c <= 0x7e);
    if (c == 0xef)
        return !(next == 0xbb && third == 0xbf) && !(next == 0xbf && third >= 0xbe);
    return (c == 0xc2 && next >= 0xa0) || (c > 0xc2 && c < 0xed) ||
           (c == 0xed && next < 0xa0) || c == 0xee;
}

/* ---- what a text holds ---- */

struct look {
    bool has_breaks;
    bool may_be_plain, may_be_single, may_be_block;
};

/* Characters that mean something where they stand. */
static bool is_indicator(struct str s, size_t i, bool is_behind_blank)
{
    char c = s.ptr[i];
    bool is_before_blank = i + size_at(s, i) >= s.len || is_blank(s, i + size_at(s, i));

    if (i > 0)
        return (c == ':' && is_before_blank) || (c == '#' && is_behind_blank);
    if (c == '?' || c == ':' || c == '-')
        return is_before_blank;
    return c && strchr("#,[]{}&*!|>'\"%@`", c);
}

static struct look look_at(struct str s)
{
    struct look look = {.may_be_plain = true, .may_be_single = true, .may_be_block = true};
    bool was_space = false, was_break = false, is_behind_blank = true;
    bool has_space_break = false, has_break_space = false, is_special = false;
    size_t size;

    if (s.len == 0) {
        look.may_be_block = false;
        return look;
    }
    if (str_starts(s, STR("---")) || str_starts(s, STR("...")))
        look.may_be_plain = false;
    for (size_t i = 0; i < s.len; i += size) {
        bool space = is_space(s, i), is_end;

        size = size_at(s, i);
        is_end = i == 0 || i + size == s.len;
        is_special |= !is_printable(s, i);
        if (is_indicator(s, i, is_behind_blank) || ((space || is_break(s, i)) && is_end))
            look.may_be_plain = false;
        if (space && i + size == s.len)
            look.may_be_block = false;
        has_break_space |= space && was_break;
        was_break = is_break(s, i);
        has_space_break |= was_break && was_space;
        look.has_breaks |= was_break;
        was_space = space;
        is_behind_blank = is_blank(s, i) || was_break || s.ptr[i] == '\0';
    }
    look.may_be_plain &= !look.has_breaks && !is_special;
    look.may_be_single = !has_break_space && !has_space_break && !is_special;
    look.may_be_block &= !has_space_break && !is_special;
    return look;
}

/* ---- the line ---- */

static void put(struct yaml_emitter *e, char c)
{
    strbuf_addc(e->b, c);
    e->column++;
}

static void put_break(struct yaml_emitter *e)
{
    strbuf_addc(e->b, '\n');
    e->column = 0;
}

/* One character; returns its bytes. */
static size_t copy(struct yaml_emitter *e, struct str s, size_t i)
{
    size_t size = size_at(s, i);

    strbuf_add(e->b, str_of(s.ptr + i, size));
    e->column++;
    return size;
}

static size_t copy_break(struct yaml_emitter *e, struct str s, size_t i)
{
    size_t size = copy(e, s, i);

    e->column = 0;
    return size;
}

static void write_indent(struct yaml_emitter *e)
{
    int indent = e->indent < 0 ? 0 : e->indent;

    if (!e->is_at_indent || e->column > indent || (e->column == indent && !e->is_after_space))
        put_break(e);
    while (e->column < indent)
        put(e, ' ');
    e->is_after_space = e->is_at_indent = true;
}

/* "-", "?" and ":" let a block begin on the line; @needs_space: a blank before it. */
static void write_indicator(struct yaml_emitter *e, char c, bool needs_space, bool is_block)
{
    if (needs_space && !e->is_after_space)
        put(e, ' ');
    put(e, c);
    e->is_after_space = false;
    e->is_at_indent &= is_block;
}

static int deeper(const struct yaml_emitter *e, int first, int more)
{
    return e->indent < 0 ? first : e->indent + more;
}

/* ---- texts ---- */

/* Between quotes, or without; lines that are too long are broken at blanks. */
static void write_flowing(struct yaml_emitter *e, struct str s, bool is_quoted)
{
    bool was_space = false, was_break = false;

    if (is_quoted)
        write_indicator(e, '\'', true, false);
    else if (!e->is_after_space)
        put(e, ' ');
    for (size_t i = 0; i < s.len;) {
        bool is_inside = !is_quoted || (i > 0 && i < s.len - 1);

        if (is_space(s, i)) {
            if (!e->is_simple_key && !was_space && e->column > LINE_COLUMNS && is_inside &&
                !is_space(s, i + 1)) {
                write_indent(e);
                i++;
            } else {
                i += copy(e, s, i);
            }
            was_space = true;
        } else if (is_break(s, i)) {
            if (!was_break && s.ptr[i] == '\n')
                put_break(e);
            i += copy_break(e, s, i);
            e->is_at_indent = was_break = true;
        } else {
            if (was_break)
                write_indent(e);
            if (is_quoted && s.ptr[i] == '\'')
                put(e, '\'');
            i += copy(e, s, i);
            e->is_at_indent = was_space = was_break = false;
        }
    }
    if (is_quoted)
        put(e, '\'');
    e->is_after_space = e->is_at_indent = false;
}

static uint32_t rune_at(struct str s, size_t i)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t size = size_at(s, i);
    uint32_t rune = byte_at(s, i) & masks[size];

    for (size_t k = 1; k < size; k++)
        rune = rune << 6 | (byte_at(s, i + k) & 0x3f);
    return rune;
}

static void write_escape(struct yaml_emitter *e, uint32_t rune)
{
    static const struct {
        uint32_t rune;
        char letter;
    } letters[] = {{0, '0'},     {7, 'a'},    {8, 'b'},    {9, 't'},      {10, 'n'},
                   {11, 'v'},    {12, 'f'},   {13, 'r'},   {27, 'e'},     {'"', '"'},
                   {'\\', '\\'}, {0x85, 'N'}, {0xa0, '_'}, {0x2028, 'L'}, {0x2029, 'P'}};
    int digits = rune <= 0xff ? 2 : rune <= 0xffff ? 4 : 8;

    put(e, '\\');
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
        if (letters[i].rune == rune) {
            put(e, letters[i].letter);
            return;
        }
    put(e, digits == 2 ? 'x' : digits == 4 ? 'u' : 'U');
    while (digits-- > 0)
        put(e, "0123456789ABCDEF"[rune >> 4 * digits & 15]);
}

static void write_double(struct yaml_emitter *e, struct str s)
{
    bool was_space = false, is_all_escaped = str_starts(s, STR("\xef\xbb\xbf"));

    write_indicator(e, '"', true, false);
    for (size_t i = 0; i < s.len;) {
        if (is_all_escaped || !is_printable(s, i) || is_break(s, i) || s.ptr[i] == '"' ||
            s.ptr[i] == '\\') {
            write_escape(e, rune_at(s, i));
            i += size_at(s, i);
            was_space = false;
        } else if (is_space(s, i) && !e->is_simple_key && !was_space &&
                   e->column > LINE_COLUMNS && i > 0 && i < s.len - 1) {
            write_indent(e);
            if (is_space(s, i + 1))
                put(e, '\\');
            i++;
            was_space = true;
        } else {
            was_space = is_space(s, i);
            i += copy(e, s, i);
        }
    }
    put(e, '"');
    e->is_after_space = e->is_at_indent = false;
}

/* Where the last character before @end begins. */
static size_t before(struct str s, size_t end)
{
    while (end > 0 && (byte_at(s, --end) & 0xc0) == 0x80)
        continue;
    return end;
}

/* What stands behind "|": how deep, and which breaks at the end count. */
static void write_hints(struct yaml_emitter *e, struct str s)
{
    size_t last = before(s, s.len);

    if (is_space(s, 0) || is_break(s, 0))
        put(e, '0' + INDENT);
    if (!is_break(s, last))
        put(e, '-');
    else if (last == 0 || is_break(s, before(s, last)))
        put(e, '+');
}

static void write_literal(struct yaml_emitter *e, struct str s)
{
    bool was_break = true;

    write_indicator(e, '|', true, false);
    write_hints(e, s);
    put_break(e);
    e->is_at_indent = e->is_after_space = true;
    for (size_t i = 0; i < s.len;) {
        if (is_break(s, i)) {
            i += copy_break(e, s, i);
            e->is_at_indent = was_break = true;
            continue;
        }
        if (was_break)
            write_indent(e);
        i += copy(e, s, i);
        e->is_at_indent = was_break = false;
    }
}

static void write_text(struct yaml_emitter *e, struct str s, enum yaml_style style,
                       const struct look *look)
{
    int indent = e->indent;

    if (style == YAML_PLAIN && (!look->may_be_plain || (s.len == 0 && e->is_simple_key)))
        style = YAML_SINGLE_QUOTED;
    if ((style == YAML_SINGLE_QUOTED && !look->may_be_single) ||
        (style == YAML_LITERAL && !look->may_be_block))
        style = YAML_DOUBLE_QUOTED;
    e->indent = deeper(e, INDENT, INDENT);
    switch (style) {
    case YAML_PLAIN:
        write_flowing(e, s, false);
        break;
    case YAML_SINGLE_QUOTED:
        write_flowing(e, s, true);
        break;
    case YAML_DOUBLE_QUOTED:
        write_double(e, s);
        break;
    case YAML_LITERAL:
        write_literal(e, s);
        break;
    }
    e->indent = indent;
}

/* ---- values ---- */

struct yaml_emitter yaml_emit_start(struct strbuf *b)
{
    return (struct yaml_emitter){
        .b = b, .indent = -1, .is_after_space = true, .is_at_indent = true};
}

void yaml_emit_end(struct yaml_emitter *e)
{
    write_indent(e);
}

void yaml_emit_text(struct yaml_emitter *e, struct str s, enum yaml_style style)
{
    struct look look = look_at(s);

    write_text(e, s, style, &look);
}

void yaml_emit_key(struct yaml_emitter *e, struct str key, enum yaml_style style)
{
    struct look look = look_at(key);

    write_indent(e);
    if (!look.has_breaks && key.len <= SIMPLE_KEY_MAX_BYTES) {
        e->is_simple_key = true;
        write_text(e, key, style, &look);
        e->is_simple_key = false;
        write_indicator(e, ':', false, false);
    } else {
        write_indicator(e, '?', true, true);
        write_text(e, key, style, &look);
        write_indent(e);
        write_indicator(e, ':', true, true);
    }
    e->place = YAML_IN_MAPPING;
}

void yaml_emit_item(struct yaml_emitter *e)
{
    write_indent(e);
    write_indicator(e, '-', true, true);
    e->place = YAML_IN_LIST;
}

void yaml_emit_empty(struct yaml_emitter *e, const char *brackets)
{
    write_indicator(e, brackets[0], true, false);
    put(e, brackets[1]);
}

int yaml_emit_open(struct yaml_emitter *e, bool is_list)
{
    int outer = e->indent;
    bool is_level = is_list && e->place == YAML_IN_MAPPING && !e->is_at_indent;

    e->indent = deeper(e, 0, is_level ? 0 : INDENT);
    return outer;
}

void yaml_emit_close(struct yaml_emitter *e, int opened)
{
    e->indent = opened;
}
