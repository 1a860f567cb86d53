/*
 * workflows/engine/wf_internal.h - the state behind decide.h. Private to workflows/engine.
 *
 * A node is a row of status.nodes. Nodes that call others (Steps, DAG, Retry) have a frame
 * while they are unfinished: the template as it is run, and how far it got. Frames are not
 * stored: after a restart the same code runs from the root again, finds the nodes that exist
 * and fills the frames. Each node knows its owner, the node whose frame waits for it; an
 * observation wakes the owner, not the tree. Loop thread. Does no I/O.
 */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "lang/cond/cond.h"
#include "lang/depends/dag_phase.h"
#include "lang/expr/tag.h"
#include "lang/subst/items.h"
#include "workflows/engine/decide.h"

enum wf_type {
    WF_POD,
    WF_STEPS,
    WF_STEP_GROUP,
    WF_DAG,
    WF_TASK_GROUP,
    WF_RETRY,
    WF_SKIPPED,
    WF_SUSPEND,
    WF_HTTP,
    WF_PLUGIN,
    WF_CONTAINER, /* of a containerSet: its Pod node is its boundary */
};

enum wf_phase {
    WF_NONE, /* of a workflow that has not begun */
    WF_PENDING,
    WF_RUNNING,
    WF_SUCCEEDED,
    WF_SKIPS,
    WF_FAILED,
    WF_ERROR,
    WF_OMITTED,
};

/* The flags of a node, as nodeFlag shows them. */
enum wf_flag {
    WF_FLAG_EMPTY = 1, /* nodeFlag: {} */
    WF_FLAG_HOOKED = 2,
    WF_FLAG_RETRIED = 4,
};

struct wf_frame;
struct wf_pass;

/* Texts that few nodes have. */
enum wf_rare {
    WF_TEMPLATE_REF, /* JSON */
    WF_MEMO,         /* memoizationStatus */
    WF_IP,           /* of a daemon's pod */
    WF_POD_UID,      /* of a pod that is older than the generation */
    WF_WAITING,      /* lock that it waits for */
    WF_METRICS,      /* of its template, until it ends */
    WF_RARE_COUNT,
};

struct wf_node {
    struct str id, name;                   /* owned */
    struct str display;                    /* the end of its name, or wf_word() */
    struct str template_name, scope, host; /* wf_word() */
    struct str message, inputs, outputs;   /* owned; JSON text or absent */
    struct str *rare; /* owned: as many as enum wf_rare has, owned; NULL: they are absent */
    uint64_t seq;
    enum wf_type type;
    enum wf_phase phase;
    unsigned flags; /* enum wf_flag */
    int64_t started_ms, finished_ms;
    uint32_t estimated_s;     /* what it will take, by the run before; 0: unknown */
    uint32_t done, total;     /* progress; total 0: none */
    uint32_t bad_inside;      /* Pod, Steps and DAG nodes in this boundary that have failed */
    uint32_t active_inside;   /* unfinished ones of these */
    uint32_t pods_inside;     /* unfinished pods in this boundary */
    struct wf_node *boundary; /* borrowed */
    struct wf_node *owner;    /* whose frame waits for it, or NULL */
    struct wf_node *hook_of;  /* a hook's node: what it belongs to */
    struct wf_frame *frame;   /* owned, while unfinished */
    uint32_t step;            /* index in the owner's frame */
    uint32_t visit;           /* of the last walk that came by */
    uint32_t index;           /* in the last walk's list */
    int64_t pending_until_ms; /* it fails when it is still Pending then; 0: it may wait */
    bool is_queued, is_changed, is_asked, is_counted, is_told;
    bool is_locked;              /* it holds locks */
    bool is_daemon, is_daemoned; /* its pod goes on beside what follows */
    bool is_held;           /* it, or a hook of it, counts among the unfinished of its step */
    bool is_linked;         /* it stands among the children of its group */
    bool is_fault;          /* what it is made of could not go on: who called it errs, too */
    bool has_grown;         /* it is changed, but in its children alone */
    uint32_t told_children; /* how many of them were given out last */
    int64_t grown_ms;       /* since when others are not */
    VEC(struct wf_node *) children;
    VEC(struct wf_node *) outbound;
};

/* A template and where it was found. */
struct wf_template {
    const struct json *json;
    struct str scope; /* "local/wf", "namespaced/x", "cluster/y" */
};

/* How a template is called. */
struct wf_call {
    struct str name;              /* of the node */
    const struct json *holder;    /* step, task or hook: template, templateRef or inline */
    const struct json *arguments; /* or NULL */
    const struct json *locals;    /* names of this call: retries, steps.name ...; or NULL */
    struct str scope;             /* where the holder stands */
    struct wf_node *boundary, *owner, *hook_of;
    uint32_t step;
    unsigned flags, depth;
    bool is_exit;    /* in an exit handler: not bound by the workflow's deadline and Stop */
    bool is_attempt; /* of a retry */
    int64_t deadline_ms;
};

