/* Golden vectors of upstream's conditions: for each, every set of dependencies under which it
 * fires. */
#include "events/sensors/conditions.h"
#include "tests/support/golden.h"

static uint64_t bit_of(const struct str *names, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(names[i], name))
            return (uint64_t) 1 << i;
    return 0;
}

static uint64_t bits_of(const struct str *names, size_t count, const struct json *list)
{
    uint64_t bits = 0;

    for (uint32_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++)
        bits |= bit_of(names, count, json_str(&list->items[i]));
    return bits;
}

static bool is_listed(const struct str *names, size_t count, const struct json *fires,
                      uint64_t met)
{
    for (uint32_t i = 0; i < fires->count; i++)
        if (bits_of(names, count, &fires->items[i]) == met)
            return true;
    return false;
}

static int check_golden(struct arena *a, const struct json *row)
{
    const struct json *list = json_get(row, STR("dependencies")),
                      *fires = json_path(row, "out", "fires", NULL);
    struct str *names = ARENA_ARRAY(a, struct str, list->count + 1);
    struct str text = json_get_str(row, STR("conditions"));
    const struct condition *c;
    struct err err;
    uint64_t uses;

    for (uint32_t i = 0; i < list->count; i++)
        names[i] = json_str(&list->items[i]);
    if (condition_parse(a, str_is_none(text) ? STR("") : text, names, list->count, &c, &err) <
        0)
        return golden_fails(row); /* of an older expr-lang: some have other words */
    if (golden_fails(row) || !fires)
        return golden_fails(row) ? false : -1;
    uses = condition_uses(c);
    if (!str_eq(condition_text(c), json_str(json_path(row, "out", "expression", NULL))) ||
        uses != bits_of(names, list->count, json_path(row, "out", "dependencies", NULL)))
        return false;
    for (uint64_t met = 0; list->count < 16 && met < (uint64_t) 1 << list->count; met++)
        if ((met & uses) == met &&
            condition_holds(c, met) != is_listed(names, list->count, fires, met))
            return false;
    return true;
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("events/conditions.jsonl", check_golden, 30);
}

static void test_errors(void **state)
{
    static const char *const cases[][2] = {
        {"a &&", "unexpected token EOF (1:12)\n | a  + \"&&\" + \n | ...........^"},
        {"a b", "unexpected token Identifier(\"b\") (1:3)\n | a b\n | ..^"},
        {"(a", "Unbalanced parenthesis"},
        {"nobody", "unknown name nobody (1:1)\n | nobody\n | ^"},
        {"'nobody'",
         "Dependency expression and dependency list do not match, nobody is not found"},
        {" ", "unexpected token EOF (1:1)\n |  \n | ^"},
        {"'a' + '&&'", "Unexpected end of expression"},
        {"a; b", "unexpected token \";\" (1:2)"},
        {"nil", "Cannot transition token types from UNKNOWN [<nil>] to COMPARATOR [<]"},
    };
    static const struct str names[] = {STR_INIT("a"), STR_INIT("b")};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str want = str_printf(a, "conditions: %s", cases[i][1]);
        const struct condition *c;
        struct err err = {0};

        if (condition_parse(a, str_from(cases[i][0]), names, 2, &c, &err) == 0 ||
            !str_is(want, err.text))
            fail_msg("case %zu: %s", i, err.text);
    }
}

/* A function of the older language hides a dependency of its name, unless it is all there is.
 */
static void test_functions(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
    } cases[] = {
        {"now", true},          {" now ", true},      {"now && len", false},
        {"(now)", false},       {"a || now", false},  {"a && reverse", true},
        {"timezone||a", true},  {"'now' && a", true}, {"index-of && a", true},
        {"a && sort-by", true}, {"sort && a", false},
    };
    static const struct str names[] = {
        STR_INIT("a"),        STR_INIT("now"),      STR_INIT("len"),     STR_INIT("reverse"),
        STR_INIT("timezone"), STR_INIT("index-of"), STR_INIT("sort-by"), STR_INIT("sort")};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct condition *c;
        struct err err = {0};

        if ((condition_parse(a, str_from(cases[i].text), names, COUNT_OF(names), &c, &err) ==
             0) != cases[i].is_good)
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_true(cases[i].is_good || strstr(err.text, "invalid operation: + (mismatched"));
    }
}

/* What the two languages make of more than names, && and ||, for each set of a and b. */
static void test_accidents(void **state)
{
    static const struct {
        const char *text;
        bool holds[4]; /* none, a, b, both */
        uint64_t uses;
    } cases[] = {
        {"'a == b'", {true, false, false, true}, 3},
        {"'!a'", {true, false, true, false}, 1},
        {"'a && b'", {false, false, false, false}, 3}, /* a + "&&" + b */
        {"a + '!=' + b", {false, true, true, false}, 3},
        {"a + ' > ' + b", {false, false, false, false}, 3}, /* of no numbers */
        {"[b]", {false, false, true, true}, 2},
        {"'x' == 'X' ? a : b", {false, false, true, true}, 2},
        {"1 == 1", {true, true, true, true}, 0},
        {"1 + 1", {false, false, false, false}, 0}, /* a number is not true */
        {"a ?? b", {false, true, false, true}, 1},
    };
    static const struct str names[] = {STR_INIT("a"), STR_INIT("b")};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct condition *c;
        struct err err = {0};

        if (condition_parse(a, str_from(cases[i].text), names, 2, &c, &err) < 0)
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_int_equal(condition_uses(c), cases[i].uses);
        for (uint64_t met = 0; met < 4; met++)
            if (condition_holds(c, met) != cases[i].holds[met])
                fail_msg("%s: %d of %d", cases[i].text, !cases[i].holds[met], (int) met);
    }
}

/* Sixty-four dependencies in as many parentheses; more are refused. */
static void test_limits(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct str names[65];
    const struct condition *c;
    struct err err;

    (void) state;
    for (int i = 0; i < 65; i++) {
        names[i] = str_printf(a, "dep-%d", i);
        if (i < 64)
            strbuf_addf(&b, "(" STR_FMT "%s", STR_ARG(names[i]), i < 63 ? " && " : "");
    }
    for (int i = 0; i < 64; i++)
        strbuf_addc(&b, ')');
    if (condition_parse(a, strbuf_str(&b), names, 64, &c, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(condition_uses(c), UINT64_MAX);
    assert_true(condition_holds(c, UINT64_MAX));
    assert_false(condition_holds(c, UINT64_MAX >> 1));
    assert_int_equal(condition_parse(a, STR(""), names, 65, &c, &err), -1);
    assert_string_equal(err.text, "sensor with 65 dependencies (limit 64)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_errors),
        cmocka_unit_test(test_accidents), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_functions)};

    return cmocka_run_group_tests_name("conditions", tests, NULL, NULL);
}
