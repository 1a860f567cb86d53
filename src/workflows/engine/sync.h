/*
 * workflows/engine/sync.h - synchronization: what a workflow or a node needs before it runs.
 * Private to workflows/engine. Loop thread.
 */
#pragma once

#include "workflows/engine/wf_internal.h"

enum wf_sync {
    WF_SYNC_OPEN,  /* all locks are held, or none is asked for */
    WF_SYNC_WAITS, /* the node waits; it is called again by itself */
    WF_SYNC_ERRED,
};

/** wf_sync_enter() - take the locks of a template that is called; @ret is the node, made when
 * it waits; @err for WF_SYNC_ERRED */
enum wf_sync wf_sync_enter(struct wf *wf, const struct wf_call *call,
                           const struct wf_template *from, struct wf_node **ret,
                           struct err *err);

/** wf_sync_began() - the node that was let in is there */
void wf_sync_began(struct wf *wf, struct wf_node *n);

/** wf_sync_leave() - an ended node gives back what it holds, or stops waiting */
void wf_sync_leave(struct wf *wf, struct wf_node *n);

/** wf_sync_settle() - of a loaded workflow: nodes that somebody else has ended or taken away hold
 * nothing any more */
void wf_sync_settle(struct wf *wf);

/** wf_sync_again() - run a node that waits: ask for its locks once more */
void wf_sync_again(struct wf *wf, struct wf_node *n);

/** wf_sync_wake() - all that wait ask once more in this pass */
void wf_sync_wake(struct wf *wf);

/** wf_sync_workflow() - take the locks of the workflow itself; -1: what it asks for is wrong */
enum wf_sync wf_sync_workflow(struct wf *wf, struct err *err);
