/*
 * lang/sprig/url.c - urlParse and urlJoin, as Go's net/url.
 *
 * Any thread. As the original, no raw paths: an escaped slash comes back as a slash.
 */
#include <arpa/inet.h>

#include "lang/sprig/sprig_internal.h"

enum place { PATH, USER, HOST, ZONE, FRAGMENT }; /* where a byte may stand as it is */

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

static bool is_plain(char c, enum place where)
{
    static const char *const plain[] = {
        [PATH] = "-_.~$&+,/:;=@",          [USER] = "-_.~$&+,;=",
        [HOST] = "-_.~!$&'()*+,;=:[]<>\"", [ZONE] = "-_.~!$&'()*+,;=:[]<>\"",
        [FRAGMENT] = "-_.~$&+,/:;=?@!()*",
    };

    return is_alphanumeric(c) || (c && strchr(plain[where], c));
}

static void add_escaped(struct strbuf *b, struct str s, enum place where)
{
    for (size_t i = 0; i < s.len; i++)
        if (is_plain(s.ptr[i], where))
            strbuf_addc(b, s.ptr[i]);
        else
            strbuf_addf(b, "%%%02X", (unsigned) (unsigned char) s.ptr[i]);
}

/* Whether "%XX" may stand there: in a host only beyond ASCII. */
static bool is_escape(struct str s, enum place where)
{
    char c;

    if (s.len < 3 || hex_of(s.ptr[1]) < 0 || hex_of(s.ptr[2]) < 0)
        return false;
    if (str_starts(s, STR("%25")))
        return true;
    c = (char) (hex_of(s.ptr[1]) << 4 | hex_of(s.ptr[2]));
    if (where == ZONE)
        return c == ' ' || is_plain(c, HOST);
    return where != HOST || (unsigned char) c >= 0x80;
}

static int unescape(struct value_run *r, struct str whole, struct str s, enum place where,
                    struct str *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct value text;

    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        struct str rest = str_skip(s, i);

        if (c == '%' && !is_escape(rest, where))
            return fail_parse(r, whole, "invalid URL escape ",
                              str_printf(r->a, "\"" STR_FMT "\"", STR_ARG(str_head(rest, 3))));
        if (c != '%' && (where == HOST || where == ZONE) && (unsigned char) c < 0x80 &&
            !is_plain(c, where))
            return fail_parse(
                r, whole, "invalid character ",
                str_printf(r->a, c == '\\' ? "\"\\%c\" in host name" : "\"%c\" in host name",
                           c));
        if (c == '%') {
            c = (char) (hex_of(s.ptr[i + 1]) << 4 | hex_of(s.ptr[i + 2]));
            i += 2;
        }
        strbuf_addc(&b, c);
    }
    if (value_text_value(r, &b, &text) < 0)
        return -1;
    *ret = value_text(&text);
    return 0;
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

static bool is_port(struct str port)
{
    for (size_t i = 0; i < port.len; i++)
        if (i == 0 ? port.ptr[i] != ':' : port.ptr[i] < '0' || port.ptr[i] > '9')
            return false;
    return true;
}

static int fail_port(struct value_run *r, struct str whole, struct str port)
{
    return fail_parse(r, whole, "invalid port ",
                      str_printf(r->a, "\"" STR_FMT "\" after host", STR_ARG(port)));
}

static size_t last_of(struct str s, char c)
{
    size_t i = s.len;

    while (i > 0 && s.ptr[i - 1] != c)
        i--;
    return i > 0 ? i - 1 : SIZE_MAX;
}

static bool is_ipv6(struct arena *a, struct str name)
{
    unsigned char bytes[16];
    size_t zone = str_find_char(name, '%');

    if (zone != SIZE_MAX && zone + 1 == name.len)
        return false;
    return inet_pton(AF_INET6, str_cz(a, str_head(name, zone)), bytes) == 1;
}

/* "[::1]", "[fe80::1%25en0]", "[::1]:80" */
static int read_literal(struct value_run *r, struct str whole, struct str host, struct url *u)
{
    size_t end = last_of(host, ']'), zone_at;
    struct str name, zone = STR("");

    if (end == SIZE_MAX)
        return fail_parse(r, whole, "missing ']' in host", STR(""));
    if (!is_port(str_skip(host, end + 1)))
        return fail_port(r, whole, str_skip(host, end + 1));
    name = str_head(str_skip(host, 1), end - 1);
    zone_at = str_find(name, STR("%25"));
    if (zone_at != SIZE_MAX && unescape(r, whole, str_skip(name, zone_at), ZONE, &zone) < 0)
        return -1;
    if (unescape(r, whole, str_head(name, zone_at), HOST, &name) < 0)
        return -1;
    name = str_concat(r->a, name, zone);
    if (!is_ipv6(r->a, name))
        return fail_parse(r, whole, "invalid IP-literal", STR(""));
    u->host = str_printf(r->a, "[" STR_FMT "]" STR_FMT, STR_ARG(name),
                         STR_ARG(str_skip(host, end + 1)));
    return 0;
}

