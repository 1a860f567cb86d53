/*
 * Steps: groups one after the other, the steps of a group at once. A group is assessed when all
 * its steps, their loops' children and their exit hooks have ended; only counts are kept
 * between. A group that meets an error is in error at once; what it has started ends first.
 */
#include "workflows/engine/hooks.h"
#include "workflows/engine/mutant.h"
#include "workflows/engine/wf_internal.h"

void wf_steps_open(struct wf *wf, struct wf_frame *f)
{
    const struct json *groups = json_get(&f->tmpl, STR("steps"));
    size_t total = 0, at = 0;

    (void) wf;
    for (size_t g = 0; json_item(groups, g); g++)
        total += json_item(groups, g)->type == JSON_ARRAY ? json_item(groups, g)->count : 0;
    f->group_count = json_is(groups, JSON_ARRAY) ? groups->count : 0;
    f->groups = ARENA_ARRAY(f->arena, size_t, f->group_count + 1);
    f->steps = ARENA_ARRAY(f->arena, struct wf_step, total + 1);
    f->step_count = total;
    for (size_t g = 0; g < f->group_count; g++) {
        const struct json *group = json_item(groups, g);

        f->groups[g] = at;
        for (size_t i = 0; json_item(group, i); i++, at++) {
            f->steps[at].json = json_item(group, i);
            f->steps[at].name = json_get_str(json_item(group, i), STR("name"));
            f->has_hooks = f->has_hooks || wf_has_hooks(json_item(group, i));
        }
    }
    f->groups[f->group_count] = at;
}

static struct str group_name(struct arena *a, const struct wf_frame *f, size_t g)
{
    return str_printf(a, STR_FMT "[%zu]", STR_ARG(f->node->name), g);
}

/* The outbound nodes of all children of a group, or the group itself. */
static void link_groups(struct wf *wf, struct wf_node *before, struct wf_node *next)
{
    size_t count = before->children.len;

    if (count == 0)
        wf_node_link(wf, before, next);
    for (size_t i = 0; i < count; i++)
        wf_link_after(wf, before->children.at[i], next);
}

static void begin_group(struct wf *wf, struct wf_frame *f)
{
    struct arena *a = wf->pass->a;
    struct wf_call call = {
        .name = group_name(a, f, f->group),
        .scope = f->scope,
        .boundary = f->node,
        .flags = WF_FLAG_EMPTY,
    };

    f->group_node = wf_node_find(wf, call.name);
    if (f->group_node)
        return;
    f->group_node = wf_node_add(wf, &call, WF_STEP_GROUP, WF_RUNNING);
    if (f->group == 0)
        wf_node_link(wf, f->node, f->group_node);
    else
        link_groups(wf, wf_node_find(wf, group_name(a, f, f->group - 1)), f->group_node);
}

/* The group has ended badly: the whole fails, also when the group is in error. */
static void fail(struct wf *wf, struct wf_frame *f)
{
    struct wf_node *last = f->group_node;

    f->node->outbound.len = 0; /* of before a retry */
    for (size_t i = 0; i < last->children.len; i++)
        wf_outbound(wf, last->children.at[i], f->node);
    wf_node_end(wf, f->node, WF_FAILED, last->message);
}

/* A group in error starts nothing more; the whole fails when what it has started has ended. */
static bool is_errored(const struct wf_frame *f)
{
    return wf_phase_is_bad(f->group_node->phase);
}

/* Fills in references and reads the items of a group's steps. 1: not all are there yet. */
static int open_group(struct wf *wf, struct wf_frame *f, struct err *err)
{
    for (size_t i = f->groups[f->group]; i < f->groups[f->group + 1]; i++) {
        struct wf_step *step = &f->steps[i];
        int skipped = wf_step_resolve(wf, f, f->arena, step->json, &step->resolved, err);

        if (skipped < 0)
            return wf_is_missing(wf, err) ? 1 : err_wrap(err, "failed to resolve references");
        step->is_loop = items_is_loop(&step->resolved);
        if (step->is_loop &&
            items_open(f->arena, &step->resolved, ITEMS_OF_STEP,
                       skipped ? ITEMS_SKIPPED : ITEMS_RUN, &step->loop, err) < 0)
            return -1;
    }
    f->is_open = true;
    return 0;
}

static struct wf_call step_call(struct wf *wf, struct wf_frame *f, uint32_t index,
                                struct str name)
{
    struct arena *a = wf->pass->a;

