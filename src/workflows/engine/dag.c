/*
 * DAG: tasks start when all tasks that their condition names have ended. Each task knows how
 * many of those are left and whom it feeds, so the end of one costs only its dependents. Does
 * not parse conditions (depends.c).
 */
#include "workflows/engine/hooks.h"
#include "workflows/engine/wf_internal.h"

static void want(struct wf_frame *f, struct wf_step *task)
{
    if (task->is_wanted)
        return;
    task->is_wanted = true;
    VEC_FOREACH (it, &task->needs)
        want(f, &f->steps[*it]);
}

/* Conditions, who feeds whom, and the targets. */
static int compile(struct wf_frame *f, const struct depends_task *tasks, struct err *err)
{
    const struct depends **programs =
        ARENA_ARRAY(f->arena, const struct depends *, f->step_count + 1);
    struct str target = json_get_str(json_get(&f->tmpl, STR("dag")), STR("target"));

    for (size_t i = 0; i < f->step_count; i++) {
        struct wf_step *task = &f->steps[i];
        const size_t *needs;
        size_t count;

        if (depends_compile(f->arena, tasks, f->step_count, i, &task->condition, err) < 0)
            return -1;
        programs[i] = task->condition;
        needs = depends_needs(task->condition, &count);
        for (size_t k = 0; k < count; k++) {
            if (needs[k] == SIZE_MAX)
                return err_set(err, ERR_INVALID,
                               "task '" STR_FMT "' depends on a task that is not defined",
                               STR_ARG(task->name));
            VEC_APUSH(f->arena, &task->needs, (uint32_t) needs[k]);
            VEC_APUSH(f->arena, &f->steps[needs[k]].feeds, (uint32_t) i);
        }
        task->waits = (uint32_t) count;
    }
    f->targets =
        depends_targets(f->arena, target, programs, tasks, f->step_count, &f->target_count);
    for (size_t i = 0; i < f->target_count; i++) {
        if (f->targets[i] == SIZE_MAX)
            return err_set(err, ERR_INVALID, "target: a task that is not defined: " STR_FMT,
                           STR_ARG(target));
        want(f, &f->steps[f->targets[i]]);
    }
    return 0;
}

int wf_dag_open(struct wf *wf, struct wf_frame *f, struct err *err)
{
    const struct json *list = json_path(&f->tmpl, "dag", "tasks", NULL);
    struct depends_task *tasks;

    f->step_count = json_is(list, JSON_ARRAY) ? list->count : 0;
    f->steps = ARENA_ARRAY(f->arena, struct wf_step, f->step_count + 1);
    f->states = ARENA_ARRAY(f->arena, struct depends_state, f->step_count + 1);
    tasks = ARENA_ARRAY(wf->pass->a, struct depends_task, f->step_count + 1);
    for (size_t i = 0; i < f->step_count; i++) {
        f->steps[i].json = json_item(list, i);
        f->steps[i].name = json_get_str(json_item(list, i), STR("name"));
        f->has_hooks = f->has_hooks || wf_has_hooks(json_item(list, i));
        tasks[i] = depends_task_of(json_item(list, i));
    }
    return compile(f, tasks, err);
}

static struct wf_call task_call(struct wf *wf, struct wf_frame *f, const struct wf_step *task,
                                struct str name)
{
    struct arena *a = wf->pass->a;

    return (struct wf_call){
        .name = str_printf(a, STR_FMT "." STR_FMT, STR_ARG(f->node->name), STR_ARG(name)),
        .holder = task->json,
        .locals = wf_call_locals(a, "tasks", name),
        .scope = f->scope,
        .boundary = f->node,
        .owner = f->node,
        .step = (uint32_t) (task - f->steps),
        .depth = f->depth + 1,
        .is_exit = f->is_exit,
        .deadline_ms = f->deadline_ms,
    };
}

/* Under the DAG, or under what it depends on. */
static void link_task(struct wf *wf, struct wf_frame *f, const struct wf_step *task,
                      struct wf_node *n)
{
    size_t count = 0;

    for (size_t i = 0; i < task->needs.len; i++)
        if (f->steps[task->needs.at[i]].node)
            count += wf_link_after(wf, f->steps[task->needs.at[i]].node, n);
    /* A first one, or one behind steps in error, which it cannot follow: upstream's DAG never
     * finds that one, and does not end. */
    if (count == 0)
        wf_node_link(wf, f->node, n);
}

static void task_done(struct wf *wf, struct wf_frame *f, struct wf_step *task);

