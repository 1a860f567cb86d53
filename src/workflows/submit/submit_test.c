/* Tests of workflows/submit on a real store in a folder of its own: options, rules, references,
 * names, marks, dry runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "formats/yaml.h"
#include "objects/object.h"
#include "tests/support/store_world.h"
#include "workflows/submit/submit_internal.h"

struct world {
    struct store_world on;
    struct workflow_submitter submitter;
};

static int setup(void **state)
{
    struct world *w = NEW(struct world);

    store_world_open(&w->on);
    workflow_submitter_init(&w->submitter, w->on.store);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    config_close(w->submitter.config);
    store_world_close(&w->on);
    free(w);
    return 0;
}

static struct json yaml(struct world *w, const char *text)
{
    struct yaml_documents docs;
    struct err err;

    if (yaml_parse_all(w->on.a, str_from(text), &docs, &err) < 0 || docs.len != 1)
        fail_msg("%s: %s", err.text, text);
    return docs.at[0];
}

/* The created document, or the error's text behind "error: ". */
static struct json submit(struct world *w, const char *text,
                          const struct workflow_submit_options *options, struct err *err)
{
    struct json doc = yaml(w, text), made = json_null();
    const struct store_object *o;

    err->kind = ERR_NONE;
    if (w->submitter.submit(w->submitter.ctx, &doc, options, &o, err) < 0)
        return made;
    assert_int_equal(json_parse(w->on.a, str_copy(w->on.a, o->doc), &made, err), 0);
    store_object_unref(o);
    return made;
}

static void create(struct world *w, const char *text)
{
    struct json doc = yaml(w, text);
    const struct store_object *o;
    struct err err;

    if (w->submitter.create(w->submitter.ctx, &doc, STR("argo"), STR(""), &o, &err) < 0)
        fail_msg("%s", err.text);
    store_object_unref(o);
}

static void is_text(const struct json *v, const char *want)
{
    if (!str_is(json_str(v), want))
        fail_msg("\"" STR_FMT "\" is not \"%s\"", STR_ARG(json_str(v)), want);
}

#define HEAD(name) "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {" name "}\n"
#define ONE                                                                                  \
    "spec:\n  entrypoint: a\n  arguments: {parameters: [{name: x, value: one}, {name: "      \
    "second, "                                                                               \
    "value: why}]}\n"                                                                        \
    "  templates: [{name: a, container: {image: i, command: [echo]}}, {name: b, container: " \
    "{image: i}}]\n"

static void test_options(void **state)
{
    static const struct str parameters[] = {{"x=1=2", 5}, {"z=", 2}};
    const struct workflow_submit_options options = {.ns = STR("team"),
                                                    .name = STR("mine"),
                                                    .entrypoint = STR("b"),
                                                    .service_account = STR("sa"),
                                                    .labels = STR("l=1,m=2"),
                                                    .annotations = STR("n=3"),
                                                    .parameters = parameters,
                                                    .parameter_count = 2,
                                                    .priority = -5,
                                                    .has_priority = true,
                                                    .creator = STR("me")};
    struct world *w = *state;
    struct err err;
    struct json made = submit(w, HEAD("name: w, labels: {k: v}") ONE, &options, &err);
    const struct json *list = json_path(&made, "spec", "arguments", "parameters", NULL);

    assert_string_equal(err.kind ? err.text : "", "");
    is_text(json_path(&made, "metadata", "name", NULL), "mine");
    is_text(json_path(&made, "metadata", "namespace", NULL), "team");
    is_text(json_path(&made, "metadata", "labels", "k", NULL), "v");
    is_text(json_path(&made, "metadata", "labels", "m", NULL), "2");
    is_text(json_path(&made, "metadata", "labels", "workflows.argoproj.io/creator", NULL),
            "me");
    is_text(json_path(&made, "metadata", "annotations", "n", NULL), "3");
    is_text(json_path(&made, "spec", "entrypoint", NULL), "b");
    is_text(json_path(&made, "spec", "serviceAccountName", NULL), "sa");
    assert_true(str_is(json_number(json_path(&made, "spec", "priority", NULL)), "-5"));
    assert_int_equal(list->count, 3);
    is_text(json_get(json_item(list, 0), STR("value")), "1=2");
    is_text(json_get(json_item(list, 1), STR("name")), "z");
    is_text(json_get(json_item(list, 2), STR("value")), "why");
    assert_null(json_get(&made, STR("status")));
}

