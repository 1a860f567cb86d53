/* Tests of formats/quantity.h, formats/resource_duration.h and formats/anystring.h: golden
 * vectors of apimachinery's Quantity, of Argo's resource durations and of AnyString, round
 * trips, limits. */
#include "formats/quantity.h"

#include "formats/anystring.h"
#include "formats/resource_duration.h"
#include "tests/support/golden.h"

static bool need(const struct json *row, const char *member, struct quantity *ret,
                 struct err *err)
{
    return quantity_parse(json_get_str(row, str_from(member)), ret, err) == 0;
}

static int check_parse(struct arena *a, const struct json *row)
{
    static const char *const formats[] = {"DecimalSI", "BinarySI", "DecimalExponent"};
    const struct json *out = json_get(row, STR("out"));
    int64_t milli = 0, value = 0, sign = 0, whole = 0, want = 0;
    struct quantity q;
    struct err err = {0};
    double f = 0;

    if (!need(row, "q", &q, &err))
        return golden_fails(row) && str_is(json_get_str(row, STR("err")), err.text);
    if (golden_fails(row) || !json_i64(json_get(out, STR("milliValue")), &milli) ||
        !json_i64(json_get(out, STR("value")), &value) ||
        !json_i64(json_get(out, STR("sign")), &sign) ||
        !json_f64(json_get(out, STR("float")), &f))
        return false;
    if (quantity_as_i64(&q, &whole) != json_i64(json_get(out, STR("int64")), &want) ||
        whole != want)
        return false;
    return str_eq(quantity_print(a, &q), json_get_str(out, STR("canonical"))) &&
           str_is(json_get_str(out, STR("format")), formats[q.format]) &&
           quantity_milli_value(&q) == milli && quantity_value(&q) == value &&
           quantity_sign(&q) == sign && quantity_f64(&q) == f &&
           quantity_is_zero(&q) == json_get_bool(out, STR("zero"));
}

static int check_pair(struct arena *a, const struct json *row, struct str fn)
{
    struct quantity q, p;
    struct err err;
    int64_t want = 0;

    if (!need(row, "q", &q, &err) || !need(row, "p", &p, &err))
        return false;
    if (str_is(fn, "cmp"))
        return json_i64(json_get(row, STR("out")), &want) && quantity_cmp(&q, &p) == want;
    return quantity_add(&q, &p, str_is(fn, "add") ? 1 : -1, &err) == 0 &&
           str_eq(quantity_print(a, &q), json_get_str(row, STR("out")));
}

static int check_pod(struct arena *a, const struct json *row)
{
    struct json made;
    struct err err;

    return resource_duration_of_pod(a, json_get(row, STR("pod")), &made, &err) == 0 &&
           json_equal(&made, json_path(row, "out", "durations", NULL));
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str fn = json_get_str(row, STR("fn"));
    const struct json *durations = json_get(row, STR("durations"));
    struct json sum;

    if (str_is(fn, "parse"))
        return check_parse(a, row);
    if (str_is(fn, "cmp") || str_is(fn, "add") || str_is(fn, "sub"))
        return check_pair(a, row, fn);
    if (str_is(fn, "pod-resources-duration"))
        return check_pod(a, row);
    if (str_is(fn, "any-string"))
        return str_eq(any_string(a, json_get(row, STR("in"))), json_get_str(row, STR("out")));
    if (str_is(fn, "resources-duration-string"))
        return str_eq(resource_duration_print(a, durations), json_get_str(row, STR("out")));
    sum = resource_duration_add(a, durations, json_get(row, STR("more")));
    return str_is(fn, "resources-duration-add") && json_equal(&sum, json_get(row, STR("out")));
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("lang/quantity.jsonl", check_golden, 133);
    golden_run("lang/quantity-random.jsonl", check_golden, 425);
}

