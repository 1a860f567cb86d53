/* Tests of the flag grammar: what pflag accepts, what it says when it does not, and its help.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/vec.h"
#include "formats/flags.h"

static const struct cli_flag own[] = {
    {.name = "output", .letter = 'o', .choices = "name|json|yaml", .help = "format"},
    {.name = "wait", .letter = 'w', .type = FLAG_SWITCH, .help = "wait"},
    {.name = "follow", .letter = 'f', .type = FLAG_SWITCH, .help = "follow"},
    {.name = "strict", .type = FLAG_SWITCH, .fallback = "true", .help = "be strict"},
    {.name = "parameter", .letter = 'p', .type = FLAG_LIST, .help = "an argument"},
    {.name = "status", .type = FLAG_COMMAS, .help = "phases"},
    {.name = "priority", .type = FLAG_INT32, .fallback = "0", .help = "priority"},
    {.name = "tail", .type = FLAG_INT, .fallback = "-1", .help = "lines"},
    {.name = "since", .type = FLAG_DURATION, .fallback = "0", .help = "how long ago"},
    {.name = "previous", .type = FLAG_SWITCH, .state = FLAG_UNBUILT, .help = "the one before"},
    {0},
};
static const struct cli_flag global[] = {
    {.name = "namespace", .letter = 'n', .help = "where"},
    {.name = "argo-server",
     .letter = 's',
     .word = "host:port",
     .fallback = "x:1",
     .help = "who"},
    {0},
};
static const struct flag_tables tables = {.own = own, .global = global};

/* Words of a line, cut at blanks; '' is an empty word. */
static int read_line(struct arena *a, const char *line, struct flag_values *ret,
                     struct err *err)
{
    VEC(const char *) words = {0};
    struct str rest = str_from(line), word;

    while (str_cut(&rest, ' ', &word))
        if (word.len > 0)
            VEC_APUSH(a, &words, str_is(word, "''") ? "" : str_cz(a, word));
    return flags_read(a, &tables, words.at, words.len, ret, err);
}

/* "name=value ..." of what was given, then "| argument ...". */
static struct str shown(struct arena *a, const struct flag_values *v)
{
    struct str text = STR("");

    for (size_t i = 0; i < v->given_count; i++)
        text = str_printf(a, STR_FMT "%s=%s ", STR_ARG(text), v->given[i].flag->name,
                          v->given[i].value);
    text = str_concat(a, text, STR("|"));
    for (size_t i = 0; i < v->arg_count; i++)
        text = str_printf(a, STR_FMT " %s", STR_ARG(text), v->args[i]);
    return v->wants_help ? str_concat(a, text, STR(" help")) : text;
}

