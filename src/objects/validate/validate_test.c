/* The rules that follow the tables, in the originals' words: ../shared/golden/events/README.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "formats/yaml.h"
#include "objects/field_go.h"
#include "objects/object.h"
#include "objects/shapes.h"
#include "objects/validate/validate.h"
#include "tests/support/golden.h"

/* The vectors were recorded on this day, when Tokyo had the next one. */
static const struct wall recorded = {.ms = INT64_C(1795190400000)}; /* 2026-11-20T16:00:00Z */

static int check_event_source(const struct json *doc, const struct json *row, struct err *err)
{
    struct validate_item at;

    (void) row;
    return validate_event_source(doc, &at, err);
}

static int check_sensor(const struct json *doc, const struct json *row, struct err *err)
{
    bool is_nats = str_is(json_get_str(row, STR("bus")), "nats");
    struct validate_item at;

    return validate_sensor(doc, is_nats ? VALIDATE_BUS_NATS : VALIDATE_BUS_EMBEDDED, recorded,
                           &at, err);
}

static int check_event_bus(const struct json *doc, const struct json *row, struct err *err)
{
    struct validate_item at;

    (void) row;
    return validate_event_bus(doc, &at, err);
}

typedef int (*validate_fn)(const struct json *doc, const struct json *row, struct err *err);

/* Go matches names in any case, and its YAML makes text of a number where text is wanted. */
static struct json as_go(struct arena *a, const struct shape *shape, const struct json *doc)
{
    return field_go_value(a, shape, doc, FIELD_GO_YAML);
}

static int run(struct arena *a, const struct json *row, const struct shape *shape,
               validate_fn validate)
{
    const struct json *out = json_get(row, STR("out"));
    struct str id = json_get_str(row, STR("id")), fault = json_get_str(row, STR("err"));
    bool is_foreign = str_starts(fault, STR("decode:"));
    struct json doc;
    struct err err = {0};
    int result;

    if (yaml_parse_lax(a, golden_text(a, row, "in"), &doc, &err) < 0)
        return is_foreign;
    doc = as_go(a, shape, &doc);
    if (is_foreign)
        return field_go_check(a, shape, &doc, FIELD_GO_LAX, &err) < 0;
    result = validate(&doc, row, &err);
    if (str_starts(fault, STR("panic:"))) /* of the original: refused here */
        return result < 0;
    if (json_is(out, JSON_STRING) && result == 0)
        return 1;
    if (!json_is(out, JSON_STRING) && result < 0 &&
        str_is(json_get_str(out, STR("error")), err.text))
        return 1;
    print_error(STR_FMT ": found \"%s\"\n", STR_ARG(id), err.text);
    return 0;
}

static int run_event_source(struct arena *a, const struct json *row)
{
    return run(a, row, &shape_event_source, check_event_source);
}

static int run_sensor(struct arena *a, const struct json *row)
{
    return run(a, row, &shape_sensor, check_sensor);
}

static int run_event_bus(struct arena *a, const struct json *row)
{
    return run(a, row, &shape_event_bus, check_event_bus);
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("events/eventsource-validate.jsonl", run_event_source, 339);
    golden_run("events/sensor-validate.jsonl", run_sensor, 252);
    golden_run("events/eventbus-validate.jsonl", run_event_bus, 40);
}

static void validate_all(const struct json *doc)
{
    struct validate_item at;
    struct err err = {0};

    if (validate_event_source(doc, &at, &err) < 0)
        assert_int_equal(err.kind, ERR_INVALID);
    if (validate_sensor(doc, VALIDATE_BUS_NATS, recorded, &at, &err) < 0)
        assert_int_equal(err.kind, ERR_INVALID);
    if (validate_event_bus(doc, &at, &err) < 0)
        assert_int_equal(err.kind, ERR_INVALID);
}

