/* Filters and data of resource sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "events/sources/resource_filter.h"
#include "formats/gotime.h"

static struct json parsed(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", err.text, text);
    return v;
}

static struct wall at(const char *text)
{
    struct wall wall = {0};
    struct err err;

    assert_int_equal(gotime_parse_wall(str_from(text), &wall, &err), 0);
    return wall;
}

#define SPEC(rest)                                                                         \
    "{\"namespace\":\"n\",\"version\":\"v1\",\"resource\":\"configmaps\",\"eventTypes\":[" \
    "\"ADD\",\"UPDATE\",\"DELETE\"]" rest "}"
#define FILTER(text) SPEC(",\"filter\":{" text "}")
#define OBJECT                                                                                \
    "{\"metadata\":{\"name\":\"abc\",\"creationTimestamp\":\"2026-01-01T00:00:10Z\","         \
    "\"managedFields\":[{\"operation\":\"Apply\",\"time\":\"2026-01-01T00:09:00Z\"},"         \
    "{\"operation\":\"Update\",\"time\":\"2026-01-01T00:00:20Z\"},{\"operation\":\"Update\"," \
    "\"time\":\"2026-01-01T00:00:15Z\"}]},\"data\":{\"n\":\"value-7\",\"count\":5}}"

static void test_what_passes(void **state)
{
    static const struct {
        const char *spec;
        enum resource_change change;
        const char *start;
        bool passes;
    } cases[] = {
        {SPEC(""), RESOURCE_ADD, NULL, true},
        {"{\"version\":\"v1\",\"resource\":\"configmaps\",\"eventTypes\":[\"DELETE\"]}",
         RESOURCE_ADD, NULL, false},
        {"{\"version\":\"v1\",\"resource\":\"configmaps\",\"eventTypes\":[\"DELETE\"]}",
         RESOURCE_DELETE, NULL, true},
        {FILTER("\"prefix\":\"ab\""), RESOURCE_ADD, NULL, true},
        {FILTER("\"prefix\":\"b\""), RESOURCE_ADD, NULL, false},
        {FILTER("\"createdBy\":\"2026-01-01T00:00:10Z\""), RESOURCE_ADD, NULL, true},
        {FILTER("\"createdBy\":\"2026-01-01T00:00:09Z\""), RESOURCE_ADD, NULL, false},
        {FILTER("\"afterStart\":true"), RESOURCE_ADD, "2026-01-01T00:00:10.900Z", true},
        {FILTER("\"afterStart\":true"), RESOURCE_ADD, "2026-01-01T00:00:11Z", false},
        {FILTER("\"afterStart\":true"), RESOURCE_UPDATE, "2026-01-01T00:00:20Z", true},
        {FILTER("\"afterStart\":true"), RESOURCE_UPDATE, "2026-01-01T00:00:21Z", false},
        {FILTER("\"afterStart\":true"), RESOURCE_DELETE, "2026-01-01T01:00:00Z", true},
        {FILTER("\"afterStart\":true"), RESOURCE_DELETE, "2026-01-01T01:00:01Z", false},
#define ON_FIELD(key, op, value)                                                          \
    FILTER("\"fields\":[{\"key\":\"" key "\",\"operation\":\"" op "\",\"value\":\"" value \
           "\"}]")
        {ON_FIELD("data.n", "=", "value"), RESOURCE_ADD, NULL, true},
        {ON_FIELD("data.n", "==", "^value-[0-9]$"), RESOURCE_ADD, NULL, true},
        {ON_FIELD("data.n", "=", "^alue"), RESOURCE_ADD, NULL, false},
        {ON_FIELD("data.n", "!=", "^alue"), RESOURCE_ADD, NULL, true},
        {ON_FIELD("data.n", "!=", "value"), RESOURCE_ADD, NULL, false},
        {ON_FIELD("data.other", "!=", "value"), RESOURCE_ADD, NULL, false}, /* must be there */
        {ON_FIELD("data.count", "=", "5"), RESOURCE_ADD, NULL, false},      /* no text */
        {ON_FIELD("data.count", "=", "^$"), RESOURCE_ADD, NULL, true},
        {ON_FIELD("data.n", "", "value"), RESOURCE_ADD, NULL, false},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json spec = parsed(a, cases[i].spec), object = parsed(a, OBJECT);
        const struct resource_event e = {
            .change = cases[i].change,
            .object = &object,
            .now = at("2026-01-01T01:00:00.5Z"),
            .start = at(cases[i].start ? cases[i].start : "2027-01-01T00:00:00Z")};
        struct resource_filter f = {0};
        struct err err;

        if (resource_filter_read(a, &spec, &f, &err) < 0)
            fail_msg("case %zu: %s", i, err.text);
        if (resource_filter_passes(a, &f, &e) != cases[i].passes)
            fail_msg("case %zu: %s", i, cases[i].spec);
        resource_filter_done(&f);
    }
}

