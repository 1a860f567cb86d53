/* Tests of lang/cron/cron.h: golden vectors of robfig/cron, what they leave out, and a second
 * way to find the same times. */
#include "lang/cron/cron.h"

#include "base/random.h"
#include "formats/duration.h"
#include "tests/support/golden.h"

/* ---- golden ---- */

static bool fails_as(const struct json *row, const struct err *err)
{
    struct str want = json_get_str(row, STR("err"));

    return golden_fails(row) && (str_starts(want, STR("panic:")) || str_is(want, err->text));
}

static int parse_row(struct arena *a, const struct json *row, struct cron_schedule *ret,
                     struct err *err)
{
    struct str op = json_get_str(row, STR("op")), spec = json_get_str(row, STR("spec"));
    struct str zone = json_get_str(row, STR("timezone"));
    int64_t ns;

    if (str_is(op, "every")) {
        if (duration_parse(spec, &ns, err) < 0)
            return -1;
        *ret = cron_every(ns);
        return 0;
    }
    if (!str_is_empty(zone))
        spec = str_printf(a, "CRON_TZ=" STR_FMT " " STR_FMT, STR_ARG(zone), STR_ARG(spec));
    if (cron_parse(a, spec, str_is(op, "fields") ? CRON_FIELDS_ONLY : CRON_STANDARD, ret, err) <
        0)
        return -1;
    /* The vectors were made where Local is UTC: there UTC is no zone of its own. */
    ret->is_zoned = ret->is_zoned && ret->zone;
    return 0;
}

static bool check_times(struct arena *a, const struct json *row, const struct cron_schedule *s)
{
    const struct json *out = json_get(row, STR("out"));
    const struct gozone *zone;
    struct gotime t;
    struct err err;

    if (gotime_parse_rfc3339(json_get_str(row, STR("start")), &t, &err) < 0 ||
        gozone_load(a, json_get_str(row, STR("startZone")), &zone, &err) < 0)
        return false;
    t = gotime_in(&t, zone);
    for (size_t i = 0; i < out->count; i++) {
        struct str want = json_str(json_item(out, i));

        if (!cron_next(s, &t, zone, &t))
            return str_is(want, "never") && i + 1 == out->count;
        if (!str_eq(want, gotime_format(a, &t, GOTIME_RFC3339_NANO)))
            return false;
    }
    return true;
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct cron_schedule s;
    struct err err;

    if (parse_row(a, row, &s, &err) < 0)
        return fails_as(row, &err);
    return !golden_fails(row) && check_times(a, row, &s);
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/cron.jsonl", check_golden, 249);
}

/* ---- what the vectors leave out ---- */

