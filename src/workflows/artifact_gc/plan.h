/*
 * workflows/artifact_gc/plan.h - what of a workflow is to be deleted now, and what it says
 * afterwards. Pure.
 */
#pragma once

#include "objects/artifact_gc.h"
#include "workflows/operate/operate.h"

/* An artifact that is to go, and what came of it. */
struct gc_item {
    struct str node;             /* id */
    struct str name;             /* of the artifact */
    enum artifact_gc strategy;   /* why */
    const struct json *artifact; /* as the node has it */
    const struct json *location; /* see artifact_call; or NULL */
    bool is_deleted;
    struct str error; /* why not; or "" */
};

struct gc_items {
    struct gc_item *at;
    size_t len;
};

/** gc_is_due() - is @strategy to be carried out in the state that @doc is in? */
bool gc_is_due(const struct json *doc, enum artifact_gc strategy);

/** gc_plan() - all artifacts of a workflow that are to be deleted now, in the arena of @wf */
struct gc_items gc_plan(const struct operate_workflow *wf);

/**
 * gc_settle() - what a workflow says when its plan was carried out
 * @wf:    as it is stored now; maybe newer than the plan
 * @items: with their results
 *
 * Marks what is deleted, the strategies that were carried out, the condition; takes the
 * finalizer away when nothing is left that it waits for.
 */
void gc_settle(struct operate_workflow *wf, const struct gc_items *items);

/** gc_errors() - what went wrong, "ERROR (artifact name NAME)" each, ARTIFACT_GC_ERRORS_MAX of
 * them; absent when nothing did */
struct str gc_errors(struct arena *a, const struct gc_items *items);

/** gc_waits() - is anything left to be deleted in the state that @doc is in? Else only a change
 * of the workflow brings more work */
bool gc_waits(const struct operate_workflow *wf);
