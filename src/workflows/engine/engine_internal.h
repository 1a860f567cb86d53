/*
 * workflows/engine/engine_internal.h - what the files of the controller share: engine.c (all
 * workflows: the watch, loading, pod reports, timers) and engine_run.c (one workflow: its
 * passes, commits and effects).
 *
 * A run is one unfinished workflow in memory. It is ready when observations wait, committing
 * while its last decision is on its way to disk, and a run that fell behind the store is loaded
 * again, as after a restart. Loop thread.
 */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "base/vec.h"
#include "store/follow.h"
#include "workflows/engine/admission.h"
#include "workflows/engine/decide.h"
#include "workflows/engine/engine.h"
#include "workflows/engine/estimate.h"
#include "workflows/engine/world.h"

struct http_client;

/* An object of a kind that is mirrored. */
struct mirror_object {
    struct arena *arena; /* owned */
    struct json doc;
    int64_t rv;
};

struct engine_mirror {
    struct engine *engine;
    struct str kind;    /* of core/v1 */
    struct map objects; /* "ns/name" to struct mirror_object */
    struct store_follower *follower;
    /* One was written or deleted; or NULL. */
    void (*changed)(struct engine *e, struct str ns, struct str name);
};

/* A gauge in real time. */
struct engine_growing {
    const struct engine_run *run; /* to which it belongs */
    struct metric *metric;
    int64_t since_ms;
};

struct engine {
    struct engine_options options;
    struct store_follower *follower;
    struct engine_mirror maps, claims; /* all ConfigMaps, all claims for storage */
    struct engine_mirror spaces;       /* all Namespaces, for their limits */
    struct admission *admission;
    struct {
        double tokens; /* pods that may begin now */
        struct mono at;
    } rate;                    /* of resourceRateLimit */
    struct timer *start_timer; /* of initialDelay */
    struct wf_world world;
    struct estimates *estimates;
    bool is_booting, is_boot_due;
    struct map tasks; /* uid to struct task (task.c) */
    unsigned tasks_running;
    VEC(struct http_client *) http_clients; /* that nobody uses */
    struct map runs;                        /* workflow uid -> struct engine_run */
    struct map pods;                        /* pod uid -> struct engine_pod */
    struct list ready;                      /* runs to be passed over at the end of this turn */
    struct loop_task task;                  /* posted while ready is not empty */
    bool is_task_posted;
    struct list slow; /* runs that wait for the slow timer: held news, busy store */
    struct timer *slow_timer;
    bool is_slow_timer_on;
    struct list to_load;       /* runs whose state must be read from the store */
    unsigned loading;          /* jobs under way */
    unsigned committing;       /* commits under way */
    struct timer *sweep_timer; /* runs while a deleted workflow may have left pods on disk */
    bool is_sweep_due, is_sweeping;
    unsigned unasked; /* runs of before the start whose pods were not all asked for yet */
    bool is_listed;   /* all runs of before the start are known */
    bool is_holding;  /* see pod_hold() */
    bool is_stopping;
    struct engine_stats stats;
    struct metric *decisions; /* how long they take */
    VEC(struct engine_growing) growing;
    struct timer *growing_timer; /* runs while there are any */
};

/* A pod that was asked for and not yet forgotten. */
struct engine_pod {
    struct engine_run *run;
    struct str uid, node_id; /* owned: one block with the struct */
    struct list link;        /* in run->pods */
    uint64_t round;          /* of the run's inbox in which its news lies ... */
    size_t input;            /* ... at this index, so that newer news replaces it */
    struct metric *gauge;    /* that counts it by its phase; NULL: none */
    char *spec;              /* owned: its template, told when it fails; NULL: it is not */
    uint32_t pending;        /* hash of why it was pending last; 0: it was not */
};

enum engine_run_state {
    RUN_TO_LOAD,    /* in engine->to_load */
    RUN_LOADING,    /* a job reads it */
    RUN_IDLE,       /* decided all that is known */
    RUN_COMMITTING, /* a decision is on its way to disk */
    RUN_UNSTORED,   /* a decision that the store could not take yet */
};