static void test_errors(void **state)
{
    static const char *const cases[][2] = {
        {"99999999999999999999 * * * *",
         "failed to parse int from 99999999999999999999: strconv.Atoi: parsing "
         "\"99999999999999999999\": value out of range"},
        {"9223372036854775808 * * * *",
         "failed to parse int from 9223372036854775808: strconv.Atoi: parsing "
         "\"9223372036854775808\": value out of range"},
        {"*/-2 * * * *", "negative number (-2) not allowed: -2"},
        {"1/x * * * *",
         "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"},
        {"1- * * * *", "failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax"},
        {"TZ=UTC", "expected exactly 5 fields, found 0: []"},
        {"CRON_TZ=UTC   ", "expected exactly 5 fields, found 0: []"},
        {"TZ=/etc/passwd * * * * *",
         "provided bad location /etc/passwd: time: invalid location name"},
        {"CRON_TZ=Europe/ * * * * *", "provided bad location Europe/: is a directory"},
        {"CRON_TZ=Europe/London/x * * * * *",
         "provided bad location Europe/London/x: not a directory"},
        {"@", "unrecognized descriptor: @"},
        {"@every ", "failed to parse duration @every : time: invalid duration \"\""},
        {"a b\tc", "expected exactly 5 fields, found 3: [a b c]"},
        {"* * * jan-feb-mar *", "too many hyphens: jan-feb-mar"},
        {"0 12 \xe2\x80\xa8* \xc2\xa0\x0b", "expected exactly 5 fields, found 3: [0 12 *]"},
        {"TZ=UTC \xe3\x80\x80", "expected exactly 5 fields, found 0: []"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct cron_schedule s = {.minute = 7};
        struct err err = {0};

        if (cron_parse(a, str_from(cases[i][0]), CRON_STANDARD, &s, &err) == 0 ||
            strcmp(err.text, cases[i][1]) != 0 || err.kind != ERR_INVALID || s.minute != 7)
            fail_msg("\"%s\": %s", cases[i][0], err.text);
    }
}

static void test_long_texts(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    char *text = arena_alloc(a, 20001);
    struct cron_schedule s;
    struct err err;

    (void) state;
    for (size_t i = 0; i < 10000; i++) {
        text[2 * i] = '*';
        text[2 * i + 1] = ' ';
    }
    assert_int_equal(cron_parse(a, str_from(text), CRON_STANDARD, &s, &err), -1);
    assert_true(
        str_starts(str_from(err.text), STR("expected exactly 5 fields, found 10000: [* * *")));
}

static struct cron_schedule parsed(struct arena *a, const char *text)
{
    struct cron_schedule s;
    struct err err;

    if (cron_parse(a, str_from(text), CRON_STANDARD, &s, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return s;
}

static void check_next(const char *text, const char *start, const char *want)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct cron_schedule s = parsed(a, text);
    struct gotime t;
    struct err err;
    bool has_next;

    assert_int_equal(gotime_parse_rfc3339(str_from(start), &t, &err), 0);
    has_next = cron_next(&s, &t, NULL, &t);
    if (has_next ? !str_is(gotime_format(a, &t, GOTIME_RFC3339_NANO), want)
                 : strcmp(want, "never") != 0)
        fail_msg("%s after %s: %s", text, start,
                 has_next ? gotime_format(a, &t, GOTIME_RFC3339_NANO).ptr : "never");
}

/* The original never returns on the first; the second is the same place without the trap. */
static void test_skipped_day(void **state)
{
    (void) state;
    check_next("CRON_TZ=Pacific/Apia 0 0 30 12 *", "2011-12-01T00:00:00Z",
               "2012-12-29T10:00:00Z");
    check_next("CRON_TZ=Pacific/Apia 0 12 31 12 *", "2011-12-01T00:00:00Z",
               "2011-12-30T22:00:00Z");
}

static void test_never(void **state)
{
    (void) state;
    check_next("0 , * * *", "2026-01-01T00:00:00Z", "never");
    check_next("0 0 1 , *", "2026-01-01T00:00:00Z", "never");
    check_next("0 0 30 2 ,", "2026-01-01T00:00:00Z", "never");
    check_next("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z");
    check_next("* * * * *", "9999-12-31T23:58:59Z", "9999-12-31T23:59:00Z");
}

/* ---- the same by trying every minute ---- */

static bool is_due(const struct cron_schedule *s, int64_t unix_s)
{
    struct gotime t = gotime_unix(unix_s, 0);
    struct gotime_civil c;
    bool is_day, is_weekday;

    t = gotime_in(&t, s->zone);
    c = gotime_civil_of(&t);
    is_day = s->day >> c.day & 1;
    is_weekday = s->weekday >> c.weekday & 1;
    return c.second == 0 && (s->minute >> c.minute & 1) && (s->hour >> c.hour & 1) &&
           (s->month >> c.month & 1) &&
           (s->is_any_day || s->is_any_weekday ? is_day && is_weekday : is_day || is_weekday);
}

static struct str random_field(struct arena *a, struct random *r, uint64_t min, uint64_t max)
{
    uint64_t low = min + random_below(r, max - min + 1),
             high = low + random_below(r, max - low + 1);

    switch (random_below(r, 4)) {
    case 0:
        return str_printf(a, "%d", (int) low);
    case 1:
        return str_printf(a, "%d-%d/%d", (int) low, (int) high, (int) random_below(r, 5) + 1);
    case 2:
        return str_printf(a, "*/%d", (int) random_below(r, 9) + 1);
    default:
        return STR("*");
    }
}

/* Zones whose days begin at midnight on all these days, so that both ways must agree. */
static void check_random(struct random *r, const char *zone)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str minute = random_field(a, r, 0, 59), hour = random_field(a, r, 0, 23);
    struct str day = random_field(a, r, 1, 28), weekday = random_field(a, r, 0, 6);
    struct str text =
        str_printf(a, "CRON_TZ=%s " STR_FMT " " STR_FMT " " STR_FMT " * " STR_FMT, zone,
                   STR_ARG(minute), STR_ARG(hour), STR_ARG(day), STR_ARG(weekday));
    struct cron_schedule s = parsed(a, text.ptr);
    int64_t start = 1767225600 + (int64_t) random_below(r, 31536000),
            want = start - start % 60 + 60;
    struct gotime t = gotime_unix(start, 5);

    while (want < start + 40 * 86400 && !is_due(&s, want))
        want += 60;
    if (want >= start + 40 * 86400)
        return;
    if (!cron_next(&s, &t, NULL, &t) || t.unix_s != want)
        fail_msg(STR_FMT " after %lld: %lld, not %lld", STR_ARG(text), (long long) start,
                 (long long) t.unix_s, (long long) want);
}

static void test_random(void **state)
{
    static const char *const zones[] = {"UTC", "Asia/Seoul", "America/New_York",
                                        "Europe/Berlin", "Asia/Kathmandu"};
    struct random r = random_seed(20260310);

    (void) state;
    for (size_t i = 0; i < 300; i++)
        check_random(&r, zones[i % COUNT_OF(zones)]);
}

/* ---- what a schedule means ---- */

static void check_bits(const char *text, const char *want)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct cron_schedule s = parsed(a, text);
    struct str is =
        str_printf(a, "%llx %llx %llx %llx %llx%s%s", (unsigned long long) s.minute,
                   (unsigned long long) s.hour, (unsigned long long) s.day,
                   (unsigned long long) s.month, (unsigned long long) s.weekday,
                   s.is_any_day ? " any-day" : "", s.is_any_weekday ? " any-weekday" : "");

    if (!str_is(is, want))
        fail_msg("%s: " STR_FMT ", not %s", text, STR_ARG(is), want);
}

