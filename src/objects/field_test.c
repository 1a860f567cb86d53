/* The walk over field tables: faults with their mends, decoding, defaults, schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "objects/shapes_internal.h"

struct limits {
    int64_t count;
};

static const struct field limits_rows[] = {
    FIELD(struct limits, count, FIELD_I64, .name = "count", .fallback = "7", .min = 1,
          .max = 9),
    {0},
};
LOCAL_SHAPE(limits, "Limits", "Numbers.", .struct_size = sizeof(struct limits));

struct sample {
    struct str text, word, amount, size, when, bytes, number, any_text;
    bool flag;
    double ratio;
    int64_t wait_ms;
    const struct json *any, *open, *raw;
    struct limits limits;
    const struct limits *more;
    FIELD_LIST_OF(struct str) texts;
    FIELD_LIST_OF(struct limits) rows;
    FIELD_LIST_OF(struct field_list) table;
    struct field_map labels;
};

static const struct shape shape_sample;

static const struct field sample_rows[] = {
    FIELD(struct sample, text, FIELD_STR, .name = "text", .fallback = "none"),
    FIELD(struct sample, word, FIELD_ENUM, .name = "word", .choices = "One|Two",
          .unbuilt = "Three", .fallback = "One"),
    FIELD(struct sample, amount, FIELD_INT_OR_STR, .name = "amount"),
    FIELD(struct sample, size, FIELD_QUANTITY, .name = "size"),
    FIELD(struct sample, when, FIELD_TIME, .name = "when"),
    FIELD(struct sample, bytes, FIELD_BYTES, .name = "bytes"),
    FIELD(struct sample, number, FIELD_NUMBER, .name = "number"),
    FIELD(struct sample, any_text, FIELD_ANY_STR, .name = "anyText"),
    FIELD(struct sample, flag, FIELD_BOOL, .name = "flag", .fallback = "true"),
    FIELD(struct sample, ratio, FIELD_F64, .name = "ratio", .fallback = "0.5"),
    FIELD(struct sample, wait_ms, FIELD_DURATION_MS, .name = "wait", .fallback = "3s"),
    FIELD(struct sample, any, FIELD_ANY, .name = "any"),
    FIELD(struct sample, open, FIELD_OBJECT, .name = "open", .shape = &shape_anything),
    FIELD(struct sample, raw, FIELD_OBJECT, .name = "raw", .shape = &shape_limits,
          .flags = FIELD_RAW),
    FIELD(struct sample, limits, FIELD_OBJECT, .name = "limits", .shape = &shape_limits),
    FIELD(struct sample, more, FIELD_OBJECT_PTR, .name = "more", .shape = &shape_limits,
          .flags = FIELD_PRESENT_MEANS),
    FIELD(struct sample, texts, FIELD_LIST, .name = "texts", .item = FIELD_STR),
    FIELD(struct sample, rows, FIELD_LIST, .name = "rows", .item = FIELD_OBJECT,
          .shape = &shape_limits),
    FIELD(struct sample, table, FIELD_LIST, .name = "table", .item = FIELD_LIST,
          .shape = &shape_limits),
    FIELD(struct sample, labels, FIELD_MAP, .name = "labels", .item = FIELD_STR),
    TEXT("must", "Obligatory.", .flags = FIELD_REQUIRED),
    PART("later", limits, "Refused.", .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS,
         .since = "use \"limits\""),
    PART("inner", sample, "Itself.", .flags = FIELD_UNSUPPORTED),
    PART("idle", sample, "Without effect.", .flags = FIELD_NO_OP),
    PART("status", sample, "The system's.", .flags = FIELD_STATUS),
    PARTS("items", sample, "Itself in a list."),
    PART("host", limits, "Empty host of strays."),
    {0},
};
static SHAPE(sample, "Sample", "One of each type.", .struct_size = sizeof(struct sample));

/* The faults of a JSON text as lines "path: text". */
static struct str faults_of(struct arena *a, struct str text)
{
    struct field_faults faults = {0};
    struct str all = STR("");
    struct json doc;
    struct err err;
    bool is_good;

