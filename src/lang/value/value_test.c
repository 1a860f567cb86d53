/*
 * Values: Go's Sprintf over every verb, flag and type, maps that change, order and equality,
 * methods, limits of a run.
 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/limits.h"
#include "formats/gotime.h"
#include "formats/semver.h"
#include "lang/value/text.h"

struct world {
    struct arena *a;
    struct err err;
    struct value_run run;
};

static void world_init(struct world *w)
{
    *w = (struct world){.a = arena_new()};
    w->run =
        (struct value_run){.a = w->a, .what = "test", .now = {1716000000000}, .err = &w->err};
}

static void world_done(struct world *w)
{
    arena_free(w->a);
}
#define _cleanup_world_ _cleanup_(world_done)

static struct value of_text(struct world *w, const char *text)
{
    struct json doc;

    assert_int_equal(json_parse(w->a, str_from(text), &doc, &w->err), 0);
    return value_of_json(w->a, &doc);
}

/* ---- Sprintf ---- */

/* Arguments are a JSON list; "i:" in front of the format makes its whole numbers int. */
static struct str printed(struct world *w, const char *format, const char *args)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct value list = of_text(w, args);
    struct value *items = ARENA_ARRAY(w->a, struct value, list.count + 1);

    for (size_t i = 0; i < list.count; i++) {
        items[i] = list.items[i];
        if (items[i].type == VALUE_FLOAT && items[i].real == (double) (int64_t) items[i].real)
            items[i] = value_int((int64_t) items[i].real);
    }
    assert_int_equal(value_sprintf(&w->run, &b, str_from(format), items, list.count), 0);
    return str_copy(w->a, strbuf_str(&b));
}

static void test_sprintf(void **state _unused_)
{
    static const struct {
        const char *format, *args, *want;
    } rows[] = {
        {"plain", "[]", "plain"},
        {"%d|%5d|%-5d|%05d|%+d|% d", "[7,7,7,7,7,7]", "7|    7|7    |00007|+7| 7"},
        {"%x %X %#x %#X %o %#o %O %b %#b", "[255,255,255,255,8,8,8,5,5]",
         "ff FF 0xff 0XFF 10 010 0o10 101 0b101"},
        {"%d", "[-5]", "-5"},
        {"%05d", "[-5]", "-0005"},
        {"%.3d|%8.3d|%-8.3d|", "[5,5,5]", "005|     005|005     |"},
        {"%.0d|", "[0]", "|"},
        {"%c%c", "[65,26085]", "A\xe6\x97\xa5"},
        {"%q %q", "[65,39]", "'A' '\\''"},
        {"%U %#U", "[8364,8364]", "U+20AC U+20AC '\xe2\x82\xac'"},
        {"%s|%10s|%-10s|%.2s|%10.2s|", "[\"abc\",\"abc\",\"abc\",\"abc\",\"abc\"]",
         "abc|       abc|abc       |ab|        ab|"},
        {"%q %#q %+q", "[\"a\\\"b\",\"ab\",\"\xc3\xa9\"]", "\"a\\\"b\" `ab` \"\\u00e9\""},
        {"%x %X % x %#x %# x", "[\"hi\",\"hi\",\"hi\",\"hi\",\"hi\"]",
         "6869 6869 68 69 0x6869 0x68 0x69"},
        {"%v %t", "[true,false]", "true false"},
        {"%v %d", "[null,null]", "<nil> %!d(<nil>)"},
        {"%s %d %t", "[5,\"x\",\"y\"]", "%!s(int=5) %!d(string=x) %!t(string=y)"},
        {"%e %E %g %G %f %.2f %F", "[1.5,1.5,1.5,1.5,1.5,1.5,1.5]",
         "1.500000e+00 1.500000E+00 1.5 1.5 1.500000 1.50 1.500000"},
        {"%8.2f|%-8.2f|%08.2f|%+.1f|% .1f", "[1.5,1.5,-1.5,1.5,1.5]",
         "    1.50|1.50    |-0001.50|+1.5| 1.5"},
        {"%.3g %.10g %g", "[1234.5678,1234.5678,1e-10]", "1.23e+03 1234.5678 1e-10"},
        {"%x", "[42.5]", "0x1.54p+05"},
        {"%v", "[[1.5,\"a\",null]]", "[1.5 a <nil>]"},
        {"%d", "[[\"a\"]]", "[%!d(string=a)]"},
        {"%v", "[{\"b\":1.5,\"a\":{}}]", "map[a:map[] b:1.5]"},
        {"%#v", "[[\"a\",1.5]]", "[]interface {}{\"a\", 1.5}"},
        {"%#v", "[{\"a\":null}]", "map[string]interface {}{\"a\":interface {}(nil)}"},
        {"%T %T %T %T", "[1,\"a\",[],{}]", "int string []interface {} map[string]interface {}"},
        {"%", "[]", "%!(NOVERB)"},
        {"%d %d", "[1]", "1 %!d(MISSING)"},
        {"%d", "[1,2,\"x\"]", "1%!(EXTRA int=2, string=x)"},
        {"%z", "[5]", "%!z(int=5)"},
        {"100%%", "[]", "100%"},
        {"%[2]d %[1]d", "[1,2]", "2 1"},
        {"%[3]d", "[1]", "%!d(BADINDEX)"},
        {"%[x]d", "[1]", "%!d(BADINDEX)"},
        {"%*d|%-*d|", "[5,1,5,1]", "    1|1    |"},
        {"%.*f", "[2,1.25]", "1.25"},
        {"%*d", "[\"x\",1]", "%!(BADWIDTH)1"},
        {"%.*d", "[\"x\",1]", "%!(BADPREC)1"},
        {"%6.2v|", "[\"abc\"]", "    ab|"},
    };
    size_t wrong = 0;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_world_ struct world w;
        struct str got;

        world_init(&w);
        got = printed(&w, rows[i].format, rows[i].args);
        if (str_is(got, rows[i].want))
            continue;
        wrong++;
        print_error("%zu: %s\n want %s\n got  " STR_FMT "\n", i, rows[i].format, rows[i].want,
                    STR_ARG(got));
    }
    assert_int_equal(wrong, 0);
}

