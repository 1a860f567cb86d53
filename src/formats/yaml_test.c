/* Golden vectors of sigs.k8s.io/yaml both ways; positions, duplicate keys, aliases that
 * explode. */
#include "formats/yaml.h"

#include "base/limits.h"
#include "tests/support/golden.h"

/* The texts of a stream's documents. */
static int check_texts(struct arena *a, const struct json *row, struct str op)
{
    const struct json *out = json_get(row, STR("out"));
    struct str in = golden_text(a, row, "in");
    struct yaml_texts texts;
    struct err err;
    int result = str_is(op, "kube-docs") ? yaml_split(a, in, &texts, &err)
                                         : yaml_decode_stream(a, in, &texts, &err);

    if (result < 0 || golden_fails(row))
        return result < 0 && golden_fails(row);
    for (size_t i = 0; i < texts.len; i++)
        if (!str_eq(texts.at[i], json_str(json_item(out, i))))
            return false;
    return texts.len == out->count;
}

static int check_read(struct arena *a, const struct json *row)
{
    struct str op = json_get_str(row, STR("op")), in = golden_text(a, row, "in");
    struct json v;
    struct err err;
    int result;

    if (str_starts(op, STR("kube-")))
        return check_texts(a, row, op);
    result = str_is(op, "json") ? yaml_parse_lax(a, in, &v, &err) : yaml_parse(a, in, &v, &err);
    if (golden_fails(row))
        return result < 0;
    if (result < 0 && err.kind == ERR_LIMIT)
        return true; /* our depth is a named limit */
    return result == 0 && str_eq(json_text(a, &v, JSON_SORT_KEYS | JSON_ESCAPE_HTML),
                                 json_get_str(row, STR("out")));
}

static int check_print(struct arena *a, const struct json *row)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct json v, plain;
    struct err err;

    if (yaml_parse_lax(a, golden_text(a, row, "in"), &v, &err) < 0 || golden_fails(row))
        return golden_fails(row);
    if (json_parse(a, golden_text(a, row, "in"), &plain, &err) == 0 && json_equal(&plain, &v))
        v = plain; /* 1e6 is a float here */
    yaml_print(&b, &v);
    return str_eq(strbuf_str(&b), json_get_str(row, STR("out")));
}

static void test_golden_reading(void **state)
{
    (void) state;
    golden_run("formats/yaml.jsonl", check_read, 660);
    golden_run("formats/yaml-random.jsonl", check_read, 220);
}

static void test_golden_printing(void **state)
{
    (void) state;
    golden_run("formats/yaml-out.jsonl", check_print, 280);
    golden_run("formats/yaml-out-random.jsonl", check_print, 100);
}