/* Puts a value of each type into each place of a document, one after the other. */
static void mangle(const struct json *doc, const struct json *at)
{
    const struct json others[] = {
        json_null(),          json_bool(true),       json_number_text(STR("-1")),
        json_string(STR("")), json_string(STR("*")), {.type = JSON_ARRAY},
        {.type = JSON_OBJECT}};
    struct json *slot = (struct json *) (uintptr_t) at; /* the test's own document */
    struct json old = *at;

    for (uint32_t i = 0; old.type == JSON_ARRAY && i < old.count; i++)
        mangle(doc, &old.items[i]);
    for (uint32_t i = 0; old.type == JSON_OBJECT && i < old.count; i++)
        mangle(doc, &old.members[i].value);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        *slot = others[i];
        validate_all(doc);
    }
    *slot = old;
}

static int mangle_row(struct arena *a, const struct json *row)
{
    struct yaml_documents docs;
    struct err err = {0};

    if (yaml_parse_all(a, json_get_str(row, STR("in")), &docs, &err) < 0 || docs.len == 0)
        return -1;
    mangle(&docs.at[0], &docs.at[0]);
    return 1;
}

/* No value of a wrong type brings the rules down. */
static void test_wrong_types(void **state)
{
    (void) state;
    golden_each("events/eventsource-validate.jsonl", mangle_row, 337);
    golden_each("events/sensor-validate.jsonl", mangle_row, 250);
    golden_each("events/eventbus-validate.jsonl", mangle_row, 40);
}

