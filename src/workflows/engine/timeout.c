/*
 * What holds back or ends pods: the workflow's deadline, shutdown, suspension, parallelism.
 */
#include "formats/duration.h"
#include "workflows/engine/wf_internal.h"

/* A field of the spec that people change while it runs: as it is now, or as the template says.
 * wf->spec may be the spec as it was once. */
static const struct json *live(const struct wf *wf, struct str field)
{
    const struct json *own = json_get(json_get(&wf->doc, STR("spec")), field);
    const struct json *stored =
        json_path(&wf->doc, "status", "storedWorkflowTemplateSpec", NULL);

    return own ? own : json_get(stored, field);
}

int64_t wf_deadline_ms(const struct wf *wf)
{
    int64_t seconds;

    if (!json_i64(live(wf, STR("activeDeadlineSeconds")), &seconds) || wf->started_ms == 0)
        return 0;
    return wf->started_ms / 1000 * 1000 + seconds * 1000;
}

bool wf_is_past_deadline(const struct wf *wf)
{
    int64_t deadline = wf_deadline_ms(wf);

    return deadline != 0 && wf->pass->now.ms >= deadline;
}

struct str wf_shutdown(const struct wf *wf)
{
    return json_str(live(wf, STR("shutdown")));
}

bool wf_is_suspended(const struct wf *wf)
{
    const struct json *suspend = live(wf, STR("suspend"));

    return json_is(suspend, JSON_BOOL) && suspend->is_true;
}

bool wf_fails_fast(const struct wf_node *boundary)
{
    return boundary && boundary->frame && boundary->bad_inside > 0 &&
           json_get_bool(&boundary->frame->tmpl, STR("failFast"));
}

bool wf_fail_fast(struct wf *wf, struct wf_frame *f)
{
    struct str text = STR("template has failed or errored children and failFast enabled");

    if (!wf_fails_fast(f->node))
        return false;
    if (f->node->pods_inside > 0)
        return true;
    if (f->group_node)
        wf_node_end(wf, f->group_node, WF_FAILED, text);
    wf_node_end(wf, f->node, WF_FAILED, text);
    return true;
}

bool wf_has_room(const struct wf *wf, const struct wf_node *boundary)
{
    int64_t limit;

    if (wf_is_suspended(wf) && str_is_empty(wf_shutdown(wf)))
        return false;
    if (json_i64(live(wf, STR("parallelism")), &limit) && limit > 0 && wf->active_pods >= limit)
        return false;
    if (wf_fails_fast(boundary))
        return false;
    if (boundary && boundary->frame &&
        json_i64(json_get(&boundary->frame->tmpl, STR("parallelism")), &limit) && limit > 0)
        return boundary->active_inside < limit;
    return true;
}

void wf_wake_at(struct wf *wf, int64_t ms)
{
    if (wf->pass->wake_ms == 0 || ms < wf->pass->wake_ms)
        wf->pass->wake_ms = ms;
}

void wf_sleep(struct wf *wf, struct wf_node *n)
{
    VEC_PUSH(&wf->sleeping, n);
}

static bool is_in_exit(const struct wf_node *n)
{
    return str_find(n->name, STR(".onExit")) != SIZE_MAX;
}

void wf_pod_kill(struct wf *wf, const struct wf_node *n, struct str why)
{
    struct wf_kill_action kill = {
        .uid = wf_pod_uid(wf->pass->out, wf, n),
        .why = str_copy(wf->pass->out, why),
    };

    VEC_APUSH(wf->pass->a, &wf->pass->kills, kill);
}

void wf_pending_note(struct wf *wf, struct wf_node *n, const struct json *tmpl)
{
    static const struct str fields[] = {STR_INIT("timeout"), STR_INIT("pendingTimeout")};
    int64_t ns, until, earliest = 0;
    struct err err;

    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (duration_parse_argo(json_get_str(tmpl, fields[i]), &ns, &err) < 0)
            continue;
        until = n->started_ms + ns / DURATION_MS;
        if (earliest == 0 || until < earliest)
            earliest = until;
    }
    if (n->phase != WF_PENDING || earliest == 0 || n->pending_until_ms != 0)
        return;
    n->pending_until_ms = earliest;
    VEC_PUSH(&wf->pending, n);
}

void wf_pending_end(struct wf *wf)
{
    size_t kept = 0;

    for (size_t i = 0; i < wf->pending.len; i++) {
        struct wf_node *n = wf->pending.at[i];

        if (n->phase != WF_PENDING)
            continue;
        if (n->pending_until_ms > wf->pass->now.ms) {
            wf->pending.at[kept++] = n;
            continue;
        }
        if (n->is_asked)
            wf_pod_kill(wf, n, STR("timeout"));
        wf_pod_uncount(wf, n);
        wf_node_end(wf, n, WF_FAILED, STR("timeout"));
        wf_unblock(wf);
    }
    wf->pending.len = kept;
}

/* A node that waits for a lock does so no longer. */
static void stop_waiting(struct wf *wf, struct wf_node *n)
{
    struct str shutdown = wf_shutdown(wf);

    if (is_in_exit(n) && !str_is(shutdown, "Terminate"))
        return;
    wf_node_end(wf, n, WF_FAILED,
                str_is_empty(shutdown)
                    ? STR("Step exceeded its deadline")
                    : str_printf(wf->pass->a, "Stopped with strategy '" STR_FMT "'",
                                 STR_ARG(shutdown)));
}

void wf_stop_pods(struct wf *wf)
{
    struct str shutdown = wf_shutdown(wf);
    bool is_late = wf_is_past_deadline(wf);
    struct str why = is_late
                         ? STR("Step exceeded its deadline")
                         : str_printf(wf->pass->a, "workflow shutdown with strategy:  " STR_FMT,
                                      STR_ARG(shutdown));

    if (wf->is_stopping || (str_is_empty(shutdown) && !is_late))
        return;
    wf->is_stopping = true;
    VEC_FOREACH (it, &wf->list)
        if (wf_node_is_run(*it) && !wf_node_is_done(*it) &&
            (str_is(shutdown, "Terminate") || !is_in_exit(*it)))
            wf_pod_kill(wf, *it, why);
    for (size_t i = 0; i < wf->list.len; i++) { /* the end of a node may make others */
        struct wf_node *n = wf->list.at[i];

        if (!str_is_none(wf_rare(n, WF_WAITING)) && !wf_node_is_done(n))
            stop_waiting(wf, n);
        else if (n->type == WF_SUSPEND && !wf_node_is_done(n))
            wf_suspend_stop(wf, n, is_in_exit(n));
        else
            wf_node_wake(wf, n);
    }
    wf_unblock(wf);
}
