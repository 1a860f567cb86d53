/* Filters: golden vectors of upstream, reasons in words, refusals. */
#include "events/sensors/filters.h"
#include "tests/support/golden.h"

static struct trigger_event event_of(struct arena *a, const struct json *v)
{
    struct trigger_event e = {.context = json_get(v, STR("context")),
                              .data = json_get_str(v, STR("data"))};
    struct json *parsed = ARENA_NEW(a, struct json);
    struct err ignored;

    if (!str_is_none(e.data) && json_parse(a, e.data, parsed, &ignored) == 0)
        e.parsed = parsed;
    return e;
}

static bool pass(struct arena *a, const struct json *dependency,
                 const struct trigger_event *event, struct str *reason)
{
    _cleanup_programs_ struct programs *p = programs_new(dependency);

    return filters_pass(a, dependency, p, event, reason);
}

/* What upstream's validation refuses (operators, times) is evaluated all the same: as it does
 * when such a sensor gets past it. */
static int check_golden(struct arena *a, const struct json *row)
{
    struct trigger_event event = event_of(a, json_get(row, STR("event")));
    const struct json *out = json_get(row, STR("out"));
    struct str reason = STR("");
    struct err err = {0};
    int checked = filters_check(row, &err);
    bool passes;

    if (checked < 0 && err.kind != ERR_INVALID)
        return false;
    passes = pass(a, row, &event, &reason);
    return passes == (!golden_fails(row) && out->is_true) && passes == str_is_empty(reason);
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("events/filters.jsonl", check_golden, 727);
}

static struct json parsed(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

#define EVENT                                                                                  \
    "{\"context\":{\"type\":\"webhook\",\"source\":\"src\",\"time\":\"2026-03-10T10:30:00Z\"}" \
    ","                                                                                        \
    "\"data\":\"{\\\"body\\\":{\\\"kind\\\":\\\"x\\\",\\\"n\\\":5}}\"}"

#define FILTER_EXPRS(entries, more) "{\"filters\":{\"exprs\":[" entries "]" more "}}"
#define OR_EXPRS                    ",\"exprLogicalOperator\":\"or\""
#define FIELDS                                                                                 \
    "\"fields\":[{\"path\":\"body.kind\",\"name\":\"k\"},{\"path\":\"body.n\",\"name\":\"n\"}" \
    "]"

static void test_reasons(void **state)
{
    static const struct {
        const char *dependency, *want;
    } cases[] = {
        {"{}", ""},
        {"{\"filters\":{\"data\":[{\"path\":\"body.kind\",\"type\":\"string\",\"value\":[\"a\","
         "\"b\"]}]}}",
         "data filter body.kind: value \"x\" is none of [\"a\",\"b\"]"},
        {"{\"filters\":{\"data\":[{\"path\":\"body.n\",\"type\":\"number\",\"value\":[\"7\"],"
         "\"comparator\":\">\"}]}}",
         "data filter body.n: value \"5\" is not > any of [\"7\"]"},
        {"{\"filters\":{\"data\":[{\"path\":\"body.n\",\"type\":\"number\",\"value\":[\"x\"]}]}"
         "}",
         "data filter body.n: \"x\" is no number"},
        {"{\"filters\":{\"data\":[{\"path\":\"body.n\",\"type\":\"bool\",\"value\":[\"yes\"]}]}"
         "}",
         "data filter body.n: \"yes\" is no boolean: true or false expected"},
        {"{\"filters\":{\"data\":[{\"path\":\"body.n\",\"type\":\"text\",\"value\":[\"x\"]}]}}",
         "data filter body.n: unsupported JSON type 'text': bool, number or string expected"},
        {"{\"filters\":{\"data\":[{\"path\":\"zz\",\"type\":\"bool\",\"value\":[\"1\"]}]}}",
         "data filter: path 'zz' does not exist"},
        {"{\"filters\":{\"data\":[{\"path\":\"zz\",\"type\":\"bool\",\"value\":[\"1\"]},"
         "{\"path\":\"body.kind\",\"type\":\"string\",\"value\":[\"x\"]}],"
         "\"dataLogicalOperator\":\"or\"}}",
         ""},
        {"{\"filters\":{\"data\":[{\"path\":\"body.kind\",\"type\":\"string\",\"value\":[\"y\"]"
         "},"
         "{\"path\":\"zz\",\"type\":\"string\",\"value\":[\"x\"]}],"
         "\"dataLogicalOperator\":\"or\"}}",
         "data filter: path 'zz' does not exist"},
        {"{\"filters\":{\"data\":[{\"path\":\"body.kind\",\"type\":\"string\",\"value\":[\"^X!$"
         "\"],"
         "\"template\":\"{{ upper .Input }}!\"}]}}",
         ""},
        {"{\"filters\":{\"data\":[{\"path\":\"body.kind\",\"type\":\"string\",\"value\":[\"x\"]"
         ","
         "\"template\":\"{{ if eq .Input \\\"y\\\" }}y{{ end }}\"}]}}",
         "data filter body.kind: template evaluated to empty string or no value: '{{ if eq "
         ".Input "
         "\"y\" }}y{{ end }}'"},
        {"{\"filters\":{\"data\":[{\"path\":\"body.kind\",\"type\":\"string\",\"value\":[\"x\"]"
         ","
         "\"template\":\"{{ .Input.more }}\"}]}}",
         "data filter body.kind: template: param:1:9: executing \"param\" at <.Input.more>: "
         "can't "
         "evaluate field more in type interface {}"},
        {FILTER_EXPRS("{\"expr\":\"k == 'x' && n > 4\"," FIELDS "}", ""), ""},
        {FILTER_EXPRS("{\"expr\":\"n > 5\"," FIELDS "}", ""),
         "expr filter 'n > 5' is not true"},
        {FILTER_EXPRS("{\"expr\":\"k > 5\"," FIELDS "}", ""),
         "expr filter 'k > 5': Value 'x' cannot be used with the comparator '>', it is not a "
         "number"},
        {FILTER_EXPRS("{\"expr\":\"n\"," FIELDS "}", ""), "expr filter 'n' is not true"},
        {FILTER_EXPRS("{\"expr\":\"false\",\"fields\":[]}", ""), ""},
        {FILTER_EXPRS("{\"expr\":\"true\",\"fields\":[]}", OR_EXPRS),
         "expr filter: no expression is given, one must hold"},
        {FILTER_EXPRS("{\"expr\":\"z\",\"fields\":[{\"path\":\"zz\",\"name\":\"z\"}]}", ""),
         "expr filter 'z': path 'zz' does not exist"},
        {FILTER_EXPRS("{\"expr\":\"n > 5\"," FIELDS "},{\"expr\":\"q\"," FIELDS "}", OR_EXPRS),
         "expr filter 'q': No parameter 'q' found."},
        {FILTER_EXPRS("{\"expr\":\"q\"," FIELDS "},{\"expr\":\"n == 5\"," FIELDS "}", OR_EXPRS),
         ""},
        {"{\"filters\":{\"context\":{\"type\":\"sqs\"}}}",
         "context filter: type is \"webhook\", not \"sqs\""},
        {"{\"filters\":{\"time\":{\"start\":\"12:00:00\",\"stop\":\"13:00:00\"}}}",
         "time filter: 2026-03-10T10:30:00Z is not within 12:00:00 and 13:00:00"},
        {"{\"filters\":{\"time\":{\"start\":\"12:00:00\",\"stop\":\"13:00:00\",\"timezone\":"
         "\"Europe/Berlin\"}},\"filtersLogicalOperator\":\"or\"}",
         "time filter: 2026-03-10T10:30:00Z is not within 12:00:00 and 13:00:00"},
        {"{\"filters\":{},\"filtersLogicalOperator\":\"or\"}",
         "no filter is specified, one must pass"},
        {"{\"filters\":{\"context\":{\"type\":\"sqs\"},\"time\":{\"start\":\"10:00:00\","
         "\"stop\":\"11:00:00\"}},\"filtersLogicalOperator\":\"or\"}",
         ""},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct json text = parsed(a, EVENT);
    struct trigger_event event = event_of(a, &text);

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json dependency = parsed(a, cases[i].dependency);
        struct str reason = STR("");
        bool passes = pass(a, &dependency, &event, &reason);

        if (!str_is(reason, cases[i].want) || passes != (cases[i].want[0] == '\0'))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(reason));
    }
}

