/*
 * Tests of retry and resubmission: tables of ended workflows and which nodes are removed or run
 * again; whole documents.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/yaml.h"
#include "workflows/operate/retry_internal.h"

/* 2026-01-02T03:04:05Z */
enum { NOW_S = 1767323045 };

static struct json yaml(struct arena *a, struct str text)
{
    struct yaml_documents docs;
    struct err err;

    if (yaml_parse_all(a, text, &docs, &err) < 0 || docs.len != 1)
        fail_msg("%s: " STR_FMT, err.text, STR_ARG(text));
    return docs.at[0];
}

/* @nodes: a line each: "ID TYPE PHASE BOUNDARY CHILD,CHILD" with "-" for none; the node "wf" is
 * the root, the name of others is "wf.ID", those in brackets are attempts. */
static void add_nodes(struct arena *a, struct operate_workflow *wf, const char *nodes)
{
    struct str rest = str_from(nodes), line, word, child;

    wf->nodes = ARENA_ARRAY(a, struct operate_node, 32);
    while (str_cut(&rest, '\n', &line)) {
        struct operate_node *n = &wf->nodes[wf->node_count];
        struct str words[5] = {STR("-"), STR("-"), STR("-"), STR("-"), STR("-")};
        struct json_array_builder children = {0};
        struct str name;

        for (size_t i = 0; i < 5 && str_cut(&line, ' ', &word); i++)
            words[i] = word;
        name =
            str_is(words[0], "wf") ? words[0] : str_printf(a, "wf." STR_FMT, STR_ARG(words[0]));
        *n = (struct operate_node){.id = words[0], .seq = wf->node_count++};
        n->doc = json_set(a, NULL, STR("id"), json_string(words[0]));
        n->doc = json_set(a, &n->doc, STR("name"), json_string(name));
        n->doc = json_set(a, &n->doc, STR("type"), json_string(words[1]));
        n->doc = json_set(a, &n->doc, STR("phase"), json_string(words[2]));
        if (!str_is(words[3], "-"))
            n->doc = json_set(a, &n->doc, STR("boundaryID"), json_string(words[3]));
        if (str_find_char(words[0], '(') != SIZE_MAX)
            n->doc = json_set_path(a, &n->doc, json_bool(true), "nodeFlag", "retried", NULL);
        if (str_is(words[4], "-"))
            continue;
        while (str_cut(&words[4], ',', &child))
            json_push(a, &children, json_string(child));
        n->doc = json_set(a, &n->doc, STR("children"), json_array(&children));
    }
}

static struct operate_workflow load(struct arena *a, const char *doc, const char *nodes)
{
    struct operate_workflow wf = {
        .arena = a, .now = {NOW_S * 1000LL}, .doc = yaml(a, str_from(doc))};

    add_nodes(a, &wf, nodes);
    return wf;
}

/* "removed: a b; reset: c" */
static struct str told(struct arena *a, const struct operate_workflow *wf)
{
    struct str removed = STR("removed:"), reset = STR("; reset:");

    for (size_t i = 0; i < wf->node_count; i++) {
        const struct operate_node *n = &wf->nodes[i];

        if (n->is_removed)
            removed = str_printf(a, STR_FMT " " STR_FMT, STR_ARG(removed), STR_ARG(n->id));
        else if (json_get(&n->doc, STR("startedAt")))
            reset = str_printf(a, STR_FMT " " STR_FMT, STR_ARG(reset), STR_ARG(n->id));
    }
    return str_concat(a, removed, reset);
}

/* ---- nodes ---- */

#define STEPS_FAILED                                                                \
    "wf Steps Failed - g0\ng0 StepGroup Succeeded wf a\na Pod Succeeded wf g1\ng1 " \
    "StepGroup Failed wf b,c\nb Pod Failed wf\nc Pod Succeeded wf"
#define STEPS_FINE                                                                     \
    "wf Steps Succeeded - g0\ng0 StepGroup Succeeded wf a\na Pod Succeeded wf g1\ng1 " \
    "StepGroup Succeeded wf b\nb Pod Succeeded wf"
#define LOOP                                                                         \
    "wf DAG Failed - t\nt TaskGroup Failed wf t0,t1\nt0 Pod Succeeded wf u\nt1 Pod " \
    "Failed wf u\nu Skipped Omitted wf"

static const char pair[] = "a=b";

