/*
 * workflows/cron/cron_internal.h - what the files of the controller share: controller.c (all
 * CronWorkflows: watches, loading, the timer) and entry.c (one CronWorkflow: its passes, jobs
 * and commits).
 *
 * An entry is ready when there is news about it; at the end of the turn it is passed over: at
 * most one job or commit of an entry is under way. Loop thread, but for run() of jobs.
 */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "workflows/cron/cron.h"
#include "workflows/cron/decide.h"

#define CRON_NEVER_S INT64_MAX

struct cron_controller {
    struct cron_controller_options options;
    struct store_watch *crons, *workflows;
    struct map entries; /* uid -> struct cron_entry */
    struct map owned;   /* uid of a Workflow -> struct cron_owned */
    struct list ready;  /* entries to be passed over at the end of this turn */
    struct loop_task task;
    struct list slow; /* entries that wait for a store or a worker that is busy */
    struct timer *slow_timer, *due_timer;
    int64_t armed_ms;   /* Unix time for which due_timer is set, or CRON_NEVER_S */
    unsigned under_way; /* jobs and commits */
    bool is_task_posted, is_loading, is_load_late, is_stopping;
    struct cron_stats stats;
};

enum cron_state {
    CRON_IDLE,
    CRON_READING,    /* a job reads its schedules */
    CRON_SUBMITTING, /* a job submits a run */
    CRON_COMMITTING, /* a new status is on its way to disk */
};

/* What became of a run whose status is not stored yet. */
struct cron_outcome {
    enum { CRON_NO_RUN, CRON_STARTED, CRON_MADE_BEFORE, CRON_FAILED } kind;
    int64_t scheduled_s;
    struct cron_child child; /* STARTED */
    struct str why;          /* FAILED */
    struct arena *arena;     /* of the texts, or NULL */
};

struct cron_entry {
    struct cron_controller *controller;
    struct arena *arena; /* of the identity */
    struct str uid;
    struct store_key key;
    const struct store_object *object; /* newest; reference */
    enum cron_state state;
    bool is_gone;        /* release when nothing is under way */
    bool has_come_due;   /* since the last commit */
    bool is_planned;     /* due_s is known */
    struct arena *plans; /* of plan and fault; NULL: not read yet */
    struct cron_plan plan;
    struct str fault;     /* why the schedules cannot be read, or "" */
    int64_t due_s;        /* next time, or CRON_NEVER_S */
    int64_t looked_at_rv; /* version in which missed runs were looked for */
    struct cron_outcome outcome;
    struct list owned; /* of struct cron_owned */
    size_t owned_count;
    struct list link; /* in ready or slow, or alone */
};

/* A Workflow of an entry. */
struct cron_owned {
    struct cron_entry *entry;
    struct cron_child child; /* texts follow the struct, but finished_at and phase */
    char phase[16], finished_at[32];
    struct list link;
};

/* ---- entry.c ---- */

/** cron_entry_new() - registered and ready */
struct cron_entry *cron_entry_new(struct cron_controller *c, const struct store_object *o);

/** cron_entry_see() - it has changed */
void cron_entry_see(struct cron_entry *e, const struct store_object *o);

/** cron_entry_pass() - do what is to be done now */
void cron_entry_pass(struct cron_entry *e);

enum cron_end {
    CRON_END_DELETED, /* what it owns goes, too */
    CRON_END_FORGOTTEN,
};

/** cron_entry_end() - forget it as soon as nothing is under way */
void cron_entry_end(struct cron_entry *e, enum cron_end why);

/** cron_entry_free() - forget it; nothing is under way */
void cron_entry_free(struct cron_entry *e);

/** cron_owned_see() - a Workflow of an entry is there or has changed */
void cron_owned_see(struct cron_entry *e, const struct store_object *o);

/** cron_owned_drop() - it is gone */
void cron_owned_drop(struct cron_owned *owned);

/* ---- controller.c ---- */

/** cron_make_ready() - pass over an entry at the end of this turn */
void cron_make_ready(struct cron_entry *e);

/** cron_make_slow() - pass over an entry a little later */
void cron_make_slow(struct cron_entry *e);

/** cron_arm() - wake up at an entry's next time, if nothing else comes earlier */
void cron_arm(struct cron_controller *c, int64_t due_s);

/** cron_delete_workflow() - remove a Workflow whose owner is gone; nobody waits for it */
void cron_delete_workflow(struct cron_controller *c, struct str ns,
                          const struct cron_child *child);
