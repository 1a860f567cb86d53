/* Manifests of workflows against their tables: what passes, what is refused, what each fault
 * says; the tables themselves; columns and defaults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/map.h"
#include "objects/object.h"
#include "objects/shapes.h"

#define HEAD(kind) "apiVersion: argoproj.io/v1alpha1\nkind: " kind "\nmetadata: {name: a}\n"
#define WORKFLOW   HEAD("Workflow") /* 3 lines */

/* All faults of a manifest, one a line; or the error of reading it. */
static struct str faults_of(struct arena *a, struct str text)
{
    struct object_documents docs;
    struct str all = STR("");
    struct err err;

    if (object_read(a, STR("x.yaml"), text, &docs, &err) < 0)
        return str_copy(a, str_from(err.text));
    for (size_t i = 0; i < docs.len; i++) {
        struct field_faults faults = {0};
        bool is_good;

        is_good = object_check(a, &docs.at[i], &faults);
        assert_int_equal(is_good, faults.len == 0);
        for (size_t j = 0; j < faults.len; j++)
            all = str_printf(a, STR_FMT "%s" STR_FMT "%s", STR_ARG(all), all.len ? "\n" : "",
                             STR_ARG(object_fault_text(a, &docs.at[i], &faults.at[j])),
                             faults.at[j].kind == ERR_UNSUPPORTED ? " (U)" : "");
    }
    return all;
}

static void check_text(const char *text, const char *expected)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str found = faults_of(a, str_from(text));

    if (!str_is(found, expected))
        fail_msg("found:\n" STR_FMT "\nin:\n%s", STR_ARG(found), text);
}

static void test_good_workflow(void **state)
{
    (void) state;
    check_text(
        WORKFLOW
        "spec:\n"
        "  entrypoint: main\n"
        "  onExit: bye\n"
        "  arguments: {parameters: [{name: a, value: 1}, {name: b, default: true}]}\n"
        "  serviceAccountName: runner\n"
        "  parallelism: 3\n"
        "  activeDeadlineSeconds: 60\n"
        "  podMetadata: {labels: {x: z}}\n"
        "  workflowMetadata: {annotations: {x: z}}\n"
        "  hooks: {exit: {template: bye}}\n"
        "  volumes: [{name: v, emptyDir: {}}, {name: c, configMap: {name: m, items: [{key: k, "
        "path: p}]}}]\n"
        "  nodeSelector: {disk: ssd}\n"
        "  tolerations: [{key: a, operator: Exists}]\n"
        "  affinity: {nodeAffinity: {}}\n"
        "  podGC: {strategy: OnPodCompletion}\n"
        "  suspend: false\n"
        "  shutdown: \"\"\n"
        "  templates:\n"
        "  - name: main\n"
        "    inputs: {parameters: [{name: a, description: what}], artifacts: []}\n"
        "    steps:\n"
        "    - - name: one\n"
        "        template: work\n"
        "        arguments: {parameters: [{name: p, value: \"{{item}}\"}]}\n"
        "        withItems: [1, a, {b: c}, [d]]\n"
        "        continueOn: {failed: true}\n"
        "      - {name: two, templateRef: {name: t, template: u}, when: \"1 == 1\", "
        "withSequence: {count: 3}}\n"
        "    - - name: three\n"
        "        inline: {script: {image: sh, command: [sh], source: echo}}\n"
        "        hooks: {exit: {template: bye, arguments: {}}}\n"
        "  - {name: bye, container: {image: i}}\n"
        "  - name: graph\n"
        "    dag:\n"
        "      failFast: false\n"
        "      target: b\n"
        "      tasks:\n"
        "      - {name: a, template: work, onExit: bye}\n"
        "      - {name: b, template: work, dependencies: [a], withParam: \"{{x}}\"}\n"
        "      - {name: c, template: work, dependencies: [a, b]}\n"
        "  - name: work\n"
        "    metadata: {labels: {a: b}}\n"
        "    retryStrategy: {limit: 2, retryPolicy: OnError, backoff: {duration: 1m, factor: "
        "\"2\"}}\n"
        "    timeout: 30s\n"
        "    activeDeadlineSeconds: \"{{inputs.parameters.p}}\"\n"
        "    inputs: {parameters: [{name: p, default: 5}]}\n"
        "    container:\n"
        "      image: busybox\n"
        "      imagePullPolicy: Always\n"
        "      command: [sh, -c]\n"
        "      args: [ls]\n"
        "      env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]\n"
        "      envFrom: [{configMapRef: {name: m}}]\n"
        "      resources: {limits: {memory: 1Gi, cpu: 0.5}}\n"
        "      ports: [{containerPort: 80}]\n"
        "      volumeMounts: [{name: v, mountPath: /v}]\n"
        "    outputs: {parameters: [{name: o, valueFrom: {path: /tmp/o, default: x}}]}\n",
        "");
}

