/* Whole numbers that Go's strconv reads with base 0, and such that it does not. */
#include "formats/goint.h"
#include "tests/support/golden.h"

static void test_reads(void **state _unused_)
{
    static const struct {
        const char *text;
        int64_t want;
    } cases[] = {
        {"0", 0},
        {"42", 42},
        {"-7", -7},
        {"+3", 3},
        {"0x1F", 31},
        {"-0X1f", -31},
        {"017", 15},
        {"0o17", 15},
        {"0B11", 3},
        {"1_000", 1000},
        {"0x_1f", 31},
        {"0_7", 7},
        {"00", 0},
        {"-0", 0},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t got = 99;

        assert_true(go_int_parse(str_from(cases[i].text), &got));
        assert_int_equal(got, cases[i].want);
    }
}

static void test_refuses(void **state _unused_)
{
    static const char *const cases[] = {"",
                                        "-",
                                        "+",
                                        "x",
                                        "08",
                                        "0x",
                                        "0b2",
                                        "1_",
                                        "_1",
                                        "1__0",
                                        "1.0",
                                        "1e3",
                                        " 1",
                                        "1 ",
                                        "--1",
                                        "0xg",
                                        "9223372036854775808",
                                        "-9223372036854775809"};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t got = 99;

        assert_false(go_int_parse(str_from(cases[i]), &got));
        assert_int_equal(got, 99);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