static void test_nodes(void **state)
{
    static const struct {
        const char *what, *phase, *nodes;
        bool restarts;
        const char *selector, *parameter, *want;
    } rows[] = {
        {"steps", "Failed", STEPS_FAILED, false, "", NULL, "removed: b; reset: wf g1"},
        {"a selector alone chooses nothing", "Failed", STEPS_FAILED, false, "id=a", NULL,
         "removed: b; reset: wf g1"},
        {"a restart alone chooses nothing", "Failed", STEPS_FAILED, true, "", NULL,
         "removed: b; reset: wf g1"},
        {"a step before", "Failed", STEPS_FAILED, true, "id=a", NULL,
         "removed: a g1 b c; reset: wf g0"},
        {"a step beside", "Failed", STEPS_FAILED, true, "name=wf.c", NULL,
         "removed: b c; reset: wf g1"},
        {"of a succeeded one", "Succeeded", STEPS_FINE, true, "id=b", NULL,
         "removed: b; reset: wf g1"},
        {"the root", "Succeeded", STEPS_FINE, true, "id=wf", NULL,
         "removed: wf g0 a g1 b; reset:"},
        {"nothing matches", "Succeeded", STEPS_FINE, true, "id=x", NULL, "removed:; reset:"},
        {"a pod alone", "Error", "wf Pod Error -", false, "", NULL, "removed: wf; reset:"},
        {"a diamond", "Failed",
         "wf DAG Failed - a\na Pod Succeeded wf b,c\nb Pod Failed wf d\nc Pod Succeeded wf "
         "d\nd "
         "Skipped Omitted wf",
         false, "", NULL, "removed: b d; reset: wf"},
        {"what went on is kept", "Failed",
         "wf Steps Failed - g0\ng0 StepGroup Succeeded wf a\na Pod Failed wf g1\ng1 StepGroup "
         "Failed wf b,c\nb Pod Succeeded wf\nc Pod Error wf",
         false, "", NULL, "removed: c; reset: wf g1"},
        {"attempts", "Failed",
         "wf Steps Failed - g0\ng0 StepGroup Failed wf r\nr Retry Failed wf r(0),r(1)\nr(0) "
         "Pod "
         "Failed wf\nr(1) Pod Error wf",
         false, "", NULL, "removed: r(0) r(1); reset: wf g0 r"},
        {"failed attempts of what succeeded", "Failed",
         "wf DAG Failed - r,b\nr Retry Succeeded wf r(0),r(1)\nr(0) Pod Failed wf\nr(1) Pod "
         "Succeeded wf\nb Pod Failed wf",
         false, "", NULL, "removed: b; reset: wf"},
        {"a retried group", "Failed",
         "wf Retry Failed - wf(0)\nwf(0) Steps Failed - g0\ng0 StepGroup Failed wf(0) a\na Pod "
         "Failed wf(0)",
         false, "", NULL, "removed: a; reset: wf wf(0) g0"},
        {"a group in a group", "Failed",
         "wf DAG Failed - t\nt Steps Failed wf g0\ng0 StepGroup Failed t p,q\np Pod Failed "
         "t\nq "
         "Pod Succeeded t",
         false, "", NULL, "removed: p; reset: wf t g0"},
        {"a loop", "Failed", LOOP, false, "", NULL, "removed: t1 u; reset: wf t"},
        {"a loop with other items", "Failed", LOOP, false, "", pair,
         "removed: t0 t1 u; reset: wf t"},
        {"a container takes its pod with it", "Failed",
         "wf DAG Failed - p\np Pod Succeeded wf c0,c1\nc0 Container Succeeded wf\nc1 Container "
         "Failed wf",
         false, "", NULL, "removed: p c0 c1; reset: wf"},
        {"exit handlers", "Failed",
         "wf Pod Failed -\nonExit Steps Failed - x\nonExit[0] StepGroup Failed onExit "
         "y\nonExit-y "
         "Pod Failed onExit",
         false, "", NULL, "removed: wf onExit onExit[0] onExit-y; reset:"},
        {"nodes that are nowhere", "Failed", "wf DAG Failed - a,gone\na Pod Failed wf gone",
         false, "", NULL, "removed: a; reset: wf"},
        {"no nodes", "Error", "", false, "", NULL, "removed:; reset:"},
        {"other phases", "Running", STEPS_FAILED, false, "", NULL,
         "error: Cannot retry a workflow in phase Running"},
        {"not begun", "", "", false, "", NULL, "error: Cannot retry a workflow in phase "},
        {"succeeded", "Succeeded", STEPS_FINE, true, "", NULL,
         "error: To retry a succeeded workflow, set the options restartSuccessful and "
         "nodeFieldSelector"},
        {"succeeded", "Succeeded", STEPS_FINE, false, "id=b", NULL,
         "error: To retry a succeeded workflow, set the options restartSuccessful and "
         "nodeFieldSelector"},
        {"no selector", "Failed", STEPS_FAILED, true, "id", NULL,
         "error: invalid selector: 'id'; can't understand 'id'"},
        {"no boundary", "Failed", "wf DAG Failed - g\ng StepGroup Failed x a\na Pod Failed wf",
         false, "", NULL, "error: was seeking node but ran out of nodes to explore"},
        {"a ring", "Failed", "wf DAG Failed - x\nx Pod Failed wf z\nz Pod Failed wf x", false,
         "", NULL, "error: was seeking node but ran out of nodes to explore"},
        {"no parameter", "Failed", STEPS_FAILED, false, "", "a",
         "error: expected parameter of the form: NAME=VALUE. Received: a"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str doc = str_printf(a, "metadata: {name: wf}\nspec: {}\nstatus: {phase: '%s'}",
                                    rows[i].phase);
        struct operate_workflow wf = load(a, doc.ptr, rows[i].nodes);
        struct str parameter = str_from(rows[i].parameter ? rows[i].parameter : "");
        const struct operate_retrial how = {.restarts_successful = rows[i].restarts,
                                            .selector = str_from(rows[i].selector),
                                            .parameters = &parameter,
                                            .parameter_count = rows[i].parameter != NULL};
        struct err err;
        struct str have = operate_retry(&wf, &how, &err) < 0
                              ? str_printf(a, "error: %s", err.text)
                              : told(a, &wf);

        if (!str_is(have, rows[i].want))
            fail_msg("%s:\n" STR_FMT "\nwant\n%s", rows[i].what, STR_ARG(have), rows[i].want);
    }
}

/* ---- documents ---- */

static void test_document(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct operate_workflow wf = load(
        a,
        "metadata: {name: wf, generation: 3, labels: {a: b, workflows.argoproj.io/completed: "
        "'true', workflows.argoproj.io/workflow-archiving-status: Archived}}\n"
        "spec: {shutdown: Stop, activeDeadlineSeconds: 0, arguments: {parameters: [{name: p, "
        "value: '1'}, {name: q, value: '2'}]}}\n"
        "status: {phase: Failed, message: bad, startedAt: x, finishedAt: y, progress: 1/2, "
        "conditions: [{type: Completed, status: 'True'}, {type: PodRunning, status: 'False'}], "
        "storedWorkflowTemplateSpec: {shutdown: Stop, arguments: {parameters: [{name: p}]}}}",
        "wf Steps Failed - g0\ng0 StepGroup Failed wf a,b\na Pod Failed wf\nb Pod Succeeded "
        "wf");
    struct str parameter = STR("p=new");
    const struct operate_retrial how = {
        .selector = STR(""), .parameters = &parameter, .parameter_count = 0};
    const struct operate_retrial overriding = {
        .selector = STR(""), .parameters = &parameter, .parameter_count = 1};
    struct str want = STR(
        "{\"metadata\":{\"generation\":4,\"labels\":{\"a\":\"b\"},\"name\":\"wf\"},\"spec\":{"
        "\"arguments\":{\"parameters\":[{\"name\":\"p\",\"value\":\"new\"},{\"name\":\"q\","
        "\"value\":\"2\"}]}},\"status\":{\"conditions\":[{\"status\":\"False\",\"type\":"
        "\"PodRunning\"},{\"status\":\"False\",\"type\":\"Completed\"}],\"finishedAt\":null,"
        "\"phase\":\"\",\"progress\":\"1/2\",\"startedAt\":\"2026-01-02T03:04:05Z\","
        "\"storedWorkflowTemplateSpec\":{\"arguments\":{\"parameters\":[{\"name\":\"p\","
        "\"value\":\"new\"}]}}}}");
    struct operate_workflow other = wf;
    struct err err;

    (void) state;
    assert_int_equal(operate_retry(&other, &overriding, &err), 0);
    if (!str_eq(json_text(a, &other.doc, JSON_SORT_KEYS), want))
        fail_msg(STR_FMT, STR_ARG(json_text(a, &other.doc, JSON_SORT_KEYS)));
    wf = load(
        a, "metadata: {name: wf}\nspec: {activeDeadlineSeconds: 5}\nstatus: {phase: Error}",
        "wf Steps Failed - g0\ng0 StepGroup Failed wf a,b\na Pod Failed wf\nb Pod Succeeded "
        "wf");
    assert_int_equal(operate_retry(&wf, &how, &err), 0);
    assert_true(wf.is_changed);
    if (!str_is(
            json_text(a, &wf.doc, JSON_SORT_KEYS),
            "{\"metadata\":{\"generation\":2,\"name\":\"wf\"},\"spec\":{"
            "\"activeDeadlineSeconds\":5},\"status\":{\"conditions\":[{\"status\":\"False\","
            "\"type\":\"Completed\"}],\"finishedAt\":null,\"phase\":\"\",\"startedAt\":"
            "\"2026-01-02T03:04:05Z\"}}"))
        fail_msg(STR_FMT, STR_ARG(json_text(a, &wf.doc, JSON_SORT_KEYS)));
    if (!str_is(json_text(a, &wf.nodes[1].doc, JSON_SORT_KEYS),
                "{\"boundaryID\":\"wf\",\"children\":[\"b\"],\"finishedAt\":null,\"id\":\"g0\","
                "\"name\":\"wf.g0\",\"phase\":\"Running\",\"startedAt\":"
                "\"2026-01-02T03:04:05Z\",\"type\":\"StepGroup\"}"))
        fail_msg(STR_FMT, STR_ARG(json_text(a, &wf.nodes[1].doc, JSON_SORT_KEYS)));
    assert_false(wf.nodes[3].is_changed);
}

static void test_resubmit(void **state)
{
    static const struct {
        const char *doc;
        const char *parameter, *want;
    } rows[] = {
        {"metadata: {name: wf, namespace: ns, uid: u}\nspec: {entrypoint: main}\nstatus: "
         "{phase: "
         "Running}",
         NULL,
         "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
         "\"generateName\":\"wf-\",\"labels\":{\"workflows.argoproj.io/"
         "resubmitted-from-workflow\":\"wf\"},\"namespace\":\"ns\"},\"spec\":{\"entrypoint\":"
         "\"main\"}}"},
        {"metadata: {name: w-1, generateName: w-, annotations: {x: z}, ownerReferences: "
         "[{name: "
         "o}], labels: {a: b, workflows.argoproj.io/phase: Failed, "
         "workflows.argoproj.io/completed: 'true', workflows.argoproj.io/creator: me, "
         "workflows.argoproj.io/resubmitted-from-workflow: w-0, "
         "workflows.argoproj.io/workflow-template: lib}}\n"
         "spec: {shutdown: Terminate, activeDeadlineSeconds: 0, arguments: {parameters: "
         "[{name: "
         "p, value: old}]}}",
         "p=new",
         "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
         "\"annotations\":{\"x\":\"z\"},\"generateName\":\"w-\",\"labels\":{\"a\":\"b\","
         "\"workflows.argoproj.io/resubmitted-from-workflow\":\"w-1\",\"workflows.argoproj.io/"
         "workflow-template\":\"lib\"},\"ownerReferences\":[{\"name\":\"o\"}]},\"spec\":{"
         "\"arguments\":{\"parameters\":[{\"name\":\"p\",\"value\":\"new\"}]}}}"},
        {"metadata: {name: wf}\nspec: {}", "p",
         "error: expected parameter of the form: NAME=VALUE. Received: p"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = yaml(a, str_from(rows[i].doc)), made;
        struct str parameter = str_from(rows[i].parameter ? rows[i].parameter : "");
        const struct operate_resubmission how = {.parameters = &parameter,
                                                 .parameter_count = rows[i].parameter != NULL};
        struct err err;
        struct str have = operate_resubmit(a, &doc, &how, &made, &err) < 0
                              ? str_printf(a, "error: %s", err.text)
                              : json_text(a, &made, JSON_SORT_KEYS);

        if (!str_is(have, rows[i].want))
            fail_msg("row %zu\n" STR_FMT "\nwant\n%s", i, STR_ARG(have), rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_resubmit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
