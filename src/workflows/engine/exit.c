/*
 * Exit handlers: of a step or task after it has completed, of the workflow after its root.
 * Other hooks are not built here. Does not judge: what an exit handler ends in changes no step.
 */
#include "lang/subst/names.h"
#include "workflows/engine/wf_internal.h"

/* The hook as {template, arguments}; NULL when there is none. onExit takes the workflow's
 * arguments. */
static const struct json *exit_hook(struct wf *wf, const struct json *of)
{
    const struct json *hook = json_path(of, "hooks", "exit", NULL);
    const struct json *args = json_get(wf->spec, STR("arguments"));
    struct str name = json_get_str(of, STR("onExit"));
    struct arena *a = wf->pass->a;
    struct json *ret;

    if (hook || str_is_empty(name))
        return hook;
    ret = ARENA_NEW(a, struct json);
    *ret = json_set(a, NULL, STR("template"), json_string(name));
    if (args)
        *ret = json_set(a, ret, STR("arguments"), *args);
    return ret;
}

static int resolve_hook(struct wf *wf, struct wf_frame *f, const struct json *hook,
                        struct wf_node *after, struct json *ret, struct err *err)
{
    const char *kind = f && f->node->type == WF_DAG ? "tasks" : "steps";
    struct str name = f ? f->steps[after->step].name : STR_NONE;
    const struct wf_names names = {
        .wf = wf,
        .frame = f,
        .own = str_printf(wf->pass->a, "%s." STR_FMT, kind, STR_ARG(name)),
        .own_node = f ? after : NULL,
    };
    const struct subst_options opts = wf_names_options(&names, SUBST_REFUSE_SOME);

    if (json_get(hook, STR("expression")) && f)
        return err_set(err, ERR_UNSUPPORTED, "hooks.exit.expression is not supported yet");
    if (subst_json(wf->pass->a, hook, &opts, ret, err) < 0)
        return -1;
    return wf_artifacts_resolve(&names, wf->pass->a, ret, err);
}

static struct wf_node *start(struct wf *wf, struct wf_call *call, const struct json *hook,
                             struct wf_frame *f, struct wf_node *after)
{
    struct wf_node *n = wf_node_find(wf, call->name);
    bool is_new = n == NULL;
    struct json resolved;
    struct err err;

    call->holder = hook;
    if (resolve_hook(wf, f, hook, after, &resolved, &err) < 0) {
        n = wf_call_skip(wf, call, WF_ERROR, str_from(err.text));
    } else {
        call->holder = &resolved;
        call->arguments = json_get(&resolved, STR("arguments"));
        if (wf_call(wf, call, &n) == WF_CALL_WAITS)
            return NULL;
    }
    if (is_new && f)
        wf_node_link(wf, after, n);
    return n;
}

bool wf_hook_start(struct wf *wf, struct wf_frame *f, const struct json *step,
                   struct wf_node *after)
{
    const struct json *hook = wf_phase_is_completed(after->phase) ? exit_hook(wf, step) : NULL;
    struct str shutdown = wf_shutdown(wf);
    struct wf_call call;
    struct wf_node *n;

    if (!hook || str_is(shutdown, "Terminate"))
        return false;
    call = (struct wf_call){
        .name = node_name_on_exit(wf->pass->a, after->name),
        .scope = f->scope,
        .boundary = f->node,
        .owner = f->node,
        .hook_of = after,
        .step = after->step,
        .flags = WF_FLAG_HOOKED,
        .depth = f->depth + 1,
        .is_exit = true,
    };
    n = start(wf, &call, hook, f, after);
    return n && wf_call_arm(n);
}

/* The workflow's exit handler: NULL when there is none, else its node. */
static struct wf_node *workflow_exit(struct wf *wf, struct wf_node *root)
{
    const struct json *hook = exit_hook(wf, wf->spec);
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
               : start(wf, &call, hook, NULL, root);
}

static void set_end(struct wf *wf, enum wf_phase phase, struct str message)
{
    wf->phase = phase;
    wf->finished_ms = wf->pass->now.ms;
    wf_text_set(&wf->message, message);
    wf->is_doc_changed = true;
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

void wf_finish(struct wf *wf)
{
    struct wf_node *root = wf_node_find(wf, wf->name), *last;
    struct str shutdown = wf_shutdown(wf);
    const struct wf_node *verdict = root;

    if (!root || !wf_node_is_done(root) || wf_is_finished(wf))
        return;
    last = workflow_exit(wf, root);
    if (last && !wf_node_is_done(last))
        return;
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
