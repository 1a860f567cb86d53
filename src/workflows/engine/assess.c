/*
 * What a finished group of nodes amounts to: outbound nodes, links to what follows, the phase
 * of a DAG. Does not start anything.
 */
#include "workflows/engine/wf_internal.h"

typedef void (*outbound_fn)(struct wf *wf, struct wf_node *n, struct wf_node *into);

static void each_outbound(struct wf *wf, struct wf_node *n, struct wf_node *into,
                          outbound_fn fn)
{
    switch (n->type) {
    case WF_POD:
    case WF_SKIPPED:
        fn(wf, n, into);
        return;
    case WF_RETRY:
        for (size_t i = n->children.len; i > 0; i--)
            if (n->children.at[i - 1]->flags & WF_FLAG_RETRIED) {
                fn(wf, n->children.at[i - 1], into);
                return;
            }
        fn(wf, n, into);
        return;
    case WF_TASK_GROUP:
        if (n->children.len == 0)
            fn(wf, n, into);
        for (size_t i = 0, count = n->children.len; i < count; i++)
            each_outbound(wf, n->children.at[i], into, fn);
        return;
    case WF_STEPS:
    case WF_DAG:
    case WF_STEP_GROUP:
        for (size_t i = 0; i < n->outbound.len; i++)
            each_outbound(wf, n->outbound.at[i], into, fn);
        return;
    }
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

void wf_link_after(struct wf *wf, struct wf_node *n, struct wf_node *next)
{
    each_outbound(wf, n, next, link_outbound);
}

/* ---- the phase of a DAG: each branch carries the phase of its last completed node ---- */

struct walk {
    struct wf *wf;
    const struct wf_frame *f;
    enum wf_phase *targets; /* by task */
    VEC(struct wf_node *) queue;
    VEC(uint8_t) phases; /* of the branch that the queued node ends */
};

static unsigned phase_bit(enum wf_phase phase)
{
    return phase == WF_FAILED ? 2 : phase == WF_ERROR ? 4 : 1;
}

static void push(struct walk *w, struct wf_node *n, enum wf_phase phase)
{
    unsigned mark = w->wf->visit << 3;

    if ((n->visit & ~7U) != mark)
        n->visit = mark;
    if (n->visit & phase_bit(phase))
        return;
    n->visit |= phase_bit(phase);
    VEC_APUSH(w->wf->pass->a, &w->queue, n);
    VEC_APUSH(w->wf->pass->a, &w->phases, (uint8_t) phase);
}

static struct wf_step *target_of(const struct wf_frame *f, const struct wf_node *n)
{
    for (size_t i = 0; n->boundary == f->node && i < f->step_count; i++)
        if (f->steps[i].is_target && f->steps[i].node == n)
            return &f->steps[i];
    return NULL;
}

static void visit(struct walk *w, struct wf_node *n, enum wf_phase phase)
{
    struct wf_step *target = target_of(w->f, n);
    size_t from = 0;

    if (wf_phase_is_completed(n->phase))
        phase = n->phase;
    if (target && !wf_phase_is_bad(w->targets[target - w->f->steps]))
        w->targets[target - w->f->steps] = phase;
    /* Of a retry only the last attempt counts, and hooks. */
    if (n->type == WF_RETRY)
        for (size_t i = 0; i < n->children.len; i++)
            if (n->children.at[i]->flags & WF_FLAG_RETRIED)
                from = i;
    for (size_t i = 0; i < n->children.len; i++)
        if (i >= from || !(n->children.at[i]->flags & WF_FLAG_RETRIED))
            push(w, n->children.at[i], phase);
}

enum wf_phase wf_assess_dag(struct wf *wf, const struct wf_frame *f)
{
    const struct json *dag_fast = json_path(&f->tmpl, "dag", "failFast", NULL);
    bool is_fast = !json_is(dag_fast, JSON_BOOL) || dag_fast->is_true;
    struct walk w = {.wf = wf, .f = f};
    enum wf_phase ret = WF_SUCCEEDED;

    wf->visit++;
    w.targets = ARENA_ARRAY(wf->pass->a, enum wf_phase, f->step_count + 1);
    VEC_FOREACH (it, &f->node->children)
        push(&w, *it, WF_SUCCEEDED);
    for (size_t i = 0; i < w.queue.len; i++)
        visit(&w, w.queue.at[i], (enum wf_phase) w.phases.at[i]);
    for (size_t i = 0; i < f->step_count; i++) {
        const struct json *go = json_get(f->steps[i].json, STR("continueOn"));
        enum wf_phase phase = w.targets[i];

        if (!f->steps[i].is_target)
            continue;
        if (phase == WF_NONE) {
            ret = WF_RUNNING;
            if (!is_fast)
                break;
        } else if (wf_phase_is_bad(phase) &&
                   !json_get_bool(go, phase == WF_FAILED ? STR("failed") : STR("error"))) {
            ret = phase;
            if (is_fast)
                break;
        }
    }
    return !str_is_empty(wf_shutdown(wf)) && !f->is_exit ? WF_FAILED : ret;
}
