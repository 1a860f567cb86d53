/* Tests of lang/subst/names.h: golden vectors of Argo's names, and what they leave open. */
#include "lang/subst/names.h"
#include "tests/support/golden.h"

static struct str arg(const struct json *row, size_t index)
{
    return json_str(json_item(json_get(row, STR("args")), index));
}

static int check_pod(struct arena *a, const struct json *row)
{
    const struct pod_node node = {.name = arg(row, 1), .tmpl = arg(row, 2), .id = arg(row, 3)};
    struct str made = pod_name(a, arg(row, 0), &node, pod_name_version_of(arg(row, 4)));

    return str_eq(made, json_get_str(row, STR("out")));
}

static int check_display(struct arena *a, const struct json *row)
{
    const struct json *out = json_get(row, STR("out"));
    struct str workflow = arg(row, 0), boundary = arg(row, 1), node = arg(row, 2);
    struct str boundary_id = str_is_empty(boundary) ? STR("") : node_id(a, workflow, boundary);

    return str_eq(node_display_name(node, boundary), json_get_str(out, STR("displayName"))) &&
           str_eq(node_id(a, workflow, node), json_get_str(out, STR("id"))) &&
           str_eq(boundary_id, json_get_str(out, STR("boundaryID")));
}

static int check_artifact_gc(struct arena *a, const struct json *row)
{
    const struct json *out = json_get(row, STR("out"));
    const struct artifact_gc_pod pod = {.workflow = arg(row, 0),
                                        .strategy = arg(row, 1),
                                        .account = arg(row, 2),
                                        .labels = json_get(row, STR("labels")),
                                        .notes = json_get(row, STR("annotations"))};
    struct str name;
    struct err err;

    if (pod_name_artifact_gc(a, &pod, &name, &err) < 0)
        return golden_fails(row) && str_is(json_get_str(row, STR("err")), err.text);
    return !golden_fails(row) && str_eq(name, json_get_str(out, STR("pod"))) &&
           str_eq(pod_label_artifact_gc(a, name), json_get_str(out, STR("label")));
}

/* The display name that is used is the annotation's as it is; what is judged is whether it is
 * valid. */
static int check_annotation(const struct json *row)
{
    const struct json *out = json_get(row, STR("out"));

    return str_eq(arg(row, 0), json_get_str(out, STR("displayName"))) &&
           node_display_name_is_valid(arg(row, 0)) == json_get_bool(out, STR("valid"));
}

static int check_sidecar(const struct json *row)
{
    const struct json *out = json_get(row, STR("out"));

    return container_is_auxiliary(arg(row, 0)) == json_get_bool(out, STR("auxiliary")) &&
           container_is_argo_sidecar(arg(row, 0)) == json_get_bool(out, STR("sidecar"));
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct str fn = json_get_str(row, STR("fn"));
    struct str out = json_get_str(row, STR("out"));

    if (str_is(fn, "podName"))
        return check_pod(a, row);
    if (str_is(fn, "displayName"))
        return check_display(a, row);
    if (str_is(fn, "artifactGCPod"))
        return check_artifact_gc(a, row);
    if (str_is(fn, "displayNameAnnotation"))
        return check_annotation(row);
    if (str_is(fn, "argoSidecar"))
        return check_sidecar(row);
    if (str_is(fn, "nodeID"))
        return str_eq(node_id(a, arg(row, 0), arg(row, 1)), out);
    if (str_is(fn, "podNameVersion"))
        return (pod_name_version_of(arg(row, 1)) == POD_NAME_V1) == str_is(out, "v1");
    if (str_is(fn, "onExit"))
        return str_eq(node_name_on_exit(a, arg(row, 0)), out);
    if (str_is(fn, "hook"))
        return str_eq(node_name_hook(a, arg(row, 0), arg(row, 1)), out);
    if (str_is(fn, "containerNode"))
        return str_eq(node_id(a, arg(row, 0), node_name_container(a, arg(row, 1), arg(row, 2))),
                      out);
    if (str_is(fn, "agentPod"))
        return str_eq(pod_name_agent(a, arg(row, 0)), out);
    return str_is(fn, "backfillPrefix") &&
           str_eq(backfill_prefix(a, arg(row, 0), arg(row, 1)), out);
}

static void test_golden(void **state)
{
    (void) state;
    golden_run("lang/names.jsonl", check_golden, 165);
}

/* The pod of the first rule has the node's id, which may be another than its name makes. */
static void test_pod_names(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct pod_node node = {.name = STR("wf.A"), .tmpl = STR("t"), .id = STR("id-5")};

    (void) state;
    assert_true(str_is(pod_name(a, STR("wf"), &node, POD_NAME_V1), "id-5"));
    assert_true(str_is(pod_name(a, STR("wf"), &node, POD_NAME_V2), "wf-t-3498999265"));
    node.id = STR_NONE;
    assert_true(str_is(pod_name(a, STR("wf"), &node, POD_NAME_V1), "wf-3498999265"));
    node.tmpl = STR_NONE;
    assert_true(str_is(pod_name(a, STR("wf"), &node, POD_NAME_V2), "wf-3498999265"));
}

static void test_display_names(void **state)
{
    static const char *const cases[][3] = {
        {"wf[0]", "wf", "[0]"},   {"wf[].a", "wf", "[].a"}, {"wf[0", "wf", "[0"},
        {"wf[0].", "wf", ""},     {"wf", "wf", ""},         {".a", "x", "a"},
        {"wf[1]x", "wf", "[1]x"}, {"a.b", "", "a.b"},       {"wf2.a", "wf", "2.a"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str shown = node_display_name(str_from(cases[i][0]), str_from(cases[i][1]));

        if (!str_is(shown, cases[i][2]))
            fail_msg("case %zu: %s: got " STR_FMT, i, cases[i][0], STR_ARG(shown));
    }
}

static void test_artifact_gc_order(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct artifact_gc_pod pod = {.workflow = STR("w"), .strategy = STR("OnWorkflowDeletion")};
    struct json forward, backward;
    struct str one, other;
    struct err err;

    (void) state;
    assert_int_equal(json_parse(a, STR("{\"a\":\"1\",\"b\":\"2\"}"), &forward, &err), 0);
    assert_int_equal(json_parse(a, STR("{\"b\":\"2\",\"a\":\"1\"}"), &backward, &err), 0);
    pod.labels = &forward;
    assert_int_equal(pod_name_artifact_gc(a, &pod, &one, &err), 0);
    pod.labels = &backward;
    assert_int_equal(pod_name_artifact_gc(a, &pod, &other, &err), 0);
    assert_true(str_eq(one, other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),
                                       cmocka_unit_test(test_pod_names),
        cmocka_unit_test(test_display_names),
                                       cmocka_unit_test(test_artifact_gc_order)};

    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
