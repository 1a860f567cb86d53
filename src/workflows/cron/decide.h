/*
 * workflows/cron/decide.h - what a CronWorkflow wants at a time, and what its status says
 * after. Pure; time comes in as an argument; any thread.
 *
 * The document is the stored CronWorkflow. Functions that change it return a new value that
 * shares what stays; json_equal() tells whether there is anything to store. Children are the
 * Workflows that a CronWorkflow owns. Source: ../shared/spec/workflows.md 4.23; golden
 * formats/cron-argo.jsonl.
 */
#pragma once

#include "lang/cron/cron.h"
#include "objects/cron_workflow.h"

/* ---- times ---- */

/* The schedules of a CronWorkflow, read. Immutable; lives in the arena of cron_plan_read(). */
struct cron_plan {
    struct str text; /* object_cron_schedules(), to see whether it is still the same */
    const struct cron_schedule *at;
    size_t len;
};

/** cron_plan_read() - read all schedules; ERR_INVALID with the parser's text; reads zones, so
 * that it may block */
int cron_plan_read(struct arena *a, const struct json *cron, struct cron_plan *ret,
                   struct err *err);

/** cron_plan_next() - the first time after @after_s at which any schedule comes due (Unix
 * seconds); false when there is none */
bool cron_plan_next(const struct cron_plan *plan, int64_t after_s, int64_t *ret_s);

/** cron_is_new_plan() - are these other schedules than those that were used last? */
bool cron_is_new_plan(const struct json *cron, struct str text);

/**
 * cron_missed() - the run that was missed and may still be made up for
 * @plan: schedules of @cron
 * @now:  late enough that @ret_s is before it
 *
 * The latest time after status.lastScheduledTime that has passed, if the deadline
 * (startingDeadlineSeconds) after it has not; the first schedule that has one decides. None
 * after a change of schedules. Return: whether there is one.
 */
bool cron_missed(const struct cron_plan *plan, const struct json *cron, struct wall now,
                 int64_t *ret_s);

/** cron_child_name() - name of the run of a time: "NAME-1773150420" */
struct str cron_child_name(struct arena *a, struct str name, int64_t scheduled_s);

/* ---- a run ---- */

enum cron_verdict {
    CRON_RUN,
    CRON_REPLACE,   /* end the active ones first */
    CRON_SUSPENDED, /* the others: no run */
    CRON_STOPPED,
    CRON_FORBIDDEN, /* one is active */
};

/** cron_decide() - what is to be done when a schedule has come due */
enum cron_verdict cron_decide(const struct json *cron);

/** cron_is_suspended() - does it make no workflows, whatever comes due? */
bool cron_is_suspended(const struct json *cron);

/**
 * cron_has_reached_end() - does its stopStrategy say that no more workflows are made?
 * @a:   scratch
 * @now: what now() answers in the expression
 * @ret: false without an expression; untouched on failure
 * @err: ERR_INVALID, ERR_UNSUPPORTED, ERR_LIMIT "failed to evaluate stop expression: ..."
 *
 * Return: 0 or -1.
 */
int cron_has_reached_end(struct arena *a, const struct json *cron, struct wall now, bool *ret,
                         struct err *err);

/**
 * cron_is_wanted() - does its condition `when` hold?
 * @a:   scratch
 * @now: what now() answers in the condition
 * @ret: true without a condition; untouched on failure
 * @err: upstream's text: ERR_NOT_FOUND for a name that is not there, ERR_INVALID,
 * ERR_UNSUPPORTED, ERR_LIMIT
 *
 * Bare words are no texts here, unlike in the `when` of a step. Return: 0 or -1.
 */
int cron_is_wanted(struct arena *a, const struct json *cron, struct wall now, bool *ret,
                   struct err *err);

/** cron_stopped() - the document of one that has reached its end: phase and label */
struct json cron_stopped(struct arena *a, const struct json *cron);

/* A Workflow that the CronWorkflow owns. */
struct cron_child {
    struct str name, uid, phase;
    struct str finished_at; /* RFC 3339 in UTC, or "" */
    int64_t rv;
    bool is_finished;
};

struct cron_children {
    const struct cron_child *at;
    size_t len;
};

/** cron_used() - the document after a time came due, whatever was done then: its schedules,
 * cron_plan.text, are no longer new */
struct json cron_used(struct arena *a, const struct json *cron, struct str text);

/** cron_started() - the document after a run was submitted
 * @child: what was made */
struct json cron_started(struct arena *a, const struct json *cron,
                         const struct cron_child *child, int64_t scheduled_s);

/** cron_made_before() - the document after a run that was made before, and is gone */
struct json cron_made_before(struct arena *a, const struct json *cron, int64_t scheduled_s);

/** cron_failed() - the document after a run could not be submitted */
struct json cron_failed(struct arena *a, const struct json *cron, struct str why);

/** cron_spec_told() - the document with what is wrong with its spec, or "" */
struct json cron_spec_told(struct arena *a, const struct json *cron, struct str why);

/* ---- children ---- */

/** cron_reconciled() - the document with its active list and counters as the children are: who
 * runs is active; who was and has ended is counted */
struct json cron_reconciled(struct arena *a, const struct json *cron,
                            const struct cron_children *children);

/**
 * cron_surplus() - the finished children beyond the history limits
 * @a:         where the list lives
 * @ret_count: how many
 */
const struct cron_child *const *cron_surplus(struct arena *a, const struct json *cron,
                                             const struct cron_children *children,
                                             size_t *ret_count);
