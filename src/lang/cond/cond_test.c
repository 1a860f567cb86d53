/*
 * Conditions: golden vectors of the original, random ones that it answered, what both lack,
 * limits.
 */
#include "base/limits.h"
#include "base/random.h"
#include "lang/cond/cond_internal.h"
#include "tests/support/expr_names.h"
#include "tests/support/golden.h"

/* The condition as steps and tasks have it: names that begin with either must resolve. */
static int substitute(struct arena *a, const struct json *row, struct str *when,
                      struct err *err)
{
    static const struct str strict[] = {STR_INIT("steps"), STR_INIT("tasks")};
    struct subst_options opts = expr_names(a, json_get(row, STR("replace")));
    struct json doc = json_string(*when);

    opts.unresolved = SUBST_REFUSE_SOME;
    opts.prefixes = strict;
    opts.prefix_count = COUNT_OF(strict);
    if (subst_json(a, &doc, &opts, &doc, err) < 0)
        return -1;
    *when = json_str(&doc);
    return 0;
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str when = json_get_str(row, STR("when")), want = json_get_str(row, STR("err"));
    struct err err;
    bool is_met, is_later;

    if (json_get(row, STR("mode")))
        return -1;
    if (json_get(row, STR("replace")) && substitute(a, row, &when, &err) < 0) {
        is_later = json_get_bool(row, STR("requeue"));
        if (!str_is(want, err.text))
            print_error("got:  %s\n", err.text);
        return golden_fails(row) && str_is(want, err.text) &&
               subst_is_missing(&err) == is_later;
    }
    if (cond_eval(a, when, &is_met, &err) == 0)
        return !golden_fails(row) && is_met == json_get_bool(row, STR("out"));
    if (str_starts(want, STR("panic:")))
        return err.kind == ERR_INVALID && err.text[0];
    if (!str_is(want, err.text))
        print_error("got:  %s\n", err.text);
    return golden_fails(row) && str_is(want, err.text);
}

static void test_golden(void **state _unused_)
{
    golden_run("lang/when.jsonl", check_golden, 204);
}

/* Operators, quotes, dates, patterns and signs put together at random. */
static void test_golden_random(void **state _unused_)
{
    golden_run("lang/when-random.jsonl", check_golden, 900);
}

