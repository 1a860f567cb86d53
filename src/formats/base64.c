/* See base64.h. Decoding is lenient about alphabets, padding and bits that are left over,
 * strict about everything else. */
#include "formats/base64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct str base64_encode(struct arena *a, struct str bytes)
{
    char *text = arena_alloc_raw(a, (bytes.len + 2) / 3 * 4 + 1);
    const unsigned char *in = (const unsigned char *) bytes.ptr;
    size_t used = 0;

    for (size_t i = 0; i < bytes.len; i += 3) {
        unsigned group = (unsigned) in[i] << 16;

        if (i + 1 < bytes.len)
            group |= (unsigned) in[i + 1] << 8;
        if (i + 2 < bytes.len)
            group |= in[i + 2];
        text[used++] = alphabet[group >> 18];
        text[used++] = alphabet[(group >> 12) & 63];
        text[used++] = i + 1 < bytes.len ? alphabet[(group >> 6) & 63] : '=';
        text[used++] = i + 2 < bytes.len ? alphabet[group & 63] : '=';
    }
    text[used] = '\0';
    return str_of(text, used);
}

struct str base64_url_encode(struct arena *a, struct str bytes)
{
    char *text = str_cz(a, base64_encode(a, bytes));
    size_t len = strcspn(text, "=");

    for (size_t i = 0; i < len; i++)
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    text[len] = '\0';
    return str_of(text, len);
}

static int digit_of(char c)
{
    const char *found;

    if (c == '-')
        return 62;
    if (c == '_')
        return 63;
    found = c ? strchr(alphabet, c) : NULL;
    return found ? (int) (found - alphabet) : -1;
}

int base64_decode(struct arena *a, struct str text, struct str *ret, struct err *err)
{
    char *bytes = arena_alloc_raw(a, text.len / 4 * 3 + 4);
    unsigned group = 0, bits = 0;
    size_t used = 0, i;

    for (i = 0; i < text.len && text.ptr[i] != '='; i++) {
        int digit = digit_of(text.ptr[i]);

        if (text.ptr[i] == '\n' || text.ptr[i] == '\r')
            continue;
        if (digit < 0)
            return err_set(err, ERR_INVALID, "illegal base64 data at input byte %zu", i);
        group = (group << 6) | (unsigned) digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[used++] = (char) (group >> bits);
            group &= (1U << bits) - 1;
        }
    }
    for (; i < text.len; i++)
        if (text.ptr[i] != '=' && text.ptr[i] != '\n' && text.ptr[i] != '\r')
            return err_set(err, ERR_INVALID, "illegal base64 data at input byte %zu", i);
    if (bits >= 6) /* bits that are left over do not count, as in Go */
        return err_set(err, ERR_INVALID, "illegal base64 data at input byte %zu", text.len);
    *ret = str_of(bytes, used);
    return 0;
}
