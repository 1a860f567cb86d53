/* The languages of `tiphys eval`: one table of texts, documents and what is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/eval.h"

static void test_languages(void **state _unused_)
{
    static const struct {
        const char *lang, *text, *document, *want; /* "!...": the error begins so */
    } rows[] = {
        {"cond", "{{n}} > 1", "{\"n\":2}", "true"},
        {"cond", "{{a}} == b", "{\"a\":\"c\"}", "false"},
        {"cond", "{{gone}} == b", "{}", "!failed to resolve {{gone}}"},
        {"cond", "1 +", "{}", "!Invalid 'when' expression '1 +'"},
        {"expr", "steps.a.status + '!'", "{\"steps.a.status\":\"Failed\"}", "Failed!"},
        {"expr", "map(x, # * 2)", "{\"x\":[1,2]}", "[2,4]"},
        {"expr", "sprig.upper(x.k)", "x: {k: abc}", "ABC"},
        {"expr", "1 + 1", NULL, "2"},
        {"expr", "nope", "{}", "!unknown name nope (1:1)"},
        {"gjson", "a.#.b", "{\"a\":[{\"b\":1},{\"b\":2}]}", "[1,2]"},
        {"gjson", "a", "a: 7", "7"},
        {"gjson", "a.b", "{\"a\":1}", "!nothing at \"a.b\""},
        {"jq", ".a | map(. + 1), \"x\"", "{\"a\":[1,2]}", "[2,3]\nx"},
        {"jq", "{b: .a}", "a: 7", "{\"b\":7}"},
        {"jq", ".a |", "{}", "!jq: unexpected EOF at line 1, column 5"},
        {"jsonpath", "{range .a[*]}<{@}>{end}", "{\"a\":[1,2]}", "<1><2>"},
        {"jsonpath", "$.a[?(@ > 1)]", "{\"a\":[1,2]}", "[2]"},
        {"jsonpath", "$.b", "{}", "!key: invalid token key 'b' not found"},
        {"lua", "event.a[1] = 'x' return event", "{\"a\":[1,2]}", "{\"a\":[\"x\",2]}"},
        {"lua", "return #event.a", "{\"a\":[1,2]}", "2"},
        {"lua", "return +", "{}", "!<string>:1: unexpected symbol"},
        {"cond", "{{a.b}} == c", "{\"a\":{\"b\":\"c\"}}", "true"},
        {"jq", "empty", "{}", ""},
        {"tags", "{{n}}-{{a.b}}-{{a.c.d}} {{=1 + 1}}",
         "{\"n\":2,\"a.b\":\"x\",\"a\":{\"b\":\"no\",\"c\":{\"d\":\"\\\"y\"}}}", "2-x-\"y 2"},
        {"tags", "{{=sprig.upper(a.b)}}", "a: {b: x}", "X"},
        {"tags", "plain", NULL, "plain"},
        {"tags", "{{gone}}", "{}", "!failed to resolve {{gone}}"},
        {"tags", "{{=gone.x}}", "{}", "!failed to evaluate expression"},
        {"tags", "{{open", "{}", "!"},
        {"template", "{{ .Input.body.name | upper }}-{{ now.Year }}",
         "{\"body\":{\"name\":\"x\"}}", "X-2024"},
        {"template", "{{ .Input }}", NULL, "<no value>"},
        {"template", "{{ nope }}", "{}", "!template: param:1: function \"nope\" not defined"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct eval_input in = {
            .doc = json_null(), .source = STR("null"), .now = {1716000000000}};
        struct str got = STR_NONE, want = str_from(rows[i].want);
        struct err err = {0};

        assert_non_null(eval_language_of(rows[i].lang));
        if (rows[i].document)
            assert_int_equal(eval_read(a, str_from(rows[i].document), &in, &err), 0);
        if (eval_language_of(rows[i].lang)->run(a, str_from(rows[i].text), &in, &got, &err) < 0)
            got = str_head(str_printf(a, "!%s", err.text), want.len);
        if (!str_eq(got, want))
            fail_msg("%s: " STR_FMT "%s", rows[i].text, STR_ARG(got), err.text);
    }
    assert_null(eval_language_of("cobol"));
}

static void test_read(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct eval_input in = {.now = {0}};
    struct err err;

    assert_int_equal(eval_read(a, STR("a: [1, x]"), &in, &err), 0);
    assert_true(str_is(in.source, "{\"a\":[1,\"x\"]}"));
    assert_int_equal(eval_read(a, STR("{\"a\": 1.50}"), &in, &err), 0);
    assert_true(str_is(in.source, "{\"a\": 1.50}"));
    assert_int_equal(eval_read(a, STR("{\"a\":"), &in, &err), -1);
    assert_string_equal(err.text, "unexpected end of JSON input (line 1, column 6)");
    assert_int_equal(eval_read(a, STR("[1,}"), &in, &err), -1);
    assert_non_null(strstr(err.text, "invalid character '}'"));
    assert_int_equal(eval_read(a, STR("{a: ["), &in, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_languages),
        cmocka_unit_test(test_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
