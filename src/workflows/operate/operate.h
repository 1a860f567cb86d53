/*
 * workflows/operate/operate.h - what people do to a workflow that runs or has ended: suspend,
 * resume, stop, terminate, set, retry, resubmit; or write it anew, whole.
 *
 * Each is a pure function of the stored document and its node rows: it changes the values and
 * marks what is to be written. Who calls it reads both, writes them under the version that was
 * read, and begins anew when somebody else was faster. What the changed workflow then does is
 * the engine's business: it loads a workflow whose rows somebody else has written. Any thread;
 * no I/O, no clock. Error texts are upstream's. Source: ../shared/spec/workflows.md 4.12 to
 * 4.14.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "formats/json.h"

/* A row of status.nodes. */
struct operate_node {
    struct str id;
    uint64_t seq;
    struct json doc; /* NodeStatus */
    bool is_changed, is_removed;
};

struct operate_workflow {
    struct arena *arena; /* where new values live */
    struct wall now;
    struct json doc; /* without status.nodes */
    bool is_changed; /* the document or a node */
    struct operate_node *nodes;
    size_t node_count;
};

enum operate_shutdown { OPERATE_STOP, OPERATE_TERMINATE };

/** operate_suspend() - start nothing new; ERR_INVALID when it has ended */
int operate_suspend(struct operate_workflow *wf, struct err *err);

/** operate_shut_down() - spec.shutdown; ERR_INVALID when it has ended */
int operate_shut_down(struct operate_workflow *wf, enum operate_shutdown how, struct err *err);

/**
 * operate_stop() - shut down with Stop, or fail those suspended nodes that a selector matches
 * @selector: of nodes, or ""
 * @message:  of the failed nodes, or ""
 * @err:      ERR_INVALID: it has ended, a wrong selector, nothing matches
 */
int operate_stop(struct operate_workflow *wf, struct str selector, struct str message,
                 struct err *err);

/**
 * operate_resume() - go on: spec.suspend is taken away and all suspended nodes succeed with the
 * defaults of outputs that nobody supplied; or those nodes alone that a selector matches
 * @selector: of nodes, or ""
 * @by:       user who does it, for the message of the nodes, or ""
 * @err:      ERR_INVALID: an output has neither value nor default, a wrong selector, nothing
 *            matches
 *
 * Nothing to resume is no error. Return: 0 or -1.
 */
int operate_resume(struct operate_workflow *wf, struct str selector, struct str by,
                   struct err *err);

/* What suspended nodes are to become. */
struct operate_values {
    struct str selector;        /* of nodes; needed */
    struct str phase;           /* Succeeded, Failed or Error; "": stays */
    struct str message;         /* "": stays */
    const struct json *outputs; /* an object of texts: supplied output parameters; or NULL */
};

/** operate_set() - give suspended nodes values; ERR_INVALID: nothing matches, a wrong phase, an
 * output parameter that is not waited for */
int operate_set(struct operate_workflow *wf, const struct operate_values *values,
                struct err *err);

/* What a retry is to do besides running again what failed. */
struct operate_retrial {
    bool restarts_successful;     /* also the nodes that the selector matches */
    struct str selector;          /* of nodes, or "" */
    const struct str *parameters; /* "NAME=VALUE" each, override arguments */
    size_t parameter_count;
};

/**
 * operate_retry() - let an ended workflow go on where it failed
 * @err: ERR_INVALID: it has not failed, a wrong selector or parameter
 *
 * Nodes that failed, or are to be restarted, are removed with all that came after them; what
 * holds them runs again. The status begins anew, with phase "": the engine's next pass makes it
 * Running.
 */
int operate_retry(struct operate_workflow *wf, const struct operate_retrial *how,
                  struct err *err);

struct operate_resubmission {
    bool is_memoized;             /* take over the results of before: memoized.h */
    const struct str *parameters; /* "NAME=VALUE" each, override arguments */
    size_t parameter_count;
};

/**
 * operate_resubmit() - a workflow as it is submitted again: same spec, labels and annotations,
 * a generated name
 * @a:   where its new parts live
 * @doc: old workflow; borrowed by the result
 * @ret: to be submitted
 * @err: ERR_INVALID for wrong parameters
 *
 * Nothing of its status: a memoized one is made by operate_memoized().
 */
int operate_resubmit(struct arena *a, const struct json *doc,
                     const struct operate_resubmission *how, struct json *ret, struct err *err);

/* What a client has written over a whole workflow. */
struct operate_replacement {
    const struct json *doc; /* as it becomes, with status.nodes; identity as it was */
    bool is_frozen;         /* what it refers to stays as it was frozen when it was submitted */
};

/**
 * operate_replace() - take it, with its status: nodes that it has no more are removed
 * @err: ERR_RULE: nodes that are none, or are packed (see operate_unpack_nodes())
 *
 * Unlike the others it asks for no phase: what upstream's controller would take up is taken.
 */
int operate_replace(struct operate_workflow *wf, const struct operate_replacement *by,
                    struct err *err);

/**
 * operate_check_nodes() - can these be status.nodes?
 * @a:     scratch
 * @nodes: by id; each of the right shape; NULL: there are none
 * @err:   ERR_RULE: an id that is not the node's own, nodes that follow each other in a circle,
 *         groups inside each other beyond NODES_NESTED_MAX and NODES_REACHED_MAX
 *
 * What reads a run walks along children and outboundNodes, and counts on their ending.
 */
int operate_check_nodes(struct arena *a, const struct json *nodes, struct err *err);

/** operate_check_form() - nodes of a status that stand in a database of upstream's, or are still
 * packed: ERR_RULE */
int operate_check_form(const struct json *status, struct err *err);

/**
 * operate_unpack_nodes() - what a client has packed becomes the document's status.nodes, in place
 * of any that it has
 * @a:   where they live
 * @doc: a Workflow; has no status.compressedNodes then, unless that is no text
 * @err: ERR_RULE: no base64, no gzip, no JSON, no object; beyond NODES_WRITTEN_MAX_BYTES or
 *       NODES_WRITTEN_MAX_VALUES. ERR_UNSUPPORTED: there is no zlib
 *
 * Whether they are good nodes is not looked at. Return: 1 when @doc has changed, 0, or -1.
 */
int operate_unpack_nodes(struct arena *a, struct json *doc, struct err *err);