    if (json_parse(a, text, &doc, &err) < 0)
        fail_msg("%s", err.text);
    is_good = field_check(a, &shape_sample, &doc, STR(""), &faults);
    assert_int_equal(is_good, faults.len == 0);
    for (size_t i = 0; i < faults.len; i++)
        all = str_printf(a, STR_FMT "%s" STR_FMT ": " STR_FMT "%s", STR_ARG(all), i ? "\n" : "",
                         STR_ARG(faults.at[i].path), STR_ARG(faults.at[i].text),
                         faults.at[i].kind == ERR_UNSUPPORTED ? " (U)" : "");
    return all;
}

static void check_cases(const char *const (*cases)[2], size_t count)
{
    _cleanup_arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < count; i++) {
        struct str text =
            str_printf(a, "{\"must\":\"x\"%s%s}", cases[i][0][0] ? "," : "", cases[i][0]);
        struct str found = faults_of(a, text);

        if (!str_is(found, cases[i][1]))
            fail_msg("case %zu, %s:\n" STR_FMT, i, cases[i][0], STR_ARG(found));
    }
}

static void test_good_values(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"\"text\":\"\"", ""},
        {"\"text\":null,\"rows\":null,\"limits\":null,\"labels\":null,\"later\":null", ""},
        {"\"word\":\"Two\"", ""},
        {"\"word\":\"\"", ""},
        {"\"word\":\"{{inputs.parameters.x}}\"", ""},
        {"\"amount\":5", ""},
        {"\"amount\":\"50%\"", ""},
        {"\"size\":\"1.5Gi\"", ""},
        {"\"size\":2", ""},
        {"\"when\":\"2026-01-02T03:04:05.000001Z\"", ""},
        {"\"bytes\":\"aGVsbG8=\"", ""},
        {"\"number\":1.5", ""},
        {"\"anyText\":true", ""},
        {"\"anyText\":1e3", ""},
        {"\"flag\":false", ""},
        {"\"ratio\":1", ""},
        {"\"wait\":\"1m30s\"", ""},
        {"\"wait\":5", ""},
        {"\"wait\":\"{{workflow.parameters.wait}}\"", ""},
        {"\"any\":[1,{\"x\":null}]", ""},
        {"\"open\":{\"what\":\"ever\"}", ""},
        {"\"limits\":{\"count\":9}", ""},
        {"\"texts\":[\"a\",\"\"]", ""},
        {"\"table\":[[{\"count\":1}],[]]", ""},
        {"\"labels\":{\"a\":\"b\",\"c\":null}", ""},
        {"\"later\":null,\"inner\":null", ""},
    };

    (void) state;
    check_cases(cases, COUNT_OF(cases));
}

