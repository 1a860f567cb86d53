/* Escapes in texts of jq programs. See lex.h. */
#include "lang/jq/lex.h"

#include "base/attrs.h"

static bool read_hex(struct str s, uint32_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < 4; i++) {
        char c = i < s.len ? s.ptr[i] : 'x';

        if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')))
            return false;
        *ret = *ret << 4 | (uint32_t) (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return true;
}

static void add_rune(struct strbuf *b, uint32_t rune)
{
    if (rune >= 0xd800 && rune < 0xe000)
        rune = 0xfffd;
    if (rune < 0x80) {
        strbuf_addc(b, (char) rune);
        return;
    }
    if (rune < 0x800) {
        strbuf_addc(b, (char) (0xc0 | rune >> 6));
    } else if (rune < 0x10000) {
        strbuf_addc(b, (char) (0xe0 | rune >> 12));
        strbuf_addc(b, (char) (0x80 | (rune >> 6 & 0x3f)));
    } else {
        strbuf_addc(b, (char) (0xf0 | rune >> 18));
        strbuf_addc(b, (char) (0x80 | (rune >> 12 & 0x3f)));
        strbuf_addc(b, (char) (0x80 | (rune >> 6 & 0x3f)));
    }
    strbuf_addc(b, (char) (0x80 | (rune & 0x3f)));
}

size_t jq_read_escape(struct strbuf *b, struct str s)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *letter = s.len > 1 && s.ptr[1] ? strchr(letters, s.ptr[1]) : NULL;
    uint32_t rune, low;

    if (letter) {
        strbuf_addc(b, values[letter - letters]);
        return 2;
    }
    if (s.len < 2 || s.ptr[1] != 'u' || !read_hex(str_skip(s, 2), &rune))
        return 0;
    if (rune >= 0xd800 && rune < 0xdc00 && str_starts(str_skip(s, 6), STR("\\u")) &&
        read_hex(str_skip(s, 8), &low) && low >= 0xdc00 && low < 0xe000) {
        add_rune(b, 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00));
        return 12;
    }
    add_rune(b, rune);
    return 6;
}
