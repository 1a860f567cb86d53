/*
 * Progress of nodes that call others: the sum over all pods and
 * pauses that can be reached through
 * children, each counted once. Filled in when an eighth more of the pods has ended, and at the
 * end, so that a wide workflow pays for it only a few times.
 */
#include "workflows/engine/wf_internal.h"

struct sum {
    struct wf *wf;
    uint32_t done, total;
    VEC(struct wf_node *) stack;
};

static void push_children(struct sum *s, struct wf_node *n)
{
    unsigned mark = s->wf->visit;

    VEC_FOREACH (it, &n->children) {
        if ((*it)->visit == mark)
            continue;
        (*it)->visit = mark;
        VEC_APUSH(s->wf->pass->a, &s->stack, *it);
    }
}

static void add(struct sum *s, const struct wf_node *n)
{
    s->done += n->done;
    s->total += n->total;
}

static void sum_up(struct sum *s, struct wf_node *n)
{
    s->wf->visit++;
    s->done = s->total = 0;
    s->stack.len = 0;
    push_children(s, n);
    while (s->stack.len > 0) {
        struct wf_node *next = s->stack.at[--s->stack.len];

        if (wf_node_is_leaf(next))
            add(s, next);
        push_children(s, next);
    }
}

void wf_progress(struct wf *wf)
{
    struct sum s = {.wf = wf};

    if (wf->since_progress * 8 < wf->total && !wf_is_finished(wf))
        return;
    wf->since_progress = 0;
    VEC_FOREACH (it, &wf->list) {
        struct wf_node *n = *it;

        if (wf_node_is_leaf(n))
            continue;
        sum_up(&s, n);
        if (s.total == 0 || (s.done == n->done && s.total == n->total))
            continue;
        n->done = s.done;
        n->total = s.total;
        wf_node_changed(wf, n);
    }
}
