/* Tests of objects/manifest_go.h and field_go.h: golden vectors of the original's reader, Go's
 * names of types, places. */
#include "objects/manifest_go.h"

#include "tests/support/golden.h"

/* Without what Go always prints, or never. */
static struct json lean(struct arena *a, const struct json *v)
{
    struct json_object_builder object = {0};
    struct json_array_builder array = {0};

    for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->count; i++)
        json_push(a, &array, lean(a, &v->items[i]));
    for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->count; i++) {
        struct json inner = lean(a, &v->members[i].value);
        int64_t n = 1;
        bool is_zero = inner.type == JSON_NULL || (inner.type == JSON_BOOL && !inner.is_true) ||
                       (inner.type == JSON_NUMBER && json_i64(&inner, &n) && n == 0) ||
                       (inner.type >= JSON_STRING && inner.count == 0);

        if (!is_zero)
            json_add(a, &object, v->members[i].key, inner);
    }
    return v->type == JSON_ARRAY    ? json_array(&array)
           : v->type == JSON_OBJECT ? json_object(&object)
                                    : *v;
}

static bool is_type_right(const struct json *want, const struct shape *shape)
{
    struct str type = json_get_str(want, STR("type"));
    size_t dot = str_find_char(type, '.');

    return shape ? str_is(str_skip(type, dot + 1), shape->name) : str_is(type, "<nil>");
}

static int check_golden(struct arena *a, const struct json *row)
{
    const struct json *out = json_get(row, STR("out"));
    struct str id = json_get_str(row, STR("id"));
    struct manifest_go found =
        manifest_go_read(a, golden_text(a, row, "in"),
                         json_get_bool(row, STR("strict")) ? FIELD_GO_STRICT : FIELD_GO_LAX);

    for (size_t i = 0; i < found.len; i++) {
        const struct json *want = json_item(out, i);
        struct str fault = json_get_str(want, STR("err"));
        struct json doc, made = lean(a, &found.at[i].value);
        struct err err;

        if (!want || !is_type_right(want, found.at[i].shape))
            return false;
        if (!str_is_none(fault) || found.at[i].error.len > 0) {
            if (!str_eq(fault, found.at[i].error)) {
                print_error(STR_FMT ": found \"" STR_FMT "\"\n", STR_ARG(id),
                            STR_ARG(found.at[i].error));
                return false;
            }
            continue;
        }
        if (json_parse(a, json_get_str(want, STR("json")), &doc, &err) < 0)
            return false;
        doc = lean(a, &doc);
        if (!json_equal(&doc, &made)) {
            print_error(STR_FMT ": found \"" STR_FMT "\"\n", STR_ARG(id),
                        STR_ARG(json_text(a, &made, JSON_SORT_KEYS)));
            return false;
        }
    }
    return found.len == out->count;
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("formats/manifests.jsonl", check_golden, 142);
}

