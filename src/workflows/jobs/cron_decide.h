/*
 * workflows/jobs/cron_decide.h - what a CronJob wants at a moment: its new status, the time for
 * which a Job is to be made, Jobs to delete, when to look again. Pure; any thread.
 *
 * All of it is one transaction, so that no time is run twice. Source: Kubernetes' cronjob
 * controller (batch/v1).
 */
#pragma once

#include "lang/cron/cron.h"
#include "workflows/jobs/decide.h"

/* A Job that the CronJob owns. */
struct jobs_child {
    struct str name, uid;
    int64_t rv, created_ms, completed_ms; /* completed 0: not complete */
    bool is_over, is_complete, is_leaving;
};

struct jobs_cron_input {
    const struct json *cron;
    const struct cron_schedule *schedule; /* NULL: it cannot be read */
    const struct jobs_child *children;
    size_t child_count;
    struct wall now;
};

struct jobs_cron_decision {
    struct json status; /* to be stored, if it differs; without the Job that is to be made */
    bool has_run;       /* a Job is to be made for scheduled_s (Unix time) */
    int64_t scheduled_s;
    const size_t *remove; /* children to delete: replaced, or beyond the history */
    size_t remove_count;
    int64_t wake_ms;
    struct jobs_note note;
    bool has_note;
};

/** jobs_cron_decide() - what is to be done; @ret lives in @a and shares texts with the input */
void jobs_cron_decide(struct arena *a, const struct jobs_cron_input *in,
                      struct jobs_cron_decision *ret);

/** jobs_cron_ran() - the status after a Job was made for a time; in @a */
struct json jobs_cron_ran(struct arena *a, const struct json *status, const struct json *job,
                          int64_t scheduled_s);

/**
 * jobs_cron_latest() - the latest time at which a schedule has come due
 * @after_s: not itself, and none before
 * @now_s:   not behind it
 *
 * Return: whether there is one.
 */
bool jobs_cron_latest(const struct cron_schedule *schedule, int64_t after_s, int64_t now_s,
                      int64_t *ret_s);