static void test_wrong_types(void **state)
{
    static const char *const cases[][2] = {
        {"\"text\":5", "text: expected text, found number 5: write it in quotes, \"5\""},
        {"\"text\":true", "text: expected text, found true: write it in quotes"},
        {"\"text\":[]", "text: expected text, found an empty list"},
        {"\"word\":5", "word: expected text, found number 5: write it in quotes, \"5\""},
        {"\"word\":\"one\"", "word: expected one of One, Two, found text \"one\""},
        {"\"amount\":1.5", "amount: expected a whole number or text, found number 1.5"},
        {"\"amount\":{}", "amount: expected a whole number or text, found an empty object"},
        {"\"size\":\"1.5GB\"",
         "size: expected a quantity such as 100m or 1.5Gi, found text \"1.5GB\""},
        {"\"when\":\"yesterday\"",
         "when: expected a time such as 2026-01-02T03:04:05Z, found text \"yesterday\""},
        {"\"when\":2026",
         "when: expected a time such as 2026-01-02T03:04:05Z, found number 2026"},
        {"\"bytes\":5", "bytes: expected base64 text, found number 5"},
        {"\"number\":true", "number: expected a number, found true"},
        {"\"anyText\":{\"a\":1}", "anyText: expected text, found an object"},
        {"\"flag\":\"true\"", "flag: expected true or false, found text \"true\""},
        {"\"ratio\":\"1\"", "ratio: expected a number, found text \"1\""},
        {"\"wait\":1.5", "wait: expected a duration, found number 1.5"},
        {"\"wait\":\"soon\"", "wait: time: invalid duration \"soon\""},
        {"\"open\":[1]", "open: expected an object (Object), found a list"},
        {"\"limits\":\"x\"", "limits: expected an object (Limits), found text \"x\""},
        {"\"limits\":{\"count\":\"3\"}",
         "limits.count: expected a whole number, found text \"3\""},
        {"\"limits\":{\"count\":1.5}",
         "limits.count: expected a whole number, found number 1.5"},
        {"\"limits\":{\"count\":10}", "limits.count: 10 is not within 1 and 9"},
        {"\"limits\":{\"count\":99999999999999999999}",
         "limits.count: expected a whole number, found number 99999999999999999999"},
        {"\"texts\":\"a\"", "texts: expected a list, found text \"a\""},
        {"\"texts\":[\"a\",5]",
         "texts[1]: expected text, found number 5: write it in quotes, \"5\""},
        {"\"texts\":[null]", "texts[0]: the list item is empty"},
        {"\"rows\":{\"count\":1}",
         "rows: expected a list, found an object: begin each item with \"- \""},
        {"\"table\":[{\"count\":1}]", "table[0]: expected a list, found an object: begin it "
                                      "with \"- - \", or \"- \" below the "
                                      "dash of the item before"},
        {"\"table\":[[{\"count\":0}]]", "table[0][0].count: 0 is not within 1 and 9"},
        {"\"labels\":{\"a\":1}",
         "labels.a: expected text, found number 1: write it in quotes, \"1\""},
        {"\"labels\":[\"a\"]", "labels: expected an object of names and values, found a list"},
    };

    (void) state;
    check_cases(cases, COUNT_OF(cases));
}

static void test_names(void **state)
{
    static const char *const cases[][2] = {
        {"\"txet\":\"\"", "txet: unknown field \"txet\", did you mean \"text\"?"},
        {"\"Text\":\"\"", "Text: unknown field \"Text\", did you mean \"text\"?"},
        {"\"lables\":{}", "lables: unknown field \"lables\", did you mean \"labels\"?"},
        {"\"podLabels\":{}",
         "podLabels: unknown field \"podLabels\", did you mean \"labels\"?"},
        {"\"quite_other\":1", "quite_other: unknown field \"quite_other\""},
        {"\"text\":\"\",\"text\":\"\"", "text: duplicate field \"text\""},
        {"\"labels\":{\"a\":\"\",\"a\":\"\"}", "labels.a: duplicate field \"a\""},
        {"\"must\":\"y\"", "must: duplicate field \"must\""},
        {"\"limits\":{\"Count\":1}",
         "limits.Count: unknown field \"Count\", did you mean \"count\"?"},
        {"\"host\":null,\"count\":1", "host: \"host\" is empty and \"count\" stands beside it: "
                                      "indent it by two more spaces to "
                                      "stand inside \"host\""},
        {"\"rows\":[{\"count\":2}],\"count\":1",
         "count: \"count\" belongs to an item of \"rows\": indent it, and what stands below "
         "it, to "
         "the column of the item's first word (behind the \"- \")"},
        {"\"items\":[{\"must\":\"\"},{\"text\":\"\"}]", "items[1].must: is required"},
    };

    (void) state;
    check_cases(cases, COUNT_OF(cases));
}

