/*
 * Templates: golden vectors of Go's text/template with sprig, and own tables: what vectors
 * lack, places of errors, limits, one template that runs many times.
 */
#include "lang/template/template.h"

#include "base/limits.h"
#include "base/random.h"
#include "tests/support/golden.h"

static size_t texts_alike, texts_other; /* of errors; the text is information only */

/* The dot of upstream: {"Input": data}. */
static struct template_input input_of(struct arena *a, const struct json *data)
{
    struct value_pair *pair = ARENA_NEW(a, struct value_pair);

    *pair = (struct value_pair){value_string(STR("Input")), value_of_json(a, data)};
    return (struct template_input){.dot = value_map(a, pair, 1), .now = {1716000000000}};
}

static int check_golden(struct arena *a, const struct json *row)
{
    const struct json *want = json_get(row, STR("out")), *data = json_get(row, STR("data"));
    struct json null = json_null();
    struct template_input in = input_of(a, data ? data : &null);
    struct str got = STR_NONE, text = json_get_str(row, STR("err"));
    struct err err = {};

    if (template_eval(a, json_get_str(row, STR("template")), &in, &got, &err) < 0) {
        texts_alike += str_is(text, err.text);
        texts_other += !str_is(text, err.text);
        if (!str_is(text, err.text) && (!golden_fails(row) || getenv("TEMPLATE_TEXTS")))
            print_error("want " STR_FMT "\n got %s\n", STR_ARG(text), err.text);
        return golden_fails(row) && err.kind != ERR_INTERNAL;
    }
    if (want && str_eq(got, json_str(want)))
        return true;
    print_error("got " STR_FMT "\n", STR_ARG(got));
    return false;
}

static void test_golden(void **state _unused_)
{
    texts_alike = texts_other = 0;
    golden_run("lang/gotemplate.jsonl", check_golden, 565);
    print_message("texts of errors: %zu as upstream's, %zu others\n", texts_alike, texts_other);
    assert_true(texts_other <= 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
