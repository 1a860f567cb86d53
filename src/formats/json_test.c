/* Tests of formats/json.h: golden vectors of encoding/json, positions, errors, builders,
 * limits, round trips. */
#include "tests/support/golden.h"

#include "base/limits.h"
#include "base/random.h"
#include "formats/gofloat.h"
#include "formats/goquote.h"
#include "formats/jsonraw.h"

static struct json as_floats(struct arena *a, const struct json *v)
{
    struct json made = *v;
    double n;

    if (v->type == JSON_NUMBER && json_f64(v, &n))
        return json_float(a, n);
    if (v->type == JSON_ARRAY) {
        struct json_array_builder b = {0};

        for (uint32_t i = 0; i < v->count; i++)
            json_push(a, &b, as_floats(a, &v->items[i]));
        return json_array(&b);
    }
    if (v->type == JSON_OBJECT) {
        struct json_object_builder b = {0};

        for (uint32_t i = 0; i < v->count; i++)
            json_add(a, &b, v->members[i].key, as_floats(a, &v->members[i].value));
        return json_object(&b);
    }
    return made;
}

static bool has_overflow(const struct json *v)
{
    double n;

    if (v->type == JSON_NUMBER)
        return !json_f64(v, &n);
    for (uint32_t i = 0; v->type >= JSON_ARRAY && i < v->count; i++)
        if (has_overflow(v->type == JSON_ARRAY ? &v->items[i] : &v->members[i].value))
            return true;
    return false;
}

static int check_stream(struct arena *a, struct str in, const struct json *row)
{
    struct str rest = in;
    struct json value;
    struct err err;
    uint32_t count = 0;
    int got;

    while ((got = json_parse_next(a, &rest, &value, &err)) > 0) {
        if (has_overflow(&value))
            return golden_fails(row);
        struct json shown = as_floats(a, &value);
        struct str want = json_str(json_item(json_get(row, STR("out")), count++));

        if (!golden_fails(row) &&
            !str_eq(json_text(a, &shown, JSON_SORT_KEYS | JSON_ESCAPE_HTML), want))
            return false;
    }
    return golden_fails(row) ? got < 0 : got == 0 && count == json_get(row, STR("out"))->count;
}

/* Integers that fit apart from floats, as Kubernetes decodes; -1 in a number that does not fit.
 */
static int as_k8s(struct arena *a, const struct json *v, struct json *ret)
{
    struct str text = json_number(v);
    struct json inner;
    int64_t whole;
    double n;

    *ret = *v;
    if (v->type == JSON_NUMBER && parse_i64(text, &whole))
        *ret = json_int(a, whole);
    else if (v->type == JSON_NUMBER && json_f64(v, &n))
        *ret = json_float(a, n);
    else if (v->type == JSON_NUMBER)
        return -1;
    if (v->type == JSON_ARRAY) {
        struct json_array_builder b = {0};

        for (uint32_t i = 0; i < v->count; json_push(a, &b, inner), i++)
            if (as_k8s(a, &v->items[i], &inner) < 0)
                return -1;
        *ret = json_array(&b);
    } else if (v->type == JSON_OBJECT) {
        struct json_object_builder b = {0};

        for (uint32_t i = 0; i < v->count; json_add(a, &b, v->members[i].key, inner), i++)
            if (as_k8s(a, &v->members[i].value, &inner) < 0)
                return -1;
        *ret = json_object(&b);
    }
    return 0;
}

static void show_scalar(struct strbuf *b, const struct json *v)
{
    double n;
    int64_t whole;

    if (v->type == JSON_NULL) {
        strbuf_addz(b, "nil");
    } else if (v->type == JSON_BOOL) {
        strbuf_addf(b, "bool(%s)", v->is_true ? "true" : "false");
    } else if (v->type == JSON_STRING) {
        strbuf_addz(b, "string(");
        go_quote_add(b, json_str(v));
        strbuf_addc(b, ')');
    } else if (parse_i64(json_number(v), &whole)) {
        strbuf_addf(b, "int64(%lld)", (long long) whole);
    } else if (json_f64(v, &n)) {
        char text[GO_FLOAT_TEXT_SIZE];

        go_float_text(n, text);
        strbuf_addf(b, "float64(%s)", text);
    }
}