static void test_refused(void **state)
{
    static const struct {
        const char *doc, *want;
    } rows[] = {
        {HEAD("name: w") "spec: {templates: [{name: a, container: {image: i}}]}",
         "spec.entrypoint is required"},
        {HEAD("name: w") "spec: {entrypoint: z, templates: [{name: a, container: {image: i}}]}",
         "template name 'z' undefined"},
        {HEAD("name: w") "spec: {entrypoint: a, onExit: z, templates: [{name: a, container: "
                         "{image: i}}]}",
         "template name 'z' undefined"},
        {HEAD("name: w") "spec: {entrypoint: a, templates: [{name: a, steps: [[{name: s, "
                         "template: z}]]}]}",
         "templates.a.steps[0].s template name 'z' undefined"},
        {HEAD("name: w") "spec: {entrypoint: a, templates: [{name: a, dag: {tasks: [{name: t, "
                         "template: z}]}}]}",
         "templates.a.tasks.t template name 'z' undefined"},
        {HEAD("name: w") "spec: {entrypoint: a, arguments: {parameters: [{name: p}]}, "
                         "templates: [{name: a, "
                         "container: {image: i}}]}",
         "spec.arguments.p.value or spec.arguments.p.valueFrom is required"},
        {HEAD("name: w") "spec: {entrypoint: a, arguments: {parameters: [{name: p, value: 3, "
                         "enum: [1, \"2\"]}]}, templates: [{name: a, container: {image: i}}]}",
         "spec.arguments.p.value should be present in spec.arguments.p.enum list"},
        {HEAD("name: w") "spec: {entrypoint: a, arguments: {parameters: [{name: p, value: 3, "
                         "enum: []}]}, templates: [{name: a, container: {image: i}}]}",
         "spec.arguments.p.enum should contain at least one value"},
        {HEAD("name: w") "spec: {workflowTemplateRef: {name: gone}}",
         "workflowtemplates.argoproj.io \"gone\" not found"},
        {HEAD("name: w") "spec: {entrypoint: a, templates: [{name: a, steps: [[{name: s, "
                         "templateRef: {name: gone, "
                         "template: t}}]]}]}",
         "templates.a.steps[0].s template reference gone.t not found"},
        {HEAD("name: W") "spec: {entrypoint: a, templates: [{name: a, container: {image: i}}]}",
         "metadata.name: name \"W\" has upper-case letters: object names are lower case, write "
         "\"w\""},
    };
    const struct workflow_submit_options options = {.ns = STR("argo")};
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;

        submit(w, rows[i].doc, &options, &err);
        if (err.kind == ERR_NONE || strcmp(err.text, rows[i].want) != 0)
            fail_msg("row %zu: \"%s\", not \"%s\"", i, err.kind ? err.text : "accepted",
                     rows[i].want);
    }
}

static void test_references(void **state)
{
    const struct workflow_submit_options options = {.ns = STR("argo")};
    struct world *w = *state;
    const struct json *stored;
    struct json made;
    struct err err;

    create(w, "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: "
              "lib}\nspec:\n"
              "  templates:\n  - {name: t, steps: [[{name: s, template: u}], [{name: c, "
              "templateRef: {name: wide, "
              "template: v, clusterScope: true}}]]}\n  - {name: u, container: {image: i}}\n"
              "  - {name: unused, container: {image: i}}\n");
    create(w, "apiVersion: argoproj.io/v1alpha1\nkind: ClusterWorkflowTemplate\nmetadata: "
              "{name: wide}\nspec:\n"
              "  templates: [{name: v, steps: [[{name: again, template: v}]]}]\n");
    made = submit(w,
                  HEAD("name: w") "spec: {entrypoint: a, templates: [{name: a, steps: [[{name: "
                                  "s, templateRef: "
                                  "{name: lib, template: t}}]]}]}",
                  &options, &err);
    assert_string_equal(err.kind ? err.text : "", "");
    stored = json_path(&made, "status", "storedTemplates", NULL);
    assert_true(json_is(stored, JSON_OBJECT));
    assert_int_equal(stored->count, 3);
    assert_non_null(json_get(stored, STR("namespaced/lib/t")));
    assert_non_null(json_get(stored, STR("namespaced/lib/u")));
    assert_non_null(json_get(stored, STR("cluster/wide/v")));
}

#define CONFIG                                                                          \
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: workflow-controller-configmap, " \
    "namespace: "                                                                       \
    "argo}\ndata:\n"
