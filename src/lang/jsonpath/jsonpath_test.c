/* Tests of lang/jsonpath: recorded answers of both flavours, errors, budgets. */
#include "tests/support/golden.h"

#include "base/limits.h"
#include "lang/jsonpath/jsonpath.h"

static int render(struct arena *a, struct str text, const struct json *doc, struct str *ret,
                  struct err *err)
{
    _cleanup_jsonpath_template_ struct jsonpath_template *t = jsonpath_template_new(text, err);

    return t ? jsonpath_template_render(t, a, doc, ret, err) : -1;
}

static int query(struct arena *a, const char *path, const struct json *doc, struct json *ret,
                 struct err *err)
{
    size_t left = SIZE_MAX;

    return jsonpath_query(a, doc, str_from(path), &left, ret, err);
}

static int check(struct arena *a, const struct json *row)
{
    struct str path = json_get_str(row, STR("path")), got = STR("");
    const struct json *doc = json_get(row, STR("doc")), *out = json_get(row, STR("out"));
    bool is_template = str_is(json_get_str(row, STR("flavour")), "kubectl");
    size_t left = SIZE_MAX;
    struct json found;
    struct err err;
    int rc = is_template ? render(a, path, doc, &got, &err)
                         : jsonpath_query(a, doc, path, &left, &found, &err);

    if (golden_fails(row) || rc < 0)
        return golden_fails(row) && rc < 0 && err.kind == ERR_INVALID && err.text[0];
    return is_template ? str_eq(got, json_str(out)) : json_equal(&found, out);
}

static void test_golden(void **state _unused_)
{
    golden_run("lang/jsonpath.jsonl", check, 203);
}

/* Random paths of both flavours, as the originals answered. */
static void test_golden_random(void **state _unused_)
{
    golden_run("lang/jsonpath-random.jsonl", check, 1000);
}

