/*
 * objects/shapes_pod.c - pods as Kubernetes has them, and the kinds that make pods: Job,
 * CronJob. Immutable tables; any thread. Workflows do not use these: their templates make pods.
 */
#include "objects/shapes_internal.h"

static const struct field ephemeral_container_rows[] = {
    TEXT("targetContainerName", "Container whose processes it sees."),
    {0},
};
LOCAL_SHAPE(ephemeral_container, "EphemeralContainer", "A container for looking into a pod.",
            .inlined = &shape_container, .merge_key = "name");

static const struct field condition_type_rows[] = {
    TEXT("conditionType", "Type of the condition.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(condition_type, "PodReadinessGate", "A condition that must hold.");

static const struct field name_rows[] = {
    TEXT("name", "The name.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(name, "Name", "A name.", .merge_key = "name");

static const struct field topology_spread_constraint_rows[] = {
    TEXT("topologyKey", "Label that says which machines are one place.",
         .flags = FIELD_REQUIRED),
    WHOLE("maxSkew", "How uneven the places may be.", .flags = FIELD_REQUIRED),
    CHOICE("whenUnsatisfiable", "DoNotSchedule|ScheduleAnyway", "What if it cannot be.",
           .flags = FIELD_REQUIRED),
    PART("labelSelector", label_selector, "Which pods are counted."),
    TEXTS("matchLabelKeys", "Labels whose values must be the pod's own."),
    WHOLE("minDomains", "How many places there must be."),
    TEXT("nodeAffinityPolicy", "Whether the pod's affinity counts."),
    TEXT("nodeTaintsPolicy", "Whether taints count."),
    {0},
};
LOCAL_SHAPE(topology_spread_constraint, "TopologySpreadConstraint",
            "How evenly pods lie over places.", .merge_key = "topologyKey");

static const struct field pod_spec_rows[] = {
    PARTS("containers", container, "Programs of the pod.", .flags = FIELD_REQUIRED),
    PARTS("initContainers", container, "Programs that run before, one after the other."),
    PARTS("ephemeralContainers", ephemeral_container, "Programs for looking into the pod."),
    PARTS("volumes", volume, "Folders that containers can mount."),
    CHOICE("restartPolicy", "Always|OnFailure|Never", "When containers start again.",
           .fallback = "Always"),
    WHOLE("terminationGracePeriodSeconds", "Seconds between SIGTERM and SIGKILL.",
          .fallback = "30"),
    WHOLE("activeDeadlineSeconds", "Seconds that the pod may run."),
    TEXT("serviceAccountName", "As whom the pod acts."),
    TEXT("serviceAccount", "As serviceAccountName.", .flags = FIELD_DEPRECATED),
    FLAG("automountServiceAccountToken", "Whether the account's token is mounted."),
    PART("securityContext", pod_security_context, "Rights of all containers."),
    TEXT("nodeName", "Machine of the pod."),
    TEXT_BY_NAME("nodeSelector", "Labels of machines that are allowed."),
    PART("affinity", affinity, "What attracts the pod to a machine."),
    PARTS("tolerations", toleration, "Taints that are tolerated."),
    PARTS("topologySpreadConstraints", topology_spread_constraint,
          "How evenly pods lie over places."),
    TEXT("schedulerName", "Who chooses the machine."),
    PARTS("schedulingGates", name, "What must be removed before it is scheduled."),
    TEXT("priorityClassName", "Class of the priority."),
    WHOLE("priority", "Priority as a number."),
    TEXT("preemptionPolicy", "Whether it drives away others."),
    TEXT("runtimeClassName", "Runtime of the containers."),
    PART("resources", resource_requirements, "What the pod as a whole needs."),
    PARTS("resourceClaims", pod_resource_claim, "Claims for devices."),
    MAP_OF("overhead", FIELD_QUANTITY, "What the runtime itself needs."),
    PARTS("imagePullSecrets", local_object_reference, "Secrets for registries."),
    PARTS("readinessGates", condition_type, "Conditions that must hold."),
    PARTS("hostAliases", host_alias, "Entries of /etc/hosts."),
    TEXT("hostname", "Host name of the pod."),
    TEXT("hostnameOverride", "Host name of the pod, whatever else says."),
    TEXT("subdomain", "Domain below the cluster's."),
    FLAG("setHostnameAsFQDN", "Whether the host name is the whole name."),
    CHOICE("dnsPolicy", "ClusterFirst|ClusterFirstWithHostNet|Default|None",
           "How names are looked up."),
    PART("dnsConfig", pod_dns_config, "Settings of the resolver."),
    FLAG("enableServiceLinks", "Whether services become variables."),
    FLAG("hostNetwork", "Whether the machine's network is used."),
    FLAG("hostPID", "Whether the machine's processes are seen."),
    FLAG("hostIPC", "Whether the machine's shared memory is seen."),
    FLAG("hostUsers", "Whether the machine's users are used."),
    FLAG("shareProcessNamespace", "Whether containers see each other's processes."),
    PART("os", name, "Operating system."),
    {0},
};
SHAPE(pod_spec, "PodSpec", "What a pod is made of.");

static const struct field pod_rows[] = {
    OBJECT_ROWS("Pod"),
    PART("spec", pod_spec, "What it is made of."),
    PART("status", anything, "Observed state.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(pod, "Pod", "Containers that run together on one machine.");

static const struct field pod_template_spec_rows[] = {
    PART("metadata", object_meta, "Labels and annotations of the pods."),
    PART("spec", pod_spec, "What the pods are made of."),
    {0},
};
SHAPE(pod_template_spec, "PodTemplateSpec", "A pod that is made later.");

static const struct field pod_failure_exit_codes_rows[] = {
    TEXT("containerName", "Container that is meant."),
    CHOICE("operator", "In|NotIn", "How exit codes are compared.", .flags = FIELD_REQUIRED),
    LIST_OF("values", FIELD_I64, "Exit codes.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(pod_failure_exit_codes, "PodFailurePolicyOnExitCodesRequirement",
            "A set of exit codes.");

static const struct field pod_failure_rule_rows[] = {
    CHOICE("action", "FailJob|FailIndex|Ignore|Count", "What to do.", .flags = FIELD_REQUIRED),
    PART("onExitCodes", pod_failure_exit_codes, "For which exit codes."),
    PARTS("onPodConditions", condition, "For which conditions."),
    {0},
};
LOCAL_SHAPE(pod_failure_rule, "PodFailurePolicyRule", "What a failure means.");

static const struct field pod_failure_policy_rows[] = {
    PARTS("rules", pod_failure_rule, "Rules; the first that fits counts.",
          .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(pod_failure_policy, "PodFailurePolicy", "What failures of pods mean.");

static const struct field success_rule_rows[] = {
    TEXT("succeededIndexes", "Indexes that must succeed."),
    WHOLE("succeededCount", "How many must succeed."),
    {0},
};
LOCAL_SHAPE(success_rule, "SuccessPolicyRule", "When a job has succeeded early.");

static const struct field success_policy_rows[] = {
    PARTS("rules", success_rule, "Rules; one must hold.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(success_policy, "SuccessPolicy", "When a job has succeeded early.");

static const struct field job_spec_rows[] = {
    PART("template", pod_template_spec, "The pods.", .flags = FIELD_REQUIRED),
    WHOLE("parallelism", "How many pods run at a time.", .fallback = "1"),
    WHOLE("completions", "How many must succeed.", .fallback = "1"),
    CHOICE("completionMode", "NonIndexed|Indexed", "Whether pods have an index.",
           .fallback = "NonIndexed"),
    WHOLE("backoffLimit", "How many failures are allowed.", .fallback = "6"),
    WHOLE("backoffLimitPerIndex", "How many failures an index may have."),
    WHOLE("maxFailedIndexes", "How many indexes may fail."),
    WHOLE("activeDeadlineSeconds", "Seconds that the job may run."),
    WHOLE("ttlSecondsAfterFinished", "Seconds after the end until it is deleted."),
    FLAG("suspend", "Whether no pods are made."),
    PART("podFailurePolicy", pod_failure_policy, "What failures of pods mean."),
    TEXT("podReplacementPolicy", "When a pod is replaced."),
    PART("successPolicy", success_policy, "When it has succeeded early."),
    PART("selector", label_selector, "Which pods are the job's."),
    FLAG("manualSelector", "Whether the selector is given by hand."),
    TEXT("managedBy", "Controller of the job."),
    {0},
};
LOCAL_SHAPE(job_spec, "JobSpec", "What a job does.");

static const struct field job_rows[] = {
    OBJECT_ROWS("Job"),
    PART("spec", job_spec, "What it does."),
    PART("status", anything, "Observed state.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(job, "Job", "Pods that run to their end.");

static const struct field job_template_spec_rows[] = {
    PART("metadata", object_meta, "Labels and annotations of the jobs."),
    PART("spec", job_spec, "What the jobs do."),
    {0},
};
LOCAL_SHAPE(job_template_spec, "JobTemplateSpec", "A job that is made later.");

static const struct field cron_job_spec_rows[] = {
    TEXT("schedule", "Times in cron's form.", .flags = FIELD_REQUIRED),
    PART("jobTemplate", job_template_spec, "The jobs.", .flags = FIELD_REQUIRED),
    TEXT("timeZone", "Zone of the times."),
    CHOICE("concurrencyPolicy", "Allow|Forbid|Replace", "What if one still runs.",
           .fallback = "Allow"),
    FLAG("suspend", "Whether no jobs are made."),
    WHOLE("startingDeadlineSeconds", "Seconds that a start may be late."),
    WHOLE("successfulJobsHistoryLimit", "How many good jobs are kept.", .fallback = "3"),
    WHOLE("failedJobsHistoryLimit", "How many failed jobs are kept.", .fallback = "1"),
    {0},
};
LOCAL_SHAPE(cron_job_spec, "CronJobSpec", "When jobs are made.");

static const struct field cron_job_rows[] = {
    OBJECT_ROWS("CronJob"),
    PART("spec", cron_job_spec, "When jobs are made."),
    PART("status", anything, "Observed state.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(cron_job, "CronJob", "Jobs at set times.");
