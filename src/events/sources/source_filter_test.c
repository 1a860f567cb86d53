/* Tests of events/sources/source_filter.h: golden vectors of upstream's filter, hostile
 * expressions. */
#include "events/sources/source_filter.h"

#include "tests/support/golden.h"

static int check_golden(struct arena *a, const struct json *row)
{
    bool passes = false;
    struct err err = {0};

    if (source_filter_passes(a, json_get_str(row, STR("expression")),
                             json_get_str(row, STR("data")), (struct wall){1700000000000},
                             &passes, &err) < 0) {
        if (!golden_fails(row))
            print_error("got %s\n", err.text);
        return golden_fails(row);
    }
    return !golden_fails(row) && passes == json_get_bool(row, STR("out"));
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("events/sourcefilter.jsonl", check_golden, 152);
}

static void test_expression_of(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json spec;
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, STR("{\"filter\":{\"expression\":\"a\"}}"), &spec, &err), 0);
    assert_true(str_is(source_filter_of(&spec), "a"));
    assert_int_equal(json_parse(a, STR("{\"filter\":{}}"), &spec, &err), 0);
    assert_true(str_is(source_filter_of(&spec), ""));
    assert_false(str_is_none(source_filter_of(NULL)));
}

/* What is not there is nil, and nil is no text to the older expr-lang of the original. */
static void test_nil_texts(void **state _unused_)
{
    static const struct {
        const char *text;
        int want; /* -1: fails */
    } cases[] = {
        {"missing startsWith 'a'", -1},
        {"not (missing endsWith 'a')", -1},
        {"'a' contains missing", -1},
        {"missing matches 'a' or other == nil", -1},
        {"missing matches 'a' or true", 1},
        {"true or missing matches 'a'", 1},
        {"(missing ?? 'abc') startsWith 'a'", 1},
        {"sprig.contains('a', missing)", -1},
        {"sprig.empty(missing) and sprig.default('a', missing) == 'a'", 1},
        {"missing in ['a']", 0},
        /* the expr-lang of the original is an older one, too */
        {"sortBy([{k: 2}, {k: 1}], 'k')[0].k == 1", 1},
        {"sortBy([{k: 2}, {k: 1}], 'k', 'desc')[0].k == 2", 1},
        {"sortBy([2, 1], #)[0] == 1", -1},
        {"len('\xc3\xa9') == 2", 1},
        {"sum([1, 2]) == 3", 1},
        {"sum([1, 2], # * 2) == 6", -1},
        {"count([1, 2], # > 1) == 1", 1},
        {"count([true]) == 1", -1},
        {"mean([1, 2]) == 1.5", 1},
        {"mean(1, 2) == 1.5", -1},
        {"max(1, 2, ) == 2", -1},
        {"reverse([1]) == [1]", -1},
        {"bitand(3, 1) == 1", -1},
        {"min([1]) == 1", -1},
        {"0b11 == 3", -1},
        {"0x1F == 31", 1},
        {"'abc'[0:2] == 'ab'", -1},
        {"('abc')[0:2] == 'ab'", 1},
        {"[1, 2][0] == 1", 1},
        {"b'a' == 'a'", -1},
        {"1; true", -1},
        {"let x = 1; x == 1", 1},
        {"if true { true } else { false }", -1},
        {"ceil == 1", -1},
        {"// c`\ntrue", 1},
        {"'a' in [1]", -1},
        {"'a' in 1..3", -1},
        {"any(1..3, # == 'a')", -1},
        {"['a'][0] == 1", 0},
        {"31 not in filter(['a'], # != nil)", 1},
        {"['a'] == sum([1])", 0},
        {"upper == nil or true", 1},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        bool passes = false;
        struct err err = {0};
        int rc = source_filter_passes(a, str_from(cases[i].text), STR("{}"), (struct wall){0},
                                      &passes, &err);

        if (rc < 0 ? cases[i].want >= 0 : passes != cases[i].want)
            fail_msg("%s: %d %d %s", cases[i].text, rc, passes, err.text);
    }
}

/* Refused within the budget of the language. */
static void test_hostile(void **state)
{
    static const char *const texts[] = {
        "((((((((((((((((((((((((((((((((1",
        "all(1..100000000, # > 0)",
        "sprig.repeat(100000000, \"x\") == \"\"",
        "\"a\" matches \"(((a{1000}){1000}){1000})\"",
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        bool passes;
        struct err err = {0};

        assert_int_equal(source_filter_passes(a, str_from(texts[i]), STR("{}"),
                                              (struct wall){0}, &passes, &err),
                         -1);
        assert_true(err.text[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_expression_of),
        cmocka_unit_test(test_nil_texts),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests_name("source filter", tests, NULL, NULL);
}
