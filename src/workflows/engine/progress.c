/*
 * Progress of nodes that call others: the sum over all pods and pauses that can be reached
 * through children, each counted once. Filled in when an eighth more of the pods has ended, and
 * at the end, so that a wide workflow pays for it only a few times.
 */
#include "workflows/engine/wf_internal.h"

#include "base/limits.h"

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

bool wf_progress_parse(struct str text, uint32_t *ret_done, uint32_t *ret_total)
{
    struct str done, total;

    if (str_cut(&text, '/', &done) && str_cut(&text, '/', &total) && str_is_none(text) &&
        parse_u32(done, ret_done) && parse_u32(total, ret_total) && *ret_total > 0 &&
        *ret_done <= *ret_total)
        return true;
    *ret_done = *ret_total = 0;
    return false;
}

void wf_progress_set(struct wf *wf, struct wf_node *n, uint32_t done, uint32_t total)
{
    wf->done += done - n->done;
    wf->total += total - n->total;
    n->done = done;
    n->total = total;
}

/* Callers of few are told of it at once. */
void wf_progress_say(struct wf *wf, struct wf_node *n, struct str text)
{
    uint32_t done, total;

    if (str_is_empty(text) || !wf_progress_parse(text, &done, &total) ||
        (done == n->done && total == n->total))
        return;
    wf_progress_set(wf, n, done, total);
    wf_node_changed(wf, n);
    if (wf->list.len < PROGRESS_FEW_NODES)
        wf->has_progress = true;
}

void wf_progress(struct wf *wf)
{
    struct sum s = {.wf = wf};

    if (!wf->has_progress && wf->since_progress * 8 < wf->leaves && !wf_is_finished(wf))
        return;
    wf->has_progress = false;
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