static void test_texts(void **state)
{
    static const char *const cases[][2] = {
        {"kind: Workflow\nspec: {a: 1, templates: [{name: x, b: 1}]}\n",
         "strict decoding error: unknown field \"spec.a\", unknown field "
         "\"spec.templates[0].b\""},
        {"kind: Workflow\nspec: {z: 1, entrypoint: {}}\n",
         "json: cannot unmarshal object into Go struct field WorkflowSpec.spec.entrypoint of "
         "type string"},
        {"kind: Workflow\nspec: {arguments: {parameters: {a: b}}}\n",
         "json: cannot unmarshal object into Go struct field "
         "Arguments.spec.arguments.parameters of type []v1alpha1.Parameter"},
        {"kind: Workflow\nspec: {volumes: [1]}\n",
         "json: cannot unmarshal number into Go struct field WorkflowSpec.spec.volumes of type "
         "v1.Volume"},
        {"kind: CronWorkflow\nspec: {failedJobsHistoryLimit: x}\n",
         "json: cannot unmarshal string into Go struct field "
         "CronWorkflowSpec.spec.failedJobsHistoryLimit of type int32"},
        {"kind: Workflow\nspec: {entrypoint: m}\n", ""},
        {"kind: Workflow\nspec: {volumes: [{emptyDir: 1}]}\n",
         "json: cannot unmarshal number into Go struct field "
         "Volume.spec.volumes.VolumeSource.emptyDir of type v1.EmptyDirVolumeSource"},
        {"kind: Workflow\nspec: {volumes: [{configMap: {name: 1}}]}\n",
         "json: cannot unmarshal number into Go struct field "
         "ConfigMapVolumeSource.spec.volumes.VolumeSource.configMap.LocalObjectReference.name "
         "of "
         "type string"},
        {"kind: Workflow\nspec: {podResources: {limits: 1}}\n",
         "json: cannot unmarshal number into Go struct field "
         "ResourceRequirements.spec.podResources.limits of type v1.ResourceList"},
        {"kind: Workflow\nspec: {arguments: {parameters: [{enum: 1}]}}\n",
         "json: cannot unmarshal number into Go struct field "
         "Parameter.spec.arguments.parameters.enum of type []v1alpha1.AnyString"},
        {"kind: Workflow\nspec: {hooks: {exit: 1}}\n",
         "json: cannot unmarshal number into Go struct field WorkflowSpec.spec.hooks of type "
         "v1alpha1.LifecycleHook"},
        {"kind: Workflow\nspec: {podGC: {strategy: 1}}\n",
         "json: cannot unmarshal number into Go struct field PodGC.spec.podGC.strategy of type "
         "v1alpha1.PodGCStrategy"},
        {"kind: Workflow\nspec: {arguments: {artifacts: [{artifactory: {usernameSecret: 1}}, "
         "{hdfs: {krbRealm: 1}}]}}\n",
         "json: cannot unmarshal number into Go struct field "
         "ArtifactoryArtifact.spec.arguments.artifacts.ArtifactLocation.artifactory."
         "ArtifactoryAuth.usernameSecret of type v1.SecretKeySelector"},
        {"kind: Workflow\nspec: {arguments: {artifacts: [{hdfs: {krbRealm: 1}}]}}\n",
         "json: cannot unmarshal number into Go struct field "
         "HDFSArtifact.spec.arguments.artifacts.ArtifactLocation.hdfs.HDFSConfig.HDFSKrbConfig."
         "krbRealm of type string"},
        {"kind: Workflow\nspec: {templates: [{data: {source: {artifactPaths: {s3: 1}}}}]}\n",
         "json: cannot unmarshal number into Go struct field "
         "ArtifactPaths.spec.templates.data.source.artifactPaths.Artifact.ArtifactLocation.s3 "
         "of "
         "type v1alpha1.S3Artifact"},
        {"kind: Workflow\nspec: {affinity: {podAntiAffinity: "
         "{requiredDuringSchedulingIgnoredDuringExecution: 1}}}\n",
         "json: cannot unmarshal number into Go struct field "
         "PodAntiAffinity.spec.affinity.podAntiAffinity."
         "requiredDuringSchedulingIgnoredDuringExecution of type []v1.PodAffinityTerm"},
        {"kind: Workflow\nspec: {templates: [{metrics: {prometheus: [{labels: 1}]}}]}\n",
         "json: cannot unmarshal number into Go struct field "
         "Prometheus.spec.templates.metrics.prometheus.labels of type []*v1alpha1.MetricLabel"},
        {"kind: Workflow\nmetadata: {creationTimestamp: x}\n",
         "parsing time \"x\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"x\" as \"2006\""},
        {"kind: Workflow\nmetadata: {creationTimestamp: [x]}\n",
         "json: cannot unmarshal array into Go struct field "
         "ObjectMeta.metadata.creationTimestamp of type string"},
        {"kind: Workflow\n\"a\\\"b\": 1\nspec: {\"x\\u00a0\": 1}\n",
         "strict decoding error: unknown field \"a\\\"b\", unknown field \"spec.x\\u00a0\""},
        {"kind: Workflow\nspec: {templates: [{template: b, container: {}, when: x}]}\n",
         "strict decoding error: unknown field \"spec.templates[0].template\", unknown field "
         "\"spec.templates[0].when\""},
        {"kind: Workflow\napiVersion: a/b/c\nspec: {a: <}\n",
         "error unmarshaling JSON: while decoding JSON: Object 'Kind' is missing in "
         "'{\"apiVersion\":\"a/b/c\",\"kind\":\"Workflow\",\"spec\":{\"a\":\"\\u003c\"}}'"},
        {"{\"kind\": \"Workflow\", \"apiVersion\": \"a/b/c\"}",
         "Object 'Kind' is missing in '{\"kind\": \"Workflow\", \"apiVersion\": \"a/b/c\"}'"},
        {"{\"kind\": 1}", "strict decoding error: unknown field \"kind\""},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct manifest_go found = manifest_go_read(a, str_from(cases[i][0]), FIELD_GO_STRICT);

        assert_int_equal(found.len, 1);
        if (!str_is(found.at[0].error, cases[i][1]))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(found.at[0].error));
    }
}

