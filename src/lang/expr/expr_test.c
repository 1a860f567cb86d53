/*
 * Expressions: golden vectors of expr-lang and sprig with Argo's environment, each builtin with
 * arguments that it refuses, places of errors, missing names, limits.
 */
#include <math.h>

#include "base/limits.h"
#include "formats/duration.h"
#include "formats/gofloat.h"
#include "formats/gotime.h"
#include "formats/semver.h"
#include "lang/expr/expr_internal.h"
#include "tests/support/golden.h"

/* ---- environments ---- */

/* The vector's environment as a map: nested for Argo's, as it is for the plain one. */
static struct value environment(struct arena *a, const struct json *row)
{
    const struct json *flat = json_get(row, STR("env")), *whole = json_get(row, STR("envInt"));
    size_t room = (flat ? flat->count : 0) + (whole ? whole->count : 0), count = 0;
    struct expr_name *names = ARENA_ARRAY(a, struct expr_name, room + 1);
    struct value_pair *pairs = ARENA_ARRAY(a, struct value_pair, room + 1);

    for (size_t i = 0; flat && i < flat->count; i++)
        names[count++] =
            (struct expr_name){flat->members[i].key, value_of_json(a, &flat->members[i].value)};
    for (size_t i = 0; whole && i < whole->count; i++) {
        int64_t n = 0;

        assert_true(json_i64(&whole->members[i].value, &n));
        names[count++] = (struct expr_name){whole->members[i].key, value_int(n)};
    }
    if (!str_is(json_get_str(row, STR("mode")), "plain"))
        return expr_nest(a, names, count);
    for (size_t i = 0; i < count; i++)
        pairs[i] = (struct value_pair){value_string(names[i].name), names[i].value};
    return value_map(a, pairs, count);
}

static struct expr_env env_of(const struct value *map, enum expr_functions functions)
{
    return (struct expr_env){
        .lookup = expr_lookup_map, .ctx = map, .functions = functions, .now = {1716000000000}};
}

/* ---- values as the vectors show them ---- */

static const char *type_text(const struct value *v)
{
    static const char *const names[] = {
        [VALUE_NIL] = "nil",
        [VALUE_BOOL] = "bool",
        [VALUE_INT] = "int",
        [VALUE_FLOAT] = "float",
        [VALUE_STRING] = "string",
        [VALUE_BYTES] = "bytes",
        [VALUE_ARRAY] = "array",
        [VALUE_MAP] = "map",
        [VALUE_TIME] = "time",
        [VALUE_DURATION] = "duration",
        [VALUE_ZONE] = "*time.Location",
        [VALUE_FUNCTION] = "func",
        [VALUE_SEMVER] = "*semver.Version",
    };

    return names[v->type];
}

static void show(struct arena *a, struct strbuf *b, const struct value *v);

static void show_float(struct strbuf *b, double n)
{
    char text[GO_FLOAT_TEXT_SIZE];

    go_float_text(n, text);
    strbuf_addz(b, text);
    if (isfinite(n) && !strpbrk(text, ".e"))
        strbuf_addz(b, ".0");
}

static int compare_pairs(const void *x, const void *y)
{
    return strcmp(((const char *const *) x)[0], ((const char *const *) y)[0]);
}

/* Members in the order of their text. */
static void show_map(struct arena *a, struct strbuf *b, const struct value *v)
{
    const char **members = ARENA_ARRAY(a, const char *, value_len(v) + 1);

    for (size_t i = 0; i < value_len(v); i++) {
        _cleanup_strbuf_ struct strbuf one = STRBUF_INIT(1 << 20);

        show(a, &one, &v->map->pairs[i].key);
        strbuf_addc(&one, ':');
        show(a, &one, &v->map->pairs[i].value);
        members[i] = str_cz(a, strbuf_str(&one));
    }
    qsort(members, value_len(v), sizeof(*members), compare_pairs);
    strbuf_addc(b, '{');
    for (size_t i = 0; i < value_len(v); i++)
        strbuf_addf(b, "%s%s", i > 0 ? "," : "", members[i]);
    strbuf_addc(b, '}');
}