/* One step of the open group, or one task. */
struct wf_step {
    struct str name;
    const struct json *json; /* as written */
    struct json resolved;    /* references filled in */
    struct items_loop loop;
    bool is_loop, is_ready, is_resolved, is_done, is_wanted, is_begun, is_errored,
        has_result_known, wants_result;
    uint32_t next;                   /* item to be started */
    uint32_t unfinished;             /* children and hooks */
    uint32_t waits;                  /* tasks: dependencies that are not done */
    struct wf_node *node;            /* of the step, or the TaskGroup */
    const struct json *aggregate;    /* names of a loop that is done, or NULL */
    VEC(uint32_t) needs, feeds;      /* tasks: indexes, in the frame's arena */
    const struct depends *condition; /* tasks */
};

struct wf_frame {
    struct arena *arena;
    struct wf_node *node;
    struct json tmpl;        /* as run */
    struct str scope;        /* of the template: where its steps stand */
    struct str caller_scope; /* where the holder stands */
    const struct json *holder, *arguments, *locals;
    unsigned depth;
    bool is_exit;
    int64_t deadline_ms;
    struct wf_step *steps; /* all of them, group after group, or the tasks */
    size_t step_count;
    size_t *groups; /* Steps: index of each group's first step; one more at the end */
    size_t group_count, group;
    struct wf_node *group_node;
    struct depends_state *states; /* DAG: of the tasks, for their conditions */
    const size_t *targets;        /* DAG: tasks that it is run for */
    size_t target_count;
    bool is_waiting;            /* for locks: how it was called, nothing else */
    bool is_open;               /* the group's references are filled in */
    bool has_hooks;             /* steps or tasks with hooks that are no exit handlers */
    bool has_late_hook;         /* one is due and had no room */
    VEC(uint32_t) due, waiting; /* DAG: tasks to be looked at; those that wait for room */
    uint32_t unfinished;        /* steps of the group, or tasks, that are begun and not done */
    int64_t wake_ms;            /* Retry: do not try before; Suspend: its end */
    struct str text;            /* of the template, when results are looked for, or absent */
};

struct wf {
    struct arena *arena;     /* spec and templates */
    struct arena *doc_arena; /* the current document */
    struct str doc_text;
    struct json doc;
    const struct json *spec; /* effective; in the first arena */
    struct str name, ns, uid;
    int64_t generation;   /* grows with each retry */
    struct map templates; /* "scope/name" to struct json *, borrowed keys */
    struct str local_scope;
    struct map nodes; /* by id, borrowed keys */
    struct map words; /* texts that many nodes share, to themselves */
    VEC(struct wf_node *) list;
    VEC(struct wf_node *) queue;
    VEC(struct wf_node *) changed;
    VEC(struct wf_node *) blocked;              /* their frames wait for room */
    struct json_array_builder global_outputs;   /* in the first arena: parameters */
    struct json_array_builder global_artifacts; /* there, too */
    const struct json *claims; /* status.persistentVolumeClaims, in the first arena; or NULL */
    const struct json *repository; /* status.artifactRepositoryRef, or NULL: the local one */
    uint64_t next_seq;
    enum wf_phase phase;
    int64_t started_ms, finished_ms;
    struct str message;       /* owned */
    struct str metrics_error; /* owned: what was wrong with metrics, or absent */
    struct str warning;       /* about its spec, in the first arena; or absent */
    struct str missing; /* owned: a reference that was not there when it was asked for last */
    uint32_t active_pods, daemons;
    uint32_t done, total;           /* progress */
    uint32_t leaves;                /* nodes that count in it */
    uint32_t since_progress;        /* pods that ended since groups' progress was filled in */
    VEC(struct wf_node *) waiting;  /* for locks */
    VEC(struct wf_node *) pending;  /* that may be so until a time only */
    VEC(struct wf_node *) sleeping; /* Retry nodes in their backoff, Suspend nodes that end */
    uint32_t visit;
    bool has_progress; /* a pod has said how far it is: groups' is filled in */
    bool is_fresh, is_doc_changed, is_stopping, is_locked, has_told_metrics;
    const struct wf_world *world;    /* borrowed */
    const struct estimate *estimate; /* a reference, or NULL */
    struct wf_pass *pass;
};

