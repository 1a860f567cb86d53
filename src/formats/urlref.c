/*
 * formats/urlref.c - cuts a reference into scheme, authority, path, query and fragment, and
 * prints it again.
 *
 * Each part has its own set of bytes that stand unescaped. A part whose spelling is legal keeps
 * it; else it is decoded and escaped anew, as net/url does. The query stays as written.
 */
#include "formats/urlref.h"

#include "base/strbuf.h"

/* Bytes beyond letters, digits and "-_.~" that stand in a part: as escaping leaves them, as
 * spelling allows. */
static const char path_plain[] = "$&+,/:;=@";
static const char path_allowed[] = "!$&'()*+,/;=:@[]%";
static const char fragment_plain[] = "$&+,/:;=?@!()*";
static const char fragment_allowed[] = "!$&'()*+,/;=:@[]?%";
static const char host_plain[] = "!$&'()*+,;=:[]<>\"";

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_plain(char c, const char *also)
{
    return is_alphanumeric(c) || (c && strchr("-_.~", c)) || (c && strchr(also, c));
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes percent escapes; false when one is malformed. */
static bool decode(struct arena *a, struct str s, struct str *ret)
{
    char *out = arena_alloc_raw(a, s.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '%') {
            out[len++] = s.ptr[i];
            continue;
        }
        if (i + 2 >= s.len || hex_value(s.ptr[i + 1]) < 0 || hex_value(s.ptr[i + 2]) < 0)
            return false;
        out[len++] = (char) (hex_value(s.ptr[i + 1]) << 4 | hex_value(s.ptr[i + 2]));
        i += 2;
    }
    *ret = str_of(out, len);
    return true;
}

static void add_escaped(struct strbuf *b, struct str s, const char *plain)
{
    for (size_t i = 0; i < s.len; i++) {
        if (is_plain(s.ptr[i], plain))
            strbuf_addc(b, s.ptr[i]);
        else
            strbuf_addf(b, "%%%02X", (unsigned char) s.ptr[i]);
    }
}

/* A path or fragment: as written when every byte may stand there, else escaped anew. */
static bool add_part(struct strbuf *b, struct arena *a, struct str s, const char *plain,
                     const char *allowed)
{
    struct str decoded;
    bool is_legal = true;

    if (!decode(a, s, &decoded))
        return false;
    for (size_t i = 0; i < s.len; i++)
        is_legal = is_legal && is_plain(s.ptr[i], allowed);
    if (is_legal)
        strbuf_add(b, s);
    else
        add_escaped(b, decoded, plain);
    return true;
}

/* Cuts "scheme:" off; false when the text begins with a colon. */
static bool take_scheme(struct str *rest, struct str *ret)
{
    for (size_t i = 0; i < rest->len; i++) {
        char c = rest->ptr[i];
        bool is_letter = is_alphanumeric(c) && !(c >= '0' && c <= '9');

        if (c == ':' && i == 0)
            return false;
        if (c == ':') {
            *ret = str_head(*rest, i);
            *rest = str_skip(*rest, i + 1);
            return true;
        }
        if (!is_letter && (i == 0 || !(is_alphanumeric(c) || c == '+' || c == '-' || c == '.')))
            return true;
    }
    return true;
}

/* "user@host:port": an IPv6 address in brackets, a port of digits. */
static bool add_authority(struct strbuf *b, struct arena *a, struct str s)
{
    struct str host = s, decoded;
    size_t port;

    for (size_t i = s.len; i > 0; i--)
        if (s.ptr[i - 1] == '@') {
            if (!decode(a, str_head(s, i - 1), &decoded))
                return false;
            strbuf_add(b, str_head(s, i));
            host = str_skip(s, i);
            break;
        }
    port = str_starts(host, STR("[")) ? str_find(host, STR("]:")) : str_find_char(host, ':');
    if (str_starts(host, STR("[")) && str_find_char(host, ']') == SIZE_MAX)
        return false;
    if (port != SIZE_MAX && str_starts(host, STR("[")))
        port++;
    for (size_t i = port == SIZE_MAX ? host.len : port + 1; i < host.len; i++)
        if (host.ptr[i] < '0' || host.ptr[i] > '9')
            return false;
    if (!decode(a, host, &decoded) || str_find_char(decoded, ' ') != SIZE_MAX)
        return false;
    add_escaped(b, decoded, host_plain);
    return true;
}

/* A first segment that holds a colon would read as a scheme. */
static bool is_doubtful(struct str path)
{
    struct str segment = str_head(path, str_find_char(path, '/'));

    return str_find_char(segment, ':') != SIZE_MAX;
}

/* An escape that is written out may bring the colon. */
static bool add_path(struct strbuf *b, struct arena *a, struct str path)
{
    _cleanup_strbuf_ struct strbuf own = STRBUF_INIT(path.len * 3 + 1);

    if (!add_part(&own, a, path, path_plain, path_allowed))
        return false;
    strbuf_addz(b, is_doubtful(strbuf_str(&own)) ? "./" : "");
    strbuf_add(b, strbuf_str(&own));
    return true;
}

static bool add_hierarchy(struct strbuf *b, struct arena *a, struct str scheme, struct str rest)
{
    bool has_authority =
        str_starts(rest, STR("//")) && (!str_is_empty(scheme) || !str_starts(rest, STR("///")));

    if (!str_is_empty(scheme) && !str_starts(rest, STR("/"))) {
        strbuf_add(b, rest); /* opaque, as in "mailto:x" */
        return true;
    }
    if (!str_starts(rest, STR("/")) && is_doubtful(rest))
        return false;
    if (has_authority) {
        struct str authority = str_skip(rest, 2);

        authority = str_head(authority, str_find_char(authority, '/'));
        strbuf_addz(b, "//");
        if (!add_authority(b, a, authority))
            return false;
        rest = str_skip(rest, 2 + authority.len);
    }
    return b->len > 0 ? add_part(b, a, rest, path_plain, path_allowed) : add_path(b, a, rest);
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char) s.ptr[i] < ' ' || s.ptr[i] == 0x7f)
            return true;
    return false;
}

bool url_ref_print(struct arena *a, struct str text, struct str *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(text.len * 3 + 8);
    size_t hash = str_find_char(text, '#');
    struct str rest = str_head(text, hash);
    struct str scheme = STR("");
    size_t question;

    if (has_control(rest) || !take_scheme(&rest, &scheme))
        return false;
    for (size_t i = 0; i < scheme.len; i++) /* schemes are lower case */
        strbuf_addc(&b, scheme.ptr[i] >= 'A' && scheme.ptr[i] <= 'Z'
                            ? (char) (scheme.ptr[i] + 'a' - 'A')
                            : scheme.ptr[i]);
    strbuf_addz(&b, scheme.len ? ":" : "");
    question = str_find_char(rest, '?');
    if (!add_hierarchy(&b, a, scheme, str_head(rest, question)))
        return false;
    if (question != SIZE_MAX)
        strbuf_add(&b, str_skip(rest, question));
    if (hash != SIZE_MAX && hash + 1 < text.len) {
        strbuf_addc(&b, '#');
        if (!add_part(&b, a, str_skip(text, hash + 1), fragment_plain, fragment_allowed))
            return false;
    }
    *ret = str_copy(a, strbuf_str(&b));
    return true;
}
