/*
 * formats/jsonraw.c - the ends of values, and texts without white space.
 *
 * A scan that knows strings and nesting is enough, because the text is valid. Escapes and the
 * spelling of numbers stay as they are.
 */
#include "formats/jsonraw.h"

#include <stdbool.h>

/* Bytes of the string literal that a text begins with. */
static size_t string_len(struct str s)
{
    size_t at = 1;

    while (at < s.len && s.ptr[at] != '"')
        at += s.ptr[at] == '\\' ? 2 : 1;
    return at < s.len ? at + 1 : s.len;
}

static bool ends_word(char c)
{
    return c == ',' || c == ']' || c == '}' || c == ':' || (unsigned char) c <= ' ';
}

struct str json_raw_at(struct str source, uint32_t pos)
{
    struct str rest = str_skip(source, pos);
    size_t depth = 0;
    size_t at = 0;

    while (at < rest.len) {
        char c = rest.ptr[at];

        if (c == '"') {
            at += string_len(str_skip(rest, at));
        } else if (c == '[' || c == '{') {
            depth++;
            at++;
            continue;
        } else if (depth > 0 && (c == ']' || c == '}')) {
            depth--;
            at++;
        } else if (depth > 0) {
            at++;
            continue;
        } else {
            while (at < rest.len && !ends_word(rest.ptr[at]))
                at++;
        }
        if (depth == 0)
            break;
    }
    return str_head(rest, at);
}

/* The line separators U+2028 and U+2029, which Go's encoder escapes. */
static bool is_separator(struct str s)
{
    return s.len >= 3 && s.ptr[0] == '\xe2' && s.ptr[1] == '\x80' &&
           (s.ptr[2] == '\xa8' || s.ptr[2] == '\xa9');
}

void json_raw_compact(struct strbuf *b, struct str raw)
{
    bool is_string = false;

    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];

        if (c == '"')
            is_string = !is_string;
        if (is_string && c == '\\' && i + 1 < raw.len) {
            strbuf_addc(b, c);
            strbuf_addc(b, raw.ptr[++i]);
        } else if (c == '<' || c == '>' || c == '&') {
            strbuf_addf(b, "\\u%04x", (unsigned) c);
        } else if (is_separator(str_skip(raw, i))) {
            strbuf_addz(b, raw.ptr[i + 2] == '\xa8' ? "\\u2028" : "\\u2029");
            i += 2;
        } else if (is_string || (unsigned char) c > ' ') {
            strbuf_addc(b, c);
        }
    }
}

static void new_line(struct strbuf *b, unsigned style, size_t depth)
{
    if (!(style & JSON_INDENT))
        return;
    strbuf_addc(b, '\n');
    for (size_t i = 0; i < depth; i++)
        strbuf_addz(b, "  ");
}

/* The byte of structure @c; @is_empty: it follows the bracket that it closes. */
static void print_structure(struct strbuf *b, char c, bool is_empty, unsigned style,
                            size_t *depth)
{
    if (c == ']' || c == '}') {
        *depth -= *depth > 0;
        if (!is_empty)
            new_line(b, style, *depth);
    }
    strbuf_addc(b, c);
    if (c == ',')
        new_line(b, style, *depth);
    if (c == ':' && (style & JSON_INDENT))
        strbuf_addc(b, ' ');
}

void json_raw_print(struct strbuf *b, struct str raw, unsigned style)
{
    size_t depth = 0, end = raw.len;
    bool was_open = false;

    while (end > 0 && (unsigned char) raw.ptr[end - 1] <= ' ')
        end--;
    for (size_t i = 0; i < end;) {
        char c = raw.ptr[i];
        bool is_structure = c == ',' || c == ':' || c == ']' || c == '}';
        size_t len = c == '"' ? string_len(str_skip(raw, i)) : 1;

        if ((unsigned char) c <= ' ') {
            i++;
            continue;
        }
        if (was_open && c != ']' && c != '}')
            new_line(b, style, depth);
        if (is_structure)
            print_structure(b, c, was_open, style, &depth);
        else
            strbuf_add(b, str_of(raw.ptr + i, len));
        was_open = c == '[' || c == '{';
        depth += was_open;
        i += len;
    }
    if (style & JSON_INDENT)
        strbuf_add(b, str_skip(raw, end));
}
