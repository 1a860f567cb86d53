/* Paths: golden vectors of the original, budgets, hostile texts. */
#include <math.h>

#include "base/limits.h"
#include "formats/anystring.h"
#include "lang/gjson/gjson.h"
#include "tests/support/golden.h"

static struct gjson get(struct arena *a, struct str json, struct str path)
{
    struct gjson found;
    struct err err;

    if (gjson_get(a, json, path, &found, &err) < 0)
        fail_msg(STR_FMT ": %s", STR_ARG(path), err.text);
    return found;
}

/* strconv.FormatFloat(n, 'g', -1, 64), as far as the vectors need it. */
static struct str go_float(struct arena *a, double n)
{
    struct json v;

    if (isnan(n))
        return STR("NaN");
    if (isinf(n))
        return n < 0 ? STR("-Inf") : STR("+Inf");
    v = json_float(a, n);
    return json_number(&v);
}

static bool same(struct str got, const struct json *want)
{
    return str_eq(got, json_str(want));
}

static int check_result(struct arena *a, const struct gjson *r, const struct json *out)
{
    double want = 0, got = gjson_number(r);
    struct str text = json_get_str(out, STR("float"));
    bool is_float = same(go_float(a, got), json_get(out, STR("float"))) ||
                    (parse_f64(text, &want) && want >= got && want <= got);

    return gjson_exists(r) == json_get_bool(out, STR("exists")) &&
           same(str_from(gjson_type_name(r->type)), json_get(out, STR("type"))) &&
           same(r->raw, json_get(out, STR("raw"))) &&
           same(gjson_text(a, r), json_get(out, STR("string"))) && is_float &&
           same(str_printf(a, "%lld", (long long) gjson_int(r)), json_get(out, STR("int"))) &&
           gjson_bool(r) == json_get_bool(out, STR("bool"));
}

struct elements {
    const struct json *want;
    size_t count;
    bool is_same;
};

static bool check_element(void *ctx, const struct gjson *key _unused_,
                          const struct gjson *value)
{
    struct elements *e = ctx;

    e->is_same &= same(value->raw, json_item(e->want, e->count++));
    return true;
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str op = json_get_str(row, STR("op")), json = json_get_str(row, STR("json"));
    const struct json *out = json_get(row, STR("out"));
    struct elements elements = {.want = out, .is_same = true};
    struct gjson found;
    struct json value;
    struct err err;

    if (str_is(op, "valid"))
        return json_is_valid(json) == out->is_true;
    found = str_is(op, "parse") ? gjson_parse(a, json)
                                : get(a, json, json_get_str(row, STR("path")));
    if (str_is(op, "array")) {
        if (gjson_is_object(&found))
            check_element(&elements, NULL, &found);
        else
            gjson_each(a, &found, check_element, &elements);
        return elements.is_same && elements.count == out->count;
    }
    if (str_is(op, "value") && golden_fails(row))
        return gjson_value(a, &found, &value, &err) < 0 && err.kind == ERR_INVALID;
    if (str_is(op, "value"))
        return gjson_value(a, &found, &value, &err) == 0 &&
               same(json_text(a, &value, JSON_ESCAPE_HTML | JSON_SORT_KEYS), out);
    return check_result(a, &found, out);
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/gjson.jsonl", check_golden, 687);
}

/* Texts and paths at random, answered by the original. */
static void test_golden_random(void **state)
{
    (void) state;
    golden_run("formats/gjson-random.jsonl", check_golden, 533);
}

#define DOC                                                                               \
    "{\"name\":{\"first\":\"Tom\",\"last\":\"Sand\"},\"age\":37,\"dup\":1,\"dup\":2,"     \
    "\"a.b\":{\"c\":\"dotted\"},\"list\":[{\"n\":\"x\",\"v\":1,\"t\":[\"p\",\"q\"]},"     \
    "{\"n\":\"y\",\"v\":25,\"t\":[]},{\"n\":\"\\u0078y\",\"v\":3.50}],\"e\":[],\"o\":{}," \
    "\"nul\":null,\"yes\":true,\"no\":false,\"big\":12345678901234567890,\"exp\":1e3,"    \
    "\"flag\":\"T\",\"uni\":\"h\\u00e9\\ud83d\\ude00\",\"ws\" : [ 1 , 2 ] }"

