/* Paths cut into components. See gjson_internal.h. */
#include "lang/gjson/gjson_internal.h"

/* Does the path behind a dot begin anew, as behind a "|"? */
static bool begins_anew(struct str path)
{
    size_t end = 1;

    if (path.ptr[0] != '@')
        return path.ptr[0] == '[' || path.ptr[0] == '{';
    while (end < path.len && !strchr(".|:", path.ptr[end]))
        end++;
    return gjson_is_modifier(str_of(path.ptr + 1, end - 1));
}

/* The component ends at @end, at a dot or a bar. */
static void end_part(struct gjson_part *p, struct str path, size_t end)
{
    struct str rest = str_skip(path, end + 1);

    p->name = str_head(path, end);
    if (path.ptr[end] == '|' || (rest.len > 0 && begins_anew(rest))) {
        p->pipe = rest;
        p->is_piped = true;
    } else {
        p->path = rest;
        p->has_more = true;
    }
}

struct str gjson_plain_name(struct arena *a, struct str s)
{
    char *out = arena_alloc_raw(a, s.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < s.len; i++) {
        i += s.ptr[i] == '\\';
        if (i < s.len)
            out[len++] = s.ptr[i];
    }
    return str_of(out, len);
}

struct gjson_part gjson_object_part(struct arena *a, struct str path)
{
    struct gjson_part p = {.name = path};
    bool has_escape = false;

    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];

        if (c == '|' || c == '.') {
            end_part(&p, path, i);
            break;
        }
        p.is_wild |= c == '*' || c == '?';
        if (c == '\\') {
            has_escape = true;
            i++;
        }
    }
    if (has_escape)
        p.name = gjson_plain_name(a, p.name);
    return p;
}

/* A query's string: moves from its quote to the closing one. */
static void skip_quoted(struct str s, size_t *at, bool *has_escape)
{
    for (++*at; *at < s.len && s.ptr[*at] != '"'; ++*at) {
        if (s.ptr[*at] == '\\') {
            *has_escape = true;
            ++*at;
        }
    }
}

/* The closing bracket of "#(...": its offset, or SIZE_MAX; and where the operator is, or 0. */
static size_t query_end(struct str s, size_t *ret_operator, bool *has_escape)
{
    size_t depth = 1;

    *ret_operator = 0;
    for (size_t i = 2; i < s.len; i++) {
        char c = s.ptr[i];

        if (depth == 1 && *ret_operator == 0 && c && strchr("!=<>%", c)) {
            *ret_operator = i;
            continue;
        }
        if (c == '\\')
            i++;
        else if (c == '[' || c == '(')
            depth++;
        else if ((c == ']' || c == ')') && --depth == 0)
            return i;
        else if (c == '"')
            skip_quoted(s, &i, has_escape);
    }
    return SIZE_MAX;
}

static size_t operator_size(struct str s)
{
    char second;

    if (s.len < 2)
        return s.len;
    second = s.ptr[1];
    if (s.ptr[0] == '!')
        return second == '=' || second == '%' ? 2 : 0;
    if (s.ptr[0] == '<' || s.ptr[0] == '>')
        return second == '=' ? 2 : 1;
    return 1;
}

static void read_value(struct arena *a, struct gjson_array_part *p, struct str s,
                       bool has_escape)
{
    size_t size;

    if (str_starts(s, STR("==")))
        s = str_skip(s, 1);
    size = operator_size(s);
    p->operator= str_head(s, size);
    p->value = gjson_trim(str_skip(s, size));
    if (p->value.len >= 2 && p->value.ptr[0] == '"' && p->value.ptr[p->value.len - 1] == '"') {
        p->value = str_of(p->value.ptr + 1, p->value.len - 2);
        if (has_escape)
            p->value = gjson_unescape(a, p->value);
    }
}

/* "#(path op value)" or with "#" behind it; returns the offset of its last byte. */
static size_t read_query(struct arena *a, struct gjson_array_part *p, struct str path)
{
    bool has_escape = false;
    size_t operator, end = query_end(path, &operator, & has_escape);

    p->is_query = true;
    if (end == SIZE_MAX)
        return SIZE_MAX;
    p->query_path = gjson_trim(str_of(path.ptr + 2, (operator ? operator : end) - 2));
    if (operator)
        read_value(a, p, gjson_trim(str_of(path.ptr + operator, end - operator)), has_escape);
    p->wants_all = end + 1 < path.len && path.ptr[end + 1] == '#';
    return end;
}

/* A "#" at the beginning of a component: what it is for; returns the last byte that belongs to
 * it. */
static size_t read_hash(struct arena *a, struct gjson_array_part *p, struct str path)
{
    p->has_hash = true;
    if (path.len == 1)
        return 0;
    if (path.ptr[1] == '.') {
        p->is_map = true;
        p->each_path = str_skip(path, 2);
    }
    if (path.ptr[1] == '[' || path.ptr[1] == '(')
        return read_query(a, p, path);
    return 0;
}

struct gjson_array_part gjson_array_part_of(struct arena *a, struct str path)
{
    struct gjson_array_part p = {.part.name = path};

    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];

        if (c == '#' && i == 0) {
            i = read_hash(a, &p, path);
            if (i == SIZE_MAX)
                return p;
        } else if (c == '#') {
            p.has_hash = true;
        } else if (c == '.' && p.has_hash) {
            p.part.name = str_head(path, i);
            p.part.path = str_skip(path, i + 1);
            p.part.has_more = true;
            return p;
        } else if (c == '|' || c == '.') {
            end_part(&p.part, path, i);
            return p;
        }
    }
    return p;
}

/* Moves from "(" or "[" behind ".#" to the bracket that closes it. */
static void skip_query(struct str path, size_t *at)
{
    char open = path.ptr[*at], close = open == '[' ? ']' : ')';
    size_t depth = 1;
    bool ignored;

    for (++*at; *at < path.len; ++*at) {
        char c = path.ptr[*at];

        if (c == '\\')
            ++*at;
        else if (c == open)
            depth++;
        else if (c == close && --depth == 0)
            return;
        else if (c == '"')
            skip_quoted(path, at, &ignored);
    }
}

static bool split_at(struct str path, size_t at, struct str *ret_left, struct str *ret_right)
{
    *ret_left = str_head(path, at);
    *ret_right = str_skip(path, at + 1);
    return true;
}

bool gjson_split_pipe(struct str path, struct str *ret_left, struct str *ret_right)
{
    if (str_find_char(path, '|') == SIZE_MAX)
        return false;
    if (path.ptr[0] == '{') {
        size_t end = gjson_squash(str_skip(path, 1)).len + 1;

        return end < path.len && path.ptr[end] == '|' &&
               split_at(path, end, ret_left, ret_right);
    }
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];

        if (c == '|')
            return split_at(path, i, ret_left, ret_right);
        if (c == '\\') {
            i++;
        } else if (c == '.' && i + 1 == path.len) {
            return false;
        } else if (c == '.' && path.ptr[i + 1] == '#') {
            i += 2;
            if (i == path.len)
                return false;
            if (path.ptr[i] == '[' || path.ptr[i] == '(')
                skip_query(path, &i);
        }
    }
    return false;
}
