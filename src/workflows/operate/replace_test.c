/*
 * Tests of operate_replace(): tables of a workflow, what a client writes over it, and what is
 * stored then. Workflows are YAML; nodes are written short, "ID: {phase: ...}", and get the
 * rest by make_node().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "formats/yaml.h"
#include "objects/workflow_node.h"
#include "workflows/operate/stored.h"

/* 2026-01-02T03:04:05Z */
enum { NOW_S = 1767323045 };

static struct json yaml(struct arena *a, const char *text)
{
    struct yaml_documents docs;
    struct err err;

    if (yaml_parse_all(a, str_from(text), &docs, &err) < 0 || docs.len != 1)
        fail_msg("%s: %s", err.text, text);
    return docs.at[0];
}

static struct json make_node(struct arena *a, struct str id, const struct json *written)
{
    static const char *const members[] = {"id", "name"};
    struct json node = *written;

    for (size_t i = 0; i < COUNT_OF(members); i++)
        if (!json_get(&node, str_from(members[i])))
            node = json_set(a, &node, str_from(members[i]), json_string(id));
    if (!json_get(&node, STR("type")))
        node = json_set(a, &node, STR("type"), json_string(STR("Pod")));
    return node;
}

static struct json document(struct arena *a, const char *text)
{
    struct json doc = yaml(a, text);
    const struct json *nodes = json_path(&doc, "status", "nodes", NULL);

    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++) {
        struct json_member *m = (struct json_member *) (uintptr_t) &nodes->members[i];

        m->value = make_node(a, m->key, &m->value);
    }
    return doc;
}

static struct operate_workflow load(struct arena *a, const char *text)
{
    struct operate_workflow wf = {
        .arena = a, .now = {NOW_S * 1000LL}, .doc = document(a, text)};

    operate_take_apart(&wf);
    return wf;
}

/* "ID changed SEQ PHASE PODUID" or "ID removed", a node that is written each. */
static struct str rows_of(struct arena *a, const struct operate_workflow *wf)
{
    struct str text = STR("");

    for (size_t i = 0; i < wf->node_count; i++) {
        const struct operate_node *n = &wf->nodes[i];
        struct str phase = json_get_str(&n->doc, STR("phase")),
                   pod = json_get_str(&n->doc, STR(WORKFLOW_NODE_POD));

        if (n->is_removed)
            text = str_printf(a, STR_FMT STR_FMT " removed\n", STR_ARG(text), STR_ARG(n->id));
        else if (n->is_changed)
            text = str_printf(a, STR_FMT STR_FMT " %llu " STR_FMT "%s" STR_FMT "\n",
                              STR_ARG(text), STR_ARG(n->id), (unsigned long long) n->seq,
                              STR_ARG(phase), str_is_empty(pod) ? "" : " ", STR_ARG(pod));
    }
    return text;
}

#define META    "metadata: {name: wf, namespace: ns, uid: u, generation: 1}\nspec: {}\n"
#define SECOND  "metadata: {name: wf, namespace: ns, uid: u, generation: 2}\nspec: {}\n"
#define STARTED "startedAt: 2026-01-01T00:00:00Z, "
#define RUNS    META "status: {phase: Running, " STARTED

