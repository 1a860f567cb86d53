/*
 * Artifact repositories: which ConfigMap is meant, what stands in the status, what a pod is
 * told about places and keys, and what is wrong with a repository.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "workflows/engine/script_test.h"

#define MAPS                                                                                  \
    "artifact-repositories:\n"                                                                \
    "  metadata: {annotations: {workflows.argoproj.io/default-artifact-repository: first}}\n" \
    "  data:\n"                                                                               \
    "    first: |\n"                                                                          \
    "      s3: {endpoint: 'h:1', bucket: b, accessKeySecret: {name: s, key: a}}\n"            \
    "    dated: |\n"                                                                          \
    "      archiveLogs: true\n"                                                               \
    "      s3: {endpoint: 'h:1', bucket: b, keyFormat: 'x/{{workflow.name}}/{{pod.name}}/"    \
    "{{inputs.parameters.word}}/{{nothing.here}}'}\n"                                         \
    "    prefixed: |\n"                                                                       \
    "      s3: {endpoint: 'h:1', bucket: b, keyPrefix: pre/}\n"                               \
    "    cloudy: |\n      hdfs: {hdfsUser: b}\n"                                              \
    "    typo: |\n      s3: {endpint: h}\n"                                                   \
    "    broken: '{'\n"                                                                       \
    "    text: hello\n"                                                                       \
    "other: {data: {k: '{s3: {endpoint: h2, bucket: b2}}'}}\n"

#define ONE(spec, artifacts)                                                                 \
    HEAD "  entrypoint: say\n" spec "  templates:\n  - name: say\n    inputs: {parameters: " \
         "[{name: word, default: w}]}\n" artifacts "    container: {image: busybox}\n"
#define OUT "    outputs: {artifacts: [{name: o, path: /o}]}\n"

static const struct json *config_map(void *ctx, struct str ns, struct str name)
{
    return str_is(ns, "default") ? json_get(ctx, name) : NULL;
}

static void begin(struct runner *r, struct arena *a, struct json *maps, const char *yaml)
{
    struct err err;

    if (yaml_parse(a, STR(MAPS), maps, &err) < 0)
        fail_msg("%s", err.text);
    r->world.config_map = config_map;
    r->world.ctx = maps;
    start(r, a, yaml);
    wake(r);
}

static struct str location_of(struct arena *a, const struct runner *r)
{
    const struct json *location;

    if (r->waiting.len == 0)
        return STR("no pod");
    location = json_get(r->waiting.at[0]->request.template, STR("archiveLocation"));
    return location ? json_text(a, location, JSON_SORT_KEYS) : STR("none");
}

static void test_what_a_pod_is_told(void **state)
{
    static const struct {
        const char *yaml, *location;
    } cases[] = {
        {ONE("", OUT),
         "{\"archiveLogs\":false,\"s3\":{\"accessKeySecret\":{\"key\":\"a\","
         "\"name\":\"s\"},\"bucket\":\"b\",\"endpoint\":\"h:1\",\"key\":\"wf/wf\"}}"},
        {ONE("", ""), "none"},
        {ONE("  archiveLogs: true\n  artifactRepositoryRef: {key: prefixed}\n", ""),
         "{\"archiveLogs\":true,\"s3\":{\"bucket\":\"b\",\"endpoint\":\"h:1\",\"key\":\"pre/wf/"
         "wf\"}}"},
        {ONE("  artifactRepositoryRef: {key: dated}\n",
             "    archiveLocation: {archiveLogs: false}\n"),
         "{\"archiveLogs\":true,\"s3\":{\"bucket\":\"b\",\"endpoint\":\"h:1\",\"key\":\"x/wf/"
         "wf/"
         "w/{{nothing.here}}\"}}"},
        {ONE("  archiveLogs: true\n", "    archiveLocation: {archiveLogs: false}\n"),
         "{\"archiveLogs\":false}"},
        {ONE("  artifactRepositoryRef: {configMap: other, key: k}\n", OUT),
         "{\"archiveLogs\":false,\"s3\":{\"bucket\":\"b2\",\"endpoint\":\"h2\",\"key\":\"wf/"
         "wf\"}"
         "}"},
        {ONE("", "    archiveLocation: {s3: {endpoint: e, bucket: x, key: ky}}\n" OUT),
         "{\"s3\":{\"bucket\":\"x\",\"endpoint\":\"e\",\"key\":\"ky\"}}"},
        {ONE("",
             "    outputs: {artifacts: [{name: o, path: /o, s3: {endpoint: e, bucket: x, key: "
             "ky}}]}\n"),
         "none"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct runner r = {0};
        struct json maps;
        struct str have;

        begin(&r, a, &maps, cases[i].yaml);
        have = location_of(a, &r);
        if (!str_is(have, cases[i].location))
            fail_msg("case %zu:\n" STR_FMT "\n%s", i, STR_ARG(have), cases[i].location);
        runner_done(&r);
    }
}

static void test_the_local_one(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};

    (void) state;
    start(&r, a, ONE("", "    archiveLocation: {s3: {key: mine}}\n" OUT));
    wake(&r);
    assert_text(location_of(a, &r), "{\"archiveLogs\":false,\"s3\":{\"key\":\"mine\"}}");
    assert_null(json_get(status_of(&r, a), STR("artifactRepositoryRef")));
    runner_done(&r);
}

/* What was found at the beginning stays, whatever becomes of the ConfigMap. */
static void test_stands_in_the_status(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct runner r = {0};
    struct json maps;
    struct str status;

    (void) state;
    begin(&r, a, &maps, ONE("", OUT));
    status =
        json_text(a, json_get(status_of(&r, a), STR("artifactRepositoryRef")), JSON_SORT_KEYS);
    assert_text(status,
                "{\"artifactRepository\":{\"s3\":{\"accessKeySecret\":{\"key\":\"a\",\"name\":"
                "\"s\"},\"bucket\":\"b\",\"endpoint\":\"h:1\"}},\"configMap\":\"artifact-"
                "repositories\",\"key\":\"first\",\"namespace\":\"default\"}");
    r.world.ctx = NULL;
    runner_crash(&r);
    assert_text(
        json_text(a, json_get(status_of(&r, a), STR("artifactRepositoryRef")), JSON_SORT_KEYS),
        str_cz(a, status));
    assert_true(str_find(location_of(a, &r), STR("\"bucket\":\"b\"")) != SIZE_MAX);
    runner_done(&r);
}