static void skip_task(struct wf *wf, struct wf_frame *f, struct wf_step *task,
                      enum wf_phase phase, struct str message, unsigned flags)
{
    struct wf_call call = task_call(wf, f, task, task->name);
    bool is_new = wf_node_find(wf, call.name) == NULL;

    call.flags = flags;
    task->node = wf_call_skip(wf, &call, phase, message);
    if (is_new)
        link_task(wf, f, task, task->node);
    task_done(wf, f, task);
}

static void fail_task(struct wf *wf, struct wf_frame *f, struct wf_step *task,
                      const struct err *err)
{
    struct arena *a = wf->pass->a;
    struct str text = str_printf(a, "task '" STR_FMT "." STR_FMT "' errored: %s",
                                 STR_ARG(f->node->name), STR_ARG(task->name), err->text);

    skip_task(wf, f, task, WF_ERROR, text, 0);
}

/* Has all of a task's node, of its group or of an item ended? Hooks whose expressions have no
 * answer are errors of the node. */
static bool is_settled(struct wf *wf, struct wf_frame *f, struct wf_step *task,
                       struct wf_node *n)
{
    bool is_item = task->is_loop && n != task->node;
    struct err err;
    int rc =
        wf_hooks_settle(wf, f, task->json, n, is_item ? WF_HOOKS_EXIT : WF_HOOKS_ALL, &err);

    if (rc < 0 && wf_node_is_done(n))
        wf_node_spoil(wf, n, str_from(err.text));
    return rc <= 0 && wf_node_is_over(n);
}

static void count_child(struct wf *wf, struct wf_frame *f, struct wf_step *task,
                        struct wf_node *child)
{
    wf_call_arm(child);
    child->is_held = !is_settled(wf, f, task, child);
    task->unfinished += child->is_held;
}

/* One task or one item of it. 1: wait, -1: errored (the node, if any, says so). */
static int start_one(struct wf *wf, struct wf_frame *f, struct wf_step *task, struct json *json,
                     struct err *err)
{
    struct wf_call call = task_call(wf, f, task, json_get_str(json, STR("name")));
    bool is_new = wf_node_find(wf, call.name) == NULL;
    struct wf_node *child = NULL;
    enum wf_called called = wf_call_when(wf, &call, json, &child, err);

    if (child && !task->is_loop)
        task->node = child;
    if (child && task->is_loop && !child->is_linked)
        wf_node_link(wf, task->node, child);
    if (child && !task->is_loop && is_new)
        link_task(wf, f, task, child);
    if (called == WF_CALL_ERRED && child && is_new) {
        wf_text_set(&child->message,
                    str_printf(wf->pass->a, "task '" STR_FMT "' errored: " STR_FMT,
                               STR_ARG(call.name), STR_ARG(child->message)));
        child->flags &= ~(unsigned) WF_FLAG_EMPTY;
    }
    if (child)
        count_child(wf, f, task, child);
    return called == WF_CALL_WAITS ? 1 : 0;
}

static int start_loop(struct wf *wf, struct wf_frame *f, struct wf_step *task, struct err *err)
{
    const struct wf_names names = {.wf = wf, .frame = f};
    const struct subst_options outer = wf_names_options(&names, SUBST_REFUSE);
    struct json item;
    int rc = 0;

    if (!task->node) {
        struct wf_call call = task_call(wf, f, task, task->name);

        task->node = wf_node_find(wf, call.name);
        call.flags = WF_FLAG_EMPTY;
        if (!task->node) {
            task->node = wf_node_add(wf, &call, WF_TASK_GROUP, WF_RUNNING);
            link_task(wf, f, task, task->node);
        }
        task->node->owner = NULL;
        task->node->step = call.step;
    }
    is_settled(wf, f, task, task->node);
    for (; rc == 0 && task->next < task->loop.len; task->next += rc == 0) {
        if (items_expand(&task->loop, task->next, wf->pass->a, &outer, &item, err) < 0)
            return wf_is_missing(wf, err) ? 1 : -1;
        rc = start_one(wf, f, task, &item, err);
    }
    return rc;
}

/* Upstream prints a task and reads it again after its tags are filled in: lists lose their
 * blanks. */
static void compact_items(struct arena *a, struct json *task)
{
    struct str text = json_get_str(task, STR("withParam"));
    struct json list;
    struct err err;

    if (!str_is_empty(text) && json_parse(a, text, &list, &err) == 0)
        *task =
            json_set(a, task, STR("withParam"), json_string(json_text(a, &list, JSON_COMPACT)));
}

