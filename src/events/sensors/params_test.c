/* Parameters: golden vectors of upstream. */
#include "events/sensors/params.h"
#include "objects/shapes_events.h"
#include "tests/support/golden.h"

enum { LATER_MAX = 22 };

static size_t later;

static struct trigger_event event_of(struct arena *a, struct str name, const struct json *v)
{
    struct trigger_event e = {.dependency = name,
                              .context = json_get(v, STR("context")),
                              .data = json_get_str(v, STR("data"))};
    struct json *parsed = ARENA_NEW(a, struct json);
    struct err ignored;

    if (!str_is_none(e.data) && json_parse(a, e.data, parsed, &ignored) == 0)
        e.parsed = parsed;
    return e;
}

static struct params_events events_of(struct arena *a, const struct json *v)
{
    size_t count = json_is(v, JSON_OBJECT) ? v->count : 0;
    struct trigger_event *at = ARENA_ARRAY(a, struct trigger_event, count + 1);

    for (size_t i = 0; i < count; i++)
        at[i] = event_of(a, v->members[i].key, &v->members[i].value);
    return (struct params_events){at, count};
}

/* As upstream's text of a value that is there or not. */
static bool same(struct str got, const struct json *want)
{
    return json_is(want, JSON_STRING) ? str_eq(got, json_str(want)) : str_is_none(got);
}

/* Bytes that are no UTF-8 are U+FFFD in the vectors. */
static struct str as_json_holds(struct arena *a, struct str text)
{
    struct json v = json_string(text);
    struct err err;

    if (str_is_none(text))
        return text;
    assert_int_equal(json_parse(a, json_text(a, &v, JSON_COMPACT), &v, &err), 0);
    return json_str(&v);
}

static int check_resolve(struct arena *a, const struct json *row,
                         const struct params_events *events)
{
    const struct json *out = json_get(row, STR("out"));
    struct params_value value;
    struct err err;

    if (params_resolve(a, json_get(row, STR("src")), events, &value, &err) < 0)
        return golden_fails(row);
    return !golden_fails(row) &&
           same(as_json_holds(a, value.text), json_get(out, STR("value"))) &&
           str_is(json_get_str(out, STR("type")), value.type);
}

static int check_apply(struct arena *a, const struct json *row,
                       const struct params_events *events)
{
    struct str made;
    struct err err;

    if (params_apply_text(a, json_get_str(row, STR("resource")),
                          json_get(row, STR("parameters")), events, &made, &err) < 0)
        return golden_fails(row);
    return !golden_fails(row) && same(made, json_get(row, STR("out")));
}

static int check_object(struct arena *a, const struct json *row,
                        const struct params_events *events)
{
    struct json object, made, want;
    struct err err;

    if (json_parse(a, json_get_str(row, STR("resource")), &object, &err) < 0)
        return golden_fails(row);
    if (params_apply_object(a, &object, json_get(row, STR("parameters")), events, &made, &err) <
        0)
        return golden_fails(row);
    return !golden_fails(row) &&
           json_parse(a, json_get_str(row, STR("out")), &want, &err) == 0 &&
           json_equal(&made, &want);
}

static int check_payload(struct arena *a, const struct json *row,
                         const struct params_events *events)
{
    struct str made;
    struct err err;

    if (params_payload(a, json_get(row, STR("parameters")), events, &made, &err) < 0)
        return golden_fails(row);
    return !golden_fails(row) && same(made, json_get(row, STR("out")));
}

/* Upstream decodes a template again, which adds empty members of its types. */
static bool is_covered(const struct json *got, const struct json *want)
{
    if (!json_is(got, JSON_OBJECT) || !json_is(want, JSON_OBJECT))
        return got && want && json_equal(got, want);
    for (uint32_t i = 0; i < want->count; i++) {
        const struct json *mine = json_get(got, want->members[i].key);
        const struct json *theirs = &want->members[i].value;

        if (mine ? !is_covered(mine, theirs) : theirs->count > 0)
            return false;
    }
    for (uint32_t i = 0; i < got->count; i++)
        if (!json_get(want, got->members[i].key))
            return false;
    return true;
}

/* Members of templates that the field tables do not have built. */
static bool is_later(const struct err *err)
{
    later += err->kind == ERR_UNSUPPORTED;
    return err->kind == ERR_UNSUPPORTED;
}

