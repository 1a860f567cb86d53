/* Tests of the controller's ConfigMap: every key in both forms, what is wrong with the message,
 * and the holder on a real store: what is wrong changes nothing, what is deleted is as if it
 * had never been. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"
#include "formats/yaml.h"
#include "tests/support/store_world.h"

static struct json map_of(struct arena *a, const char *data)
{
    struct json doc;
    struct err err;
    struct str text = str_printf(a,
                                 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "
                                 "workflow-controller-configmap, namespace: argo, uid: u}\n"
                                 "data:\n%s",
                                 data);

    if (yaml_parse(a, text, &doc, &err) < 0)
        fail_msg("%s: %s", err.text, data);
    return doc;
}

static const struct config *parse(struct arena *a, const char *data)
{
    struct json doc = map_of(a, data);
    struct err err;
    const struct config *c = config_parse(&doc, &err);

    if (!c)
        fail_msg("%s", err.text);
    return c;
}

static void check_all(const struct config *c)
{
    assert_true(c->archive.is_on);
    assert_int_equal(c->archive.ttl_ms, 30LL * 86400000);
    assert_non_null(c->archive.labels);
    assert_int_equal(c->parallelism, 10);
    assert_int_equal(c->namespace_parallelism, 4);
    assert_true(c->pod_rate.is_on);
    assert_true(c->pod_rate.per_second > 9.9 && c->pod_rate.per_second < 10.1);
    assert_int_equal(c->pod_rate.burst, 1);
    assert_true(c->retention.is_on);
    assert_int_equal(c->retention.succeeded, 10);
    assert_int_equal(c->retention.failed, 3);
    assert_int_equal(c->retention.errored, 0);
    assert_int_equal(c->links->count, 1);
    assert_int_equal(c->columns->count, 1);
    assert_true(str_is(c->nav_color, "red"));
    assert_int_equal(c->initial_delay_ms, 5000);
    assert_false(c->tells_of_nodes);
    assert_true(c->tells_of_workflows);
    assert_true(str_is(c->instance_id, "5"));
    assert_true(str_is(c->namespace, "argo"));
    assert_int_equal(c->referencing, CONFIG_REFERS_SECURELY);
    assert_true(json_path(c->workflow_defaults, "spec", "ttlStrategy", NULL) != NULL);
    assert_true(json_get(c->artifact_repository, STR("s3")) != NULL);
    assert_false(c->serves_limits);
    assert_int_equal(c->idle_count, 3);
    assert_true(str_is(c->idle_keys[0], "executor"));
    assert_true(str_is(c->idle_keys[1], "persistence.postgresql"));
    assert_true(str_is(c->idle_keys[2], "synchronization.controllerName"));
}

#define NESTED                                                                           \
    "    parallelism: 10\n    namespaceParallelism: 4\n"                                 \
    "    resourceRateLimit: {limit: 10, burst: 1}\n"                                     \
    "    persistence:\n      archive: true\n      archiveTTL: 30d\n"                     \
    "      archiveLabelSelector: {matchLabels: {keep: 'yes'}}\n"                         \
    "      postgresql: {host: db}\n"                                                     \
    "    retentionPolicy: {completed: 10, failed: 3}\n"                                  \
    "    links: [{name: Logs, scope: pod, url: 'http://x'}]\n"                           \
    "    columns: [{name: Team, type: label, key: team}]\n    navColor: red\n"           \
    "    initialDelay: 5s\n    nodeEvents: {enabled: false}\n    instanceID: '5'\n"      \
    "    namespace: argo\n    workflowRestrictions: {templateReferencing: Secure}\n"     \
    "    workflowDefaults: {spec: {ttlStrategy: {secondsAfterSuccess: 5}}}\n"            \
    "    artifactRepository: {s3: {bucket: b, endpoint: e}}\n    executor: {image: x}\n" \
    "    synchronization: {controllerName: c, enableAPI: false}\n"

static void test_one_text(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_config_ const struct config *c = parse(a, "  config: |\n" NESTED);

    (void) state;
    check_all(c);
}

static void test_keys(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_config_ const struct config *c =
        parse(a, "  parallelism: '10'\n  namespaceParallelism: '4'\n"
                 "  resourceRateLimit: |\n    limit: 10\n    burst: 1\n"
                 "  executor: |\n    image: x\n"
                 "  persistence: |\n    archive: true\n    archiveTTL: 30d\n"
                 "    archiveLabelSelector: {matchLabels: {keep: 'yes'}}\n"
                 "    postgresql: {host: db}\n"
                 "  retentionPolicy: |\n    completed: 10\n    failed: 3\n"
                 "  links: |\n    - {name: Logs, scope: pod, url: 'http://x'}\n"
                 "  columns: |\n    - {name: Team, type: label, key: team}\n"
                 "  navColor: red\n  initialDelay: 5s\n  nodeEvents: 'enabled: false'\n"
                 "  instanceID: '5'\n  namespace: argo\n"
                 "  workflowRestrictions: 'templateReferencing: Secure'\n"
                 "  workflowDefaults: |\n    spec: {ttlStrategy: {secondsAfterSuccess: 5}}\n"
                 "  artifactRepository: |\n    s3: {bucket: b, endpoint: e}\n"
                 "  synchronization: |\n    controllerName: c\n    enableAPI: false\n"
                 "  mainContainer: ''\n");

    (void) state;
    check_all(c);
}

static void test_nothing(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_config_ const struct config *c = parse(a, "  config: ''\n"), *none = config_new();

    (void) state;
    assert_false(c->archive.is_on || none->archive.is_on);
    assert_false(c->retention.is_on);
    assert_true(c->tells_of_nodes && none->tells_of_workflows);
    assert_true(c->serves_limits && none->serves_limits);
    assert_int_equal(c->parallelism, 0);
    assert_int_equal(c->idle_count, 0);
}

static void test_pods_and_metrics(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_config_ const struct config *none = config_new();
    _cleanup_config_ const struct config *c = parse(
        a, "  mainContainer: |\n    imagePullPolicy: Never\n    resources: {limits: {cpu: "
           "1}}\n    env: [{name: A, value: b}]\n"
           "  images: '{\"busybox:1\": {entrypoint: [sh, -c], cmd: [ls]}}'\n"
           "  metricsConfig: '{path: /numbers, port: 9090}'\n");
    _cleanup_config_ const struct config *off =
        parse(a, "  metricsConfig: '{enabled: false, path: /numbers}'\n"
                 "  podSpecLogStrategy: '{failedPod: true}'\n");

    (void) state;
    assert_null(none->main_container);
    assert_null(none->images);
    assert_true(str_is(none->metrics_path, "/metrics"));
    assert_true(str_is(json_get_str(c->main_container, STR("imagePullPolicy")), "Never"));
    assert_true(
        str_is(json_str(json_item(json_path(c->images, "busybox:1", "cmd", NULL), 0)), "ls"));
    assert_true(str_is(c->metrics_path, "/numbers"));
    assert_int_equal(c->idle_count, 1);
    assert_true(str_is(c->idle_keys[0], "metricsConfig.port"));
    assert_true(str_is(off->metrics_path, ""));
    assert_false(c->logs_all_pods || c->logs_failed_pods || off->logs_all_pods);
    assert_true(off->logs_failed_pods);
}

static void test_wrong(void **state)
{
    static const struct {
        const char *data, *message;
    } cases[] = {
        {"  parallelism: many\n", "parallelism: "},
        {"  paralelism: '4'\n", "paralelism: "},
        {"  parallelism: '-1'\n", "parallelism: "},
        {"  persistence: |\n    archiv: true\n", "persistence.archiv: "},
        {"  persistence: |\n    archiveTTL: soon\n", "persistence.archiveTTL: "},
        {"  persistence: |\n    archiveTTL: -5h\n",
         "persistence.archiveTTL: must not be negative"},
        {"  initialDelay: later\n", "initialDelay: "},
        {"  resourceRateLimit: '{limit: 0, burst: 1}'\n",
         "resourceRateLimit.limit: must be over 0"},
        {"  columns: '[{name: a, type: colour, key: b}]'\n", "columns[0].type: "},
        {"  workflowRestrictions: 'templateReferencing: Never'\n",
         "workflowRestrictions.templateReferencing: "},
        {"  links: |\n    - {\n", "links: "},
        {"  metricsConfig: 'path: metrics'\n",
         "metricsConfig.path: must begin with a slash, as /metrics; found metrics"},
        {"  mainContainer: 'resource: {}'\n", "mainContainer.resource: "},
        {"  images: 'a: {entrypoint: x}'\n", "images.a.entrypoint: "},
        {"  images: 'a: {command: [x]}'\n", "images.a.command: "},
        {"  artifactDrivers: '[{image: a}]'\n", "artifactDrivers[0].name: "},
        {"  artifactDrivers: '[{name: A/b}]'\n", "artifactDrivers[0].name: "},
        {"  artifactDrivers: '[{name: a, command: sh}]'\n", "artifactDrivers[0].command: "},
        {"  artifactDrivers: '[{name: a, connectionTimeoutSeconds: -1}]'\n",
         "artifactDrivers[0].connectionTimeoutSeconds: "},
        {"  artifactDrivers: '[{name: a}, {name: a}]'\n",
         "artifactDrivers[1].name: \"a\" is there twice"},
        {"  artifactDrivers: '[{name: a, socket: b/c}]'\n",
         "artifactDrivers[0].socket: \"b/c\" must be an absolute path"},
        {"  artifactDrivers: '[{name: a, socket: /s, command: [b]}]'\n",
         "artifactDrivers[0]: either command or socket, not both"},
        {"  config: '[]'\n", "config: an object is expected"},
        {"  config: '{a'\n", "config: "},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = map_of(a, cases[i].data);
        struct err err = {0};

        if (config_parse(&doc, &err))
            fail_msg("%s was taken", cases[i].data);
        if (strncmp(err.text, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s: %s", cases[i].data, err.text);
    }
}

static void test_drivers(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_config_ const struct config *none = config_new();
    _cleanup_config_ const struct config *c = parse(
        a, "  artifactDrivers: |\n    - {name: a, image: i, connectionTimeoutSeconds: 7}\n"
           "    - {name: b, command: [x, z]}\n    - {name: c, socket: /s}\n");

    (void) state;
    assert_true(str_is(json_get_str(config_artifact_driver(c, STR("a")), STR("image")), "i"));
    assert_true(str_is(json_get_str(config_artifact_driver(c, STR("c")), STR("socket")), "/s"));
    assert_null(config_artifact_driver(c, STR("d")));
    assert_null(config_artifact_driver(none, STR("a")));
}

static void test_archives(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_config_ const struct config *all = parse(a, "  persistence: 'archive: true'\n");
    _cleanup_config_ const struct config *some =
        parse(a, "  persistence: |\n    archive: true\n    archiveLabelSelector: {matchLabels: "
                 "{keep: 'yes'}}\n");
    _cleanup_config_ const struct config *none = config_new();
    struct json yes = json_set(a, NULL, STR("keep"), json_string(STR("yes")));

    (void) state;
    assert_true(config_archives(all, NULL));
    assert_true(config_archives(some, &yes));
    assert_false(config_archives(some, NULL));
    assert_false(config_archives(none, &yes));
}

static void test_serves(void **state)
{
    static const struct {
        const char *config, *metadata;
        bool is_served;
    } cases[] = {
        {"", "{namespace: a}", true},
        {"", "{namespace: a, labels: {workflows.argoproj.io/controller-instanceid: x}}", false},
        {"  instanceID: x\n",
         "{namespace: a, labels: {workflows.argoproj.io/controller-instanceid: x}}", true},
        {"  instanceID: x\n", "{namespace: a}", false},
        {"  config: |\n    namespace: a\n", "{namespace: a}", true},
        {"  config: |\n    namespace: a\n", "{namespace: b}", false},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        _cleanup_config_ const struct config *c =
            *cases[i].config ? parse(a, cases[i].config) : config_new();
        struct json doc;
        struct err err;

        assert_int_equal(
            yaml_parse(a, str_printf(a, "metadata: %s", cases[i].metadata), &doc, &err), 0);
        if (config_serves(c, &doc) != cases[i].is_served)
            fail_msg("case %zu", i);
    }
}

/* ---- the holder ---- */