/* What go-yaml does and libyaml does not: byte order marks, line separators, letters. */
static void test_odd_characters(void **state _unused_)
{
    static const char *const cases[][2] = {
        {"[\"\\u2028\"]", "- '\xe2\x80\xa8'\n"},
        {"[\"1\\u2028\"]", "- '1\xe2\x80\xa8'\n"},
        {"[\"a\\u2029b\"]", "- 'a\xe2\x80\xa9  b'\n"},
        {"{\"a\\u2028\": 1}", "? 'a\xe2\x80\xa8'\n: 1\n"},
        {"[\"a \\u2028\"]", "- \"a \\L\"\n"},
        {"[\"\\ufeffa b\\u00e9\"]", "- \"\\uFEFF\\x61\\x20\\x62\\xE9\"\n"},
        {"[\"a\\ufeff b\"]", "- \"a\\uFEFF b\"\n"},
        {"[\"\\u0085\"]", "- \"\\N\"\n"},
        {"{\"\\u0085\": 1, \"\": 2, \"1\": 3}", "\"\": 2\n? \"\\N\"\n: 1\n\"1\": 3\n"},
        {"{\"\\ud83d\\ude00\": 1, \"a\": 2, \"\\u00e9\": 3, \"\\u00d7\": 4}",
         "\xc3\x97: 4\n\"\\U0001F600\": 1\na: 2\n\xc3\xa9: 3\n"},
        {"\"\"", "\"\"\n"},
        {"\"a\\n\"", "|\n  a\n"},
        {"{\"a\\nb\": [[], [{\"c\": {}}]]}", "? |-\n  a\n  b\n: - []\n  - - c: {}\n"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(4096);
        struct json v;
        struct err err;

        assert_int_equal(json_parse(a, str_from(cases[i][0]), &v, &err), 0);
        yaml_print(&b, &v);
        assert_string_equal(str_cz(a, strbuf_str(&b)), cases[i][1]);
    }
}

/* An anchor counts from where it stands; only an alias of a map is merged. */
static void test_anchors(void **state _unused_)
{
    static const char *const cases[][2] = {
        {"a: &x 1\nb: &x [*x]\n", NULL},
        {"a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}"},
        {"a: &x {k: *x}\n", NULL},
        {"a: &x [{k: 1}]\nb: {<<: *x}\n", NULL},
        {"a: &x {k: 1}\nb: {<<: [*x, {m: 2}]}\n", "{\"a\":{\"k\":1},\"b\":{\"k\":1,\"m\":2}}"},
        {"b: {<<: [[{m: 2}]]}\n", NULL},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json v;
        struct err err;
        int rc = yaml_parse(a, str_from(cases[i][0]), &v, &err);

        assert_int_equal(rc, cases[i][1] ? 0 : -1);
        if (rc == 0)
            assert_string_equal(str_cz(a, json_text(a, &v, JSON_COMPACT | JSON_SORT_KEYS)),
                                cases[i][1]);
    }
}

/* A colon without a blank behind it is of the text: go-yaml and libyaml differ where a flow
 * collection goes on or ends there. */
static void test_colons(void **state _unused_)
{
    static const char *const cases[][2] = {
        {"{a:}", "{\"a:\":null}"},
        {"x: {a:, b:}\nz: [it's a:, b]\n",
         "{\"x\":{\"a:\":null,\"b:\":null},\"z\":[\"it's a:\",\"b\"]}"},
        {"{\"a\":, b: 1}", "{\"a\":null,\"b\":1}"},
        {"[a:b, http://x/]", "[\"a:b\",\"http://x/\"]"},
        {"{a:[1]}", NULL},
        {"[a:, {b:{c: 1}}]", NULL},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct yaml_documents all;
        struct json v;
        struct err err;
        int rc = yaml_parse(a, str_from(cases[i][0]), &v, &err);

        assert_int_equal(rc, cases[i][1] ? 0 : -1);
        assert_int_equal(yaml_parse_all(a, str_from(cases[i][0]), &all, &err), rc);
        if (rc == 0)
            assert_true(str_is(json_text(a, &v, JSON_COMPACT), cases[i][1]) && all.len == 1);
    }
}

static void test_colons_bounded(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);
    struct json v;
    struct err err;

    strbuf_addc(&b, '[');
    for (size_t i = 0; i < YAML_COLONS_MAX; i++)
        strbuf_addz(&b, "a:,");
    strbuf_addc(&b, ']');
    assert_int_equal(yaml_parse(a, strbuf_str(&b), &v, &err), 0);
    assert_int_equal(v.count, YAML_COLONS_MAX);
    b.len--;
    strbuf_addz(&b, "a:,]");
    assert_int_equal(yaml_parse(a, strbuf_str(&b), &v, &err), -1);
}

