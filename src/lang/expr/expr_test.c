/*
 * Expressions: golden vectors of expr-lang and sprig with Argo's environment, calls that are
 * refused, places of errors, missing names, limits.
 */
#include "base/limits.h"
#include "lang/expr/expr_internal.h"
#include "tests/support/expr_golden.h"

/* ---- golden vectors ---- */

static size_t texts_alike, texts_other; /* of errors; the text is information only */

static bool is_value_right(struct arena *a, const struct json *row, const struct value *v)
{
    struct str typed = json_get_str(row, STR("typed"));
    const struct json *want = json_get(row, STR("out"));
    struct json got;
    struct err err;
    bool has_json = !json_get(row, STR("noJSON"));

    if (!str_is(json_get_str(row, STR("type")), expr_golden_type(v))) {
        print_error("type is %s\n", expr_golden_type(v));
        return false;
    }
    if (typed.len > 0 && !str_eq(typed, expr_golden_show(a, v))) {
        print_error("got " STR_FMT "\n", STR_ARG(expr_golden_show(a, v)));
        return false;
    }
    if ((value_json(a, v, &got, &err) == 0) != has_json) {
        print_error("has %s JSON\n", has_json ? "no" : "");
        return false;
    }
    if (has_json && json_parse(a, json_text(a, &got, JSON_COMPACT), &got, &err) < 0)
        return false; /* bytes that are no UTF-8 are replaced */
    if (has_json && !json_equal(&got, want)) {
        print_error("got " STR_FMT "\n", STR_ARG(json_text(a, &got, JSON_COMPACT)));
        return false;
    }
    return true;
}

static int first_missing(void *ctx, struct str name, struct err *err)
{
    *(struct str *) ctx = name;
    return err_set(err, ERR_NOT_FOUND, "missing");
}

/* What "{{=expr}}" becomes: up to the first "}}", names must be there, nil is an error. */
static bool is_text_right(struct arena *a, const struct json *row, const struct expr_env *env)
{
    struct str tag = str_concat(a, json_get_str(row, STR("expr")), STR("}}")), rest, missing;
    const struct json *want = json_get(row, STR("text"));
    bool must_fail = json_get(row, STR("textErr")) != NULL, is_failed;
    size_t end = str_find(tag, STR("}}"));
    struct value v;
    struct json doc;
    struct err err;

    if (!want && !must_fail)
        return true;
    rest = str_skip(tag, end + 2);
    tag = str_head(tag, end);
    is_failed = expr_each_missing(a, tag, env, first_missing, &missing, &err) < 0 ||
                expr_eval(a, tag, env, &v, &err) < 0 || v.type == VALUE_NIL ||
                value_json(a, &v, &doc, &err) < 0;
    if (is_failed || must_fail) {
        if (is_failed != must_fail)
            print_error("as a tag: %s\n", is_failed ? err.text : "must fail");
        return is_failed == must_fail;
    }
    if (json_parse(a, json_text(a, &doc, JSON_COMPACT), &doc, &err) < 0)
        return false;
    if (doc.type != JSON_STRING)
        doc = json_string(json_text(a, &doc, JSON_COMPACT | JSON_ESCAPE_HTML | JSON_SORT_KEYS));
    return str_eq(str_concat(a, json_str(&doc), rest), json_str(want));
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str text = json_get_str(row, STR("expr")), want = json_get_str(row, STR("err"));
    struct value map = expr_golden_map(a, row), v;
    struct expr_env env = expr_golden_env(
        &map, str_is(json_get_str(row, STR("mode")), "plain") ? EXPR_PLAIN : EXPR_ARGO);
    struct err err = {};

    if (expr_eval(a, text, &env, &v, &err) < 0) {
        texts_alike += str_is(want, err.text);
        texts_other += !str_is(want, err.text);
        if (!golden_fails(row) || getenv("EXPR_TEXTS"))
            if (!str_is(want, err.text))
                print_error("want " STR_FMT "\n got %s\n", STR_ARG(want), err.text);
        return golden_fails(row) && err.kind == ERR_INVALID;
    }
    if (golden_fails(row)) {
        print_error("got " STR_FMT "\n", STR_ARG(expr_golden_show(a, &v)));
        return 0;
    }
    return is_value_right(a, row, &v) && is_text_right(a, row, &env);
}