struct world {
    char path[64];
    struct arena *a;
    struct loop *loop;
    struct store *store;
    int changes;
};

static void on_change(void *ctx)
{
    ((struct world *) ctx)->changes++;
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-config-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->store);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "state.lock"};
    struct world *w = *state;
    char file[128];

    store_close(w->store);
    loop_free(w->loop);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(file, sizeof(file), "%s/%s", w->path, names[i]);
        unlink(file);
    }
    rmdir(w->path);
    arena_free(w->a);
    free(w);
    return 0;
}

static void write_map(struct world *w, const char *data, bool is_new)
{
    struct store_txn *txn = store_txn_new(w->store);
    const struct store_key key = {STR(""), STR("ConfigMap"), STR("argo"),
                                  STR("workflow-controller-configmap")};
    struct json doc;

    if (data)
        doc = map_of(w->a, data);
    if (!data)
        store_txn_delete(txn, &key, STR(""), 0);
    else if (is_new)
        store_txn_create(txn, &doc);
    else
        store_txn_update(txn, &doc, 0);
    store_world_commit(w->store, txn);
}

static uint32_t parallelism(struct config_holder *h)
{
    _cleanup_config_ const struct config *c = config_get(h);

    return c->parallelism;
}

static void wait_changes(struct world *w, int count)
{
    for (int i = 0; i < 1000 && w->changes < count; i++)
        loop_run_once(w->loop, 5);
    assert_int_equal(w->changes, count);
}

