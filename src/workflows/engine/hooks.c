/*
 * Hooks: templates that run beside a step, a task or the workflow while an expression holds,
 * and exit handlers after them. A node keeps its place among the unfinished of its frame until
 * its hooks have ended, then its exit handler. Does not judge: what a hook ends in changes no
 * step.
 */
#include "workflows/engine/hooks.h"
#include "lang/expr/tag.h"
#include "lang/subst/names.h"

const struct json *wf_exit_hook(struct wf *wf, const struct json *of)
{
    const struct json *args = json_get(wf->spec, STR("arguments"));
    struct str name = json_get_str(of, STR("onExit"));
    struct arena *a = wf->pass->a;
    struct json *ret;

    if (str_is_empty(name))
        return json_path(of, "hooks", "exit", NULL);
    ret = ARENA_NEW(a, struct json);
    *ret = json_set(a, NULL, STR("template"), json_string(name));
    if (args)
        *ret = json_set(a, ret, STR("arguments"), *args);
    return ret;
}

bool wf_has_hooks(const struct json *of)
{
    const struct json *hooks = json_get(of, STR("hooks"));

    for (uint32_t i = 0; json_is(hooks, JSON_OBJECT) && i < hooks->count; i++)
        if (!str_is(hooks->members[i].key, "exit"))
            return true;
    return false;
}

/* What the texts of a hook can name: the frame's scope, in which its step is the node. */
static struct wf_names names_of(struct wf *wf, const struct wf_frame *f, struct wf_node *after)
{
    struct wf_names names = {.wf = wf, .frame = f};

    if (f) {
        const char *kind = f->node->type == WF_DAG ? "tasks" : "steps";

        names.own =
            str_printf(wf->pass->a, "%s." STR_FMT, kind, STR_ARG(f->steps[after->step].name));
        names.own_node = after;
    }
    return names;
}

/* 1: it is due, 0, -1. */
static int is_due(struct wf *wf, const struct wf_frame *f, struct wf_node *after,
                  struct str expression, struct err *err)
{
    const struct wf_names names = names_of(wf, f, after);
    const struct subst_options opts = wf_names_options(&names, SUBST_REFUSE);
    bool is_met = false;

    if (expr_tag_bool(&opts, wf->pass->a, expression, &is_met, err) < 0)
        return -1;
    return is_met;
}

struct wf_node *wf_hook_call(struct wf *wf, struct wf_call *call, const struct json *hook,
                             const struct wf_frame *f, struct wf_node *after)
{
    struct wf_node *n = wf_node_find(wf, call->name);
    const struct wf_names names = names_of(wf, f, after);
    const struct subst_options opts = wf_names_options(&names, SUBST_REFUSE_SOME);
    bool is_new = n == NULL;
    struct json resolved;
    struct err err;

    call->holder = hook;
    if (subst_json(wf->pass->a, hook, &opts, &resolved, &err) < 0 ||
        wf_artifacts_resolve(&names, wf->pass->a, &resolved, &err) < 0) {
        n = wf_call_skip(wf, call, WF_ERROR, str_from(err.text));
    } else {
        call->holder = &resolved;
        call->arguments = json_get(&resolved, STR("arguments"));
        switch (wf_call(wf, call, &n)) {
        case WF_CALL_WAITS:
            return NULL;
        case WF_CALL_ERRED:
            n->is_fault = true;
            break;
        case WF_CALLED:
        case WF_CALL_UNTOLD:
            break;
        }
    }
    if (is_new && (f || !call->is_exit))
        wf_node_link(wf, after, n);
    return n;
}

static struct wf_call hook_call(struct wf_frame *f, struct wf_node *after, struct str name)
{
    return (struct wf_call){
        .name = name,
        .scope = f->scope,
        .boundary = f->node,
        .owner = f->node,
        .hook_of = after,
        .step = after->step,
        .flags = WF_FLAG_HOOKED,
        .depth = f->depth + 1,
        .is_exit = f->is_exit,
    };
}

/* Is a hook's node unfinished? NULL: there was no room for it yet. */
static bool is_open(struct wf_frame *f, struct wf_node *hook)
{
    if (!hook)
        f->has_late_hook = true;
    return !hook || wf_call_arm(hook);
}

static bool start_exit(struct wf *wf, struct wf_frame *f, const struct json *hook,
                       struct wf_node *after)
{
    struct wf_call call = hook_call(f, after, node_name_on_exit(wf->pass->a, after->name));

