/* Members of Protocol Buffers: they lie within the bytes, and what is written again from what
 * was read is read as the same. */
#include <assert.h>

#include "formats/protowire.h"

static void put(struct strbuf *b, const struct protowire_field *f)
{
    switch (f->type) {
    case PROTOWIRE_VARINT:
        protowire_put_whole(b, f->number, f->whole);
        break;
    case PROTOWIRE_FIXED64:
        protowire_put_fixed64(b, f->number, f->whole);
        break;
    case PROTOWIRE_BYTES:
        protowire_put_bytes(b, f->number, f->bytes);
        break;
    case PROTOWIRE_FIXED32:
        protowire_put_fixed32(b, f->number, (uint32_t) f->whole);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(2 * size + 64);
    struct str rest = str_of((const char *) data, size), again;
    struct protowire_field f, g;
    size_t begun = protowire_begin(&b, 1);
    int got;

    while ((got = protowire_next(&rest, &f)) > 0) {
        assert(f.bytes.len <= size && rest.len < size);
        put(&b, &f);
    }
    protowire_end(&b, begun);
    assert(!b.is_over);
    again = strbuf_str(&b);
    assert(protowire_next(&again, &g) == 1 && g.type == PROTOWIRE_BYTES && again.len == 0);
    rest = str_of((const char *) data, size);
    while (protowire_next(&rest, &f) > 0) {
        struct protowire_field h;

        assert(protowire_next(&g.bytes, &h) == 1);
        assert(f.number == h.number && f.type == h.type && f.whole == h.whole &&
               str_eq(f.bytes, h.bytes));
    }
    assert(g.bytes.len == 0);
    return 0;
}