static int check_template(struct arena *a, const struct json *row,
                          const struct params_events *events)
{
    const struct params_shaped what = {&shape_trigger_template, json_get(row, STR("template")),
                                       STR_INIT("template")};
    struct json made, want;
    struct err err;

    if (params_apply_shaped(a, &what, json_get(row, STR("parameters")), events, &made, &err) <
        0)
        return golden_fails(row) || is_later(&err);
    return !golden_fails(row) &&
           json_parse(a, json_get_str(row, STR("out")), &want, &err) == 0 &&
           is_covered(&made, &want);
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct params_events events = events_of(a, json_get(row, STR("events")));
    const struct json *list = json_get(row, STR("parameters"));
    struct str op = json_get_str(row, STR("op"));
    struct err err;

    if (params_check_payload(list, &err) < 0) /* operations are looked at where they count */
        return err.kind == ERR_INVALID && golden_fails(row);
    if (str_is(op, "resolve"))
        return check_resolve(a, row, &events);
    if (str_is(op, "apply"))
        return check_apply(a, row, &events);
    if (str_is(op, "object"))
        return check_object(a, row, &events);
    if (str_is(op, "payload"))
        return check_payload(a, row, &events);
    return check_template(a, row, &events);
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("events/params.jsonl", check_golden, 481);
    print_message("%zu members that come later\n", later);
    assert_true(later <= LATER_MAX); /* fewer with each kind that is built */
}

static int check_event(struct arena *a, const struct json *row)
{
    struct trigger_event e = event_of(a, STR("dep"), json_get(row, STR("event")));

    if (!str_is(json_get_str(row, STR("op")), "event-json"))
        return -1;
    return same(params_event_text(a, &e), json_get(row, STR("out")));
}

static void test_golden_events(void **state)
{
    (void) state;
    golden_run("events/misc.jsonl", check_event, 6);
}