    return (struct wf_call){
        .name = str_printf(a, STR_FMT "." STR_FMT, STR_ARG(f->group_node->name), STR_ARG(name)),
        .holder = f->steps[index].json,
        .locals = wf_call_locals(a, "steps", name),
        .scope = f->scope,
        .boundary = f->node,
        .owner = f->node,
        .step = index,
        .depth = f->depth + 1,
        .is_exit = f->is_exit,
        .deadline_ms = f->deadline_ms,
    };
}

/* The step as its child's hooks see it: with the item filled in. */
static const struct json *step_of(struct wf *wf, struct wf_frame *f,
                                  const struct wf_node *child)
{
    struct wf_step *step = &f->steps[child->step];
    const struct json *hooks = json_get(step->json, STR("hooks"));
    struct json *ret = ARENA_NEW(wf->pass->a, struct json), filled;
    struct err err;
    uint64_t index;

    if (!step->is_loop || !hooks ||
        !item_index(str_skip(child->name, f->group_node->name.len), &index) ||
        index >= step->loop.len ||
        items_fill(&step->loop, index, wf->pass->a, hooks, &filled, &err) < 0)
        return step->json;
    *ret = json_set(wf->pass->a, step->json, STR("hooks"), filled);
    return ret;
}

/* Has all of a child ended? Hooks whose expressions have no answer are errors of the group. */
static bool is_settled(struct wf *wf, struct wf_frame *f, struct wf_node *child)
{
    struct err err;
    int rc = wf_hooks_settle(wf, f, step_of(wf, f, child), child, WF_HOOKS_ALL, &err);

    if (rc < 0 && !is_errored(f))
        wf_node_end(wf, f->group_node, WF_ERROR, str_from(err.text));
    return rc <= 0 && wf_node_is_over(child);
}

/* After a child was called: links it and counts what has to end. */
static void count_child(struct wf *wf, struct wf_frame *f, struct wf_step *step,
                        struct wf_node *child)
{
    bool is_new = !child->is_linked;

    if (is_new)
        wf_node_link(wf, f->group_node, child);
    if (!step->is_loop)
        step->node = child;
    wf_call_arm(child);
    child->is_held = !is_settled(wf, f, child);
#if ENGINE_MUTANT == ENGINE_FORGETS_CHILD
    child->is_held = child->is_held && (is_new || child->type != WF_POD);
#endif
    step->unfinished += child->is_held;
    f->unfinished += child->is_held;
}

/* The group errs with a child that could not go on. */
static void blame(struct wf *wf, struct wf_frame *f, const struct wf_node *child)
{
    if (!is_errored(f))
        wf_node_end(wf, f->group_node, WF_ERROR,
                    str_printf(wf->pass->a,
                               "step group deemed errored due to child " STR_FMT
                               " error: " STR_FMT,
                               STR_ARG(child->name), STR_ARG(child->message)));
}

static void settle(struct wf *wf, struct wf_frame *f, struct wf_node *child)
{
    if (!child->is_held)
        return;
    if (child->is_fault)
        blame(wf, f, child);
    else if (!is_settled(wf, f, child))
        return;
    child->is_held = false;
    f->steps[child->step].unfinished--;
    f->unfinished--;
}

/* Statuses have changed, or there is room again. */
static void look_at_hooks(struct wf *wf, struct wf_frame *f)
{
    if (!f->has_hooks && !f->has_late_hook)
        return;
    f->has_late_hook = false;
    for (size_t i = 0; i < f->group_node->children.len; i++)
        settle(wf, f, f->group_node->children.at[i]);
}

/* Starts one step or one item of it. -1: the group is in error. 1: wait. */
static int start_one(struct wf *wf, struct wf_frame *f, uint32_t index, struct json *step,
                     struct err *err)
{
    struct wf_call call = step_call(wf, f, index, json_get_str(step, STR("name")));
    bool is_new = wf_node_find(wf, call.name) == NULL;
    struct wf_node *child = NULL;
    enum wf_called called;

    if (is_new && is_errored(f))
        return 0;
    called = wf_call_when(wf, &call, step, &child, err);
    if (child)
        count_child(wf, f, &f->steps[index], child);
    if (called == WF_CALL_WAITS)
        return 1;
    if (called == WF_CALL_UNTOLD && !is_errored(f))
        return -1;
    if (called == WF_CALL_ERRED && !is_errored(f))
        return err_set(err, err->kind,
                       "step group deemed errored due to child " STR_FMT " error: %s",
                       STR_ARG(call.name), str_cz(wf->pass->a, str_from(err->text)));
    return 0;
}

