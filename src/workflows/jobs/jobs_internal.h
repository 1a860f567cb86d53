/*
 * workflows/jobs/jobs_internal.h - what the files of this room share.
 *
 * controller.c has the watches and the turns, entry.c one Job, held.c one Pod, cron_*.c the
 * CronJobs; failure.c, pod_doc.c, pod_status.c and decide.c are pure. Things with news are
 * ready; at the end of the turn each is passed over; at most one commit of each is under way.
 * Loop thread.
 */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "base/random.h"
#include "store/follow.h"
#include "workflows/jobs/decide.h"
#include "workflows/jobs/jobs.h"

/* ---- failure.c ---- */

enum jobs_failure { JOBS_FAILURE_COUNTED, JOBS_FAILURE_IGNORED };

/** jobs_failure_of() - what the failure of a pod means; @ret_why is set by a rule that fails
 * the Job, unless it is set already */
enum jobs_failure jobs_failure_of(struct arena *a, const struct json *job,
                                  const struct jobs_pod *pod, struct str *ret_why);

/** jobs_replaces_failed_only() - are pods replaced only when they have ended? */
bool jobs_replaces_failed_only(const struct json *spec);

/* ---- pod_doc.c ---- */

/* A pod to be made. */
struct jobs_birth {
    const struct json *job;
    int64_t index; /* of an indexed Job; -1 */
    struct str uid;
    char suffix[8]; /* random end of its name */
    struct wall now;
    struct str node_name;
};

/** jobs_pod_new() - the Pod object of a Job; in @a */
struct json jobs_pod_new(struct arena *a, const struct jobs_birth *birth);

/** jobs_pod_read() - a stored Pod as decisions see it; borrows from @doc */
struct jobs_pod jobs_pod_read(const struct json *doc);

/** jobs_pod_request() - what the runner is asked for; borrows from @doc and @a */
struct pod_request jobs_pod_request(struct arena *a, const struct json *doc);

/* ---- pod_status.c ---- */

/** jobs_pod_status() - the status of a Pod after a report of the runner; in @a */
struct json jobs_pod_status(struct arena *a, const struct json *doc,
                            const struct pod_report *report);

/* ---- controller.c ---- */

/* Something with news: at the end of the turn, or a little later, pass() is called. */
struct jobs_item {
    struct list link;
    void (*pass)(struct jobs_item *item);
};

struct jobs_crons;

struct jobs_controller {
    struct jobs_options options;
    struct store_follower *jobs, *pods;
    bool knows_jobs, knows_pods; /* all that there was is told */
    struct map entries;          /* uid of a Job -> struct jobs_entry */
    struct map held;             /* uid of a Pod -> struct jobs_held */
    struct list ready, slow;     /* of struct jobs_item */
    struct loop_task task;
    struct timer *slow_timer;
    bool is_posted, is_stopping;
    unsigned under_way; /* commits */
    struct random random;
    struct jobs_crons *crons;
};

/** jobs_make_ready() - pass over it at the end of this turn */
void jobs_make_ready(struct jobs_controller *c, struct jobs_item *item);

/** jobs_make_slow() - pass over it a little later: store or runner are busy */
void jobs_make_slow(struct jobs_controller *c, struct jobs_item *item);

/* What is told of an object. */
struct jobs_telling {
    const struct store_object *about;
    const char *api_version, *component;
    const char *reason;
    struct str message;
    bool is_warning;
};

/** jobs_tell() - an Event of an object */
void jobs_tell(struct jobs_controller *c, struct recorder_budget *budget,
               const struct jobs_telling *what);

/* ---- entry.c: a Job ---- */

struct jobs_entry {
    struct jobs_item item;
    struct jobs_controller *controller;
    struct arena *arena; /* of the identity */
    struct str uid;
    const struct store_object *object; /* newest; reference; NULL: no such Job (any more) */
    struct list pods;                  /* of struct jobs_held */
    size_t pod_count;
    struct timer *timer; /* owned */
    struct recorder_budget budget;
    bool is_busy; /* a commit is under way */
};

/** jobs_entry_of() - the entry of a Job's uid; made when there is none */
struct jobs_entry *jobs_entry_of(struct jobs_controller *c, struct str uid);

/** jobs_entry_see() - the Job is there or has changed; NULL: it is gone */
void jobs_entry_see(struct jobs_entry *e, const struct store_object *o);

/** jobs_entry_free() - release; nothing is under way */
void jobs_entry_free(struct jobs_entry *e);

/** jobs_entry_free_if_empty() - release one without Job, pods and commit */
void jobs_entry_free_if_empty(struct jobs_entry *e);

/* ---- held.c: a Pod ---- */

struct jobs_held {
    struct jobs_item item;
    struct jobs_controller *controller;
    struct arena *arena; /* of the identity */
    struct str uid;
    const struct store_object *object; /* newest; reference */
    struct jobs_entry *entry;          /* of its Job */
    struct list link;                  /* in entry->pods */
    struct arena *news_arena;          /* of news */
    struct json news;                  /* a status that is not stored yet */
    bool has_news;
    bool is_asked;      /* the runner has it */
    bool is_kill_asked; /* with its grace */
    bool is_busy;       /* a commit is under way */
    bool is_gone;       /* release it when that is done */
};

/** jobs_held_see() - a Pod is there or has changed */
void jobs_held_see(struct jobs_controller *c, const struct store_object *o);

/** jobs_held_end() - it is gone */
void jobs_held_end(struct jobs_held *held);

/** jobs_held_free() - release; nothing is under way */
void jobs_held_free(struct jobs_held *held);

/* ---- cron_controller.c: CronJobs ---- */

/** jobs_crons_start() - follow the CronJobs; owned */
struct jobs_crons *jobs_crons_start(struct jobs_controller *c);

/** jobs_crons_begin() - all Jobs are known: CronJobs may be passed over */
void jobs_crons_begin(struct jobs_crons *crons);

/** jobs_crons_see_job() - a Job is there or has changed */
void jobs_crons_see_job(struct jobs_crons *crons, const struct store_object *job);

/** jobs_crons_lose_job() - it is gone */
void jobs_crons_lose_job(struct jobs_crons *crons, struct str uid);

/** jobs_crons_stop() - no callback runs after this */
void jobs_crons_stop(struct jobs_crons *crons);

/** jobs_crons_free() - release; NULL is a no-op */
void jobs_crons_free(struct jobs_crons *crons);
