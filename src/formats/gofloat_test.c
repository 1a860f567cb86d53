/* Numbers that Go's strconv reads, and such that it does not. */
#include <math.h>

#include "formats/gofloat.h"
#include "tests/support/golden.h"

static void test_reads(void **state)
{
    static const struct {
        const char *text;
        double want;
    } cases[] = {
        {"0", 0},
        {"-0", -0.0},
        {"1.5", 1.5},
        {"+1", 1},
        {".5", 0.5},
        {"5.", 5},
        {"1e3", 1000},
        {"1E-2", 0.01},
        {"1_0", 10},
        {"1_000.5", 1000.5},
        {"0x1p3", 8},
        {"0x_1p4", 16},
        {"0x1.8p1", 3},
        {"-0X1P-1", -0.5},
        {"123456789012345678901234567890123456789012345678901234567890123456789",
         1.2345678901234568e68},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        double got = -1;

        if (go_float_parse(str_from(cases[i].text), &got) != GO_FLOAT_READ ||
            got != cases[i].want)
            fail_msg("case %zu: %s is %g", i, cases[i].text, got);
    }
}

static void test_infinite(void **state)
{
    double got = 0;

    (void) state;
    assert_int_equal(go_float_parse(STR("inf"), &got), GO_FLOAT_READ);
    assert_true(isinf(got) && got > 0);
    assert_int_equal(go_float_parse(STR("+Infinity"), &got), GO_FLOAT_READ);
    assert_true(isinf(got) && got > 0);
    assert_int_equal(go_float_parse(STR("-INF"), &got), GO_FLOAT_READ);
    assert_true(isinf(got) && got < 0);
    assert_int_equal(go_float_parse(STR("NaN"), &got), GO_FLOAT_READ);
    assert_true(isnan(got));
    assert_int_equal(go_float_parse(STR("-1e400"), &got), GO_FLOAT_OUT_OF_RANGE);
    assert_true(isinf(got) && got < 0);
}

static void test_invalid(void **state)
{
    static const char *const cases[] = {
        "",   "+",  "-",    ".",    "0x10", "+nan", "1e", "1e+",  " 1",   "1 ",  "1__0",
        "_1", "1_", "1_.5", "1._5", "infi", "0b1",  "0x", "0xp1", "1e5x", "1,5", "0x1p"};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        double got = -1;

        if (go_float_parse(str_from(cases[i]), &got) != GO_FLOAT_INVALID || got != 0)
            fail_msg("case %zu: %s is %g", i, cases[i], got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reads),
                                       cmocka_unit_test(test_infinite),
                                       cmocka_unit_test(test_invalid)};

    return cmocka_run_group_tests_name("gofloat", tests, NULL, NULL);
}
