/*
 * formats/resource_duration.h - how long a finished pod held which resources: a node's
 * resourcesDuration.
 *
 * Each resource counts in seconds of a unit: one CPU, 100 MiB of memory, 10 GiB of storage, one
 * of anything else. Containers that ask for nothing count as 100m CPU and 100Mi memory. Pure,
 * any thread.
 * ../shared/golden/lang/quantity.jsonl decides.
 */
#pragma once

#include "formats/json.h"

/**
 * resource_duration_of_pod() - the durations of a pod
 * @a:   where they live
 * @pod: object with spec and status
 * @ret: {resource: seconds}, in the order the resources appear
 * @err: ERR_INVALID when a quantity is none
 *
 * Return: 0 or -1.
 */
int resource_duration_of_pod(struct arena *a, const struct json *pod, struct json *ret,
                             struct err *err);

/** resource_duration_add() - sums, resource by resource */
struct json resource_duration_add(struct arena *a, const struct json *durations,
                                  const struct json *more);

/** resource_duration_print() - as in "10s*(1 cpu),1m0s*(100Mi memory)", sorted by resource */
struct str resource_duration_print(struct arena *a, const struct json *durations);
