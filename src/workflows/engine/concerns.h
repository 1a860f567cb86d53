/*
 * workflows/engine/concerns.h - what stands around nodes: metadata, outputs, the phases of
 * groups, progress, deadlines, shutdown, room, the end. Private to workflows/engine; comes with
 * wf_internal.h. Loop thread.
 */
#pragma once

#include "workflows/engine/wf_internal.h"

/** wf_metadata_apply() - workflowMetadata into the document; ERR_INVALID */
int wf_metadata_apply(struct wf *wf, struct err *err);
/** wf_outputs_collect() - outputs of steps and dag templates; -1 */
int wf_outputs_collect(struct wf *wf, struct wf_frame *f, struct err *err);
/** wf_outputs_order() - at the end: the workflow's outputs stand in the order in which the
 * nodes that gave them were made, whichever of those that ran beside each other ended first */
void wf_outputs_order(struct wf *wf);

/** wf_outputs_export() - globalName outputs of a finished node become the workflow's */
void wf_outputs_export(struct wf *wf, const struct wf_node *n);
/** wf_outbound() - append the nodes that what follows a node hangs on */
void wf_outbound(struct wf *wf, struct wf_node *n, struct wf_node *into);
/** wf_link_after() - make @next the child of all outbound nodes of @n; how many there are */
size_t wf_link_after(struct wf *wf, struct wf_node *n, struct wf_node *next);
/** wf_assess_dag() - phase of a DAG of which nothing is unfinished */
enum wf_phase wf_assess_dag(struct wf *wf, const struct wf_frame *f);
/** wf_depends_phase() - a node's phase in the words of conditions */
enum depends_phase wf_depends_phase(enum wf_phase phase);
/** wf_progress() - fill in the progress of nodes that call others */
void wf_progress(struct wf *wf);
/** wf_progress_parse() - "N/M" with N <= M and M > 0; else false, and both are 0 */
bool wf_progress_parse(struct str text, uint32_t *ret_done, uint32_t *ret_total);
/** wf_progress_set() - of one that counts, and so of the workflow */
void wf_progress_set(struct wf *wf, struct wf_node *n, uint32_t done, uint32_t total);
/** wf_progress_say() - its pod has written how far it is; what cannot be read is ignored */
void wf_progress_say(struct wf *wf, struct wf_node *n, struct str text);
/** wf_fails_fast() - has a template with failFast a failed child? Then nothing new starts in it
 */
bool wf_fails_fast(const struct wf_node *boundary);
/** wf_fail_fast() - end such a Steps or DAG node when its last pod has ended; whether it fails
 * fast */
bool wf_fail_fast(struct wf *wf, struct wf_frame *f);
/** wf_has_room() - may one more node be started in a boundary? */
bool wf_has_room(const struct wf *wf, const struct wf_node *boundary);
/** wf_deadline_ms() - of the workflow, 0: none */
int64_t wf_deadline_ms(const struct wf *wf);
/** wf_shutdown() - "Stop", "Terminate" or empty */
struct str wf_shutdown(const struct wf *wf);
/** wf_pod_kill() - ask for the end of a node's pod */
void wf_pod_kill(struct wf *wf, const struct wf_node *n, struct str why);
/** wf_stop_pods() - shutdown and deadlines: end what may not go on */
void wf_stop_pods(struct wf *wf);
/** wf_wake_at() - call again then */
void wf_wake_at(struct wf *wf, int64_t ms);
/** wf_pending_note() - a new or loaded Pending node fails when its template's time is over */
void wf_pending_note(struct wf *wf, struct wf_node *n, const struct json *tmpl);
/** wf_pending_end() - end those whose time is over */
void wf_pending_end(struct wf *wf);
/** wf_sleep() - run a node's frame at its wake_ms */
void wf_sleep(struct wf *wf, struct wf_node *n);
/** wf_is_suspended() - does spec.suspend hold back new nodes? */
bool wf_is_suspended(const struct wf *wf);
/** wf_is_past_deadline() - of the workflow */
bool wf_is_past_deadline(const struct wf *wf);
/** wf_is_missing() - a reference is not there: remembers which; whether it may come later */
bool wf_is_missing(struct wf *wf, const struct err *err);
/** wf_end() - the workflow ends without a verdict of its nodes: those that are unfinished end
 * in error with it */
void wf_end(struct wf *wf, struct str message);
/** wf_fail() - the workflow fails before it has nodes */
void wf_fail(struct wf *wf, struct str message);
/** wf_finish() - after the root: exit handler, phase, message */
void wf_finish(struct wf *wf);
/** wf_status_doc() - the document with its new status */
struct str wf_status_doc(struct wf *wf, struct arena *a);
/** wf_resolve_json() - parse an owned JSON text into the pass; NULL when absent */
const struct json *wf_parsed(struct wf *wf, struct str text);
