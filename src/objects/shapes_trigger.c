/*
 * objects/shapes_trigger.c - templates of triggers: parameters, where objects come from, and
 * the triggers that make objects or write to the log. Immutable tables; any thread. Source:
 * ../shared/spec/events.md 5, appendix A.3.
 */
#include "objects/shapes_events.h"

static const struct field trigger_parameter_source_rows[] = {
    TEXT("dependencyName", "Dependency whose event is used."),
    TEXT("contextKey", "Attribute of the event."),
    TEXT("contextTemplate", "Text that is made of the attributes."),
    TEXT("dataKey", "Path of the value in the data."),
    TEXT("dataTemplate", "Text that is made of the data."),
    TEXT("value", "Value when the event has none."),
    FLAG("useRawData", "Whether numbers, objects and lists keep their form."),
    {0},
};
LOCAL_SHAPE(trigger_parameter_source, "TriggerParameterSource",
            "Where the value of a parameter comes from.");

static const struct field trigger_parameter_rows[] = {
    PART("src", trigger_parameter_source, "Where the value comes from."),
    TEXT("dest", "Path at which the value is put."),
    CHOICE("operation", "prepend|append|overwrite",
           "How the value is joined with what is there.", .fallback = "overwrite"),
    {0},
};
SHAPE(trigger_parameter, "TriggerParameter", "Puts a value of an event into a trigger.");

static const struct field file_artifact_rows[] = {
    TEXT("path", "Path of the file."),
    {0},
};
LOCAL_SHAPE(file_artifact, "FileArtifact", "A file of the container.");

static const struct field url_artifact_rows[] = {
    TEXT("path", "Address of the document."),
    FLAG("verifyCert", "Whether the certificate is checked."),
    {0},
};
LOCAL_SHAPE(url_artifact, "URLArtifact", "A document on the web.");

static const struct field git_creds_rows[] = {
    PART("username", secret_key_selector, "Secret with the user name."),
    PART("password", secret_key_selector, "Secret with the password."),
    {0},
};
LOCAL_SHAPE(git_creds, "GitCreds", "User name and password for a Git server.");

static const struct field git_remote_config_rows[] = {
    TEXT("name", "Its name."),
    TEXTS("urls", "Addresses of the remote."),
    {0},
};
LOCAL_SHAPE(git_remote_config, "GitRemoteConfig", "A further Git remote.");

static const struct field git_artifact_rows[] = {
    TEXT("url", "Address of the server."),
    TEXT("cloneDirectory", "Folder of the copy."),
    PART("creds", git_creds, "User name and password."),
    PART("sshKeySecret", secret_key_selector, "Secret with the SSH key."),
    TEXT("filePath", "Path of the file in the repository."),
    TEXT("branch", "Branch that is used."),
    TEXT("tag", "Tag that is used."),
    TEXT("ref", "Ref that is fetched."),
    PART("remote", git_remote_config, "A further remote."),
    FLAG("insecureIgnoreHostKey", "Whether the key of the host is not checked."),
    PART("githubApp", event_github_app_creds, "App as whom to act."),
    {0},
};
LOCAL_SHAPE(git_artifact, "GitArtifact", "A file of a Git repository.");

