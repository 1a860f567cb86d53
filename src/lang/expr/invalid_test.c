/*
 * Each builtin of expressions and each of Argo's functions with arguments that it refuses, as
 * the original answers: before the run, and at it where a value of the environment hides its
 * type. Texts of errors are exact, and so is what is not refused.
 */
#include "lang/expr/expr_internal.h"
#include "tests/support/expr_golden.h"
#include "tests/support/named.h"

static struct named refused; /* functions of which a row fails */

static int check_row(struct arena *a, const struct json *row)
{
    struct str want = json_get_str(row, STR("err")), got;
    struct value map = expr_golden_map(a, row), v;
    struct expr_env env = expr_golden_env(&map, EXPR_ARGO);
    struct err err = {};

    if (golden_fails(row))
        named_add(&refused, json_get_str(row, STR("fn")));
    if (expr_eval(a, json_get_str(row, STR("expr")), &env, &v, &err) < 0) {
        if (golden_fails(row) && str_is(want, err.text))
            return true;
        print_error("got error %s\n", err.text);
        return false;
    }
    got = expr_golden_show(a, &v);
    if (!golden_fails(row) && str_eq(got, json_get_str(row, STR("typed"))) &&
        str_is(json_get_str(row, STR("type")), expr_golden_type(&v)))
        return true;
    print_error("got %s " STR_FMT "\n", expr_golden_type(&v), STR_ARG(got));
    return false;
}

static void test_golden(void **state _unused_)
{
    golden_run("lang/expr-invalid.jsonl", check_row, 950);
    named_done(&refused);
}

static void test_none_is_missing(void **state _unused_)
{
    const struct value_function *f;

    golden_each("lang/expr-invalid.jsonl", check_row, 950);
    for (size_t i = 0; (f = expr_function_at(i)); i++)
        if (!named_has(&refused, str_from(f->name)))
            fail_msg("no row refuses an argument of %s", f->name);
    named_done(&refused);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_none_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
