/*
 * lang/sprig/url.c - urlParse and urlJoin, as Go's net/url.
 *
 * Any thread. Doesn't do: raw paths (an escaped slash comes back as a slash).
 */
#include "lang/sprig/sprig_internal.h"

enum { PATH, USER, HOST, FRAGMENT }; /* where a byte may stand as it is */

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

static int fail_parse(struct value_run *r, struct str whole, const char *what, struct str part)
{
    return value_fail(r, "unable to parse url: parse \"" STR_FMT "\": %s" STR_FMT,
                      STR_ARG(str_head(whole, 300)), what, STR_ARG(str_head(part, 100)));
}

static int unescape(struct value_run *r, struct str whole, struct str s, struct str *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct value text;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '%') {
            strbuf_addc(&b, s.ptr[i]);
            continue;
        }
        if (i + 2 >= s.len || hex_of(s.ptr[i + 1]) < 0 || hex_of(s.ptr[i + 2]) < 0) {
            struct str bad = str_head(str_skip(s, i), 3);

            return fail_parse(r, whole, "invalid URL escape ",
                              str_printf(r->a, "\"" STR_FMT "\"", STR_ARG(bad)));
        }
        strbuf_addc(&b, (char) (hex_of(s.ptr[i + 1]) << 4 | hex_of(s.ptr[i + 2])));
        i += 2;
    }
    if (value_text_value(r, &b, &text) < 0)
        return -1;
    *ret = value_text(&text);
    return 0;
}

static void add_escaped(struct strbuf *b, struct str s, int where)
{
    static const char *const plain[] = {
        [PATH] = "-_.~$&+,/:;=@",
        [USER] = "-_.~$&+,;=",
        [HOST] = "-_.~!$&'()*+,;=:[]<>\"",
        [FRAGMENT] = "-_.~$&+,/:;=?@!()*",
    };

    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (is_alphanumeric(c) || (c && strchr(plain[where], c)))
            strbuf_addc(b, c);
        else
            strbuf_addf(b, "%%%02X", (unsigned) (unsigned char) c);
    }
}

/* The parts of a URL. */
struct url {
    struct str scheme, opaque, user, host, path, query, fragment;
};

/* "scheme:"; false when what stands before the colon cannot be one. */
static bool take_scheme(struct str *rest, struct str *scheme)
{
    *scheme = STR("");
    for (size_t i = 0; i < rest->len; i++) {
        char c = rest->ptr[i];
        bool is_letter = (c | 32) >= 'a' && (c | 32) <= 'z';

        if (c == ':' && i == 0)
            return false;
        if (c == ':') {
            *scheme = str_head(*rest, i);
            *rest = str_skip(*rest, i + 1);
            return true;
        }
        if (!is_letter && (i == 0 || !(is_alphanumeric(c) || c == '+' || c == '-' || c == '.')))
            return true;
    }
    return true;
}

static struct str cut_at(struct str *rest, char at)
{
    size_t i = str_find_char(*rest, at);
    struct str behind = i == SIZE_MAX ? STR("") : str_skip(*rest, i + 1);

    *rest = str_head(*rest, i);
    return behind;
}

static struct str lower_of(struct arena *a, struct str s)
{
    char *copy = str_cz(a, s);

    for (size_t i = 0; i < s.len; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] |= 32;
    return str_of(copy, s.len);
}

static int check_port(struct value_run *r, struct str whole, struct str host)
{
    size_t end = host.len > 0 && host.ptr[0] == '[' ? str_find_char(host, ']') : 0, colon;
    struct str port;

    if (end == SIZE_MAX)
        return fail_parse(r, whole, "missing ']' in host", STR(""));
    colon = str_find_char(str_skip(host, end), ':');
    if (colon == SIZE_MAX)
        return 0;
    port = str_skip(host, end + colon);
    for (size_t i = 1; i < port.len; i++)
        if (port.ptr[i] < '0' || port.ptr[i] > '9')
            return fail_parse(r, whole, "invalid port ",
                              str_printf(r->a, "\"" STR_FMT "\" after host", STR_ARG(port)));
    return 0;
}

static int read_authority(struct value_run *r, struct str whole, struct str authority,
                          struct url *u)
{
    size_t at = authority.len;

    while (at > 0 && authority.ptr[at - 1] != '@')
        at--;
    u->host = str_skip(authority, at);
    if (at > 0)
        u->user = str_head(authority, at - 1);
    for (size_t i = 0; i < u->host.len; i++)
        if (u->host.ptr[i] == ' ')
            return fail_parse(r, whole, "invalid character \" \" in host name", STR(""));
    return check_port(r, whole, u->host);
}

