/* Tests of formats/gotime.h and formats/gozone.h: golden vectors of Go's time package,
 * calendars, zone files and rules, round trips. */
#include "formats/gotime.h"

#include "base/random.h"
#include "formats/calendar.h"
#include "tests/support/golden.h"

static bool fails_as(const struct json *row, const struct err *err)
{
    return golden_fails(row) && str_is(json_get_str(row, STR("err")), err->text);
}

static int check_format(struct arena *a, const struct json *row, struct str layout)
{
    const struct gozone *zone;
    struct gotime t;
    struct err err;

    if (gotime_parse_rfc3339(json_get_str(row, STR("start")), &t, &err) < 0 ||
        gozone_load(a, json_get_str(row, STR("startZone")), &zone, &err) < 0)
        return false;
    t = gotime_in(&t, zone);
    return str_eq(gotime_format(a, &t, layout), json_get_str(row, STR("out")));
}

static int check_parse(struct arena *a, const struct json *row)
{
    const struct gozone *zone;
    struct gotime t;
    struct err err;

    if (gozone_load(a, json_get_str(row, STR("zone")), &zone, &err) < 0 ||
        gotime_parse(json_get_str(row, STR("layout")), json_get_str(row, STR("value")), zone,
                     &t, &err) < 0)
        return fails_as(row, &err);
    return !golden_fails(row) &&
           str_eq(gotime_format(a, &t, GOTIME_RFC3339_NANO), json_get_str(row, STR("out")));
}

static struct str quoted(struct arena *a, struct str s)
{
    return str_printf(a, "\"" STR_FMT "\"", STR_ARG(s));
}

/* A format of strftime(), a Go layout, or one of two words. */
static int check_strftime(struct arena *a, const struct json *row)
{
    const struct json *out = json_get(row, STR("out"));
    struct str format = json_get_str(row, STR("format"));
    const struct gozone *zone;
    struct gotime t;
    struct err err;
    int64_t unix_s;

    if (gotime_parse_rfc3339(json_get_str(row, STR("time")), &t, &err) < 0 ||
        gozone_load(a, json_get_str(row, STR("zone")), &zone, &err) < 0)
        return false;
    t = gotime_in(&t, zone);
    if (str_is(format, "unix"))
        return json_i64(out, &unix_s) && unix_s == t.unix_s;
    if (str_is(format, "RFC3339"))
        return str_eq(gotime_format(a, &t, GOTIME_RFC3339), json_str(out));
    if (str_cut_prefix(&format, STR("layout:")))
        return str_eq(gotime_format(a, &t, format), json_str(out));
    return str_eq(gotime_strftime(a, &t, format), json_str(out));
}

static void test_golden_strftime(void **state)
{
    (void) state;
    golden_run("lang/strftime.jsonl", check_strftime, 95);
}

/* Decoding into a time and encoding again, as the three types of Go and Kubernetes do. */
static int check_json(struct arena *a, const struct json *row, struct str op)
{
    bool is_plain = str_is(op, "json"), is_micro = str_is(op, "microtime");
    struct str out = json_get_str(row, STR("out"));
    struct gotime t = gotime_unix(-62135596800, 0);
    struct json v;
    struct err err;

    if (json_parse(a, json_get_str(row, STR("value")), &v, &err) < 0)
        return false;
    if (v.type != JSON_STRING && v.type != JSON_NULL)
        return golden_fails(row);
    if (is_plain && str_find_char(json_get_str(row, STR("value")), '\\') != SIZE_MAX)
        return golden_fails(row); /* time.Time reads the text as it stands */
    if (v.type == JSON_STRING && gotime_parse(is_micro ? GOTIME_RFC3339_MICRO : GOTIME_RFC3339,
                                              json_str(&v), NULL, &t, &err) < 0)
        return fails_as(row, &err);
    if (is_plain)
        return str_eq(out, quoted(a, gotime_format(a, &t, GOTIME_RFC3339_NANO)));
    if (gotime_is_zero(&t))
        return str_is(out, "null");
    t = gotime_in(&t, NULL);
    return str_eq(
        out, quoted(a, gotime_format(a, &t, is_micro ? GOTIME_RFC3339_MICRO : GOTIME_RFC3339)));
}

