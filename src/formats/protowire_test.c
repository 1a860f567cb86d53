/* The bytes of Protocol Buffers: what the encoding's own pages show, what is cut off, what is
 * too long, and messages in messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/protowire.h"

#define BUFFER STRBUF_INIT(1 << 16)

static void check_bytes(const struct strbuf *b, struct str wanted)
{
    assert_int_equal(b->len, wanted.len);
    assert_memory_equal(b->ptr, wanted.ptr, wanted.len);
}

static void test_varint(void **state)
{
    static const struct {
        uint64_t whole;
        struct str bytes;
    } cases[] = {
        {0, STR_INIT("\0")},
        {1, STR_INIT("\x01")},
        {127, STR_INIT("\x7f")},
        {128, STR_INIT("\x80\x01")},
        {150, STR_INIT("\x96\x01")},
        {16384, STR_INIT("\x80\x80\x01")},
        {UINT32_MAX, STR_INIT("\xff\xff\xff\xff\x0f")},
        {INT64_MAX, STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\x7f")},
        {(uint64_t) -2, STR_INIT("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
        {UINT64_MAX, STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_strbuf_ struct strbuf b = BUFFER;
        struct str rest;
        uint64_t whole;

        protowire_put_varint(&b, cases[i].whole);
        check_bytes(&b, cases[i].bytes);
        strbuf_addc(&b, 'x');
        rest = strbuf_str(&b);
        assert_true(protowire_cut_varint(&rest, &whole));
        assert_true(whole == cases[i].whole);
        assert_true(str_is(rest, "x"));
        for (size_t len = 0; len < cases[i].bytes.len; len++) {
            rest = str_head(cases[i].bytes, len);
            assert_false(protowire_cut_varint(&rest, &whole));
        }
    }
}

static void test_varint_has_an_end(void **state)
{
    struct str rest = STR("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01");
    uint64_t whole;

    (void) state;
    assert_false(protowire_cut_varint(&rest, &whole));
}

static void test_members(void **state)
{
    _cleanup_strbuf_ struct strbuf b = BUFFER;
    struct protowire_field f;
    struct str rest;

    (void) state;
    protowire_put_whole(&b, 1, 150);
    protowire_put_bytes(&b, 2, STR("testing"));
    protowire_put_fixed32(&b, 3, 0x01020304);
    protowire_put_fixed64(&b, 16, UINT64_C(0x0102030405060708));
    protowire_put_bytes(&b, PROTOWIRE_NUMBER_MAX, STR(""));
    check_bytes(&b, STR("\x08\x96\x01"
                        "\x12\x07testing"
                        "\x1d\x04\x03\x02\x01"
                        "\x81\x01\x08\x07\x06\x05\x04\x03\x02\x01"
                        "\xfa\xff\xff\xff\x0f\x00"));
    rest = strbuf_str(&b);
    assert_int_equal(protowire_next(&rest, &f), 1);
    assert_int_equal(f.number, 1);
    assert_int_equal(f.type, PROTOWIRE_VARINT);
    assert_int_equal(f.whole, 150);
    assert_true(str_is(f.bytes, ""));
    assert_int_equal(protowire_next(&rest, &f), 1);
    assert_int_equal(f.number, 2);
    assert_int_equal(f.type, PROTOWIRE_BYTES);
    assert_true(str_is(f.bytes, "testing"));
    assert_int_equal(protowire_next(&rest, &f), 1);
    assert_int_equal(f.number, 3);
    assert_int_equal(f.type, PROTOWIRE_FIXED32);
    assert_int_equal(f.whole, 0x01020304);
    assert_int_equal(protowire_next(&rest, &f), 1);
    assert_int_equal(f.number, 16);
    assert_int_equal(f.type, PROTOWIRE_FIXED64);
    assert_true(f.whole == UINT64_C(0x0102030405060708));
    assert_int_equal(protowire_next(&rest, &f), 1);
    assert_int_equal(f.number, PROTOWIRE_NUMBER_MAX);
    assert_true(str_is(f.bytes, ""));
    assert_int_equal(protowire_next(&rest, &f), 0);
}

static void test_no_message(void **state)
{
    static const struct str cases[] = {
        STR_INIT("\x00"),                                           /* number 0 */
        STR_INIT("\x02\x01x"),                                      /* number 0 of bytes */
        STR_INIT("\x08"),                                           /* no value */
        STR_INIT("\x08\x80"),                                       /* half a value */
        STR_INIT("\x80"),                                           /* half a tag */
        STR_INIT("\x12\x08testing"),                                /* one byte short */
        STR_INIT("\x12"),                                           /* no length */
        STR_INIT("\x12\x80"),                                       /* half a length */
        STR_INIT("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01xx"), /* a hostile length */
        STR_INIT("\x12\xff\xff\xff\xff\x0fxx"),                     /* another */
        STR_INIT("\x1d\x04\x03\x02"),                               /* three of four bytes */
        STR_INIT("\x19\x04\x03\x02\x01\x01\x01\x01"),               /* seven of eight bytes */
        STR_INIT("\x0b\x0c"),                                       /* a group */
        STR_INIT("\x0e\x00"),                                       /* type 6 */
        STR_INIT("\x0f\x00"),                                       /* type 7 */
        STR_INIT("\x80\x80\x80\x80\x10\x00"),                       /* number 2^29 */
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct protowire_field f;
        struct str rest = cases[i];

        if (protowire_next(&rest, &f) != -1)
            fail_msg("case %zu is read", i);
    }
}

