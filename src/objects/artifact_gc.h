/*
 * objects/artifact_gc.h - which artifacts of a workflow are deleted when. Pure. Source:
 * ../shared/spec/workflows.md 4.19.
 */
#pragma once

#include "formats/json.h"

/* Holds a workflow until its artifacts are deleted. */
#define ARTIFACT_GC_FINALIZER "workflows.argoproj.io/artifact-gc"

enum artifact_gc { ARTIFACT_GC_NEVER, ARTIFACT_GC_ON_COMPLETION, ARTIFACT_GC_ON_DELETION };

/** artifact_gc_name() - as manifests spell it */
const char *artifact_gc_name(enum artifact_gc strategy);

/** artifact_gc_of() - the strategy of an artifact: its own, else its workflow's, else never */
enum artifact_gc artifact_gc_of(const struct json *workflow, const struct json *artifact);

/** artifact_gc_is_wanted() - can any template of a workflow, its references resolved, make an
 * artifact that is deleted? */
bool artifact_gc_is_wanted(const struct json *workflow);
