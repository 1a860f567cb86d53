/*
 * Properties of the formats over many seeded values: what is printed parses again and is the
 * same; sums and orders agree; the extremes of every number. Each failure names its seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/random.h"
#include "formats/base64.h"
#include "formats/duration.h"
#include "formats/gofloat.h"
#include "formats/gotime.h"
#include "formats/json.h"
#include "formats/quantity.h"
#include "formats/yaml.h"

enum { SEEDS = 3000, DEPTH = 5 };

/* Texts that YAML, JSON or Go's printers are known to treat in a special way. Not "<<":
 * upstream prints it plainly and so cannot read it again (golden formats/yaml-out.jsonl,
 * key-030). */
static const char *const odd_texts[] = {
    "",
    " ",
    "  lead",
    "trail ",
    "a: b",
    "- x",
    "#c",
    "a #c",
    "a#c",
    "null",
    "Null",
    "~",
    "true",
    "True",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "1",
    "01",
    "0x1F",
    "0o17",
    "1e3",
    "1_000",
    ".5",
    "5.",
    "+1",
    "-1",
    "-",
    "--",
    "---",
    "...",
    ".inf",
    "-.inf",
    ".nan",
    "0b11",
    "1:30",
    "12:30:45",
    "=",
    "!tag",
    "&a",
    "*a",
    "?",
    "? x",
    ":",
    ": x",
    "x:",
    "@x",
    "`x",
    "%x",
    "|",
    ">",
    ">-",
    "[a]",
    "{a}",
    "a, b",
    "]",
    "}",
    "'",
    "''",
    "\"",
    "it's",
    "\\",
    "\\n",
    "a\nb",
    "a\n",
    "\na",
    "\n",
    "\n\n",
    "a\n\n",
    "a\n b\n",
    "  a\nb\n",
    "\ta",
    "a\tb",
    "\t",
    "\r",
    "a\r\nb",
    "\x01",
    "\x7f",
    "\x1b[0m",
    "\xc2\x85",
    "\xe2\x80\xa8",
    "\xef\xbb\xbf",
    "\xc3\xa9",
    "\xf0\x9f\x98\x80",
    "2026-01-02",
    "2026-01-02T03:04:05Z",
    "{{x}}",
    "{{=x}}",
    "<b>&",
    "\xe2\x82\xac",
};

static struct str random_text(struct random *r, struct arena *a)
{
    size_t len;
    char *text;

    if (random_below(r, 3) > 0)
        return str_from(odd_texts[random_below(r, COUNT_OF(odd_texts))]);
    len = random_below(r, 120);
    text = arena_alloc(a, len + 1);
    for (size_t i = 0; i < len; i++)
        text[i] = " \n:#-'\"\\{}[],&*!|>%@`ab\t0."[random_below(r, 26)];
    return str_of(text, len);
}

static struct json random_number(struct random *r, struct arena *a)
{
    static const char *const texts[] = {"0",
                                        "-0",
                                        "1",
                                        "-1",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "18446744073709551615",
                                        "0.1",
                                        "1e21",
                                        "1E-7",
                                        "1.7976931348623157e308",
                                        "5e-324",
                                        "123456789012345678901234567890"};

    if (random_below(r, 2))
        return json_number_text(str_from(texts[random_below(r, COUNT_OF(texts))]));
    return json_int(a, (int64_t) random_u64(r) >> random_below(r, 64));
}

static struct json random_value(struct random *r, struct arena *a, int depth)
{
    switch (random_below(r, depth > 0 ? 7 : 5)) {
    case 0:
        return json_null();
    case 1:
        return json_bool(random_below(r, 2) == 1);
    case 2:
        return random_number(r, a);
    case 3:
    case 4:
        return json_string(random_text(r, a));
    case 5: {
        struct json_array_builder b = {0};

        for (size_t n = random_below(r, 4); n > 0; n--)
            json_push(a, &b, random_value(r, a, depth - 1));
        return json_array(&b);
    }
    default: {
        struct json made = json_object(&(struct json_object_builder){0});

        for (size_t n = random_below(r, 4); n > 0; n--)
            made = json_set(a, &made, random_text(r, a), random_value(r, a, depth - 1));
        return made;
    }
    }
}

static void test_json_round_trip(void **state)
{
    (void) state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct random r = random_seed(seed);
        struct json v = random_value(&r, a, DEPTH), back;
        struct str text = json_text(a, &v, JSON_COMPACT);
        struct err err;

        if (json_parse(a, text, &back, &err) < 0)
            fail_msg("seed %d: %s: " STR_FMT, (int) seed, err.text, STR_ARG(text));
        if (!json_equal(&v, &back) || !str_eq(text, json_text(a, &back, JSON_COMPACT)))
            fail_msg("seed %d: " STR_FMT, (int) seed, STR_ARG(text));
    }
}