/* What govaluate says, worked out from its rules by hand. */
static void test_oddities(void **state _unused_)
{
    static const struct {
        const char *text, *want; /* "true", "false" or the message */
    } cases[] = {
        {"", "true"},
        {"(true) false", "true"}, /* the rest is not looked at */
        {"10 - 3 - 2 == 5", "true"},
        {"100 / 5 / 2 == 10", "true"},
        {"2 ** 3 ** 2 == 64", "true"},
        {"1 - 2 + 3 - 4 + 5 == 3", "true"},
        {"(((1))) + 1 == 2", "true"},
        {"-2 ** 2 == 4", "true"},
        {"1 + 2 * 3 == 7", "true"},
        {"(1 + 2) * 3 == 9", "true"},
        {"-1 << 1 == 36893488147419103230", "false"},
        {"1 << 64 == 0", "true"},
        {"8 >> 2 == 2", "true"},
        {"7 & 3 | 8 == 11", "true"}, /* from the left */
        {"true ? false : true", "false"},
        {"false ? true : (1 == 1)", "true"},
        {"\"a\" =~ (\"a\")", "true"},
        {"a =~ ('[')",
         "Failed to evaluate 'when' expresion 'a =~ ('[')': Unable to compile regexp "
         "pattern '[': error parsing regexp: missing closing ]: `[`"},
        {"a =~ 'a' ? true : false",
         "Failed to parse 'when' expression 'a =~ 'a' ? true : false': Cannot "
         "transition token types from PATTERN [a] to TERNARY [?]"},
        {"(1, 2) == (1, 2)", "true"},
        {"(1, 2) == (1, 3)", "false"},
        {"1 in (3, 2, 1) && 4 in (1, 4)", "true"},
        {"'2024-01-01' 5",
         "Invalid 'when' expression ''2024-01-01' 5': Cannot transition token types from "
         "TIME [2024-01-01 00:00:00 +0000 UTC] to NUMERIC [5]"},
        {"( == 1)", "Invalid 'when' expression '( == 1)': Cannot transition token types from "
                    "CLAUSE [40] to "
                    "COMPARATOR [==]"},
        {"a.B 1", "Invalid 'when' expression 'a.B 1': Cannot transition token types from "
                  "ACCESSOR [[a B]] to "
                  "NUMERIC [1]"},
        {"a. == 1", "Invalid 'when' expression 'a. == 1': Hanging accessor on token 'a.'"},
        {"[a", "Invalid 'when' expression '[a': Unclosed parameter bracket"},
        {"0xZ == 1",
         "Invalid 'when' expression '0xZ == 1': Unable to parse hex value '' to uint64\n"},
        {"1.2.3 == 1",
         "Invalid 'when' expression '1.2.3 == 1': Unable to parse numeric value '1.2.3' to "
         "float64\n"},
        {"a ? , b", "Invalid 'when' expression 'a ? , b': Unable to plan token kind: "
                    "'SEPARATOR', value: ','"},
        {"1 ? 2 : 3",
         "Failed to evaluate 'when' expresion '1 ? 2 : 3': Value '1' cannot be used with the "
         "ternary operator '?', it is not a bool"},
        {"-a == 1", "Failed to parse 'when' expression '-a == 1': Cannot transition token "
                    "types from PREFIX "
                    "[-] to STRING [a]"},
        {"a == \\",
         "Invalid 'when' expression 'a == \\': Unexpected end of expression behind '\\'"},
        {"0x\\g == 1",
         "Invalid 'when' expression '0x\\g == 1': Unable to parse hex value 'g' to uint64\n"},
        {"0xffffffffffffffff1 == 1", "Invalid 'when' expression '0xffffffffffffffff1 == 1': "
                                     "Unable to parse hex value 'ffffffffffffffff1' to "
                                     "uint64\n"},
        {"0xFf == 255", "true"},
        {"1\\e3 == 1000", "true"}, /* a backslash takes any character into a number */
        {"(1, 2) in ((1, 2), (1, 2))",
         "Failed to evaluate 'when' expresion '(1, 2) in ((1, 2), (1, 2))': a list cannot be "
         "looked for 'in' a list"},
        {"'Invalid token' 1",
         "Invalid 'when' expression ''Invalid token' 1': Cannot transition token types from "
         "STRING [Invalid token] to NUMERIC [1] (hint: try wrapping the affected expression in "
         "quotes (\"))"},
        {"1.1 ** 35 + x == 28.10243684806432x", "Invalid 'when' expression '1.1 ** 35 + x == "
                                                "28.10243684806432x': Cannot transition token "
                                                "types from NUMERIC [28.10243684806432] to "
                                                "VARIABLE [x]"},
        {"1.1 ** 35 + x == '28.10243684806432x'", "true"}, /* Go's last digit */
        {"(1, true, x, (2)) + y == '[1 true x 2]y'", "true"},
        {"(false ? 1) + x == '<nil>x'", "true"},
        {"1000000 + x == '1e+06x'", "true"},
        {"'2024-01-01' + x == '1.7040672e+09x'", "true"},
        {"'2024-01-01T00:00:00Z' == 1704067200", "true"},
        {"'2024-01-01 "
         "00:00:00.00000000000000000000000000000000000000000000000000000000000000000"
         "00000000000000000' == 1704067200",
         "true"},
        {"0 - 5 >> 1 == 9223372036854775805", "true"}, /* shifts are unsigned */
        {"1 / 0 > 1000", "true"},
        {"0 / 0 == 0 / 0", "false"},
        {"foo =~ '^f(o+)$' && !(foo !~ o)", "true"},
        {"'\xc3\xa9' =~ '^.$'", "true"},
        {"a.B(1)", "Failed to evaluate 'when' expresion 'a.B(1)': No parameter 'a' found."},
        {"a.b", "Invalid 'when' expression 'a.b': Unable to access unexported field 'b' in "
                "token 'a.b'"},
        {"true && false || true", "true"},
        {"false && (1 + a.B)", "false"}, /* not looked at */
        {"true || 1", "true"},
        {"false || 1", "Failed to evaluate 'when' expresion 'false || 1': Value '1' cannot be "
                       "used with the logical operator '||', it is not a bool"},
        {"   ", "Invalid 'when' expression '   ': Unexpected end of expression"},
        {"()", "Expected boolean evaluation for '()'. Got <nil>"},
        {"\xff == 1",
         "Invalid 'when' expression '\xff == 1': Invalid token: '\xef\xbf\xbd' (hint: try "
         "wrapping the affected expression in quotes (\"))"},
        {"\xc3\xa9t\xc3\xa9 == \"\xc3\xa9t\xc3\xa9\"", "true"},
        {"a\xc2\xa0== a", "true"}, /* a space that does not break */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct err err;
        bool is_met = false;
        const char *got = cond_eval(a, str_from(cases[i].text), &is_met, &err) < 0 ? err.text
                          : is_met                                                 ? "true"
                                                                                   : "false";

        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s\n  want %s\n  got  %s", cases[i].text, cases[i].want, got);
    }
}

