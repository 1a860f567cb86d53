/* Phase of a DAG: golden vectors of the original, graphs that the vectors lack. */
#include "lang/depends/dag_phase.h"
#include "tests/support/golden.h"

enum { NODES_MAX = 16 };

struct graph {
    struct dag_node nodes[NODES_MAX];
    struct str names[NODES_MAX];
    size_t children[NODES_MAX][NODES_MAX];
    size_t roots[NODES_MAX];
    struct dag_target targets[NODES_MAX];
    struct dag_view view;
};

static size_t find(const struct graph *g, struct str name)
{
    for (size_t i = 0; i < g->view.node_count; i++)
        if (str_eq(g->names[i], name))
            return i;
    return SIZE_MAX;
}

static size_t read_edges(const struct graph *g, const struct json *list, size_t *at)
{
    size_t count = list ? list->count : 0;

    for (size_t i = 0; i < count; i++)
        at[i] = find(g, json_str(&list->items[i]));
    return count;
}

static void read_nodes(struct graph *g, const struct json *row)
{
    const struct json *states = json_get(row, STR("states")),
                      *edges = json_get(row, STR("edges"));

    for (uint32_t i = 0; i < states->count; i++) {
        const struct json *doc = &states->members[i].value;

        g->names[i] = states->members[i].key;
        g->nodes[i].phase = depends_phase_of(json_get_str(doc, STR("phase")));
        g->nodes[i].kind = json_get_bool(doc, STR("group")) ? DAG_NODE_GROUP : DAG_NODE_PLAIN;
    }
    g->view.node_count = states->count;
    for (uint32_t i = 0; i < states->count; i++) {
        g->nodes[i].children = g->children[i];
        g->nodes[i].child_count = read_edges(g, json_get(edges, g->names[i]), g->children[i]);
    }
    g->view.root_count = read_edges(g, json_get(edges, STR("")), g->roots);
}

static bool read_targets(struct arena *a, struct graph *g, const struct json *row)
{
    const struct json *dag = json_get(row, STR("dag")), *tasks = json_get(dag, STR("tasks"));
    const struct json *want = json_get(row, STR("targets"));
    struct depends_task all[NODES_MAX];
    const struct depends *programs[NODES_MAX];
    const size_t *targets;
    struct err err;

    for (uint32_t i = 0; i < tasks->count; i++)
        all[i] = depends_task_of(&tasks->items[i]);
    for (uint32_t i = 0; i < tasks->count; i++)
        assert_int_equal(depends_compile(a, all, tasks->count, i, &programs[i], &err), 0);
    targets = depends_targets(a, json_get_str(dag, STR("target")), programs, all, tasks->count,
                              &g->view.target_count);
    for (size_t i = 0; i < g->view.target_count; i++) {
        const struct depends_task *task = &all[targets[i]];

        g->targets[i] = (struct dag_target){.node = find(g, task->name),
                                            .continues_on_failed = task->continues_on_failed,
                                            .continues_on_error = task->continues_on_error};
        if (!str_eq(task->name, json_str(json_item(want, i))))
            return false;
    }
    return g->view.target_count == want->count;
}

static int check_golden(struct arena *a, const struct json *row)
{
    struct graph *g = ARENA_NEW(a, struct graph);
    const struct json *fail_fast = json_path(row, "dag", "failFast", NULL);

    g->view = (struct dag_view){.nodes = g->nodes, .roots = g->roots, .targets = g->targets};
    g->view.is_fail_fast = !fail_fast || fail_fast->is_true;
    g->view.is_shutdown = json_get_bool(row, STR("shutdown"));
    read_nodes(g, row);
    return read_targets(a, g, row) &&
           str_eq(depends_phase_name(dag_phase(a, &g->view)), json_get_str(row, STR("out")));
}

static void test_golden(void **state _unused_)
{
    golden_run("lang/dagphase.jsonl", check_golden, 77);
}

