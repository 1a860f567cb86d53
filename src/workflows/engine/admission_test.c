/* Tests of admission: order, both limits, a namespace of its own, limits that change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "workflows/engine/admission.h"

struct told {
    struct admission_item *at[64];
    size_t len;
};

static void note(void *ctx, struct admission_item *item)
{
    struct told *told = ctx;

    assert_int_equal(item->state, ADMISSION_RUNS);
    told->at[told->len++ % 64] = item;
}

#define ITEM(uid_, ns_, priority_, created_)                                 \
    {                                                                        \
        .uid = STR_INIT(uid_), .ns = STR_INIT(ns_), .priority = (priority_), \
        .created_ms = (created_)                                             \
    }

static void test_order(void **state)
{
    struct told told = {0};
    struct admission *a = admission_new(note, &told);
    struct admission_item items[] = {ITEM("a", "n", 0, 9), ITEM("b", "n", 0, 3),
                                     ITEM("c", "m", 5, 8), ITEM("d", "n", 5, 7),
                                     ITEM("e", "m", 0, 3), ITEM("f", "m", -1, 1)};
    static const char order[] = "dcbef";

    (void) state;
    admission_limit(a, 1, 0);
    for (size_t i = 0; i < COUNT_OF(items); i++)
        assert_int_equal(admission_ask(a, &items[i]), i == 0);
    assert_false(admission_ask(a, &items[1])); /* asking again changes nothing */
    admission_leave(a, &items[0]);
    for (size_t i = 0; order[i]; i++) {
        assert_int_equal(told.len, i + 1);
        assert_int_equal(told.at[i]->uid.ptr[0], order[i]);
        admission_leave(a, told.at[i]);
        admission_leave(a, told.at[i]); /* twice is once */
    }
    assert_int_equal(told.len, 5);
    admission_free(a);
}

static void test_namespaces(void **state)
{
    struct told told = {0};
    struct admission *a = admission_new(note, &told);
    struct admission_item n[] = {ITEM("a", "n", 0, 1), ITEM("b", "n", 0, 2),
                                 ITEM("c", "n", 0, 3)};
    struct admission_item m[] = {ITEM("d", "m", 0, 4), ITEM("e", "m", 0, 5),
                                 ITEM("f", "m", 0, 6)};

    (void) state;
    admission_limit(a, 3, 1);
    admission_limit_of(a, STR("m"), 2);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(admission_ask(a, &n[i]), i < 1);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(admission_ask(a, &m[i]), i < 2);
    admission_limit_of(a, STR("n"), 0); /* no limit of its own: the one of all holds */
    assert_int_equal(told.len, 0);
    admission_leave(a, &m[0]); /* b is older than f */
    assert_int_equal(told.len, 1);
    assert_ptr_equal(told.at[0], &n[1]);
    admission_limit_of(a, STR("n"), -1);
    admission_leave(a, &n[0]); /* n has one still, m has one */
    assert_ptr_equal(told.at[1], &m[2]);
    admission_limit(a, 0, 0);
    assert_int_equal(told.len, 3);
    assert_ptr_equal(told.at[2], &n[2]);
    admission_limit_of(a, STR("elsewhere"), -1);
    for (size_t i = 0; i < 3; i++) {
        admission_leave(a, &n[i]);
        admission_leave(a, &m[i]);
    }
    admission_free(a);
}

/* Who runs is never held up, and counts: after a restart nobody begins beside them. */
static void test_running(void **state)
{
    struct told told = {0};
    struct admission *a = admission_new(note, &told);
    struct admission_item items[] = {ITEM("a", "n", 0, 1), ITEM("b", "n", 0, 2),
                                     ITEM("c", "n", 0, 3)};

    (void) state;
    admission_limit(a, 1, 0);
    admission_run(a, &items[0]);
    admission_run(a, &items[1]);
    assert_true(admission_ask(a, &items[1]));
    assert_false(admission_ask(a, &items[2]));
    admission_leave(a, &items[0]);
    assert_int_equal(told.len, 0);
    admission_leave(a, &items[1]);
    assert_int_equal(told.len, 1);
    admission_leave(a, &items[2]);
    admission_free(a);
}

/* At any instant: no limit is passed, and nobody waits for whom there is room. */
static void test_random(void **state)
{
    enum { COUNT = 60, TOTAL = 12, EACH = 5 };
    static const char *const spaces[] = {"a", "b", "c", "d"};
    struct random random = random_seed(11);
    struct admission_item items[COUNT] = {0};
    struct told told = {0};
    struct admission *a = admission_new(note, &told);

    (void) state;
    admission_limit(a, TOTAL, EACH);
    for (int turn = 0; turn < 6000; turn++) {
        struct admission_item *item = &items[random_below(&random, COUNT)];
        size_t running = 0, in[4] = {0}, waiting[4] = {0};

        if (item->state == ADMISSION_NONE) {
            item->uid = STR("u");
            item->ns = str_from(spaces[(item - items) % 4]);
            item->priority = (int64_t) random_below(&random, 3);
            item->created_ms = turn;
            admission_ask(a, item);
        } else {
            admission_leave(a, item);
        }
        for (size_t i = 0; i < COUNT; i++) {
            running += items[i].state == ADMISSION_RUNS;
            in[i % 4] += items[i].state == ADMISSION_RUNS;
            waiting[i % 4] += items[i].state == ADMISSION_WAITS;
        }
        assert_true(running <= TOTAL);
        for (size_t i = 0; i < 4; i++) {
            assert_true(in[i] <= EACH);
            assert_true(waiting[i] == 0 || in[i] == EACH || running == TOTAL);
        }
    }
    for (size_t i = 0; i < COUNT; i++)
        admission_leave(a, &items[i]);
    admission_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_namespaces),
        cmocka_unit_test(test_running),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
