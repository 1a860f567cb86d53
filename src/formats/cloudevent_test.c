/* Tests of formats/cloudevent.h, formats/urlref.h and formats/jsonraw.h: golden vectors of the
 * CloudEvents SDK with Argo Events, both ways; references; raw texts. */
#include "formats/cloudevent.h"

#include "base/strbuf.h"
#include "formats/base64.h"
#include "formats/jsonraw.h"
#include "formats/urlref.h"
#include "tests/support/golden.h"

static struct str print(struct arena *a, const struct cloudevent *ev)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);

    cloudevent_print(&b, ev);
    return str_copy(a, strbuf_str(&b));
}

static int check_write(struct arena *a, const struct json *row)
{
    struct str encoded = json_get_str(row, STR("data_b64"));
    struct str data = json_get_str(row, STR("data"));
    struct gotime time;
    struct cloudevent ev;
    struct err err;

    if (gotime_parse_rfc3339(json_get_str(row, STR("time")), &time, &err) < 0)
        return false;
    ev = cloudevent_make(a, json_get_str(row, STR("eventID")), json_get_str(row, STR("source")),
                         json_get_str(row, STR("type")), json_get_str(row, STR("subject")),
                         time);
    if (!str_is_none(encoded) && base64_decode(a, encoded, &data, &err) < 0)
        return false;
    ev.data = data;
    return str_eq(print(a, &ev), json_get_str(row, STR("out")));
}

/* Blanks around attributes are dropped. */
static void test_make_trims(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct gotime t = {.unix_s = 1};
    struct cloudevent ev =
        cloudevent_make(a, STR("\ti "), STR("s"), STR(" t\n"), STR(" u "), t);

    assert_true(str_is(ev.id, "i") && str_is(ev.type, "t") && str_is(ev.subject, "u"));
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str op = json_get_str(row, STR("op"));
    struct cloudevent ev;
    struct json seen;
    struct err err = {0};
    int result;

    if (str_is(op, "write"))
        return check_write(a, row);
    result = cloudevent_parse(a, json_get_str(row, STR("in")), &ev, &err);
    if (golden_fails(row))
        return result < 0 && err.kind == ERR_INVALID;
    if (result <= 0)
        return result == 0 && json_is(json_get(row, STR("out")), JSON_NULL);
    if (str_is(op, "roundtrip"))
        return str_eq(print(a, &ev), json_get_str(row, STR("out")));
    seen = cloudevent_as_seen(a, &ev);
    return str_eq(json_text(a, &seen, JSON_ESCAPE_HTML), json_get_str(row, STR("out")));
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/cloudevents.jsonl", check_golden, 140);
}

/* In, and out again; NULL where it must fail. */
static void test_more(void **state)
{
    static const char *const cases[][2] = {
        {"{\"b\":1.9,\"a\":\"x\",\"b\":true,\"specversion\":\"1.0\"}",
         "{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"\",\"type\":\"\",\"a\":\"x\",\"b\":"
         "true}"},
        {"{\"specversion\":\"1.0\",\"n\":1.9}",
         "{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"\",\"type\":\"\",\"n\":1}"},
        {"{\"specversion\":\"1.0\",\"n\":3000000000}", NULL},
        {"{\"specversion\":\"1.0\",\"\":1}", NULL},
        {"{\"specversion\":\"1.0\",\"Data\":1}", NULL},
        {"{\"specversion\":\"1.0\",\"source\":\"\"}", NULL},
        {"{\"specversion\":\"1.0\",\"specversion\":\"1.0\"}", NULL},
        {"{\"specversion\":\"1.0\",\"datacontenttype\":\"a\",\"datacontenttype\":\"b\"}", NULL},
        {"{\"specversion\":\"1.0\",\"data_base64\":5}", NULL},
        {"{\"specversion\":\"1.0\",\"data_base64\":\"__--\"}", NULL},
        {"{\"specversion\":\"1.0\",\"time\":\"\",\"subject\":\"\"}",
         "{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"\",\"type\":\"\"}"},
        {"{\"specversion\":\"0.3\",\"datacontentencoding\":\"base64\",\"data\":\"YQ==\","
         "\"schemaurl\":\"s\","
         "\"x-y\":1}",
         "{\"specversion\":\"0.3\",\"id\":\"\",\"source\":\"\",\"type\":\"\","
         "\"datacontentencoding\":"
         "\"base64\",\"schemaurl\":\"s\",\"data\":\"YQ==\",\"x-y\":1}"},
        {"{\"specversion\":\"0.3\",\"datacontentencoding\":\"hex\"}", NULL},
        {"{\"specversion\":\"1.0\",\"datacontenttype\":\"application/json; "
         "charset=utf-8\",\"data\":"
         "[1, 2.50]}",
         "{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"\",\"type\":\"\","
         "\"datacontenttype\":"
         "\"application/json; charset=utf-8\",\"data\":[1,2.50]}"},
        {"{\"specversion\":\"1.0\",\"datacontenttype\":\"Application/JSON\",\"data\":[1]}",
         NULL},
        {"{\"specversion\":\"1.0\",\"datacontenttype\":\"a/b\",\"data_base64\":\"YR==\"}",
         "{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"\",\"type\":\"\","
         "\"datacontenttype\":\"a/b\",\"data_base64\":\"YQ==\"}"},
        {"5", NULL},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct cloudevent ev;
        struct err err = {0};
        int result = cloudevent_parse(a, str_from(cases[i][0]), &ev, &err);

        if (cases[i][1] ? result != 1 || !str_is(print(a, &ev), cases[i][1]) : result >= 0)
            fail_msg("case %zu: %s: %s", i, cases[i][0],
                     result == 1 ? print(a, &ev).ptr : err.text);
    }
}

