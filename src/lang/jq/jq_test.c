/* Tests of lang/jq: recorded answers, tables of cases, errors, budgets. */
#include "tests/support/golden.h"

#include "base/limits.h"
#include "lang/jq/jq.h"

static int run(struct arena *a, struct str source, const struct json *doc, size_t max,
               struct jq_outputs *ret, struct err *err)
{
    _cleanup_jq_ struct jq_program *p = jq_compile(source, err);

    return p ? jq_run(p, a, doc, max, ret, err) : -1;
}

static struct json as_array(const struct jq_outputs *out)
{
    return (struct json){
        .type = JSON_ARRAY, .pos = JSON_NO_POS, .count = (uint32_t) out->len, .items = out->at};
}

/* All outputs, and what jqFilter makes of them. */
static int check_filter(struct arena *a, const struct json *row)
{
    struct jq_outputs out = {};
    struct json got;
    struct err err;

    if (run(a, json_get_str(row, STR("filter")), json_get(row, STR("doc")), SIZE_MAX, &out,
            &err) < 0)
        return golden_fails(row) && err.text[0];
    got = as_array(&out);
    return !golden_fails(row) && json_equal(&got, json_get(row, STR("out"))) &&
           str_eq(jq_text(a, &out), json_get_str(row, STR("text")));
}

static void test_golden_filters(void **state _unused_)
{
    golden_run("lang/jq.jsonl", check_filter, 160);
}

/* The first output of a transformation, byte for byte, where it is an object. */
static int check_transform(struct arena *a, const struct json *row)
{
    struct str source = json_get_str(json_get(row, STR("transform")), STR("jq"));
    struct jq_outputs out = {};
    struct json data;
    struct err err;

    if (str_is_empty(source) ||
        json_parse(a, json_get_str(row, STR("data")), &data, &err) < 0 ||
        data.type != JSON_OBJECT)
        return -1;
    if (run(a, source, &data, 1, &out, &err) < 0 || out.len == 0 ||
        out.at[0].type != JSON_OBJECT)
        return golden_fails(row);
    return str_eq(json_text(a, &out.at[0], JSON_ESCAPE_HTML), json_get_str(row, STR("out")));
}

static void test_golden_transforms(void **state _unused_)
{
    golden_run("events/transform.jsonl", check_transform, 140);
}

/* Many more, as the original answered: a table of oddities and random programs. */
static int check_random(struct arena *a, const struct json *row)
{
    struct jq_outputs out = {};
    struct json got;
    struct err err;

    if (run(a, json_get_str(row, STR("filter")), json_get(row, STR("doc")), 200, &out, &err) <
        0)
        return golden_fails(row) && err.text[0];
    got = as_array(&out);
    return !golden_fails(row) && json_equal(&got, json_get(row, STR("out")));
}

static void test_golden_random(void **state _unused_)
{
    golden_run("lang/jq-random.jsonl", check_random, 1640);
}