/* What lives for one wf_decide(). */
struct wf_pass {
    struct arena *a; /* scratch */
    struct wall now;
    struct arena *out; /* the actions' arena */
    VEC(struct wf_pod_action) pods;
    VEC(struct wf_kill_action) kills;
    VEC(struct str) forget, releases;
    VEC(struct wf_memo_action) memos;
    VEC(struct wf_claim_action) claims;
    VEC(struct wf_metric_action) metrics;
    int64_t wake_ms;
    enum wf_phase phase;     /* of the workflow when the pass began */
    bool is_past_root;       /* what the entry point asks for is called; now come the workflow's
                                hooks */
    bool has_passing_status; /* it was told, and will be another in the next pass */
    bool is_status_kept;     /* its tag stays */
    bool has_new_daemon;     /* a pod has come that goes on beside the others */
    struct str scope_fault;  /* why a name that a loop should give cannot be made */
};

/* ---- node.c: the table ---- */

/**
 * wf_node_name() - the name that the node of a call has
 *
 * The id and the pod of a node are made of a hash of its name, of 32 bits: of 10,000 names two
 * have the same once in a hundred times. Then the later one is called with a mark behind it.
 */
struct str wf_node_name(const struct wf *wf, struct str name);
/** wf_node_find() - by name, or NULL */
struct wf_node *wf_node_find(const struct wf *wf, struct str name);
/** wf_node_add() - a new row for a call; phase and type as given, marked changed */
struct wf_node *wf_node_add(struct wf *wf, const struct wf_call *call, enum wf_type type,
                            enum wf_phase phase);
/** wf_node_blank() - an empty node in the table, without a mark; borrowed */
struct wf_node *wf_node_blank(struct wf *wf, struct str id, struct str name, uint64_t seq);
void wf_node_free(struct wf_node *n);
/** wf_node_is_group() - does it stand for a group of steps, or for the items of a task? */
bool wf_node_is_group(const struct wf_node *n) _pure_;
/** wf_node_changed() - its row is to be written */
void wf_node_changed(struct wf *wf, struct wf_node *n);
/** wf_node_link() - make a node the child of another, once */
void wf_node_link(struct wf *wf, struct wf_node *parent, struct wf_node *child);
/** wf_node_end() - into a final phase; tells the owner; @message is copied */
void wf_node_end(struct wf *wf, struct wf_node *n, enum wf_phase phase, struct str message);
/** wf_node_fault() - into Error by what the node is made of: who called it errs, too */
void wf_node_fault(struct wf *wf, struct wf_node *n, struct str message);
/** wf_node_spoil() - an ended node is in error after all */
void wf_node_spoil(struct wf *wf, struct wf_node *n, struct str message);
/** wf_node_count() - a new or loaded node at its boundary */
void wf_node_count(struct wf_node *n);
/** wf_node_tell() - count a finished node at its owner, once */
void wf_node_tell(struct wf *wf, struct wf_node *n);
/** wf_node_wake() - run the node's frame later in this pass */
void wf_node_wake(struct wf *wf, struct wf_node *n);
/** wf_node_is_done() - in a final phase? */
bool wf_node_is_done(const struct wf_node *n) _pure_;
/** wf_node_is_over() - may what follows it begin? */
static inline bool wf_node_is_over(const struct wf_node *n)
{
    return n->phase > WF_RUNNING || n->is_daemoned;
}
/** wf_node_daemon() - a node whose pod goes on beside what follows: tells its owner */
void wf_node_daemon(struct wf *wf, struct wf_node *n, struct str ip);
/** wf_type_is_run() - is such a node carried out by a pod, or as if by one? */
static inline bool wf_type_is_run(enum wf_type type)
{
    return type == WF_POD || type == WF_HTTP || type == WF_PLUGIN;
}
/** wf_node_is_leaf() - does it count as one in progress, and do nodes after it hang on it? */
static inline bool wf_node_is_leaf(const struct wf_node *n)
{
    return wf_type_is_run(n->type) || n->type == WF_SUSPEND || n->type == WF_CONTAINER;
}

/** wf_node_is_run() - is it carried out by a pod, or as if by one? */
static inline bool wf_node_is_run(const struct wf_node *n)
{
    return wf_type_is_run(n->type);
}

/** wf_text_set() - replace an owned text by a copy */
void wf_text_set(struct str *at, struct str text);

/** wf_word() - the one copy of a text that many nodes have; as long as the workflow; absent for
 * "" */
struct str wf_word(struct wf *wf, struct str text);

/** wf_node_show_as() - set its display name */
void wf_node_show_as(struct wf *wf, struct wf_node *n, struct str display);

/** wf_rare(), wf_rare_set() - a text that few nodes have, or absent; the node owns its copy */
struct str wf_rare(const struct wf_node *n, enum wf_rare which);
void wf_rare_set(struct wf_node *n, enum wf_rare which, struct str text);

