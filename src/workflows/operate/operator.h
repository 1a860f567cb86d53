/*
 * workflows/operate/operator.h - who carries out orders about Workflows: suspend, resume, stop,
 * terminate, retry, resubmit. The same functions of operate.h that the API calls, for callers
 * without a request: triggers. Worker threads; blocks on the store.
 */
#pragma once

#include "store/store.h"
#include "workflows/submit/submit.h"

enum workflow_operation {
    WORKFLOW_SUSPEND,
    WORKFLOW_RESUME,
    WORKFLOW_STOP,
    WORKFLOW_TERMINATE,
    WORKFLOW_RETRY,
    WORKFLOW_RESUBMIT,
};

/* Texts are "" when there is none. */
struct workflow_order {
    enum workflow_operation operation;
    struct str ns, name;
    struct str selector;          /* of nodes: resume, stop, retry */
    struct str message;           /* of nodes: stop */
    bool restarts_successful;     /* retry */
    bool is_memoized;             /* resubmit */
    const struct str *parameters; /* "NAME=VALUE" each: retry, resubmit */
    size_t parameter_count;
    struct str once_mark; /* identity of the effect: it happens once ever */
};

struct workflow_operator {
    void *ctx;
    struct workflow_submitter *submitter; /* of what is resubmitted */
    /**
     * operate() - carry out an order
     * @ret: the Workflow as it is then, of resubmit the new one; a reference for the caller;
     *       NULL when the mark says that it was done before, and the Workflow is gone
     * @err: as operate_stored_run(), as submit()
     */
    int (*operate)(const struct workflow_operator *self, const struct workflow_order *order,
                   const struct store_object **ret, struct err *err);
};

/** workflow_operator_init() - an operator on a store; nothing to release; store and submitter
 * outlive it */
void workflow_operator_init(struct workflow_operator *o, struct store *store,
                            struct workflow_submitter *submitter);
