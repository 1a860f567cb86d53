/*
 * objects/pod_spec_patch.h - podSpecPatch: changes that a workflow or template makes to the
 * spec of its pods. Pure, any thread. ../shared/golden/formats/patch-argo.jsonl decides.
 */
#pragma once

#include "base/err.h"
#include "formats/json.h"

/**
 * pod_spec_patch() - a pod's spec with patches applied, one after the other
 * @a:       where the result lives
 * @spec:    PodSpec
 * @patches: YAML or JSON texts of strategic merge patches
 * @count:   how many
 * @ret:     the spec, as Go decodes it
 * @err:     ERR_INVALID in the original's words
 *
 * Return: 0 or -1.
 */
int pod_spec_patch(struct arena *a, const struct json *spec, const struct str *patches,
                   size_t count, struct json *ret, struct err *err);
