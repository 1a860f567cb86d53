/* Tests of objects/resource_name.h: golden vectors, ends of names. */
#include "objects/resource_name.h"

#include "tests/support/golden.h"

static int check_golden(struct arena *a, const struct json *row)
{
    struct str op = json_get_str(row, STR("op"));
    const struct json *out = json_get(row, STR("out"));
    struct resource_name made;

    if (str_is(op, "dns-label"))
        return str_eq(resource_name_label(a, json_get_str(row, STR("in"))), json_str(out));
    if (!str_is(op, "plural"))
        return -1;
    made = resource_name_guess(a, json_get_str(row, STR("apiVersion")),
                               json_get_str(row, STR("kind")));
    return str_eq(made.group, json_get_str(out, STR("group"))) &&
           str_eq(made.version, json_get_str(out, STR("version"))) &&
           str_eq(made.resource, json_get_str(out, STR("resource")));
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("events/misc.jsonl", check_golden, 61);
}

static void test_label_letters(void **state)
{
    static const char *const cases[][2] = {
        {"\xc4\xb0stanbul", "istanbul"}, /* capital I with a dot, the sign of Kelvin */
        {"4\xe2\x84\xaa-x", "4k-x"},
        {"a\xc3\x89z", "a-z"},
        {"\xc4\xb1x", "x"},
        {"a\xffz", "a-z"},
        {"x\xc4", "x"},
        {"\xe2\x84x", "x"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_true(str_is(resource_name_label(a, str_from(cases[i][0])), cases[i][1]));
}

static void test_plurals(void **state)
{
    static const char *const cases[][2] = {
        {"Y", "y"},    {"Toy", "toys"},      {"Fly", "flies"},    {"Hash", "hashes"},
        {"A", "a"},    {"Leaf", "leaves"},   {"Knife", "knives"}, {"Sy", "sys"},
        {"XS", "xss"}, {"Cliff", "clifves"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_true(str_is(resource_name_guess(a, STR("v1"), str_from(cases[i][0])).resource,
                           cases[i][1]));
    assert_true(
        str_is(resource_name_guess(a, STR("x/v1"), STR("EventBus")).resource, "eventbus"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_label_letters),
        cmocka_unit_test(test_plurals),
    };

    return cmocka_run_group_tests_name("resource names", tests, NULL, NULL);
}
