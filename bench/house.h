/*
 * bench/house.h - what benchmarks of workflows share: store, engine and local runner as the
 * daemon wires them, a bare spawn beside them, folders that go away.
 */
#pragma once

#include <stdint.h>

#include "bench/bench.h"
#include "bench/scripted.h"
#include "pods/local/local.h"
#include "store/store.h"
#include "workflows/engine/engine.h"
#include "workflows/submit/submit.h"

struct house {
    char path[BENCH_PATH_BYTES]; /* state folder */
    struct loop *loop;
    struct workers *workers;
    struct store *store;
    struct pod_runner *runner;
    struct engine *engine;
    struct workflow_submitter submitter;
};

/* Opens all rooms in a new folder; ends the program when one does not open. */
void house_open(struct house *h, enum local_isolation isolation, unsigned workers);

/* The same with pods that need no process; the runner is the house's. */
struct scripted *house_open_scripted(struct house *h, unsigned workers);

/* Another engine and another runner on the same store, as after a crash. */
struct scripted *house_restart_scripted(struct house *h);

/* Closes them. */
void house_close(struct house *h);

/* Submits a workflow into namespace argo; blocks: not on the loop. */
void house_submit(struct house *h, const struct json *doc);

/* One `sh -c true`, waited for; seconds. */
double bare_spawn(void);

/* As many with @at_once running; a second. */
double bare_spawns(int count, int at_once);

/* The same, each in namespaces and an overlay of its own, as isolation host has it. */
double bare_boxed_spawns(int count, int at_once, const char *path);

/* Ends the program with a word. */
void bench_die(const char *what, const char *why);