static void test_bits(void **state)
{
    static const char *const cases[][2] = {
        {"* * * * *", "fffffffffffffff ffffff fffffffe 1ffe 7f any-day any-weekday"},
        {"? ? ? ? ?", "fffffffffffffff ffffff fffffffe 1ffe 7f any-day any-weekday"},
        {"0 0 1 1 0", "1 1 2 2 1"},
        {"59 23 31 12 6", "800000000000000 800000 80000000 1000 40"},
        {"*/1 */1 */1 */1 */1", "fffffffffffffff ffffff fffffffe 1ffe 7f any-day any-weekday"},
        {"*/59 */23 */30 */11 */6", "800000000000001 800001 80000002 1002 41"},
        {"1-3 1-3/2 1-3/3 1-3/9 1-3", "e a 2 2 e"},
        {"1,2,3 5,5 1,*/15 * *,1", "e 20 80010002 1ffe 7f any-weekday"},
        {"30/10 20/2 29/1 11/1 5/1", "4010040000000 500000 e0000000 1800 60"},
        {"0 0 1 JAN,dec sun,SAT", "1 1 2 1002 41"},
        {"0 0 1 feb-Apr Mon-tHu", "1 1 2 1c 1e"},
        {", , , , ,", "0 0 0 0 0"},
        {"0 0 *,1 * *", "1 1 fffffffe 1ffe 7f any-day any-weekday"},
        {"0 0 */2,* * 1", "1 1 fffffffe 1ffe 2 any-day"},
        {"*/99999999 * * * *", "1 ffffff fffffffe 1ffe 7f any-day any-weekday"},
        {"*/9223372036854775807 * * * *", "1 ffffff fffffffe 1ffe 7f any-day any-weekday"},
        {"+5 007 * * *", "20 80 fffffffe 1ffe 7f any-day any-weekday"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_bits(cases[i][0], cases[i][1]);
}

static void test_names(void **state)
{
    static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                         "jul", "aug", "sep", "oct", "nov", "dec"};
    static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (unsigned i = 0; i < COUNT_OF(months); i++)
        assert_int_equal(parsed(a, str_printf(a, "0 0 1 %s *", months[i]).ptr).month,
                         UINT64_C(1) << (i + 1));
    for (unsigned i = 0; i < COUNT_OF(days); i++)
        assert_int_equal(parsed(a, str_printf(a, "0 0 * * %s", days[i]).ptr).weekday,
                         UINT64_C(1) << i);
}

static void test_zones(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    assert_false(parsed(a, "* * * * *").is_zoned);
    assert_false(parsed(a, "TZ=Local * * * * *").is_zoned);
    assert_true(parsed(a, "TZ=UTC * * * * *").is_zoned);
    assert_true(parsed(a, "CRON_TZ=Asia/Seoul @daily").is_zoned);
    check_next("CRON_TZ=Asia/Seoul  30   9 * *   *", "2026-01-01T00:30:00Z",
               "2026-01-02T00:30:00Z");
    check_next("CRON_TZ=Asia/Seoul @every 90m", "2026-01-01T00:30:00.9Z",
               "2026-01-01T02:00:00Z");
    check_next("@every 8760h", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
}

static void test_interval(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"@every 1s", DURATION_SECOND},
        {"@every 1ns", DURATION_SECOND},
        {"@every 0", DURATION_SECOND},
        {"@every -5h", DURATION_SECOND},
        {"@every 1999ms", DURATION_SECOND},
        {"@every 2000ms", 2 * DURATION_SECOND},
        {"@every 1h0m0.5s", 3600 * DURATION_SECOND},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct cron_schedule s = parsed(a, cases[i].text);

        assert_true(s.is_every);
        assert_int_equal(s.every_ns, cases[i].ns);
    }
}