static int check_location(struct arena *a, const struct json *row)
{
    const struct gozone *zone;
    struct err err;

    if (gozone_load(a, json_get_str(row, STR("value")), &zone, &err) < 0)
        return fails_as(row, &err);
    return !golden_fails(row);
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str op = json_get_str(row, STR("op"));

    if (str_is(op, "format"))
        return check_format(a, row, json_get_str(row, STR("layout")));
    if (str_is(op, "string"))
        return check_format(a, row, GOTIME_STRING);
    if (str_is(op, "parse"))
        return check_parse(a, row);
    return str_is(op, "location") ? check_location(a, row) : check_json(a, row, op);
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/gotime.jsonl", check_golden, 179);
    golden_run("formats/gotime-random.jsonl", check_golden, 639);
}

static void test_parse_more(void **state)
{
    /* layout, value, the time in RFC 3339 or "!" and the end of the error */
    static const char *const cases[][3] = {
        {"Jan 2 2006 __2", "Mar 1 2024  61", "2024-03-01T00:00:00Z"},
        {"2006 __2 Jan", "2024  61 Feb", "!day-of-year does not match month"},
        {"2006 002 2", "2024 061 2", "!day-of-year does not match day"},
        {"2006 002", "2023 000", "!day-of-year out of range"},
        {"-07", "-05", "0000-01-01T00:00:00-05:00"},
        {"-0700", "-25:0", "!time zone offset hour out of range"},
        {"-0700", "-2x00", "!cannot parse \"-2x00\" as \"-0700\""},
        {"-0700", "+2500", "!time zone offset hour out of range"},
        {"-0700", "+0061", "!time zone offset minute out of range"},
        {"-07:00:00", "+01:02:03", "0000-01-01T00:00:00+01:02"},
        {"Z070000", "x010203", "!cannot parse \"x010203\" as \"Z070000\""},
        {"3PM", "12AM", "0000-01-01T00:00:00Z"},
        {"3pm", "12pm", "0000-01-01T12:00:00Z"},
        {"3pm", "12PM", "!cannot parse \"PM\" as \"pm\""},
        {"Monday", "tuesday", "0000-01-01T00:00:00Z"},
        {"Mon", "Xue", "!cannot parse \"Xue\" as \"Mon\""},
        {"MST", "GMT+3", "0000-01-01T03:00:00+03:00"},
        {"MST", "GMT+24", "!extra text: \"+24\""},
        {"MST", "ChST", "0000-01-01T00:00:00Z"},
        {"MST", "WITA", "0000-01-01T00:00:00Z"},
        {"MST", "ABCDE", "!cannot parse \"ABCDE\" as \"MST\""},
        {"MST", "-07", "0000-01-01T00:00:00Z"},
        {"05.000", "07.12", "!cannot parse \".12\" as \".000\""},
        {"05.000", "07.123", "0000-01-01T00:00:07.123Z"},
        {"05.999", "07", "0000-01-01T00:00:07Z"},
        {"a  b", "a b", "0000-01-01T00:00:00Z"},
        {"2006", "-001", "!cannot parse \"-001\" as \"2006\""},
        {"\xe6\x97\xa5 2006", "x",
         "!parsing time \"x\" as \"\\xe6\\x97\\xa5 2006\": cannot parse \"x\" as "
         "\"\\xe6\\x97\\xa5 \""},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gotime t;
        struct err err = {0};
        int result = gotime_parse(str_from(cases[i][0]), str_from(cases[i][1]), NULL, &t, &err);

        if (cases[i][2][0] == '!'
                ? result == 0 || !str_ends(str_from(err.text), str_from(cases[i][2] + 1))
                : result < 0 || !str_is(gotime_format(a, &t, GOTIME_RFC3339_NANO), cases[i][2]))
            fail_msg("case %zu: \"%s\" as \"%s\": %s", i, cases[i][1], cases[i][0],
                     result < 0 ? err.text : gotime_format(a, &t, GOTIME_RFC3339_NANO).ptr);
    }
}

static void test_calendar(void **state)
{
    static const struct {
        int64_t days, year;
        int32_t month, day, weekday;
    } cases[] = {
        {0, 1970, 1, 1, 4},      {-1, 1969, 12, 31, 3},      {59, 1970, 3, 1, 0},
        {11016, 2000, 2, 29, 2}, {-719162, 1, 1, 1, 1},      {-719163, 0, 12, 31, 0},
        {-719528, 0, 1, 1, 6},   {2932896, 9999, 12, 31, 5}, {19782, 2024, 2, 29, 4},
        {-25508, 1900, 3, 1, 4}, {-719529, -1, 12, 31, 5},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gotime t = gotime_unix(cases[i].days * 86400 + 3723, 0);
        struct gotime_civil c = gotime_civil_of(&t);
        struct gotime back = gotime_date(&c, 0, NULL);

        if (c.year != cases[i].year || c.month != cases[i].month || c.day != cases[i].day ||
            c.weekday != cases[i].weekday || c.hour != 1 || c.minute != 2 || c.second != 3 ||
            back.unix_s != t.unix_s)
            fail_msg("case %zu: day %lld is %lld-%d-%d", i, (long long) cases[i].days,
                     (long long) c.year, c.month, c.day);
    }
}

