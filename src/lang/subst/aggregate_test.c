/* Tests of lang/subst/aggregate.h: golden vectors of Argo's aggregation, and its edges. */
#include "lang/subst/aggregate.h"
#include "tests/support/golden.h"

static struct aggregate_child child_of(const struct json *node)
{
    return (struct aggregate_child){
        .name = json_get_str(node, STR("name")),
        .phase = json_get_str(node, STR("phase")),
        .outputs = json_get(node, STR("outputs")),
        .is_helper = json_get_bool(node, STR("hooked")) || json_get_bool(node, STR("retried")),
    };
}

static int aggregate(struct arena *a, const struct json *nodes, struct str prefix,
                     struct json *ret, struct err *err)
{
    struct aggregate_child *children = ARENA_ARRAY(a, struct aggregate_child, nodes->count + 1);

    for (uint32_t i = 0; i < nodes->count; i++)
        children[i] = child_of(&nodes->items[i]);
    return aggregate_outputs(a, prefix, children, nodes->count, ret, err);
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str kind = json_get_str(row, STR("kind"));
    struct str name = json_get_str(row, STR("name"));
    struct str prefix = str_printf(a, STR_FMT "s." STR_FMT, STR_ARG(kind), STR_ARG(name));
    struct json made;
    struct err err = {0};

    if (aggregate(a, json_get(row, STR("nodes")), prefix, &made, &err) < 0)
        return golden_fails(row) && str_is(json_get_str(row, STR("err")), err.text);
    return !golden_fails(row) && json_equal(&made, json_get(row, STR("out")));
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("lang/aggregate.jsonl", check_golden, 36);
}

static void test_edges(void **state)
{
    static const char *const cases[][2] = {
        /* Nothing but helpers: the lists are there and empty. */
        {"[{\"name\":\"a(0:x)\",\"phase\":\"Succeeded\",\"hooked\":true,\"outputs\":{"
         "\"result\":\"1\"}}]",
         "{\"p.outputs.result\":\"[]\",\"p.outputs.parameters\":\"[]\"}"},
        /* A number beyond a double keeps the values texts. */
        {"[{\"name\":\"a(0:x)\",\"phase\":\"Succeeded\",\"outputs\":{\"parameters\":[{\"name\":"
         "\"v\","
         "\"value\":\"[1e999]\"}]}}]",
         "{\"p.outputs.result\":\"[]\",\"p.outputs.parameters\":\"[{\\\"v\\\":\\\"[1e999]\\\"}]"
         "\","
         "\"p.outputs.parameters.v\":\"[\\\"[1e999]\\\"]\"}"},
        /* Numbers as values, a parameter that only one child has, a child without a number. */
        {"[{\"name\":\"b\",\"phase\":\"Succeeded\",\"outputs\":{\"parameters\":[{\"name\":"
         "\"v\",\"value\":5}]}},"
         "{\"name\":\"a(1:x)\",\"phase\":\"Succeeded\",\"outputs\":{\"parameters\":[{\"name\":"
         "\"w\"}]}}]",
         "{\"p.outputs.result\":\"[]\",\"p.outputs.parameters\":\"[{\\\"v\\\":\\\"5\\\"},{"
         "\\\"w\\\":\\\"\\\"}]\","
         "\"p.outputs.parameters.v\":\"[\\\"5\\\"]\",\"p.outputs.parameters.w\":\"[\\\"\\\"]"
         "\"}"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json nodes, made, want;
        struct err err = {0};

        assert_int_equal(json_parse(a, str_from(cases[i][0]), &nodes, &err), 0);
        assert_int_equal(json_parse(a, str_from(cases[i][1]), &want, &err), 0);
        if (aggregate(a, &nodes, STR("p"), &made, &err) < 0 || !json_equal(&made, &want))
            fail_msg("case %zu: " STR_FMT " %s", i, STR_ARG(json_text(a, &made, JSON_COMPACT)),
                     err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),
                                       cmocka_unit_test(test_edges)};

    return cmocka_run_group_tests_name("aggregate", tests, NULL, NULL);
}