static void test_refused_once(void **state)
{
    static const char *const cases[][2] = {
        {"\"word\":\"Three\"", "word: word Three is not supported yet (U)"},
        {"\"later\":{}", "later: \"later\" is not supported yet; use \"limits\" (U)"},
        {"\"inner\":{\"must\":\"\",\"later\":{\"count\":1},\"word\":\"Three\"}",
         "inner: \"inner\" is not supported yet (U)"},
        {"\"inner\":{\"must\":\"\",\"later\":{\"cuont\":1}}",
         "inner: \"inner\" is not supported yet (U)\n"
         "inner.later.cuont: unknown field \"cuont\", did you mean \"count\"?"},
        {"\"idle\":{\"must\":\"\",\"later\":{\"count\":1}}", ""},
        {"\"idle\":{\"must\":5}",
         "idle.must: expected text, found number 5: write it in quotes, \"5\""},
        {"\"status\":{\"must\":\"\",\"later\":{\"count\":1},\"word\":\"Three\"}", ""},
    };

    (void) state;
    check_cases(cases, COUNT_OF(cases));
}

static void test_required(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    assert_true(str_is(faults_of(a, STR("{}")), "must: is required"));
    assert_true(str_is(faults_of(a, STR("{\"must\":null}")), "must: is required"));
    assert_true(
        str_is(faults_of(a, STR("[]")), ": expected an object (Sample), found an empty list"));
}

/* Many faults, many members: no more than the limit is told, and in linear time. */
static void test_limits(void **state)
{
    enum { MEMBERS = 20000 };
    _cleanup_arena_ struct arena *a = arena_new();
    struct json_object_builder wide = {0}, labels = {0}, strays = {0};
    struct field_faults faults = {0};
    struct json doc;

    (void) state;
    json_add(a, &strays, STR("host"), json_null());
    for (int i = 0; i < MEMBERS; i++) {
        struct str name = str_printf(a, "unknown%d", i);

        json_add(a, &wide, name, json_bool(true));
        json_add(a, &labels, name, json_string(name));
        json_add(a, &strays, STR("count"), json_int(a, i));
    }
    doc = json_object(&wide);
    assert_false(field_check(a, &shape_sample, &doc, STR(""), &faults));
    assert_int_equal(faults.len, 100);
    faults = (struct field_faults){.max = 3};
    assert_false(field_check(a, &shape_sample, &doc, STR(""), &faults));
    assert_int_equal(faults.len, 3);

    faults = (struct field_faults){0};
    doc = json_object(&strays);
    assert_false(field_check(a, &shape_sample, &doc, STR(""), &faults));
    assert_int_equal(faults.len, 2);

    faults = (struct field_faults){0};
    doc = json_object(&labels);
    doc = json_set(a, NULL, STR("labels"), doc);
    doc = json_set(a, &doc, STR("must"), json_string(STR("x")));
    assert_true(field_check(a, &shape_sample, &doc, STR(""), &faults));
}

