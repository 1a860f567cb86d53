/*
 * workflows/engine/task.h - work of nodes that needs no pod: HTTP requests, questions to
 * plugins, lists of artifacts, and what is done with an object. Private to workflows/engine.
 *
 * A task is asked for, killed and forgotten as a pod is, by the same uid, and reports as one.
 * It runs on a worker. What it did is kept in memory until it is forgotten; after a restart it
 * is done again, as upstream's agent does. Loop thread.
 */
#pragma once

#include "workflows/engine/engine_internal.h"

/** task_is_one() - is this template carried out without a pod? */
bool task_is_one(const struct json *tmpl);

/** task_start() - ask for a task; one that has ended reports again; ERR_TRANSIENT: later */
int task_start(struct engine *e, const struct pod_request *request, struct err *err);

/** task_kill() - end one: it reports a failure with @why; false: there is none */
bool task_kill(struct engine *e, struct str uid, struct str why);

/** task_forget() - its report is stored; false: there is none */
bool task_forget(struct engine *e, struct str uid);

/** task_stop() - cancel all that run; they are counted in e->tasks_running */
void task_stop(struct engine *e);

/** task_free() - release what is left after all have stopped */
void task_free(struct engine *e);