enum engine_run_end { RUN_END_FINISHED, RUN_END_DELETED };

struct engine_run {
    struct engine *engine;
    struct arena *arena; /* of the identity */
    struct str uid;
    struct store_key key;
    enum engine_run_state state;
    bool is_gone;        /* ended: release when nothing is under way */
    bool must_reload;    /* it changed while a job read it */
    bool is_unasked;     /* counted in engine->unasked */
    bool is_waking;      /* WF_INPUT_WAKE is in the inbox */
    struct wf *wf;       /* NULL: not loaded */
    int64_t rv;          /* the newest version that wf knows */
    struct list link;    /* in ready, slow or to_load, or alone */
    struct list pods;    /* of struct engine_pod */
    struct arena *inbox; /* texts of the inputs; NULL: there are none */
    VEC(struct wf_input) inputs;
    uint64_t round;
    struct wf_actions actions; /* decided last; arena NULL: carried out */
    struct timer *wake;
    char phase[16]; /* that was counted and told last */
    bool has_phase; /* it was; "" is the one before the first */
    struct recorder_budget budget;
    struct map told; /* "node/phase", "isolation/word": what Events there are */
    /* Versions seen while a commit was under way: the last one is our own. */
    const struct store_object *seen_last, *seen_before;
    struct admission_item admission;
    struct mono
        rate_since;     /* resourceRateLimit has held a pod up since then; ns 0: it has not */
    struct map plugins; /* pod uid -> struct plugin_process (engine_plugins.c) */
};

/* ---- engine_boot.c: what all workflows see ---- */

/** engine_boot() - read ConfigMaps and locks from the store, follow the ConfigMaps, then call
 * engine_watch(); tries again by the slow timer */
void engine_boot(struct engine *e);
/** engine_wait_for_pod() - milliseconds until one more pod may begin by resourceRateLimit; 0:
 * now, and it is counted */
uint64_t engine_wait_for_pod(struct engine *e);
/** engine_start_boot() - engine_boot() after the ConfigMap's initialDelay */
void engine_start_boot(struct engine *e);
/** engine_boot_init() - locks, and where ConfigMaps are looked up */
void engine_boot_init(struct engine *e);
/** engine_add_memos() - entries of caches into a transaction; it conflicts when a cache was
 * changed meanwhile, and the decision is made again */
void engine_add_memos(struct engine *e, struct store_txn *txn, struct str ns,
                      const struct wf_actions *actions);
/** engine_add_claims() - claims for storage that begin or end with a decision; it conflicts
 * when one was made or deleted meanwhile, and the decision is made again */
void engine_add_claims(struct engine *e, struct store_txn *txn, struct str ns,
                       const struct wf_actions *actions);
/** engine_boot_free() - release what engine_boot() keeps */
void engine_boot_free(struct engine *e);

/* ---- engine_mirror.c ---- */

/** mirror_query() - all objects of its kind */
struct store_query mirror_query(const struct engine_mirror *m);
/** mirror_start() - take what was read with mirror_query(), and follow what comes after */
void mirror_start(struct engine_mirror *m, const struct store_list *list);
/** mirror_find() - an object, borrowed until the loop's next turn, or NULL */
const struct mirror_object *mirror_find(const struct engine_mirror *m, struct str ns,
                                        struct str name);
/** mirror_stop() - follow no more */
void mirror_stop(struct engine_mirror *m);
/** mirror_free() - release what it holds; after mirror_stop() */
void mirror_free(struct engine_mirror *m);

/* ---- engine_run.c ---- */

/** run_wake() - look at all that may be due */
void run_wake(struct engine_run *run);

/** run_new() - a run that knows nothing; registered; it must be loaded or given a wf */
struct engine_run *run_new(struct engine *e, const struct store_object *o);

/** run_estimate() - how long a workflow will take, by the runs before it; false: that has to be
 * read first */
bool run_estimate(struct engine *e, struct wf *wf);

/** run_begin() - give it its state and the first wake-up; takes @wf */
void run_begin(struct engine_run *run, struct wf *wf, int64_t rv);

