/* Tests of gzip_unpack(): what zlib packs comes back, a bomb ends at its limit, and every cut
 * and every changed byte is told from what is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "formats/gzip.h"
#include "tests/support/gzipped.h"

enum { MAX_BYTES = 1 << 20 };

/* Without patterns that are too easy, and not without any. */
static struct str bytes_of(struct arena *a, size_t len)
{
    char *at = arena_alloc_raw(a, len + 1);
    uint32_t seed = 7;

    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525 + 1013904223;
        at[i] = (char) (i % 3 ? seed >> 28 : seed >> 24);
    }
    return str_of(at, len);
}

static struct str joined(struct arena *a, struct str x, struct str y)
{
    char *at = arena_alloc_raw(a, x.len + y.len + 1);

    memcpy(at, x.ptr, x.len);
    memcpy(at + x.len, y.ptr, y.len);
    return str_of(at, x.len + y.len);
}

static void test_comes_back(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 65535, 65536, 65537, 131072, 300000, MAX_BYTES};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (int level = 0; level <= 9; level += 3) {
            _cleanup_arena_ struct arena *a = arena_new();
            struct str bytes = bytes_of(a, sizes[i]), got;
            struct err err = {0};

            if (gzip_unpack(a, gzipped(a, bytes, level), MAX_BYTES, &got, &err) < 0 ||
                !str_eq(got, bytes))
                fail_msg("%zu bytes, level %d: %s", sizes[i], level, err.text);
            assert_int_equal(got.ptr[got.len], '\0');
        }
}

/* Go reads what stands behind each other as one. */
static void test_members(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str one = gzipped(a, STR("one"), 6), two = gzipped(a, STR(", two"), 9), got;
    struct str none = gzipped(a, STR(""), 6);
    struct err err;

    (void) state;
    assert_int_equal(gzip_unpack(a, joined(a, one, joined(a, none, two)), 8, &got, &err), 0);
    assert_true(str_is(got, "one, two"));
    assert_int_equal(gzip_unpack(a, joined(a, one, two), 7, &got, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
}

static void test_bomb(void **state)
{
    enum { BOMB_BYTES = 64 << 20 };
    _cleanup_arena_ struct arena *a = arena_new();
    char *zeros = mem_alloc(BOMB_BYTES);
    struct str bomb = gzipped(a, str_of(zeros, BOMB_BYTES), 9), got = STR("untouched");
    size_t before;
    struct err err;

    (void) state;
    free(zeros);
    assert_true(bomb.len < 70000);
    before = arena_bytes(a);
    assert_int_equal(gzip_unpack(a, bomb, 100000, &got, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_string_equal(err.text, "more than 100000 bytes");
    assert_true(str_is(got, "untouched"));
    assert_int_equal(arena_bytes(a), before);
}

static void test_limit(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str packed = gzipped(a, bytes_of(a, 65536), 6), got;
    struct err err;

    (void) state;
    assert_int_equal(gzip_unpack(a, packed, 65536, &got, &err), 0);
    assert_int_equal(gzip_unpack(a, packed, 65535, &got, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(gzip_unpack(a, packed, 0, &got, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(gzip_unpack(a, gzipped(a, STR(""), 6), 0, &got, &err), 0);
    assert_int_equal(got.len, 0);
}

/* Wherever it is cut off, and whichever byte is another one, nothing false comes out. */
static void test_damage(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str bytes = bytes_of(a, 300), packed = gzipped(a, bytes, 6), got;
    struct err err;

    (void) state;
    for (size_t len = 0; len < packed.len; len++) {
        assert_int_equal(gzip_unpack(a, str_head(packed, len), MAX_BYTES, &got, &err), -1);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.text, "unexpected EOF");
    }
    for (size_t i = 0; i < packed.len; i++) {
        struct str other = str_copy(a, packed);

        *(char *) (uintptr_t) (other.ptr + i) ^= 0x10;
        if (gzip_unpack(a, other, MAX_BYTES, &got, &err) == 0)
            assert_true(str_eq(got, bytes)); /* the time, the system, bits to fill up */
        else
            assert_true(err.kind == ERR_INVALID && err.text[0]);
    }
}

static void test_none(void **state)
{
    static const struct {
        struct str bytes;
        const char *want;
    } rows[] = {
        {{"hello, this is text", 19}, "incorrect header check"},
        {{"\x78\x9c\x03\x00\x00\x00\x00\x01", 8}, "incorrect header check"}, /* zlib's own */
        {{"\x1f\x8b\x07\0\0\0\0\0\0\0", 10}, "unknown compression method"},
        {{"\x1f\x8b\x08\xe0\0\0\0\0\0\0", 10}, "unknown header flags set"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct str got;
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(gzip_unpack(a, rows[i].bytes, MAX_BYTES, &got, &err), -1);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.text, rows[i].want);
    }
    assert_int_equal(gzip_unpack(a, joined(a, gzipped(a, STR("x"), 6), STR("garbage")),
                                 MAX_BYTES, &got, &err),
                     -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back), cmocka_unit_test(test_members),
        cmocka_unit_test(test_bomb),       cmocka_unit_test(test_limit),
        cmocka_unit_test(test_damage),     cmocka_unit_test(test_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