static void test_round_trip(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    uint64_t seed = 7;

    (void) state;
    for (size_t i = 0; i < 20000; i++) {
        struct gotime t, back;
        struct str text;
        struct err err = {0};

        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        t = gotime_unix((int64_t) (seed >> 8) % INT64_C(253402300800),
                        (uint32_t) (seed >> 40) % 1000000000);
        text = gotime_format(a, &t, GOTIME_RFC3339_NANO);
        if (gotime_parse_rfc3339(text, &back, &err) < 0 || back.unix_s != t.unix_s ||
            back.ns != t.ns)
            fail_msg(STR_FMT ": %s", STR_ARG(text), err.text);
        arena_reset(a);
    }
}

static void test_wall(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {1767323045999, "2026-01-02T03:04:05Z"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct wall wall;
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gotime t = gotime_of_wall((struct wall){.ms = cases[i].ms});

        if (!str_is(gotime_rfc3339(a, (struct wall){.ms = cases[i].ms}), cases[i].text) ||
            gotime_to_wall(&t).ms != cases[i].ms)
            fail_msg("case %zu: %s", i, cases[i].text);
    }
    assert_int_equal(gotime_parse_wall(STR("1969-12-31T23:59:59.9996+00:00"), &wall, &err), 0);
    assert_true(wall.ms == -1);
    assert_int_equal(gotime_parse_wall(STR("yesterday"), &wall, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

/* The quick printer of instants says what the layout says, also at the ends of months and
 * years. */
static void test_rfc3339_is_the_layout(void **state)
{
    struct random r = random_seed(7);

    (void) state;
    for (int i = 0; i < 20000; i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        int64_t ms = (int64_t) (random_u64(&r) % 600000000000000) - 200000000000000;
        struct gotime t;

        if (i % 4 == 0) /* around midnight of a first of a month */
            ms = 86400000 * (calendar_year_start(1600 + i % 8000) +
                             calendar_month_start(1600 + i % 8000, 1 + i % 12)) -
                 i % 3 * 1000;
        t = gotime_of_wall((struct wall){.ms = ms});
        if (!str_eq(gotime_rfc3339(a, (struct wall){.ms = ms}),
                    gotime_format(a, &t, GOTIME_RFC3339)))
            fail_msg("%lld: " STR_FMT, (long long) ms,
                     STR_ARG(gotime_rfc3339(a, (struct wall){.ms = ms})));
    }
}

/* A TZif file of version 2 with no transitions and a rule; @rule ends with a line feed. */
static struct str zone_file(struct arena *a, const char *rule)
{
    static const char header[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4";
    static const char block[] = "\0\0\0\0\0\0LMT";
    struct str one = str_concat(a, str_of(header, 44), str_of(block, 10));

    return str_concat(a, str_concat(a, one, one), str_printf(a, "\n%s", rule));
}

static void test_rules(void **state)
{
    static const struct {
        const char *rule, *utc, *shown;
    } cases[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3\n", "2050-03-27T00:59:59Z",
         "2050-03-27T01:59:59+01:00 CET"},
        {"CET-1CEST,M3.5.0,M10.5.0/3\n", "2050-03-27T01:00:00Z",
         "2050-03-27T03:00:00+02:00 CEST"},
        {"CET-1CEST,M3.5.0,M10.5.0/3\n", "2050-10-30T01:00:00Z",
         "2050-10-30T02:00:00+01:00 CET"},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3\n", "2050-01-01T00:00:00Z",
         "2050-01-01T11:00:00+11:00 AEDT"},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3\n", "2050-07-01T00:00:00Z",
         "2050-07-01T10:00:00+10:00 AEST"},
        {"<+0545>-5:45\n", "2050-07-01T00:00:00Z", "2050-07-01T05:45:00+05:45 +0545"},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0\n", "2050-07-01T00:00:00Z",
         "2050-06-30T23:00:00-01:00 -01"},
        {"XXX3YYY2:30,J60/0,300/24\n", "2048-02-29T23:00:00Z", "2048-02-29T20:00:00-03:00 XXX"},
        {"XXX3YYY2:30,J60/0,300/24\n", "2048-03-01T03:00:00Z", "2048-03-01T00:30:00-02:30 YYY"},
        {"broken,rule\n", "2050-01-01T00:00:00Z", "2050-01-01T00:00:00Z LMT"},
        {"AB3\n", "2050-01-01T00:00:00Z", "2050-01-01T00:00:00Z LMT"},
        {"CET-1CEST,M13.5.0,M10.5.0\n", "2050-01-01T00:00:00Z", "2050-01-01T00:00:00Z LMT"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct gozone *zone;
        struct gotime t;
        struct err err = {0};
        struct str shown;

        assert_int_equal(gozone_parse(a, zone_file(a, cases[i].rule), &zone, &err), 0);
        assert_int_equal(gotime_parse_rfc3339(str_from(cases[i].utc), &t, &err), 0);
        t = gotime_in(&t, zone);
        shown = gotime_format(a, &t, STR("2006-01-02T15:04:05Z07:00 MST"));
        if (!str_is(shown, cases[i].shown))
            fail_msg("case %zu: %s: got " STR_FMT, i, cases[i].rule, STR_ARG(shown));
    }
}

/* Every cut of a real file is refused or read, never overrun. */
static void test_broken_files(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str whole = zone_file(a, "CET-1CEST,M3.5.0,M10.5.0/3\n");
    const struct gozone *zone;
    struct err err;

    (void) state;
    for (size_t len = 0; len < 2 * 54; len++) {
        char *cut = mem_alloc(len + 1);

        memcpy(cut, whole.ptr, len);
        if (gozone_parse(a, str_of(cut, len), &zone, &err) == 0)
            fail_msg("%zu bytes were read as a zone", len);
        free(cut);
    }
    assert_int_equal(gozone_parse(a, STR("TZif2 is not enough"), &zone, &err), -1);
}

/* The short way of the usual form gives what the walk through the layout gives, and leaves to
 * it what is not well formed. */
static void test_plain_times(void **state)
{
    static const char *const texts[] = {
        "2026-11-26T09:58:07Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
        "0000-02-29T23:59:59Z", "9999-12-31T23:59:59Z", "2024-02-29T00:00:00Z",
        "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z",
        "2024-01-00T00:00:00Z", "2024-04-31T00:00:00Z", "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z", "2024-01-01 00:00:00Z",
        "2024-01-01T00:00:00z", "2o24-01-01T00:00:00Z", "2024-01-01T00:00:0 Z",
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct gotime quick = {0}, slow = {0};
        struct err quick_err = {0}, slow_err = {0};
        int result = gotime_parse(GOTIME_RFC3339, str_from(texts[i]), NULL, &slow, &slow_err);

        assert_int_equal(gotime_parse_rfc3339(str_from(texts[i]), &quick, &quick_err), result);
        if (quick.unix_s != slow.unix_s || quick.ns != slow.ns ||
            quick.offset_s != slow.offset_s || strcmp(quick.zone, slow.zone) != 0 ||
            strcmp(quick_err.text, slow_err.text) != 0)
            fail_msg("%s: %lld %s, not %lld %s", texts[i], (long long) quick.unix_s, quick.zone,
                     (long long) slow.unix_s, slow.zone);
    }
}

/* The ends of 64 bits, in zones that lead beyond: an answer, whatever it is. */
static void test_ends_of_time(void **state)
{
    static const int64_t ends[] = {INT64_MAX, INT64_MIN, INT64_MAX - 3600, INT64_MIN + 3600};
    static const char *const zones[] = {"Asia/Seoul", "America/New_York", "UTC"};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        for (size_t k = 0; k < COUNT_OF(zones); k++) {
            _cleanup_arena_ struct arena *a = arena_new();
            const struct gozone *zone;
            struct gotime t = gotime_unix(ends[i], 0);
            struct err err;

            if (gozone_load(a, str_from(zones[k]), &zone, &err) < 0)
                fail_msg("%s", err.text);
            t = gotime_in(&t, zone);
            assert_true(gotime_format(a, &t, GOTIME_RFC3339).len > 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),       cmocka_unit_test(test_golden_strftime),
        cmocka_unit_test(test_parse_more),   cmocka_unit_test(test_rfc3339_is_the_layout),
        cmocka_unit_test(test_calendar),     cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_wall),         cmocka_unit_test(test_rules),
        cmocka_unit_test(test_broken_files), cmocka_unit_test(test_plain_times),
        cmocka_unit_test(test_ends_of_time),
    };

    return cmocka_run_group_tests_name("gotime", tests, NULL, NULL);
}