    call.is_exit = true;
    return is_open(f, wf_hook_call(wf, &call, hook, f, after));
}

/* One that is no exit handler. 1: it is unfinished, 0, -1. */
static int start_one(struct wf *wf, struct wf_frame *f, const struct json_member *hook,
                     struct wf_node *after, struct err *err)
{
    struct wf_call call =
        hook_call(f, after, node_name_hook(wf->pass->a, after->name, hook->key));
    struct str expression = json_get_str(&hook->value, STR("expression"));
    int due = 1;

    if (!wf_node_find(wf, call.name))
        due = is_due(wf, f, after, expression, err);
    if (due <= 0)
        return due;
    return is_open(f, wf_hook_call(wf, &call, &hook->value, f, after));
}

/* Hooks but the exit handler. 1: one is unfinished, 0, -1. */
static int start_all(struct wf *wf, struct wf_frame *f, const struct json *step,
                     struct wf_node *after, struct err *err)
{
    const struct json *hooks = json_get(step, STR("hooks"));
    int open = 0;

    if (after->phase == WF_PENDING && f->node->type == WF_DAG)
        return 0;
    for (uint32_t i = 0; json_is(hooks, JSON_OBJECT) && i < hooks->count; i++) {
        int rc = 0;

        if (!str_is(hooks->members[i].key, "exit"))
            rc = start_one(wf, f, &hooks->members[i], after, err);
        if (rc < 0)
            return -1;
        open = open || rc;
    }
    return open;
}

static int run_exit(struct wf *wf, struct wf_frame *f, const struct json *step,
                    struct wf_node *after, struct err *err)
{
    const struct json *hook = wf_exit_hook(wf, step);
    struct str expression = json_get_str(hook, STR("expression")), name;
    int due = 1;

    if (!hook || !wf_phase_is_completed(after->phase) || str_is(wf_shutdown(wf), "Terminate"))
        return 0;
    name = node_name_on_exit(wf->pass->a, after->name);
    if (!str_is_empty(expression) && !wf_node_find(wf, name))
        due = is_due(wf, f, after, expression, err);
    return due <= 0 ? due : start_exit(wf, f, hook, after);
}

int wf_hooks_settle(struct wf *wf, struct wf_frame *f, const struct json *step,
                    struct wf_node *after, enum wf_hooks which, struct err *err)
{
    int open = 0;

    if (which == WF_HOOKS_ALL)
        open = start_all(wf, f, step, after, err);
    if (open != 0 || !wf_node_is_over(after))
        return wf_node_is_over(after) ? open : 1;
    return run_exit(wf, f, step, after, err);
}

void wf_hooks_notice(struct wf *wf, const struct wf_node *n)
{
    struct wf_node *owner = n->owner;

    while (owner && owner->type == WF_RETRY)
        owner = owner->owner;
    if (owner && owner->frame && owner->frame->has_hooks)
        wf_node_wake(wf, owner);
}

/* ---- of the workflow ---- */

static int start_of_workflow(struct wf *wf, const struct json_member *hook,
                             struct wf_node *root, struct err *err)
{
    struct wf_call call = {
        .name = node_name_hook(wf->pass->a, wf->name, hook->key),
        .scope = wf->local_scope,
        .flags = WF_FLAG_HOOKED,
    };
    struct wf_node *n = wf_node_find(wf, call.name);
    int due = 1;

    if (n && (wf_node_is_done(n) || n->frame || n->is_asked))
        return !wf_node_is_done(n);
    if (!n)
        due = is_due(wf, NULL, root, json_get_str(&hook->value, STR("expression")), err);
    if (due <= 0)
        return due;
    n = wf_hook_call(wf, &call, &hook->value, NULL, root);
    return !n || !wf_node_is_done(n);
}

bool wf_hooks_of_workflow(struct wf *wf)
{
    const struct json *hooks = json_get(wf->spec, STR("hooks"));
    struct wf_node *root = wf_node_find(wf, wf->name);
    struct err err;
    bool is_open = false;

    for (uint32_t i = 0; root && json_is(hooks, JSON_OBJECT) && i < hooks->count; i++) {
        int rc = 0;

        if (!str_is(hooks->members[i].key, "exit"))
            rc = start_of_workflow(wf, &hooks->members[i], root, &err);
        if (rc < 0) {
            wf_node_spoil(wf, root, str_from(err.text));
            wf_end(wf, str_from(err.text));
            return true;
        }
        is_open = is_open || rc > 0;
    }
    return is_open;
}
