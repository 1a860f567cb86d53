/*
 * objects/shapes_workflow.c - the spec and the status of workflows. Immutable tables; any
 * thread.
 *
 * FIELD_UNSUPPORTED says what the engine does not carry out yet: who builds it deletes the
 * flag.
 */
#include "objects/shapes_internal.h"

#define LATER .flags = FIELD_UNSUPPORTED

static const struct field workflow_template_ref_rows[] = {
    TEXT("name", "Name of the WorkflowTemplate."),
    FLAG("clusterScope", "Whether it is a ClusterWorkflowTemplate."),
    {0},
};
SHAPE(workflow_template_ref, "WorkflowTemplateRef", "A WorkflowTemplate that is run.");

static const struct field label_value_from_rows[] = {
    TEXT("expression", "Expression that gives the value.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(label_value_from, "LabelValueFrom", "Where a label comes from.");

static const struct field workflow_metadata_rows[] = {
    TEXT_BY_NAME("labels", "Labels to give."),
    TEXT_BY_NAME("annotations", "Annotations to give."),
    PARTS_BY_NAME("labelsFrom", label_value_from, "Labels whose values are expressions."),
    {0},
};
LOCAL_SHAPE(workflow_metadata, "WorkflowMetadata", "What a workflow's metadata gets.");

static const struct field ttl_strategy_rows[] = {
    WHOLE("secondsAfterCompletion", "Seconds after the end."),
    WHOLE("secondsAfterSuccess", "Seconds after a good end."),
    WHOLE("secondsAfterFailure", "Seconds after a failure."),
    {0},
};
LOCAL_SHAPE(ttl_strategy, "TTLStrategy", "When an ended workflow is deleted.");

static const struct field pod_gc_rows[] = {
    CHOICE("strategy", "OnPodCompletion|OnPodSuccess|OnWorkflowCompletion|OnWorkflowSuccess",
           "When pods are deleted."),
    PART("labelSelector", label_selector, "Which pods."),
    TEXT("deleteDelayDuration", "How long after.", .flags = FIELD_NO_OP),
    {0},
};
LOCAL_SHAPE(pod_gc, "PodGC", "When ended pods are deleted.");

static const struct field volume_claim_gc_rows[] = {
    CHOICE("strategy", "OnWorkflowCompletion|OnWorkflowSuccess", "When claims are deleted.",
           .fallback = "OnWorkflowSuccess"),
    {0},
};
LOCAL_SHAPE(volume_claim_gc, "VolumeClaimGC", "When the workflow's claims are deleted.");

static const struct field executor_plugin_sidecar_rows[] = {
    FLAG("automountServiceAccountToken", "Whether it gets the account's token.",
         .flags = FIELD_NO_OP),
    PART("container", container, "The container.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(executor_plugin_sidecar, "ExecutorPluginSidecar", "The container of a plugin.");

static const struct field executor_plugin_spec_rows[] = {
    PART("sidecar", executor_plugin_sidecar, "Its container.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(executor_plugin_spec, "ExecutorPluginSpec", "What a plugin is made of.");

static const struct field executor_plugin_rows[] = {
    PART("metadata", object_meta, "Name of the plugin.", .flags = FIELD_REQUIRED),
    PART("spec", executor_plugin_spec, "What it is made of.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(executor_plugin, "ExecutorPlugin", "A plugin of a workflow.");

static const struct field workflow_spec_rows[] = {
    TEXT("entrypoint", "Template that runs first."),
    PARTS("templates", template, "What can be run."),
    PART("arguments", arguments, "What is given to the workflow and its first template."),
    PART("workflowTemplateRef", workflow_template_ref, "A WorkflowTemplate that is run."),
    TEXT("onExit", "Template that runs at the end, however it ends."),
    PART("hooks", hooks, "Templates that run beside."),
    WHOLE("parallelism", "How many pods run at a time."),
    WHOLE("activeDeadlineSeconds", "Seconds that the workflow may run."),
    CHOICE("shutdown", "Stop|Terminate",
           "Ends the workflow, with or without its exit handlers."),
    FLAG("suspend", "Whether nothing new is started."),
    PARTS("volumes", volume, "Folders for the containers of all templates."),
    TEXT("serviceAccountName", "As whom pods act."),
    PART("podMetadata", metadata,
         "Labels and annotations of all pods, which they can ask for."),
    PART("workflowMetadata", workflow_metadata, "What the workflow's metadata gets."),
    PART("securityContext", pod_security_context, "Rights of all pods."),

    PART("retryStrategy", retry_strategy, "For templates without a retryStrategy.",
         .flags = FIELD_PRESENT_MEANS),
    PART("templateDefaults", template, "For all templates."),
    PARTS("volumeClaimTemplates", persistent_volume_claim,
          "Claims that are made at the start."),
    PART("volumeClaimGC", volume_claim_gc, "When those claims are deleted."),
    PART("ttlStrategy", ttl_strategy, "When the ended workflow is deleted."),
    PART("artifactRepositoryRef", artifact_repository_ref, "Where artifacts go."),
    PART("artifactGC", workflow_artifact_gc, "When artifacts are deleted."),
    FLAG("archiveLogs", "Whether logs are kept as artifacts."),
    TEXT("podSpecPatch", "Changes to all pods."),
    PART("metrics", metrics, "Metrics that are told."),
    PART("synchronization", synchronization, "Locks that are held meanwhile."),
    PARTS("executorPlugins", executor_plugin, "Plugins of this workflow."),

    PART("podGC", pod_gc, "Which ended pods are not shown any more."),
    WHOLE("priority", "Who is first when workflows wait for a lock."),
    FLAG("automountServiceAccountToken", "Whether the account's token is mounted."),
    PART("executor", executor_config, "The helpers of pods.", .flags = FIELD_NO_OP),
    TEXT_BY_NAME("nodeSelector", "Labels of machines that are allowed."),
    PART("affinity", affinity, "What attracts pods to a machine.", .flags = FIELD_NO_OP),
    PARTS("tolerations", toleration, "Taints that are tolerated.", .flags = FIELD_NO_OP),
    TEXT("schedulerName", "Who chooses the machine.", .flags = FIELD_NO_OP),
    TEXT("podPriorityClassName", "Class of the pods' priority.", .flags = FIELD_NO_OP),
    PARTS("imagePullSecrets", local_object_reference, "Secrets for registries.",
          .flags = FIELD_NO_OP),
    FLAG("hostNetwork", "Whether the machine's network is used."),
    CHOICE("dnsPolicy", "ClusterFirst|ClusterFirstWithHostNet|Default|None",
           "How names are looked up."),
    PART("dnsConfig", pod_dns_config, "Settings of the resolver."),
    PARTS("hostAliases", host_alias, "Entries of /etc/hosts."),
    PART("podDisruptionBudget", pod_disruption_budget_spec,
         "How many pods may be disturbed at a time.", .flags = FIELD_NO_OP),
    PART("podResources", resource_requirements, "What each pod as a whole needs."),
    PARTS("resourceClaims", pod_resource_claim, "Claims for devices.", .flags = FIELD_NO_OP),
    {0},
};
SHAPE(workflow_spec, "WorkflowSpec", "What a workflow does.");

/* Status */

static const struct field workflow_condition_rows[] = {
    TEXT("type", "What the condition is about."),
    TEXT("status", "True, False or Unknown."),
    TEXT("message", "A sentence for people."),
    {0},
};
SHAPE(workflow_condition, "Condition", "One observation about a workflow.",
      .merge_key = "type");

static const struct field memoization_status_rows[] = {
    FLAG("hit", "Whether there was an earlier result."),
    TEXT("key", "Key of the result."),
    TEXT("cacheName", "ConfigMap of the result."),
    {0},
};
LOCAL_SHAPE(memoization_status, "MemoizationStatus", "Use of an earlier result.");

static const struct field node_flag_rows[] = {
    FLAG("hooked", "Whether a hook started it."),
    FLAG("retried", "Whether it is a try of a retry."),
    {0},
};
LOCAL_SHAPE(node_flag, "NodeFlag", "Why a node is there.");

static const struct field node_synchronization_status_rows[] = {
    TEXT("waiting", "Lock that it waits for."),
    {0},
};
LOCAL_SHAPE(node_synchronization_status, "NodeSynchronizationStatus", "Locks of a node.");

#define NODE_TYPES \
    "Pod|Container|Steps|StepGroup|DAG|TaskGroup|Retry|Skipped|Suspend|HTTP|Plugin"
#define NODE_PHASES "Pending|Running|Succeeded|Skipped|Failed|Error|Omitted"

static const struct field node_status_rows[] = {
    TEXT("id", "Identity of the node.", .flags = FIELD_REQUIRED),
    TEXT("name", "Whole name of the node.", .flags = FIELD_REQUIRED),
    TEXT("displayName", "Last part of the name."),
    CHOICE("type", NODE_TYPES, "What the node is.", .flags = FIELD_REQUIRED),
    CHOICE("phase", NODE_PHASES, "How far it is."),
    TEXT("message", "Why it is there."),
    TIME("startedAt", "When it began."),
    TIME("finishedAt", "When it ended."),
    TEXT("templateName", "Template that it runs."),
    PART("templateRef", template_ref, "Template that it runs."),
    TEXT("templateScope", "Where that template was looked for."),
    TEXT("boundaryID", "Node of the steps or DAG around."),
    TEXTS("children", "Nodes behind it."),
    TEXTS("outboundNodes", "Nodes that it ends with."),
    PART("inputs", inputs, "What it was given."),
    PART("outputs", outputs, "What it has given."),
    TEXT("hostNodeName", "Machine of its pod."),
    TEXT("podIP", "Address of its pod."),
    TEXT("podUID", "Its pod, when it goes on beside a node that was taken away and runs again."),
    FLAG("daemoned", "Whether it goes on beside the workflow."),
    PART("nodeFlag", node_flag, "Why it is there."),
    TEXT("progress", "How many of how many: \"1/2\"."),
    WHOLE("estimatedDuration", "Seconds that it will take."),
    MAP_OF("resourcesDuration", FIELD_I64, "Seconds of each resource."),
    PART("memoizationStatus", memoization_status, "Use of an earlier result."),
    PART("synchronizationStatus", node_synchronization_status, "Its locks."),
    FLAG("taskResultSynced", "Whether its result is complete."),
    WHOLE("failedPodRestarts", "How often its pod was started again."),
    TEXT("restartingPodUID", "The pod that is being replaced."),
    {0},
};
SHAPE(node_status, "NodeStatus", "One node of a run.");

static const struct field semaphore_holding_rows[] = {
    TEXT("semaphore", "The lock."),
    TEXTS("holders", "Who holds or waits."),
    {0},
};
LOCAL_SHAPE(semaphore_holding, "SemaphoreHolding", "A lock and its holders.");

static const struct field semaphore_status_rows[] = {
    PARTS("holding", semaphore_holding, "Locks that are held."),
    PARTS("waiting", semaphore_holding, "Locks that are waited for."),
    {0},
};
LOCAL_SHAPE(semaphore_status, "SemaphoreStatus", "Locks for numbers of holders.");

static const struct field mutex_holding_rows[] = {
    TEXT("mutex", "The lock."),
    TEXT("holder", "Who holds or waits."),
    {0},
};
LOCAL_SHAPE(mutex_holding, "MutexHolding", "A lock and its holder.");

static const struct field mutex_status_rows[] = {
    PARTS("holding", mutex_holding, "Locks that are held."),
    PARTS("waiting", mutex_holding, "Locks that are waited for."),
    {0},
};
LOCAL_SHAPE(mutex_status, "MutexStatus", "Locks for one holder.");

static const struct field synchronization_status_rows[] = {
    PART("semaphore", semaphore_status, "Locks for numbers of holders."),
    PART("mutex", mutex_status, "Locks for one holder."),
    {0},
};
LOCAL_SHAPE(synchronization_status, "SynchronizationStatus", "Locks of a workflow.");

static const struct field artifact_gc_status_rows[] = {
    MAP_OF("strategiesProcessed", FIELD_BOOL, "Strategies that have been carried out."),
    MAP_OF("podsRecouped", FIELD_BOOL, "Pods whose results have been read."),
    FLAG("notSpecified", "Whether nothing is to be deleted."),
    {0},
};
LOCAL_SHAPE(artifact_gc_status, "ArtGCStatus", "How far the deletion of artifacts is.");

static const struct field workflow_status_rows[] = {
    CHOICE("phase", "Pending|Running|Succeeded|Failed|Error", "How far it is."),
    TEXT("message", "Why it is there."),
    TIME("startedAt", "When it began."),
    TIME("finishedAt", "When it ended."),
    TEXT("progress", "How many of how many: \"1/2\"."),
    WHOLE("estimatedDuration", "Seconds that it will take."),
    MAP_OF("resourcesDuration", FIELD_I64, "Seconds of each resource."),
    PARTS_BY_NAME("nodes", node_status, "Its nodes, by identity."),
    TEXT("compressedNodes", "Its nodes, compressed."),
    TEXT("offloadNodeStatusVersion", "Where its nodes lie in the database."),
    PARTS_BY_NAME("storedTemplates", template, "Templates of others that it runs."),
    PART("storedWorkflowTemplateSpec", workflow_spec, "The spec that it runs."),
    PARTS("persistentVolumeClaims", volume, "Claims that it has made."),
    PART("outputs", outputs, "What it has given."),
    PARTS("conditions", workflow_condition, "Observations."),
    PART("synchronization", synchronization_status, "Its locks."),
    PART("artifactRepositoryRef", artifact_repository_ref_status, "Where artifacts go."),
    PART("artifactGCStatus", artifact_gc_status, "How far the deletion of artifacts is."),
    MAP_OF("taskResultsCompletionStatus", FIELD_BOOL, "Which results are complete."),
    {0},
};
LOCAL_SHAPE(workflow_status, "WorkflowStatus", "How far a workflow is.");

static const struct field workflow_rows[] = {
    OBJECT_ROWS("Workflow"),
    PART("spec", workflow_spec, "What it does.", .flags = FIELD_REQUIRED),
    PART("status", workflow_status, "How far it is.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(workflow, "Workflow", "A run of templates.");

static const struct field workflow_template_rows[] = {
    OBJECT_ROWS("WorkflowTemplate"),
    PART("spec", workflow_spec, "What its workflows do.", .flags = FIELD_REQUIRED),
    {0},
};
SHAPE(workflow_template, "WorkflowTemplate", "A workflow that is run later, or from others.");

static const struct field cluster_workflow_template_rows[] = {
    OBJECT_ROWS("ClusterWorkflowTemplate"),
    PART("spec", workflow_spec, "What its workflows do.", .flags = FIELD_REQUIRED),
    {0},
};
SHAPE(cluster_workflow_template, "ClusterWorkflowTemplate",
      "A WorkflowTemplate for all namespaces.");
