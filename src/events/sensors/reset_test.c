/* Resets of conditions: the golden vectors of upstream's search for the last one, several
 * schedules, zones, wrong entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "events/sensors/reset.h"
#include "tests/support/golden.h"

static int check_case(struct arena *a, const struct json *row)
{
    struct str out = json_get_str(row, STR("out"));
    const struct gozone *zone = NULL;
    struct cron_schedule schedule;
    struct gotime start, last;
    struct err err;

    if (!str_is(json_get_str(row, STR("op")), "prev-cron"))
        return -1;
    assert_int_equal(gotime_parse_rfc3339(json_get_str(row, STR("start")), &start, &err), 0);
    if (cron_parse(a, json_get_str(row, STR("spec")), CRON_FIELDS_ONLY, &schedule, &err) < 0 ||
        gozone_load(a, json_get_str(row, STR("timezone")), &zone, &err) < 0 ||
        !reset_previous(&schedule, zone, &start, &last))
        return json_get(row, STR("err")) != NULL;
    return str_eq(gotime_format(a, &last, GOTIME_RFC3339), out);
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("events/misc.jsonl", check_case, 28);
}

static struct wall at(const char *text)
{
    struct wall wall = {0};
    struct err err;

    assert_int_equal(gotime_parse_wall(str_from(text), &wall, &err), 0);
    return wall;
}

static void test_next_and_last(void **state)
{
    static const struct {
        const char *list, *now, *last, *next; /* NULL: there is none */
    } cases[] = {
        {"[]", "2026-03-10T13:47:21Z", NULL, NULL},
        {"[{}]", "2026-03-10T13:47:21Z", NULL, NULL},
        {"[{\"byTime\":{\"cron\":\"0 0 * * *\"}}]", "2026-03-10T13:47:21Z",
         "2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z"},
        {"[{\"byTime\":{\"cron\":\"0 0 * * *\",\"timezone\":\"America/New_York\"}}]",
         "2026-03-10T13:47:21Z", "2026-03-10T04:00:00Z", "2026-03-11T04:00:00Z"},
        /* of several the nearest on each side */
        {"[{\"byTime\":{\"cron\":\"0 0 * * *\"}},{\"byTime\":{\"cron\":\"30 * * * "
         "*\"}},{\"byTime\""
         ":{\"cron\":\"50 13 * * *\"}}]",
         "2026-03-10T13:47:21Z", "2026-03-10T13:30:00Z", "2026-03-10T13:50:00Z"},
        {"[{\"byTime\":{\"cron\":\"0 0 30 2 *\"}}]", "2026-03-10T13:47:21Z", NULL, NULL},
        {"[{\"byTime\":{\"cron\":\"47 13 * * *\"}}]", "2026-03-10T13:47:00Z",
         "2026-03-09T13:47:00Z", "2026-03-11T13:47:00Z"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct resets resets;
        struct wall last = {0}, next = {0};
        struct json list;
        struct err err;

        assert_int_equal(json_parse(a, str_from(cases[i].list), &list, &err), 0);
        assert_int_equal(resets_read(a, &list, &resets, &err), 0);
        if (resets_last(&resets, at(cases[i].now), &last) != (cases[i].last != NULL) ||
            resets_next(&resets, at(cases[i].now), &next) != (cases[i].next != NULL))
            fail_msg("case %zu: found or not", i);
        if (cases[i].last && last.ms != at(cases[i].last).ms)
            fail_msg("case %zu: last %lld", i, (long long) last.ms);
        if (cases[i].next && next.ms != at(cases[i].next).ms)
            fail_msg("case %zu: next %lld", i, (long long) next.ms);
    }
}

static void test_wrong_entries(void **state)
{
    static const struct {
        const char *list, *error;
    } cases[] = {
        {"[{\"byTime\":{\"cron\":\"bad\"}}]",
         "conditionsReset[0].byTime: expected exactly 5 fields, found 1: [bad]"},
        {"[{},{\"byTime\":{}}]", "conditionsReset[1].byTime: empty spec string"},
        {"[{\"byTime\":{\"cron\":\"* * * * *\",\"timezone\":\"Nope\"}}]",
         "conditionsReset[0].byTime: unknown time zone Nope"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct resets resets = {.len = 77};
        struct json list;
        struct err err;

        assert_int_equal(json_parse(a, str_from(cases[i].list), &list, &err), 0);
        assert_int_equal(resets_read(a, &list, &resets, &err), -1);
        assert_string_equal(err.text, cases[i].error);
        assert_int_equal(resets.len, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_next_and_last),
        cmocka_unit_test(test_wrong_entries),
    };

    return cmocka_run_group_tests_name("reset", tests, NULL, NULL);
}