#define DEFAULTS                                                                            \
    "    metadata: {labels: {team: blue, k: default}, annotations: {note: d}}\n"            \
    "    spec: {activeDeadlineSeconds: 300, serviceAccountName: runner, ttlStrategy: "      \
    "{secondsAfterSuccess: 5, secondsAfterFailure: 6}, arguments: {parameters: [{name: x, " \
    "value: d}, {name: z, value: d}]}}\n"

/* Reads the ConfigMap that is there. */
static void open_config(struct world *w)
{
    struct err err;

    w->submitter.config = config_open(
        &(struct config_options){
            .loop = w->on.loop, .store = w->on.store, .ns = STR(""), .name = STR("")},
        &err);
    assert_non_null(w->submitter.config);
}

/* workflowDefaults stand under the workflow, and under the template that it refers to. */
static void test_defaults(void **state)
{
    static const char *const maps[] = {
        CONFIG "  workflowDefaults: |\n" DEFAULTS, CONFIG
        "  config: |\n    workflowDefaults:\n"
        "      metadata: {labels: {team: blue, k: default}, annotations: {note: d}}\n"
        "      spec: {activeDeadlineSeconds: 300, serviceAccountName: runner, ttlStrategy: "
        "{secondsAfterSuccess: 5, secondsAfterFailure: 6}, arguments: {parameters: [{name: "
        "x, value: d}, {name: z, value: d}]}}\n"};
    const struct workflow_submit_options options = {.ns = STR("team")};
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(maps); i++) {
        const struct store_key key = {STR(""), STR("ConfigMap"), STR("argo"),
                                      STR("workflow-controller-configmap")};
        struct store_txn *txn = store_txn_new(w->on.store);
        struct store_result result;
        struct json made;
        struct err err;

        create(w, maps[i]);
        open_config(w);
        made = submit(w,
                      HEAD("generateName: w-, labels: {k: v}") ONE
                      "  serviceAccountName: own\n"
                      "  ttlStrategy: {secondsAfterSuccess: 1}\n",
                      &options, &err);
        if (err.kind != ERR_NONE)
            fail_msg("%s", err.text);
        is_text(json_path(&made, "metadata", "labels", "team", NULL), "blue");
        is_text(json_path(&made, "metadata", "labels", "k", NULL), "v");
        is_text(json_path(&made, "metadata", "annotations", "note", NULL), "d");
        is_text(json_path(&made, "spec", "serviceAccountName", NULL), "own");
        assert_true(str_is(
            json_text(w->on.a, json_path(&made, "spec", "ttlStrategy", NULL), JSON_SORT_KEYS),
            "{\"secondsAfterFailure\":6,\"secondsAfterSuccess\":1}"));
        assert_non_null(json_path(&made, "spec", "activeDeadlineSeconds", NULL));
        assert_true(str_is(
            json_text(w->on.a, json_path(&made, "spec", "arguments", "parameters", NULL),
                      JSON_SORT_KEYS),
            "[{\"name\":\"x\",\"value\":\"one\"},{\"name\":\"z\",\"value\":\"d\"},{\"name\":"
            "\"second\",\"value\":\"why\"}]"));
        config_close(TAKE(w->submitter.config));
        store_txn_delete(txn, &key, STR(""), 0);
        assert_int_equal(store_commit_wait(w->on.store, txn, &result, &err), 0);
        made = submit(w, HEAD("generateName: w-") ONE, &options, &err);
        assert_null(json_path(&made, "spec", "activeDeadlineSeconds", NULL));
    }
}

static void test_defaults_of_a_template(void **state)
{
    const struct workflow_submit_options options = {.ns = STR("argo")};
    struct world *w = *state;
    struct err err;
    struct json made;

    create(w, CONFIG "  workflowDefaults: |\n" DEFAULTS);
    open_config(w);
    create(w, "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\n"
              "metadata: {name: t}\n" ONE "  serviceAccountName: of-template\n");
    made = submit(w,
                  HEAD("name: w") "spec: {workflowTemplateRef: {name: t}, ttlStrategy: "
                                  "{secondsAfterFailure: 9}}\n",
                  &options, &err);
    assert_null(json_path(&made, "spec", "activeDeadlineSeconds", NULL));
    is_text(
        json_path(&made, "status", "storedWorkflowTemplateSpec", "serviceAccountName", NULL),
        "of-template");
    assert_true(str_is(
        json_text(w->on.a,
                  json_path(&made, "status", "storedWorkflowTemplateSpec", "ttlStrategy", NULL),
                  JSON_SORT_KEYS),
        "{\"secondsAfterFailure\":9,\"secondsAfterSuccess\":5}"));
    assert_non_null(json_path(&made, "status", "storedWorkflowTemplateSpec",
                              "activeDeadlineSeconds", NULL));
}