/* What is written of the nodes, and which generation the workflow is then of. */
static void test_nodes(void **state)
{
    static const struct {
        const char *workflow, *given, *rows;
        int64_t generation;
    } rows[] = {
        /* a suspended node is resumed */
        {RUNS "nodes: {a: {type: Suspend, phase: Running}, b: {phase: Running}}}",
         RUNS "nodes: {a: {type: Suspend, phase: Succeeded}, b: {phase: Running}}}",
         "a 1 Succeeded\n", 1},
        /* the same in another order */
        {RUNS "nodes: {a: {phase: Running, message: x}, b: {phase: Failed}}}",
         RUNS "nodes: {b: {phase: Failed}, a: {message: x, phase: Running}}}", "", 1},
        /* a pod that has ended is retried: another one */
        {META "status: {phase: Failed, " STARTED "nodes: {wf: {type: Steps, phase: Failed}, "
              "b: {phase: Failed}, c: {phase: Succeeded}}}",
         META "status: {" STARTED
              "nodes: {wf: {type: Steps, phase: Running}, c: {phase: Succeeded}}}",
         "wf 1 Running\nb removed\n", 2},
        {RUNS "nodes: {a: {phase: Failed}}}", RUNS "nodes: {a: {phase: Running}}}",
         "a 1 Running\n", 2},
        {RUNS "nodes: {a: {type: HTTP, phase: Error}}}",
         RUNS "nodes: {a: {type: HTTP, phase: Pending}}}", "a 1 Pending\n", 2},
        /* one that still runs is taken away, the other one keeps its pod */
        {RUNS "nodes: {a: {phase: Running}, b: {phase: Running}, c: {phase: Succeeded}}}",
         RUNS "nodes: {b: {phase: Running}, c: {phase: Succeeded}}}",
         "a removed\nb 2 Running u-3876335077\n", 2},
        /* once more: it has the pod that it had, also when the client leaves that out */
        {SECOND "status: {phase: Running, " STARTED
                "nodes: {a: {phase: Running}, b: {phase: Running, podUID: u-1}}}",
         SECOND "status: {phase: Running, " STARTED "nodes: {b: {phase: Running}}}",
         "a removed\n", 3},
        {SECOND "status: {phase: Running, " STARTED
                "nodes: {a: {phase: Running}, b: {phase: Running}}}",
         SECOND "status: {phase: Running, " STARTED "nodes: {b: {phase: Running}}}",
         "a removed\nb 2 Running u-3876335077r2\n", 3},
        /* nobody else says what a node's pod is */
        {RUNS "nodes: {a: {phase: Running}}}",
         RUNS "nodes: {a: {phase: Running, podUID: u-7}}}", "", 1},
        {RUNS "nodes: {}}", RUNS "nodes: {a: {phase: Running, podUID: u-7}}}", "a 1 Running\n",
         1},
        /* nodes that run no pod, and those that are ended, need no other one */
        {RUNS "nodes: {a: {type: Suspend, phase: Running}, b: {phase: Running}}}",
         RUNS "nodes: {b: {phase: Failed}}}", "a removed\nb 2 Failed\n", 1},
        /* new ones come last */
        {RUNS "nodes: {a: {phase: Running}, b: {phase: Running}}}",
         RUNS "nodes: {c: {phase: Pending}, b: {phase: Running}, a: {phase: Running}, "
              "d: {phase: Pending}}}",
         "c 3 Pending\nd 4 Pending\n", 1},
        /* all of it anew */
        {RUNS "nodes: {wf: {phase: Running}}}", META "status: {}", "wf removed\n", 2},
        {META "status: {}", META "status: {message: x}", "", 1},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct operate_workflow wf = load(a, rows[i].workflow);
        const struct json given = document(a, rows[i].given);
        const struct operate_replacement by = {.doc = &given};
        int64_t generation = 0;
        struct str have;
        struct err err;

        if (operate_replace(&wf, &by, &err) < 0)
            fail_msg("row %zu: %s", i, err.text);
        have = rows_of(a, &wf);
        if (!str_is(have, rows[i].rows))
            fail_msg("row %zu\n---- have\n" STR_FMT "---- want\n%s", i, STR_ARG(have),
                     rows[i].rows);
        assert_true(json_i64(json_path(&wf.doc, "metadata", "generation", NULL), &generation));
        if (generation != rows[i].generation)
            fail_msg("row %zu: generation %lld", i, (long long) generation);
        assert_true(wf.is_changed);
    }
}

#define TEMPLATES                                                                             \
    "storedTemplates: {x: {name: x}}, storedWorkflowTemplateSpec: {entrypoint: x, shutdown: " \
    "Stop}"

