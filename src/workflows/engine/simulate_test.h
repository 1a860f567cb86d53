/*
 * workflows/engine/simulate_test.h - the engine and the store under deterministic simulation.
 * Not part of the program.
 *
 * A story is a seed: some workflows that share locks, what their pods do, in which order things
 * happen, and where the process dies: before a decision is stored, after it, or in between what
 * follows from it. Properties: every workflow ends; its tree is the one of a quiet run; no pod
 * is asked for twice, differently, and none more or less; no lock has more holders than its
 * limit, in memory and in what is stored; the store holds what was committed, and its watch
 * told of it all.
 */
#pragma once

#include "base/strbuf.h"
#include "workflows/engine/runner_test.h"

struct generator {
    uint64_t seed;
    bool is_alone;
    struct strbuf out;
};

/** simulate_generate() - a random workflow; borrowed from the generator
 * @number:   of the workflow in its story
 * @is_alone: no other workflow has its locks */
struct str simulate_generate(struct generator *g, unsigned number, bool is_alone);

enum { SIMULATE_WORKFLOWS_MAX = 4 };

struct simulate_story {
    struct str docs[SIMULATE_WORKFLOWS_MAX];
    unsigned count;
    uint64_t seed; /* of what pods do */
};

/* How a story is played. */
struct simulate_play {
    uint64_t order;      /* seed of what happens when; 0: one after the other */
    unsigned crash_odds; /* one in so many decisions; 0: never */
    bool has_store;      /* commits go to a real store, too */
    struct strbuf *log;  /* what happens, a line each; or NULL */
};

struct simulate_result {
    struct str lines[SIMULATE_WORKFLOWS_MAX]; /* the trees, in the arena */
    size_t asked, crashes, passes;
    struct str fault; /* what is wrong, or "" */
};

/** simulate_play() - play a story once */
struct simulate_result simulate_play(struct arena *a, const struct simulate_story *story,
                                     const struct simulate_play *play);

/** simulate_fault() - what is wrong with a story: played quietly, then in @tries wild ways; ""
 * nothing. @ret_play: the way in which it shows; @total: counts all plays, or NULL */
struct str simulate_fault(struct arena *a, const struct simulate_story *story, unsigned tries,
                          struct simulate_play *ret_play, struct simulate_result *total);

/** simulate_shrink() - a story that is as wrong with less of it; in @a */
struct simulate_story simulate_shrink(struct arena *a, const struct simulate_story *story,
                                      unsigned tries);
