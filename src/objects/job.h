/*
 * objects/job.h - what Jobs, CronJobs and Pods say by themselves: names of their labels, defaults,
 * what may be changed, the Job of a CronJob.
 *
 * The API and the controllers (workflows/jobs) share these. Pure functions but for
 * object_job_check() (object_internal.h), which reads time zones. Any thread. Source:
 * Kubernetes' batch/v1.
 */
#pragma once

#include "objects/object.h"

#define JOB_GROUP       "batch"
#define JOB_API_VERSION "batch/v1"

/* Labels of a Job's pods; the short ones are those of older releases. */
#define JOB_NAME_LABEL  "batch.kubernetes.io/job-name"
#define JOB_NAME_LEGACY "job-name"
#define JOB_UID_LABEL   "batch.kubernetes.io/controller-uid"
#define JOB_UID_LEGACY  "controller-uid"
/* Annotation and label of a pod of an indexed Job. */
#define JOB_INDEX "batch.kubernetes.io/job-completion-index"
/* Finalizer of pods that are not counted yet. */
#define JOB_TRACKING "batch.kubernetes.io/job-tracking"
/* Annotation of a CronJob's Jobs: the time for which they were made. */
#define JOB_SCHEDULED "batch.kubernetes.io/cronjob-scheduled-timestamp"

enum { JOB_INDEXES_MAX = 100000 }; /* Kubernetes': completions of an indexed Job */

/** object_job_defaults() - a Job with the API server's defaults, its selector and the labels of
 * its pods; its uid is known */
struct json object_job_defaults(struct arena *a, const struct json *doc);

/** object_pod_defaults() - the same of a Pod that somebody makes; it is pending until it runs */
struct json object_pod_defaults(struct arena *a, const struct json *doc);

/** object_cron_job_defaults() - the same of a CronJob */
struct json object_cron_job_defaults(struct arena *a, const struct json *doc);

/**
 * object_check_change() - may a stored object become another one?
 * @stored: as it is
 * @made:   with defaults (object_settle())
 * @err:    ERR_RULE, in Kubernetes' words: a member that cannot change
 *
 * Jobs, Pods, ConfigMaps, Secrets and role bindings have such rules. Return: 0 or -1.
 */
int object_check_change(struct arena *a, const struct object_kind *kind,
                        const struct json *stored, const struct json *made, struct err *err);

/** object_job_condition() - does a condition of a type hold ("Complete", "Failed",
 * "Suspended")? NULL: no */
const struct json *object_job_condition(const struct json *job, const char *type);

/** object_job_is_over() - is it complete, or has it failed? */
bool object_job_is_over(const struct json *job);

/** object_job_is_indexed() - do its pods have an index? */
bool object_job_is_indexed(const struct json *job);

/** object_owner_reference() - a reference to the object that controls another one, for its
 * metadata.ownerReferences: a list of one */
struct json object_owner_reference(struct arena *a, const struct json *owner);

/**
 * object_cron_job_schedule() - the schedule of a CronJob with its time zone in front
 * @a: where the text lives
 */
struct str object_cron_job_schedule(struct arena *a, const struct json *cron);

/**
 * object_cron_job_run() - the Job that a CronJob makes for a time: NAME-MINUTES
 * @scheduled_s: Unix time
 */
struct json object_cron_job_run(struct arena *a, const struct json *cron, int64_t scheduled_s);
