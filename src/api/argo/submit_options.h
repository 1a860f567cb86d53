/* api/argo/submit_options.h - what a submission by name says: `submitOptions` and the words for
 * the kinds of resources. Pure. */
#pragma once

#include "formats/json.h"
#include "workflows/submit/submit.h"

/**
 * argo_submit_options() - the options of a request's body
 * @a:   where lists live; texts are the body's
 * @ret: all but the namespace
 * @err: ERR_INVALID for members of the wrong type, ERR_UNSUPPORTED for those that are not built
 */
int argo_submit_options(struct arena *a, const struct json *body,
                        struct workflow_submit_options *ret, struct err *err);

/** argo_is_submittable() - is it a word for a kind that workflows are made from? In any case */
bool argo_is_submittable(struct str kind);
