/*
 * workflows/engine/container_set.h - nodes of the containers of a containerSet. Private to
 * workflows/engine; loop thread.
 */
#pragma once

#include "workflows/engine/wf_internal.h"

/** wf_containers_add() - the nodes of a Pod node's containerSet, those that are missing */
void wf_containers_add(struct wf *wf, struct wf_node *pod, const struct wf_call *call,
                       const struct json *tmpl);
/** wf_containers_run() - the pod runs: so do they */
void wf_containers_run(struct wf *wf, struct wf_node *pod);
/** wf_container_end() - one has ended, as its report says; @phase is the report's */
void wf_container_end(struct wf *wf, struct wf_node *pod,
                      const struct pod_container_report *report, enum wf_phase phase);
/** wf_containers_close() - their pod has ended: those that have not end with it */
void wf_containers_close(struct wf *wf, struct wf_node *pod);

typedef void (*wf_outbound_fn)(struct wf *wf, struct wf_node *n, struct wf_node *into);
/** wf_containers_outbound() - @fn for those that nobody comes after; false: it has none */
bool wf_containers_outbound(struct wf *wf, struct wf_node *pod, struct wf_node *into,
                            wf_outbound_fn fn);
