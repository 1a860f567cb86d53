/*
 * workflows/engine/hooks.h - lifecycle hooks and exit handlers of steps, tasks and the
 * workflow. Private to workflows/engine. Loop thread.
 */
#pragma once

#include "workflows/engine/wf_internal.h"

enum wf_hooks {
    WF_HOOKS_ALL,
    WF_HOOKS_EXIT, /* of an item of a task: the others belong to the whole */
};

/** wf_exit_hook() - of a step, a task or the spec, as {template, arguments}; NULL: none. onExit
 * takes the workflow's arguments */
const struct json *wf_exit_hook(struct wf *wf, const struct json *of);

/** wf_has_hooks() - has a step, a task or the spec hooks that are no exit handlers? */
bool wf_has_hooks(const struct json *of);

/** wf_hooks_settle() - start the hooks of a node that are due, and its exit handler when all
 * else has ended. 1: it or one of them is unfinished, 0: nothing is left, -1: an expression has
 * no answer */
int wf_hooks_settle(struct wf *wf, struct wf_frame *f, const struct json *step,
                    struct wf_node *after, enum wf_hooks which, struct err *err);

/** wf_hook_call() - run one; @f is NULL for the workflow's; NULL: there is no room yet */
struct wf_node *wf_hook_call(struct wf *wf, struct wf_call *call, const struct json *hook,
                             const struct wf_frame *f, struct wf_node *after);

/** wf_hooks_notice() - a node has another phase: hooks beside it may be due */
void wf_hooks_notice(struct wf *wf, const struct wf_node *n);

/** wf_hooks_of_workflow() - start those that are due; whether one is unfinished */
bool wf_hooks_of_workflow(struct wf *wf);
