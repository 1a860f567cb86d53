/* Tests of formats/selector.h, formats/labels.h and formats/goquote.h: golden vectors of
 * apimachinery's labels and fields, exact error texts, canonical texts, public requirements,
 * look-up functions, limits. */
#include "formats/selector.h"

#include "base/limits.h"
#include "base/strbuf.h"
#include "formats/goquote.h"
#include "formats/labels.h"
#include "tests/support/golden.h"

static bool is_err(const struct json *row, const struct err *err)
{
    return str_eq(json_get_str(row, STR("err")), str_from(err->text));
}

static bool matches_all(const struct selector *sel, const struct json *sets,
                        const struct json *want)
{
    if (!json_is(sets, JSON_ARRAY) || sets->count != want->count)
        return false;
    for (uint32_t i = 0; i < sets->count; i++)
        if (selector_matches(sel, &sets->items[i]) != want->items[i].is_true)
            return false;
    return true;
}

/* "requirements" of a field case: the public view of the selector. */
static bool has_requirements(const struct selector *sel, const struct json *want)
{
    if (!want)
        return true;
    if (want->count != sel->len)
        return false;
    for (uint32_t i = 0; i < want->count; i++) {
        const struct json *row = &want->items[i];
        struct str op = json_get_str(row, STR("op"));

        if (!str_eq(sel->at[i].key, json_get_str(row, STR("field"))) ||
            !str_eq(sel->at[i].values[0], json_get_str(row, STR("value"))) ||
            sel->at[i].op != (str_is(op, "!=") ? SELECTOR_NOT_EQUAL : SELECTOR_EQUAL))
            return false;
    }
    return true;
}

static int check_selector(struct arena *a, const struct json *row, int result,
                          const struct selector *sel, const struct err *err)
{
    const struct json *out = json_get(row, STR("out"));
    bool is_field = str_is(json_get_str(row, STR("op")), "field");

    if (golden_fails(row))
        return result < 0 && is_err(row, err);
    return result == 0 && str_eq(selector_print(a, sel), json_get_str(out, STR("canonical"))) &&
           selector_is_everything(sel) == json_get_bool(out, STR("empty")) &&
           matches_all(sel, json_get(row, is_field ? STR("fields") : STR("labels")),
                       json_get(out, STR("match"))) &&
           has_requirements(sel, json_get(out, STR("requirements")));
}

static int check_labels(struct arena *a, const struct json *row)
{
    struct json labels;
    struct err err;

    if (labels_parse(a, json_get_str(row, STR("selector")), &labels, &err) < 0)
        return golden_fails(row) && is_err(row, &err);
    return !golden_fails(row) && json_equal(&labels, json_get(row, STR("out")));
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str op = json_get_str(row, STR("op"));
    const struct json *v = json_get(row, STR("selector"));
    struct str out = json_get_str(row, STR("out"));
    struct selector sel = {0};
    struct err err = {0};
    int result;

    if (str_is(op, "label")) {
        result = selector_parse(a, json_str(v), &sel, &err);
        return check_selector(a, row, result, &sel, &err);
    }
    if (str_is(op, "field")) {
        result = selector_parse_fields(a, json_str(v), &sel, &err);
        return check_selector(a, row, result, &sel, &err);
    }
    if (str_is(op, "labelSelector")) {
        result = selector_of_json(a, v, &sel, &err);
        return check_selector(a, row, result, &sel, &err);
    }
    if (str_is(op, "format"))
        return str_eq(selector_format(a, v), out);
    if (str_is(op, "set"))
        return str_eq(labels_print(a, json_get(row, STR("labels"))), out);
    if (str_is(op, "field-escape"))
        return str_eq(field_escape(a, json_get_str(row, STR("value"))), out);
    return str_is(op, "labels-to-selector") ? check_labels(a, row) : false;
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/selector.jsonl", check_golden, 189);
    golden_run("formats/selector-random.jsonl", check_golden, 405);
}