static void test_yaml_round_trip(void **state)
{
    (void) state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        _cleanup_arena_ struct arena *a = arena_new();
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
        struct random r = random_seed(seed + 100000);
        struct json v = random_value(&r, a, DEPTH), back;
        struct err err;

        yaml_print(&b, &v);
        if (yaml_parse(a, strbuf_str(&b), &back, &err) < 0)
            fail_msg("seed %d: %s:\n" STR_FMT, (int) seed, err.text, STR_ARG(strbuf_str(&b)));
        if (!json_equal(&v, &back))
            fail_msg("seed %d: " STR_FMT "\n" STR_FMT "\n" STR_FMT, (int) seed,
                     STR_ARG(json_text(a, &v, JSON_COMPACT)),
                     STR_ARG(json_text(a, &back, JSON_COMPACT)), STR_ARG(strbuf_str(&b)));
    }
}

/* Every odd text as a value, as a key, in a list and below a list: one at a time, so that the
 * first that fails is named. */
static void test_yaml_odd_texts(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF(odd_texts); i++)
        for (int shape = 0; shape < 4; shape++) {
            _cleanup_arena_ struct arena *a = arena_new();
            _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
            struct json text = json_string(str_from(odd_texts[i])), v = text, back;
            struct json_array_builder list = {0};
            struct err err;

            if (shape == 1)
                v = json_set(a, NULL, text.count ? str_from(odd_texts[i]) : STR(""),
                             json_int(a, 1));
            if (shape >= 2) {
                json_push(a, &list, shape == 3 ? json_set(a, NULL, STR("k"), text) : text);
                v = json_array(&list);
            }
            yaml_print(&b, &v);
            if (yaml_parse(a, strbuf_str(&b), &back, &err) < 0)
                fail_msg("text %zu shape %d: %s:\n" STR_FMT, i, shape, err.text,
                         STR_ARG(strbuf_str(&b)));
            if (!json_equal(&v, &back))
                fail_msg("text %zu shape %d:\n" STR_FMT, i, shape, STR_ARG(strbuf_str(&b)));
        }
}

static void test_duration_round_trip(void **state)
{
    static const int64_t edges[] = {0,
                                    1,
                                    -1,
                                    999,
                                    1000,
                                    999999,
                                    1000000,
                                    999999999,
                                    1000000000,
                                    59999999999,
                                    60000000000,
                                    3599999999999,
                                    INT64_MAX,
                                    INT64_MAX - 1,
                                    INT64_MIN + 1,
                                    INT64_MIN};

    (void) state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct random r = random_seed(seed);
        int64_t ns = seed < COUNT_OF(edges) ? edges[seed]
                                            : (int64_t) random_u64(&r) >> random_below(&r, 63);
        struct str text = duration_print(a, ns);
        int64_t back = 0;
        struct err err;

        if (duration_parse(text, &back, &err) < 0 || back != ns)
            fail_msg("%lld: " STR_FMT " %s", (long long) ns, STR_ARG(text), err.text);
    }
}

static void test_duration_extremes(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
        int64_t ns;
    } cases[] = {
        {"9223372036854775807ns", true, INT64_MAX},
        {"9223372036854775808ns", false, 0},
        {"-9223372036854775808ns", true, INT64_MIN},
        {"-9223372036854775809ns", false, 0},
        {"2562047h47m16.854775807s", true, INT64_MAX},
        {"2562047h47m16.854775808s", false, 0},
        {"2562048h", false, 0},
        {"0.000000000000000000001h", true, 0},
        {"1.0000000000000000000000000000001h", true, 3600000000000},
        {"99999999999999999999999999999999999999h", false, 0},
        {"0", true, 0},
        {"+0", true, 0},
        {"-0", true, 0},
        {"", false, 0},
        {"-", false, 0},
        {".s", false, 0},
        {"1", false, 0},
        {"1d", false, 0},
        {"1S", false, 0},
        {"1s ", false, 0},
        {" 1s", false, 0},
        {"1s-1s", false, 0},
        {"1h1h", true, 7200000000000},
        {"1\xc2\xb5s", true, 1000},
        {"1\xce\xbcs", true, 1000},
        {"1us", true, 1000},
        {"1.s", true, 1000000000},
        {".5s", true, 500000000},
        {"0x1s", false, 0},
        {"1e3s", false, 0},
        {"1_0s", false, 0},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t ns = 0;
        struct err err;
        bool is_good = duration_parse(str_from(cases[i].text), &ns, &err) == 0;

        if (is_good != cases[i].is_good || (is_good && ns != cases[i].ns))
            fail_msg("%s: %d %lld", cases[i].text, is_good, (long long) ns);
    }
}

