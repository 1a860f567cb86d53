/* Redrawing in place, and changes as lines. See live.h. */
#include "cli/live.h"

#include "cli/show.h"
#include "objects/object.h"

#define ESC "\x1b["

/* ---- frames ---- */

static size_t count_lines(struct str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\n';
    return count;
}

/* Without the lines at its beginning that do not fit; the cursor needs a line, too. */
static struct str visible(struct str text, struct live_size size)
{
    size_t lines = count_lines(text), room = size.rows > 1 ? size.rows - 1 : 1;

    for (; size.rows > 0 && lines > room; lines--)
        text = str_skip(text, str_find_char(text, '\n') + 1);
    return text;
}

/* The beginning of a line that fits; colours need no room, characters are not cut in two. */
static struct str cut_line(struct str line, unsigned columns)
{
    size_t at = 0, width = 0;

    while (at < line.len && columns > 0) {
        size_t next = at + 1;

        if (line.ptr[at] == '\x1b') {
            while (next < line.len && line.ptr[next - 1] != 'm')
                next++;
        } else {
            while (next < line.len && ((unsigned char) line.ptr[next] & 0xc0) == 0x80)
                next++;
            if (++width > columns)
                break;
        }
        at = next;
    }
    return columns > 0 ? str_head(line, at) : line;
}

static void write_line(struct strbuf *b, struct str line, unsigned columns)
{
    struct str shown = cut_line(line, columns);

    strbuf_add(b, shown);
    if (shown.len < line.len && str_find_char(shown, '\x1b') != SIZE_MAX)
        strbuf_addz(b, ESC "0m");
    strbuf_addz(b, ESC "K\n");
}

void live_draw(struct strbuf *b, const struct live_frame *old, const struct live_frame *new)
{
    bool is_resized =
        old->size.columns != new->size.columns || old->size.rows != new->size.rows;
    struct str was = visible(old->text, old->size), is = visible(new->text, new->size), line;
    size_t lines = count_lines(was);

    if (!is_resized && str_eq(old->text, new->text))
        return;
    if (is_resized && lines > 0) {
        strbuf_addz(b, ESC "H" ESC "2J");
        was = STR("");
    } else if (lines > 0) {
        strbuf_addf(b, "\r" ESC "%zuA", lines);
    }
    while (!str_is_empty(is) && str_cut(&is, '\n', &line)) {
        struct str before = STR_NONE;

        if (!str_is_empty(was))
            str_cut(&was, '\n', &before);
        if (!str_is_none(before) && str_eq(before, line))
            strbuf_addc(b, '\n');
        else
            write_line(b, line, new->size.columns);
    }
    strbuf_addz(b, ESC "J");
}

/* ---- lines ---- */

static struct str text_of(const struct json *v, const char *name)
{
    struct str text = json_get_str(v, str_from(name));

    return str_is_none(text) ? STR("") : text;
}

static bool is_news(const struct json *old, const struct json *new)
{
    return !str_eq(text_of(old, "phase"), text_of(new, "phase")) ||
           !str_eq(text_of(old, "message"), text_of(new, "message"));
}

/* The same node before; nodes keep their places. */
static const struct json *find_node(const struct json *before, const struct json *nodes,
                                    uint32_t at)
{
    if (!json_is(before, JSON_OBJECT))
        return NULL;
    if (at < before->count && str_eq(before->members[at].key, nodes->members[at].key))
        return &before->members[at].value;
    return json_get(before, nodes->members[at].key);
}

static void add_change(struct arena *a, struct strbuf *b, struct str name,
                       const struct json *status)
{
    struct str time = text_of(status, "finishedAt"),
               message = show_one_line(a, text_of(status, "message")),
               phase = text_of(status, "phase");

    if (str_is_empty(time))
        time = text_of(status, "startedAt");
    strbuf_addf(b, "%-20.*s " STR_FMT " " STR_FMT "%s" STR_FMT "\n", STR_ARG(time),
                STR_ARG(name), STR_ARG(str_is_empty(phase) ? STR("Pending") : phase),
                message.len ? ": " : "", STR_ARG(message));
}

void live_changes(struct arena *a, struct strbuf *b, const struct json *old,
                  const struct json *new)
{
    const struct json *before = json_path(old, "status", "nodes", NULL),
                      *nodes = json_path(new, "status", "nodes", NULL);
    const struct json *status = json_get(new, STR("status"));

    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++) {
        const struct json *node = &nodes->members[i].value;
        struct str type = text_of(node, "type"), name = text_of(node, "name");

        if (str_is(type, "StepGroup") || str_is(type, "TaskGroup"))
            continue;
        if (!str_eq(name, object_name(new)) && is_news(find_node(before, nodes, i), node))
            add_change(a, b, name, node);
    }
    if (!old || is_news(json_get(old, STR("status")), status))
        add_change(a, b, object_name(new), status);
}