static struct json parsed(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

static void test_check(void **state)
{
    static const struct {
        const char *list, *want;
    } cases[] = {
        {"[]", NULL},
        {"null", NULL},
        {"[{\"src\":{\"dependencyName\":\"d\",\"dataKey\":\"a\"},\"dest\":\"x\","
         "\"operation\":\"prepend\"}]",
         NULL},
        {"[{\"src\":{\"dependencyName\":\"d\"},\"dest\":\"x\"},{\"dest\":\"x\"}]",
         "[1]: src: must be given"},
        {"{}", "a list of parameters expected"},
        {"[{\"src\":{\"contextTemplate\":\"x\"}},{\"src\":{\"dataTemplate\":\"{{\"}}]", NULL},
        {"[{\"src\":{},\"operation\":\"Append\"}]",
         "[0]: unsupported trigger parameter operation: \"Append\": overwrite, prepend or "
         "append expected"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json list = parsed(a, cases[i].list);
        struct err err = {0};
        int result = params_check(&list, &err);

        if (result != (cases[i].want ? -1 : 0) ||
            (cases[i].want && strcmp(err.text, cases[i].want) != 0))
            fail_msg("case %zu: %d %s", i, result, err.text);
    }
}

static const struct params_events *two_events(struct arena *a)
{
    struct params_events *events = ARENA_NEW(a, struct params_events);
    struct json all = parsed(
        a, "{\"one\":{\"context\":{\"id\":\"i1\",\"datacontenttype\":\"application/json\"},"
           "\"data\":\"{\\\"n\\\":1.50,\\\"o\\\":{\\\"b\\\":1, \\\"a\\\":2}}\"},"
           "\"two\":{\"context\":{\"id\":\"i2\",\"datacontenttype\":\"application/yaml\"},"
           "\"data\":\"list: [1, x]\\n\"}}");
    struct json *kept = ARENA_NEW(a, struct json);

    *kept = all;
    *events = events_of(a, kept);
    return events;
}

/* What is put in, and the words of what cannot be. */
static void test_apply(void **state)
{
    static const struct {
        const char *parameters, *want;
    } cases[] = {
        {"[]", "{\"k\":[1,2.0]}"},
        {"[{\"src\":{\"dependencyName\":\"one\",\"dataKey\":\"n\",\"useRawData\":true},"
         "\"dest\":\"x\"}]",
         "{\"k\":[1,2.0],\"x\":1.5}"},
        {"[{\"src\":{\"dependencyName\":\"one\",\"dataTemplate\":\"{{ mul .Input.n 3 }}!\","
         "\"useRawData\":true},\"dest\":\"x\"}]",
         "{\"k\":[1,2.0],\"x\":\"3!\"}"},
        {"[{\"src\":{\"dependencyName\":\"one\",\"dataTemplate\":\"{{ "
         "broken\",\"dataKey\":\"n\"},"
         "\"dest\":\"x\"}]",
         "{\"k\":[1,2.0],\"x\":\"1.5\"}"},
        {"[{\"src\":{\"dependencyName\":\"one\",\"dataTemplate\":\"{{ .Input.gone "
         "}}\",\"value\":\"v\"},"
         "\"dest\":\"x\"}]",
         "{\"k\":[1,2.0],\"x\":\"v\"}"},
        {"[{\"src\":{\"dependencyName\":\"one\",\"dataKey\":\"o\",\"useRawData\":true},"
         "\"dest\":\"k.-1\"}]",
         "{\"k\":[1,2.0,{\"b\":1,\"a\":2}]}"},
        {"[{\"src\":{\"dependencyName\":\"two\",\"dataKey\":\"list.1\"},\"dest\":\"k.0\","
         "\"operation\":\"append\"}]",
         "{\"k\":[\"1x\",2.0]}"},
        {"[{\"src\":{\"dependencyName\":\"two\",\"contextKey\":\"id\"},\"dest\":\"k.0\","
         "\"operation\":\"prepend\"},{\"src\":{\"dependencyName\":\"none\"},\"dest\":\"y\"}]",
         "{\"k\":[\"i21\",2.0]}"},
        {"[{\"src\":{\"dependencyName\":\"one\",\"dataKey\":\"zz\"},\"dest\":\"x\"}]",
         "parameters[0]: unable to resolve 'one' parameter value: nothing at \"zz\""},
        {"[{\"src\":{\"dependencyName\":\"one\",\"value\":\"v\"},\"dest\":\"k.x\"}]",
         "parameters[0].dest: cannot set array element for non-numeric key 'x'"},
        {"[{\"src\":{\"dependencyName\":\"one\",\"value\":\"v\"},\"dest\":\"k\","
         "\"operation\":\"add\"}]",
         "parameters[0].dest: unsupported trigger parameter operation: \"add\": overwrite, "
         "prepend or append expected"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc = parsed(a, "{\"k\":[1,2.0]}");

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json list = parsed(a, cases[i].parameters), made;
        struct err err = {0};
        struct str got = str_from(err.text);

        if (params_apply(a, &doc, &list, two_events(a), &made, &err) == 0)
            got = json_text(a, &made, JSON_COMPACT);
        else
            got = str_from(err.text);
        if (!str_is(got, cases[i].want))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(got));
    }
}

/* The template is read again: names in any case, unknown members, types. */
static void test_template(void **state)
{
    static const struct {
        const char *value, *dest, *want;
    } cases[] = {
        {"\"v\"", "name", "{\"name\":\"v\",\"log\":{\"intervalSeconds\":5}}"},
        {"\"v\"", "NAME", "{\"name\":\"v\",\"log\":{\"intervalSeconds\":5}}"},
        {"7", "Log.IntervalSeconds", "{\"name\":\"n\",\"log\":{\"intervalSeconds\":7}}"},
        {"\"v\"", "nobody.x", "{\"name\":\"n\",\"log\":{\"intervalSeconds\":5}}"},
        {"7", "name",
         "parameters make template.name: expected text, found number 7: write it in quotes, "
         "\"7\""},
        {"\"7\"", "log.intervalSeconds",
         "parameters make template.log.intervalSeconds: expected a whole number, found text "
         "\"7\""},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc = parsed(a, "{\"name\":\"n\",\"log\":{\"intervalSeconds\":5}}");

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str data = str_printf(a, "{\"v\":%s}", cases[i].value);
        struct json context = parsed(a, "{\"datacontenttype\":\"application/json\"}"), made;
        struct trigger_event event = {
            .dependency = STR("d"), .context = &context, .data = data};
        struct json list =
            parsed(a, str_printf(a,
                                 "[{\"src\":{\"dependencyName\":\"d\",\"dataKey\":\"v\","
                                 "\"useRawData\":true},\"dest\":\"%s\"}]",
                                 cases[i].dest)
                          .ptr);
        const struct params_shaped what = {&shape_trigger_template, &doc, STR_INIT("template")};
        struct err err = {0};
        struct str got;

        if (params_apply_shaped(a, &what, &list, &(struct params_events){&event, 1}, &made,
                                &err) == 0)
            got = json_text(a, &made, JSON_COMPACT);
        else
            got = str_from(err.text);
        if (!str_is(got, cases[i].want))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(got));
    }
}

static void test_payload_without_event(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json list = parsed(a, "[{\"src\":{\"dependencyName\":\"none\"},\"dest\":\"x\"}]");
    struct str made = STR("kept");
    struct err err;

    (void) state;
    assert_int_equal(params_payload(a, &list, two_events(a), &made, &err), -1);
    assert_string_equal(err.text, "payload[0]: there is no event of dependency \"none\"");
    assert_true(str_is(made, "kept"));
    assert_int_equal(params_payload(a, NULL, two_events(a), &made, &err), 0);
    assert_true(str_is_none(made));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_golden_events),
        cmocka_unit_test(test_check),  cmocka_unit_test(test_template),
        cmocka_unit_test(test_apply),  cmocka_unit_test(test_payload_without_event),
    };

    return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