static void test_holder(void **state)
{
    struct world *w = *state;
    struct config_holder *h;
    struct err err;

    write_map(w, "  parallelism: '3'\n", true);
    h = config_open(&(struct config_options){.loop = w->loop, .store = w->store}, &err);
    assert_non_null(h);
    config_on_change(h, on_change, w);
    assert_int_equal(parallelism(h), 3);
    write_map(w, "  parallelism: '5'\n", false);
    wait_changes(w, 1);
    assert_int_equal(parallelism(h), 5);
    write_map(w, "  parallelism: x\n", false); /* wrong: as it was */
    wait_changes(w, 2);
    assert_int_equal(parallelism(h), 5);
    write_map(w, NULL, false);
    wait_changes(w, 3);
    assert_int_equal(parallelism(h), 0);
    config_close(h);
}

static void test_other_place(void **state)
{
    struct world *w = *state;
    struct config_holder *h;
    struct err err;

    write_map(w, "  parallelism: x\n", true); /* wrong at the start: none */
    h = config_open(&(struct config_options){.loop = w->loop, .store = w->store}, &err);
    assert_int_equal(parallelism(h), 0);
    config_close(h);
    h = config_open(
        &(struct config_options){
            .loop = w->loop, .store = w->store, .ns = STR("other"), .name = STR("my-config")},
        &err);
    assert_int_equal(parallelism(h), 0);
    config_close(h);
    assert_int_equal(parallelism(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_text),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_pods_and_metrics),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_drivers),
        cmocka_unit_test(test_archives),
        cmocka_unit_test(test_serves),
        cmocka_unit_test_setup_teardown(test_holder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_place, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
