/*
 * Each function of sprig with arguments that it refuses, as the original answers in expressions
 * and in templates. Texts of errors are exact, and so is what is not refused.
 */
#include "lang/sprig/sprig.h"
#include "tests/support/expr_golden.h"
#include "tests/support/named.h"
#include "tests/support/template_golden.h"

static struct named refused, told; /* functions of which a row fails; of which there is one */

static void note(const struct json *row)
{
    struct str name = json_get_str(row, STR("fn"));

    named_add(&told, name);
    if (golden_fails(row))
        named_add(&refused, name);
}

static bool is_error_right(const struct json *row, const struct err *err)
{
    if (golden_fails(row) && str_is(json_get_str(row, STR("err")), err->text))
        return true;
    print_error("got error %s\n", err->text);
    return false;
}

static int check_expr(struct arena *a, const struct json *row)
{
    struct value map = expr_golden_map(a, row), v;
    struct expr_env env = expr_golden_env(&map, EXPR_ARGO);
    struct err err = {};
    struct str got;

    note(row);
    if (expr_eval(a, json_get_str(row, STR("expr")), &env, &v, &err) < 0)
        return is_error_right(row, &err);
    got = expr_golden_show(a, &v);
    if (!golden_fails(row) && str_eq(got, json_get_str(row, STR("typed"))) &&
        str_is(json_get_str(row, STR("type")), expr_golden_type(&v)))
        return true;
    print_error("got %s " STR_FMT "\n", expr_golden_type(&v), STR_ARG(got));
    return false;
}

static int check_template(struct arena *a, const struct json *row)
{
    struct template_input in = template_golden_input(a, json_get(row, STR("data")));
    struct err err = {};
    struct str got = STR_NONE;

    note(row);
    if (template_eval(a, json_get_str(row, STR("template")), &in, &got, &err) < 0)
        return is_error_right(row, &err);
    if (!golden_fails(row) && str_eq(got, json_get_str(row, STR("out"))))
        return true;
    print_error("got " STR_FMT "\n", STR_ARG(got));
    return false;
}

static void test_golden_expr(void **state _unused_)
{
    golden_run("lang/sprig-invalid.jsonl", check_expr, 1040);
    named_done(&refused);
    named_done(&told);
}

static void test_golden_template(void **state _unused_)
{
    golden_run("lang/gotemplate-invalid.jsonl", check_template, 1050);
    named_done(&refused);
    named_done(&told);
}

/* A function may take whatever it is given: any number of any values. */
static bool takes_all(const struct value_function *f)
{
    return f->min == 0 && f->max == VALUE_MANY && f->args[0] == '.';
}

static void check_none_is_missing(const char *name, golden_fn check)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct value map = sprig_map(a);

    golden_each(name, check, 1040);
    for (size_t i = 0; i < value_len(&map); i++) {
        const struct value_function *f = map.map->pairs[i].value.function;

        if (!named_has(takes_all(f) ? &told : &refused, str_from(f->name)))
            fail_msg("%s: no row refuses an argument of %s", name, f->name);
    }
    assert_true(named_has(&refused, STR("env")));
    assert_true(named_has(&refused, STR("expandenv")));
    named_done(&refused);
    named_done(&told);
}

static void test_none_is_missing(void **state _unused_)
{
    check_none_is_missing("lang/sprig-invalid.jsonl", check_expr);
    check_none_is_missing("lang/gotemplate-invalid.jsonl", check_template);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_expr),
        cmocka_unit_test(test_golden_template),
        cmocka_unit_test(test_none_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
