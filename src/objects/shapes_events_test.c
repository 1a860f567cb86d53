/*
 * The tables of EventSource, Sensor and EventBus: what is refused and with which words, and
 * that they accept what the original's decoder accepts (../shared/golden/events/README.md).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "formats/yaml.h"
#include "objects/field_internal.h"
#include "objects/object.h"
#include "objects/shapes_events.h"
#include "tests/support/golden.h"

/* The faults of a manifest, one a line. */
static struct str check(struct arena *a, const char *manifest)
{
    struct field_faults faults = {0};
    struct object_documents docs;
    struct str all = STR("");
    struct err err = {0};

    if (object_read(a, STR("m"), str_from(manifest), &docs, &err) < 0)
        fail_msg("%s", err.text);
    object_check(a, &docs.at[0], &faults);
    for (size_t i = 0; i < faults.len; i++)
        all = str_printf(a, STR_FMT "%s" STR_FMT ": " STR_FMT, STR_ARG(all), i ? "\n" : "",
                         STR_ARG(faults.at[i].path), STR_ARG(faults.at[i].text));
    return all;
}

struct text_case {
    const char *body, *faults;
};

static void run_cases(const char *head, const struct text_case *cases, size_t count)
{
    _cleanup_arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < count; i++) {
        struct str manifest = str_printf(a, "%s%s", head, cases[i].body);
        struct str faults = check(a, str_cz(a, manifest));

        if (!str_is(faults, cases[i].faults))
            fail_msg("case %zu: found\n" STR_FMT "\nexpected\n%s", i, STR_ARG(faults),
                     cases[i].faults);
    }
}

#define HEAD(kind_) "apiVersion: argoproj.io/v1alpha1\nkind: " kind_ "\nmetadata: {name: x}\n"

static void test_event_sources(void **state)
{
    static const struct text_case cases[] = {
        {"spec:\n  sqs:\n    a: {region: r, queue: q, waitTimeSeconds: 20, jsonBody: true}\n",
         ""},
        {"spec:\n  webhook:\n    a: {endpoint: /x, port: \"12000\", method: POST}\n", ""},
        {"spec:\n  webhook:\n    a: {endpoint: /x, port: 12000}\n",
         "spec.webhook.a.port: expected text, found number 12000: write it in quotes, "
         "\"12000\""},
        {"spec:\n  webhook:\n    a: {endpoint: /x, port: \"1\", filter: {expression: x}}\n",
         ""},
        {"spec:\n  webhook:\n    a: {endpont: /x, endpoint: /x, port: \"1\"}\n",
         "spec.webhook.a.endpont: unknown field \"endpont\", did you mean \"endpoint\"?"},
        {"spec:\n  calendar:\n    a: {interval: 1s}\n", ""},
        {"spec:\n  emitter:\n    a: {broker: x}\n",
         "spec.emitter: \"emitter\" is not supported yet"},
        {"spec:\n  emitter:\n    a: {broker: x, step: 2}\n",
         "spec.emitter: \"emitter\" is not supported yet\n"
         "spec.emitter.a.step: unknown field \"step\""},
        {"spec:\n  emitter: {}\n  sqs:\n    a: {region: r, queue: q}\n", ""},
        {"spec:\n  sqs:\n    a: {region: r, queue: q, roleARN: arn}\n", ""},
        {"spec:\n  replicas: 2\n  service: {ports: [{port: 1}]}\n  template:\n    container:\n"
         "      volumeMounts: [{name: v, mountPath: /v, subPathExpr: x}]\n  sqs:\n"
         "    a: {region: r, queue: q}\n",
         ""},
        {"spec:\n  template:\n    container: {env: [{name: A, value: b}]}\n  sqs:\n"
         "    a: {region: r, queue: q}\n",
         "spec.template.container.env: \"env\" is not supported yet; sources read the server's "
         "own environment"},
        {"status: {conditions: [{type: Deployed, status: \"True\"}]}\nspec:\n  sqs:\n"
         "    a: {region: r, queue: q}\n",
         ""},
    };

    (void) state;
    run_cases(HEAD("EventSource"), cases, COUNT_OF(cases));
}