/* The types that a value has in Go. */
static void show_types(struct arena *a, struct strbuf *b, const struct json *v)
{
    if (v->type != JSON_ARRAY && v->type != JSON_OBJECT) {
        show_scalar(b, v);
        return;
    }
    strbuf_addz(b, v->type == JSON_ARRAY ? "[" : "map{");
    for (uint32_t i = 0; i < v->count; i++) {
        if (i > 0)
            strbuf_addc(b, ',');
        if (v->type == JSON_OBJECT) {
            go_quote_add(b, v->members[i].key);
            strbuf_addc(b, ':');
        }
        show_types(a, b, v->type == JSON_ARRAY ? &v->items[i] : &v->members[i].value);
    }
    strbuf_addc(b, v->type == JSON_ARRAY ? ']' : '}');
}

static bool is_listed(const struct json_array_builder *list, struct str text)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(json_str(&list->at[i]), text))
            return true;
    return false;
}

/* Each member that is given twice, once, in order. */
static void find_twice(struct arena *a, const struct json *v, struct str path,
                       struct json_array_builder *list)
{
    for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->count; i++)
        find_twice(a, &v->items[i], str_printf(a, STR_FMT "[%u]", STR_ARG(path), i), list);
    for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->count; i++) {
        struct str place = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(path),
                                      path.len ? "." : "", STR_ARG(v->members[i].key));
        struct str text = str_printf(a, "duplicate field \"" STR_FMT "\"", STR_ARG(place));
        bool is_twice = false;

        for (uint32_t k = 0; k < i; k++)
            is_twice = is_twice || str_eq(v->members[k].key, v->members[i].key);
        if (is_twice && !is_listed(list, text))
            json_push(a, list, json_string(text));
        find_twice(a, &v->members[i].value, place, list);
    }
}

static int check_k8s(struct arena *a, const struct json *row, struct str op)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct json_array_builder twice = {0};
    struct json value, made;
    struct err err;

    if (json_parse(a, golden_text(a, row, "in"), &value, &err) < 0)
        return golden_fails(row);
    if (str_is(op, "k8s-strict")) {
        if (as_k8s(a, &value, &made) < 0)
            return golden_fails(row);
        find_twice(a, &value, STR(""), &twice);
        made = json_array(&twice);
        return !golden_fails(row) && json_equal(&made, json_get(row, STR("out")));
    }
    if (as_k8s(a, &value, &made) < 0)
        return golden_fails(row);
    if (str_is(op, "k8s")) {
        json_print(&b, &made, JSON_SORT_KEYS | JSON_ESCAPE_HTML);
    } else {
        assert_int_equal(json_parse(a, json_text(a, &value, JSON_SORT_KEYS), &value, &err), 0);
        show_types(a, &b, &value);
    }
    return !golden_fails(row) && str_eq(strbuf_str(&b), json_get_str(row, STR("out")));
}

/* Texts that are kept but for white space. */
static int check_raw(struct arena *a, const struct json *row, struct str op)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct str in = golden_text(a, row, "in");
    struct json value;
    struct err err;

    if (json_parse(a, in, &value, &err) < 0)
        return golden_fails(row);
    if (str_is(op, "raw")) {
        strbuf_addz(&b, "{\"body\":");
        json_raw_compact(&b, in);
        strbuf_addc(&b, '}');
    } else {
        json_raw_print(&b, in, str_is(op, "indent") ? JSON_INDENT : JSON_COMPACT);
    }
    return !golden_fails(row) && str_eq(golden_lossy(a, strbuf_str(&b)),
                                        golden_lossy(a, json_get_str(row, STR("out"))));
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str op = json_get_str(row, STR("op"));
    struct str in = golden_text(a, row, "in");
    struct str want = json_get_str(row, STR("out"));
    unsigned style = JSON_SORT_KEYS | JSON_ESCAPE_HTML;
    struct json value, shown;
    struct err err;

    if (str_starts(op, STR("k8s")))
        return check_k8s(a, row, op);
    if (str_is(op, "raw") || str_is(op, "compact") || str_is(op, "indent"))
        return check_raw(a, row, op);
    if (str_is(op, "string") || str_is(op, "bytes")) {
        shown = json_string(str_is(op, "bytes") ? base64_encode(a, in) : in);
        return str_eq(json_text(a, &shown, style), want);
    }
    if (str_is(op, "stream"))
        return check_stream(a, in, row);
    if (json_is_valid(in) != (json_parse(a, in, &value, &err) == 0))
        return false;
    if (str_is(op, "number")) { /* of a decoder: what follows is not looked at */
        struct str rest = in;

        if (json_parse_next(a, &rest, &value, &err) <= 0)
            return golden_fails(row);
        return !golden_fails(row) && str_eq(json_text(a, &value, style), want);
    }
    if (json_parse(a, in, &value, &err) < 0) {
        if (str_is(op, "valid"))
            return !json_get_bool(row, STR("out")) || err.kind == ERR_LIMIT;
        return golden_fails(row) &&
               (err.kind == ERR_LIMIT ||
                str_starts(str_from(err.text), json_get_str(row, STR("err"))));
    }
    if (str_is(op, "valid"))
        return json_get_bool(row, STR("out"));
    shown = has_overflow(&value) ? value : as_floats(a, &value);
    if (golden_fails(row))
        return has_overflow(&value);
    if (str_is(op, "no-html"))
        return str_eq(
            str_printf(a, STR_FMT "\n", STR_ARG(json_text(a, &shown, JSON_SORT_KEYS))), want);
    return str_eq(
        json_text(a, &shown, str_is(op, "marshal-indent") ? style | JSON_INDENT : style), want);
}

