/*
 * namespaces/namespaces.h - namespaces begin when something is created in them, and end when
 * somebody deletes them.
 *
 * Loop-bound. It follows all namespaced kinds: a namespace that is in use without a Namespace
 * gets one, so that it can be listed, watched and deleted; "default" always has one. One that
 * is Terminating (the store refuses what would be created in it) is emptied by a worker:
 * first Workflows and the other kinds of Argo, whose finalizers may need Secrets, then the
 * rest; while finalizers hold something it is tried again after NAMESPACES_AGAIN_MS or when
 * something of it has gone, and its conditions say what is left. Then its own finalizer
 * "kubernetes" is taken, and the store lets it go. Each step is on disk before the next one: a
 * crash in between repeats a step. Does not delete the archive's workflows and events on the
 * bus. Source: what the namespace controller of Kubernetes does.
 */
#pragma once

#include "io/loop.h"
#include "io/workers.h"
#include "store/store.h"

struct namespaces;

struct namespaces_options {
    struct loop *loop;
    struct store *store;
    struct workers *workers;
    uint64_t again_ms; /* 0: NAMESPACES_AGAIN_MS */
};

/** namespaces_new() - a stopped controller; owned */
struct namespaces *namespaces_new(const struct namespaces_options *options);

/** namespaces_start() - look at what there is, and follow it */
void namespaces_start(struct namespaces *n);

/** namespaces_stop() - no callback runs after this; work under way is waited for */
void namespaces_stop(struct namespaces *n);

/** namespaces_free() - release a stopped controller; NULL is a no-op */
void namespaces_free(struct namespaces *n);

/**
 * namespaces_empty() - one step of the end of a namespace; worker, blocking
 * @name: of the Namespace
 * @now:  for its conditions
 * @err:  of the store
 *
 * Return: 0: it has gone, or does not end; 1: something is held by finalizers, -1: failed: to
 * be called again.
 */
int namespaces_empty(struct store *s, struct str name, struct wall now, struct err *err);