static void test_check(void **state)
{
    static const struct {
        const char *dependency, *want;
        enum err_kind kind;
    } cases[] = {
        {"{\"filters\":{\"exprLogicalOperator\":\"xor\"}}",
         "filters.exprLogicalOperator: logical operator xor not supported", ERR_INVALID},
        {"{\"filters\":{\"dataLogicalOperator\":\"xor\"}}",
         "filters.dataLogicalOperator: logical operator xor not supported", ERR_INVALID},
        {"{\"filtersLogicalOperator\":\"OR\"}",
         "filtersLogicalOperator: logical operator OR not supported", ERR_INVALID},
        {"{\"filters\":{\"time\":{\"start\":\"9\",\"stop\":\"10:00:00\"}}}",
         "filters.time.start: HH:MM:SS expected, found \"9\"", ERR_INVALID},
        {"{\"filters\":{\"time\":{\"start\":\"09:00:00\"}}}",
         "filters.time.stop: HH:MM:SS expected, found \"\"", ERR_INVALID},
        {"{\"filters\":{\"time\":{\"timezone\":\"Nope/Zone\"}}}",
         "filters.time.timezone: unknown time zone Nope/Zone", ERR_INVALID},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json dependency = parsed(a, cases[i].dependency);
        struct err err = {0};

        if (filters_check(&dependency, &err) == 0 || err.kind != cases[i].kind ||
            strcmp(err.text, cases[i].want) != 0)
            fail_msg("case %zu: %s", i, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),
                                       cmocka_unit_test(test_reasons),
                                       cmocka_unit_test(test_check)};

    return cmocka_run_group_tests_name("filters", tests, NULL, NULL);
}
