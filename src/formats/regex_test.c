/* Expressions: matches, refusals, and that plain patterns are taken as they are. */
#include "formats/regex.h"
#include "tests/support/golden.h"

static const struct {
    const char *pattern, *text;
    int want;
} cases[] = {
    {"hello", "say hello", 1},
    {"hello", "hell", 0},
    {"", "", 1},
    {"", "x", 1},
    {"^$", "", 1},
    {"^$", "x", 0},
    {"^hell$", "hello", 0},
    {"h.*o", "hello", 1},
    {"(?i)HELLO", "hello", 1},
    {"h.llo", "h\xc3\xa9llo", 1},
    {"^h\\pLllo$", "h\xc3\xa9llo", 1},
    {"a.b", "a\nb", 0},
    {"(?s)a.b", "a\nb", 1},
    {"(?m)^b$", "a\nb", 1},
    {"b$", "b\n", 0},
    {"\\d{2,3}", "a12", 1},
    {"a|b", "xb", 1},
    {"\xc3\xa9", "h\xc3\xa9", 1},
    {"^(?P<n>a)(?<m>b)$", "ab", 1},
    {"^(?<n>a)(?<n>b)$", "ab", 1},
    {"^(?<n>a|(?P<m>b))$", "b", 1},
    {"^\\(?<n>$", "<n>", 1}, /* an optional parenthesis */
    {"^\\(?<n>$", "", 0},
    {"^\\Q(?<n>a)\\E(?<n>b)$", "(?<n>a)b", 1},
    {"^[](?<n>][[:alpha:](?<n>]\\]?(?<n>b)$", "?x]b", 1},
    {"^[^(?<n>]$", "x", 1},
    {"^[^(?<n>]$", "n", 0},
    {"^\\Q\\C\\E$", "\\C", 1},
    {"^(?i:A)(?s).$", "a\n", 1},
    {"(a*)*$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 1},
};

static void test_matches(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str pattern = str_from(cases[i].pattern), text = str_from(cases[i].text);
        _cleanup_regex_ struct regex *r = NULL;
        struct err err = {0};

        if (regex_search(pattern, text, &err) != cases[i].want)
            fail_msg("search %zu: %s in %s: %s", i, cases[i].pattern, cases[i].text, err.text);
        r = regex_new(pattern, &err);
        if (!r || regex_matches(r, text) != cases[i].want)
            fail_msg("case %zu: %s in %s: %s", i, cases[i].pattern, cases[i].text, err.text);
    }
    assert_int_equal(regex_search(STR_NONE, STR_NONE, &(struct err){0}), 1);
}

static void test_refused(void **state)
{
    static const char *const bad[][2] = {
        {"[", "error parsing regexp: missing closing ]: `[`"},
        {"(a", "error parsing regexp: missing closing ): `(a`"},
        {"a)", "error parsing regexp: unexpected ): `a)`"},
        {"a(?=b)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
        {"a{2000}", "error parsing regexp: invalid repeat count: `{2000}`"},
        {"*", "error parsing regexp: missing argument to repetition operator: `*`"},
        {"a**", "error parsing regexp: invalid nested repetition operator: `**`"},
        {"a\\", "error parsing regexp: trailing backslash at end of expression: ``"},
        {"[b-a]", "error parsing regexp: invalid character class range: `b-a`"},
        {"[[:x:]]", "error parsing regexp: invalid character class range: `[:x:]`"},
        {"\\8", "error parsing regexp: invalid escape sequence: `\\8`"},
        {"a\\C", "error parsing regexp: invalid escape sequence: `\\C`"},
        {"(?<n>a)\\1", "error parsing regexp: invalid escape sequence: `\\1`"},
        {"(?<n>?)", "error parsing regexp: missing argument to repetition operator: `?`"},
        {"(?P<n>a", "error parsing regexp: missing closing ): `(?P<n>a`"},
        {"(?P<n", "error parsing regexp: invalid named capture: `(?P<n`"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct err err = {0};

        if (regex_new(str_from(bad[i][0]), &err) || err.kind != ERR_INVALID ||
            strcmp(err.text, bad[i][1]) != 0)
            fail_msg("case %zu: %s", i, err.text);
        assert_int_equal(regex_search(str_from(bad[i][0]), STR("x"), &err), -1);
    }
}

static void test_groups(void **state)
{
    struct str pattern = STR("(a)(?P<two>b)?(?<three>[(?<no>]x\\(?<no>)");
    struct err err = {0};
    _cleanup_regex_ struct regex *r = regex_new(STR("(a)(?P<two>b)?(c)"), &err);
    struct regex_span spans[4];

    (void) state;
    assert_non_null(r);
    assert_int_equal(regex_groups(r), 3);
    assert_true(regex_find(r, STR("xacac"), 0, spans, 4));
    assert_int_equal(spans[0].from, 1);
    assert_int_equal(spans[0].to, 3);
    assert_int_equal(spans[2].from, SIZE_MAX);
    assert_int_equal(spans[3].from, 2);
    assert_true(regex_find(r, STR("xacac"), 2, spans, 1));
    assert_int_equal(spans[0].from, 3);
    assert_false(regex_find(r, STR("xacac"), 4, spans, 1));
    assert_int_equal(regex_group_of(pattern, STR("two")), 2);
    assert_int_equal(regex_group_of(pattern, STR("three")), 3);
    assert_int_equal(regex_group_of(pattern, STR("no")), 0);
    assert_true(str_is(regex_group_name(pattern, 3), "three"));
    assert_true(str_is_none(regex_group_name(pattern, 0)));
    assert_true(str_is_none(regex_group_name(pattern, 99)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_matches),
                                       cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_groups)};

    return cmocka_run_group_tests_name("regex", tests, NULL, NULL);
}
