/* See protowire.h. */
#include "formats/protowire.h"

/* ---- reading ---- */

bool protowire_cut_varint(struct str *rest, uint64_t *ret)
{
    *ret = 0;
    for (unsigned shift = 0; shift < 64 && rest->len > 0; shift += 7) {
        unsigned char c = (unsigned char) rest->ptr[0];

        *rest = str_skip(*rest, 1);
        *ret |= (uint64_t) (c & 0x7f) << shift;
        if (!(c & 0x80))
            return true;
    }
    return false;
}

bool protowire_cut_bytes(struct str *rest, struct str *ret)
{
    uint64_t len;

    if (!protowire_cut_varint(rest, &len) || len > rest->len)
        return false;
    *ret = str_head(*rest, (size_t) len);
    *rest = str_skip(*rest, (size_t) len);
    return true;
}

/* The lowest byte comes first. */
static bool cut_fixed(struct str *rest, unsigned bytes, uint64_t *ret)
{
    if (rest->len < bytes)
        return false;
    *ret = 0;
    for (unsigned i = 0; i < bytes; i++)
        *ret |= (uint64_t) (unsigned char) rest->ptr[i] << (8 * i);
    *rest = str_skip(*rest, bytes);
    return true;
}

int protowire_next(struct str *rest, struct protowire_field *ret)
{
    uint64_t tag;
    bool is_whole = false;

    if (rest->len == 0)
        return 0;
    if (!protowire_cut_varint(rest, &tag) || tag >> 3 == 0 || tag >> 3 > PROTOWIRE_NUMBER_MAX)
        return -1;
    *ret = (struct protowire_field){.number = (uint32_t) (tag >> 3), .bytes = STR("")};
    switch (tag & 7) {
    case PROTOWIRE_VARINT:
        ret->type = PROTOWIRE_VARINT;
        is_whole = protowire_cut_varint(rest, &ret->whole);
        break;
    case PROTOWIRE_FIXED64:
        ret->type = PROTOWIRE_FIXED64;
        is_whole = cut_fixed(rest, 8, &ret->whole);
        break;
    case PROTOWIRE_BYTES:
        ret->type = PROTOWIRE_BYTES;
        is_whole = protowire_cut_bytes(rest, &ret->bytes);
        break;
    case PROTOWIRE_FIXED32:
        ret->type = PROTOWIRE_FIXED32;
        is_whole = cut_fixed(rest, 4, &ret->whole);
        break;
    }
    return is_whole ? 1 : -1;
}

/* ---- writing ---- */

void protowire_put_varint(struct strbuf *b, uint64_t whole)
{
    for (; whole >= 0x80; whole >>= 7)
        strbuf_addc(b, (char) (whole | 0x80));
    strbuf_addc(b, (char) whole);
}

static void put_tag(struct strbuf *b, uint32_t number, enum protowire_type type)
{
    protowire_put_varint(b, (uint64_t) number << 3 | type);
}

static void put_fixed(struct strbuf *b, unsigned bytes, uint64_t whole)
{
    for (unsigned i = 0; i < bytes; i++)
        strbuf_addc(b, (char) (whole >> (8 * i)));
}

void protowire_put_whole(struct strbuf *b, uint32_t number, uint64_t whole)
{
    put_tag(b, number, PROTOWIRE_VARINT);
    protowire_put_varint(b, whole);
}

void protowire_put_fixed32(struct strbuf *b, uint32_t number, uint32_t whole)
{
    put_tag(b, number, PROTOWIRE_FIXED32);
    put_fixed(b, 4, whole);
}

void protowire_put_fixed64(struct strbuf *b, uint32_t number, uint64_t whole)
{
    put_tag(b, number, PROTOWIRE_FIXED64);
    put_fixed(b, 8, whole);
}

void protowire_put_bytes(struct strbuf *b, uint32_t number, struct str bytes)
{
    put_tag(b, number, PROTOWIRE_BYTES);
    protowire_put_varint(b, bytes.len);
    strbuf_add(b, bytes);
}

size_t protowire_begin(struct strbuf *b, uint32_t number)
{
    put_tag(b, number, PROTOWIRE_BYTES);
    return b->len;
}

/* The length is written behind the message, which then changes places with it. */
void protowire_end(struct strbuf *b, size_t begun)
{
    size_t len = b->len - begun, digits;
    char length[10];

    protowire_put_varint(b, len);
    if (b->is_over)
        return;
    digits = b->len - begun - len;
    memcpy(length, b->ptr + begun + len, digits);
    memmove(b->ptr + begun + digits, b->ptr + begun, len);
    memcpy(b->ptr + begun, length, digits);
}
