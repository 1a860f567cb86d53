/* Tests of the page that lists a folder of artifacts: what is linked, and hostile names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/argo/artifact_page.h"

#define HEAD           "<html><body><ul>\n<li><a href=\"..\">..</a></li>\n"
#define TAIL           "</ul></body></html>"
#define LINK(to, text) "<li><a href=\"" to "\">" text "</a></li>\n"

static void test_pages(void **state)
{
    static const struct {
        const char *keys, *folder, *page;
    } rows[] = {
        {"[]", "k/", HEAD TAIL},
        {"[\"k/a.txt\",\"k/b\"]", "k/", HEAD LINK("./a.txt", "a.txt") LINK("./b", "b") TAIL},
        {"[\"k/s/a\",\"k/s/b\",\"k/s/t/c\",\"k/d\"]", "k/",
         HEAD LINK("./s/", "s/") LINK("./s/t/", "s/t/") LINK("./d", "d") TAIL},
        {"[\"k/javascript:alert(1)\"]", "k/",
         HEAD LINK("./javascript%3Aalert%281%29", "javascript:alert(1)") TAIL},
        {"[\"k/<img src=x onerror=alert(1)>\"]", "k/",
         HEAD LINK("./%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E",
                   "&lt;img src=x onerror=alert(1)&gt;") TAIL},
        {"[\"k/a\\\"b'c&d\"]", "k/", HEAD LINK("./a%22b%27c%26d", "a&#34;b&#39;c&amp;d") TAIL},
        {"[\"k/a?b#c%41\"]", "k/", HEAD LINK("./a%3Fb%23c%2541", "a?b#c%41") TAIL},
        {"[\"k//evil.example/x\"]", "k/", HEAD LINK(".//evil.example/", "/evil.example/") TAIL},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json keys;
        struct str page;
        struct err err;

        assert_int_equal(json_parse(a, str_from(rows[i].keys), &keys, &err), 0);
        assert_int_equal(artifact_page(a, &keys, str_from(rows[i].folder), &page, &err), 0);
        assert_string_equal(page.ptr, rows[i].page);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pages)};

    return cmocka_run_group_tests_name("artifact_page", tests, NULL, NULL);
}
