/*
 * objects/shapes_workflow_kinds.c - the kinds around workflows: times, events, and what
 * controller and helpers tell each other. Immutable tables; any thread.
 */
#include "objects/shapes_internal.h"

static const struct field stop_strategy_rows[] = {
    TEXT("expression", "When no more workflows are made.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(stop_strategy, "StopStrategy", "When it stops for good.");

static const struct field cron_workflow_spec_rows[] = {
    TEXTS("schedules", "Times in cron's form.", .flags = FIELD_REQUIRED),
    PART("workflowSpec", workflow_spec, "What the workflows do.", .flags = FIELD_REQUIRED),
    TEXT("timezone", "Zone of the times; absent: UTC."),
    CHOICE("concurrencyPolicy", "Allow|Forbid|Replace", "What if one still runs.",
           .fallback = "Allow"),
    FLAG("suspend", "Whether no workflows are made."),
    WHOLE("startingDeadlineSeconds", "Seconds that a start may be late."),
    WHOLE("successfulJobsHistoryLimit", "How many good workflows are kept.", .fallback = "3"),
    WHOLE("failedJobsHistoryLimit", "How many failed workflows are kept.", .fallback = "1"),
    PART("workflowMetadata", object_meta, "Labels, annotations, finalizers of the workflows."),
    PART("stopStrategy", stop_strategy, "When it stops for good."),
    TEXT("when", "Condition; no workflow when it is false."),
    {0},
};
LOCAL_SHAPE(cron_workflow_spec, "CronWorkflowSpec", "When workflows are made.");

static const struct field cron_workflow_status_rows[] = {
    PARTS("active", object_reference, "Workflows that run."),
    TIME("lastScheduledTime", "When the last one was made."),
    PARTS("conditions", workflow_condition, "Observations."),
    WHOLE("succeeded", "How many have succeeded."),
    WHOLE("failed", "How many have failed."),
    CHOICE("phase", "Active|Stopped", "Whether it goes on."),
    {0},
};
LOCAL_SHAPE(cron_workflow_status, "CronWorkflowStatus", "What has been made.");

static const struct field cron_workflow_rows[] = {
    OBJECT_ROWS("CronWorkflow"),
    PART("spec", cron_workflow_spec, "When workflows are made.", .flags = FIELD_REQUIRED),
    PART("status", cron_workflow_status, "What has been made.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(cron_workflow, "CronWorkflow", "Workflows at set times.");

static const struct field binding_event_rows[] = {
    TEXT("selector", "Expression over payload, metadata and discriminator.",
         .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(binding_event, "BindingEvent", "Which events are meant.");

static const struct field binding_submit_rows[] = {
    PART("workflowTemplateRef", workflow_template_ref, "What is run.", .flags = FIELD_REQUIRED),
    PART("metadata", object_meta, "Name, labels, annotations of the workflow."),
    PART("arguments", arguments, "What is given to it."),
    {0},
};
LOCAL_SHAPE(binding_submit, "Submit", "What is run for an event.");

static const struct field workflow_event_binding_spec_rows[] = {
    PART("event", binding_event, "Which events are meant.", .flags = FIELD_REQUIRED),
    PART("submit", binding_submit, "What is run."),
    {0},
};
LOCAL_SHAPE(workflow_event_binding_spec, "WorkflowEventBindingSpec",
            "What is run for which events.");

static const struct field workflow_event_binding_rows[] = {
    OBJECT_ROWS("WorkflowEventBinding"),
    PART("spec", workflow_event_binding_spec, "What is run for which events.",
         .flags = FIELD_REQUIRED),
    {0},
};
SHAPE(workflow_event_binding, "WorkflowEventBinding",
      "Workflows for events that the server is told.");

static const struct field node_result_rows[] = {
    CHOICE("phase", "Pending|Running|Succeeded|Skipped|Failed|Error|Omitted", "How far it is."),
    TEXT("message", "Why it is there."),
    PART("outputs", outputs, "What it has given."),
    TEXT("progress", "How many of how many."),
    {0},
};
LOCAL_SHAPE(node_result, "NodeResult", "What a node has come to.");

static const struct field task_set_spec_rows[] = {
    PARTS_BY_NAME("tasks", template, "Templates to carry out, by node."),
    {0},
};
LOCAL_SHAPE(task_set_spec, "WorkflowTaskSetSpec", "Work for an agent.");

static const struct field task_set_status_rows[] = {
    PARTS_BY_NAME("nodes", node_result, "Results, by node."),
    {0},
};
LOCAL_SHAPE(task_set_status, "WorkflowTaskSetStatus", "Results of an agent.");

static const struct field workflow_task_set_rows[] = {
    OBJECT_ROWS("WorkflowTaskSet"),
    PART("spec", task_set_spec, "Work to do.", .flags = FIELD_REQUIRED),
    PART("status", task_set_status, "Results.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(workflow_task_set, "WorkflowTaskSet", "Work that a workflow gives to its agent.");

static const struct field workflow_task_result_rows[] = {
    OBJECT_ROWS("WorkflowTaskResult"),
    {0},
};
SHAPE(workflow_task_result, "WorkflowTaskResult", "What a pod tells its workflow.",
      .inlined = &shape_node_result);

static const struct field artifact_node_spec_rows[] = {
    PART("archiveLocation", workflow_artifact_location, "Where artifacts lie by default."),
    PARTS_BY_NAME("artifacts", artifact, "Artifacts to delete, by name."),
    {0},
};
LOCAL_SHAPE(artifact_node_spec, "ArtifactNodeSpec", "Artifacts of a node.");

static const struct field artifact_gc_spec_rows[] = {
    PARTS_BY_NAME("artifactsByNode", artifact_node_spec, "Artifacts to delete, by node."),
    {0},
};
LOCAL_SHAPE(artifact_gc_spec, "ArtifactGCSpec", "Artifacts to delete.");

static const struct field artifact_result_rows[] = {
    TEXT("name", "Name of the artifact.", .flags = FIELD_REQUIRED),
    FLAG("success", "Whether it has been deleted."),
    TEXT("error", "Why not."),
    {0},
};
LOCAL_SHAPE(artifact_result, "ArtifactResult", "What became of an artifact.");

static const struct field artifact_result_node_rows[] = {
    PARTS_BY_NAME("artifactResults", artifact_result, "Results, by name."),
    {0},
};
LOCAL_SHAPE(artifact_result_node, "ArtifactResultNodeStatus", "Results of a node.");

static const struct field gc_task_status_rows[] = {
    PARTS_BY_NAME("artifactResultsByNode", artifact_result_node, "Results, by node."),
    {0},
};
LOCAL_SHAPE(gc_task_status, "ArtifactGCStatus", "What became of artifacts.");

static const struct field workflow_artifact_gc_task_rows[] = {
    OBJECT_ROWS("WorkflowArtifactGCTask"),
    PART("spec", artifact_gc_spec, "Artifacts to delete.", .flags = FIELD_REQUIRED),
    PART("status", gc_task_status, "Results.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(workflow_artifact_gc_task, "WorkflowArtifactGCTask",
      "Artifacts that a pod deletes for a workflow.");