/* A string of each length with one odd byte at each place: looked at several at a time, it is
 * JSON when it can be parsed. */
static void test_valid_strings(void **state _unused_)
{
    static const char odd[] = {'"', '\\', '\x1f', '\0', '\x7f', '\x80', '\xff', ' ', 'n'};

    for (size_t len = 0; len < 50; len++) {
        for (size_t at = 0; at < len * sizeof(odd); at++) {
            _cleanup_arena_ struct arena *a = arena_new();
            char text[64] = "[\"";
            struct json v;
            struct err err;

            memset(text + 2, 'n', len);
            text[2 + at / sizeof(odd)] = odd[at % sizeof(odd)];
            memcpy(text + 2 + len, "\"]", 2);
            assert_int_equal(json_is_valid(str_of(text, len + 4)),
                             json_parse(a, str_of(text, len + 4), &v, &err) == 0);
        }
    }
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/json.jsonl", check_golden, 481);
}

static void test_positions(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"{\n  \"a\": x\n}",
         "invalid character 'x' looking for beginning of value (line 2, column 8)"},
        {"[1,\n2", "unexpected end of JSON input (line 2, column 2)"},
        {"{\"a\":1,}",
         "invalid character '}' looking for beginning of object key string (line 1, column 8)"},
        {"{\"a\" 1}", "invalid character '1' after object key (line 1, column 6)"},
        {"[1 2]", "invalid character '2' after array element (line 1, column 4)"},
        {"1 2", "invalid character '2' after top-level value (line 1, column 3)"},
        {"01", "invalid character '1' after top-level value (line 1, column 2)"},
        {"\"\\q\"", "invalid character 'q' in string escape code (line 1, column 3)"},
        {"\"\\", "invalid character ' ' in string escape code (line 1, column 3)"},
        {"\"\\u1", "invalid character ' ' in \\u hexadecimal character escape (line 1, column 5)"},
        {"\"\\u1g", "invalid character 'g' in \\u hexadecimal character escape (line 1, column 5)"},
        {"\"a", "unexpected end of JSON input (line 1, column 3)"},
        {"\"a\tb\"", "invalid character '\\t' in string literal (line 1, column 3)"},
        {"nul", "invalid character ' ' in literal null (expecting 'l') (line 1, column 4)"},
        {"nuxl", "invalid character 'x' in literal null (expecting 'l') (line 1, column 3)"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json v;
        struct err err = {0};

        if (json_parse(a, str_from(cases[i].text), &v, &err) == 0 ||
            strcmp(err.text, cases[i].error) != 0)
            fail_msg("case %zu: %s: got \"%s\"", i, cases[i].text, err.text);
    }
}

