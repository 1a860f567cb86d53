/*
 * objects/shapes_template.c - templates of workflows: parameters, steps, tasks, and the types
 * of template. Immutable tables; any thread.
 *
 * FIELD_UNSUPPORTED says what the engine does not carry out yet: who builds it deletes the
 * flag. Ranges of {{tagged}} texts, references between templates and expressions are not looked
 * at here.
 */
#include "objects/shapes_internal.h"

#define LATER .flags = FIELD_UNSUPPORTED

/* Parameters */

static const struct field value_from_rows[] = {
    TEXT("path", "File of the container whose content it is."),
    TEXT("parameter", "Another parameter that it is: {{steps.x.outputs.parameters.y}}."),
    ANYSTR("default", "Value when the source gives none."),
    PART("configMapKeyRef", config_map_key_selector, "A key of a ConfigMap."),
    PART("supplied", empty, "Given while the workflow waits.", .flags = FIELD_PRESENT_MEANS),
    TEXT("expression", "Expression that gives the value."),
    TEXT("jsonPath", "JSONPath into the resource."),
    TEXT("jqFilter", "Filter of jq over the resource."),
    TEXT("event", "Expression over the event."),
    {0},
};
LOCAL_SHAPE(value_from, "ValueFrom", "Where the value of a parameter comes from.");

static const struct field parameter_rows[] = {
    TEXT("name", "Name of letters, digits, - and _.", .flags = FIELD_REQUIRED),
    ANYSTR("value", "Its value."),
    ANYSTR("default", "Value when none is given."),
    PART("valueFrom", value_from, "Where the value comes from."),
    TEXT("globalName", "Name among the outputs of the workflow."),
    LIST_OF("enum", FIELD_ANY_STR, "Values that are allowed."),
    ANYSTR("description", "A sentence for people."),
    {0},
};
SHAPE(parameter, "Parameter", "A named text that goes from step to step.", .merge_key = "name");

static const struct field arguments_rows[] = {
    PARTS("parameters", parameter, "Parameters to give."),
    PARTS("artifacts", artifact, "Artifacts to give."),
    {0},
};
SHAPE(arguments, "Arguments", "What is given to a template or workflow.");

static const struct field inputs_rows[] = {
    PARTS("parameters", parameter, "Parameters that are taken."),
    PARTS("artifacts", artifact, "Artifacts that are taken."),
    {0},
};
SHAPE(inputs, "Inputs", "What a template takes.");

