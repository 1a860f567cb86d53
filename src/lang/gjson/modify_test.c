/* Modifiers and literals: what the original gives. */
#include "lang/gjson/gjson.h"
#include "tests/support/golden.h"

/* Text, path, and the spelling of what is there; NULL: nothing. */
static const struct {
    const char *json, *path, *raw;
} cases[] = {
    {"{\"b\":[1, "
     "2,{\"x\":null}],\"a\":{\"k\":\"v\",\"e\":[],\"o\":{}},\"long\":["
     "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\","
     "\"cccccccccccccccccccccccccc\"]}",
     "@pretty",
     "{\n  \"b\": [\n    1,\n    2,\n    {\n      \"x\": null\n    }\n  ],\n  \"a\": {\n    "
     "\"k\": \"v\",\n    \"e\": [],\n    \"o\": {}\n  },\n  \"long\": [\n    "
     "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\n    \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\n    "
     "\"cccccccccccccccccccccccccc\"\n  ]\n}\n"},
    {"{\"b\":[1, "
     "2,{\"x\":null}],\"a\":{\"k\":\"v\",\"e\":[],\"o\":{}},\"long\":["
     "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\","
     "\"cccccccccccccccccccccccccc\"]}",
     "@pretty:{\"sortKeys\":true}",
     "{\n  \"a\": {\n    \"e\": [],\n    \"k\": \"v\",\n    \"o\": {}\n  },\n  \"b\": [\n    "
     "1,\n    2,\n    {\n      \"x\": null\n    }\n  ],\n  \"long\": [\n    "
     "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\n    \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\n    "
     "\"cccccccccccccccccccccccccc\"\n  ]\n}\n"},
    {"{\"b\":[1, "
     "2,{\"x\":null}],\"a\":{\"k\":\"v\",\"e\":[],\"o\":{}},\"long\":["
     "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\","
     "\"cccccccccccccccccccccccccc\"]}",
     "@pretty:{\"indent\":\"\\t\",\"prefix\":\" \"}",
     "{\n \t\"b\": [\n \t\t1,\n \t\t2,\n \t\t{\n \t\t\t\"x\": null\n \t\t}\n \t],\n \t\"a\": "
     "{\n \t\t\"k\": \"v\",\n \t\t\"e\": [],\n \t\t\"o\": {}\n \t},\n \t\"long\": [\n "
     "\t\t\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\n \t\t\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\n "
     "\t\t\"cccccccccccccccccccccccccc\"\n \t]\n }\n"},
    {"{\"b\":[1, "
     "2,{\"x\":null}],\"a\":{\"k\":\"v\",\"e\":[],\"o\":{}},\"long\":["
     "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\","
     "\"cccccccccccccccccccccccccc\"]}",
     "@pretty:{\"width\":10}",
     "{\n  \"b\": [\n    1,\n    2,\n    {\n      \"x\": null\n    }\n  ],\n  \"a\": {\n    "
     "\"k\": \"v\",\n    \"e\": [],\n    \"o\": {}\n  },\n  \"long\": [\n    "
     "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\n    \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\n    "
     "\"cccccccccccccccccccccccccc\"\n  ]\n}\n"},
    {"{\"b\":[1, "
     "2,{\"x\":null}],\"a\":{\"k\":\"v\",\"e\":[],\"o\":{}},\"long\":["
     "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\","
     "\"cccccccccccccccccccccccccc\"]}",
     "@pretty:{\"width\":0}",
     "{\n  \"b\": [\n    1,\n    2,\n    {\n      \"x\": null\n    }\n  ],\n  \"a\": {\n    "
     "\"k\": \"v\",\n    \"e\": [],\n    \"o\": {}\n  },\n  \"long\": [\n    "
     "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\n    \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\n    "
     "\"cccccccccccccccccccccccccc\"\n  ]\n}\n"},
    {"{\"b\":[1, "
     "2,{\"x\":null}],\"a\":{\"k\":\"v\",\"e\":[],\"o\":{}},\"long\":["
     "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\","
     "\"cccccccccccccccccccccccccc\"]}",
     "@pretty:{\"width\":-1}",
     "{\n  \"b\": [\n    1,\n    2,\n    {\n      \"x\": null\n    }\n  ],\n  \"a\": {\n    "
     "\"k\": \"v\",\n    \"e\": [],\n    \"o\": {}\n  },\n  \"long\": [\n    "
     "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\n    \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\n    "
     "\"cccccccccccccccccccccccccc\"\n  ]\n}\n"},
    {"{\"b\":[1, "
     "2,{\"x\":null}],\"a\":{\"k\":\"v\",\"e\":[],\"o\":{}},\"long\":["
     "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\","
     "\"cccccccccccccccccccccccccc\"]}",
     "@pretty:{\"indent\":\"xx\"}",
     "{\n\"b\": [\n1,\n2,\n{\n\"x\": null\n}\n],\n\"a\": {\n\"k\": \"v\",\n\"e\": [],\n\"o\": "
     "{}\n},\n\"long\": "
     "[\n\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\n\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\","
     "\n\"cccccccccccccccccccccccccc\"\n]\n}\n"},
    {"{\"b\":[1, "
     "2,{\"x\":null}],\"a\":{\"k\":\"v\",\"e\":[],\"o\":{}},\"long\":["
     "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\","
     "\"cccccccccccccccccccccccccc\"]}",
     "@ugly",
     "{\"b\":[1,2,{\"x\":null}],\"a\":{\"k\":\"v\",\"e\":[],\"o\":{}},\"long\":["
     "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\","
     "\"cccccccccccccccccccccccccc\"]}"},
    {" \"a b\" ", "@pretty", "\"a b\""},
    {"[]", "@pretty", "[]\n"},
    {"{}", "@pretty", "{}\n"},
    {"[[],[1,[2]]]", "@pretty", "[[], [1, [2]]]\n"},
    {"[1,2,[3,{}]]", "@pretty", "[\n  1,\n  2,\n  [\n    3,\n    {}\n  ]\n]\n"},
    {"[true,false,null]", "@pretty", "[true, false, null]\n"},
    {"12", "@pretty", "12"},
    {"{\"b\":{\"d\":1,\"c\":2},\"a\":[{\"z\":1,\"y\":2}]}", "@pretty:{\"sortKeys\":true}",
     "{\n  \"a\": [\n    {\n      \"y\": 2,\n      \"z\": 1\n    }\n  ],\n  \"b\": {\n    "
     "\"c\": 2,\n    \"d\": 1\n  }\n}\n"},
    {"[1,[2],[3,[4]],\"x\",{\"a\":[5]}]", "@flatten", "[1,2,3,[4],\"x\",{\"a\":[5]}]"},
    {"[1,[2],[3,[4,[5]]]]", "@flatten:{\"deep\":true}", "[1,2,3,4,5]"},
    {"[1,[2],[3,[4,[5]]]]", "@flatten:{\"deep\":false}", "[1,2,3,[4,[5]]]"},
    {"[[],[[]], [ ]]", "@flatten", "[[]]"},
    {"{\"a\":[1]}", "@flatten", "{\"a\":[1]}"},
    {"[{\"a\":1,\"b\":2},{\"b\":3,\"c\":4},5,{}]", "@join", "{\"a\":1,\"b\":3,\"c\":4}"},
    {"[{\"a\":1,\"b\":2},{\"b\":3},{}]", "@join:{\"preserve\":true}",
     "{\"a\":1,\"b\":2,\"b\":3,}"},
    {"{\"a\":1}", "@join", "{\"a\":1}"},
    {"[]", "@join", "{}"},
    {"{\"a\":[1,2,3],\"b\":[\"x\",\"y\"],\"c\":5}", "@group",
     "[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y\"},{\"a\":3}]"},
    {"{}", "@group", "[]"},
    {"[1]", "@group", NULL},
    {"{\"a\":[]}", "@group", "[]"},
    {"{\"b\":1,\"a\":[2]}", "@keys", "[\"b\",\"a\"]"},
    {"[1,2]", "@keys", "[null,null]"},
    {"5", "@keys", "[null]"},
    {"{}", "@keys", "[]"},
    {"", "@keys", "[]"},
    {"{\"b\":1,\"a\":[2]}", "@values", "[1,[2]]"},
    {"[1, 2]", "@values", "[1, 2]"},
    {"5", "@values", "[5]"},
    {"{}", "@values", "[]"},
    {"{\"b\":1,\"a\":[2]}", "@reverse", "{\"a\":[2],\"b\":1}"},
    {"[1,\"x\",{\"a\":2}]", "@reverse", "[{\"a\":2},\"x\",1]"},
    {"\"abc\"", "@reverse", "\"abc\""},
    {"[]", "@reverse", "[]"},
    {"{}", "@reverse", "{}"},
    {"{\"a\":\"<&>\\n\"}", "@tostr", "\"{\\\"a\\\":\\\"\\u003c\\u0026\\u003e\\\\n\\\"}\""},
    {"\"[1,2]\"", "@fromstr", "[1,2]"},
    {"\"[1,2]\"", "@fromstr.1", "2"},
    {"{bad", "@fromstr", NULL},
    {"12", "@fromstr", "12"},
    {"{\"a\":1}", "@valid", "{\"a\":1}"},
    {"{\"a\":1", "@valid", NULL},
    {"{\"a\":1}", "@valid.a", "1"},
    {"{\"a\":1", "@valid.a", NULL},
    {"{\"a\":{\"x\":1,\"b\":{\"x\":[{\"x\":2}]}},\"x\":0}", "@dig:x", "[0,1,[{\"x\":2}],2]"},
    {"[{\"n\":{\"m\":1}},{\"n\":{\"m\":2}}]", "@dig:n.m", "[1,2]"},
    {"5", "@dig:x", "[]"},
    {"{\"a\":1}", "@this", "{\"a\":1}"},
    {" [1]", "@this", "[1]"},
    {"{\"a\":1}", "@this:arg", "{\"a\":1}"},
    {"{\"a\":[1,2]}", "a.@reverse.0", "2"},
    {"{\"a\":[1,2]}", "a|@reverse|0", "2"},
    {"{\"a\":[[1],[2]]}", "a.@flatten:{\"deep\":true}.1", "2"},
    {"{\"a\":[[1],[2]]}", "a|@flatten:{\"deep\":true}|1", "2"},
    {"{\"a\":1}", "@reverse@this", NULL},
    {"{\"@x\":1}", "@x", "1"},
    {"{\"@this\":1}", "\\@this", "1"},
    {"{}", "!\"s\"", "\"s\""},
    {"{}", "!5", "5"},
    {"{}", "!-5|@this", "-5|@this"},
    {"{}", "!true", "true"},
    {"{}", "!null", "null"},
    {"{}", "!NaN", "NaN"},
    {"{}", "!inf", "inf"},
    {"{}", "!{\"a\":[1,2]}.a.1", "2"},
    {"{}", "![1,{\"b\":2}]|1.b", "2"},
    {"{}", "!other", NULL},
    {"{\"!x\":1}", "!x", "1"},
    {"{}", "{\"k\":!5,\"t\":!\"x\"}", "{\"k\":5,\"t\":\"x\"}"},
};

