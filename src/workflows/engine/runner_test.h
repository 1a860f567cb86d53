/*
 * workflows/engine/runner_test.h - plays the controller and the pods in tests: stores what
 * wf_decide() gives, answers pods by a function, moves the clock, and can crash after any pass.
 */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "workflows/engine/decide.h"
#include "workflows/engine/world.h"

struct runner;

/* The outcome of a pod; @ret is zeroed but for uid and is_final. */
typedef void (*runner_outcome_fn)(struct runner *r, const struct pod_request *request,
                                  struct arena *a, struct pod_report *ret);

struct runner_row {
    uint64_t seq;
    struct str doc; /* owned */
};

struct runner_pod {
    struct arena *arena;
    struct pod_request request;
    struct str text; /* all of the request, to compare */
    struct str killed;
    bool is_done;
};

/* What becomes of a decision when the process dies. */
enum runner_fate {
    RUNNER_WHOLE,   /* it does not */
    RUNNER_LOST,    /* before it was stored */
    RUNNER_UNACTED, /* stored, and nothing of it was carried out */
};

struct runner {
    struct wf *wf;
    struct wf_world world;
    bool is_woken;   /* by its locks */
    struct str doc;  /* stored; owned */
    struct map rows; /* node id to struct runner_row */
    struct map pods; /* uid to struct runner_pod */
    VEC(struct runner_pod *) waiting;
    struct wall now, wake_at;
    bool is_finished;
    runner_outcome_fn outcome;
    void *ctx;
    uint64_t seed;       /* 0: reports in order, no crash */
    unsigned crash_odds; /* one in so many passes; 0: never */
    size_t asked, passes, crashes, max_waiting, failures;
    /* Of those who play several beside each other. */
    bool is_shared; /* its locks are of others, too; pods that are asked for again report again
                     */
    enum runner_fate fate; /* of the next decision */
    bool is_dead;          /* it came */
    void (*on_commit)(struct runner *r, const struct wf_actions *did); /* or NULL */
    void *commit_ctx;
};

/** runner_init() - load a workflow that has not run */
void runner_init(struct runner *r, struct str doc);
/** runner_run() - until it has ended or nothing is left to happen */
void runner_run(struct runner *r);
/** runner_pass() - one decision with one observation */
void runner_pass(struct runner *r, const struct wf_input *input);
/** runner_report() - the final report of a pod that waits, by its index */
void runner_report(struct runner *r, size_t index);
/** runner_crash() - forget the memory, load what was stored */
void runner_crash(struct runner *r);
/** runner_reload() - forget the memory, load what was stored; no decision, no crash is counted
 */
void runner_reload(struct runner *r);
/** runner_tree() - the stored document with status.nodes, as the API would show it */
struct str runner_tree(struct runner *r, struct arena *a);
/**
 * runner_lines() - the finished workflow as text: a line for the workflow, then one a node,
 * sorted by name; ids are shown as display names, times are left out, the workflow's name is
 * $WF
 */
struct str runner_lines(struct runner *r, struct arena *a);
/** runner_random() - the next number of the seed */
uint64_t runner_random(struct runner *r);
void runner_done(struct runner *r);
