/* Columns as text/tabwriter makes them. See table.h. */
#include "cli/table.h"

#include "base/vec.h"

enum { COLUMNS_MAX = 64 };

struct line {
    struct str cells[COLUMNS_MAX];
    size_t len;
};

struct table {
    struct strbuf *b;
    const struct line *lines;
    unsigned padding;
    size_t widths[COLUMNS_MAX];
    size_t width_count; /* columns whose width is known, from the left */
};

size_t table_width(struct str text)
{
    size_t width = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\x1b' && i + 1 < text.len && text.ptr[i + 1] == '[') {
            while (i < text.len && text.ptr[i] != 'm')
                i++;
            continue;
        }
        width += ((unsigned char) text.ptr[i] & 0xc0) != 0x80; /* UTF-8: no continuation */
    }
    return width;
}

static void write_lines(struct table *t, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct line *line = &t->lines[i];

        for (size_t j = 0; j < line->len; j++) {
            strbuf_add(t->b, line->cells[j]);
            if (j < t->width_count)
                strbuf_addf(t->b, "%*s", (int) (t->widths[j] - table_width(line->cells[j])),
                            "");
        }
        strbuf_addc(t->b, '\n');
    }
}

/* Lines that have a cell in the next column are written with its width known, the others as
 * they are. */
static void format_lines(struct table *t, size_t from, size_t to)
{
    size_t column = t->width_count;

    for (size_t at = from; at < to; at++) {
        size_t width = 0, first = at;

        if (column + 1 >= t->lines[at].len)
            continue;
        write_lines(t, from, at);
        for (; at < to && column + 1 < t->lines[at].len; at++) {
            size_t cell = table_width(t->lines[at].cells[column]) + t->padding;

            width = cell > width ? cell : width;
        }
        t->widths[t->width_count++] = width;
        format_lines(t, first, at);
        t->width_count--;
        from = at--;
    }
    write_lines(t, from, to);
}

void table_align(struct arena *a, struct strbuf *b, struct str text, unsigned padding)
{
    VEC(struct line) lines = {0};
    struct table t = {.b = b, .padding = padding};
    struct str rest = text, piece;

    while (str_cut(&rest, '\n', &piece)) {
        struct line line = {0};

        if (str_is_none(rest) && str_is_empty(piece))
            break; /* behind the last line's end */
        while (line.len + 1 < COLUMNS_MAX && str_cut(&piece, '\t', &line.cells[line.len]))
            line.len++;
        VEC_APUSH(a, &lines, line);
    }
    t.lines = lines.at;
    format_lines(&t, 0, lines.len);
}
