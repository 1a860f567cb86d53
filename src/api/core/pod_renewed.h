/*
 * api/core/pod_renewed.h - pods that are deleted while they wait to begin: another one takes
 * the place of each, as a controller would make it.
 *
 * Nothing of such a pod is there yet, so the one that waits goes on as its successor: it is
 * shown under another uid, its own with "x" and a count behind it. Source:
 * ../shared/conformance/e2e.tsv, TestDeletingPendingPod.
 */
#pragma once

#include "api/core/core.h"
#include "base/map.h"

/** pod_renewed_read() - which pods have taken the place of others; @ret: own uid to count */
int pod_renewed_read(struct api *api, struct arena *a, struct map *ret, struct err *err);

/** pod_renewed_uid() - the uid that a pod is shown under */
struct str pod_renewed_uid(struct arena *a, const struct map *renewed, struct str own);

/** pod_renewed_own() - the runner's uid of a pod, by the one that it is shown under */
struct str pod_renewed_own(struct str shown);

/** pod_renew() - another one takes its place; what watches its Workflow is told */
void pod_renew(struct store_txn *txn, const struct store_key *workflow, struct str workflow_uid,
               struct str shown);

/** pod_renewed_forget() - rows of Workflows that are gone go with a transaction; @there: their
 * uids */
void pod_renewed_forget(struct api *api, struct arena *a, struct store_txn *txn,
                        const struct map *there);
