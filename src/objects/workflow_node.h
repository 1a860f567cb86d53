/*
 * objects/workflow_node.h - what a workflow's document says of one of its nodes: the template
 * that it runs, and where its artifacts are. Pure; results are borrowed from the document.
 */
#pragma once

#include "formats/json.h"

/** workflow_spec_of() - the spec that is run: of the template that it refers to, merged, or its
 * own */
const struct json *workflow_spec_of(const struct json *workflow);

/** workflow_node_template() - the template of a NodeStatus, or NULL */
const struct json *workflow_node_template(const struct json *workflow, const struct json *node);

/** workflow_node_location() - where artifacts of a node are that have a key alone: its
 * template's archiveLocation, or the artifact repository of the workflow; NULL: the local one
 */
const struct json *workflow_node_location(const struct json *workflow, const struct json *node);

/* Member of a node whose pod is not the one that workflow_node_pod() would make up: its uid. Not
 * upstream's; only the system writes it. */
#define WORKFLOW_NODE_POD "podUID"

/**
 * workflow_node_pod() - the uid of a node's pod
 * @a:        where it lives
 * @workflow: its document: after each retry, which counts in metadata.generation, the pod of a
 *            node is another one, under the same name
 */
struct str workflow_node_pod(struct arena *a, const struct json *workflow,
                             const struct json *node);
