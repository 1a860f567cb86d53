/*
 * api/core/pod_spec.h - the spec that the pod of a node shows: of what its runner was asked for,
 * as long as that is kept, else of the template as the manifest has it, before tags are filled
 * in. Any thread; blocks.
 */
#pragma once

#include "api/core/core.h"

/** api_pod_spec() - the spec of a node's pod; @uid: the pod's */
struct json api_pod_spec(struct api *api, struct arena *a, const struct json *workflow,
                         const struct json *node, struct str uid);
