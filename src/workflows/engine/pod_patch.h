/*
 * workflows/engine/pod_patch.h - what the pod of a template is beside what the template says:
 * mainContainer and images of the configuration, podSpecPatch. Private to workflows/engine.
 * Loop thread.
 */
#pragma once

#include "workflows/engine/wf_internal.h"

/** wf_pod_patch() - a template that becomes a pod, over the configuration's containers, with
 * the patches of the workflow and its own carried out, and the commands of known images; in the
 * pass's arena; @ret_grace_ms stays unless they say it; ERR_INVALID, ERR_UNSUPPORTED with what
 * is wrong */
int wf_pod_patch(struct wf *wf, const struct json *tmpl, struct json *ret,
                 uint64_t *ret_grace_ms, struct err *err);