/* What becomes of the document: without nodes, and never without what the run refers to. */
static void test_document(void **state)
{
    static const struct {
        const char *workflow, *given, *status;
        bool is_frozen;
    } rows[] = {
        {META "status: {phase: Failed, message: no, nodes: {a: {phase: Failed}}}",
         META "status: {" STARTED "nodes: {a: {phase: Failed}}}",
         "{\"startedAt\":\"2026-01-01T00:00:00Z\"}", false},
        {META "status: {phase: Failed}", META "status: {phase: Running, message: ja}",
         "{\"message\":\"ja\",\"phase\":\"Running\"}", false},
        /* a run that has nodes has begun */
        {META "status: {}", META "status: {nodes: {a: {phase: Skipped}}}",
         "{\"startedAt\":\"2026-01-02T03:04:05Z\"}", false},
        {META "status: {}", META "status: {startedAt: null, nodes: {a: {phase: Skipped}}}",
         "{\"startedAt\":\"2026-01-02T03:04:05Z\"}", false},
        {META "status: {}", META "status: {startedAt: null}", "{\"startedAt\":null}", false},
        /* templates: kept when they are left out, taken when they are given */
        {META "status: {" TEMPLATES "}", META "status: {phase: Running}",
         "{\"phase\":\"Running\",\"storedTemplates\":{\"x\":{\"name\":\"x\"}},"
         "\"storedWorkflowTemplateSpec\":{\"entrypoint\":\"x\",\"shutdown\":\"Stop\"}}",
         false},
        {META "status: {" TEMPLATES "}",
         META "status: {storedTemplates: {}, storedWorkflowTemplateSpec: {entrypoint: x}}",
         "{\"storedTemplates\":{},\"storedWorkflowTemplateSpec\":{\"entrypoint\":\"x\"}}",
         false},
        /* where they are frozen they are neither taken nor made up */
        {META "status: {storedTemplates: {x: {name: x}}}",
         META "status: {phase: Running, storedTemplates: {y: {name: y}}, "
              "storedWorkflowTemplateSpec: {entrypoint: y}}",
         "{\"phase\":\"Running\",\"storedTemplates\":{\"x\":{\"name\":\"x\"}}}", true},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct operate_workflow wf = load(a, rows[i].workflow);
        const struct json given = document(a, rows[i].given);
        const struct operate_replacement by = {&given, rows[i].is_frozen};
        struct str have;
        struct err err;

        if (operate_replace(&wf, &by, &err) < 0)
            fail_msg("row %zu: %s", i, err.text);
        have = json_text(a, json_get(&wf.doc, STR("status")), JSON_SORT_KEYS);
        if (!str_is(have, rows[i].status))
            fail_msg("row %zu\n---- have\n" STR_FMT "\n---- want\n%s", i, STR_ARG(have),
                     rows[i].status);
    }
}

/* Labels and spec are as the client wrote them. */
static void test_takes_labels_and_spec(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct operate_workflow wf =
        load(a, "metadata: {name: wf, uid: u, labels: {done: 'true'}}\n"
                "spec: {suspend: true}\nstatus: {nodes: {a: {phase: Running}}}");
    const struct json given = document(a, "metadata: {name: wf, uid: u, labels: {}}\nspec: {}\n"
                                          "status: {nodes: {a: {phase: Running}}}");
    const struct operate_replacement by = {.doc = &given};
    struct err err;

    (void) state;
    assert_int_equal(operate_replace(&wf, &by, &err), 0);
    assert_null(json_path(&wf.doc, "metadata", "labels", "done", NULL));
    assert_null(json_path(&wf.doc, "spec", "suspend", NULL));
    assert_null(json_path(&wf.doc, "metadata", "generation", NULL));
    assert_false(wf.nodes[0].is_changed);
}

/* Empty ones say nothing, and are not kept. */
static void test_other_forms(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct operate_workflow wf = load(a, RUNS "nodes: {a: {phase: Running}}}");
    const struct json given =
        document(a, RUNS "compressedNodes: '', offloadNodeStatusVersion: '', "
                         "nodes: {a: {phase: Running}}}");
    const struct operate_replacement by = {.doc = &given};
    struct err err;

    (void) state;
    assert_int_equal(operate_replace(&wf, &by, &err), 0);
    assert_null(json_path(&wf.doc, "status", "compressedNodes", NULL));
    assert_null(json_path(&wf.doc, "status", "offloadNodeStatusVersion", NULL));
    assert_null(json_path(&wf.doc, "status", "nodes", NULL));
    assert_false(wf.nodes[0].is_changed || wf.nodes[0].is_removed);
}