static void test_what_is_wrong(void **state)
{
    static const struct {
        const char *ref, *message;
    } cases[] = {
        {"{key: gone}",
         "failed to find any artifact repository for artifact repository ref "
         "\"default/artifact-repositories#gone\": the ConfigMap has no such key"},
        {"{configMap: lost, key: k}",
         "failed to find any artifact repository for artifact repository ref "
         "\"default/lost#k\": there is no such ConfigMap"},
        {"{key: typo}", "ConfigMap 'artifact-repositories', key 'typo': s3.endpint: unknown "
                        "field \"endpint\", did you mean \"endpoint\"?"},
        {"{key: text}", "ConfigMap 'artifact-repositories', key 'text': a repository is an "
                        "object with a member s3 or another kind of store"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const char *yaml =
            str_cz(a, str_printf(a, ONE("  artifactRepositoryRef: %s\n", OUT), cases[i].ref));
        struct runner r = {0};
        struct json maps;

        begin(&r, a, &maps, yaml);
        assert_text(json_get_str(status_of(&r, a), STR("phase")), "Error");
        assert_text(json_get_str(status_of(&r, a), STR("message")),
                    str_cz(a, str_concat(a, STR("failed to resolve artifact repository: "),
                                         str_from(cases[i].message))));
        assert_int_equal(r.waiting.len, 0);
        runner_done(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_pod_is_told),
        cmocka_unit_test(test_the_local_one),
        cmocka_unit_test(test_stands_in_the_status),
        cmocka_unit_test(test_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