static void test_errors_and_positions(void **state)
{
    static const char *const cases[][2] = {
        {"a: 1\nb:\n  c: 1\n  c: 2\n",
         "line 4, column 3: key is given twice in this mapping: c"},
        {"a: *nobody\n", "line 1, column 4: unknown anchor nobody"},
        {"a: [1, 2\n",
         "line 2, column 1: did not find expected ',' or ']' while parsing a flow sequence "
         "that begins in line 1, column 4"},
        {"a: .nan\n", "line 1, column 4: json: unsupported value: .nan"},
        {"[a, {b: http://c/?d}]\n",
         "line 1, column 9: did not find expected ',' or ']' at the ? of http://c/?d"},
        {"[\"\xc3\xa9\", \"a\\/b\"]\n", "line 1, column 7: found unknown escape character \\/"},
        {"%YAML 1.2\n---\na\n",
         "line 1, column 1: found incompatible YAML document: %YAML 1.1 expected"},
        {"-9223372036854775809: a\n18446744073709551615: a\n",
         "line 2, column 1: a key must be a whole number of 64 bits, found "
         "18446744073709551615"},
        {"a: &a {k: 1}\nb:\n  k: 2\n  <<: *a\n",
         "line 4, column 3: key is given twice in this mapping: k"},
        {"{<<: [{a: 1}, {a: 2}]}\n", "line 1, column 2: key is given twice in this mapping: a"},
        {"{<<: [{a: 1}, [{b: 2}], 3]}\n",
         "line 1, column 2: map merge requires map or sequence of maps as the value"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct str text = STR("\xef\xbb\xbf\xc3\xa9: 1\nlist:\n  - name: x\n"); /* with a BOM */
    unsigned line, column;
    struct json v;
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (yaml_parse(a, str_from(cases[i][0]), &v, &err) == 0 ||
            strcmp(err.text, cases[i][1]) != 0)
            fail_msg("case %zu: got \"%s\"", i, err.text);
    assert_int_equal(yaml_parse(a, text, &v, &err), 0);
    json_position(text, json_get(json_item(json_get(&v, STR("list")), 0), STR("name"))->pos,
                  &line, &column);
    assert_int_equal(line, 3);
    assert_int_equal(column, 11);
}

/* Of a wide mapping the keys lie in an index: found as in a narrow one. */
static void test_wide_mappings(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct json v;
    struct err err;
    struct str text;

    (void) state;
    strbuf_addz(&b, "base: &b {extra: 7}\nwide:\n  <<: *b\n");
    for (int i = 0; i < 5000; i++)
        strbuf_addf(&b, "  k%d: %d\n", i, i);
    text = str_copy(a, strbuf_str(&b));
    assert_int_equal(yaml_parse(a, text, &v, &err), 0);
    assert_int_equal(json_path(&v, "wide", NULL)->count, 5001);
    assert_true(str_is(json_number(json_path(&v, "wide", "k3", NULL)), "3"));
    assert_true(str_is(json_number(json_path(&v, "wide", "extra", NULL)), "7"));
    strbuf_addz(&b, "  k17: again\n");
    text = str_copy(a, strbuf_str(&b));
    assert_int_equal(yaml_parse(a, text, &v, &err), -1);
    assert_string_equal(err.text,
                        "line 5004, column 3: key is given twice in this mapping: k17");
    assert_int_equal(yaml_parse_lax(a, text, &v, &err), 0);
    assert_true(str_is(json_str(json_path(&v, "wide", "k17", NULL)), "again"));
}

/* Keys as sigs.k8s.io/yaml prints them, merges in their order, what only looks refused. */
static void test_oddities(void **state)
{
    static const char *const cases[][2] = {
        {"{1e5: a, 1e6: b, 1234567.5: c, 0.0001: d, 0.00001: e, -1.50: f, 1000000: g}",
         "{\"100000\":\"a\",\"1e+06\":\"b\",\"1.2345675e+06\":\"c\",\"0.0001\":\"d\","
         "\"1e-05\":\"e\",\"-1.5\":\"f\",\"1000000\":\"g\"}"},
        {"{+.Inf: a, -.INF: b, .NaN: c, 1e39: d, 0.1: e, 3.4028235e38: f}",
         "{\".inf\":\"d\",\"-.inf\":\"b\",\".nan\":\"c\",\"0.1\":\"e\","
         "\"3.4028235e+38\":\"f\"}"},
        {"{a: 1, <<: {a: 2, b: 3}, b: 4}", "{\"a\":2,\"b\":4}"},
        {"{<<: [{a: 1}, {a: 2, b: 3}]}", "{\"a\":1,\"b\":3}"},
        {"a: http://c/?d\nb: [\"?\", 'e?', \"\\\\/\", '\\/']",
         "{\"a\":\"http://c/?d\",\"b\":[\"?\",\"e?\",\"\\\\/\",\"\\\\/\"]}"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json v;
        struct err err;

        if (yaml_parse_lax(a, str_from(cases[i][0]), &v, &err) < 0)
            fail_msg("case %zu: %s", i, err.text);
        if (!str_is(json_text(a, &v, JSON_COMPACT), cases[i][1]))
            fail_msg("case %zu: %s", i, str_cz(a, json_text(a, &v, JSON_COMPACT)));
    }
}

/* Texts beyond 80 columns are folded at blanks, in quotes or not, and read back the same. */
static void test_folding(void **state)
{
    static const char line[] =
        "word word word word word word word word word word word word word word word word";
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);
    struct str text = str_printf(a, "{\"a\":\"%s word\",\"b\":\"%s word \"}", line, line);
    struct str want = str_printf(a, "a: %s\n  word\nb: '%s\n  word '\n", line, line);
    struct json v, back;
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, text, &v, &err), 0);
    yaml_print(&b, &v);
    if (!str_eq(strbuf_str(&b), want))
        fail_msg("%s", str_cz(a, strbuf_str(&b)));
    assert_int_equal(yaml_parse(a, strbuf_str(&b), &back, &err), 0);
    assert_true(json_equal(&v, &back));
}

