/*
 * The end of a workflow: its exit handler after its root, then its phase.
 */
#include "lang/subst/names.h"
#include "workflows/engine/hooks.h"
#include "workflows/engine/wf_internal.h"

/* The workflow's exit handler: NULL when there is none, else its node. */
static struct wf_node *workflow_exit(struct wf *wf, struct wf_node *root)
{
    const struct json *hook = wf_exit_hook(wf, wf->spec);
    struct wf_call call = {
        .name = node_name_on_exit(wf->pass->a, wf->name),
        .scope = wf->local_scope,
        .flags = WF_FLAG_HOOKED,
        .is_exit = true,
    };
    struct wf_node *there = wf_node_find(wf, call.name);

    if (!hook || (!there && str_is(wf_shutdown(wf), "Terminate")))
        return NULL;
    if (!json_get(hook, STR("arguments")) && json_get(wf->spec, STR("arguments")))
        hook = memcpy(ARENA_NEW(wf->pass->a, struct json),
                      &(struct json[]){json_set(wf->pass->a, hook, STR("arguments"),
                                                *json_get(wf->spec, STR("arguments")))},
                      sizeof(struct json));
    return there && (wf_node_is_done(there) || there->frame || there->is_asked)
               ? there
               : wf_hook_call(wf, &call, hook, NULL, root);
}

static void set_end(struct wf *wf, enum wf_phase phase, struct str message)
{
    wf->phase = phase;
    wf->finished_ms = wf->pass->now.ms;
    wf_text_set(&wf->message, message);
    wf_outputs_order(wf);
    wf->is_doc_changed = true;
}

void wf_fail(struct wf *wf, struct str message)
{
    set_end(wf, WF_FAILED, message);
}

void wf_end(struct wf *wf, struct str message)
{
    set_end(wf, WF_ERROR, message);
    VEC_FOREACH (it, &wf->list) {
        struct wf_node *n = *it;

        if (wf_node_is_done(n))
            continue;
        n->owner = NULL; /* nobody goes on from here */
        wf_node_end(wf, n, WF_ERROR, STR("Workflow operation error"));
    }
}

bool wf_is_missing(struct wf *wf, const struct err *err)
{
    if (!subst_is_missing(err))
        return false;
    wf_text_set(&wf->missing, str_from(err->text));
    return true;
}

/* One that is up is all that is waited for: its pod ends with the workflow. */
static void end_daemon(struct wf *wf, struct wf_node *n)
{
    if (n->is_daemoned)
        wf_node_end(wf, n, WF_SUCCEEDED, STR_NONE);
}

void wf_finish(struct wf *wf)
{
    struct wf_node *root = wf_node_find(wf, wf->name), *last;
    struct str shutdown = wf_shutdown(wf);
    const struct wf_node *verdict = root;

    if (!root || wf_is_finished(wf))
        return;
    if (root->is_fault) {
        wf_end(wf, str_printf(wf->pass->a, "error in entry template execution: " STR_FMT,
                              STR_ARG(root->message)));
        return;
    }
    if (wf_hooks_of_workflow(wf) || !wf_node_is_over(root))
        return;
    end_daemon(wf, root);
    last = workflow_exit(wf, root);
    if (last)
        end_daemon(wf, last);
    if (last && !wf_node_is_done(last))
        return;
    if (last && last->is_fault) {
        wf_end(wf, str_printf(wf->pass->a, "error in exit template execution : " STR_FMT,
                              STR_ARG(last->message)));
        return;
    }
    if (last && !wf_phase_is_bad(root->phase) && wf_phase_is_bad(last->phase))
        verdict = last;
    if (!wf_phase_is_bad(verdict->phase))
        set_end(wf, WF_SUCCEEDED, STR_NONE);
    else if (!str_is_empty(shutdown))
        set_end(
            wf, verdict->phase,
            str_printf(wf->pass->a, "Stopped with strategy '" STR_FMT "'", STR_ARG(shutdown)));
    else
        set_end(wf, verdict->phase, verdict->message);
}