/* Paths into DOC and the spelling of what is there; NULL: nothing. */
static const struct {
    const char *path, *raw;
} path_cases[] = {
    /* components */
    {"age", "37"},
    {"name.first", "\"Tom\""},
    {"name.nobody", NULL},
    {"age.deeper", NULL},
    {"dup", "1"},
    {"a\\.b.c", "\"dotted\""},
    {"a.b.c", NULL},
    {"nul", "null"},
    {"exp", "1e3"},
    {"o", "{}"},
    {"", NULL},
    {".", NULL},
    /* indexes */
    {"list.0.n", "\"x\""},
    {"list.2.v", "3.50"},
    {"list.3", NULL},
    {"list.-1", NULL},
    {"list.00.n", "\"x\""},
    {"list.99999999999999999999999", NULL},
    {"ws.1", "2"},
    {"ws", "[ 1 , 2 ]"},
    /* counting and mapping */
    {"list.#", "3"},
    {"e.#", "0"},
    {"age.#", NULL},
    {"list.#.n", "[\"x\",\"y\",\"\\u0078y\"]"},
    {"list.#.t.0", "[\"p\"]"},
    {"list.#.nobody", "[]"},
    {"list.#.t.#", "[2,0]"},
    {"list.#.n|0", "\"x\""},
    {"list.#.n|#", "3"},
    {"list.#x", NULL},
    /* wildcards */
    {"na*.l?st", "\"Sand\""},
    {"n*", "{\"first\":\"Tom\",\"last\":\"Sand\"}"},
    {"*ge", "37"},
    {"?o", "false"},
    {"zz*", NULL},
    {"a\\*", NULL},
    {"*.c", "\"dotted\""},
    /* queries */
    {"list.#(n==\"y\").v", "25"},
    {"list.#(n=y).v", "25"},
    {"list.#(n==\"xy\").v", "3.50"},
    {"list.#(n!=\"x\")#.v", "[25,3.50]"},
    {"list.#(v>3)#.n", "[\"y\",\"\\u0078y\"]"},
    {"list.#(v>=3.5)#|#", "2"},
    {"list.#(v<2).n", "\"x\""},
    {"list.#(v<=0)#", "[]"},
    {"list.#(v<=0)", NULL},
    {"list.#(n%\"*y\")#.v", "[25,3.50]"},
    {"list.#(n!%\"*y\").v", "1"},
    {"list.#(t.#(==\"q\")).n", "\"x\""},
    {"list.#(nobody)#", "[]"},
    {"list.#(t)#.n", "[\"x\",\"y\"]"},
    {"list.#(t==~*)#.n", "[\"x\",\"y\"]"},
    {"list.#(nobody==~null)#.v", "[1,25,3.50]"},
    {"list.#(v==~true)#.v", "[1,25,3.50]"},
    {"list.#(v==~false)", NULL},
    {"list.#(v==~huh)", NULL},
    {"list.#[v>3].n", "\"y\""},
    {"ws.#(>1)", "2"},
    {"ws.#(!=1)#", "[2]"},
    {"list.#(v", NULL},
    /* pipes and modifiers */
    {"name|first", "\"Tom\""},
    {"name|@keys", "[\"first\",\"last\"]"},
    {"name.@values", "[\"Tom\",\"Sand\"]"},
    {"name.@reverse", "{\"last\":\"Sand\",\"first\":\"Tom\"}"},
    {"ws.@reverse", "[2,1]"},
    {"ws.@ugly", "[1,2]"},
    {"ws|@ugly|0", "1"},
    {"age.@this", "37"},
    {"age|@this", "37"},
    {"@this.age", "37"},
    {"@nobody", NULL},
    {"name.@tostr", "\"{\\\"first\\\":\\\"Tom\\\",\\\"last\\\":\\\"Sand\\\"}\""},
    {"name.@tostr|@fromstr|first", "\"Tom\""},
    {"name.@valid.last", "\"Sand\""},
    {"e.@join", "{}"},
    {"list.@join.n", "\"\\u0078y\""},
    {"list.#.t|@flatten", "[\"p\",\"q\"]"},
    {"![1,[2,[3]]]|@flatten", "[1,2,[3]]"},
    {"![1,[2,[3]]]|@flatten:{\"deep\":true}", "[1,2,3]"},
    {"![{\"a\":1},{\"a\":2,\"b\":3}]|@join", "{\"a\":2,\"b\":3}"},
    {"![{\"a\":1},{\"a\":2}]|@join:{\"preserve\":true}", "{\"a\":1,\"a\":2}"},
    {"!{\"a\":[1,2],\"b\":[3]}|@group", "[{\"a\":1,\"b\":3},{\"a\":2}]"},
    {"@dig:last", "[\"Sand\"]"},
    {"ws.@pretty", "[1, 2]"},
    {"!true", "true"},
    {"!\"text\"", "\"text\""},
    {"!nobody", NULL},
    /* collections */
    {"[age,nul]", "[37,null]"},
    {"{age,\"x\":name.first}", "{\"age\":37,\"x\":\"Tom\"}"},
    {"{first:name.first,zz}", "{\"first\":\"Tom\"}"},
    {"name.{last,first}", "{\"last\":\"Sand\",\"first\":\"Tom\"}"},
    {"list.#.{n,v}|1", "{\"n\":\"y\",\"v\":25}"},
    {"[age,list.#(v>3)#.v]", "[37,[25,3.50]]"},
    {"[age", NULL},
    {"{list.#}", "{\"_\":3}"},
    /* lines */
    {"..#", "1"},
    {"..0.age", "37"},
};