static void test_grammar(void **state)
{
    static const struct {
        const char *line, *want;
    } cases[] = {
        {"", "|"},
        {"a b", "| a b"},
        {"--output json a", "output=json | a"},
        {"--output=json a", "output=json | a"},
        {"-o json", "output=json |"},
        {"-ojson", "output=json |"},
        {"-o=json", "output=json |"},
        {"a -o json b", "output=json | a b"},
        {"-o json -o yaml", "output=json output=yaml |"},
        {"-w", "wait=true |"},
        {"-w a", "wait=true | a"},
        {"--wait a", "wait=true | a"},
        {"--wait=false", "wait=false |"},
        {"--wait=T", "wait=T |"},
        {"-w=0", "wait=0 |"},
        {"-wf", "wait=true follow=true |"},
        {"-wfojson", "wait=true follow=true output=json |"},
        {"-wfo json", "wait=true follow=true output=json |"},
        {"-wo=json", "wait=true output=json |"},
        {"-p a=b -p c=d,e", "parameter=a=b parameter=c=d,e |"},
        {"--parameter=a=b=c", "parameter=a=b=c |"},
        {"-pa=b", "parameter=a=b |"},
        {"-p=a=b", "parameter=a=b |"},
        {"--parameter=", "parameter= |"},
        {"-p ''", "parameter= |"},
        {"-p --wait", "parameter=--wait |"}, /* a value may look like a flag */
        {"-- --wait -x", "| --wait -x"},
        {"a -- b", "| a b"},
        {"-", "| -"},
        {"'' -w", "wait=true | "},
        {"--tail -1", "tail=-1 |"},
        {"--tail=+5", "tail=+5 |"},
        {"--since 1h30m", "since=1h30m |"},
        {"-n x", "namespace=x |"},
        {"-h", "| help"},
        {"--help", "| help"},
        {"-wh", "wait=true | help"},
        {"--help --unknown", "| help"}, /* nothing behind it is read */
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct flag_values v;
        struct err err;

        if (read_line(a, cases[i].line, &v, &err) < 0)
            fail_msg("\"%s\": %s", cases[i].line, err.text);
        if (!str_is(shown(a, &v), cases[i].want))
            fail_msg("\"%s\": got \"" STR_FMT "\", want \"%s\"", cases[i].line,
                     STR_ARG(shown(a, &v)), cases[i].want);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *line, *want;
    } cases[] = {
        {"--x", "unknown flag: --x"},
        {"--x=1", "unknown flag: --x"},
        {"-x", "unknown shorthand flag: 'x' in -x"},
        {"-wx", "unknown shorthand flag: 'x' in -x"},
        {"-xw", "unknown shorthand flag: 'x' in -xw"},
        {"--output", "flag needs an argument: --output"},
        {"-o", "flag needs an argument: 'o' in -o"},
        {"-wo", "flag needs an argument: 'o' in -o"},
        {"--=x", "bad flag syntax: --=x"},
        {"---x", "bad flag syntax: ---x"},
        {"-o toml",
         "invalid argument \"toml\" for \"-o, --output\" flag: One of: name|json|yaml"},
        {"-o ''", "invalid argument \"\" for \"-o, --output\" flag: One of: name|json|yaml"},
        {"-o jso",
         "invalid argument \"jso\" for \"-o, --output\" flag: One of: name|json|yaml"},
        {"--wait=maybe", "invalid argument \"maybe\" for \"-w, --wait\" flag: "
                         "strconv.ParseBool: parsing \"maybe\": invalid syntax"},
        {"--strict=", "invalid argument \"\" for \"--strict\" flag: strconv.ParseBool: parsing "
                      "\"\": invalid syntax"},
        {"--tail x", "invalid argument \"x\" for \"--tail\" flag: strconv.ParseInt: parsing "
                     "\"x\": invalid syntax"},
        {"--tail 99999999999999999999",
         "invalid argument \"99999999999999999999\" for \"--tail\" flag: strconv.ParseInt: "
         "parsing \"99999999999999999999\": value out of range"},
        {"--priority 2147483648", "invalid argument \"2147483648\" for \"--priority\" flag: "
                                  "strconv.ParseInt: parsing \"2147483648\": value out of "
                                  "range"},
        {"--since soon", "invalid argument \"soon\" for \"--since\" flag: time: invalid "
                         "duration \"soon\""},
        {"--previous", "--previous is not supported yet"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct flag_values v;
        struct err err = {0};

        assert_int_equal(read_line(a, cases[i].line, &v, &err), -1);
        if (strcmp(err.text, cases[i].want) != 0)
            fail_msg("\"%s\": got \"%s\", want \"%s\"", cases[i].line, err.text, cases[i].want);
        assert_int_equal(err.kind, strstr(cases[i].want, "supported yet") ? ERR_UNSUPPORTED
                                                                          : ERR_INVALID);
    }
}

static void test_asking(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct flag_values v;
    const struct str *list;
    struct err err;
    size_t count;

    (void) state;
    assert_int_equal(read_line(a,
                               "-o name -o json --status a,b --status c,,d -p x,y --tail 7 "
                               "--since 2s -w --priority=-3",
                               &v, &err),
                     0);
    assert_string_equal(flags_text(&v, "output"), "json");
    assert_true(flags_is_given(&v, "output"));
    assert_true(flags_is_on(&v, "wait"));
    assert_int_equal(flags_int(&v, "tail"), 7);
    assert_int_equal(flags_int(&v, "priority"), -3);
    assert_int_equal(flags_duration(&v, "since"), 2000000000);
    list = flags_list(a, &v, "status", &count);
    assert_int_equal(count, 4);
    assert_true(str_is(list[3], "d"));
    list = flags_list(a, &v, "parameter", &count);
    assert_int_equal(count, 1);
    assert_true(str_is(list[0], "x,y"));
}

static void test_fallbacks(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct flag_values v;
    struct err err;
    size_t count;

    (void) state;
    assert_int_equal(read_line(a, "", &v, &err), 0);
    assert_null(flags_text(&v, "output"));
    assert_false(flags_is_given(&v, "output"));
    assert_true(flags_is_on(&v, "strict"));
    assert_false(flags_is_on(&v, "wait"));
    assert_int_equal(flags_int(&v, "tail"), -1);
    assert_int_equal(flags_duration(&v, "since"), 0);
    assert_string_equal(flags_text(&v, "argo-server"), "x:1");
    flags_list(a, &v, "status", &count);
    assert_int_equal(count, 0);
}

/* A flag of tiphys alone is unknown to argo, and can be asked for all the same. */
static void test_own(void **state)
{
    static const struct cli_flag table[] = {
        {.name = "filename", .letter = 'f', .state = FLAG_OWN, .fallback = "x", .help = "file"},
        {.name = "all", .type = FLAG_SWITCH, .help = "all"},
        {0}};
    const struct flag_tables open = {.own = table}, hiding = {.own = table, .hides_own = true};
    const char *const words[] = {"-f", "y"}, *const word[] = {"--filename=y"};
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);
    struct flag_values v;
    struct err err;

    (void) state;
    assert_int_equal(flags_read(a, &open, words, 2, &v, &err), 0);
    assert_string_equal(flags_text(&v, "filename"), "y");
    assert_int_equal(flags_read(a, &hiding, words, 2, &v, &err), -1);
    assert_string_equal(err.text, "unknown shorthand flag: 'f' in -f");
    assert_int_equal(flags_read(a, &hiding, word, 1, &v, &err), -1);
    assert_string_equal(err.text, "unknown flag: --filename");
    assert_int_equal(flags_read(a, &hiding, words, 0, &v, &err), 0);
    assert_string_equal(flags_text(&v, "filename"), "x");
    flags_help(a, &b, table, FLAG_HIDE_OWN);
    assert_string_equal(b.ptr, "      --all   all\n");
}