/* References and items, once. 1: something is not there yet; 2: the task is settled. */
static int resolve(struct wf *wf, struct wf_frame *f, struct wf_step *task, struct err *err)
{
    int skipped = wf_step_resolve(wf, f, f->arena, task->json, &task->resolved, err);

    if (skipped < 0)
        return wf_is_missing(wf, err) ? 1 : -1;
    task->is_loop = items_is_loop(&task->resolved);
    compact_items(f->arena, &task->resolved);
    if (task->is_loop && items_open(f->arena, &task->resolved, ITEMS_OF_TASK,
                                    skipped ? ITEMS_SKIPPED : ITEMS_RUN, &task->loop, err) < 0)
        return -1;
    task->is_resolved = true;
    return 0;
}

/* The results of loops that a task depends on: -1, they cannot be joined. */
static int check_needs(struct wf *wf, const struct wf_frame *f, const struct wf_step *task,
                       struct err *err)
{
    for (size_t i = 0; i < task->needs.len; i++) {
        uint32_t need = task->needs.at[i];

        if (f->steps[need].is_loop && wf_loops_check(wf, f, need, need + 1, err) < 0)
            return -1;
    }
    return 0;
}

static void start_task(struct wf *wf, struct wf_frame *f, struct wf_step *task)
{
    struct err err;
    int rc = check_needs(wf, f, task, &err);

    if (rc == 0 && !task->is_resolved)
        rc = resolve(wf, f, task, &err);

    if (rc < 0) {
        skip_task(wf, f, task, WF_ERROR, str_from(err.text), WF_FLAG_EMPTY);
        return;
    }
    if (rc > 0)
        return;
    if (task->is_loop && task->loop.len == 0) {
        skip_task(wf, f, task, WF_SKIPS, STR("Skipped, empty params"), WF_FLAG_EMPTY);
        return;
    }
    rc = task->is_loop ? start_loop(wf, f, task, &err)
                       : start_one(wf, f, task, &task->resolved, &err);
    if (rc < 0 && task->unfinished == 0) {
        fail_task(wf, f, task, &err);
        return;
    }
    if (rc < 0) { /* of an item: those before it go on, the group is in error after them */
        wf_text_set(&task->node->message, str_from(err.text));
        task->is_errored = true;
    }
    task->is_ready = rc <= 0;
    if (task->is_ready && task->unfinished == 0)
        task_done(wf, f, task);
}

static enum wf_phase group_phase(const struct wf_node *group)
{
    enum wf_phase ret = WF_SUCCEEDED;

    for (size_t i = 0; i < group->children.len; i++)
        if (wf_phase_is_bad(group->children.at[i]->phase) &&
            !(group->children.at[i]->flags & WF_FLAG_HOOKED))
            ret = group->children.at[i]->phase;
    return ret;
}

/* What conditions can ask of a task that has ended. */
static struct depends_state state_of(const struct wf_node *n)
{
    struct depends_state ret = {
        .phase = wf_depends_phase(n->phase),
        .is_daemoned = n->is_daemoned,
        .is_group = n->type == WF_TASK_GROUP,
        .all_failed = n->type == WF_TASK_GROUP && n->children.len > 0,
    };

    for (size_t i = 0; ret.is_group && i < n->children.len; i++) {
        ret.any_succeeded = ret.any_succeeded || n->children.at[i]->phase == WF_SUCCEEDED;
        ret.all_failed = ret.all_failed && n->children.at[i]->phase == WF_FAILED;
    }
    return ret;
}

/* All of a task has ended: its dependents may be due. */
static void task_done(struct wf *wf, struct wf_frame *f, struct wf_step *task)
{
    if (task->is_done)
        return;
    task->is_ready = true;
    if (task->node->type == WF_TASK_GROUP)
        wf_node_end(wf, task->node, task->is_errored ? WF_ERROR : group_phase(task->node),
                    task->is_errored ? task->node->message : STR_NONE);
    if (task->node->type == WF_TASK_GROUP && !is_settled(wf, f, task, task->node))
        return;
    task->is_done = true;
    f->unfinished--;
    f->states[task - f->steps] = state_of(task->node);
    VEC_FOREACH (it, &task->feeds)
        if (--f->steps[*it].waits == 0)
            VEC_APUSH(f->arena, &f->due, *it);
    wf_node_wake(wf, f->node);
}

