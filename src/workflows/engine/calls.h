/*
 * workflows/engine/calls.h - calling templates: what all kinds share, and how each kind goes
 * on. Private to workflows/engine; comes with wf_internal.h. Loop thread.
 */
#pragma once

#include "workflows/engine/wf_internal.h"

/* ---- call.c ---- */

enum wf_called {
    WF_CALLED,
    WF_CALL_WAITS,
    WF_CALL_ERRED,
    WF_CALL_UNTOLD, /* the condition has no answer; the node says why */
};

/** wf_call() - run a template under a node name: made if it is not there; @ret may be NULL
 * after WF_CALL_WAITS */
enum wf_called wf_call(struct wf *wf, const struct wf_call *call, struct wf_node **ret);
/** wf_call_process() - a template with its inputs and tags filled in, in the pass */
int wf_call_process(struct wf *wf, const struct wf_call *call, const struct json *tmpl,
                    struct json *ret, struct err *err);
/** wf_call_type() - the type of node that a call of a template makes */
enum wf_type wf_call_type(const struct wf *wf, const struct json *tmpl);
/** wf_call_inputs() - a new node's inputs and shown name */
void wf_call_inputs(struct wf *wf, struct wf_node *n, const struct json *tmpl);
/** wf_call_skip() - a node that stands for what does not run */
struct wf_node *wf_call_skip(struct wf *wf, const struct wf_call *call, enum wf_phase phase,
                             struct str message);
/** wf_call_when() - start one step, task or item after its condition */
enum wf_called wf_call_when(struct wf *wf, struct wf_call *call, const struct json *step,
                            struct wf_node **ret, struct err *err);
/** wf_call_arm() - let a child tell its owner when it ends; whether it has not yet */
bool wf_call_arm(struct wf_node *child);
/** wf_block() - run the frame again when there is room for more pods */
void wf_block(struct wf *wf, struct wf_node *n);
/** wf_unblock() - there may be room now */
void wf_unblock(struct wf *wf);
/** wf_frame_run() - go on with a node */
void wf_frame_run(struct wf *wf, struct wf_node *n);
void wf_frame_free(struct wf_frame *f);
/** wf_call_locals() - {kind}.name of the called */
const struct json *wf_call_locals(struct arena *a, const char *kind, struct str name);

/* ---- kinds ---- */

void wf_pod_start(struct wf *wf, struct wf_node *n, const struct wf_call *call,
                  const struct json *tmpl, const struct wf_template *from);
/** wf_pod_count() - one more active pod, once a node */
void wf_pod_count(struct wf *wf, struct wf_node *n);
/** wf_pod_uncount() - its opposite */
void wf_pod_uncount(struct wf *wf, struct wf_node *n);
void wf_pod_observe(struct wf *wf, struct wf_node *n, const struct pod_report *report);
struct str wf_pod_uid(struct arena *a, const struct wf *wf, const struct wf_node *n);
void wf_steps_open(struct wf *wf, struct wf_frame *f);
void wf_steps_run(struct wf *wf, struct wf_frame *f);
void wf_steps_told(struct wf *wf, struct wf_frame *f, struct wf_node *child);
int wf_dag_open(struct wf *wf, struct wf_frame *f, struct err *err);
void wf_dag_run(struct wf *wf, struct wf_frame *f);
void wf_dag_told(struct wf *wf, struct wf_frame *f, struct wf_node *child);
void wf_retry_run(struct wf *wf, struct wf_frame *f);
/** wf_suspend_init() - a new node's outputs that are waited for, and choices of its inputs */
void wf_suspend_init(struct wf *wf, struct wf_node *n, const struct json *tmpl);
/** wf_suspend_stop() - end it when shutdown or the workflow's deadline says so; whether it has
 * ended */
bool wf_suspend_stop(struct wf *wf, struct wf_node *n, bool is_exit);
void wf_suspend_run(struct wf *wf, struct wf_frame *f);
