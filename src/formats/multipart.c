/* Forms with files. See multipart.h. */
#include "formats/multipart.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct str trim(struct str s)
{
    while (s.len > 0 && is_blank(s.ptr[0]))
        s = str_skip(s, 1);
    while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* The value behind "=": a word, or between quotes, where a backslash takes the next quote or
 * backslash as it is (browsers send those of file names of Windows bare). */
static struct str take_value(struct arena *a, struct str *rest)
{
    char *out;
    size_t len = 0, i;

    if (rest->len == 0 || rest->ptr[0] != '"') {
        size_t at = str_find_char(*rest, ';');
        struct str value = trim(str_head(*rest, at));

        *rest = at == SIZE_MAX ? STR("") : str_skip(*rest, at);
        return str_copy(a, value);
    }
    out = arena_alloc(a, rest->len);
    for (i = 1; i < rest->len && rest->ptr[i] != '"'; i++) {
        if (rest->ptr[i] == '\\' && i + 1 < rest->len &&
            (rest->ptr[i + 1] == '"' || rest->ptr[i + 1] == '\\'))
            i++;
        out[len++] = rest->ptr[i];
    }
    *rest = i < rest->len ? str_skip(*rest, i + 1) : STR("");
    return str_of(out, len);
}

/* A parameter of a header's value; @value is behind the first word. Absent: there is none. */
static struct str find_parameter(struct arena *a, struct str value, struct str name)
{
    size_t at;

    while ((at = str_find_char(value, ';')) != SIZE_MAX) {
        struct str word, found;
        size_t sign;

        value = trim(str_skip(value, at + 1));
        sign = str_find_char(value, '=');
        if (sign == SIZE_MAX)
            return STR_NONE;
        word = trim(str_head(value, sign));
        value = trim(str_skip(value, sign + 1));
        found = take_value(a, &value);
        if (str_eq_nocase(word, name))
            return found;
    }
    return STR_NONE;
}

static struct str first_word(struct str value)
{
    return trim(str_head(value, str_find_char(value, ';')));
}

int multipart_boundary(struct arena *a, struct str type, struct str *ret, struct err *err)
{
    if (!str_eq_nocase(first_word(type), STR("multipart/form-data")))
        return err_set(err, ERR_INVALID,
                       "Content-Type \"" STR_FMT "\" must be multipart/form-data",
                       STR_ARG(str_is_none(type) ? STR("") : type));
    *ret = find_parameter(a, type, STR("boundary"));
    if (str_is_empty(*ret) || ret->len > MULTIPART_BOUNDARY_MAX_BYTES)
        return err_set(err, ERR_INVALID,
                       "Content-Type multipart/form-data needs a boundary of 1 to %d bytes",
                       MULTIPART_BOUNDARY_MAX_BYTES);
    return 0;
}

static struct str behind(struct str s, struct str what)
{
    const char *found = what.len <= s.len ? memmem(s.ptr, s.len, what.ptr, what.len) : NULL;

    return found ? str_skip(s, (size_t) (found - s.ptr) + what.len) : STR_NONE;
}

/* Behind the next boundary: a line of its own, or what begins like the end. */
static struct str behind_mark(struct str s, struct str mark)
{
    struct str line;

    while (!str_is_none(s = behind(s, mark))) {
        for (line = s; line.len > 0 && is_blank(line.ptr[0]);)
            line = str_skip(line, 1);
        if (str_starts(line, STR("\r\n")) || str_starts(s, STR("--")))
            return s;
    }
    return s;
}

/* What the headers of a part say of it. */
static void read_head(struct arena *a, struct str head, struct multipart_part *ret)
{
    struct str line, word;

    *ret = (struct multipart_part){.name = STR_NONE, .file_name = STR_NONE};
    while (str_cut(&head, '\n', &line)) {
        if (str_ends(line, STR("\r")))
            line.len--;
        if (!str_cut(&line, ':', &word) || str_is_none(line) ||
            !str_eq_nocase(word, STR("Content-Disposition")) ||
            !str_eq_nocase(first_word(line), STR("form-data")))
            continue;
        ret->name = find_parameter(a, line, STR("name"));
        ret->file_name = find_parameter(a, line, STR("filename"));
    }
}

/* One part; @rest is behind its boundary, then behind the next one. */
static int take_part(struct arena *a, struct str *rest, struct str mark,
                     struct multipart_part *ret, struct err *err)
{
    struct str bytes, next;
    size_t head_len;

    if (str_starts(*rest, STR("\r\n\r\n"))) { /* no headers */
        bytes = str_skip(*rest, 4);
    } else {
        bytes = behind(str_head(*rest, MULTIPART_HEAD_MAX_BYTES), STR("\r\n\r\n"));
        if (str_is_none(bytes))
            return err_set(err, ERR_INVALID,
                           "the headers of a part have no end within %d bytes",
                           MULTIPART_HEAD_MAX_BYTES);
        bytes = str_skip(*rest, (size_t) (bytes.ptr - rest->ptr));
    }
    head_len = (size_t) (bytes.ptr - rest->ptr);
    read_head(a, str_head(*rest, head_len), ret);
    /* An empty part's end may be that of its headers. */
    next = behind_mark(str_skip(*rest, head_len - 2), mark);
    if (str_is_none(next))
        return err_set(err, ERR_INVALID, "the form is cut off: a part has no end");
    ret->bytes = next.ptr - mark.len < bytes.ptr
                     ? STR("")
                     : str_head(bytes, (size_t) (next.ptr - bytes.ptr) - mark.len);
    *rest = next;
    return 0;
}

int multipart_find(struct arena *a, struct str body, struct str boundary, struct str name,
                   struct multipart_part *ret, struct err *err)
{
    struct str mark = str_printf(a, "\r\n--" STR_FMT, STR_ARG(boundary));
    struct str first = str_skip(mark, 2);
    struct str rest =
        str_starts(body, first) ? str_skip(body, first.len) : behind_mark(body, mark);

    if (str_is_none(rest))
        return err_set(err, ERR_INVALID, "the body has no part of the boundary \"" STR_FMT "\"",
                       STR_ARG(boundary));
    while (!str_starts(rest, STR("--"))) {
        if (take_part(a, &rest, mark, ret, err) < 0)
            return -1;
        if (str_eq(ret->name, name) && !str_is_none(ret->name) && !str_is_none(ret->file_name))
            return 0;
    }
    return err_set(err, ERR_INVALID, "the form has no file \"" STR_FMT "\"", STR_ARG(name));
}