static void test_golden(void **state _unused_)
{
    texts_alike = texts_other = 0;
    golden_run("lang/expr.jsonl", check_golden, 919);
    print_message("texts of errors: %zu as upstream's, %zu others\n", texts_alike, texts_other);
    assert_int_equal(texts_other, 0);
}

/* Random expressions, as the originals answered. */
static void test_golden_random(void **state _unused_)
{
    golden_run("lang/expr-random.jsonl", check_golden, 651);
    golden_run("lang/sprig-random.jsonl", check_golden, 500);
}

static void test_golden_sprig(void **state _unused_)
{
    golden_run("lang/sprig.jsonl", check_golden, 707);
}

/* ---- own tables ---- */

struct row {
    const char *text, *want; /* the value as show() prints it, or what the error begins with */
};

static void check_rows(const struct row *rows, size_t count, const struct expr_env *env)
{
    size_t wrong = 0;

    for (size_t i = 0; i < count; i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct value v;
        struct err err = {};
        struct str got, want = str_from(rows[i].want);

        if (expr_eval(a, str_from(rows[i].text), env, &v, &err) < 0)
            got = str_head(str_from(err.text), want.len);
        else
            got = expr_golden_show(a, &v);
        if (str_eq(got, want))
            continue;
        wrong++;
        print_error("%zu: %s\n  want %s\n  got  " STR_FMT "\n", i, rows[i].text, rows[i].want,
                    STR_ARG(err.text[0] ? str_from(err.text) : got));
    }
    assert_int_equal(wrong, 0);
}

/* What is no token counts when the parser comes to it; tabs are shown as blanks. */
static void test_bad_tokens(void **state _unused_)
{
    static const struct row rows[] = {
        {"1 & & 'a", "unexpected token Operator(\"&\") (1:3)"},
        {"1 + 'a", "literal not terminated (1:7)"},
        {"[1, @, ]]", "unrecognized character: U+0040 '@' (1:5)"},
        {"1 ] @", "unexpected token Bracket(\"]\") (1:3)"},
        {"{a: 1}.@", "unrecognized character: U+0040 '@' (1:8)"},
        {"1\t+\t", "unexpected token EOF (1:4)\n | 1 + \n | ...^"},
        {"\n", "unexpected token EOF"},
    };

    check_rows(rows, COUNT_OF(rows), &(const struct expr_env){0});
}

/* What the check takes for whole numbers or texts is compared as such; nil lists are nil. */
static void test_asserted_types(void **state _unused_)
{
    static const struct row rows[] = {
        {"mean(1, 2, 3) == 2", "interface conversion: interface {} is float64, not int (1:15)"},
        {"mean([1, 2, 3]) == 2", "true"},
        {"median(1.5, 2) == 1", "false"},
        {"find([1], # > 1) == 1", "interface conversion: interface {} is nil, not int (1:18)"},
        {"100 != findIndex([1], # > 1)",
         "interface conversion: interface {} is nil, not int (1:5)"},
        {"find(['a'], false) == 'b'",
         "interface conversion: interface {} is nil, not string (1:20)"},
        {"find([1], # > 1) == nil", "true"},
        {"find([1], # > 1) ?? 5", "5"},
        {"findIndex([5], # == 5) == 0", "true"},
        {"10 not in split('a', '')", "cannot use int as type string in array (1:8)"},
        {"'a' in split('a', '')", "true"},
        {"groupBy([1], #).a == nil", "true"},
        {"groupBy([1], #).a ?? 5", "5"},
        {"len(groupBy([1], #).a)", "0"},
        {"groupBy([1], #)[1]", "[1]"},
        {"groupBy([1], #)?.z", "null"},
        {"(10 != findIndex([], true)) || !false", "true"},
        {"(10 != findIndex([], true)) && (false && true)", "false"},
        {"string(fromPairs([['c', 1], ['b', 2]]))", "\"map[b:2 c:1]\""},
    };

    check_rows(rows, COUNT_OF(rows), &(const struct expr_env){0});
}

