/*
 * Templates: golden vectors of Go's text/template with sprig, and own tables: what vectors
 * lack, places of errors, limits, one template that runs many times.
 */
#include "lang/template/template.h"

#include "base/limits.h"
#include "base/random.h"
#include "tests/support/template_golden.h"

static size_t texts_alike, texts_other; /* of errors; the text is information only */

static int check_golden(struct arena *a, const struct json *row)
{
    const struct json *want = json_get(row, STR("out")), *data = json_get(row, STR("data"));
    struct template_input in = template_golden_input(a, data);
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

/* Random templates, as the original answered. */
static void test_golden_random(void **state _unused_)
{
    golden_run("lang/gotemplate-random.jsonl", check_golden, 68);
}

/* ---- own tables ---- */

struct row {
    const char *text, *want; /* "!...": what the error begins with */
};

#define DATA                                                                            \
    "{\"n\":1.5,\"s\":\"text\",\"nil\":null,\"yes\":true,\"list\":[\"a\",\"b\",\"c\"]," \
    "\"map\":"                                                                          \
    "{\"b\":2,\"a\":1},\"deep\":[{\"k\":[7,8]}]}"

static void check_rows(const struct row *rows, size_t count)
{
    size_t wrong = 0;

    for (size_t i = 0; i < count; i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str got = STR_NONE, want = str_from(rows[i].want);
        struct template_input in;
        struct json doc;
        struct err err = {};

        assert_int_equal(json_parse(a, STR(DATA), &doc, &err), 0);
        in = template_golden_input(a, &doc);
        if (template_eval(a, str_from(rows[i].text), &in, &got, &err) < 0)
            got = str_head(str_printf(a, "!%s", err.text), want.len);
        if (str_eq(got, want))
            continue;
        wrong++;
        print_error("%zu: %s\n want %s\n got  " STR_FMT " (%s)\n", i, rows[i].text,
                    rows[i].want, STR_ARG(got), err.text);
    }
    assert_int_equal(wrong, 0);
}

/* Methods that answer several values. */
static void test_methods(void **state _unused_)
{
    static const struct row rows[] = {
        {"{{ (toDate \"2006\" \"2024\").Zone }}",
         "!template: param:1:18: executing \"param\" at <\"2024\">: invalid function signature "
         "for Zone: second return value should be error; is int"},
        {"{{ (toDate \"2006\" \"2024\").Clock }}", "!template: param:1:18: executing \"param\" "
                                                   "at <\"2024\">: function Clock has 3 return "
                                                   "values; should be 1 or 2"},
        {"{{ (toDate \"2006\" \"2024\").ISOWeek 1 }}",
         "!template: param:1:18: executing \"param\" at <\"2024\">: wrong number of args for "
         "ISOWeek: want 0 got 1"},
    };

    check_rows(rows, COUNT_OF(rows));
}

/* What may stand between the braces. */
static void test_lexing(void **state _unused_)
{
    static const struct row rows[] = {
        {"a{{- 1 -}} b", "a1b"},
        {"a {{-1}} b", "a -1 b"},
        {"a\n\t {{- /* x */ -}} \r\n b", "ab"},
        {"{{/* a */}}{{/*b*/}}", ""},
        {"{{ /* a */ }}", "!template: param:1: unexpected \"/\" in command"},
        {"{{/* a }}", "!template: param:1: unclosed comment"},
        {"{{/* a */ x }}", "!template: param:1: comment ends before closing delimiter"},
        {"x{{", "!template: param:1: unclosed action"},
        {"\n\n{{ 1 ", "!template: param:3: unclosed action"},
        {"{{ (1 }}", "!template: param:1: unclosed left paren"},
        {"{{ 1) }}", "!template: param:1: unexpected right paren"},
        {"{{ \"a\nb\" }}", "!template: param:1: unterminated quoted string"},
        {"{{ `a\nb` }}", "a\nb"},
        {"{{ `a }}", "!template: param:1: unterminated raw quoted string"},
        {"{{ 'ab' }}", "!template: param:1: malformed character constant: 'ab'"},
        {"{{ '\\x41' }} {{ '\\'' }} {{ '\\u00e9' }} {{ '\\101' }}", "65 39 233 65"},
        {"{{ \"\\x41\\101\\u00e9\\U0001F600\\t\" }}", "AA\xc3\xa9\xf0\x9f\x98\x80\t"},
        {"{{ \"\\q\" }}", "!template: param:1: invalid syntax"},
        {"{{ 1i }}", "!template: param:1: complex numbers are not supported yet"},
        {"{{ 0x }}", "!template: param:1: illegal number syntax: \"0x\""},
        {"{{ 1__0 }}", "!template: param:1: illegal number syntax: \"1__0\""},
        {"{{ 017 }} {{ 0o17 }} {{ 0b11 }} {{ 0X_1f }} {{ 1_000 }}", "15 15 3 31 1000"},
        {"{{ 1.5e3 }} {{ .5 }} {{ 5. }} {{ 0x1p4 }}", "1500 0.5 5 16"},
        {"{{ 99999999999999999999 }}", "!template: param:1: integer overflow: "},
        {"{{ 3x }}", "!template: param:1: bad number syntax: \"3x\""},
        {"{{ $x-y }}", "!template: param:1: bad character U+002D '-'"},
        {"{{ 1:b }}", "!template: param:1: expected :="},
        {"{{ \x01 }}", "!template: param:1: unrecognized character in action: U+0001"},
        {"{{ .Input.s }}}", "text}"},
        {"{{ \"}}\" }}", "}}"},
        {"{ {{ 1 }} }", "{ 1 }"},
    };

    check_rows(rows, COUNT_OF(rows));
}

static void test_parsing(void **state _unused_)
{
    static const struct row rows[] = {
        {"{{ }}", "!template: param:1: missing value for command"},
        {"{{ | }}", "!template: param:1: unexpected \"|\" in command"},
        {"{{ 1 | }}", "1"},
        {"{{ .Input.s | 1 }}",
         "!template: param:1: non executable command in pipeline stage 2"},
        {"{{ () }}", "!template: param:1: missing value for parenthesized pipeline"},
        {"{{ 1.x }}", "!template: param:1: bad number syntax: \"1.x\""},
        {"{{ \"a\".x }}", "!template: param:1: unexpected . after term \"\\\"a\\\"\""},
        {"{{ nil.x }}", "!template: param:1: unexpected . after term \"nil\""},
        {"{{ $x }}", "!template: param:1: undefined variable \"$x\""},
        {"{{ $x, $y := 1 }}", "!template: param:1: too many declarations in command"},
        {"{{ range $a, $b, $c := . }}{{end}}",
         "!template: param:1: too many declarations in range"},
        {"{{ range $a, 1 }}{{end}}", "!template: param:1: range can only initialize variables"},
        {"{{ else }}", "!template: param:1: unexpected {{else}}"},
        {"{{ if 1 }}{{ else 5 }}{{ end }}", "!template: param:1: unexpected \"5\" in else"},
        {"{{ if 1 }}{{ end 5 }}", "!template: param:1: unexpected \"5\" in end"},
        {"{{ with 1 }}{{ else if 1 }}{{ end }}", "!template: param:1: "},
        {"{{ define }}{{ end }}", "!template: param:1: unexpected \"}}\" in define clause"},
        {"{{ define \"a\" }}{{ else }}{{ end }}",
         "!template: param:1: unexpected {{else}} in define clause"},
        {"{{ template a }}", "!template: param:1: unexpected \"a\" in template clause"},
        {"{{ block \"a\" }}{{ end }}", "!template: param:1: missing value for block clause"},
        {"{{ if 1 }}{{ define \"a\" }}{{ end }}{{ end }}",
         "!template: param:1: unexpected <define> in command"},
        {"{{ break }}", "!template: param:1: {{break}} outside {{range}}"},
        {"{{ range . }}{{ define_ }}{{ end }}",
         "!template: param:1: function \"define_\" not defined"},
        {"{{ range .Input.list }}{{ template \"t\" }}{{ end }}{{ define \"t\" }}{{ break }}{{ "
         "end }}",
         "!template: param:1: {{break}} outside {{range}}"},
        {"{{ if\n1\nx }}{{end}}", "!template: param:3: function \"x\" not defined"},
        {"{{ if 1 }}\n\n{{ x }}", "!template: param:3: function \"x\" not defined"},
        {"{{ define \"t\" }} {{ end }}{{ define \"t\" }}x{{ end }}{{ template \"t\" }}", "x"},
        {"{{ define \"t\" }}x{{ end }}{{ define \"t\" }} {{ end }}{{ template \"t\" }}", "x"},
    };

    check_rows(rows, COUNT_OF(rows));
}

static void test_running(void **state _unused_)
{
    static const struct row rows[] = {
        {"{{ range $i, $e := .Input.list }}{{ $i }}{{ $e }}{{ end }}", "0a1b2c"},
        {"{{ range $e := .Input.list }}{{ if eq $e \"b\" }}{{ break }}{{ end }}{{ $e }}{{ end "
         "}}",
         "a"},
        {"{{ range .Input.list }}{{ range $.Input.list }}{{ if eq . \"b\" }}{{ continue }}{{ "
         "end }}{{ . }}"
         "{{ end }};{{ end }}",
         "ac;ac;ac;"},
        {"{{ range $k, $v := .Input.map }}{{ $k }}={{ $v }} {{ end }}", "a=1 b=2 "},
        {"{{ $k := 0 }}{{ $v := 0 }}{{ range $k, $v = .Input.list }}{{ end }}{{ $k }}{{ $v }}",
         "2c"},
        {"{{ range 3 }}{{ . }}{{ else }}x{{ end }}{{ range -1 }}{{ else }}x{{ end }}", "012x"},
        {"{{ range 1.5 }}{{ end }}",
         "!template: param:1:9: executing \"param\" at <1.5>: range can't iterate over 1.5"},
        {"{{ with $x := .Input.n }}{{ $x }}{{ end }}{{ with 0 }}{{ else }}no{{ end }}",
         "1.5no"},
        {"{{ with .Input.nil }}a{{ else with .Input.s }}{{ . }}{{ else }}c{{ end }}", "text"},
        {"{{ $x := 1 }}{{ range .Input.list }}{{ $x = add $x 1 }}{{ end }}{{ $x }}", "4"},
        {"{{ $x := 1 }}{{ with 5 }}{{ $x := 2 }}{{ end }}{{ $x }}", "1"},
        {"{{ define \"t\" }}[{{ . }}{{ $ }}]{{ end }}{{ template \"t\" .Input.s }}",
         "[texttext]"},
        {"{{ template \"t\" }}", "!template: param:1:12: executing \"param\" at <{{template "
                                 "\"t\"}}>: template \"t\" not "
                                 "defined"},
        {"{{ block \"t\" .Input.list }}{{ len . }}{{ end }}", "3"},
        {"{{ define \"t\" }}{{ template \"t\" . }}{{ end }}{{ template \"t\" }}",
         "!template: param:1:28: executing \"t\" at <{{template \"t\" .}}>: exceeded maximum"},
        {"{{ (index .Input.deep 0).k }} {{ index .Input.deep 0 \"k\" 1 }}", "[7 8] 8"},
        {"{{ .Input.s.x }}", "!template: param:1:9: executing \"param\" at <.Input.s.x>: can't "
                             "evaluate field x in type interface {}"},
        {"{{ $x := .Input.s }}{{ $x.y }}",
         "!template: param:1:25: executing \"param\" at <$x.y>: "
         "can't evaluate field y in type string"},
        {"{{ .Input.nil.x }}",
         "!template: param:1:9: executing \"param\" at <.Input.nil.x>: nil "
         "pointer evaluating interface {}.x"},
        {"{{ .Input.gone.x.y }}", "<no value>"},
        {"{{ (dict \"a\" 1).a }} {{ (dict).b }}", "1 <no value>"},
        {"{{ and .Input.yes .Input.n }} {{ or .Input.nil 0 \"\" }} {{ and 0 (fail \"x\") }}",
         "1.5  0"},
        {"{{ not .Input.nil }} {{ not .Input.s }}", "true false"},
        {"{{ eq 1 2 3 1 }} {{ ne 1 2 }} {{ lt \"a\" \"b\" }} {{ ge 2 2 }}",
         "true true true true"},
        {"{{ eq .Input.n 1 }}",
         "!template: param:1:3: executing \"param\" at <eq .Input.n 1>: "
         "error calling eq: incompatible types for comparison: float64 and "
         "int"},
        {"{{ lt nil 1 }}",
         "!template: param:1:3: executing \"param\" at <lt nil 1>: error calling "
         "lt: invalid type for comparison"},
        {"{{ eq (add 1 2) 3 }}", "true"},
        {"{{ upper (add 1 2) }}",
         "!template: param:1:16: executing \"param\" at <2>: wrong type "
         "for value; expected string; got int64"},
        {"{{ until (add 1 2) }}",
         "!template: param:1:16: executing \"param\" at <2>: wrong type "
         "for value; expected int; got int64"},
        {"{{ get (split \",\" \"a\") \"_0\" }}",
         "!template: param:1:18: executing \"param\" at <\"a\""
         ">: wrong type for value; expected "
         "map[string]interface {}; got map[string]string"},
        {"{{ upper .Input.nil }}",
         "!template: param:1:15: executing \"param\" at <.Input.nil>: wrong "
         "type for value; expected string; got interface {}"},
        {"{{ upper .Input.gone }}",
         "!template: param:1:15: executing \"param\" at <.Input.gone>: "
         "invalid value; expected string"},
        {"{{ keys nil }}", "[]"},
        {"{{ .Input.s | printf \"%s-%d\" \"a\" }}", "a-%!d(string=text)"},
        {"{{ html \"<a href='x'>\" | js }}",
         "\\u0026lt;a href\\u003D\\u0026#39;x\\u0026#39;\\u0026gt;"},
        {"{{ urlquery \"a b\" 1 }}", "a+b1"},
        {"{{ println 1 \"a\" }}{{ print 1 2 }}", "1 a\n1 2"},
        {"{{ len nil }}",
         "!template: param:1:3: executing \"param\" at <len nil>: error calling len: "
         "reflect: call of reflect.Value.Type on zero Value"},
        {"{{ index .Input.list -1 }}",
         "!template: param:1:3: executing \"param\" at <index .Input.list "
         "-1>: error calling index: index out of range: -1"},
        {"{{ index nil 0 }}",
         "!template: param:1:3: executing \"param\" at <index nil 0>: error calling "
         "index: index of untyped nil"},
        {"{{ call .Input.s }}",
         "!template: param:1:3: executing \"param\" at <call .Input.s>: error "
         "calling call: non-function .Input.s of type string"},
        {"{{ 1 2 }}",
         "!template: param:1:3: executing \"param\" at <1>: can't give argument to "
         "non-function 1"},
        {"{{ .Input.s 1 }}",
         "!template: param:1:9: executing \"param\" at <.Input.s>: s is not a method "
         "but has arguments"},
        {"a\nbc {{ fail \"x\" }}",
         "!template: param:2:6: executing \"param\" at <fail \"x\">: error "
         "calling fail: x"},
    };

    check_rows(rows, COUNT_OF(rows));
}

/* Times, versions and dicts that change. */
static void test_values(void **state _unused_)
{
    static const struct row rows[] = {
        {"{{ now.Year }} {{ now.Month }} {{ now.Weekday }} {{ now.Unix }}",
         "2024 May Saturday 1716000000"},
        {"{{ (now.AddDate 0 1 2).Format \"2006-01-02\" }}", "2024-06-20"},
        {"{{ now.Format 5 }}",
         "!template: param:1:14: executing \"param\" at <5>: expected string; found 5"},
        {"{{ now.Format }}",
         "!template: param:1:3: executing \"param\" at <now>: wrong number of "
         "args for Format: want 1 got 0"},
        {"{{ now.Nope }}",
         "!template: param:1:3: executing \"param\" at <now>: can't evaluate field "
         "Nope in type time.Time"},
        {"{{ \"2006\" | now.Format }}", "2024"},
        {"{{ title \"o'neil de-la a_b x\\u2003y\" }}", "O'Neil De-La A_b X\xe2\x80\x83Y"},
        {"{{ (now.Truncate 3600000000000).Format \"15:04\" }} {{ (now.Round "
         "3600000000000).Format \"15:04\" }}",
         "02:00 03:00"},
        {"{{ now.UnixMicro }} {{ now.Compare now }} {{ now.Local.Hour }}",
         "1716000000000000 0 2"},
        {"{{ regexSplit \"\" \"\" -1 }}{{ regexSplit \"a\" \"\" -1 | len }} {{ b32dec "
         "\"NBSWY3DP\" }} {{ b32enc \"ab\" | b32dec }}",
         "[]1 hello ab"},
        {"{{ (now.Sub (now.Add 3000000000)).Seconds }}", "-3"},
        {"{{ (semver \"1.2.3-rc\").Prerelease }} {{ (semver \"2\").Original }} {{ semver \"2\" "
         "}}",
         "rc 2 2.0.0"},
        {"{{ $d := dict \"a\" 1 }}{{ $_ := set $d \"b\" 2 }}{{ $_ := unset $d \"a\" }}{{ $d }}",
         "map[b:2]"},
        {"{{ $_ := set .Input.map \"c\" 3 }}{{ .Input.map }}", "map[a:1 b:2 c:3]"},
        {"{{ $d := dict }}{{ $_ := merge $d (dict \"x\" (dict \"y\" 1)) }}{{ $d.x.y }}", "1"},
        {"{{ typeOf (add 1 2) }} {{ typeOf (len \"x\") }} {{ kindOf (list) }} {{ typeOf "
         "now.Month }}",
         "int64 int slice time.Month"},
        {"{{ splitList \",\" \"a,b\" | typeOf }} {{ until 2 | typeOf }} {{ chunk 1 (list 1) | "
         "typeOf }}",
         "[]string []int [][]interface {}"},
        {"{{ list 1 \"a\" nil | toJson }} {{ rest (list) | toJson }}", "[1,\"a\",null] null"},
        {"{{ printf \"%v %d\" now.Month now.Month }}", "May 5"},
    };

    check_rows(rows, COUNT_OF(rows));
}

/* One template, many dots; maps of one run are not seen by the next. */
static void test_reuse(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct template *t = NULL;
    struct err err;

    assert_int_equal(template_compile(a, STR("name"),
                                      STR("{{ .Input.n }}{{ $_ := set .Input \"n\" 0 }}"), &t,
                                      &err),
                     0);
    for (int i = 0; i < 5; i++) {
        _cleanup_arena_ struct arena *scratch = arena_new();
        struct json n = json_int(a, i);
        struct json_object_builder b = {};
        struct template_input in;
        struct json doc;
        struct str text;

        json_add(a, &b, STR("n"), n);
        doc = json_object(&b);
        in = template_golden_input(a, &doc); /* of another arena: set changes a copy */
        assert_int_equal(template_run(t, scratch, &in, &text, &err), 0);
        assert_true(str_eq(text, str_printf(a, "%d", i)));
        assert_int_equal(template_run(t, scratch, &in, &text, &err), 0);
        assert_true(str_eq(text, str_printf(a, "%d", i)));
    }
    assert_int_equal(template_compile(a, STR("name"), STR("{{"), &t, &err), -1);
    assert_string_equal(err.text, "template: name:1: unclosed action");
}

static struct str repeated(struct arena *a, const char *piece, size_t count, const char *end)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(16 << 20);

    for (size_t i = 0; i < count; i++)
        strbuf_addz(&b, piece);
    strbuf_addz(&b, end);
    return str_copy(a, strbuf_str(&b));
}

