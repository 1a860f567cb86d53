/* Tests of formats/patch.h: golden vectors of evanphx/json-patch, exact results with their
 * order, error texts, limits. */
#include "formats/patch.h"

#include "base/limits.h"
#include "base/strbuf.h"
#include "tests/support/golden.h"

/* A value of a row, given as JSON or as text. -1: the text is no JSON. */
static int row_value(struct arena *a, const struct json *row, const char *name,
                     struct json *ret, struct err *err)
{
    const struct json *v = json_get(row, str_from(name));
    struct str text = json_get_str(row, str_printf(a, "%s_text", name));

    if (!str_is_none(text))
        return json_parse(a, text, ret, err);
    *ret = v ? *v : json_null();
    return 0;
}

/* A patch made of two documents, or whether they are the same. */
static int check_two(struct arena *a, const struct json *row, struct str op)
{
    struct json doc, new, made;
    struct err err;

    if (row_value(a, row, "doc", &doc, &err) < 0 || row_value(a, row, "new", &new, &err) < 0)
        return golden_fails(row);
    if (str_is(op, "equal"))
        return patch_equal(&doc, &new) == json_get_bool(row, STR("out"));
    if (patch_make_merge(a, &doc, &new, &made, &err) < 0)
        return golden_fails(row);
    return !golden_fails(row) && json_equal(&made, json_get(row, STR("out")));
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str op = json_get_str(row, STR("op"));
    bool is_merge = str_is(op, "merge");
    struct json doc, patch, made;
    struct err err;

    if (str_is(op, "merge-create") || str_is(op, "equal"))
        return check_two(a, row, op);
    if (!is_merge && !str_is(op, "json6902"))
        return -1;
    if (row_value(a, row, "doc", &doc, &err) < 0 ||
        row_value(a, row, "patch", &patch, &err) < 0 ||
        (is_merge ? patch_merge : patch_json)(a, &doc, &patch, &made, &err) < 0)
        return golden_fails(row) && err.text[0] != '\0';
    return !golden_fails(row) && json_equal(&made, json_get(row, STR("out")));
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/patch.jsonl", check_golden, 139);
    golden_run("formats/patch-random.jsonl", check_golden, 160);
}

static void test_made_of_nothing(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json none = json_null(), some, made;
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, STR("{\"a\":1}"), &some, &err), 0);
    assert_int_equal(patch_make_merge(a, &none, &some, &made, &err), 0);
    assert_true(str_is(json_text(a, &made, 0), "{\"a\":1}"));
    assert_int_equal(patch_make_merge(a, &some, &none, &made, &err), 0);
    assert_true(str_is(json_text(a, &made, 0), "{\"a\":null}"));
    assert_int_equal(patch_make_merge(a, &none, &none, &made, &err), 0);
    assert_true(str_is(json_text(a, &made, 0), "{}"));
}