/* CVE-2025-32445: a container of an event source or sensor could ask to be privileged, and was.
 * Here no pod runs for them: fields of pods are taken and mean nothing, and the list of a
 * container's fields is whole. */
static void test_CVE_2025_32445_fields_of_pods_do_nothing(void **state)
{
    static const char *const rest =
        "spec:\n  template:\n    securityContext: {runAsUser: 0}\n    container:\n"
        "      securityContext: {privileged: true, runAsUser: 0, capabilities: {add: [ALL]}}\n";
    static const char *const odd[] = {"command: [sh]", "args: [x]", "image: evil",
                                      "lifecycle: {}", "name: main"};
    static const char *const kinds[][2] = {
        {"EventSource", "  sqs:\n    a: {region: r, queue: q}\n"},
        {"Sensor", "  dependencies:\n  - {name: d, eventSourceName: e, eventName: v}\n"
                   "  triggers:\n  - template: {name: t, log: {}}\n"}};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct str head = str_printf(a, HEAD("%s") "%s", kinds[i][0], rest), faults;

        faults = check(a, str_cz(a, str_printf(a, STR_FMT "%s", STR_ARG(head), kinds[i][1])));
        if (!str_is_empty(faults))
            fail_msg("%s: " STR_FMT, kinds[i][0], STR_ARG(faults));
        for (size_t k = 0; k < COUNT_OF(odd); k++) {
            faults = check(a, str_cz(a, str_printf(a, STR_FMT "      %s\n%s", STR_ARG(head),
                                                   odd[k], kinds[i][1])));
            if (str_find(faults, STR("spec.template.container.")) == SIZE_MAX)
                fail_msg("%s %s: \"" STR_FMT "\"", kinds[i][0], odd[k], STR_ARG(faults));
        }
    }
}

#define DEPENDENCY "spec:\n  dependencies:\n  - {name: d, eventSourceName: e, eventName: v}\n"
#define FILTERED(filters_)                                                            \
    "spec:\n  dependencies:\n  - name: d\n    eventSourceName: e\n    eventName: v\n" \
    "    filters: " filters_ "\n  triggers:\n  - template: {name: t, log: {}}\n"