static void test_paths(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(path_cases); i++) {
        struct gjson found = get(a, STR(DOC), str_from(path_cases[i].path));
        const char *want = path_cases[i].raw;

        if (gjson_exists(&found) != (want != NULL) ||
            !str_is(str_trim(found.raw), want ? want : ""))
            fail_msg("case %zu: %s is " STR_FMT, i, path_cases[i].path, STR_ARG(found.raw));
    }
}

/* What is a part of the text knows where; what is made does not. */
static void test_positions(void **state)
{
    static const struct {
        const char *path;
        bool is_part;
    } cases[] = {{"name.last", true}, {"list.1", true}, {"list.#(v>3).n", true},
                 {"list.#", false},   {"[age]", false}, {"name|last", false},
                 {"nobody", false}};
    _cleanup_arena_ struct arena *a = arena_new();
    struct gjson found;

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        found = get(a, STR(DOC), str_from(cases[i].path));
        if ((found.pos > 0) != cases[i].is_part)
            fail_msg("case %zu: %s at %zu", i, cases[i].path, found.pos);
        if (found.pos)
            assert_true(
                str_eq(found.raw, str_head(str_skip(STR(DOC), found.pos), found.raw.len)));
    }
    found = get(a, STR(DOC), STR("list.#.v"));
    assert_int_equal(found.position_count, 3);
    assert_true(str_starts(str_skip(STR(DOC), found.positions[1]), STR("25")));
}

static void test_conversions(void **state)
{
    static const struct {
        const char *path, *text;
        double number;
        int64_t whole;
        bool is_true;
    } cases[] = {
        {"age", "37", 37, 37, true},
        {"exp", "1000", 1000, 1000, true},
        {"list.2.v", "3.5", 3.5, 3, true},
        {"big", "12345678901234567890", 12345678901234567890.0, -6101065172474983726, true},
        {"yes", "true", 1, 1, true},
        {"no", "false", 0, 0, false},
        {"nul", "", 0, 0, false},
        {"nobody", "", 0, 0, false},
        {"flag", "T", 0, 0, true},
        {"uni", "h\xc3\xa9\xf0\x9f\x98\x80", 0, 0, false},
        {"!\"-12\"", "-12", -12, -12, false},
        {"!\"1\"", "1", 1, 1, true},
        {"o", "{}", 0, 0, false},
        {"!1e400", "+Inf", HUGE_VAL, INT64_MIN, true},
        {"!-0.0", "-0", 0, 0, false},
        {"!\"a\\qb\"", "a", 0, 0, false},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gjson r = get(a, STR(DOC), str_from(cases[i].path));
        double n = gjson_number(&r);

        if (!str_is(gjson_text(a, &r), cases[i].text) || n < cases[i].number ||
            n > cases[i].number || gjson_int(&r) != cases[i].whole ||
            gjson_bool(&r) != cases[i].is_true)
            fail_msg("case %zu: %s is \"" STR_FMT "\", %g, %lld, %d", i, cases[i].path,
                     STR_ARG(gjson_text(a, &r)), n, (long long) gjson_int(&r), gjson_bool(&r));
    }
}

static struct str repeated(struct arena *a, const char *piece, size_t count)
{
    size_t len = strlen(piece);
    char *text = arena_alloc(a, len * count + 1);

    for (size_t i = 0; i < count; i++)
        memcpy(text + i * len, piece, len);
    return str_of(text, len * count);
}

