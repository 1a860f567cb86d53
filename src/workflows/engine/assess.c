/*
 * What a finished group of nodes amounts to: outbound nodes, links to what follows, the phase
 * of a DAG. Does not start anything.
 */
#include "workflows/engine/container_set.h"

/* How many there are. */
static size_t each_outbound(struct wf *wf, struct wf_node *n, struct wf_node *into,
                            wf_outbound_fn fn)
{
    size_t ret = 0;

    switch (n->type) {
    case WF_POD:
        if (!wf_containers_outbound(wf, n, into, fn)) {
            fn(wf, n, into);
            return 1;
        }
        /* Hooks stand beside the first containers of a set. */
        for (size_t i = 0, count = n->children.len; i < count; i++)
            if (n->children.at[i]->type != WF_CONTAINER)
                each_outbound(wf, n->children.at[i], into, fn);
        return 1;
    case WF_CONTAINER:
    case WF_HTTP:
    case WF_PLUGIN:
    case WF_SUSPEND:
    case WF_SKIPPED:
        fn(wf, n, into);
        return 1;
    case WF_RETRY:
        /* An attempt, or the exit handler after it. */
        fn(wf, n->children.len ? n->children.at[n->children.len - 1] : n, into);
        return 1;
    case WF_TASK_GROUP:
        if (n->children.len == 0) {
            fn(wf, n, into);
            return 1;
        }
        for (size_t i = 0, count = n->children.len; i < count; i++)
            ret += each_outbound(wf, n->children.at[i], into, fn);
        return ret;
    case WF_STEPS:
    case WF_DAG:
    case WF_STEP_GROUP:
        for (size_t i = 0; i < n->outbound.len; i++)
            ret += each_outbound(wf, n->outbound.at[i], into, fn);
        return ret;
    }
    return 0;
}

static void add_outbound(struct wf *wf, struct wf_node *n, struct wf_node *into)
{
    VEC_PUSH(&into->outbound, n);
    wf_node_changed(wf, into);
}

static void link_outbound(struct wf *wf, struct wf_node *n, struct wf_node *into)
{
    wf_node_link(wf, n, into);
}

void wf_outbound(struct wf *wf, struct wf_node *n, struct wf_node *into)
{
    each_outbound(wf, n, into, add_outbound);
}

size_t wf_link_after(struct wf *wf, struct wf_node *n, struct wf_node *next)
{
    return each_outbound(wf, n, next, link_outbound);
}

/* ---- the phase of a DAG ---- */

enum depends_phase wf_depends_phase(enum wf_phase phase)
{
    switch (phase) {
    case WF_NONE:
        return DEPENDS_NO_NODE;
    case WF_PENDING:
        return DEPENDS_PHASE_PENDING;
    case WF_RUNNING:
        return DEPENDS_PHASE_RUNNING;
    case WF_SUCCEEDED:
        return DEPENDS_PHASE_SUCCEEDED;
    case WF_SKIPS:
        return DEPENDS_PHASE_SKIPPED;
    case WF_FAILED:
        return DEPENDS_PHASE_FAILED;
    case WF_ERROR:
        return DEPENDS_PHASE_ERROR;
    case WF_OMITTED:
        return DEPENDS_PHASE_OMITTED;
    }
    return DEPENDS_NO_NODE;
}

/* All nodes below the DAG's, each once, in the order of a walk in breadth. */
struct walk {
    struct wf *wf;
    VEC(struct wf_node *) found;
};

static const size_t *find_children(struct walk *w, const struct wf_node *n)
{
    struct arena *a = w->wf->pass->a;
    size_t *ret = ARENA_ARRAY(a, size_t, n->children.len + 1);

    for (size_t i = 0; i < n->children.len; i++) {
        struct wf_node *child = n->children.at[i];

        if (child->visit != w->wf->visit) {
            child->visit = w->wf->visit;
            child->index = (uint32_t) w->found.len;
            VEC_APUSH(a, &w->found, child);
        }
        ret[i] = child->index;
    }
    return ret;
}

static enum dag_node_kind kind_of(const struct wf_node *n)
{
    return n->type == WF_RETRY        ? DAG_NODE_RETRY
           : n->type == WF_TASK_GROUP ? DAG_NODE_GROUP
                                      : DAG_NODE_PLAIN;
}

static const struct dag_node *view_nodes(struct walk *w)
{
    VEC(struct dag_node) list = {0};

    for (size_t i = 0; i < w->found.len; i++) {
        const struct wf_node *n = w->found.at[i];
        struct dag_node node = {
            .phase = wf_depends_phase(n->phase),
            .is_daemoned = n->is_daemoned,
            .kind = kind_of(n),
            .is_no_attempt = !(n->flags & WF_FLAG_RETRIED) || n->type == WF_RETRY,
            .children = find_children(w, n),
            .child_count = n->children.len,
        };

        VEC_APUSH(w->wf->pass->a, &list, node);
    }
    return list.at;
}

static enum wf_phase phase_back(enum depends_phase phase)
{
    return phase == DEPENDS_PHASE_SUCCEEDED ? WF_SUCCEEDED
           : phase == DEPENDS_PHASE_FAILED  ? WF_FAILED
           : phase == DEPENDS_PHASE_ERROR   ? WF_ERROR
                                            : WF_RUNNING;
}

enum wf_phase wf_assess_dag(struct wf *wf, const struct wf_frame *f)
{
    const struct json *fast = json_path(&f->tmpl, "dag", "failFast", NULL);
    struct dag_target *targets =
        ARENA_ARRAY(wf->pass->a, struct dag_target, f->target_count + 1);
    struct walk w = {.wf = wf};
    struct dag_view view = {
        .targets = targets,
        .target_count = f->target_count,
        .is_fail_fast = !json_is(fast, JSON_BOOL) || fast->is_true,
        .is_shutdown = !str_is_empty(wf_shutdown(wf)) && !f->is_exit,
    };

    wf->visit++;
    view.roots = find_children(&w, f->node);
    view.root_count = f->node->children.len;
    view.nodes = view_nodes(&w);
    view.node_count = w.found.len;
    for (size_t i = 0; i < f->target_count; i++) {
        const struct wf_step *task = &f->steps[f->targets[i]];
        const struct json *go = json_get(task->json, STR("continueOn"));

        targets[i].node =
            task->node && task->node->visit == wf->visit ? task->node->index : SIZE_MAX;
        targets[i].continues_on_failed = json_get_bool(go, STR("failed"));
        targets[i].continues_on_error = json_get_bool(go, STR("error"));
    }
    return phase_back(dag_phase(wf->pass->a, &view));
}