/** run_see() - a version of the object was committed, by us or by somebody else; borrowed. When
 * somebody else wrote nodes, all is read from the store again */
void run_see(struct engine_run *run, const struct store_event *event);

/** run_see_pod() - news of one of its pods; borrowed */
void run_see_pod(struct engine_pod *pod, const struct pod_report *report);

/** run_ask_for_pod() - ask for a pod that belongs to no node and ends with the workflow; -1:
 * the runner refuses */
int run_ask_for_pod(struct engine_run *run, const struct pod_request *request, struct err *err);

/** run_pass() - decide on all that waits, and commit it */
void run_pass(struct engine_run *run);

/** run_commit() - hand the last decision to the store (again) */
void run_commit(struct engine_run *run);

/** run_end() - the workflow has finished or is gone: end what pods it has, release it now or
 * when its commit or its job is back */
void run_end(struct engine_run *run, enum engine_run_end why);

/** run_free() - release a run of which nothing is under way */
void run_free(struct engine_run *run);

/* ---- engine_record.c ---- */

/** run_record() - the last decision is stored: tell of the phase that it brought, or of none,
 * and of its nodes, in the order of their happening; before run_count_phase() */
void run_record(struct engine_run *run, struct str phase);
/** run_record_isolation() - a pod runs: tell in what, once a workflow and isolation */
void run_record_isolation(struct engine_run *run, struct str isolation);

/** pod_tell_spec() - its template by podSpecLogStrategy: told now, or kept for
 * pod_tell_failure()
 */
void pod_tell_spec(struct engine_pod *pod, const struct pod_request *request);
/** pod_tell_failure() - it has ended: tell its template when it has failed and that is wanted
 */
void pod_tell_failure(struct engine_pod *pod, enum pod_phase phase);

/* ---- engine_metrics.c ---- */

/** run_tell_metrics() - the last decision is stored: carry out what it says of metrics */
void run_tell_metrics(struct engine_run *run);
/** run_drop_metrics() - it has ended: nothing of it grows any more */
void run_drop_metrics(struct engine_run *run);
void engine_metrics_init(struct engine *e);
void engine_metrics_free(struct engine *e);

/* ---- engine_count.c ---- */

/** run_count_phase() - a workflow is in a phase, "" before its first */
void run_count_phase(struct engine_run *run,
                     struct str phase); /** pod_count_phase() - a pod is in a phase */
void pod_count_phase(struct engine_pod *pod, enum pod_phase phase);
/** pod_count_pending() - a report of it: counts why it is pending, once for each reason in turn
 */
void pod_count_pending(struct engine_pod *pod, const struct pod_report *report);
/** run_count_rate() - a pod was asked for: @is_over: resourceRateLimit held it up; else, when
 * it
 * @is_new, how long it was held up is told */
void run_count_rate(struct engine_run *run, bool is_over, bool is_new);
/** pod_count_end() - no longer there */
void pod_count_end(struct engine_pod *pod);

/* ---- engine.c ---- */

/** engine_watch() - follow the Workflows */
void engine_watch(struct engine *e);

/** engine_call_slow() - let the slow timer run */
void engine_call_slow(struct engine *e);

/** engine_make_ready() - pass over a run at the end of this turn */
void engine_make_ready(struct engine_run *run);

/** engine_make_slow() - look at a run again after ENGINE_SLOW_MS, unless it becomes ready
 * before */
void engine_make_slow(struct engine_run *run);

/** engine_refuse() - a workflow that cannot be read ends in Error, which says why; borrowed */
void engine_refuse(struct engine *e, const struct store_object *o, const struct err *why);

/** engine_asked() - all pods of a run were asked for, or never will be: when that is so of all
 * runs of before the start, new pods may begin beside those that go on */
void engine_asked(struct engine_run *run);

/** engine_let_go() - new pods may begin: the runner is full of those that wait */
void engine_let_go(struct engine *e);

/** engine_reload() - forget a run's state and read it from the store again */
void engine_reload(struct engine_run *run);