static void test_named(void **state)
{
    static const char text[] =
        "{\"a\":[1,{\"name\":\"x\",\"v\":1},{\"name\":\"y\"},{\"name\":\"x\"}]}";
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *list;
    struct json v;
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, str_from(text), &v, &err), 0);
    list = json_get(&v, STR("a"));
    assert_ptr_equal(json_named(list, STR("x")), json_item(list, 1));
    assert_ptr_equal(json_named(list, STR("y")), json_item(list, 2));
    assert_null(json_named(list, STR("z")));
    assert_null(json_named(&v, STR("x")));
    assert_null(json_named(NULL, STR("x")));
}

static void test_values_know_their_place(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str text = STR("{\"a\":\n [1, {\"b\": true}]}");
    unsigned line, column;
    struct json v;
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, text, &v, &err), 0);
    json_position(text, json_get(json_item(json_get(&v, STR("a")), 1), STR("b"))->pos, &line,
                  &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 12);
    assert_int_equal(v.members[0].key_pos, 1);
}

static void test_depth_limit(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    char deep[2 * JSON_DEPTH_MAX + 4];
    struct json v;
    struct err err;

    (void) state;
    memset(deep, '[', JSON_DEPTH_MAX);
    memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    assert_int_equal(json_parse(a, str_of(deep, 2 * JSON_DEPTH_MAX), &v, &err), 0);
    memset(deep, '[', JSON_DEPTH_MAX + 1);
    assert_int_equal(json_parse(a, str_of(deep, JSON_DEPTH_MAX + 1), &v, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_false(json_is_valid(str_of(deep, 2 * JSON_DEPTH_MAX + 2)));
    assert_true(json_is_valid(str_of(deep + 1, 2 * JSON_DEPTH_MAX)));
}

static void test_last_duplicate_wins(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json v;
    struct err err;
    int64_t n = 0;

    (void) state;
    assert_int_equal(json_parse(a, STR("{\"a\":1,\"a\":2}"), &v, &err), 0);
    assert_true(json_i64(json_get(&v, STR("a")), &n));
    assert_int_equal(n, 2);
    assert_true(str_is(json_text(a, &v, JSON_SORT_KEYS), "{\"a\":2}"));
    assert_true(str_is(json_text(a, &v, JSON_COMPACT), "{\"a\":1,\"a\":2}"));
}

static void test_setting(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json v, made;
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, STR("{\"a\":{\"b\":1},\"c\":3}"), &v, &err), 0);
    made = json_set_path(a, &v, json_bool(true), "a", "x", "y", NULL);
    assert_true(str_is(json_text(a, &made, 0), "{\"a\":{\"b\":1,\"x\":{\"y\":true}},\"c\":3}"));
    made = json_set(a, &made, STR("c"), json_null());
    assert_true(
        str_is(json_text(a, &made, 0), "{\"a\":{\"b\":1,\"x\":{\"y\":true}},\"c\":null}"));
    made = json_without(a, &made, STR("a"));
    assert_true(str_is(json_text(a, &made, 0), "{\"c\":null}"));
    assert_true(str_is(json_text(a, &v, 0), "{\"a\":{\"b\":1},\"c\":3}"));
}

static void test_whole_numbers(void **state)
{
    static const struct {
        const char *text;
        bool is_whole;
        int64_t n;
    } cases[] = {
        {"0", true, 0},
        {"-5", true, -5},
        {"1e3", true, 1000},
        {"2.0", true, 2},
        {"2.5", false, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"1e400", false, 0},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json v = json_number_text(str_from(cases[i].text));
        int64_t n = 0;

        if (json_i64(&v, &n) != cases[i].is_whole || n != cases[i].n)
            fail_msg("case %zu: %s", i, cases[i].text);
    }
}

static struct json random_value(struct arena *a, struct random *r, unsigned depth)
{
    struct json_object_builder object = {0};
    struct json_array_builder array = {0};

    switch (random_below(r, depth > 4 ? 4 : 6)) {
    case 0:
        return json_null();
    case 1:
        return json_bool(random_below(r, 2));
    case 2:
        return json_int(a, (int64_t) random_u64(r));
    case 3:
        return json_string(str_printf(a, "%c\"\\\n%llx\xc3\xa9", (char) random_below(r, 128),
                                      (unsigned long long) random_u64(r)));
    case 4:
        for (uint64_t n = random_below(r, 5); n > 0; n--)
            json_push(a, &array, random_value(a, r, depth + 1));
        return json_array(&array);
    default:
        for (uint64_t n = random_below(r, 5); n > 0; n--)
            json_add(a, &object, str_printf(a, "k%llu", (unsigned long long) n),
                     random_value(a, r, depth + 1));
        return json_object(&object);
    }
}

