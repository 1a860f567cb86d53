/*
 * workflows/engine/pod_patch.h - podSpecPatch: changes to the pod of a template. Private to
 * workflows/engine. Loop thread.
 */
#pragma once

#include "workflows/engine/wf_internal.h"

/** wf_pod_patch() - a template that becomes a pod, with the patches of the workflow and its own
 * carried out, in the pass's arena; @ret_grace_ms stays unless they say it; ERR_INVALID,
 * ERR_UNSUPPORTED with what is wrong */
int wf_pod_patch(struct wf *wf, const struct json *tmpl, struct json *ret,
                 uint64_t *ret_grace_ms, struct err *err);