/* What is called and cannot be; of functions see invalid_test.c. */
static void test_bad_calls(void **state _unused_)
{
    static const struct row rows[] = {
        {"sprig.env('HOME')", "invalid operation: cannot call nil (1:7)"},
        {"x.s()", "invalid operation: cannot call non-function of type string (1:3)"},
        {"x.none()", "invalid operation: cannot call nil (1:3)"},
        {"y()", "string is not callable (1:1)"},
        {"date('2024-01-01').Nope()", "type time.Time has no method Nope (1:20)"},
        {"duration('1s').Nope()", "type time.Duration has no method Nope (1:16)"},
        {"date('2024-01-01').Clock()", "func Clock returns more then two values (1:20)"},
        {"date('2024-01-01').Format(1)",
         "cannot use int as argument (type string) to call Format  (1:27)"},
        {"date('2024-01-01').AddDate(1)", "not enough arguments to call AddDate (1:20)"},
        {"date('2024-01-01').AddDate(1, 'a', 2)",
         "cannot use string as argument (type int) to call AddDate  (1:31)"},
        {"sprig.toDate('2006', '2024').Nope()", "cannot fetch Nope from time.Time (1:30)"},
        {"sprig.toDate('2006', '2024').Format()",
         "invalid number of arguments: expected 1, got 0 (1:30)"},
        {"sprig.toDate('2006', '2024').Format(1)",
         "reflect: Call using int as type string (1:30)"},
        {"sprig.toDate('2006', '2024').In(nil)",
         "time: missing Location in call to Time.In (1:30)"},
        {"sprig.semver('1.2.3').Nope()", "cannot fetch Nope from *semver.Version (1:23)"},
        {"sprig.semver('1.2.3').Compare(1)",
         "reflect: Call using int as type *semver.Version (1:23)"},
        {"sprig.toDate('2006', '2024').Format(nil)", "\"\""},
        {"date('2024-12-31').ISOWeek()", "2025"},
        {"date('2021-01-03').ISOWeek()", "2020"},
        {"date('2024-12-31').Zone()", "\"UTC\""},
        {"date('2024-05-02').Month() == 5",
         "invalid operation: == (mismatched types time.Month and int) (1:28)"},
        {"x.n == date('2024-01-02').Month()", "false"},
        {"date('2024-05-02').Month() == date('2023-05-03').Month()", "true"},
        {"date('2024-05-02').Month() % 2",
         "invalid operation: % (mismatched types time.Month and int) (1:28)"},
        {"sprig.add(1, date('2024-05-02').Month())", "6"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc;
    struct err err;
    struct value map;
    struct expr_env env;

    assert_int_equal(json_parse(a,
                                STR("{\"x\":{\"n\":1,\"s\":\"a\",\"list\":[1,2],\"none\":null,"
                                    "\"mixed\":[1,\"a\"]},\"y\":\"b\"}"),
                                &doc, &err),
                     0);
    map = value_of_json(a, &doc);
    env = expr_golden_env(&map, EXPR_ARGO);
    check_rows(rows, COUNT_OF(rows), &env);
}

/* What the vectors lack. */
static void test_oddities(void **state _unused_)
{
    static const struct row rows[] = {
        {"x?.[0]", "cannot use int to get an element from map[string]interface {} (1:5)"},
        {"x.none?.a.b.c", "null"},
        {"x.none?.a()", "null"},
        {"(x.none?.a).b", "null"},
        {"x.list[-1]", "2.0"},
        {"x.list[1.7]", "2.0"},
        {"x.s[0]", "97"},
        {"x.list[x.n:]", "[2.0]"},
        {"x['n'] in x.list", "true"},
        {"'n' not in x", "false"},
        {"map(x.list, #index)", "[0,1]"},
        {"map(x.list, {let k = #; map(x.list, # * k)})", "[[1.0,2.0],[2.0,4.0]]"},
        {"#acc", "unexpected token Operator(\"#\") (1:1)"},
        {"map(x.list, #foo)", "unknown pointer #foo (1:13)"},
        {"not x.t", "false"},
        {"x.t and !x.t or x.t", "true"},
        {"-x.n ** 2.0", "-1.0"},
        {"\"\\u{1F600}\\u00e9\\x41\\101\"", "\"\xf0\x9f\x98\x80\xc3\xa9"
                                            "AA\""},
        {"'\\u{}'", "invalid char escape (1:3)"},
        {"1 in 1..3 ? 'a' : 'b'", "\"a\""},
        {"a ?? 1", "unknown name a (1:1)"},
        {"upper(nope)", "unknown name nope (1:7)"},
        {"sprig.upper(nope) + sprig.default('d', nope) + sprig.trunc(2, x.s)", "\"da\""},
        {"sprig.empty(nope) and len(map(x.list, sprig.add(1, nope2))) == 2", "true"},
        {"sprig.trim(nope.y)", "cannot fetch y from <nil> (1:17)"},
        {"sprig.trim(1 + 'a')", "invalid operation: int + string (1:14)"},
        {"x.none ?? x.nope ?? 3", "3"},
        {"x\n  .n\n  .m", "cannot fetch m from float64 (3:4)\n |   .m\n | ...^"},
        {"1_000 + 0b11", "1003"},
        {"x\xc2\x85.\xe2\x80\xa8n\v+\f1\xc2\xa0", "2.0"}, /* all blanks of Unicode */
        {"x \xe2\x80\x8b", "unrecognized character: U+200B (1:3)"},
        {"x\xcc\x81", "unrecognized character: U+0301 '\xcc\x81' (1:2)"},
        {"\xe2\x85\xb7", "unrecognized character: U+2177 '\xe2\x85\xb7' (1:1)"},
        {"1\xc3\xa9", "bad number syntax: \"1\xc3\xa9\" (1:2)"},
        {"\xd9\xa3\xc3\xa9", "unknown name \xd9\xa3\xc3\xa9 (1:1)"},
        {"map([1], #\xc3\xa9)", "unknown pointer #\xc3\xa9 (1:10)"},
        {"::len('ab')", "2"},
        {"{(x.s): 1, x: 2}", "{\"a\":1,\"x\":2}"},
        {"{(x.n): 1}", "interface conversion: interface {} is float64, not string (1:5)"},
        {"x.s matches x.s + '('", "error parsing regexp: missing closing ): `a(` (1:5)"},
        {"nil in {}", "cannot use unknown as type string in map key (1:5)"},
        {"[1, nil] == [1, nil]", "true"},
        {"{a: [1]} == {a: [1.0]}", "true"},
        {"0 / 0 >= 1", "false"},
        {"x.n % 0", "invalid operation: float64 % int (1:5)"},
        {"asInt('7') % asInt('0')", "runtime error: integer divide by zero (1:12)"},
        {"9223372036854775807 % -1", "0"},
        {"replace('abc', '', '-')", "\"-a-b-c-\""},
        {"splitAfter('a,b', '')", "[\"a\",\",\",\"b\"]"},
        {"split('a,b', ',', 0)", "[]"},
        {"date('2024-03-31').AddDate(0, -1, 0)", "time(2024-03-02T00:00:00Z)"},
        {"date('2024-01-01T00:00:00Z') + duration('-1ns')",
         "time(2023-12-31T23:59:59.999999999Z)"},
        {"duration('90s').Round(duration('1m'))", "duration(2m0s)"},
        {"now()", "time(2024-05-18T02:40:00Z)"},
        {"sortBy(['bb', 'a', 'cc'], len(#), 'desc')", "[\"bb\",\"cc\",\"a\"]"},
        {"groupBy([1, 2, 1.0], #)[1]", "[1,1.0]"},
        {"jsonpath('{\"a\":[{\"b\":1},{\"b\":2}]}', '$.a[?(@.b<2)].b')", "[1.0]"},
        {"jsonpath('{\"a\":1,\"b\":{\"a\":2}}', '$..a')", "[1.0,2.0]"},
        {"jsonpath('[1,2,3]', '$[0,-1]')", "[1.0,3.0]"},
        {"jsonpath('[1,7]', '$[(@.length-1)]')", "7.0"},
        {"jsonpath('[1,7]', '$.length')", "2"},
        {"jsonpath('[1,7]', '$.length') == 2", "true"},
        {"jsonpath('[1,2,3]', '$[::0]')", "range: invalid token out of range (1:1)"},
        {"upper('\xc3\xa9\xd1\x8f') + lower('\xd0\x81')", "\"\xc3\x89\xd0\xaf\xd1\x91\""},
        {"$env['x'].s", "\"a\""},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc;
    struct err err;
    struct value map;
    struct expr_env env;

    assert_int_equal(json_parse(a,
                                STR("{\"x\":{\"n\":1,\"s\":\"a\",\"list\":[1,2],\"none\":null,"
                                    "\"t\":true}}"),
                                &doc, &err),
                     0);
    map = value_of_json(a, &doc);
    env = expr_golden_env(&map, EXPR_ARGO);
    check_rows(rows, COUNT_OF(rows), &env);
}

/* A program runs many times, each time with the values of then. */
static void test_program(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct value_pair pair = {value_string(STR("n")), value_int(1)};
    struct value map = value_map(a, &pair, 1), v;
    struct expr_env env = expr_golden_env(&map, EXPR_PLAIN);
    const struct expr_program *program = NULL;
    struct err err;
    bool is_met = false;

    assert_int_equal(expr_compile(a, STR("n * 2 + 1"), &env, &program, &err), 0);
    for (int64_t n = 0; n < 5; n++) {
        pair.value = value_int(n);
        assert_int_equal(expr_run(program, a, &env, &v, &err), 0);
        assert_int_equal(v.number, 2 * n + 1);
    }
    assert_int_equal(expr_eval_bool(a, STR("n == 4"), &env, &is_met, &err), 0);
    assert_true(is_met);
    assert_int_equal(expr_eval_bool(a, STR("n"), &env, &is_met, &err), -1);
    assert_string_equal(err.text, "unable to cast expression result '%!s(int=4)' to bool");
    assert_int_equal(expr_eval_bool(a, STR("[n, 'x']"), &env, &is_met, &err), -1);
    assert_string_equal(err.text, "unable to cast expression result '[%!s(int=4) x]' to bool");
    assert_int_equal(expr_eval_bool(a, STR("nil"), &env, &is_met, &err), -1);
    assert_string_equal(err.text, "unable to cast expression result '%!s(<nil>)' to bool");
    assert_int_equal(expr_eval_bool(a, STR("n % 0 == 1"), &env, &is_met, &err), -1);
    assert_string_equal(err.text,
                        "unable to evaluate expression 'n % 0 == 1': runtime error: integer "
                        "divide by zero (1:3)\n | n % 0 == 1\n | ..^");
    assert_int_equal(expr_eval_bool(a, STR("n =="), &env, &is_met, &err), -1);
    assert_true(str_starts(str_from(err.text), STR("unexpected token EOF")));
}

static int gather_missing(void *ctx, struct str name, struct err *err)
{
    strbuf_addf(ctx, STR_FMT " ", STR_ARG(name));
    return str_is(name, "stop") ? err_set(err, ERR_NOT_FOUND, "stopped") : 0;
}

static void test_missing(void **state _unused_)
{
    static const struct row rows[] = {
        {"steps.a.outputs.result + steps['b'].ip", "steps.b "},
        {"steps.b.ip ?? steps.c.ip", "steps.c "},
        {"top ?? 1", "top "},
        {"keys(steps).a[nope.x]", "nope "},
        {"steps?.b.ip + nope", "nope "},
        {"steps.a.list[0].x.y", ""},
        {"steps.a.outputs.result.deeper", "steps.a.outputs.result.deeper "},
        {"let q = 1; q", "q "},
        {"map(items, #.x + other.y)", "items other "},
        {"asInt(sprig.trim(retries)) + len(1)", "retries "},
        {"absent", ""},
        {"stop + never", "stop !"},
        {"1 +", "!"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct expr_name names[] = {
        {STR("steps.a.outputs.result"), value_string(STR("x"))},
        {STR("steps.a.list"), value_array(NULL, 0)},
        {STR("absent"), value_nil()},
    };
    struct value map = expr_nest(a, names, COUNT_OF(names));
    struct expr_env env = expr_golden_env(&map, EXPR_ARGO);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 12);
        struct err err;

        if (expr_each_missing(a, str_from(rows[i].text), &env, gather_missing, &b, &err) < 0)
            strbuf_addc(&b, '!');
        if (!str_is(strbuf_str(&b), rows[i].want))
            fail_msg("%s: " STR_FMT, rows[i].text, STR_ARG(strbuf_str(&b)));
    }
}

/* Of "a" and "a.b" the second stays; the order of names does not count. */
static void test_nest(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct expr_name names[] = {
        {STR("b-c.d"), value_int(1)}, {STR("a"), value_int(2)},   {STR("a.b.c"), value_int(3)},
        {STR("a.b"), value_int(4)},   {STR("a-b"), value_int(5)}, {STR("a.d"), value_int(6)},
        {STR("z."), value_int(7)},
    };
    struct value map = expr_nest(a, names, COUNT_OF(names));

    assert_string_equal(expr_golden_show(a, &map).ptr,
                        "{\"a\":{\"b\":{\"c\":3},\"d\":6},\"a-b\":5,"
                        "\"b-c\":{\"d\":1},\"z\":{\"\":7}}");
    map = expr_nest(a, NULL, 0);
    assert_int_equal(value_len(&map), 0);
}

static struct str repeated(struct arena *a, const char *piece, size_t count, const char *end)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(16 << 20);

    for (size_t i = 0; i < count; i++)
        strbuf_addz(&b, piece);
    strbuf_addz(&b, end);
    return str_copy(a, strbuf_str(&b));
}

static enum err_kind kind_of(struct arena *a, struct str text)
{
    struct value map = value_map(a, NULL, 0), v;
    struct expr_env env = expr_golden_env(&map, EXPR_ARGO);
    struct err err = {};

    if (expr_eval(a, text, &env, &v, &err) < 0)
        return err.kind;
    return ERR_NONE;
}

static void test_limits(void **state _unused_)
{
    static const char *const texts[] = {
        "1..100000000",
        "-9223372036854775807..9223372036854775807",
        "repeat('x', 1000000000)",
        "reduce(1..100, #acc + #acc, 'xxxxxxxxxx')",
        "reduce(1..1000, [#acc], 0) == reduce(1..1000, [#acc], 0)",
        "string(reduce(1..1000, [#acc], 0))",
        "toJSON(reduce(1..1000, [#acc], 0))",
        "flatten(reduce(1..1000, [#acc], 0))",
        "map(1..10000, map(1..10000, #))",
        "uniq(map(1..100000, #))",
        "groupBy(1..100000, #)",
        "all(1..3000, {all(1..3000, true)})",
        "sprig.until(100000000)",
        "sprig.indent(1000000, 'x')",
        "replace(repeat('a', 100000), '', repeat('b', 100000))",
        "fromJSON('[' + repeat('[', 600))",
    };
    _cleanup_arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (kind_of(a, str_from(texts[i])) != ERR_LIMIT)
            fail_msg("%s", texts[i]);
    assert_int_equal(kind_of(a, repeated(a, "(", EXPR_DEPTH_MAX, "1")), ERR_LIMIT);
    assert_int_equal(kind_of(a, repeated(a, "-", EXPR_DEPTH_MAX, "1")), ERR_LIMIT);
    assert_int_equal(kind_of(a, repeated(a, "1 + ", EXPR_DEPTH_MAX + 1, "1")), ERR_LIMIT);
    assert_int_equal(kind_of(a, repeated(a, "1 + ", EXPR_DEPTH_MAX - 1, "1")), ERR_NONE);
    assert_int_equal(kind_of(a, repeated(a, "1 ?? ", 5000, "1")), ERR_LIMIT);
    assert_int_equal(kind_of(a, repeated(a, "1;", 5000, "1")), ERR_NONE);
    assert_int_equal(kind_of(a, repeated(a, " ", EXPR_TEXT_MAX_BYTES, "1")), ERR_LIMIT);
}

static void test_find_bare(void **state _unused_)
{
    assert_int_equal(expr_find_bare(STR("a; b"), ";`"), 1);
    assert_int_equal(expr_find_bare(STR("'a;' + \"`\\\";\" + `"), ";`"), 16);
    assert_int_equal(expr_find_bare(STR("'a\\';'"), ";"), SIZE_MAX);
    assert_int_equal(expr_find_bare(STR(""), ";"), SIZE_MAX);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),         cmocka_unit_test(test_golden_sprig),
        cmocka_unit_test(test_golden_random),  cmocka_unit_test(test_bad_tokens),
        cmocka_unit_test(test_asserted_types), cmocka_unit_test(test_bad_calls),
        cmocka_unit_test(test_oddities),       cmocka_unit_test(test_program),
        cmocka_unit_test(test_missing),        cmocka_unit_test(test_nest),
        cmocka_unit_test(test_limits),         cmocka_unit_test(test_find_bare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
