/* Rate limits: the golden vectors, no limit, wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "events/sensors/rate_limit.h"
#include "formats/duration.h"
#include "tests/support/golden.h"

enum { START_NS = 123456789 }; /* clocks do not begin at 0 */

/* Calls one after the other: each begins when it arrives, or when the one before has ended. */
static int check_case(struct arena *a, const struct json *row)
{
    const struct json *arrivals = json_get(row, STR("arrivals_ms")),
                      *out = json_get(row, STR("out"));
    struct rate_limit limit;
    struct mono now = {.ns = START_NS};
    struct err err;

    (void) a;
    if (rate_limit_read(json_get(row, STR("rateLimit")), &limit, &err) < 0)
        return out == NULL && err.kind == ERR_INVALID;
    if (!out)
        return false;
    for (uint32_t i = 0; i < arrivals->count; i++) {
        int64_t arrival_ms = 0, want_us = 0;
        uint64_t at;

        assert_true(json_i64(&arrivals->items[i], &arrival_ms));
        assert_true(json_i64(&out->items[i], &want_us));
        at = START_NS + (uint64_t) (arrival_ms * DURATION_MS);
        now = rate_limit_take(&limit, (struct mono){.ns = at > now.ns ? at : now.ns});
        if ((int64_t) (now.ns - START_NS) / 1000 != want_us)
            return false;
    }
    return true;
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("events/ratelimit.jsonl", check_case, 23);
}

static void test_turns_that_are_not_waited_for(void **state)
{
    struct rate_limit limit = {.distance_ns = DURATION_SECOND};
    const struct mono now = {.ns = START_NS};

    (void) state;
    for (uint64_t i = 0; i < 5; i++) /* five ask at once: each gets a turn of its own */
        assert_int_equal(rate_limit_take(&limit, now).ns,
                         START_NS + i * (uint64_t) DURATION_SECOND);
}

static void test_no_limit(void **state)
{
    const struct json null = json_null();
    const struct json *specs[] = {NULL, &null};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        struct rate_limit limit = {.distance_ns = 5};
        struct err err;

        assert_int_equal(rate_limit_read(specs[i], &limit, &err), 0);
        for (int k = 0; k < 100; k++)
            assert_int_equal(rate_limit_take(&limit, (struct mono){.ns = 7}).ns, 7);
    }
}

static void test_wrong_ones(void **state)
{
    static const char *const specs[] = {"{}", "{\"unit\":\"Hour\"}", "{\"requestsPerUnit\":0}",
                                        "{\"requestsPerUnit\":1.5}",
                                        "{\"requestsPerUnit\":\"3\"}"};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        struct rate_limit limit = {.distance_ns = 5};
        struct json spec;
        struct err err;

        assert_int_equal(json_parse(a, str_from(specs[i]), &spec, &err), 0);
        assert_int_equal(rate_limit_read(&spec, &limit, &err), -1);
        assert_string_equal(err.text, "requestsPerUnit: must be a whole number that is not 0");
        assert_int_equal(limit.distance_ns, 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_turns_that_are_not_waited_for),
        cmocka_unit_test(test_no_limit),
        cmocka_unit_test(test_wrong_ones),
    };

    return cmocka_run_group_tests_name("rate_limit", tests, NULL, NULL);
}
