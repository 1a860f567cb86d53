/*
 * recorder/recorder.h - tells what happens to objects as Events of core/v1, for `kubectl
 * describe` and `argo` clients, and lets them go again.
 *
 * Events are for people, not for programs: they are collected and stored some at a time, apart
 * from what they tell of; more than RECORDER_PENDING_MAX that wait are dropped and counted, as
 * are those of a crash. An object tells RECORDER_BURST and then one in RECORDER_REFILL_MS, as
 * the originals' client has it. All Events of the store, whoever wrote them, are deleted when
 * they are RECORDER_AGE_MAX_MS old, and the oldest when there are more than
 * RECORDER_EVENTS_MAX. Loop thread. A NULL recorder records nothing.
 */
#pragma once

#include "base/metric.h"
#include "io/loop.h"
#include "store/store.h"

struct recorder;

struct recorder_options {
    struct loop *loop;
    struct store *store;
    struct metrics *metrics; /* NULL: nothing is counted */
};

/* How much an object may tell; zeroed in the beginning, kept by whoever tells. */
struct recorder_budget {
    unsigned spent;
    struct mono refilled;
};

struct recorder_note {
    struct str key, value; /* an annotation */
};

/* What happened; all borrowed for the call. */
struct recorder_event {
    const struct store_key *about;
    struct str api_version; /* of the object */
    struct str uid;
    int64_t rv;
    struct str component; /* who tells it: "workflow-controller" */
    bool is_warning;
    struct str reason, message;
    const struct recorder_note *notes;
    size_t note_count;
};

/** recorder_new() - a stopped recorder; owned */
struct recorder *recorder_new(const struct recorder_options *options);

/** recorder_start() - follow the Events of the store */
void recorder_start(struct recorder *r);

/** recorder_stop() - store what waits; no callback runs after this */
void recorder_stop(struct recorder *r);

/** recorder_free() - release a stopped recorder; NULL is a no-op */
void recorder_free(struct recorder *r);

/** recorder_has_room() - may the object tell one more thing now? Takes nothing */
bool recorder_has_room(const struct recorder *r, const struct recorder_budget *budget);

/**
 * recorder_add() - tell it
 * @budget: of the object; NULL: it is told in any case
 */
void recorder_add(struct recorder *r, struct recorder_budget *budget,
                  const struct recorder_event *event);
