/*
 * lang/sprig/path.c - sprig's functions on paths, as Go's path package, and on the world
 * outside, which has nothing to say here.
 *
 * Any thread; nothing is looked up in a file system or a network. Variables of the environment
 * are those that the run is given.
 */
#include <arpa/inet.h>

#include "lang/sprig/sprig_internal.h"

static size_t last_slash(struct str s)
{
    for (size_t i = s.len; i-- > 0;)
        if (s.ptr[i] == '/')
            return i;
    return SIZE_MAX;
}

/* One element of a path that is cleaned: "..", or a name. */
static void add_element(struct strbuf *b, struct str element, size_t root, size_t *dotdot)
{
    if (str_is(element, "..")) {
        if (b->len > *dotdot) {
            size_t at = last_slash(str_of(b->ptr + *dotdot, b->len - *dotdot));

            b->len = at == SIZE_MAX ? *dotdot : *dotdot + at;
        } else if (root == 0) {
            if (b->len > 0)
                strbuf_addc(b, '/');
            strbuf_addz(b, "..");
            *dotdot = b->len;
        }
        return;
    }
    if (b->len > root)
        strbuf_addc(b, '/');
    strbuf_add(b, element);
}

/* path.Clean */
static int clean(struct value_run *r, struct str s, struct value *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    size_t root = s.len > 0 && s.ptr[0] == '/', dotdot = root;
    struct str element;

    if (root > 0)
        strbuf_addc(&b, '/');
    while (str_cut(&s, '/', &element))
        if (element.len > 0 && !str_is(element, "."))
            add_element(&b, element, root, &dotdot);
    if (b.len == 0)
        strbuf_addc(&b, '.');
    return value_text_value(r, &b, ret);
}

SPRIG_FN(clean)
{
    return clean(r, value_text(&args[0]), ret);
}

SPRIG_FN(base)
{
    struct str s = value_text(&args[0]);
    bool was_empty = s.len == 0;
    size_t at;

    while (s.len > 0 && s.ptr[s.len - 1] == '/')
        s.len--;
    at = last_slash(s);
    if (at != SIZE_MAX)
        s = str_skip(s, at + 1);
    *ret = value_string(was_empty ? STR(".") : s.len == 0 ? STR("/") : s);
    return 0;
}

SPRIG_FN(dir)
{
    struct str s = value_text(&args[0]);
    size_t at = last_slash(s);

    return clean(r, at == SIZE_MAX ? STR("") : str_head(s, at + 1), ret);
}

SPRIG_FN(ext)
{
    struct str s = value_text(&args[0]);

    *ret = value_string(STR(""));
    for (size_t i = s.len; i-- > 0 && s.ptr[i] != '/';)
        if (s.ptr[i] == '.') {
            *ret = value_string(str_skip(s, i));
            break;
        }
    return 0;
}

SPRIG_FN(isAbs)
{
    *ret = value_bool(args[0].count > 0 && args[0].text[0] == '/');
    return 0;
}

static struct str variable_of(struct value_run *r, struct str name)
{
    const char *value = r->variable ? r->variable(str_cz(r->a, name)) : NULL;

    return value ? str_copy(r->a, str_from(value)) : STR("");
}

SPRIG_FN(env)
{
    *ret = value_string(variable_of(r, value_text(&args[0])));
    return value_make(r, ret->count);
}

static bool is_name_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           c == '_';
}

/* Bytes of the name of a variable behind a "$", as os.Expand takes them. */
static size_t variable_size(struct str s)
{
    size_t len = 0;

    if (s.len == 0)
        return 0;
    if (s.ptr[0] == '{') {
        len = str_find_char(s, '}');
        return len == SIZE_MAX ? 1 : len + 1;
    }
    if (strchr("*#$@!?-0123456789", s.ptr[0]) && s.ptr[0])
        return 1;
    while (len < s.len && is_name_char(s.ptr[len]))
        len++;
    return len;
}

SPRIG_FN(expandenv)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str s = value_text(&args[0]);

    while (s.len > 0) {
        size_t at = str_find_char(s, '$'), size;

        strbuf_add(&b, str_head(s, at));
        if (at == SIZE_MAX)
            break;
        s = str_skip(s, at + 1);
        size = variable_size(s);
        if (size == 0)
            strbuf_addc(&b, '$');
        else if (s.ptr[0] == '{' && size > 2)
            strbuf_add(&b, variable_of(r, str_head(str_skip(s, 1), size - 2)));
        else
            strbuf_add(&b, variable_of(r, str_head(s, size)));
        s = str_skip(s, size);
    }
    return value_text_value(r, &b, ret);
}

SPRIG_FN(getHostByName)
{
    const char *name = str_cz(r->a, value_text(&args[0]));
    char bytes[16];

    *ret = args[0];
    if (inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1)
        return 0;
    *ret = value_string(STR("127.0.0.1"));
    if (strcmp(name, "localhost") == 0)
        return 0;
    return err_set(r->err, ERR_UNSUPPORTED,
                   "getHostByName of \"%.200s\" is not supported yet: only addresses and "
                   "localhost are",
                   name);
}
