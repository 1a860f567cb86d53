/* Places in the source of a manifest, and the lines that show them. Pure. See lint.h. */
#include "cli/lint_internal.h"

#define BLUE  "\x1b[34m"
#define RED   "\x1b[31m"
#define RESET "\x1b[0m"

enum { LINE_MAX_BYTES = 160, AROUND = 30 };

/* Bytes of the word at an offset of a line: a quoted text, or up to what ends a plain one. */
static unsigned width_at(struct str line, size_t at)
{
    struct str rest = str_skip(line, at);
    size_t len = 0;
    char before = at > 0 && (line.ptr[at - 1] == '"' || line.ptr[at - 1] == '\'')
                      ? line.ptr[at - 1]
                      : '\0'; /* inside of quotes */
    char quote = rest.len > 0 && (rest.ptr[0] == '"' || rest.ptr[0] == '\'') ? rest.ptr[0] : 0;

    if (str_starts(rest, STR("{{"))) {
        size_t end = str_find(rest, STR("}}"));

        return end == SIZE_MAX ? 2 : (unsigned) end + 2;
    }
    if (quote) {
        for (len = 1; len < rest.len && rest.ptr[len] != '\n'; len++)
            if (rest.ptr[len] == quote)
                return (unsigned) len + 1;
        return (unsigned) len;
    }
    if (rest.len > 0 && rest.ptr[0] == '\t') { /* what stands where blanks belong */
        while (len < rest.len && (rest.ptr[len] == '\t' || rest.ptr[len] == ' '))
            len++;
        return (unsigned) len;
    }
    if (str_starts(rest, STR("{")) || str_starts(rest, STR("[")))
        return 1; /* what holds it */
    if (before && (len = str_find_char(rest, before)) != SIZE_MAX)
        return (unsigned) (len > 0 ? len : 1);
    for (len = 0; len < rest.len && !strchr("\n\r,]}#\"", rest.ptr[len]); len++)
        if (rest.ptr[len] == ':' && (len + 1 == rest.len || strchr(" \n\r", rest.ptr[len + 1])))
            break;
    while (len > 1 && (rest.ptr[len - 1] == ' ' || rest.ptr[len - 1] == '\t'))
        len--;
    return len > 0 ? (unsigned) len : 1;
}

static struct str line_of(struct str source, unsigned number)
{
    struct str rest = source, line = STR("");

    while (number-- > 0)
        if (!str_cut(&rest, '\n', &line))
            return STR_NONE;
    return str_ends(line, STR("\r")) ? str_head(line, line.len - 1) : line;
}

static unsigned columns_of(struct str text)
{
    unsigned count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char) text.ptr[i] & 0xc0) != 0x80;
    return count;
}

struct lint_spot lint_spot_of(struct str source, unsigned line, unsigned column,
                              struct str note)
{
    struct lint_spot spot = {.width = 1, .note = note};
    struct str text = line_of(source, line);

    if (line == 0 || column == 0 || str_is_none(text))
        return spot;
    spot.line = line;
    spot.at = column - 1 > text.len ? text.len : column - 1;
    spot.column = columns_of(str_head(text, spot.at)) + 1;
    spot.len = width_at(text, spot.at);
    spot.width = columns_of(str_head(str_skip(text, spot.at), spot.len));
    if (spot.width == 0)
        spot.width = 1;
    return spot;
}

struct lint_spot lint_spot_at(struct str source, uint32_t pos, struct str note)
{
    unsigned line = 0, column = 0;

    if (pos != JSON_NO_POS && source.len > 0 && pos <= source.len)
        json_position(source, pos, &line, &column);
    return lint_spot_of(source, line, column, note);
}

/* Tabs and what is no text would move the caret. */
static void add_line(struct strbuf *b, struct str line)
{
    for (size_t i = 0; i < line.len; i++)
        strbuf_addc(b, (unsigned char) line.ptr[i] < ' ' || line.ptr[i] == 0x7f ? ' '
                                                                                : line.ptr[i]);
}

/* A window into a line that is too long to be shown. */
static struct str window(struct str line, size_t *at)
{
    size_t from = 0;

    if (line.len <= LINE_MAX_BYTES)
        return line;
    if (*at > AROUND)
        from = *at - AROUND;
    while (from > 0 && ((unsigned char) line.ptr[from] & 0xc0) == 0x80)
        from--;
    *at -= from;
    line = str_skip(line, from);
    return str_head(line, LINE_MAX_BYTES);
}

static void add_gutter(struct strbuf *b, const struct lint_style *style, const char *number)
{
    strbuf_addf(b, "     %s%4s |%s ", style->has_color ? BLUE : "", number,
                style->has_color ? RESET : "");
}

void lint_print_spot(struct strbuf *b, struct str file, struct str source,
                     const struct lint_spot *spot, const struct lint_style *style)
{
    struct str line = line_of(source, spot->line), before;
    size_t at = spot->at;
    char number[16];

    if (spot->line == 0 || str_is_none(line)) {
        if (spot->note.len > 0)
            strbuf_addf(b, "     " STR_FMT "\n", STR_ARG(spot->note));
        return;
    }
    strbuf_addf(b, "     " STR_FMT ":%u:%u%s" STR_FMT "\n", STR_ARG(file), spot->line,
                spot->column, spot->note.len ? ": " : "", STR_ARG(spot->note));
    line = window(line, &at);
    snprintf(number, sizeof(number), "%u", spot->line);
    add_gutter(b, style, number);
    add_line(b, line);
    strbuf_addc(b, '\n');
    add_gutter(b, style, "");
    before = str_head(line, at);
    strbuf_addf(b, "%*s%s", (int) columns_of(before), "", style->has_color ? RED : "");
    for (unsigned i = 0; i < spot->width && columns_of(before) + i < LINE_MAX_BYTES; i++)
        strbuf_addc(b, '^');
    strbuf_addf(b, "%s\n", style->has_color ? RESET : "");
}