static void test_references(void **state)
{
    static const char *const cases[][2] = {
        {"a+b-c.d~e_f", "a+b-c.d~e_f"},
        {"HTTP://u:p@Host:80/a%2fb?x=y z#f g", "http://u:p@Host:80/a%2fb?x=y z#f%20g"},
        {"http://[::1]:8/x", "http://[::1]:8/x"},
        {"http://[::1", NULL},
        {"http://h:8x/", NULL},
        {"http://a b/", NULL},
        {"http://\xc3\xa9/", "http://%C3%A9/"},
        {"mailto:a b", "mailto:a b"},
        {"urn:x:y", "urn:x:y"},
        {"1a:b", NULL},
        {"a/b:c", "a/b:c"},
        {"/a:b", "/a:b"},
        {"a\"b!'()*[]", "a%22b%21%27%28%29%2A%5B%5D"},
        {"a!'()*[]", "a!'()*[]"},
        {"x\ny", NULL},
        {"x#", "x"},
        {"x#%z", NULL},
        {"x?", "x?"},
        {"///x", "///x"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str out = STR_NONE;
        bool is_reference = url_ref_print(a, str_from(cases[i][0]), &out);

        if (is_reference != (cases[i][1] != NULL) || !str_eq(out, str_from(cases[i][1])))
            fail_msg("case %zu: %s: got " STR_FMT, i, cases[i][0], STR_ARG(out));
    }
}

static void test_raw(void **state)
{
    static const struct {
        const char *source;
        uint32_t pos;
        const char *raw, *compact;
    } cases[] = {
        {"[1 ,2]", 1, "1", "1"},
        {"[1,2]", 3, "2", "2"},
        {"{\"a\" : -1.0e5}", 7, "-1.0e5", "-1.0e5"},
        {"[\"a\\\"]\\\\\" ]", 1, "\"a\\\"]\\\\\"", "\"a\\\"]\\\\\""},
        {" { \"a\" : [ { } , \"}\" ] } ", 1, "{ \"a\" : [ { } , \"}\" ] }",
         "{\"a\":[{},\"}\"]}"},
        {"\"<\xe2\x80\xa9 \"", 0, "\"<\xe2\x80\xa9 \"", "\"\\u003c\\u2029 \""},
        {"null", 0, "null", "null"},
        {"[true]", 1, "true", "true"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1000);
        struct str raw = json_raw_at(str_from(cases[i].source), cases[i].pos);

        json_raw_compact(&b, raw);
        if (!str_is(raw, cases[i].raw) || !str_is(strbuf_str(&b), cases[i].compact))
            fail_msg("case %zu: %s: got " STR_FMT " " STR_FMT, i, cases[i].source, STR_ARG(raw),
                     STR_ARG(strbuf_str(&b)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_make_trims),
        cmocka_unit_test(test_more), cmocka_unit_test(test_references),
        cmocka_unit_test(test_raw)};

    return cmocka_run_group_tests_name("cloudevent", tests, NULL, NULL);
}