static struct json parsed(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

#define DOC \
    "{\"a\":1,\"f\":1.0,\"b\":[1,2,3],\"s\":\"<x>\",\"n\":null,\"o\":{\"z\":1,\"y\":[]}}"

static void test_templates(void **state _unused_)
{
    static const struct {
        const char *text, *want; /* "!...": the error */
    } cases[] = {
        {"", ""},
        {"a={.a} b={.b[1]}", "a=1 b=2"},
        {"{.f}", "1"},
        {"{.o}", "{\"y\":[],\"z\":1}"},
        {"{.s}{.o.y}", "<x>[]"},
        {"{.b[?(@ > 1)]}", "2 3"},
        {"{.b[?(@ > 1.0)]}", "!incompatible types for comparison"},
        {"{range .b[*]}<{@}>{end}.", "<1><2><3>."},
        {"{range .gone[*]}<{[0]}>{end}", "!<nil> is not array or slice"},
        {"{.s[0]}", "!string is not array or slice"},
        {"{.b[3]}", "!array index out of bounds: index 3, length 3"},
        {"{.b[2:1]}", "!starting index 2 is greater than ending index 1"},
        {"{.b[::0]}", "!step must be > 0"},
        {"{.a", "!unclosed action"},
        {"{.b[}", "!unterminated array"},
        {"{.b[?(}", "!unterminated filter"},
        {"{\"a}", "!unterminated quoted string"},
        {"{'\\q'}", "!unquote string '\\q' error invalid syntax"},
        {"{.b[x]}", "!invalid array index x"},
        {"{.b[-]}", "!array index - is not a number"},
        {"{-}", "!cannot parse number -"},
        {"{.....a}", "!invalid multiple recursive descent"},
        {"{end}", "!not in range, nothing to end"},
        {"{foo}", "!unrecognized identifier foo"},
        {"{.b[?(@===1)]}", "!unrecognized filter operator ==="},
        {"{.a[?(@.x)]}", "!1 is not array or slice and cannot be filtered"},
        {"{%}", "!unrecognized character in action: U+0025 '%'"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = parsed(a, DOC);
        struct str got = STR("");
        struct err err = {};

        if (render(a, str_from(cases[i].text), &doc, &got, &err) < 0)
            got = str_printf(a, "!%s", err.text);
        if (!str_is(got, cases[i].want))
            fail_msg("%zu: %s: " STR_FMT, i, cases[i].text, STR_ARG(got));
    }
}

static void test_queries(void **state _unused_)
{
    static const struct {
        const char *path, *want; /* "!...": the error */
    } cases[] = {
        {"$.b[(@.length-1)]", "3"},
        {"$.b.length", "3"},
        {"$..y", "[]"},
        {"$.o['z','gone']", "[1]"},
        {"$.b[?(@ in [1,3])]", "[1,3]"},
        {"$.b[?(@ not in [1,3])]", "[2]"},
        {"$.b[?(!(@ == 2))]", "[1,3]"},
        {"$.b[?(@ * 2 == 4 || @ == 3)]", "[2,3]"},
        {"$.b[?(@ ** 2 > 3)][0]", "2"},
        {"$.b[::-1]", "[3,2,1]"},
        {"$[?(@.z)]", "[{\"z\":1,\"y\":[]}]"},
        {"$.n", "null"},
        {"$.gone", "!key: invalid token key 'gone' not found"},
        {"$.a.b", "!key: invalid token target. expected [map] got [float64]"},
        {"$.n[0]", "!index: invalid token target. expected [array slice] got [nil]"},
        {"$.b[9]", "!index: invalid token out of range"},
        {"$.b[::0]", "!range: invalid token out of range"},
        {"a", "!invalid JSONPath selector 'a' unexpected token 'a' at index 0"},
        {"", "!invalid JSONPath selector '' unexpected token '' at index 0"},
        {"$.b[?()]", "!invalid expression. is empty"},
        {"$.b[?(1 == 1 &&)]", "[]"},
        {"$.", "!invalid JSONPath selector '$.' invalid token. token string is empty"},
        {"$[",
         "!invalid JSONPath selector '$[' invalid token. '[' does not match any token format"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = parsed(a, DOC), found;
        struct str got;
        struct err err = {};

        got = query(a, cases[i].path, &doc, &found, &err) < 0 ? str_printf(a, "!%s", err.text)
                                                              : json_text(a, &found, 0);
        if (!str_is(got, cases[i].want))
            fail_msg("%zu: %s: " STR_FMT, i, cases[i].path, STR_ARG(got));
    }
}

static const char *repeated(struct arena *a, const char *text, size_t count)
{
    size_t len = strlen(text);
    char *made = arena_alloc(a, len * count + 2);

    for (size_t i = 0; i < count; i++)
        memcpy(made + 1 + i * len, text, len);
    made[0] = '$';
    return made;
}

/* Paths that go everywhere again and again, and texts that nest, end with ERR_LIMIT. */
static void test_budgets(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct json doc, found;
    struct str got;
    struct err err = {};
    size_t left = 100;
    const char *cases[] = {repeated(a, "[?(@", 60), repeated(a, "[?(!!!!", 300),
                           repeated(a, "x", JSONPATH_TEXT_MAX_BYTES + 1)};

    strbuf_addc(&b, '[');
    for (size_t i = 0; i < 300; i++)
        strbuf_addf(&b, "[%zu,[1,[2,[3]]]],", i);
    strbuf_addz(&b, "0]");
    doc = parsed(a, str_cz(a, strbuf_str(&b)));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int rc = query(a, cases[i], &doc, &found, &err);

        if (rc == 0 || (err.kind != ERR_LIMIT && err.kind != ERR_INVALID))
            fail_msg("%zu: %d %s", i, rc, err.text);
    }
    assert_int_equal(jsonpath_query(a, &doc, STR("$..*"), &left, &found, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(left, 0);
    assert_int_equal(
        render(a, str_skip(str_from(repeated(a, "{..}", 4000)), 1), &doc, &got, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    jsonpath_template_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),    cmocka_unit_test(test_golden_random),
        cmocka_unit_test(test_templates), cmocka_unit_test(test_queries),
        cmocka_unit_test(test_budgets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