/* Types that JSON does not make. */
static void test_own_texts(void **state _unused_)
{
    _cleanup_world_ struct world w;
    struct gotime t = gotime_unix(0, 0);
    struct semver version;
    struct value month = value_int(5), byte = value_int(255), args[8];
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 12);

    world_init(&w);
    assert_int_equal(semver_parse(w.a, STR("v1.2"), &version, &w.err), 0);
    month.go = VALUE_GO_MONTH;
    byte.go = VALUE_GO_UINT8;
    args[0] = value_of_time(w.a, &t);
    args[1] = value_duration(90 * INT64_C(1000000000));
    args[2] = month;
    args[3] = month;
    args[4] = (struct value){.type = VALUE_SEMVER, .semver = &version};
    args[5] = byte;
    args[6] = value_duration(1500);
    args[7] = (struct value){.type = VALUE_BYTES, .text = "ab", .count = 2};
    assert_int_equal(value_sprintf(&w.run, &b, STR("%v %v %v %d %s %v %d %v"), args, 8), 0);
    assert_string_equal(b.ptr,
                        "1970-01-01 00:00:00 +0000 UTC 1m30s May 5 1.2.0 255 1500 [97 98]");
    strbuf_reset(&b);
    assert_int_equal(value_print(&w.run, &b, args + 1, 2), 0);
    assert_string_equal(b.ptr, "1m30s May");
}

/* ---- maps ---- */