static void test_sensors(void **state)
{
    static const struct text_case cases[] = {
        {DEPENDENCY "  triggers:\n  - template: {name: t, log: {}}\n", ""},
        {DEPENDENCY "  triggers:\n  - template:\n    name: t\n    k8s: {operation: create}\n",
         "spec.triggers[0].template: \"template\" is empty and \"name\", \"k8s\" stand beside "
         "it: "
         "indent them by two more spaces to stand inside \"template\""},
        {DEPENDENCY "  triggers:\n  - template:\n    name: t\n",
         "spec.triggers[0].template: \"template\" is empty and \"name\" stands beside it: "
         "indent "
         "it by two more spaces to stand inside \"template\""},
        {DEPENDENCY "  triggers:\n  - template: {name: t, slack: {channel: u}}\n",
         "spec.triggers[0].template.slack: \"slack\" is not supported yet"},
        {DEPENDENCY "  triggers:\n  - template: {name: t, pulsar: {}}\n",
         "spec.triggers[0].template.pulsar: \"pulsar\" is not supported yet"},
        {DEPENDENCY "  triggers:\n  - template:\n      name: t\n      k8s:\n"
                    "        operation: patch\n        source: {resource: {kind: Job}}\n"
                    "        patchStrategy: application/merge-patch+json\n",
         ""},
        {DEPENDENCY "  triggers:\n  - template:\n      name: t\n      k8s:\n"
                    "        operation: update\n        liveObject: true\n"
                    "        source: {s3: {endpoint: a}}\n",
         "spec.triggers[0].template.k8s.source.s3: \"s3\" is not supported yet"},
        {DEPENDENCY "  triggers:\n  - template:\n      name: t\n      argoWorkflow:\n"
                    "        operation: resume\n        source: {resource: {kind: Workflow}}\n"
                    "        args: [--node-field-selector, displayName=a]\n",
         ""},
        {DEPENDENCY "  triggers:\n  - template:\n      name: t\n      argoWorkflow:\n"
                    "        operation: Submit\n        source: {resource: {kind: Workflow}}\n",
         "spec.triggers[0].template.argoWorkflow.operation: expected one of submit, "
         "submit-from, suspend, resubmit, retry, resume, terminate, stop, found text "
         "\"Submit\""},
        {DEPENDENCY "  triggers:\n  - template:\n      name: t\n      argoWorkflow:\n"
                    "        operation: submit\n        source: {git: {url: a}}\n",
         "spec.triggers[0].template.argoWorkflow.source.git: \"git\" is not supported yet"},
        {DEPENDENCY "  triggers:\n  - template: {name: t, log: {}, atLeastOnce: true}\n",
         "spec.triggers[0].template.atLeastOnce: unknown field \"atLeastOnce\""},
        {DEPENDENCY "  triggers:\n  - template: {name: t, log: {}}\n    atLeastOnce: true\n"
                    "    parameters:\n    - src: {dependencyName: d, dataKey: a, value: \"1\", "
                    "useRawData: true}\n      dest: name\n      operation: append\n",
         ""},
        {DEPENDENCY "  triggers:\n  - template: {name: t, log: {}}\n    parameters:\n"
                    "    - src: {dependencyName: d, dataTemplate: x}\n      dest: name\n",
         ""},
        {DEPENDENCY
         "  triggers:\n  - template: {name: t, log: {}}\n    policy: {k8s: {labels: {a: b}}}\n"
         "    retryStrategy: {}\n    rateLimit: {unit: Second, requestsPerUnit: 3}\n",
         ""},
        {DEPENDENCY "  triggers:\n  - template:\n      name: t\n      log: {}\n"
                    "      conditionsReset: [{byTime: {cron: \"0 0 * * *\"}}]\n",
         ""},
    };
    static const struct text_case filters[] = {
        {FILTERED("{data: [{path: a, type: string, value: [x], comparator: \">=\"}], "
                  "dataLogicalOperator: or, context: {type: sqs}, time: {start: \"01:00:00\", "
                  "stop: \"02:00:00\"}}"),
         ""},
        {FILTERED("{data: [{path: a, type: string, value: [x], template: z}]}"), ""},
        {FILTERED("{script: x, exprs: [{expr: a, fields: [{path: a, name: a}]}]}"), ""},
        {FILTERED("{data: [{path: a, type: number, value: [1]}]}"),
         "spec.dependencies[0].filters.data[0].value[0]: expected text, found number 1: write "
         "it "
         "in quotes, \"1\""},
        {FILTERED("{data: [{path: a, type: string, value: x}]}"),
         "spec.dependencies[0].filters.data[0].value: expected a list, found text \"x\""},
    };

    (void) state;
    run_cases(HEAD("Sensor"), cases, COUNT_OF(cases));
    run_cases(HEAD("Sensor"), filters, COUNT_OF(filters));
}

static void test_event_buses(void **state)
{
    static const struct text_case cases[] = {
        {"spec: {nats: {native: {replicas: 3, auth: token}}}\n", ""},
        {"spec: {jetstream: {version: latest, replicas: 3, streamConfig: \"maxAge: 1h\"}}\n",
         ""},
        {"spec: {kafka: {url: \"k:9092\", consumerGroup: {groupName: g}}}\n",
         "spec.kafka: \"kafka\" is not supported yet"},
        {"spec: {jetstreamExotic: {url: \"nats://h\"}}\n",
         "spec.jetstreamExotic: \"jetstreamExotic\" is not supported yet"},
        {"spec: {nats: {exotic: {url: u, clusterID: c}}}\n",
         "spec.nats.exotic: \"exotic\" is not supported yet"},
        {"spec: {jetstream: {version: latest, replicas: three}}\n",
         "spec.jetstream.replicas: expected a whole number, found text \"three\""},
        {"spec: {jetstream: {version: latest, replicas: 3000000000}}\n",
         "spec.jetstream.replicas: 3000000000 is not within -2147483648 and 2147483647"},
    };

    (void) state;
    run_cases(HEAD("EventBus"), cases, COUNT_OF(cases));
}

/*
 * Where the tables are stricter: Go matches names in any case and drops what it does not know,
 * and its YAML makes text of numbers and of yes and no where text is wanted (only without a
 * cluster: kubectl does not). The tables refuse all of that, and a document without kind or
 * name.
 */
