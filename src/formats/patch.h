/*
 * formats/patch.h - patches of JSON documents: merge patch (RFC 7386) and JSON patch (RFC
 * 6902).
 *
 * Pure; any thread. Documents are immutable: a patched one is new and shares what stayed. Both
 * behave as evanphx/json-patch, which the Kubernetes API server uses, also where that differs
 * from the RFCs: an index may count from the end, "replace" and "copy" take a missing member
 * for null. Strategic merge patches are not known here. Source:
 * ../shared/golden/formats/patch.jsonl decides.
 */
#pragma once

#include "formats/json.h"

/**
 * patch_merge() - apply a merge patch
 * @a:     where the result lives; it shares values with @doc and @patch
 * @doc:   object or array
 * @patch: object: its members replace, null removes; array: replaces all
 * @ret:   the patched document
 * @err:   ERR_INVALID when either is neither object nor array
 *
 * Return: 0 or -1.
 */
int patch_merge(struct arena *a, const struct json *doc, const struct json *patch,
                struct json *ret, struct err *err);

/**
 * patch_json() - apply a JSON patch: all of its operations or none
 * @a:     where the result lives; it shares values with @doc and @patch
 * @doc:   object or array
 * @patch: array of operations; null is none
 * @ret:   the patched document
 * @err:   ERR_INVALID with the operation's number and path, also when a "test" failed;
 * ERR_LIMIT beyond PATCH_OPERATIONS_MAX or PATCH_WORK_MAX_BYTES
 *
 * Return: 0 or -1.
 */
int patch_json(struct arena *a, const struct json *doc, const struct json *patch,
               struct json *ret, struct err *err);