/* Names in any case, as encoding/json matches them; what has no shape stays as it is. */
static void test_fold(void **state)
{
    static const char *const cases[][2] = {
        {"{\"TEXT\":\"a\",\"Waiit\":1}", "{\"text\":\"a\",\"Waiit\":1}"},
        {"{\"TEXT\":\"a\",\"text\":\"b\"}", "{\"TEXT\":\"a\",\"text\":\"b\"}"},
        {"{\"anytext\":1,\"More\":{\"COUNT\":2},\"more\":{\"Count\":3}}",
         "{\"anyText\":1,\"More\":{\"COUNT\":2},\"more\":{\"count\":3}}"},
        {"{\"Rows\":[{\"Count\":1},{\"count\":2}],\"Table\":[[{\"COUNT\":3}],5]}",
         "{\"rows\":[{\"count\":1},{\"count\":2}],\"table\":[[{\"count\":3}],5]}"},
        {"{\"Labels\":{\"Text\":\"x\"},\"open\":{\"Text\":1},\"limits\":null}",
         "{\"labels\":{\"Text\":\"x\"},\"open\":{\"Text\":1},\"limits\":null}"},
        {"[]", "[]"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json v, made;
        struct err err;

        assert_int_equal(json_parse(a, str_from(cases[i][0]), &v, &err), 0);
        made = field_fold(a, &shape_sample, &v);
        if (!str_is(json_text(a, &made, JSON_COMPACT), cases[i][1]))
            fail_msg("%s", str_cz(a, json_text(a, &made, JSON_COMPACT)));
        if (made.type == JSON_OBJECT) /* places stay */
            assert_int_equal(made.members[0].key_pos, v.members[0].key_pos);
    }
}

static void test_deep(void **state)
{
    enum { LEVELS = 900 };
    _cleanup_arena_ struct arena *a = arena_new();
    struct field_faults faults = {0};
    struct json doc = json_set(a, NULL, STR("txet"), json_null());

    (void) state;
    for (int i = 0; i < LEVELS; i++) {
        struct json_object_builder b = {0};

        json_add(a, &b, STR("must"), json_string(STR("x")));
        json_add(a, &b, STR("idle"), doc);
        doc = json_object(&b);
    }
    assert_false(field_check(a, &shape_sample, &doc, STR("x"), &faults));
    assert_int_equal(faults.len, 2);
    assert_true(str_starts(faults.at[0].path, STR("x.idle.idle")));
}

static void test_decoding(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct sample s;
    struct json doc;
    struct err err;

    (void) state;
    assert_int_equal(
        json_parse(
            a,
            STR("{\"text\":\"t\",\"word\":\"Two\",\"amount\":5,\"size\":\"1Gi\",\"flag\":"
                "false,\"ratio\":2.5,\"wait\":\"1m\",\"any\":[1],\"open\":{\"a\":1},\"raw\":"
                "{\"count\":3},\"limits\":{\"count\":2},\"more\":{},\"texts\":[\"a\",\"b\"],"
                "\"rows\":[{\"count\":4},{}],\"table\":[[{\"count\":5}],[]],\"labels\":{"
                "\"k\":\"v\"},\"anyText\":2.50,\"number\":1.50}"),
            &doc, &err),
        0);
    assert_int_equal(field_decode(a, &shape_sample, &doc, &s, &err), 0);
    assert_true(str_is(s.text, "t") && str_is(s.word, "Two") && str_is(s.amount, "5"));
    assert_true(str_is(s.size, "1Gi") && str_is(s.any_text, "2.5") && str_is(s.number, "1.50"));
    assert_false(s.flag);
    assert_true(s.ratio > 2.4 && s.ratio < 2.6);
    assert_int_equal(s.wait_ms, 60000);
    assert_int_equal(s.any->count, 1);
    assert_non_null(json_get(s.open, STR("a")));
    assert_non_null(json_get(s.raw, STR("count")));
    assert_int_equal(s.limits.count, 2);
    assert_int_equal(s.more->count, 7);
    assert_int_equal(s.texts.len, 2);
    assert_true(str_is(s.texts.at[1], "b"));
    assert_int_equal(s.rows.len, 2);
    assert_int_equal(s.rows.at[0].count, 4);
    assert_int_equal(s.rows.at[1].count, 7);
    assert_int_equal(s.table.len, 2);
    assert_int_equal(s.table.at[0].len, 1);
    assert_int_equal(((const struct limits *) s.table.at[0].at)->count, 5);
    assert_int_equal(s.labels.len, 1);
    assert_true(str_is(s.labels.keys[0], "k"));
}

static void test_defaults(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json null = json_null();
    const struct json *const absent[] = {NULL, &null};
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT_OF(absent); i++) {
        struct sample s;

        assert_int_equal(field_decode(a, &shape_sample, absent[i], &s, &err), 0);
        assert_true(str_is(s.text, "none") && str_is(s.word, "One") && s.flag);
        assert_true(str_is_none(s.amount) && s.any == NULL && s.open == NULL && s.raw == NULL);
        assert_int_equal(s.wait_ms, 3000);
        assert_int_equal(s.limits.count, 7);
        assert_null(s.more);
        assert_int_equal(s.texts.len + s.rows.len + s.labels.len, 0);
    }
}

