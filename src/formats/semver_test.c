/* Versions and constraints, as Masterminds/semver 3 reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/semver.h"

static void test_versions(void **state _unused_)
{
    static const char *const rows[][2] = {
        {"1.2.3", "1.2.3"},
        {"v1.2", "1.2.0"},
        {"1", "1.0.0"},
        {"1.2.3-alpha.1+b-7", "1.2.3-alpha.1+b-7"},
        {"0.0.0+x", "0.0.0+x"},
        {"1.2.3.4", NULL},
        {"", NULL},
        {"v", NULL},
        {"1.", NULL},
        {"a.b", NULL},
        {"1.2.3-", NULL},
        {"1.2.3-01", NULL},
        {"1.2.3-a..b", NULL},
        {"1.2.3+", NULL},
        {"99999999999999999999", NULL},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct semver v;
        struct err err;
        int rc = semver_parse(a, str_from(rows[i][0]), &v, &err);

        if (rc < 0 ? rows[i][1] != NULL
                   : !rows[i][1] || !str_is(semver_print(a, &v), rows[i][1]))
            fail_msg("%s", rows[i][0]);
    }
}

static void test_order(void **state _unused_)
{
    static const char *const rising[] = {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
                                         "1.0.0-beta",  "1.0.0-beta.2",  "1.0.0-beta.11",
                                         "1.0.0-rc.1",  "1.0.0",         "1.0.1",
                                         "1.1.0",       "2.0.0"};
    _cleanup_arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < COUNT_OF(rising); i++)
        for (size_t k = 0; k < COUNT_OF(rising); k++) {
            struct semver x, y;
            struct err err;
            int order;

            assert_int_equal(semver_parse(a, str_from(rising[i]), &x, &err), 0);
            assert_int_equal(semver_parse(a, str_from(rising[k]), &y, &err), 0);
            order = semver_compare(&x, &y);
            if ((order > 0) - (order < 0) != (i > k) - (i < k))
                fail_msg("%s and %s", rising[i], rising[k]);
        }
}

static void test_constraints(void **state _unused_)
{
    static const struct {
        const char *constraint, *version;
        int want;
    } rows[] = {
        {"1.2.3", "1.2.3", 1},       {"=1.2.3", "1.2.4", 0},
        {"=1", "1.4.0", 1},          {"!=1.2.3", "1.2.3", 0},
        {"!=1.2", "1.2.9", 0},       {"!=1.2", "1.3.0", 1},
        {">1.2", "1.2.9", 0},        {">1.2", "1.3.0", 1},
        {">11", "11.1.0", 0},        {">=1.2, <2", "1.9.9", 1},
        {">=1.2 <2", "2.0.0", 0},    {"<=1.2", "1.2.9", 1},
        {"<=1", "1.9.0", 1},         {"<=1.2", "1.3.0", 0},
        {"~1.2.3", "1.2.9", 1},      {"~1.2.3", "1.3.0", 0},
        {"~1", "1.9.0", 1},          {"~>1.2", "1.2.5", 1},
        {"^1.2.3", "1.9.0", 1},      {"^1.2.3", "2.0.0", 0},
        {"^0.2.3", "0.2.9", 1},      {"^0.2.3", "0.3.0", 0},
        {"^0.0.3", "0.0.3", 1},      {"^0.0.3", "0.0.4", 0},
        {"^0", "0.9.0", 1},          {"1.x", "1.9.9", 1},
        {"1.2.*", "1.2.7", 1},       {"*", "3.4.5", 1},
        {"1.2 - 1.4.5", "1.4.5", 1}, {"1.2 - 1.4.5", "1.4.6", 0},
        {"1 || 3", "3.1.0", 1},      {"1 || 3", "2.1.0", 0},
        {">=1.0.0", "1.1.0-a", 0},   {">=1.0.0-0", "1.1.0-a", 1},
        {"^1.2.0", "1.3.0-a", 0},    {">=1.0.0-0 <2", "1.5.0-a", 1},
        {"foo", "1.2.3", -1},        {"1.2.3.4", "1.2.3", -1},
        {">>1", "1.2.3", -1},        {"1,", "1.2.3", -1},
        {"", "1.2.3", -1},           {"1 ||", "1.2.3", -1},
        {"1.2 -", "1.2.3", -1},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct semver v;
        struct err err;

        assert_int_equal(semver_parse(a, str_from(rows[i].version), &v, &err), 0);
        if (semver_fits(str_from(rows[i].constraint), &v, &err) != rows[i].want)
            fail_msg("%s of %s", rows[i].version, rows[i].constraint);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_constraints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
