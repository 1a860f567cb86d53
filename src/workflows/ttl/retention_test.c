/* Tests of the heaps of ended workflows: who is the oldest beyond a limit, whatever the order
 * in which they came and went. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "workflows/ttl/retention.h"

static void test_phases(void **state)
{
    (void) state;
    assert_int_equal(retention_phase_of(STR("Succeeded")), RETENTION_SUCCEEDED);
    assert_int_equal(retention_phase_of(STR("Failed")), RETENTION_FAILED);
    assert_int_equal(retention_phase_of(STR("Error")), RETENTION_ERRORED);
    assert_int_equal(retention_phase_of(STR("Running")), RETENTION_NONE);
    assert_int_equal(retention_phase_of(STR("")), RETENTION_NONE);
}

static void test_ties(void **state)
{
    struct retention r = {0};
    struct retention_item items[] = {
        {.finished_ms = 5, .created_ms = 3, .uid = STR_INIT("b")},
        {.finished_ms = 5, .created_ms = 3, .uid = STR_INIT("a")},
        {.finished_ms = 5, .created_ms = 1, .uid = STR_INIT("z")},
        {.finished_ms = 4, .created_ms = 9, .uid = STR_INIT("y")},
        {.finished_ms = 0, .uid = STR_INIT("failed"), .phase = RETENTION_FAILED},
        {.finished_ms = 0, .uid = STR_INIT("runs"), .phase = RETENTION_NONE},
    };
    static const char order[] = "yzab";

    (void) state;
    for (size_t i = 0; i < COUNT_OF(items); i++)
        retention_put(&r, &items[i]);
    assert_int_equal(items[5].place, 0);
    retention_take(&r, &items[5]);
    for (size_t i = 0; order[i]; i++) {
        struct retention_item *oldest = retention_surplus(&r, RETENTION_SUCCEEDED, 3 - i);

        assert_non_null(oldest);
        assert_int_equal(oldest->uid.ptr[0], order[i]);
        assert_int_equal(oldest->place, 0);
        assert_null(retention_surplus(&r, RETENTION_SUCCEEDED, 3 - i));
    }
    assert_null(retention_surplus(&r, RETENTION_FAILED, 1));
    assert_ptr_equal(retention_surplus(&r, RETENTION_FAILED, 0), &items[4]);
    retention_done(&r);
}

/* Against looking at all of them. */
static void test_random(void **state)
{
    enum { COUNT = 300, LIMIT = 100 };
    struct random random = random_seed(7);
    struct retention_item items[COUNT] = {0};
    struct retention r = {0};

    (void) state;
    for (int turn = 0; turn < 4000; turn++) {
        struct retention_item *item = &items[random_below(&random, COUNT)];

        if (item->place > 0) {
            retention_take(&r, item);
            assert_int_equal(item->place, 0);
        } else {
            item->uid = STR("u");
            item->finished_ms = (int64_t) (random_below(&random, 1000) * 1000 + (item - items));
            retention_put(&r, item);
        }
        if (turn % 10 == 9) {
            const struct retention_item *oldest = NULL, *found;
            size_t count = 0;

            for (int i = 0; i < COUNT; i++) {
                count += items[i].place > 0;
                if (items[i].place > 0 &&
                    (!oldest || items[i].finished_ms < oldest->finished_ms))
                    oldest = &items[i];
            }
            assert_int_equal(count, r.heaps[RETENTION_SUCCEEDED].len);
            found = retention_surplus(&r, RETENTION_SUCCEEDED, LIMIT);
            assert_ptr_equal(found, count > LIMIT ? oldest : NULL);
        }
    }
    retention_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phases),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
