/* Tests of the limit of requests: bursts, refilling, clients beside each other, many of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/rate.h"
#include "base/limits.h"

static struct mono at_ms(uint64_t ms)
{
    return (struct mono){ms * 1000000 + 5};
}

/* How many of @count requests at one moment are let in. */
static unsigned taken(struct rate *r, const char *client, uint64_t ms, unsigned count)
{
    unsigned allowed = 0;
    uint64_t left = 0, before = UINT64_MAX;

    for (unsigned i = 0; i < count; i++) {
        allowed += rate_take(r, str_from(client), at_ms(ms), &left);
        assert_true(left < before || (left == 0 && before == 0)); /* each takes one away */
        before = left;
    }
    return allowed;
}

static void test_one_client(void **state)
{
    static const struct {
        uint64_t limit, ms;
        unsigned asked, allowed;
    } cases[] = {
        {10, 0, 20, 10}, {10, 50, 5, 0},      {10, 100, 5, 1},
        {10, 600, 9, 5}, {10, 10600, 99, 10}, {10, 10600, 1, 0},
    };
    struct rate *r = rate_new(10);

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        unsigned allowed = taken(r, "a", cases[i].ms, cases[i].asked);

        if (allowed != cases[i].allowed)
            fail_msg("case %zu: %u", i, allowed);
    }
    rate_free(r);
}

static void test_limits(void **state)
{
    static const struct {
        uint64_t limit;
        unsigned allowed;
    } cases[] = {{0, 100}, {1, 1}, {3, 3}, {UINT64_MAX, 100}};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rate *r = rate_new(cases[i].limit);

        assert_int_equal(taken(r, "a", 0, 100), cases[i].allowed);
        rate_free(r);
    }
}

static void test_clients(void **state)
{
    struct rate *r = rate_new(2);

    (void) state;
    assert_int_equal(taken(r, "a", 0, 5), 2);
    assert_int_equal(taken(r, "b", 0, 5), 2);
    assert_int_equal(taken(r, "a", 0, 5), 0);
    assert_int_equal(taken(r, "a", 500, 5), 1);
    assert_int_equal(taken(r, "b", 1000, 5), 2);
    rate_free(r);
    rate_free(NULL);
}

/* Clients that have been quiet make room; while all are busy, further ones share. */
static void test_many_clients(void **state)
{
    struct rate *r = rate_new(2);
    char name[16];

    (void) state;
    for (unsigned i = 0; i < RATE_CLIENTS_MAX; i++) {
        snprintf(name, sizeof(name), "%u", i);
        assert_int_equal(taken(r, name, 0, 3), 2);
    }
    assert_int_equal(taken(r, "x", 0, 3), 2);
    assert_int_equal(taken(r, "y", 0, 3), 0);
    assert_int_equal(taken(r, "0", 0, 3), 0);
    assert_int_equal(taken(r, "y", 5000, 3), 2);
    assert_int_equal(taken(r, "x", 5000, 3), 2);
    assert_int_equal(taken(r, "an address that is no address", 5000, 3), 2);
    rate_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_client), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_clients), cmocka_unit_test(test_many_clients)};

    return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
