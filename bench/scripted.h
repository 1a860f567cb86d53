/*
 * bench/scripted.h - pods that need no process: each succeeds in the loop's next round, or
 * stays running when it is held. What is measured with them is engine and store alone.
 */
#pragma once

#include "io/loop.h"
#include "pods/pod.h"

struct scripted;

/* Owned; closed by pod_runner_close() of its runner. */
struct scripted *scripted_new(struct loop *loop);

struct pod_runner *scripted_runner(struct scripted *s);

/* From now on pods stay running (true), or succeed at once (false). */
void scripted_hold(struct scripted *s, bool is_held);

/* Mean seconds from the last report of a pod's end to the request for the next pod. */
double scripted_gap_s(const struct scripted *s);

/* How many pods were created. */
size_t scripted_count(const struct scripted *s);