static void test_refused(void **state)
{
    static const struct {
        const char *status, *want;
    } rows[] = {
        {"compressedNodes: H4sI",
         "status.compressedNodes: Forbidden: it stands beside the nodes"},
        {"offloadNodeStatusVersion: fnv:1",
         "status.offloadNodeStatusVersion: Forbidden: nodes that stand in a database of a "
         "cluster are not here; they are taken as status.nodes or status.compressedNodes"},
        {"nodes: {a: {id: b}}",
         "status.nodes.a: Invalid value: a node has a name, and stands under its id"},
        {"nodes: {a: {name: ''}}",
         "status.nodes.a: Invalid value: a node has a name, and stands under its id"},
        {"nodes: {a: {children: [a]}}",
         "status.nodes.a: Invalid value: it follows itself by children or outboundNodes"},
        {"nodes: {x: {children: [a]}, a: {children: [b]}, b: {outboundNodes: [a]}}",
         "status.nodes.a: Invalid value: it follows itself by children or outboundNodes"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct operate_workflow wf = load(a, RUNS "nodes: {a: {phase: Running}}}");
        const struct json given =
            document(a, str_cz(a, str_printf(a, META "status: {%s}", rows[i].status)));
        const struct operate_replacement by = {.doc = &given};
        struct err err;

        assert_int_equal(operate_replace(&wf, &by, &err), -1);
        assert_int_equal(err.kind, ERR_RULE);
        assert_string_equal(err.text, rows[i].want);
        assert_false(wf.is_changed || wf.nodes[0].is_removed);
    }
}

/* Nodes 0 to @count - 1 of a type, each of which leads @times to the next one. */
static struct json chain(struct arena *a, const char *type, const char *member, int count,
                         int times)
{
    struct json_object_builder nodes = {0}, status = {0}, doc = {0};

    for (int i = 0; i < count; i++) {
        struct json_object_builder b = {0};
        struct json_array_builder next = {0};
        struct str id = str_printf(a, "n%d", i);

        for (int k = 0; i + 1 < count && k < times; k++)
            json_push(a, &next, json_string(str_printf(a, "n%d", i + 1)));
        json_add(a, &b, STR("id"), json_string(id));
        json_add(a, &b, STR("name"), json_string(id));
        json_add(a, &b, STR("type"), json_string(str_from(type)));
        json_add(a, &b, str_from(member), json_array(&next));
        json_add(a, &nodes, id, json_object(&b));
    }
    json_add(a, &status, STR("nodes"), json_object(&nodes));
    json_add(a, &doc, STR("status"), json_object(&status));
    return json_object(&doc);
}

/* Groups are walked through by each way that there is: what would never end is refused, long
 * rows of steps are not. */
static void test_ways(void **state)
{
    static const struct {
        const char *type, *member;
        int count, times;
        bool is_refused;
    } rows[] = {
        {"Pod", "children", 20000, 1, false},
        {"Pod", "children", 64, 2, false},
        {"StepGroup", "children", 5000, 2, false},
        {"TaskGroup", "children", NODES_NESTED_MAX, 1, false},
        {"TaskGroup", "children", NODES_NESTED_MAX + 2, 1, true},
        {"Steps", "outboundNodes", NODES_NESTED_MAX + 2, 1, true},
        {"DAG", "outboundNodes", 18, 2, false},
        {"DAG", "outboundNodes", 30, 2, true},
        {"StepGroup", "outboundNodes", 80, 2, true},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct operate_workflow wf = load(a, META "status: {}");
        const struct json given =
            chain(a, rows[i].type, rows[i].member, rows[i].count, rows[i].times);
        const struct operate_replacement by = {.doc = &given};
        struct err err;

        if ((operate_replace(&wf, &by, &err) < 0) != rows[i].is_refused)
            fail_msg("row %zu: %s", i, rows[i].is_refused ? "is taken" : err.text);
        if (rows[i].is_refused)
            assert_int_equal(err.kind, ERR_RULE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_takes_labels_and_spec),
        cmocka_unit_test(test_other_forms),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_ways),
    };

    return cmocka_run_group_tests_name("replace", tests, NULL, NULL);
}