/* A quantity is printed in its canonical form: that parses to the same and stays as it is. */
static void test_quantity_round_trip(void **state)
{
    static const char *const units[] = {"",   "n",   "u",  "m",  "k",  "M",   "G",  "T",
                                        "P",  "E",   "Ki", "Mi", "Gi", "Ti",  "Pi", "Ei",
                                        "e3", "E-3", "e0", "e9", "E9", "e18", "e-9"};

    (void) state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct random r = random_seed(seed);
        struct str text = str_printf(
            a, "%s%llu%s%s%s", random_below(&r, 4) ? "" : "-",
            (unsigned long long) (random_u64(&r) >> random_below(&r, 64)),
            random_below(&r, 2) ? "" : ".",
            random_below(&r, 2)
                ? ""
                : str_printf(a, "%llu", (unsigned long long) random_below(&r, 100000)).ptr,
            units[random_below(&r, COUNT_OF(units))]);
        struct quantity q, back;
        struct str printed;
        struct err err;

        if (quantity_parse(text, &q, &err) < 0)
            continue;
        printed = quantity_print(a, &q);
        if (quantity_parse(printed, &back, &err) < 0)
            fail_msg(STR_FMT ": " STR_FMT ": %s", STR_ARG(text), STR_ARG(printed), err.text);
        if (quantity_cmp(&q, &back) != 0 || !str_eq(printed, quantity_print(a, &back)))
            fail_msg(STR_FMT ": " STR_FMT ", then " STR_FMT, STR_ARG(text), STR_ARG(printed),
                     STR_ARG(quantity_print(a, &back)));
        assert_int_equal(quantity_sign(&q), quantity_sign(&back));
        assert_int_equal(quantity_is_zero(&q), quantity_sign(&q) == 0);
    }
}

/* Order is total and agrees with sign; adding and taking away again is nothing. */
static void test_quantity_order(void **state)
{
    static const char *const texts[] = {"-1E", "-1k", "-1", "-1m", "-1n", "0",   "1n", "1u",
                                        "1m",  "1",   "1k", "1Ki", "1M",  "1Mi", "1G", "1Gi",
                                        "1T",  "1Ti", "1P", "1Pi", "1E",  "1Ei", "7E"};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        for (size_t k = 0; k < COUNT_OF(texts); k++) {
            struct quantity left, right, sum;
            struct err err;
            int order;

            assert_int_equal(quantity_parse(str_from(texts[i]), &left, &err), 0);
            assert_int_equal(quantity_parse(str_from(texts[k]), &right, &err), 0);
            order = quantity_cmp(&left, &right);
            if ((order < 0) != (i < k) || (order > 0) != (i > k))
                fail_msg("%s and %s: %d", texts[i], texts[k], order);
            sum = left;
            assert_int_equal(quantity_add(&sum, &right, 1, &err), 0);
            assert_int_equal(quantity_add(&sum, &right, -1, &err), 0);
            assert_int_equal(quantity_cmp(&sum, &left), 0);
        }
}

static void test_base64_round_trip(void **state)
{
    (void) state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct random r = random_seed(seed);
        size_t len = random_below(&r, 70);
        char *bytes = arena_alloc(a, len + 1);
        struct str text, back;
        struct err err;

        for (size_t i = 0; i < len; i++)
            bytes[i] = (char) random_u64(&r);
        text = base64_encode(a, str_of(bytes, len));
        assert_int_equal(text.len, (len + 2) / 3 * 4);
        assert_int_equal(base64_decode(a, text, &back, &err), 0);
        assert_true(str_eq(back, str_of(bytes, len)));
        for (size_t cut = 1; cut < 4 && cut <= text.len && len % 3 == 0; cut++) {
            if (base64_decode(a, str_head(text, text.len - cut), &back, &err) < 0)
                continue;
            assert_true(str_eq(back, str_of(bytes, back.len))); /* lenient, never wrong */
            assert_true(back.len < len);
        }
    }
}

static void test_float_round_trip(void **state)
{
    (void) state;
    for (uint64_t seed = 0; seed < 10 * SEEDS; seed++) {
        union {
            uint64_t bits;
            double number;
        } from;
        struct random r = random_seed(seed);
        char text[GO_FLOAT_TEXT_SIZE];
        double back = 0;

        from.bits = random_u64(&r);
        if (from.number - from.number != 0) /* no NaN, no infinity */
            continue;
        go_float_text(from.number, text);
        assert_int_equal(go_float_parse(str_from(text), &back), GO_FLOAT_READ);
        if (memcmp(&back, &from.number, sizeof(back)) != 0)
            fail_msg("seed %d: %s", (int) seed, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_round_trip),   cmocka_unit_test(test_yaml_odd_texts),
        cmocka_unit_test(test_yaml_round_trip),   cmocka_unit_test(test_duration_round_trip),
        cmocka_unit_test(test_duration_extremes), cmocka_unit_test(test_quantity_round_trip),
        cmocka_unit_test(test_quantity_order),    cmocka_unit_test(test_base64_round_trip),
        cmocka_unit_test(test_float_round_trip),
    };

    return cmocka_run_group_tests_name("formats_property", tests, NULL, NULL);
}