/* A line of a spec and what is said about it. */
static void test_refused(void **state)
{
    static const char *const cases[][2] = {
        {"volumeClaimTemplates: [{spec: {dataSource: {kind: K, name: x}}}]",
         "4:39: spec.volumeClaimTemplates[0].spec.dataSource: \"dataSource\""},
        {"volumeClaimTemplates: [{spec: {volumeMode: Block}}]",
         "4:51: spec.volumeClaimTemplates[0].spec.volumeMode: volumeMode Block is not "
         "supported "
         "yet"},
        {"volumes: [{name: v, nfs: {server: s, path: /}}]",
         "4:28: spec.volumes[0].nfs: \"nfs\" is not supported yet; volumes can be emptyDir, "
         "configMap, secret, projected, downwardAPI, persistentVolumeClaim, hostPath or "
         "ephemeral"},
        {"volumes: [{name: v, projected: {sources: [{podCertificate: {keyType: RSA, "
         "signerName: x}}]}}]",
         "4:51: spec.volumes[0].projected.sources[0].podCertificate: \"podCertificate\""},

        {"securityContext: {sysctls: [{name: a, value: b}]}",
         "4:26: spec.securityContext.sysctls: \"sysctls\""},
        {"templates: [{container: {image: x, livenessProbe: {grpc: {port: 1}}}}]",
         "4:59: spec.templates[0].container.livenessProbe.grpc: \"grpc\""},
        {"templates: [{container: {image: x, restartPolicy: Never}}]",
         "4:43: spec.templates[0].container.restartPolicy: \"restartPolicy\""},
        {"templates: [{steps: [[{name: a, inline: {container: {image: x, restartPolicy: "
         "Never}}}]]}]",
         "4:71: spec.templates[0].steps[0][0].inline.container.restartPolicy: "
         "\"restartPolicy\""},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str text = str_printf(a, WORKFLOW "spec: {%s}\n", cases[i][0]);
        bool is_short = str_find(str_from(cases[i][1]), STR("supported")) == SIZE_MAX;
        struct str found = faults_of(a, text);
        struct str right = str_printf(a, "x.yaml:%s%s (U)", cases[i][1],
                                      is_short ? " is not supported yet" : "");

        if (!str_eq(found, right))
            fail_msg("case %zu, %s:\n" STR_FMT, i, cases[i][0], STR_ARG(found));
    }
}

static void test_not_meant_is_not_refused(void **state)
{
    static const char *const cases[] = {
        ("archiveLogs: false, podSpecPatch: \"\", volumeClaimTemplates: [], templateDefaults: "
         "{}"),
        "templates: [{name: a, container: {image: i}, daemon: false, sidecars: [], inputs: "
        "{artifacts: "
        "[]}, http: null}]",
        "hooks: {}, metrics: null, securityContext: {}, arguments: {}",
        "arguments: {parameters: [{name: a, value: 'x {{=1 + 1}} y'}]}",
        "templates: [{name: m, container: {image: i, args: ['{{workflow.name}}', '{{=x}}', "
        "'{{=open}}']}}]",
        "templates: [{name: m, retryStrategy: {expression: 'true'}, container: {image: i}}]",
        ("templates: [{name: m, steps: [], outputs: {parameters: [{name: a, valueFrom: "
         "{expression: x}}]}}]"),
        "affinity: {podAffinity: {}}, podDisruptionBudget: {minAvailable: 1}, priority: 5",
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str found = faults_of(a, str_printf(a, WORKFLOW "spec: {%s}\n", cases[i]));

        if (found.len > 0)
            fail_msg("%s: " STR_FMT, cases[i], STR_ARG(found));
    }
}

