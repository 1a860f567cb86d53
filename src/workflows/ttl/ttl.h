/*
 * workflows/ttl/ttl.h - deletes Workflows that have ended when their ttlStrategy says so, or
 * the retentionPolicy of the controller's ConfigMap.
 *
 * Loop-bound. It follows the store's watch of Workflows and keeps of each that has ended and
 * has a ttlStrategy when it falls due; one timer waits for the earliest. What fell due while
 * the daemon was down is deleted at the start. With a retentionPolicy it keeps all that have
 * ended, and lets the oldest of a phase fall due when there are too many. A workflow that
 * somebody changes meanwhile, to retry it, is not deleted: its version is a condition of the
 * deletion. Does not delete pods' logs: the engine sweeps what deleted workflows leave. Source:
 * ../shared/spec/workflows.md 4.18.
 */
#pragma once

#include "config/config.h"
#include "io/loop.h"
#include "store/store.h"

struct ttl_controller;

struct ttl_options {
    struct loop *loop;
    struct store *store;
    struct config_holder *config; /* of retentionPolicy; outlives it; NULL: there is none */
};

/** ttl_new() - a stopped controller; owned */
struct ttl_controller *ttl_new(const struct ttl_options *options);

/** ttl_start() - follow what is in the store */
void ttl_start(struct ttl_controller *c);

/** ttl_stop() - no callback runs after this; deletions under way are waited for */
void ttl_stop(struct ttl_controller *c);

/** ttl_free() - release a stopped controller; NULL is a no-op */
void ttl_free(struct ttl_controller *c);

/**
 * ttl_due_of() - when a workflow's time is over
 * @doc: the Workflow
 *
 * Return: milliseconds of Unix time; 0: never, or it has not ended.
 */
int64_t ttl_due_of(const struct json *doc);