static enum err_kind kind_of(struct arena *a, struct str text)
{
    struct json null = json_null();
    struct template_input in = template_golden_input(a, &null);
    struct str got;
    struct err err = {};

    return template_eval(a, text, &in, &got, &err) < 0 ? err.kind : ERR_NONE;
}

static void test_limits(void **state _unused_)
{
    static const char *const texts[] = {
        "{{ range 100000000 }}{{ end }}",
        "{{ range 3000 }}{{ range 3000 }}{{ end }}{{ end }}",
        "{{ range 1000 }}{{ repeat 100000 \"x\" }}{{ end }}",
        "{{ printf \"%999999d\" 1 | repeat 100 }}",
        "{{ range 100 }}{{ printf \"%999999d\" 1 }}{{ end }}",
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $d }}",
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ toJson $d }}",
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ deepCopy $d }}",
        "{{ define \"a\" }}{{ template \"b\" }}{{ end }}{{ define \"b\" }}{{ template \"a\" "
        "}}{{ end }}{{ template "
        "\"a\" }}",
        "{{ range 100 }}{{ genPrivateKey \"ed25519\" }}{{ end }}",
    };
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf many = STRBUF_INIT(1 << 20);

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (kind_of(a, str_from(texts[i])) != ERR_LIMIT)
            fail_msg("%s", texts[i]);
    assert_int_equal(kind_of(a, repeated(a, "{{ if 1 }}", 1000, "")), ERR_LIMIT);
    assert_int_equal(kind_of(a, str_concat(a, STR("{{"), repeated(a, "(", 1000, "1"))),
                     ERR_LIMIT);
    for (unsigned i = 0; i <= GO_TEMPLATE_TREES_MAX; i++)
        strbuf_addf(&many, "{{define \"%u\"}}x{{end}}", i);
    assert_int_equal(kind_of(a, strbuf_str(&many)), ERR_LIMIT);
    assert_int_equal(kind_of(a, str_skip(strbuf_str(&many), 220)), ERR_NONE);
    /* A long way to a member takes memory for each name once. */
    assert_int_equal(
        kind_of(a, str_concat(a, STR("{{.Input"), repeated(a, ".a", 100000, "}}"))), ERR_INVALID);
    assert_int_equal(kind_of(a, repeated(a, "x", GO_TEMPLATE_MAX_BYTES + 1, "")), ERR_LIMIT);
    assert_int_equal(kind_of(a, repeated(a, "x", GO_TEMPLATE_MAX_BYTES, "")), ERR_NONE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),  cmocka_unit_test(test_golden_random),
        cmocka_unit_test(test_lexing),  cmocka_unit_test(test_methods),
        cmocka_unit_test(test_parsing), cmocka_unit_test(test_running),
        cmocka_unit_test(test_values),  cmocka_unit_test(test_reuse),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