/* What golden vectors do not say: several faults at once, zero bytes, repeated keys. */
static void test_texts(void **state)
{
    static const struct {
        const char *in, *out, *err;
    } cases[] = {
        {"b=1,a=2,b=0", "a=2,b=1,b=0", NULL},
        {"a in (x,y,,z)", "a in (,x,y,z)", NULL},
        {"a in (,,b)", "a in (,b)", NULL},
        {"a notin (in,notin)", "a notin (in,notin)", NULL},
        {"n>-x", NULL, "unable to parse requirement: [values[0]: Invalid value: \"-x\": for"},
        {"n>99999999999999999999", NULL,
         "unable to parse requirement: values[0]: Invalid value: \"99999999999999999999\""},
        {"a in (b", NULL, "unable to parse requirement: found '', expected: ',' or ')'"},
        {"a in (,!", NULL,
         "unable to parse requirement: found '!', expected: ',', or identifier"},
        {"a=!", NULL, "unable to parse requirement: found '!', expected: identifier"},
        {"a=b!c", NULL, "found '!', expected: ',' or 'end of string'"},
        {"A/b=c", NULL,
         "unable to parse requirement: <nil>: Invalid value: \"A/b\": prefix part a"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct selector sel = {0};
        struct err err = {0};
        int result = selector_parse(a, str_from(cases[i].in), &sel, &err);

        if (cases[i].err
                ? result == 0 || !str_starts(str_from(err.text), str_from(cases[i].err))
                : result < 0 || !str_is(selector_print(a, &sel), cases[i].out))
            fail_msg("case %zu: \"%s\": %s", i, cases[i].in, err.text);
    }
}

/* Pairs are sorted as texts: what comes before an equals sign goes first. */
static void test_print(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json labels;
    struct err err;

    (void) state;
    assert_int_equal(
        json_parse(a, STR("{\"app\":\"x\",\"app.io/name\":\"y\",\"b\":\"\"}"), &labels, &err),
        0);
    assert_true(str_is(labels_print(a, &labels), "app.io/name=y,app=x,b="));
    assert_true(str_is(labels_print(a, NULL), ""));
}

static void test_zero_byte_ends(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct selector sel;
    struct err err;

    (void) state;
    assert_int_equal(selector_parse(a, STR("a=1\0,b=2"), &sel, &err), 0);
    assert_int_equal(sel.len, 1);
    assert_int_equal(selector_parse(a, STR_NONE, &sel, &err), 0);
    assert_true(selector_is_everything(&sel));
}

static void test_requirements(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct selector sel;
    struct err err;

    (void) state;
    assert_int_equal(selector_parse(a, STR("n<7,m in (b,a,b),!k,j==x"), &sel, &err), 0);
    assert_int_equal(sel.len, 4);
    assert_true(str_is(sel.at[0].key, "j") && sel.at[0].op == SELECTOR_EQUAL &&
                sel.at[0].is_double);
    assert_true(str_is(sel.at[1].key, "k") && sel.at[1].op == SELECTOR_NOT_EXISTS);
    assert_int_equal(sel.at[1].value_count, 0);
    assert_int_equal(sel.at[2].value_count, 2);
    assert_true(str_is(sel.at[2].values[0], "a") && str_is(sel.at[2].values[1], "b"));
    assert_true(sel.at[3].op == SELECTOR_LESS && sel.at[3].bound == 7);
}

/* A row of two columns as a source of values. */
static struct str lookup_row(const void *ctx, struct str key)
{
    const char *const *row = ctx;

    return str_is(key, row[0]) ? str_from(row[1]) : STR_NONE;
}

static void test_lookup(void **state)
{
    static const struct {
        const char *selector, *row[2];
        bool is_match;
    } cases[] = {
        {"k=v", {"k", "v"}, true},
        {"k=v", {"k", "w"}, false},
        {"k=", {"k", ""}, true},
        {"!k", {"k", ""}, false},
        {"k", {"k", ""}, true},
        {"k!=v", {"x", "v"}, true},
        {"k>+4", {"k", "5"}, false},
        {"k>4", {"k", "+5"}, true},
        {"k>4", {"k", "5 "}, false},
        {"k<4", {"k", "-5"}, true},
        {"k<4", {"x", "1"}, false},
        {"k notin (v)", {"k", "v"}, false},
        {"k notin (v)", {"k", "w"}, true},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct selector sel = {0};
        struct err err = {0};
        bool is_match = selector_parse(a, str_from(cases[i].selector), &sel, &err) == 0 &&
                        selector_matches_with(&sel, lookup_row, cases[i].row);

        if (is_match != cases[i].is_match)
            fail_msg("case %zu: \"%s\": %s", i, cases[i].selector, err.text);
    }
    assert_true(selector_matches_with(NULL, lookup_row, NULL));
}

static void test_objects(void **state)
{
    static const struct {
        const char *in, *canonical, *err;
    } cases[] = {
        {"{\"matchLabels\":{\"a\":\"1\",\"a\":\"2\"}}", "a=2", NULL},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[\"2\",\"1\"]}]"
         "}",
         "a in (1,2)", NULL},
        {"{\"matchLabels\":null,\"matchExpressions\":null}", "", NULL},
        {"[]", NULL, "a label selector must be an object"},
        {"{\"matchLabels\":{\"a\":1}}", NULL, "matchLabels.a: must be a string"},
        {"{\"matchExpressions\":[1]}", NULL, "matchExpressions: an entry must be an object"},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":\"x\"}]}", NULL,
         "matchExpressions.values: must be a list of strings"},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[1]}]}", NULL,
         "matchExpressions.values[0]: must be a string"},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Is\"}]}", NULL,
         "\"Is\" is not a valid label selector operator"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct selector sel = {0};
        struct err err = {0};
        struct json v;
        int result;

        assert_int_equal(json_parse(a, str_from(cases[i].in), &v, &err), 0);
        result = selector_of_json(a, &v, &sel, &err);
        if (cases[i].err ? result == 0 || strcmp(err.text, cases[i].err) != 0
                         : result < 0 || !str_is(selector_print(a, &sel), cases[i].canonical))
            fail_msg("case %zu: %s: %s", i, cases[i].in, err.text);
    }
}