static void test_delimited(void **state)
{
    struct str rest = STR("\x03one\x00\x04two"), got;

    (void) state;
    assert_true(protowire_cut_bytes(&rest, &got));
    assert_true(str_is(got, "one"));
    assert_true(protowire_cut_bytes(&rest, &got));
    assert_true(str_is(got, ""));
    assert_false(protowire_cut_bytes(&rest, &got));
}

/* Lengths of one byte and of two, and a message in a message in a message. */
static void test_nested(void **state)
{
    _cleanup_strbuf_ struct strbuf b = BUFFER;
    char many[200];
    struct protowire_field f, inner, last;
    struct str rest;
    size_t outer, middle, empty;

    (void) state;
    memset(many, 'm', sizeof(many));
    protowire_put_whole(&b, 1, 7);
    outer = protowire_begin(&b, 2);
    protowire_put_whole(&b, 1, 8);
    middle = protowire_begin(&b, 2);
    protowire_put_bytes(&b, 1, str_of(many, sizeof(many)));
    empty = protowire_begin(&b, 2);
    protowire_end(&b, empty);
    protowire_end(&b, middle);
    protowire_put_whole(&b, 3, 9);
    protowire_end(&b, outer);
    protowire_put_whole(&b, 3, 10);

    rest = strbuf_str(&b);
    assert_int_equal(protowire_next(&rest, &f), 1);
    assert_int_equal(f.whole, 7);
    assert_int_equal(protowire_next(&rest, &f), 1);
    assert_int_equal(f.number, 2);
    assert_int_equal(protowire_next(&f.bytes, &inner), 1);
    assert_int_equal(inner.whole, 8);
    assert_int_equal(protowire_next(&f.bytes, &inner), 1);
    assert_int_equal(inner.bytes.len, 1 + 2 + sizeof(many) + 2);
    assert_int_equal(protowire_next(&inner.bytes, &last), 1);
    assert_int_equal(last.bytes.len, sizeof(many));
    assert_memory_equal(last.bytes.ptr, many, sizeof(many));
    assert_int_equal(protowire_next(&inner.bytes, &last), 1);
    assert_int_equal(last.bytes.len, 0);
    assert_int_equal(protowire_next(&inner.bytes, &last), 0);
    assert_int_equal(protowire_next(&f.bytes, &inner), 1);
    assert_int_equal(inner.whole, 9);
    assert_int_equal(protowire_next(&f.bytes, &inner), 0);
    assert_int_equal(protowire_next(&rest, &f), 1);
    assert_int_equal(f.whole, 10);
    assert_int_equal(protowire_next(&rest, &f), 0);
}

/* Whatever does not fit: the buffer says so at the end, whichever call it was. */
static void test_over_the_maximum(void **state)
{
    (void) state;
    for (size_t max = 0; max < 12; max++) {
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(max);
        struct str got;
        struct err err;
        size_t begun;

        begun = protowire_begin(&b, 1);
        protowire_put_whole(&b, 1, 300);
        protowire_put_bytes(&b, 2, STR("ten"));
        protowire_end(&b, begun);
        assert_int_equal(strbuf_finish(&b, &got, &err), max < 10 ? -1 : 0);
        if (max < 10)
            assert_int_equal(err.kind, ERR_LIMIT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_varint),           cmocka_unit_test(test_varint_has_an_end),
        cmocka_unit_test(test_members),          cmocka_unit_test(test_no_message),
        cmocka_unit_test(test_delimited),        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_over_the_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