/* ---- whatever the clocks do ---- */

/* From anywhere before a time, it is the next one; and times only go up. */
static void check_from_between(struct random *r, const char *zone)
{
    static const int64_t nights[] = {1772928000, 1793491200, 1774742400, 1792886400,
                                     1775224800, 1790949600, 1541289600, 1518904800};
    _cleanup_arena_ struct arena *a = arena_new();
    struct str minute = random_field(a, r, 0, 59), hour = random_field(a, r, 0, 5);
    struct str day = random_field(a, r, 1, 28), weekday = random_field(a, r, 0, 6);
    struct str text =
        str_printf(a, "CRON_TZ=%s " STR_FMT " " STR_FMT " " STR_FMT " * " STR_FMT, zone,
                   STR_ARG(minute), STR_ARG(hour), STR_ARG(day), STR_ARG(weekday));
    struct cron_schedule s = parsed(a, text.ptr);
    struct gotime t = gotime_unix(nights[random_below(r, COUNT_OF(nights))] - 86400, 0);

    for (int i = 0; i < 40; i++) {
        struct gotime next, between, again;

        if (!cron_next(&s, &t, NULL, &next))
            return;
        assert_true(next.unix_s > t.unix_s);
        assert_true(is_due(&s, next.unix_s));
        between = gotime_unix(
            t.unix_s + (int64_t) random_below(r, (uint64_t) (next.unix_s - t.unix_s)), 7);
        assert_true(cron_next(&s, &between, NULL, &again));
        if (again.unix_s != next.unix_s)
            fail_msg(STR_FMT ": from %lld %lld, from %lld %lld", STR_ARG(text),
                     (long long) t.unix_s, (long long) next.unix_s, (long long) between.unix_s,
                     (long long) again.unix_s);
        t = next;
    }
}

static void test_from_between(void **state)
{
    static const char *const zones[] = {"America/New_York",    "Europe/Berlin",
                                        "Australia/Lord_Howe", "Asia/Kathmandu",
                                        "America/St_Johns",    "Europe/London"};
    struct random r = random_seed(42);

    (void) state;
    for (size_t i = 0; i < 300; i++)
        check_from_between(&r, zones[i % COUNT_OF(zones)]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),       cmocka_unit_test(test_errors),
        cmocka_unit_test(test_long_texts),   cmocka_unit_test(test_skipped_day),
        cmocka_unit_test(test_never),        cmocka_unit_test(test_random),
        cmocka_unit_test(test_bits),         cmocka_unit_test(test_names),
        cmocka_unit_test(test_zones),        cmocka_unit_test(test_interval),
        cmocka_unit_test(test_from_between),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