static void show(struct arena *a, struct strbuf *b, const struct value *v)
{
    switch (v->type) {
    case VALUE_NIL:
        strbuf_addz(b, "null");
        break;
    case VALUE_BOOL:
        strbuf_addz(b, v->is_true ? "true" : "false");
        break;
    case VALUE_INT:
        strbuf_addf(b, "%lld", (long long) v->number);
        break;
    case VALUE_FLOAT:
        show_float(b, v->real);
        break;
    case VALUE_STRING:
    case VALUE_BYTES:
        strbuf_addz(b, v->type == VALUE_BYTES ? "bytes" : "");
        json_print_string(b, value_text(v), JSON_COMPACT);
        break;
    case VALUE_ARRAY:
        strbuf_addc(b, '[');
        for (size_t i = 0; i < v->count; i++) {
            strbuf_addz(b, i > 0 ? "," : "");
            show(a, b, &v->items[i]);
        }
        strbuf_addc(b, ']');
        break;
    case VALUE_MAP:
        show_map(a, b, v);
        break;
    case VALUE_TIME:
        strbuf_addf(b, "time(" STR_FMT ")",
                    STR_ARG(gotime_format(a, v->time, GOTIME_RFC3339_NANO)));
        break;
    case VALUE_DURATION:
        strbuf_addf(b, "duration(" STR_FMT ")", STR_ARG(duration_print(a, v->number)));
        break;
    case VALUE_SEMVER:
        json_print_string(b, semver_print(a, v->semver), JSON_COMPACT);
        break;
    case VALUE_ZONE:
    case VALUE_FUNCTION:
        strbuf_addz(b, "function");
        break;
    }
}

static struct str shown(struct arena *a, const struct value *v)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);

    show(a, &b, v);
    return str_copy(a, strbuf_str(&b));
}

/* ---- golden vectors ---- */

static size_t texts_alike, texts_other; /* of errors; the text is information only */

static bool is_value_right(struct arena *a, const struct json *row, const struct value *v)
{
    struct str typed = json_get_str(row, STR("typed"));
    const struct json *want = json_get(row, STR("out"));
    struct json got;
    struct err err;
    bool has_json = !json_get(row, STR("noJSON"));

    if (!str_is(json_get_str(row, STR("type")), type_text(v))) {
        print_error("type is %s\n", type_text(v));
        return false;
    }
    if (typed.len > 0 && !str_eq(typed, shown(a, v))) {
        print_error("got " STR_FMT "\n", STR_ARG(shown(a, v)));
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
    struct value map = environment(a, row), v;
    struct expr_env env =
        env_of(&map, str_is(json_get_str(row, STR("mode")), "plain") ? EXPR_PLAIN : EXPR_ARGO);
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
        print_error("got " STR_FMT "\n", STR_ARG(shown(a, &v)));
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
            got = shown(a, &v);
        if (str_eq(got, want))
            continue;
        wrong++;
        print_error("%zu: %s\n  want %s\n  got  " STR_FMT "\n", i, rows[i].text, rows[i].want,
                    STR_ARG(err.text[0] ? str_from(err.text) : got));
    }
    assert_int_equal(wrong, 0);
}

/* Each builtin with an argument that it refuses: before the run, and at it where any() hides
 * the type. */