static void test_value_behind(void **state)
{
    static const struct {
        const char *argument;
        bool want;
    } cases[] = {{"--output", true}, {"--output=x", false}, {"-o", true},
                 {"-ox", false},     {"--wait", false},     {"-w", false},
                 {"-n", true},       {"--namespace", true}, {"--nobody", false},
                 {"-x", false},      {"-", false}};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(flags_is_value_behind(&tables, str_from(cases[i].argument)),
                         cases[i].want);
}

static void test_help(void **state)
{
    static const char want[] =
        "  -f, --follow                  follow\n"
        "  -o, --output string           format\n"
        "  -p, --parameter stringArray   an argument\n"
        "      --previous                the one before (not supported yet)\n"
        "      --priority int32          priority\n"
        "      --since duration          how long ago\n"
        "      --status strings          phases\n"
        "      --strict                  be strict (default true)\n"
        "      --tail int                lines (default -1)\n"
        "  -w, --wait                    wait\n";
    static const char want_global[] = "  -s, --argo-server host:port   who (default \"x:1\")\n"
                                      "  -n, --namespace string        where\n";
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);

    (void) state;
    flags_help(a, &b, own, FLAG_HIDE_NONE);
    assert_string_equal(b.ptr, want);
    strbuf_reset(&b);
    flags_help(a, &b, own, FLAG_HIDE_UNBUILT);
    assert_null(strstr(b.ptr, "previous"));
    strbuf_reset(&b);
    flags_help(a, &b, global, FLAG_HIDE_UNBUILT);
    assert_string_equal(b.ptr, want_global);
    strbuf_reset(&b);
    flags_help(a, &b, NULL, FLAG_HIDE_NONE);
    assert_int_equal(b.len, 0);
}

/* Choices of our own are in the help, but not in that of argo. */
static void test_help_of_own_choices(void **state)
{
    static const struct cli_flag table[] = {{.name = "output",
                                             .choices = "pretty|simple",
                                             .own_choices = "json|sarif",
                                             .fallback = "pretty",
                                             .help = "pretty or simple"},
                                            {0}};
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);

    (void) state;
    flags_help(a, &b, table, FLAG_HIDE_NONE);
    assert_string_equal(
        b.ptr, "      --output string   pretty or simple; json, sarif (default \"pretty\")\n");
    strbuf_reset(&b);
    flags_help(a, &b, table, FLAG_HIDE_OWN);
    assert_string_equal(b.ptr,
                        "      --output string   pretty or simple (default \"pretty\")\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_help_of_own_choices),
                                       cmocka_unit_test(test_grammar),
                                       cmocka_unit_test(test_errors),
                                       cmocka_unit_test(test_asking),
                                       cmocka_unit_test(test_fallbacks),
                                       cmocka_unit_test(test_value_behind),
                                       cmocka_unit_test(test_own),
                                       cmocka_unit_test(test_help)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