static struct json parsed(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

/* Outputs as one line of JSON each; numbers keep what JSON values alone would not tell. */
static void test_texts(void **state _unused_)
{
    static const struct {
        const char *source, *doc, *want;
    } cases[] = {
        {".", "{\"b\":1,\"a\":2,\"b\":3}", "{\"a\":2,\"b\":3}"},
        {".", "1.0", "1"},
        {".a, .b", "{\"a\":\"x\",\"b\":[1]}", "x\n[1]"},
        {"100000000000000000000 + 1", "null", "100000000000000000001"},
        {"9223372036854775807 + 1", "null", "9223372036854775808"},
        {".", "9007199254740993", "9007199254740992"},
        {"\"9007199254740993\" | tonumber", "null", "9007199254740993"},
        {"1e1000 | tojson", "null", "1.7976931348623157e+308"},
        {"\"<&>\"", "null", "<&>"},
        {"[@xml?], try @xml catch .", "null", "[]\nformat not defined: @xml"},
        {"def f: @xml; 1", "null", "1"},
        {"[\"<&>\"]", "null", "[\"\\u003c\\u0026\\u003e\"]"},
        {"\"  x \"", "null", "x"},
        {"empty", "null", ""},
        {"-0", "null", "0"},
        {"builtins | . == sort, .[:2]", "null", "true\n[\"IN/1\",\"IN/2\"]"},
        {"builtins | length, (map(select(startswith(\"_\"))) | length), index(\"input/0\") > 0",
         "null", "215\n0\ntrue"},
        {"\"YWJ\", \"YQ=x\", \"YW\\nJj\" | @base64d", "null", "ab\na\nabc"},
        {"\"Y\", \"YW Jj\", \"-_\" | try @base64d catch .", "null",
         "@base64d cannot be applied to \"Y\": illegal base64 data at input byte 0\n"
         "@base64d cannot be applied to \"YW Jj\": illegal base64 data at input byte 2\n"
         "@base64d cannot be applied to \"-_\": illegal base64 data at input byte 0"},
        {"\"{\", \"nul\", \" \", \"1 2\", \"a\" | try fromjson catch .", "null",
         "fromjson cannot be applied to \"{\": unexpected EOF\n"
         "fromjson cannot be applied to \"nul\": unexpected EOF\n"
         "fromjson cannot be applied to \" \": EOF\n"
         "fromjson cannot be applied to: string (\"1 2\")\n"
         "fromjson cannot be applied to \"a\": invalid character 'a' looking for beginning of "
         "value"},
        {"try group_by(.a) catch .", "{}", "group_by([]) cannot be applied to: object ({})"},
        {"try sort catch .", "{}", "sort cannot be applied to: object ({})"},
        {"[.[] | . * 2]", "[1,2.5]", "[2,5]"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = parsed(a, cases[i].doc);
        struct jq_outputs out = {};
        struct err err = {};

        if (run(a, str_from(cases[i].source), &doc, SIZE_MAX, &out, &err) < 0)
            fail_msg("%zu: %s: %s", i, cases[i].source, err.text);
        if (!str_is(jq_text(a, &out), cases[i].want))
            fail_msg("%zu: %s: " STR_FMT, i, cases[i].source, STR_ARG(jq_text(a, &out)));
    }
}

/* Times as texts, both ways; each program is run on null. */
static void test_times(void **state _unused_)
{
    static const char *const cases[][2] = {
        {"\"2024-05-06\" | strptime(\"%Y-%m-%d\") | mktime", "1714953600"},
        {"\"2024-05-06T07:08:09+0200\" | strptime(\"%FT%T%z\") | mktime", "1714972089"},
        {"\"07:08 PM 2024-127\" | strptime(\"%I:%M %p %Y-%j\") | todate",
         "2024-05-06T19:08:00Z"},
        {"\"2024-W19-1\" | strptime(\"%G-W%V-%u\") | todate", "2024-05-06T00:00:00Z"},
        {"\"2024 19 mon\" | strptime(\"%Y %U %a\") | todate", "2024-05-13T00:00:00Z"},
        {"\"Mon May  6 07:08:09 2024\" | strptime(\"%c\") | todate", "2024-05-06T07:08:09Z"},
        {"\"-1\" | strptime(\"%s\") | todate", "1969-12-31T23:59:59Z"},
        {"\"9.25 2020\" | strptime(\"%S.%f %Y\")[5]", "9.25"},
        {"\"99 99\" | strptime(\"%y %C\")[0]", "9999"},
        {"\"+05:30:15\" | strptime(\"%::z\") | mktime", "-2209008615"},
        {"\"2024\" | strptime(\"%Y%n\")", NULL},
        {"\"2024-05-06 \" | try strptime(\"%F\") catch .",
         "strptime(\"%F\") cannot be applied to \"2024-05-06 \": failed to parse \"2024-05-06 "
         "\" "
         "with \"%F\": unparsed string \" \""},
        {"\"abc\" | try strptime(\"%Y\") catch .",
         "strptime(\"%Y\") cannot be applied to \"abc\": failed to parse \"abc\" with \"%Y\": "
         "cannot parse \"%Y\""},
        {"\"1\" | try strptime(\"%q\") catch .[-24:]", ": unexpected format \"%q\""},
        {"\"1\" | try strptime(\"%d%\") catch .[-12:]", "\": stray \"%\""},
        {"\"1x\" | try strptime(\"%d:\") catch .[-14:]", ": expected ':'"},
        {"\"12\" | try strptime(\"%V\") catch .[-35:]",
         "use \"%G\" to parse ISO year for \"%V\""},
        {"\"+1\" | try strptime(\"%:z\") catch .[-18:]", "cannot parse \"%:z\""},
        {"1714979289.5 | strftime(\"%^a %_H %05d %-m %s %f %L %:z %v\")",
         "MON  7 00006 5 1714979289 500000 %L +00:00  6-May-2024"},
        {"0 | strftime(\"%3N %E %:: %+ %#Z 100%\")",
         "%3N %E %:: Thu Jan  1 00:00:00 UTC 1970 utc 100%"},
        {"[null] | try strftime(\"%Y\") catch .",
         "strftime(\"%Y\") cannot be applied to [null]: expected an array of 8 numbers"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json null = json_null();
        struct jq_outputs out = {};
        struct err err = {};
        int rc = run(a, str_from(cases[i][0]), &null, SIZE_MAX, &out, &err);

        if ((rc < 0) != !cases[i][1] || (rc == 0 && !str_is(jq_text(a, &out), cases[i][1])))
            fail_msg("%s: " STR_FMT "%s", cases[i][0], STR_ARG(jq_text(a, &out)), err.text);
    }
}

static void test_errors(void **state _unused_)
{
    static const struct {
        const char *source, *want;
    } cases[] = {
        {"", "jq: missing query (try \".\") at line 1, column 1"},
        {"def f: 1;", "jq: missing query (try \".\") at line 1, column 10"},
        {".a |\n .b)", "jq: unexpected token \")\" at line 2, column 4"},
        {"{a", "jq: unexpected EOF at line 1, column 3"},
        {"{r::a}", "jq: unexpected token \"r::a\" at line 1, column 2"},
        {".a .b.5", "jq: unexpected token \".5\" at line 1, column 6"},
        {"1x", "jq: invalid token \"1x\" at line 1, column 1"},
        {"\"abc", "jq: unterminated string literal at line 1, column 1"},
        {"\"a\\qb\"",
         "jq: invalid escape sequence \"\\q\" in string literal at line 1, column 3"},
        {"foo(1)", "jq: function not defined: foo/1 at line 1, column 1"},
        {"1 | $x", "jq: variable not defined: $x at line 1, column 5"},
        {"break $x", "jq: label not defined: $x at line 1, column 7"},
        {"@xml", "jq: format not defined: @xml"},
        {"\"x\" | abs", "jq: abs cannot be applied to: string (\"x\")"},
        {"[] | isnan", "jq: isnan cannot be applied to: array ([])"},
        {"input", "jq: input(s)/0 is not allowed at line 1, column 1"},
        {".a", "jq: expected an object but got: number (5)"},
        {"error({a: 1})", "jq: {\"a\":1}"},
        {"error(\"boom\")", "jq: boom"},
        {"nan", "json: unsupported value: NaN"},
        {"[infinite]", "json: unsupported value: +Inf"},
        {"halt", "jq: halted"},
        {"\"abcdefghijklmnopqrstuvwxyz0123456789\" | .[]",
         "jq: cannot iterate over: string (\"abcdefghijklmnopqrstuvwx ...\")"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = parsed(a, "5");
        struct jq_outputs out = {};
        struct err err = {};

        if (run(a, str_from(cases[i].source), &doc, SIZE_MAX, &out, &err) == 0 ||
            err.kind != ERR_INVALID || strcmp(err.text, cases[i].want) != 0)
            fail_msg("%zu: %s: %s", i, cases[i].source, err.text);
    }
}

/* What never ends, or makes more and more, ends with an error that "try" does not catch. */
/* Two equal texts of 10 MB each. */
#define LONG \
    "(1000000 * \"123456789\\u0000\") as $x | (1000000 * \"123456789\\u0000\") as $y | "

static void test_budgets(void **state _unused_)
{
    static const char *const cases[] = {
        "def f: f; f",
        "def f: 1 + f; f",
        "def f: f, f; [f]",
        "[repeat(1)]",
        "last(repeat(1))",
        "[limit(1e12; repeat(\"x\"))]",
        "0 | until(false; . + 1)",
        "[range(1e12)]",
        "[.[]?, range(infinite)]",
        "\"x\" * 1000000000",
        "reduce range(1e6) as $i (\"x\"; . + .)",
        "reduce range(1e6) as $i ([1]; . + .)",
        "reduce range(1e6) as $i ({}; .[$i | tostring] = $i)",
        ".[100000000] = 1",
        "try (def f: f; f) catch 1",
        "(def f: f; f)?",
        "[limit(3; def f: f; try f catch 1, 2)]",
        "[[range(3000)] | combinations(3)]",
        "[range(2000)] | [., .] | transpose | [.[] as $x | .[] as $y | [$x, $y]]",
        "\"a\" * 100000 | [range(100000) as $i | .[$i:$i + 1]]",
        "\"a\" * 100000 | [match(\"\"; \"g\")]",
        "[range(100000)] | . - [range(100000) | . + 200000]",
        /* long texts and lists that are looked at again and again */
        LONG "[range(1e6) | $x == $y]",
        LONG "[range(1e6) | $x < $y]",
        LONG "[range(1e5) | $x, $y] | sort",
        LONG "[range(1e5) | $x, $y] | unique",
        LONG "[range(1e5) | $x, $y] | index($y)",
        LONG "[range(1e5) | $x, $y] | max",
        LONG "[range(1e6) | $x | ltrimstr($y)]",
        LONG "[range(1e6) | $x | endswith($y)]",
        LONG "{($x): 1} | [range(1e6) as $i | .[$y]]",
        LONG "[range(1e6) | {($x): 1} == {($y): 1}]",
        LONG "[range(1e6) | {($x): 1} + {($y): 1}]",
        LONG "[range(1e6) | $x | tonumber? // 0]",
        "[range(3e5)] as $x | [range(1e5) | $x == $x]",
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = parsed(a, "null");
        struct jq_outputs out = {};
        struct err err = {};

        if (run(a, str_from(cases[i]), &doc, SIZE_MAX, &out, &err) == 0 ||
            (err.kind != ERR_LIMIT && i != 9))
            fail_msg("%zu: %s: %s", i, cases[i], err.text);
    }
}

/* What is wrong with a long value is told by its beginning, at the cost of the beginning. */
static void test_previews(void **state _unused_)
{
    static const struct {
        const char *program, *text;
    } cases[] = {
        {LONG "$x - 1",
         "jq: cannot subtract: string (\"123456789\\u0000123456789 ...\") and number (1)"},
        {LONG "[range(100000)] | . - 1",
         "jq: cannot subtract: array ([0,1,2,3,4,5,6,7,8,9,10,1 ...]) and number (1)"},
        {"(\"1\" * 5000 | tonumber) | [.] - 1",
         "jq: cannot subtract: array ([111111111111111111111111 ...]) and number (1)"},
        {"(\"1\" * 5000 | tonumber) | . - \"\"",
         "jq: cannot subtract: number (11111111111111111111111111 ...) and string (\"\")"},
        {LONG "[range(20000) | try ($x - 1) catch 0] | length", NULL},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = parsed(a, "null");
        struct jq_outputs out = {};
        struct err err = {};
        int rc = run(a, str_from(cases[i].program), &doc, SIZE_MAX, &out, &err);

        if (cases[i].text)
            assert_string_equal(err.text, cases[i].text);
        else
            assert_int_equal(rc, 0);
    }
}

static struct str repeated(struct arena *a, const char *text, size_t count)
{
    size_t len = strlen(text);
    char *made = arena_alloc(a, len * count + 1);

    for (size_t i = 0; i < count; i++)
        memcpy(made + i * len, text, len);
    return str_of(made, len * count);
}

static void test_source_limits(void **state _unused_)
{
    static const struct {
        const char *piece;
        size_t count;
    } cases[] = {{" ", JQ_TEXT_MAX_BYTES + 1},
                 {"[", JQ_DEPTH_MAX + 1},
                 {"-", 60000},
                 {"1|", 30000},
                 {"1+", 30000},
                 {"1,", 30000},
                 {"if 1 then ", 6000},
                 {"def f: ", 9000},
                 {"\"\\(", 20000},
                 {"1 as $x|", 7000}};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str source = repeated(a, cases[i].piece, cases[i].count);
        struct err err = {};

        assert_null(jq_compile(source, &err));
        if (err.kind != ERR_LIMIT)
            fail_msg("%zu: %s", i, err.text);
    }
}

/* Only so many outputs are made as are wanted; a program is used again and again. */
static void test_maximum(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc = parsed(a, "{\"n\":4}");
    struct err err = {};
    _cleanup_jq_ struct jq_program *p = jq_compile(STR("repeat(.n)"), &err);
    struct jq_outputs out;

    assert_non_null(p);
    for (size_t max = 0; max < 5; max++) {
        assert_int_equal(jq_run(p, a, &doc, max, &out, &err), 0);
        assert_int_equal(out.len, max);
        for (size_t i = 0; i < max; i++)
            assert_true(str_is(json_number(&out.at[i]), "4"));
    }
    jq_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_filters), cmocka_unit_test(test_golden_transforms),
        cmocka_unit_test(test_golden_random),  cmocka_unit_test(test_texts),
        cmocka_unit_test(test_times),          cmocka_unit_test(test_errors),
        cmocka_unit_test(test_budgets),        cmocka_unit_test(test_previews),
        cmocka_unit_test(test_source_limits),  cmocka_unit_test(test_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