static const struct field outputs_rows[] = {
    PARTS("parameters", parameter, "Parameters that are given back."),
    PARTS("artifacts", artifact, "Artifacts that are given back."),
    TEXT("result", "Standard output of a script or container.", .flags = FIELD_STATUS),
    TEXT("exitCode", "Exit code of the container.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(outputs, "Outputs", "What a template gives back.");

/* How often, how long */

static const struct field backoff_rows[] = {
    TEXT("duration", "Wait before the second try: \"30\" seconds, or \"1m30s\"."),
    INTSTR("factor", "How much longer each further wait is."),
    TEXT("maxDuration", "How long there may be new tries."),
    TEXT("cap", "Longest wait."),
    {0},
};
LOCAL_SHAPE(backoff, "Backoff", "Waits between tries.");

static const struct field retry_affinity_rows[] = {
    PART("nodeAntiAffinity", empty, "Not on the machine of the last try.",
         .flags = FIELD_PRESENT_MEANS),
    {0},
};
LOCAL_SHAPE(retry_affinity, "RetryAffinity", "Where a new try runs.");

static const struct field retry_strategy_rows[] = {
    INTSTR("limit", "How many new tries there are."),
    CHOICE("retryPolicy", "Always|OnFailure|OnError|OnTransientError", "What is tried again.",
           .fallback = "OnFailure"),
    PART("backoff", backoff, "Waits between tries."),
    PART("affinity", retry_affinity, "Where a new try runs.", .flags = FIELD_NO_OP),
    TEXT("expression", "Expression that says whether to try again."),
    {0},
};
SHAPE(retry_strategy, "RetryStrategy", "What happens when a template fails.");

/* Calls */

static const struct field template_ref_rows[] = {
    TEXT("name", "Name of the WorkflowTemplate."),
    TEXT("template", "Name of the template in it."),
    FLAG("clusterScope", "Whether it is a ClusterWorkflowTemplate."),
    {0},
};
SHAPE(template_ref, "TemplateRef", "A template of a WorkflowTemplate.");

static const struct field sequence_rows[] = {
    INTSTR("count", "How many numbers."),
    INTSTR("start", "First number.", .fallback = "0"),
    INTSTR("end", "Last number, instead of count."),
    TEXT("format", "How a number is printed, as printf."),
    {0},
};
LOCAL_SHAPE(sequence, "Sequence", "A row of numbers.");

static const struct field continue_on_rows[] = {
    FLAG("error", "Whether it goes on after an error."),
    FLAG("failed", "Whether it goes on after a failure."),
    {0},
};
LOCAL_SHAPE(continue_on, "ContinueOn", "What does not end the workflow.");

static const struct field hook_rows[] = {
    TEXT("template", "Template to run."),
    PART("templateRef", template_ref, "Template of a WorkflowTemplate to run."),
    PART("arguments", arguments, "What is given to it."),
    {0},
};
LOCAL_SHAPE(hook, "Hook", "A template that runs beside or after.");

static const struct field exit_hook_rows[] = {
    TEXT("expression", "When it runs; absent: always."),
    {0},
};
LOCAL_SHAPE(exit_hook, "ExitHook", "A template that runs at the end.", .inlined = &shape_hook);

static const struct field lifecycle_hook_rows[] = {
    TEXT("expression", "When it runs.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(lifecycle_hook, "LifecycleHook", "A template that runs beside.",
            .inlined = &shape_hook);

static const struct field other_hook =
    PART("other", lifecycle_hook, "Runs when its expression holds.");
static const struct field hooks_rows[] = {
    PART("exit", exit_hook, "Runs at the end."),
    {0},
};
SHAPE(hooks, "LifecycleHooks", "Templates that run beside, by a name; exit runs at the end.",
      .rest = &other_hook);

static const struct field call_rows[] = {
    TEXT("name", "Name within the template."),
    TEXT("template", "Template of this workflow to run."),
    PART("templateRef", template_ref, "Template of a WorkflowTemplate to run."),
    PART("inline", template, "Template that stands here.", .flags = FIELD_PRESENT_MEANS),
    PART("arguments", arguments, "What is given to it."),
    LIST_OF("withItems", FIELD_ANY, "Once for each item, as {{item}}."),
    TEXT("withParam", "Once for each item of a JSON list."),
    PART("withSequence", sequence, "Once for each number."),
    TEXT("when", "Condition; skipped when it is false."),
    PART("continueOn", continue_on, "What does not end the workflow."),
    TEXT("onExit", "Template that runs at its end; hooks.exit is the newer way.",
         .flags = FIELD_DEPRECATED),
    PART("hooks", hooks, "Templates that run beside."),
    {0},
};
LOCAL_SHAPE(call, "Call", "A run of a template.");

static const struct field workflow_step_rows[] = {{0}};
LOCAL_SHAPE(workflow_step, "WorkflowStep", "A step.", .inlined = &shape_call,
            .merge_key = "name");

static const struct field dag_task_rows[] = {
    TEXTS("dependencies", "Tasks that must have succeeded."),
    TEXT("depends", "Condition over the results of other tasks."),
    {0},
};
LOCAL_SHAPE(dag_task, "DAGTask", "A task.", .inlined = &shape_call, .merge_key = "name");

static const struct field dag_template_rows[] = {
    PARTS("tasks", dag_task, "The tasks.", .flags = FIELD_REQUIRED),
    TEXT("target", "Names of the tasks that must run; absent: all."),
    FLAG("failFast", "Whether a failure keeps further tasks from starting.",
         .fallback = "true"),
    {0},
};
LOCAL_SHAPE(dag_template, "DAGTemplate", "Tasks with dependencies.");

/* Types of template that make pods */

static const struct field script_template_rows[] = {
    TEXT("source", "Text of the script; the command gets a file with it."),
    {0},
};
LOCAL_SHAPE(script_template, "ScriptTemplate", "A container that runs a script.",
            .inlined = &shape_container);

static const struct field user_container_rows[] = {
    FLAG("mirrorVolumeMounts", "Whether it mounts what the main container does: here all do.",
         .flags = FIELD_NO_OP),
    {0},
};
LOCAL_SHAPE(user_container, "UserContainer", "A container beside the main one.",
            .inlined = &shape_container, .merge_key = "name");

static const struct field container_node_rows[] = {
    TEXTS("dependencies", "Containers that must have succeeded."),
    {0},
};
LOCAL_SHAPE(container_node, "ContainerNode", "A container of a set.",
            .inlined = &shape_container, .merge_key = "name");

static const struct field container_set_retry_rows[] = {
    TEXT("duration", "Wait between tries."),
    INTSTR("retries", "How often it is tried, the first time included.",
           .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(container_set_retry, "ContainerSetRetryStrategy",
            "What happens when a container of a set fails.");

static const struct field container_set_template_rows[] = {
    PARTS("containers", container_node, "The containers.", .flags = FIELD_REQUIRED),
    PARTS("volumeMounts", volume_mount, "Volumes in each of them."),
    PART("retryStrategy", container_set_retry, "What happens when one fails."),
    {0},
};
LOCAL_SHAPE(container_set_template, "ContainerSetTemplate", "Several containers in one pod.");

static const struct field manifest_from_rows[] = {
    PART("artifact", artifact, "Artifact with the manifest.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(manifest_from, "ManifestFrom", "Where a manifest comes from.");

static const struct field resource_template_rows[] = {
    CHOICE("action", "get|create|apply|delete|replace|patch", "What is done.",
           .flags = FIELD_REQUIRED),
    TEXT("manifest", "The object."),
    PART("manifestFrom", manifest_from, "Where the object comes from."),
    CHOICE("mergeStrategy", "strategic|merge|json", "How a patch is applied.",
           .fallback = "strategic"),
    FLAG("setOwnerReference", "Whether the object belongs to the workflow."),
    TEXT("successCondition", "When it has succeeded, as a label selector over fields."),
    TEXT("failureCondition", "When it has failed, likewise."),
    TEXTS("flags", "Further flags and arguments of kubectl."),
    {0},
};
LOCAL_SHAPE(resource_template, "ResourceTemplate", "Something done with an object.");

/* Types of template without pods of their own */

static const struct field suspend_template_rows[] = {
    TEXT("duration", "How long it waits; absent: until it is resumed."),
    {0},
};
LOCAL_SHAPE(suspend_template, "SuspendTemplate", "A pause.");

static const struct field data_source_rows[] = {
    PART("artifactPaths", artifact, "Keys of a bucket."),
    {0},
};
LOCAL_SHAPE(data_source, "DataSource", "Where data comes from.");

static const struct field transformation_step_rows[] = {
    TEXT("expression", "Expression over the data.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(transformation_step, "TransformationStep", "One change of data.");

static const struct field data_rows[] = {
    PART("source", data_source, "Where the data comes from.", .flags = FIELD_REQUIRED),
    PARTS("transformation", transformation_step, "Changes, one after the other.",
          .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(data, "Data", "Data that is listed and changed.");

static const struct field http_header_source_rows[] = {
    PART("secretKeyRef", secret_key_selector, "A key of a Secret."),
    {0},
};
LOCAL_SHAPE(http_header_source, "HTTPHeaderSource", "Where a header comes from.");

static const struct field http_template_header_rows[] = {
    TEXT("name", "Name of the header.", .flags = FIELD_REQUIRED),
    TEXT("value", "Its value."),
    PART("valueFrom", http_header_source, "Where the value comes from."),
    {0},
};
LOCAL_SHAPE(http_template_header, "HTTPHeader", "A header of a request.");

static const struct field http_body_source_rows[] = {
    ROW("bytes", FIELD_BYTES, "The body in base64."),
    {0},
};
LOCAL_SHAPE(http_body_source, "HTTPBodySource", "Where a body comes from.");

static const struct field http_template_rows[] = {
    TEXT("url", "URL to ask.", .flags = FIELD_REQUIRED),
    TEXT("method", "Method of the request.", .fallback = "GET"),
    PARTS("headers", http_template_header, "Headers of the request."),
    TEXT("body", "Body of the request."),
    PART("bodyFrom", http_body_source, "Where the body comes from."),
    WHOLE("timeoutSeconds", "Seconds that it may take.", .fallback = "30"),
    TEXT("successCondition", "Expression over the response."),
    FLAG("insecureSkipVerify", "Whether the certificate is not looked at."),
    {0},
};
LOCAL_SHAPE(http_template, "HTTP", "An HTTP request.");

/* What stands around a template */

static const struct field memoize_cache_rows[] = {
    PART("configMap", local_object_reference, "ConfigMap that remembers.",
         .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(memoize_cache, "Cache", "Where results are kept.");

static const struct field memoize_rows[] = {
    TEXT("key", "Key of the result.", .flags = FIELD_REQUIRED),
    PART("cache", memoize_cache, "Where results are kept.", .flags = FIELD_REQUIRED),
    TEXT("maxAge", "How old a result may be.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(memoize, "Memoize", "Results that are used again.");

static const struct field sync_database_ref_rows[] = {
    TEXT("key", "Key of the limit.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(sync_database_ref, "SyncDatabaseRef", "A limit of the database.");

static const struct field semaphore_ref_rows[] = {
    PART("configMapKeyRef", config_map_key_selector, "Limit in a ConfigMap."),
    PART("database", sync_database_ref, "Limit in the database."),
    TEXT("namespace", "Namespace of the limit."),
    {0},
};
LOCAL_SHAPE(semaphore_ref, "SemaphoreRef", "A lock for a number of holders.");

static const struct field mutex_rows[] = {
    TEXT("name", "Name of the lock."),
    TEXT("namespace", "Namespace of the lock."),
    FLAG("database", "Whether it lives in the database."),
    {0},
};
LOCAL_SHAPE(mutex, "Mutex", "A lock for one holder.");

static const struct field synchronization_rows[] = {
    PARTS("semaphores", semaphore_ref, "Locks for numbers of holders."),
    PARTS("mutexes", mutex, "Locks for one holder."),
    {0},
};
SHAPE(synchronization, "Synchronization", "Locks that are held meanwhile.");

static const struct field metric_label_rows[] = {
    TEXT("key", "Name of the label.", .flags = FIELD_REQUIRED),
    TEXT("value", "Its value.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(metric_label, "MetricLabel", "A label of a metric.");

static const struct field gauge_rows[] = {
    TEXT("value", "Its value.", .flags = FIELD_REQUIRED),
    FLAG("realtime", "Whether it is told while the work runs."),
    CHOICE("operation", "Set|Add|Sub", "What is done with the value.", .fallback = "Set"),
    {0},
};
LOCAL_SHAPE(gauge, "Gauge", "A number that goes up and down.");

static const struct field histogram_rows[] = {
    TEXT("value", "Its value.", .flags = FIELD_REQUIRED),
    LIST_OF("buckets", FIELD_NUMBER, "Upper bounds.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(histogram, "Histogram", "Numbers by size.");

static const struct field counter_rows[] = {
    TEXT("value", "By how much it goes up.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(counter, "Counter", "A number that goes up.");

static const struct field prometheus_rows[] = {
    TEXT("name", "Name of the metric.", .flags = FIELD_REQUIRED),
    TEXT("help", "A sentence for people.", .flags = FIELD_REQUIRED),
    PARTS("labels", metric_label, "Its labels."),
    TEXT("when", "Condition; not told when it is false."),
    PART("gauge", gauge, "A number that goes up and down."),
    PART("histogram", histogram, "Numbers by size."),
    PART("counter", counter, "A number that goes up."),
    {0},
};
LOCAL_SHAPE(prometheus, "Prometheus", "One metric.");

static const struct field metrics_rows[] = {
    PARTS("prometheus", prometheus, "The metrics.", .flags = FIELD_REQUIRED),
    {0},
};
SHAPE(metrics, "Metrics", "Metrics that are told.");

static const struct field executor_config_rows[] = {
    TEXT("serviceAccountName", "As whom the helpers of the pod act."),
    {0},
};
SHAPE(executor_config, "ExecutorConfig", "The helpers beside the main container.");

static const struct field template_rows[] = {
    TEXT("name", "Name within the workflow."),
    PART("inputs", inputs, "What it takes."),
    PART("outputs", outputs, "What it gives back."),
    PART("metadata", metadata, "Labels and annotations of its pods, which they can ask for."),
    TEXT_BY_NAME("annotations",
                 "Texts for tools; workflows.argoproj.io/display-name is shown."),

    PART("container", container, "Runs a container.", .flags = FIELD_PRESENT_MEANS),
    PART("script", script_template, "Runs a script in a container.",
         .flags = FIELD_PRESENT_MEANS),
    ROW("steps", FIELD_LIST, "Runs groups of steps, one group after the other.",
        .item = FIELD_LIST, .shape = &shape_workflow_step),
    PART("dag", dag_template, "Runs tasks by their dependencies."),
    PART("containerSet", container_set_template, "Runs several containers in one pod.",
         .flags = FIELD_PRESENT_MEANS),
    PART("resource", resource_template, "Does something with an object.",
         .flags = FIELD_PRESENT_MEANS),
    PART("suspend", suspend_template, "Waits.", .flags = FIELD_PRESENT_MEANS),
    PART("data", data, "Lists and changes data.", .flags = FIELD_PRESENT_MEANS),
    PART("http", http_template, "Makes an HTTP request.", .flags = FIELD_PRESENT_MEANS),
    PART("plugin", anything, "Is carried out by a plugin.", .flags = FIELD_PRESENT_MEANS),

    TEXT("template", "Template that it calls, as in Argo 2: it becomes a step.",
         .flags = FIELD_DEPRECATED | FIELD_LEGACY),
    PART("templateRef", template_ref, "The same, of a WorkflowTemplate.",
         .flags = FIELD_DEPRECATED | FIELD_LEGACY),
    PART("arguments", arguments, "What is given to that.", .flags = FIELD_DEPRECATED | FIELD_LEGACY),
    TEXT("when", "Condition of that call.", .flags = FIELD_DEPRECATED | FIELD_LEGACY),

    PARTS("initContainers", user_container, "Containers that run before."),
    PARTS("sidecars", user_container, "Containers that run beside."),
    FLAG("daemon", "Whether the workflow goes on when it runs."),
    PARTS("volumes", volume, "Folders for its containers."),
    PART("retryStrategy", retry_strategy, "What happens when it fails.",
         .flags = FIELD_PRESENT_MEANS),
    INTSTR("activeDeadlineSeconds", "Seconds that its pod may run."),
    TEXT("timeout", "How long it may take, waiting included."),
    TEXT("pendingTimeout", "How long its pod may wait for its start."),
    WHOLE("parallelism", "How many of its children run at a time."),
    FLAG("failFast", "Whether a failed child ends the others."),
    PART("archiveLocation", workflow_artifact_location, "Where artifacts and logs go."),
    PART("memoize", memoize, "Use of earlier results."),
    PART("synchronization", synchronization, "Locks that are held meanwhile."),
    PART("metrics", metrics, "Metrics that are told."),
    TEXT("podSpecPatch", "Changes to the pod."),
    PART("securityContext", pod_security_context, "Rights of the pod."),
    TEXT("serviceAccountName", "As whom the pod acts."),

    FLAG("automountServiceAccountToken", "Whether the account's token is mounted."),
    PART("executor", executor_config, "The helpers of the pod.", .flags = FIELD_NO_OP),
    TEXT_BY_NAME("nodeSelector", "Labels of machines that are allowed."),
    PART("affinity", affinity, "What attracts the pod to a machine.", .flags = FIELD_NO_OP),
    PARTS("tolerations", toleration, "Taints that are tolerated.", .flags = FIELD_NO_OP),
    TEXT("schedulerName", "Who chooses the machine.", .flags = FIELD_NO_OP),
    TEXT("priorityClassName", "Class of the pod's priority.", .flags = FIELD_NO_OP),
    PARTS("hostAliases", host_alias, "Entries of /etc/hosts."),
    PART("podResources", resource_requirements, "What the pod as a whole needs."),
    PARTS("resourceClaims", pod_resource_claim, "Claims for devices.", .flags = FIELD_NO_OP),
    {0},
};
SHAPE(template, "Template", "Something that a workflow can run.", .merge_key = "name");
