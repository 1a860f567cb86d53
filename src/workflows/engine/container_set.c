/*
 * Nodes of type Container: one for each container of a containerSet, below its Pod node, linked
 * by their dependencies. They follow the pod and its report; nothing waits for them. Source:
 * ../shared/spec/workflows.md 2.5; ../shared/golden/engine decides.
 */
#include "workflows/engine/container_set.h"

static struct str name_of(struct wf *wf, const struct wf_node *pod, struct str container)
{
    return str_printf(wf->pass->a, STR_FMT "." STR_FMT, STR_ARG(pod->name), STR_ARG(container));
}

static bool is_of(const struct wf_node *n, const struct wf_node *pod)
{
    return n->type == WF_CONTAINER && n->boundary == pod;
}

/* After a restart they are linked already, and others behind them. */
static void link_once(struct wf *wf, struct wf_node *parent, struct wf_node *child)
{
    VEC_FOREACH (it, &parent->children)
        if (*it == child)
            return;
    wf_node_link(wf, parent, child);
}

void wf_containers_add(struct wf *wf, struct wf_node *pod, const struct wf_call *call,
                       const struct json *tmpl)
{
    const struct json *list = json_path(tmpl, "containerSet", "containers", NULL), *item;
    struct wf_call own = {
        .holder = call->holder, .scope = call->scope, .boundary = pod, .flags = call->flags};

    if (wf_node_is_done(pod))
        return;
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        own.name = name_of(wf, pod, json_get_str(item, STR("name")));
        if (!wf_node_find(wf, own.name))
            wf_node_add(wf, &own, WF_CONTAINER, WF_PENDING);
    }
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        const struct json *before = json_get(item, STR("dependencies")), *other;
        struct wf_node *n = wf_node_find(wf, name_of(wf, pod, json_get_str(item, STR("name"))));

        if (!json_item(before, 0))
            link_once(wf, pod, n);
        for (size_t j = 0; (other = json_item(before, j)) != NULL; j++) {
            struct wf_node *from = wf_node_find(wf, name_of(wf, pod, json_str(other)));

            if (from)
                link_once(wf, from, n);
        }
    }
}

/* All that can be reached from the pod, each once. */
struct walk {
    struct wf *wf;
    struct wf_node *pod;
    VEC(struct wf_node *) found;
};

static void walk_children(struct walk *w, struct wf_node *n)
{
    VEC_FOREACH (it, &n->children) {
        if (!is_of(*it, w->pod) || (*it)->visit == w->wf->visit)
            continue;
        (*it)->visit = w->wf->visit;
        VEC_APUSH(w->wf->pass->a, &w->found, *it);
    }
}

static struct walk walk(struct wf *wf, struct wf_node *pod)
{
    struct walk ret = {.wf = wf, .pod = pod};

    if (pod->type != WF_POD || pod->children.len == 0)
        return ret;
    wf->visit++;
    walk_children(&ret, pod);
    for (size_t i = 0; i < ret.found.len; i++)
        walk_children(&ret, ret.found.at[i]);
    return ret;
}

void wf_containers_run(struct wf *wf, struct wf_node *pod)
{
    struct walk w = walk(wf, pod);

    VEC_FOREACH (it, &w.found) {
        if ((*it)->phase != WF_PENDING)
            continue;
        (*it)->phase = WF_RUNNING;
        wf_node_changed(wf, *it);
    }
}

void wf_container_end(struct wf *wf, struct wf_node *pod,
                      const struct pod_container_report *report, enum wf_phase phase)
{
    struct wf_node *n = wf_node_find(wf, name_of(wf, pod, report->name));

    if (!n || !is_of(n, pod) || wf_node_is_done(n))
        return;
    if (report->started.ms > 0)
        n->started_ms = report->started.ms;
    wf_node_end(wf, n, wf_phase_is_completed(phase) ? phase : WF_ERROR, report->message);
    if (report->finished.ms > 0)
        n->finished_ms = report->finished.ms;
}

void wf_containers_close(struct wf *wf, struct wf_node *pod)
{
    struct walk w = walk(wf, pod);
    struct str message = pod->phase == WF_SUCCEEDED ? STR_NONE
                         : pod->phase == WF_ERROR   ? STR("container deleted")
                                                  : STR("Pod Failed whilst container running");

    VEC_FOREACH (it, &w.found)
        wf_node_end(wf, *it, wf_phase_is_completed(pod->phase) ? pod->phase : WF_FAILED,
                    message);
}

bool wf_containers_outbound(struct wf *wf, struct wf_node *pod, struct wf_node *into,
                            wf_outbound_fn fn)
{
    struct walk w = walk(wf, pod);

    VEC_FOREACH (it, &w.found) {
        bool is_last = true;

        VEC_FOREACH (child, &(*it)->children)
            is_last = is_last && !is_of(*child, pod);
        if (is_last)
            fn(wf, *it, into);
    }
    return w.found.len > 0;
}