static void test_maps(void **state _unused_)
{
    _cleanup_world_ struct world w, other;
    struct value map, alias, copy, one = value_int(1), two = value_int(2);
    struct str text;

    world_init(&w);
    world_init(&other);
    map = of_text(&w, "{\"b\":1.5}");
    alias = map;
    for (int i = 0; i < 100; i++)
        assert_int_equal(value_map_set(&w.run, &map, str_printf(w.a, "k%d", i % 20), &one), 0);
    assert_int_equal(value_len(&alias), 21); /* the other holder sees it */
    copy = map;
    assert_int_equal(value_map_set(&other.run, &copy, STR("b"), &two), 0);
    assert_int_equal(value_map_get(&copy, STR("b"))->number, 2);
    assert_true(value_map_get(&map, STR("b"))->real == 1.5); /* another run's is untouched */
    for (int i = 0; i < 20; i++)
        assert_int_equal(value_map_unset(&w.run, &map, str_printf(w.a, "k%d", i)), 0);
    assert_int_equal(value_map_unset(&w.run, &map, STR("not there")), 0);
    assert_int_equal(value_format_str(&w.run, &alias, &text), 0);
    assert_string_equal(text.ptr, "map[b:1.5]");
}

static bool is_equal(struct world *w, const char *x, const char *y, bool is_deep)
{
    struct value left = of_text(w, x), right = of_text(w, y);
    bool ret = false;

    assert_int_equal((is_deep ? value_deep_equal : value_equal)(&w->run, &left, &right, &ret),
                     0);
    return ret;
}

static void test_equality(void **state _unused_)
{
    _cleanup_world_ struct world w;
    struct value whole = value_int(1), real = value_float(1);
    bool ret = false;

    world_init(&w);
    assert_true(is_equal(&w, "[1,{\"a\":[]}]", "[1,{\"a\":[]}]", true));
    assert_true(is_equal(&w, "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", false));
    assert_false(is_equal(&w, "{\"a\":1}", "{\"a\":2}", true));
    assert_false(is_equal(&w, "[1]", "[1,2]", true));
    assert_false(is_equal(&w, "null", "{}", true));
    assert_int_equal(value_equal(&w.run, &whole, &real, &ret), 0);
    assert_true(ret);
    assert_int_equal(value_deep_equal(&w.run, &whole, &real, &ret), 0);
    assert_false(ret);
}

/* ---- methods ---- */

static void test_methods(void **state _unused_)
{
    _cleanup_world_ struct world w;
    struct gotime t = gotime_unix(1714979289, 0);
    struct value time, ret, day = value_duration(INT64_C(86400000000000)), version, layout;
    struct semver v;

    world_init(&w);
    time = value_of_time(w.a, &t);
    assert_int_equal(value_method(&w.run, &time, STR("Month"), NULL, 0, &ret), 0);
    assert_int_equal(ret.number, 5);
    assert_string_equal(value_type_name(&ret), "time.Month");
    assert_int_equal(value_method(&w.run, &time, STR("Add"), &day, 1, &ret), 0);
    assert_int_equal(ret.time->unix_s, 1714979289 + 86400);
    assert_int_equal(value_method(&w.run, &ret, STR("Sub"), &time, 1, &ret), 0);
    assert_int_equal(ret.number, day.number);
    layout = value_string(STR("2006-01-02"));
    assert_int_equal(value_method(&w.run, &time, STR("Format"), &layout, 1, &ret), 0);
    assert_true(str_is(value_str(&ret), "2024-05-06"));
    assert_int_equal(value_method(&w.run, &time, STR("Nope"), NULL, 0, &ret), 1);
    assert_int_equal(value_method(&w.run, &time, STR("Format"), NULL, 0, &ret), -1);
    assert_string_equal(w.err.text, "invalid number of arguments: expected 1, got 0");
    assert_int_equal(semver_parse(w.a, STR("1.2.3-rc.1"), &v, &w.err), 0);
    version = (struct value){.type = VALUE_SEMVER, .semver = &v};
    assert_int_equal(value_method(&w.run, &version, STR("IncPatch"), NULL, 0, &ret), 0);
    assert_true(str_is(semver_print(w.a, ret.semver), "1.2.3"));
    assert_int_equal(value_method(&w.run, &version, STR("LessThan"), &ret, 1, &ret), 0);
    assert_true(ret.is_true);
}

/* ---- limits ---- */