/* A, tried twice, is followed by B, which hangs on its last attempt. */
static void test_retry(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    static const size_t roots[] = {0}, attempts[] = {1, 2, 4}, after[] = {3};
    struct dag_target target = {.node = 3};
    struct dag_node nodes[] = {
        {.phase = DEPENDS_PHASE_SUCCEEDED,
         .kind = DAG_NODE_RETRY,
         .children = attempts,
         .child_count = 2},
        {.phase = DEPENDS_PHASE_FAILED},
        {.phase = DEPENDS_PHASE_SUCCEEDED, .children = after, .child_count = 1},
        {.phase = DEPENDS_PHASE_OMITTED},
        {.phase = DEPENDS_PHASE_RUNNING, .is_no_attempt = true},
    };
    struct dag_view view = {.nodes = nodes,
                            .node_count = COUNT_OF(nodes),
                            .roots = roots,
                            .root_count = 1,
                            .targets = &target,
                            .target_count = 1,
                            .is_fail_fast = true};

    assert_int_equal(dag_phase(a, &view), DEPENDS_PHASE_SUCCEEDED);
    nodes[0].phase = DEPENDS_PHASE_FAILED; /* what is omitted inherits it */
    assert_int_equal(dag_phase(a, &view), DEPENDS_PHASE_FAILED);
    nodes[0].child_count = 3; /* a hook that runs */
    assert_int_equal(dag_phase(a, &view), DEPENDS_PHASE_RUNNING);
    nodes[4].phase = DEPENDS_PHASE_ERROR; /* no target: its end does not matter */
    assert_int_equal(dag_phase(a, &view), DEPENDS_PHASE_FAILED);
}

/* Two branches meet in a target that was omitted: the failure wins, in any order. */
static void test_branches(void **state _unused_)
{
    static const size_t orders[][2] = {{0, 1}, {1, 0}}, after[] = {2};
    struct dag_target target = {.node = 2};
    struct dag_node nodes[] = {
        {.phase = DEPENDS_PHASE_ERROR, .children = after, .child_count = 1},
        {.phase = DEPENDS_PHASE_SUCCEEDED, .children = after, .child_count = 1},
        {.phase = DEPENDS_PHASE_OMITTED},
    };

    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct dag_view view = {.nodes = nodes,
                                .node_count = COUNT_OF(nodes),
                                .roots = orders[i],
                                .root_count = 2,
                                .targets = &target,
                                .target_count = 1};

        assert_int_equal(dag_phase(a, &view), DEPENDS_PHASE_ERROR);
    }
}

/* A daemon that is up counts as done; a target without a node is still to come. */
static void test_open_ends(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    static const size_t roots[] = {0};
    struct dag_target target = {.node = 0};
    struct dag_node node = {.phase = DEPENDS_PHASE_RUNNING, .is_daemoned = true};
    struct dag_view view = {.nodes = &node,
                            .node_count = 1,
                            .roots = roots,
                            .root_count = 1,
                            .targets = &target,
                            .target_count = 1};

    assert_int_equal(dag_phase(a, &view), DEPENDS_PHASE_SUCCEEDED);
    node.phase = DEPENDS_PHASE_PENDING;
    assert_int_equal(dag_phase(a, &view), DEPENDS_PHASE_RUNNING);
    node.phase = DEPENDS_PHASE_SUCCEEDED;
    target.node = SIZE_MAX;
    assert_int_equal(dag_phase(a, &view), DEPENDS_PHASE_RUNNING);
}

/* A child that has no node yet keeps the DAG running, wherever it hangs; so does a group that has
 * not been expanded. */
static void test_missing_children(void **state _unused_)
{
    static const enum dag_node_kind kinds[] = {DAG_NODE_PLAIN, DAG_NODE_GROUP, DAG_NODE_RETRY};
    static const size_t roots[] = {0}, below[] = {SIZE_MAX}, none[] = {SIZE_MAX, 0};
    struct dag_target target = {.node = 0};

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct dag_node node = {.phase = DEPENDS_PHASE_SUCCEEDED,
                                .kind = kinds[i],
                                .children = below,
                                .child_count = 1};
        struct dag_view view = {.nodes = &node,
                                .node_count = 1,
                                .roots = roots,
                                .root_count = 1,
                                .targets = &target,
                                .target_count = 1};

        assert_int_equal(dag_phase(a, &view), DEPENDS_PHASE_RUNNING);
        node.phase = DEPENDS_PHASE_PENDING;
        assert_int_equal(dag_phase(a, &view), DEPENDS_PHASE_RUNNING);
        node.child_count = 0;
        assert_int_equal(dag_phase(a, &view), DEPENDS_PHASE_RUNNING);
        node.phase = DEPENDS_PHASE_SUCCEEDED;
        assert_int_equal(dag_phase(a, &view), DEPENDS_PHASE_SUCCEEDED);
        view.roots = none;
        view.root_count = 2;
        assert_int_equal(dag_phase(a, &view), DEPENDS_PHASE_RUNNING);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_branches),
        cmocka_unit_test(test_open_ends),
        cmocka_unit_test(test_missing_children),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
