/*
 * lang/depends/dag_phase.h - the phase of a DAG from the phases of its nodes.
 *
 * A branch has the phase of the last node on it that completed: what was skipped or omitted
 * inherits it, so a DAG whose target was omitted because of a failure has failed. Pure, any
 * thread, linear in nodes and edges. Doesn't do: hooks' rules, shutdown of exit handlers (the
 * caller asks only when they are done).
 * ../shared/golden/lang/dagphase.jsonl decides.
 */
#pragma once

#include "lang/depends/depends.h"

enum dag_node_kind {
    DAG_NODE_PLAIN,
    DAG_NODE_GROUP, /* TaskGroup: as good as done when all its children are */
    DAG_NODE_RETRY, /* goes on below its last attempt; attempts themselves do not count */
};

/* A node of the graph below the DAG's node. */
struct dag_node {
    enum depends_phase phase;
    enum dag_node_kind kind;
    bool is_daemoned;
    bool is_no_attempt;     /* as a child of a retry: a hook, or what follows it */
    const size_t *children; /* indices into dag_view.nodes, in order; SIZE_MAX: there is no
                               such node yet; borrowed */
    size_t child_count;
};

struct dag_target {
    size_t node; /* index into dag_view.nodes; SIZE_MAX: there is no node yet */
    bool continues_on_failed, continues_on_error;
};

struct dag_view {
    const struct dag_node *nodes;
    size_t node_count;
    const size_t *roots; /* children of the DAG's node */
    size_t root_count;
    const struct dag_target
        *targets; /* in the order in which upstream looks: depends_targets() */
    size_t target_count;
    bool is_fail_fast; /* failFast: true when the template does not say */
    bool is_shutdown;  /* the workflow is being stopped, and this DAG is no exit handler */
};

/**
 * dag_phase() - phase that the DAG's node gets
 * @a:    scratch
 * @view: nodes and targets
 *
 * Return: DEPENDS_PHASE_RUNNING (not done), _SUCCEEDED, _FAILED or _ERROR.
 */
enum depends_phase dag_phase(struct arena *a, const struct dag_view *view);

/**
 * dag_group_phase() - phase that a TaskGroup gets once all its children are done
 * @view:  nodes
 * @group: index of the group
 *
 * Return: DEPENDS_PHASE_RUNNING while one is not done, or there is none, else the phase of the last one that
 * failed or errored, or DEPENDS_PHASE_SUCCEEDED.
 */
enum depends_phase dag_group_phase(const struct dag_view *view, size_t group);
