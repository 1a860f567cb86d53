/* Times of calendars: the golden vectors, many excluded days at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "events/sources/calendar_times.h"
#include "tests/support/golden.h"

static struct str first_text(const struct json *list, uint32_t i)
{
    return json_str(json_item(list, i));
}

static int check_case(struct arena *a, const struct json *row)
{
    const struct json *out = json_get(row, STR("out"));
    struct calendar_times times;
    struct gotime t;
    struct err err;

    assert_int_equal(gotime_parse_rfc3339(json_get_str(row, STR("start")), &t, &err), 0);
    if (calendar_times_read(a, json_get(row, STR("calendar")), &times, &err) < 0)
        return str_is(json_get_str(row, STR("err")), err.text);
    for (uint32_t i = 0; out && i < out->count; i++) {
        if (!calendar_times_next(&times, &t, &t))
            return str_is(first_text(out, i), "never") && out->count == i + 1;
        if (!str_eq(gotime_format(a, &t, GOTIME_RFC3339_NANO), first_text(out, i)))
            return false;
    }
    return out != NULL;
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("events/calendar.jsonl", check_case, 43);
}

static int check_days(struct arena *a, const struct json *row)
{
    const struct json *out = json_get(row, STR("out"));
    struct json spec;
    struct calendar_times times;
    struct err err;

    if (!str_is(json_get_str(row, STR("op")), "exdates"))
        return -1;
    spec = json_set(a, NULL, STR("interval"), json_string(STR("1h")));
    spec = json_set(a, &spec, STR("exclusionDates"), *json_get(row, STR("exclusionDates")));
    if (calendar_times_read(a, &spec, &times, &err) < 0)
        return str_is(json_get_str(row, STR("err")), err.text);
    for (size_t i = 0; out && i < times.excluded_count; i++) {
        const struct calendar_day *day = &times.excluded[i];
        struct str want =
            str_printf(a, "%04lld-%02d-%02dT", (long long) day->year, day->month, day->day);

        if (!str_starts(first_text(out, (uint32_t) i), want))
            return false;
    }
    return out && times.excluded_count == out->count;
}

static void test_golden_excluded_days(void **state)
{
    (void) state;
    golden_run("events/misc.jsonl", check_days, 12);
}

/* Two months of excluded days, a beat a second: found at once, on the beat. */
static void test_many_excluded_days(void **state)
{
    static const struct {
        const char *beat, *schedule, *want;
    } cases[] = {
        {"1s", "", "2026-07-02T00:00:00Z"},
        {"7s", "", "2026-07-02T00:00:03Z"},
        {"1h30m", "", "2026-07-02T00:30:00Z"},
        {"1.5s", "", "2026-07-02T00:00:00Z"}, /* whole seconds, as upstream */
        {"", "* * * * *", "2026-07-02T00:00:00Z"},
        {"", "59 23 * * *", "2026-07-02T23:59:00Z"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct json_array_builder days = {0};

    (void) state;
    for (int i = 0; i < 60; i++) {
        const struct gotime day = gotime_unix(1777766400 + i * 86400LL, 0); /* 2026-05-03 */

        json_push(a, &days,
                  json_string(str_concat(a, STR("EXDATE:"),
                                         gotime_format(a, &day, STR("20060102T150405Z")))));
    }
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json spec =
            json_set(a, NULL, STR("interval"), json_string(str_from(cases[i].beat)));
        struct gotime t = gotime_unix(1777766400 - 86400, 0);
        struct calendar_times times;
        struct err err;

        spec = json_set(a, &spec, STR("schedule"), json_string(str_from(cases[i].schedule)));
        spec = json_set(a, &spec, STR("exclusionDates"), json_array(&days));
        assert_int_equal(calendar_times_read(a, &spec, &times, &err), 0);
        t = gotime_unix(1777766400 - 1, 0); /* the last second before */
        if (strstr(cases[i].beat, "h"))
            t = gotime_unix(1777766400 - 3600, 0);
        assert_true(calendar_times_next(&times, &t, &t));
        if (!str_is(gotime_format(a, &t, GOTIME_RFC3339), cases[i].want))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(gotime_format(a, &t, GOTIME_RFC3339)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_golden_excluded_days),
        cmocka_unit_test(test_many_excluded_days),
    };

    return cmocka_run_group_tests_name("calendar_times", tests, NULL, NULL);
}
