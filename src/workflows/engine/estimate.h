/*
 * workflows/engine/estimate.h - how long a workflow and its nodes will take: as long as they
 * did in the newest run of the same template, or of the same CronWorkflow, that has succeeded.
 *
 * The table knows the last run of the templates that were used last; what it does not know is
 * read once from the store, or from the archive, and put into it. Runs that end replace it. An
 * estimate is never right, only better than none: a node that the run before did not have has
 * none. Loop thread, but for estimate_read(). Source: ../shared/spec/workflows.md 4.21.
 */
#pragma once

#include "store/store.h"

struct estimate;
struct estimates;
struct wf;

struct estimates *estimates_new(void);
/** estimates_free() - NULL is a no-op; what workflows hold of it stays with them */
void estimates_free(struct estimates *e);

/** estimate_key() - "namespace/label=value" of what a workflow was made from, by its labels, in
 * @a; absent: of nothing */
struct str estimate_key(struct arena *a, const struct json *doc);

/** estimates_find() - is it known how long that takes? @ret: borrowed, or NULL: no run has
 * succeeded */
bool estimates_find(struct estimates *e, struct str key, const struct estimate **ret);

/** estimates_put() - @run: taken, or NULL when none has succeeded; of two runs the one that was
 * created later stays */
void estimates_put(struct estimates *e, struct str key, struct estimate *run);

/** estimate_of() - of a workflow that has succeeded; owned until it is put */
struct estimate *estimate_of(const struct wf *wf);

/**
 * estimate_read() - the newest run that has succeeded, live or archived; a job on a worker
 * @doc: of the workflow that is to be estimated
 *
 * Return: owned, or NULL: there is none, or it cannot be read.
 */
struct estimate *estimate_read(struct store *store, const struct json *doc);

/** estimate_ref(), estimate_unref() - share one and let it go; NULL is a no-op */
const struct estimate *estimate_ref(const struct estimate *run);
void estimate_unref(const struct estimate *run);

/** estimate_workflow_s() - seconds that the whole will take; 0: unknown; @run may be NULL */
uint32_t estimate_workflow_s(const struct estimate *run);

/** estimate_node_s() - likewise a node of workflow @workflow by its name */
uint32_t estimate_node_s(const struct estimate *run, struct str workflow, struct str node);