static void test_modifiers(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *want = cases[i].raw;
        struct gjson found = {.raw = STR("")};
        struct err err = {0};

        if (gjson_get(a, str_from(cases[i].json), str_from(cases[i].path), &found, &err) < 0 ||
            gjson_exists(&found) != (want != NULL) || !str_is(found.raw, want ? want : ""))
            fail_msg("case %zu: %s of %s is " STR_FMT " %s", i, cases[i].path, cases[i].json,
                     STR_ARG(found.raw), err.text);
    }
}

struct seen {
    struct arena *a;
    struct str text;
    size_t left;
};

static bool note(void *ctx, const struct gjson *key, const struct gjson *value)
{
    struct seen *s = ctx;
    struct str name = key->type == GJSON_NUMBER ? str_printf(s->a, "%d", (int) gjson_int(key))
                                                : gjson_text(s->a, key);

    s->text = str_printf(s->a, STR_FMT STR_FMT "=" STR_FMT ";", STR_ARG(s->text), STR_ARG(name),
                         STR_ARG(gjson_text(s->a, value)));
    return --s->left > 0;
}

/* Elements, members and lone values, until the function has enough. */
static void test_each(void **state)
{
    static const struct {
        const char *json, *want;
        size_t at_most;
    } each_cases[] = {
        {"[1, \"x\",[2],null]", "0=1;1=x;2=[2];3=;", 9},
        {"[1,2,3]", "0=1;1=2;", 2},
        {"{\"a\":1,\"\\u0062\" : {\"c\":2},\"a\":3}", "a=1;b={\"c\":2};a=3;", 9},
        {"{\"a\":1,\"b\":2}", "a=1;", 1},
        {"5.0", "=5;", 9},
        {"\"x\"", "=x;", 9},
        {"[]", "", 9},
        {"{}", "", 9},
        {"", "", 9},
        {"[1,", "0=1;", 9},
        {"[\"x", "", 9},
        {"{\"a\"", "", 9},
        {"{\"a\":}", "", 9},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(each_cases); i++) {
        struct gjson v = gjson_parse(a, str_from(each_cases[i].json));
        struct seen seen = {.a = a, .text = STR(""), .left = each_cases[i].at_most};

        gjson_each(a, &v, note, &seen);
        if (!str_is(seen.text, each_cases[i].want))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(seen.text));
    }
}

