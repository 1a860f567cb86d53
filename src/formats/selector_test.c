/* Golden vectors of apimachinery's label and field selectors. */
#include "formats/selector.h"
#include "tests/support/golden.h"

static int check_golden(struct arena *a, const struct json *row)
{
    struct str op = json_get_str(row, STR("op"));
    bool is_field = str_is(op, "field");
    const struct json *sets = json_get(row, is_field ? STR("fields") : STR("labels"));
    const struct json *matches = json_path(row, "out", "match", NULL);
    struct selector s;
    struct err err;
    int result;

    if (str_is(op, "labelSelector"))
        result = selector_of_json(a, json_get(row, STR("selector")), &s, &err);
    else if (str_is(op, "label"))
        result = selector_parse(a, json_get_str(row, STR("selector")), &s, &err);
    else if (is_field)
        result = selector_parse_fields(a, json_get_str(row, STR("selector")), &s, &err);
    else
        return -1;
    if (golden_fails(row))
        return str_is(op, "labelSelector") ? -1 : result < 0;
    for (size_t i = 0; result == 0 && i < sets->count; i++) {
        const struct json *set = json_item(sets, i);

        for (size_t k = 0; is_field && k < s.len; k++) /* a missing field counts as "" */
            if (!json_get(set, s.at[k].key)) {
                struct json *filled = ARENA_NEW(a, struct json);

                *filled = json_set(a, set, s.at[k].key, json_string(STR("")));
                set = filled;
            }
        if (selector_matches(&s, set) != json_item(matches, i)->is_true)
            return false;
    }
    return result == 0;
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/selector.jsonl", check_golden, 120);
}

static void test_error_texts(void **state)
{
    static const char *const cases[][2] = {
        {"a b",
         "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"},
        {"a,,b", "found ',', expected: identifier after ','"},
        {"a in 1", "unable to parse requirement: found '1' expected: '('"},
        {"a=1 b=2", "found 'b', expected: ',' or 'end of string'"},
        {"=1", "found '=', expected: !, identifier, or 'end of string'"},
        {"!", "unable to parse requirement: found '', expected: identifier"},
        {"n>x", "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' "
                "operators, the value must be an integer"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct selector s;
        struct err err = {0};

        if (selector_parse(a, str_from(cases[i][0]), &s, &err) == 0 ||
            strcmp(err.text, cases[i][1]) != 0)
            fail_msg("case %zu: %s: got \"%s\"", i, cases[i][0], err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),
                                       cmocka_unit_test(test_error_texts)};

    return cmocka_run_group_tests_name("selector", tests, NULL, NULL);
}