/* What golden vectors do not say: order, repeated keys, texts of errors. */
static void test_texts(void **state)
{
    static const struct {
        const char *doc, *patch, *out, *err;
        enum err_kind kind;
    } cases[] = {
        {"{\"b\":1,\"a\":2}", "{\"c\":3,\"b\":4}", "{\"b\":4,\"a\":2,\"c\":3}", NULL, 0},
        {"{\"a\":1,\"b\":2,\"a\":3}", "{\"b\":null}", "{\"a\":3}", NULL, 0},
        {"{\"a\":1}", "{\"a\":null,\"a\":2}", "{\"a\":2}", NULL, 0},
        {"{\"a\":1}", "{\"a\":2,\"a\":null}", "{}", NULL, 0},
        {"{\"a\":1,\"b\":2}", "{\"a\":null,\"a\":2}", "{\"a\":2,\"b\":2}", NULL, 0},
        {"{}", "{\"a\":{\"b\":1},\"a\":{\"c\":2}}", "{\"a\":{\"c\":2}}", NULL, 0},
        {"{}", "{\"a\":1,\"b\":null,\"a\":{\"c\":2}}", "{\"a\":{\"c\":2}}", NULL, 0},
        {"{\"a\":1.0}", "{}", "{\"a\":1.0}", NULL, 0},
        {"{}", "1", NULL, "a merge patch must be an object", ERR_INVALID},
        {"null", "{}", NULL, "only an object can be patched", ERR_INVALID},
        {"{\"b\":1,\"a\":2}", "[{\"op\":\"replace\",\"path\":\"/b\",\"value\":3}]",
         "{\"b\":3,\"a\":2}", NULL, 0},
        {"{\"a\":[1]}",
         "[{\"op\":\"add\",\"path\":\"/a/1\",\"value\":2},"
         "{\"op\":\"add\",\"path\":\"/a/-3\",\"value\":0}]",
         "{\"a\":[0,1,2]}", NULL, 0},
        {"{\"a\":{\"x\":1}}",
         "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/y\"},"
         "{\"op\":\"move\",\"from\":\"/a/y\",\"path\":\"/b\"}]",
         "{\"a\":{\"x\":1},\"b\":{\"x\":1}}", NULL, 0},
        {"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"\",\"value\":{\"a\":1}}]", "{\"a\":1}",
         NULL, 0},
        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":{\"b\":1}}]", "{\"b\":1}",
         NULL, 0},
        {"{\"a\":[1]}", "[{\"op\":\"remove\",\"path\":\"/a/1\"}]", NULL,
         "operation 0 (remove /a/1): index 1 is not in the array of 1 items", ERR_INVALID},
        {"{\"a\":[1]}", "[{\"op\":\"remove\",\"path\":\"/a/x\"}]", NULL,
         "operation 0 (remove /a/x): \"x\" is not an index of an array", ERR_INVALID},
        {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/a/b/c\",\"value\":1}]", NULL,
         "operation 0 (add /a/b/c): \"b\" is looked for in a plain value", ERR_INVALID},
        {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":1}]", NULL,
         "operation 0 (add /a/b): the path goes into a plain value", ERR_INVALID},
        {"{\"a\":1}",
         "[{\"op\":\"add\",\"path\":\"/b\",\"value\":1},"
         "{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]",
         NULL, "operation 1 (test /a): the value is another", ERR_INVALID},
        {"{}", "[{\"op\":\"move\",\"path\":\"/a\"}]", NULL,
         "operation 0 (move /a): it has no \"from\"", ERR_INVALID},
        {"{}", "[{\"op\":\"merge\",\"path\":\"/a\"}]", NULL,
         "operation 0 (merge /a): its op is \"merge\", it must be add, copy, move, remove, "
         "replace or test",
         ERR_INVALID},
        {"{}", "[{\"op\":\"add\",\"path\":\"a\"}]", NULL,
         "operation 0 (add a): a path begins with \"/\"", ERR_INVALID},
        {"{}", "[{\"op\":\"add\"}]", NULL, "operation 0 (add ): it has no \"path\"",
         ERR_INVALID},
        {"{}", "[1]", NULL, "operation 0 ( ): it is not an object", ERR_INVALID},
        {"{}", "[{\"op\":\"remove\",\"path\":\"\"}]", NULL,
         "operation 0 (remove ): the whole document can only be replaced, by an object or an "
         "array",
         ERR_INVALID},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc, patch, made;
        struct err err = {0};
        int result;

        assert_int_equal(json_parse(a, str_from(cases[i].doc), &doc, &err), 0);
        assert_int_equal(json_parse(a, str_from(cases[i].patch), &patch, &err), 0);
        result =
            (patch.type == JSON_ARRAY ? patch_json : patch_merge)(a, &doc, &patch, &made, &err);
        if (cases[i].err
                ? result == 0 || err.kind != cases[i].kind ||
                      strcmp(err.text, cases[i].err) != 0
                : result < 0 || !str_is(json_text(a, &made, JSON_COMPACT), cases[i].out))
            fail_msg("case %zu: %s %s", i, err.text,
                     result < 0 ? "" : json_text(a, &made, JSON_COMPACT).ptr);
    }
}

/* Copies of copies double at each step; an honest patch of many operations does not. */
static void test_limits(void **state)
{
    static const struct {
        const char *operation;
        unsigned count;
        enum err_kind kind;
    } cases[] = {
        {"{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/-\"}", 64, ERR_LIMIT},
        {"{\"op\":\"add\",\"path\":\"/b\",\"value\":1}", PATCH_OPERATIONS_MAX, ERR_NONE},
        {"{\"op\":\"add\",\"path\":\"/b\",\"value\":1}", PATCH_OPERATIONS_MAX + 1, ERR_LIMIT},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(1 << 20);
        struct json doc, patch, made;
        struct err err = {0};

        for (unsigned n = 0; n < cases[i].count; n++)
            strbuf_addf(&text, "%c%s", n ? ',' : '[', cases[i].operation);
        strbuf_addc(&text, ']');
        assert_int_equal(json_parse(a, STR("{\"a\":[1,2,3]}"), &doc, &err), 0);
        assert_int_equal(json_parse(a, strbuf_str(&text), &patch, &err), 0);
        patch_json(a, &doc, &patch, &made, &err);
        assert_int_equal(err.kind, cases[i].kind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_made_of_nothing),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests_name("patch", tests, NULL, NULL);
}
