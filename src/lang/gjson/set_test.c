/* Changes: golden vectors of the original. */
#include "base/limits.h"
#include "formats/anystring.h"
#include "lang/gjson/gjson.h"
#include "tests/support/golden.h"

/* What sjson.Set() makes of a Go value: numbers plain, the rest as encoding/json. */
static struct str go_text(struct arena *a, const struct json *v)
{
    if (v->type == JSON_NUMBER)
        return any_string(a, v);
    return json_text(a, v, JSON_ESCAPE_HTML | JSON_SORT_KEYS);
}

static int change(struct arena *a, const struct json *row, struct str *ret, struct err *err)
{
    struct str op = json_get_str(row, STR("op")), json = json_get_str(row, STR("json"));
    struct str path = json_get_str(row, STR("path"));
    const struct json *value = json_get(row, STR("value"));

    if (str_is(op, "delete"))
        return gjson_delete(a, json, path, ret, err);
    if (str_is(op, "set-json") && value->type != JSON_STRING)
        return gjson_set_raw(a, json, path, go_text(a, value), ret, err);
    return (str_is(op, "set-raw") ? gjson_set_raw : gjson_set_text)(a, json, path,
                                                                    json_str(value), ret, err);
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str made;
    struct err err;

    if (change(a, row, &made, &err) < 0)
        return golden_fails(row) && str_eq(str_from(err.text), json_get_str(row, STR("err")));
    if (golden_fails(row))
        return false;
    if (!str_eq(made, json_get_str(row, STR("out"))))
        print_error("got " STR_FMT "\n", STR_ARG(made));
    return str_eq(made, json_get_str(row, STR("out")));
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/sjson.jsonl", check_golden, 478);
}

/* Texts and paths at random, answered by the original. */
static void test_golden_random(void **state)
{
    (void) state;
    golden_run("formats/sjson-random.jsonl", check_golden, 500);
}

static const struct {
    const char *json, *path, *value, *want; /* want NULL: unchanged */
} set_cases[] = {
    {"{}", "a", "v", "{\"a\":\"v\"}"},
    {"{ \"a\" : 1 }", "a", "v", "{ \"a\" : \"v\" }"},
    {"{ \"a\" : 1 }", "b", "v", "{ \"a\" : 1 ,\"b\":\"v\"}"},
    {"[1, 2]", "1", "v", "[1, \"v\"]"},
    {"[1, 2]", "-1", "v", "[1, 2,\"v\"]"},
    {"[1, 2]", "4", "v", "[1,2,null,null,\"v\"]"},
    {"{}", "labels.app\\.io/x", "v", "{\"labels\":{\"app.io/x\":\"v\"}}"},
    {"{\"a\":{\"b\":1}}", "a.b.c", "v", "{\"a\":{\"b\":{\"c\":\"v\"}}}"},
    {"{\"a\":[{\"n\":1},{\"n\":2}]}", "a.#.n", "v", "{\"a\":[{\"n\":\"v\"},{\"n\":\"v\"}]}"},
    {"{\"a\":[{\"n\":1},{\"n\":2}]}", "a.#(n==2).n", "v", "{\"a\":[{\"n\":1},{\"n\":\"v\"}]}"},
    {"{\"a\":[{\"n\":1}]}", "a.#(n==2).n", "v", NULL},
    {"{\"abc\":1}", "a*", "v", "{\"abc\":\"v\"}"},
    {"{}", "a*", "v", NULL},
    {"{}", "a", "<&>", "{\"a\":\"<&>\"}"},
    {"{}", "a", "<\n>", "{\"a\":\"\\u003c\\n\\u003e\"}"},
    {"{}", "a", "\"\\", "{\"a\":\"\\\"\\\\\"}"},
    {"{\"1\":2}", ":1", "v", "{\"1\":\"v\"}"},
    {"", "0.:0", "v", "[{\"0\":\"v\"}]"},
};

