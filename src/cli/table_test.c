/* Tests of columns: the layout of Go's text/tabwriter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/table.h"

static void test_align(void **state)
{
    static const struct {
        const char *text;
        unsigned padding;
        const char *want;
    } cases[] = {
        {"", 2, ""},
        {"\n", 2, "\n"},
        {"one\n", 2, "one\n"},
        {"a\tb\n", 2, "a  b\n"},
        {"a\tb\nlong\tc\n", 3, "a      b\nlong   c\n"},
        {"a\tb\t\n", 2, "a  b  \n"},
        {"a\t\tb\n", 2, "a    b\n"},
        /* what is behind the last tab is no column: it does not widen anything */
        {"x\ta long last cell\nyy\tz\n", 1, "x  a long last cell\nyy z\n"},
        /* a line without a column ends its run: the widths before and behind it differ */
        {"a\t1\nbreak\nlonger\t2\n", 1, "a 1\nbreak\nlonger 2\n"},
        {"a\tb\tc\naa\tx\naaa\tbb\tc\n", 1, "a   b c\naa  x\naaa bb c\n"},
        /* a header that is shorter than its rows, as argo get prints it */
        {"STEP\tMESSAGE\nx\tfailed\t\nyy\tok\t\n", 2,
         "STEP  MESSAGE\nx     failed  \nyy    ok      \n"},
        {"\t\t\t\nx\ty\tz\t\n", 1, "      \nx y z \n"},
        /* characters are counted, not bytes; colours are not */
        {"✔\tb\nxy\tc\n", 1, "✔  b\nxy c\n"},
        {"\x1b[32m✔\x1b[0m\tb\nxy\tc\n", 1, "\x1b[32m✔\x1b[0m  b\nxy c\n"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);

        table_align(a, &b, str_from(cases[i].text), cases[i].padding);
        if (!str_is(strbuf_str(&b), cases[i].want))
            fail_msg("case %zu: got \"" STR_FMT "\", want \"%s\"", i, STR_ARG(strbuf_str(&b)),
                     cases[i].want);
    }
}

static void test_width(void **state)
{
    static const struct {
        const char *text;
        size_t want;
    } cases[] = {
        {"", 0},       {"abc", 3},           {"✔ ok", 4}, {"├─", 2}, {"\x1b[1;31mx\x1b[0m", 1},
        {"\x1b[3", 0}, {"\x1b[36mno end", 6}};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(table_width(str_from(cases[i].text)), cases[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_align),
                                       cmocka_unit_test(test_width)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