static bool is_stricter(const struct field_fault *fault)
{
    static const char *const roots[] = {"apiVersion", "kind", "metadata"};

    for (size_t i = 0; i < COUNT_OF(roots); i++)
        if (str_is(fault->path, roots[i]) && str_is(fault->text, "is required"))
            return true;
    return str_starts(fault->text, STR("unknown field")) ||
           (str_starts(fault->text, STR("expected text, found ")) &&
            str_find(fault->text, STR("write it in quotes")) != SIZE_MAX);
}

/* The original refuses it, too, only later and in other words. */
static bool is_refused_later(const struct json *row, struct str text)
{
    return json_is(json_get(row, STR("out")), JSON_OBJECT) &&
           (str_starts(text, STR("expected one of ")) || str_is(text, "is required"));
}

static int check_decoding(struct arena *a, const struct shape *shape, const struct json *row)
{
    bool must_fail = str_starts(json_get_str(row, STR("err")), STR("decode:"));
    struct field_faults faults = {.max = 100};
    struct yaml_documents docs;
    struct err err = {0};
    size_t wrong = 0;

    if (yaml_parse_all(a, json_get_str(row, STR("in")), &docs, &err) < 0)
        return must_fail;
    if (docs.len == 0)
        return !must_fail;
    field_check(a, shape, &docs.at[0], STR(""), &faults);
    for (size_t i = 0; i < faults.len; i++) {
        const struct field_fault *fault = &faults.at[i];

        if (fault->kind == ERR_INVALID &&
            (must_fail ? !str_is(fault->text, "is required")
                       : !is_stricter(fault) && !is_refused_later(row, fault->text)))
            wrong++;
    }
    return (wrong > 0) == must_fail;
}

static int check_event_source(struct arena *a, const struct json *row)
{
    return check_decoding(a, &shape_event_source, row);
}

static int check_sensor(struct arena *a, const struct json *row)
{
    return check_decoding(a, &shape_sensor, row);
}

static int check_event_bus(struct arena *a, const struct json *row)
{
    return check_decoding(a, &shape_event_bus, row);
}

static void test_decoding(void **state)
{
    (void) state;
    golden_each("events/eventsource-validate.jsonl", check_event_source, 339);
    golden_each("events/sensor-validate.jsonl", check_sensor, 252);
    golden_each("events/eventbus-validate.jsonl", check_event_bus, 40);
}

/* Every row that is reachable has a sentence, and no name stands twice in a shape. */
static void check_shape(const struct shape *shape, unsigned depth)
{
    const struct shape *walk = shape;
    const struct field *row = NULL;

    while (field_rows_next(&walk, &row)) {
        size_t len = strlen(row->doc);

        if (len < 4 || row->doc[len - 1] != '.')
            fail_msg("%s.%s: \"%s\" is no sentence", shape->name, row->name, row->doc);
        if (field_find(shape, str_from(row->name)) != row)
            fail_msg("%s.%s stands twice", shape->name, row->name);
        if (row->shape && depth > 0)
            check_shape(row->shape, depth - 1);
    }
}

static void test_rows(void **state)
{
    (void) state;
    check_shape(&shape_event_source, 5);
    check_shape(&shape_sensor, 7);
    check_shape(&shape_event_bus, 5);
}

/* A trigger stands in a trigger: the schema comes to an end all the same. */
static void test_schema(void **state)
{
    static const struct shape *const shapes[] = {&shape_event_source, &shape_sensor,
                                                 &shape_event_bus};
    static const char *const words[] = {"\"waitTimeSeconds\"", "\"dlqTrigger\"",
                                        "\"jetstream\""};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        struct json schema = field_schema(a, shapes[i]);
        struct str text = json_text(a, &schema, 0);

        assert_true(str_find(text, str_from(words[i])) != SIZE_MAX);
        assert_true(text.len < 400000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_sources),
        cmocka_unit_test(test_sensors),
        cmocka_unit_test(test_CVE_2025_32445_fields_of_pods_do_nothing),
        cmocka_unit_test(test_sensors),
        cmocka_unit_test(test_event_buses),
        cmocka_unit_test(test_decoding),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_schema),
    };

    return cmocka_run_group_tests_name("shapes_events", tests, NULL, NULL);
}