/* Expressions over names, as a sensor's filters have them. */
static void test_names(void **state _unused_)
{
    static const struct {
        const char *text, *want; /* "true", "false" or the message */
    } cases[] = {
        {"", "Unexpected end of expression"},
        {"n == 5 && t == 'x'", "true"},
        {"n == 6", "false"},
        {"n", "false"}, /* no boolean */
        {"b", "true"},
        {"[odd name] == 'y'", "true"},
        {"x == 1", "No parameter 'x' found."},
        {"x.Y", "No parameter 'x' found."},
        {"o.Y", "Unable to access 'Y', 'o' is not a struct"},
        {"null == null2", "No parameter 'null2' found."},
        {"(none ?? 7) == 7", "true"},
        {"2 in l", "true"},
        {"3 in l", "false"},
        {"3 in none_l", "false"},
        {"(none_l, 1) == (none_l, 1)", "true"},
        {"(l, 3) == (l, 3)", "true"},
        {"l == l && o == o", "true"},
        {"o in (o, 1)", "an object cannot be looked for 'in' a list"},
        {"l in (l, 1)", "false"}, /* a list that goes on: its elements are 1, x, 2 and 1 */
        {"o + '' == 'map[a:1 b:[true <nil>]]'", "true"},
        {"t =~ pattern", "true"},
        {"twice == 2", "true"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct json values;
    struct cond_name at[16];
    struct cond_names names = {at, 0};
    struct err err;

    assert_int_equal(
        json_parse(a,
                   STR("{\"n\":5,\"t\":\"x\",\"b\":true,\"odd name\":\"y\",\"none\":null,"
                       "\"null\":null,\"l\":[1,\"x\",2],\"none_l\":[],"
                       "\"o\":{\"b\":[true,null],\"a\":1},\"pattern\":\"^[x-z]$\",\"two\":2}"),
                   &values, &err),
        0);
    for (uint32_t i = 0; i < values.count; i++)
        at[names.len++] = (struct cond_name){values.members[i].key, &values.members[i].value};
    at[names.len++] = (struct cond_name){STR("twice"), json_get(&values, STR("n"))};
    at[names.len++] = (struct cond_name){STR("twice"), json_get(&values, STR("two"))};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool is_true = false;
        const char *got =
            cond_eval_names(a, str_from(cases[i].text), &names, &is_true, &err) < 0 ? err.text
            : is_true                                                               ? "true"
                                                                                    : "false";

        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s\n  want %s\n  got  %s", cases[i].text, cases[i].want, got);
    }
}

/* Words are names that nothing stands for. */
static void test_plain(void **state _unused_)
{
    static const struct {
        const char *text, *want; /* "true", "false" or the message */
    } cases[] = {
        {"", "true"},
        {"1 < 2", "true"},
        {"'a' == 'b'", "false"},
        {"1 + 1", "Expected boolean evaluation for '1 + 1'. Got 2"},
        {"'c'", "Expected boolean evaluation for ''c''. Got c"},
        {"c == c", "No parameter 'c' found."},
        {"1 ==", "Unexpected end of expression"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct err err;
        bool is_met = false;
        const char *got = cond_eval_plain(a, str_from(cases[i].text), &is_met, &err) < 0
                              ? err.text
                          : is_met ? "true"
                                   : "false";

        assert_string_equal(got, cases[i].want);
    }
}

/* Read once, run with other values; the names as they stand there. */
static void test_program(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new(), *scratch = arena_new();
    const struct json yes = json_bool(true), no = json_bool(false);
    const struct cond_program *program;
    struct str name;
    struct err err;
    size_t at = 0;

    assert_int_equal(cond_compile(a, STR("a\\-b && !c || 'd' == [a\\-b]"), &program, &err), 0);
    for (int i = 0; i < 16; i++) {
        const struct cond_name given[] = {{STR("a-b"), i & 1 ? &yes : &no},
                                          {STR("c"), i & 2 ? &yes : &no}};
        const struct cond_names names = {given, COUNT_OF(given)}, fewer = {given, 1};
        bool is_true = false;

        arena_reset(scratch);
        assert_int_equal(cond_run_names(program, scratch, &names, &is_true, &err), 0);
        assert_int_equal(is_true, (i & 3) == 1);
        assert_int_equal(cond_run_names(program, scratch, &fewer, &is_true, &err), -(i & 1));
    }
    for (const char *const *want = (const char *[]){"a-b", "c", "a-b", NULL}; *want; want++)
        assert_true(cond_next_name(program, &at, &name) && str_is(name, *want));
    assert_false(cond_next_name(program, &at, &name));
    assert_int_equal(cond_compile(a, STR("a &&"), &program, &err), -1);
    assert_string_equal(err.text, "Unexpected end of expression");
}

static struct str repeated(struct arena *a, const char *piece, size_t count, const char *end)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(16 << 20);

    for (size_t i = 0; i < count; i++)
        strbuf_addz(&b, piece);
    strbuf_addz(&b, end);
    return str_copy(a, strbuf_str(&b));
}

static int eval(struct arena *a, struct str text, struct err *err)
{
    bool is_met = false;

    if (cond_eval(a, text, &is_met, err) < 0)
        return -1;
    return is_met;
}

static void test_limits(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str deep = repeated(a, "(", COND_DEPTH_MAX, "true");
    struct err err;

    assert_int_equal(eval(a, repeated(a, "1 + ", COND_TOKENS_MAX / 2 - 2, "1 > 0"), &err), 1);
    assert_int_equal(eval(a, repeated(a, "true && ", COND_TOKENS_MAX / 2 - 1, "true"), &err),
                     1);
    assert_int_equal(eval(a, repeated(a, "1 + ", COND_TOKENS_MAX / 2, "1"), &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    deep = str_concat(a, deep, repeated(a, ")", COND_DEPTH_MAX, ""));
    assert_int_equal(eval(a, deep, &err), 1);
    assert_int_equal(eval(a, str_printf(a, "(" STR_FMT ")", STR_ARG(deep)), &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_string_equal(err.text, "condition nests deeper than 200 parentheses");
    assert_int_equal(eval(a, repeated(a, "a.B (1) + ", COND_DEPTH_MAX, "1"), &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT); /* what follows a call is its argument */
    assert_int_equal(eval(a, repeated(a, "a.B + ", 2000, "1"), &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

/* Texts that grow with each operator: bounded. */
static void test_growth(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str piece = repeated(a, "x", 20000, "");
    struct str many =
        repeated(a, str_cz(a, str_printf(a, STR_FMT " + ", STR_ARG(piece))), 100, "a == b");
    struct err err;

    assert_int_equal(eval(a, many, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_string_equal(err.text, "condition makes more than 16777216 bytes of text");
}

/* Sums and comparisons of whole numbers, against C's own. */
static void test_random(void **state _unused_)
{
    struct random r = random_seed(23);

    for (size_t round = 0; round < 2000; round++) {
        _cleanup_arena_ struct arena *a = arena_new();
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);
        size_t count = 1 + random_below(&r, 8);
        int64_t sum = 0;
        struct err err;

        for (size_t i = 0; i < count; i++) {
            int64_t n = (int64_t) random_below(&r, 1000),
                    by = (int64_t) (1 + random_below(&r, 9));
            bool is_added = i == 0 || random_below(&r, 2) == 0;

            strbuf_addf(&b, "%s%lld * %lld",
                        i == 0     ? ""
                        : is_added ? " + "
                                   : " - ",
                        (long long) n, (long long) by);
            sum += is_added ? n * by : -n * by;
        }
        strbuf_addf(&b, " == %s%lld", sum < 0 ? "-" : "", llabs(sum));
        assert_int_equal(eval(a, str_printf(a, STR_FMT, STR_ARG(strbuf_str(&b))), &err), 1);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),   cmocka_unit_test(test_golden_random),
        cmocka_unit_test(test_oddities), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_growth),   cmocka_unit_test(test_random),
        cmocka_unit_test(test_names),    cmocka_unit_test(test_plain),
        cmocka_unit_test(test_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
