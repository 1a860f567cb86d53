/* workflows/operate/retry_internal.h - which nodes a retry removes and which it runs again.
 * Pure; any thread. */
#pragma once

#include "workflows/operate/operate_internal.h"

enum retry_fate { RETRY_KEEPS, RETRY_RESETS, RETRY_REMOVES };

/**
 * retry_fates() - what becomes of each node
 * @wf:    ended workflow
 * @how:   what is run again besides what failed
 * @fates: of each node of @wf, zeroed
 * @err:   ERR_INVALID: a wrong selector, nodes that hang together in no way
 */
int retry_fates(const struct operate_workflow *wf, const struct operate_retrial *how,
                enum retry_fate *fates, struct err *err);