static void test_wrong(void **state)
{
    static const char *const cases[][2] = {
        {"entrypoints: main",
         "4:8: spec.entrypoints: unknown field \"entrypoints\", did you mean \"entrypoint\"?"},
        {"entrypoint: [a]", "4:20: spec.entrypoint: expected text, found a list"},
        {"parallelism: \"3\"",
         "4:21: spec.parallelism: expected a whole number, found text \"3\""},
        {"shutdown: Now",
         "4:18: spec.shutdown: expected one of Stop, Terminate, found text \"Now\""},
        {"templates: [{name: 1}]", "4:27: spec.templates[0].name: expected text, found number "
                                   "1: write it in quotes, \"1\""},
        {"templates: [{container: {image: x, comand: [a]}}]",
         "4:43: spec.templates[0].container.comand: unknown field \"comand\", did you mean "
         "\"command\"?"},
        {"templates: [{steps: [{name: a}]}]", "4:29: spec.templates[0].steps[0]: expected a "
                                              "list, found an object: begin it with \"- - \", "
                                              "or \"- \" below the dash of the item before"},
        {"templates: [{dag: {tasks: [{name: a, dependecies: [b]}]}}]",
         "4:45: spec.templates[0].dag.tasks[0].dependecies: unknown field \"dependecies\", did "
         "you "
         "mean \"dependencies\"?"},
        {"templates: [{dag: {}}]", "4:26: spec.templates[0].dag.tasks: is required"},
        {"synchronization: {mutex: {name: m}}",
         "4:26: spec.synchronization.mutex: unknown field \"mutex\", did you mean "
         "\"mutexes\"? That is a list; 'convert' rewrites manifests of Argo Workflows 3"},
        {"arguments: {parameters: {a: b}}", "4:32: spec.arguments.parameters: expected a list, "
                                            "found an object: begin each item with "
                                            "\"- \""},
        {"volumes: [{name: v, configMap: {defaultMode: 1000}}]",
         "4:53: spec.volumes[0].configMap.defaultMode: 1000 is not within 0 and 511"},
        {"volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t, "
         "expirationSeconds: 60}}]}}]",
         "4:101: spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: "
         "60 "
         "is not within 600 and 4294967296"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str found = faults_of(a, str_printf(a, WORKFLOW "spec: {%s}\n", cases[i][0]));

        if (!str_starts(found, STR("x.yaml:")) || !str_is(str_skip(found, 7), cases[i][1]))
            fail_msg("case %zu, %s:\n" STR_FMT, i, cases[i][0], STR_ARG(found));
    }
}

static void test_rules(void **state)
{
    static const char *const cases[][2] = {
        {"{name: a, container: {image: x}}", ""},
        {"{container: {image: x}}", "4:20: spec.templates[0].name is required"},
        {"{name: a_b, container: {}}",
         "4:27: spec.templates[0].name: 'a_b' is invalid: name must consist of alpha-numeric "
         "characters or '-', and must start with an alpha-numeric character (e.g. My-name1-2, "
         "123-NAME)"},
        {"{name: a, container: {}}, {name: a, script: {}}",
         "4:53: spec.templates[1].name 'a' is not unique"},
        {"{name: a}", "4:20: templates.a template 'a' type is unknown"},
        {"{name: a, container: {}, steps: [], dag: null}",
         "4:20: templates.a templates.a multiple template types specified. choose one of: "
         "container, containerSet, steps, script, resource, dag, suspend, template, template "
         "ref"},
        {"{name: a, containerSet: {containers: []}}",
         "4:44: templates.a templates.a.containerSet.containers must have at least one "
         "container"},
        {"{name: a, containerSet: {containers: [{name: b, image: x}, {name: b, image: x}]}}",
         "4:86: templates.a templates.a.containerSet.containers[1].name 'b' is not unique"},
        {"{name: a, containerSet: {containers: [{name: wait, image: x}]}}",
         "4:58: templates.a templates.a.containerSet.containers: \"wait\" is a reserved Argo "
         "container name"},
        {"{name: a, containerSet: {containers: [{name: b, image: x, dependencies: [c]}]}}",
         "4:93: templates.a templates.a.containerSet.containers.b dependency 'c' not defined"},
        {"{name: a, containerSet: {containers: [{name: b, image: x, dependencies: [c]}, {name: "
         "c, image: x, dependencies: [b]}]}}",
         "4:93: templates.a templates.a.containerSet.containers dependency cycle detected: "
         "c->b->c"},
        {"{name: a, containerSet: {containers: [{name: b, image: x}]}, outputs: {parameters: "
         "[{name: o, valueFrom: {path: /o}}]}}",
         "4:44: templates.a templates.a.containerSet.containers must have a container named "
         "\"main\" for input or output"},
        {"{name: a, timeout: 5s, steps: []}",
         "4:39: templates.a Unknown template doesn't support timeout field"},
        {"{name: a, timeout: 5s, steps: [[{name: b, inline: {suspend: {}}}]]}",
         "4:39: templates.a Steps template doesn't support timeout field"},
        {"{name: a, containerSet: {containers: [{name: z, image: x, dependencies: [c]}, {name: "
         "c, image: x, dependencies: [b]}, {name: b, image: x, dependencies: [z]}]}}",
         "4:173: templates.a templates.a.containerSet.containers dependency cycle detected: "
         "z->c->b->z"},
        {"{name: a, containerSet: {volumeMounts: [{name: b, mountPath: /a}, {name: c, "
         "mountPath: /a}], containers: [{name: b, image: x}]}}",
         "4:107: templates.a templates.a.containerSet.volumeMounts[1].mountPath '/a' already "
         "mounted in volumeMounts.b"},
        {"{name: a, containerSet: {containers: [{name: b, image: x, volumeMounts: [{name: b, "
         "mountPath: /a}, {name: c, mountPath: /a}]}]}}",
         ""},
        {"{name: a, pendingTimeout: 5s, http: {url: x}}", ""},
        {"{name: a, podResources: {limits: {cpu: 1}}, suspend: {}}", ""},
        {"{name: a, podResources: {limits: {cpu: 1}}, http: {url: x}}",
         "4:44: templates.a templates.a.podResources is not supported for HTTP templates"},
        {"{name: a, inputs: {artifacts: [{name: i, path: /p/../q, hdfs: {path: /x}}]}, script: "
         "{image: "
         "a, source: b}}",
         "4:67: templates.a error in templates.a.inputs.artifacts.i: Artifact 'i' attempted to "
         "use a path containing '..'. Directory traversal is not permitted"},
        {"{name: a, inputs: {artifacts: [{name: i, path: //p/ab, raw: {data: x}}]}, script: "
         "{image: a, source: b}}",
         "4:67: templates.a error in templates.a.inputs.artifacts.i: Artifact 'i' attempted to "
         "use a path containing '..'. Directory traversal is not permitted"},
        {"{name: a, container: {image: x}, when: q}",
         "4:53: spec.templates[0].when: a template with container has no \"when\": a step or "
         "task calls another template, under \"steps\" or \"dag.tasks\""},
        {"{name: a, activeDeadlineSeconds: 5, dag: {tasks: [{name: b, template: c}]}}",
         "4:53: templates.a templates.a.activeDeadlineSeconds is only valid for leaf "
         "templates"},
        {"{name: a, steps: [[{name: b, template: c}], [{name: b, template: c}]]}",
         "4:59: templates.a templates.a.steps[0].b template name 'c' undefined"},
        {"{name: a, steps: [[{name: b}]]}",
         "4:39: templates.a templates.a.steps[0].b failed to get a template"},
        {"{name: a, steps: [[{name: b, template: c, inline: {container: {}}}]]}",
         "4:59: templates.a templates.a.steps[0].b template name 'c' undefined"},
        {"{name: a, steps: [[{name: b, inline: {}}]]}",
         "4:57: templates.a templates.a.steps[0].b template '' type is unknown"},
        {"{name: a, steps: [[{name: b, template: c, withItems: [1], withParam: x}]]}",
         "4:39: templates.a templates.a.steps[0].b only one of withItems, withParam, "
         "withSequence can be specified"},
        {"{name: a, steps: [[{name: b, template: c, withSequence: {count: 1, end: 2}}]]}",
         "4:76: templates.a templates.a.steps[0].b only one of count or end can be defined in "
         "withSequence"},
        {"{name: a, dag: {tasks: []}}",
         "4:43: templates.a templates.a must have at least one task"},
        {"{name: a, dag: {tasks: [{name: b, inline: {suspend: {}}}, {name: d, inline: "
         "{suspend: {}}, depends: b, "
         "continueOn: {}}]}}",
         "4:78: templates.a templates.a cannot use 'continueOn' when using 'depends'. Instead "
         "use 'dep-task.Failed'/'dep-task.Errored'"},
        {"{name: a, dag: {tasks: [{name: b, inline: {suspend: {}}, depends: d}, {name: d, "
         "inline: {suspend: {}}, "
         "dependencies: [b]}]}}",
         "4:43: templates.a templates.a sorting failed: graph with cycle"},
        {"{name: a, dag: {tasks: [{name: 1b, inline: {suspend: {}}, depends: d}, {name: d, "
         "inline: {suspend: {}}}]}}",
         "4:44: templates.a templates.a.tasks.1b name cannot begin with a digit when using "
         "either 'depends' or 'dependencies'"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str found =
            faults_of(a, str_printf(a, WORKFLOW "spec: {templates: [%s]}\n", cases[i][0]));
        struct str right = str_printf(a, "%s%s", cases[i][1][0] ? "x.yaml:" : "", cases[i][1]);

        if (!str_eq(found, right))
            fail_msg("case %zu, %s:\n" STR_FMT, i, cases[i][0], STR_ARG(found));
    }
}

static void test_tutorials(void **state)
{
    (void) state;
    check_text(
        HEAD("Sensor") "spec:\n"
                       "  dependencies:\n"
                       "    - {name: d, eventSourceName: e, eventName: x}\n"
                       "  triggers:\n"
                       "    - template:\n"
                       "      name: t\n"
                       "      k8s: {operation: create}\n",
        "x.yaml:8:7: spec.triggers[0].template: \"template\" is empty and \"name\", \"k8s\" "
        "stand beside it: indent them by two more spaces to stand inside \"template\"");
    check_text(
        WORKFLOW "spec:\n"
                 "  entrypoint: main\n"
                 "  templates:\n"
                 "  - name: main\n"
                 "  container:\n"
                 "    image: busybox\n",
        "x.yaml:8:3: spec.container: \"container\" belongs to an item of \"templates\": "
        "indent it, and what stands below it, to the column of the item's first word (behind "
        "the \"- \")");
    check_text(
        "apiVersion: argoproj.io/v1alpha1\n"
        "kind: Workflow\n"
        "metadata:\n"
        "  name: Hello-World\n"
        "spec: {entrypoint: main}\n",
        "x.yaml:4:9: metadata.name: name \"Hello-World\" has upper-case letters: object names "
        "are lower case, write \"hello-world\"");
}

static void test_indentation(void **state)
{
    static const char *const cases[][2] = {
        {"    - name: a\n     - name: b\n",
         "6:6: did not find expected '-' indicator while parsing a block collection that "
         "begins in line 5, column 5: the list item is indented by 1 blank too many: the item "
         "above begins at column 5"},
        {"    - name: a\n   - name: b\n",
         "6:4: did not find expected key while parsing a block mapping that begins in line 1, "
         "column 1: the list item is indented by 1 blank too few: the item above begins at "
         "column 5"},
        {"    - name: a\n      inputs:\n        parameters:\n          - name: x\n         - "
         "name: y\n",
         "9:10: did not find expected key while parsing a block mapping that begins in line 7, "
         "column 9: the list item is indented by 1 blank too few: the item above begins at "
         "column 11"},
        {"    - name: a\n\n      # a note\n      steps: []\n     - name: b\n",
         "9:6: did not find expected '-' indicator while parsing a block collection that "
         "begins in line 5, column 5: the list item is indented by 1 blank too many: the item "
         "above begins at column 5"},
        {"    - name: a\n    container:\n",
         "6:5: did not find expected '-' indicator while parsing a block collection that "
         "begins in line 5, column 5: \"container\" is indented by 2 blanks too few to belong "
         "to the list item above, whose first word begins at column 7"},
        {"    - name: a\n     container:\n",
         "6:6: did not find expected '-' indicator while parsing a block collection that "
         "begins in line 5, column 5: \"container\" is indented by 1 blank too few to belong "
         "to the list item above, whose first word begins at column 7"},
        {"    - name: a\n       container:\n",
         "6:17: mapping values are not allowed in this context: \"container\" is indented by 1 "
         "blank too many to belong to the list item above, whose first word begins at column "
         "7"},
        {"\ta: b\n",
         "5:1: found character that cannot start any token while scanning for the next token: "
         "the line is indented by a tab: in YAML that is done by blanks"},
        {"    - name: a\n    \tcontainer: {}\n",
         "6:5: found a tab character that violates indentation while scanning a plain scalar "
         "that "
         "begins in line 5, column 13: the line is indented by a tab: in YAML that is done by "
         "blanks"},
        {"    - name: \"a\n", NULL},
        {"    - name: a: b\n", "5:14: mapping values are not allowed in this context"},
        {"    a: b\n     c: d\n", "6:7: mapping values are not allowed in this context"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str found = faults_of(a, str_printf(a, WORKFLOW "list:\n%s", cases[i][0]));

        if (!str_starts(found, STR("x.yaml:")) ||
            (cases[i][1] && !str_is(str_skip(found, 7), cases[i][1])))
            fail_msg("case %zu, %s:\n" STR_FMT, i, cases[i][0], STR_ARG(found));
    }
}

static void test_unbuilt_kinds(void **state)
{
    (void) state;
    check_text(HEAD("WorkflowTaskSet") "spec: {}\n",
               "x.yaml:2:7: kind: WorkflowTaskSet is not supported yet (U)");
    check_text(HEAD("WorkflowTaskResult") "phase: Succeeded\n",
               "x.yaml:2:7: kind: WorkflowTaskResult is not supported yet (U)");
}

static void test_event_bindings(void **state)
{
    (void) state;
    check_text(HEAD("WorkflowEventBinding") "spec: {event: {selector: \"true\"}, submit: "
                                            "{workflowTemplateRef: {name: t}, arguments: "
                                            "{parameters: [{name: a, value: b}]}}}\n",
               "");
}

static void test_core_kinds(void **state)
{
    (void) state;
    check_text("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {k: aGVsbG8=}\n", "");
    check_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringdata: {k: v}\n",
        "x.yaml:4:1: stringdata: unknown field \"stringdata\", did you mean \"stringData\"?");
    check_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: 5}\n",
               "x.yaml:4:11: data.k: expected text, found number 5: write it in quotes, \"5\"");
    check_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, lables: {}}\n",
        "x.yaml:3:21: metadata.lables: unknown field \"lables\", did you mean \"labels\"?");
    check_text("apiVersion: v1\nkind: ConfigMap\n", "x.yaml:1:1: metadata: is required");
    check_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 5}\n",
        "x.yaml:3:18: metadata.name: expected text, found number 5: write it in quotes, \"5\"");
    check_text(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a}\n"
        "subjects: [{kind: User, name: b}]\n",
        "x.yaml:1:1: roleRef: is required");
}

