/*
 * objects/shapes_batch.c - the kinds of batch: pods that run to their end (Job), and when such
 * are made (CronJob). Immutable tables; any thread.
 *
 * FIELD_UNSUPPORTED says what workflows/jobs does not carry out yet.
 */
#include "objects/shapes_internal.h"

static const struct field pod_failure_exit_codes_rows[] = {
    TEXT("containerName", "Container that is meant; absent: any."),
    CHOICE("operator", "In|NotIn", "How exit codes are compared.", .flags = FIELD_REQUIRED),
    LIST_OF("values", FIELD_I64, "Exit codes.", .flags = FIELD_REQUIRED | FIELD_SET),
    {0},
};
LOCAL_SHAPE(pod_failure_exit_codes, "PodFailurePolicyOnExitCodesRequirement",
            "A set of exit codes.");

static const struct field pod_failure_condition_rows[] = {
    TEXT("type", "Type of the condition: DisruptionTarget ...", .flags = FIELD_REQUIRED),
    TEXT("status", "True, False or Unknown.", .fallback = "True"),
    {0},
};
LOCAL_SHAPE(pod_failure_condition, "PodFailurePolicyOnPodConditionsPattern",
            "A condition of a pod.");

static const struct field pod_failure_rule_rows[] = {
    CHOICE("action", "FailJob|Ignore|Count", "What to do.", .unbuilt = "FailIndex",
           .flags = FIELD_REQUIRED),
    PART("onExitCodes", pod_failure_exit_codes, "For which exit codes."),
    PARTS("onPodConditions", pod_failure_condition, "For which conditions."),
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

/* Defaults are set by objects/job.c: those of parallelism and completions depend on both. */
static const struct field job_spec_rows[] = {
    PART("template", pod_template_spec, "The pods.", .flags = FIELD_REQUIRED),
    WHOLE("parallelism", "How many pods run at a time; absent: 1."),
    WHOLE("completions", "How many must succeed; absent: 1, or one of all with parallelism."),
    CHOICE("completionMode", "NonIndexed|Indexed", "Whether pods have an index.",
           .fallback = "NonIndexed"),
    WHOLE("backoffLimit", "How many failures are allowed.", .fallback = "6"),
    WHOLE("backoffLimitPerIndex", "How many failures an index may have.",
          .flags = FIELD_UNSUPPORTED),
    WHOLE("maxFailedIndexes", "How many indexes may fail.", .flags = FIELD_UNSUPPORTED),
    WHOLE("activeDeadlineSeconds", "Seconds that the job may run."),
    WHOLE("ttlSecondsAfterFinished", "Seconds after the end until it is deleted."),
    FLAG("suspend", "Whether no pods are made."),
    PART("podFailurePolicy", pod_failure_policy, "What failures of pods mean."),
    CHOICE("podReplacementPolicy", "TerminatingOrFailed|Failed", "When a pod is replaced.",
           .fallback = "TerminatingOrFailed"),
    PART("successPolicy", success_policy, "When it has succeeded early.",
         .flags = FIELD_UNSUPPORTED),
    PART("selector", label_selector, "Which pods are the job's."),
    FLAG("manualSelector", "Whether the selector is given by hand."),
    TEXT("managedBy", "Controller of the job.", .flags = FIELD_UNSUPPORTED),
    {0},
};
LOCAL_SHAPE(job_spec, "JobSpec", "What a job does.");

static const struct field uncounted_pods_rows[] = {
    TEXTS("succeeded", "Uids of pods that have succeeded.", .flags = FIELD_SET),
    TEXTS("failed", "Uids of pods that have failed.", .flags = FIELD_SET),
    {0},
};
LOCAL_SHAPE(uncounted_pods, "UncountedTerminatedPods", "Pods that are not counted yet.");

static const struct field job_status_rows[] = {
    PARTS("conditions", condition, "Complete, Failed, Suspended ..."),
    TIME("startTime", "When it began, or was resumed."),
    TIME("completionTime", "When it was complete."),
    WHOLE("active", "How many pods are there that have not ended."),
    WHOLE("ready", "How many of them run."),
    WHOLE("terminating", "How many are being ended."),
    WHOLE("succeeded", "How many have succeeded."),
    WHOLE("failed", "How many have failed."),
    TEXT("completedIndexes", "Indexes that have succeeded: \"1,3-5,7\"."),
    TEXT("failedIndexes", "Indexes that have failed."),
    PART("uncountedTerminatedPods", uncounted_pods, "Pods that are not counted yet."),
    {0},
};
LOCAL_SHAPE(job_status, "JobStatus", "Observed state of a job.");

static const struct field job_rows[] = {
    OBJECT_ROWS("Job"),
    PART("spec", job_spec, "What it does.", .flags = FIELD_REQUIRED),
    PART("status", job_status, "Observed state.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(job, "Job", "Pods that run to their end.");

static const struct field job_template_spec_rows[] = {
    PART("metadata", object_meta, "Labels and annotations of the jobs."),
    PART("spec", job_spec, "What the jobs do.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(job_template_spec, "JobTemplateSpec", "A job that is made later.");

static const struct field cron_job_spec_rows[] = {
    TEXT("schedule", "Times in cron's form.", .flags = FIELD_REQUIRED),
    PART("jobTemplate", job_template_spec, "The jobs.", .flags = FIELD_REQUIRED),
    TEXT("timeZone", "Zone of the times; absent: UTC."),
    CHOICE("concurrencyPolicy", "Allow|Forbid|Replace", "What if one still runs.",
           .fallback = "Allow"),
    FLAG("suspend", "Whether no jobs are made."),
    WHOLE("startingDeadlineSeconds", "Seconds that a start may be late."),
    WHOLE("successfulJobsHistoryLimit", "How many good jobs are kept.", .fallback = "3"),
    WHOLE("failedJobsHistoryLimit", "How many failed jobs are kept.", .fallback = "1"),
    {0},
};
LOCAL_SHAPE(cron_job_spec, "CronJobSpec", "When jobs are made.");

static const struct field cron_job_status_rows[] = {
    PARTS("active", object_reference, "Jobs that run.", .flags = FIELD_ATOMIC),
    TIME("lastScheduleTime", "The last time for which a job was made."),
    TIME("lastSuccessfulTime", "When a job was complete last."),
    {0},
};
LOCAL_SHAPE(cron_job_status, "CronJobStatus", "What has been made.");

static const struct field cron_job_rows[] = {
    OBJECT_ROWS("CronJob"),
    PART("spec", cron_job_spec, "When jobs are made.", .flags = FIELD_REQUIRED),
    PART("status", cron_job_status, "What has been made.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(cron_job, "CronJob", "Jobs at set times.");
