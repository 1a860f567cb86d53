/*
 * lang/subst/names.h - names and ids of nodes, pods and helpers of a workflow.
 *
 * All are pure functions of other names, with upstream's 32-bit FNV-1a hash, so that what
 * another controller started is found again. Texts live in the given arena.
 * ../shared/golden/lang/names.jsonl decides.
 */
#pragma once

#include "formats/json.h"

enum pod_name_version {
    POD_NAME_V2, /* workflow, template, hash: the default */
    POD_NAME_V1, /* the node's id */
};

/**
 * node_id() - the id of a node: the workflow's name for the root, else with the hash of the
 * node's name
 * @a:        where the id lives
 * @workflow: workflow's name
 * @node:     node's name, as "wf[0].step(1:x)"
 */
struct str node_id(struct arena *a, struct str workflow, struct str node);

/** node_name_on_exit() - name of the exit handler's node of a node */
struct str node_name_on_exit(struct arena *a, struct str parent);

/** node_name_hook() - name of a life-cycle hook's node of a node */
struct str node_name_hook(struct arena *a, struct str parent, struct str hook);

/** node_name_container() - name of a container's node of a container-set pod */
struct str node_name_container(struct arena *a, struct str pod_node, struct str container);

/**
 * node_display_name() - the node's name without its boundary's
 * @node:     node's name
 * @boundary: name of the boundary node, empty when there is none
 *
 * Return: a part of @node.
 */
struct str node_display_name(struct str node, struct str boundary);

/** node_display_name_is_valid() - may this text of a template's annotation be shown as a node's
 * name? */
bool node_display_name_is_valid(struct str name) _pure_;

/** pod_name_version_of() - the version that a pod-name-format annotation asks for; absent or
 * unknown: v2 */
enum pod_name_version pod_name_version_of(struct str annotation) _pure_;

/* What the name of a node's pod is made of. */
struct pod_node {
    struct str name; /* the node's */
    struct str tmpl; /* the template's, or the one of its reference; may be empty */
    struct str id;   /* the node's; empty: node_id() */
};

/**
 * pod_name() - the name of a node's pod
 * @a:        where the name lives
 * @workflow: workflow's name
 * @of:       the node
 * @version:  rule
 *
 * Return: the name; of version 2 at most 253 bytes.
 */
struct str pod_name(struct arena *a, struct str workflow, const struct pod_node *of,
                    enum pod_name_version version);

/** pod_name_agent() - the pod that makes a workflow's HTTP calls */
struct str pod_name_agent(struct arena *a, struct str workflow);

/* Who deletes which artifacts: all that the name of the deleting pod depends on. */
struct artifact_gc_pod {
    struct str workflow;
    struct str strategy;       /* OnWorkflowCompletion or OnWorkflowDeletion */
    struct str account;        /* service account; may be empty */
    const struct json *labels; /* of the pod: an object of strings, or NULL */
    const struct json *notes;  /* annotations, likewise */
};

/**
 * pod_name_artifact_gc() - the pod that deletes a workflow's artifacts
 * @a:   where the name lives
 * @pod: what it depends on
 * @ret: the name
 * @err: ERR_INVALID for another strategy
 *
 * Return: 0 or -1.
 */
int pod_name_artifact_gc(struct arena *a, const struct artifact_gc_pod *pod, struct str *ret,
                         struct err *err);

/** pod_label_artifact_gc() - the label value that finds the deletion's pod again */
struct str pod_label_artifact_gc(struct arena *a, struct str pod);

/**
 * backfill_prefix() - the beginning of the names of a backfill's workflows
 * @a:    where it lives
 * @cron: CronWorkflow's name
 * @name: backfill's name
 */
struct str backfill_prefix(struct arena *a, struct str cron, struct str name);

/** container_is_auxiliary() - is it one of the two helpers, wait and supervisor? */
bool container_is_auxiliary(struct str name) _pure_;

/** container_is_argo_sidecar() - is it a helper or the container of an artifact plugin? */
bool container_is_argo_sidecar(struct str name) _pure_;