/* The tables themselves */

static void check_row(const struct shape *shape, const struct field *row)
{
    enum field_type type = row->type;

    if (!row->doc || row->doc[0] == '\0' || row->doc[strlen(row->doc) - 1] != '.')
        fail_msg("%s.%s: its sentence is missing or does not end", shape->name, row->name);
    if (type == FIELD_LIST || type == FIELD_MAP)
        type = row->item;
    if ((type == FIELD_OBJECT || type == FIELD_OBJECT_PTR || type == FIELD_LIST) && !row->shape)
        fail_msg("%s.%s: has no shape", shape->name, row->name);
    if (type == FIELD_ENUM && !row->choices)
        fail_msg("%s.%s: has no choices", shape->name, row->name);
    if (type != FIELD_ENUM && (row->choices || row->unbuilt))
        fail_msg("%s.%s: has choices", shape->name, row->name);
    if (field_find(shape, str_from(row->name)) != row && shape->rest != row)
        fail_msg("%s.%s: is there twice", shape->name, row->name);
}

static void walk_shape(const struct shape *shape, struct map *seen)
{
    char key[32];

    snprintf(key, sizeof(key), "%p", (const void *) shape);
    if (map_put(seen, str_from(key), seen))
        return;
    assert_non_null(shape->name);
    assert_non_null(shape->doc);
    for (const struct field *row = shape->fields; row && row->name; row++) {
        check_row(shape, row);
        if (row->shape)
            walk_shape(row->shape, seen);
    }
    if (shape->rest)
        check_row(shape, shape->rest);
    if (shape->inlined)
        walk_shape(shape->inlined, seen);
    if (shape->merge_key && !field_find(shape, str_from(shape->merge_key)))
        fail_msg("%s: merges by a name that it does not have", shape->name);
}