/* Found by fuzzing: a text of many digits was printed as a number. */
static void test_long_digits(void **state)
{
    static const char digits[] = "5777777777777777777777777777777777777777777777777777777777777"
                                 "7777777777777777777777777";
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);
    struct str text = str_printf(a, "{\"a\":\"%s\",\"b\":\"%sx\"}", digits, digits);
    struct json v, back;
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, text, &v, &err), 0);
    yaml_print(&b, &v);
    if (!str_eq(strbuf_str(&b), str_printf(a, "a: \"%s\"\nb: %sx\n", digits, digits)))
        fail_msg("%s", str_cz(a, strbuf_str(&b)));
    assert_int_equal(yaml_parse(a, strbuf_str(&b), &back, &err), 0);
    assert_true(json_equal(&v, &back));
}

static void test_billion_laughs(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct strbuf b = STRBUF_INIT(1 << 16);
    struct json v;
    struct err err;

    (void) state;
    strbuf_addz(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 20; i++)
        strbuf_addf(&b, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i,
                    i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    assert_int_equal(yaml_parse(a, strbuf_str(&b), &v, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    strbuf_done(&b);
}

static void test_streams(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct yaml_documents docs;
    struct err err;

    (void) state;
    assert_int_equal(
        yaml_parse_all(a, STR("---\na: 1\n---\n# nothing\n---\n{\"b\": 2}\n"), &docs, &err), 0);
    assert_int_equal(docs.len, 2);
    assert_true(str_is(json_text(a, &docs.at[1], 0), "{\"b\":2}"));
}

/* What begins with a brace is JSON, or else YAML. */
static void test_decoded_streams(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct yaml_texts texts;
    struct err err;

    assert_int_equal(yaml_decode_stream(a, STR("{a: [1]}\n---\nb: 2\n"), &texts, &err), 0);
    assert_int_equal(texts.len, 2);
    assert_true(str_is(texts.at[0], "{\"a\":[1]}") && str_is(texts.at[1], "{\"b\":2}"));
    assert_int_equal(yaml_decode_stream(a, STR("{\"a\": 1"), &texts, &err), -1);
    assert_true(str_starts(str_from(err.text), STR("unexpected end of JSON input")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_reading),
        cmocka_unit_test(test_golden_printing),
        cmocka_unit_test(test_odd_characters),
        cmocka_unit_test(test_anchors),
        cmocka_unit_test(test_colons),
        cmocka_unit_test(test_colons_bounded),
        cmocka_unit_test(test_errors_and_positions),
        cmocka_unit_test(test_wide_mappings),
        cmocka_unit_test(test_oddities),
        cmocka_unit_test(test_folding),
        cmocka_unit_test(test_long_digits),
        cmocka_unit_test(test_billion_laughs),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_decoded_streams),
    };

    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