/* What the defaults of all workflows put into their metadata can be named by any of them. */
static void test_metadata_of_defaults(void **state)
{
    static const char use[] =
        "spec: {entrypoint: m, templates: [{name: m, container: {image: i, "
        "args: ['{{workflow.labels.team}} {{workflow.annotations.by}}']}}]}\n";
    const struct workflow_submit_options options = {.ns = STR("argo")};
    struct world *w = *state;
    struct err err;
    struct json made;

    create(w,
           CONFIG "  workflowDefaults: |\n    spec: {workflowMetadata: {labels: {team: red}, "
                  "annotations: {by: hand}}}\n");
    open_config(w);
    create(w, str_printf(w->on.a,
                         "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\n"
                         "metadata: {name: t}\n%s",
                         use)
                  .ptr);
    made =
        submit(w, HEAD("name: w") "spec: {workflowTemplateRef: {name: t}}\n", &options, &err);
    is_text(json_path(&made, "metadata", "name", NULL), "w");
    made = submit(w, str_printf(w->on.a, HEAD("name: own") "%s", use).ptr, &options, &err);
    is_text(json_path(&made, "metadata", "name", NULL), "own");
}

/* Templates that call another one themselves become steps, also in what is referred to. */
/* CVE-2026-31892: as a submitter would try it, and by what the server itself writes down. */
static void test_CVE_2026_31892_no_other_way_in(void **state)
{
    const struct workflow_submit_options options = {.ns = STR("argo")};
    struct world *w = *state;
    struct err err;
    struct json made;

    create(w, CONFIG "  workflowRestrictions: |\n    templateReferencing: Strict\n");
    open_config(w);
    create(w, "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\n"
              "metadata: {name: t}\n" ONE);
    submit(w,
           HEAD("name: patched") "spec: {workflowTemplateRef: {name: t}, podSpecPatch: "
                                 "'{\"hostPID\": true}'}\n",
           &options, &err);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_non_null(strstr(err.text, "fields [PodSpecPatch] are not permitted"));
    submit(w, HEAD("name: own") ONE, &options, &err);
    assert_int_equal(err.kind, ERR_INVALID);
    made = submit(w,
                  HEAD("name: stored") "spec: {workflowTemplateRef: {name: t}}\n"
                                       "status: {storedWorkflowTemplateSpec: {entrypoint: b, "
                                       "podSpecPatch: x}, storedTemplates: {x/y/z: {}}}\n",
                  &options, &err);
    if (err.kind != ERR_NONE)
        fail_msg("%s", err.text);
    is_text(json_path(&made, "status", "storedWorkflowTemplateSpec", "entrypoint", NULL), "a");
    assert_null(json_path(&made, "status", "storedWorkflowTemplateSpec", "podSpecPatch", NULL));
    assert_null(json_path(&made, "status", "storedTemplates", "x/y/z", NULL));
}

static void test_templates_of_argo_2(void **state)
{
    const struct workflow_submit_options options = {.ns = STR("argo")};
    struct world *w = *state;
    struct err err;
    struct json made;

    create(w, "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\n"
              "metadata: {name: t}\n" ONE);
    made =
        submit(w,
               HEAD("name: w") "spec:\n  entrypoint: old\n  templates:\n"
                               "  - {name: old, inputs: {parameters: [{name: p, value: v}]}, "
                               "templateRef: {name: t, template: b}, when: '1 == 1', "
                               "arguments: {parameters: [{name: q, value: "
                               "'{{inputs.parameters.p}}'}]}}\n",
               &options, &err);
    if (err.kind != ERR_NONE)
        fail_msg("%s", err.text);
    assert_true(
        str_is(json_text(w->on.a, json_item(json_path(&made, "spec", "templates", NULL), 0),
                         JSON_SORT_KEYS),
               "{\"annotations\":{\"tiphys/"
               "legacy\":\"true\"},\"inputs\":{\"parameters\":[{\"name\":\"p\","
               "\"value\":\"v\"}]},\"name\":\"old\",\"steps\":[[{\"arguments\":{\"parameters\":"
               "[{\"name\":"
               "\"q\",\"value\":\"{{inputs.parameters.p}}\"}]},\"name\":\"b\",\"templateRef\":{"
               "\"name\":"
               "\"t\",\"template\":\"b\"},\"when\":\"1 == 1\"}]]}"));
    assert_non_null(json_path(&made, "status", "storedTemplates", "namespaced/t/b", NULL));
    submit(
        w,
        HEAD("name: v") "spec: {entrypoint: old, templates: [{name: old, template: none}]}\n",
        &options, &err);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.text, "templates.old.steps[0].none template name 'none' undefined");
}