/* Documents of results: doubles, and of members with one name the first. */
static void test_value(void **state)
{
    static const char *const value_cases[][2] = {
        {"{\"b\":1.50,\"a\":[true,null,\"\\n\"],\"b\":2}",
         "{\"b\":1.5,\"a\":[true,null,\"\\n\"]}"},
        {"12345678901234567890", "12345678901234567000"},
        {"1e3", "1000"},
        {"[]", "[]"},
        {"{}", "{}"},
        {"", "null"},
        {"false", "false"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct json made;
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT_OF(value_cases); i++) {
        struct gjson v = gjson_parse(a, str_from(value_cases[i][0]));

        assert_int_equal(gjson_value(a, &v, &made, &err), 0);
        if (!str_is(json_text(a, &made, JSON_COMPACT), value_cases[i][1]))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(json_text(a, &made, JSON_COMPACT)));
    }
}

static void test_value_refused(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    char *deep = arena_alloc(a, 20001);
    struct gjson v = gjson_parse(a, STR("[1e400]"));
    struct json made;
    struct err err;

    (void) state;
    assert_int_equal(gjson_value(a, &v, &made, &err), -1);
    assert_string_equal(err.text, "gjson value: number 1e400 is out of range");
    memset(deep, '[', 10000);
    memset(deep + 10000, ']', 10000);
    v = gjson_parse(a, str_of(deep, 20000));
    assert_int_equal(gjson_value(a, &v, &made, &err), -1);
    assert_string_equal(err.text, "gjson value: nesting over 512 levels");
}

/* Each level looks at its text again: 4 MB that lie 500 levels deep are refused, not 15. */
static void test_value_long_and_deep(void **state)
{
    enum { LONG = 4 << 20 };
    static const struct {
        int levels;
        bool is_taken;
    } rows[] = {{15, true}, {500, false}};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        size_t levels = (size_t) rows[i].levels;
        char *text = arena_alloc(a, LONG + 2 * levels);
        struct gjson v;
        struct json made;
        struct err err;

        memset(text, '[', levels);
        memset(text + levels, 'a', LONG);
        text[levels] = text[levels + LONG - 1] = '"';
        memset(text + levels + LONG, ']', levels);
        v = gjson_parse(a, str_of(text, LONG + 2 * levels));
        assert_int_equal(gjson_value(a, &v, &made, &err) == 0, rows[i].is_taken);
        if (!rows[i].is_taken)
            assert_string_equal(err.text,
                                "gjson value: a text that nests like this is too long");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modifiers),
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_value),
        cmocka_unit_test(test_value_refused),
        cmocka_unit_test(test_value_long_and_deep),
    };

    return cmocka_run_group_tests_name("modify", tests, NULL, NULL);
}
