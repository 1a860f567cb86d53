/*
 * Phase of a DAG: a walk over its nodes that carries the phase of the branch. See dag_phase.h.
 *
 * A node may be reached by branches of different phases; each pair of node and phase is walked
 * once.
 */
#include "lang/depends/dag_phase.h"

#include "base/vec.h"

/* Phases that a branch can have, as positions of a bit. */
enum branch { BRANCH_SUCCEEDED, BRANCH_FAILED, BRANCH_ERROR };

struct visit {
    size_t node;
    enum branch branch;
};

struct walk {
    struct arena *a;
    const struct dag_view *view;
    uint8_t *seen; /* by node, bits by branch */
    VEC(struct visit) queue;
    uint8_t *phases; /* by node: enum depends_phase of the branch there */
};

static bool is_bad(enum depends_phase phase)
{
    return phase == DEPENDS_PHASE_FAILED || phase == DEPENDS_PHASE_ERROR;
}

static bool is_done(const struct dag_node *n)
{
    struct depends_state state = {.phase = n->phase, .is_daemoned = n->is_daemoned};

    return depends_is_ready(&state);
}

static enum depends_phase branch_phase(enum branch branch)
{
    switch (branch) {
    case BRANCH_SUCCEEDED:
        return DEPENDS_PHASE_SUCCEEDED;
    case BRANCH_FAILED:
        return DEPENDS_PHASE_FAILED;
    case BRANCH_ERROR:
        return DEPENDS_PHASE_ERROR;
    }
    return DEPENDS_PHASE_SUCCEEDED;
}

/* The branch below a node: its own phase if it completed, else the one above. */
static enum branch below(enum branch above, enum depends_phase phase)
{
    if (phase == DEPENDS_PHASE_SUCCEEDED)
        return BRANCH_SUCCEEDED;
    if (phase == DEPENDS_PHASE_FAILED)
        return BRANCH_FAILED;
    return phase == DEPENDS_PHASE_ERROR ? BRANCH_ERROR : above;
}

static void visit(struct walk *w, size_t node, enum branch branch)
{
    if (node < w->view->node_count && w->seen[node] & 1U << branch)
        return;
    if (node < w->view->node_count)
        w->seen[node] |= (uint8_t) (1U << branch);
    VEC_APUSH(w->a, &w->queue, ((struct visit){.node = node, .branch = branch}));
}

static void visit_all(struct walk *w, const struct dag_node *n, enum branch branch)
{
    for (size_t i = 0; i < n->child_count; i++)
        visit(w, n->children[i], branch);
}

/* Below a retry: what follows its last attempt, its hooks, and what follows itself, if it is a
 * hook. */
static void visit_retry(struct walk *w, const struct dag_node *n, enum branch branch)
{
    const struct dag_node *last = NULL;

    for (size_t i = 0; i < n->child_count; i++) {
        const struct dag_node *child =
            n->children[i] == SIZE_MAX ? NULL : &w->view->nodes[n->children[i]];

        if (!child || child->is_no_attempt)
            visit(w, n->children[i], branch);
        else
            last = child;
    }
    if (last)
        visit_all(w, last, branch);
}

enum depends_phase dag_group_phase(const struct dag_view *view, size_t group)
{
    const struct dag_node *n = &view->nodes[group];
    enum depends_phase phase = DEPENDS_PHASE_SUCCEEDED;

    if (n->child_count == 0)
        return DEPENDS_PHASE_RUNNING;
    for (size_t i = 0; i < n->child_count; i++) {
        const struct dag_node *child =
            n->children[i] == SIZE_MAX ? NULL : &view->nodes[n->children[i]];

        if (!child || !is_done(child))
            return DEPENDS_PHASE_RUNNING;
        if (is_bad(child->phase))
            phase = child->phase;
    }
    return phase;
}

/* A target keeps a failure, whatever other branches say. */
static void note(struct walk *w, size_t node, enum branch branch)
{
    if (!is_bad((enum depends_phase) w->phases[node]))
        w->phases[node] = (uint8_t) branch_phase(branch);
}

/* Walks on from one node; false when it still runs. */
static bool step(struct walk *w, struct visit at)
{
    const struct dag_node *n = at.node == SIZE_MAX ? NULL : &w->view->nodes[at.node];
    enum depends_phase phase = n ? n->phase : DEPENDS_NO_NODE;
    enum branch branch;

    if (!n)
        return false;
    if (!is_done(n) && n->kind == DAG_NODE_GROUP)
        phase = dag_group_phase(w->view, at.node);
    else if (!is_done(n))
        return false;
    if (phase == DEPENDS_PHASE_RUNNING && n->kind == DAG_NODE_GROUP)
        return false;
    branch = below(at.branch, phase);
    note(w, at.node, branch);
    if (n->kind == DAG_NODE_RETRY)
        visit_retry(w, n, branch);
    else
        visit_all(w, n, branch);
    return true;
}

static bool continues_on(const struct dag_target *t, enum depends_phase phase)
{
    return (phase == DEPENDS_PHASE_FAILED && t->continues_on_failed) ||
           (phase == DEPENDS_PHASE_ERROR && t->continues_on_error);
}

static enum depends_phase judge(const struct walk *w)
{
    const struct dag_view *view = w->view;
    enum depends_phase result = DEPENDS_PHASE_SUCCEEDED;

    for (size_t i = 0; i < view->target_count; i++) {
        size_t node = view->targets[i].node;
        enum depends_phase phase =
            node == SIZE_MAX ? DEPENDS_NO_NODE : (enum depends_phase) w->phases[node];

        if (phase == DEPENDS_NO_NODE) {
            result = DEPENDS_PHASE_RUNNING;
            if (!view->is_fail_fast)
                break;
        } else if (is_bad(phase) && !continues_on(&view->targets[i], phase)) {
            result = phase;
            if (view->is_fail_fast)
                break;
        }
    }
    return result;
}

enum depends_phase dag_phase(struct arena *a, const struct dag_view *view)
{
    struct walk w = {.a = a, .view = view};

    if (view->is_shutdown)
        return DEPENDS_PHASE_FAILED;
    w.seen = ARENA_ARRAY(a, uint8_t, view->node_count + 1);
    w.phases = ARENA_ARRAY(a, uint8_t, view->node_count + 1);
    for (size_t i = 0; i < view->root_count; i++)
        visit(&w, view->roots[i], BRANCH_SUCCEEDED);
    for (size_t i = 0; i < w.queue.len; i++)
        if (!step(&w, w.queue.at[i]))
            return DEPENDS_PHASE_RUNNING;
    return judge(&w);
}