static void test_print_parse_round_trip(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct random r = random_seed(7);

    (void) state;
    for (int i = 0; i < 2000; i++) {
        struct json v = random_value(a, &r, 0), back;
        struct str text = json_text(a, &v, i % 8);
        struct err err;

        if (json_parse(a, text, &back, &err) < 0 || !json_equal(&v, &back))
            fail_msg("round %d: " STR_FMT, i, STR_ARG(text));
        back = json_clone(a, &v);
        assert_true(json_equal(&v, &back));
    }
}

/* What the printer must write for a text, byte by byte. */
static void print_plainly(struct strbuf *b, struct str s, unsigned style)
{
    strbuf_addc(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char) s.ptr[i];
        bool is_html = c == '<' || c == '>' || c == '&';

        if (c == '"' || c == '\\')
            strbuf_addf(b, "\\%c", c);
        else if (c == '\n' || c == '\t' || c == '\r' || c == '\b' || c == '\f')
            strbuf_addf(b, "\\%c", "btn?fr"[c - 8]);
        else if (c < 0x20 || (is_html && (style & JSON_ESCAPE_HTML)))
            strbuf_addf(b, "\\u%04x", c);
        else if (c == 0xff)
            strbuf_addz(b, "\\ufffd");
        else
            strbuf_addc(b, (char) c);
    }
    strbuf_addc(b, '"');
}

/* Every byte that needs care at every place of texts of every small length: words of eight are
 * looked at together, the last ones once more. */
static void test_each_byte_at_each_place(void **state)
{
    static const char special[] = "\"\\\n\t\b\f\r\x01\x1f<>&\x7f \xff/";
    static const unsigned styles[] = {JSON_COMPACT, JSON_ESCAPE_HTML};

    (void) state;
    for (size_t len = 0; len <= 35; len++)
        for (size_t at = 0; at <= len; at++)
            for (size_t k = 0; k < 2 * (sizeof(special) - 1); k++) {
                _cleanup_arena_ struct arena *a = arena_new();
                _cleanup_strbuf_ struct strbuf want = STRBUF_INIT(1000);
                unsigned style = styles[k % 2];
                char *text = arena_alloc(a, len + 1);
                struct str printed;
                struct json v, back;
                struct err err;

                memset(text, 'a' + (int) (len % 26), len);
                if (at < len)
                    text[at] = special[k / 2];
                v = json_string(str_of(text, len));
                printed = json_text(a, &v, style);
                print_plainly(&want, str_of(text, len), style);
                if (!str_eq(printed, strbuf_str(&want)))
                    fail_msg("length %zu, place %zu: " STR_FMT " instead of %s", len, at,
                             STR_ARG(printed), want.ptr);
                assert_int_equal(json_parse(a, printed, &back, &err), 0);
                if (at < len && special[k / 2] == '\xff')
                    assert_int_equal(json_str(&back).len, len + 2);
                else
                    assert_true(str_eq(json_str(&back), str_of(text, len)));
            }
}

