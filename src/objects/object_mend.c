/*
 * objects/object_mend.c - the mend for YAML whose lines are indented by a tab, or stand one or
 * two columns off a list.
 *
 * A parser of YAML tells where it gave up, which is rarely what the writer did. The commonest
 * slip is a list item, or a word of one, that is indented by a blank too many or too few: then
 * the columns of the item above say what was meant. Pure; any thread.
 */
#include "objects/object_internal.h"

enum { SLIP_MAX_COLUMNS = 2, WORD_MAX_BYTES = 40 };

struct line {
    struct str text; /* without indentation */
    size_t indent;   /* blanks before it */
    bool is_item;    /* begins with "- " */
    size_t word;     /* column of its first word, behind the dash */
};

static size_t blanks(struct str s)
{
    size_t n = 0;

    while (n < s.len && s.ptr[n] == ' ')
        n++;
    return n;
}

static struct line line_of(struct str s)
{
    struct line line = {.indent = blanks(s)};

    line.text = str_skip(s, line.indent);
    line.is_item = str_starts(line.text, STR("- "));
    line.word = line.indent;
    if (line.is_item)
        line.word += 1 + blanks(str_skip(line.text, 1));
    return line;
}

static bool is_content(const struct line *line)
{
    return line->text.len > 0 && line->text.ptr[0] != '#' && line->text.ptr[0] != '\r';
}

static size_t apart(size_t a, size_t b)
{
    return a > b ? a - b : b - a;
}

/* Text before the end of a line, and moves @text back past that line. */
static struct str line_before(struct str *text)
{
    size_t end = text->len, start;

    if (end > 0 && text->ptr[end - 1] == '\n')
        end--;
    start = end;
    while (start > 0 && text->ptr[start - 1] != '\n')
        start--;
    *text = str_head(*text, start);
    return str_of(text->ptr + start, end - start);
}

static struct str blanks_text(struct arena *a, size_t found, size_t right)
{
    size_t n = apart(found, right);

    return str_printf(a, "%zu blank%s too %s", n, n == 1 ? "" : "s",
                      found > right ? "many" : "few");
}

/* The first word of a line, for people. */
static struct str first_word(const struct line *line)
{
    struct str rest = line->text, word;

    if (!str_cut(&rest, ':', &word))
        return STR("");
    return str_head(word, WORD_MAX_BYTES);
}

static struct str item_text(struct arena *a, const struct line *line, const struct line *item)
{
    return str_printf(
        a, "the list item is indented by " STR_FMT ": the item above begins at column %zu",
        STR_ARG(blanks_text(a, line->indent, item->indent)), item->indent + 1);
}

static struct str word_text(struct arena *a, const struct line *line, const struct line *item)
{
    return str_printf(
        a,
        "\"" STR_FMT "\" is indented by " STR_FMT
        " to belong to the list item above, whose first word begins at column %zu",
        STR_ARG(first_word(line)), STR_ARG(blanks_text(a, line->indent, item->word)),
        item->word + 1);
}

/* Is there a tab before the first word? */
static bool has_tab(struct str line)
{
    struct str rest = str_skip(line, blanks(line));

    return rest.len > 0 && rest.ptr[0] == '\t';
}

struct str object_mend_indent(struct arena *a, struct str text, size_t line)
{
    struct str before, rest, given;
    struct line bad;
    size_t start = 0;

    for (size_t i = 1; i < line; i++) {
        size_t end = str_find_char(str_skip(text, start), '\n');

        if (end == SIZE_MAX)
            return STR_NONE;
        start += end + 1;
    }
    before = str_head(text, start);
    rest = str_skip(text, start);
    if (!str_cut(&rest, '\n', &given))
        return STR_NONE;
    if (has_tab(given))
        return STR("the line is indented by a tab: in YAML that is done by blanks");
    bad = line_of(given);
    while (is_content(&bad) && before.len > 0) {
        struct line above = line_of(line_before(&before));

        if (!is_content(&above))
            continue;
        if (bad.is_item && above.is_item && above.indent != bad.indent &&
            apart(above.indent, bad.indent) <= SLIP_MAX_COLUMNS)
            return item_text(a, &bad, &above);
        if (!bad.is_item && above.is_item && above.word != bad.indent &&
            apart(above.word, bad.indent) <= SLIP_MAX_COLUMNS)
            return word_text(a, &bad, &above);
        if (above.indent + SLIP_MAX_COLUMNS < bad.indent || above.indent == 0)
            break;
    }
    return STR_NONE;
}