static void test_limit(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    char *long_text = arena_alloc_raw(a, SELECTOR_MAX_BYTES + 1);
    struct str text = str_of(long_text, SELECTOR_MAX_BYTES + 1);
    struct selector sel;
    struct json labels;
    struct err err;

    (void) state;
    memset(long_text, 'a', text.len);
    assert_int_equal(selector_parse(a, text, &sel, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(selector_parse_fields(a, text, &sel, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(labels_parse(a, text, &labels, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(selector_parse(a, str_head(text, SELECTOR_MAX_BYTES), &sel, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

static void test_go_quote(void **state)
{
    static const struct {
        struct str in;
        const char *out;
    } cases[] = {
        {STR_INIT(""), "\"\""},
        {STR_INIT("a\"b\\c"), "\"a\\\"b\\\\c\""},
        {STR_INIT("\a\b\f\n\r\t\v"), "\"\\a\\b\\f\\n\\r\\t\\v\""},
        {STR_INIT("\0\x1f\x7f"), "\"\\x00\\x1f\\x7f\""},
        {STR_INIT("\xff\xc0\x80"), "\"\\xff\\xc0\\x80\""},
        {STR_INIT("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\""},
        {STR_INIT("\xe6\x97\xa5\xf0\x9f\x98\x80"), "\"\xe6\x97\xa5\xf0\x9f\x98\x80\""},
        {STR_INIT("\xe2\x80\x8b\xc2\xa0"), "\"\\u200b\\u00a0\""},
        {STR_INIT("\xf3\xb0\x80\x80"), "\"\\U000f0000\""},
        {STR_INIT("\xf4\x90\x80\x80"), "\"\\xf4\\x90\\x80\\x80\""},
        {STR_INIT("\xef\xbf\xbd\xe2\x82"), "\"\xef\xbf\xbd\\xe2\\x82\""},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str out = go_quote(a, cases[i].in);

        if (!str_is(out, cases[i].out))
            fail_msg("case %zu: got " STR_FMT, i, STR_ARG(out));
    }
    assert_true(go_is_print(' ') && go_is_print('~') && go_is_print(0xe0100));
    assert_false(go_is_print(0x7f) || go_is_print(0xad) || go_is_print(0x110000));
}

/* Bytes that are no UTF-8 are no white space and end it. */
static void test_go_space(void **state)
{
    static const struct {
        struct str in, out;
    } cases[] = {
        {STR_INIT(""), STR_INIT("")},
        {STR_INIT(" \t\v\f\r\n"), STR_INIT("")},
        {STR_INIT("\u2003 a b\u00a0\u3000"), STR_INIT("a b")},
        {STR_INIT("\u200ba\ufeff"), STR_INIT("\u200ba\ufeff")},
        {STR_INIT("a \x80"), STR_INIT("a \x80")},
        {STR_INIT("\x80 a\xe2\x80\x83\x80 "), STR_INIT("\x80 a\xe2\x80\x83\x80")},
        {STR_INIT("\xa0"
                  "a\xa0"),
         STR_INIT("\xa0"
                  "a\xa0")},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (!str_eq(go_trim_space(cases[i].in), cases[i].out))
            fail_msg("case %zu: got \"" STR_FMT "\"", i, STR_ARG(go_trim_space(cases[i].in)));
    assert_true(str_is(go_rune_last(STR("a\u20ac")), "\u20ac"));
    assert_int_equal(go_rune_last(STR("")).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),       cmocka_unit_test(test_texts),
        cmocka_unit_test(test_print),        cmocka_unit_test(test_zero_byte_ends),
        cmocka_unit_test(test_requirements), cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_objects),      cmocka_unit_test(test_limit),
        cmocka_unit_test(test_go_quote),     cmocka_unit_test(test_go_space),
    };

    return cmocka_run_group_tests_name("selector", tests, NULL, NULL);
}
