/* workflows/operate/replace_internal.h - whether nodes that somebody else wrote can be nodes of a
 * run. Pure; any thread. */
#pragma once

#include "workflows/operate/operate_internal.h"

/**
 * operate_check_nodes() - can these be status.nodes?
 * @a:     scratch
 * @nodes: by id; each of the right shape; NULL: there are none
 * @err:   ERR_RULE: an id that is not the node's own, nodes that follow each other in a circle,
 *         groups inside each other beyond NODES_NESTED_MAX and NODES_REACHED_MAX
 *
 * What reads a run walks along children and outboundNodes, and counts on their ending.
 */
int operate_check_nodes(struct arena *a, const struct json *nodes, struct err *err);