static void test_tables(void **state)
{
    _cleanup_map_ struct map seen = {0};
    size_t count;
    const struct object_kind *kinds = object_kinds(&count);

    (void) state;
    for (size_t i = 0; i < count; i++) {
        assert_non_null(kinds[i].shape);
        assert_string_equal(kinds[i].shape->name, kinds[i].kind);
        walk_shape(kinds[i].shape, &seen);
    }
}

static void test_schemas(void **state)
{
    size_t count;
    const struct object_kind *kinds = object_kinds(&count);

    (void) state;
    for (size_t i = 0; i < count; i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json schema = field_schema(a, kinds[i].shape);

        assert_non_null(
            json_path(&schema, "properties", "metadata", "properties", "name", NULL));
    }
}

/* Time must follow the size: this is seconds when something is quadratic. */
static void test_large(void **state)
{
    enum { NODES = 10000 };
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(MANIFEST_MAX_BYTES);
    struct object_documents docs;
    struct field_faults faults = {0};
    struct str text;
    struct err err;

    (void) state;
    strbuf_add(
        &b, STR("{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
                "\"name\":\"a\"},\"spec\":{\"templates\":["));
    for (int i = 0; i < NODES; i++)
        strbuf_addf(&b, "%s{\"name\":\"t%d\",\"container\":{\"image\":\"x\"}}", i ? "," : "",
                    i);
    strbuf_add(&b, STR("]},\"status\":{\"nodes\":{"));
    for (int i = 0; i < NODES; i++)
        strbuf_addf(&b, "%s\"n%d\":{\"id\":\"n%d\",\"name\":\"n\",\"type\":\"Pod\"}",
                    i ? "," : "", i, i);
    strbuf_add(&b, STR("}}}"));
    assert_int_equal(strbuf_finish(&b, &text, &err), 0);
    assert_int_equal(object_read(a, STR("x"), text, &docs, &err), 0);
    assert_true(object_check(a, &docs.at[0], &faults));
}