static void test_decoding_unchecked(void **state)
{
    static const char *const cases[][2] = {
        {"{\"text\":5}", "text: unexpected number 5"},
        {"{\"flag\":1}", "flag: unexpected number 1"},
        {"{\"ratio\":\"x\"}", "ratio: unexpected text \"x\""},
        {"{\"wait\":\"x\"}", "wait: time: invalid duration \"x\""},
        {"{\"wait\":99999999999999999}", "wait: unexpected number 99999999999999999"},
        {"{\"limits\":{\"count\":1.5}}", "limits.count: unexpected number 1.5"},
        {"{\"limits\":[]}", "limits: unexpected an empty list"},
        {"{\"rows\":[{},5]}", "rows[1]: unexpected number 5"},
        {"{\"table\":[{}]}", "table[0]: unexpected an empty object"},
        {"{\"labels\":{\"a\":[]}}", "labels.a: unexpected an empty list"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err = {0};
        struct sample s;
        struct json doc;

        assert_int_equal(json_parse(a, str_from(cases[i][0]), &doc, &err), 0);
        if (field_decode(a, &shape_sample, &doc, &s, &err) == 0 ||
            strcmp(err.text, cases[i][1]) != 0)
            fail_msg("case %zu: %s", i, err.text);
    }
}

static void test_schema(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json schema = field_schema(a, &shape_sample);
    const struct json *properties = json_get(&schema, STR("properties"));
    static const char *const cases[][2] = {
        {"text", "{\"type\":\"string\",\"default\":\"none\"}"},
        {"word",
         "{\"type\":\"string\",\"enum\":[\"One\",\"Two\",\"Three\"],\"default\":\"One\"}"},
        {"amount", "{\"x-kubernetes-int-or-string\":true}"},
        {"when", "{\"type\":\"string\",\"format\":\"date-time\"}"},
        {"flag", "{\"type\":\"boolean\",\"default\":true}"},
        {"ratio", "{\"type\":\"number\",\"format\":\"double\",\"default\":0.5}"},
        {"more",
         "{\"description\":\"Numbers.\",\"type\":\"object\",\"properties\":{\"count\":{"
         "\"type\":"
         "\"integer\",\"format\":\"int64\",\"minimum\":1,\"maximum\":9,\"default\":7}}}"},
        {"texts", "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"},
        {"labels", "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}"},
        {"inner", "{\"description\":\"Itself.\",\"type\":\"object\",\"x-kubernetes-preserve-"
                  "unknown-fields\":true}"},
        {"open", "{\"description\":\"Any object; its members are not looked at.\",\"type\":"
                 "\"object\",\"x-kubernetes-preserve-unknown-fields\":true}"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str text = json_text(a, json_get(properties, str_from(cases[i][0])), 0);

        if (!str_is(text, cases[i][1]))
            fail_msg("%s: " STR_FMT, cases[i][0], STR_ARG(text));
    }
    assert_true(str_is(json_text(a, json_get(&schema, STR("required")), 0), "[\"must\"]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_values), cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_names),       cmocka_unit_test(test_refused_once),
        cmocka_unit_test(test_required),    cmocka_unit_test(test_limits),
        cmocka_unit_test(test_deep),        cmocka_unit_test(test_decoding),
        cmocka_unit_test(test_defaults),    cmocka_unit_test(test_decoding_unchecked),
        cmocka_unit_test(test_schema),      cmocka_unit_test(test_fold),
    };

    return cmocka_run_group_tests_name("objects: fields", tests, NULL, NULL);
}
