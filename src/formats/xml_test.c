/* Tests of the little of XML: elements at any depth, empty ones, entities, what is cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/xml.h"

static void test_texts(void **state)
{
    static const struct {
        const char *doc, *name, *text;
    } cases[] = {
        {"<a><Key>one</Key></a>", "Key", "one"},
        {"<a><Key x='1'>one</Key></a>", "Key", "one"},
        {"<a><KeyCount>2</KeyCount><Key>one</Key></a>", "Key", "one"},
        {"<Key/><Key>second</Key>", "Key", ""},
        {"<Key></Key>", "Key", ""},
        {"<Key>a&amp;b&lt;c&gt;&quot;&apos;</Key>", "Key", "a&b<c>\"'"},
        {"<Key>&#65;&#x42;&#xe9;&#x20AC;&#x1F600;</Key>", "Key",
         "AB\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"<Key>&#0;&#xD800;&#x110000;&#99999999;&#;&#x;&no;&</Key>", "Key",
         "&#0;&#xD800;&#x110000;&#99999999;&#;&#x;&no;&"},
        {"<Key>cut", "Key", ""},
        {"<Key", "Key", ""},
        {"<Key x", "Key", ""},
        {"<", "Key", ""},
        {"", "Key", ""},
        {"</Key>", "Key", ""},
        {"<Key>one</Keys></Key>", "Key", "one</Keys>"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str text = xml_text(a, str_from(cases[i].doc), str_from(cases[i].name));

        if (!str_is(text, cases[i].text))
            fail_msg("%s: " STR_FMT, cases[i].doc, STR_ARG(text));
    }
}

static void test_one_after_the_other(void **state)
{
    struct str rest = STR("<r><C><K>1</K></C><C/><C><K>2</K></C></r>"), inner;

    (void) state;
    assert_true(xml_next(&rest, STR("C"), &inner));
    assert_true(str_is(inner, "<K>1</K>"));
    assert_true(xml_next(&rest, STR("C"), &inner));
    assert_true(str_is(inner, ""));
    assert_true(xml_next(&rest, STR("C"), &inner));
    assert_true(str_is(inner, "<K>2</K>"));
    assert_false(xml_next(&rest, STR("C"), &inner));
}

static void test_escaped_texts_come_back(void **state)
{
    static const char *const texts[] = {"", "plain", "\"e-1\"", "<a>&amp;'</a>", "&"};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct str escaped = xml_escape(a, str_from(texts[i]));
        struct str doc = str_printf(a, "<t>" STR_FMT "</t>", STR_ARG(escaped));

        assert_true(str_is(xml_text(a, doc, STR("t")), texts[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_one_after_the_other),
        cmocka_unit_test(test_escaped_texts_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