static int read_host(struct value_run *r, struct str whole, struct str host, struct url *u)
{
    size_t bracket = last_of(host, '['), colon;
    bool is_strict = str_is(u->scheme, "http") || str_is(u->scheme, "https");

    if (bracket == 0)
        return read_literal(r, whole, host, u);
    if (bracket != SIZE_MAX)
        return fail_parse(r, whole, "invalid IP-literal", STR(""));
    colon = is_strict ? str_find_char(host, ':') : last_of(host, ':');
    if (colon != SIZE_MAX && !is_port(str_skip(host, colon)))
        return fail_port(r, whole, str_skip(host, colon));
    return unescape(r, whole, host, HOST, &u->host);
}

static bool is_user(struct str user)
{
    for (size_t i = 0; i < user.len; i++)
        if (!is_alphanumeric(user.ptr[i]) && !strchr("-._:~!$&'()*+,;=%@", user.ptr[i]))
            return false;
    return true;
}

/* "name" or "name:password", escaped as Go writes them. */
static int read_user(struct value_run *r, struct str whole, struct str user, struct str *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    size_t colon = str_find_char(user, ':');
    struct str name, password;
    struct value text;

    if (!is_user(user))
        return fail_parse(r, whole, "net/url: invalid userinfo", STR(""));
    if (unescape(r, whole, str_head(user, colon), USER, &name) < 0)
        return -1;
    add_escaped(&b, name, USER);
    if (colon != SIZE_MAX) {
        if (unescape(r, whole, str_skip(user, colon + 1), USER, &password) < 0)
            return -1;
        strbuf_addc(&b, ':');
        add_escaped(&b, password, USER);
    }
    if (value_text_value(r, &b, &text) < 0)
        return -1;
    *ret = value_text(&text);
    return 0;
}

static int read_authority(struct value_run *r, struct str whole, struct str authority,
                          struct url *u)
{
    size_t at = last_of(authority, '@');

    if (at == SIZE_MAX)
        return read_host(r, whole, authority, u);
    if (read_host(r, whole, str_skip(authority, at + 1), u) < 0)
        return -1;
    return read_user(r, whole, str_head(authority, at), &u->user);
}

/* A URL without its fragment. */
static int read_rest(struct value_run *r, struct str whole, struct url *u)
{
    struct str rest = whole, authority;
    size_t slash;

    for (size_t i = 0; i < whole.len; i++)
        if ((unsigned char) whole.ptr[i] < 0x20 || whole.ptr[i] == 0x7f)
            return fail_parse(r, whole, "net/url: invalid control character in URL", STR(""));
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
    return unescape(r, whole, rest, PATH, &u->path);
}

static int read_url(struct value_run *r, struct str whole, struct url *u)
{
    struct str rest = whole, fragment = cut_at(&rest, '#');

    *u = (struct url){0};
    if (read_rest(r, rest, u) < 0)
        return -1;
    return unescape(r, whole, fragment, FRAGMENT, &u->fragment);
}

/* Of "host:port" the host, without brackets. */
static struct str host_name(struct str host)
{
    size_t colon = last_of(host, ':');

    if (colon != SIZE_MAX && is_port(str_skip(host, colon)))
        host = str_head(host, colon);
    if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
        return str_head(str_skip(host, 1), host.len - 2);
    return host;
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

static void print_url(struct strbuf *b, const struct url *u)
{
    if (u->scheme.len > 0)
        strbuf_addf(b, STR_FMT ":", STR_ARG(u->scheme));
    if (u->opaque.len > 0) {
        strbuf_add(b, u->opaque);
    } else {
        if (u->host.len > 0 || u->user.len > 0 || (u->scheme.len > 0 && u->path.len > 0))
            strbuf_addz(b, "//");
        if (u->user.len > 0) {
            strbuf_add(b, u->user);
            strbuf_addc(b, '@');
        }
        add_escaped(b, u->host, HOST);
        if (u->path.len > 0 && u->path.ptr[0] != '/' && u->host.len > 0)
            strbuf_addc(b, '/');
        if (b->len == 0 &&
            str_find_char(str_head(u->path, str_find_char(u->path, '/')), ':') != SIZE_MAX)
            strbuf_addz(b, "./");
        if (str_is(u->path, "*"))
            strbuf_add(b, u->path);
        else
            add_escaped(b, u->path, PATH);
    }
    if (u->query.len > 0)
        strbuf_addf(b, "?" STR_FMT, STR_ARG(u->query));
    if (u->fragment.len > 0) {
        strbuf_addc(b, '#');
        add_escaped(b, u->fragment, FRAGMENT);
    }
}

/* What a URL with it has there, as the original finds out. */
static int read_user_part(struct value_run *r, struct str *user)
{
    struct str text = str_printf(r->a, "proto://" STR_FMT "@host", STR_ARG(*user));
    struct url u;
    size_t what = strlen("unable to parse url");

    if (read_url(r, text, &u) < 0)
        return value_fail(r, "unable to parse userinfo in dict%s",
                          str_cz(r->a, str_skip(str_from(r->err->text), what)));
    *user = u.user;
    return 0;
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
    if (u.user.len > 0 && read_user_part(r, &u.user) < 0)
        return -1;
    print_url(&b, &u);
    return value_text_value(r, &b, ret);
}