static int start_loop(struct wf *wf, struct wf_frame *f, uint32_t index, struct err *err)
{
    struct wf_step *step = &f->steps[index];
    const struct wf_names names = {.wf = wf, .frame = f};
    const struct subst_options outer = wf_names_options(&names, SUBST_REFUSE);
    struct json item;
    int rc = 0;

    step->node = f->group_node;
    for (; rc == 0 && step->next < step->loop.len; step->next += rc == 0) {
        if (items_expand(&step->loop, step->next, wf->pass->a, &outer, &item, err) < 0)
            return wf_is_missing(wf, err) ? 1 : -1;
        rc = start_one(wf, f, index, &item, err);
    }
    if (rc == 0 && step->loop.len == 0) {
        struct wf_call call = step_call(wf, f, index, step->name);
        bool is_new = wf_node_find(wf, call.name) == NULL;

        call.flags = WF_FLAG_EMPTY;
        step->node = wf_call_skip(wf, &call, WF_SKIPS, STR("Skipped, empty params"));
        if (is_new)
            wf_node_link(wf, f->group_node, step->node);
    }
    return rc;
}

static int start_group(struct wf *wf, struct wf_frame *f, struct err *err)
{
    for (size_t i = f->groups[f->group]; i < f->groups[f->group + 1]; i++) {
        struct wf_step *step = &f->steps[i];
        int rc;

        if (step->is_ready)
            continue;
        if (step->is_loop)
            rc = start_loop(wf, f, (uint32_t) i, err);
        else
            rc = start_one(wf, f, (uint32_t) i, &step->resolved, err);
        if (rc != 0)
            return rc;
        step->is_ready = true;
    }
    return 0;
}

static bool goes_on(const struct wf_frame *f, const struct wf_node *child)
{
    const struct json *go = json_get(f->steps[child->step].json, STR("continueOn"));

    if (child->phase == WF_FAILED)
        return json_get_bool(go, STR("failed"));
    return child->phase == WF_ERROR && json_get_bool(go, STR("error"));
}

/* The group has ended: 1 to go on with the next, 0 when the whole has failed. */
static int assess_group(struct wf *wf, struct wf_frame *f)
{
    struct wf_node *g = f->group_node;
    struct err err;

    for (size_t i = 0; !wf_node_is_done(g) && i < g->children.len; i++) {
        const struct wf_node *child = g->children.at[i];

        if (wf_phase_is_bad(child->phase) && !goes_on(f, child)) {
            wf_node_end(
                wf, g, WF_FAILED,
                str_printf(wf->pass->a, "child '" STR_FMT "' failed", STR_ARG(child->id)));
            fail(wf, f);
            return 0;
        }
    }
    wf_node_end(wf, g, WF_SUCCEEDED, STR_NONE);
    if (wf_loops_check(wf, f, f->groups[f->group], f->groups[f->group + 1], &err) < 0) {
        wf_node_fault(wf, f->node, str_from(err.text));
        return 0;
    }
    f->group++;
    f->is_open = false;
    f->unfinished = 0;
    return 1;
}

static void finish(struct wf *wf, struct wf_frame *f)
{
    struct err err;

    f->node->outbound.len = 0;
    for (size_t i = 0; f->group_node && i < f->group_node->children.len; i++)
        wf_outbound(wf, f->group_node->children.at[i], f->node);
    if (wf_outputs_collect(wf, f, &err) < 0)
        wf_node_fault(wf, f->node, str_from(err.text));
    else
        wf_node_end(wf, f->node, WF_SUCCEEDED, STR_NONE);
}

void wf_steps_run(struct wf *wf, struct wf_frame *f)
{
    struct err err;
    int rc;

    if (wf_fail_fast(wf, f))
        return;
    for (;;) {
        if (f->group == f->group_count) {
            finish(wf, f);
            return;
        }
        begin_group(wf, f);
        rc = f->is_open ? 0 : open_group(wf, f, &err);
        if (rc == 0)
            rc = start_group(wf, f, &err);
        if (rc < 0 && !is_errored(f))
            wf_node_end(wf, f->group_node, WF_ERROR, str_from(err.text));
        look_at_hooks(wf, f);
        if (is_errored(f) && f->unfinished == 0) {
            fail(wf, f);
            return;
        }
        if (rc != 0 || f->unfinished > 0 || !assess_group(wf, f))
            return;
    }
}

void wf_steps_told(struct wf *wf, struct wf_frame *f, struct wf_node *child)
{
    settle(wf, f, child->hook_of ? child->hook_of : child);
}