static const struct field artifact_location_rows[] = {
    PART("s3", event_s3_artifact, "An object in a bucket.",
         .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    TEXT("inline", "The object as text."),
    PART("file", file_artifact, "A file.", .flags = FIELD_PRESENT_MEANS),
    PART("url", url_artifact, "A document on the web.", .flags = FIELD_PRESENT_MEANS),
    PART("configmap", config_map_key_selector, "A key of a ConfigMap.",
         .flags = FIELD_PRESENT_MEANS),
    PART("git", git_artifact, "A file of a Git repository.",
         .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    PART("resource", anything, "The object itself."),
    {0},
};
LOCAL_SHAPE(artifact_location, "ArtifactLocation",
            "Where the object of a trigger comes from; the first that is set counts.");

static const struct field standard_k8_s_trigger_rows[] = {
    PART("source", artifact_location, "Where the object comes from."),
    CHOICE("operation", "create|update|patch|delete|submit",
           "What is done with the object; submit, of a Workflow, is not upstream's.",
           .fallback = "create"),
    PARTS("parameters", trigger_parameter, "Values of events that are put into this trigger."),
    TEXT("patchStrategy", "Media type of the patch; absent: application/merge-patch+json."),
    FLAG("liveObject", "Whether parameters are put into the object as it is, of an update."),
    {0},
};
LOCAL_SHAPE(standard_k8_s_trigger, "StandardK8STrigger",
            "Makes or changes a Kubernetes object.");

static const struct field argo_workflow_trigger_rows[] = {
    PART("source", artifact_location, "Where the object comes from."),
    CHOICE("operation", "submit|submit-from|suspend|resubmit|retry|resume|terminate|stop",
           "What is done with the workflow."),
    PARTS("parameters", trigger_parameter, "Values of events that are put into this trigger."),
    TEXTS("args", "Further flags, as the argo command has them."),
    {0},
};
LOCAL_SHAPE(argo_workflow_trigger, "ArgoWorkflowTrigger", "Runs or steers a workflow.");

static const struct field log_trigger_rows[] = {
    WHOLE("intervalSeconds", "Seconds between lines of the log.", .max = INT64_MAX,
          .flags = FIELD_NO_OP),
    {0},
};
LOCAL_SHAPE(log_trigger, "LogTrigger", "Writes events to the log.");

static const struct field conditions_reset_by_time_rows[] = {
    TEXT("cron", "Moments in cron syntax."),
    TEXT("timezone", "Time zone, as in Europe/Paris."),
    {0},
};
LOCAL_SHAPE(conditions_reset_by_time, "ConditionsResetByTime",
            "Moments at which the state of conditions is forgotten.");

static const struct field conditions_reset_criteria_rows[] = {
    PART("byTime", conditions_reset_by_time, "By the clock."),
    {0},
};
LOCAL_SHAPE(conditions_reset_criteria, "ConditionsResetCriteria",
            "When the state of conditions is forgotten.");

static const struct field trigger_template_rows[] = {
    TEXT("name", "Name of the trigger, unique in the sensor."),
    TEXT("conditions", "Which dependencies must be met: names with && and ||; absent: all."),
    PART("k8s", standard_k8_s_trigger, "Makes or changes a Kubernetes object.",
         .flags = FIELD_PRESENT_MEANS),
    PART("argoWorkflow", argo_workflow_trigger, "Runs or steers a workflow.",
         .flags = FIELD_PRESENT_MEANS),
    PART("http", http_trigger, "Sends an HTTP request.", .flags = FIELD_PRESENT_MEANS),
    PART("awsLambda", aws_lambda_trigger, "Calls an AWS Lambda function.",
         .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    PART("custom", custom_trigger, "Calls a trigger of somebody else.",
         .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    PART("kafka", kafka_trigger, "Sends a message to Kafka.",
         .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    PART("nats", nats_trigger, "Sends a message to NATS.",
         .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    PART("slack", slack_trigger, "Sends a message to Slack.",
         .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    PART("openWhisk", open_whisk_trigger, "Calls an OpenWhisk action.",
         .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    PART("log", log_trigger, "Writes events to the log.", .flags = FIELD_PRESENT_MEANS),
    PART("azureEventHubs", azure_event_hubs_trigger, "Sends an event to an Azure Event Hub.",
         .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    PART("pulsar", pulsar_trigger, "Sends a message to Pulsar.",
         .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    PARTS("conditionsReset", conditions_reset_criteria,
          "When the state of the conditions is forgotten."),
    PART("azureServiceBus", azure_service_bus_trigger,
         "Sends a message to an Azure Service Bus.",
         .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    PART("email", email_trigger, "Sends a mail.",
         .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    {0},
};
SHAPE(trigger_template, "TriggerTemplate", "What a trigger does; exactly one kind is set.");