static void test_from_template(void **state)
{
    static const struct str parameters[] = {{"x=mine", 6}};
    const struct workflow_submit_options options = {
        .ns = STR("argo"), .parameters = parameters, .parameter_count = 1};
    struct world *w = *state;
    const struct store_object *o;
    const struct json *spec;
    struct json made;
    struct err err;

    create(w, "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: "
              "lib}\n" ONE);
    if (w->submitter.submit_from(w->submitter.ctx, STR("WorkflowTemplate"), STR("lib"),
                                 &options, &o, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(json_parse(w->on.a, str_copy(w->on.a, o->doc), &made, &err), 0);
    store_object_unref(o);
    assert_true(str_starts(object_name(&made), STR("lib-")));
    is_text(
        json_path(&made, "metadata", "labels", "workflows.argoproj.io/workflow-template", NULL),
        "lib");
    spec = json_path(&made, "status", "storedWorkflowTemplateSpec", NULL);
    is_text(
        json_get(json_item(json_path(spec, "arguments", "parameters", NULL), 0), STR("value")),
        "mine");
    is_text(
        json_get(json_item(json_path(spec, "arguments", "parameters", NULL), 1), STR("value")),
        "why");
    assert_int_equal(json_get(spec, STR("templates"))->count, 2);
    assert_int_equal(w->submitter.submit_from(w->submitter.ctx, STR("secret"), STR("lib"),
                                              &options, &o, &err),
                     -1);
    assert_string_equal(err.text, "resource kind 'secret' is not supported for submission");
}

static void test_marks_and_names(void **state)
{
    const struct workflow_submit_options once = {.ns = STR("argo"), .once_mark = STR("m")},
                                         plain = {.ns = STR("argo")},
                                         either = {.ns = STR("argo"), .name_or_generate = true};
    struct world *w = *state;
    struct err err;
    struct json first = submit(w, HEAD("generateName: g-") ONE, &once, &err),
                second = submit(w, HEAD("generateName: g-") ONE, &once, &err), third;

    assert_true(str_starts(object_name(&first), STR("g-")));
    assert_true(str_eq(object_name(&first), object_name(&second)));
    submit(w, HEAD("name: given") ONE, &plain, &err);
    assert_int_equal(err.kind, ERR_NONE);
    submit(w, HEAD("name: given") ONE, &plain, &err);
    assert_int_equal(err.kind, ERR_EXISTS);
    third = submit(w, HEAD("name: o, generateName: o-") ONE, &either, &err);
    is_text(json_path(&third, "metadata", "name", NULL), "o");
    third = submit(w, HEAD("name: o, generateName: o-") ONE, &either, &err);
    assert_true(str_starts(object_name(&third), STR("o-")));
}

static void test_dry_run(void **state)
{
    const struct workflow_submit_options options = {.ns = STR("argo"), .dry_run = true};
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("argo"), STR("dry")};
    struct world *w = *state;
    const struct store_object *o;
    struct err err;
    struct json made = submit(w, HEAD("name: dry") ONE, &options, &err);

    is_text(json_path(&made, "metadata", "name", NULL), "dry");
    assert_int_equal(store_get(w->on.store, &key, &o, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(test_options),
                                       TEST(test_refused),
                                       TEST(test_references),
                                       TEST(test_defaults),
                                       TEST(test_defaults_of_a_template),
                                       TEST(test_metadata_of_defaults),
                                       TEST(test_CVE_2026_31892_no_other_way_in),

                                       TEST(test_templates_of_argo_2),
                                       TEST(test_from_template),
                                       TEST(test_marks_and_names),
                                       TEST(test_dry_run)};

    return cmocka_run_group_tests_name("submit", tests, NULL, NULL);
}