static inline bool wf_phase_is_bad(enum wf_phase phase)
{
    return phase == WF_FAILED || phase == WF_ERROR;
}

static inline bool wf_phase_is_completed(enum wf_phase phase)
{
    return phase == WF_SUCCEEDED || wf_phase_is_bad(phase);
}

/* ---- node_doc.c: rows ---- */

struct str wf_phase_name(enum wf_phase phase);
enum wf_phase wf_phase_of(struct str name);
/** wf_node_doc() - NodeStatus as JSON text in @a */
struct str wf_node_doc(struct arena *a, const struct wf_node *n);
/** wf_node_parse() - a row into a new node; links to others come later: wf_node_parse_links()
 */
int wf_node_parse(struct wf *wf, const struct json *doc, uint64_t seq, struct err *err);
void wf_node_parse_links(struct wf *wf, const struct json *doc);

/* ---- load.c ---- */

/** wf_template_find() - what a step, task or hook calls; ERR_NOT_FOUND with upstream's text */
int wf_template_find(struct wf *wf, const struct json *holder, struct str scope,
                     struct wf_template *ret, struct err *err);

/* ---- scope.c: names that tags can use ---- */

struct wf_names {
    struct wf *wf;
    const struct wf_frame *frame; /* steps and tasks, or NULL */
    const struct json *locals;    /* or NULL */
    struct str own;               /* prefix that means @own_node, for exit hooks, or absent */
    const struct wf_node *own_node;
};

/** wf_names_options() - for subst_apply(); @names is borrowed by the result */
struct subst_options wf_names_options(const struct wf_names *names, enum subst_unresolved rule);
enum subst_answer wf_names_find(const void *names, struct str name, struct str *ret);
/** wf_global_find() - workflow.* */
enum subst_answer wf_global_find(struct wf *wf, struct str name, struct str *ret);
/** wf_loops_check() - can what the loops among steps [@from, @to) gave be joined? ERR_INVALID:
 * a result that is no JSON */
int wf_loops_check(struct wf *wf, const struct wf_frame *f, size_t from, size_t to,
                   struct err *err);
/** wf_step_resolve() - fill in a step's references; 1: its condition is false, nothing else is
 * filled in; -1, also when the condition of what is no loop has no answer */
int wf_step_resolve(struct wf *wf, const struct wf_frame *frame, struct arena *a,
                    const struct json *step, struct json *ret, struct err *err);

/* ---- artifacts.c: places of artifacts ---- */

/** wf_artifact_find() - the artifact that a name means: "steps.a.outputs.artifacts.b",
 * "inputs.artifacts.b", "workflow.outputs.artifacts.b"; NULL: none */
const struct json *wf_artifact_find(const struct wf_names *names, struct str name);
/** wf_artifacts_tell() - the same, for expressions */
void wf_artifacts_tell(const struct wf_names *names, struct str path,
                       struct expr_tag_names *to);
/** wf_artifacts_resolve() - arguments.artifacts of a step, task or hook get the places of what
 * they are `from`; in @a; -1 */
int wf_artifacts_resolve(const struct wf_names *names, struct arena *a, struct json *holder,
                         struct err *err);
/** wf_artifacts_collect() - outputs.artifacts of a steps or dag template, with places; -1 */
int wf_artifacts_collect(const struct wf_names *names, const struct json *list,
                         struct json *ret, struct err *err);
/** wf_artifacts_export() - those with a globalName become the workflow's */
void wf_artifacts_export(struct wf *wf, const struct json *list);

/* ---- repository.c: where artifacts go ---- */

/** wf_repository_resolve() - look the artifact repository up, once; ERR_NOT_FOUND,
 * ERR_UNSUPPORTED, ERR_INVALID */
int wf_repository_resolve(struct wf *wf, struct err *err);
/** wf_repository_location() - a template that becomes a pod, with the place of its artifacts in
 * archiveLocation; in the pass's arena; -1 for a keyFormat that cannot be filled in */
int wf_repository_location(struct wf *wf, const struct json *tmpl, struct str pod,
                           struct json *ret, struct err *err);

/* ---- config_map.c ---- */

/** wf_config_map_value() - for args_process(): value of a ConfigMap; 1, 0: there is none, -1 */
int wf_config_map_value(const void *ctx, struct arena *a, struct str name, struct str key,
                        struct str *ret, struct err *err);
/** wf_argument_value() - the value of one of the workflow's arguments */
enum subst_answer wf_argument_value(struct wf *wf, const struct json *argument,
                                    struct str *ret);
/** wf_arguments_check() - are the arguments from ConfigMaps to be had? ERR_INVALID */
int wf_arguments_check(struct wf *wf, struct err *err);

#include "workflows/engine/calls.h"
#include "workflows/engine/concerns.h"
