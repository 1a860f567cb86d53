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
        return golden_fails(row);
    if (golden_fails(row) || !fires)
        return golden_fails(row) ? false : -1;
    uses = condition_uses(c);
    for (uint64_t met = 1; list->count < 16 && met < (uint64_t) 1 << list->count; met++)
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
        {"a &&",
         "conditions \"a &&\": a dependency name expected at character 5, found the end"},
        {"a b", "conditions \"a b\": && or || expected at character 3, found \"b\""},
        {"(a",
         "conditions \"(a\": a closing parenthesis expected at character 3, found the end"},
        {"a && !b",
         "conditions \"a && !b\": a dependency name expected at character 6, found \"!b\""},
        {"nobody", "conditions \"nobody\": nobody is no dependency of the sensor"},
    };
    static const struct str names[] = {STR_INIT("a"), STR_INIT("b")};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct condition *c;
        struct err err = {0};

        if (condition_parse(a, str_from(cases[i][0]), names, 2, &c, &err) == 0 ||
            strcmp(err.text, cases[i][1]) != 0)
            fail_msg("case %zu: %s", i, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),
                                       cmocka_unit_test(test_errors)};

    return cmocka_run_group_tests_name("conditions", tests, NULL, NULL);
}