/* Columns and defaults */

static struct json parsed(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s", err.text);
    return v;
}

static void test_columns(void **state)
{
    static const struct {
        const char *api_version, *kind, *doc, *cells;
    } cases[] = {
        {"argoproj.io/v1alpha1", "Workflow",
         "{\"status\":{\"phase\":\"Failed\",\"startedAt\":\"2026-01-01T00:00:00Z\",\"message\":"
         "\"no\"}}",
         "STATUS=Failed AGE=2d3h MESSAGE=no"},
        {"argoproj.io/v1alpha1", "Workflow", "{}", "STATUS= AGE=<unknown> MESSAGE="},
        {"argoproj.io/v1alpha1", "EventSource",
         "{\"metadata\":{\"creationTimestamp\":\"2026-01-03T02:59:00Z\"}}",
         "STATUS= AGE=60s MESSAGE="},
#define SENSOR_STATUS(conditions) "{\"status\":{\"conditions\":[" conditions "]}}"
#define CONDITION(type, status, message) \
    "{\"type\":\"" type "\",\"status\":\"" status "\",\"message\":\"" message "\"}"
        {"argoproj.io/v1alpha1", "Sensor", "{}", "STATUS= AGE=<unknown> MESSAGE="},
        {"argoproj.io/v1alpha1", "EventSource",
         SENSOR_STATUS(
             CONDITION("SourcesProvided", "True", "") "," CONDITION("Deployed", "True", "")),
         "STATUS=Running AGE=<unknown> MESSAGE="},
        {"argoproj.io/v1alpha1", "EventSource",
         SENSOR_STATUS(CONDITION("SourcesProvided", "False", "port is taken") "," CONDITION(
             "Deployed", "False", "port is taken") "," CONDITION("Connected", "False", "no")),
         "STATUS=Failed AGE=<unknown> MESSAGE=port is taken"},
        {"argoproj.io/v1alpha1", "Sensor",
         SENSOR_STATUS(CONDITION("Deployed", "True", "") "," CONDITION("EventsProvided",
                                                                       "False", "no event e")),
         "STATUS=Waiting AGE=<unknown> MESSAGE=no event e"},
        {"argoproj.io/v1alpha1", "Sensor",
         SENSOR_STATUS(CONDITION("Deployed", "True", "") "," CONDITION("Paused", "True", "")),
         "STATUS=Paused AGE=<unknown> MESSAGE="},
        {"v1", "ConfigMap",
         "{\"data\":{\"a\":\"\",\"b\":\"\"},\"metadata\":{\"creationTimestamp\":\"2026-01-"
         "03T02:55:30Z\"}}",
         "DATA=2 AGE=4m30s"},
        {"v1", "Secret", "{\"type\":\"Opaque\"}", "TYPE=Opaque DATA=0 AGE=<unknown>"},
        {"v1", "Namespace", "{\"status\":{\"phase\":\"Active\"}}",
         "STATUS=Active AGE=<unknown>"},
        {"v1", "PersistentVolumeClaim",
         "{\"spec\":{\"volumeMode\":\"Block\"},\"status\":{\"accessModes\":[\"A\",\"B\"]}}",
         "STATUS= VOLUME= CAPACITY= ACCESS MODES=A,B STORAGECLASS= AGE=<unknown> "
         "VOLUMEMODE=Block"},
        {"rbac.authorization.k8s.io/v1", "Role",
         "{\"metadata\":{\"creationTimestamp\":\"2026-01-03T02:55:30Z\"}}",
         "CREATED AT=2026-01-03T02:55:30Z"},
        {"rbac.authorization.k8s.io/v1", "RoleBinding",
         "{\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"view\"},\"subjects\":[{\"kind\":"
         "\"User\",\"name\":\"ann\"},{\"kind\":\"ServiceAccount\",\"name\":\"ci\","
         "\"namespace\":\"x\"},{\"kind\":\"User\",\"name\":\"bob\"}]}",
         "ROLE=ClusterRole/view AGE=<unknown> USERS=ann, bob GROUPS= SERVICEACCOUNTS=x/ci"},
        {"v1", "Event",
         "{\"metadata\":{\"name\":\"e.1\"},\"lastTimestamp\":\"2026-01-03T02:59:00Z\",\"type\":"
         "\"Normal\",\"reason\":\"R\",\"involvedObject\":{\"kind\":\"Workflow\",\"name\":\"w\"}"
         ","
         "\"message\":\"m\",\"count\":2}",
         "LAST SEEN=60s TYPE=Normal REASON=R OBJECT=workflow/w SUBOBJECT= SOURCE= MESSAGE=m "
         "FIRST SEEN=<unknown> COUNT=2 NAME=e.1"},
    };
    const struct wall now = {.ms = 1767409200000}; /* 2026-01-03T03:00:00Z */
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct object_kind *kind =
            object_kind_find(str_from(cases[i].api_version), str_from(cases[i].kind));
        struct json doc = parsed(a, cases[i].doc);
        struct str all = STR("");

        for (size_t j = 0; j < kind->column_count; j++)
            all = str_printf(a, STR_FMT "%s%s=" STR_FMT, STR_ARG(all), j ? " " : "",
                             kind->columns[j].name,
                             STR_ARG(object_cell(a, &kind->columns[j], &doc, now)));
        if (!str_is(all, cases[i].cells))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(all));
    }
}

