/*
 * workflows/engine/custom_metrics.h - metrics that workflows and templates define. Private to
 * workflows/engine. Loop thread.
 */
#pragma once

#include "workflows/engine/wf_internal.h"

/** wf_metrics_note() - a node begins, or goes on after a restart: its template's metrics are
 * told when it ends, those in real time from now on */
void wf_metrics_note(struct wf *wf, struct wf_node *n, const struct json *tmpl);
/** wf_metrics_leave() - a node has ended */
void wf_metrics_leave(struct wf *wf, struct wf_node *n);
/** wf_metrics_begin() - the workflow's own in real time, once */
void wf_metrics_begin(struct wf *wf);
/** wf_metrics_end() - the workflow has ended: all of its own */
void wf_metrics_end(struct wf *wf);
