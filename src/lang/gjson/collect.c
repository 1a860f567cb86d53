/* Paths that collect: "[a,b]" and "{a,"n":b}". See gjson_internal.h. */
#include "base/vec.h"
#include "lang/gjson/gjson_internal.h"

struct selector {
    struct str name; /* as written; absent: made from the path */
    struct str path;
};

struct selectors {
    VEC(struct selector) list;
    size_t start;      /* of the one that is being read */
    size_t colon;      /* behind its name, or 0 */
    bool has_modifier; /* its colon is the modifier's */
};

static void end_selector(struct arena *a, struct selectors *s, struct str path, size_t end)
{
    struct selector made = {0};

    if (s->colon)
        made.name = str_of(path.ptr + s->start, s->colon - s->start);
    if (s->colon)
        s->start = s->colon + 1;
    made.path = str_of(path.ptr + s->start, end - s->start);
    VEC_APUSH(a, &s->list, made);
    s->colon = 0;
    s->has_modifier = false;
    s->start = end + 1;
}

static void skip_string(struct str path, size_t *at)
{
    for (++*at; *at < path.len && path.ptr[*at] != '"'; ++*at)
        *at += path.ptr[*at] == '\\';
}

/* One byte of a list of selectors; false when it was the closing bracket. */
static bool read_byte(struct arena *a, struct selectors *s, struct str path, size_t *at,
                      size_t *depth)
{
    char c = path.ptr[*at];

    if (c == '\\') {
        ++*at;
    } else if (c == '@') {
        s->has_modifier |= path.ptr[*at - 1] == '.' || path.ptr[*at - 1] == '|';
    } else if (c == ':' && !s->has_modifier && s->colon == 0 && *depth == 1) {
        s->colon = *at;
    } else if (c == ',' && *depth == 1) {
        end_selector(a, s, path, *at);
    } else if (c == '"') {
        skip_string(path, at);
    } else if (c == '[' || c == '(' || c == '{') {
        ++*depth;
    } else if ((c == ']' || c == ')' || c == '}') && --*depth == 0) {
        end_selector(a, s, path, *at);
        return false;
    }
    return true;
}

/* Reads the list between the brackets; the rest of the path is behind it. */
static bool read_selectors(struct arena *a, struct str path, struct selectors *ret,
                           struct str *ret_rest)
{
    size_t depth = 1;

    ret->start = 1;
    for (size_t i = 1; i < path.len; i++)
        if (!read_byte(a, ret, path, &i, &depth)) {
            *ret_rest = str_skip(path, i + 1);
            return ret_rest->len == 0 || ret_rest->ptr[0] == '|' || ret_rest->ptr[0] == '.';
        }
    *ret_rest = STR("");
    return false;
}

static struct str last_component(struct str path)
{
    for (size_t i = path.len; i-- > 0;)
        if ((path.ptr[i] == '|' || path.ptr[i] == '.') && (i == 0 || path.ptr[i - 1] != '\\'))
            return str_skip(path, i + 1);
    return path;
}

static bool is_simple(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char) name.ptr[i] < ' ' || strchr("[]{}()#|!", name.ptr[i]))
            return false;
    return true;
}

static void add_name(struct strbuf *b, const struct selector *s)
{
    struct str name = s->name;

    if (name.len > 0 && name.ptr[0] == '"' && json_is_valid(name)) {
        strbuf_add(b, name);
    } else {
        if (name.len == 0) {
            name = last_component(s->path);
            if (!is_simple(name))
                name = STR("_");
        }
        json_print_string(b, name, JSON_ESCAPE_HTML);
    }
    strbuf_addc(b, ':');
}

static struct str collected(struct gjson_run *run, struct str json, char open,
                            struct selectors *s)
{
    struct strbuf b = GJSON_BUFFER;

    strbuf_addc(&b, open);
    VEC_FOREACH (it, &s->list) {
        struct gjson found = gjson_find(run, json, it->path);

        if (!gjson_exists(&found))
            continue;
        if (b.len > 1)
            strbuf_addc(&b, ',');
        if (open == '{')
            add_name(&b, it);
        strbuf_add(&b, found.raw.len > 0 ? found.raw : STR("null"));
    }
    strbuf_addc(&b, open == '{' ? '}' : ']');
    return gjson_keep(run, &b);
}

bool gjson_collect(struct gjson_run *run, struct str json, struct str *path, struct gjson *ret)
{
    struct selectors s = {0};
    char open = path->len > 1 ? path->ptr[0] : '\0';
    struct str rest;

    if (open != '[' && open != '{')
        return false;
    if (!read_selectors(run->a, *path, &s, &rest)) {
        *path = rest;
        return false;
    }
    *ret = (struct gjson){.type = GJSON_JSON, .raw = collected(run, json, open, &s)};
    if (rest.len > 0)
        *ret = gjson_find(run, ret->raw, str_skip(rest, 1));
    ret->pos = 0;
    return true;
}