static int read_url(struct value_run *r, struct str whole, struct url *u)
{
    struct str rest = whole, authority;
    size_t slash;

    *u = (struct url){0};
    for (size_t i = 0; i < whole.len; i++)
        if ((unsigned char) whole.ptr[i] < 0x20 || whole.ptr[i] == 0x7f)
            return fail_parse(r, whole, "net/url: invalid control character in URL", STR(""));
    if (unescape(r, whole, cut_at(&rest, '#'), &u->fragment) < 0)
        return -1;
    if (str_is(rest, "*")) {
        u->path = rest;
        return 0;
    }
    if (!take_scheme(&rest, &u->scheme))
        return fail_parse(r, whole, "missing protocol scheme", STR(""));
    u->scheme = lower_of(r->a, u->scheme);
    u->query = cut_at(&rest, '?');
    if (!str_starts(rest, STR("/")) && u->scheme.len > 0) {
        u->opaque = rest;
        return 0;
    }
    slash = str_find_char(rest, '/');
    if (!str_starts(rest, STR("/")) && str_find_char(str_head(rest, slash), ':') != SIZE_MAX)
        return fail_parse(r, whole, "first path segment in URL cannot contain colon", STR(""));
    if (str_starts(rest, STR("//")) && !(u->scheme.len == 0 && str_starts(rest, STR("///")))) {
        authority = str_skip(rest, 2);
        slash = str_find_char(authority, '/');
        rest = slash == SIZE_MAX ? STR("") : str_skip(authority, slash);
        if (read_authority(r, whole, str_head(authority, slash), u) < 0)
            return -1;
    }
    return unescape(r, whole, rest, &u->path);
}

/* Of "host:port" the host, without brackets. */
static struct str host_name(struct str host)
{
    size_t end = host.len > 0 && host.ptr[0] == '[' ? str_find_char(host, ']') : SIZE_MAX;

    if (end != SIZE_MAX)
        return str_head(str_skip(host, 1), end - 1);
    return str_head(host, str_find_char(host, ':'));
}

SPRIG_FN(urlParse)
{
    struct str text = value_text(&args[0]);
    struct value_pair *pairs = ARENA_ARRAY(r->a, struct value_pair, 8);
    struct url u;

    if (value_charge(r, text.len / 8) < 0 || read_url(r, text, &u) < 0)
        return -1;
    pairs[0] = (struct value_pair){value_string(STR("fragment")), value_string(u.fragment)};
    pairs[1] = (struct value_pair){value_string(STR("host")), value_string(u.host)};
    pairs[2] =
        (struct value_pair){value_string(STR("hostname")), value_string(host_name(u.host))};
    pairs[3] = (struct value_pair){value_string(STR("opaque")), value_string(u.opaque)};
    pairs[4] = (struct value_pair){value_string(STR("path")), value_string(u.path)};
    pairs[5] = (struct value_pair){value_string(STR("query")), value_string(u.query)};
    pairs[6] = (struct value_pair){value_string(STR("scheme")), value_string(u.scheme)};
    pairs[7] = (struct value_pair){value_string(STR("userinfo")), value_string(u.user)};
    for (size_t i = 0; i < 8; i++)
        if (pairs[i].value.text == NULL)
            pairs[i].value = value_string(STR(""));
    *ret = value_map(r->a, pairs, 8);
    return 0;
}

static void add_user(struct strbuf *b, struct str user)
{
    struct str password = user;
    size_t colon = str_find_char(user, ':');

    add_escaped(b, str_head(user, colon), USER);
    if (colon == SIZE_MAX)
        return;
    password = str_skip(user, colon + 1);
    strbuf_addc(b, ':');
    add_escaped(b, password, USER);
}

static void print_url(struct strbuf *b, const struct url *u)
{
    if (u->scheme.len > 0)
        strbuf_addf(b, STR_FMT ":", STR_ARG(u->scheme));
    if (u->opaque.len > 0) {
        strbuf_add(b, u->opaque);
    } else {
        if (u->host.len > 0 || u->user.len > 0 ||
            (u->scheme.len > 0 && u->path.len > 0 && str_starts(u->path, STR("//"))))
            strbuf_addz(b, "//");
        else if (u->scheme.len > 0 && u->path.len > 0)
            strbuf_addz(b, "//");
        if (u->user.len > 0) {
            add_user(b, u->user);
            strbuf_addc(b, '@');
        }
        add_escaped(b, u->host, HOST);
        if (u->path.len > 0 && u->path.ptr[0] != '/' && u->host.len > 0)
            strbuf_addc(b, '/');
        if (b->len == 0 &&
            str_find_char(str_head(u->path, str_find_char(u->path, '/')), ':') != SIZE_MAX)
            strbuf_addz(b, "./");
        add_escaped(b, u->path, PATH);
    }
    if (u->query.len > 0)
        strbuf_addf(b, "?" STR_FMT, STR_ARG(u->query));
    if (u->fragment.len > 0) {
        strbuf_addc(b, '#');
        add_escaped(b, u->fragment, FRAGMENT);
    }
}

SPRIG_FN(urlJoin)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct url u = {0};
    const struct {
        const char *name;
        struct str *to;
    } parts[] = {{"scheme", &u.scheme}, {"host", &u.host},         {"path", &u.path},
                 {"query", &u.query},   {"fragment", &u.fragment}, {"opaque", &u.opaque},
                 {"userinfo", &u.user}};

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        const struct value *v = value_map_get(&args[0], str_from(parts[i].name));

        if (v && v->type != VALUE_STRING)
            return value_fail(r, "unable to parse %s key, must be of type string, but %s found",
                              parts[i].name, value_kind_name(v));
        *parts[i].to = v ? value_text(v) : STR("");
    }
    print_url(&b, &u);
    return value_text_value(r, &b, ret);
}
