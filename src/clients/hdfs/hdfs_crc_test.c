/* The checksums of HDFS: known values, chunks, what does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clients/hdfs/hdfs_crc.h"

/* Those of RFC 3720, B.4, and of the usual check word. */
static void test_known(void **state)
{
    char zeros[32] = {0}, ones[32], rising[32];

    (void) state;
    for (int i = 0; i < 32; i++) {
        ones[i] = (char) 0xff;
        rising[i] = (char) i;
    }
    assert_int_equal(hdfs_crc(HDFS_CHECKSUM_CRC32, STR("123456789")), 0xCBF43926);
    assert_int_equal(hdfs_crc(HDFS_CHECKSUM_CRC32, STR("")), 0);
    assert_int_equal(hdfs_crc(HDFS_CHECKSUM_CRC32C, STR("123456789")), 0xE3069283);
    assert_int_equal(hdfs_crc(HDFS_CHECKSUM_CRC32C, str_of(zeros, 32)), 0x8A9136AA);
    assert_int_equal(hdfs_crc(HDFS_CHECKSUM_CRC32C, str_of(ones, 32)), 0x62A8AB43);
    assert_int_equal(hdfs_crc(HDFS_CHECKSUM_CRC32C, str_of(rising, 32)), 0x46DD794E);
    assert_int_equal(hdfs_crc(HDFS_CHECKSUM_CRC32C, STR("")), 0);
}

static void test_chunks(void **state)
{
    static const enum hdfs_checksum types[] = {HDFS_CHECKSUM_CRC32, HDFS_CHECKSUM_CRC32C};
    char bytes[1300];

    (void) state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char) (i * 13);
    for (size_t t = 0; t < COUNT_OF(types); t++)
        for (size_t len = 0; len <= sizeof(bytes); len += 13) {
            _cleanup_strbuf_ struct strbuf sums = STRBUF_INIT(4096);
            struct str all = str_of(bytes, len);

            hdfs_crc_put(&sums, types[t], 512, all);
            assert_int_equal(sums.len, (len + 511) / 512 * 4);
            assert_true(hdfs_crc_check(types[t], 512, strbuf_str(&sums), all));
            if (len == 0)
                continue;
            bytes[len / 2] ^= 4;
            assert_false(hdfs_crc_check(types[t], 512, strbuf_str(&sums), all));
            bytes[len / 2] ^= 4;
            assert_false(
                hdfs_crc_check(types[t], 512, str_head(strbuf_str(&sums), sums.len - 4), all));
            sums.ptr[sums.len - 1] ^= 1;
            assert_false(hdfs_crc_check(types[t], 512, strbuf_str(&sums), all));
        }
    assert_true(hdfs_crc_check(HDFS_CHECKSUM_NONE, 0, STR(""), STR("anything")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_chunks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