static void test_ages(void **state)
{
    static const struct {
        long long seconds;
        const char *text;
    } cases[] = {
        {-5, "<invalid>"}, {0, "0s"},          {119, "119s"},     {120, "2m"},
        {125, "2m5s"},     {600, "10m"},       {659, "10m"},      {10799, "179m"},
        {10800, "3h"},     {12060, "3h21m"},   {28800, "8h"},     {172799, "47h"},
        {172800, "2d"},    {176400, "2d1h"},   {691200, "8d"},    {63071999, "729d"},
        {63072000, "2y"},  {63158400, "2y1d"}, {252288000, "8y"},
    };
    const struct object_column age = {"AGE", "date", "t", false};
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc = parsed(a, "{\"t\":\"1970-01-01T00:00:00Z\"}");

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str text = object_cell(a, &age, &doc, (struct wall){cases[i].seconds * 1000});

        if (!str_is(text, cases[i].text))
            fail_msg("%lld s: " STR_FMT, cases[i].seconds, STR_ARG(text));
    }
}

static void test_defaults(void **state)
{
    static const char *const cases[][4] = {
        {"v1", "Secret",
         "{\"data\":{\"a\":\"eA==\",\"b\":\"eQ==\"},\"stringData\":{\"b\":\"z\"}}",
         "{\"data\":{\"a\":\"eA==\",\"b\":\"eg==\"},\"type\":\"Opaque\"}"},
        {"v1", "Secret", "{\"type\":\"t\"}", "{\"type\":\"t\"}"},
        {"v1", "Namespace", "{\"metadata\":{\"name\":\"n\"}}",
         "{\"metadata\":{\"name\":\"n\",\"labels\":{\"kubernetes.io/"
         "metadata.name\":\"n\"}},\"spec\":{\"finalizers\":[\"kubernetes\"]},\"status\":"
         "{\"phase\":\"Active\"}}"},
        {"v1", "PersistentVolumeClaim", "{\"spec\":{}}",
         "{\"spec\":{\"volumeMode\":\"Filesystem\"}}"},
        {"rbac.authorization.k8s.io/v1", "RoleBinding", "{\"roleRef\":{\"kind\":\"Role\"}}",
         "{\"roleRef\":{\"kind\":\"Role\",\"apiGroup\":\"rbac.authorization.k8s.io\"}}"},
        {"argoproj.io/v1alpha1", "Workflow", "{\"spec\":{}}", "{\"spec\":{}}"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct object_kind *kind =
            object_kind_find(str_from(cases[i][0]), str_from(cases[i][1]));
        struct json doc = parsed(a, cases[i][2]);
        struct json made = object_set_defaults(a, kind, &doc);
        struct str text = json_text(a, &made, 0);

        if (!str_is(text, cases[i][3]))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_workflow),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_not_meant_is_not_refused),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_tutorials),
        cmocka_unit_test(test_indentation),
        cmocka_unit_test(test_unbuilt_kinds),
        cmocka_unit_test(test_event_bindings),
        cmocka_unit_test(test_core_kinds),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_ages),
        cmocka_unit_test(test_defaults),
    };

    return cmocka_run_group_tests_name("objects: workflows", tests, NULL, NULL);
}
