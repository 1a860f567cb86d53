/* Dead letters as rows: what comes back is what was written, whatever the data is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "events/sensors/dead_letter.h"

static struct json parsed(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", err.text, text);
    return v;
}

static struct dead_letter letter(const struct trigger_event *events, size_t count)
{
    return (struct dead_letter){.id = STR("abc"),
                                .ns = STR("argo"),
                                .sensor = STR("s"),
                                .sensor_uid = STR("u"),
                                .trigger = STR("t"),
                                .error = STR("no \"luck\"\n"),
                                .attempts = 3,
                                .redrives = 2,
                                .state = DEAD_LETTER_REDRIVING,
                                .at = {1767225600123},
                                .events = events,
                                .event_count = count};
}

static void test_what_was_written_comes_back(void **state)
{
    static const struct {
        const char *context, *data; /* NULL: none */
        size_t len;
        const char *written; /* of the event, a part */
    } cases[] = {
        {"{\"id\":\"e\",\"source\":\"x\"}", NULL, 0,
         "\"event\":{\"id\":\"e\",\"source\":\"x\"}}"},
        {"{\"id\":\"e\"}", "{\"n\":1.50}", 10, "\"data\":{\"n\":1.50}"},
        {"{\"id\":\"e\"}", "{ \"n\": 1 }", 10, "\"data_base64\":\"eyAibiI6IDEgfQ==\""},
        {"{\"id\":\"e\",\"data\":{\"n\":1}}", "{\"n\":1}", 7, "\"data\":{\"n\":1}}}"},
        {"{\"id\":\"e\",\"data\":{\"n\":1}}", "{\"n\":2}", 7, "\"data\":{\"n\":2}"},
        {"{\"id\":\"e\",\"data\":{\"n\":1}}", "\x00\xff", 2, "\"data_base64\":\"AP8=\""},
        {"{\"id\":\"e\"}", "", 0, "\"data_base64\":\"\""},
        {"{\"id\":\"e\"}", "\"a text\"", 8, "\"data\":\"a text\""},
        {"{\"id\":\"e\"}", "null", 4, "\"data\":null"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json context = parsed(a, cases[i].context), data, value;
        struct trigger_event e = {.dependency = STR("d"),
                                  .context = &context,
                                  .data = str_of(cases[i].data, cases[i].len)};
        struct dead_letter in = letter(&e, 1), out = {0};
        struct str text;
        struct err err;

        if (json_parse(a, e.data, &data, &err) == 0)
            e.parsed = &data;
        value = dead_letter_value(a, &in);
        text = json_text(a, &value, JSON_COMPACT);
        if (str_find(text, str_from(cases[i].written)) == SIZE_MAX)
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(text));
        assert_int_equal(dead_letter_read(a, text, &out, &err), 0);
        assert_true(str_eq(out.id, in.id) && str_eq(out.ns, in.ns) &&
                    str_eq(out.sensor, in.sensor) && str_eq(out.sensor_uid, in.sensor_uid) &&
                    str_eq(out.trigger, in.trigger) && str_eq(out.error, in.error));
        assert_int_equal(out.attempts, 3);
        assert_int_equal(out.redrives, 2);
        assert_int_equal(out.state, DEAD_LETTER_REDRIVING);
        assert_int_equal(out.at.ms, 1767225600123);
        assert_int_equal(out.event_count, 1);
        assert_true(str_eq(out.events[0].dependency, e.dependency));
        assert_true(json_equal(out.events[0].context, &context));
        assert_true(str_eq(out.events[0].data, e.data));
        assert_int_equal(str_is_none(out.events[0].data), cases[i].data == NULL);
        assert_int_equal(out.events[0].parsed != NULL, e.parsed != NULL);
    }
}

static void test_what_is_done_keeps_its_identity_alone(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct dead_letter in = letter(NULL, 0), out;
    struct json value;
    struct err err;

    (void) state;
    in.state = DEAD_LETTER_DONE;
    value = dead_letter_value(a, &in);
    assert_true(str_is(json_text(a, &value, JSON_COMPACT),
                       "{\"id\":\"abc\",\"namespace\":\"argo\",\"state\":\"done\","
                       "\"time\":\"2026-01-01T00:00:00.123Z\",\"sensor\":\"s\",\"trigger\":"
                       "\"t\"}"));
    assert_int_equal(dead_letter_read(a, json_text(a, &value, 0), &out, &err), 0);
    assert_int_equal(out.state, DEAD_LETTER_DONE);
    assert_int_equal(out.event_count, 0);
}

static void test_a_summary_has_no_data(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json context = parsed(a, "{\"id\":\"e\"}");
    const struct trigger_event e = {STR("d"), &context, STR("{}"), NULL};
    const struct dead_letter in = letter(&e, 1);
    struct json value = dead_letter_value(a, &in), summary = dead_letter_summary(a, &value);

    (void) state;
    assert_true(str_is(json_text(a, json_get(&summary, STR("events")), JSON_COMPACT),
                       "[{\"dependency\":\"d\",\"id\":\"e\"}]"));
    assert_true(str_is(json_get_str(&summary, STR("error")), "no \"luck\"\n"));
}

static void test_faults(void **state)
{
#define HEAD "{\"id\":\"x\",\"namespace\":\"n\",\"time\":\"2026-01-01T00:00:00Z\","
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"{", "json"},
        {"{}", "id and namespace are required"},
        {HEAD "\"state\":\"lost\"}", "state: must be waiting, redriving or done, not \"lost\""},
        {"{\"id\":\"x\",\"namespace\":\"n\",\"state\":\"done\",\"time\":\"today\"}", "today"},
        {HEAD "\"state\":\"waiting\",\"events\":[{}]}", "events[0]: event: must be an object"},
        {HEAD "\"state\":\"waiting\",\"events\":[{\"event\":{},\"data_base64\":\"%\"}]}",
         "events[0]: data_base64: "},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct dead_letter out;
        struct err err = {0};

        assert_int_equal(dead_letter_read(a, str_from(cases[i].text), &out, &err), -1);
        if (i > 0 && str_find(str_from(err.text), str_from(cases[i].error)) == SIZE_MAX)
            fail_msg("case %zu: %s", i, err.text);
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

static void test_keys(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    assert_true(str_is(dead_letter_key(a, STR("argo"), STR("abc")), "argo/abc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_written_comes_back),
        cmocka_unit_test(test_what_is_done_keeps_its_identity_alone),
        cmocka_unit_test(test_a_summary_has_no_data),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
