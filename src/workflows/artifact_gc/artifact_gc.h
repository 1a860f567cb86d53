/*
 * workflows/artifact_gc/artifact_gc.h - deletes the artifacts of workflows that say so: when a
 * workflow has completed, or when it is deleted.
 *
 * Loop-bound. A workflow that makes such artifacts is held by ARTIFACT_GC_FINALIZER from its
 * submission on. The controller follows the store's watch of Workflows; what is due is deleted
 * by a job, then the nodes say `deleted` of each artifact that is gone, in one transaction with
 * the status. The finalizer goes when all artifacts are deleted, or when they were tried and
 * the workflow says forceFinalizerRemoval. What fails is told by the condition ArtifactGCError
 * and an Event, and tried again after ARTIFACT_GC_AGAIN_MS and twice as long each time: a store
 * that comes back lets the workflow go, nobody has to mend its finalizers. After a crash all of
 * it begins anew; what is gone already counts as deleted.
 *
 * podMetadata, serviceAccountName and podSpecPatch of artifactGC have no effect: no pod does
 * it. Source: ../shared/spec/workflows.md 4.19.
 */
#pragma once

#include "artifacts/artifact.h"
#include "io/workers.h"
#include "recorder/recorder.h"
#include "store/store.h"

struct artifact_gc_controller;

struct artifact_gc_options {
    struct loop *loop;
    struct workers *workers;
    struct store *store;
    struct recorder *recorder;          /* NULL: nothing is told */
    const struct artifact_house *house; /* where artifacts are */
};

/** artifact_gc_new() - a stopped controller; owned */
struct artifact_gc_controller *artifact_gc_new(const struct artifact_gc_options *options);

/** artifact_gc_start() - follow what is in the store */
void artifact_gc_start(struct artifact_gc_controller *c);

/** artifact_gc_stop() - no callback runs after this; jobs under way are waited for */
void artifact_gc_stop(struct artifact_gc_controller *c);

/** artifact_gc_free() - release a stopped controller; NULL is a no-op */
void artifact_gc_free(struct artifact_gc_controller *c);
