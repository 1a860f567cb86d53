/*
 * workflows/bindings/binding.h - WorkflowEventBindings: which of them an event concerns, and
 * the Workflows that they make of it.
 *
 * The first half is pure: expressions over namespace, discriminator, metadata and payload. The
 * second half goes over the bindings of a namespace and submits; it blocks on the store:
 * workers only. One binding that is wrong keeps no other from its work. Source:
 * ../shared/spec/workflows.md 6.7.
 */
#pragma once

#include "formats/json.h"
#include "store/store.h"
#include "workflows/submit/submit.h"

/* What somebody told the server. */
struct binding_event {
    struct str ns, discriminator;
    const struct json *metadata; /* {"x-header": ["value", ...]} */
    const struct json *payload;
};

/**
 * binding_matches() - does the event concern a binding?
 * @err: ERR_INVALID: its selector is no expression, fails, or is no condition
 *
 * Return: 1, 0 or -1.
 */
int binding_matches(struct arena *a, const struct json *binding,
                    const struct binding_event *event, struct err *err);

/**
 * binding_workflow() - the Workflow that a binding makes of an event
 * @ret: to be submitted; JSON null when the binding submits none
 * @err: ERR_INVALID, in the original's words
 */
int binding_workflow(struct arena *a, const struct json *binding,
                     const struct binding_event *event, struct json *ret, struct err *err);

/* ---- over the store ---- */

struct binding_failure {
    struct str name, uid; /* of the binding */
    int64_t rv;
    struct str text; /* "failed to ..." */
};

struct binding_dispatch {
    struct store *store;
    struct workflow_submitter *submitter;
    struct str creator; /* label of what is made, or "" */
    /* May the sender make this Workflow? Or NULL: anybody may. */
    int (*check)(void *ctx, const struct json *workflow, struct err *err);
    void *ctx;
};

/**
 * binding_dispatch() - make what all bindings of the event's namespace want
 * @ret:       those that failed, in @a
 * @ret_count: how many
 * @err:       ERR_IO: the bindings were not read
 *
 * Return: how many Workflows were made, or -1.
 */
int binding_dispatch(const struct binding_dispatch *d, struct arena *a,
                     const struct binding_event *event, struct binding_failure **ret,
                     size_t *ret_count, struct err *err);
