/*
 * objects/cron_workflow.h - what a CronWorkflow says by itself: its rules, its schedules, the
 * Workflow that it makes.
 *
 * Controller, submission and command line share these. Pure functions but for time zones, which
 * are read from the system's database; any thread. Source: ../shared/spec/workflows.md 1.6,
 * 4.23, 4.25.
 */
#pragma once

#include "objects/object.h"

#define OBJECT_CRON_LABEL          "workflows.argoproj.io/cron-workflow"
#define OBJECT_CRON_SCHEDULED_TIME "workflows.argoproj.io/scheduled-time"

/**
 * object_cron_schedule() - a schedule with the time zone in front: "CRON_TZ=Asia/Seoul 0 9 * *
 * *"
 * @a:     where the text lives
 * @cron:  CronWorkflow
 * @index: in spec.schedules
 *
 * Return: the text, or the absent view behind the last one.
 */
struct str object_cron_schedule(struct arena *a, const struct json *cron, size_t index);

/** object_cron_schedules() - all schedules with the time zone in front, joined by "," */
struct str object_cron_schedules(struct arena *a, const struct json *cron);

/**
 * object_cron_check() - the rules that no table can say: schedules, time zone, length of the
 * name, deadline
 * @cron: a CronWorkflow that its table has found good
 * @err:  ERR_INVALID in upstream's words, the first that is broken
 *
 * Return: 0 or -1.
 */
int object_cron_check(const struct json *cron, struct err *err);

/**
 * object_cron_run() - the Workflow that a CronWorkflow makes
 * @a:         where what is new lives; the rest is shared
 * @cron:      CronWorkflow, as it is stored
 * @name:      of the Workflow; "" : generateName "NAME-"
 * @scheduled: time for the annotation (RFC 3339), or ""
 */
struct json object_cron_run(struct arena *a, const struct json *cron, struct str name,
                            struct str scheduled);