static void test_bad_arguments(void **state _unused_)
{
    static const struct row rows[] = {
        {"all(1, true)", "builtin all takes only array (got int) (1:5)"},
        {"any(x.n, true)", "builtin any takes only array (got float64) (1:7)"},
        {"count('a', true)", "builtin count takes only array (got string) (1:7)"},
        {"count(x.list)", "interface conversion: interface {} is float64, not bool (1:1)"},
        {"filter(x.list, #)", "interface conversion: interface {} is float64, not bool (1:1)"},
        {"filter({}, true)", "builtin filter takes only array (got map[string]interface {})"},
        {"find(nil, true)", "builtin find takes only array (got unknown) (1:6)"},
        {"findIndex(x.s, true)", "builtin findIndex takes only array (got string) (1:13)"},
        {"findLast(1.5, true)", "builtin findLast takes only array (got float64) (1:10)"},
        {"findLastIndex(true, true)", "builtin findLastIndex takes only array (got bool)"},
        {"groupBy(1, #)", "builtin groupBy takes only array (got int) (1:9)"},
        {"map(x.none, #)", "builtin map takes only array (got <nil>) (1:7)"},
        {"none(1, true)", "builtin none takes only array (got int) (1:6)"},
        {"one(1, true)", "builtin one takes only array (got int) (1:5)"},
        {"reduce(1, #acc)", "builtin reduce takes only array (got int) (1:8)"},
        {"sortBy(x.s, #)", "builtin sortBy takes only array (got string) (1:10)"},
        {"sortBy(x.mixed, #)", "invalid operation: string < float64 (1:1)"},
        {"sum(x.mixed)", "invalid operation: string + float64 (1:1)"},
        {"abs(x.s)", "invalid argument for abs (type string) (1:1)"},
        {"bitand('1', 2)", "cannot use string as argument (type int) to call bitand  (1:8)"},
        {"bitnand(x.n, 2)", "interface conversion: interface {} is float64, not int (1:1)"},
        {"bitnot(1.0)", "cannot use float64 as argument (type int) to call bitnot  (1:8)"},
        {"bitor(1)", "not enough arguments to call bitor (1:1)"},
        {"bitshl(1, -1)", "invalid operation: negative shift count -1 (type int) for bitshl"},
        {"bitshr(1, -2)", "invalid operation: negative shift count -2 (type int) for bitshr"},
        {"bitushr(1, -3)", "invalid operation: negative shift count -3 (type int) for bitushr"},
        {"bitxor(1, nil)", "cannot use nil as argument (type int) to call bitxor  (1:11)"},
        {"ceil(x.s)", "invalid argument for ceil (type string) (1:1)"},
        {"concat(x.list, x.n)", "cannot concat float64 (1:1)"},
        {"date('2024-13-01')", "invalid date 2024-13-01 (1:1)"},
        {"duration(x.n)", "interface conversion: interface {} is float64, not string (1:1)"},
        {"first(x.s)", "cannot get first of string (1:1)"},
        {"flatten(x.n)", "cannot flatten float64 (1:1)"},
        {"float('1x')", "invalid operation: float(1x) (1:1)"},
        {"float(x.list)", "invalid operation: float([]interface {}) (1:1)"},
        {"floor([])", "invalid argument for floor (type []interface {}) (1:1)"},
        {"fromBase64('-_==')", "illegal base64 data at input byte 0 (1:1)"},
        {"fromJSON('[')", "unexpected end of JSON input (1:1)"},
        {"fromPairs([1])", "invalid pair 1 (1:1)"},
        {"get(1, 2)", "type int does not support indexing (1:5)"},
        {"hasPrefix('a')", "not enough arguments to call hasPrefix (1:1)"},
        {"hasSuffix(1, 'a')",
         "cannot use int as argument (type string) to call hasSuffix  (1:11)"},
        {"indexOf(x.n, 'a')",
         "interface conversion: interface {} is float64, not string (1:1)"},
        {"int(x.none)", "invalid operation: int(<nil>) (1:1)"},
        {"int('')", "invalid operation: int() (1:1)"},
        {"join(x.list)", "interface conversion: interface {} is float64, not string (1:1)"},
        {"keys([])", "cannot get keys from []interface {} (1:1)"},
        {"last(1)", "cannot last int (1:1)"},
        {"lastIndexOf('a', 1)", "cannot use int as argument (type string) to call lastIndexOf"},
        {"len(x.n)", "invalid argument for len (type float64) (1:1)"},
        {"lower(nil)", "cannot use nil as argument (type string) to call lower  (1:7)"},
        {"max('a')", "cannot max string (1:1)"},
        {"max(x.s)", "invalid argument for max (type string) (1:1)"},
        {"mean([x.s])", "invalid argument for mean (type string) (1:1)"},
        {"median(true)", "cannot median bool (1:1)"},
        {"min({})", "cannot min map[string]interface {} (1:1)"},
        {"now(1)", "cannot now int (1:1)"},
        {"repeat('a', -1)", "invalid argument for repeat (expected positive integer, got -1)"},
        {"replace('a', 'b')", "not enough arguments to call replace (1:1)"},
        {"reverse('a')", "cannot reverse string (1:1)"},
        {"round(x.list)", "invalid argument for round (type []interface {}) (1:1)"},
        {"sort(x.mixed)", "invalid operation: string < float64 (1:1)"},
        {"split(1, ',')", "cannot use int as argument (type string) to call split  (1:7)"},
        {"splitAfter('a', 'b', 'c')", "cannot use string as argument (type int) to call split"},
        {"string()", "not enough arguments to call string (1:1)"},
        {"string(asInt)", "a function has no text (1:1)"},
        {"take([1], 1.5)", "cannot use float64 as argument (type int) to call take  (1:11)"},
        {"timezone('Nowhere/At')", "unknown time zone Nowhere/At (1:1)"},
        {"toBase64(x.n)", "interface conversion: interface {} is float64, not string (1:1)"},
        {"toJSON(asInt)", "json: unsupported type: func(interface {}) interface {} (1:1)"},
        {"toPairs(x.s)", "cannot transform to pairs string (1:1)"},
        {"trim(1)", "cannot use int as argument (type string) to call trim  (1:6)"},
        {"trimPrefix(x.n, 'a')", "interface conversion: interface {} is float64, not string"},
        {"trimSuffix('a', 'b', 'c')", "too many arguments to call trimSuffix (1:1)"},
        {"type()", "not enough arguments to call type (1:1)"},
        {"uniq('a')", "cannot uniq string (1:1)"},
        {"upper([])", "cannot use []interface {} as argument (type string) to call upper"},
        {"values(x.list)", "cannot get values from []interface {} (1:1)"},
        {"asInt([])", "invalid operation: int([]interface {}) (1:1)"},
        {"asFloat('')", "invalid operation: float() (1:1)"},
        {"jsonpath({}, '$')", "interface conversion: interface {} is map[string]interface {}"},
        {"jsonpath('{}', '$.(x)')", "key: invalid token key '(x)' not found (1:1)"},
        {"toJson(1, 2)", "invalid number of arguments: expected 1, got 2 (1:1)"},
        {"sprig.env('HOME')", "invalid operation: cannot call nil (1:7)"},
        {"sprig.div(1, 0)", "runtime error: integer divide by zero (1:7)"},
        {"sprig.has(1, 'a')", "Cannot find has on type string (1:7)"},
        {"x.s()", "invalid operation: cannot call string (1:3)"},
        {"y()", "string is not callable (1:1)"},
        {"date('2024-01-01').Nope()", "type time.Time has no method Nope (1:20)"},
        {"date('2024-01-01').Format(1)", "cannot use int as argument to call Format (1:20)"},
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
    env = env_of(&map, EXPR_ARGO);
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
        {"x.none ?? x.nope ?? 3", "3"},
        {"x\n  .n\n  .m", "cannot fetch m from float64 (3:4)\n |   .m\n | ...^"},
        {"1_000 + 0b11", "1003"},
        {"::len('ab')", "2"},
        {"{(x.s): 1, x: 2}", "{\"a\":1,\"x\":2}"},
        {"{(x.n): 1}", "interface conversion: interface {} is float64, not string (1:5)"},
        {"x.s matches x.s + '('", "error parsing regexp: missing closing ): `a(` (1:5)"},
        {"nil in {}", "false"},
        {"[1, nil] == [1, nil]", "true"},
        {"{a: [1]} == {a: [1.0]}", "true"},
        {"0 / 0 >= 1", "false"},
        {"x.n % 0", "invalid operation: float64 % int (1:5)"},
        {"asInt('7') % asInt('0')", "integer divide by zero (1:12)"},
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
    env = env_of(&map, EXPR_ARGO);
    check_rows(rows, COUNT_OF(rows), &env);
}

/* A program runs many times, each time with the values of then. */
static void test_program(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct value_pair pair = {value_string(STR("n")), value_int(1)};
    struct value map = value_map(a, &pair, 1), v;
    struct expr_env env = env_of(&map, EXPR_PLAIN);
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
    assert_string_equal(err.text, "unable to cast expression result 'int' to bool");
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
    struct expr_env env = env_of(&map, EXPR_ARGO);

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

    assert_string_equal(shown(a, &map).ptr, "{\"a\":{\"b\":{\"c\":3},\"d\":6},\"a-b\":5,"
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
    struct expr_env env = env_of(&map, EXPR_ARGO);
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
        cmocka_unit_test(test_golden),        cmocka_unit_test(test_golden_sprig),
        cmocka_unit_test(test_golden_random), cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_oddities),      cmocka_unit_test(test_program),
        cmocka_unit_test(test_missing),       cmocka_unit_test(test_nest),
        cmocka_unit_test(test_limits),        cmocka_unit_test(test_find_bare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
