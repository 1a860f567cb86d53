/* See xml.h. */
#include "formats/xml.h"

#include "base/strbuf.h"

enum { TEXT_MAX_BYTES = 1 << 20 };

static const struct {
    const char *name;
    char c;
} entities[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};

/* Behind the '>' of the next tag that opens @name; SIZE_MAX: none. @ret_empty: it was <name/>.
 */
static size_t find_open(struct str doc, struct str name, bool *ret_empty)
{
    for (size_t i = 0; i < doc.len; i++) {
        struct str tag = str_skip(doc, i + 1);
        size_t end;

        if (doc.ptr[i] != '<' || !str_starts(tag, name) || tag.len == name.len)
            continue;
        if (!strchr(" \t\r\n/>", tag.ptr[name.len]) || !tag.ptr[name.len])
            continue;
        end = str_find_char(tag, '>');
        if (end == SIZE_MAX)
            return SIZE_MAX;
        *ret_empty = tag.ptr[end - 1] == '/';
        return i + 1 + end + 1;
    }
    return SIZE_MAX;
}

bool xml_next(struct str *rest, struct str name, struct str *ret)
{
    bool is_empty = false;
    size_t begin = find_open(*rest, name, &is_empty), end = 0;

    *ret = STR("");
    if (begin == SIZE_MAX)
        return false;
    *rest = str_skip(*rest, begin);
    while (!is_empty && end < rest->len) {
        struct str tag = str_skip(*rest, end);

        if (str_starts(tag, STR("</")) && str_starts(str_skip(tag, 2), name) &&
            str_starts(str_skip(tag, 2 + name.len), STR(">"))) {
            *ret = str_head(*rest, end);
            *rest = str_skip(tag, 3 + name.len);
            return true;
        }
        end++;
    }
    return is_empty;
}

static void add_utf8(struct strbuf *b, uint32_t c)
{
    if (c >= 0x10000)
        strbuf_addc(b, (char) (0xF0 | c >> 18));
    else if (c >= 0x800)
        strbuf_addc(b, (char) (0xE0 | c >> 12));
    else if (c >= 0x80)
        strbuf_addc(b, (char) (0xC0 | c >> 6));
    if (c >= 0x10000)
        strbuf_addc(b, (char) (0x80 | (c >> 12 & 63)));
    if (c >= 0x800)
        strbuf_addc(b, (char) (0x80 | (c >> 6 & 63)));
    strbuf_addc(b, (char) (c < 0x80 ? c : 0x80 | (c & 63)));
}

/* "#65" or "#x41"; false: neither, or no character. */
static bool number_of(struct str word, uint32_t *ret)
{
    bool is_hex = str_starts(word, STR("#x"));
    struct str digits = str_skip(word, is_hex ? 2 : 1);

    *ret = 0;
    if (digits.len == 0 || digits.len > 7)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.ptr[i];
        uint32_t d = c >= '0' && c <= '9'             ? (uint32_t) (c - '0')
                     : is_hex && c >= 'a' && c <= 'f' ? (uint32_t) (c - 'a') + 10
                     : is_hex && c >= 'A' && c <= 'F' ? (uint32_t) (c - 'A') + 10
                                                      : 16;

        if (d > 15)
            return false;
        *ret = *ret * (is_hex ? 16 : 10) + d;
    }
    return *ret > 0 && *ret < 0x110000 && (*ret < 0xD800 || *ret > 0xDFFF);
}

static bool add_entity(struct strbuf *b, struct str word)
{
    uint32_t c;

    if (str_starts(word, STR("#")) && number_of(word, &c)) {
        add_utf8(b, c);
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(entities); i++)
        if (str_is(word, entities[i].name)) {
            strbuf_addc(b, entities[i].c);
            return true;
        }
    return false;
}

struct str xml_text(struct arena *a, struct str doc, struct str name)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX_BYTES);
    struct str text;

    if (!xml_next(&doc, name, &text))
        return STR("");
    while (text.len > 0) {
        size_t end = text.ptr[0] == '&' ? str_find_char(text, ';') : SIZE_MAX;

        if (end != SIZE_MAX && add_entity(&b, str_head(str_skip(text, 1), end - 1))) {
            text = str_skip(text, end + 1);
            continue;
        }
        strbuf_addc(&b, text.ptr[0]);
        text = str_skip(text, 1);
    }
    return str_copy(a, strbuf_str(&b));
}

struct str xml_escape(struct arena *a, struct str text)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX_BYTES);

    for (size_t i = 0; i < text.len; i++) {
        size_t at = 0;

        while (at < COUNT_OF(entities) && entities[at].c != text.ptr[i])
            at++;
        if (at < COUNT_OF(entities))
            strbuf_addf(&b, "&%s;", entities[at].name);
        else
            strbuf_addc(&b, text.ptr[i]);
    }
    return str_copy(a, strbuf_str(&b));
}
