/* Backoffs: the golden vectors, random parts, pauses that outgrow the clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "events/sensors/backoff.h"
#include "formats/duration.h"
#include "tests/support/golden.h"

static bool has_number(const struct json *out, const char *name, double got)
{
    double want = 0;

    return json_f64(json_get(out, str_from(name)), &want) && want == got;
}

/* Golden pauses may be negative, which is no pause. */
static int check_case(struct arena *a, const struct json *row)
{
    const struct json *out = json_get(row, STR("out")), *sleeps = json_get(out, STR("sleeps"));
    struct backoff b;
    struct err err;

    if (backoff_read(json_get(row, STR("backoff")), &b, &err) < 0)
        return json_get(row, STR("err")) != NULL && err.kind == ERR_INVALID;
    if (!out || !has_number(out, "attempts", b.steps) || !has_number(out, "steps", b.steps) ||
        !has_number(out, "factor", b.factor) || !has_number(out, "jitter", b.jitter) ||
        !str_eq(duration_print(a, b.duration_ns), json_get_str(out, STR("duration"))))
        return false;
    for (uint32_t i = 0; i < sleeps->count; i++) {
        int64_t want = 0;

        assert_int_equal(duration_parse(json_str(&sleeps->items[i]), &want, &err), 0);
        if (backoff_pause(&b, 0) != (want > 0 ? want : 0))
            return false;
    }
    return (int32_t) sleeps->count == b.steps - 1;
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("events/retry.jsonl", check_case, 41);
}

static void test_random_part(void **state)
{
    static const struct {
        const char *spec;
        double random;
        int64_t pause_ns;
    } cases[] = {
        {"{\"duration\":\"1s\",\"jitter\":0}", 0.9, DURATION_SECOND},
        {"{\"duration\":\"1s\"}", 0.5, DURATION_SECOND * 3 / 2}, /* default jitter is 1 */
        {"{\"duration\":\"2s\",\"jitter\":0.5}", 0.5, DURATION_SECOND * 5 / 2},
        {"{\"duration\":\"1s\",\"jitter\":30}", 0.25, DURATION_SECOND * 17 / 2},
        {"{\"duration\":\"1s\",\"jitter\":-1}", 0.5, DURATION_SECOND},
        {"{\"duration\":\"-1s\"}", 0.5, 0},
        {"{\"duration\":9000000000000000000,\"jitter\":5}", 0.9, INT64_MAX},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct backoff b;
        struct json spec;
        struct err err;

        assert_int_equal(json_parse(a, str_from(cases[i].spec), &spec, &err), 0);
        assert_int_equal(backoff_read(&spec, &b, &err), 0);
        if (backoff_pause(&b, cases[i].random) != cases[i].pause_ns)
            fail_msg("case %zu", i);
    }
}

static void test_pauses_do_not_overflow(void **state)
{
    struct backoff b = {.duration_ns = DURATION_HOUR, .factor = 1e6, .jitter = 1, .steps = 9};

    (void) state;
    for (int i = 0; i < 8; i++)
        assert_true(backoff_pause(&b, 0.99) > 0);
    assert_true(backoff_pause(&b, 0) > 9000000000000000000);
    b = (struct backoff){.duration_ns = DURATION_HOUR, .factor = -1e9, .steps = 9};
    for (int i = 0; i < 8; i++)
        assert_true(backoff_pause(&b, 0) >= 0);
}

static void test_errors_name_the_member(void **state)
{
    static const struct {
        const char *spec, *error;
    } cases[] = {
        {"{\"duration\":\"1d\"}", "duration: time: unknown unit \"d\" in duration \"1d\""},
        {"{\"duration\":[]}",
         "duration: expected a duration or whole nanoseconds, found another value"},
        {"{\"factor\":\"2\"}", "factor: expected a number, found another value"},
        {"{\"jitter\":false}", "jitter: expected a number, found another value"},
        {"{\"steps\":4294967296}", "steps: expected a whole number of 32 bits"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct backoff b = {.steps = 77};
        struct json spec;
        struct err err;

        assert_int_equal(json_parse(a, str_from(cases[i].spec), &spec, &err), 0);
        assert_int_equal(backoff_read(&spec, &b, &err), -1);
        assert_string_equal(err.text, cases[i].error);
        assert_int_equal(b.steps, 77);
    }
    assert_int_equal(backoff_once().steps, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_random_part),
        cmocka_unit_test(test_pauses_do_not_overflow),
        cmocka_unit_test(test_errors_name_the_member),
    };

    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
