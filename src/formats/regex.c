/* Errors, plain patterns and names of groups; the rest is RE2's. See regex.h. */
#include "formats/regex.h"

#include "base/strbuf.h"
#include "formats/regex_re2.h"

static struct str shown(struct str s)
{
    return str_is_none(s) ? STR("") : s;
}

/* ---- names of groups ---- */

static bool is_name_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           c == '_';
}

/* Bytes of "(?P<name>" or "(?<name>", 0 when the text does not begin with one. */
static size_t group_size(struct str s)
{
    size_t head = str_starts(s, STR("(?P<"))  ? 4
                  : str_starts(s, STR("(?<")) ? 3
                                              : 0,
           end = head;

    if (head == 0)
        return 0;
    while (end < s.len && is_name_char(s.ptr[end]))
        end++;
    return end > head && end < s.len && s.ptr[end] == '>' ? end + 1 : 0;
}

/* Bytes of what begins with a backslash: "\\Q...\\E" or two characters. */
static size_t escape_size(struct str s)
{
    size_t end;

    if (!str_starts(s, STR("\\Q")))
        return s.len < 2 ? s.len : 2;
    end = str_find(s, STR("\\E"));
    return end == SIZE_MAX ? s.len : end + 2;
}

/* Bytes of a class in brackets. */
static size_t class_size(struct str s)
{
    size_t at = str_starts(s, STR("[^")) ? 2 : 1;

    at += at < s.len && s.ptr[at] == ']'; /* the first one is a member */
    while (at < s.len && s.ptr[at] != ']') {
        struct str rest = str_skip(s, at);
        size_t end = str_starts(rest, STR("[:")) ? str_find(rest, STR(":]")) : SIZE_MAX;

        at += end != SIZE_MAX ? end + 2 : rest.ptr[0] == '\\' ? escape_size(rest) : 1;
    }
    return at < s.len ? at + 1 : s.len;
}

/* What Go and this RE2 take differently: groups lose their names, which nothing asks for (Go
 * knows a further spelling, and takes a name twice), and single bytes are refused. */
static int rewrite(struct strbuf *b, struct str pattern, struct err *err)
{
    while (pattern.len > 0) {
        size_t group = group_size(pattern);
        size_t size = group > 0                ? group
                      : pattern.ptr[0] == '\\' ? escape_size(pattern)
                      : pattern.ptr[0] == '['  ? class_size(pattern)
                                               : 1;
        bool is_repeated;

        if (str_starts(pattern, STR("\\C")))
            return err_set(err, ERR_INVALID,
                           "error parsing regexp: invalid escape sequence: `\\C`");
        /* what would make another thing of the bare bracket is a fault in any case */
        is_repeated = pattern.len > size && strchr("?*+", pattern.ptr[size]);
        strbuf_add(b, group == 0    ? str_head(pattern, size)
                      : is_repeated ? STR("(?:")
                                    : STR("("));
        pattern = str_skip(pattern, size);
    }
    return 0;
}

struct regex *regex_new(struct str pattern, struct err *err)
{
    char text[512];
    struct str p = shown(pattern);
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(p.len);
    void *re = NULL;

    if (rewrite(&b, p, err) < 0)
        return NULL;
    re = regex_re2_new(b.len > 0 ? b.ptr : "", b.len, text, sizeof(text));
    if (!re && b.len < p.len && str_find(p, STR("(?<")) == SIZE_MAX)
        re = regex_re2_new(p.ptr, p.len, text, sizeof(text)); /* tells it with the names */
    if (!re)
        err_set(err, ERR_INVALID, "error parsing regexp: %s", text);
    return re;
}

void regex_free(struct regex *r)
{
    if (r)
        regex_re2_free(r);
}

bool regex_matches(const struct regex *r, struct str text)
{
    struct str t = shown(text);

    return regex_re2_matches(r, t.ptr, t.len);
}

/* Does a pattern stand for nothing but itself? */
static bool is_plain(struct str pattern)
{
    for (size_t i = 0; i < pattern.len; i++)
        if (!pattern.ptr[i] || (unsigned char) pattern.ptr[i] >= 0x80 ||
            strchr("\\.+*?()|[]{}^$", pattern.ptr[i]))
            return false;
    return true;
}

int regex_search(struct str pattern, struct str text, struct err *err)
{
    _cleanup_regex_ struct regex *r = NULL;

    if (is_plain(pattern))
        return str_find(text, shown(pattern)) != SIZE_MAX;
    r = regex_new(pattern, err);
    return r ? regex_matches(r, text) : -1;
}

/* ---- matches ---- */

size_t regex_groups(const struct regex *r)
{
    return regex_re2_groups(r);
}

bool regex_find(const struct regex *r, struct str text, size_t from, struct regex_span *ret,
                size_t count)
{
    struct str t = str_is_none(text) ? STR("") : text;
    size_t bounds[2 * REGEX_SPANS_MAX];

    count = count < REGEX_SPANS_MAX ? count : REGEX_SPANS_MAX;
    if (!regex_re2_find(r, t.ptr, t.len, from, bounds, count))
        return false;
    for (size_t i = 0; i < count; i++)
        ret[i] = (struct regex_span){bounds[2 * i], bounds[2 * i + 1]};
    return true;
}

/* Goes behind the next capturing group of a pattern; its name, or an empty text. */
static bool next_group(struct str *pattern, struct str *ret_name)
{
    while (pattern->len > 0) {
        size_t group = group_size(*pattern);
        size_t size = group > 0                 ? group
                      : pattern->ptr[0] == '\\' ? escape_size(*pattern)
                      : pattern->ptr[0] == '['  ? class_size(*pattern)
                                                : 1;
        bool is_group =
            group > 0 || (pattern->ptr[0] == '(' && !str_starts(*pattern, STR("(?")));
        struct str own = str_head(*pattern, group > 0 ? group - 1 : 0);

        *ret_name = group > 0 ? str_skip(own, str_find_char(own, '<') + 1) : STR("");
        *pattern = str_skip(*pattern, size);
        if (is_group)
            return true;
    }
    return false;
}

size_t regex_group_of(struct str pattern, struct str name)
{
    struct str own;

    for (size_t number = 1; next_group(&pattern, &own); number++)
        if (own.len > 0 && str_eq(own, name))
            return number;
    return 0;
}

struct str regex_group_name(struct str pattern, size_t number)
{
    struct str own;

    for (; number > 0 && next_group(&pattern, &own); number--)
        if (number == 1)
            return own.len > 0 ? own : STR_NONE;
    return STR_NONE;
}