static void test_set(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(set_cases); i++) {
        const char *want = set_cases[i].want ? set_cases[i].want : set_cases[i].json;
        struct str made = STR("");
        struct err err = {0};

        if (gjson_set_text(a, str_from(set_cases[i].json), str_from(set_cases[i].path),
                           str_from(set_cases[i].value), &made, &err) < 0 ||
            !str_is(made, want))
            fail_msg("case %zu: " STR_FMT " %s", i, STR_ARG(made), err.text);
    }
}

static void test_raw_and_delete(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str json = STR("{\"a\":[1, 2 , 3],\"k\\\"ey\":{\"b\":1.50}, \"c\":2}"), made;
    struct err err;

    (void) state;
    assert_int_equal(gjson_set_raw(a, json, STR("a.1"), STR("{\"x\": 1e3}"), &made, &err), 0);
    assert_true(str_starts(made, STR("{\"a\":[1, {\"x\": 1e3} , 3]")));
    assert_int_equal(gjson_delete(a, json, STR("a.-1"), &made, &err), 0);
    assert_true(str_starts(made, STR("{\"a\":[1, 2 ]")));
    assert_int_equal(gjson_delete(a, json, STR("k\\\"ey"), &made, &err), 0);
    assert_true(str_is(made, "{\"a\":[1, 2 , 3], \"c\":2}"));
    assert_int_equal(gjson_delete(a, json, STR("a"), &made, &err), 0);
    assert_true(str_is(made, "{\"k\\\"ey\":{\"b\":1.50}, \"c\":2}"));
    assert_int_equal(gjson_delete(a, json, STR("c"), &made, &err), 0);
    assert_true(str_is(made, "{\"a\":[1, 2 , 3],\"k\\\"ey\":{\"b\":1.50}}"));
    assert_int_equal(gjson_delete(a, json, STR("nobody"), &made, &err), 0);
    assert_true(str_eq(made, json));
}

static void test_refused(void **state)
{
    static const struct {
        const char *json, *path, *want;
        enum err_kind kind;
    } cases[] = {
        {"{}", "", "path cannot be empty", ERR_INVALID},
        {"[1]", "a", "cannot set array element for non-numeric key 'a'", ERR_INVALID},
        {"[1]", "a.b.c", "cannot set array element for non-numeric key 'a'", ERR_INVALID},
        {"{}", "a.99999999", "gjson path: result over 8388608 bytes", ERR_LIMIT},
        {"[]", "99999999999999999999",
         "cannot set array element for non-numeric key "
         "'99999999999999999999'",
         ERR_INVALID},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct str made = STR("kept");
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (gjson_set_text(a, str_from(cases[i].json), str_from(cases[i].path), STR("v"), &made,
                           &err) == 0 ||
            err.kind != cases[i].kind || strcmp(err.text, cases[i].want) != 0)
            fail_msg("case %zu: %s", i, err.text);
        assert_true(str_is(made, "kept"));
    }
    assert_int_equal(gjson_delete(a, STR("{}"), STR("a*"), &made, &err), -1);
    assert_string_equal(err.text, "cannot delete value from a complex path");
}

/* A deep document and a deep path: an error. */
static void test_depth(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    char *json = arena_alloc(a, 100001), *path = arena_alloc(a, 200001);
    struct str made;
    struct err err;

    (void) state;
    memset(json, '[', 100000);
    for (size_t i = 0; i < 100000; i++)
        memcpy(path + 2 * i, i ? ".0" : "00", 2);
    assert_int_equal(
        gjson_set_text(a, str_of(json, 100000), str_of(path, 200000), STR("v"), &made, &err),
        -1);
    assert_int_equal(err.kind, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),  cmocka_unit_test(test_golden_random),
        cmocka_unit_test(test_set),     cmocka_unit_test(test_raw_and_delete),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_depth),
    };

    return cmocka_run_group_tests_name("set", tests, NULL, NULL);
}