/* A version that is an alias is the same objects, shown otherwise. */
static void test_versions(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json spec = parsed(a, "{\"group\":\"batch\",\"version\":\"v1beta1\",\"resource\":"
                                 "\"cronjobs\",\"eventTypes\":[\"ADD\"]}");
    struct resource_filter f;
    struct err err;

    (void) state;
    assert_int_equal(resource_filter_read(a, &spec, &f, &err), 0);
    assert_ptr_equal(f.kind, object_kind_find(STR("batch/v1"), STR("CronJob")));
    assert_string_equal(f.kind->version, "v1");
    assert_string_equal(f.shown->version, "v1beta1");
}

static void test_labels(void **state)
{
    static const struct {
        const char *labels, *selector;
    } cases[] = {
        {"", ""},
        {"{\"key\":\"a\",\"value\":\"1\"}", "a=1"},
        {"{\"key\":\"a\",\"operation\":\"==\",\"value\":\"1\"}", "a==1"},
        {"{\"key\":\"a\",\"operation\":\"!=\",\"value\":\"1\"}", "a!=1"},
        {"{\"key\":\"a\",\"operation\":\"in\",\"value\":\"1,2\"}", "a in (1,2)"},
        {"{\"key\":\"a\",\"operation\":\"notin\",\"value\":\"1\"}", "a notin (1)"},
        {"{\"key\":\"a\",\"operation\":\"exists\"},{\"key\":\"b\",\"operation\":\"!\"}",
         "a,!b"},
        {"{\"key\":\"a\",\"operation\":\"gt\",\"value\":\"3\"}", "a>3"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json spec =
            parsed(a, str_printf(a, FILTER("\"labels\":[%s]"), cases[i].labels).ptr);
        struct resource_filter f = {0};
        struct err err;

        if (resource_filter_read(a, &spec, &f, &err) < 0)
            fail_msg("case %zu: %s", i, err.text);
        if (!str_is(selector_print(a, &f.labels), cases[i].selector))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(selector_print(a, &f.labels)));
        resource_filter_done(&f);
    }
}

static void test_wrong_ones(void **state)
{
    static const struct {
        const char *spec, *error;
        enum err_kind kind;
    } cases[] = {
        {"{\"version\":\"v1\",\"resource\":\"things\"}",
         "resource: \"things\" of group \"\", version \"v1\" is none that is served here",
         ERR_INVALID},
        {"{\"version\":\"v2\",\"resource\":\"configmaps\"}", "version \"v2\"", ERR_INVALID},
        {"{\"version\":\"v1\",\"resource\":\"cm\"}", "resource: \"cm\"", ERR_INVALID},
        {"{\"version\":\"v1\",\"resource\":\"pods\"}", "resource: pods is not supported yet",
         ERR_UNSUPPORTED},
        {"{\"version\":\"v1\",\"resource\":\"configmaps\",\"eventTypes\":[\"ADD\",\"CHANGE\"]}",
         "eventTypes[1]: \"CHANGE\" is none of ADD, UPDATE, DELETE", ERR_INVALID},
        {FILTER("\"labels\":[{\"key\":\"a\",\"operation\":\"like\"}]"),
         "filter.labels[0]: operation: \"like\" is none of", ERR_INVALID},
        {FILTER("\"labels\":[{\"key\":\"a b\",\"value\":\"1\"}]"),
         "filter.labels: ", ERR_INVALID},
        {FILTER("\"fields\":[{\"key\":\"a\",\"operation\":\"=\",\"value\":\"(\"}]"),
         "filter.fields[0].value: ", ERR_INVALID},
        {FILTER("\"createdBy\":\"today\""), "filter.createdBy: ", ERR_INVALID},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json spec = parsed(a, cases[i].spec);
        struct resource_filter f = {0};
        struct err err = {0};

        assert_int_equal(resource_filter_read(a, &spec, &f, &err), -1);
        resource_filter_done(&f);
        if (err.kind != cases[i].kind ||
            str_find(str_from(err.text), str_from(cases[i].error)) == SIZE_MAX)
            fail_msg("case %zu: %s", i, err.text);
    }
}

static void test_data(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json spec = parsed(a, SPEC(",\"metadata\":{\"m\":\"<\"}")),
                bare = parsed(a, SPEC(",\"metadata\":{}")), object = parsed(a, "{\"a\":1}"),
                old = parsed(a, "{\"a\":0}");
    struct resource_event e = {.change = RESOURCE_UPDATE, .object = &object, .old = &old};

    (void) state;
    assert_true(str_is(resource_event_data(a, &spec, &e),
                       "{\"type\":\"UPDATE\",\"body\":{\"a\":1},\"oldBody\":{\"a\":0},"
                       "\"group\":\"\",\"version\":\"v1\",\"resource\":\"configmaps\","
                       "\"metadata\":{\"m\":\"\\u003c\"}}"));
    e = (struct resource_event){.change = RESOURCE_DELETE, .object = &object};
    assert_true(str_is(resource_event_data(a, &bare, &e),
                       "{\"type\":\"DELETE\",\"body\":{\"a\":1},\"oldBody\":null,\"group\":"
                       "\"\",\"version\":\"v1\",\"resource\":\"configmaps\"}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_passes),
        cmocka_unit_test(test_labels), cmocka_unit_test(test_versions),
        cmocka_unit_test(test_wrong_ones),
        cmocka_unit_test(test_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