static void test_valid(void **state)
{
    static const char *const good[] = {"{}",
                                       "[]",
                                       " [1, 2] ",
                                       "\"\\u00e9\\n\"",
                                       "-0.5e+3",
                                       "null",
                                       "{\"a\":{\"b\":[{}]},\"c\":[[],[]]}",
                                       "0",
                                       "\"\x7f\xff\"",
                                       "[true,false,null]"};
    static const char *const bad[] = {
        "",      " ",          "{",       "[1,]",        "[1 2]",     "{\"a\"}", "{\"a\":}",
        "{a:1}", "{\"a\":1,}", "01",      "1.",          "-",         "1e",      "tru",
        "nulll", "\"",         "\"\\x\"", "\"\\u12g4\"", "\"\n\"",    "[1]]",    "{]",
        "[}",    "1 1",        "\"\\",    "\"\\u",       "[\"a\":1]", "{1:2}"};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (!json_is_valid(str_from(good[i])))
            fail_msg("%s is refused", good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (json_is_valid(str_from(bad[i])))
            fail_msg("%s is accepted", bad[i]);
    assert_false(json_is_valid(str_of("1\0", 2)));
}

/* One byte of a document is another one: json_parse() and json_is_valid() agree. */
static void test_valid_is_what_parses(void **state)
{
    static const char doc[] = "{\"k\\u00e9y\": [1.5e+7, -0, true, null , \"long \xc3\xa9 text "
                              "\\n\\\\ and more\"], \"b\":{\"c\":false,\"d\":[]}} ",
                      bytes[] = "\"\\{}[],:0-.eEtfnu/ \n\x01\x80\xff+1";
    char text[sizeof(doc)];
    size_t good = 0;

    (void) state;
    for (size_t at = 0; at < sizeof(doc); at++)
        for (size_t k = 0; k < sizeof(bytes); k++) {
            _cleanup_arena_ struct arena *a = arena_new();
            struct json v;
            struct err err;
            bool parses;

            memcpy(text, doc, sizeof(doc));
            text[at < sizeof(doc) - 1 ? at : 0] = bytes[k];
            parses = json_parse(a, str_of(text, sizeof(doc) - 1), &v, &err) == 0;
            good += parses;
            if (parses != json_is_valid(str_of(text, sizeof(doc) - 1)))
                fail_msg("%zu, %zu: %s", at, k, text);
        }
    assert_in_range(good, 100, 2000);
}

/* A buffer with any maximum: up to it all is there, over it the buffer says so, and never more
 * bytes than it may have. */
static void test_print_to_any_maximum(void **state)
{
    static const char text[] =
        "{\"name\":\"a\\n\\u0001<text>\",\"list\":[1,true,null,false,{}],"
        "\"longer name of a member\":\"a text of more than 16 bytes\"}";
    static const unsigned styles[] = {JSON_COMPACT, JSON_INDENT, JSON_ESCAPE_HTML,
                                      JSON_SORT_KEYS | JSON_INDENT};
    _cleanup_arena_ struct arena *a = arena_new();
    struct json v;
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, str_from(text), &v, &err), 0);
    for (size_t k = 0; k < COUNT_OF(styles); k++) {
        struct str whole = json_text(a, &v, styles[k]);

        for (size_t max = 0; max <= whole.len + 70; max++) {
            _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(max + 3);

            strbuf_addz(&b, ">> ");
            json_print(&b, &v, styles[k]);
            assert_int_equal(b.is_over, max < whole.len);
            assert_in_range(b.len, 3, max + 3);
            assert_true(str_starts(strbuf_str(&b), STR(">> ")));
            if (!b.is_over) {
                assert_true(str_eq(str_skip(strbuf_str(&b), 3), whole));
                assert_int_equal(b.ptr[b.len], '\0');
            }
        }
    }
}

/* What follows an escape is moved eight bytes at a time: any length, and what needs care in it.
 */
static void test_behind_an_escape(void **state)
{
    static const char tail[] = "0123456789abcdefghijklmn";
    static const char *const care[][2] = {
        {"\\n", "\n"}, {"\xc3\xa9", "\xc3\xa9"}, {"\xff", "\xef\xbf\xbd"}, {"", ""}};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (int len = 0; len < 24; len++)
        for (size_t i = 0; i < COUNT_OF(care); i++) {
            struct str text =
                str_printf(a, "\"\\t%.*s%s%.*s\"", len, tail, care[i][0], 24 - len, tail);
            struct str meant =
                str_printf(a, "\t%.*s%s%.*s", len, tail, care[i][1], 24 - len, tail);
            struct json v;
            struct err err;

            assert_int_equal(json_parse(a, text, &v, &err), 0);
            assert_true(str_eq(json_str(&v), meant));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_valid_strings),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_named),
        cmocka_unit_test(test_values_know_their_place),
        cmocka_unit_test(test_behind_an_escape),
        cmocka_unit_test(test_depth_limit),
        cmocka_unit_test(test_last_duplicate_wins),
        cmocka_unit_test(test_setting),
        cmocka_unit_test(test_whole_numbers),
        cmocka_unit_test(test_print_parse_round_trip),
        cmocka_unit_test(test_each_byte_at_each_place),
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_valid_is_what_parses),
        cmocka_unit_test(test_print_to_any_maximum),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