static void run_due(struct wf *wf, struct wf_frame *f, struct wf_step *task)
{
    enum depends_answer answer;
    struct err err;

    if (!task->is_wanted || task->is_ready || wf_node_is_done(f->node))
        return;
    if (!task->is_begun) {
        task->is_begun = true;
        f->unfinished++;
        answer = depends_eval(task->condition, f->states);
        if (answer == DEPENDS_OMIT)
            skip_task(wf, f, task, WF_OMITTED, STR("omitted: depends condition not met"),
                      WF_FLAG_EMPTY);
        if (answer == DEPENDS_FAULT)
            skip_task(wf, f, task, WF_ERROR, depends_problem(task->condition), WF_FLAG_EMPTY);
        if (answer == DEPENDS_OMIT || answer == DEPENDS_FAULT)
            return;
    }
    start_task(wf, f, task);
    if (check_needs(wf, f, task, &err) < 0) /* the DAG, too */
        wf_node_fault(wf, f->node, str_from(err.text));
    else if (!task->is_ready)
        VEC_APUSH(f->arena, &f->waiting, (uint32_t) (task - f->steps));
}

/* In the order of the tasks, as upstream: also of those that somebody else has ended. */
static void export_tasks(struct wf *wf, const struct wf_frame *f)
{
    for (size_t i = 0; i < f->step_count; i++)
        if (f->steps[i].node)
            wf_outputs_export(wf, f->steps[i].node);
}

static void finish(struct wf *wf, struct wf_frame *f)
{
    enum wf_phase phase = wf_assess_dag(wf, f);
    struct err err;

    if (phase == WF_RUNNING)
        return;
    f->node->outbound.len = 0; /* of before a retry */
    if (phase == WF_SUCCEEDED && (wf_loops_check(wf, f, 0, f->step_count, &err) < 0 ||
                                  wf_outputs_collect(wf, f, &err) < 0)) {
        wf_node_fault(wf, f->node, str_from(err.text));
        return;
    }
    if (phase == WF_SUCCEEDED)
        export_tasks(wf, f);
    for (size_t i = 0; i < f->target_count; i++)
        if (f->steps[f->targets[i]].node)
            wf_outbound(wf, f->steps[f->targets[i]].node, f->node);
    wf_node_end(wf, f->node, phase, STR_NONE);
}

/* Its message says whose error it is. */
static void blame(struct wf *wf, struct wf_node *n)
{
    wf_text_set(&n->message, str_printf(wf->pass->a, "task '" STR_FMT "' errored: " STR_FMT,
                                        STR_ARG(n->name), STR_ARG(n->message)));
    wf_node_changed(wf, n);
}

/* A node of a task has ended, or one of its hooks. */
static void settle(struct wf *wf, struct wf_frame *f, struct wf_step *task, struct wf_node *n)
{
    bool is_group = task->is_loop && n == task->node;

    if (!is_group && (!n->is_held || (!n->is_fault && !is_settled(wf, f, task, n))))
        return;
    if (!is_group && n->is_fault)
        blame(wf, n);
    if (!is_group) {
        n->is_held = false;
        task->unfinished--;
    }
    if (task->unfinished == 0 && task->is_ready)
        task_done(wf, f, task);
    else if (is_group)
        is_settled(wf, f, task, n);
}

/* Statuses have changed, or there is room again. */
static void look_at_hooks(struct wf *wf, struct wf_frame *f)
{
    if (!f->has_hooks && !f->has_late_hook)
        return;
    f->has_late_hook = false;
    for (size_t i = 0; i < f->step_count; i++) {
        struct wf_step *task = &f->steps[i];

        if (!task->node || task->is_done)
            continue;
        for (size_t k = 0; task->is_loop && k < task->node->children.len; k++)
            settle(wf, f, task, task->node->children.at[k]);
        if (!task->is_done)
            settle(wf, f, task, task->node);
    }
}

void wf_dag_run(struct wf *wf, struct wf_frame *f)
{
    size_t waiting = f->waiting.len;

    if (wf_fail_fast(wf, f))
        return;
    if (!f->is_open) {
        f->is_open = true;
        for (size_t i = 0; i < f->step_count; i++)
            if (f->steps[i].waits == 0)
                VEC_APUSH(f->arena, &f->due, (uint32_t) i);
    }
    f->waiting.len = 0;
    for (size_t i = 0; i < waiting; i++)
        run_due(wf, f, &f->steps[f->waiting.at[i]]);
    /* Tasks that end at once feed others while the list is read. */
    for (size_t i = 0; i < f->due.len; i++)
        run_due(wf, f, &f->steps[f->due.at[i]]);
    f->due.len = 0;
    if (wf_node_is_done(f->node))
        return;
    look_at_hooks(wf, f);
    if (f->unfinished == 0 && f->due.len == 0)
        finish(wf, f);
}

void wf_dag_told(struct wf *wf, struct wf_frame *f, struct wf_node *child)
{
    struct wf_step *task = &f->steps[child->step];

    settle(wf, f, task, child->hook_of ? child->hook_of : child);
}
