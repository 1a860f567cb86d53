/*
 * workflows/jobs/decide.h - what a Job wants at a moment: its new status, pods to make, to end
 * and to let go, and when to look again. Pure; time comes in as an argument; any thread.
 *
 * Pods that have ended are counted in the same transaction that takes the finalizer
 * JOB_TRACKING from them, so that none is counted twice or never, whatever crashes. Source:
 * Kubernetes' job controller (batch/v1).
 */
#pragma once

#include "base/bitset.h"
#include "base/clock.h"
#include "objects/job.h"

/* Annotation of a pod that its Job ends by itself and does not count: "true". */
#define JOBS_UNCOUNTED "tiphys/not-counted"

#define JOBS_NEVER_MS INT64_MAX

enum jobs_phase { JOBS_PENDING, JOBS_RUNNING, JOBS_SUCCEEDED, JOBS_FAILED };

/* A pod of the Job as it is stored. */
struct jobs_pod {
    struct str name;
    enum jobs_phase phase;
    bool is_tracked; /* not counted yet */
    bool is_leaving; /* its deletion is asked for */
    bool is_uncounted;
    int64_t index;          /* of an indexed Job; -1 */
    int64_t finished_ms;    /* 0: has not ended */
    const struct json *doc; /* for a podFailurePolicy */
};

struct jobs_input {
    const struct json *job;
    const struct jobs_pod *pods; /* all that there are */
    size_t pod_count;
    struct wall now;
};

/* An Event to be told. */
struct jobs_note {
    const char *reason;
    struct str message;
    bool is_warning;
};

struct jobs_decision {
    struct json status;     /* to be stored, if it differs */
    size_t create_count;    /* pods to make */
    const int64_t *indexes; /* of each of them, for an indexed Job; else NULL */
    const size_t *release;  /* pods (of the input) that are counted now: their finalizer goes */
    size_t release_count;
    const size_t *end; /* pods to delete */
    size_t end_count;
    bool ends_uncounted; /* those are not counted */
    bool is_expired;     /* ttlSecondsAfterFinished: the Job is to be deleted */
    int64_t wake_ms;     /* Unix time at which to look again; JOBS_NEVER_MS */
    struct jobs_note note;
    bool has_note;
};

/** jobs_decide() - what is to be done; @ret lives in @a and shares texts with the input */
void jobs_decide(struct arena *a, const struct jobs_input *in, struct jobs_decision *ret);

/** jobs_indexes_print() - "1,3-5,7" of a set; in @a */
struct str jobs_indexes_print(struct arena *a, const struct bitset *set);

/** jobs_indexes_parse() - the set of such a text, in @a; what is no index below @count is left
 * out */
struct bitset jobs_indexes_parse(struct arena *a, struct str text, size_t count);