/* Steps decode themselves: their parts have names in any case. */
static void test_steps(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct manifest_go found = manifest_go_read(
        a,
        STR("kind: Workflow\nspec: {templates: [{steps: [[{arguments: {parameters: [{Name: p, "
            "VALUE: 1}]}}]]}]}\n"),
        FIELD_GO_STRICT);

    (void) state;
    assert_string_equal(
        json_text(a, &found.at[0].value, JSON_SORT_KEYS).ptr,
        "{\"kind\":\"Workflow\",\"spec\":{\"templates\":[{\"steps\":[[{"
        "\"arguments\":{\"parameters\":[{\"name\":\"p\",\"value\":\"1\"}]}}]]}]}}");
}

/* null in a list or map is the zero of its type. */
static void test_nulls(void **state)
{
    static const char *const text =
        "kind: Workflow\nmetadata: {labels: {a: null}}\nspec: {templates: [null, {container: "
        "{args: [null]}}], arguments: {parameters: [null]}, hooks: {x: null}}\n";
    static const char *const wanted =
        "{\"kind\":\"Workflow\",\"metadata\":{\"labels\":{\"a\":\"\"}},\"spec\":{\"arguments\":"
        "{\"parameters\":[{}]},\"hooks\":{\"x\":{}},\"templates\":[{},{\"container\":{\"args\":"
        "[\"\"]}}]}}";
    _cleanup_arena_ struct arena *a = arena_new();
    struct manifest_go found = manifest_go_read(a, str_from(text), FIELD_GO_STRICT);

    (void) state;
    assert_int_equal(found.len, 1);
    assert_string_equal(json_text(a, &found.at[0].value, JSON_SORT_KEYS).ptr, wanted);
}

static void test_bad_yaml(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct manifest_go found =
        manifest_go_read(a, STR("a: [\n---\nkind: Workflow\n"), FIELD_GO_STRICT);

    (void) state;
    assert_true(found.has_bad_yaml);
    assert_int_equal(found.len, 1);
    found = manifest_go_read(a, STR("kind: Workflow\nSpec: {Entrypoint: 1}\n"), FIELD_GO_LAX);
    assert_string_equal(found.at[0].error.ptr,
                        "json: cannot unmarshal number into Go struct field "
                        "WorkflowSpec.spec.entrypoint of type string");
    found = manifest_go_read(a, STR("kind: y\n---\nkind: []\n---\nkind: ''\n---\n{} # x\n"),
                             FIELD_GO_LAX);
    assert_true(found.has_bad_yaml);
    assert_int_equal(found.len, 0);
    found = manifest_go_read(a, STR(""), FIELD_GO_LAX);
    assert_false(found.has_bad_yaml);
    assert_int_equal(found.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),   cmocka_unit_test(test_texts),
        cmocka_unit_test(test_nulls),    cmocka_unit_test(test_steps),
        cmocka_unit_test(test_bad_yaml),
    };

    return cmocka_run_group_tests_name("manifests as the original reads them", tests, NULL,
                                       NULL);
}
