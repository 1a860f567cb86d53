/* Tests of kept credentials: their end, their number, their names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/secret_cache.h"

enum { END_MS = 10000000 };

static bool has(const char *name, int64_t now_ms, const char *value)
{
    struct secret found = {0};
    bool is_there = secret_cache_find(str_from(name), (struct wall){now_ms}, &found);
    bool is_it = is_there && str_is(secret_reveal(&found), value);

    secret_done(&found);
    return is_it;
}

static int clear(void **state)
{
    (void) state;
    secret_cache_clear();
    return 0;
}

static void test_until_shortly_before_the_end(void **state)
{
    (void) state;
    secret_cache_put(STR("a"), STR("one"), (struct wall){END_MS});
    assert_true(has("a", 0, "one"));
    assert_true(has("a", END_MS - SECRET_CACHE_RENEW_MS - 1, "one"));
    assert_false(has("a", END_MS - SECRET_CACHE_RENEW_MS, "one"));
    assert_false(has("a", 0, "one")); /* it is forgotten */
}

static void test_names(void **state)
{
    (void) state;
    secret_cache_put(STR("a"), STR("one"), (struct wall){END_MS});
    secret_cache_put(STR("b"), STR("two"), (struct wall){END_MS});
    secret_cache_put(STR("a"), STR("three"), (struct wall){END_MS});
    assert_true(has("a", 0, "three"));
    assert_true(has("b", 0, "two"));
    assert_false(has("c", 0, "two"));
    secret_cache_clear();
    assert_false(has("a", 0, "three"));
}

static void test_what_ends_first_goes_first(void **state)
{
    char name[16];

    (void) state;
    for (int i = 0; i <= SECRET_CACHE_MAX; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        /* the fourth ends first */
        secret_cache_put(str_from(name), STR("v"), (struct wall){END_MS - (i == 3)});
    }
    assert_false(has("n3", 0, "v"));
    assert_true(has("n0", 0, "v"));
    assert_true(has("n4", 0, "v"));
    snprintf(name, sizeof(name), "n%d", SECRET_CACHE_MAX);
    assert_true(has(name, 0, "v"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_until_shortly_before_the_end, clear),
        cmocka_unit_test_teardown(test_names, clear),
        cmocka_unit_test_teardown(test_what_ends_first_goes_first, clear),
    };

    return cmocka_run_group_tests_name("secret_cache", tests, NULL, NULL);
}