static void test_limits(void **state _unused_)
{
    _cleanup_world_ struct world w;
    struct value v = value_int(1), list;
    struct str text;
    bool ret;

    world_init(&w);
    assert_int_equal(value_charge(&w.run, VALUE_STEPS_MAX), 0);
    assert_int_equal(value_charge(&w.run, 1), -1);
    assert_int_equal(w.err.kind, ERR_LIMIT);
    w.run.steps = 0;
    assert_int_equal(value_make(&w.run, VALUE_OUTPUT_MAX_BYTES + 1), -1);
    assert_int_equal(w.err.kind, ERR_LIMIT);
    list = value_array(NULL, 0);
    for (int i = 0; i < VALUE_DEPTH_MAX + 1; i++) {
        struct value *item = ARENA_NEW(w.a, struct value);

        *item = list;
        list = value_array(item, 1);
    }
    assert_int_equal(value_format_str(&w.run, &list, &text), -1);
    assert_int_equal(w.err.kind, ERR_LIMIT);
    w.run.depth = 0;
    assert_int_equal(value_deep_equal(&w.run, &list, &list, &ret), -1);
    w.run.depth = 0;
    assert_int_equal(value_repeat(&w.run, STR("xx"), INT64_MAX, &v), -1);
    assert_int_equal(w.err.kind, ERR_LIMIT);
}

/* [x, x] of [x, x] and so on: few bytes here, a number of items as JSON. */
static void test_shared_items(void **state _unused_)
{
    _cleanup_world_ struct world w;
    struct value list = value_int(1), text;
    struct json doc;

    world_init(&w);
    for (int i = 0; i < 40; i++) {
        struct value *two = ARENA_ARRAY(w.a, struct value, 2);

        two[0] = two[1] = list;
        list = value_array(two, 2);
        if (i == 9)
            assert_int_equal(value_json(w.a, &list, &doc, &w.err), 0);
    }
    assert_int_equal(value_json(w.a, &list, &doc, &w.err), -1);
    assert_int_equal(w.err.kind, ERR_LIMIT);
    w.err = (struct err){0};
    assert_int_equal(value_json_text(&w.run, &list, 0, &text), -1);
    assert_int_equal(w.err.kind, ERR_LIMIT);
}

static int ignores(struct value_run *r _unused_, const struct value *args _unused_,
                   size_t count _unused_, struct value *ret)
{
    *ret = value_nil();
    return 0;
}

/* What a function is given counts, and what is compared. */
static void test_long_values(void **state _unused_)
{
    static const struct value_function f = {.name = "f", .args = ".", .call = ignores};
    _cleanup_world_ struct world w;
    const size_t len = 1 << 20;
    char *x = mem_array(len, 1), *y = mem_array(len, 1);
    struct value args[2], ret;
    bool is_equal;
    int calls = 0, compares = 0, orders = 0;

    world_init(&w);
    memset(x, 'a', len);
    memset(y, 'a', len);
    args[0] = value_string(str_of(x, len));
    args[1] = value_string(str_of(y, len));
    while (value_call(&w.run, &f, args, 1, &ret) == 0)
        calls++;
    assert_int_equal(w.err.kind, ERR_LIMIT);
    assert_int_equal(calls, VALUE_STEPS_MAX / (len / VALUE_ARGUMENT_STEP_BYTES + 1));
    w.run.steps = 0;
    while (value_equal(&w.run, &args[0], &args[1], &is_equal) == 0 && is_equal)
        compares++;
    assert_int_equal(compares, VALUE_STEPS_MAX / (len / VALUE_COMPARED_STEP_BYTES + 1));
    w.run.steps = 0;
    while (value_less(&w.run, &args[0], &args[1], &is_equal) == 0 && !is_equal)
        orders++;
    assert_int_equal(orders, compares);
    args[0] = value_array(NULL, 0);
    args[0].count = len;
    w.run.steps = 0;
    for (calls = 0; value_call(&w.run, &f, args, 1, &ret) == 0;)
        calls++;
    assert_int_equal(calls, VALUE_STEPS_MAX / (len / 8 + 1));
    free(x);
    free(y);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sprintf),      cmocka_unit_test(test_own_texts),
        cmocka_unit_test(test_maps),         cmocka_unit_test(test_equality),
        cmocka_unit_test(test_methods),      cmocka_unit_test(test_limits),
        cmocka_unit_test(test_shared_items), cmocka_unit_test(test_long_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
