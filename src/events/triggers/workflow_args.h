/*
 * events/triggers/workflow_args.h - the arguments of an argoWorkflow trigger: flags of the argo
 * command that upstream runs, by what they mean here. Pure, any thread.
 *
 * What would change the outcome and has no counterpart (waiting for the workflow, choosing
 * others by labels) is refused; what only changes the command's output has no effect.
 */
#pragma once

#include "workflows/operate/operator.h"
#include "workflows/submit/submit.h"

/* What a trigger does with a workflow. */
struct workflow_verb {
    const char *word;                  /* operation of the manifest: "submit-from" */
    const char *done;                  /* for the trace: "suspended" */
    const struct cli_flag *flags;      /* that it takes */
    enum workflow_operation operation; /* of those that change a workflow */
};

/** workflow_verb_find() - of an operation; NULL when there is none, of "" submit */
const struct workflow_verb *workflow_verb_find(struct str word);

/** workflow_verb_submits() - does it make a workflow from a document or a template? */
bool workflow_verb_submits(const struct workflow_verb *verb);

/* What the arguments say. */
struct workflow_args {
    struct workflow_submit_options submit; /* of verbs that submit */
    struct workflow_order order;           /* of the others */
};

/**
 * workflow_args_read() - arguments of a manifest
 * @a:    where what they say lives
 * @verb: whose
 * @list: texts, or NULL
 * @ret:  zeroed but for what they say and the order's operation
 * @err:  ERR_INVALID in pflag's words, ERR_UNSUPPORTED
 *
 * Return: 0 or -1.
 */
int workflow_args_read(struct arena *a, const struct workflow_verb *verb,
                       const struct json *list, struct workflow_args *ret, struct err *err);