/* Nesting, work and output end with an error, not with the process. */
static void test_budgets(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str deep = repeated(a, "[", 5000), flat = repeated(a, "[1],", 100000);
    struct str open = str_concat(a, STR("["), flat),
               row = repeated(a, "{\"a\":\"xxxx\"},", 9000);
    const struct {
        struct str json, path;
        const char *want;
    } cases[] = {
        {deep, repeated(a, "0.", 5000), "gjson path: nesting over 512 levels"},
        {deep, STR("@dig:x"), "gjson path: nesting over 512 levels"},
        {deep, STR("@pretty"), "gjson path: nesting over 512 levels"},
        {deep, STR("@flatten:{\"deep\":true}"), "gjson path: nesting over 512 levels"},
        {STR("[1]"), repeated(a, "@this|", 1000), "gjson path: nesting over 512 levels"},
        {open, repeated(a, "@reverse|", 500), "gjson path: work over 16777216 bytes"},
        {STR("\"\""), repeated(a, "@tostr|", 60), "gjson path: result over 8388608 bytes"},
        {str_concat(a, STR("["), row),
         str_printf(a, "#(a%%\"" STR_FMT "z\")", STR_ARG(repeated(a, "*x", 200))), NULL},
        {str_printf(a, "{\"k\":\"" STR_FMT "\"}", STR_ARG(repeated(a, "ab", 100000))),
         str_printf(a, "#(k%%\"*%sc\")", repeated(a, "ab", 1000).ptr), NULL},
        {str_printf(a, "[{\"k\":\"" STR_FMT "\"}]", STR_ARG(repeated(a, "a", 200000))),
         str_printf(a, "#(k%%\"*" STR_FMT "b\")", STR_ARG(repeated(a, "a", 1000))),
         "gjson path: work over 16777216 bytes"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gjson found;
        struct err err = {0};
        int result = gjson_get(a, cases[i].json, cases[i].path, &found, &err);

        if (!cases[i].want
                ? result < 0
                : result == 0 || err.kind != ERR_LIMIT || strcmp(err.text, cases[i].want) != 0)
            fail_msg("case %zu: %d %s", i, result, err.text);
    }
}

/* Texts that are no JSON: something or nothing, without harm. */
static void test_hostile(void **state)
{
    static const char *const texts[] = {
        "{",       "[",         "{\"",         "{\"a", "{\"a\"",
        "{\"a\":", "{\"a\":\"", "[1,",         "[\"",  "{\"a\":[{\"b\":",
        "}",       "]",         "{\"a\\",      "\\",   "{a:1}",
        "[1}2]",   "{\"a\":1]", "\"\\ud83d\"", "tru",  "-"};
    static const char *const paths[] = {
        "a",           "a.b",     "0",        "#",        "#.a",       "*",        "a.#.b",
        "#(a==1)#",    "[a,b]",   "{a}",      "@keys",    "@pretty",   "@flatten", "@group",
        "@join",       "@dig:a",  "@reverse", "@values",  "@tostr",    "@fromstr", "..#",
        "a|b",         "\\",      "#(",       "#(a",      "#(\"",      "{",        "[",
        "@",           "!",       "!{",       "@pretty:", "@pretty:{", "a\\",      "#(a==\"\\",
        "#(a==)#.b|c", "{\"a\":", "..",       "*\\"};
    _cleanup_arena_ struct arena *a = arena_new();
    size_t ran = 0;

    (void) state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        for (size_t k = 0; k < COUNT_OF(paths); k++) {
            struct gjson found = get(a, str_from(texts[i]), str_from(paths[k]));

            assert_true(gjson_exists(&found) || found.raw.len == 0);
            ran++;
        }
    assert_int_equal(ran, COUNT_OF(texts) * COUNT_OF(paths));
}

/* Strings are looked at eight bytes at a time: a quote behind backslashes, at each place. */
static void test_string_ends(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (int before = 0; before < 20; before++)
        for (int slashes = 0; slashes < 6; slashes++) {
            static const char blank[] = "....................", back[] = "\\\\\\\\\\\\";
            bool is_open = slashes % 2; /* the quote is part of the text */
            struct str json = str_printf(a, "{\"a\":\"%.*s%.*s\"%s,\"b\":7}", before, blank,
                                         slashes, back, is_open ? "\"" : "");
            struct gjson found;
            struct err err;

            assert_int_equal(gjson_get(a, json, STR("a"), &found, &err), 0);
            assert_int_equal(gjson_text(a, &found).len, before + slashes / 2 + is_open);
            assert_int_equal(gjson_get(a, json, STR("b"), &found, &err), 0);
            assert_int_equal(gjson_int(&found), 7);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),      cmocka_unit_test(test_golden_random),
        cmocka_unit_test(test_paths),       cmocka_unit_test(test_positions),
        cmocka_unit_test(test_conversions), cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_hostile),     cmocka_unit_test(test_string_ends),
    };

    return cmocka_run_group_tests_name("gjson", tests, NULL, NULL);
}
