/* Tests of lang/subst/items.h: golden vectors of Argo's loops, raw texts, names, limits.
 *
 * Steps are compared without members that are empty, which Go always prints. */
#include "lang/subst/items.h"

#include "base/limits.h"
#include "tests/support/expr_names.h"
#include "tests/support/golden.h"

static bool is_empty(const struct json *v)
{
    return v->type == JSON_NULL || (v->type == JSON_STRING && v->count == 0) ||
           ((v->type == JSON_OBJECT || v->type == JSON_ARRAY) && v->count == 0);
}

static struct json without_empty(struct arena *a, const struct json *v)
{
    struct json_object_builder object = {0};
    struct json_array_builder array = {0};

    if (v->type == JSON_ARRAY) {
        for (uint32_t i = 0; i < v->count; i++)
            json_push(a, &array, without_empty(a, &v->items[i]));
        return json_array(&array);
    }
    if (v->type != JSON_OBJECT)
        return *v;
    for (uint32_t i = 0; i < v->count; i++) {
        struct json value = without_empty(a, &v->members[i].value);

        if (!is_empty(&value))
            json_add(a, &object, v->members[i].key, value);
    }
    return json_object(&object);
}

/* The engine evaluates conditions; the vectors hold "true", "false" and "a == b" only. */
static enum items_when judge(struct str when)
{
    size_t equals = str_find(when, STR(" == "));

    if (str_is(when, "false"))
        return ITEMS_SKIPPED;
    if (equals == SIZE_MAX || str_find(when, STR("{{")) != SIZE_MAX)
        return ITEMS_RUN;
    return str_eq(str_head(when, equals), str_skip(when, equals + 4)) ? ITEMS_RUN
                                                                      : ITEMS_SKIPPED;
}

static int expand_all(struct arena *a, const struct json *row, struct json *ret,
                      struct err *err)
{
    const struct json *step = json_get(row, STR("spec"));
    struct subst_options outer = expr_names(a, json_get(row, STR("scope")));
    struct json_array_builder list = {0};
    enum items_owner owner =
        str_is(json_get_str(row, STR("kind")), "task") ? ITEMS_OF_TASK : ITEMS_OF_STEP;
    struct items_loop loop;
    struct json made;

    if (owner == ITEMS_OF_TASK && !items_is_loop(step)) { /* it stays as it is */
        made = without_empty(a, step);
        json_push(a, &list, json_without(a, &made, STR("withItems")));
        *ret = json_array(&list);
        return 0;
    }
    if (items_open(a, step, owner, judge(json_get_str(step, STR("when"))), &loop, err) < 0)
        return -1;
    for (size_t i = 0; i < loop.len; i++) {
        struct json one;

        if (items_expand(&loop, i, a, &outer, &one, err) < 0)
            return -1;
        json_push(a, &list, without_empty(a, &one));
    }
    *ret = json_array(&list);
    return 0;
}

static int check_step(struct arena *a, const struct json *row)
{
    struct json made, want;
    struct err err = {0};

    if (expand_all(a, row, &made, &err) < 0) {
        struct str told = json_get_str(row, STR("err"));

        if (!str_is(told, err.text))
            print_error(STR_FMT "\n  got: %s\n", STR_ARG(told), err.text);
        return golden_fails(row) &&
               (str_is(told, err.text) || str_starts(told, STR("panic: ")));
    }
    if (golden_fails(row))
        return false;
    want = without_empty(a, json_get(row, STR("out")));
    if (!json_equal(&made, &want))
        print_error("got " STR_FMT "\n", STR_ARG(json_text(a, &made, JSON_COMPACT)));
    return json_equal(&made, &want);
}

static int check_sequence(struct arena *a, const struct json *row)
{
    struct json made;
    struct str text;
    struct err err = {0};

    if (sequence_texts(a, json_get(row, STR("spec")), &text, &err) < 0)
        return golden_fails(row) && str_is(json_get_str(row, STR("err")), err.text);
    return !golden_fails(row) && json_parse(a, text, &made, &err) == 0 &&
           json_equal(&made, json_get(row, STR("out")));
}

static struct item read_item(struct arena *a, struct str text)
{
    struct item item;
    struct err err;

    if (item_parse(a, text, &item, &err) < 0)
        fail_msg(STR_FMT ": %s", STR_ARG(text), err.text);
    return item;
}

static int check_item(struct arena *a, const struct json *row)
{
    static const char *const types[] = {
        [ITEM_STRING] = "String", [ITEM_NUMBER] = "Number", [ITEM_BOOL] = "Bool",
        [ITEM_MAP] = "Map",       [ITEM_LIST] = "List",
    };
    struct item item = read_item(a, json_text(a, json_get(row, STR("spec")), JSON_COMPACT));
    const struct json *out = json_get(row, STR("out"));

    return str_is(json_get_str(out, STR("type")), types[item_type_of(&item)]) &&
           str_eq(json_get_str(out, STR("string")), item_shown(a, &item)) &&
           str_eq(json_get_str(out, STR("printed")), item_shown(a, &item));
}