static void test_more(void **state)
{
    static const struct {
        const char *in, *out;
        enum err_kind kind;
    } cases[] = {
        {"1000E", "1", ERR_NONE}, /* upstream knows no suffix for it */
        {"1000e18", "1e21", ERR_NONE},
        {"10000000000000000000000000m", "10", ERR_NONE},
        {"0.0000000001", "1n", ERR_NONE},
        {"0.0000000000Ki", "0", ERR_NONE},
        {"1e-999", "1e-9", ERR_NONE},
        {"8Ki", "8Ki", ERR_NONE},
        {"1025", "1025", ERR_NONE},
        {"1025Mi", "1025Mi", ERR_NONE},
        {"0.5Ki", "512", ERR_NONE},
        {"0.0001Ki", "102400u", ERR_NONE},
        {"-1024Ki", "-1Mi", ERR_NONE},
        {"00012", "00012", ERR_NONE},
        {"+-1", NULL, ERR_INVALID},
        {"1e99", NULL, ERR_LIMIT},
        {"1e-1001", NULL, ERR_LIMIT},
        {"99999999999999999999999999999999999999999", NULL, ERR_LIMIT},
        {"1e30", NULL, ERR_LIMIT},
        {"1m\n", NULL, ERR_INVALID},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct quantity q;
        struct err err = {0};
        int result = quantity_parse(str_from(cases[i].in), &q, &err);

        if (cases[i].out ? result < 0 || !str_is(quantity_print(a, &q), cases[i].out)
                         : result == 0 || err.kind != cases[i].kind)
            fail_msg("case %zu: %s: %s", i, cases[i].in,
                     result < 0 ? err.text : quantity_print(a, &q).ptr);
    }
}

/* What is printed reads back as the same value. */
static void test_round_trip(void **state)
{
    static const char *const suffixes[] = {"",  "m",  "u",  "n",  "k",  "M",
                                           "G", "Ki", "Mi", "Gi", "e3", "e-3"};
    _cleanup_arena_ struct arena *a = arena_new();
    uint64_t seed = 99;

    (void) state;
    for (size_t i = 0; i < 20000; i++) {
        struct quantity q, back;
        struct str text, printed;
        struct err err = {0};

        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        text = str_printf(a, "%s%llu.%03u%s", seed & 1 ? "-" : "",
                          (unsigned long long) (seed >> 36), (unsigned) (seed >> 20) % 1000,
                          suffixes[(seed >> 8) % COUNT_OF(suffixes)]);
        if (quantity_parse(text, &q, &err) < 0)
            fail_msg(STR_FMT ": %s", STR_ARG(text), err.text);
        printed = quantity_print(a, &q);
        if (quantity_parse(printed, &back, &err) < 0 || quantity_cmp(&q, &back) != 0)
            fail_msg(STR_FMT " printed as " STR_FMT, STR_ARG(text), STR_ARG(printed));
        arena_reset(a);
    }
}

static void test_sum_limit(void **state)
{
    struct quantity q, p;
    struct err err;

    (void) state;
    assert_int_equal(quantity_parse(STR("99999999999999999999999999999"), &q, &err), 0);
    p = q;
    assert_int_equal(quantity_add(&p, &q, 1, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(quantity_cmp(&p, &q), 0);
}

static void test_any_string(void **state)
{
    static const char *const cases[][2] = {
        {"-0", "-0"},
        {"9007199254740993", "9007199254740992"},
        {"-1.25e-3", "-0.00125"},
        {"123456789.125", "123456789.125"},
        {"1e400", ""},
        {"false", "false"},
        {"1.7976931348623157e308", NULL},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    assert_true(str_is_none(any_string(a, NULL)));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json v;
        struct err err;
        struct str text;

        assert_int_equal(json_parse(a, str_from(cases[i][0]), &v, &err), 0);
        text = any_string(a, &v);
        if (cases[i][1] ? !str_is(text, cases[i][1]) : text.len != 309)
            fail_msg("case %zu: %s: got " STR_FMT, i, cases[i][0], STR_ARG(text));
    }
}

static void test_bad_pod(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json pod, made;
    struct err err;

    (void) state;
    assert_int_equal(
        json_parse(a,
                   STR("{\"spec\":{\"containers\":[{\"name\":\"main\",\"resources\":"
                       "{\"limits\":{\"cpu\":\"much\"}}}]}}"),
                   &pod, &err),
        0);
    assert_int_equal(resource_duration_of_pod(a, &pod, &made, &err), -1);
    assert_true(
        str_starts(str_from(err.text), STR("container main: resource cpu: quantities must")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),     cmocka_unit_test(test_more),
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_sum_limit),
        cmocka_unit_test(test_any_string), cmocka_unit_test(test_bad_pod),
    };

    return cmocka_run_group_tests_name("quantity", tests, NULL, NULL);
}
