/* Tests of formats/duration.h: golden vectors of Go's time.Duration and of Argo's texts, round
 * trips, edges. */
#include "formats/duration.h"

#include "tests/support/golden.h"

static int64_t need_ns(const struct json *row, const char *member)
{
    struct err err;
    int64_t ns = 0;

    if (duration_parse(json_get_str(row, str_from(member)), &ns, &err) < 0)
        fail_msg("%s: %s", member, err.text);
    return ns;
}

/* fn parse and argo-duration: out is {ns, string}, error texts are the user's. */
static int check_parse(struct arena *a, const struct json *row, bool is_argo)
{
    struct str in = json_get_str(row, STR("in"));
    const struct json *out = json_get(row, STR("out"));
    int64_t ns = 0, want = 0;
    struct err err = {0};
    int result = is_argo ? duration_parse_argo(in, &ns, &err) : duration_parse(in, &ns, &err);

    if (golden_fails(row))
        return result < 0 && str_eq(json_get_str(row, STR("err")), str_from(err.text));
    return result == 0 && json_i64(json_get(out, STR("ns")), &want) && ns == want &&
           str_eq(duration_print(a, ns), json_get_str(out, STR("string")));
}

static int check_number(struct arena *a, const struct json *row, double n)
{
    double want;
    struct json out;
    struct err err;

    return json_parse(a, json_get_str(row, STR("out")), &out, &err) == 0 &&
           json_f64(&out, &want) && want == n;
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str fn = json_get_str(row, STR("fn"));
    struct str out = json_get_str(row, STR("out"));
    int64_t ns = 0, want = 0;

    if (str_is(fn, "parse") || str_is(fn, "argo-duration"))
        return check_parse(a, row, str_is(fn, "argo-duration"));
    if (str_is(fn, "humanize"))
        return str_eq(duration_humanize(a, need_ns(row, "in")), out);
    if (str_is(fn, "humanize-truncated"))
        return str_eq(duration_humanize_short(a, need_ns(row, "in")), out);
    if (str_is(fn, "round"))
        return str_eq(duration_print(a, duration_round(need_ns(row, "in"), need_ns(row, "to"))),
                      out);
    if (str_is(fn, "truncate"))
        return str_eq(
            duration_print(a, duration_truncate(need_ns(row, "in"), need_ns(row, "to"))), out);
    if (!json_i64(json_get(row, STR("ns")), &ns))
        return false;
    if (str_is(fn, "string"))
        return str_eq(duration_print(a, ns), out);
    if (str_is(fn, "seconds"))
        return check_number(a, row, duration_seconds(ns));
    if (str_is(fn, "minutes"))
        return check_number(a, row, duration_minutes(ns));
    if (str_is(fn, "hours"))
        return check_number(a, row, duration_hours(ns));
    return str_is(fn, "milliseconds") && json_i64(json_get(row, STR("out")), &want) &&
           ns / DURATION_MS == want;
}

static void test_humanize_below_zero(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();

    assert_true(str_is(duration_humanize(a, -2950 * DURATION_SECOND), "49 minutes"));
    assert_true(str_is(duration_humanize(a, 2950 * DURATION_SECOND), "49 minutes 10 seconds"));
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("lang/duration.jsonl", check_golden, 160);
    golden_run("lang/duration-random.jsonl", check_golden, 300);
}

static void test_texts(void **state)
{
    static const struct {
        const char *in;
        int64_t ns;
        const char *err;
    } cases[] = {
        {"2540400h10m10.000000000s", INT64_C(9145440610000000000), NULL},
        {"0.3333333333333333333h", INT64_C(1200000000000), NULL},
        {"0.100000000000000000000h", INT64_C(360000000000), NULL},
        {"9007199254.740993ms", INT64_C(9007199254740993), NULL},
        {"1\xce\xbcs", 1000, NULL},
        {"-", 0, "time: invalid duration \"-\""},
        {"+.", 0, "time: invalid duration \"+.\""},
        {"3000000h", 0, "time: invalid duration \"3000000h\""},
        {"9223372036854775.807us1ns", 0,
         "time: invalid duration \"9223372036854775.807us1ns\""},
        {"1h-1m", 0, "time: unknown unit \"h-\" in duration \"1h-1m\""},
        {"1\"", 0, "time: unknown unit \"\\\"\" in duration \"1\\\"\""},
        {"9223372036854775.808us", 0, "time: invalid duration \"9223372036854775.808us\""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err = {0};
        int64_t ns = 0;
        int result = duration_parse(str_from(cases[i].in), &ns, &err);

        if (cases[i].err ? result == 0 || strcmp(err.text, cases[i].err) != 0
                         : result < 0 || ns != cases[i].ns)
            fail_msg("case %zu: %s: %lld %s", i, cases[i].in, (long long) ns, err.text);
    }
}

static void test_round_trip(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    uint64_t seed = 12345;

    (void) state;
    for (size_t i = 0; i < 20000; i++) {
        int64_t ns, back = 0;
        struct err err = {0};
        struct str text;

        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        ns = (int64_t) seed >> (seed % 61);
        text = duration_print(a, ns);
        if (duration_parse(text, &back, &err) < 0 || back != ns)
            fail_msg("%lld printed as " STR_FMT ", read as %lld %s", (long long) ns,
                     STR_ARG(text), (long long) back, err.text);
        arena_reset(a);
    }
}

static void test_edges(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    assert_true(duration_round(INT64_MAX, DURATION_HOUR) == INT64_MAX);
    assert_true(duration_round(INT64_MIN, DURATION_HOUR) == INT64_MIN);
    assert_true(duration_round(-DURATION_MS, DURATION_SECOND) == 0);
    assert_true(duration_round(DURATION_SECOND / 2, DURATION_SECOND) == DURATION_SECOND);
    assert_true(duration_truncate(INT64_MIN, INT64_MAX) == -INT64_MAX);
    assert_true(duration_round(7, -1) == 7 && duration_truncate(7, 0) == 7);
    assert_true(str_is(duration_humanize(a, INT64_MIN), "a long while"));
    assert_true(str_is(duration_humanize_short(a, 3 * 7 * 24 * DURATION_HOUR), "3 weeks"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_humanize_below_zero),
        cmocka_unit_test(test_texts), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_edges)};

    return cmocka_run_group_tests_name("duration", tests, NULL, NULL);
}
