/*
 * workflows/engine/claims.h - storage that a workflow claims for its time. Private to
 * workflows/engine. Loop thread.
 */
#pragma once

#include "workflows/engine/wf_internal.h"

/** wf_claims_begin() - make the claims of volumeClaimTemplates unless they are made; -1 with
 * what cannot be */
int wf_claims_begin(struct wf *wf, struct err *err);
/** wf_claims_end() - the workflow has ended: delete its claims when volumeClaimGC says so */
void wf_claims_end(struct wf *wf);
/** wf_claims_check_mounts() - is each volume that a template's containers mount one of its own or
 * of @volumes (of the workflow and its claims; may be NULL)? -1 in upstream's words */
int wf_claims_check_mounts(const struct json *tmpl, const struct json *volumes,
                           struct err *err);
/** wf_claims_volumes() - the volumes of the workflow and of its claims, in @out; NULL: none; -1
 */
int wf_claims_volumes(struct wf *wf, struct arena *out, const struct json **ret,
                      struct err *err);
