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

static void test_prints(void **state)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {100000, "100000"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {1e300, "1e+300"},
        {0.1, "0.1"},
        {0.30000000000000004, "0.30000000000000004"},
        {123.25, "123.25"},
        {1e6, "1e+06"},
        {1704067200, "1.7040672e+09"},
        {5e-324, "5e-324"},
        {0x1p-24, "5.960464477539063e-08"}, /* not the nearest of so many digits */
        {-0x1p-24, "-5.960464477539063e-08"},
        {0x1p-1007, "7.291122019556398e-304"},
        {0x1.fffffffffffffp1023, "1.7976931348623157e+308"},
        {(double) NAN, "NaN"},
        {(double) INFINITY, "+Inf"},
        {(double) -INFINITY, "-Inf"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[GO_FLOAT_TEXT_SIZE];

        go_float_text(cases[i].number, text);
        assert_string_equal(text, cases[i].text);
    }
}

/* What Go computes, in hexadecimal: some last bits are not those of pow(). */
static void test_powers(void **state)
{
    static const struct {
        double base, power, want;
    } cases[] = {
        {2, 10, 0x1p+10},
        {1.1, 35, 0x1.c1a394d205771p+04},
        {9.61, -4, 0x1.ebc65f7d3d271p-14},
        {0.4, 34, 0x1.09d8792fb4c5bp-45},
        {-3, 3, -0x1.bp+04},
        {-1.5, -7, -0x1.df75680feb65fp-05},
        {2, 0.5, 0x1.6a09e667f3bcdp+00},
        {2, -0.5, 0x1.6a09e667f3bccp-01},
        {10, 308, 0x1.1ccf385ebc8a3p+1023},
        {10, 309, (double) INFINITY},
        {10, -323, 0x1p-1073},
        {10, -400, 0},
        {1.5, 1e+300, (double) INFINITY},
        {0.999, 1e+18, 0},
        {1.0000001, 1e+09, 0x1.349445a543ab1p+144},
        {5e-324, 2, 0},
        {2, -1074, 0x1p-1074},
        {4, 1.5, 8},
        {7, 1, 7},
        {3, 0, 1},
        {0, -1, (double) INFINITY},
        {0, 3, 0},
        {(double) INFINITY, -1, 0},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (go_pow(cases[i].base, cases[i].power) != cases[i].want)
            fail_msg("case %zu: %a", i, go_pow(cases[i].base, cases[i].power));
    assert_true(isnan(go_pow(-2, 0.5)));
    assert_true(isnan(go_pow((double) NAN, 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads), cmocka_unit_test(test_infinite),
        cmocka_unit_test(test_invalid), cmocka_unit_test(test_prints),
        cmocka_unit_test(test_powers)};

    return cmocka_run_group_tests_name("gofloat", tests, NULL, NULL);
}
