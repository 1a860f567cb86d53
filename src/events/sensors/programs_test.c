/* Programs of a dependency: which are there, what is wrong with them, that one serves many
 * events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "events/sensors/programs.h"

static struct json parsed(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s", err.text);
    return v;
}

/* jq wins: a script beside it is not looked at. */
static void test_which(void **state)
{
    static const struct {
        const char *dependency;
        bool jq, script, filter;
    } cases[] = {
        {"{}", false, false, false},
        {"{\"transform\":{}}", false, false, false},
        {"{\"transform\":{\"jq\":\".\"}}", true, false, false},
        {"{\"transform\":{\"script\":\"return event\"}}", false, true, false},
        {"{\"transform\":{\"jq\":\".\",\"script\":\"return event\"}}", true, false, false},
        {"{\"filters\":{\"script\":\"return true\"}}", false, false, true},
        {"{\"transform\":{\"jq\":\".\"},\"filters\":{\"script\":\"return true\"}}", true, false,
         true},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json dependency = parsed(a, cases[i].dependency);
        _cleanup_programs_ struct programs *p = programs_new(&dependency);

        assert_int_equal(p->has_jq, cases[i].jq);
        assert_int_equal(p->has_script, cases[i].script);
        assert_int_equal(p->has_filter, cases[i].filter);
        assert_int_equal(p->jq != NULL, cases[i].jq);
        assert_int_equal(p->script != NULL, cases[i].script);
        assert_int_equal(p->filter != NULL, cases[i].filter);
    }
}

/* It is there, it is no program, and the other one is not touched by that. */
static void test_wrong(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json dependency =
        parsed(a, "{\"transform\":{\"jq\":\"{a\"},\"filters\":{\"script\":\"return true\"}}");
    _cleanup_programs_ struct programs *p = programs_new(&dependency);
    struct json broken =
        parsed(a, "{\"transform\":{\"script\":\"return (\"},\"filters\":{\"script\":\"if\"}}");
    _cleanup_programs_ struct programs *q = programs_new(&broken);

    (void) state;
    assert_true(p->has_jq && !p->jq);
    assert_string_equal(p->jq_err.text, "jq: unexpected EOF at line 1, column 3");
    assert_true(p->filter && p->filter_err.kind == ERR_NONE);
    assert_true(q->has_script && !q->script && q->has_filter && !q->filter);
    assert_int_equal(q->script_err.kind, ERR_INVALID);
    assert_int_equal(q->filter_err.kind, ERR_INVALID);
}

/* What one run leaves behind, the next does not see. */
static void test_many_runs(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json dependency = parsed(a, "{\"transform\":{\"jq\":\"{n: (.n + 1)}\"},\"filters\":{"
                                       "\"script\":\"seen = (seen or 0) + 1 return seen == 1 "
                                       "and event.n == 2\"}}");
    _cleanup_programs_ struct programs *p = programs_new(&dependency);

    (void) state;
    for (int i = 0; i < 3; i++) {
        struct json event = parsed(a, "{\"n\":1}");
        struct jq_outputs out;
        struct err err;

        assert_int_equal(jq_run(p->jq, a, &event, 1, &out, &err), 0);
        assert_int_equal(out.len, 1);
        assert_int_equal(luascript_holds(p->filter, &out.at[0], &err), 1);
    }
    programs_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_which),
                                       cmocka_unit_test(test_wrong),
                                       cmocka_unit_test(test_many_runs)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