static int check_name(struct arena *a, const struct json *row)
{
    struct json spec = *json_get(row, STR("spec"));
    struct str made, out = json_get_str(row, STR("out"));
    struct item item;
    int64_t index = 0;
    struct err err;

    if (!json_i64(json_get(row, STR("index")), &index))
        return false;
    /* The vector hands a list over as one item's text, the loop as its parts. */
    if (spec.type == JSON_ARRAY)
        spec = json_string(json_text(a, &spec, JSON_COMPACT));
    item = read_item(a, json_text(a, &spec, JSON_COMPACT));
    if (item_node_name(a, json_get_str(row, STR("name")), (size_t) index, &item, &made, &err) <
        0)
        return golden_fails(row);
    return !golden_fails(row) && str_eq(made, out);
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str kind = json_get_str(row, STR("kind"));

    if (str_is(kind, "sequence"))
        return check_sequence(a, row);
    if (str_is(kind, "item"))
        return check_item(a, row);
    return str_is(kind, "name") ? check_name(a, row) : check_step(a, row);
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("lang/items.jsonl", check_golden, 273);
}

/* Items keep the text that they were written as. */
static void test_raw_texts(void **state)
{
    static const struct {
        const char *text, *item, *name, *member;
    } cases[] = {
        {" [ 1 , \"a\\u00e9\" ] ", "[1,\"a\\u00e9\"]", "x(0:[1 a\\u00e9])", NULL},
        {"{\"k\": {\"b\": [1, 2]}, \"a\" : \"<\"}", "{\"a\":\"\\u003c\",\"k\":{\"b\":[1,2]}}",
         "x(0:a:<,k:{\"b\":[1,2]})", "{\"b\":[1,2]}"},
        {"{\"k\": \"\\u003cb\\u003e \\u0026\", \"l\": [1, {\"m\" : null}]}",
         "{\"k\":\"\\u003cb\\u003e \\u0026\",\"l\":[1,{\"m\":null}]}",
         "x(0:k:<b> &,l:[1,{\"m\":null}])", "<b> &"},
        {"{\"k\":\"a\\\"}]\",\"z\":[\"]}\"]}", "{\"k\":\"a\\\"}]\",\"z\":[\"]}\"]}",
         "x(0:k:a\\\"}],z:[\"]}\"])", "a\\\"}]"},
        {"{\"k\":1 ,\"k\":2e0}", "{\"k\":2e0}", "x(0:k:2e0)", "2e0"},
        {"\"\\u2028\xe2\x80\xa8\"", "\xe2\x80\xa8\xe2\x80\xa8", "x(0:\\u2028\\u2028)", NULL},
        {"[\"\xe2\x80\xa8&\"]", "[\"\\u2028\\u0026\"]", "x(0:[\\u2028&])", NULL},
        {"null", "null", "x(0:[])", NULL},
        {"-0.10", "-0.10", "x(0:-0.10)", NULL},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct item item = read_item(a, str_from(cases[i].text));
        struct str member = item_member(a, &item, STR("k"));
        struct str name;
        struct err err;

        assert_int_equal(item_node_name(a, STR("x"), 0, &item, &name, &err), 0);
        if (!str_is(item_text(a, &item), cases[i].item) || !str_is(name, cases[i].name) ||
            !str_eq(member, str_from(cases[i].member)))
            fail_msg("case %zu: %s: " STR_FMT " " STR_FMT " " STR_FMT, i, cases[i].text,
                     STR_ARG(item_text(a, &item)), STR_ARG(name), STR_ARG(member));
    }
}

