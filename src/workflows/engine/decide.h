/*
 * workflows/engine/decide.h - what a workflow does next: a pure function of state, observation
 * and time.
 *
 * No I/O, no clock, no global, no thread. A wf is one workflow in memory: its immutable
 * document (with storedTemplates and storedWorkflowTemplateSpec, so that no reference is looked
 * up later) and its nodes. wf_decide() applies one observation and advances what depends on it
 * (the node, its parents), not the whole tree; it changes the wf and reports what changed, to
 * be stored before the actions are carried out. Source: ../shared/spec/workflows.md 2 to 4;
 * ../shared/golden/engine decides.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "formats/json.h"
#include "pods/pod.h"

struct config;
struct estimate;
struct wf;
struct wf_world;

struct wf_stored_node {
    struct str id;
    uint64_t seq;
    struct str doc; /* NodeStatus as JSON text */
};

/**
 * wf_load() - a workflow from its stored document and node rows; copies all it keeps
 * @doc:   JSON text of the Workflow, without status.nodes
 * @nodes: rows in order of seq
 * @err:   ERR_INVALID
 *
 * Return: owned; wf_free().
 */
struct wf *wf_load(struct str doc, const struct wf_stored_node *nodes, size_t node_count,
                   struct err *err);
void wf_free(struct wf *wf);

/** wf_see_world() - what it sees of other workflows (world.h), borrowed for its life; before
 * the first decision */
void wf_see_world(struct wf *wf, const struct wf_world *world);
/** wf_see_estimate() - how long it and its nodes will take, by the run before (estimate.h);
 * takes a reference; before the first decision */
void wf_see_estimate(struct wf *wf, const struct estimate *run);
DEFINE_CLEANUP(struct wf *, wf_free)

/** wf_settled_pod() - the uid that the pod of a node has before any retry, when the node, of
 * which
 * @node is the stored NodeStatus, has ended; else absent */
struct str wf_settled_pod(struct arena *a, struct str workflow_uid, struct str node);

enum wf_input_kind {
    WF_INPUT_WAKE, /* first pass, restart, timer: look at all that may be due */
    WF_INPUT_POD,  /* a pod report for a node */
    WF_INPUT_SPEC, /* the document changed (shutdown, suspend, labels): doc is the new text */
};

struct wf_input {
    enum wf_input_kind kind;
    struct str node_id;              /* WF_INPUT_POD */
    const struct pod_report *report; /* WF_INPUT_POD, borrowed */
    struct str doc;                  /* WF_INPUT_SPEC */
};

/* A pod that is wanted. The texts live in the actions' arena. */
struct wf_pod_action {
    struct pod_request request;
};

struct wf_kill_action {
    struct str uid, why;
    uint64_t grace_ms;
};

struct wf_node_change {
    struct str id;
    uint64_t seq;
    struct str doc; /* the new NodeStatus; absent: the node is removed */
};

/* An entry of a cache of the workflow's namespace, to be written in the same commit. */
struct wf_memo_action {
    struct str name; /* of the ConfigMap */
    struct str key, entry;
};

/* A claim for storage that is made or, without @doc, deleted in the same commit. */
struct wf_claim_action {
    struct str name;
    const struct json *doc; /* without namespace, uid and time */
};

/* What is done with a metric that a manifest defines; series of a registry, or NULL. */
enum wf_metric_operation {
    WF_METRIC_ADD,
    WF_METRIC_SET,
    WF_METRIC_OBSERVE,
    WF_METRIC_GROW, /* the seconds since a time (value, in ms) until it is set */
};

struct wf_metric_action {
    struct metric *metric;
    enum wf_metric_operation operation;
    double value;
};

struct wf_actions {
    struct arena *arena; /* given by the caller; everything below lives there */
    const struct wf_node_change *nodes;
    size_t node_count;
    struct str doc;   /* the changed Workflow document without nodes, or absent */
    bool is_finished; /* the workflow has ended (doc says how) */
    const struct wf_pod_action *pods;
    size_t pod_count;
    const struct wf_kill_action *kills;
    size_t kill_count;
    const struct str *forget; /* pod uids whose outcome this change stores */
    size_t forget_count;
    const struct str *releases; /* holders of locks that this change gives back (locks.h) */
    size_t release_count;
    const struct wf_memo_action *memos;
    size_t memo_count;
    const struct wf_claim_action *claims;
    size_t claim_count;
    const struct wf_metric_action *metrics;
    size_t metric_count;
    struct wall wake_at; /* call again with WF_INPUT_WAKE then; ms 0: no need */
};

/**
 * wf_decide() - apply one or more observations
 * @wf:     state; changed
 * @inputs: in order; several pod reports that are waiting are decided in one pass
 * @now:    the time of this pass
 * @ret:    what to store and then to do; ret->arena is set by the caller
 *
 * Total: what is wrong with a workflow becomes its node and workflow messages, never a failure
 * of this function. Locks that it takes are reserved at once (locks.h), the one thing that it
 * changes besides the wf. On a freshly loaded wf the first WAKE also asks for the pods of all
 * unfinished Pod nodes again (idempotent).
 */
void wf_decide(struct wf *wf, const struct wf_input *inputs, size_t input_count,
               struct wall now, struct wf_actions *ret);

/**
 * wf_postpone() - take what others have changed, and do not begin: too many workflows run
 *
 * As wf_decide(), in its place; one that has not begun becomes Pending and says why.
 */
void wf_postpone(struct wf *wf, const struct wf_input *inputs, size_t input_count,
                 struct wall now, struct wf_actions *ret);

/** wf_priority() - spec.priority; 0 without one */
int64_t wf_priority(const struct wf *wf);

/**
 * wf_refused_doc() - the document of a workflow that wf_load() refuses: ended in Error
 * @a:   where new parts live
 * @doc: as stored
 * @why: what is wrong
 * @config: whether it is archived; or NULL
 */
struct json wf_refused_doc(struct arena *a, const struct json *doc, struct str why,
                           struct wall now, const struct config *config);

/** wf_uid() and so on: identity, borrowed for the wf's life */
struct str wf_uid(const struct wf *wf);
struct str wf_name(const struct wf *wf);
struct str wf_namespace(const struct wf *wf);
/** wf_doc() - the document as it is now, borrowed until the next decision */
const struct json *wf_doc(const struct wf *wf);
bool wf_is_finished(const struct wf *wf);

/** wf_was_begun() - did it run before? Then it has node rows, whatever its phase */
bool wf_was_begun(const struct wf *wf);

/** wf_wants_pod() - has an unfinished node of that id that pod? */
bool wf_wants_pod(const struct wf *wf, struct str node_id, struct str uid);

/** wf_knows_status() - is the status of a document that somebody else wrote the one that it
 * would write? When not, all is to be loaded again; @doc: as wf_load() */
bool wf_knows_status(const struct wf *wf, struct str doc);

/** wf_executor_plugins() - spec.executorPlugins, borrowed, or NULL */
const struct json *wf_executor_plugins(const struct wf *wf);

/** wf_message() - status.message, borrowed until the next decision, or "" */
struct str wf_message(const struct wf *wf);

/** wf_runtime_ms() - from its start to its end; 0 before */
int64_t wf_runtime_ms(const struct wf *wf);

/** wf_bytes() - memory held, for the per-node budget */
size_t wf_bytes(const struct wf *wf);
