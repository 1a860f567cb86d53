/*
 * api/core/pod_gc.h - which ended pods of a Workflow its podGC lets go: those are not shown any
 * more. There is nothing else of them to be deleted; their logs stay with the Workflow. Pure.
 * A pod goes at once: deleteDelayDuration has no effect. (Spec: 4.17.)
 */
#pragma once

#include "formats/json.h"

/**
 * api_pod_is_collected() - has podGC let a pod go?
 * @workflow: with its status
 * @node:     of the pod
 * @labels:   of the pod
 */
bool api_pod_is_collected(struct arena *a, const struct json *workflow, const struct json *node,
                          const struct json *labels);