static void test_formats(void **state)
{
    static const char *const cases[][3] = {
        {"7", "%05d", "00007"},
        {"-7", "%05d", "-0007"},
        {"7", "%+5d|", "   +7|"},
        {"7", "%.3d", "007"},
        {"7", "%06.3d", "   007"},
        {"255", "%#x", "0xff"},
        {"255", "%#06x", "0x0000ff"},
        {"-255", "%X", "-FF"},
        {"8", "%O", "0o10"},
        {"5", "%b", "101"},
        {"7", "% d", " 7"},
        {"7", "%-4d.", "7   ."},
        {"7", "%+v", "7"},
        {"7", "%5s", "%!s(int=    7)"},
        {"65", "%3c", "  A"},
        {"0x", "%d", NULL},
        {"960", "%c", "\xcf\x80"},
        {"128512", "%U", "U+1F600"},
        {"7", "100%%-%d", "100%-7"},
        {"7", "%T", "int"},
        {"7", "%\xe6\x97\xa5", "%!\xe6\x97\xa5(int=7)"},
        {"65", "%q", "'A'"},
        {"34", "x%q", NULL}, /* the quote ends the item's text */
        {"233", "%5q", "  '\xc3\xa9'"},
        {"7", "%q", NULL}, /* '\a' is no escape of JSON */
        {"7", "%*d", "%!d(MISSING)"},
        {"7", "n%0[", "n%!(NOVERB)"},
        {"7", "%.*f", "%!f(MISSING)"},
        {"7", "%[2]*d", "%!d(BADINDEX)"},
        {"7", "%*[1]d", "      7"},
        {"10", "%[1]d-%[1]x", "10-a"},
        {"10", "%03[1]d %d", "010 %!d(MISSING)"},
        {"10", "%[1]3d %d", "%!d(BADINDEX) 10"}, /* the width goes first */
        {"7", "%[2]d", "%!d(BADINDEX)"},
        {"7", "%[x]d", "%!d(BADINDEX)"},
        {"8", "%#o", "010"},
        {"0", "%#o", "0"},
        {"8", "%#.4o", "0010"},
        {"-1", "%U", "U+FFFFFFFFFFFFFFFF"},
        {"7", "%70000d", NULL},
        {"0", "%.0d", ""},
        {"9223372036854775807", "%d", "9223372036854775807"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json_object_builder b = {0};
        struct json sequence, list;
        struct str text;
        struct err err = {0};
        int result;

        json_add(a, &b, STR("start"), json_string(str_from(cases[i][0])));
        json_add(a, &b, STR("end"), json_string(str_from(cases[i][0])));
        json_add(a, &b, STR("format"), json_string(str_from(cases[i][1])));
        sequence = json_object(&b);
        result = sequence_texts(a, &sequence, &text, &err);
        if (result == 0)
            assert_int_equal(json_parse(a, text, &list, &err), 0);
        if (cases[i][2] ? result < 0 || !str_is(json_str(json_item(&list, 0)), cases[i][2])
                        : result == 0)
            fail_msg("case %zu: %s of %s: %s", i, cases[i][1], cases[i][0],
                     result < 0 ? err.text : str_cz(a, text));
    }
}

static void test_limits(void **state)
{
    static const char *const cases[] = {
        "{\"count\":1000001}",
        "{\"start\":-9223372036854775808,\"end\":9223372036854775807}",
        "{\"start\":9223372036854775807,\"count\":\"9223372036854775807\"}",
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json sequence;
        struct str text;
        struct err err = {0};

        assert_int_equal(json_parse(a, str_from(cases[i]), &sequence, &err), 0);
        if (sequence_texts(a, &sequence, &text, &err) == 0 ||
            (err.kind != ERR_LIMIT && err.kind != ERR_INVALID))
            fail_msg("case %zu: %s", i, err.text);
    }
}

static void test_wide(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct items_loop loop;
    struct json step, made;
    struct err err;

    (void) state;
    assert_int_equal(
        json_parse(
            a,
            STR("{\"name\":\"n\",\"template\":\"t\",\"withSequence\":{\"count\":100000},"
                "\"arguments\":{\"parameters\":[{\"name\":\"x\",\"value\":\"{{item}}\"}]}}"),
            &step, &err),
        0);
    assert_true(items_is_loop(&step));
    assert_int_equal(items_open(a, &step, ITEMS_OF_STEP, ITEMS_RUN, &loop, &err), 0);
    assert_int_equal(loop.len, 100000);
    assert_int_equal(items_expand(&loop, 99999, a, NULL, &made, &err), 0);
    assert_true(str_is(json_get_str(&made, STR("name")), "n(99999:99999)"));
    assert_true(str_is(json_text(a, json_get(&made, STR("arguments")), JSON_COMPACT),
                       "{\"parameters\":[{\"name\":\"x\",\"value\":\"99999\"}]}"));
    assert_false(items_is_loop(&made));
}

static void test_not_a_loop(void **state)
{
    static const char *const cases[] = {"{}", "{\"withItems\":[]}",
                                        "{\"withItems\":null,\"withParam\":\"\"}"};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct items_loop loop;
        struct json step;
        struct err err;

        assert_int_equal(json_parse(a, str_from(cases[i]), &step, &err), 0);
        if (items_is_loop(&step) ||
            items_open(a, &step, ITEMS_OF_STEP, ITEMS_RUN, &loop, &err) == 0)
            fail_msg("case %zu: %s", i, cases[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),  cmocka_unit_test(test_raw_texts),
        cmocka_unit_test(test_formats), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_wide),    cmocka_unit_test(test_not_a_loop),
    };

    return cmocka_run_group_tests_name("items", tests, NULL, NULL);
}