static void test_cron(void **state)
{
    static const char *const cases[][2] = {
        {"* * * * *", ""},
        {"*/5 0-23/2 1,15 jan-MAR sun", ""},
        {"CRON_TZ=Europe/Paris 0 0 * * ?", ""},
        {"", "empty spec string"},
        {"@hourly", "parser does not accept descriptors: @hourly"},
        {"* *", "expected exactly 5 fields, found 2: [* *]"},
        {"60 * * * *", "end of range (60) above maximum (59): 60"},
        {"* * 0 * *", "beginning of range (0) below minimum (1): 0"},
        {"5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"},
        {"*/0 * * * *", "step of range should be a positive number: */0"},
        {"1-2-3 * * * *", "too many hyphens: 1-2-3"},
        {"1/2/3 * * * *", "too many slashes: 1/2/3"},
        {"x * * * *",
         "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"},
        {"TZ=Nope * * * * *", "provided bad location Nope: unknown time zone Nope"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err = {0};
        int result = validate_cron(str_from(cases[i][0]), &err);

        if (result != (cases[i][1][0] ? -1 : 0) || strcmp(err.text, cases[i][1]) != 0)
            fail_msg("\"%s\": %s", cases[i][0], err.text);
    }
}

static void test_patterns(void **state)
{
    static const char *const cases[][2] = {
        {"a.*", ""},
        {"(a", "error parsing regexp: missing closing ): `(a`"},
        {"a(?=b)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
        {"*", "error parsing regexp: missing argument to repetition operator: `*`"},
        {"a{2000}", "error parsing regexp: invalid repeat count: `{2000}`"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str text = str_printf(a,
                                     "spec: {file: {a: {eventType: CREATE, watchPathConfig: "
                                     "{directory: /d, pathRegexp: \"%s\"}}}}\n",
                                     cases[i][0]);
        struct yaml_documents docs;
        struct validate_item at;
        struct err err = {0};

        assert_int_equal(yaml_parse_all(a, text, &docs, &err), 0);
        validate_event_source(&docs.at[0], &at, &err);
        if (strcmp(err.text, cases[i][1]) != 0)
            fail_msg("%s: %s", cases[i][0], err.text);
    }
}

/* The rules come after the tables, and only when those find nothing wrong. */
static void test_checked_with_the_object(void **state)
{
    static const char *const cases[][2] = {
        {"EventSource\nmetadata: {name: x}\nspec: {sqs: {a: {queue: q}}}\n",
         "m:4:17: spec.sqs.a: must specify region"},
        {"EventSource\nmetadata: {name: x}\nspec: {sqs: {a: {quee: q}}}\n",
         "m:4:18: spec.sqs.a.quee: unknown field \"quee\", did you mean \"queue\"?"},
        {"Sensor\nmetadata: {name: x}\nspec: {triggers: []}\n",
         "m:4:7: spec: no event dependencies found"},
        {"EventBus\nmetadata: {name: x}\n",
         "m:1:1: spec: invalid spec: either \"nats\", \"jetstream\", \"jetstreamExotic\", or "
         "\"kafka\" needs to be specified"},
        {"EventBus\nmetadata: {name: x}\nspec: {jetstream: {version: latest}}\n", ""},
        {"EventBus\nmetadata: {name: x}\nspec: {jetstream: {version: latest, replicas: 2}}\n",
         "m:4:19: spec.jetstream: invalid spec: a jetstream eventbus requires 1 replica or >= "
         "3 "
         "replicas"},
        {"EventSource\nmetadata: {name: x}\nspec:\n  webhook: {a: {endpoint: /x, port: '1', "
         "method: POST}}\n  sqs:\n    b: {queue: q}\n",
         "m:7:8: spec.sqs.b: must specify region"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str text =
            str_printf(a, "apiVersion: argoproj.io/v1alpha1\nkind: %s", cases[i][0]);
        struct field_faults faults = {0};
        struct object_documents docs;
        struct err err = {0};

        assert_int_equal(object_read(a, STR("m"), text, &docs, &err), 0);
        object_check(a, &docs.at[0], &faults);
        if (faults.len > 0)
            object_faults_err(a, &docs.at[0], &faults, &err);
        if (strcmp(err.text, cases[i][1]) != 0)
            fail_msg("case %zu: %s", i, err.text);
    }
}

/* What would make a hook needs events; what says too little to make one needs none. */
static void test_hooks(void **state)
{
#define WEBHOOK "webhook: {endpoint: /x, port: '1', method: POST, url: http://h}"
#define SECRET  "{name: s, key: k}"
    static const char *const cases[][2] = {
        {"github: {a: {organizations: [], " WEBHOOK "}}", ""},
        {"github: {a: {organizations: [o], githubApp: {appID: '1'}, " WEBHOOK "}}", ""},
        {"github: {a: {organizations: [o], githubApp: {privateKey: " SECRET "}, " WEBHOOK "}}",
         "events must be defined to create a github webhook"},
        {"bitbucket: {a: {owner: o, repositorySlug: r, auth: {basic: {password: " SECRET
         "}}, " WEBHOOK "}}",
         ""},
        {"bitbucket: {a: {owner: o, repositorySlug: r, auth: {basic: {username: " SECRET
         ", password: " SECRET "}}, " WEBHOOK "}}",
         "events must be defined to create a bitbucket webhooks"},
        {"bitbucketserver: {a: {bitbucketserverBaseURL: u, projectKey: P, accessToken: " SECRET
         ", " WEBHOOK "}}",
         ""},
        {"bitbucketserver: {a: {bitbucketserverBaseURL: u, projects: [P], accessToken: " SECRET
         ", " WEBHOOK "}}",
         "events must be defined to create a bitbucket server webhook"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str text = str_printf(a, "spec: {%s}\n", cases[i][0]);
        struct json doc;
        struct validate_item at;
        struct err err = {0};

        assert_int_equal(yaml_parse(a, text, &doc, &err), 0);
        validate_event_source(&doc, &at, &err);
        if (strcmp(err.text, cases[i][1]) != 0)
            fail_msg("case %zu: %s", i, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_cron),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_checked_with_the_object),
        cmocka_unit_test(test_hooks),
    };

    return cmocka_run_group_tests_name("validate", tests, NULL, NULL);
}
